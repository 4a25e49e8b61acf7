"""Records a person's decision on a held file: accept or refuse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from mlay_batch import __version__
from mlay_batch.app.closing import flag_closed
from mlay_batch.app.ingest import check_files
from mlay_batch.app.office import Office
from mlay_batch.app.workspace import Workspace
from mlay_batch.checks.verdict import accept_held
from mlay_batch.core.findings import Finding, Place, Severity
from mlay_batch.errors import UsageError
from mlay_batch.ledger import Archive, Ledger, Ruling, Rulings, lock
from mlay_batch.model.records import (
    SENDER_DOUBT_CODES,
    CheckedFile,
    Decision,
    LedgerEntry,
    Run,
    Verdict,
)

_LOCKED = "L13"  # asks for the decision that an acceptance is


class ReviewOutcome(StrEnum):
    """A decision on a held file."""

    ACCEPT = "accept"
    REFUSE = "refuse"


@dataclass(frozen=True)
class ReviewResult:
    """A person's decision on a held file, and what it led to.

    Attributes:
        ruling: the decision as recorded.
        decision: verdict and findings after it.
        entry: ledger entry after it.
    """

    ruling: Ruling
    decision: Decision
    entry: LedgerEntry


def list_held(workspace: Workspace) -> tuple[LedgerEntry, ...]:
    """Return the held files, oldest first. Raises LedgerError."""
    with Ledger.open(workspace.ledger, read_only=True) as ledger:
        return tuple(entry for entry in ledger.entries() if entry.verdict is Verdict.HELD)


def review_file(
    office: Office,
    number: int,
    outcome: ReviewOutcome,
    *,
    who: str,
    decided: str,
    why: str,
    as_of: date,
    holder: str,
) -> ReviewResult:
    """Record the decision of `who` on the held file of that number, and the resulting verdict.

    Accepting checks the archived original again with its sender trusted; errors still refuse it,
    and it may be held again for another reason. The entry keeps its number, so that the verdicts
    add up to the files received; the ruling records its former verdict. `decided` is the time (ISO,
    with offset). Raises UsageError ``usage.why`` without a reason, LedgerError ``ledger.not_held``,
    LockedError.
    """
    if not why.strip():
        raise UsageError("usage.why")
    workspace = office.workspace
    with lock(workspace.root, holder), Ledger.open(workspace.ledger) as ledger:
        entry = Rulings(ledger).held_entry(number)
        read_bytes = Archive(workspace.archive).read
        results = check_files(office, [entry.as_file()], read_bytes, as_of, trust_sender=True)
        (checked,) = flag_closed(tuple(results), ledger)
        params = {"who": who, "why": why.strip()}
        if outcome is ReviewOutcome.REFUSE:
            decision = _refusal(checked, params, entry)
        else:
            decision = _acceptance(checked, params, ledger, entry)
        codes = tuple(finding.code for finding in entry.findings)
        ruling = Ruling(number, outcome.value, who, decided, why.strip(), entry.verdict, codes)
        run = Run(as_of, outcome.value, __version__, office.register_sha256, office.schemas_sha256)
        return ReviewResult(ruling, decision, Rulings(ledger).record(run, ruling, decision))


def _refusal(checked: CheckedFile, params: Mapping[str, str], entry: LedgerEntry) -> Decision:
    """Return the refusal; it retains a doubt about the sender, so that nobody is answered."""
    refusal = Finding("L11", Severity.ERROR, Place(checked.file.name), params)
    doubts = (finding for finding in entry.findings if finding.code in SENDER_DOUBT_CODES)
    return Decision(checked, Verdict.REJECTED, (refusal, *doubts, *checked.findings))


def _acceptance(
    checked: CheckedFile, params: Mapping[str, str], ledger: Ledger, entry: LedgerEntry
) -> Decision:
    keys = [checked.identity.key] if checked.identity else []
    decision = accept_held(checked, ledger.snapshot_for([entry.sha256], keys), entry)
    if decision.verdict is not Verdict.ACCEPTED:
        return decision
    approval = Finding("L10", Severity.WARNING, Place(checked.file.name), params)
    others = (finding for finding in decision.findings if finding.code != _LOCKED)
    return replace(decision, findings=(approval, *others))
