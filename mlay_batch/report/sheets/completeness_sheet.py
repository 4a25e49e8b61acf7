"""Tình hình nộp: who has sent what, branch by period, with the sums of every period.

Branches of which every return came in time are folded away.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from mlay_batch.core.period import Period
from mlay_batch.core.styles import RETURN_SYMBOLS
from mlay_batch.figures.report_records import OPEN, SENT, Completeness, Figures
from mlay_batch.model.register import Organisation
from mlay_batch.report import letterhead
from mlay_batch.report.data.data_sheets import DataTables
from mlay_batch.report.formats import percent_format
from mlay_batch.report.formulas import quote
from mlay_batch.report.listing import Column, Heads, Listing, number_column, titled_column
from mlay_batch.report.report_context import ReportContext, period_id
from mlay_batch.report.writer import Formula, SheetWriter

_TONE_BY_STATE = {
    "reported": "good",
    "nil": "fair",
    "sketch": "fair",
    "late": "watch",
    "missing": "bad",
    "rejected": "bad",
    "held": "watch",
    "not_due": "todo",
    "waived": "off",
    "not_yet": "off",
    "unused": "off",
    "ended": "off",
}
_SHOWN_STATES = tuple(state for state, symbol in RETURN_SYMBOLS.items() if symbol)
_UNREMARKABLE = {"reported", "nil", "not_yet", "unused"}  # a branch with no other state is folded
_SUMS = {"due": SENT + OPEN, "sent": SENT, "open": OPEN}
_WIDTHS, _PERIOD_WIDTH = (5, 11, 40), 5.6
_FIRST_PERIOD = len(_WIDTHS)
_MIN_PERIODS = 12


@dataclass(frozen=True)
class FormSums:
    """The sums of one form.

    Attributes:
        matrix: the returns of the form, branch by period.
        title: the title of the form, with the period of the sums where it is an earlier one.
        expected: how many returns are owed in the report's period.
        sent: how many of them came in.
        open_count: how many did not.
        rate: the share that came in, in per cent.
    """

    matrix: Completeness
    title: str
    expected: Formula
    sent: Formula
    open_count: Formula
    rate: Formula


def write(ctx: ReportContext, sheet: SheetWriter, data: DataTables) -> tuple[FormSums, ...]:
    """Write the sheet, one matrix for each form; return their sums."""
    most_periods = max((len(matrix.periods) for matrix in ctx.figures.completeness), default=0)
    columns = _FIRST_PERIOD + max(most_periods, _MIN_PERIODS)
    widths = (*_WIDTHS, *([_PERIOD_WIDTH] * (columns - _FIRST_PERIOD)))
    sheet.set_widths(widths)
    letterhead.write_heading(ctx, sheet, columns, _FIRST_PERIOD, ctx.t("title.completeness"))
    row = _write_legend(ctx, sheet, letterhead.TABLE_ROW, columns)
    sums = []
    head = row + 2
    for matrix in matrices(ctx.figures):
        row, form_sums = _write_matrix(ctx, sheet, data, row + 1, matrix)
        sums.append(form_sums)
    sheet.raw.freeze_panes(head + 2, _FIRST_PERIOD)
    repeat = (head, head + 1)
    sheet.set_up_page(landscape=False, last=(row, columns - 1), repeat=repeat)
    return tuple(sums)


def matrices(figures: Figures) -> tuple[Completeness, ...]:
    """Return the forms, those that were owed in the report's period first."""
    months = set(figures.period.months())
    return tuple(sorted(figures.completeness, key=lambda matrix: months.isdisjoint(matrix.periods)))


def _write_legend(ctx: ReportContext, sheet: SheetWriter, row: int, columns: int) -> int:
    titles = {state: ctx.state_title("return", state) for state in RETURN_SYMBOLS}
    texts = [f"{RETURN_SYMBOLS[state]} {titles.pop(state)}" for state in _SHOWN_STATES]
    texts.append(ctx.t("completeness.grey", states=", ".join(titles.values())))
    legend = ctx.t("completeness.legend", symbols=";  ".join(texts))
    sheet.write(row, 0, legend, "note", span=columns)
    sheet.write(row + 1, 0, ctx.t("folded.rows"), "note", span=columns)
    return row + 2


def _write_matrix(
    ctx: ReportContext, sheet: SheetWriter, data: DataTables, row: int, matrix: Completeness
) -> tuple[int, FormSums]:
    """Write the matrix of a form below its title; return the next row and the sums."""
    title = ctx.form_title(matrix.form)
    sheet.write(row, 0, title, "section", span=_FIRST_PERIOD + _MIN_PERIODS)
    columns = _columns(ctx, matrix)
    listing = Listing(ctx, sheet, columns, _FIRST_PERIOD, row + 1, heads=Heads(titles=1))
    listing.write_heads()
    for number, branch in enumerate(matrix.branches, 1):
        states = {matrix.cell(branch.code, period).state for period in matrix.periods}
        listing.write_row(branch, number, folded=states <= _UNREMARKABLE)
    rows = _write_sums(listing, data, matrix)
    due, sent, open_count = (_report_sum(listing, matrix, name, rows[name]) for name in _SUMS)
    periods = _report_periods(matrix, ctx.figures.period)
    if periods[0].start not in ctx.figures.period:
        title = f"{title} – {periods[0].title(ctx.lang).lower()}"
    rate = _rate(due, sent)
    next_row = _write_reference_only(listing, matrix, rows["rate"] + 1) + 1
    return next_row, FormSums(matrix, title, due, sent, open_count, rate)


def _write_reference_only(listing: Listing[Organisation], matrix: Completeness, row: int) -> int:
    """Write which returns of the period lack the signature demanded; return the next row."""
    ctx = listing.ctx
    periods = {str(p) for p in matrix.periods if p.start in ctx.figures.period}
    unsigned = [
        entry.branch
        for entry in ctx.inputs.ledger_entries
        if entry.is_current and entry.form == matrix.form and entry.period in periods
        if ctx.is_reference_only(entry)
    ]
    if not unsigned:
        return row
    branches = [ctx.name_in_words(b.code) for b in matrix.branches if b.code in unsigned]
    names = ", ".join(branches)
    text = ctx.t("completeness.reference", count=len(unsigned), branches=names)
    listing.sheet.write(row, 0, text, "note", span=listing.width)
    return row + 1


def _columns(ctx: ReportContext, matrix: Completeness) -> Iterator[Column[Organisation]]:
    yield number_column(ctx, _WIDTHS[0])
    yield titled_column(ctx, "column.branch", _WIDTHS[1], attrgetter("code"), "center")
    yield titled_column(ctx, "column.unit", _WIDTHS[2], attrgetter("name"))
    for period in matrix.periods:
        yield _period_column(matrix, period)


def _period_column(matrix: Completeness, period: Period) -> Column[Organisation]:
    """Return the column of the states in a period."""

    def state(branch: Organisation) -> str:
        return matrix.cell(branch.code, period).state

    return Column(
        str(period),
        f"T{period.month}" if period.kind == "month" else str(period),
        _PERIOD_WIDTH,
        lambda branch: RETURN_SYMBOLS[state(branch)] or None,
        look=lambda branch: f"tone_{_TONE_BY_STATE[state(branch)]}",
    )


def _write_sums(
    listing: Listing[Organisation], data: DataTables, matrix: Completeness
) -> Mapping[str, int]:
    """Write a row for each state, then those that add them up; return the rows by these names."""
    ctx, sheet = listing.ctx, listing.sheet
    names = (*_SHOWN_STATES, *_SUMS, "rate")
    rows = {name: row for row, name in enumerate(names, listing.next_row)}
    for name, row in rows.items():
        if name in RETURN_SYMBOLS:
            label = f"{RETURN_SYMBOLS[name]} {ctx.state_title('return', name)}"
            label_look, look = "label_small", "count"
        else:
            label, label_look, look = ctx.t(f"completeness.{name}"), "total_label", "total_count"
        sheet.write(row, 0, label, label_look, span=_FIRST_PERIOD)
        number_format = percent_format(0) if name == "rate" else ""
        for column, period in enumerate(matrix.periods, _FIRST_PERIOD):
            cells = {other: listing.cell(rows[other], str(period)) for other in names}
            content = _sum_formula(data, matrix, period, name, cells)
            sheet.write(row, column, content, look, number_format=number_format)
    return rows


def _sum_formula(
    data: DataTables, matrix: Completeness, period: Period, name: str, cells: Mapping[str, str]
) -> Formula:
    """Return what a row comes to in a period; `cells` are those of all rows in that period."""
    if name == "rate":
        due, sent = (
            Formula(f"={cells[other]}", _count(matrix, other, period)) for other in ("due", "sent")
        )
        return _rate(due, sent)
    if name in _SUMS:
        formula = "+".join(cells[state] for state in _SUMS[name])
    else:
        form, of_period = quote(matrix.form), quote(period_id(period))
        formula = data.returns.countifs(form=form, period=of_period, state=quote(name))
    return Formula(f"={formula}", _count(matrix, name, period))


def _count(matrix: Completeness, name: str, period: Period) -> int:
    """Return how many returns of a period are in a state, or in those that a sum adds up."""
    return sum(matrix.counts[period][state] for state in _SUMS.get(name, (name,)))


def _report_sum(
    listing: Listing[Organisation], matrix: Completeness, name: str, row: int
) -> Formula:
    """Return what a row comes to in the report's period, as other sheets show it."""
    periods = _report_periods(matrix, listing.ctx.figures.period)
    first, last = (listing.position(str(period)) for period in (periods[0], periods[-1]))
    cells = listing.sheet.range_address((row, first), (row, last))
    return Formula(f"=SUM({cells})", sum(_count(matrix, name, period) for period in periods))


def _rate(due: Formula, sent: Formula) -> Formula:
    """Return the share sent of the returns due, in per cent; nothing where none was due."""
    due_cells, sent_cells = due.formula[1:], sent.formula[1:]
    share = 100 * float(sent.value) / float(due.value) if due.value else ""
    return Formula(f'=IF({due_cells}=0,"",100*{sent_cells}/{due_cells})', share)


def _report_periods(matrix: Completeness, report: Period) -> Sequence[Period]:
    """Return the periods within the report's; else the last before it.

    A quarter's report sums its three months; a month's names the yearly return of the year before.
    """
    inside = [number for number, period in enumerate(matrix.periods) if period.start in report]
    past = [number for number, period in enumerate(matrix.periods) if period.end <= report.end]
    last = past[-1] if past else 0
    return matrix.periods[inside[0] if inside else last : last + 1]
