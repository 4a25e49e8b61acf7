"""Mean points by group of scoring criteria: what the cells give themselves, what is confirmed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mlay_batch.figures.records import CriteriaMean, Sitting
from mlay_batch.figures.returns import mean
from mlay_batch.schema import Scheme

TOTAL = "total"
Column = Mapping[str, float | None]


def criteria(scheme: Scheme | None, held: Sequence[Sitting]) -> tuple[CriteriaMean, ...]:
    """Return the means of every cell that was scored, in the order it first met; then of all.

    The mean of all weighs each meeting alike, not each cell. Nothing without a scheme or a score.
    """
    scored = [sitting for sitting in held if (sitting.own, sitting.confirmed) != (None, None)]
    if scheme is None or not scored:
        return ()
    names = (*(group.id for group in scheme.groups), TOTAL)
    by_branch: dict[str | None, list[Sitting]] = {}
    for sitting in scored:
        by_branch.setdefault(sitting.branch, []).append(sitting)
    return tuple(_means(names, *entry) for entry in (*by_branch.items(), (None, scored)))


def points(sitting: Sitting, scorer: str, name: str) -> float | None:
    """Return the points a scorer gave in a group, or in ``total``; None where blank."""
    if name == TOTAL:
        return sitting.own if scorer == "own" else sitting.confirmed
    return sitting.marks.get(scorer, {}).get(name)


def _means(names: Iterable[str], branch: str | None, held: Sequence[Sitting]) -> CriteriaMean:
    own: dict[str, float | None] = {}
    confirmed: dict[str, float | None] = {}
    difference: dict[str, float | None] = {}
    for name in names:
        pairs = [(points(s, "own", name), points(s, "confirmed", name)) for s in held]
        own[name] = mean(mine for mine, _ in pairs)
        confirmed[name] = mean(theirs for _, theirs in pairs)
        both = [(mine, theirs) for mine, theirs in pairs if None not in (mine, theirs)]
        mine, theirs = (mean(side) for side in zip(*both, strict=True)) if both else (None, None)
        difference[name] = None if mine is None or theirs is None else theirs - mine
    return CriteriaMean(branch, own, confirmed, difference)
