"""Data sheets: each one Excel table, whose columns the formulas of the other sheets name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, cached_property
from operator import attrgetter
from typing import Any, Generic, Literal, TypeVar

from xlsxwriter.utility import xl_range

from mlay_batch.core.findings import Place
from mlay_batch.excel import metrics
from mlay_batch.report.formats import LOOKS
from mlay_batch.report.formulas import is_result, no_value, resolve, text_for
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.writer import (
    TAB_GREY,
    Content,
    Formula,
    Hyperlink,
    ReportWriter,
    SheetWriter,
)

Kind = Literal["text", "center", "integer", "number", "points", "score", "date", "link"]
Condition = str | tuple[str, ...]  # what a column is compared with; several must all hold
T = TypeVar("T")

HEAD_ROW = 4  # of every data sheet, from 0; the row above it is for machine ids
_MIN_WIDTH, _MAX_WIDTH = 7.0, 44.0
# What Excel wants escaped within a structured reference would make formulas hard to read.
_SPECIAL = re.compile(r"[\[\]#'@\n\r]")
_BRACKETED = re.compile(r"\([^)]*\)")
_NOT_PLAIN = re.compile(r"[^\w ]+")
_LONGEST_HEADING = 255
_WIDEST_DATE = "00/00/0000"


def counted_id(name: str) -> str:
    """Return the id of a column that the program sets beside the fields of a form.

    No field's id begins so: whatever an office calls its fields, formulas find the counted column.
    """
    return f"_{name}"


def plain_heading(title: str) -> str:
    """Return a heading that formulas can name without escapes: words only, nothing in brackets.

    >>> plain_heading("Giảm (C) - khai trừ, xóa tên, xin ra")
    'Giảm khai trừ xóa tên xin ra'
    """
    return " ".join(_NOT_PLAIN.sub(" ", _BRACKETED.sub("", title)).split())


@dataclass(frozen=True, slots=True)
class DataColumn(Generic[T]):
    """A column of a data table whose rows stand for things of type T.

    Attributes:
        id: how this program names the column.
        title: how Excel's table names it.
        kind: the look of its cells.
        value: what a row holds, or what its formula is computed to; None leaves the cell blank.
        formula: the formula of a row or what makes it for a thing, without the leading sign; it
            names cells and columns of its own table by `formulas.cell` and `whole`.
        hidden: whether it holds ids that formulas match and nobody reads.
    """

    id: str
    title: str
    kind: Kind = "text"
    value: Callable[[T], Content] = no_value
    formula: str | Callable[[T], str] = ""
    hidden: bool = False

    def cells(self, table: DataTable, things: Iterable[T]) -> list[Content]:
        """Return the cells of the column in `table`, one for each thing."""
        if not self.formula:
            return [self.value(thing) for thing in things]
        if isinstance(self.formula, str):
            text = f"={table.resolve(self.formula)}"
            values = map(self.value, things)
            return [Formula(text, value) if is_result(value) else value for value in values]

        @cache
        def resolve(formula: str) -> str:  # one text for all rows alike, kept once
            return f"={table.resolve(formula)}"

        def content(thing: T) -> Content:
            value, formula = self.value(thing), text_for(self.formula, thing)
            return Formula(resolve(formula), value) if formula and is_result(value) else value

        return list(map(content, things))


@dataclass(frozen=True)
class DataTable:
    """What one data sheet holds.

    Attributes:
        name: the table's name in formulas: ASCII, unique.
        title: the title of the sheet.
        note: a line on what the table holds.
        columns: the columns from the left.
        rows: the cells of each row, as many as there are columns.
        section: the section of the roll-up form that the level above reads it as, empty for none.
    """

    name: str
    title: str
    note: str
    columns: tuple[DataColumn[Any], ...]
    rows: tuple[tuple[Content, ...], ...] = ()
    section: str = ""

    @property
    def key(self) -> str:
        """What finds the table among the sheets: its section, else its name."""
        return self.section or self.name

    @cached_property
    def headings(self) -> tuple[str, ...]:
        """The columns' titles as the table bears them: no special characters, none twice."""
        unique: list[str] = []
        for column in self.columns:
            clean_title = " ".join(_SPECIAL.sub(" ", column.title).split())[:_LONGEST_HEADING]
            heading, number = clean_title, 2
            while heading.casefold() in (other.casefold() for other in unique):
                heading, number = f"{clean_title} {number}", number + 1
            unique.append(heading)
        return tuple(unique)

    @cached_property
    def _positions(self) -> Mapping[str, int]:
        return {column.id: position for position, column in enumerate(self.columns)}

    def index(self, column_id: str) -> int:
        """Return the position of a column. Raises KeyError where there is none."""
        return self._positions[column_id]

    def _heading(self, column_id: str) -> str:
        """Return the heading of a column by the id that formulas use.

        What is counted goes before what was sent: see `counted_id`.
        """
        counted = counted_id(column_id)
        return self.headings[self.index(counted if counted in self._positions else column_id)]

    def ref(self, column_id: str) -> str:
        """Return the column as formulas name it: ``DuHop[Mã cán bộ]``.

        Excel and LibreOffice calculate these alike, and they grow with rows a clerk appends.
        """
        if column_id not in self._refs:
            self._refs[column_id] = f"{self.name}[{self._heading(column_id)}]"
        return self._refs[column_id]

    @cached_property
    def _refs(self) -> dict[str, str]:
        """The columns named so far, as formulas name them."""
        return {}

    def resolve(self, formula: str) -> str:
        """Return a formula of a row with the names of the table's cells and columns."""
        return resolve(formula, self._row_cell, self.ref)

    def _row_cell(self, column_id: str) -> str:
        """Return the cell of that column in the formula's own row."""
        return f"{self.name}[[#This Row],[{self._heading(column_id)}]]"

    def criteria(self, /, **conditions: Condition) -> str:
        """Return criteria of SUMIFS or COUNTIFS over columns, keyed by the column's id."""
        return ",".join(
            f"{self.ref(column_id)},{test}"
            for column_id, tests in conditions.items()
            for test in ((tests,) if isinstance(tests, str) else tests)
        )

    def countifs(self, /, **conditions: Condition) -> str:
        """Return the formula that counts the rows that meet all conditions."""
        return f"COUNTIFS({self.criteria(**conditions)})"

    def sumifs(self, column_id: str, /, **conditions: Condition) -> str:
        """Return the formula that adds up a column over the rows that meet all conditions."""
        return f"SUMIFS({self.ref(column_id)},{self.criteria(**conditions)})"

    def averageifs(self, column_id: str, /, **conditions: Condition) -> str:
        """Return the formula of the mean of a column over the rows that meet all conditions."""
        return f"AVERAGEIFS({self.ref(column_id)},{self.criteria(**conditions)})"

    def sheet_row(self, position: int) -> int:
        """Return the sheet's row of the record at `position`."""
        return HEAD_ROW + 1 + position


def write(writer: ReportWriter, sheet: SheetWriter, table: DataTable, back_link: Hyperlink) -> None:
    """Write `table` on `sheet`, headed by its title, a way back and a line on what it holds."""
    last = len(table.columns) - 1
    sheet.raw.set_tab_color(f"#{TAB_GREY}")
    sheet.write(0, 0, back_link, "back")
    sheet.write(1, 0, table.title, "section", span=max(2, min(last + 1, 6)))
    sheet.write(2, 0, table.note, "note", span=max(2, min(last + 1, 10)))
    cells = tuple(zip(*table.rows, strict=True)) or ((),) * len(table.columns)
    sheet.set_widths(map(_column_width, table.columns, table.headings, cells))
    for number, column in enumerate(table.columns):
        if column.hidden:
            sheet.raw.set_column(number, number, None, None, {"hidden": True})
    for number, heading in enumerate(table.headings):
        sheet.write(HEAD_ROW, number, heading, "head")
    bottom = table.sheet_row(max(len(table.rows), 1) - 1)
    head_format = writer.format("head")
    heads = [{"header": heading, "header_format": head_format} for heading in table.headings]
    options = {"name": table.name, "style": None, "columns": heads}
    # of a longer table XlsxWriter would note each cell; it searches formulas for newer functions
    sheet.raw.add_table(HEAD_ROW, 0, table.sheet_row(0), last, options)
    area = xl_range(HEAD_ROW, 0, bottom, last)
    declared = sheet.raw.tables[-1]
    declared |= {"range": area, "a_range": area, "autofilter": area}
    if writer.has_formulas:
        for column, column_cells in zip(declared["columns"], cells, strict=True):
            column["formula"] = _shared_formula(column_cells)
    looks = [(number, column.kind) for number, column in enumerate(table.columns)]
    for row_number, row in enumerate(table.rows, table.sheet_row(0)):
        for (number, look), content in zip(looks, row, strict=True):
            sheet.write(row_number, number, content, look)
    sheet.raw.freeze_panes(HEAD_ROW + 1, min(2, last))
    sheet.set_up_page(landscape=True, repeat=(HEAD_ROW, HEAD_ROW), last=(bottom, last))


def _shared_formula(cells: Sequence[Content]) -> str:
    """Return the formula that all rows of a column share: Excel gives it to rows added below."""
    formulas = {cell.formula if isinstance(cell, Formula) else "" for cell in cells}
    return formulas.pop().removeprefix("=") if len(formulas) == 1 else ""


def _column_width(column: DataColumn[Any], heading: str, cells: Sequence[Content]) -> float:
    """Return the width of a column in which heading and cells fit."""
    texts = (
        {_WIDEST_DATE}
        if cells and column.kind == "date"
        else {cell if isinstance(cell, str) else _content_text(cell) for cell in cells}
    )
    size = float(str(LOOKS["text"]["font_size"]))
    widest = max((metrics.width(text, size) for text in texts), default=0.0) + 1.5
    return min(_MAX_WIDTH, max(_MIN_WIDTH, _heading_width(heading), widest))


def _heading_width(heading: str) -> float:
    """Return room for the longest word and the filter's arrow; headings may wrap."""
    longest = max(heading.split() or [""], key=len)
    return max(metrics.width(longest, 10, bold=True) + 3, metrics.width(heading, 10, True) / 2 + 3)


def _content_text(content: Content) -> str:
    if isinstance(content, Hyperlink):
        return content.text
    if isinstance(content, Formula):
        return str(content.value)
    return str(content if content is not None else "")


def fill(table: DataTable, things: Iterable[Any]) -> DataTable:
    """Return a table without rows with a row for each thing."""
    listed = tuple(things)
    cells = [column.cells(table, listed) for column in table.columns]
    return replace(table, rows=tuple(zip(*cells, strict=True)))


def data_table(
    ctx: ReportContext,
    key: str,
    columns: Iterable[DataColumn[T]],
    things: Iterable[T],
    area: str = "",
) -> DataTable:
    """Return the data table whose name, title and note the texts of an area give under `key`.

    It has a row for each thing; hidden columns stand right of those that are read.
    """
    in_order = tuple(sorted(columns, key=attrgetter("hidden")))
    return fill(replace(table_head(ctx, key, area), columns=in_order), things)


def table_head(ctx: ReportContext, key: str, area: str = "") -> DataTable:
    """Return a table without columns, with the name, title and note that an area has for `key`."""
    name, title, note = (ctx.t(f"{area}{part}.{key}") for part in ("table", "sheet", "note"))
    return DataTable(name, title, note, ())


def data_column(
    ctx: ReportContext,
    column_id: str,
    kind: Kind,
    value: Callable[[T], Content],
    formula: str | Callable[[T], str] = "",
    *,
    area: str = "",
    hidden: bool = False,
    **params: object,
) -> DataColumn[T]:
    """Return a column with the title that the texts of an area give it; `params` stand in that.

    The title of a hidden column of ids is that of ``<column>_id``.
    """
    name = column_id.partition(":")[0] + "_id" * hidden
    title = ctx.t(f"{area}column.{name}", **params)
    return DataColumn(column_id, title, kind, value, formula, hidden)


def place_text(place: Place) -> str:
    """Return sheet and cell as people write them: ``Báo cáo!D12``."""
    return "!".join(part for part in (place.sheet, place.cell) if part)


def is_in_report_year(ctx: ReportContext, day: date) -> bool:
    """Whether a day lies in the report's year and not after its period."""
    end = ctx.figures.period.end
    return date(end.year, 1, 1) <= day <= end
