"""Data validation of a form's cells: dropdown lists, Excel's checks and hints.

Dropdown values stand on a hidden sheet: Excel refuses literal lists over 255 characters.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import zip_longest
from typing import Literal

from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.datavalidation import DataValidation

from mlay_batch.core.findings import Severity
from mlay_batch.core.messages import text
from mlay_batch.core.period import Period, day_number
from mlay_batch.excel.cell_text import clip
from mlay_batch.model.records import Row
from mlay_batch.schema.instructions import (
    default_text,
    example_text,
    trim_decimals,
    value_description,
)
from mlay_batch.schema.layout import CODE_SEPARATOR, LISTS_SHEET, CellPlan, SheetPlan
from mlay_batch.schema.model import Choice, Field, Form, Rule, Section
from mlay_batch.template.openpyxl_book import TemplateBook
from mlay_batch.template.records import record_numbers
from mlay_batch.template.template_context import CellKey, TemplateContext

TITLE_LIMIT, TEXT_LIMIT = 32, 255  # Excel's limits; it "repairs" a file with longer texts
ValidationKind = Literal["whole", "decimal", "date", "list", "textLength"] | None
_ANY_DAYS = (date(1900, 3, 1), date(2199, 12, 31))
_ANY_NUMBER = 999_999_999.0


def prompt(field: Field, form: Form, period: Period | None, lang: str) -> str:
    """Return the hint shown when the cell is selected."""
    parts = [value_description(field, form, period, lang)]
    if field.help:
        parts.insert(0, field.help.of(lang))
    if words := example_text(field, period, lang):
        parts.append(words)
    if field.default is not None:
        parts.append(default_text(field, form, lang))
    return clip("\n".join(parts), TEXT_LIMIT)


def validation(
    field: Field, form: Form, period: Period | None, list_range: str | None, lang: str
) -> DataValidation:
    """Return Excel's data validation of a field; `list_range` is the range of its dropdown."""
    kind, first, last = _bounds(field, period, list_range)
    error_text = (
        f"{text('template', 'refused', lang)}\n{value_description(field, form, period, lang)}"
    )
    if kind == "date":
        error_text += "\n" + text("template", "date_hint", lang)
    data_check = _with_words(field, error_text, prompt(field, form, period, lang), lang)
    data_check.type, data_check.formula1, data_check.formula2 = kind, first, last
    if last or kind == "textLength":
        data_check.operator = "between" if last else "lessThanOrEqual"
    return data_check


def narrow_validation(
    field: Field, form: Form, choices: tuple[Choice, ...], list_range: str | None, lang: str
) -> DataValidation:
    """Return the validation of cells in which only `choices` fit; without any they stay blank."""
    if choices:
        narrow_form = replace(form, choices={**form.choices, str(field.choices): choices})
        return validation(field, narrow_form, None, list_range, lang)
    words = text("template", "no_choice", lang)
    data_check = _with_words(field, words, words, lang)
    data_check.type, data_check.formula1 = "textLength", "0"
    data_check.operator = "lessThanOrEqual"
    return data_check


def _with_words(field: Field, error: str, hint: str, lang: str) -> DataValidation:
    """Return a validation that refuses with `error`, and shows `hint` where the cell is chosen."""
    title = clip(field.title.of(lang), TITLE_LIMIT)
    return DataValidation(
        allow_blank=True,
        showErrorMessage=True,
        errorStyle="stop",
        errorTitle=title,
        error=clip(error, TEXT_LIMIT),
        showInputMessage=True,
        promptTitle=title,
        prompt=hint,
    )


def _bounds(
    field: Field, period: Period | None, list_range: str | None
) -> tuple[ValidationKind, str | None, str | None]:
    """Return kind and limits of the validation as Excel writes them; kind None: a hint only."""
    if field.type in ("integer", "number"):
        low = -_ANY_NUMBER if field.min is None else field.min
        high = _ANY_NUMBER if field.max is None else field.max
        kind: ValidationKind = "whole" if field.type == "integer" else "decimal"
        return kind, str(trim_decimals(low)), str(trim_decimals(high))
    if field.type == "date":
        in_period = field.within_period and period is not None
        first, last = (period.start, period.end) if period and in_period else _ANY_DAYS
        return "date", str(day_number(first)), str(day_number(last))
    if field.type in ("choice", "ref"):
        return ("list", list_range, None) if list_range else (None, None, None)
    if field.type == "text":
        return "textLength", str(field.max_length), None
    return None, None, None


FittingChoices = Mapping[CellKey, tuple[Choice, ...]]


@dataclass(frozen=True)
class ListRanges:
    """The range of each dropdown's values, and the choices of cells in which only some fit."""

    ranges: Mapping[str, str]
    fitting: FittingChoices

    def find(self, field: Field, choices: Sequence[Choice] = ()) -> str | None:
        """Return the range of a field's dropdown, or of some `choices`; None without values."""
        return self.ranges.get(_list_name(field, choices))

    def rows_by_choices(
        self, section: Section, field: Field, sheet: SheetPlan
    ) -> Mapping[tuple[Choice, ...], Sequence[int]]:
        """Return the rows of a field in which only some choices fit, by these choices."""
        rows: dict[tuple[Choice, ...], list[int]] = defaultdict(list)
        for cell in sheet.cells:
            key = cell.section, cell.record, cell.field
            if key in self.fitting and _is_value_cell(cell, section.id, field.id):
                rows[self.fitting[key]].append(cell.row)
        return rows

    def find_names(self, field: Field) -> tuple[str, str]:
        """Return the ranges of the codes that a field takes and of their names, in a list."""
        return self.ranges[f"ref:{field.ref}"], self.ranges[f"name:{field.ref}"]


def _list_name(field: Field, choices: Sequence[Choice] = ()) -> str:
    name = field.choices if field.type == "choice" else field.ref
    return " ".join((f"{field.type}:{name}", *(choice.id for choice in choices)))


def deciding_rule(section: Section, field: Field) -> Rule | None:
    """Return the rule by which what the program writes in a row decides which choices fit.

    What people type may still change: where that decides, all choices are offered.
    """
    if section.layout != "table" or field.type != "choice":
        return None
    written = {other.id for other in section.fields if other.locked}
    rules = (
        rule
        for rule in section.rules
        if rule.check == "fits_with"
        and rule.severity is Severity.ERROR
        and rule.params["value"] == field.id
        and rule.params["when"] in written
    )
    return next(rules, None)


def _fitting_choices(form: Form, rows: Sequence[Row]) -> FittingChoices:
    """Return the choices that fit in each cell of `rows` of which a rule says so."""
    fitting: dict[CellKey, tuple[Choice, ...]] = {}
    numbers = record_numbers(form, rows)
    fields = [(section, field) for section in form.sections for field in section.fields]
    ruled = [(*pair, rule) for pair in fields if (rule := deciding_rule(*pair))]
    for section, field, rule in ruled:
        offered = form.choices.get(str(field.choices), ())
        section_rows = (row for row in rows if row.section == section.id)
        for number, row in zip(numbers[section.id], section_rows, strict=True):
            value = row.values.get(rule.params["when"])
            if value is not None:
                ids = rule.params["fits"].get(str(value), ())
                choices = tuple(choice for choice in offered if choice.id in ids)
                fitting[section.id, number, field.id] = choices
    return fitting


def write_lists(
    book: TemplateBook,
    form: Form,
    context: TemplateContext,
    sheets: Mapping[str, SheetPlan],
    rows: Sequence[Row],
    lang: str,
) -> ListRanges:
    """Write the hidden sheet and return the range of each list; `rows` are those in the form.

    A `ref` to a section of the same form uses that section's column of codes.
    """
    ranges = dict(_local_ranges(form, sheets))
    fields = [field for section in form.sections for field in section.fields]
    offered = {field.choices for field in fields}
    columns: dict[str, Sequence[str]] = {
        f"choice:{name}": [choice.title.of(lang) for choice in choices]
        for name, choices in form.choices.items()
        if name in offered
    }
    refs = {f"ref:{field.ref}": field.ref for field in fields if field.type == "ref"}
    for name, ref in refs.items():
        if name not in ranges and ref:
            pairs = context.lists.get(ref, ())
            columns[name] = [f"{code}{CODE_SEPARATOR}{title}" for code, title in pairs]
    fitting = _fitting_choices(form, rows)
    for (section_id, _, field_id), choices in fitting.items():
        if choices:
            name = _list_name(form.section(section_id).field(field_id), choices)
            columns[name] = [choice.title.of(lang) for choice in choices]
    sheet = book.add_sheet(LISTS_SHEET)
    sheet.sheet_state = "hidden"
    for column, (name, values) in enumerate(columns.items(), 1):
        if values:
            letter = get_column_letter(column)
            ranges[name] = f"{LISTS_SHEET}!${letter}$2:${letter}${len(values) + 1}"
    row_texts = zip_longest(*([name, *values] for name, values in columns.items()), fillvalue="")
    for row, texts in enumerate(row_texts, 1):
        book.write_hidden(sheet, row, *texts)
    return ListRanges(ranges, fitting)


def _local_ranges(form: Form, sheets: Mapping[str, SheetPlan]) -> Mapping[str, str]:
    """Return the ranges of codes of the form's own rows, and of the names beside these."""
    ranges = {}
    fields = (field for section in form.sections for field in section.fields)
    for ref in {str(field.ref) for field in fields if form.has_rows_named_by(field)}:
        code_field, *other_fields = form.section(ref).fields
        for key, field in (("ref", code_field), *(("name", f) for f in other_fields[:1])):
            for title, sheet in sheets.items():
                cells = [c for c in sheet.cells if _is_value_cell(c, ref, field.id)]
                if cells:
                    letter = get_column_letter(cells[0].column)
                    place = f"${letter}${cells[0].row}:${letter}${cells[-1].row}"
                    ranges[f"{key}:{ref}"] = f"{quote_sheetname(title)}!{place}"
    return ranges


def _is_value_cell(cell: CellPlan, section: str, field: str) -> bool:
    return cell.role == "value" and (cell.section, cell.field) == (section, field)
