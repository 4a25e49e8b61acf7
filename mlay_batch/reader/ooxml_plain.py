"""The cells of a sheet part that has none but plain ones, taken out before its XML is walked over.

Nearly every cell is written in one of a few ways and tells nothing beside its value, which
calamine reads. One regular expression finds these cells many times faster than a parser that asks
about every element.
"""

from __future__ import annotations

import re

from mlay_batch.reader.facts import Limits

# As far from A1 as a plain cell may lie, which is within the usual limits: BZ9999.
_ROWS, _COLUMNS = 9_999, 78
# What XML calls character data, without what needs a second look: control characters, a ">" that
# might end "]]>", U+F000 to U+FFFF. The entities it knows may stand in a text, none in a number.
_CHARACTERS = r"[^<&>\x00-\x08\x0b-\x1f\xef]*+"
_CELL = re.compile(
    r'<c r="[AB]?[A-Z][1-9][0-9]{0,3}"(?: s="[0-9]+")?(?:'
    r'(?: t="(?:n|s|b|str|inlineStr)")? ?/>'
    r'|(?: t="(?:n|s|b|str)")?>(?:<v>[^<&>\x00-\x1f\xef]*+</v>)?</c>'
    r'| t="inlineStr"><is><t(?: xml:space="preserve")?>'
    rf"{_CHARACTERS}(?:&(?:amp|lt|gt|quot|apos);{_CHARACTERS})*+</t></is></c>"
    r")(?=<)".encode()  # a cell within an attribute's value would not be followed by a tag for ever
)
_OTHER = re.compile(rb"<(?:[\w.-]+:)?(?:c|f|v|is|rFont)[\s/>]")
_START = re.compile(
    rb"""(?:\xef\xbb\xbf)?(?:<\?xml[^<>]*\sencoding=["'](?i:utf-8)["'][^<>]*>)?\s*"""
    rb"(?=<(?!c ))"  # the root: no cell in place of a sheet
)


def thinned(part: bytes, limits: Limits) -> bytes | None:
    """Return the part without its cells; what is left is well-formed only if the whole part is.

    None where a cell is not plain or may lie beyond the limits, and where the XML is of a kind in
    which that cannot be told without a parser.
    """
    narrow = limits.rows < _ROWS or limits.columns < _COLUMNS or limits.cells < _ROWS * _COLUMNS
    start = _START.match(part)
    if narrow or not start or not _is_utf_8(part):
        return None
    rest = _CELL.sub(b"", part)
    return None if _odd(rest, start.end()) else rest


def behind(part: bytes, name: bytes) -> int:
    """Return where the last tag of that name ends; the end of the part where there is none."""
    last = part.rfind(name)
    return part.find(b">", last) + 1 if last >= 0 else len(part)


def _odd(rest: bytes, start: int) -> bool:
    """Whether cells are left, or there are comments, CDATA or instructions: nothing in them is a
    cell.
    """
    odd = rest.find(b"<!") >= 0 or rest.find(b"<?", start) >= 0
    return odd or _OTHER.search(rest, 0, behind(rest, b"sheetData")) is not None


def _is_utf_8(part: bytes) -> bool:
    try:
        part.decode()
    except UnicodeDecodeError:
        return False
    return True
