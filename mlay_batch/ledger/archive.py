"""Stores the originals as they came in, each under the hash of its bytes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mlay_batch.core.files import sync_file, sync_folder, write_without_sync
from mlay_batch.errors import LedgerError

if TYPE_CHECKING:  # start-up: for annotations only
    from concurrent.futures import Future, ThreadPoolExecutor

_NAME = re.compile(r"[0-9a-f]{64}")
_SYNCED_AT_ONCE = 8  # a disk makes several files durable in the time of one


class Archive:
    """A folder of originals: ``archive/ab/abcdef…``, named by SHA-256, without suffix.

    No suffix, because nothing a sender chose may become part of a path. With `lasting=False` (dry
    run) nothing is fsynced.
    """

    def __init__(self, folder: Path, *, lasting: bool = True) -> None:
        self.folder = folder
        self._lasting = lasting
        self._begun: dict[Path, Future[None]] = {}

    def store(self, data: bytes) -> str:
        """Store `data`, unless it is there already, and return its SHA-256.

        Raises MlayError when it cannot be written.
        """
        sha256 = self.add(data)
        self.sync()
        return sha256

    def add(self, data: bytes) -> str:
        """Store one of many like `store`; it is durable only after `sync`.

        Until then a power cut may leave an empty file under a hash: a stray, which is written again
        when the same data are added again.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        path = self._path(sha256)
        is_stored = path.is_file() and path.read_bytes() == data  # it may be damaged
        if not is_stored:
            write_without_sync(path, data, mode=0o600)
        if not is_stored or path not in self._begun:  # a killed run may not have synced it
            self._begin_sync(path)
        return sha256

    def _begin_sync(self, path: Path) -> None:
        """Make a file durable, beside what is done meanwhile."""
        if self._lasting:
            self._begun[path] = self._threads.submit(sync_file, path)

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        from concurrent.futures import ThreadPoolExecutor  # start-up: only for new files

        return ThreadPoolExecutor(_SYNCED_AT_ONCE)

    def sync(self) -> None:
        """Wait until all files added are durable, then make their names so: each folder once."""
        begun, self._begun = self._begun, {}
        if begun:
            for file in begun.values():
                file.result()
            list(self._threads.map(sync_folder, sorted({path.parent for path in begun})))
            sync_folder(self.folder)

    def restore(self, data: bytes) -> None:
        """Write the original `data` over any file under its hash."""
        path = self._path(hashlib.sha256(data).hexdigest())
        write_without_sync(path, data, mode=0o600)
        self._begin_sync(path)
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
