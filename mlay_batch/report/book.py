"""The workbook being written: XlsxWriter with the report's looks, safe text and fitting rows.

Text that came from a branch is always stored as text: never a formula, never an address to click.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, NamedTuple

import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell

from mlay_batch import messages
from mlay_batch.excel import metrics
from mlay_batch.excel.formula_guard import is_formula_like
from mlay_batch.excel.sheet_names import sheet_title
from mlay_batch.excel.text import to_cell_text
from mlay_batch.names import runs
from mlay_batch.report.grid import Grid
from mlay_batch.report.looks import FITS, LOOKS, TONE_LOOKS, Look
from mlay_batch.styles import FONT

MOST_LINKS = 65_530  # addresses Excel keeps on a sheet
_SIZE = 11
_USUAL = 9.0  # the width of a column nobody set


@dataclass(frozen=True, slots=True)
class Live:
    """A formula and its value as computed: shown where nothing recalculates."""

    formula: str
    value: str | int | float


@dataclass(frozen=True, slots=True)
class Link:
    """A jump to a cell of this workbook; `place` is as `Sheet.place` gives it."""

    place: str
    text: str


Content = str | int | float | date | Live | Link | None


class Book:
    """One workbook in one language; `mark` is printed below every page.

    A book that is not `live` holds the value of every formula instead of it. The same calls give
    the same bytes.
    """

    def __init__(self, lang: str, created: date, mark: str = "", live: bool = True) -> None:
        self.lang, self.mark, self.live = lang, mark, live
        self._buffer = io.BytesIO()
        self._workbook = xlsxwriter.Workbook(
            self._buffer,
            {
                "in_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "default_format_properties": {"font_name": FONT, "font_size": _SIZE},
            },
        )
        self._workbook.set_properties(
            {"title": self.t("title.overview"), "created": datetime.combine(created, time())}
        )
        self._formats: dict[tuple[str, str, bool], Any] = {}
        self.sheets: list[Sheet] = []

    def t(self, key: str, **params: object) -> str:
        """Return a text of the report; a key such as ``branches/total`` names its own area."""
        area, _, name = key.rpartition("/")
        return messages.text(area or "report", name, self.lang, **params)

    def show(self, value: object) -> str:
        """Return a value as people write it."""
        return messages.show(value, self.lang)

    def sheet(self, title: str, about: str) -> Sheet:
        """Add a sheet at the end; `about` says in the list of contents what it holds."""
        name = sheet_title(title, (sheet.title for sheet in self.sheets))
        sheet = Sheet(self, name, about, self._workbook.add_worksheet(name, Grid))
        self.sheets.append(sheet)
        return sheet

    def hidden(self, title: str) -> Any:
        """Return a further sheet that only programs read, as XlsxWriter's own."""
        raw = self._workbook.add_worksheet(title, Grid)
        raw.very_hidden()
        return raw

    def format(self, look: str, number: str = "", quoted: bool = False) -> Any:
        """Return XlsxWriter's format of a look; `number` replaces its number format."""
        key = look, number, quoted
        if key not in self._formats:
            made = dict(LOOKS[look]) | ({"num_format": number} if number else {})
            self._formats[key] = self._workbook.add_format(made | {"quote_prefix": quoted})
        return self._formats[key]

    def tone(self, look: Look) -> Any:
        """Return a format for a conditional format."""
        return self._workbook.add_format(dict(look))

    def chart(self, options: Mapping[str, str]) -> Any:
        """Return a chart to be filled and put on a sheet."""
        return self._workbook.add_chart(dict(options))

    def close(self) -> bytes:
        """Return the bytes of the finished workbook."""
        for sheet in self.sheets:
            sheet.finish()
        self._workbook.close()
        return self._buffer.getvalue()


class _Text(NamedTuple):
    """A wrapped text, and the look it has; it reaches over `span` columns."""

    column: int
    span: int
    text: str
    look: str


class Sheet:
    """One sheet. Rows and columns count from 0, widths are in digits of the default font."""

    def __init__(self, book: Book, title: str, about: str, worksheet: Any) -> None:
        self.book, self.title, self.about, self.raw = book, title, about, worksheet
        self._widths: dict[int, float] = {}
        self._rooms: dict[tuple[int, int], float] = {}
        self._waiting: list[tuple[int, _Text]] = []
        self._finished = False
        self._needed: dict[int, float] = {}
        self._heights: dict[int, float] = {}
        self._days: dict[int, list[int]] = {}
        self._links = 0

    def widths(self, widths: Iterable[float], first: int = 0) -> None:
        """Set the widths of the columns from `first` on."""
        self._rooms.clear()
        for column, width in enumerate(widths, first):
            self._widths[column] = width
            self.raw.set_column(column, column, width)

    def put(self, row: int, column: int, content: Content, look: str, span: int = 1,
            number: str = "", rows: int = 1) -> None:  # fmt: skip
        """Write `content`, over `span` columns and `rows` rows; None leaves a framed blank."""
        if isinstance(content, str):
            content = to_cell_text(content)
        quoted = isinstance(content, str) and is_formula_like(content)
        style = self.book.format(look, number, quoted)
        if span > 1 or rows > 1:
            self.raw.merge_range(row, column, row + rows - 1, column + span - 1, "", style)
        text = self._write(row, column, content, style)
        if isinstance(content, date) or (look == "date" and isinstance(content, Live)):
            self._days.setdefault(column, []).append(row)
        if text is not None and rows == 1 and FITS[look].wraps:
            self._fit(row, _Text(column, span, text, look))

    def _write(self, row: int, column: int, content: Content, style: Any) -> str | None:
        """Write a cell; return the text it shows, None where it shows no text."""
        match content:
            case str():
                self.raw.write_string(row, column, content, style)
                return content
            case None:
                self.raw.write_blank(row, column, None, style)
            case Live(formula, value):
                if not self.book.live:
                    shown = to_cell_text(value) if isinstance(value, str) else value
                    return self._write(row, column, shown, style)
                self.raw.write_formula(row, column, formula, style, value)
                return value if isinstance(value, str) else None
            case int() | float():
                self.raw.write_number(row, column, content, style)
            case Link(place, text):
                return self._link(row, column, place, to_cell_text(text), style)
            case date():
                self.raw.write_datetime(row, column, datetime.combine(content, time()), style)
        return None

    def _link(self, row: int, column: int, place: str, text: str, style: Any) -> str:
        self._links += 1
        if self._links > MOST_LINKS:
            self.raw.write_string(row, column, text, style)
        else:
            self.raw.write_url(row, column, f"internal:{place}", style, text)
        return text

    def place(self, row: int, column: int) -> str:
        """Return the cell as formulas of other sheets name it: ``'Lỗi'!$B$3``."""
        quoted = self.title.replace("'", "''")
        return f"'{quoted}'!{xl_rowcol_to_cell(row, column, True, True)}"

    def area(self, first: tuple[int, int], last: tuple[int, int]) -> str:
        """Return a block of cells as formulas of other sheets name it."""
        return f"{self.place(*first)}:{xl_rowcol_to_cell(*last, True, True)}"

    def live(self, row: int, column: int, value: str | float) -> Live:
        """Return a formula that shows that cell elsewhere; `value` is the one written there."""
        return Live(f"={self.place(row, column)}", value)

    def height(self, row: int, points: float) -> None:
        """Set the height of a row instead of fitting it."""
        self._heights[row] = points

    def tones(self, first: tuple[int, int], last: tuple[int, int], symbols: Iterable[str]) -> None:
        """Colour cells by the symbol their text begins with, now and after a recalculation."""
        for symbol in symbols:
            self.raw.conditional_format(
                *first, *last,
                {"type": "text", "criteria": "begins with", "value": symbol,
                 "format": self.book.tone(TONE_LOOKS[symbol])},
            )  # fmt: skip

    def print_as(self, last: tuple[int, int], *, landscape: bool,
                 repeat: tuple[int, int] | None = None, fit: bool = True) -> None:  # fmt: skip
        """Set up A4 paper, page numbers, rows repeated on each page; `fit` to one page's width.

        Row 0 is left out: it holds the way back, for the screen only.
        """
        raw = self.raw
        raw.set_paper(9)
        raw.set_landscape() if landscape else raw.set_portrait()
        raw.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        raw.center_horizontally()
        raw.print_area(1, 0, *last)
        if repeat:
            raw.repeat_rows(*repeat)
        if fit:
            raw.fit_to_pages(1, 0)
        small = f'&"{FONT},Italic"&9'
        title = self.title.replace("&", "&&")
        mark = self.book.t("mark", mark=self.book.mark) if self.book.mark else ""
        raw.set_footer(f"&L{small}{title}&C{small}{mark}&R{small}{self.book.t('page')} &P/&N")

    def settle(self) -> None:
        """Keep what is written in little room: nothing comes after, no chart shows any of it."""
        self.finish()
        self.raw.settle()

    def finish(self) -> None:
        """Give every row the height its wrapped texts need, and days the form of papers."""
        if self._finished:
            return
        self._finished = True
        self._write_days()
        for row, text in self._waiting:
            self._fit(row, text)
        for row, points in sorted((self._needed | self._heights).items()):
            self.raw.set_row(row, min(points, 409))
        self._needed.clear()

    def _write_days(self) -> None:
        """Leave out the zero before months from March on, as papers do: 03/9/2019, 11/02/2019."""
        if self.book.lang != "vi" or not self._days:
            return
        shape = self.book.tone({"num_format": "dd/m/yyyy"})
        for column, rows in self._days.items():
            for first, last in runs(rows):
                top = xl_rowcol_to_cell(first, column)
                rule = {"type": "formula", "criteria": f"=AND({top}>0,MONTH({top})>2)",
                        "format": shape}  # fmt: skip
                self.raw.conditional_format(first, column, last, column, rule)

    def _fit(self, row: int, text: _Text) -> None:
        """Make a row high enough for a text, as soon as the widths of its columns are known."""
        column, span, shown, look = text
        room = self._rooms.get((column, span)) or self._room(column, span)
        if room is None:
            self._waiting.append((row, text))
            return
        fit = FITS[look]
        points = metrics.height_needed(shown, room - fit.indent, fit.size, fit.bold)
        if points > self._needed.get(row, 0.0):
            self._needed[row] = points

    def _room(self, column: int, span: int) -> float | None:
        columns = range(column, column + span)
        if not self._finished and any(at not in self._widths for at in columns):
            return None
        room = metrics.room([self._widths.get(at, _USUAL) for at in columns])
        self._rooms[column, span] = room
        return room
