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
from mlay_batch.report.book import Live, Sheet
from mlay_batch.report.looks import SMALL
from mlay_batch.report.tables import Table

HEADS = 3  # rows: two of headings, one of column numbers


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a printed list: `group` is the heading over several, `how` a sum in words."""

    title: str
    width: float
    group: str = ""
    how: str = ""


def heads(sheet: Sheet, row: int, columns: Sequence[Column]) -> int:
    """Write the headings from `row` on; return the first row after them."""
    sheet.widths(column.width for column in columns)
    first = 0
    for group, found in groupby(columns, key=lambda column: column.group):
        own = list(found)
        if group:
            sheet.put(row, first, group, "head", span=len(own))
        for number, column in enumerate(own, first):
            sheet.put(row + bool(group), number, column.title, "head", rows=1 if group else 2)
        first += len(own)
    for number, column in enumerate(columns):
        said = f"{number + 1}\n{column.how}" if column.how else number + 1
        sheet.put(row + 2, number, said, "column_number")
    _heights(sheet, row, columns)
    return row + HEADS


def _heights(sheet: Sheet, row: int, columns: Sequence[Column]) -> None:
    """Make the two rows of headings high enough; `Sheet` fits cells of a single row only."""
    roof = max((_points(c.group, _span(columns, c.group)) for c in columns if c.group), default=15)
    below = max((_points(c.title, c.width) for c in columns if c.group), default=15)
    whole = max((_points(c.title, c.width) for c in columns if not c.group), default=0)
    sheet.height(row, roof)
    sheet.height(row + 1, max(below, whole - roof))


def _span(columns: Sequence[Column], group: str) -> float:
    return sum(column.width for column in columns if column.group == group)


def _points(text: str, width: float) -> float:
    return metrics.height(metrics.lines(text, width - 0.4, SMALL, True), SMALL)


def total(sheet: Sheet, row: int, column: int, first: int, values: Iterable[int]) -> None:
    """Write the sum of a column from row `first` to the row above."""
    letter = xl_col_to_name(column)
    formula = f"=SUM({letter}{first + 1}:{letter}{max(row, first + 1)})"
    sheet.put(row, column, Live(formula, sum(values)), "total_count")


def asked(table: Table, **criteria: str) -> str:
    """Return criteria of SUMIFS or COUNTIFS over columns of `table`, keyed by the column's id."""
    return ",".join(f"{table.ref(name)},{wanted}" for name, wanted in criteria.items())
