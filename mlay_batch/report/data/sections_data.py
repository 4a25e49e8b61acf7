"""One data table for every section of every form, straight from its description.

A field added to a form appears here as a column; nothing in this program names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from operator import attrgetter

from mlay_batch.core.findings import Place
from mlay_batch.core.period import Period
from mlay_batch.model.records import LedgerEntry, Row, Value
from mlay_batch.report.data.data_sheets import returns_of
from mlay_batch.report.report_context import ReportContext, strip_number
from mlay_batch.report.tables import DataColumn, DataTable, Kind, fill, place_text, plain_heading
from mlay_batch.report.writer import SheetWriter
from mlay_batch.schema import Field, Form, Section
from mlay_batch.schema.versions import Family, families, family_fields, family_sections

PlacedTable = tuple[SheetWriter, DataTable]
# Columns beside those of the fields, whose ids have no bar.
BRANCH_COLUMN, MONTH_COLUMN = "_branch", "_month"
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


@dataclass(frozen=True)
class _SectionRow:
    """A row of a section.

    Attributes:
        entry: the ledger entry of its return.
        row: its values and their cells.
    """

    entry: LedgerEntry
    row: Row


def _section_table(ctx: ReportContext, family: Family, section: Section) -> DataTable:
    named_fields = family_fields(family, section.id)
    table = DataTable(
        name=table_name(family[0].form, section.id),
        title=ctx.t("sheet.section", title=strip_number(section.title.of(ctx.lang))),
        note=ctx.t("note.section", form=family[0].title.of(ctx.lang)),
        columns=tuple(_columns(ctx, named_fields)),
    )
    rows = (
        _SectionRow(accepted.entry, row)
        for accepted in returns_of(ctx, family[0])
        for row in accepted.section_rows(section.id)
    )
    return fill(table, rows)


def _columns(
    ctx: ReportContext, named_fields: Mapping[str, tuple[Form, Field]]
) -> Iterator[DataColumn[_SectionRow]]:
    t = ctx.t
    yield DataColumn(BRANCH_COLUMN, t("column.branch"), "center", attrgetter("entry.branch"))
    yield DataColumn(
        "_branch_name", t("column.branch_name"), "text", lambda line: ctx.name(line.entry.branch)
    )
    yield DataColumn("_period", t("column.period"), "center", attrgetter("entry.period"))
    yield DataColumn(MONTH_COLUMN, t("column.month"), "integer", _last_month)
    for name, (form, field) in named_fields.items():
        title, kind = plain_heading(field.title.of(ctx.lang)), _KINDS.get(field.type, "text")
        yield DataColumn(name, title, kind, partial(_cell_value, ctx, name, form, field))
    yield DataColumn(
        "_delivery", t("column.delivery"), "link", lambda line: ctx.file_link(line.entry.id)
    )
    yield DataColumn("_row", t("column.row"), "integer", attrgetter("row.number"))
    yield DataColumn(
        "_cells", t("column.source"), "text", lambda line: _source_cells(line.row, named_fields)
    )


def _last_month(line: _SectionRow) -> int:
    return Period.parse(str(line.entry.period)).end.month


def _source_cells(row: Row, field_ids: Iterable[str]) -> str:
    """Return where a row stands in its file: ``Báo cáo!C32:O32``, a card's ``Báo cáo!F9:F19``."""
    cells = [row.cells[name] for name in field_ids if name in row.cells]
    ends = dict.fromkeys((cells[0], cells[-1])) if cells else ()
    return place_text(Place("", row.sheet, ":".join(ends)))


def _cell_value(
    ctx: ReportContext, name: str, form: Form, field: Field, line: _SectionRow
) -> Value:
    """Return a value of a row as the sheet shows it: choices by their titles, days as days."""
    value = line.row.values.get(name)
    if field.type == "choice":
        titles = {choice.id: choice.title for choice in form.choices.get(field.choices or "", ())}
        return titles[value].of(ctx.lang) if isinstance(value, str) and value in titles else value
    if field.type == "date" and isinstance(value, str):
        return date.fromisoformat(value)
    return value
