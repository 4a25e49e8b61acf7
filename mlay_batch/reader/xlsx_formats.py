"""Reads the formats of an .xlsx package that change what a cell says.

What is struck out, what nobody sees, fonts from before Unicode, number formats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from xml.parsers import expat

from mlay_batch.core.xml_parser import create_parser, local_name, parse_part
from mlay_batch.reader.legacy_encodings import font_encoding
from mlay_batch.reader.number_formats import BUILT_IN, may_mislead
from mlay_batch.reader.text_runs import BLACK, WHITE, Colour, Font, TextRun, is_unseen
from mlay_batch.reader.xlsx_parts import Attributes

_MAX_KEPT_PART = 1 << 16  # bytes; hostile parts must not stay in memory

# In the name of a font from before Unicode (see `legacy_encodings`), or what may hide the name:
# a character reference, an encoding with two bytes a letter.
_LEGACY_FONT_MARKS = (b".vn", b"vni-", b"vntime", b"vnarial", b"&#", b"\0")

_PLAIN_THEME = {"0": WHITE, "1": BLACK}  # light 1 and dark 1; the others depend on the theme
_PLAIN_INDEXED = {"0": BLACK, "1": WHITE, "8": BLACK, "9": WHITE, "65": WHITE}
_AUTOMATIC = "64"  # the system's colour of texts; what a fill then looks like is not known
_RAISED = ("superscript", "subscript")


class CellFormats(NamedTuple):
    """What matters of the cell formats, by their numbers."""

    fonts: Mapping[str, str] = {}
    """Fonts from before Unicode."""
    struck: frozenset[str] = frozenset()
    unseen: frozenset[str] = frozenset()
    """White on white, or too small to see."""
    fills: Mapping[str, Colour | None] = {}
    """Colours behind the text that are not white."""
    number_formats: Mapping[str, str] = {}
    """Number formats that may show something else than the cell holds."""


@dataclass(frozen=True, slots=True)
class TextFormats:
    """The formats of a workbook that change what a text says."""

    cells: CellFormats
    run_fonts: Mapping[str, str]
    """Fonts from before Unicode in runs of shared texts: chosen while typing, not for the cell."""
    shared_runs: Mapping[str, Sequence[TextRun]]
    """Runs of shared texts by number of the text."""

    @property
    def has_any(self) -> bool:
        """Whether the format of a cell matters; else a cell may be plain."""
        cells = self.cells
        return bool(
            cells.fonts
            or cells.struck
            or cells.unseen
            or cells.number_formats
            or self.run_fonts
            or self.shared_runs
        )


def read_formats(styles: bytes, strings: bytes) -> TextFormats:
    """Return the formats of the parts `xl/styles.xml` and `xl/sharedStrings.xml`."""
    read = _formats_of_template if len(styles) <= _MAX_KEPT_PART else _cell_formats
    return TextFormats(read(styles), _legacy_runs(strings), _shared_runs(strings))


def may_have_runs(part: bytes) -> bool:
    """Whether a part may have texts with formats within: a quick test, yes when in doubt."""
    return b"rPr" in part or b"\0" in part


def _is_on(attributes: Attributes) -> bool:
    """Whether a format such as ``<strike/>`` is switched on."""
    return attributes.get("val", "1") not in ("0", "false")


def _read_colour(attributes: Attributes, automatic: Colour | None) -> Colour | None:
    """Return the colour of an element such as ``<color rgb="FFFFFFFF"/>``; None if unknown."""
    if "rgb" in attributes:
        return Colour.parse(attributes["rgb"][-6:])
    if "theme" in attributes:
        return _PLAIN_THEME.get(attributes["theme"]) if "tint" not in attributes else None
    index = attributes.get("indexed", _AUTOMATIC)
    return automatic if index == _AUTOMATIC else _PLAIN_INDEXED.get(index)


def _parse_points(size: str) -> float | None:
    """Return a size of a font; None for what is none, which Excel ignores."""
    try:
        return float(size)
    except ValueError:
        return None


def _change_font(font: Font, element: str, attributes: Attributes) -> Font:
    """Return the font with what one of its elements says."""
    if element in ("name", "rFont"):
        return font._replace(name=attributes.get("val", ""))
    if element == "strike":
        return font._replace(is_struck=_is_on(attributes))
    if element == "color":
        return font._replace(colour=_read_colour(attributes, BLACK))
    if element == "sz":
        return font._replace(points=_parse_points(attributes.get("val", "")) or font.points)
    if element == "vertAlign":
        return font._replace(is_raised=attributes.get("val") in _RAISED)
    return font


class _StyleTables:
    """The tables of the part `xl/styles.xml`, as far as they matter."""

    def __init__(self) -> None:
        self.fonts: list[Font] = []
        self.fills: list[Colour | None] = []
        self.is_solid = False
        """Whether the last fill has one colour: no hatching, no gradient."""
        self.codes = {str(number): code for number, code in BUILT_IN.items()}
        self.formats: list[Attributes] = []

    def add(self, path: Sequence[str], attributes: Attributes) -> None:
        """Take in the element at the end of the path."""
        table, element = path[-2:] if len(path) > 1 else ("", "")
        if path[-3:-1] == ["fonts", "font"]:
            self.fonts[-1] = _change_font(self.fonts[-1], element, attributes)
        elif (table, element) == ("fonts", "font"):
            self.fonts.append(Font())
        elif (table, element) == ("fills", "fill"):
            self.fills.append(WHITE)
        elif path[-3:-1] == ["fills", "fill"]:
            self._start_fill(element, attributes)
        elif path[-4:] == ["fills", "fill", "patternFill", "fgColor"] and self.is_solid:
            self.fills[-1] = _read_colour(attributes, None)
        elif (table, element) == ("cellXfs", "xf"):
            self.formats.append(attributes)
        elif (table, element) == ("numFmts", "numFmt"):
            self.codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")

    def _start_fill(self, element: str, attributes: Attributes) -> None:
        """Take in the kind of a fill; not of those in conditional formats, which are elsewhere."""
        kind = attributes.get("patternType", "none") if element == "patternFill" else element
        self.is_solid = kind == "solid"
        self.fills[-1] = WHITE if kind == "none" else None

    def numbers(self, attribute: str, length: int) -> Iterable[tuple[str, int]]:
        """Yield number of the cell format and of its entry in another table."""
        for number, cell_format in enumerate(self.formats):
            if (entry := int(cell_format.get(attribute, 0))) < length:
                yield str(number), entry


def _cell_formats(part: bytes) -> CellFormats:
    if not part:
        return CellFormats()
    tables = _StyleTables()
    path: list[str] = []

    def start(name: str, attributes: Attributes) -> None:
        path.append(local_name(name))
        tables.add(path, attributes)

    xml_parser = create_parser()
    xml_parser.StartElementHandler = start
    xml_parser.EndElementHandler = lambda _: path.pop()
    parse_part(xml_parser, part)
    fonts = {n: tables.fonts[entry] for n, entry in tables.numbers("fontId", len(tables.fonts))}
    fills = {n: tables.fills[entry] for n, entry in tables.numbers("fillId", len(tables.fills))}
    misleading = {number for number, code in tables.codes.items() if may_mislead(code)}
    used = ((str(n), xf.get("numFmtId", "0")) for n, xf in enumerate(tables.formats))
    return CellFormats(
        {n: font.name for n, font in fonts.items() if font_encoding(font.name)},
        frozenset(n for n, font in fonts.items() if font.is_struck),
        frozenset(n for n, font in fonts.items() if is_unseen(font, fills.get(n, WHITE))),
        {n: fill for n, fill in fills.items() if fill != WHITE},
        {n: tables.codes[number] for n, number in used if number in misleading},
    )


_formats_of_template = lru_cache(maxsize=16)(_cell_formats)  # most forms have its styles


def _may_name_legacy_font(part: bytes) -> bool:
    """Whether the part may name a font from before Unicode: a quick test, yes when in doubt."""
    lowered = part.lower()
    return any(mark in lowered for mark in _LEGACY_FONT_MARKS)


def _legacy_runs(part: bytes) -> dict[str, str]:
    """Return the fonts from before Unicode in runs of shared texts, by number of the text."""
    if b"rFont" not in part or not _may_name_legacy_font(part):
        return {}
    run_fonts: dict[str, str] = {}
    index = -1

    def start(name: str, attributes: Attributes) -> None:
        nonlocal index
        index += local_name(name) == "si"
        if local_name(name) == "rFont" and font_encoding(font := attributes.get("val", "")):
            run_fonts.setdefault(str(index), font)

    xml_parser = create_parser()
    xml_parser.StartElementHandler = start
    parse_part(xml_parser, part)
    return run_fonts


class RunCollector:
    """Collects the runs of one text, by handlers of its elements."""

    def __init__(self, xml_parser: expat.XMLParserType) -> None:
        self.parser = xml_parser
        self.handlers: dict[str, Callable[[Attributes], None]] = {
            "r": self._start_run,
            "rPr": self._start_format,
            "t": self._start_text,
            "rPh": self._start_phonetic,
            **{name: self._change_font(name) for name in ("strike", "color", "sz", "vertAlign")},
        }
        self.begin()

    def begin(self) -> None:
        """Begin a text."""
        self.runs: list[TextRun] = []
        self.texts: list[str] | None = None

    def _start_run(self, _: Attributes) -> None:
        self.runs.append(TextRun())
        self.texts = self.runs[-1].texts

    def _start_format(self, _: Attributes) -> None:
        if self.runs:
            self.runs[-1].font = Font()

    def _change_font(self, element: str) -> Callable[[Attributes], None]:
        def change(attributes: Attributes) -> None:
            if self.runs and self.runs[-1].font:
                self.runs[-1].font = _change_font(self.runs[-1].font, element, attributes)

        return change

    def _start_text(self, _: Attributes) -> None:
        if self.texts is not None:
            self.parser.CharacterDataHandler = self.texts.append

    def _start_phonetic(self, _: Attributes) -> None:
        """Begin a hint on how the text is read aloud, which is no part of it."""
        self.texts = self.parser.CharacterDataHandler = None


def _shared_runs(part: bytes) -> dict[str, Sequence[TextRun]]:
    """Return the runs of shared texts by number of the text."""
    if not may_have_runs(part):
        return {}
    runs_by_number: dict[str, Sequence[TextRun]] = {}
    index = -1
    xml_parser = create_parser()
    collector = RunCollector(xml_parser)

    def start(name: str, attributes: Attributes) -> None:
        nonlocal index
        name = local_name(name)
        if name == "si":
            index += 1
            xml_parser.CharacterDataHandler = None
            collector.begin()
        elif handler := collector.handlers.get(name):
            handler(attributes)
            if name == "r":
                runs_by_number[str(index)] = collector.runs

    xml_parser.StartElementHandler = start
    parse_part(xml_parser, part)
    return runs_by_number
