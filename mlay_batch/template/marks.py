"""The returned form: findings of the branch's own file marked on a fresh template.

A finding names cells of the file that was sent. The fresh form holds the same values at other
places, so each cell is found again by what it holds: section, record, field.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.hyperlink import Hyperlink

from mlay_batch.findings import Finding, Place, Severity
from mlay_batch.layout import CellPlan, SheetPlan
from mlay_batch.messages import Message, explain, text
from mlay_batch.records import Row
from mlay_batch.schema.records import Form
from mlay_batch.template.book import Book, height, lay_out, lines, protect, set_widths
from mlay_batch.template.context import Context, Key

_TONE = {Severity.ERROR: "bad", Severity.WARNING: "watch"}
_WIDTHS = {1: 5, 2: 17, 3: 26, 4: 20, 5: 50, 6: 50}
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
        if finding.severity in _TONE:
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
                found[cell] = _TONE[mark.finding.severity]
    return found


def notes(marks: Sequence[Mark], lang: str) -> Mapping[Key, str]:
    """Return the note of each cell a finding stands at, errors first."""
    found: dict[Key, list[str]] = {}
    for mark in sorted(marks, key=lambda mark: not mark.finding.is_error):
        if mark.at:
            level = text("template", mark.finding.severity, lang)
            found.setdefault(mark.at, []).append(f"{level}: {mark.message}")
    return {key: "\n".join(dict.fromkeys(words)) for key, words in found.items()}


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
            return ", ".join(_runs(self.cells))
        if self.first.place.cell:
            return text("template", "your_file", lang, cell=self.first.place.cell)
        return self.first.place.sheet or text("template", "whole_file", lang)

    def told(self) -> Message:
        """Return what is wrong and what to do, each different wording once."""
        what = list(dict.fromkeys(mark.message.what for mark in self.marks))
        if len(what) > _MOST_TEXTS:
            what = [*what[:_MOST_TEXTS], "…"]
        fixes = dict.fromkeys(mark.message.fix for mark in self.marks)
        return Message("\n".join(what), next(iter(fixes)))


def _runs(cells: Sequence[CellPlan]) -> Iterator[str]:
    """Yield runs of neighbouring rows of one column."""
    letter = get_column_letter(cells[0].column)
    rows = sorted({cell.row for cell in cells})
    start = rows[0]
    for row, following in zip(rows, [*rows[1:], None], strict=True):
        if following != row + 1:
            yield f"{letter}{start}" if row == start else f"{letter}{start}–{letter}{row}"
            start = following or row


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
    found = [places[mark.at] for mark in marks if mark.at in places]
    cells = tuple(sorted((cell for _, cell in found), key=lambda cell: cell.row))
    return Group(tuple(marks), cells, found[0][0] if found else "")


def _position(group: Group, order: Mapping[str, int]) -> tuple[bool, int, int, int]:
    """Errors first; those of the whole file before those of a cell."""
    cell = group.cells[0] if group.cells else None
    at = (cell.row, cell.column) if cell else (0, 0)
    return (not group.first.is_error, order.get(group.sheet, -1), *at)


def write_errors(book: Book, groups: Sequence[Group], form: Form, context: Context,
                 lang: str) -> None:  # fmt: skip
    """Write the sheet "Lỗi cần sửa": one line a group, its cell a link."""
    sheet = book.sheet(text("template", "errors_sheet", lang))
    row = _opening(book, sheet.title, groups, context, lang)
    keys = ("number", "severity", "field", "cell", "what", "fix")
    row += 1
    for column, key in enumerate(keys, 1):
        book.say(sheet, row, column, text("template", f"column_{key}", lang), "head")
    head = row
    for number, group in enumerate(groups, 1):
        row += 1
        message = group.told()
        level = text("template", group.first.severity, lang)
        words = [str(number), level, _field(group, form, lang), group.where(lang)]
        words += [message.what, message.fix]
        linked = "link" if group.cells else "center"
        tone = f"entry {_TONE[group.first.severity]} flat"
        styles = ["number", tone, "entry", linked, "entry", "entry"]
        for column, (word, style) in enumerate(zip(words, styles, strict=True), 1):
            book.say(sheet, row, column, word, style)
        if group.cells:
            _link(book, sheet.title, row, group)
        needed = max(map(lines, words, (width - 1 for width in _WIDTHS.values())))
        sheet.row_dimensions[row].height = height(needed)
    set_widths(sheet, _WIDTHS)
    lay_out(sheet, "landscape", sheet.title, f"A1:F{row}")
    sheet.print_title_rows = f"{head}:{head}"
    sheet.freeze_panes = sheet.cell(head + 1, 1)
    protect(sheet)


def _opening(book: Book, title: str, groups: Sequence[Group], context: Context, lang: str) -> int:
    sheet = book.workbook[title]
    errors = sum(len(group.marks) for group in groups if group.first.is_error)
    warnings = sum(len(group.marks) for group in groups) - errors
    period = context.period.title(lang) if context.period else ""
    whose = text("template", "errors_whose", lang, branch=context.branch_name, period=period)
    opening = (
        (text("template", "errors_title", lang), "title"),
        (whose.strip(" ·"), "subtitle"),
        (text("template", "errors_count", lang, errors=errors, warnings=warnings), "plain"),
        (text("template", "errors_how", lang), "note"),
    )
    for row, (words, style) in enumerate(opening, 1):
        book.say(sheet, row, 1, words, style, len(_WIDTHS))
        needed = lines(words, sum(_WIDTHS.values()))
        sheet.row_dimensions[row].height = height(needed, 16 if style == "title" else 13)
    return len(opening)


def _field(group: Group, form: Form, lang: str) -> str:
    at = group.marks[0].at
    if at:
        return f"{form.title_of(at[0], lang)}: {form.title_of(f'{at[0]}.{at[2]}', lang)}"
    path = group.first.params.get("field")
    return form.title_of(path, lang) if isinstance(path, str) else ""


def _link(book: Book, title: str, row: int, group: Group) -> None:
    cell = book.workbook[title].cell(row, 4)
    target = group.cells[0]
    place = f"{quote_sheetname(group.sheet)}!{get_column_letter(target.column)}{target.row}"
    book.workbook[title]._hyperlinks.append(
        Hyperlink(ref=cell.coordinate, location=place, display=str(cell.value))
    )
