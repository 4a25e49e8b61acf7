"""Detects that a ledger was replaced by an older copy.

SQLite counts every change of a database in its header (file format, section 1.3.8); the highest
count seen is kept beside the ledger. A missing or unreadable count is no error.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

_MARK = ".mlay.mark"
_COUNTER = slice(24, 28)


def change_counter(ledger: Path) -> int:
    """Return the change count of the ledger's file; no connection may be open."""
    with ledger.open("rb") as file:
        return int.from_bytes(file.read(28)[_COUNTER], "big")


def high_water_mark(ledger: Path) -> int:
    """Return the highest count stored, 0 without one."""
    try:
        return int(ledger.with_name(_MARK).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0


def raise_high_water_mark(ledger: Path) -> None:
    """Store the ledger's count if it is higher than the stored one."""
    with contextlib.suppress(OSError):
        if (count := change_counter(ledger)) > high_water_mark(ledger):
            set_high_water_mark(ledger, count)


def set_high_water_mark(ledger: Path, count: int) -> None:
    """Store `count` even if it is lower: newer changes are known to be lost."""
    ledger.with_name(_MARK).write_text(f"{count}\n", encoding="ascii")
