"""The tables the figures are calculated from, one row each for what was reported.

They hold the year up to the report's period; the yearly returns are kept for every year.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mlay_batch.figures.records import OPEN
from mlay_batch.period import Period
from mlay_batch.records import Return
from mlay_batch.report import duty_tables, meeting_tables, visit_tables, yearly_tables
from mlay_batch.report.book import Live
from mlay_batch.report.context import Context, period_id
from mlay_batch.report.duty_tables import Duties
from mlay_batch.report.tables import Table
from mlay_batch.report.titled import columns, table, this_year
from mlay_batch.schema import Form


@dataclass(frozen=True)
class Data:
    """The tables that formulas refer to."""

    attendance: Table
    sittings: Table
    marks: Table
    classification: Table
    returns: Table
    organisations: Table
    duties: Duties

    def __iter__(self) -> Iterator[Table]:
        return iter((self.attendance, self.sittings, self.marks, self.classification,
                     self.returns, self.organisations, *self.duties))  # fmt: skip


def build(ctx: Context) -> Data:
    """Return the tables; nothing is written yet."""
    marks = meeting_tables.marks_table(ctx)
    sittings = meeting_tables.sittings_table(ctx, marks)
    duties = duty_tables.build(ctx)
    return Data(
        visit_tables.build(ctx, duties, sittings), sittings, marks,
        yearly_tables.classification_table(ctx), _returns(ctx),
        yearly_tables.organisations_table(ctx), duties,
    )  # fmt: skip


def _returns(ctx: Context) -> Table:
    shape = tuple(columns(ctx, {
        "form": "center", "period": "center", "branch": "center", "branch_name": "text",
        "state": "center", "state_title": "text", "open": "integer", "delivery": "link",
    }))  # fmt: skip
    state = table(ctx, "returns", shape, ()).this("state")
    waits = ",".join(f'{state}="{name}"' for name in OPEN)
    out = f"=IF(OR({waits}),1,0)"
    rows = tuple(
        (
            cell.form, period_id(cell.period), cell.branch, ctx.name(cell.branch), cell.state,
            ctx.state("return", cell.state), Live(out, int(cell.state in OPEN)),
            ctx.file(cell.delivery) if cell.delivery else None,
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
