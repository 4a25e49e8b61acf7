"""A section between its markers.

The markers (see `layout`) may have been moved by inserted rows and columns, reordered columns or a
renamed sheet. What a person sees decides what he types: where the visible heading over a cell is
that of another field than the hidden id says, nobody can tell which of the two is meant (`labels`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from mlay_batch.core.findings import Place
from mlay_batch.model import rollup_form
from mlay_batch.reader.cell_metadata import CellPosition, a1
from mlay_batch.reader.grid import Sheet
from mlay_batch.reader.labels import (
    CellPositions,
    Labels,
    find_exchanged_fields,
    foreign_title_above,
)
from mlay_batch.reader.section_finder import Block, SectionFinder, cell_key, name_keys, single
from mlay_batch.reader.values import display_text
from mlay_batch.schema.layout import HEADER, VALUE_MARKER
from mlay_batch.schema.model import Field, Section


def locate_by_markers(finder: SectionFinder, section: Section) -> Block | None:
    """Return the section between its markers; None where they are not whole.

    R22 is added where the section stands there twice, R26/R27 for a field that is missing/double,
    R32/R33 for a field or section under the heading of another one.
    """
    starts = finder.markers.get(f"{section.id}:start", ())
    if len(starts) > 1:
        for sheet, position in starts:
            finder.add_error("R22", Place("", sheet.title, a1(position)), field=section.id)
        return None
    start, end = single(starts), single(finder.markers.get(f"{section.id}:end", ()))
    if not (start and end and start[0] is end[0] and start[1][1] == end[1][1]):
        return None
    sheet, (top, column), bottom = start[0], start[1], end[1][0]
    if bottom <= top:
        return None
    is_rollup = (
        finder.form.form == rollup_form.FORM
    )  # by the program: headed in its own words, and hashed
    if not is_rollup and (title := foreign_title_above(finder, section, sheet, top)):
        place = Place("", sheet.title, a1(title))
        finder.add_error("R33", place, field=section.id, seen=display_text(sheet.value_at(title)))
        return None
    marked_section = _MarkedSection(finder, section, sheet, top, bottom, column)
    return (
        marked_section.locate_card() if section.layout == "card" else marked_section.locate_table()
    )


@dataclass
class _MarkedSection:
    """The rows between the markers of one section; `column` is the one of the markers."""

    finder: SectionFinder
    section: Section
    sheet: Sheet
    top: int
    bottom: int
    column: int

    def locate_card(self) -> Block | None:
        value_markers = self._id_positions((self.top, c) for c in self._columns())
        value_marker = single(value_markers.get(VALUE_MARKER, ()))
        if value_marker is None:
            return None
        ids = self._id_positions((r, self.column) for r in range(self.top + 1, self.bottom))
        value_cells = {
            field.id: (id_cell[0], value_marker[1])
            for field in self.section.fields
            if (id_cell := self._find_field(field, ids, range(self.top + 1, self.bottom)))
        }
        left = min([value_marker[1], *self._label_columns(value_cells)])
        label_ranges = {
            name: (r, range(self.column + 1, v)) for name, (r, v) in value_cells.items()
        }
        heading_cells = {
            name: [(r, c) for c in columns] for name, (r, columns) in label_ranges.items()
        }
        unit_cells = {name: [(r, v + 1)] for name, (r, v) in value_cells.items()}
        for name, error_cells in self._find_exchanged(
            heading_cells, {n: [position] for n, position in value_cells.items()}, unit_cells
        ):
            self._report_exchange(name, error_cells)
            del value_cells[name]
        template_cells = {value_marker, *(position for cells in ids.values() for position in cells)}
        bounds = (
            self.top,
            left,
            self.bottom,
            value_marker[1] + 1,
        )  # the unit stands right of the value
        headings = {(r, c): name for name, (r, v) in value_cells.items() for c in range(left, v)}
        return Block(
            self.section, self.sheet, (value_cells,), bounds, frozenset(template_cells), headings
        )

    def locate_table(self) -> Block:
        ids = self._id_positions((self.top, c) for c in self._columns())
        heading_rows = range(self.top + 1, self._first_row())
        columns = {
            field.id: id_cell[1]
            for field in self.section.fields
            if (id_cell := self._find_field(field, ids, heading_rows))
        }
        rows = range(heading_rows.stop, self.bottom)
        heading_cells = {name: [(r, c) for r in heading_rows] for name, c in columns.items()}
        value_cells = {name: [(r, c) for r in rows] for name, c in columns.items()}
        for name, error_cells in self._find_exchanged(heading_cells, value_cells):
            self._report_exchange(name, error_cells)
            del columns[name]
        records = tuple({name: (r, c) for name, c in columns.items()} for r in rows)
        template_cells = {position for cells in ids.values() for position in cells}
        used_columns = [*columns.values()] or [self.column]
        if number_column := self._number_column(heading_rows, set(columns.values())):
            used_columns.append(number_column)
            template_cells |= {
                (r, number_column) for r in rows if self._is_number((r, number_column))
            }
        bounds = self.top, min(used_columns), self.bottom, max(used_columns)
        headings = {(r, c): name for r in heading_rows for name, c in columns.items()}
        return Block(self.section, self.sheet, records, bounds, frozenset(template_cells), headings)

    def _find_exchanged(
        self,
        heading_cells: Mapping[str, CellPositions],
        value_cells: Mapping[str, CellPositions],
        unit_cells: Mapping[str, CellPositions] = {},
    ) -> list[tuple[str, CellPositions]]:
        """Return the fields that stand under the heading of another one, each with the cell of that
        heading and those of its `value_cells` that hold something.

        `heading_cells` are the cells in which a field has its heading, `unit_cells` those with its
        unit.
        """
        if self.section is HEADER or self.finder.form.form == rollup_form.FORM:
            return []  # the heading is held against the stamp, a workbook's rows against hashes
        labels = Labels(self.finder.form_texts, self.section, self.sheet, heading_cells, unit_cells)
        filled_cells = self.sheet.filled_cells
        return [
            (name, [position, *(cell for cell in value_cells[name] if cell in filled_cells)])
            for name, position in find_exchanged_fields(labels)
        ]

    def _report_exchange(self, name: str, positions: CellPositions) -> None:
        """Say that the heading at the first of `positions` is not that of the field."""
        heading, *values = (Place("", self.sheet.title, a1(position)) for position in positions)
        path, heading_text = (
            f"{self.section.id}.{name}",
            display_text(self.sheet.value_at(positions[0])),
        )
        self.finder.add_error("R32", heading, *values, field=path, seen=heading_text)

    def _first_row(self) -> int:
        """Return the first row below the headings."""
        head_markers = self.finder.markers.get(f"{self.section.id}:head", ())
        head_rows = (
            position[0]
            for sheet, position in head_markers
            if sheet is self.sheet and self.top < position[0] < self.bottom
        )
        return max(head_rows, default=self.top) + 1

    def _columns(self) -> range:
        width = len(self.sheet.rows[self.top - 1])
        return range(1, width + 1)

    def _id_positions(self, cells: Iterable[CellPosition]) -> dict[str, list[CellPosition]]:
        field_ids = {field.id for field in self.section.fields} | {VALUE_MARKER}
        positions_by_id: dict[str, list[CellPosition]] = defaultdict(list)
        for position in cells:
            raw = self.sheet.value_at(position)
            if isinstance(raw, str) and raw in field_ids:
                positions_by_id[raw].append(position)
        return positions_by_id

    def _find_field(
        self, field: Field, ids: Mapping[str, list[CellPosition]], rows: range
    ) -> CellPosition | None:
        """Return where a field's id stands, or else its heading; R26, R27 if that fails.

        A heading over or beside the id of another field is no place for this one.
        """
        id_positions = ids.get(field.id, [])
        axis = 0 if self.section.layout == "card" else 1
        taken_lines = {positions[0][axis] for positions in ids.values() if len(positions) == 1}
        free_positions = (
            position
            for position in self._heading_positions(field, rows)
            if position[axis] not in taken_lines
        )
        position = single(id_positions) or (None if id_positions else single(list(free_positions)))
        if position is None:
            code, error_position = (
                ("R27", id_positions[1]) if id_positions else ("R26", (self.top, self.column))
            )
            path = f"{self.section.id}.{field.id}"
            self.finder.add_error(code, Place("", self.sheet.title, a1(error_position)), field=path)
        return position

    def _heading_positions(self, field: Field, rows: range) -> Iterator[CellPosition]:
        title_keys = name_keys(field.title)
        for row in rows:
            for column in range(1, len(self.sheet.rows[row - 1]) + 1):
                if cell_key(self.sheet, (row, column)) in title_keys:
                    yield row, column

    def _number_column(self, rows: range, fields: set[int]) -> int | None:
        """Return the column of the running numbers, which is none of the `fields`."""
        number_keys = self.finder.form_texts.number_headings
        positions = ((r, c) for r in rows for c in range(1, len(self.sheet.rows[r - 1]) + 1))
        candidates = (position for position in positions if position[1] not in fields)
        return single(
            [
                position[1]
                for position in candidates
                if cell_key(self.sheet, position) in number_keys
            ]
        )

    def _is_number(self, position: CellPosition) -> bool:
        return display_text(self.sheet.value_at(position)).rstrip(".").isdigit()

    def _label_columns(self, value_cells: Mapping[str, CellPosition]) -> Iterator[int]:
        for field in self.section.fields:
            if field.id in value_cells:
                row, value_column = value_cells[field.id]
                title_keys = name_keys(field.title)
                yield from (
                    c
                    for c in range(1, value_column)
                    if cell_key(self.sheet, (row, c)) in title_keys
                )
