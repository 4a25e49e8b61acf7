"""What may be wrong with a ledger and its originals, each named; nothing here changes anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mlay_batch.errors import LedgerError
from mlay_batch.ledger.archive import Archive
from mlay_batch.ledger.store import Ledger
from mlay_batch.records import values_hash


@dataclass(frozen=True, slots=True)
class Ill:
    """One thing wrong. `code` is a text of `locale/doctor.yaml`; `which` fills its gap."""

    code: str
    which: str


# What holds in every ledger, as a question for the deliveries of which it does not.
_RULES = {
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
_SHOWN = 10


def illnesses(ledger: Ledger) -> Iterator[Ill]:
    """Yield what is wrong inside the ledger."""
    problems = [str(line) for (line,) in ledger.ask("PRAGMA integrity_check(20)") if line != "ok"]
    problems += [f"{table} {row}" for table, row, *_ in ledger.ask("PRAGMA foreign_key_check")]
    if problems:
        only_index = all("index" in problem for problem in problems)
        yield Ill("index" if only_index else "damaged", _listed(problems))
    for code, question in _RULES.items():
        if found := [str(which) for (which, *_) in ledger.ask(question)]:
            yield Ill(code, _listed(found))
    if altered := [str(number) for number in _altered(ledger)]:
        yield Ill("values", _listed(altered))


def _altered(ledger: Ledger) -> Iterator[int]:
    """Yield the accepted deliveries whose values no longer give the hash taken of them."""
    for (number,) in ledger.ask("SELECT id FROM delivery WHERE verdict = 'accepted' ORDER BY id"):
        try:
            found = ledger.returned(number)
            whole = values_hash(found.rows) == found.delivery.values_hash
        except (ValueError, TypeError, LookupError, AttributeError):  # no text of ours any more
            whole = False
        if not whole:
            yield number


def originals(ledger: Ledger) -> frozenset[str]:
    """Return the hashes of all originals the ledger refers to."""
    found = ledger.ask(
        "SELECT sha256 FROM delivery UNION SELECT sha256 FROM outgoing"
        " UNION SELECT workbook FROM closing UNION SELECT register FROM closing"
        " UNION SELECT schemas FROM closing UNION SELECT sha256 FROM report"
    )
    return frozenset(sha256 for (sha256,) in found)


@dataclass(frozen=True, slots=True)
class Shelves:
    """How the archive compares to the ledger: hashes of originals `missing` (or altered).

    `strays` lie there though nothing refers to them, as after a run that broke off; `foreign` are
    names that are no hash.
    """

    missing: tuple[str, ...]
    altered: tuple[str, ...]
    strays: tuple[str, ...]
    foreign: tuple[str, ...]


def look_through(archive: Archive, wanted: frozenset[str]) -> Shelves:
    """Read every original and compare it with its hash."""
    there, foreign = archive.contents()
    altered = tuple(sorted(sha256 for sha256 in there if not _whole(archive, sha256)))
    return Shelves(
        tuple(sorted(wanted - there)), altered, tuple(sorted(there - wanted)), tuple(foreign)
    )


def _whole(archive: Archive, sha256: str) -> bool:
    try:
        archive.read(sha256)
    except LedgerError:
        return False
    return True


def _listed(found: list[str]) -> str:
    rest = len(found) - _SHOWN
    return ", ".join(found[:_SHOWN]) + (f" … (+{rest})" if rest > 0 else "")
