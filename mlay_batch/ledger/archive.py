"""The originals as they came in, each under the hash of its bytes."""

from __future__ import annotations

import hashlib
from pathlib import Path

from mlay_batch.errors import LedgerError
from mlay_batch.files import sync_folder, write_atomically


class Archive:
    """A folder of originals: ``archive/ab/abcdef…``, named by sha256, without suffix.

    No suffix, because nothing a sender chose may become part of a path.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def store(self, data: bytes) -> str:
        """Keep `data` and return its sha256; what lies there already is not written again.

        Raises MlayError when it cannot be written.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        path = self._path(sha256)
        if not (path.is_file() and path.stat().st_size == len(data)):
            write_atomically(path, data, mode=0o600)
            sync_folder(self.folder)
        return sha256

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

    def _path(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256
