"""Lũy kế năm: the meetings of the year to date, a line for every cell that owes or has met.

A cell dissolved or merged within the year keeps its line, greyed and with its end and successor:
what it reported stays in the total, which is that of the table of sittings.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from mlay_batch.figures.records import OPEN, CellRating
from mlay_batch.period import Period, day_number
from mlay_batch.register import Organisation
from mlay_batch.report import bands, official
from mlay_batch.report.book import Live, Sheet
from mlay_batch.report.context import Context
from mlay_batch.report.data_sheets import Data
from mlay_batch.report.trends import Trends
from mlay_batch.schema import asked
from mlay_batch.schema.ids import MEETING

_CODE, _NAME, _HELD, _SCORED, _FIRST_BAND = range(1, 6)
_SPLIT = 3


class _Year:
    """The sheet being written: its columns depend on how many bands the scheme has."""

    def __init__(self, ctx: Context, sheet: Sheet, data: Data) -> None:
        self.ctx, self.sheet, self.sittings = ctx, sheet, data.sittings
        self.ratings = ctx.figures.year_ratings
        self.returns, self.organisations = data.returns, data.organisations
        self.bands, self.ranks = bands.ranked(ctx), bands.ranks(ctx)
        self.mean = _FIRST_BAND + len(self.bands)
        scheme = ctx.figures.score_scheme
        self.grades = scheme.year_grades if scheme else ()
        self.grade = self.mean + 2  # after the months to come; neither without year grades
        self.remark = self.mean + (3 if self.grades else 1)
        self.trend = self.remark + 1
        self.first = official.TABLE_ROW + 3
        self.total = self.first + len(self.ratings)

    def over(self, column: int) -> str:
        """Return all rows of a column above the totals."""
        letter = xl_col_to_name(column)
        return f"{letter}{self.first + 1}:{letter}{max(self.total, self.first + 1)}"


def write(ctx: Context, sheet: Sheet, data: Data, trends: Trends) -> Live:
    """Write the sheet; return the mean of all scored meetings of the year."""
    page = _Year(ctx, sheet, data)
    columns = page.trend + 1
    graded = (7, 12) if page.grades else ()
    sheet.widths((5, 11, 40, 9, 9, *([8] * len(page.bands)), 9, *graded, 38, 16))
    official.heading(ctx, sheet, columns, _SPLIT, ctx.t("title.year"), bands.limits(ctx))
    _heads(page)
    for number, rating in enumerate(page.ratings, 1):
        _line(page, page.first + number - 1, number, rating)
    branches = (rating.branch.code for rating in page.ratings)
    trends.sparks(sheet, page.first, page.trend, branches, "score")
    mean = _totals(page)
    row = page.total + 1
    for note in _notes(ctx):
        row += 1
        sheet.put(row, 0, note, "note", span=columns)
    last = official.signatures(ctx, sheet, row + 1, columns, _SPLIT)
    sheet.raw.freeze_panes(page.first, _NAME + 1)
    repeat = (official.TABLE_ROW, page.first - 1)
    sheet.print_as(landscape=True, last=(last, page.trend), repeat=repeat)
    return mean


def _notes(ctx: Context) -> Iterator[str]:
    scheme = ctx.figures.score_scheme
    if scheme and scheme.year_grades:
        most = max(grade.times for grade in scheme.year_grades)
        yield ctx.t("ratings/year_part", count=most)
        yield from asked.of_years(scheme, ctx.lang)


def _heads(page: _Year) -> None:
    t, put, row = page.ctx.t, page.sheet.put, official.TABLE_ROW
    titles = {
        0: "stt", _CODE: "branch", _NAME: "unit", _HELD: "held", _SCORED: "scored",
        page.mean: "mean", page.remark: "remark",
    }  # fmt: skip
    if page.grades:
        titles |= {page.mean + 1: "to_come"}
        put(row, page.grade, _graded(page), "head", rows=2)
    for column, name in titles.items():
        put(row, column, t(f"column.{name}"), "head", rows=2)
    put(row, page.trend, t("branches/trend.line"), "head", rows=2)
    if page.bands:
        put(row, _FIRST_BAND, t("rating.by_band"), "head", span=len(page.bands))
    for column, band in enumerate(page.bands, _FIRST_BAND):
        put(row + 1, column, band.title.of(page.ctx.lang), "head")
    for column in range(page.trend + 1):
        put(row + 2, column, column + 1, "column_number")
    for offset in (0, 1):
        page.sheet.height(row + offset, 27)


def _graded(page: _Year) -> Live:
    """Return the heading of the year grade: while months are open it is what is within reach."""
    final, reachable = (page.ctx.t(f"column.{name}") for name in ("year_grade", "year_reachable"))
    waiting = any(rating.to_come for rating in page.ratings)
    formula = f'=IF(SUM({page.over(page.mean + 1)})>0,"{reachable}","{final}")'
    return Live(formula, reachable if waiting else final)


def _line(page: _Year, row: int, number: int, rating: CellRating) -> None:
    """Write a cell's year, counted over the table by its code."""
    put, table = page.sheet.put, page.sittings
    text, center = ("text", "center") if rating.owes else ("quiet", "quiet_center")
    put(row, 0, number, center)
    put(row, _CODE, rating.branch.code, center)
    put(row, _NAME, rating.branch.name, text)
    scores, days = table.ref("score"), table.ref("held_on")
    own = f"{table.ref('branch')},{xl_rowcol_to_cell(row, _CODE, False, True)}"
    put(row, _HELD, Live(f'=COUNTIFS({own},{days},">0")', rating.held), "count")
    put(row, _SCORED, Live(f'=COUNTIFS({own},{scores},">=0")', rating.scored), "count")
    for column, band in enumerate(page.bands, _FIRST_BAND):
        counted = f"=COUNTIFS({own},{table.ref('rank')},{page.ranks[band.id]})"
        put(row, column, Live(counted, rating.bands.get(band.id, 0)), "count")
    mean = f'=IF({xl_rowcol_to_cell(row, _SCORED)}=0,"",AVERAGEIFS({scores},{own}))'
    put(row, page.mean, Live(mean, "" if rating.mean is None else rating.mean), "points")
    if page.grades:
        put(row, page.mean + 1, Live(_to_come(page, row), rating.to_come), "count")
        titles = {grade.id: grade.title.of(page.ctx.lang) for grade in page.grades}
        graded = Live(_year_grade(page, row, own), titles.get(rating.grade or "", ""))
        put(row, page.grade, graded, "center")
    put(row, page.remark, "" if rating.owes else _ended(page.ctx, rating.branch), text)


def _to_come(page: _Year, row: int) -> str:
    """Return how many months may still bring a meeting: open returns, and months to come in which
    the register still knows the cell.
    """
    code = xl_rowcol_to_cell(row, _CODE, False, True)
    states = ",".join(f'"{state}"' for state in OPEN)
    open_ = f"COUNTIFS({_returns_of(page, code)},{page.returns.ref('state')},{{{states}}})"
    open_ = f"SUMPRODUCT({open_})"
    period, table = page.ctx.figures.period, page.organisations
    months = (Period(period.end.year, month) for month in range(period.end.month + 1, 13))
    ends = ",".join(str(day_number(month.end)) for month in months)
    if not ends:
        return f"={open_}"
    known = f"COUNTIFS({table.ref('branch')},{code}"
    alive = (
        f"{known})+0*{{{ends}}}"
        f'-{known},{table.ref("founded")},">"&{{{ends}}})'
        f'-{known},{table.ref("ended")},"<="&{{{ends}}})'
    )
    return f"={open_}+SUMPRODUCT({alive})"


def _returns_of(page: _Year, code: str) -> str:
    """Return the criteria for the monthly returns of the cell with that code."""
    returns = page.returns
    return f'{returns.ref("form")},"{MEETING}",{returns.ref("branch")},{code}'


def _year_grade(page: _Year, row: int, own: str) -> str:
    """Return the first grade whose conditions the cell's scored regular meetings meet."""
    table, to_come = page.sittings, xl_rowcol_to_cell(row, page.mean + 1)
    regular = f"COUNTIFS({own},{table.ref('regular')},1,{table.ref('rank')}"
    formula = '""'
    for grade in reversed(page.grades):
        tests = []
        if grade.every:
            tests.append(f'{regular},">{page.ranks[grade.every]}")=0')
        if grade.least:
            tests.append(f'{regular},"<={page.ranks[grade.least]}")+{to_come}>={grade.times}')
        title = grade.title.of(page.ctx.lang).replace('"', '""')
        formula = f'IF(AND({",".join(tests) or "TRUE"}),"{title}",{formula})'
    none = _bears_no_grade(page, row, f'{regular},">0")+{to_come}')
    return f'=IF({none},"",IF({regular},">0")=0,"",{formula}))'


def _bears_no_grade(page: _Year, row: int, meetings: str) -> str:
    """Return the test for a cell with fewer `meetings` than a grade asks because of its life.

    The register does not know it, it was founded or ended within the year, or is excused from
    months of it.
    """
    code, table = xl_rowcol_to_cell(row, _CODE, False, True), page.organisations
    year = page.ctx.figures.period.year
    first, last = day_number(date(year, 1, 1)), day_number(date(year, 12, 31))
    known = f"COUNTIFS({table.ref('branch')},{code}"
    part = (
        f'{known},{table.ref("founded")},">{first}")'
        f'+{known},{table.ref("ended")},">{first}",{table.ref("ended")},"<={last}")'
        f'+COUNTIFS({_returns_of(page, code)},{page.returns.ref("state")},"waived")'
    )
    most = max(grade.times for grade in page.grades)
    return f"AND({meetings}<{most},OR({known})=0,{part}>0))"


def _ended(ctx: Context, branch: Organisation) -> str:
    """Return why the cell no longer owes: since when, and who took it over."""
    if branch.ended is None:
        return ctx.state("return", "waived")
    if branch.successor is None:
        return ctx.t("year.dissolved", day=branch.ended)
    return ctx.t("year.merged", day=branch.ended, code=branch.successor,
                 successor=ctx.name(branch.successor))  # fmt: skip


def _totals(page: _Year) -> Live:
    """Write the sums; each cell's mean weighs by the number of its scored meetings.

    Return the mean of them all as other sheets show it.
    """
    put, ratings, row = page.sheet.put, page.ratings, page.total
    put(row, 0, page.ctx.t("total"), "total_label", span=_HELD)
    sums = {_HELD: sum(r.held for r in ratings), _SCORED: sum(r.scored for r in ratings)} | {
        column: sum(r.bands.get(band.id, 0) for r in ratings)
        for column, band in enumerate(page.bands, _FIRST_BAND)
    }
    for column, value in sums.items():
        put(row, column, Live(f"=SUM({page.over(column)})", value), "total_count")
    scored, points = sums[_SCORED], sum(r.scored * (r.mean or 0) for r in ratings)
    total = xl_rowcol_to_cell(row, _SCORED)
    weighed = f"SUMPRODUCT({page.over(_SCORED)},{page.over(page.mean)})"
    mean = Live(f'=IF({total}=0,"",{weighed}/{total})', points / scored if scored else "")
    put(row, page.mean, mean, "total_points")
    for column in range(page.mean + 1, page.trend + 1):
        put(row, column, None, "total_count")
    return page.sheet.live(row, page.mean, mean.value)
