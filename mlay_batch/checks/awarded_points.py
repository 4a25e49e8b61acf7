"""Compares the points a cell awards itself with what the facts of the same return give.

A scheme's `levels` say which fact gives how many points of a criteria group. Points above that are
a warning at the cell of the points: it refuses nothing, since the fact may be what is wrong. Blank,
unreadable or ambiguous facts give no warning, nor do points that a superior confirmed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from mlay_batch.checks.cell_findings import Cell, cell_of
from mlay_batch.checks.frames import CandidateReturn, columns_of
from mlay_batch.core.findings import Finding, Param, Place, Severity
from mlay_batch.model.records import Row, Value, json_value
from mlay_batch.schema.checks import REPORTER
from mlay_batch.schema.computed import is_computed
from mlay_batch.schema.ids import OWN, SCORER
from mlay_batch.schema.levels import Bound, Fact, Given, Level, Step
from mlay_batch.schema.model import Section
from mlay_batch.schema.schemes import Group

CODE = "F19"
_KEY_TYPES = ("date", "choice")
"""Types of the fields that two tables have in common where their rows are of one meeting."""


def point_findings(candidate: CandidateReturn, bad_cells: frozenset[Cell]) -> Iterator[Finding]:
    """Yield F19 at every own points above what the scheme's tables give.

    Cells in `bad_cells` are wrong by themselves; nothing is concluded from them.
    """
    scheme = candidate.scheme
    for group in scheme.groups if scheme else ():
        levels = [level for level in scheme.levels if level.group == group.id] if scheme else []
        for row in candidate.submission.section_rows(group.section) if levels else ():
            section = candidate.form.section(group.section)
            yield from _judge(_RowFacts(candidate, section, row, bad_cells), group, levels)


def _judge(facts: _RowFacts, group: Group, levels: Sequence[Level]) -> Iterator[Finding]:
    """Yield F19 where the row's own points of the group are more than the tables give."""
    points = facts.own_points(group.id)
    if points is None:
        return
    results = [result for level in levels if (result := _table_result(level, facts))]
    short_results = [result for result in results if result.points < result.level.best]
    most = group.max - sum(result.level.best - result.points for result in short_results)
    if points <= most:
        return
    paths = dict.fromkeys(path for result in short_results for path in result.fact.paths())
    fact_cells = (place for path in paths for place in facts.typed_cells(path))
    marks = (facts.row.place(group.id), *fact_cells)
    params: dict[str, Param] = {
        "field": f"{facts.section.id}.{group.id}",
        "value": points,
        "bound": most,
        "levels": json.dumps([result.as_data() for result in short_results], ensure_ascii=False),
    }
    yield Finding(CODE, Severity.WARNING, marks[0], params, tuple(dict.fromkeys(marks)))


@dataclass(frozen=True)
class _Result:
    """What a table gives a row.

    Attributes:
        level: the table.
        fact: the fact that decides.
        value: its value.
        of: the minimum, the whole or the day it is compared with; None for a count.
        points: the points it gives.
    """

    level: Level
    fact: Fact
    value: Value
    of: Value
    points: float

    def as_data(self) -> dict[str, object]:
        """Return what the message says of it, as JSON takes it (`core.messages`)."""
        return {
            "title": {"vi": self.level.title.vi, "en": self.level.title.en},
            "basis": self.level.basis,
            "confirmed": self.level.confirmed,
            "kind": self.fact.kind,
            "field": self.fact.value,
            "value": json_value(self.value),
            "of": json_value(self.of),
            "points": self.points,
            "best": self.level.best,
        }


def _table_result(level: Level, facts: _RowFacts) -> _Result | None:
    """Return what the table gives; None where it is not used, or nothing is known."""
    if not facts.is_given(level.given):
        return None
    results = (result for fact in level.facts if (result := _measure(level, fact, facts)))
    return min(results, key=lambda result: result.points, default=None)


def _measure(level: Level, fact: Fact, facts: _RowFacts) -> _Result | None:
    """Return the points of one fact; None where a value, the whole or the minimum is not known."""
    value, of = facts.value(fact.value), facts.value(fact.of) if fact.of else None
    if fact.bounds:
        of = facts.minimum(fact.bounds)
    amount, whole = value, of
    if isinstance(value, date) and isinstance(of, date):
        amount, whole = (of - value).days * (1 if fact.kind == "days_before" else -1), None
    elif (of is None) != (fact.kind == "count") or (fact.kind == "share" and not of):
        return None
    if not isinstance(amount, int | float):
        return None
    base = whole if isinstance(whole, int | float) else 0
    step = next(step for step in fact.steps if _is_reached(fact, step, amount, base))
    return _Result(level, fact, value, of, step.points)


def _is_reached(fact: Fact, step: Step, amount: float, whole: float) -> bool:
    """Whether the step's bound holds; the last step has none.

    75 minutes of 90 are 15 short; 6 of 20 are a share of 30 %, which is from 30 and not above 30.
    """
    for key, bound in step.bounds().items():
        over_share = 100 * amount - bound * whole
        return {
            "short": amount + bound >= whole,
            "share": over_share >= 0,
            "above": over_share > 0,
            "from_": (over_share if fact.kind == "share" else amount - bound) >= 0,
            "to": amount <= bound,
        }[key]
    return True


@dataclass(frozen=True)
class _RowFacts:
    """A row of points with what its return says of the same meeting."""

    candidate: CandidateReturn
    section: Section
    row: Row
    bad_cells: frozenset[Cell]

    def own_points(self, group: str) -> float | None:
        """Return the points that the cell gave itself; None without any it could correct."""
        points = self._right_value(self.row, group)
        is_own = self.row.values.get(SCORER, OWN) == OWN
        has_cell = group in self.row.cells and is_own
        return points if has_cell and isinstance(points, int | float) else None

    def value(self, path: str) -> Value:
        """Return a value of the same meeting or of a card; None where it is not known."""
        section_id, _, name = path.partition(".")
        row = self._row_of(section_id)
        return self._right_value(row, name) if row else None

    def typed_cells(self, path: str) -> Iterator[Place]:
        """Yield the cell of a value unless it is computed."""
        section_id, _, name = path.partition(".")
        row = self._row_of(section_id)
        if row and name in row.cells:
            field = self.candidate.form.section(section_id).field(name)
            if not is_computed(field, row.cells):
                yield row.place(name)

    def is_given(self, given: Given) -> bool | None:
        """Whether each of the fields has one of its values; None where one is not known."""
        values = {path: self._condition(path) for path in given}
        if None in values.values():
            return None
        return all(value in given[path] for path, value in values.items())

    def minimum(self, bounds: Sequence[Bound]) -> float | None:
        """Return the minimum of the first bound whose conditions hold; None where one is unknown.

        90 minutes below 30 members and 120 from 30 on: without their number neither is certain.
        """
        for bound in bounds:
            holds = self.is_given(bound.given)
            if holds and bound.number and bound.from_ is not None:
                number = self.value(bound.number)
                holds = number >= bound.from_ if isinstance(number, int | float) else None
            if holds is not False:
                return bound.least if holds else None
        return None

    def _condition(self, path: str) -> Value:
        return self.candidate.reporter if path == REPORTER else self.value(path)

    def _right_value(self, row: Row, name: str) -> Value:
        """Return a value whose cell, if it has one, is right by itself."""
        if name in row.cells and cell_of(row.place(name)) in self.bad_cells:
            return None
        return row.values.get(name)

    def _row_of(self, section_id: str) -> Row | None:
        """Return the card, or the only row of the section that is of the same meeting."""
        sections = {section.id: section for section in self.candidate.form.sections}
        if section_id == self.section.id:
            return self.row
        rows = self.candidate.submission.section_rows(section_id)
        if section_id in sections and sections[section_id].layout != "card":
            rows = tuple(row for row in rows if self._is_same_meeting(row, sections[section_id]))
        return rows[0] if len(rows) == 1 else None

    def _is_same_meeting(self, row: Row, section: Section) -> bool:
        """Whether a row stands in the same column, or has the same day and kind."""
        if columns_of(self.section) == columns_of(section) is not None:
            return row.number == self.row.number
        names = [field.id for field in self.section.fields if field.type in _KEY_TYPES]
        common = [name for name in names if any(field.id == name for field in section.fields)]
        return bool(common) and all(
            row.values.get(name) == self.row.values.get(name) is not None for name in common
        )
