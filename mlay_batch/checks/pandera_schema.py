"""Builds the pandera schema of a section; checks carry the finding's code as their error."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandera.pandas as pa

from mlay_batch.checks import row_rules  # noqa: F401 - registers the checks used below by name
from mlay_batch.checks.frames import LARGEST, dtype
from mlay_batch.schema.model import Field, Form, Section


def schema_for(section: Section, form: Form) -> pa.DataFrameSchema:
    """Return the schema of one section: a typed nullable column a field, then the rules.

    Values are typed by the reader; nothing is coerced here. ``F01`` is a null where ``required``.
    """
    return pa.DataFrameSchema(
        {field.id: _column(field) for field in section.fields},
        checks=list(_frame_checks(section)),
        name=f"{form.form}-{form.version}.{section.id}",
        title=section.title.vi,
    )


def _column(field: Field) -> pa.Column:
    return pa.Column(
        dtype(field),
        checks=list(_field_checks(field)),
        nullable=not field.required,
        title=field.title.vi,
    )


def _field_checks(field: Field) -> Iterator[Any]:
    if field.type in ("integer", "number"):
        yield pa.Check.ge(lower_bound(field), error="F02")
        yield pa.Check.le(upper_bound(field), error="F03")
    if field.type == "text":
        yield pa.Check.str_length(max_value=field.max_length, error="F06")
        if field.pattern:
            yield pa.Check.str_matches(rf"(?:{field.pattern})\Z", error="F07")


def lower_bound(field: Field) -> float:
    """Return the least value of a number field."""
    return -LARGEST if field.min is None else field.min


def upper_bound(field: Field) -> float:
    """Return the largest value of a number field."""
    return LARGEST if field.max is None else field.max


def _frame_checks(section: Section) -> Iterator[Any]:
    for field in section.fields:
        if field.type == "date" and field.within_period:
            yield pa.Check.within_period(value=field.id, error="F04")
    if section.unique:
        yield pa.Check.unique_rows(fields=list(section.unique), error="F08")
    for rule in section.rules:
        yield getattr(pa.Check, rule.check)(**rule.params, error=rule.code)
