"""The returned form: findings of the branch's own file marked on a fresh template.

A finding names cells of the file that was sent. The fresh form holds the same values at other
places, so each cell is found again by what it holds: section, record, field.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from openpyxl.utils import get_column_letter

from mlay_batch.findings import Finding, Place, Severity, grouped_cells
from mlay_batch.layout import CellPlan, SheetPlan
from mlay_batch.messages import Message, explain, text
from mlay_batch.records import Row
from mlay_batch.schema.records import Form
from mlay_batch.template.book import clip
from mlay_batch.template.context import Key

TONE_OF = {Severity.ERROR: "bad", Severity.WARNING: "watch"}
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
            lang: str) -> tuple[Mark, ...]:  # fmt: skip
    """Return the findings with their places in the fresh form; trials are not told to branches."""
    known = _by_cell(rows)
    cards = {s.id for s in form.sections if s.layout == "card"}

    def key(place: Place) -> Key | None:
        return known.get((place.sheet, place.cell)) if place.cell else None

    found = []
    for finding in findings:
        if finding.severity in TONE_OF:
            at = key(finding.place) or _by_field(finding, cards)
            cells = [at, *(key(place) for place in finding.marks)]
            unique = dict.fromkeys(cell for cell in cells if cell)
            found.append(Mark(finding, explain(finding, form, lang), at, tuple(unique)))
    return tuple(found)


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


def as_typed(marks: Sequence[Mark]) -> Mapping[Key, str]:
    """Return what was typed into cells that hold no usable value: nobody types it twice."""
    return {
        mark.at: value
        for mark in marks
        if mark.at and isinstance(value := mark.finding.params.get("value"), str)
    }


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
            return grouped_cells(f"{get_column_letter(c.column)}{c.row}" for c in self.cells)
        if self.first.place.cell:
            return text("template", "your_file", lang, cell=self.first.place.cell)
        return self.first.place.sheet or text("template", "whole_file", lang)

    def told(self) -> Message:
        """Return what is wrong and what to do, each different wording once."""
        what = list(dict.fromkeys(mark.message.what for mark in self.marks))
        if len(what) > _MOST_TEXTS:
            what = [*what[:_MOST_TEXTS], "…"]
        fixes = dict.fromkeys(mark.message.fix for mark in self.marks)
        return Message(clip("\n".join(what), _LONGEST), clip(next(iter(fixes)), _LONGEST))


def grouped(marks: Sequence[Mark], sheets: Mapping[str, SheetPlan]) -> tuple[Group, ...]:
    """Return the findings in groups of one code and column, errors first, then as they stand."""
    places = {
        (cell.section, cell.record, cell.field): (name, cell)
        for name, sheet in sheets.items()
        for cell in sheet.cells
        if cell.role == "value"
    }
    order = {name: number for number, name in enumerate(sheets)}
    groups: dict[tuple[object, ...], list[Mark]] = {}
    for mark in marks:
        column = mark.at and places.get(mark.at) and (mark.at[0], mark.at[2])
        where = column or (mark.finding.place,)
        groups.setdefault((mark.finding.severity, mark.finding.code, *where), []).append(mark)
    made = [_group(found, places) for found in groups.values()]
    return tuple(sorted(made, key=lambda group: _position(group, order)))


def _group(marks: list[Mark], places: Mapping[Key, tuple[str, CellPlan]]) -> Group:
    found = [places[mark.at] for mark in marks if mark.at and mark.at in places]
    cells = tuple(sorted((cell for _, cell in found), key=lambda cell: cell.row))
    return Group(tuple(marks), cells, found[0][0] if found else "")


def _position(group: Group, order: Mapping[str, int]) -> tuple[bool, int, int, int]:
    """Errors first; those of the whole file before those of a cell."""
    cell = group.cells[0] if group.cells else None
    at = (cell.row, cell.column) if cell else (0, 0)
    return (not group.first.is_error, order.get(group.sheet, -1), *at)
