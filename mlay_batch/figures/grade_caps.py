"""Caps on a grade of the yearly classification: what was allowed, what was given, who gave more."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction

from mlay_batch.figures.classified import ClassificationCap
from mlay_batch.model.register import Register
from mlay_batch.schema.schemes import Cap, Part

Counts = Mapping[str, int]

_ROUNDING: Mapping[str, Callable[[Fraction], int]] = {
    "floor": math.floor,
    "half_up": lambda share: math.floor(share + Fraction(1, 2)),
    "ceiling": math.ceil,
}


def allowed_count(cap: Cap, base: int) -> int:
    """Return how many of `base` the cap allows, exact until it is rounded.

    20 % of 14 are 2.8: ``floor`` allows 2, ``half_up`` and ``ceiling`` 3. 20 % of 15 are 3
    whatever the rounding; of nobody, nobody.
    """
    return _ROUNDING[cap.rounding](Fraction(str(cap.per_cent)) * base / 100)


def caps_of(
    part: Part, counts_by_branch: Mapping[str, Counts], register: Register
) -> tuple[ClassificationCap, ...]:
    """Return every cap of `part` in every unit it is held within, in the order of
    `counts_by_branch`.

    `counts_by_branch` are the counts of the part by branch. Within ``town`` they are summed,
    whoever is still missing; ``cell`` asks only organisations that have no other below them, for a
    committee does not tell its cells' counts.
    """
    return tuple(
        _apply_cap(cap, branch, counts)
        for cap in part.caps
        for branch, counts in _units(cap, counts_by_branch, register)
    )


def _units(
    cap: Cap, counts_by_branch: Mapping[str, Counts], register: Register
) -> Iterable[tuple[str | None, Counts]]:
    if cap.scope == "town":
        names = (cap.grade, *cap.base)
        return (
            [(None, {name: _sum(counts_by_branch.values(), [name]) for name in names})]
            if counts_by_branch
            else []
        )
    if cap.scope == "organisation":
        return counts_by_branch.items()
    parent_codes = {organisation.parent for organisation in register.organisations}
    return [
        (branch, counts)
        for branch, counts in counts_by_branch.items()
        if branch not in parent_codes
    ]


def _apply_cap(cap: Cap, branch: str | None, counts: Counts) -> ClassificationCap:
    base = _sum([counts], cap.base)
    return ClassificationCap(cap, branch, base, allowed_count(cap, base), counts.get(cap.grade, 0))


def _sum(counts: Iterable[Counts], names: Iterable[str]) -> int:
    grades = tuple(names)
    return sum(unit_counts.get(name, 0) for unit_counts in counts for name in grades)
