"""The data a template is filled with: branch, period, prefilled values, lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from mlay_batch.core.messages import text
from mlay_batch.core.period import Period
from mlay_batch.model.records import Row, Stamp, Value
from mlay_batch.model.register import Organisation, Register
from mlay_batch.schema.column_widths import NAME_ENDING
from mlay_batch.schema.computed import is_computed, signed_sum, with_computed
from mlay_batch.schema.layout import (
    CODE_SEPARATOR,
    HEADER,
    column_cells,
    record_fields,
    record_number,
)
from mlay_batch.schema.model import Computed, Field, Form
from mlay_batch.template.formulas import Bands
from mlay_batch.template.records import record_numbers

CellKey = tuple[str, int, str]  # section id, record from 0 (0 for a card), field id


@dataclass(frozen=True)
class TemplateContext:
    """The data of one branch's form."""

    branch: str
    branch_name: str
    parent_name: str
    period: Period | None
    """None for a form without a period."""
    place: str = ""
    values: Mapping[str, Value] = field(default_factory=dict, hash=False)
    """Prefilled card values by ``section.field``, the field's own path, not its `prefill`."""
    lists: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict, hash=False)
    """Dropdowns of `ref` fields, "officers" and "organisations": (code, name) as shown."""
    assigned: tuple[tuple[str, str], ...] = ()
    """Officers in the heading: (code, name)."""
    due_in_letter: bool = False
    """Whether the form is to be sent again by the day of the letter it comes with."""
    bands: Bands = field(default_factory=dict, hash=False)
    """What computed fields call points, by id of the scheme."""
    switches: Mapping[str, bool] = field(default_factory=dict, hash=False)
    """What the office has switched on or off in its forms, by id of the switch."""
    links: Mapping[CellKey, str] = field(default_factory=dict, hash=False)
    """Where filled cells lead to: a path within the workbook's folder, such as
    ``hộp thư/báo cáo 1.xlsx``, or a cell there, ``…xlsx#'Báo cáo'!C12``."""
    tones: Mapping[CellKey, str] = field(default_factory=dict, hash=False)
    """Tones of cells that show a state, as `core.styles.TONES` calls them."""
    answers: Mapping[tuple[str, str], str] = field(default_factory=dict, hash=False)
    """What has been answered to warnings, by code and `Finding.question`."""

    @classmethod
    def of(
        cls,
        register: Register,
        organisation: Organisation,
        period: Period | None,
        bands: Bands | None = None,
        values: Mapping[str, Value] | None = None,
    ) -> TemplateContext:
        """Return the context of an organisation from the register.

        `bands` are those of the schemes in force in `period`. Officers assigned to it in `period`
        come first in the list of officers.
        """
        parent = register.by_code.get(organisation.parent or "")
        all_officers = tuple((officer.code, officer.name) for officer in register.officers)
        officers = register.assigned_officers(organisation.code, period) if period else ()
        assigned = tuple((officer.code, officer.name) for officer in officers)
        return cls(
            branch=organisation.code,
            branch_name=organisation.name,
            parent_name=parent.name if parent else "",
            period=period,
            place=register.place,
            values=values or {},
            lists={
                "officers": assigned + tuple(pair for pair in all_officers if pair not in assigned),
                "organisations": tuple((o.code, o.name) for o in register.organisations),
            },
            assigned=assigned,
            bands=bands or {},
            switches=register.asked,
        )

    def as_issued(self, stamp: Stamp | None) -> TemplateContext:
        """Return the context for a form given back: it asks for what it did when issued."""
        on = dict.fromkeys(stamp.switches if stamp else (), True)
        return replace(self, switches={**self.switches, **on})

    def label_code(self, ref: str, code: Value) -> Value:
        """Return "CB07 – Nguyễn Văn An" for the code of list `ref`; `code` itself if unknown."""
        name = dict(self.lists.get(ref, ())).get(str(code))
        return f"{code}{CODE_SEPARATOR}{name}" if name else code


def heading_texts(context: TemplateContext, lang: str) -> Mapping[str, str]:
    """Return the texts of the letterhead: organisation above, own name, place and date."""
    key = "heading_place" if context.place else "heading_date"
    return {
        "upper": context.parent_name.upper(),
        "unit": context.branch_name,
        "place": text("template", key, lang, place=context.place),
    }


def heading_values(context: TemplateContext, lang: str) -> Mapping[CellKey, Value]:
    """Return the values of the heading card."""
    pairs = (f"{code}{CODE_SEPARATOR}{name}" for code, name in context.assigned)
    return {
        (HEADER.id, 0, "branch"): f"{context.branch}{CODE_SEPARATOR}{context.branch_name}",
        (HEADER.id, 0, "period"): context.period.title(lang) if context.period else None,
        (HEADER.id, 0, "assigned"): "; ".join(pairs) or None,
    }


def cell_values(
    form: Form, context: TemplateContext, rows: Sequence[Row], lang: str
) -> dict[CellKey, Value]:
    """Return the displayed content of each value cell of a form that is not given back."""
    typed = row_values(form, context, rows, lang)
    contents = given_values(form, context, typed, lang, cards=True) | typed
    return formula_results(form, context, contents, lang)


def row_values(
    form: Form, context: TemplateContext, rows: Sequence[Row], lang: str
) -> dict[CellKey, Value]:
    """Return the displayed content of the heading card and of every cell that `rows` have.

    A blank of a row is None. The defaults of tables stay blank: they apply when the return is
    checked.
    """
    contents = dict(heading_values(context, lang))
    numbers = record_numbers(form, rows)
    for section in form.sections:
        section_rows = (row for row in rows if row.section == section.id)
        for record, row in zip(numbers[section.id], section_rows, strict=True):
            for form_field in section.fields:
                if form_field.id in row.values:
                    value = row.values[form_field.id]
                    shown = _display_value(form, context, form_field, value, lang)
                    contents[section.id, record, form_field.id] = shown
    return contents


def given_values(
    form: Form, context: TemplateContext, typed: Mapping[CellKey, Value], lang: str, *, cards: bool
) -> dict[CellKey, Value]:
    """Return what the template writes beforehand into cells that `typed` does not have.

    That is the context's value or the field's default in `cards`, presets and proposals in columns.
    """
    given: dict[CellKey, Value] = {}
    for section in form.sections if cards else ():
        for form_field in section.fields if section.layout == "card" else ():
            value = context.values.get(f"{section.id}.{form_field.id}", form_field.default)
            shown = _display_value(form, context, form_field, value, lang)
            if shown is not None and not form_field.compute:
                given[section.id, 0, form_field.id] = shown
    known = {**given, **typed}
    known |= computed_values(form, context, known, lang)
    for section, column, index, name in column_cells(form):
        form_field = section.field(name)
        value = form_field.preset if column == 0 else None
        if form_field.propose:
            value = signed_sum(form_field.propose, lambda path: known.get(_card_cell(path)))
        if value is not None:
            shown = _display_value(form, context, form_field, value, lang)
            given[section.id, record_number(section, column, index), name] = shown
    return {key: value for key, value in given.items() if key not in typed}


def _card_cell(path: str) -> CellKey:
    section, _, name = path.partition(".")
    return section, 0, name


def computed_values(
    form: Form, context: TemplateContext, contents: Mapping[CellKey, Value], lang: str
) -> dict[CellKey, Value]:
    """Return what the formulas of the computed cells show; `contents` are the other cells."""
    results: dict[CellKey, Value] = {}
    for section in form.sections:
        computed = [f for f in section.fields if f.compute]
        numbers = {key[1] for key in contents if key[0] == section.id} if computed else set()
        for number in sorted(numbers):
            names = record_fields(section, number)
            values = {name: contents.get((section.id, number, name)) for name in names}
            values = with_computed(section, values)
            for form_field in computed:
                if form_field.id in names and is_computed(form_field, names):
                    value = values[form_field.id]
                    if form_field.compute and form_field.is_band:
                        value = _band(form_field.compute, context.bands, values, lang)
                    results[section.id, number, form_field.id] = value
    return results


def formula_results(
    form: Form, context: TemplateContext, contents: Mapping[CellKey, Value], lang: str
) -> dict[CellKey, Value]:
    """Return `contents` with what the formulas show: computed values and names looked up."""
    return {
        **contents,
        **computed_values(form, context, contents, lang),
        **_looked_up_names(form, contents),
    }


def _looked_up_names(form: Form, contents: Mapping[CellKey, Value]) -> dict[CellKey, Value]:
    """Return the names that stand beside the codes of a list's own rows."""
    shown: dict[CellKey, Value] = {}
    fields = [(section, field) for section in form.sections for field in section.fields]
    for section, form_field in fields if form.is_list else ():
        if not form.has_rows_named_by(form_field):
            continue
        named = str(form_field.ref)
        code_id, name_id = (field.id for field in form.section(named).fields[:2])
        names = {
            code: contents.get((named, number, name_id))
            for (section_id, number, name), code in contents.items()
            if (section_id, name) == (named, code_id)
        }
        for (section_id, number, name), code in contents.items():
            if (section_id, name) == (section.id, form_field.id):
                key = section_id, number, f"{name}{NAME_ENDING}"
                shown[key] = names.get(str(code).partition(CODE_SEPARATOR)[0])
    return shown


def _band(computed: Computed, bands: Bands, values: Mapping[str, Value], lang: str) -> Value:
    points = values.get(str(computed.of))
    limits = bands.get(str(computed.band), ())
    if not isinstance(points, int | float):
        return None
    return next((title.of(lang) for least, title in reversed(limits) if points >= least), None)


def _display_value(
    form: Form, context: TemplateContext, form_field: Field, value: Value, lang: str
) -> Value:
    if value is None:
        return None
    if form_field.type == "choice" and form_field.choices:
        titles = {choice.id: choice.title.of(lang) for choice in form.choices[form_field.choices]}
        return titles.get(str(value), value)
    if form_field.ref and form_field.type == "ref" and not form.has_rows_named_by(form_field):
        return context.label_code(form_field.ref, value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
