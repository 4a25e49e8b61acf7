"""Plans the cells of a form, for the template, the reader and the tests.

Every sheet has a hidden column A and, above each section, a hidden row with machine ids:

    A               B          C          D      …
    meetings:start             held_on    kind        hidden: field id over each column
    meetings:head   TT         Ngày họp   Loại        visible heading (one or two rows)
                    1          …          …           values
    meetings:end                                      hidden: end of the section

A card has ``value`` over its value column, and in column A the field id of each line. Columns of
records have ``record`` over each and ``last`` over the one after them; a column inserted between
is one more record. The lines of a section that hangs on these columns follow between markers of
its own; in column A stands ``part.field`` where it has parts. The reader finds sections and fields
by these ids, wherever rows and columns have been moved; it never uses the positions planned here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from mlay_batch.schema.column_widths import (
    FIRST_COLUMN,
    LABEL_WIDTH,
    column_widths,
    hidden_columns,
    is_name,
    last_column_within,
    table_columns,
)
from mlay_batch.schema.computed import is_computed
from mlay_batch.schema.model import HEADER as HEADER  # its plan is made here
from mlay_batch.schema.model import Field, Form, Part, Section, Text
from mlay_batch.schema.who_reports import heading_title, signatures

PARTY_NAME = "ĐẢNG CỘNG SẢN VIỆT NAM"  # the same in every language, as on paper
STAMP_SHEET = "_mlay"
LISTS_SHEET = "_lists"
VALUE_MARKER, RECORD_MARKER, LAST_MARKER = "value", "record", "last"
CODE_SEPARATOR = " – "  # "CB-01 – Chi bộ Trường Tiểu học": a code and its name in one cell

Role = Literal[
    "marker",
    "heading",
    "party",
    "title",
    "subtitle",
    "section",
    "note",
    "group",
    "head",
    "number",
    "label",
    "help",
    "unit",
    "value",
    "name",
    "sign",
    "room",
]

# Least widths of the parts of a card line, in characters; each takes columns until it has its own.
_CHOICE_WIDTH, _UNIT_WIDTH = 26, 12
_NARROW_WIDTH = 16  # a card's numbers begin in the first column that is no wider, if there is one
# Below the rows of the last table on a list's sheet: how many more there are at least, and how many
# of them look names up. LibreOffice prints as far as formulas reach, be they empty.
_SPARE_ROWS, _LOOKING_UP = 40, 5


@dataclass(frozen=True, slots=True)
class CellPlan:
    """One cell of a sheet.

    Attributes:
        row: from 1.
        column: from 1, which is A.
        role: what the cell is for, which also decides its style.
        text: text that the template writes; a plain string is a marker, the number of a row, or the
            name of a text in the letterhead. None leaves the cell blank.
        section: id of the section; empty for the letterhead and the signatures.
        field: id of the field, or name of a text in the letterhead; empty if the cell has none.
        span: number of columns over which it is merged.
        record: number within its section, from 0; 0 in a card. Under columns, those of the first
            column come first (`record_number`).
        part: part of a section under columns; empty elsewhere.
    """

    row: int
    column: int
    role: Role
    text: Text | str | None = None
    section: str = ""
    field: str = ""
    span: int = 1
    record: int = 0
    part: str = ""


@dataclass(frozen=True, slots=True)
class SheetPlan:
    """One visible sheet.

    Attributes:
        title: name of the sheet in both languages.
        cells: its cells, in the order of the sections.
        widths: width by column, in characters, from column B on; 0 of a hidden one.
        hidden_widths: width that a hidden column has once people show it, by column.
        hidden_rows: rows that hold only markers, from 1.
        first_table_row: first row below the headings of the first table; without one the last row.
        last_row: last row of the print area.
        last_column: last column of the print area.
        has_columns: whether records are columns here.
    """

    title: Text
    cells: tuple[CellPlan, ...]
    widths: Mapping[int, int]
    hidden_widths: Mapping[int, int]
    hidden_rows: tuple[int, ...]
    first_table_row: int
    last_row: int
    last_column: int
    has_columns: bool = False


def sections_of(form: Form) -> tuple[Section, ...]:
    """Return the form's sections; a periodic form has the heading card before them."""
    return form.sections if form.is_list else (HEADER, *form.sections)


def sheet_sections(form: Form) -> Mapping[Text, Sequence[Section]]:
    """Return the sections of each visible sheet by its title, in the order they name the sheets."""
    sheets: dict[Text, list[Section]] = {}
    for section in sections_of(form):
        sheets.setdefault(section.sheet or form.sheet, []).append(section)
    return sheets


def line_id(part: Part, field: str) -> str:
    """Return the id that stands in column A of a line under columns."""
    return f"{part.id}.{field}" if part.id else field


def field_of_line(line: str) -> str:
    """Return the field of a line's id."""
    return line.rpartition(".")[2]


def label_section(section: Section) -> Section:
    """Return the section with one field for each visible heading.

    Under columns that is one for each line, with the line's id and title, computed where it is so
    there; else the section itself.
    """
    if section.layout != "columns":
        return section
    lines = ((part, *line) for part in section.column_parts() for line in part.lines.items())
    fields = tuple(_line_field(section.field(name), part, title) for part, name, title in lines)
    return replace(section, fields=fields)


def _line_field(field: Field, part: Part, title: Text | None) -> Field:
    compute = field.compute if is_computed(field, part.lines) else None
    return replace(field, id=line_id(part, field.id), title=title or field.title, compute=compute)


def record_number(section: Section, column: int, part: int) -> int:
    """Return the number of the record of a part (from 0) in a column (from 0)."""
    return column * len(section.column_parts()) + part


def record_fields(section: Section, number: int) -> tuple[str, ...]:
    """Return the ids of the fields that have a cell in the record of that number."""
    if section.layout != "columns":
        return tuple(field.id for field in section.fields)
    parts = section.column_parts()
    return tuple(parts[number % len(parts)].lines)


def column_cells(form: Form) -> Iterator[tuple[Section, int, int, str]]:
    """Yield section, column, part (both from 0) and field of every cell the form has in columns."""
    for section in form.sections:
        if section.layout == "columns":
            base = form.section(section.under) if section.under else section
            for column in range(base.rows):
                for index, part in enumerate(section.column_parts()):
                    yield from ((section, column, index, name) for name in part.lines)


def plan_sheets(form: Form, rows: Mapping[str, int] | None = None) -> tuple[SheetPlan, ...]:
    """Return the plans of the form's visible sheets, in the order in which its sections name them.

    `rows` is the number of rows by section id, for tables that need more than their description's.
    """
    sheets = sheet_sections(form)
    last_title = list(sheets)[-1]
    return tuple(
        _SheetLayout(form, title, rows or {}).build(
            sections, signed=not form.is_list and title == last_title
        )
        for title, sections in sheets.items()
    )


class _SheetLayout:
    """Places the sections of one sheet one below another and counts the rows."""

    def __init__(self, form: Form, title: Text, rows: Mapping[str, int]) -> None:
        self.form, self.title, self.rows = form, title, rows
        self.row = 0
        self.cells: list[CellPlan] = []
        self.hidden_rows: list[int] = []
        self.first_table_row = 0

    def build(self, sections: Sequence[Section], signed: bool) -> SheetPlan:
        widths = column_widths(self.form, sections, self.rows)
        hidden_widths = {c: widths[c] for c in sorted(hidden_columns(self.form, sections))}
        self.widths = widths | dict.fromkeys(hidden_widths, 0)
        self.last_column = max(self.widths)
        self.has_columns = any(section.layout == "columns" for section in sections)
        self._add_heading()
        for section in sections:
            if section.layout == "columns":
                self._add_columns(section, sections)
                continue
            if section.layout == "card":
                self._add_card(section)
            else:
                self._add_table(section, is_last=section is sections[-1])
            self.row += 1
        if signed:
            self._add_signatures()
        return SheetPlan(
            self.title,
            tuple(self.cells),
            self.widths,
            hidden_widths,
            tuple(self.hidden_rows),
            self.first_table_row or self.row,
            self.row,
            self.last_column,
            self.has_columns,
        )

    def _add_cell(
        self,
        column: int,
        role: Role,
        text: Text | str | None,
        section: str = "",
        field: str = "",
        span: int = 1,
        record: int = 0,
        part: str = "",
    ) -> None:
        self.cells.append(
            CellPlan(self.row, column, role, text, section, field, span, record, part)
        )

    def _add_halves(
        self,
        left: Text | str,
        right: Text | str,
        role: tuple[Role, Role],
        fields: tuple[str, str] = ("", ""),
    ) -> None:
        half = last_column_within(self.widths, FIRST_COLUMN, sum(self.widths.values()) * 2 // 5)
        half = FIRST_COLUMN if self.has_columns else min(half, self.last_column - 1)
        self._add_cell(FIRST_COLUMN, role[0], left, field=fields[0], span=half - FIRST_COLUMN + 1)
        self._add_cell(half + 1, role[1], right, field=fields[1], span=self.last_column - half)

    def _add_heading(self) -> None:
        """Place the official heading; beside columns without its asterisk, to save a row."""
        if self.form.is_list:
            self._add_list_heading()
            return
        party = Text(PARTY_NAME, PARTY_NAME)
        self.row = 1
        self._add_halves("upper", party, ("heading", "party"), ("upper", ""))
        self.row = 2
        self._add_halves("unit", "place", ("heading", "subtitle"), ("unit", "place"))
        if not self.has_columns:
            self.row = 3
            self._add_halves(Text("*", "*"), Text("", ""), ("heading", "heading"))
        self.row += 1
        self._add_cell(FIRST_COLUMN, "title", self.form.title, span=self.last_column - 1)
        self.row += not self.has_columns

    def _add_list_heading(self) -> None:
        """Place whose list it is and its title: it is no letter."""
        self.row = 1
        self._add_cell(FIRST_COLUMN, "heading", "unit", field="unit", span=self.last_column - 1)
        self.row = 2
        self._add_cell(FIRST_COLUMN, "title", self.form.title, span=self.last_column - 1)
        if self.title == (self.form.sections[0].sheet or self.form.sheet):
            for words in self.form.instructions:
                self.row += 1
                self._add_cell(FIRST_COLUMN, "note", words, span=self.last_column - 1)

    def _add_signatures(self) -> None:
        self.row += 1
        for left, right in signatures(self.form):
            self.row += 1
            if self.has_columns:  # where a page must do
                right = Text(right.vi.replace("\n", " – "), right.en)
            self._add_halves(left, right, ("sign", "sign"))
        self.row += 1
        self._add_cell(FIRST_COLUMN, "room", None)

    def _add_section_title(self, section: Section) -> None:
        if section.title.vi:
            self.row += 1
            self._add_cell(
                FIRST_COLUMN, "section", section.title, section.id, span=self.last_column - 1
            )
        if section.note:
            self.row += 1
            self._add_cell(
                FIRST_COLUMN, "note", section.note, section.id, span=self.last_column - 1
            )

    def _add_marker(self, section: Section, marker: str) -> None:
        self.row += 1
        self.hidden_rows.append(self.row)
        self._add_cell(1, "marker", f"{section.id}:{marker}", section.id)

    def _add_card(self, section: Section) -> None:
        """Place a card: a line for each field with label, help, value and unit.

        The help is between label and value if columns are free there, else right of value and unit.
        Beside columns of records, labels and values stand as they do there, without help.
        """
        self._add_section_title(section)
        self._add_marker(section, "start")
        label_width = 0 if self.has_columns else LABEL_WIDTH
        label_end = last_column_within(self.widths, FIRST_COLUMN, label_width)
        value_column = label_end + 1
        if any(field.type in ("integer", "number") for field in section.fields):
            narrow_columns = (
                c for c in range(value_column, self.last_column) if self.widths[c] <= _NARROW_WIDTH
            )
            value_column = next(narrow_columns, value_column)
        has_help = not self.has_columns and any(field.help for field in section.fields)
        self._add_cell(value_column, "marker", VALUE_MARKER, section.id)
        for field in section.fields:
            self.row += 1
            self._add_cell(1, "marker", field.id, section.id)
            last_column = self._add_card_value(section, field, value_column)
            gap = value_column - label_end - 1
            if has_help and (gap or last_column < self.last_column):
                help_column, span = (
                    (label_end + 1, gap)
                    if gap
                    else (last_column + 1, self.last_column - last_column)
                )
                self._add_cell(help_column, "help", field.help, section.id, field.id, span)
            title_end = label_end if has_help else value_column - 1
            self._add_cell(
                FIRST_COLUMN,
                "label",
                heading_title(self.form, section, field),
                section.id,
                field.id,
                title_end - FIRST_COLUMN + 1,
            )
        self._add_marker(section, "end")

    def _add_card_value(self, section: Section, field: Field, column: int) -> int:
        """Place a field's value and unit; return the last column they take."""
        is_number = field.type in ("integer", "number", "date", "period")
        width = (
            0
            if is_number or self.has_columns
            else _CHOICE_WIDTH
            if field.type in ("choice", "ref")
            else 10_000
        )
        last_column = last_column_within(self.widths, column, width)
        if self.has_columns and section is HEADER:
            last_column = min(column + 1, self.last_column - 1)
        self._add_cell(column, "value", None, section.id, field.id, last_column - column + 1)
        if not field.unit or last_column == self.last_column:
            return last_column
        unit_end = last_column_within(self.widths, last_column + 1, _UNIT_WIDTH)
        self._add_cell(
            last_column + 1, "unit", field.unit, section.id, field.id, unit_end - last_column
        )
        return unit_end

    def _add_columns(self, section: Section, others: Sequence[Section]) -> None:
        """Place the lines of a section whose records are columns, or that hangs on those."""
        is_base = section.under is None
        base = section if is_base else self.form.section(str(section.under))
        count = max(base.rows, self.rows.get(base.id, 0))
        first = FIRST_COLUMN + 1
        self._add_marker(section, "start")
        if is_base:
            for number in range(count):
                self._add_cell(first + number, "marker", RECORD_MARKER, section.id)
            self._add_cell(first + count, "marker", LAST_MARKER, section.id)
            self._add_record_heads(section, first, count)
        for index, part in enumerate(section.column_parts()):
            for name, title in part.lines.items():
                self.row += 1
                self._add_cell(1, "marker", line_id(part, name), section.id)
                words = title or section.field(name).title
                self._add_cell(FIRST_COLUMN, "label", words, section.id, name, part=part.id)
                for column in range(count):
                    record = record_number(section, column, index)
                    self._add_cell(
                        first + column, "value", None, section.id, name, 1, record, part.id
                    )
        self._add_marker(section, "end")
        if section is [other for other in others if base.id in (other.id, other.under)][-1]:
            self.row += 1

    def _add_record_heads(self, section: Section, first: int, count: int) -> None:
        self.row += 1
        self._add_cell(1, "marker", f"{section.id}:head", section.id)
        self._add_cell(FIRST_COLUMN, "head", section.title, section.id)
        for number in range(count):
            words = section.record or Text("", "")
            text = Text(f"{words.vi} {number + 1}".strip(), f"{words.en} {number + 1}".strip())
            self._add_cell(first + number, "head", text, section.id, record=number)
        self.first_table_row = self.first_table_row or self.row + 1

    def _add_table(self, section: Section, *, is_last: bool) -> None:
        self._add_section_title(section)
        self._add_marker(section, "start")
        columns = list(table_columns(self.form, section))
        for column, field in columns:
            self._add_cell(column, "marker", field.id, section.id)
        if any(field.group for field in section.fields):
            self.row += 1
            self._add_cell(1, "marker", f"{section.id}:head", section.id)
            for column, group, span in _group_spans(columns):
                self._add_cell(column, "group", group, section.id, span=span)
        self.row += 1
        self._add_cell(1, "marker", f"{section.id}:head", section.id)
        if not self.form.is_list:
            self._add_cell(FIRST_COLUMN, "head", Text("TT", "No."), section.id)
        for column, field in columns:
            self._add_cell(column, "head", field.title, section.id, field.id)
        self.first_table_row = self.first_table_row or self.row + 1
        spare = _SPARE_ROWS if self.form.is_list and is_last and not section.fixed else 0
        for record in range(max(section.rows, self.rows.get(section.id, 0) + spare)):
            self.row += 1
            with_names = not is_last or record < self.rows.get(section.id, 0) + _LOOKING_UP
            self._add_row(section, record, [c for c in columns if with_names or not is_name(c[1])])
        self._add_marker(section, "end")

    def _add_row(self, section: Section, record: int, columns: list[tuple[int, Field]]) -> None:
        if not self.form.is_list:
            self._add_cell(FIRST_COLUMN, "number", str(record + 1), section.id, record=record)
        for column, field in columns:
            role: Role = "name" if is_name(field) else "value"
            self._add_cell(column, role, None, section.id, field.id, record=record)


def _group_spans(columns: list[tuple[int, Field]]) -> Iterator[tuple[int, Text, int]]:
    """Yield first column, text and number of columns of each group heading."""
    start = 0
    while start < len(columns):
        column, field = columns[start]
        stop = start + 1
        while field.group and stop < len(columns) and columns[stop][1].group == field.group:
            stop += 1
        if field.group:
            yield column, field.group, stop - start
        start = stop


def fixed_texts(form: Form) -> frozenset[str]:
    """Return every text that the template itself writes on visible sheets, in both languages.

    Texts of the letterhead that depend on the branch are not among them.
    """
    texts: set[str] = set()
    for sheet in plan_sheets(form):
        for cell in sheet.cells:
            if isinstance(cell.text, Text):
                texts |= {cell.text.vi, cell.text.en}
            elif cell.text and cell.role in ("marker", "number"):
                texts.add(cell.text)
    return frozenset(texts)
