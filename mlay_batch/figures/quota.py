"""Attendance quotas: what an officer attended, owes, can still reach (DOMAIN, "Quota terms").

All shares of a year are exact fractions; only the obligation of a part-year officer is rounded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from mlay_batch.figures.attendance import Duty, duties
from mlay_batch.figures.following import months_of
from mlay_batch.figures.quota_records import QuotaPair
from mlay_batch.figures.records import Attendance, Facts, QuotaLine
from mlay_batch.period import Period
from mlay_batch.register import Officer, Organisation
from mlay_batch.schema import Quota


@dataclass(frozen=True)
class _Owed:
    """What one line is about: an officer's quota, everywhere (`cell` None) or in one cell."""

    quota: Quota
    officer: Officer
    branches: tuple[Organisation, ...]
    served: int
    served_year: int
    pairs: tuple[QuotaPair, ...]
    cell: str | None = None


def quota_lines(
    facts: Facts, attended: Iterable[Attendance], pairs: Iterable[QuotaPair]
) -> tuple[QuotaLine, ...]:
    """Return one line for each quota and officer (or officer and cell, as the quota says).

    Who has served at least a month of the year so far has a line, in the order of the register.
    The quotas are those that hold in the report's period. `pairs` are those of `following`.
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
        if owed.served
    )


def _owing(facts: Facts, pairs: tuple[QuotaPair, ...]) -> Iterator[_Owed]:
    serving = duties(facts.register)
    by_officer: dict[tuple[str, str], list[QuotaPair]] = {}
    for pair in pairs:
        by_officer.setdefault((pair.quota.quota, pair.officer), []).append(pair)
    for quota in facts.catalogue.quotas_for(facts.period):
        for officer in facts.register.officers:
            own = tuple(by_officer.get((quota.quota, officer.code), ()))
            if quota.per == "officer":
                yield _whole(facts, quota, officer, serving.get(officer.code, ()), own)
            else:
                yield from (_in_cell(officer, pair) for pair in own)


def _whole(
    facts: Facts, quota: Quota, officer: Officer, serving: Iterable[Duty],
    own: tuple[QuotaPair, ...],
) -> _Owed:  # fmt: skip
    year = Period(facts.period.year, 1, 12)
    there = tuple(duty for duty in serving if duty.role == quota.role and duty.touches(year))
    known = (facts.register.by_code.get(code) for code in dict.fromkeys(d.branch for d in there))
    served, served_year = months_of(there, facts.period)
    return _Owed(quota, officer, tuple(b for b in known if b), served, served_year, own)


def _in_cell(officer: Officer, pair: QuotaPair) -> _Owed:
    branch = pair.branch
    return _Owed(
        pair.quota, officer, (branch,), pair.served, pair.served_year, (pair,), branch.code
    )


def _line(period: Period, owed: _Owed, counts: Mapping[int, int]) -> QuotaLine:
    quota, past = owed.quota, period.year_to_date()
    attended = sum(counts.values())
    exact = Fraction(quota.times * owed.served, 12)
    obligation = whole(Fraction(quota.times * owed.served_year, 12), quota.rounding)
    unseen = sum(pair.unseen for pair in owed.pairs)
    possible = attended + unseen + sum(pair.to_come for pair in owed.pairs)
    return QuotaLine(
        quota=quota,
        officer=owed.officer.code,
        name=owed.officer.name,
        position=owed.officer.position or "",
        branches=owed.branches,
        served=owed.served,
        served_year=owed.served_year,
        months=tuple(counts.get(m, 0) if m <= len(past) else None for m in range(1, 13)),
        attended=attended,
        owed=float(exact),
        obligation=obligation,
        missing=max(0, obligation - attended),
        possible=possible,
        unseen=unseen,
        state=_state(attended, exact, obligation, possible, over=len(past) == 12),
    )


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


def _state(attended: int, owed: Fraction, obligation: int, possible: int, *, over: bool) -> str:
    """Return the state of a line; `over` says that the year has ended.

    Behind is who attended less than the whole part of what is owed: 2 attended of exactly 2.0 owed
    is on course, 1 of 2.0 is behind, 1 of 1.99 is on course.

    No verdict is final while returns are open that may change it. In December 3 of 4 attended is
    ``not_met`` when all returns are in; with one return still to come 4 are possible, and the line
    stays ``behind``.
    """
    if attended >= obligation:
        return "met"
    if possible < obligation:
        return "not_met" if over else "out_of_reach"
    return "behind" if over or attended < floor(owed) else "on_course"
