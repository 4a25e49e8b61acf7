"""What other parts of an .xlsx package say of a sheet's cells: their fonts, their comments."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from xml.parsers import expat

from mlay_batch.reader.facts import Spot, UnreadableError, spot_of
from mlay_batch.reader.legacy import encoding_of

Attributes = dict[str, str]

# What the name of a font from before Unicode holds (see `legacy`), or what may hide it: a letter
# written as a number, an encoding of two bytes a letter.
_SIGNS = (b".vn", b"vni-", b"vntime", b"vnarial", b"&#", b"\0")


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


def local(name: str) -> str:
    """Return an element's name without its prefix, which is the writer's choice."""
    return name.rpartition(":")[2] if ":" in name else name


def elements(part: bytes, wanted: str) -> list[Attributes]:
    """Return the attributes of every element of that name."""
    found: list[Attributes] = []

    def start(name: str, attributes: Attributes) -> None:
        if local(name) == wanted:
            found.append(attributes)

    made = parser()
    made.StartElementHandler = start
    parse(made, part)
    return found


def targets(part: bytes, kind: str = "worksheet", folder: str = "/xl") -> dict[str, str]:
    """Return the part of each relation that leads to a part of that kind."""
    return {
        entry["Id"]: posixpath.normpath(posixpath.join(folder, entry["Target"])).lstrip("/").lower()
        for entry in elements(part, "Relationship")
        if entry["Type"].endswith(f"/{kind}")
    }


def notes(parts: Mapping[str, bytes], sheet: str) -> dict[Spot, str]:
    """Return the comments of a sheet. Those of newer programs, talks of several people, are kept
    in a part of their own beside an older one that only says so.
    """
    folder, name = posixpath.split(sheet)
    relations = parts.get(f"{folder}/_rels/{name}.rels")
    found: dict[Spot, str] = {}
    for kind, text in (("comments", "t"), ("threadedComment", "text")) if relations else ():
        for part in targets(relations or b"", kind, f"/{folder}").values():
            found |= _texts(parts[part], text) if part in parts else {}
    return found


def _texts(part: bytes, element: str) -> dict[Spot, str]:
    """Return the texts within elements of that name, by the cell of the comment around them."""
    found: dict[Spot, list[str]] = {}
    at: list[Spot] = []

    def start(name: str, attributes: Attributes) -> None:
        if local(name) in ("comment", "threadedComment"):
            at[:] = [spot_of(attributes["ref"])]
        elif local(name) == element and at:
            made.CharacterDataHandler = found.setdefault(at[0], []).append

    def end(name: str) -> None:
        if local(name) == element:
            made.CharacterDataHandler = None

    made = parser()
    made.StartElementHandler, made.EndElementHandler = start, end
    parse(made, part)
    return {spot: "".join(texts) for spot, texts in found.items()}


def old_fonts(part: bytes) -> dict[str, str]:
    """Return the font of each cell format, by its number, where it is one from before Unicode."""
    if not _may_name_one(part):
        parse(parser(), part)
        return {}
    fonts: list[str] = []
    formats: list[str] = []
    inside: list[str] = []

    def start(name: str, attributes: Attributes) -> None:
        inside.append(local(name))
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


def _may_name_one(part: bytes) -> bool:
    """Whether a font from before Unicode may be named in the part: quickly, and rather yes."""
    small = part.lower()
    return any(sign in small for sign in _SIGNS)


def old_runs(part: bytes) -> dict[str, str]:
    """Return the font of each shared text, by its number, that has a run in one from before
    Unicode: a font chosen while typing is the run's, not the cell's.
    """
    if b"rFont" not in part or not _may_name_one(part):
        return {}
    found: dict[str, str] = {}
    count = -1

    def start(name: str, attributes: Attributes) -> None:
        nonlocal count
        count += local(name) == "si"
        if local(name) == "rFont" and encoding_of(font := attributes.get("val", "")):
            found.setdefault(str(count), font)

    made = parser()
    made.StartElementHandler = start
    parse(made, part)
    return found
