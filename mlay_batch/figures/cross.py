"""Contradictions between returns: warnings only, found anew at every consolidation.

X01: the members at the start of a month are not those at the end of the month before.
X02: an officer is reported in two cells on one day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from mlay_batch.figures.attendance import Visit, whereabouts
from mlay_batch.figures.branch_records import Movement
from mlay_batch.figures.records import Facts
from mlay_batch.findings import Finding, Param, Severity

Warned = tuple[int, Finding]
Params = Mapping[str, Param]


def warnings(facts: Facts, seen: tuple[Visit, ...], moved: Movement | None) -> tuple[Warned, ...]:
    """Return the warnings of the year to date, each with the delivery it belongs to."""
    return (*_openings(moved), *_two_places(facts, seen))


def _openings(moved: Movement | None) -> Iterator[Warned]:
    if moved is None:
        return
    field = f"{moved.shape.section}.{moved.shape.opening}"
    for gap in (gap for line in moved.lines for gap in line.gaps):
        params: Params = {"field": field, "own": gap.opening, "last": gap.last}
        yield gap.delivery, Finding("X01", Severity.WARNING, gap.place, params)


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
