"""Thematic meetings by quarter: who held one, on what theme, who has none this quarter.

12-HD/BTCTW and 42-HD/BTCTW ask for at least one a quarter; it may share a sitting with the
regular one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

from mlay_batch.figures.branch_records import Thematic, ThematicLine, Theme
from mlay_batch.figures.records import OPEN, Completeness, Facts
from mlay_batch.figures.returns import Filed, returns_of, year_to_date
from mlay_batch.period import Period
from mlay_batch.records import Return
from mlay_batch.register import Organisation
from mlay_batch.schema.ids import BOTH, MEETING

THEMES = "thematic"  # the section of the themes, and the kind of such a meeting
MEETINGS = "meetings"
_KINDS = (THEMES, BOTH)


def thematic(facts: Facts, returned: Completeness | None) -> Thematic | None:
    """Return the thematic meetings of the year to date; None where nobody owes that form.

    A row of the table of meetings counts as one meeting, whatever number of themes it had.
    """
    if returned is None:
        return None
    filed = year_to_date(returns_of(facts, MEETING), facts.period)
    quarters = _quarters(facts.period)
    themes: dict[str, list[Theme]] = {}
    for theme in _themes(filed):
        if theme.held_on in quarters[-1]:
            themes.setdefault(theme.branch, []).append(theme)
    lines = (_line(facts, returned, filed, branch, quarters) for branch in returned.branches)
    told = (replace(line, themes=tuple(themes.get(line.branch.code, ()))) for line in lines)
    return Thematic(quarters, (MEETING, MEETINGS), _KINDS, tuple(told))


def _quarters(period: Period) -> tuple[Period, ...]:
    ends = (month.end for month in period.year_to_date())
    return tuple(dict.fromkeys(Period.of("quarter", end) for end in ends))


def _line(
    facts: Facts, returned: Completeness, filed: Filed, branch: Organisation,
    quarters: tuple[Period, ...],
) -> ThematicLine:  # fmt: skip
    held = tuple(_held(returned, filed, branch, quarter) for quarter in quarters)
    last = quarters[-1]
    states = (_state(returned, branch, month, facts.period) for month in last.months())
    open_ = sum(state in OPEN for state in states)
    if held[-1] is None:
        state = "off"
    elif held[-1]:
        state = "held"
    else:
        state = "open" if open_ else "none"
    return ThematicLine(branch, held, open_, state, themes=())


def _state(returned: Completeness, branch: Organisation, month: Period, period: Period) -> str:
    """Return the month's state; one after the report's period is to come, if the branch lives."""
    if month.start > period.end:
        return "not_due" if branch.alive(month) else "ended"
    found = returned.cells.get((branch.code, month))
    return found.state if found else "waived"


def _held(
    returned: Completeness, filed: Filed, branch: Organisation, quarter: Period
) -> int | None:
    """Count the quarter's thematic meetings; None where the branch owed nothing in it."""
    months = [month for month in quarter.months() if (branch.code, month) in returned.cells]
    if all(returned.of(branch.code, month).state in ("not_yet", "ended") for month in months):
        return None
    entries = (filed.get((branch.code, month)) for month in months)
    return sum(
        row.values.get("kind") in _KINDS
        for entry in entries
        if entry
        for row in entry.section(MEETINGS)
    )


def _themes(filed: Filed) -> Iterator[Theme]:
    for (branch, _), entry in filed.items():
        kinds = _kinds(entry)
        for row in entry.section(THEMES):
            day = row.values.get("held_on")
            if isinstance(day, date):
                yield Theme(
                    branch=branch,
                    held_on=day,
                    topic=str(row.values.get("topic") or ""),
                    shared=bool(kinds.get(day, set()) - {THEMES}),
                    delivery=entry.delivery.id,
                )


def _kinds(entry: Return) -> Mapping[date, set[str]]:
    """Return the kinds of the meetings of each day."""
    found: dict[date, set[str]] = {}
    for row in entry.section(MEETINGS):
        if isinstance(day := row.values.get("held_on"), date):
            found.setdefault(day, set()).add(str(row.values.get("kind") or ""))
    return found
