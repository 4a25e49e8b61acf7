"""The checks a form's rules may name, each implemented once and registered with pandera.

A check looks at the frame of one section (`frames`) and answers for every row: does the rule hold,
and with which figures (`Outcome.facts`, the gaps of the rule's message). It never raises, and a
row with a blank operand holds: that a field is blank is reported by ``required`` alone.

Sums are compared with a tolerance of 1e-6, so that points such as 4.1 + 0.2 are no mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

import pandas as pd
from pandera import extensions

from mlay_batch.schema.checks import CHECKS
from mlay_batch.validation.frames import END, NUMBER, START, SUBMISSION, found_column

TOLERANCE = 1e-6
Values = Sequence[str]


@dataclass(frozen=True)
class Outcome:
    """For every row of the frame: whether the rule holds, and the figures of its message."""

    holds: pd.Series[bool]
    facts: Mapping[str, Any]


Check = Callable[..., Outcome]
RULES: dict[str, Check] = {}


def _register(check: Check, parameters: Sequence[str]) -> Check:
    """Register `check` with pandera under its own name; `parameters` become its statistics."""

    @wraps(check)
    def holds(frame: pd.DataFrame, **params: Any) -> pd.Series[bool]:
        return check(frame, **params).holds

    extensions.register_check_method(
        holds, statistics=list(parameters), supported_types=pd.DataFrame
    )
    return check


def _rule(check: Check) -> Check:
    RULES[check.__name__] = check
    return _register(check, list(CHECKS[check.__name__]))


def _holds(answer: pd.Series[Any]) -> pd.Series[bool]:
    """Return the answer with "cannot be said" (a blank operand) counted as holding."""
    return answer.astype("boolean").fillna(True).astype(bool)


def _sum(frame: pd.DataFrame, names: Sequence[str]) -> pd.Series[Any]:
    """Return the sum of those columns, blanks counting 0: [2, blank] is 2, [blank, blank] is 0."""
    total = pd.Series(0, index=frame.index, dtype="Int64")
    for name in names:
        total = total + frame[name].fillna(0)
    return total


def _same(left: pd.Series[Any], right: pd.Series[Any]) -> pd.Series[Any]:
    return (left - right).abs() <= TOLERANCE


@_rule
def sum_equals(frame: pd.DataFrame, parts: Values, total: str, less: Values = ()) -> Outcome:
    """Total = sum of parts − sum of less.

    A blank part counts 0; a blank total holds. Example: parts 16, 2, blank and total 18 hold.
    """
    summed = _sum(frame, parts) - _sum(frame, less)
    return Outcome(_holds(_same(frame[total], summed)), {"total": frame[total], "sum": summed})


@_rule
def sum_equals_card(frame: pd.DataFrame, value: str, plus: Values, less: Values = ()) -> Outcome:
    """Value of the row = sum of `plus` − sum of `less`, fields of a card of the same return.

    Blanks as in `sum_equals`.
    """
    summed = _sum(frame, plus) - _sum(frame, less)
    return Outcome(_holds(_same(frame[value], summed)), {"value": frame[value], "sum": summed})


@_rule
def at_least(frame: pd.DataFrame, value: str, bound: float) -> Outcome:
    """Value ≥ bound; the bound itself holds, a blank holds."""
    holds = _holds(frame[value] >= bound - TOLERANCE)
    return Outcome(holds, {"value": frame[value], "bound": bound})


@_rule
def at_most(frame: pd.DataFrame, value: str, bound: float) -> Outcome:
    """Value ≤ bound; the bound itself holds, a blank holds."""
    holds = _holds(frame[value] <= bound + TOLERANCE)
    return Outcome(holds, {"value": frame[value], "bound": bound})


@_rule
def not_above(frame: pd.DataFrame, value: str, bound_field: str) -> Outcome:
    """Value ≤ another field of the row; equal holds, either one blank holds."""
    bound = frame[bound_field]
    holds = _holds(frame[value] <= bound + TOLERANCE)
    return Outcome(holds, {"value": frame[value], "bound": bound})


@_rule
def share_above(frame: pd.DataFrame, part: str, whole: str, bound: float) -> Outcome:
    """100 × part ÷ whole > bound: 18 of 20 is above 85 %, 17 of 20 (exactly 85) is not.

    Nothing is rounded. A blank operand or a whole of 0 holds: there is no share to judge.
    """
    over = 100 * frame[part] - bound * frame[whole]
    holds = _holds((over > TOLERANCE) | (frame[whole] == 0))
    return Outcome(holds, {"part": frame[part], "whole": frame[whole], "bound": bound})


@_rule
def required_if(frame: pd.DataFrame, value: str, when: str, values: Values) -> Outcome:
    """The value is filled where `when` holds one of `values`; a blank `when` asks nothing."""
    asked = frame[when].isin(values)
    return Outcome(_holds(frame[value].notna() | ~asked), {})


@_rule
def unique_rows(frame: pd.DataFrame, fields: Values) -> Outcome:
    """No two rows of one return alike in all `fields`; a blank among them holds.

    The first of several holds, every later one fails and names the Excel row of the first.
    """
    key = [SUBMISSION, *fields]
    filled = frame[list(fields)].notna().all(axis="columns")
    first = frame.groupby(key, sort=False)[NUMBER].transform("first")
    return Outcome(~(frame.duplicated(key) & filled), {"row": first})


@_rule
def exists_in(
    frame: pd.DataFrame, value: str, target: str, when: str | None = None, values: Values = ()
) -> Outcome:
    """The value stands in that column of another section of the same return.

    Asked of rows whose `when` holds one of `values` (of all, if not given); a blank holds.
    """
    asked = frame[when].isin(values) if when else frame[value].notna()
    found = frame[found_column(value, target)]
    return Outcome(_holds(found | frame[value].isna() | ~asked), {"value": frame[value]})


def _count(frame: pd.DataFrame, when: str, values: Values) -> tuple[Any, Any]:
    """Return which rows hold one of `values`, and how many of their return do."""
    hits = frame[when].isin(values).astype(int)
    return hits, hits.groupby(frame[SUBMISSION]).transform("sum")


@_rule
def rows_at_least(frame: pd.DataFrame, when: str, values: Values, bound: int) -> Outcome:
    """At least `bound` rows of a return hold one of `values`; its first row fails otherwise.

    A return without a single row is not asked: whether it may be so is said by ``nil``.
    """
    _, count = _count(frame, when, values)
    holds = (count >= bound) | frame.duplicated(SUBMISSION)
    return Outcome(holds, {"count": count, "bound": bound})


@_rule
def rows_at_most(frame: pd.DataFrame, when: str, values: Values, bound: int) -> Outcome:
    """At most `bound` rows of a return hold one of `values`; the rows beyond the bound fail.

    With bound 1 and three such rows, the second and the third fail.
    """
    hits, count = _count(frame, when, values)
    beyond = (hits == 1) & (hits.groupby(frame[SUBMISSION]).cumsum() > bound)
    return Outcome(~beyond, {"count": count, "bound": bound})


@_rule
def not_before(frame: pd.DataFrame, value: str, start: str) -> Outcome:
    """Value ≥ start (dates or numbers); the same day holds, either one blank holds."""
    holds = _holds(frame[value] >= frame[start]) | frame[value].isna() | frame[start].isna()
    return Outcome(holds, {"value": frame[value], "start": frame[start]})


def within_period(frame: pd.DataFrame, value: str) -> Outcome:
    """The date lies in the return's period; where the period is not certain, every date holds."""
    day, start, end = frame[value], frame[START], frame[END]
    holds = ((start <= day) & (day <= end)) | day.isna() | start.isna()
    return Outcome(holds, {"value": day, "start": start, "end": end})


_register(within_period, ["value"])
BUILT_IN: Mapping[str, Check] = {"F04": within_period, "F08": unique_rows}
