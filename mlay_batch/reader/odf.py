"""Facts of an .ods package, from its `content.xml`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.parsers import expat

from mlay_batch.reader.facts import MAX_ROWS, Facts, FactsBuilder, Limits, Spot, UnreadableError
from mlay_batch.reader.legacy import encoding_of
from mlay_batch.reader.ooxml_parts import Attributes, parse, parser

_ERROR = re.compile(r"#[A-Z/0-9]+[!?]?|Err:\d+")
_HIDDEN = ("collapse", "filter")


def scan(content: bytes, limits: Limits) -> dict[str, Facts]:
    """Return the facts of each sheet by title.

    UnreadableError R05 for broken XML, R07 for a DOCTYPE, R10 for a sheet that spans too much.
    """
    scanner = _ContentScan(limits)
    try:
        parse(scanner.parser, content)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise UnreadableError("R05") from error
    return scanner.sheets


class _ContentScan:
    """Walks the tables; rows and cells may be repeated without being written again."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.sheets: dict[str, Facts] = {}
        self.style = ""
        self.fonts: dict[str, str] = {}
        self.parser = parser()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self._table({"table:name": ""})
        self.starts = {
            "table:table": self._table, "table:table-column": self._columns,
            "table:table-row": self._row, "table:table-cell": self._cell,
            "table:covered-table-cell": self._cell, "office:annotation": self._note,
            "text:p": self._paragraph, "style:style": self._style,
            "style:text-properties": self._font,
        }  # fmt: skip

    def _start(self, name: str, attributes: Attributes) -> None:
        if step := self.starts.get(name):
            step(attributes)

    def _end(self, name: str) -> None:
        if name in ("table:table-cell", "table:covered-table-cell"):
            self._close_cell()
        elif name == "table:table-row":
            self.row += self.row_repeat
        elif name == "table:table":
            self.sheets[self.title] = self.found.facts(self.title)
        elif name == "office:annotation":
            self._close_note()
        elif name == "text:p" and self.note is not None:
            self.note.append("\n")
            self.parser.CharacterDataHandler = None

    def _table(self, attributes: Attributes) -> None:
        self.title = attributes["table:name"]
        self.found = FactsBuilder(self.limits)
        self.row, self.row_repeat, self.column, self.header = 1, 1, 1, 1
        self.cell: Attributes = {}
        self.texts: list[str] = []
        self.note: list[str] | None = None

    def _style(self, attributes: Attributes) -> None:
        self.style = attributes.get("style:name", "")

    def _font(self, attributes: Attributes) -> None:
        """Take note of a style in a font from before Unicode."""
        font = attributes.get("style:font-name") or attributes.get("fo:font-family", "")
        if encoding_of(font):
            self.fonts[self.style] = font

    def _columns(self, attributes: Attributes) -> None:
        repeat = int(attributes.get("table:number-columns-repeated", 1))
        if attributes.get("table:visibility") in _HIDDEN:
            self.found.hide_columns(self.header, self.header + repeat - 1)
        self.header += repeat

    def _row(self, attributes: Attributes) -> None:
        self.column = 1
        self.row_repeat = int(attributes.get("table:number-rows-repeated", 1))
        if self.row + self.row_repeat - 1 > MAX_ROWS:
            raise ValueError("more rows than any program has")
        if attributes.get("table:visibility") in _HIDDEN:
            last = min(self.row + self.row_repeat - 1, self.limits.rows)
            self.found.hidden_rows.update(range(self.row, last + 1))

    def _cell(self, attributes: Attributes) -> None:
        self.cell, self.texts = attributes, []
        self._listen()

    def _listen(self) -> None:
        """Take down the text of a cell that needs a second look."""
        if "table:formula" in self.cell or self.cell.get("calcext:value-type") == "error":
            self.parser.CharacterDataHandler = self.texts.append

    def _note(self, _: Attributes) -> None:
        self.note = []
        self.parser.CharacterDataHandler = None

    def _paragraph(self, _: Attributes) -> None:
        if self.note is not None:
            self.parser.CharacterDataHandler = self.note.append

    def _close_note(self) -> None:
        self.found.notes[self.row, self.column] = "".join(self.note or ())
        self.note = None
        self._listen()

    def _close_cell(self) -> None:
        self.parser.CharacterDataHandler = None
        repeat = int(self.cell.get("table:number-columns-repeated", 1))
        if "office:value-type" in self.cell or "table:formula" in self.cell:
            self._filled(repeat)
        self._merge()
        self.column += repeat

    def _filled(self, repeat: int) -> None:
        last = self.row + self.row_repeat - 1, self.column + repeat - 1
        inside = self.found.filled(last)
        if not inside or self.found.last_row * self.found.last_column > self.limits.cells:
            return  # refused when the table ends; not worth unrolling
        if font := self.fonts.get(self.cell.get("table:style-name", "")):
            self.found.fonts |= dict.fromkeys(self._spots(repeat), font)
        text = "".join(self.texts)
        faulty = self.cell.get("calcext:value-type") == "error" or _ERROR.fullmatch(text)
        for spot in self._spots(repeat) if self.texts or "table:formula" in self.cell else ():
            if "table:formula" in self.cell:
                self.found.formulas.add(spot)
            if faulty:
                self.found.errors[spot] = text
            elif "office:value-type" not in self.cell:
                self.found.uncached.add(spot)

    def _spots(self, repeat: int) -> Iterator[Spot]:
        for row in range(self.row, self.row + self.row_repeat):
            for column in range(self.column, self.column + repeat):
                yield row, column

    def _merge(self) -> None:
        high = int(self.cell.get("table:number-rows-spanned", 1))
        wide = int(self.cell.get("table:number-columns-spanned", 1))
        if high > 1 or wide > 1:
            last = self.row + high - 1, self.column + wide - 1
            self.found.merges.append((self.row, self.column, *last))
