"""What the workbooks given out were made from, so that the same need not be made again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from mlay_batch.ledger.store import Ledger

# All that figures are computed from, each row in an order of its own.
_FIGURED = (
    "SELECT id, as_of FROM run ORDER BY id",
    "SELECT * FROM delivery ORDER BY id",
    "SELECT * FROM finding ORDER BY delivery, position",
    "SELECT * FROM returned_row ORDER BY delivery, position",
)
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Workbook:
    """A workbook that was given out; `provisional` where a return was still missing."""

    sha256: str
    provisional: bool


class Workbooks:
    """The workbooks of a ledger. Every method is one transaction and may raise LedgerError."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def state(self) -> str:
        """Return a hash of everything in the ledger that figures are computed from.

        It is taken over the rows themselves, so that it also tells a ledger changed by hand.
        """
        digest = hashlib.sha256()
        with self._ledger.transaction() as db:
            for question in _FIGURED:
                digest.update(question.encode())
                rows = db.execute(question)
                while some := list(map(tuple, rows.fetchmany(_AT_ONCE))):
                    digest.update(repr(some).encode("utf-8", "backslashreplace"))
        return digest.hexdigest()

    def made_from(self, inputs: str) -> Workbook | None:
        """Return the workbook that came of these inputs, None where none did."""
        found = self._ledger.ask(
            "SELECT sha256, provisional FROM workbook WHERE inputs = ?", inputs
        )
        return Workbook(found[0][0], bool(found[0][1])) if found else None

    def note(self, inputs: str, made: Workbook) -> None:
        """Remember what came of these inputs, in place of what was known of them."""
        with self._ledger.transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO workbook VALUES (?, ?, ?)",
                (inputs, made.sha256, made.provisional),
            )
