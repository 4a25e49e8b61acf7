"""Applies waivers: a waived rule does not refuse the branch's return.

Its finding becomes a warning, which the letter, the sheet of findings and the provenance show. Only
rules of forms and of fields (F..) can be waived, not what could not be read.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from mlay_batch.core.findings import Finding, Severity
from mlay_batch.model.records import CheckedFile, Identity
from mlay_batch.model.register import Register


def apply_waivers(checked: CheckedFile, register: Register) -> CheckedFile:
    """Return `checked` with the findings that a waiver in force covers lowered to warnings.

    A waiver must be in force for the return's period on the day the return was received.
    """
    identity = checked.identity
    if identity is None or not register.waivers:
        return checked
    rule_codes = {rule.code for _, rule in identity.form.rules()}
    day = date.fromisoformat(checked.file.received[:10])
    findings = tuple(
        _lower(finding, identity, register, day)
        if finding.is_error and (finding.code in rule_codes or finding.code.startswith("F"))
        else finding
        for finding in checked.findings
    )
    return replace(checked, findings=findings)


def _lower(finding: Finding, identity: Identity, register: Register, day: date) -> Finding:
    form, branch, _ = identity.key
    waiver = register.waiver(form, branch, identity.period, day, finding.code)
    if waiver is None:
        return finding
    return replace(finding, severity=Severity.WARNING, params={**finding.params, **waiver.params})
