"""Chi bộ được dự: the meetings of every cell, who came to them from above, and where nobody did.

Cells that were attended are folded away. Below stand the visits that are to be verified, and where
officers fill in slips who says so of each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from operator import attrgetter

from mlay_batch.core.styles import TONES
from mlay_batch.figures.report_records import CellVisits
from mlay_batch.report.data.data_sheets import DataTables
from mlay_batch.report.formulas import cell, fixed, quote, whole
from mlay_batch.report.listing import Column, Listing, branch_columns, day_column, titled_column
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.sheets import disputed_visits_block, visit_checks_block
from mlay_batch.report.writer import SheetWriter
from mlay_batch.schema.ids import MEETING

_SPLIT = 3
_TONE_BY_STATE = {
    "attended": "good",
    "unsettled": "watch",
    "uncounted": "fair",
    "ended": "off",
    "unassigned": "bad",
    "own": "bad",
    "unknown": "watch",
    "unattended": "bad",
}


def state_text(ctx: ReportContext, state: str) -> str:
    """Return a state of `CellVisits` as symbol and word."""
    return f"{TONES[_TONE_BY_STATE[state]].symbol} {ctx.t(f'visits/cell.{state}')}"


def write(ctx: ReportContext, sheet: SheetWriter, data: DataTables) -> None:
    """Write the sheet."""
    listing = Listing(ctx, sheet, _columns(ctx, data), _SPLIT)
    listing.write_letterhead(ctx.t("visits/title.cells"))
    for number, line in enumerate(ctx.figures.cell_visits, 1):
        listing.write_row(line, number, folded=line.state == "attended")
    listing.colour_states()
    listing.write_totals(ctx.figures.cell_visits)
    listing.write_notes(map(ctx.t, ("legend", "folded.rows", "visits/cells.how")))
    if ctx.has_lists:
        listing.write_note(ctx.t("visits/cells.listed"))
    end_row = disputed_visits_block.write(ctx, sheet, data, listing.next_row + 1)
    end_row = (
        visit_checks_block.write(ctx, sheet, data, end_row + 1) if ctx.figures.slips else end_row
    )
    listing.set_up_page(end_row, frozen=3, filtered="state", landscape=False)


def _columns(ctx: ReportContext, data: DataTables) -> Iterator[Column[CellVisits]]:
    column, visits, code = partial(titled_column, ctx), data.attendance, fixed("branch")
    count = partial(column, look="count", total=True)
    times = ctx.t("visits/column.times")
    yield from branch_columns(ctx, 4, 9.5, 32)
    yield column("visits/column.officers", 30, partial(_officer_names, ctx))
    held = data.sittings.sumifs("held", branch=code)
    yield count("column.held", 6.5, attrgetter("sitting_count"), formula=held)
    attended = visits.sumifs("first_visit", branch=code)
    yield count("visits/column.attended", 7, attrgetter("attended_sittings"), formula=attended)
    visited = visits.countifs(branch=code, counted='">=0"')
    counted = visits.sumifs("counted", branch=code)
    yield count("visits/column.visits", 6, attrgetter("visit_count"), formula=visited, group=times)
    yield count(
        "visits/column.that_count", 6.5, attrgetter("counted_visits"), formula=counted, group=times
    )
    last = f"SUMPRODUCT(MAX(({visits.ref('branch')}={code})*{visits.ref('held_on')}))"
    title, day = ctx.t("visits/column.last_visit"), attrgetter("last_visit")
    yield day_column("last_visit", title, 10, day, last)
    out = data.returns.countifs(form=quote(MEETING), branch=code, open="1")
    yield count("visits/column.months_out", 7, attrgetter("open_months"), formula=out)
    yield _state_column(ctx, data)


def _officer_names(ctx: ReportContext, line: CellVisits) -> str:
    return "; ".join(map(ctx.officer_in_words, line.officers))


def _state_column(ctx: ReportContext, data: DataTables) -> Column[CellVisits]:
    """Return the state of each cell; below it how many cells nobody visited, in words."""
    texts = {state: quote(state_text(ctx, state)) for state in _TONE_BY_STATE}
    label = ctx.t("visits/cells.nobody")
    return Column(
        "state",
        ctx.t("column.result"),
        21,
        lambda line: state_text(ctx, line.state),
        f"IF({cell('visits')}>0,{_visited(ctx, data, texts)},{_unvisited(ctx, data, texts)})",
        total=f"{quote(label)}&COUNTIF({whole('state')},{texts['unattended']})",
        total_value=lambda lines: f"{label}{[x.state for x in lines].count('unattended')}",
        total_look="total_label",
        symbols="●○▲■–",
    )


def _visited(ctx: ReportContext, data: DataTables, texts: Mapping[str, str]) -> str:
    quotas = ctx.inputs.catalogue.quotas_for(ctx.figures.period)
    certain = "+".join(
        data.attendance.countifs(branch=fixed("branch"), **{f"least:{quota.quota}": "1"})
        for quota in quotas
    )
    counted = f"IF({certain or '0'}>0,{texts['attended']},{texts['unsettled']})"
    return f"IF({cell('that_count')}=0,{texts['uncounted']},{counted})"


def _unvisited(ctx: ReportContext, data: DataTables, texts: Mapping[str, str]) -> str:
    """Return why nobody came to a cell, as far as the register says why."""
    code, end = fixed("branch"), ctx.figures.period.end
    is_over = data.organisations.countifs(
        branch=code, ended=f'"<="&DATE({end.year},{end.month},{end.day})'
    )
    assigned = data.duties.scope.countifs(branch=code, may_count='">=0"')
    able = data.duties.scope.countifs(branch=code, may_count="1")
    state = f"IF({cell('months_out')}>0,{texts['unknown']},{texts['unattended']})"
    for count, reason in ((able, "own"), (assigned, "unassigned")):
        state = f"IF({count}=0,{texts[reason]},{state})"
    return f"IF({is_over}>0,{texts['ended']},{state})"
