"""The ledger's tables, as a list of steps: step n brings a ledger of version n - 1 to version n.

A step that has been released is never edited; what changes becomes a new step.

delivery      one leaf file each, in the order of recording; what changes is superseded_by, and what
              a decision settles of a held one
returned_row  the values of accepted deliveries, in the order of the sheet
finding       what was wrong with a delivery: codes and parameters, never sentences
report        the consolidated workbooks written so far

`tables_in`, `tables_out` and `tables_made` name their own.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing

from mlay_batch.ledger import tables_in, tables_made, tables_out

APPLICATION_ID = 0x6D6C6179  # "mlay"

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE run (
            id INTEGER PRIMARY KEY,
            as_of TEXT NOT NULL,
            command TEXT NOT NULL,
            program TEXT NOT NULL,
            register_sha256 TEXT NOT NULL,
            schemas_sha256 TEXT NOT NULL
        ) STRICT
        """,
        """
        CREATE TABLE delivery (
            id INTEGER PRIMARY KEY,
            run INTEGER NOT NULL REFERENCES run (id),
            name TEXT NOT NULL,
            origin TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            channel TEXT NOT NULL,
            sender TEXT,
            received TEXT NOT NULL,
            verdict TEXT NOT NULL
                CHECK (verdict IN ('accepted', 'rejected', 'duplicate', 'held', 'ignored')),
            form TEXT,
            version TEXT,
            branch TEXT,
            period TEXT,
            values_hash TEXT,
            refers_to INTEGER REFERENCES delivery (id),
            superseded_by INTEGER REFERENCES delivery (id) DEFERRABLE INITIALLY DEFERRED,
            CHECK (superseded_by IS NULL OR verdict = 'accepted'),
            CHECK (verdict <> 'accepted' OR (form IS NOT NULL AND version IS NOT NULL
                AND branch IS NOT NULL AND period IS NOT NULL AND values_hash IS NOT NULL))
        ) STRICT
        """,
        "CREATE INDEX delivery_run ON delivery (run)",
        "CREATE INDEX delivery_sha256 ON delivery (sha256, origin)",
        "CREATE INDEX delivery_key ON delivery (form, branch, period)",
        """
        CREATE UNIQUE INDEX delivery_current ON delivery (form, branch, period)
            WHERE verdict = 'accepted' AND superseded_by IS NULL
        """,
        """
        CREATE TABLE returned_row (
            delivery INTEGER NOT NULL REFERENCES delivery (id),
            position INTEGER NOT NULL,
            section TEXT NOT NULL,
            sheet TEXT NOT NULL,
            number INTEGER NOT NULL,
            content TEXT NOT NULL,
            cells TEXT NOT NULL,
            PRIMARY KEY (delivery, position)
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE finding (
            delivery INTEGER NOT NULL REFERENCES delivery (id),
            position INTEGER NOT NULL,
            code TEXT NOT NULL,
            severity TEXT NOT NULL,
            file TEXT NOT NULL,
            sheet TEXT NOT NULL,
            cell TEXT NOT NULL,
            params TEXT NOT NULL,
            marks TEXT NOT NULL,
            PRIMARY KEY (delivery, position)
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE report (
            id INTEGER PRIMARY KEY,
            period TEXT NOT NULL,
            as_of TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            figures TEXT NOT NULL,
            UNIQUE (period, as_of, sha256, figures)
        ) STRICT
        """,
    ),
    tables_in.STEP,
    tables_out.STEP,
    tables_made.STEP,
    # The day a letter is dated: what it asks for is reckoned from that, not from when it was sent.
    ("ALTER TABLE outgoing ADD COLUMN day TEXT",),
)


def version(db: sqlite3.Connection) -> int:
    """Return how many steps the ledger has behind it."""
    found: int = db.execute("PRAGMA user_version").fetchone()[0]
    return found


def migrate(db: sqlite3.Connection) -> None:
    """Take the steps still missing, all or none of them. `db` is in autocommit."""
    if version(db) == len(MIGRATIONS):
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        for step in MIGRATIONS[version(db) :]:
            for statement in step:
                db.execute(statement)
        # A pragma takes no parameters; both numbers are our own.
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS):d}")
        db.execute(f"PRAGMA application_id = {APPLICATION_ID:d}")
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


def fresh() -> bytes:
    """Return an empty ledger, to be written as one file."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        migrate(db)
        return db.serialize()
