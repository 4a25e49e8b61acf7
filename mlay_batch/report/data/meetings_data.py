"""The tables of meetings: one row a sitting, with its score and band; one row a score, by group.

What a score counts and which band it reaches is calculated in its row, by the scheme of its month:
all other sheets count these rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mlay_batch.figures.report_records import Sitting
from mlay_batch.report import bands
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.tables import (
    DataColumn,
    DataTable,
    data_columns,
    is_in_report_year,
    place_text,
    plain_heading,
    rows_table,
)
from mlay_batch.report.writer import Content, Formula
from mlay_batch.schema import Scheme
from mlay_batch.schema.ids import MEETING_SCORE

SCORERS = ("own", "confirmed")


def mark_column(group: str) -> str:
    """Return the id of the column with the points of a group."""
    return f"mark_{group}"


def marks_table(ctx: ReportContext) -> DataTable:
    """Return the points by criteria group, one row for each score of a sitting."""
    groups = _groups(ctx)
    all_columns = (
        *data_columns(
            ctx,
            {
                "branch": "center",
                "branch_name": "text",
                "held_on": "date",
                "scorer": "center",
                "paired": "integer",
            },
        ),
        *(
            DataColumn(mark_column(name), plain_heading(title), "score")
            for name, title in groups.items()
        ),
        *data_columns(ctx, {"delivery": "link"}),
    )
    rows = tuple(
        (
            sitting.branch,
            ctx.name(sitting.branch),
            sitting.held_on,
            ctx.choice_title("scorer", scorer),
            int(len(sitting.marks) > 1),
            *(sitting.marks[scorer].get(name) for name in groups),
            ctx.file_link(sitting.delivery),
        )
        for sitting in _sittings_of_year(ctx)
        for scorer in SCORERS
        if scorer in sitting.marks
    )
    return rows_table(ctx, "marks", all_columns, rows)


def _groups(ctx: ReportContext) -> Mapping[str, str]:
    """Return the criteria groups of the year's schemes by id, those of the period's one first."""
    schemes = (ctx.figures.score_scheme, *(scheme for scheme, _ in _sittings_with_schemes(ctx)))
    return {
        group.id: group.title.of(ctx.lang)
        for scheme in reversed([candidate for candidate in schemes if candidate])
        for group in scheme.groups
    }


def _sittings_of_year(ctx: ReportContext) -> Iterator[Sitting]:
    return (sitting for sitting in ctx.figures.sittings if is_in_report_year(ctx, sitting.held_on))


def _sittings_with_schemes(ctx: ReportContext) -> Iterator[tuple[Scheme | None, Sitting]]:
    """Yield every sitting after the scheme of its month."""
    schemes: dict[object, Scheme | None] = {}
    for sitting in _sittings_of_year(ctx):
        if sitting.period not in schemes:
            schemes[sitting.period] = ctx.inputs.catalogue.scheme_for(MEETING_SCORE, sitting.period)
        yield schemes[sitting.period], sitting


def sittings_table(ctx: ReportContext, marks: DataTable) -> DataTable:
    """Return the sittings of the year to date."""
    blank_table = rows_table(
        ctx,
        "sittings",
        data_columns(
            ctx,
            {
                "branch": "center",
                "branch_name": "text",
                "held_on": "date",
                "kind": "text",
                "regular": "integer",
                "thematic": "integer",
                "members": "integer",
                "own": "score",
                "confirmed": "score",
                "score": "score",
                "rank": "integer",
                "remark": "text",
                "delivery": "link",
                "cell": "center",
            },
        ),
        (),
    )
    ranks = bands.ranks(ctx)
    formulas: dict[str | None, tuple[str, str]] = {}
    rows: list[tuple[Content, ...]] = []
    for scheme, sitting in _sittings_with_schemes(ctx):
        version = scheme.version if scheme else None
        if version not in formulas:
            row_formulas = _SittingFormulas(ctx, blank_table, marks, scheme)
            formulas[version] = row_formulas.score(), row_formulas.rank(ranks)
        rows.append(_sitting_row(ctx, sitting, *formulas[version], ranks))
    return rows_table(ctx, "sittings", blank_table.columns, tuple(rows))


def _sitting_row(
    ctx: ReportContext, sitting: Sitting, score: str, rank: str, ranks: Mapping[str, int]
) -> tuple[Content, ...]:
    kinds = ", ".join(ctx.choice_title("meeting_kind", kind) for kind in sitting.kinds)
    return (
        sitting.branch,
        ctx.name(sitting.branch),
        sitting.held_on,
        kinds,
        int(sitting.regular),
        int(sitting.thematic),
        sitting.members,
        sitting.own_score,
        sitting.confirmed_score,
        Formula(score, "" if sitting.score is None else sitting.score),
        Formula(rank, ranks[sitting.band] if sitting.band else ""),
        sitting.note,
        ctx.file_link(sitting.delivery),
        place_text(sitting.place),
    )


class _SittingFormulas:
    """Score and rank of a row under one scheme; see `figures.scoring` for what they say."""

    def __init__(
        self, ctx: ReportContext, blank_table: DataTable, marks: DataTable, scheme: Scheme | None
    ) -> None:
        self.scheme, self.marks, self.in_row = scheme, marks, blank_table.in_row
        own_title, confirmed_title = (ctx.choice_title("scorer", scorer) for scorer in SCORERS)
        self.scorer = f'IF({blank_table.in_row("confirmed")}<>"","{confirmed_title}","{own_title}")'

    def _score_criteria(self) -> str:
        """Return the conditions that find the row's own score in the table by group."""
        conditions = {
            "branch": self.in_row("branch"),
            "held_on": self.in_row("held_on"),
            "scorer": self.scorer,
        }
        return ",".join(f"{self.marks.ref(name)},{value}" for name, value in conditions.items())

    def score(self) -> str:
        """Return the formula of the points that count: the confirmed total before the own."""
        own_score, confirmed_score = self.in_row("own"), self.in_row("confirmed")
        total = f'IF({confirmed_score}<>"",{confirmed_score},IF({own_score}<>"",{own_score},""))'
        thematic_groups = (
            [group for group in self.scheme.groups if group.thematic] if self.scheme else []
        )
        if not thematic_groups or not self.scheme:
            return f"={total}"
        deductions = "".join(
            f"-SUMIFS({self.marks.ref(mark_column(g.id))},{self._score_criteria()})"
            for g in thematic_groups
        )
        points = f"({total}{deductions})"
        full_marks = sum(group.max for group in self.scheme.groups)
        possible_marks = full_marks - sum(group.max for group in thematic_groups)
        if self.scheme.rebase and possible_marks:
            points = f"{points}*{full_marks:g}/{possible_marks:g}"
        no_score = f'AND({own_score}="",{confirmed_score}="")'
        return f'=IF({no_score},"",IF({self.in_row("thematic")}=1,{total},{points}))'

    def rank(self, ranks: Mapping[str, int]) -> str:
        """Return the formula of the band's number; empty without a score or below every band."""
        best_first = self.scheme.bands_best_first() if self.scheme else ()
        score = self.in_row("score")
        formula = '""'
        for position in range(len(best_first) - 1, -1, -1):
            band = best_first[position]
            rank, full_criteria = str(ranks[band.id]), self._full_mark_criteria(band.id)
            if full_criteria and position + 1 < len(best_first):
                next_rank = ranks[best_first[position + 1].id]
                rank = f"IF(COUNTIFS({self._score_criteria()}{full_criteria})>0,{rank},{next_rank})"
            formula = f"IF({score}>={band.min:g},{rank},{formula})"
        return f'=IF({score}="","",{formula})'

    def _full_mark_criteria(self, band: str) -> str:
        """Return the conditions that the band's groups have full marks, empty without any."""
        scheme = self.scheme
        full_marks = {group.id: group.max for group in scheme.groups} if scheme else {}
        group_ids = [
            name
            for demand in (scheme.demands if scheme else ())
            if demand.band == band
            for name in demand.full
        ]
        return "".join(
            f',{self.marks.ref(mark_column(name))},">={full_marks[name]:g}"' for name in group_ids
        )
