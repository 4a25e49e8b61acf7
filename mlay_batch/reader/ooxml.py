"""Facts of an .xlsx or .xlsm package, from its parts; one pass of expat over each sheet."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from xml.parsers import expat

from mlay_batch.reader.facts import Facts, FactsBuilder, Limits, Spot, UnreadableError, a1, spot_of
from mlay_batch.reader.legacy import encoding_of

_WORKBOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
_STYLES = "xl/styles.xml"
_TRUE = ("1", "true")
_ELSEWHERE = re.compile(r'\[[^\[\]"]+\][^\[\]!"]*!')  # [1]Sheet1!A1, '[b.xlsx]Sheet 1'!A1

Attributes = dict[str, str]


@dataclass(frozen=True, slots=True)
class SheetPart:
    """A worksheet: its title, part name and what was found in it.

    `cuts` are the byte ranges of cells that lie too far away to be read.
    """

    title: str
    part: str
    facts: Facts
    cuts: tuple[tuple[int, int], ...] = ()


def scan(parts: Mapping[str, bytes], limits: Limits) -> tuple[SheetPart, ...]:
    """Return the worksheets of a package. UnreadableError R05 where its parts do not fit together,
    R07 for a DOCTYPE, R10 for a sheet that spans too much.
    """
    try:
        return tuple(_scan_sheets({name.lower(): part for name, part in parts.items()}, limits))
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise UnreadableError("R05") from error


def _scan_sheets(parts: Mapping[str, bytes], limits: Limits) -> list[SheetPart]:
    targets = _targets(parts[_RELATIONS])
    fonts = _old_fonts(parts[_STYLES]) if _STYLES in parts else {}
    found = []
    for title, relation in _titles(parts[_WORKBOOK]):
        if part := targets.get(relation):
            sheet = _SheetScan(limits, fonts)
            parse(sheet.parser, parts[part])
            found.append(SheetPart(title, part, sheet.facts(title), tuple(sheet.cuts)))
    return found


def parser() -> expat.XMLParserType:
    """Return an XML parser that refuses a DOCTYPE."""
    made = expat.ParserCreate()
    made.StartDoctypeDeclHandler = _refuse_doctype
    made.buffer_text = True
    return made


def parse(made: expat.XMLParserType, part: bytes) -> None:
    """Feed a whole part to a parser."""
    made.Parse(part, True)


def _refuse_doctype(*_: object) -> None:
    raise UnreadableError("R07")


def _local(name: str) -> str:
    return name.rpartition(":")[2] if ":" in name else name


def _elements(part: bytes, wanted: str) -> list[Attributes]:
    found: list[Attributes] = []

    def start(name: str, attributes: Attributes) -> None:
        if _local(name) == wanted:
            found.append(attributes)

    made = parser()
    made.StartElementHandler = start
    parse(made, part)
    return found


def _targets(part: bytes) -> dict[str, str]:
    """Return the part of each relation that leads to a worksheet."""
    return {
        entry["Id"]: posixpath.normpath(posixpath.join("/xl", entry["Target"])).lstrip("/").lower()
        for entry in _elements(part, "Relationship")
        if entry["Type"].endswith("/worksheet")
    }


def _titles(part: bytes) -> list[tuple[str, str]]:
    """Return title and relation of each sheet; the relation's prefix is the writer's choice."""
    return [
        (entry["name"], value)
        for entry in _elements(part, "sheet")
        for key, value in entry.items()
        if key.endswith(":id")
    ]


class _Steps(dict[str, Callable[[Attributes], None] | None]):
    """What to do at an element, by name; a prefix is the writer's choice, looked at only once."""

    def __missing__(self, name: str) -> Callable[[Attributes], None] | None:
        self[name] = found = self.get(_local(name))
        return found


def _old_fonts(part: bytes) -> dict[str, str]:
    """Return the font of each cell format, by its number, where it is one from before Unicode."""
    fonts: list[str] = []
    formats: list[str] = []
    inside: list[str] = []

    def start(name: str, attributes: Attributes) -> None:
        inside.append(_local(name))
        if inside[-3:-1] == ["fonts", "font"] and inside[-1] == "name":
            fonts[-1] = attributes.get("val", "")
        elif inside[-2:] == ["fonts", "font"]:
            fonts.append("")
        elif inside[-2:] == ["cellXfs", "xf"]:
            formats.append(attributes.get("fontId", "0"))

    made = parser()
    made.StartElementHandler = start
    made.EndElementHandler = lambda _: inside.pop()
    parse(made, part)
    named = {str(n): fonts[int(font)] for n, font in enumerate(formats) if int(font) < len(fonts)}
    return {number: name for number, name in named.items() if encoding_of(name)}


# What holds words of its own behind the cells (ECMA-376 part 1, CT_Worksheet).
_WORDED = ("customSheetViews", "conditionalFormatting", "dataValidations", "headerFooter", "extLst")


class _SheetScan:
    """One sheet part. A cell is judged when the next one begins."""

    def __init__(self, limits: Limits, fonts: Mapping[str, str]) -> None:
        self.fonts = fonts
        self.found = FactsBuilder(limits)
        self.parser = parser()
        self.parser.StartElementHandler = self._start
        self.cuts: list[tuple[int, int]] = []
        self.row = self.byte = 0
        self.at = ""
        self._begin(None)
        self.steps = _Steps({
            "row": self._row, "c": self._cell, "f": self._formula, "v": self._value,
            "is": self._value, "col": self._columns, "mergeCell": self._merge,
            **dict.fromkeys(_WORDED, self._over),
        })  # fmt: skip

    def facts(self, title: str) -> Facts:
        self._judge()
        return self.found.facts(title, far=True)

    def _begin(self, kind: str | None) -> None:
        self.kind = kind
        self.filled = self.formula = self.valued = False

    def _start(self, name: str, attributes: Attributes) -> None:
        if step := self.steps[name]:
            step(attributes)

    def _row(self, attributes: Attributes) -> None:
        self._judge()
        self._begin(None)
        self.at = ""
        self.row = int(attributes.get("r", self.row + 1))
        if attributes.get("hidden") in _TRUE:
            self.found.hidden_rows.add(self.row)

    def _cell(self, attributes: Attributes) -> None:
        if self.formula or self.kind == "e":
            self._judge()
        self.at = attributes.get("r") or self._following()
        if self.fonts and (font := self.fonts.get(attributes.get("s", "0"))):
            self.found.fonts[spot_of(self.at)] = font
        self._begin(attributes.get("t"))
        self.byte = self.parser.CurrentByteIndex

    def _following(self) -> str:
        """Return the cell right of the last one: a reference may be left out."""
        return a1((self.row, spot_of(self.at)[1] + 1 if self.at else 1))

    def _over(self, _: Attributes) -> None:
        """Conclude the last cell: the words that follow the cells are not its value."""
        self._judge()
        self._begin(None)

    def _fill(self) -> None:
        if not self.filled:
            self.filled = True
            if not self.found.filled(spot_of(self.at)):
                self.parser.EndElementHandler = self._cut

    def _formula(self, _: Attributes) -> None:
        self._fill()
        self.formula = True
        self.words: list[str] = []
        self.parser.CharacterDataHandler = self.words.append

    def _value(self, _: Attributes) -> None:
        self._fill()
        self.valued = True
        if self.formula or self.kind == "e":
            self.texts: list[str] = []
            self.parser.CharacterDataHandler = self.texts.append

    def _cut(self, name: str) -> None:
        if _local(name) == "c":
            self.cuts.append((self.byte, self.parser.CurrentByteIndex))
            self.parser.EndElementHandler = None

    def _columns(self, attributes: Attributes) -> None:
        if attributes.get("hidden") in _TRUE:
            self.found.hide_columns(int(attributes["min"]), int(attributes["max"]))

    def _merge(self, attributes: Attributes) -> None:
        first, _, last = attributes["ref"].partition(":")
        self.found.merges.append((*spot_of(first), *spot_of(last or first)))

    def _judge(self) -> None:
        """Conclude the cell begun last, if it holds a formula or an error."""
        if not (self.formula or self.kind == "e"):
            return
        self.parser.CharacterDataHandler = None
        spot: Spot = spot_of(self.at)
        text = "".join(self.texts).strip() if self.valued else ""
        if self.kind == "e":
            self.found.errors[spot] = text
        elif not text and not (self.valued and self.kind == "str"):
            self.found.uncached.add(spot)
        if self.formula:
            self.found.formulas.add(spot)
            if _ELSEWHERE.search("".join(self.words)):
                self.found.foreign.add(spot)
