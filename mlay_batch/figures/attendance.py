"""Visits of officers to cell meetings, and for which quota each of them counts.

Nothing reported is dropped: a visit that counts for nobody is listed with the reason (DOMAIN,
"Quota terms"). Officers are matched by code, never by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from mlay_batch.figures.records import Attendance, Facts, Sitting
from mlay_batch.figures.returns import returns_of, year_to_date
from mlay_batch.findings import Place
from mlay_batch.period import Period
from mlay_batch.register import Officer, Organisation, Register
from mlay_batch.schema import Quota
from mlay_batch.schema.ids import BOTH, MEETING


@dataclass(frozen=True)
class Duty:
    """An assignment while its officer is in office: first and last day, both included."""

    officer: Officer
    branch: str
    role: str
    first: date
    last: date

    def is_in_force(self, day: date) -> bool:
        """Whether it is in force on `day`."""
        return self.first <= day <= self.last

    def touches(self, month: Period) -> bool:
        """Whether it is in force on at least one day of `month`."""
        return max(self.first, month.start) <= min(self.last, month.end)

    def within_life(self, cell: Organisation) -> Duty:
        """Return the duty cut down to the life of `cell` (to the day before it ended)."""
        ends = date.fromordinal(cell.ended.toordinal() - 1) if cell.ended else date.max
        return replace(
            self,
            branch=cell.code,
            first=max(self.first, cell.founded or date.min),
            last=min(self.last, ends),
        )


def duties(register: Register) -> Mapping[str, tuple[Duty, ...]]:
    """Return each officer's assignments, cut down to the time in office, by officer's code."""
    found: dict[str, list[Duty]] = {}
    for entry in register.assignments:
        if officer := register.officer_by_code.get(entry.officer):
            first = max(entry.from_, officer.from_ or date.min)
            last = min(entry.to or date.max, officer.to or date.max)
            duty = Duty(officer, entry.branch, entry.role, first, last)
            found.setdefault(officer.code, []).append(duty)
    return {code: tuple(own) for code, own in found.items()}


@dataclass(frozen=True)
class Visit:
    """One row of a return's table of visits: who came, for whom, where, when, to what kind."""

    officer: str
    on_behalf_of: str | None
    branch: str
    held_on: date
    kind: str
    place: Place
    delivery: int

    @property
    def credited(self) -> str:
        """Code of the officer it would count for."""
        return self.on_behalf_of or self.officer

    @property
    def rank(self) -> tuple[date, str, bool, str, str]:
        """Sort key; of two visits to one sitting the officer's own comes before a substitute's."""
        absent = self.on_behalf_of is not None
        return self.held_on, self.branch, absent, self.officer, self.on_behalf_of or ""


def joined(kinds: Iterable[str]) -> str:
    """Return the kind of a sitting: ``both`` where meetings of different kinds shared the day.

    >>> joined(["regular", "thematic"]), joined(["regular"]), joined([])
    ('both', 'regular', '')
    """
    distinct = set(kinds)
    return BOTH if len(distinct) > 1 else next(iter(distinct), "")


def visits(facts: Facts, held: Iterable[Sitting]) -> tuple[Visit, ...]:
    """Return every visit reported in the year to date, by day, cell and officer."""
    kinds = {(sitting.branch, sitting.held_on): joined(sitting.kinds) for sitting in held}
    filed = year_to_date(returns_of(facts, MEETING), facts.period)
    found = [
        Visit(
            officer=officer,
            on_behalf_of=str(row.values.get("on_behalf_of") or "") or None,
            branch=branch,
            held_on=day,
            kind=kinds.get((branch, day), ""),
            place=replace(row.place("officer"), file=entry.delivery.name),
            delivery=entry.delivery.id,
        )
        for (branch, _), entry in filed.items()
        for row in entry.section("visits")
        if isinstance(day := row.values.get("held_on"), date)
        and isinstance(officer := row.values.get("officer"), str)
    ]
    return tuple(sorted(found, key=lambda visit: visit.rank))


def whereabouts(seen: Iterable[Visit]) -> Mapping[tuple[str, date], tuple[str, ...]]:
    """Return the cells in which each officer is reported on each day, in the order of `seen`."""
    found: dict[tuple[str, date], dict[str, None]] = {}
    for visit in seen:
        found.setdefault((visit.officer, visit.held_on), {})[visit.branch] = None
    return {key: tuple(cells) for key, cells in found.items()}


def attendances(facts: Facts, seen: tuple[Visit, ...]) -> tuple[Attendance, ...]:
    """Return each visit once for every quota it concerns, or once without a quota.

    It counts for a quota if on that day a duty of the quota's role covers the cell. The first of
    these that applies is the reason why not: Q01 no such duty, Q02 substitute, Q03 own cell (of
    the visitor or of the one represented), Q05 kind of meeting, Q04 the sitting counts already.
    Of two visits to one sitting, one in person and one by a substitute, the one in person counts.
    A visit that counts may carry Q06: the visitor is reported elsewhere on the same day as well.

    The quotas are those that hold in the report's period; of each the record of the month of the
    visit says what counts.
    """
    serving = duties(facts.register)
    records = _quotas_by_month(facts, seen)
    places = whereabouts(seen)
    counted: set[tuple[str, str, str, date]] = set()
    found: list[Attendance] = []
    for visit in seen:
        roles = _roles(facts.register, serving.get(visit.credited, ()), visit)
        quotas = records[Period.of("month", visit.held_on)]
        concerned: list[Quota | None] = [quota for quota in quotas if quota.role in roles]
        for quota in concerned or [None]:
            reason = _doubt(facts.register, visit, quota)
            sitting = (quota.quota if quota else "", visit.credited, visit.branch, visit.held_on)
            if not reason and sitting in counted:
                reason = "Q04"
            counts = int(not reason)
            if counts:
                counted.add(sitting)
                reason = "Q06" if len(places[visit.officer, visit.held_on]) > 1 else ""
            found.append(_attendance(visit, quota, counts, reason))
    return tuple(found)


def _quotas_by_month(facts: Facts, seen: Iterable[Visit]) -> Mapping[Period, tuple[Quota, ...]]:
    """Return for every month of a visit the records of the period's quotas that apply in it."""
    names = [quota.quota for quota in facts.catalogue.quotas_for(facts.period)]
    return {
        month: tuple(q for name in names if (q := facts.catalogue.quota_for(name, month)))
        for month in {Period.of("month", visit.held_on) for visit in seen}
    }


def _roles(register: Register, own: Iterable[Duty], visit: Visit) -> set[str]:
    """Return the roles in which the credited officer had a duty there on that day.

    Nobody has a duty in a cell before it was founded or after it ended.
    """
    cell = register.by_code.get(visit.branch)
    return {
        duty.role
        for duty in own
        if register.within(visit.branch, duty.branch)
        and (duty.within_life(cell) if cell else duty).is_in_force(visit.held_on)
    }


def _doubt(register: Register, visit: Visit, quota: Quota | None) -> str:
    """Return why the visit does not count for the quota, seen by itself; empty where it does."""
    if quota is None:
        return "Q01"
    if visit.on_behalf_of and not quota.counts.substitutes:
        return "Q02"
    people = (register.officer_by_code.get(code) for code in (visit.officer, visit.credited))
    at_home = any(officer and officer.own_cell == visit.branch for officer in people)
    if at_home and not quota.counts.own_cell:
        return "Q03"
    return "" if visit.kind in quota.counts.kinds else "Q05"


def _attendance(visit: Visit, quota: Quota | None, counts: int, reason: str) -> Attendance:
    return Attendance(
        officer=visit.officer,
        branch=visit.branch,
        held_on=visit.held_on,
        kind=visit.kind,
        quota=quota.quota if quota else None,
        counts=counts,
        reason=reason,
        place=visit.place,
        delivery=visit.delivery,
        on_behalf_of=visit.on_behalf_of,
    )
