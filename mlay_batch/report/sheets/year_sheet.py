"""Lũy kế năm: the meetings of the year to date, a line for every cell that owes or has met.

A cell dissolved or merged within the year keeps its line, greyed and with its end and successor:
what it reported stays in the total, which is that of the table of sittings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, partial
from operator import attrgetter

from mlay_batch.core.period import Period, day_number
from mlay_batch.figures.report_records import OPEN, CellRating
from mlay_batch.model.register import Organisation
from mlay_batch.report import bands
from mlay_batch.report.data.data_sheets import DataTables
from mlay_batch.report.data.trends_data import Trends
from mlay_batch.report.formulas import cell, fixed, quote, whole
from mlay_batch.report.listing import Column, Listing, branch_columns, titled_column
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.writer import Formula, SheetWriter
from mlay_batch.schema import scheme_text
from mlay_batch.schema.ids import MEETING
from mlay_batch.schema.schemes import YearGrade

_SPLIT = 3


def write(ctx: ReportContext, sheet: SheetWriter, data: DataTables, trends: Trends) -> Formula:
    """Write the sheet; return the mean of all scored meetings of the year."""
    ratings, columns = ctx.figures.year_ratings, _YearColumns(ctx, data)
    listing = Listing(ctx, sheet, columns.all(), _SPLIT, row_count=len(ratings))
    listing.write_letterhead(ctx.t("title.year"), bands.limits_text(ctx))
    listing.write_rows(ratings)
    branches = (rating.branch.code for rating in ratings)
    trends.draw_sparklines(sheet, listing.first_row, listing.position("line"), branches, "score")
    totals = listing.write_totals(ratings)
    listing.set_up_page(listing.write_foot(_notes(ctx), space=1), frozen=3)
    return totals["mean"]


def _notes(ctx: ReportContext) -> Iterator[str]:
    scheme = ctx.figures.score_scheme
    if scheme and scheme.year_grades:
        most_times = max(grade.times for grade in scheme.year_grades)
        yield ctx.t("ratings/year_part", count=most_times)
        yield from scheme_text.year_requirements(scheme, ctx.lang)


@dataclass(frozen=True)
class _YearColumns:
    """The columns of the sheet: one for each band; year grades only where the scheme has any.

    Attributes:
        ctx: the workbook.
        data: the tables the formulas count over.
    """

    ctx: ReportContext
    data: DataTables

    @cached_property
    def grades(self) -> tuple[YearGrade, ...]:
        """The year grades of the scheme, the best first."""
        scheme = self.ctx.figures.score_scheme
        return scheme.year_grades if scheme else ()

    @cached_property
    def ranks(self) -> Mapping[str, int]:
        """The number of each band, from 1 for the best."""
        return bands.ranks(self.ctx)

    def all(self) -> Iterator[Column[CellRating]]:
        """Yield the columns."""
        column, code = partial(titled_column, self.ctx), fixed("branch")
        count, meetings = partial(column, look="count", total=True), self.data.sittings
        yield from branch_columns(self.ctx, 5, 11, 40, center=_center_look, text=_text_look)
        held = meetings.countifs(branch=code, held_on='">0"')
        yield count("column.held", 9, attrgetter("sitting_count"), formula=held)
        scored = meetings.countifs(branch=code, score='">=0"')
        yield count("column.scored", 9, attrgetter("scored_count"), formula=scored)
        by_band = self.ctx.t("rating.by_band")
        for band in bands.best_first(self.ctx):
            column_id, title = bands.band_column(band.id), band.title.of(self.ctx.lang)
            in_band = meetings.countifs(branch=code, rank=str(self.ranks[band.id]))
            value = partial(_in_band, band.id)
            yield Column(column_id, title, 8, value, in_band, "count", group=by_band, total=True)
        yield self._mean_column()
        if self.grades:
            to_come = attrgetter("to_come")
            yield column("column.to_come", 7, to_come, "count", self._open_months_formula())
            titles = {grade.id: grade.title.of(self.ctx.lang) for grade in self.grades}
            yield Column(
                "year_grade",
                self._grade_heading(),
                12,
                lambda rating: titles.get(rating.grade or "", ""),
                self._grade_formula(),
                "center",
            )
        yield column("column.remark", 38, partial(_remark, self.ctx), _text_look)
        yield column("branches/trend.line", 16)

    def _mean_column(self) -> Column[CellRating]:
        """Return the mean scores; below, each weighs by the number of its scored meetings."""
        mean = self.data.sittings.averageifs("score", branch=fixed("branch"))
        scored = cell("scored")
        weighted = f"SUMPRODUCT({whole('scored')},{whole('mean')})"
        return Column(
            "mean",
            self.ctx.t("column.mean"),
            9,
            lambda rating: "" if rating.mean is None else rating.mean,
            f'IF({scored}=0,"",{mean})',
            "points",
            total=f'IF({scored}=0,"",{weighted}/{scored})',
            total_value=_weighted_mean,
            total_look="total_points",
        )

    def _grade_heading(self) -> Formula:
        """Return the heading of the year grade: while months are open it is what is in reach."""
        final, reachable = (self.ctx.t(f"column.{key}") for key in ("year_grade", "year_reachable"))
        has_open_months = any(rating.to_come for rating in self.ctx.figures.year_ratings)
        formula = f"=IF(SUM({whole('to_come')})>0,{quote(reachable)},{quote(final)})"
        return Formula(formula, reachable if has_open_months else final)

    def _open_months_formula(self) -> str:
        """Return how many months may still bring a meeting: open returns, and months to come in
        which the register still knows the cell.
        """
        states = ",".join(map(quote, OPEN))
        open_returns = self._return_count(f"{{{states}}}")
        open_count = f"SUMPRODUCT({open_returns})"
        period, organisations = self.ctx.figures.period, self.data.organisations
        months = (Period(period.end.year, month) for month in range(period.end.month + 1, 13))
        month_ends = ",".join(str(day_number(month.end)) for month in months)
        if not month_ends:
            return open_count
        count, ends = partial(organisations.countifs, branch=fixed("branch")), f"{{{month_ends}}}"
        later, over = count(founded=f'">"&{ends}'), count(ended=f'"<="&{ends}')
        return f"{open_count}+SUMPRODUCT({count()}+0*{ends}-{later}-{over})"

    def _return_count(self, state: str) -> str:
        """Return how many monthly returns of the cell are in a state."""
        code = fixed("branch")
        return self.data.returns.countifs(form=quote(MEETING), branch=code, state=state)

    def _grade_formula(self) -> str:
        """Return the first grade whose conditions the cell's scored regular meetings meet."""
        to_come, formula = cell("to_come"), '""'
        for grade in reversed(self.grades):
            tests = []
            if grade.every:
                worse = self._regular_count(f'">{self.ranks[grade.every]}"')
                tests.append(f"{worse}=0")
            if grade.least:
                enough = self._regular_count(f'"<={self.ranks[grade.least]}"')
                tests.append(f"{enough}+{to_come}>={grade.times}")
            title = quote(grade.title.of(self.ctx.lang))
            formula = f"IF(AND({','.join(tests) or 'TRUE'}),{title},{formula})"
        rated = self._regular_count('">0"')
        no_grade = self._no_grade_test(f"{rated}+{to_come}")
        return f'IF({no_grade},"",IF({rated}=0,"",{formula}))'

    def _regular_count(self, rank: str) -> str:
        code = fixed("branch")
        return self.data.sittings.countifs(branch=code, regular="1", rank=rank)

    def _no_grade_test(self, meetings: str) -> str:
        """Return the test for a cell with fewer `meetings` than a grade asks because of its life.

        The register does not know it, it was founded or ended within the year, or is excused from
        months of it.
        """
        year = self.ctx.figures.period.year
        first, last = day_number(date(year, 1, 1)), day_number(date(year, 12, 31))
        count = partial(self.data.organisations.countifs, branch=fixed("branch"))
        founded, ended = count(founded=f'">{first}"'), count(ended=(f'">{first}"', f'"<={last}"'))
        partial_year = f"{founded}+{ended}+{self._return_count(quote('waived'))}"
        most_times = max(grade.times for grade in self.grades)
        return f"AND({meetings}<{most_times},OR({count()}=0,{partial_year}>0))"


def _center_look(rating: CellRating) -> str:
    return "center" if rating.owes else "quiet_center"


def _text_look(rating: CellRating) -> str:
    return "text" if rating.owes else "quiet"


def _in_band(band: str, rating: CellRating) -> int:
    return rating.bands.get(band, 0)


def _weighted_mean(ratings: Sequence[CellRating]) -> float | str:
    scored = sum(rating.scored_count for rating in ratings)
    points = sum(rating.scored_count * (rating.mean or 0) for rating in ratings)
    return points / scored if scored else ""


def _remark(ctx: ReportContext, rating: CellRating) -> str:
    return "" if rating.owes else _end_text(ctx, rating.branch)


def _end_text(ctx: ReportContext, branch: Organisation) -> str:
    """Return why the cell no longer owes: since when, and who took it over."""
    if branch.ended is None:
        return ctx.state_title("return", "waived")
    if branch.successor is None:
        return ctx.t("year.dissolved", day=branch.ended)
    return ctx.t(
        "year.merged", day=branch.ended, code=branch.successor, successor=ctx.name(branch.successor)
    )
