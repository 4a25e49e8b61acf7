"""The months of a year in which a quota asks for this or that, as formulas and as words.

A quota that stays the same all year is one span, and its formulas name no months.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

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
