"""One data table for every section of every form, straight from its description.

A field added to a form appears here as a column; nothing in this program names it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from operator import attrgetter

from mlay_batch.core.period import Period
from mlay_batch.model.records import LedgerEntry, Row, Value
from mlay_batch.report.data.data_sheets import returns_of
from mlay_batch.report.report_context import ReportContext, strip_number
from mlay_batch.report.tables import DataColumn, DataTable, Kind, fill, place_text, plain_heading
from mlay_batch.report.writer import Content, SheetWriter
from mlay_batch.schema import Field, Form, Section
from mlay_batch.schema.switches import fields_asked, switches_on, with_switches
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


@dataclass(frozen=True)
class _ReturnedRow:
    """A row of a section as a branch returned it.

    Attributes:
        entry: the ledger entry of the return.
        row: the row.
    """

    entry: LedgerEntry
    row: Row


def build(ctx: ReportContext) -> tuple[DataTable, ...]:
    """Return a table per form and section, versions of a form side by side in one table."""
    return tuple(
        table
        for family in families(ctx.inputs.catalogue)
        for section in family_sections(family)
        if (table := _section_table(ctx, family, section))
    )


def table_name(form: str, section: str) -> str:
    """Return the name of a section's table in formulas."""
    return _NOT_A_NAME.sub("_", f"{form}_{section}")


def _section_table(ctx: ReportContext, family: Family, section: Section) -> DataTable | None:
    """Return the table of a section; None if the office does not ask for it and nobody has it."""
    form = family[0]
    rows = [
        _ReturnedRow(accepted.entry, row)
        for accepted in returns_of(ctx, form)
        for row in accepted.section_rows(section.id)
    ]
    on = ((version, switches_on(version, ctx.inputs.register.asked)) for version in family)
    asked = frozenset[str]().union(*(fields_asked(with_switches(*pair)) for pair in on))
    if not rows and section.id not in asked:
        return None
    fields = {
        name: (of_form, field)
        for name, (of_form, field) in family_fields(family, section.id).items()
        if (field.switch is None if section.id not in asked else f"{section.id}.{name}" in asked)
        or any(_has(line, name) for line in rows)
        if not field.is_band
    }
    columns = tuple(_columns(ctx, fields))
    title = ctx.t("sheet.section", title=strip_number(section.title.of(ctx.lang)))
    note = ctx.t("note.section", form=form.title.of(ctx.lang))
    return fill(DataTable(table_name(form.form, section.id), title, note, columns), rows)


def _has(line: _ReturnedRow, name: str) -> bool:
    return line.row.values.get(name) is not None


def _columns(
    ctx: ReportContext, fields: Mapping[str, tuple[Form, Field]]
) -> Iterator[DataColumn[_ReturnedRow]]:
    def column(
        name: str, kind: Kind, value: Callable[[_ReturnedRow], Content]
    ) -> DataColumn[_ReturnedRow]:
        return DataColumn(f"_{name}", ctx.t(f"column.{name}"), kind, value)

    yield column("branch", "center", attrgetter("entry.branch"))
    yield column("branch_name", "text", lambda line: ctx.name(line.entry.branch))
    period = ctx.t("column.period_title")
    yield DataColumn("_period", period, "center", lambda line: ctx.period_title(line.entry.period))
    yield column("month", "integer", lambda line: Period.parse(str(line.entry.period)).end.month)
    for name, (form, field) in fields.items():
        title, kind = plain_heading(field.title.of(ctx.lang)), _KINDS.get(field.type, "text")
        yield DataColumn(name, title, kind, _value_of(ctx, form, field))
    yield column("delivery", "link", lambda line: ctx.file_link(line.entry.id))
    source = ctx.t("column.source")
    yield DataColumn("_cells", source, "text", lambda line: place_text(line.row.span))


def _value_of(ctx: ReportContext, form: Form, field: Field) -> Callable[[_ReturnedRow], Value]:
    """Return what takes a field's value from a row: of a choice its title."""
    choices = form.choices.get(field.choices or "", ()) if field.type == "choice" else ()
    titles = {choice.id: choice.title.of(ctx.lang) for choice in choices}

    def value(line: _ReturnedRow) -> Value:
        content = line.row.values.get(field.id)
        if not isinstance(content, str):
            return content
        return date.fromisoformat(content) if field.type == "date" else titles.get(content, content)

    return value
