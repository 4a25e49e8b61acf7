"""Finds the tables of a list of an office's own by their headings, wherever they stand.

A heading is known by `core.text.plain_key`, in up to four rows: a list has groups of columns and a
row that numbers them. Of two headings over one column the lower one names it. A choice is one
column of words, or one column to mark for each of its values.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import accumulate

from mlay_batch.core.findings import column_letters
from mlay_batch.core.text import plain_key
from mlay_batch.core.xml_parser import UnreadableError
from mlay_batch.reader.cell_metadata import CellPosition, a1
from mlay_batch.reader.grid import RawValue, Sheet, is_marker
from mlay_batch.reader.values import display_text, is_blank
from mlay_batch.schema.list_semantics import base_section, heading_words, own_fields
from mlay_batch.schema.model import Choice, Field, Form, Section

_NUMBER_HEADINGS = frozenset({"stt", "tt", "so tt", "so thu tu", "no"})
_COMMITTEE_HEADINGS = frozenset(
    f"{before}{words}"
    for words in ("dang bo", "dang uy", "dang bo co so", "dang uy co so", "dang bo dang uy")
    for before in ("", "ten ", "thuoc ", "truc thuoc ")
)
_HEADING_ROWS = range(-1, 3)  # around the heading of the branches
_LONGEST_HEADING = 80  # characters
_COLUMN_NUMBER = re.compile(r"[(\[]?(?:(\d{1,3})|[A-Za-z])[)\].]?(?:=[\d()+/*x:.,%-]+)?")
_FEWEST_NUMBERS = 3  # filled cells of a row that numbers the columns
_ALL = r"(?: \d.*| (?:chi bo|don vi|toan|cac|chung|dang bo)(?: .*)?)?"
_TOTAL = re.compile(rf"(?:tong|tong cong|tong so|cong|cong tong){_ALL}|tong so .*")
_MEAN = re.compile(rf"(?:diem )?(?:trung binh|binh quan){_ALL}|t[yi] le(?: .*)?")
_DAY = re.compile(r"(?:ngay )?\d{1,2} (?:thang )?\d{1,2}(?: (?:nam )?\d{4})?")
_LAST_DAY = 31  # a greater number in a column of dates is a day's serial number
# Below a list people sign it, and say where and when.
_SIGNED = re.compile(
    r"(?:nguoi (?:lap|tong hop)|noi nhan|xac nhan|t m |tm |k t |bi thu|pho bi thu|thu truong)"
    r"|.*\bngay \S* ?thang \S* ?nam\b"
)


@dataclass(frozen=True, slots=True)
class Heading:
    """What a heading of a list may name.

    Attributes:
        section: id of the section.
        field: the field.
        choice: the value for which the column is marked; None: the column holds the value.
    """

    section: str
    field: Field
    choice: Choice | None = None

    @property
    def path(self) -> str:
        """Section and field."""
        return f"{self.section}.{self.field.id}"


@dataclass(frozen=True)
class ListTable:
    """One table of a list on a sheet.

    Attributes:
        sheet: the sheet.
        number: of the sheet among those read, from 1.
        base: the section whose records are the rows.
        columns: what each located column holds.
        head: the rows of the headings.
        top: the first row that may hold its title.
        stop: the first row that belongs to the next table, or lies beyond the sheet.
        meeting_sections: the sections with a record in each row.
    """

    sheet: Sheet
    number: int
    base: Section
    columns: Mapping[int, Heading]
    head: range
    top: int
    stop: int
    meeting_sections: frozenset[str]

    @cached_property
    def branch_column(self) -> int:
        """The column that names the branches."""
        path = f"{self.base.id}.{self.base.branch}"
        return next(column for column, heading in self.columns.items() if heading.path == path)

    @cached_property
    def number_column(self) -> int | None:
        """The column of the running numbers; None where no heading says so."""
        return self._column_headed(_NUMBER_HEADINGS)

    @cached_property
    def committee_column(self) -> int | None:
        """The column that names the committee of each branch; None where no heading says so."""
        return self._column_headed(_COMMITTEE_HEADINGS)

    @cached_property
    def day_columns(self) -> Sequence[int]:
        """The columns of days."""
        return self._columns_typed("date")

    @cached_property
    def merged_on(self) -> frozenset[int]:
        """The rows whose name continues a merged cell from above."""
        start, stop = self.head.stop, self.stop
        changes: dict[int, int] = defaultdict(int)
        for top, left, bottom, right in self.sheet.metadata.merges:
            if left <= self.branch_column <= right and start <= bottom and top + 1 < stop:
                changes[max(top + 1, start)] += 1
                changes[bottom + 1] -= 1
        depths = accumulate(changes[row] for row in range(start, stop))
        return frozenset(row for row, depth in enumerate(depths, start) if depth)

    @cached_property
    def rows(self) -> range:
        """The rows that may hold records: below the headings, above the total or the signatures."""
        start = self.head.stop
        while start < self.stop and _is_numbering(self._texts(start)):
            start += 1
        dated = (row for row in range(self.stop - 1, start - 1, -1) if self._is_dated(row))
        last = next(dated, start - 1)  # totals of groups, and notes, may stand above it
        stop = next((row for row in range(last + 1, self.stop) if self._is_end(row)), self.stop)
        used = [row for row in range(start, stop) if self.is_filled(row) or self._is_numbered(row)]
        return range(start, max(used, default=start - 1) + 1)

    @cached_property
    def notes(self) -> Mapping[int, str]:
        """The texts below the rows by row, up to those of who signs; a total is none."""
        texts: dict[int, str] = {}
        for row in range(self.rows.stop, self.stop):
            words = self._texts(row)
            if any(_SIGNED.match(plain_key(text)) for text in words):
                break
            if words and not self.is_total(row):
                texts[row] = " ".join(words)
        return texts

    def is_filled(self, row: int) -> bool:
        """Whether a row holds more than the name of a branch and what is said of it once."""
        is_filled = any(
            not is_blank(self.sheet.value_at((row, column)))
            for column, heading in self.columns.items()
            if column != self.branch_column and not self.is_of_branch(heading)
        )
        return is_filled and not self.is_total(row)

    def is_total(self, row: int) -> bool:
        """Whether a row is a total or a mean: its unit says so, or its first text and no day."""
        name = plain_key(display_text(self.sheet.value_at((row, self.branch_column))))
        if _TOTAL.fullmatch(name) or _MEAN.fullmatch(name):
            return True
        first = plain_key(self.first_text(row))
        is_label = _TOTAL.fullmatch(first) or (not name and _MEAN.fullmatch(first))
        return bool(is_label) and not any(_is_date(raw) for raw in self._days(row))

    def is_of_branch(self, heading: Heading) -> bool:
        """Whether a column is about the branch, not about a meeting."""
        return heading.section not in self.meeting_sections

    def columns_of(self, path: str) -> Sequence[int]:
        """Return the columns of a field: several where each stands for a value."""
        return [column for column, heading in self.columns.items() if heading.path == path]

    def unread_columns(self) -> Iterator[tuple[CellPosition, str]]:
        """Yield the first filled cell of each column without a known heading, and its heading."""
        known = {*self.columns, self.number_column, self.committee_column}
        first: dict[int, int] = {}
        for row, column, _ in _cells_in(self.sheet, self.rows):
            if column not in known:
                first.setdefault(column, row)
        for column, row in sorted(first.items()):
            texts = (display_text(self.sheet.value_at((r, column))) for r in self.head)
            words = " ".join(text for text in texts if text)
            yield (row, column), words or column_letters(column)

    def has_day(self, row: int) -> bool:
        """Whether something stands in a row's column of days."""
        return not all(map(is_blank, self._days(row)))

    def first_text(self, row: int) -> str:
        """Return what a row begins with; empty of an empty row."""
        return next(iter(self._texts(row)), "")

    def _column_headed(self, keys: Set[str]) -> int | None:
        headings = _column_keys(self.sheet, self.head)
        columns = (column for column, texts in headings.items() if keys & set(texts))
        return next((column for column in columns if column not in self.columns), None)

    def _texts(self, row: int) -> list[str]:
        cells = self.sheet.rows[row - 1] if row <= len(self.sheet.rows) else []
        texts = (display_text(raw) for raw in cells)
        return [text for text in texts if text and not is_marker(text)]

    def _is_numbered(self, row: int) -> bool:
        number = self.sheet.value_at((row, self.number_column)) if self.number_column else ""
        return display_text(number).rstrip(".").isdigit()

    def _is_dated(self, row: int) -> bool:
        """Whether a row is of a meeting for certain: a day, and a unit, points or a number."""
        if not self.has_day(row) or self.is_total(row):
            return False
        if self._is_numbered(row):
            return True
        is_sure = any(_is_date(raw) or _is_serial(raw) for raw in self._days(row))
        return is_sure and (self._is_named(row) or self._has_points(row))

    def _days(self, row: int) -> list[RawValue]:
        return [self.sheet.value_at((row, column)) for column in self.day_columns]

    def _is_named(self, row: int) -> bool:
        name = plain_key(display_text(self.sheet.value_at((row, self.branch_column))))
        return bool(name) and not _SIGNED.match(name)

    def _has_points(self, row: int) -> bool:
        cells = (self.sheet.value_at((row, column)) for column in self._columns_typed("number"))
        return any(display_text(raw)[:1].isdigit() for raw in cells)

    def _columns_typed(self, type_: str) -> Sequence[int]:
        return [column for column, h in self.columns.items() if h.field.type == type_]

    def _is_end(self, row: int) -> bool:
        """Whether a row below the last meeting is a total, or begins what people sign."""
        if self.is_total(row) or (self._is_numbered(row) and self._is_named(row)):
            return self.is_total(row)
        return any(_SIGNED.match(plain_key(text)) for text in self._texts(row))


def find_tables(form: Form, sheets: Iterable[Sheet]) -> list[ListTable]:
    """Return the tables of a list on all sheets, none where no sheet has its headings.

    UnreadableError R27 where two columns have a heading of one field.
    """
    headings = _headings(form)
    return [
        table
        for number, sheet in enumerate(sheets, 1)
        for table in _sheet_tables(form, number, sheet, headings)
    ]


def _headings(form: Form) -> Mapping[str, Heading]:
    """Return what each heading names, by its key."""
    by_key: dict[str, Heading] = {}
    for section in form.sections:
        for field in own_fields(section):
            by_key |= {
                plain_key(words): Heading(section.id, field) for words in heading_words(field)
            }
            for choice in form.choices.get(field.choices or "", ()):
                heading = Heading(section.id, field, choice)
                by_key |= dict.fromkeys(map(plain_key, choice.names), heading)
    return by_key


def _sheet_tables(
    form: Form, number: int, sheet: Sheet, headings: Mapping[str, Heading]
) -> Iterator[ListTable]:
    base = base_section(form)
    matches = _find_headings(sheet, headings)
    branch = f"{base.id}.{base.branch}"
    starts = [
        row
        for row, of_row in sorted(matches.items())
        if any(heading.path == branch for heading in of_row.values())
    ]
    heads: list[tuple[range, Mapping[int, Heading]]] = []
    for start in starts:
        band = range(start + _HEADING_ROWS.start, start + _HEADING_ROWS.stop)
        columns = _columns_in(matches, band)
        paths = {heading.path for heading in columns.values()}
        is_below = not heads or start not in heads[-1][0]
        if is_below and paths.issuperset((branch, *form.known_by)):
            columns = _without_double(sheet, columns, start, branch)
            rows = [row for row in band if matches.get(row, {}).keys() & columns.keys()]
            heads.append((range(min(rows), max(rows) + 1), columns))
    meeting_sections = frozenset(s.id for s in form.sections if s.layout == "list")
    top, stops = 1, [*(head.start for head, _ in heads[1:]), len(sheet.rows) + 1]
    for (head, columns), stop in zip(heads, stops, strict=False):  # none where nothing is found
        table = ListTable(sheet, number, base, columns, head, top, stop, meeting_sections)
        top = table.rows.stop
        yield table


def _find_headings(
    sheet: Sheet, headings: Mapping[str, Heading]
) -> Mapping[int, Mapping[int, Heading]]:
    """Return the cells with the text of a heading, by row and column.

    A value to mark heads a column only beside another one of its choice: alone it is a value.
    """
    matches: dict[CellPosition, Heading] = {}
    values: dict[tuple[int, str], set[str]] = defaultdict(set)
    for text, positions in sheet.text_positions.items():
        if len(text) <= _LONGEST_HEADING and (heading := headings.get(plain_key(text))):
            matches |= dict.fromkeys(positions, heading)
            for row, _ in positions:
                values[row, heading.path].add(heading.choice.id if heading.choice else "")
    by_row: dict[int, dict[int, Heading]] = defaultdict(dict)
    for (row, column), heading in matches.items():
        if heading.choice is None or len(values[row, heading.path]) > 1:
            by_row[row][column] = heading
    return by_row


def _columns_in(matches: Mapping[int, Mapping[int, Heading]], band: range) -> Mapping[int, Heading]:
    """Return the lowest heading of each column within the rows of a band."""
    columns: dict[int, Heading] = {}
    for row in band:
        columns |= matches.get(row, {})
    return dict(sorted(columns.items()))


def _without_double(
    sheet: Sheet, columns: Mapping[int, Heading], row: int, branch: str
) -> Mapping[int, Heading]:
    """Return the columns without further ones of remarks, which are told as not read.

    UnreadableError R27 where two columns hold another field: nothing is guessed.
    """
    single: dict[int, Heading] = {}
    for column, heading in columns.items():
        if heading not in single.values():
            single[column] = heading
        elif heading.field.type != "text" or heading.path == branch:
            raise UnreadableError("R27", sheet.title, a1((row, column)), field=heading.path)
    return single


def _column_keys(sheet: Sheet, rows: range) -> Mapping[int, list[str]]:
    keys: dict[int, list[str]] = defaultdict(list)
    for _, column, raw in _cells_in(sheet, rows):
        if isinstance(raw, str):
            keys[column].append(plain_key(raw))
    return keys


def _cells_in(sheet: Sheet, rows: range) -> Iterator[tuple[int, int, RawValue]]:
    """Yield row, column and value of the filled cells of some rows."""
    for row in rows:
        cells = sheet.rows[row - 1] if row <= len(sheet.rows) else []
        yield from ((row, column, raw) for column, raw in enumerate(cells, 1) if not is_blank(raw))


def _is_date(raw: RawValue) -> bool:
    """Whether a cell has a date as people type it; of which month and year is not asked."""
    return isinstance(raw, date) or bool(_DAY.fullmatch(plain_key(display_text(raw))))


def _is_serial(raw: RawValue) -> bool:
    return isinstance(raw, int | float) and raw > _LAST_DAY


def _is_numbering(texts: Sequence[str]) -> bool:
    """Whether the texts number columns: 1, 2, 3 …, (1) (2) (3) … or A, B, 1, 2, 3 = 1/2 …."""
    matches = [_COLUMN_NUMBER.fullmatch(text.replace(" ", "")) for text in texts]
    numbers = [int(match[1]) for match in matches if match and match[1]]
    if len(numbers) < _FEWEST_NUMBERS or not all(matches):
        return False
    return numbers == list(range(numbers[0], numbers[0] + len(numbers)))
