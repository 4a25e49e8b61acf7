"""Tells a file's type by its content, then by its suffix."""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import PurePosixPath

from mlay_batch.core.zip_rules import ZIP_ERRORS, ZIP_METHODS
from mlay_batch.intake import limits
from mlay_batch.model.records import IncomingFile

ZIP, OLE, TNEF = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\x78\x9f\x3e\x22"
PROPERTY_STREAM = "__properties_version1.0"  # of every mail within a .msg
EMPTY_ZIP = b"PK\x05\x06"
APPLE_DOUBLE = b"\x00\x05\x16\x07"  # a Mac's resource fork, sent under the name of the file
PICTURE, DOCUMENT, PACKED, OTHER = "N02", "N03", "N04", "N05"
INLINE_PICTURE = "N11"
EXPORT, OTHER_SPREADSHEET, LINK, ENCRYPTED, UNFINISHED = "N16", "N17", "N18", "N19", "N23"
_WORKBOOK_SUFFIXES = frozenset({".xlsx", ".xlsm", ".xls", ".ods", ".xlsb", ".xltx", ".xltm"})
_REASON_BY_START: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "N01"),
    (b"\xff\xd8\xff", PICTURE),
    (b"\x89PNG", PICTURE),
    (b"GIF8", PICTURE),
    (b"7z\xbc\xaf\x27\x1c", PACKED),
    (b"Rar!", PACKED),
    (b"\x1f\x8b", PACKED),
    (b"\xfd7zXZ\x00", PACKED),
    (b"\x28\xb5\x2f\xfd", PACKED),  # zst
    (b"MSCF", PACKED),  # cab
    (b"-----BEGIN PGP MESSAGE", ENCRYPTED),
    (b"\x4c\x00\x00\x00\x01\x14\x02\x00", LINK),  # lnk
    (b"[InternetShortcut]", LINK),
)
_SUFFIXES_BY_REASON: Mapping[str, str] = {
    "N01": ".pdf",
    PICTURE: ".jpg .jpeg .jfif .png .heic .heif .webp .tif .tiff .gif .bmp .emf .wmf .emz .wmz",
    DOCUMENT: ".doc .docx .docm .dot .dotx .odt .rtf .txt .ppt .pptx .pps .ppsx .odp .wps .dps"
    " .pages .key",
    PACKED: ".rar .7z .gz .tgz .tar .bz2 .tbz2 .xz .zst .iso .cab .arj .lzh .ace .sit .sitx .hqx",
    EXPORT: ".csv .tsv .htm .html .mht .mhtml",
    OTHER_SPREADSHEET: ".numbers .fods .uos .sxc .gnumeric .dbf .slk .dif .wk1 .123",
    LINK: ".url .webloc .lnk .desktop .gsheet .gdoc",
    ENCRYPTED: ".pgp .gpg .p7m",
}
_REASON_BY_SUFFIX = {
    suffix: reason for reason, names in _SUFFIXES_BY_REASON.items() for suffix in names.split()
}
_PACKAGE_PARTS = frozenset(
    {"[content_types].xml", "mimetype", "word/document.xml", "ppt/presentation.xml"}
)
_UNFINISHED_SUFFIXES = frozenset(
    {".crdownload", ".part", ".partial", ".download", ".opdownload", ".tmp"}
)
_OS_JUNK = frozenset(
    {"thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "icon\r", "$recycle.bin"}
)
_OFFICE_TEMPORARY = re.compile(r"(?i)~(\$.*|wr[a-z]\d+\.tmp|df[0-9a-f]+\.tmp)")
# What mail programs add to a mail as files: parts of its layout, its footer, its signature.
_MAIL_LEFTOVER = re.compile(
    r"(?i)(att\d+\.(txt|html?)|(ole|edit)data\.mso|themedata\.(thmx|xml)|filelist\.xml"
    r"|colorschememapping\.xml|.*\.(p7s|thmx|mso))"
)
_LAYOUT_PICTURE = re.compile(r"(?i)(image\d{3}|outlook-.*)\.(png|jpe?g|gif|bmp)")
_BOOK_STREAM, _TEXT_STREAM = (
    re.compile("|".join("\0".join(name) + "\0\0\0" for name in names).encode(), re.IGNORECASE)
    for names in (("book",), ("worddocument", "powerpoint document"))
)
_XML_START = re.compile(rb"(?s)(\xef\xbb\xbf)?\s*<\?xml.{,4000}")
_XML_SPREADSHEETS = (b"schemas-microsoft-com:office:spreadsheet", b"opendocument.spreadsheet")
_ENVELOPED_DATA = (  # encrypted S/MIME: OIDs 1.2.840.113549.1.7.3 and 1.9.16.1.23
    bytes.fromhex("06092a864886f70d010703"),
    bytes.fromhex("060b2a864886f70d0109100117"),
)
_TAR, _ISO = (257, b"ustar"), (32769, b"CD001")  # where they say what they are


def nfc(name: str) -> str:
    """Return a name in Unicode NFC; some systems store it decomposed."""
    return unicodedata.normalize("NFC", name)


def is_os_junk(name: str) -> bool:
    """Whether a path (posix) is a leftover of the system or of Office; it is not counted at all."""
    return any(
        part.startswith(".") or part.casefold() in _OS_JUNK or _OFFICE_TEMPORARY.fullmatch(part)
        for part in name.split("/")
    )


def is_mail_leftover(name: str, data: bytes) -> bool:
    """Whether a part of a mail is a file that its mail program made, or a Mac's resource fork."""
    return data.startswith(APPLE_DOUBLE) or bool(_MAIL_LEFTOVER.fullmatch(name))


def suffix(file: IncomingFile) -> str:
    """Return a file's suffix in small letters, such as ``.xlsx``; empty without one."""
    return _suffix(file.name)


@lru_cache(maxsize=8)  # every kind of container asks for the same name
def _suffix(name: str) -> str:
    return PurePosixPath(name.lower()).suffix


def is_workbook_name(file: IncomingFile) -> bool:
    """Whether a file has a workbook's suffix: its sender believes it is one."""
    return suffix(file) in _WORKBOOK_SUFFIXES


def is_file_content(data: bytes) -> bool:
    """Whether bytes begin like a file of a known type, whatever a mail calls them."""
    return data.startswith((ZIP, OLE, TNEF, *(start for start, _ in _REASON_BY_START)))


def skip_reason(file: IncomingFile) -> str | None:
    """Return the reason code of a file that is no return, None for a workbook.

    The content decides: a workbook under any name is read. A file with a workbook's suffix always
    goes to the reader: the sender of a PDF called .xlsx believes that the return was sent, and
    needs a finding.
    """
    if is_unfinished(file):
        return UNFINISHED
    if is_workbook_name(file):
        return None
    if file.data.startswith((ZIP, EMPTY_ZIP)):
        return _package_reason(file)
    by_suffix = _REASON_BY_SUFFIX.get(suffix(file), OTHER)
    if file.data.startswith(OLE):
        return DOCUMENT if by_suffix == DOCUMENT and not _is_ole_workbook(file.data) else None
    if by_suffix == OTHER_SPREADSHEET:
        return by_suffix
    return _reason_of_content(file.data) or by_suffix


def _reason_of_content(data: bytes) -> str | None:
    for start, code in _REASON_BY_START:
        if data.startswith(start):
            return code
    if data.startswith(b"\x30") and any(oid in data[:40] for oid in _ENVELOPED_DATA):
        return ENCRYPTED
    if any(data[at : at + len(mark)] == mark for at, mark in (_TAR, _ISO)):
        return PACKED
    xml = _XML_START.match(data)
    if xml and any(name in xml[0] for name in _XML_SPREADSHEETS):
        return OTHER_SPREADSHEET
    return None


def is_unfinished(file: IncomingFile) -> bool:
    """Whether a file is empty, half a download, or only the mark of a file open in Office.

    Excel calls that mark ``~$…``, LibreOffice ``.~lock.…#`` (mail drops the dot).
    """
    if file.name.lstrip(".").startswith(("~$", "~lock.")):
        return not is_file_content(file.data)
    if suffix(file) not in _UNFINISHED_SUFFIXES:
        return not file.data and not is_workbook_name(file)  # the reader tells an empty workbook
    return not file.data.startswith(OLE) and zip_names(file.data) is None


def zip_names(data: bytes) -> frozenset[str] | None:
    """Return the names in a zip, in small letters with slashes; None for any other file."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return frozenset(e.filename.lower().replace("\\", "/") for e in archive.infolist())
    except ZIP_ERRORS:
        return None


def is_package(names: frozenset[str]) -> bool:
    """Whether a zip with these names is one document: Office, OpenDocument or iWork."""
    return bool(names & _PACKAGE_PARTS) or _is_iwork(names)


def _is_iwork(names: frozenset[str]) -> bool:
    return any(name.endswith(".iwa") or name in ("index.zip", "index.apxl") for name in names)


def _package_reason(file: IncomingFile) -> str | None:
    """Return the reason code of a document packed as a zip, None for a workbook."""
    names = zip_names(file.data)
    by_suffix = _REASON_BY_SUFFIX.get(suffix(file))
    if names is None:  # damaged
        return by_suffix
    if _is_iwork(names):
        return by_suffix or OTHER_SPREADSHEET
    if any(name.startswith(("word/", "ppt/")) for name in names):
        return DOCUMENT
    kind = _mimetype(file.data) if "mimetype" in names else b""
    if b"opendocument" in kind:
        return None if b"spreadsheet" in kind else DOCUMENT
    return by_suffix or OTHER if "mimetype" in names else None


def _mimetype(data: bytes) -> bytes:
    """Return what an OpenDocument or EPUB file says it is."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entry = archive.getinfo("mimetype")
            if entry.compress_type not in ZIP_METHODS:
                return b""
            with archive.open(entry) as stream:
                return stream.read(200)
    except (*ZIP_ERRORS, KeyError, RuntimeError):
        return b""


def _is_ole_workbook(data: bytes) -> bool:
    """Whether an old Office file is a workbook, not a text with a workbook in it.

    Its streams are named in UTF-16; their names know no case.
    """
    return bool(_BOOK_STREAM.search(data)) and not _TEXT_STREAM.search(data)


def skip_inline_picture(file: IncomingFile, *, is_inline: bool) -> IncomingFile:
    """Return a part of a mail, ignored if it is a small picture of its text (a logo)."""
    in_layout = is_inline or _LAYOUT_PICTURE.fullmatch(file.name)
    is_small = len(file.data) < limits.SMALL_PICTURE and skip_reason(file) == PICTURE
    return replace(file, skip_reason=INLINE_PICTURE) if in_layout and is_small else file
