"""One data table for every section of every form, straight from its description.

A field added to a form appears here as a column; nothing in this program names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from mlay_batch.core.findings import Place
from mlay_batch.core.period import Period
from mlay_batch.model.records import AcceptedReturn, Row, Value
from mlay_batch.report.data.data_sheets import returns_of
from mlay_batch.report.report_context import ReportContext, strip_number
from mlay_batch.report.tables import DataColumn, DataTable, Kind, place_text, plain_heading
from mlay_batch.report.writer import Content, SheetWriter
from mlay_batch.schema import Field, Form, Section
from mlay_batch.schema.versions import Family, families, family_fields, family_sections

PlacedTable = tuple[SheetWriter, DataTable]
BRANCH_COLUMN, MONTH_COLUMN = (
    "_branch",
    "_month",
)  # columns beside those of the fields, whose ids have no bar
_NOT_A_NAME = re.compile(r"[^A-Za-z0-9_]")
_KINDS: Mapping[str, Kind] = {
    "date": "date",
    "integer": "integer",
    "number": "number",
    "ref": "center",
    "period": "center",
}


def build(ctx: ReportContext) -> tuple[DataTable, ...]:
    """Return a table per form and section, versions of a form side by side in one table."""
    return tuple(
        _section_table(ctx, family, section)
        for family in families(ctx.inputs.catalogue)
        for section in family_sections(family)
    )


def table_name(form: str, section: str) -> str:
    """Return the name of a section's table in formulas."""
    return _NOT_A_NAME.sub("_", f"{form}_{section}")


def _section_table(ctx: ReportContext, family: Family, section: Section) -> DataTable:
    named_fields = family_fields(family, section.id)
    columns: tuple[DataColumn[Any], ...] = (
        DataColumn(BRANCH_COLUMN, ctx.t("column.branch"), "center"),
        DataColumn("_branch_name", ctx.t("column.branch_name")),
        DataColumn("_period", ctx.t("column.period"), "center"),
        DataColumn(MONTH_COLUMN, ctx.t("column.month"), "integer"),
        *(
            DataColumn(
                name, plain_heading(field.title.of(ctx.lang)), _KINDS.get(field.type, "text")
            )
            for name, (_, field) in named_fields.items()
        ),
        DataColumn("_delivery", ctx.t("column.delivery"), "link"),
        DataColumn("_row", ctx.t("column.row"), "integer"),
        DataColumn("_cells", ctx.t("column.source")),
    )
    rows = tuple(
        _data_row(ctx, accepted, row, named_fields)
        for accepted in returns_of(ctx, family[0])
        for row in accepted.section_rows(section.id)
    )
    return DataTable(
        name=table_name(family[0].form, section.id),
        title=ctx.t("sheet.section", title=strip_number(section.title.of(ctx.lang))),
        note=ctx.t("note.section", form=family[0].title.of(ctx.lang)),
        columns=columns,
        rows=rows,
    )


def _data_row(
    ctx: ReportContext,
    accepted: AcceptedReturn,
    row: Row,
    named_fields: Mapping[str, tuple[Form, Field]],
) -> tuple[Content, ...]:
    entry = accepted.entry
    values = (_cell_value(ctx, *named_fields[name], row.values.get(name)) for name in named_fields)
    return (
        entry.branch,
        ctx.name(entry.branch),
        entry.period,
        Period.parse(str(entry.period)).end.month,
        *values,
        ctx.file_link(entry.id),
        row.number,
        _source_cells(row, named_fields),
    )


def _source_cells(row: Row, field_ids: Iterable[str]) -> str:
    """Return where a row stands in its file: ``Báo cáo!C32:O32``, a card's ``Báo cáo!F9:F19``."""
    cells = [row.cells[name] for name in field_ids if name in row.cells]
    ends = dict.fromkeys((cells[0], cells[-1])) if cells else ()
    return place_text(Place("", row.sheet, ":".join(ends)))


def _cell_value(ctx: ReportContext, form: Form, field: Field, value: Value) -> Value:
    if field.type == "choice":
        titles = {choice.id: choice.title for choice in form.choices.get(field.choices or "", ())}
        return titles[value].of(ctx.lang) if isinstance(value, str) and value in titles else value
    if field.type == "date" and isinstance(value, str):
        return date.fromisoformat(value)
    return value
