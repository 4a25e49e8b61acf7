"""Printed lists, declared column by column: heading, value, formula, look and total in one place.

Official forms number their columns below the headings, and write there how one comes from others:
``8`` and below it ``=5+6+7``. Both are computed from the order of the columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import Any, Generic, TypeVar

from xlsxwriter.utility import xl_col_to_name

from mlay_batch.core.period import day_number
from mlay_batch.excel import metrics
from mlay_batch.report import letterhead
from mlay_batch.report.formats import SMALL_SIZE
from mlay_batch.report.formulas import is_result, no_value, quote, resolve, text_for, whole
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.writer import Content, Formula, SheetWriter

HEAD_ROWS = 3  # rows: two of headings, one of column numbers
NUMBER = "number"  # the id of the column that numbers the rows
T = TypeVar("T")
LookName = str | Callable[[Any], str]  # the name of a look, or what says it for a thing


@dataclass(frozen=True)
class Column(Generic[T]):
    """A column of a printed list of things of type T.

    Attributes:
        id: how formulas and sums in words name the column.
        title: its heading; a computed one names columns by `formulas.whole`.
        width: in digits of the default font.
        value: what a row shows, or what its formula is computed to; None leaves the cell blank.
        formula: the formula of a row or what makes it for a thing, without the leading sign; it
            names cells of its row by `formulas.cell` and `fixed`. Empty: the value is written.
        look: the format of the cells, or what says it for a thing.
        number_format: replaces the number format of the look, or says by what for a thing.
        group: the heading over this column and its neighbours of the same group.
        sum_text: how the column comes from others, which it names as a formula does; printed with
            their numbers: ``=5+6``.
        total: whether the values are added up below, or the formula that stands there instead; it
            names columns of the list by `formulas.whole`.
        total_value: what a total is computed to, None for the sum of the values; where it returns
            None the cell stays blank.
        total_look: the format of the cell of the total.
        total_format: replaces the number format of that look.
        symbols: the symbols that states in this column begin with, to be coloured by.
    """

    id: str
    title: str | Formula
    width: float
    value: Callable[[T], Content] = no_value
    formula: str | Callable[[T], str] = ""
    look: LookName = "text"
    number_format: LookName = ""
    group: str = ""
    sum_text: str = ""
    total: bool | str = False
    total_value: Callable[[Sequence[T]], str | float | None] | None = None
    total_look: str = "total_count"
    total_format: str = ""
    symbols: str = ""


@dataclass(frozen=True)
class Heads:
    """The rows above a list.

    Attributes:
        titles: rows of headings: two where columns have groups, none to leave them out.
        free: rows below these that the sheet fills itself.
        is_numbered: whether a row of column numbers follows.
    """

    titles: int = 2
    free: int = 0
    is_numbered: bool = True

    @property
    def rows(self) -> int:
        """How many rows there are in all."""
        return self.titles + self.free + self.is_numbered


class Listing(Generic[T]):
    """A list being written on a sheet: headings, a row for each thing, totals, foot.

    Attributes:
        columns: the columns from the left.
        split: how many of them are under the left half of the letterhead and above who prepared.
        head_row: the first row of the headings, from 0.
        first_row: the first row below the headings.
        next_row: the row that is written next.
    """

    def __init__(
        self,
        ctx: ReportContext,
        sheet: SheetWriter,
        columns: Iterable[Column[T]],
        split: int,
        row: int = letterhead.TABLE_ROW,
        *,
        heads: Heads = Heads(),
        row_count: int = 0,
    ) -> None:
        """Begin a list with its headings in `row`.

        Where a heading is computed from the rows below, `row_count` is how many there will be.
        Raises ValueError for two columns of one id.
        """
        self.ctx, self.sheet, self.columns, self.split = ctx, sheet, tuple(columns), split
        self._positions = {column.id: number for number, column in enumerate(self.columns)}
        if len(self._positions) < len(self.columns):
            raise ValueError([column.id for column in self.columns])
        self._letters = {name: xl_col_to_name(place) for name, place in self._positions.items()}
        self._heads = heads
        self.head_row, self.first_row = row, row + heads.rows
        self.next_row, self.end_row = self.first_row, self.first_row + row_count

    def position(self, column_id: str) -> int:
        """Return the position of a column on the sheet, from 0."""
        return self._positions[column_id]

    def cell(self, row: int, column_id: str) -> str:
        """Return the cell of a column in a row, which counts from 0: ``E12``."""
        return f"{self._letters[column_id]}{row + 1}"

    @property
    def is_empty(self) -> bool:
        """Whether no row has been written yet."""
        return self.next_row == self.first_row

    def column_range(self, column_id: str) -> str:
        """Return the cells of a column in the rows written so far: ``E12:E46``."""
        letter = self._letters[column_id]
        return f"{letter}{self.first_row + 1}:{letter}{max(self.end_row, self.first_row + 1)}"

    def sheet_range(self, column_id: str) -> str:
        """Return the cells of a column in the rows written so far as other sheets name them."""
        column, last = self._positions[column_id], max(self.end_row - 1, self.first_row)
        return self.sheet.range_address((self.first_row, column), (last, column))

    def write_letterhead(self, title: str, unit: str = "") -> None:
        """Write the letterhead of a sheet that is as wide as this list, and the headings."""
        self.write_title(title, unit)
        self.write_heads()

    def write_title(self, title: str, unit: str = "") -> None:
        """Set the widths of the sheet and write its letterhead, without the headings."""
        self.sheet.set_widths(column.width for column in self.columns)
        letterhead.write_heading(self.ctx, self.sheet, len(self.columns), self.split, title, unit)

    def write_heads(self) -> None:
        """Write headings and numbers of the columns."""
        row, first = self.head_row, 0
        for group, grouped in groupby(self.columns, key=lambda column: column.group):
            group_columns = list(grouped)
            if group:
                self.sheet.write(row, first, group, "head", span=len(group_columns))
            for position, column in enumerate(group_columns, first):
                title, rows = self._resolve_heading(column.title), self._heads.titles - bool(group)
                self.sheet.write(row + bool(group), position, title, "head", rows=rows)
            first += len(group_columns)
        if self._heads.is_numbered:
            self._write_numbers()
        if self._heads.titles > 1:
            _set_heights(self.sheet, row, self.columns)

    def _write_numbers(self) -> None:
        numbers = {name: str(place + 1) for name, place in self._positions.items()}
        for number, column in enumerate(self.columns, 1):
            sum_text = resolve(column.sum_text, numbers.__getitem__)
            content = f"{number}\n{sum_text}" if sum_text else number
            self.sheet.write(self.first_row - 1, number - 1, content, "column_number")

    def _resolve_heading(self, title: str | Formula) -> str | Formula:
        if isinstance(title, str):
            return title
        formula = resolve(title.formula, partial(self.cell, self.head_row), self.column_range)
        return Formula(formula, title.value)

    def write_rows(self, things: Iterable[T]) -> None:
        """Write a row for each thing, numbered from 1, and colour the states in them."""
        for number, thing in enumerate(things, 1):
            self.write_row(thing, number)
        self.colour_states()

    def write_row(self, thing: T, number: int | None = None) -> None:
        """Write the next row; it bears no number where that is None."""
        row = self.next_row
        for position, column in enumerate(self.columns):
            content = number if column.id == NUMBER else column.value(thing)
            if is_result(content) and (formula := text_for(column.formula, thing)):
                content = Formula(f"={resolve(formula, partial(self.cell, row))}", content)
            look = text_for(column.look, thing)
            number_format = text_for(column.number_format, thing)
            self.sheet.write(row, position, content, look, number_format=number_format)
        self.next_row, self.end_row = row + 1, max(self.end_row, row + 1)

    def colour_states(self) -> None:
        """Colour the states in the rows written so far."""
        last = max(self.first_row, self.end_row - 1)
        for position, column in enumerate(self.columns):
            if column.symbols:
                ends = (self.first_row, position), (last, position)
                self.sheet.colour_states(*ends, column.symbols)

    def write_totals(self, things: Sequence[T], label: str = "") -> Mapping[str, Formula]:
        """Write the totals, the label over the columns before the first of them.

        Return each by the id of its column, as other sheets show it.
        """
        row, references = self.next_row, {}
        first = next(number for number, column in enumerate(self.columns) if column.total)
        self.sheet.write(row, 0, label or self.ctx.t("total"), "total_label", span=first)
        for position, column in enumerate(self.columns[first:], first):
            total = self._total(column, things)
            look, number_format = column.total_look, column.total_format
            self.sheet.write(row, position, total, look, number_format=number_format)
            if total is not None:
                references[column.id] = self.sheet.reference(row, position, total.value)
        self.next_row = row + 1
        return references

    def _total(self, column: Column[T], things: Sequence[T]) -> Formula | None:
        """Return what stands below a column."""
        if not column.total:
            return None
        formula = column.total if isinstance(column.total, str) else f"SUM({whole(column.id)})"
        if column.total_value is None:
            values = map(column.value, things)
            value: str | float | None = sum(x for x in values if isinstance(x, int | float))
        else:
            value = column.total_value(things)
        if value is None:
            return None
        if self.is_empty:  # there are no rows to refer to, and the total's own is no part of them
            return Formula(f"={quote(value) if isinstance(value, str) else value}", value)
        row_cell = partial(self.cell, self.next_row)
        return Formula(f"={resolve(formula, row_cell, self.column_range)}", value)

    def write_note(self, text: str, look: str = "note") -> None:
        """Write a line over all columns in the next row."""
        self.sheet.write(self.next_row, 0, text, look, span=len(self.columns))
        self.next_row += 1

    def write_foot(self, notes: Iterable[str] = (), *, gap: int = 1, space: int = 2) -> int:
        """Write the notes and the signatures; return the last row.

        Above the notes are `gap` blank rows; the signatures stand `space` rows below the last.
        """
        width, row = len(self.columns), self.next_row + gap - 1
        for note in notes:
            row += 1
            self.sheet.write(row, 0, note, "note", span=width)
        return letterhead.write_signatures(self.ctx, self.sheet, row + space, width, self.split)

    def write_filter(self, column_id: str) -> None:
        """Put a filter on the rows written so far, up to that column; on none there is none."""
        if self.end_row > self.first_row:
            column = self._positions[column_id]
            self.sheet.raw.autofilter(self.first_row - 1, 0, self.end_row - 1, column)

    def set_up_page(self, last: int, frozen: int, filtered: str = "", *, fit: bool = True) -> None:
        """Set up paper, frozen headings and `frozen` columns, and the filter.

        The filter reaches to the column with the id `filtered`; without one there is none.
        """
        if filtered:
            self.write_filter(filtered)
        self.sheet.raw.freeze_panes(self.first_row, frozen)
        repeat = (self.head_row, self.first_row - 1)
        end = (last, len(self.columns) - 1)
        self.sheet.set_up_page(landscape=True, last=end, repeat=repeat, fit=fit)


def titled_column(
    ctx: ReportContext,
    key: str,
    width: float,
    value: Callable[[T], Content] = no_value,
    look: LookName = "text",
    formula: str | Callable[[T], str] = "",
    *,
    group: str = "",
    sum_text: str = "",
    total: bool = False,
    symbols: str = "",
) -> Column[T]:
    """Return a column with the title of a text; its id is the last part of `key`."""
    return Column(
        key.rpartition(".")[2],
        ctx.t(key),
        width,
        value,
        formula,
        look,
        group=group,
        sum_text=sum_text,
        total=total,
        symbols=symbols,
    )


def number_column(ctx: ReportContext, width: float = 5, look: LookName = "center") -> Column[Any]:
    """Return the column that numbers the rows."""
    return Column(NUMBER, ctx.t("column.stt"), width, look=look)


def branch_columns(
    ctx: ReportContext, *widths: float, center: LookName = "center", text: LookName = "text"
) -> Iterator[Column[Any]]:
    """Yield what a list of branches begins with: number, code and name of each thing's `branch`."""
    yield number_column(ctx, widths[0], center)
    yield Column(
        "branch", ctx.t("column.branch"), widths[1], attrgetter("branch.code"), look=center
    )
    yield Column("unit", ctx.t("column.unit"), widths[2], attrgetter("branch.name"), look=text)


def day_column(
    column_id: str,
    title: str,
    width: float,
    day: Callable[[T], date | None],
    formula: str | Callable[[T], str],
) -> Column[T]:
    """Return a column of computed days; where the formula gives 0 there is none."""

    def value(thing: T) -> int | str:
        value_day = day(thing)
        return day_number(value_day) if value_day else ""

    def day_or_blank(thing: T) -> str:
        day_formula = text_for(formula, thing)
        return f'IF({day_formula}=0,"",{day_formula})'

    return Column(column_id, title, width, value, day_or_blank, "date")


def _set_heights(sheet: SheetWriter, row: int, columns: Sequence[Column[T]]) -> None:
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


def _group_width(columns: Sequence[Column[T]], group: str) -> float:
    return sum(column.width for column in columns if column.group == group)


def _text_height(title: str | Formula, width: float) -> float:
    text = title if isinstance(title, str) else str(title.value)
    return metrics.height(metrics.lines(text, width - 0.4, SMALL_SIZE, True), SMALL_SIZE)
