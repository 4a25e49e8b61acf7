"""Computes attendance quotas: sittings attended, owed and missing.

Shares of a year are exact fractions; only the obligation of a part-year officer is rounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor

from mlay_batch.core.period import Period
from mlay_batch.figures.cell_attendance import cell_duties, months_served, sum_months
from mlay_batch.figures.report_records import (
    Attendance,
    QuotaLine,
    QuotaPair,
    ReportInputs,
    ServedMonth,
    WindowFigures,
)
from mlay_batch.model.register import Officer, Organisation
from mlay_batch.schema import Quota
from mlay_batch.schema.quotas import QuotaWindow, quota_windows

Visits = tuple[Attendance, ...]


@dataclass(frozen=True)
class _OfficerQuota:
    """The subject of one line: an officer's quota in all cells or in one."""

    quota: Quota
    officer: Officer
    branches: tuple[Organisation, ...]
    months: Mapping[Period, ServedMonth]
    """The months of the year with a day of duty."""
    pairs: tuple[QuotaPair, ...]
    cell: str | None = None
    """None: all cells."""

    def certain_count(self, visits: Visits) -> int:
        """Return how many of these visits certainly count.

        Of two places on one day one does, but in a cell by itself neither is certain.
        """
        if self.cell is not None:
            return sum(visit.at_least == 1 for visit in visits)
        return int(sum((visit.at_least for visit in visits), Fraction(0)))


def quota_lines(
    inputs: ReportInputs, attendances: Iterable[Attendance], pairs: Iterable[QuotaPair]
) -> tuple[QuotaLine, ...]:
    """Return one line for each quota and officer (or officer and cell, as the quota says).

    An officer who owes a month of the year so far, or has attended, has a line, in register order.
    The quotas are those of the report's period; each month is owed by the version in force: 4 a
    year until June and 5 from July are 6 × 4 ÷ 12 + 5 × 5 ÷ 12 = 4.08 by November. `pairs` are
    those of `cell_attendance`.
    """
    visits: dict[tuple[str | None, str, str | None], list[Attendance]] = {}
    for visit in attendances:
        if visit.counts:
            for cell in (None, visit.branch):
                visits.setdefault((visit.quota, visit.credited_officer, cell), []).append(visit)
    lines = (
        _line(inputs, officer_quota, tuple(visits.get(_key(officer_quota), ())))
        for officer_quota in _officer_quotas(inputs, tuple(pairs))
    )
    return tuple(line for line in lines if line.served or line.attended or line.unsettled)


def _key(officer_quota: _OfficerQuota) -> tuple[str, str, str | None]:
    return officer_quota.quota.quota, officer_quota.officer.code, officer_quota.cell


def _officer_quotas(inputs: ReportInputs, pairs: tuple[QuotaPair, ...]) -> Iterator[_OfficerQuota]:
    months_by_officer = _months_by_officer(inputs)
    by_officer: dict[tuple[str, str], list[QuotaPair]] = {}
    for pair in pairs:
        by_officer.setdefault((pair.quota.quota, pair.officer), []).append(pair)
    for quota in inputs.catalogue.quotas_for(inputs.period):
        for officer in inputs.register.officers:
            officer_pairs = tuple(by_officer.get((quota.quota, officer.code), ()))
            if quota.per == "officer":
                months = months_by_officer[quota.quota, officer.code]
                cells = tuple(pair.branch for pair in officer_pairs)
                yield _OfficerQuota(quota, officer, cells, months, officer_pairs)
            else:
                yield from (_in_cell(officer, pair) for pair in officer_pairs)


def _months_by_officer(
    inputs: ReportInputs,
) -> Mapping[tuple[str, str], Mapping[Period, ServedMonth]]:
    """Return the months served in any cell, by quota and officer."""
    year, duties_by_officer = inputs.months_in_use, cell_duties(inputs)
    months = {}
    for quota in inputs.catalogue.quotas_for(inputs.period):
        spans = inputs.catalogue.quota_spans(quota.quota, inputs.period.year)
        for officer in inputs.register.officers:
            by_cell = duties_by_officer.get(officer.code, {}).values()
            all_duties = (duty for duties_there in by_cell for duty in duties_there)
            months[quota.quota, officer.code] = months_served(spans, all_duties, year)
    return months


def _in_cell(officer: Officer, pair: QuotaPair) -> _OfficerQuota:
    cell = pair.branch
    return _OfficerQuota(pair.quota, officer, (cell,), pair.months, (pair,), cell.code)


def _line(inputs: ReportInputs, officer_quota: _OfficerQuota, visits: Visits) -> QuotaLine:
    quota, served, period = officer_quota.quota, officer_quota.months, inputs.period
    attended = officer_quota.certain_count(visits)
    spans = inputs.catalogue.quota_spans(quota.quota, period.year)
    windows = tuple(
        _window_figures(period, officer_quota, visits, window) for window in quota_windows(spans)
    )
    obligation = sum(window.obligation for window in windows)
    missing = sum(window.missing for window in windows)
    is_own = all(pair.is_own for pair in officer_quota.pairs)
    return QuotaLine(
        quota=quota,
        officer=officer_quota.officer.code,
        name=officer_quota.officer.name,
        position=officer_quota.officer.position or "",
        branches=officer_quota.branches,
        served=float(sum_months(served, period)),
        served_year=float(sum_months(served)),
        months=_month_counts(period, officer_quota, visits),
        attended=attended,
        unsettled=len(visits) - attended,
        owed=float(_owed(served, period)),
        obligation=obligation,
        missing=missing,
        open_months=sum(pair.open_months for pair in officer_quota.pairs),
        to_come=sum(pair.to_come for pair in officer_quota.pairs),
        state=_state(windows, obligation, missing, is_own=is_own),
        windows=windows if any(span.quota.window != "year" for span in spans) else (),
    )


def _window_figures(
    period: Period, officer_quota: _OfficerQuota, visits: Visits, window: QuotaWindow
) -> WindowFigures:
    """Return what is owed and attended in the months of one window."""

    def lies_within(month: Period) -> bool:
        return month.month in window.months

    served = {month: of for month, of in officer_quota.months.items() if lies_within(month)}
    visits_there = tuple(v for v in visits if v.held_on.month in window.months)
    attended = officer_quota.certain_count(visits_there)
    owed, pairs = _owed(served, period), officer_quota.pairs
    to_come = {month for pair in pairs for month in pair.to_come_in if lies_within(month)}
    figures = WindowFigures(
        window,
        served=float(sum_months(served)),
        past=float(sum_months(served, period)),
        owed=float(owed),
        obligation=round_obligation(_owed(served), officer_quota.quota.rounding),
        attended=attended,
        unsettled=len(visits_there) - attended,
        open_months=sum(sum(map(lies_within, pair.open_in)) for pair in pairs),
        to_come=len(to_come),
        state="",
    )
    has_begun = window.first <= len(period.year_to_date())
    return replace(figures, state=_window_state(figures)) if has_begun else figures


def _window_state(figures: WindowFigures) -> str:
    """Return what keeps a window from having what is due by now; empty where it has that."""
    if figures.attended >= figures.due:
        return ""
    if figures.attended + figures.unsettled >= figures.due:
        return "unsettled"
    return "behind" if figures.open_months + figures.to_come else "not_met"


def _month_counts(
    period: Period, officer_quota: _OfficerQuota, visits: Visits
) -> tuple[int | None, ...]:
    by_month: dict[int, list[Attendance]] = {}
    for visit in visits:
        by_month.setdefault(visit.held_on.month, []).append(visit)
    past = len(period.year_to_date())
    return tuple(
        officer_quota.certain_count(tuple(by_month.get(month, ()))) if month <= past else None
        for month in range(1, 13)
    )


def _owed(months: Mapping[Period, ServedMonth], until: Period | None = None) -> Fraction:
    """Return the sittings owed for these months: a twelfth of a yearly number for each."""
    return sum(
        (
            served.share * served.quota.times / served.quota.window_months
            for month, served in months.items()
            if not until or month.end <= until.end
        ),
        Fraction(0),
    )


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


def _state(windows: Sequence[WindowFigures], obligation: int, missing: int, *, is_own: bool) -> str:
    """Return the state of a line, which is that of its worst window.

    ``unrated``: nothing is owed, or no visit can count because every cell is the officer's own.
    ``met``: nothing is missing. ``behind``: less than due by now even if all unsettled visits
    count; 1 of 2.0 owed is behind, 1 of 1.99 and 2 of 2.0 are ``on_course``. ``unsettled``: these
    visits decide. ``not_met`` only once no month of the window is open or to come, because a month
    may hold any number of sittings; until then the last month of duty shows ``behind``.
    """
    if not obligation or (is_own and missing):
        return "unrated"
    if not missing:
        return "met"
    states = {window.state for window in windows}
    return next((s for s in ("not_met", "behind", "unsettled") if s in states), "on_course")
