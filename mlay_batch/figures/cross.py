"""Contradictions between returns: warnings only, found anew at every consolidation.

X01: the members at the start of a month are not those at the end of the month before.
X02: an officer is reported in two cells on one day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from mlay_batch.figures.attendance import Visit, whereabouts
from mlay_batch.figures.records import Facts
from mlay_batch.figures.returns import MEETING, Filed, card, number, returns_of, year_to_date
from mlay_batch.findings import Finding, Param, Severity
from mlay_batch.period import Period
from mlay_batch.register import Organisation, Register

Warned = tuple[int, Finding]
Params = Mapping[str, Param]


def warnings(facts: Facts, seen: tuple[Visit, ...]) -> tuple[Warned, ...]:
    """Return the warnings of the year to date, each with the delivery it belongs to."""
    return (*_openings(facts), *_two_places(facts, seen))


def _openings(facts: Facts) -> Iterator[Warned]:
    filed = returns_of(facts, MEETING)
    forerunners = _forerunners(facts.register)
    for (branch, period), entry in year_to_date(filed, facts.period).items():
        members = card(entry, "members")
        own = number(members.values.get("opening")) if members else None
        last = _closing(forerunners.get(branch, ()), filed, branch, period)
        if members and own is not None and last is not None and own != last:
            place = replace(members.place("opening"), file=entry.delivery.name)
            params: Params = {"field": "members.opening", "own": int(own), "last": int(last)}
            yield entry.delivery.id, Finding("X01", Severity.WARNING, place, params)


def _forerunners(register: Register) -> Mapping[str, tuple[Organisation, ...]]:
    """Return for each organisation itself and those that were merged into it."""
    found = {entry.code: [entry] for entry in register.organisations}
    for entry in register.organisations:
        if entry.successor in found:
            found[entry.successor].append(entry)
    return {code: tuple(entries) for code, entries in found.items()}


def _closing(
    forerunners: Iterable[Organisation], filed: Filed, branch: str, period: Period
) -> float | None:
    """Return what the month before closed with, cells merged into `branch` since then added.

    None where one of those returns is missing, or the cell is new and took over nobody. Example:
    14 and 9 members at the end of July, merged in August: August opens with 23.
    """
    before = period.previous()
    sources = [
        entry.code
        for entry in forerunners
        if entry.alive(before) and (entry.code == branch or not entry.alive(period))
    ]
    closings = [_closed(filed, code, before) for code in sources]
    known = [closing for closing in closings if closing is not None]
    return sum(known) if known and len(known) == len(closings) else None


def _closed(filed: Filed, branch: str, period: Period) -> float | None:
    entry = filed.get((branch, period))
    members = card(entry, "members") if entry else None
    return number(members.values.get("closing")) if members else None


def _two_places(facts: Facts, seen: Iterable[Visit]) -> Iterator[Warned]:
    seen = tuple(seen)
    places = whereabouts(seen)
    for visit in seen:
        cells = places[visit.officer, visit.held_on]
        if len(cells) > 1:
            officer = facts.register.officer_by_code.get(visit.officer)
            known = (facts.register.by_code.get(code) for code in cells)
            params: Params = {
                "officer": visit.officer,
                "name": officer.name if officer else "",
                "day": visit.held_on.isoformat(),
                "count": len(cells),
                "branches": ", ".join(branch.name for branch in known if branch),
            }
            yield visit.delivery, Finding("X02", Severity.WARNING, visit.place, params)
