"""What people decided about held files, and which mails were fetched already."""

from __future__ import annotations

from mlay_batch.errors import LedgerError
from mlay_batch.ledger.recording import Ruling, insert_run, settle
from mlay_batch.ledger.store import Ledger
from mlay_batch.records import Decision, Delivery, Run, Verdict


class Rulings:
    """The rulings of a ledger. Every method is one transaction and may raise LedgerError."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def held(self, number: int) -> Delivery:
        """Return the held delivery of that number; LedgerError ``ledger.not_held`` without one."""
        delivery = self._ledger.delivery(number)
        if delivery and delivery.verdict is Verdict.HELD:
            return delivery
        raise LedgerError("ledger.not_held", number=number)

    def settle(self, run: Run, ruling: Ruling, decision: Decision) -> Delivery:
        """Record a ruling and the verdict it led to; return what the delivery is now.

        The delivery keeps its number, so that received stays the sum of the verdicts. Raises
        LedgerError ``ledger.not_held`` where it is not held.
        """
        before = self.held(ruling.delivery)
        with self._ledger.transaction() as db:
            settle(db, insert_run(db, run), ruling, decision)
        return self._ledger.delivery(ruling.delivery) or before  # none is ever deleted

    def all(self) -> tuple[Ruling, ...]:
        """Return every ruling, oldest first."""
        return tuple(
            Ruling(number, outcome, who, decided, why, Verdict(before), tuple(codes.split()))
            for number, outcome, who, decided, why, before, codes in self._ledger.ask(
                "SELECT delivery, outcome, who, decided, why, before, codes"
                " FROM decision ORDER BY id"
            )
        )


class Fetched:
    """The mails of one mailbox that lie in the inbox, by UIDVALIDITY and UID (RFC 9051, 2.3.1.1).

    `mailbox` names it: user, host and folder. Every method may raise LedgerError.
    """

    def __init__(self, ledger: Ledger, mailbox: str) -> None:
        self._ledger, self._mailbox = ledger, mailbox

    def uids(self, uidvalidity: int) -> frozenset[int]:
        """Return the UIDs fetched under that UIDVALIDITY."""
        found = self._ledger.ask(
            "SELECT uid FROM fetched WHERE mailbox = ? AND uidvalidity = ?",
            self._mailbox,
            uidvalidity,
        )
        return frozenset(uid for (uid,) in found)

    def note(self, uidvalidity: int, uid: int, sha256: str) -> None:
        """Remember a mail; the same one again changes nothing."""
        with self._ledger.transaction() as db:
            db.execute(
                "INSERT OR IGNORE INTO fetched VALUES (?, ?, ?, ?)",
                (self._mailbox, uidvalidity, uid, sha256),
            )
