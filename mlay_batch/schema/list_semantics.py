"""Checks the keys of a list of an office's own: its rows, what hangs on them, its headings."""

from __future__ import annotations

from collections.abc import Iterator

from mlay_batch.core.text import plain_key
from mlay_batch.schema.model import Field, Form, Section
from mlay_batch.schema.problem import Fault, KeyPath, unknown_names


def list_faults(form: Form) -> Iterator[Fault]:
    """Yield what a list needs and lacks, and keys of lists in a form that is none."""
    fields = {f"{s.id}.{f.id}": f for s in form.sections for f in s.fields}
    if not form.is_sketch:
        for index, name in enumerate(form.known_by):
            yield Fault(("known_by", index), name, code="schema.unfit")
    yield from unknown_names(
        form.known_by or ([""] if form.is_sketch else []), ("known_by",), fields
    )
    bases = [section for section in form.sections if section.layout == "list" and not section.under]
    for i, section in enumerate(form.sections):
        path: KeyPath = ("sections", i)
        yield from _branch_faults(section, path)
        if form.is_sketch:
            yield from _sketch_faults(section, bases, path)
    yield from _equal_headings(form)


def _branch_faults(section: Section, path: KeyPath) -> Iterator[Fault]:
    """Yield a list without the column that names the branch, or another section with one."""
    if section.layout == "list" and section.under is None:
        texts = [field.id for field in section.fields if field.type == "text"]
        yield from unknown_names([section.branch or ""], (*path, "branch"), texts)
    elif section.branch:
        yield Fault((*path, "branch"), section.branch, code="schema.unfit")


def _sketch_faults(section: Section, bases: list[Section], path: KeyPath) -> Iterator[Fault]:
    """Yield a section that does not hang on the rows of the one list, or is laid out otherwise."""
    if section.layout in ("table", "columns") or (section not in bases[:1] and not section.under):
        yield Fault((*path, "layout"), section.layout, code="schema.unfit")
    elif section.under:
        base = bases[0]
        yield from unknown_names([section.under], (*path, "under"), [base.id])
        common = {f.id for f in base.fields} & {f.id for f in section.fields}
        yield from unknown_names(section.inherits, (*path, "inherits"), common)


def _equal_headings(form: Form) -> Iterator[Fault]:
    """Yield a heading by which two columns of a list would be known."""
    owners: dict[str, tuple[tuple[str, str], KeyPath]] = {}
    for i, section in enumerate(form.sections if form.is_sketch else ()):
        typed = own_fields(section)
        for j, field in enumerate(section.fields):
            if field not in typed:
                continue
            for words in (*heading_words(field), *_value_words(form, field)):
                path: KeyPath = ("sections", i, "fields", j)
                own = (section.id, field.id)
                owner, first = owners.setdefault(plain_key(words), (own, path))
                if owner != own:
                    yield Fault((*path, "also"), words, code="schema.heading_again", other=first)


def base_section(form: Form) -> Section:
    """Return the section whose records are the rows of a list."""
    return next(section for section in form.sections if section.branch)


def own_fields(section: Section) -> tuple[Field, ...]:
    """Return the fields that a person fills in, none that is inherited or set."""
    no_columns = {*section.inherits, *(name for part in section.parts for name in part.set_)}
    return tuple(field for field in section.fields if field.id not in no_columns)


def heading_words(field: Field) -> Iterator[str]:
    """Yield all headings by which a list has a field."""
    yield from (field.title.vi, field.title.en, *field.also)


def _value_words(form: Form, field: Field) -> Iterator[str]:
    """Yield the headings of columns in which a value of a choice is marked."""
    for choice in form.choices.get(field.choices or "", ()) if field.type == "choice" else ():
        yield from choice.names
