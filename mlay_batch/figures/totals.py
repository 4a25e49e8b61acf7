"""The main figures of a period in one line each, and the same of a year before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from mlay_batch.figures.attendance import attendances, visits
from mlay_batch.figures.completeness import completeness
from mlay_batch.figures.rating import sittings
from mlay_batch.figures.records import (
    OPEN,
    SENT,
    Attendance,
    Completeness,
    Facts,
    Sitting,
    Totals,
)
from mlay_batch.figures.returns import mean, returns_of
from mlay_batch.period import Period
from mlay_batch.schema.ids import MEETING


def totals(
    period: Period,
    held: Iterable[Sitting],
    counted: Iterable[Attendance],
    meetings: Completeness | None,
) -> Totals:
    """Return the totals of the period's own months, out of figures of the year to date.

    `visits` counts a visit once for each quota it counts for. The mean is that of all scored
    sittings, exact; None where none is scored. 92, 65 and one unscored: 3 held, 2 scored, 78.5.
    """
    months = set(period.months())
    own = [sitting for sitting in held if sitting.period in months]
    scores = [sitting.score for sitting in own if sitting.score is not None]
    fields = meetings.cells.items() if meetings else ()
    states = Counter(field.state for (_, month), field in fields if month in months)
    return Totals(
        form=MEETING,
        period=period,
        due=sum(states[state] for state in (*SENT, *OPEN)),
        sent=sum(states[state] for state in SENT),
        held=len(own),
        regular=sum(sitting.regular for sitting in own),
        thematic=sum(sitting.thematic for sitting in own),
        scored=len(scores),
        mean=mean(scores),
        bands=dict(Counter(sitting.band for sitting in own if sitting.band)),
        visits=sum(visit.counts for visit in counted if visit.held_on in period),
    )


def a_year_before(facts: Facts) -> Totals | None:
    """Return the totals of the same period of the year before, by the quotas and schemes of then.

    None where not one return of those months is there: nothing is compared with nothing.
    """
    before = replace(facts.period, year=facts.period.year - 1)
    months = set(before.months())
    if not any(month in months for _, month in returns_of(facts, MEETING)):
        return None
    then = replace(facts, period=before)
    held = sittings(then)
    counted = attendances(then, visits(then, held))
    meetings = next((entry for entry in completeness(then) if entry.form == MEETING), None)
    return totals(before, held, counted, meetings)
