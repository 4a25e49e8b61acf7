"""Checks the meaning of a scheme's `levels`: names, the order of steps, points, conditions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

from mlay_batch.schema.checks import REPORTER
from mlay_batch.schema.levels import STEP_KEYS, Bound, Fact, Given, Level, Step
from mlay_batch.schema.model import Field, Form
from mlay_batch.schema.problem import Fault, KeyPath, unknown_names
from mlay_batch.schema.schemes import Scheme

_NUMBERS = frozenset({"integer", "number"})
_DATES = frozenset({"date"})
_CHOICES = frozenset({"choice"})
_WITH_WHOLE = ("share", "days_before", "days_after")


def level_faults(scheme: Scheme) -> Iterator[Fault]:
    """Yield every fault that the scheme alone shows, in the order of the file."""
    full_marks = {group.id: group.max for group in scheme.groups}
    points: dict[str, float] = defaultdict(float)
    for i, level in enumerate(scheme.levels):
        path: KeyPath = ("levels", i)
        yield from unknown_names([level.group], (*path, "group"), full_marks)
        if not level.basis.strip():
            yield Fault(path, level.id, code="schema.level_basis")
        if not level.facts:
            yield Fault((*path, "facts"), level.id, code="schema.unfit")
        for j, fact in enumerate(level.facts):
            yield from _fact(level, fact, (*path, "facts", j))
        points[level.group] += level.best
        if points[level.group] > full_marks.get(level.group, points[level.group]):
            yield Fault((*path, "facts"), level.group, code="schema.level_points")


def _fact(level: Level, fact: Fact, path: KeyPath) -> Iterator[Fault]:
    """Yield keys of a fact that do not fit its kind, and steps that do not follow one another."""
    if (fact.kind in _WITH_WHOLE) != bool(fact.of):
        yield Fault((*path, "of"), str(fact.of or ""), code="schema.unfit")
    if (fact.kind == "minimum") != bool(fact.bounds):
        yield Fault((*path, "bounds"), fact.kind, code="schema.unfit")
    yield from _bounds(fact, (*path, "bounds"))
    if not fact.steps:
        yield Fault((*path, "steps"), "", wanted="list")
    elif fact.steps[0].points != level.best:
        yield Fault((*path, "steps", 0), f"{fact.steps[0].points:g}", code="schema.steps")
    for k, step in enumerate(fact.steps):
        yield from _bounds_of_step(fact, step, (*path, "steps", k), k == len(fact.steps) - 1)
    for k, (better, worse) in enumerate(pairwise(fact.steps), 1):
        if worse.points >= better.points or not _is_below(fact, better, worse):
            yield Fault((*path, "steps", k), f"{worse.points:g}", code="schema.steps")


def _bounds(fact: Fact, path: KeyPath) -> Iterator[Fault]:
    """Yield a minimum that never applies, or for which no other is left, and half a condition."""
    for k, bound in enumerate(fact.bounds):
        is_last = k == len(fact.bounds) - 1
        if bound.is_conditional is is_last or (bound.number is None) != (bound.from_ is None):
            yield Fault((*path, k), f"{bound.least:g}", code="schema.unfit")


def _bounds_of_step(fact: Fact, step: Step, path: KeyPath, is_last: bool) -> Iterator[Fault]:
    """Yield a bound that the kind has not, and a step with more or fewer than it must have."""
    bounds = step.bounds()
    yield from (
        Fault((*path, key.rstrip("_")), f"{value:g}", code="schema.unfit")
        for key, value in bounds.items()
        if key not in STEP_KEYS[fact.kind]
    )
    if len(bounds) != (0 if is_last else 1) or step.points < 0:
        yield Fault(path, f"{step.points:g}", code="schema.steps")


def _is_below(fact: Fact, better: Step, worse: Step) -> bool:
    """Whether the worse step takes in what the better one leaves out, whatever the minimum is."""
    leasts = [bound.least for bound in fact.bounds] or [0.0]
    return all(_reach(better, least) > _reach(worse, least) for least in leasts)


def _reach(step: Step, least: float) -> tuple[float, bool]:
    """Return from where on a step holds, greater is better; above 50 comes before from 50."""
    for key, value in step.bounds().items():
        if key == "short":
            return least - value, False
        if key == "share":
            return least * value / 100, False
        return (-value if key == "to" else value), key == "above"
    return float("-inf"), False


def missing_level_fields(scheme: Scheme, forms: Iterable[Form]) -> Iterator[Fault]:
    """Yield fields and values that no form has, or only as another type."""
    fields: dict[str, list[tuple[Form, Field]]] = defaultdict(list)
    for form in forms:
        if not form.is_list:
            for section in form.sections:
                for entry in section.fields:
                    fields[f"{section.id}.{entry.id}"].append((form, entry))
    for i, level in enumerate(scheme.levels):
        yield from _given(level.given, ("levels", i, "given"), fields)
        for j, fact in enumerate(level.facts):
            yield from _fact_fields(fact, ("levels", i, "facts", j), fields)


_Fields = Mapping[str, list[tuple[Form, Field]]]


def _fact_fields(fact: Fact, path: KeyPath, fields: _Fields) -> Iterator[Fault]:
    types = _DATES if fact.kind.startswith("days") else _NUMBERS
    names = _of_type(fields, types)
    yield from unknown_names([fact.value], (*path, "value"), names)
    yield from unknown_names([fact.of] if fact.of else [], (*path, "of"), names)
    for k, bound in enumerate(fact.bounds):
        yield from _bound_fields(bound, (*path, "bounds", k), fields)


def _bound_fields(bound: Bound, path: KeyPath, fields: _Fields) -> Iterator[Fault]:
    numbers = [bound.number] if bound.number else []
    yield from unknown_names(numbers, (*path, "number"), _of_type(fields, _NUMBERS))
    yield from _given(bound.given, (*path, "given"), fields)


def _given(given: Given, path: KeyPath, fields: _Fields) -> Iterator[Fault]:
    """Yield fields that are no choice, and values that the field can never hold."""
    for name, values in given.items():
        if name == REPORTER:
            forms = (form for entries in fields.values() for form, _ in entries)
            valid = {reporter for form in forms for reporter in form.reporters}
        else:
            yield from unknown_names([name], (*path, name), _of_type(fields, _CHOICES))
            valid = {
                choice.id
                for form, entry in fields.get(name, ())
                for choice in form.choices.get(entry.choices or "", ())
            }
        yield from unknown_names(values if valid else (), (*path, name), valid)


def _of_type(fields: _Fields, types: frozenset[str]) -> frozenset[str]:
    """Return the fields that are of one of the types in some form."""
    return frozenset(
        name for name, entries in fields.items() if any(e.type in types for _, e in entries)
    )
