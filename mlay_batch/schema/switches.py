"""Leaves out of a form what an office has switched off."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import replace

from mlay_batch.schema.model import Computed, Field, Form, Part, Section


def switches_on(form: Form, chosen: Mapping[str, bool]) -> Set[str]:
    """Return the ids of the switches that an office has chosen, or that are on by themselves."""
    return {switch.id for switch in form.switches if chosen.get(switch.id, switch.on)}


def with_switches(form: Form, on: Set[str]) -> Form:
    """Return the form without the sections, parts and fields whose switch is not in `on`."""
    sections = (_with_switches(s, on) for s in form.sections if _is_on(s.switch, on))
    return replace(form, sections=tuple(section for section in sections if section.fields))


def may_be_absent(section: Section, field: Field) -> bool:
    """Whether an office may have switched off a field; under columns its id is that of a line."""
    part_id, _, _ = field.id.rpartition(".")
    part_switches = (part.switch for part in section.parts if part.id == part_id)
    return any((field.switch, section.switch, *part_switches))


def _is_on(switch: str | None, on: Set[str]) -> bool:
    return switch is None or switch in on


def _with_switches(section: Section, on: Set[str]) -> Section:
    kept = {field.id for field in section.fields if _is_on(field.switch, on)}
    fields = tuple(_without_parts(f, kept) for f in section.fields if f.id in kept)
    parts = tuple(_part(part, kept) for part in section.parts if _is_on(part.switch, on))
    return replace(section, fields=fields, parts=tuple(part for part in parts if part.lines))


def _part(part: Part, kept: Set[str]) -> Part:
    return replace(part, lines={name: words for name, words in part.lines.items() if name in kept})


def _without_parts(field: Field, kept: Set[str]) -> Field:
    """Return the field, typed where it is a sum of nothing that is left."""
    computed = field.compute
    if computed is None or computed.band:
        return field
    parts = tuple(name for name in computed.sum if name in kept)
    less = tuple(name for name in computed.less if name in kept)
    return replace(field, compute=Computed(parts, less) if parts else None)
