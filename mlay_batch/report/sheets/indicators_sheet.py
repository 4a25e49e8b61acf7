"""Cảnh báo: what in the period's returns suggests meetings held for form's sake, worst first.

A note for the committee, not a list of sins: which cells to ask, about what, and where it stands.
Signs on trial are left to the clerk's sheet of findings. Every hit of the year, these too or
not, stands on a data sheet of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from operator import attrgetter

from mlay_batch.core.findings import Severity
from mlay_batch.figures.report_records import IndicatorHit
from mlay_batch.report import letterhead, tables
from mlay_batch.report.indicator_text import (
    LinkTargets,
    SectionTables,
    indicator_message,
    worst_first,
)
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.tables import DataColumn, data_column, data_table, place_text
from mlay_batch.report.writer import Hyperlink, SheetWriter

MAX_ROWS = 25  # rows: what one screen holds, and a committee reads
_MAX_NAMES = 4  # signs named in the summary
_COLUMNS = ("stt", "unit", "sign", "seen", "ask", "in_year", "source", "delivery")
_WIDTHS = (5, 27, 19, 47, 36, 9, 21, 9)
_SPLIT = 4


def write(ctx: ReportContext, sheet: SheetWriter, sections: SectionTables) -> None:
    """Write the sheet, and behind the data sheets one with every hit of the year."""
    hits = [hit for hit in ctx.figures.indicator_hits if hit.indicator.severity is Severity.WARNING]
    period_hits = worst_first([hit for hit in hits if hit.period in ctx.figures.period.months()])
    link_targets, month_counts = LinkTargets.of(sections, period_hits), _count_months(hits)
    sheet.set_widths(_WIDTHS)
    letterhead.write_heading(ctx, sheet, len(_COLUMNS), _SPLIT, ctx.t("title.signs"))
    row = letterhead.TABLE_ROW
    sheet.write(row, 0, _summary_text(ctx, period_hits), "banner", span=len(_COLUMNS))
    sheet.write(row + 1, 0, ctx.t("signs.note"), "note", span=len(_COLUMNS))
    head = row + 2
    for column, name in enumerate(_COLUMNS):
        sheet.write(head, column, ctx.t(f"column.{name}"), "head")
    for number, hit in enumerate(period_hits[:MAX_ROWS], 1):
        _write_row(
            ctx,
            sheet,
            head + number,
            number,
            hit,
            month_counts[hit.branch, hit.indicator.code],
            link_targets,
        )
    last = _write_foot(
        ctx,
        sheet,
        head + 1 + len(period_hits[:MAX_ROWS]),
        len(period_hits) - MAX_ROWS,
        _write_all_hits(ctx, hits),
    )
    sheet.raw.freeze_panes(head + 1, 2)
    sheet.set_up_page(landscape=True, last=(last, len(_COLUMNS) - 1), repeat=(head, head))
    sheet.raw.fit_to_pages(1, 1)  # a note is one page


def _count_months(hits: Sequence[IndicatorHit]) -> Counter[tuple[str, str]]:
    """Return in how many months of the year each sign was seen at each branch."""
    months = {(hit.branch, hit.indicator.code, hit.period) for hit in hits}
    return Counter((branch, code) for branch, code, _ in months)


def _summary_text(ctx: ReportContext, hits: Sequence[IndicatorHit]) -> str:
    """Return the note in one sentence: how many cells, and which signs most often."""
    if not hits:
        return ctx.t("signs.none")
    cells = {(hit.branch, hit.indicator.code): hit.indicator.title.of(ctx.lang) for hit in hits}
    most_common = Counter(cells.values()).most_common(_MAX_NAMES)
    names = "; ".join(f"{title[:1].lower()}{title[1:]} ({count})" for title, count in most_common)
    return ctx.t("signs.summary", count=len({branch for branch, _ in cells}), signs=names)


def _write_row(
    ctx: ReportContext,
    sheet: SheetWriter,
    row: int,
    number: int,
    hit: IndicatorHit,
    months: int,
    link_targets: LinkTargets,
) -> None:
    message = indicator_message(ctx, hit)
    write = sheet.write
    write(row, 0, number, "center")
    write(row, 1, f"{hit.branch} – {ctx.name(hit.branch)}", "text")
    write(row, 2, hit.indicator.title.of(ctx.lang), "text")
    write(row, 3, message.what, "text")
    write(row, 4, message.fix, "text")
    write(row, 5, months, "center")
    write(row, 6, link_targets.link_to(hit.form, hit.sources[0]) if hit.sources else None, "link")
    write(row, 7, ctx.file_link(hit.delivery), "link")


def _write_foot(
    ctx: ReportContext, sheet: SheetWriter, row: int, omitted: int, all_hits_sheet: SheetWriter
) -> int:
    """Write where the rest is to be found, and where contradictions between returns are."""
    width = len(_COLUMNS)
    link = Hyperlink(
        all_hits_sheet.address(0, 0),
        ctx.t("signs.all", count=omitted) if omitted > 0 else ctx.t("signs.year"),
    )
    sheet.write(row, 0, link, "link", span=width)
    contradictions = sum(finding.code.startswith("X") for _, finding in ctx.figures.warnings)
    sheet.write(row + 1, 0, ctx.t("signs.crossed", count=contradictions), "note", span=width)
    return row + 1


def _write_all_hits(ctx: ReportContext, hits: Sequence[IndicatorHit]) -> SheetWriter:
    """Write the data sheet of the year's hits."""
    column = partial(data_column, ctx)
    columns: tuple[DataColumn[IndicatorHit], ...] = (
        column("branch", "center", attrgetter("branch")),
        column("branch_name", "text", lambda hit: ctx.name(hit.branch)),
        column("period", "center", lambda hit: str(hit.period)),
        column("code", "center", attrgetter("indicator.code")),
        column("sign", "text", lambda hit: hit.indicator.title.of(ctx.lang)),
        column("weight", "integer", attrgetter("indicator.weight")),
        column("seen", "text", lambda hit: indicator_message(ctx, hit).what),
        column("source", "text", _source_text),
        column("basis", "text", attrgetter("indicator.basis")),
        column("delivery", "link", lambda hit: ctx.file_link(hit.delivery)),
    )
    table = data_table(ctx, "signs_data", columns, hits)
    sheet = ctx.writer.add_sheet(table.title, table.note)
    tables.write(ctx.writer, sheet, table, letterhead.back_link(ctx))
    return sheet


def _source_text(hit: IndicatorHit) -> str:
    return ", ".join(dict.fromkeys(place_text(source.place) for source in hit.sources[:3]))
