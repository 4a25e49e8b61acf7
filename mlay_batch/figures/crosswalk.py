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
_GradePairs = frozenset[tuple[str, str]]


def heading_of(newest: Scheme, schemes: Sequence[Scheme]) -> Scheme:
    """Return the version in whose wording a series is shown that ends under `newest`."""
    return next((scheme for scheme in schemes if scheme.version == newest.heading), newest)


def map_grades(heading: Scheme, scheme: Scheme, schemes: Sequence[Scheme]) -> Grades:
    """Return what stands for each grade of `heading` in a year under `scheme`.

    Several may: of 2018's best two grades, both called good in 2014, the counts are summed. None
    does where a heading's grade was not given. Without a crosswalk a grade goes by its id.
    """
    grade_map: dict[tuple[str, str], tuple[str, ...]] = {}
    for heading_part in heading.parts:
        scheme_part = scheme.part(heading_part.section)
        grade_order = [grade.id for grade in scheme_part.grades] if scheme_part else []
        pairs = _walk(heading, scheme, schemes, heading_part.section)
        for grade in heading_part.grades:
            year_grades = {
                year_grade for heading_grade, year_grade in pairs if heading_grade == grade.id
            }
            grade_map[heading_part.section, grade.id] = tuple(
                name for name in grade_order if name in year_grades
            )
    return grade_map


def _walk(heading: Scheme, scheme: Scheme, schemes: Sequence[Scheme], section: str) -> _GradePairs:
    """Return the pairs (grade of the heading, grade of the scheme) by the fewest crosswalks."""
    part = heading.part(section)
    identity = frozenset((grade.id, grade.id) for grade in part.grades) if part else frozenset()
    queue = deque([(heading.version, identity)])
    visited = {heading.version}
    while queue:
        version, pairs = queue.popleft()
        if version == scheme.version:
            return pairs
        for next_version, next_pairs in _steps(version, schemes, section):
            if next_version not in visited:
                visited.add(next_version)
                combined = frozenset((a, d) for a, b in pairs for c, d in next_pairs if b == c)
                queue.append((next_version, combined))
    return identity


def _steps(
    version: str, schemes: Sequence[Scheme], section: str
) -> Iterator[tuple[str, _GradePairs]]:
    """Yield the versions one crosswalk away and the pairs of grades (here, there)."""
    for scheme in schemes:
        for crosswalk in scheme.crosswalk:
            pairs = frozenset(crosswalk.grades.items())
            if crosswalk.section != section:
                continue
            if scheme.version == version:
                yield crosswalk.to, pairs
            elif crosswalk.to == version:
                yield (
                    scheme.version,
                    frozenset((to_grade, from_grade) for from_grade, to_grade in pairs),
                )
