"""Completeness: the state of each return by branch and period, for every form with reporters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from mlay_batch.core.period import Period
from mlay_batch.figures.report_records import SKETCH, Completeness, ExpectedReturn, ReportInputs
from mlay_batch.figures.return_access import ReturnsByKey, returns_of
from mlay_batch.model.records import AcceptedReturn, LedgerEntry, Verdict
from mlay_batch.model.register import Organisation
from mlay_batch.schema import Form
from mlay_batch.schema.model import Due
from mlay_batch.schema.overlap import age_key

# The state of a branch over several months is the first of these.
_WORST_FIRST = (
    "missing",
    "rejected",
    "held",
    "not_due",
    SKETCH,
    "late",
    "nil",
    "waived",
    "reported",
    "not_yet",
    "ended",
    "unused",
)
MEETINGS = "meetings"  # the section of a return with a day for each meeting
NIL = "yes"  # the value of a nil field: there is nothing to report


@dataclass(frozen=True)
class _FormReturns:
    """What came in for one form, by (branch, period)."""

    returns: ReturnsByKey
    first_accepted: Mapping[tuple[str, str], date]
    last_refused: Mapping[tuple[str, str], LedgerEntry]


def completeness(inputs: ReportInputs) -> tuple[Completeness, ...]:
    """Return the matrix of every form that is owed, in the order of the catalogue.

    Monthly and quarterly forms show the year to date, yearly forms the last completed year and
    every earlier one with a return. Periods without a version of the form are left out.
    """
    owed = (form for form in inputs.catalogue.forms if form.reporters and not form.is_by_officers)
    names = dict.fromkeys(form.form for form in owed)
    return tuple(matrix for name in names if (matrix := _form_matrix(inputs, name)))


def _form_matrix(inputs: ReportInputs, name: str) -> Completeness | None:
    form_returns = _collect_returns(inputs, name)
    forms = {
        period: form
        for period in _periods(inputs, name, form_returns.returns)
        if (form := inputs.catalogue.form_for(name, period))
    }
    branches = tuple(
        organisation
        for organisation in inputs.register.organisations
        if any(
            organisation.type in form.reporters
            and (organisation.is_active(p) or _reports_in_part(form_returns, organisation, p))
            for p, form in forms.items()
        )
    )
    cells = {
        (branch.code, period): _expected_return(inputs, form_returns, form, branch, period)
        for branch in branches
        for period, form in forms.items()
    }
    return Completeness(name, tuple(forms), branches, cells) if forms else None


def _periods(inputs: ReportInputs, name: str, returns: ReturnsByKey) -> list[Period]:
    """Return the periods of the form that had ended by the end of the report's period."""
    versions = (form for form in inputs.catalogue.forms if form.form == name)
    kind = max(versions, key=age_key).period
    end = inputs.period.end
    if kind != "year":
        periods = {Period.of(kind, month.start) for month in inputs.period.year_to_date()}
    else:
        current = Period.of(kind, end)
        periods = {current, current.previous()} if current.end != end else {current}
        periods = set(filter(inputs.register.rules.profile.has_begun, periods))
        periods |= {period for _, period in returns}
    return sorted(period for period in periods if period.end <= end)


def _collect_returns(inputs: ReportInputs, name: str) -> _FormReturns:
    first_accepted: dict[tuple[str, str], date] = {}
    last_refused: dict[tuple[str, str], LedgerEntry] = {}
    current_entries = (record.entry for record in inputs.returns)
    recorded = sorted((*inputs.refused_below, *inputs.ledger_entries), key=lambda record: record.id)
    for entry in (*current_entries, *recorded):
        if not (key := entry.key) or key[0] != name or entry.is_from_stranger:
            continue
        if entry.verdict is Verdict.ACCEPTED and not entry.is_sketch:
            day = date.fromisoformat(entry.received[:10])
            first_accepted[key[1:]] = min(day, first_accepted.get(key[1:], day))
        elif entry.verdict in (Verdict.REJECTED, Verdict.HELD):
            last_refused[key[1:]] = entry
    return _FormReturns(returns_of(inputs, name, lists=True), first_accepted, last_refused)


def _expected_return(
    inputs: ReportInputs,
    form_returns: _FormReturns,
    form: Form,
    branch: Organisation,
    period: Period,
) -> ExpectedReturn:
    """Return the state of one branch and period.

    A branch that does not exist at the end of the period owes nothing; what it sends of its last
    days is accepted all the same. Otherwise an accepted return takes precedence over a
    waiver, and a waiver over a rejected or held submission.
    """
    accepted = form_returns.returns.get((branch.code, period))
    refused = form_returns.last_refused.get((branch.code, str(period)))
    entry = accepted.entry if accepted else refused
    if not branch.is_active(period) and not _reports_in_part(form_returns, branch, period):
        has_begun = branch.founded is None or branch.founded <= period.end
        state = "ended" if has_begun else "not_yet"
    elif accepted:
        state = _accepted_state(inputs, form_returns, form, accepted, branch)
    elif _is_waived(inputs, form, branch, period):
        state = "waived"
    elif not inputs.register.rules.profile.has_begun(period):
        state = "unused"
    elif refused:
        state = refused.verdict.value
    else:
        state = "not_due" if inputs.as_of <= form.due_in(period).last_day(period) else "missing"
    return ExpectedReturn(branch.code, form.form, period, state, entry.id if entry else None)


def _reports_in_part(form_returns: _FormReturns, branch: Organisation, period: Period) -> bool:
    """Whether a branch that ended within the month sent a return of its last days."""
    may_report = branch.may_report(period) and not branch.is_active(period)
    return may_report and (branch.code, period) in form_returns.returns


def _accepted_state(
    inputs: ReportInputs,
    form_returns: _FormReturns,
    form: Form,
    accepted: AcceptedReturn,
    branch: Organisation,
) -> str:
    """Return nil, late or reported; of a list that it is one.

    The day of the *first* accepted return decides: a branch that corrects in January what it sent
    in time in December is not late. Nor is one that owes none, as it ended within the month, or
    before the office began.
    """
    entry = accepted.entry
    if entry.is_sketch:
        return SKETCH
    is_newest = entry.version == form.version
    version = None if is_newest else inputs.catalogue.form(form.form, entry.version)
    if _declares_nil(version or form, accepted):
        return "nil"
    period = Period.parse(str(entry.period))
    received = form_returns.first_accepted[branch.code, str(period)]
    is_owed = branch.is_active(period) and inputs.register.rules.profile.has_begun(period)
    has_deadline = is_owed and (form.due or form.dues)
    is_late = has_deadline and _is_late(form.due_in(period), accepted, received)
    return "late" if is_late else "reported"


def _is_late(due: Due, accepted: AcceptedReturn, received: date) -> bool:
    """Whether a return first received on a day came too late.

    Due 5 days after November: 5 December is in time, 6 December is late. Due after each meeting:
    late if one of its meetings is. A meeting after that day came with the return in force.
    """
    period = Period.parse(str(accepted.entry.period))
    days = [row.values.get("held_on") for row in accepted.section_rows(MEETINGS)]
    meetings = [day for day in days if isinstance(day, date)]
    if due.counted == "period" or not meetings:
        return received > due.last_day(period)
    in_force = date.fromisoformat(accepted.entry.received[:10])
    return any(
        (received if day <= received else in_force) > day + timedelta(days=due.day)
        for day in meetings
    )


def _declares_nil(form: Form, accepted: AcceptedReturn) -> bool:
    for path in (section.nil for section in form.sections if section.nil):
        section, _, field = path.partition(".")
        if any(row.values.get(field) == NIL for row in accepted.section_rows(section)):
            return True
    return False


def _is_waived(inputs: ReportInputs, form: Form, branch: Organisation, period: Period) -> bool:
    """Whether a waiver is in force or the form is not for the branch's type.

    A waiver of a longer period (the year 2019) covers the months within it.
    """
    if branch.type not in form.reporters:
        return True
    return bool(inputs.register.waiver(form.form, branch.code, period, inputs.as_of))


def worst_state(period: Period, branch: str, matrix: Completeness | None) -> str:
    """Return the worst state of the period's months; ``waived`` if none of them is owed."""
    if matrix is None:
        return "missing"
    cells = (matrix.cells.get((branch, month)) for month in period.months())
    states = [cell.state for cell in cells if cell]
    return min(states, key=_WORST_FIRST.index, default="waived")
