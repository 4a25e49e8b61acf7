"""Chi bộ được dự: the meetings of every cell, who came to them from above, and where nobody did."""

from __future__ import annotations

from collections.abc import Iterator

from mlay_batch.figures.quota_records import CellVisits
from mlay_batch.period import day_number
from mlay_batch.report import listing, official
from mlay_batch.report.book import Live, Sheet
from mlay_batch.report.context import Context
from mlay_batch.report.data_sheets import Data
from mlay_batch.report.duty_tables import quoted
from mlay_batch.report.listing import Column
from mlay_batch.schema.ids import MEETING
from mlay_batch.styles import TONES

_CODE, _OFFICERS, _HELD, _ATTENDED, _VISITS, _COUNTED, _LAST, _UNSEEN, _STATE = 1, *range(3, 11)
_SPLIT = 3
_DAY = "dd/mm/yyyy;;"  # no day at all is number 0
_TONE_OF = {"attended": "good", "uncounted": "fair", "unknown": "watch", "unattended": "bad"}


def state_text(ctx: Context, state: str) -> str:
    """Return a state of `CellVisits` as symbol and word."""
    return f"{TONES[_TONE_OF[state]].symbol} {ctx.t(f'visits/cell.{state}')}"


def write(ctx: Context, sheet: Sheet, data: Data) -> None:
    """Write the sheet."""
    columns = tuple(_columns(ctx))
    cells = ctx.figures.cell_visits
    official.heading(ctx, sheet, len(columns), _SPLIT, ctx.t("visits/title.cells"))
    first = listing.heads(sheet, official.TABLE_ROW, columns)
    for number, cell in enumerate(cells):
        _cell(ctx, sheet, data, first + number, number + 1, cell)
    total = first + len(cells)
    sheet.tones((first, _STATE), (max(first, total - 1), _STATE), "●○▲■")
    if cells:
        sheet.raw.autofilter(first - 1, 0, total - 1, _STATE)
    _totals(ctx, sheet, first, total)
    sheet.put(total + 2, 0, ctx.t("visits/cells.how"), "note", span=len(columns))
    last = official.signatures(ctx, sheet, total + 4, len(columns), _SPLIT)
    sheet.raw.freeze_panes(first, _SPLIT)
    repeat = (official.TABLE_ROW, first - 1)
    sheet.print_as(landscape=True, last=(last, _STATE), repeat=repeat)


def _columns(ctx: Context) -> Iterator[Column]:
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


def _cell(ctx: Context, sheet: Sheet, data: Data, row: int, number: int, cell: CellVisits) -> None:
    put, visits, code = sheet.put, data.attendance, f"$B{row + 1}"
    put(row, 0, number, "center")
    put(row, _CODE, cell.branch.code, "center")
    put(row, 2, cell.branch.name, "text")
    put(row, _OFFICERS, "; ".join(ctx.officer(officer) for officer in cell.officers), "text")
    there = listing.asked(visits, branch=code)
    held = listing.asked(data.sittings, branch=code, held_on='">0"')
    out = listing.asked(data.returns, form=quoted(MEETING), branch=code, open="1")
    last = f"SUMPRODUCT(MAX(({visits.ref('branch')}={code})*{visits.ref('held_on')}))"
    for column, formula, value in (
        (_HELD, f"COUNTIFS({held})", cell.held),
        (_ATTENDED, f"SUMIFS({visits.ref('first_visit')},{there})", cell.attended),
        (_VISITS, f"COUNTIFS({there})", cell.visits),
        (_COUNTED, f"SUMIFS({visits.ref('counted')},{there})", cell.counted),
        (_UNSEEN, f"COUNTIFS({out})", cell.unseen),
    ):
        put(row, column, Live(f"={formula}", value), "count")
    put(
        row, _LAST, Live(f"={last}", day_number(cell.last) if cell.last else 0), "date", number=_DAY
    )
    put(row, _STATE, _state(ctx, row, cell), "text")


def _state(ctx: Context, row: int, cell: CellVisits) -> Live:
    said = {state: quoted(state_text(ctx, state)) for state in _TONE_OF}
    came = f"IF(H{row + 1}>0,{said['attended']},{said['uncounted']})"
    nobody = f"IF(J{row + 1}>0,{said['unknown']},{said['unattended']})"
    return Live(f"=IF(G{row + 1}>0,{came},{nobody})", state_text(ctx, cell.state))


def _totals(ctx: Context, sheet: Sheet, first: int, total: int) -> None:
    cells = ctx.figures.cell_visits
    sheet.put(total, 0, ctx.t("total"), "total_label", span=_HELD)
    sheet.put(total, _LAST, None, "total_count")
    for column, values in (
        (_HELD, [cell.held for cell in cells]),
        (_ATTENDED, [cell.attended for cell in cells]),
        (_VISITS, [cell.visits for cell in cells]),
        (_COUNTED, [cell.counted for cell in cells]),
        (_UNSEEN, [cell.unseen for cell in cells]),
    ):
        listing.total(sheet, total, column, first, values)
    over = f"K{first + 1}:K{max(total, first + 1)}"
    nobody = sum(cell.state == "unattended" for cell in cells)
    says = ctx.t("visits/cells.nobody")
    formula = f"={quoted(says)}&COUNTIF({over},{quoted(state_text(ctx, 'unattended'))})"
    sheet.put(total, _STATE, Live(formula, f"{says}{nobody}"), "total_label")
