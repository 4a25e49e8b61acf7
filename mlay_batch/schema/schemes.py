"""Frozen records of the rating schemes' YAML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal

from mlay_batch.schema.ids import SCORES
from mlay_batch.schema.levels import Level
from mlay_batch.schema.model import Effective, Text
from mlay_batch.schema.problem import Record

UNCONFIRMED = "chưa xác nhận"
"""How a basis begins that was seen in no document."""


@dataclass(frozen=True, slots=True)
class Band(Record):
    """A grade of a meeting by its points.

    Attributes:
        id: unique in the scheme.
        min: least points, included; the band ends where the next higher one begins.
    """

    id: str
    title: Text
    min: float
    limits: ClassVar = {"min": (0, 1000)}


@dataclass(frozen=True, slots=True)
class Group(Record):
    """A group of scoring criteria.

    Attributes:
        id: id of the field of the form with its points.
        max: its full marks.
        thematic: whether its points count only in a month with a thematic meeting.
        section: id of the form's section with that field.
    """

    id: str
    title: Text
    max: float
    thematic: bool = False
    section: str = SCORES
    limits: ClassVar = {"max": (0, 1000)}


@dataclass(frozen=True, slots=True)
class ScoreForm(Record):
    """A score form for some kinds of meetings: a section of the form with groups of its own.

    Attributes:
        section: id of the section with the points.
        kinds: ids of the kinds of meetings that it scores.
    """

    section: str
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Demand(Record):
    """A condition of a band besides its points; a meeting that fails it gets the next lower band.

    Attributes:
        band: id of the band.
        full: ids of the groups that must have full marks; a blank is not full marks.
        basis: regulation that demands it.
    """

    band: str
    full: tuple[str, ...]
    basis: str


@dataclass(frozen=True, slots=True)
class YearGrade(Record):
    """A grade of a cell for its year, which gets the first one in the list whose conditions hold.

    A grade without conditions always holds. One that is not adopted is never given, nor is any
    below it: nobody knows whether the cell should have had it.

    Attributes:
        every: id of the band that each scored regular meeting must reach; None: no such condition.
        least: id of the band that `times` regular meetings must reach; None: any band.
        times: least number of these meetings in 12 months; of fewer months in proportion.
        basis: document that sets the conditions.
    """

    id: str
    title: Text
    every: str | None = None
    least: str | None = None
    times: int = 0
    basis: str | None = None
    limits: ClassVar = {"times": (0, 366)}

    @property
    def is_adopted(self) -> bool:
        """Whether a document sets it."""
        return bool(self.basis) and not str(self.basis).casefold().startswith(UNCONFIRMED)


@dataclass(frozen=True, slots=True)
class LeastAge(Record):
    """How long a cell must have existed at the end of the year, or at its own, to be graded.

    Attributes:
        months: full months.
        basis: document that asks for them.
    """

    months: int
    basis: str
    limits: ClassVar = {"months": (0, 600)}


@dataclass(frozen=True, slots=True)
class Crosswalk(Record):
    """Which grade of another version of the scheme corresponds to each grade of this one.

    Attributes:
        to: the other version.
        section: section of the form whose grades these are.
        grades: id of the grade here to id there; several may have the same one.
    """

    to: str
    section: str
    grades: Mapping[str, str] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Grade(Record):
    """A grade of the annual classification.

    Attributes:
        id: id of the field of the form's sections that counts it.
        short: abbreviation for narrow columns, such as "HTT".
    """

    id: str
    title: Text
    short: Text


@dataclass(frozen=True, slots=True)
class Line(Record):
    """A published line of the classification: the share of some grades.

    Attributes:
        grades: ids of the grades that are summed.
        decimals: of the share as shown.
        target_max: largest share the office aims at, in per cent of the share base; None: no
            target.
        target_min: least share, likewise.
        basis: document of the office that sets the target; a target needs one.
        confirmed: whether that document was seen; otherwise the target is information only.
    """

    id: str
    title: Text
    grades: tuple[str, ...]
    decimals: int = 1
    target_max: float | None = None
    target_min: float | None = None
    basis: str | None = None
    confirmed: bool = False
    limits: ClassVar = {"decimals": (0, 6), "target_max": (0, 100), "target_min": (0, 100)}

    @property
    def has_target(self) -> bool:
        """Whether the office aims at a share."""
        return (self.target_min, self.target_max) != (None, None)


@dataclass(frozen=True, slots=True)
class Cap(Record):
    """How many may bear a grade: at most a share of others.

    Attributes:
        grade: id of the capped grade.
        base: counts whose sum is the whole: ``[grade2]`` (HTT), ``[grade1, grade2]`` (HTT or
            better) or ``[rated]``.
        per_cent: largest share of the whole.
        scope: within what it holds: every cell (known only from organisations that are one cell),
            every grassroots organisation, or all under the office.
        basis: regulation that sets the cap.
        rounding: how the exact number becomes whole: 20 % of 14 are 2.8, ``floor`` allows 2.
        confirmed: whether the basis was seen; otherwise the cap is information, no verdict.
    """

    grade: str
    base: tuple[str, ...]
    per_cent: float
    scope: Literal["cell", "organisation", "office"]
    basis: str
    rounding: Literal["floor", "half_up", "ceiling"] = "floor"
    confirmed: bool = False
    limits: ClassVar = {"per_cent": (0, 100)}


@dataclass(frozen=True, slots=True)
class Condition(Record):
    """What an organisation must show to bear a grade: at least a share of its cells or members.

    Attributes:
        id: unique in the scheme.
        title: those who are counted, such as "chi bộ hoàn thành nhiệm vụ trở lên".
        grade: the organisation's own grade that asks for it.
        type: type of organisation it is asked of.
        section: section of the form whose counts show it.
        counts: counts that are summed, by id of the field.
        base: counts whose sum is the whole.
        per_cent: least share of the whole.
        basis: regulation that asks for it.
        rounding: how the exact number becomes whole: 80 % of 7 are 5.6, ``ceiling`` asks for 6.
        confirmed: whether the basis was seen; otherwise it is information, no verdict.
    """

    id: str
    title: Text
    grade: str
    type: str
    section: str
    counts: tuple[str, ...]
    per_cent: float
    basis: str
    base: tuple[str, ...] = ("rated",)
    rounding: Literal["floor", "half_up", "ceiling"] = "ceiling"
    confirmed: bool = False
    limits: ClassVar = {"per_cent": (0, 100)}


@dataclass(frozen=True, slots=True)
class Kind(Record):
    """One kind of the rated that published tables show in a line of its own.

    Attributes:
        id: type of the organisations that report them.
        title: what they are: of cells that a committee reports "Chi bộ thuộc đảng bộ cơ sở".
    """

    id: str
    title: Text


@dataclass(frozen=True, slots=True)
class Part(Record):
    """The grades, lines and caps for one kind of the rated, such as cells or members.

    Attributes:
        section: id of the form's section that counts them.
        grades: grades, the best first.
        kinds: kinds that are shown apart, by the type of organisation that reports them.
        distinctions: counts within a grade, such as "tiêu biểu"; no grades of their own.
        lines: published shares.
        caps: limits on the number of a grade or distinction.
    """

    section: str
    title: Text
    grades: tuple[Grade, ...]
    kinds: tuple[Kind, ...] = ()
    distinctions: tuple[Grade, ...] = ()
    lines: tuple[Line, ...] = ()
    caps: tuple[Cap, ...] = ()

    @property
    def counts(self) -> tuple[Grade, ...]:
        """The grades and the distinctions within them."""
        return (*self.grades, *self.distinctions)


@dataclass(frozen=True, slots=True)
class Scheme(Record):
    """A rating scheme, of the meetings of a month or of the annual classification.

    Attributes:
        scheme: id, the same in all versions.
        version: such as ``2018``.
        effective: months for which this version is used.
        basis: regulations that the scheme follows.
        bands: meetings: grades by points.
        groups: meetings: groups of criteria that the points belong to.
        score_forms: meetings: score forms by kind of meeting; a kind that none names has the
            section ``scores``, as all have without any.
        levels: meetings: tables of points that follow from facts in the same return.
        demands: meetings: what bands demand besides points.
        year_grades: meetings: grades of a cell for its year, the best first.
        least_age: meetings: age below which a cell gets no grade for its year.
        regular: meetings: ids of the kinds that count as regular.
        thematic: meetings: ids of the kinds that count as thematic. In a month without one the full
            marks are those of the groups that are not thematic.
        rebase: meetings: whether the score of such a month is raised to the full scale (90 of 95
            become 94.74).
        parts: classification: grades by kind of the rated.
        own_grade: classification: ``section.field`` of the choice in which an organisation reports
            its own grade.
        conditions: classification: what an organisation must show to bear a grade.
        unchecked: classification: what the regulation also asks but the form cannot tell.
        heading: classification: version in whose wording a series of years is shown that ends under
            this scheme; None: this version.
        crosswalk: classification: grades of other versions that correspond to those of this one, by
            which earlier years are shown.
        share_base: classification: whole of the shares: rated (the sum of all grades), subject
            (rated and not yet rated) or all (the exempt, too).
        mean: classification: whether the mean of several years is of the yearly shares or of the
            pooled counts.
        note: sentence on how to read the figures.
    """

    scheme: str
    version: str
    title: Text
    effective: Effective
    basis: tuple[str, ...]
    bands: tuple[Band, ...] = ()
    groups: tuple[Group, ...] = ()
    score_forms: tuple[ScoreForm, ...] = ()
    levels: tuple[Level, ...] = ()
    demands: tuple[Demand, ...] = ()
    year_grades: tuple[YearGrade, ...] = ()
    least_age: LeastAge | None = None
    regular: tuple[str, ...] = ("regular", "both")
    thematic: tuple[str, ...] = ("thematic", "both")
    rebase: bool = False
    parts: tuple[Part, ...] = ()
    own_grade: str | None = None
    conditions: tuple[Condition, ...] = ()
    unchecked: tuple[Text, ...] = ()
    heading: str | None = None
    crosswalk: tuple[Crosswalk, ...] = ()
    share_base: Literal["rated", "subject", "all"] = "rated"
    mean: Literal["shares", "pooled"] = "shares"
    note: Text | None = None

    def bands_best_first(self) -> tuple[Band, ...]:
        """Return the bands, the best first."""
        return tuple(sorted(self.bands, key=lambda band: -band.min))

    def score_sections(self) -> tuple[str, ...]:
        """Return the sections with points, those of groups first."""
        sections = (*(group.section for group in self.groups), SCORES)
        return tuple(dict.fromkeys(sections))

    def score_section(self, kind: str) -> str:
        """Return the section with the points of a kind of meeting."""
        return next((form.section for form in self.score_forms if kind in form.kinds), SCORES)

    def for_kind(self, kind: str) -> Scheme:
        """Return the scheme with the groups of that kind's score form alone."""
        if not self.score_forms:
            return self
        groups = self.groups_of(self.score_section(kind))
        names = {group.id for group in groups}
        demands = tuple(demand for demand in self.demands if names.issuperset(demand.full))
        return replace(self, groups=groups, demands=demands)

    def groups_of(self, section: str) -> tuple[Group, ...]:
        """Return the groups whose points stand in that section of the form."""
        return tuple(group for group in self.groups if group.section == section)

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
