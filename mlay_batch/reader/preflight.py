"""Checks a file before any parser sees it: kind, size, structure of the package.

Raises `UnreadableError`: R01 empty, R02 too large, R03 no workbook, R04 password, R05 damaged,
R06 too large when unpacked, R07 a structure no office program writes, R08 an unsupported kind of
workbook, R38 restricted rights. A file with macros is read but refused (see `open_package`).
"""

from __future__ import annotations

import io
import posixpath
import re
import struct
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from xml.parsers import expat

from mlay_batch.core.xml_parser import UnreadableError
from mlay_batch.core.zip_rules import ZIP_ERRORS, ZIP_METHODS
from mlay_batch.reader.cell_metadata import Limits
from mlay_batch.reader.xlsx_parts import relation_targets

Kind = Literal["xlsx", "ods", "xls"]

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"
_MIME_TYPE_WITHIN = 200
_CHUNK = 1 << 18
_CONTROL = "".join(map(chr, range(32)))  # begin the names of Office's own streams
_MIN_ALLOWED = 100 << 10  # bytes any part may have, whatever its packed size
_LOCAL_HEADER = 30
_BARE_BIFF_STARTS = (  # a workbook of Excel 2 to 5 without a container
    b"\x09\x00\x04\x00",
    b"\x09\x02\x06\x00",
    b"\x09\x04\x06\x00",
    b"\x09\x08\x08\x00",
)
_MARKUP_STARTS = (b"<html", b"<table", b"<?xml", b"<!doctype html")
_EMBEDDING_FOLDER = "xl/embeddings/"
_WORKBOOK, _RELATIONS = "xl/workbook.xml", "_rels/.rels"
_PACKAGE_PARTS = (_RELATIONS, "[content_types].xml")
_STANDARD_RELATIONS = (
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    b'<Relationship Id="r1" Target="xl/workbook.xml" Type="http://schemas.openxmlformats.org/'
    b'officeDocument/2006/relationships/officeDocument"/></Relationships>'
)
_WORKBOOK_ROOT, _ROOT_WITHIN = re.compile(rb"<(?:[\w.-]+:)?workbook[\s/>]"), 4096
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
    if not data.strip(b"\0"):  # also what a failing disk or a broken download leaves
        raise UnreadableError("R01")
    if len(data) > limits.file_mb << 20:
        raise UnreadableError("R02", limit=limits.file_mb)
    if data.startswith(_OLE):
        return _open_ole(data)
    if data.startswith(_ZIP):
        return _open_zip(data, limits)
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    is_other_format = start.startswith(_MARKUP_STARTS) or data.startswith(_BARE_BIFF_STARTS)
    raise UnreadableError("R08" if is_other_format else "R03")


def _open_ole(data: bytes) -> Package:
    from mlay_batch.reader import xls  # start-up of a child: 5 ms

    container = xls.open_ole(data)
    if any(name.lstrip(_CONTROL).startswith("drm") for name in container.names):
        raise UnreadableError("R38")
    if "encryptedpackage" in container.names:
        raise UnreadableError("R04")
    if not container.workbook:
        raise UnreadableError("R03")
    has_macros = "_vba_project_cur" in container.names
    return Package("xls", xls.standard_stream_name(data), has_macros=has_macros)


def _open_zip(data: bytes, limits: Limits) -> Package:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            _check_entries(data, archive, entries, limits)
            names = set(map(_part_name, entries))
            kind = _package_kind(names, archive)
            parts = _inflate(archive, entries, limits)
            if kind == "xlsx":
                main = _main_part(parts)
                if main != _WORKBOOK or any("\\" in name for name in parts):
                    return _open_zip(_standardize(archive, entries, main), limits)
    except (*ZIP_ERRORS, expat.ExpatError, LookupError) as error:
        raise UnreadableError("R05") from error
    if kind == "ods" and b"encryption-data" in parts.get("META-INF/manifest.xml", b""):
        raise UnreadableError("R04")
    has_macros = any(n.endswith("vbaproject.bin") or n.startswith(_MACRO_FOLDERS) for n in names)
    embedded_files = sum(name.startswith(_EMBEDDING_FOLDER) for name in names)
    return Package(kind, data, parts, has_macros, embedded_files)


def _part_name(entry: zipfile.ZipInfo) -> str:
    """Return a part's name in small letters; some programs write it with backslashes."""
    return entry.filename.replace("\\", "/").lower()


def _package_kind(names: set[str], archive: zipfile.ZipFile) -> Kind:
    """Return the kind; an Office document may turn out to be no workbook (`_main_part`)."""
    if "content.xml" in names and "mimetype" in names:
        with archive.open("mimetype") as stream:
            mime_type = stream.read(_MIME_TYPE_WITHIN)
        if mime_type.startswith(_ODS):
            if mime_type == _ODS:
                return "ods"
            raise UnreadableError("R08")  # such as a spreadsheet's template
    if "xl/workbook.bin" in names:
        raise UnreadableError("R08")
    if _WORKBOOK in names or _RELATIONS in names:
        return "xlsx"
    raise UnreadableError("R03")


def _main_part(parts: Mapping[str, bytes]) -> str:
    """Return the name of the part that is the workbook.

    R03 where the package has none, R07 where programs may differ on which it is.
    """
    content = {name.replace("\\", "/").lower(): part for name, part in parts.items()}
    relations = content.get(_RELATIONS)
    targets = relation_targets(relations, "officeDocument", "/") if relations else {}
    main = next(iter(targets.values()), _WORKBOOK)
    if len(set(targets.values())) > 1:
        raise UnreadableError("R07")
    if main.endswith(".bin"):
        raise UnreadableError("R08")
    root = content.get(main, b"")[:_ROOT_WITHIN]
    if main not in content or not (main == _WORKBOOK or _WORKBOOK_ROOT.search(root)):
        raise UnreadableError("R03")
    return main


def _standardize(archive: zipfile.ZipFile, entries: Sequence[zipfile.ZipInfo], main: str) -> bytes:
    """Return the package with the workbook `main` as xl/workbook.xml, its usual place."""
    folder, base = posixpath.split(main)
    prefix = f"{folder}/" if folder else ""
    moved = {main: _WORKBOOK, f"{prefix}_rels/{base}.rels": "xl/_rels/workbook.xml.rels"}
    absolute = re.compile(rb"(\bTarget\s*=\s*[\"'])/" + re.escape(prefix.encode()), re.IGNORECASE)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for entry in entries:
            name = _part_name(entry)
            if name in _PACKAGE_PARTS:
                part = _STANDARD_RELATIONS if name == _RELATIONS else archive.read(entry)
            else:
                part = archive.read(entry)
                part = absolute.sub(rb"\1/xl/", part) if name.endswith(".rels") else part
                if name.startswith(prefix):
                    name = moved.get(name, f"xl/{name.removeprefix(prefix)}")
            if name in target.NameToInfo:
                raise UnreadableError("R07")
            target.writestr(name, part)
    return buffer.getvalue()


def _check_entries(
    data: bytes, archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], limits: Limits
) -> None:
    """Refuse zips that only an attacker or a broken program writes."""
    if len(archive.infolist()) > limits.entries:
        raise UnreadableError("R06")
    if any(entry.flag_bits & 1 for entry in entries):
        raise UnreadableError("R04")
    if any(entry.compress_type not in ZIP_METHODS for entry in entries):
        raise UnreadableError("R07")
    names = list(map(_part_name, entries))
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
