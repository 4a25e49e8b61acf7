"""Xếp loại năm: several years side by side, each judged by its own scheme, under one heading.

A year's counts stand under the grades of the heading that its own grades are to be read as
(`figures.crosswalk`); the conversion is printed below. What each year reported in its own wording
is on the sheet of forms 7A and 7B.
"""

from __future__ import annotations

from collections.abc import Iterator

from mlay_batch.report import official
from mlay_batch.report.book import Sheet
from mlay_batch.report.context import Context
from mlay_batch.report.data_sheets import Data
from mlay_batch.report.series_block import FIRST_COUNT, LIGHT_WIDTH, MeanLine, Series
from mlay_batch.schema import Scheme
from mlay_batch.schema.ids import CLASSIFICATION
from mlay_batch.schema.schemes import Part

_ON_ONE_PAGE = 3  # years; with more, what stands below them begins a page
_NARROWEST = 12  # columns, where there is no year at all


def write(ctx: Context, sheet: Sheet, data: Data) -> tuple[MeanLine, ...]:
    """Write the sheet; return the lines of the mean."""
    blocks = [Series(ctx, sheet, data, part) for part in _parts(ctx)]
    columns = max((block.columns for block in blocks), default=_NARROWEST)
    sheet.widths((9, 21, 7.5, 7.5, *([9] * (columns - FIRST_COUNT))))
    for block in blocks:
        for column in block.wide():
            sheet.widths([LIGHT_WIDTH], column)
    split = min(7, columns - 4)
    official.heading(ctx, sheet, columns, split, ctx.t("title.classification"),
                     provisional=ctx.figures.waits_for(CLASSIFICATION))  # fmt: skip
    row, means = official.TABLE_ROW, []
    for block in blocks:
        row, found = block.write(row)
        means += found
    if len(ctx.figures.years) > _ON_ONE_PAGE:
        sheet.raw.set_h_pagebreaks([row])
    row = _conversion(ctx, sheet, row)
    limited = any(block.limited for block in blocks)
    for note in _notes(ctx, limited=limited):
        sheet.put(row, 0, note, "note", span=columns)
        row += 1
    row = official.signatures(ctx, sheet, row + 1, columns, split)
    sheet.raw.freeze_panes(0, 1)
    sheet.print_as(landscape=True, last=(row, columns - 1))
    return tuple(means)


def _parts(ctx: Context) -> tuple[Part, ...]:
    """Return the parts of the scheme whose wording leads."""
    return ctx.figures.years[-1].heading.parts if ctx.figures.years else ()


def _notes(ctx: Context, *, limited: bool) -> Iterator[str]:
    if not ctx.figures.years:
        yield ctx.t("classification.none")
        return
    newest = ctx.figures.years[-1]
    yield ctx.t("ratings/series.heading", scheme=newest.heading.title.of(ctx.lang))
    yield ctx.t("classification.bases")
    if limited:
        yield ctx.t("classification.limits")
    yield ctx.t("ratings/series.bases")
    if newest.scheme.note:
        yield newest.scheme.note.of(ctx.lang)
    yield ctx.t(f"classification.mean_{newest.scheme.mean}")


def _conversion(ctx: Context, sheet: Sheet, row: int) -> int:
    """Write which grades of each other scheme are read as which of the heading; nothing without."""
    schemes = {year.scheme.version: year for year in ctx.figures.years
               if year.scheme.version != year.heading.version}  # fmt: skip
    if not schemes:
        return row
    put, t, lang = sheet.put, ctx.t, ctx.lang
    heading = ctx.figures.years[-1].heading
    width = 2 + 3 * (1 + len(schemes))
    put(row, 0, t("ratings/series.conversion"), "section", span=width)
    put(row + 1, 0, t("column.part"), "head", span=2)
    titles = (heading, *(year.scheme for year in schemes.values()))
    for column, scheme in enumerate(titles):
        put(row + 1, 2 + 3 * column, scheme.title.of(lang), "head", span=3)
    row += 2
    for part in heading.parts:
        for grade in part.grades:
            put(row, 0, part.title.of(lang), "text", span=2)
            put(row, 2, grade.short.of(lang), "text", span=3)
            for column, year in enumerate(schemes.values(), 1):
                named = year.grades.get((part.section, grade.id), ())
                said = _shorts(year.scheme, part.section, named, lang)
                put(row, 2 + 3 * column, said or "–", "text", span=3)
            row += 1
    return row + 1


def _shorts(scheme: Scheme, section: str, grades: tuple[str, ...], lang: str) -> str:
    part = scheme.part(section)
    return " + ".join(
        grade.short.of(lang) for grade in (part.grades if part else ()) if grade.id in grades
    )
