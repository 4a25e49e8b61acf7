"""The data on who has to attend where: officers, assignments, the cells they cover, the months.

Raw columns are as the register has them; all others are formulas over them, so that an altered
date changes every figure that rests on it. Formulas match ids, never names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from mlay_batch.period import Period, day_number
from mlay_batch.register import Assignment, Organisation
from mlay_batch.report.book import Content, Live
from mlay_batch.report.context import Context, period_id
from mlay_batch.report.tables import Column, Kind, Table


@dataclass(frozen=True)
class Duties:
    """The tables formulas on duties refer to."""

    officers: Table
    months: Table
    assignments: Table
    scope: Table

    def __iter__(self) -> Iterator[Table]:
        return iter((self.assignments, self.scope, self.officers, self.months))

    def serving(self, table: Table, first: str, last: str, asked: Mapping[str, str]) -> str:
        """Return how many rows of `table` as `asked` are in force in each month of the year."""
        start, end = self.months.ref("start"), self.months.ref("end")
        match = ",".join(f"{table.ref(column)},{wanted}" for column, wanted in asked.items())
        return f'COUNTIFS({match},{table.ref(first)},"<="&{end},{table.ref(last)},">="&{start})'


def quoted(text: str) -> str:
    """Return a text as a formula holds it."""
    return '"' + text.replace('"', '""') + '"'


def build(ctx: Context) -> Duties:
    """Return the tables; nothing is written yet."""
    officers, months = _officers(ctx), _months(ctx)
    assignments = _assignments(ctx, officers, months)
    return Duties(officers, months, assignments, _scope(ctx, assignments))


def table(
    ctx: Context, key: str, kinds: Mapping[str, Kind], rows: Iterable[tuple[Content, ...]] = ()
) -> Table:
    """Return a table of the area `visits`; a column ``counts:x`` names the quota x."""
    return Table(
        name=ctx.t(f"visits/table.{key}"),
        title=ctx.t(f"visits/sheet.{key}"),
        note=ctx.t(f"visits/note.{key}"),
        columns=tuple(Column(name, _heading(ctx, name), kind) for name, kind in kinds.items()),
        rows=tuple(rows),
    )


def _heading(ctx: Context, name: str) -> str:
    of, _, quota = name.partition(":")
    return ctx.t(f"visits/column.{of}", quota=quota)


def _officers(ctx: Context) -> Table:
    return table(ctx, "officers", {
        "officer": "center", "officer_name": "text", "position": "text", "own_cell": "center",
        "from": "date", "to": "date",
    }, (
        (entry.code, entry.name, entry.position, entry.own_cell, entry.from_, entry.to)
        for entry in ctx.facts.register.officers
    ))  # fmt: skip


def _months(ctx: Context) -> Table:
    past = len(ctx.figures.period.year_to_date())
    return table(ctx, "months", {
        "month": "integer", "start": "date", "end": "date", "period": "center", "past": "integer",
    }, (
        (month.month, month.start, month.end, period_id(month), int(month.month <= past))
        for month in Period(ctx.figures.period.year, 1, 12).months()
    ))  # fmt: skip


def _in_year(ctx: Context, entry: Assignment) -> tuple[date, date | None]:
    """Return the first and last day an assignment is in force this year; no last day, not at all.

    It is cut down to the officer's time in office.
    """
    year = Period(ctx.figures.period.year, 1, 12)
    officer = ctx.facts.register.officer_by_code.get(entry.officer)
    first = max(entry.from_, (officer and officer.from_) or year.start, year.start)
    last = min(entry.to or year.end, (officer and officer.to) or year.end, year.end)
    return first, last if first <= last else None


def _assignments(ctx: Context, officers: Table, months: Table) -> Table:
    kinds: dict[str, Kind] = {
        "number": "integer", "officer": "center", "officer_name": "text", "branch": "center",
        "branch_name": "text", "role": "center", "role_title": "text", "from": "date", "to": "date",
        "first": "date", "last": "date",
    }  # fmt: skip
    this = table(ctx, "assignments", kinds).this
    start, end = f"MIN({months.ref('start')})", f"MAX({months.ref('end')})"
    code = f"{officers.ref('officer')},{this('officer')}"
    begun, left = (f"SUMIFS({officers.ref(name)},{code})" for name in ("from", "to"))
    first = f"=MAX({this('from')},{begun},{start})"
    last = f'MIN(IF({this("to")}="",{end},{this("to")}),IF({left}=0,{end},{left}),{end})'
    last = f'=IF({last}<{this("first")},"",{last})'
    return table(ctx, "assignments", kinds, (
        (
            number, entry.officer, ctx.officer(entry.officer), entry.branch,
            ctx.name(entry.branch), entry.role, ctx.choice("role", entry.role), entry.from_,
            entry.to, Live(first, day_number(begins)), Live(last, day_number(ends) if ends else ""),
        )
        for number, entry in enumerate(ctx.facts.register.assignments, 1)
        for begins, ends in (_in_year(ctx, entry),)
    ))  # fmt: skip


def _scope(ctx: Context, assignments: Table) -> Table:
    kinds: dict[str, Kind] = {
        "number": "integer", "officer": "center", "role": "center", "branch": "center",
        "branch_name": "text", "founded": "date", "ended": "date", "first": "date",
        "last": "date", "first_alive": "date", "last_alive": "date",
    }  # fmt: skip
    this = table(ctx, "scope", kinds).this
    formulas = {
        name: f"=INDEX({assignments.ref(name)},{this('number')})"
        for name in ("officer", "role", "first", "last")
    }
    last = f'MIN({this("last")},IF({this("ended")}="",{this("last")},{this("ended")}-1))'
    formulas["first_alive"] = f"=MAX({this('first')},{this('founded')})"
    formulas["last_alive"] = f'=IF({this("last")}="","",IF({last}<{this("first_alive")},"",{last}))'
    return table(ctx, "scope", kinds, (
        tuple(
            Live(formulas[name], found[name]) if name in formulas else raw[name] for name in kinds
        )
        for number, entry in enumerate(ctx.facts.register.assignments, 1)
        for cell in _attended(ctx)
        if ctx.facts.register.within(cell.code, entry.branch)
        for found in (_covered(ctx, entry, cell),)
        for raw in (_raw(number, cell),)
    ))  # fmt: skip


def _raw(number: int, cell: Organisation) -> dict[str, Content]:
    return {
        "number": number,
        "branch": cell.code,
        "branch_name": cell.name,
        "founded": cell.founded,
        "ended": cell.ended,
    }


def _covered(ctx: Context, entry: Assignment, cell: Organisation) -> dict[str, str | int]:
    """Return whose assignment it is, and when it is in force, also while the cell lives."""
    begins, ends = _in_year(ctx, entry)
    opens = max(begins, cell.founded or begins)
    closes = min(ends, cell.ended - timedelta(1)) if ends and cell.ended else ends
    return {
        "officer": entry.officer,
        "role": entry.role,
        "first": day_number(begins),
        "last": day_number(ends) if ends else "",
        "first_alive": day_number(opens),
        "last_alive": day_number(closes) if closes and opens <= closes else "",
    }


def _attended(ctx: Context) -> tuple[Organisation, ...]:
    """Return the organisations that can be attended: those with cell lines or a reported visit."""
    seen = {visit.branch for visit in ctx.figures.attendances}
    seen |= {pair.branch.code for pair in ctx.figures.following}
    return tuple(entry for entry in ctx.facts.register.organisations if entry.code in seen)
