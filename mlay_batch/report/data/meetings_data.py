"""The tables of meetings: one row a sitting, with its score and band; one row a score, by group.

What a score counts and which band it reaches is calculated in its row, by the scheme of its month:
all other sheets count these rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, partial
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


@dataclass(frozen=True)
class _Score:
    """A score of a sitting.

    Attributes:
        sitting: the sitting.
        scorer: who gave it: one of `SCORERS`.
    """

    sitting: Sitting
    scorer: str


def mark_column(group: str) -> str:
    """Return the id of the column with the points of a group."""
    return f"mark_{group}"


def marks_table(ctx: ReportContext) -> DataTable:
    """Return the points by criteria group, one row for each score of a sitting."""
    scores = (
        _Score(sitting, scorer)
        for sitting in sittings_of_year(ctx)
        for scorer in SCORERS
        if scorer in sitting.marks
    )
    return data_table(ctx, "marks", _mark_columns(ctx), scores)


def _mark_columns(ctx: ReportContext) -> Iterator[DataColumn[_Score]]:
    column = partial(data_column, ctx)
    yield column("branch", "center", attrgetter("sitting.branch"))
    yield column("branch_name", "text", lambda score: ctx.name(score.sitting.branch))
    yield column("held_on", "date", attrgetter("sitting.held_on"))
    yield column("kind", "text", lambda score: ctx.choice_title("meeting_kind", score.sitting.kind))
    yield column("scorer", "center", lambda score: ctx.choice_title("scorer", score.scorer))
    yield column("paired", "integer", lambda score: int(len(score.sitting.marks) > 1))
    for group, title in _groups(ctx).items():
        points = partial(_points, group)
        yield DataColumn(mark_column(group), plain_heading(title), "score", points)
    yield column("delivery", "link", lambda score: ctx.file_link(score.sitting.delivery))


def _points(group: str, score: _Score) -> float | None:
    return score.sitting.marks[score.scorer].get(group)


def _groups(ctx: ReportContext) -> Mapping[str, str]:
    """Return the criteria groups of the year's schemes by id, those of the period's one first."""
    scheme_of = cache(partial(_month_scheme, ctx))
    year_schemes = (scheme_of(sitting.period) for sitting in sittings_of_year(ctx))
    return {
        group.id: group.title.of(ctx.lang)
        for scheme in reversed([ctx.figures.score_scheme, *year_schemes])
        if scheme
        for group in scheme.groups
    }


def _month_scheme(ctx: ReportContext, month: Period) -> Scheme | None:
    return ctx.inputs.catalogue.scheme_for(MEETING_SCORE, month)


def sittings_of_year(ctx: ReportContext) -> Iterator[Sitting]:
    """Yield the sittings of the report's year up to its period."""
    return (sitting for sitting in ctx.figures.sittings if is_in_report_year(ctx, sitting.held_on))


def sittings_table(ctx: ReportContext, marks: DataTable) -> DataTable:
    """Return the sittings of the year to date."""
    return data_table(ctx, "sittings", _sitting_columns(ctx, marks), sittings_of_year(ctx))


def _sitting_columns(ctx: ReportContext, marks: DataTable) -> Iterator[DataColumn[Sitting]]:
    column, ranks = partial(data_column, ctx), bands.ranks(ctx)

    @cache
    def formulas_of(month: Period, kind: str) -> _SittingFormulas:
        scheme = _month_scheme(ctx, month)
        return _SittingFormulas(ctx, marks, scheme.for_kind(kind) if scheme else None)

    def formulas(sitting: Sitting) -> _SittingFormulas:
        return formulas_of(sitting.period, sitting.kind)

    def score(sitting: Sitting) -> float | str:
        return "" if sitting.score is None else sitting.score

    def rank(sitting: Sitting) -> int | str:
        return ranks[sitting.band] if sitting.band else ""

    yield column("branch", "center", attrgetter("branch"))
    yield column("branch_name", "text", lambda sitting: ctx.name(sitting.branch))
    yield column("held_on", "date", attrgetter("held_on"))
    yield column("kind", "text", lambda sitting: ctx.choice_title("meeting_kind", sitting.kind))
    yield column("regular", "integer", lambda sitting: int(sitting.regular))
    yield column("thematic", "integer", lambda sitting: int(sitting.thematic))
    yield column("members", "integer", attrgetter("members"))
    yield column("own", "score", attrgetter("own_score"))
    yield column("confirmed", "score", attrgetter("confirmed_score"))
    yield column("score", "score", score, lambda sitting: formulas(sitting).score)
    yield column("rank", "integer", rank, lambda sitting: formulas(sitting).rank)
    yield column("remark", "text", attrgetter("note"))
    yield column("delivery", "link", lambda sitting: ctx.file_link(sitting.delivery))
    yield column("cell", "center", lambda sitting: place_text(sitting.place))


@dataclass(frozen=True)
class _SittingFormulas:
    """Score and rank of a row under one scheme; see `figures.scoring` for what they say.

    Attributes:
        ctx: what the report is written from.
        marks: the points by criteria group.
        scheme: the scheme of the sitting's month, with the groups of its kind.
    """

    ctx: ReportContext
    marks: DataTable
    scheme: Scheme | None

    @cached_property
    def score(self) -> str:
        """The formula of the points that count: the confirmed total before the own."""
        own_score, confirmed_score = cell("own"), cell("confirmed")
        total = f'IF({confirmed_score}<>"",{confirmed_score},IF({own_score}<>"",{own_score},""))'
        groups = self.scheme.groups if self.scheme else ()
        thematic_groups = [group for group in groups if group.thematic]
        if not thematic_groups or not self.scheme:
            return total
        deductions = "".join(
            f"-{self.marks.sumifs(mark_column(group.id), **self._own_marks)}"
            for group in thematic_groups
        )
        points = f"({total}{deductions})"
        full_marks = sum(group.max for group in groups)
        possible_marks = full_marks - sum(group.max for group in thematic_groups)
        if self.scheme.rebase and possible_marks:
            points = f"{points}*{full_marks:g}/{possible_marks:g}"
        no_score = f'AND({own_score}="",{confirmed_score}="")'
        return f'IF({no_score},"",IF({cell("thematic")}=1,{total},{points}))'

    @cached_property
    def rank(self) -> str:
        """The formula of the band's number; empty without a score or below every band."""
        ranks, score, formula, next_rank = bands.ranks(self.ctx), cell("score"), '""', ""
        for band in reversed(self.scheme.bands_best_first() if self.scheme else ()):
            rank = band_rank = str(ranks[band.id])
            full_marks = self._full_marks(band.id)
            if full_marks and next_rank:
                count = self.marks.countifs(**self._own_marks, **full_marks)
                rank = f"IF({count}>0,{band_rank},{next_rank})"
            formula, next_rank = f"IF({score}>={band.min:g},{rank},{formula})", band_rank
        return f'IF({score}="","",{formula})'

    @property
    def _own_marks(self) -> Mapping[str, str]:
        """The conditions that find the row's own score in the table by group."""
        own_title, confirmed_title = (
            quote(self.ctx.choice_title("scorer", scorer)) for scorer in SCORERS
        )
        scorer = f'IF({cell("confirmed")}<>"",{confirmed_title},{own_title})'
        sitting = {name: cell(name) for name in ("branch", "held_on", "kind")}
        return {**sitting, "scorer": scorer}

    def _full_marks(self, band: str) -> Mapping[str, str]:
        """Return the conditions that the band's groups have full marks, none without any."""
        if not self.scheme:
            return {}
        full_marks = {group.id: group.max for group in self.scheme.groups}
        return {
            mark_column(group): f'">={full_marks[group]:g}"'
            for demand in self.scheme.demands
            if demand.band == band
            for group in demand.full
        }
