"""Implements the checks that rules may name, registered with pandera.

A check looks at the frame of one section (`frames`) and answers for every row: does the rule hold,
and with which figures (`RuleResult.figures`, the gaps of the rule's message). It never raises, and
a row with a blank operand holds: that a field is blank is reported by ``required`` alone.

Sums are compared with a tolerance of 1e-6, so that points such as 4.1 + 0.2 are no mistake.
Here are the checks of one row and its card; `row_set_rules` has those that look at several rows.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from mlay_batch.checks.frames import END, START, Conditions
from mlay_batch.checks.row_set_rules import unique_rows
from mlay_batch.checks.rule_results import (
    RULES,
    TOLERANCE,
    RuleFunction,
    RuleResult,
    Values,
    nearly_equal,
    register,
    row_sum,
    rule,
    unknown_as_true,
)

__all__ = ["BUILT_IN", "RULES"]


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
def share_above(frame: pd.DataFrame, part: str, whole: str, bound: float) -> RuleResult:
    """100 × part ÷ whole > bound: 18 of 20 is above 85 %, 17 of 20 (exactly 85) is not.

    Nothing is rounded. A blank operand or a whole of 0 holds: there is no share to judge.
    """
    excess = 100 * frame[part] - bound * frame[whole]
    holds = unknown_as_true((excess > TOLERANCE) | (frame[whole] == 0))
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


def within_period(frame: pd.DataFrame, value: str) -> RuleResult:
    """The date lies in the return's period; where the period is not certain, every date holds."""
    day, start, end = frame[value], frame[START], frame[END]
    holds = ((start <= day) & (day <= end)) | day.isna() | start.isna()
    return RuleResult(holds, {"value": day, "start": start, "end": end})


register(within_period, ["value"])
BUILT_IN: Mapping[str, RuleFunction] = {"F04": within_period, "F08": unique_rows}
