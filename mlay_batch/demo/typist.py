"""Typing into blank forms, as the secretaries do: values into cells, everything else left alone.

A form takes a tenth of a second to make and a year of the town needs 875. The blank of a form and
period is made once by `template`; here each branch's heading and values are put into its XML.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from xml.sax.saxutils import escape

from mlay_batch.demo.package import Parts, addresses, grown, opened, packed, part_of, typed
from mlay_batch.layout import CODE_SEPARATOR, HEAD, SheetPlan, plan
from mlay_batch.records import Row, Value
from mlay_batch.schema import Form
from mlay_batch.template import Context, render
from mlay_batch.template.book import height, lines
from mlay_batch.template.context import cell_values

LANG = "vi"
Values = Mapping[tuple[str, int, str], Value]


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
    """An empty form of a period for any branch: its XML parts, and which of them are sheets."""

    form: Form
    parts: Parts
    sheets: Mapping[str, SheetPlan]

    @classmethod
    def make(cls, form: Form, like: Context) -> Blank:
        """Return the blank for the period, place and lists of `like`, with officers if it has."""
        context = Context(
            _GAPS.code, _GAPS.name, _GAPS.parent, like.period, like.place,
            lists={name: tuple(sorted(pairs)) for name, pairs in like.lists.items()},
            assigned=((_GAPS.officer, _GAPS.officer),) if like.assigned else (),
        )  # fmt: skip
        parts = opened(render(form, context))
        return cls(form, parts, {part_of(parts, s.title.of(LANG)): s for s in plan(form)})

    def takes(self, rows: Sequence[Row]) -> bool:
        """Whether the tables have lines enough."""
        used = [row.section for row in rows]
        return all(used.count(section.id) <= section.rows for section in self.form.sections)

    def filled_in(self, context: Context, rows: Sequence[Row]) -> bytes:
        """Return the workbook of that branch with those rows typed in."""
        values = cell_values(self.form, context, rows, LANG)
        parts = {name: _replaced(part, _own_words(context)) for name, part in self.parts.items()}
        for name, sheet in self.sheets.items():
            form_sheet = typed(parts[name], _to_type(sheet, values))
            parts[name] = grown(form_sheet, _heights(sheet, values))
        return packed(parts)


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


def _heights(sheet: SheetPlan, values: Values) -> Mapping[int, float]:
    """Return how high each row must be for its longest text."""
    found: dict[int, float] = {}
    for cell in sheet.cells:
        value = values.get((cell.section, cell.record, cell.field))
        if cell.role == "value" and isinstance(value, str):
            width = sum(sheet.widths[c] for c in range(cell.column, cell.column + cell.span))
            found[cell.row] = max(found.get(cell.row, 0.0), height(lines(value, width)))
    return found


def _to_type(sheet: SheetPlan, values: Values) -> Mapping[str, Value]:
    return {
        address: values[key]
        for key, address in addresses(sheet).items()
        if key[0] != HEAD.id and values.get(key) is not None
    }
