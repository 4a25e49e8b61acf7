"""The tables of the yearly classification, and of the organisations that owe it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from operator import attrgetter

from mlay_batch.core.period import Period
from mlay_batch.model.records import LedgerEntry, Value
from mlay_batch.model.register import Organisation
from mlay_batch.report.data import unit_kinds_data
from mlay_batch.report.report_context import ReportContext, strip_number
from mlay_batch.report.tables import DataColumn, DataTable, data_column, data_table, plain_heading
from mlay_batch.schema import Field, Section


@dataclass(frozen=True)
class _ClassifiedRow:
    """What an organisation returned for a year on one part, or on itself.

    Attributes:
        entry: the ledger entry of the return.
        year: the year.
        part: the section of the form.
        own_grade: the number of the organisation's own grade, the best 1.
        counts: how many have each grade, by id of the field.
    """

    entry: LedgerEntry
    year: int
    part: str
    own_grade: int | None
    counts: Mapping[str, Value]


def classification_table(ctx: ReportContext) -> DataTable:
    """Return a row for each yearly return and part; the organisation's own grade in one of its own.

    Grades are numbered by the scheme of the year; the numbers keep their rank, the names change.
    """
    return data_table(ctx, "classified", _classified_columns(ctx), _classified_rows(ctx))


def _classified_rows(ctx: ReportContext) -> Iterator[_ClassifiedRow]:
    years = {str(record.year): record for record in ctx.figures.years}
    for accepted in ctx.inputs.returns:
        entry, year = accepted.entry, years.get(accepted.entry.period or "")
        if not year or entry.form != year.scheme.scheme:
            continue
        section, name = year.scheme.own_path()
        ranks = {grade: rank for rank, grade in enumerate(year.scheme.own_grades(), 1)}
        for row in accepted.section_rows(section):
            own_grade = ranks.get(str(row.values.get(name)))
            yield _ClassifiedRow(entry, year.year, section, own_grade, {})
        for part in year.scheme.parts:
            for row in accepted.section_rows(part.section):
                yield _ClassifiedRow(entry, year.year, part.section, None, row.values)


def _classified_columns(ctx: ReportContext) -> Iterator[DataColumn[_ClassifiedRow]]:
    column, by_code = partial(data_column, ctx), ctx.inputs.register.by_code

    def organisation_type(row: _ClassifiedRow) -> str:
        organisation = by_code.get(row.entry.branch or "")
        return organisation.type if organisation else ""

    yield column("branch", "center", lambda row: row.entry.branch or "")
    yield column("branch_name", "text", lambda row: ctx.name(row.entry.branch))
    type_title = partial(ctx.choice_title, "organisation_type")
    yield column("type_title", "text", lambda row: type_title(organisation_type(row)))
    yield column("year", "center", attrgetter("year"))
    yield column("part_title", "text", partial(_part_title, ctx))
    yield column("own_grade", "center", attrgetter("own_grade"))
    yield from _count_columns(ctx)
    yield column("delivery", "link", lambda row: ctx.file_link(row.entry.id))
    yield column("type", "center", organisation_type, hidden=True)
    yield column("part", "center", attrgetter("part"), hidden=True)


def _part_title(ctx: ReportContext, row: _ClassifiedRow) -> str:
    form = ctx.inputs.catalogue.form(row.entry.form, row.entry.version)
    return strip_number(form.title_of(row.part, ctx.lang)) if form else row.part


def _count_columns(ctx: ReportContext) -> Iterator[DataColumn[_ClassifiedRow]]:
    """Yield the counts of the classified parts; a grade's name changes by year, its rank stays."""
    ranks = {
        grade.id: rank
        for year in ctx.figures.years
        for part in year.scheme.parts
        for rank, grade in enumerate(part.grades, 1)
    }
    fields: dict[str, Field] = {}
    for section in sorted(_classification_sections(ctx), key=lambda section: -len(section.fields)):
        for field in section.fields:
            if field.type == "integer":
                fields.setdefault(field.id, field)
    for field in fields.values():
        rank = ranks.get(field.id)
        title = ctx.t("grade", rank=rank) if rank else field.title.of(ctx.lang)
        yield DataColumn(field.id, plain_heading(title), "integer", partial(_count, field.id))


def _count(field_id: str, row: _ClassifiedRow) -> Value:
    return row.counts.get(field_id)


def _classification_sections(ctx: ReportContext) -> Iterator[Section]:
    for year in ctx.figures.years:
        form = ctx.inputs.catalogue.form_for(year.scheme.scheme, Period(year.year, 1, 12))
        parts = {part.section for part in year.scheme.parts}
        yield from (section for section in (form.sections if form else ()) if section.id in parts)


def organisations_table(
    ctx: ReportContext, returns: DataTable, hits: DataTable | None
) -> DataTable:
    """Return the organisations of the register: who owed returns when, and of what kind it is."""
    organisations = ctx.inputs.register.organisations
    kinds = unit_kinds_data.organisation_columns(ctx, returns, hits)
    columns = (*_organisation_columns(ctx), *kinds)
    return data_table(ctx, "organisations", columns, organisations)


def _organisation_columns(ctx: ReportContext) -> Iterator[DataColumn[Organisation]]:
    column, type_title = partial(data_column, ctx), partial(ctx.choice_title, "organisation_type")
    yield column("branch", "center", attrgetter("code"))
    yield column("branch_name", "text", attrgetter("name"))
    yield column("type_title", "text", lambda organisation: type_title(organisation.type))
    yield column("parent", "center", attrgetter("parent"))
    yield column("founded", "date", attrgetter("founded"))
    yield column("ended", "date", attrgetter("ended"))
    yield column("successor", "center", attrgetter("successor"))
    yield column("type", "center", attrgetter("type"), hidden=True)
