"""Contradictions between returns: warnings only, found anew at every consolidation.

X01: the members at the start of a month are not those at the end of the month before.
X02: an officer is reported in two cells on one day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from mlay_batch.core.findings import Finding, Param, Severity
from mlay_batch.figures.attendance import Visit, visited_cells
from mlay_batch.figures.branch_records import Movement
from mlay_batch.figures.report_records import ReportInputs

EntryWarning = tuple[int, Finding]
Params = Mapping[str, Param]


def warnings(
    inputs: ReportInputs, visits: tuple[Visit, ...], movement: Movement | None
) -> tuple[EntryWarning, ...]:
    """Return the warnings of the year to date, each with the delivery it belongs to."""
    return (*_opening_mismatches(movement), *_officers_in_two_cells(inputs, visits))


def _opening_mismatches(movement: Movement | None) -> Iterator[EntryWarning]:
    if movement is None:
        return
    field = f"{movement.fields.section}.{movement.fields.opening}"
    for mismatch in (mismatch for line in movement.lines for mismatch in line.mismatches):
        params: Params = {"field": field, "own": mismatch.opening, "last": mismatch.last_closing}
        yield mismatch.delivery, Finding("X01", Severity.WARNING, mismatch.place, params)


def _officers_in_two_cells(inputs: ReportInputs, visits: Iterable[Visit]) -> Iterator[EntryWarning]:
    visits = tuple(visits)
    cells_by_day = visited_cells(visits)
    for visit in visits:
        cells = cells_by_day[visit.officer, visit.held_on]
        if len(cells) > 1:
            officer = inputs.register.officer_by_code.get(visit.officer)
            organisations = (inputs.register.by_code.get(code) for code in cells)
            params: Params = {
                "officer": visit.officer,
                "name": officer.name if officer else "",
                "day": visit.held_on.isoformat(),
                "count": len(cells),
                "branches": ", ".join(branch.name for branch in organisations if branch),
            }
            yield visit.delivery, Finding("X02", Severity.WARNING, visit.place, params)
