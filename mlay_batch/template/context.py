"""What a template is filled with: whose it is, for which period, what is known beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mlay_batch.layout import CODE_SEPARATOR, HEAD, sections_of
from mlay_batch.messages import text
from mlay_batch.period import Period
from mlay_batch.records import Row, Value
from mlay_batch.register import Organisation, Register
from mlay_batch.schema.records import Field, Form

Key = tuple[str, int, str]  # section id, record from 0 (0 for a card), field id


@dataclass(frozen=True)
class Context:
    """What the form is made out with.

    `values` are prefilled card values by ``section.field``: whoever builds the context resolves a
    field's `prefill` to that field's own path. `lists` are the values of `ref` dropdowns,
    "officers" and "organisations", as (code, name) in the order to be shown. `assigned` officers
    stand in the heading. `period` is None for a form that belongs to none.
    """

    branch: str
    branch_name: str
    parent_name: str
    period: Period | None
    place: str = ""
    values: Mapping[str, Value] = field(default_factory=dict, hash=False)
    lists: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict, hash=False)
    assigned: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(
        cls,
        register: Register,
        entry: Organisation,
        period: Period | None,
        place: str,
        values: Mapping[str, Value] | None = None,
    ) -> Context:
        """Return what the form of an organisation is made out with, as the register knows it.

        In its list of officers, those assigned to it in `period` come first.
        """
        parent = register.by_code.get(entry.parent or "")
        everyone = tuple((officer.code, officer.name) for officer in register.officers)
        own = register.assigned(entry.code, period) if period else ()
        assigned = tuple((officer.code, officer.name) for officer in own)
        return cls(
            branch=entry.code,
            branch_name=entry.name,
            parent_name=parent.name if parent else "",
            period=period,
            place=place,
            values=values or {},
            lists={
                "officers": assigned + tuple(pair for pair in everyone if pair not in assigned),
                "organisations": tuple((o.code, o.name) for o in register.organisations),
            },
            assigned=assigned,
        )

    def labelled(self, ref: str, code: Value) -> Value:
        """Return "CB07 – Nguyễn Văn An" for the code of list `ref`; `code` itself if unknown."""
        name = dict(self.lists.get(ref, ())).get(str(code))
        return f"{code}{CODE_SEPARATOR}{name}" if name else code


def slots(context: Context, lang: str) -> Mapping[str, str]:
    """Return the texts of the official heading: organisation above, own name, place and date."""
    key = "heading_place" if context.place else "heading_date"
    return {
        "upper": context.parent_name.upper(),
        "unit": context.branch_name,
        "place": text("template", key, lang, place=context.place),
    }


def head_values(context: Context, lang: str) -> Mapping[Key, Value]:
    """Return the values of the heading card."""
    pairs = (f"{code}{CODE_SEPARATOR}{name}" for code, name in context.assigned)
    return {
        (HEAD.id, 0, "branch"): f"{context.branch}{CODE_SEPARATOR}{context.branch_name}",
        (HEAD.id, 0, "period"): context.period.title(lang) if context.period else None,
        (HEAD.id, 0, "assigned"): "; ".join(pairs) or None,
    }


def cell_values(
    form: Form, context: Context, rows: Sequence[Row], lang: str, *, prefilled: bool = True
) -> dict[Key, Value]:
    """Return what stands in each value cell, as shown.

    A card shows the row's value where `rows` holds that field, blank or not; else, where it is
    `prefilled`, the context's value or the field's default. A table shows its rows; its defaults
    stay blank and are taken when the return is checked.
    """
    found = dict(head_values(context, lang))
    for section in sections_of(form):
        given = [row for row in rows if row.section == section.id]
        for entry in section.fields:
            if section.layout == "card" and section is not HEAD and prefilled:
                known = context.values.get(f"{section.id}.{entry.id}", entry.default)
                found[section.id, 0, entry.id] = _shown(form, context, entry, known, lang)
            for record, row in enumerate(given):
                if entry.id in row.values:
                    value = _shown(form, context, entry, row.values[entry.id], lang)
                    found[section.id, record, entry.id] = value
    return found


def own_list(form: Form, entry: Field) -> bool:
    """Whether the codes a `ref` field takes are kept in a section of the same form."""
    return any(section.id == entry.ref for section in form.sections)


def _shown(form: Form, context: Context, entry: Field, value: Value, lang: str) -> Value:
    if value is None:
        return None
    if entry.type == "choice" and entry.choices:
        titles = {choice.id: choice.title.of(lang) for choice in form.choices[entry.choices]}
        return titles.get(str(value), value)
    if entry.type == "ref" and entry.ref and not own_list(form, entry):
        return context.labelled(entry.ref, value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
