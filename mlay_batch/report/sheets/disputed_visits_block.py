"""Dự họp cần xác minh: visits that do not count or count with a doubt, the reason, the source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from mlay_batch.core.findings import Finding, Severity
from mlay_batch.core.messages import explain
from mlay_batch.core.period import Period
from mlay_batch.figures.report_records import Attendance
from mlay_batch.report.data.data_sheets import DataTables
from mlay_batch.report.data.visits_data import visit_rows
from mlay_batch.report.formulas import quote
from mlay_batch.report.listing import Column, Heads, Listing, number_column, titled_column
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.tables import place_text
from mlay_batch.report.writer import SheetWriter

_SPLIT = 4


@dataclass(frozen=True)
class _DisputedVisit:
    """A doubtful visit.

    Attributes:
        row: the number of its row in the table of visits, from 1.
        visit: the visit for one quota.
    """

    row: int
    visit: Attendance


def write(ctx: ReportContext, sheet: SheetWriter, data: DataTables, row: int) -> int:
    """Write the block from `row` on, a line for each doubtful visit and quota; nothing without any.

    Return the row after it.
    """
    visits = list(_disputed_visits(ctx))
    if not visits:
        return row
    listing = Listing(ctx, sheet, _columns(ctx, data), _SPLIT, row + 1, heads=Heads(titles=1))
    sheet.write(row, 0, ctx.t("visits/title.doubts"), "section", span=listing.width)
    listing.write_heads()
    listing.write_rows(visits)
    return listing.next_row


def _disputed_visits(ctx: ReportContext) -> Iterator[_DisputedVisit]:
    for row, visits in enumerate(visit_rows(ctx), 1):
        yield from (_DisputedVisit(row, visit) for visit in visits if visit.reason)


def _columns(ctx: ReportContext, data: DataTables) -> Iterator[Column[_DisputedVisit]]:
    yes, no = ctx.t("yes"), ctx.t("no")

    def counts_formula(line: _DisputedVisit) -> str:
        quota = line.visit.quota
        counts = data.attendance.ref(f"counts:{quota}" if quota else "counted")
        return f"IF(INDEX({counts},{line.row})=1,{quote(yes)},{quote(no)})"

    def counts(line: _DisputedVisit) -> str:
        return yes if line.visit.counts else no

    def unit(line: _DisputedVisit) -> str:
        return f"{line.visit.branch} – {ctx.name(line.visit.branch)}"

    column = partial(titled_column, ctx)
    yield number_column(ctx, 4)
    yield column("column.officer", 9, lambda line: line.visit.officer, "center")
    yield column("column.officer_name", 32, lambda line: _officer_text(ctx, line.visit))
    yield column("column.branch_name", 30, unit)
    yield column("column.held_on", 11, lambda line: line.visit.held_on, "date")
    yield column("column.counted", 6, counts, "center", counts_formula)
    yield column("column.delivery", 7, lambda line: ctx.file_link(line.visit.delivery), "link")
    yield column("column.reason", 40, lambda line: _reason_text(ctx, line.visit))


def _officer_text(ctx: ReportContext, visit: Attendance) -> str:
    """Return the officer, whom he stood in for, and the role the quota asks for."""
    deputy = visit.on_behalf_of
    of = ctx.t("visits/instead", officer=ctx.officer_in_words(deputy)) if deputy else ""
    return "; ".join(filter(None, (ctx.officer_name(visit.officer), of, _role_title(ctx, visit))))


def _reason_text(ctx: ReportContext, visit: Attendance) -> str:
    """Return why it is in doubt, and the cell of the file."""
    reason = explain(Finding(visit.reason, Severity.WARNING, visit.place), None, ctx.lang).what
    return f"{reason} ({place_text(visit.place)})"


def _role_title(ctx: ReportContext, visit: Attendance) -> str | None:
    """Return the role the quota of the visit asked for in its month."""
    month = Period.of("month", visit.held_on)
    quota = ctx.inputs.catalogue.quota_for(visit.quota or "", month)
    return ctx.choice_title("role", quota.role) if quota else None
