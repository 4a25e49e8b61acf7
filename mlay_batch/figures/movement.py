"""Computes members by branch, A + B − C = D in the period and the year, and gaps between months.

The form defines the fields: a card with a sum rule, one of whose parts is prefilled from last
month's total.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from mlay_batch.core.period import Period
from mlay_batch.figures.branch_records import (
    MemberMovement,
    Movement,
    MovementFields,
    MovementLine,
    OpeningMismatch,
)
from mlay_batch.figures.completeness import worst_state
from mlay_batch.figures.report_records import Completeness, ReportInputs
from mlay_batch.figures.return_access import (
    ReturnsByKey,
    card,
    count,
    number,
    returns_of,
    year_to_date,
)
from mlay_batch.model.records import Row
from mlay_batch.model.register import Organisation, Register
from mlay_batch.schema import Form, Rule, Section


def movement_fields(form: Form) -> MovementFields | None:
    """Return the fields of `form` that hold the members; None if it has no such card."""
    candidates = (
        _read_fields(form, section, rule)
        for section, rule in form.rules()
        if section.layout == "card" and rule.check == "sum_equals" and rule.params.get("less")
    )
    return next((fields for fields in candidates if fields), None)


def _read_fields(form: Form, section: Section, rule: Rule) -> MovementFields | None:
    parts, total = tuple(rule.params["parts"]), str(rule.params["total"])
    last_total = f"{section.id}.{total}"
    opening = next((name for name in parts if section.field(name).prefill == last_total), None)
    if opening is None:
        return None
    increases = tuple(name for name in parts if name != opening)
    return MovementFields(
        form.form, section.id, opening, increases, tuple(rule.params["less"]), total
    )


def movement(inputs: ReportInputs, matrices: Iterable[Completeness]) -> Movement | None:
    """Return the members of all branches; None if no form of the period reports them.

    The changes of a month without a return are missing from the sums: D is then not A + B − C,
    and the sheet says so. Blank changes count 0.
    """
    for matrix in matrices:
        form = inputs.catalogue.form_for(matrix.form, inputs.period)
        if form and form.period == "month" and (fields := movement_fields(form)):
            return Movement(fields, tuple(_lines(inputs, matrix, fields)))
    return None


def _lines(
    inputs: ReportInputs, matrix: Completeness, fields: MovementFields
) -> Iterator[MovementLine]:
    returns = returns_of(inputs, fields.form)
    predecessors = _predecessors(inputs.register)
    by_branch: dict[str, list[OpeningMismatch]] = {}
    for mismatch in _opening_mismatches(inputs, fields, returns, predecessors):
        by_branch.setdefault(mismatch.branch, []).append(mismatch)
    period_months, year_months = inputs.period.months(), inputs.period.year_to_date()
    for branch in matrix.branches:
        branch_predecessors = predecessors.get(branch.code, ())
        yield MovementLine(
            branch,
            worst_state(inputs.period, branch.code, matrix),
            _member_movement(fields, returns, branch_predecessors, branch, period_months),
            _member_movement(fields, returns, branch_predecessors, branch, year_months),
            tuple(by_branch.get(branch.code, ())),
        )


def _member_movement(
    fields: MovementFields,
    returns: ReturnsByKey,
    predecessors: Iterable[Organisation],
    branch: Organisation,
    months: tuple[Period, ...],
) -> MemberMovement | None:
    """Return a branch's members over those of `months` it reported, merged cells separately."""
    monthly_rows = [
        (month, row) for month in months if (row := _card(fields, returns, branch.code, month))
    ]
    if not monthly_rows:
        return None
    changes = {
        name: sum(count(row, name) for _, row in monthly_rows)
        for name in (*fields.increases, *fields.decreases)
    }
    first, last = monthly_rows[0][0], monthly_rows[-1][0]
    closing = count(monthly_rows[-1][1], fields.closing)
    taken_over = sum(
        count(row, fields.closing)
        for predecessor in predecessors
        if predecessor.code != branch.code
        and (end := _last_month(predecessor))
        and first <= end < last
        if (row := _card(fields, returns, predecessor.code, end))
    )
    was_merged = branch.successor is not None and _last_month(branch) in months[:-1]
    result = MemberMovement(
        first, last, count(monthly_rows[0][1], fields.opening), changes, taken_over, closing
    )
    return replace(result, merged=taken_over - closing, closing=0) if was_merged else result


def _last_month(branch: Organisation) -> Period | None:
    """Return the last month for which an ended branch owed a return, else None."""
    return Period.of("month", branch.ended).previous() if branch.ended else None


def _card(fields: MovementFields, returns: ReturnsByKey, branch: str, month: Period) -> Row | None:
    accepted = returns.get((branch, month))
    return card(accepted, fields.section) if accepted else None


def _opening_mismatches(
    inputs: ReportInputs,
    fields: MovementFields,
    returns: ReturnsByKey,
    predecessors: Mapping[str, tuple[Organisation, ...]],
) -> Iterator[OpeningMismatch]:
    """Yield the months of the year to date whose opening differs from the last closing."""
    for (branch, period), accepted in year_to_date(returns, inputs.period).items():
        members = card(accepted, fields.section)
        opening = number(members.values.get(fields.opening)) if members else None
        source_codes = _opening_sources(predecessors.get(branch, ()), branch, period)
        last_closing = _closing(fields, returns, source_codes, period.previous())
        if members and opening is not None and last_closing is not None and opening != last_closing:
            place = replace(members.place(fields.opening), file=accepted.entry.name)
            yield OpeningMismatch(
                branch, period, int(last_closing), int(opening), place, accepted.entry.id
            )


def _predecessors(register: Register) -> Mapping[str, tuple[Organisation, ...]]:
    """Return each organisation with those merged into it, itself first."""
    by_code = {organisation.code: [organisation] for organisation in register.organisations}
    for organisation in register.organisations:
        if organisation.successor in by_code:
            by_code[organisation.successor].append(organisation)
    return {code: tuple(organisations) for code, organisations in by_code.items()}


def _opening_sources(
    predecessors: Iterable[Organisation], branch: str, period: Period
) -> list[str]:
    """Return the codes whose last closings add up to the opening: the branch, cells merged in."""
    last_month = period.previous()
    return [
        organisation.code
        for organisation in predecessors
        if organisation.is_active(last_month)
        and (organisation.code == branch or not organisation.is_active(period))
    ]


def _closing(
    fields: MovementFields, returns: ReturnsByKey, source_codes: Iterable[str], last_month: Period
) -> float | None:
    """Return the closing of the month before, including cells merged since then.

    None if one of those returns is missing, or for a new cell that took over nobody. Example: 14
    and 9 members at the end of July, merged in August: August opens with 23.
    """
    rows = (_card(fields, returns, code, last_month) for code in source_codes)
    closings = [number(row.values.get(fields.closing)) if row else None for row in rows]
    reported = [closing for closing in closings if closing is not None]
    return sum(reported) if reported and len(reported) == len(closings) else None
