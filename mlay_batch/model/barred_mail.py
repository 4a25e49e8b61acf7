"""Says what may not travel by mail, by the register."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mlay_batch.core.text import name_key
from mlay_batch.model.records import Row
from mlay_batch.schema.ids import MEETING, ROLLUP, VISIT_SLIP
from mlay_batch.schema.layout import CODE_SEPARATOR

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
    return any(
        register.is_within(each, top) or (may_hold_others and register.is_within(top, each))
        for top in _barred(register)
        for each in codes
    )


def names_barred(register: Register, rows: Iterable[Row]) -> bool:
    """Whether rows of a slip, as sent or with codes, name a cell that is barred.

    An officer may stand in for another one where he is not assigned himself.
    """
    barred = {
        key
        for o in register.organisations
        if any(register.is_within(o.code, top) for top in _barred(register))
        for key in (name_key(o.code), name_key(o.name))
    }
    texts = (value for row in rows for value in row.values.values() if isinstance(value, str))
    parts = (part for text in texts for part in (text, *text.split(CODE_SEPARATOR)))
    words = {word for part in parts if (word := name_key(part))}
    return any(key == word or key.endswith(f" {word}") for word in words for key in barred)


def _barred(register: Register) -> list[str]:
    return [o.code for o in register.organisations if o.not_by_mail == "yes"]
