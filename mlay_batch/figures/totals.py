"""The main figures of a period in one line each, and the same of a year before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from mlay_batch.core.period import Period
from mlay_batch.figures.attendance import attendances, visits
from mlay_batch.figures.completeness import completeness
from mlay_batch.figures.rating import sittings
from mlay_batch.figures.report_records import (
    OPEN,
    SENT,
    Attendance,
    Completeness,
    ReportInputs,
    Sitting,
    Totals,
)
from mlay_batch.figures.return_access import mean, returns_of
from mlay_batch.schema.ids import MEETING


def totals(
    period: Period,
    year_sittings: Iterable[Sitting],
    year_attendances: Iterable[Attendance],
    matrix: Completeness | None,
) -> Totals:
    """Return the totals of the period's own months, out of figures of the year to date.

    `visits` counts a visit once for each quota it counts for. The mean is that of all scored
    sittings, exact; None where none is scored. 92, 65 and one unscored: 3 held, 2 scored, 78.5.
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
        visits=sum(visit.counts for visit in year_attendances if visit.held_on in period),
    )


def totals_year_before(inputs: ReportInputs) -> Totals | None:
    """Return the totals of the same period of the year before, by the quotas and schemes of then.

    None where not one return of those months is there: nothing is compared with nothing.
    """
    earlier_period = replace(inputs.period, year=inputs.period.year - 1)
    months = set(earlier_period.months())
    if not any(month in months for _, month in returns_of(inputs, MEETING)):
        return None
    earlier_inputs = replace(inputs, period=earlier_period)
    year_sittings = sittings(earlier_inputs)
    year_attendances = attendances(earlier_inputs, visits(earlier_inputs, year_sittings))
    matrix = next(
        (candidate for candidate in completeness(earlier_inputs) if candidate.form == MEETING), None
    )
    return totals(earlier_period, year_sittings, year_attendances, matrix)
