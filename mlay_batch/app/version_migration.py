"""Converts values of an older version of a form to the fields of a newer one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from mlay_batch.model.records import AcceptedReturn, Row
from mlay_batch.schema import Catalogue, Form
from mlay_batch.schema.overlap import age_key
from mlay_batch.schema.versions import FieldMapping, field_mapping


def convert_rows(rows: Iterable[Row], mapping: FieldMapping, new_form: Form) -> tuple[Row, ...]:
    """Return the rows with every field where `new_form` has it; others are unchanged.

    Fields moved to another section form a row there; those of a card form one row.
    """
    card_sections = {section.id for section in new_form.sections if section.layout == "card"}
    table_rows: list[Row] = []
    card_rows: dict[str, Row] = {}
    for part in (part for row in rows for part in _split_by_section(row, mapping)):
        if part.section not in card_sections:
            table_rows.append(part)
        elif existing := card_rows.get(part.section):
            card_rows[part.section] = _merge_rows(existing, part)
        else:
            card_rows[part.section] = part
    return (*card_rows.values(), *table_rows)


def _merge_rows(row: Row, other: Row) -> Row:
    values, cells = {**row.values, **other.values}, {**row.cells, **other.cells}
    return replace(row, values=values, cells=cells)


def _split_by_section(row: Row, mapping: FieldMapping) -> Sequence[Row]:
    """Return the row split by the new sections of its fields."""
    parts: dict[str, Row] = {}
    for field, value in row.values.items():
        path = f"{row.section}.{field}"
        section, _, name = mapping.get(path, path).partition(".")
        part = parts.get(section, replace(row, section=section, values={}, cells={}))
        cells = {**part.cells, name: row.cells[field]} if field in row.cells else part.cells
        parts[section] = replace(part, values={**part.values, name: value}, cells=cells)
    return tuple(parts.values())


def _common_rows(rows: Iterable[Row], new_form: Form) -> tuple[Row, ...]:
    """Return the rows of a list with the fields that `new_form` has as well."""
    names = {section.id: {f.id for f in section.fields} for section in new_form.sections}
    return tuple(
        replace(row, values={n: v for n, v in row.values.items() if n in names[row.section]})
        for row in rows
        if row.section in names
    )


def to_newest(
    catalogue: Catalogue, returns: Sequence[AcceptedReturn]
) -> tuple[AcceptedReturn, ...]:
    """Return the returns converted to the newest versions of their forms."""
    newest_forms: dict[str, Form] = {}
    for form in sorted(catalogue.forms, key=age_key):
        newest_forms[form.form] = form
    forms = (newest_forms.get(accepted.entry.form or "") for accepted in returns)
    pairs = zip(returns, forms, strict=True)
    return tuple(
        to_version(catalogue, accepted, new_form) if new_form else accepted
        for accepted, new_form in pairs
    )


def to_version(catalogue: Catalogue, accepted: AcceptedReturn, new_form: Form) -> AcceptedReturn:
    """Return a return converted to the fields of `new_form`; what only a list has is dropped."""
    old_form = catalogue.form(new_form.form, accepted.entry.version)
    if accepted.entry.is_sketch:
        return replace(accepted, rows=_common_rows(accepted.rows, new_form))
    mapping = field_mapping(catalogue, old_form, new_form) if old_form else {}
    return (
        replace(accepted, rows=convert_rows(accepted.rows, mapping, new_form))
        if mapping
        else accepted
    )
