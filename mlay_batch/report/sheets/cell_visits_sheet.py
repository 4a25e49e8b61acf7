"""Chi bộ được dự: the meetings of every cell, who came to them from above, and where nobody did."""

from __future__ import annotations

from collections.abc import Iterator

from mlay_batch.core.period import day_number
from mlay_batch.core.styles import TONES
from mlay_batch.figures.report_records import CellVisits
from mlay_batch.report import letterhead, listing
from mlay_batch.report.data.assignments_data import quote
from mlay_batch.report.data.data_sheets import DataTables
from mlay_batch.report.listing import Column
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.writer import Formula, SheetWriter
from mlay_batch.schema.ids import MEETING

_CODE, _OFFICERS, _HELD, _ATTENDED, _VISITS, _COUNTED, _LAST, _OPEN_MONTHS, _STATE = (
    1,
    *range(3, 11),
)
_SPLIT = 3
_DAY_FORMAT = "dd/mm/yyyy;;"  # no day at all is number 0
_TONE_BY_STATE = {"attended": "good", "uncounted": "fair", "unknown": "watch", "unattended": "bad"}


def state_text(ctx: ReportContext, state: str) -> str:
    """Return a state of `CellVisits` as symbol and word."""
    return f"{TONES[_TONE_BY_STATE[state]].symbol} {ctx.t(f'visits/cell.{state}')}"


def write(ctx: ReportContext, sheet: SheetWriter, data: DataTables) -> None:
    """Write the sheet."""
    columns = tuple(_columns(ctx))
    cells = ctx.figures.cell_visits
    letterhead.write_heading(ctx, sheet, len(columns), _SPLIT, ctx.t("visits/title.cells"))
    first = listing.write_heads(sheet, letterhead.TABLE_ROW, columns)
    for number, cell in enumerate(cells):
        _write_row(ctx, sheet, data, first + number, number + 1, cell)
    total_row = first + len(cells)
    sheet.colour_states((first, _STATE), (max(first, total_row - 1), _STATE), "●○▲■")
    if cells:
        sheet.raw.autofilter(first - 1, 0, total_row - 1, _STATE)
    _write_totals(ctx, sheet, first, total_row)
    sheet.write(total_row + 2, 0, ctx.t("visits/cells.how"), "note", span=len(columns))
    last = letterhead.write_signatures(ctx, sheet, total_row + 4, len(columns), _SPLIT)
    sheet.raw.freeze_panes(first, _SPLIT)
    repeat = (letterhead.TABLE_ROW, first - 1)
    sheet.set_up_page(landscape=True, last=(last, _STATE), repeat=repeat)


def _columns(ctx: ReportContext) -> Iterator[Column]:
    t = ctx.t
    yield Column(t("column.stt"), 5)
    yield Column(t("column.branch"), 10)
    yield Column(t("column.unit"), 36)
    yield Column(t("visits/column.officers"), 40)
    yield Column(t("column.held"), 9)
    yield Column(t("visits/column.attended"), 9)
    yield Column(t("visits/column.visits"), 9, t("visits/column.times"))
    yield Column(t("visits/column.that_count"), 9, t("visits/column.times"))
    yield Column(t("visits/column.last_visit"), 11)
    yield Column(t("visits/column.months_out"), 10)
    yield Column(t("column.result"), 24)


def _write_row(
    ctx: ReportContext,
    sheet: SheetWriter,
    data: DataTables,
    row: int,
    number: int,
    cell: CellVisits,
) -> None:
    write, visits, code = sheet.write, data.attendance, f"$B{row + 1}"
    write(row, 0, number, "center")
    write(row, _CODE, cell.branch.code, "center")
    write(row, 2, cell.branch.name, "text")
    write(row, _OFFICERS, "; ".join(ctx.officer_name(officer) for officer in cell.officers), "text")
    visit_criteria = listing.criteria(visits, branch=code)
    meeting_criteria = listing.criteria(data.sittings, branch=code, held_on='">0"')
    open_criteria = listing.criteria(data.returns, form=quote(MEETING), branch=code, open="1")
    last_visit = f"SUMPRODUCT(MAX(({visits.ref('branch')}={code})*{visits.ref('held_on')}))"
    for column, formula, value in (
        (_HELD, f"COUNTIFS({meeting_criteria})", cell.sitting_count),
        (
            _ATTENDED,
            f"SUMIFS({visits.ref('first_visit')},{visit_criteria})",
            cell.attended_sittings,
        ),
        (_VISITS, f"COUNTIFS({visit_criteria})", cell.visit_count),
        (_COUNTED, f"SUMIFS({visits.ref('counted')},{visit_criteria})", cell.counted_visits),
        (_OPEN_MONTHS, f"COUNTIFS({open_criteria})", cell.open_months),
    ):
        write(row, column, Formula(f"={formula}", value), "count")
    write(
        row,
        _LAST,
        Formula(f"={last_visit}", day_number(cell.last_visit) if cell.last_visit else 0),
        "date",
        number_format=_DAY_FORMAT,
    )
    write(row, _STATE, _state_formula(ctx, row, cell), "text")


def _state_formula(ctx: ReportContext, row: int, cell: CellVisits) -> Formula:
    texts = {state: quote(state_text(ctx, state)) for state in _TONE_BY_STATE}
    attended = f"IF(H{row + 1}>0,{texts['attended']},{texts['uncounted']})"
    unattended = f"IF(J{row + 1}>0,{texts['unknown']},{texts['unattended']})"
    return Formula(f"=IF(G{row + 1}>0,{attended},{unattended})", state_text(ctx, cell.state))


def _write_totals(ctx: ReportContext, sheet: SheetWriter, first: int, total_row: int) -> None:
    cells = ctx.figures.cell_visits
    sheet.write(total_row, 0, ctx.t("total"), "total_label", span=_HELD)
    sheet.write(total_row, _LAST, None, "total_count")
    for column, values in (
        (_HELD, [cell.sitting_count for cell in cells]),
        (_ATTENDED, [cell.attended_sittings for cell in cells]),
        (_VISITS, [cell.visit_count for cell in cells]),
        (_COUNTED, [cell.counted_visits for cell in cells]),
        (_OPEN_MONTHS, [cell.open_months for cell in cells]),
    ):
        listing.write_total(sheet, total_row, column, first, values)
    cell_range = f"K{first + 1}:K{max(total_row, first + 1)}"
    unattended = sum(cell.state == "unattended" for cell in cells)
    label = ctx.t("visits/cells.nobody")
    formula = f"={quote(label)}&COUNTIF({cell_range},{quote(state_text(ctx, 'unattended'))})"
    sheet.write(total_row, _STATE, Formula(formula, f"{label}{unattended}"), "total_label")
