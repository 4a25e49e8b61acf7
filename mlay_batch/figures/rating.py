"""Computes the cells' sittings with their scores, and the ten-column list of meeting ratings.

A sitting is a cell, a day and a kind: a regular and a thematic meeting of one day, each reported
with its own score, are two.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date

from mlay_batch.core.period import Period
from mlay_batch.figures.completeness import worst_state
from mlay_batch.figures.report_records import (
    NO_RETURN,
    NOT_OWED,
    CellRating,
    Completeness,
    ReportInputs,
    Sitting,
)
from mlay_batch.figures.return_access import card, mean, number, returns_of, year_to_date
from mlay_batch.figures.scoring import band_of, counting_score, meetings_needed, year_grade
from mlay_batch.model.records import AcceptedReturn, Row
from mlay_batch.model.register import Organisation
from mlay_batch.schema import Scheme
from mlay_batch.schema.ids import MEETING, MEETING_SCORE, SCORES


def sittings(inputs: ReportInputs) -> tuple[Sitting, ...]:
    """Return every sitting of the year to date, by month, cell (register order) and day."""
    returns = year_to_date(returns_of(inputs, MEETING, lists=True), inputs.period)
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
    members = _closing_members(accepted)
    meetings = _by_day_and_kind(accepted.section_rows("meetings"))
    sections = scheme.score_sections() if scheme else (SCORES,)
    scores = {name: _by_day_and_kind(accepted.section_rows(name)) for name in sections}
    themes = scheme.thematic if scheme else ()
    thematic_month = any(kind in themes for _, kind in meetings)
    for (day, kind), rows in sorted(meetings.items()):
        of_kind = scheme.for_kind(kind) if scheme else None
        of_section = scores[scheme.score_section(kind) if scheme else SCORES]
        # a form whose scores have no kind: they are those of the day's first meeting
        score_rows = of_section.pop((day, kind), None) or of_section.pop((day, ""), [])
        by_scorer = {str(row.values.get("scorer")): row for row in reversed(score_rows)}
        own_score, confirmed_score = (_score(by_scorer.get(who)) for who in ("own", "confirmed"))
        counting_row = by_scorer.get("own" if confirmed_score is None else "confirmed")
        marks = {scorer: _marks(of_kind, row) for scorer, row in by_scorer.items()}
        counting_marks = _marks(of_kind, counting_row)
        score = counting_score(of_kind, _score(counting_row), counting_marks, thematic_month)
        yield Sitting(
            branch=branch,
            period=period,
            held_on=day,
            kind=kind,
            members=members,
            own_score=own_score,
            confirmed_score=confirmed_score,
            score=score,
            band=band_of(of_kind, score, counting_marks),
            note=_note(counting_row, by_scorer.get("own")),
            place=replace(rows[0].place("held_on"), file=accepted.entry.name),
            delivery=accepted.entry.id,
            regular=bool(scheme and kind in scheme.regular),
            thematic=kind in themes,
            thematic_month=thematic_month,
            marks=marks,
            listed=accepted.entry.is_sketch,
        )


def _closing_members(accepted: AcceptedReturn) -> int | None:
    row = card(accepted, "members")
    closing = number(row.values.get("closing")) if row else None
    return None if closing is None else int(closing)


def _note(*rows: Row | None) -> str:
    """Return the first reason for points off that is given."""
    reasons = (row.values.get("explanation") for row in rows if row)
    return next((str(reason) for reason in reasons if reason), "")


def _by_day_and_kind(rows: Iterable[Row]) -> dict[tuple[date, str], list[Row]]:
    grouped: dict[tuple[date, str], list[Row]] = {}
    for row in rows:
        if isinstance(day := row.values.get("held_on"), date):
            grouped.setdefault((day, str(row.values.get("kind") or "")), []).append(row)
    return grouped


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
    cells = (*known_cells, *(Organisation(code, code, "") for code in unknown_codes))
    lines = (
        _rating(inputs, family, by_branch, scheme, matrix) for family in _families(inputs, cells)
    )
    return tuple(replace(line, owes=line.branch.code in owing_codes) for line in lines)


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
    family: tuple[Organisation, ...],
    by_branch: Mapping[str, list[Sitting]],
    scheme: Scheme | None,
    matrix: Completeness | None,
) -> CellRating:
    branch, *forerunners = family
    cell_sittings = by_branch.get(branch.code, [])
    scores = [sitting.score for sitting in cell_sittings if sitting.score is not None]
    period = inputs.period
    states = [state for member in family for state in _year_states(inputs, member, matrix)]
    rating = CellRating(
        branch=branch,
        state=worst_state(period, branch.code, matrix),
        sittings=tuple(sitting for sitting in cell_sittings if sitting.period in period.months()),
        bands=_bands(scheme, cell_sittings),
        scored_count=len(scores),
        mean=mean(scores),
        sitting_count=len(cell_sittings),
        forerunners=tuple(o.code for o in forerunners if _ended_within(o, period.year)),
        months=sum(state not in NOT_OWED for state in states),  # not while it is excused
        to_come=sum(state in NO_RETURN for state in states),
    )
    return _grade(inputs, rating, family, by_branch, scheme) if scheme else rating


def _grade(
    inputs: ReportInputs,
    rating: CellRating,
    family: tuple[Organisation, ...],
    by_branch: Mapping[str, list[Sitting]],
    scheme: Scheme,
) -> CellRating:
    """Return the rating with the grade of the year, or why there is none."""
    bands = [
        sitting.band
        for organisation in family
        for sitting in by_branch.get(organisation.code, [])
        if sitting.regular and sitting.band
    ]
    reason = _reason_ungraded(inputs, family, scheme)
    if not reason and not bands and not rating.to_come:
        reason = "unscored"
    grade = None if reason else year_grade(scheme, bands, rating.months, rating.to_come)
    if grade is None:
        return replace(rating, ungraded=reason or "no_basis")
    needed = meetings_needed(scheme, grade, bands, rating.months)
    return replace(rating, grade=grade.id, needed=needed)


def _reason_ungraded(inputs: ReportInputs, family: tuple[Organisation, ...], scheme: Scheme) -> str:
    """Return why a cell gets no grade whatever it meets; empty where it may get one."""
    branch, year = family[0], inputs.period.year
    if branch.code not in inputs.register.by_code:
        return "unknown"
    if branch.successor and _ended_within(branch, year):
        return "merged"
    if scheme.least_age and _is_young(family, year, scheme.least_age.months):
        return "young"
    return ""


def _is_young(family: tuple[Organisation, ...], year: int, months: int) -> bool:
    """Whether a cell, or the oldest one merged into it, exists for less than these full months.

    They are counted to the end of the year or of the cell: one founded on 1 July has had six on
    31 December, one founded on 2 July has not.
    """
    foundings = [organisation.founded for organisation in family if organisation.founded]
    if len(foundings) < len(family):
        return False  # one was there before all periods
    first, end = min(foundings), min(family[0].ended or date.max, date(year + 1, 1, 1))
    last_day = Period(first.year, first.month).shift(months).end
    return last_day.replace(day=min(first.day, last_day.day)) > end


def _families(
    inputs: ReportInputs, cells: Iterable[Organisation]
) -> Iterable[tuple[Organisation, ...]]:
    """Yield each cell with the ones merged into it until the end of the year, or into those."""
    merged_into: dict[str, list[Organisation]] = {}
    for organisation in inputs.register.organisations:
        ended = organisation.ended
        if organisation.successor and ended and ended <= date(inputs.period.year, 12, 31):
            merged_into.setdefault(organisation.successor, []).append(organisation)
    for cell in cells:
        family = [cell]
        for member in family:  # which grows
            family += [o for o in merged_into.get(member.code, ()) if o not in family]
        yield tuple(family)


def _ended_within(branch: Organisation, year: int) -> bool:
    """Whether the branch existed on the first day of the year and had ended by the last one."""
    return branch.ended is not None and date(year, 1, 1) < branch.ended <= date(year, 12, 31)


def _year_states(
    inputs: ReportInputs, branch: Organisation, matrix: Completeness | None
) -> Iterator[str]:
    """Yield the states of the months of the year in which the branch exists."""
    for month in Period(inputs.period.year, 1, 12).months():
        if branch.is_active(month):
            yield _state(inputs, branch, month, matrix)


def _state(
    inputs: ReportInputs, branch: Organisation, month: Period, matrix: Completeness | None
) -> str:
    """Return the state of a month; ``waived`` where no return is asked for."""
    if branch.code not in inputs.register.by_code:
        return "waived"
    if month.start > inputs.period.end:
        return "not_due"
    cell = matrix.cells.get((branch.code, month)) if matrix else None
    return cell.state if cell else "waived"


def _bands(scheme: Scheme | None, cell_sittings: Iterable[Sitting]) -> Mapping[str, int]:
    """Count sittings by band; a band without sittings has 0."""
    counts = Counter(sitting.band for sitting in cell_sittings if sitting.band is not None)
    names = [band.id for band in scheme.bands] if scheme else []
    return {name: counts[name] for name in dict.fromkeys([*names, *counts])}
