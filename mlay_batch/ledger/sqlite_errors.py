"""Turns SQLite's errors about the ledger's file into the program's own."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlay_batch.errors import LedgerError

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
_PRIMARY = 0xFF  # the low byte of an extended result code is the primary one


@contextmanager
def sqlite_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's errors about the file into LedgerError; let programming errors pass."""
    try:
        yield
    except sqlite3.Error as error:
        code = _CODES.get(getattr(error, "sqlite_errorcode", 0) & _PRIMARY)
        if code is None:
            raise
        raise LedgerError(code, path=str(path), problem=str(error)) from error
