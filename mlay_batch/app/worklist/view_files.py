"""The files that the worklist's links open: copies of what waits, attachments of letters owed."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from mlay_batch.core.files import is_open, make_writable, write_atomically
from mlay_batch.core.findings import Place
from mlay_batch.errors import OutputBusyError
from mlay_batch.mail.letter import Letter

FOLDER = "viec-can-lam"
_OWN_NAME = re.compile(r"\d+\.\w+|[0-9a-f]{8}(/[^/]+\.(xlsx|txt))?")  # by number, or by letter


def cell_link(path: str, place: Place | None) -> str:
    """Return a link to a workbook, to the cell of `place` where that has one."""
    if place is None or not place.sheet:
        return path
    sheet = place.sheet.replace("'", "''")
    return f"{path}#'{sheet}'!{place.cell or 'A1'}"


@dataclass(frozen=True)
class ViewFiles:
    """Collects the files by their path below the folder."""

    contents: dict[str, bytes] = field(default_factory=dict)

    def add(self, name: str, data: bytes) -> str:
        """Add a file; return its path in the workspace."""
        self.contents[name] = data
        return f"outbox/{FOLDER}/{name}"

    def attachments(self, letter: Letter) -> str:
        """Add the workbooks of a letter; return where they lie: a file, of several a folder."""
        paths = [self.add(f"{letter.id}/{item.name}", item.data) for item in letter.workbooks]
        if not paths:
            return ""
        return paths[0] if len(paths) == 1 else f"outbox/{FOLDER}/{letter.id}/"

    def write(self, outbox: Path) -> None:
        """Write what is not there yet, not to be changed: the next run may write it anew.

        A file that is open in another program stays as it is, a folder that is a link is left
        alone.
        """
        folder = outbox / FOLDER
        for name, data in self.contents.items():
            path = folder / name
            if folder.is_symlink() or (path.is_file() and path.read_bytes() == data):
                continue
            with suppress(OutputBusyError, OSError):
                make_writable(path)
                write_atomically(path, data, mode=0o400)

    def remove_others(self, outbox: Path) -> None:
        """Remove the program's own files that nothing leads to any more, unless they are open."""
        folder = outbox / FOLDER
        for path in sorted([] if folder.is_symlink() else folder.rglob("*"), reverse=True):
            name = path.relative_to(folder).as_posix()
            is_needed = any(kept == name or kept.startswith(f"{name}/") for kept in self.contents)
            if _OWN_NAME.fullmatch(name) and not (is_needed or is_open(path)):
                with suppress(OSError):
                    make_writable(path)
                    path.rmdir() if path.is_dir() else path.unlink()
