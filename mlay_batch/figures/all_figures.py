"""All figures of a report, with the totals of its period and the warnings across returns.

X01: the members at the start of a month are not those at the end of the month before.
X02: an officer is reported in two cells on one day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from mlay_batch.core.findings import Finding, Param, Severity
from mlay_batch.core.period import Period
from mlay_batch.figures.activities import activities
from mlay_batch.figures.attendance import Visit, attendances, visited_cells, visits
from mlay_batch.figures.branch_records import Movement
from mlay_batch.figures.cell_attendance import cell_visits, quota_pairs
from mlay_batch.figures.classification import mean_shares, years
from mlay_batch.figures.completeness import completeness
from mlay_batch.figures.indicator_search import indicator_hits
from mlay_batch.figures.movement import movement
from mlay_batch.figures.period_totals import Totals
from mlay_batch.figures.quota import quota_lines
from mlay_batch.figures.rating import ratings, sittings
from mlay_batch.figures.report_records import (
    OPEN,
    SENT,
    Attendance,
    Completeness,
    Figures,
    ReportInputs,
    Sitting,
)
from mlay_batch.figures.return_access import mean, returns_of
from mlay_batch.figures.scoring import criteria_means
from mlay_batch.figures.thematic import thematic
from mlay_batch.figures.unit_kinds import kind_figures
from mlay_batch.figures.visit_slips import slip_figures, slip_states
from mlay_batch.schema.ids import MEETING, MEETING_SCORE

EntryWarning = tuple[int, Finding]
Params = Mapping[str, Param]


def compute(inputs: ReportInputs) -> Figures:
    """Return every figure of the report on `inputs.period`, as known on `inputs.as_of`."""
    year_sittings = sittings(inputs)
    year_visits = visits(inputs, year_sittings)
    year_attendances = attendances(inputs, year_visits)
    matrices = completeness(inputs)
    meeting_matrix = next((matrix for matrix in matrices if matrix.form == MEETING), None)
    classification_years = years(inputs)
    member_movement = movement(inputs, matrices)
    year_slips = slip_states(inputs)
    year_pairs = quota_pairs(inputs, year_attendances, meeting_matrix, year_slips)
    hits = indicator_hits(inputs)
    return Figures(
        period=inputs.period,
        as_of=inputs.as_of,
        attendances=year_attendances,
        quota=quota_lines(inputs, year_attendances, year_pairs),
        sittings=year_sittings,
        year_ratings=ratings(inputs, year_sittings, meeting_matrix),
        score_scheme=(scheme := inputs.catalogue.scheme_for(MEETING_SCORE, inputs.period)),
        criteria_means=criteria_means(scheme, year_sittings),
        years=classification_years,
        classification_mean=mean_shares(classification_years),
        completeness=matrices,
        warnings=warnings(inputs, year_visits, member_movement),
        indicator_hits=hits,
        movement=member_movement,
        thematic=thematic(inputs, meeting_matrix),
        activities=activities(inputs, meeting_matrix),
        quota_pairs=year_pairs,
        cell_visits=cell_visits(
            inputs, year_attendances, year_sittings, year_pairs, meeting_matrix
        ),
        totals=totals(inputs.period, year_sittings, year_attendances, meeting_matrix),
        before=totals_before(inputs, year_sittings, year_attendances, meeting_matrix),
        year_before=totals_of(inputs, replace(inputs.period, year=inputs.period.year - 1)),
        unit_kinds=kind_figures(inputs, year_sittings, meeting_matrix, hits),
        slips=slip_figures(inputs, year_attendances, year_sittings, meeting_matrix, year_slips),
    )


def return_warnings(inputs: ReportInputs) -> tuple[EntryWarning, ...]:
    """Return what `Figures.warnings` of the period says, without the other figures."""
    year_visits = visits(inputs, sittings(inputs))
    return warnings(inputs, year_visits, movement(inputs, completeness(inputs)))


def warnings(
    inputs: ReportInputs, visits: tuple[Visit, ...], movement: Movement | None
) -> tuple[EntryWarning, ...]:
    """Return the warnings of the year to date, each with the id of its ledger entry."""
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
                **(visit.confirmed_by.params if visit.confirmed_by else {}),
            }
            yield visit.delivery, Finding("X02", Severity.WARNING, visit.place, params)


def totals(
    period: Period,
    year_sittings: Iterable[Sitting],
    year_attendances: Iterable[Attendance],
    matrix: Completeness | None,
) -> Totals:
    """Return the totals of the period's months from the figures of the year to date.

    `visits` counts a visit once for each quota it certainly counts for. The mean over all scored
    sittings is exact; None if none is scored. 92, 65 and one unscored: 3 held, 2 scored, 78.5.
    """
    months = set(period.months())
    period_sittings = [sitting for sitting in year_sittings if sitting.period in months]
    scores = [sitting.score for sitting in period_sittings if sitting.score is not None]
    cells = matrix.cells.items() if matrix else ()
    states = Counter(cell.state for (_, month), cell in cells if month in months)
    return Totals(
        form=MEETING,
        period=period,
        due=sum(states[state] for state in (*SENT, *OPEN)),
        sent=sum(states[state] for state in SENT),
        held=len(period_sittings),
        regular=sum(sitting.regular for sitting in period_sittings),
        thematic=sum(sitting.thematic for sitting in period_sittings),
        scored=len(scores),
        mean=mean(scores),
        bands=dict(Counter(sitting.band for sitting in period_sittings if sitting.band)),
        listed=sum(sitting.listed for sitting in period_sittings),
        visits=int(sum(visit.at_least for visit in year_attendances if visit.held_on in period)),
    )


def totals_before(
    inputs: ReportInputs,
    year_sittings: Iterable[Sitting],
    year_attendances: Iterable[Attendance],
    matrix: Completeness | None,
) -> Totals | None:
    """Return the totals of the period just before, None for a year: that is the year before.

    Within one year they come from the figures of the year to date. None without any return of it.
    """
    period = inputs.period.previous()
    if period.kind == "year" or not _has_returns(inputs, period):
        return None
    if period.year == inputs.period.year:
        return totals(period, year_sittings, year_attendances, matrix)
    return totals_of(inputs, period)


def totals_of(inputs: ReportInputs, period: Period) -> Totals | None:
    """Return the totals of a period of another year, by that year's quotas and schemes.

    None if there is no return of those months.
    """
    if not _has_returns(inputs, period):
        return None
    period_inputs = replace(inputs, period=period)
    year_sittings = sittings(period_inputs)
    year_attendances = attendances(period_inputs, visits(period_inputs, year_sittings))
    matrices = completeness(period_inputs)
    matrix = next((candidate for candidate in matrices if candidate.form == MEETING), None)
    return totals(period, year_sittings, year_attendances, matrix)


def _has_returns(inputs: ReportInputs, period: Period) -> bool:
    months = set(period.months())
    return any(month in months for _, month in returns_of(inputs, MEETING, lists=True))
