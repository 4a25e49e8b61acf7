"""Reads what other parts of an .xlsx package say of a sheet: comments, what lies over the cells."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from contextlib import suppress
from xml.parsers import expat

from mlay_batch.core.xml_parser import create_parser, local_name, parse_part
from mlay_batch.reader.cell_metadata import (
    MAX_DRAWINGS,
    CellPosition,
    MetadataBuilder,
    parse_position,
    parse_range,
)

Attributes = dict[str, str]


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


def add_validated(builder: MetadataBuilder, ranges: str) -> None:
    """Record the ranges of a data validation; one that no program writes is left out."""
    with suppress(ValueError):
        builder.add_validated(map(parse_range, ranges.split()))


class OverlayScanner:
    """Collects what lies over the cells, data validations, and what stands in header and footer.

    From here on in the part, a drawing part, or a sheet's part after its cells.
    """

    def __init__(self, xml_parser: expat.XMLParserType, builder: MetadataBuilder) -> None:
        self.parser, self.builder = xml_parser, builder
        xml_parser.StartElementHandler, xml_parser.EndElementHandler = self._start, self._end
        self.is_fallback = self.is_validation = False
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
        if name in _PAGE_PARTS or (self.is_validation and name == "sqref"):
            self._collect()
        elif name == "dataValidation":
            self.is_validation = True
            add_validated(self.builder, attributes.get("sqref", ""))
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
        elif self.is_validation:
            self._end_in_validation(name)
        elif name == "Fallback":
            self.is_fallback = False
        elif self.anchor and not self.is_fallback:
            self._end_in_anchor(name)

    def _end_in_validation(self, name: str) -> None:
        """Record the cells of a list on another sheet, which Excel 2010 and later name within."""
        if name == "sqref":
            add_validated(self.builder, "".join(self.characters))
        elif name == "dataValidation":
            self.is_validation = False

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
