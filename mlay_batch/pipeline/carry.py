"""Values of an older version of a form, as the newer one names them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from mlay_batch.records import Return, Row
from mlay_batch.schema import Catalogue, Form
from mlay_batch.schema.carry import Moves, moves


def carried(rows: Iterable[Row], moved: Moves, new: Form) -> tuple[Row, ...]:
    """Return the rows with every field where `new` has it; the rest stays as it is.

    Fields that left their section make a row of their own there; those of a card make one row.
    """
    cards = {section.id for section in new.sections if section.layout == "card"}
    tables: list[Row] = []
    joined: dict[str, Row] = {}
    for part in (part for row in rows for part in _parted(row, moved)):
        if part.section not in cards:
            tables.append(part)
        elif other := joined.get(part.section):
            joined[part.section] = _joined(other, part)
        else:
            joined[part.section] = part
    return (*joined.values(), *tables)


def _joined(one: Row, other: Row) -> Row:
    values, cells = {**one.values, **other.values}, {**one.cells, **other.cells}
    return replace(one, values=values, cells=cells)


def _parted(row: Row, moved: Moves) -> Sequence[Row]:
    """Return the row by the sections its fields go to."""
    parts: dict[str, Row] = {}
    for field, value in row.values.items():
        path = f"{row.section}.{field}"
        section, _, name = moved.get(path, path).partition(".")
        part = parts.get(section, replace(row, section=section, values={}, cells={}))
        cells = {**part.cells, name: row.cells[field]} if field in row.cells else part.cells
        parts[section] = replace(part, values={**part.values, name: value}, cells=cells)
    return tuple(parts.values())


def to_newest(catalogue: Catalogue, returns: Sequence[Return]) -> tuple[Return, ...]:
    """Return the returns with the fields of every older version where the newest has them."""
    newest: dict[str, Form] = {}
    for form in sorted(catalogue.forms, key=lambda form: form.effective.from_):
        newest[form.form] = form
    forms = (newest.get(found.delivery.form or "") for found in returns)
    pairs = zip(returns, forms, strict=True)
    return tuple(to_version(catalogue, found, new) if new else found for found, new in pairs)


def to_version(catalogue: Catalogue, found: Return, new: Form) -> Return:
    """Return a return on an older version as `new` names its fields."""
    old = catalogue.form(new.form, found.delivery.version or "")
    moved = moves(catalogue, old, new) if old else {}
    return replace(found, rows=carried(found.rows, moved, new)) if moved else found
