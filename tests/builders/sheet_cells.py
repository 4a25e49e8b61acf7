"""The stored values of a workbook's cells, and where those of two workbooks differ.

Read by calamine, in a twentieth of openpyxl's time: a workbook of the sample town has 50,000 cells.
Who looks at styles, links or formulas takes openpyxl.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from math import isclose
from pathlib import Path
from zipfile import ZipFile

from openpyxl.utils import get_column_letter
from python_calamine import CalamineWorkbook

from builders import libreoffice

Row = tuple[object, ...]
_LINK = re.compile(r'<hyperlink ref="(\w+)" location="([^"]+)"')
_ERROR = re.compile(rb'<c r="(\w+)"[^>]* t="e"')


def column_under(rows: Sequence[Row], *headings: str, first: str = "STT") -> int:
    """Return the number of the column under a heading, or under a group's heading and its own.

    `first` is the first heading of the table: its last row is that of the groups. A heading reaches
    to the next one beside it; it must stand there once, within its group.
    """
    number = max(number for number, row in enumerate(rows) if row[0] == first)
    columns = range(len(rows[number]))
    for depth, heading in enumerate(headings):
        row = rows[number + depth]
        (start,) = (column for column in columns if row[column] == heading)
        beside = (column for column in columns if column > start and row[column] is not None)
        columns = range(start, next(beside, columns.stop))
    return columns.start + 1


@dataclass(frozen=True)
class Sheet:
    """The rows of a sheet from A1 on; an empty cell and an empty text are None."""

    title: str
    rows: tuple[Row, ...]

    def at(self, row: int, column: int) -> object:
        """Return the value of a cell, both numbered from 1."""
        return self.rows[row - 1][column - 1]

    def under(self, row: int, *headings: str, first: str = "STT") -> object:
        """Return the value in a row under a heading, or under a group's heading and its own."""
        return self.at(row, column_under(self.rows[:row], *headings, first=first))

    def find(self, text: str, nth: int = 1) -> tuple[int, int]:
        """Return row and column of the nth cell whose text begins so, row by row."""
        places = [
            (row, column)
            for row, values in enumerate(self.rows, 1)
            for column, value in enumerate(values, 1)
            if str(value or "").startswith(text)
        ]
        assert len(places) >= nth, f"{self.title}: no {text!r}"
        return places[nth - 1]

    def row_of(self, text: str, nth: int = 1) -> int:
        """Return the row of the nth cell whose text begins so."""
        return self.find(text, nth)[0]


Book = dict[str, Sheet]


def load_sheets(data: bytes | Path) -> Book:
    """Return the sheets of a workbook by their titles, hidden ones too.

    Raises AssertionError where a cell is an error, which calamine would show as an empty one.
    """
    source = io.BytesIO(data.read_bytes() if isinstance(data, Path) else data)
    with ZipFile(source) as parts:
        for name in parts.namelist():
            if name.startswith("xl/worksheets/sheet"):
                assert not (wrong := _ERROR.findall(parts.read(name))), f"{name}: {wrong}"
    source.seek(0)
    with CalamineWorkbook.from_filelike(source) as book:
        return {name: Sheet(name, _rows(book, name)) for name in book.sheet_names}


def links(data: bytes | Path, title: str) -> dict[str, str]:
    """Return where the links of a sheet lead to, by their cells; its part is numbered as it stands,
    which is how XlsxWriter does it.
    """
    source = io.BytesIO(data.read_bytes() if isinstance(data, Path) else data)
    with CalamineWorkbook.from_filelike(source) as book:
        number = book.sheet_names.index(title) + 1
    with ZipFile(source) as parts:
        part = parts.read(f"xl/worksheets/sheet{number}.xml").decode()
    return dict(_LINK.findall(part))


def _rows(book: CalamineWorkbook, name: str) -> tuple[Row, ...]:
    rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    return tuple(tuple(None if value == "" else value for value in row) for row in rows)


def recalculate(data: bytes, folder: Path) -> Book:
    """Return what LibreOffice makes of the workbook when it believes no stored figure."""
    folder.mkdir(parents=True, exist_ok=True)
    (source := folder / "before.xlsx").write_bytes(data)
    return load_sheets(libreoffice.convert(source, "xlsx", folder / "again", recalculate=True))


def differences(first: Book, other: Book, sheets: Iterable[str] = ()) -> list[str]:
    """Return the cells that differ, of all sheets of `first` or of those named, with both values:
    ``Xếp loại năm!C12: 3.0 is not 4.0``.
    """
    return [
        difference
        for title in sheets or first
        for difference in _differ(first[title], other[title])
    ]


def _differ(first: Sheet, other: Sheet) -> Iterator[str]:
    for row, pair in enumerate(zip_longest(first.rows, other.rows, fillvalue=()), 1):
        for column, (left, right) in enumerate(zip_longest(*pair), 1):
            if not same(left, right):
                yield f"{first.title}!{get_column_letter(column)}{row}: {left!r} is not {right!r}"


def same(first: object, other: object) -> bool:
    """Whether two values are one, figures to twelve places."""
    if isinstance(first, int | float) and isinstance(other, int | float):
        return isclose(first, other, rel_tol=1e-12, abs_tol=1e-12)
    return first == other
