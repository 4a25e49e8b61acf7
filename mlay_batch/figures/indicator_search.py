"""Searches the returns for indicators of meetings held for form's sake, at every consolidation.

An indicator is a question for the committee: it rejects nothing and changes no figure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count, takewhile

from mlay_batch.core.period import Period
from mlay_batch.figures.indicator_rules import (
    Observation,
    above_other,
    below_bound,
    has_answer,
    low_share,
    missing_mention,
    none_in_quarter,
    outlier,
    similar_to_earlier,
    similar_to_others,
    too_short,
    unvarying,
)
from mlay_batch.figures.report_records import IndicatorHit, ReportInputs
from mlay_batch.figures.return_access import ReturnIndex, ReturnView
from mlay_batch.schema.indicators import Indicator

IndicatorRule = Callable[[Indicator, ReturnView, ReturnIndex], Iterator[Observation]]

KINDS: Mapping[str, IndicatorRule] = {
    "repeated": similar_to_earlier,
    "copied": similar_to_others,
    "bare": too_short,
    "below": below_bound,
    "answered": has_answer,
    "unheard": missing_mention,
    "few": low_share,
    "none_in_quarter": none_in_quarter,
    "still": unvarying,
    "above": above_other,
    "far": outlier,
}
"""The function of every kind of indicator in `schema.indicators.KINDS`."""


@dataclass(frozen=True)
class _Indexes:
    """The returns as each version of the indicator sets reads them.

    Attributes:
        inputs: returns, register and descriptions.
    """

    inputs: ReportInputs
    _by_version: dict[tuple[str, str], ReturnIndex] = field(default_factory=dict)

    def of_month(self, month: Period) -> Iterator[ReturnIndex]:
        """Yield an index for every indicator set that holds in a month."""
        for indicators in self.inputs.catalogue.indicator_sets_for(month):
            key = (indicators.signs, indicators.version)
            if key not in self._by_version:
                self._by_version[key] = ReturnIndex(self.inputs, indicators)
            yield self._by_version[key]

    def is_found(self, signs: str, code: str, branch: str, month: Period) -> bool:
        """Return whether an indicator, as it holds in that month, is found in that month's return.

        It is not where the set has no such indicator in that month, or there is no return.
        """
        return any(
            bool(_observations(indicator, view, index))
            for index in self.of_month(month)
            if index.indicators.signs == signs and (view := index.find(branch, month))
            for indicator in index.indicators.entries
            if indicator.code == code
        )


def indicator_hits(inputs: ReportInputs) -> tuple[IndicatorHit, ...]:
    """Return the hits of the year to date by month, then in register order, then by code."""
    indexes = _Indexes(inputs)
    return tuple(
        hit
        for month in inputs.period.year_to_date()
        for index in indexes.of_month(month)
        for hit in _month_hits(index, month, indexes)
    )


def _month_hits(index: ReturnIndex, month: Period, indexes: _Indexes) -> Iterator[IndicatorHit]:
    for view in index.month_returns(month):
        for indicator in index.indicators.entries:
            if observations := _observations(indicator, view, index):
                habit = _habit(indicator, view, index.indicators.signs, indexes)
                if habit["times"] >= indicator.times:
                    yield from (
                        _build_hit(indicator, view, index, observation, habit)
                        for observation in observations
                    )


def _observations(
    indicator: Indicator, view: ReturnView, index: ReturnIndex
) -> tuple[Observation, ...]:
    def observe() -> tuple[Observation, ...]:
        return tuple(KINDS[indicator.kind](indicator, view, index))

    if indicator.months == 1:
        return observe()  # asked for only once
    return index.memoize((indicator.code, view.branch, view.period), observe)


def _habit(indicator: Indicator, view: ReturnView, signs: str, indexes: _Indexes) -> dict[str, int]:
    """Return how often an indicator found in a month was found in the months before.

    ``times`` counts the last ``months`` months, this one included; ``running`` the months without
    a break, as far back as there are returns.
    """
    if indicator.months == 1:
        return {"times": 1, "months": 1}

    def is_found(back: int) -> bool:
        month = view.period.shift(-back)
        return indexes.is_found(signs, indicator.code, view.branch, month)

    return {
        "times": 1 + sum(map(is_found, range(1, indicator.months))),
        "months": indicator.months,
        "running": 1 + sum(1 for _ in takewhile(is_found, count(1))),
    }


def _build_hit(
    indicator: Indicator,
    view: ReturnView,
    index: ReturnIndex,
    observation: Observation,
    habit: Mapping[str, int],
) -> IndicatorHit:
    return IndicatorHit(
        indicator,
        index.indicators.of,
        view.branch,
        view.period,
        view.accepted.entry.id,
        {**observation.params, **habit},
        observation.sources,
    )
