"""Lũy kế năm: the meetings of the year to date, a line for every cell that owes or has met.

A cell dissolved or merged within the year keeps its line, greyed and with its end and successor:
what it reported stays in the total, which is that of the table of sittings.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from mlay_batch.core.period import Period, day_number
from mlay_batch.figures.report_records import OPEN, CellRating
from mlay_batch.model.register import Organisation
from mlay_batch.report import bands, letterhead
from mlay_batch.report.data.data_sheets import DataTables
from mlay_batch.report.data.trends_data import Trends
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.writer import Formula, SheetWriter
from mlay_batch.schema import scheme_text
from mlay_batch.schema.ids import MEETING

_CODE, _NAME, _HELD, _SCORED, _FIRST_BAND = range(1, 6)
_SPLIT = 3


class _YearLayout:
    """The sheet being written: its columns depend on how many bands the scheme has."""

    def __init__(self, ctx: ReportContext, sheet: SheetWriter, data: DataTables) -> None:
        self.ctx, self.sheet, self.sittings = ctx, sheet, data.sittings
        self.ratings = ctx.figures.year_ratings
        self.returns, self.organisations = data.returns, data.organisations
        self.bands, self.ranks = bands.best_first(ctx), bands.ranks(ctx)
        self.mean_column = _FIRST_BAND + len(self.bands)
        scheme = ctx.figures.score_scheme
        self.grades = scheme.year_grades if scheme else ()
        self.grade_column = (
            self.mean_column + 2
        )  # after the months to come; neither without year grades
        self.remark_column = self.mean_column + (3 if self.grades else 1)
        self.trend_column = self.remark_column + 1
        self.first_row = letterhead.TABLE_ROW + 3
        self.total_row = self.first_row + len(self.ratings)

    def column_range(self, column: int) -> str:
        """Return all rows of a column above the totals."""
        letter = xl_col_to_name(column)
        return f"{letter}{self.first_row + 1}:{letter}{max(self.total_row, self.first_row + 1)}"


def write(ctx: ReportContext, sheet: SheetWriter, data: DataTables, trends: Trends) -> Formula:
    """Write the sheet; return the mean of all scored meetings of the year."""
    layout = _YearLayout(ctx, sheet, data)
    columns = layout.trend_column + 1
    grade_widths = (7, 12) if layout.grades else ()
    sheet.set_widths((5, 11, 40, 9, 9, *([8] * len(layout.bands)), 9, *grade_widths, 38, 16))
    letterhead.write_heading(
        ctx, sheet, columns, _SPLIT, ctx.t("title.year"), bands.limits_text(ctx)
    )
    _write_heads(layout)
    for number, rating in enumerate(layout.ratings, 1):
        _write_row(layout, layout.first_row + number - 1, number, rating)
    branches = (rating.branch.code for rating in layout.ratings)
    trends.draw_sparklines(sheet, layout.first_row, layout.trend_column, branches, "score")
    mean = _write_totals(layout)
    row = layout.total_row + 1
    for note in _notes(ctx):
        row += 1
        sheet.write(row, 0, note, "note", span=columns)
    last = letterhead.write_signatures(ctx, sheet, row + 1, columns, _SPLIT)
    sheet.raw.freeze_panes(layout.first_row, _NAME + 1)
    repeat = (letterhead.TABLE_ROW, layout.first_row - 1)
    sheet.set_up_page(landscape=True, last=(last, layout.trend_column), repeat=repeat)
    return mean


def _notes(ctx: ReportContext) -> Iterator[str]:
    scheme = ctx.figures.score_scheme
    if scheme and scheme.year_grades:
        most_times = max(grade.times for grade in scheme.year_grades)
        yield ctx.t("ratings/year_part", count=most_times)
        yield from scheme_text.year_requirements(scheme, ctx.lang)


def _write_heads(layout: _YearLayout) -> None:
    t, write, row = layout.ctx.t, layout.sheet.write, letterhead.TABLE_ROW
    titles = {
        0: "stt",
        _CODE: "branch",
        _NAME: "unit",
        _HELD: "held",
        _SCORED: "scored",
        layout.mean_column: "mean",
        layout.remark_column: "remark",
    }
    if layout.grades:
        titles |= {layout.mean_column + 1: "to_come"}
        write(row, layout.grade_column, _grade_heading(layout), "head", rows=2)
    for column, name in titles.items():
        write(row, column, t(f"column.{name}"), "head", rows=2)
    write(row, layout.trend_column, t("branches/trend.line"), "head", rows=2)
    if layout.bands:
        write(row, _FIRST_BAND, t("rating.by_band"), "head", span=len(layout.bands))
    for column, band in enumerate(layout.bands, _FIRST_BAND):
        write(row + 1, column, band.title.of(layout.ctx.lang), "head")
    for column in range(layout.trend_column + 1):
        write(row + 2, column, column + 1, "column_number")
    for offset in (0, 1):
        layout.sheet.set_height(row + offset, 27)


def _grade_heading(layout: _YearLayout) -> Formula:
    """Return the heading of the year grade: while months are open it is what is within reach."""
    final, reachable = (layout.ctx.t(f"column.{name}") for name in ("year_grade", "year_reachable"))
    has_open_months = any(rating.to_come for rating in layout.ratings)
    formula = f'=IF(SUM({layout.column_range(layout.mean_column + 1)})>0,"{reachable}","{final}")'
    return Formula(formula, reachable if has_open_months else final)


def _write_row(layout: _YearLayout, row: int, number: int, rating: CellRating) -> None:
    """Write a cell's year, counted over the table by its code."""
    write, table = layout.sheet.write, layout.sittings
    text_look, center_look = ("text", "center") if rating.owes else ("quiet", "quiet_center")
    write(row, 0, number, center_look)
    write(row, _CODE, rating.branch.code, center_look)
    write(row, _NAME, rating.branch.name, text_look)
    scores, days = table.ref("score"), table.ref("held_on")
    criteria = f"{table.ref('branch')},{xl_rowcol_to_cell(row, _CODE, False, True)}"
    write(row, _HELD, Formula(f'=COUNTIFS({criteria},{days},">0")', rating.sitting_count), "count")
    write(
        row, _SCORED, Formula(f'=COUNTIFS({criteria},{scores},">=0")', rating.scored_count), "count"
    )
    for column, band in enumerate(layout.bands, _FIRST_BAND):
        band_count = f"=COUNTIFS({criteria},{table.ref('rank')},{layout.ranks[band.id]})"
        write(row, column, Formula(band_count, rating.bands.get(band.id, 0)), "count")
    mean = f'=IF({xl_rowcol_to_cell(row, _SCORED)}=0,"",AVERAGEIFS({scores},{criteria}))'
    write(
        row, layout.mean_column, Formula(mean, "" if rating.mean is None else rating.mean), "points"
    )
    if layout.grades:
        write(
            row,
            layout.mean_column + 1,
            Formula(_open_months_formula(layout, row), rating.to_come),
            "count",
        )
        titles = {grade.id: grade.title.of(layout.ctx.lang) for grade in layout.grades}
        grade_content = Formula(
            _grade_formula(layout, row, criteria), titles.get(rating.grade or "", "")
        )
        write(row, layout.grade_column, grade_content, "center")
    write(
        row,
        layout.remark_column,
        "" if rating.owes else _end_text(layout.ctx, rating.branch),
        text_look,
    )


def _open_months_formula(layout: _YearLayout, row: int) -> str:
    """Return how many months may still bring a meeting: open returns, and months to come in which
    the register still knows the cell.
    """
    code = xl_rowcol_to_cell(row, _CODE, False, True)
    states = ",".join(f'"{state}"' for state in OPEN)
    open_count = (
        f"COUNTIFS({_return_criteria(layout, code)},{layout.returns.ref('state')},{{{states}}})"
    )
    open_count = f"SUMPRODUCT({open_count})"
    period, table = layout.ctx.figures.period, layout.organisations
    months = (Period(period.end.year, month) for month in range(period.end.month + 1, 13))
    month_ends = ",".join(str(day_number(month.end)) for month in months)
    if not month_ends:
        return f"={open_count}"
    count_start = f"COUNTIFS({table.ref('branch')},{code}"
    alive = (
        f"{count_start})+0*{{{month_ends}}}"
        f'-{count_start},{table.ref("founded")},">"&{{{month_ends}}})'
        f'-{count_start},{table.ref("ended")},"<="&{{{month_ends}}})'
    )
    return f"={open_count}+SUMPRODUCT({alive})"


def _return_criteria(layout: _YearLayout, code: str) -> str:
    """Return the criteria for the monthly returns of the cell with that code."""
    returns = layout.returns
    return f'{returns.ref("form")},"{MEETING}",{returns.ref("branch")},{code}'


def _grade_formula(layout: _YearLayout, row: int, criteria: str) -> str:
    """Return the first grade whose conditions the cell's scored regular meetings meet."""
    table, to_come = layout.sittings, xl_rowcol_to_cell(row, layout.mean_column + 1)
    regular = f"COUNTIFS({criteria},{table.ref('regular')},1,{table.ref('rank')}"
    formula = '""'
    for grade in reversed(layout.grades):
        tests = []
        if grade.every:
            tests.append(f'{regular},">{layout.ranks[grade.every]}")=0')
        if grade.least:
            tests.append(f'{regular},"<={layout.ranks[grade.least]}")+{to_come}>={grade.times}')
        title = grade.title.of(layout.ctx.lang).replace('"', '""')
        formula = f'IF(AND({",".join(tests) or "TRUE"}),"{title}",{formula})'
    no_grade = _no_grade_test(layout, row, f'{regular},">0")+{to_come}')
    return f'=IF({no_grade},"",IF({regular},">0")=0,"",{formula}))'


def _no_grade_test(layout: _YearLayout, row: int, meetings: str) -> str:
    """Return the test for a cell with fewer `meetings` than a grade asks because of its life.

    The register does not know it, it was founded or ended within the year, or is excused from
    months of it.
    """
    code, table = xl_rowcol_to_cell(row, _CODE, False, True), layout.organisations
    year = layout.ctx.figures.period.year
    first, last = day_number(date(year, 1, 1)), day_number(date(year, 12, 31))
    count_start = f"COUNTIFS({table.ref('branch')},{code}"
    partial_year = (
        f'{count_start},{table.ref("founded")},">{first}")'
        f'+{count_start},{table.ref("ended")},">{first}",{table.ref("ended")},"<={last}")'
        f'+COUNTIFS({_return_criteria(layout, code)},{layout.returns.ref("state")},"waived")'
    )
    most_times = max(grade.times for grade in layout.grades)
    return f"AND({meetings}<{most_times},OR({count_start})=0,{partial_year}>0))"


def _end_text(ctx: ReportContext, branch: Organisation) -> str:
    """Return why the cell no longer owes: since when, and who took it over."""
    if branch.ended is None:
        return ctx.state_title("return", "waived")
    if branch.successor is None:
        return ctx.t("year.dissolved", day=branch.ended)
    return ctx.t(
        "year.merged", day=branch.ended, code=branch.successor, successor=ctx.name(branch.successor)
    )


def _write_totals(layout: _YearLayout) -> Formula:
    """Write the sums; each cell's mean weighs by the number of its scored meetings.

    Return the mean of them all as other sheets show it.
    """
    write, ratings, row = layout.sheet.write, layout.ratings, layout.total_row
    write(row, 0, layout.ctx.t("total"), "total_label", span=_HELD)
    sums = {
        _HELD: sum(rating.sitting_count for rating in ratings),
        _SCORED: sum(rating.scored_count for rating in ratings),
    } | {
        column: sum(rating.bands.get(band.id, 0) for rating in ratings)
        for column, band in enumerate(layout.bands, _FIRST_BAND)
    }
    for column, value in sums.items():
        write(row, column, Formula(f"=SUM({layout.column_range(column)})", value), "total_count")
    scored, points = (
        sums[_SCORED],
        sum(rating.scored_count * (rating.mean or 0) for rating in ratings),
    )
    total = xl_rowcol_to_cell(row, _SCORED)
    weighted = (
        f"SUMPRODUCT({layout.column_range(_SCORED)},{layout.column_range(layout.mean_column)})"
    )
    mean = Formula(f'=IF({total}=0,"",{weighted}/{total})', points / scored if scored else "")
    write(row, layout.mean_column, mean, "total_points")
    for column in range(layout.mean_column + 1, layout.trend_column + 1):
        write(row, column, None, "total_count")
    return layout.sheet.reference(row, layout.mean_column, mean.value)
