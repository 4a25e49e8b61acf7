"""The kind of unit of each row's cell, which the block of kinds counts by.

It stands once, beside the organisations; meetings and returns look it up there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlay_batch.model.register import Organisation
from mlay_batch.report.formulas import cell, quote
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.tables import DataColumn, DataTable, data_column

NO_KIND = "-"  # stands for a kind that is not stated; no choice can have that id


def organisation_columns(ctx: ReportContext) -> Iterator[DataColumn[Organisation]]:
    """Yield the columns of the organisations' table, if any cell's kind is stated."""
    if ctx.figures.unit_kinds:
        yield data_column(
            ctx, "unit_kind_title", "text", lambda o: ctx.kind_title(o.kind) if o.kind else None
        )
        yield data_column(ctx, "unit_kind", "center", lambda o: o.kind or NO_KIND, hidden=True)


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
