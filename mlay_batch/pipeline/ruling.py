"""What a person decides about a held file: it is taken, or it is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from mlay_batch import __version__
from mlay_batch.errors import UsageError
from mlay_batch.findings import Finding, Place, Severity
from mlay_batch.ledger import Archive, Ledger, Ruling, Rulings, lock
from mlay_batch.pipeline.ingest import check_files
from mlay_batch.pipeline.period import shut
from mlay_batch.pipeline.town import Town
from mlay_batch.records import (
    HOLDS,
    Decision,
    Delivery,
    Judged,
    Run,
    Verdict,
)
from mlay_batch.verdict import grant
from mlay_batch.workspace import Workspace


class Outcome(StrEnum):
    """What a person may say of a held file."""

    ACCEPT = "accept"
    REFUSE = "refuse"


@dataclass(frozen=True)
class Ruled:
    """A file that was held, and what became of it."""

    ruling: Ruling
    decision: Decision
    delivery: Delivery


def held(workspace: Workspace) -> tuple[Delivery, ...]:
    """Return the files that wait for a decision, oldest first. Raises LedgerError."""
    with Ledger.open(workspace.ledger, read_only=True) as ledger:
        return tuple(d for d in ledger.deliveries() if d.verdict is Verdict.HELD)


def rule(
    town: Town,
    number: int,
    outcome: Outcome,
    *,
    who: str,
    decided: str,
    why: str,
    as_of: date,
    holder: str,
) -> Ruled:
    """Record what `who` decided about the held file of that number, and what it led to.

    Accepting judges the archived original anew as if its sender were right; errors in it still
    refuse it, and one held for its sender may be held again for another reason. The delivery keeps
    its number, so that received stays the sum of the verdicts; what it was is kept with the
    ruling. `decided` is the time (ISO, with offset). Raises UsageError ``usage.why`` without a
    reason, LedgerError ``ledger.not_held``, LockedError.
    """
    if not why.strip():
        raise UsageError("usage.why")
    workspace = town.workspace
    with lock(workspace.root, holder), Ledger.open(workspace.ledger) as ledger:
        before = Rulings(ledger).held_delivery(number)
        read_bytes = Archive(workspace.archive).read
        checked = check_files(town, [before.as_leaf()], read_bytes, as_of, trust_sender=True)
        (judged,) = shut(tuple(checked), ledger)
        said = {"who": who, "why": why.strip()}
        if outcome is Outcome.REFUSE:
            decision = _refused(judged, said, before)
        else:
            decision = _granted(judged, said, ledger, before)
        codes = tuple(found.code for found in before.findings)
        ruling = Ruling(number, outcome.value, who, decided, why.strip(), before.verdict, codes)
        run = Run(as_of, outcome.value, __version__, town.register_sha256, town.schemas_sha256)
        return Ruled(ruling, decision, Rulings(ledger).record(run, ruling, decision))


def _refused(judged: Judged, said: Mapping[str, str], before: Delivery) -> Decision:
    """Return the refusal; a doubt about the sender stays with it, for then nobody is answered."""
    told = Finding("L11", Severity.ERROR, Place(judged.leaf.name), said)
    doubts = (found for found in before.findings if found.code in HOLDS)
    return Decision(judged, Verdict.REJECTED, (told, *doubts, *judged.findings))


def _granted(judged: Judged, said: Mapping[str, str], ledger: Ledger, before: Delivery) -> Decision:
    keys = [judged.identity.key] if judged.identity else []
    decision = grant(judged, ledger.snapshot_for([before.sha256], keys), before)
    if decision.verdict is not Verdict.ACCEPTED:
        return decision
    told = Finding("L10", Severity.WARNING, Place(judged.leaf.name), said)
    return replace(decision, findings=(told, *decision.findings))
