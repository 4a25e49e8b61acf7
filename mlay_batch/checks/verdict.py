"""Decides on each file: accepted, rejected, duplicate, held or ignored. Pure.

Files are decided in the order they were received, each against the ledger and the files decided
before it. So the verdicts do not depend on how many runs the same files come in.

================================================  =========  ====
no return at all (a picture, a mail without file)  ignored    N..
the same bytes as an earlier file                  duplicate  L01 of the return that counts,
                                                              L02 of a refused one, L03 of a
                                                              held one
  … of a return superseded since                   held       L06
its sender in doubt                                held       I20, I21, I22
of a list, its branch in doubt                     held       I41
refused by a finding                               rejected
the same values as the return that counts          duplicate  L04
  … as one superseded since                        held       L06
nothing yet for this form, branch and period       accepted
received later than the return that counts         accepted   L05 supersedes it
received earlier than it                           held       L07
received at the same moment, other values          held       L08, all of them
of a list, where the branch's own return counts    held       L17
  … which says the same, or replaced such a list   duplicate  L18
a return of its own, where a list counts           accepted   L19 supersedes it
would be accepted, but its period is closed        held       L12 closed, L13 locked
  … but an answer it must give is missing          held       L15
================================================  =========  ====

Bytes are decided anew where what their verdict rested on has changed: rejected ones that now pass,
since the register may have been wrong; ignored ones that come again with the name of a workbook;
ones held for their sender that come again from an address that may send them; ones that name no
return from another sender, who is owed an answer too. Empty files, and files that could not be
read, are equal to no other. An entry that is judged anew (`entry_id`) is
decided as if it had just come, at its own time of receipt. A person decides on held files;
`accept_held` then accepts them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from mlay_batch.checks.answers import UNANSWERED
from mlay_batch.core.findings import Finding, Param, Place, Severity
from mlay_batch.model.records import (
    UNSURE,
    CheckedFile,
    Decision,
    IncomingFile,
    LedgerEntry,
    LedgerSnapshot,
    Verdict,
    has_sender_doubt,
)
from mlay_batch.model.sketches import is_within

ReturnKey = tuple[str, str, str]
_HOLDING_CODES = ("L12", "L13", UNANSWERED)


def receipt_order(file: IncomingFile) -> tuple[datetime, str, str]:
    """Return the key by which files are decided: time received, then name and hash.

    Raises ValueError for a time of receipt that is no ISO time; one without a zone is UTC.
    """
    return _receipt_time(file.received), file.name, file.sha256


def decide(batch: Sequence[CheckedFile], snapshot: LedgerSnapshot) -> tuple[Decision, ...]:
    """Return one decision for each of `batch`, in the same order.

    `refers_to` is the ledger entry repeated or superseded. It is None where that file is of the
    same batch and has no number yet; the finding's ``name`` names it.
    """
    snapshot = _leave_out(snapshot, {checked.file.entry_id for checked in batch})
    decider = _BatchDecider(snapshot, _find_disputes(batch, snapshot))
    order = sorted(range(len(batch)), key=lambda index: receipt_order(batch[index].file))
    decisions = {index: decider.decide(batch[index]) for index in order}
    return tuple(decisions[index] for index in range(len(batch)))


def accept_held(
    checked: CheckedFile, snapshot: LedgerSnapshot, held_entry: LedgerEntry
) -> Decision:
    """Return the decision on a held file that a person accepts.

    A file held for its sender, or for the branch it is of (`checked` must be free of that doubt),
    is decided like any other file, and may be held again for its time or values. A file held for
    those is accepted and supersedes the current return, unless a finding refuses it.
    """
    (decision,) = decide([checked], snapshot)
    is_closed = _has_finding(checked, "L12")  # the period must be opened again first
    was_unsure = any(finding.code == UNSURE for finding in held_entry.findings)
    if (
        decision.verdict is Verdict.HELD
        and not (is_closed or was_unsure)
        and not has_sender_doubt(held_entry.findings)
    ):
        return Decision(checked, Verdict.ACCEPTED, checked.findings)
    return decision


def _leave_out(snapshot: LedgerSnapshot, numbers: Set[int | None]) -> LedgerSnapshot:
    """Return the snapshot without the entries of those numbers, which are judged anew."""
    other_entries = {
        key: remaining
        for key, entries in snapshot.by_content.items()
        if (remaining := tuple(entry for entry in entries if entry.id not in numbers))
    }
    return LedgerSnapshot(other_entries, snapshot.by_key)


def _has_finding(checked: CheckedFile, *codes: str) -> bool:
    return any(finding.code in codes for finding in checked.findings)


def _receipt_time(received: str) -> datetime:
    moment = datetime.fromisoformat(received)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@dataclass
class _DecidedFile:
    """A file decided before, in an earlier run or in this one."""

    name: str
    received: str
    verdict: Verdict
    values_hash: str | None
    is_current: bool
    """Whether it is accepted and not superseded."""
    sender_in_doubt: bool = False
    id: int | None = None
    """None for a new file of this run."""
    sender: str | None = None
    gist: tuple[str, ...] | None = None
    """What it says, as of a return of its own; None of a list."""

    @classmethod
    def from_entry(cls, entry: LedgerEntry) -> _DecidedFile:
        return cls(
            entry.name,
            entry.received,
            entry.verdict,
            entry.values_hash,
            entry.is_current,
            has_sender_doubt(entry.findings),
            entry.id,
            entry.sender,
            None if entry.is_sketch else entry.gist,
        )


DisputedReceipts = frozenset[tuple[ReturnKey, datetime, bool]]


def _find_disputes(batch: Sequence[CheckedFile], snapshot: LedgerSnapshot) -> DisputedReceipts:
    """Return key and time of returns received at the same moment with different values.

    Lists are compared with lists only: against one a return of its own counts.

    Example: two files of one branch dropped into the folder together; neither is the later one.
    """
    hashes: dict[tuple[ReturnKey, datetime, bool], set[str]] = defaultdict(set)
    for checked in batch:
        key = None if checked.sender_in_doubt else _return_key(checked)
        if key and not checked.is_refused and checked.file.content_key not in snapshot.by_content:
            receipt = key, _receipt_time(checked.file.received), checked.is_sketch
            hashes[receipt].add(checked.values_hash)
    return frozenset(receipt for receipt, distinct in hashes.items() if len(distinct) > 1)


def _return_key(checked: CheckedFile) -> ReturnKey | None:
    return checked.identity.key if checked.identity else None


class _BatchDecider:
    """Decides one file after another and remembers the verdicts."""

    def __init__(self, snapshot: LedgerSnapshot, disputed: DisputedReceipts) -> None:
        self.disputed = disputed
        by_id: dict[int, _DecidedFile] = {}

        def decided_files(entries: Iterable[LedgerEntry]) -> list[_DecidedFile]:
            return [by_id.setdefault(entry.id, _DecidedFile.from_entry(entry)) for entry in entries]

        self.by_content = {
            key: decided_files(earlier) for key, earlier in snapshot.by_content.items()
        }
        self.by_key = {key: decided_files(earlier) for key, earlier in snapshot.by_key.items()}

    def decide(self, checked: CheckedFile) -> Decision:
        """Return the decision and remember it."""
        decision = self._decide_same_bytes(checked) or self._decide_new_bytes(checked)
        if decision.verdict is Verdict.ACCEPTED and _has_finding(checked, *_HOLDING_CODES):
            decision = Decision(checked, Verdict.HELD, checked.findings)
        if decision.verdict is Verdict.DUPLICATE:  # it waits for no answer
            findings = (f for f in decision.findings if f.code != UNANSWERED)
            decision = replace(decision, findings=tuple(findings))
        file, key = checked.file, _return_key(checked)
        accepted = decision.verdict is Verdict.ACCEPTED
        decided = _DecidedFile(
            file.name,
            file.received,
            decision.verdict,
            checked.values_hash,
            accepted,
            checked.sender_in_doubt,
            file.entry_id,
            file.sender,
            None if checked.is_sketch else checked.gist,
        )
        self.by_content.setdefault(file.content_key, []).append(decided)
        if accepted and key:
            if replaced := self._current_return(key):
                replaced.is_current = False
            self.by_key.setdefault(key, []).append(decided)
        return decision

    def _current_return(self, key: ReturnKey) -> _DecidedFile | None:
        return next((decided for decided in self.by_key.get(key, ()) if decided.is_current), None)

    def _decide_same_bytes(self, checked: CheckedFile) -> Decision | None:
        """Return the decision on bytes received before; None where they must be decided anew."""
        earlier = [
            decided
            for decided in self.by_content.get(checked.file.content_key, ())
            if decided.verdict not in (Verdict.DUPLICATE, Verdict.IGNORED)
            and (checked.identity or decided.sender == checked.file.sender)
        ]
        if not earlier or checked.file.skip_reason or not checked.file.has_content:
            return None
        previous = earlier[-1]
        if (
            previous.verdict is Verdict.HELD
            and previous.sender_in_doubt
            and not checked.sender_in_doubt
        ):
            return None
        if previous.verdict is Verdict.REJECTED:
            still_refused = (
                checked.is_refused or checked.identity is None or checked.sender_in_doubt
            )
            return _decision(checked, Verdict.DUPLICATE, "L02", previous) if still_refused else None
        if previous.verdict is Verdict.ACCEPTED and not previous.is_current:
            key = _return_key(checked)
            current = self._current_return(key) if key else None
            if checked.is_sketch and current and current.gist is not None:
                return _decision(checked, Verdict.DUPLICATE, "L18", current)
            return _decision(checked, Verdict.HELD, "L06", previous)
        return _decision(checked, *_REPEAT_VERDICTS[previous.verdict], previous)

    def _decide_new_bytes(self, checked: CheckedFile) -> Decision:
        key = _return_key(checked)
        if reason := checked.file.skip_reason:
            return _ignore(checked, reason)
        if checked.sender_in_doubt or _has_finding(checked, UNSURE):
            return Decision(checked, Verdict.HELD, checked.findings)
        if checked.is_refused or key is None:
            return Decision(checked, Verdict.REJECTED, checked.findings)
        current = self._current_return(key)
        if (key, _receipt_time(checked.file.received), checked.is_sketch) in self.disputed:
            return _decision(checked, Verdict.HELD, "L08", current)
        if current is None:
            return Decision(checked, Verdict.ACCEPTED, checked.findings)
        return self._decide_against(current, checked, key)

    def _decide_against(
        self, current: _DecidedFile, checked: CheckedFile, key: ReturnKey
    ) -> Decision:
        """Return the decision on a return whose key has a current return."""
        if checked.is_sketch and current.gist is not None:
            lists = (earlier for earlier in self.by_key[key] if earlier.gist is None)
            is_known = any(earlier.values_hash == checked.values_hash for earlier in lists)
            if is_known or is_within(checked.gist, current.gist):
                return _decision(checked, Verdict.DUPLICATE, "L18", current)
            return _decision(checked, Verdict.HELD, "L17", current)
        values_hash = checked.values_hash
        if current.values_hash == values_hash:
            return _decision(checked, Verdict.DUPLICATE, "L04", current)
        for earlier in self.by_key[key]:
            if earlier.values_hash == values_hash:
                return _decision(checked, Verdict.HELD, "L06", earlier)
        if current.gist is None and not checked.is_sketch:
            return _decision(checked, Verdict.ACCEPTED, "L19", current)
        return _decision(checked, *_later_wins(checked.file, current), current)


_REPEAT_VERDICTS = {
    Verdict.ACCEPTED: (Verdict.DUPLICATE, "L01"),
    Verdict.HELD: (Verdict.DUPLICATE, "L03"),
}


def _later_wins(file: IncomingFile, current: _DecidedFile) -> tuple[Verdict, str]:
    """Return verdict and code for values that differ from the current: the later receipt wins."""
    new_time, current_time = _receipt_time(file.received), _receipt_time(current.received)
    if new_time > current_time:
        return Verdict.ACCEPTED, "L05"
    return Verdict.HELD, "L07" if new_time < current_time else "L08"


def _ignore(checked: CheckedFile, reason: str) -> Decision:
    """Return the decision on a file that is no return.

    A signed copy names its return, a bounce the address.
    """
    file = checked.file
    params: dict[str, Param] = {} if file.undelivered is None else {"address": file.undelivered}
    if file.kept_with:
        params = {"name": re.split("[/!]", file.kept_with)[-1]}
    finding = Finding(reason, Severity.WARNING, Place(file.name), params)
    return Decision(checked, Verdict.IGNORED, (*checked.findings, finding))


def _decision(
    checked: CheckedFile, verdict: Verdict, code: str, earlier: _DecidedFile | None = None
) -> Decision:
    """Return a decision with a finding that gives the reason and names the earlier file."""
    params: dict[str, Param] = {}
    if earlier:
        params = {"name": earlier.name, "received": earlier.received[:10]}
    finding = Finding(code, Severity.WARNING, Place(checked.file.name), params)
    return Decision(checked, verdict, (*checked.findings, finding), earlier.id if earlier else None)
