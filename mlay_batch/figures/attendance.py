"""Decides for which quota each visit of an officer to a cell meeting counts.

Every reported visit is listed, with the reason if it does not count.
Officers are matched by code, never by name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from mlay_batch.core.findings import Place
from mlay_batch.core.period import Period
from mlay_batch.figures.report_records import Attendance, ReportInputs, Sitting
from mlay_batch.figures.return_access import returns_of, year_to_date
from mlay_batch.figures.slip_records import UNKNOWN_KIND, SlipRow, VisitKey
from mlay_batch.figures.visit_slips import slip_rows
from mlay_batch.model.office_rules import BY_BOTH, BY_RETURN, BY_SLIP
from mlay_batch.model.register import Officer, Organisation, Register, Waiver
from mlay_batch.schema import Catalogue, Quota
from mlay_batch.schema.ids import MEETING, MIXED_KIND

VISITS = "visits"  # the section of a return with the officers who came
MEETING_KIND = "meeting_kind"  # the list of choices of kinds of meetings


@dataclass(frozen=True)
class Duty:
    """An assignment while its officer is in office.

    Attributes:
        officer: the officer.
        branch: code of the organisation; with all below it.
        role: role that quotas are owed by (`Quota.role`).
        first: first day of the duty; `date.min` without a limit.
        last: last day of the duty, included; `date.max` without a limit.
    """

    officer: Officer
    branch: str
    role: str
    first: date
    last: date

    def is_in_force(self, day: date) -> bool:
        """Whether it is in force on `day`."""
        return self.first <= day <= self.last

    def days_in(self, month: Period) -> range:
        """Return the days of `month` on which it is in force, by their ordinals."""
        first, last = max(self.first, month.start), min(self.last, month.end)
        return range(first.toordinal(), last.toordinal() + 1)

    def clip_to_life(self, cell: Organisation) -> Duty:
        """Return the duty limited to the days on which `cell` exists."""
        last_day = date.fromordinal(cell.ended.toordinal() - 1) if cell.ended else date.max
        return replace(
            self,
            branch=cell.code,
            first=max(self.first, cell.founded or date.min),
            last=min(self.last, last_day),
        )


def duties(register: Register) -> Mapping[str, tuple[Duty, ...]]:
    """Return each officer's assignments, limited to the time in office, by officer's code."""
    by_officer: dict[str, list[Duty]] = {}
    for assignment in register.assignments:
        if officer := register.officer_by_code.get(assignment.officer):
            first = max(assignment.from_, officer.from_ or date.min)
            last = min(assignment.to or date.max, officer.to or date.max)
            duty = Duty(officer, assignment.branch, assignment.role, first, last)
            by_officer.setdefault(officer.code, []).append(duty)
    return {code: tuple(officer_duties) for code, officer_duties in by_officer.items()}


@dataclass(frozen=True)
class Visit:
    """One row of a return's table of visits.

    Attributes:
        officer: code of the officer who came.
        on_behalf_of: code of the officer who was represented; None for a visit of one's own.
        branch: code of the cell.
        held_on: day of the meeting.
        kind: kind of the day's meetings by `sitting_kind`; empty if none is reported on that day.
        place: where the officer's code stands in the file.
        delivery: ledger entry of the return.
        confirmed_by: the waiver of X02 by which the office confirms the cell's visits of the month.
        by_return: whether the cell's return tells it; else place and delivery are the slip's.
        slip: the row of the officer's slip that tells it; None without one.
    """

    officer: str
    on_behalf_of: str | None
    branch: str
    held_on: date
    kind: str
    place: Place
    delivery: int
    confirmed_by: Waiver | None
    by_return: bool = True
    slip: SlipRow | None = None

    @property
    def key(self) -> VisitKey:
        """What tells one visit from another."""
        return self.officer, self.on_behalf_of, self.branch, self.held_on

    @property
    def credited_officer(self) -> str:
        """The code of the officer the visit would count for."""
        return self.on_behalf_of or self.officer

    @property
    def sort_key(self) -> tuple[date, str, bool, str, str]:
        """The sort key; in one sitting the officer comes before a substitute."""
        by_substitute = self.on_behalf_of is not None
        return self.held_on, self.branch, by_substitute, self.officer, self.on_behalf_of or ""


def sitting_kind(kinds: Iterable[str]) -> str:
    """Return the kind of a sitting: ``both`` if meetings of different kinds share the day.

    >>> sitting_kind(["regular", "thematic"]), sitting_kind(["regular"]), sitting_kind([])
    ('both', 'regular', '')
    """
    distinct = set(kinds)
    return MIXED_KIND if len(distinct) > 1 else next(iter(distinct), "")


def visits(inputs: ReportInputs, sittings: Iterable[Sitting]) -> tuple[Visit, ...]:
    """Return every visit that returns or slips tell of in the year to date.

    They are in the order of day, cell and officer. One that both tell is one visit.
    """
    kinds: dict[tuple[str, date], list[str]] = {}
    for sitting in sittings:
        kinds.setdefault((sitting.branch, sitting.held_on), []).append(sitting.kind)
    returns = year_to_date(returns_of(inputs, MEETING), inputs.period)
    year_visits = [
        Visit(
            officer=officer,
            on_behalf_of=str(row.values.get("on_behalf_of") or "") or None,
            branch=branch,
            held_on=day,
            kind=sitting_kind(kinds.get((branch, day), ())),
            place=replace(row.place("officer"), file=accepted.entry.name),
            delivery=accepted.entry.id,
            confirmed_by=inputs.register.waiver(MEETING, branch, month, inputs.as_of, "X02"),
        )
        for (branch, month), accepted in returns.items()
        for row in accepted.section_rows(VISITS)
        if isinstance(day := row.values.get("held_on"), date)
        and isinstance(officer := row.values.get("officer"), str)
    ]
    merged = _with_slips(inputs, year_visits, kinds)
    return tuple(sorted(merged, key=lambda visit: visit.sort_key))


def _with_slips(
    inputs: ReportInputs, returned: list[Visit], kinds: Mapping[tuple[str, date], list[str]]
) -> Iterator[Visit]:
    """Yield the visits of the returns with what slips say of them, then what only slips say.

    The kind of a sitting is the cell's word; where no return names the meeting it is unknown.
    """
    slips = {row.key: row for row in slip_rows(inputs)}
    for visit in returned:
        row = slips.get(visit.key)
        yield replace(visit, slip=row, kind=visit.kind or UNKNOWN_KIND) if row else visit
    for key in slips.keys() - {visit.key for visit in returned}:
        row, month = slips[key], Period.of("month", key[3])
        yield Visit(
            officer=row.officer,
            on_behalf_of=row.on_behalf_of,
            branch=row.branch,
            held_on=row.held_on,
            kind=sitting_kind(kinds.get((row.branch, row.held_on), ())) or UNKNOWN_KIND,
            place=row.place,
            delivery=row.delivery,
            confirmed_by=inputs.register.waiver(MEETING, row.branch, month, inputs.as_of, "X02"),
            by_return=False,
            slip=row,
        )


def visited_cells(year_visits: Iterable[Visit]) -> Mapping[tuple[str, date], tuple[str, ...]]:
    """Return the cells that report each officer on each day, in the order of `year_visits`."""
    by_day: dict[tuple[str, date], dict[str, None]] = {}
    for visit in year_visits:
        by_day.setdefault((visit.officer, visit.held_on), {})[visit.branch] = None
    return {key: tuple(cells) for key, cells in by_day.items()}


def attendances(inputs: ReportInputs, year_visits: tuple[Visit, ...]) -> tuple[Attendance, ...]:
    """Return each visit once for every quota it concerns, or once without a quota.

    It counts for a quota if a duty of the quota's role covers the cell on that day; under a duty
    whose role has no quota there is nothing to count and nothing to ask. The first obstacle is the
    reason: Q01 no such duty, Q02 substitute, Q03 own cell (of the visitor or of the one
    represented), Q05 kind of meeting, Q04 the sitting counts already. In one sitting the officer
    counts before a substitute. Q06 is a warning on a visit that counts: the visitor is reported
    elsewhere on the same day. Of several that count on one day one is taken as certain, unless the
    office confirms them.

    After Q01 comes Q07 (only the cell says so) or Q08 (only the officer) where the other's word
    counts. Of unknown kind, a quota of every kind counts it (Q09), another does not (Q10).
    The quotas are those of the report's period, each in its version for the month of the visit.
    """
    duties_by_officer = duties(inputs.register)
    quotas_by_month = _quotas_by_month(inputs, year_visits)
    cells_by_day = visited_cells(year_visits)
    counted_sittings: set[tuple[str, str, str, date]] = set()
    results: list[Attendance] = []
    for visit in year_visits:
        roles = _roles(inputs.register, duties_by_officer.get(visit.credited_officer, ()), visit)
        quotas = quotas_by_month[Period.of("month", visit.held_on)]
        relevant_quotas: list[Quota | None] = [quota for quota in quotas if quota.role in roles]
        for quota in relevant_quotas or [None]:
            reason = _refusal_reason(inputs, visit, quota, roles)
            sitting_key = (
                quota.quota if quota else "",
                visit.credited_officer,
                visit.branch,
                visit.held_on,
            )
            if not reason and sitting_key in counted_sittings:
                reason = "Q04"
            counts = int(quota is not None and not reason)
            if counts:
                counted_sittings.add(sitting_key)
                reason = _doubt(visit, cells_by_day[visit.officer, visit.held_on])
            results.append(_attendance(visit, quota, counts, reason))
    return tuple(_with_shares(results))


def _doubt(visit: Visit, cells: Sequence[str]) -> str:
    """Return what is in doubt about a visit that counts, reported in these cells on its day."""
    if len(cells) > 1 and not visit.confirmed_by:
        return "Q06"
    return "Q09" if visit.kind == UNKNOWN_KIND else ""


def _with_shares(attendances: list[Attendance]) -> Iterator[Attendance]:
    """Yield the visits, each with its share in the sittings certainly attended."""
    counted = Counter(_day_key(visit) for visit in attendances if visit.counts)
    confirmed = {_day_key(visit) for visit in attendances if visit.counts and visit.is_confirmed}
    for visit in attendances:
        key, share = _day_key(visit), Fraction(visit.counts)
        if visit.counts and not visit.is_confirmed:
            share = Fraction(0) if key in confirmed else Fraction(1, counted[key])
        yield replace(visit, at_least=share)


def _day_key(visit: Attendance) -> tuple[str | None, str, str, date]:
    return visit.quota, visit.credited_officer, visit.officer, visit.held_on


def _quotas_by_month(
    inputs: ReportInputs, year_visits: Iterable[Visit]
) -> Mapping[Period, tuple[Quota, ...]]:
    """Return the period's quotas for each month with a visit, in the version of that month."""
    names = [quota.quota for quota in inputs.catalogue.quotas_for(inputs.period)]
    return {
        month: tuple(q for name in names if (q := inputs.catalogue.quota_for(name, month)))
        for month in {Period.of("month", visit.held_on) for visit in year_visits}
    }


def _roles(register: Register, officer_duties: Iterable[Duty], visit: Visit) -> set[str]:
    """Return the roles of the credited officer's duties in that cell on that day."""
    cell = register.by_code.get(visit.branch)
    return {
        duty.role
        for duty in officer_duties
        if register.is_within(visit.branch, duty.branch)
        and (duty.clip_to_life(cell) if cell else duty).is_in_force(visit.held_on)
    }


def _refusal_reason(
    inputs: ReportInputs, visit: Visit, quota: Quota | None, roles: set[str]
) -> str:
    """Return why the visit by itself does not count for the quota; empty if it does.

    Without a quota that is Q01 unless the officer came in one of the `roles`.
    """
    if quota is None:
        return "" if roles else "Q01"
    register = inputs.register
    if reason := _missing_word(register, visit):
        return reason
    if visit.on_behalf_of and not quota.counts.substitutes:
        return "Q02"
    officers = (
        register.officer_by_code.get(code) for code in (visit.officer, visit.credited_officer)
    )
    in_own_cell = any(officer and officer.own_cell == visit.branch for officer in officers)
    if in_own_cell and not quota.counts.own_cell:
        return "Q03"
    if visit.kind == UNKNOWN_KIND:
        return "" if counts_every_kind(inputs.catalogue, quota) else "Q10"
    return "" if visit.kind in quota.counts.kinds else "Q05"


def _missing_word(register: Register, visit: Visit) -> str:
    """Return Q07 or Q08 where who says so is not whose word counts in the month."""
    counted_by = register.rules.visits_counted_by(Period.of("month", visit.held_on))
    if visit.slip is None and counted_by in (BY_SLIP, BY_BOTH):
        return "Q07"
    return "Q08" if not visit.by_return and counted_by in (BY_RETURN, BY_BOTH) else ""


def counts_every_kind(catalogue: Catalogue, quota: Quota) -> bool:
    """Whether a quota counts meetings of every kind that a form knows."""
    choices = (choice for f in catalogue.forms for choice in f.choices.get(MEETING_KIND, ()))
    return {choice.id for choice in choices} <= set(quota.counts.kinds)


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
        is_confirmed=visit.confirmed_by is not None,
        by_return=visit.by_return,
        slip=visit.slip,
    )
