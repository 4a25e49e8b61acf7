"""One data table for every section of every form, straight from its description.

A field added to a form appears here as a column; nothing in this program names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date

from mlay_batch.findings import Place
from mlay_batch.period import Period
from mlay_batch.records import Return, Row, Value
from mlay_batch.report.book import Content, Sheet
from mlay_batch.report.context import Context, bare
from mlay_batch.report.data_sheets import returns_of
from mlay_batch.report.tables import Column, Kind, Table, plain
from mlay_batch.report.titled import where
from mlay_batch.schema import Field, Form, Section
from mlay_batch.schema.families import Family, families, fields, sections

Written = tuple[Sheet, Table]
BRANCH, MONTH = "_branch", "_month"  # columns beside those of the fields, whose ids have no bar
_NOT_A_NAME = re.compile(r"[^A-Za-z0-9_]")
_KINDS: Mapping[str, Kind] = {
    "date": "date", "integer": "integer", "number": "number", "ref": "center", "period": "center",
}  # fmt: skip


def build(ctx: Context) -> tuple[Table, ...]:
    """Return a table per form and section, versions of a form side by side in one table."""
    return tuple(
        _table(ctx, family, section)
        for family in families(ctx.facts.catalogue)
        for section in sections(family)
    )


def table_name(form: str, section: str) -> str:
    """Return the name of a section's table in formulas."""
    return _NOT_A_NAME.sub("_", f"{form}_{section}")


def _table(ctx: Context, family: Family, section: Section) -> Table:
    named = fields(family, section.id)
    columns = (
        Column(BRANCH, ctx.t("column.branch"), "center"),
        Column("_branch_name", ctx.t("column.branch_name")),
        Column("_period", ctx.t("column.period"), "center"),
        Column(MONTH, ctx.t("column.month"), "integer"),
        *(
            Column(name, plain(entry.title.of(ctx.lang)), _KINDS.get(entry.type, "text"))
            for name, (_, entry) in named.items()
        ),
        Column("_delivery", ctx.t("column.delivery"), "link"),
        Column("_row", ctx.t("column.row"), "integer"),
        Column("_cells", ctx.t("column.source")),
    )
    rows = tuple(
        _row(ctx, found, row, named)
        for found in returns_of(ctx, family[0])
        for row in found.section(section.id)
    )
    return Table(
        name=table_name(family[0].form, section.id),
        title=ctx.t("sheet.section", title=bare(section.title.of(ctx.lang))),
        note=ctx.t("note.section", form=family[0].title.of(ctx.lang)),
        columns=columns,
        rows=rows,
    )


def _row(
    ctx: Context, found: Return, row: Row, named: Mapping[str, tuple[Form, Field]]
) -> tuple[Content, ...]:
    delivery = found.delivery
    values = (_shown(ctx, *named[name], row.values.get(name)) for name in named)
    return (
        delivery.branch, ctx.name(delivery.branch), delivery.period,
        Period.parse(str(delivery.period)).end.month, *values,
        ctx.file(delivery.id), row.number, _cells(row, named),
    )  # fmt: skip


def _cells(row: Row, named: Iterable[str]) -> str:
    """Return where a row stands in its file: ``Báo cáo!C32:O32``, a card's ``Báo cáo!F9:F19``."""
    found = [row.cells[name] for name in named if name in row.cells]
    ends = dict.fromkeys((found[0], found[-1])) if found else ()
    return where(Place("", row.sheet, ":".join(ends)))


def _shown(ctx: Context, form: Form, entry: Field, value: Value) -> Value:
    if entry.type == "choice":
        titles = {choice.id: choice.title for choice in form.choices.get(entry.choices or "", ())}
        return titles[value].of(ctx.lang) if isinstance(value, str) and value in titles else value
    if entry.type == "date" and isinstance(value, str):
        return date.fromisoformat(value)
    return value
