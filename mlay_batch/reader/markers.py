"""A section between its markers.

The markers (see `layout`) may have been moved by inserted rows and columns, reordered columns or a
renamed sheet. What a person sees decides what he types: where the visible heading over a cell is
that of another field than the hidden id says, nobody can tell which of the two is meant (`labels`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from mlay_batch import bundle
from mlay_batch.findings import Place
from mlay_batch.layout import HEAD, VALUE_MARKER
from mlay_batch.reader.blocks import Block, Search, key_at, keys_of, only
from mlay_batch.reader.facts import Spot, a1
from mlay_batch.reader.grid import Sheet
from mlay_batch.reader.labels import Labels, Spots, exchanged, part_above
from mlay_batch.reader.values import shown
from mlay_batch.schema.records import Field, Section


def by_markers(search: Search, section: Section) -> Block | None:
    """Return the section between its markers; None where they are not whole.

    R22 is added where the section stands there twice, R26/R27 for a field that is missing/double,
    R32/R33 for a field or section under the heading of another one.
    """
    starts = search.marks.get(f"{section.id}:start", ())
    if len(starts) > 1:
        for sheet, spot in starts:
            search.wrong("R22", Place("", sheet.title, a1(spot)), field=section.id)
        return None
    start, end = only(starts), only(search.marks.get(f"{section.id}:end", ()))
    if not (start and end and start[0] is end[0] and start[1][1] == end[1][1]):
        return None
    sheet, (top, column), bottom = start[0], start[1], end[1][0]
    if bottom <= top:
        return None
    made = search.form.form == bundle.FORM  # by the program: headed in its own words, and hashed
    if not made and (title := part_above(search, section, sheet, top)):
        where = Place("", sheet.title, a1(title))
        search.wrong("R33", where, field=section.id, seen=shown(sheet.at(title)))
        return None
    frame = _Frame(search, section, sheet, top, bottom, column)
    return frame.card() if section.layout == "card" else frame.table()


@dataclass
class _Frame:
    """The rows between the markers of one section; `column` is the one of the markers."""

    search: Search
    section: Section
    sheet: Sheet
    top: int
    bottom: int
    column: int

    def card(self) -> Block | None:
        row = self._ids((self.top, c) for c in self._columns())
        values = only(row.get(VALUE_MARKER, ()))
        if values is None:
            return None
        ids = self._ids((r, self.column) for r in range(self.top + 1, self.bottom))
        spots = {
            entry.id: (at[0], values[1])
            for entry in self.section.fields
            if (at := self._find(entry, ids, range(self.top + 1, self.bottom)))
        }
        left = min([values[1], *self._labels(spots)])
        beside = {name: (r, range(self.column + 1, v)) for name, (r, v) in spots.items()}
        over = {name: [(r, c) for c in columns] for name, (r, columns) in beside.items()}
        units = {name: [(r, v + 1)] for name, (r, v) in spots.items()}
        for name, marks in self._compare(over, {n: [spot] for n, spot in spots.items()}, units):
            self._mistake(name, marks)
            del spots[name]
        furniture = {values, *(spot for found in ids.values() for spot in found)}
        box = self.top, left, self.bottom, values[1] + 1  # the unit stands right of the value
        titles = {(r, c): name for name, (r, v) in spots.items() for c in range(left, v)}
        return Block(self.section, self.sheet, (spots,), box, frozenset(furniture), titles)

    def table(self) -> Block:
        ids = self._ids((self.top, c) for c in self._columns())
        heads = range(self.top + 1, self._first())
        columns = {
            entry.id: at[1]
            for entry in self.section.fields
            if (at := self._find(entry, ids, heads))
        }
        rows = range(heads.stop, self.bottom)
        over = {name: [(r, c) for r in heads] for name, c in columns.items()}
        below = {name: [(r, c) for r in rows] for name, c in columns.items()}
        for name, marks in self._compare(over, below):
            self._mistake(name, marks)
            del columns[name]
        records = tuple({name: (r, c) for name, c in columns.items()} for r in rows)
        furniture = {spot for found in ids.values() for spot in found}
        used = [*columns.values()] or [self.column]
        if numbers := self._numbers(heads, set(columns.values())):
            used.append(numbers)
            furniture |= {(r, numbers) for r in rows if self._counts((r, numbers))}
        box = self.top, min(used), self.bottom, max(used)
        titles = {(r, c): name for r in heads for name, c in columns.items()}
        return Block(self.section, self.sheet, records, box, frozenset(furniture), titles)

    def _compare(
        self, over: Mapping[str, Spots], values: Mapping[str, Spots],
        units: Mapping[str, Spots] = {},
    ) -> list[tuple[str, Spots]]:  # fmt: skip
        """Return the fields that stand under the heading of another one, each with the cell of that
        heading and those of its `values` that hold something.

        `over` are the cells in which a field has its heading, `units` those with its unit.
        """
        if self.section is HEAD or self.search.form.form == bundle.FORM:
            return []  # the heading is held against the stamp, a workbook's rows against hashes
        labels = Labels(self.search.template, self.section, self.sheet, over, units)
        filled = self.sheet.filled
        return [
            (name, [spot, *(value for value in values[name] if value in filled)])
            for name, spot in exchanged(labels)
        ]

    def _mistake(self, name: str, spots: Spots) -> None:
        """Say that the heading at the first of `spots` is not that of the field."""
        heading, *values = (Place("", self.sheet.title, a1(spot)) for spot in spots)
        path, seen = f"{self.section.id}.{name}", shown(self.sheet.at(spots[0]))
        self.search.wrong("R32", heading, *values, field=path, seen=seen)

    def _first(self) -> int:
        """Return the first row below the headings."""
        marks = self.search.marks.get(f"{self.section.id}:head", ())
        inside = (
            spot[0]
            for sheet, spot in marks
            if sheet is self.sheet and self.top < spot[0] < self.bottom
        )
        return max(inside, default=self.top) + 1

    def _columns(self) -> range:
        width = len(self.sheet.rows[self.top - 1])
        return range(1, width + 1)

    def _ids(self, spots: Iterable[Spot]) -> dict[str, list[Spot]]:
        known = {entry.id for entry in self.section.fields} | {VALUE_MARKER}
        found: dict[str, list[Spot]] = defaultdict(list)
        for spot in spots:
            raw = self.sheet.at(spot)
            if isinstance(raw, str) and raw in known:
                found[raw].append(spot)
        return found

    def _find(self, entry: Field, ids: Mapping[str, list[Spot]], rows: range) -> Spot | None:
        """Return where a field's id stands, or else its heading; R26, R27 if that fails.

        A heading over or beside the id of another field is no place for this one.
        """
        found = ids.get(entry.id, [])
        axis = 0 if self.section.layout == "card" else 1
        taken = {spots[0][axis] for spots in ids.values() if len(spots) == 1}
        free = (spot for spot in self._headings(entry, rows) if spot[axis] not in taken)
        spot = only(found) or (None if found else only(list(free)))
        if spot is None:
            code, at = ("R27", found[1]) if found else ("R26", (self.top, self.column))
            path = f"{self.section.id}.{entry.id}"
            self.search.wrong(code, Place("", self.sheet.title, a1(at)), field=path)
        return spot

    def _headings(self, entry: Field, rows: range) -> Iterator[Spot]:
        wanted = keys_of(entry.title)
        for row in rows:
            for column in range(1, len(self.sheet.rows[row - 1]) + 1):
                if key_at(self.sheet, (row, column)) in wanted:
                    yield row, column

    def _numbers(self, rows: range, fields: set[int]) -> int | None:
        """Return the column of the running numbers, which is none of the `fields`."""
        wanted = self.search.template.numbers
        spots = ((r, c) for r in rows for c in range(1, len(self.sheet.rows[r - 1]) + 1))
        free = (spot for spot in spots if spot[1] not in fields)
        return only([spot[1] for spot in free if key_at(self.sheet, spot) in wanted])

    def _counts(self, spot: Spot) -> bool:
        return shown(self.sheet.at(spot)).rstrip(".").isdigit()

    def _labels(self, spots: Mapping[str, Spot]) -> Iterator[int]:
        for entry in self.section.fields:
            if entry.id in spots:
                row, values = spots[entry.id]
                wanted = keys_of(entry.title)
                yield from (c for c in range(1, values) if key_at(self.sheet, (row, c)) in wanted)
