"""Reads what is struck out or unseen in the texts of an .xls file.

Only xlrd knows the runs of texts; few files need it. It gets the stream alone, since it is stricter
about containers than Excel.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any

from mlay_batch.reader.cell_metadata import CellPosition, MetadataBuilder, StruckText
from mlay_batch.reader.text_runs import (
    BLACK,
    WHITE,
    Colour,
    Font,
    TextRun,
    odd_characters,
    split_struck,
)

_TWIPS = 20  # units of a font's size in a point
_AUTOMATIC = 64  # from here on colours are those of the system


def record_runs(stream: bytes, builders: Mapping[str, MetadataBuilder]) -> None:
    """Record what is struck out or odd, by title of the sheet.

    ValueError for what xlrd cannot read; for damaged records also other errors of its code.
    """
    import xlrd  # start-up of a child

    try:
        book = xlrd.open_workbook(
            file_contents=stream, formatting_info=True, ragged_rows=True, logfile=io.StringIO()
        )
    except xlrd.XLRDError as error:
        raise ValueError(str(error)) from error
    for sheet in book.sheets():
        if builder := builders.get(sheet.name):
            for position, runs, fill in _filled_cells(book, sheet):
                struck, odd = split_struck(runs), odd_characters(runs, fill)
                if struck.struck.strip():
                    builder.struck[position] = struck if struck.seen.strip() else StruckText()
                if odd:
                    builder.odd_characters[position] = odd if len(runs) > 1 else ""


def _filled_cells(
    book: Any, sheet: Any
) -> Iterator[tuple[CellPosition, list[TextRun], Colour | None]]:
    """Yield place, runs and colour behind the text of each filled cell."""
    for row in range(sheet.nrows):
        for column in range(sheet.row_len(row)):
            cell = sheet.cell(row, column)
            text = str(cell.value)
            if text.strip():
                cell_format = book.xf_list[cell.xf_index]
                starts = [(0, cell_format.font_index)]
                starts += sheet.rich_text_runlist_map.get((row, column), ())
                ends = [start for start, _ in starts[1:]] + [None]
                runs = [
                    TextRun([text[start:end]], _font(book, number))
                    for (start, number), end in zip(starts, ends, strict=True)
                ]
                yield (row + 1, column + 1), runs, _fill(book, cell_format.background)


def _font(book: Any, number: int) -> Font:
    font = book.font_list[number]
    colour = BLACK if font.colour_index >= _AUTOMATIC else _colour(book, font.colour_index)
    return Font(font.name, bool(font.struck_out), colour, font.height / _TWIPS, font.escapement > 0)


def _fill(book: Any, background: Any) -> Colour | None:
    if not background.fill_pattern:
        return WHITE
    is_automatic = background.pattern_colour_index >= _AUTOMATIC
    return None if is_automatic else _colour(book, background.pattern_colour_index)


def _colour(book: Any, index: int) -> Colour | None:
    rgb = book.colour_map.get(index)
    return Colour(*rgb) if rgb else None
