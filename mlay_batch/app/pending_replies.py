"""Decides which files need an answer and which branches a reminder, for `reply` and `status`.

A branch whose return was sent back is reminded only after the day set for the correction, and then
of the correction: a letter that no return was received would contradict the first.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, timedelta

from mlay_batch.checks.answers import UNANSWERED
from mlay_batch.core.findings import Finding
from mlay_batch.core.period import Period
from mlay_batch.figures.report_records import Completeness
from mlay_batch.ledger import SentMail
from mlay_batch.model.records import SENDER_DOUBT_CODES, LedgerEntry, Verdict
from mlay_batch.model.register import Register
from mlay_batch.schema import Catalogue, Form
from mlay_batch.schema.model import Due

# Nothing is owed, or not yet: no form would help.
_NOT_OWED_CODES = frozenset({"I05", "I07", "I08", "I12", "I13", "I51", "I52"})
_VERSION_CODE = "I06"  # nor where no version of the form holds for the period
_OFFICE_REFUSAL, _CLOSED_CODES = "L11", frozenset({"L12", "L13"})
# What only the office decides on: whether an older or a doubtful file counts.
_OFFICE_CODES = _CLOSED_CODES | SENDER_DOUBT_CODES | {"L06", "L07", "L08"}

# Findings of files that could not be opened or read: the sender believes to have sent the return,
# so it is to be sent again in another way, not filled in anew.
UNREADABLE_CODES = frozenset(
    {"N04", "N06", "N07", "N08", "N10", "N12", "N15", "N16", "N17", "N18", "N19", "N23"}
    | {"R03", "R04", "R08", "R09", "R38"}
)
# Findings of documents without figures (PDF, photo, text): meant as the return where none came.
DOCUMENT_CODES = frozenset({"N01", "N02", "N03"})
_BOUNCE_CODES = frozenset({"N20"})
# Findings of what often lies beside the return in its mail: then it needs no word.
_BESIDE_CODES = DOCUMENT_CODES | {"N16", "N17", "N18", "N23"}

_Mail = tuple[str | None, str]


def files_to_answer(
    entries: Sequence[LedgerEntry], period: Period, register: Register, *, own_only: bool = False
) -> tuple[LedgerEntry, ...]:
    """Return the files to be answered with those of `period`, in order of receipt.

    These are the files of the period, and files received since its end (unless `own_only`): a
    correction of September that arrives in December is answered with November's. Among them are
    answered: accepted returns; refused ones that no accepted one of the branch has superseded,
    unless a stranger sent them in its name; from a registered address also unreadable files, and
    documents where neither their mail nor the branch has sent a return. Not those that a person
    dismissed.
    """
    read_mails = _read_mails(entries)
    files = [entry for entry in entries if _belongs_to(entry, period, own_only=own_only)]
    reporting = {
        entry.branch
        for entry in files
        if entry.verdict is Verdict.ACCEPTED and entry.period == str(period)
    }
    return tuple(
        entry
        for entry in files
        if not _lies_beside(entry, read_mails)
        and _needs_answer(entry, entries, register, reporting)
    )


def unreached_addresses(
    entries: Sequence[LedgerEntry], period: Period, register: Register, as_of: date
) -> frozenset[str]:
    """Return the registered addresses that a letter did not reach since `period` began.

    An address that the register no longer has on `as_of` is settled.
    """
    addresses = (
        address
        for entry in entries
        if entry.received[:10] >= period.start.isoformat()
        for finding in answer_findings(entry, _BOUNCE_CODES)
        for address in str(finding.params.get("address")).split(", ")
    )
    return frozenset(
        address
        for address in addresses
        if any(owner.is_in_force(as_of) for owner in register.by_mail.get(address, ()))
    )


def is_unreadable(entry: LedgerEntry) -> bool:
    """Whether a file must be sent again because it could not be opened."""
    return bool(answer_findings(entry, UNREADABLE_CODES))


def must_explain(entry: LedgerEntry) -> bool:
    """Whether a file is held only until its branch has answered to warnings."""
    codes = {finding.code for finding in entry.findings}
    is_held = entry.verdict is Verdict.HELD and UNANSWERED in codes
    return is_held and codes.isdisjoint(_OFFICE_CODES)


def answer_findings(
    entry: LedgerEntry, codes: frozenset[str] = UNREADABLE_CODES | DOCUMENT_CODES
) -> tuple[Finding, ...]:
    """Return the findings that say why a file is no return that can be read."""
    return tuple(finding for finding in entry.findings if finding.code in codes)


def mail_of(entry: LedgerEntry) -> _Mail:
    """Return what the files of one mail have in common: its sender and id, or where it lies."""
    ids = (entry.thread or "").split()
    return entry.sender, ids[-1] if ids else entry.origin.partition("!")[0]


def is_declined(entry: LedgerEntry, entries: Iterable[LedgerEntry]) -> bool:
    """Whether a refused file is not to be sent again.

    So it is where nothing is owed, and where the office refused what came too late or beside the
    return that counts.
    """
    codes = {finding.code for finding in entry.findings}
    if _OFFICE_REFUSAL not in codes:
        return bool(reasons_to_decline(entry))
    return bool(codes & _CLOSED_CODES) or any(
        other.is_current and other.key == entry.key for other in entries if entry.key
    )


def reasons_to_decline(entry: LedgerEntry) -> tuple[Finding, ...]:
    """Return the findings that say why nothing is owed, or that the office refused the file."""
    return tuple(
        finding
        for finding in entry.findings
        if finding.code in _NOT_OWED_CODES
        or finding.code == _OFFICE_REFUSAL
        or (finding.code == _VERSION_CODE and not finding.params.get("right"))
    )


def _belongs_to(entry: LedgerEntry, period: Period, *, own_only: bool) -> bool:
    came_since = not own_only and entry.received[:10] > period.end.isoformat()
    return not entry.is_purged and (entry.period == str(period) or came_since)


def _needs_answer(
    entry: LedgerEntry,
    entries: Sequence[LedgerEntry],
    register: Register,
    reporting: AbstractSet[str | None],
) -> bool:
    """Whether a file needs an answer; `reporting` are the branches with a return of the period."""
    if entry.verdict is Verdict.ACCEPTED:
        return True
    branch = branch_of(entry, register)
    if entry.is_dismissed:
        return False
    if entry.verdict is Verdict.IGNORED:
        is_known = branch or register.mail_owners(entry.sender or "", _received_day(entry))
        if not is_known or not answer_findings(entry):
            return False
        if not is_unreadable(entry):  # a document: it may go with a return that came before
            return branch is not None and not any(
                code and register.is_within(code, branch) for code in reporting
            )
    elif (
        entry.verdict is not Verdict.REJECTED and not must_explain(entry)
    ) or entry.is_from_stranger:
        return False
    if entry.key:
        return not entry.has_later_acceptance(entries)
    return not any(
        other.id > entry.id and other.branch == branch and other.verdict is Verdict.ACCEPTED
        for other in entries
    )


def _is_returned(entry: LedgerEntry) -> bool:
    """Whether a file goes back to its branch: refused for what it says, or to be explained."""
    is_refused = entry.verdict is Verdict.REJECTED and not entry.is_from_stranger
    return is_refused or must_explain(entry)


def files_to_decide_on(
    entries: Sequence[LedgerEntry], register: Register
) -> tuple[LedgerEntry, ...]:
    """Return the files that are held, or that nobody knows whom to answer for.

    Not those that had to be explained, where a later one has been accepted.
    """
    read_mails = _read_mails(entries)
    return tuple(
        entry
        for entry in entries
        if (
            entry.verdict is Verdict.HELD
            and not (must_explain(entry) and entry.has_later_acceptance(entries))
        )
        or (
            entry.verdict is not Verdict.ACCEPTED  # it counts, whatever the register has lost
            and not entry.is_purged
            and branch_of(entry, register) is None
            and not _lies_beside(entry, read_mails)
            and _needs_answer(entry, entries, register, frozenset())
        )
    )


def _read_mails(entries: Iterable[LedgerEntry]) -> frozenset[_Mail]:
    """Return the mails that brought more than what is ignored."""
    return frozenset(mail_of(entry) for entry in entries if entry.verdict is not Verdict.IGNORED)


def _lies_beside(entry: LedgerEntry, read_mails: AbstractSet[_Mail]) -> bool:
    """Whether a file needs no word, since the return came in the same mail."""
    return bool(answer_findings(entry, _BESIDE_CODES)) and mail_of(entry) in read_mails


def branch_of(entry: LedgerEntry, register: Register) -> str | None:
    """Return the branch of a file: the one that it or a person names, else the sender's."""
    owner = register.mail_owner(entry.sender or "", _received_day(entry))
    branch = entry.branch or entry.assigned or owner
    return branch if branch in register.reporter_by_code else None


def _received_day(entry: LedgerEntry) -> date:
    return date.fromisoformat(entry.received[:10])


@dataclass(frozen=True)
class Correction:
    """A file that its branch was asked to correct and send again."""

    entry: LedgerEntry
    branch: str
    until: date
    """Last day for it; may be the due day of a later period."""
    soonest: date
    """Last day by the days given for a correction; then other periods are reminded."""

    def has_time_left(self, period: Period, as_of: date) -> bool:
        """Whether the branch has time left, as regards what is missing of `period`."""
        same_period = self.entry.period in (None, str(period))
        return as_of <= (self.until if same_period else self.soonest)


@dataclass(frozen=True)
class Reminder:
    """A branch to be reminded of a return or of a correction.

    Attributes:
        form: form of the return, in the version of its period.
        branch: code of the organisation.
        correction: file it was asked to send again; None if the return is missing.
    """

    form: Form
    branch: str
    correction: Correction | None = None


def right_form(
    entry: LedgerEntry, branch: str, period: Period, register: Register, catalogue: Catalogue
) -> Form | None:
    """Return the form in force in `period`: the one the file was read as, else the one owed.

    Of a list it is the list, which says less and is corrected as such.
    """
    if entry.form and entry.is_sketch:
        return catalogue.form(entry.form, entry.version)
    if entry.form:
        return catalogue.form_for(entry.form, period)
    names = dict.fromkeys(form.form for form in catalogue.forms)
    candidates = (catalogue.form_for(name, period) for name in names)
    return next(
        (
            form
            for form in candidates
            if form and form.period == period.kind and _may_report(register, form, branch, period)
        ),
        None,
    )


def _may_report(register: Register, form: Form, branch: str, period: Period) -> bool:
    """Whether the form is one of the branch, or of the officer where slips are taken."""
    reporter = register.reporter_by_code[branch]
    is_taken = not form.is_by_officers or register.rules.takes_slips(period)
    return reporter.type in form.reporters and is_taken


def correction(
    entry: LedgerEntry,
    branch: str,
    period: Period,
    register: Register,
    catalogue: Catalogue,
    asked_on: date,
) -> Correction:
    """Return the correction of a file, due no earlier than the return itself.

    Asked for on 3 December with 3 days for corrections, due on the 5th: until the 6th; but until
    the lock day where that comes first, for what came later would be held.
    """
    own_period = Period.parse(entry.period) if entry.period else None
    form = right_form(entry, branch, own_period or period, register, catalogue)
    deadlines = form.due_in(own_period or period) if form else Due(0)
    soonest = asked_on + timedelta(days=deadlines.correct)
    until = max(soonest, deadlines.last_day(own_period)) if form and own_period else soonest
    lock_day = deadlines.lock_day(own_period or period)
    if lock_day and asked_on <= lock_day:
        until, soonest = min(until, lock_day), min(soonest, lock_day)
    return Correction(entry, branch, until, soonest)


def corrections(
    entries: Sequence[LedgerEntry],
    letters: Iterable[SentMail],
    period: Period,
    register: Register,
    catalogue: Catalogue,
    as_of: date,
    *,
    own_only: bool = False,
) -> tuple[Correction, ...]:
    """Return the corrections of the files answered with those of `period`.

    Files that are not to be sent again have none; a file that names no period has one in the period
    that its letter asked for. Without a letter, the request counts from `as_of`, the day of the
    next letters.
    """
    requests = _last_requests(letters)
    result = []
    for entry in files_to_answer(entries, period, register, own_only=own_only):
        branch = branch_of(entry, register)
        day, asked_period = requests.get(entry.verdict_key, (as_of, None))
        is_open = entry.verdict is not Verdict.ACCEPTED and not is_declined(entry, entries)
        is_asked_here = entry.period or asked_period in (None, str(period))
        if branch and is_open and is_asked_here:
            result.append(correction(entry, branch, period, register, catalogue, day))
    return tuple(result)


def _last_requests(letters: Iterable[SentMail]) -> dict[str, tuple[date, str | None]]:
    """Return date and period of the last letter about each verdict, by its key."""
    requests: dict[str, tuple[date, str | None]] = {}
    for letter in letters:
        for topic in letter.topics:
            if topic.entry_id is not None and letter.day:
                verdict, request = topic.key.split("/")[1], (letter.day, topic.period)
                requests[verdict] = max(
                    request, requests.get(verdict, request), key=lambda pair: pair[0]
                )
    return requests


def outstanding_branches(
    form_completeness: Completeness,
    period: Period,
    register: Register,
    states: Container[str] = ("missing", "rejected"),
) -> Iterator[tuple[str, str]]:
    """Yield each registered branch whose return of `period` is in one of the states, and which."""
    for (branch, cell_period), cell in form_completeness.cells.items():
        if cell_period == period and cell.state in states and branch in register.by_code:
            yield branch, cell.state


def reminders(
    completeness: Iterable[Completeness],
    period: Period,
    requests: Sequence[Correction],
    register: Register,
    catalogue: Catalogue,
    as_of: date,
) -> Iterator[Reminder]:
    """Yield the reminders for `period` as of that day.

    A branch that reports through another level is reminded by that level. A file from a committee
    may hold the returns of its cells; one without a known period may be the missing one.
    """
    for form_completeness in completeness:
        form = catalogue.form_for(form_completeness.form, period)
        if form is None:
            continue
        states = ("missing", "rejected", "held")
        for branch, state in outstanding_branches(form_completeness, period, register, states):
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
