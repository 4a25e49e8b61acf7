"""Checks what is the officers' slips own: whether one may come, and its rows.

I50: no officer of that code. I51: not in office in that month. I52: the office takes no slips of
it. F40: in place of himself. F41: what was attended is no cell that meets.
"""

from __future__ import annotations

from collections.abc import Iterator

from mlay_batch.core.findings import Finding, Param, Place, Severity
from mlay_batch.model.records import CheckedFile, Identity
from mlay_batch.model.register import Register
from mlay_batch.schema import Catalogue
from mlay_batch.schema.ids import MEETING
from mlay_batch.schema.layout import CODE_SEPARATOR

UNKNOWN_OFFICER, NOT_IN_OFFICE, NOT_TAKEN = "I50", "I51", "I52"
OF_HIMSELF, NO_CELL = "F40", "F41"
VISITS, CELL, ON_BEHALF = "visits", "cell", "on_behalf_of"


def slip_findings(identity: Identity, register: Register, place: Place) -> Iterator[Finding]:
    """Yield why an officer may not send a slip for the month; `place` names him."""
    officer, period = register.officer_reporters[identity.branch], identity.period
    name: dict[str, Param] = {"branch": f"{officer.code}{CODE_SEPARATOR}{officer.name}"}
    if not register.rules.takes_slips(period):
        yield Finding(NOT_TAKEN, Severity.ERROR, place, {"period": str(period)})
    elif not officer.may_report(period):
        yield Finding(NOT_IN_OFFICE, Severity.ERROR, place, {**name, "period": str(period)})


def check_slip(checked: CheckedFile, register: Register, catalogue: Catalogue) -> CheckedFile:
    """Return a slip with F40 and F41 where they hold, any other file unchanged."""
    identity, submission = checked.identity, checked.submission
    if identity is None or submission is None or not identity.form.is_by_officers:
        return checked
    form = catalogue.form_for(MEETING, identity.period)
    types = form.reporters if form else ()
    findings: list[Finding] = []
    for row in submission.section_rows(VISITS):
        if row.values.get(ON_BEHALF) == identity.branch:
            params: dict[str, Param] = {"field": f"{VISITS}.{ON_BEHALF}"}
            findings.append(Finding(OF_HIMSELF, Severity.ERROR, row.place(ON_BEHALF), params))
        unit = register.by_code.get(str(row.values.get(CELL)))
        if unit and form and not (unit.type in types and unit.may_report(identity.period)):
            params = {"field": f"{VISITS}.{CELL}", "value": unit.name}
            findings.append(Finding(NO_CELL, Severity.ERROR, row.place(CELL), params))
    return checked.with_findings(*findings)
