"""Reads cell metadata of an .ods package from its `content.xml`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.parsers import expat

from mlay_batch.reader.cell_metadata import (
    MAX_ROWS,
    CellMetadata,
    CellPosition,
    Limits,
    MetadataBuilder,
    UnreadableError,
)
from mlay_batch.reader.legacy_encodings import font_encoding
from mlay_batch.reader.xlsx_parts import Attributes, create_parser, parse_part

_ERROR = re.compile(r"#[A-Z/0-9]+[!?]?|Err:\d+")
_BETWEEN_TAGS = re.compile(rb">[ \t\r\n]+(?=</?table:)")
# A paragraph, whose blanks are text, or white space between other elements.
_LAYOUT = re.compile(rb"(<text:p(?:\s[^<>]*)?(?<!/)>.*?</text:p>)|(?<=>)[ \t\r\n]+(?=<)", re.DOTALL)
_LINE_BREAK = re.compile(rb"<text:line-break\s*(?:/>|>\s*</text:line-break>)")
_TAB = re.compile(rb"<text:tab(?:\s[^<>]*)?(?:/>|(?<=/)>|>\s*</text:tab>)")
_HIDDEN = ("collapse", "filter")


def scan(content: bytes, limits: Limits) -> dict[str, CellMetadata]:
    """Return the metadata of each sheet by title.

    UnreadableError R05 for broken XML, R07 for a DOCTYPE, R10 for a sheet that spans too much.
    """
    scanner = _ContentScanner(limits)
    try:
        parse_part(scanner.parser, content)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise UnreadableError("R05") from error
    return scanner.sheets


def simplify(content: bytes) -> bytes:
    """Return the content without what calamine misreads, as Gnumeric and SheetJS write it.

    It takes a sheet with white space between its cells for damaged, and joins the words on both
    sides of a line break or a tab.
    """
    if _BETWEEN_TAGS.search(content):
        content = _LAYOUT.sub(rb"\1", content)
    return _TAB.sub(b"\t", _LINE_BREAK.sub(b"\n", content))


class _ContentScanner:
    """Walks over the tables; one element may stand for many equal rows or cells."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.sheets: dict[str, CellMetadata] = {}
        self.style = ""
        self.fonts: dict[str, str] = {}
        self.parser = create_parser()
        self.parser.StartElementHandler = self._start_element
        self.parser.EndElementHandler = self._end_element
        self._start_table({"table:name": ""})
        self.handlers = {
            "table:table": self._start_table,
            "table:table-column": self._start_columns,
            "table:table-row": self._start_row,
            "table:table-cell": self._start_cell,
            "table:covered-table-cell": self._start_cell,
            "office:annotation": self._start_note,
            "text:p": self._start_paragraph,
            "style:style": self._start_style,
            "style:text-properties": self._add_font,
        }

    def _start_element(self, name: str, attributes: Attributes) -> None:
        if handler := self.handlers.get(name):
            handler(attributes)

    def _end_element(self, name: str) -> None:
        if name in ("table:table-cell", "table:covered-table-cell"):
            self._close_cell()
        elif name == "table:table-row":
            self.row += self.row_repeat
        elif name == "table:table":
            self.sheets[self.title] = self.builder.build(self.title)
        elif name == "office:annotation":
            self._close_note()
        elif name == "text:p" and self.note is not None:
            self.note.append("\n")
            self.parser.CharacterDataHandler = None

    def _start_table(self, attributes: Attributes) -> None:
        self.title = attributes["table:name"]
        self.builder = MetadataBuilder(self.limits)
        self.row, self.row_repeat, self.column, self.next_column = 1, 1, 1, 1
        self.cell: Attributes = {}
        self.texts: list[str] = []
        self.note: list[str] | None = None

    def _start_style(self, attributes: Attributes) -> None:
        self.style = attributes.get("style:name", "")

    def _add_font(self, attributes: Attributes) -> None:
        """Record a style with a font from before Unicode."""
        font = attributes.get("style:font-name") or attributes.get("fo:font-family", "")
        if font_encoding(font):
            self.fonts[self.style] = font

    def _start_columns(self, attributes: Attributes) -> None:
        repeat = int(attributes.get("table:number-columns-repeated", 1))
        if attributes.get("table:visibility") in _HIDDEN:
            self.builder.hide_columns(self.next_column, self.next_column + repeat - 1)
        self.next_column += repeat

    def _start_row(self, attributes: Attributes) -> None:
        self.column = 1
        self.row_repeat = int(attributes.get("table:number-rows-repeated", 1))
        if self.row + self.row_repeat - 1 > MAX_ROWS:
            raise ValueError("more rows than any program has")
        if attributes.get("table:visibility") in _HIDDEN:
            last = min(self.row + self.row_repeat - 1, self.limits.rows)
            self.builder.hidden_rows.update(range(self.row, last + 1))

    def _start_cell(self, attributes: Attributes) -> None:
        self.cell, self.texts = attributes, []
        self._collect_text()

    def _collect_text(self) -> None:
        """Collect the text of a formula or an error cell."""
        if "table:formula" in self.cell or self.cell.get("calcext:value-type") == "error":
            self.parser.CharacterDataHandler = self.texts.append

    def _start_note(self, _: Attributes) -> None:
        self.note = []
        self.parser.CharacterDataHandler = None

    def _start_paragraph(self, _: Attributes) -> None:
        if self.note is not None:
            self.parser.CharacterDataHandler = self.note.append

    def _close_note(self) -> None:
        self.builder.notes[self.row, self.column] = "".join(self.note or ())
        self.note = None
        self._collect_text()

    def _close_cell(self) -> None:
        self.parser.CharacterDataHandler = None
        repeat = int(self.cell.get("table:number-columns-repeated", 1))
        if "office:value-type" in self.cell or "table:formula" in self.cell:
            self._add_filled(repeat)
        self._add_merge()
        self.column += repeat

    def _add_filled(self, repeat: int) -> None:
        last_position = self.row + self.row_repeat - 1, self.column + repeat - 1
        within_limits = self.builder.add_filled(last_position)
        if (
            not within_limits
            or self.builder.last_row * self.builder.last_column > self.limits.cells
        ):
            return  # refused when the table ends
        if font := self.fonts.get(self.cell.get("table:style-name", "")):
            self.builder.fonts |= dict.fromkeys(self._positions(repeat), font)
        text = "".join(self.texts)
        is_error = self.cell.get("calcext:value-type") == "error" or _ERROR.fullmatch(text)
        for position in (
            self._positions(repeat) if self.texts or "table:formula" in self.cell else ()
        ):
            if "table:formula" in self.cell:
                self.builder.formulas.add(position)
            if is_error:
                self.builder.errors[position] = text
            elif "office:value-type" not in self.cell:
                self.builder.uncached.add(position)

    def _positions(self, repeat: int) -> Iterator[CellPosition]:
        for row in range(self.row, self.row + self.row_repeat):
            for column in range(self.column, self.column + repeat):
                yield row, column

    def _add_merge(self) -> None:
        height = int(self.cell.get("table:number-rows-spanned", 1))
        width = int(self.cell.get("table:number-columns-spanned", 1))
        if height > 1 or width > 1:
            last = self.row + height - 1, self.column + width - 1
            self.builder.merges.append((self.row, self.column, *last))
