"""Which field of a newer version holds what an older one asked for: ``carries`` of the forms.

    carries: {from: "2018.1", grace: 2, fields: {members.closing: members.total}}

A field that kept its path carries itself. The newer version says what moved, so that an older
description never changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mlay_batch.period import Period
from mlay_batch.schema.catalogue import Catalogue
from mlay_batch.schema.records import Form

Moves = Mapping[str, str]  # section.field of the older version to that of the newer


def moves(catalogue: Catalogue, old: Form, new: Form) -> Moves:
    """Return the fields of `old` that stand elsewhere in `new`, step by step through the versions
    between. Without a declared way from one to the other nothing has moved.
    """
    found: dict[str, str] = {}
    for step in _steps(catalogue, old, new):
        passed = {start: step.get(path, path) for start, path in found.items()}
        found = {**step, **passed}
    return {start: path for start, path in found.items() if start != path}


def _steps(catalogue: Catalogue, old: Form, new: Form) -> Iterator[Moves]:
    """Yield the declared moves from `old` to `new`, the oldest first; none where a step lacks."""
    way: list[Moves] = []
    at: Form | None = new
    while at and at.version != old.version:
        if at.carries is None or len(way) > len(catalogue.forms):
            return
        way.append(at.carries.fields)
        at = catalogue.form(new.form, at.carries.from_)
    yield from reversed(way) if at else ()


def in_grace(form: Form, right: Form | None, period: Period) -> bool:
    """Whether a return of `period` on the outdated `form` is still accepted beside `right`.

    A grace of 2 months after 2025-10 takes returns of November and December 2025.
    """
    carry = right.carries if right else None
    if carry is None or carry.from_ != form.version or form.effective.to is None:
        return False
    last = Period.parse(form.effective.to)
    for _ in range(carry.grace):
        last = last.next()
    return period.start > Period.parse(form.effective.to).end and period.end <= last.end
