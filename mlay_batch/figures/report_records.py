"""Input (`ReportInputs`) and result (`Figures`) of the computations, as frozen records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cached_property
from math import floor

from mlay_batch.core.findings import Finding, Param, Place
from mlay_batch.core.period import Period
from mlay_batch.figures.branch_records import Activities, KindFigures, Movement, Thematic
from mlay_batch.figures.classified import ClassificationMean, ClassificationYear
from mlay_batch.figures.period_totals import Totals
from mlay_batch.figures.slip_records import SlipFigures, SlipRow
from mlay_batch.model.answers import AnswerKey, GivenAnswer
from mlay_batch.model.records import AcceptedReturn, LedgerEntry
from mlay_batch.model.register import Organisation, Register
from mlay_batch.schema import Catalogue, Quota, Scheme
from mlay_batch.schema.indicators import Indicator
from mlay_batch.schema.quotas import QuotaWindow

# States of `ExpectedReturn` of a return that is still out.
OPEN = ("missing", "rejected", "held", "not_due")
NOT_OWED = ("waived", "not_yet", "ended", "unused")
SKETCH = "sketch"
SENT = ("reported", "nil", "late", SKETCH)
# Nothing but a list tells of the branch: who came, what about and how many members is not known.
NO_RETURN = (*OPEN, SKETCH)


@dataclass(frozen=True)
class ReportInputs:
    """The input of a consolidation."""

    catalogue: Catalogue
    register: Register
    period: Period
    as_of: date
    returns: tuple[AcceptedReturn, ...]
    """The current returns of every period."""
    ledger_entries: tuple[LedgerEntry, ...]
    """All ledger entries, in order of id."""
    refused_below: tuple[LedgerEntry, ...] = ()
    """Entries rejected or held one level below, from its consolidated workbook."""
    answers: Mapping[AnswerKey, GivenAnswer] = field(default_factory=dict, hash=False)
    """The answers to warnings that hold."""

    @property
    def months_in_use(self) -> tuple[Period, ...]:
        """The months of the report's year from the office's first month of use on."""
        months = Period(self.period.year, 1, 12).months()
        return tuple(filter(self.register.rules.profile.has_begun, months))


@dataclass(frozen=True, slots=True)
class Attendance:
    """One visit of an officer as reported, and whether it counts for a quota."""

    officer: str
    branch: str
    held_on: date
    kind: str
    quota: str | None
    """None if the officer has no quota there."""
    counts: int
    """1 or 0."""
    reason: str
    """Code of `locale/findings-figures.yaml` (see `attendance.attendances`); empty if it counts.

    Q06 (two places on one day) is a warning only: the visit counts.
    """
    place: Place
    delivery: int
    on_behalf_of: str | None = None
    is_confirmed: bool = False
    """Whether the office confirms what the cell reports of that month's visits."""
    at_least: Fraction = Fraction(0)
    """Its share in the sittings certainly attended: 1 where it is certain, a half each for two
    places on one day, 0 beside a confirmed one or where it does not count."""
    by_return: bool = True
    """Whether the cell's return tells it; place and delivery are the slip's where it does not."""
    slip: SlipRow | None = None
    """The row of the officer's slip that tells it."""

    @property
    def credited_officer(self) -> str:
        """The code of the officer the visit counts for: the one represented, else the visitor."""
        return self.on_behalf_of or self.officer

    @property
    def source(self) -> tuple[int, Place]:
        """What tells the row it comes from: file and cell."""
        return self.delivery, self.place


@dataclass(frozen=True, slots=True)
class WindowFigures:
    """What a line owes in one window, such as a quarter.

    Attributes:
        window: its months.
        served: months of it served as now planned; `past` those up to the period.
        owed: what is owed up to the period, exact.
        obligation: what is owed in all, rounded by the quota's rule.
        attended: sittings certainly counted.
        unsettled: sittings that may count as well.
        open_months: months of each of the officer's cells whose return is not in.
        to_come: months after the period that may bring a visit that counts.
        state: ``behind`` or ``not_met`` where it has less than is due by now, ``unsettled`` where
            visits to be settled decide, else empty.
    """

    window: QuotaWindow
    served: float
    past: float
    owed: float
    obligation: int
    attended: int
    unsettled: int
    open_months: int
    to_come: int
    state: str

    @property
    def missing(self) -> int:
        """How many are missing of the obligation."""
        return max(0, self.obligation - self.attended)

    @property
    def due(self) -> int:
        """How many are due by now, which the state goes by: of 5.5 owed 5, in the end all."""
        return floor(round(self.owed, 9)) if self.to_come else self.obligation


@dataclass(frozen=True, slots=True)
class QuotaLine:
    """One officer under one quota in the year of the report, up to its period.

    Example: 4 owed, 3 attended by December, the return of one cell for May rejected: 1 open month,
    ``behind``. Once May comes in without a visit: none open, ``not_met``.
    """

    quota: Quota
    officer: str
    name: str
    position: str
    branches: tuple[Organisation, ...]
    """Those assigned in the year, or the one cell."""
    served: float
    """Months served up to the period (see `ServedMonth`)."""
    served_year: float
    """Months served in the whole year as now planned."""
    months: tuple[int | None, ...]
    """Sittings certainly counted of January…December, None in months after the period."""
    attended: int
    """Their sum."""
    unsettled: int
    """Sittings that count as well if the officer was in all places reported on one day."""
    owed: float
    """A twelfth of a yearly number for each month of `served` (a third of a quarter's), exact."""
    obligation: int
    """The same for `served_year`, rounded by the quota's rule in each window."""
    missing: int
    """obligation − attended, at least 0, in each window"""
    state: str
    """``met``, ``on_course``, ``unsettled``, ``behind``, ``not_met`` or ``unrated`` (see
    `quota._state`)."""
    open_months: int = 0
    """Months of each of the officer's cells up to the period whose return is not in."""
    to_come: int = 0
    """Months of each of the officer's cells after the period."""
    windows: tuple[WindowFigures, ...] = ()
    """What is owed in each quarter or month, of a quota that asks for it so."""

    @property
    def is_hardly_reachable(self) -> bool:
        """Whether one meeting attended in each return still out or to come is not enough."""
        return self.missing - self.unsettled > self.open_months + self.to_come

    @property
    def due(self) -> int:
        """How many are due by now in all windows that have begun (see `WindowFigures.due`)."""
        if not self.windows:
            return floor(round(self.owed, 9)) if self.to_come else self.obligation
        begun = (w for w in self.windows if self.months[w.window.first - 1] is not None)
        return sum(window.due for window in begun)


@dataclass(frozen=True, slots=True)
class Sitting:
    """The meeting of a kind of a cell on one day, with its scores: a row of the ten-column list."""

    branch: str
    period: Period
    held_on: date
    kind: str
    members: int | None
    """The closing figure of the month."""
    own_score: float | None
    confirmed_score: float | None
    score: float | None
    """The confirmed score, else the own one, less points that do not count (`counting_score`)."""
    band: str | None
    """Id of the scheme's band."""
    note: str
    place: Place
    delivery: int
    regular: bool = True
    """Whether a regular meeting was part of it."""
    thematic: bool = True
    """Whether a thematic meeting was part of it."""
    thematic_month: bool = True
    """Whether the cell held a thematic meeting in the month."""
    marks: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict, hash=False)
    """Points by scorer and criteria group."""
    listed: bool = False
    """Whether only a list tells of it."""


@dataclass(frozen=True)
class CriteriaMean:
    """Mean points by criteria group, and ``total``, over the year to date; blanks are left out."""

    branch: str | None
    """None for the means of all cells."""
    own_points: Mapping[str, float | None] = field(hash=False)
    confirmed_points: Mapping[str, float | None] = field(hash=False)
    difference: Mapping[str, float | None] = field(hash=False)
    """Mean of confirmed less own points over the meetings that have both."""


@dataclass(frozen=True, slots=True)
class CellRating:
    """A cell's meetings in the report's months and in the year to date."""

    branch: Organisation
    state: str
    sittings: tuple[Sitting, ...]
    """Those of the report's period."""
    bands: Mapping[str, int] = field(hash=False)
    """The year's scored sittings by band id."""
    scored_count: int = 0
    mean: float | None = None
    """Mean score of the year's scored sittings."""
    sitting_count: int = 0
    """The year's sittings."""
    owes: bool = True
    """Whether it owes a return for a month of the period; otherwise it met in the year."""
    forerunners: tuple[str, ...] = ()
    """The cells merged into it within the year, directly or through others."""
    months: int = 0
    """Months of the year for which the cell and its forerunners owe a return."""
    to_come: int = 0
    """Those whose return is out or to come: they may still bring regular meetings."""
    grade: str | None = None
    """Grade of the year by the meetings of the cell and its forerunners, or the best in reach."""
    needed: int = 0
    """Meetings of its band that the grade in reach still lacks."""
    ungraded: str = ""
    """Why there is none: ``unknown`` to the register, ``merged`` into another cell, too ``young``,
    ``unscored`` without a scored regular meeting, ``no_basis`` for any grade that fits."""


@dataclass(frozen=True, slots=True)
class ExpectedReturn:
    """One field of the matrix branch × period."""

    branch: str
    form: str
    period: Period
    state: str
    """reported, nil, late, sketch (a list has it), missing, not_due, rejected, held, waived,
    not_yet (founded later),
    unused (before the office began) or ended (dissolved or merged)"""
    delivery: int | None = None
    """Ledger entry of the return or of the last refusal."""


@dataclass(frozen=True)
class Completeness:
    """The matrix branch × period of one form for the year to date.

    Attributes:
        form: id of the form.
        periods: periods that had ended by the end of the report's period, in order; of a yearly
            form those of all years with returns, too.
        branches: organisations that owe a return in at least one of them, in register order.
        cells: state of each return by (code of the branch, period).
    """

    form: str
    periods: tuple[Period, ...]
    branches: tuple[Organisation, ...]
    cells: Mapping[tuple[str, Period], ExpectedReturn] = field(hash=False)

    def cell(self, branch: str, period: Period) -> ExpectedReturn:
        """Return the field of that branch and period."""
        return self.cells[branch, period]

    def of_period(self, period: Period) -> list[ExpectedReturn]:
        """Return the fields of all branches for that period."""
        return [cell for (_, cell_period), cell in self.cells.items() if cell_period == period]

    @cached_property
    def counts(self) -> Mapping[Period, Counter[str]]:
        """How many returns of each period are in each state."""
        counts: dict[Period, Counter[str]] = {period: Counter() for period in self.periods}
        for (_, period), cell in self.cells.items():
            counts[period][cell.state] += 1
        return counts

    def has_open_returns(self, period: Period | None = None) -> bool:
        """Whether a return is missing, rejected, held or to come.

        That is a return of `period`, yearly ones for a year, or of its months; without it any.
        """
        periods = {period, *period.months()} if period else self.periods
        return any(self.counts[p][state] for p in periods if p in self.counts for state in OPEN)


@dataclass(frozen=True, slots=True)
class ServedMonth:
    """A month with at least one day of duty."""

    quota: Quota
    """The version in force in the month."""
    share: Fraction
    """The part of the month that is owed: 1 or 0 by its 15th, or by days (`Quota.months_by`)."""


@dataclass(frozen=True, slots=True)
class QuotaPair:
    """An officer in one of the cells of a quota, in the year up to the period."""

    quota: Quota
    officer: str
    branch: Organisation
    months: Mapping[Period, ServedMonth] = field(hash=False)
    """Months of the year with a day of duty while the cell existed."""
    served: float
    """How many of them are past, by what is owed of each."""
    served_year: float
    """The same in the whole year, as now planned."""
    kinds: Mapping[str, int] = field(hash=False)
    """Sittings certainly counted by kind of meeting."""
    unsettled: int
    """Sittings on days on which the officer is reported in another cell, too."""
    last_visit: date | None
    open_in: tuple[Period, ...]
    """Past months whose return is not in and may bring a visit that counts."""
    to_come_in: tuple[Period, ...]
    """Months after the period that may bring one."""
    is_own: bool
    """Whether it is the officer's own cell, where no visit of these months can count."""

    @property
    def open_months(self) -> int:
        """The number of months in `open_in`."""
        return len(self.open_in)

    @property
    def to_come(self) -> int:
        """The number of months in `to_come_in`."""
        return len(self.to_come_in)

    @property
    def attended_count(self) -> int:
        """The number of sittings certainly counted in the returns received so far."""
        return sum(self.kinds.values())


@dataclass(frozen=True, slots=True)
class CellVisits:
    """The meetings of a cell in the year up to the period, and the officers' visits to them."""

    branch: Organisation
    officers: tuple[str, ...]
    """Those assigned to attend."""
    sitting_count: int
    attended_sittings: int
    """Days of sittings with a visit: an officer is counted once a day."""
    visit_count: int
    counted_visits: int
    """Visits that count for a quota."""
    last_visit: date | None
    open_months: int
    """Months whose return is not in."""
    state: str
    """With visits: ``attended`` (one certainly counts), ``unsettled`` (one counts, but the officer
    is reported elsewhere that day), ``uncounted``. Without: ``ended`` (the cell is no more),
    ``unassigned``, ``own`` (only its own members are assigned, whose visits do not count),
    ``unknown`` (returns are out), ``unattended``."""


@dataclass(frozen=True, slots=True)
class SourceCell:
    """A cell in which an indicator was found.

    Attributes:
        delivery: ledger entry of the return.
        path: ``section.field``.
        record: first and last cell of the row it is in, without the file.
        place: file, sheet and cell.
    """

    delivery: int
    path: str
    record: Place
    place: Place


@dataclass(frozen=True, slots=True)
class IndicatorHit:
    """An indicator found in the return of a branch for one month."""

    indicator: Indicator
    form: str
    branch: str
    period: Period
    delivery: int
    params: Mapping[str, Param] = field(hash=False)
    """Values for the gaps in the indicator's text."""
    sources: tuple[SourceCell, ...]
    """The cells it was found in, the first one in this return."""


@dataclass(frozen=True)
class Figures:
    """The contents of the consolidated workbook, before any formatting."""

    period: Period
    as_of: date
    attendances: tuple[Attendance, ...]
    quota: tuple[QuotaLine, ...]
    sittings: tuple[Sitting, ...]
    year_ratings: tuple[CellRating, ...]
    """One line for every cell that owes a return or met in the year to date."""
    score_scheme: Scheme | None
    criteria_means: tuple[CriteriaMean, ...]
    years: tuple[ClassificationYear, ...]
    classification_mean: ClassificationMean | None
    completeness: tuple[Completeness, ...]
    warnings: tuple[tuple[int, Finding], ...]
    """X01 and X02 with the id of the ledger entry they belong to."""
    indicator_hits: tuple[IndicatorHit, ...] = ()
    """Hints at meetings held for form's sake in the year to date; no figure depends on them."""
    movement: Movement | None = None
    thematic: Thematic | None = None
    activities: Activities | None = None
    totals: Totals | None = None
    before: Totals | None = None
    """Totals of the month (quarter, half-year) before, None without any return of it; of a year
    that is `year_before`."""
    year_before: Totals | None = None
    """Totals of the same period a year ago, None without any return of it."""
    quota_pairs: tuple[QuotaPair, ...] = ()
    cell_visits: tuple[CellVisits, ...] = ()
    unit_kinds: tuple[KindFigures, ...] = ()
    """The period by kind of unit; none where the register states no cell's."""
    slips: SlipFigures | None = None
    """What officers say in their slips; None where the office uses none."""

    @property
    def ratings(self) -> tuple[CellRating, ...]:
        """The cells that owe a return for the period or met in it: the ten-column list."""
        return tuple(rating for rating in self.year_ratings if rating.owes or rating.sittings)

    @property
    def is_provisional(self) -> bool:
        """Whether a return of the report's period is still missing, rejected or held (TẠM TÍNH)."""
        return any(matrix.has_open_returns(self.period) for matrix in self.completeness)

    def has_open_returns(self, form: str) -> bool:
        """Whether a return of `form` is still out, of any period the report shows."""
        return any(matrix.has_open_returns() for matrix in self.completeness if matrix.form == form)
