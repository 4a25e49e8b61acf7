"""Tình hình nộp: who has sent what, branch by period, with the sums of every period."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from mlay_batch.excel.metrics import CELL_MARGIN
from mlay_batch.figures.records import OPEN, SENT, Completeness, Expected, Figures
from mlay_batch.period import Period
from mlay_batch.report import official
from mlay_batch.report.book import Live, Sheet
from mlay_batch.report.context import Context, period_id
from mlay_batch.report.data_sheets import Data

# Symbols of Times New Roman itself; colour only repeats them.
SYMBOLS = {
    "reported": "●", "nil": "○", "late": "▲", "missing": "■", "rejected": "×", "held": "?",
    "not_due": "…", "waived": "–", "not_yet": "", "ended": "",
}  # fmt: skip
_TONES = {
    "reported": "good", "nil": "fair", "late": "watch", "missing": "bad", "rejected": "bad",
    "held": "watch", "not_due": "todo", "waived": "off", "not_yet": "off", "ended": "off",
}  # fmt: skip
_FIRST_PERIOD = 3
_MOST_PERIODS = 12
_PAGE = 93  # digits across A4


@dataclass(frozen=True)
class FormSums:
    """The sums of one form: cells of the report's period, and the rows for the chart."""

    entry: Completeness
    title: str
    expected: Live
    sent: Live
    still_open: Live
    rate: Live
    heads: tuple[int, int, int, int]
    sent_row: tuple[int, int, int, int]
    open_row: tuple[int, int, int, int]


def write(ctx: Context, sheet: Sheet, data: Data) -> tuple[FormSums, ...]:
    """Write the sheet, one matrix for each form; return their sums."""
    wide = max((len(entry.periods) for entry in ctx.figures.completeness), default=0)
    columns = _FIRST_PERIOD + max(wide, _MOST_PERIODS)
    widths = (5, 11, 40, *([5.6] * (columns - _FIRST_PERIOD)))
    sheet.widths(widths)
    official.heading(ctx, sheet, columns, _FIRST_PERIOD, ctx.t("title.completeness"))
    row = _legend(ctx, sheet, official.TABLE_ROW, columns)
    sums, starts = [], []
    head = row + 2
    for entry in ordered(ctx.figures):
        starts.append(row + 1)
        row, found = _matrix(ctx, sheet, data, row + 1, entry)
        sums.append(found)
    sheet.raw.freeze_panes(head + 2, _FIRST_PERIOD)
    sheet.raw.set_h_pagebreaks(starts[1:])  # each form on pages of its own
    needed = sum(width + CELL_MARGIN for width in widths)
    sheet.raw.set_print_scale(int(100 * _PAGE / needed))  # Excel keeps no break of a fitted page
    repeat = (head, head + 1)
    sheet.print_as(landscape=False, last=(row, columns - 1), repeat=repeat, fit=False)
    return tuple(sums)


def ordered(figures: Figures) -> tuple[Completeness, ...]:
    """Return the forms, those that were owed in the report's period first."""
    months = set(figures.period.months())
    return tuple(sorted(figures.completeness, key=lambda entry: months.isdisjoint(entry.periods)))


def _legend(ctx: Context, sheet: Sheet, row: int, columns: int) -> int:
    said = [f"{symbol} {ctx.state('return', state)}" for state, symbol in SYMBOLS.items() if symbol]
    greyed = [ctx.state("return", state) for state, symbol in SYMBOLS.items() if not symbol]
    said.append(ctx.t("completeness.grey", states=", ".join(greyed)))
    legend = ctx.t("completeness.legend", symbols=";  ".join(said))
    sheet.put(row, 0, legend, "note", span=columns)
    return row + 1


def _form_title(ctx: Context, name: str) -> str:
    form = ctx.facts.catalogue.form_for(name, ctx.figures.period)
    versions = [entry for entry in ctx.facts.catalogue.forms if entry.form == name]
    newest = form or (versions[-1] if versions else None)
    return newest.title.of(ctx.lang) if newest else name


def _matrix(
    ctx: Context, sheet: Sheet, data: Data, row: int, entry: Completeness
) -> tuple[int, FormSums]:
    columns = _FIRST_PERIOD + len(entry.periods)
    title = _form_title(ctx, entry.form)
    sheet.put(row, 0, title, "section", span=_FIRST_PERIOD + _MOST_PERIODS)
    head = row + 1
    for column, name in enumerate(("stt", "branch", "unit")):
        sheet.put(head, column, ctx.t(f"column.{name}"), "head")
    for column, period in enumerate(entry.periods, _FIRST_PERIOD):
        sheet.put(head, column, _short(period), "head")
    for column in range(columns):
        sheet.put(head + 1, column, column + 1, "column_number")
    for number, branch in enumerate(entry.branches, 1):
        row = head + 1 + number
        sheet.put(row, 0, number, "center")
        sheet.put(row, 1, branch.code, "center")
        sheet.put(row, 2, branch.name, "text")
        for column, period in enumerate(entry.periods, _FIRST_PERIOD):
            _field(sheet, row, column, entry.of(branch.code, period))
    first = head + len(entry.branches) + 2
    return _sums(ctx, sheet, data, entry, (head, first, columns))


def _short(period: Period) -> str:
    return f"T{period.month}" if period.kind == "month" else str(period)


def _field(sheet: Sheet, row: int, column: int, cell: Expected) -> None:
    sheet.put(row, column, SYMBOLS[cell.state] or None, f"tone_{_TONES[cell.state]}")


def _sums(
    ctx: Context, sheet: Sheet, data: Data, entry: Completeness, at: tuple[int, int, int]
) -> tuple[int, FormSums]:
    """Write a row for each state, then those that add them up, counted over the table by id."""
    head, first, columns = at
    states = [state for state in SYMBOLS if SYMBOLS[state]]
    for row, state in enumerate(states, first):
        _label(sheet, row, f"{SYMBOLS[state]} {ctx.state('return', state)}", "label_small")
        for column, period in enumerate(entry.periods, _FIRST_PERIOD):
            counted = f'{_asked(data, entry, period)},{data.returns.ref("state")},"{state}"'
            value = _count(entry, period, (state,))
            sheet.put(row, column, Live(f"=COUNTIFS({counted})", value), "count")
    rows = {state: first + number for number, state in enumerate(states)}
    bottom = first + len(states)
    for row, name in enumerate(("due", "sent", "open", "rate"), bottom):
        _label(sheet, row, ctx.t(f"completeness.{name}"), "total_label")
    for column, period in enumerate(entry.periods, _FIRST_PERIOD):
        _add_up(sheet, entry, period, column, rows, bottom)
    of_report = _of_report(entry, ctx.figures.period)
    due, sent, still_open = (
        _over(sheet, entry, bottom + offset, of_report, states)
        for offset, states in enumerate((SENT + OPEN, SENT, OPEN))
    )
    share = 100 * float(sent.value) / float(due.value) if due.value else ""
    rate = Live(f'=IF({due.formula[1:]}=0,"",100*{sent.formula[1:]}/{due.formula[1:]})', share)
    across = (_FIRST_PERIOD, columns - 1)
    ranges = [(row, across[0], row, across[1]) for row in (head, bottom + 1, bottom + 2)]
    title = _form_title(ctx, entry.form)
    return bottom + 5, FormSums(entry, title, due, sent, still_open, rate, *ranges)


def _of_report(entry: Completeness, report: Period) -> range:
    """Return the positions of the periods within the report's; else that of the last before it.

    A quarter's report sums its three months; a month's names the yearly return of the year before.
    """
    inside = [n for n, one in enumerate(entry.periods) if one.start in report]
    ended = [n for n, one in enumerate(entry.periods) if one.end <= report.end]
    last = ended[-1] if ended else 0
    return range(inside[0] if inside else last, last + 1)


def _over(
    sheet: Sheet, entry: Completeness, row: int, positions: range, states: Iterable[str]
) -> Live:
    """Return a formula that adds up a row of sums over those periods."""
    wanted = tuple(states)
    first, last = (_FIRST_PERIOD + at for at in (positions[0], positions[-1]))
    value = sum(_count(entry, entry.periods[at], wanted) for at in positions)
    return Live(f"=SUM({sheet.area((row, first), (row, last))})", value)


def _label(sheet: Sheet, row: int, text: str, look: str) -> None:
    sheet.put(row, 0, text, look, span=_FIRST_PERIOD)


def _asked(data: Data, entry: Completeness, period: Period) -> str:
    returns = data.returns
    return f'{returns.ref("form")},"{entry.form}",{returns.ref("period")},"{period_id(period)}"'


def _count(entry: Completeness, period: Period, states: Iterable[str]) -> int:
    wanted = set(states)
    return sum(entry.of(branch.code, period).state in wanted for branch in entry.branches)


def _add_up(
    sheet: Sheet, entry: Completeness, period: Period, column: int, rows: dict[str, int], row: int
) -> None:
    def total(states: tuple[str, ...]) -> Live:
        cells = "+".join(str(xl_rowcol_to_cell(rows[state], column)) for state in states)
        return Live(f"={cells}", _count(entry, period, states))

    due, sent = total(SENT + OPEN), total(SENT)
    sheet.put(row, column, due, "total_count")
    sheet.put(row + 1, column, sent, "total_count")
    sheet.put(row + 2, column, total(OPEN), "total_count")
    letter = xl_col_to_name(column)
    rate = Live(
        f'=IF({letter}{row + 1}=0,"",100*{letter}{row + 2}/{letter}{row + 1})',
        100 * float(sent.value) / float(due.value) if due.value else "",
    )
    sheet.put(row + 3, column, rate, "total_count", number='0" %"')
