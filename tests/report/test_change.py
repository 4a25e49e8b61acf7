"""Alter a saved workbook's data, recalculate: the figures are those of the program run anew."""

from __future__ import annotations

import re

import change_desk as desk
import pytest

from mlay_batch import report

QUOTA = ("Chỉ tiêu dự sinh hoạt", "Dự từng chi bộ", "Chi bộ được dự")
RATING = ("Xếp loại sinh hoạt", "Lũy kế năm", "Điểm theo tiêu chí")


# All in Excel since 2007 or before: newer ones need a prefix, and older programs lack them.
FUNCTIONS = {
    "AND", "AVERAGE", "AVERAGEIFS", "COUNT", "COUNTIF", "COUNTIFS", "DATE", "IF", "IFERROR",
    "INDEX", "INT", "LEN", "MATCH", "MAX", "MIN", "MONTH", "OR", "ROUND", "ROUNDDOWN", "ROUNDUP",
    "ROW", "SUM", "SUMIF", "SUMIFS", "SUMPRODUCT",
}  # fmt: skip


def test_formulas_use_what_excel_has_had_since_2007() -> None:
    book = desk.load(desk.untouched())
    formulas = {
        re.sub('"[^"]*"', "", str(cell.value))
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    }
    used = {name for formula in formulas for name in re.findall(r"([A-Z][A-Z0-9.]*)\(", formula)}
    assert {"COUNTIFS", "SUMIFS", "SUMPRODUCT"} <= used <= FUNCTIONS


@pytest.mark.libreoffice
@pytest.mark.parametrize("sheets", [QUOTA, RATING], ids=["quota", "rating"])
@pytest.mark.parametrize("seed", [1, 2])
def test_every_figure_follows_the_data(seed: int, sheets: tuple[str, ...]) -> None:
    made = desk.follow(seed)
    found = desk.differences(made.after, made.expected, sheets)
    # The words of an assignment, with its days, are written and not calculated.
    assert [place for place in found if not place.startswith(f"{QUOTA[0]}!E")] == [], made.says
    for title in sheets:
        assert desk.differences(made.after, made.before, [title]), f"{title} did not change"


def test_above_a_size_every_sheet_holds_values_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "MOST_ROWS", 10)
    frozen = desk.load(desk.written(desk.facts(desk.papers())))
    cells = [cell for sheet in frozen for row in sheet.iter_rows() for cell in row]
    assert not [cell.coordinate for cell in cells if cell.data_type == "f"]
    live = desk.load(desk.untouched(), values=True)
    for title in (*QUOTA, *RATING):
        (note,) = desk.differences(frozen, live, [title])
        assert note.startswith(f"{title}!A7: ")
        assert "ghi bằng giá trị" in note
