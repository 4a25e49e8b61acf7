"""Reads the hidden stamp of a workbook; guesses the template's texts where it is lost.

The stamp lists the texts that the template wrote for one branch and period. Without it they are
guessed from the form, the header and their position; any other text counts as typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mlay_batch.core.messages import text
from mlay_batch.core.period import Period
from mlay_batch.core.text import clean, name_key
from mlay_batch.core.xml_parser import UnreadableError
from mlay_batch.model.records import HeaderValue, Stamp
from mlay_batch.reader.grid import RawValue, Sheet, is_marker
from mlay_batch.reader.section_finder import Block, find_markers, single
from mlay_batch.schema.ids import ROLLUP
from mlay_batch.schema.instructions import instructions
from mlay_batch.schema.layout import CODE_SEPARATOR, LISTS_SHEET
from mlay_batch.schema.model import Form

STAMP_MARK = ("mark", "mlay-batch")
_LANGUAGES = ("vi", "en")
_GAP = "\0"


@dataclass(frozen=True, slots=True)
class StampedWorkbook:
    """A workbook's stamp and the sheets to read."""

    stamp: Stamp | None
    template_texts: tuple[str, ...]
    """Texts the template wrote for this workbook alone."""
    sheets: tuple[Sheet, ...]
    """Sheets where people type, hidden ones if a section is there only; of a roll-up its data."""
    hidden_sheets: tuple[Sheet, ...] = ()
    """The other hidden sheets that the program did not write; of a roll-up none."""


def read_stamp(sheets: Sequence[Sheet]) -> StampedWorkbook:
    """Find the stamp and the sheets to read. UnreadableError R31 where there are two stamps."""
    stamp_sheets = [
        sheet for sheet in sheets if sheet.rows[:1] and tuple(sheet.rows[0][:2]) == STAMP_MARK
    ]
    if len(stamp_sheets) > 1:
        raise UnreadableError("R31", stamp_sheets[1].title)
    stamp_sheet = single(stamp_sheets)
    pairs = (
        [(row[0], _stamp_text(row[1])) for row in stamp_sheet.rows if len(row) > 1]
        if stamp_sheet
        else []
    )
    values = dict(pairs)
    form, version, branch, period = (
        values.get(key, "") for key in ("form", "version", "branch", "period")
    )
    switches = tuple(value for key, value in pairs if key == "switch")
    stamp = Stamp(form, version, branch, period, switches)
    template_texts = tuple(value for key, value in pairs if key == "static")
    other_sheets = tuple(sheet for sheet in sheets if sheet is not stamp_sheet)
    if stamp.form == ROLLUP:
        data_sheets = tuple(filter(_is_data_sheet, other_sheets))
        return StampedWorkbook(stamp, template_texts, data_sheets)
    form_sheets = _form_sheets(other_sheets)
    read_titles = {sheet.title for sheet in form_sheets}
    others = filter(_is_form_sheet, other_sheets)
    hidden_sheets = tuple(sheet for sheet in others if sheet.title not in read_titles)
    return StampedWorkbook(
        stamp if stamp_sheet else None, template_texts, form_sheets, hidden_sheets
    )


def _is_data_sheet(sheet: Sheet) -> bool:
    """Whether a sheet of a consolidated workbook has data; its figures are computed anew."""
    return any(isinstance(raw, str) and is_marker(raw) for row in sheet.rows for raw in row)


def _form_sheets(sheets: Sequence[Sheet]) -> tuple[Sheet, ...]:
    """Return the visible sheets where people type, and hidden ones with other sections.

    A hidden sheet with a section that a visible one has too is a copy, and does not count.
    """
    form_sheets = tuple(filter(_is_form_sheet, sheets))
    visible_markers = find_markers(sheet for sheet in form_sheets if sheet.is_visible)

    def has_other_sections(sheet: Sheet) -> bool:
        markers = find_markers([sheet])
        return bool(markers) and markers.keys().isdisjoint(visible_markers)

    return tuple(sheet for sheet in form_sheets if sheet.is_visible or has_other_sections(sheet))


def _is_form_sheet(sheet: Sheet) -> bool:
    return sheet.title != LISTS_SHEET


def _stamp_text(raw: RawValue) -> str:
    return f"{raw:.15g}" if isinstance(raw, float) else str(raw)


def guess_texts(
    form: Form, blocks: Sequence[Block], header: Mapping[str, HeaderValue]
) -> Iterator[str]:
    """Yield the texts of the instruction sheet and of the letterhead above the sections."""
    period = Period.parse_informal(clean(header["period"].text)) if "period" in header else None
    for lang in _LANGUAGES:
        for due_in_letter in (False, True):
            for _, texts in instructions(form, period, lang, due_in_letter=due_in_letter):
                yield from texts
    unit = header["branch"].text.partition(CODE_SEPARATOR)[2] if "branch" in header else ""
    top_blocks = {block.sheet.title: block for block in reversed(blocks)}
    for block in top_blocks.values():
        if form.is_list:
            yield from _list_owner(form, block)
        else:
            yield from _heading_texts(block, name_key(unit))


def _list_owner(form: Form, block: Block) -> Iterator[str]:
    """Yield whose list it is: the words right above the title."""
    titles = {name_key(words) for words in (form.title.vi, form.title.en)}
    for (row, column), raw in block.sheet.filled_cells.items():
        if isinstance(raw, str) and row < block.bounds[0] and name_key(raw) in titles:
            yield str(block.sheet.value_at((row - 1, column)) or "")


def _heading_texts(block: Block, unit: str) -> Iterator[str]:
    """Yield the letterhead: the date line, the unit's name, the capitals right above it.

    Without a header card the unit is unknown; then any text in the date line's row is its name.
    """
    date_line = _date_line_pattern()
    cells_above = (
        (position, raw)
        for position, raw in block.sheet.filled_cells.items()
        if position[0] < block.bounds[0]
    )
    above = {position: raw for position, raw in cells_above if isinstance(raw, str)}
    date_rows = {row for (row, _), raw in above.items() if date_line.fullmatch(clean(raw))}
    for (row, column), raw in above.items():
        if date_line.fullmatch(clean(raw)):
            yield raw
        elif name_key(raw) == unit if unit else row in date_rows:
            yield raw
            superior = above.get((row - 1, column), "")
            yield superior if superior.isupper() else ""


def _date_line_pattern() -> re.Pattern[str]:
    """Return the pattern of a blank "Mường Lay, ngày ….. tháng ….. năm ……." of any place."""
    lines = [text("template", "heading_date", lang) for lang in _LANGUAGES]
    lines += [text("template", "heading_place", lang, place=_GAP) for lang in _LANGUAGES]
    return re.compile("|".join(".+".join(map(re.escape, line.split(_GAP))) for line in lines))
