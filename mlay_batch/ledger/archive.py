"""Stores the originals as they came in, each under the hash of its bytes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from mlay_batch.core.files import sync_folder, write_without_folder_sync
from mlay_batch.errors import LedgerError

_NAME = re.compile(r"[0-9a-f]{64}")


class Archive:
    """A folder of originals: ``archive/ab/abcdef…``, named by SHA-256, without suffix.

    No suffix, because nothing a sender chose may become part of a path. With `lasting=False` (dry
    run) nothing is fsynced.
    """

    def __init__(self, folder: Path, *, lasting: bool = True) -> None:
        self.folder = folder
        self._lasting = lasting
        self._unsynced: set[Path] = set()

    def store(self, data: bytes) -> str:
        """Store `data`, unless it is there already, and return its SHA-256.

        Raises MlayError when it cannot be written.
        """
        sha256 = self.add(data)
        self.sync()
        return sha256

    def add(self, data: bytes) -> str:
        """Store one of many like `store`; its name is durable only after `sync`."""
        sha256 = hashlib.sha256(data).hexdigest()
        path = self._path(sha256)
        if not (path.is_file() and path.read_bytes() == data):  # the stored file may be damaged
            write_without_folder_sync(path, data, mode=0o600, sync=self._lasting)
        self._unsynced.add(path.parent)  # even if present: a killed run may not have synced it
        return sha256

    def sync(self) -> None:
        """Fsync the names of all files added: each folder once."""
        if self._lasting and self._unsynced:
            for folder in (*sorted(self._unsynced), self.folder):
                sync_folder(folder)
        self._unsynced.clear()

    def restore(self, data: bytes) -> None:
        """Write the original `data` over any file under its hash."""
        path = self._path(hashlib.sha256(data).hexdigest())
        write_without_folder_sync(path, data, mode=0o600)
        self._unsynced.add(path.parent)
        self.sync()

    def read(self, sha256: str) -> bytes:
        """Return the original of that hash, checked. Raises LedgerError if missing or altered."""
        path = self._path(sha256)
        try:
            data = path.read_bytes()
        except OSError as error:
            raise LedgerError("ledger.original_missing", path=str(path)) from error
        if hashlib.sha256(data).hexdigest() != sha256:
            raise LedgerError("ledger.original_altered", path=str(path))
        return data

    def size(self, sha256: str) -> int:
        """Return how many bytes are stored under that hash."""
        path = self._path(sha256)
        return path.stat().st_size if path.is_file() else 0

    def remove(self, hashes: Iterable[str]) -> None:
        """Remove the originals of these hashes, those that are there."""
        folders = set()
        for path in map(self._path, hashes):
            if path.is_file():
                path.unlink()
                folders.add(path.parent)
        for folder in sorted(folders):
            sync_folder(folder)

    def contents(self) -> tuple[frozenset[str], tuple[str, ...]]:
        """Return the hashes stored, and the paths of files that are no originals."""
        files = [path for path in sorted(self.folder.rglob("*")) if not path.is_dir()]
        originals = {path for path in files if _NAME.fullmatch(path.name)}
        originals = {path for path in originals if path == self._path(path.name)}
        foreign = [path for path in files if path not in originals]
        return (
            frozenset(path.name for path in originals),
            tuple(path.relative_to(self.folder).as_posix() for path in foreign),
        )

    def _path(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256
