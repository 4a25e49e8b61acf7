"""All figures of a report together."""

from __future__ import annotations

from mlay_batch.figures.activities import activities
from mlay_batch.figures.attendance import attendances, visits
from mlay_batch.figures.cell_attendance import cell_visits, quota_pairs
from mlay_batch.figures.classification import mean_shares, years
from mlay_batch.figures.completeness import completeness
from mlay_batch.figures.criterion_scores import criteria_means
from mlay_batch.figures.cross_checks import warnings
from mlay_batch.figures.indicator_search import indicator_hits
from mlay_batch.figures.movement import movement
from mlay_batch.figures.quota import quota_lines
from mlay_batch.figures.rating import ratings, sittings
from mlay_batch.figures.report_records import Figures, ReportInputs
from mlay_batch.figures.thematic import thematic
from mlay_batch.figures.totals import totals, totals_year_before
from mlay_batch.schema.ids import MEETING, MEETING_SCORE


def compute(inputs: ReportInputs) -> Figures:
    """Return every figure of the report on `inputs.period`, as known on `inputs.as_of`.

    The same facts give the same figures, in whatever order the returns were received.
    """
    year_sittings = sittings(inputs)
    year_visits = visits(inputs, year_sittings)
    year_attendances = attendances(inputs, year_visits)
    matrices = completeness(inputs)
    meeting_matrix = next((matrix for matrix in matrices if matrix.form == MEETING), None)
    classification_years = years(inputs)
    member_movement = movement(inputs, matrices)
    year_pairs = quota_pairs(inputs, year_attendances, meeting_matrix)
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
        indicator_hits=indicator_hits(inputs),
        movement=member_movement,
        thematic=thematic(inputs, meeting_matrix),
        activities=activities(inputs, meeting_matrix),
        quota_pairs=year_pairs,
        cell_visits=cell_visits(year_attendances, year_sittings, year_pairs, meeting_matrix),
        totals=totals(inputs.period, year_sittings, year_attendances, meeting_matrix),
        year_before=totals_year_before(inputs),
    )
