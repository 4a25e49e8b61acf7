"""Ingests files: unpack, read, validate, decide, record in one transaction.

The bytes are archived first; only compact rows of a file stay in memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from importlib import import_module
from itertools import chain, starmap
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from mlay_batch import __version__, intake
from mlay_batch.app.closing import flag_closed
from mlay_batch.app.judge_anew import files_to_judge_anew, keep_changes, numbers_of_unread
from mlay_batch.app.office import Office
from mlay_batch.app.rollup import check_rollup
from mlay_batch.app.workspace import Workspace
from mlay_batch.checks.answers import note_questions, without_answered
from mlay_batch.checks.identity import identify
from mlay_batch.checks.sender import check_sender, check_way
from mlay_batch.checks.slips import check_slip
from mlay_batch.checks.verdict import decide, receipt_order
from mlay_batch.checks.waivers import apply_waivers
from mlay_batch.errors import UsageError
from mlay_batch.ledger import Answers, Archive, Ledger, lock, pack
from mlay_batch.model.records import (
    CheckedFile,
    Decision,
    IncomingFile,
    LedgerSnapshot,
    Run,
    Submission,
    Verdict,
)
from mlay_batch.model.sketches import gist_of, split_list

if TYPE_CHECKING:
    from mlay_batch.reader import Reading
    from mlay_batch.schema import Catalogue

Progress = Callable[[int, int], None]

GROUP_SIZE = 1000  # files validated by one call; with their frames they take some 20 MB
LAST_GROUP_SIZE = 200  # a call costs as much as 300 files: more and smaller groups gain nothing
_VALIDATION = "mlay_batch.checks.validate"  # imports pandera, which takes half a second


@dataclass(frozen=True)
class IngestResult:
    """The result of one ingest."""

    decisions: tuple[Decision, ...]
    """On the files received."""
    seen_count: int
    """Files an earlier run recorded, not received again."""
    judged_anew: tuple[Decision, ...] = ()
    """Other verdicts on files of earlier runs; not received again either."""
    last_day: date | None = None
    """Latest day of an earlier run or of receipt: a clock that shows an earlier day is wrong."""

    def __add__(self, other: IngestResult) -> IngestResult:
        return IngestResult(
            self.decisions + other.decisions,
            self.seen_count + other.seen_count,
            self.judged_anew + other.judged_anew,
            other.last_day,
        )

    @property
    def counts(self) -> Mapping[Verdict, int]:
        """Number of files of each verdict; they add up to the files received."""
        counter = Counter(decision.verdict for decision in self.decisions)
        return {verdict: counter[verdict] for verdict in Verdict}

    @property
    def has_refusals(self) -> bool:
        """Whether a file was rejected or held."""
        return bool(self.counts[Verdict.REJECTED] or self.counts[Verdict.HELD])


def no_progress(done: int, total: int) -> None:
    """Ignore progress."""


def ingest(
    office: Office,
    paths: Sequence[Path] = (),
    *,
    as_of: date,
    received: str,
    who: str,
    holder: str,
    progress: Progress = no_progress,
    dry_run: bool = False,
    read_files: Reading | None = None,
) -> IngestResult:
    """Ingest the files of `paths` (default: the inbox) and record a verdict on each.

    Files of earlier runs are judged anew where what their verdict rests on has changed.
    `received` is the time of receipt (ISO, with offset) of files without one; `who` takes them in.
    `holder` names the user to others who find the workspace locked. A dry run records nothing.
    `read_files` reads the files (default: worker processes). Raises UsageError
    ``usage.whole_workspace``, LockedError, LedgerError, and what `read_files` raises.
    """
    workspace = office.workspace
    _refuse_workspace(workspace, paths)
    with (
        lock(workspace.root, holder),
        Ledger.open(workspace.ledger) as ledger,
        _open_archive(workspace, dry_run) as archive,
    ):
        run = Run(as_of, "ingest", __version__, office.register_sha256, office.schemas_sha256)
        last_day = ledger.last_day()
        files, seen_count = _new_files(office, paths, received, who, ledger, archive)
        for file, data in files_to_judge_anew(ledger, run, Archive(workspace.archive), received):
            archive.add(data)
            files.append(file)
        with archive.sync_meanwhile():  # the ledger refers to the originals only after it
            checked = _check_in_order(office, files, archive, as_of, progress, read_files)
            batch = compare_with_ledger(checked, ledger)
            decisions = keep_changes(decide(batch, _snapshot(ledger, batch)), ledger)
        if files and not dry_run:
            ledger.record(run, decisions)
    return _result(decisions, seen_count, last_day, files)


def _result(
    decisions: Sequence[Decision],
    seen_count: int,
    last_day: date | None,
    files: Sequence[IncomingFile],
) -> IngestResult:
    days = [date.fromisoformat(file.received[:10]) for file in files]
    return IngestResult(
        tuple(decision for decision in decisions if not decision.checked.file.entry_id),
        seen_count,
        tuple(decision for decision in decisions if decision.checked.file.entry_id),
        max([*days, last_day] if last_day else days, default=None),
    )


def _check_in_order(
    office: Office,
    files: Sequence[IncomingFile],
    archive: Archive,
    as_of: date,
    progress: Progress,
    read_files: Reading | None,
) -> list[CheckedFile]:
    """Return all files in the order of receipt, workbooks with what they say."""
    ignored = [
        _name_findings(check_way(CheckedFile(file), office.register))
        for file in files
        if file.skip_reason
    ]
    workbooks = [file for file in files if not file.skip_reason]
    checked = check_files(office, workbooks, archive.read, as_of, progress, read_files=read_files)
    return sorted(
        [*ignored, *map(_compact, checked)], key=lambda checked: receipt_order(checked.file)
    )


def compare_with_ledger(batch: Sequence[CheckedFile], ledger: Ledger) -> tuple[CheckedFile, ...]:
    """Return the batch as the ledger lets it count.

    L12 on every return of a closed period, no L15 where what it asks for was answered before.
    """
    given: dict[tuple[str, str, str], set[tuple[str, str]]] = {}
    for form, branch, period, code, question in Answers(ledger).in_force():
        given.setdefault((form, branch, period), set()).add((code, question))
    return tuple(
        without_answered(checked, given.get(checked.identity.key, set()))
        if checked.identity
        else checked
        for checked in flag_closed(batch, ledger)
    )


def _snapshot(ledger: Ledger, batch: Sequence[CheckedFile]) -> LedgerSnapshot:
    """Return the ledger entries of the same content, and of the same form, branch and period."""
    keys = {checked.identity.key for checked in batch if checked.identity}
    return ledger.snapshot_for({checked.file.sha256 for checked in batch}, keys)


@contextmanager
def _open_archive(workspace: Workspace, dry_run: bool) -> Iterator[Archive]:
    """Open the archive, a temporary one in a dry run.

    Originals left by an interrupted run are harmless: nothing refers to them.
    """
    if not dry_run:
        yield Archive(workspace.archive)
        return
    with TemporaryDirectory(prefix="mlay-") as folder:
        yield Archive(Path(folder), lasting=False)


def _refuse_workspace(workspace: Workspace, paths: Sequence[Path]) -> None:
    """Raise UsageError ``usage.whole_workspace``: archive, reports and register are no returns."""
    root = workspace.root.resolve()
    if any(root.is_relative_to(path.resolve()) for path in paths):
        raise UsageError("usage.whole_workspace")


def _new_files(
    office: Office,
    paths: Sequence[Path],
    received: str,
    who: str,
    ledger: Ledger,
    archive: Archive,
) -> tuple[list[IncomingFile], int]:
    """Return the unrecorded files, after archiving them, and the number of recorded ones."""
    inbox, office_inbox = office.workspace.inbox, office.workspace.office_inbox.resolve()
    is_entered = cache(lambda folder: folder.resolve().is_relative_to(office_inbox))
    unread = numbers_of_unread(ledger)
    files: list[IncomingFile] = []
    recorded: set[tuple[str, str]] = set()
    for path in paths or [inbox]:
        group: list[IncomingFile] = []
        for ref in intake.list_files(path, None if paths else inbox):
            entered_by = who if is_entered(ref.path.parent) else None
            for file in _unpack(office, ref, received, entered_by):
                sha256 = file.sha256
                key = file.origin, sha256
                if ledger.find_recorded([key]):
                    recorded.add(key)
                else:
                    archive.add(file.data)
                    file = intake.look_for_signature(file)
                file = replace(file, data=b"", digest=sha256)
                number = unread.get(file.origin) if file.has_content else None
                group.append(replace(file, entry_id=number) if number else file)
        files += intake.pair_signed_copies(group, came_together=False)
    new = [file for file in files if (file.origin, file.sha256) not in recorded]
    return new, len(files) - len(new)


def _unpack(
    office: Office, ref: intake.FileRef, received: str, entered_by: str | None
) -> Iterator[IncomingFile]:
    """Yield a file, or the files in it; `entered_by` somebody where the office put it there itself.

    A mail stays a mail wherever it lies: nobody's word replaces its sender's.
    """
    for file in intake.unpack(ref, received, mail_trust(office)):
        is_own = entered_by is not None and file.channel == "hand"
        yield replace(file, channel="office", entered_by=entered_by) if is_own else file


def mail_trust(office: Office) -> intake.MailTrust:
    """Return the mail server whose statements on senders and times are trusted."""
    settings = office.workspace.settings
    return intake.MailTrust(ZoneInfo(settings.time_zone), settings.mail_server, settings.auth_host)


def check_files(
    office: Office,
    workbooks: Sequence[IncomingFile],
    read_bytes: Callable[[str], bytes],
    as_of: date,
    progress: Progress = no_progress,
    *,
    read_files: Reading | None = None,
) -> Iterator[CheckedFile]:
    """Yield every workbook, in order, with its content, its identity and its findings.

    `read_bytes` returns the content of a file by its SHA-256.
    """
    if not workbooks:
        return
    from mlay_batch import reader  # start-up: not needed without new files

    submissions = (read_files or reader.read_each)(
        _named_bytes(workbooks, read_bytes),
        office.intake_catalogue.readable_forms,
        reader.Limits(**office.workspace.settings.limits),
        progress=lambda done: progress(done, len(workbooks)),
    )
    pairs = chain.from_iterable(starmap(split_list, zip(workbooks, submissions, strict=True)))
    for group in _in_groups(pairs, len(workbooks)):
        yield from _check_group(office, group, as_of)


def _named_bytes(
    workbooks: Iterable[IncomingFile], read_bytes: Callable[[str], bytes]
) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each file. Once a reader has begun with the first, import pandera.

    Both take half a second; only what the readers say is waited for.
    """
    for number, file in enumerate(workbooks):
        yield file.name, read_bytes(file.sha256)
        if number == 0:
            Thread(target=import_module, args=[_VALIDATION]).start()


def _check_group(
    office: Office, group: Iterable[tuple[IncomingFile, Submission]], as_of: date
) -> Iterator[CheckedFile]:
    """Yield files that were read, with their identity and all findings."""
    from mlay_batch.checks.validate import validate  # start-up: see _VALIDATION

    unknown = [CheckedFile(file, read, findings=read.findings) for file, read in group]
    catalogue, register = office.intake_catalogue, office.register
    identified = [identify(checked, catalogue, register, as_of) for checked in unknown]
    identified = [check_sender(check_way(file, register), register) for file in identified]
    for checked in validate(identified, office.lists, catalogue.readable_forms, catalogue.schemes):
        unaltered = check_rollup(checked, office.catalogue, register.rules)
        waived = apply_waivers(check_slip(unaltered, register, catalogue), register)
        asked = note_questions(_ignore_blank(waived, office))
        yield _name_findings(_with_gist(asked, catalogue))


def _with_gist(checked: CheckedFile, catalogue: Catalogue) -> CheckedFile:
    """Return the file with what a list of meetings might say of it too."""
    submission, identity = checked.submission, checked.identity
    if submission is None or identity is None:
        return checked
    lists = [form for form in catalogue.lists if form.form == identity.form.form]
    return replace(checked, gist=gist_of(submission.rows, lists))


def _ignore_blank(checked: CheckedFile, office: Office) -> CheckedFile:
    """Return a blank form as no return, any other file unchanged."""
    from mlay_batch.checks.filled_rows import ignore_blank_form  # start-up: only for new files

    submission = checked.submission
    if submission is None:
        return checked
    form = office.intake_catalogue.form(submission.form, submission.version)
    return ignore_blank_form(checked, form)


def _in_groups(
    pairs: Iterable[tuple[IncomingFile, Submission]], total: int
) -> Iterator[list[tuple[IncomingFile, Submission]]]:
    """Yield the pairs, about `total`, in lists of `GROUP_SIZE`; the last is shorter.

    While a list is validated the next files are read; nothing is read any more beside the last.
    """
    group: list[tuple[IncomingFile, Submission]] = []
    for number, pair in enumerate(pairs, 1):
        group.append(pair)
        if len(group) == GROUP_SIZE or number == total - LAST_GROUP_SIZE:
            yield group
            group = []
    if group:
        yield group


def _name_findings(checked: CheckedFile) -> CheckedFile:
    """Return the file with its name in every finding."""
    findings = tuple(finding.in_file(checked.file.name) for finding in checked.findings)
    return replace(checked, findings=findings)


def _compact(checked: CheckedFile) -> CheckedFile:
    """Return the file with packed rows: all files of a run wait until the last is read."""
    submission = checked.submission
    if submission is None:
        return checked
    without_rows = Submission(None, submission.form, submission.version, answers=submission.answers)
    return replace(checked, submission=without_rows, compact_rows=pack(submission.rows))
