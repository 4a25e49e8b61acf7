"""The printed report: nothing overflows, nothing is cut off, nothing is missing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from builders import libreoffice, printed_pages, reports

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
        for row in sheet.iter_rows(min_row=2)  # row 1 holds the way back, for the screen only
        for cell in row
        if isinstance(cell.value, str)
        for word in cell.value.replace("-", "").split()
        if word not in printed
    ]
    assert missing == []


def test_every_word_on_paper_can_be_read(pdf: Path, pages: int) -> None:
    assert list(printed_pages.hidden(pdf, pages)) == []


def test_headings_of_a_table_stand_on_every_page_of_it(pdf: Path, pages: int) -> None:
    """The circulated list goes over several pages; each bears its header and column numbers."""
    lists = [
        " ".join(word.text for word in words)
        for words, footer in zip(
            printed_pages.words(pdf, pages), printed_pages.footers(pdf), strict=False
        )
        if footer.startswith("Xếploạisinhhoạt")
    ]
    assert len(lists) > 4
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
