"""Lũy kế năm: the meetings of the year to date, a line for every cell that owes or has met.

The means by criteria group stand below.

A cell dissolved or merged within the year keeps its line, greyed and with its end and successor:
what it reported stays in the total, which is that of the table of sittings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial
from itertools import takewhile
from operator import attrgetter

from mlay_batch.core.period import Period, day_number
from mlay_batch.figures.report_records import NO_RETURN, NOT_OWED, CellRating
from mlay_batch.figures.scoring import MONTHS
from mlay_batch.model.register import Organisation
from mlay_batch.report import bands
from mlay_batch.report.data.data_sheets import DataTables
from mlay_batch.report.data.trends_data import Trends
from mlay_batch.report.formulas import cell, fixed, quote, whole
from mlay_batch.report.listing import NONE, Column, Listing, branch_columns, titled_column
from mlay_batch.report.report_context import ReportContext, period_id
from mlay_batch.report.sheets import criteria_block
from mlay_batch.report.writer import Formula, SheetWriter
from mlay_batch.schema import scheme_text
from mlay_batch.schema.ids import MEETING
from mlay_batch.schema.schemes import YearGrade

_SPLIT = 3


def write(ctx: ReportContext, sheet: SheetWriter, data: DataTables, trends: Trends) -> Formula:
    """Write the sheet; return the mean of all scored meetings of the year."""
    ratings, columns = ctx.figures.year_ratings, _YearColumns(ctx, data)
    sheet.set_widths(columns.grid())
    listing = Listing(ctx, sheet, columns.all(), _SPLIT, row_count=len(ratings))
    listing.write_letterhead(ctx.t("title.year"), bands.limits_text(ctx))
    listing.write_rows(ratings)
    branches = (rating.branch.code for rating in ratings)
    trends.draw_sparklines(sheet, listing.first_row, listing.position("line"), branches, "score")
    totals = listing.write_totals(ratings)
    listing.write_notes(_notes(ctx))
    end_row = criteria_block.write(ctx, sheet, data, listing.next_row + 1)
    listing.set_up_page(end_row, frozen=3, landscape=False)
    return totals["mean"]


def _notes(ctx: ReportContext) -> Iterator[str]:
    yield ctx.t("legend")
    if scheme := ctx.figures.score_scheme:
        yield from scheme_text.year_requirements(scheme, ctx.lang)
        if scheme.year_grades and ctx.has_lists:
            yield ctx.t("ratings/year_listed")


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

    def grid(self) -> Iterator[float]:
        """Yield the widths of the sheet's columns: narrow ones, for the criteria groups as well."""
        yield from (4, 9.5, 31, 6.5, 6.5)
        yield from [6] * len(bands.best_first(self.ctx))
        yield from [6.5] * (10 if self.grades else 6)

    def all(self) -> Iterator[Column[CellRating]]:
        """Yield the columns."""
        column, code = partial(titled_column, self.ctx), fixed("branch")
        count, meetings = partial(column, look="count", total=True), self.data.sittings
        yield from branch_columns(self.ctx, 4, 9.5, 31, center=_center_look, text=_text_look)
        held = meetings.sumifs("held", branch=code)
        yield count("column.held", 6.5, attrgetter("sitting_count"), formula=held)
        scored = meetings.countifs(branch=code, score='">=0"')
        yield count("column.scored", 6.5, attrgetter("scored_count"), formula=scored)
        by_band = self.ctx.t("rating.by_band")
        for band in bands.best_first(self.ctx):
            column_id, title = bands.band_column(band.id), band.title.of(self.ctx.lang)
            in_band = meetings.countifs(branch=code, rank=str(self.ranks[band.id]))
            value = partial(_in_band, band.id)
            yield Column(column_id, title, 6, value, in_band, "count", group=by_band, total=True)
        yield self._mean_column()
        if self.grades:
            months, to_come = attrgetter("months"), attrgetter("to_come")
            yield column("column.year_months", 6.5, months, "count", self._owed_months_formula)
            yield column("column.to_come", 6.5, to_come, "count", self._open_months_formula)
            heading, text, formula = self._grade_heading(), self._grade_text, self._grade_formula
            yield Column("year_grade", heading, 20, text, formula, "center")
        yield column("column.remark", 20, partial(_remark, self.ctx), _text_look)
        yield column("branches/trend.line", 13)

    def _mean_column(self) -> Column[CellRating]:
        """Return the mean scores; below, each weighs by the number of its scored meetings."""
        mean = self.data.sittings.averageifs("score", branch=fixed("branch"))
        scored = cell("scored")
        weighted = f"SUMPRODUCT({whole('scored')},{whole('mean')})"
        return Column(
            "mean",
            self.ctx.t("column.mean"),
            6.5,
            lambda rating: NONE if rating.mean is None else rating.mean,
            f"IF({scored}=0,{quote(NONE)},{mean})",
            "points",
            total=f"IF({scored}=0,{quote(NONE)},{weighted}/{scored})",
            total_value=_weighted_mean,
            total_look="total_points",
        )

    def _grade_heading(self) -> Formula:
        """Return the heading of the year grade: while months are open it is what is in reach."""
        final, reachable = (self.ctx.t(f"column.{key}") for key in ("year_grade", "year_reachable"))
        has_open_months = any(rating.to_come for rating in self.ctx.figures.year_ratings)
        formula = f"=IF(SUM({whole('to_come')})>0,{quote(reachable)},{quote(final)})"
        return Formula(formula, reachable if has_open_months else final)

    def _owed_months_formula(self, rating: CellRating) -> str:
        """Return for how many months of the year the cell and its forerunners owe a return."""
        owed = map(self._owed_returns, (rating.branch.code, *rating.forerunners), _codes(rating))
        return "+".join((*owed, *self._later_months(rating)))

    def _owed_returns(self, branch: str, code: str) -> str:
        """Return for how many months up to the period a branch owes a return.

        What it sent of the days before its end is none of them.
        """
        known = self.ctx.inputs.register.by_code.get(branch)
        conditions = {"branch": code, "form": quote(MEETING)}
        if known and known.ended:
            last_month = period_id(Period.of("month", known.ended))
            conditions["period"] = quote(f"<>{last_month}")
        states = tuple(quote(f"<>{state}") for state in NOT_OWED)
        return self.data.returns.countifs(**conditions, state=states)

    def _open_months_formula(self, rating: CellRating) -> str:
        """Return how many of these may still bring meetings: open returns and months to come."""
        states = f"{{{','.join(map(quote, NO_RETURN))}}}"
        count = partial(self.data.returns.countifs, form=quote(MEETING), state=states)
        sums = (f"SUMPRODUCT({count(branch=code)})" for code in _codes(rating))
        return "+".join((*sums, *self._later_months(rating)))

    def _later_months(self, rating: CellRating) -> Iterator[str]:
        """Yield the months after the period in which the register still knows them."""
        period, organisations = self.ctx.figures.period, self.data.organisations
        months = (Period(period.end.year, month) for month in range(period.end.month + 1, 13))
        month_ends = ",".join(str(day_number(month.end)) for month in months)
        if not month_ends:
            return
        ends = f"{{{month_ends}}}"
        by_code = self.ctx.inputs.register.by_code
        ends_of_forerunners = ((code, by_code[code].ended) for code in rating.forerunners)
        living = (code for code, ended in ends_of_forerunners if ended and ended > period.end)
        for code in (fixed("branch"), *map(quote, living)):
            count = partial(organisations.countifs, branch=code)
            later, over = count(founded=f'">"&{ends}'), count(ended=f'"<="&{ends}')
            yield f"SUMPRODUCT({count()}+0*{ends}-{later}-{over})"

    def _grade_text(self, rating: CellRating) -> str:
        """Return the grade, with what it still needs, or why there is none."""
        if rating.ungraded:
            return self._ungraded_text(rating.ungraded)
        grade = next(grade for grade in self.grades if grade.id == rating.grade)
        title = grade.title.of(self.ctx.lang)
        return self._needed_text(grade, rating.needed) if rating.needed else title

    def _needed_text(self, grade: YearGrade, count: object) -> str:
        scheme = self.ctx.figures.score_scheme
        band = scheme_text.band_texts(scheme, self.ctx.lang)[grade.least or ""] if scheme else ""
        title = grade.title.of(self.ctx.lang)
        return self.ctx.t("ratings/year.needed", grade=title, count=count, band=band)

    def _ungraded_text(self, reason: str) -> str:
        scheme = self.ctx.figures.score_scheme
        months = scheme.least_age.months if scheme and scheme.least_age else 0
        return self.ctx.t(f"ratings/ungraded.{reason}", months=months)

    def _grade_formula(self, rating: CellRating) -> str:
        """Return the first grade whose conditions the meetings meet; none for who gets no grade
        by the register, which no return changes.
        """
        if rating.ungraded in ("unknown", "merged", "young"):
            return ""
        forerunners = rating.forerunners
        return self._family_grade((rating.branch.code, *forerunners) if forerunners else ())

    @cached_property
    def _family_grade(self) -> Callable[[tuple[str, ...]], str]:
        return cache(self._make_grade_formula)  # one for all cells without forerunners

    def _make_grade_formula(self, family: tuple[str, ...]) -> str:
        adopted = list(takewhile(attrgetter("is_adopted"), self.grades))
        formula = quote(self._ungraded_text("no_basis"))
        for grade in reversed(adopted):
            formula = self._test_grade(family, grade, formula)
        rated = self._regular_count(family, '">0"')
        return f"IF({rated}+{cell('to_come')}=0,{quote(self._ungraded_text('unscored'))},{formula})"

    def _test_grade(self, family: tuple[str, ...], grade: YearGrade, otherwise: str) -> str:
        """Return the formula of a grade; any number of meetings fits into an open month."""
        tests, result = ["TRUE"], quote(grade.title.of(self.ctx.lang))
        if grade.every:
            worse = self._regular_count(family, quote(f">{self.ranks[grade.every]}"))
            tests.append(f"{worse}=0")
        if grade.least:
            count = self._regular_count(family, quote(f"<={self.ranks[grade.least]}"))
            needed = f"ROUNDUP({grade.times}*{cell('year_months')}/{MONTHS},0)-({count})"
            before, _, after = self._needed_text(grade, "\0").partition("\0")
            tests.append(f"OR({cell('to_come')}>0,{needed}<=0)")
            result = f"IF({needed}>0,{quote(before)}&{needed}&{quote(after)},{result})"
        return f"IF(AND({','.join(tests)}),{result},{otherwise})"

    def _regular_count(self, family: tuple[str, ...], rank: str) -> str:
        """Return how many regular meetings of the cell and its forerunners are of a rank.

        `family` are their codes; of a cell without forerunners none, it is the row's.
        """
        count = partial(self.data.sittings.countifs, regular="1", rank=rank)
        if not family:
            return count(branch=fixed("branch"))
        codes = ",".join(map(quote, family))
        return f"SUMPRODUCT({count(branch=f'{{{codes}}}')})"


def _codes(rating: CellRating) -> tuple[str, ...]:
    """Return the cell and its forerunners as formulas name them."""
    return (fixed("branch"), *map(quote, rating.forerunners))


def _center_look(rating: CellRating) -> str:
    return "center" if rating.owes else "quiet_center"


def _text_look(rating: CellRating) -> str:
    return "text" if rating.owes else "quiet"


def _in_band(band: str, rating: CellRating) -> int:
    return rating.bands.get(band, 0)


def _weighted_mean(ratings: Sequence[CellRating]) -> float | str:
    scored = sum(rating.scored_count for rating in ratings)
    points = sum(rating.scored_count * (rating.mean or 0) for rating in ratings)
    return points / scored if scored else NONE


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
