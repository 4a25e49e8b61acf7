"""The consolidated workbook: figures as live formulas over data sheets, the values cached.

The figures' sheets come first, for people; behind them one data sheet for every table. The same
inputs give the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Concatenate, ParamSpec, TypeVar

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
from mlay_batch.report.book import Book, Sheet
from mlay_batch.report.context import Context, Provenance
from mlay_batch.report.data_sheets import Data

__all__ = ["Provenance", "write"]

_SHEETS = (
    "overview", "quota", "pairs", "cells", "doubts", "rating", "year", "comparison",
    "criteria", "classification", "forms7", "completeness", "thematic", "members", "activities",
    "signs", "errors", "provenance",
)  # fmt: skip
_CHARTED = ("overview", "completeness", "rating")  # charts show cells of these
P = ParamSpec("P")
T = TypeVar("T")


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
    pages = _Pages(Context(book, facts, figures), sheets)
    delivered = pages.write("provenance", provenance_sheet.write, provenance)
    ctx = replace(pages.ctx, delivered=delivered)
    data = data_sheets.build(ctx)
    _for_people(_Pages(ctx, sheets), data, _tables(ctx, data))
    bundle_sheet.write(ctx, provenance)
    return book.close()


@dataclass(frozen=True)
class _Pages:
    """The sheets for people: each is settled once it is written, unless a chart shows its cells."""

    ctx: Context
    sheets: Mapping[str, Sheet]

    def write(self, key: str, write: Callable[Concatenate[Context, Sheet, P], T],
              *args: P.args, **kwargs: P.kwargs) -> T:  # fmt: skip
        found = write(self.ctx, self.sheets[key], *args, **kwargs)
        if key not in _CHARTED:
            self.sheets[key].settle()
        return found


def _for_people(pages: _Pages, data: Data, named: Mapping[str, section_sheets.Written]) -> None:
    page, lines = pages.write, trends.Trends.of(named)
    page("thematic", thematic_sheet.write, named)
    page("members", members_sheet.write, named, lines)
    page("activities", activities_sheet.write, named)
    page("signs", signs_sheet.write, named)
    places = page("pairs", pairs_sheet.write, data)
    page("cells", cells_sheet.write, data)
    page("doubts", doubts_sheet.write, data)
    returns = page("completeness", completeness_sheet.write, data)
    page("comparison", comparison_sheet.write, data, returns)
    page("criteria", criteria_sheet.write, data)
    page("forms7", form7_sheet.write, data)
    page("overview", overview.write, overview.Parts(
        returns=returns,
        rating=page("rating", rating_sheet.write, data),
        year_mean=page("year", year_sheet.write, data, lines),
        quotas=page("quota", quota_sheet.write, data, places),
        classification=page("classification", classification_sheet.write, data),
        errors=page("errors", errors_sheet.write),
        sheets=pages.sheets,
        trends=lines,
    ))  # fmt: skip


def _tables(ctx: Context, data: Data) -> dict[str, section_sheets.Written]:
    """Write all data sheets; return them by the names of their tables."""
    sections = {table.name: table for table in section_sheets.build(ctx)}
    drawn = trends.build(ctx, data, sections)
    written = {
        table.name: (ctx.book.sheet(table.title, table.note), table)
        for table in (*data, *sections.values(), *drawn)
    }
    carried = {section.id for section in bundle_sheet.form_of(ctx).sections}
    for sheet, table in written.values():
        tables.write(ctx.book, sheet, table, official.back(ctx))
        if table.name in carried:
            bundle_sheet.mark(sheet, table)
        if table.name not in trends.CHARTED:
            sheet.settle()
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
