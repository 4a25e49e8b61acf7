"""Records of the figures on members, thematic meetings and activities (see `report_records`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from mlay_batch.core.findings import Place
from mlay_batch.core.period import Period
from mlay_batch.model.register import Organisation
from mlay_batch.schema import Quota
from mlay_batch.schema.quotas import QuotaWindow


@dataclass(frozen=True)
class MovementFields:
    """The fields of a form that hold the members (see `movement.movement_fields`)."""

    form: str
    section: str
    opening: str
    """A"""
    increases: tuple[str, ...]
    """B"""
    decreases: tuple[str, ...]
    """C"""
    closing: str
    """D"""


@dataclass(frozen=True, slots=True)
class Handover:
    """The members of a cell that ended: it was merged into another one, or dissolved."""

    branch: str
    """The cell that ended."""
    successor: str | None
    """The cell that took them over; None: the register names none, where they went is unknown."""
    month: Period
    """The month whose return of the successor begins with them; that in which `branch` ended."""
    last: Period | None
    """The month of the last return of `branch`; None: there is none."""
    count: int
    """What that return closes with."""
    missing: tuple[tuple[str, Period], ...] = ()
    """Returns, by branch and month, without which it is not known how many passed."""


@dataclass(frozen=True, slots=True)
class MemberMovement:
    """A branch's members over the months it reported, `first` to `last`: D = A + B − C + S."""

    first: Period
    last: Period
    opening: int
    """A: without the members taken over since."""
    is_new: bool
    """Whether it was founded since: A is 0 whatever it reports."""
    founded_with: int
    """The members a new cell opens with that nobody handed over."""
    changes: Mapping[str, int] = field(hash=False)
    """The sum of each field of B and C."""
    received: tuple[Handover, ...]
    handed_over: Handover | None
    closing: int
    """D: 0 in a cell that has ended."""
    opens_after: Period | None = None
    """The month whose closing is A: the opening of its first return counts those taken over."""
    is_carried: bool = False
    """Whether it ended in the span and reported before it only: A is what it closed with then."""
    missing: tuple[tuple[str, Period], ...] = ()
    """Returns that its mergers wait for."""
    unreported: tuple[Period, ...] = ()
    """Months between `first` and `last` that it owes a return of."""

    @property
    def merged(self) -> int:
        """S: the members taken over, or begun with, less those handed over or dissolved."""
        handed_over = self.handed_over.count if self.handed_over else 0
        return self.founded_with + sum(h.count for h in self.received) - handed_over

    @property
    def dissolved_with(self) -> int:
        """The members of a cell that ended without a successor."""
        gone = self.handed_over
        return gone.count if gone and gone.successor is None else 0

    @property
    def unexplained(self) -> int:
        """The part of S that no other cell of the office has."""
        return self.founded_with - self.dissolved_with

    @property
    def opened_with(self) -> tuple[Handover, ...]:
        """The members taken over that its first return begins with."""
        return tuple(handover for handover in self.received if handover.month <= self.first)


@dataclass(frozen=True, slots=True)
class OpeningMismatch:
    """A month whose opening number of members differs from the closing of the month before.

    Attributes:
        branch: code of the cell.
        period: the month.
        last_closing: closing of the month before, with that of cells merged into this one since.
        opening: opening as reported.
        place: where the opening stands in the file.
        delivery: ledger entry of the return.
    """

    branch: str
    period: Period
    last_closing: int
    opening: int
    place: Place
    delivery: int


@dataclass(frozen=True, slots=True)
class MovementLine:
    """A branch's members in the report's period and in the year to date.

    Attributes:
        branch: the organisation.
        state: worst state of the period's months, as in `ExpectedReturn`.
        in_period: movement over the period; None: no month of it is reported.
        in_year: movement over the year to date; None: no month of it is reported.
        mismatches: months of the year to date that do not begin as the one before ended.
        open_months: months without a return that is out: of the year before its first return, of
            the period after its last one. Its A, or its D, is not that of the span then.
        since: the month its year begins with where returns of earlier ones were waived.
    """

    branch: Organisation
    state: str
    in_period: MemberMovement | None
    in_year: MemberMovement | None
    mismatches: tuple[OpeningMismatch, ...] = ()
    open_months: tuple[Period, ...] = ()
    since: Period | None = None


@dataclass(frozen=True)
class Movement:
    """The members of every branch that owed a return in the year to date.

    Attributes:
        fields: fields of the form that hold the numbers.
        lines: one for each branch, in register order.
    """

    fields: MovementFields
    lines: tuple[MovementLine, ...]


@dataclass(frozen=True, slots=True)
class Theme:
    """One theme as reported; a sitting may have several."""

    branch: str
    held_on: date
    topic: str
    with_regular: bool
    """Whether the regular meeting was held in the same sitting."""
    delivery: int


@dataclass(frozen=True, slots=True)
class ThematicLine:
    """A branch's thematic meetings by quarter, up to that of the report."""

    branch: Organisation
    meeting_counts: tuple[int | None, ...]
    """By quarter; None if the branch owed no return in it."""
    obligation: int
    """Meetings owed in the last window, for the months in which it owes a return."""
    due: int
    """Those owed by now: all, or in whole meetings what the months that are past ask for."""
    attended: int
    """Meetings held in the window."""
    open_months: int
    """Months of the window that are to come or whose return is not in."""
    state: str
    """Of the window, as of officers' quotas: ``met``, ``on_course``, ``behind``, ``not_met`` or
    ``unrated`` (nothing is owed)."""
    themes: tuple[Theme, ...]
    """Of the last quarter."""


@dataclass(frozen=True)
class Thematic:
    """The thematic meetings of the year to date."""

    quarters: tuple[Period, ...]
    section: tuple[str, str]
    """Form and section of the meetings."""
    kinds: tuple[str, ...]
    """The kinds of meetings that are thematic."""
    lines: tuple[ThematicLine, ...]
    quota: Quota
    """What each cell owes."""
    window: QuotaWindow
    """The quarter, or other window, in which the period ends: that of the states."""


@dataclass(frozen=True, slots=True)
class Activity:
    """A training, inspection or supervision as reported.

    Attributes:
        branch: code of the organisation.
        held_on: its day.
        kind: id of the kind, a choice of the form; empty if it is blank.
        content: text as reported; empty if it is blank.
        participants: number of people; None if it is blank.
        delivery: ledger entry of the return.
    """

    branch: str
    held_on: date
    kind: str
    content: str
    participants: int | None
    delivery: int


@dataclass(frozen=True, slots=True)
class ActivityLine:
    """A branch's activities by kind."""

    branch: Organisation
    state: str
    counts: Mapping[str, tuple[int, int]] = field(hash=False)
    """Number in the period and in the year to date."""
    people: Mapping[str, int] = field(hash=False)
    """Participants in the year to date."""
    activities: tuple[Activity, ...]
    """Those of the period."""


@dataclass(frozen=True)
class Activities:
    """The trainings, inspections and supervisions of every branch.

    Attributes:
        section: form and section that report them.
        kinds: ids of the kinds, in the form's order.
        lines: one for each branch, in register order.
    """

    section: tuple[str, str]
    kinds: tuple[str, ...]
    lines: tuple[ActivityLine, ...]


@dataclass(frozen=True, slots=True)
class KindFigures:
    """The meetings of the period in the cells of one kind of unit."""

    kind: str | None
    """Id of a choice of the register's form; None for cells whose kind is not stated."""
    cells: int
    """Cells from which a return of the period is due."""
    due: int
    """Returns due."""
    sent: int
    """Those that are in."""
    held: int | None
    """Meetings; like the next three None where no return is in."""
    regular: int | None
    """None also where lists alone tell of meetings, and name the kind of none."""
    thematic: int | None
    """Meetings with a thematic part: one may be regular as well. None as of `regular`."""
    scored: int | None
    mean: float | None
    """Exact mean of the scores; None without any."""
    bands: Mapping[str, int] = field(hash=False)
    """Scored meetings by id of the band."""
    reporting: int
    """Cells with a return of the period."""
    flagged: int | None
    """Those in which an indicator was found; None without a return, or where none is looked for."""
    flagged_by: Mapping[str, int] = field(hash=False)
    """Cells by code of the indicator."""

    def share(self, count: int | None) -> float | None:
        """Return so many cells in per cent of those with a return; None without any."""
        return None if count is None or not self.reporting else 100 * count / self.reporting
