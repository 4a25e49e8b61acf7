"""The months of a year in which a quota asks for this or that, as formulas and as words.

A quota that stays the same all year is one span, and its formulas name no months.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mlay_batch.report.context import Context
from mlay_batch.report.tables import Table
from mlay_batch.schema import Quota, QuotaSpan

_LAST = 12


def spans(ctx: Context, quota: Quota) -> tuple[QuotaSpan, ...]:
    """Return the records of a quota that apply in the months of the report's year."""
    return ctx.facts.catalogue.quota_spans(quota.quota, ctx.figures.period.year)


def join_alike(
    found: Sequence[QuotaSpan], trait: Callable[[Quota], object]
) -> tuple[QuotaSpan, ...]:
    """Return the spans with neighbours of the same `trait` made one."""
    merged: list[QuotaSpan] = []
    for span in found:
        before = merged[-1] if merged else None
        if before and before.last + 1 == span.first and trait(before.quota) == trait(span.quota):
            merged[-1] = QuotaSpan(span.quota, before.first, span.last)
        else:
            merged.append(span)
    return tuple(merged)


def month_factor(months: Table, span: QuotaSpan) -> str:
    """Return the factor that is 1 in the months of a span, nothing where it is the whole year."""
    month = months.ref("month")
    since = f"*({month}>={span.first})" if span.first > 1 else ""
    return since + (f"*({month}<={span.last})" if span.last < _LAST else "")


def choose_by_month(
    found: Sequence[QuotaSpan], month: str, formula: Callable[[Quota], str], otherwise: str
) -> str:
    """Return the formula of the span that the cell `month` lies in, `otherwise` in none."""
    chosen, after = otherwise, _LAST + 1
    for span in reversed(found):
        if span.last + 1 < after:
            chosen, after = _until(month, after, otherwise, chosen), span.last + 1
        chosen, after = _until(month, after, formula(span.quota), chosen), span.first
    return _until(month, after, otherwise, chosen) if after > 1 else chosen


def _until(month: str, first: int, formula: str, later: str) -> str:
    """Return the formula of the months before `first`, `later` in the months from it on."""
    return formula if first > _LAST else f"IF({month}<{first},{formula},{later})"


def month_words(ctx: Context, span: QuotaSpan) -> str:
    """Return the months of a span in words: "từ tháng 7"; nothing for the whole year."""
    if (span.first, span.last) == (1, _LAST):
        return ""
    kind = "until" if span.first == 1 else "since" if span.last == _LAST else "between"
    return ctx.t(f"visits/months.{kind}", first=span.first, last=span.last)
