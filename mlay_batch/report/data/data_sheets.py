"""The tables the figures are calculated from, one row each for what was reported.

They hold the year up to the report's period; the yearly returns are kept for every year.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mlay_batch.core.period import Period
from mlay_batch.figures.report_records import OPEN
from mlay_batch.model.records import AcceptedReturn
from mlay_batch.report.data import assignments_data, meetings_data, visits_data, yearly_data
from mlay_batch.report.data.assignments_data import DutyTables
from mlay_batch.report.report_context import ReportContext, period_id
from mlay_batch.report.tables import DataTable, data_columns, is_in_report_year, rows_table
from mlay_batch.report.writer import Formula
from mlay_batch.schema import Form


@dataclass(frozen=True)
class DataTables:
    """The tables that formulas refer to."""

    attendance: DataTable
    sittings: DataTable
    marks: DataTable
    classification: DataTable
    returns: DataTable
    organisations: DataTable
    duties: DutyTables

    def __iter__(self) -> Iterator[DataTable]:
        return iter(
            (
                self.attendance,
                self.sittings,
                self.marks,
                self.classification,
                self.returns,
                self.organisations,
                *self.duties,
            )
        )


def build(ctx: ReportContext) -> DataTables:
    """Return the tables; nothing is written yet."""
    marks = meetings_data.marks_table(ctx)
    sittings = meetings_data.sittings_table(ctx, marks)
    duties = assignments_data.build(ctx)
    return DataTables(
        visits_data.build(ctx, duties, sittings),
        sittings,
        marks,
        yearly_data.classification_table(ctx),
        _returns_table(ctx),
        yearly_data.organisations_table(ctx),
        duties,
    )


def _returns_table(ctx: ReportContext) -> DataTable:
    all_columns = tuple(
        data_columns(
            ctx,
            {
                "form": "center",
                "period": "center",
                "branch": "center",
                "branch_name": "text",
                "state": "center",
                "state_title": "text",
                "open": "integer",
                "delivery": "link",
            },
        )
    )
    state_cell = rows_table(ctx, "returns", all_columns, ()).in_row("state")
    open_tests = ",".join(f'{state_cell}="{name}"' for name in OPEN)
    open_formula = f"=IF(OR({open_tests}),1,0)"
    rows = tuple(
        (
            cell.form,
            period_id(cell.period),
            cell.branch,
            ctx.name(cell.branch),
            cell.state,
            ctx.state_title("return", cell.state),
            Formula(open_formula, int(cell.state in OPEN)),
            ctx.file_link(cell.delivery) if cell.delivery else None,
        )
        for matrix in ctx.figures.completeness
        for period in matrix.periods
        for cell in (matrix.cell(branch.code, period) for branch in matrix.branches)
    )
    return rows_table(ctx, "returns", all_columns, rows)


def returns_of(ctx: ReportContext, form: Form) -> Iterator[AcceptedReturn]:
    """Yield the current returns of a form: of the report's year, yearly ones of all years."""
    for accepted in ctx.inputs.returns:
        if accepted.entry.form != form.form:
            continue
        period = Period.parse(str(accepted.entry.period))
        if form.period == "year" or is_in_report_year(ctx, period.end):
            yield accepted
