"""Cảnh báo: what in the period's returns suggests meetings held for form's sake, worst first.

A note for the committee, not a list of sins: which cells to ask, about what, and where it stands.
Indicators on trial are left to the clerk's sheet of findings. Every hit of the year, these too or
not, stands on a data sheet of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter

from mlay_batch.core.messages import Message
from mlay_batch.figures.report_records import IndicatorHit
from mlay_batch.report import letterhead, tables
from mlay_batch.report.data import hits_data
from mlay_batch.report.indicator_text import (
    LinkTargets,
    SectionTables,
    indicator_message,
    worst_first,
)
from mlay_batch.report.listing import Column, Heads, Listing, number_column, titled_column
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.tables import DataTable
from mlay_batch.report.writer import Content, Hyperlink, SheetWriter
from mlay_batch.schema.indicators import Indicator, indicator_looks
from mlay_batch.schema.switches import fields_asked, switches_on, with_switches

MAX_ROWS = 25  # rows: what one screen holds, and a committee reads
_MAX_NAMES = 4  # indicators named in the summary
_SPLIT = 4
_HEADS = Heads(titles=1, is_numbered=False)


@dataclass(frozen=True)
class _IndicatorLine:
    """A row of the note.

    Attributes:
        hit: the worst hit of an indicator at a branch in the period.
        message: what it says, and what to ask.
        months: in how many months of the year it was seen there.
    """

    hit: IndicatorHit
    message: Message
    months: int


def write(
    ctx: ReportContext, sheet: SheetWriter, sections: SectionTables, organisations: DataTable
) -> None:
    """Write the sheet, and behind the data sheets one with every hit of the year."""
    hits = hits_data.shown_hits(ctx)
    period_hits = worst_first([hit for hit in hits if hit.period in ctx.figures.period.months()])
    month_counts, row = _count_months(hits), letterhead.TABLE_ROW
    columns = _columns(ctx, LinkTargets.of(ctx, sections, period_hits))
    listing = Listing(ctx, sheet, columns, _SPLIT, row + 2, heads=_HEADS)
    width = listing.width
    listing.write_title(ctx.t("title.signs"))
    sheet.write(row, 0, _summary_text(ctx, period_hits), "banner", span=width)
    notes = ("signs.note", "signs.listed") if ctx.has_lists else ("signs.note",)
    sheet.write(row + 1, 0, " ".join(map(ctx.t, notes)), "note", span=width)
    listing.write_heads()
    listing.write_rows(
        _IndicatorLine(
            hit, indicator_message(ctx, hit), month_counts[hit.branch, hit.indicator.code]
        )
        for hit in period_hits[:MAX_ROWS]
    )
    _write_foot(listing, len(period_hits) - MAX_ROWS, _write_all_hits(ctx, organisations))
    listing.set_up_page(listing.next_row, frozen=2)
    sheet.raw.fit_to_pages(1, 1)  # a note is one page


def _columns(ctx: ReportContext, links: LinkTargets) -> Iterator[Column[_IndicatorLine]]:
    column = partial(titled_column, ctx)

    def unit(line: _IndicatorLine) -> str:
        return f"{line.hit.branch} – {ctx.name(line.hit.branch)}"

    def source_link(line: _IndicatorLine) -> Content:
        hit = line.hit
        return links.link_to(hit.form, hit.sources[0]) if hit.sources else None

    yield number_column(ctx)
    yield column("column.unit", 27, unit)
    yield column("column.sign", 19, lambda line: line.hit.indicator.title.of(ctx.lang))
    yield column("column.seen", 47, attrgetter("message.what"))
    yield column("column.ask", 36, attrgetter("message.fix"))
    yield column("column.in_year", 12, attrgetter("months"), "center")
    yield column("column.source", 18, source_link, "link")
    yield column("column.delivery", 9, lambda line: ctx.file_link(line.hit.delivery), "link")


def _count_months(hits: Sequence[IndicatorHit]) -> Counter[tuple[str, str]]:
    """Return in how many months of the year each indicator was seen at each branch."""
    months = {(hit.branch, hit.indicator.code, hit.period) for hit in hits}
    return Counter((branch, code) for branch, code, _ in months)


def _summary_text(ctx: ReportContext, hits: Sequence[IndicatorHit]) -> str:
    """Return the note in one sentence: how many cells, and which indicators most often."""
    if not hits:
        return ctx.t("signs.none")
    cells = {(hit.branch, hit.indicator.code): hit.indicator.title.of(ctx.lang) for hit in hits}
    most_common = Counter(cells.values()).most_common(_MAX_NAMES)
    names = "; ".join(f"{title[:1].lower()}{title[1:]} ({count})" for title, count in most_common)
    return ctx.t("signs.summary", count=len({branch for branch, _ in cells}), signs=names)


def _write_foot(
    listing: Listing[_IndicatorLine], omitted: int, all_hits_sheet: SheetWriter | None
) -> None:
    """Write where the rest is to be found, and where contradictions between returns are."""
    ctx, width = listing.ctx, listing.width
    if all_hits_sheet:
        text = ctx.t("signs.all", count=omitted) if omitted > 0 else ctx.t("signs.year")
        link = Hyperlink(all_hits_sheet.address(0, 0), text)
        listing.sheet.write(listing.next_row, 0, link, "link", span=width)
        listing.next_row += 1
    contradictions = sum("waived_by" not in found.params for _, found in ctx.figures.warnings)
    listing.write_note(ctx.t("signs.crossed", count=contradictions))
    if titles := [indicator.title.of(ctx.lang) for indicator in _unasked(ctx)]:
        listing.write_note(ctx.t("signs.unasked", signs="; ".join(titles)))


def _unasked(ctx: ReportContext) -> Iterator[Indicator]:
    """Yield the indicators for which the office does not ask what they look at."""
    for indicators in ctx.inputs.catalogue.indicator_sets_for(ctx.figures.period):
        form = ctx.inputs.catalogue.form_for(indicators.of, ctx.figures.period)
        if form is None:
            continue
        asked = fields_asked(with_switches(form, switches_on(form, ctx.inputs.register.asked)))
        for indicator in indicators.entries:
            names = indicator_looks(indicator)
            if names and not any(indicators.looks[name].field in asked for name in names):
                yield indicator


def _write_all_hits(ctx: ReportContext, organisations: DataTable) -> SheetWriter | None:
    """Write the data sheet of the year's hits; none where there is no hit."""
    table = hits_data.hits_table(ctx, organisations)
    if not table.rows:
        return None
    sheet = ctx.writer.add_sheet(table.title, table.note)
    tables.write(ctx.writer, sheet, table, letterhead.back_link(ctx))
    return sheet
