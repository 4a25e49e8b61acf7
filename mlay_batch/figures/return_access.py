"""The current returns of one form as the computations look them up: by branch and period."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import fmean

from mlay_batch.core.period import Period
from mlay_batch.figures.report_records import ReportInputs
from mlay_batch.model.records import AcceptedReturn, Row, Value

ReturnsByKey = Mapping[tuple[str, Period], AcceptedReturn]


def returns_of(inputs: ReportInputs, form: str) -> ReturnsByKey:
    """Return the current returns of `form` by (branch, period).

    They run by period, then in the register's order, whatever order they were received in: figures
    must not depend on it.
    """
    order = {item.code: number for number, item in enumerate(inputs.register.organisations)}
    by_key = {
        (key[1], Period.parse(key[2])): item
        for item in inputs.returns
        if (key := item.entry.key) and key[0] == form
    }
    ranked = sorted(by_key, key=lambda key: (key[1], order.get(key[0], len(order)), key[0]))
    return {key: by_key[key] for key in ranked}


def year_to_date(returns: ReturnsByKey, period: Period) -> ReturnsByKey:
    """Return those of the monthly returns that fall in the year of `period`, up to its end."""
    months = set(period.year_to_date())
    return {key: accepted for key, accepted in returns.items() if key[1] in months}


def card(accepted: AcceptedReturn, section: str) -> Row | None:
    """Return the row of a card section, or None where the return lacks it."""
    return next(iter(accepted.section_rows(section)), None)


def count(row: Row, name: str) -> int:
    """Return a count of the row; what is blank or no number counts 0."""
    return int(number(row.values.get(name)) or 0)


def mean(values: Iterable[float | None]) -> float | None:
    """Return the mean of the values there are, None where there is none.

    >>> mean([4.0, None, 5.0]), mean([None])
    (4.5, None)
    """
    present = [value for value in values if value is not None]
    return fmean(present) if present else None


def number(value: Value) -> float | None:
    """Return a count or score as a float; a blank, text or date is None."""
    return float(value) if isinstance(value, int | float) else None
