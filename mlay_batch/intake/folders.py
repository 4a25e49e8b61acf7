"""Folders: which files lie there, and which of them are mails of a Maildir."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable
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


def files(path: Path) -> list[tuple[Path, Path]]:
    """Return the file itself, or the files below a folder in order; one named is never left out.

    Beside each stands the path it is known by: a mail of a Maildir goes by its unique name alone,
    because folder and flags change when it is read.
    """
    if not path.is_dir():
        return [(path, path)]
    found: list[tuple[Path, Path]] = []
    for where, folders, names in os.walk(path):
        folders[:] = [name for name in folders if not is_litter(name)]
        folder, known_in = Path(where), _known_in(Path(where))
        if known_in:
            wanted = ((folder / name, name) for name in names if not is_litter(name))
            found += ((file, known_in(name)) for file, name in wanted if file.is_file())
    return sorted(found, key=lambda pair: nfc(pair[1].relative_to(path).as_posix()))


def _known_in(folder: Path) -> Callable[[str], Path] | None:
    """Return how files there are known; None for what a Maildir keeps beside its mails."""
    if folder.name in _MAILS and is_maildir(folder.parent):
        return lambda name: folder.parent / f"{_FLAGS.sub('', name)}.eml"
    if is_maildir(folder) or (folder.name == "tmp" and is_maildir(folder.parent)):
        return None
    return lambda name: folder / name


def is_maildir(folder: Path) -> bool:
    """Whether a folder is a Maildir: ``cur``, ``new`` and ``tmp`` lie in it."""
    return all((folder / name).is_dir() for name in (*_MAILS, "tmp"))
