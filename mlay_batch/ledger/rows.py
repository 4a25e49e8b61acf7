"""Converts ledger entries, findings and rows to columns and back without loss.

What queries select by has columns of its own; the rest is one `codec` text each. No form is needed
to read it, so a field added to a form needs no migration. The caller of a writing function holds
the transaction.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from sys import intern

from mlay_batch.core import codec
from mlay_batch.core.codec import storable
from mlay_batch.core.findings import Finding, Param, Place, Severity
from mlay_batch.core.signature import Signature
from mlay_batch.model.records import (
    CheckedFile,
    CompactRows,
    Decision,
    LedgerEntry,
    Row,
    Run,
    Value,
    Verdict,
    has_sender_doubt,
    values_hash,
)

Columns = Mapping[str, object]
RowColumns = tuple[str, str, int, str, str]
"""Section, sheet, number, values and cells of a row."""

_FAST = 1  # of zlib's levels: forms are repetitive, higher ones gain little
_COPY_REASONS = ("N01", "N02")  # a PDF, a picture
_REPEAT_VERDICTS = (Verdict.DUPLICATE, Verdict.HELD)


# Row codec


def dump_row(row: Row) -> RowColumns:
    """Return the columns of a row."""
    cells = _dump_cells(tuple(row.cells.items()))
    return row.section, storable(row.sheet), row.number, codec.dump_text(row.values), cells


@lru_cache(maxsize=1024)  # most returns use the cells of the template
def _dump_cells(cells: tuple[tuple[str, str], ...]) -> str:
    return codec.dump_text(dict(cells))


def load_row(columns: sqlite3.Row) -> Row:
    """Return the row stored in these columns."""
    return Row(
        intern(columns["section"]),
        intern(columns["sheet"]),
        columns["number"],
        codec.load_text(columns["content"], Mapping[str, Value]),
        _load_cells(columns["cells"]),
    )


@lru_cache(maxsize=1024)  # equal cells share one object
def _load_cells(text: str) -> Mapping[str, str]:
    cells: Mapping[str, str] = codec.load_text(text, Mapping[str, str])
    return cells


def pack(rows: Sequence[Row]) -> CompactRows:
    """Compress rows that wait in memory until their batch is decided."""
    columns = codec.dump(tuple(dump_row(row) for row in rows))
    return CompactRows(values_hash(rows), zlib.compress(columns, _FAST))


def _unpack(packed: CompactRows) -> tuple[RowColumns, ...]:
    return codec.load(zlib.decompress(packed.data), tuple[RowColumns, ...])


def load_entry(columns: sqlite3.Row, findings: tuple[Finding, ...]) -> LedgerEntry:
    """Return the ledger entry stored in these columns."""
    values = dict(zip(columns.keys(), columns, strict=True))  # faster than dict(columns)
    values["as_of"] = date.fromisoformat(columns["as_of"])
    values["verdict"] = Verdict(columns["verdict"])
    values["vouched_for"] = bool(columns["vouched_for"])
    values["is_purged"] = bool(columns["is_purged"])
    values["signature"] = Signature(columns["signature"])
    values["gist"] = tuple(json.loads(columns["gist"]))
    return LedgerEntry(**values, findings=findings)


def load_finding(columns: sqlite3.Row) -> Finding:
    """Return the finding stored in these columns."""
    return Finding(
        columns["code"],
        Severity(columns["severity"]),
        Place(columns["file"], columns["sheet"], columns["cell"]),
        codec.load_text(columns["params"], Mapping[str, Param]),
        codec.load_text(columns["marks"], tuple[Place, ...]),
    )


def dump_finding(finding: Finding) -> tuple[str, ...]:
    """Return code, severity, file, sheet, cell, params and marks; no text."""
    place = finding.place
    return (
        finding.code,
        finding.severity.value,
        storable(place.file),
        storable(place.sheet),
        place.cell,
        codec.dump_text(finding.params),
        codec.dump_text(finding.marks),
    )


def purged_origin(origin: str, sha256: str) -> str:
    """Return what stands for the origin of an entry whose address was purged.

    It still tells whether the same file at the same place is taken in already.
    """
    return "purged:" + hashlib.sha256(f"{sha256} {storable(origin)}".encode()).hexdigest()


# Writes


def insert(db: sqlite3.Connection, table: str, **columns: object) -> int:
    """Insert one row, its columns by name, and return its id."""
    names, values = ", ".join(columns), ", ".join(f":{name}" for name in columns)
    # No value becomes part of the statement, and all names are constants.
    cursor = db.execute(f"INSERT INTO {table} ({names}) VALUES ({values})", columns)  # noqa: S608
    return cursor.lastrowid or 0


def insert_run(db: sqlite3.Connection, run: Run) -> int:
    """Record a run and return its number."""
    return insert(
        db,
        "run",
        as_of=run.as_of.isoformat(),
        command=run.command,
        program=run.program,
        register_sha256=run.register_sha256,
        schemas_sha256=run.schemas_sha256,
    )


def insert_entry(db: sqlite3.Connection, run: int, decision: Decision) -> int:
    """Record a decision: the entry, its findings, the rows of an accepted return.

    An accepted return supersedes the current one of its key. Returns the entry's number.
    """
    ((number,),) = db.execute("SELECT coalesce(max(id), 0) + 1 FROM delivery").fetchall()
    insert(db, "delivery", id=number, run=run, **_entry_columns(db, decision, number))
    _insert_content(db, number, decision)
    return int(number)


def apply_decision(db: sqlite3.Connection, number: int, decision: Decision) -> None:
    """Give an entry the verdict of a later decision, and replace its findings.

    A file that could not be read at first has its content now, a mail its sender too.
    """
    columns = _entry_columns(db, decision, number)
    assignments = ", ".join(f"{name} = :{name}" for name in columns)
    # No value becomes part of the statement, and all names are constants.
    db.execute(
        f"UPDATE delivery SET {assignments} WHERE id = :id",  # noqa: S608
        {**columns, "id": number},
    )
    db.execute("DELETE FROM finding WHERE delivery = ?", (number,))
    _insert_content(db, number, decision)


def record_decision(db: sqlite3.Connection, run_number: int, run: Run, decision: Decision) -> int:
    """Record one decision of a run; return the number of its entry."""
    number = decision.checked.file.entry_id
    if number is None:
        return insert_entry(db, run_number, decision)
    insert_rejudgement(db, run_number, run, number)
    apply_decision(db, number, decision)
    return number


def insert_rejudgement(db: sqlite3.Connection, run_number: int, run: Run, number: int) -> None:
    """Record the verdict that an entry had until now, before it gets another one."""
    db.execute(
        "INSERT INTO decision (delivery, run, outcome, who, decided, why, before, codes)"
        " SELECT id, :run, 'anew', :program, :day, 'anew', verdict, coalesce((SELECT"
        " group_concat(code, ' ') FROM (SELECT code FROM finding WHERE delivery = :id"
        " ORDER BY position)), '') FROM delivery WHERE id = :id",
        {"run": run_number, "program": run.program, "day": run.as_of.isoformat(), "id": number},
    )


def group_signed_copies(db: sqlite3.Connection, decisions: Mapping[int, Decision]) -> None:
    """Record for each signed copy the return it belongs to, once the batch is recorded.

    A copy added after an earlier run belongs to the latest entry of that origin. One that came
    alone in answer to the receipt of a return belongs to that return.
    """
    for number, decision in decisions.items():
        file = decision.checked.file
        if file.kept_with:
            db.execute(
                "UPDATE delivery SET kept_with = (SELECT max(id) FROM delivery WHERE origin = ?)"
                " WHERE id = ?",
                (storable(file.kept_with), number),
            )
        elif file.skip_reason in _COPY_REASONS and file.thread and not file.forged:
            db.execute(
                "UPDATE delivery SET kept_with = (SELECT max(d.id) FROM outgoing AS o"
                " JOIN outgoing_item AS i ON i.outgoing = o.id JOIN delivery AS d"
                " ON d.id = i.delivery AND d.verdict = 'accepted'"
                " WHERE o.message_id IN (SELECT value FROM json_each(?))) WHERE id = ?",
                (json.dumps(file.thread.split()), number),
            )


def _entry_columns(db: sqlite3.Connection, decision: Decision, number: int) -> dict[str, object]:
    """Return what an entry says of its file and of the verdict on it."""
    file, columns = decision.checked.file, _return_columns(decision)
    return {
        "name": storable(file.name),
        "origin": storable(file.origin),
        "sha256": file.sha256,
        "channel": file.channel,
        "entered_by": _storable(file.entered_by),
        "sender": _storable(file.sender),
        "received": file.received,
        "verdict": decision.verdict.value,
        **columns,
        "refers_to": _refers_to(db, decision, columns, number),
        "thread": _storable(file.thread),
        "subject": _storable(file.subject),
        "signature": file.signature.value,
        "part": _storable(file.part),
        "gist": json.dumps(decision.checked.gist),
    }


def _return_columns(decision: Decision) -> Columns:
    """Return form, branch and period of a file, as far as known, and the hash of its values."""
    submission, identity = decision.checked.submission, decision.checked.identity
    columns = dict.fromkeys(("form", "version", "branch", "period", "values_hash"))
    if submission is None or submission.form is None:
        return columns
    columns |= {"form": submission.form, "version": submission.version}
    columns["values_hash"] = decision.checked.values_hash
    if identity is not None:
        form, branch, period = identity.key
        version = identity.form.version
        columns |= {"form": form, "version": version, "branch": branch, "period": period}
    return columns


def _storable(text: str | None) -> str | None:
    return storable(text) if text else text


def _insert_answers(db: sqlite3.Connection, number: int, decision: Decision) -> None:
    """Record the answers a file brings for its return, once for the same bytes.

    Not of a file whose sender is in doubt, nor what holds already.
    """
    checked = decision.checked
    if checked.submission is None or checked.identity is None:
        return
    if has_sender_doubt(decision.findings):
        return
    if db.execute(_SELECT_ANSWERED, (checked.file.sha256,)).fetchone():
        return
    form, branch, period = checked.identity.key
    columns = {"form": form, "branch": branch, "period": period, "delivery": number}
    for answer in checked.submission.answers:
        of_answer = {"code": answer.code, "question": answer.question}
        words = {"words": storable(answer.words), "at": checked.file.received}
        db.execute(_INSERT_ANSWER, columns | of_answer | words)


_SELECT_ANSWERED = """
    SELECT 1 FROM answer AS a JOIN delivery AS d ON d.id = a.delivery
    WHERE d.sha256 = ? AND a.who IS NULL"""
_INSERT_ANSWER = """
    INSERT INTO answer (form, branch, period, code, question, words, delivery, at)
    SELECT :form, :branch, :period, :code, :question, :words, :delivery, :at
    WHERE :words IS NOT (
        SELECT words FROM answer WHERE form = :form AND branch = :branch AND period = :period
        AND code = :code AND question = :question ORDER BY id DESC LIMIT 1
    )"""


def _insert_content(db: sqlite3.Connection, number: int, decision: Decision) -> None:
    _insert_answers(db, number, decision)
    db.executemany(
        "INSERT INTO finding VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (number, position, *dump_finding(finding))
            for position, finding in enumerate(decision.findings)
        ],
    )
    if decision.verdict is Verdict.ACCEPTED:
        db.executemany(
            "INSERT INTO returned_row VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (number, position, *columns)
                for position, columns in enumerate(_rows(decision.checked))
            ],
        )


def _rows(checked: CheckedFile) -> Sequence[RowColumns]:
    if checked.compact_rows:
        return _unpack(checked.compact_rows)
    return [dump_row(row) for row in checked.submission.rows] if checked.submission else ()


def _refers_to(
    db: sqlite3.Connection, decision: Decision, columns: Columns, number: int
) -> int | None:
    if decision.verdict is Verdict.ACCEPTED:
        return _supersede(db, columns, number)
    return decision.refers_to or _find_repeated(db, decision, columns, number)


def _supersede(db: sqlite3.Connection, columns: Columns, by: int) -> int | None:
    """Mark the current return of that key as superseded; return its id, None without one."""
    superseded = db.execute(
        "UPDATE delivery SET superseded_by = :by WHERE verdict = 'accepted'"
        " AND superseded_by IS NULL AND form = :form AND branch = :branch AND period = :period"
        " RETURNING id",
        {**columns, "by": by},
    ).fetchall()
    return superseded[0]["id"] if superseded else None


def _find_repeated(
    db: sqlite3.Connection, decision: Decision, columns: Columns, number: int
) -> int | None:
    """Return the entry that a duplicate or held file repeats.

    `decision` leaves it open if that is of the same batch and had no number yet. It is the latest
    entry of the same bytes that is no duplicate; else of the same key and values.
    """
    if decision.verdict not in _REPEAT_VERDICTS:
        return None
    ((same_bytes,),) = db.execute(
        "SELECT max(id) FROM delivery WHERE sha256 = ? AND part IS ? AND verdict <> 'duplicate'"
        " AND id <> ?",
        (decision.checked.file.sha256, _storable(decision.checked.file.part), number),
    ).fetchall()
    ((same_values,),) = db.execute(
        "SELECT max(id) FROM delivery WHERE form = :form AND branch = :branch AND period = :period"
        " AND values_hash = :values_hash AND verdict = 'accepted'",
        columns,
    ).fetchall()
    repeated: int | None = same_bytes or same_values
    return repeated
