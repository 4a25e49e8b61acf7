"""What charts and sparklines are drawn from: figures by month, by branch and month, by year.

Tables like the others, calculated over the data; a chart shows what stands in them and nothing
else. A month without a figure is blank, so that a line has a gap there and not a nought.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean

from xlsxwriter.utility import xl_rowcol_to_cell

from mlay_batch.figures.classified import ClassificationPart, ClassificationYear
from mlay_batch.figures.records import Sitting
from mlay_batch.report import bands
from mlay_batch.report.book import Content, Live, Sheet
from mlay_batch.report.context import Context
from mlay_batch.report.data_sheets import Data
from mlay_batch.report.section_sheets import BRANCH, MONTH, table_name
from mlay_batch.report.tables import HEAD_ROW, Column, Kind, Table, plain
from mlay_batch.report.titled import this_year

_MONTHS, _BRANCHES, _YEARS = "TheoThang", "TheoDonVi", "TheoNam"
CHARTED = (_MONTHS, _YEARS)  # the tables charts are drawn from
_YEAR = 12
_PROGRESS: Mapping[str, Kind] = {"seen": "integer", "pace": "points"}
_BAR = "#8FB2D9"
# Nearly all scores lie between 60 and 100: from 0 up every bar would look the same.
_SCALES: Mapping[str, Mapping[str, int]] = {"score": {"min": 40, "max": 110}, "members": {"min": 0}}
Area = list[str | int]


@dataclass(frozen=True)
class Drawn:
    """One of the tables with its sheet: where a chart or a sparkline finds its cells."""

    sheet: Sheet
    table: Table

    def column(self, name: str, first: int = 0, count: int | None = None) -> Area:
        """Return `count` rows (all from `first` on) of a column as a chart names them."""
        column, end = self.table.index(name), len(self.table.rows)
        last = self.table.row_of(end - 1 if count is None else first + count - 1)
        return [self.sheet.title, self.table.row_of(first), column, last, column]

    def head(self, name: str) -> Area:
        """Return the heading of a column as the name of a series."""
        return [self.sheet.title, HEAD_ROW, self.table.index(name)]

    def across(self, branch: str, first: str, last: str) -> str | None:
        """Return a branch's cells from one column to another, None where it has no row."""
        position = self._positions.get(branch)
        if position is None:
            return None
        start, end = (
            (self.table.row_of(position), self.table.index(name)) for name in (first, last)
        )
        return self.sheet.area(start, end)

    @cached_property
    def _positions(self) -> Mapping[Content, int]:
        return {row[0]: position for position, row in enumerate(self.table.rows)}


@dataclass(frozen=True)
class Trends:
    """All three; `years` is None without a yearly return."""

    months: Drawn
    branches: Drawn
    years: Drawn | None

    @classmethod
    def of(cls, written: Mapping[str, tuple[Sheet, Table]]) -> Trends:
        """Return them from all data sheets by the names of their tables."""
        years = Drawn(*written[_YEARS]) if _YEARS in written else None
        return cls(Drawn(*written[_MONTHS]), Drawn(*written[_BRANCHES]), years)

    def sparks(
        self, sheet: Sheet, first: int, column: int, branches: Iterable[str], kind: str
    ) -> None:
        """Draw each branch's `kind` (``score`` or ``members``) of the months, from row `first` on.

        All are one group, as Excel's own dialog makes it. Columns, not lines: LibreOffice prints
        no line.
        """
        drawn: dict[str, str] = {}
        for row, branch in enumerate(branches, first):
            sheet.put(row, column, None, "text")
            if cells := self.branches.across(branch, f"{kind}1", f"{kind}{_YEAR}"):
                drawn[xl_rowcol_to_cell(row, column)] = cells
        if drawn:
            bars = {"type": "column", "series_color": _BAR, **_SCALES[kind]}
            cells_of = {"location": list(drawn), "range": list(drawn.values())}
            sheet.raw.add_sparkline(first, column, bars | cells_of)


def build(ctx: Context, data: Data, sections: Mapping[str, Table]) -> tuple[Table, ...]:
    """Return the tables; `sections` are those of the returned sections by name."""
    found = by_month(ctx, data), by_branch(ctx, data, sections), by_year(ctx, data)
    return tuple(table for table in found if table)


def by_month(ctx: Context, data: Data) -> Table:
    """Return a row for each month: meetings by band, visits so far beside an even pace."""
    t, ranks = ctx.t, bands.ranks(ctx)
    quotas = {line.quota.quota: line.quota for line in ctx.figures.quota}
    shape = (
        Column("month", t("column.month"), "integer"),
        *(Column(b.id, plain(b.title.of(ctx.lang)), "integer") for b in bands.ranked(ctx)),
        *(
            Column(f"{part}_{name}", plain(t(f"branches/trend.{part}", title=q.title.of(ctx.lang))),
                   kind)
            for name, q in quotas.items()
            for part, kind in _PROGRESS.items()
        ),
    )  # fmt: skip
    month = Table(_MONTHS, "", "", shape, ()).this("month")
    rows: tuple[tuple[Content, ...], ...] = tuple(
        (number, *_banded(ctx, data, ranks, number), *_visited(ctx, data, quotas, number, month))
        for number in range(1, ctx.figures.period.end.month + 1)
    )
    return Table(_MONTHS, t("branches/trend.months"), t("branches/trend.note"), shape, rows)


def _held(ctx: Context, month: int) -> list[Sitting]:
    sittings = (entry for entry in ctx.figures.sittings if this_year(ctx, entry.held_on))
    return [entry for entry in sittings if entry.held_on.month == month]


def _within(ctx: Context, data: Data, month: int) -> str:
    """Return the criteria for meetings of a month of the year."""
    days, year = data.sittings.ref("held_on"), ctx.figures.period.year
    return f'{days},">="&DATE({year},{month},1),{days},"<"&DATE({year},{month + 1},1)'


def _banded(ctx: Context, data: Data, ranks: Mapping[str, int], month: int) -> Iterator[Live]:
    held, rank = _held(ctx, month), data.sittings.ref("rank")
    for band in bands.ranked(ctx):
        formula = f"=COUNTIFS({_within(ctx, data, month)},{rank},{ranks[band.id]})"
        yield Live(formula, sum(entry.band == band.id for entry in held))


def _visited(
    ctx: Context, data: Data, quotas: Mapping[str, object], month: int, cell: str
) -> Iterator[Live]:
    """Yield the visits counted up to a month, and what an even pace towards the year's sum is."""
    table = data.attendance
    for name in quotas:
        counted = sum(
            visit.counts
            for visit in ctx.figures.attendances
            if visit.quota == name and this_year(ctx, visit.held_on)
            and visit.held_on.month <= month
        )  # fmt: skip
        asked = f'{table.ref("month")},"<="&{cell}'
        yield Live(f"=SUMIFS({table.ref(f'counts:{name}')},{asked})", counted)
        owed = sum(line.obligation for line in ctx.figures.quota if line.quota.quota == name)
        yield Live(f"={owed}*{cell}/{_YEAR}", owed * month / _YEAR)


def by_branch(ctx: Context, data: Data, sections: Mapping[str, Table]) -> Table:
    """Return a row for each branch: its mean score and its members, month by month."""
    t, months = ctx.t, range(1, _YEAR + 1)
    shape = (
        Column("branch", t("column.branch"), "center"),
        Column("branch_name", t("column.branch_name")),
        *(Column(f"score{n}", f"{t('column.score')} T{n}", "points") for n in months),
        *(Column(f"members{n}", f"{t('branches/trend.members')} T{n}", "integer") for n in months),
    )
    own = Table(_BRANCHES, "", "", shape, ()).this("branch")
    scores: dict[tuple[str, int], list[float]] = {}
    for entry in ctx.figures.sittings:
        if entry.score is not None and this_year(ctx, entry.held_on):
            scores.setdefault((entry.branch, entry.held_on.month), []).append(entry.score)
    closings = _closings(ctx, sections)
    rows = tuple(
        (
            code, ctx.name(code),
            *(_mean(ctx, data, own, n, scores.get((code, n))) for n in months),
            *(_closed(ctx, sections, own, n, closings.get((code, n))) for n in months),
        )
        for code in _branches(ctx)
    )  # fmt: skip
    return Table(_BRANCHES, t("branches/trend.branches"), t("branches/trend.note"), shape, rows)


def _branches(ctx: Context) -> dict[str, None]:
    found = dict.fromkeys(line.branch.code for line in ctx.figures.year_ratings)
    moved = ctx.figures.movement
    return found | dict.fromkeys(line.branch.code for line in (moved.lines if moved else ()))


def _mean(ctx: Context, data: Data, own: str, month: int, found: list[float] | None) -> Content:
    if not found:
        return None
    table = data.sittings
    asked = f"{table.ref('branch')},{own},{_within(ctx, data, month)}"
    return Live(f'=IFERROR(AVERAGEIFS({table.ref("score")},{asked}),"")', fmean(found))


def _closings(ctx: Context, sections: Mapping[str, Table]) -> Mapping[tuple[str, int], int]:
    """Return the members at the end of each month as the data sheet has them."""
    moved = ctx.figures.movement
    if moved is None:
        return {}
    table = sections[table_name(moved.shape.form, moved.shape.section)]
    at = [table.index(name) for name in (BRANCH, MONTH, moved.shape.closing)]
    told = ((row[at[0]], row[at[1]], row[at[2]]) for row in table.rows)
    return {
        (str(branch), int(str(month))): int(str(closing or 0)) for branch, month, closing in told
    }


def _closed(
    ctx: Context, sections: Mapping[str, Table], own: str, month: int, found: int | None
) -> Content:
    moved = ctx.figures.movement
    if moved is None or found is None:
        return None
    table = sections[table_name(moved.shape.form, moved.shape.section)]
    asked = f"{table.ref(BRANCH)},{own},{table.ref(MONTH)},{month}"
    return Live(f"=SUMIFS({table.ref(moved.shape.closing)},{asked})", found)


def by_year(ctx: Context, data: Data) -> Table | None:
    """Return a row for each year and part: the shares of the grades, the best first, of the rated.

    None without a yearly return.
    """
    years = ctx.figures.years
    if not years:
        return None
    count = max(len(part.grades) for year in years for part in year.scheme.parts)
    shape = (
        Column("part", ctx.t("column.part")), Column("year", ctx.t("column.year"), "center"),
        *(Column(f"grade{n}", plain(ctx.t("branches/trend.grade", rank=n)), "points")
          for n in range(1, count + 1)),
    )  # fmt: skip
    rows = tuple(
        (part.title.of(ctx.lang), year.year, *_shares(data, year, found, count))
        for part in years[-1].scheme.parts
        for year in years
        for found in year.parts
        if found.section == part.section
    )
    title, note = ctx.t("branches/trend.years"), ctx.t("branches/trend.note")
    return Table(_YEARS, title, note, shape, rows)


def _shares(
    data: Data, year: ClassificationYear, found: ClassificationPart, count: int
) -> Iterator[Content]:
    table = data.classification
    part = next(part for part in year.scheme.parts if part.section == found.section)
    grades = [grade.id for grade in part.grades]
    rated = sum(found.counts.get(grade, 0) for grade in grades)
    asked = f'{table.ref("year")},{year.year},{table.ref("part")},"{found.section}"'
    sums = [f"SUMIFS({table.ref(grade)},{asked})" for grade in grades]
    whole = "+".join(sums)
    for number in range(count):
        if number >= len(grades) or not rated:
            yield None
            continue
        value = 100 * found.counts.get(grades[number], 0) / rated
        yield Live(f'=IF({whole}=0,"",100*{sums[number]}/({whole}))', value)
