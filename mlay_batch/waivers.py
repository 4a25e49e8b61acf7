"""Waivers of rules: the office has decided that a rule does not refuse a branch's return.

The finding is kept, for the branch, the sheet of findings and the provenance to show; it only no
longer refuses. What cannot be read cannot be waived: only rules of forms and fields (F..) can.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from mlay_batch.findings import Finding, Severity
from mlay_batch.records import Identity, Judged
from mlay_batch.register import Register


def waive(judged: Judged, register: Register) -> Judged:
    """Return it with the findings lowered to warnings that a waiver in force covers.

    In force is what holds for its period on the day it was received, whenever it is looked at.
    """
    identity = judged.identity
    if identity is None or not register.waivers:
        return judged
    own = {rule.code for _, rule in identity.form.rules()}
    day = date.fromisoformat(judged.leaf.received[:10])
    lowered = tuple(
        _lowered(found, identity, register, day)
        if found.is_error and (found.code in own or found.code.startswith("F"))
        else found
        for found in judged.findings
    )
    return replace(judged, findings=lowered)


def _lowered(found: Finding, identity: Identity, register: Register, day: date) -> Finding:
    form, branch, _ = identity.key
    waiver = register.waiver(form, branch, identity.period, day, found.code)
    if waiver is None:
        return found
    told = {
        "waived_by": waiver.by,
        "waived_on": waiver.decided.isoformat(),
        "waived_for": waiver.reason,
    }
    return replace(found, severity=Severity.WARNING, params={**found.params, **told})
