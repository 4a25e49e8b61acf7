"""Visits cell by cell: every officer in every cell he is to attend, every cell with its visitors.

The months of duty in a cell are cut down to the life of the cell: nobody attends it before it was
founded or after it ended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from mlay_batch.figures.attendance import Duty, duties
from mlay_batch.figures.quota_records import CellVisits, QuotaPair
from mlay_batch.figures.records import OPEN, Attendance, Completeness, Facts, Sitting
from mlay_batch.period import Period
from mlay_batch.register import Officer, Organisation
from mlay_batch.schema import Quota, QuotaSpan
from mlay_batch.schema.ids import MEETING

Unseen = frozenset[tuple[str, Period]]


def months_served(
    spans: Iterable[QuotaSpan], serving: Iterable[Duty], year: int
) -> Mapping[Period, Quota]:
    """Return the months of `year` served under a quota, each with the record that applies in it.

    A month counts with at least one day of duty in the role of its record; two duties in one month
    are one. In a month without a record nobody serves.
    """
    duties = tuple(serving)
    months = ((Period(year, number), span.quota) for span in spans for number in span.months)
    return {
        month: quota
        for month, quota in months
        if any(duty.role == quota.role and duty.touches(month) for duty in duties)
    }


@dataclass(frozen=True)
class _Pair:
    """The months an officer serves under a quota in one cell, while the cell lives."""

    quota: Quota
    officer: Officer
    cell: Organisation
    months: Mapping[Period, Quota]
    visits: tuple[Attendance, ...]

    def told(self, period: Period, unseen: Unseen) -> QuotaPair:
        past = [month for month in self.months if month.start <= period.end]
        open_ = (month for month in past if (self.cell.code, month) in unseen)
        return QuotaPair(
            self.quota, self.officer.code, self.cell, self.months, len(past),
            Counter(visit.kind for visit in self.visits),
            max((visit.held_on for visit in self.visits), default=None),
            sum(map(self._may_count, open_)),
        )  # fmt: skip

    def _may_count(self, month: Period) -> bool:
        """Whether a visit to the cell in that month may count: it may be the officer's own."""
        return self.months[month].counts.own_cell or self.cell.code != self.officer.own_cell


def pairs(
    facts: Facts, attended: Iterable[Attendance], returned: Completeness | None
) -> tuple[QuotaPair, ...]:
    """Return each officer in each cell the quotas of the period have him attend within the year.

    By quota, in the register's order of officers, an officer's cells in the order of his duties.
    Where a quota is owed by officer, cells of which he has had no month yet stand there too.
    """
    unseen = _unseen(returned)
    return tuple(pair.told(facts.period, unseen) for pair in _pairs(facts, tuple(attended)))


def _pairs(facts: Facts, attended: tuple[Attendance, ...]) -> Iterator[_Pair]:
    cells, serving = _cells_below(facts), duties(facts.register)
    counted: dict[tuple[str | None, str], dict[str, list[Attendance]]] = {}
    for visit in attended:
        if visit.counts:
            cells_of = counted.setdefault((visit.quota, visit.credited), {})
            cells_of.setdefault(visit.branch, []).append(visit)
    year = facts.period.year
    for quota in facts.catalogue.quotas_for(facts.period):
        spans = facts.catalogue.quota_spans(quota.quota, year)
        roles = {quota.role, *(span.quota.role for span in spans)}
        for officer in facts.register.officers:
            own = [duty for duty in serving.get(officer.code, ()) if duty.role in roles]
            seen = counted.get((quota.quota, officer.code), {})
            for cell, there in _covered(own, cells).items():
                visits = tuple(seen.get(cell.code, ()))
                months = months_served(spans, there, year)
                if visits or months:
                    yield _Pair(quota, officer, cell, months, visits)


def _covered(
    own: Iterable[Duty], cells: Mapping[str, tuple[Organisation, ...]]
) -> Mapping[Organisation, tuple[Duty, ...]]:
    found: dict[Organisation, list[Duty]] = {}
    for duty in own:
        for cell in cells.get(duty.branch, ()):
            found.setdefault(cell, []).append(duty.within_life(cell))
    return {cell: tuple(there) for cell, there in found.items()}


def _unseen(returned: Completeness | None) -> Unseen:
    """Return the cells and months of the year so far whose return is open, as the ledger knows."""
    fields = returned.cells.items() if returned else ()
    return frozenset(place for place, field in fields if field.state in OPEN)


def _cells_below(facts: Facts) -> Mapping[str, tuple[Organisation, ...]]:
    """Return for every organisation the cells that meet: itself or below it, register order."""
    form = facts.catalogue.form_for(MEETING, facts.period)
    found: dict[str, list[Organisation]] = {}
    for cell in facts.register.organisations:
        if form and cell.type in form.reporters:
            for top in (cell, *facts.register.ancestors(cell.code)):
                found.setdefault(top.code, []).append(cell)
    return {code: tuple(cells) for code, cells in found.items()}


def cell_visits(
    attended: Iterable[Attendance], held: Iterable[Sitting],
    following: Iterable[QuotaPair], returned: Completeness | None,
) -> tuple[CellVisits, ...]:  # fmt: skip
    """Return every cell that owed a meeting return in the year so far, in the register's order.

    Who came counts even where the visit counts for no quota: a substitute has seen the cell too.
    """
    days: dict[str, set[object]] = {}
    visits: dict[str, dict[object, list[Attendance]]] = {}
    officers: dict[str, dict[str, None]] = {}
    for sitting in held:
        days.setdefault(sitting.branch, set()).add(sitting.held_on)
    for visit in attended:
        row = visit.place, visit.delivery
        visits.setdefault(visit.branch, {}).setdefault(row, []).append(visit)
    for pair in following:
        officers.setdefault(pair.branch.code, {})[pair.officer] = None
    unseen = Counter(branch for branch, _ in _unseen(returned))
    return tuple(
        _visited(
            branch, tuple(officers.get(branch.code, ())), days.get(branch.code, set()),
            list(visits.get(branch.code, {}).values()), unseen[branch.code],
        )
        for branch in (returned.branches if returned else ())
    )  # fmt: skip


def _visited(
    branch: Organisation, officers: tuple[str, ...], days: set[object],
    rows: list[list[Attendance]], unseen: int,
) -> CellVisits:  # fmt: skip
    counted = sum(any(visit.counts for visit in row) for row in rows)
    came = {row[0].held_on for row in rows}
    if rows:
        state = "attended" if counted else "uncounted"
    else:
        state = "unknown" if unseen else "unattended"
    return CellVisits(
        branch, officers, len(days), len(came & days), len(rows), counted,
        max(came, default=None), unseen, state,
    )  # fmt: skip
