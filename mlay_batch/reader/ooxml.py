"""Facts of an .xlsx or .xlsm package, from its parts; one pass of expat over what is not plain."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from xml.parsers import expat

from mlay_batch.reader.facts import Facts, FactsBuilder, Limits, Spot, UnreadableError, a1, spot_of
from mlay_batch.reader.legacy import encoding_of
from mlay_batch.reader.ooxml_parts import (
    Attributes,
    elements,
    local,
    notes,
    old_fonts,
    old_runs,
    parser,
    targets,
)
from mlay_batch.reader.ooxml_plain import behind, thinned

_WORKBOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
_STYLES = "xl/styles.xml"
_STRINGS = "xl/sharedstrings.xml"
_TRUE = ("1", "true")
_ELSEWHERE = re.compile(r'\[[^\[\]"]+\][^\[\]!"]*!')  # [1]Sheet1!A1, '[b.xlsx]Sheet 1'!A1

# A reference, comment or CDATA in a stored value: readers differ in what they make of "1&#50;".
_PIECED = re.compile(rb"<(?:[\w.-]+:)?v(?:\s[^<>]*)?>[^<]*(?:&|<!)")
_TEXT = re.compile(rb"""\st\s*=\s*["']str["']""")


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
    R07 for a DOCTYPE and for values readers differ in, R10 for a sheet that spans too much.
    """
    try:
        return tuple(_scan_sheets({name.lower(): part for name, part in parts.items()}, limits))
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise UnreadableError("R05") from error


def _scan_sheets(parts: Mapping[str, bytes], limits: Limits) -> list[SheetPart]:
    sheets = targets(parts[_RELATIONS])
    fonts = old_fonts(parts[_STYLES]) if _STYLES in parts else {}
    runs = old_runs(parts.get(_STRINGS, b""))
    found = []
    for title, relation in _titles(parts[_WORKBOOK]):
        if part := sheets.get(relation):
            sheet = _scan_sheet(parts[part], limits, fonts, runs)
            sheet.found.notes |= notes(parts, part)
            facts = sheet.found.facts(title, far=True)
            found.append(SheetPart(title, part, facts, tuple(sheet.cuts)))
    return found


def _scan_sheet(
    part: bytes, limits: Limits, fonts: Mapping[str, str], runs: Mapping[str, str]
) -> _SheetScan:
    """Return what a sheet says beside plain values; where fonts matter, no cell is plain."""
    sheet = _SheetScan(limits, fonts, runs)
    rest = None if fonts or runs else thinned(part, limits)
    sheet.walk(part if rest is None else rest)
    return sheet


def _ambiguous(part: bytes) -> bool:
    """Return whether a stored number is written in pieces, as no office program does: calamine
    takes the first piece for the whole. Text results of formulas may hold references.
    """
    for found in _PIECED.finditer(part):
        start = max(part.rfind(mark, 0, found.start()) for mark in (b"<c ", b":c "))
        cell = part[start : part.find(b">", start)]
        if found[0].endswith(b"<!") or not _TEXT.search(cell):
            return True
    return False


def _titles(part: bytes) -> list[tuple[str, str]]:
    """Return title and relation of each sheet; the relation's prefix is the writer's choice."""
    return [
        (entry["name"], value)
        for entry in elements(part, "sheet")
        for key, value in entry.items()
        if key.endswith(":id")
    ]


class _Steps(dict[str, Callable[[Attributes], None] | None]):
    """What to do at an element, by name; a prefix is the writer's choice, looked at only once."""

    def __missing__(self, name: str) -> Callable[[Attributes], None] | None:
        self[name] = found = self.get(local(name))
        return found


class _SheetScan:
    """One sheet part. A cell is judged when the next one begins."""

    def __init__(self, limits: Limits, fonts: Mapping[str, str], runs: Mapping[str, str]) -> None:
        self.fonts, self.runs = fonts, runs
        self.found = FactsBuilder(limits)
        self.parser = parser()
        self.parser.StartElementHandler = self._start
        self.cuts: list[tuple[int, int]] = []
        self.row = self.byte = 0
        self.at = ""
        self._begin(None)
        self.steps = _Steps({
            "row": self._row, "c": self._cell, "f": self._formula, "v": self._stored,
            "is": self._value, "col": self._columns, "mergeCell": self._merge, "rFont": self._run,
        })  # fmt: skip

    def walk(self, part: bytes) -> None:
        """Walk over the part. UnreadableError R07 where a stored number stands there in pieces.

        Behind the cells only merged ones matter: other words and formulas there are no cell's.
        """
        if _ambiguous(part):
            raise UnreadableError("R07")
        cells = behind(part, b"sheetData")
        merges = max(cells, behind(part, b"mergeCell"))
        view = memoryview(part)  # a part may be large
        self.parser.Parse(view[:cells], False)
        self._judge()
        self.steps = _Steps({"mergeCell": self._merge})
        self.parser.Parse(view[cells:merges], False)
        self.parser.StartElementHandler = None
        self.parser.Parse(view[merges:], True)

    def _begin(self, kind: str | None) -> None:
        self.kind = kind
        self.filled = self.formula = self.valued = False
        self.words: list[str] = []
        self.texts: list[str] = []

    def _start(self, name: str, attributes: Attributes) -> None:
        if step := self.steps[name]:
            step(attributes)

    def _row(self, attributes: Attributes) -> None:
        if self.at:
            self._judge()
            self._begin(None)
            self.at = ""
        self.row = int(attributes.get("r", self.row + 1))
        if attributes.get("hidden") in _TRUE:
            self.found.hidden_rows.add(self.row)

    def _cell(self, attributes: Attributes) -> None:
        if self._doubtful():
            self._judge()
        self.at = attributes.get("r") or self._following()
        if self.fonts and (font := self.fonts.get(attributes.get("s", "0"))):
            self.found.fonts[spot_of(self.at)] = font
        self._begin(attributes.get("t"))
        self.byte = self.parser.CurrentByteIndex

    def _following(self) -> str:
        """Return the cell right of the last one: a reference may be left out."""
        return a1((self.row, spot_of(self.at)[1] + 1 if self.at else 1))

    def _fill(self) -> None:
        if not self.filled:
            self.filled = True
            if not self.found.filled(spot_of(self.at)):
                self.parser.EndElementHandler = self._cut

    def _formula(self, _: Attributes) -> None:
        self._fill()
        self.formula = True
        self.parser.CharacterDataHandler = self.words.append

    def _value(self, _: Attributes) -> None:
        self._fill()
        self.valued = True
        if self._doubtful():
            self.parser.CharacterDataHandler = self.texts.append

    def _run(self, attributes: Attributes) -> None:
        """Take note of the font of a part of a text that stands in the cell itself."""
        if encoding_of(font := attributes.get("val", "")):
            self.found.fonts[spot_of(self.at)] = font

    def _stored(self, attributes: Attributes) -> None:
        if self.kind == "inlineStr":  # calamine would read nothing there
            raise UnreadableError("R07")
        self._value(attributes)

    def _cut(self, name: str) -> None:
        if local(name) == "c":
            self.cuts.append((self.byte, self.parser.CurrentByteIndex))
            self.parser.EndElementHandler = None

    def _columns(self, attributes: Attributes) -> None:
        if attributes.get("hidden") in _TRUE:
            self.found.hide_columns(int(attributes["min"]), int(attributes["max"]))

    def _merge(self, attributes: Attributes) -> None:
        first, _, last = attributes["ref"].partition(":")
        self.found.merges.append((*spot_of(first), *spot_of(last or first)))

    def _doubtful(self) -> bool:
        """Whether the cell needs a second look: a formula, an error, a text with an old font."""
        return self.formula or self.kind == "e" or bool(self.runs and self.kind == "s")

    def _judge(self) -> None:
        """Conclude the cell begun last, if there is anything to say of it."""
        if not self._doubtful():
            return
        self.parser.CharacterDataHandler = None
        spot: Spot = spot_of(self.at)
        text = "".join(self.texts).strip() if self.valued else ""
        if self.kind == "s" and text in self.runs:
            self.found.fonts[spot] = self.runs[text]
        if self.kind == "e":
            self.found.errors[spot] = text
        elif self.formula and not text and not (self.valued and self.kind == "str"):
            self.found.uncached.add(spot)
        if self.formula:
            self.found.formulas.add(spot)
            if _ELSEWHERE.search("".join(self.words)):
                self.found.foreign.add(spot)
