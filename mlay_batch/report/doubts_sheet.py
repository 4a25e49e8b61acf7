"""Nghi vấn dự họp: the visits that do not count, or count with a doubt, with reason and source."""

from __future__ import annotations

from collections.abc import Iterator

from mlay_batch.figures.records import Attendance
from mlay_batch.findings import Finding, Severity
from mlay_batch.messages import explain
from mlay_batch.period import Period
from mlay_batch.report import listing, official
from mlay_batch.report.book import Content, Live, Sheet
from mlay_batch.report.context import Context
from mlay_batch.report.data_sheets import Data
from mlay_batch.report.duty_tables import quoted
from mlay_batch.report.listing import Column
from mlay_batch.report.titled import where
from mlay_batch.report.visit_tables import told

_SPLIT = 4
_LOOKS = ("center", "center", "text", "text", "text", "date", "text", "center", "text", "text",
          "center", "link")  # fmt: skip


def write(ctx: Context, sheet: Sheet, data: Data) -> None:
    """Write the sheet: a row for each doubtful visit and quota."""
    columns = tuple(_columns(ctx))
    official.heading(ctx, sheet, len(columns), _SPLIT, ctx.t("visits/title.doubts"))
    row = first = listing.heads(sheet, official.TABLE_ROW, columns)
    for number, (position, visit) in enumerate(_doubtful(ctx), 1):
        content = _row(ctx, data, number, position, visit)
        for column, (entry, look) in enumerate(zip(content, _LOOKS, strict=True)):
            sheet.put(row, column, entry, look)
        row += 1
    if row == first:
        sheet.put(row, 0, ctx.t("none"), "note", span=len(columns))
        row += 1
    else:
        sheet.raw.autofilter(first - 1, 0, row - 1, len(columns) - 1)
    last = official.signatures(ctx, sheet, row + 1, len(columns), _SPLIT)
    sheet.raw.freeze_panes(first, 3)
    repeat = (official.TABLE_ROW, first - 1)
    sheet.print_as(landscape=True, last=(last, len(columns) - 1), repeat=repeat)


def _columns(ctx: Context) -> Iterator[Column]:
    for key, width in (
        ("column.stt", 5), ("column.officer", 9), ("column.officer_name", 20),
        ("visits/column.instead", 20), ("column.branch_name", 34), ("column.held_on", 11),
        ("column.role", 20), ("column.counted", 7), ("column.reason", 44), ("column.file", 26),
        ("column.cell", 13), ("column.delivery", 8),
    ):  # fmt: skip
        yield Column(ctx.t(key), width)


def _doubtful(ctx: Context) -> Iterator[tuple[int, Attendance]]:
    """Yield every doubtful visit of the year after the number of its row in the table of visits."""
    for position, row in enumerate(told(ctx), 1):
        yield from ((position, visit) for visit in row if visit.reason)


def _row(
    ctx: Context, data: Data, number: int, position: int, visit: Attendance
) -> Iterator[Content]:
    counts = data.attendance.ref(f"counts:{visit.quota}" if visit.quota else "counted")
    yes, no = ctx.t("yes"), ctx.t("no")
    yield number
    yield visit.officer
    yield ctx.officer(visit.officer)
    yield ctx.officer(visit.on_behalf_of) if visit.on_behalf_of else None
    yield f"{visit.branch} – {ctx.name(visit.branch)}"
    yield visit.held_on
    yield _role(ctx, visit)
    yield Live(f"=IF(INDEX({counts},{position})=1,{quoted(yes)},{quoted(no)})",
               yes if visit.counts else no)  # fmt: skip
    yield explain(Finding(visit.reason, Severity.WARNING, visit.place), None, ctx.lang).what
    yield visit.place.file
    yield where(visit.place)
    yield ctx.file(visit.delivery)


def _role(ctx: Context, visit: Attendance) -> str | None:
    """Return the role the quota of the visit asked for in its month."""
    month = Period.of("month", visit.held_on)
    quota = ctx.facts.catalogue.quota_for(visit.quota or "", month)
    return ctx.choice("role", quota.role) if quota else None
