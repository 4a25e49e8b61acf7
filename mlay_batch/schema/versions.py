"""All versions of a form side by side, the newest first: what a table over years needs."""

from __future__ import annotations

from collections.abc import Iterator

from mlay_batch.schema.catalogue import Catalogue
from mlay_batch.schema.model import Field, Form, Section

Family = tuple[Form, ...]


def families(catalogue: Catalogue) -> Iterator[Family]:
    """Yield the versions of each periodic form, the newest first, in the catalogue's order."""
    periodic = (form for form in catalogue.forms if form.period != "none" and not form.is_rollup)
    for name in dict.fromkeys(form.form for form in periodic):
        versions = [form for form in catalogue.forms if form.form == name]
        yield tuple(sorted(versions, key=lambda form: form.effective.from_, reverse=True))


def family_sections(family: Family) -> tuple[Section, ...]:
    """Return every section any version has, as the newest one with it describes it."""
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
