"""The consolidated workbook: figures as live formulas over data sheets, the values cached.

The figures' sheets come first, for people; behind them one data sheet for every table. The same
inputs give the same bytes.
"""

from __future__ import annotations

from dataclasses import replace

from mlay_batch.figures.records import Facts, Figures
from mlay_batch.report import (
    activities_sheet,
    bundle_sheet,
    cells_sheet,
    classification_sheet,
    completeness_sheet,
    criteria_sheet,
    data_sheets,
    doubts_sheet,
    errors_sheet,
    form7_sheet,
    members_sheet,
    official,
    overview,
    pairs_sheet,
    provenance_sheet,
    quota_sheet,
    rating_sheet,
    section_sheets,
    signs_sheet,
    tables,
    thematic_sheet,
    trends,
    year_sheet,
)
from mlay_batch.report.book import Book
from mlay_batch.report.context import Context, Provenance

__all__ = ["Provenance", "write"]

_SHEETS = (
    "overview", "quota", "pairs", "cells", "doubts", "rating", "year", "criteria",
    "classification", "forms7", "completeness", "thematic", "members", "activities", "signs",
    "errors", "provenance",
)  # fmt: skip


# Each formula looks through all rows, so that the time grows with the square. Measured on one core
# with LibreOffice 7.4: 1.100 rows 1 s, 3.200 rows 13 s.
MOST_ROWS = 4_000


def write(facts: Facts, figures: Figures, provenance: Provenance, lang: str = "vi") -> bytes:
    """Return the workbook as bytes, in `lang` (``vi`` or ``en``).

    Every figure is a formula with the computed value beside it, so that a preview shows it, an
    auditor can follow it, and a recalculation changes nothing. Above `MOST_ROWS` meetings and
    visits every sheet holds the values alone, and says so.
    """
    rows = len(figures.sittings) + len(figures.attendances)
    book = Book(lang, provenance.as_of, provenance.figures, live=rows <= MOST_ROWS)
    sheets = {key: book.sheet(book.t(f"sheet.{key}"), book.t(f"about.{key}")) for key in _SHEETS}
    ctx = Context(book, facts, figures)
    ctx = replace(ctx, delivered=provenance_sheet.write(ctx, sheets["provenance"], provenance))
    data = data_sheets.build(ctx)
    sections = {table.name: table for table in section_sheets.build(ctx)}
    drawn = trends.build(ctx, data, sections)
    written = [(book.sheet(table.title, table.note), table)
               for table in (*data, *sections.values(), *drawn)]  # fmt: skip
    for sheet, table in written:
        tables.write(book, sheet, table, official.back(ctx))
    named = {table.name: (sheet, table) for sheet, table in written}
    lines = trends.Trends.of(named)
    thematic_sheet.write(ctx, sheets["thematic"], named)
    members_sheet.write(ctx, sheets["members"], named, lines)
    activities_sheet.write(ctx, sheets["activities"], named)
    signs_sheet.write(ctx, sheets["signs"], named)
    places = pairs_sheet.write(ctx, sheets["pairs"], data)
    cells_sheet.write(ctx, sheets["cells"], data)
    doubts_sheet.write(ctx, sheets["doubts"], data)
    overview.write(ctx, sheets["overview"], overview.Parts(
        returns=completeness_sheet.write(ctx, sheets["completeness"], data),
        rating=rating_sheet.write(ctx, sheets["rating"], data),
        year_mean=year_sheet.write(ctx, sheets["year"], data, lines),
        quotas=quota_sheet.write(ctx, sheets["quota"], data, places),
        classification=classification_sheet.write(ctx, sheets["classification"], data),
        errors=errors_sheet.write(ctx, sheets["errors"]),
        sheets=sheets,
        trends=lines,
    ))  # fmt: skip
    criteria_sheet.write(ctx, sheets["criteria"], data)
    form7_sheet.write(ctx, sheets["forms7"], data)
    bundle_sheet.write(ctx, provenance, written)
    return book.close()
