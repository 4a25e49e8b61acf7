"""Cell metadata of a sheet: formulas, errors, hidden and merged cells; limits, unreadable files.

python-calamine gives values only (an error and a formula without a result are both blank), so a
scanner for each file kind collects the metadata before the values are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice, product
from typing import NamedTuple

from mlay_batch.core.findings import Finding, Place, Severity, column_letters
from mlay_batch.core.xml_parser import UnreadableError
from mlay_batch.model.records import Submission

CellPosition = tuple[int, int]  # row and column, from 1
CellRange = tuple[int, int, int, int]  # first row, first column, last row, last column

MAX_ROWS, MAX_COLUMNS = 1_048_576, 16_384
_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?([1-9][0-9]{0,6})")


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one file, all inclusive.

    Source: 876 foreign workbooks stayed within these.
    """

    seconds: float = 30
    """Of reading, in one child process."""
    memory_mb: int = 1024
    """Address space of one child process."""
    file_mb: int = 20
    inflated_mb: int = 200
    """Of all its parts unpacked."""
    entries: int = 1000
    ratio: int = 100
    """Of a part's size to its packed size; 100 KiB are always allowed."""
    cells: int = 1_000_000
    """Between A1 and a sheet's last filled cell."""
    rows: int = 100_000
    """Filled cells beyond `rows` or `columns` are left out and reported."""
    columns: int = 500
    text: int = 32_767
    """Longest text of one cell (Excel's own limit)."""


def unreadable(code: str, place: Place = Place(), **params: str | int) -> Submission:  # noqa: B008 - frozen
    """Return the submission of an unreadable file, with the finding that says why."""
    return Submission(None, None, None, findings=(Finding(code, Severity.ERROR, place, params),))


MIN_ROW_POINTS, MIN_COLUMN_CHARACTERS = 3.0, 0.5
"""A lower row or narrower column shows nothing: it counts as hidden."""
MAX_DRAWINGS, MAX_DRAWING_TEXT = 1000, 500  # kept of a sheet, and characters of each
_MAX_PAGE_TEXTS = 50
_MAX_VALIDATED = 5000  # ranges; the form that has most has some hundred


class StruckText(NamedTuple):
    """The parts of a cell's text; both are blank where the whole cell is struck out."""

    seen: str = ""
    struck: str = ""


class Drawing(NamedTuple):
    """Something that lies over the cells: a text box, a picture, an embedded object."""

    position: CellPosition | None
    """The cell under its top left corner."""
    text: str = ""
    is_object: bool = False
    """Whether it is an embedded object, a chart or a control."""


@dataclass(frozen=True, slots=True)
class CellMetadata:
    """Metadata of one sheet's cells."""

    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    merges: tuple[CellRange, ...] = ()
    formulas: frozenset[CellPosition] = frozenset()
    uncached: frozenset[CellPosition] = frozenset()
    """Formulas without a stored result."""
    errors: Mapping[CellPosition, str] = field(default_factory=dict)
    """The text of error cells (``#REF!``)."""
    out_of_range: tuple[CellPosition, ...] = ()
    """Filled cells beyond the limits, which are not read."""
    fonts: Mapping[CellPosition, str] = field(default_factory=dict)
    """Fonts made for an encoding before Unicode."""
    external_formulas: frozenset[CellPosition] = frozenset()
    """Formulas that refer to another workbook."""
    notes: Mapping[CellPosition, str] = field(default_factory=dict)
    """Comments on cells."""
    struck: Mapping[CellPosition, StruckText] = field(default_factory=dict)
    """Filled cells that are struck out, wholly or in part."""
    odd_characters: Mapping[CellPosition, str] = field(default_factory=dict)
    """Characters of filled cells that are raised, lowered or unseen; empty for an unseen cell."""
    number_formats: Mapping[CellPosition, str] = field(default_factory=dict)
    """Number formats of filled cells that may show something else than they hold."""
    drawings: tuple[Drawing, ...] = ()
    page_texts: tuple[str, ...] = ()
    """Words in header and footer of the printed pages, without fields such as the page number."""
    validated: tuple[CellRange, ...] = ()
    """Where a data validation holds: a drop-down list, a limit or a hint."""

    def unvalidated(self, positions: Iterable[CellPosition]) -> set[CellPosition]:
        """Return those of the cells that have no data validation."""
        rest = set(positions)
        for top, left, bottom, right in self.validated:
            if (bottom - top + 1) * (right - left + 1) <= len(rest):
                rest.difference_update(product(range(top, bottom + 1), range(left, right + 1)))
            else:
                rest = {
                    at for at in rest if not (top <= at[0] <= bottom and left <= at[1] <= right)
                }
        return rest


class MetadataBuilder:
    """Collects the metadata of one sheet while a scanner walks over it."""

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
        self.struck: dict[CellPosition, StruckText] = {}
        self.odd_characters: dict[CellPosition, str] = {}
        self.number_formats: dict[CellPosition, str] = {}
        self.drawings: list[Drawing] = []
        self.page_texts: dict[str, None] = {}
        self.validated: list[CellRange] = []

    def add_filled(self, position: CellPosition) -> bool:
        """Record a filled cell; return whether it is within the limits."""
        row, column = position
        if row > self.limits.rows or column > self.limits.columns:
            self.out_of_range.append(position)
            return False
        self.last_row = max(self.last_row, row)
        self.last_column = max(self.last_column, column)
        return True

    def hide_columns(self, first: int, last: int) -> None:
        """Record hidden columns, up to the last one that is read."""
        self.hidden_columns.update(range(first, min(last, self.limits.columns) + 1))

    def add_drawing(
        self, position: CellPosition | None, text: str, *, is_object: bool = False
    ) -> None:
        """Record a drawing; of more than `MAX_DRAWINGS` the first ones."""
        if position and not (0 < position[0] <= MAX_ROWS and 0 < position[1] <= MAX_COLUMNS):
            position = None
        if len(self.drawings) < MAX_DRAWINGS:
            self.drawings.append(Drawing(position, text[:MAX_DRAWING_TEXT], is_object))

    def add_validated(self, ranges: Iterable[CellRange]) -> None:
        """Record where a data validation holds."""
        self.validated.extend(islice(ranges, _MAX_VALIDATED - len(self.validated)))

    def add_page_text(self, text: str) -> None:
        """Record words of a header or footer."""
        if text.strip() and len(self.page_texts) < _MAX_PAGE_TEXTS:
            self.page_texts[text[:MAX_DRAWING_TEXT]] = None

    def build(self, sheet: str, cut_later: bool = False) -> CellMetadata:
        """Return the metadata; UnreadableError R10 where the filled cells span too much.

        With `cut_later` the caller removes cells beyond the limits before the values are read.
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
            self.struck,
            self.odd_characters,
            self.number_formats,
            tuple(self.drawings),
            tuple(self.page_texts),
            tuple(self.validated),
        )


@lru_cache(maxsize=65536)
def parse_position(reference: str) -> CellPosition:
    """Return row and column of ``B12``; ValueError for a cell that Excel does not have."""
    match = _REFERENCE.fullmatch(reference)
    if not match:
        raise ValueError(f"not a cell: {reference!r}")
    row, column = int(match[2]), _column_number(match[1])
    if row > MAX_ROWS or column > MAX_COLUMNS:
        raise ValueError(f"no such cell: {reference!r}")
    return row, column


@lru_cache(maxsize=4096)  # forms are alike
def parse_range(reference: str) -> CellRange:
    """Return the range of ``B12:C14``, of a cell alone or of whole columns (``B:C``).

    ValueError for anything else.
    """
    first, _, last = reference.partition(":")
    if first.isalpha():
        return 1, _column_number(first), MAX_ROWS, _column_number(last or first)
    return *parse_position(first), *parse_position(last or first)


@lru_cache(maxsize=1024)
def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


@lru_cache(maxsize=1024)
def a1(position: CellPosition) -> str:
    """Return a cell in A1 notation: (12, 2) is ``B12``."""
    return f"{column_letters(position[1])}{position[0]}"
