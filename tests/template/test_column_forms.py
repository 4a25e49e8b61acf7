"""Forms whose records are columns: what is written beforehand, computed, protected and printed."""

from __future__ import annotations

import io

import pytest
from builders import libreoffice
from builders.card_form import CONTEXT, FORM, WITH_POINTS, hung, open_rendered, post, tour
from openpyxl import load_workbook

from mlay_batch.schema.layout import plan_sheets
from mlay_batch.schema.model import Form
from mlay_batch.template import render


def place(path: str, record: int = 0, form: Form = FORM, columns: int = 2) -> str:
    """Return the cell of a field in the fresh form."""
    section, _, name = path.partition(".")
    (sheet,) = plan_sheets(form, {"tours": columns})
    (cell,) = (
        c
        for c in sheet.cells
        if (c.role, c.section, c.field, c.record) == ("value", section, name, record)
    )
    return f"{'ABCDEFGH'[cell.column - 1]}{cell.row}"


def values(data: bytes) -> dict[str, object]:
    """Return the stored values of the form's cells."""
    sheet = load_workbook(io.BytesIO(data), data_only=True)["Báo cáo"]
    return {cell.coordinate: cell.value for row in sheet for cell in row}


def test_what_is_known_stands_there_beforehand():
    shown = values(render(FORM, CONTEXT))
    assert shown[place("tours.route")] == "Ven sông"
    assert shown[place("tours.route", 1)] is None, "a second tour is rare"
    assert [shown[place("tours.owed", n)] for n in (0, 1)] == [8, 8]
    assert (shown[place("post.opening")], shown[place("post.staff")]) == (9, 9)
    assert shown[place("tours.excused")] in (None, "")


def test_what_is_known_looks_other_than_what_was_typed():
    sheet = open_rendered([tour(3, "river", owed=8)])["Báo cáo"]
    given, typed = sheet[place("post.opening")], sheet[place("tours.owed")]
    assert given.fill.fgColor.rgb != typed.fill.fgColor.rgb
    assert sheet[place("tours.owed", 1)].fill.fgColor.rgb == given.fill.fgColor.rgb


def test_computed_cells_are_locked_and_hold_formula_and_result():
    rows = [tour(3, shirked=1), hung("marks", 3, judge="own", order=50, gear=38.5)]
    data = render(WITH_POINTS, CONTEXT, rows)
    shown = values(data)
    cells = [
        place(path, form=WITH_POINTS) for path in ("tours.excused", "marks.total", "marks.band")
    ]
    assert [shown[cell] for cell in cells] == [0, 88.5, "Khá"]
    sheet = load_workbook(io.BytesIO(data))["Báo cáo"]
    assert all(
        sheet[cell].value.startswith("=") and sheet[cell].protection.locked for cell in cells
    )


def test_a_sum_of_nothing_that_is_asked_for_is_typed():
    sheet = open_rendered()["Báo cáo"]
    assert not sheet[place("marks.total")].protection.locked
    assert sheet[place("marks.band")].protection.locked


@pytest.mark.libreoffice
@pytest.mark.parametrize("form", [FORM, WITH_POINTS], ids=["short", "points"])
def test_libreoffice_computes_the_same(form, tmp_path):
    rows = [tour(3, shirked=1), tour(9, owed=20, went=3), hung("marks", 3, judge="own", total=49.5),
            hung("marks", 9, judge="own", order=50, gear=40), post(joined=2, left=1)]  # fmt: skip
    path = tmp_path / "phiếu.xlsx"
    path.write_bytes(render(form, CONTEXT, rows))
    again = libreoffice.convert(path, "xlsx", tmp_path / "tính lại", recalculate=True)
    before, after = values(path.read_bytes()), values(again.read_bytes())
    computed = [c for c, v in formulas(path.read_bytes()).items() if v]
    assert len(computed) == 5 if form is FORM else 7
    assert {c: before[c] or None for c in computed} == {c: after[c] or None for c in computed}


def formulas(data: bytes) -> dict[str, bool]:
    sheet = load_workbook(io.BytesIO(data))["Báo cáo"]
    return {c.coordinate: str(c.value).startswith("=") for row in sheet for c in row}


def test_columns_may_be_inserted_and_the_first_stays_in_sight():
    sheet = open_rendered()["Báo cáo"]
    assert sheet.protection.sheet and not sheet.protection.insertColumns
    head = sheet[sheet.freeze_panes]
    assert (sheet.cell(head.row - 1, 3).value, head.column) == ("Chuyến 1", 3)
    assert head.coordinate == place("tours.day")


def test_label_and_value_fit_on_a_telephone():
    widths = open_rendered()["Báo cáo"].column_dimensions
    assert (widths["B"].width + widths["C"].width) * 8 <= 400  # pixels a digit of 12 points


def test_no_answer_is_merged():
    sheet = open_rendered()["Báo cáo"]
    open_cells = {c.coordinate for row in sheet for c in row if not c.protection.locked}
    assert open_cells
    assert not [r.coord for r in sheet.merged_cells.ranges if open_cells & set(coordinates(r))]


def coordinates(cells: object) -> list[str]:
    return [f"{'ABCDEFGH'[c - 1]}{r}" for r, c in cells.cells]  # type: ignore[attr-defined]


@pytest.mark.libreoffice
def test_it_prints_on_one_page_and_a_second_with_the_instructions(tmp_path):
    long = "Kiểm tra dấu vết khai thác; gỡ bẫy; nhắc nhở hai hộ dựng lán trong rừng. " * 4
    rows = [tour(3, report=long[:250]), tour(9, report=long[:250])]
    path = tmp_path / "phiếu.xlsx"
    path.write_bytes(render(FORM, CONTEXT, rows))
    assert pages(libreoffice.convert(path, "pdf", tmp_path)) == 2


def pages(path: object) -> int:
    from subprocess import run

    told = run(["pdfinfo", str(path)], capture_output=True, text=True, check=True).stdout
    return int(told.partition("Pages:")[2].split()[0])
