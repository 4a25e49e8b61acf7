"""Locates a section by its markers, or else by its headings.

Markers (see `layout`) may have moved: rows or columns were inserted, columns reordered, sheets
renamed. People type under what they see: where the visible heading over a cell names another field
than the hidden id, it is unclear which is meant (`labels`). By headings, a section is located only
where exactly one place fits.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from mlay_batch.core.findings import Finding, Param, Place, Severity
from mlay_batch.reader.cell_metadata import CellPosition, a1
from mlay_batch.reader.grid import Sheet
from mlay_batch.reader.labels import (
    CellPositions,
    Labels,
    find_exchanged_fields,
    foreign_sheet_title,
    foreign_title_above,
    without_heading,
)
from mlay_batch.reader.section_finder import (
    Block,
    SectionFinder,
    cell_key,
    is_marker,
    name_keys,
    single,
)
from mlay_batch.reader.values import display_text
from mlay_batch.schema.layout import HEADER, VALUE_MARKER, sections_of
from mlay_batch.schema.model import Field, Form, Section


def locate_by_markers(finder: SectionFinder, section: Section) -> Block | None:
    """Locate the section between its markers; None where they are incomplete.

    Adds R22 where the section is there twice, R26/R27 for a missing/double field, R32/R33 for a
    field/section under the heading of another one; warning C35 for headings that are gone.
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
    is_rollup = finder.form.is_rollup  # has its own headings; hashed
    if not is_rollup and foreign_sheet_title(finder, section, sheet):
        finder.add_error("R33", Place("", sheet.title), field=section.id, seen=sheet.title)
        return None
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
    """The rows between the markers of one section, which are in `column`."""

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
        bounds = self.top, left, self.bottom, value_marker[1] + 1  # the unit is right of the value
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
        """Return the fields under the heading of another one.

        Each comes with the cell of that heading and those of its `value_cells` that are filled.
        """
        if self.section is HEADER or self.finder.form.is_rollup:
            return []  # checked against the stamp (header) or the hashes (roll-up) instead
        labels = Labels(self.finder.form_texts, self.section, self.sheet, heading_cells, unit_cells)
        filled_cells = self.sheet.filled_cells
        exchanged = dict(find_exchanged_fields(labels))
        lost = [name for name in without_heading(labels) if name not in exchanged]
        if cells := [cell for name in lost for cell in value_cells[name][:1]]:
            self._report_lost_headings(sorted(cells), len(lost))
        return [
            (name, [position, *(cell for cell in value_cells[name] if cell in filled_cells)])
            for name, position in exchanged.items()
        ]

    def _report_lost_headings(self, cells: CellPositions, count: int) -> None:
        """Add one C35 at the first of the value cells without a heading."""
        place, *marks = (Place("", self.sheet.title, a1(position)) for position in cells)
        params: dict[str, Param] = {"field": self.section.id, "count": count}
        self.finder.findings.append(Finding("C35", Severity.WARNING, place, params, tuple(marks)))

    def _report_exchange(self, name: str, positions: CellPositions) -> None:
        """Add R32: the heading at the first of `positions` is not the field's."""
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
        """Return the cell of a field's id, or else of its heading; adds R26, R27 if that fails.

        A heading over or beside the id of another field does not count.
        """
        id_positions = ids.get(field.id, [])
        axis = 0 if self.section.layout == "card" else 1
        taken_lines = {positions[0][axis] for positions in ids.values() if len(positions) == 1}
        free_positions = (
            position
            for position in self.sheet.positions_of(name_keys(field.title), rows)
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

    def _number_column(self, rows: range, fields: set[int]) -> int | None:
        """Return the column of the running numbers, which is none of the `fields`."""
        positions = self.sheet.positions_of(self.finder.form_texts.number_headings, rows)
        titled = [column for _, column in positions if column not in fields]
        return single(titled or self._untitled_numbers(rows.stop, min(fields, default=0)))

    def _untitled_numbers(self, first_row: int, first_field: int) -> list[int]:
        """Return the columns left of all fields with nothing but running numbers."""
        filled = self.sheet.filled_cells
        rows = range(first_row, self.bottom)
        columns = {
            c: [(r, c) for r in rows if (r, c) in filled]
            for c in range(self.column + 1, first_field)
        }
        return [c for c, cells in columns.items() if cells and all(map(self._is_number, cells))]

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


def locate_by_headings(finder: SectionFinder, section: Section) -> Block | None:
    """Locate the section by the titles of all its fields, matched by name key.

    A table is the only row with every title; a card is between its own title and the next
    section's, each label there once, with at most one value right of it.
    """
    find_blocks = _find_cards if section.layout == "card" else _find_tables
    blocks = [block for sheet in finder.sheets for block in find_blocks(finder, section, sheet)]
    return single(blocks)


def _find_tables(finder: SectionFinder, section: Section, sheet: Sheet) -> Iterator[Block]:
    title_rows = _section_rows(finder.form, sheet)
    heading_cells = {
        field.id: _columns_by_row(sheet, name_keys(field.title)) for field in section.fields
    }
    for row in sorted(set[int]().union(*heading_cells.values())):
        columns = {
            name: column
            for name, columns_by_row in heading_cells.items()
            if (column := single(columns_by_row.get(row, ()))) is not None
        }
        above = bisect_left(title_rows, (row,)) - 1
        misplaced = above >= 0 and title_rows[above][1] != section.id
        if len(columns) == len(section.fields) and not misplaced:
            yield _table_block(finder, section, sheet, row, columns)


def _columns_by_row(sheet: Sheet, keys: frozenset[str]) -> dict[int, list[int]]:
    """Return the columns of the texts with one of these name keys, by row."""
    columns: dict[int, list[int]] = defaultdict(list)
    for row, column in sheet.positions_of(keys):
        columns[row].append(column)
    return columns


def _table_block(
    finder: SectionFinder, section: Section, sheet: Sheet, head_row: int, columns: Mapping[str, int]
) -> Block:
    fixed = finder.form_texts.fixed_texts
    number_cells = sheet.positions_of(
        finder.form_texts.number_headings, range(head_row, head_row + 1)
    )
    number_column = single([column for _, column in number_cells])
    used_columns = [*columns.values(), *([number_column] if number_column else [])]
    rows = range(
        head_row + 1,
        _table_end(sheet, head_row + 1, range(min(used_columns), max(used_columns) + 1), fixed),
    )
    records = tuple({name: (row, column) for name, column in columns.items()} for row in rows)
    numbers = (
        (row, number_column)
        for row in rows
        if number_column
        and display_text(sheet.value_at((row, number_column))).rstrip(".").isdigit()
    )
    bounds = head_row, min(used_columns), rows.stop - 1, max(used_columns)
    return Block(section, sheet, records, bounds, frozenset(numbers))


def _table_end(sheet: Sheet, first: int, columns: range, fixed: frozenset[str]) -> int:
    """Return the first row from `first` on with a text of the template or a marker."""
    for row in range(first, len(sheet.rows) + 1):
        if any(is_marker(raw) for raw in sheet.rows[row - 1] if isinstance(raw, str)):
            return row
        if any(cell_key(sheet, (row, column)) in fixed for column in columns):
            return row
    return len(sheet.rows) + 1


def _section_rows(form: Form, sheet: Sheet) -> list[tuple[int, str]]:
    """Return each row with a section's title, and the section; of several the last one."""
    section_by_title = {
        key: section.id for section in sections_of(form) for key in name_keys(section.title) if key
    }
    titles = sorted(
        (position, section_id)
        for key, section_id in section_by_title.items()
        for position in sheet.positions_of([key])
    )
    return list({row: section_id for (row, _), section_id in titles}.items())


def _find_cards(finder: SectionFinder, section: Section, sheet: Sheet) -> Iterator[Block]:
    title_rows = _section_rows(finder.form, sheet)
    starts = [0] if section is HEADER else [row for row, name in title_rows if name == section.id]
    for start in starts:
        below = bisect_left(title_rows, (start + 1,))
        stop = title_rows[below][0] if below < len(title_rows) else len(sheet.rows) + 1
        positions = {
            field.id: position
            for field in section.fields
            if (position := _value_cell(finder, sheet, field, range(start + 1, stop)))
        }
        if len(positions) == len(section.fields):
            rows, columns = zip(*positions.values(), strict=True)
            bounds = min(rows), min(columns) - 1, max(rows), max(columns)
            yield Block(section, sheet, (positions,), bounds)


def _value_cell(
    finder: SectionFinder, sheet: Sheet, field: Field, rows: range
) -> CellPosition | None:
    """Return the value cell of the only label of `field` in `rows`, or None."""
    label = single(sheet.positions_of(name_keys(field.title), rows))
    if label is None:
        return None
    fixed = finder.form_texts.fixed_texts
    row, column = label
    filled = [
        (row, c)
        for c in range(column + 1, len(sheet.rows[row - 1]) + 1)
        if display_text(sheet.value_at((row, c))) and cell_key(sheet, (row, c)) not in fixed
    ]
    if len(filled) > 1:
        return None
    return filled[0] if filled else (row, _column_after_label(sheet, label))


def _column_after_label(sheet: Sheet, label: CellPosition) -> int:
    """Return the column right of a label that may be merged over several."""
    last_columns = [last for *first, _, last in sheet.metadata.merges if tuple(first) == label]
    return (last_columns[0] if last_columns else label[1]) + 1
