"""Counts trainings, inspections and supervisions by branch and kind, year to date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from datetime import date

from mlay_batch.figures.branch_records import Activities, Activity, ActivityLine
from mlay_batch.figures.completeness import worst_state
from mlay_batch.figures.report_records import Completeness, ReportInputs
from mlay_batch.figures.return_access import number, returns_of, year_to_date
from mlay_batch.model.register import Organisation
from mlay_batch.schema import Form
from mlay_batch.schema.ids import MEETING
from mlay_batch.schema.switches import switches_on

SECTION = "activities"


def activities(inputs: ReportInputs, matrix: Completeness | None) -> Activities | None:
    """Return the activities of the year to date; None where nobody is asked for them or has any.

    The kinds are those that the office asks for or a cell reported, in the order of the form. A
    blank number of people counts 0.
    """
    form = inputs.catalogue.form_for(MEETING, inputs.period)
    by_branch: dict[str, list[Activity]] = {}
    for activity in _year_activities(inputs):
        by_branch.setdefault(activity.branch, []).append(activity)
    reported = {activity.kind for of_branch in by_branch.values() for activity in of_branch}
    kinds = _kinds(form, inputs.register.asked, reported) if form else ()
    if not kinds or matrix is None:
        return None
    lines = tuple(
        _activity_line(inputs, matrix, branch, kinds, by_branch.get(branch.code, []))
        for branch in matrix.branches
    )
    return Activities((MEETING, SECTION), kinds, lines)


def _kinds(form: Form, asked: Mapping[str, bool], reported: Set[str]) -> tuple[str, ...]:
    section = next((section for section in form.sections if section.id == SECTION), None)
    if section is None:
        return ()
    on = switches_on(form, asked)
    return tuple(
        choice.id
        for choice in form.choices[section.field("kind").choices or ""]
        if choice.switch is None or choice.switch in on or choice.id in reported
    )


def _year_activities(inputs: ReportInputs) -> Iterator[Activity]:
    returns = year_to_date(returns_of(inputs, MEETING), inputs.period)
    for (branch, _), accepted in returns.items():
        for row in accepted.section_rows(SECTION):
            if isinstance(day := row.values.get("held_on"), date):
                people = number(row.values.get("participants"))
                yield Activity(
                    branch=branch,
                    held_on=day,
                    kind=str(row.values.get("kind") or ""),
                    content=str(row.values.get("content") or ""),
                    participants=None if people is None else int(people),
                    delivery=accepted.entry.id,
                )


def _activity_line(
    inputs: ReportInputs,
    matrix: Completeness,
    branch: Organisation,
    kinds: tuple[str, ...],
    branch_activities: list[Activity],
) -> ActivityLine:
    counts, people = {}, {}
    for kind in kinds:
        of_kind = [activity for activity in branch_activities if activity.kind == kind]
        counts[kind] = sum(activity.held_on in inputs.period for activity in of_kind), len(of_kind)
        people[kind] = sum(activity.participants or 0 for activity in of_kind)
    state = worst_state(inputs.period, branch.code, matrix)
    in_period = tuple(
        activity for activity in branch_activities if activity.held_on in inputs.period
    )
    return ActivityLine(branch, state, counts, people, in_period)
