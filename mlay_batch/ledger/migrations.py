"""Brings a ledger to the version of this program, as a list of SQL files.

Step n brings a ledger of version n - 1 to version n. A step that has been released is never edited;
what changes becomes a new step.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

APPLICATION_ID = 0x6D6C6179  # "mlay"
STEPS: tuple[Path, ...] = (Path(__file__).with_name("schema.sql"),)


def version(db: sqlite3.Connection) -> int:
    """Return how many steps the ledger has behind it."""
    number: int = db.execute("PRAGMA user_version").fetchone()[0]
    return number


def migrate(db: sqlite3.Connection) -> None:
    """Take the steps still missing, all or none of them. `db` is in autocommit."""
    if version(db) == len(STEPS):
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        for step in STEPS[version(db) :]:
            for statement in _statements(step.read_text(encoding="utf-8")):
                db.execute(statement)
        # A pragma takes no parameters; both numbers are our own.
        db.execute(f"PRAGMA user_version = {len(STEPS):d}")
        db.execute(f"PRAGMA application_id = {APPLICATION_ID:d}")
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


def _statements(script: str) -> Iterator[str]:
    """Yield the statements of a script one by one: `executescript` would commit before them."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    yield statement  # what follows the last semicolon


def empty_ledger() -> bytes:
    """Return an empty ledger, to be written as one file."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        migrate(db)
        return db.serialize()
