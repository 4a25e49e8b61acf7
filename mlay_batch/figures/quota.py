"""Computes attendance quotas: sittings attended, owed and missing.

Shares of a year are exact fractions; only the obligation of a part-year officer is rounded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from mlay_batch.core.period import Period
from mlay_batch.figures.attendance import Duty, duties
from mlay_batch.figures.cell_attendance import months_served
from mlay_batch.figures.report_records import Attendance, QuotaLine, QuotaPair, ReportInputs
from mlay_batch.model.register import Officer, Organisation
from mlay_batch.schema import Quota


@dataclass(frozen=True)
class _OfficerQuota:
    """The subject of one line: an officer's quota in all cells or in one."""

    quota: Quota
    officer: Officer
    branches: tuple[Organisation, ...]
    months: Mapping[Period, Quota]
    """The months served in the year, with the quota version in force."""
    pairs: tuple[QuotaPair, ...]
    cell: str | None = None
    """None: all cells."""

    def months_until(self, until: Period) -> Mapping[Period, Quota]:
        """Return the months served up to the end of a period."""
        return {month: quota for month, quota in self.months.items() if month.start <= until.end}


def quota_lines(
    inputs: ReportInputs, attendances: Iterable[Attendance], pairs: Iterable[QuotaPair]
) -> tuple[QuotaLine, ...]:
    """Return one line for each quota and officer (or officer and cell, as the quota says).

    An officer who has served at least a month of the year so far has a line, in register order.
    The quotas are those of the report's period; each month is owed by the version in force: 4 a
    year until June and 5 from July are 6 × 4 ÷ 12 + 5 × 5 ÷ 12 = 4.08 by November. `pairs` are
    those of `cell_attendance`.
    """
    counts: dict[tuple[str | None, str, str | None], Counter[int]] = {}
    for visit in attendances:
        if visit.counts:
            for cell in (None, visit.branch):
                by_month = counts.setdefault((visit.quota, visit.credited_officer, cell), Counter())
                by_month[visit.held_on.month] += 1
    return tuple(
        _line(
            inputs.period,
            officer_quota,
            counts.get(
                (officer_quota.quota.quota, officer_quota.officer.code, officer_quota.cell), {}
            ),
        )
        for officer_quota in _officer_quotas(inputs, tuple(pairs))
        if officer_quota.months_until(inputs.period)
    )


def _officer_quotas(inputs: ReportInputs, pairs: tuple[QuotaPair, ...]) -> Iterator[_OfficerQuota]:
    duties_by_officer = duties(inputs.register)
    by_officer: dict[tuple[str, str], list[QuotaPair]] = {}
    for pair in pairs:
        by_officer.setdefault((pair.quota.quota, pair.officer), []).append(pair)
    for quota in inputs.catalogue.quotas_for(inputs.period):
        for officer in inputs.register.officers:
            officer_pairs = tuple(by_officer.get((quota.quota, officer.code), ()))
            officer_duties = duties_by_officer.get(officer.code, ())
            if quota.per == "officer":
                yield _across_cells(inputs, quota, officer, officer_duties, officer_pairs)
            else:
                yield from (_in_cell(officer, pair) for pair in officer_pairs)


def _across_cells(
    inputs: ReportInputs,
    quota: Quota,
    officer: Officer,
    officer_duties: tuple[Duty, ...],
    officer_pairs: tuple[QuotaPair, ...],
) -> _OfficerQuota:
    year = inputs.period.year
    months = months_served(inputs.catalogue.quota_spans(quota.quota, year), officer_duties, year)
    branch_codes = (
        duty.branch
        for duty in officer_duties
        if any(duty.role == record.role and duty.overlaps(m) for m, record in months.items())
    )
    organisations = (inputs.register.by_code.get(code) for code in dict.fromkeys(branch_codes))
    return _OfficerQuota(
        quota, officer, tuple(branch for branch in organisations if branch), months, officer_pairs
    )


def _in_cell(officer: Officer, pair: QuotaPair) -> _OfficerQuota:
    cell = pair.branch
    return _OfficerQuota(pair.quota, officer, (cell,), pair.months, (pair,), cell.code)


def _line(period: Period, officer_quota: _OfficerQuota, counts: Mapping[int, int]) -> QuotaLine:
    quota, past_months = officer_quota.quota, period.year_to_date()
    attended = sum(counts.values())
    served = officer_quota.months_until(period)
    exact = _share(served)
    obligation = round_obligation(_share(officer_quota.months), quota.rounding)
    open_months = sum(pair.open_months for pair in officer_quota.pairs)
    return QuotaLine(
        quota=quota,
        officer=officer_quota.officer.code,
        name=officer_quota.officer.name,
        position=officer_quota.officer.position or "",
        branches=officer_quota.branches,
        served=len(served),
        served_year=len(officer_quota.months),
        months=tuple(counts.get(m, 0) if m <= len(past_months) else None for m in range(1, 13)),
        attended=attended,
        owed=float(exact),
        obligation=obligation,
        missing=max(0, obligation - attended),
        open_months=open_months,
        state=_state(attended, exact, obligation, open_months, is_year_over=len(past_months) == 12),
    )


def _share(months: Mapping[Period, Quota]) -> Fraction:
    """Return the sittings owed for these months: a twelfth of the yearly number for each."""
    return Fraction(sum(quota.times for quota in months.values()), 12)


def round_obligation(exact: Fraction, rounding: str) -> int:
    """Return the obligation in whole sittings; a half goes up under ``half_up``.

    >>> [round_obligation(Fraction(3, 2), how) for how in ("half_up", "floor", "ceiling")]
    [2, 1, 2]
    >>> round_obligation(Fraction(4 * 4, 12), "half_up")
    1
    """
    if rounding == "floor":
        return floor(exact)
    return ceil(exact) if rounding == "ceiling" else floor(exact + Fraction(1, 2))


def _state(
    attended: int, owed: Fraction, obligation: int, open_months: int, *, is_year_over: bool
) -> str:
    """Return the state of a line.

    ``met``: attended ≥ obligation. ``behind``: attended < floor(owed); 1 of 2.0 owed is behind, 1
    of 1.99 and 2 of 2.0 are ``on_course``. ``not_met`` only once the year is over and all returns
    are in, because a month may hold any number of sittings; until then December shows ``behind``.
    """
    if attended >= obligation:
        return "met"
    if is_year_over:
        return "behind" if open_months else "not_met"
    return "behind" if attended < floor(owed) else "on_course"
