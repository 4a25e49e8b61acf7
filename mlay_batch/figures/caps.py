"""Caps on a grade of the yearly classification: what was allowed, what was given, who gave more."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction

from mlay_batch.figures.classified import ClassificationCap
from mlay_batch.register import Register
from mlay_batch.schema.schemes import Cap, Part

Counts = Mapping[str, int]

_ROUNDED: Mapping[str, Callable[[Fraction], int]] = {
    "floor": math.floor,
    "half_up": lambda share: math.floor(share + Fraction(1, 2)),
    "ceiling": math.ceil,
}


def allowed(cap: Cap, base: int) -> int:
    """Return how many of `base` the cap allows, exact until it is rounded.

    20 % of 14 are 2.8: ``floor`` allows 2, ``half_up`` and ``ceiling`` 3. 20 % of 15 are 3
    whatever the rounding; of nobody, nobody.
    """
    return _ROUNDED[cap.rounding](Fraction(str(cap.per_cent)) * base / 100)


def caps_of(
    part: Part, filed: Mapping[str, Counts], register: Register
) -> tuple[ClassificationCap, ...]:
    """Return every cap of `part` in every unit it is held within, in the order of `filed`.

    `filed` are the counts of the part by branch. Within ``town`` they are summed, whoever is still
    missing; ``cell`` asks only organisations that have no other below them, for a committee does
    not tell its cells' counts.
    """
    return tuple(
        _held(cap, branch, counts)
        for cap in part.caps
        for branch, counts in _units(cap, filed, register)
    )


def _units(
    cap: Cap, filed: Mapping[str, Counts], register: Register
) -> Iterable[tuple[str | None, Counts]]:
    if cap.scope == "town":
        names = (cap.grade, *cap.base)
        return [(None, {name: _sum(filed.values(), [name]) for name in names})] if filed else []
    if cap.scope == "organisation":
        return filed.items()
    above = {entry.parent for entry in register.organisations}
    return [(branch, counts) for branch, counts in filed.items() if branch not in above]


def _held(cap: Cap, branch: str | None, counts: Counts) -> ClassificationCap:
    base = _sum([counts], cap.base)
    return ClassificationCap(cap, branch, base, allowed(cap, base), counts.get(cap.grade, 0))


def _sum(counts: Iterable[Counts], names: Iterable[str]) -> int:
    wanted = tuple(names)
    return sum(one.get(name, 0) for one in counts for name in wanted)
