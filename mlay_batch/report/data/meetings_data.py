"""The tables of meetings: one row a sitting, with its score and band; one row a score, by group.

What a score counts and which band it reaches is calculated in its row, by the scheme of its month:
all other sheets count these rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from itertools import zip_longest
from operator import attrgetter

from mlay_batch.core.period import Period
from mlay_batch.figures.report_records import Sitting
from mlay_batch.report import bands
from mlay_batch.report.formulas import cell, quote
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.tables import (
    DataColumn,
    DataTable,
    data_column,
    data_table,
    is_in_report_year,
    place_text,
    plain_heading,
)
from mlay_batch.schema import Scheme
from mlay_batch.schema.ids import MEETING_SCORE

SCORERS = ("own", "confirmed")


def mark_column(group: str) -> str:
    """Return the id of the column with the points of a group."""
    return f"mark_{group}"


@dataclass(frozen=True)
class _Score:
    """A score of a sitting.

    Attributes:
        sitting: the sitting.
        scorer: who gave it: ``own`` or ``confirmed``.
    """

    sitting: Sitting
    scorer: str


def marks_table(ctx: ReportContext) -> DataTable:
    """Return the points by criteria group, one row for each score of a sitting."""
    column = partial(data_column, ctx)
    columns: tuple[DataColumn[_Score], ...] = (
        column("branch", "center", attrgetter("sitting.branch")),
        column("branch_name", "text", lambda score: ctx.name(score.sitting.branch)),
        column("held_on", "date", attrgetter("sitting.held_on")),
        column("scorer", "center", lambda score: ctx.choice_title("scorer", score.scorer)),
        column("paired", "integer", lambda score: int(len(score.sitting.marks) > 1)),
        *(
            DataColumn(mark_column(name), plain_heading(title), "score", partial(_mark, name))
            for name, title in _groups(ctx).items()
        ),
        column("delivery", "link", lambda score: ctx.file_link(score.sitting.delivery)),
    )
    scores = (
        _Score(sitting, scorer)
        for sitting in _sittings_of_year(ctx)
        for scorer in SCORERS
        if scorer in sitting.marks
    )
    return data_table(ctx, "marks", columns, scores)


def _mark(group: str, score: _Score) -> float | None:
    return score.sitting.marks[score.scorer].get(group)


def _groups(ctx: ReportContext) -> Mapping[str, str]:
    """Return the criteria groups of the year's schemes by id, those of the period's one first."""
    periods = {sitting.period.start: sitting.period for sitting in _sittings_of_year(ctx)}
    schemes = (
        ctx.figures.score_scheme,
        *(_scheme_for(ctx, periods[day]) for day in sorted(periods)),
    )
    return {
        group.id: group.title.of(ctx.lang)
        for scheme in reversed([candidate for candidate in schemes if candidate])
        for group in scheme.groups
    }


def _sittings_of_year(ctx: ReportContext) -> Iterator[Sitting]:
    return (sitting for sitting in ctx.figures.sittings if is_in_report_year(ctx, sitting.held_on))


def _scheme_for(ctx: ReportContext, period: Period) -> Scheme | None:
    return ctx.inputs.catalogue.scheme_for(MEETING_SCORE, period)


def sittings_table(ctx: ReportContext, marks: DataTable) -> DataTable:
    """Return the sittings of the year to date."""

    def kinds(sitting: Sitting) -> str:
        return ", ".join(ctx.choice_title("meeting_kind", kind) for kind in sitting.kinds)

    @cache
    def formulas(period: Period) -> _SittingFormulas:
        return _SittingFormulas(ctx, marks, ranks, _scheme_for(ctx, period))

    ranks, column = bands.ranks(ctx), partial(data_column, ctx)
    columns: tuple[DataColumn[Sitting], ...] = (
        column("branch", "center", attrgetter("branch")),
        column("branch_name", "text", lambda sitting: ctx.name(sitting.branch)),
        column("held_on", "date", attrgetter("held_on")),
        column("kind", "text", kinds),
        column("regular", "integer", lambda sitting: int(sitting.regular)),
        column("thematic", "integer", lambda sitting: int(sitting.thematic)),
        column("members", "integer", attrgetter("members")),
        column("own", "score", attrgetter("own_score")),
        column("confirmed", "score", attrgetter("confirmed_score")),
        column(
            "score",
            "score",
            lambda sitting: "" if sitting.score is None else sitting.score,
            lambda sitting: formulas(sitting.period).score,
        ),
        column(
            "rank",
            "integer",
            lambda sitting: ranks[sitting.band] if sitting.band else "",
            lambda sitting: formulas(sitting.period).rank,
        ),
        column("remark", "text", attrgetter("note")),
        column("delivery", "link", lambda sitting: ctx.file_link(sitting.delivery)),
        column("cell", "center", lambda sitting: place_text(sitting.place)),
    )
    return data_table(ctx, "sittings", columns, _sittings_of_year(ctx))


class _SittingFormulas:
    """Score and rank of a row under one scheme; see `figures.scoring` for what they say.

    Attributes:
        score: the formula of the points that count: the confirmed total before the own.
        rank: that of the band's number; empty without a score or below every band.
    """

    def __init__(
        self, ctx: ReportContext, marks: DataTable, ranks: Mapping[str, int], scheme: Scheme | None
    ) -> None:
        own, confirmed = (quote(ctx.choice_title("scorer", scorer)) for scorer in SCORERS)
        self._scheme, self._marks = scheme, marks
        self._own_score = {
            "branch": cell("branch"),
            "held_on": cell("held_on"),
            "scorer": f'IF({cell("confirmed")}<>"",{confirmed},{own})',
        }
        self.score, self.rank = self._score_formula(), self._rank_formula(ranks)

    def _score_formula(self) -> str:
        own, confirmed = cell("own"), cell("confirmed")
        total = f'IF({confirmed}<>"",{confirmed},IF({own}<>"",{own},""))'
        groups = self._scheme.groups if self._scheme else ()
        thematic_groups = [group for group in groups if group.thematic]
        if not thematic_groups or not self._scheme:
            return total
        deductions = "".join(
            f"-{self._marks.sumifs(mark_column(group.id), **self._own_score)}"
            for group in thematic_groups
        )
        points = f"({total}{deductions})"
        full_marks = sum(group.max for group in groups)
        possible_marks = full_marks - sum(group.max for group in thematic_groups)
        if self._scheme.rebase and possible_marks:
            points = f"{points}*{full_marks:g}/{possible_marks:g}"
        no_score = f'AND({own}="",{confirmed}="")'
        return f'IF({no_score},"",IF({cell("thematic")}=1,{total},{points}))'

    def _rank_formula(self, ranks: Mapping[str, int]) -> str:
        best_first = self._scheme.bands_best_first() if self._scheme else ()
        formula = '""'
        for band, next_band in reversed(tuple(zip_longest(best_first, best_first[1:]))):
            rank, full_marks = str(ranks[band.id]), self._full_marks(band.id)
            if full_marks and next_band:
                has_full_marks = f"{self._marks.countifs(**self._own_score, **full_marks)}>0"
                rank = f"IF({has_full_marks},{rank},{ranks[next_band.id]})"
            formula = f"IF({cell('score')}>={band.min:g},{rank},{formula})"
        return f'IF({cell("score")}="","",{formula})'

    def _full_marks(self, band: str) -> dict[str, str]:
        """Return the conditions that the groups a band demands have full marks."""
        if self._scheme is None:
            return {}
        full_marks = {group.id: group.max for group in self._scheme.groups}
        demands = (demand for demand in self._scheme.demands if demand.band == band)
        return {
            mark_column(name): f'">={full_marks[name]:g}"'
            for demand in demands
            for name in demand.full
        }
