"""The printed report: nothing overflows, nothing is cut off, nothing is missing."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, replace
from datetime import date
from itertools import takewhile
from pathlib import Path

import pytest
from builders import libreoffice, printed_pages, reports
from openpyxl import load_workbook

from mlay_batch.report.writer import ReportWriter

pytestmark = pytest.mark.libreoffice


@pytest.fixture(scope="module")
def pdf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("print")
    (folder / "report.xlsx").write_bytes(reports.workbook())
    return libreoffice.convert(folder / "report.xlsx", "pdf", folder)


@pytest.fixture(scope="module")
def pages(pdf: Path) -> int:
    """How many pages the sheets for people take: those before the first data sheet's."""
    return [footer.startswith("Dữliệu") for footer in printed_pages.footers(pdf)].index(True)


def test_no_figure_is_wider_than_its_column(pdf: Path) -> None:
    assert "###" not in printed_pages.text(pdf)


def test_every_word_of_every_cell_is_on_paper(pdf: Path, pages: int) -> None:
    printed = printed_pages.text(pdf, pages)
    missing = [
        f"{sheet.title}!{cell.coordinate}: {word}"
        for sheet in reports.sheets().worksheets
        if not sheet.title.startswith("Dữ liệu ")
        for cell in printed_pages.printed_cells(sheet)
        if isinstance(cell.value, str)
        for word in cell.value.replace("-", "").split()
        if word not in printed
    ]
    assert missing == []


def test_every_word_on_paper_can_be_read(pdf: Path, pages: int) -> None:
    assert list(printed_pages.hidden(pdf, pages)) == []


MOST_PAGES = 17  # one of them the ratings by kind of unit, where the register states kinds


@pytest.fixture(scope="module")
def november() -> bytes:
    """The sample town's whole year to November, in which no yearly return came in."""
    inputs = reports.facts()
    returns = tuple(
        replace(filed, entry=replace(filed.entry, received="2019-01-15T10:00:00+07:00"))
        if filed.entry.form == "classification"
        else filed
        for filed in inputs.returns
    )
    return reports.write(replace(inputs, returns=returns))


def test_the_front_sheets_of_a_month_print_on_few_pages(november: bytes, tmp_path: Path) -> None:
    (tmp_path / "november.xlsx").write_bytes(november)
    footers = printed_pages.footers(
        libreoffice.convert(tmp_path / "november.xlsx", "pdf", tmp_path)
    )
    front = list(takewhile(lambda footer: not footer.startswith("Lỗi"), footers))
    assert len(front) <= MOST_PAGES


def test_the_quota_table_is_printed_in_letters_of_eight_points(november: bytes) -> None:
    """As wide as its columns are, the sheet is fitted to A4: the letters shrink with it."""
    sheet = load_workbook(io.BytesIO(november))["Chỉ tiêu dự sinh hoạt"]
    rows = [row for row in sheet.iter_rows() if re.fullmatch(r"T?CU\d\d|TU\d\d", str(row[1].value))]
    sizes = {cell.font.size for row in rows for cell in row if cell.value is not None}
    assert rows
    assert min(sizes) * printed_pages.fitted_scale(sheet) >= 8


@pytest.mark.parametrize(("title", "heading"), [
    ("Chỉ tiêu dự sinh hoạt", "Số phải dự tính theo tháng, chưa làm tròn"),
    ("Chỉ tiêu dự sinh hoạt", "12"),
])  # fmt: skip
def test_what_explains_a_number_is_folded_away(november: bytes, title: str, heading: str) -> None:
    sheet = load_workbook(io.BytesIO(november))[title]
    cell = next(cell for row in sheet.iter_rows() for cell in row if cell.value == heading)
    assert cell.column_letter not in printed_pages.shown_columns(sheet)


def test_headings_of_a_table_stand_on_every_page_of_it(pdf: Path, pages: int) -> None:
    """The circulated list goes over several pages; each bears its header and column numbers."""
    lists = [
        " ".join(word.text for word in words)
        for words, footer in zip(
            printed_pages.words(pdf, pages), printed_pages.footers(pdf), strict=False
        )
        if footer.startswith("Xếploạisinhhoạt")
    ]
    assert len(lists) > 2
    assert all("STT" in text or "Mã" in text for text in lists)


@dataclass(frozen=True)
class Planted:
    """A sheet with a text cut off at the side, one cut off above and below, two that fit."""

    text: str
    hidden: tuple[str, ...]


@pytest.fixture(scope="module")
def planted_sheet(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    book = ReportWriter("vi", date(2019, 12, 8))
    sheet = book.add_sheet("Kiểm tra", "")
    sheet.set_widths((6, 30, 14))
    sheet.write(1, 0, "NGUYENTHIHUONG", "back")
    sheet.write(1, 1, "neighbour", "text")
    sheet.write(2, 1, "fits well", "text")
    sheet.write(3, 2, "Above Tall below buried", "text")
    sheet.set_height(3, 14)
    sheet.set_up_page(landscape=False, last=(3, 2))
    folder = tmp_path_factory.mktemp("planted")
    (folder / "planted.xlsx").write_bytes(book.close())
    pdf = libreoffice.convert(folder / "planted.xlsx", "pdf", folder)
    return Planted(printed_pages.text(pdf), tuple(printed_pages.hidden(pdf)))


class TestTheCheckItself:
    def test_sees_what_is_cut_off_at_the_side(self, planted_sheet: Planted) -> None:
        """LibreOffice leaves out whole letters that would stand beyond the cell."""
        assert "NGUYENTHIHUONG" not in planted_sheet.text

    def test_sees_what_is_cut_off_by_the_row(self, planted_sheet: Planted) -> None:
        assert "Above" in planted_sheet.text
        assert any("Above" in line for line in planted_sheet.hidden)

    def test_lets_pass_what_fits(self, planted_sheet: Planted) -> None:
        assert {"fits", "well"} <= set(re.findall("fits|well", planted_sheet.text))
        assert not any(word in line for line in planted_sheet.hidden for word in ("fits", "well"))
