"""Who is given a blank form, and which cells an officer's slip offers first."""

from __future__ import annotations

from collections.abc import Collection

from mlay_batch.core.period import Period
from mlay_batch.model.register import Organisation, Register
from mlay_batch.schema.model import Form


def recipients(register: Register, form: Form, period: Period) -> tuple[Organisation, ...]:
    """Return who is given the blank `form` of `period`, in the register's order.

    Those that owe it; of a form of officers those with an assignment in the period.
    """
    if not form.is_by_officers:
        return register.reporters(form, period)
    if not register.rules.profile.has_begun(period):
        return ()
    assigned = {each.officer for each in register.assignments if each.overlaps(period)}
    return tuple(o for o in register.possible_reporters(form, period) if o.code in assigned)


def cells_for_slip(
    register: Register, officer: str, period: Period, types: Collection[str]
) -> tuple[tuple[Organisation, ...], tuple[Organisation, ...]]:
    """Return the cells that an officer is to attend in `period`, and the others he may attend.

    `types` are those of organisations that hold meetings.
    """
    branches = {
        each.branch
        for each in register.assignments
        if each.officer == officer and each.overlaps(period)
    }
    cells = [o for o in register.organisations if o.type in types and o.may_report(period)]
    is_assigned = {
        cell.code: any(register.is_within(cell.code, branch) for branch in branches)
        for cell in cells
    }
    return (
        tuple(cell for cell in cells if is_assigned[cell.code]),
        tuple(cell for cell in cells if not is_assigned[cell.code]),
    )
