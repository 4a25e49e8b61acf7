"""Decisions of people on held files and on periods; also the mails already fetched."""

from __future__ import annotations

import sqlite3
from dataclasses import asdict, dataclass
from datetime import date

from mlay_batch.core.codec import storable
from mlay_batch.core.period import Period
from mlay_batch.errors import LedgerError
from mlay_batch.ledger.rows import apply_decision, insert, insert_run
from mlay_batch.ledger.store import Ledger
from mlay_batch.model.records import Decision, LedgerEntry, Run, Verdict


@dataclass(frozen=True, slots=True)
class Ruling:
    """A later decision on a ledger entry: a person's, or the program's own."""

    delivery: int
    """Number of the entry."""
    outcome: str
    """``accept`` or ``refuse``; ``anew`` where the program judged it anew."""
    who: str
    """The person's name; the version of the program."""
    decided: str
    """The time as given (ISO, with offset); the day of the run."""
    why: str
    """The reason."""
    before: Verdict
    """Verdict before the decision; the entry itself shows the one after it."""
    codes: tuple[str, ...]
    """Codes of the findings before the decision."""
    branch: str | None = None
    """Code of the branch that the person named; None where the file says it."""


class Rulings:
    """The rulings of a ledger. Every method is one transaction and may raise LedgerError."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def record(self, run: Run, ruling: Ruling, decision: Decision) -> LedgerEntry:
        """Record a ruling and the verdict it led to; return the resulting ledger entry.

        The entry keeps its number, so that the verdicts still add up to the files received. Raises
        LedgerError ``ledger.not_held`` where it no longer has the verdict decided on.
        """
        before = self._ledger.entry(ruling.delivery)
        if before is None or before.verdict is not ruling.before:
            raise LedgerError("ledger.not_held", number=ruling.delivery)
        with self._ledger.transaction() as db:
            number = insert_run(db, run)
            apply_decision(db, ruling.delivery, decision)
            insert(
                db,
                "decision",
                delivery=ruling.delivery,
                run=number,
                outcome=ruling.outcome,
                who=storable(ruling.who),
                decided=ruling.decided,
                why=storable(ruling.why),
                before=ruling.before.value,
                codes=" ".join(ruling.codes),
                branch=ruling.branch,
            )
        return self._ledger.entry(ruling.delivery) or before  # entries are never deleted

    def all(self) -> tuple[Ruling, ...]:
        """Return every ruling, oldest first."""
        rows = self._ledger.query(
            "SELECT delivery, outcome, who, decided, why, before, codes, branch"
            " FROM decision ORDER BY id"
        )
        return tuple(map(_ruling, rows))


def _ruling(row: sqlite3.Row) -> Ruling:
    typed = {"before": Verdict(row["before"]), "codes": tuple(row["codes"].split())}
    return Ruling(**{**row, **typed})


@dataclass(frozen=True, slots=True)
class Closing:
    """A closed period. The three hashes name files in the archive."""

    period: Period
    revision: int
    """Number of this closing of the period, from 1."""
    as_of: date
    """Day it was closed."""
    closed_by: str
    workbook: str
    """Hash of the consolidated workbook."""
    register: str
    """Hash of the register."""
    schemas: str
    """Hash of a zip of all descriptions in force."""
    reopened: date | None = None
    """Day it was reopened."""
    reopened_by: str | None = None
    """Who reopened it."""
    why: str | None = None
    """Reason for reopening."""


class Closings:
    """The closings of a ledger. Every method is one transaction and may raise LedgerError."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def all(self) -> tuple[Closing, ...]:
        """Return every closing, also reopened ones, oldest first."""
        rows = self._ledger.query(
            "SELECT period, revision, as_of, closed_by, workbook, register, schemas, reopened,"
            " reopened_by, why FROM closing ORDER BY id"
        )
        return tuple(map(_closing, rows))

    def in_force(self) -> dict[Period, Closing]:
        """Return the closings in force, by period."""
        return {closing.period: closing for closing in self.all() if closing.reopened is None}

    def close(self, closing: Closing) -> None:
        """Record that a period is closed; it must be open."""
        texts = {"period": str(closing.period), "as_of": closing.as_of.isoformat()}
        with self._ledger.transaction() as db:
            insert(db, "closing", **(asdict(closing) | texts))

    def reopen(self, period: Period, day: date, by: str, why: str) -> None:
        """Record that the closing in force is reopened; it stays as a revision."""
        with self._ledger.transaction() as db:
            db.execute(
                "UPDATE closing SET reopened = ?, reopened_by = ?, why = ?"
                " WHERE period = ? AND reopened IS NULL",
                (day.isoformat(), by, why, str(period)),
            )


def _closing(row: sqlite3.Row) -> Closing:
    typed = {
        "period": Period.parse(row["period"]),
        "as_of": date.fromisoformat(row["as_of"]),
        "reopened": date.fromisoformat(row["reopened"]) if row["reopened"] else None,
    }
    return Closing(**{**row, **typed})


class FetchLog:
    """The mails of one mailbox that were fetched, by UIDVALIDITY and UID (RFC 9051, 2.3.1.1).

    `mailbox` is user, host and folder. Every method may raise LedgerError.
    """

    def __init__(self, ledger: Ledger, mailbox: str) -> None:
        self._ledger, self._mailbox = ledger, mailbox

    def uids(self, uidvalidity: int) -> frozenset[int]:
        """Return the UIDs fetched under that UIDVALIDITY."""
        rows = self._ledger.query(
            "SELECT uid FROM fetched WHERE mailbox = ? AND uidvalidity = ?",
            self._mailbox,
            uidvalidity,
        )
        return frozenset(row["uid"] for row in rows)

    def add(self, uidvalidity: int, uid: int, sha256: str) -> None:
        """Record a mail; repeating it changes nothing."""
        with self._ledger.transaction() as db:
            db.execute(
                "INSERT OR IGNORE INTO fetched VALUES (?, ?, ?, ?)",
                (self._mailbox, uidvalidity, uid, sha256),
            )
