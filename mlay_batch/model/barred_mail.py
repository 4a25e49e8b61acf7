"""Says what may not travel by mail, by the register."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlay_batch.schema.ids import MEETING, ROLLUP, VISIT_SLIP

if TYPE_CHECKING:
    from mlay_batch.model.register import Register


def is_barred(register: Register, code: str, form: str | None) -> bool:
    """Whether what an organisation or officer reports may not travel by mail.

    A file of an unknown form may be one of a barred form, or of an organisation below; a roll-up
    holds the returns of those. An officer's slip tells of meetings where he is assigned: it is
    barred with them.
    """
    barred_forms = {rule.form for rule in register.rules.deadlines if rule.not_by_mail == "yes"}
    may_hold_others = form in (None, ROLLUP)
    if form in barred_forms or (may_hold_others and barred_forms):
        return True
    codes = [code]
    if form == VISIT_SLIP or code in register.officer_reporters.keys() - register.by_code.keys():
        codes += [duty.branch for duty in register.assignments if duty.officer == code]
        may_hold_others = True
        if MEETING in barred_forms:
            return True
    barred = [o.code for o in register.organisations if o.not_by_mail == "yes"]
    return any(
        register.is_within(each, top) or (may_hold_others and register.is_within(top, each))
        for top in barred
        for each in codes
    )
