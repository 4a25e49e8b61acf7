"""Attendance quotas: what an officer attended, owes, is short of (DOMAIN, "Quota terms").

All shares of a year are exact fractions; only the obligation of a part-year officer is rounded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from mlay_batch.figures.attendance import Duty, duties
from mlay_batch.figures.following import months_served
from mlay_batch.figures.quota_records import QuotaPair
from mlay_batch.figures.records import Attendance, Facts, QuotaLine
from mlay_batch.period import Period
from mlay_batch.register import Officer, Organisation
from mlay_batch.schema import Quota


@dataclass(frozen=True)
class _Owed:
    """What one line is about: an officer's quota, everywhere (`cell` None) or in one cell.

    `months` are those served in the year, each with the record of the quota that applies in it.
    """

    quota: Quota
    officer: Officer
    branches: tuple[Organisation, ...]
    months: Mapping[Period, Quota]
    pairs: tuple[QuotaPair, ...]
    cell: str | None = None

    def months_until(self, until: Period) -> Mapping[Period, Quota]:
        """Return the months served up to the end of a period."""
        return {month: quota for month, quota in self.months.items() if month.start <= until.end}


def quota_lines(
    facts: Facts, attended: Iterable[Attendance], pairs: Iterable[QuotaPair]
) -> tuple[QuotaLine, ...]:
    """Return one line for each quota and officer (or officer and cell, as the quota says).

    Who has served at least a month of the year so far has a line, in the order of the register.
    The quotas are those that hold in the report's period; what is owed of a month goes by the
    record that applies in it. 4 a year until June and 5 from July are 6 × 4 ÷ 12 + 5 × 5 ÷ 12 =
    4.08 by November. `pairs` are those of `following`.
    """
    counts: dict[tuple[str | None, str, str | None], Counter[int]] = {}
    for entry in attended:
        if entry.counts:
            for cell in (None, entry.branch):
                line = counts.setdefault((entry.quota, entry.credited, cell), Counter())
                line[entry.held_on.month] += 1
    return tuple(
        _line(facts.period, owed, counts.get((owed.quota.quota, owed.officer.code, owed.cell), {}))
        for owed in _owing(facts, tuple(pairs))
        if owed.months_until(facts.period)
    )


def _owing(facts: Facts, pairs: tuple[QuotaPair, ...]) -> Iterator[_Owed]:
    serving = duties(facts.register)
    by_officer: dict[tuple[str, str], list[QuotaPair]] = {}
    for pair in pairs:
        by_officer.setdefault((pair.quota.quota, pair.officer), []).append(pair)
    for quota in facts.catalogue.quotas_for(facts.period):
        for officer in facts.register.officers:
            own = tuple(by_officer.get((quota.quota, officer.code), ()))
            there = serving.get(officer.code, ())
            if quota.per == "officer":
                yield _whole(facts, quota, officer, there, own)
            else:
                yield from (_in_cell(officer, pair) for pair in own)


def _whole(
    facts: Facts, quota: Quota, officer: Officer, serving: tuple[Duty, ...],
    own: tuple[QuotaPair, ...],
) -> _Owed:  # fmt: skip
    year = facts.period.year
    months = months_served(facts.catalogue.quota_spans(quota.quota, year), serving, year)
    there = (
        duty.branch
        for duty in serving
        if any(duty.role == record.role and duty.touches(m) for m, record in months.items())
    )
    known = (facts.register.by_code.get(code) for code in dict.fromkeys(there))
    return _Owed(quota, officer, tuple(branch for branch in known if branch), months, own)


def _in_cell(officer: Officer, pair: QuotaPair) -> _Owed:
    cell = pair.branch
    return _Owed(pair.quota, officer, (cell,), pair.months, (pair,), cell.code)


def _line(period: Period, owed: _Owed, counts: Mapping[int, int]) -> QuotaLine:
    quota, past = owed.quota, period.year_to_date()
    attended = sum(counts.values())
    served = owed.months_until(period)
    exact = _share(served)
    obligation = whole(_share(owed.months), quota.rounding)
    unseen = sum(pair.unseen for pair in owed.pairs)
    return QuotaLine(
        quota=quota,
        officer=owed.officer.code,
        name=owed.officer.name,
        position=owed.officer.position or "",
        branches=owed.branches,
        served=len(served),
        served_year=len(owed.months),
        months=tuple(counts.get(m, 0) if m <= len(past) else None for m in range(1, 13)),
        attended=attended,
        owed=float(exact),
        obligation=obligation,
        missing=max(0, obligation - attended),
        unseen=unseen,
        state=_state(attended, exact, obligation, unseen, over=len(past) == 12),
    )


def _share(months: Mapping[Period, Quota]) -> Fraction:
    """Return the sittings owed of these months: a twelfth of each one's yearly number."""
    return Fraction(sum(quota.times for quota in months.values()), 12)


def whole(exact: Fraction, rounding: str) -> int:
    """Return the obligation in whole sittings; a half goes up under ``half_up``.

    >>> [whole(Fraction(3, 2), how) for how in ("half_up", "floor", "ceiling")]
    [2, 1, 2]
    >>> whole(Fraction(4 * 4, 12), "half_up")
    1
    """
    if rounding == "floor":
        return floor(exact)
    return ceil(exact) if rounding == "ceiling" else floor(exact + Fraction(1, 2))


def _state(attended: int, owed: Fraction, obligation: int, unseen: int, *, over: bool) -> str:
    """Return the state of a line; `over` says that the year has ended.

    Behind is who attended less than the whole part of what is owed: 2 attended of exactly 2.0 owed
    is on course, 1 of 2.0 is behind, 1 of 1.99 is on course.

    Nothing bounds the sittings of a month, so no line is given up before the year has ended and
    the returns of its months are in: in December 3 of 4 attended is ``not_met`` when they are;
    with one `unseen` the line stays ``behind``.
    """
    if attended >= obligation:
        return "met"
    if over:
        return "behind" if unseen else "not_met"
    return "behind" if attended < floor(owed) else "on_course"
