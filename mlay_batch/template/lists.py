"""The dropdowns' values, on a hidden sheet: Excel refuses literal lists over 255 characters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from openpyxl.utils import get_column_letter, quote_sheetname

from mlay_batch.layout import CODE_SEPARATOR, LISTS_SHEET, CellPlan, SheetPlan
from mlay_batch.schema.records import Field, Form
from mlay_batch.template.book import Book
from mlay_batch.template.context import Context, own_list


@dataclass(frozen=True)
class Lists:
    """Where each dropdown's values stand; `titles` are those of the form's own choices."""

    ranges: Mapping[str, str]

    def of(self, entry: Field) -> str | None:
        """Return the range of a field's dropdown, None where there is nothing to choose from."""
        name = entry.choices if entry.type == "choice" else entry.ref
        return self.ranges.get(f"{entry.type}:{name}")


def write_lists(book: Book, form: Form, context: Context, sheets: Mapping[str, SheetPlan],
                lang: str) -> Lists:  # fmt: skip
    """Write the hidden sheet and return where each list stands.

    A `ref` to a section of the same form is chosen from that section's own column of codes.
    """
    ranges = dict(_own_ranges(form, sheets))
    columns: dict[str, Sequence[str]] = {
        f"choice:{name}": [choice.title.of(lang) for choice in choices]
        for name, choices in form.choices.items()
    }
    wanted = {f"ref:{e.ref}": e.ref for s in form.sections for e in s.fields if e.type == "ref"}
    for name, ref in wanted.items():
        if name not in ranges and ref:
            pairs = context.lists.get(ref, ())
            columns[name] = [f"{code}{CODE_SEPARATOR}{title}" for code, title in pairs]
    sheet = book.sheet(LISTS_SHEET)
    sheet.sheet_state = "hidden"
    for column, (name, values) in enumerate(columns.items(), 1):
        if values:
            letter = get_column_letter(column)
            ranges[name] = f"{LISTS_SHEET}!${letter}$2:${letter}${len(values) + 1}"
    lines = zip_longest(*([name, *values] for name, values in columns.items()), fillvalue="")
    for row, line in enumerate(lines, 1):
        book.hide(sheet, row, *line)
    return Lists(ranges)


def _own_ranges(form: Form, sheets: Mapping[str, SheetPlan]) -> Mapping[str, str]:
    found = {}
    refs = [e for s in form.sections for e in s.fields if e.ref and own_list(form, e)]
    for entry in refs:
        code = form.section(str(entry.ref)).fields[0].id
        for name, sheet in sheets.items():
            cells = [c for c in sheet.cells if _holds(c, str(entry.ref), code)]
            if cells:
                letter = get_column_letter(cells[0].column)
                place = f"${letter}${cells[0].row}:${letter}${cells[-1].row}"
                found[f"ref:{entry.ref}"] = f"{quote_sheetname(name)}!{place}"
    return found


def _holds(cell: CellPlan, section: str, field: str) -> bool:
    return cell.role == "value" and (cell.section, cell.field) == (section, field)
