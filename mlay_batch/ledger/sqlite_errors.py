"""Turns SQLite's errors about the ledger's file into this program's own."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlay_batch.errors import LedgerError, Phrase

_CODES = {
    sqlite3.SQLITE_CORRUPT: "ledger.damaged",
    sqlite3.SQLITE_NOTADB: "ledger.damaged",
    sqlite3.SQLITE_BUSY: "ledger.busy",
    sqlite3.SQLITE_LOCKED: "ledger.busy",
    sqlite3.SQLITE_PERM: "ledger.unwritable",
    sqlite3.SQLITE_READONLY: "ledger.unwritable",
    sqlite3.SQLITE_IOERR: "ledger.unwritable",
    sqlite3.SQLITE_FULL: "ledger.unwritable",
    sqlite3.SQLITE_CANTOPEN: "ledger.unwritable",
}
_PROBLEMS = {
    sqlite3.SQLITE_READONLY: "read_only",
    sqlite3.SQLITE_FULL: "space",
    sqlite3.SQLITE_IOERR: "disk",
}
_PRIMARY = 0xFF  # the low byte of an extended result code is the primary one


@contextmanager
def sqlite_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's errors about the file into LedgerError; let programming errors pass."""
    try:
        yield
    except sqlite3.Error as error:
        primary = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
        code = _CODES.get(primary)
        if code is None:
            raise
        problem = Phrase(f"os.{_PROBLEMS.get(primary, 'access')}")
        raise LedgerError(code, path=str(path), problem=problem) from error
