"""Files to verdicts to ledger. Nothing is recorded until all is decided.

Few files are held at a time: their bytes lie in the archive before they are read, and what was
read waits packed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain, islice, tee
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from mlay_batch import __version__, intake
from mlay_batch.identity import identify
from mlay_batch.ledger import Archive, Ledger, lock, pack
from mlay_batch.pipeline.levels import examined
from mlay_batch.pipeline.period import shut
from mlay_batch.pipeline.town import Town
from mlay_batch.records import Decision, Judged, Leaf, Run, Submission, Verdict
from mlay_batch.sender import check_sender
from mlay_batch.verdict import arrival, decide
from mlay_batch.waivers import waive
from mlay_batch.workspace import Workspace

if TYPE_CHECKING:
    from mlay_batch.reader import Reading

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Ingested:
    """What one ingest did. `seen` counts files recorded by an earlier run: not received again."""

    decisions: tuple[Decision, ...]
    seen: int

    def __add__(self, other: Ingested) -> Ingested:
        return Ingested(self.decisions + other.decisions, self.seen + other.seen)

    @property
    def counts(self) -> Mapping[Verdict, int]:
        """How many files got each verdict; they add up to the files received."""
        counted = Counter(decision.verdict for decision in self.decisions)
        return {verdict: counted[verdict] for verdict in Verdict}

    @property
    def refused(self) -> bool:
        """Whether a file was rejected or held."""
        return bool(self.counts[Verdict.REJECTED] or self.counts[Verdict.HELD])


def silent(done: int, total: int) -> None:
    """Report progress to nobody."""


def ingest(
    town: Town,
    paths: Sequence[Path] = (),
    *,
    as_of: date,
    received: str,
    holder: str,
    progress: Progress = silent,
    dry_run: bool = False,
    read: Reading | None = None,
) -> Ingested:
    """Take in the files of `paths` (the inbox if none are given) and record a verdict on each.

    `received` is the time of receipt (ISO, with offset) of files that bear none of their own.
    `holder` says who is at work, should somebody else find the workspace locked. A dry run records
    nothing. `read` reads the files (default: children of this process). Raises LockedError,
    LedgerError, and what `read` raises.
    """
    workspace = town.workspace
    with (
        lock(workspace.root, holder),
        Ledger.open(workspace.ledger) as ledger,
        _originals(workspace, dry_run) as originals,
    ):
        arrived = _Arrivals(ledger, originals)
        leaves = arrived.fresh(town, paths, received)
        judged = judge_each(
            town, leaves, as_of, lambda done: progress(done, arrived.books),
            data=originals.read, read=read,
        )  # fmt: skip
        waiting = sorted(map(_packed, judged), key=lambda one: arrival(one.leaf))
        batch = shut(waiting, ledger)
        keys = {judged.identity.key for judged in batch if judged.identity}
        decisions = decide(batch, ledger.known({judged.leaf.sha256 for judged in batch}, keys))
        if decisions and not dry_run:
            originals.sync()  # before the ledger says that they are there
            run = Run(as_of, "ingest", __version__, town.register_sha256, town.schemas_sha256)
            ledger.record(run, decisions)
    return Ingested(decisions, arrived.seen)


@contextmanager
def _originals(workspace: Workspace, dry_run: bool) -> Iterator[Archive]:
    """Give the archive, to be filled before anything is decided: a run that breaks off leaves
    originals nobody refers to, which harms nothing. A dry run has a temporary one.
    """
    if not dry_run:
        yield Archive(workspace.archive)
        return
    with TemporaryDirectory(prefix="mlay-") as folder:
        yield Archive(Path(folder), lasting=False)


class _Arrivals:
    """Leaves as their files are opened: the bytes of those not `seen` before are put by.

    `books` is how many files there are to read, counting one for each that is not opened yet.
    """

    def __init__(self, ledger: Ledger, originals: Archive) -> None:
        self.ledger, self.originals = ledger, originals
        self.seen = self.books = 0
        self._known: set[tuple[str, str]] = set()

    def fresh(self, town: Town, paths: Sequence[Path], received: str) -> Iterator[Leaf]:
        """Yield those not seen before, without their bytes."""
        inbox = town.workspace.inbox
        groups = intake.listed(paths or [inbox], None if paths else inbox)
        self.books = sum(map(len, groups))
        to_open = map(self._counted, groups)
        for leaf in intake.opened(to_open, received, postmark(town), self._put_by):
            if (leaf.origin, leaf.sha256) in self._known:
                self.seen += 1
            else:
                yield leaf

    def _counted(self, group: list[intake.Listed]) -> Iterator[intake.Listed]:
        group.reverse()
        while group:
            self.books -= 1  # what is in it is counted when it is put by
            yield group.pop()

    def _put_by(self, leaf: Leaf) -> Leaf:
        light = replace(leaf, data=b"", digest=leaf.sha256)
        recorded = self.ledger.seen([(light.origin, light.sha256)])
        self._known |= recorded
        if not recorded:
            self.originals.add(leaf.data)
            self.books += leaf.ignored is None
        return light


def _packed(judged: Judged) -> Judged:
    """Return it with its rows packed, of the rest only what it was read as: all of a batch wait
    until the last is read.
    """
    read = judged.submission
    if read is None:
        return judged
    return replace(
        judged, submission=Submission(None, read.form, read.version), packed=pack(read.rows)
    )


def postmark(town: Town) -> intake.Postmark:
    """Return what the town knows of its own mail server."""
    told = town.workspace.settings
    return intake.Postmark(ZoneInfo(told.time_zone), told.mail_server, told.auth_host)


def judge(
    town: Town,
    leaves: Sequence[Leaf],
    as_of: date,
    progress: Progress = silent,
    *,
    vouched: bool = False,
) -> tuple[Judged, ...]:
    """Return every leaf, in order, with what can be learned from it and from the register.

    `vouched`: a person has said that they are from whom they claim; no sender is looked at.
    """
    total = sum(leaf.ignored is None for leaf in leaves)
    each = judge_each(town, leaves, as_of, lambda done: progress(done, total), vouched=vouched)
    return tuple(each)


def judge_each(
    town: Town,
    leaves: Iterable[Leaf],
    as_of: date,
    progress: Callable[[int], None],
    *,
    vouched: bool = False,
    data: Callable[[str], bytes] | None = None,
    read: Reading | None = None,
) -> Iterator[Judged]:
    """Yield what `judge` returns, few at a time; `data` gives the bytes of a leaf by their hash."""
    coming = iter(leaves)
    first = list(islice(coming, 1))
    if not first:
        return
    from mlay_batch import reader  # start-up: where nothing is new, nothing is read

    ahead, in_turn = tee(chain(first, coming))
    submissions = (read or reader.read_each)(
        ((one.name, data(one.sha256) if data else one.data) for one in ahead if not one.ignored),
        town.reading.forms,
        reader.Limits(**town.workspace.settings.limits),
        progress=progress,
    )
    batch = (Judged(one) if one.ignored else _of(one, next(submissions)) for one in in_turn)
    sent = (identify(judged, town.reading, town.register, as_of) for judged in batch)
    if not vouched:
        sent = (check_sender(judged, town.register) for judged in sent)
    for judged in _valid(sent, town):
        yield _named(waive(examined(judged, town.catalogue), town.register))


def _valid(batch: Iterator[Judged], town: Town) -> Iterator[Judged]:
    """Yield the batch with its values checked."""
    first = list(islice(batch, 1))
    from mlay_batch.validation import validate_each  # pandera: a second, while children read

    yield from validate_each(chain(first, batch), town.lists, town.reading.forms)


def _of(leaf: Leaf, submission: Submission) -> Judged:
    return Judged(leaf, submission, findings=submission.findings)


def _named(judged: Judged) -> Judged:
    """Return it with the file's name put to every finding."""
    name = judged.leaf.name
    return replace(judged, findings=tuple(f.in_file(name) for f in judged.findings))
