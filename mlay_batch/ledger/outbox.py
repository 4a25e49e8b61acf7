"""Letters in the ledger: drafted, queued, sent, handed over."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from mlay_batch.ledger.store import Ledger
from mlay_batch.model.topics import Topic


class MailState(StrEnum):
    """Progress of a letter, the later the further.

    QUEUED after a run has ended: it may or may not have gone out. HANDED: the office passed it on
    by other means, in a chat or on paper.
    """

    DRAFTED = "drafted"
    QUEUED = "queued"
    SENT = "sent"
    HANDED = "handed"


@dataclass(frozen=True, slots=True)
class SentMail:
    """A letter as the ledger records it."""

    kind: str
    """Kind of letter, such as ``receipt``."""
    message_id: str
    recipients: tuple[str, ...]
    """Addresses; a letter handed over may have none."""
    sha256: str
    """Hash of its bytes in the archive."""
    state: MailState
    at: str
    """ISO time of that state."""
    topics: tuple[Topic, ...] = ()
    day: date | None = None
    """Date of the letter."""


class MailLog:
    """The letters of a ledger. Every method is one transaction and may raise LedgerError."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def states(self) -> Mapping[str, MailState]:
        """Return the most advanced state of each topic, by key, over all its letters."""
        states: dict[str, MailState] = {}
        for row in self._ledger.query(
            "SELECT key, state FROM outgoing_item AS i JOIN outgoing AS o ON o.id = i.outgoing"
        ):
            key, state = row["key"], MailState(row["state"])
            states[key] = max(states.get(key, MailState.DRAFTED), state, key=_ORDER.index)
        return states

    def letters(self) -> tuple[SentMail, ...]:
        """Return every letter, oldest first."""
        topics: dict[int, list[Topic]] = defaultdict(list)
        for row in self._ledger.query(
            "SELECT outgoing, key, form, branch, period, delivery AS entry_id"
            " FROM outgoing_item ORDER BY key"
        ):
            columns = dict(row)
            topics[columns.pop("outgoing")].append(Topic(**columns))
        rows = self._ledger.query(
            "SELECT id, kind, message_id, recipients, sha256, state, at, day"
            " FROM outgoing ORDER BY id"
        )
        return tuple(_mail(row, tuple(topics[row["id"]])) for row in rows)

    def put(self, mail: SentMail) -> None:
        """Record a letter in its state, replacing an earlier record of the same Message-ID.

        A letter sent or handed over stays so, even if it is drafted again.
        """
        with self._ledger.transaction() as db:
            ((number,),) = db.execute(
                "INSERT INTO outgoing (kind, message_id, recipients, sha256, state, at, day)"
                " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (message_id) DO UPDATE SET"
                " recipients = excluded.recipients, sha256 = excluded.sha256, at = excluded.at,"
                " day = excluded.day,"
                " state = CASE WHEN state IN ('sent', 'handed') THEN state ELSE excluded.state END"
                " RETURNING id",
                (
                    mail.kind,
                    mail.message_id,
                    "\n".join(mail.recipients),
                    mail.sha256,
                    mail.state.value,
                    mail.at,
                    mail.day.isoformat() if mail.day else None,
                ),
            ).fetchall()
            db.executemany(
                "INSERT OR IGNORE INTO outgoing_item VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (number, topic.key, topic.form, topic.branch, topic.period, topic.entry_id)
                    for topic in mail.topics
                ],
            )

    def withdraw(self, message_id: str) -> None:
        """Delete a queued letter that certainly did not go out, so that it is sent later."""
        with self._ledger.transaction() as db:
            db.execute(
                "DELETE FROM outgoing WHERE message_id = ? AND state = 'queued'", (message_id,)
            )

    def resolve(self, message_ids: Iterable[str], *, sent: bool) -> None:
        """Record whether queued letters went out, as a person has found."""
        change = "UPDATE outgoing SET state = 'sent'" if sent else "DELETE FROM outgoing"
        with self._ledger.transaction() as db:
            db.executemany(
                f"{change} WHERE state = 'queued' AND message_id = ?",
                [(message_id,) for message_id in message_ids],
            )


_ORDER = tuple(MailState)


def _mail(row: sqlite3.Row, topics: tuple[Topic, ...]) -> SentMail:
    return SentMail(
        row["kind"],
        row["message_id"],
        tuple(row["recipients"].split("\n")) if row["recipients"] else (),
        row["sha256"],
        MailState(row["state"]),
        row["at"],
        topics,
        date.fromisoformat(row["day"]) if row["day"] else None,
    )
