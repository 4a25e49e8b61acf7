"""Chi bộ được dự: the meetings of every cell, who came to them from above, and where nobody did."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from operator import attrgetter

from mlay_batch.core.styles import TONES
from mlay_batch.figures.report_records import CellVisits
from mlay_batch.report.data.data_sheets import DataTables
from mlay_batch.report.formulas import cell, fixed, quote, whole
from mlay_batch.report.listing import Column, Listing, branch_columns, day_column, titled_column
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.writer import SheetWriter
from mlay_batch.schema.ids import MEETING

_SPLIT = 3
_TONE_BY_STATE = {"attended": "good", "uncounted": "fair", "unknown": "watch", "unattended": "bad"}


def state_text(ctx: ReportContext, state: str) -> str:
    """Return a state of `CellVisits` as symbol and word."""
    return f"{TONES[_TONE_BY_STATE[state]].symbol} {ctx.t(f'visits/cell.{state}')}"


def write(ctx: ReportContext, sheet: SheetWriter, data: DataTables) -> None:
    """Write the sheet."""
    listing = Listing(ctx, sheet, _columns(ctx, data), _SPLIT)
    listing.write_letterhead(ctx.t("visits/title.cells"))
    listing.write_rows(ctx.figures.cell_visits)
    listing.write_totals(ctx.figures.cell_visits)
    last = listing.write_foot([ctx.t("visits/cells.how")])
    listing.set_up_page(last, frozen=3, filtered="state")


def _columns(ctx: ReportContext, data: DataTables) -> Iterator[Column[CellVisits]]:
    column, visits, code = partial(titled_column, ctx), data.attendance, fixed("branch")
    count = partial(column, look="count", total=True)
    times = ctx.t("visits/column.times")
    yield from branch_columns(ctx, 5, 10, 36)
    yield column("visits/column.officers", 40, partial(_officer_names, ctx))
    held = data.sittings.countifs(branch=code, held_on='">0"')
    yield count("column.held", 9, attrgetter("sitting_count"), formula=held)
    attended = visits.sumifs("first_visit", branch=code)
    yield count("visits/column.attended", 9, attrgetter("attended_sittings"), formula=attended)
    visited, counted = visits.countifs(branch=code), visits.sumifs("counted", branch=code)
    yield count("visits/column.visits", 9, attrgetter("visit_count"), formula=visited, group=times)
    yield count(
        "visits/column.that_count", 9, attrgetter("counted_visits"), formula=counted, group=times
    )
    last = f"SUMPRODUCT(MAX(({visits.ref('branch')}={code})*{visits.ref('held_on')}))"
    title, day = ctx.t("visits/column.last_visit"), attrgetter("last_visit")
    yield day_column("last_visit", title, 11, day, last)
    out = data.returns.countifs(form=quote(MEETING), branch=code, open="1")
    yield count("visits/column.months_out", 10, attrgetter("open_months"), formula=out)
    yield _state_column(ctx)


def _officer_names(ctx: ReportContext, line: CellVisits) -> str:
    return "; ".join(map(ctx.officer_name, line.officers))


def _state_column(ctx: ReportContext) -> Column[CellVisits]:
    """Return the state of each cell; below it how many cells nobody visited, in words."""
    texts = {state: quote(state_text(ctx, state)) for state in _TONE_BY_STATE}
    attended = f"IF({cell('that_count')}>0,{texts['attended']},{texts['uncounted']})"
    unattended = f"IF({cell('months_out')}>0,{texts['unknown']},{texts['unattended']})"
    label = ctx.t("visits/cells.nobody")
    return Column(
        "state",
        ctx.t("column.result"),
        24,
        lambda line: state_text(ctx, line.state),
        f"IF({cell('visits')}>0,{attended},{unattended})",
        total=f"{quote(label)}&COUNTIF({whole('state')},{texts['unattended']})",
        total_value=lambda lines: f"{label}{[x.state for x in lines].count('unattended')}",
        total_look="total_label",
        symbols="●○▲■",
    )
