"""Lists are declared column by column: numbers, sums in words and formulas follow the columns."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from datetime import date
from operator import attrgetter

import pytest
from builders import reports
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from mlay_batch.figures import compute
from mlay_batch.report.formulas import cell, fixed, whole
from mlay_batch.report.listing import Column, Heads, Listing, number_column
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.tables import DataColumn, DataTable, fill
from mlay_batch.report.writer import ReportWriter

FIRST_ROW = 12  # below the letterhead, two rows of headings and the numbers of the columns


@dataclass(frozen=True)
class Stock:
    """What a list of the tests is about."""

    name: str
    bought: int
    sold: int | None = 0

    @property
    def left(self) -> int:
        return self.bought - (self.sold or 0)


STOCKS = (Stock("giấy", 7, 2), Stock("=mực", 5, None))
COLUMNS = (
    Column("name", "Tên", 20, attrgetter("name")),
    Column("bought", "Mua", 8, attrgetter("bought"), look="count", group="Số lượng", total=True),
    Column("sold", "Bán", 8, attrgetter("sold"), look="count", group="Số lượng", total=True),
    Column(
        "left",
        "Còn",
        8,
        attrgetter("left"),
        f"{cell('bought')}-{fixed('sold')}",
        "count",
        sum_text=f"={cell('bought')}−{cell('sold')}",
        total=f"SUM({whole('left')})+0*{cell('bought')}",
    ),
)
EXTRA = Column("place", "Nơi để", 9, attrgetter("name"))


def written(
    columns: tuple[Column[Stock], ...],
    stocks: tuple[Stock, ...] = STOCKS,
    heads: Heads | None = None,
) -> Worksheet:
    """Return the sheet of a list with its totals, as a spreadsheet program opens it."""
    inputs = reports.facts()
    writer = ReportWriter("vi", date(2019, 12, 8))
    ctx = ReportContext.of(writer, inputs, compute(replace(inputs, returns=())))
    all_columns = (number_column(ctx), *columns)
    listing = Listing(ctx, writer.add_sheet("Kho", ""), all_columns, 2, heads=heads or Heads())
    listing.write_heads()
    listing.write_rows(stocks)
    if listing.is_empty:
        listing.write_note("Không có")
    else:
        listing.write_totals(stocks)
    listing.set_up_page(listing.next_row, frozen=2, filtered="left")
    return load_workbook(io.BytesIO(writer.close()))["Kho"]


def row(sheet: Worksheet, number: int) -> list[object]:
    return [entry.value for entry in sheet[number]]


@pytest.fixture(scope="module")
def sheet() -> Worksheet:
    return written(COLUMNS)


def test_columns_are_numbered_and_a_sum_in_words_names_the_numbers(sheet: Worksheet) -> None:
    assert row(sheet, FIRST_ROW - 1) == [1, 2, 3, 4, "5\n=3−4"]


def test_formulas_take_the_cells_of_the_columns_they_name(sheet: Worksheet) -> None:
    assert row(sheet, FIRST_ROW) == [1, "giấy", 7, 2, "=C12-$D12"]
    assert row(sheet, FIRST_ROW + 2)[2:] == [
        "=SUM(C12:C13)", "=SUM(D12:D13)", "=SUM(E12:E13)+0*C14",
    ]  # fmt: skip


def test_a_column_put_in_between_moves_numbers_words_and_formulas() -> None:
    sheet = written((COLUMNS[0], EXTRA, *COLUMNS[1:]))
    assert row(sheet, FIRST_ROW - 1)[-1] == "6\n=4−5"
    assert row(sheet, FIRST_ROW)[-1] == "=D12-$E12"
    assert row(sheet, FIRST_ROW + 2)[-1] == "=SUM(F12:F13)+0*D14"


def test_two_columns_of_one_id_are_refused() -> None:
    with pytest.raises(ValueError, match="bought"):
        written((*COLUMNS, COLUMNS[1]))


def test_a_group_stands_over_its_columns_alone(sheet: Worksheet) -> None:
    merged = {str(area) for area in sheet.merged_cells.ranges}
    assert {"C9:D9", "A9:A10", "B9:B10", "E9:E10"} <= merged
    assert sheet["C9"].value == "Số lượng"


def test_a_value_of_none_leaves_the_cell_blank_and_text_is_no_formula(sheet: Worksheet) -> None:
    assert row(sheet, FIRST_ROW + 1)[1:4] == ["=mực", 5, None]
    assert sheet["B13"].data_type == "s"


def test_the_filter_covers_the_rows_without_the_totals(sheet: Worksheet) -> None:
    assert sheet.auto_filter.ref == "A11:E13"


def test_an_empty_list_says_so_and_has_no_filter() -> None:
    sheet = written(COLUMNS, ())
    assert sheet["A12"].value == "Không có"
    assert sheet.auto_filter.ref is None


def test_a_list_may_have_one_row_of_headings_and_no_numbers() -> None:
    columns = tuple(replace(column, group="") for column in COLUMNS)
    sheet = written(columns, heads=Heads(titles=1, is_numbered=False))
    assert row(sheet, 9) == ["STT", "Tên", "Mua", "Bán", "Còn"]
    assert row(sheet, 10) == [1, "giấy", 7, 2, "=C10-$D10"]


def test_formulas_of_a_data_table_name_its_own_row_and_columns() -> None:
    ratio = f"{cell('bought')}/{whole('sold')}"
    columns = (
        DataColumn("bought", "Mua [kg]", "integer", attrgetter("bought")),
        DataColumn("sold", "Bán", "integer", attrgetter("sold")),
        DataColumn("left", "Còn", "integer", attrgetter("left"), ratio),
    )
    table = fill(DataTable("Kho", "", "", columns), STOCKS)
    assert [entry[2].formula for entry in table.rows] == ["=Kho[[#This Row],[Mua kg]]/Kho[Bán]"] * 2


def test_criteria_are_written_in_the_order_they_are_given() -> None:
    columns = (DataColumn("day", "Ngày"), DataColumn("branch", "Mã"), DataColumn("points", "Điểm"))
    table = DataTable("Hop", "", "", columns)
    of_year = {"branch": "$B7", "day": ('">=1"', '"<=9"')}
    assert table.countifs(**of_year) == 'COUNTIFS(Hop[Mã],$B7,Hop[Ngày],">=1",Hop[Ngày],"<=9")'
    assert table.sumifs("points", branch="1") == "SUMIFS(Hop[Điểm],Hop[Mã],1)"
    assert table.averageifs("points", branch="1") == "AVERAGEIFS(Hop[Điểm],Hop[Mã],1)"


PLACES = (
    Column("name", "Tên", 20, attrgetter("name")),
    Column("folded", "Chi tiết", 6, attrgetter("bought"), folded=True),
    Column("more", "Nữa", 6, attrgetter("left"), folded=True),
    Column("bought", "Mua", 8, attrgetter("bought"), look="count"),
    Column("left", "Còn", 8, attrgetter("left"), f"{cell('bought')}-0", "count"),
)
BELOW = (
    Column("name", "Mặt hàng", 18, attrgetter("name")),
    Column("hidden", "Bán", 5, attrgetter("sold"), folded=True),
    Column("wide", "Số lượng còn lại", 15, attrgetter("left"), look="count"),
    Column("new", "Nơi để", 30, attrgetter("name")),
    Column("twice", "Gấp đôi", 9, lambda stock: 2 * stock.left, f"2*{cell('wide')}", "count"),
)


def one_below_another() -> Worksheet:
    """Return a sheet with two lists; the second row of each list is folded away."""
    inputs = reports.facts()
    writer = ReportWriter("vi", date(2019, 12, 8))
    ctx = ReportContext.of(writer, inputs, compute(replace(inputs, returns=())))
    sheet = writer.add_sheet("Kho", "")
    heads = Heads(titles=1)
    first = Listing(ctx, sheet, PLACES, 1, 0, heads=heads)
    second = Listing(ctx, sheet, BELOW, 1, 10, heads=heads)
    for listing in (first, second):
        listing.write_heads()
        for number, stock in enumerate(STOCKS, 1):
            listing.write_row(stock, number, folded=number > 1)
    return load_workbook(io.BytesIO(writer.close()))["Kho"]


@pytest.fixture(scope="module")
def two_lists() -> Worksheet:
    return one_below_another()


def test_a_list_below_another_takes_over_its_columns(two_lists: Worksheet) -> None:
    """15 digits reach over two columns of 8; what finds no column any more gets one of its own."""
    merged = {str(area) for area in two_lists.merged_cells.ranges}
    assert "D13:E13" in merged
    assert [entry.value for entry in two_lists[11]][:7] == [
        "Mặt hàng", "Bán", None, "Số lượng còn lại", None, "Nơi để", "Gấp đôi",
    ]  # fmt: skip
    assert two_lists["G13"].value == "=2*D13"
    assert two_lists.column_dimensions["F"].width == pytest.approx(30, abs=1)


def test_what_is_folded_away_is_hidden_and_bears_no_number(two_lists: Worksheet) -> None:
    columns = two_lists.column_dimensions
    hidden = [name for name in "ABCDE" if name in columns and columns[name].hidden]
    assert hidden == ["B"]  # openpyxl tells B and C, which are alike, as one
    assert (columns["B"].min, columns["B"].max, columns["B"].outlineLevel) == (2, 3, 1)
    assert columns["A"].collapsed
    assert [entry.value for entry in two_lists[2]] == [1, None, None, 2, 3, None, None]


def test_folded_rows_open_by_the_row_above_them(two_lists: Worksheet) -> None:
    rows = two_lists.row_dimensions
    assert {number for number, row in rows.items() if row.hidden} == {4, 14}
    assert rows[4].outlineLevel == 1
    assert {number for number, row in rows.items() if row.collapsed} == {3, 13}
    assert two_lists.sheet_properties.outlinePr.summaryBelow is False
