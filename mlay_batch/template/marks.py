"""The returned form: findings of the branch's own file marked on a fresh template.

A finding names cells of the file that was sent. The fresh form holds the same values at other
places, so each cell is found again by what it holds: section, record, field.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from openpyxl.utils import get_column_letter

from mlay_batch.excel.text import clip
from mlay_batch.findings import Finding, Param, Place, Severity, grouped_cells, split_cell
from mlay_batch.layout import CellPlan, SheetPlan
from mlay_batch.messages import Message, explain, text
from mlay_batch.records import Row
from mlay_batch.schema.records import Form, Section
from mlay_batch.template.context import Key

TONE_OF = {Severity.ERROR: "bad", Severity.WARNING: "watch"}
_OF_THE_FILE = "RIL"  # first letters of codes about a file as a whole
_LOST = frozenset({"R22", "R23", "R27", "R32", "R33"})
"""What stood there was not taken: a form sent back without filling it in again must not pass."""
UNKNOWN = "?"  # no value of any field: the reader refuses it wherever it stands
_LONGEST = 900  # characters of a note or a line: what was typed may be a whole page
_MOST_TEXTS = 3  # of one group of findings; each says the same with other figures


@dataclass(frozen=True)
class Mark:
    """A finding told to the branch: its own cell in the fresh form, all cells to colour."""

    finding: Finding
    message: Message
    at: Key | None
    cells: tuple[Key, ...]


def resolve(findings: Sequence[Finding], rows: Sequence[Row], form: Form,
            sheets: Mapping[str, SheetPlan], lang: str) -> tuple[Mark, ...]:  # fmt: skip
    """Return the findings with their places in the fresh form; trials are not told to branches.

    What is wrong with a file as a whole stands at no cell here: the form itself sets it right. A
    field that was not found (R26, R27) is to be filled in wherever its section has a row, a section
    that was not found in its first row.
    """
    known = _by_cell(rows)
    there = places(sheets)
    sections = {section.id: section for section in form.sections}
    cards = {name for name, section in sections.items() if section.layout == "card"}

    def key(place: Place) -> Key | None:
        return known.get((place.sheet, place.cell)) if place.cell else None

    found = []
    for finding in findings:
        if finding.severity in TONE_OF:
            if _of_the_file(finding):
                cells = _unread(finding, rows, sections)
                at = cells[0] if cells else None
            else:
                at = key(finding.place) or _by_field(finding, cards)
                cells = [at, *map(key, finding.marks)]
            unique = tuple(dict.fromkeys(cell for cell in cells if cell))
            told = replace(finding, params=_moved(finding, at, unique, rows, there))
            message = explain(told, form, lang, returned=True)
            found.append(Mark(finding, message, at, unique))
    return tuple(found)


def _of_the_file(finding: Finding) -> bool:
    return finding.code[0] in _OF_THE_FILE


def _unread(
    finding: Finding, rows: Sequence[Row], sections: Mapping[str, Section]
) -> list[Key | None]:
    """Return the cells of what was not found: a field in the rows of its section that held it, as
    far as the finding marks them; of a whole section the first cell to fill in, of a card all
    where something else than words belongs.
    """
    name, _, field = str(finding.params.get("field") or "").partition(".")
    section = sections.get(name)
    if section is None:
        return []
    if section.layout == "card":
        fields = [field] if field else [e.id for e in section.fields if e.type != "text"]
        return [(name, 0, one) for one in fields]
    if not field:
        return [(name, 0, next((e for e in section.fields if e.required), section.fields[0]).id)]
    numbers = {at[1] for mark in finding.marks if (at := split_cell(mark.cell))}
    alike = [row.number for row in rows if row.section == name]
    return [(name, at, field) for at, row in enumerate(alike) if not numbers or row in numbers]


def places(sheets: Mapping[str, SheetPlan]) -> Mapping[Key, tuple[str, CellPlan]]:
    """Return sheet and cell of every value in the fresh form."""
    return {
        (cell.section, cell.record, cell.field): (name, cell)
        for name, sheet in sheets.items()
        for cell in sheet.cells
        if cell.role == "value"
    }


def _moved(finding: Finding, at: Key | None, cells: Sequence[Key], rows: Sequence[Row],
           there: Mapping[Key, tuple[str, CellPlan]]) -> Mapping[str, Param]:  # fmt: skip
    """Return the finding's figures with rows, columns and cells as they are in the fresh form.

    A message names row 40 of the file sent; the same line may stand in row 33 here.
    """
    params = dict(finding.params)
    if at is None or at not in there:
        return params
    alike = [row.number for row in rows if row.section == at[0]]
    if params.get("row") in alike:
        record = alike.index(int(str(params["row"])))
        params["row"] = there[at[0], record, at[2]][1].row
    if "column" in params:
        params["column"] = get_column_letter(there[at][1].column)
    if "cells" in params:
        params["cells"] = grouped_cells(_name(there[key][1]) for key in cells if key in there)
    return params


def _name(cell: CellPlan) -> str:
    return f"{get_column_letter(cell.column)}{cell.row}"


def _by_cell(rows: Sequence[Row]) -> Mapping[tuple[str, str], Key]:
    counts: dict[str, int] = {}
    found: dict[tuple[str, str], Key] = {}
    for row in rows:
        record = counts.get(row.section, 0)
        counts[row.section] = record + 1
        for field, cell in row.cells.items():
            found[row.sheet, cell] = (row.section, record, field)
    return found


def _by_field(finding: Finding, cards: set[str]) -> Key | None:
    """Return the cell of a card's field that a finding names where it has no known cell."""
    section, _, field = str(finding.params.get("field") or "").partition(".")
    return (section, 0, field) if section in cards and field else None


def tones(marks: Sequence[Mark]) -> Mapping[Key, str]:
    """Return the tone of each cell to colour; an error outweighs a warning."""
    found: dict[Key, str] = {}
    for mark in marks:
        for cell in mark.cells:
            if mark.finding.is_error or cell not in found:
                found[cell] = TONE_OF[mark.finding.severity]
    return found


def as_typed(marks: Sequence[Mark]) -> dict[Key, str]:
    """Return what was typed into cells that hold no usable value: nobody types it twice.

    Where what was typed could not be told, a question mark stands.
    """
    lost = {cell: UNKNOWN for mark in marks if _is_lost(mark.finding) for cell in mark.cells}
    typed = {
        mark.at: value
        for mark in marks
        if mark.at and isinstance(value := mark.finding.params.get("value"), str)
    }
    return lost | typed | _strays_as_typed(marks)


def _strays_as_typed(marks: Sequence[Mark]) -> dict[Key, str]:
    """Return what was typed into the cells of rows that are told as a whole (F17)."""
    return {
        (mark.at[0], mark.at[1], name.removeprefix("typed.")): str(value)
        for mark in marks
        if mark.at
        for name, value in mark.finding.params.items()
        if name.startswith("typed.")
    }


def _is_lost(finding: Finding) -> bool:
    """Whether something stood there that was not taken; under a heading exchanged (R32), only
    where the finding marks cells that held something.
    """
    return finding.code in _LOST and bool(finding.code != "R32" or finding.marks)


def notes(marks: Sequence[Mark], lang: str) -> Mapping[Key, str]:
    """Return the note of each cell a finding stands at, errors first."""
    found: dict[Key, list[str]] = {}
    for mark in sorted(marks, key=lambda mark: not mark.finding.is_error):
        if mark.at:
            level = text("template", mark.finding.severity, lang)
            found.setdefault(mark.at, []).append(f"{level}: {mark.message}")
    return {key: clip("\n".join(dict.fromkeys(words)), _LONGEST) for key, words in found.items()}


@dataclass(frozen=True)
class Group:
    """Findings of one code in one column: one line of the list."""

    marks: tuple[Mark, ...]
    cells: tuple[CellPlan, ...]
    sheet: str

    @property
    def first(self) -> Finding:
        """The finding that stands for all."""
        return self.marks[0].finding

    def where(self, lang: str) -> str:
        """Return the cells as people write them: "C12–C15, C20"."""
        if self.cells:
            return grouped_cells(map(_name, self.cells))
        if _of_the_file(self.first) and self.first.is_error:
            return text("template", "whole_file", lang)
        if self.first.place.cell:
            return text("template", "your_file", lang, cell=self.first.place.cell)
        return self.first.place.sheet or text("template", "whole_file", lang)

    def place(self, lang: str) -> str:
        """Return sheet and cells as a letter names them, or what the line is about without any."""
        cells = self.where(lang)
        if not self.cells:
            return cells
        return text("template", "place", lang, sheet=self.sheet, cells=cells)

    def told(self) -> Message:
        """Return what is wrong and what to do, each different wording once."""
        return Message(*map(_each, zip(*(mark.message for mark in self.marks), strict=True)))


def _each(words: Sequence[str]) -> str:
    different = list(dict.fromkeys(words))
    shown = different[:_MOST_TEXTS] + ["…"] * (len(different) > _MOST_TEXTS)
    return clip("\n".join(shown), _LONGEST)


def grouped(marks: Sequence[Mark], sheets: Mapping[str, SheetPlan]) -> tuple[Group, ...]:
    """Return the findings in groups of one code and column, errors first, then as they stand."""
    there = places(sheets)
    order = {name: number for number, name in enumerate(sheets)}
    groups: dict[tuple[object, ...], list[Mark]] = {}
    for mark in marks:
        column = mark.at and there.get(mark.at) and (mark.at[0], mark.at[2])
        beside = mark.finding.params.get("field") if _of_the_file(mark.finding) else None
        where = column or (beside or mark.finding.place,)
        groups.setdefault((mark.finding.severity, mark.finding.code, *where), []).append(mark)
    made = [_group(found, there) for found in groups.values()]
    return tuple(sorted(made, key=lambda group: _position(group, order)))


def _group(marks: list[Mark], there: Mapping[Key, tuple[str, CellPlan]]) -> Group:
    keys = [
        key for mark in marks for key in (mark.cells if _of_the_file(mark.finding) else (mark.at,))
    ]
    found = [there[key] for key in dict.fromkeys(keys) if key and key in there]
    cells = tuple(sorted((cell for _, cell in found), key=lambda cell: cell.row))
    return Group(tuple(marks), cells, found[0][0] if found else "")


def _position(group: Group, order: Mapping[str, int]) -> tuple[bool, int, int, int]:
    """Errors first; those of the whole file before those of a cell."""
    cell = group.cells[0] if group.cells else None
    at = (cell.row, cell.column) if cell else (0, 0)
    return (not group.first.is_error, order.get(group.sheet, -1), *at)
