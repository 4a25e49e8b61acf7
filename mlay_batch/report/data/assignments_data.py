"""The data on who has to attend where: officers, assignments, the cells they cover, the months.

Raw columns are as the register has them; all others are formulas over them, so that an altered
date changes every figure that rests on it. Formulas match ids, never names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from mlay_batch.core.period import Period, day_number
from mlay_batch.model.register import Assignment, Organisation
from mlay_batch.report.report_context import ReportContext, period_id
from mlay_batch.report.tables import DataColumn, DataTable, Kind
from mlay_batch.report.writer import Content, Formula


@dataclass(frozen=True)
class DutyTables:
    """The tables formulas on duties refer to."""

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
        conditions = ",".join(f"{table.ref(column)},{value}" for column, value in criteria.items())
        return (
            f'COUNTIFS({conditions},{table.ref(first)},"<="&{end},{table.ref(last)},">="&{start})'
        )


def build(ctx: ReportContext) -> DutyTables:
    """Return the tables; nothing is written yet."""
    officers, months = _officers_table(ctx), _months_table(ctx)
    assignments = _assignments_table(ctx, officers, months)
    return DutyTables(officers, months, assignments, _scope_table(ctx, assignments))


def visit_area_table(
    ctx: ReportContext,
    key: str,
    kinds: Mapping[str, Kind],
    rows: Iterable[tuple[Content, ...]] = (),
) -> DataTable:
    """Return a table of the area `visits`; a column ``counts:x`` names the quota x."""
    return DataTable(
        name=ctx.t(f"visits/table.{key}"),
        title=ctx.t(f"visits/sheet.{key}"),
        note=ctx.t(f"visits/note.{key}"),
        columns=tuple(
            DataColumn(name, _column_title(ctx, name), kind) for name, kind in kinds.items()
        ),
        rows=tuple(rows),
    )


def _column_title(ctx: ReportContext, name: str) -> str:
    key, _, quota = name.partition(":")
    return ctx.t(f"visits/column.{key}", quota=quota)


def _officers_table(ctx: ReportContext) -> DataTable:
    return visit_area_table(
        ctx,
        "officers",
        {
            "officer": "center",
            "officer_name": "text",
            "position": "text",
            "own_cell": "center",
            "from": "date",
            "to": "date",
        },
        (
            (
                officer.code,
                officer.name,
                officer.position,
                officer.own_cell,
                officer.from_,
                officer.to,
            )
            for officer in ctx.inputs.register.officers
        ),
    )


def _months_table(ctx: ReportContext) -> DataTable:
    past = len(ctx.figures.period.year_to_date())
    return visit_area_table(
        ctx,
        "months",
        {"month": "integer", "start": "date", "end": "date", "period": "center", "past": "integer"},
        (
            (month.month, month.start, month.end, period_id(month), int(month.month <= past))
            for month in Period(ctx.figures.period.year, 1, 12).months()
        ),
    )


def _days_in_force(ctx: ReportContext, assignment: Assignment) -> tuple[date, date | None]:
    """Return the first and last day an assignment is in force this year; no last day, not at all.

    It is cut down to the officer's time in office.
    """
    year = Period(ctx.figures.period.year, 1, 12)
    officer = ctx.inputs.register.officer_by_code.get(assignment.officer)
    first = max(assignment.from_, (officer and officer.from_) or year.start, year.start)
    last = min(assignment.to or year.end, (officer and officer.to) or year.end, year.end)
    return first, last if first <= last else None


_ASSIGNMENT_KINDS: dict[str, Kind] = {
    "number": "integer",
    "officer": "center",
    "officer_name": "text",
    "branch": "center",
    "branch_name": "text",
    "role": "center",
    "role_title": "text",
    "from": "date",
    "to": "date",
    "first": "date",
    "last": "date",
}


def _assignments_table(ctx: ReportContext, officers: DataTable, months: DataTable) -> DataTable:
    in_row = visit_area_table(ctx, "assignments", _ASSIGNMENT_KINDS).in_row
    start, end = f"MIN({months.ref('start')})", f"MAX({months.ref('end')})"
    code = f"{officers.ref('officer')},{in_row('officer')}"
    since, until = (f"SUMIFS({officers.ref(name)},{code})" for name in ("from", "to"))
    first = f"=MAX({in_row('from')},{since},{start})"
    last = f'MIN(IF({in_row("to")}="",{end},{in_row("to")}),IF({until}=0,{end},{until}),{end})'
    last = f'=IF({last}<{in_row("first")},"",{last})'
    return visit_area_table(
        ctx,
        "assignments",
        _ASSIGNMENT_KINDS,
        (
            (
                number,
                assignment.officer,
                ctx.officer_name(assignment.officer),
                assignment.branch,
                ctx.name(assignment.branch),
                assignment.role,
                ctx.choice_title("role", assignment.role),
                assignment.from_,
                assignment.to,
                Formula(first, day_number(first_day)),
                Formula(last, day_number(last_day) if last_day else ""),
            )
            for number, assignment in enumerate(ctx.inputs.register.assignments, 1)
            for first_day, last_day in (_days_in_force(ctx, assignment),)
        ),
    )


def _scope_table(ctx: ReportContext, assignments: DataTable) -> DataTable:
    kinds: dict[str, Kind] = {
        "number": "integer",
        "officer": "center",
        "role": "center",
        "branch": "center",
        "branch_name": "text",
        "founded": "date",
        "ended": "date",
        "first": "date",
        "last": "date",
        "first_alive": "date",
        "last_alive": "date",
    }
    in_row = visit_area_table(ctx, "scope", kinds).in_row
    formulas = {
        name: f"=INDEX({assignments.ref(name)},{in_row('number')})"
        for name in ("officer", "role", "first", "last")
    }
    last = f'MIN({in_row("last")},IF({in_row("ended")}="",{in_row("last")},{in_row("ended")}-1))'
    formulas["first_alive"] = f"=MAX({in_row('first')},{in_row('founded')})"
    formulas["last_alive"] = (
        f'=IF({in_row("last")}="","",IF({last}<{in_row("first_alive")},"",{last}))'
    )
    return visit_area_table(
        ctx,
        "scope",
        kinds,
        (
            tuple(
                Formula(formulas[name], computed[name]) if name in formulas else raw[name]
                for name in kinds
            )
            for number, assignment in enumerate(ctx.inputs.register.assignments, 1)
            for cell in _attendable_units(ctx)
            if ctx.inputs.register.is_within(cell.code, assignment.branch)
            for computed in (_computed_values(ctx, assignment, cell),)
            for raw in (_raw_values(number, cell),)
        ),
    )


def _raw_values(number: int, cell: Organisation) -> dict[str, Content]:
    return {
        "number": number,
        "branch": cell.code,
        "branch_name": cell.name,
        "founded": cell.founded,
        "ended": cell.ended,
    }


def _computed_values(
    ctx: ReportContext, assignment: Assignment, cell: Organisation
) -> dict[str, str | int]:
    """Return whose assignment it is, and when it is in force, also while the cell lives."""
    first_day, last_day = _days_in_force(ctx, assignment)
    first_alive = max(first_day, cell.founded or first_day)
    last_alive = min(last_day, cell.ended - timedelta(1)) if last_day and cell.ended else last_day
    return {
        "officer": assignment.officer,
        "role": assignment.role,
        "first": day_number(first_day),
        "last": day_number(last_day) if last_day else "",
        "first_alive": day_number(first_alive),
        "last_alive": day_number(last_alive) if last_alive and first_alive <= last_alive else "",
    }


def _attendable_units(ctx: ReportContext) -> tuple[Organisation, ...]:
    """Return the organisations that can be attended: those with cell lines or a reported visit."""
    codes = {visit.branch for visit in ctx.figures.attendances}
    codes |= {pair.branch.code for pair in ctx.figures.quota_pairs}
    return tuple(
        organisation
        for organisation in ctx.inputs.register.organisations
        if organisation.code in codes
    )
