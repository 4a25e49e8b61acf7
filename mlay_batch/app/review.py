"""Records a person's decision on a file that is held, or of nobody knows whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from mlay_batch import __version__
from mlay_batch.app.ingest import check_files, compare_with_ledger
from mlay_batch.app.office import Office
from mlay_batch.app.pending_replies import files_to_decide_on, is_unreadable
from mlay_batch.checks.answers import UNANSWERED
from mlay_batch.checks.identity import assignment, named_branches
from mlay_batch.checks.verdict import accept_held
from mlay_batch.core.findings import Finding, Place, Severity
from mlay_batch.errors import UsageError
from mlay_batch.ledger import Archive, Ledger, Ruling, Rulings, lock
from mlay_batch.model.branch_lookup import find_branch
from mlay_batch.model.records import (
    DISMISSED,
    SENDER_DOUBT_CODES,
    UNSURE,
    CheckedFile,
    Decision,
    LedgerEntry,
    Run,
    Verdict,
)

_SETTLED = frozenset({"L13", "L17", UNANSWERED})  # ask for the decision that an acceptance is


class ReviewOutcome(StrEnum):
    """A decision on a held file."""

    ACCEPT = "accept"
    REFUSE = "refuse"


@dataclass(frozen=True)
class ReviewResult:
    """A person's decision on a file, and what it led to.

    Attributes:
        ruling: the decision as recorded.
        decision: verdict and findings after it.
        entry: ledger entry after it.
    """

    ruling: Ruling
    decision: Decision
    entry: LedgerEntry


def list_undecided(office: Office) -> tuple[LedgerEntry, ...]:
    """Return the files held, or of nobody knows whom, oldest first. Raises LedgerError."""
    with Ledger.open(office.workspace.ledger, read_only=True) as ledger:
        return files_to_decide_on(ledger.entries(), office.register)


@dataclass(frozen=True)
class Review:
    """A person's decision on a file.

    Attributes:
        number: number of the file's ledger entry.
        branch: code or name of the branch whose it is, where the file does not say so.
        who: the person.
        decided: the time (ISO, with offset).
        why: the reason; blanks around it do not count.
        as_of: day for which it is judged again.
    """

    number: int
    outcome: ReviewOutcome
    who: str
    decided: str
    why: str
    as_of: date
    branch: str | None = None


def review_file(office: Office, review: Review, holder: str) -> ReviewResult:
    """Record a decision as `record_review` does. Raises what it raises, and LockedError."""
    workspace = office.workspace
    with lock(workspace.root, holder), Ledger.open(workspace.ledger) as ledger:
        return record_review(office, ledger, review)


def record_review(office: Office, ledger: Ledger, review: Review) -> ReviewResult:
    """Record a person's decision on a file, and the resulting verdict.

    The file is held, or nobody knows whose it is. Accepting checks the archived original again with
    its sender trusted, and as a return of `branch` where it does not say whose it is; errors still
    refuse it, and it may be held again for another reason. Refusing a file of nobody dismisses it.
    The entry keeps its number, so that the verdicts add up to the files received; the ruling
    records its former verdict. The workspace is locked. Raises UsageError (``usage.why``, and as
    `find_branch` and `_check_branch` do, ``ledger.not_held``).
    """
    why, register = review.why.strip(), office.register
    if not why:
        raise UsageError("usage.why")
    entry = _undecided_entry(office, ledger, review.number)
    branch = review.branch and find_branch(review.branch, register.reporter_by_code.values())
    checked = _check_again(office, ledger, entry, review.as_of, branch)
    params = {"who": review.who, "why": why}
    if review.outcome is ReviewOutcome.REFUSE:
        decision = _refusal(checked, params, entry)
    else:
        _check_branch(office, checked, entry, branch)
        decision = _acceptance(checked, params, ledger, entry)
    ruling = Ruling(
        review.number,
        review.outcome.value,
        review.who,
        review.decided,
        why,
        entry.verdict,
        tuple(finding.code for finding in entry.findings),
        branch or entry.assigned,
    )
    hashes = office.register_sha256, office.schemas_sha256
    run = Run(review.as_of, review.outcome.value, __version__, *hashes)
    return ReviewResult(ruling, decision, Rulings(ledger).record(run, ruling, decision))


def _undecided_entry(office: Office, ledger: Ledger, number: int) -> LedgerEntry:
    """Return the entry of that number; UsageError ``ledger.not_held`` if nothing is to decide."""
    for entry in files_to_decide_on(ledger.entries(), office.register):
        if entry.id == number:
            return entry
    raise UsageError("ledger.not_held", number=number)


def _check_again(
    office: Office, ledger: Ledger, entry: LedgerEntry, as_of: date, branch: str | None
) -> CheckedFile:
    """Check a file's original with its sender trusted; one nobody opens stays as it was."""
    branch = branch or entry.assigned
    file = replace(entry.as_file(), vouched_for=True, assigned=branch)
    if entry.verdict is Verdict.IGNORED and is_unreadable(entry):
        notes = (assignment(branch),) if branch else ()
        return CheckedFile(file, findings=(*notes, *entry.findings))
    read_bytes = Archive(office.workspace.archive).read
    checked_files = tuple(check_files(office, [file], read_bytes, as_of))
    (checked,) = compare_with_ledger(checked_files, ledger)
    return checked


def _check_branch(
    office: Office, checked: CheckedFile, entry: LedgerEntry, branch: str | None
) -> None:
    """Check the branch that a person named.

    Raises UsageError ``review.whose`` where it is missing, ``review.other`` where the file names
    another one.
    """
    submission, catalogue = checked.submission, office.intake_catalogue
    named = named_branches(submission, catalogue, office.register) if submission else frozenset()
    is_unsure = any(finding.code == UNSURE for finding in entry.findings)
    if branch is None and (entry.verdict is not Verdict.HELD or is_unsure):
        raise UsageError("review.whose", number=entry.id)
    if branch and named and branch not in named:
        raise UsageError("review.other", number=entry.id, named=", ".join(sorted(named)))


def _refusal(checked: CheckedFile, params: Mapping[str, str], entry: LedgerEntry) -> Decision:
    """Return the refusal; it retains a doubt about the sender, so that nobody is answered.

    What was not held is refused already: it is dismissed, as are the rows of nobody in a list.
    """
    is_unsure = any(finding.code == UNSURE for finding in entry.findings)
    if entry.verdict is not Verdict.HELD or is_unsure:
        note = Finding(DISMISSED, Severity.WARNING, Place(checked.file.name), params)
        verdict = Verdict.REJECTED if is_unsure else entry.verdict
        return Decision(checked, verdict, (note, *entry.findings))
    refusal = Finding("L11", Severity.ERROR, Place(checked.file.name), params)
    doubts = (finding for finding in entry.findings if finding.code in SENDER_DOUBT_CODES)
    others = (finding for finding in checked.findings if finding.code != UNANSWERED)
    return Decision(checked, Verdict.REJECTED, (refusal, *doubts, *others))


def _acceptance(
    checked: CheckedFile, params: Mapping[str, str], ledger: Ledger, entry: LedgerEntry
) -> Decision:
    if entry.verdict is Verdict.IGNORED and is_unreadable(entry):
        return Decision(checked, entry.verdict, checked.findings)
    keys = [checked.identity.key] if checked.identity else []
    decision = accept_held(checked, ledger.snapshot_for([entry.sha256], keys), entry)
    if decision.verdict is not Verdict.ACCEPTED:
        return decision
    approval = Finding("L10", Severity.WARNING, Place(checked.file.name), params)
    others = (finding for finding in decision.findings if finding.code not in _SETTLED)
    return replace(decision, findings=(approval, *others))
