"""What becomes of each leaf file: accepted, rejected, duplicate, held or ignored. Pure.

The batch is decided in the order its files were received, whatever the order they lie in, and
each against the ledger and the files decided before it. So it does not matter in how many runs
the same files come in.

================================================  =========  ====
no return at all (a picture, a mail without file)  ignored    N..
the same bytes as an earlier file                  duplicate  L01 of the return that counts,
                                                              L02 of a refused one, L03 of a
                                                              held one, L09 of an ignored one
  … of a return superseded since                   held       L06
its sender in doubt                                held       I20, I21, I22
refused by a finding                               rejected
the same values as the return that counts          duplicate  L04
  … as one superseded since                        held       L06
nothing yet for this form, branch and period       accepted
received later than the return that counts         accepted   L05 supersedes it
received earlier than it                           held       L07
received at the same moment, other values          held       L08, all of them
would be accepted, but its period is shut          held       L12 closed, L13 locked
================================================  =========  ====

Bytes once refused are looked at anew when nothing refuses them any more: the register may have
been wrong. So are bytes held for their sender, when they come from an address that may send them.
Held means that a person must choose; nothing is guessed. `grant` is that person's yes.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from mlay_batch.findings import Finding, Param, Place, Severity
from mlay_batch.records import (
    HOLDS,
    Decision,
    Delivery,
    Judged,
    Known,
    Leaf,
    Verdict,
)

Key = tuple[str, str, str]


def arrival(leaf: Leaf) -> tuple[datetime, str, str]:
    """Return the key by which files are decided: time received, then name and hash.

    Raises ValueError for a time of receipt that is no ISO time; one without a zone is UTC.
    """
    return _moment(leaf.received), leaf.name, leaf.sha256


def decide(batch: Sequence[Judged], known: Known) -> tuple[Decision, ...]:
    """Return one decision for each of `batch`, in the same order.

    `refers_to` is the delivery repeated or superseded. It is None where that came in the same
    batch and has no number yet; the finding's ``name`` names it.
    """
    desk = _Desk(known, _disputed(batch, known))
    in_turn = sorted(range(len(batch)), key=lambda at: arrival(batch[at].leaf))
    decided = {at: desk.decide(batch[at]) for at in in_turn}
    return tuple(decided[at] for at in range(len(batch)))


def grant(judged: Judged, known: Known, held: Delivery) -> Decision:
    """Return the decision on a held file that a person says is to be taken.

    Where its sender was in doubt (`judged` must be free of that doubt), it is decided like any
    other file, and may be held again for its time or values. Where those held it, it counts and
    supersedes what counted; only what refuses it still does.
    """
    others = {
        sha: rest
        for sha, found in known.by_sha.items()
        if (rest := tuple(entry for entry in found if entry.id != held.id))
    }
    (decision,) = decide([judged], Known(others, known.by_key))
    shut = _found(judged, "L12")  # for that it must be opened again first
    if decision.verdict is Verdict.HELD and not shut and not _doubted(held.findings):
        return Decision(judged, Verdict.ACCEPTED, judged.findings)
    return decision


def _found(judged: Judged, *codes: str) -> bool:
    return any(finding.code in codes for finding in judged.findings)


def _doubted(findings: Iterable[Finding]) -> bool:
    return any(finding.code in HOLDS for finding in findings)


def _moment(received: str) -> datetime:
    moment = datetime.fromisoformat(received)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@dataclass
class _Seen:
    """A file decided before: in an earlier run, or in this one (then `id` is None).

    `current` tells the return that counts from those superseded since.
    """

    sha256: str
    name: str
    received: str
    verdict: Verdict
    values: str | None
    current: bool
    doubted: bool = False
    id: int | None = None

    @classmethod
    def of(cls, delivery: Delivery) -> _Seen:
        return cls(
            delivery.sha256, delivery.name, delivery.received, delivery.verdict,
            delivery.values_hash, delivery.current, _doubted(delivery.findings), delivery.id,
        )  # fmt: skip


Disputed = frozenset[tuple[Key, datetime]]


def _disputed(batch: Sequence[Judged], known: Known) -> Disputed:
    """Return key and time of returns that came at the same moment with different values.

    Two files of one branch, dropped into the folder together: neither is the later one.
    """
    values: dict[tuple[Key, datetime], set[str]] = defaultdict(set)
    for judged in batch:
        key = None if judged.doubted else _key(judged)
        if key and not judged.refused and judged.leaf.sha256 not in known.by_sha:
            values[key, _moment(judged.leaf.received)].add(judged.values)
    return frozenset(moment for moment, different in values.items() if len(different) > 1)


def _key(judged: Judged) -> Key | None:
    return judged.identity.key if judged.identity else None


class _Desk:
    """Decides one file after another and remembers what became of those before."""

    def __init__(self, known: Known, disputed: Disputed) -> None:
        self.disputed = disputed
        ledger: dict[int, _Seen] = {}

        def seen(deliveries: Iterable[Delivery]) -> list[_Seen]:
            return [ledger.setdefault(entry.id, _Seen.of(entry)) for entry in deliveries]

        self.by_sha = {sha: seen(found) for sha, found in known.by_sha.items()}
        self.by_key = {key: seen(found) for key, found in known.by_key.items()}

    def decide(self, judged: Judged) -> Decision:
        """Return the decision and remember it."""
        decision = self._same_bytes(judged) or self._new_bytes(judged)
        if decision.verdict is Verdict.ACCEPTED and _found(judged, "L12", "L13"):
            decision = Decision(judged, Verdict.HELD, judged.findings)
        leaf, key = judged.leaf, _key(judged)
        accepted = decision.verdict is Verdict.ACCEPTED
        seen = _Seen(
            leaf.sha256, leaf.name, leaf.received, decision.verdict, judged.values, accepted,
            judged.doubted,
        )  # fmt: skip
        self.by_sha.setdefault(leaf.sha256, []).append(seen)
        if accepted and key:
            if current := self._current(key):
                current.current = False
            self.by_key.setdefault(key, []).append(seen)
        return decision

    def _current(self, key: Key) -> _Seen | None:
        return next((seen for seen in self.by_key.get(key, ()) if seen.current), None)

    def _same_bytes(self, judged: Judged) -> Decision | None:
        """Return the decision on bytes that came before, None where they are to be looked at."""
        before = [
            seen
            for seen in self.by_sha.get(judged.leaf.sha256, ())
            if seen.verdict is not Verdict.DUPLICATE
        ]
        if not before or judged.leaf.ignored:
            return None
        first = before[-1]
        if first.verdict is Verdict.HELD and first.doubted and not judged.doubted:
            return None
        if first.verdict is Verdict.REJECTED:
            refused_again = judged.refused or judged.identity is None
            return _decision(judged, Verdict.DUPLICATE, "L02", first) if refused_again else None
        if first.verdict is Verdict.ACCEPTED and not first.current:
            return _decision(judged, Verdict.HELD, "L06", first)
        return _decision(judged, *_REPEATED[first.verdict], first)

    def _new_bytes(self, judged: Judged) -> Decision:
        key = _key(judged)
        if reason := judged.leaf.ignored:
            return _ignored(judged, reason)
        if judged.doubted:
            return Decision(judged, Verdict.HELD, judged.findings)
        if judged.refused or key is None:
            return Decision(judged, Verdict.REJECTED, judged.findings)
        current = self._current(key)
        if (key, _moment(judged.leaf.received)) in self.disputed:
            return _decision(judged, Verdict.HELD, "L08", current)
        if current is None:
            return Decision(judged, Verdict.ACCEPTED, judged.findings)
        return self._against(current, judged, key)

    def _against(self, current: _Seen, judged: Judged, key: Key) -> Decision:
        """Return the decision on a return whose key has one that counts already."""
        values = judged.values
        if current.values == values:
            return _decision(judged, Verdict.DUPLICATE, "L04", current)
        for seen in self.by_key[key]:
            if seen.values == values:
                return _decision(judged, Verdict.HELD, "L06", seen)
        return _decision(judged, *_by_time(judged.leaf, current), current)


_REPEATED = {
    Verdict.ACCEPTED: (Verdict.DUPLICATE, "L01"),
    Verdict.HELD: (Verdict.DUPLICATE, "L03"),
    Verdict.IGNORED: (Verdict.IGNORED, "L09"),
}


def _by_time(leaf: Leaf, current: _Seen) -> tuple[Verdict, str]:
    """Return what becomes of other values than the current ones: the later receipt counts."""
    received, then = _moment(leaf.received), _moment(current.received)
    if received > then:
        return Verdict.ACCEPTED, "L05"
    return Verdict.HELD, "L07" if received < then else "L08"


def _ignored(judged: Judged, reason: str) -> Decision:
    """Return the decision on what is no return; a signed copy is told which one it is kept with."""
    leaf = judged.leaf
    kept = {"name": re.split("[/!]", leaf.kept_with)[-1]} if leaf.kept_with else {}
    told = Finding(reason, Severity.WARNING, Place(leaf.name), kept)
    return Decision(judged, Verdict.IGNORED, (*judged.findings, told))


def _decision(judged: Judged, verdict: Verdict, code: str, seen: _Seen | None = None) -> Decision:
    """Return a decision with a finding that says why, and which file it goes back to."""
    params: dict[str, Param] = {}
    if seen:
        params = {"name": seen.name, "received": seen.received[:10]}
    told = Finding(code, Severity.WARNING, Place(judged.leaf.name), params)
    return Decision(judged, verdict, (*judged.findings, told), seen.id if seen else None)
