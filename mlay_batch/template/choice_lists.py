"""The dropdowns' values, on a hidden sheet: Excel refuses literal lists over 255 characters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from openpyxl.utils import get_column_letter, quote_sheetname

from mlay_batch.schema.layout import CODE_SEPARATOR, LISTS_SHEET, CellPlan, SheetPlan
from mlay_batch.schema.model import Field, Form
from mlay_batch.template.openpyxl_book import TemplateBook
from mlay_batch.template.template_context import TemplateContext, is_local_list


@dataclass(frozen=True)
class ListRanges:
    """Where each dropdown's values stand; `titles` are those of the form's own choices."""

    ranges: Mapping[str, str]

    def find(self, field: Field) -> str | None:
        """Return the range of a field's dropdown, None where there is nothing to choose from."""
        name = field.choices if field.type == "choice" else field.ref
        return self.ranges.get(f"{field.type}:{name}")


def write_lists(
    book: TemplateBook,
    form: Form,
    context: TemplateContext,
    sheets: Mapping[str, SheetPlan],
    lang: str,
) -> ListRanges:
    """Write the hidden sheet and return where each list stands.

    A `ref` to a section of the same form is chosen from that section's own column of codes.
    """
    ranges = dict(_local_ranges(form, sheets))
    columns: dict[str, Sequence[str]] = {
        f"choice:{name}": [choice.title.of(lang) for choice in choices]
        for name, choices in form.choices.items()
    }
    refs = {f"ref:{e.ref}": e.ref for s in form.sections for e in s.fields if e.type == "ref"}
    for name, ref in refs.items():
        if name not in ranges and ref:
            pairs = context.lists.get(ref, ())
            columns[name] = [f"{code}{CODE_SEPARATOR}{title}" for code, title in pairs]
    sheet = book.add_sheet(LISTS_SHEET)
    sheet.sheet_state = "hidden"
    for column, (name, values) in enumerate(columns.items(), 1):
        if values:
            letter = get_column_letter(column)
            ranges[name] = f"{LISTS_SHEET}!${letter}$2:${letter}${len(values) + 1}"
    row_texts = zip_longest(*([name, *values] for name, values in columns.items()), fillvalue="")
    for row, texts in enumerate(row_texts, 1):
        book.write_hidden(sheet, row, *texts)
    return ListRanges(ranges)


def _local_ranges(form: Form, sheets: Mapping[str, SheetPlan]) -> Mapping[str, str]:
    ranges = {}
    ref_fields = [e for s in form.sections for e in s.fields if e.ref and is_local_list(form, e)]
    for field in ref_fields:
        code_field = form.section(str(field.ref)).fields[0].id
        for name, sheet in sheets.items():
            cells = [c for c in sheet.cells if _is_value_cell(c, str(field.ref), code_field)]
            if cells:
                letter = get_column_letter(cells[0].column)
                place = f"${letter}${cells[0].row}:${letter}${cells[-1].row}"
                ranges[f"ref:{field.ref}"] = f"{quote_sheetname(name)}!{place}"
    return ranges


def _is_value_cell(cell: CellPlan, section: str, field: str) -> bool:
    return cell.role == "value" and (cell.section, cell.field) == (section, field)
