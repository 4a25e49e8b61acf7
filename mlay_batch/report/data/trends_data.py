"""What charts and sparklines are drawn from: figures by month, by branch and month, by year.

Tables like the others, calculated over the data; a chart shows what stands in them and nothing
else. A month without a figure is blank, so that a line has a gap there and not a nought.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from operator import methodcaller
from statistics import fmean

from xlsxwriter.utility import xl_rowcol_to_cell

from mlay_batch.figures.classified import ClassificationPart, ClassificationYear
from mlay_batch.report import bands
from mlay_batch.report.data.data_sheets import DataTables
from mlay_batch.report.data.sections_data import BRANCH_COLUMN, MONTH_COLUMN, table_name
from mlay_batch.report.formulas import cell, quote
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.tables import (
    HEAD_ROW,
    DataColumn,
    DataTable,
    fill,
    is_in_report_year,
    plain_heading,
)
from mlay_batch.report.writer import Content, SheetWriter
from mlay_batch.schema.schemes import Part

_MONTH_TABLE, _BRANCH_TABLE, _YEAR_TABLE = "TheoThang", "TheoDonVi", "TheoNam"
CHARTED = (_MONTH_TABLE, _YEAR_TABLE)  # the tables charts are drawn from
_YEAR_MONTHS = 12
_BAR = "#8FB2D9"
# Nearly all scores lie between 60 and 100: from 0 up every bar would look the same.
_SCALES: Mapping[str, Mapping[str, int]] = {"score": {"min": 40, "max": 110}, "members": {"min": 0}}
ChartRange = list[str | int]


@dataclass(frozen=True)
class ChartSource:
    """One of the tables with its sheet: where a chart or a sparkline finds its cells."""

    sheet: SheetWriter
    table: DataTable

    def column_cells(self, name: str, first: int = 0, count: int | None = None) -> ChartRange:
        """Return `count` rows (all from `first` on) of a column as a chart names them."""
        column, end = self.table.index(name), len(self.table.rows)
        last = self.table.sheet_row(end - 1 if count is None else first + count - 1)
        return [self.sheet.title, self.table.sheet_row(first), column, last, column]

    def heading_cell(self, name: str) -> ChartRange:
        """Return the heading of a column as the name of a series."""
        return [self.sheet.title, HEAD_ROW, self.table.index(name)]

    def row_range(self, branch: str, first: str, last: str) -> str | None:
        """Return a branch's cells from one column to another, None where it has no row."""
        position = self._positions.get(branch)
        if position is None:
            return None
        start, end = (
            (self.table.sheet_row(position), self.table.index(name)) for name in (first, last)
        )
        return self.sheet.range_address(start, end)

    @cached_property
    def _positions(self) -> Mapping[Content, int]:
        return {row[0]: position for position, row in enumerate(self.table.rows)}


@dataclass(frozen=True)
class Trends:
    """The tables that charts and sparklines are drawn from.

    Attributes:
        months: figures by month.
        branches: figures by branch and month.
        years: shares of grades by year; None without a yearly return.
    """

    months: ChartSource
    branches: ChartSource
    years: ChartSource | None

    @classmethod
    def of(cls, placed_tables: Mapping[str, tuple[SheetWriter, DataTable]]) -> Trends:
        """Return them from all data sheets by the names of their tables."""
        years = ChartSource(*placed_tables[_YEAR_TABLE]) if _YEAR_TABLE in placed_tables else None
        return cls(
            ChartSource(*placed_tables[_MONTH_TABLE]),
            ChartSource(*placed_tables[_BRANCH_TABLE]),
            years,
        )

    def draw_sparklines(
        self, sheet: SheetWriter, first: int, column: int, branches: Iterable[str], figure: str
    ) -> None:
        """Draw each branch's `figure` (``score`` or ``members``) of the months, from row `first`
        on.

        All are one group, as Excel's own dialog makes it. Columns, not lines: LibreOffice prints
        no line.
        """
        ranges: dict[str, str] = {}
        for row, branch in enumerate(branches, first):
            if cells := self.branches.row_range(branch, f"{figure}1", f"{figure}{_YEAR_MONTHS}"):
                ranges[xl_rowcol_to_cell(row, column)] = cells
        if ranges:
            options = {"type": "column", "series_color": _BAR, **_SCALES[figure]}
            locations = {"location": list(ranges), "range": list(ranges.values())}
            sheet.raw.add_sparkline(first, column, options | locations)


def build(
    ctx: ReportContext, data: DataTables, sections: Mapping[str, DataTable]
) -> tuple[DataTable, ...]:
    """Return the tables; `sections` are those of the returned sections by name."""
    tables = month_table(ctx, data), branch_table(ctx, data, sections), year_table(ctx, data)
    return tuple(table for table in tables if table)


def month_table(ctx: ReportContext, data: DataTables) -> DataTable:
    """Return a row for each month: meetings by band, visits so far beside an even pace."""
    title, note = ctx.t("branches/trend.months"), ctx.t("branches/trend.note")
    table = DataTable(_MONTH_TABLE, title, note, tuple(_month_columns(ctx, data)))
    return fill(table, range(1, ctx.figures.period.end.month + 1))


def _month_columns(ctx: ReportContext, data: DataTables) -> Iterator[DataColumn[int]]:
    month, ranks = cell("month"), bands.ranks(ctx)
    yield DataColumn("month", ctx.t("column.month"), "integer", lambda month: month)
    for band in bands.best_first(ctx):
        yield DataColumn(
            band.id,
            plain_heading(band.title.of(ctx.lang)),
            "integer",
            partial(_band_count, ctx, band.id),
            partial(_band_formula, ctx, data, ranks[band.id]),
        )
    quotas = {line.quota.quota: line.quota.title.of(ctx.lang) for line in ctx.figures.quota}
    for quota, title in quotas.items():
        owed = sum(line.obligation for line in ctx.figures.quota if line.quota.quota == quota)
        yield DataColumn(
            f"seen_{quota}",
            plain_heading(ctx.t("branches/trend.seen", title=title)),
            "integer",
            partial(_visit_count, ctx, quota),
            data.attendance.sumifs(f"counts:{quota}", month=f'"<="&{month}'),
        )
        yield DataColumn(
            f"pace_{quota}",
            plain_heading(ctx.t("branches/trend.pace", title=title)),
            "points",
            partial(_even_pace, owed),
            f"{owed}*{month}/{_YEAR_MONTHS}",
        )


def _band_count(ctx: ReportContext, band: str, month: int) -> int:
    return sum(
        sitting.band == band and sitting.held_on.month == month
        for sitting in ctx.figures.sittings
        if is_in_report_year(ctx, sitting.held_on)
    )


def _band_formula(ctx: ReportContext, data: DataTables, rank: int, month: int) -> str:
    return data.sittings.countifs(held_on=_days_of_month(ctx, month), rank=str(rank))


def _days_of_month(ctx: ReportContext, month: int) -> tuple[str, str]:
    """Return the conditions on a day to lie in a month of the year."""
    year = ctx.figures.period.year
    return f'">="&DATE({year},{month},1)', f'"<"&DATE({year},{month + 1},1)'


def _visit_count(ctx: ReportContext, quota: str, month: int) -> int:
    """Return the visits that count for a quota up to a month."""
    return sum(
        visit.counts
        for visit in ctx.figures.attendances
        if visit.quota == quota
        and is_in_report_year(ctx, visit.held_on)
        and visit.held_on.month <= month
    )


def _even_pace(owed: int, month: int) -> float:
    """Return how many visits an even pace towards the year's sum makes up to a month."""
    return owed * month / _YEAR_MONTHS


def _scores_by_month(ctx: ReportContext) -> Mapping[tuple[str, int], list[float]]:
    """Return the scores of the report's year by branch and month."""
    scores: dict[tuple[str, int], list[float]] = {}
    for sitting in ctx.figures.sittings:
        if sitting.score is not None and is_in_report_year(ctx, sitting.held_on):
            scores.setdefault((sitting.branch, sitting.held_on.month), []).append(sitting.score)
    return scores


def branch_table(
    ctx: ReportContext, data: DataTables, sections: Mapping[str, DataTable]
) -> DataTable:
    """Return a row for each branch: its mean score and its members, month by month."""
    title, note = ctx.t("branches/trend.branches"), ctx.t("branches/trend.note")
    columns = tuple(_branch_columns(ctx, data, sections))
    return fill(DataTable(_BRANCH_TABLE, title, note, columns), _branch_codes(ctx))


def _branch_columns(
    ctx: ReportContext, data: DataTables, sections: Mapping[str, DataTable]
) -> Iterator[DataColumn[str]]:
    months, branch = range(1, _YEAR_MONTHS + 1), cell("branch")
    yield DataColumn("branch", ctx.t("column.branch"), "center", lambda code: code)
    yield DataColumn("branch_name", ctx.t("column.branch_name"), "text", ctx.name)
    scores = _scores_by_month(ctx)
    for month in months:
        title = f"{ctx.t('column.score')} T{month}"
        days = _days_of_month(ctx, month)
        mean = f'IFERROR({data.sittings.averageifs("score", branch=branch, held_on=days)},"")'
        yield DataColumn(f"score{month}", title, "points", partial(_mean, scores, month), mean)
    movement, closings = ctx.figures.movement, _closing_counts(ctx, sections)
    for month in months:
        title, formula = f"{ctx.t('branches/trend.members')} T{month}", ""
        if movement:
            table = sections[table_name(movement.fields.form, movement.fields.section)]
            of_month = {BRANCH_COLUMN: branch, MONTH_COLUMN: str(month)}
            formula = table.sumifs(movement.fields.closing, **of_month)
        yield DataColumn(
            f"members{month}", title, "integer", partial(_closing, closings, month), formula
        )


def _mean(
    scores: Mapping[tuple[str, int], Sequence[float]], month: int, branch: str
) -> float | None:
    """Return a branch's mean score of a month; None without a score."""
    month_scores = scores.get((branch, month))
    return fmean(month_scores) if month_scores else None


def _closing(closings: Mapping[tuple[str, int], int], month: int, branch: str) -> int | None:
    return closings.get((branch, month))


def _branch_codes(ctx: ReportContext) -> dict[str, None]:
    codes = dict.fromkeys(line.branch.code for line in ctx.figures.year_ratings)
    movement = ctx.figures.movement
    return codes | dict.fromkeys(line.branch.code for line in (movement.lines if movement else ()))


def _closing_counts(
    ctx: ReportContext, sections: Mapping[str, DataTable]
) -> Mapping[tuple[str, int], int]:
    """Return the members at the end of each month as the data sheet has them."""
    movement = ctx.figures.movement
    if movement is None:
        return {}
    table = sections[table_name(movement.fields.form, movement.fields.section)]
    positions = [
        table.index(name) for name in (BRANCH_COLUMN, MONTH_COLUMN, movement.fields.closing)
    ]
    values = ((row[positions[0]], row[positions[1]], row[positions[2]]) for row in table.rows)
    return {
        (str(branch), int(str(month))): int(str(closing or 0)) for branch, month, closing in values
    }


def year_table(ctx: ReportContext, data: DataTables) -> DataTable | None:
    """Return a row for each year and part: the shares of the grades, the best first, of the rated.

    None without a yearly return.
    """
    years = ctx.figures.years
    if not years:
        return None
    parts = [
        _PartOfYear(part, year, year_part)
        for part in years[-1].scheme.parts
        for year in years
        for year_part in year.parts
        if year_part.section == part.section
    ]
    title, note = ctx.t("branches/trend.years"), ctx.t("branches/trend.note")
    return fill(DataTable(_YEAR_TABLE, title, note, tuple(_year_columns(ctx, data))), parts)


@dataclass(frozen=True)
class _PartOfYear:
    """A part of the classification in one year.

    Attributes:
        newest: the part as the newest scheme names it.
        year: the year with its own scheme.
        counts: how many got which grade.
    """

    newest: Part
    year: ClassificationYear
    counts: ClassificationPart

    def title(self, lang: str) -> str:
        """Return the name of the part."""
        return self.newest.title.of(lang)

    @property
    def grades(self) -> list[str]:
        """The grades of the part in that year, the best first."""
        parts = self.year.scheme.parts
        part = next(part for part in parts if part.section == self.counts.section)
        return [grade.id for grade in part.grades]

    def share(self, rank: int) -> float | None:
        """Return the share of a grade among the rated, in per cent; None where there is none."""
        rated = sum(self.counts.counts.get(grade, 0) for grade in self.grades)
        if rank > len(self.grades) or not rated:
            return None
        return 100 * self.counts.counts.get(self.grades[rank - 1], 0) / rated


def _year_columns(ctx: ReportContext, data: DataTables) -> Iterator[DataColumn[_PartOfYear]]:
    grade_count = max(len(part.grades) for year in ctx.figures.years for part in year.scheme.parts)
    yield DataColumn(
        "part", ctx.t("column.part"), "text", lambda line: line.newest.title.of(ctx.lang)
    )
    yield DataColumn("year", ctx.t("column.year"), "center", lambda line: line.year.year)
    for rank in range(1, grade_count + 1):
        title = plain_heading(ctx.t("branches/trend.grade", rank=rank))
        share, formula = methodcaller("share", rank), partial(_share_formula, data, rank)
        yield DataColumn(f"grade{rank}", title, "points", share, formula)


def _share_formula(data: DataTables, rank: int, line: _PartOfYear) -> str:
    conditions = {"year": str(line.year.year), "part": quote(line.counts.section)}
    sums = [data.classification.sumifs(grade, **conditions) for grade in line.grades]
    rated = "+".join(sums)
    return f'IF({rated}=0,"",100*{sums[rank - 1]}/({rated}))'
