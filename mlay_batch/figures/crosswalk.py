"""Which grades of one scheme stand for those of another, so that years are shown under one heading.

A crosswalk of a scheme's YAML leads from its grades to those of another version; it is walked both
ways, and over a version in between where no direct one is written.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence

from mlay_batch.schema import Scheme

Grades = Mapping[tuple[str, str], tuple[str, ...]]
"""(section, grade of the heading) → the grades of a year's scheme that stand for it."""
_Pairs = frozenset[tuple[str, str]]


def heading_of(newest: Scheme, schemes: Sequence[Scheme]) -> Scheme:
    """Return the version in whose wording a series is shown that ends under `newest`."""
    return next((one for one in schemes if one.version == newest.heading), newest)


def under(heading: Scheme, scheme: Scheme, schemes: Sequence[Scheme]) -> Grades:
    """Return what stands for each grade of `heading` in a year under `scheme`.

    Several may: of 2018's best two grades, both called good in 2014, the counts are summed. None
    does where a heading's grade was not given. Without a crosswalk a grade goes by its id.
    """
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for part in heading.parts:
        own = scheme.part(part.section)
        order = [grade.id for grade in own.grades] if own else []
        pairs = _walk(heading, scheme, schemes, part.section)
        for grade in part.grades:
            named = {here for there, here in pairs if there == grade.id}
            found[part.section, grade.id] = tuple(name for name in order if name in named)
    return found


def _walk(heading: Scheme, scheme: Scheme, schemes: Sequence[Scheme], section: str) -> _Pairs:
    """Return the pairs (grade of the heading, grade of the scheme) by the fewest crosswalks."""
    part = heading.part(section)
    same = frozenset((grade.id, grade.id) for grade in part.grades) if part else frozenset()
    waiting = deque([(heading.version, same)])
    seen = {heading.version}
    while waiting:
        version, pairs = waiting.popleft()
        if version == scheme.version:
            return pairs
        for other, step in _steps(version, schemes, section):
            if other not in seen:
                seen.add(other)
                joined = frozenset((a, d) for a, b in pairs for c, d in step if b == c)
                waiting.append((other, joined))
    return same


def _steps(version: str, schemes: Sequence[Scheme], section: str) -> Iterator[tuple[str, _Pairs]]:
    """Yield the versions one crosswalk away and the pairs of grades (here, there)."""
    for one in schemes:
        for crosswalk in one.crosswalk:
            pairs = frozenset(crosswalk.grades.items())
            if crosswalk.section != section:
                continue
            if one.version == version:
                yield crosswalk.to, pairs
            elif crosswalk.to == version:
                yield one.version, frozenset((there, here) for here, there in pairs)
