"""What no document confirms is not printed: the columns are there and blank, a note says why.

Four statements of the signed sheets: grades of a year for cells that did not live all of it, what
can still be attended under a quota, targets of the yearly classification, and an article as basis.
"""

from __future__ import annotations

import io
from datetime import date
from functools import cache

import pytest
from builders import changes, reports
from builders.sheet_cells import Book, Sheet, load_sheets
from openpyxl import load_workbook

from mlay_batch.core.period import Period
from mlay_batch.figures import compute

QUOTA, PAIRS, YEAR, YEARLY = (
    "Chỉ tiêu dự sinh hoạt",
    "Dự từng chi bộ",
    "Lũy kế năm",
    "Xếp loại năm",
)
FORBIDDEN = (
    "Không còn khả năng đạt", "Can no longer be met", "≥ 90 %", "≤ 0 %", "≤ 1 %", "24−25",
    "mức quy định",
    "Mức quy định lấy từ", "on the limit keeps it", "báo cáo 04/12/2019",
    "Báo cáo của Thị ủy 04/12/2019", "Phú Thọ",
)  # fmt: skip


@cache
def data(month: int, lang: str) -> bytes:
    if (month, lang) == (11, "vi"):
        return reports.workbook()
    period = Period(2019, month)
    return reports.write(reports.facts(11, period, date(2020, 1, 8)), lang)


@cache
def book(month: int = 11, lang: str = "vi") -> Book:
    return load_sheets(data(month, lang))


def texts(read: Book) -> set[str]:
    cells = (cell for sheet in read.values() for row in sheet.rows for cell in row)
    return {cell for cell in cells if isinstance(cell, str)}


@pytest.mark.parametrize(("month", "lang"), [(11, "vi"), (11, "en"), (12, "vi")])
def test_no_sheet_says_what_nobody_knows(month: int, lang: str) -> None:
    sentences = texts(book(month, lang))
    formulas = load_workbook(io.BytesIO(data(month, lang)))
    sentences |= {
        str(cell.value) for sheet in formulas for row in sheet.iter_rows() for cell in row
    }
    assert [text for text in sentences for word in FORBIDDEN if word in text] == []


def column(sheet: Sheet, head: str, nth: int = 1) -> tuple[int, list[object]]:
    """The row of the column's number and everything below it, down to the signatures."""
    row, at = sheet.find(head, nth)
    while not str(sheet.at(row, at) or "").split("\n")[0].removesuffix(".0").isdigit():
        row += 1
    end = sheet.row_of("Phải dự đến kỳ =") if sheet.title == QUOTA else sheet.row_of("Mỗi cán bộ")
    return row, [sheet.at(line, at) for line in range(row + 1, end)]


@pytest.mark.parametrize("month", [11, 12])
@pytest.mark.parametrize("head", ["nhiều nhất", "Có thể dự thêm", "Chắc chắn thiếu"])
def test_what_may_still_be_attended_is_blank_on_the_sheet_of_quotas(month: int, head: str) -> None:
    sheet = book(month)[QUOTA]
    row, at = sheet.find(head)
    values = [line[at - 1] for line in sheet.rows[row:]]
    second = sheet.find(head, 2)[0]  # the headings of the second block, and the number below
    visible = [value for value in values if value is not None and value != at]
    assert visible == [head], second
    assert sheet.find("Phải dự đến kỳ =")
    note = str(sheet.at(*sheet.find("Phải dự đến kỳ =")))
    assert "để trống: số buổi một tháng không có giới hạn nên chưa kết luận được" in note
    assert head in note


@pytest.mark.parametrize("head", ["nhiều nhất", "tháng còn lại"])
def test_and_on_the_sheet_of_officers_by_cell(head: str) -> None:
    sheet = book()[PAIRS]
    number, values = column(sheet, head)
    assert set(values) == {None}
    assert sheet.at(number, sheet.find(head)[1]) == sheet.find(head)[1]  # a number and no formula
    assert head in str(sheet.at(*sheet.find("Mỗi cán bộ")))


def test_in_december_nobody_fails_while_a_return_of_his_cells_is_out() -> None:
    inputs = reports.facts(11, Period(2019, 12), date(2020, 1, 8))
    lines = compute(inputs).quota
    assert {line.state for line in lines if line.open_months} == {"behind"}
    sheet = book(12)[QUOTA]
    at = sheet.find("Kết quả")[1]
    results = [sheet.at(sheet.row_of(line.officer), at) for line in lines if line.open_months]
    assert set(results) == {"▲ Chậm tiến độ"}


def test_what_an_article_reported_is_information_and_no_verdict() -> None:
    """The sample town's own targets: results of a newspaper article of 04/12/2019."""
    sheet = book()[YEARLY]
    reached = "Đạt (để tham khảo)"
    results = {}
    for nth in (1, 2, 3, 4):  # two kinds of cells, two lines each
        row, at = sheet.find("So với mục tiêu của đơn vị", nth)
        number, *results[nth], mean = (line[at - 1] for line in sheet.rows[row : row + 5])
        assert (number, mean) == (at, None)
    below_90 = "Chưa đạt (để tham khảo)"  # 26 of 30 cells directly under the town in 2018
    assert results == {1: [reached, reached, below_90], **{n: [reached] * 3 for n in (2, 3, 4)}}
    note = "Mục tiêu của đơn vị, Chi bộ trong sạch vững mạnh: từ 90%, để tham khảo. Căn cứ: kết quả"
    assert str(sheet.at(*sheet.find(note))).endswith("nêu cho chi bộ nói chung (chưa xác nhận).")


def test_a_basis_nobody_has_confirmed_says_so() -> None:
    sheet = book()[QUOTA]
    for title in ("Cán bộ, chuyên viên", "Cấp ủy viên"):
        assert str(sheet.at(*sheet.find(title))).endswith("(căn cứ: chưa xác nhận)")
    assert str(book()[YEAR].at(*book()[YEAR].find("Tốt: "))).endswith("Căn cứ: chưa xác nhận.")


def grades(read: Book) -> dict[str, object]:
    sheet = read[YEAR]
    at = sheet.find("Mức năm còn có thể đạt")[1]
    return {code: sheet.at(sheet.row_of(code), at) for code in changes.CELLS}


def test_a_cell_with_too_few_meetings_because_of_its_life_bears_no_grade() -> None:
    """CB3 merged into CB2 in July with fewer than 7; A3, founded in May, has eight months."""
    by_code = grades(load_sheets(changes.unchanged_book()))
    assert {code for code, grade in by_code.items() if not grade} == {"CB3"}
    assert load_sheets(changes.unchanged_book())[YEAR].find(
        "Chi bộ không hoạt động đủ năm (thành lập, giải thể"
    )


@pytest.mark.libreoffice
def test_nor_does_it_once_recalculated() -> None:
    after = changes.follow(1).after
    assert {code for code, grade in grades(after).items() if not grade} == {"CB3"}
