"""Checks the meaning of parsed YAML: unknown references, keys that contradict one another.

`load` does so for every description, so that no mistake in one fails a check on a return.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from mlay_batch.core.findings import Severity
from mlay_batch.schema.checks import CHECKS, REPORTER
from mlay_batch.schema.column_semantics import column_faults
from mlay_batch.schema.ids import OFFICER, REGISTER, RULE_LETTERS, SCHEMES, SCORES, next_free_code
from mlay_batch.schema.indicators import Description, IndicatorSet
from mlay_batch.schema.level_semantics import level_faults
from mlay_batch.schema.model import ANSWERS, HEADER, Field, Form, Rule, Section
from mlay_batch.schema.problem import Fault, KeyPath, as_written, duplicate_ids, unknown_names
from mlay_batch.schema.quotas import Quota
from mlay_batch.schema.schemes import Condition, Crosswalk, Group, Part, Scheme

_ID = re.compile(r"[a-z][a-z0-9_]*")
_CODE = re.compile(rf"[{RULE_LETTERS}][0-9]{{2}}")
_GAP = re.compile(r"\{(\w+)\}")
_NUMBERS = ("integer", "number")
_WANTED = {"pattern": "pattern", "default": "of_field", "preset": "of_field"}
_SHARED = (HEADER.id, ANSWERS.id)  # the sections that every form has


def faults(record: Form | Scheme) -> Iterator[Fault]:
    """Yield every fault of a form or scheme, in the order of the file."""
    if isinstance(record, Form):
        yield from _form(record)
    else:
        yield from scheme_faults(record)


def _form(form: Form) -> Iterator[Fault]:
    if not _ID.fullmatch(form.form) or form.is_rollup:
        yield Fault(("form",), form.form, wanted="id")
    for key in ("reporters", "due") if form.is_list else ():
        if value := getattr(form, key):
            yield Fault((key,), str(value), code="schema.unfit")
    if form.is_by_officers and (len(form.reporters) > 1 or form.period != "month"):
        yield Fault(("reporters",), OFFICER, code="schema.unfit")
    if form.due and form.due.lock is not None and form.due.lock < form.due.day:
        yield Fault(("due", "lock"), str(form.due.lock), wanted="lock")
    yield from duplicate_ids([s.id for s in form.sections], ("sections",))
    for name, choices in form.choices.items():
        yield from duplicate_ids([choice.id for choice in choices], ("choices", name))
    fields = {f"{s.id}.{f.id}": f for s in form.sections for f in s.fields}
    unknown = [path for path in form.headline if path not in fields]
    yield from (
        Fault(("headline", form.headline.index(path)), path, frozenset(fields)) for path in unknown
    )
    for i, section in enumerate(form.sections):
        yield from _section(form, section, ("sections", i), fields)
    yield from column_faults(form)
    yield from _codes(form)


def _codes(form: Form) -> Iterator[Fault]:
    """Yield rule codes used twice, or that are no letter of the list with two digits."""
    used = {rule.code for _, rule in form.rules()}
    seen: dict[str, KeyPath] = {}
    for i, section in enumerate(form.sections):
        for j, rule in enumerate(section.rules):
            path: KeyPath = ("sections", i, "rules", j, "code")
            if rule.code in seen:
                yield Fault(path, rule.code, code="schema.again", other=seen[rule.code])
            elif not _CODE.fullmatch(rule.code):
                letter = next((c for c in rule.code[:1] if c in RULE_LETTERS), RULE_LETTERS[-1])
                free = next_free_code(letter, used)
                used.add(free)
                yield Fault(path, rule.code, code="schema.code", suggestion=free)
            seen.setdefault(rule.code, path)


def _section(
    form: Form, section: Section, path: KeyPath, fields: Mapping[str, Field]
) -> Iterator[Fault]:
    field_ids = frozenset(field.id for field in section.fields)
    if not _ID.fullmatch(section.id) or section.id in _SHARED:
        yield Fault((*path, "id"), section.id, wanted="id")
    yield from duplicate_ids([field.id for field in section.fields], (*path, "fields"))
    if section.nil:
        yield from _nil(form, section.nil, (*path, "nil"), fields)
    yield from unknown_names(section.unique, (*path, "unique"), field_ids)
    for j, field in enumerate(section.fields):
        yield from _field(form, field, (*path, "fields", j))
    for j, rule in enumerate(section.rules):
        yield from _rule(form, section, rule, (*path, "rules", j), fields)


def _nil(form: Form, nil: str, path: KeyPath, fields: Mapping[str, Field]) -> Iterator[Fault]:
    """Yield a nil declaration that is no choice field of a card with the value ``yes``."""
    cards = {s.id for s in form.sections if s.layout == "card"}
    valid_paths = {
        name
        for name, field in fields.items()
        if name.partition(".")[0] in cards
        and any(choice.id == "yes" for choice in form.choices.get(field.choices or "", ()))
    }
    if nil not in valid_paths:
        yield Fault(path, nil, frozenset(valid_paths))


def _field(form: Form, field: Field, path: KeyPath) -> Iterator[Fault]:
    """Yield the keys of a field that do not fit its type or one another."""
    if not _ID.fullmatch(field.id):
        yield Fault((*path, "id"), field.id, wanted="id")
    if field.type == "choice":
        yield from unknown_names([field.choices or ""], (*path, "choices"), form.choices)
    if field.type == "ref" and field.ref is None:
        yield Fault((*path, "ref"), "", code="schema.unfit")
    valid = {
        "choices": field.type == "choice" or field.choices is None,
        "ref": field.type == "ref" or field.ref is None,
        "min": field.type in _NUMBERS or field.min is None,
        "max": (field.type in _NUMBERS or field.max is None) and not _has_crossed_bounds(field),
        "pattern": field.pattern is None or (field.type == "text" and _compiles(field.pattern)),
        "within_period": field.type == "date" or not field.within_period,
        "default": field.default is None or _is_possible(field, field.default, form),
        "preset": field.preset is None or _is_possible(field, field.preset, form),
    }
    for key, fits in valid.items():
        if not fits:
            name, wanted = str(getattr(field, key)), _WANTED.get(key, "")
            yield Fault((*path, key), name, code="schema.unfit", wanted=wanted)


def _has_crossed_bounds(field: Field) -> bool:
    return field.min is not None and field.max is not None and field.min > field.max


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


def _is_possible(field: Field, value: str | float, form: Form) -> bool:
    """Whether a branch could enter `value` into the field."""
    if field.type == "choice":
        return value in {choice.id for choice in form.choices.get(field.choices or "", ())}
    if field.type in _NUMBERS:
        is_number = (
            isinstance(value, int) if field.type == "integer" else not isinstance(value, str)
        )
        low = -math.inf if field.min is None else field.min
        high = math.inf if field.max is None else field.max
        return is_number and not isinstance(value, str) and low <= value <= high
    return field.type == "text" and isinstance(value, str)


def _rule(
    form: Form, section: Section, rule: Rule, path: KeyPath, fields: Mapping[str, Field]
) -> Iterator[Fault]:
    """Yield unknown names in a rule: its check, parameters, fields, choices, gaps."""
    if rule.check not in CHECKS:
        yield Fault((*path, "check"), rule.check, frozenset(CHECKS))
        return
    check, section_fields = CHECKS[rule.check], {field.id: field for field in section.fields}
    yield from unknown_names(rule.mark or [""], (*path, "mark"), section_fields)
    yield from unknown_names(rule.params, path, check.params)
    for key, kind in check.params.items():
        if key in rule.params:
            fields_by_name = (
                section_fields if kind in ("field", "fields") else {**fields, **section_fields}
            )
            yield from _param(form, rule, key, (*path, key), fields_by_name)
        elif key not in check.optional:
            yield Fault(path, key, code="schema.lacks")
    for text_key in ("says", "fix"):
        for lang in ("vi", "en"):
            gaps = _GAP.findall(getattr(rule, text_key).of(lang))
            yield from unknown_names(gaps, (*path, text_key, lang), check.gap_names())
    yield from _values(form, rule, (*path, "values"), section_fields)
    yield from _answer_faults(form, rule, path)


def _answer_faults(form: Form, rule: Rule, path: KeyPath) -> Iterator[Fault]:
    """Yield what asks for an answer where nobody gives one: only warnings in a return have one."""
    asks = {"answer": rule.answer is not None, "answers": bool(rule.answers)}
    for key in (key for key, is_set in asks.items() if is_set):
        if rule.severity is not Severity.WARNING or form.is_list:
            yield Fault((*path, key), str(rule.severity), code="schema.unanswered")


def _param(
    form: Form, rule: Rule, key: str, path: KeyPath, fields_by_name: Mapping[str, Field]
) -> Iterator[Fault]:
    """Yield a parameter of the wrong kind, or one that names unknown or unfit fields."""
    check, value = CHECKS[rule.check], rule.params[key]
    kind = check.params[key]
    if kind in ("given", "fits"):
        yield from _mapping_faults(form, rule, key, path, fields_by_name)
        return
    is_list = kind in ("fields", "others", "texts")
    expected = list if is_list else (int, float) if kind == "number" else str
    is_infinite = isinstance(value, float) and not math.isfinite(value)
    if not isinstance(value, expected) or isinstance(value, bool) or is_infinite or value == []:
        wanted = "list" if is_list else "number" if kind == "number" else "name"
        yield Fault(path, str(value), wanted=wanted)
        return
    if kind in ("number", "texts"):
        return
    names = list(map(as_written, value if isinstance(value, list) else [value]))
    yield from unknown_names(names, path, fields_by_name)
    cards = {section.id for section in form.sections if section.layout == "card"}
    types = check.types_of(key)
    for name in set(names) & set(fields_by_name):
        off_card = kind == "others" and name.partition(".")[0] not in cards
        if off_card or (types and fields_by_name[name].type not in types):
            yield Fault(path, name, code="schema.unfit")


def _mapping_faults(
    form: Form, rule: Rule, key: str, path: KeyPath, fields_by_name: Mapping[str, Field]
) -> Iterator[Fault]:
    """Yield unknown fields and values in a mapping to lists of values.

    ``given`` maps fields to values they may hold; ``fits`` maps values of the field `when`, or
    without it of `value`, to values of the field `value`.
    """
    value = rule.params[key]
    lists = list(value.values()) if isinstance(value, dict) else []
    if not lists or not all(isinstance(item, list) for item in lists):
        yield Fault(path, str(value), wanted="lists")
    elif CHECKS[rule.check].params[key] == "given":
        yield from unknown_names(value, path, {*fields_by_name, REPORTER})
        yield from unknown_names(value.get(REPORTER, ()), (*path, REPORTER), form.reporters)
        for name in value.keys() & fields_by_name.keys():
            yield from _impossible_values(form, fields_by_name[name], value[name], (*path, name))
    else:
        fitting = rule.params.get("value")
        decisive = rule.params.get("when", fitting)
        for name, values in ((decisive, value), (fitting, chain.from_iterable(lists))):
            if field := fields_by_name.get(str(name)):
                yield from _impossible_values(form, field, values, path)


def _impossible_values(
    form: Form, field: Field, values: Iterable[Any], path: KeyPath
) -> Iterator[Fault]:
    """Yield values that a field with a list of choices can never hold."""
    if field.type == "choice":
        choice_ids = (choice.id for choice in form.choices.get(field.choices or "", ()))
        yield from unknown_names(values, path, choice_ids)


def _values(
    form: Form, rule: Rule, path: KeyPath, section_fields: Mapping[str, Field]
) -> Iterator[Fault]:
    """Yield values that the field of `when` can never hold."""
    when = section_fields.get(str(rule.params.get("when", rule.params.get("value"))))
    if when and isinstance(rule.params.get("values"), list):
        yield from _impossible_values(form, when, rule.params["values"], path)


def missing_from_forms(scheme: Scheme, forms: Iterable[Form]) -> Iterator[Fault]:
    """Yield what a scheme needs but no form has.

    That is groups of points (with the same full marks, all of a section in one form), or grades of
    a part.
    """
    sections = [section for form in forms for section in form.sections]
    for name in dict.fromkeys(group.section for group in scheme.groups):
        groups = scheme.groups_of(name)
        candidates = (section for section in sections if section.id == name)
        if not any(all(_has_full_marks(s, group) for group in groups) for s in candidates):
            yield Fault(("groups",), ", ".join(f"{name}.{group.id}" for group in groups))
    for i, part in enumerate(scheme.parts):
        grades = {grade.id for grade in part.counts}
        field_sets = (
            {f.id for f in section.fields} for section in sections if section.id == part.section
        )
        if not any(grades <= fields for fields in field_sets):
            names = (f"{part.section}.{grade}" for grade in sorted(grades))
            yield Fault(("parts", i), ", ".join(names))


def _has_full_marks(section: Section, group: Group) -> bool:
    return any((field.id, field.max) == (group.id, group.max) for field in section.fields)


def missing_from_register(record: Description, forms: Iterable[Form]) -> Iterator[Fault]:
    """Yield types of organisation of a form, or a quota's role, that no register can hold.

    Such a form or quota would be owed by nobody, without a word.
    """
    registers = [form for form in forms if form.form == REGISTER]
    if isinstance(record, Form):
        types = _choice_ids(registers, "organisation_type")
        yield from unknown_names(record.reporters, ("reporters",), {*types, OFFICER})
    elif isinstance(record, Quota) and record.per != "cell":
        yield from unknown_names([record.role], ("role",), _choice_ids(registers, "role"))


def _choice_ids(forms: Iterable[Form], list_id: str) -> set[str]:
    return {choice.id for form in forms for choice in form.choices.get(list_id, ())}


def carry_faults(form: Form, forms: Iterable[Form]) -> Iterator[Fault]:
    """Yield a version to carry over from that is not there, and moves that are not possible.

    That is from or to a field that does not exist, or between fields of two types.
    """
    if form.carries is None:
        return
    versions = {
        other.version: other for other in forms if other.form == form.form and other is not form
    }
    carry, path = form.carries, ("carries", "fields")
    if carry.from_ not in versions:
        yield Fault(
            ("carries", "from"), carry.from_, frozenset(versions), code="schema.carries_from"
        )
        return
    old_fields, new_fields = _fields(versions[carry.from_]), _fields(form)
    for old_path, new_path in carry.fields.items():
        if (
            old_path not in old_fields
            or new_path not in new_fields
            or old_fields[old_path].type != new_fields[new_path].type
        ):
            yield Fault((*path, old_path), new_path, code="schema.carries")


def _fields(form: Form) -> Mapping[str, Field]:
    return {f"{s.id}.{field.id}": field for s in form.sections for field in s.fields}


def scheme_faults(scheme: Scheme) -> Iterator[Fault]:
    """Yield every fault of a scheme, in the order of the file."""
    yield from unknown_names([scheme.scheme], ("scheme",), SCHEMES)
    bands, groups = {band.id for band in scheme.bands}, {group.id for group in scheme.groups}
    yield from _score_forms(scheme)
    yield from level_faults(scheme)
    for i, demand in enumerate(scheme.demands):
        yield from unknown_names([demand.band], ("demands", i, "band"), bands)
        yield from unknown_names(demand.full or [""], ("demands", i, "full"), groups)
    for i, grade in enumerate(scheme.year_grades):
        for key, band in (("every", grade.every), ("least", grade.least)):
            yield from unknown_names([band] if band else [], ("year_grades", i, key), bands)
        if bool(grade.least) != bool(grade.times):
            yield Fault(("year_grades", i, "times"), str(grade.times), code="schema.unfit")
    for i, part in enumerate(scheme.parts):
        yield from _part(part, ("parts", i))
    for i, condition in enumerate(scheme.conditions):
        yield from _condition(scheme, condition, ("conditions", i))
    for i, crosswalk in enumerate(scheme.crosswalk):
        yield from _crosswalk(scheme, crosswalk, ("crosswalk", i))


def _score_forms(scheme: Scheme) -> Iterator[Fault]:
    """Yield groups of no score form, kinds of two, and sums that do not fit one scale."""
    sections = {form.section for form in scheme.score_forms} | {SCORES}
    for i, group in enumerate(scheme.groups):
        yield from unknown_names([group.section], ("groups", i, "section"), sections)
    for i, demand in enumerate(scheme.demands):
        if len({group.section for group in scheme.groups if group.id in demand.full}) > 1:
            yield Fault(("demands", i, "full"), ", ".join(demand.full), code="schema.unfit")
    seen: dict[str, int] = {}
    full = sum(group.max for group in scheme.groups_of(scheme.score_sections()[0]))
    for i, form in enumerate(scheme.score_forms):
        for kind in dict.fromkeys(form.kinds):
            if (first := seen.setdefault(kind, i)) != i:
                other = ("score_forms", first, "kinds")
                yield Fault(("score_forms", i, "kinds"), kind, code="schema.again", other=other)
        if sum(group.max for group in scheme.groups_of(form.section)) != full:
            yield Fault(("score_forms", i, "section"), form.section, code="schema.score_form")


def _part(part: Part, path: KeyPath) -> Iterator[Fault]:
    """Yield unknown grades in lines and caps."""
    grades = {grade.id for grade in part.counts}
    for i, line in enumerate(part.lines):
        yield from unknown_names(line.grades, (*path, "lines", i, "grades"), grades)
        if line.has_target and not (line.basis or "").strip():
            yield Fault((*path, "lines", i), line.id, code="schema.basis")
    for i, cap in enumerate(part.caps):
        yield from unknown_names([cap.grade], (*path, "caps", i, "grade"), grades)
        yield from unknown_names(cap.base or [""], (*path, "caps", i, "base"), {*grades, "rated"})


def _condition(scheme: Scheme, condition: Condition, path: KeyPath) -> Iterator[Fault]:
    """Yield an unknown section, grade or count of a condition."""
    yield from unknown_names([condition.grade], (*path, "grade"), scheme.own_grades())
    sections = {part.section for part in scheme.parts}
    yield from unknown_names([condition.section], (*path, "section"), sections)
    part = scheme.part(condition.section)
    counts = {grade.id for grade in part.counts} if part else {*condition.counts, *condition.base}
    yield from unknown_names(condition.counts or [""], (*path, "counts"), counts)
    yield from unknown_names(condition.base or [""], (*path, "base"), {*counts, "rated"})


def _crosswalk(scheme: Scheme, crosswalk: Crosswalk, path: KeyPath) -> Iterator[Fault]:
    """Yield grades of a crosswalk that do not exist, and the first grade it leaves out."""
    part = scheme.part(crosswalk.section)
    if part is None:
        yield from unknown_names(
            [crosswalk.section], (*path, "section"), (p.section for p in scheme.parts)
        )
        return
    grades = {grade.id for grade in part.grades}
    yield from unknown_names(crosswalk.grades, (*path, "grades"), grades)
    for name in sorted(grades - set(crosswalk.grades))[:1]:
        yield Fault((*path, "grades"), name, code="schema.unfit")


def cross_version_faults(scheme: Scheme, schemes: Iterable[Scheme]) -> Iterator[Fault]:
    """Yield versions, and grades of other versions, that a scheme names but that do not exist."""
    versions = {
        candidate.version: candidate for candidate in schemes if candidate.scheme == scheme.scheme
    }
    if scheme.heading:
        yield from unknown_names([scheme.heading], ("heading",), versions)
    for i, crosswalk in enumerate(scheme.crosswalk):
        yield from unknown_names([crosswalk.to], ("crosswalk", i, "to"), versions)
        part = versions[crosswalk.to].part(crosswalk.section) if crosswalk.to in versions else None
        grades = {grade.id for grade in part.grades} if part else set()
        yield from unknown_names(crosswalk.grades.values(), ("crosswalk", i, "grades"), grades)


@dataclass(frozen=True)
class _CodeUse:
    """What a file means by a code: the rule's place and kind, and what is to stay the same."""

    file: str
    path: KeyPath
    subject: tuple[str, ...]
    marks: tuple[object, object]

    def is_same_rule(self, other: _CodeUse) -> bool:
        """Whether both mean one rule: in one section, of one check, with its fields or words."""
        is_marked_alike = any(a == b for a, b in zip(self.marks, other.marks, strict=True))
        return self.subject == other.subject and is_marked_alike


@dataclass(frozen=True)
class CodeCollision:
    """A code that means another rule in an earlier file.

    Attributes:
        code: the code.
        file: the later file.
        path: where it stands there.
        other: the earlier file.
        other_path: where it stands there.
        nearest: a free code, another one for every rule.
    """

    code: str
    file: str
    path: KeyPath
    other: str
    other_path: KeyPath
    nearest: str


def code_collisions(records: Sequence[tuple[str, Description]]) -> Iterator[CodeCollision]:
    """Yield codes that mean another rule in an earlier file.

    Versions of a form share the codes of their rules, two forms never do.
    """
    uses = [(code, use) for file, record in records for code, use in _code_uses(file, record)]
    used = {code for code, _ in uses}
    first_uses: dict[str, _CodeUse] = {}
    free_codes: dict[tuple[str, str], str] = {}
    for code, use in uses:
        first = first_uses.setdefault(code, use)
        if not use.is_same_rule(first):
            free = free_codes.setdefault((use.subject[0], code), next_free_code(code[:1], used))
            used.add(free)
            yield CodeCollision(code, use.file, use.path, first.file, first.path, free)


def _code_uses(file: str, record: Description) -> Iterator[tuple[str, _CodeUse]]:
    if isinstance(record, Form):
        for i, section in enumerate(record.sections):
            for j, rule in enumerate(section.rules):
                path: KeyPath = ("sections", i, "rules", j, "code")
                subject = (record.form, section.id, rule.check)
                yield rule.code, _CodeUse(file, path, subject, (rule.mark, rule.says))
    elif isinstance(record, IndicatorSet):
        for i, indicator in enumerate(record.entries):
            path = ("entries", i, "code")
            marks = (indicator.title, indicator.says)
            yield indicator.code, _CodeUse(file, path, (record.signs, indicator.kind), marks)
