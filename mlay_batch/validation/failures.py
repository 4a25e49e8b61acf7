"""One lazy pandera call over a section of all returns, and the figures of whatever failed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaError, SchemaErrorReason

from mlay_batch.findings import Param
from mlay_batch.records import plain
from mlay_batch.schema.records import Field, Form, Rule, Section
from mlay_batch.validation.frames import Table
from mlay_batch.validation.rules import BUILT_IN, RULES
from mlay_batch.validation.schema import lower_bound, schema_for, upper_bound


@dataclass(frozen=True)
class Failure:
    """A row that broke a check: finding code, field it stands at, message figures, the rule."""

    at: int
    code: str
    field: str
    params: Mapping[str, Param]
    rule: Rule | None = None


def failures(table: Table, form: Form) -> tuple[Failure, ...]:
    """Return everything in `table` that breaks its section's schema."""
    if table.frame.empty:
        return ()
    try:
        schema_for(table.section, form).validate(table.frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        return tuple(found for error in errors.schema_errors for found in _of(error, table))
    return ()


def _of(error: SchemaError, table: Table) -> Iterator[Failure]:
    if error.reason_code is SchemaErrorReason.SERIES_CONTAINS_NULLS:
        for at in error.failure_cases["index"]:
            yield Failure(int(at), "F01", str(error.schema.name), {})
        return
    if error.reason_code is not SchemaErrorReason.DATAFRAME_CHECK or error.check_output is None:
        raise error  # a frame of ours that does not fit its own schema: a bug, not a finding
    code = str(error.check.error)
    broken = [int(at) for at, holds in error.check_output.items() if not holds]
    if isinstance(error.schema, pa.DataFrameSchema):
        yield from _of_rows(code, error.check.statistics, broken, table)
    else:
        field = table.section.field(str(error.schema.name))
        for at in broken:
            yield Failure(at, code, field.id, _limits(code, field, table.rows[at].values[field.id]))


def _of_rows(
    code: str, params: Mapping[str, Any], broken: list[int], table: Table
) -> Iterator[Failure]:
    """Yield the failures of a check over whole rows, with the figures it found there."""
    rule = next((rule for rule in table.section.rules if rule.code == code), None)
    check = RULES[rule.check] if rule else BUILT_IN[code]
    given = {key: value for key, value in params.items() if value is not None}
    facts = check(table.frame, **given).facts
    field = _field(table.section, rule, params)
    for at in broken:
        figures = {gap: _param(_at(fact, at)) for gap, fact in facts.items()}
        if code == "F04" and (swapped := _swapped(figures)):
            yield Failure(at, "F05", field, {**figures, "swapped": swapped})
        else:
            yield Failure(at, code, field, figures, rule)


def _field(section: Section, rule: Rule | None, params: Mapping[str, Any]) -> str:
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


def _swapped(figures: Mapping[str, Param]) -> str | None:
    """Return the date with day and month exchanged, if only that lies within the period."""
    day = date.fromisoformat(str(figures["value"]))
    if day.day > 12:
        return None
    turned = date(day.year, day.day, day.month).isoformat()
    return turned if str(figures["start"]) <= turned <= str(figures["end"]) else None


def _at(fact: Any, at: int) -> Any:
    return fact.iloc[at] if isinstance(fact, pd.Series) else fact


def _param(value: Any) -> Param:
    """Return a figure as a finding keeps it: dates as ``2019-09-03``, no noise of binary sums."""
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    number = value.item() if hasattr(value, "item") else value
    return plain(round(number, 6) if isinstance(number, float) else number)
