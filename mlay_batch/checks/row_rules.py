"""Implements the checks that rules may name, registered with pandera.

A check takes the frame of one section (`frames`) and answers for every row whether the rule holds,
and with which figures (`RuleResult.figures`, the gaps of the rule's message). It never raises. A
row with a blank operand holds: ``required`` alone reports blank fields.

Sums are compared with a tolerance of 1e-6, so that points such as 4.1 + 0.2 are no mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

import pandas as pd
from pandera import extensions

from mlay_batch.checks.frames import (
    END,
    NUMBER,
    START,
    SUBMISSION,
    Conditions,
    band_column,
    exists_column,
    ref_column,
)
from mlay_batch.schema.checks import CHECKS

TOLERANCE = 1e-6
Values = Sequence[str]


@dataclass(frozen=True)
class RuleResult:
    """What a check finds out about every row of the frame.

    Attributes:
        holds: whether the rule holds, for each row.
        figures: by gap of the message: a column with the figure of each row, or one for all rows.
    """

    holds: pd.Series[bool]
    figures: Mapping[str, Any]


RuleFunction = Callable[..., RuleResult]
RULES: dict[str, RuleFunction] = {}


def register(check: RuleFunction, parameters: Sequence[str]) -> RuleFunction:
    """Register `check` with pandera under its own name; `parameters` become its statistics."""

    @wraps(check)
    def holds(frame: pd.DataFrame, **params: Any) -> pd.Series[bool]:
        return check(frame, **params).holds

    extensions.register_check_method(
        holds, statistics=list(parameters), supported_types=pd.DataFrame
    )
    return check


def rule(check: RuleFunction) -> RuleFunction:
    """Make `check` one that the rules of a form may name."""
    RULES[check.__name__] = check
    return register(check, list(CHECKS[check.__name__].params))


def unknown_as_true(passes: pd.Series[Any]) -> pd.Series[bool]:
    """Return the answer with "cannot be said" (a blank operand) counted as holding."""
    return passes.astype("boolean").fillna(True).astype(bool)


def row_sum(frame: pd.DataFrame, names: Sequence[str]) -> pd.Series[Any]:
    """Return the sum of those columns, blanks counting 0: [2, blank] is 2, [blank, blank] is 0."""
    total = pd.Series(0, index=frame.index, dtype="Int64")
    for name in names:
        total = total + frame[name].fillna(0)
    return total


def nearly_equal(left: pd.Series[Any], right: pd.Series[Any]) -> pd.Series[Any]:
    """Return where the two are equal but for the noise of binary fractions."""
    return (left - right).abs() <= TOLERANCE


@rule
def sum_equals_card(
    frame: pd.DataFrame,
    value: str,
    plus: Values,
    less: Values = (),
    or_plus: Values = (),
    given: Conditions | None = None,
) -> RuleResult:
    """Value of the row = sum of `plus` − sum of `less`, fields of a card of the same return.

    Also with `or_plus` in place of `plus`. Blanks as in `sum_equals`.
    """
    total = row_sum(frame, plus) - row_sum(frame, less)
    equal = nearly_equal(frame[value], total)
    if or_plus:
        equal |= nearly_equal(frame[value], row_sum(frame, or_plus) - row_sum(frame, less))
    holds = unknown_as_true(equal | ~_applies(frame, given))
    return RuleResult(holds, {"value": frame[value], "sum": total})


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
def fits_with(frame: pd.DataFrame, value: str, when: str, fits: Mapping[str, Values]) -> RuleResult:
    """The value is one of those that `fits` lists for what `when` holds; either one blank holds.

    Where `fits` lists nothing, the value must be blank.
    """
    misfits = [
        isinstance(own_value, str)
        and isinstance(deciding_value, str)
        and own_value not in fits.get(deciding_value, ())
        for own_value, deciding_value in zip(frame[value], frame[when], strict=True)
    ]
    return RuleResult(~pd.Series(misfits, index=frame.index, dtype=bool), {})


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


@rule
def sum_equals(frame: pd.DataFrame, parts: Values, total: str, less: Values = ()) -> RuleResult:
    """Total = sum of parts − sum of less.

    A blank part counts 0; a blank total holds. Example: parts 16, 2, blank and total 18 hold.
    """
    parts_sum = row_sum(frame, parts) - row_sum(frame, less)
    return RuleResult(
        unknown_as_true(nearly_equal(frame[total], parts_sum)),
        {"total": frame[total], "sum": parts_sum},
    )


def _applies(frame: pd.DataFrame, conditions: Conditions | None) -> pd.Series[bool]:
    """Return which rows a rule is asked of: those where every field `conditions` holds a value of
    its list. A blank field asks nothing.
    """
    applies = pd.Series(True, index=frame.index)
    for path, values in (conditions or {}).items():
        applies &= frame[path].isin(list(values)).astype(bool)
    return applies


@rule
def at_least(
    frame: pd.DataFrame, value: str, bound: float, given: Conditions | None = None
) -> RuleResult:
    """Value ≥ bound; the bound itself holds, a blank holds."""
    holds = unknown_as_true((frame[value] >= bound - TOLERANCE) | ~_applies(frame, given))
    return RuleResult(holds, {"value": frame[value], "bound": bound})


@rule
def at_most(
    frame: pd.DataFrame, value: str, bound: float, given: Conditions | None = None
) -> RuleResult:
    """Value ≤ bound; the bound itself holds, a blank holds."""
    holds = unknown_as_true((frame[value] <= bound + TOLERANCE) | ~_applies(frame, given))
    return RuleResult(holds, {"value": frame[value], "bound": bound})


@rule
def not_above(frame: pd.DataFrame, value: str, bound_field: str) -> RuleResult:
    """Value ≤ another field of the row; equal holds, either one blank holds."""
    bound = frame[bound_field]
    holds = unknown_as_true(frame[value] <= bound + TOLERANCE)
    return RuleResult(holds, {"value": frame[value], "bound": bound})


@rule
def share_above(
    frame: pd.DataFrame, part: str, whole: str, bound: float, given: Conditions | None = None
) -> RuleResult:
    """100 × part ÷ whole > bound: 18 of 20 is above 85 %, 17 of 20 (exactly 85) is not.

    Nothing is rounded. A blank operand or a whole of 0 holds: there is no share to judge.
    """
    excess = 100 * frame[part] - bound * frame[whole]
    holds = unknown_as_true((excess > TOLERANCE) | (frame[whole] == 0) | ~_applies(frame, given))
    return RuleResult(holds, {"part": frame[part], "whole": frame[whole], "bound": bound})


@rule
def sum_not_above(frame: pd.DataFrame, parts: Values, bound_field: str) -> RuleResult:
    """Sum of parts ≤ another field of the row; equal holds, a blank bound holds.

    A blank part counts 0: exempt 3, away blank and closing 3 hold.
    """
    parts_sum, bound = row_sum(frame, parts), frame[bound_field]
    return RuleResult(
        unknown_as_true(parts_sum <= bound + TOLERANCE), {"sum": parts_sum, "bound": bound}
    )


@rule
def share_at_least(
    frame: pd.DataFrame, parts: Values, whole: Values, bound: float, given: Conditions | None = None
) -> RuleResult:
    """100 × sum of parts ÷ sum of whole ≥ bound: 8 of 10 is at least 80 %, 7 of 9 is not.

    Nothing is rounded; blanks count 0; a whole of 0 holds.
    """
    part, base = row_sum(frame, parts), row_sum(frame, whole)
    excess = 100 * part - bound * base
    holds = unknown_as_true((excess >= -TOLERANCE) | (base == 0) | ~_applies(frame, given))
    return RuleResult(holds, {"part": part, "whole": base, "bound": bound})


@rule
def share_at_most(
    frame: pd.DataFrame, parts: Values, whole: Values, bound: float, given: Conditions | None = None
) -> RuleResult:
    """Sum of parts ≤ bound per cent of the sum of whole, rounded down: of 14, 20 % allow 2.

    Blanks count 0; of a whole of 0 nothing is allowed.
    """
    part, base = row_sum(frame, parts), row_sum(frame, whole)
    allowed = bound * base / 100
    holds = unknown_as_true((part <= allowed + TOLERANCE) | ~_applies(frame, given))
    figures = {"part": part, "whole": base, "bound": bound, "allowed": (allowed + TOLERANCE) // 1}
    return RuleResult(holds, figures)


@rule
def required_if(frame: pd.DataFrame, value: str, when: str, values: Values) -> RuleResult:
    """The value is filled where `when` holds one of `values`; a blank `when` asks nothing."""
    applies = frame[when].isin(values)
    return RuleResult(unknown_as_true(frame[value].notna() | ~applies), {})


@rule
def required_with(frame: pd.DataFrame, value: str, filled: str) -> RuleResult:
    """The value is filled where the field `filled` is."""
    return RuleResult(unknown_as_true(frame[value].notna() | frame[filled].isna()), {})


@rule
def required_below(frame: pd.DataFrame, value: str, number: str, bound: float) -> RuleResult:
    """The value is filled where `number` < bound; else, or without a number, it may be blank."""
    holds = unknown_as_true(frame[value].notna() | (frame[number] >= bound - TOLERANCE))
    return RuleResult(holds, {"number": frame[number], "bound": bound})


@rule
def blank_unless(frame: pd.DataFrame, value: str, when: str, values: Values) -> RuleResult:
    """The value is blank unless `when` holds one of `values`; a blank `when` does not."""
    return RuleResult(frame[value].isna() | frame[when].isin(values), {"value": frame[value]})


@rule
def differs(frame: pd.DataFrame, value: str, other: str) -> RuleResult:
    """The value is not that of another field of the row; either one blank holds."""
    return RuleResult(unknown_as_true(frame[value] != frame[other]), {"value": frame[value]})


@rule
def not_before(frame: pd.DataFrame, value: str, start: str) -> RuleResult:
    """Value ≥ start (dates or numbers); the same day holds, either one blank holds."""
    holds = (
        unknown_as_true(frame[value] >= frame[start]) | frame[value].isna() | frame[start].isna()
    )
    return RuleResult(holds, {"value": frame[value], "start": frame[start]})


@rule
def is_band(frame: pd.DataFrame, value: str, number: str) -> RuleResult:
    """The choice is the band of the points; a blank holds, as does a period without bands."""
    holds = unknown_as_true(frame[value] == frame[band_column(number)])
    return RuleResult(holds, {"number": frame[number]})


def within_period(frame: pd.DataFrame, value: str) -> RuleResult:
    """The date lies in the return's period; where the period is not certain, every date holds."""
    day, start, end = frame[value], frame[START], frame[END]
    holds = ((start <= day) & (day <= end)) | day.isna() | start.isna()
    return RuleResult(holds, {"value": day, "start": start, "end": end})


register(within_period, ["value"])
BUILT_IN: Mapping[str, RuleFunction] = {
    "F04": within_period,
    "F08": unique_rows,
}
