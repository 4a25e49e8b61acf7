"""Generates the months of a sample: members and their movement, sittings, visits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from mlay_batch.core.period import Period
from mlay_batch.demo.sample import SampleOffice
from mlay_batch.model.register import Organisation
from mlay_batch.schema.ids import MIXED_KIND

# How often in a hundred months a cell has such a change of one member.
_CHANGES = {
    "admitted": 5,
    "moved_in": 3,
    "restored": 0.2,
    "died": 1,
    "expelled": 0.2,
    "moved_out": 3,
}
INS = ("admitted", "moved_in", "restored")
OUTS = ("died", "expelled", "moved_out")


@dataclass(frozen=True, slots=True)
class SampleMovement:
    """The members of one cell in one month.

    Attributes:
        opening: number at the start of the month.
        closing: number at its end.
        changes: number of each change by id of the form's field.
    """

    opening: int
    closing: int
    changes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class SampleSitting:
    """One meeting of a cell: the day and the kind."""

    held_on: date
    kind: str


@dataclass(frozen=True, slots=True)
class SampleVisit:
    """An officer at a sitting.

    Attributes:
        held_on: day of the sitting.
        officer: code of the officer who came.
        on_behalf_of: code of the officer who was represented; None for a visit of one's own.
    """

    held_on: date
    officer: str
    on_behalf_of: str | None = None


def movements(office: SampleOffice) -> Mapping[tuple[str, Period], SampleMovement]:
    """Return the movement of every active cell in each month.

    Computed backwards from the published closing figure: opening = closing - in + out, which is the
    closing figure of the month before.
    """
    result: dict[tuple[str, Period], SampleMovement] = {}
    for cell in office.cells:
        closing = office.data["cells"][cell.code]["members"]
        for month in reversed(office.months):
            if cell.is_active(month):
                changes = _changes(office, cell, month)
                incoming, outgoing = _sum(changes, INS), _sum(changes, OUTS)
                result[cell.code, month] = SampleMovement(
                    closing - incoming + outgoing, closing, changes
                )
                closing += outgoing - incoming
    return result


def _sum(changes: Mapping[str, int], names: tuple[str, ...]) -> int:
    return sum(changes.get(name, 0) for name in names)


def _changes(office: SampleOffice, cell: Organisation, month: Period) -> Mapping[str, int]:
    changes: dict[str, int] = {}
    for entry in office.data.get("transfers", ()):
        if entry["month"] == str(month) and cell.code in (entry["from"], entry["to"]):
            name = "moved_out" if entry["from"] == cell.code else "moved_in"
            changes[name] = changes.get(name, 0) + entry["members"]
    if changes or _is_quiet(office, cell, month):
        return changes
    rng = office.rng("movement", cell.code, month)
    return {name: 1 for name, percent in _CHANGES.items() if rng.happens(percent / 100)}


def _is_quiet(office: SampleOffice, cell: Organisation, month: Period) -> bool:
    """Whether members may not change: the cell is new or merged, or no return of the month counts.

    The next one then opens with the closing figure of the last that does.
    """
    first = office.months[0].start
    young = cell.founded is not None and cell.founded >= first
    return young or cell.ended is not None or not office.is_counted(month, cell.code)


def sittings(office: SampleOffice, branch: str, month: Period) -> tuple[SampleSitting, ...]:
    """Return the cell's meetings in a month: none, one, or a regular and a thematic one."""
    if office.events("no_meeting", month, branch):
        return ()
    regular = _day(office, branch, month)
    rng = office.rng("theme", branch, month.year, (month.month - 1) // 3)
    thematic_month, one_sitting = rng.below(3), rng.happens(office.data["one_sitting"])
    if thematic_month != (month.month - 1) % 3 or rng.happens(0.05):
        return (SampleSitting(regular, "regular"),)
    if "no_theme" in office.habits(branch, month):
        return (SampleSitting(regular, "regular"),)
    if one_sitting:
        return (SampleSitting(regular, MIXED_KIND),)
    days_later = timedelta(days=rng.one_of(office.data["theme_days_later"]))
    later = _before_weekend(min(regular + days_later, month.end))
    return SampleSitting(regular, "regular"), SampleSitting(later, "thematic")


def _day(office: SampleOffice, branch: str, month: Period) -> date:
    """Return the cell's usual day in the month, moved off the weekend."""
    for entry in office.events("odd_visits", month, branch):
        if "day" in entry:
            return month.start.replace(day=entry["day"])
    usual: int = office.rng("usual day", branch).one_of(office.data["meeting_days"])
    usual += office.data.get("days_later", {}).get(month.month, 0)
    day = month.start.replace(day=usual)
    founded = office.register.by_code[branch].founded
    return _before_weekend(max(day, founded + timedelta(days=3)) if founded else day)


def _before_weekend(day: date) -> date:
    days_back = {5: -1, 6: -2}
    return day + timedelta(days=days_back.get(day.weekday(), 0))


def visits(office: SampleOffice) -> Mapping[tuple[str, Period], tuple[SampleVisit, ...]]:
    """Return the visits by cell and month: the odd ones, and each officer's regular ones.

    The sample gives their number. No officer makes two regular visits in one month.
    """
    by_month: dict[tuple[str, Period], list[SampleVisit]] = {}
    for entry in office.data["odd_visits"]:
        month = Period.parse(entry["month"])
        day = sittings(office, entry["branch"], month)[0].held_on
        visit = SampleVisit(day, entry["officer"], entry.get("on_behalf_of"))
        by_month.setdefault((entry["branch"], month), []).append(visit)
    for officer, count in office.data["visits"].items():
        for branch, month, day in _plan_visits(office, officer, count):
            by_month.setdefault((branch, month), []).append(SampleVisit(day, officer))
    return {key: tuple(sorted(cell_visits, key=_by_day)) for key, cell_visits in by_month.items()}


def _by_day(visit: SampleVisit) -> tuple[date, str]:
    return visit.held_on, visit.officer


def _plan_visits(
    office: SampleOffice, officer: str, count: int
) -> Iterator[tuple[str, Period, date]]:
    rng = office.rng("visits", officer)
    open_months = [
        (month, open_sittings)
        for month in office.months
        if (open_sittings := _open_sittings(office, officer, month))
    ]
    for month, chances in sorted(rng.shuffle(open_months)[:count], key=lambda pair: pair[0]):
        branch, day = rng.one_of(chances)
        yield branch, month, day


def _open_sittings(office: SampleOffice, officer: str, month: Period) -> list[tuple[str, date]]:
    """Return the month's sittings at which a visit of the officer counts."""
    own_cell = office.register.officer_by_code[officer].own_cell
    duty_cells = _duty_cells(office, officer)
    if any(_concerns(entry, officer, month) for entry in office.data["odd_visits"]):
        return []
    return [
        (cell.code, sitting.held_on)
        for cell in office.cells
        if cell.code in duty_cells and cell.code != own_cell and office.is_counted(month, cell.code)
        for sitting in sittings(office, cell.code, month)
        if _is_assigned(office, officer, cell.code, sitting.held_on)
    ]


def _concerns(entry: Mapping[str, Any], officer: str, month: Period) -> bool:
    return bool(entry["officer"] == officer and entry["month"] == str(month))


def _duty_cells(office: SampleOffice, officer: str) -> set[str]:
    assignments = [a for a in office.register.assignments if a.officer == officer]
    return {
        cell.code
        for cell in office.cells
        if any(
            office.register.is_within(cell.code, assignment.branch) for assignment in assignments
        )
    }


def _is_assigned(office: SampleOffice, officer: str, branch: str, day: date) -> bool:
    register = office.register
    return any(
        assignment.officer == officer
        and assignment.is_in_force(day)
        and register.is_within(branch, assignment.branch)
        for assignment in register.assignments
    )
