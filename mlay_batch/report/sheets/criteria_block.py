"""Điểm theo tiêu chí: mean points by criteria group of the year, own, confirmed, difference.

Three lines a cell, so that a filter shows one of the three for all cells, folded away; the mean of
all below.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, partial
from operator import attrgetter, methodcaller

from mlay_batch.figures.report_records import CriteriaMean
from mlay_batch.report.data.data_sheets import DataTables
from mlay_batch.report.data.meetings_data import mark_column
from mlay_batch.report.formulas import quote
from mlay_batch.report.listing import (
    NONE,
    Column,
    Heads,
    Listing,
    number_column,
    titled_column,
)
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.writer import SheetWriter
from mlay_batch.schema.schemes import Group

_SPLIT = 3
_KINDS = ("own", "confirmed", "difference")
_CODE_PLACEHOLDER = "\1"  # stands for a cell's code in the formulas all cells share


@dataclass(frozen=True)
class _CriteriaLine:
    """A line: the means of one cell, or of all.

    Attributes:
        kind: own points, confirmed ones, or the difference.
        means: mean points by criteria group.
        code: the code of the cell; None for the mean of all.
        name: its name.
    """

    kind: str
    means: CriteriaMean
    code: str | None = None
    name: str | None = None

    @cached_property
    def points(self) -> Mapping[str, float | None]:
        """The means of its kind by criteria group."""
        by_kind = self.means.own_points, self.means.confirmed_points, self.means.difference
        return by_kind[_KINDS.index(self.kind)]

    def mean(self, group: str) -> float | str:
        """Return the mean of a group, or ``total``; – where there is none."""
        mean = self.points.get(group)
        return NONE if mean is None else mean


def write(ctx: ReportContext, sheet: SheetWriter, data: DataTables, row: int) -> int:
    """Write the block from `row` on; return the row after it."""
    groups = _scored_groups(ctx)
    heads = Heads(free=int(bool(groups)))  # a row for the full marks of the groups
    listing = Listing(ctx, sheet, _columns(ctx, data, groups), _SPLIT, row + 1, heads=heads)
    sheet.write(row, 0, ctx.t("ratings/criteria.title"), "section", span=sheet.column_count)
    if not ctx.figures.criteria_means:
        listing.next_row = listing.head_row
        listing.write_note(ctx.t("ratings/criteria.none"))
        return listing.next_row
    listing.write_heads()
    if groups:
        _write_full_marks(listing, groups)
    _write_lines(listing)
    listing.write_notes([ctx.t("ratings/criteria.how"), ctx.t("folded.rows")])
    if not groups:
        listing.write_note(ctx.t("not_asked.groups"))
    elif ctx.has_lists:
        listing.write_note(ctx.t("ratings/criteria.listed"))
    return listing.next_row


def _scored_groups(ctx: ReportContext) -> tuple[Group, ...]:
    """Return the criteria groups; none where no meeting of the year has points by group."""
    scheme, means = ctx.figures.score_scheme, ctx.figures.criteria_means
    groups = scheme.groups if scheme else ()
    points = [p for mean in means for p in (mean.own_points, mean.confirmed_points)]
    has_points = any(by_group.get(group.id) is not None for by_group in points for group in groups)
    return groups if has_points or not means else ()


def _write_full_marks(listing: Listing[_CriteriaLine], groups: tuple[Group, ...]) -> None:
    """Write the full marks of each group and their sum, above the numbers of the columns."""
    row, first = listing.first_row - 2, mark_column(groups[0].id)
    label, span = listing.ctx.t("ratings/criteria.full"), listing.position(first)
    listing.sheet.write(row, 0, label, "total_label", span=span)
    for group in groups:
        listing.write_cell(row, mark_column(group.id), group.max, "total_count")
    # score forms of several kinds of meetings have the same sum
    total = sum(group.max for group in groups if group.section == groups[0].section)
    listing.write_cell(row, "total", total, "total_count")


def _write_lines(listing: Listing[_CriteriaLine]) -> None:
    """Write three lines for every cell, then for all."""
    ctx, means = listing.ctx, {mean.branch: mean for mean in listing.ctx.figures.criteria_means}
    no_means = CriteriaMean("", {}, {}, {})
    for number, rating in enumerate(ctx.figures.year_ratings, 1):
        code, name = rating.branch.code, rating.branch.name
        for kind in _KINDS:
            line = _CriteriaLine(kind, means.get(code, no_means), code, name)
            listing.write_row(line, number if kind == "own" else None, folded=True)
    listing.write_filter("total")
    for kind in _KINDS:
        row = listing.next_row
        listing.write_row(_CriteriaLine(kind, means[None]))
        span = listing.position("line")
        listing.sheet.write(row, 0, ctx.t("ratings/criteria.all"), "total_label", span=span)


def _columns(
    ctx: ReportContext, data: DataTables, groups: tuple[Group, ...]
) -> Iterator[Column[_CriteriaLine]]:
    formulas, column = _LineFormulas(ctx, data), partial(titled_column, ctx)
    counts = {kind: _counts(ctx, kind) for kind in _KINDS}
    yield number_column(ctx, 4)
    yield column("column.branch", 9.5, attrgetter("code"), _own_look("center", "quiet_center"))
    yield column("column.unit", 31, attrgetter("name"), _own_look("text", "quiet"))
    center, count = _look("center", "total_count"), _look("count", "total_count")
    yield column("ratings/criteria.line", 12, partial(_kind_title, ctx), center)
    formula = _for_line(formulas.count)
    yield column("column.scored", 6, lambda line: counts[line.kind][line.code], count, formula)
    heading = ctx.t("ratings/criteria.groups")
    for group in groups:
        column_id, title = mark_column(group.id), group.title.of(ctx.lang)
        group_mean = partial(formulas.group_mean, group)
        yield _mean_column(column_id, group.id, title, group_mean, heading)
    yield _mean_column("total", "total", ctx.t("ratings/criteria.total"), formulas.total_mean)


def _kind_title(ctx: ReportContext, line: _CriteriaLine) -> str:
    return ctx.t(f"ratings/criteria.{line.kind}")


def _mean_column(
    column_id: str,
    mean: str,
    title: str,
    formula: Callable[[str, str | None], str],
    heading: str = "",
) -> Column[_CriteriaLine]:
    """Return the column of the means of a group (its id), or of the ``total``."""
    value, look = methodcaller("mean", mean), _look("points", "total_points")
    return Column(column_id, title, 6.5, value, _for_line(formula), look, "0.00", heading)


def _own_look(look: str, repeated_look: str) -> Callable[[_CriteriaLine], str]:
    """Return the look of code and name: quiet where they repeat those of the line above."""
    return lambda line: look if line.kind == "own" else repeated_look


def _look(look: str, total_look: str) -> Callable[[_CriteriaLine], str]:
    return lambda line: total_look if line.code is None else look


def _for_line(make: Callable[[str, str | None], str]) -> Callable[[_CriteriaLine], str]:
    """Return the formula of a line; one made by kind and branch is made once for all cells."""
    made = cache(make)

    def formula(line: _CriteriaLine) -> str:
        if line.code is None:
            return made(line.kind, None)
        return made(line.kind, _CODE_PLACEHOLDER).replace(_CODE_PLACEHOLDER, line.code)

    return formula


class _LineFormulas:
    """The formulas of a line by its kind, of one cell or (None) of all."""

    def __init__(self, ctx: ReportContext, data: DataTables) -> None:
        self.sittings, self.scores = data.sittings, data.scores
        self.scorers = {name: quote(ctx.choice_title("scorer", name)) for name in _KINDS[:2]}

    def count(self, kind: str, branch: str | None) -> str:
        """Return how many sittings were scored so, or by both."""
        return self.sittings.countifs(**_scored_criteria(kind, branch))

    def total_mean(self, kind: str, branch: str | None) -> str:
        """Return the mean of the total points."""
        scored = _scored_criteria(kind, branch)
        own, confirmed = (self.sittings.averageifs(name, **scored) for name in _KINDS[:2])
        means = {"own": own, "confirmed": confirmed, "difference": f"{confirmed}-{own}"}
        return f"IF({self.sittings.countifs(**scored)}=0,{quote(NONE)},{means[kind]})"

    def group_mean(self, group: Group, kind: str, branch: str | None) -> str:
        """Return the mean of the points of a group in the scores that count."""
        of_branch, scores = _of_branch(branch) | {"counted": "1"}, self.scores[group.section]

        def mean(scorer: str, conditions: dict[str, str]) -> str:
            scorers = {"scorer": self.scorers[scorer]}
            return scores.averageifs(group.id, **of_branch, **scorers, **conditions)

        if kind == "difference":
            limit = {"paired": "1"}
            value = f"{mean('confirmed', limit)}-{mean('own', limit)}"
        else:
            limit, value = {"scorer": self.scorers[kind]}, mean(kind, {})
        count = scores.countifs(**of_branch, **limit, **{group.id: '">=0"'})
        return f"IF({count}=0,{quote(NONE)},{value})"


def _of_branch(branch: str | None) -> dict[str, str]:
    return {} if branch is None else {"branch": quote(branch)}


def _scored_criteria(kind: str, branch: str | None) -> dict[str, str]:
    """Return the conditions of the line's sittings: those scored so, or by both."""
    return _of_branch(branch) | dict.fromkeys(_scorers(kind), '">=0"')


def _scorers(kind: str) -> tuple[str, ...]:
    """Return whose scores a meeting needs to count in lines of that kind."""
    return _KINDS[:2] if kind == "difference" else (kind,)


def _counts(ctx: ReportContext, kind: str) -> Counter[str | None]:
    """Count the scored sittings of each branch, and (None) of all, as the lines' formulas do."""
    scores = {"own": attrgetter("own_score"), "confirmed": attrgetter("confirmed_score")}
    scored = [
        sitting.branch
        for sitting in ctx.figures.sittings
        if all(scores[name](sitting) is not None for name in _scorers(kind))
    ]
    return Counter(scored) + Counter({None: len(scored)})
