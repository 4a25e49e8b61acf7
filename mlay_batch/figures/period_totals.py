"""The main figures of a period alone, as one record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mlay_batch.core.period import Period


@dataclass(frozen=True)
class Totals:
    """The main figures of a period alone, to compare with those of another one.

    Attributes:
        form: id of the form whose returns and meetings are counted.
        period: the period.
        due: number of returns owed for its months.
        sent: number of returns that are in, late ones included.
        held: number of sittings.
        regular: number of regular sittings; one may be thematic as well.
        thematic: number of thematic sittings.
        scored: number of sittings with a score.
        mean: exact mean of these scores; None if there are none.
        bands: number of scored sittings by band id.
        visits: number of visits that count for a quota, once for each quota.
        listed: number of sittings of which only a list tells.
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
    listed: int = 0

    @property
    def rate(self) -> float | None:
        """The exact share of the returns due that were sent, in per cent; None if none was due."""
        return 100 * self.sent / self.due if self.due else None
