"""The ledger in SQLite. Deliveries, rows and findings are only ever added.

`superseded_by` is the one thing that ever changes.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, TypeVar

from mlay_batch.core.codec import storable
from mlay_batch.errors import LedgerError
from mlay_batch.files import write_atomically
from mlay_batch.findings import Finding
from mlay_batch.ledger import mark, migrations
from mlay_batch.ledger.encoding import load_finding, load_row
from mlay_batch.ledger.recording import insert, insert_run, keep_together
from mlay_batch.ledger.troubles import told
from mlay_batch.period import Period
from mlay_batch.records import Decision, Delivery, Known, Return, Row, Run, Verdict

Key = tuple[str, str, str]
K = TypeVar("K")

_DELIVERIES = """
    SELECT d.id, d.run, run.as_of, d.name, d.origin, d.sha256, d.channel, d.sender, d.received,
        d.verdict, d.form, d.version, d.branch, d.period, d.values_hash, d.refers_to,
        d.superseded_by, d.thread, d.subject, d.kept_with
    FROM delivery AS d JOIN run ON run.id = d.run WHERE """
_FINDINGS = """
    SELECT f.delivery, f.code, f.severity, f.file, f.sheet, f.cell, f.params, f.marks
    FROM delivery AS d JOIN finding AS f ON f.delivery = d.id WHERE """
_ROWS = """
    SELECT r.delivery, r.section, r.sheet, r.number, r.content, r.cells
    FROM delivery AS d JOIN returned_row AS r ON r.delivery = d.id WHERE """
_EVERY = "TRUE"
_OF_ID = "d.id = ?"
_OF_SHAS = "d.sha256 IN (SELECT value FROM json_each(?))"
_ACCEPTED = """
    d.verdict = 'accepted' AND (d.form, d.branch, d.period) IN (
        SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]')
        FROM json_each(?)
    )"""
_CURRENT = "d.verdict = 'accepted' AND d.superseded_by IS NULL"
_CURRENT_OF_FORM = _CURRENT + " AND d.form = ?"
_CURRENT_OF_BRANCH = _CURRENT_OF_FORM + " AND d.branch = ?"
_BY_ID = " ORDER BY d.id"
_BY_POSITION = " ORDER BY d.id, position"


@dataclass(frozen=True, slots=True)
class Report:
    """A consolidated workbook that was written: its bytes' hash and its figures' fingerprint."""

    period: Period
    as_of: date
    sha256: str
    figures: str


class Ledger:
    """What a workspace knows. Use as a context manager; every method may raise LedgerError."""

    def __init__(self, db: sqlite3.Connection, path: Path) -> None:
        self._db = db
        self._path = path

    @classmethod
    def create(cls, path: Path) -> Ledger:
        """Make an empty ledger at `path` and open it.

        Raises LedgerError ``ledger.exists`` if anything lies there, be it only the journal of a
        ledger that is gone: SQLite would play that into the new one.
        """
        for there in (path, path.with_name(path.name + "-journal")):
            if there.exists():
                raise LedgerError("ledger.exists", path=str(there))
        write_atomically(path, migrations.empty_ledger(), mode=0o600)
        return cls.open(path)

    @classmethod
    def open(cls, path: Path, read_only: bool = False) -> Ledger:
        """Open the ledger at `path`, brought up to this program's version.

        Read-only it refuses to record, yet finishes what a crash left undone. Raises LedgerError:
        ``ledger.missing``, ``ledger.foreign`` (another program's database), ``ledger.newer``,
        ``ledger.damaged``, ``ledger.busy``, ``ledger.unwritable``.
        """
        if not path.is_file():
            raise LedgerError("ledger.missing", path=str(path))
        with told(path):
            db = sqlite3.connect(
                path.absolute().as_uri() + "?mode=rw", uri=True, isolation_level=None
            )
            try:
                _prepare(db, path, read_only)
            except BaseException:
                db.close()
                raise
        return cls(db, path)

    def close(self) -> None:
        """Let go of the file, and remember beside it how far it got."""
        self._db.close()
        mark.raise_mark(self._path)

    def snapshot(self) -> bytes:
        """Return the whole ledger as the bytes of a file, as it stands between two transactions."""
        with self._transaction("DEFERRED"):
            return self._db.serialize()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def seen(self, origins: Iterable[tuple[str, str]]) -> frozenset[tuple[str, str]]:
        """Return those (origin, sha256) that are recorded: such a leaf is not received again."""
        asked = "SELECT 1 FROM delivery WHERE sha256 = ? AND origin = ?"
        return frozenset(
            (origin, sha256)
            for origin, sha256 in origins
            if self._ask(asked, sha256, storable(origin))
        )

    def known(self, shas: Iterable[str], keys: Iterable[Key]) -> Known:
        """Return what is known of these bytes and of these (form, branch, period)."""
        with self._transaction("DEFERRED"):
            same_bytes = self._deliveries(_OF_SHAS, json.dumps(sorted(shas)))
            accepted = self._deliveries(_ACCEPTED, json.dumps(sorted(keys)))
        return Known(
            _grouped((found.sha256, found) for found in same_bytes),
            _grouped((found.key, found) for found in accepted if found.key),
        )

    def record(self, run: Run, decisions: Sequence[Decision]) -> tuple[int, ...]:
        """Record a batch in one transaction and return its deliveries' numbers, in the same order.

        An accepted return supersedes the current one of its key, also one of the same batch. A
        duplicate or held file whose `refers_to` is still open is led to the latest delivery of the
        same bytes, else of the same key and values. No decisions: no run is recorded.
        """
        if not decisions:
            return ()
        with self._transaction("IMMEDIATE"):
            number = insert_run(self._db, run)
            recorded = {insert(self._db, number, one): one for one in decisions}
            keep_together(self._db, recorded)
        return tuple(recorded)

    def delivery(self, number: int) -> Delivery | None:
        """Return the delivery of that number."""
        return next(iter(self._deliveries(_OF_ID, number)), None)

    def deliveries(self) -> tuple[Delivery, ...]:
        """Return everything ever received, oldest first."""
        with self._transaction("DEFERRED"):
            return self._deliveries(_EVERY)

    def returns(self, form: str | None = None) -> tuple[Return, ...]:
        """Return the accepted returns that count, of all periods, in the order of recording."""
        with self._transaction("DEFERRED"):
            if form is None:
                return self._returns(_CURRENT)
            return self._returns(_CURRENT_OF_FORM, form)

    def returned(self, delivery: int) -> Return:
        """Return that accepted return, even where a later one has superseded it."""
        return self._returns(_OF_ID, delivery)[0]

    def last_return(self, form: str, branch: str, before: Period) -> Return | None:
        """Return the branch's latest return of a period that ends before `before` begins."""
        with self._transaction("DEFERRED"):
            past = [
                (Period.parse(found.period).end, found.id)
                for found in self._deliveries(_CURRENT_OF_BRANCH, form, branch)
                if found.period and Period.parse(found.period).end < before.start
            ]
            return self._returns(_OF_ID, max(past)[1])[0] if past else None

    def runs(self) -> tuple[tuple[int, Run], ...]:
        """Return every run that recorded something, with its number, oldest first."""
        found = self._ask(
            "SELECT id, as_of, command, program, register_sha256, schemas_sha256"
            " FROM run ORDER BY id"
        )
        return tuple(
            (number, Run(date.fromisoformat(as_of), *rest)) for number, as_of, *rest in found
        )

    def counts(self) -> Mapping[Verdict, int]:
        """Return how many files got each verdict; they add up to all received."""
        found = dict(self._ask("SELECT verdict, count(*) FROM delivery GROUP BY verdict"))
        return {verdict: found.get(verdict.value, 0) for verdict in Verdict}

    def note_report(self, period: Period, as_of: date, sha256: str, figures: str) -> None:
        """Remember a consolidated workbook: hash of its bytes, fingerprint of its figures.

        The same one again changes nothing.
        """
        with self._transaction("IMMEDIATE"):
            self._db.execute(
                "INSERT OR IGNORE INTO report (period, as_of, sha256, figures) VALUES (?, ?, ?, ?)",
                (str(period), as_of.isoformat(), sha256, figures),
            )

    def reports(self) -> tuple[Report, ...]:
        """Return the workbooks noted, oldest first."""
        found = self._ask("SELECT period, as_of, sha256, figures FROM report ORDER BY id")
        return tuple(
            Report(Period.parse(period), date.fromisoformat(as_of), sha256, figures)
            for period, as_of, sha256, figures in found
        )

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold a transaction for the other parts of the ledger: all or nothing."""
        with self._transaction("IMMEDIATE"):
            yield self._db

    def ask(self, sql: str, *values: object) -> list[Any]:
        """Return the rows of a question."""
        return self._ask(sql, *values)

    @contextmanager
    def _transaction(self, mode: Literal["IMMEDIATE", "DEFERRED"]) -> Iterator[None]:
        """All or nothing; DEFERRED for several questions that must see the same state."""
        with told(self._path):
            self._db.execute(f"BEGIN {mode}")
            try:
                yield
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    def _ask(self, sql: str, *values: object) -> list[Any]:
        with told(self._path):
            return self._db.execute(sql, values).fetchall()

    def _deliveries(self, where: str, *values: object) -> tuple[Delivery, ...]:
        findings: dict[int, list[Finding]] = defaultdict(list)
        for number, *finding in self._ask(_FINDINGS + where + _BY_POSITION, *values):
            findings[number].append(load_finding(*finding))
        found = self._ask(_DELIVERIES + where + _BY_ID, *values)
        return tuple(_delivery(columns, tuple(findings[columns[0]])) for columns in found)

    def _returns(self, where: str, *values: object) -> tuple[Return, ...]:
        rows: dict[int, list[Row]] = defaultdict(list)
        for number, *row in self._ask(_ROWS + where + _BY_POSITION, *values):
            rows[number].append(load_row(*row))
        found = self._deliveries(where, *values)
        return tuple(Return(delivery, tuple(rows[delivery.id])) for delivery in found)


def _grouped(found: Iterable[tuple[K, Delivery]]) -> dict[K, tuple[Delivery, ...]]:
    """Return the deliveries by what stands before each, in the same order."""
    groups: dict[K, list[Delivery]] = defaultdict(list)
    for key, delivery in found:
        groups[key].append(delivery)
    return {key: tuple(group) for key, group in groups.items()}


def _delivery(columns: Sequence[Any], findings: tuple[Finding, ...]) -> Delivery:
    number, run, as_of, name, origin, sha256, channel, sender, received, verdict, *rest = columns
    day, what = date.fromisoformat(as_of), Verdict(verdict)
    known = (name, origin, sha256, channel, sender, received, what, *rest, findings)
    return Delivery(number, run, day, *known)


def _prepare(db: sqlite3.Connection, path: Path, read_only: bool) -> None:
    """Check that the file is a ledger of ours, whole and not too new; set up the connection."""
    if db.execute("PRAGMA application_id").fetchone()[0] != migrations.APPLICATION_ID:
        # An empty file was a ledger once: this program never leaves one.
        code = "ledger.foreign" if path.stat().st_size else "ledger.damaged"
        raise LedgerError(code, path=str(path), problem="")
    if migrations.version(db) > len(migrations.STEPS):
        raise LedgerError("ledger.newer", path=str(path))
    found = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise LedgerError("ledger.damaged", path=str(path), problem=found)
    for setting in ("journal_mode = DELETE", "synchronous = EXTRA", "foreign_keys = ON"):
        db.execute(f"PRAGMA {setting}")
    migrations.migrate(db)
    if read_only:
        db.execute("PRAGMA query_only = ON")
