"""One decision to rows of the ledger, within a transaction the caller holds."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mlay_batch.core.codec import storable
from mlay_batch.ledger.encoding import Dumped, dump_finding, dump_row, unpack
from mlay_batch.records import Decision, Judged, Run, Verdict

_REPEATS = (Verdict.DUPLICATE, Verdict.HELD)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a person decided about a held delivery: `outcome` is ``accept`` or ``refuse``.

    `decided` is the time as given (ISO, with offset). `before` and `codes` are the verdict and the
    codes of the findings it had until then: the delivery itself shows what became of it.
    """

    delivery: int
    outcome: str
    who: str
    decided: str
    why: str
    before: Verdict
    codes: tuple[str, ...]


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
        values = decision.judged.values
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


def insert(db: sqlite3.Connection, run: int, decision: Decision) -> int:
    """Record a decision: the delivery, its findings, the rows of an accepted return.

    An accepted return supersedes the current one of its key. Return the delivery's number.
    """
    told = _Told.of(decision)
    ((number,),) = db.execute("SELECT coalesce(max(id), 0) + 1 FROM delivery").fetchall()
    refers_to = _refers_to(db, decision, told, number)
    _insert_delivery(db, (number, run), decision, told, refers_to)
    _insert_content(db, number, decision)
    return int(number)


def keep_together(db: sqlite3.Connection, numbers: Mapping[int, Decision]) -> None:
    """Note beside which return each signed copy came, once all of a batch are recorded.

    The return may have come in an earlier run (the copy was laid beside it later): then the latest
    delivery of that origin.
    """
    for number, decision in numbers.items():
        if origin := decision.judged.leaf.kept_with:
            db.execute(
                "UPDATE delivery SET kept_with = (SELECT max(id) FROM delivery WHERE origin = ?)"
                " WHERE id = ?",
                (storable(origin), number),
            )


def settle(db: sqlite3.Connection, run: int, ruling: Ruling, decision: Decision) -> None:
    """Give a held delivery the verdict a person's ruling led to, and keep that ruling.

    Findings are replaced: they say why the new verdict is what it is; `ruling` holds the old codes.
    """
    told, number = _Told.of(decision), ruling.delivery
    refers_to = _refers_to(db, decision, told, number)
    db.execute(
        "UPDATE delivery SET verdict = ?, form = ?, version = ?, branch = ?, period = ?,"
        " values_hash = ?, refers_to = ? WHERE id = ?",
        (
            decision.verdict.value, told.form, told.version, told.branch, told.period,
            told.values, refers_to, number,
        ),
    )  # fmt: skip
    db.execute("DELETE FROM finding WHERE delivery = ?", (number,))
    _insert_content(db, number, decision)
    db.execute(
        "INSERT INTO decision (delivery, run, outcome, who, decided, why, before, codes)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            number, run, ruling.outcome, storable(ruling.who), ruling.decided,
            storable(ruling.why), ruling.before.value, " ".join(ruling.codes),
        ),
    )  # fmt: skip


def _refers_to(db: sqlite3.Connection, decision: Decision, told: _Told, number: int) -> int | None:
    if decision.verdict is Verdict.ACCEPTED:
        return _supersede(db, told, number)
    return decision.refers_to or _repeated(db, decision, told, number)


def _insert_content(db: sqlite3.Connection, number: int, decision: Decision) -> None:
    db.executemany(
        "INSERT INTO finding VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(number, at, *dump_finding(found)) for at, found in enumerate(decision.findings)],
    )
    if decision.verdict is Verdict.ACCEPTED:
        db.executemany(
            "INSERT INTO returned_row VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(number, at, *row) for at, row in enumerate(_rows(decision.judged))],
        )


def _rows(judged: Judged) -> Sequence[Dumped]:
    if judged.packed:
        return unpack(judged.packed)
    return [dump_row(row) for row in judged.submission.rows] if judged.submission else []


def _insert_delivery(
    db: sqlite3.Connection,
    numbers: tuple[int, int],
    decision: Decision,
    told: _Told,
    refers_to: int | None,
) -> None:
    leaf = decision.judged.leaf
    db.execute(
        "INSERT INTO delivery (id, run, name, origin, sha256, channel, sender, received, verdict,"
        " form, version, branch, period, values_hash, refers_to, thread, subject)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *numbers, storable(leaf.name), storable(leaf.origin), leaf.sha256, leaf.channel,
            _text(leaf.sender), leaf.received, decision.verdict.value,
            told.form, told.version, told.branch, told.period, told.values, refers_to,
            _text(leaf.thread), _text(leaf.subject),
        ),
    )  # fmt: skip


def _text(text: str | None) -> str | None:
    return storable(text) if text else text


def _supersede(db: sqlite3.Connection, told: _Told, by: int) -> int | None:
    """Mark the current return of that key as superseded and return its id, None without one."""
    found = db.execute(
        "UPDATE delivery SET superseded_by = ? WHERE verdict = 'accepted'"
        " AND superseded_by IS NULL AND form = ? AND branch = ? AND period = ? RETURNING id",
        (by, told.form, told.branch, told.period),
    ).fetchall()
    return found[0][0] if found else None


def _repeated(db: sqlite3.Connection, decision: Decision, told: _Told, number: int) -> int | None:
    """Return the delivery that a duplicate or held file repeats: `decision` leaves it open when
    that came in the same batch and had no number yet.

    The latest one of the same bytes, itself no duplicate; else of the same key and values.
    """
    if decision.verdict not in _REPEATS:
        return None
    ((same_bytes,),) = db.execute(
        "SELECT max(id) FROM delivery WHERE sha256 = ? AND verdict <> 'duplicate' AND id <> ?",
        (decision.judged.leaf.sha256, number),
    ).fetchall()
    ((same_values,),) = db.execute(
        "SELECT max(id) FROM delivery WHERE form = ? AND branch = ? AND period = ?"
        " AND values_hash = ? AND verdict = 'accepted'",
        (told.form, told.branch, told.period, told.values),
    ).fetchall()
    found: int | None = same_bytes or same_values
    return found
