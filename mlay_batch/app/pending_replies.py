"""Which files are owed an answer and who is to be reminded: `reply` writes it, `status` counts it.

A branch whose return was given back has that return in hand. It is not reminded until the day by
which the correction was asked for, and then of the correction: told in one letter what is wrong
with a return and in the next that none was received, nobody knows which of the two to believe.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from mlay_batch.core.period import Period
from mlay_batch.figures.completeness import due_date
from mlay_batch.figures.report_records import Completeness
from mlay_batch.ledger import SentMail
from mlay_batch.model.records import LedgerEntry, Verdict
from mlay_batch.model.register import Register
from mlay_batch.schema import Catalogue, Form
from mlay_batch.schema.model import Due

# Nobody could open it, but whoever sent it believes to have sent the return: it is to be sent again
# in another way, not to be filled in anew.
UNREADABLE_CODES = frozenset({"N04", "N06", "N07", "N08", "N12", "N15", "R03", "R04", "R08", "R09"})


def files_to_answer(
    entries: Sequence[LedgerEntry], period: Period, register: Register
) -> tuple[LedgerEntry, ...]:
    """Return the files to be answered with those of `period`, in the order they were received.

    That is what belongs to it, and whatever else came in since it ended: a correction of September
    that arrives in December is answered with November's. Answered is every accepted return, and
    every refused one that no good one of its branch has overtaken, but for what a stranger sent in
    a branch's name; of files that are no returns those nobody could open, where the mail came from
    a registered address.
    """
    return tuple(
        entry
        for entry in entries
        if _belongs_to(entry, period) and _needs_answer(entry, entries, register)
    )


def is_unreadable(entry: LedgerEntry) -> bool:
    """Whether a file is to be sent again because it could not be opened."""
    return any(finding.code in UNREADABLE_CODES for finding in entry.findings)


def _belongs_to(entry: LedgerEntry, period: Period) -> bool:
    came_since = entry.received[:10] > period.end.isoformat()
    return entry.period == str(period) or came_since


def _needs_answer(entry: LedgerEntry, entries: Sequence[LedgerEntry], register: Register) -> bool:
    if entry.verdict is Verdict.ACCEPTED:
        return True
    branch = branch_of(entry, register)
    unreadable = entry.verdict is Verdict.IGNORED and is_unreadable(entry) and bool(branch)
    rejected = entry.verdict is Verdict.REJECTED and not entry.is_from_stranger
    if not rejected and not unreadable:
        return False
    if entry.key:
        return not entry.has_later_acceptance(entries)
    return not any(
        other.id > entry.id and other.branch == branch and other.verdict is Verdict.ACCEPTED
        for other in entries
    )


def branch_of(entry: LedgerEntry, register: Register) -> str | None:
    """Return whose file it is: as it says itself, else whose registered address it came from."""
    day = date.fromisoformat(entry.received[:10])
    branch = entry.branch or register.mail_owner(entry.sender or "", day)
    return branch if branch in register.by_code else None


@dataclass(frozen=True)
class Correction:
    """A file its branch was asked to send again, corrected, `until` that day inclusive.

    `until` may be the day a later period is due; what is missing of another period waits no longer
    than for the days a correction is given, `soonest`.
    """

    entry: LedgerEntry
    branch: str
    until: date
    soonest: date

    def has_time_left(self, period: Period, as_of: date) -> bool:
        """Whether the branch has time left for it, seen from what is missing of `period`."""
        same_period = self.entry.period in (None, str(period))
        return as_of <= (self.until if same_period else self.soonest)


@dataclass(frozen=True)
class Reminder:
    """A branch to be reminded of a return of `form`, or of the correction it still owes."""

    form: Form
    branch: str
    correction: Correction | None = None


def right_form(
    entry: LedgerEntry, branch: str, period: Period, register: Register, catalogue: Catalogue
) -> Form | None:
    """Return the form that holds in `period`: of the name read, else what the branch owes."""
    if entry.form:
        return catalogue.form_for(entry.form, period)
    type_ = register.by_code[branch].type
    names = dict.fromkeys(form.form for form in catalogue.forms)
    candidates = (catalogue.form_for(name, period) for name in names)
    return next(
        (f for f in candidates if f and f.period == period.kind and type_ in f.reporters), None
    )


def correction(
    entry: LedgerEntry,
    branch: str,
    period: Period,
    register: Register,
    catalogue: Catalogue,
    asked_on: date,
) -> Correction:
    """Return until when a file answered with those of `period` is to be sent again: never before
    the day the return itself was due.

    Asked for on 3 December with 3 days for corrections, due on the 5th: until the 6th.
    """
    own_period = Period.parse(entry.period) if entry.period else None
    form = right_form(entry, branch, own_period or period, register, catalogue)
    deadlines = (form and form.due) or Due(0)
    soonest = asked_on + timedelta(days=deadlines.correct)
    until = max(soonest, due_date(form, own_period)) if form and own_period else soonest
    return Correction(entry, branch, until, soonest)


def corrections(
    entries: Sequence[LedgerEntry],
    letters: Iterable[SentMail],
    period: Period,
    register: Register,
    catalogue: Catalogue,
    as_of: date,
) -> tuple[Correction, ...]:
    """Return what is to be sent again of the files answered with those of `period`.

    A file without a letter yet is asked for again with the next letters, those of the day `as_of`.
    """
    letter_days = _last_letter_days(letters)
    return tuple(
        correction(entry, branch, period, register, catalogue, letter_days.get(entry.id, as_of))
        for entry in files_to_answer(entries, period, register)
        if entry.verdict is not Verdict.ACCEPTED and (branch := branch_of(entry, register))
    )


def _last_letter_days(letters: Iterable[SentMail]) -> dict[int, date]:
    """Return the date of the last letter about each delivery."""
    days: dict[int, date] = {}
    for letter in letters:
        for item in letter.items:
            if item.delivery is not None and letter.day:
                days[item.delivery] = max(letter.day, days.get(item.delivery, letter.day))
    return days


def outstanding_branches(
    form_completeness: Completeness, period: Period, register: Register
) -> Iterator[tuple[str, str]]:
    """Yield each branch of the register whose return of `period` is missing or refused, with that
    state.
    """
    for (branch, cell_period), cell in form_completeness.cells.items():
        if (
            cell_period == period
            and cell.state in ("missing", "rejected")
            and branch in register.by_code
        ):
            yield branch, cell.state


def reminders(
    completeness: Iterable[Completeness],
    period: Period,
    requests: Sequence[Correction],
    register: Register,
    catalogue: Catalogue,
    as_of: date,
) -> Iterator[Reminder]:
    """Yield who is to be reminded of `period` as of that day.

    Whoever hands in through a level between is reminded by that one. A file that a committee sent
    may hold the returns of its cells; one whose period nobody can tell may be the one missing.
    """
    for form_completeness in completeness:
        form = catalogue.form_for(form_completeness.form, period)
        if form is None:
            continue
        for branch, state in outstanding_branches(form_completeness, period, register):
            same_form = [request for request in requests if request.entry.form in (None, form.form)]
            in_progress = [
                request for request in same_form if register.is_within(branch, request.branch)
            ]
            if any(request.has_time_left(period, as_of) for request in in_progress):
                continue
            own_requests = [
                request
                for request in same_form
                if request.branch == branch and request.entry.period in (None, str(period))
            ]
            if own_requests or state == "missing":
                yield Reminder(form, branch, own_requests[-1] if own_requests else None)
