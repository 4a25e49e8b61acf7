"""What the figures tell of the branches beside quota and rating: members, themes, activities.

Records like those of `report_records`: `report` writes them, tests compare them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from mlay_batch.core.findings import Place
from mlay_batch.core.period import Period
from mlay_batch.model.register import Organisation


@dataclass(frozen=True)
class MovementFields:
    """Which fields of a form tell members: opening A, those of B and of C, closing D.

    The form itself says so: by the rule that adds up, and the field filled in from last month.
    """

    form: str
    section: str
    opening: str
    increases: tuple[str, ...]
    decreases: tuple[str, ...]
    closing: str


@dataclass(frozen=True, slots=True)
class MemberMovement:
    """A branch's members over the months it reported, `first` to `last`: D = A + merged + B − C.

    `changes` sums each field of B and C. `merged` are those taken over from cells that ended
    (below 0 for the cell that ended: its last members, who left with it; its `closing` is then 0).
    """

    first: Period
    last: Period
    opening: int
    changes: Mapping[str, int] = field(hash=False)
    merged: int
    closing: int


@dataclass(frozen=True, slots=True)
class OpeningMismatch:
    """A month that does not open with what the month before closed with (`last_closing`)."""

    branch: str
    period: Period
    last_closing: int
    opening: int
    place: Place
    delivery: int


@dataclass(frozen=True, slots=True)
class MovementLine:
    """A branch's members in the report's period and in the year to date; None: nothing reported.

    `mismatches` are the months of the year that do not follow from the one before.
    """

    branch: Organisation
    state: str
    in_period: MemberMovement | None
    in_year: MemberMovement | None
    mismatches: tuple[OpeningMismatch, ...] = ()


@dataclass(frozen=True)
class Movement:
    """Members of every branch that owed a return in the year to date."""

    fields: MovementFields
    lines: tuple[MovementLine, ...]


@dataclass(frozen=True, slots=True)
class Theme:
    """One theme as reported: a sitting may have had several, and may have been a regular one too.

    `with_regular` is whether the regular meeting was held in the same sitting.
    """

    branch: str
    held_on: date
    topic: str
    with_regular: bool
    delivery: int


@dataclass(frozen=True, slots=True)
class ThematicLine:
    """A branch's thematic meetings by quarter, up to that of the report; `themes` of the last one.

    `meeting_counts` counts meetings, None in a quarter in which the branch owed no return.
    `open_months` are the months of the last quarter that may still bring one: to come, or their
    return is not in. `state` of the last quarter: ``held``, ``open`` (none yet, but months are
    open), ``none``, ``off`` (owes nothing).
    """

    branch: Organisation
    meeting_counts: tuple[int | None, ...]
    open_months: int
    state: str
    themes: tuple[Theme, ...]


@dataclass(frozen=True)
class Thematic:
    """Thematic meetings of the year to date; `kinds` are the kinds of meetings that are such.

    `section` is form and section in which the meetings stand.
    """

    quarters: tuple[Period, ...]
    section: tuple[str, str]
    kinds: tuple[str, ...]
    lines: tuple[ThematicLine, ...]


@dataclass(frozen=True, slots=True)
class Activity:
    """A training, inspection or supervision of the report's period, as reported."""

    branch: str
    held_on: date
    kind: str
    content: str
    participants: int | None
    delivery: int


@dataclass(frozen=True, slots=True)
class ActivityLine:
    """How many of each kind a branch had: (in the period, in the year), and people in the year.

    `activities` are those of the period, one by one.
    """

    branch: Organisation
    state: str
    counts: Mapping[str, tuple[int, int]] = field(hash=False)
    people: Mapping[str, int] = field(hash=False)
    activities: tuple[Activity, ...]


@dataclass(frozen=True)
class Activities:
    """Trainings, inspections and supervisions by branch.

    `section` is form and section in which they stand.
    """

    section: tuple[str, str]
    kinds: tuple[str, ...]
    lines: tuple[ActivityLine, ...]
