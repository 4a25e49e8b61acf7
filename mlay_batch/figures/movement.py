"""Members of the branches: A + B − C = D in the period and the year, and gaps between months.

Which fields these are is read from the form: a card with a rule that adds up to a total, one of
whose parts is filled in from last month's total.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from mlay_batch.figures.branch_records import Gap, Moved, Movement, MovementLine, MovementShape
from mlay_batch.figures.completeness import gravest
from mlay_batch.figures.records import Completeness, Facts
from mlay_batch.figures.returns import Filed, card, count, number, returns_of, year_to_date
from mlay_batch.period import Period
from mlay_batch.records import Row
from mlay_batch.register import Organisation, Register
from mlay_batch.schema import Form, Rule, Section


def shape_of(form: Form) -> MovementShape | None:
    """Return which fields of `form` tell members; None where it has no such card."""
    sums = (
        _shape(form, section, rule)
        for section, rule in form.rules()
        if section.layout == "card" and rule.check == "sum_equals" and rule.params.get("less")
    )
    return next((shape for shape in sums if shape), None)


def _shape(form: Form, section: Section, rule: Rule) -> MovementShape | None:
    parts, total = tuple(rule.params["parts"]), str(rule.params["total"])
    last = f"{section.id}.{total}"
    opening = next((name for name in parts if section.field(name).prefill == last), None)
    if opening is None:
        return None
    ins = tuple(name for name in parts if name != opening)
    return MovementShape(form.form, section.id, opening, ins, tuple(rule.params["less"]), total)


def movement(facts: Facts, returned: Iterable[Completeness]) -> Movement | None:
    """Return the members of all branches; None where no form of the period tells them.

    A branch that missed a month has that month's changes in nobody's sum: D is then not A + B − C,
    and the sheet says so. Blank changes are 0.
    """
    for entry in returned:
        form = facts.catalogue.form_for(entry.form, facts.period)
        if form and form.period == "month" and (shape := shape_of(form)):
            return Movement(shape, tuple(_lines(facts, entry, shape)))
    return None


def _lines(facts: Facts, entry: Completeness, shape: MovementShape) -> Iterator[MovementLine]:
    filed = returns_of(facts, shape.form)
    forerunners = _forerunners(facts.register)
    found: dict[str, list[Gap]] = {}
    for gap in _gaps(facts, shape, filed, forerunners):
        found.setdefault(gap.branch, []).append(gap)
    now, year = facts.period.months(), facts.period.year_to_date()
    for branch in entry.branches:
        own = forerunners.get(branch.code, ())
        yield MovementLine(
            branch,
            gravest(facts.period, branch.code, entry),
            _moved(shape, filed, own, branch, now),
            _moved(shape, filed, own, branch, year),
            tuple(found.get(branch.code, ())),
        )


def _moved(
    shape: MovementShape, filed: Filed, forerunners: Iterable[Organisation],
    branch: Organisation, months: tuple[Period, ...],
) -> Moved | None:  # fmt: skip
    """Return a branch's members over those of `months` it reported, merged cells told apart."""
    told = [(month, row) for month in months if (row := _card(shape, filed, branch.code, month))]
    if not told:
        return None
    changes = {name: sum(count(row, name) for _, row in told) for name in (*shape.ins, *shape.outs)}
    first, last = told[0][0], told[-1][0]
    closing = count(told[-1][1], shape.closing)
    taken = sum(
        count(row, shape.closing)
        for other in forerunners
        if other.code != branch.code and (end := _last_month(other)) and first <= end < last
        if (row := _card(shape, filed, other.code, end))
    )
    gone = branch.successor is not None and _last_month(branch) in months[:-1]
    moved = Moved(first, last, count(told[0][1], shape.opening), changes, taken, closing)
    return replace(moved, merged=taken - closing, closing=0) if gone else moved


def _last_month(branch: Organisation) -> Period | None:
    """Return the last month a branch owed a return for, None while it lives."""
    return Period.of("month", branch.ended).previous() if branch.ended else None


def _card(shape: MovementShape, filed: Filed, branch: str, month: Period) -> Row | None:
    entry = filed.get((branch, month))
    return card(entry, shape.section) if entry else None


def _gaps(
    facts: Facts, shape: MovementShape, filed: Filed,
    forerunners: Mapping[str, tuple[Organisation, ...]],
) -> Iterator[Gap]:  # fmt: skip
    """Yield the months of the year to date that do not open with the last closing."""
    for (branch, period), entry in year_to_date(filed, facts.period).items():
        members = card(entry, shape.section)
        own = number(members.values.get(shape.opening)) if members else None
        sources = _sources(forerunners.get(branch, ()), branch, period)
        last = _closing(shape, filed, sources, period.previous())
        if members and own is not None and last is not None and own != last:
            place = replace(members.place(shape.opening), file=entry.delivery.name)
            yield Gap(branch, period, int(last), int(own), place, entry.delivery.id)


def _forerunners(register: Register) -> Mapping[str, tuple[Organisation, ...]]:
    """Return for each organisation itself and those that were merged into it."""
    found = {entry.code: [entry] for entry in register.organisations}
    for entry in register.organisations:
        if entry.successor in found:
            found[entry.successor].append(entry)
    return {code: tuple(entries) for code, entries in found.items()}


def _sources(forerunners: Iterable[Organisation], branch: str, period: Period) -> list[str]:
    """Return whose members `branch` opens `period` with: its own, and of cells merged into it."""
    before = period.previous()
    return [
        entry.code
        for entry in forerunners
        if entry.alive(before) and (entry.code == branch or not entry.alive(period))
    ]


def _closing(
    shape: MovementShape, filed: Filed, sources: Iterable[str], before: Period
) -> float | None:
    """Return what the month before closed with, cells merged since then added.

    None where one of those returns is missing, or the cell is new and took over nobody. Example:
    14 and 9 members at the end of July, merged in August: August opens with 23.
    """
    rows = (_card(shape, filed, code, before) for code in sources)
    closings = [number(row.values.get(shape.closing)) if row else None for row in rows]
    known = [closing for closing in closings if closing is not None]
    return sum(known) if known and len(known) == len(closings) else None
