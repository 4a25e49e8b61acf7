"""The step that adds incoming numbers, mail going out and the closing of periods.

incoming       the running number (số đến) of each accepted return, from 1 in each year of receipt
outgoing       a letter: queued before it is handed to the mail host, sent afterwards
outgoing_item  what a letter is about; `key` says the same thing the same way every time
closing        a closed period and its archived papers; reopened, it stays as an old revision
"""

from __future__ import annotations

# The year of the row's receipt, then the next number in it.
_NUMBER = """
    INSERT INTO incoming (delivery, year, number)
    SELECT NEW.id, CAST(substr(NEW.received, 1, 4) AS INTEGER), 1 + coalesce(max(number), 0)
    FROM incoming WHERE year = CAST(substr(NEW.received, 1, 4) AS INTEGER);
"""

STEP: tuple[str, ...] = (
    """
    CREATE TABLE incoming (
        delivery INTEGER PRIMARY KEY REFERENCES delivery (id),
        year INTEGER NOT NULL,
        number INTEGER NOT NULL,
        UNIQUE (year, number)
    ) STRICT
    """,
    """
    INSERT INTO incoming (delivery, year, number)
    SELECT id, CAST(substr(received, 1, 4) AS INTEGER),
        row_number() OVER (PARTITION BY substr(received, 1, 4) ORDER BY id)
    FROM delivery WHERE verdict = 'accepted'
    """,
    # Triggers, so that no way of accepting a return, now or later, can forget the number.
    f"""
    CREATE TRIGGER incoming_inserted AFTER INSERT ON delivery WHEN NEW.verdict = 'accepted'
    BEGIN {_NUMBER} END
    """,
    f"""
    CREATE TRIGGER incoming_decided AFTER UPDATE OF verdict ON delivery
        WHEN NEW.verdict = 'accepted'
        AND NOT EXISTS (SELECT 1 FROM incoming WHERE delivery = NEW.id)
    BEGIN {_NUMBER} END
    """,  # noqa: S608, both parts are our own
    """
    CREATE TABLE outgoing (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        message_id TEXT NOT NULL UNIQUE,
        recipients TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('drafted', 'queued', 'sent')),
        at TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE outgoing_item (
        outgoing INTEGER NOT NULL REFERENCES outgoing (id) ON DELETE CASCADE,
        key TEXT NOT NULL,
        form TEXT,
        branch TEXT,
        period TEXT,
        delivery INTEGER REFERENCES delivery (id),
        PRIMARY KEY (outgoing, key)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX outgoing_item_key ON outgoing_item (key)",
    """
    CREATE TABLE closing (
        id INTEGER PRIMARY KEY,
        period TEXT NOT NULL,
        revision INTEGER NOT NULL,
        as_of TEXT NOT NULL,
        closed_by TEXT NOT NULL,
        workbook TEXT NOT NULL,
        register TEXT NOT NULL,
        schemas TEXT NOT NULL,
        reopened TEXT,
        reopened_by TEXT,
        why TEXT,
        UNIQUE (period, revision),
        CHECK ((reopened IS NULL) = (why IS NULL)),
        CHECK ((reopened IS NULL) = (reopened_by IS NULL))
    ) STRICT
    """,
    "CREATE UNIQUE INDEX closing_in_force ON closing (period) WHERE reopened IS NULL",
)
