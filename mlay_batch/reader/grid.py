"""Reads the bytes of any kind of workbook into sheets of raw cells."""

from __future__ import annotations

import io
import re
import zipfile
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from functools import cached_property

from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    SheetMetadata,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from mlay_batch.core.text import CONTROL, name_key
from mlay_batch.core.xml_parser import UnreadableError
from mlay_batch.reader import ods, xlsx
from mlay_batch.reader.cell_metadata import MAX_ROWS, CellMetadata, CellPosition, Drawing, Limits
from mlay_batch.reader.preflight import Package


@dataclass(frozen=True, slots=True)
class ErrorCell:
    """A cell without a usable value: an error value (`text`) or a formula never calculated."""

    text: str | None = None


_MARKER = re.compile(r"[a-z]\w*:(start|head|end)")
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
        """The cells that are not blank, row by row; numbers as people see them."""
        return {
            (row, column): _visible_number(raw) if isinstance(raw, float) else raw
            for row, cells in enumerate(self.rows, 1)
            for column, raw in enumerate(cells, 1)
            if raw != ""
        }

    @cached_property
    def markers(self) -> Sequence[tuple[str, CellPosition]]:
        """The section markers with their cells, row by row."""
        return [
            (raw, position)
            for position, raw in self.filled_cells.items()
            if isinstance(raw, str) and is_marker(raw)
        ]

    @cached_property
    def text_positions(self) -> Mapping[str, Sequence[CellPosition]]:
        """The cells of each text by its name key, row by row; computed once for all forms."""
        positions: dict[str, list[CellPosition]] = defaultdict(list)
        for position, raw in self.filled_cells.items():
            if isinstance(raw, str):
                key = name_key(raw if raw.isprintable() else CONTROL.sub("", raw))
                positions[key].append(position)
        return dict(positions)

    def positions_of(
        self, keys: Iterable[str], rows: range = range(1, MAX_ROWS + 1)
    ) -> list[CellPosition]:
        """Return the cells of `rows` with a text of these name keys, row by row."""
        positions: list[CellPosition] = []
        for key in keys:
            cells = self.text_positions.get(key, ())
            first = bisect_left(cells, (rows.start, 0))
            positions += cells[first : bisect_left(cells, (rows.stop, 0), first)]
        return sorted(positions)

    def value_at(self, position: CellPosition) -> RawValue:
        """Return the raw value at row and column (from 1); ``""`` where nothing is filled."""
        return self.filled_cells.get(position, "")


def is_marker(text: str) -> bool:
    """Whether a text is a section marker of any form."""
    return ":" in text and _MARKER.fullmatch(text) is not None


def _visible_number(number: float) -> float:
    """Return a number with the 15 digits that office programs show: 13.000000000000002 is 13."""
    return number if number.is_integer() and abs(number) < 1e15 else float(f"{number:.15g}")


def read_sheets(package: Package, limits: Limits) -> list[Sheet]:
    """Return all sheets of a package; a sheet that is a chart has no cells, but an object on it.

    UnreadableError where the values cannot be read.
    """
    data, metadata = _read_metadata(package, limits)
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as workbook:
            return [_read_sheet(workbook, sheet, metadata) for sheet in workbook.sheets_metadata]
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
        content, styles = package.parts["content.xml"], package.parts.get("styles.xml", b"")
        metadata = ods.scan(content, limits, styles)  # before, so that only sound XML is changed
        simple_content = ods.simplify(content)
        if simple_content == content:
            return package.data, metadata
        return _replace_parts(package.data, {"content.xml": simple_content}), ods.scan(
            simple_content, limits, styles
        )
    sheet_parts = xlsx.scan(package.parts, limits)
    cut_parts = {
        sheet.part: _cut_cells(_part(package, sheet.part), sheet.cuts)
        for sheet in sheet_parts
        if sheet.cuts
    }
    data = _replace_parts(package.data, cut_parts) if cut_parts else package.data
    return data, {sheet.title: sheet.metadata for sheet in sheet_parts}


def _part(package: Package, name: str) -> bytes:
    """Return a part by its name in small letters."""
    return next(part for entry, part in package.parts.items() if entry.lower() == name)


def _cut_cells(part: bytes, cuts: Sequence[tuple[int, int]]) -> bytes:
    """Remove cells beyond the limits: calamine would allocate all cells in between."""
    chunks, offset = [], 0
    for start, end in cuts:
        chunks.append(part[offset:start])
        offset = part.index(b">", end) + 1
    return b"".join((*chunks, part[offset:]))


def _replace_parts(data: bytes, parts: Mapping[str, bytes]) -> bytes:
    """Return the package with other parts of these names (in small letters)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(buffer, "w") as target:
        for entry in source.infolist():
            part = parts.get(entry.filename.lower())
            target.writestr(entry.filename, source.read(entry) if part is None else part)
    return buffer.getvalue()


def _read_sheet(
    workbook: CalamineWorkbook, sheet: SheetMetadata, metadata: Mapping[str, CellMetadata]
) -> Sheet:
    title, is_visible = sheet.name, sheet.visible == SheetVisibleEnum.Visible
    if sheet.typ != SheetTypeEnum.WorkSheet:
        return Sheet(title, is_visible, [], CellMetadata(drawings=(Drawing(None, "", True),)))
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
