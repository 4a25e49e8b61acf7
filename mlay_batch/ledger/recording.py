"""One decision to rows of the ledger, within a transaction the caller holds."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from mlay_batch.ledger.encoding import dump_finding, dump_row, storable
from mlay_batch.records import Decision, Run, Verdict, values_hash

_REPEATS = (Verdict.DUPLICATE, Verdict.HELD)


@dataclass(frozen=True, slots=True)
class _Told:
    """What could be told of a file: whose return it is, as far as known, and its values."""

    form: str | None = None
    version: str | None = None
    branch: str | None = None
    period: str | None = None
    values: str | None = None

    @classmethod
    def of(cls, decision: Decision) -> _Told:
        submission, identity = decision.judged.submission, decision.judged.identity
        if submission is None or submission.form is None:
            return cls()
        values = values_hash(submission.rows)
        if identity is None:
            return cls(submission.form, submission.version, values=values)
        form, branch, period = identity.key
        return cls(form, identity.form.version, branch, period, values)


def insert_run(db: sqlite3.Connection, run: Run) -> int:
    """Record a run and return its number."""
    found = db.execute(
        "INSERT INTO run (as_of, command, program, register_sha256, schemas_sha256)"
        " VALUES (?, ?, ?, ?, ?) RETURNING id",
        (
            run.as_of.isoformat(), run.command, run.program,
            run.register_sha256, run.schemas_sha256,
        ),
    ).fetchall()  # fmt: skip
    number: int = found[0][0]
    return number


def insert(db: sqlite3.Connection, run: int, decision: Decision) -> None:
    """Record a decision: the delivery, its findings, the rows of an accepted return.

    An accepted return supersedes the current one of its key.
    """
    told = _Told.of(decision)
    ((number,),) = db.execute("SELECT coalesce(max(id), 0) + 1 FROM delivery").fetchall()
    if decision.verdict is Verdict.ACCEPTED:
        refers_to = _supersede(db, told, number)
    else:
        refers_to = decision.refers_to or _repeated(db, decision, told)
    _insert_delivery(db, (number, run), decision, told, refers_to)
    db.executemany(
        "INSERT INTO finding VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(number, at, *dump_finding(found)) for at, found in enumerate(decision.findings)],
    )
    submission = decision.judged.submission
    if decision.verdict is Verdict.ACCEPTED and submission:
        db.executemany(
            "INSERT INTO returned_row VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(number, at, *dump_row(row)) for at, row in enumerate(submission.rows)],
        )


def _insert_delivery(
    db: sqlite3.Connection,
    numbers: tuple[int, int],
    decision: Decision,
    told: _Told,
    refers_to: int | None,
) -> None:
    leaf = decision.judged.leaf
    sender = storable(leaf.sender) if leaf.sender else leaf.sender
    db.execute(
        "INSERT INTO delivery (id, run, name, origin, sha256, channel, sender, received, verdict,"
        " form, version, branch, period, values_hash, refers_to)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *numbers, storable(leaf.name), storable(leaf.origin), leaf.sha256, leaf.channel,
            sender, leaf.received, decision.verdict.value,
            told.form, told.version, told.branch, told.period, told.values, refers_to,
        ),
    )  # fmt: skip


def _supersede(db: sqlite3.Connection, told: _Told, by: int) -> int | None:
    """Mark the current return of that key as superseded and return its id, None without one."""
    found = db.execute(
        "UPDATE delivery SET superseded_by = ? WHERE verdict = 'accepted'"
        " AND superseded_by IS NULL AND form = ? AND branch = ? AND period = ? RETURNING id",
        (by, told.form, told.branch, told.period),
    ).fetchall()
    return found[0][0] if found else None


def _repeated(db: sqlite3.Connection, decision: Decision, told: _Told) -> int | None:
    """Return the delivery that a duplicate or held file repeats: `decision` leaves it open when
    that came in the same batch and had no number yet.

    The latest one of the same bytes, itself no duplicate; else of the same key and values.
    """
    if decision.verdict not in _REPEATS:
        return None
    ((same_bytes,),) = db.execute(
        "SELECT max(id) FROM delivery WHERE sha256 = ? AND verdict <> 'duplicate'",
        (decision.judged.leaf.sha256,),
    ).fetchall()
    ((same_values,),) = db.execute(
        "SELECT max(id) FROM delivery WHERE form = ? AND branch = ? AND period = ?"
        " AND values_hash = ? AND verdict = 'accepted'",
        (told.form, told.branch, told.period, told.values),
    ).fetchall()
    found: int | None = same_bytes or same_values
    return found
