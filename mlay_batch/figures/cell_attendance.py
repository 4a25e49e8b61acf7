"""Lists visits cell by cell: each officer in each cell to attend, each cell with its visitors.

A duty in a cell is limited to the days on which the cell exists.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from mlay_batch.core.period import Period
from mlay_batch.figures.attendance import Duty, duties
from mlay_batch.figures.report_records import (
    NO_RETURN,
    Attendance,
    CellVisits,
    Completeness,
    QuotaPair,
    ReportInputs,
    ServedMonth,
    Sitting,
)
from mlay_batch.figures.slip_records import SlipState
from mlay_batch.model.register import Officer, Organisation
from mlay_batch.schema import Quota, QuotaSpan
from mlay_batch.schema.ids import MEETING

OpenMonths = frozenset[tuple[str, Period]]
CellDuties = Mapping[Organisation, tuple[Duty, ...]]


def months_served(
    spans: Iterable[QuotaSpan], officer_duties: Iterable[Duty], year: Sequence[Period]
) -> Mapping[Period, ServedMonth]:
    """Return the months of `year` with a day of duty in the role of the version in force.

    Overlapping duties count once. A month without a version does not count.
    """
    duty_list = tuple(officer_duties)
    months: dict[Period, ServedMonth] = {}
    for span in spans:
        for month in (month for month in year if month.month in span.months):
            quota = span.quota
            days = {
                day for duty in duty_list if duty.role == quota.role for day in duty.days_in(month)
            }
            if days:
                months[month] = ServedMonth(quota, _owed_share(quota, month, days))
    return months


def _owed_share(quota: Quota, month: Period, days: set[int]) -> Fraction:
    """Return how much of a month is owed by who is on duty on `days` (ordinals) of it."""
    if quota.months_by == "days":
        return Fraction(len(days), len(range(month.start.toordinal(), month.end.toordinal() + 1)))
    return Fraction(int(month.start.replace(day=15).toordinal() in days))


def sum_months(months: Mapping[Period, ServedMonth], until: Period | None = None) -> Fraction:
    """Return how many months are served, up to the end of a period or in all."""
    return sum(
        (served.share for month, served in months.items() if not until or month.end <= until.end),
        Fraction(0),
    )


@dataclass(frozen=True)
class _OfficerCell:
    """The months an officer serves under a quota in one cell."""

    quota: Quota
    officer: Officer
    cell: Organisation
    months: Mapping[Period, ServedMonth]
    visits: tuple[Attendance, ...]

    def to_record(
        self, period: Period, open_months: OpenMonths, open_slips: OpenMonths
    ) -> QuotaPair:
        may_count = list(filter(self._may_count, self.months))

        def is_open(month: Period) -> bool:
            is_slip_open = (self.officer.code, month) in open_slips
            return (self.cell.code, month) in open_months or is_slip_open

        return QuotaPair(
            self.quota,
            self.officer.code,
            self.cell,
            self.months,
            float(sum_months(self.months, period)),
            float(sum_months(self.months)),
            Counter(visit.kind for visit in self.visits if visit.at_least == 1),
            sum(visit.at_least != 1 for visit in self.visits),
            max((visit.held_on for visit in self.visits), default=None),
            tuple(filter(is_open, may_count)),
            tuple(month for month in may_count if month.start > period.end),
            bool(self.months) and not may_count,
        )

    def _may_count(self, month: Period) -> bool:
        """Whether a visit to the cell in that month may count; in the own cell it may not."""
        return self.months[month].quota.counts.own_cell or self.cell.code != self.officer.own_cell


def quota_pairs(
    inputs: ReportInputs,
    attendances: Iterable[Attendance],
    matrix: Completeness | None,
    slips: Iterable[SlipState] = (),
) -> tuple[QuotaPair, ...]:
    """Return each officer with each cell that the quotas of the period assign within the year.

    The order is by quota, officer (register) and duty. Cells whose months are all still to come
    are included. A month is open for an officer also where his slip is, if a visit needs one.
    """
    open_months = _open_months(matrix)
    open_slips = frozenset((s.officer, s.period) for s in slips if s.is_open and s.counts)
    return tuple(
        officer_cell.to_record(inputs.period, open_months, open_slips)
        for officer_cell in _officer_cells(inputs, tuple(attendances))
    )


def _officer_cells(
    inputs: ReportInputs, attendances: tuple[Attendance, ...]
) -> Iterator[_OfficerCell]:
    duties_by_officer = cell_duties(inputs)
    counted_visits: dict[tuple[str | None, str], dict[str, list[Attendance]]] = {}
    for visit in attendances:
        if visit.counts:
            by_cell = counted_visits.setdefault((visit.quota, visit.credited_officer), {})
            by_cell.setdefault(visit.branch, []).append(visit)
    year = inputs.months_in_use
    for quota in inputs.catalogue.quotas_for(inputs.period):
        spans = inputs.catalogue.quota_spans(quota.quota, inputs.period.year)
        for officer in inputs.register.officers:
            visits_by_cell = counted_visits.get((quota.quota, officer.code), {})
            for cell, duties_there in duties_by_officer.get(officer.code, {}).items():
                visits = tuple(visits_by_cell.get(cell.code, ()))
                months = months_served(spans, duties_there, year)
                if visits or months:
                    yield _OfficerCell(quota, officer, cell, months, visits)


def cell_duties(inputs: ReportInputs) -> Mapping[str, CellDuties]:
    """Return each officer's duties in each cell that meets, while it exists, by officer's code."""
    cells_below = _cells_below(inputs)
    by_officer: dict[str, CellDuties] = {}
    for officer, officer_duties in duties(inputs.register).items():
        by_cell: dict[Organisation, list[Duty]] = {}
        for duty in officer_duties:
            for cell in cells_below.get(duty.branch, ()):
                by_cell.setdefault(cell, []).append(duty.clip_to_life(cell))
        by_officer[officer] = {cell: tuple(there) for cell, there in by_cell.items()}
    return by_officer


def _open_months(matrix: Completeness | None) -> OpenMonths:
    """Return the cells and months of the year so far whose return is open."""
    cells = matrix.cells.items() if matrix else ()
    return frozenset(key for key, cell in cells if cell.state in NO_RETURN)


def _cells_below(inputs: ReportInputs) -> Mapping[str, tuple[Organisation, ...]]:
    """Return the cells at or below each organisation that hold meetings, in register order."""
    form = inputs.catalogue.form_for(MEETING, inputs.period)
    by_organisation: dict[str, list[Organisation]] = {}
    for cell in inputs.register.organisations:
        if form and cell.type in form.reporters:
            for organisation in (cell, *inputs.register.ancestors(cell.code)):
                by_organisation.setdefault(organisation.code, []).append(cell)
    return {code: tuple(cells) for code, cells in by_organisation.items()}


def cell_visits(
    inputs: ReportInputs,
    attendances: Iterable[Attendance],
    sittings: Iterable[Sitting],
    pairs: Iterable[QuotaPair],
    matrix: Completeness | None,
) -> tuple[CellVisits, ...]:
    """Return every cell that owed a meeting return in the year so far, in register order.

    Visits that count for no quota are counted as visits too.
    """
    sitting_days: dict[str, list[date]] = {}
    visit_rows: dict[str, dict[object, list[Attendance]]] = {}
    cell_pairs: dict[str, list[QuotaPair]] = {}
    for sitting in sittings:
        sitting_days.setdefault(sitting.branch, []).append(sitting.held_on)
    for visit in attendances:
        visit_rows.setdefault(visit.branch, {}).setdefault(visit.source, []).append(visit)
    for pair in pairs:
        cell_pairs.setdefault(pair.branch.code, []).append(pair)
    open_counts = Counter(branch for branch, _ in _open_months(matrix))
    return tuple(
        _summarize_cell(
            inputs,
            branch,
            cell_pairs.get(branch.code, []),
            sitting_days.get(branch.code, []),
            list(visit_rows.get(branch.code, {}).values()),
            open_counts[branch.code],
        )
        for branch in (matrix.branches if matrix else ())
    )


def _summarize_cell(
    inputs: ReportInputs,
    branch: Organisation,
    pairs: list[QuotaPair],
    sitting_days: list[date],
    rows: list[list[Attendance]],
    open_months: int,
) -> CellVisits:
    visit_days = {row[0].held_on for row in rows}
    return CellVisits(
        branch,
        tuple(dict.fromkeys(pair.officer for pair in pairs)),
        len(sitting_days),
        len(visit_days.intersection(sitting_days)),
        len(rows),
        sum(any(visit.counts for visit in row) for row in rows),
        max(visit_days, default=None),
        open_months,
        _visited_state(rows) if rows else _unvisited_state(inputs, branch, pairs, open_months),
    )


def _visited_state(rows: Iterable[Iterable[Attendance]]) -> str:
    counted = [visit for row in rows for visit in row if visit.counts]
    if any(visit.at_least == 1 for visit in counted):
        return "attended"
    return "unsettled" if counted else "uncounted"


def _unvisited_state(
    inputs: ReportInputs, branch: Organisation, pairs: list[QuotaPair], open_months: int
) -> str:
    """Return why nobody came to a cell, as far as the register says why."""
    if branch.ended and branch.ended <= inputs.period.end:
        return "ended"
    if not pairs:
        return "unassigned"
    if all(pair.is_own for pair in pairs):
        return "own"
    return "unknown" if open_months else "unattended"
