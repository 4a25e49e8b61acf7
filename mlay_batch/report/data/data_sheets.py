"""The tables the figures are calculated from, one row each for what was reported.

They hold the year up to the report's period; the yearly returns are kept for every year.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from operator import attrgetter

from mlay_batch.core.period import Period
from mlay_batch.figures.report_records import OPEN, ExpectedReturn
from mlay_batch.model.records import AcceptedReturn
from mlay_batch.report.data import (
    assignments_data,
    meetings_data,
    visits_data,
    windows_data,
    yearly_data,
)
from mlay_batch.report.data.assignments_data import DutyTables
from mlay_batch.report.formulas import cell, quote
from mlay_batch.report.report_context import ReportContext, period_id
from mlay_batch.report.tables import (
    DataColumn,
    DataTable,
    data_column,
    data_table,
    is_in_report_year,
)
from mlay_batch.schema import Form


@dataclass(frozen=True)
class DataTables:
    """The tables that formulas refer to.

    Attributes:
        attendance: the officers' visits.
        sittings: the meetings held, with score and band.
        marks: the points by criteria group, a row for each score of a meeting.
        classification: what the yearly returns count, part by part.
        returns: which returns are in, and which are out.
        organisations: the organisations of the register.
        duties: who has to attend where.
        windows: what quotas of a quarter or month ask for in each; None without such a quota.
    """

    attendance: DataTable
    sittings: DataTable
    marks: DataTable
    classification: DataTable
    returns: DataTable
    organisations: DataTable
    duties: DutyTables
    windows: DataTable | None

    def __iter__(self) -> Iterator[DataTable]:
        yield from (self.attendance, self.sittings, self.marks)
        yield from (self.classification, self.returns, self.organisations)
        yield from self.duties
        if self.windows:
            yield self.windows


def build(ctx: ReportContext) -> DataTables:
    """Return the tables; nothing is written yet."""
    marks = meetings_data.marks_table(ctx)
    sittings = meetings_data.sittings_table(ctx, marks)
    duties = assignments_data.build(ctx)
    attendance, returns = visits_data.build(ctx, duties, sittings), _returns_table(ctx)
    return DataTables(
        attendance,
        sittings,
        marks,
        yearly_data.classification_table(ctx),
        returns,
        yearly_data.organisations_table(ctx),
        duties,
        windows_data.build(ctx, attendance, returns, duties),
    )


def _returns_table(ctx: ReportContext) -> DataTable:
    expected = (
        matrix.cell(branch.code, period)
        for matrix in ctx.figures.completeness
        for period in matrix.periods
        for branch in matrix.branches
    )
    return data_table(ctx, "returns", _returns_columns(ctx), expected)


def _returns_columns(ctx: ReportContext) -> Iterator[DataColumn[ExpectedReturn]]:
    column = partial(data_column, ctx)
    tests = ",".join(f"{cell('state')}={quote(state)}" for state in OPEN)
    yield column("form_title", "text", lambda line: ctx.form_title(line.form).capitalize())
    yield column("period_title", "center", lambda line: line.period.title(ctx.lang))
    yield column("branch", "center", attrgetter("branch"))
    yield column("branch_name", "text", lambda line: ctx.name(line.branch))
    yield column("state_title", "text", lambda line: ctx.state_title("return", line.state))
    yield column("open", "integer", lambda line: int(line.state in OPEN), f"IF(OR({tests}),1,0)")
    yield column(
        "delivery", "link", lambda line: ctx.file_link(line.delivery) if line.delivery else None
    )
    yield column("form", "center", attrgetter("form"), hidden=True)
    yield column("period", "center", lambda line: period_id(line.period), hidden=True)
    yield column("state", "center", attrgetter("state"), hidden=True)
    yield column("month", "integer", lambda line: line.period.start.month, hidden=True)


def returns_of(ctx: ReportContext, form: Form) -> Iterator[AcceptedReturn]:
    """Yield the current returns of a form: of the report's year, yearly ones of all years."""
    for accepted in ctx.inputs.returns:
        if accepted.entry.form != form.form:
            continue
        period = Period.parse(str(accepted.entry.period))
        if form.period == "year" or is_in_report_year(ctx, period.end):
            yield accepted
