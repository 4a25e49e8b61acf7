"""Who has sent what: one field for each branch and period of every form that somebody owes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from mlay_batch.figures.records import Completeness, Expected, Facts
from mlay_batch.figures.returns import Filed, returns_of
from mlay_batch.period import Period
from mlay_batch.records import Delivery, Return, Verdict
from mlay_batch.register import Organisation
from mlay_batch.schema import Form

# A branch's state over several months is the gravest of them: what is still open comes first.
_GRAVEST = (
    "missing", "rejected", "held", "not_due", "late", "nil", "waived", "reported", "not_yet",
    "ended",
)  # fmt: skip
NIL = "yes"  # the value of a nil field that declares that there is nothing to report


@dataclass(frozen=True)
class _Desk:
    """What came in for one form: current returns, first day and last refusal of each key."""

    filed: Filed
    first_accepted: Mapping[tuple[str, str], date]
    refused: Mapping[tuple[str, str], Delivery]


def completeness(facts: Facts) -> tuple[Completeness, ...]:
    """Return the matrix of every form with reporters, in the order of the catalogue.

    Monthly and quarterly forms: the year to date. Yearly forms: the last completed year and every
    earlier one with a return. A period in which no version of the form holds is left out.
    """
    names = dict.fromkeys(form.form for form in facts.catalogue.forms if form.reporters)
    return tuple(found for name in names if (found := _of_form(facts, name)))


def _of_form(facts: Facts, name: str) -> Completeness | None:
    desk = _desk(facts, name)
    forms = {
        period: form
        for period in _periods(facts, name, desk.filed)
        if (form := facts.catalogue.form_for(name, period))
    }
    branches = tuple(
        entry
        for entry in facts.register.organisations
        if any(entry.type in form.reporters and entry.alive(p) for p, form in forms.items())
    )
    cells = {
        (branch.code, period): _expected(facts, desk, form, branch, period)
        for branch in branches
        for period, form in forms.items()
    }
    return Completeness(name, tuple(forms), branches, cells) if forms else None


def _periods(facts: Facts, name: str, filed: Filed) -> list[Period]:
    """Return the periods of the form that had ended by the end of the report's period."""
    kind = max((f for f in facts.catalogue.forms if f.form == name), key=_begun).period
    end = facts.period.end
    if kind != "year":
        own = {Period.of(kind, month.start) for month in facts.period.year_to_date()}
    else:
        this = Period.of(kind, end)
        own = {this, this.previous()} if this.end != end else {this}
        own |= {period for _, period in filed}
    return sorted(period for period in own if period.end <= end)


def _begun(form: Form) -> str:
    return form.effective.from_


def _desk(facts: Facts, name: str) -> _Desk:
    first: dict[tuple[str, str], date] = {}
    refused: dict[tuple[str, str], Delivery] = {}
    current = (entry.delivery for entry in facts.returns)
    known = sorted((*facts.told, *facts.deliveries), key=lambda entry: entry.id)
    for delivery in (*current, *known):
        if not (key := delivery.key) or key[0] != name or delivery.disowned:
            continue
        if delivery.verdict is Verdict.ACCEPTED:
            day = date.fromisoformat(delivery.received[:10])
            first[key[1:]] = min(day, first.get(key[1:], day))
        elif delivery.verdict in (Verdict.REJECTED, Verdict.HELD):
            refused[key[1:]] = delivery
    return _Desk(returns_of(facts, name), first, refused)


def _expected(
    facts: Facts, desk: _Desk, form: Form, branch: Organisation, period: Period
) -> Expected:
    """Return the field of one branch and period.

    Outside its life a branch owes nothing, whatever came. Else what was accepted goes before a
    waiver, a waiver before a refused file, a refused file before nothing at all.
    """
    returned = desk.filed.get((branch.code, period))
    refused = desk.refused.get((branch.code, str(period)))
    delivery = returned.delivery if returned else refused
    if not branch.alive(period):
        begun = branch.founded is None or branch.founded <= period.end
        state = "ended" if begun else "not_yet"
    elif returned:
        state = _came(facts, desk, form, returned, period)
    elif _waived(facts, form, branch, period):
        state = "waived"
    elif refused:
        state = refused.verdict.value
    else:
        state = "not_due" if facts.as_of <= due(form, period) else "missing"
    return Expected(branch.code, form.form, period, state, delivery.id if delivery else None)


def due(form: Form, period: Period) -> date:
    """Return the last day a return is in time; without a due day, the last day of the period.

    Due 5 days after November: 5 December is in time, 6 December is late.
    """
    return period.end + timedelta(days=form.due.day if form.due else 0)


def _came(facts: Facts, desk: _Desk, form: Form, returned: Return, period: Period) -> str:
    """Return nil, late or reported.

    Late goes by the day the *first* accepted return came (as its time of receipt is written): a
    branch that corrects in January what it sent in time in December was not late.
    """
    delivery = returned.delivery
    version = facts.catalogue.form(form.form, delivery.version or "") or form
    if _nil(version, returned):
        return "nil"
    received = desk.first_accepted[delivery.branch or "", str(period)]
    return "late" if form.due and received > due(form, period) else "reported"


def _nil(form: Form, returned: Return) -> bool:
    for path in (section.nil for section in form.sections if section.nil):
        section, _, field = path.partition(".")
        if any(row.values.get(field) == NIL for row in returned.section(section)):
            return True
    return False


def _waived(facts: Facts, form: Form, branch: Organisation, period: Period) -> bool:
    """Whether the branch need not send: by a waiver in force, or as the form is not for its type.

    A waiver of a longer period (the year 2019) covers the months within it.
    """
    if branch.type not in form.reporters:
        return True
    return bool(facts.register.waiver(form.form, branch.code, period, facts.as_of))


def gravest(period: Period, branch: str, returned: Completeness | None) -> str:
    """Return the gravest state of the period's months; ``waived`` where none is asked for."""
    if returned is None:
        return "missing"
    fields = (returned.cells.get((branch, month)) for month in period.months())
    states = [field.state for field in fields if field]
    return min(states, key=_GRAVEST.index, default="waived")
