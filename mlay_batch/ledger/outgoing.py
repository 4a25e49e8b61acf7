"""Letters in the ledger: what was drafted, what is on its way, what was sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from mlay_batch.ledger.store import Ledger


class Posting(StrEnum):
    """How far a letter got. QUEUED after a run that ended: nobody knows whether it went out."""

    DRAFTED = "drafted"
    QUEUED = "queued"
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class Item:
    """What a letter is about. `key` is the same for the same thing, whatever letter tells it."""

    key: str
    form: str | None = None
    branch: str | None = None
    period: str | None = None
    delivery: int | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """A letter as the ledger remembers it; `at` is the ISO time of its state, `day` its date."""

    kind: str
    message_id: str
    recipients: tuple[str, ...]
    sha256: str
    state: Posting
    at: str
    items: tuple[Item, ...] = ()
    day: date | None = None


class Outgoing:
    """The letters of a ledger. Every method is one transaction and may raise LedgerError."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def states(self) -> Mapping[str, Posting]:
        """Return how far each item got, by key: the farthest of all its letters."""
        found: dict[str, Posting] = {}
        rows = self._ledger.ask(
            "SELECT key, state FROM outgoing_item AS i JOIN outgoing AS o ON o.id = i.outgoing"
        )
        for key, state in rows:
            found[key] = max(found.get(key, Posting.DRAFTED), Posting(state), key=_ORDER.index)
        return found

    def letters(self) -> tuple[Posted, ...]:
        """Return every letter, oldest first."""
        items: dict[int, list[Item]] = {}
        for number, *item in self._ledger.ask(
            "SELECT outgoing, key, form, branch, period, delivery FROM outgoing_item ORDER BY key"
        ):
            items.setdefault(number, []).append(Item(*item))
        found = self._ledger.ask(
            "SELECT id, kind, message_id, recipients, sha256, state, at, day"
            " FROM outgoing ORDER BY id"
        )
        return tuple(
            Posted(
                kind, message_id, tuple(to.split("\n")), sha256, Posting(state), at,
                tuple(items.get(number, ())), date.fromisoformat(day) if day else None,
            )
            for number, kind, message_id, to, sha256, state, at, day in found
        )  # fmt: skip

    def put(self, posted: Posted) -> None:
        """Remember a letter in its state, in place of what was known of the same message-id.

        A letter that was sent stays sent: drafting it once more takes nothing back.
        """
        with self._ledger.transaction() as db:
            ((number,),) = db.execute(
                "INSERT INTO outgoing (kind, message_id, recipients, sha256, state, at, day)"
                " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (message_id) DO UPDATE SET"
                " recipients = excluded.recipients, sha256 = excluded.sha256, at = excluded.at,"
                " day = excluded.day,"
                " state = CASE state WHEN 'sent' THEN state ELSE excluded.state END RETURNING id",
                (
                    posted.kind, posted.message_id, "\n".join(posted.recipients),
                    posted.sha256, posted.state.value, posted.at,
                    posted.day.isoformat() if posted.day else None,
                ),
            ).fetchall()  # fmt: skip
            db.executemany(
                "INSERT OR IGNORE INTO outgoing_item VALUES (?, ?, ?, ?, ?, ?)",
                [(number, i.key, i.form, i.branch, i.period, i.delivery) for i in posted.items],
            )

    def withdraw(self, message_id: str) -> None:
        """Forget a queued letter that for certain did not go out: it is to be sent yet."""
        with self._ledger.transaction() as db:
            db.execute(
                "DELETE FROM outgoing WHERE message_id = ? AND state = 'queued'", (message_id,)
            )

    def settle(self, message_ids: Iterable[str], *, sent: bool) -> None:
        """Say what became of letters still queued: a person looked whether they went out."""
        change = "UPDATE outgoing SET state = 'sent'" if sent else "DELETE FROM outgoing"
        with self._ledger.transaction() as db:
            db.executemany(
                f"{change} WHERE state = 'queued' AND message_id = ?",
                [(found,) for found in message_ids],
            )

    def numbers(self) -> Mapping[int, tuple[int, int]]:
        """Return year and running number (số đến) of every accepted return, by delivery."""
        rows = self._ledger.ask("SELECT delivery, year, number FROM incoming")
        return {delivery: (year, number) for delivery, year, number in rows}


_ORDER = tuple(Posting)
