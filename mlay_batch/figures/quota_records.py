"""What the figures tell of visits cell by cell: who attends where, and whom nobody attends.

Records like those of `report_records`: `report` writes them, tests compare them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from mlay_batch.core.period import Period
from mlay_batch.model.register import Organisation
from mlay_batch.schema import Quota


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
