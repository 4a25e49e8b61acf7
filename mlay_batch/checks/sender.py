"""Checks the sender: a mail counts only from an address registered for the branch.

The address must be registered, on the day of receipt, for the branch or an organisation above it. A
mail that the office's own server calls forged is in doubt too, since From alone proves nothing.
Doubt never refuses a return: it is held until a person decides, who then vouches for it. A
stranger's workbook that is no form of ours is ignored: nobody has to decide on advertisements. A
file handed over (channel ``hand``) or entered by the office (``office``) has no sender to check.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from mlay_batch.core.findings import Finding, Place, Severity
from mlay_batch.model.records import FOREIGN, CheckedFile
from mlay_batch.model.register import Address, Register

STRANGER, FORGED, OUT_OF_DATE = "I20", "I21", "I22"
BARRED = "I40"
NO_FORM = ("R20", "R40")  # `reader` found no stamp, heading or section of ours


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
    if code == STRANGER and _is_foreign(checked):
        return replace(checked, file=replace(file, skip_reason=FOREIGN), findings=())
    branch = checked.identity.branch if checked.identity else ""
    params = {"sender": file.sender or "", "named": branch, "day": day.isoformat()}
    return checked.with_findings(Finding(code, Severity.WARNING, Place(), params))


def check_way(checked: CheckedFile, register: Register) -> CheckedFile:
    """Return `checked`, with a warning I40 where it came by mail and may not.

    What names no branch is taken for the sender's. A mail without a file brings no return.
    """
    file, identity = checked.file, checked.identity
    if file.channel != "mail" or not file.has_content:
        return checked
    day = date.fromisoformat(file.received[:10])
    owner = file.assigned or register.mail_owner(file.sender or "", day)
    branch = identity.branch if identity else owner
    form = checked.submission.form if checked.submission else None
    if branch is None or not register.is_barred_from_mail(branch, form):
        return checked
    organisation = register.reporter_by_code.get(branch)
    params = {"branch": organisation.name if organisation else branch}
    return checked.with_findings(Finding(BARRED, Severity.WARNING, Place(), params))


def _is_foreign(checked: CheckedFile) -> bool:
    """Whether a workbook was read and nothing of ours was found in it."""
    submission = checked.submission
    return submission is not None and any(f.code in NO_FORM for f in submission.findings)


def _can_speak(address: Address, checked: CheckedFile, register: Register) -> bool:
    """Whether an address belongs to the branch or an organisation above it, at any time."""
    return checked.identity is None or register.is_within(checked.identity.branch, address.branch)
