"""Chỉ tiêu dự sinh hoạt: a block for each quota, a line for each officer (or officer and cell).

Counts are sums over the table of visits, months of duty come from the assignments, months whose
return is out from the sheet of officers by cell: every figure is a formula. Three columns stay
blank: nothing bounds the sittings of a month, so that nobody knows what may still be attended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from mlay_batch.core.period import Period
from mlay_batch.core.styles import TONES
from mlay_batch.core.text import day_and_month
from mlay_batch.figures.report_records import QuotaLine
from mlay_batch.report import heads, letterhead
from mlay_batch.report.data.data_sheets import DataTables
from mlay_batch.report.formulas import quote
from mlay_batch.report.heads import Column
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.sheets import quota_year
from mlay_batch.report.sheets.officer_cell_sheet import OpenMonthCells
from mlay_batch.report.writer import Formula, SheetWriter
from mlay_batch.schema import Quota, QuotaSpan

_FIRST_MONTH = 5
_ATTENDED, _MOST, _SERVED, _SERVED_YEAR, _OWED, _OBLIGATION, _MISSING, _EXTRA, _LOST, _STATE = (
    range(17, 27)
)
_COLUMNS = 27
_SPLIT = 5
_BLANK_COLUMNS = (_MOST, _EXTRA, _LOST)
_TONE_BY_STATE = {"met": "good", "on_course": "fair", "behind": "watch", "not_met": "bad"}
_ROUNDING_FUNCTIONS = {"half_up": "ROUND", "floor": "ROUNDDOWN", "ceiling": "ROUNDUP"}


@dataclass(frozen=True)
class QuotaBlock:
    """Where a quota's states stand: the range as formulas name it, and the states in it.

    `first_row` is the first row below the headings; `times_text` says what is owed in which months
    where that changes within the year.
    """

    quota: Quota
    states_range: str
    line_states: tuple[str, ...]
    first_row: int
    times_text: str


def state_text(ctx: ReportContext, state: str) -> str:
    """Return a state as symbol and word."""
    return f"{TONES[_TONE_BY_STATE[state]].symbol} {ctx.state_title('quota', state)}"


def write(
    ctx: ReportContext, sheet: SheetWriter, data: DataTables, open_months: OpenMonthCells
) -> tuple[QuotaBlock, ...]:
    """Write the sheet; return where each quota's states stand.

    `open_months` are those of the sheet of officers by cell.
    """
    letterhead.write_heading(ctx, sheet, _COLUMNS, _SPLIT, ctx.t("title.quota"))
    columns = tuple(_columns(ctx))
    sheet.set_widths(column.width for column in columns)
    row, blocks = letterhead.TABLE_ROW, []
    for _, group in groupby(ctx.figures.quota, key=lambda line: line.quota.quota):
        block, row = _write_block(
            _QuotaLayout(ctx, sheet, data, open_months, columns), row, tuple(group)
        )
        blocks.append(block)
    if not blocks:
        sheet.write(row, 0, ctx.t("quota.none"), "note", span=_COLUMNS)
        row += 2
    sheet.write(row, 0, ctx.t("visits/quota.how"), "note", span=_COLUMNS)
    if any(line.open_months for line in ctx.figures.quota):
        row += 1
        sheet.write(row, 0, ctx.t("visits/quota.unseen"), "note", span=_COLUMNS)
    row = letterhead.write_signatures(ctx, sheet, row + 2, _COLUMNS, _SPLIT)
    sheet.raw.freeze_panes(0, 3)
    head = blocks[0].first_row - heads.HEAD_ROWS if blocks else letterhead.TABLE_ROW + 1
    sheet.set_up_page(landscape=True, last=(row, _COLUMNS - 1), repeat=(head, head + 2))
    return tuple(blocks)


def _columns(ctx: ReportContext) -> Iterator[Column]:
    t = ctx.t
    yield Column(t("column.stt"), 4)
    yield Column(t("column.officer"), 8)
    yield Column(t("column.officer_name"), 18)
    yield Column(t("column.position"), 17)
    yield Column(t("column.assigned"), 26)
    months = t("quota.months", year=str(ctx.figures.period.year))
    yield from (Column(str(month), 3.6, months) for month in range(1, 13))
    so_far, served = t("visits/column.so_far"), t("quota.served")
    yield Column(t("visits/column.least"), 6, so_far)
    yield Column(t("visits/column.most"), 6, so_far)
    yield Column(t("column.served"), 6, served)
    yield Column(t("column.served_year"), 6, served)
    yield Column(t("column.owed"), 7)
    yield Column(t("column.obligation"), 7)
    yield Column(t("column.missing"), 7.5, "", "= 23−18")
    yield Column(t("column.extra"), 7.5)
    yield Column(t("visits/column.lost"), 7.5)
    yield Column(t("column.result"), 18)


@dataclass(frozen=True)
class _QuotaLayout:
    """What every line is written with."""

    ctx: ReportContext
    sheet: SheetWriter
    data: DataTables
    open_months: OpenMonthCells
    columns: tuple[Column, ...]


def _write_block(
    layout: _QuotaLayout, row: int, lines: tuple[QuotaLine, ...]
) -> tuple[QuotaBlock, int]:
    ctx, sheet, quota = layout.ctx, layout.sheet, lines[0].quota
    spans = quota_year.spans(ctx, quota)
    basis = ctx.t("visits/quota.basis", basis=_basis_text(ctx, spans))
    sheet.write(row, 0, f"{quota.title.of(ctx.lang)} ({basis})", "section", span=_OWED)
    times_spans = quota_year.join_alike(spans, lambda record: record.times)
    times_note = _times_formula(ctx, times_spans, row)
    if times_note:
        sheet.write(row + 1, 0, times_note, "note", span=_OWED)
    for number, span in enumerate(times_spans, row):
        label = ctx.t("quota.times")
        if times_note:
            label = ctx.t("visits/quota.times", months=quota_year.months_text(ctx, span))
        sheet.write(number, _OWED, label, "plain_right", span=_STATE - _OWED)
        sheet.write(number, _STATE, span.quota.times, "parameter")
    first = heads.write_heads(
        sheet, row + max(len(times_spans), 2 if times_note else 1), layout.columns
    )
    parameters = tuple(
        (span, _parameter_cell(number)) for number, span in enumerate(times_spans, row)
    )
    for number, line in enumerate(lines):
        _OfficerLine(layout, first + number, line, spans, parameters).write(number + 1)
    last = first + len(lines) - 1
    sheet.colour_states((first, _STATE), (last, _STATE), "●○▲■")
    _write_totals(ctx, sheet, first, last, lines)
    states = sheet.range_address((first, _STATE), (last, _STATE))
    line_states = tuple(line.state for line in lines)
    times_text = str(times_note.value) if times_note else ""
    return QuotaBlock(quota, states, line_states, first, times_text), last + 3


def _basis_text(ctx: ReportContext, spans: tuple[QuotaSpan, ...]) -> str:
    """Return what the quota rests on, with the months where that changes within the year."""
    basis_spans = quota_year.join_alike(spans, lambda record: record.basis)
    parts = (
        ("; ".join(span.quota.basis), quota_year.months_text(ctx, span)) for span in basis_spans
    )
    return "; ".join(f"{basis} {months}".strip() for basis, months in parts)


def _parameter_cell(row: int) -> str:
    return str(xl_rowcol_to_cell(row, _STATE, True, True))


def _times_formula(
    ctx: ReportContext, times_spans: tuple[QuotaSpan, ...], row: int
) -> Formula | None:
    """Return which number holds in which months; None where one holds all year."""
    if [(span.first, span.last) for span in times_spans] == [(1, 12)]:
        return None
    words = [
        ctx.t("visits/quota.asks", months=quota_year.months_text(ctx, span)) for span in times_spans
    ]
    cells = [_parameter_cell(number) for number, _ in enumerate(times_spans, row)]
    formula = '&"; "&'.join(
        f"{cell}&{quote(f' {word}')}" for cell, word in zip(cells, words, strict=True)
    )
    value = "; ".join(
        f"{span.quota.times} {word}" for span, word in zip(times_spans, words, strict=True)
    )
    return Formula(f"={formula}", value)


@dataclass(frozen=True)
class _OfficerLine:
    """One officer's row: everything its formulas name.

    `spans` are the months of the year by record of the quota, `parameters` those by number owed a
    year, each with the cell of that number.
    """

    page: _QuotaLayout
    row: int
    line: QuotaLine
    spans: tuple[QuotaSpan, ...]
    parameters: tuple[tuple[QuotaSpan, str], ...]

    def write(self, number: int) -> None:
        line, write, row = self.line, self.page.sheet.write, self.row
        write(row, 0, number, "center")
        write(row, 1, line.officer, "center")
        write(row, 2, line.name, "text")
        write(row, 3, line.position, "text")
        write(row, 4, "; ".join(assignment_texts(self.page.ctx, line, self.spans)), "text")
        for column, month in enumerate(line.months, _FIRST_MONTH):
            content = None if month is None else self._month_formula(column, month)
            write(row, column, content, "tone_off" if month is None else "count")
        for column in _BLANK_COLUMNS:
            write(row, column, None, "count")
        for column, (content, look) in self._figure_formulas().items():
            write(row, column, content, look)

    def _figure_formulas(self) -> dict[int, tuple[Formula, str]]:
        line, cell = self.line, self._cell_name
        month_range = f"{cell(_FIRST_MONTH)}:{cell(_ATTENDED - 1)}"
        owed = f"={self._owed_sum(_SERVED, to_date=True)}/12"
        obligation = f"{self._owed_sum(_SERVED_YEAR, to_date=False)}/12"
        obligation = f"={_ROUNDING_FUNCTIONS[line.quota.rounding]}({obligation},0)"
        return {
            _ATTENDED: (Formula(f"=SUM({month_range})", line.attended), "count"),
            _SERVED: (Formula(f"={self._served_months(to_date=True)}", line.served), "count"),
            _SERVED_YEAR: (
                Formula(f"={self._served_months(to_date=False)}", line.served_year),
                "count",
            ),
            _OWED: (Formula(owed, line.owed), "owed"),
            _OBLIGATION: (Formula(obligation, line.obligation), "count"),
            _MISSING: (
                Formula(f"=MAX(0,{cell(_OBLIGATION)}-{cell(_ATTENDED)})", line.missing),
                "count",
            ),
            _STATE: (self._state_formula(), "text"),
        }

    @property
    def _branch_code(self) -> str | None:
        return self.line.branches[0].code if self.line.quota.per == "officer_cell" else None

    def _cell_name(self, column: int) -> str:
        return f"{xl_col_to_name(column)}{self.row + 1}"

    def _month_formula(self, column: int, value: int) -> Formula:
        """Sum the counted visits of one month; where a quota is owed by cell, in that cell only."""
        visits, quota = self.page.data.attendance, self.line.quota.quota
        criteria = {"credited": f"$B{self.row + 1}", "month": str(column - _FIRST_MONTH + 1)}
        if self._branch_code:
            criteria["branch"] = quote(self._branch_code)
        sums = f"SUMIFS({visits.ref(f'counts:{quota}')},{heads.criteria(visits, **criteria)})"
        return Formula(f"={sums}", value)

    def _served_months(self, *, to_date: bool, only_span: QuotaSpan | None = None) -> str:
        """Return how many months have a day of duty: of the assignments, or of those to the one
        cell; with `only_span`, how many months of that span.
        """
        months = self.page.data.duties.months
        factor = months.ref("past") if to_date else "1"
        spans = [span for span in self.spans if only_span is None or span.first in only_span.months]
        parts = quota_year.join_alike(spans, lambda quota: quota.role)
        return "+".join(
            f"SUMPRODUCT(({self._duties_formula(part.quota.role)}>0)*{factor}"
            f"{quota_year.month_factor(months, part)})"
            for part in parts
        )

    def _duties_formula(self, role: str) -> str:
        """Return how many assignments in that role are in force in each month."""
        duties, criteria = self.page.data.duties, {"officer": f"$B{self.row + 1}"}
        criteria["role"] = quote(role)
        if self._branch_code:
            criteria["branch"] = quote(self._branch_code)
            return duties.in_force_formula(duties.scope, "first_alive", "last_alive", criteria)
        return duties.in_force_formula(duties.assignments, "first", "last", criteria)

    def _owed_sum(self, served_column: int, *, to_date: bool) -> str:
        """Return the sum over the months served of the number owed a year; `served_column` is the
        column that counts them.
        """
        if len(self.parameters) == 1:
            return f"{self.parameters[0][1]}*{self._cell_name(served_column)}"
        terms = (
            f"{cell}*({self._served_months(to_date=to_date, only_span=span)})"
            for span, cell in self.parameters
        )
        return f"({'+'.join(terms)})"

    def _state_formula(self) -> Formula:
        """Return the state by the rules of `QuotaLine`, in the language of the workbook."""
        attended, obligation = self._cell_name(_ATTENDED), self._cell_name(_OBLIGATION)
        quota, officer = self.line.quota.quota, self.line.officer
        if self.page.ctx.figures.period.end.month == 12:
            behind_test = f"{self.page.open_months.cell_of(quota, officer, self._branch_code)}>0"
            otherwise = self._quoted_state("not_met")
        else:
            behind_test = f"{attended}<INT({self._cell_name(_OWED)})"
            otherwise = self._quoted_state("on_course")
        otherwise = f"IF({behind_test},{self._quoted_state('behind')},{otherwise})"
        formula = f"=IF({attended}>={obligation},{self._quoted_state('met')},{otherwise})"
        return Formula(formula, state_text(self.page.ctx, self.line.state))

    def _quoted_state(self, state: str) -> str:
        return quote(state_text(self.page.ctx, state))


def _write_totals(
    ctx: ReportContext, sheet: SheetWriter, first: int, last: int, lines: tuple[QuotaLine, ...]
) -> None:
    row = last + 1
    sheet.write(row, 0, ctx.t("total"), "total_label", span=_FIRST_MONTH)
    for column in range(_FIRST_MONTH, _COLUMNS):
        sheet.write(row, column, None, "total_count")
    column_values: dict[int, Callable[[QuotaLine], int]] = {
        _ATTENDED: lambda line: line.attended,
        _OBLIGATION: lambda line: line.obligation,
        _MISSING: lambda line: line.missing,
    }
    for month in range(12):
        if any(line.months[month] is not None for line in lines):
            column_values[_FIRST_MONTH + month] = lambda line, month=month: line.months[month] or 0  # type: ignore[misc]
    for column, value in column_values.items():
        heads.write_total(sheet, row, column, first, map(value, lines))


def assignment_texts(
    ctx: ReportContext, line: QuotaLine, spans: Sequence[QuotaSpan]
) -> Iterator[str]:
    """Yield the organisations assigned within the year, with the days where it is not all of it."""
    if line.quota.per == "officer_cell":
        yield line.branches[0].name
        return
    year = Period(ctx.figures.period.year, 1, 12)
    for assignment in ctx.inputs.register.assignments:
        last_day = assignment.to or year.end
        span_periods = (
            _span_period(year, quota_span)
            for quota_span in spans
            if quota_span.quota.role == assignment.role
        )
        if assignment.officer != line.officer:
            continue
        if any(assignment.from_ <= span.end and last_day >= span.start for span in span_periods):
            since = ctx.t("visits/since", day=_short_day(ctx, assignment.from_))
            until = ctx.t("visits/until", day=_short_day(ctx, last_day))
            span = [since] if assignment.from_ > year.start else []
            span += [until] if last_day < year.end else []
            yield ctx.name(assignment.branch) + (f" ({' '.join(span)})" if span else "")


def _span_period(year: Period, span: QuotaSpan) -> Period:
    return Period(year.year, span.first, span.last - span.first + 1)


def _short_day(ctx: ReportContext, day: date) -> str:
    """Return a day of the report's year without the year: ``15/7``, ``03/02``."""
    if ctx.lang != "vi":
        return day.isoformat()
    return day_and_month(day)
