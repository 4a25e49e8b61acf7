"""Attendance quotas: what an officer attended, owes, can still reach (DOMAIN, "Quota terms").

All shares of a year are exact fractions; only the obligation of a part-year officer is rounded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor

from mlay_batch.figures.attendance import Duty, duties
from mlay_batch.figures.records import OPEN, Attendance, Completeness, Facts, QuotaLine
from mlay_batch.figures.returns import MEETING
from mlay_batch.period import Period
from mlay_batch.register import Officer, Organisation
from mlay_batch.schema import Quota

Unseen = frozenset[tuple[str, Period]]


@dataclass(frozen=True)
class _Scope:
    """What one line is about: an officer's duties under a quota, everywhere or in one cell.

    `cells` are all cells the duties cover, by duty. `unseen` are the cells and past months whose
    return has not been taken in yet.
    """

    quota: Quota
    officer: Officer
    branches: tuple[Organisation, ...]
    duties: tuple[Duty, ...]
    cells: Mapping[str, tuple[Organisation, ...]]
    unseen: Unseen

    @property
    def cell(self) -> str | None:
        return self.branches[0].code if self.quota.per == "officer_cell" else None

    def served(self, months: Iterable[Period]) -> int:
        """Count months with at least one day of duty; two assignments in one month are one."""
        return sum(any(duty.touches(month) for duty in self.duties) for month in months)

    def open_sittings(self, month: Period) -> int:
        """Return how many sittings he could attend in a month to come."""
        return len(self._cells_of(month)) * self.quota.sittings_a_month

    def unseen_sittings(self, month: Period) -> int:
        """Return how many sittings of a past month may still come to light, as nobody told yet."""
        cells = (code for code in self._cells_of(month) if (code, month) in self.unseen)
        return sum(1 for _ in cells) * self.quota.sittings_a_month

    def _cells_of(self, month: Period) -> set[str]:
        return {
            cell.code
            for duty in self.duties
            if duty.touches(month)
            for cell in self.cells.get(duty.branch, ())
            if cell.alive(month)
            and (self.quota.counts.own_cell or cell.code != self.officer.own_cell)
        }


def quota_lines(
    facts: Facts, attended: Iterable[Attendance], returned: Completeness | None
) -> tuple[QuotaLine, ...]:
    """Return one line for each quota and officer (or officer and cell, as the quota says).

    Who has served at least a month of the year so far has a line, in the order of the register.
    The quotas are those that hold in the report's period.
    """
    counts = Counter(
        (entry.quota, entry.credited, entry.branch, entry.held_on.month)
        for entry in attended
        if entry.counts
    )
    by_line: dict[tuple[str | None, str, str | None], Counter[int]] = {}
    for (quota, officer, branch, month), times in counts.items():
        for cell in (None, branch):
            by_line.setdefault((quota, officer, cell), Counter())[month] += times
    return tuple(
        _line(facts.period, scope, by_line.get((quota.quota, scope.officer.code, scope.cell), {}))
        for quota in facts.catalogue.quotas_for(facts.period)
        for scope in _scopes(facts, quota, _unseen(returned))
        if scope.served(facts.period.year_to_date())
    )


def _unseen(returned: Completeness | None) -> Unseen:
    """Return the cells and months of the year so far whose return is open, as the ledger knows."""
    fields = returned.cells.items() if returned else ()
    return frozenset(place for place, field in fields if field.state in OPEN)


def _scopes(facts: Facts, quota: Quota, unseen: Unseen) -> Iterator[_Scope]:
    year = Period(facts.period.year, 1, 12)
    cells = _cells_below(facts)
    serving = duties(facts.register)
    for officer in facts.register.officers:
        own = tuple(
            duty
            for duty in serving.get(officer.code, ())
            if duty.role == quota.role and duty.touches(year)
        )
        if quota.per == "officer":
            codes = dict.fromkeys(duty.branch for duty in own)
            known = (facts.register.by_code.get(code) for code in codes)
            yield _Scope(quota, officer, tuple(b for b in known if b), own, cells, unseen)
        else:
            yield from _scopes_by_cell(_Scope(quota, officer, (), own, cells, unseen))


def _scopes_by_cell(whole: _Scope) -> Iterator[_Scope]:
    """Yield a scope for each cell; a cell owes nothing before it was founded or after it ended."""
    covered: dict[Organisation, list[Duty]] = {}
    for duty in whole.duties:
        for cell in whole.cells.get(duty.branch, ()):
            covered.setdefault(cell, []).append(duty.within_life(cell))
    for cell, there in covered.items():
        yield replace(whole, branches=(cell,), duties=tuple(there), cells={cell.code: (cell,)})


def _cells_below(facts: Facts) -> Mapping[str, tuple[Organisation, ...]]:
    """Return for every organisation the cells that meet: itself or below it, register order."""
    form = facts.catalogue.form_for(MEETING, facts.period)
    found: dict[str, list[Organisation]] = {}
    for cell in facts.register.organisations:
        if form and cell.type in form.reporters:
            for top in (cell, *facts.register.ancestors(cell.code)):
                found.setdefault(top.code, []).append(cell)
    return {code: tuple(cells) for code, cells in found.items()}


def _line(period: Period, scope: _Scope, counts: Mapping[int, int]) -> QuotaLine:
    quota, past = scope.quota, period.year_to_date()
    year = Period(period.year, 1, 12).months()
    served, served_year = scope.served(past), scope.served(year)
    attended = sum(counts.values())
    owed = Fraction(quota.times * served, 12)
    obligation = whole(Fraction(quota.times * served_year, 12), quota.rounding)
    unseen = sum(scope.unseen_sittings(month) for month in past)
    possible = attended + unseen + sum(scope.open_sittings(month) for month in year[len(past) :])
    return QuotaLine(
        quota=quota,
        officer=scope.officer.code,
        name=scope.officer.name,
        position=scope.officer.position or "",
        branches=scope.branches,
        served=served,
        served_year=served_year,
        months=tuple(counts.get(m.month, 0) if m in past else None for m in year),
        attended=attended,
        owed=float(owed),
        obligation=obligation,
        missing=max(0, obligation - attended),
        possible=possible,
        unseen=unseen,
        state=_state(attended, owed, obligation, possible, over=len(past) == len(year)),
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
