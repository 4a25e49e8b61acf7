"""The hidden stamp of a workbook, and the sheets that are ours but hold nothing typed by people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mlay_batch.model import rollup_form
from mlay_batch.model.records import Stamp
from mlay_batch.reader.cell_metadata import UnreadableError
from mlay_batch.reader.grid import RawValue, Sheet
from mlay_batch.reader.section_finder import is_marker, single
from mlay_batch.schema.layout import LISTS_SHEET

STAMP_MARK = ("mark", "mlay-batch")
_SKIP_MARKS = frozenset(("mlay:instructions", "mlay:errors"))


@dataclass(frozen=True, slots=True)
class StampedWorkbook:
    """A workbook's sheets sorted out: its stamp, the texts its template wrote for it alone, and
    the visible sheets where people type.
    """

    stamp: Stamp | None
    template_texts: tuple[str, ...]
    sheets: tuple[Sheet, ...]


def read_stamp(sheets: Sequence[Sheet]) -> StampedWorkbook:
    """Return the workbook sorted out. UnreadableError R31 where there are two stamps in it."""
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
    stamp = Stamp(*(values.get(key, "") for key in ("form", "version", "branch", "period")))
    template_texts = tuple(value for key, value in pairs if key == "static")
    is_relevant = _is_data_sheet if stamp.form == rollup_form.FORM else _is_form_sheet
    form_sheets = tuple(
        sheet for sheet in sheets if sheet is not stamp_sheet and is_relevant(sheet)
    )
    return StampedWorkbook(stamp if stamp_sheet else None, template_texts, form_sheets)


def _is_data_sheet(sheet: Sheet) -> bool:
    """Whether it is a data sheet of a consolidated workbook: the figures are computed anew."""
    return any(isinstance(raw, str) and is_marker(raw) for row in sheet.rows for raw in row)


def _is_form_sheet(sheet: Sheet) -> bool:
    if not sheet.is_visible or sheet.title == LISTS_SHEET:
        return False
    return all(_SKIP_MARKS.isdisjoint(row[:3]) for row in sheet.rows)


def _stamp_text(raw: RawValue) -> str:
    return f"{raw:.15g}" if isinstance(raw, float) else str(raw)
