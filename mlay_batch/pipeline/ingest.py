"""Ingests files: unpack, read, validate, decide, record in one transaction.

The bytes go to the archive first; of a file that was read only its compact rows stay in memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
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

GROUP_SIZE = 1000  # files validated by one call: they and their frames take some 20 MB


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
        _archive(workspace, dry_run) as archive,
    ):
        files, seen = _new_files(town, paths, received, ledger, archive)
        ignored = [Judged(file) for file in files if file.ignored]
        workbooks = [file for file in files if not file.ignored]
        checked = check_files(town, workbooks, archive.read, as_of, progress, read=read)
        arrived = sorted([*ignored, *map(_compact, checked)], key=lambda file: arrival(file.leaf))
        batch = shut(arrived, ledger)
        keys = {file.identity.key for file in batch if file.identity}
        shas = {file.leaf.sha256 for file in batch}
        decisions = decide(batch, ledger.snapshot_for(shas, keys))
        if decisions and not dry_run:
            archive.sync()  # before the ledger says that the originals are there
            run = Run(as_of, "ingest", __version__, town.register_sha256, town.schemas_sha256)
            ledger.record(run, decisions)
    return Ingested(decisions, seen)


@contextmanager
def _archive(workspace: Workspace, dry_run: bool) -> Iterator[Archive]:
    """Give the archive, in a dry run a temporary one.

    Originals left there by a run that broke off are harmless: nothing refers to them.
    """
    if not dry_run:
        yield Archive(workspace.archive)
        return
    with TemporaryDirectory(prefix="mlay-") as folder:
        yield Archive(Path(folder), lasting=False)


def _new_files(
    town: Town, paths: Sequence[Path], received: str, ledger: Ledger, archive: Archive
) -> tuple[list[Leaf], int]:
    """Return the files not recorded yet, their bytes archived, and how many are recorded."""
    inbox = town.workspace.inbox
    trust = mail_trust(town)
    files: list[Leaf] = []
    recorded: set[tuple[str, str]] = set()
    for path in paths or [inbox]:
        group: list[Leaf] = []
        for ref in intake.list_files(path, None if paths else inbox):
            for file in intake.unpack(ref, received, trust):
                key = file.origin, file.sha256
                if ledger.find_recorded([key]):
                    recorded.add(key)
                else:
                    archive.add(file.data)
                group.append(replace(file, data=b"", digest=file.sha256))
        files += intake.pair_signed_copies(group, together=False)
    new = [file for file in files if (file.origin, file.sha256) not in recorded]
    return new, len(files) - len(new)


def mail_trust(town: Town) -> intake.Postmark:
    """Return which mail server's word is believed on senders and times."""
    settings = town.workspace.settings
    return intake.Postmark(ZoneInfo(settings.time_zone), settings.mail_server, settings.auth_host)


def check_files(
    town: Town,
    workbooks: Sequence[Leaf],
    read_bytes: Callable[[str], bytes],
    as_of: date,
    progress: Progress = silent,
    *,
    trust_sender: bool = False,
    read: Reading | None = None,
) -> Iterator[Judged]:
    """Yield every workbook, in order, with what it says, whose it is and what is wrong with it.

    `read_bytes` gives the content of a file by its SHA-256. `trust_sender`: a person has said that
    the files are from whom they claim, so senders are not checked.
    """
    if not workbooks:
        return
    from mlay_batch import reader  # start-up: where nothing is new, nothing is read

    submissions = (read or reader.read_each)(
        ((file.name, read_bytes(file.sha256)) for file in workbooks),
        town.reading.forms,
        reader.Limits(**town.workspace.settings.limits),
        progress=lambda done: progress(done, len(workbooks)),
    )
    from mlay_batch.validation import validate  # pandera: a second, while children read

    for group in _in_groups(zip(workbooks, submissions, strict=True)):
        identified = [
            identify(
                Judged(file, submission, findings=submission.findings),
                town.reading, town.register, as_of,
            )
            for file, submission in group
        ]  # fmt: skip
        if not trust_sender:
            identified = [check_sender(file, town.register) for file in identified]
        for file in validate(identified, town.lists, town.reading.forms):
            yield _name_findings(waive(examined(file, town.catalogue), town.register))


def _in_groups(pairs: Iterable[tuple[Leaf, Submission]]) -> Iterator[list[tuple[Leaf, Submission]]]:
    """Yield the pairs in lists of `GROUP_SIZE`; the last may be shorter."""
    group: list[tuple[Leaf, Submission]] = []
    for pair in pairs:
        group.append(pair)
        if len(group) == GROUP_SIZE:
            yield group
            group = []
    if group:
        yield group


def _name_findings(file: Judged) -> Judged:
    """Return it with its name in every finding."""
    findings = tuple(finding.in_file(file.leaf.name) for finding in file.findings)
    return replace(file, findings=findings)


def _compact(file: Judged) -> Judged:
    """Return it with its rows packed: all files of a run wait until the last is read."""
    read = file.submission
    if read is None:
        return file
    light = Submission(None, read.form, read.version)
    return replace(file, submission=light, packed=pack(read.rows))
