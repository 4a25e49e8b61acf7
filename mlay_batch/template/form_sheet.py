"""One visible sheet of the form: the planned cells, filled, checked while one types, protected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from openpyxl.comments import Comment
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.worksheet import Worksheet

from mlay_batch.layout import HEAD, CellPlan, Role, SheetPlan, sections_of
from mlay_batch.period import Period
from mlay_batch.records import Value
from mlay_batch.schema.records import Field, Form, Section, Text
from mlay_batch.styles import STYLES
from mlay_batch.template.book import (
    HIGHEST,
    AutoRow,
    Book,
    height,
    lay_out,
    lines,
    protect,
    set_widths,
)
from mlay_batch.template.context import Key
from mlay_batch.template.entry import validation
from mlay_batch.template.lists import Lists
from mlay_batch.template.live import Area, add_live_help

_A4 = {"portrait": (539.0, 763.0), "landscape": (784.0, 516.0)}  # printable points, wide and high
_POINTS_PER_CHARACTER = 6.0  # a digit of the default font, 8 pixels
_SLOT_STYLES = {"upper": "heading", "unit": "unit_name", "place": "place"}
_STYLES: Mapping[Role, str] = {
    "heading": "heading", "party": "party", "title": "title", "section": "section", "note": "note",
    "group": "head", "head": "head", "number": "number", "label": "label", "help": "help",
    "unit": "unit", "marker": "marker", "sign": "unit_name",
}  # fmt: skip
_VALUE_STYLES = {
    "date": "date", "integer": "entry_integer", "number": "entry_number", "choice": "center",
}  # fmt: skip
_SCREEN = 120  # characters side by side on a screen 1,024 pixels wide
_KEPT = 3  # columns A (hidden) to C
_ROOMY = 1.1  # blank rows are a little higher than their text, to write in by hand too


@dataclass(frozen=True)
class Filling:
    """What goes into the planned cells. `tones` and `notes` mark the cells of findings."""

    form: Form
    period: Period | None
    lang: str
    slots: Mapping[str, str]
    values: Mapping[Key, Value]
    lists: Lists
    footer: str
    tones: Mapping[Key, str] = field(default_factory=dict)
    notes: Mapping[Key, str] = field(default_factory=dict)


def paint(book: Book, sheet: Worksheet, plan: SheetPlan, filling: Filling) -> None:
    """Write one planned sheet."""
    painter = _Painter(book, sheet, plan, filling)
    for cell in plan.cells:
        painter.cell(cell)
    set_widths(sheet, {1: 12.0, **plan.widths}, hidden=(1,))
    heights = painter.rows()
    areas = [Area.of(section, plan.cells) for section in painter.sections.values()]
    for area in areas:
        for entry in area.section.fields:
            if not _locked(area.section, entry):
                source = filling.lists.of(entry)
                check = validation(entry, filling.form, filling.period, source, filling.lang)
                check.add(area.range(entry.id))
                sheet.data_validations.append(check)
    add_live_help(sheet, filling.form, [a for a in areas if a.section is not HEAD], filling.lang)
    _print_and_protect(sheet, plan, filling, heights)


def _locked(section: Section, entry: Field) -> bool:
    return section is HEAD or entry.locked


class _Painter:
    """Writes the cells of a sheet and measures its rows."""

    def __init__(self, book: Book, sheet: Worksheet, plan: SheetPlan, filling: Filling) -> None:
        self.book, self.sheet, self.plan, self.filling = book, sheet, plan, filling
        here = {cell.section for cell in plan.cells}
        self.sections = {s.id: s for s in sections_of(filling.form) if s.id in here}
        self.fields = {(s.id, e.id): e for s in self.sections.values() for e in s.fields}
        self.heights: dict[int, float] = {}
        self.growing: set[int] = set()
        self.joined = dict(_joined(plan.cells))

    def cell(self, cell: CellPlan) -> None:
        """Write one planned cell."""
        if cell.role == "value":
            self._value(cell)
        elif cell.role in ("heading", "subtitle") and cell.field:
            words, style = self.filling.slots[cell.field], _SLOT_STYLES[cell.field]
            self.book.say(self.sheet, cell.row, cell.column, words, style, cell.span)
            self._measure(cell, words, style)
        else:
            self._fixed(cell)

    def _fixed(self, cell: CellPlan) -> None:
        words = cell.text.of(self.filling.lang) if isinstance(cell.text, Text) else cell.text
        style = self.joined.get(cell, _STYLES[cell.role])
        self.book.put(self.sheet, cell.row, cell.column, words or None, style, cell.span)
        if style == "head_below":
            self.book.put(self.sheet, cell.row - 1, cell.column, None, "head_roof")
        self._measure(cell, words, style)

    def _value(self, cell: CellPlan) -> None:
        section, entry = self.sections[cell.section], self.fields[cell.section, cell.field]
        key = (cell.section, cell.record, cell.field)
        value = self.filling.values.get(key)
        style = _VALUE_STYLES.get(entry.type, "entry") + " open"
        if _locked(section, entry):
            style = "fixed"
        elif key in self.filling.tones:
            style += f" {self.filling.tones[key]}"
        if section is HEAD and isinstance(value, str):
            self.book.static[value] = None
        self.book.put(self.sheet, cell.row, cell.column, value, style, cell.span)
        if key in self.filling.notes:
            self._note(cell, self.filling.notes[key])
        if section.layout == "table":
            self.growing.add(cell.row)
        self._measure(cell, value, style)

    def _note(self, cell: CellPlan, words: str) -> None:
        self.book.static[words] = None
        note = Comment(words, "mlay-batch", width=320, height=24 + 18 * lines(words, 44))
        self.sheet.cell(cell.row, cell.column).comment = note

    def _measure(self, cell: CellPlan, words: object, style: str) -> None:
        if cell.role == "marker":
            return
        look = STYLES[style.partition(" ")[0]]
        width = sum(self.plan.widths[c] for c in range(cell.column, cell.column + cell.span))
        room = width / (1.1 if look.bold else 1.0) - look.indent
        needed = height(lines(words, room, look.size), look.size)
        self.heights[cell.row] = max(self.heights.get(cell.row, 0.0), needed)

    def rows(self) -> Mapping[int, float]:
        """Set the height of every row; rows of tables may still grow while one types."""
        for row, points in self.heights.items():
            if row in self.growing:
                points = min(HIGHEST, round(points * _ROOMY, 1))
                self.sheet.row_dimensions[row] = AutoRow(self.sheet, index=row, ht=points)
            else:
                self.sheet.row_dimensions[row].height = points
            self.heights[row] = points
        for row in self.plan.hidden_rows:
            self.sheet.row_dimensions[row].hidden = True
            self.heights[row] = 0.0
        return self.heights


def _joined(cells: Sequence[CellPlan]) -> Iterator[tuple[CellPlan, str]]:
    """Yield the cells that look like one with a neighbour: label and help, roof and heading."""
    helped = {(cell.section, cell.field): cell for cell in cells if cell.role == "help"}
    groups = [cell for cell in cells if cell.role == "group"]
    grouped = {cell.section for cell in groups}
    roofed = {(c.section, c.column + at) for c in groups for at in range(c.span)}
    heads = {(cell.section, cell.column) for cell in cells if cell.role == "head"}
    open_heads = {head for head in heads - roofed if head[0] in grouped}
    for cell in cells:
        if cell.role == "label":
            other = helped.get((cell.section, cell.field))
            if other and other.column == cell.column + cell.span:
                yield cell, "label_helped"
        elif cell.role == "head" and (cell.section, cell.column) in open_heads:
            yield cell, "head_below"


def _print_and_protect(sheet: Worksheet, plan: SheetPlan, filling: Filling,
                       heights: Mapping[int, float]) -> None:  # fmt: skip
    area = f"B1:{get_column_letter(plan.last_column)}{plan.last_row}"
    lay_out(sheet, filling.form.orientation, filling.footer, area)
    heads = [cell.row for cell in plan.cells if cell.role in ("head", "group")]
    sections = {cell.section for cell in plan.cells if cell.role == "value"}
    if len(sections) == 1 and heads:
        sheet.print_title_rows = f"{min(heads)}:{max(heads)}"
        sheet.freeze_panes = f"C{plan.first_table_row}"
    else:
        for row in _breaks(plan, filling.form.orientation, heights):
            sheet.row_breaks.append(Break(id=row - 1))
        _select_first(sheet, plan)
    protect(sheet)


def _select_first(sheet: Worksheet, plan: SheetPlan) -> None:
    """Open the sheet at the first cell to fill in.

    On a sheet wider than an old screen the row numbers and the column after them (the day, in our
    forms) stay in sight. Rows are not frozen there: the heading would take a third of a screen
    768 pixels high, and under it stand several tables, each with column heads of its own.
    """
    open_cells = (c for c in plan.cells if c.role == "value" and c.section != HEAD.id)
    if first := next(open_cells, None):
        at = f"{get_column_letter(first.column)}{first.row}"
        sheet.sheet_view.selection[0].activeCell = sheet.sheet_view.selection[0].sqref = at
        if sum(plan.widths.values()) > _SCREEN and first.column > _KEPT:
            sheet.freeze_panes = f"{get_column_letter(_KEPT + 1)}1"


def _breaks(plan: SheetPlan, orientation: str, heights: Mapping[int, float]) -> Iterator[int]:
    """Yield the rows before which a page ends, so that no section is torn needlessly."""
    wide, high = _A4[orientation]
    scale = min(1.0, wide / (sum(plan.widths.values()) * _POINTS_PER_CHARACTER))
    page, used = high / scale, 0.0
    for first, last in _blocks(plan.cells, plan.last_row):
        needed = sum(heights.get(row, height(1)) for row in range(first, last + 1))
        if used and used + needed > page:
            yield first
            used = 0.0
        used = (used + needed) % page


def _blocks(cells: Iterable[CellPlan], last_row: int) -> Iterator[tuple[int, int]]:
    """Yield first and last row of each section with the blank row after it."""
    titled = [cell for cell in cells if cell.section and cell.section != HEAD.id]
    starts = [1, *(next(group).row for _, group in groupby(titled, lambda cell: cell.section))]
    yield from zip(starts, [row - 1 for row in starts[1:]] + [last_row], strict=True)
