"""The step that adds what comes by mail and what people decide about it.

decision   what a person decided about a held delivery, and what it was until then
fetched    the mails fetched from the town's mailbox, by the mailbox's own numbers
"""

from __future__ import annotations

STEP: tuple[str, ...] = (
    "ALTER TABLE delivery ADD COLUMN thread TEXT",
    "ALTER TABLE delivery ADD COLUMN subject TEXT",
    "ALTER TABLE delivery ADD COLUMN kept_with INTEGER REFERENCES delivery (id)",
    """
    CREATE TABLE decision (
        id INTEGER PRIMARY KEY,
        delivery INTEGER NOT NULL REFERENCES delivery (id),
        run INTEGER NOT NULL REFERENCES run (id),
        outcome TEXT NOT NULL CHECK (outcome IN ('accept', 'refuse')),
        who TEXT NOT NULL,
        decided TEXT NOT NULL,
        why TEXT NOT NULL CHECK (why <> ''),
        before TEXT NOT NULL,
        codes TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE fetched (
        mailbox TEXT NOT NULL,
        uidvalidity INTEGER NOT NULL,
        uid INTEGER NOT NULL,
        sha256 TEXT NOT NULL,
        PRIMARY KEY (mailbox, uidvalidity, uid)
    ) STRICT, WITHOUT ROWID
    """,
)
