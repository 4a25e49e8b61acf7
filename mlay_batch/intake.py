"""Files and folders to leaf files: bytes, name, where they came from. Knows no Excel.

A container (so far: a zip) is opened and each of its members is a leaf; a container that cannot be
opened is itself one ignored leaf, so that nothing received is lost from the count. Reason codes of
ignored leaves are N.. in `locale/findings-intake.yaml`.
"""

from __future__ import annotations

import io
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from mlay_batch.records import Leaf

MAX_FILE = 50 << 20  # bytes of one leaf; the reader's own limit for a workbook is lower
MAX_ENTRIES = 1000
MAX_UNPACKED = 500 << 20
MAX_DEPTH = 2  # a zip in a zip is opened, one further down is not

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_WORKBOOKS = frozenset({".xlsx", ".xlsm", ".xls", ".ods", ".xlsb", ".xltx", ".xltm"})
_LITTER = frozenset({"thumbs.db", "desktop.ini", "__macosx"})
_UTF8_NAME = 0x800
_ENCRYPTED = 1
_BY_START: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "N01"), (b"\xff\xd8\xff", "N02"), (b"\x89PNG", "N02"), (b"GIF8", "N02"),
    (b"7z\xbc\xaf\x27\x1c", "N04"), (b"Rar!", "N04"), (b"\x1f\x8b", "N04"),
)  # fmt: skip
_BY_ENDING: Mapping[str, str] = {
    ".pdf": "N01", ".jpg": "N02", ".jpeg": "N02", ".png": "N02", ".heic": "N02", ".tif": "N02",
    ".tiff": "N02", ".gif": "N02", ".bmp": "N02", ".doc": "N03", ".docx": "N03", ".odt": "N03",
    ".rtf": "N03", ".txt": "N03", ".ppt": "N03", ".pptx": "N03", ".rar": "N04", ".7z": "N04",
    ".gz": "N04",
}  # fmt: skip


@dataclass
class _Budget:
    """What may still be unpacked from one file of the inbox."""

    entries: int = MAX_ENTRIES
    unpacked: int = MAX_UNPACKED


def collect(paths: Sequence[Path], root: Path | None, received: str) -> Iterator[Leaf]:
    """Yield the leaf files of files and folders, folders sorted and with all below them.

    `origin` is the path below `root` (or below the folder of each path where that is None, or the
    file lies elsewhere), with ``!member`` for what was in a container; posix and NFC, so that the
    same delivery has the same origin on every system. Left out: dot files, Office's lock files
    (``~$``), Thumbs.db, desktop.ini. `received` is the time given to all (ISO, UTC). A file that
    cannot be read is a leaf ignored as N09, one larger than 50 MB as N08.
    """
    for path in paths:
        base = root if root and path.is_relative_to(root) else path.parent
        for file in _files(path):
            origin = _nfc(file.relative_to(base).as_posix())
            leaf = Leaf(_nfc(file.name), b"", origin, received)
            yield from _open_file(file, leaf)


def _files(path: Path) -> Iterator[Path]:
    """Yield the file itself, or the files below a folder; a named file is never left out."""
    if not path.is_dir():
        yield path
        return
    inside = (file for file in path.rglob("*") if file.is_file())
    wanted = (file for file in inside if not _is_litter(file.relative_to(path).as_posix()))
    yield from sorted(wanted, key=lambda file: _nfc(file.relative_to(path).as_posix()))


def _is_litter(name: str) -> bool:
    parts = name.split("/")
    return any(p.startswith((".", "~$")) or p.casefold() in _LITTER for p in parts)


def _nfc(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _open_file(file: Path, leaf: Leaf) -> Iterator[Leaf]:
    try:
        if file.stat().st_size > MAX_FILE:
            yield replace(leaf, ignored="N08")
            return
        data = file.read_bytes()
    except OSError:
        yield replace(leaf, ignored="N09")
        return
    yield from _open(replace(leaf, data=data), _Budget(), 0)


def _open(leaf: Leaf, budget: _Budget, depth: int) -> Iterator[Leaf]:
    """Yield the leaf, or what is in it if it is a container."""
    for is_container, members in _CONTAINERS:
        if is_container(leaf):
            yield from members(leaf, budget, depth)
            return
    yield replace(leaf, ignored=_reason(leaf))


def _reason(leaf: Leaf) -> str | None:
    """Return why a file is no return, None for a workbook: by its first bytes, then its name.

    What bears a workbook's name or look goes to the reader, which says what is wrong with it.
    """
    ending = PurePosixPath(leaf.name.lower()).suffix
    for start, code in _BY_START:
        if leaf.data.startswith(start):
            return code
    if ending in _WORKBOOKS or (leaf.data.startswith((_ZIP, _OLE)) and ending not in _BY_ENDING):
        return None
    return _BY_ENDING.get(ending, "N05")


def _is_zip(leaf: Leaf) -> bool:
    """Return whether a file is a zip of files, not a document that is packed as one."""
    if not leaf.data.startswith((_ZIP, b"PK\x05\x06")):
        return False
    ending = PurePosixPath(leaf.name.lower()).suffix
    if ending in _WORKBOOKS or (ending in _BY_ENDING and ending != ".zip"):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(leaf.data)) as archive:
            names = {entry.filename for entry in archive.infolist()}
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return True
    return not names & {"[Content_Types].xml", "mimetype"}


def _zip_members(leaf: Leaf, budget: _Budget, depth: int) -> Iterator[Leaf]:
    """Yield the members of a zip; N06 where it is damaged or beyond the limits, N07 encrypted."""
    if depth >= MAX_DEPTH:
        yield replace(leaf, ignored="N06")
        return
    try:
        with zipfile.ZipFile(io.BytesIO(leaf.data)) as archive:
            entries = [e for e in archive.infolist() if not e.is_dir()]
            wanted = [(_member_name(e), e) for e in entries if not _is_litter(_member_name(e))]
            budget.entries -= len(wanted)
            if budget.entries < 0 or not wanted:
                yield replace(leaf, ignored="N06" if wanted else "N10")
                return
            for name, entry in wanted:
                yield from _member(leaf, name, archive, entry, budget, depth)
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        yield replace(leaf, ignored="N06")


def _member(leaf: Leaf, name: str, archive: zipfile.ZipFile, entry: zipfile.ZipInfo,
            budget: _Budget, depth: int) -> Iterator[Leaf]:  # fmt: skip
    origin = f"{leaf.origin}!{name}"
    member = replace(leaf, name=PurePosixPath(name).name or name, data=b"", origin=origin)
    if entry.flag_bits & _ENCRYPTED:
        yield replace(member, ignored="N07")
        return
    try:
        with archive.open(entry) as stream:
            data = stream.read(min(MAX_FILE, budget.unpacked) + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):
        yield replace(member, ignored="N06")
        return
    budget.unpacked -= len(data)
    if len(data) > MAX_FILE or budget.unpacked < 0:
        yield replace(member, ignored="N08")
        return
    yield from _open(replace(member, data=data), budget, depth + 1)


def _member_name(entry: zipfile.ZipInfo) -> str:
    """Return a member's name as its author wrote it, for display.

    Without the UTF-8 flag a zip has bytes of some code page, which Python takes for cp437; most
    programs write UTF-8 there all the same, so that is tried first.
    """
    name = entry.filename
    if not entry.flag_bits & _UTF8_NAME:
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            name = entry.filename
    parts = name.replace("\\", "/").split("/")
    return _nfc("/".join(part for part in parts if part not in ("", ".", "..")))


_Open = Callable[[Leaf, _Budget, int], Iterator[Leaf]]
_CONTAINERS: tuple[tuple[Callable[[Leaf], bool], _Open], ...] = ((_is_zip, _zip_members),)
