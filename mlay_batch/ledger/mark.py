"""The highest mark a ledger reached, kept beside it: a ledger put back from an old copy is lower.

SQLite counts every change of a database in its header (file format, section 1.3.8). The mark is no
part of the truth: lost or unreadable, nothing is said.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

_MARK = ".mlay.mark"
_COUNTER = slice(24, 28)


def reached(ledger: Path) -> int:
    """Return how many changes the ledger's file has behind it; no connection may be open."""
    with ledger.open("rb") as file:
        return int.from_bytes(file.read(28)[_COUNTER], "big")


def marked(ledger: Path) -> int:
    """Return the highest count ever seen here, 0 where none is known."""
    try:
        return int(ledger.with_name(_MARK).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0


def raise_mark(ledger: Path) -> None:
    """Remember how far the ledger got; never lower than before."""
    with contextlib.suppress(OSError):
        if (now := reached(ledger)) > marked(ledger):
            set_mark(ledger, now)


def set_mark(ledger: Path, count: int) -> None:
    """Take `count` for the highest mark: what went before is known to be lost."""
    ledger.with_name(_MARK).write_text(f"{count}\n", encoding="ascii")
