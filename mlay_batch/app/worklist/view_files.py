"""The files that the worklist's links open: copies of what waits, attachments of letters owed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from mlay_batch.core.files import is_open, make_writable, write_atomically
from mlay_batch.core.findings import Place
from mlay_batch.errors import OutputBusyError
from mlay_batch.mail.letter import Attachment, Letter

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
    """Collects the files by their path below the folder.

    Attributes:
        outbox: where the folder is.
        before: hashes of the files that an earlier run rendered, by that of what they are made of.
        rendered: the same of this run.
        contents: the files.
    """

    outbox: Path
    before: Mapping[str, str] = field(default_factory=dict)
    rendered: dict[str, str] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)

    @property
    def _folder(self) -> Path:
        return self.outbox / FOLDER

    def add(self, name: str, data: bytes) -> str:
        """Add a file; return its path in the workspace."""
        self.contents[name] = data
        return f"outbox/{FOLDER}/{name}"

    def attachments(self, letter: Letter) -> str:
        """Add the workbooks of a letter; return where they lie: a file, of several a folder."""
        paths = [self._attach(f"{letter.id}/{item.name}", item) for item in letter.workbooks]
        if not paths:
            return ""
        return paths[0] if len(paths) == 1 else f"outbox/{FOLDER}/{letter.id}/"

    def _attach(self, name: str, item: Attachment) -> str:
        """Add an attachment, from where it lies if it was rendered before from the same.

        A form takes a tenth of a second, and most letters wait for several runs.
        """
        if not item.inputs:
            return self.add(name, item.data)
        key = _sha256(repr(item.inputs).encode())
        data = self._as_before(name, self.before.get(key)) or item.data
        self.rendered[key] = _sha256(data)
        return self.add(name, data)

    def _as_before(self, name: str, sha256: str | None) -> bytes | None:
        """Return a file that has that hash; None where it is gone, or another one."""
        if sha256 is None or self._folder.is_symlink():
            return None
        with suppress(OSError):
            data = (self._folder / name).read_bytes()
            return data if _sha256(data) == sha256 else None
        return None

    def write(self) -> None:
        """Write what is not there yet, not to be changed: the next run may write it anew.

        A file that is open in another program stays as it is, a folder that is a link is left
        alone.
        """
        folder = self._folder
        for name, data in self.contents.items():
            path = folder / name
            if folder.is_symlink() or (path.is_file() and path.read_bytes() == data):
                continue
            with suppress(OutputBusyError, OSError):
                make_writable(path)
                write_atomically(path, data, mode=0o400)

    def remove_others(self) -> None:
        """Remove the program's own files that nothing leads to any more, unless they are open."""
        folder = self._folder
        needed = {*self.contents, *(str(PurePosixPath(name).parent) for name in self.contents)}
        for path in sorted([] if folder.is_symlink() else folder.rglob("*"), reverse=True):
            name = path.relative_to(folder).as_posix()
            if _OWN_NAME.fullmatch(name) and not (name in needed or is_open(path)):
                with suppress(OSError):
                    make_writable(path)
                    path.rmdir() if path.is_dir() else path.unlink()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
