"""Builds one frame a section for all returns of one form: typed, never coerced.

Besides the fields of the section a frame has columns marked by ``@``: the return a row belongs to,
its Excel row, the period's first and last day, the type of the organisation. The index counts from
0, so that a failure leads back to its `Row`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from mlay_batch.core.findings import Finding
from mlay_batch.core.period import Period
from mlay_batch.model.records import Row, Submission, Value
from mlay_batch.schema.checks import REPORTER
from mlay_batch.schema.model import Field, Form, Rule, Section
from mlay_batch.schema.schemes import Scheme

SUBMISSION, NUMBER, START, END = "@submission", "@number", "@start", "@end"
TEXT = pd.StringDtype("python")
DAY = "datetime64[s]"
DTYPES: Mapping[str, Any] = {"integer": "Int64", "number": "Float64", "date": DAY}

LARGEST = 10**15
"""Bound of every number: Excel stores 15 digits."""


@dataclass(frozen=True)
class CandidateReturn:
    """A return to check."""

    submission: Submission
    form: Form
    period: Period | None = None
    """None where it is not certain: dates are then not compared with it."""
    scheme: Scheme | None = None
    """The scheme of meeting scores that holds in the period."""
    reporter: str | None = None
    """Type of the organisation; None where it is not known."""
    findings: tuple[Finding, ...] = ()
    """Those it has so far."""

    def add(self, findings: Iterable[Finding]) -> CandidateReturn:
        """Return the candidate with `findings` added."""
        return replace(self, findings=(*self.findings, *findings))


@dataclass(frozen=True)
class SectionTable:
    """One section of all returns.

    Attributes:
        section: its description.
        frame: one line for each row: a column for each field, columns of return, row number and
            period (``@…``), and those that rules need of other sections.
        rows: the row of each line of `frame`.
        owners: number in the batch of the return that each line belongs to.
    """

    section: Section
    frame: pd.DataFrame
    rows: tuple[Row, ...]
    owners: tuple[int, ...]


def dtype(field: Field) -> Any:
    """Return the nullable column type of a field."""
    return DTYPES.get(field.type, TEXT)


def section_tables(
    candidates: Mapping[int, CandidateReturn], form: Form
) -> dict[str, SectionTable]:
    """Return every section of `form` as a table over `candidates` (by number in the batch)."""
    base_tables = {section.id: _table(candidates, section) for section in form.sections}
    return {name: _join(table, base_tables, candidates) for name, table in base_tables.items()}


def _table(candidates: Mapping[int, CandidateReturn], section: Section) -> SectionTable:
    records = [
        (number, candidate, row)
        for number, candidate in candidates.items()
        for row in candidate.submission.section_rows(section.id)
    ]
    periods = [candidate.period for _, candidate, _ in records]
    columns: dict[str, Any] = {
        SUBMISSION: pd.Series([number for number, _, _ in records], dtype="int64"),
        NUMBER: pd.Series([row.number for _, _, row in records], dtype="int64"),
        START: pd.Series([period and period.start for period in periods], dtype=DAY),
        END: pd.Series([period and period.end for period in periods], dtype=DAY),
        REPORTER: pd.Series([candidate.reporter for _, candidate, _ in records], dtype=TEXT),
    }
    for field in section.fields:
        values = [_column_value(row.values.get(field.id), field) for _, _, row in records]
        columns[field.id] = pd.Series(values, dtype=dtype(field))
    return SectionTable(
        section,
        pd.DataFrame(columns),
        tuple(row for _, _, row in records),
        tuple(number for number, _, _ in records),
    )


def _column_value(value: Value, field: Field) -> Any:
    """Return the value for its column: an infinite or huge number just beyond the bound."""
    if value is None or value == "":
        return None
    if field.type in ("integer", "number") and isinstance(value, int | float):
        if math.isnan(value):
            return None
        return max(-LARGEST - 1, min(LARGEST + 1, value))
    return value if field.type == "date" else str(value)


Conditions = Mapping[str, Sequence[str | int]]


def exists_column(value: str, target: str, among: Conditions | None = None) -> str:
    """Return the name of the column that says whether `value` stands in `target`."""
    return f"@{value} in {target}" + (f" {dict(among)}" if among else "")


def ref_column(ref: str, path: str) -> str:
    """Return the name of the column with the field `path` of the row that `ref` names."""
    return f"@{ref} {path}"


def band_column(number: str) -> str:
    """Return the name of the column with the band that the points in `number` reach."""
    return f"@band of {number}"


def _bands_reached(
    table: SectionTable, number: str, candidates: Mapping[int, CandidateReturn]
) -> pd.Series[Any]:
    """Return the id of each row's band; blank without points, a scheme or a band that low."""
    reached = []
    for owner, row in zip(table.owners, table.rows, strict=True):
        scheme, points = candidates[owner].scheme, row.values.get(number)
        ranked = scheme.bands_best_first() if scheme else ()
        reckoned = points if isinstance(points, int | float) else -math.inf
        reached.append(next((band.id for band in ranked if band.min <= reckoned), None))
    return pd.Series(reached, index=table.frame.index, dtype=TEXT)


def _join(
    table: SectionTable,
    tables: Mapping[str, SectionTable],
    candidates: Mapping[int, CandidateReturn],
) -> SectionTable:
    """Return the table with the columns its rules need of other sections, joined by return."""
    columns: dict[str, Any] = {}
    for rule in table.section.rules:
        if rule.check == "exists_in":
            params = rule.params
            name = exists_column(params["value"], params["target"], params.get("among"))
            columns[name] = _exists(table, rule, tables)
        if rule.check == "within_ref":
            for path in (rule.params["start"], rule.params["end"]):
                columns[ref_column(rule.params["ref"], path)] = _ref_dates(
                    table, rule, path, tables
                )
        if rule.check == "is_band":
            number = rule.params["number"]
            columns[band_column(number)] = _bands_reached(table, number, candidates)
        for path in _card_paths(rule):
            columns[path] = _card_values(table.frame, path, tables)
    frame = table.frame.assign(**columns)
    return SectionTable(table.section, frame, table.rows, table.owners)


def _card_paths(rule: Rule) -> Iterable[str]:
    """Return the fields of cards, ``section.field``, that a rule looks at."""
    paths = [path for path in rule.params.get("given", ()) if "." in path]
    if rule.check != "sum_equals_card":
        return paths
    keys = ("plus", "or_plus", "less")
    return [*(path for key in keys for path in rule.params.get(key, ())), *paths]


def _exists(table: SectionTable, rule: Rule, tables: Mapping[str, SectionTable]) -> pd.Series[bool]:
    """Return which rows have their value in the target; over the same columns, in theirs."""
    section, _, field = rule.params["target"].partition(".")
    value, target = rule.params["value"], tables[section]
    if columns_of(table.section) == columns_of(target.section) is not None:
        value = field = NUMBER
    target_pairs = set(_pairs(target, field, rule.params.get("among", {})))
    exists = [pair in target_pairs for pair in _pairs(table, value)]
    return pd.Series(exists, index=table.frame.index, dtype=bool)


def columns_of(section: Section) -> str | None:
    """Return the section whose columns are the section's records, or have them hung on."""
    return (section.under or section.id) if section.layout == "columns" else None


def _pairs(table: SectionTable, field: str, among: Conditions = {}) -> Iterable[tuple[int, Value]]:  # noqa: B006 - never changed
    conditions = [(path.rpartition(".")[2], values) for path, values in among.items()]
    for owner, row in zip(table.owners, table.rows, strict=True):
        if all(row.values.get(name) in values for name, values in conditions):
            yield owner, row.number if field == NUMBER else row.values.get(field)


def _ref_dates(
    table: SectionTable, rule: Rule, path: str, tables: Mapping[str, SectionTable]
) -> pd.Series[Any]:
    """Return, for each row, the date at `path` of the row its `ref` names; of several the last."""
    section, _, key = rule.params["target"].partition(".")
    field = path.rpartition(".")[2]
    target = tables[section]
    dates_by_pair = dict(
        zip(_pairs(target, key), (row.values.get(field) for row in target.rows), strict=True)
    )
    days = [dates_by_pair.get(pair) for pair in _pairs(table, rule.params["ref"])]
    return pd.Series(days, index=table.frame.index, dtype=DAY)


def _card_values(
    frame: pd.DataFrame, path: str, tables: Mapping[str, SectionTable]
) -> pd.Series[Any]:
    section, _, field = path.partition(".")
    card = tables[section].frame.drop_duplicates(SUBMISSION).set_index(SUBMISSION)[field]
    return frame[SUBMISSION].map(card).astype(card.dtype)
