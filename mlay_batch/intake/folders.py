"""Folders: which files lie there, and which of them are mails of a Maildir."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

_OS_JUNK = frozenset({"thumbs.db", "desktop.ini", "__macosx"})
_MAILDIR_FLAGS = re.compile(r"[:;!]2,[A-Za-z]*$")  # Windows allows no colon: programs write ; or !
_MAIL_FOLDERS = ("cur", "new")


def nfc(name: str) -> str:
    """Return a name in composed form, whatever the system stored."""
    return unicodedata.normalize("NFC", name)


def is_os_junk(name: str) -> bool:
    """Whether a path (posix) is what systems and Office leave about: no leaf at all."""
    parts = name.split("/")
    return any(p.startswith((".", "~$")) or p.casefold() in _OS_JUNK for p in parts)


def walk_files(path: Path) -> list[tuple[Path, Path]]:
    """Return the file itself, or the files below a folder in order; one named is never left out.

    Beside each stands the path it is known by: a mail of a Maildir goes by its unique name alone,
    because folder and flags change when it is read.
    """
    if not path.is_dir():
        return [(path, path)]
    pairs: list[tuple[Path, Path]] = []
    for parent, folders, names in os.walk(path):
        folders[:] = [name for name in folders if not is_os_junk(name)]
        folder, namer = Path(parent), _path_namer(Path(parent))
        if namer:
            named_files = ((folder / name, name) for name in names if not is_os_junk(name))
            pairs += ((file, namer(name)) for file, name in named_files if file.is_file())
    return sorted(pairs, key=lambda pair: nfc(pair[1].relative_to(path).as_posix()))


def _path_namer(folder: Path) -> Callable[[str], Path] | None:
    """Return how files there are known; None for what a Maildir keeps beside its mails."""
    if folder.name in _MAIL_FOLDERS and is_maildir(folder.parent):
        return lambda name: folder.parent / f"{_MAILDIR_FLAGS.sub('', name)}.eml"
    if is_maildir(folder) or (folder.name == "tmp" and is_maildir(folder.parent)):
        return None
    return lambda name: folder / name


def is_maildir(folder: Path) -> bool:
    """Whether a folder is a Maildir: ``cur``, ``new`` and ``tmp`` lie in it."""
    return all((folder / name).is_dir() for name in (*_MAIL_FOLDERS, "tmp"))
