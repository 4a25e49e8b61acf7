"""The originals as they came in, each under the hash of its bytes."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from mlay_batch.errors import LedgerError
from mlay_batch.files import sync_folder, write_atomically

_NAME = re.compile(r"[0-9a-f]{64}")


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
        if not (path.is_file() and path.read_bytes() == data):  # it may have been damaged since
            self.put_back(data)
        return sha256

    def put_back(self, data: bytes) -> None:
        """Write the original `data`, whatever lies under its hash."""
        write_atomically(self._path(hashlib.sha256(data).hexdigest()), data, mode=0o600)
        sync_folder(self.folder)

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

    def contents(self) -> tuple[frozenset[str], tuple[str, ...]]:
        """Return the hashes of what lies there, and the paths of what is no original of ours."""
        inside = [path for path in sorted(self.folder.rglob("*")) if not path.is_dir()]
        ours = {path for path in inside if _NAME.fullmatch(path.name)}
        ours = {path for path in ours if path == self._path(path.name)}
        foreign = (path.relative_to(self.folder).as_posix() for path in inside if path not in ours)
        return frozenset(path.name for path in ours), tuple(foreign)

    def _path(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256
