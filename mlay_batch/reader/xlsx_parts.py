"""Reads what other parts of an .xlsx package say of a sheet's cells.

Fonts, what is struck out, comments, and what lies over the cells.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from xml.parsers import expat

from mlay_batch.reader.cell_metadata import (
    MAX_DRAWINGS,
    CellPosition,
    MetadataBuilder,
    StruckText,
    UnreadableError,
    parse_position,
)
from mlay_batch.reader.legacy_encodings import font_encoding
from mlay_batch.reader.number_formats import BUILT_IN, may_mislead

_MAX_KEPT_PART = 1 << 16  # bytes; hostile parts must not stay in memory
Attributes = dict[str, str]

# In the name of a font from before Unicode (see `legacy_encodings`), or what may hide the name:
# a character reference, an encoding with two bytes a letter.
_LEGACY_FONT_MARKS = (b".vn", b"vni-", b"vntime", b"vnarial", b"&#", b"\0")


def create_parser() -> expat.XMLParserType:
    """Return an XML parser that refuses a DOCTYPE."""
    xml_parser = expat.ParserCreate()
    xml_parser.StartDoctypeDeclHandler = _refuse_doctype
    xml_parser.buffer_text = True
    return xml_parser


def parse_part(xml_parser: expat.XMLParserType, part: bytes) -> None:
    """Feed a whole part to a parser."""
    xml_parser.Parse(part, True)


def _refuse_doctype(*_: object) -> None:
    raise UnreadableError("R07")


def local_name(name: str) -> str:
    """Return an element's name without its prefix, which each program chooses."""
    return name.rpartition(":")[2] if ":" in name else name


def find_elements(part: bytes, element_name: str) -> list[Attributes]:
    """Return the attributes of every element of that name."""
    matches: list[Attributes] = []

    def start(name: str, attributes: Attributes) -> None:
        if local_name(name) == element_name:
            matches.append(attributes)

    xml_parser = create_parser()
    xml_parser.StartElementHandler = start
    parse_part(xml_parser, part)
    return matches


def relation_targets(part: bytes, kind: str = "worksheet", folder: str = "/xl") -> dict[str, str]:
    """Return the target part of each relation of that kind, by id."""
    return {
        relation["Id"]: posixpath.normpath(posixpath.join(folder, relation["Target"]))
        .lstrip("/")
        .lower()
        for relation in find_elements(part, "Relationship")
        if relation["Type"].endswith(f"/{kind}")
    }


def read_notes(parts: Mapping[str, bytes], sheet: str) -> dict[CellPosition, str]:
    """Return the comments of a sheet, both old ones and threaded ones.

    Threaded comments of newer programs have their own part; the old one has only a hint.
    """
    folder, name = posixpath.split(sheet)
    relations = parts.get(f"{folder}/_rels/{name}.rels")
    cell_notes: dict[CellPosition, str] = {}
    for kind, text_element in (("comments", "t"), ("threadedComment", "text")) if relations else ():
        for part in relation_targets(relations or b"", kind, f"/{folder}").values():
            cell_notes |= _read_texts(parts[part], text_element) if part in parts else {}
    return cell_notes


def _read_texts(part: bytes, element: str) -> dict[CellPosition, str]:
    """Return the texts of all elements of that name, by the cell of their comment."""
    texts_by_cell: dict[CellPosition, list[str]] = {}
    current: list[CellPosition] = []

    def start(name: str, attributes: Attributes) -> None:
        if local_name(name) in ("comment", "threadedComment"):
            current[:] = [parse_position(attributes["ref"])]
        elif local_name(name) == element and current:
            xml_parser.CharacterDataHandler = texts_by_cell.setdefault(current[0], []).append

    def end(name: str) -> None:
        if local_name(name) == element:
            xml_parser.CharacterDataHandler = None

    xml_parser = create_parser()
    xml_parser.StartElementHandler, xml_parser.EndElementHandler = start, end
    parse_part(xml_parser, part)
    return {position: "".join(texts) for position, texts in texts_by_cell.items()}


@dataclass(slots=True)
class TextRun:
    """A part of a text with its own format."""

    texts: list[str] = field(default_factory=list)
    is_struck: bool | None = None
    """None: as the cell is."""


@dataclass(frozen=True, slots=True)
class TextFormats:
    """The formats that change what a text says, by number of the cell format or shared text."""

    fonts: Mapping[str, str]
    """Fonts from before Unicode."""
    struck: frozenset[str]
    """Cell formats that are struck out."""
    run_fonts: Mapping[str, str]
    """Fonts from before Unicode in runs of shared texts: chosen while typing, not for the cell."""
    shared_runs: Mapping[str, Sequence[TextRun]]
    """Runs of shared texts, if any cell or run may be struck out."""
    number_formats: Mapping[str, str]
    """Number formats that may show something else than the cell holds."""

    @property
    def has_any(self) -> bool:
        """Whether the format of a cell matters; else a cell may be plain."""
        return bool(
            self.fonts or self.struck or self.run_fonts or self.shared_runs or self.number_formats
        )


def read_formats(styles: bytes, strings: bytes) -> TextFormats:
    """Return the formats of the parts `xl/styles.xml` and `xl/sharedStrings.xml`."""
    fonts, struck, codes = (
        _formats_of_template(styles) if len(styles) <= _MAX_KEPT_PART else _cell_formats(styles)
    )
    run_fonts = _legacy_runs(strings)
    has_runs = may_be_struck(strings) or (struck and b"rPr" in strings)
    return TextFormats(fonts, struck, run_fonts, _shared_runs(strings) if has_runs else {}, codes)


def may_be_struck(part: bytes) -> bool:
    """Whether a part may name struck-out text: a quick test, yes when in doubt."""
    return b"strike" in part or b"\0" in part


def is_on(attributes: Attributes) -> bool:
    """Whether a format such as ``<strike/>`` is switched on."""
    return attributes.get("val", "1") not in ("0", "false")


def _cell_formats(part: bytes) -> tuple[dict[str, str], frozenset[str], dict[str, str]]:
    """Return what matters of the cell formats, by their numbers.

    The fonts from before Unicode, the struck-out ones, and the number formats that may mislead.
    """
    if not part:
        return {}, frozenset(), {}
    fonts: list[str] = []
    struck_fonts: set[int] = set()
    codes = {str(number): code for number, code in BUILT_IN.items()}
    formats: list[Attributes] = []
    path: list[str] = []

    def start(name: str, attributes: Attributes) -> None:
        path.append(local_name(name))
        if path[-3:-1] == ["fonts", "font"] and path[-1] == "name":
            fonts[-1] = attributes.get("val", "")
        elif path[-3:] == ["fonts", "font", "strike"] and is_on(attributes):
            struck_fonts.add(len(fonts) - 1)
        elif path[-2:] == ["fonts", "font"]:
            fonts.append("")
        elif path[-2:] == ["cellXfs", "xf"]:
            formats.append(attributes)
        elif path[-2:] == ["numFmts", "numFmt"]:
            codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")

    xml_parser = create_parser()
    xml_parser.StartElementHandler = start
    xml_parser.EndElementHandler = lambda _: path.pop()
    parse_part(xml_parser, part)
    all_fonts = ((str(n), int(xf.get("fontId", 0))) for n, xf in enumerate(formats))
    font_numbers = {number: font for number, font in all_fonts if font < len(fonts)}
    legacy_fonts = {
        n: fonts[font] for n, font in font_numbers.items() if font_encoding(fonts[font])
    }
    struck = frozenset(n for n, font in font_numbers.items() if font in struck_fonts)
    misleading = {number for number, code in codes.items() if may_mislead(code)}
    used = ((str(n), xf.get("numFmtId", "0")) for n, xf in enumerate(formats))
    return legacy_fonts, struck, {n: codes[number] for n, number in used if number in misleading}


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
            "strike": self._strike,
            "t": self._start_text,
            "rPh": self._start_phonetic,
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
            self.runs[-1].is_struck = False

    def _strike(self, attributes: Attributes) -> None:
        if self.runs:
            self.runs[-1].is_struck = is_on(attributes)

    def _start_text(self, _: Attributes) -> None:
        if self.texts is not None:
            self.parser.CharacterDataHandler = self.texts.append

    def _start_phonetic(self, _: Attributes) -> None:
        """Begin a hint on how the text is read aloud, which is no part of it."""
        self.texts = self.parser.CharacterDataHandler = None


def _shared_runs(part: bytes) -> dict[str, Sequence[TextRun]]:
    """Return the runs of shared texts by number of the text."""
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


def split_struck(runs: Sequence[TextRun], is_cell_struck: bool) -> StruckText:
    """Return the text of the runs, what is struck out apart from the rest."""
    texts: dict[bool, list[str]] = {False: [], True: []}
    for run in runs:
        is_struck = is_cell_struck if run.is_struck is None else run.is_struck
        texts[is_struck].extend(run.texts)
    return StruckText("".join(texts[False]), "".join(texts[True]))


_CHUNK = 1 << 18
_ANCHORS = frozenset(("twoCellAnchor", "oneCellAnchor", "absoluteAnchor", "oleObject", "control"))
_OBJECTS = frozenset(("oleObject", "control", "graphicFrame"))
_PAGE_PARTS = frozenset(
    f"{pages}{part}" for pages in ("odd", "even", "first") for part in ("Header", "Footer")
)
_PAGE_SECTIONS = re.compile(r"&[LCR]")
_PAGE_CODES = re.compile(r'&(?:"[^"]*"|K[0-9A-Fa-f]{6}|K[0-9]{2}[+-][0-9]{3}|[0-9]+|[A-Za-z&])')


def add_page_texts(builder: MetadataBuilder, words: str) -> None:
    """Record the left, middle and right words of a header or footer, without its codes."""
    for section in _PAGE_SECTIONS.split(words):
        builder.add_page_text(_PAGE_CODES.sub("", section))


class OverlayScanner:
    """Collects what lies over the cells and stands in header and footer, from here on in the part.

    A drawing part, or a sheet's part after its cells.
    """

    def __init__(self, xml_parser: expat.XMLParserType, builder: MetadataBuilder) -> None:
        self.parser, self.builder = xml_parser, builder
        xml_parser.StartElementHandler, xml_parser.EndElementHandler = self._start, self._end
        self.is_fallback = False
        self.anchor = ""
        self._begin_anchor("")

    def _begin_anchor(self, name: str) -> None:
        self.anchor = name
        self.is_object = name in _OBJECTS
        self.is_corner = False
        self.hidden: bool | None = None
        self.corner: dict[str, int] = {}
        self.texts: list[str] = []
        self.characters: list[str] = []

    def _collect(self) -> None:
        self.characters = []
        self.parser.CharacterDataHandler = self.characters.append

    def _start(self, name: str, attributes: Attributes) -> None:
        name = local_name(name)
        if name in _PAGE_PARTS:
            self._collect()
        elif name == "Fallback":
            self.is_fallback = True
        elif self.is_fallback:
            return
        elif name in _ANCHORS:
            self._begin_anchor(name)
        elif self.anchor:
            self._start_in_anchor(name, attributes)

    def _start_in_anchor(self, name: str, attributes: Attributes) -> None:
        if name == "t" or (self.is_corner and name in ("row", "col")):
            self._collect()
        elif name == "from":
            self.is_corner = True
        elif name == "cNvPr" and self.hidden is None:
            self.hidden = attributes.get("hidden") in ("1", "true")
        elif name in _OBJECTS:
            self.is_object = True

    def _end(self, name: str) -> None:
        name = local_name(name)
        self.parser.CharacterDataHandler = None
        if name in _PAGE_PARTS:
            add_page_texts(self.builder, "".join(self.characters))
        elif name == "Fallback":
            self.is_fallback = False
        elif self.anchor and not self.is_fallback:
            self._end_in_anchor(name)

    def _end_in_anchor(self, name: str) -> None:
        if name == "t":
            self.texts.extend(self.characters)
        elif name == "p":
            self.texts.append(" ")
        elif name == "from":
            self.is_corner = False
        elif self.is_corner and name in ("row", "col"):
            self.corner[name] = int("".join(self.characters)) + 1
        elif name == self.anchor:
            corner = self.corner
            position = (corner["row"], corner["col"]) if len(corner) > 1 else None
            if not self.hidden:
                self.builder.add_drawing(position, "".join(self.texts), is_object=self.is_object)
            self.anchor = ""


def read_drawings(parts: Mapping[str, bytes], sheet: str, builder: MetadataBuilder) -> None:
    """Record what lies over a sheet's cells.

    A damaged drawing is left out, as by Excel; so is the rest of a part with very many.
    """
    folder, name = posixpath.split(sheet)
    relations = parts.get(f"{folder}/_rels/{name}.rels", b"")
    targets = relation_targets(relations, "drawing", f"/{folder}") if relations else {}
    for part in targets.values():
        if part in parts:
            xml_parser = create_parser()
            OverlayScanner(xml_parser, builder)
            view = memoryview(parts[part])
            with suppress(expat.ExpatError, ValueError):
                for start in range(0, len(view), _CHUNK):
                    if len(builder.drawings) < MAX_DRAWINGS:
                        xml_parser.Parse(view[start : start + _CHUNK], False)
