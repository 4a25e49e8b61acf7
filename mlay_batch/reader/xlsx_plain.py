"""The cells of a sheet part that has none but plain ones, taken out before its XML is walked over.

Nearly every cell is written in one of a few ways and tells nothing beside its value, which
calamine reads. One regular expression finds these cells many times faster than a parser that asks
about every element.
"""

from __future__ import annotations

import re

from mlay_batch.reader.cell_metadata import Limits

# As far from A1 as a plain cell may lie, which is within the usual limits: BZ9999.
_LAST_ROW, _LAST_COLUMN = 9_999, 78
_MAX_PART = 8 << 20  # bytes of a part: what is copied of it here takes memory
# What XML calls character data, without what needs a second look: control characters, a ">" that
# might end "]]>", U+F000 to U+FFFF. The entities it knows may stand in a text, none in a number.
_CHARACTERS = r"[^<&>\x00-\x08\x0b-\x1f\xef]*+"
_CELL = (
    r'<c r="[AB]?[A-Z][1-9][0-9]{0,3}"(?: s="[0-9]+")?(?:'
    r'(?: t="(?:n|s|b|str|inlineStr)")? ?/>'
    r'|(?: t="(?:n|s|b|str)")?>(?:<v>[^<&>\x00-\x1f\xef]*+</v>)?</c>'
    r'| t="inlineStr"><is><t(?: xml:space="preserve")?>'
    rf"{_CHARACTERS}(?:&(?:amp|lt|gt|quot|apos);{_CHARACTERS})*+</t></is></c>)"
)
_ROW = (  # its attributes in the order of the standard, which all programs keep
    r'<row r="[1-9][0-9]{0,6}"(?: spans="[0-9: ]+")?(?: s="[0-9]+")?(?: customFormat="[a-z0-9]+")?'
    r'(?: ht="[0-9.]+")?(?: hidden="(?:0|false)")?(?: customHeight="[a-z0-9]+")?'
    r'(?: outlineLevel="[0-9]")?(?: collapsed="[a-z0-9]+")?(?: x14ac:dyDescent="[0-9.]+")?'
    rf" ?(?:/>|>(?:{_CELL})*+</row>)"
)
# Within an attribute's value the last of them would not be followed by a tag.
_PLAIN = re.compile(rf"(?:{_ROW}|{_CELL})(?=<)".encode())
_OTHER_CELL = re.compile(rb"<(?:[\w.-]+:)?(?:c|f|v|is|rFont|row(?! r=))[\s/>]")
_START = re.compile(
    rb"""(?:\xef\xbb\xbf)?(?:<\?xml[^<>]*\sencoding=["'](?i:utf-8)["'][^<>]*>)?\s*"""
    rb"(?=<(?!c |row ))"  # the root: no cell in place of a sheet
)


def strip_plain_cells(part: bytes, limits: Limits) -> bytes | None:
    """Return the part without cells and plain rows; what is left is well-formed only if all is.

    None where a cell is not plain or may lie beyond the limits, where the XML is of a kind in which
    that cannot be told without a parser, and for a large part.
    """
    within_limits = limits.rows >= _LAST_ROW and limits.columns >= _LAST_COLUMN
    if not within_limits or limits.cells < _LAST_ROW * _LAST_COLUMN or len(part) > _MAX_PART:
        return None
    start = _START.match(part)
    if not start or not _is_utf_8(part):
        return None
    stripped = _PLAIN.sub(b"", part)
    return None if _has_other_cells(stripped, start.end()) else stripped


def end_of_last_tag(part: bytes, tag: bytes) -> int:
    """Return where the last tag of that name ends; the end of the part where there is none."""
    last = part.rfind(tag)
    return part.find(b">", last) + 1 if last >= 0 else len(part)


def _has_other_cells(stripped: bytes, start: int) -> bool:
    """Whether a cell is left, a row without a number, or a comment, CDATA, an instruction: nothing
    in those is a cell.
    """
    has_markup = stripped.find(b"<!") >= 0 or stripped.find(b"<?", start) >= 0
    return (
        has_markup
        or _OTHER_CELL.search(stripped, 0, end_of_last_tag(stripped, b"sheetData")) is not None
    )


def _is_utf_8(part: bytes) -> bool:
    try:
        part.decode()
    except UnicodeDecodeError:
        return False
    return True
