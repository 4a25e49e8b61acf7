"""Leaves out of a form what an office has switched off."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import replace
from typing import TypeVar

from mlay_batch.schema.layout import label_section
from mlay_batch.schema.model import Choice, Computed, Field, Form, Part, Section

_Element = TypeVar("_Element", Choice, Field)


def switches_on(form: Form, chosen: Mapping[str, bool]) -> Set[str]:
    """Return the ids of the switches that an office has chosen, or that are on by themselves."""
    return {switch.id for switch in form.switches if chosen.get(switch.id, switch.on)}


def with_switches(form: Form, on: Set[str]) -> Form:
    """Return the form without what has a switch that is not in `on`, and without switches."""
    choices = {
        name: tuple(_without_switch(choice) for choice in of_list if _is_on(choice.switch, on))
        for name, of_list in form.choices.items()
    }
    kept = replace(form, choices={name: of_list for name, of_list in choices.items() if of_list})
    sections = (_with_switches(s, on) for s in form.sections if _is_on(s.switch, on))
    asked = tuple(s for s in sections if s.fields and not _lacks_choices(s, kept))
    return replace(kept, sections=asked, switches=())


def _lacks_choices(section: Section, form: Form) -> bool:
    """Whether a required choice of the section has nothing left to choose."""
    return any(f.required and f.choices and f.choices not in form.choices for f in section.fields)


def fields_asked(form: Form) -> frozenset[str]:
    """Return what a form without switches asks for: section ids, fields as ``section.field``."""
    names: set[str] = set()
    for section in form.sections:
        fields = {field.id for field in section.fields}
        if section.layout == "columns":
            parts = section.column_parts()
            fields = set(section.inherits).union(*((*p.lines, *p.set_) for p in parts))
        names |= {section.id, *(f"{section.id}.{name}" for name in fields)}
    return frozenset(names)


def may_be_absent(form: Form, section: Section, field: Field | None = None) -> bool:
    """Whether an office may have switched off a section, or a field of it.

    Under columns the field's id is that of its line.
    """
    none_on = with_switches(replace(form, sections=(section,)), frozenset())
    if not none_on.sections:
        return True
    if field is None:
        return False
    return field.id not in {f.id for f in label_section(none_on.sections[0]).fields}


def _is_on(switch: str | None, on: Set[str]) -> bool:
    return switch is None or switch in on


def _without_switch(element: _Element) -> _Element:
    return replace(element, switch=None) if element.switch else element


def _with_switches(section: Section, on: Set[str]) -> Section:
    kept = {field.id for field in section.fields if _is_on(field.switch, on)}
    fields = tuple(
        _without_switch(_without_parts(field, kept)) for field in section.fields if field.id in kept
    )
    parts = tuple(_part(part, kept, on) for part in section.parts if _is_on(part.switch, on))
    asked = tuple(part for part in parts if part.lines)
    return replace(section, fields=fields, parts=asked, switch=None)


def _part(part: Part, kept: Set[str], on: Set[str]) -> Part:
    lines = {
        name: words
        for name, words in part.lines.items()
        if name in kept and all(_is_on(switch, on) for switch in part.switches_of(name))
    }
    return replace(part, lines=lines, switch=None, switches={})


def _without_parts(field: Field, kept: Set[str]) -> Field:
    """Return the field, typed where it is a sum of nothing that is left."""
    computed = field.compute
    if computed is None or computed.band:
        return field
    parts = tuple(name for name in computed.sum if name in kept)
    less = tuple(name for name in computed.less if name in kept)
    return replace(field, compute=Computed(parts, less) if parts else None)
