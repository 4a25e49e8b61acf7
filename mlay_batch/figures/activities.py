"""Training for secretaries, inspections and supervisions: by branch and kind, year to date."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from mlay_batch.figures.branch_records import Activities, Activity, ActivityLine
from mlay_batch.figures.completeness import gravest
from mlay_batch.figures.records import Completeness, Facts
from mlay_batch.figures.returns import number, returns_of, year_to_date
from mlay_batch.register import Organisation
from mlay_batch.schema.ids import MEETING

SECTION = "activities"


def activities(facts: Facts, returned: Completeness | None) -> Activities | None:
    """Return the activities of the year to date; None where the form of the period asks for none.

    The kinds are the choices of the form's field, in its order. Blank numbers of people are 0.
    """
    form = facts.catalogue.form_for(MEETING, facts.period)
    section = next((s for s in form.sections if s.id == SECTION), None) if form else None
    if form is None or section is None or returned is None:
        return None
    kinds = tuple(choice.id for choice in form.choices[section.field("kind").choices or ""])
    own: dict[str, list[Activity]] = {}
    for entry in _reported(facts):
        own.setdefault(entry.branch, []).append(entry)
    lines = tuple(
        _line(facts, returned, branch, kinds, own.get(branch.code, []))
        for branch in returned.branches
    )
    return Activities((MEETING, SECTION), kinds, lines)


def _reported(facts: Facts) -> Iterator[Activity]:
    filed = year_to_date(returns_of(facts, MEETING), facts.period)
    for (branch, _), entry in filed.items():
        for row in entry.section(SECTION):
            if isinstance(day := row.values.get("held_on"), date):
                people = number(row.values.get("participants"))
                yield Activity(
                    branch=branch,
                    held_on=day,
                    kind=str(row.values.get("kind") or ""),
                    content=str(row.values.get("content") or ""),
                    participants=None if people is None else int(people),
                    delivery=entry.delivery.id,
                )


def _line(
    facts: Facts, returned: Completeness, branch: Organisation, kinds: tuple[str, ...],
    own: list[Activity],
) -> ActivityLine:  # fmt: skip
    counts, people = {}, {}
    for kind in kinds:
        same = [entry for entry in own if entry.kind == kind]
        counts[kind] = sum(entry.held_on in facts.period for entry in same), len(same)
        people[kind] = sum(entry.participants or 0 for entry in same)
    state = gravest(facts.period, branch.code, returned)
    now = tuple(entry for entry in own if entry.held_on in facts.period)
    return ActivityLine(branch, state, counts, people, now)
