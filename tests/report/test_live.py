"""The figures are live: an independent program calculates the same, and follows the data."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date
from functools import cache
from pathlib import Path

import openpyxl
import pytest
from builders import reports
from builders.figure_inputs import facts, register, returns
from builders.sheet_cells import Book, Sheet, differences, load_sheets, recalculate
from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from mlay_batch.core.period import Period

pytestmark = pytest.mark.libreoffice

QUOTA, YEARLY, THEMES = "Chỉ tiêu dự sinh hoạt", "Xếp loại năm", "Chuyên đề – bồi dưỡng"


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
    row, column = (
        sample_book()[QUOTA].row_of("Tổng cộng"),
        sample_book()[QUOTA].find("đã xác định")[1],
    )
    cell = f"{get_column_letter(column)}{row}"
    planted = plant(reports.workbook(), "xl/worksheets/sheet2.xml", cell, 4711)
    before = load_sheets(planted)
    assert before[QUOTA].under(row, "Tính đến hết kỳ", "đã xác định") == 4711
    after = recalculate(planted, tmp_path)
    assert differences(sample_book(), after) == []
    (difference,) = differences(before, after)
    assert difference.startswith(f"{QUOTA}!{cell}: 4711")


MERGERS = """
code | type        | parent | founded    | ended      | successor
TX   | office      |        |            |            |
CB1  | cell_direct | TX     |            |            |
CB2  | cell_direct | TX     |            | 2019-02-15 | CB1
CB3  | cell_direct | TX     |            | 2019-03-01 | CB5
CB4  | cell_direct | TX     |            | 2019-03-01 | CB5
CB5  | cell_direct | TX     | 2019-03-01 |            |
"""
MEMBERS = """
branch | day     | opening | closing
CB1    | 2019-01 | 20      | 20
CB2    | 2019-01 | 9       | 9
CB2    | 2019-02 | 9       | 9
CB1    | 2019-02 | 29      | 29
CB3    | 2019-01 | 7       | 7
CB3    | 2019-02 | 7       | 7
CB4    | 2019-01 | 5       | 5
CB1    | 2019-03 | 29      | 29
CB5    | 2019-03 | 12      | 12
"""


@pytest.mark.parametrize("february", ["CB4 | 2019-02 | 5 | 5", ""])
def test_members_of_merged_cells_pass_on_alike(tmp_path: Path, february: str) -> None:
    """29 + 7 + 5 = 41 at the start, and at the end; without a return it stays open."""
    inputs = facts(register(MERGERS), "2019-Q1", returns(MEMBERS + february))
    written = reports.write(inputs)
    book = load_sheets(written)
    assert differences(book, recalculate(written, tmp_path)) == []
    sheet, group = book["Đảng viên"], "Từ đầu năm 2019"
    names = ("Đầu kỳ (A)", "Sáp nhập, lập mới, giải thể (S)", "Cuối kỳ (D)")
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
    out, some = "▲ Chưa có báo cáo CB4 T2", "▲ Chưa đủ báo cáo"
    assert said == ["● Khớp"] * 7 if february else ["● Khớp"] * 3 + [out, out, some, some]


OFFICE = "code | type | parent\nTX | office |\nCB1 | cell_direct | TX\nCB2 | cell_direct | TX"
OFFICERS = "code | name\nTU1 | A\nTV1 | B\nTV2 | C"
DUTIES = """
officer | branch | role               | from
TU1     | CB1    | office_official      | 2019-01-01
TV1     | CB1    | standing_committee | 2019-01-01
"""
TWO_A_DAY = """
branch | day        | kind     | officer | own
CB1    | 2019-03-05 | regular  | TU1     | 91
CB1    | 2019-03-05 | thematic | TV1     | 60
CB1    | 2019-03-12 | regular  | TV2     |
CB2    | 2019-03-05 | regular  | TV1     | 75
"""


def test_two_meetings_of_a_day_and_a_duty_without_a_number(tmp_path: Path) -> None:
    """Each meeting keeps its score; who is sent without a quota is not said to be unassigned."""
    inputs = facts(register(OFFICE, OFFICERS, DUTIES), "2019-Q1", returns(TWO_A_DAY))
    written = reports.write(inputs)
    book = load_sheets(written)
    assert differences(book, recalculate(written, tmp_path)) == []
    tables = openpyxl.load_workbook(io.BytesIO(written), data_only=True)
    assert reports.table_column(tables, "Điểm") == [91, 60, None, 75]
    assert reports.table_column(tables, "Mã lý do") == [None, None, "Q01", "Q01"]


# A split: P gives 10 of its 20 to N, founded on 1 March. G (5) is dissolved, T takes 5 in; R has no
# return of January, W was waived it. L is founded with 4 and takes over Y (6); Z takes over V (3)
# and is dissolved.
UNTOLD = """
code | type        | parent | founded    | ended      | successor
TX   | office      |        |            |            |
CBP  | cell_direct | TX     |            |            |
CBN  | cell_direct | TX     | 2019-03-01 |            |
CBG  | cell_direct | TX     |            | 2019-03-01 |
CBT  | cell_direct | TX     |            |            |
CBR  | cell_direct | TX     |            |            |
CBW  | cell_direct | TX     |            |            |
CBL  | cell_direct | TX     | 2019-02-01 |            |
CBY  | cell_direct | TX     |            | 2019-03-01 | CBL
CBV  | cell_direct | TX     |            | 2019-02-15 | CBZ
CBZ  | cell_direct | TX     |            | 2019-03-15 |
"""
WAIVED = "branch | form | period\nCBW | meeting | 2019-01"
CARDS = """
branch | day     | opening | moved_in | moved_out | closing
CBP    | 2019-01 | 20      |          |           | 20
CBP    | 2019-02 | 20      |          |           | 20
CBP    | 2019-03 | 20      |          | 10        | 10
CBN    | 2019-03 | 10      |          |           | 10
CBG    | 2019-01 | 5       |          |           | 5
CBG    | 2019-02 | 5       |          |           | 5
CBT    | 2019-01 | 9       |          |           | 9
CBT    | 2019-02 | 9       |          |           | 9
CBT    | 2019-03 | 9       | 5        |           | 14
CBR    | 2019-02 | 7       | 3        |           | 10
CBR    | 2019-03 | 10      |          |           | 10
CBW    | 2019-02 | 8       |          |           | 8
CBW    | 2019-03 | 8       |          |           | 8
CBL    | 2019-02 | 4       |          |           | 4
CBL    | 2019-03 | 10      |          |           | 10
CBY    | 2019-01 | 6       |          |           | 6
CBY    | 2019-02 | 6       |          |           | 6
CBV    | 2019-01 | 3       |          |           | 3
CBZ    | 2019-01 | 4       |          |           | 4
CBZ    | 2019-02 | 7       |          |           | 7
"""


def test_members_that_nobody_hands_over_or_takes_over(tmp_path: Path) -> None:
    """The year: 20 + 9 + 7 + 8 + 5 + 6 + 3 + 4 = 62 at the start, +8 in, −10 out, and of unknown
    origin or whereabouts +10 +4 −5 −7 = +2: 62 at the end.

    March begins with the 69 that February closed with: 20 + 9 + 10 + 8 + 4 + 5 + 6 + 7.
    """
    written = reports.write(facts(register(UNTOLD, waivers=WAIVED), "2019-03", returns(CARDS)))
    book = load_sheets(written)
    assert differences(book, recalculate(written, tmp_path)) == []
    sheet, names = book["Đảng viên"], ("Đầu kỳ (A)", "Sáp nhập, lập mới, giải thể (S)")
    told = {}
    for code in ("CBP", "CBN", "CBG", "CBT", "CBR", "CBW", "CBL", "CBY", "CBV", "CBZ", "Tổng cộng"):
        row = sheet.row_of(code)
        told[code] = [
            *(
                sheet.under(row, group, name)
                for group in ("Tháng 3 năm 2019", "Từ đầu năm 2019")
                for name in (*names, "Cuối kỳ (D)")
            ),
            sheet.under(row, "Đối chiếu"),
        ]
    assert told == {
        "CBP": [20, 0, 10, 20, 0, 10, "● Khớp"],
        "CBN": [0, 10, 10, 0, 10, 10, "▲ Lập mới: 10 đảng viên"],
        "CBG": [5, -5, 0, 5, -5, 0, "▲ Giải thể: 5 đảng viên"],
        "CBT": [9, 0, 14, 9, 0, 14, "● Khớp"],
        "CBR": [10, 0, 10, 7, 0, 10, "▲ Chưa có báo cáo CBR T1"],
        "CBW": [8, 0, 8, 8, 0, 8, "● Khớp từ T2"],
        "CBL": [4, 6, 10, 0, 10, 10, "▲ Lập mới: 4 đảng viên"],
        "CBY": [6, -6, 0, 6, -6, 0, "Đã giải thể, sáp nhập"],
        "CBV": ["–", "–", "–", 3, -3, 0, "Đã giải thể, sáp nhập"],
        "CBZ": [7, -7, 0, 4, -4, 0, "▲ Giải thể: 7 đảng viên"],
        "Tổng cộng": [69, -2, 62, 62, 2, 62, "▲ Chưa đủ báo cáo"],
    }
    total = sheet.row_of("Tổng cộng")
    assert str(sheet.at(total, 1)).startswith("Tổng cộng: trong kỳ 6 đơn vị")
    assert sheet.under(total + 1, "Đối chiếu") == "● Khớp"  # of mergers alone: 6 + 3 = 6 + 3
    notes = [str(row[0]) for row in sheet.rows if str(row[0]).startswith(("Lập mới", "Giải thể"))]
    assert [note.split(" đảng viên")[0] for note in notes] == ["Lập mới: 14", "Giải thể: 12"]
    assert notes[0].endswith("(CBN: 10; CBL: 4).")
    assert notes[1].endswith("(CBG: 5; CBZ: 7).")


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
        for row in reports.rows(book["Dữ liệu xếp loại các năm"])
        if (row["Năm"].value, row["Mã phần"].value) == (2016, "members")
    )
    yearly["Mức 4"].value += 95
    active = reports.rows(book["Dữ liệu bồi dưỡng, kiểm tra…"])[0]
    active["Số người dự"].value += 100
    cell = str(active["Mã đơn vị"].value)
    members = _of(book["Dữ liệu đảng viên"], cell)
    members["Giảm từ trần"].value += 1
    met = _of(book["Dữ liệu buổi họp"], cell)
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
        ("Đảng viên", 1): {"Từ trần": 1, "Cộng giảm (C)": 1},
        (THEMES, 1): {"Quý IV": 1, "Cả năm": 1},
        (THEMES, 2): {"Lượt người": 100},
    }
    for (title, nth), rises in changes.items():
        before, now = sample_book()[title], after[title]
        row, total = (_row_beginning(before, text, nth) for text in (cell, "Tổng cộng"))
        for head, rise in rises.items():
            columns = _columns(before, head, row)
            for line in (row, total):
                changed = {now.at(line, n) - before.at(line, n) for n in columns}
                assert rise in changed <= {0, rise}, (title, head)
    members = after["Đảng viên"]
    assert "■ Không khớp" in members.rows[members.row_of(cell) - 1]


def _row_beginning(sheet: Sheet, text: str, nth: int) -> int:
    """Return the nth row whose first cell begins so, or whose code is so."""
    rows = [
        number
        for number, row in enumerate(sheet.rows, 1)
        if str(row[0]).startswith(text) or row[1] == text
    ]
    return rows[nth - 1]


def _columns(sheet: Sheet, head: str, row: int) -> list[int]:
    """Return the columns that have a heading somewhere above a row."""
    rows = sheet.rows[:row]
    return [column for row in rows for column, value in enumerate(row, 1) if value == head]


def test_nothing_else_follows(alteration: tuple[Book, str]) -> None:
    """The meeting stands once, so that all that is counted of it follows its kind."""
    touched = {place.partition("!")[0] for place in differences(sample_book(), alteration[0])}
    data = {title for title in touched if title.startswith("Dữ liệu ")}
    assert touched - data == {
        YEARLY,
        "Tổng quan",
        "Đảng viên",
        THEMES,
        "Chỉ tiêu dự sinh hoạt",
        "Xếp loại sinh hoạt",
        "Lũy kế năm",
    }
    assert data == {
        "Dữ liệu xếp loại các năm",
        "Dữ liệu chất lượng tháng",
        "Dữ liệu diễn biến chi bộ",
        "Dữ liệu cấp trên dự",
        "Dữ liệu đảng viên",
        "Dữ liệu buổi họp",
        "Dữ liệu bồi dưỡng, kiểm tra…",
    }


def test_a_year_without_a_meeting_form_recalculates_too(tmp_path: Path) -> None:
    """Lists without a row: their totals refer to nothing, least of all to themselves."""
    data = reports.write(reports.facts(11, Period(2016, 1, 12), date(2019, 12, 10)))
    assert differences(load_sheets(data), recalculate(data, tmp_path)) == []
