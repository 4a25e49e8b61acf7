"""Which field of a newer version holds what an older one asked for: ``carries`` of the forms.

    carries: {from: "2018.1", grace: 2, fields: {members.closing: members.total}}

A field that kept its path carries itself. The newer version says what moved, so that an older
description never changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mlay_batch.core.period import Period
from mlay_batch.schema.catalogue import Catalogue
from mlay_batch.schema.model import Form

FieldMapping = Mapping[str, str]  # section.field of the older version to that of the newer


def field_mapping(catalogue: Catalogue, old: Form, new: Form) -> FieldMapping:
    """Return the fields of `old` that stand elsewhere in `new`, step by step through the versions
    between. Without a declared way from one to the other nothing has moved.
    """
    mapping: dict[str, str] = {}
    for step in _mapping_steps(catalogue, old, new):
        carried_on = {
            old_path: step.get(new_path, new_path) for old_path, new_path in mapping.items()
        }
        mapping = {**step, **carried_on}
    return {old_path: new_path for old_path, new_path in mapping.items() if old_path != new_path}


def _mapping_steps(catalogue: Catalogue, old: Form, new: Form) -> Iterator[FieldMapping]:
    """Yield the declared moves from `old` to `new`, the oldest first; none where a step lacks."""
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
