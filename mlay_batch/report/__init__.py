"""The consolidated workbook: figures as live formulas over data sheets, the values cached.

The figures' sheets come first, for people; behind them one data sheet for every table. The same
inputs give the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Concatenate, ParamSpec, TypeVar

from mlay_batch.figures.report_records import Figures, ReportInputs
from mlay_batch.model.records import AcceptedReturn
from mlay_batch.report import letterhead, tables
from mlay_batch.report.data import data_sheets, sections_data, trends_data
from mlay_batch.report.data.data_sheets import DataTables
from mlay_batch.report.report_context import Provenance, ReportContext
from mlay_batch.report.sheets import (
    activities_sheet,
    cell_visits_sheet,
    classification_sheet,
    comparison_sheet,
    completeness_sheet,
    criteria_sheet,
    disputed_visits_sheet,
    errors_sheet,
    form7_sheet,
    indicators_sheet,
    members_sheet,
    officer_cell_sheet,
    overview_sheet,
    provenance_sheet,
    quota_sheet,
    rating_sheet,
    submission_sheet,
    thematic_sheet,
    year_sheet,
)
from mlay_batch.report.writer import TAB_GREY, ReportWriter, SheetWriter

__all__ = ["Provenance", "write"]

_SHEET_KEYS = (
    "overview",
    "quota",
    "pairs",
    "cells",
    "doubts",
    "rating",
    "year",
    "comparison",
    "criteria",
    "classification",
    "forms7",
    "completeness",
    "thematic",
    "members",
    "activities",
    "signs",
    "errors",
    "provenance",
)
_BACK_SHEETS = ("errors", "provenance")
P = ParamSpec("P")
T = TypeVar("T")


# Each formula looks through all rows, so that the time grows with the square. Measured on one core
# with LibreOffice 7.4: 1.100 rows 1 s, 3.200 rows 13 s, 5.600 rows 38 s.
MAX_FORMULA_ROWS = 4_000


def write(
    inputs: ReportInputs, figures: Figures, provenance: Provenance, lang: str = "vi"
) -> bytes:
    """Return the workbook as bytes, in `lang` (``vi`` or ``en``).

    Every figure is a formula with the computed value beside it, so that a preview shows it, an
    auditor can follow it, and a recalculation changes nothing. Above `MAX_FORMULA_ROWS` meetings
    and visits every sheet holds the values alone, and says so.
    """
    inputs = _sort_inputs(inputs)
    row_count = len(figures.sittings) + len(figures.attendances)
    writer = ReportWriter(
        lang, provenance.as_of, provenance.figures, has_formulas=row_count <= MAX_FORMULA_ROWS
    )
    sheets = {
        key: writer.add_sheet(
            writer.t(f"sheet.{key}"),
            writer.t(f"about.{key}"),
            TAB_GREY if key in _BACK_SHEETS else "",
        )
        for key in _SHEET_KEYS
    }
    figure_sheets = _FigureSheets(ReportContext.of(writer, inputs, figures), sheets)
    delivered = figure_sheets.write("provenance", provenance_sheet.write, provenance)
    ctx = replace(figure_sheets.ctx, file_cells=delivered)
    data = data_sheets.build(ctx)
    placed_tables = _write_data_sheets(ctx, data)
    _write_figure_sheets(_FigureSheets(ctx, sheets), data, placed_tables)
    submission_sheet.write(ctx, provenance, placed_tables.keys())
    return writer.close()


@dataclass(frozen=True)
class _FigureSheets:
    """The sheets for people, each settled once it is written."""

    ctx: ReportContext
    sheets: Mapping[str, SheetWriter]

    def write(
        self,
        key: str,
        write: Callable[Concatenate[ReportContext, SheetWriter, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        result = write(self.ctx, self.sheets[key], *args, **kwargs)
        self.sheets[key].flush()
        return result


def _write_figure_sheets(
    figure_sheets: _FigureSheets,
    data: DataTables,
    placed_tables: Mapping[str, sections_data.PlacedTable],
) -> None:
    write_sheet, trend_tables = figure_sheets.write, trends_data.Trends.of(placed_tables)
    write_sheet("thematic", thematic_sheet.write, placed_tables)
    write_sheet("members", members_sheet.write, placed_tables, trend_tables)
    write_sheet("activities", activities_sheet.write, placed_tables)
    write_sheet("signs", indicators_sheet.write, placed_tables)
    pair_cells = write_sheet("pairs", officer_cell_sheet.write, data)
    write_sheet("cells", cell_visits_sheet.write, data)
    write_sheet("doubts", disputed_visits_sheet.write, data)
    form_sums = write_sheet("completeness", completeness_sheet.write, data)
    write_sheet("comparison", comparison_sheet.write, data, form_sums)
    write_sheet("criteria", criteria_sheet.write, data)
    write_sheet("forms7", form7_sheet.write, data)
    overview_sheet.write(  # not settled: heights of rows say where charts lie
        figure_sheets.ctx,
        figure_sheets.sheets["overview"],
        overview_sheet.SheetResults(
            form_sums=form_sums,
            rating=write_sheet("rating", rating_sheet.write, data),
            year_mean=write_sheet("year", year_sheet.write, data, trend_tables),
            quotas=write_sheet("quota", quota_sheet.write, data, pair_cells),
            classification=write_sheet("classification", classification_sheet.write, data),
            errors=write_sheet("errors", errors_sheet.write),
            sheets=figure_sheets.sheets,
            trends=trend_tables,
        ),
    )


def _write_data_sheets(
    ctx: ReportContext, data: DataTables
) -> dict[str, sections_data.PlacedTable]:
    """Write all data sheets; return them by the keys of their tables."""
    sections = sections_data.build(ctx, data.joined)
    sent = {table.section: table for table in (*data.joined, *sections)}
    trend_tables = trends_data.build(ctx, data, sent)
    all_tables = (*data, *sections, *trend_tables)
    needed = data_sheets.needed_tables(ctx, data, all_tables).union(t.name for t in trend_tables)
    placed_tables = {
        table.key: (ctx.writer.add_sheet(table.title, table.note), table)
        for table in data_sheets.number_alike(ctx, all_tables)
        if table.name in needed
    }
    for sheet, table in placed_tables.values():
        tables.write(ctx.writer, sheet, table, letterhead.back_link(ctx))
        if table.section:
            submission_sheet.write_markers(sheet, table)
        sheet.flush()
    return placed_tables


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
