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
from mlay_batch.report.listing import Column, Listing, number_column, titled_column
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


def write(ctx: ReportContext, sheet: SheetWriter, data: DataTables) -> None:
    """Write the sheet: a row for each doubtful visit and quota."""
    listing = Listing(ctx, sheet, _columns(ctx, data), _SPLIT)
    listing.write_letterhead(ctx.t("visits/title.doubts"))
    listing.write_rows(_disputed_visits(ctx))
    if listing.is_empty:
        listing.write_note(ctx.t("none"))
    listing.set_up_page(listing.write_foot(space=1), frozen=3, filtered="delivery")


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

    def deputy(line: _DisputedVisit) -> str | None:
        officer = line.visit.on_behalf_of
        return ctx.officer_in_words(officer) if officer else None

    def unit(line: _DisputedVisit) -> str:
        return f"{line.visit.branch} – {ctx.name(line.visit.branch)}"

    column = partial(titled_column, ctx)
    yield number_column(ctx)
    yield column("column.officer", 9, lambda line: line.visit.officer, "center")
    yield column("column.officer_name", 20, lambda line: ctx.officer_name(line.visit.officer))
    yield column("visits/column.instead", 20, deputy)
    yield column("column.branch_name", 34, unit)
    yield column("column.held_on", 11, lambda line: line.visit.held_on, "date")
    yield column("column.role", 20, lambda line: _role_title(ctx, line.visit))
    yield column("column.counted", 7, counts, "center", counts_formula)
    yield column("column.reason", 44, lambda line: _reason_text(ctx, line.visit))
    yield column("column.file", 26, lambda line: line.visit.place.file)
    yield column("column.cell", 13, lambda line: place_text(line.visit.place), "center")
    yield column("column.delivery", 9, lambda line: ctx.file_link(line.visit.delivery), "link")


def _reason_text(ctx: ReportContext, visit: Attendance) -> str:
    return explain(Finding(visit.reason, Severity.WARNING, visit.place), None, ctx.lang).what


def _role_title(ctx: ReportContext, visit: Attendance) -> str | None:
    """Return the role the quota of the visit asked for in its month."""
    month = Period.of("month", visit.held_on)
    quota = ctx.inputs.catalogue.quota_for(visit.quota or "", month)
    return ctx.choice_title("role", quota.role) if quota else None
