"""Reads cell metadata of an .xls file from the BIFF8 records of its workbook stream.

olefile opens the OLE2 container. Layout and names of the records: [MS-XLS] 2.4.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from olefile import OleFileIO

from mlay_batch.core.xml_parser import UnreadableError
from mlay_batch.reader.cell_metadata import (
    MIN_COLUMN_CHARACTERS,
    MIN_ROW_POINTS,
    CellMetadata,
    CellPosition,
    CellRange,
    Limits,
    MetadataBuilder,
)
from mlay_batch.reader.legacy_encodings import font_encoding
from mlay_batch.reader.number_formats import BUILT_IN, may_mislead
from mlay_batch.reader.text_runs import MIN_POINTS
from mlay_batch.reader.xls_runs import record_runs
from mlay_batch.reader.xlsx_parts import add_page_texts

_BOF, _EOF, _FILEPASS, _BOUNDSHEET = 0x809, 0x0A, 0x2F, 0x85
_FORMULA, _BOOLERR, _ROW, _COLINFO, _MERGE, _VALIDATION = 0x06, 0x205, 0x208, 0x7D, 0xE5, 0x1BE
_MULRK = 0xBD
_FONT, _XF = 0x31, 0xE0
_OBJ, _TXO, _CONTINUE, _NOTE = 0x5D, 0x1B6, 0x3C, 0x1C
_DRAWING, _HEADER, _FOOTER = 0xEC, 0x14, 0x15
_CLIENT_ANCHOR = b"\x10\xf0\x12\x00\x00\x00"  # [MS-ODRAW] 2.2.46, of 18 bytes
_SKIPPED_OBJECTS = (0x00, 0x14, 0x19)  # groups, arrows of lists, comments
_OBJECTS = frozenset((0x05, 0x07, *range(0x0B, 0x14)))  # charts and controls
_IS_OLE = 0x09  # a subrecord of an embedded object, which else is a picture
_STRUCK_OUT, _FORMAT = 0x08, 0x41E
_IS_STYLE, _WHITE = 0x04, (1, 9)
_TWIPS, _CHARACTER = 20, 256  # units of a row's height and of a column's width
_TEXT_RECORDS = {0xFD, 0x204, 0xD6}
_VALUE_RECORDS = {_FORMULA, _BOOLERR, _MULRK, 0x203, 0x27E, 0xFD, 0x204, 0xD6}  # numbers and texts
_ERROR_TEXTS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}
_WORKSHEET = 0

_DAMAGE_ERRORS = (
    OSError,  # also the errors of olefile
    struct.error,
    AssertionError,  # of xlrd
    AttributeError,
    IndexError,
    KeyError,
    TypeError,
    ValueError,
    RecursionError,
)
STREAMS = ("Workbook", "Book")  # of Excel 97 and later, and of Excel 5 and 95
_BIFF8 = b"\x00\x06"
_DIRECTORY_ENTRY = 128  # bytes; it begins with the name

BiffRecord = tuple[int, int, bytes]  # kind, offset in the stream, body


@dataclass(frozen=True, slots=True)
class Ole:
    """An OLE2 container."""

    names: frozenset[str]
    """Names of its streams and storages at any depth, in small letters."""
    workbook: bytes
    """Content of the workbook's stream; empty where there is none."""


def open_ole(data: bytes) -> Ole:
    """Open an OLE2 container. UnreadableError R05 where it is damaged."""
    try:
        with OleFileIO(io.BytesIO(data)) as container:
            paths = container.listdir(storages=True)
            stream = next((name for name in STREAMS if container.exists(name)), None)
            content = container.openstream(stream).read() if stream else b""
    except _DAMAGE_ERRORS as error:
        raise UnreadableError("R05") from error
    names = frozenset(name.casefold() for path in paths for name in path)
    return Ole(names, content)


def standard_stream_name(data: bytes) -> bytes:
    """Return the container with its workbook's stream named as calamine looks for it.

    OLE2 knows no case, calamine does.
    """
    for name in STREAMS:
        pattern = re.compile(re.escape((name + "\0").encode("utf-16-le")), re.IGNORECASE)
        for match in pattern.finditer(data):
            start, end = match.span()
            length = struct.pack("<H", end - start)
            if start % _DIRECTORY_ENTRY == 0 and data[start + 64 : start + 66] == length:
                return data[:start] + name.encode("utf-16-le") + data[end - 2 :]
    return data


def scan(data: bytes, limits: Limits) -> dict[str, CellMetadata]:
    """Return the metadata of each worksheet by title.

    UnreadableError R04 for a password, R05 for a damaged file, R08 for Excel 95 and older, R10 for
    a sheet that spans too much.
    """
    stream = open_ole(data).workbook
    try:
        if any(kind == _FILEPASS for kind, _, _ in _records(stream, 0)):
            raise UnreadableError("R04")  # before anything else, which is encrypted
        if stream[4:6] != _BIFF8:
            raise UnreadableError("R08")
        formats = _read_formats(stream)
        fonts, codes = _legacy_fonts(formats), _misleading_codes(formats)
        builders = {
            title: _scan_sheet(stream, offset, limits, fonts, codes)
            for title, offset in _sheet_offsets(stream)
        }
        if _has_marking_font(formats):
            try:
                record_runs(stream, builders)
            except _DAMAGE_ERRORS as error:
                raise UnreadableError("R05") from error
        return {title: builder.build(title) for title, builder in builders.items()}
    except (struct.error, IndexError, ValueError) as error:
        raise UnreadableError("R05") from error


def _records(stream: bytes, offset: int) -> Iterator[BiffRecord]:
    """Yield the records of one substream up to its own EOF, charts within it left out."""
    depth = 0
    while offset + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, offset)
        body = stream[offset + 4 : offset + 4 + size]
        depth += (kind == _BOF) - (kind == _EOF)
        if depth == 0:
            return
        if depth == 1:
            yield kind, offset, body
        offset += 4 + size


def _sheet_offsets(stream: bytes) -> Iterator[tuple[str, int]]:
    for kind, _, body in _records(stream, 0):
        if kind == _BOUNDSHEET and body[5] == _WORKSHEET:
            (offset,) = struct.unpack_from("<I", body)
            length, wide = body[6], body[7] & 1
            raw = body[8 : 8 + length * (1 + wide)]
            yield raw.decode("utf-16-le" if wide else "latin-1"), offset


@dataclass(frozen=True, slots=True)
class _Formats:
    """The formats of a workbook: the records of its fonts and cell formats, codes of numbers."""

    fonts: list[bytes]
    cells: list[bytes]
    codes: dict[int, str]
    """Of number formats, by the number that cell formats name."""


def _read_formats(stream: bytes) -> _Formats:
    formats = _Formats([], [], dict(BUILT_IN))
    for kind, _, body in _records(stream, 0):
        if kind == _FONT:
            formats.fonts.append(body)
        elif kind == _XF:
            formats.cells.append(body)
        elif kind == _FORMAT:
            (number,) = struct.unpack_from("<H", body)
            formats.codes[number] = _unicode_text(body[2:])
    return formats


def _font_number(cell_format: bytes) -> int:
    """Return the place of a cell format's font; number 4 is never used ([MS-XLS] 2.5.129)."""
    font: int = struct.unpack_from("<H", cell_format)[0]
    return font - (font > 4)


def _legacy_fonts(formats: _Formats) -> dict[int, str]:
    """Return the fonts from before Unicode, by number of the cell format."""
    names = [_font_name(body) for body in formats.fonts]
    used = ((number, _font_number(body)) for number, body in enumerate(formats.cells))
    font_names = {number: names[font] for number, font in used if font < len(names)}
    return {number: name for number, name in font_names.items() if font_encoding(name)}


def _misleading_codes(formats: _Formats) -> dict[int, str]:
    """Return the number formats that may mislead, by number of the cell format."""
    misleading = {number for number, code in formats.codes.items() if may_mislead(code)}
    used = (struct.unpack_from("<H", body, 2)[0] for body in formats.cells)
    return {n: formats.codes[number] for n, number in enumerate(used) if number in misleading}


def _number_styles(kind: int, body: bytes) -> Iterator[tuple[CellPosition, int]]:
    """Yield the cells of a record of numbers, with the numbers of their formats."""
    row, column, style = struct.unpack_from("<3H", body)
    if kind == _MULRK:  # each a format and a number of 4 bytes
        for index, at in enumerate(range(4, len(body) - 2, 6)):
            yield (row + 1, column + index + 1), struct.unpack_from("<H", body, at)[0]
    elif kind not in _TEXT_RECORDS:
        yield (row + 1, column + 1), style


def _font_name(body: bytes) -> str:
    length, wide = body[14], body[15] & 1
    raw = body[16 : 16 + length * (1 + wide)]
    return raw.decode("utf-16-le" if wide else "latin-1")


def _unicode_text(body: bytes) -> str:
    """Return a text with its length before it ([MS-XLS] 2.5.294)."""
    length, wide = struct.unpack_from("<HB", body)
    raw = body[3 : 3 + length * (1 + (wide & 1))]
    return raw.decode("utf-16-le" if wide & 1 else "latin-1")


def _has_marking_font(formats: _Formats) -> bool:
    """Whether texts may be struck out, raised, lowered or unseen.

    Of colours only white counts, and not where a built-in style has it: Excel writes those into
    every file.
    """
    style_fonts = {_font_number(body) for body in formats.cells if body[4] & _IS_STYLE}
    return any(_marks(font, number in style_fonts) for number, font in enumerate(formats.fonts))


def _marks(font: bytes, is_of_style: bool) -> bool:
    """Whether a font of that record ([MS-XLS] 2.4.122) strikes out, raises or lowers, or hides."""
    height, flags, colour, _, raised = struct.unpack_from("<5H", font)
    is_white = colour in _WHITE and not is_of_style
    return bool(flags & _STRUCK_OUT or raised or is_white or height <= MIN_POINTS * _TWIPS)


def _scan_sheet(
    stream: bytes,
    offset: int,
    limits: Limits,
    fonts: Mapping[int, str],
    codes: Mapping[int, str],
) -> MetadataBuilder:
    builder = MetadataBuilder(limits)
    for kind, _, body in _records(stream, offset):
        if kind in _VALUE_RECORDS:
            _scan_cell(builder, kind, body, fonts)
            for position, style in _number_styles(kind, body) if codes else ():
                if style in codes:
                    builder.number_formats[position] = codes[style]
        elif kind in (_ROW, _COLINFO):
            _scan_size(builder, kind, body)
        elif kind in (_MERGE, _VALIDATION):
            _add_ranges(builder, kind, body)
        elif kind in (_HEADER, _FOOTER) and body:
            add_page_texts(builder, _unicode_text(body))
    _read_objects(stream, offset, builder)
    return builder


def _scan_size(builder: MetadataBuilder, kind: int, body: bytes) -> None:
    """Record a hidden row or hidden columns, also those too small to show anything."""
    if kind == _ROW:
        row, _first, _end, height, _, _, options = struct.unpack_from("<7H", body)
        # a height of 0 is not set: Excel marks a row of height 0 as hidden
        if options & 0x20 or 0 < height < MIN_ROW_POINTS * _TWIPS:
            builder.hidden_rows.add(row + 1)
    else:
        first, last, width, _format, options = struct.unpack_from("<5H", body)
        if options & 1 or width < MIN_COLUMN_CHARACTERS * _CHARACTER:
            builder.hide_columns(first + 1, last + 1)


def _read_objects(stream: bytes, offset: int, builder: MetadataBuilder) -> None:
    """Record the comments of a sheet and what lies over its cells.

    An object has the text; of a comment a later record has the cell.
    """
    texts = _object_texts(stream, offset)
    corner: CellPosition | None = None
    for kind, _, body in _records(stream, offset):
        if kind == _DRAWING:
            corner = _anchor(body) or corner
        elif kind == _OBJ:
            object_kind, number = struct.unpack_from("<HH", body, 4)
            if object_kind not in _SKIPPED_OBJECTS:
                is_object = object_kind in _OBJECTS or _IS_OLE in _subrecords(body)
                builder.add_drawing(corner, texts.get(number, ""), is_object=is_object)
            corner = None
        elif kind == _NOTE:
            row, column, _options, number = struct.unpack_from("<4H", body)
            builder.notes[row + 1, column + 1] = texts.get(number, "")


def _object_texts(stream: bytes, offset: int) -> Mapping[int, str]:
    """Return the texts of comments and drawings by number of the object."""
    texts: dict[int, str] = {}
    owner, length = 0, 0
    for kind, _, body in _records(stream, offset):
        if kind == _OBJ:
            (owner,) = struct.unpack_from("<H", body, 6)
        elif kind == _TXO:
            (length,) = struct.unpack_from("<H", body, 10)
        elif kind == _CONTINUE and length:
            raw = body[1 : 1 + length * (1 + (body[0] & 1))]
            texts[owner] = raw.decode("utf-16-le" if body[0] & 1 else "latin-1")
            length = 0
    return texts


def _anchor(body: bytes) -> CellPosition | None:
    """Return the cell under the corner of the last drawing of a record, if it has one."""
    start = body.rfind(_CLIENT_ANCHOR)
    if start < 0:
        return None
    column, _, row = struct.unpack_from("<3H", body, start + len(_CLIENT_ANCHOR) + 2)
    return row + 1, column + 1


def _subrecords(body: bytes) -> Iterator[int]:
    """Yield the kinds of an object's subrecords."""
    offset = 0
    while offset + 4 <= len(body):
        kind, size = struct.unpack_from("<HH", body, offset)
        yield kind
        offset += 4 + size


def _scan_cell(builder: MetadataBuilder, kind: int, body: bytes, fonts: Mapping[int, str]) -> None:
    row, column, style = struct.unpack_from("<3H", body)
    position = row + 1, column + 1
    if kind in _TEXT_RECORDS and style in fonts:
        builder.fonts[position] = fonts[style]
    if kind == _MULRK:  # several numbers side by side; the last two bytes name the last column
        position = row + 1, struct.unpack_from("<H", body, len(body) - 2)[0] + 1
    builder.add_filled(position)
    if kind == _FORMULA:
        builder.formulas.add(position)
        if body[12:14] == b"\xff\xff" and body[6] == 2:
            builder.errors[position] = _ERROR_TEXTS.get(body[8], "#?")
    elif kind == _BOOLERR and body[7]:
        builder.errors[position] = _ERROR_TEXTS.get(body[6], "#?")


def _add_ranges(builder: MetadataBuilder, kind: int, body: bytes) -> None:
    """Record merged cells, or those of a data validation; one that is damaged is left out."""
    if kind == _MERGE:
        builder.merges.extend(_ranges(body))
        return
    with suppress(struct.error, IndexError):
        builder.add_validated(_ranges(body[_validation_words(body) :]))


def _validation_words(body: bytes) -> int:
    """Return where the flags, four texts and two formulas of a validation end ([MS-XLS] 2.4.93)."""
    end = 4
    for _ in range(4):
        length, wide = struct.unpack_from("<HB", body, end)
        end += 3 + length * (1 + (wide & 1))
    for _ in range(2):
        end += 4 + struct.unpack_from("<H", body, end)[0]
    return end


def _ranges(body: bytes) -> Iterator[CellRange]:
    (count,) = struct.unpack_from("<H", body)
    for index in range(count):
        top, bottom, left, right = struct.unpack_from("<4H", body, 2 + 8 * index)
        yield top + 1, left + 1, bottom + 1, right + 1
