"""Tình hình nộp: who has sent what, branch by period, with the sums of every period."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from mlay_batch.core.period import Period
from mlay_batch.excel.metrics import CELL_MARGIN
from mlay_batch.figures.report_records import OPEN, SENT, Completeness, ExpectedReturn, Figures
from mlay_batch.report import letterhead
from mlay_batch.report.data.data_sheets import DataTables
from mlay_batch.report.formulas import quote
from mlay_batch.report.report_context import ReportContext, period_id
from mlay_batch.report.writer import Formula, SheetWriter

# Symbols of Times New Roman itself; colour only repeats them.
SYMBOLS = {
    "reported": "●",
    "nil": "○",
    "late": "▲",
    "missing": "■",
    "rejected": "×",
    "held": "?",
    "not_due": "…",
    "waived": "–",
    "not_yet": "",
    "ended": "",
}
_TONE_BY_STATE = {
    "reported": "good",
    "nil": "fair",
    "late": "watch",
    "missing": "bad",
    "rejected": "bad",
    "held": "watch",
    "not_due": "todo",
    "waived": "off",
    "not_yet": "off",
    "ended": "off",
}
_FIRST_PERIOD = 3
_MIN_PERIODS = 12
_PAGE_WIDTH = 93  # digits across A4


@dataclass(frozen=True)
class FormSums:
    """The sums of one form, and the rows a chart is drawn from.

    Attributes:
        matrix: the returns of the form, branch by period.
        title: the title of the form.
        expected: how many returns are owed in the report's period.
        sent: how many of them came in.
        open_count: how many did not.
        rate: the share that came in, in per cent.
        head_range: first row and column, last row and column of the titles of the periods.
        sent_range: those of the returns sent.
        open_range: those of the returns that are out.
    """

    matrix: Completeness
    title: str
    expected: Formula
    sent: Formula
    open_count: Formula
    rate: Formula
    head_range: tuple[int, int, int, int]
    sent_range: tuple[int, int, int, int]
    open_range: tuple[int, int, int, int]


def write(ctx: ReportContext, sheet: SheetWriter, data: DataTables) -> tuple[FormSums, ...]:
    """Write the sheet, one matrix for each form; return their sums."""
    most_periods = max((len(matrix.periods) for matrix in ctx.figures.completeness), default=0)
    columns = _FIRST_PERIOD + max(most_periods, _MIN_PERIODS)
    widths = (5, 11, 40, *([5.6] * (columns - _FIRST_PERIOD)))
    sheet.set_widths(widths)
    letterhead.write_heading(ctx, sheet, columns, _FIRST_PERIOD, ctx.t("title.completeness"))
    row = _write_legend(ctx, sheet, letterhead.TABLE_ROW, columns)
    sums, starts = [], []
    head = row + 2
    for matrix in matrices(ctx.figures):
        starts.append(row + 1)
        row, form_sums = _write_matrix(ctx, sheet, data, row + 1, matrix)
        sums.append(form_sums)
    sheet.raw.freeze_panes(head + 2, _FIRST_PERIOD)
    sheet.raw.set_h_pagebreaks(starts[1:])  # each form on pages of its own
    needed_width = sum(width + CELL_MARGIN for width in widths)
    sheet.raw.set_print_scale(
        int(100 * _PAGE_WIDTH / needed_width)
    )  # Excel keeps no break of a fitted page
    repeat = (head, head + 1)
    sheet.set_up_page(landscape=False, last=(row, columns - 1), repeat=repeat, fit=False)
    return tuple(sums)


def matrices(figures: Figures) -> tuple[Completeness, ...]:
    """Return the forms, those that were owed in the report's period first."""
    months = set(figures.period.months())
    return tuple(sorted(figures.completeness, key=lambda matrix: months.isdisjoint(matrix.periods)))


def _write_legend(ctx: ReportContext, sheet: SheetWriter, row: int, columns: int) -> int:
    texts = [
        f"{symbol} {ctx.state_title('return', state)}"
        for state, symbol in SYMBOLS.items()
        if symbol
    ]
    grey_states = [
        ctx.state_title("return", state) for state, symbol in SYMBOLS.items() if not symbol
    ]
    texts.append(ctx.t("completeness.grey", states=", ".join(grey_states)))
    legend = ctx.t("completeness.legend", symbols=";  ".join(texts))
    sheet.write(row, 0, legend, "note", span=columns)
    return row + 1


def _form_title(ctx: ReportContext, name: str) -> str:
    form = ctx.inputs.catalogue.form_for(name, ctx.figures.period)
    versions = [version for version in ctx.inputs.catalogue.forms if version.form == name]
    newest = form or (versions[-1] if versions else None)
    return newest.title.of(ctx.lang) if newest else name


def _write_matrix(
    ctx: ReportContext, sheet: SheetWriter, data: DataTables, row: int, matrix: Completeness
) -> tuple[int, FormSums]:
    columns = _FIRST_PERIOD + len(matrix.periods)
    title = _form_title(ctx, matrix.form)
    sheet.write(row, 0, title, "section", span=_FIRST_PERIOD + _MIN_PERIODS)
    head = row + 1
    for column, name in enumerate(("stt", "branch", "unit")):
        sheet.write(head, column, ctx.t(f"column.{name}"), "head")
    for column, period in enumerate(matrix.periods, _FIRST_PERIOD):
        sheet.write(head, column, _period_text(period), "head")
    for column in range(columns):
        sheet.write(head + 1, column, column + 1, "column_number")
    for number, branch in enumerate(matrix.branches, 1):
        row = head + 1 + number
        sheet.write(row, 0, number, "center")
        sheet.write(row, 1, branch.code, "center")
        sheet.write(row, 2, branch.name, "text")
        for column, period in enumerate(matrix.periods, _FIRST_PERIOD):
            _write_state(sheet, row, column, matrix.cell(branch.code, period))
    first = head + len(matrix.branches) + 2
    return _write_sums(ctx, sheet, data, matrix, (head, first, columns))


def _period_text(period: Period) -> str:
    return f"T{period.month}" if period.kind == "month" else str(period)


def _write_state(sheet: SheetWriter, row: int, column: int, cell: ExpectedReturn) -> None:
    sheet.write(row, column, SYMBOLS[cell.state] or None, f"tone_{_TONE_BY_STATE[cell.state]}")


def _write_sums(
    ctx: ReportContext,
    sheet: SheetWriter,
    data: DataTables,
    matrix: Completeness,
    corner: tuple[int, int, int],
) -> tuple[int, FormSums]:
    """Write a row for each state, then those that add them up, counted over the table by id."""
    head, first, columns = corner
    states = [state for state in SYMBOLS if SYMBOLS[state]]
    for row, state in enumerate(states, first):
        _write_label(
            sheet, row, f"{SYMBOLS[state]} {ctx.state_title('return', state)}", "label_small"
        )
        for column, period in enumerate(matrix.periods, _FIRST_PERIOD):
            form, of_period = quote(matrix.form), quote(period_id(period))
            count = data.returns.countifs(form=form, period=of_period, state=quote(state))
            sheet.write(
                row, column, Formula(f"={count}", _count(matrix, period, (state,))), "count"
            )
    rows = {state: first + number for number, state in enumerate(states)}
    bottom = first + len(states)
    for row, name in enumerate(("due", "sent", "open", "rate"), bottom):
        _write_label(sheet, row, ctx.t(f"completeness.{name}"), "total_label")
    for column, period in enumerate(matrix.periods, _FIRST_PERIOD):
        _write_period_sums(sheet, matrix, period, column, rows, bottom)
    positions = _report_positions(matrix, ctx.figures.period)
    due, sent, open_count = (
        _sum_formula(sheet, matrix, bottom + offset, positions, states)
        for offset, states in enumerate((SENT + OPEN, SENT, OPEN))
    )
    share = 100 * float(sent.value) / float(due.value) if due.value else ""
    rate = Formula(f'=IF({due.formula[1:]}=0,"",100*{sent.formula[1:]}/{due.formula[1:]})', share)
    period_columns = (_FIRST_PERIOD, columns - 1)
    ranges = [
        (row, period_columns[0], row, period_columns[1]) for row in (head, bottom + 1, bottom + 2)
    ]
    title = _form_title(ctx, matrix.form)
    return bottom + 5, FormSums(matrix, title, due, sent, open_count, rate, *ranges)


def _report_positions(matrix: Completeness, report: Period) -> range:
    """Return the positions of the periods within the report's; else that of the last before it.

    A quarter's report sums its three months; a month's names the yearly return of the year before.
    """
    inside = [number for number, period in enumerate(matrix.periods) if period.start in report]
    past = [number for number, period in enumerate(matrix.periods) if period.end <= report.end]
    last = past[-1] if past else 0
    return range(inside[0] if inside else last, last + 1)


def _sum_formula(
    sheet: SheetWriter, matrix: Completeness, row: int, positions: range, states: Iterable[str]
) -> Formula:
    """Return a formula that adds up a row of sums over those periods."""
    counted_states = tuple(states)
    first, last = (_FIRST_PERIOD + position for position in (positions[0], positions[-1]))
    value = sum(_count(matrix, matrix.periods[position], counted_states) for position in positions)
    return Formula(f"=SUM({sheet.range_address((row, first), (row, last))})", value)


def _write_label(sheet: SheetWriter, row: int, text: str, look: str) -> None:
    sheet.write(row, 0, text, look, span=_FIRST_PERIOD)


def _count(matrix: Completeness, period: Period, states: Iterable[str]) -> int:
    counted_states = set(states)
    return sum(
        matrix.cell(branch.code, period).state in counted_states for branch in matrix.branches
    )


def _write_period_sums(
    sheet: SheetWriter,
    matrix: Completeness,
    period: Period,
    column: int,
    rows: dict[str, int],
    row: int,
) -> None:
    def sum_of(states: tuple[str, ...]) -> Formula:
        cells = "+".join(str(xl_rowcol_to_cell(rows[state], column)) for state in states)
        return Formula(f"={cells}", _count(matrix, period, states))

    due, sent = sum_of(SENT + OPEN), sum_of(SENT)
    sheet.write(row, column, due, "total_count")
    sheet.write(row + 1, column, sent, "total_count")
    sheet.write(row + 2, column, sum_of(OPEN), "total_count")
    letter = xl_col_to_name(column)
    rate = Formula(
        f'=IF({letter}{row + 1}=0,"",100*{letter}{row + 2}/{letter}{row + 1})',
        100 * float(sent.value) / float(due.value) if due.value else "",
    )
    sheet.write(row + 3, column, rate, "total_count", number_format='0" %"')
