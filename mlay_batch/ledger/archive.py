"""Stores the originals as they came in, each under the hash of its bytes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mlay_batch.core.files import sync_file, sync_folder, write_without_sync
from mlay_batch.errors import LedgerError

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
        self._unsynced: set[Path] = set()

    def store(self, data: bytes) -> str:
        """Store `data`, unless it is there already, and return its SHA-256.

        Raises MlayError when it cannot be written.
        """
        sha256 = self.add(data)
        self.sync()
        return sha256

    def add(self, data: bytes) -> str:
        """Store one of many like `store`; it is durable only after `sync`."""
        sha256 = hashlib.sha256(data).hexdigest()
        path = self._path(sha256)
        if not (path.is_file() and path.read_bytes() == data):  # the stored file may be damaged
            write_without_sync(path, data, mode=0o600)
        self._unsynced.add(path)  # even if present: a killed run may not have synced it
        return sha256

    def sync(self) -> None:
        """Make all files added durable, then their names: each folder once.

        Until then a power cut may leave an empty file under a hash: a stray, which is written again
        when the same data are added again.
        """
        from concurrent.futures import ThreadPoolExecutor  # start-up: only for new files

        paths, self._unsynced = self._unsynced, set()
        if self._lasting and paths:
            with ThreadPoolExecutor(_SYNCED_AT_ONCE) as threads:
                list(threads.map(sync_file, paths))
                list(threads.map(sync_folder, sorted({path.parent for path in paths})))
            sync_folder(self.folder)

    @contextmanager
    def sync_meanwhile(self) -> Iterator[None]:
        """Do as `sync` while the block runs; all is durable after it."""
        from concurrent.futures import ThreadPoolExecutor  # start-up: likewise

        with ThreadPoolExecutor(1) as thread:
            syncing = thread.submit(self.sync)
            yield
            syncing.result()

    def restore(self, data: bytes) -> None:
        """Write the original `data` over any file under its hash."""
        path = self._path(hashlib.sha256(data).hexdigest())
        write_without_sync(path, data, mode=0o600)
        self._unsynced.add(path)
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
