"""A section whose markers are lost, found by its headings; where two places fit, none is taken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mlay_batch.core.text import name_key
from mlay_batch.reader.cell_metadata import CellPosition
from mlay_batch.reader.grid import Sheet
from mlay_batch.reader.section_finder import (
    Block,
    SectionFinder,
    cell_key,
    is_marker,
    name_keys,
    single,
)
from mlay_batch.reader.values import display_text
from mlay_batch.schema.layout import HEADER, sections_of
from mlay_batch.schema.model import Field, Form, Section


def locate_by_headings(finder: SectionFinder, section: Section) -> Block | None:
    """Return the section found by the titles of all its fields, matched by name key.

    A table is the only row that holds every title; a card stands between its own title and the
    next section's, each label there once, with at most one value right of it.
    """
    find_blocks = _find_cards if section.layout == "card" else _find_tables
    blocks = [block for sheet in finder.sheets for block in find_blocks(finder, section, sheet)]
    return single(blocks)


def _columns_by_text(sheet: Sheet, row: int) -> dict[str, list[int]]:
    """Return the columns of each text of a row, by name key."""
    columns: dict[str, list[int]] = {}
    for column, raw in enumerate(sheet.rows[row - 1], 1):
        if isinstance(raw, str) and raw:
            columns.setdefault(name_key(display_text(raw)), []).append(column)
    return columns


def _find_tables(finder: SectionFinder, section: Section, sheet: Sheet) -> Iterator[Block]:
    title_rows = _section_rows(finder.form, sheet)
    for row in range(1, len(sheet.rows) + 1):
        columns_by_text = _columns_by_text(sheet, row)
        columns = {
            field.id: column
            for field in section.fields
            if (column := _field_column(field, columns_by_text)) is not None
        }
        rows_above = [title_row for title_row in title_rows if title_row < row]
        misplaced = rows_above and title_rows[max(rows_above)] != section.id
        if len(columns) == len(section.fields) and not misplaced:
            yield _table_block(finder, section, sheet, row, columns)


def _field_column(field: Field, texts: Mapping[str, list[int]]) -> int | None:
    return single([c for key in name_keys(field.title) for c in texts.get(key, ())])


def _table_block(
    finder: SectionFinder, section: Section, sheet: Sheet, head_row: int, columns: Mapping[str, int]
) -> Block:
    fixed = finder.form_texts.fixed_texts
    columns_by_text = _columns_by_text(sheet, head_row)
    number_column = single(
        [c for key in finder.form_texts.number_headings for c in columns_by_text.get(key, ())]
    )
    used_columns = [*columns.values(), *([number_column] if number_column else [])]
    rows = range(
        head_row + 1,
        _table_end(sheet, head_row + 1, range(min(used_columns), max(used_columns) + 1), fixed),
    )
    records = tuple({name: (row, column) for name, column in columns.items()} for row in rows)
    number_cells = (
        (row, number_column)
        for row in rows
        if number_column
        and display_text(sheet.value_at((row, number_column))).rstrip(".").isdigit()
    )
    bounds = head_row, min(used_columns), rows.stop - 1, max(used_columns)
    return Block(section, sheet, records, bounds, frozenset(number_cells))


def _table_end(sheet: Sheet, first: int, columns: range, fixed: frozenset[str]) -> int:
    """Return the first row from `first` on that holds a text of the template or a marker."""
    for row in range(first, len(sheet.rows) + 1):
        if any(is_marker(raw) for raw in sheet.rows[row - 1] if isinstance(raw, str)):
            return row
        if any(cell_key(sheet, (row, column)) in fixed for column in columns):
            return row
    return len(sheet.rows) + 1


def _section_rows(form: Form, sheet: Sheet) -> dict[int, str]:
    """Return the rows where a section's title stands."""
    section_by_title = {
        key: section.id for section in sections_of(form) for key in name_keys(section.title) if key
    }
    return {
        row: section_by_title[key]
        for row in range(1, len(sheet.rows) + 1)
        for key in _columns_by_text(sheet, row)
        if key in section_by_title
    }


def _find_cards(finder: SectionFinder, section: Section, sheet: Sheet) -> Iterator[Block]:
    title_rows = _section_rows(finder.form, sheet)
    starts = (
        [0]
        if section is HEADER
        else [row for row, name in title_rows.items() if name == section.id]
    )
    for start in starts:
        stop = min((row for row in title_rows if row > start), default=len(sheet.rows) + 1)
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
    title_keys = name_keys(field.title)
    labels = [
        (r, c) for r in rows for key in title_keys for c in _columns_by_text(sheet, r).get(key, ())
    ]
    label = single(sorted(set(labels)))
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
