"""The organisations an officer is assigned to under a quota, in words: "CB1 (từ 15/7)"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from mlay_batch.figures.records import QuotaLine
from mlay_batch.names import day_and_month
from mlay_batch.period import Period
from mlay_batch.report.context import Context
from mlay_batch.schema import QuotaSpan


def assignments(ctx: Context, line: QuotaLine, spans: Sequence[QuotaSpan]) -> Iterator[str]:
    """Yield the organisations assigned within the year, with the days where it is not all of it."""
    if line.quota.per == "officer_cell":
        yield line.branches[0].name
        return
    year = Period(ctx.figures.period.year, 1, 12)
    for entry in ctx.facts.register.assignments:
        ends = entry.to or year.end
        months = (_months(year, s) for s in spans if s.quota.role == entry.role)
        if entry.officer != line.officer:
            continue
        if any(entry.from_ <= span.end and ends >= span.start for span in months):
            since = ctx.t("visits/since", day=_day(ctx, entry.from_))
            until = ctx.t("visits/until", day=_day(ctx, ends))
            span = [since] if entry.from_ > year.start else []
            span += [until] if ends < year.end else []
            yield ctx.name(entry.branch) + (f" ({' '.join(span)})" if span else "")


def _months(year: Period, span: QuotaSpan) -> Period:
    return Period(year.year, span.first, span.last - span.first + 1)


def _day(ctx: Context, day: date) -> str:
    """Return a day of the report's year without the year: ``15/7``, ``03/02``."""
    if ctx.lang != "vi":
        return day.isoformat()
    return day_and_month(day)
