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

from mlay_batch.core.period import day_number
from mlay_batch.figures.report_records import QuotaPair
from mlay_batch.report import heads, letterhead
from mlay_batch.report.data import visits_data
from mlay_batch.report.data.data_sheets import DataTables
from mlay_batch.report.formulas import quote
from mlay_batch.report.heads import Column
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.sheets import quota_year
from mlay_batch.report.writer import Formula, SheetWriter
from mlay_batch.schema import Quota, QuotaSpan
from mlay_batch.schema.ids import MEETING

_OFFICER, _BRANCH, _SERVED, _SERVED_YEAR, _FIRST_KIND = 1, 3, 5, 6, 7
_SPLIT = 4
_DAY_FORMAT = "dd/mm/yyyy;;"  # no day at all is number 0


@dataclass(frozen=True)
class OpenMonthCells:
    """Where the open months of an officer stand, of all his cells (None) or of one."""

    sheet: SheetWriter
    rows: Mapping[tuple[str, str, str | None], int]
    column: int

    def cell_of(self, quota: str, officer: str, branch: str | None) -> str:
        """Return the cell with the months whose return is still out; 0 without cells."""
        row = self.rows.get((quota, officer, branch))
        return "0" if row is None else self.sheet.address(row, self.column)


class _OfficerCellLayout:
    """The sheet being written: its columns depend on the kinds of meetings."""

    def __init__(self, ctx: ReportContext, sheet: SheetWriter, data: DataTables) -> None:
        self.ctx, self.sheet, self.data = ctx, sheet, data
        self.kinds = visits_data.meeting_kinds(ctx)
        self.least_column = _FIRST_KIND + len(self.kinds)
        self.most_column, self.last_visit_column, self.open_column, self.to_come_column = range(
            self.least_column + 1, self.least_column + 5
        )
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
            yield Column(
                self.ctx.choice_title("meeting_kind", kind), 9.5, t("visits/column.by_kind")
            )
        so_far = t("visits/column.so_far")
        sum_text = " + ".join(str(_FIRST_KIND + 1 + index) for index in range(len(self.kinds)))
        yield Column(t("visits/column.least"), 9, so_far, f"= {sum_text}" if self.kinds else "")
        yield Column(t("visits/column.most"), 9, so_far)
        yield Column(t("visits/column.last_visit"), 11)
        yield Column(t("visits/column.months_out"), 11)
        yield Column(t("visits/column.to_come"), 9, t("visits/column.open"))

    def sum_columns(self) -> tuple[int, ...]:
        """The columns an officer's line adds up."""
        return (*range(_FIRST_KIND, self.most_column), self.open_column)


def write(ctx: ReportContext, sheet: SheetWriter, data: DataTables) -> OpenMonthCells:
    """Write the sheet; return where its open sittings stand."""
    layout = _OfficerCellLayout(ctx, sheet, data)
    column_count = len(layout.columns)
    letterhead.write_heading(ctx, sheet, column_count, _SPLIT, ctx.t("visits/title.pairs"))
    row = first = heads.write_heads(sheet, letterhead.TABLE_ROW, layout.columns)
    rows: dict[tuple[str, str, str | None], int] = {}
    for quota, pairs in groupby(ctx.figures.quota_pairs, key=lambda pair: pair.quota):
        row = _write_quota(layout, row, quota, tuple(pairs), rows)
    if not rows:
        sheet.write(row, 0, ctx.t("quota.none"), "note", span=column_count)
        row += 1
    sheet.write(row + 1, 0, ctx.t("visits/pairs.how"), "note", span=column_count)
    last = letterhead.write_signatures(ctx, sheet, row + 3, column_count, _SPLIT)
    sheet.raw.freeze_panes(first, 3)
    sheet.set_up_page(
        landscape=True, last=(last, column_count - 1), repeat=(letterhead.TABLE_ROW, first - 1)
    )
    return OpenMonthCells(sheet, rows, layout.open_column)


def _write_quota(
    layout: _OfficerCellLayout,
    row: int,
    quota: Quota,
    pairs: tuple[QuotaPair, ...],
    rows: dict[tuple[str, str, str | None], int],
) -> int:
    """Write a quota's lines; return the row after them."""
    layout.sheet.write(row, 0, quota.title.of(layout.ctx.lang), "section", span=len(layout.columns))
    spans = quota_year.spans(layout.ctx, quota)
    row += 1
    officers = groupby(pairs, key=lambda pair: pair.officer)
    for number, (officer, group) in enumerate(officers, 1):
        officer_pairs = tuple(group)
        rows[quota.quota, officer, None] = row
        if len(officer_pairs) > 1:
            _write_officer(layout, row, number, officer_pairs)
            row += 1
        for pair in officer_pairs:
            rows[quota.quota, officer, pair.branch.code] = row
            _OfficerCellRow(layout, row, pair, spans).write(
                number if len(officer_pairs) == 1 else None
            )
            row += 1
    return row


def _write_officer(
    layout: _OfficerCellLayout, row: int, number: int, pairs: tuple[QuotaPair, ...]
) -> None:
    """Write the line that adds up an officer's cells, which follow it."""
    write, code = layout.sheet.write, pairs[0].officer
    write(row, 0, number, "total_count")
    write(row, 1, code, "total_count")
    write(row, 2, layout.ctx.officer_name(code), "total_label")
    write(row, 3, layout.ctx.t("visits/all_cells", count=len(pairs)), "total_label", span=2)
    for column in range(_SERVED, layout.to_come_column + 1):
        write(row, column, None, "total_count")
    pair_counts = [_values(layout, pair) for pair in pairs]
    for column in layout.sum_columns():
        letter = xl_col_to_name(column)
        formula = f"=SUM({letter}{row + 2}:{letter}{row + 1 + len(pairs)})"
        write(
            row,
            column,
            Formula(formula, sum(counts[column] for counts in pair_counts)),
            "total_count",
        )


def _values(layout: _OfficerCellLayout, pair: QuotaPair) -> dict[int, int]:
    return {
        _SERVED: pair.served,
        _SERVED_YEAR: pair.served_year,
        **{
            column: pair.kinds.get(kind, 0) for column, kind in enumerate(layout.kinds, _FIRST_KIND)
        },
        layout.least_column: pair.attended_count,
        layout.last_visit_column: day_number(pair.last_visit) if pair.last_visit else 0,
        layout.open_column: pair.open_months,
    }


@dataclass(frozen=True)
class _OfficerCellRow:
    """The row of an officer in one cell: everything its formulas name."""

    page: _OfficerCellLayout
    row: int
    pair: QuotaPair
    spans: tuple[QuotaSpan, ...]

    def write(self, number: int | None) -> None:
        layout, pair, write, row = self.page, self.pair, self.page.sheet.write, self.row
        write(row, 0, number, "center")
        write(row, _OFFICER, pair.officer, "center")
        write(row, 2, layout.ctx.officer_name(pair.officer), "text" if number else "quiet")
        write(row, _BRANCH, pair.branch.code, "center")
        write(row, 4, pair.branch.name, "text")
        for column in (layout.most_column, layout.to_come_column):
            write(row, column, None, "count")
        values = _values(layout, pair)
        for column, formula in self._formulas().items():
            is_day = column == layout.last_visit_column
            write(
                row,
                column,
                Formula(f"={formula}", values[column]),
                "date" if is_day else "count",
                number_format=_DAY_FORMAT if is_day else "",
            )

    def _formulas(self) -> dict[int, str]:
        layout, months = self.page, self.page.data.duties.months
        past = months.ref("past")
        kind_formulas = {
            column: self._kind_formula(kind)
            for column, kind in enumerate(layout.kinds, _FIRST_KIND)
        }
        cell_range = f"{xl_rowcol_to_cell(self.row, _FIRST_KIND)}:"
        cell_range += xl_rowcol_to_cell(self.row, layout.least_column - 1)
        return {
            _SERVED: self._served_formula(past),
            _SERVED_YEAR: self._served_formula("1"),
            **kind_formulas,
            layout.least_column: f"SUM({cell_range})" if kind_formulas else "0",
            layout.last_visit_column: self._last_visit_formula(),
            layout.open_column: self._open_months_formula(
                f"{past}*({self._open_returns_formula()}>0)"
            ),
        }

    def _key_cells(self) -> tuple[str, str]:
        return f"$B{self.row + 1}", f"$D{self.row + 1}"

    def _served_formula(self, factor: str) -> str:
        """Return the months served, while the cell lives, each times what is `factor` of it."""
        spans = quota_year.join_alike(self.spans, lambda quota: quota.role)
        return "+".join(self._span_formula(span, factor) for span in spans)

    def _span_formula(self, span: QuotaSpan, factor: str) -> str:
        duties, (officer, branch) = self.page.data.duties, self._key_cells()
        criteria = {"officer": officer, "role": quote(span.quota.role), "branch": branch}
        in_force = duties.in_force_formula(duties.scope, "first_alive", "last_alive", criteria)
        return f"SUMPRODUCT(({in_force}>0)*{factor}{quota_year.month_factor(duties.months, span)})"

    def _open_months_formula(self, factor: str) -> str:
        """Return the same, but none of the months in which visits to the own cell do not count."""
        officers, (officer, branch) = self.page.data.duties.officers, self._key_cells()
        own_cell_criteria = heads.criteria(officers, officer=officer, own_cell=branch)
        formulas = {True: "", False: ""}
        parts = quota_year.join_alike(self.spans, lambda quota: (quota.role, quota.counts.own_cell))
        for span in parts:
            formulas[span.quota.counts.own_cell] += f"+{self._span_formula(span, factor)}"
        counted, not_counted = (formulas[own_cell][1:] for own_cell in (True, False))
        not_counted = not_counted and f"IF(COUNTIFS({own_cell_criteria})>0,0,{not_counted})"
        return "+".join(filter(None, (counted, not_counted)))

    def _kind_formula(self, kind: str) -> str:
        visits, (officer, branch) = self.page.data.attendance, self._key_cells()
        title = quote(self.page.ctx.choice_title("meeting_kind", kind))
        criteria = heads.criteria(visits, credited=officer, branch=branch, kind=title)
        return f"SUMIFS({self._counts_ref()},{criteria})"

    def _counts_ref(self) -> str:
        return self.page.data.attendance.ref(f"counts:{self.pair.quota.quota}")

    def _last_visit_formula(self) -> str:
        visit_ref, (officer, branch) = self.page.data.attendance.ref, self._key_cells()
        is_row = f"({visit_ref('credited')}={officer})*({visit_ref('branch')}={branch})"
        return f"SUMPRODUCT(MAX({is_row}*{self._counts_ref()}*{visit_ref('held_on')}))"

    def _open_returns_formula(self) -> str:
        """Return how many returns of the cell are out for each month."""
        returns, months = self.page.data.returns, self.page.data.duties.months
        criteria = heads.criteria(
            returns,
            form=quote(MEETING),
            branch=self._key_cells()[1],
            period=months.ref("period"),
            open="1",
        )
        return f"COUNTIFS({criteria})"
