"""The data on quotas that are owed in each quarter or month: a row for each of these windows.

Without such a quota there is no table: what is owed in the year needs none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from operator import attrgetter

from mlay_batch.figures.report_records import QuotaLine, WindowFigures
from mlay_batch.report.data.assignments_data import AREA, DutyTables
from mlay_batch.report.formulas import cell, quote
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.sheets import quota_year
from mlay_batch.report.tables import Condition, DataColumn, DataTable, data_column, data_table
from mlay_batch.schema import QuotaSpan
from mlay_batch.schema.ids import MEETING

ROUNDING_FUNCTIONS = {"half_up": "ROUND", "floor": "ROUNDDOWN", "ceiling": "ROUNDUP"}


@dataclass(frozen=True)
class _Row:
    """What an officer owes, in all cells or in one, in a quarter or month.

    Attributes:
        line: the officer's figures of the year.
        figures: those of the window.
        spans: the records of the quota that apply in the window, within its months.
    """

    line: QuotaLine
    figures: WindowFigures
    spans: tuple[QuotaSpan, ...]

    @property
    def branch(self) -> str:
        """The one cell the quota is owed in; empty where it is owed in all together."""
        return owed_in(self.line) or ""

    @property
    def in_cell(self) -> Mapping[str, str]:
        """The condition that it is that cell; none where all count together."""
        return {"branch": quote(self.branch)} if self.branch else {}


def owed_in(line: QuotaLine) -> str | None:
    """Return the code of the one cell a line is about; None where all cells count together."""
    return line.branches[0].code if line.quota.per == "officer_cell" else None


def build(
    ctx: ReportContext,
    attendance: DataTable,
    returns: DataTable,
    duties: DutyTables,
    slips: DataTable | None = None,
) -> DataTable | None:
    """Return the table; None where every quota is owed in the year."""
    rows = [_row(ctx, line, figures) for line in ctx.figures.quota for figures in line.windows]
    columns = _Columns(ctx, attendance, returns, duties, slips).all()
    return data_table(ctx, "windows", columns, rows, AREA) if rows else None


def _row(ctx: ReportContext, line: QuotaLine, figures: WindowFigures) -> _Row:
    first, last = figures.window.first, figures.window.last
    spans = (
        QuotaSpan(span.quota, max(span.first, first), min(span.last, last))
        for span in quota_year.spans(ctx, line.quota)
        if span.first <= last and first <= span.last
    )
    return _Row(line, figures, tuple(spans))


@dataclass(frozen=True)
class _Columns:
    """The columns of the table, and the tables that their formulas count over."""

    ctx: ReportContext
    attendance: DataTable
    returns: DataTable
    duties: DutyTables
    slips: DataTable | None

    def all(self) -> Iterator[DataColumn[_Row]]:
        """Yield the columns."""
        column = partial(data_column, self.ctx, area=AREA)
        yield column("officer", "center", attrgetter("line.officer"))
        yield column("officer_name", "text", attrgetter("line.name"))
        yield column("branch", "center", attrgetter("branch"))
        yield column("from_month", "integer", attrgetter("figures.window.first"))
        yield column("to_month", "integer", attrgetter("figures.window.last"))
        yield column("owed", "points", attrgetter("figures.owed"), self._owed)
        yield column("obligation", "integer", attrgetter("figures.obligation"), self._obligation)
        yield column("sure", "integer", attrgetter("figures.attended"), self._attended)
        yield column("unsettled", "integer", attrgetter("figures.unsettled"), self._unsettled)
        missing = f"MAX(0,{cell('obligation')}-{cell('sure')})"
        yield column("missing", "integer", attrgetter("figures.missing"), missing)
        yield column("months_out", "integer", attrgetter("figures.open_months"), self._out)
        yield column("to_come", "integer", attrgetter("figures.to_come"), self._to_come)
        yield column("window_result", "text", self._result, self._result_formula())
        yield column("quota", "text", attrgetter("line.quota.quota"), hidden=True)

    def _sum_owed(self, row: _Row, *, only_past: bool) -> str:
        """Return what is owed in the window's months, up to the period or in all."""
        served = (
            self.duties.served_formula(
                [span], only_past=only_past, officer=cell("officer"), **row.in_cell
            )
            for span in row.spans
        )
        return "+".join(
            f"{span.quota.times}*({months})/{span.quota.window_months}"
            for span, months in zip(row.spans, served, strict=True)
        )

    def _owed(self, row: _Row) -> str:
        return self._sum_owed(row, only_past=True)

    def _obligation(self, row: _Row) -> str:
        function = ROUNDING_FUNCTIONS[row.line.quota.rounding]
        return f"{function}(ROUND({self._sum_owed(row, only_past=False)},9),0)"

    def _visits(self, row: _Row) -> dict[str, Condition]:
        months = f'">="&{cell("from_month")}', f'"<="&{cell("to_month")}'
        return {"credited": cell("officer"), "month": months, **row.in_cell}

    def _attended(self, row: _Row) -> str:
        least, visits = f"least:{row.line.quota.quota}", self._visits(row)
        if row.branch:
            return self.attendance.countifs(**visits, **{least: "1"})
        return f"ROUND({self.attendance.sumifs(least, **visits)},6)"

    def _unsettled(self, row: _Row) -> str:
        counts = self.attendance.sumifs(f"counts:{row.line.quota.quota}", **self._visits(row))
        return f"{counts}-{cell('sure')}"

    def _out(self, row: _Row) -> str:
        """Return the months of each cell in which visits may count and whose return is out."""
        year, month = self.ctx.figures.period.year, self.returns.ref("month")
        is_open = f"({self.returns.ref('open')}=1)"
        if self.slips:
            tests = {"officer": cell("officer"), "slip_open": "1", "slip_counts": "1"}
            waiting = self.slips.countifs(**tests, month=month)
            is_open = f"(({is_open}+({waiting}>0))>0)"
        open_there = (
            f"{is_open}*({self.returns.ref('form')}={quote(MEETING)})"
            f"*({month}>={cell('from_month')})*({month}<={cell('to_month')})"
        )
        on_duty = "+".join(
            self.duties.scope.countifs(
                officer=cell("officer"),
                branch=self.returns.ref("branch"),
                role=quote(role),
                may_count="1",
                first_alive=f'"<="&DATE({year},{month}+1,0)',
                last_alive=f'">="&DATE({year},{month},1)',
            )
            for role in dict.fromkeys(span.quota.role for span in row.spans)
        )
        in_cell = f"*({self.returns.ref('branch')}={quote(row.branch)})" if row.branch else ""
        return f"SUMPRODUCT({open_there}{in_cell}*(({on_duty})>0))"

    def _to_come(self, row: _Row) -> str:
        """Return the months after the period in which visits may count."""
        months = self.duties.months
        factor = f"*(1-{months.ref('past')})"
        return "+".join(
            self.duties.overlap_formula(
                factor + quota_year.month_factor(months, span),
                officer=cell("officer"),
                **row.in_cell,
                role=quote(span.quota.role),
                may_count="1",
            )
            for span in quota_year.join_alike(row.spans, attrgetter("role"))
        )

    def _title(self, state: str) -> str:
        return self.ctx.state_title("quota", state)

    def _result(self, row: _Row) -> str:
        return self._title(row.figures.state) if row.figures.state else ""

    def _result_formula(self) -> str:
        """Return what keeps the window from having what is due by now, as `quota` decides it."""
        past, sure = len(self.ctx.figures.period.year_to_date()), cell("sure")
        due = f"IF({cell('to_come')}>0,INT(ROUND({cell('owed')},9)),{cell('obligation')})"
        unsettled, behind, not_met = (
            quote(self._title(state)) for state in ("unsettled", "behind", "not_met")
        )
        late = f"IF({cell('months_out')}+{cell('to_come')}>0,{behind},{not_met})"
        late = f"IF({sure}+{cell('unsettled')}>={due},{unsettled},{late})"
        return f'IF(OR({cell("from_month")}>{past},{sure}>={due}),"",{late})'
