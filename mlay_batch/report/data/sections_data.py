"""One data table for every section of every form, straight from its description.

A field added to a form appears here as a column; nothing in this program names it. Where figures
count the rows of a section, what they make of each stands beside it in the same table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date
from operator import attrgetter
from typing import Any, Generic, TypeVar

from mlay_batch.core.period import Period
from mlay_batch.model.records import AcceptedReturn, LedgerEntry, Row, Value
from mlay_batch.report.formulas import text_for
from mlay_batch.report.report_context import ReportContext, strip_number
from mlay_batch.report.tables import (
    DataColumn,
    DataTable,
    Kind,
    counted_id,
    fill,
    is_in_report_year,
    place_text,
    plain_heading,
)
from mlay_batch.report.writer import Content, SheetWriter
from mlay_batch.schema import Field, Form, Section
from mlay_batch.schema.ids import MEETING
from mlay_batch.schema.versions import (
    Family,
    families,
    family_choices,
    family_fields,
    family_sections,
)

PlacedTable = tuple[SheetWriter, DataTable]
BRANCH_COLUMN, MONTH_COLUMN = counted_id("branch"), counted_id("month")
_NOT_A_NAME = re.compile(r"[^A-Za-z0-9_]")
_LABELLED = re.compile(r"(.+) \(([^()]+)\)")
_KINDS: Mapping[str, Kind] = {
    "date": "date",
    "integer": "integer",
    "number": "number",
    "ref": "center",
    "period": "center",
}
T = TypeVar("T")


@dataclass(frozen=True)
class ReturnedRow(Generic[T]):
    """A row of a section as a branch returned it.

    Attributes:
        entry: the ledger entry of the return.
        row: the row.
        counted: what figures make of it; None where they make nothing of it.
    """

    entry: LedgerEntry
    row: Row
    counted: T | None = None

    def value(self, name: str) -> Value:
        """Return the value of a field, None where it is blank or the form has none of that name."""
        return self.row.values.get(name)


def returns_of(ctx: ReportContext, form: Form) -> Iterator[AcceptedReturn]:
    """Yield the current returns of a form: of the report's year, yearly ones of all years."""
    for accepted in ctx.inputs.returns:
        if accepted.entry.form == form.form:
            period = Period.parse(str(accepted.entry.period))
            if form.period == "year" or is_in_report_year(ctx, period.end):
                yield accepted


def _returned_rows(ctx: ReportContext, family: Family, section: str) -> list[ReturnedRow[Any]]:
    """Return the rows of a section in the current returns of a form."""
    return [
        ReturnedRow(accepted.entry, row)
        for form in family[:1]
        for accepted in returns_of(ctx, form)
        for row in accepted.section_rows(section)
    ]


def meeting_rows(ctx: ReportContext, section: str) -> list[ReturnedRow[Any]]:
    """Return the rows of a section of the form of meetings in the returns of the year so far."""
    return _returned_rows(ctx, _meeting_family(ctx), section)


def build(ctx: ReportContext, joined: Iterable[DataTable]) -> tuple[DataTable, ...]:
    """Return a table per form and section, versions of a form side by side in one table.

    None for sections that one of the `joined` tables holds together with what is counted of them.
    """
    elsewhere = {table.section for table in joined}
    return tuple(
        table
        for family in families(ctx.inputs.catalogue)
        if ctx.figures.slips or not family[0].is_by_officers
        for section in family_sections(family)
        if table_name(family[0].form, section.id) not in elsewhere
        if (table := _section_table(ctx, family, section))
    )


def table_name(form: str, section: str) -> str:
    """Return the name of a section's table in formulas, and its key among the sheets."""
    return _NOT_A_NAME.sub("_", f"{form}_{section}")


def _section_table(ctx: ReportContext, family: Family, section: Section) -> DataTable | None:
    """Return the table of a section; None if the office does not ask for it and nobody has it."""
    rows = _returned_rows(ctx, family, section.id)
    if not rows and section.id not in _asked(ctx, family):
        return None
    name = table_name(family[0].form, section.id)
    note = ctx.t("note.section", form=family[0].title.of(ctx.lang))
    columns = tuple(_columns(ctx, family, section.id, rows))
    return fill(DataTable(name, section_title(ctx, section), note, columns, section=name), rows)


def section_table(ctx: ReportContext, form: str, section: str) -> DataTable | None:
    """Return the table of a section as `build` makes it; None where there is none."""
    family = next((f for f in families(ctx.inputs.catalogue) if f[0].form == form), ())
    sections = (entry for entry in family_sections(family) if entry.id == section)
    return next((_section_table(ctx, family, entry) for entry in sections), None)


def meeting_section(ctx: ReportContext, section: str) -> Section | None:
    """Return a section of the form of meetings; None where it is neither asked for nor filled."""
    family = _meeting_family(ctx)
    if section not in _asked(ctx, family) and not meeting_rows(ctx, section):
        return None
    return next((entry for entry in family_sections(family) if entry.id == section), None)


def joined_table(
    ctx: ReportContext,
    head: DataTable,
    section: str,
    rows: Sequence[ReturnedRow[T]],
    columns: Iterable[DataColumn[T]],
    needed: Mapping[str, str],
    remark: str,
) -> DataTable:
    """Return a section of the form of meetings with what is counted of each row beside it.

    The sent columns come first, so that the level above reads them; a row of which nothing is
    counted is blank in the others, and has the `remark`. A counted column takes the place of one of
    the same id that the program sets beside the fields. `head` gives name, title and note; `needed`
    are the titles of fields that formulas name, which stand hidden and blank where the form does
    not ask for them.
    """
    family = _meeting_family(ctx)
    sent = {column.id: column for column in _columns(ctx, family, section, rows)}
    counted = {counted_id(column.id): _of_counted(column) for column in columns}
    if not all(row.counted for row in rows):
        counted[counted_id("remark")] = DataColumn(
            counted_id("remark"),
            ctx.t("column.remark"),
            value=lambda row: None if row.counted else remark,
        )
    blank: dict[str, DataColumn[Any]] = {
        counted_id(name): DataColumn(counted_id(name), title, hidden=True)
        for name, title in needed.items()
        if name not in sent and counted_id(name) not in counted
    }
    in_order = sorted((sent | counted | blank).values(), key=attrgetter("hidden"))
    table = replace(head, columns=tuple(in_order), section=table_name(MEETING, section))
    return fill(table, rows)


def _of_counted(column: DataColumn[T]) -> DataColumn[ReturnedRow[T]]:
    """Return the column for the rows of a section of which something may be counted."""

    def value(line: ReturnedRow[T]) -> Content:
        return None if line.counted is None else column.value(line.counted)

    def formula(line: ReturnedRow[T]) -> str:
        return "" if line.counted is None else text_for(column.formula, line.counted)

    made = column.formula if isinstance(column.formula, str) else formula
    name = counted_id(column.id)
    return DataColumn(name, column.title, column.kind, value, made, column.hidden)


def _meeting_family(ctx: ReportContext) -> Family:
    return next((f for f in families(ctx.inputs.catalogue) if f[0].form == MEETING), ())


def _asked(ctx: ReportContext, family: Family) -> Set[str]:
    """Return the sections and fields of a form that the office asks for in any version."""
    return ctx.asked_fields[family[0].form] if family else frozenset()


def _fields(
    ctx: ReportContext, family: Family, section: str, rows: Sequence[ReturnedRow[Any]]
) -> Iterator[Field]:
    """Yield the fields of a section that are asked for or filled, without computed bands."""
    asked = _asked(ctx, family)
    for name, (_, field) in family_fields(family, section).items():
        is_asked = f"{section}.{name}" in asked if section in asked else field.switch is None
        if not field.is_band and (is_asked or any(row.value(name) is not None for row in rows)):
            yield field


def section_title(ctx: ReportContext, section: Section) -> str:
    """Return the title of a section's sheet; a label in brackets goes before the words.

    "Đảng viên (mẫu 7B)" is "Dữ liệu mẫu 7B – đảng viên", which nobody takes for "Dữ liệu đảng
    viên".
    """
    title = strip_number(section.title.of(ctx.lang))
    title = title[:1].lower() + title[1:] if title[1:2].islower() else title
    if labelled := _LABELLED.fullmatch(title):
        title = f"{labelled[2]} – {labelled[1]}"
    return ctx.t("sheet.section", title=title)


def _columns(
    ctx: ReportContext, family: Family, section: str, rows: Sequence[ReturnedRow[Any]]
) -> Iterator[DataColumn[ReturnedRow[Any]]]:
    """Yield the columns of what was sent: whose and of when, the fields, the file and its cells."""

    def column(
        name: str, kind: Kind, value: Callable[[ReturnedRow[Any]], Content], title: str = ""
    ) -> DataColumn[ReturnedRow[Any]]:
        return DataColumn(counted_id(name), ctx.t(f"column.{title or name}"), kind, value)

    yield column("branch", "center", attrgetter("entry.branch"))
    yield column("branch_name", "text", lambda line: ctx.name(line.entry.branch))
    yield column(
        "period", "center", lambda line: ctx.period_title(line.entry.period), "period_title"
    )
    yield column("month", "integer", lambda line: Period.parse(str(line.entry.period)).end.month)
    for field in _fields(ctx, family, section, rows):
        title, kind = plain_heading(field.title.of(ctx.lang)), _KINDS.get(field.type, "text")
        yield DataColumn(field.id, title, kind, _value_of(ctx, family, field))
    yield column("delivery", "link", lambda line: ctx.file_link(line.entry.id))
    yield column("cells", "text", lambda line: place_text(line.row.span), "source")


def _value_of(
    ctx: ReportContext, family: Family, field: Field
) -> Callable[[ReturnedRow[Any]], Value]:
    """Return what takes a field's value from a row: of a choice its title, of any version."""
    choices = family_choices(family, field.choices or "") if field.type == "choice" else ()
    titles = {choice.id: choice.title.of(ctx.lang) for choice in choices}

    def value(line: ReturnedRow[Any]) -> Value:
        content = line.value(field.id)
        if not isinstance(content, str):
            return content
        return date.fromisoformat(content) if field.type == "date" else titles.get(content, content)

    return value
