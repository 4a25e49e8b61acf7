"""One branch's year, gathered from the figures for the talk with its secretary."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from mlay_batch.core.findings import Severity
from mlay_batch.core.period import Period
from mlay_batch.figures.report_records import Figures, IndicatorHit, ReportInputs, Sitting
from mlay_batch.figures.return_access import ReturnIndex, ReturnView, mean
from mlay_batch.model.records import Row
from mlay_batch.schema.ids import MEETING


@dataclass(frozen=True)
class BranchSitting:
    """One sitting of a branch's year, as its page shows it; None where it was not told.

    `expected` and `present` are those of the first row of the day, `minutes` of all rows together;
    `visitors` are codes of the officers who attended.
    """

    period: Period
    held_on: date
    kinds: tuple[str, ...]
    minutes: float | None
    expected: float | None
    present: float | None
    speakers: float | None
    own_score: float | None
    confirmed_score: float | None
    band: str | None
    visitors: tuple[str, ...]

    @property
    def attendance(self) -> float | None:
        """Share of the expected who were present, in per cent, exact; None without either."""
        if self.present is None or not self.expected:
            return None
        return 100 * self.present / self.expected


@dataclass(frozen=True)
class BranchYear:
    """What a branch's page tells of its year, up to the end of the period.

    `states` are those of its monthly returns by month (see `Expected`). `members` is the last known
    number. `overall_mean` is the mean score of all sittings of the town.
    """

    sittings: tuple[BranchSitting, ...]
    states: Mapping[Period, str] = field(hash=False)
    members: int | None
    mean: float | None
    overall_mean: float | None
    attendance: float | None
    indicator_hits: tuple[IndicatorHit, ...]


def branch_year(inputs: ReportInputs, figures: Figures, branch: str) -> BranchYear:
    """Return the year of `branch` up to the report's period.

    Means are of what is known, exact: sittings without a score or without expected members are
    left out. Signs are those told to everybody, not those on trial. What a sitting was like is read
    by the parts that signs know the fields by; a town without signs sees days and scores only.
    """
    indexes = [
        ReturnIndex(inputs, indicators)
        for indicators in inputs.catalogue.indicator_sets_for(inputs.period)
    ]
    branch_sittings = tuple(
        _branch_sitting(figures, sitting, next(_return_views(indexes, sitting), None))
        for sitting in figures.sittings
        if sitting.branch == branch
    )
    members = [s.members for s in figures.sittings if s.branch == branch and s.members is not None]
    return BranchYear(
        sittings=branch_sittings,
        states=_states(figures, branch),
        members=members[-1] if members else None,
        mean=mean(s.score for s in figures.sittings if s.branch == branch),
        overall_mean=mean(s.score for s in figures.sittings),
        attendance=mean(record.attendance for record in branch_sittings),
        indicator_hits=tuple(
            record
            for record in figures.indicator_hits
            if record.branch == branch and record.indicator.severity is Severity.WARNING
        ),
    )


def _return_views(indexes: Iterable[ReturnIndex], sitting: Sitting) -> Iterator[ReturnView]:
    views = (index.find(sitting.branch, sitting.period) for index in indexes)
    return (view for view in views if view)


def _branch_sitting(figures: Figures, sitting: Sitting, view: ReturnView | None) -> BranchSitting:
    rows = list(_day_rows(view, sitting.held_on)) if view and "day" in view.input_fields else []
    visitors = dict.fromkeys(
        visit.officer
        for visit in figures.attendances
        if (visit.branch, visit.held_on) == (sitting.branch, sitting.held_on)
    )
    minutes = [value for row in rows if (value := _number(view, "minutes", row)) is not None]
    return BranchSitting(
        period=sitting.period,
        held_on=sitting.held_on,
        kinds=sitting.kinds,
        minutes=sum(minutes) if minutes else None,
        expected=_first_number(view, "expected", rows),
        present=_first_number(view, "present", rows),
        speakers=_first_number(view, "speakers", rows),
        own_score=sitting.own_score,
        confirmed_score=sitting.confirmed_score,
        band=sitting.band,
        visitors=tuple(visitors),
    )


def _day_rows(view: ReturnView, held_on: date) -> Iterator[Row]:
    return (row for day, row in view.values("day") if day == held_on)


def _first_number(view: ReturnView | None, role: str, rows: Iterable[Row]) -> float | None:
    return next((_number(view, role, row) for row in rows), None)


def _number(view: ReturnView | None, role: str, row: Row) -> float | None:
    if view is None or role not in view.input_fields:
        return None
    value = view.value_in(role, row)
    return value if isinstance(value, int | float) else None


def _states(figures: Figures, branch: str) -> Mapping[Period, str]:
    matrix = next(
        (candidate for candidate in figures.completeness if candidate.form == MEETING), None
    )
    if matrix is None:
        return {}
    return {
        period: matrix.cells[branch, period].state
        for period in matrix.periods
        if (branch, period) in matrix.cells
    }
