"""Lists the versions of a form, newest first, and maps fields between versions.

    carries: {from: "2018.1", grace: 2, fields: {members.closing: members.total}}

The newer version says which fields moved (``carries``); a field with the same path needs no
mention, and an older description never changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mlay_batch.core.period import Period
from mlay_batch.schema.catalogue import Catalogue
from mlay_batch.schema.model import Choice, Field, Form, Section
from mlay_batch.schema.overlap import age_key

Family = tuple[Form, ...]


def families(catalogue: Catalogue) -> Iterator[Family]:
    """Yield the versions of each periodic form, the newest first, in the catalogue's order."""
    periodic = (form for form in catalogue.forms if not (form.is_list or form.is_rollup))
    for name in dict.fromkeys(form.form for form in periodic):
        versions = [form for form in catalogue.forms if form.form == name]
        yield tuple(sorted(versions, key=age_key, reverse=True))


def family_sections(family: Family) -> tuple[Section, ...]:
    """Return the sections of all versions, each as its newest version describes it."""
    seen: dict[str, Section] = {}
    for form in family:
        for section in form.sections:
            seen.setdefault(section.id, section)
    return tuple(seen.values())


def family_fields(family: Family, section_id: str) -> dict[str, tuple[Form, Field]]:
    """Return every field of a section by id, with the newest version that has it."""
    by_id: dict[str, tuple[Form, Field]] = {}
    for form in family:
        for section in form.sections:
            if section.id == section_id:
                for field in section.fields:
                    by_id.setdefault(field.id, (form, field))
    return by_id


def family_choices(family: Family, name: str) -> tuple[Choice, ...]:
    """Return the choices of a list in all versions, each as its newest version words it."""
    choices = {
        choice.id: choice for form in reversed(family) for choice in form.choices.get(name, ())
    }
    return tuple(choices.values())


FieldMapping = Mapping[str, str]  # section.field of the older version to that of the newer


def field_mapping(catalogue: Catalogue, old: Form, new: Form) -> FieldMapping:
    """Return the fields of `old` that have another path in `new`, through the versions between.

    Empty where no chain of versions leads from `old` to `new`.
    """
    mapping: dict[str, str] = {}
    for step in _mapping_steps(catalogue, old, new):
        carried_on = {
            old_path: step.get(new_path, new_path) for old_path, new_path in mapping.items()
        }
        mapping = {**step, **carried_on}
    return {old_path: new_path for old_path, new_path in mapping.items() if old_path != new_path}


def _mapping_steps(catalogue: Catalogue, old: Form, new: Form) -> Iterator[FieldMapping]:
    """Yield the declared moves from `old` to `new`, oldest first; none if a step is missing."""
    steps: list[FieldMapping] = []
    current: Form | None = new
    while current and current.version != old.version:
        if current.carries is None or len(steps) > len(catalogue.forms):
            return
        steps.append(current.carries.fields)
        current = catalogue.form(new.form, current.carries.from_)
    yield from reversed(steps) if current else ()


def is_in_transition(form: Form, form_in_force: Form | None, period: Period) -> bool:
    """Whether a return of `period` on the outdated `form` is still accepted beside `form_in_force`.

    A grace of 2 months after 2025-10 takes returns of November and December 2025.
    """
    carry = form_in_force.carries if form_in_force else None
    if carry is None or carry.from_ != form.version or form.effective.to is None:
        return False
    last = Period.parse(form.effective.to)
    for _ in range(carry.grace):
        last = last.next()
    return period.start > Period.parse(form.effective.to).end and period.end <= last.end
