"""The tables of meetings and of their scores: what was sent, and beside it what is counted.

What a score counts and which band it reaches is calculated in the row of its meeting, by the scheme
of its month, from the points in the table of scores: all other sheets count these rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from operator import attrgetter
from typing import Any

from mlay_batch.core.period import Period, day_number
from mlay_batch.figures.completeness import MEETINGS
from mlay_batch.figures.report_records import Sitting
from mlay_batch.model.records import Value
from mlay_batch.report import bands
from mlay_batch.report.data import unit_kinds_data
from mlay_batch.report.data.assignments_data import AREA
from mlay_batch.report.data.sections_data import (
    ReturnedRow,
    joined_table,
    meeting_rows,
    meeting_section,
    section_title,
    table_name,
)
from mlay_batch.report.formulas import cell, quote
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.tables import (
    DataColumn,
    DataTable,
    data_column,
    is_in_report_year,
    plain_heading,
    table_head,
)
from mlay_batch.schema import Scheme
from mlay_batch.schema.ids import MEETING, MEETING_SCORE, SCORER, SCORES
from mlay_batch.schema.schemes import Group

SCORERS = ("own", "confirmed")
ScoreTables = Mapping[str, DataTable]  # by section of the form
_MeetingKey = tuple[int, Value, str]  # file, day, kind


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
    """Return the id of a column about the points of a group; no other column can have it."""
    return f"mark_{group}"


def sittings_of_year(ctx: ReportContext) -> Iterator[Sitting]:
    """Yield the sittings of the report's year up to its period."""
    return (sitting for sitting in ctx.figures.sittings if is_in_report_year(ctx, sitting.held_on))


def _month_scheme(ctx: ReportContext, month: Period) -> Scheme | None:
    return ctx.inputs.catalogue.scheme_for(MEETING_SCORE, month)


def _score_section(scheme: Scheme | None, kind: str) -> str:
    """Return the section of the form in which meetings of a kind are scored."""
    return scheme.score_section(kind) if scheme else SCORES


def score_groups(ctx: ReportContext) -> Mapping[str, Group]:
    """Return the criteria groups of the year's schemes by id, those of the period's one first."""
    scheme_of = cache(partial(_month_scheme, ctx))
    year_schemes = (scheme_of(sitting.period) for sitting in sittings_of_year(ctx))
    return {
        group.id: group
        for scheme in reversed([ctx.figures.score_scheme, *year_schemes])
        if scheme
        for group in scheme.groups
    }


def scores_tables(ctx: ReportContext) -> ScoreTables:
    """Return the table of scores of each section that has any, or in which they are asked for."""
    groups = score_groups(ctx).values()
    names = dict.fromkeys((SCORES, *(group.section for group in groups)))
    sections = {name: section for name in names if (section := meeting_section(ctx, name))}
    tables: dict[str, DataTable] = {}
    for name, section in sections.items():
        head = table_head(ctx, "scores")
        if name != SCORES:
            title = section_title(ctx, section)
            head = replace(head, name=table_name(MEETING, name), title=title)
        rows = _score_rows(ctx, name)
        needed = {"total": ctx.t("column.score")} | {
            group.id: plain_heading(group.title.of(ctx.lang))
            for group in groups
            if group.section == name
        }
        columns, remark = _score_columns(ctx, rows), ctx.t("uncounted.scores")
        needed = needed_titles(ctx, SCORER) | needed
        tables[name] = joined_table(ctx, head, name, rows, columns, needed, remark)
    return tables


def needed_titles(ctx: ReportContext, *more: str) -> dict[str, str]:
    """Return the titles of the fields of a meeting that formulas name, and of `more` of them."""
    return {name: ctx.t(f"column.{name}") for name in ("held_on", "kind", *more)}


def _score_rows(ctx: ReportContext, section: str) -> list[ReturnedRow[_Score]]:
    """Return the scores as sent, each with the sitting and the scorer it counts for.

    As `figures.rating` does, of several by one scorer for one sitting the first counts, and one
    without a kind is for the day's first meeting.
    """
    rows: list[ReturnedRow[_Score]] = meeting_rows(ctx, section)
    positions: dict[_MeetingKey, list[int]] = {}
    for number, row in enumerate(rows):
        positions.setdefault(_meeting_of(row), []).append(number)
    for sitting in sittings_of_year(ctx):
        if _score_section(_month_scheme(ctx, sitting.period), sitting.kind) == section:
            day = sitting.delivery, sitting.held_on
            of_sitting = positions.pop((*day, sitting.kind), None) or positions.pop((*day, ""), [])
            first = {
                str(rows[position].value(SCORER)): position for position in reversed(of_sitting)
            }
            for scorer in first.keys() & SCORERS:
                position = first[scorer]
                rows[position] = replace(rows[position], counted=_Score(sitting, scorer))
    return rows


def _meeting_of(row: ReturnedRow[Any]) -> _MeetingKey:
    """Return the meeting a row is of: file, day and kind."""
    return row.entry.id, row.value("held_on"), str(row.value("kind") or "")


def _score_columns(
    ctx: ReportContext, rows: Sequence[ReturnedRow[_Score]]
) -> Iterator[DataColumn[_Score]]:
    column = partial(data_column, ctx)
    if any(row.value("kind") is None for row in rows):  # the meeting's stands for it
        yield column("kind", "text", lambda score: _kind_title(ctx, score.sitting), area=AREA)
    yield column("counted", "integer", lambda _: 1)
    yield column("paired", "integer", lambda score: int(len(score.sitting.marks) > 1))
    key = f'{_meeting_key()}&"|"&{cell(SCORER)}'
    formula = f'IF(AND({cell("counted")}=1,{cell("total")}<>""),{key},"")'
    yield column("score_of", "center", partial(_score_key, ctx), formula, hidden=True)


def _kind_title(ctx: ReportContext, sitting: Sitting) -> str:
    return ctx.choice_title("meeting_kind", sitting.kind)


def _meeting_key() -> str:
    """Return what stands in formulas for the meeting of a row: cell, day and kind."""
    return f'{cell("branch")}&"|"&{cell("held_on")}&"|"&{cell("kind")}'


def _score_key(ctx: ReportContext, score: _Score) -> str:
    """Return what the formula of a score's key is computed to; nothing without a total."""
    sitting = score.sitting
    total = sitting.own_score if score.scorer == "own" else sitting.confirmed_score
    scorer = ctx.choice_title("scorer", score.scorer)
    parts = sitting.branch, str(day_number(sitting.held_on)), _kind_title(ctx, sitting), scorer
    return "" if total is None else "|".join(parts)


def sittings_table(ctx: ReportContext, scores: ScoreTables, organisations: DataTable) -> DataTable:
    """Return the meetings of the year to date, each sitting counted in the first of its rows."""
    sittings: dict[_MeetingKey, Sitting] = {
        (sitting.delivery, sitting.held_on, sitting.kind): sitting
        for sitting in sittings_of_year(ctx)
    }
    rows: list[ReturnedRow[Sitting]] = [
        replace(row, counted=sittings.pop(_meeting_of(row), None))
        for row in meeting_rows(ctx, MEETINGS)
    ]
    head, remark = table_head(ctx, "sittings"), ctx.t("uncounted.sittings")
    kinds = unit_kinds_data.lookup_columns(ctx, organisations)
    columns = (*_sitting_columns(ctx, scores), *kinds)
    return joined_table(ctx, head, MEETINGS, rows, columns, needed_titles(ctx), remark)


def _sitting_columns(ctx: ReportContext, scores: ScoreTables) -> Iterator[DataColumn[Sitting]]:
    column, ranks = partial(data_column, ctx), bands.ranks(ctx)

    @cache
    def formulas_of(month: Period, kind: str) -> _SittingFormulas:
        scheme = _month_scheme(ctx, month)
        table = scores.get(_score_section(scheme, kind))
        return _SittingFormulas(ctx, table, scheme and scheme.for_kind(kind))

    def formulas(sitting: Sitting) -> _SittingFormulas:
        return formulas_of(sitting.period, sitting.kind)

    def rank(sitting: Sitting) -> int | str:
        return ranks[sitting.band] if sitting.band else ""

    yield column("held", "integer", lambda _: 1)
    if any(sitting.listed for sitting in sittings_of_year(ctx)):
        yield column("listed", "integer", lambda sitting: int(sitting.listed))
    yield column("regular", "integer", lambda sitting: int(sitting.regular))
    yield column("thematic", "integer", lambda sitting: int(sitting.thematic))
    yield column("thematic_month", "integer", lambda sitting: int(sitting.thematic_month))
    yield column("members", "integer", attrgetter("members"))
    own, confirmed = (partial(_points, f"{scorer}_score") for scorer in SCORERS)
    yield column("own", "score", own, lambda line: formulas(line).points_of("own"))
    yield column(
        "confirmed", "score", confirmed, lambda line: formulas(line).points_of("confirmed")
    )
    yield column("score", "score", partial(_points, "score"), lambda line: formulas(line).score)
    yield column("rank", "integer", rank, lambda sitting: formulas(sitting).rank)


def _points(name: str, sitting: Sitting) -> float | str:
    """Return points of a sitting as a formula gives them: no text stands for none."""
    points: float | None = getattr(sitting, name)
    return "" if points is None else points


@dataclass(frozen=True)
class _SittingFormulas:
    """Points, score and rank of a row under one scheme; see `figures.scoring` for what they say.

    Attributes:
        ctx: what the report is written from.
        scores: the table of the scores of such meetings; None where nobody is asked for any.
        scheme: the scheme of the sitting's month, with the groups of its kind.
    """

    ctx: ReportContext
    scores: DataTable | None
    scheme: Scheme | None

    def points_of(self, scorer: str) -> str:
        """Return the formula of the total that a scorer gave; none where none is asked for."""
        if self.scores is None:
            return ""
        title = quote(f"|{self.ctx.choice_title('scorer', scorer)}")
        match = f"MATCH({_meeting_key()}&{title},{self.scores.ref('score_of')},0)"
        return f'IFERROR(INDEX({self.scores.ref("total")},{match}),"")'

    @cached_property
    def score(self) -> str:
        """The formula of the points that count: the confirmed total before the own."""
        own_score, confirmed_score = cell("own"), cell("confirmed")
        total = f'IF({confirmed_score}<>"",{confirmed_score},{own_score})'
        groups = self.scheme.groups if self.scheme else ()
        thematic_groups = [group for group in groups if group.thematic]
        if not thematic_groups or not self.scheme or self.scores is None:
            return total
        deductions = "".join(
            f"-{self.scores.sumifs(group.id, score_of=self._counting_key)}"
            for group in thematic_groups
        )
        points = f"({total}{deductions})"
        full_marks = sum(group.max for group in groups)
        possible_marks = full_marks - sum(group.max for group in thematic_groups)
        if self.scheme.rebase and possible_marks:
            points = f"{points}*{full_marks:g}/{possible_marks:g}"
        no_score = f'AND({own_score}="",{confirmed_score}="")'
        return f'IF({no_score},"",IF({cell("thematic_month")}=1,{total},{points}))'

    @cached_property
    def rank(self) -> str:
        """The formula of the band's number; empty without a score or below every band."""
        ranks, score, formula, next_rank = bands.ranks(self.ctx), cell("score"), '""', ""
        for band in reversed(self.scheme.bands_best_first() if self.scheme else ()):
            rank = band_rank = str(ranks[band.id])
            full_marks = self._full_marks(band.id)
            if full_marks and next_rank and self.scores:
                count = self.scores.countifs(score_of=self._counting_key, **full_marks)
                rank = f"IF({count}>0,{band_rank},{next_rank})"
            formula, next_rank = f"IF({score}>={band.min:g},{rank},{formula})", band_rank
        return f'IF({score}="","",{formula})'

    @property
    def _counting_key(self) -> str:
        """What finds the score that counts: the confirmed one, else the cell's own."""
        own_title, confirmed_title = (
            quote(f"|{self.ctx.choice_title('scorer', scorer)}") for scorer in SCORERS
        )
        return f'{_meeting_key()}&IF({cell("confirmed")}<>"",{confirmed_title},{own_title})'

    def _full_marks(self, band: str) -> Mapping[str, str]:
        """Return the conditions that the band's groups have full marks, none without any."""
        if not self.scheme:
            return {}
        full_marks = {group.id: group.max for group in self.scheme.groups}
        return {
            group: f'">={full_marks[group]:g}"'
            for demand in self.scheme.demands
            if demand.band == band
            for group in demand.full
        }
