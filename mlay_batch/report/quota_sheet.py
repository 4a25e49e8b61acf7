"""Chỉ tiêu dự sinh hoạt: a block for each quota, a line for each officer, doubts below.

Counts are sums over the table of attendances; `served` months and what can still be attended are
given as values, for they come from dates of duty and not from what was reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby

from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from mlay_batch.figures.records import Attendance, QuotaLine
from mlay_batch.report import official
from mlay_batch.report.book import Content, Live, Sheet
from mlay_batch.report.context import Context
from mlay_batch.report.data_sheets import Data, reason
from mlay_batch.report.titled import this_year
from mlay_batch.schema import Quota
from mlay_batch.styles import TONES

_FIRST_MONTH = 5
_ATTENDED, _SERVED, _SERVED_YEAR, _OWED, _OBLIGATION, _MISSING, _EXTRA, _STATE = range(17, 25)
_COLUMNS = 25
_SPLIT = 5
_WIDTHS = (4, 9, 20, 20, 25, *([3.6] * 12), 6.5, 7, 7, 7.5, 7, 7, 7.5, 19)
_HEADS = (
    "stt", "officer", "officer_name", "position", "assigned", *([""] * 12), "attended", "served",
    "served_year", "owed", "obligation", "missing", "extra", "result",
)  # fmt: skip
_TONE_OF = {"met": "good", "on_course": "fair", "behind": "watch", "out_of_reach": "bad",
            "not_met": "bad"}  # fmt: skip
_ROUND = {"half_up": "ROUND", "floor": "ROUNDDOWN", "ceiling": "ROUNDUP"}


@dataclass(frozen=True)
class QuotaBlock:
    """Where a quota's states stand: the range as formulas name it, and the states in it."""

    quota: Quota
    states: str
    found: tuple[str, ...]


def state_text(ctx: Context, state: str) -> str:
    """Return a state as symbol and word."""
    return f"{TONES[_TONE_OF[state]].symbol} {ctx.state('quota', state)}"


def write(ctx: Context, sheet: Sheet, data: Data) -> tuple[QuotaBlock, ...]:
    """Write the sheet; return where each quota's states stand."""
    sheet.widths(_WIDTHS)
    official.heading(ctx, sheet, _COLUMNS, _SPLIT, ctx.t("title.quota"))
    row, blocks = official.TABLE_ROW, []
    for _, group in groupby(ctx.figures.quota, key=lambda line: line.quota.quota):
        block, row = _block(ctx, sheet, data, row, tuple(group))
        blocks.append(block)
    if not blocks:
        sheet.put(row, 0, ctx.t("quota.none"), "note", span=_COLUMNS)
        row += 2
    sheet.put(row, 0, ctx.t("quota.how"), "note", span=_COLUMNS)
    if any(line.unseen for line in ctx.figures.quota):
        row += 1
        sheet.put(row, 0, ctx.t("quota.unseen"), "note", span=_COLUMNS)
    row = _doubts(ctx, sheet, row + 2)
    row = official.signatures(ctx, sheet, row + 1, _COLUMNS, _SPLIT)
    sheet.raw.freeze_panes(0, 3)
    head = official.TABLE_ROW + 1
    sheet.print_as(landscape=True, last=(row, _COLUMNS - 1), repeat=(head, head + 2))
    return tuple(blocks)


def _block(
    ctx: Context, sheet: Sheet, data: Data, row: int, lines: tuple[QuotaLine, ...]
) -> tuple[QuotaBlock, int]:
    quota = lines[0].quota
    basis = "; ".join(quota.basis)
    sheet.put(row, 0, f"{quota.title.of(ctx.lang)} ({basis})", "section", span=_ATTENDED)
    sheet.put(row, _ATTENDED, ctx.t("quota.times"), "plain_right", span=_STATE - _ATTENDED)
    sheet.put(row, _STATE, quota.times, "parameter")
    times = xl_rowcol_to_cell(row, _STATE, True, True)
    first = _head(ctx, sheet, row + 1)
    for number, line in enumerate(lines):
        _line(_Line(ctx, sheet, data, first + number, line, times), number + 1)
    last = first + len(lines) - 1
    sheet.tones((first, _STATE), (last, _STATE), "●○▲■")
    _totals(ctx, sheet, first, last, lines)
    states = sheet.area((first, _STATE), (last, _STATE))
    return QuotaBlock(quota, states, tuple(line.state for line in lines)), last + 3


def _head(ctx: Context, sheet: Sheet, row: int) -> int:
    """Write two rows of headings and one of column numbers; return the row after them."""
    months = range(_FIRST_MONTH, _ATTENDED)
    for column, name in enumerate(_HEADS):
        if column not in months and column not in (_SERVED, _SERVED_YEAR):
            sheet.put(row, column, ctx.t(f"column.{name}"), "head", rows=2)
    sheet.put(row, _FIRST_MONTH, ctx.t("quota.months", year=str(ctx.figures.period.year)), "head",
              span=12)  # fmt: skip
    sheet.put(row, _SERVED, ctx.t("quota.served"), "head", span=2)
    for number, column in enumerate(months, 1):
        sheet.put(row + 1, column, number, "head")
    for column in (_SERVED, _SERVED_YEAR):
        sheet.put(row + 1, column, ctx.t(f"column.{_HEADS[column]}"), "head")
    sheet.height(row, 29)
    sheet.height(row + 1, 42)
    for column in range(_COLUMNS):
        sheet.put(row + 2, column, column + 1, "column_number")
    return row + 3


@dataclass(frozen=True)
class _Line:
    """One officer's row: everything its formulas name."""

    ctx: Context
    sheet: Sheet
    data: Data
    row: int
    line: QuotaLine
    times: str

    def cell(self, column: int) -> str:
        return f"{xl_col_to_name(column)}{self.row + 1}"

    def month(self, column: int) -> Live:
        """Sum the counted visits of one month; where a quota is owed by cell, in that cell only."""
        visits = self.data.attendance
        head = f"{xl_col_to_name(column)}${self._head_row()}"
        asked = [
            (visits.ref("credited"), f"$B{self.row + 1}"),
            (visits.ref("quota"), f'"{self.line.quota.quota}"'),
            (visits.ref("month"), head),
        ]
        if self.line.quota.per == "officer_cell":
            asked.append((visits.ref("branch"), f'"{self.line.branches[0].code}"'))
        criteria = ",".join(f"{column},{wanted}" for column, wanted in asked)
        value = self.line.months[column - _FIRST_MONTH] or 0
        return Live(f"=SUMIFS({visits.ref('counts')},{criteria})", value)

    def _head_row(self) -> int:
        """The Excel row of the block's month numbers: that of the quota's times, and two more."""
        return int(self.times.rpartition("$")[2]) + 2

    def state(self) -> Live:
        """Return the state by the rules of `QuotaLine`, in the language of the workbook."""
        attended, obligation = self.cell(_ATTENDED), self.cell(_OBLIGATION)
        over = self.ctx.figures.period.end.month == 12
        lost = self._quoted("not_met" if over else "out_of_reach")
        open_ = self._quoted("behind")
        if not over:
            behind = f"{attended}<INT({self.cell(_OWED)})"
            open_ = f"IF({behind},{open_},{self._quoted('on_course')})"
        possible = f"{attended}+{self.cell(_EXTRA)}"
        otherwise = f"IF({possible}<{obligation},{lost},{open_})"
        formula = f"=IF({attended}>={obligation},{self._quoted('met')},{otherwise})"
        return Live(formula, state_text(self.ctx, self.line.state))

    def _quoted(self, state: str) -> str:
        return f'"{state_text(self.ctx, state)}"'


def _line(entry: _Line, number: int) -> None:
    line, put, row = entry.line, entry.sheet.put, entry.row
    branches = "; ".join(branch.name for branch in line.branches)
    put(row, 0, number, "center")
    put(row, 1, line.officer, "center")
    put(row, 2, line.name, "text")
    put(row, 3, line.position, "text")
    put(row, 4, branches, "text")
    for column, months in enumerate(line.months, _FIRST_MONTH):
        if months is None:
            put(row, column, None, "tone_off")
        else:
            put(row, column, entry.month(column), "count")
    first, last = entry.cell(_FIRST_MONTH), entry.cell(_ATTENDED - 1)
    put(row, _ATTENDED, Live(f"=SUM({first}:{last})", line.attended), "count")
    put(row, _SERVED, line.served, "count")
    put(row, _SERVED_YEAR, line.served_year, "count")
    owed = f"={entry.times}*{entry.cell(_SERVED)}/12"
    put(row, _OWED, Live(owed, line.owed), "owed")
    obligation = f"={_ROUND[line.quota.rounding]}({entry.times}*{entry.cell(_SERVED_YEAR)}/12,0)"
    put(row, _OBLIGATION, Live(obligation, line.obligation), "count")
    missing = f"=MAX(0,{entry.cell(_OBLIGATION)}-{entry.cell(_ATTENDED)})"
    put(row, _MISSING, Live(missing, line.missing), "count")
    put(row, _EXTRA, line.possible - line.attended, "count")
    put(row, _STATE, entry.state(), "text")


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
        letter = xl_col_to_name(column)
        formula = f"=SUM({letter}{first + 1}:{letter}{last + 1})"
        sheet.put(row, column, Live(formula, sum(map(value, lines))), "total_count")


_DOUBTS = (
    ("stt", 0, 1), ("officer", 1, 1), ("officer_name", 2, 1), ("branch_name", 3, 2),
    ("held_on", 5, 3), ("counted", 8, 2), ("reason", 10, 9), ("file", 19, 4), ("cell", 23, 1),
    ("delivery", 24, 1),
)  # fmt: skip


def _doubts(ctx: Context, sheet: Sheet, row: int) -> int:
    """List the visits that do not count, or count with a doubt; return the row after them."""
    sheet.put(row, 0, ctx.t("quota.doubts"), "section", span=_COLUMNS)
    row += 1
    doubtful = [
        visit for visit in ctx.figures.attendances if visit.reason and this_year(ctx, visit.held_on)
    ]
    if not doubtful:
        sheet.put(row, 0, ctx.t("none"), "note", span=_COLUMNS)
        return row + 1
    for name, column, span in _DOUBTS:
        sheet.put(row, column, ctx.t(f"column.{name}"), "head", span=span)
    for number, visit in enumerate(doubtful, 1):
        for (_, column, span), content in zip(_DOUBTS, _doubt(ctx, number, visit), strict=True):
            look = "link" if column == _STATE else "text" if column in (2, 3, 10, 19) else "center"
            sheet.put(row + number, column, content, look, span=span)
    return row + len(doubtful) + 1


def _doubt(ctx: Context, number: int, visit: Attendance) -> Iterator[Content]:
    yield number
    yield visit.officer
    yield ctx.officer(visit.officer)
    yield f"{visit.branch} – {ctx.name(visit.branch)}"
    yield ctx.book.show(visit.held_on)
    yield ctx.t("yes" if visit.counts else "no")
    yield reason(ctx, visit)
    yield visit.place.file
    yield visit.place.cell
    yield ctx.file(visit.delivery)
