"""The consolidated workbook: figures as live formulas over data sheets, the values cached.

The figures' sheets come first, for people; behind them one data sheet for every table. The same
inputs give the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Concatenate, ParamSpec, TypeVar

from mlay_batch.figures.report_records import Figures, ReportInputs
from mlay_batch.model.records import AcceptedReturn
from mlay_batch.report import letterhead, tables
from mlay_batch.report.data import data_sheets, sections_data, trends_data
from mlay_batch.report.data.data_sheets import DataTables
from mlay_batch.report.report_context import Provenance, ReportContext
from mlay_batch.report.sheets import (
    cell_visits_sheet,
    classification_sheet,
    completeness_sheet,
    errors_sheet,
    indicators_sheet,
    members_sheet,
    overview_sheet,
    provenance_sheet,
    quota_sheet,
    rating_sheet,
    submission_sheet,
    thematic_sheet,
    year_sheet,
)
from mlay_batch.report.writer import TAB_GREY, ReportWriter, SheetWriter
from mlay_batch.report.xml_worksheet import Part
from mlay_batch.schema.ids import CLASSIFICATION

__all__ = ["Provenance", "write_first_half", "write_sheets"]

# The front sheets with the colours of their tabs, alike where they are about one thing; the others
# are grey.
_FRONT_SHEETS = {
    "overview": "8C1D18",
    "quota": "1F4E8C",
    "cells": "1F4E8C",
    "rating": "2F5D34",
    "year": "2F5D34",
    "completeness": "B58900",
    "thematic": "6B3F8C",
    "members": "6B3F8C",
    "signs": "C4501B",
    "classification": "2A7F86",
}
_BACK_SHEETS = ("errors", "provenance")
P = ParamSpec("P")
T = TypeVar("T")


# Each formula looks through all rows, so that the time grows with the square. Measured on one core
# with LibreOffice 7.4: 1.100 rows 1 s, 3.200 rows 13 s, 5.600 rows 38 s.
MAX_FORMULA_ROWS = 4_000


def write_sheets(
    inputs: ReportInputs,
    figures: Figures,
    provenance: Provenance,
    lang: str = "vi",
    first_half: Callable[[], Part | None] | None = None,
) -> ReportWriter:
    """Return the workbook in `lang` (``vi`` or ``en``), to be closed, which gives its bytes.

    That needs inputs and figures no more. Every figure is a formula with the computed value beside
    it, so that a preview shows it, an auditor can follow it, and a recalculation changes nothing.
    Above `MAX_FORMULA_ROWS` meetings and visits every sheet holds the values alone, and says so.
    `first_half` waits for what `write_first_half` gives in another process; without it, or where
    that is lost, it is written here, to the same bytes.
    """
    book = _Book.begin(inputs, figures, provenance, lang)
    if first_half is None:
        book.write_first_half()
    _write_figure_sheets(book)
    submission_sheet.write(book.ctx, provenance, book.placed_tables.keys())
    writer = book.ctx.writer
    del book  # its tables are large, and done with
    if first_half is not None:
        writer.join(first_half() or write_first_half(inputs, figures, provenance, lang))
    return writer


def write_first_half(
    inputs: ReportInputs, figures: Figures, provenance: Provenance, lang: str
) -> Part:
    """Return what `_Book.write_first_half` writes, for another process."""
    book = _Book.begin(inputs, figures, provenance, lang)
    string_count = book.ctx.writer.string_count
    sheets = book.write_first_half()
    return book.ctx.writer.part(sheets, string_count)


@dataclass(frozen=True)
class _Book:
    """A workbook that has all sheets; only what the figures come from is written.

    Attributes:
        ctx: what the sheets are written from.
        sheets: the sheets for people, by key.
        data: the tables that formulas refer to.
        placed_tables: all data sheets, each with its table, by key.
    """

    ctx: ReportContext
    sheets: Mapping[str, SheetWriter]
    data: DataTables
    placed_tables: Mapping[str, sections_data.PlacedTable]

    @classmethod
    def begin(
        cls, inputs: ReportInputs, figures: Figures, provenance: Provenance, lang: str
    ) -> _Book:
        inputs = _sort_inputs(inputs)
        row_count = len(figures.sittings) + len(figures.attendances)
        writer = ReportWriter(
            lang, provenance.as_of, provenance.figures, has_formulas=row_count <= MAX_FORMULA_ROWS
        )
        ctx = ReportContext.of(writer, inputs, figures)
        sheets = {
            key: writer.add_sheet(
                writer.t(f"sheet.{key}"), writer.t(f"about.{key}"), _FRONT_SHEETS.get(key, TAB_GREY)
            )
            for key in (*_FRONT_SHEETS, *_BACK_SHEETS)
            if _has_sheet(ctx, key)
        }
        delivered = provenance_sheet.write(ctx, sheets["provenance"], provenance)
        sheets["provenance"].flush()
        ctx = replace(ctx, file_cells=delivered)
        data = data_sheets.build(ctx)
        return cls(ctx, sheets, data, _place_tables(ctx, data))

    def write(
        self,
        key: str,
        write: Callable[Concatenate[ReportContext, SheetWriter, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Write a sheet for people and settle it."""
        result = write(self.ctx, self.sheets[key], *args, **kwargs)
        self.sheets[key].flush()
        return result

    def write_first_half(self) -> list[SheetWriter]:
        """Write and return the data sheets and the thematic one: together half of the work."""
        back_link = letterhead.back_link(self.ctx)
        for sheet, table in self.placed_tables.values():
            tables.write(self.ctx.writer, sheet, table, back_link)
            if table.section:
                submission_sheet.write_markers(sheet, table)
            sheet.flush()
        data_sheets = [sheet for sheet, _ in self.placed_tables.values()]
        if "thematic" not in self.sheets:
            return data_sheets
        self.write("thematic", thematic_sheet.write, tables=self.placed_tables)
        return [*data_sheets, self.sheets["thematic"]]


def _has_sheet(ctx: ReportContext, key: str) -> bool:
    """Whether there is anything to write on a sheet.

    The yearly classification has its sheet in a year's workbook, and in that of a period in which
    a yearly return came in: from its first day to that of the figures.
    """
    figures, inputs = ctx.figures, ctx.inputs
    if key == "classification":
        days = [
            accepted.entry.received[:10]
            for accepted in inputs.returns
            if accepted.entry.form == CLASSIFICATION
        ]
        first, last = figures.period.start.isoformat(), figures.as_of.isoformat()
        is_year = figures.period.kind == "year"
        return bool(figures.years) and (is_year or any(first <= day <= last for day in days))
    contents = {
        "quota": figures.quota,
        "cells": figures.cell_visits,
        "thematic": figures.thematic or figures.activities or inputs.register.work,
        "members": figures.movement and figures.movement.lines,
        "signs": figures.indicator_hits or inputs.catalogue.indicator_sets_for(figures.period),
    }
    return bool(contents.get(key, True))


def _write_figure_sheets(book: _Book) -> None:
    sheets, data, placed_tables = book.sheets, book.data, book.placed_tables
    trend_tables = trends_data.Trends.of(placed_tables)
    by_key: dict[str, Callable[[ReportContext, SheetWriter], object]] = {
        "members": partial(members_sheet.write, tables=placed_tables, trends=trend_tables),
        "signs": partial(
            indicators_sheet.write, sections=placed_tables, organisations=data.organisations
        ),
        "cells": partial(cell_visits_sheet.write, data=data),
        "classification": partial(classification_sheet.write, data=data),
    }
    for key, write in by_key.items():
        if key in sheets:
            book.write(key, write)
    classified_table = placed_tables.get(data.classification.name)
    classified = {"classification": classified_table[0]} if classified_table else {}
    results = overview_sheet.SheetResults(
        form_sums=book.write("completeness", completeness_sheet.write, data),
        rating=book.write("rating", rating_sheet.write, data),
        year_mean=book.write("year", year_sheet.write, data, trend_tables),
        quotas=book.write("quota", quota_sheet.write, data) if "quota" in sheets else (),
        errors=book.write("errors", errors_sheet.write),
        sheets={**classified, **sheets},
        data=data,
        trends=trend_tables,
    )
    # The overview is not settled: heights of its rows say where charts lie.
    overview_sheet.write(book.ctx, sheets["overview"], results)


def _place_tables(ctx: ReportContext, data: DataTables) -> dict[str, sections_data.PlacedTable]:
    """Add a sheet for every table that gets one; return them by the keys of their tables."""
    sections = sections_data.build(ctx, data.joined)
    sent = {table.section: table for table in (*data.joined, *sections)}
    trend_tables = trends_data.build(ctx, data, sent)
    all_tables = (*data, *sections, *trend_tables)
    needed = data_sheets.needed_tables(ctx, data, all_tables).union(t.name for t in trend_tables)
    return {
        table.key: (ctx.writer.add_sheet(table.title, table.note), table)
        for table in data_sheets.number_alike(ctx, all_tables)
        if table.name in needed
    }


def _sort_inputs(inputs: ReportInputs) -> ReportInputs:
    """Return the inputs with returns by form, period and branch, ledger entries by id.

    In whatever order they were read, the data sheets are the same.
    """
    branch_order = {
        organisation.code: number
        for number, organisation in enumerate(inputs.register.organisations)
    }

    def sort_key(accepted: AcceptedReturn) -> tuple[str, str, int, int]:
        entry = accepted.entry
        position = branch_order.get(entry.branch or "", len(branch_order))
        return entry.form or "", entry.period or "", position, entry.id

    return replace(
        inputs,
        returns=tuple(sorted(inputs.returns, key=sort_key)),
        ledger_entries=tuple(
            sorted(inputs.ledger_entries, key=lambda ledger_entry: ledger_entry.id)
        ),
    )
