"""Reports what stands outside of all fields, so that nothing is lost silently."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from mlay_batch.core.findings import Finding, Param, Place, Severity
from mlay_batch.core.period import Period
from mlay_batch.core.styles import FONT
from mlay_batch.core.text import clean, name_key
from mlay_batch.reader.cell_metadata import CellPosition, Drawing, a1
from mlay_batch.reader.grid import ErrorCell, RawValue, Sheet, is_marker
from mlay_batch.reader.section_finder import Block, FormTexts
from mlay_batch.reader.values import display_text, is_blank
from mlay_batch.schema.layout import HEADER, field_of_line
from mlay_batch.schema.model import Form

_PAGE_WORDS = re.compile(r"(?:\b(?:trang|page|tờ|số|of|trên)\b|[\W\d_])*", re.IGNORECASE)
"""A number of the page or a bare date: office programs write them by themselves."""
_FONT_LEFT = re.compile(rf'"?{re.escape(FONT)},Italic" *')  # Gnumeric writes this code as words
_MAX_FINDINGS = 200  # of a sheet; the rest, such as a page pasted beside the form, is one more

_UNCALCULATED = "=…"  # a formula without a stored result
UnexpectedCells = dict[CellPosition, RawValue]


def find_unexpected(
    sheet: Sheet, blocks: Sequence[Block], form_texts: FormTexts, file_texts: frozenset[str]
) -> Iterator[Finding]:
    """Yield a finding for each cell that is neither read nor a text of the template.

    `file_texts` are the texts the template wrote into this file alone. One that is also a choice
    counts only above all sections, in the letterhead: an office may have the name of a choice.

    Warning C26: other words in place of a heading whose marker is there, also the template's from
    elsewhere. Error C19: elsewhere inside a section or right below it (where rows beyond the table
    go). Warning C20: elsewhere on the form's sheets. Warning C21, once: another sheet with
    anything on it. A running number may be any number, since rows get renumbered, but not words.
    """
    unexpected = _unexpected_cells(sheet, blocks, form_texts, file_texts)
    if not blocks:
        if unexpected:
            yield _finding("C21", Severity.WARNING, sheet, min(unexpected), count=len(unexpected))
        return
    for block in blocks:
        # a remark beside the header's values, which are locked, does no harm
        for position in (
            sorted(_cells_in_section(block, unexpected)) if block.section is not HEADER else ()
        ):
            raw = unexpected.pop(position)
            yield _retyped_heading(sheet, block, position, raw) or _finding(
                "C19", Severity.ERROR, sheet, position, field=block.section.id
            )
    for position in sorted(unexpected)[:_MAX_FINDINGS]:
        value = display_text(unexpected[position]) or _UNCALCULATED
        yield _finding("C20", Severity.WARNING, sheet, position, value=value)
    if len(unexpected) > _MAX_FINDINGS:
        next_position = sorted(unexpected)[_MAX_FINDINGS]
        yield _finding(
            "C21", Severity.WARNING, sheet, next_position, count=len(unexpected) - _MAX_FINDINGS
        )


def find_unread(
    sheet: Sheet, form_texts: FormTexts, file_texts: frozenset[str]
) -> Iterator[Finding]:
    """Yield a warning R45 for a hidden sheet with anything on it, and what lies over its cells."""
    if unexpected := _unexpected_cells(sheet, (), form_texts, file_texts):
        first = a1(min(unexpected))
        yield _finding(
            "R45", Severity.WARNING, sheet, min(unexpected), count=len(unexpected), cell=first
        )
    yield from find_drawings(sheet)


def _retyped_heading(
    sheet: Sheet, block: Block, position: CellPosition, raw: RawValue
) -> Finding | None:
    """Return a warning C26 for words in place of a heading; figures are no heading."""
    text = display_text(raw)
    if position not in block.headings or not isinstance(raw, str) or text[:1].isdigit():
        return None
    path = f"{block.section.id}.{field_of_line(block.headings[position])}"
    return _finding("C26", Severity.WARNING, sheet, position, field=path, value=text)


def find_out_of_range(sheet: Sheet) -> Iterator[Finding]:
    """Yield one warning R11 for the filled cells beyond the limits."""
    if positions := sheet.metadata.out_of_range:
        yield _finding("R11", Severity.WARNING, sheet, positions[0], count=len(positions))


def find_notes(sheet: Sheet, file_texts: frozenset[str]) -> Iterator[Finding]:
    """Yield a warning C28 for each comment that the program did not write.

    A comment is not content, but its author wants it to be read.
    """
    for position, note in sorted(sheet.metadata.notes.items())[:_MAX_FINDINGS]:
        if clean(note) and name_key(note) not in file_texts:
            yield _finding("C28", Severity.WARNING, sheet, position, value=clean(note))


def find_drawings(sheet: Sheet) -> Iterator[Finding]:
    """Yield a warning C34 for each drawing with words, such as a text box: they are not read.

    Of the others one R35 (pictures, drawn lines), one R36 (embedded objects, charts, controls).
    """
    drawings = sheet.metadata.drawings
    texts = [drawing for drawing in drawings if clean(drawing.text)][:_MAX_FINDINGS]
    for drawing in texts:
        yield _drawing_finding("C34", sheet, drawing, value=clean(drawing.text))
    for code, is_object in (("R35", False), ("R36", True)):
        others = [d for d in drawings if not clean(d.text) and d.is_object is is_object]
        if others:
            first = min(others, key=lambda drawing: drawing.position or (0, 0))
            yield _drawing_finding(code, sheet, first, count=len(others))


def _drawing_finding(code: str, sheet: Sheet, drawing: Drawing, **params: Param) -> Finding:
    cell = a1(drawing.position) if drawing.position else ""
    return Finding(code, Severity.WARNING, Place("", sheet.title, cell), params)


def find_page_texts(sheet: Sheet, form: Form, file_texts: frozenset[str]) -> Iterator[Finding]:
    """Yield a warning R34 for words in header and footer that are not the template's."""
    for words in (_FONT_LEFT.sub("", clean(text)) for text in sheet.metadata.page_texts):
        is_expected = (
            _PAGE_WORDS.fullmatch(words)
            or _is_template_footer(words, form)
            or name_key(words) in {*file_texts, name_key(sheet.title)}
        )
        if not is_expected:
            yield Finding("R34", Severity.WARNING, Place("", sheet.title), {"value": words})


def _is_template_footer(words: str, form: Form) -> bool:
    """Whether it is the template's "Mẫu meeting 2018.1 · CB-09 · Tháng 11 năm 2019", any language.

    A child process does not load the texts of the template for it.
    """
    name = re.escape(f"{form.form} {form.version}")
    match = re.fullmatch(rf"\w+ {name}(?: · [A-Z0-9-]+)?(?: · (.+))?", words)
    period = match[1] if match else None
    return match is not None and bool(not period or Period.parse_informal(period))


def _finding(
    code: str, severity: Severity, sheet: Sheet, position: CellPosition, **params: Param
) -> Finding:
    return Finding(code, severity, Place("", sheet.title, a1(position)), params)


def _unexpected_cells(
    sheet: Sheet, blocks: Sequence[Block], form_texts: FormTexts, file_texts: frozenset[str]
) -> UnexpectedCells:
    top = min((block.bounds[0] for block in blocks), default=0)
    right = max((block.bounds[3] for block in blocks), default=0)
    choices = form_texts.choice_texts if blocks else frozenset()
    fixed = form_texts.fixed_texts | (file_texts - choices)
    fixed_above = fixed | (file_texts & choices)
    read_cells: set[CellPosition] = set().union(*(block.template_cells for block in blocks))
    read_cells.update(*(record.values() for block in blocks for record in block.records))
    heading_texts = {
        position: form_texts.heading_texts[block.section.id, name]
        for block in blocks
        for position, name in block.headings.items()
        if block.section is not HEADER
    }

    def expected_texts(position: CellPosition) -> frozenset[str]:
        is_above = position[0] < top and position[1] <= right
        return heading_texts.get(position) or (fixed_above if is_above else fixed)

    return {
        position: raw
        for position, raw in sheet.filled_cells.items()
        if position not in read_cells
        and not _is_template_text(raw, expected_texts(position))
        and not is_blank(raw)
    }


def _is_template_text(raw: RawValue, template_keys: frozenset[str]) -> bool:
    if isinstance(raw, ErrorCell):
        return False
    text = raw if isinstance(raw, str) else display_text(raw)
    return name_key(text) in template_keys or is_marker(text)


def _cells_in_section(
    block: Block, unexpected: Mapping[CellPosition, RawValue]
) -> Iterator[CellPosition]:
    """Yield unexpected cells within the section, then row by row below it until a row has none."""
    top, first_column, bottom, last_column = block.bounds
    rows: dict[int, list[CellPosition]] = {}
    for position in unexpected:
        if first_column <= position[1] <= last_column:
            rows.setdefault(position[0], []).append(position)
    for row in range(top, bottom + 1):
        yield from rows.get(row, ())
    row = bottom + 1
    while row in rows:
        yield from rows[row]
        row += 1
