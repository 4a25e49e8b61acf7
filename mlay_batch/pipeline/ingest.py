"""Files to verdicts to ledger. Nothing is recorded until all is decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from mlay_batch import __version__, intake, reader
from mlay_batch.identity import identify
from mlay_batch.ledger import Archive, Ledger, lock
from mlay_batch.pipeline.levels import examined
from mlay_batch.pipeline.period import shut
from mlay_batch.pipeline.town import Town
from mlay_batch.records import Decision, Judged, Leaf, Run, Submission, Verdict
from mlay_batch.sender import check_sender
from mlay_batch.validation import validate
from mlay_batch.verdict import arrival, decide
from mlay_batch.waivers import waive

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
) -> Ingested:
    """Take in the files of `paths` (the inbox if none are given) and record a verdict on each.

    `received` is the time of receipt (ISO, with offset) of files that bear none of their own.
    `holder` says who is at work, should somebody else find the workspace locked. A dry run records
    nothing. Raises LockedError, LedgerError.
    """
    workspace = town.workspace
    root = None if paths else workspace.inbox
    found = intake.collect(paths or [workspace.inbox], root, received, postmark(town))
    leaves = sorted(found, key=arrival)
    with lock(workspace.root, holder), Ledger.open(workspace.ledger) as ledger:
        seen = ledger.seen((leaf.origin, leaf.sha256) for leaf in leaves)
        fresh = [leaf for leaf in leaves if (leaf.origin, leaf.sha256) not in seen]
        batch = shut(judge(town, fresh, as_of, progress), ledger)
        keys = {judged.identity.key for judged in batch if judged.identity}
        decisions = decide(batch, ledger.known({leaf.sha256 for leaf in fresh}, keys))
        if decisions and not dry_run:
            _record(ledger, Archive(workspace.archive), town, decisions, as_of)
    return Ingested(decisions, len(leaves) - len(fresh))


def _record(
    ledger: Ledger, archive: Archive, town: Town, decisions: Iterable[Decision], as_of: date
) -> None:
    """Archive the originals, then record all verdicts in one commit.

    In this order a crash in between leaves an original nobody refers to, which harms nothing.
    """
    decided = tuple(decisions)
    for decision in decided:
        archive.store(decision.judged.leaf.data)
    run = Run(as_of, "ingest", __version__, town.register_sha256, town.schemas_sha256)
    ledger.record(run, decided)


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
    books = [leaf for leaf in leaves if leaf.ignored is None]
    submissions = iter(
        reader.read_all(
            [(leaf.name, leaf.data) for leaf in books],
            town.reading.forms,
            reader.Limits(**town.workspace.settings.limits),
            progress=lambda done: progress(done, len(books)),
        )
    )
    batch = [Judged(leaf) if leaf.ignored else _of(leaf, next(submissions)) for leaf in leaves]
    identified = [identify(j, town.reading, town.register, as_of) for j in batch]
    sent = identified if vouched else [check_sender(j, town.register) for j in identified]
    valid = validate(sent, town.lists, town.reading.forms)
    whole = (examined(judged, town.catalogue) for judged in valid)
    return tuple(_named(waive(judged, town.register)) for judged in whole)


def _of(leaf: Leaf, submission: Submission) -> Judged:
    return Judged(leaf, submission, findings=submission.findings)


def _named(judged: Judged) -> Judged:
    """Return it with the file's name put to every finding."""
    name = judged.leaf.name
    return replace(judged, findings=tuple(f.in_file(name) for f in judged.findings))
