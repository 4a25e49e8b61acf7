"""Shows which returns have come in, and what to do next, from the ledger alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from mlay_batch.app.load_inputs import load_inputs
from mlay_batch.app.office import Office
from mlay_batch.app.pending_replies import (
    Reminder,
    branch_of,
    corrections,
    files_to_answer,
    files_to_decide_on,
    is_declined,
    mail_of,
    must_explain,
    outstanding_branches,
    reminders,
    unreached_addresses,
)
from mlay_batch.core.messages import text
from mlay_batch.core.period import Period
from mlay_batch.core.processes import pause_garbage_collection
from mlay_batch.figures.completeness import completeness
from mlay_batch.figures.report_records import (
    NOT_OWED,
    OPEN,
    SKETCH,
    Completeness,
    ExpectedReturn,
    ReportInputs,
)
from mlay_batch.ledger import Closing, Closings, Ledger, MailLog
from mlay_batch.model.records import LedgerEntry, Verdict
from mlay_batch.model.register import Organisation


@dataclass(frozen=True)
class Status:
    """The matrix branch × period of every form, and the number of files of each verdict.

    `todo` counts the remaining work in the order to do it, without zeros: ``register`` (1 where
    nobody is in it), ``decide`` (files held, or of nobody knows whom; not where
    all of them wait for words of their branches), ``answer`` (letters not
    written), ``unreached`` (registered addresses that a bounce names), ``remind`` (missing after
    the due day, or an overdue correction), ``close`` (1 where the period can be closed),
    ``months`` (of a longer period: those that lack returns), ``fix`` (branches that have
    time left to correct or resend), ``wait`` (not due yet).
    """

    period: Period
    forms: tuple[Completeness, ...]
    counts: Mapping[Verdict, int]
    todo: Mapping[str, int]
    closing: Closing | None = None
    """Set where the period is closed."""
    undecided: tuple[LedgerEntry, ...] = ()
    """The files that wait for the office, or for the words of their branch."""
    unreached: tuple[str, ...] = ()
    """The registered addresses that a letter did not reach."""
    due: Mapping[str, date] = field(default_factory=dict)
    """The last day for the returns of the period, by form."""

    def units(self, form: str, state: str) -> tuple[Organisation, ...]:
        """Return those whose return of the period is in a state, in register order."""
        return tuple(
            branch
            for matrix in self.forms
            if matrix.form == form and self.period in matrix.periods
            for branch in matrix.branches
            if matrix.cell(branch.code, self.period).state == state
        )


@pause_garbage_collection()
def status(office: Office, period: Period, as_of: date) -> Status:
    """Return the status up to `period`. Reads the ledger only; raises LedgerError."""
    with Ledger.open(office.workspace.ledger, read_only=True) as ledger:
        inputs, mail_log = load_inputs(office, ledger, period, as_of), MailLog(ledger)
        entries, register = inputs.ledger_entries, office.register
        letter_states = mail_log.states()
        forms, closing = completeness(inputs), Closings(ledger).in_force().get(period)
        states = Counter(cell.state for matrix in forms for cell in matrix.of_period(period))
        due_corrections = corrections(
            entries, mail_log.letters(), period, register, office.catalogue, as_of
        )
        due_reminders = (
            ()
            if closing
            else tuple(reminders(forms, period, due_corrections, register, office.catalogue, as_of))
        )
        unreached = unreached_addresses(entries, period, register, as_of)
        undecided = files_to_decide_on(entries, register)
        todo = {
            "register": int(not register.has_branches),
            "decide": 0 if all(map(must_explain, undecided)) else len(undecided),
            "answer": _count_answers(inputs, period, letter_states),
            "unreached": len(unreached),
            "remind": len(due_reminders),
            "close": int(as_of > period.end and not closing and _is_complete(forms, period)),
            "months": 0 if closing else _count_open_months(forms, period),
            "fix": 0 if closing else _count_awaited(inputs, forms, due_reminders),
            "wait": states["not_due"],
        }
        open_matters = {key: count for key, count in todo.items() if count}
        return Status(
            period,
            forms,
            ledger.counts(),
            open_matters,
            closing,
            undecided,
            tuple(sorted(unreached)),
            _due_days(inputs),
        )


def listed_words(cells: Iterable[ExpectedReturn], lang: str) -> str:
    """Return how many returns a list alone tells of; empty if none."""
    listed = sum(cell.state == SKETCH for cell in cells)
    return text("worklist", "state.listed", lang, count=listed) if listed else ""


def _count_open_months(forms: Sequence[Completeness], period: Period) -> int:
    """Return in how many months of a longer period a return is missing, refused or held."""
    months = period.months() if period.length > 1 else ()
    open_states = set(OPEN) - {"not_due"}
    states = ({cell.state for form in forms for cell in form.of_period(m)} for m in months)
    return sum(not open_states.isdisjoint(month_states) for month_states in states)


def _is_complete(forms: Sequence[Completeness], period: Period) -> bool:
    """Whether returns are owed for a period or its months, and none is outstanding."""
    cells = (c for p in {period, *period.months()} for matrix in forms for c in matrix.of_period(p))
    states = {cell.state for cell in cells}
    return bool(states.difference(NOT_OWED)) and states.isdisjoint(OPEN)


def _due_days(inputs: ReportInputs) -> Mapping[str, date]:
    period, catalogue = inputs.period, inputs.catalogue
    forms = (catalogue.form_for(name, period) for name in {f.form for f in catalogue.forms})
    return {f.form: f.due_in(period).last_day(period) for f in forms if f}


def _count_answers(inputs: ReportInputs, period: Period, letter_states: Container[str]) -> int:
    """Return the number of answers without a letter; what is ignored has one for its mail."""
    files = files_to_answer(inputs.ledger_entries, period, inputs.register)
    return len(
        {
            mail_of(entry) if entry.verdict is Verdict.IGNORED else entry.id
            for entry in files
            if entry.answer_key not in letter_states and branch_of(entry, inputs.register)
        }
    )


def _count_awaited(
    inputs: ReportInputs, forms: Sequence[Completeness], due_reminders: Sequence[Reminder]
) -> int:
    """Return how many returns of the period are to come without a reminder, in time."""
    period, entries = inputs.period, inputs.ledger_entries
    reminded = {(reminder.form.form, reminder.branch) for reminder in due_reminders}
    declined = {
        entry.id
        for entry in entries
        if entry.verdict is Verdict.REJECTED and is_declined(entry, entries)
    }
    return sum(
        (matrix.form, branch) not in reminded
        and matrix.cell(branch, period).delivery not in declined
        for matrix in forms
        for branch, _ in outstanding_branches(matrix, period, inputs.register)
    )
