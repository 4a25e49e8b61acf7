"""Dự từng chi bộ: each officer in each of his cells, by kind of meeting.

An officer with several cells has a line that adds them up. The months whose return is still out are
calculated here and taken from here by the sheet of quotas. Two columns stay blank: nothing bounds
the sittings of a month, so that nobody knows the most he attended or may still attend.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from mlay_batch.figures.quota_records import QuotaPair
from mlay_batch.period import day_number
from mlay_batch.report import listing, official, quota_year, visit_tables
from mlay_batch.report.book import Live, Sheet
from mlay_batch.report.context import Context
from mlay_batch.report.data_sheets import Data
from mlay_batch.report.duty_tables import quoted
from mlay_batch.report.listing import Column
from mlay_batch.schema import Quota, QuotaSpan
from mlay_batch.schema.ids import MEETING

_OFFICER, _BRANCH, _SERVED, _SERVED_YEAR, _FIRST_KIND = 1, 3, 5, 6, 7
_SPLIT = 4
_DAY = "dd/mm/yyyy;;"  # no day at all is number 0


@dataclass(frozen=True)
class PairPlaces:
    """Where the open months of an officer stand, of all his cells (None) or of one."""

    sheet: Sheet
    rows: Mapping[tuple[str, str, str | None], int]
    column: int

    def unseen(self, quota: str, officer: str, branch: str | None) -> str:
        """Return the cell with the months whose return is still out; 0 without cells."""
        row = self.rows.get((quota, officer, branch))
        return "0" if row is None else self.sheet.place(row, self.column)


class _Page:
    """The sheet being written: its columns depend on the kinds of meetings."""

    def __init__(self, ctx: Context, sheet: Sheet, data: Data) -> None:
        self.ctx, self.sheet, self.data = ctx, sheet, data
        self.kinds = visit_tables.kinds(ctx)
        self.least = _FIRST_KIND + len(self.kinds)
        self.most, self.seen, self.unseen, self.to_come = range(self.least + 1, self.least + 5)
        self.columns = tuple(self._columns())

    def _columns(self) -> Iterator[Column]:
        t = self.ctx.t
        yield Column(t("column.stt"), 4)
        yield Column(t("column.officer"), 9)
        yield Column(t("column.officer_name"), 22)
        yield Column(t("column.branch"), 10)
        yield Column(t("column.branch_name"), 38)
        yield Column(t("column.served"), 7, t("quota.served"))
        yield Column(t("column.served_year"), 7, t("quota.served"))
        for kind in self.kinds:
            yield Column(self.ctx.choice("meeting_kind", kind), 9.5, t("visits/column.by_kind"))
        so_far = t("visits/column.so_far")
        sum_ = " + ".join(str(_FIRST_KIND + 1 + at) for at in range(len(self.kinds)))
        yield Column(t("visits/column.least"), 9, so_far, f"= {sum_}" if self.kinds else "")
        yield Column(t("visits/column.most"), 9, so_far)
        yield Column(t("visits/column.last_visit"), 11)
        yield Column(t("visits/column.months_out"), 11)
        yield Column(t("visits/column.to_come"), 9, t("visits/column.open"))

    def summed(self) -> tuple[int, ...]:
        """The columns an officer's line adds up."""
        return (*range(_FIRST_KIND, self.most), self.unseen)


def write(ctx: Context, sheet: Sheet, data: Data) -> PairPlaces:
    """Write the sheet; return where its open sittings stand."""
    page = _Page(ctx, sheet, data)
    wide = len(page.columns)
    official.heading(ctx, sheet, wide, _SPLIT, ctx.t("visits/title.pairs"))
    row = first = listing.heads(sheet, official.TABLE_ROW, page.columns)
    rows: dict[tuple[str, str, str | None], int] = {}
    for quota, group in groupby(ctx.figures.following, key=lambda pair: pair.quota):
        row = _quota(page, row, quota, tuple(group), rows)
    if not rows:
        sheet.put(row, 0, ctx.t("quota.none"), "note", span=wide)
        row += 1
    sheet.put(row + 1, 0, ctx.t("visits/pairs.how"), "note", span=wide)
    last = official.signatures(ctx, sheet, row + 3, wide, _SPLIT)
    sheet.raw.freeze_panes(first, 3)
    sheet.print_as(landscape=True, last=(last, wide - 1), repeat=(official.TABLE_ROW, first - 1))
    return PairPlaces(sheet, rows, page.unseen)


def _quota(
    page: _Page, row: int, quota: Quota, pairs: tuple[QuotaPair, ...],
    rows: dict[tuple[str, str, str | None], int],
) -> int:  # fmt: skip
    """Write a quota's lines; return the row after them."""
    page.sheet.put(row, 0, quota.title.of(page.ctx.lang), "section", span=len(page.columns))
    spans = quota_year.spans(page.ctx, quota)
    row += 1
    officers = groupby(pairs, key=lambda pair: pair.officer)
    for number, (officer, group) in enumerate(officers, 1):
        own = tuple(group)
        rows[quota.quota, officer, None] = row
        if len(own) > 1:
            _officer(page, row, number, own)
            row += 1
        for pair in own:
            rows[quota.quota, officer, pair.branch.code] = row
            _Pair(page, row, pair, spans).write(number if len(own) == 1 else None)
            row += 1
    return row


def _officer(page: _Page, row: int, number: int, own: tuple[QuotaPair, ...]) -> None:
    """Write the line that adds up an officer's cells, which follow it."""
    put, code = page.sheet.put, own[0].officer
    put(row, 0, number, "total_count")
    put(row, 1, code, "total_count")
    put(row, 2, page.ctx.officer(code), "total_label")
    put(row, 3, page.ctx.t("visits/all_cells", count=len(own)), "total_label", span=2)
    for column in range(_SERVED, page.to_come + 1):
        put(row, column, None, "total_count")
    values = [_values(page, pair) for pair in own]
    for column in page.summed():
        letter = xl_col_to_name(column)
        formula = f"=SUM({letter}{row + 2}:{letter}{row + 1 + len(own)})"
        put(row, column, Live(formula, sum(value[column] for value in values)), "total_count")


def _values(page: _Page, pair: QuotaPair) -> dict[int, int]:
    return {
        _SERVED: pair.served,
        _SERVED_YEAR: pair.served_year,
        **{column: pair.kinds.get(kind, 0) for column, kind in enumerate(page.kinds, _FIRST_KIND)},
        page.least: pair.attended,
        page.seen: day_number(pair.last) if pair.last else 0,
        page.unseen: pair.unseen,
    }


@dataclass(frozen=True)
class _Pair:
    """The row of an officer in one cell: everything its formulas name."""

    page: _Page
    row: int
    pair: QuotaPair
    spans: tuple[QuotaSpan, ...]

    def write(self, number: int | None) -> None:
        page, pair, put, row = self.page, self.pair, self.page.sheet.put, self.row
        put(row, 0, number, "center")
        put(row, _OFFICER, pair.officer, "center")
        put(row, 2, page.ctx.officer(pair.officer), "text" if number else "quiet")
        put(row, _BRANCH, pair.branch.code, "center")
        put(row, 4, pair.branch.name, "text")
        for column in (page.most, page.to_come):
            put(row, column, None, "count")
        values = _values(page, pair)
        for column, formula in self._formulas().items():
            is_day = column == page.seen
            put(row, column, Live(f"={formula}", values[column]), "date" if is_day else "count",
                number=_DAY if is_day else "")  # fmt: skip

    def _formulas(self) -> dict[int, str]:
        page, months = self.page, self.page.data.duties.months
        past = months.ref("past")
        kinds = {column: self._kind(kind) for column, kind in enumerate(page.kinds, _FIRST_KIND)}
        over = f"{xl_rowcol_to_cell(self.row, _FIRST_KIND)}:"
        over += xl_rowcol_to_cell(self.row, page.least - 1)
        return {
            _SERVED: self._count_served(past),
            _SERVED_YEAR: self._count_served("1"),
            **kinds,
            page.least: f"SUM({over})" if kinds else "0",
            page.seen: self._last(),
            page.unseen: self._unseen(f"{past}*({self._out()}>0)"),
        }

    def _here(self) -> tuple[str, str]:
        return f"$B{self.row + 1}", f"$D{self.row + 1}"

    def _count_served(self, wanted: str) -> str:
        """Return the months served, while the cell lives, each times what is `wanted` of it."""
        spans = quota_year.join_alike(self.spans, lambda quota: quota.role)
        return "+".join(self._count_in(span, wanted) for span in spans)

    def _count_in(self, span: QuotaSpan, wanted: str) -> str:
        duties, (officer, branch) = self.page.data.duties, self._here()
        asked = {"officer": officer, "role": quoted(span.quota.role), "branch": branch}
        there = duties.serving(duties.scope, "first_alive", "last_alive", asked)
        return f"SUMPRODUCT(({there}>0)*{wanted}{quota_year.month_factor(duties.months, span)})"

    def _unseen(self, wanted: str) -> str:
        """Return the same, but none of the months in which visits to the own cell do not count."""
        officers, (officer, branch) = self.page.data.duties.officers, self._here()
        own = listing.asked(officers, officer=officer, own_cell=branch)
        months = {True: "", False: ""}
        parts = quota_year.join_alike(self.spans, lambda quota: (quota.role, quota.counts.own_cell))
        for span in parts:
            months[span.quota.counts.own_cell] += f"+{self._count_in(span, wanted)}"
        counts, does_not = (months[own_cell][1:] for own_cell in (True, False))
        does_not = does_not and f"IF(COUNTIFS({own})>0,0,{does_not})"
        return "+".join(filter(None, (counts, does_not)))

    def _kind(self, kind: str) -> str:
        visits, (officer, branch) = self.page.data.attendance, self._here()
        title = quoted(self.page.ctx.choice("meeting_kind", kind))
        asked = listing.asked(visits, credited=officer, branch=branch, kind=title)
        return f"SUMIFS({self._counts()},{asked})"

    def _counts(self) -> str:
        return self.page.data.attendance.ref(f"counts:{self.pair.quota.quota}")

    def _last(self) -> str:
        visits, (officer, branch) = self.page.data.attendance.ref, self._here()
        here = f"({visits('credited')}={officer})*({visits('branch')}={branch})"
        return f"SUMPRODUCT(MAX({here}*{self._counts()}*{visits('held_on')}))"

    def _out(self) -> str:
        """Return how many returns of the cell are out for each month."""
        returns, months = self.page.data.returns, self.page.data.duties.months
        asked = listing.asked(
            returns, form=quoted(MEETING), branch=self._here()[1], period=months.ref("period"),
            open="1",
        )  # fmt: skip
        return f"COUNTIFS({asked})"
