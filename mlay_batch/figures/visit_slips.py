"""Reads the officers' slips, and compares what they say with what the cells say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date

from mlay_batch.core.period import Period
from mlay_batch.figures.report_records import (
    NO_RETURN,
    Attendance,
    Completeness,
    ReportInputs,
    Sitting,
)
from mlay_batch.figures.return_access import mean, number, returns_of, year_to_date
from mlay_batch.figures.slip_records import (
    BOTH_SAY,
    CELL_OPEN,
    DIFFER,
    ONLY_CELL,
    ONLY_OFFICER,
    SLIP_OPEN,
    SlipFigures,
    SlipRow,
    SlipState,
    VisitCheck,
)
from mlay_batch.model.office_rules import BY_RETURN
from mlay_batch.model.records import AcceptedReturn, Verdict
from mlay_batch.schema.ids import VISIT_SLIP

VISITS, CELL, DAY = "visits", "cell", "held_on"
_DIGITS = 6  # of points that are compared
_STATES = {Verdict.REJECTED: "rejected", Verdict.HELD: "held"}


def slip_rows(inputs: ReportInputs) -> tuple[SlipRow, ...]:
    """Return the rows of all slips in force of the year to date, by day, cell and officer.

    Of months for which the office takes none there are none.
    """
    slips = year_to_date(returns_of(inputs, VISIT_SLIP), inputs.period)
    rows = [
        row
        for (officer, month), accepted in slips.items()
        if inputs.register.rules.takes_slips(month)
        for row in _rows_of(officer, accepted)
    ]
    rows.sort(key=lambda r: (r.held_on, r.branch, bool(r.on_behalf_of), r.officer))
    return tuple(rows)


def _rows_of(officer: str, accepted: AcceptedReturn) -> Iterator[SlipRow]:
    for row in accepted.section_rows(VISITS):
        cell, day = row.values.get(CELL), row.values.get(DAY)
        if isinstance(cell, str) and isinstance(day, date):
            yield SlipRow(
                officer=officer,
                on_behalf_of=str(row.values.get("on_behalf_of") or "") or None,
                branch=cell,
                held_on=day,
                points=number(row.values.get("points")),
                directed=str(row.values.get("directed") or ""),
                place=replace(row.place(CELL), file=accepted.entry.name),
                delivery=accepted.entry.id,
            )


def slip_states(inputs: ReportInputs) -> tuple[SlipState, ...]:
    """Return what came in of slips for the months of the year to date, by month and officer.

    A slip in force comes before one refused or held after it, as with returns.
    """
    rules, months = inputs.register.rules, set(inputs.period.year_to_date())
    states: dict[tuple[Period, str], tuple[str, int]] = {}
    for entry in inputs.ledger_entries:
        if entry.key and entry.form == VISIT_SLIP and not entry.is_from_stranger:
            key = Period.parse(entry.key[2]), entry.key[1]
            if state := _STATES.get(entry.verdict):
                states[key] = state, entry.id
    for (officer, month), accepted in returns_of(inputs, VISIT_SLIP).items():
        states[month, officer] = "reported", accepted.entry.id
    return tuple(
        SlipState(officer, month, state, delivery, rules.visits_counted_by(month) != BY_RETURN)
        for (month, officer), (state, delivery) in sorted(states.items(), key=_by_month)
        if month in months and rules.takes_slips(month)
    )


def _by_month(item: tuple[tuple[Period, str], object]) -> tuple[date, str]:
    (month, officer), _ = item
    return month.start, officer


def slip_figures(
    inputs: ReportInputs,
    attendances: Iterable[Attendance],
    sittings: Iterable[Sitting],
    matrix: Completeness | None,
    states: tuple[SlipState, ...],
) -> SlipFigures | None:
    """Return what the slips give; None where the office uses none."""
    if not inputs.register.rules.has_slips:
        return None
    points: dict[tuple[str, date], list[float | None]] = {}
    for sitting in sittings:
        points.setdefault((sitting.branch, sitting.held_on), []).append(sitting.confirmed_score)
    open_slips = {(each.officer, each.period) for each in states if each.is_open}
    rows = {visit.source: visit for visit in attendances}
    checks = (
        _check(visit, mean(points.get((visit.branch, visit.held_on), ())), matrix, open_slips)
        for visit in rows.values()
        if inputs.register.rules.takes_slips(Period.of("month", visit.held_on))
    )
    return SlipFigures(slip_rows(inputs), states, tuple(checks))


def _check(
    visit: Attendance,
    cell_points: float | None,
    matrix: Completeness | None,
    open_slips: set[tuple[str, Period]],
) -> VisitCheck:
    slip, month = visit.slip, Period.of("month", visit.held_on)
    cell_points = cell_points if visit.by_return else None
    slip_points = slip.points if slip else None
    if visit.by_return and slip:
        has_both = cell_points is not None and slip_points is not None
        differ = has_both and round((cell_points or 0) - (slip_points or 0), _DIGITS)
        state = DIFFER if differ else BOTH_SAY
    elif visit.by_return:
        state = SLIP_OPEN if (visit.officer, month) in open_slips else ONLY_CELL
    else:
        state = CELL_OPEN if _is_out(matrix, visit.branch, month) else ONLY_OFFICER
    return VisitCheck(
        visit.officer,
        visit.on_behalf_of,
        visit.branch,
        visit.held_on,
        state,
        cell_points,
        slip_points,
        visit.place if visit.by_return else None,
        visit.delivery if visit.by_return else None,
        slip.place if slip else None,
        slip.delivery if slip else None,
    )


def _is_out(matrix: Completeness | None, branch: str, month: Period) -> bool:
    cells: Mapping[tuple[str, Period], object] = matrix.cells if matrix else {}
    is_known = matrix is not None and (branch, month) in cells
    return matrix is not None and is_known and matrix.cell(branch, month).state in NO_RETURN


def requests_of(figures: SlipFigures | None, branch: str) -> tuple[SlipRow, ...]:
    """Return what officers directed in a cell, by day."""
    rows = figures.rows if figures else ()
    return tuple(row for row in rows if row.branch == branch and row.directed)
