"""The step that adds what a consolidated workbook was made from.

workbook   by one hash of all its inputs: the bytes that came of them, and whether they wait for
           returns still
"""

from __future__ import annotations

STEP: tuple[str, ...] = (
    """
    CREATE TABLE workbook (
        inputs TEXT PRIMARY KEY,
        sha256 TEXT NOT NULL,
        provisional INTEGER NOT NULL CHECK (provisional IN (0, 1))
    ) STRICT, WITHOUT ROWID
    """,
)
