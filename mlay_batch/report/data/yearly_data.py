"""The tables of the yearly classification, and of the organisations that owe it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from operator import attrgetter

from mlay_batch.core.period import Period
from mlay_batch.figures.classified import ClassificationYear
from mlay_batch.model.records import AcceptedReturn, Value
from mlay_batch.model.register import Organisation
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.tables import DataColumn, DataTable, data_column, data_table, plain_heading
from mlay_batch.schema import Section


@dataclass(frozen=True)
class _ClassifiedRow:
    """A row of a yearly return.

    Attributes:
        accepted: the return.
        year: its year with the scheme that year was classified by.
        section: the section the row stands in.
        own_rank: the rank of the organisation's own grade, 1 the best; None in rows of a part.
        counts: the values of a part's row by field; none in the row of the own grade.
    """

    accepted: AcceptedReturn
    year: ClassificationYear
    section: str
    own_rank: int | None = None
    counts: Mapping[str, Value] = field(default_factory=dict)

    @property
    def branch(self) -> str:
        """The code of the organisation."""
        return self.accepted.entry.branch or ""


def classification_table(ctx: ReportContext) -> DataTable:
    """Return a row for each yearly return and part; the organisation's own grade in one of its own.

    Grades are numbered by the scheme of the year; the numbers keep their rank, the names change.
    """

    def organisation_type(row: _ClassifiedRow) -> str:
        organisation = ctx.inputs.register.by_code.get(row.branch)
        return organisation.type if organisation else ""

    column = partial(data_column, ctx)
    columns: tuple[DataColumn[_ClassifiedRow], ...] = (
        column("branch", "center", attrgetter("branch")),
        column("branch_name", "text", lambda row: ctx.name(row.branch)),
        column("type", "center", organisation_type),
        column("year", "center", attrgetter("year.year")),
        column("part", "center", attrgetter("section")),
        column("own_grade", "center", attrgetter("own_rank")),
        *_count_columns(ctx),
        column("delivery", "link", lambda row: ctx.file_link(row.accepted.entry.id)),
    )
    return data_table(ctx, "classified", columns, _classified_rows(ctx))


def _returns_by_year(ctx: ReportContext) -> Iterator[tuple[AcceptedReturn, ClassificationYear]]:
    years = {str(record.year): record for record in ctx.figures.years}
    for accepted in ctx.inputs.returns:
        year = years.get(accepted.entry.period or "")
        if year and accepted.entry.form == year.scheme.scheme:
            yield accepted, year


def _classified_rows(ctx: ReportContext) -> Iterator[_ClassifiedRow]:
    for accepted, year in _returns_by_year(ctx):
        section, name = year.scheme.own_path()
        ranks = {grade: rank for rank, grade in enumerate(year.scheme.own_grades(), 1)}
        for row in accepted.section_rows(section):
            rank = ranks.get(str(row.values.get(name)))
            yield _ClassifiedRow(accepted, year, section, own_rank=rank)
        for part in year.scheme.parts:
            for row in accepted.section_rows(part.section):
                yield _ClassifiedRow(accepted, year, part.section, counts=row.values)


def _count_columns(ctx: ReportContext) -> Iterator[DataColumn[_ClassifiedRow]]:
    """Yield the counts of the classified parts; a grade's name changes by year, its rank stays."""
    ranks = {
        grade.id: rank
        for record in ctx.figures.years
        for part in record.scheme.parts
        for rank, grade in enumerate(part.grades, 1)
    }
    seen: set[str] = set()
    for section in sorted(_classification_sections(ctx), key=lambda section: -len(section.fields)):
        for count in section.fields:
            if count.type != "integer" or count.id in seen:
                continue
            seen.add(count.id)
            rank = ranks.get(count.id)
            title = ctx.t("grade", rank=rank) if rank else count.title.of(ctx.lang)
            yield DataColumn(count.id, plain_heading(title), "integer", partial(_count, count.id))


def _count(name: str, row: _ClassifiedRow) -> Value:
    return row.counts.get(name)


def _classification_sections(ctx: ReportContext) -> Iterator[Section]:
    for year in ctx.figures.years:
        form = ctx.inputs.catalogue.form_for(year.scheme.scheme, Period(year.year, 1, 12))
        section_ids = {part.section for part in year.scheme.parts}
        yield from (
            section for section in (form.sections if form else ()) if section.id in section_ids
        )


def organisations_table(ctx: ReportContext) -> DataTable:
    """Return the organisations of the register: who owed returns when."""

    def type_title(organisation: Organisation) -> str:
        return ctx.choice_title("organisation_type", organisation.type)

    column = partial(data_column, ctx)
    columns: tuple[DataColumn[Organisation], ...] = (
        column("branch", "center", attrgetter("code")),
        column("branch_name", "text", attrgetter("name")),
        column("type", "center", attrgetter("type")),
        column("type_title", "text", type_title),
        column("parent", "center", attrgetter("parent")),
        column("founded", "date", attrgetter("founded")),
        column("ended", "date", attrgetter("ended")),
        column("successor", "center", attrgetter("successor")),
    )
    return data_table(ctx, "organisations", columns, ctx.inputs.register.organisations)
