"""Tells a file's type by its first bytes, then by its suffix."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import PurePosixPath

from mlay_batch.intake import limits
from mlay_batch.model.records import IncomingFile

ZIP, OLE, TNEF = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\x78\x9f\x3e\x22"
PROPERTY_STREAM = "__properties_version1.0"  # of every mail within a .msg
EMPTY_ZIP = b"PK\x05\x06"
PICTURE = "N02"
INLINE_PICTURE = "N11"
_WORKBOOK_SUFFIXES = frozenset({".xlsx", ".xlsm", ".xls", ".ods", ".xlsb", ".xltx", ".xltm"})
_REASON_BY_START: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "N01"),
    (b"\xff\xd8\xff", PICTURE),
    (b"\x89PNG", PICTURE),
    (b"GIF8", PICTURE),
    (b"7z\xbc\xaf\x27\x1c", "N04"),
    (b"Rar!", "N04"),
    (b"\x1f\x8b", "N04"),
)
_REASON_BY_SUFFIX: Mapping[str, str] = {
    ".pdf": "N01",
    ".jpg": "N02",
    ".jpeg": "N02",
    ".png": "N02",
    ".heic": "N02",
    ".tif": "N02",
    ".tiff": "N02",
    ".gif": "N02",
    ".bmp": "N02",
    ".doc": "N03",
    ".docx": "N03",
    ".odt": "N03",
    ".rtf": "N03",
    ".txt": "N03",
    ".ppt": "N03",
    ".pptx": "N03",
    ".rar": "N04",
    ".7z": "N04",
    ".gz": "N04",
}
_OS_JUNK = frozenset({"thumbs.db", "desktop.ini", "__macosx"})


def nfc(name: str) -> str:
    """Return a name in Unicode NFC; some systems store it decomposed."""
    return unicodedata.normalize("NFC", name)


def is_os_junk(name: str) -> bool:
    """Whether a path (posix) is a leftover of the system or of Office; it is not counted at all."""
    parts = name.split("/")
    return any(p.startswith((".", "~$")) or p.casefold() in _OS_JUNK for p in parts)


def suffix(file: IncomingFile) -> str:
    """Return a file's suffix in small letters, such as ``.xlsx``; empty without one."""
    return _suffix(file.name)


@lru_cache(maxsize=8)  # every kind of container asks for the same name
def _suffix(name: str) -> str:
    return PurePosixPath(name.lower()).suffix


def is_workbook_name(file: IncomingFile) -> bool:
    """Whether a file has a workbook's suffix: its sender believes it is one."""
    return suffix(file) in _WORKBOOK_SUFFIXES


def is_document_name(file: IncomingFile) -> bool:
    """Whether a file has the suffix of something that is no return."""
    return suffix(file) in _REASON_BY_SUFFIX


def is_file_content(data: bytes) -> bool:
    """Whether bytes begin like a file of a known type, whatever a mail calls them."""
    return data.startswith((ZIP, OLE, TNEF, *(start for start, _ in _REASON_BY_START)))


def skip_reason(file: IncomingFile) -> str | None:
    """Return the reason code of a file that is no return, None for a workbook.

    A file with a workbook's suffix always goes to the reader: the sender of a PDF called .xlsx
    believes that the return was sent, and needs a finding.
    """
    if is_workbook_name(file):
        return None
    for start, code in _REASON_BY_START:
        if file.data.startswith(start):
            return code
    if file.data.startswith((ZIP, OLE)) and not is_document_name(file):
        return None
    return _REASON_BY_SUFFIX.get(suffix(file), "N05")


def skip_inline_picture(file: IncomingFile) -> IncomingFile:
    """Return a part shown in a mail's text, ignored if it is a small picture (a logo)."""
    is_small = len(file.data) < limits.SMALL_PICTURE and skip_reason(file) == PICTURE
    return replace(file, skip_reason=INLINE_PICTURE) if is_small else file
