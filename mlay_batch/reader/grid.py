"""Reads the bytes of any kind of workbook into sheets of raw cells."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from functools import cached_property

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from mlay_batch.reader import ods, xlsx
from mlay_batch.reader.cell_metadata import CellMetadata, CellPosition, Limits, UnreadableError
from mlay_batch.reader.preflight import Package


@dataclass(frozen=True, slots=True)
class ErrorCell:
    """A cell without a usable value: an error value (`text`) or a formula never calculated."""

    text: str | None = None


RawValue = str | int | float | bool | date | time | timedelta | ErrorCell


@dataclass(frozen=True)
class Sheet:
    """A worksheet.

    Attributes:
        title: its name as in the file.
        is_visible: whether its tab is shown.
        rows: raw values of its cells from A1 on; ``""`` is blank.
        metadata: what the values do not show: hidden rows, merges, formulas, fonts and more.
    """

    title: str
    is_visible: bool
    rows: list[list[RawValue]] = field(repr=False)
    metadata: CellMetadata

    @cached_property
    def filled_cells(self) -> Mapping[CellPosition, RawValue]:
        """The cells that are not blank, row by row."""
        return {
            (row, column): raw
            for row, cells in enumerate(self.rows, 1)
            for column, raw in enumerate(cells, 1)
            if raw != ""
        }

    def value_at(self, position: CellPosition) -> RawValue:
        """Return the raw value at row and column (from 1); ``""`` where nothing is filled."""
        return self.filled_cells.get(position, "")


def read_sheets(package: Package, limits: Limits) -> list[Sheet]:
    """Return all worksheets of a package. UnreadableError where the values cannot be read."""
    data, metadata = _read_metadata(package, limits)
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as workbook:
            return [
                _read_sheet(
                    workbook,
                    sheet_info.name,
                    sheet_info.visible == SheetVisibleEnum.Visible,
                    metadata,
                )
                for sheet_info in workbook.sheets_metadata
                if sheet_info.typ == SheetTypeEnum.WorkSheet
            ]
    except (CalamineError, KeyError) as error:
        raise UnreadableError("R05") from error
    except BaseException as error:
        # a Rust panic of calamine is no Exception; its class cannot be imported
        if type(error).__name__ != "PanicException":
            raise
        raise UnreadableError("R05") from None


def _read_metadata(package: Package, limits: Limits) -> tuple[bytes, Mapping[str, CellMetadata]]:
    """Return bytes that are safe for calamine, and each sheet's metadata by title."""
    if package.kind == "xls":
        from mlay_batch.reader import xls  # start-up of a child: 5 ms

        return package.data, xls.scan(package.data, limits)
    if package.kind == "ods":
        styles = package.parts.get("styles.xml", b"")
        return package.data, ods.scan(package.parts["content.xml"], limits, styles)
    sheet_parts = xlsx.scan(package.parts, limits)
    cuts = {sheet.part: sheet.cuts for sheet in sheet_parts if sheet.cuts}
    data = _cut_cells(package.data, cuts) if cuts else package.data
    return data, {sheet.title: sheet.metadata for sheet in sheet_parts}


def _cut_cells(data: bytes, cuts: Mapping[str, tuple[tuple[int, int], ...]]) -> bytes:
    """Remove cells beyond the limits: calamine would allocate all cells in between."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(buffer, "w") as target:
        for entry in source.infolist():
            part, chunks, offset = source.read(entry), [], 0
            for start, end in cuts.get(entry.filename.lower(), ()):
                chunks.append(part[offset:start])
                offset = part.index(b">", end) + 1
            target.writestr(entry.filename, b"".join((*chunks, part[offset:])))
    return buffer.getvalue()


def _read_sheet(
    workbook: CalamineWorkbook, title: str, is_visible: bool, metadata: Mapping[str, CellMetadata]
) -> Sheet:
    sheet_metadata = metadata[title]
    rows: list[list[RawValue]] = workbook.get_sheet_by_name(title).to_python(skip_empty_area=False)  # type: ignore[assignment]
    for position in sheet_metadata.uncached:
        _set_cell(rows, position, ErrorCell())
    for position, text in sheet_metadata.errors.items():
        _set_cell(rows, position, ErrorCell(text))
    return Sheet(title, is_visible, rows, sheet_metadata)


def _set_cell(rows: list[list[RawValue]], position: CellPosition, raw: RawValue) -> None:
    row, column = position
    rows.extend([] for _ in range(row - len(rows)))
    cells = rows[row - 1]
    cells.extend("" for _ in range(column - len(cells)))
    cells[column - 1] = raw
