"""The tables the figures are calculated from, one row each for what was reported.

They hold the year up to the report's period; the yearly returns are kept for every year.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from operator import attrgetter, eq

from mlay_batch.figures.report_records import NO_RETURN, ExpectedReturn
from mlay_batch.report.data import (
    assignments_data,
    hits_data,
    meetings_data,
    slips_data,
    visits_data,
    windows_data,
    yearly_data,
)
from mlay_batch.report.data.assignments_data import DutyTables
from mlay_batch.report.data.meetings_data import ScoreTables
from mlay_batch.report.data.sections_data import table_name
from mlay_batch.report.formulas import cell, quote
from mlay_batch.report.report_context import ReportContext, period_id
from mlay_batch.report.tables import DataColumn, DataTable, data_column, data_table
from mlay_batch.report.writer import Formula

_TABLE_NAME = re.compile(r"([A-Za-z_]\w*)\[")


@dataclass(frozen=True)
class DataTables:
    """The tables that formulas refer to.

    Attributes:
        attendance: the officers' visits.
        sittings: the meetings held, with score and band.
        scores: the points given, a row for each score of a meeting, by section of the form.
        classification: what the yearly returns count, part by part.
        returns: which returns are in, and which are out.
        organisations: the organisations of the register.
        duties: who has to attend where.
        windows: what quotas of a quarter or month ask for in each; None without such a quota.
        slips: which slips of officers came in; None where the office uses none.
    """

    attendance: DataTable
    sittings: DataTable
    scores: ScoreTables
    classification: DataTable
    returns: DataTable
    organisations: DataTable
    duties: DutyTables
    windows: DataTable | None
    slips: DataTable | None

    @property
    def joined(self) -> tuple[DataTable, ...]:
        """The tables that hold a section as sent and what is counted of it."""
        visits = (self.attendance,) if self.attendance.section else ()
        return (self.sittings, *self.scores.values(), *visits)

    def __iter__(self) -> Iterator[DataTable]:
        yield from (self.sittings, *self.scores.values(), self.attendance)
        if self.slips:
            yield self.slips
        yield from (self.classification, self.returns, self.organisations)
        yield from self.duties
        if self.windows:
            yield self.windows


def build(ctx: ReportContext) -> DataTables:
    """Return the tables; nothing is written yet."""
    scores = meetings_data.scores_tables(ctx)
    returns = _returns_table(ctx)
    hits = hits_data.hits_head(ctx) if hits_data.shown_hits(ctx) else None
    organisations = yearly_data.organisations_table(ctx, returns, hits)
    sittings = meetings_data.sittings_table(ctx, scores, organisations)
    duties = assignments_data.build(ctx)
    slips = slips_data.build(ctx)
    attendance = visits_data.build(ctx, duties, sittings, returns, slips)
    return DataTables(
        attendance,
        sittings,
        scores,
        yearly_data.classification_table(ctx),
        returns,
        organisations,
        duties,
        windows_data.build(ctx, attendance, returns, duties, slips),
        slips,
    )


def needed_tables(
    ctx: ReportContext, data: DataTables, tables: Sequence[DataTable]
) -> frozenset[str]:
    """Return the names of the tables that get a sheet: those with rows, or that a formula names.

    Without any row the sheets for people still name meetings, visits, returns, organisations, the
    months and the cells covered, and of the rest what the figures they show are counted from. The
    level above finds a section that has no sheet, empty, on the hidden one (`submission_sheet`).
    """
    figures, duties = ctx.figures, data.duties
    always = (data.sittings, data.attendance, data.returns, data.organisations, duties.months)
    names = {table.name for table in (*always, duties.scope, *filter(attrgetter("rows"), tables))}
    names |= {data.classification.name} if figures.years else set()
    names |= {data.slips.name} if data.slips else set()
    if movement := figures.movement:
        names.add(table_name(movement.fields.form, movement.fields.section))
    if figures.activities:
        names.add(table_name(*figures.activities.section))
    formulas = {
        content.formula
        for table in tables
        for row in table.rows
        for content in row
        if isinstance(content, Formula)
    }
    return frozenset(names.union(*map(_TABLE_NAME.findall, formulas)))


def number_alike(ctx: ReportContext, tables: Iterable[DataTable]) -> Iterator[DataTable]:
    """Yield the tables; a title that begins like an earlier one gets a number in front.

    After "Dữ liệu chấm điểm" comes "Dữ liệu 2 – chấm điểm chuyên đề", whatever offices call the
    sections of their own forms.
    """
    prefix, starts = ctx.t("sheet.section", title=""), list[list[str]]()
    for table in tables:
        words = table.title.removeprefix(prefix)
        start = words.casefold().split()[:2]
        count = sum(all(map(eq, start, other)) for other in starts)
        starts.append(start)
        title = ctx.t("sheet.section", title=f"{count + 1} – {words}")
        yield replace(table, title=title) if count else table


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
    tests = ",".join(f"{cell('state')}={quote(state)}" for state in NO_RETURN)
    # each text once: there is a row for every branch and period
    form_title = cache(lambda form: ctx.form_title(form).capitalize())
    state_title = cache(partial(ctx.state_title, "return"))
    period_texts = {
        period: (period.title(ctx.lang), period_id(period))
        for matrix in ctx.figures.completeness
        for period in matrix.periods
    }
    yield column("form_title", "text", lambda line: form_title(line.form))
    yield column("period_title", "center", lambda line: period_texts[line.period][0])
    yield column("branch", "center", attrgetter("branch"))
    yield column("branch_name", "text", lambda line: ctx.name(line.branch))
    yield column("state_title", "text", lambda line: state_title(line.state))
    yield column(
        "open", "integer", lambda line: int(line.state in NO_RETURN), f"IF(OR({tests}),1,0)"
    )
    yield column(
        "delivery", "link", lambda line: ctx.file_link(line.delivery) if line.delivery else None
    )
    yield column("form", "center", attrgetter("form"), hidden=True)
    yield column("period", "center", lambda line: period_texts[line.period][1], hidden=True)
    yield column("state", "center", attrgetter("state"), hidden=True)
    yield column("month", "integer", lambda line: line.period.start.month, hidden=True)
