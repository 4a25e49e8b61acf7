"""Checks the sender: a mail counts only from an address registered for the branch.

The address must be registered, on the day of receipt, for the branch or an organisation above it. A
mail that the office's own server calls forged is in doubt too, since From alone proves nothing.
Doubt never refuses a return: it is held until a person decides, who then vouches for it. A file
handed over (channel ``hand``) has no sender to check.
"""

from __future__ import annotations

from datetime import date

from mlay_batch.core.findings import Finding, Place, Severity
from mlay_batch.model.records import CheckedFile
from mlay_batch.model.register import Address, Register

STRANGER, FORGED, OUT_OF_DATE = "I20", "I21", "I22"


def check_sender(checked: CheckedFile, register: Register) -> CheckedFile:
    """Return `checked`, with a finding (I20, I21, I22) where its sender is in doubt.

    A file whose branch is not known may come from any registered address.
    """
    file = checked.file
    if file.channel != "mail" or file.skip_reason or file.vouched_for:
        return checked
    addresses = register.by_mail.get(file.sender or "", ())
    branch_addresses = [address for address in addresses if _can_speak(address, checked, register)]
    day = date.fromisoformat(file.received[:10])
    code = None
    if not branch_addresses:
        code = STRANGER
    elif file.forged:
        code = FORGED
    elif not any(address.is_in_force(day) for address in branch_addresses):
        code = OUT_OF_DATE
    if code is None:
        return checked
    branch = checked.identity.branch if checked.identity else "–"
    params = {"sender": file.sender or "–", "branch": branch, "day": day.isoformat()}
    return checked.with_findings(Finding(code, Severity.WARNING, Place(), params))


def _can_speak(address: Address, checked: CheckedFile, register: Register) -> bool:
    """Whether an address belongs to the branch or an organisation above it, at any time."""
    return checked.identity is None or register.is_within(checked.identity.branch, address.branch)
