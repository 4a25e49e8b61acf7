"""Input (`ReportInputs`) and result (`Figures`) of the computations, as frozen records."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from datetime import date

from mlay_batch.core.findings import Finding, Param, Place
from mlay_batch.core.period import Period
from mlay_batch.figures.branch_records import Activities, Movement, Thematic
from mlay_batch.figures.classified import ClassificationMean, ClassificationYear
from mlay_batch.model.records import AcceptedReturn, LedgerEntry
from mlay_batch.model.register import Organisation, Register
from mlay_batch.schema import Catalogue, Quota, Scheme
from mlay_batch.schema.indicators import Indicator

# States of `ExpectedReturn` in which figures still wait for the return.
OPEN = ("missing", "rejected", "held", "not_due")
SENT = ("reported", "nil", "late")


@dataclass(frozen=True)
class ReportInputs:
    """Everything a consolidation may look at. `returns` are the current ones of every period;
    `ledger_entries` are all ever recorded, in order of id; `refused_below` those refused or held
    one level below, as its consolidated workbook says.
    """

    catalogue: Catalogue
    register: Register
    period: Period
    as_of: date
    returns: tuple[AcceptedReturn, ...]
    ledger_entries: tuple[LedgerEntry, ...]
    refused_below: tuple[LedgerEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Attendance:
    """One visit of an officer as reported, and whether it counts for a quota.

    `counts` is 1 or 0. `reason` is empty where it counts, else a code of
    `locale/findings-figures.yaml` (Q01 not assigned there that day, Q02 substitute, Q03 own cell,
    Q04 same sitting twice, Q05 kind of meeting does not count, Q06 two places on one day: this one
    still counts, and is a warning only). `quota` is None where the officer has none there.
    """

    officer: str
    branch: str
    held_on: date
    kind: str
    quota: str | None
    counts: int
    reason: str
    place: Place
    delivery: int
    on_behalf_of: str | None = None

    @property
    def credited_officer(self) -> str:
        """Code of the officer the visit is counted for: the one represented, else who came.

        Sums by officer go by this, so that a substitute's visit never falls to the substitute.
        """
        return self.on_behalf_of or self.officer


@dataclass(frozen=True, slots=True)
class QuotaLine:
    """One officer under one quota in the year of the report, up to its period.

    `months` are the counted sittings of January…December, None in months after the period. `served`
    are months served up to the period, `served_year` in the whole year as now planned. `owed` is a
    twelfth of the yearly number for each month served, exact; `obligation` that of `served_year`,
    rounded by the quota's rule. `missing` = obligation − attended, never below 0. `open_months` are
    the months of his cells up to the period whose return is not in. `branches` are those assigned
    in the year, or the one cell. `state`: ``met`` (attended ≥ obligation), ``behind`` (attended <
    floor(owed)), ``on_course``. In December ``met``, ``not_met``, or ``behind`` for as long as
    returns to come may change it.

    Example: 4 owed, 3 attended by December, the return of one cell for May refused: 1 unseen,
    behind. Once May comes in without a visit: 0 unseen, not met.
    """

    quota: Quota
    officer: str
    name: str
    position: str
    branches: tuple[Organisation, ...]
    served: int
    served_year: int
    months: tuple[int | None, ...]
    attended: int
    owed: float
    obligation: int
    missing: int
    state: str
    open_months: int = 0


@dataclass(frozen=True, slots=True)
class Sitting:
    """One meeting of a cell on one day, with its scores. Row of the ten-column list.

    `score` is the confirmed one where there is one, else the cell's own, less the points that do
    not count (`scoring.counting_score`); None where not scored. `band` is the id of the scheme's
    band. `members` is the closing figure of the month. `regular` is whether a regular meeting was
    part of it, `thematic` whether the cell held a thematic one in the month. `marks` are the points
    by criteria group of each scorer.
    """

    branch: str
    period: Period
    held_on: date
    kinds: tuple[str, ...]
    members: int | None
    own_score: float | None
    confirmed_score: float | None
    score: float | None
    band: str | None
    note: str
    place: Place
    delivery: int
    regular: bool = True
    thematic: bool = True
    marks: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class CriteriaMean:
    """Mean points by criteria group over the year to date, of one cell or (None) of all.

    The groups are the scheme's, with ``total`` after them. `own_points` and `confirmed_points` are
    over the meetings that scorer scored; `difference` is the mean of confirmed less own over those
    both did, so that it compares like with like. None where there are none; a blank is no 0.
    """

    branch: str | None
    own_points: Mapping[str, float | None] = field(hash=False)
    confirmed_points: Mapping[str, float | None] = field(hash=False)
    difference: Mapping[str, float | None] = field(hash=False)


@dataclass(frozen=True, slots=True)
class CellRating:
    """A cell's meetings in the report's months and in the year to date.

    `owes` is whether it owes a return for a month of the period; a cell that does not has met
    earlier in the year. `sittings` are those of the report's period. `sitting_count` counts the
    year's sittings, `bands` the scored ones by band id; `mean` is the mean of their scores, None
    without. `grade` is that of the year from its regular meetings; while months are `to_come`, the
    best grade still within reach. None for a cell whose life does not cover the year.
    """

    branch: Organisation
    state: str
    sittings: tuple[Sitting, ...]
    bands: Mapping[str, int] = field(hash=False)
    scored_count: int = 0
    mean: float | None = None
    sitting_count: int = 0
    owes: bool = True
    to_come: int = 0
    grade: str | None = None


@dataclass(frozen=True, slots=True)
class ExpectedReturn:
    """One field of the matrix branch × period.

    `state`: reported, nil, late, missing, not_due, rejected, held, waived, not_yet (founded later),
    ended (dissolved or merged). `delivery` is the return or the last refused delivery.
    """

    branch: str
    form: str
    period: Period
    state: str
    delivery: int | None = None


@dataclass(frozen=True)
class Completeness:
    """All fields of the year to date for one form, and the sums of the report's period."""

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

    def has_open_returns(self, months: Container[Period] | None = None) -> bool:
        """Whether a return is still missing, refused, held or to come, of `months` or at all."""
        return any(
            cell.state in OPEN
            for (_, month), cell in self.cells.items()
            if months is None or month in months
        )


@dataclass(frozen=True)
class Totals:
    """The main figures of `period` alone, to be held beside those of a year before.

    Returns of `form` `due` and `sent`; sittings `held`, `regular`, `thematic` (one may be both),
    `scored`; `bands` by band id; `visits` that count for a quota.
    """

    form: str
    period: Period
    due: int
    sent: int
    held: int
    regular: int
    thematic: int
    scored: int
    mean: float | None
    bands: Mapping[str, int] = field(hash=False)
    visits: int

    @property
    def rate(self) -> float | None:
        """Share of the returns due that were sent, in per cent, exact; None where none was due."""
        return 100 * self.sent / self.due if self.due else None


@dataclass(frozen=True, slots=True)
class QuotaPair:
    """An officer in one of the cells a quota has him attend, in the year up to the period.

    `months` are those of the year with at least one day of duty there while the cell existed, each
    with the record of the quota that applies in it; `served` of them are past. `kinds` are the
    counted sittings by kind of meeting, `last_visit` the day of the last one. `open_months` are the
    past months whose return is not in and may tell a visit that counts.
    """

    quota: Quota
    officer: str
    branch: Organisation
    months: Mapping[Period, Quota] = field(hash=False)
    served: int
    kinds: Mapping[str, int] = field(hash=False)
    last_visit: date | None
    open_months: int

    @property
    def served_year(self) -> int:
        """The months served in the whole year, as now planned."""
        return len(self.months)

    @property
    def attended_count(self) -> int:
        """The counted sittings: the least he attended, whatever the returns still out say."""
        return sum(self.kinds.values())


@dataclass(frozen=True, slots=True)
class CellVisits:
    """The meetings of a cell in the year up to the period, and who came to them from above.

    `sitting_count` counts its sittings, `attended_sittings` those somebody came to, `visit_count`
    who came, `counted_visits` the visits that count for a quota, `open_months` the months whose
    return is not in. `officers` are those who are to attend there. `state`: ``attended`` (a visit
    counts), ``uncounted`` (visits, none counts), ``unknown`` (no visit, but returns are out),
    ``unattended``.
    """

    branch: Organisation
    officers: tuple[str, ...]
    sitting_count: int
    attended_sittings: int
    visit_count: int
    counted_visits: int
    last_visit: date | None
    open_months: int
    state: str


@dataclass(frozen=True, slots=True)
class SourceCell:
    """A cell something was seen in: `path` is ``section.field``, `number` the row of the form."""

    delivery: int
    path: str
    number: int
    place: Place


@dataclass(frozen=True, slots=True)
class IndicatorHit:
    """A sign seen in the return of a branch for one month.

    `form` is the form it stands in; `params` fill the gaps of the sign's words; `sources` are the
    cells it was seen in, the first one in the return itself.
    """

    indicator: Indicator
    form: str
    branch: str
    period: Period
    delivery: int
    params: Mapping[str, Param] = field(hash=False)
    sources: tuple[SourceCell, ...]


@dataclass(frozen=True)
class Figures:
    """All that the consolidated workbook shows, before any formatting.

    `year_ratings` has a line for every cell that owes or that has met in the year to date.
    `warnings` are findings across periods and branches (X01 opening ≠ last closing, X02 one officer
    in two places), with the delivery they belong to. `indicator_hits` are what was seen in the year
    to date that suggests meetings held for form's sake; no other figure depends on them. `totals`
    are those of the period, `year_before` of the same period a year ago, None without any return of
    it.
    """

    period: Period
    as_of: date
    attendances: tuple[Attendance, ...]
    quota: tuple[QuotaLine, ...]
    sittings: tuple[Sitting, ...]
    year_ratings: tuple[CellRating, ...]
    score_scheme: Scheme | None
    criteria_means: tuple[CriteriaMean, ...]
    years: tuple[ClassificationYear, ...]
    classification_mean: ClassificationMean | None
    completeness: tuple[Completeness, ...]
    warnings: tuple[tuple[int, Finding], ...]
    indicator_hits: tuple[IndicatorHit, ...] = ()
    movement: Movement | None = None
    thematic: Thematic | None = None
    activities: Activities | None = None
    totals: Totals | None = None
    year_before: Totals | None = None
    quota_pairs: tuple[QuotaPair, ...] = ()
    cell_visits: tuple[CellVisits, ...] = ()

    @property
    def ratings(self) -> tuple[CellRating, ...]:
        """The cells that owe a return for the period: the lines of the ten-column list."""
        return tuple(rating for rating in self.year_ratings if rating.owes)

    @property
    def is_provisional(self) -> bool:
        """Whether a return of the report's period is still missing, refused or held (TẠM TÍNH)."""
        months = self.period.months()
        return any(matrix.has_open_returns(months) for matrix in self.completeness)

    def has_open_returns(self, form: str) -> bool:
        """Whether a return of `form` is still out, of any period the report shows."""
        return any(matrix.has_open_returns() for matrix in self.completeness if matrix.form == form)
