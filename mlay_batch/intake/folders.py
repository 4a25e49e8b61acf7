"""Folders: which files lie there, and which of them are mails of a Maildir."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

_LITTER = frozenset({"thumbs.db", "desktop.ini", "__macosx"})
_FLAGS = re.compile(r"[:;!]2,[A-Za-z]*$")  # Windows allows no colon: programs write ; or !
_MAILS = ("cur", "new")


def nfc(name: str) -> str:
    """Return a name in composed form, whatever the system stored."""
    return unicodedata.normalize("NFC", name)


def is_litter(name: str) -> bool:
    """Whether a path (posix) is what systems and Office leave about: no leaf at all."""
    parts = name.split("/")
    return any(p.startswith((".", "~$")) or p.casefold() in _LITTER for p in parts)


def files(path: Path) -> Iterator[tuple[Path, Path]]:
    """Yield the file itself, or the files below a folder in order; a file named is never left out.

    Beside each stands the path it is known by: a mail of a Maildir goes by its unique name alone,
    because folder and flags change when it is read.
    """
    if not path.is_dir():
        yield path, path
        return
    inside = (file for file in path.rglob("*") if file.is_file())
    wanted = (file for file in inside if not is_litter(file.relative_to(path).as_posix()))
    known = ((file, name) for file in wanted if (name := _known(file)))
    yield from sorted(known, key=lambda pair: nfc(pair[1].relative_to(path).as_posix()))


def _known(file: Path) -> Path | None:
    """Return the path a file is known by; None for what a Maildir keeps beside its mails."""
    folder = file.parent
    if folder.name in _MAILS and is_maildir(folder.parent):
        return folder.parent / f"{_FLAGS.sub('', file.name)}.eml"
    if is_maildir(folder) or (folder.name == "tmp" and is_maildir(folder.parent)):
        return None
    return file


def is_maildir(folder: Path) -> bool:
    """Whether a folder is a Maildir: ``cur``, ``new`` and ``tmp`` lie in it."""
    return all((folder / name).is_dir() for name in (*_MAILS, "tmp"))
