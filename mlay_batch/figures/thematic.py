"""Counts thematic meetings by branch and quarter.

12-HD/BTCTW and 42-HD/BTCTW ask for at least one a quarter; it may share a sitting with the
regular one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

from mlay_batch.core.period import Period
from mlay_batch.figures.branch_records import Thematic, ThematicLine, Theme
from mlay_batch.figures.completeness import MEETINGS
from mlay_batch.figures.report_records import NOT_OWED, OPEN, Completeness, ReportInputs
from mlay_batch.figures.return_access import ReturnsByKey, returns_of, year_to_date
from mlay_batch.model.records import AcceptedReturn
from mlay_batch.model.register import Organisation
from mlay_batch.schema.ids import MEETING, MEETING_SCORE, MIXED_KIND

THEMES = "thematic"  # the section of the themes, and the kind of such a meeting
_KINDS = (THEMES, MIXED_KIND)


def thematic(inputs: ReportInputs, matrix: Completeness | None) -> Thematic | None:
    """Return the thematic meetings of the year to date; None if nobody owes the form.

    A row of the table of meetings counts as one meeting, even with several themes.
    """
    if matrix is None:
        return None
    returns = year_to_date(returns_of(inputs, MEETING), inputs.period)
    least = least_months(inputs, inputs.period)
    quarters = _quarters(inputs.period)
    themes: dict[str, list[Theme]] = {}
    for theme in _themes(returns):
        if theme.held_on in quarters[-1]:
            themes.setdefault(theme.branch, []).append(theme)
    lines = (_line(inputs, matrix, returns, branch, quarters, least) for branch in matrix.branches)
    full_lines = (replace(line, themes=tuple(themes.get(line.branch.code, ()))) for line in lines)
    return Thematic(quarters, (MEETING, MEETINGS), _KINDS, tuple(full_lines), least)


def least_months(inputs: ReportInputs, period: Period) -> int:
    """Return for how many months of a quarter a cell must owe a return to be asked for a theme."""
    scheme = inputs.catalogue.scheme_for(MEETING_SCORE, period)
    return scheme.thematic_months if scheme else 1


def owes(inputs: ReportInputs, branch: Organisation, month: Period) -> bool:
    """Whether a branch that has sent nothing for the month owes a return: it is not excused."""
    form = inputs.catalogue.form_for(MEETING, month)
    is_asked = form is not None and branch.type in form.reporters and branch.is_active(month)
    is_owed = is_asked and inputs.register.rules.profile.has_begun(month)
    return is_owed and not inputs.register.waiver(MEETING, branch.code, month, inputs.as_of)


def _quarters(period: Period) -> tuple[Period, ...]:
    ends = (month.end for month in period.year_to_date())
    return tuple(dict.fromkeys(Period.of("quarter", end) for end in ends))


def _line(
    inputs: ReportInputs,
    matrix: Completeness,
    returns: ReturnsByKey,
    branch: Organisation,
    quarters: tuple[Period, ...],
    least: int,
) -> ThematicLine:
    meeting_counts = tuple(
        _count_meetings(matrix, returns, branch, quarter) for quarter in quarters
    )
    last_quarter = quarters[-1]
    months = [month for month in last_quarter.months() if branch.is_active(month)]
    states = [_state(matrix, branch, month, inputs.period) for month in months]
    open_months = sum(state in OPEN for state in states)
    owed_months = sum(state not in NOT_OWED for state in states)
    if meeting_counts[-1]:
        state = "held"
    elif not owed_months:
        state = "off"
    elif owed_months < least:
        state = "short"
    else:
        state = "open" if open_months else "none"
    return ThematicLine(branch, meeting_counts, owed_months, open_months, state, themes=())


def _state(matrix: Completeness, branch: Organisation, month: Period, period: Period) -> str:
    """Return the state of a month in which the branch exists."""
    if month.start > period.end:
        return "not_due"
    cell = matrix.cells.get((branch.code, month))
    return cell.state if cell else "waived"


def _count_meetings(
    matrix: Completeness, returns: ReturnsByKey, branch: Organisation, quarter: Period
) -> int | None:
    """Count the quarter's thematic meetings; None if the branch owed nothing in it."""
    months = [month for month in quarter.months() if (branch.code, month) in matrix.cells]
    states = {matrix.cell(branch.code, month).state for month in months}
    if states <= set(NOT_OWED):
        return None
    quarter_returns = (returns.get((branch.code, month)) for month in months)
    return sum(
        row.values.get("kind") in _KINDS
        for accepted in quarter_returns
        if accepted
        for row in accepted.section_rows(MEETINGS)
    )


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
