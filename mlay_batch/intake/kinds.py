"""What a file is: by its first bytes, then by the end of its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import PurePosixPath

from mlay_batch.intake import limits
from mlay_batch.records import Leaf

ZIP, OLE, TNEF = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\x78\x9f\x3e\x22"
EMPTY_ZIP = b"PK\x05\x06"
PICTURE = "N02"
INLINE_PICTURE = "N11"
_WORKBOOKS = frozenset({".xlsx", ".xlsm", ".xls", ".ods", ".xlsb", ".xltx", ".xltm"})
_BY_START: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "N01"), (b"\xff\xd8\xff", PICTURE), (b"\x89PNG", PICTURE), (b"GIF8", PICTURE),
    (b"7z\xbc\xaf\x27\x1c", "N04"), (b"Rar!", "N04"), (b"\x1f\x8b", "N04"),
)  # fmt: skip
_BY_ENDING: Mapping[str, str] = {
    ".pdf": "N01", ".jpg": "N02", ".jpeg": "N02", ".png": "N02", ".heic": "N02", ".tif": "N02",
    ".tiff": "N02", ".gif": "N02", ".bmp": "N02", ".doc": "N03", ".docx": "N03", ".odt": "N03",
    ".rtf": "N03", ".txt": "N03", ".ppt": "N03", ".pptx": "N03", ".rar": "N04", ".7z": "N04",
    ".gz": "N04",
}  # fmt: skip


def ending(leaf: Leaf) -> str:
    """Return the end of a file's name, such as ``.xlsx``; empty without one."""
    return _ending(leaf.name)


@lru_cache(maxsize=8)  # every kind asks it of the same name
def _ending(name: str) -> str:
    return PurePosixPath(name.lower()).suffix


def is_workbook_name(leaf: Leaf) -> bool:
    """Whether a file bears a workbook's name: its sender believes it is one."""
    return ending(leaf) in _WORKBOOKS


def is_document_name(leaf: Leaf) -> bool:
    """Whether a file bears the name of something that is known to be no return."""
    return ending(leaf) in _BY_ENDING


def is_file(data: bytes) -> bool:
    """Whether bytes begin as a file does, whatever a mail calls them."""
    return data.startswith((ZIP, OLE, TNEF, *(start for start, _ in _BY_START)))


def reason(leaf: Leaf) -> str | None:
    """Return why a file is no return, None for a workbook.

    What bears a workbook's name goes to the reader, which says what is wrong with it: whoever
    sent a PDF called .xlsx believes to have sent the return, and must be told.
    """
    if is_workbook_name(leaf):
        return None
    for start, code in _BY_START:
        if leaf.data.startswith(start):
            return code
    if leaf.data.startswith((ZIP, OLE)) and not is_document_name(leaf):
        return None
    return _BY_ENDING.get(ending(leaf), "N05")


def inline(leaf: Leaf) -> Leaf:
    """Return a part shown in a mail's text: ignored if it is a small picture (a logo)."""
    small = len(leaf.data) < limits.SMALL_PICTURE and reason(leaf) == PICTURE
    return replace(leaf, ignored=INLINE_PICTURE) if small else leaf
