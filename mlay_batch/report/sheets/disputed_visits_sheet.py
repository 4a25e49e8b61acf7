"""Nghi vấn dự họp: the visits that do not count, or count with a doubt, with reason and source."""

from __future__ import annotations

from collections.abc import Iterator

from mlay_batch.core.findings import Finding, Severity
from mlay_batch.core.messages import explain
from mlay_batch.core.period import Period
from mlay_batch.figures.report_records import Attendance
from mlay_batch.report import letterhead, listing
from mlay_batch.report.data.assignments_data import quote
from mlay_batch.report.data.data_sheets import DataTables
from mlay_batch.report.data.visits_data import visit_rows
from mlay_batch.report.listing import Column
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.tables import place_text
from mlay_batch.report.writer import Content, Formula, SheetWriter

_SPLIT = 4
_LOOKS = (
    "center",
    "center",
    "text",
    "text",
    "text",
    "date",
    "text",
    "center",
    "text",
    "text",
    "center",
    "link",
)


def write(ctx: ReportContext, sheet: SheetWriter, data: DataTables) -> None:
    """Write the sheet: a row for each doubtful visit and quota."""
    columns = tuple(_columns(ctx))
    letterhead.write_heading(ctx, sheet, len(columns), _SPLIT, ctx.t("visits/title.doubts"))
    row = first = listing.write_heads(sheet, letterhead.TABLE_ROW, columns)
    for number, (position, visit) in enumerate(_disputed_visits(ctx), 1):
        content = _row(ctx, data, number, position, visit)
        for column, (cell, look) in enumerate(zip(content, _LOOKS, strict=True)):
            sheet.write(row, column, cell, look)
        row += 1
    if row == first:
        sheet.write(row, 0, ctx.t("none"), "note", span=len(columns))
        row += 1
    else:
        sheet.raw.autofilter(first - 1, 0, row - 1, len(columns) - 1)
    last = letterhead.write_signatures(ctx, sheet, row + 1, len(columns), _SPLIT)
    sheet.raw.freeze_panes(first, 3)
    repeat = (letterhead.TABLE_ROW, first - 1)
    sheet.set_up_page(landscape=True, last=(last, len(columns) - 1), repeat=repeat)


def _columns(ctx: ReportContext) -> Iterator[Column]:
    for key, width in (
        ("column.stt", 5),
        ("column.officer", 9),
        ("column.officer_name", 20),
        ("visits/column.instead", 20),
        ("column.branch_name", 34),
        ("column.held_on", 11),
        ("column.role", 20),
        ("column.counted", 7),
        ("column.reason", 44),
        ("column.file", 26),
        ("column.cell", 13),
        ("column.delivery", 8),
    ):
        yield Column(ctx.t(key), width)


def _disputed_visits(ctx: ReportContext) -> Iterator[tuple[int, Attendance]]:
    """Yield every doubtful visit of the year after the number of its row in the table of visits."""
    for position, visits in enumerate(visit_rows(ctx), 1):
        yield from ((position, visit) for visit in visits if visit.reason)


def _row(
    ctx: ReportContext, data: DataTables, number: int, position: int, visit: Attendance
) -> Iterator[Content]:
    counts = data.attendance.ref(f"counts:{visit.quota}" if visit.quota else "counted")
    yes, no = ctx.t("yes"), ctx.t("no")
    yield number
    yield visit.officer
    yield ctx.officer_name(visit.officer)
    yield ctx.officer_name(visit.on_behalf_of) if visit.on_behalf_of else None
    yield f"{visit.branch} – {ctx.name(visit.branch)}"
    yield visit.held_on
    yield _role_title(ctx, visit)
    yield Formula(
        f"=IF(INDEX({counts},{position})=1,{quote(yes)},{quote(no)})", yes if visit.counts else no
    )
    yield explain(Finding(visit.reason, Severity.WARNING, visit.place), None, ctx.lang).what
    yield visit.place.file
    yield place_text(visit.place)
    yield ctx.file_link(visit.delivery)


def _role_title(ctx: ReportContext, visit: Attendance) -> str | None:
    """Return the role the quota of the visit asked for in its month."""
    month = Period.of("month", visit.held_on)
    quota = ctx.inputs.catalogue.quota_for(visit.quota or "", month)
    return ctx.choice_title("role", quota.role) if quota else None
