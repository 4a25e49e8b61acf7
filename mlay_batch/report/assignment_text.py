"""The organisations an officer is assigned to under a quota, in words: "CB1 (từ 15/7)"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from mlay_batch.core.period import Period
from mlay_batch.core.text import day_and_month
from mlay_batch.figures.report_records import QuotaLine
from mlay_batch.report.report_context import ReportContext
from mlay_batch.schema import QuotaSpan


def assignment_texts(
    ctx: ReportContext, line: QuotaLine, spans: Sequence[QuotaSpan]
) -> Iterator[str]:
    """Yield the organisations assigned within the year, with the days where it is not all of it."""
    if line.quota.per == "officer_cell":
        yield line.branches[0].name
        return
    year = Period(ctx.figures.period.year, 1, 12)
    for assignment in ctx.inputs.register.assignments:
        last_day = assignment.to or year.end
        span_periods = (
            _span_period(year, quota_span)
            for quota_span in spans
            if quota_span.quota.role == assignment.role
        )
        if assignment.officer != line.officer:
            continue
        if any(assignment.from_ <= span.end and last_day >= span.start for span in span_periods):
            since = ctx.t("visits/since", day=_short_day(ctx, assignment.from_))
            until = ctx.t("visits/until", day=_short_day(ctx, last_day))
            span = [since] if assignment.from_ > year.start else []
            span += [until] if last_day < year.end else []
            yield ctx.name(assignment.branch) + (f" ({' '.join(span)})" if span else "")


def _span_period(year: Period, span: QuotaSpan) -> Period:
    return Period(year.year, span.first, span.last - span.first + 1)


def _short_day(ctx: ReportContext, day: date) -> str:
    """Return a day of the report's year without the year: ``15/7``, ``03/02``."""
    if ctx.lang != "vi":
        return day.isoformat()
    return day_and_month(day)
