"""What the YAML of a rating scheme may still get wrong: grades, bands and groups named in vain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mlay_batch.schema.fault import Fault, Path, unknown
from mlay_batch.schema.schemes import Crosswalk, Part, Scheme


def scheme_faults(scheme: Scheme) -> Iterator[Fault]:
    """Yield every fault of a scheme, in the order of the file."""
    bands, groups = {band.id for band in scheme.bands}, {group.id for group in scheme.groups}
    for i, demand in enumerate(scheme.demands):
        yield from unknown([demand.band], ("demands", i, "band"), bands)
        yield from unknown(demand.full or [""], ("demands", i, "full"), groups)
    for i, grade in enumerate(scheme.year_grades):
        for key, band in (("every", grade.every), ("least", grade.least)):
            yield from unknown([band] if band else [], ("year_grades", i, key), bands)
        if bool(grade.least) != bool(grade.times):
            yield Fault(("year_grades", i, "times"), str(grade.times), code="schema.unfit")
    for i, part in enumerate(scheme.parts):
        yield from _part(part, ("parts", i))
    for i, crosswalk in enumerate(scheme.crosswalk):
        yield from _crosswalk(scheme, crosswalk, ("crosswalk", i))


def _part(part: Part, at: Path) -> Iterator[Fault]:
    """Yield grades that lines and caps name in vain."""
    grades = {grade.id for grade in part.grades}
    for i, line in enumerate(part.lines):
        yield from unknown(line.grades, (*at, "lines", i, "grades"), grades)
    for i, cap in enumerate(part.caps):
        yield from unknown([cap.grade], (*at, "caps", i, "grade"), grades)
        yield from unknown(cap.base or [""], (*at, "caps", i, "base"), {*grades, "rated"})


def _crosswalk(scheme: Scheme, crosswalk: Crosswalk, at: Path) -> Iterator[Fault]:
    """Yield grades a crosswalk names in vain, and the first it leaves out."""
    part = scheme.part(crosswalk.section)
    if part is None:
        yield from unknown([crosswalk.section], (*at, "section"), (p.section for p in scheme.parts))
        return
    grades = {grade.id for grade in part.grades}
    yield from unknown(crosswalk.grades, (*at, "grades"), grades)
    for name in sorted(grades - set(crosswalk.grades))[:1]:
        yield Fault((*at, "grades"), name, code="schema.unfit")


def astray(scheme: Scheme, schemes: Iterable[Scheme]) -> Iterator[Fault]:
    """Yield versions and grades of other versions that a scheme names but nobody describes."""
    others = {one.version: one for one in schemes if one.scheme == scheme.scheme}
    if scheme.heading:
        yield from unknown([scheme.heading], ("heading",), others)
    for i, crosswalk in enumerate(scheme.crosswalk):
        yield from unknown([crosswalk.to], ("crosswalk", i, "to"), others)
        part = others[crosswalk.to].part(crosswalk.section) if crosswalk.to in others else None
        known = {grade.id for grade in part.grades} if part else set()
        yield from unknown(crosswalk.grades.values(), ("crosswalk", i, "grades"), known)
