"""The tables the figures are calculated from, one row each for what was reported.

They hold the year up to the report's period; the yearly returns are kept for every year.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mlay_batch.figures.records import Attendance
from mlay_batch.findings import Finding, Severity
from mlay_batch.messages import explain
from mlay_batch.period import Period
from mlay_batch.records import Return
from mlay_batch.report import meeting_tables, yearly_tables
from mlay_batch.report.context import Context, period_id
from mlay_batch.report.tables import Table
from mlay_batch.report.titled import columns, table, this_year, where
from mlay_batch.schema import Form


@dataclass(frozen=True)
class Data:
    """The tables that formulas refer to."""

    attendance: Table
    sittings: Table
    marks: Table
    assignments: Table
    classification: Table
    returns: Table
    organisations: Table

    def __iter__(self) -> Iterator[Table]:
        return iter((self.attendance, self.sittings, self.marks, self.assignments,
                     self.classification, self.returns, self.organisations))  # fmt: skip


def build(ctx: Context) -> Data:
    """Return the tables; nothing is written yet."""
    marks = meeting_tables.marks_table(ctx)
    return Data(
        _attendance(ctx), meeting_tables.sittings_table(ctx, marks), marks, _assignments(ctx),
        yearly_tables.classification_table(ctx), _returns(ctx),
        yearly_tables.organisations_table(ctx),
    )  # fmt: skip


def reason(ctx: Context, visit: Attendance) -> str:
    """Return why a visit is doubtful, empty where it is not."""
    if not visit.reason:
        return ""
    return explain(Finding(visit.reason, Severity.WARNING, visit.place), None, ctx.lang).what


def _attendance(ctx: Context) -> Table:
    shape = columns(ctx, {
        "credited": "center", "credited_name": "text", "branch": "center", "branch_name": "text",
        "held_on": "date", "month": "integer", "kind": "text", "quota": "center",
        "counts": "integer", "officer": "center", "reason": "text", "delivery": "link",
        "cell": "center",
    })  # fmt: skip
    rows = tuple(
        (
            visit.credited, ctx.officer(visit.credited), visit.branch, ctx.name(visit.branch),
            visit.held_on, visit.held_on.month, ctx.choice("meeting_kind", visit.kind),
            visit.quota, visit.counts, visit.officer, reason(ctx, visit),
            ctx.file(visit.delivery), where(visit.place),
        )
        for visit in ctx.figures.attendances if this_year(ctx, visit.held_on)
    )  # fmt: skip
    return table(ctx, "attendance", shape, rows)


def _assignments(ctx: Context) -> Table:
    shape = columns(ctx, {
        "officer": "center", "officer_name": "text", "branch": "center", "branch_name": "text",
        "role": "text", "from": "date", "to": "date",
    })  # fmt: skip
    rows = tuple(
        (
            entry.officer, ctx.officer(entry.officer), entry.branch, ctx.name(entry.branch),
            ctx.choice("role", entry.role), entry.from_, entry.to,
        )
        for entry in ctx.facts.register.assignments
    )  # fmt: skip
    return table(ctx, "assignments", shape, rows)


def _returns(ctx: Context) -> Table:
    shape = columns(ctx, {
        "form": "center", "period": "center", "branch": "center", "branch_name": "text",
        "state": "center", "state_title": "text", "delivery": "link",
    })  # fmt: skip
    rows = tuple(
        (
            cell.form, period_id(cell.period), cell.branch, ctx.name(cell.branch), cell.state,
            ctx.state("return", cell.state), ctx.file(cell.delivery) if cell.delivery else None,
        )
        for entry in ctx.figures.completeness
        for period in entry.periods
        for cell in (entry.of(branch.code, period) for branch in entry.branches)
    )  # fmt: skip
    return table(ctx, "returns", shape, rows)


def returns_of(ctx: Context, form: Form) -> Iterator[Return]:
    """Yield the current returns of a form: of the report's year, yearly ones of all years."""
    for found in ctx.facts.returns:
        if found.delivery.form != form.form:
            continue
        period = Period.parse(str(found.delivery.period))
        if form.period == "year" or this_year(ctx, period.end):
            yield found
