"""Edits a workbook as XML parts: unpacks it, sets cells; `core.zip_rules` packs it again."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from html import unescape
from xml.sax.saxutils import escape
from zipfile import ZipFile

from openpyxl.utils import get_column_letter

from mlay_batch.core.period import day_number
from mlay_batch.model.records import Value
from mlay_batch.schema.layout import SheetPlan

_CELL = re.compile(r'<c r="([A-Z]+\d+)"( s="\d+")?[^>]*?(?:/>|>.*?</c>)', re.DOTALL)
_FORMULA = re.compile(r"<f>.*?</f>", re.DOTALL)
_AUTO_HEIGHT_ROW = re.compile(r'<row r="(\d+)" ht="([^"]*)">')  # without a fixed height
_SHEET = re.compile(r'<sheet name="([^"]+)"')

Parts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RawCell:
    """The raw content of a cell: kind (attribute ``t``) and XML."""

    kind: str
    xml: str


def read_parts(data: bytes) -> Parts:
    """Return the XML parts of a workbook by name, in the order of the zip."""
    with ZipFile(io.BytesIO(data)) as book:
        return {name: book.read(name).decode() for name in book.namelist()}


def sheet_part(parts: Parts, title: str) -> str:
    """Return the name of the part with the sheet of that title."""
    titles = list(map(unescape, _SHEET.findall(parts["xl/workbook.xml"])))
    return f"xl/worksheets/sheet{titles.index(title) + 1}.xml"


def addresses(sheet: SheetPlan) -> Mapping[tuple[str, int, str], str]:
    """Return the address (``F14``) of each value by section, record from 0 and field."""
    return {
        (cell.section, cell.record, cell.field): f"{get_column_letter(cell.column)}{cell.row}"
        for cell in sheet.cells
        if cell.role == "value"
    }


def set_cells(part: str, cells: Mapping[str, Value | RawCell]) -> str:
    """Return the sheet with the values of those cells replaced; their styles and formulas stay."""

    def replace_cell(match: re.Match[str]) -> str:
        address, style = match[1], match[2] or ""
        if address not in cells:
            return match[0]
        if formula := _FORMULA.search(match[0]):
            return _formula_cell(address, style, formula[0], cells[address])
        return _cell(address, style, cells[address])

    return _CELL.sub(replace_cell, part)


def raise_rows(part: str, heights: Mapping[int, float]) -> str:
    """Return the sheet with rows raised to `heights`, as Excel does on input."""

    def raise_row(match: re.Match[str]) -> str:
        points = max(float(match[2]), heights.get(int(match[1]), 0.0))
        return f'<row r="{match[1]}" ht="{points:g}">'

    return _AUTO_HEIGHT_ROW.sub(raise_row, part)


def _formula_cell(address: str, style: str, formula: str, result: Value | RawCell) -> str:
    if isinstance(result, RawCell):
        return _cell(address, style, result)
    kind = ' t="str"' if isinstance(result, str) else ""
    return f'<c r="{address}"{style}{kind}>{formula}<v>{escape(str(result))}</v></c>'


def _cell(address: str, style: str, value: Value | RawCell) -> str:
    if isinstance(value, str):
        value = RawCell("inlineStr", f"<is><t>{escape(value)}</t></is>")
    elif not isinstance(value, RawCell):
        number = day_number(value) if isinstance(value, date) else value
        value = RawCell("n", f"<v>{number}</v>")
    return f'<c r="{address}"{style} t="{value.kind}">{value.xml}</c>'
