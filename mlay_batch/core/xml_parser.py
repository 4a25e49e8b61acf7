"""Parses XML that nobody vouches for: the parts of packages, read and written."""

from __future__ import annotations

from xml.parsers import expat


class UnreadableError(Exception):
    """The file cannot be read; `code` becomes the one finding of its submission."""

    def __init__(self, code: str, sheet: str = "", cell: str = "", **params: str | int) -> None:
        super().__init__(code)
        self.code, self.sheet, self.cell, self.params = code, sheet, cell, params

    def __reduce__(self) -> tuple[type[UnreadableError], tuple[str, str, str]]:
        return UnreadableError, (self.code, self.sheet, self.cell)


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
