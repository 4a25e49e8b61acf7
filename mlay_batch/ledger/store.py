"""The ledger in SQLite. Entries, rows and findings are only added.

Only `superseded_by` changes, and a held entry when a person decides on it.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Literal, TypeVar

from mlay_batch.core.codec import storable
from mlay_batch.core.files import write_atomically
from mlay_batch.core.findings import Finding
from mlay_batch.core.period import Period
from mlay_batch.errors import LedgerError
from mlay_batch.ledger.change_count import raise_high_water_mark
from mlay_batch.ledger.rows import (
    group_signed_copies,
    insert_run,
    load_entry,
    load_finding,
    load_row,
    purged_origin,
    record_decision,
)
from mlay_batch.ledger.sqlite_errors import sqlite_errors
from mlay_batch.model.records import (
    EMPTY_SHA256,
    AcceptedReturn,
    Decision,
    LedgerEntry,
    LedgerSnapshot,
    Output,
    Row,
    Run,
    Verdict,
)

Key = tuple[str, str, str]
K = TypeVar("K")

_SELECT_ENTRIES = """
    SELECT d.id, d.run, run.as_of, d.name, d.origin, d.sha256, d.channel, d.entered_by, d.sender,
        d.received, d.verdict, d.form, d.version, d.branch, d.period, d.values_hash, d.refers_to,
        d.superseded_by, d.thread, d.subject, d.kept_with, d.signature, d.part, d.gist,
        incoming.number || '/' || incoming.year AS incoming,
        EXISTS (
            SELECT 1 FROM decision WHERE delivery = d.id AND outcome = 'accept'
        ) AS vouched_for,
        (
            SELECT branch FROM decision WHERE delivery = d.id AND outcome = 'accept'
            ORDER BY id DESC LIMIT 1
        ) AS assigned,
        (
            SELECT count(*) FROM decision WHERE delivery = d.id AND outcome = 'anew'
        ) AS times_judged_anew,
        EXISTS (
            SELECT 1 FROM purged_entry WHERE delivery = d.id AND kind = 'letters'
        ) AS is_purged
    FROM delivery AS d JOIN run ON run.id = d.run
    LEFT JOIN incoming ON incoming.delivery = d.id WHERE """
_SELECT_FINDINGS = """
    SELECT f.delivery, f.code, f.severity, f.file, f.sheet, f.cell, f.params, f.marks
    FROM delivery AS d JOIN finding AS f ON f.delivery = d.id WHERE """
_SELECT_ROWS = """
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
# What a later run may judge differently: no person has refused it, no later return stands for it.
_UNSETTLED = """
    (d.verdict IN ('rejected', 'held') OR EXISTS (
        SELECT 1 FROM finding WHERE delivery = d.id AND code = 'I28'
    ))
    AND NOT EXISTS (SELECT 1 FROM decision WHERE delivery = d.id AND outcome = 'refuse')
    AND NOT EXISTS (
        SELECT 1 FROM delivery AS later WHERE later.verdict = 'accepted' AND later.id > d.id
        AND later.form = d.form AND later.branch = d.branch AND later.period = d.period
    )"""
_WITHOUT_CONTENT = "d.verdict = 'ignored' AND d.sha256 = ?"
_CURRENT = "d.verdict = 'accepted' AND d.superseded_by IS NULL"
_CURRENT_OF_FORM = _CURRENT + " AND d.form = ?"
_CURRENT_OF_BRANCH = _CURRENT_OF_FORM + " AND d.branch = ?"
# All inputs of the figures, each in a fixed order.
_INPUTS_OF_FIGURES = (
    "SELECT id, as_of FROM run ORDER BY id",
    "SELECT * FROM delivery ORDER BY id",
    "SELECT * FROM incoming ORDER BY delivery",
    "SELECT * FROM decision ORDER BY id",
    "SELECT * FROM finding ORDER BY delivery, position",
    "SELECT * FROM answer ORDER BY id",
    "SELECT * FROM purged_entry ORDER BY delivery, kind",
    "SELECT * FROM returned_row ORDER BY delivery, position",
)
_ROWS_AT_ONCE = 1000
_BY_ID = " ORDER BY d.id"
_BY_POSITION = " ORDER BY d.id, position"


@dataclass(frozen=True, slots=True)
class Report:
    """A consolidated workbook that was written."""

    period: Period
    """The period it is of."""
    as_of: date
    """The day its figures are reckoned from."""
    sha256: str
    """Hash of its bytes."""
    figures: str
    """Fingerprint of its figures."""


class Ledger:
    """The ledger of a workspace, a context manager. Every method may raise LedgerError."""

    def __init__(self, db: sqlite3.Connection, path: Path) -> None:
        self._db = db
        self._path = path

    @classmethod
    def create(cls, path: Path) -> Ledger:
        """Create an empty ledger at `path` and open it.

        Raises LedgerError ``ledger.exists`` if a file is there, even the journal of a deleted
        ledger: SQLite would play that into the new one.
        """
        for existing in (path, path.with_name(path.name + "-journal")):
            if existing.exists():
                raise LedgerError("ledger.exists", path=str(existing))
        write_atomically(path, empty_ledger(), mode=0o600)
        return cls.open(path)

    @classmethod
    def open(cls, path: Path, read_only: bool = False) -> Ledger:
        """Open the ledger at `path`, and migrate it to this program's version.

        Read-only it records nothing, but completes what a crash interrupted. Raises LedgerError:
        ``ledger.missing``, ``ledger.foreign`` (another program's database), ``ledger.newer``,
        ``ledger.damaged``, ``ledger.busy``, ``ledger.unwritable``.
        """
        if not path.is_file():
            raise LedgerError("ledger.missing", path=str(path))
        with sqlite_errors(path):
            db = sqlite3.connect(
                path.absolute().as_uri() + "?mode=rw", uri=True, isolation_level=None
            )
            db.row_factory = sqlite3.Row
            try:
                _prepare(db, path, read_only)
            except BaseException:
                db.close()
                raise
        return cls(db, path)

    def close(self) -> None:
        """Close the file, and store its change count beside it."""
        self._db.close()
        raise_high_water_mark(self._path)

    def serialize(self) -> bytes:
        """Return the whole ledger as the bytes of a file, between two transactions."""
        with self.transaction("DEFERRED") as db:
            return db.serialize()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def find_recorded(self, files: Iterable[tuple[str, str]]) -> frozenset[tuple[str, str]]:
        """Return the (origin, sha256) that are recorded already, their origin purged or not."""
        query = "SELECT 1 FROM delivery WHERE sha256 = ? AND origin IN (?, ?)"
        return frozenset(
            (origin, sha256)
            for origin, sha256 in files
            if self.query(query, sha256, storable(origin), purged_origin(origin, sha256))
        )

    def snapshot_for(self, shas: Iterable[str], keys: Iterable[Key]) -> LedgerSnapshot:
        """Return the earlier entries of these bytes and of these (form, branch, period)."""
        with self.transaction("DEFERRED"):
            same_bytes = self._entries(_OF_SHAS, json.dumps(sorted(shas)))
            accepted = self._entries(_ACCEPTED, json.dumps(sorted(keys)))
        return LedgerSnapshot(
            _group((entry.content_key, entry) for entry in same_bytes),
            _group((entry.key, entry) for entry in accepted if entry.key),
        )

    def record(self, run: Run, decisions: Sequence[Decision]) -> tuple[int, ...]:
        """Record a batch in one transaction; return its entries' numbers in the same order.

        An accepted return supersedes the current one of its key, even of the same batch. If the
        `refers_to` of a duplicate or held file is open, it becomes the latest entry of the same
        bytes, else of the same key and values. An entry judged anew (`entry_id`) keeps its number;
        its verdict until then stays as a decision.
        """
        with self.transaction() as db:
            number = insert_run(db, run)
            by_number = {
                record_decision(db, number, run, decision): decision for decision in decisions
            }
            group_signed_copies(db, by_number)
        return tuple(by_number)

    def entry(self, number: int) -> LedgerEntry | None:
        """Return the entry of that number."""
        return next(iter(self._entries(_OF_ID, number)), None)

    def entries(self) -> tuple[LedgerEntry, ...]:
        """Return all entries, oldest first."""
        with self.transaction("DEFERRED"):
            return self._entries(_EVERY)

    def unsettled_entries(self) -> tuple[LedgerEntry, ...]:
        """Return the entries that a later run may judge differently."""
        with self.transaction("DEFERRED"):
            return self._entries(_UNSETTLED)

    def entries_without_content(self) -> tuple[LedgerEntry, ...]:
        """Return the ignored entries that were empty, or whose bytes could not be read."""
        with self.transaction("DEFERRED"):
            return self._entries(_WITHOUT_CONTENT, EMPTY_SHA256)

    def last_run(self, command: str) -> Run | None:
        """Return the latest run of that command."""
        query = "SELECT * FROM run WHERE command = ? ORDER BY id DESC LIMIT 1"
        return next(map(_run, self.query(query, command)), None)

    def last_day(self) -> date | None:
        """Return the latest day for which a command was run."""
        ((day,),) = self.query("SELECT max(as_of) FROM run")
        return date.fromisoformat(day) if day else None

    def returns(self, form: str | None = None) -> tuple[AcceptedReturn, ...]:
        """Return the accepted returns in force of all periods, in order of recording."""
        with self.transaction("DEFERRED"):
            if form is None:
                return self._returns(_CURRENT)
            return self._returns(_CURRENT_OF_FORM, form)

    def returns_and_entries(self) -> tuple[tuple[AcceptedReturn, ...], tuple[LedgerEntry, ...]]:
        """Return `returns` and `entries` of one moment; the former's entries are of the latter."""
        with self.transaction("DEFERRED"):
            entries = self._entries(_EVERY)
            current = (entry for entry in entries if entry.is_current)
            return self._with_rows(current, _CURRENT), entries

    def return_of(self, entry_id: int) -> AcceptedReturn:
        """Return an accepted return, even if superseded."""
        return self._returns(_OF_ID, entry_id)[0]

    def last_return(self, form: str, branch: str, before: Period) -> AcceptedReturn | None:
        """Return the branch's latest own return of a period that ends before `before` begins."""
        with self.transaction("DEFERRED"):
            past = [
                (Period.parse(entry.period).end, entry.id)
                for entry in self._entries(_CURRENT_OF_BRANCH, form, branch)
                if entry.period and Period.parse(entry.period).end < before.start
                if not entry.is_sketch
            ]
            return self._returns(_OF_ID, max(past)[1])[0] if past else None

    def runs(self) -> tuple[tuple[int, Run], ...]:
        """Return every run that recorded something, with its number, oldest first."""
        rows = self.query("SELECT * FROM run ORDER BY id")
        return tuple((row["id"], _run(row)) for row in rows)

    def counts(self) -> Mapping[Verdict, int]:
        """Return the number of files of each verdict; they add up to all received."""
        rows = self.query("SELECT verdict, count(*) AS number FROM delivery GROUP BY verdict")
        counts = {row["verdict"]: row["number"] for row in rows}
        return {verdict: counts.get(verdict.value, 0) for verdict in Verdict}

    def record_report(self, period: Period, as_of: date, sha256: str, figures: str) -> None:
        """Record a consolidated workbook: hash of its bytes, fingerprint of its figures.

        Repeating it changes nothing.
        """
        with self.transaction() as db:
            db.execute(
                "INSERT OR IGNORE INTO report (period, as_of, sha256, figures) VALUES (?, ?, ?, ?)",
                (str(period), as_of.isoformat(), sha256, figures),
            )

    def reports(self) -> tuple[Report, ...]:
        """Return the workbooks recorded, oldest first."""
        rows = self.query("SELECT period, as_of, sha256, figures FROM report ORDER BY id")
        return tuple(
            Report(
                Period.parse(row["period"]),
                date.fromisoformat(row["as_of"]),
                row["sha256"],
                row["figures"],
            )
            for row in rows
        )

    def record_outputs(self, workbook: str, hashes: Mapping[Output, str]) -> None:
        """Record by kind the hashes of what was given out beside a workbook."""
        insert = "INSERT OR REPLACE INTO output (workbook, kind, sha256) VALUES (?, ?, ?)"
        with self.transaction() as db:
            db.executemany(insert, [(workbook, *pair) for pair in hashes.items()])

    def outputs(self, workbook: str) -> Mapping[Output, str]:
        """Return the hashes of what was given out beside a workbook, by kind."""
        rows = self.query("SELECT * FROM output WHERE workbook = ? ORDER BY id", workbook)
        return {Output(row["kind"]): row["sha256"] for row in rows}

    def workbooks_beside(self, output: str) -> frozenset[str]:
        """Return the hashes of the workbooks beside which these bytes were given out."""
        rows = self.query("SELECT workbook FROM output WHERE sha256 = ?", output)
        return frozenset(row["workbook"] for row in rows)

    def content_hash(self) -> str:
        """Return a hash of all inputs of the figures in the ledger.

        It covers the rows themselves, so that it also detects a ledger edited by hand.
        """
        digest = hashlib.sha256()
        with self.transaction() as db:
            cursor = db.cursor()
            cursor.row_factory = None  # plain tuples
            for query in _INPUTS_OF_FIGURES:
                digest.update(query.encode())
                cursor.execute(query)
                while rows := cursor.fetchmany(_ROWS_AT_ONCE):
                    digest.update(repr(rows).encode("utf-8", "backslashreplace"))
        return digest.hexdigest()

    def find_workbook(self, inputs: str) -> tuple[str, bool] | None:
        """Return the hash of the workbook made from these inputs, and whether it is provisional."""
        rows = self.query("SELECT sha256, provisional FROM workbook WHERE inputs = ?", inputs)
        return (rows[0]["sha256"], bool(rows[0]["provisional"])) if rows else None

    def record_workbook(self, inputs: str, sha256: str, provisional: bool) -> None:
        """Record the workbook made from these inputs, replacing an earlier one."""
        with self.transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO workbook VALUES (?, ?, ?)", (inputs, sha256, provisional)
            )

    @contextmanager
    def transaction(
        self, mode: Literal["IMMEDIATE", "DEFERRED"] = "IMMEDIATE"
    ) -> Iterator[sqlite3.Connection]:
        """Run a transaction, all or nothing; DEFERRED for several queries of the same state."""
        with sqlite_errors(self._path):
            self._db.execute(f"BEGIN {mode}")
            try:
                yield self._db
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    def query(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """Return the rows of a query."""
        with sqlite_errors(self._path):
            return self._db.execute(sql, values).fetchall()

    def _entries(self, where: str, *values: object) -> tuple[LedgerEntry, ...]:
        findings: dict[int, list[Finding]] = defaultdict(list)
        for row in self.query(_SELECT_FINDINGS + where + _BY_POSITION, *values):
            findings[row["delivery"]].append(load_finding(row))
        rows = self.query(_SELECT_ENTRIES + where + _BY_ID, *values)
        return tuple(load_entry(row, tuple(findings[row["id"]])) for row in rows)

    def _returns(self, where: str, *values: object) -> tuple[AcceptedReturn, ...]:
        return self._with_rows(self._entries(where, *values), where, *values)

    def _with_rows(
        self, entries: Iterable[LedgerEntry], where: str, *values: object
    ) -> tuple[AcceptedReturn, ...]:
        rows: dict[int, list[Row]] = defaultdict(list)
        for row in self.query(_SELECT_ROWS + where + _BY_POSITION, *values):
            rows[row["delivery"]].append(load_row(row))
        return tuple(AcceptedReturn(entry, tuple(rows[entry.id])) for entry in entries)


def _group(pairs: Iterable[tuple[K, LedgerEntry]]) -> dict[K, tuple[LedgerEntry, ...]]:
    """Return the entries grouped by key, in the same order."""
    groups: dict[K, list[LedgerEntry]] = defaultdict(list)
    for key, entry in pairs:
        groups[key].append(entry)
    return {key: tuple(group) for key, group in groups.items()}


def _run(row: sqlite3.Row) -> Run:
    return Run(
        date.fromisoformat(row["as_of"]),
        row["command"],
        row["program"],
        row["register_sha256"],
        row["schemas_sha256"],
    )


def _prepare(db: sqlite3.Connection, path: Path, read_only: bool) -> None:
    """Check that the file is a sound ledger of a known version; set up the connection."""
    if db.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        # An empty file is a damaged ledger: this program never creates one.
        code = "ledger.foreign" if path.stat().st_size else "ledger.damaged"
        raise LedgerError(code, path=str(path), problem="")
    if schema_version(db) > len(STEPS):
        raise LedgerError("ledger.newer", path=str(path))
    problem = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if problem != "ok":
        raise LedgerError("ledger.damaged", path=str(path), problem=problem)
    for setting in ("journal_mode = DELETE", "synchronous = EXTRA", "foreign_keys = ON"):
        db.execute(f"PRAGMA {setting}")
    migrate(db)
    if read_only:
        db.execute("PRAGMA query_only = ON")


# Schema: step n migrates a ledger from version n - 1 to n. A released step is never edited;
# a change is a new step.

APPLICATION_ID = 0x6D6C6179  # "mlay"
STEPS: tuple[Path, ...] = (Path(__file__).with_name("schema.sql"),)


def schema_version(db: sqlite3.Connection) -> int:
    """Return the number of migration steps taken."""
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    return version


def migrate(db: sqlite3.Connection) -> None:
    """Take the missing steps, all or none. `db` is in autocommit."""
    if schema_version(db) == len(STEPS):
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        for step in STEPS[schema_version(db) :]:
            for statement in _statements(step.read_text(encoding="utf-8")):
                db.execute(statement)
        # A pragma takes no parameters; both numbers are constants.
        db.execute(f"PRAGMA user_version = {len(STEPS):d}")
        db.execute(f"PRAGMA application_id = {APPLICATION_ID:d}")
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


def _statements(script: str) -> Iterator[str]:
    """Yield the statements of a script one by one: `executescript` would commit before them."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    yield statement  # what follows the last semicolon


def empty_ledger() -> bytes:
    """Return an empty ledger as the bytes of a file."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        migrate(db)
        return db.serialize()
