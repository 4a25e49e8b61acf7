"""The data on who has to attend where: officers, assignments, the cells they cover, the months.

Raw columns are as the register has them; all others are formulas over them, so that an altered
date changes every figure that rests on it. Formulas match ids, never names.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from itertools import chain
from operator import attrgetter

from mlay_batch.core.period import Period, day_number
from mlay_batch.model.register import Assignment, Officer, Organisation
from mlay_batch.report.formulas import cell, quote
from mlay_batch.report.report_context import ReportContext, period_id
from mlay_batch.report.sheets import quota_year
from mlay_batch.report.tables import DataColumn, DataTable, data_column, data_table
from mlay_batch.schema import Quota, QuotaSpan

AREA = "visits/"  # of the texts that title these tables


@dataclass(frozen=True)
class DutyTables:
    """The tables formulas on duties refer to.

    Attributes:
        officers: who has quotas, with their own cell and time in office.
        months: the months of the report's year.
        days: its days, None where no quota is owed by days.
        assignments: each officer's duties as the register has them.
        scope: the same for each cell an assignment covers.
    """

    officers: DataTable
    months: DataTable
    days: DataTable | None
    assignments: DataTable
    scope: DataTable

    def __iter__(self) -> Iterator[DataTable]:
        tables = (self.assignments, self.scope, self.officers, self.months, self.days)
        return (table for table in tables if table)

    def served_formula(
        self, spans: Sequence[QuotaSpan], *, only_past: bool = False, **criteria: str
    ) -> str:
        """Return how many months are owed by the duties as `criteria` under a quota's records.

        A month counts by its 15th, or each day for its part of the month, as the record says.
        """
        parts = quota_year.join_alike(spans, lambda quota: (quota.role, quota.months_by))
        return "+".join(self._span_served(part, only_past, criteria) for part in parts)

    def _span_served(self, span: QuotaSpan, only_past: bool, criteria: Mapping[str, str]) -> str:
        days = self.days if span.quota.months_by == "days" else None
        calendar = days or self.months
        day = calendar.ref("middle")
        limits = {"first_alive": f'"<="&{day}', "last_alive": f'">="&{day}'}
        on_duty = self.scope.countifs(**criteria, role=quote(span.quota.role), **limits)
        factor = f"*{calendar.ref('past')}" if only_past else ""
        factor += quota_year.month_factor(calendar, span)
        share = f"1/{calendar.ref('month_days')}" if days else "1"
        return f"SUMPRODUCT(({on_duty}>0)*{share}{factor})"

    def overlap_formula(self, months_factor: str, **criteria: str) -> str:
        """Return in how many months there is a day of duty as `criteria`, each times a factor."""
        start, end = self.months.ref("start"), self.months.ref("end")
        on_duty = self.scope.countifs(
            **criteria, first_alive=f'"<="&{end}', last_alive=f'">="&{start}'
        )
        return f"SUMPRODUCT(({on_duty}>0)*1{months_factor})"


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
    in_use = ctx.inputs.months_in_use
    months = data_table(ctx, "months", _month_columns(ctx), in_use, AREA)
    by_day = chain.from_iterable(map(_days, in_use if _by_days(ctx) else ()))
    days = data_table(ctx, "days", _day_columns(ctx), by_day, AREA) if _by_days(ctx) else None
    columns = _assignment_columns(ctx, officers)
    assignments = data_table(ctx, "assignments", columns, duties, AREA)
    scope_columns = _scope_columns(ctx, assignments, officers)
    scope = data_table(ctx, "scope", scope_columns, cell_duties, AREA)
    return DutyTables(officers, months, days, assignments, scope)


def _quota_spans(ctx: ReportContext) -> Iterator[tuple[Quota, QuotaSpan]]:
    """Yield the quotas of the period with their records by the months of the year."""
    for quota in ctx.inputs.catalogue.quotas_for(ctx.figures.period):
        for span in quota_year.spans(ctx, quota):
            yield quota, span


def _by_days(ctx: ReportContext) -> bool:
    return any(span.quota.months_by == "days" for _, span in _quota_spans(ctx))


def _days(period: Period) -> Iterator[date]:
    ordinals = range(period.start.toordinal(), period.end.toordinal() + 1)
    return map(date.fromordinal, ordinals)


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
    yield column("middle", "date", lambda month: month.start.replace(day=15))
    yield column("past", "integer", lambda month: int(month.month <= past))
    yield column("period", "center", period_id, hidden=True)


def _day_columns(ctx: ReportContext) -> Iterator[DataColumn[date]]:
    """Yield the columns of the days; those that the months have too are named alike."""
    column = partial(data_column, ctx, area=AREA)
    end = ctx.figures.period.end
    yield column("middle", "date", lambda day: day)
    yield column("month", "integer", attrgetter("month"))
    yield column("month_days", "integer", lambda day: monthrange(day.year, day.month)[1])
    yield column("past", "integer", lambda day: int(day <= end))


def _assignment_columns(ctx: ReportContext, officers: DataTable) -> Iterator[DataColumn[_Duty]]:
    column = partial(data_column, ctx, area=AREA)
    year = ctx.figures.period.year
    start, end = f"DATE({year},1,1)", f"DATE({year},12,31)"
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


def _scope_columns(
    ctx: ReportContext, assignments: DataTable, officers: DataTable
) -> Iterator[DataColumn[_CellDuty]]:
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
    yield _may_count_column(ctx, officers)
    yield column("role", "center", role, in_assignment("role"), hidden=True)


def _may_count_column(ctx: ReportContext, officers: DataTable) -> DataColumn[_CellDuty]:
    """Return whether visits of the duty may count: 0 in the officer's own cell where they do not.

    Nothing where no quota asks for the duty.
    """
    spans = [
        (span.quota.counts.own_cell, span)
        for quota in ctx.inputs.catalogue.quotas_for(ctx.figures.period)
        for span in quota_year.join_alike(
            quota_year.spans(ctx, quota), lambda record: (record.role, record.counts.own_cell)
        )
    ]

    def value(line: _CellDuty) -> int | str:
        asked = [own for own, span in spans if _is_asked(ctx, line, span)]
        officer = ctx.inputs.register.officer_by_code.get(line.duty.assignment.officer)
        is_elsewhere = not officer or officer.own_cell != line.cell.code
        return int(any(own or is_elsewhere for own in asked)) if asked else ""

    tests = {
        own: [_asked_test(ctx, span) for other, span in spans if other == own]
        for own in (True, False)
    }
    own_cell = officers.countifs(officer=cell("officer"), own_cell=cell("branch"))
    formula = f'IF({_any_of(tests[False])},IF({own_cell}>0,0,1),"")'
    formula = f"IF({_any_of(tests[True])},1,{formula})" if tests[True] else formula
    formula = f'IF({cell("last_alive")}="","",{formula})'
    return data_column(ctx, "may_count", "integer", value, formula, area=AREA)


def _is_asked(ctx: ReportContext, line: _CellDuty, span: QuotaSpan) -> bool:
    months = Period(ctx.figures.period.year, span.first, span.last - span.first + 1)
    if line.last is None or line.duty.assignment.role != span.quota.role:
        return False
    return line.first <= months.end and line.last >= months.start


def _asked_test(ctx: ReportContext, span: QuotaSpan) -> str:
    """Return the test that a row is on duty in the months of a span, in its role."""
    year, role = ctx.figures.period.year, f"{cell('role')}={quote(span.quota.role)}"
    since = f",{cell('last_alive')}>=DATE({year},{span.first},1)" if span.first > 1 else ""
    until = f",{cell('first_alive')}<DATE({year},{span.last + 1},1)" if span.last < 12 else ""
    return f"AND({role}{since}{until})"


def _any_of(tests: list[str]) -> str:
    return f"OR({','.join(tests)})" if tests else "FALSE"


def _day_value(day: date | None) -> int | str:
    """Return what the formula of a day is computed to, nothing without a day."""
    return day_number(day) if day else ""
