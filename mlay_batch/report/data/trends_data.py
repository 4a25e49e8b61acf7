"""What charts and sparklines are drawn from: figures by month, by branch and month, by year.

Tables like the others, calculated over the data; a chart shows what stands in them and nothing
else. A month without a figure is blank, so that a line has a gap there and not a nought.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean
from typing import Any

from xlsxwriter.utility import xl_rowcol_to_cell

from mlay_batch.figures.classified import ClassificationPart, ClassificationYear
from mlay_batch.figures.report_records import Sitting
from mlay_batch.report import bands
from mlay_batch.report.data.data_sheets import DataTables
from mlay_batch.report.data.sections_data import BRANCH_COLUMN, MONTH_COLUMN, table_name
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.tables import (
    HEAD_ROW,
    DataColumn,
    DataTable,
    Kind,
    is_in_report_year,
    plain_heading,
)
from mlay_batch.report.writer import Content, Formula, SheetWriter

_MONTH_TABLE, _BRANCH_TABLE, _YEAR_TABLE = "TheoThang", "TheoDonVi", "TheoNam"
CHARTED = (_MONTH_TABLE, _YEAR_TABLE)  # the tables charts are drawn from
_YEAR_MONTHS = 12
_PROGRESS: Mapping[str, Kind] = {"seen": "integer", "pace": "points"}
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
    """All three; `years` is None without a yearly return."""

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
            sheet.write(row, column, None, "text")
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
    t, ranks = ctx.t, bands.ranks(ctx)
    quotas = {line.quota.quota: line.quota for line in ctx.figures.quota}
    all_columns: tuple[DataColumn[Any], ...] = (
        DataColumn("month", t("column.month"), "integer"),
        *(
            DataColumn(band.id, plain_heading(band.title.of(ctx.lang)), "integer")
            for band in bands.best_first(ctx)
        ),
        *(
            DataColumn(
                f"{figure}_{quota_id}",
                plain_heading(t(f"branches/trend.{figure}", title=quota.title.of(ctx.lang))),
                kind,
            )
            for quota_id, quota in quotas.items()
            for figure, kind in _PROGRESS.items()
        ),
    )
    month_cell = DataTable(_MONTH_TABLE, "", "", all_columns, ()).in_row("month")
    rows: tuple[tuple[Content, ...], ...] = tuple(
        (
            number,
            *_band_counts(ctx, data, ranks, number),
            *_visit_counts(ctx, data, quotas, number, month_cell),
        )
        for number in range(1, ctx.figures.period.end.month + 1)
    )
    return DataTable(
        _MONTH_TABLE, t("branches/trend.months"), t("branches/trend.note"), all_columns, rows
    )


def _sittings_in_month(ctx: ReportContext, month: int) -> list[Sitting]:
    sittings = (
        sitting for sitting in ctx.figures.sittings if is_in_report_year(ctx, sitting.held_on)
    )
    return [sitting for sitting in sittings if sitting.held_on.month == month]


def _month_criteria(ctx: ReportContext, data: DataTables, month: int) -> str:
    """Return the criteria for meetings of a month of the year."""
    days, year = data.sittings.ref("held_on"), ctx.figures.period.year
    return f'{days},">="&DATE({year},{month},1),{days},"<"&DATE({year},{month + 1},1)'


def _band_counts(
    ctx: ReportContext, data: DataTables, ranks: Mapping[str, int], month: int
) -> Iterator[Formula]:
    sittings, rank = _sittings_in_month(ctx, month), data.sittings.ref("rank")
    for band in bands.best_first(ctx):
        formula = f"=COUNTIFS({_month_criteria(ctx, data, month)},{rank},{ranks[band.id]})"
        yield Formula(formula, sum(sitting.band == band.id for sitting in sittings))


def _visit_counts(
    ctx: ReportContext, data: DataTables, quotas: Mapping[str, object], month: int, month_cell: str
) -> Iterator[Formula]:
    """Yield the visits counted up to a month, and what an even pace towards the year's sum is."""
    table = data.attendance
    for quota_id in quotas:
        visit_sum = sum(
            visit.counts
            for visit in ctx.figures.attendances
            if visit.quota == quota_id
            and is_in_report_year(ctx, visit.held_on)
            and visit.held_on.month <= month
        )
        criteria = f'{table.ref("month")},"<="&{month_cell}'
        yield Formula(f"=SUMIFS({table.ref(f'counts:{quota_id}')},{criteria})", visit_sum)
        owed = sum(line.obligation for line in ctx.figures.quota if line.quota.quota == quota_id)
        yield Formula(f"={owed}*{month_cell}/{_YEAR_MONTHS}", owed * month / _YEAR_MONTHS)


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
    t, months = ctx.t, range(1, _YEAR_MONTHS + 1)
    all_columns: tuple[DataColumn[Any], ...] = (
        DataColumn("branch", t("column.branch"), "center"),
        DataColumn("branch_name", t("column.branch_name")),
        *(
            DataColumn(f"score{month}", f"{t('column.score')} T{month}", "points")
            for month in months
        ),
        *(
            DataColumn(f"members{month}", f"{t('branches/trend.members')} T{month}", "integer")
            for month in months
        ),
    )
    branch_cell = DataTable(_BRANCH_TABLE, "", "", all_columns, ()).in_row("branch")
    scores = _scores_by_month(ctx)
    closings = _closing_counts(ctx, sections)
    rows = tuple(
        (
            code,
            ctx.name(code),
            *(
                _mean_score(ctx, data, branch_cell, month, scores.get((code, month)))
                for month in months
            ),
            *(
                _closing_formula(ctx, sections, branch_cell, month, closings.get((code, month)))
                for month in months
            ),
        )
        for code in _branch_codes(ctx)
    )
    return DataTable(
        _BRANCH_TABLE, t("branches/trend.branches"), t("branches/trend.note"), all_columns, rows
    )


def _branch_codes(ctx: ReportContext) -> dict[str, None]:
    codes = dict.fromkeys(line.branch.code for line in ctx.figures.year_ratings)
    movement = ctx.figures.movement
    return codes | dict.fromkeys(line.branch.code for line in (movement.lines if movement else ()))


def _mean_score(
    ctx: ReportContext, data: DataTables, branch_cell: str, month: int, scores: list[float] | None
) -> Content:
    if not scores:
        return None
    table = data.sittings
    criteria = f"{table.ref('branch')},{branch_cell},{_month_criteria(ctx, data, month)}"
    return Formula(f'=IFERROR(AVERAGEIFS({table.ref("score")},{criteria}),"")', fmean(scores))


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


def _closing_formula(
    ctx: ReportContext,
    sections: Mapping[str, DataTable],
    branch_cell: str,
    month: int,
    closing: int | None,
) -> Content:
    movement = ctx.figures.movement
    if movement is None or closing is None:
        return None
    table = sections[table_name(movement.fields.form, movement.fields.section)]
    criteria = f"{table.ref(BRANCH_COLUMN)},{branch_cell},{table.ref(MONTH_COLUMN)},{month}"
    return Formula(f"=SUMIFS({table.ref(movement.fields.closing)},{criteria})", closing)


def year_table(ctx: ReportContext, data: DataTables) -> DataTable | None:
    """Return a row for each year and part: the shares of the grades, the best first, of the rated.

    None without a yearly return.
    """
    years = ctx.figures.years
    if not years:
        return None
    grade_count = max(len(part.grades) for year in years for part in year.scheme.parts)
    all_columns: tuple[DataColumn[Any], ...] = (
        DataColumn("part", ctx.t("column.part")),
        DataColumn("year", ctx.t("column.year"), "center"),
        *(
            DataColumn(
                f"grade{rank}", plain_heading(ctx.t("branches/trend.grade", rank=rank)), "points"
            )
            for rank in range(1, grade_count + 1)
        ),
    )
    rows = tuple(
        (part.title.of(ctx.lang), year.year, *_grade_shares(data, year, year_part, grade_count))
        for part in years[-1].scheme.parts
        for year in years
        for year_part in year.parts
        if year_part.section == part.section
    )
    title, note = ctx.t("branches/trend.years"), ctx.t("branches/trend.note")
    return DataTable(_YEAR_TABLE, title, note, all_columns, rows)


def _grade_shares(
    data: DataTables, year: ClassificationYear, year_part: ClassificationPart, grade_count: int
) -> Iterator[Content]:
    table = data.classification
    part = next(part for part in year.scheme.parts if part.section == year_part.section)
    grades = [grade.id for grade in part.grades]
    rated = sum(year_part.counts.get(grade, 0) for grade in grades)
    criteria = f'{table.ref("year")},{year.year},{table.ref("part")},"{year_part.section}"'
    sums = [f"SUMIFS({table.ref(grade)},{criteria})" for grade in grades]
    denominator = "+".join(sums)
    for number in range(grade_count):
        if number >= len(grades) or not rated:
            yield None
            continue
        value = 100 * year_part.counts.get(grades[number], 0) / rated
        yield Formula(f'=IF({denominator}=0,"",100*{sums[number]}/({denominator}))', value)
