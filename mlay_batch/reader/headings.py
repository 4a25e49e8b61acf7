"""A section whose markers are lost, found by its headings; where two places fit, none is taken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mlay_batch.layout import HEAD, sections_of
from mlay_batch.names import name_key
from mlay_batch.reader.blocks import (
    Block,
    Search,
    is_marker,
    key_at,
    keys_of,
    only,
)
from mlay_batch.reader.facts import Spot
from mlay_batch.reader.grid import Sheet
from mlay_batch.reader.values import shown
from mlay_batch.schema.records import Field, Form, Section


def by_headings(search: Search, section: Section) -> Block | None:
    """Return the section found by the titles of all its fields, matched by name key.

    A table is the only row that holds every title; a card stands between its own title and the
    next section's, each label there once, with at most one value right of it.
    """
    find = _card if section.layout == "card" else _table
    found = [block for sheet in search.sheets for block in find(search, section, sheet)]
    return only(found)


def _row(sheet: Sheet, row: int) -> dict[str, list[int]]:
    """Return the columns of each text of a row, by name key."""
    found: dict[str, list[int]] = {}
    for column, raw in enumerate(sheet.rows[row - 1], 1):
        if isinstance(raw, str) and raw:
            found.setdefault(name_key(shown(raw)), []).append(column)
    return found


def _table(search: Search, section: Section, sheet: Sheet) -> Iterator[Block]:
    titles = _section_rows(search.form, sheet)
    for row in range(1, len(sheet.rows) + 1):
        texts = _row(sheet, row)
        columns = {
            entry.id: column
            for entry in section.fields
            if (column := _column(entry, texts)) is not None
        }
        own = [at for at in titles if at < row]
        misplaced = own and titles[max(own)] != section.id
        if len(columns) == len(section.fields) and not misplaced:
            yield _table_at(search, section, sheet, row, columns)


def _column(entry: Field, texts: Mapping[str, list[int]]) -> int | None:
    return only([c for key in keys_of(entry.title) for c in texts.get(key, ())])


def _table_at(
    search: Search, section: Section, sheet: Sheet, head: int, columns: Mapping[str, int]
) -> Block:
    fixed = search.template.fixed
    texts = _row(sheet, head)
    numbers = only([c for key in search.template.numbers for c in texts.get(key, ())])
    used = [*columns.values(), *([numbers] if numbers else [])]
    rows = range(head + 1, _end(sheet, head + 1, range(min(used), max(used) + 1), fixed))
    records = tuple({name: (row, column) for name, column in columns.items()} for row in rows)
    counted = (
        (row, numbers)
        for row in rows
        if numbers and shown(sheet.at((row, numbers))).rstrip(".").isdigit()
    )
    box = head, min(used), rows.stop - 1, max(used)
    return Block(section, sheet, records, box, frozenset(counted))


def _end(sheet: Sheet, first: int, columns: range, fixed: frozenset[str]) -> int:
    """Return the first row from `first` on that holds a text of the template or a marker."""
    for row in range(first, len(sheet.rows) + 1):
        if any(is_marker(raw) for raw in sheet.rows[row - 1] if isinstance(raw, str)):
            return row
        if any(key_at(sheet, (row, column)) in fixed for column in columns):
            return row
    return len(sheet.rows) + 1


def _section_rows(form: Form, sheet: Sheet) -> dict[int, str]:
    """Return the rows where a section's title stands."""
    wanted = {
        key: section.id for section in sections_of(form) for key in keys_of(section.title) if key
    }
    return {
        row: wanted[key]
        for row in range(1, len(sheet.rows) + 1)
        for key in _row(sheet, row)
        if key in wanted
    }


def _card(search: Search, section: Section, sheet: Sheet) -> Iterator[Block]:
    titles = _section_rows(search.form, sheet)
    starts = [0] if section is HEAD else [row for row, name in titles.items() if name == section.id]
    for start in starts:
        stop = min((row for row in titles if row > start), default=len(sheet.rows) + 1)
        spots = {
            entry.id: spot
            for entry in section.fields
            if (spot := _beside(search, sheet, entry, range(start + 1, stop)))
        }
        if len(spots) == len(section.fields):
            rows, columns = zip(*spots.values(), strict=True)
            box = min(rows), min(columns) - 1, max(rows), max(columns)
            yield Block(section, sheet, (spots,), box)


def _beside(search: Search, sheet: Sheet, entry: Field, rows: range) -> Spot | None:
    """Return the value cell of the only label of `entry` in `rows`, or None."""
    wanted = keys_of(entry.title)
    labels = [(r, c) for r in rows for key in wanted for c in _row(sheet, r).get(key, ())]
    label = only(sorted(set(labels)))
    if label is None:
        return None
    fixed = search.template.fixed
    row, column = label
    filled = [
        (row, c)
        for c in range(column + 1, len(sheet.rows[row - 1]) + 1)
        if shown(sheet.at((row, c))) and key_at(sheet, (row, c)) not in fixed
    ]
    if len(filled) > 1:
        return None
    return filled[0] if filled else (row, _width(sheet, label))


def _width(sheet: Sheet, label: Spot) -> int:
    """Return the column right of a label that may be merged over several."""
    merged = [last for *first, _, last in sheet.facts.merges if tuple(first) == label]
    return (merged[0] if merged else label[1]) + 1
