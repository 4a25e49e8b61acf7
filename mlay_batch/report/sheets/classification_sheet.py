"""Xếp loại năm: several years side by side, each graded by its own scheme, under one heading.

A year's counts stand under the grades of the heading that its own grades are to be read as
(`map_grades`); the conversion is printed below. What each year reported in its own wording
is on the sheet of forms 7A and 7B.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from mlay_batch.core.text import begin_small
from mlay_batch.report import letterhead
from mlay_batch.report.data.data_sheets import DataTables
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.sheets import form7_block
from mlay_batch.report.sheets.classification_lines import (
    MeanLine,
    kinds,
    mean_lines,
    mean_title,
    parts,
    years_title,
)
from mlay_batch.report.sheets.series_block import FIRST_COUNT, RESULT_WIDTH, YearSeries
from mlay_batch.report.writer import SheetWriter
from mlay_batch.schema import Scheme
from mlay_batch.schema.ids import CLASSIFICATION
from mlay_batch.schema.scheme_text import target_text

_YEARS_ON_PAGE = 3  # years; with more, what stands below them begins a page
_BLOCKS_ON_PAGE = 2  # parts or kinds; with more, the last one begins a page


def write(ctx: ReportContext, sheet: SheetWriter, data: DataTables) -> None:
    """Write the sheet."""
    blocks = [
        YearSeries(ctx, sheet, data, part, kind) for part in parts(ctx) for kind in kinds(ctx, part)
    ]
    widths = _widths(blocks, form7_block.widths(ctx))
    sheet.set_widths(widths)
    columns = len(widths)
    split = min(7, columns - 4)
    letterhead.write_heading(
        ctx,
        sheet,
        columns,
        split,
        ctx.t("title.classification"),
        provisional=ctx.figures.has_open_returns(CLASSIFICATION),
        subtitle=years_title(ctx),
    )
    row, breaks = letterhead.TABLE_ROW, []
    for block in blocks:
        breaks += [row] if block is blocks[-1] and len(blocks) > _BLOCKS_ON_PAGE else []
        row = block.write(row)
    breaks += [row] if len(ctx.figures.years) > _YEARS_ON_PAGE else []
    row = _write_conversion(ctx, sheet, row)
    for note in _notes(ctx, list(mean_lines(ctx, data.classification))):
        sheet.write(row, 0, note, "note", span=columns)
        row += 1
    row, form_breaks = form7_block.write(ctx, sheet, data, row + 1)
    sheet.raw.set_h_pagebreaks([*breaks, *form_breaks])
    row = letterhead.write_signatures(ctx, sheet, row + 1, columns, split)
    sheet.raw.freeze_panes(0, 1)
    sheet.set_up_page(landscape=True, last=(row, columns - 1))


def _widths(blocks: Sequence[YearSeries], below: Sequence[float]) -> list[float]:
    """Return the widths of the columns, with room for the series and for the forms below them."""
    columns = max(block.column_count for block in blocks)
    widths = [9, 21, 7.5, 7.5, *([9] * (columns - FIRST_COUNT))]
    for block in blocks:
        for column in block.wide_columns():
            widths[column] = RESULT_WIDTH
    return [max(pair) for pair in zip_longest(widths, below, fillvalue=0)]


def _notes(ctx: ReportContext, means: Sequence[MeanLine]) -> Iterator[str]:
    yield ctx.t("legend")
    years, newest = ctx.figures.years, ctx.figures.years[-1]
    yield ctx.t("ratings/series.heading", scheme=newest.heading.title.of(ctx.lang))
    yield from _base_notes(ctx)
    if any(year.scheme.share_base != "rated" for year in years):
        yield ctx.t("ratings/series.bases")
    yield from dict.fromkeys(y.scheme.note.of(ctx.lang) for y in years if y.scheme.note)
    yield from dict.fromkeys(_target_notes(ctx))
    if any(len(line.years) > 1 for line in means):
        yield ctx.t(f"classification.mean_{newest.scheme.mean}")
    for line in means:
        if line.years and line.years != line.row_years:
            mean = mean_title(ctx, line.years)
            yield ctx.t("classification.mean_line", line=line.title, mean=mean)


def _base_notes(ctx: ReportContext) -> Iterator[str]:
    """Yield of whom the shares are, for each base with its years."""
    years_by_base: dict[str, list[str]] = {}
    for year in ctx.figures.years:
        years_by_base.setdefault(year.scheme.share_base, []).append(str(year.year))
    for base, years in years_by_base.items():
        yield ctx.t(f"classification.base_{base}", years=", ".join(years))


def _target_notes(ctx: ReportContext) -> Iterator[str]:
    """Yield every target of the years with its document."""
    for year in ctx.figures.years:
        for part in year.heading.parts:
            for line in (year.line(part.section, line) for line in part.lines):
                if line.has_target:
                    yield ctx.t(
                        f"ratings/target.{'confirmed' if line.confirmed else 'unconfirmed'}",
                        part=part.title.of(ctx.lang),
                        line=begin_small(line.title.of(ctx.lang)),
                        target=target_text(line, ctx.lang),
                        basis=line.basis,
                    )


def _write_conversion(ctx: ReportContext, sheet: SheetWriter, row: int) -> int:
    """Write which grades of each other scheme are read as which of the heading; nothing without."""
    schemes = {
        year.scheme.version: year
        for year in ctx.figures.years
        if year.scheme.version != year.heading.version
    }
    if not schemes:
        return row
    write, t, lang = sheet.write, ctx.t, ctx.lang
    heading = ctx.figures.years[-1].heading
    span = 2 + 3 * (1 + len(schemes))
    write(row, 0, t("ratings/series.conversion"), "section", span=span)
    write(row + 1, 0, t("column.part"), "head", span=2)
    all_schemes = (heading, *(year.scheme for year in schemes.values()))
    for column, scheme in enumerate(all_schemes):
        write(row + 1, 2 + 3 * column, scheme.title.of(lang), "head", span=3)
    row += 2
    for part in heading.parts:
        for grade in part.grades:
            write(row, 0, part.title.of(lang), "text", span=2)
            write(row, 2, grade.short.of(lang), "text", span=3)
            for column, year in enumerate(schemes.values(), 1):
                grade_ids = year.grades.get((part.section, grade.id), ())
                text = _grade_texts(year.scheme, part.section, grade_ids, lang)
                write(row, 2 + 3 * column, text or "–", "text", span=3)
            row += 1
    return row + 1


def _grade_texts(scheme: Scheme, section: str, grades: tuple[str, ...], lang: str) -> str:
    part = scheme.part(section)
    return " + ".join(
        grade.short.of(lang) for grade in (part.grades if part else ()) if grade.id in grades
    )
