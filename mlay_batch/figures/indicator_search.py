"""Searches the returns for indicators of meetings held for form's sake, at every consolidation.

An indicator is a question for the committee: it rejects nothing and changes no figure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

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


def indicator_hits(inputs: ReportInputs) -> tuple[IndicatorHit, ...]:
    """Return the hits of the year to date by month, then in register order, then by code."""
    indexes: dict[tuple[str, str], ReturnIndex] = {}
    hits: list[IndicatorHit] = []
    for month in inputs.period.year_to_date():
        for indicators in inputs.catalogue.indicator_sets_for(month):
            index = indexes.setdefault(
                (indicators.signs, indicators.version), ReturnIndex(inputs, indicators)
            )
            hits.extend(_month_hits(index, month))
    return tuple(hits)


def _month_hits(index: ReturnIndex, month: Period) -> Iterator[IndicatorHit]:
    for view in index.month_returns(month):
        for indicator in index.indicators.entries:
            if observations := _observations(indicator, view, index):
                times = _month_count(indicator, view, index)
                if times >= indicator.times:
                    yield from (
                        _build_hit(indicator, view, index, observation, times)
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


def _month_count(indicator: Indicator, view: ReturnView, index: ReturnIndex) -> int:
    """Return in how many of the last `indicator.months` months it was found, this one included."""
    if indicator.months == 1:
        return 1
    recent_views = (view, *index.earlier_returns(view, indicator.months - 1))
    return sum(bool(_observations(indicator, recent_view, index)) for recent_view in recent_views)


def _build_hit(
    indicator: Indicator, view: ReturnView, index: ReturnIndex, observation: Observation, times: int
) -> IndicatorHit:
    params = {**observation.params, "times": times, "months": indicator.months}
    entry_id = view.accepted.entry.id
    return IndicatorHit(
        indicator,
        index.indicators.of,
        view.branch,
        view.period,
        entry_id,
        params,
        observation.sources,
    )
