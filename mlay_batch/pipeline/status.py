"""Who has sent what, and what to do next, without reading a file again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from mlay_batch.figures.completeness import completeness
from mlay_batch.figures.records import OPEN, Completeness
from mlay_batch.ledger import Closing, Closings, Ledger, MailLog
from mlay_batch.period import Period
from mlay_batch.pipeline.facts import gather
from mlay_batch.pipeline.owed import branch_of, corrections, not_in, owed, reminders
from mlay_batch.pipeline.town import Town
from mlay_batch.records import Verdict
from mlay_batch.replies.letters import Topic


@dataclass(frozen=True)
class Status:
    """The matrix branch × period of every form, and how many files got each verdict so far.

    `todo` counts what is left, in the order to do it: ``decide`` (held files), ``answer`` (returns
    without a letter), ``fix`` (branches that have something to correct or to send again, and time
    left for it), ``remind`` (missing after the due day, or a correction after its own), ``wait``
    (not due yet), ``close`` (1 where the period can be closed). Only what is not 0.
    `closing` is set where the period is closed.
    """

    period: Period
    forms: tuple[Completeness, ...]
    counts: Mapping[Verdict, int]
    todo: Mapping[str, int]
    closing: Closing | None = None


def status(town: Town, period: Period, as_of: date) -> Status:
    """Return who has sent what up to `period`. Reads the ledger only; raises LedgerError."""
    with Ledger.open(town.workspace.ledger, read_only=True) as ledger:
        facts, outgoing = gather(town, ledger, period, as_of), MailLog(ledger)
        told = outgoing.states()
        forms, closing = completeness(facts), Closings(ledger).in_force().get(period)
        states = Counter(
            cell.state for entry in forms for (_, own), cell in entry.cells.items() if own == period
        )
        again = corrections(
            facts.deliveries, outgoing.letters(), period, town.register, town.catalogue, as_of
        )
        due_now = list(reminders(forms, period, again, town.register, town.catalogue, as_of))
        open_ = sum(1 for entry in forms for _ in not_in(entry, period, town.register))
        todo = {
            "decide": sum(d.verdict is Verdict.HELD for d in facts.deliveries),
            "answer": sum(
                Topic.answer_key(found.id) not in told and bool(branch_of(found, town.register))
                for found in owed(facts.deliveries, period, town.register)
            ),
            "fix": open_ - len(due_now),
            "remind": len(due_now),
            "wait": states["not_due"],
            "close": int(as_of > period.end and not closing and not any(states[s] for s in OPEN)),
        }
        left = {key: count for key, count in todo.items() if count}
        return Status(period, forms, ledger.counts(), left, closing)
