"""Writes one visible sheet of the form: planned cells with values, validation and protection."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import PureWindowsPath

from openpyxl.comments import Comment
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.worksheet import Worksheet

from mlay_batch.core.text import consecutive_runs
from mlay_batch.model.records import Value
from mlay_batch.schema.column_widths import NAME_ENDING
from mlay_batch.schema.computed import is_computed
from mlay_batch.schema.layout import HEADER, CellPlan, Role, SheetPlan, sections_of
from mlay_batch.schema.model import Field, Form, Section, Text
from mlay_batch.template.conditional_help import SectionArea, add_conditional_formats
from mlay_batch.template.data_validation import (
    ListRanges,
    deciding_rule,
    narrow_validation,
    validation,
)
from mlay_batch.template.formulas import cell_formula, name_formula
from mlay_batch.template.openpyxl_book import (
    MAX_ROW_HEIGHT,
    AutoRow,
    TemplateBook,
    line_count,
    named_style,
    protect,
    row_height,
    set_up_page,
    set_widths,
    small_row_height,
)
from mlay_batch.template.template_context import CellKey, TemplateContext

_LEAST_SCALE = 0.75  # a list that needs smaller letters to be printed upright lies across
_A4 = {"portrait": (539.0, 763.0), "landscape": (784.0, 516.0)}  # printable points, wide and high
_POINTS_PER_CHARACTER = 6.0  # width of a digit of the default font, 8 pixels
_SLOT_STYLES = {"upper": "heading", "unit": "unit_name", "place": "place"}
_STYLES: Mapping[Role, str] = {
    "heading": "heading",
    "party": "party",
    "title": "title",
    "section": "section",
    "note": "note",
    "group": "head",
    "head": "head",
    "number": "number",
    "label": "label",
    "help": "help",
    "unit": "unit",
    "marker": "marker",
    "sign": "unit_name",
    "room": "unit_name",
}
_VALUE_STYLES = {
    "date": "date",
    "integer": "entry_integer",
    "number": "entry_number",
    "choice": "center",
}
_SCREEN_WIDTH = 120  # characters on a screen 1,024 pixels wide
_FROZEN_COLUMNS = 3  # columns A (hidden) to C
_ROOM_FACTOR = 1.1  # blank rows are higher than their text, for filling in by hand
_ROOMS: Mapping[str, float] = {"room": 51.0, "title": 26.0}  # least heights, in points
_GAP = 6.0  # points, of a blank row beside columns
_LONGEST_LINK = 255  # characters
_LINK = re.compile(r"(.*?)(?:#('(?:[^']|'')+'![A-Z]{1,3}[0-9]+))?", re.DOTALL)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_RESERVED = re.compile(r'[\x00-\x20"#%:<>?\[\]^`{|}]')  # in the path of an address
_LONG_TEXT, _BLANK_LINES = 1000, 5  # a text that may be so long has so many lines while it is blank


@dataclass(frozen=True)
class FormContent:
    """What is written into the planned cells of a form.

    Attributes:
        form: its description.
        context: whose it is, for which period; where its cells lead to.
        lang: language of all texts, ``vi`` or ``en``.
        heading_texts: texts of the letterhead, by the name that `CellPlan.field` gives.
        values: value of each cell that is not blank.
        lists: ranges of the hidden sheet that dropdown lists show.
        footer: footer of the printed pages.
        given: cells that the program fills in beforehand.
        tones: name of the tone of a cell that has one: with a finding, or a state.
        notes: note of a cell with a finding.
    """

    form: Form
    context: TemplateContext
    lang: str
    heading_texts: Mapping[str, str]
    values: Mapping[CellKey, Value]
    lists: ListRanges
    footer: str
    given: Collection[CellKey] = ()
    tones: Mapping[CellKey, str] = field(default_factory=dict)
    notes: Mapping[CellKey, str] = field(default_factory=dict)


def write_form_sheet(
    book: TemplateBook, sheet: Worksheet, plan: SheetPlan, content: FormContent
) -> None:
    """Write one planned sheet."""
    writer = _SheetWriter(book, sheet, plan, content)
    for cell in plan.cells:
        writer.write_cell(cell)
    widths = {1: 12.0, **plan.widths, **plan.hidden_widths}
    set_widths(sheet, widths, hidden=(1, *plan.hidden_widths))
    heights = writer.set_row_heights()
    areas = [
        area for section in writer.sections.values() for area in SectionArea.of(section, plan.cells)
    ]
    for area in areas:
        for form_field in area.fields():
            if not _is_locked(area.section, form_field, area.first):
                for data_check in _validations(area, form_field, plan, content):
                    sheet.data_validations.append(data_check)
    add_conditional_formats(
        sheet, content.form, [a for a in areas if a.section is not HEADER], content.lang
    )
    _print_and_protect(sheet, plan, content, heights)


def _validations(
    area: SectionArea, form_field: Field, plan: SheetPlan, content: FormContent
) -> Iterator[DataValidation]:
    """Yield the validation of a field, or one for all rows in which the same choices fit."""
    form, lists, lang = content.form, content.lists, content.lang
    if deciding_rule(area.section, form_field) is None:
        list_range = lists.find(form_field)
        data_check = validation(form_field, form, content.context.period, list_range, lang)
        data_check.add(area.cell_range(form_field.id))
        yield data_check
        return
    column = get_column_letter(area.first[form_field.id].column)
    for choices, rows in lists.rows_by_choices(area.section, form_field, plan).items():
        list_range = lists.find(form_field, choices)
        data_check = narrow_validation(form_field, form, choices, list_range, lang)
        for first, last in consecutive_runs(rows):
            data_check.add(f"{column}{first}:{column}{last}")
        yield data_check


def _is_locked(section: Section, form_field: Field, present: Collection[str]) -> bool:
    """Whether nothing is typed into the field, of a record that has the fields `present`."""
    return section is HEADER or form_field.locked or is_computed(form_field, present)


class _SheetWriter:
    """Writes the cells of a sheet and measures its rows."""

    def __init__(
        self, book: TemplateBook, sheet: Worksheet, plan: SheetPlan, content: FormContent
    ) -> None:
        self.book, self.sheet, self.plan, self.content = book, sheet, plan, content
        section_ids = {cell.section for cell in plan.cells}
        self.sections = {s.id: s for s in sections_of(content.form) if s.id in section_ids}
        self.fields = {(s.id, f.id): f for s in self.sections.values() for f in s.fields}
        self.record_cells: dict[tuple[str, int], dict[str, CellPlan]] = defaultdict(dict)
        for cell in plan.cells:
            if cell.role == "value":
                self.record_cells[cell.section, cell.record][cell.field] = cell
        self.is_small = plan.has_columns or content.form.is_list
        self.filled = {key[:2] for key, value in content.values.items() if value is not None}
        self.open_section = plan.cells[-1].section if content.form.is_list else ""
        self.heights: dict[int, float] = {}
        self.growing_rows: set[int] = set()
        self.style_overrides = dict(_style_overrides(plan.cells))

    def write_cell(self, cell: CellPlan) -> None:
        """Write one planned cell."""
        if cell.role == "value":
            self._write_value(cell)
        elif cell.role == "name":
            self._write_name(cell)
        elif cell.role in ("heading", "subtitle") and cell.field:
            words = self.content.heading_texts[cell.field]
            style = self._sized(_SLOT_STYLES[cell.field])
            self.book.write_text(self.sheet, cell.row, cell.column, words, style, cell.span)
            self._measure(cell, words, style)
        else:
            self._write_fixed(cell)

    def _write_fixed(self, cell: CellPlan) -> None:
        words = cell.text.of(self.content.lang) if isinstance(cell.text, Text) else cell.text
        style = self._sized(self.style_overrides.get(cell, _STYLES[cell.role]))
        self.book.write(self.sheet, cell.row, cell.column, words or None, style, cell.span)
        if style == "head_below":
            self.book.write(self.sheet, cell.row - 1, cell.column, None, "head_roof")
        self._measure(cell, words, style)

    def _write_value(self, cell: CellPlan) -> None:
        section, form_field = self.sections[cell.section], self.fields[cell.section, cell.field]
        key = (cell.section, cell.record, cell.field)
        value = self.content.values.get(key)
        cells = self.record_cells[cell.section, cell.record]
        link = None if value is None else _hyperlink(self.content.context.links.get(key))
        style = self._value_style(section, form_field, key) + (" link" if link else "")
        if section is HEADER and isinstance(value, str):
            self.book.program_texts[value] = None
        if form_field.compute and is_computed(form_field, cells):
            formula = cell_formula(
                form_field.compute, section, cells, self.content.context.bands, self.content.lang
            )
            self.book.write_formula(self.sheet, cell.row, cell.column, formula, value, style)
        else:
            self.book.write(self.sheet, cell.row, cell.column, value, style, cell.span)
        if link:
            self.sheet.cell(cell.row, cell.column).hyperlink = link
        if key in self.content.notes:
            self._add_note(cell, self.content.notes[key])
        if section.layout != "card":
            self.growing_rows.add(cell.row)
        is_typed = section is HEADER or not form_field.locked
        is_long_blank = value is None and is_typed and form_field.max_length >= _LONG_TEXT
        self._measure(cell, "\n" * (_BLANK_LINES - 1) if is_long_blank else value, style)

    def _write_name(self, cell: CellPlan) -> None:
        """Write what looks up the name of the code left of the cell."""
        form_field = self.fields[cell.section, cell.field.removesuffix(NAME_ENDING)]
        codes, names = self.content.lists.find_names(form_field)
        formula = name_formula(replace(cell, column=cell.column - 1), codes, names)
        value = self.content.values.get((cell.section, cell.record, cell.field))
        style = self._sized(self._in_list("looked_up", cell.section, cell.record))
        self.book.write_formula(self.sheet, cell.row, cell.column, formula, value, style)
        self._measure(cell, value, style)

    def _in_list(self, style: str, section: str, record: int) -> str:
        """Return the style, without its border in a row of a list that is still to come."""
        is_spare = section == self.open_section and (section, record) not in self.filled
        return f"{style} bare" if is_spare else style

    def _value_style(self, section: Section, form_field: Field, key: CellKey) -> str:
        if section is HEADER or is_computed(form_field, self.record_cells[key[:2]]):
            return self._sized("computed" if form_field.compute else "fixed")
        is_open = not form_field.locked
        style = _VALUE_STYLES.get(form_field.type, "entry") + (" open" if is_open else " filled")
        style = self._in_list(style, *key[:2])
        is_given = is_open and key in self.content.given
        tone = self.content.tones.get(key) or ("given flat" if is_given else "")
        return f"{self._sized(style)} {tone}".strip()

    def _sized(self, style: str) -> str:
        """Return the style's name; sheets with columns and lists have small letters, for paper."""
        return f"{style} small" if self.is_small and style != "marker" else style

    def _add_note(self, cell: CellPlan, words: str) -> None:
        self.book.program_texts[words] = None
        note = Comment(words, "mlay-batch", width=320, height=24 + 18 * line_count(words, 44))
        self.sheet.cell(cell.row, cell.column).comment = note

    def _measure(self, cell: CellPlan, words: object, style: str) -> None:
        if cell.role == "marker":
            return
        style_spec = named_style(style)
        width = sum(self.plan.widths[c] for c in range(cell.column, cell.column + cell.span))
        if not width:  # hidden
            return
        text_width = width / (1.1 if style_spec.bold else 1.0) - style_spec.indent
        lines = line_count(words, text_width, style_spec.size)
        height_of = small_row_height if self.is_small else row_height
        needed_height = height_of(lines, style_spec.size)
        if cell.role in ("room", "title"):
            needed_height = max(needed_height, _ROOMS[cell.role])
        self.heights[cell.row] = max(self.heights.get(cell.row, 0.0), needed_height)

    def set_row_heights(self) -> Mapping[int, float]:
        """Set the height of every row; Excel may still raise rows of tables."""
        for row, points in self.heights.items():
            if row in self.growing_rows:
                factor = 1.0 if self.is_small else _ROOM_FACTOR
                points = min(MAX_ROW_HEIGHT, round(points * factor, 1))
                self.sheet.row_dimensions[row] = AutoRow(self.sheet, index=row, ht=points)
            else:
                self.sheet.row_dimensions[row].height = points
            self.heights[row] = points
        if self.plan.has_columns:
            for row in set(range(1, self.plan.last_row)) - self.heights.keys():
                self.heights[row] = self.sheet.row_dimensions[row].height = _GAP
        for row in self.plan.hidden_rows:
            self.sheet.row_dimensions[row].hidden = True
            self.heights[row] = 0.0
        return self.heights


def split_link(link: str) -> tuple[str, str | None]:
    """Return the target of a link as Excel takes it, and the cell there that it leads to.

    Excel reads ``%20`` for a blank, but letters as they are. Raises ValueError for a target that is
    not below the workbook's folder.

    >>> split_link("hộp thư/báo cáo 1.xlsx#'Báo cáo'!C12")
    ('hộp%20thư/báo%20cáo%201.xlsx', "'Báo cáo'!C12")
    """
    match = _LINK.fullmatch(link)
    path = PureWindowsPath(match[1] if match else "")
    is_outside = path.anchor or any(not part.strip(". ") for part in path.parts)
    if match is None or not path.parts or is_outside or _SCHEME.match(link):
        raise ValueError(f"not below the folder of the workbook: {link!r}")
    target = _RESERVED.sub(lambda letter: f"%{ord(letter[0]):02X}", path.as_posix())
    return target, match[2]


def _hyperlink(link: str | None) -> Hyperlink | None:
    """Return the link of a cell; none that is too long for an Excel of before 2016."""
    if link is None:
        return None
    target, location = split_link(link)
    is_short = len(target) <= _LONGEST_LINK
    return Hyperlink(ref="", target=target, location=location) if is_short else None


def _style_overrides(cells: Sequence[CellPlan]) -> Iterator[tuple[CellPlan, str]]:
    """Yield the styles of cells joined with a neighbour: label and help, group and heading."""
    help_cells = {(cell.section, cell.field): cell for cell in cells if cell.role == "help"}
    group_cells = [cell for cell in cells if cell.role == "group"]
    grouped_sections = {cell.section for cell in group_cells}
    grouped_columns = {
        (c.section, c.column + offset) for c in group_cells for offset in range(c.span)
    }
    heads = {(cell.section, cell.column) for cell in cells if cell.role == "head"}
    open_heads = {head for head in heads - grouped_columns if head[0] in grouped_sections}
    for cell in cells:
        if cell.role == "label":
            help_cell = help_cells.get((cell.section, cell.field))
            if help_cell and help_cell.column == cell.column + cell.span:
                yield cell, "label_helped"
        elif cell.role == "head" and (cell.section, cell.column) in open_heads:
            yield cell, "head_below"


def _print_and_protect(
    sheet: Worksheet, plan: SheetPlan, content: FormContent, heights: Mapping[int, float]
) -> None:
    area = f"B1:{get_column_letter(plan.last_column)}{plan.last_row}"
    orientation = content.form.orientation
    if content.form.is_list:
        width = sum(plan.widths.values()) * _POINTS_PER_CHARACTER * _LEAST_SCALE
        orientation = "portrait" if width <= _A4["portrait"][0] else "landscape"
        sheet.sheet_view.showGridLines = True
    set_up_page(sheet, orientation, content.footer, area, is_letter=plan.has_columns)
    if content.form.is_list:
        sheet.print_area = None  # as far as it is filled, also by rows to come
    head_rows = [cell.row for cell in plan.cells if cell.role in ("head", "group")]
    sections = {cell.section for cell in plan.cells if cell.role == "value"}
    if plan.has_columns:
        sheet.print_title_cols = "B:B"
        _select_first(sheet, plan, content.form)
        sheet.freeze_panes = f"C{plan.first_table_row}"
    elif len(sections) == 1 and head_rows:
        sheet.print_title_rows = f"{min(head_rows)}:{max(head_rows)}"
        sheet.freeze_panes = f"C{plan.first_table_row}"
    else:
        for row in () if content.form.is_list else _page_breaks(plan, orientation, heights):
            sheet.row_breaks.append(Break(id=row - 1))
        _select_first(sheet, plan, content.form)
    may_insert_rows = any(s.id in sections and not s.fixed for s in content.form.sections)
    protect(sheet, may_insert_rows=may_insert_rows, may_insert_columns=plan.has_columns)


def _select_first(sheet: Worksheet, plan: SheetPlan, form: Form) -> None:
    """Select the first cell to fill in.

    On a sheet wider than a small screen the row numbers and the column after them (the day) are
    frozen. Rows are not: the heading would take a third of a screen 768 pixels high, and the tables
    below it have column heads of their own.
    """
    open_fields = {(s.id, f.id) for s in form.sections for f in s.fields if not f.locked}
    open_cells = (
        c for c in plan.cells if c.role == "value" and (c.section, c.field) in open_fields
    )
    if first := next(open_cells, None):
        address = f"{get_column_letter(first.column)}{first.row}"
        sheet.sheet_view.selection[0].activeCell = sheet.sheet_view.selection[0].sqref = address
        if sum(plan.widths.values()) > _SCREEN_WIDTH and first.column > _FROZEN_COLUMNS:
            sheet.freeze_panes = f"{get_column_letter(_FROZEN_COLUMNS + 1)}1"


def _page_breaks(plan: SheetPlan, orientation: str, heights: Mapping[int, float]) -> Iterator[int]:
    """Yield the rows before which a page ends, so that a section stays on one page if it fits."""
    page_width, page_height = _A4[orientation]
    scale = min(1.0, page_width / (sum(plan.widths.values()) * _POINTS_PER_CHARACTER))
    page_limit, used = page_height / scale, 0.0
    for first, last in _section_rows(plan.cells, plan.last_row):
        needed_height = sum(heights.get(row, row_height(1)) for row in range(first, last + 1))
        if used and used + needed_height > page_limit:
            yield first
            used = 0.0
        used = (used + needed_height) % page_limit


def _section_rows(cells: Iterable[CellPlan], last_row: int) -> Iterator[tuple[int, int]]:
    """Yield first and last row of each section with the blank row after it."""
    section_cells = [cell for cell in cells if cell.section and cell.section != HEADER.id]
    starts = [
        1,
        *(next(group).row for _, group in groupby(section_cells, lambda cell: cell.section)),
    ]
    yield from zip(starts, [row - 1 for row in starts[1:]] + [last_row], strict=True)
