"""What a file says of its sheets beside the values: formulas, errors, hidden and merged cells.

python-calamine gives values only (an error cell and a formula without a result both read as
blank there), so each file kind has a scanner that collects these facts before the values are read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

CellPosition = tuple[int, int]  # row and column, from 1
CellRange = tuple[int, int, int, int]  # first row, first column, last row, last column

MAX_ROWS, MAX_COLUMNS = 1_048_576, 16_384
_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?([1-9][0-9]{0,6})")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one file may cost. Every bound is inclusive.

    `seconds` of reading and `memory_mb` of address space for one child process; `file_mb` of the
    file, `inflated_mb` of all its parts unpacked, number of `entries`; a part may be `ratio` times
    its packed size (100 KiB it may always be). A sheet may span `cells` between A1 and its last
    filled cell; filled cells beyond `rows` or `columns` are left out and reported. `text` is the
    longest text of one cell (Excel's own limit).

    Source: 876 foreign workbooks stayed within these (TRAPS, "Reading workbooks").
    """

    seconds: float = 30
    memory_mb: int = 1024
    file_mb: int = 20
    inflated_mb: int = 200
    entries: int = 1000
    ratio: int = 100
    cells: int = 1_000_000
    rows: int = 100_000
    columns: int = 500
    text: int = 32_767


class UnreadableError(Exception):
    """The file cannot be read at all; becomes the one finding `code` of its submission."""

    def __init__(self, code: str, sheet: str = "", cell: str = "", **params: str | int) -> None:
        super().__init__(code)
        self.code, self.sheet, self.cell, self.params = code, sheet, cell, params

    def __reduce__(self) -> tuple[type[UnreadableError], tuple[str, str, str]]:
        return UnreadableError, (self.code, self.sheet, self.cell)


@dataclass(frozen=True, slots=True)
class CellMetadata:
    """Facts of one sheet.

    `errors` maps an error cell to its text (``#REF!``); `uncached` are formulas without a result;
    `out_of_range` are filled cells beyond the limits, which are not read; `fonts` names the font of
    cells in one made for an encoding before Unicode; `external_formulas` are formulas that look
    into another workbook; `notes` are comments hung to cells.
    """

    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    merges: tuple[CellRange, ...] = ()
    formulas: frozenset[CellPosition] = frozenset()
    uncached: frozenset[CellPosition] = frozenset()
    errors: Mapping[CellPosition, str] = field(default_factory=dict)
    out_of_range: tuple[CellPosition, ...] = ()
    fonts: Mapping[CellPosition, str] = field(default_factory=dict)
    external_formulas: frozenset[CellPosition] = frozenset()
    notes: Mapping[CellPosition, str] = field(default_factory=dict)


class MetadataBuilder:
    """Collects the facts of one sheet while a scanner walks over it."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.last_row = self.last_column = 0
        self.hidden_rows: set[int] = set()
        self.hidden_columns: set[int] = set()
        self.merges: list[CellRange] = []
        self.formulas: set[CellPosition] = set()
        self.uncached: set[CellPosition] = set()
        self.errors: dict[CellPosition, str] = {}
        self.out_of_range: list[CellPosition] = []
        self.fonts: dict[CellPosition, str] = {}
        self.external_formulas: set[CellPosition] = set()
        self.notes: dict[CellPosition, str] = {}

    def add_filled(self, position: CellPosition) -> bool:
        """Take note of a filled cell; return whether it lies within the limits."""
        row, column = position
        if row > self.limits.rows or column > self.limits.columns:
            self.out_of_range.append(position)
            return False
        self.last_row = max(self.last_row, row)
        self.last_column = max(self.last_column, column)
        return True

    def hide_columns(self, first: int, last: int) -> None:
        """Take note of hidden columns, as far as any are read."""
        self.hidden_columns.update(range(first, min(last, self.limits.columns) + 1))

    def build(self, sheet: str, cut_later: bool = False) -> CellMetadata:
        """Return what was collected; UnreadableError R10 where the filled cells span too much.

        With `cut_later` the caller cuts cells beyond the limits out before the values are read.
        """
        last_position = self.last_row, self.last_column
        if self.out_of_range and not cut_later:
            raise UnreadableError("R10", sheet, a1(self.out_of_range[0]), limit=self.limits.cells)
        if self.last_row * self.last_column > self.limits.cells:
            raise UnreadableError("R10", sheet, a1(last_position), limit=self.limits.cells)
        return CellMetadata(
            frozenset(self.hidden_rows),
            frozenset(self.hidden_columns),
            tuple(self.merges),
            frozenset(self.formulas),
            frozenset(self.uncached),
            self.errors,
            tuple(self.out_of_range),
            self.fonts,
            frozenset(self.external_formulas),
            self.notes,
        )


@lru_cache(maxsize=65536)
def parse_position(reference: str) -> CellPosition:
    """Return row and column of ``B12``; ValueError for what Excel has no cell for."""
    match = _REFERENCE.fullmatch(reference)
    if not match:
        raise ValueError(f"not a cell: {reference!r}")
    row, column = int(match[2]), _column_number(match[1])
    if row > MAX_ROWS or column > MAX_COLUMNS:
        raise ValueError(f"no such cell: {reference!r}")
    return row, column


@lru_cache(maxsize=1024)
def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


@lru_cache(maxsize=1024)
def column_letters(column: int) -> str:
    """Return the letters of a column from 1: 28 is ``AB``."""
    letters = ""
    while column:
        column, remainder = divmod(column - 1, 26)
        letters = chr(65 + remainder) + letters
    return letters


def a1(position: CellPosition) -> str:
    """Return a cell as people read it: (12, 2) is ``B12``."""
    return f"{column_letters(position[1])}{position[0]}"
