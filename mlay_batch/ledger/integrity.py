"""Checks a ledger and its originals; changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mlay_batch.errors import LedgerError
from mlay_batch.ledger.archive import Archive
from mlay_batch.ledger.store import Ledger
from mlay_batch.model.records import values_hash


@dataclass(frozen=True, slots=True)
class Issue:
    """A defect of a ledger."""

    code: str
    """Name of a text in `locale/doctor.yaml`."""
    subject: str
    """The entries, years or letters concerned."""


# Each query finds what violates a rule of every ledger.
_QUERIES = {
    "gap": "SELECT max(id) - count(*) FROM delivery HAVING max(id) <> count(*)",
    "superseded": """
        SELECT d.id FROM delivery AS d LEFT JOIN delivery AS n ON n.id = d.superseded_by
        WHERE d.superseded_by IS NOT NULL AND (n.id IS NULL OR n.verdict <> 'accepted'
            OR n.form <> d.form OR n.branch <> d.branch OR n.period <> d.period)""",
    "unnumbered": """
        SELECT id FROM delivery WHERE verdict = 'accepted'
            AND id NOT IN (SELECT delivery FROM incoming)""",
    "numbers": """
        SELECT year FROM incoming GROUP BY year
        HAVING min(number) <> 1 OR max(number) <> count(*)""",
    "unreasoned": """
        SELECT id FROM delivery WHERE verdict IN ('rejected', 'held')
            AND id NOT IN (SELECT delivery FROM finding)""",
    "doubtful": "SELECT message_id FROM outgoing WHERE state = 'queued'",
}
_MAX_NAMES = 10


def find_issues(ledger: Ledger) -> Iterator[Issue]:
    """Yield the defects inside the ledger."""
    problems = [str(line) for (line,) in ledger.query("PRAGMA integrity_check(20)") if line != "ok"]
    broken_keys = ledger.query("PRAGMA foreign_key_check")
    problems += [f"{row['table']} {row['rowid']}" for row in broken_keys]
    if problems:
        only_index = all("index" in problem for problem in problems)
        yield Issue("index" if only_index else "damaged", _join(problems))
    for code, query in _QUERIES.items():
        if broken_by := [str(row[0]) for row in ledger.query(query)]:
            yield Issue(code, _join(broken_by))
    if numbers := [str(number) for number in _altered_returns(ledger)]:
        yield Issue("values", _join(numbers))


def _altered_returns(ledger: Ledger) -> Iterator[int]:
    """Yield the accepted entries whose values no longer match their hash.

    Where the texts were purged it is the hash of what was left.
    """
    for row in ledger.query(
        "SELECT d.id, coalesce(e.values_hash, d.values_hash) AS hash FROM delivery AS d"
        " LEFT JOIN purged_entry AS e ON e.delivery = d.id AND e.kind = 'texts'"
        " WHERE d.verdict = 'accepted' ORDER BY d.id"
    ):
        try:
            intact = values_hash(ledger.return_of(row["id"]).rows) == row["hash"]
        except (ValueError, TypeError, LookupError, AttributeError):  # unreadable
            intact = False
        if not intact:
            yield row["id"]


def original_hashes(ledger: Ledger) -> frozenset[str]:
    """Return the hashes of all originals the ledger refers to, without those purged."""
    rows = ledger.query(
        "SELECT sha256 FROM (SELECT sha256 FROM delivery UNION SELECT sha256 FROM outgoing"
        " UNION SELECT workbook FROM closing UNION SELECT register FROM closing"
        " UNION SELECT schemas FROM closing UNION SELECT sha256 FROM report"
        " UNION SELECT sha256 FROM output UNION SELECT sha256 FROM worklist)"
        " WHERE sha256 NOT IN (SELECT sha256 FROM absent_file)"
        " UNION SELECT replacement FROM absent_file WHERE replacement IS NOT NULL"
    )
    return frozenset(row["sha256"] for row in rows)


@dataclass(frozen=True, slots=True)
class ArchiveReport:
    """Differences between archive and ledger."""

    missing: tuple[str, ...]
    """Hashes in the ledger without an original."""
    altered: tuple[str, ...]
    """Hashes whose original has other bytes."""
    strays: tuple[str, ...]
    """Hashes the ledger does not refer to, as after an interrupted run."""
    foreign: tuple[str, ...]
    """Paths of files not named by a hash."""


def check_archive(archive: Archive, expected: frozenset[str]) -> ArchiveReport:
    """Read every original that is expected and compare it with its hash."""
    present, foreign = archive.contents()
    altered = [sha256 for sha256 in sorted(present & expected) if not _is_intact(archive, sha256)]
    return ArchiveReport(
        tuple(sorted(expected - present)),
        tuple(altered),
        tuple(sorted(present - expected)),
        foreign,
    )


def _is_intact(archive: Archive, sha256: str) -> bool:
    try:
        archive.read(sha256)
    except LedgerError:
        return False
    return True


def _join(names: list[str]) -> str:
    omitted = len(names) - _MAX_NAMES
    return ", ".join(names[:_MAX_NAMES]) + (f" … (+{omitted})" if omitted > 0 else "")
