"""Sittings of the cells with their scores, and the ten-column list of meeting ratings.

A sitting is a cell and a day: two rows of the table of meetings on one day (a regular and a
thematic one) are one sitting of both kinds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

from mlay_batch.figures.completeness import gravest
from mlay_batch.figures.records import OPEN, CellRating, Completeness, Facts, Sitting
from mlay_batch.figures.returns import card, mean, number, returns_of, year_to_date
from mlay_batch.figures.scoring import band_of, counted, year_grade
from mlay_batch.period import Period
from mlay_batch.records import Return, Row
from mlay_batch.register import Organisation
from mlay_batch.schema import Scheme
from mlay_batch.schema.ids import MEETING, MEETING_SCORE


def sittings(facts: Facts) -> tuple[Sitting, ...]:
    """Return every sitting of the year to date, by month, cell (register order) and day."""
    filed = year_to_date(returns_of(facts, MEETING), facts.period)
    return tuple(
        sitting
        for (branch, period), entry in filed.items()
        for sitting in _of_return(branch, period, entry, _scheme(facts, period))
    )


def _scheme(facts: Facts, period: Period) -> Scheme | None:
    return facts.catalogue.scheme_for(MEETING_SCORE, period)


def _of_return(
    branch: str, period: Period, entry: Return, scheme: Scheme | None
) -> Iterable[Sitting]:
    members = card(entry, "members")
    closing = number(members.values.get("closing")) if members else None
    meetings, scores = _by_day(entry.section("meetings")), _by_day(entry.section("scores"))
    kinds = {day: _kinds(rows) for day, rows in meetings.items()}
    themes = set(scheme.thematic) if scheme else set()
    thematic = any(themes.intersection(held) for held in kinds.values())
    for day, rows in sorted(meetings.items()):
        scored = {str(row.values.get("scorer")): row for row in reversed(scores.get(day, []))}
        own, confirmed = (_score(scored.get(scorer)) for scorer in ("own", "confirmed"))
        counts = scored.get("own" if confirmed is None else "confirmed")
        marks = {scorer: _marks(scheme, row) for scorer, row in scored.items()}
        told = _marks(scheme, counts)
        score = counted(scheme, own if confirmed is None else confirmed, told, thematic)
        yield Sitting(
            branch=branch,
            period=period,
            held_on=day,
            kinds=kinds[day],
            members=None if closing is None else int(closing),
            own=own,
            confirmed=confirmed,
            score=score,
            band=band_of(scheme, score, told),
            note=str((counts.values.get("explanation") if counts else None) or ""),
            place=replace(rows[0].place("held_on"), file=entry.delivery.name),
            delivery=entry.delivery.id,
            regular=bool(scheme and set(scheme.regular).intersection(kinds[day])),
            thematic=thematic,
            marks=marks,
        )


def _kinds(rows: Iterable[Row]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(row.values.get("kind") or "") for row in rows))


def _by_day(rows: Iterable[Row]) -> dict[date, list[Row]]:
    found: dict[date, list[Row]] = {}
    for row in rows:
        if isinstance(day := row.values.get("held_on"), date):
            found.setdefault(day, []).append(row)
    return found


def _score(row: Row | None) -> float | None:
    return number(row.values.get("total")) if row else None


def _marks(scheme: Scheme | None, row: Row | None) -> Mapping[str, float | None]:
    """Return the points of each criteria group of the scheme; empty where nothing was scored."""
    if scheme is None or row is None:
        return {}
    return {group.id: number(row.values.get(group.id)) for group in scheme.groups}


def ratings(
    facts: Facts, held: tuple[Sitting, ...], returned: Completeness | None
) -> tuple[CellRating, ...]:
    """Return one line for each cell that owes a return in the period or met in the year to date.

    They stand in the register's order. A cell that owes and sent nothing has its line too, with the
    state that says why. A cell merged in August keeps what it reported until July: the sum of all
    lines is that of `held`. The year to date holds every sitting from January: 95, 90, 60 and one
    unscored give {good: 2, average: 1}, 4 held, 3 scored, mean 81.67 (shown exact).
    """
    by_branch: dict[str, list[Sitting]] = {}
    for sitting in held:
        by_branch.setdefault(sitting.branch, []).append(sitting)
    scheme = _scheme(facts, facts.period)
    owing = _owing(facts)
    known = [b for b in facts.register.organisations if b.code in owing or b.code in by_branch]
    unknown = (code for code in by_branch if code not in facts.register.by_code)
    return tuple(
        replace(
            _rating(facts, branch, by_branch.get(branch.code, []), scheme, returned),
            owes=branch.code in owing,
        )
        for branch in (*known, *(Organisation(code, code, "") for code in unknown))
    )


def _owing(facts: Facts) -> set[str]:
    """Return who owes a return for a month of the period, even if not for its last one."""
    return {
        branch.code
        for month in facts.period.months()
        if (form := facts.catalogue.form_for(MEETING, month))
        for branch in facts.register.reporters(form, month)
    }


def _rating(
    facts: Facts,
    branch: Organisation,
    held: list[Sitting],
    scheme: Scheme | None,
    returned: Completeness | None,
) -> CellRating:
    scores = [sitting.score for sitting in held if sitting.score is not None]
    regular = [sitting.band for sitting in held if sitting.regular and sitting.band]
    period, to_come = facts.period, _to_come(facts, branch, returned)
    graded = scheme and _is_graded(facts, branch, scheme, len(regular) + to_come, returned)
    grade = year_grade(scheme, regular, to_come) if scheme and graded else None
    return CellRating(
        branch=branch,
        state=gravest(period, branch.code, returned),
        sittings=tuple(sitting for sitting in held if sitting.period in period.months()),
        bands=_bands(scheme, held),
        scored=len(scores),
        mean=mean(scores),
        held=len(held),
        to_come=to_come,
        grade=grade.id if grade else None,
    )


def _is_graded(
    facts: Facts, branch: Organisation, scheme: Scheme, meetings: int, returned: Completeness | None
) -> bool:
    """Whether a cell may bear a grade for the year; `meetings` are its scored regular ones, those
    that may still come included.

    None bears who has fewer than a grade asks because of its life: founded or ended within the
    year, unknown to the register, or excused from months of it. How their year counts is
    unconfirmed. Who was there all year and met seldom is graded.
    """
    if meetings >= max((grade.times for grade in scheme.year_grades), default=0):
        return True
    first, last = date(facts.period.year, 1, 1), date(facts.period.year, 12, 31)
    known = facts.register.by_code.get(branch.code)
    if known is None or (known.founded or first) > first or _ends_within(known, first, last):
        return False
    cells = returned.cells.items() if returned else ()
    return not any(at == branch.code and cell.state == "waived" for (at, _), cell in cells)


def _ends_within(branch: Organisation, first: date, last: date) -> bool:
    """Whether it was there on the first day and is no more on the last one."""
    return branch.ended is not None and first < branch.ended <= last


def _to_come(facts: Facts, branch: Organisation, returned: Completeness | None) -> int:
    """Return the months of the year that may still bring a regular meeting of the cell.

    Those after the period in which it still owes a return, and those up to it whose return is out.
    """
    year = [Period(facts.period.year, month) for month in range(1, 13)]
    open_ = returned.cells if returned else {}
    return sum(
        branch.alive(month) and branch.code in facts.register.by_code
        if month.start > facts.period.end
        else (field := open_.get((branch.code, month))) is not None and field.state in OPEN
        for month in year
    )


def _bands(scheme: Scheme | None, held: Iterable[Sitting]) -> Mapping[str, int]:
    """Count sittings by band; a band without any is there with 0."""
    counts = Counter(sitting.band for sitting in held if sitting.band is not None)
    names = [band.id for band in scheme.bands] if scheme else []
    return {name: counts[name] for name in dict.fromkeys([*names, *counts])}
