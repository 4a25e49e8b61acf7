"""Records of the yearly classification (see `report_records`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from mlay_batch.schema import Scheme
from mlay_batch.schema.schemes import Cap, Condition, Line


@dataclass(frozen=True)
class ClassificationShare:
    """A line of the scheme with its count and share."""

    line: str
    count: int
    base: int
    share: float | None
    """In per cent, exact; None if the base is 0."""
    rated_share: float | None
    """The same with the rated as base."""
    reaches_target: bool | None
    """Whether the share is what the office aims at; None without a target."""


@dataclass(frozen=True)
class ClassificationCap:
    """A cap in one unit: how many of `base` people or cells may have the grade and how many do."""

    cap: Cap
    branch: str | None
    """The organisation or cell, None for the whole office."""
    base: int
    allowed_count: int
    given_count: int

    @property
    def is_kept(self) -> bool:
        """Whether no more than allowed have the grade."""
        return self.given_count <= self.allowed_count

    @property
    def is_empty(self) -> bool:
        """Whether there is nobody to whom the cap could apply."""
        return not self.base and not self.given_count


@dataclass(frozen=True)
class ClassificationCondition:
    """A condition of a grade in one organisation: how many it must show and does."""

    condition: Condition
    branch: str
    has_grade: bool
    """Whether the organisation reports the grade that asks for it."""
    base: int
    required_count: int
    given_count: int

    @property
    def is_met(self) -> bool | None:
        """Whether enough are shown; None where it is not asked, or nobody was rated."""
        if not self.has_grade or not self.base:
            return None
        return self.given_count >= self.required_count


@dataclass(frozen=True)
class ClassificationPart:
    """The counts of one part (cells or members) in one year, summed over the organisations."""

    section: str
    """Id of the section; of one kind of the rated with the type: ``cells/committee``."""
    expected: int
    """How many organisations owed a return."""
    counts: Mapping[str, int] = field(hash=False)
    shares: tuple[ClassificationShare, ...] = ()
    caps: tuple[ClassificationCap, ...] = ()
    by_type: Mapping[str, Mapping[str, int]] = field(default_factory=dict, hash=False)
    """The counts by type of the reporting organisation."""


@dataclass(frozen=True)
class ClassificationYear:
    """One year of the classification."""

    year: int
    scheme: Scheme
    expected: int
    """How many organisations owed a return."""
    parts: tuple[ClassificationPart, ...]
    heading: Scheme
    """The scheme in whose wording the series is shown; shares are those of its lines."""
    grades: Mapping[tuple[str, str], tuple[str, ...]] = field(hash=False)
    """Grades of the year for each (section, grade of the heading)."""
    organisations: Mapping[str, Mapping[str, int]] = field(default_factory=dict, hash=False)
    """Organisations by type: how many reported, were rated, and have each grade."""
    conditions: tuple[ClassificationCondition, ...] = ()

    def part(self, section: str) -> ClassificationPart | None:
        """Return the figures of a section or of a kind; None if the year's scheme lacks it."""
        return next((part for part in self.parts if part.section == section), None)

    def line(self, section: str, line: Line) -> Line:
        """Return the heading's `line` with this year's grades and target.

        The target is that of the line of the same id in the year's scheme, if it has one.
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
            target_min=own_line.target_min if own_line else None,
            target_max=own_line.target_max if own_line else None,
            basis=own_line.basis if own_line else None,
            confirmed=bool(own_line and own_line.confirmed),
        )


@dataclass(frozen=True)
class ClassificationMean:
    """Mean shares over several years, by the newest scheme (`classification.mean_shares`).

    Both mappings give per cent by (section, id of the line); None: no year has a base for it.

    Attributes:
        years: the years, ascending.
        shares: shares of the base that the scheme names.
        rated_shares: shares of the rated alone.
        line_years: those of the years that have a base for the line.
    """

    years: tuple[int, ...]
    shares: Mapping[tuple[str, str], float | None] = field(hash=False)
    rated_shares: Mapping[tuple[str, str], float | None] = field(hash=False)
    line_years: Mapping[tuple[str, str], tuple[int, ...]] = field(hash=False)

    def years_of(self, section: str) -> tuple[int, ...]:
        """Return the years of which any line of a section or kind has a base."""
        return tuple(
            sorted({y for key, of in self.line_years.items() if key[0] == section for y in of})
        )
