"""What no document confirms is not printed: the columns are there and blank, a note says why.

Four statements of the signed sheets: grades of a year for cells that did not live all of it, what
can still be attended under a quota, targets of the yearly classification, and an article as basis.
"""

from __future__ import annotations

import io
import re
from datetime import date
from functools import cache

import pytest
from builders import changes, reports
from builders.sheet_cells import Book, load_sheets
from openpyxl import load_workbook

from mlay_batch.core.period import Period
from mlay_batch.figures import compute

QUOTA, YEAR, YEARLY = (
    "Chỉ tiêu dự sinh hoạt",
    "Lũy kế năm",
    "Xếp loại năm",
)
FORBIDDEN = (
    "Không còn khả năng đạt", "Can no longer be met", "≥ 90%", "≤ 0%", "≤ 1%", "24−25",
    "mức quy định",
    "Mức quy định lấy từ", "on the limit keeps it", "báo cáo 04/12/2019",
    "Báo cáo của Thị ủy 04/12/2019",
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


def test_what_is_still_to_do_names_its_assumption() -> None:
    """1 of 6 attended, three returns are left in two cells: at one meeting each too few."""
    sheet = book()[QUOTA]
    at = sheet.find("Còn phải làm")[1]
    for line in reports.figures().quota:
        said, left = sheet.at(sheet.row_of(line.officer), at), line.open_months + line.to_come
        if line.state == "met":
            assert said == "–"
        elif line.missing > left:
            assert re.search(", mỗi (tháng|báo cáo) một buổi thì không đạt$", str(said))
        else:
            assert str(said).startswith(f"Cần {line.missing} buổi trong {left} ")


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
    for nth in (1, 2):  # "none" of each kind of cells; the article's "over 90 %" is of all of them
        row, at = sheet.find("So với mục tiêu của đơn vị", nth)
        number, *results[nth], mean = (line[at - 1] for line in sheet.rows[row : row + 5])
        assert (number, mean) == (at, "–")
    assert results == {1: [reached] * 3, 2: [reached] * 3}
    note = "Mục tiêu của đơn vị, Chi bộ yếu kém: không có, để tham khảo. Căn cứ: kết quả"
    assert str(sheet.at(*sheet.find(note))).endswith("nêu cho chi bộ nói chung (chưa xác nhận).")


def test_a_basis_nobody_has_confirmed_says_so() -> None:
    sheet = book()[QUOTA]
    for title in ("Cán bộ, chuyên viên", "Cấp ủy viên"):
        assert str(sheet.at(*sheet.find(title))).endswith("(căn cứ: chưa xác nhận)")
    sheet = book()[YEAR]
    assert "Phú Thọ" in str(sheet.at(*sheet.find("Tốt: ")))
    for grade in ("Khá", "Trung bình", "Kém"):
        assert not any(str(row[0]).startswith(f"{grade}: ") for row in sheet.rows)


def grades(read: Book) -> dict[str, object]:
    sheet = read[YEAR]
    at = sheet.find("Mức xếp loại năm cao nhất còn có thể đạt")[1]
    return {code: sheet.at(sheet.row_of(code), at) for code in changes.CELLS}


# A3 of 10 May owes 8 months: 5 Tốt are asked and 2 were held. Others met below Khá.
GRADES = {
    "A1": "Chưa có căn cứ xếp", "A2": "Chưa có căn cứ xếp", "A3": "Tốt (cần thêm 3 buổi Tốt)",
    "CB1": "Chưa có căn cứ xếp", "CB2": "Chưa có căn cứ xếp", "CB3": "Xem đơn vị kế tiếp",
}  # fmt: skip


def test_a_grade_without_a_document_is_not_printed() -> None:
    assert grades(load_sheets(changes.unchanged_book())) == GRADES
    sheet = load_sheets(changes.unchanged_book())[YEAR]
    assert sheet.find("“Chưa có căn cứ xếp”: không đạt mức nào có văn bản")


@pytest.mark.libreoffice
def test_nor_is_it_once_recalculated() -> None:
    assert grades(changes.follow(1).after)["CB3"] == GRADES["CB3"]
