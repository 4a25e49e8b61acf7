"""Files of strangers, made on the spot: what comes to an address that everybody knows.

None of them is a return. Names say what they are; `expected.yaml` says what becomes of each.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping

import xlsxwriter

_DEFLATED = zipfile.ZIP_DEFLATED


def _zip(parts: Mapping[str, bytes], method: int = _DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, part in parts.items():
            archive.writestr(zipfile.ZipInfo(name), part, method)
    return buffer.getvalue()


def _workbook(*sheets: Mapping[tuple[int, int], object]) -> bytes:
    """Somebody's own workbook."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"strings_to_formulas": True}) as book:
        for number, cells in enumerate(sheets):
            sheet = book.add_worksheet(f"Sheet{number}")
            for (row, column), value in cells.items():
                sheet.write(row, column, value)
    return buffer.getvalue()


def _with(book: bytes, **parts: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        content = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    return _zip(content | {name.replace("__", "/"): part for name, part in parts.items()})


def _sheet(cells: str) -> bytes:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<worksheet xmlns="{space}"><sheetData>{cells}</sheetData></worksheet>'.encode()


_TABLE = {(0, 0): "Họ và tên", (0, 1): "Lương", (1, 0): "A", (1, 1): 5.5, (2, 1): "=SUM(B2:B2)"}
_BOOK = _workbook(_TABLE)
_FAR = _sheet('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')
_SHEET = "xl__worksheets__sheet1.xml"
_ENTITIES = b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10))
_LAUGHS = b'<!DOCTYPE x [<!ENTITY a0 "ha">' + _ENTITIES + b"]><worksheet>&a9;</worksheet>"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def _encrypt() -> bytes:
    """A zip whose first entry says it is encrypted."""
    data = bytearray(_BOOK)
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def _spoilt(data: bytes) -> bytes:
    """With the packed bytes of its first entry overwritten."""
    return data[:80] + bytes(60) + data[140:]


def _repack(method: int) -> bytes:
    with zipfile.ZipFile(io.BytesIO(_BOOK)) as archive:
        return _zip({entry.filename: archive.read(entry) for entry in archive.infolist()}, method)


def _overlapping() -> bytes:
    """Two entries over the same bytes, as in a bomb without layers."""
    data = _zip({"xl/workbook.xml": b"<a/>" * 99, "xl/workbook2.xml": b"<b/>" * 99})
    at = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 4)
    return data[: at + 42] + struct.pack("<I", 0) + data[at + 46 :]


def _nest(depth: int) -> bytes:
    data = _BOOK
    for _ in range(depth):
        data = _zip({"a.zip" if data is not _BOOK else "a.xlsx": data})
    return data


def _mail(body: bytes, head: bytes = b"") -> bytes:
    start = b"From: a@evil.example\nTo: b@c.example\nSubject: x\nMIME-Version: 1.0\n"
    return start + head + b"\n" + body


def files() -> dict[str, bytes]:
    """Every file by its name."""
    rows = "".join(f'<row r="{n}"><c r="A{n}"><v>1</v></c></row>' for n in range(1, 1000))
    return {
        "their own table.xlsx": _BOOK,
        "twenty sheets.xlsx": _workbook(*[_TABLE] * 20),
        "empty.xlsx": b"",
        "no sheet data.xlsx": _with(_BOOK, **{_SHEET: b"<worksheet/>"}),
        "a column.xlsx": _with(_BOOK, **{_SHEET: _sheet(rows)}),
        "far cell.xlsx": _with(_BOOK, **{_SHEET: _FAR}),
        "macro.xlsm": _with(_BOOK, xl__vbaProject_bin=b"", **{"xl/vbaProject.bin": b"code"}),
        "macro called xlsx.xlsx": _with(_BOOK, **{"xl/vbaProject.bin": b"code"}),
        "macro sheet.xlsx": _with(_BOOK, **{"xl/macrosheets/sheet1.xml": b"<a/>"}),
        "encrypted entry.xlsx": _encrypt(),
        "encrypted office.xlsx": _OLE + bytes(504),
        "bomb.xlsx": _with(_BOOK, **{"xl/media/a.xml": bytes(9 << 20)}),
        "bomb of strings.xlsx": _with(_BOOK, **{"xl/sharedStrings.xml": b"<sst>" + bytes(5 << 20)}),
        "many entries.xlsx": _with(_BOOK, **{f"x{n}": b"" for n in range(2000)}),
        "overlapping.xlsx": _overlapping(),
        "laughs.xlsx": _with(_BOOK, **{_SHEET: _LAUGHS}),
        "outside.xlsx": _with(_BOOK, **{"../../etc/cron.d/a": b"x"}),
        "deep xml.xlsx": _with(_BOOK, **{_SHEET: b"<a>" * 200_000}),
        "binary.xlsb": _zip({"xl/workbook.bin": bytes(99)}),
        "a page.xls": b"<html><table><tr><td>1</td></tr></table></html>",
        "ole rubbish.xls": _OLE + bytes(range(256)) * 20,
        "letter.docx": _zip({"word/document.xml": b"<a/>"}),
        "really a pdf.xlsx": b"%PDF-1.7\n" + bytes(500),
        "scan.pdf": b"%PDF-1.7\n" + bytes(500),
        "photo.jpg": b"\xff\xd8\xff\xe0" + bytes(30_000),
        "program.exe": b"MZ" + bytes(500),
        "archive.rar": b"Rar!\x1a\x07\x00" + bytes(99),
        "bomb.zip": _zip({"a.txt": bytes(51 << 20)}),
        "zips in zips.zip": _nest(6),
        "rarely packed.zip": _zip({"a.xlsx": _BOOK}, zipfile.ZIP_LZMA),
        "rarely packed, damaged.zip": _spoilt(_zip({"a.xlsx": _BOOK}, zipfile.ZIP_BZIP2)),
        "rarely packed.xlsx": _repack(zipfile.ZIP_LZMA),
        "damaged inside.zip": _spoilt(_zip({"a.xlsx": _BOOK})),
        "empty.zip": b"PK\x05\x06" + bytes(18),
        "locked.zip": _encrypt(),
        "no boundary.eml": _mail(b"--x\n", b"Content-Type: multipart/mixed\n"),
        "three thousand deep.eml": _mail(b"Content-Type: message/rfc822\n\n" * 3000),
        "twenty thousand parts.eml": _mail(
            b"--x\n\n" * 25_000, b'Content-Type: multipart/mixed; boundary="x"\n'
        ),
        "just words.eml": _mail(b"Hello\n"),
        "winmail.dat": b"\x78\x9f\x3e\x22" + bytes(49),
        "broken.msg": _OLE + "__properties_version1.0".encode("utf-16-le") + bytes(400),
        "CON.xlsx": _BOOK,
        "\u202excod.xlsx": _BOOK,
        "=cmd [red] {x}.xlsx": _BOOK,
    }
