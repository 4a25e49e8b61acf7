"""The months of a year in which a quota asks for this or that, as formulas and as words.

A quota that stays the same all year is one span, and its formulas name no months.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date

from mlay_batch.core.period import Period
from mlay_batch.core.text import day_and_month
from mlay_batch.figures.attendance import Duty
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.tables import DataTable
from mlay_batch.schema import Quota, QuotaSpan

_LAST_MONTH = 12


def spans(ctx: ReportContext, quota: Quota) -> tuple[QuotaSpan, ...]:
    """Return the records of a quota that apply in the months of the report's year."""
    return ctx.inputs.catalogue.quota_spans(quota.quota, ctx.figures.period.year)


def join_alike(
    records: Sequence[QuotaSpan], trait: Callable[[Quota], object]
) -> tuple[QuotaSpan, ...]:
    """Return the spans with neighbours of the same `trait` made one."""
    merged: list[QuotaSpan] = []
    for span in records:
        previous = merged[-1] if merged else None
        if (
            previous
            and previous.last + 1 == span.first
            and trait(previous.quota) == trait(span.quota)
        ):
            merged[-1] = QuotaSpan(span.quota, previous.first, span.last)
        else:
            merged.append(span)
    return tuple(merged)


def month_factor(months: DataTable, span: QuotaSpan) -> str:
    """Return the factor that is 1 in the months of a span, nothing where it is the whole year."""
    month = months.ref("month")
    since = f"*({month}>={span.first})" if span.first > 1 else ""
    return since + (f"*({month}<={span.last})" if span.last < _LAST_MONTH else "")


def months_look(records: Sequence[QuotaSpan]) -> str:
    """Return the look of a number of months: with decimals where days count."""
    return "owed" if any(span.quota.months_by == "days" for span in records) else "count"


def choose_by_month(
    records: Sequence[QuotaSpan], month: str, formula: Callable[[Quota], str], otherwise: str
) -> str:
    """Return the formula of the span that the cell `month` lies in, `otherwise` in none."""
    result, next_start = otherwise, _LAST_MONTH + 1
    for span in reversed(records):
        if span.last + 1 < next_start:
            result, next_start = _before_month(month, next_start, otherwise, result), span.last + 1
        result, next_start = (
            _before_month(month, next_start, formula(span.quota), result),
            span.first,
        )
    return _before_month(month, next_start, otherwise, result) if next_start > 1 else result


def _before_month(month: str, first: int, formula: str, later: str) -> str:
    """Return the formula of the months before `first`, `later` in the months from it on."""
    return formula if first > _LAST_MONTH else f"IF({month}<{first},{formula},{later})"


def months_text(ctx: ReportContext, span: QuotaSpan) -> str:
    """Return the months of a span in words: "từ tháng 7"; nothing for the whole year."""
    if (span.first, span.last) == (1, _LAST_MONTH):
        return ""
    key = "until" if span.first == 1 else "since" if span.last == _LAST_MONTH else "between"
    return ctx.t(f"visits/months.{key}", first=span.first, last=span.last)


def assignment_texts(
    ctx: ReportContext, records: Sequence[QuotaSpan], officer_duties: Iterable[Duty]
) -> Iterator[str]:
    """Yield the organisations assigned within the year, with the days where it is not all of it."""
    year = Period(ctx.figures.period.year, 1, 12)
    for duty in officer_duties:
        last_day = min(duty.last, year.end)
        span_periods = (
            Period(year.year, span.first, span.last - span.first + 1)
            for span in records
            if span.quota.role == duty.role
        )
        if duty.first <= last_day and any(
            duty.first <= span.end and last_day >= span.start for span in span_periods
        ):
            since = ctx.t("visits/since", day=_short_day(ctx, duty.first))
            until = ctx.t("visits/until", day=_short_day(ctx, last_day))
            limits = [since] if duty.first > year.start else []
            limits += [until] if last_day < year.end else []
            yield ctx.name(duty.branch) + (f" ({' '.join(limits)})" if limits else "")


def _short_day(ctx: ReportContext, day: date) -> str:
    """Return a day of the report's year without the year: ``15/7``, ``03/02``."""
    return day_and_month(day) if ctx.lang == "vi" else day.isoformat()
