"""Looks for a digital signature in a file: workbook, document, PDF. Nothing is checked.

A signature is recognised by what holds its value, never by a mark that only announces one: an empty
signature field, a time stamp and the rights that Adobe gives a form are none. In a PDF nothing is
unpacked: a signature leaves itself out of what it signs by its place in the file (ISO 32000,
12.8.1), so that it cannot lie in an object stream.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice

from mlay_batch.core.signature import Signature
from mlay_batch.core.zip_rules import ZIP_ERRORS, ZIP_METHODS
from mlay_batch.intake.file_types import (
    ENCRYPTED,
    LINK,
    OLE,
    PACKED,
    PICTURE,
    UNFINISHED,
    ZIP,
    skip_reason,
)
from mlay_batch.intake.signed_mail import is_signed_data
from mlay_batch.model.records import IncomingFile

# Reason codes of files that were not opened, and of mails that hold no document.
_UNSEEN = frozenset({PACKED, LINK, ENCRYPTED, UNFINISHED})
_UNSEEN |= {"N06", "N07", "N08", "N09", "N10", "N12", "N13", "N15", "N20", "N21"}
_PDF = b"%PDF"
_PDF_HEAD = 1024  # bytes within which it may begin: others stand before it in some files
_PDF_END, _PDF_TAIL = b"%%EOF", 4096
# The bytes that a PDF's signature signs: all but the hole that holds the signature itself.
_BYTE_RANGE = re.compile(
    rb"/ByteRange\s{0,99}\[\s{0,99}0\s{1,99}(\d{1,10})\s{1,99}(\d{1,10})\s{1,99}\d{1,10}\s{0,99}\]"
)
_MAX_BYTE_RANGES = 100
_DICTIONARY_LENGTH = 20_000  # bytes of a signature's dictionary before and behind the hole
_NO_SIGNATURE = re.compile(rb"/DocTimeStamp|/ETSI\.RFC3161|/TransformMethod\s{0,99}/UR")
_HOLE_HEAD = 400  # bytes of it that are looked at
_RSA_VALUE = b"\x04"  # an octet string: a signature of before CMS (adbe.x509.rsa_sha1)
_OPC_ORIGIN = b"digital-signature/origin"  # end of the relationship's type (ECMA-376, part 2)
_OPC_SIGNATURE = re.compile(r"_xmlsignatures/.+\.xml|.+\.psdsxs")
_ODF_SIGNATURE = "meta-inf/documentsignatures.xml"
_ODF_ENCRYPTED = "encrypted-package"
_XML_VALUE = re.compile(rb"SignatureValue[^<>]{0,500}>\s{0,99}[A-Za-z0-9+/]")
_MAX_XML, _MAX_XML_PARTS = 1 << 20, 20
_OLE_ENTRY = 128  # bytes of an entry of the directory (MS-CFB, 2.6.1), which begins at a multiple
_OLE_SIGNATURES = ("_signatures", "_xmlsignatures")
_OLE_ENCRYPTED = ("encryptedpackage",)


def look_for_signature(file: IncomingFile) -> IncomingFile:
    """Return the file with what of it carries a signature; its mail is known already."""
    try:
        own = file_signature(file)
    except Exception:  # noqa: BLE001 - one file must not stop the others
        own = Signature.UNKNOWN
    return replace(file, signature=file.signature.with_own(own))


def file_signature(file: IncomingFile) -> Signature:
    """Return whether the bytes of a file carry a signature."""
    data = file.data
    if not data or file.skip_reason in _UNSEEN:
        return Signature.UNKNOWN
    if data.startswith(ZIP):
        return _package_signature(data)
    if data.startswith(OLE):
        return _ole_signature(data)
    if (start := data.find(_PDF, 0, _PDF_HEAD)) >= 0:
        return _pdf_signature(data, start)
    return Signature.SCAN if skip_reason(file) == PICTURE else Signature.NONE


def _pdf_signature(data: bytes, begin: int) -> Signature:
    """Look at each hole; unknown where one is not whole, or the end of the file is missing.

    What stands before the beginning was there when it was signed, or came later.
    """
    if begin and (shifted := _pdf_signature(data[begin:], 0)) is Signature.FILE:
        return shifted
    result = Signature.SCAN if _PDF_END in data[-_PDF_TAIL:] else Signature.UNKNOWN
    for match in islice(_BYTE_RANGE.finditer(data), _MAX_BYTE_RANGES):
        start, end = int(match[1]), int(match[2])
        dictionary = data[max(0, start - _DICTIONARY_LENGTH) : start].rpartition(b"obj")[2]
        dictionary += data[end : end + _DICTIONARY_LENGTH].partition(b"endobj")[0]
        if _NO_SIGNATURE.search(dictionary):
            continue
        value = _hole_value(data, start, end)
        if value is None:
            result = Signature.UNKNOWN
        elif is_signed_data(value) or value.startswith(_RSA_VALUE):
            return Signature.FILE
    return result


def _hole_value(data: bytes, start: int, end: int) -> bytes | None:
    """Return the first bytes of the signature in a hole; None where there are no such digits."""
    if data[start : start + 1] != b"<" or data[end - 1 : end] != b">":
        return None
    digits = b"".join(data[start + 1 : min(end - 1, start + _HOLE_HEAD)].split())
    try:
        return bytes.fromhex(digits[: len(digits) // 2 * 2].decode("ascii"))
    except ValueError:
        return None


def _package_signature(data: bytes) -> Signature:
    """Look into an Office or OpenDocument file."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = {e.filename.lower().replace("\\", "/"): e for e in archive.infolist()}
            if _ODF_ENCRYPTED in parts:
                return Signature.UNKNOWN
            names = [name for name in parts if _OPC_SIGNATURE.fullmatch(name)]
            if names and _OPC_ORIGIN not in _read_part(archive, parts.get("_rels/.rels")):
                names = []
            names += [_ODF_SIGNATURE] if _ODF_SIGNATURE in parts else []
            texts = (_read_part(archive, parts[name]) for name in names[:_MAX_XML_PARTS])
            return Signature.FILE if any(map(_XML_VALUE.search, texts)) else Signature.NONE
    except (*ZIP_ERRORS, RuntimeError):  # RuntimeError: a part with a password
        return Signature.UNKNOWN


def _read_part(archive: zipfile.ZipFile, entry: zipfile.ZipInfo | None) -> bytes:
    """Return the text of a part, up to a limit, without the zeros that UTF-16 has between letters.

    Raises ValueError where it cannot be searched to its end.
    """
    if entry is None:
        return b""
    if entry.compress_type not in ZIP_METHODS:
        raise ValueError("a rare method")
    with archive.open(entry) as stream:
        data = stream.read(_MAX_XML + 1)
    if len(data) > _MAX_XML:
        raise ValueError("too long")
    return data.replace(b"\0", b"")


def _ole_signature(data: bytes) -> Signature:
    """Look into the directory of an old Office file; an encrypted new one has its form, too."""
    if _has_ole_entry(data, _OLE_SIGNATURES):
        return Signature.FILE
    return Signature.UNKNOWN if _has_ole_entry(data, _OLE_ENCRYPTED) else Signature.NONE


def _has_ole_entry(data: bytes, names: Iterable[str]) -> bool:
    """Whether the directory names a storage, or a stream that is not empty; names know no case."""
    lowered = data.lower()
    for name in names:
        stored_name = f"{name}\0".encode("utf-16-le")
        at = lowered.find(stored_name)
        while at >= 0:
            length, kind = (
                int.from_bytes(data[at + 64 : at + 66], "little"),
                data[at + 66 : at + 67],
            )
            is_entry = at % _OLE_ENTRY == 0 and length == len(stored_name)
            if is_entry and (kind == b"\1" or (kind == b"\2" and any(data[at + 120 : at + 124]))):
                return True
            at = lowered.find(stored_name, at + 1)
    return False
