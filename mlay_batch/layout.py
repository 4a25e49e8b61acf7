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
MARKERS = ("start", "head", "end")
VALUE_MARKER = "value"
CODE_SEPARATOR = " – "  # "CB-01 – Chi bộ Trường Tiểu học": a code and its name in one cell

Role = Literal[
    "marker", "heading", "party", "title", "subtitle", "section", "note", "group", "head",
    "number", "label", "unit", "value",
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
_CARD_LABELS = 3  # the columns B..D hold a card's label, E its value, F the unit
_HEADING_ROWS = 5


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
    return tuple(
        _Sheet(form, title, rows or {}).lay(sections) for title, sections in sheets.items()
    )


class _Sheet:
    """Lays sections one under another, keeping count of the row."""

    def __init__(self, form: Form, title: Text, rows: Mapping[str, int]) -> None:
        self.form, self.title, self.rows = form, title, rows
        self.row = 0
        self.cells: list[CellPlan] = []
        self.hidden: list[int] = []
        self.table_at = 0

    def lay(self, sections: list[Section]) -> SheetPlan:
        widths = _widths(sections)
        self.last_column = max(widths)
        self._heading()
        for section in sections:
            if section.layout == "card":
                self._card(section)
            else:
                self._table(section)
            self.row += 1
        return SheetPlan(
            self.title, tuple(self.cells), widths, tuple(self.hidden),
            self.table_at or self.row, self.row, self.last_column,
        )  # fmt: skip

    def _put(self, column: int, role: Role, text: Text | str | None, section: str = "",
             field: str = "", span: int = 1, record: int = 0) -> None:  # fmt: skip
        self.cells.append(CellPlan(self.row, column, role, text, section, field, span, record))

    def _heading(self) -> None:
        half = max(3, self.last_column // 2)
        self.row = 1
        self._put(_FIRST, "heading", "upper", field="upper", span=half - 1)
        self._put(half + 1, "party", Text("ĐẢNG CỘNG SẢN VIỆT NAM", "ĐẢNG CỘNG SẢN VIỆT NAM"),
                  span=self.last_column - half)  # fmt: skip
        self.row = 2
        self._put(_FIRST, "heading", "unit", field="unit", span=half - 1)
        self._put(half + 1, "subtitle", "place", field="place", span=self.last_column - half)
        self.row = 4
        self._put(_FIRST, "title", self.form.title, span=self.last_column - 1)
        self.row = _HEADING_ROWS

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
        self._section_head(section)
        self._mark(section, "start")
        value_at = _FIRST + _CARD_LABELS
        self._put(value_at, "marker", VALUE_MARKER, section.id)
        for entry in section.fields:
            self.row += 1
            wide = entry.type not in ("integer", "number") or section is HEAD
            span = self.last_column - value_at + 1 if wide else 1
            self._put(1, "marker", entry.id, section.id)
            self._put(_FIRST, "label", entry.title, section.id, entry.id, _CARD_LABELS)
            self._put(value_at, "value", None, section.id, entry.id, span)
            if entry.unit and not wide:
                self._put(value_at + 1, "unit", entry.unit, section.id, entry.id)
        self._mark(section, "end")

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
    """Return the width of each column in characters: the widest wish of the sheet's tables."""
    widths = {_FIRST: 5}
    if any(section.layout == "card" for section in sections):
        widths |= {3: 12, 4: 26, 5: 14, 6: 12, 7: 12}
    tables = [section for section in sections if section.layout == "table"]
    wishes: dict[int, int] = {}
    for section in tables:
        for column, entry in enumerate(section.fields, _FIRST + 1):
            wishes[column] = max(wishes.get(column, 0), entry.width or 14)
    return widths | wishes if tables else widths


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
