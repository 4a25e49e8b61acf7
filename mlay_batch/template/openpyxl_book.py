"""Writes a workbook with openpyxl: cells by style name, rows, page set-up, reproducible bytes."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from datetime import date, datetime
from functools import cache
from pathlib import Path
from textwrap import wrap
from typing import Any, Literal
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.packaging.core import DocumentProperties
from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Protection, Side
from openpyxl.styles.cell_style import StyleArray
from openpyxl.utils import get_column_letter
from openpyxl.workbook.properties import CalcProperties
from openpyxl.worksheet.cell_range import CellRange
from openpyxl.worksheet.dimensions import ColumnDimension, RowDimension
from openpyxl.worksheet.header_footer import HeaderFooterItem, _HeaderFooterPart
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from mlay_batch.core.styles import (
    FONT,
    LABEL_FILL,
    LINE,
    LINK,
    NUMBER_FORMATS,
    SIZE,
    STYLES,
    TONES,
    Style,
)
from mlay_batch.excel.cell_text import CALCULATED_BY, is_formula_like, to_cell_text
from mlay_batch.model.records import Value

_EPOCH = datetime(2018, 1, 1)  # noqa: DTZ001 - a fixed date keeps the bytes reproducible
_FIRST_EXCEL_DAY = date(1900, 3, 1)  # before it Excel's serial numbers are a day off or missing
SMALL_SIZE = 10
MAX_ROW_HEIGHT = 409.0  # points, Excel's limit of a row


class TemplateBook:
    """The workbook being written; `program_texts` collects the texts that the program writes."""

    def __init__(self, title: str) -> None:
        self.workbook = Workbook()
        self.workbook.remove(self.workbook.worksheets[0])
        # Every formula has its result: nothing is to be calculated on opening, or saved on closing.
        self.workbook.calculation = CalcProperties(calcId=CALCULATED_BY, fullCalcOnLoad=None)
        self.workbook.properties = DocumentProperties(
            creator="mlay-batch", title=title, created=_EPOCH, modified=_EPOCH
        )
        # The default font is also the unit of column widths and the font of unstyled cells.
        normal = self.workbook._named_styles["Normal"]  # type: ignore[attr-defined]
        normal.font = Font(name=FONT, size=SIZE)
        self.program_texts: dict[str, None] = {}
        self._style_arrays: dict[str, tuple[StyleArray, bool]] = {}
        self._results: dict[str, dict[str, Value]] = {}

    def add_sheet(self, title: str) -> Worksheet:
        """Return a new last sheet; `title` must be valid in Excel (see `excel.cell_text`)."""
        worksheet: Worksheet = self.workbook.create_sheet(title)
        return worksheet

    def write(
        self, sheet: Worksheet, row: int, column: int, value: Value, style: str, span: int = 1
    ) -> None:
        """Write `value` in a named style (``name`` or ``name tone``) over `span` columns.

        A text stays a text, also if it looks like a formula or an error value.
        """
        style_array, has_border = self._style_array(style)
        for bordered_column in range(column, column + (span if has_border else 1)):
            sheet.cell(row, bordered_column)._style = style_array  # type: ignore[union-attr]
        cell = sheet.cell(row, column)
        if isinstance(value, date) and value < _FIRST_EXCEL_DAY:
            value = value.isoformat()
        if isinstance(value, str):
            cell.value = value = to_cell_text(value)
            cell.data_type = "s"
            if is_formula_like(value):
                cell._style = copy(style_array)  # type: ignore[union-attr]
                cell._style.quotePrefix = 1  # type: ignore[union-attr]  # edited, it stays a text
        elif value is not None:
            cell.value = value
            cell._style = style_array  # type: ignore[union-attr]  # a date brings its own format
        if span > 1:
            # not merge_cells(): it compares with every range there is, and redraws borders
            sheet.merged_cells.ranges.add(
                CellRange(min_col=column, max_col=column + span - 1, min_row=row, max_row=row)
            )

    def write_formula(
        self, sheet: Worksheet, row: int, column: int, formula: str, result: Value, style: str
    ) -> None:
        """Write a formula with its result, which openpyxl cannot store (see `to_bytes`)."""
        self.write(sheet, row, column, None, style)
        cell = sheet.cell(row, column)
        cell.value = formula
        self._results.setdefault(sheet.title, {})[cell.coordinate] = result

    def write_text(
        self, sheet: Worksheet, row: int, column: int, words: str, style: str, span: int = 1
    ) -> None:
        """Write a text of the program that depends on branch, period or findings."""
        if words:
            self.program_texts[words] = None
        self.write(sheet, row, column, words or None, style, span)

    def write_hidden(self, sheet: Worksheet, row: int, *words: str) -> None:
        """Write texts side by side without a style, for hidden sheets."""
        for column, word in enumerate(words, 1):
            cell = sheet.cell(row, column)
            cell.value = to_cell_text(word)
            cell.data_type = "s"

    def _style_array(self, style: str) -> tuple[StyleArray, bool]:
        """Return the style array that cells share (read-only), and whether it has a border."""
        if style not in self._style_arrays:
            new_style = _openpyxl_style(style)
            self.workbook.add_named_style(new_style)
            self._style_arrays[style] = (new_style.as_tuple(), named_style(style).edge != "none")
        return self._style_arrays[style]

    def to_bytes(self) -> bytes:
        """Return the workbook's bytes; the same contents give the same bytes."""
        buffer = io.BytesIO()
        archive = _FixedZip(buffer, "w", ZIP_DEFLATED)
        for number, title in enumerate(self.workbook.sheetnames, 1):
            if title in self._results:
                archive.results[f"xl/worksheets/sheet{number}.xml"] = self._results[title]
        ExcelWriter(self.workbook, archive).save()
        return buffer.getvalue()


_FORMULA_CELL = re.compile(r'<c r="([A-Z]+[0-9]+)"([^>]*)><f>([^<]*)</f><v ?/?>(?:</v>)?</c>')


def _store_results(part: str, results: Mapping[str, Value]) -> str:
    """Return a sheet's part with the results of its formulas, by cell."""

    def store(cell: re.Match[str]) -> str:
        result = results.get(cell[1])
        number = result if isinstance(result, int | float) else None
        kind = ' t="str"' if number is None else ""
        words = escape(str(result or "")) if number is None else f"{number:.15g}"
        return f'<c r="{cell[1]}"{cell[2]}{kind}><f>{cell[3]}</f><v>{words}</v></c>'

    return _FORMULA_CELL.sub(store, part)


class _FixedZip(ZipFile):
    """A zip whose members have a fixed date, and whose sheets have the results of formulas."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.results: dict[str, Mapping[str, Value]] = {}

    def writestr(self, zinfo_or_arcname: str | ZipInfo, data: Any, *_: Any, **__: Any) -> None:
        source = zinfo_or_arcname
        name = source.filename if isinstance(source, ZipInfo) else source
        member = ZipInfo(name, (1980, 1, 1, 0, 0, 0))
        member.compress_type, member.create_system = ZIP_DEFLATED, 0
        super().writestr(member, data)

    def write(self, filename: Any, arcname: Any = None, *_: Any, **__: Any) -> None:
        # On Windows openpyxl writes the part as a text file, with that system's line ends.
        part = Path(filename).read_bytes().replace(b"\r\n", b"\n")
        if results := self.results.get(str(arcname)):
            part = _store_results(part.decode(), results).encode()
        self.writestr(str(arcname), part)


class AutoRow(RowDimension):
    """A row with a height that Excel may raise when more is typed into it."""

    @property
    def customHeight(self) -> bool:  # noqa: N802 - the name of the XML attribute
        """False: Excel may change the height."""
        return False


@cache
def named_style(style: str) -> Style:
    """Return the style of a name with modifiers.

    ``bare`` has no border. ``open`` unlocks the cell, ``filled`` has the background of labels; a
    tone colours it; ``flat`` keeps the tone's border thin; ``link`` has the letters of a link;
    ``small`` has letters of 10 points, or 14 in a title.
    """
    name, *modifiers = style.split()
    result = replace(STYLES[name], locked="open" not in modifiers)
    if "small" in modifiers:
        result = replace(result, size=14 if name == "title" else SMALL_SIZE)
    if "filled" in modifiers:
        result = replace(result, fill=LABEL_FILL)
    if "link" in modifiers:
        result = replace(result, colour=LINK, underline=True)
    if "bare" in modifiers:
        result = replace(result, edge="none", fill=None)
    for tone in modifiers:
        result = TONES[tone].apply_to(result) if tone in TONES else result
    return replace(result, edge="thin", edge_colour=LINE) if "flat" in modifiers else result


@cache
def _style_parts(style: str) -> Mapping[str, Any]:
    spec = named_style(style)
    border_style = None if spec.edge == "none" else spec.edge
    sides: dict[str, Any] = {
        side: Side(style=border_style, color=spec.edge_colour)
        for side in ("left", "top", "right", "bottom")
        if border_style and side[0] in spec.sides
    }
    return {
        "font": Font(
            name=FONT,
            size=spec.size,
            bold=spec.bold,
            italic=spec.italic,
            underline="single" if spec.underline else None,
            color=spec.colour,
        ),
        "fill": PatternFill("solid", fgColor=spec.fill) if spec.fill else PatternFill(),
        "border": Border(**sides),
        "alignment": Alignment(
            horizontal=spec.align, vertical=spec.valign, wrap_text=spec.wrap, indent=spec.indent
        ),
        "number_format": NUMBER_FORMATS[spec.number],
        "protection": Protection(locked=spec.locked),
    }


def _openpyxl_style(style: str) -> NamedStyle:
    return NamedStyle(name=f"mlay {style}", **_style_parts(style))


def set_widths(sheet: Worksheet, widths: Mapping[int, float], hidden: tuple[int, ...] = ()) -> None:
    """Set the columns' widths in characters of the default font."""
    for column, width in widths.items():
        letter = get_column_letter(column)
        sheet.column_dimensions[letter] = ColumnDimension(
            sheet, index=letter, width=width, customWidth=True, hidden=column in hidden
        )


def line_count(words: object, width: float, size: int = SIZE) -> int:
    """Return how many lines `words` need in `width` characters, an upper estimate.

    A letter of Vietnamese text in this font takes nine tenths of a digit's width.
    """
    capacity = max(1, int((width - 1) * 1.1 * SIZE / size))
    parts = str(words or "").split("\n")
    return sum(1 if len(part) <= capacity else len(wrap(part, capacity)) for part in parts)


def row_height(number: int, size: int = SIZE) -> float:
    """Return the height in points of a row of `number` lines, with padding."""
    return min(MAX_ROW_HEIGHT, round(number * size * 1.25 + 5, 1))


def small_row_height(number: int, size: int) -> float:
    """Return the height in points of a row of `number` lines close together."""
    return min(MAX_ROW_HEIGHT, round(number * size * 1.17 + 2, 1))


def set_up_page(
    sheet: Worksheet,
    orientation: Literal["portrait", "landscape"],
    footer: str,
    area: str,
    *,
    is_letter: bool = False,
) -> None:
    """Set the sheet to print on A4 with page numbers, one page wide.

    A letter has the margins of an official one (left 30 mm) and is never shrunk: columns beyond the
    page go on to another one.
    """
    sheet.page_setup.orientation = orientation
    sheet.page_setup.paperSize = 9
    sheet.print_area = area
    margins = sheet.page_margins
    if is_letter:
        margins.left, margins.right = 1.18, 0.59
        margins.top, margins.bottom, margins.header, margins.footer = 0.4, 0.55, 0.2, 0.25
    else:
        sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
        sheet.print_options.horizontalCentered = True
        margins.left = margins.right = 0.4
        margins.top, margins.bottom, margins.header, margins.footer = 0.5, 0.6, 0.3, 0.3
    footer_item = HeaderFooterItem(left=_footer_part(footer), right=_footer_part("&P/&N"))
    sheet.HeaderFooter.oddFooter = footer_item
    sheet.sheet_view.showGridLines = False


def _footer_part(words: str) -> _HeaderFooterPart:
    return _HeaderFooterPart(words, f"{FONT},Italic", 9)


def protect(
    sheet: Worksheet, *, may_insert_rows: bool = True, may_insert_columns: bool = False
) -> None:
    """Protect the sheet without a password; rows may be sorted, rows and columns resized."""
    protection = sheet.protection
    protection.sheet = True
    protection.insertRows = not may_insert_rows
    protection.insertColumns = not may_insert_columns
    protection.formatColumns = protection.formatRows = False
    protection.sort = False
