"""The consolidated workbook: figures as live formulas over data sheets, the values cached.

The figures' sheets come first, for people; behind them one data sheet for every table. The same
inputs give the same bytes.
"""

from __future__ import annotations

from dataclasses import replace

from mlay_batch.figures.records import Facts, Figures
from mlay_batch.records import Return
from mlay_batch.report import (
    activities_sheet,
    bundle_sheet,
    cells_sheet,
    classification_sheet,
    comparison_sheet,
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
from mlay_batch.report.data_sheets import Data

__all__ = ["Provenance", "write"]

_SHEETS = (
    "overview", "quota", "pairs", "cells", "doubts", "rating", "year", "comparison",
    "criteria", "classification", "forms7", "completeness", "thematic", "members", "activities",
    "signs", "errors", "provenance",
)  # fmt: skip


# Each formula looks through all rows, so that the time grows with the square. Measured on one core
# with LibreOffice 7.4: 1.100 rows 1 s, 3.200 rows 13 s, 5.600 rows 38 s.
MOST_ROWS = 4_000


def write(facts: Facts, figures: Figures, provenance: Provenance, lang: str = "vi") -> bytes:
    """Return the workbook as bytes, in `lang` (``vi`` or ``en``).

    Every figure is a formula with the computed value beside it, so that a preview shows it, an
    auditor can follow it, and a recalculation changes nothing. Above `MOST_ROWS` meetings and
    visits every sheet holds the values alone, and says so.
    """
    facts = _ordered(facts)
    rows = len(figures.sittings) + len(figures.attendances)
    book = Book(lang, provenance.as_of, provenance.figures, live=rows <= MOST_ROWS)
    sheets = {key: book.sheet(book.t(f"sheet.{key}"), book.t(f"about.{key}")) for key in _SHEETS}
    ctx = Context(book, facts, figures)
    ctx = replace(ctx, delivered=provenance_sheet.write(ctx, sheets["provenance"], provenance))
    data = data_sheets.build(ctx)
    named = _tables(ctx, data)
    lines = trends.Trends.of(named)
    thematic_sheet.write(ctx, sheets["thematic"], named)
    members_sheet.write(ctx, sheets["members"], named, lines)
    activities_sheet.write(ctx, sheets["activities"], named)
    signs_sheet.write(ctx, sheets["signs"], named)
    places = pairs_sheet.write(ctx, sheets["pairs"], data)
    cells_sheet.write(ctx, sheets["cells"], data)
    doubts_sheet.write(ctx, sheets["doubts"], data)
    returns = completeness_sheet.write(ctx, sheets["completeness"], data)
    comparison_sheet.write(ctx, sheets["comparison"], data, returns)
    overview.write(ctx, sheets["overview"], overview.Parts(
        returns=returns,
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
    bundle_sheet.write(ctx, provenance, list(named.values()))
    return book.close()


def _tables(ctx: Context, data: Data) -> dict[str, section_sheets.Written]:
    """Write all data sheets; return them by the names of their tables."""
    sections = {table.name: table for table in section_sheets.build(ctx)}
    drawn = trends.build(ctx, data, sections)
    written = {
        table.name: (ctx.book.sheet(table.title, table.note), table)
        for table in (*data, *sections.values(), *drawn)
    }
    for sheet, table in written.values():
        tables.write(ctx.book, sheet, table, official.back(ctx))
    return written


def _ordered(facts: Facts) -> Facts:
    """Return the facts with returns by form, period and branch, deliveries by number.

    In whatever order they were read, the data sheets are the same.
    """
    place = {entry.code: number for number, entry in enumerate(facts.register.organisations)}

    def rank(found: Return) -> tuple[str, str, int, int]:
        delivery = found.delivery
        branch = place.get(delivery.branch or "", len(place))
        return delivery.form or "", delivery.period or "", branch, delivery.id

    return replace(
        facts,
        returns=tuple(sorted(facts.returns, key=rank)),
        deliveries=tuple(sorted(facts.deliveries, key=lambda delivery: delivery.id)),
    )
