"""One branch's year, gathered from the figures for the talk with its secretary."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from mlay_batch.figures.papers import Desk, Paper
from mlay_batch.figures.records import Facts, Figures, Sitting
from mlay_batch.figures.returns import mean
from mlay_batch.figures.sign_records import BranchYear, Met
from mlay_batch.findings import Severity
from mlay_batch.period import Period
from mlay_batch.records import Row
from mlay_batch.schema.ids import MEETING


def branch_year(facts: Facts, figures: Figures, branch: str) -> BranchYear:
    """Return the year of `branch` up to the report's period.

    Means are of what is known, exact: sittings without a score or without expected members are
    left out. Signs are those told to everybody, not those on trial. What a sitting was like is read
    by the parts that signs know the fields by; a town without signs sees days and scores only.
    """
    desks = [Desk(facts, signs) for signs in facts.catalogue.signs_for(facts.period)]
    met = tuple(
        _met(figures, sitting, next(_papers(desks, sitting), None))
        for sitting in figures.sittings
        if sitting.branch == branch
    )
    members = [s.members for s in figures.sittings if s.branch == branch and s.members is not None]
    return BranchYear(
        met=met,
        states=_states(figures, branch),
        members=members[-1] if members else None,
        mean=mean(s.score for s in figures.sittings if s.branch == branch),
        town_mean=mean(s.score for s in figures.sittings),
        attendance=mean(one.attendance for one in met),
        signs=tuple(
            one
            for one in figures.signs
            if one.branch == branch and one.sign.severity is Severity.WARNING
        ),
    )


def _papers(desks: Iterable[Desk], sitting: Sitting) -> Iterator[Paper]:
    found = (desk.of(sitting.branch, sitting.period) for desk in desks)
    return (paper for paper in found if paper)


def _met(figures: Figures, sitting: Sitting, paper: Paper | None) -> Met:
    rows = list(_rows(paper, sitting.held_on)) if paper and "day" in paper.looks else []
    visitors = dict.fromkeys(
        visit.officer for visit in figures.attendances
        if (visit.branch, visit.held_on) == (sitting.branch, sitting.held_on)
    )  # fmt: skip
    minutes = [value for row in rows if (value := _number(paper, "minutes", row)) is not None]
    return Met(
        period=sitting.period,
        held_on=sitting.held_on,
        kinds=sitting.kinds,
        minutes=sum(minutes) if minutes else None,
        expected=_first(paper, "expected", rows),
        present=_first(paper, "present", rows),
        speakers=_first(paper, "speakers", rows),
        own=sitting.own,
        confirmed=sitting.confirmed,
        band=sitting.band,
        visitors=tuple(visitors),
    )


def _rows(paper: Paper, held_on: date) -> Iterator[Row]:
    return (row for day, row in paper.told("day") if day == held_on)


def _first(paper: Paper | None, part: str, rows: Iterable[Row]) -> float | None:
    return next((_number(paper, part, row) for row in rows), None)


def _number(paper: Paper | None, part: str, row: Row) -> float | None:
    if paper is None or part not in paper.looks:
        return None
    value = paper.beside(part, row)
    return value if isinstance(value, int | float) else None


def _states(figures: Figures, branch: str) -> Mapping[Period, str]:
    returned = next((entry for entry in figures.completeness if entry.form == MEETING), None)
    if returned is None:
        return {}
    return {
        period: returned.cells[branch, period].state
        for period in returned.periods
        if (branch, period) in returned.cells
    }
