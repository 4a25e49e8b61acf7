"""Locates a section by its markers, or else by its headings.

Markers (see `layout`) may have moved: rows or columns were inserted, columns reordered, sheets
renamed. People type under what they see: where the visible heading over a cell names another field
than the hidden id, it is unclear which is meant (`labels`). By headings, a section is located only
where exactly one place fits.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping

from mlay_batch.core.findings import Place
from mlay_batch.reader.cell_metadata import CellPosition, a1
from mlay_batch.reader.grid import Sheet, is_marker
from mlay_batch.reader.labels import (
    foreign_sheet_title,
    foreign_title_above,
)
from mlay_batch.reader.marked_section import MarkedSection, column_records
from mlay_batch.reader.section_finder import (
    Block,
    SectionFinder,
    cell_key,
    name_keys,
    single,
)
from mlay_batch.reader.values import display_text
from mlay_batch.schema.column_widths import is_name, table_columns
from mlay_batch.schema.layout import HEADER, sections_of
from mlay_batch.schema.model import Field, Form, Section
from mlay_batch.schema.switches import may_be_absent
from mlay_batch.schema.who_reports import heading_title


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
    marked_section = MarkedSection(finder, section, sheet, top, bottom, column)
    if section.layout == "columns":
        return marked_section.locate_columns()
    return (
        marked_section.locate_card() if section.layout == "card" else marked_section.locate_table()
    )


def locate_by_headings(finder: SectionFinder, section: Section) -> Block | None:
    """Locate the section by the titles of all its fields, matched by name key.

    A table is the only row with every title; a card is between its own title and the next
    section's, each label there once, with at most one value right of it.
    """
    if section.layout == "columns":
        return _find_columns(finder, section)
    find_blocks = _find_cards if section.layout == "card" else _find_tables
    blocks = [block for sheet in finder.sheets for block in find_blocks(finder, section, sheet)]
    return single(blocks)


def _find_columns(finder: SectionFinder, section: Section) -> Block | None:
    """Return the lines under columns whose labels are each there once, in one column of a sheet.

    Those of a section under another one have their labels beside its. The records of a section of
    its own are the columns from the labels to the last filled one.
    """
    base = finder.block(section.under) if section.under else None
    if section.under and base is None:
        return None
    blocks = []
    for sheet in [base.sheet] if base else finder.sheets:
        fields = finder.form_texts.labelled[section.id].fields
        labels = {field.id: sheet.positions_of(name_keys(field.title)) for field in fields}
        positions = {name: found[0] for name, found in labels.items() if len(found) == 1}
        label_columns = {column for _, column in positions.values()}
        if not _are_all(finder.form, section, fields, positions) or len(label_columns) != 1:
            continue
        rows = {name: row for name, (row, _) in positions.items()}
        first = max(label_columns) + 1
        columns = base.columns if base else _filled_columns(sheet, rows.values(), first)
        bounds = min(rows.values()), first - 1, max(rows.values()), max(columns, default=first)
        records = tuple(column_records(section, rows, columns, base))
        blocks.append(Block(section, sheet, records, bounds, columns=tuple(columns)))
    return single(blocks)


def _are_all(form: Form, section: Section, fields: Iterable[Field], found: Container[str]) -> bool:
    """Whether every field is among those `found`, besides what an office may have switched off."""
    return all(field.id in found or may_be_absent(form, section, field) for field in fields)


def _filled_columns(sheet: Sheet, rows: Iterable[int], first: int) -> tuple[int, ...]:
    lines = set(rows)
    filled = [c for r, c in sheet.filled_cells if r in lines and c >= first]
    return tuple(range(first, max(filled, default=first) + 1))


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
        if _are_all(finder.form, section, section.fields, columns) and not misplaced:
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
    names = (f for _, f in table_columns(finder.form, section) if is_name(f))
    heads = (sheet.positions_of(name_keys(f.title), range(head_row, head_row + 1)) for f in names)
    name_cells = {(row, column) for found in heads for _, column in found for row in rows}
    bounds = head_row, min(used_columns), rows.stop - 1, max(used_columns)
    return Block(section, sheet, records, bounds, frozenset({*numbers, *name_cells}))


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
            if (position := _value_cell(finder, section, sheet, field, range(start + 1, stop)))
        }
        if positions and _are_all(finder.form, section, section.fields, positions):
            rows, columns = zip(*positions.values(), strict=True)
            bounds = min(rows), min(columns) - 1, max(rows), max(columns)
            yield Block(section, sheet, (positions,), bounds)


def _value_cell(
    finder: SectionFinder, section: Section, sheet: Sheet, field: Field, rows: range
) -> CellPosition | None:
    """Return the value cell of the only label of `field` in `rows`, or None."""
    title = heading_title(finder.form, section, field)
    label = single(sheet.positions_of(name_keys(title), rows))
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
