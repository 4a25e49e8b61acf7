"""Registers checks with pandera; the results and sums that checks share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

import pandas as pd
from pandera import extensions

from mlay_batch.schema.checks import CHECKS

TOLERANCE = 1e-6
Values = Sequence[str]


@dataclass(frozen=True)
class RuleResult:
    """For every row of the frame: whether the rule holds, and the figures of its message."""

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
    return register(check, list(CHECKS[check.__name__]))


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
