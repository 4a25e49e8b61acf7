"""Frozen records of the rating schemes' YAML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from mlay_batch.schema.model import Effective, Record, Text


@dataclass(frozen=True, slots=True)
class Band(Record):
    """A grade from `min` points up (to the next band)."""

    id: str
    title: Text
    min: float


@dataclass(frozen=True, slots=True)
class Group(Record):
    """A group of scoring criteria and its full marks; `id` is a field of the form's scores.

    Points of a `thematic` group count only in a month with a thematic meeting.
    """

    id: str
    title: Text
    max: float
    thematic: bool = False


@dataclass(frozen=True, slots=True)
class Demand(Record):
    """A band that also needs full marks in each of the groups `full`, else it is one band less."""

    band: str
    full: tuple[str, ...]
    basis: str


@dataclass(frozen=True, slots=True)
class YearGrade(Record):
    """A grade of a cell for its year: the first whose conditions hold, the best one first.

    `every`: each scored regular meeting is in this band or a better one. `times`: at least so many
    regular meetings are in the band `least` or a better one. Without conditions it always holds.
    """

    id: str
    title: Text
    every: str | None = None
    least: str | None = None
    times: int = 0
    basis: str | None = None


@dataclass(frozen=True, slots=True)
class Crosswalk(Record):
    """Which grade of the scheme's version `to` stands for each grade of this one in a section.

    Several grades may become one: `grades` maps this scheme's ids to those of the other.
    """

    to: str
    section: str
    grades: Mapping[str, str] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Grade(Record):
    """A grade of the annual classification; `id` is a count field of the form's sections."""

    id: str
    title: Text
    short: Text


@dataclass(frozen=True, slots=True)
class Line(Record):
    """A published line: the share of the summed `grades`, shown with `decimals`, and its limit.

    `limit_max`/`limit_min` are per cent of the share base.
    """

    id: str
    title: Text
    grades: tuple[str, ...]
    decimals: int = 1
    limit_max: float | None = None
    limit_min: float | None = None
    basis: str | None = None


@dataclass(frozen=True, slots=True)
class Cap(Record):
    """At most `per_cent` of `base` may bear `grade`, within each one of `scope`.

    `base` are the counts summed: ``[grade2]`` (HTT), ``[grade1, grade2]`` (HTT or better) or
    ``[rated]``. `scope`: every cell (known only from organisations that are one cell),
    every grassroots organisation, or the town. `rounding` is how the exact share becomes whole:
    20 % of 14 are 2.8, ``floor`` allows 2.
    """

    grade: str
    base: tuple[str, ...]
    per_cent: float
    scope: Literal["cell", "organisation", "town"]
    basis: str
    rounding: Literal["floor", "half_up", "ceiling"] = "floor"


@dataclass(frozen=True, slots=True)
class Part(Record):
    """The grades, lines and caps for one kind of the rated: `section` of the form."""

    section: str
    title: Text
    grades: tuple[Grade, ...]
    lines: tuple[Line, ...] = ()
    caps: tuple[Cap, ...] = ()


@dataclass(frozen=True, slots=True)
class Scheme(Record):
    """A rating scheme: `bands`/`groups` of a meeting score, or `parts` of an annual classification.

    Meetings: `regular` and `thematic` are the kinds that count as such. In a month without a
    thematic meeting the full marks are those of the other groups; with `rebase` such a score is
    raised to the full scale (90 of 95 become 94.74), else it stays as it is.

    Years: `share_base` is rated (= the grades), subject (rated + not yet rated) or all (with the
    exempt); `mean` over years is of the yearly shares, or of pooled counts. `own_grade` is
    ``section.field`` of the choice in which an organisation tells its own grade. A series of years
    that ends under this scheme is shown in the wording of the version `heading` (its own without
    one), earlier years by way of the `crosswalk`.
    """

    scheme: str
    version: str
    title: Text
    effective: Effective
    basis: tuple[str, ...]
    bands: tuple[Band, ...] = ()
    groups: tuple[Group, ...] = ()
    demands: tuple[Demand, ...] = ()
    year_grades: tuple[YearGrade, ...] = ()
    regular: tuple[str, ...] = ("regular", "both")
    thematic: tuple[str, ...] = ("thematic", "both")
    rebase: bool = False
    parts: tuple[Part, ...] = ()
    own_grade: str | None = None
    heading: str | None = None
    crosswalk: tuple[Crosswalk, ...] = ()
    share_base: Literal["rated", "subject", "all"] = "rated"
    mean: Literal["shares", "pooled"] = "shares"
    note: Text | None = None

    def band(self, score: float) -> Band:
        """Return the band of a score: the highest whose `min` is not above it.

        >>> # bands 90/70/50/0: 90 is in the first, 89.99 in the second; nothing is rounded.
        """
        return max((b for b in self.bands if b.min <= score), key=lambda b: b.min)

    def bands_best_first(self) -> tuple[Band, ...]:
        """Return the bands, the best first."""
        return tuple(sorted(self.bands, key=lambda band: -band.min))

    def own_path(self) -> tuple[str, str]:
        """Return section and field of an organisation's own grade; empty without one."""
        section, _, field_id = (self.own_grade or "").partition(".")
        return section, field_id

    def own_grades(self) -> tuple[str, ...]:
        """Return the grades an organisation may report for itself: those of the first part."""
        return tuple(grade.id for grade in self.parts[0].grades) if self.parts else ()

    def part(self, section: str) -> Part | None:
        """Return the part of the scheme for a section, or None."""
        return next((part for part in self.parts if part.section == section), None)
