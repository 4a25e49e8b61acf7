"""The data on who has to attend where: officers, assignments, the cells they cover, the months.

Raw columns are as the register has them; all others are formulas over them, so that an altered
date changes every figure that rests on it. Formulas match ids, never names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from operator import attrgetter

from mlay_batch.core.period import Period, day_number
from mlay_batch.model.register import Assignment, Officer, Organisation
from mlay_batch.report.formulas import cell
from mlay_batch.report.report_context import ReportContext, period_id
from mlay_batch.report.tables import DataColumn, DataTable, data_column, data_table

AREA = "visits/"  # of the texts that title these tables


@dataclass(frozen=True)
class DutyTables:
    """The tables formulas on duties refer to.

    Attributes:
        officers: who has quotas, with their own cell and time in office.
        months: the months of the report's year.
        assignments: each officer's duties as the register has them.
        scope: the same for each cell an assignment covers.
    """

    officers: DataTable
    months: DataTable
    assignments: DataTable
    scope: DataTable

    def __iter__(self) -> Iterator[DataTable]:
        return iter((self.assignments, self.scope, self.officers, self.months))

    def in_force_formula(
        self, table: DataTable, first: str, last: str, criteria: Mapping[str, str]
    ) -> str:
        """Return how many rows of `table` as `criteria` are in force in each month of the year."""
        start, end = self.months.ref("start"), self.months.ref("end")
        days = {first: f'"<="&{end}', last: f'">="&{start}'}
        return table.countifs(**criteria, **days)


@dataclass(frozen=True)
class _Duty:
    """An assignment in the report's year, within the officer's time in office.

    Attributes:
        number: the row of the assignment in its table, from 1.
        assignment: the record of the register.
        first: the first day it is in force.
        last: the last day, None where it is in force on no day.
    """

    number: int
    assignment: Assignment
    first: date
    last: date | None


@dataclass(frozen=True)
class _CellDuty:
    """A duty in one of the cells it covers.

    Attributes:
        duty: the duty.
        cell: the cell.
    """

    duty: _Duty
    cell: Organisation

    @property
    def first(self) -> date:
        """The first day the duty is in force while the cell exists."""
        return max(self.duty.first, self.cell.founded or self.duty.first)

    @property
    def last(self) -> date | None:
        """The last such day, None without any."""
        last, ended = self.duty.last, self.cell.ended
        last = min(last, ended - timedelta(1)) if last and ended else last
        return last if last and self.first <= last else None


def build(ctx: ReportContext) -> DutyTables:
    """Return the tables; nothing is written yet."""
    register, year = ctx.inputs.register, Period(ctx.figures.period.year, 1, 12)
    duties, units = tuple(_duties(ctx, year)), _attendable_units(ctx)
    cell_duties = [
        _CellDuty(duty, unit)
        for duty in duties
        for unit in units
        if register.is_within(unit.code, duty.assignment.branch)
    ]
    officers = data_table(ctx, "officers", _officer_columns(ctx), register.officers, AREA)
    months = data_table(ctx, "months", _month_columns(ctx), year.months(), AREA)
    columns = _assignment_columns(ctx, officers, months)
    assignments = data_table(ctx, "assignments", columns, duties, AREA)
    scope = data_table(ctx, "scope", _scope_columns(ctx, assignments), cell_duties, AREA)
    return DutyTables(officers, months, assignments, scope)


def _duties(ctx: ReportContext, year: Period) -> Iterator[_Duty]:
    register = ctx.inputs.register
    for number, assignment in enumerate(register.assignments, 1):
        officer = register.officer_by_code.get(assignment.officer)
        first = max(assignment.from_, (officer and officer.from_) or year.start, year.start)
        last = min(assignment.to or year.end, (officer and officer.to) or year.end, year.end)
        yield _Duty(number, assignment, first, last if first <= last else None)


def _attendable_units(ctx: ReportContext) -> tuple[Organisation, ...]:
    """Return the organisations that can be attended: those with cell lines or a reported visit."""
    codes = {visit.branch for visit in ctx.figures.attendances}
    codes |= {pair.branch.code for pair in ctx.figures.quota_pairs}
    return tuple(unit for unit in ctx.inputs.register.organisations if unit.code in codes)


def _officer_columns(ctx: ReportContext) -> Iterator[DataColumn[Officer]]:
    column = partial(data_column, ctx, area=AREA)
    yield column("officer", "center", attrgetter("code"))
    yield column("officer_name", "text", attrgetter("name"))
    yield column("position", "text", attrgetter("position"))
    yield column("own_cell", "center", attrgetter("own_cell"))
    yield column("from", "date", attrgetter("from_"))
    yield column("to", "date", attrgetter("to"))


def _month_columns(ctx: ReportContext) -> Iterator[DataColumn[Period]]:
    column = partial(data_column, ctx, area=AREA)
    past = len(ctx.figures.period.year_to_date())
    yield column("month", "integer", attrgetter("month"))
    yield column("start", "date", attrgetter("start"))
    yield column("end", "date", attrgetter("end"))
    yield column("past", "integer", lambda month: int(month.month <= past))
    yield column("period", "center", period_id, hidden=True)


def _assignment_columns(
    ctx: ReportContext, officers: DataTable, months: DataTable
) -> Iterator[DataColumn[_Duty]]:
    column = partial(data_column, ctx, area=AREA)
    start, end = f"MIN({months.ref('start')})", f"MAX({months.ref('end')})"
    since, until = (officers.sumifs(name, officer=cell("officer")) for name in ("from", "to"))
    last = f'MIN(IF({cell("to")}="",{end},{cell("to")}),IF({until}=0,{end},{until}),{end})'
    yield column("number", "integer", attrgetter("number"))
    yield column("officer", "center", attrgetter("assignment.officer"))
    yield column("officer_name", "text", lambda duty: ctx.officer_name(duty.assignment.officer))
    yield column("branch", "center", attrgetter("assignment.branch"))
    yield column("branch_name", "text", lambda duty: ctx.name(duty.assignment.branch))
    yield column("role_title", "text", lambda duty: ctx.choice_title("role", duty.assignment.role))
    yield column("from", "date", attrgetter("assignment.from_"))
    yield column("to", "date", attrgetter("assignment.to"))
    first = f"MAX({cell('from')},{since},{start})"
    yield column("first", "date", lambda duty: _day_value(duty.first), first)
    last = f'IF({last}<{cell("first")},"",{last})'
    yield column("last", "date", lambda duty: _day_value(duty.last), last)
    yield column("role", "center", attrgetter("assignment.role"), hidden=True)


def _scope_columns(ctx: ReportContext, assignments: DataTable) -> Iterator[DataColumn[_CellDuty]]:
    column = partial(data_column, ctx, area=AREA)

    def in_assignment(column_id: str) -> str:
        return f"INDEX({assignments.ref(column_id)},{cell('number')})"

    yield column("number", "integer", attrgetter("duty.number"))
    officer, role = attrgetter("duty.assignment.officer"), attrgetter("duty.assignment.role")
    yield column("officer", "center", officer, in_assignment("officer"))
    yield column(
        "role_title",
        "text",
        lambda line: ctx.choice_title("role", role(line)),
        in_assignment("role_title"),
    )
    yield column("branch", "center", attrgetter("cell.code"))
    yield column("branch_name", "text", attrgetter("cell.name"))
    yield column("founded", "date", attrgetter("cell.founded"))
    yield column("ended", "date", attrgetter("cell.ended"))
    first, last = in_assignment("first"), in_assignment("last")
    yield column("first", "date", lambda line: _day_value(line.duty.first), first)
    yield column("last", "date", lambda line: _day_value(line.duty.last), last)
    first = f"MAX({cell('first')},{cell('founded')})"
    yield column("first_alive", "date", lambda line: _day_value(line.first), first)
    last = f'MIN({cell("last")},IF({cell("ended")}="",{cell("last")},{cell("ended")}-1))'
    last = f'IF({cell("last")}="","",IF({last}<{cell("first_alive")},"",{last}))'
    yield column("last_alive", "date", lambda line: _day_value(line.last), last)
    yield column("role", "center", role, in_assignment("role"), hidden=True)


def _day_value(day: date | None) -> int | str:
    """Return what the formula of a day is computed to, nothing without a day."""
    return day_number(day) if day else ""
