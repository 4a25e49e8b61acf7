"""Implements the checks over several rows, of one section or two, within one return."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from mlay_batch.checks.frames import NUMBER, SUBMISSION, Conditions, exists_column, ref_column
from mlay_batch.checks.rule_results import (
    RuleResult,
    Values,
    nearly_equal,
    row_sum,
    rule,
    unknown_as_true,
)


@rule
def sum_equals_card(frame: pd.DataFrame, value: str, plus: Values, less: Values = ()) -> RuleResult:
    """Value of the row = sum of `plus` − sum of `less`, fields of a card of the same return.

    Blanks as in `sum_equals`.
    """
    total = row_sum(frame, plus) - row_sum(frame, less)
    return RuleResult(
        unknown_as_true(nearly_equal(frame[value], total)), {"value": frame[value], "sum": total}
    )


@rule
def ref_fits(
    frame: pd.DataFrame, ref: str, key: str, value: str, fits: Mapping[str, Values]
) -> RuleResult:
    """The row named by `ref` holds in `value` what `fits` lists for this row's own value.

    Example: a cell may hang under a committee, not under another cell. A blank, a `ref` that names
    no row of the return and a value `fits` does not list hold; an empty list lets no `ref` stand.
    """
    values_by_key = dict(
        zip(zip(frame[SUBMISSION], frame[key], strict=True), frame[value], strict=True)
    )
    ref_values = [
        values_by_key.get(pair) for pair in zip(frame[SUBMISSION], frame[ref], strict=True)
    ]
    misfits = [
        isinstance(ref_code, str)
        and isinstance(ref_value, str)
        and own_value in fits
        and ref_value not in fits[own_value]
        for own_value, ref_code, ref_value in zip(frame[value], frame[ref], ref_values, strict=True)
    ]
    return RuleResult(~pd.Series(misfits, index=frame.index, dtype=bool), {"ref": frame[ref]})


@rule
def within_ref(
    frame: pd.DataFrame,
    dates: Values,
    ref: str,
    target: str,  # noqa: ARG001 - used by `frames`, which joins the two dates
    start: str,
    end: str,
) -> RuleResult:
    """Every date lies from `start` to `end` of the row named by `ref`, both days included.

    An open start or end holds everything and is shown as "…"; a blank date holds.
    """
    first, last = frame[ref_column(ref, start)], frame[ref_column(ref, end)]
    outside = pd.Series(False, index=frame.index)
    for name in dates:
        outside |= (frame[name] < first) | (frame[name] > last)
    bounds = {"start": first, "end": last}
    open_ended = {name: day.astype(object).where(day.notna(), "…") for name, day in bounds.items()}
    return RuleResult(~outside, {"ref": frame[ref], **open_ended})


@rule
def unique_rows(frame: pd.DataFrame, fields: Values) -> RuleResult:
    """No two rows of one return alike in all `fields`; a blank among them holds.

    The first of several holds, every later one fails and names the Excel row of the first.
    """
    key = [SUBMISSION, *fields]
    filled = frame[list(fields)].notna().all(axis="columns")
    first = frame.groupby(key, sort=False)[NUMBER].transform("first")
    return RuleResult(~(frame.duplicated(key) & filled), {"row": first})


@rule
def exists_in(
    frame: pd.DataFrame,
    value: str,
    target: str,
    when: str | None = None,
    values: Values = (),
    among: Conditions | None = None,
) -> RuleResult:
    """The value stands in that column of another section of the same return.

    Asked of rows whose `when` holds one of `values` (of all, if not given); a blank holds. With
    `among` only those rows of the other section count that hold a value of each list there.
    """
    applies = frame[when].isin(values) if when else frame[value].notna()
    exists = frame[exists_column(value, target, among)]
    return RuleResult(
        unknown_as_true(exists | frame[value].isna() | ~applies), {"value": frame[value]}
    )


def _count_hits(frame: pd.DataFrame, when: str, values: Values) -> tuple[Any, Any]:
    """Return which rows hold one of `values`, and how many of their return do."""
    hits = frame[when].isin(values).astype(int)
    return hits, hits.groupby(frame[SUBMISSION]).transform("sum")


@rule
def rows_at_least(frame: pd.DataFrame, when: str, values: Values, bound: int) -> RuleResult:
    """At least `bound` rows of a return hold one of `values`; its first row fails otherwise.

    A return without a single row is not asked: whether it may be so is said by ``nil``.
    """
    _, count = _count_hits(frame, when, values)
    holds = (count >= bound) | frame.duplicated(SUBMISSION)
    return RuleResult(holds, {"count": count, "bound": bound})


@rule
def rows_at_most(frame: pd.DataFrame, when: str, values: Values, bound: int) -> RuleResult:
    """At most `bound` rows of a return hold one of `values`; the rows beyond the bound fail.

    With bound 1 and three such rows, the second and the third fail.
    """
    hits, count = _count_hits(frame, when, values)
    beyond = (hits == 1) & (hits.groupby(frame[SUBMISSION]).cumsum() > bound)
    return RuleResult(~beyond, {"count": count, "bound": bound})
