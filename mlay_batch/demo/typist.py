"""Typing into blank forms, as the secretaries do: values into cells, everything else left alone.

A form takes a tenth of a second to make and a year of the town needs 875. The blank of a form and
month is made once by `template`; here each branch's heading and values are put into its XML.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl.utils import get_column_letter

from mlay_batch.layout import CODE_SEPARATOR, HEAD, SheetPlan, plan
from mlay_batch.period import Period
from mlay_batch.records import Row, Value
from mlay_batch.schema import Form
from mlay_batch.template import Context, render
from mlay_batch.template.context import cell_values

_DAY_ZERO = date(1899, 12, 30)
_CELL = re.compile(r'<c r="([A-Z]+\d+)"( s="\d+")?[^>]*?(?:/>|>.*?</c>)', re.DOTALL)
_SHEET = re.compile(r'<sheet name="([^"]+)"')
_LANG = "vi"


class _Gaps(NamedTuple):
    """What stands in a blank where a branch's own words go. Capitals: a heading is in capitals."""

    code: str = "@CODE@"
    name: str = "@NAME@"
    parent: str = "@PARENT@"
    officer: str = "@OFFICER@"

    @property
    def assigned(self) -> str:
        return f"{self.officer}{CODE_SEPARATOR}{self.officer}"


_GAPS = _Gaps()


@dataclass(frozen=True)
class Blank:
    """An empty form of a month for any branch: the XML parts, and which of them are its sheets."""

    form: Form
    period: Period
    parts: tuple[tuple[str, str], ...]
    sheets: Mapping[str, SheetPlan]

    @classmethod
    def make(cls, form: Form, like: Context) -> Blank:
        """Return the blank for the period, place and lists of `like`, with officers if it has."""
        if like.period is None:
            raise ValueError("a blank is made for a period")
        context = Context(
            _GAPS.code, _GAPS.name, _GAPS.parent, like.period, like.place, lists=like.lists,
            assigned=((_GAPS.officer, _GAPS.officer),) if like.assigned else (),
        )  # fmt: skip
        with ZipFile(io.BytesIO(render(form, context))) as book:
            parts = tuple((name, book.read(name).decode()) for name in book.namelist())
        titles = _SHEET.findall(dict(parts)["xl/workbook.xml"])
        numbers = {title: number for number, title in enumerate(titles, 1)}
        sheets = {
            f"xl/worksheets/sheet{numbers[sheet.title.of(_LANG)]}.xml": sheet
            for sheet in plan(form)
        }
        return cls(form, like.period, parts, sheets)

    def takes(self, rows: Sequence[Row]) -> bool:
        """Whether the tables have lines enough."""
        used = [row.section for row in rows]
        return all(used.count(section.id) <= section.rows for section in self.form.sections)

    def filled_in(self, context: Context, rows: Sequence[Row]) -> bytes:
        """Return the workbook of that branch with those rows typed in."""
        values = cell_values(self.form, context, rows, _LANG)
        words = _own_words(context)
        made = io.BytesIO()
        with ZipFile(made, "w", ZIP_DEFLATED) as book:
            for name, part in self.parts:
                text = _replaced(part, words)
                if name in self.sheets:
                    text = _typed(text, self.sheets[name], values)
                member = ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                member.compress_type, member.create_system = ZIP_DEFLATED, 0
                book.writestr(member, text)
        return made.getvalue()


def _own_words(context: Context) -> Mapping[str, str]:
    officers = (f"{code}{CODE_SEPARATOR}{name}" for code, name in context.assigned)
    return {
        _GAPS.assigned: "; ".join(officers),
        _GAPS.code: context.branch,
        _GAPS.name: context.branch_name,
        _GAPS.parent: context.parent_name.upper(),
    }


def _replaced(part: str, words: Mapping[str, str]) -> str:
    for gap, word in words.items():
        part = part.replace(gap, escape(word))
    return part


def _typed(part: str, sheet: SheetPlan, values: Mapping[tuple[str, int, str], Value]) -> str:
    cells: dict[str, Value] = {}
    for cell in sheet.cells:
        value = values.get((cell.section, cell.record, cell.field))
        if cell.role == "value" and cell.section != HEAD.id and value is not None:
            cells[f"{get_column_letter(cell.column)}{cell.row}"] = value

    def retyped(found: re.Match[str]) -> str:
        address, style = found[1], found[2] or ""
        return _cell(address, style, cells[address]) if address in cells else found[0]

    return _CELL.sub(retyped, part)


def _cell(address: str, style: str, value: Value) -> str:
    if isinstance(value, str):
        return f'<c r="{address}"{style} t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    number = (value - _DAY_ZERO).days if isinstance(value, date) else value
    return f'<c r="{address}"{style}><v>{number}</v></c>'
