"""Gathers one branch's year from the figures, for the talk with its secretary."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from mlay_batch.core.findings import Severity
from mlay_batch.core.period import Period
from mlay_batch.figures.report_records import (
    SENT,
    SKETCH,
    Figures,
    IndicatorHit,
    ReportInputs,
    Sitting,
)
from mlay_batch.figures.return_access import ReturnIndex, ReturnView, mean
from mlay_batch.model.records import Row
from mlay_batch.schema.ids import MEETING


@dataclass(frozen=True)
class BranchSitting:
    """One sitting of a branch's year, as its page shows it; None: not reported."""

    period: Period
    held_on: date
    kind: str
    minutes: float | None
    """Sum of all rows of that day and kind."""
    expected: float | None
    """Of the first of these rows, as `present` and `speakers`."""
    present: float | None
    speakers: float | None
    own_score: float | None
    confirmed_score: float | None
    band: str | None
    visitors: tuple[str, ...]
    """Codes of the officers who attended."""

    @property
    def attendance(self) -> float | None:
        """The exact share of the expected who were present, in per cent; None without either."""
        if self.present is None or not self.expected:
            return None
        return 100 * self.present / self.expected


@dataclass(frozen=True)
class BranchYear:
    """A branch's year up to the end of the period, for its page."""

    sittings: tuple[BranchSitting, ...]
    states: Mapping[Period, str] = field(hash=False)
    """States of its monthly returns (see `ExpectedReturn`)."""
    members: int | None
    """The last known number."""
    mean: float | None
    overall_mean: float | None
    """Mean score of all branches' sittings."""
    attendance: float | None
    indicator_hits: tuple[IndicatorHit, ...]

    @property
    def has_own_returns(self) -> bool:
        """Whether it sent a return itself, in which signs are looked for: a list is none."""
        return any(state in SENT and state != SKETCH for state in self.states.values())


def branch_year(inputs: ReportInputs, figures: Figures, branch: str) -> BranchYear:
    """Return the year of `branch` up to the report's period.

    Means are exact and leave out sittings without a score or without expected members. Indicators
    on trial are left out. Minutes, attendance and speakers are read by the roles that indicator
    sets give to fields; without an indicator set they are None.
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
    rows = list(_rows_of(view, sitting)) if view and "day" in view.fields else []
    visitors = dict.fromkeys(
        visit.officer
        for visit in figures.attendances
        if (visit.branch, visit.held_on) == (sitting.branch, sitting.held_on)
    )
    minutes = [value for row in rows if (value := _number(view, "minutes", row)) is not None]
    return BranchSitting(
        period=sitting.period,
        held_on=sitting.held_on,
        kind=sitting.kind,
        minutes=sum(minutes) if minutes else None,
        expected=_first_number(view, "expected", rows),
        present=_first_number(view, "present", rows),
        speakers=_first_number(view, "speakers", rows),
        own_score=sitting.own_score,
        confirmed_score=sitting.confirmed_score,
        band=sitting.band,
        visitors=tuple(visitors),
    )


def _rows_of(view: ReturnView, sitting: Sitting) -> Iterator[Row]:
    for day, row in view.values("day"):
        if day == sitting.held_on and row.values.get("kind") in (None, sitting.kind):
            yield row


def _first_number(view: ReturnView | None, role: str, rows: Iterable[Row]) -> float | None:
    return next((_number(view, role, row) for row in rows), None)


def _number(view: ReturnView | None, role: str, row: Row) -> float | None:
    if view is None or role not in view.fields:
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
