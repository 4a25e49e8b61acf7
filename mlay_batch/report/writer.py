"""Writes the workbook: XlsxWriter with the report's formats, safe text and fitting row heights.

Text that came from a branch is always stored as text: never a formula, never an address to click.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, NamedTuple

from xlsxwriter.utility import xl_rowcol_to_cell

from mlay_batch.core import messages
from mlay_batch.core.styles import FONT
from mlay_batch.core.text import consecutive_runs
from mlay_batch.excel import metrics
from mlay_batch.excel.cell_text import (
    CALCULATED_BY,
    is_formula_like,
    sheet_title,
    to_cell_text,
)
from mlay_batch.report.formats import LOOKS, ROW_FITS, TONE_LOOKS, Look
from mlay_batch.report.xml_worksheet import Part, XmlWorkbook, XmlWorksheet

TAB_GREY = "BFBFBF"  # of the sheets behind the front ones
MAX_LINKS = 65_530  # addresses Excel keeps on a sheet
_FONT_SIZE = 11
_WIDE_ENOUGH = 0.85  # of the width a column of a list asks for
_DEFAULT_WIDTH = 9.0  # the width of a column nobody set


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula and its value.

    Attributes:
        formula: the formula with its leading sign.
        value: what it is computed to; shown where nothing recalculates.
    """

    formula: str
    value: str | int | float


@dataclass(frozen=True, slots=True)
class Hyperlink:
    """A jump to a cell of this workbook.

    Attributes:
        target: the cell as `SheetWriter.address` gives it.
        text: what the cell shows.
    """

    target: str
    text: str


Content = str | int | float | date | Formula | Hyperlink | None


class ReportWriter:
    """One workbook in one language; `fingerprint` is printed below every page.

    Its properties bear the `title`, that of the consolidated workbook where there is none. A book
    that is not `has_formulas` holds the value of every formula instead of it. The same calls give
    the same bytes.
    """

    def __init__(
        self,
        lang: str,
        created: date,
        fingerprint: str = "",
        has_formulas: bool = True,
        title: str = "",
    ) -> None:
        self.lang, self.fingerprint, self.has_formulas = lang, fingerprint, has_formulas
        self._buffer = io.BytesIO()
        self._workbook = XmlWorkbook(
            self._buffer,
            {
                "in_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "default_format_properties": {"font_name": FONT, "font_size": _FONT_SIZE},
            },
        )
        # Every formula has its value: an Excel of this number or older need not calculate on
        # opening, nor ask on closing whether to save.
        self._workbook.set_calc_mode("auto", CALCULATED_BY)
        self._workbook.calc_on_load = False
        self._workbook.set_properties(
            {
                "title": title or self.t("title.overview"),
                "created": datetime.combine(created, time()),
            }
        )
        self._formats: dict[tuple[str, str, bool], Any] = {}
        self.sheets: list[SheetWriter] = []

    def t(self, key: str, **params: object) -> str:
        """Return a text of the report; a key such as ``branches/total`` names its own area."""
        area, _, name = key.rpartition("/")
        return messages.text(area or "report", name, self.lang, **params)

    def show(self, value: object) -> str:
        """Return a value as people write it."""
        return messages.show(value, self.lang)

    def add_sheet(self, title: str, description: str, colour: str = "") -> SheetWriter:
        """Add a sheet at the end; `description` says in the list of contents what it holds.

        `colour` is that of its tab, RRGGBB; none where it is empty.
        """
        name = sheet_title(title, (sheet.title for sheet in self.sheets))
        worksheet = self._workbook.add_worksheet(name, XmlWorksheet)
        if colour:
            worksheet.set_tab_color(f"#{colour}")
        sheet = SheetWriter(self, name, description, worksheet)
        self.sheets.append(sheet)
        return sheet

    def add_hidden_sheet(self, title: str) -> Any:
        """Return a further sheet that only programs read, as XlsxWriter's own."""
        raw = self._workbook.add_worksheet(title, XmlWorksheet)
        raw.very_hidden()
        return raw

    def format(self, look: str, number_format: str = "", quote_prefix: bool = False) -> Any:
        """Return XlsxWriter's format of a look; `number_format` replaces its number format."""
        key = look, number_format, quote_prefix
        if key not in self._formats:
            properties = dict(LOOKS[look]) | (
                {"num_format": number_format} if number_format else {}
            )
            self._formats[key] = self._workbook.add_format(
                properties | {"quote_prefix": quote_prefix}
            )
        return self._formats[key]

    def conditional_format(self, look: Look) -> Any:
        """Return a format for a conditional format."""
        return self._workbook.add_format(dict(look))

    def add_chart(self, options: Mapping[str, str]) -> Any:
        """Return a chart to be filled and put on a sheet."""
        return self._workbook.add_chart(dict(options))

    @property
    def string_count(self) -> int:
        """How many cells hold a text."""
        count: int = self._workbook.str_table.count
        return count

    def part(self, sheets: Iterable[SheetWriter], string_count: int) -> Part:
        """Return `sheets`, the last written; before them `string_count` cells held a text."""
        return Part.of(self._workbook, [sheet.raw for sheet in sheets], string_count)

    def join(self, part: Part) -> None:
        """Put sheets that another process has written in the place of those without cells here."""
        for sheet in self.sheets:
            sheet.finish()
        part.join(self._workbook)

    def close(self) -> bytes:
        """Return the bytes of the finished workbook."""
        for sheet in self.sheets:
            sheet.finish()
        for raw in self._workbook.worksheets():
            raw.settle()
        self._workbook.close()
        return self._buffer.getvalue()


class _WrappedText(NamedTuple):
    """A wrapped text, and the look it has; it reaches over `span` columns."""

    column: int
    span: int
    text: str
    look: str


class SheetWriter:
    """One sheet. Rows and columns count from 0, widths are in digits of the default font."""

    def __init__(self, writer: ReportWriter, title: str, description: str, worksheet: Any) -> None:
        self.book, self.title, self.description, self.raw = writer, title, description, worksheet
        self.is_signed = False  # whether signatures are asked for on it
        self._widths: dict[int, float] = {}
        self._folded_columns: set[int] = set()
        self._folded_rows: set[int] = set()
        self._text_widths: dict[tuple[int, int], float] = {}
        self._unfitted_texts: list[tuple[int, _WrappedText]] = []
        self._finished = False
        self._fitted_heights: dict[int, float] = {}
        self._fixed_heights: dict[int, float] = {}
        self._date_rows: dict[int, list[int]] = {}
        self._link_count = 0

    def set_widths(self, widths: Iterable[float], first: int = 0) -> None:
        """Set the widths of the columns from `first` on."""
        self._text_widths.clear()
        for column, width in enumerate(widths, first):
            self._widths[column] = width
            self.raw.set_column(column, column, width)

    @property
    def column_count(self) -> int:
        """How many columns have a width."""
        return max(self._widths, default=-1) + 1

    def is_folded(self, column: int) -> bool:
        """Whether a column is folded away."""
        return column in self._folded_columns

    def width(self, column: int, span: int = 1) -> float:
        """Return the width of `span` columns: of those that are folded away as the first is."""
        columns = range(column, column + span)
        alike = [x for x in columns if self.is_folded(x) == self.is_folded(column)]
        return sum(self._widths[x] for x in alike) + metrics.CELL_MARGIN * (len(alike) - 1)

    def columns_for(self, width: float, first: int) -> int:
        """Return over how many columns from `first` on something that wide reaches.

        A little less will do. Where there are no more columns, one of that width is added.
        """
        if first >= self.column_count:
            self.set_widths([width], first)
        spans = range(1, self.column_count - first + 1)
        wide = (span for span in spans if self.width(first, span) >= _WIDE_ENOUGH * width)
        return next(wide, spans[-1])

    def fold_columns(self, columns: Iterable[int]) -> None:
        """Fold columns away: neither shown nor printed until their outline is opened."""
        self._folded_columns |= set(columns)
        self._text_widths.clear()
        folded = self._folded_columns
        for options, numbers in (
            ({"level": 1, "hidden": True}, folded),
            ({"collapsed": True}, {column - 1 for column in folded} - folded),
        ):
            for column in sorted(numbers):
                self.raw.set_column(column, column, self._widths[column], None, options)
        self._set_outline()

    def fold_row(self, row: int) -> None:
        """Fold a row away: neither shown nor printed until its outline is opened."""
        self._folded_rows.add(row)
        self._set_outline()

    def _set_outline(self) -> None:
        """Put the buttons of an outline above, and left of, what they open."""
        self.raw.outline_settings(symbols_below=False, symbols_right=False)

    def write(
        self,
        row: int,
        column: int,
        content: Content,
        look: str,
        span: int = 1,
        number_format: str = "",
        rows: int = 1,
    ) -> None:
        """Write `content`, over `span` columns and `rows` rows; None leaves a framed blank.

        A day has the form of papers, unless it comes with a number format.
        """
        quoted = False
        if isinstance(content, str):
            content = to_cell_text(content)
            quoted = is_formula_like(content)
        cell_format = self.book.format(look, number_format, quoted)
        if span > 1 or rows > 1:
            self.raw.merge_range(row, column, row + rows - 1, column + span - 1, "", cell_format)
        text = self._write_cell(row, column, content, cell_format)
        if text is not None and rows == 1 and ROW_FITS[look].wraps:
            self._fit_row(row, _WrappedText(column, span, text, look))
        is_day = isinstance(content, date) or (look == "date" and isinstance(content, Formula))
        if is_day and not number_format:
            self._date_rows.setdefault(column, []).append(row)

    def _write_cell(self, row: int, column: int, content: Content, cell_format: Any) -> str | None:
        """Write a cell; return the text it shows, None where it shows no text."""
        if isinstance(content, str):
            self.raw.write_string(row, column, content, cell_format)
            return content
        if content is None:
            self.raw.write_blank(row, column, None, cell_format)
        elif isinstance(content, Formula):
            return self._write_formula(row, column, content, cell_format)
        elif isinstance(content, Hyperlink):
            text = to_cell_text(content.text)
            return self._write_link(row, column, content.target, text, cell_format)
        elif isinstance(content, date):
            self.raw.write_datetime(row, column, datetime.combine(content, time()), cell_format)
        else:
            self.raw.write_number(row, column, content, cell_format)
        return None

    def _write_formula(
        self, row: int, column: int, content: Formula, cell_format: Any
    ) -> str | None:
        """Write a formula, in a book without formulas its value; return as `_write_cell`."""
        value = content.value
        if not self.book.has_formulas:
            value = to_cell_text(value) if isinstance(value, str) else value
            return self._write_cell(row, column, value, cell_format)
        self.raw.write_formula(row, column, content.formula, cell_format, value)
        return value if isinstance(value, str) else None

    def _write_link(self, row: int, column: int, target: str, text: str, cell_format: Any) -> str:
        self._link_count += 1
        if self._link_count > MAX_LINKS:
            self.raw.write_string(row, column, text, cell_format)
        else:
            self.raw.write_url(row, column, f"internal:{target}", cell_format, text)
        return text

    def address(self, row: int, column: int) -> str:
        """Return the cell as formulas of other sheets name it: ``'Lỗi'!$B$3``."""
        escaped = self.title.replace("'", "''")
        return f"'{escaped}'!{xl_rowcol_to_cell(row, column, True, True)}"

    def range_address(self, first: tuple[int, int], last: tuple[int, int]) -> str:
        """Return a block of cells as formulas of other sheets name it."""
        return f"{self.address(*first)}:{xl_rowcol_to_cell(*last, True, True)}"

    def reference(self, row: int, column: int, value: str | float) -> Formula:
        """Return a formula that shows that cell elsewhere; `value` is the one written there."""
        return Formula(f"={self.address(row, column)}", value)

    def set_height(self, row: int, points: float) -> None:
        """Set the height of a row instead of fitting it."""
        self._fixed_heights[row] = points

    def colour_states(
        self, first: tuple[int, int], last: tuple[int, int], symbols: Iterable[str]
    ) -> None:
        """Colour cells by the symbol their text begins with, now and after a recalculation."""
        for symbol in symbols:
            self.raw.conditional_format(
                *first,
                *last,
                {
                    "type": "text",
                    "criteria": "begins with",
                    "value": symbol,
                    "format": self.book.conditional_format(TONE_LOOKS[symbol]),
                },
            )

    def set_up_page(
        self,
        last: tuple[int, int] | None,
        *,
        landscape: bool,
        repeat: tuple[int, int] | None = None,
        fit: bool = True,
    ) -> None:
        """Set up A4 paper, page numbers, rows repeated on each page; `fit` to one page's width.

        What is printed ends with the cell `last`, and begins after row 0, which holds the way back,
        for the screen only. Where `last` is None all is printed, and no name is defined for it.
        """
        raw = self.raw
        raw.set_paper(9)
        raw.set_landscape() if landscape else raw.set_portrait()
        raw.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        raw.center_horizontally()
        if last:
            raw.print_area(1, 0, *last)
        if repeat:
            raw.repeat_rows(*repeat)
        if fit:
            raw.fit_to_pages(1, 0)
        font = f'&"{FONT},Italic"&9'
        title = self.title.replace("&", "&&")
        footer_mark = (
            self.book.t("mark", mark=self.book.fingerprint) if self.book.fingerprint else ""
        )
        raw.set_footer(f"&L{font}{title}&C{font}{footer_mark}&R{font}{self.book.t('page')} &P/&N")

    def flush(self) -> None:
        """Keep what is written in little room: nothing comes after, no chart lies on it."""
        self.finish()
        self.raw.flush()

    def finish(self) -> None:
        """Give every row the height its wrapped texts need, and days the form of papers."""
        if self._finished:
            return
        self._finished = True
        self._format_dates()
        for row, text in self._unfitted_texts:
            self._fit_row(row, text)
        heights = self._fitted_heights | self._fixed_heights
        opening = {row - 1 for row in self._folded_rows} - self._folded_rows
        for row in sorted(heights.keys() | self._folded_rows | opening):
            folded = {"level": 1, "hidden": True} if row in self._folded_rows else {}
            options = folded | ({"collapsed": True} if row in opening else {})
            height = min(heights[row], 409) if row in heights else None
            self.raw.set_row(row, height, None, options)
        self._fitted_heights.clear()

    def _format_dates(self) -> None:
        """Leave out the zero before months from March on, as papers do: 03/9/2019, 11/02/2019."""
        if self.book.lang != "vi" or not self._date_rows:
            return
        date_format = self.book.conditional_format({"num_format": "dd/m/yyyy"})
        for column, rows in self._date_rows.items():
            for first, last in consecutive_runs(rows):
                first_cell = xl_rowcol_to_cell(first, column)
                rule = {
                    "type": "formula",
                    "criteria": f"=AND({first_cell}>0,MONTH({first_cell})>2)",
                    "format": date_format,
                }
                self.raw.conditional_format(first, column, last, column, rule)

    def _fit_row(self, row: int, wrapped_text: _WrappedText) -> None:
        """Make a row high enough for a text, as soon as the widths of its columns are known."""
        column, span, content, look = wrapped_text
        width = self._text_widths.get((column, span)) or self._text_width(column, span)
        if width is None:
            self._unfitted_texts.append((row, wrapped_text))
            return
        fit = ROW_FITS[look]
        points = metrics.height_needed(content, width - fit.indent, fit.size, fit.bold)
        if points > self._fitted_heights.get(row, 0.0):
            self._fitted_heights[row] = points

    def _text_width(self, column: int, span: int) -> float | None:
        columns: Sequence[int] = range(column, column + span)
        if not self._finished and any(index not in self._widths for index in columns):
            return None
        if folded := self._folded_columns.intersection(columns):
            columns = [index for index in columns if index not in folded] or list(columns)
        width = metrics.room([self._widths.get(index, _DEFAULT_WIDTH) for index in columns])
        self._text_widths[column, span] = width
        return width
