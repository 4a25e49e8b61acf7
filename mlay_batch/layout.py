"""Where everything of a form stands: `Form` to a plan of cells, the same for template and tests.

Every sheet has a hidden column A and, above each section, a hidden row with machine ids:

    A               B          C          D      …
    meetings:start             held_on    kind        hidden: field id over each column
    meetings:head   TT         Ngày họp   Loại        visible heading (one or two rows)
                    1          …          …           values
    meetings:end                                      hidden: end of the section

A card has ``value`` over its value column, and in column A the field id of each line. So a reader
finds everything by these ids, wherever rows and columns have been moved. The reader never uses
the positions planned here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from mlay_batch.schema.records import Field, Form, Section, Text

STAMP_SHEET = "_mlay"
LISTS_SHEET = "_lists"
VALUE_MARKER = "value"
CODE_SEPARATOR = " – "  # "CB-01 – Chi bộ Trường Tiểu học": a code and its name in one cell

Role = Literal[
    "marker", "heading", "party", "title", "subtitle", "section", "note", "group", "head",
    "number", "label", "help", "unit", "value", "sign",
]  # fmt: skip

HEAD = Section(
    id="head",
    layout="card",
    title=Text("", ""),
    fields=(
        Field("branch", "text", Text("Đơn vị báo cáo", "Reporting unit"), locked=True),
        Field("period", "text", Text("Kỳ báo cáo", "Period"), locked=True),
        Field("assigned", "text", Text("Cán bộ được phân công dự", "Assigned officers"),
              locked=True, max_length=2000),
    ),
)  # fmt: skip

_FIRST = 2  # column B: row numbers of tables; values of tables begin in column C
_HEADING_ROWS = 5

# Widths in characters that the parts of a card line want; columns are taken until they have it.
_LABEL_WIDE, _CHOICE_WIDE, _UNIT_WIDE = 40, 26, 12
_NARROW = 16  # a card's numbers stand in a column no wider than this
_CARD_ONLY = {2: 5, 3: 12, 4: 39, 5: 12, 6: 14, 7: 28}  # a sheet without any table

_SIGNATURES = (
    (Text("NGƯỜI LẬP BIỂU", "PREPARED BY"), Text("T/M CẤP ỦY\nBÍ THƯ", "SECRETARY")),
    (Text("(Ký, ghi rõ họ tên)", "(signature, full name)"),) * 2,
)


@dataclass(frozen=True, slots=True)
class CellPlan:
    """One cell: position from 1, what it is for, its fixed text, the field it belongs to.

    `span` counts the columns it is merged over. `record` is the row within a table, from 0.
    """

    row: int
    column: int
    role: Role
    text: Text | str | None = None
    section: str = ""
    field: str = ""
    span: int = 1
    record: int = 0


@dataclass(frozen=True, slots=True)
class SheetPlan:
    """One visible sheet: its cells, column widths in characters, hidden rows, last row."""

    title: Text
    cells: tuple[CellPlan, ...]
    widths: Mapping[int, int]
    hidden_rows: tuple[int, ...]
    first_table_row: int
    last_row: int
    last_column: int


def sections_of(form: Form) -> tuple[Section, ...]:
    """Return the form's sections, those of a periodic form led by the heading card."""
    return form.sections if form.period == "none" else (HEAD, *form.sections)


def plan(form: Form, rows: Mapping[str, int] | None = None) -> tuple[SheetPlan, ...]:
    """Return the plan of the form's visible sheets; `rows` enlarges tables that need more."""
    sheets: dict[Text, list[Section]] = {}
    for section in sections_of(form):
        sheets.setdefault(section.sheet or form.sheet, []).append(section)
    last = next(reversed(sheets))
    return tuple(
        _Sheet(form, title, rows or {}).lay(
            sections, signed=form.period != "none" and title == last
        )
        for title, sections in sheets.items()
    )


class _Sheet:
    """Lays sections one under another, keeping count of the row."""

    def __init__(self, form: Form, title: Text, rows: Mapping[str, int]) -> None:
        self.form, self.title, self.rows = form, title, rows
        self.row = 0
        self.cells: list[CellPlan] = []
        self.hidden: list[int] = []
        self.table_at = 0

    def lay(self, sections: list[Section], signed: bool) -> SheetPlan:
        self.widths = _widths(sections)
        self.last_column = max(self.widths)
        self._heading()
        for section in sections:
            if section.layout == "card":
                self._card(section)
            else:
                self._table(section)
            self.row += 1
        if signed:
            self._signatures()
        return SheetPlan(
            self.title, tuple(self.cells), self.widths, tuple(self.hidden),
            self.table_at or self.row, self.row, self.last_column,
        )  # fmt: skip

    def _put(self, column: int, role: Role, text: Text | str | None, section: str = "",
             field: str = "", span: int = 1, record: int = 0) -> None:  # fmt: skip
        self.cells.append(CellPlan(self.row, column, role, text, section, field, span, record))

    def _halves(self, left: Text | str, right: Text | str, role: tuple[Role, Role],
                fields: tuple[str, str] = ("", "")) -> None:  # fmt: skip
        half = _until(self.widths, _FIRST, sum(self.widths.values()) * 2 // 5)
        half = min(half, self.last_column - 1)
        self._put(_FIRST, role[0], left, field=fields[0], span=half - _FIRST + 1)
        self._put(half + 1, role[1], right, field=fields[1], span=self.last_column - half)

    def _heading(self) -> None:
        party = Text("ĐẢNG CỘNG SẢN VIỆT NAM", "ĐẢNG CỘNG SẢN VIỆT NAM")
        self.row = 1
        self._halves("upper", party, ("heading", "party"), ("upper", ""))
        self.row = 2
        self._halves("unit", "place", ("heading", "subtitle"), ("unit", "place"))
        self.row = 3
        self._halves(Text("*", "*"), Text("", ""), ("heading", "heading"))
        self.row = 4
        self._put(_FIRST, "title", self.form.title, span=self.last_column - 1)
        self.row = _HEADING_ROWS

    def _signatures(self) -> None:
        self.row += 1
        for left, right in _SIGNATURES:
            self.row += 1
            self._halves(left, right, ("sign", "sign"))

    def _section_head(self, section: Section) -> None:
        if section.title.vi:
            self.row += 1
            self._put(_FIRST, "section", section.title, section.id, span=self.last_column - 1)
        if section.note:
            self.row += 1
            self._put(_FIRST, "note", section.note, section.id, span=self.last_column - 1)

    def _mark(self, section: Section, marker: str) -> None:
        self.row += 1
        self.hidden.append(self.row)
        self._put(1, "marker", f"{section.id}:{marker}", section.id)

    def _card(self, section: Section) -> None:
        """Lay a card: label, what to know about it, value, unit, each over columns wide enough.

        The help stands between label and value where the sheet's columns leave room there.
        """
        self._section_head(section)
        self._mark(section, "start")
        label_to = _until(self.widths, _FIRST, _LABEL_WIDE)
        value_at = label_to + 1
        if any(entry.type in ("integer", "number") for entry in section.fields):
            narrow = (c for c in range(value_at, self.last_column) if self.widths[c] <= _NARROW)
            value_at = next(narrow, value_at)
        helped = any(entry.help for entry in section.fields)
        self._put(value_at, "marker", VALUE_MARKER, section.id)
        for entry in section.fields:
            self.row += 1
            self._put(1, "marker", entry.id, section.id)
            last = self._card_value(section, entry, value_at)
            gap = value_at - label_to - 1
            if helped and (gap or last < self.last_column):
                at, span = (label_to + 1, gap) if gap else (last + 1, self.last_column - last)
                self._put(at, "help", entry.help, section.id, entry.id, span)
            label = label_to if helped else value_at - 1
            self._put(_FIRST, "label", entry.title, section.id, entry.id, label - _FIRST + 1)
        self._mark(section, "end")

    def _card_value(self, section: Section, entry: Field, at: int) -> int:
        """Put the value cell and its unit; return the last column taken."""
        number = entry.type in ("integer", "number", "date", "period")
        wanted = 0 if number else _CHOICE_WIDE if entry.type in ("choice", "ref") else 10_000
        last = _until(self.widths, at, wanted)
        self._put(at, "value", None, section.id, entry.id, last - at + 1)
        if not entry.unit or last == self.last_column:
            return last
        unit_to = _until(self.widths, last + 1, _UNIT_WIDE)
        self._put(last + 1, "unit", entry.unit, section.id, entry.id, unit_to - last)
        return unit_to

    def _table(self, section: Section) -> None:
        self._section_head(section)
        self._mark(section, "start")
        columns = list(enumerate(section.fields, _FIRST + 1))
        for column, entry in columns:
            self._put(column, "marker", entry.id, section.id)
        if any(entry.group for entry in section.fields):
            self.row += 1
            self._put(1, "marker", f"{section.id}:head", section.id)
            for column, group, span in _groups(columns):
                self._put(column, "group", group, section.id, span=span)
        self.row += 1
        self._put(1, "marker", f"{section.id}:head", section.id)
        self._put(_FIRST, "head", Text("TT", "No."), section.id)
        for column, entry in columns:
            self._put(column, "head", entry.title, section.id, entry.id)
        self.table_at = self.table_at or self.row + 1
        for record in range(max(section.rows, self.rows.get(section.id, 0))):
            self.row += 1
            self._put(_FIRST, "number", str(record + 1), section.id, record=record)
            for column, entry in columns:
                self._put(column, "value", None, section.id, entry.id, record=record)
        self._mark(section, "end")


def _groups(columns: list[tuple[int, Field]]) -> Iterator[tuple[int, Text, int]]:
    """Yield first column, text and width of each run of columns under one group heading."""
    start = 0
    while start < len(columns):
        column, entry = columns[start]
        stop = start + 1
        while entry.group and stop < len(columns) and columns[stop][1].group == entry.group:
            stop += 1
        if entry.group:
            yield column, entry.group, stop - start
        start = stop


def _widths(sections: list[Section]) -> dict[int, int]:
    """Return the width of each column in characters: the widest wish of the sheet's tables.

    A sheet with a card besides gets as many more columns as a card line needs.
    """
    tables = [section for section in sections if section.layout == "table"]
    if not tables:
        return dict(_CARD_ONLY)
    widths = {_FIRST: 5}
    for section in tables:
        for column, entry in enumerate(section.fields, _FIRST + 1):
            widths[column] = max(widths.get(column, 0), entry.width or 14)
    label = _LABEL_WIDE if len(tables) < len(sections) else 0
    while len(widths) < 3 or sum(widths[c] for c in _after(widths, label)) < label:
        widths[max(widths) + 1] = 14
    return widths


def _after(widths: Mapping[int, int], label: int) -> range:
    """Return the columns right of a card's labels."""
    return range(_until(widths, _FIRST, label) + 1, max(widths) + 1)


def _until(widths: Mapping[int, int], first: int, wide: int) -> int:
    """Return the last of the columns from `first` that together are `wide` characters."""
    column, found = first, widths[first]
    while found < wide and column < max(widths):
        column += 1
        found += widths[column]
    return column


def fixed_texts(form: Form) -> frozenset[str]:
    """Return every text the template itself writes on visible sheets, both languages.

    What stands on a sheet and is neither a read value nor one of these was typed by somebody.
    """
    found: set[str] = set()
    for sheet in plan(form):
        for cell in sheet.cells:
            if isinstance(cell.text, Text):
                found |= {cell.text.vi, cell.text.en}
            elif cell.text and cell.role in ("marker", "number"):
                found.add(cell.text)
    return frozenset(found)
