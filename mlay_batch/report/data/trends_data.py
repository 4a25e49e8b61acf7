"""What charts and sparklines are drawn from: figures by month, by branch and month, by officer.

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

from mlay_batch.core.styles import CHART_FILLS
from mlay_batch.figures.report_records import QuotaLine
from mlay_batch.report import bands, letterhead, tables
from mlay_batch.report.data.data_sheets import DataTables
from mlay_batch.report.data.meetings_data import sittings_of_year
from mlay_batch.report.data.sections_data import BRANCH_COLUMN, MONTH_COLUMN, table_name
from mlay_batch.report.data.windows_data import owed_in
from mlay_batch.report.formulas import cell, is_result
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.tables import DataColumn, DataTable, plain_heading
from mlay_batch.report.writer import Content, Formula, SheetWriter
from mlay_batch.schema.schemes import Band

_MONTH_TABLE, _BRANCH_TABLE, _OFFICER_TABLE = "TheoThang", "TheoDonVi", "TheoCanBo"
_MONTHS = range(1, 13)
# Nearly all scores lie between 60 and 100: from 0 up every bar would look the same.
_SCALES: Mapping[str, Mapping[str, int]] = {"score": {"min": 40, "max": 110}, "members": {"min": 0}}
T = TypeVar("T")


@dataclass(frozen=True)
class ChartCells:
    """The cells of a column that a chart shows.

    Attributes:
        place: title of the sheet, first row and column, last row and column.
        values: what is in them as computed, blank ones None; a preview draws these.
    """

    place: list[str | int]
    values: list[str | int | float | None]

    def numbers(self) -> list[float]:
        """Return the values, 0 where there is no number."""
        return [value if isinstance(value, int | float) else 0 for value in self.values]


@dataclass(frozen=True)
class ChartSource:
    """One of the tables with its sheet: where a chart or a sparkline finds its cells.

    Attributes:
        sheet: the sheet the table is written on.
        table: the table.
    """

    sheet: SheetWriter
    table: DataTable

    def column_cells(self, name: str, first: int = 0, count: int | None = None) -> ChartCells:
        """Return `count` rows (all from `first` on) of a column."""
        column = self.table.index(name)
        end = len(self.table.rows) if count is None else first + count
        ends = self.table.sheet_row(first), column, self.table.sheet_row(end - 1), column
        values = [_chart_value(row[column]) for row in self.table.rows[first:end]]
        return ChartCells([self.sheet.title, *ends], values)

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
    """The tables that are calculated over the data alone.

    Attributes:
        months: figures by month.
        branches: figures by branch and month, the best mean score of the year first.
    """

    months: ChartSource
    branches: ChartSource

    @classmethod
    def of(cls, placed_tables: Mapping[str, tuple[SheetWriter, DataTable]]) -> Trends:
        """Return them from all data sheets by the names of their tables."""
        names = _MONTH_TABLE, _BRANCH_TABLE
        return cls(*(ChartSource(*placed_tables[name]) for name in names))

    def draw_sparklines(
        self, sheet: SheetWriter, first: int, column: int, branches: Iterable[str], figure: str
    ) -> None:
        """Draw each branch's figures of the months (``score`` or ``members``), from `first` on.

        All are one group, as Excel's own dialog makes it. Columns, not lines: LibreOffice prints
        no line.
        """
        ranges: dict[str, str] = {}
        for row, branch in enumerate(branches, first):
            if cells := self.branches.row_range(branch, f"{figure}1", f"{figure}{_MONTHS[-1]}"):
                ranges[xl_rowcol_to_cell(row, column)] = cells
        if ranges:
            look = {"type": "column", "series_color": f"#{CHART_FILLS[0].fill}"}
            locations = {"location": list(ranges), "range": list(ranges.values())}
            sheet.raw.add_sparkline(first, column, {**look, **_SCALES[figure], **locations})


@dataclass(frozen=True)
class OfficerFigures:
    """What an officer attended and owes under a quota.

    Attributes:
        line: the figures.
        attended: the cell of the sheet of quotas that says how many meetings surely count.
        obligation: the cell that says how many are owed in the year.
    """

    line: QuotaLine
    attended: Formula
    obligation: Formula


def build(
    ctx: ReportContext, data: DataTables, sections: Mapping[str, DataTable]
) -> tuple[DataTable, ...]:
    """Return the tables; `sections` are those of the returned sections by name."""
    months = range(1, ctx.figures.period.end.month + 1)
    branch_columns = _branch_columns(ctx, data, sections)
    return (
        _table(ctx, _MONTH_TABLE, "months", _month_columns(ctx, data), months),
        _table(ctx, _BRANCH_TABLE, "branches", branch_columns, _branch_codes(ctx)),
    )


def write_officers(ctx: ReportContext, officers: Iterable[OfficerFigures]) -> ChartSource:
    """Write a data sheet with a row for each of the officers, in their order."""
    table = _table(ctx, _OFFICER_TABLE, "officers", _officer_columns(ctx), officers)
    sheet = ctx.writer.add_sheet(table.title, table.note)
    tables.write(ctx.writer, sheet, table, letterhead.back_link(ctx))
    sheet.flush()
    return ChartSource(sheet, table)


def ranked_cells(ctx: ReportContext) -> list[str]:
    """Return the codes of the cells that still owe returns and have a mean score of the year.

    The best comes first; of equal ones, the first of the register.
    """
    means = {line.branch.code: line.mean for line in ctx.figures.year_ratings if line.owes}
    codes = [code for code, mean in means.items() if mean is not None]
    return sorted(codes, key=lambda code: -(means[code] or 0))


def _chart_value(content: Content) -> str | int | float | None:
    value = content.value if isinstance(content, Formula) else content
    return value if is_result(value) and value != "" else None


def _table(
    ctx: ReportContext, name: str, key: str, columns: Iterable[DataColumn[T]], things: Iterable[T]
) -> DataTable:
    title, note = ctx.t(f"branches/trend.{key}"), ctx.t(f"branches/trend.note.{key}")
    return tables.fill(DataTable(name, title, note, tuple(columns)), things)


def _officer_columns(ctx: ReportContext) -> Iterator[DataColumn[OfficerFigures]]:
    """Yield quota, officer (and the one cell, where it is owed by cell), and the two figures."""

    def quota(officer: OfficerFigures) -> str:
        return officer.line.quota.title.of(ctx.lang)

    def label(officer: OfficerFigures) -> str:
        branch, name = owed_in(officer.line), ctx.officer_in_words(officer.line.officer)
        return f"{name} – {ctx.name_in_words(branch)}" if branch else name

    attended, obligation = attrgetter("attended"), attrgetter("obligation")
    yield DataColumn("quota", ctx.t("branches/trend.quota"), "text", quota)
    yield DataColumn("officer", ctx.t("branches/chart.officer"), "text", label)
    yield DataColumn("attended", ctx.t("branches/chart.attended"), "integer", attended)
    yield DataColumn("obligation", ctx.t("column.obligation"), "integer", obligation)


def _month_columns(ctx: ReportContext, data: DataTables) -> Iterator[DataColumn[int]]:
    """Yield each month's meetings by band."""
    yield DataColumn("month", ctx.t("column.month"), "integer", int)
    for band in bands.best_first(ctx):
        yield _band_column(ctx, data, band)


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


def _branch_codes(ctx: ReportContext) -> dict[str, None]:
    """Return the cells as they are ranked, then the others."""
    movement = ctx.figures.movement
    codes = (line.branch.code for line in ctx.figures.year_ratings)
    others = (line.branch.code for line in (movement.lines if movement else ()))
    return dict.fromkeys((*ranked_cells(ctx), *codes, *others))


def _branch_columns(
    ctx: ReportContext, data: DataTables, sections: Mapping[str, DataTable]
) -> Iterator[DataColumn[str]]:
    """Yield each branch's mean score of the year, then mean score and members month by month."""
    t, means, members = ctx.t, _mean_scores(ctx), _member_counts(ctx, sections)
    year_means = {line.branch.code: line.mean for line in ctx.figures.year_ratings}
    yield DataColumn("branch", t("column.branch"), "center", str)
    yield DataColumn("branch_name", t("column.branch_name"), "text", ctx.name_in_words)
    mean = f'IFERROR({data.sittings.averageifs("score", branch=cell("branch"))},"")'
    yield DataColumn("mean", t("column.mean"), "points", year_means.get, mean)
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
