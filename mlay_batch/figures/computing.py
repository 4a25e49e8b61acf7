"""All figures of a report together."""

from __future__ import annotations

from mlay_batch.figures.activities import activities
from mlay_batch.figures.attendance import attendances, visits
from mlay_batch.figures.classification import mean, years
from mlay_batch.figures.completeness import completeness
from mlay_batch.figures.criteria import criteria
from mlay_batch.figures.cross import warnings
from mlay_batch.figures.following import cell_visits, pairs
from mlay_batch.figures.movement import movement
from mlay_batch.figures.quota import quota_lines
from mlay_batch.figures.rating import ratings, sittings
from mlay_batch.figures.records import Facts, Figures
from mlay_batch.figures.signs import signs
from mlay_batch.figures.thematic import thematic
from mlay_batch.figures.totals import a_year_before, totals
from mlay_batch.schema.ids import MEETING, MEETING_SCORE


def compute(facts: Facts) -> Figures:
    """Return every figure of the report on `facts.period`, as known on `facts.as_of`.

    The same facts give the same figures, in whatever order the returns were received.
    """
    held = sittings(facts)
    seen = visits(facts, held)
    counted = attendances(facts, seen)
    returned = completeness(facts)
    meetings = next((entry for entry in returned if entry.form == MEETING), None)
    series = years(facts)
    moved = movement(facts, returned)
    following = pairs(facts, counted, meetings)
    return Figures(
        period=facts.period,
        as_of=facts.as_of,
        attendances=counted,
        quota=quota_lines(facts, counted, following),
        sittings=held,
        year_ratings=ratings(facts, held, meetings),
        score_scheme=(scheme := facts.catalogue.scheme_for(MEETING_SCORE, facts.period)),
        criteria=criteria(scheme, held),
        years=series,
        mean=mean(series),
        completeness=returned,
        warnings=warnings(facts, seen, moved),
        signs=signs(facts),
        movement=moved,
        thematic=thematic(facts, meetings),
        activities=activities(facts, meetings),
        following=following,
        cell_visits=cell_visits(counted, held, following, meetings),
        totals=totals(facts.period, held, counted, meetings),
        before=a_year_before(facts),
    )
