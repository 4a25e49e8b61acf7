"""The tables of the yearly classification, and of the organisations that owe it."""

from __future__ import annotations

from collections.abc import Iterator

from mlay_batch.figures.classified import ClassificationYear
from mlay_batch.period import Period
from mlay_batch.records import Return
from mlay_batch.report.book import Content
from mlay_batch.report.context import Context
from mlay_batch.report.tables import Column, Table, plain
from mlay_batch.report.titled import columns, table
from mlay_batch.schema import Section


def classification_table(ctx: Context) -> Table:
    """Return a row for each yearly return and part; the organisation's own grade in one of its own.

    Grades are numbered by the scheme of the year; the numbers keep their rank, the names change.
    """
    counts = tuple(_counts(ctx))
    shape = (
        *columns(ctx, {
            "branch": "center", "branch_name": "text", "type": "center", "year": "center",
            "part": "center", "own_grade": "center",
        }),
        *counts,
        *columns(ctx, {"delivery": "link"}),
    )  # fmt: skip
    rows = tuple(
        row
        for found, year in _classified(ctx)
        for row in _rows(ctx, found, year, [column.id for column in counts])
    )
    return table(ctx, "classified", shape, rows)


def _classified(ctx: Context) -> Iterator[tuple[Return, ClassificationYear]]:
    years = {str(entry.year): entry for entry in ctx.figures.years}
    for found in ctx.facts.returns:
        year = years.get(found.delivery.period or "")
        if year and found.delivery.form == year.scheme.scheme:
            yield found, year


def _rows(
    ctx: Context, found: Return, year: ClassificationYear, counts: list[str]
) -> Iterator[tuple[Content, ...]]:
    branch, link = found.delivery.branch or "", ctx.file(found.delivery.id)
    known = ctx.facts.register.by_code.get(branch)
    head = branch, ctx.name(branch), known.type if known else "", year.year
    section, name = year.scheme.own_path()
    ranks = {grade: rank for rank, grade in enumerate(year.scheme.own_grades(), 1)}
    for row in found.section(section):
        rank = ranks.get(str(row.values.get(name)))
        yield (*head, section, rank, *(None for _ in counts), link)
    for part in year.scheme.parts:
        for row in found.section(part.section):
            yield (*head, part.section, None, *(row.values.get(name) for name in counts), link)


def _counts(ctx: Context) -> Iterator[Column]:
    """Yield the counts of the classified parts; a grade's name changes by year, its rank stays."""
    ranks = {
        grade.id: rank
        for entry in ctx.figures.years
        for part in entry.scheme.parts
        for rank, grade in enumerate(part.grades, 1)
    }
    seen: set[str] = set()
    for section in sorted(_classified_sections(ctx), key=lambda section: -len(section.fields)):
        for entry in section.fields:
            if entry.type != "integer" or entry.id in seen:
                continue
            seen.add(entry.id)
            rank = ranks.get(entry.id)
            title = ctx.t("grade", rank=rank) if rank else entry.title.of(ctx.lang)
            yield Column(entry.id, plain(title), "integer")


def _classified_sections(ctx: Context) -> Iterator[Section]:
    for year in ctx.figures.years:
        form = ctx.facts.catalogue.form_for(year.scheme.scheme, Period(year.year, 1, 12))
        wanted = {part.section for part in year.scheme.parts}
        yield from (section for section in (form.sections if form else ()) if section.id in wanted)


def organisations_table(ctx: Context) -> Table:
    """Return the organisations of the register: who owed returns when."""
    shape = columns(ctx, {
        "branch": "center", "branch_name": "text", "type": "center", "type_title": "text",
        "parent": "center", "founded": "date", "ended": "date", "successor": "center",
    })  # fmt: skip
    rows = tuple(
        (
            entry.code,
            entry.name,
            entry.type,
            ctx.choice("organisation_type", entry.type),
            entry.parent,
            entry.founded,
            entry.ended,
            entry.successor,
        )
        for entry in ctx.facts.register.organisations
    )
    return table(ctx, "organisations", shape, rows)
