"""Closed periods: what was archived, and what was opened again, by whom and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from mlay_batch.ledger.store import Ledger
from mlay_batch.period import Period


@dataclass(frozen=True, slots=True)
class Closing:
    """A period closed as `revision` (1, 2, …); the hashes lead to the archive.

    `schemas` is a zip of all descriptions in force. `reopened` is the day it was opened again.
    """

    period: Period
    revision: int
    as_of: date
    closed_by: str
    workbook: str
    register: str
    schemas: str
    reopened: date | None = None
    reopened_by: str | None = None
    why: str | None = None


_ALL = (
    "SELECT period, revision, as_of, closed_by, workbook, register, schemas, reopened,"
    " reopened_by, why FROM closing ORDER BY id"
)


class Closings:
    """The closings of a ledger. Every method is one transaction and may raise LedgerError."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def all(self) -> tuple[Closing, ...]:
        """Return every closing, also those opened again, oldest first."""
        return tuple(
            Closing(
                Period.parse(period), revision, date.fromisoformat(as_of), by, book, register,
                schemas, date.fromisoformat(reopened) if reopened else None, reopened_by, why,
            )
            for period, revision, as_of, by, book, register, schemas, reopened, reopened_by, why
            in self._ledger.ask(_ALL)
        )  # fmt: skip

    def in_force(self) -> dict[Period, Closing]:
        """Return the closings that hold, by period."""
        return {found.period: found for found in self.all() if found.reopened is None}

    def close(self, closing: Closing) -> None:
        """Remember that a period is closed; it must not be closed already."""
        with self._ledger.transaction() as db:
            db.execute(
                "INSERT INTO closing (period, revision, as_of, closed_by, workbook, register,"
                " schemas) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    str(closing.period), closing.revision, closing.as_of.isoformat(),
                    closing.closed_by, closing.workbook, closing.register, closing.schemas,
                ),
            )  # fmt: skip

    def reopen(self, period: Period, day: date, by: str, why: str) -> None:
        """Remember that the closing in force is opened again; it stays as a revision."""
        with self._ledger.transaction() as db:
            db.execute(
                "UPDATE closing SET reopened = ?, reopened_by = ?, why = ?"
                " WHERE period = ? AND reopened IS NULL",
                (day.isoformat(), by, why, str(period)),
            )
