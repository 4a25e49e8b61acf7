"""Finds the files whose verdict may be another one now, and what became of them.

A verdict rests on the register, the descriptions, the day and the program. Where one of them is
another than in the last run, files refused, or held for their sender, are judged anew: a code
missing in the register, or a wrong clock, must not refuse a right return for ever. Bytes that could
not be read at first (N09) are looked at when they can. Such a file is not received again: its
ledger entry keeps its number and gets another verdict.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime

from mlay_batch.checks.answers import UNANSWERED
from mlay_batch.core.findings import Finding, Place, Severity
from mlay_batch.core.period import Period, month_before
from mlay_batch.errors import LedgerError
from mlay_batch.ledger import Archive, Closings, Ledger
from mlay_batch.model.records import (
    FOREIGN,
    SENDER_DOUBT_CODES,
    UNSURE,
    Decision,
    IncomingFile,
    LedgerEntry,
    Run,
    Verdict,
)

NOT_READ, FORGED, JUDGED_ANEW = "N09", "I21", "L14"


def numbers_of_unread(ledger: Ledger) -> Mapping[str, int]:
    """Return the numbers of the entries whose file could not be opened, by its origin."""
    return {
        entry.origin: entry.id
        for entry in ledger.entries_without_content()
        if any(finding.code == NOT_READ for finding in entry.findings)
    }


def files_to_judge_anew(
    ledger: Ledger, run: Run, originals: Archive, received: str
) -> list[tuple[IncomingFile, bytes]]:
    """Return the files to judge anew in `run`, with their content.

    Only those of open periods whose sender is still known; a file that does not name its period
    counts for the month before its receipt. An original that is lost or altered is left out: ``mlay
    doctor`` reports it. No time of receipt is later than `received`, that of the run: the clock was
    wrong then.
    """
    last = ledger.last_run(run.command)
    if last is None or last == run:
        return []
    descriptions_changed = (last.schemas_sha256, last.program) != (run.schemas_sha256, run.program)
    register_changed = last.register_sha256 != run.register_sha256
    closed = Closings(ledger).in_force()
    files: list[tuple[IncomingFile, bytes]] = []
    for entry in ledger.unsettled_entries():
        if entry.form is None:  # only a new address changes anything about a stranger's workbook
            is_foreign = any(finding.code == FOREIGN for finding in entry.findings)
            may_change = descriptions_changed or (is_foreign and register_changed)
        else:
            may_change = _may_change(entry)
        if may_change and not entry.is_purged and period_of(entry) not in closed:
            file = entry.as_file()
            moment = min(entry.received, received, key=datetime.fromisoformat)
            files += _with_content(replace(file, received=moment), originals)
    return files


def _may_change(entry: LedgerEntry) -> bool:
    """Whether another verdict is possible without a person.

    What the mail server says of a sender is known only while the mail is read.
    """
    codes = {finding.code for finding in entry.findings}
    if entry.verdict is Verdict.REJECTED or codes & {UNANSWERED, UNSURE}:
        return True
    return bool(codes & SENDER_DOUBT_CODES) and FORGED not in codes


def period_of(entry: LedgerEntry) -> Period:
    """Return the period of a file; of one that names none, the month before its receipt."""
    if entry.period:
        return Period.parse(entry.period)
    return month_before(date.fromisoformat(entry.received[:10]))


def _with_content(file: IncomingFile, originals: Archive) -> Iterator[tuple[IncomingFile, bytes]]:
    try:
        yield file, originals.read(file.sha256)
    except LedgerError:
        return


def keep_changes(decisions: Iterable[Decision], ledger: Ledger) -> tuple[Decision, ...]:
    """Return the decisions on new files, and those that differ from what the ledger says.

    The latter say so in a note. An older file never replaces a later one that was accepted, nor
    does it ask for a decision against it: its verdict stays.
    """
    kept = []
    for decision in decisions:
        number = decision.checked.file.entry_id
        entry = ledger.entry(number) if number else None
        if entry is None:
            kept.append(decision)
        elif _is_change(decision, entry):
            note = Finding(JUDGED_ANEW, Severity.WARNING, Place(decision.checked.file.name))
            kept.append(replace(decision, findings=(note, *decision.findings)))
    return tuple(kept)


def _is_change(decision: Decision, entry: LedgerEntry) -> bool:
    is_older = decision.verdict is Verdict.HELD and decision.refers_to is not None
    identity = decision.checked.identity
    outcome = decision.verdict, identity and identity.key, _reasons(decision.findings)
    return not is_older and outcome != (entry.verdict, entry.key, _reasons(entry.findings))


def _reasons(findings: Iterable[Finding]) -> frozenset[tuple[str, str, str]]:
    return frozenset(
        (finding.code, finding.place.sheet, finding.place.cell)
        for finding in findings
        if finding.code != JUDGED_ANEW
    )
