"""Takes what the office answers to warnings on behalf of branches."""

from __future__ import annotations

from collections.abc import Sequence

from mlay_batch.app.closing import flag_closed
from mlay_batch.checks.answers import without_answered
from mlay_batch.ledger import Answers, Ledger
from mlay_batch.model.records import CheckedFile


def compare_with_ledger(batch: Sequence[CheckedFile], ledger: Ledger) -> tuple[CheckedFile, ...]:
    """Return the batch as the ledger lets it count.

    L12 on every return of a closed period, no L15 where what it asks for was answered before.
    """
    given: dict[tuple[str, str, str], set[tuple[str, str]]] = {}
    for form, branch, period, code, question in Answers(ledger).in_force():
        given.setdefault((form, branch, period), set()).add((code, question))
    return tuple(
        without_answered(checked, given.get(checked.identity.key, set()))
        if checked.identity
        else checked
        for checked in flag_closed(batch, ledger)
    )
