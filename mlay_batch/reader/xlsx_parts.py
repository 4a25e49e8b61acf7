"""Reads what other parts of an .xlsx package say of a sheet's cells: fonts and comments."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from xml.parsers import expat

from mlay_batch.reader.cell_metadata import CellPosition, UnreadableError, parse_position
from mlay_batch.reader.legacy_encodings import font_encoding

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


def legacy_fonts(part: bytes) -> dict[str, str]:
    """Return the fonts from before Unicode, by number of the cell format."""
    if not _may_name_legacy_font(part):
        parse_part(create_parser(), part)
        return {}
    fonts: list[str] = []
    formats: list[str] = []
    path: list[str] = []

    def start(name: str, attributes: Attributes) -> None:
        path.append(local_name(name))
        if path[-3:-1] == ["fonts", "font"] and path[-1] == "name":
            fonts[-1] = attributes.get("val", "")
        elif path[-2:] == ["fonts", "font"]:
            fonts.append("")
        elif path[-2:] == ["cellXfs", "xf"]:
            formats.append(attributes.get("fontId", "0"))

    xml_parser = create_parser()
    xml_parser.StartElementHandler = start
    xml_parser.EndElementHandler = lambda _: path.pop()
    parse_part(xml_parser, part)
    font_names = {
        str(n): fonts[int(font)] for n, font in enumerate(formats) if int(font) < len(fonts)
    }
    return {number: name for number, name in font_names.items() if font_encoding(name)}


def _may_name_legacy_font(part: bytes) -> bool:
    """Whether the part may name a font from before Unicode: a quick test, yes when in doubt."""
    lowered = part.lower()
    return any(mark in lowered for mark in _LEGACY_FONT_MARKS)


def legacy_runs(part: bytes) -> dict[str, str]:
    """Return the fonts from before Unicode in runs of shared texts, by number of the text.

    A font chosen while typing belongs to the run, not to the cell.
    """
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
