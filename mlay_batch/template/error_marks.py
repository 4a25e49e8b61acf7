"""Finds the places of findings in a fresh template, for its marks and the list of findings.

A finding names cells of the file that was sent. The fresh form holds the same values at other
places, so each cell is looked up by section, record and field.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from mlay_batch.core.findings import (
    Finding,
    Param,
    Place,
    Severity,
    cell_ranges,
    column_letters,
    split_cell,
)
from mlay_batch.core.messages import Message, concerns_branch, explain, text
from mlay_batch.excel.cell_text import clip
from mlay_batch.model.records import Row
from mlay_batch.schema.computed import is_computed
from mlay_batch.schema.layout import CellPlan, SheetPlan, record_fields, record_number
from mlay_batch.schema.model import Form, Section
from mlay_batch.template.records import record_numbers
from mlay_batch.template.template_context import CellKey

TONE_OF = {Severity.ERROR: "bad", Severity.WARNING: "watch"}
_FILE_CODES = "RIL"  # first letters of codes about a file as a whole
# With such a letter, yet about cells: dates past the unit's end, mail addresses.
_CELL_CODES = frozenset({"I15", "I23", "I24", "I25", "I26", "I27"})
_LOST_VALUE_CODES = frozenset({"R22", "R23", "R27", "R32", "R33", "C30", "C36", "C38"})
"""Codes of cells whose value was not read: the form must not pass if sent back unchanged.

Of a row struck out as a whole (C30) its first cell says so.
"""
UNKNOWN_VALUE = "?"  # invalid in every field
_MAX_LENGTH = 900  # characters of a note or a line, which may quote a whole page
_MAX_TEXTS = 3  # messages shown of one group, which differ in their figures only


@dataclass(frozen=True)
class Mark:
    """A finding reported to the branch, with its cells in the fresh form.

    Attributes:
        finding: as recorded, with its place in the file sent.
        message: text of the finding for the fresh form.
        key: cell that gets the note; None for a finding without a cell.
        cells: all cells to colour, each once.
    """

    finding: Finding
    message: Message
    key: CellKey | None
    cells: tuple[CellKey, ...]


def resolve_marks(
    findings: Sequence[Finding],
    rows: Sequence[Row],
    form: Form,
    sheets: Mapping[str, SheetPlan],
    lang: str,
) -> tuple[Mark, ...]:
    """Return the findings told to the branch, with their places in the fresh form.

    Findings about the file as a whole have no cell: the fresh form corrects them. A missing field
    (R26, R27) is marked in every row of its section, a missing section in its first row.
    """
    numbers = record_numbers(form, rows)
    keys_by_cell = _keys_by_cell(rows, form, numbers)
    fresh_cells = fresh_places(sheets)
    sections = {section.id: section for section in form.sections}
    cards = {name for name, section in sections.items() if section.layout == "card"}

    def find_key(place: Place) -> CellKey | None:
        return keys_by_cell.get((place.sheet, place.cell)) if place.cell else None

    marks = []
    for finding in findings:
        if concerns_branch(finding):
            if _is_about_file(finding):
                cells = _unread_cells(finding, rows, sections, numbers)
                own_key = cells[0] if cells else None
            else:
                own_key = find_key(finding.place) or _card_key(finding, cards)
                cells = [own_key, *map(find_key, finding.marks)]
                cells += _lacking_cells(finding, own_key, form)
            unique = tuple(dict.fromkeys(cell for cell in cells if cell))
            fresh_finding = replace(
                finding, params=_fresh_params(finding, own_key, unique, rows, fresh_cells, numbers)
            )
            is_returned = not finding.is_of_answer  # nothing is written into its cell
            message = explain(fresh_finding, form, lang, returned=is_returned)
            marks.append(Mark(finding, message, own_key, unique))
    return tuple(marks)


def _lacking_cells(finding: Finding, key: CellKey | None, form: Form) -> Iterator[CellKey]:
    """Yield the cells to fill in where a column lacks a record of another section (`exists_in`)."""
    rules = {rule.code: (section, rule) for section, rule in form.rules()}
    section, rule = rules.get(finding.code, (None, None))
    if section is None or rule is None or rule.check != "exists_in" or key is None:
        return
    target = form.section(rule.params["target"].partition(".")[0])
    if section.layout != "columns" or target.under not in (section.id, section.under):
        return
    column = key[1] // len(section.column_parts())
    conditions = {path.partition(".")[2]: v for path, v in rule.params.get("among", {}).items()}
    for index, part in enumerate(target.column_parts()):
        if all(part.set_.get(name) in values for name, values in conditions.items()):
            required = (name for name in part.lines if target.field(name).required)
            yield from (
                (target.id, record_number(target, column, index), name)
                for name in required
                if not is_computed(target.field(name), part.lines)
            )
            return


def _is_about_file(finding: Finding) -> bool:
    return finding.code[0] in _FILE_CODES and finding.code not in _CELL_CODES


def _unread_cells(
    finding: Finding,
    rows: Sequence[Row],
    sections: Mapping[str, Section],
    numbers: Mapping[str, Sequence[int]],
) -> list[CellKey | None]:
    """Return the cells of a missing field or section.

    Of a field those in the rows the finding marks, or in all rows of its section; of a table the
    first cell to fill in, of a card all cells that are no texts.
    """
    name, _, field = str(finding.params.get("field") or "").partition(".")
    section = sections.get(name)
    if section is None:
        return []
    if section.layout == "card":
        field_ids = [field] if field else [f.id for f in section.fields if f.type != "text"]
        return [(name, 0, field_id) for field_id in field_ids]
    if section.layout == "columns":
        return _unread_lines(section, field, numbers[name])
    if not field:
        return [(name, 0, next((f for f in section.fields if f.required), section.fields[0]).id)]
    marked_rows = {position[1] for mark in finding.marks if (position := split_cell(mark.cell))}
    row_numbers = [row.number for row in rows if row.section == name]
    return [
        (name, position, field)
        for position, row in enumerate(row_numbers)
        if not marked_rows or row in marked_rows
    ]


def _unread_lines(section: Section, field: str, numbers: Sequence[int]) -> list[CellKey | None]:
    """Return the cells of a field in the records, of a section those of the first one."""
    if field:
        return [(section.id, number, field) for number in numbers or (0,)]
    lines = [name for name in record_fields(section, 0) if section.field(name).required]
    return [(section.id, 0, name) for name in lines[:1]]


def fresh_places(sheets: Mapping[str, SheetPlan]) -> Mapping[CellKey, tuple[str, CellPlan]]:
    """Return sheet and cell of every value in the fresh form."""
    return {
        (cell.section, cell.record, cell.field): (name, cell)
        for name, sheet in sheets.items()
        for cell in sheet.cells
        if cell.role == "value"
    }


def _fresh_params(
    finding: Finding,
    own_key: CellKey | None,
    cells: Sequence[CellKey],
    rows: Sequence[Row],
    fresh_cells: Mapping[CellKey, tuple[str, CellPlan]],
    numbers: Mapping[str, Sequence[int]],
) -> Mapping[str, Param]:
    """Return the finding's parameters with rows, columns and cells of the fresh form.

    Row 40 of the file sent may be row 33 here.
    """
    params = dict(finding.params)
    if own_key is None or own_key not in fresh_cells:
        return params
    if "row" in params:
        params["row"] = _fresh_row(params["row"], own_key, rows, fresh_cells, numbers)
    if "column" in params:
        params["column"] = column_letters(fresh_cells[own_key][1].column)
    if "cells" in params:
        params["cells"] = cell_ranges(
            _cell_name(fresh_cells[key][1]) for key in cells if key in fresh_cells
        )
    return params


def _fresh_row(
    old: Param,
    key: CellKey,
    rows: Sequence[Row],
    fresh_cells: Mapping[CellKey, tuple[str, CellPlan]],
    numbers: Mapping[str, Sequence[int]],
) -> Param:
    """Return where the row `old` of the section of `key` stands; of columns the letters."""
    is_column = isinstance(old, str)
    of_section = [row.number for row in rows if row.section == key[0]]
    labels: list[Param] = [column_letters(n) if is_column else n for n in of_section]
    if old not in labels:
        return old
    record = numbers[key[0]][labels.index(old)]
    cell = fresh_cells[key[0], record, key[2]][1]
    return column_letters(cell.column) if is_column else cell.row


def _cell_name(cell: CellPlan) -> str:
    return f"{column_letters(cell.column)}{cell.row}"


def _keys_by_cell(
    rows: Sequence[Row], form: Form, numbers: Mapping[str, Sequence[int]]
) -> Mapping[tuple[str, str], CellKey]:
    """Return section, record and field of each cell; an inherited one is that of its column."""
    inherited = {section.id: section.inherits for section in form.sections}
    remaining = {name: iter(of_section) for name, of_section in numbers.items()}
    keys: dict[tuple[str, str], CellKey] = {}
    for row in rows:
        record = next(remaining[row.section]) if row.section in remaining else 0
        for field, cell in row.cells.items():
            if field not in inherited.get(row.section, ()):
                keys[row.sheet, cell] = (row.section, record, field)
    return keys


def _card_key(finding: Finding, cards: set[str]) -> CellKey | None:
    """Return the cell of the card field that a finding names."""
    section, _, field = str(finding.params.get("field") or "").partition(".")
    return (section, 0, field) if section in cards and field else None


def cell_tones(marks: Sequence[Mark]) -> Mapping[CellKey, str]:
    """Return the tone of each cell to colour; an error takes precedence over a warning."""
    tone_by_key: dict[CellKey, str] = {}
    for mark in marks:
        for cell in mark.cells:
            if mark.finding.is_error or cell not in tone_by_key:
                tone_by_key[cell] = TONE_OF[mark.finding.severity]
    return tone_by_key


def typed_values(marks: Sequence[Mark]) -> dict[CellKey, str]:
    """Return what was typed into cells without a usable value, a question mark if it is unknown."""
    lost_values = {
        cell: UNKNOWN_VALUE
        for mark in marks
        if _is_lost(mark.finding)
        for cell in (mark.cells if _is_about_file(mark.finding) else (mark.key,))
        if cell
    }
    text_values = {
        mark.key: value
        for mark in marks
        if mark.key and isinstance(value := mark.finding.params.get("value"), str)
    }
    return lost_values | text_values | _stray_values(marks)


def _stray_values(marks: Sequence[Mark]) -> dict[CellKey, str]:
    """Return what was typed into the cells of rows and columns told as a whole (F17, F18)."""
    return {
        (mark.key[0], mark.key[1], name.removeprefix("typed.")): str(value)
        for mark in marks
        if mark.key
        for name, value in mark.finding.params.items()
        if name.startswith("typed.")
    }


def _is_lost(finding: Finding) -> bool:
    """Whether a value in the file was not read; R32 (exchanged heading) only with marked cells."""
    return finding.code in _LOST_VALUE_CODES and bool(finding.code != "R32" or finding.marks)


def cell_notes(marks: Sequence[Mark], lang: str) -> Mapping[CellKey, str]:
    """Return the note of each cell with a finding, errors first."""
    notes_by_key: dict[CellKey, list[str]] = {}
    for mark in sorted(marks, key=lambda mark: not mark.finding.is_error):
        if mark.key:
            level = text("template", mark.finding.severity, lang)
            notes_by_key.setdefault(mark.key, []).append(f"{level}: {mark.message}")
    return {
        key: clip("\n".join(dict.fromkeys(words)), _MAX_LENGTH)
        for key, words in notes_by_key.items()
    }


@dataclass(frozen=True)
class FindingGroup:
    """Findings of one code in one column: one line of the list.

    Attributes:
        marks: the findings, at least one.
        cells: their cells in the fresh form, by row; empty if it has none.
        sheet: title of the sheet with `cells`; empty without cells.
    """

    marks: tuple[Mark, ...]
    cells: tuple[CellPlan, ...]
    sheet: str

    @property
    def first(self) -> Finding:
        """The first finding, which represents the group."""
        return self.marks[0].finding

    def cells_text(self, lang: str) -> str:
        """Return the cells as in "C12–C15, C20"; without cells the place in the file sent."""
        if self.cells:
            return cell_ranges(map(_cell_name, self.cells))
        if self._is_in_file_sent():
            return text("template", "your_file", lang, cell=self.first.place.cell)
        is_whole = _is_about_file(self.first) and self.first.is_error
        sheet = "" if is_whole else self.first.place.sheet
        return sheet or text("template", "whole_file", lang)

    def _is_in_file_sent(self) -> bool:
        """Whether it stands in a cell of the file sent that the fresh form has not."""
        is_whole = _is_about_file(self.first) and self.first.is_error
        return bool(self.first.place.cell) and not self.cells and not is_whole

    def place_text(self, lang: str) -> str:
        """Return sheet and cells for a letter, or the cell in the file sent, or the whole file."""
        if self.cells:
            return text("template", "place", lang, sheet=self.sheet, cells=self.cells_text(lang))
        if self._is_in_file_sent():
            return text("template", "sent_place", lang, cell=self.first.place.cell)
        return self.cells_text(lang)

    def message(self) -> Message:
        """Return what is wrong and what to do, each distinct text once."""
        return Message(
            *map(_distinct_texts, zip(*(mark.message for mark in self.marks), strict=True))
        )


def _distinct_texts(words: Sequence[str]) -> str:
    distinct = list(dict.fromkeys(words))
    excerpt = distinct[:_MAX_TEXTS] + ["…"] * (len(distinct) > _MAX_TEXTS)
    return clip("\n".join(excerpt), _MAX_LENGTH)


def group_marks(marks: Sequence[Mark], sheets: Mapping[str, SheetPlan]) -> tuple[FindingGroup, ...]:
    """Return the findings in groups of one code and column, errors first, then by position."""
    fresh_cells = fresh_places(sheets)
    order = {name: number for number, name in enumerate(sheets)}
    groups: dict[tuple[object, ...], list[Mark]] = {}
    for mark in marks:
        column_key = mark.key and fresh_cells.get(mark.key) and (mark.key[0], mark.key[2])
        field = mark.finding.params.get("field") if _is_about_file(mark.finding) else None
        location = column_key or (field or mark.finding.place,)
        groups.setdefault((mark.finding.severity, mark.finding.code, *location), []).append(mark)
    result = [_build_group(members, fresh_cells) for members in groups.values()]
    return tuple(sorted(result, key=lambda group: _sort_key(group, order)))


def _build_group(
    marks: list[Mark], fresh_cells: Mapping[CellKey, tuple[str, CellPlan]]
) -> FindingGroup:
    keys = [
        key
        for mark in marks
        for key in (mark.cells if _is_about_file(mark.finding) else (mark.key,))
    ]
    placed_cells = [fresh_cells[key] for key in dict.fromkeys(keys) if key and key in fresh_cells]
    cells = tuple(sorted((cell for _, cell in placed_cells), key=lambda cell: cell.row))
    return FindingGroup(tuple(marks), cells, placed_cells[0][0] if placed_cells else "")


def _sort_key(group: FindingGroup, order: Mapping[str, int]) -> tuple[bool, int, int, int]:
    """Return the sort key: errors first, those of the whole file before those of a cell."""
    cell = group.cells[0] if group.cells else None
    position = (cell.row, cell.column) if cell else (0, 0)
    return (not group.first.is_error, order.get(group.sheet, -1), *position)
