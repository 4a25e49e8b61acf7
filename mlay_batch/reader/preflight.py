"""Checks a file before any parser sees it: kind, size, structure of the package.

Raises `UnreadableError`: R01 empty, R02 too large, R03 no workbook, R04 password, R05 damaged,
R06 too large when unpacked, R07 a structure no office program writes, R08 an unsupported kind of
workbook. A file with macros is read but refused (see `open_package`).
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from mlay_batch.reader.cell_metadata import Limits, UnreadableError

Kind = Literal["xlsx", "ods", "xls"]

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"
_DAMAGE_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    struct.error,
    NotImplementedError,
    ValueError,
)
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # those of ECMA-376, part 2
_CHUNK = 1 << 18
_MIN_ALLOWED = 100 << 10  # bytes any part may have, whatever its packed size
_LOCAL_HEADER = 30
_MARKUP_STARTS = (b"<html", b"<table", b"<?xml", b"<!doctype html")
_EMBEDDING_FOLDER = "xl/embeddings/"
_MACRO_FOLDERS = ("basic/", "scripts/", "xl/macrosheets/")


@dataclass(frozen=True, slots=True)
class Package:
    """A file that is safe to parse."""

    kind: Kind
    data: bytes = field(repr=False)
    parts: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """The unpacked XML parts by name; none of an .xls."""
    has_macros: bool = False
    """Whether it has program code, which is never run."""
    embedded_files: int = 0
    """How many other documents lie in it."""


def open_package(data: bytes, limits: Limits) -> Package:
    """Open the file as a package, or raise UnreadableError.

    Macros count by content, not by suffix: an .xlsm without code is an ordinary workbook. The
    values are read despite macros, so that all errors are reported at once.
    """
    if not data:
        raise UnreadableError("R01")
    if len(data) > limits.file_mb << 20:
        raise UnreadableError("R02", limit=limits.file_mb)
    if data.startswith(_OLE):
        return _open_ole(data)
    if data.startswith(_ZIP):
        return _open_zip(data, limits)
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    raise UnreadableError("R08" if start.startswith(_MARKUP_STARTS) else "R03")


def _open_ole(data: bytes) -> Package:
    from mlay_batch.reader.xls import stream_names  # start-up of a child: 5 ms

    names = stream_names(data)
    if "EncryptedPackage" in names:
        raise UnreadableError("R04")
    if not names & {"Workbook", "Book"}:
        raise UnreadableError("R03")
    return Package("xls", data, has_macros="_VBA_PROJECT_CUR" in names)


def _open_zip(data: bytes, limits: Limits) -> Package:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            _check_entries(data, archive, entries, limits)
            names = {entry.filename.lower() for entry in entries}
            kind = _package_kind(names, archive)
            parts = _inflate(archive, entries, limits)
    except _DAMAGE_ERRORS as error:
        raise UnreadableError("R05") from error
    if kind == "ods" and b"encryption-data" in parts.get("META-INF/manifest.xml", b""):
        raise UnreadableError("R04")
    has_macros = any(n.endswith("vbaproject.bin") or n.startswith(_MACRO_FOLDERS) for n in names)
    embedded_files = sum(name.startswith(_EMBEDDING_FOLDER) for name in names)
    return Package(kind, data, parts, has_macros, embedded_files)


def _package_kind(names: set[str], archive: zipfile.ZipFile) -> Kind:
    if "xl/workbook.xml" in names:
        return "xlsx"
    if "content.xml" in names and "mimetype" in names and archive.read("mimetype") == _ODS:
        return "ods"
    raise UnreadableError("R08" if "xl/workbook.bin" in names else "R03")


def _check_entries(
    data: bytes, archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], limits: Limits
) -> None:
    """Refuse zips that only an attacker or a broken program writes."""
    if len(archive.infolist()) > limits.entries:
        raise UnreadableError("R06")
    if any(entry.flag_bits & 1 for entry in entries):
        raise UnreadableError("R04")
    if any(entry.compress_type not in _METHODS for entry in entries):
        raise UnreadableError("R07")
    names = [entry.filename.replace("\\", "/").lower() for entry in entries]
    if len(set(names)) < len(names) or any(map(_is_outside, names)):
        raise UnreadableError("R07")
    end = archive.start_dir
    for entry in sorted(entries, key=lambda entry: entry.header_offset, reverse=True):
        offset = entry.header_offset
        name_length, extra_length = struct.unpack_from("<HH", data, offset + 26)
        if offset + _LOCAL_HEADER + name_length + extra_length + entry.compress_size > end:
            raise UnreadableError("R07")
        end = offset


def _is_outside(name: str) -> bool:
    return name.startswith("/") or ".." in name.split("/") or ":" in name.split("/")[0]


def _inflate(
    archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], limits: Limits
) -> dict[str, bytes]:
    """Unpack every entry, counting real bytes, and return the XML parts."""
    remaining = limits.inflated_mb << 20
    parts: dict[str, bytes] = {}
    for entry in entries:
        part = _unpack(archive, entry, remaining, limits)
        remaining -= len(part)
        if entry.filename.lower().endswith((".xml", ".rels")):
            if b"<!DOCTYPE" in part:
                raise UnreadableError("R07")
            parts[entry.filename] = part
    return parts


def _unpack(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, remaining: int, limits: Limits
) -> bytes:
    allowed = max(_MIN_ALLOWED, entry.compress_size * limits.ratio)
    chunks: list[bytes] = []
    with archive.open(entry) as stream:
        while chunk := stream.read(_CHUNK):
            chunks.append(chunk)
            allowed -= len(chunk)
            remaining -= len(chunk)
            if allowed < 0 or remaining < 0:
                raise UnreadableError("R06")
    return b"".join(chunks)
