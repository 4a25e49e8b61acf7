"""Removes what its term of keeping allows from the ledger, and records what was removed.

One transaction takes the texts out and leaves what they were: counts, codes, hashes. The files go
afterwards; `absent_files` says which, so that a run that broke off is completed by the next.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from mlay_batch.core import codec
from mlay_batch.core.codec import storable
from mlay_batch.core.findings import Finding, Param, Place
from mlay_batch.ledger.rows import dump_finding, dump_row, insert, load_finding, purged_origin
from mlay_batch.ledger.store import Ledger
from mlay_batch.model.records import Row, values_hash

MASK = "…"  # stands for a text that was purged
_FORGET_ANSWERS_IN = """
    UPDATE answer SET words = '', who = iif(who IS NULL, NULL, :mask) WHERE delivery = :id"""
_FORGET_ANSWERS_ABOUT = """
    UPDATE answer SET words = '', who = iif(who IS NULL, NULL, :mask)
    WHERE (form, branch, period) IN (SELECT form, branch, period FROM delivery WHERE id = :id)"""
# Values of findings that are codes, days or hashes, never what somebody wrote.
_CODE_PARAMS = frozenset(
    (
        "branch",
        "day",
        "field",
        "form",
        "officer",
        "period",
        "question",
        "received",
        "rule",
        "section",
        "version",
    )
)


@dataclass(frozen=True, slots=True)
class AbsentFile:
    """Bytes that were purged: they are to be nowhere in the workspace."""

    sha256: str
    kind: str
    """Kind of data, a key of the settings' ``[retention]``."""
    replacement: str | None = None
    """Hash of the copy without names that stays in the archive."""
    day: date | None = None
    """When they were purged."""


@dataclass(frozen=True)
class Purge:
    """What one purge removes from the ledger; numbers are those of the tables' rows."""

    day: date
    who: str
    before: str
    counts: Mapping[str, int]
    """How much of each kind."""
    files: tuple[AbsentFile, ...] = ()
    originals: tuple[int, ...] = ()
    """Entries whose bytes go."""
    senders: tuple[int, ...] = ()
    """Entries whose sender, subject, file name and findings' words go."""
    texts: Mapping[int, tuple[Row, ...]] = field(default_factory=dict, hash=False)
    """Rows of accepted entries without their texts."""
    rulings: tuple[int, ...] = ()
    """Entries whose rulings lose reason and name."""
    closings: tuple[int, ...] = ()
    worklists: tuple[int, ...] = ()
    letters: tuple[int, ...] = ()
    """Letters that lose their addresses."""


class PurgeLog:
    """The purges of a ledger. Every method is one transaction and may raise LedgerError."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def absent_files(self) -> Mapping[str, AbsentFile]:
        """Return the bytes purged and not received again, by their hash."""
        rows = self._ledger.query("SELECT sha256, kind, replacement, day FROM absent_file")
        return {
            row["sha256"]: AbsentFile(
                row["sha256"], row["kind"], row["replacement"], date.fromisoformat(row["day"])
            )
            for row in rows
        }

    def entries(self, kind: str) -> frozenset[int]:
        """Return the entries of which that was purged: original, letters or texts."""
        rows = self._ledger.query("SELECT delivery FROM purged_entry WHERE kind = ?", kind)
        return frozenset(row["delivery"] for row in rows)

    def periods_without_texts(self) -> frozenset[str]:
        """Return the periods of the returns whose texts were purged."""
        rows = self._ledger.query(
            "SELECT DISTINCT period FROM delivery JOIN purged_entry AS e ON delivery = id"
            " WHERE e.kind = 'texts'"
        )
        return frozenset(row["period"] for row in rows)

    def is_unfinished(self) -> bool:
        """Whether a purge broke off before its files were gone."""
        return bool(self._ledger.query("SELECT 1 FROM purge WHERE NOT done"))

    def record_backup(self, path: Path, day: date) -> None:
        """Record where a backup was written, so that a purge can name it."""
        with self._ledger.transaction() as db:
            insert(db, "backup", path=storable(str(path)), day=day.isoformat())

    def backups(self) -> tuple[tuple[str, date], ...]:
        """Return where backups were written, each with its last day."""
        rows = self._ledger.query(
            "SELECT path, max(day) AS day FROM backup GROUP BY path ORDER BY path"
        )
        return tuple((row["path"], date.fromisoformat(row["day"])) for row in rows)

    def compact(self) -> None:
        """Write the ledger anew, so that no page of it holds what was deleted."""
        self._ledger.query("PRAGMA temp_store = MEMORY")  # nothing beside the workspace
        self._ledger.query("VACUUM")

    def finish(self) -> None:
        """Record that the files of all purges are gone."""
        with self._ledger.transaction() as db:
            db.execute("UPDATE purge SET done = 1 WHERE NOT done")

    def record(self, purge: Purge) -> None:
        """Remove from the ledger what `purge` names, all or nothing."""
        self._ledger.query("PRAGMA secure_delete = ON")
        with self._ledger.transaction() as db:
            number = insert(
                db,
                "purge",
                day=purge.day.isoformat(),
                who=storable(purge.who),
                before=purge.before,
                counts=json.dumps(purge.counts),
                done=0,
            )
            _record_files(db, number, purge)
            _mark(db, number, "original", purge.originals)
            _mark(db, number, "letters", purge.senders)
            _remove_senders(db, purge.senders)
            for entry_id, rows in purge.texts.items():
                _replace_rows(db, number, entry_id, rows)
            _remove_decisions(db, purge)


def _record_files(db: sqlite3.Connection, number: int, purge: Purge) -> None:
    db.executemany(
        "INSERT OR REPLACE INTO purged_file VALUES (?, ?, ?, ?)",
        [(file.sha256, number, file.kind, file.replacement) for file in purge.files],
    )
    # a workbook that is gone is no longer the one made from these inputs
    db.executemany(
        "DELETE FROM workbook WHERE sha256 = ?", [(file.sha256,) for file in purge.files]
    )


def _mark(db: sqlite3.Connection, number: int, kind: str, entries: Iterable[int]) -> None:
    db.executemany(
        "INSERT OR REPLACE INTO purged_entry (delivery, kind, purge) VALUES (?, ?, ?)",
        [(entry_id, kind, number) for entry_id in entries],
    )


def _remove_senders(db: sqlite3.Connection, entries: Iterable[int]) -> None:
    """Take sender, subject, thread, names of files and the words of findings out of entries."""
    for entry_id in entries:
        db.execute(_FORGET_ANSWERS_IN, {"mask": MASK, "id": entry_id})
        row = db.execute("SELECT origin, sha256 FROM delivery WHERE id = ?", (entry_id,)).fetchone()
        db.execute(
            "UPDATE delivery SET name = :mask, origin = :origin, sender = NULL, subject = NULL,"
            " thread = NULL WHERE id = :id",
            {
                "mask": MASK,
                "origin": purged_origin(row["origin"], row["sha256"]),
                "id": entry_id,
            },
        )
        findings = db.execute(
            "SELECT * FROM finding WHERE delivery = ? ORDER BY position", (entry_id,)
        ).fetchall()
        for columns in findings:
            values = dump_finding(_mask_finding(load_finding(columns)))
            db.execute(
                "UPDATE finding SET code = ?, severity = ?, file = ?, sheet = ?, cell = ?,"
                " params = ?, marks = ? WHERE delivery = ? AND position = ?",
                (*values, entry_id, columns["position"]),
            )


def _mask_finding(finding: Finding) -> Finding:
    """Return the finding with its code, cells, codes and numbers, without words."""

    def mask_place(place: Place) -> Place:
        return replace(place, file=place.file and MASK, sheet=place.sheet and MASK)

    params, marks = _mask_params(finding.params), tuple(map(mask_place, finding.marks))
    return replace(finding, place=mask_place(finding.place), params=params, marks=marks)


def _mask_params(params: Mapping[str, Param]) -> dict[str, Param]:
    return {
        name: MASK if isinstance(value, str) and value and name not in _CODE_PARAMS else value
        for name, value in params.items()
    }


def _replace_rows(
    db: sqlite3.Connection, number: int, entry_id: int, rows: tuple[Row, ...]
) -> None:
    """Replace the rows of an entry, in the same order, and record the hash of what is left."""
    for position, row in enumerate(rows):
        _, sheet, _, content, _ = dump_row(row)
        db.execute(
            "UPDATE returned_row SET sheet = ?, content = ? WHERE delivery = ? AND position = ?",
            (sheet, content, entry_id, position),
        )
    db.execute(
        "INSERT OR REPLACE INTO purged_entry VALUES (?, 'texts', ?, ?)",
        (entry_id, number, values_hash(rows)),
    )
    db.execute(_FORGET_ANSWERS_ABOUT, {"mask": MASK, "id": entry_id})


def _remove_decisions(db: sqlite3.Connection, purge: Purge) -> None:
    """Take names and reasons out of what people decided, and addresses out of letters."""
    for statement, numbers in (
        ("UPDATE decision SET who = ?1, why = ?1 WHERE delivery = ?2", purge.rulings),
        (
            "UPDATE delivery SET entered_by = ?1 WHERE id = ?2 AND entered_by IS NOT NULL",
            purge.rulings,
        ),
        ("UPDATE closing SET closed_by = ?1 WHERE id = ?2", purge.closings),
        (
            "UPDATE closing SET reopened_by = ?1, why = ?1 WHERE id = ?2 AND why IS NOT NULL",
            purge.closings,
        ),
        ("UPDATE worklist SET who = ?1 WHERE id = ?2", purge.worklists),
        ("UPDATE worklist_decision SET title = ?1, why = ?1 WHERE worklist = ?2", purge.worklists),
        ("UPDATE outgoing SET recipients = '' WHERE ?1 <> '' AND id = ?2", purge.letters),
    ):
        db.executemany(statement, [(MASK, number) for number in numbers])
    for number in purge.worklists:
        for row in db.execute(
            "SELECT matter, params FROM worklist_decision WHERE worklist = ?", (number,)
        ).fetchall():
            params = _mask_params(codec.load_text(row["params"], Mapping[str, Param]))
            db.execute(
                "UPDATE worklist_decision SET params = ? WHERE worklist = ? AND matter = ?",
                (codec.dump_text(params), number, row["matter"]),
            )
