"""Text from a branch is text, whatever it looks like; rows fit what stands in them."""

from __future__ import annotations

import io
from datetime import date

import pytest
from openpyxl import load_workbook
from openpyxl.cell import Cell

from mlay_batch.report.formats import LOOKS, percent_format
from mlay_batch.report.writer import Formula, Hyperlink, ReportWriter


def write_cell(content: object) -> Cell:
    book = ReportWriter("vi", date(2019, 12, 8))
    sheet = book.add_sheet("Tờ", "")
    sheet.write(0, 0, content, "text")  # type: ignore[arg-type]
    return load_workbook(io.BytesIO(book.close()))["Tờ"]["A1"]


@pytest.mark.parametrize("typed", [
    "=1+1", "=HYPERLINK(\"http://x\";\"y\")", "+84 912", "-5", "@SUM(A1)", "{=1}",
    "http://example.vn", "mailto:a@b.vn", "internal:'Lỗi'!A1", "#N/A", "1234", "31/12/2019",
])  # fmt: skip
def test_what_a_branch_typed_stays_text(typed: str) -> None:
    cell = write_cell(typed)
    assert (cell.data_type, cell.value, cell.hyperlink) == ("s", typed, None)
    assert cell.quotePrefix == typed.startswith(("=", "+", "-", "@"))


def test_a_link_cannot_be_made_to_run() -> None:
    assert write_cell(Hyperlink("'Tờ'!$A$1", "=1+1")).data_type == "s"


def test_zero_is_a_figure_and_a_dash_is_none() -> None:
    """A dash means that nothing applies (waived, not asked); what was counted as none is 0."""
    formats = {str(look.get("num_format")) for look in LOOKS.values()} | {percent_format(2)}
    assert not [number for number in formats if "–" in number or number.endswith(";")]


def test_days_are_written_as_on_paper() -> None:
    """03/9/2019 and 11/02/2019: a zero before months 1 and 2 only."""
    book = ReportWriter("vi", date(2019, 12, 8))
    sheet = book.add_sheet("Tờ", "")
    for row in (0, 1, 5):
        sheet.write(row, 2, date(2019, 9, 3), "date")
    saved = load_workbook(io.BytesIO(book.close()))["Tờ"]
    assert saved["C1"].number_format == "dd/mm/yyyy"
    rules = {str(area.sqref): area.rules[0] for area in saved.conditional_formatting}
    assert {place: rule.formula for place, rule in rules.items()} == {
        "C1:C2": ["AND(C1>0,MONTH(C1)>2)"],
        "C6": ["AND(C6>0,MONTH(C6)>2)"],
    }
    assert {rule.dxf.numFmt.formatCode for rule in rules.values()} == {"dd/m/yyyy"}


def fill_sheet(*, settled: bool) -> bytes:
    book = ReportWriter("vi", date(2019, 12, 8))
    sheet = book.add_sheet("Tờ", "")
    sheet.write(0, 0, "tên & <dấu>", "title", span=3)
    sheet.set_widths((10, 12, 14))
    for row, content in enumerate(
        [
            "chữ dài hơn bề rộng",
            4.25,
            None,
            date(2019, 9, 3),
            Formula("=SUM($B$2,1)", 5.25),
            Hyperlink("'Tờ'!$A$1", "về"),
        ],
        2,
    ):
        sheet.write(row, 0, content, "text")
    sheet.raw.add_table(9, 0, 11, 1, {"columns": [{"header": "A"}, {"header": "B"}]})
    sheet.write(10, 1, 7, "count")
    if settled:
        sheet.flush()
        with pytest.raises(KeyError):
            sheet.write(10, 1, 8, "count")
    return book.close()


def test_a_settled_sheet_is_the_same_to_the_byte_and_takes_nothing_more() -> None:
    assert fill_sheet(settled=True) == fill_sheet(settled=False)


class TestRoom:
    def test_a_row_is_as_high_as_its_longest_cell(self) -> None:
        book = ReportWriter("vi", date(2019, 12, 8))
        sheet = book.add_sheet("Tờ", "")
        sheet.set_widths((10, 10))
        sheet.write(0, 0, "ngắn", "text")
        sheet.write(0, 1, "một câu dài hơn hẳn bề rộng của cột này nhiều lần", "text")
        sheet.write(1, 0, "ngắn", "text")
        saved = load_workbook(io.BytesIO(book.close()))["Tờ"]
        heights = [saved.row_dimensions[row].height for row in (1, 2)]
        assert heights[0] > 4 * heights[1] > 0
