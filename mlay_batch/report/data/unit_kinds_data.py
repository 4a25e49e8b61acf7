"""What the block of kinds of units counts by: the kind of each cell, and what came of it.

It stands once, beside the organisations; meetings and hits of indicators look the kind up there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from mlay_batch.figures.news import signs_by_branch
from mlay_batch.figures.report_records import NO_RETURN, NOT_OWED, OPEN, SENT
from mlay_batch.model.register import Organisation
from mlay_batch.report.formulas import cell, quote
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.tables import Condition, DataColumn, DataTable, data_column
from mlay_batch.schema.ids import MEETING

NO_KIND = "-"  # stands for a kind that is not stated; no choice can have that id


def period_months(ctx: ReportContext) -> tuple[str, str]:
    """Return the conditions on the number of a month to lie within the period."""
    period = ctx.figures.period
    return f'">={period.start.month}"', f'"<={period.end.month}"'


def organisation_columns(
    ctx: ReportContext, returns: DataTable, hits: DataTable | None
) -> Iterator[DataColumn[Organisation]]:
    """Yield the columns of the organisations' table, if any cell's kind is stated.

    They are the kind, the returns of the period that are due, in, and in as returns of its own (in
    which alone indicators are looked for), and the indicators found.
    """
    if not ctx.figures.unit_kinds:
        return
    column = partial(data_column, ctx)
    yield column("unit_kind_title", "text", lambda o: ctx.kind_title(o.kind) if o.kind else None)
    for name, others in (("due", ()), ("sent", OPEN), ("own", NO_RETURN)):
        counts = _count_returns(ctx, tuple(s for s in SENT + OPEN if s not in others))
        formula = _returns_formula(ctx, returns, others)
        yield column(f"period_{name}", "integer", partial(_count_of, counts), formula)
    flags = {branch: len(codes) for branch, codes in signs_by_branch(ctx.figures).items()}
    formula = hits.sumifs("counted", branch=cell("branch")) if hits else ""
    yield column("period_signs", "integer", partial(_count_of, flags), formula)
    yield column("unit_kind", "center", lambda o: o.kind or NO_KIND, hidden=True)


def _count_of(counts: Mapping[str, int], organisation: Organisation) -> int:
    return counts.get(organisation.code, 0)


def _count_returns(ctx: ReportContext, states: tuple[str, ...]) -> Mapping[str, int]:
    """Return how many returns of the period each cell has in the states."""
    months = ctx.figures.period.months()
    return Counter(
        cell.branch
        for matrix in ctx.figures.completeness
        if matrix.form == MEETING
        for cell in matrix.cells.values()
        if cell.period in months and cell.state in states
    )


def _returns_formula(ctx: ReportContext, returns: DataTable, others: tuple[str, ...]) -> str:
    """Return how many returns the organisation of a row owes, in none of the `others` states."""
    outside = tuple(quote(f"<>{state}") for state in (*NOT_OWED, *others))
    of_form: dict[str, Condition] = {"form": quote(MEETING), "month": period_months(ctx)}
    return returns.countifs(branch=cell("branch"), state=outside, **of_form)


def lookup_columns(ctx: ReportContext, organisations: DataTable) -> Iterator[DataColumn[Any]]:
    """Yield the column that looks up the kind of the cell whose code is the row's ``branch``."""
    if not ctx.figures.unit_kinds:
        return
    kinds: Mapping[str, str | None] = {o.code: o.kind for o in ctx.inputs.register.organisations}
    position = f"MATCH({cell('branch')},{organisations.ref('branch')},0)"
    formula = f"IFERROR(INDEX({organisations.ref('unit_kind')},{position}),{quote(NO_KIND)})"
    yield data_column(
        ctx,
        "unit_kind",
        "center",
        lambda record: kinds.get(record.branch) or NO_KIND,
        formula,
        hidden=True,
    )
