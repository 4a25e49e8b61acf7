"""Fills in blank forms fast: puts a branch's heading and values into the XML of a rendered blank.

Rendering a form takes a tenth of a second and a year of the sample town needs 875, so `template`
renders the blank of a form and period once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from xml.sax.saxutils import escape

from mlay_batch.core.zip_rules import write_parts
from mlay_batch.demo.xlsx_patch import (
    Parts,
    addresses,
    raise_rows,
    read_parts,
    set_cells,
    sheet_part,
)
from mlay_batch.model.records import Row, Value
from mlay_batch.schema import Form
from mlay_batch.schema.layout import CODE_SEPARATOR, HEADER, SheetPlan, plan_sheets
from mlay_batch.schema.switches import switches_on, with_switches
from mlay_batch.template import TemplateContext, render
from mlay_batch.template.openpyxl_book import line_count, row_height
from mlay_batch.template.template_context import cell_values

LANG = "vi"
Values = Mapping[tuple[str, int, str], Value]


class _Placeholders(NamedTuple):
    """Placeholders of a branch's texts in a blank; capitals, because headings are in capitals."""

    code: str = "@CODE@"
    name: str = "@NAME@"
    parent: str = "@PARENT@"
    officer: str = "@OFFICER@"

    @property
    def assignment(self) -> str:
        return f"{self.officer}{CODE_SEPARATOR}{self.officer}"


_PLACEHOLDERS = _Placeholders()


@dataclass(frozen=True)
class BlankForm:
    """An empty form of a period for any branch.

    Attributes:
        form: its description.
        parts: XML parts of the workbook, with placeholders for the texts of a branch.
        sheets: plan of each sheet by the name of its part.
    """

    form: Form
    parts: Parts
    sheets: Mapping[str, SheetPlan]

    @classmethod
    def make(cls, form: Form, example: TemplateContext) -> BlankForm:
        """Return the blank for the period, place and lists of `example`, with officers if any."""
        context = TemplateContext(
            _PLACEHOLDERS.code,
            _PLACEHOLDERS.name,
            _PLACEHOLDERS.parent,
            example.period,
            example.place,
            lists={name: tuple(sorted(pairs)) for name, pairs in example.lists.items()},
            assigned=((_PLACEHOLDERS.officer, _PLACEHOLDERS.officer),) if example.assigned else (),
            bands=example.bands,
            switches=example.switches,
        )
        parts = read_parts(render(form, context))
        form = with_switches(form, switches_on(form, context.switches))
        return cls(form, parts, {sheet_part(parts, s.title.of(LANG)): s for s in plan_sheets(form)})

    def has_room_for(self, rows: Sequence[Row]) -> bool:
        """Whether the tables have enough lines for `rows`."""
        used = [row.section for row in rows]
        return all(
            used.count(section.id) <= section.rows
            for section in self.form.sections
            if section.under is None
        )

    def fill(self, context: TemplateContext, rows: Sequence[Row]) -> bytes:
        """Return the branch's workbook with `rows` filled in."""
        values = cell_values(self.form, context, rows, LANG)
        parts = {
            name: _replace_all(part, _placeholder_values(context))
            for name, part in self.parts.items()
        }
        for name, sheet in self.sheets.items():
            form_sheet = set_cells(parts[name], _cell_inputs(sheet, values))
            parts[name] = raise_rows(form_sheet, _heights(sheet, values))
        return write_parts(parts)


def _placeholder_values(context: TemplateContext) -> Mapping[str, str]:
    officers = (f"{code}{CODE_SEPARATOR}{name}" for code, name in context.assigned)
    return {
        _PLACEHOLDERS.assignment: "; ".join(officers),
        _PLACEHOLDERS.code: context.branch,
        _PLACEHOLDERS.name: context.branch_name,
        _PLACEHOLDERS.parent: context.parent_name.upper(),
    }


def _replace_all(part: str, values: Mapping[str, str]) -> str:
    for placeholder, value in values.items():
        part = part.replace(placeholder, escape(value))
    return part


def _heights(sheet: SheetPlan, values: Values) -> Mapping[int, float]:
    """Return the height each row needs for its longest text."""
    heights: dict[int, float] = {}
    for cell in sheet.cells:
        value = values.get((cell.section, cell.record, cell.field))
        if cell.role == "value" and isinstance(value, str):
            width = sum(sheet.widths[c] for c in range(cell.column, cell.column + cell.span))
            heights[cell.row] = max(
                heights.get(cell.row, 0.0), row_height(line_count(value, width))
            )
    return heights


def _cell_inputs(sheet: SheetPlan, values: Values) -> Mapping[str, Value]:
    return {
        address: values[key]
        for key, address in addresses(sheet).items()
        if key[0] != HEADER.id and values.get(key) is not None
    }
