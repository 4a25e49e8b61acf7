"""Data sheets: each one Excel table, whose columns the formulas of the other sheets name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from mlay_batch.excel import metrics
from mlay_batch.report.book import Book, Content, Link, Live, Sheet
from mlay_batch.report.looks import LOOKS

Kind = Literal["text", "center", "integer", "number", "points", "score", "date", "link"]

HEAD_ROW = 4  # of every data sheet, from 0; the row above it is for machine ids
_NARROWEST, _WIDEST = 7.0, 44.0
# What Excel wants escaped within a structured reference would make formulas hard to read.
_SPECIAL = re.compile(r"[\[\]#'@\n\r]")
_BRACKETED = re.compile(r"\([^)]*\)")
_NOT_PLAIN = re.compile(r"[^\w ]+")
_LONGEST_HEADING = 255
_DAY = "00/00/0000"


def plain(title: str) -> str:
    """Return a heading that formulas can name without escapes: words only, nothing in brackets.

    >>> plain("Giảm (C) - khai trừ, xóa tên, xin ra")
    'Giảm khai trừ xóa tên xin ra'
    """
    return " ".join(_NOT_PLAIN.sub(" ", _BRACKETED.sub("", title)).split())


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `id` for this program, `title` as Excel's table knows it."""

    id: str
    title: str
    kind: Kind = "text"


@dataclass(frozen=True)
class Table:
    """What one data sheet holds. `name` is the table's name in formulas: ASCII, unique."""

    name: str
    title: str
    note: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Content, ...], ...]

    @cached_property
    def headings(self) -> tuple[str, ...]:
        """The columns' titles as the table bears them: no special characters, none twice."""
        found: list[str] = []
        for column in self.columns:
            plain = " ".join(_SPECIAL.sub(" ", column.title).split())[:_LONGEST_HEADING]
            heading, number = plain, 2
            while heading.casefold() in (other.casefold() for other in found):
                heading, number = f"{plain} {number}", number + 1
            found.append(heading)
        return tuple(found)

    @cached_property
    def _positions(self) -> Mapping[str, int]:
        return {column.id: position for position, column in enumerate(self.columns)}

    def index(self, column_id: str) -> int:
        """Return the position of a column. Raises KeyError where there is none."""
        return self._positions[column_id]

    def ref(self, column_id: str) -> str:
        """Return the column as formulas name it: ``DuHop[Mã cán bộ]``.

        Excel and LibreOffice calculate these alike, and they grow with rows a clerk appends.
        """
        return f"{self.name}[{self.headings[self.index(column_id)]}]"

    def this(self, column_id: str) -> str:
        """Return the cell of that column in the formula's own row."""
        return f"{self.name}[[#This Row],[{self.headings[self.index(column_id)]}]]"

    def row_of(self, position: int) -> int:
        """Return the sheet's row of the record at `position`."""
        return HEAD_ROW + 1 + position


def write(book: Book, sheet: Sheet, table: Table, back: Link) -> None:
    """Write `table` on `sheet`, headed by its title, a way back and a line on what it holds."""
    last = len(table.columns) - 1
    sheet.put(0, 0, back, "back")
    sheet.put(1, 0, table.title, "section", span=max(2, min(last + 1, 6)))
    sheet.put(2, 0, table.note, "note", span=max(2, min(last + 1, 10)))
    cells = tuple(zip(*table.rows, strict=True)) or ((),) * len(table.columns)
    sheet.widths(map(_fitting, table.columns, table.headings, cells))
    for number, heading in enumerate(table.headings):
        sheet.put(HEAD_ROW, number, heading, "head")
    bottom = table.row_of(max(len(table.rows), 1) - 1)
    sheet.raw.add_table(
        HEAD_ROW, 0, bottom, last,
        {
            "name": table.name,
            "style": None,
            "columns": [
                {"header": heading, "header_format": book.format("head"),
                 **_calculated(book, own)}
                for heading, own in zip(table.headings, cells, strict=True)
            ],
        },
    )  # fmt: skip
    for position, row in enumerate(table.rows):
        for number, (column, content) in enumerate(zip(table.columns, row, strict=True)):
            sheet.put(table.row_of(position), number, content, column.kind)
    sheet.raw.freeze_panes(HEAD_ROW + 1, min(2, last))
    sheet.print_as(landscape=True, repeat=(HEAD_ROW, HEAD_ROW), last=(bottom, last))


def _calculated(book: Book, cells: Sequence[Content]) -> dict[str, str]:
    """Return the formula that all rows of a column share: Excel gives it to rows added below.

    XlsxWriter then writes it without a value; the rows have to be written after that.
    """
    if not book.live:
        return {}
    shared = {cell.formula if isinstance(cell, Live) else "" for cell in cells}
    return {"formula": shared.pop()} if len(shared) == 1 and "" not in shared else {}


def _fitting(column: Column, heading: str, cells: Sequence[Content]) -> float:
    """Return the width of a column in which heading and cells fit."""
    shown = {_DAY} if cells and column.kind == "date" else {_shown(cell) for cell in cells}
    size = float(str(LOOKS["text"]["font_size"]))
    widest = max((metrics.width(text, size) for text in shown), default=0.0) + 1.5
    return min(_WIDEST, max(_NARROWEST, _heading_width(heading), widest))


def _heading_width(heading: str) -> float:
    """Return room for the longest word and the filter's arrow; headings may wrap."""
    longest = max(heading.split() or [""], key=len)
    return max(metrics.width(longest, 10, bold=True) + 3, metrics.width(heading, 10, True) / 2 + 3)


def _shown(content: Content) -> str:
    if isinstance(content, Link):
        return content.text
    if isinstance(content, Live):
        return str(content.value)
    return str(content if content is not None else "")
