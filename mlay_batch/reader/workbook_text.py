"""A workbook as its reader sees it, cell by cell: to compare two of them."""

from __future__ import annotations

from collections.abc import Mapping

from mlay_batch.reader.cell_metadata import Limits, UnreadableError, a1
from mlay_batch.reader.grid import ErrorCell, RawValue, read_sheets
from mlay_batch.reader.preflight import open_package
from mlay_batch.reader.values import display_text

UNCALCULATED = "=…"  # a formula whose value the program that saved the file did not store
_DIGITS = 12  # of a number; the last ones differ between office programs


def cell_texts(data: bytes, limits: Limits) -> Mapping[str, Mapping[str, str]] | None:
    """Return the text shown in each cell, by sheet and cell, blank ones left out.

    Hidden sheets too; of a formula its stored value. None where the file cannot be read.
    """
    try:
        sheets = read_sheets(open_package(data, limits), limits)
    except UnreadableError:
        return None
    return {
        sheet.title: {
            a1(position): text
            for position, raw in sheet.filled_cells.items()
            if (text := _cell_text(raw))
        }
        for sheet in sheets
    }


def _cell_text(raw: RawValue) -> str:
    if isinstance(raw, ErrorCell) and raw.text is None:
        return UNCALCULATED
    return display_text(float(f"{raw:.{_DIGITS}g}") if isinstance(raw, float) else raw)
