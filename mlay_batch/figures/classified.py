"""The yearly classification as figures: plain frozen records, see `report_records`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from mlay_batch.schema import Scheme
from mlay_batch.schema.schemes import Cap, Line


@dataclass(frozen=True)
class ClassificationShare:
    """A line of the scheme: summed count, base, share in per cent (exact, None when base is 0).

    `rated_share` is the same on rated members only. `within` is None where there is no limit.
    """

    line: str
    count: int
    base: int
    share: float | None
    rated_share: float | None
    within: bool | None


@dataclass(frozen=True)
class ClassificationCap:
    """A cap within one unit: of `base` people or cells `allowed_count` may bear the grade,
    `given_count` do.

    `branch` is the organisation or cell, None for the whole town.
    """

    cap: Cap
    branch: str | None
    base: int
    allowed_count: int
    given_count: int

    @property
    def is_kept(self) -> bool:
        """Whether no more than allowed bear the grade; just as many keep the cap."""
        return self.given_count <= self.allowed_count


@dataclass(frozen=True)
class ClassificationPart:
    """Counts of one part (cells or members) in one year, summed over the organisations.

    `by_type` are the same by the type of the organisation that reported them.
    """

    section: str
    counts: Mapping[str, int] = field(hash=False)
    shares: tuple[ClassificationShare, ...] = ()
    caps: tuple[ClassificationCap, ...] = ()
    by_type: Mapping[str, Mapping[str, int]] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class ClassificationYear:
    """One year: its scheme, how many owed a return, and its parts.

    `organisations` are the organisations themselves by type: how many reported, were rated, and
    bear each grade. `heading` is the scheme in whose wording the series is shown; `grades` maps
    (section, its grade) to the year's own grades. Shares are of the heading's lines.
    """

    year: int
    scheme: Scheme
    expected: int
    parts: tuple[ClassificationPart, ...]
    heading: Scheme
    grades: Mapping[tuple[str, str], tuple[str, ...]] = field(hash=False)
    organisations: Mapping[str, Mapping[str, int]] = field(default_factory=dict, hash=False)

    def part(self, section: str) -> ClassificationPart | None:
        """Return the figures of a section, None where the year's scheme has none."""
        return next((part for part in self.parts if part.section == section), None)

    def line(self, section: str, line: Line) -> Line:
        """Return the heading's `line` as this year judges it: its own grades and limits.

        The limits are those of the line of the same id in the year's own scheme; there is none
        where it has no such line.
        """
        grade_groups = (self.grades.get((section, grade), ()) for grade in line.grades)
        scheme_part = self.scheme.part(section)
        own_line = (
            next((candidate for candidate in scheme_part.lines if candidate.id == line.id), None)
            if scheme_part
            else None
        )
        return replace(
            line,
            grades=tuple(dict.fromkeys(grade for group in grade_groups for grade in group)),
            limit_min=own_line.limit_min if own_line else None,
            limit_max=own_line.limit_max if own_line else None,
        )


@dataclass(frozen=True)
class ClassificationMean:
    """Shares over several years as the newest scheme means them: (section, line) → per cent."""

    first: int
    last: int
    shares: Mapping[tuple[str, str], float | None] = field(hash=False)
    rated_shares: Mapping[tuple[str, str], float | None] = field(hash=False)
