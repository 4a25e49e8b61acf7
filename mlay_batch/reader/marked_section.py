"""Locates the cells of a section between its markers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mlay_batch.core.findings import Finding, Param, Place, Severity
from mlay_batch.reader.cell_metadata import CellPosition, a1
from mlay_batch.reader.grid import Sheet
from mlay_batch.reader.labels import (
    CellPositions,
    Labels,
    find_exchanged_fields,
    without_heading,
)
from mlay_batch.reader.section_finder import (
    Block,
    SectionFinder,
    cell_key,
    name_keys,
    single,
)
from mlay_batch.reader.values import display_text
from mlay_batch.schema.column_widths import NAME_ENDING
from mlay_batch.schema.layout import (
    HEADER,
    LAST_MARKER,
    RECORD_MARKER,
    VALUE_MARKER,
    field_of_line,
    line_id,
)
from mlay_batch.schema.model import Field, Section
from mlay_batch.schema.switches import may_be_absent


@dataclass
class MarkedSection:
    """The rows between the markers of one section, which are in `column`."""

    finder: SectionFinder
    section: Section
    sheet: Sheet
    top: int
    bottom: int
    column: int

    def __post_init__(self) -> None:
        self.labelled = self.finder.form_texts.labelled[self.section.id]

    def locate_card(self) -> Block | None:
        """Locate the lines of a card; None without the mark over its values."""
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
        """Locate the columns of a table."""
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
        name_columns = self._name_columns()
        template_cells |= {(r, c) for r in range(self.top, self.bottom) for c in name_columns}
        used_columns = [*columns.values()] or [self.column]
        if number_column := self._number_column(heading_rows, set(columns.values())):
            used_columns.append(number_column)
            template_cells |= {
                (r, number_column) for r in rows if self._is_number((r, number_column))
            }
        bounds = self.top, min(used_columns), self.bottom, max(used_columns)
        headings = {(r, c): name for r in heading_rows for name, c in columns.items()}
        return Block(self.section, self.sheet, records, bounds, frozenset(template_cells), headings)

    def _name_columns(self) -> list[int]:
        """Return the columns of names looked up, which are not read: whatever they now show."""
        cells = ((c, self.sheet.value_at((self.top, c))) for c in self._columns())
        return [c for c, raw in cells if isinstance(raw, str) and raw.endswith(NAME_ENDING)]

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
        labels = Labels(
            self.finder.form_texts, self.labelled, self.sheet, heading_cells, unit_cells
        )
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
        path = f"{self.section.id}.{field_of_line(name)}"
        heading_text = display_text(self.sheet.value_at(positions[0]))
        self.finder.add_error("R32", heading, *values, field=path, seen=heading_text)

    def _first_row(self) -> int:
        """Return the first row below the headings."""
        return max(self._head_rows(), default=self.top) + 1

    def _head_rows(self) -> list[int]:
        head_markers = self.finder.markers.get(f"{self.section.id}:head", ())
        return [
            position[0]
            for sheet, position in head_markers
            if sheet is self.sheet and self.top < position[0] < self.bottom
        ]

    def _columns(self) -> range:
        width = len(self.sheet.rows[self.top - 1])
        return range(1, width + 1)

    def _id_positions(self, cells: Iterable[CellPosition]) -> dict[str, list[CellPosition]]:
        field_ids = {field.id for field in self.labelled.fields}
        field_ids |= {VALUE_MARKER, RECORD_MARKER, LAST_MARKER}
        positions_by_id: dict[str, list[CellPosition]] = defaultdict(list)
        for position in cells:
            raw = self.sheet.value_at(position)
            if isinstance(raw, str) and raw in field_ids:
                positions_by_id[raw].append(position)
        return positions_by_id

    def _find_field(
        self, field: Field, ids: Mapping[str, list[CellPosition]], rows: range
    ) -> CellPosition | None:
        """Return the cell of a field's id, or else of its heading; adds R26, R27 if that fails."""
        id_positions = ids.get(field.id, ())
        if position := single(id_positions or self._free_headings(field, ids, rows)):
            return position
        if id_positions or not may_be_absent(self.finder.form, self.section, field):
            code, error_position = (
                ("R27", id_positions[1]) if id_positions else ("R26", (self.top, self.column))
            )
            path = f"{self.section.id}.{field_of_line(field.id)}"
            self.finder.add_error(code, Place("", self.sheet.title, a1(error_position)), field=path)
        return None

    def _free_headings(
        self, field: Field, ids: Mapping[str, list[CellPosition]], rows: range
    ) -> list[CellPosition]:
        """Return the cells with a field's heading, except over or beside the id of another one."""
        axis = 1 if self.section.layout == "table" else 0
        taken_lines = {positions[0][axis] for positions in ids.values() if len(positions) == 1}
        return [
            position
            for position in self.sheet.positions_of(name_keys(field.title), rows)
            if position[axis] not in taken_lines
        ]

    def locate_columns(self) -> Block | None:
        """Locate the records of a section whose lines go over columns, its own or another's."""
        base = self.finder.block(self.section.under) if self.section.under else None
        columns = base.columns if base else self._record_columns()
        if not columns or (base and base.sheet is not self.sheet):
            return None
        lines = range(self.top + 1, self.bottom)
        ids = self._id_positions((r, self.column) for r in lines)
        rows = {
            field.id: id_cell[0]
            for field in self.labelled.fields
            if (id_cell := self._find_field(field, ids, lines))
        }
        label_columns = range(self.column + 1, columns[0])
        heading_cells = {name: [(r, c) for c in label_columns] for name, r in rows.items()}
        value_cells = {name: [(r, c) for c in columns] for name, r in rows.items()}
        for name, error_cells in self._find_exchanged(heading_cells, value_cells):
            self._report_exchange(name, error_cells)
            del rows[name]
        markers = {(self.top, c) for c in range(1, columns[-1] + 2)}
        heads = {(r, c) for r in self._head_rows() for c in columns}
        template_cells = markers | heads | {p for cells in ids.values() for p in cells}
        bounds = self.top, label_columns.start, self.bottom, columns[-1]
        headings = {(r, c): name for name, r in rows.items() for c in label_columns}
        return Block(
            self.section,
            self.sheet,
            tuple(column_records(self.section, rows, columns, base)),
            bounds,
            frozenset(template_cells),
            headings,
            columns,
        )

    def _record_columns(self) -> tuple[int, ...]:
        """Return the columns of records: the marked ones and those inserted between."""
        ids = self._id_positions((self.top, c) for c in self._columns())
        marked = [column for _, column in ids.get(RECORD_MARKER, ())]
        last = single(ids.get(LAST_MARKER, ()))
        stop = last[1] if last and marked and last[1] > max(marked) else max(marked, default=0) + 1
        return tuple(range(min(marked, default=stop), stop))

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


def column_records(
    section: Section, rows: Mapping[str, int], columns: Sequence[int], base: Block | None
) -> Iterator[Mapping[str, CellPosition]]:
    """Yield the cells of each record by field: column by column, in each of them part by part.

    Inherited fields have their cell in the record of `base` in that column.
    """
    for index, column in enumerate(columns):
        inherited = base.records[index] if base else {}
        for part in section.column_parts():
            cells = {name: inherited[name] for name in section.inherits if name in inherited}
            for name in part.lines:
                if (row := rows.get(line_id(part, name))) is not None:
                    cells[name] = row, column
            yield cells
