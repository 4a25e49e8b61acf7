"""What the signs of meetings held for form's sake have seen, and a branch's year: for `report`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from mlay_batch.core.findings import Param, Place
from mlay_batch.core.period import Period
from mlay_batch.schema.indicators import Indicator


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
class BranchSitting:
    """One sitting of a branch's year, as its page shows it; None where it was not told.

    `expected` and `present` are those of the first row of the day, `minutes` of all rows together;
    `visitors` are codes of the officers who attended.
    """

    period: Period
    held_on: date
    kinds: tuple[str, ...]
    minutes: float | None
    expected: float | None
    present: float | None
    speakers: float | None
    own_score: float | None
    confirmed_score: float | None
    band: str | None
    visitors: tuple[str, ...]

    @property
    def attendance(self) -> float | None:
        """Share of the expected who were present, in per cent, exact; None without either."""
        if self.present is None or not self.expected:
            return None
        return 100 * self.present / self.expected


@dataclass(frozen=True)
class BranchYear:
    """What a branch's page tells of its year, up to the end of the period.

    `states` are those of its monthly returns by month (see `Expected`). `members` is the last known
    number. `overall_mean` is the mean score of all sittings of the town.
    """

    sittings: tuple[BranchSitting, ...]
    states: Mapping[Period, str] = field(hash=False)
    members: int | None
    mean: float | None
    overall_mean: float | None
    attendance: float | None
    indicator_hits: tuple[IndicatorHit, ...]
