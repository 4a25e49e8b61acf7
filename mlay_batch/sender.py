"""Who sent it: a mail counts only from an address that may speak for the branch.

That is an address registered, on the day of receipt, for the branch or for an organisation above
it. From proves nothing by itself, so a mail the town's own server calls forged is in doubt too.
Doubt never refuses a return: it is held until a person decides. What was handed over (channel
``hand``) has no sender to check.
"""

from __future__ import annotations

from datetime import date

from mlay_batch.findings import Finding, Place, Severity
from mlay_batch.records import Judged
from mlay_batch.register import Address, Register

STRANGER, FORGED, OUT_OF_DATE = "I20", "I21", "I22"


def check_sender(judged: Judged, register: Register) -> Judged:
    """Return `judged`, with a finding (I20, I21, I22) where its sender is in doubt.

    A file of which nobody can tell the branch may come from any registered address.
    """
    leaf = judged.leaf
    if leaf.channel != "mail" or leaf.ignored:
        return judged
    theirs = register.by_mail.get(leaf.sender or "", ())
    mine = [entry for entry in theirs if _speaks(entry, judged, register)]
    day = date.fromisoformat(leaf.received[:10])
    code = None
    if not mine:
        code = STRANGER
    elif leaf.forged:
        code = FORGED
    elif not any(entry.is_in_force(day) for entry in mine):
        code = OUT_OF_DATE
    if code is None:
        return judged
    branch = judged.identity.branch if judged.identity else "–"
    params = {"sender": leaf.sender or "–", "branch": branch, "day": day.isoformat()}
    return judged.add(Finding(code, Severity.WARNING, Place(), params))


def _speaks(entry: Address, judged: Judged, register: Register) -> bool:
    """Whether an address may speak for the branch, at some time."""
    return judged.identity is None or register.within(judged.identity.branch, entry.branch)
