"""The figures are live: an independent program calculates the same, and follows the data."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from builders import reports
from builders.figure_inputs import facts, register, returns
from builders.sheet_cells import Book, Sheet, differences, load_sheets, recalculate
from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

from mlay_batch.core.period import Period

pytestmark = pytest.mark.libreoffice

QUOTA, YEARLY = "Chỉ tiêu dự sinh hoạt", "Xếp loại năm"


@cache
def sample_book() -> Book:
    return load_sheets(reports.workbook())


def plant(data: bytes, part: str, cell: str, wrong: int) -> bytes:
    """Put a wrong cached value beside the formula of one cell; the formula stays."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            if name == part:
                pattern = rf'(<c r="{cell}"[^>]*><f>[^<]*</f><v>)[^<]*'.encode()
                text, count = re.subn(pattern, rb"\g<1>%d" % wrong, text)
                assert count == 1
            new.writestr(name, text)
    return buffer.getvalue()


def test_a_recalculation_changes_no_cell_but_one_planted_wrong(tmp_path: Path) -> None:
    """That one shows that LibreOffice really calculates what it loads."""
    row = sample_book()[QUOTA].row_of("Tổng cộng")
    cell = f"R{row}"
    planted = plant(reports.workbook(), "xl/worksheets/sheet2.xml", cell, 4711)
    before = load_sheets(planted)
    assert before[QUOTA].under(row, "Đã dự đến kỳ", "đã xác định") == 4711
    after = recalculate(planted, tmp_path)
    assert differences(sample_book(), after) == []
    (difference,) = differences(before, after)
    assert difference.startswith(f"{QUOTA}!{cell}: 4711")


MERGERS = """
code | type        | parent | founded    | ended      | successor
TX   | town        |        |            |            |
CB1  | cell_direct | TX     |            |            |
CB2  | cell_direct | TX     |            | 2019-08-15 | CB1
CB3  | cell_direct | TX     |            | 2019-09-01 | CB5
CB4  | cell_direct | TX     |            | 2019-09-01 | CB5
CB5  | cell_direct | TX     | 2019-09-01 |            |
"""
MEMBERS = """
branch | day     | opening | closing
CB1    | 2019-07 | 20      | 20
CB2    | 2019-07 | 9       | 9
CB2    | 2019-08 | 9       | 9
CB1    | 2019-08 | 29      | 29
CB3    | 2019-07 | 7       | 7
CB3    | 2019-08 | 7       | 7
CB4    | 2019-07 | 5       | 5
CB1    | 2019-09 | 29      | 29
CB5    | 2019-09 | 12      | 12
"""


@pytest.mark.parametrize("august", ["CB4 | 2019-08 | 5 | 5", ""])
def test_members_of_merged_cells_pass_on_alike(tmp_path: Path, august: str) -> None:
    """29 + 7 + 5 = 41 at the start, and at the end; without a return it stays open."""
    inputs = facts(register(MERGERS), "2019-Q3", returns(MEMBERS + august))
    written = reports.write(inputs)
    book = load_sheets(written)
    assert differences(book, recalculate(written, tmp_path)) == []
    sheet, group = book["Đảng viên"], "Từ đầu năm 2019"
    names = ("Đầu kỳ (A)", "Sáp nhập (S)", "Cuối kỳ (D)")
    rows = [sheet.row_of(text) for text in ("CB1", "CB2", "CB3", "CB4", "CB5", "Tổng cộng")]
    assert [[sheet.under(row, group, name) for name in names] for row in rows] == [
        [20, 9, 29],
        [9, -9, 0],
        [7, -7, 0],
        [5, -5, 0],
        [0, 12, 12],
        [41, 0, 41],
    ]
    said = [sheet.under(row, "Đối chiếu") for row in (*rows, rows[-1] + 1)]
    out, some = "▲ Chưa có báo cáo CB4 T8", "▲ Chưa đủ báo cáo"
    assert said == ["● Khớp"] * 7 if august else ["● Khớp"] * 3 + [out, out, some, some]


def test_a_figure_that_is_an_error_would_be_seen() -> None:
    book = Workbook()
    book.active["A1"] = "#N/A"
    book.save(written := io.BytesIO())
    with pytest.raises(AssertionError, match="A1"):
        load_sheets(written.getvalue())


@pytest.fixture(scope="module")
def alteration(tmp_path_factory: pytest.TempPathFactory) -> tuple[Book, str]:
    """95 members of 2016 moved to the last grade; in one cell one member more died, its meeting
    turned thematic and its activity had 100 people more. The workbook recalculated, and the cell.

    What else may be altered, visits and scores, is followed in `test_change`.
    """
    book = reports.load()
    yearly = next(
        row
        for row in reports.rows(book["Dữ liệu xếp loại"])
        if (row["Năm"].value, row["Mã phần"].value) == (2016, "members")
    )
    yearly["Mức 4"].value += 95
    active = reports.rows(book["Dữ liệu Bồi dưỡng, kiểm tra…"])[0]
    active["Số người dự"].value += 100
    cell = str(active["Mã đơn vị"].value)
    members = _of(book["Dữ liệu Đảng viên"], cell)
    members["Giảm từ trần"].value += 1
    met = _of(book["Dữ liệu Các buổi sinh hoạt…"], cell)
    met["Loại sinh hoạt"].value = "Chuyên đề"
    written = io.BytesIO()
    book.save(written)
    return recalculate(written.getvalue(), tmp_path_factory.mktemp("altered")), cell


def _of(sheet: Worksheet, cell: str) -> dict[str, Cell]:
    return next(row for row in reports.rows(sheet) if row["Mã đơn vị"].value == cell)


def test_a_count_of_the_yearly_classification(alteration: tuple[Book, str]) -> None:
    """95 of 950 subject in 2016: ten points that year, a third on average."""
    sheets = [read[YEARLY] for read in (sample_book(), alteration[0])]
    share = sheets[0].find("Tỷ lệ Vi phạm tư cách hoặc không hoàn thành nhiệm vụ")[1]
    year, mean = (sheets[0].row_of(text, 3) for text in ("2016", "Bình quân"))
    for row, rise in ((year, 10), (mean, 10 / 3)):
        was, now = (sheet.at(row, share) for sheet in sheets)
        assert now == pytest.approx(was + rise)


def test_members_meetings_and_activities_of_a_branch(alteration: tuple[Book, str]) -> None:
    after, cell = alteration
    changes = {
        "Đảng viên": {"Từ trần": 1, "Cộng giảm (C)": 1},
        "Chuyên đề": {"Quý IV": 1, "Cả năm": 1},
        "Bồi dưỡng – kiểm tra": {"Lượt người": 100},
    }
    for title, rises in changes.items():
        before, now = sample_book()[title], after[title]
        row, total = before.row_of(cell), before.row_of("Tổng cộng")
        for head, rise in rises.items():
            columns = _columns(before, head)
            for line in (row, total):
                changed = {now.at(line, n) - before.at(line, n) for n in columns}
                assert rise in changed <= {0, rise}, (title, head)
    members = after["Đảng viên"]
    assert "■ Không khớp" in members.rows[members.row_of(cell) - 1]


def _columns(sheet: Sheet, head: str) -> list[int]:
    rows = sheet.rows[:12]
    return [column for row in rows for column, value in enumerate(row, 1) if value == head]


def test_nothing_else_follows(alteration: tuple[Book, str]) -> None:
    touched = {place.partition("!")[0] for place in differences(sample_book(), alteration[0])}
    data = {title for title in touched if title.startswith("Dữ liệu ")}
    assert touched - data == {
        YEARLY,
        "Mẫu 7A, 7B",
        "Tổng quan",
        "Đảng viên",
        "Chuyên đề",
        "Bồi dưỡng – kiểm tra",
    }
    assert data == {
        "Dữ liệu xếp loại",
        "Dữ liệu theo năm",
        "Dữ liệu Đảng viên",
        "Dữ liệu Các buổi sinh hoạt…",
        "Dữ liệu Bồi dưỡng, kiểm tra…",
    }


def test_a_year_without_a_meeting_form_recalculates_too(tmp_path: Path) -> None:
    """Lists without a row: their totals refer to nothing, least of all to themselves."""
    data = reports.write(reports.facts(11, Period(2016, 1, 12), date(2019, 12, 10)))
    assert differences(load_sheets(data), recalculate(data, tmp_path)) == []
