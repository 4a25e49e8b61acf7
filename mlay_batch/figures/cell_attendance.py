"""Lists visits cell by cell: each officer in each cell to attend, each cell with its visitors.

Months of duty in a cell are limited to the months in which the cell exists.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from mlay_batch.core.period import Period
from mlay_batch.figures.attendance import Duty, duties
from mlay_batch.figures.report_records import (
    OPEN,
    Attendance,
    CellVisits,
    Completeness,
    QuotaPair,
    ReportInputs,
    Sitting,
)
from mlay_batch.model.register import Officer, Organisation
from mlay_batch.schema import Quota, QuotaSpan
from mlay_batch.schema.ids import MEETING

OpenMonths = frozenset[tuple[str, Period]]


def months_served(
    spans: Iterable[QuotaSpan], officer_duties: Iterable[Duty], year: int
) -> Mapping[Period, Quota]:
    """Return the months of `year` served under a quota, each with the quota version in force.

    A month counts once if it has at least one day of duty in that version's role. A month without
    a version does not count.
    """
    duty_list = tuple(officer_duties)
    months = ((Period(year, number), span.quota) for span in spans for number in span.months)
    return {
        month: quota
        for month, quota in months
        if any(duty.role == quota.role and duty.overlaps(month) for duty in duty_list)
    }


@dataclass(frozen=True)
class _OfficerCell:
    """The months an officer serves under a quota in one cell."""

    quota: Quota
    officer: Officer
    cell: Organisation
    months: Mapping[Period, Quota]
    visits: tuple[Attendance, ...]

    def to_record(self, period: Period, open_months: OpenMonths) -> QuotaPair:
        past_months = [month for month in self.months if month.start <= period.end]
        open_past = (month for month in past_months if (self.cell.code, month) in open_months)
        return QuotaPair(
            self.quota,
            self.officer.code,
            self.cell,
            self.months,
            len(past_months),
            Counter(visit.kind for visit in self.visits),
            max((visit.held_on for visit in self.visits), default=None),
            sum(map(self._may_count, open_past)),
        )

    def _may_count(self, month: Period) -> bool:
        """Whether a visit to the cell in that month may count; in the own cell it may not."""
        return self.months[month].counts.own_cell or self.cell.code != self.officer.own_cell


def quota_pairs(
    inputs: ReportInputs, attendances: Iterable[Attendance], matrix: Completeness | None
) -> tuple[QuotaPair, ...]:
    """Return each officer with each cell that the quotas of the period assign within the year.

    The order is by quota, officer (register) and duty. Cells whose months are all still to come
    are included.
    """
    open_months = _open_months(matrix)
    return tuple(
        officer_cell.to_record(inputs.period, open_months)
        for officer_cell in _officer_cells(inputs, tuple(attendances))
    )


def _officer_cells(
    inputs: ReportInputs, attendances: tuple[Attendance, ...]
) -> Iterator[_OfficerCell]:
    cells_below, duties_by_officer = _cells_below(inputs), duties(inputs.register)
    counted_visits: dict[tuple[str | None, str], dict[str, list[Attendance]]] = {}
    for visit in attendances:
        if visit.counts:
            by_cell = counted_visits.setdefault((visit.quota, visit.credited_officer), {})
            by_cell.setdefault(visit.branch, []).append(visit)
    year = inputs.period.year
    for quota in inputs.catalogue.quotas_for(inputs.period):
        spans = inputs.catalogue.quota_spans(quota.quota, year)
        roles = {quota.role, *(span.quota.role for span in spans)}
        for officer in inputs.register.officers:
            officer_duties = [
                duty for duty in duties_by_officer.get(officer.code, ()) if duty.role in roles
            ]
            visits_by_cell = counted_visits.get((quota.quota, officer.code), {})
            for cell, cell_duties in _duties_by_cell(officer_duties, cells_below).items():
                visits = tuple(visits_by_cell.get(cell.code, ()))
                months = months_served(spans, cell_duties, year)
                if visits or months:
                    yield _OfficerCell(quota, officer, cell, months, visits)


def _duties_by_cell(
    officer_duties: Iterable[Duty], cells: Mapping[str, tuple[Organisation, ...]]
) -> Mapping[Organisation, tuple[Duty, ...]]:
    by_cell: dict[Organisation, list[Duty]] = {}
    for duty in officer_duties:
        for cell in cells.get(duty.branch, ()):
            by_cell.setdefault(cell, []).append(duty.clip_to_life(cell))
    return {cell: tuple(cell_duties) for cell, cell_duties in by_cell.items()}


def _open_months(matrix: Completeness | None) -> OpenMonths:
    """Return the cells and months of the year so far whose return is open."""
    cells = matrix.cells.items() if matrix else ()
    return frozenset(key for key, cell in cells if cell.state in OPEN)


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
    attendances: Iterable[Attendance],
    sittings: Iterable[Sitting],
    pairs: Iterable[QuotaPair],
    matrix: Completeness | None,
) -> tuple[CellVisits, ...]:
    """Return every cell that owed a meeting return in the year so far, in register order.

    Visits that count for no quota are counted as visits too.
    """
    sitting_days: dict[str, set[object]] = {}
    visit_rows: dict[str, dict[object, list[Attendance]]] = {}
    officers: dict[str, dict[str, None]] = {}
    for sitting in sittings:
        sitting_days.setdefault(sitting.branch, set()).add(sitting.held_on)
    for visit in attendances:
        source = visit.place, visit.delivery
        visit_rows.setdefault(visit.branch, {}).setdefault(source, []).append(visit)
    for pair in pairs:
        officers.setdefault(pair.branch.code, {})[pair.officer] = None
    open_counts = Counter(branch for branch, _ in _open_months(matrix))
    return tuple(
        _summarize_cell(
            branch,
            tuple(officers.get(branch.code, ())),
            sitting_days.get(branch.code, set()),
            list(visit_rows.get(branch.code, {}).values()),
            open_counts[branch.code],
        )
        for branch in (matrix.branches if matrix else ())
    )


def _summarize_cell(
    branch: Organisation,
    officers: tuple[str, ...],
    sitting_days: set[object],
    rows: list[list[Attendance]],
    open_months: int,
) -> CellVisits:
    counted_visits = sum(any(visit.counts for visit in row) for row in rows)
    visit_days = {row[0].held_on for row in rows}
    if rows:
        state = "attended" if counted_visits else "uncounted"
    else:
        state = "unknown" if open_months else "unattended"
    return CellVisits(
        branch,
        officers,
        len(sitting_days),
        len(visit_days & sitting_days),
        len(rows),
        counted_visits,
        max(visit_days, default=None),
        open_months,
        state,
    )
