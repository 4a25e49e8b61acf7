"""What the lists of branches share: headings in two rows, a row of column numbers, totals.

Official forms number their columns below the header, and write there how one comes from others:
``8`` and below it ``=5+6+7``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from xlsxwriter.utility import xl_col_to_name

from mlay_batch.excel import metrics
from mlay_batch.report.formats import SMALL_SIZE
from mlay_batch.report.tables import DataTable
from mlay_batch.report.writer import Formula, SheetWriter

HEAD_ROWS = 3  # rows: two of headings, one of column numbers


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a printed list: `group` is the heading over several, `sum_text` the sum shown."""

    title: str
    width: float
    group: str = ""
    sum_text: str = ""


def write_heads(sheet: SheetWriter, row: int, columns: Sequence[Column]) -> int:
    """Write the headings from `row` on; return the first row after them."""
    sheet.set_widths(column.width for column in columns)
    first = 0
    for group, grouped in groupby(columns, key=lambda column: column.group):
        group_columns = list(grouped)
        if group:
            sheet.write(row, first, group, "head", span=len(group_columns))
        for number, column in enumerate(group_columns, first):
            sheet.write(row + bool(group), number, column.title, "head", rows=1 if group else 2)
        first += len(group_columns)
    for number, column in enumerate(columns):
        content = f"{number + 1}\n{column.sum_text}" if column.sum_text else number + 1
        sheet.write(row + 2, number, content, "column_number")
    _set_heights(sheet, row, columns)
    return row + HEAD_ROWS


def _set_heights(sheet: SheetWriter, row: int, columns: Sequence[Column]) -> None:
    """Make the two rows of headings high enough; `SheetWriter` fits cells of a single row only."""
    group_height = max(
        (
            _text_height(column.group, _group_width(columns, column.group))
            for column in columns
            if column.group
        ),
        default=15,
    )
    title_height = max(
        (_text_height(column.title, column.width) for column in columns if column.group), default=15
    )
    full_height = max(
        (_text_height(column.title, column.width) for column in columns if not column.group),
        default=0,
    )
    sheet.set_height(row, group_height)
    sheet.set_height(row + 1, max(title_height, full_height - group_height))


def _group_width(columns: Sequence[Column], group: str) -> float:
    return sum(column.width for column in columns if column.group == group)


def _text_height(text: str, width: float) -> float:
    return metrics.height(metrics.lines(text, width - 0.4, SMALL_SIZE, True), SMALL_SIZE)


def write_total(
    sheet: SheetWriter, row: int, column: int, first: int, values: Iterable[int]
) -> None:
    """Write the sum of a column from row `first` to the row above."""
    letter = xl_col_to_name(column)
    formula = f"=SUM({letter}{first + 1}:{letter}{max(row, first + 1)})"
    sheet.write(row, column, Formula(formula, sum(values)), "total_count")


def criteria(table: DataTable, **conditions: str) -> str:
    """Return criteria of SUMIFS or COUNTIFS over columns of `table`, keyed by the column's id."""
    return ",".join(f"{table.ref(name)},{value}" for name, value in conditions.items())
