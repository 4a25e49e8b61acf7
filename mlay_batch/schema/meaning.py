"""What YAML of the right shape may still get wrong: names that lead nowhere, keys at odds.

Found here, when a description is loaded, so that no check can fail on a return for a mistake in
the description.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mlay_batch.schema.checks import CHECKS, GAPS, OPTIONAL, TYPED, TYPES
from mlay_batch.schema.fault import Fault, Path, unknown
from mlay_batch.schema.judging import scheme_faults
from mlay_batch.schema.records import Carry, Field, Form, Rule, Section
from mlay_batch.schema.schemes import Group, Scheme

BUILT_IN_LETTERS = frozenset("RCIFLXQNH")
"""First letters of the program's own finding codes; rules of a form use others."""

_ID = re.compile(r"[a-z][a-z0-9_]*")
_GAP = re.compile(r"\{(\w+)\}")
_NUMBERS = ("integer", "number")


def faults(record: Form | Scheme) -> Iterator[Fault]:
    """Yield every fault of a form or scheme, in the order of the file."""
    if isinstance(record, Form):
        yield from _form(record)
    else:
        yield from scheme_faults(record)


def _form(form: Form) -> Iterator[Fault]:
    yield from _twice([s.id for s in form.sections], ("sections",))
    for name, choices in form.choices.items():
        yield from _twice([choice.id for choice in choices], ("choices", name))
    fields = {f"{s.id}.{f.id}": f for s in form.sections for f in s.fields}
    for i, section in enumerate(form.sections):
        yield from _section(form, section, ("sections", i), fields)
    yield from _codes(form)


def _codes(form: Form) -> Iterator[Fault]:
    """Yield rule codes used twice, or that look like one of the program's own."""
    seen: set[str] = set()
    for i, section in enumerate(form.sections):
        for j, rule in enumerate(section.rules):
            if rule.code in seen or rule.code[:1] in BUILT_IN_LETTERS:
                code = "schema.again" if rule.code in seen else "schema.built_in"
                yield Fault(("sections", i, "rules", j, "code"), rule.code, code=code)
            seen.add(rule.code)


def _twice(ids: Iterable[str], path: Path) -> Iterator[Fault]:
    ids = list(ids)
    for at, name in enumerate(ids):
        if name in ids[:at]:
            yield Fault((*path, at, "id"), name, code="schema.again")


def _section(
    form: Form, section: Section, at: Path, fields: Mapping[str, Field]
) -> Iterator[Fault]:
    here = frozenset(entry.id for entry in section.fields)
    if not _ID.fullmatch(section.id) or section.id == "head":
        yield Fault((*at, "id"), section.id, code="schema.unfit")
    yield from _twice([entry.id for entry in section.fields], (*at, "fields"))
    if section.nil:
        yield from _nil(form, section.nil, (*at, "nil"), fields)
    yield from unknown(section.unique, (*at, "unique"), here)
    for j, entry in enumerate(section.fields):
        yield from _field(form, entry, (*at, "fields", j))
    for j, rule in enumerate(section.rules):
        yield from _rule(form, section, rule, (*at, "rules", j), fields)


def _nil(form: Form, nil: str, path: Path, fields: Mapping[str, Field]) -> Iterator[Fault]:
    """A nil declaration is a choice of a card, one of whose values is ``yes``."""
    cards = {s.id for s in form.sections if s.layout == "card"}
    fitting = {
        name
        for name, entry in fields.items()
        if name.partition(".")[0] in cards
        and any(choice.id == "yes" for choice in form.choices.get(entry.choices or "", ()))
    }
    if nil not in fitting:
        yield Fault(path, nil, frozenset(fitting))


def _field(form: Form, field: Field, at: Path) -> Iterator[Fault]:
    """Yield the keys of a field that do not fit its type or one another."""
    if not _ID.fullmatch(field.id):
        yield Fault((*at, "id"), field.id, code="schema.unfit")
    if field.type == "choice":
        yield from unknown([str(field.choices)], (*at, "choices"), form.choices)
    if field.type == "ref" and field.ref is None:
        yield Fault((*at, "ref"), "", code="schema.unfit")
    fitting = {
        "choices": field.type == "choice" or field.choices is None,
        "ref": field.type == "ref" or field.ref is None,
        "min": field.type in _NUMBERS or field.min is None,
        "max": (field.type in _NUMBERS or field.max is None) and not _crossed(field),
        "pattern": field.pattern is None or (field.type == "text" and _compiles(field.pattern)),
        "within_period": field.type == "date" or not field.within_period,
        "default": field.default is None or _may_be(field, field.default, form),
    }
    for key, fits in fitting.items():
        if not fits:
            yield Fault((*at, key), str(getattr(field, key)), code="schema.unfit")


def _crossed(field: Field) -> bool:
    return field.min is not None and field.max is not None and field.min > field.max


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


def _may_be(field: Field, value: str | float, form: Form) -> bool:
    """Whether a branch itself could write `value` into the field."""
    if field.type == "choice":
        return value in {choice.id for choice in form.choices.get(field.choices or "", ())}
    if field.type in _NUMBERS:
        whole = isinstance(value, int) if field.type == "integer" else not isinstance(value, str)
        low = -math.inf if field.min is None else field.min
        high = math.inf if field.max is None else field.max
        return whole and not isinstance(value, str) and low <= value <= high
    return field.type == "text" and isinstance(value, str)


def _rule(
    form: Form, section: Section, rule: Rule, at: Path, fields: Mapping[str, Field]
) -> Iterator[Fault]:
    """Yield what a rule names in vain: its check, parameters, fields, choices, gaps."""
    if rule.check not in CHECKS:
        yield Fault((*at, "check"), rule.check, frozenset(CHECKS))
        return
    here = {entry.id: entry for entry in section.fields}
    yield from unknown(rule.mark or [""], (*at, "mark"), here)
    yield from unknown(rule.params, at, CHECKS[rule.check])
    for key, kind in CHECKS[rule.check].items():
        if key in rule.params:
            named = here if kind in ("field", "fields") else {**fields, **here}
            yield from _param(form, rule, key, (*at, key), named)
        elif (rule.check, key) not in OPTIONAL:
            yield Fault(at, key, code="schema.lacks")
    for words in ("says", "fix"):
        for lang in ("vi", "en"):
            gaps = _GAP.findall(getattr(rule, words).of(lang))
            yield from unknown(gaps, (*at, words, lang), GAPS[rule.check])
    yield from _values(form, rule, (*at, "values"), here)


def _param(
    form: Form, rule: Rule, key: str, path: Path, named: Mapping[str, Field]
) -> Iterator[Fault]:
    """Yield a parameter of the wrong kind, or naming fields that are not there or do not fit."""
    kind, value = CHECKS[rule.check][key], rule.params[key]
    if kind in ("given", "fits"):
        yield from _mapped(form, rule, key, path, named)
        return
    many = kind in ("fields", "others", "texts")
    wanted = list if many else (int, float) if kind == "number" else str
    if not isinstance(value, wanted) or isinstance(value, bool) or value == []:
        yield Fault(path, str(value), code="schema.unfit")
        return
    if kind in ("number", "texts"):
        return
    names = [str(name) for name in (value if isinstance(value, list) else [value])]
    yield from unknown(names, path, named)
    cards = {section.id for section in form.sections if section.layout == "card"}
    types = TYPED.get((rule.check, key)) or (TYPES.get(rule.check) if key != "when" else None)
    for name in set(names) & set(named):
        off_card = kind == "others" and name.partition(".")[0] not in cards
        if off_card or (types and named[name].type not in types):
            yield Fault(path, name, code="schema.unfit")


def _mapped(
    form: Form, rule: Rule, key: str, path: Path, named: Mapping[str, Field]
) -> Iterator[Fault]:
    """Yield what a mapping to lists of values names in vain.

    ``given`` leads from fields to values they may hold; ``fits`` from values of the field `value`
    to others of that field.
    """
    value = rule.params[key]
    lists = list(value.values()) if isinstance(value, dict) else []
    if not lists or not all(isinstance(one, list) for one in lists):
        yield Fault(path, str(value), code="schema.unfit")
    elif CHECKS[rule.check][key] == "given":
        yield from unknown(map(str, value), path, named)
        for name in value.keys() & named.keys():
            yield from _unheld(form, named[name], value[name], (*path, name))
    elif field := named.get(str(rule.params.get("value"))):
        yield from _unheld(form, field, [*value, *(one for ones in lists for one in ones)], path)


def _unheld(form: Form, field: Field, values: Iterable[Any], path: Path) -> Iterator[Fault]:
    """Yield values that a field with a list of choices can never hold."""
    if field.type == "choice":
        known = (choice.id for choice in form.choices.get(field.choices or "", ()))
        yield from unknown(map(str, values), path, known)


def _values(form: Form, rule: Rule, path: Path, here: Mapping[str, Field]) -> Iterator[Fault]:
    """Yield values that the field of `when` can never hold."""
    when = here.get(str(rule.params.get("when", rule.params.get("value"))))
    if when and isinstance(rule.params.get("values"), list):
        yield from _unheld(form, when, rule.params["values"], path)


def unanswered(scheme: Scheme, forms: Iterable[Form]) -> str:
    """Return what a scheme judges by but no form asks for: groups of points (with the same full
    marks, all in one section), or grades of a part. Empty where all is well.
    """
    sections = [section for form in forms for section in form.sections]
    if not any(all(_marks(section, group) for group in scheme.groups) for section in sections):
        return ", ".join(group.id for group in scheme.groups)
    for part in scheme.parts:
        grades = {grade.id for grade in part.grades}
        asked = (
            {f.id for f in section.fields} for section in sections if section.id == part.section
        )
        if not any(grades <= fields for fields in asked):
            return f"{part.section} ({', '.join(sorted(grades))})"
    return ""


def _marks(section: Section, group: Group) -> bool:
    return any((field.id, field.max) == (group.id, group.max) for field in section.fields)


def lost(carry: Carry, old: Form, new: Form) -> Iterable[tuple[str, str]]:
    """Yield the moves that cannot be: a field that is not there, or of another type."""
    before, after = _fields(old), _fields(new)
    for start, path in carry.fields.items():
        if start not in before or path not in after or before[start].type != after[path].type:
            yield start, path


def _fields(form: Form) -> Mapping[str, Field]:
    return {f"{s.id}.{entry.id}": entry for s in form.sections for entry in s.fields}
