"""The checks a form's rules may name, each implemented once and registered with pandera.

A check looks at the frame of one section (`frames`) and answers for every row: does the rule hold,
and with which figures (`Outcome.facts`, the gaps of the rule's message). It never raises, and a
row with a blank operand holds: that a field is blank is reported by ``required`` alone.

Sums are compared with a tolerance of 1e-6, so that points such as 4.1 + 0.2 are no mistake.
Here are the checks of one row and its card; `across` has those that look at several rows.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from mlay_batch.validation.across import unique_rows
from mlay_batch.validation.frames import END, START, Given
from mlay_batch.validation.registry import (
    RULES,
    TOLERANCE,
    Check,
    Outcome,
    Values,
    holding,
    register,
    rule,
    same,
    summed_up,
)

__all__ = ["BUILT_IN", "RULES"]


@rule
def sum_equals(frame: pd.DataFrame, parts: Values, total: str, less: Values = ()) -> Outcome:
    """Total = sum of parts − sum of less.

    A blank part counts 0; a blank total holds. Example: parts 16, 2, blank and total 18 hold.
    """
    summed = summed_up(frame, parts) - summed_up(frame, less)
    return Outcome(holding(same(frame[total], summed)), {"total": frame[total], "sum": summed})


def _asked(frame: pd.DataFrame, given: Given | None) -> pd.Series[bool]:
    """Return which rows a rule is asked of: those where every field `given` holds a value of its
    list. A blank field asks nothing.
    """
    asked = pd.Series(True, index=frame.index)
    for path, values in (given or {}).items():
        asked &= frame[path].isin(list(values)).astype(bool)
    return asked


@rule
def at_least(frame: pd.DataFrame, value: str, bound: float, given: Given | None = None) -> Outcome:
    """Value ≥ bound; the bound itself holds, a blank holds."""
    holds = holding((frame[value] >= bound - TOLERANCE) | ~_asked(frame, given))
    return Outcome(holds, {"value": frame[value], "bound": bound})


@rule
def at_most(frame: pd.DataFrame, value: str, bound: float, given: Given | None = None) -> Outcome:
    """Value ≤ bound; the bound itself holds, a blank holds."""
    holds = holding((frame[value] <= bound + TOLERANCE) | ~_asked(frame, given))
    return Outcome(holds, {"value": frame[value], "bound": bound})


@rule
def not_above(frame: pd.DataFrame, value: str, bound_field: str) -> Outcome:
    """Value ≤ another field of the row; equal holds, either one blank holds."""
    bound = frame[bound_field]
    holds = holding(frame[value] <= bound + TOLERANCE)
    return Outcome(holds, {"value": frame[value], "bound": bound})


@rule
def share_above(frame: pd.DataFrame, part: str, whole: str, bound: float) -> Outcome:
    """100 × part ÷ whole > bound: 18 of 20 is above 85 %, 17 of 20 (exactly 85) is not.

    Nothing is rounded. A blank operand or a whole of 0 holds: there is no share to judge.
    """
    over = 100 * frame[part] - bound * frame[whole]
    holds = holding((over > TOLERANCE) | (frame[whole] == 0))
    return Outcome(holds, {"part": frame[part], "whole": frame[whole], "bound": bound})


@rule
def sum_not_above(frame: pd.DataFrame, parts: Values, bound_field: str) -> Outcome:
    """Sum of parts ≤ another field of the row; equal holds, a blank bound holds.

    A blank part counts 0: exempt 3, away blank and closing 3 hold.
    """
    summed, bound = summed_up(frame, parts), frame[bound_field]
    return Outcome(holding(summed <= bound + TOLERANCE), {"sum": summed, "bound": bound})


@rule
def share_at_least(
    frame: pd.DataFrame, parts: Values, whole: Values, bound: float, given: Given | None = None
) -> Outcome:
    """100 × sum of parts ÷ sum of whole ≥ bound: 8 of 10 is at least 80 %, 7 of 9 is not.

    Nothing is rounded; blanks count 0; a whole of 0 holds.
    """
    part, base = summed_up(frame, parts), summed_up(frame, whole)
    over = 100 * part - bound * base
    holds = holding((over >= -TOLERANCE) | (base == 0) | ~_asked(frame, given))
    return Outcome(holds, {"part": part, "whole": base, "bound": bound})


@rule
def share_at_most(
    frame: pd.DataFrame, parts: Values, whole: Values, bound: float, given: Given | None = None
) -> Outcome:
    """Sum of parts ≤ bound per cent of the sum of whole, rounded down: of 14, 20 % allow 2.

    Blanks count 0; of a whole of 0 nothing is allowed.
    """
    part, base = summed_up(frame, parts), summed_up(frame, whole)
    allowed = bound * base / 100
    holds = holding((part <= allowed + TOLERANCE) | ~_asked(frame, given))
    facts = {"part": part, "whole": base, "bound": bound, "allowed": (allowed + TOLERANCE) // 1}
    return Outcome(holds, facts)


@rule
def required_if(frame: pd.DataFrame, value: str, when: str, values: Values) -> Outcome:
    """The value is filled where `when` holds one of `values`; a blank `when` asks nothing."""
    asked = frame[when].isin(values)
    return Outcome(holding(frame[value].notna() | ~asked), {})


@rule
def required_with(frame: pd.DataFrame, value: str, filled: str) -> Outcome:
    """The value is filled where the field `filled` is."""
    return Outcome(holding(frame[value].notna() | frame[filled].isna()), {})


@rule
def required_below(frame: pd.DataFrame, value: str, number: str, bound: float) -> Outcome:
    """The value is filled where `number` < bound; else, or without a number, it may be blank."""
    holds = holding(frame[value].notna() | (frame[number] >= bound - TOLERANCE))
    return Outcome(holds, {"number": frame[number], "bound": bound})


@rule
def blank_unless(frame: pd.DataFrame, value: str, when: str, values: Values) -> Outcome:
    """The value is blank unless `when` holds one of `values`; a blank `when` does not."""
    return Outcome(frame[value].isna() | frame[when].isin(values), {"value": frame[value]})


@rule
def differs(frame: pd.DataFrame, value: str, other: str) -> Outcome:
    """The value is not that of another field of the row; either one blank holds."""
    return Outcome(holding(frame[value] != frame[other]), {"value": frame[value]})


@rule
def not_before(frame: pd.DataFrame, value: str, start: str) -> Outcome:
    """Value ≥ start (dates or numbers); the same day holds, either one blank holds."""
    holds = holding(frame[value] >= frame[start]) | frame[value].isna() | frame[start].isna()
    return Outcome(holds, {"value": frame[value], "start": frame[start]})


def within_period(frame: pd.DataFrame, value: str) -> Outcome:
    """The date lies in the return's period; where the period is not certain, every date holds."""
    day, start, end = frame[value], frame[START], frame[END]
    holds = ((start <= day) & (day <= end)) | day.isna() | start.isna()
    return Outcome(holds, {"value": day, "start": start, "end": end})


register(within_period, ["value"])
BUILT_IN: Mapping[str, Check] = {"F04": within_period, "F08": unique_rows}
