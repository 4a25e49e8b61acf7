"""The data on who has to attend where: officers, assignments, the cells they cover, the months.

Raw columns are as the register has them; all others are formulas over them, so that an altered
date changes every figure that rests on it. Formulas match ids, never names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from operator import attrgetter

from mlay_batch.core.period import Period, day_number
from mlay_batch.model.register import Assignment, Officer, Organisation
from mlay_batch.report.formulas import cell
from mlay_batch.report.report_context import ReportContext, period_id
from mlay_batch.report.tables import DataColumn, DataTable, data_column, data_table

AREA = "visits/"  # of the texts: names and titles of these tables and their columns


@dataclass(frozen=True)
class DutyTables:
    """The tables formulas on duties refer to.

    Attributes:
        officers: the officers with the time they hold office.
        months: the months of the report's year.
        assignments: who is assigned where, with the days of the year it is in force.
        scope: the same for every cell an assignment covers, also cut to the life of the cell.
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
        return table.countifs(**criteria, **{first: f'"<="&{end}', last: f'">="&{start}'})


def build(ctx: ReportContext) -> DutyTables:
    """Return the tables; nothing is written yet."""
    officers, months = _officers_table(ctx), _months_table(ctx)
    assignments = _assignments_table(ctx, officers, months)
    return DutyTables(officers, months, assignments, _scope_table(ctx, assignments))


def _officers_table(ctx: ReportContext) -> DataTable:
    column = partial(data_column, ctx, area=AREA)
    columns: tuple[DataColumn[Officer], ...] = (
        column("officer", "center", attrgetter("code")),
        column("officer_name", "text", attrgetter("name")),
        column("position", "text", attrgetter("position")),
        column("own_cell", "center", attrgetter("own_cell")),
        column("from", "date", attrgetter("from_")),
        column("to", "date", attrgetter("to")),
    )
    return data_table(ctx, "officers", columns, ctx.inputs.register.officers, AREA)


def _months_table(ctx: ReportContext) -> DataTable:
    column, past = partial(data_column, ctx, area=AREA), len(ctx.figures.period.year_to_date())
    columns: tuple[DataColumn[Period], ...] = (
        column("month", "integer", attrgetter("month")),
        column("start", "date", attrgetter("start")),
        column("end", "date", attrgetter("end")),
        column("period", "center", period_id),
        column("past", "integer", lambda month: int(month.month <= past)),
    )
    months = Period(ctx.figures.period.year, 1, 12).months()
    return data_table(ctx, "months", columns, months, AREA)


@dataclass(frozen=True)
class _Duty:
    """An assignment, and where it covers a cell.

    Attributes:
        number: the number of the assignment in the register, from 1.
        assignment: the assignment.
        first: the first day of the year it is in force.
        last: the last one; None where it is not in force this year.
        cell: a cell it covers; None in the table of assignments.
    """

    number: int
    assignment: Assignment
    first: date
    last: date | None
    cell: Organisation | None = None

    @property
    def first_alive(self) -> date:
        """The first day on which the cell lives, too."""
        founded = self.cell.founded if self.cell else None
        return max(self.first, founded or self.first)

    @property
    def last_alive(self) -> date | None:
        """The last day on which the cell lives, too; None where there is none."""
        ended = self.cell.ended if self.cell else None
        last = min(self.last, ended - timedelta(1)) if self.last and ended else self.last
        return last if last and self.first_alive <= last else None


def _duties(ctx: ReportContext) -> Iterator[_Duty]:
    """Yield the assignments, cut down to the year and to the officer's time in office."""
    year = Period(ctx.figures.period.year, 1, 12)
    for number, assignment in enumerate(ctx.inputs.register.assignments, 1):
        officer = ctx.inputs.register.officer_by_code.get(assignment.officer)
        first = max(assignment.from_, (officer and officer.from_) or year.start, year.start)
        last = min(assignment.to or year.end, (officer and officer.to) or year.end, year.end)
        yield _Duty(number, assignment, first, last if first <= last else None)


def _day_or_nothing(day: date | None) -> int | str:
    return day_number(day) if day else ""


def _assignments_table(ctx: ReportContext, officers: DataTable, months: DataTable) -> DataTable:
    column = partial(data_column, ctx, area=AREA)
    start, end = f"MIN({months.ref('start')})", f"MAX({months.ref('end')})"
    since, until = (officers.sumifs(name, officer=cell("officer")) for name in ("from", "to"))
    first = f"MAX({cell('from')},{since},{start})"
    last = f'MIN(IF({cell("to")}="",{end},{cell("to")}),IF({until}=0,{end},{until}),{end})'
    last = f'IF({last}<{cell("first")},"",{last})'
    columns: tuple[DataColumn[_Duty], ...] = (
        column("number", "integer", attrgetter("number")),
        column("officer", "center", attrgetter("assignment.officer")),
        column("officer_name", "text", lambda duty: ctx.officer_name(duty.assignment.officer)),
        column("branch", "center", attrgetter("assignment.branch")),
        column("branch_name", "text", lambda duty: ctx.name(duty.assignment.branch)),
        column("role", "center", attrgetter("assignment.role")),
        column("role_title", "text", lambda duty: ctx.choice_title("role", duty.assignment.role)),
        column("from", "date", attrgetter("assignment.from_")),
        column("to", "date", attrgetter("assignment.to")),
        column("first", "date", lambda duty: day_number(duty.first), first),
        column("last", "date", lambda duty: _day_or_nothing(duty.last), last),
    )
    return data_table(ctx, "assignments", columns, _duties(ctx), AREA)


def _scope_table(ctx: ReportContext, assignments: DataTable) -> DataTable:
    column = partial(data_column, ctx, area=AREA)

    def of_assignment(name: str) -> str:
        return f"INDEX({assignments.ref(name)},{cell('number')})"

    last = f'MIN({cell("last")},IF({cell("ended")}="",{cell("last")},{cell("ended")}-1))'
    last_alive = f'IF({cell("last")}="","",IF({last}<{cell("first_alive")},"",{last}))'
    first_alive = f"MAX({cell('first')},{cell('founded')})"
    columns: tuple[DataColumn[_Duty], ...] = (
        column("number", "integer", attrgetter("number")),
        column("officer", "center", attrgetter("assignment.officer"), of_assignment("officer")),
        column("role", "center", attrgetter("assignment.role"), of_assignment("role")),
        column("branch", "center", attrgetter("cell.code")),
        column("branch_name", "text", attrgetter("cell.name")),
        column("founded", "date", attrgetter("cell.founded")),
        column("ended", "date", attrgetter("cell.ended")),
        column("first", "date", lambda duty: day_number(duty.first), of_assignment("first")),
        column("last", "date", lambda duty: _day_or_nothing(duty.last), of_assignment("last")),
        column("first_alive", "date", lambda duty: day_number(duty.first_alive), first_alive),
        column("last_alive", "date", lambda duty: _day_or_nothing(duty.last_alive), last_alive),
    )
    covered = (
        replace(duty, cell=unit)
        for duty in _duties(ctx)
        for unit in _attendable_units(ctx)
        if ctx.inputs.register.is_within(unit.code, duty.assignment.branch)
    )
    return data_table(ctx, "scope", columns, covered, AREA)


def _attendable_units(ctx: ReportContext) -> tuple[Organisation, ...]:
    """Return the organisations that can be attended: those with cell lines or a reported visit."""
    codes = {visit.branch for visit in ctx.figures.attendances}
    codes |= {pair.branch.code for pair in ctx.figures.quota_pairs}
    return tuple(
        organisation
        for organisation in ctx.inputs.register.organisations
        if organisation.code in codes
    )
