"""Bytes to sheets of raw cells, every kind of file alike."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from functools import cached_property

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from mlay_batch.reader import odf, ooxml
from mlay_batch.reader.facts import Facts, Limits, Spot, UnreadableError
from mlay_batch.reader.preflight import Package


@dataclass(frozen=True, slots=True)
class Fault:
    """A cell without a usable value: an error value (`text`) or a formula never calculated."""

    text: str | None = None


Raw = str | int | float | bool | date | time | timedelta | Fault


@dataclass(frozen=True)
class Sheet:
    """A worksheet as it lies there; `rows` hold the raw cells from A1 on, blanks as ``""``."""

    title: str
    visible: bool
    rows: list[list[Raw]] = field(repr=False)
    facts: Facts

    @cached_property
    def filled(self) -> Mapping[Spot, Raw]:
        """Every cell that is not blank, row by row."""
        return {
            (row, column): raw
            for row, cells in enumerate(self.rows, 1)
            for column, raw in enumerate(cells, 1)
            if raw != ""
        }

    def at(self, spot: Spot) -> Raw:
        """Return the cell at row and column (from 1); ``""`` outside of what is filled."""
        return self.filled.get(spot, "")


def sheets_of(package: Package, limits: Limits) -> list[Sheet]:
    """Return all worksheets of a package. UnreadableError where the values cannot be read."""
    data, facts = _facts(package, limits)
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            return [
                _sheet(book, entry.name, entry.visible == SheetVisibleEnum.Visible, facts)
                for entry in book.sheets_metadata
                if entry.typ == SheetTypeEnum.WorkSheet
            ]
    except (CalamineError, KeyError) as error:
        raise UnreadableError("R05") from error
    except BaseException as error:
        # calamine's Rust panics are no Exception; their class cannot be imported
        if type(error).__name__ != "PanicException":
            raise
        raise UnreadableError("R05") from None


def _facts(package: Package, limits: Limits) -> tuple[bytes, Mapping[str, Facts]]:
    """Return the bytes that are safe for calamine, and the facts of each sheet."""
    if package.kind == "xls":
        from mlay_batch.reader import biff  # start-up of a child: few files are .xls

        return package.data, biff.scan(package.data, limits)
    if package.kind == "ods":
        return package.data, odf.scan(package.parts["content.xml"], limits)
    found = ooxml.scan(package.parts, limits)
    cuts = {sheet.part: sheet.cuts for sheet in found if sheet.cuts}
    data = _without(package.data, cuts) if cuts else package.data
    return data, {sheet.title: sheet.facts for sheet in found}


def _without(data: bytes, cuts: Mapping[str, tuple[tuple[int, int], ...]]) -> bytes:
    """Return the package without its far cells: calamine would make room for all in between."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w") as new:
        for entry in old.infolist():
            part, kept, at = old.read(entry), [], 0
            for start, end in cuts.get(entry.filename.lower(), ()):
                kept.append(part[at:start])
                at = part.index(b">", end) + 1
            new.writestr(entry.filename, b"".join((*kept, part[at:])))
    return made.getvalue()


def _sheet(book: CalamineWorkbook, title: str, visible: bool, facts: Mapping[str, Facts]) -> Sheet:
    known = facts[title]
    rows: list[list[Raw]] = book.get_sheet_by_name(title).to_python(skip_empty_area=False)  # type: ignore[assignment]
    for spot in known.uncached:
        _put(rows, spot, Fault())
    for spot, text in known.errors.items():
        _put(rows, spot, Fault(text))
    return Sheet(title, visible, rows, known)


def _put(rows: list[list[Raw]], spot: Spot, raw: Raw) -> None:
    row, column = spot
    rows.extend([] for _ in range(row - len(rows)))
    cells = rows[row - 1]
    cells.extend("" for _ in range(column - len(cells)))
    cells[column - 1] = raw
