"""Rows to frames: one frame a section for all returns of one form, typed and never coerced.

Beside the fields of the section a frame has columns of its own, told apart by ``@``: which return
a row belongs to, its Excel row, the period's first and last day. The index counts from 0, so that
a failure leads back to its `Row`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from mlay_batch.findings import Finding
from mlay_batch.period import Period
from mlay_batch.records import Row, Submission, Value
from mlay_batch.schema.records import Field, Form, Rule, Section

SUBMISSION, NUMBER, START, END = "@submission", "@number", "@start", "@end"
TEXT = pd.StringDtype("python")
DAY = "datetime64[s]"
DTYPES: Mapping[str, Any] = {"integer": "Int64", "number": "Float64", "date": DAY}

LARGEST = 10**15
"""Bound of every number: beyond 15 digits Excel itself no longer keeps them all."""


@dataclass(frozen=True)
class Entry:
    """A return to check. Without a `period` (not certain) dates are not held against it.

    `findings` are those it has so far.
    """

    submission: Submission
    form: Form
    period: Period | None = None
    findings: tuple[Finding, ...] = ()

    def add(self, findings: Iterable[Finding]) -> Entry:
        """Return the same with more findings."""
        return replace(self, findings=(*self.findings, *findings))


@dataclass(frozen=True)
class Table:
    """The rows of one section of all returns: `frame` row i is `rows[i]` of entry `owners[i]`."""

    section: Section
    frame: pd.DataFrame
    rows: tuple[Row, ...]
    owners: tuple[int, ...]


def dtype(field: Field) -> Any:
    """Return the nullable column type of a field."""
    return DTYPES.get(field.type, TEXT)


def tables(entries: Mapping[int, Entry], form: Form) -> dict[str, Table]:
    """Return every section of `form` as a table over `entries` (by their number in the batch)."""
    plain = {section.id: _table(entries, section) for section in form.sections}
    return {name: _joined(table, plain) for name, table in plain.items()}


def _table(entries: Mapping[int, Entry], section: Section) -> Table:
    held = [
        (number, entry, row)
        for number, entry in entries.items()
        for row in entry.submission.section(section.id)
    ]
    periods = [entry.period for _, entry, _ in held]
    columns: dict[str, Any] = {
        SUBMISSION: pd.Series([number for number, _, _ in held], dtype="int64"),
        NUMBER: pd.Series([row.number for _, _, row in held], dtype="int64"),
        START: pd.Series([period and period.start for period in periods], dtype=DAY),
        END: pd.Series([period and period.end for period in periods], dtype=DAY),
    }
    for field in section.fields:
        values = [_typed(row.values.get(field.id), field) for _, _, row in held]
        columns[field.id] = pd.Series(values, dtype=dtype(field))
    return Table(
        section,
        pd.DataFrame(columns),
        tuple(row for _, _, row in held),
        tuple(number for number, _, _ in held),
    )


def _typed(value: Value, field: Field) -> Any:
    """Return the value as its column holds it: an endless or huge number just beyond the bound."""
    if value is None or value == "":
        return None
    if field.type in ("integer", "number") and isinstance(value, int | float):
        if math.isnan(value):
            return None
        return max(-LARGEST - 1, min(LARGEST + 1, value))
    return value if field.type == "date" else str(value)


Given = Mapping[str, Sequence[str | int]]


def found_column(value: str, target: str, among: Given | None = None) -> str:
    """Return the name of the column that says whether `value` stands in `target`."""
    return f"@{value} in {target}" + (f" {dict(among)}" if among else "")


def ref_column(ref: str, path: str) -> str:
    """Return the name of the column with the field `path` of the row that `ref` names."""
    return f"@{ref} {path}"


def _joined(table: Table, others: Mapping[str, Table]) -> Table:
    """Return the table with what its rules ask of other sections joined by return."""
    added: dict[str, Any] = {}
    for rule in table.section.rules:
        if rule.check == "exists_in":
            asked = rule.params
            name = found_column(asked["value"], asked["target"], asked.get("among"))
            added[name] = _found(table, rule, others)
        if rule.check == "within_ref":
            for path in (rule.params["start"], rule.params["end"]):
                added[ref_column(rule.params["ref"], path)] = _of_ref(table, rule, path, others)
        for path in _card_paths(rule):
            added[path] = _of_card(table.frame, path, others)
    frame = table.frame.assign(**added)
    return Table(table.section, frame, table.rows, table.owners)


def _card_paths(rule: Rule) -> Iterable[str]:
    """Return the fields of cards, ``section.field``, that a rule looks at."""
    given = [path for path in rule.params.get("given", ()) if "." in path]
    if rule.check != "sum_equals_card":
        return given
    return [*rule.params["plus"], *rule.params.get("less", ()), *given]


def _found(table: Table, rule: Rule, others: Mapping[str, Table]) -> pd.Series[bool]:
    section, _, field = rule.params["target"].partition(".")
    known = set(_pairs(others[section], field, rule.params.get("among", {})))
    found = [pair in known for pair in _pairs(table, rule.params["value"])]
    return pd.Series(found, index=table.frame.index, dtype=bool)


def _pairs(table: Table, field: str, among: Given = {}) -> Iterable[tuple[int, Value]]:  # noqa: B006 - never changed
    wanted = [(path.rpartition(".")[2], values) for path, values in among.items()]
    for owner, row in zip(table.owners, table.rows, strict=True):
        if all(row.values.get(name) in values for name, values in wanted):
            yield owner, row.values.get(field)


def _of_ref(table: Table, rule: Rule, path: str, others: Mapping[str, Table]) -> pd.Series[Any]:
    """Return, for each row, the date at `path` of the row its `ref` names; of several the last."""
    section, _, key = rule.params["target"].partition(".")
    field = path.rpartition(".")[2]
    target = others[section]
    known = dict(zip(_pairs(target, key), (row.values.get(field) for row in target.rows),
                     strict=True))  # fmt: skip
    days = [known.get(pair) for pair in _pairs(table, rule.params["ref"])]
    return pd.Series(days, index=table.frame.index, dtype=DAY)


def _of_card(frame: pd.DataFrame, path: str, others: Mapping[str, Table]) -> pd.Series[Any]:
    section, _, field = path.partition(".")
    card = others[section].frame.drop_duplicates(SUBMISSION).set_index(SUBMISSION)[field]
    return frame[SUBMISSION].map(card).astype(card.dtype)
