"""Chỉ tiêu dự sinh hoạt: a block for each quota, a line for each officer (or officer and cell).

Counts are sums over the table of visits, months of duty come from the assignments, months whose
return is out from the sheet of officers by cell: every figure is a formula. Three columns stay
blank: nothing bounds the sittings of a month, so that nobody knows what may still be attended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby

from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from mlay_batch.figures.records import QuotaLine
from mlay_batch.report import listing, official, quota_year
from mlay_batch.report.assignment_text import assignments
from mlay_batch.report.book import Live, Sheet
from mlay_batch.report.context import Context
from mlay_batch.report.data_sheets import Data
from mlay_batch.report.duty_tables import quoted
from mlay_batch.report.listing import Column
from mlay_batch.report.pairs_sheet import PairPlaces
from mlay_batch.schema import Quota, QuotaSpan
from mlay_batch.styles import TONES

_FIRST_MONTH = 5
_ATTENDED, _MOST, _SERVED, _SERVED_YEAR, _OWED, _OBLIGATION, _MISSING, _EXTRA, _LOST, _STATE = (
    range(17, 27)
)
_COLUMNS = 27
_SPLIT = 5
_BLANK = (_MOST, _EXTRA, _LOST)
_TONE_OF = {"met": "good", "on_course": "fair", "behind": "watch", "not_met": "bad"}
_ROUND = {"half_up": "ROUND", "floor": "ROUNDDOWN", "ceiling": "ROUNDUP"}


@dataclass(frozen=True)
class QuotaBlock:
    """Where a quota's states stand: the range as formulas name it, and the states in it.

    `first` is the first row below the headings; `asks` says what is owed in which months where
    that changes within the year.
    """

    quota: Quota
    states: str
    found: tuple[str, ...]
    first: int
    asks: str


def state_text(ctx: Context, state: str) -> str:
    """Return a state as symbol and word."""
    return f"{TONES[_TONE_OF[state]].symbol} {ctx.state('quota', state)}"


def write(ctx: Context, sheet: Sheet, data: Data, places: PairPlaces) -> tuple[QuotaBlock, ...]:
    """Write the sheet; return where each quota's states stand.

    `places` are those of the sheet of officers by cell.
    """
    official.heading(ctx, sheet, _COLUMNS, _SPLIT, ctx.t("title.quota"))
    columns = tuple(_columns(ctx))
    sheet.widths(column.width for column in columns)
    row, blocks = official.TABLE_ROW, []
    for _, group in groupby(ctx.figures.quota, key=lambda line: line.quota.quota):
        block, row = _block(_Page(ctx, sheet, data, places, columns), row, tuple(group))
        blocks.append(block)
    if not blocks:
        sheet.put(row, 0, ctx.t("quota.none"), "note", span=_COLUMNS)
        row += 2
    sheet.put(row, 0, ctx.t("visits/quota.how"), "note", span=_COLUMNS)
    if any(line.unseen for line in ctx.figures.quota):
        row += 1
        sheet.put(row, 0, ctx.t("visits/quota.unseen"), "note", span=_COLUMNS)
    row = official.signatures(ctx, sheet, row + 2, _COLUMNS, _SPLIT)
    sheet.raw.freeze_panes(0, 3)
    head = blocks[0].first - listing.HEADS if blocks else official.TABLE_ROW + 1
    sheet.print_as(landscape=True, last=(row, _COLUMNS - 1), repeat=(head, head + 2))
    return tuple(blocks)


def _columns(ctx: Context) -> Iterator[Column]:
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
class _Page:
    """What every line is written with."""

    ctx: Context
    sheet: Sheet
    data: Data
    places: PairPlaces
    columns: tuple[Column, ...]


def _block(page: _Page, row: int, lines: tuple[QuotaLine, ...]) -> tuple[QuotaBlock, int]:
    ctx, sheet, quota = page.ctx, page.sheet, lines[0].quota
    spans = quota_year.spans(ctx, quota)
    basis = ctx.t("visits/quota.basis", basis=_basis_words(ctx, spans))
    sheet.put(row, 0, f"{quota.title.of(ctx.lang)} ({basis})", "section", span=_OWED)
    owed = quota_year.join_alike(spans, lambda record: record.times)
    asks = _number_words(ctx, owed, row)
    if asks:
        sheet.put(row + 1, 0, asks, "note", span=_OWED)
    for number, span in enumerate(owed, row):
        label = ctx.t("quota.times")
        if asks:
            label = ctx.t("visits/quota.times", months=quota_year.month_words(ctx, span))
        sheet.put(number, _OWED, label, "plain_right", span=_STATE - _OWED)
        sheet.put(number, _STATE, span.quota.times, "parameter")
    first = listing.heads(sheet, row + max(len(owed), 2 if asks else 1), page.columns)
    times = tuple((span, _parameter(number)) for number, span in enumerate(owed, row))
    for number, line in enumerate(lines):
        _Line(page, first + number, line, spans, times).write(number + 1)
    last = first + len(lines) - 1
    sheet.tones((first, _STATE), (last, _STATE), "●○▲■")
    _totals(ctx, sheet, first, last, lines)
    states = sheet.area((first, _STATE), (last, _STATE))
    found = tuple(line.state for line in lines)
    said = str(asks.value) if asks else ""
    return QuotaBlock(quota, states, found, first, said), last + 3


def _basis_words(ctx: Context, spans: tuple[QuotaSpan, ...]) -> str:
    """Return what the quota rests on, with the months where that changes within the year."""
    alike = quota_year.join_alike(spans, lambda record: record.basis)
    told = (("; ".join(span.quota.basis), quota_year.month_words(ctx, span)) for span in alike)
    return "; ".join(f"{basis} {months}".strip() for basis, months in told)


def _parameter(row: int) -> str:
    return str(xl_rowcol_to_cell(row, _STATE, True, True))


def _number_words(ctx: Context, owed: tuple[QuotaSpan, ...], row: int) -> Live | None:
    """Return which number holds in which months; None where one holds all year."""
    if [(span.first, span.last) for span in owed] == [(1, 12)]:
        return None
    words = [ctx.t("visits/quota.asks", months=quota_year.month_words(ctx, span)) for span in owed]
    cells = [_parameter(number) for number, _ in enumerate(owed, row)]
    formula = '&"; "&'.join(
        f"{cell}&{quoted(f' {said}')}" for cell, said in zip(cells, words, strict=True)
    )
    value = "; ".join(f"{span.quota.times} {said}" for span, said in zip(owed, words, strict=True))
    return Live(f"={formula}", value)


@dataclass(frozen=True)
class _Line:
    """One officer's row: everything its formulas name.

    `spans` are the months of the year by record of the quota, `times` those by number owed a year,
    each with the cell of that number.
    """

    page: _Page
    row: int
    line: QuotaLine
    spans: tuple[QuotaSpan, ...]
    times: tuple[tuple[QuotaSpan, str], ...]

    def write(self, number: int) -> None:
        line, put, row = self.line, self.page.sheet.put, self.row
        put(row, 0, number, "center")
        put(row, 1, line.officer, "center")
        put(row, 2, line.name, "text")
        put(row, 3, line.position, "text")
        put(row, 4, "; ".join(assignments(self.page.ctx, line, self.spans)), "text")
        for column, month in enumerate(line.months, _FIRST_MONTH):
            live = None if month is None else self._month(column, month)
            put(row, column, live, "tone_off" if month is None else "count")
        for column in _BLANK:
            put(row, column, None, "count")
        for column, (live, look) in self._figures().items():
            put(row, column, live, look)

    def _figures(self) -> dict[int, tuple[Live, str]]:
        line, cell = self.line, self._cell
        months = f"{cell(_FIRST_MONTH)}:{cell(_ATTENDED - 1)}"
        owed = f"={self._twelfths(_SERVED, to_date=True)}/12"
        obligation = f"{self._twelfths(_SERVED_YEAR, to_date=False)}/12"
        obligation = f"={_ROUND[line.quota.rounding]}({obligation},0)"
        return {
            _ATTENDED: (Live(f"=SUM({months})", line.attended), "count"),
            _SERVED: (Live(f"={self._months(to_date=True)}", line.served), "count"),
            _SERVED_YEAR: (Live(f"={self._months(to_date=False)}", line.served_year), "count"),
            _OWED: (Live(owed, line.owed), "owed"),
            _OBLIGATION: (Live(obligation, line.obligation), "count"),
            _MISSING: (
                Live(f"=MAX(0,{cell(_OBLIGATION)}-{cell(_ATTENDED)})", line.missing), "count"
            ),
            _STATE: (self._state(), "text"),
        }  # fmt: skip

    @property
    def _branch(self) -> str | None:
        return self.line.branches[0].code if self.line.quota.per == "officer_cell" else None

    def _cell(self, column: int) -> str:
        return f"{xl_col_to_name(column)}{self.row + 1}"

    def _month(self, column: int, value: int) -> Live:
        """Sum the counted visits of one month; where a quota is owed by cell, in that cell only."""
        visits, quota = self.page.data.attendance, self.line.quota.quota
        asked = {"credited": f"$B{self.row + 1}", "month": str(column - _FIRST_MONTH + 1)}
        if self._branch:
            asked["branch"] = quoted(self._branch)
        sums = f"SUMIFS({visits.ref(f'counts:{quota}')},{listing.asked(visits, **asked)})"
        return Live(f"={sums}", value)

    def _months(self, *, to_date: bool, only: QuotaSpan | None = None) -> str:
        """Return how many months have a day of duty: of the assignments, or of those to the one
        cell; with `only`, how many months of that span.
        """
        months = self.page.data.duties.months
        wanted = months.ref("past") if to_date else "1"
        spans = [span for span in self.spans if only is None or span.first in only.months]
        parts = quota_year.join_alike(spans, lambda quota: quota.role)
        return "+".join(
            f"SUMPRODUCT(({self._count_duties(part.quota.role)}>0)*{wanted}"
            f"{quota_year.month_factor(months, part)})"
            for part in parts
        )

    def _count_duties(self, role: str) -> str:
        """Return how many assignments in that role are in force in each month."""
        duties, asked = self.page.data.duties, {"officer": f"$B{self.row + 1}"}
        asked["role"] = quoted(role)
        if self._branch:
            asked["branch"] = quoted(self._branch)
            return duties.serving(duties.scope, "first_alive", "last_alive", asked)
        return duties.serving(duties.assignments, "first", "last", asked)

    def _twelfths(self, served: int, *, to_date: bool) -> str:
        """Return the sum over the months served of the number owed a year; `served` is the column
        that counts them.
        """
        if len(self.times) == 1:
            return f"{self.times[0][1]}*{self._cell(served)}"
        owed = (f"{cell}*({self._months(to_date=to_date, only=span)})" for span, cell in self.times)
        return f"({'+'.join(owed)})"

    def _state(self) -> Live:
        """Return the state by the rules of `QuotaLine`, in the language of the workbook."""
        attended, obligation = self._cell(_ATTENDED), self._cell(_OBLIGATION)
        quota, officer = self.line.quota.quota, self.line.officer
        if self.page.ctx.figures.period.end.month == 12:
            is_behind = f"{self.page.places.unseen(quota, officer, self._branch)}>0"
            otherwise = self._said("not_met")
        else:
            is_behind = f"{attended}<INT({self._cell(_OWED)})"
            otherwise = self._said("on_course")
        otherwise = f"IF({is_behind},{self._said('behind')},{otherwise})"
        formula = f"=IF({attended}>={obligation},{self._said('met')},{otherwise})"
        return Live(formula, state_text(self.page.ctx, self.line.state))

    def _said(self, state: str) -> str:
        return quoted(state_text(self.page.ctx, state))


def _totals(
    ctx: Context, sheet: Sheet, first: int, last: int, lines: tuple[QuotaLine, ...]
) -> None:
    row = last + 1
    sheet.put(row, 0, ctx.t("total"), "total_label", span=_FIRST_MONTH)
    for column in range(_FIRST_MONTH, _COLUMNS):
        sheet.put(row, column, None, "total_count")
    summed: dict[int, Callable[[QuotaLine], int]] = {
        _ATTENDED: lambda line: line.attended,
        _OBLIGATION: lambda line: line.obligation,
        _MISSING: lambda line: line.missing,
    }
    for month in range(12):
        if any(line.months[month] is not None for line in lines):
            summed[_FIRST_MONTH + month] = lambda line, month=month: line.months[month] or 0  # type: ignore[misc]
    for column, value in summed.items():
        listing.total(sheet, row, column, first, map(value, lines))
