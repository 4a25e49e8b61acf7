"""The hidden stamp of a workbook, and the sheets that are ours but hold nothing typed by people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mlay_batch import bundle
from mlay_batch.layout import LISTS_SHEET
from mlay_batch.reader.blocks import is_marker, only
from mlay_batch.reader.facts import UnreadableError
from mlay_batch.reader.grid import Raw, Sheet
from mlay_batch.records import Stamp

MARK = ("mark", "mlay-batch")
_SKIPPED = frozenset(("mlay:instructions", "mlay:errors"))


@dataclass(frozen=True, slots=True)
class Stamped:
    """A workbook's sheets sorted out: its stamp, the texts its template wrote for it alone, and
    the visible sheets where people type.
    """

    stamp: Stamp | None
    static: tuple[str, ...]
    sheets: tuple[Sheet, ...]


def sort_out(sheets: Sequence[Sheet]) -> Stamped:
    """Return the workbook sorted out. UnreadableError R31 where there are two stamps in it."""
    stamps = [sheet for sheet in sheets if sheet.rows[:1] and tuple(sheet.rows[0][:2]) == MARK]
    if len(stamps) > 1:
        raise UnreadableError("R31", stamps[1].title)
    found = only(stamps)
    pairs = [(row[0], _text(row[1])) for row in found.rows if len(row) > 1] if found else []
    told = dict(pairs)
    stamp = Stamp(*(told.get(key, "") for key in ("form", "version", "branch", "period")))
    static = tuple(value for key, value in pairs if key == "static")
    kept = _carried if stamp.form == bundle.FORM else _for_people
    typed = tuple(sheet for sheet in sheets if sheet is not found and kept(sheet))
    return Stamped(stamp if found else None, static, typed)


def _carried(sheet: Sheet) -> bool:
    """Whether it is a data sheet of a consolidated workbook: the figures are computed anew."""
    return any(isinstance(raw, str) and is_marker(raw) for row in sheet.rows for raw in row)


def _for_people(sheet: Sheet) -> bool:
    if not sheet.visible or sheet.title == LISTS_SHEET:
        return False
    return all(_SKIPPED.isdisjoint(row[:3]) for row in sheet.rows)


def _text(raw: Raw) -> str:
    return f"{raw:.15g}" if isinstance(raw, float) else str(raw)
