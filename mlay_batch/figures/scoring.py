"""Meeting scores: the points that count, the band, the grade of the year, means by criteria group.

Nothing is rounded. A score is the form's total; a rule of the form makes its groups add up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from math import ceil

from mlay_batch.figures.report_records import CriteriaMean, Sitting
from mlay_batch.figures.return_access import mean
from mlay_batch.schema import Scheme
from mlay_batch.schema.schemes import Band, YearGrade

Marks = Mapping[str, float | None]
TOTAL = "total"
MONTHS = 12  # of a year


def counting_score(
    scheme: Scheme | None, total: float | None, marks: Marks, thematic: bool
) -> float | None:
    """Return the points that count of a `total` whose groups have `marks`; None without a total.

    In a month without a thematic meeting the points of thematic groups are subtracted: 95 with 5
    thematic points count as 90. A scheme with `rebase` then scales to full marks: 90 of 95 are
    94.74.
    """
    if scheme is None or total is None or thematic:
        return total
    thematic_groups = [group for group in scheme.groups if group.thematic]
    points = total - sum(marks.get(group.id) or 0 for group in thematic_groups)
    if not scheme.rebase or not thematic_groups:
        return points
    full, possible = full_marks(scheme)
    return points * full / possible if possible else points


def full_marks(scheme: Scheme) -> tuple[float, float]:
    """Return the full marks with and without the thematic groups, ``(100, 95)``."""
    possible = sum(group.max for group in scheme.groups if not group.thematic)
    return possible + sum(group.max for group in scheme.groups if group.thematic), possible


def band_of(scheme: Scheme | None, score: float | None, marks: Marks | None = None) -> str | None:
    """Return the id of the score's band; None without a score, a scheme or a band that low.

    With bands from 90, 70 and 50, 89.99 is in the second and 90 in the first. Without the full
    marks a band demands in some groups the score falls to the next lower band, if there is one
    (Bình Thuận: 92 points with 4 of 5 for the time are Khá). A blank is not full marks.
    """
    if scheme is None or score is None:
        return None
    ranked = scheme.bands_best_first()
    rank = next((n for n, band in enumerate(ranked) if band.min <= score), None)
    if rank is None:
        return None
    demotion = lacks_full_marks(scheme, ranked[rank], marks or {}) and rank + 1 < len(ranked)
    return ranked[rank + demotion].id


def lacks_full_marks(scheme: Scheme, band: Band, marks: Marks) -> bool:
    """Whether the `marks` lack the full marks that the band demands in some groups."""
    full = {group.id: group.max for group in scheme.groups}
    demanded = (name for demand in scheme.demands if demand.band == band.id for name in demand.full)
    return any((marks.get(name) or 0) < full[name] for name in demanded)


def year_grade(scheme: Scheme, bands: Sequence[str], months: int, to_come: int) -> YearGrade | None:
    """Return a cell's grade for the year from the bands of its scored regular meetings.

    `months` are those it owes returns for. While some are `to_come`, any number of meetings may
    still be held, so that the result is the best grade within reach: only a meeting that was too
    poor excludes one. None where no grade fits, or one that is not adopted stands above it.

    Phú Thọ's Tốt (all Khá or better, 7 Tốt in 12 months): 7 Tốt and 5 Khá are Tốt; 11 Tốt and one
    Trung bình are not; 3 Tốt in 5 months are, as 3 × 12 ≥ 7 × 5.
    """
    ranks = {band.id: rank for rank, band in enumerate(scheme.bands_best_first())}
    for grade in scheme.year_grades:
        if not grade.is_adopted:
            return None
        worst = ranks[grade.every] if grade.every else len(ranks)
        fits = all(ranks.get(band, len(ranks)) <= worst for band in bands)
        if fits and (to_come or not meetings_needed(scheme, grade, bands, months)):
            return grade
    return None


def meetings_needed(scheme: Scheme, grade: YearGrade, bands: Sequence[str], months: int) -> int:
    """Return how many more meetings of its band a grade asks of `months` of a year.

    7 in 12 months are 2.92 in 5: with 3 none is needed, with 1 two are.
    """
    ranks = {band.id: rank for rank, band in enumerate(scheme.bands_best_first())}
    least = ranks[grade.least] if grade.least else len(ranks)
    count = sum(ranks.get(band, len(ranks)) <= least for band in bands)
    return max(0, ceil(Fraction(grade.times * months, MONTHS)) - count)


def criteria_means(scheme: Scheme | None, sittings: Sequence[Sitting]) -> tuple[CriteriaMean, ...]:
    """Return the means of every scored cell, in the order of first meetings, then of all cells.

    The last one weighs each meeting alike, not each cell. Empty without a scheme or a score.
    """
    scored = [
        sitting
        for sitting in sittings
        if (sitting.own_score, sitting.confirmed_score) != (None, None)
    ]
    if scheme is None or not scored:
        return ()
    group_ids = (*(group.id for group in scheme.groups), TOTAL)
    by_branch: dict[str, list[Sitting]] = {}
    for sitting in scored:
        by_branch.setdefault(sitting.branch, []).append(sitting)
    return (
        *(_means(group_ids, branch, of_branch) for branch, of_branch in by_branch.items()),
        _means(group_ids, None, scored),
    )


def points(sitting: Sitting, scorer: str, name: str) -> float | None:
    """Return the points a scorer gave in a group, or in ``total``; None if blank."""
    if name == TOTAL:
        return sitting.own_score if scorer == "own" else sitting.confirmed_score
    return sitting.marks.get(scorer, {}).get(name)


def _means(names: Iterable[str], branch: str | None, sittings: Sequence[Sitting]) -> CriteriaMean:
    own_points: dict[str, float | None] = {}
    confirmed_points: dict[str, float | None] = {}
    difference: dict[str, float | None] = {}
    for name in names:
        pairs = [(points(s, "own", name), points(s, "confirmed", name)) for s in sittings]
        own_points[name] = mean(own for own, _ in pairs)
        confirmed_points[name] = mean(confirmed for _, confirmed in pairs)
        scored_by_both = [pair for pair in pairs if None not in pair]
        own_mean = mean(own for own, _ in scored_by_both)
        confirmed_mean = mean(confirmed for _, confirmed in scored_by_both)
        difference[name] = (
            None if own_mean is None or confirmed_mean is None else confirmed_mean - own_mean
        )
    return CriteriaMean(branch, own_points, confirmed_points, difference)
