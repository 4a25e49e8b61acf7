"""What the YAML of a rating scheme may still get wrong: grades, bands and groups named in vain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mlay_batch.schema.problem import Fault, KeyPath, unknown_names
from mlay_batch.schema.schemes import Crosswalk, Part, Scheme


def scheme_faults(scheme: Scheme) -> Iterator[Fault]:
    """Yield every fault of a scheme, in the order of the file."""
    bands, groups = {band.id for band in scheme.bands}, {group.id for group in scheme.groups}
    for i, demand in enumerate(scheme.demands):
        yield from unknown_names([demand.band], ("demands", i, "band"), bands)
        yield from unknown_names(demand.full or [""], ("demands", i, "full"), groups)
    for i, grade in enumerate(scheme.year_grades):
        for key, band in (("every", grade.every), ("least", grade.least)):
            yield from unknown_names([band] if band else [], ("year_grades", i, key), bands)
        if bool(grade.least) != bool(grade.times):
            yield Fault(("year_grades", i, "times"), str(grade.times), code="schema.unfit")
    for i, part in enumerate(scheme.parts):
        yield from _part(part, ("parts", i))
    for i, crosswalk in enumerate(scheme.crosswalk):
        yield from _crosswalk(scheme, crosswalk, ("crosswalk", i))


def _part(part: Part, path: KeyPath) -> Iterator[Fault]:
    """Yield grades that lines and caps name in vain."""
    grades = {grade.id for grade in part.grades}
    for i, line in enumerate(part.lines):
        yield from unknown_names(line.grades, (*path, "lines", i, "grades"), grades)
    for i, cap in enumerate(part.caps):
        yield from unknown_names([cap.grade], (*path, "caps", i, "grade"), grades)
        yield from unknown_names(cap.base or [""], (*path, "caps", i, "base"), {*grades, "rated"})


def _crosswalk(scheme: Scheme, crosswalk: Crosswalk, path: KeyPath) -> Iterator[Fault]:
    """Yield grades a crosswalk names in vain, and the first it leaves out."""
    part = scheme.part(crosswalk.section)
    if part is None:
        yield from unknown_names(
            [crosswalk.section], (*path, "section"), (p.section for p in scheme.parts)
        )
        return
    grades = {grade.id for grade in part.grades}
    yield from unknown_names(crosswalk.grades, (*path, "grades"), grades)
    for name in sorted(grades - set(crosswalk.grades))[:1]:
        yield Fault((*path, "grades"), name, code="schema.unfit")


def cross_version_faults(scheme: Scheme, schemes: Iterable[Scheme]) -> Iterator[Fault]:
    """Yield versions and grades of other versions that a scheme names but nobody describes."""
    versions = {
        candidate.version: candidate for candidate in schemes if candidate.scheme == scheme.scheme
    }
    if scheme.heading:
        yield from unknown_names([scheme.heading], ("heading",), versions)
    for i, crosswalk in enumerate(scheme.crosswalk):
        yield from unknown_names([crosswalk.to], ("crosswalk", i, "to"), versions)
        part = versions[crosswalk.to].part(crosswalk.section) if crosswalk.to in versions else None
        grades = {grade.id for grade in part.grades} if part else set()
        yield from unknown_names(crosswalk.grades.values(), ("crosswalk", i, "grades"), grades)
