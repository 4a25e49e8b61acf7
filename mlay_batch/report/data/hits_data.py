"""The table of every hit of an indicator in the year, those on trial left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from operator import attrgetter

from mlay_batch.core.findings import Severity
from mlay_batch.figures.report_records import IndicatorHit
from mlay_batch.report.data import unit_kinds_data
from mlay_batch.report.indicator_text import indicator_message
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.tables import DataColumn, DataTable, data_column, data_table, place_text


def shown_hits(ctx: ReportContext) -> tuple[IndicatorHit, ...]:
    """Return the hits of the year that the report shows."""
    hits = ctx.figures.indicator_hits
    return tuple(hit for hit in hits if hit.indicator.severity is Severity.WARNING)


def hits_head(ctx: ReportContext, organisations: DataTable | None = None) -> DataTable:
    """Return the table without rows, for formulas to name; the kind only with `organisations`."""
    return _table(ctx, (), organisations)


def hits_table(ctx: ReportContext, organisations: DataTable) -> DataTable:
    """Return the table of the hits."""
    return _table(ctx, shown_hits(ctx), organisations)


def _table(
    ctx: ReportContext, hits: Sequence[IndicatorHit], organisations: DataTable | None
) -> DataTable:
    kinds = unit_kinds_data.lookup_columns(ctx, organisations) if organisations else ()
    return data_table(ctx, "signs_data", (*_columns(ctx, hits), *kinds), hits)


def _columns(
    ctx: ReportContext, hits: Iterable[IndicatorHit]
) -> Iterator[DataColumn[IndicatorHit]]:
    """Yield the columns; where kinds of units are stated one counts each sign of a cell once."""
    column = partial(data_column, ctx)
    yield column("branch", "center", attrgetter("branch"))
    yield column("branch_name", "text", lambda hit: ctx.name(hit.branch))
    yield column("period_title", "center", lambda hit: hit.period.title(ctx.lang))
    yield column("code", "center", attrgetter("indicator.code"))
    yield column("sign", "text", lambda hit: hit.indicator.title.of(ctx.lang))
    yield column("weight", "integer", attrgetter("indicator.weight"))
    yield column("seen", "text", lambda hit: indicator_message(ctx, hit).what)
    yield column("source", "text", _source_text)
    yield column("basis", "text", attrgetter("indicator.basis"))
    yield column("delivery", "link", lambda hit: ctx.file_link(hit.delivery))
    if ctx.figures.unit_kinds:
        first = _first_of_period(ctx, hits)
        yield column("counted", "integer", lambda hit: 1 if id(hit) in first else None)


def _first_of_period(ctx: ReportContext, hits: Iterable[IndicatorHit]) -> frozenset[int]:
    """Return which hits are the first of an indicator at a cell of the register in the period."""
    months, by_code = ctx.figures.period.months(), ctx.inputs.register.by_code
    first: dict[tuple[str, str], int] = {}
    for hit in hits:
        if hit.period in months and hit.branch in by_code:
            first.setdefault((hit.branch, hit.indicator.code), id(hit))
    return frozenset(first.values())


def _source_text(hit: IndicatorHit) -> str:
    return ", ".join(dict.fromkeys(place_text(source.place) for source in hit.sources[:3]))
