"""Conditional formats that help while a form is filled in; no cell holds a formula.

Blank required cells of a started row, and cells whose figures do not add up, change colour and
border. Only checks within one row or card are done here; the return is validated on receipt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from openpyxl.formatting.rule import Rule as Format
from openpyxl.styles import Border, Font, PatternFill, Side
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from mlay_batch.core.findings import Severity
from mlay_batch.core.styles import LINE, TONES
from mlay_batch.schema.checks import CHECKS
from mlay_batch.schema.computed import is_computed
from mlay_batch.schema.layout import CellPlan
from mlay_batch.schema.model import Field, Form, Part, Rule, Section


@dataclass(frozen=True)
class SectionArea:
    """The cells of a section's fields, or of those of one part of it.

    They are a column each in a table, one cell each in a card, a line each under columns.

    Attributes:
        section: its description.
        first: first cell of each field, by field id.
        last: last cell of each field; in a card the same as `first`.
    """

    section: Section
    first: Mapping[str, CellPlan]
    last: Mapping[str, CellPlan]

    @classmethod
    def of(cls, section: Section, cells: Sequence[CellPlan]) -> Iterator[SectionArea]:
        """Yield the areas of `section` among the value cells of its sheet."""
        value_cells = [
            cell for cell in cells if cell.section == section.id and cell.role == "value"
        ]
        for part in section.column_parts() if section.layout == "columns" else (Part("", {}),):
            part_cells = [cell for cell in value_cells if cell.part == part.id]
            first = {cell.field: cell for cell in reversed(part_cells)}
            yield cls(section, first, {cell.field: cell for cell in part_cells})

    def cell_range(self, field: str) -> str:
        """Return the cells of one field, ``C12:C19``."""
        first, last = self.first[field], self.last[field]
        letter, last_column = get_column_letter(first.column), last.column + last.span - 1
        single_cell = last is first and first.span == 1
        return f"{letter}{first.row}" + (
            "" if single_cell else f":{get_column_letter(last_column)}{last.row}"
        )

    def first_cell(self, field: str) -> str:
        """Return the field's cell in the first row as a formula reference."""
        cell = self.first[field]
        row_anchor = "" if self.section.layout == "table" else "$"
        column_anchor = "" if self.section.layout == "columns" else "$"
        return f"{column_anchor}{get_column_letter(cell.column)}{row_anchor}{cell.row}"

    def fields(self) -> Iterator[Field]:
        """Yield the fields that have cells here."""
        return (field for field in self.section.fields if field.id in self.first)


def add_conditional_formats(
    sheet: Worksheet, form: Form, areas: Sequence[SectionArea], lang: str
) -> None:
    """Add the conditional formats of all sections on a sheet."""
    for area in areas:
        if form.is_list and area.section.layout == "table":
            _add_lines(sheet, area)
        for rule in area.section.rules:
            formula = _formula(rule, area, form, lang)
            if formula and area.section.layout == "columns":
                formula = f"AND({formula},{_started_formula(area)})"
            if formula:
                tone = "bad" if rule.severity is Severity.ERROR else "watch"
                ranges = " ".join(area.cell_range(n) for n in rule.mark if n in area.first)
                sheet.conditional_formatting.add(ranges, _conditional_format(formula, tone))
        for field in area.fields():
            if field.required and not (field.locked or is_computed(field, area.first)):
                cell = area.first_cell(field.id)
                formula = f"AND({_blank_formula(cell)},{_started_formula(area)})"
                sheet.conditional_formatting.add(
                    area.cell_range(field.id), _conditional_format(formula, "todo")
                )


def _add_lines(sheet: Worksheet, area: SectionArea) -> None:
    """Draw the lines of a list's rows that are filled."""
    first, *_, last = area.section.fields
    left = area.cell_range(first.id).partition(":")[0]
    right = area.cell_range(last.id).rpartition(":")[2]
    style = DifferentialStyle(border=_box("thin", LINE))
    sheet.conditional_formatting.add(
        f"{left}:{right}", Format(type="expression", dxf=style, formula=[_started_formula(area)])
    )


def _blank_formula(cell: str) -> str:
    return f"LEN(TRIM({cell}))=0"


def _started_formula(area: SectionArea) -> str:
    """Return the formula that is true once the row has a value; a card counts as started."""
    if area.section.layout == "card":
        return "TRUE"
    if area.section.layout == "columns":
        typed = [
            field
            for field in area.fields()
            if not (is_computed(field, area.first) or field.propose or field.preset is not None)
        ]
        return f"COUNTA({','.join(area.first_cell(field.id) for field in typed)})>0"
    return f"COUNTA({','.join(area.first_cell(field.id) for field in area.fields())})>0"


def _sum_equals(params: Mapping[str, Any], area: SectionArea, *_: Any) -> str:
    """Return the formula of a sum; it applies once total and parts without a default are filled."""
    fields = {field.id: field for field in area.section.fields}
    parts, less, total = params["parts"], params.get("less", []), params["total"]
    needed_fields = [n for n in (total, *parts, *less) if n == total or fields[n].default is None]
    plus = ",".join(area.first_cell(name) for name in parts)
    minus = f"-SUM({','.join(area.first_cell(name) for name in less)})" if less else ""
    needed_cells = ",".join(area.first_cell(name) for name in needed_fields)
    difference = f"SUM({plus}){minus}-N({area.first_cell(total)})"
    return f"AND(COUNT({needed_cells})={len(needed_fields)},ROUND({difference},6)<>0)"


def _required_if(params: Mapping[str, Any], area: SectionArea, form: Form, lang: str) -> str:
    condition_field = area.section.field(params["when"])
    cell = area.first_cell(condition_field.id)
    titles = (
        _choice_title(form, condition_field, value, lang).replace('"', '""')
        for value in params["values"]
    )
    conditions = ",".join(f'{cell}="{value}"' for value in titles)
    return f"AND({_blank_formula(area.first_cell(params['value']))},OR({conditions}))"


def _not_above(params: Mapping[str, Any], area: SectionArea, *_: Any) -> str:
    return _comparison(
        area.first_cell(params["value"]), ">", area.first_cell(params["bound_field"])
    )


def _not_before(params: Mapping[str, Any], area: SectionArea, *_: Any) -> str:
    return _comparison(area.first_cell(params["value"]), "<", area.first_cell(params["start"]))


def _comparison(left: str, operator: str, right: str) -> str:
    return f"AND(COUNT({left},{right})=2,{left}{operator}{right})"


def _choice_title(form: Form, field: Field, value: object, lang: str) -> str:
    choices = form.choices.get(field.choices or "", ())
    return next((c.title.of(lang) for c in choices if c.id == str(value)), str(value))


_FORMULAS: Mapping[str, Callable[..., str]] = {
    "sum_equals": _sum_equals,
    "required_if": _required_if,
    "not_above": _not_above,
    "not_before": _not_before,
}


def _formula(rule: Rule, area: SectionArea, form: Form, lang: str) -> str | None:
    build = _FORMULAS.get(rule.check)
    names = {
        name
        for key, kind in CHECKS[rule.check].params.items()
        if kind in ("field", "fields") and key in rule.params
        for name in ([rule.params[key]] if kind == "field" else rule.params[key])
    }
    has_cells = names <= area.first.keys()
    return build(rule.params, area, form, lang) if build and has_cells else None


def _conditional_format(formula: str, tone: str) -> Format:
    return Format(type="expression", dxf=_format_style(tone), formula=[formula])


@cache
def _format_style(name: str) -> DifferentialStyle:
    tone = TONES[name]
    return DifferentialStyle(
        font=Font(color=tone.ink, bold=name == "bad"),
        fill=PatternFill(bgColor=tone.fill),
        border=_box("dotted" if name == "todo" else "dashed", tone.ink),
    )


def _box(line: Literal["thin", "dotted", "dashed"], colour: str) -> Border:
    side = Side(style=line, color=colour)
    return Border(left=side, right=side, top=side, bottom=side)
