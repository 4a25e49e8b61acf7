"""Printed lists, declared column by column: heading, value, formula, look and total in one place.

Official forms number their columns below the headings, and write there how one comes from others:
``8`` and below it ``=5+6+7``. Both are computed from the order of the columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial
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

NONE = "–"  # stands where a figure does not apply or cannot be; 0 is counted, blank not reported
_ROW = "\0"  # stands for the number of the row in a formula; part of every stand-in, of no text
_MAX_FORMULAS = 128  # that the rows of a list share; others are each of one row, and are let go
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
        folded: whether it is folded away until the reader opens the outline.
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
    folded: bool = False


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


@dataclass(frozen=True)
class _Area:
    """The columns of the sheet that a column of a list takes: `first` counts from 0."""

    first: int
    span: int


class Listing(Generic[T]):
    """A list being written on a sheet: headings, a row for each thing, totals, foot.

    The first list of a sheet sets its columns. One below it takes over these: each of its columns
    spans as many of them as it needs for its width.

    Attributes:
        columns: the columns from the left.
        width: over how many columns of the sheet the list reaches.
        split: how many of these are under the left half of the letterhead and above who prepared.
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
        self.ctx, self.sheet, self.columns = ctx, sheet, tuple(columns)
        self._areas = _lay_out(sheet, self.columns)
        if len(self._areas) < len(self.columns):
            raise ValueError([column.id for column in self.columns])
        self._letters = {name: xl_col_to_name(area.first) for name, area in self._areas.items()}
        self.width = max(area.first + area.span for area in self._areas.values())
        self.split = self._areas[self.columns[split].id].first
        self._placed_columns = tuple((column, self._areas[column.id]) for column in self.columns)
        self._formula_by_row = lru_cache(_MAX_FORMULAS)(self._letter_formula)
        self._heads = heads
        self.head_row, self.first_row = row, row + heads.rows
        self.next_row, self.end_row = self.first_row, self.first_row + row_count

    def position(self, column_id: str) -> int:
        """Return the position of a column on the sheet, from 0."""
        return self._areas[column_id].first

    def cell(self, row: int, column_id: str) -> str:
        """Return the cell of a column in a row, which counts from 0: ``E12``."""
        return f"{self._letters[column_id]}{row + 1}"

    def _letter_formula(self, formula: str) -> str:
        return resolve(formula, lambda column_id: f"{self._letters[column_id]}{_ROW}")

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
        column, last = self.position(column_id), max(self.end_row - 1, self.first_row)
        return self.sheet.range_address((self.first_row, column), (last, column))

    def write_letterhead(self, title: str, unit: str = "") -> None:
        """Write the letterhead of a sheet that is as wide as this list, and the headings."""
        self.write_title(title, unit)
        self.write_heads()

    def write_title(self, title: str, unit: str = "") -> None:
        """Write the letterhead of the sheet without the headings."""
        letterhead.write_heading(self.ctx, self.sheet, self.width, self.split, title, unit)

    def write_heads(self) -> None:
        """Write headings and numbers of the columns, if the list has any."""
        if not self._heads.titles:
            return
        row, end = self.head_row, self.head_row + self._heads.titles
        for group, grouped in groupby(self.columns, key=lambda column: column.group):
            areas = {column: self._areas[column.id] for column in grouped}
            if group:
                first, *_, last = (*areas.values(), *areas.values())
                span = last.first + last.span - first.first
                self.sheet.write(row, first.first, group, "head", span=span)
            top = row + bool(group)
            for column, area in areas.items():
                title = self._resolve_heading(column.title)
                self.sheet.write(top, area.first, title, "head", span=area.span, rows=end - top)
        if self._heads.is_numbered:
            self._write_numbers()
        if self._heads.titles > 1:
            self._set_heights(row)

    def fold_heads(self) -> None:
        """Fold the headings away, with rows that are."""
        for row in range(self.head_row, self.first_row):
            self.sheet.fold_row(row)

    def _write_numbers(self) -> None:
        """Number the columns; those that are folded away bear none."""
        shown = [column.id for column in self.columns if not column.folded]
        numbers = {column_id: number for number, column_id in enumerate(shown, 1)}
        for column in self.columns:
            number = numbers.get(column.id)
            sum_text = resolve(column.sum_text, lambda column_id: str(numbers[column_id]))
            content = f"{number}\n{sum_text}" if sum_text else number
            self.write_cell(self.first_row - 1, column.id, content, "column_number")

    def write_cell(
        self, row: int, column_id: str, content: Content, look: str, number_format: str = ""
    ) -> None:
        """Write a cell of a column in any row, which counts from 0."""
        area = self._areas[column_id]
        self.sheet.write(row, area.first, content, look, area.span, number_format)

    def _set_heights(self, row: int) -> None:
        """Make two rows of headings high enough; `SheetWriter` fits cells of a single row only."""
        groups: dict[str, float] = {}
        single, grouped = 0.0, 15.0
        for column in self.columns:
            area, title = self._areas[column.id], column.title
            width = self.sheet.width(area.first, area.span) or column.width
            height = _text_height(title if isinstance(title, str) else str(title.value), width)
            if column.group:
                groups[column.group] = groups.get(column.group, 0) + width
                grouped = max(grouped, height)
            else:
                single = max(single, height)
        top = max((_text_height(*group) for group in groups.items()), default=15)
        self.sheet.set_height(row, top)
        self.sheet.set_height(row + 1, max(grouped, single - top))

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

    def write_row(self, thing: T, number: int | None = None, *, folded: bool = False) -> None:
        """Write the next row; it bears no number where that is None.

        One that is `folded` is shown once the reader opens the outline.
        """
        row = self.next_row
        if folded:
            self.sheet.fold_row(row)
        for column, area in self._placed_columns:
            content = number if column.id == NUMBER else column.value(thing)
            formula, look, number_format = column.formula, column.look, column.number_format
            if formula and is_result(content):
                formula = formula if isinstance(formula, str) else formula(thing)
                content = Formula(self._row_formula(formula, row), content) if formula else content
            look = look if isinstance(look, str) else look(thing)
            if not isinstance(number_format, str):
                number_format = number_format(thing)
            self.sheet.write(row, area.first, content, look, area.span, number_format)
        self.next_row, self.end_row = row + 1, max(self.end_row, row + 1)

    def _row_formula(self, formula: str, row: int) -> str:
        """Return the formula of a row, whose number the text shared by all rows lacks."""
        by_row = self._formula_by_row(formula) if _ROW in formula else formula
        return "=" + by_row.replace(_ROW, str(row + 1))

    def colour_states(self) -> None:
        """Colour the states in the rows written so far."""
        last = max(self.first_row, self.end_row - 1)
        for column in self.columns:
            if column.symbols:
                position = self.position(column.id)
                ends = (self.first_row, position), (last, position)
                self.sheet.colour_states(*ends, column.symbols)

    def write_totals(self, things: Sequence[T], label: str = "") -> Mapping[str, Formula]:
        """Write the totals, the label over the columns before the first of them.

        Return each by the id of its column, as other sheets show it.
        """
        row, references = self.next_row, {}
        first = next(number for number, column in enumerate(self.columns) if column.total)
        span = self.position(self.columns[first].id)
        self.sheet.write(row, 0, label or self.ctx.t("total"), "total_label", span=span)
        for column in self.columns[first:]:
            total = self._total(column, things)
            self.write_cell(row, column.id, total, column.total_look, column.total_format)
            if total is not None:
                position = self.position(column.id)
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
        self.sheet.write(self.next_row, 0, text, look, span=self.width)
        self.next_row += 1

    def write_notes(self, notes: Iterable[str]) -> None:
        """Write the notes, a line each."""
        for note in notes:
            self.write_note(note)

    def write_signatures(self) -> None:
        """Write who prepared and who signs, a row below the last."""
        row = self.next_row + 1
        letterhead.write_signatures(self.ctx, self.sheet, row, self.width, self.split)
        self.next_row = row + 1

    def write_filter(self, column_id: str) -> None:
        """Put a filter on the rows written so far, up to that column; on none there is none."""
        if self.end_row > self.first_row:
            column = self.position(column_id)
            self.sheet.raw.autofilter(self.first_row - 1, 0, self.end_row - 1, column)

    def set_up_page(
        self, end_row: int, frozen: int, filtered: str = "", *, landscape: bool = True
    ) -> None:
        """Set up paper to the row before `end_row`, frozen headings, `frozen` columns, a filter.

        The filter reaches to the column with the id `filtered`; without one there is none.
        """
        if filtered:
            self.write_filter(filtered)
        self.sheet.raw.freeze_panes(self.first_row, frozen)
        repeat = (self.head_row, self.first_row - 1)
        last = (end_row - 1, self.sheet.column_count - 1)
        self.sheet.set_up_page(landscape=landscape, last=last, repeat=repeat)


def _lay_out(sheet: SheetWriter, columns: Sequence[Column[T]]) -> dict[str, _Area]:
    """Return which columns of the sheet each column of a list takes, by its id.

    A sheet without columns gets these, and one where they do not suffice gets more. What is folded
    away goes where columns are folded as long as there are any, everything else beside them.
    """
    if not sheet.column_count:
        sheet.set_widths(column.width for column in columns)
        sheet.fold_columns(place for place, column in enumerate(columns) if column.folded)
        return {column.id: _Area(place, 1) for place, column in enumerate(columns)}
    areas, first = {}, 0
    for column in columns:
        while sheet.is_folded(first) and not column.folded:
            first += 1
        areas[column.id] = _Area(first, sheet.columns_for(column.width, first))
        first += areas[column.id].span
    return areas


def where_counted(value: Callable[[T], Content], formula: str) -> Callable[[T], str]:
    """Return the formula of the rows that have a number; in others it stands as it is."""
    return lambda thing: formula if isinstance(value(thing), int | float) else ""


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
    folded: bool = False,
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
        folded=folded,
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
    """Return a column of computed days; where the formula gives 0 there is none: ``–``."""

    def value(thing: T) -> int | str:
        value_day = day(thing)
        return day_number(value_day) if value_day else NONE

    def day_or_none(thing: T) -> str:
        day_formula = text_for(formula, thing)
        return f"IF({day_formula}=0,{quote(NONE)},{day_formula})"

    return Column(column_id, title, width, value, day_or_none, "date")


def _text_height(text: str, width: float) -> float:
    return metrics.height(metrics.lines(text, width - 0.4, SMALL_SIZE, True), SMALL_SIZE)
