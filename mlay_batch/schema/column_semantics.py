"""Checks the keys of a form about columns, of records or hidden, computed fields and switches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields

from mlay_batch.core.text import name_key
from mlay_batch.schema.column_widths import hidden_columns, table_columns
from mlay_batch.schema.ids import SCHEMES
from mlay_batch.schema.layout import sheet_sections
from mlay_batch.schema.list_semantics import list_faults
from mlay_batch.schema.model import Choice, Computed, Field, Form, Part, Section
from mlay_batch.schema.problem import Fault, KeyPath, duplicate_ids, unknown_names

_NUMBERS = ("integer", "number")
_COLUMN_KEYS = ("record", "under", "inherits", "parts")
_NOT_COMPUTED = ("locked", "default", "preset", "propose", "prefill")


def column_faults(form: Form) -> Iterator[Fault]:
    """Yield the faults of these keys, section by section."""
    switches = [switch.id for switch in form.switches]
    yield from _switches(form, switches)
    for i, section in enumerate(form.sections):
        path: KeyPath = ("sections", i)
        yield from _switch(section, path, switches)
        if section.layout == "columns":
            yield from _columns(form, section, path, form.sections[:i])
        elif form.is_sketch:
            yield from _parts(form, section, path)
        else:
            yield from _unfit_keys(section, _COLUMN_KEYS, path)
            yield from _shared_sheet(form, section, path)
        if section.layout != "table":
            yield from _unfit_keys(section, ("fixed",), path)
        for j, part in enumerate(section.parts):
            yield from _switch(part, (*path, "parts", j), switches)
            yield from unknown_names(part.switches, (*path, "parts", j, "switches"), switches)
        for j, field in enumerate(section.fields):
            yield from _switch(field, (*path, "fields", j), switches)
            yield from _field(form, section, field, (*path, "fields", j))
    yield from list_faults(form)


def _switches(form: Form, switches: list[str]) -> Iterator[Fault]:
    yield from duplicate_ids(switches, ("switches",))
    for name, choices in form.choices.items():
        for index, choice in enumerate(choices):
            yield from _switch(choice, ("choices", name, index), switches)


def _switch(
    record: Section | Part | Field | Choice, path: KeyPath, switches: Iterable[str]
) -> Iterator[Fault]:
    if record.switch is not None:
        yield from unknown_names([record.switch], (*path, "switch"), switches)


def _unfit_keys(record: Section | Field, keys: Iterable[str], path: KeyPath) -> Iterator[Fault]:
    """Yield those of `keys` that have a value other than their default."""
    defaults = {spec.name: spec.default for spec in fields(record)}
    for key in keys:
        if getattr(record, key) != defaults[key]:
            yield Fault((*path, key), str(getattr(record, key)), code="schema.unfit")


def _columns(
    form: Form, section: Section, path: KeyPath, earlier: Iterable[Section]
) -> Iterator[Fault]:
    """Yield faults of a section whose records are columns, or hang on those of an earlier one."""
    bases = {s.id: s for s in earlier if s.layout == "columns" and s.under is None}
    own_fields = {field.id: field for field in section.fields}
    if section.under is None:
        yield from _unfit_keys(section, ("inherits",), path)
        yield from _equal_labels(form, section)
    elif base := bases.get(section.under):
        yield from _unfit_keys(section, ("record",), path)
        types = {field.id: field.type for field in base.fields}
        common = {name for name, field in own_fields.items() if types.get(name) == field.type}
        yield from unknown_names(section.inherits, (*path, "inherits"), common)
        if section.sheet != base.sheet:
            yield Fault((*path, "sheet"), str(section.sheet), code="schema.unfit")
    else:
        yield Fault((*path, "under"), section.under, frozenset(bases))
    yield from _parts(form, section, path)


def _parts(form: Form, section: Section, path: KeyPath) -> Iterator[Fault]:
    for j, part in enumerate(section.parts):
        yield from _part(form, section, part, (*path, "parts", j))
    yield from duplicate_ids([part.id for part in section.parts], (*path, "parts"))


def _shared_sheet(form: Form, section: Section, path: KeyPath) -> Iterator[Fault]:
    """Yield a table on a sheet with columns, which are too wide for its fields."""
    sheets = [(other.sheet or form.sheet) for other in form.sections if other.layout == "columns"]
    if section.layout == "table" and (section.sheet or form.sheet) in sheets:
        yield Fault((*path, "layout"), section.id, code="schema.unfit")


def _equal_labels(form: Form, base: Section) -> Iterator[Fault]:
    """Yield a label that two lines over the same columns have: people could not tell them apart."""
    seen: dict[str, KeyPath] = {}
    for i, section in enumerate(form.sections):
        if base.id in (section.id, section.under):
            for path, title in _labels(section, ("sections", i)):
                first = seen.setdefault(name_key(title), path)
                if first is not path:
                    yield Fault(path, title, code="schema.heading_again", other=first)


def _labels(section: Section, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    """Yield what stands before each line of a column, with the place that says it."""
    fields = {field.id: (j, field.title.vi) for j, field in enumerate(section.fields)}
    for k, part in enumerate(section.column_parts()):
        for name, title in part.lines.items():
            if title:
                yield (*path, "parts", k, "lines", name), title.vi
            elif name in fields and name not in section.inherits:
                yield (*path, "fields", fields[name][0], "title"), fields[name][1]


def _part(form: Form, section: Section, part: Part, path: KeyPath) -> Iterator[Fault]:
    own_fields = {field.id: field for field in section.fields}
    lines = own_fields.keys() - set(section.inherits)
    yield from unknown_names(part.lines or [""], (*path, "lines"), lines)
    yield from unknown_names(part.set_, (*path, "set"), lines - part.lines.keys())
    for switch, names in part.switches.items():
        yield from unknown_names(names, (*path, "switches", switch), part.lines)
    for name, value in part.set_.items():
        field = own_fields.get(name)
        if field and field.choices in form.choices:
            choices = (choice.id for choice in form.choices[str(field.choices)])
            yield from unknown_names([value], (*path, "set", name), choices)


def _field(form: Form, section: Section, field: Field, path: KeyPath) -> Iterator[Fault]:
    if field.hidden and not _may_be_hidden(form, section, field):
        yield from _unfit_keys(field, ("hidden",), path)
    if section.layout != "columns":
        yield from _unfit_keys(field, ("preset", "propose"), path)
    if field.propose:
        numbers = {
            f"{card.id}.{other.id}": other
            for card in form.sections
            if card.layout == "card"
            for other in card.fields
        }
        yield from _sum(field, field.propose, numbers, (*path, "propose"))
    if field.compute:
        if section.layout == "table":
            yield Fault((*path, "compute"), field.id, code="schema.unfit")
        yield from _unfit_keys(field, _NOT_COMPUTED, path)
        yield from _computed(section, field, field.compute, (*path, "compute"))


def _may_be_hidden(form: Form, section: Section, field: Field) -> bool:
    """Whether the field has a column, in which no other section of the sheet shows anything."""
    columns = {other.id: column for column, other in table_columns(form, section)}
    on_sheet = sheet_sections(form)[section.sheet or form.sheet]
    return section.layout == "table" and columns[field.id] in hidden_columns(form, on_sheet)


def _computed(section: Section, field: Field, computed: Computed, path: KeyPath) -> Iterator[Fault]:
    """Yield faults of a computed field: it may follow from fields before it only."""
    names = [other.id for other in section.fields]
    before = {
        other.id: other
        for other in section.fields
        if other.compute is None or names.index(other.id) < names.index(field.id)
    }
    before.pop(field.id, None)
    if computed.band is None:
        yield from _sum(field, computed, before, path)
        return
    yield from unknown_names([computed.band], (*path, "band"), SCHEMES)
    numbers = (name for name, other in before.items() if other.type in _NUMBERS)
    yield from unknown_names([str(computed.of or "")], (*path, "of"), numbers)
    if field.type != "text" or computed.sum or computed.less:
        yield Fault(path, field.id, code="schema.unfit")


def _sum(
    field: Field, computed: Computed, others: Mapping[str, Field], path: KeyPath
) -> Iterator[Fault]:
    """Yield faults of a sum: it adds and takes off numbers only, and is one."""
    numbers = [name for name, other in others.items() if other.type in _NUMBERS]
    yield from unknown_names(computed.sum or [""], (*path, "sum"), numbers)
    yield from unknown_names(computed.less, (*path, "less"), numbers)
    if field.type not in _NUMBERS or computed.of or computed.band:
        yield Fault(path, field.id, code="schema.unfit")
