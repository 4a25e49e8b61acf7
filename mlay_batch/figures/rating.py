"""Computes the cells' sittings with their scores, and the ten-column list of meeting ratings.

A sitting is a cell and a day: a regular and a thematic meeting on one day are one sitting of both
kinds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

from mlay_batch.core.period import Period
from mlay_batch.figures.completeness import worst_state
from mlay_batch.figures.report_records import OPEN, CellRating, Completeness, ReportInputs, Sitting
from mlay_batch.figures.return_access import card, mean, number, returns_of, year_to_date
from mlay_batch.figures.scoring import band_of, counting_score, year_grade
from mlay_batch.model.records import AcceptedReturn, Row
from mlay_batch.model.register import Organisation
from mlay_batch.schema import Scheme
from mlay_batch.schema.ids import MEETING, MEETING_SCORE


def sittings(inputs: ReportInputs) -> tuple[Sitting, ...]:
    """Return every sitting of the year to date, by month, cell (register order) and day."""
    returns = year_to_date(returns_of(inputs, MEETING), inputs.period)
    return tuple(
        sitting
        for (branch, period), accepted in returns.items()
        for sitting in _return_sittings(branch, period, accepted, _scheme(inputs, period))
    )


def _scheme(inputs: ReportInputs, period: Period) -> Scheme | None:
    return inputs.catalogue.scheme_for(MEETING_SCORE, period)


def _return_sittings(
    branch: str, period: Period, accepted: AcceptedReturn, scheme: Scheme | None
) -> Iterable[Sitting]:
    members = card(accepted, "members")
    closing = number(members.values.get("closing")) if members else None
    meetings = _by_day(accepted.section_rows("meetings"))
    scores = _by_day(accepted.section_rows("scores"))
    kinds = {day: _kinds(rows) for day, rows in meetings.items()}
    themes = set(scheme.thematic) if scheme else set()
    thematic = any(themes.intersection(day_kinds) for day_kinds in kinds.values())
    for day, rows in sorted(meetings.items()):
        by_scorer = {str(row.values.get("scorer")): row for row in reversed(scores.get(day, []))}
        own_score, confirmed_score = (_score(by_scorer.get(who)) for who in ("own", "confirmed"))
        counting_row = by_scorer.get("own" if confirmed_score is None else "confirmed")
        marks = {scorer: _marks(scheme, row) for scorer, row in by_scorer.items()}
        counting_marks = _marks(scheme, counting_row)
        stated_score = own_score if confirmed_score is None else confirmed_score
        score = counting_score(scheme, stated_score, counting_marks, thematic)
        yield Sitting(
            branch=branch,
            period=period,
            held_on=day,
            kinds=kinds[day],
            members=None if closing is None else int(closing),
            own_score=own_score,
            confirmed_score=confirmed_score,
            score=score,
            band=band_of(scheme, score, counting_marks),
            note=str((counting_row.values.get("explanation") if counting_row else None) or ""),
            place=replace(rows[0].place("held_on"), file=accepted.entry.name),
            delivery=accepted.entry.id,
            regular=bool(scheme and set(scheme.regular).intersection(kinds[day])),
            thematic=thematic,
            marks=marks,
        )


def _kinds(rows: Iterable[Row]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(row.values.get("kind") or "") for row in rows))


def _by_day(rows: Iterable[Row]) -> dict[date, list[Row]]:
    by_day: dict[date, list[Row]] = {}
    for row in rows:
        if isinstance(day := row.values.get("held_on"), date):
            by_day.setdefault(day, []).append(row)
    return by_day


def _score(row: Row | None) -> float | None:
    return number(row.values.get("total")) if row else None


def _marks(scheme: Scheme | None, row: Row | None) -> Mapping[str, float | None]:
    """Return the points of each criteria group of the scheme; empty if nothing was scored."""
    if scheme is None or row is None:
        return {}
    return {group.id: number(row.values.get(group.id)) for group in scheme.groups}


def ratings(
    inputs: ReportInputs, year_sittings: tuple[Sitting, ...], matrix: Completeness | None
) -> tuple[CellRating, ...]:
    """Return one line for each cell that owes a return in the period or met in the year to date.

    The order is that of the register. A cell that sent nothing has a line with its state, and a
    cell merged in August one with its sittings until July, so the lines add up to `year_sittings`.
    95, 90, 60 and one unscored give {good: 2, average: 1}, 4 held, 3 scored, mean 81.67 (exact).
    """
    by_branch: dict[str, list[Sitting]] = {}
    for sitting in year_sittings:
        by_branch.setdefault(sitting.branch, []).append(sitting)
    scheme = _scheme(inputs, inputs.period)
    owing_codes = _owing_branches(inputs)
    known_cells = [
        organisation
        for organisation in inputs.register.organisations
        if organisation.code in owing_codes or organisation.code in by_branch
    ]
    unknown_codes = (code for code in by_branch if code not in inputs.register.by_code)
    return tuple(
        replace(
            _rating(inputs, branch, by_branch.get(branch.code, []), scheme, matrix),
            owes=branch.code in owing_codes,
        )
        for branch in (*known_cells, *(Organisation(code, code, "") for code in unknown_codes))
    )


def _owing_branches(inputs: ReportInputs) -> set[str]:
    """Return the codes of the branches that owe a return for at least one month of the period."""
    return {
        branch.code
        for month in inputs.period.months()
        if (form := inputs.catalogue.form_for(MEETING, month))
        for branch in inputs.register.reporters(form, month)
    }


def _rating(
    inputs: ReportInputs,
    branch: Organisation,
    cell_sittings: list[Sitting],
    scheme: Scheme | None,
    matrix: Completeness | None,
) -> CellRating:
    scores = [sitting.score for sitting in cell_sittings if sitting.score is not None]
    regular_bands = [sitting.band for sitting in cell_sittings if sitting.regular and sitting.band]
    period, to_come = inputs.period, _to_come(inputs, branch, matrix)
    is_graded = scheme and _is_graded(inputs, branch, scheme, len(regular_bands) + to_come, matrix)
    grade = year_grade(scheme, regular_bands, to_come) if scheme and is_graded else None
    return CellRating(
        branch=branch,
        state=worst_state(period, branch.code, matrix),
        sittings=tuple(sitting for sitting in cell_sittings if sitting.period in period.months()),
        bands=_bands(scheme, cell_sittings),
        scored_count=len(scores),
        mean=mean(scores),
        sitting_count=len(cell_sittings),
        to_come=to_come,
        grade=grade.id if grade else None,
    )


def _is_graded(
    inputs: ReportInputs,
    branch: Organisation,
    scheme: Scheme,
    meetings: int,
    matrix: Completeness | None,
) -> bool:
    """Whether a cell gets a grade for the year; `meetings` are scored or still possible ones.

    With fewer meetings than a grade demands a cell is not graded if it was founded or ended within
    the year, is not in the register, or had months waived; how their year counts is unconfirmed. A
    cell that existed all year and met seldom is graded.
    """
    if meetings >= max((grade.times for grade in scheme.year_grades), default=0):
        return True
    first, last = date(inputs.period.year, 1, 1), date(inputs.period.year, 12, 31)
    organisation = inputs.register.by_code.get(branch.code)
    if (
        organisation is None
        or (organisation.founded or first) > first
        or _ends_within(organisation, first, last)
    ):
        return False
    cells = matrix.cells.items() if matrix else ()
    return not any(code == branch.code and cell.state == "waived" for (code, _), cell in cells)


def _ends_within(branch: Organisation, first: date, last: date) -> bool:
    """Whether the branch existed on the first day and had ended by the last one."""
    return branch.ended is not None and first < branch.ended <= last


def _to_come(inputs: ReportInputs, branch: Organisation, matrix: Completeness | None) -> int:
    """Return how many months of the year may still bring a regular meeting of the cell.

    These are the later months in which the cell exists and the earlier ones whose return is out.
    """
    year_months = [Period(inputs.period.year, month) for month in range(1, 13)]
    cells = matrix.cells if matrix else {}
    return sum(
        branch.is_active(month) and branch.code in inputs.register.by_code
        if month.start > inputs.period.end
        else (cell := cells.get((branch.code, month))) is not None and cell.state in OPEN
        for month in year_months
    )


def _bands(scheme: Scheme | None, cell_sittings: Iterable[Sitting]) -> Mapping[str, int]:
    """Count sittings by band; a band without sittings has 0."""
    counts = Counter(sitting.band for sitting in cell_sittings if sitting.band is not None)
    names = [band.id for band in scheme.bands] if scheme else []
    return {name: counts[name] for name in dict.fromkeys([*names, *counts])}
