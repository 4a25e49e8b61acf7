"""What charts and sparklines are drawn from: figures by month, by branch and month, by year.

Tables like the others, calculated over the data; a chart shows what stands in them and nothing
else. A month without a figure is blank, so that a line has a gap there and not a nought.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from operator import attrgetter, itemgetter
from statistics import fmean
from typing import TypeVar

from xlsxwriter.utility import xl_rowcol_to_cell

from mlay_batch.report import bands
from mlay_batch.report.data.data_sheets import DataTables
from mlay_batch.report.data.meetings_data import sittings_of_year
from mlay_batch.report.data.sections_data import BRANCH_COLUMN, MONTH_COLUMN, table_name
from mlay_batch.report.formulas import cell, quote
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.tables import (
    HEAD_ROW,
    DataColumn,
    DataTable,
    fill,
    plain_heading,
)
from mlay_batch.report.writer import Content, SheetWriter
from mlay_batch.schema import Quota
from mlay_batch.schema.schemes import Band, Part

_MONTH_TABLE, _BRANCH_TABLE, _YEAR_TABLE = "TheoThang", "TheoDonVi", "TheoNam"
CHARTED = (_MONTH_TABLE, _YEAR_TABLE)  # the tables charts are drawn from
_MONTHS = range(1, 13)
_BAR = "#8FB2D9"
# Nearly all scores lie between 60 and 100: from 0 up every bar would look the same.
_SCALES: Mapping[str, Mapping[str, int]] = {"score": {"min": 40, "max": 110}, "members": {"min": 0}}
ChartRange = list[str | int]
T = TypeVar("T")


@dataclass(frozen=True)
class ChartSource:
    """One of the tables with its sheet: where a chart or a sparkline finds its cells.

    Attributes:
        sheet: the sheet the table is written on.
        table: the table.
    """

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
    """All three tables.

    Attributes:
        months: figures by month.
        branches: figures by branch and month, None where no branch has any.
        years: figures by year, None without a yearly return.
    """

    months: ChartSource
    branches: ChartSource | None
    years: ChartSource | None

    @classmethod
    def of(cls, placed_tables: Mapping[str, tuple[SheetWriter, DataTable]]) -> Trends:
        """Return them from all data sheets by the names of their tables."""
        branches, years = (
            ChartSource(*placed_tables[name]) if name in placed_tables else None
            for name in (_BRANCH_TABLE, _YEAR_TABLE)
        )
        return cls(ChartSource(*placed_tables[_MONTH_TABLE]), branches, years)

    def draw_sparklines(
        self, sheet: SheetWriter, first: int, column: int, branches: Iterable[str], figure: str
    ) -> None:
        """Draw each branch's figures of the months (``score`` or ``members``), from `first` on.

        All are one group, as Excel's own dialog makes it. Columns, not lines: LibreOffice prints
        no line.
        """
        ranges: dict[str, str] = {}
        for row, branch in enumerate(branches if self.branches else (), first):
            if self.branches and (
                cells := self.branches.row_range(branch, f"{figure}1", f"{figure}{_MONTHS[-1]}")
            ):
                ranges[xl_rowcol_to_cell(row, column)] = cells
        if ranges:
            options = {"type": "column", "series_color": _BAR, **_SCALES[figure]}
            locations = {"location": list(ranges), "range": list(ranges.values())}
            sheet.raw.add_sparkline(first, column, options | locations)


@dataclass(frozen=True)
class _YearRow:
    """The grades of one part in one year.

    Attributes:
        title: the part as the newest scheme calls it.
        year: the year.
        part: the part as the scheme of the year has it.
        counts: how many have each grade.
        kind: the type of the organisations that report them, where kinds are shown apart.
    """

    title: str
    year: int
    part: Part
    counts: Mapping[str, int]
    kind: str = ""

    def share(self, rank: int) -> float | None:
        """Return the share of a grade of the rated, the best 1; None without such a grade."""
        counts = [self.counts.get(grade.id, 0) for grade in self.part.grades]
        return 100 * counts[rank - 1] / sum(counts) if rank <= len(counts) and any(counts) else None


def build(
    ctx: ReportContext, data: DataTables, sections: Mapping[str, DataTable]
) -> tuple[DataTable, ...]:
    """Return the tables; `sections` are those of the returned sections by name."""
    months = range(1, ctx.figures.period.end.month + 1)
    branch_columns = _branch_columns(ctx, data, sections)
    tables = (
        _table(ctx, _MONTH_TABLE, "months", _month_columns(ctx, data), months),
        _table(ctx, _BRANCH_TABLE, "branches", branch_columns, _branch_codes(ctx)),
    )
    if not ctx.figures.years:
        return tables
    return *tables, _table(ctx, _YEAR_TABLE, "years", _year_columns(ctx, data), _year_rows(ctx))


def _table(
    ctx: ReportContext, name: str, key: str, columns: Iterable[DataColumn[T]], things: Iterable[T]
) -> DataTable:
    note_key = "trend.note_years" if key == "years" else "trend.note"
    title, note = ctx.t(f"branches/trend.{key}"), ctx.t(f"branches/{note_key}")
    return fill(DataTable(name, title, note, tuple(columns)), things)


def _month_columns(ctx: ReportContext, data: DataTables) -> Iterator[DataColumn[int]]:
    """Yield each month's meetings by band, and the visits so far beside an even pace."""
    yield DataColumn("month", ctx.t("column.month"), "integer", int)
    for band in bands.best_first(ctx):
        yield _band_column(ctx, data, band)
    for quota in {line.quota.quota: line.quota for line in ctx.figures.quota}.values():
        yield from _quota_columns(ctx, data, quota)


def _band_column(ctx: ReportContext, data: DataTables, band: Band) -> DataColumn[int]:
    rank = str(bands.ranks(ctx)[band.id])
    counts = Counter(line.held_on.month for line in sittings_of_year(ctx) if line.band == band.id)

    def formula(month: int) -> str:
        return data.sittings.countifs(held_on=_days(ctx, month), rank=rank)

    title = plain_heading(band.title.of(ctx.lang))
    return DataColumn(
        bands.band_column(band.id), title, "integer", lambda month: counts[month], formula
    )


def _days(ctx: ReportContext, month: int) -> tuple[str, str]:
    """Return the conditions that a day lies in a month of the year."""
    year = ctx.figures.period.year
    return f'">="&DATE({year},{month},1)', f'"<"&DATE({year},{month + 1},1)'


def _quota_columns(ctx: ReportContext, data: DataTables, quota: Quota) -> Iterator[DataColumn[int]]:
    """Yield the visits counted up to a month, and what the officers on duty owe up to it."""
    name, title = quota.quota, quota.title.of(ctx.lang)
    lines = [line for line in ctx.figures.quota if line.quota.quota == name]

    def count(month: int) -> int:
        return sum(sum(filter(None, line.months[:month])) for line in lines)

    def pace(month: int) -> float:
        return sum(line.pace[month - 1] for line in lines)

    seen_title, pace_title = (
        plain_heading(ctx.t(f"branches/trend.{figure}", title=title)) for figure in ("seen", "pace")
    )
    least, until = f"least:{name}", {"month": f'"<="&{cell("month")}'}
    formula = f"ROUND({data.attendance.sumifs(least, **until)},6)"
    if quota.per == "officer_cell":  # of two cells on one day neither is certain by itself
        formula = data.attendance.countifs(**until, **{least: "1"})
    yield DataColumn(f"seen_{name}", seen_title, "integer", count, formula)
    yield DataColumn(f"pace_{name}", pace_title, "points", pace)


def _branch_codes(ctx: ReportContext) -> dict[str, None]:
    codes = dict.fromkeys(line.branch.code for line in ctx.figures.year_ratings)
    movement = ctx.figures.movement
    return codes | dict.fromkeys(line.branch.code for line in (movement.lines if movement else ()))


def _branch_columns(
    ctx: ReportContext, data: DataTables, sections: Mapping[str, DataTable]
) -> Iterator[DataColumn[str]]:
    """Yield each branch's mean score and its members, month by month."""
    t, means, members = ctx.t, _mean_scores(ctx), _member_counts(ctx, sections)
    yield DataColumn("branch", t("column.branch"), "center", str)
    yield DataColumn("branch_name", t("column.branch_name"), "text", ctx.name)
    for month in _MONTHS:
        title, value = f"{t('column.score')} T{month}", partial(_figure, means, month)
        mean = data.sittings.averageifs("score", branch=cell("branch"), held_on=_days(ctx, month))
        yield DataColumn(f"score{month}", title, "points", value, f'IFERROR({mean},"")')
    for month in _MONTHS:
        title, value = f"{t('branches/trend.members')} T{month}", partial(_figure, members, month)
        formula = _members_formula(ctx, sections, month)
        yield DataColumn(f"members{month}", title, "integer", value, formula)


def _figure(figures: Mapping[tuple[str, int], float], month: int, branch: str) -> float | None:
    return figures.get((branch, month))


def _mean_scores(ctx: ReportContext) -> Mapping[tuple[str, int], float]:
    """Return the mean scores of the report's year by branch and month."""
    scores: dict[tuple[str, int], list[float]] = {}
    for sitting in sittings_of_year(ctx):
        if sitting.score is not None:
            scores.setdefault((sitting.branch, sitting.held_on.month), []).append(sitting.score)
    return {key: fmean(month_scores) for key, month_scores in scores.items()}


def _member_counts(
    ctx: ReportContext, sections: Mapping[str, DataTable]
) -> Mapping[tuple[str, int], int]:
    """Return the members at the end of each month as the data sheet has them."""
    if not (movement := ctx.figures.movement):
        return {}
    table = sections[table_name(movement.fields.form, movement.fields.section)]
    ids = (BRANCH_COLUMN, MONTH_COLUMN, movement.fields.closing)
    cells = (itemgetter(*map(table.index, ids))(row) for row in table.rows)
    return {
        (str(branch), int(str(month))): int(str(closing or 0)) for branch, month, closing in cells
    }


def _members_formula(ctx: ReportContext, sections: Mapping[str, DataTable], month: int) -> str:
    if not (movement := ctx.figures.movement):
        return ""
    table = sections[table_name(movement.fields.form, movement.fields.section)]
    conditions = {BRANCH_COLUMN: cell("branch"), MONTH_COLUMN: str(month)}
    return table.sumifs(movement.fields.closing, **conditions)


def _year_rows(ctx: ReportContext) -> Iterator[_YearRow]:
    """Yield a row for each part and year; kinds that are shown apart stand for their part."""
    years = ctx.figures.years
    for newest in years[-1].scheme.parts:
        for kind in [listed.id for listed in newest.kinds] or [""]:
            section = f"{newest.section}/{kind}" if kind else newest.section
            titles = {listed.id: listed.title.of(ctx.lang) for listed in newest.kinds}
            title = titles.get(kind) or newest.title.of(ctx.lang)
            for year in years:
                figures, part = year.part(section), year.scheme.part(newest.section)
                if figures and part:
                    yield _YearRow(title, year.year, part, figures.counts, kind)


def _year_columns(ctx: ReportContext, data: DataTables) -> Iterator[DataColumn[_YearRow]]:
    """Yield the shares of the grades, the best first, of the rated."""
    yield DataColumn("part", ctx.t("column.part"), "text", attrgetter("title"))
    yield DataColumn("year", ctx.t("column.year"), "center", attrgetter("year"))
    parts = (part for year in ctx.figures.years for part in year.scheme.parts)
    for rank in range(1, max(len(part.grades) for part in parts) + 1):
        title = plain_heading(ctx.t("branches/trend.grade", rank=rank))
        share, formula = partial(_YearRow.share, rank=rank), partial(_share_formula, data, rank)
        yield DataColumn(f"grade{rank}", title, "points", share, formula)


def _share_formula(data: DataTables, rank: int, row: _YearRow) -> str:
    part, kind = quote(row.part.section), {"type": quote(row.kind)} if row.kind else {}
    sums = [
        data.classification.sumifs(grade.id, year=str(row.year), part=part, **kind)
        for grade in row.part.grades
    ]
    rated = "+".join(sums)
    return f'IF({rated}=0,"",100*{sums[rank - 1]}/({rated}))'
