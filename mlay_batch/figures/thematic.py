"""Counts thematic meetings by branch and quarter, against what each cell owes (`Quota.per`).

12-HD/BTCTW and 42-HD/BTCTW ask for at least one a quarter; it may share a sitting with the
regular one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from functools import cached_property
from math import floor

from mlay_batch.core.period import Period
from mlay_batch.figures.branch_records import Thematic, ThematicLine, Theme
from mlay_batch.figures.completeness import MEETINGS
from mlay_batch.figures.quota import round_obligation
from mlay_batch.figures.report_records import NO_RETURN, NOT_OWED, Completeness, ReportInputs
from mlay_batch.figures.return_access import ReturnsByKey, returns_of, year_to_date
from mlay_batch.model.records import AcceptedReturn
from mlay_batch.model.register import Organisation
from mlay_batch.schema.ids import MEETING
from mlay_batch.schema.quotas import Quota, QuotaWindow, quota_windows

THEMES = "thematic"  # the section of the themes, and the kind of such a meeting


def thematic(inputs: ReportInputs, matrix: Completeness | None) -> Thematic | None:
    """Return the thematic meetings of the year to date; None if nobody owes any.

    A row of the table of meetings counts as one meeting, even with several themes.
    """
    quota = inputs.catalogue.cell_quota(inputs.period)
    if matrix is None or quota is None:
        return None
    spans = inputs.catalogue.quota_spans(quota.quota, inputs.period.year)
    last_month = inputs.period.end.month
    window = next(w for w in quota_windows(spans) if last_month in w.months)
    returns = year_to_date(returns_of(inputs, MEETING), inputs.period)
    quarters = _quarters(inputs.period)
    themes: dict[str, list[Theme]] = {}
    for theme in _themes(returns):
        if theme.held_on in quarters[-1]:
            themes.setdefault(theme.branch, []).append(theme)
    count = _Counting(inputs, matrix, returns, quota, quarters, window)
    lines = (count.line(branch) for branch in matrix.branches)
    full_lines = (replace(line, themes=tuple(themes.get(line.branch.code, ()))) for line in lines)
    return Thematic(
        quarters, (MEETING, MEETINGS), quota.counts.kinds, tuple(full_lines), quota, window
    )


def is_asked(inputs: ReportInputs, period: Period, months: int) -> bool:
    """Whether a cell that owes returns for so many months of a quarter owes a theme in it."""
    quota = inputs.catalogue.cell_quota(period)
    if quota is None:
        return False
    owed = Fraction(quota.times * months, quota.window_months)
    return round_obligation(owed, quota.rounding) > 0


def owes(inputs: ReportInputs, branch: Organisation, month: Period) -> bool:
    """Whether a branch that has sent nothing for the month owes a return: it is not excused."""
    form = inputs.catalogue.form_for(MEETING, month)
    is_asked = form is not None and branch.type in form.reporters and branch.is_active(month)
    is_owed = is_asked and inputs.register.rules.profile.has_begun(month)
    return is_owed and not inputs.register.waiver(MEETING, branch.code, month, inputs.as_of)


def _quarters(period: Period) -> tuple[Period, ...]:
    ends = (month.end for month in period.year_to_date())
    return tuple(dict.fromkeys(Period.of("quarter", end) for end in ends))


@dataclass(frozen=True)
class _Counting:
    """What the lines are counted from; the window is the one in which the period ends."""

    inputs: ReportInputs
    matrix: Completeness
    returns: ReturnsByKey
    quota: Quota
    quarters: tuple[Period, ...]
    window: QuotaWindow

    def line(self, branch: Organisation) -> ThematicLine:
        """Return a branch's figures, without its themes."""
        counts = tuple(self.count(branch, quarter.months()) for quarter in self.quarters)
        months = [Period(self.inputs.period.year, month) for month in self.window.months]
        states = {
            month: _state(self.matrix, branch, month, self.inputs.period)
            for month in months
            if branch.is_active(month)
        }
        owed_months = [month for month, state in states.items() if state not in NOT_OWED]
        past = [month for month in owed_months if month.end <= self.inputs.period.end]
        obligation, attended = self.owed(owed_months), self.count(branch, months) or 0
        due = floor(self.exact(past)) if len(past) < len(owed_months) else obligation
        line = ThematicLine(
            branch,
            counts,
            obligation,
            due,
            attended,
            open_months=sum(state in NO_RETURN for state in states.values()),
            state="",
            themes=(),
        )
        return replace(line, state=_line_state(line))

    def exact(self, months: Iterable[Period]) -> Fraction:
        """Return the meetings owed for these months, each by the record in force."""
        return sum((self._owed_in[month] for month in months), Fraction(0))

    @cached_property
    def _owed_in(self) -> Mapping[Period, Fraction]:
        """The meetings owed for each month of the year."""
        months = Period(self.inputs.period.year, 1, 12).months()
        quotas = {month: self.inputs.catalogue.cell_quota(month) for month in months}
        return {
            month: Fraction(quota.times, quota.window_months) if quota else Fraction(0)
            for month, quota in quotas.items()
        }

    def owed(self, months: Iterable[Period]) -> int:
        """Return the same in whole meetings."""
        return round_obligation(self.exact(months), self.quota.rounding)

    def count(self, branch: Organisation, months: Sequence[Period]) -> int | None:
        """Count the months' thematic meetings; None if the branch owed nothing in them."""
        known = [month for month in months if (branch.code, month) in self.matrix.cells]
        if {self.matrix.cell(branch.code, month).state for month in known} <= set(NOT_OWED):
            return None
        month_returns = (self.returns.get((branch.code, month)) for month in known)
        return sum(
            row.values.get("kind") in self.quota.counts.kinds
            for accepted in month_returns
            if accepted
            for row in accepted.section_rows(MEETINGS)
        )


def _line_state(line: ThematicLine) -> str:
    """Return the state of a cell's window, by the rules of officers' quotas."""
    if line.attended and line.attended >= line.obligation:
        return "met"
    if not line.obligation:
        return "unrated"
    if line.attended >= line.due:
        return "on_course"
    return "behind" if line.open_months else "not_met"


def _state(matrix: Completeness, branch: Organisation, month: Period, period: Period) -> str:
    """Return the state of a month in which the branch exists."""
    if month.start > period.end:
        return "not_due"
    cell = matrix.cells.get((branch.code, month))
    return cell.state if cell else "waived"


def _themes(returns: ReturnsByKey) -> Iterator[Theme]:
    for (branch, _), accepted in returns.items():
        kinds = _kinds(accepted)
        for row in accepted.section_rows(THEMES):
            day = row.values.get("held_on")
            if isinstance(day, date):
                yield Theme(
                    branch=branch,
                    held_on=day,
                    topic=str(row.values.get("topic") or ""),
                    with_regular=bool(kinds.get(day, set()) - {THEMES}),
                    delivery=accepted.entry.id,
                )


def _kinds(accepted: AcceptedReturn) -> Mapping[date, set[str]]:
    """Return the kinds of the meetings of each day."""
    by_day: dict[date, set[str]] = {}
    for row in accepted.section_rows(MEETINGS):
        if isinstance(day := row.values.get("held_on"), date):
            by_day.setdefault(day, set()).add(str(row.values.get("kind") or ""))
    return by_day
