"""Validates a section of many returns by one lazy pandera call; collects the messages' figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaError, SchemaErrorReason

from mlay_batch.checks.frames import LARGEST, SectionTable, dtype
from mlay_batch.checks.row_rules import BUILT_IN, RULES
from mlay_batch.core.findings import Param
from mlay_batch.model.records import json_value
from mlay_batch.schema.model import Field, Form, Rule, Section


@dataclass(frozen=True)
class Failure:
    """A row that broke a check.

    Attributes:
        index: number of the row in the frame of its section, from 0.
        code: finding code: the rule's, or one of ``F01`` to ``F08``.
        field: id of the field at which the finding stands; of a rule the first of its `mark`.
        params: figures for the gaps of the message, by gap.
        rule: rule of the form that was broken; None for a check that every form has.
    """

    index: int
    code: str
    field: str
    params: Mapping[str, Param]
    rule: Rule | None = None


def failures(table: SectionTable, form: Form) -> tuple[Failure, ...]:
    """Return everything in `table` that breaks its section's schema."""
    if table.frame.empty:
        return ()
    try:
        schema_for(table.section, form).validate(table.frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        return tuple(
            failure for error in errors.schema_errors for failure in _failures_of(error, table)
        )
    return ()


def _failures_of(error: SchemaError, table: SectionTable) -> Iterator[Failure]:
    if error.reason_code is SchemaErrorReason.SERIES_CONTAINS_NULLS:
        for index in error.failure_cases["index"]:
            yield Failure(int(index), "F01", str(error.schema.name), {})
        return
    if error.reason_code is not SchemaErrorReason.DATAFRAME_CHECK or error.check_output is None:
        raise error  # a frame of ours that does not fit its own schema: a bug, not a finding
    code = str(error.check.error)
    failed_rows = [int(index) for index, holds in error.check_output.items() if not holds]
    if isinstance(error.schema, pa.DataFrameSchema):
        yield from _row_failures(code, error.check.statistics, failed_rows, table)
    else:
        field = table.section.field(str(error.schema.name))
        for index in failed_rows:
            yield Failure(
                index, code, field.id, _limits(code, field, table.rows[index].values[field.id])
            )


def _row_failures(
    code: str, params: Mapping[str, Any], failed_rows: list[int], table: SectionTable
) -> Iterator[Failure]:
    """Yield the failures of a check over whole rows, with the figures it found there."""
    rule = next((rule for rule in table.section.rules if rule.code == code), None)
    check = RULES[rule.check] if rule else BUILT_IN[code]
    check_params = {key: value for key, value in params.items() if value is not None}
    results = check(table.frame, **check_params).figures
    field = _field_id(table.section, rule, params)
    for index in failed_rows:
        figures = {gap: _param(_value_at(result, index)) for gap, result in results.items()}
        if code == "F04" and (swapped_date := _swapped_date(figures)):
            yield Failure(index, "F05", field, {**figures, "swapped": swapped_date})
        else:
            yield Failure(index, code, field, figures, rule)


def _field_id(section: Section, rule: Rule | None, params: Mapping[str, Any]) -> str:
    if rule:
        return rule.mark[0]
    return params.get("value") or section.unique[0]


def _limits(code: str, field: Field, value: Any) -> dict[str, Param]:
    """Return the figures of a finding about one value alone."""
    if code == "F06":
        return {"value": len(str(value)), "bound": field.max_length}
    if code == "F07":
        return {"value": value, "example": field.example or field.pattern}
    return {"value": value, "bound": _param({"F02": lower_bound, "F03": upper_bound}[code](field))}


def _swapped_date(figures: Mapping[str, Param]) -> str | None:
    """Return the date with day and month exchanged, if only that lies within the period."""
    day = date.fromisoformat(str(figures["value"]))
    if day.day > 12:
        return None
    exchanged = date(day.year, day.day, day.month).isoformat()
    return exchanged if str(figures["start"]) <= exchanged <= str(figures["end"]) else None


def _value_at(result: Any, index: int) -> Any:
    return result.iloc[index] if isinstance(result, pd.Series) else result


def _param(value: Any) -> Param:
    """Return a figure as a finding keeps it: dates as ``2019-09-03``, no noise of binary sums."""
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    number = value.item() if hasattr(value, "item") else value
    return json_value(round(number, 6) if isinstance(number, float) else number)


@lru_cache(maxsize=64)  # every group of returns asks for it; as many as a few forms have sections
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
