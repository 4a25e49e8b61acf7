"""A workbook as its reader sees it, cell by cell: to compare two of them."""

from __future__ import annotations

from collections.abc import Mapping

from mlay_batch.reader.facts import Limits, UnreadableError, a1
from mlay_batch.reader.grid import Fault, Raw, sheets_of
from mlay_batch.reader.preflight import open_package
from mlay_batch.reader.values import shown

UNCALCULATED = "=…"  # a formula whose value the program that saved the file did not store
_DIGITS = 12  # of a number; the last ones differ between office programs


def contents(data: bytes, limits: Limits) -> Mapping[str, Mapping[str, str]] | None:
    """Return the text shown in each cell, by sheet and cell, blank ones left out.

    Hidden sheets too; of a formula its stored value. None where the file cannot be read.
    """
    try:
        sheets = sheets_of(open_package(data, limits), limits)
    except UnreadableError:
        return None
    return {
        sheet.title: {a1(spot): text for spot, raw in sheet.filled.items() if (text := _text(raw))}
        for sheet in sheets
    }


def _text(raw: Raw) -> str:
    if isinstance(raw, Fault) and raw.text is None:
        return UNCALCULATED
    return shown(float(f"{raw:.{_DIGITS}g}") if isinstance(raw, float) else raw)
