"""The tables of the yearly classification, and of the organisations that owe it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mlay_batch.core.period import Period
from mlay_batch.figures.classified import ClassificationYear
from mlay_batch.model.records import AcceptedReturn
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.tables import DataColumn, DataTable, data_columns, plain_heading, rows_table
from mlay_batch.report.writer import Content
from mlay_batch.schema import Section


def classification_table(ctx: ReportContext) -> DataTable:
    """Return a row for each yearly return and part; the organisation's own grade in one of its own.

    Grades are numbered by the scheme of the year; the numbers keep their rank, the names change.
    """
    counts = tuple(_count_columns(ctx))
    all_columns = (
        *data_columns(
            ctx,
            {
                "branch": "center",
                "branch_name": "text",
                "type": "center",
                "year": "center",
                "part": "center",
                "own_grade": "center",
            },
        ),
        *counts,
        *data_columns(ctx, {"delivery": "link"}),
    )
    rows = tuple(
        row
        for accepted, year in _returns_by_year(ctx)
        for row in _return_rows(ctx, accepted, year, [column.id for column in counts])
    )
    return rows_table(ctx, "classified", all_columns, rows)


def _returns_by_year(ctx: ReportContext) -> Iterator[tuple[AcceptedReturn, ClassificationYear]]:
    years = {str(record.year): record for record in ctx.figures.years}
    for accepted in ctx.inputs.returns:
        year = years.get(accepted.entry.period or "")
        if year and accepted.entry.form == year.scheme.scheme:
            yield accepted, year


def _return_rows(
    ctx: ReportContext, accepted: AcceptedReturn, year: ClassificationYear, counts: list[str]
) -> Iterator[tuple[Content, ...]]:
    branch, link = accepted.entry.branch or "", ctx.file_link(accepted.entry.id)
    organisation = ctx.inputs.register.by_code.get(branch)
    head = branch, ctx.name(branch), organisation.type if organisation else "", year.year
    section, name = year.scheme.own_path()
    ranks = {grade: rank for rank, grade in enumerate(year.scheme.own_grades(), 1)}
    for row in accepted.section_rows(section):
        rank = ranks.get(str(row.values.get(name)))
        yield (*head, section, rank, *(None for _ in counts), link)
    for part in year.scheme.parts:
        for row in accepted.section_rows(part.section):
            yield (*head, part.section, None, *(row.values.get(name) for name in counts), link)


def _count_columns(ctx: ReportContext) -> Iterator[DataColumn[Any]]:
    """Yield the counts of the classified parts; a grade's name changes by year, its rank stays."""
    ranks = {
        grade.id: rank
        for record in ctx.figures.years
        for part in record.scheme.parts
        for rank, grade in enumerate(part.grades, 1)
    }
    seen: set[str] = set()
    for section in sorted(_classification_sections(ctx), key=lambda section: -len(section.fields)):
        for record in section.fields:
            if record.type != "integer" or record.id in seen:
                continue
            seen.add(record.id)
            rank = ranks.get(record.id)
            title = ctx.t("grade", rank=rank) if rank else record.title.of(ctx.lang)
            yield DataColumn(record.id, plain_heading(title), "integer")


def _classification_sections(ctx: ReportContext) -> Iterator[Section]:
    for year in ctx.figures.years:
        form = ctx.inputs.catalogue.form_for(year.scheme.scheme, Period(year.year, 1, 12))
        section_ids = {part.section for part in year.scheme.parts}
        yield from (
            section for section in (form.sections if form else ()) if section.id in section_ids
        )


def organisations_table(ctx: ReportContext) -> DataTable:
    """Return the organisations of the register: who owed returns when."""
    all_columns = data_columns(
        ctx,
        {
            "branch": "center",
            "branch_name": "text",
            "type": "center",
            "type_title": "text",
            "parent": "center",
            "founded": "date",
            "ended": "date",
            "successor": "center",
        },
    )
    rows = tuple(
        (
            organisation.code,
            organisation.name,
            organisation.type,
            ctx.choice_title("organisation_type", organisation.type),
            organisation.parent,
            organisation.founded,
            organisation.ended,
            organisation.successor,
        )
        for organisation in ctx.inputs.register.organisations
    )
    return rows_table(ctx, "organisations", all_columns, rows)
