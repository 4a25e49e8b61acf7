"""Mean points by group of scoring criteria: what the cells give themselves, what is confirmed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mlay_batch.figures.report_records import CriteriaMean, Sitting
from mlay_batch.figures.return_access import mean
from mlay_batch.schema import Scheme

TOTAL = "total"
GroupPoints = Mapping[str, float | None]


def criteria_means(scheme: Scheme | None, sittings: Sequence[Sitting]) -> tuple[CriteriaMean, ...]:
    """Return the means of every cell that was scored, in the order it first met; then of all.

    The mean of all weighs each meeting alike, not each cell. Nothing without a scheme or a score.
    """
    scored = [
        sitting
        for sitting in sittings
        if (sitting.own_score, sitting.confirmed_score) != (None, None)
    ]
    if scheme is None or not scored:
        return ()
    group_ids = (*(group.id for group in scheme.groups), TOTAL)
    by_branch: dict[str | None, list[Sitting]] = {}
    for sitting in scored:
        by_branch.setdefault(sitting.branch, []).append(sitting)
    return tuple(_means(group_ids, *item) for item in (*by_branch.items(), (None, scored)))


def points(sitting: Sitting, scorer: str, name: str) -> float | None:
    """Return the points a scorer gave in a group, or in ``total``; None where blank."""
    if name == TOTAL:
        return sitting.own_score if scorer == "own" else sitting.confirmed_score
    return sitting.marks.get(scorer, {}).get(name)


def _means(names: Iterable[str], branch: str | None, sittings: Sequence[Sitting]) -> CriteriaMean:
    own_points: dict[str, float | None] = {}
    confirmed_points: dict[str, float | None] = {}
    difference: dict[str, float | None] = {}
    for name in names:
        pairs = [(points(s, "own", name), points(s, "confirmed", name)) for s in sittings]
        own_points[name] = mean(own_value for own_value, _ in pairs)
        confirmed_points[name] = mean(confirmed_value for _, confirmed_value in pairs)
        both_scored = [
            (own_value, confirmed_value)
            for own_value, confirmed_value in pairs
            if None not in (own_value, confirmed_value)
        ]
        own_value, confirmed_value = (
            (mean(side) for side in zip(*both_scored, strict=True)) if both_scored else (None, None)
        )
        difference[name] = (
            None if own_value is None or confirmed_value is None else confirmed_value - own_value
        )
    return CriteriaMean(branch, own_points, confirmed_points, difference)
