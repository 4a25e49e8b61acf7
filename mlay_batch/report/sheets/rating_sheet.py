"""Xếp loại sinh hoạt: the ten-column list of the period that towns circulate.

A cell has a row for each sitting of the period; one that sent nothing has a grey row saying so.
Scores and crosses come from the table of sittings by cell and day.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from mlay_batch.figures.report_records import CellRating, Sitting
from mlay_batch.report import bands, letterhead
from mlay_batch.report.data.data_sheets import DataTables
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.writer import Formula, SheetWriter
from mlay_batch.schema import scheme_text

_NAME, _MEMBERS, _DAY, _SCORE, _FIRST_BAND = range(1, 6)
_SPLIT = 4
_PRINT_SCALE = 90  # per cent: the circulated list fills the width of A4
_UNREPORTED = ("missing", "not_due")


@dataclass(frozen=True)
class RatingTotals:
    """The cells of the total row that other sheets show, and the range of the bands' counts."""

    sittings: Formula
    mean: Formula
    bands: tuple[tuple[str, Formula], ...]
    title_range: tuple[int, int, int, int]
    count_range: tuple[int, int, int, int]


class _RatingLayout:
    """The sheet being written: its columns depend on how many bands the scheme has."""

    def __init__(self, ctx: ReportContext, sheet: SheetWriter, data: DataTables) -> None:
        self.ctx, self.sheet, self.sittings = ctx, sheet, data.sittings
        self.bands, self.ranks = bands.best_first(ctx), bands.ranks(ctx)
        self.note_column = _FIRST_BAND + len(self.bands)
        scheme = ctx.figures.score_scheme
        self.score_format = "0.00" if scheme and scheme.rebase else ""  # of scores as given: none
        self.first_row = self.total_row = letterhead.TABLE_ROW + 3

    def column_count(self) -> int:
        """How many columns the circulated list has: ten with four bands."""
        return self.note_column + 1

    def column_range(self, column: int) -> str:
        """Return all rows of a column above the totals."""
        letter = xl_col_to_name(column)
        return f"{letter}{self.first_row + 1}:{letter}{max(self.total_row, self.first_row + 1)}"

    def write_sum(
        self, column: int, formula: str, value: str | float, look: str = "total_count"
    ) -> Formula:
        """Write a cell of the total row; return it as other sheets show it."""
        self.sheet.write(self.total_row, column, Formula(formula, value), look)
        return self.sheet.reference(self.total_row, column, value)


def write(ctx: ReportContext, sheet: SheetWriter, data: DataTables) -> RatingTotals:
    """Write the sheet; return its totals."""
    layout = _RatingLayout(ctx, sheet, data)
    sheet.set_widths((5, 33, 9, 12, 9, *([8] * len(layout.bands)), 50))
    letterhead.write_heading(
        ctx, sheet, layout.column_count(), _SPLIT, ctx.t("title.rating"), bands.limits_text(ctx)
    )
    _write_heads(layout)
    row = layout.first_row
    for number, rating in enumerate(ctx.figures.ratings, 1):
        row = _write_cell_rows(layout, row, number, rating)
    totals = _write_totals(layout, row)
    row += 1
    for note in _notes(ctx):
        row += 1
        sheet.write(row, 0, note, "note", span=layout.column_count())
    sheet.write(row + 1, 0, ctx.t("rating.movement"), "plain", span=layout.column_count())
    last = letterhead.write_signatures(ctx, sheet, row + 3, layout.column_count(), _SPLIT)
    sheet.raw.freeze_panes(layout.first_row, 2)
    sheet.raw.set_print_scale(_PRINT_SCALE)
    repeat = (letterhead.TABLE_ROW, layout.first_row - 1)
    sheet.set_up_page(landscape=True, last=(last, layout.note_column), repeat=repeat, fit=False)
    return totals


def _notes(ctx: ReportContext) -> Iterator[str]:
    scheme = ctx.figures.score_scheme
    return scheme_text.meeting_requirements(scheme, ctx.lang) if scheme else iter(())


def _write_heads(layout: _RatingLayout) -> None:
    t, write, row = layout.ctx.t, layout.sheet.write, letterhead.TABLE_ROW
    for column, name in (
        (0, "stt"),
        (_NAME, "unit"),
        (_MEMBERS, "members"),
        (_DAY, "meeting_day"),
        (layout.note_column, "explanation"),
    ):
        write(row, column, t(f"column.{name}"), "head", rows=2)
    write(row, _SCORE, t("rating.levels"), "head", span=len(layout.bands) + 1)
    write(row + 1, _SCORE, t("column.points"), "head")
    for column, band in enumerate(layout.bands, _FIRST_BAND):
        write(row + 1, column, band.title.of(layout.ctx.lang), "head")
    layout.sheet.set_height(row, 27)
    layout.sheet.set_height(row + 1, 27)
    for column in range(layout.column_count()):
        write(row + 2, column, column + 1, "column_number")


def _write_cell_rows(layout: _RatingLayout, row: int, number: int, rating: CellRating) -> int:
    """Write a cell's rows, one without a sitting too; return the row after them."""
    if not rating.sittings:
        _write_silent_cell(layout, row, number, rating)
        return row + 1
    for offset, sitting in enumerate(rating.sittings):
        _write_sitting(layout, row + offset, number, rating, sitting, is_first=not offset)
    return row + len(rating.sittings)


def _write_silent_cell(layout: _RatingLayout, row: int, number: int, rating: CellRating) -> None:
    write = layout.sheet.write
    write(row, 0, number, "quiet_center")
    write(row, _NAME, rating.branch.name, "quiet")
    for column in range(_MEMBERS, layout.note_column):
        write(row, column, None, "quiet_center")
    text = (
        layout.ctx.t("not_reported")
        if rating.state in _UNREPORTED
        else layout.ctx.state_title("return", rating.state)
    )
    write(row, layout.note_column, text, "quiet")


def _write_sitting(
    layout: _RatingLayout,
    row: int,
    number: int,
    rating: CellRating,
    sitting: Sitting,
    *,
    is_first: bool,
) -> None:
    write = layout.sheet.write
    write(row, 0, number if is_first else None, "center")
    write(row, _NAME, rating.branch.name, "text")
    write(
        row,
        _MEMBERS,
        _figure_formula(layout, row, rating, "members", sitting.members) if is_first else None,
        "count",
    )
    write(row, _DAY, sitting.held_on, "date")
    score = _figure_formula(layout, row, rating, "score", sitting.score)
    write(row, _SCORE, score, "score", number_format=layout.score_format)
    for column, band in enumerate(layout.bands, _FIRST_BAND):
        rank = f"{layout.sittings.ref('rank')},{layout.ranks[band.id]}"
        formula = f'=IF(COUNTIFS({_sitting_criteria(layout, row, rating)},{rank})=0,"","x")'
        write(row, column, Formula(formula, "x" if band.id == sitting.band else ""), "center")
    write(row, layout.note_column, sitting.note, "text")


def _sitting_criteria(layout: _RatingLayout, row: int, rating: CellRating) -> str:
    """Return the conditions that find the sitting of the row: its cell and its day."""
    day = xl_rowcol_to_cell(row, _DAY, False, True)
    table = layout.sittings
    return f'{table.ref("branch")},"{rating.branch.code}",{table.ref("held_on")},{day}'


def _figure_formula(
    layout: _RatingLayout, row: int, rating: CellRating, column: str, value: float | None
) -> Formula:
    """Return a figure of the row's sitting, blank where the table has none."""
    criteria, value_range = _sitting_criteria(layout, row, rating), layout.sittings.ref(column)
    formula = f'=IF(COUNTIFS({criteria},{value_range},">=0")=0,"",SUMIFS({value_range},{criteria}))'
    return Formula(formula, "" if value is None else value)


def _write_totals(layout: _RatingLayout, row: int) -> RatingTotals:
    sheet, ratings = layout.sheet, layout.ctx.figures.ratings
    layout.total_row = row
    for column in range(_MEMBERS, layout.note_column + 1):
        sheet.write(row, column, None, "total_count")
    sheet.write(row, 0, layout.ctx.t("total"), "total_label", span=2)
    sittings = [sitting for rating in ratings for sitting in rating.sittings]
    scores = [sitting.score for sitting in sittings if sitting.score is not None]
    members = sum(r.sittings[0].members or 0 for r in ratings if r.sittings)
    layout.write_sum(_MEMBERS, f"=SUM({layout.column_range(_MEMBERS)})", members)
    sitting_count = layout.write_sum(_DAY, f"=COUNT({layout.column_range(_DAY)})", len(sittings))
    mean = layout.write_sum(
        _SCORE,
        f'=IF(COUNT({layout.column_range(_SCORE)})=0,"",AVERAGE({layout.column_range(_SCORE)}))',
        sum(scores) / len(scores) if scores else "",
        "total_points",
    )
    counts = tuple(_write_band_totals(layout, sittings))
    return RatingTotals(
        sitting_count,
        mean,
        counts,
        (letterhead.TABLE_ROW + 1, _FIRST_BAND, letterhead.TABLE_ROW + 1, layout.note_column - 1),
        (row, _FIRST_BAND, row, layout.note_column - 1),
    )


def _write_band_totals(
    layout: _RatingLayout, sittings: list[Sitting]
) -> Iterator[tuple[str, Formula]]:
    for column, band in enumerate(layout.bands, _FIRST_BAND):
        crosses = sum(sitting.band == band.id for sitting in sittings)
        total = layout.write_sum(column, f'=COUNTIF({layout.column_range(column)},"x")', crosses)
        yield band.title.of(layout.ctx.lang), total
