"""Live help while one types: conditional formats, so that no cell holds a formula.

A required cell of a row that was begun, and cells whose figures do not add up, change colour and
border. Only checks that can be told from one row (or one card) are done here; the rest is the
business of `validation` when the return comes in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from openpyxl.formatting.rule import Rule as Format
from openpyxl.styles import Border, Font, PatternFill, Side
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from mlay_batch.findings import Severity
from mlay_batch.layout import CellPlan
from mlay_batch.schema.records import Field, Form, Rule, Section
from mlay_batch.styles import TONES


@dataclass(frozen=True)
class Area:
    """Where the values of a section stand: of a table the columns, of a card each one cell."""

    section: Section
    first: Mapping[str, CellPlan]
    last: Mapping[str, CellPlan]

    @classmethod
    def of(cls, section: Section, cells: Sequence[CellPlan]) -> Area:
        """Return the area of `section` among the value cells of its sheet."""
        own = [cell for cell in cells if cell.section == section.id and cell.role == "value"]
        first = {cell.field: cell for cell in reversed(own)}
        return cls(section, first, {cell.field: cell for cell in own})

    def range(self, field: str) -> str:
        """Return the cells of one field, ``C12:C19``."""
        first, last = self.first[field], self.last[field]
        letter, to = get_column_letter(first.column), last.column + last.span - 1
        one = last is first and first.span == 1
        return f"{letter}{first.row}" + ("" if one else f":{get_column_letter(to)}{last.row}")

    def cell(self, field: str) -> str:
        """Return the field's cell in the first row as formulas here name it."""
        cell = self.first[field]
        fixed = "$" if self.section.layout == "card" else ""
        return f"${get_column_letter(cell.column)}{fixed}{cell.row}"


def add_live_help(sheet: Worksheet, form: Form, areas: Sequence[Area], lang: str) -> None:
    """Add the conditional formats of all sections on a sheet."""
    for area in areas:
        for rule in area.section.rules:
            formula = _formula(rule, area, form, lang)
            if formula:
                tone = "bad" if rule.severity is Severity.ERROR else "watch"
                where = " ".join(area.range(name) for name in rule.mark)
                sheet.conditional_formatting.add(where, _format(formula, tone))
        for entry in area.section.fields:
            if entry.required and not entry.locked:
                cell = area.cell(entry.id)
                formula = f"AND({_blank(cell)},{_begun(area)})"
                sheet.conditional_formatting.add(area.range(entry.id), _format(formula, "todo"))


def _blank(cell: str) -> str:
    return f"LEN(TRIM({cell}))=0"


def _begun(area: Area) -> str:
    """Return whether anything stands in the row; a card counts as begun."""
    if area.section.layout == "card":
        return "TRUE"
    names = [entry.id for entry in area.section.fields]
    return f"COUNTA({area.cell(names[0])}:{area.cell(names[-1])})>0"


def _sum_equals(params: Mapping[str, Any], area: Area, *_: Any) -> str:
    """Add up only once the total and every part without a default are there."""
    fields = {entry.id: entry for entry in area.section.fields}
    parts, less, total = params["parts"], params.get("less", []), params["total"]
    needed = [n for n in (total, *parts, *less) if n == total or fields[n].default is None]
    plus = ",".join(area.cell(name) for name in parts)
    minus = f"-SUM({','.join(area.cell(name) for name in less)})" if less else ""
    there = ",".join(area.cell(name) for name in needed)
    return f"AND(COUNT({there})={len(needed)},ROUND(SUM({plus}){minus}-N({area.cell(total)}),6)<>0)"


def _required_if(params: Mapping[str, Any], area: Area, form: Form, lang: str) -> str:
    when = area.section.field(params["when"])
    cell = area.cell(when.id)
    shown = (_title(form, when, value, lang).replace('"', '""') for value in params["values"])
    asked = ",".join(f'{cell}="{value}"' for value in shown)
    return f"AND({_blank(area.cell(params['value']))},OR({asked}))"


def _not_above(params: Mapping[str, Any], area: Area, *_: Any) -> str:
    return _compared(area.cell(params["value"]), ">", area.cell(params["bound_field"]))


def _not_before(params: Mapping[str, Any], area: Area, *_: Any) -> str:
    return _compared(area.cell(params["value"]), "<", area.cell(params["start"]))


def _compared(left: str, sign: str, right: str) -> str:
    return f"AND(COUNT({left},{right})=2,{left}{sign}{right})"


def _title(form: Form, entry: Field, value: object, lang: str) -> str:
    choices = form.choices.get(entry.choices or "", ())
    return next((c.title.of(lang) for c in choices if c.id == str(value)), str(value))


_LIVE: Mapping[str, Callable[..., str]] = {
    "sum_equals": _sum_equals,
    "required_if": _required_if,
    "not_above": _not_above,
    "not_before": _not_before,
}


def _formula(rule: Rule, area: Area, form: Form, lang: str) -> str | None:
    make = _LIVE.get(rule.check)
    return make(rule.params, area, form, lang) if make else None


def _format(formula: str, tone: str) -> Format:
    return Format(type="expression", dxf=_look(tone), formula=[formula])


@cache
def _look(name: str) -> DifferentialStyle:
    tone = TONES[name]
    side = Side(style="dotted" if name == "todo" else "dashed", color=tone.ink)
    return DifferentialStyle(
        font=Font(color=tone.ink, bold=name == "bad"),
        fill=PatternFill(bgColor=tone.fill),
        border=Border(left=side, right=side, top=side, bottom=side),
    )
