"""Xếp loại sinh hoạt: the ten-column list of the period that offices circulate.

A cell has a row for each sitting of the period; one that sent nothing has a grey row saying so.
Scores and crosses come from the table of sittings by cell, day and kind. Below it stands the same
by kind of unit, where the register states any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from mlay_batch.core.styles import NUMBER_FORMATS
from mlay_batch.figures.report_records import CellRating, Sitting
from mlay_batch.report import bands
from mlay_batch.report.data.data_sheets import DataTables
from mlay_batch.report.formulas import fixed, quote, whole
from mlay_batch.report.listing import Column, Listing, number_column, titled_column
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.sheets import unit_kinds_block
from mlay_batch.report.writer import Formula, SheetWriter
from mlay_batch.schema import scheme_text

_SPLIT = 4
_UNREPORTED = ("missing", "not_due")


@dataclass(frozen=True)
class RatingTotals:
    """What other sheets show of the total row.

    Attributes:
        sittings: how many meetings there were.
        mean: their mean score.
        bands: how many reached each band, by its title, the best first.
    """

    sittings: Formula
    mean: Formula
    bands: tuple[tuple[str, Formula], ...]


@dataclass(frozen=True)
class _RatingLine:
    """A row of the list.

    Attributes:
        rating: the cell.
        sitting: a meeting of the period; None for a cell that reported none.
        is_first: whether it is the first row of the cell.
    """

    rating: CellRating
    sitting: Sitting | None
    is_first: bool = True

    def choose_look(self, look: str, silent_look: str = "quiet_center") -> str:
        """Return the look of a cell: rows without a meeting are grey."""
        return look if self.sitting else silent_look


def write(ctx: ReportContext, sheet: SheetWriter, data: DataTables) -> RatingTotals:
    """Write the sheet; return its totals."""
    *columns, explanation = _columns(ctx, data)
    if ctx.figures.unit_kinds:
        widths = (column.width for column in columns)
        sheet.set_widths((*widths, *unit_kinds_block.divide(explanation.width)))
        explanation = replace(explanation, width=2 * explanation.width)  # it takes all that is left
    listing = Listing(ctx, sheet, (*columns, explanation), _SPLIT)
    listing.write_letterhead(ctx.t("title.rating"), bands.limits_text(ctx))
    lines: list[_RatingLine] = []
    for number, rating in enumerate(ctx.figures.ratings, 1):
        for line in _rating_lines(rating):
            listing.write_row(line, number if line.is_first else None)
            lines.append(line)
    totals = listing.write_totals(lines, ctx.t("rating.totals"))
    listing.next_row += 1
    listing.write_notes(_notes(ctx))
    listing.write_note(ctx.t("rating.movement"), "plain")
    listing.write_signatures()
    end_row = unit_kinds_block.write(ctx, sheet, data, listing.next_row)
    listing.set_up_page(end_row, frozen=2)
    return RatingTotals(
        totals["meeting_day"],
        totals["points"],
        tuple(
            (band.title.of(ctx.lang), totals[bands.band_column(band.id)])
            for band in bands.best_first(ctx)
        ),
    )


def _rating_lines(rating: CellRating) -> Iterator[_RatingLine]:
    if not rating.sittings:
        yield _RatingLine(rating, None)
    for number, sitting in enumerate(rating.sittings):
        yield _RatingLine(rating, sitting, is_first=not number)


def _notes(ctx: ReportContext) -> Iterator[str]:
    scheme = ctx.figures.score_scheme
    return scheme_text.meeting_requirements(scheme, ctx.lang) if scheme else iter(())


def _columns(ctx: ReportContext, data: DataTables) -> Iterator[Column[_RatingLine]]:
    column = partial(titled_column, ctx)
    yield number_column(ctx, 4.5, _look("center"))
    yield column("column.unit", 32, lambda line: line.rating.branch.name, _look("text", "quiet"))
    members = partial(_figure_formula, ctx, data, "members")
    yield column("column.members", 8, _members, _look("count"), members, total=True)
    yield Column(
        "meeting_day",
        ctx.t("column.meeting_day"),
        10.5,
        lambda line: line.sitting.held_on if line.sitting else None,
        look=_look("date"),
        total=f"COUNT({whole('meeting_day')})",
        total_value=lambda lines: sum(line.sitting is not None for line in lines),
        total_format=f'#,##0" {ctx.t("rating.meetings")}"',
    )
    yield from _level_columns(ctx, data)
    yield column("column.explanation", 96, partial(_note, ctx), _look("text_small", "quiet"))


def _level_columns(ctx: ReportContext, data: DataTables) -> Iterator[Column[_RatingLine]]:
    """Yield the score, then a cross for the band it reaches."""
    scheme, levels, ranks = ctx.figures.score_scheme, ctx.t("rating.levels"), bands.ranks(ctx)
    yield Column(
        "points",
        ctx.t("column.points"),
        8,
        _score,
        partial(_figure_formula, ctx, data, "score"),
        _look("score"),
        "0.00" if scheme and scheme.rebase else "",  # of scores as given: none
        group=levels,
        total=f'IF(COUNT({whole("points")})=0,"",AVERAGE({whole("points")}))',
        total_value=_mean_score,
        total_look="total_points",
        total_format=f'"{ctx.t("rating.mean")} "{NUMBER_FORMATS["points"]}',
    )
    for band in bands.best_first(ctx):
        yield Column(
            bands.band_column(band.id),
            band.title.of(ctx.lang),
            6.5,
            partial(_cross, band.id),
            partial(_cross_formula, ctx, data, ranks[band.id]),
            _look("center"),
            group=levels,
            total=f'COUNTIF({whole(bands.band_column(band.id))},"x")',
            total_value=partial(_count_crosses, band.id),
        )


def _look(look: str, silent_look: str = "quiet_center") -> Callable[[_RatingLine], str]:
    return lambda line: line.choose_look(look, silent_look)


def _members(line: _RatingLine) -> int | str | None:
    if line.sitting is None or not line.is_first:
        return None
    return "" if line.sitting.members is None else line.sitting.members


def _score(line: _RatingLine) -> float | str | None:
    if line.sitting is None:
        return None
    return "" if line.sitting.score is None else line.sitting.score


def _mean_score(lines: Sequence[_RatingLine]) -> float | str:
    scores = [score for score in map(_score, lines) if isinstance(score, int | float)]
    return sum(scores) / len(scores) if scores else ""


def _cross(band: str, line: _RatingLine) -> str | None:
    if line.sitting is None:
        return None
    return "x" if line.sitting.band == band else ""


def _count_crosses(band: str, lines: Sequence[_RatingLine]) -> int:
    return sum(_cross(band, line) == "x" for line in lines)


def _note(ctx: ReportContext, line: _RatingLine) -> str:
    if line.sitting:
        notes = (ctx.t("rating.listed") if line.sitting.listed else "", line.sitting.note)
        return ". ".join(filter(None, notes))
    state = line.rating.state
    return ctx.t("not_reported") if state in _UNREPORTED else ctx.state_title("return", state)


def _sitting_of(ctx: ReportContext, line: _RatingLine) -> Mapping[str, str]:
    """Return the conditions that find the row's sitting: the cell, the day shown, the kind."""
    kind = line.sitting.kind if line.sitting else ""
    conditions = {"branch": quote(line.rating.branch.code), "held_on": fixed("meeting_day")}
    return conditions | ({"kind": quote(ctx.choice_title("meeting_kind", kind))} if kind else {})


def _figure_formula(ctx: ReportContext, data: DataTables, figure: str, line: _RatingLine) -> str:
    """Return a figure of the row's sitting, blank where the table has none."""
    sitting = _sitting_of(ctx, line)
    count = data.sittings.countifs(**sitting, **{figure: '">=0"'})
    return f'IF({count}=0,"",{data.sittings.sumifs(figure, **sitting)})'


def _cross_formula(ctx: ReportContext, data: DataTables, rank: int, line: _RatingLine) -> str:
    count = data.sittings.countifs(**_sitting_of(ctx, line), rank=str(rank))
    return f'IF({count}=0,"","x")'
