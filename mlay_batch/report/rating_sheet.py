"""Xếp loại sinh hoạt: the ten-column list of the period that towns circulate.

A cell has a row for each sitting of the period; one that sent nothing has a grey row saying so.
Scores and crosses come from the table of sittings by cell and day.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from mlay_batch.figures.records import CellRating, Sitting
from mlay_batch.report import bands, official
from mlay_batch.report.book import Live, Sheet
from mlay_batch.report.context import Context
from mlay_batch.report.data_sheets import Data
from mlay_batch.schema import asked

_NAME, _MEMBERS, _DAY, _SCORE, _FIRST_BAND = range(1, 6)
_SPLIT = 4
_SCALE = 90  # per cent: the circulated list fills the width of A4
_SILENT = ("missing", "not_due")


@dataclass(frozen=True)
class RatingTotals:
    """The cells of the total row that other sheets show, and the range of the bands' counts."""

    sittings: Live
    mean: Live
    bands: tuple[tuple[str, Live], ...]
    titles: tuple[int, int, int, int]
    counts: tuple[int, int, int, int]


class _List:
    """The sheet being written: its columns depend on how many bands the scheme has."""

    def __init__(self, ctx: Context, sheet: Sheet, data: Data) -> None:
        self.ctx, self.sheet, self.sittings = ctx, sheet, data.sittings
        self.bands, self.ranks = bands.ranked(ctx), bands.ranks(ctx)
        self.note = _FIRST_BAND + len(self.bands)
        scheme = ctx.figures.score_scheme
        self.decimals = "0.00" if scheme and scheme.rebase else ""  # of scores as given: none
        self.first = self.total = official.TABLE_ROW + 3

    def columns(self) -> int:
        """How many columns the circulated list has: ten with four bands."""
        return self.note + 1

    def over(self, column: int) -> str:
        """Return all rows of a column above the totals."""
        letter = xl_col_to_name(column)
        return f"{letter}{self.first + 1}:{letter}{max(self.total, self.first + 1)}"

    def sum_up(
        self, column: int, formula: str, value: str | float, look: str = "total_count"
    ) -> Live:
        """Write a cell of the total row; return it as other sheets show it."""
        self.sheet.put(self.total, column, Live(formula, value), look)
        return self.sheet.live(self.total, column, value)


def write(ctx: Context, sheet: Sheet, data: Data) -> RatingTotals:
    """Write the sheet; return its totals."""
    page = _List(ctx, sheet, data)
    sheet.widths((5, 33, 9, 12, 9, *([8] * len(page.bands)), 50))
    official.heading(ctx, sheet, page.columns(), _SPLIT, ctx.t("title.rating"), bands.limits(ctx))
    _heads(page)
    row = page.first
    for number, rating in enumerate(ctx.figures.ratings, 1):
        row = _cell_rows(page, row, number, rating)
    totals = _totals(page, row)
    row += 1
    for note in _notes(ctx):
        row += 1
        sheet.put(row, 0, note, "note", span=page.columns())
    sheet.put(row + 1, 0, ctx.t("rating.movement"), "plain", span=page.columns())
    last = official.signatures(ctx, sheet, row + 3, page.columns(), _SPLIT)
    sheet.raw.freeze_panes(page.first, 2)
    sheet.raw.set_print_scale(_SCALE)
    repeat = (official.TABLE_ROW, page.first - 1)
    sheet.print_as(landscape=True, last=(last, page.note), repeat=repeat, fit=False)
    return totals


def _notes(ctx: Context) -> Iterator[str]:
    scheme = ctx.figures.score_scheme
    return asked.of_meetings(scheme, ctx.lang) if scheme else iter(())


def _heads(page: _List) -> None:
    t, put, row = page.ctx.t, page.sheet.put, official.TABLE_ROW
    for column, name in ((0, "stt"), (_NAME, "unit"), (_MEMBERS, "members"), (_DAY, "meeting_day"),
                         (page.note, "explanation")):  # fmt: skip
        put(row, column, t(f"column.{name}"), "head", rows=2)
    put(row, _SCORE, t("rating.levels"), "head", span=len(page.bands) + 1)
    put(row + 1, _SCORE, t("column.points"), "head")
    for column, band in enumerate(page.bands, _FIRST_BAND):
        put(row + 1, column, band.title.of(page.ctx.lang), "head")
    page.sheet.height(row, 27)
    page.sheet.height(row + 1, 27)
    for column in range(page.columns()):
        put(row + 2, column, column + 1, "column_number")


def _cell_rows(page: _List, row: int, number: int, rating: CellRating) -> int:
    """Write a cell's rows, one without a sitting too; return the row after them."""
    if not rating.sittings:
        _silent(page, row, number, rating)
        return row + 1
    for offset, sitting in enumerate(rating.sittings):
        _sitting(page, row + offset, number, rating, sitting, first=not offset)
    return row + len(rating.sittings)


def _silent(page: _List, row: int, number: int, rating: CellRating) -> None:
    put = page.sheet.put
    put(row, 0, number, "quiet_center")
    put(row, _NAME, rating.branch.name, "quiet")
    for column in range(_MEMBERS, page.note):
        put(row, column, None, "quiet_center")
    said = (
        page.ctx.t("not_reported")
        if rating.state in _SILENT
        else page.ctx.state("return", rating.state)
    )
    put(row, page.note, said, "quiet")


def _sitting(page: _List, row: int, number: int, rating: CellRating, sitting: Sitting,
             *, first: bool) -> None:  # fmt: skip
    put = page.sheet.put
    put(row, 0, number if first else None, "center")
    put(row, _NAME, rating.branch.name, "text")
    put(row, _MEMBERS, _found(page, row, rating, "members", sitting.members) if first else None,
        "count")  # fmt: skip
    put(row, _DAY, sitting.held_on, "date")
    score = _found(page, row, rating, "score", sitting.score)
    put(row, _SCORE, score, "score", number=page.decimals)
    for column, band in enumerate(page.bands, _FIRST_BAND):
        rank = f"{page.sittings.ref('rank')},{page.ranks[band.id]}"
        formula = f'=IF(COUNTIFS({_asked(page, row, rating)},{rank})=0,"","x")'
        put(row, column, Live(formula, "x" if band.id == sitting.band else ""), "center")
    put(row, page.note, sitting.note, "text")


def _asked(page: _List, row: int, rating: CellRating) -> str:
    """Return the conditions that find the sitting of the row: its cell and its day."""
    day = xl_rowcol_to_cell(row, _DAY, False, True)
    table = page.sittings
    return f'{table.ref("branch")},"{rating.branch.code}",{table.ref("held_on")},{day}'


def _found(page: _List, row: int, rating: CellRating, column: str, value: float | None) -> Live:
    """Return a figure of the row's sitting, blank where the table has none."""
    asked, wanted = _asked(page, row, rating), page.sittings.ref(column)
    formula = f'=IF(COUNTIFS({asked},{wanted},">=0")=0,"",SUMIFS({wanted},{asked}))'
    return Live(formula, "" if value is None else value)


def _totals(page: _List, row: int) -> RatingTotals:
    sheet, ratings = page.sheet, page.ctx.figures.ratings
    page.total = row
    for column in range(_MEMBERS, page.note + 1):
        sheet.put(row, column, None, "total_count")
    sheet.put(row, 0, page.ctx.t("total"), "total_label", span=2)
    shown = [sitting for rating in ratings for sitting in rating.sittings]
    scores = [sitting.score for sitting in shown if sitting.score is not None]
    members = sum(r.sittings[0].members or 0 for r in ratings if r.sittings)
    page.sum_up(_MEMBERS, f"=SUM({page.over(_MEMBERS)})", members)
    days = page.sum_up(_DAY, f"=COUNT({page.over(_DAY)})", len(shown))
    mean = page.sum_up(
        _SCORE, f'=IF(COUNT({page.over(_SCORE)})=0,"",AVERAGE({page.over(_SCORE)}))',
        sum(scores) / len(scores) if scores else "", "total_points",
    )  # fmt: skip
    counts = tuple(_band_totals(page, shown))
    return RatingTotals(
        days, mean, counts,
        (official.TABLE_ROW + 1, _FIRST_BAND, official.TABLE_ROW + 1, page.note - 1),
        (row, _FIRST_BAND, row, page.note - 1),
    )  # fmt: skip


def _band_totals(page: _List, shown: list[Sitting]) -> Iterator[tuple[str, Live]]:
    for column, band in enumerate(page.bands, _FIRST_BAND):
        crosses = sum(sitting.band == band.id for sitting in shown)
        live = page.sum_up(column, f'=COUNTIF({page.over(column)},"x")', crosses)
        yield band.title.of(page.ctx.lang), live
