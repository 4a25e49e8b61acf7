"""Removes what its term of keeping allows: from the ledger, the archive and the folders.

First what is kept instead is archived, then one transaction takes the texts out of the ledger and
records which bytes are to be gone, then the files go and the ledger is written anew. Whatever
breaks off after the transaction is completed by the next purge, or by `mlay doctor --repair`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from mlay_batch.app.cache import check_register, clear_cache
from mlay_batch.app.office import Office
from mlay_batch.app.purge_plan import (
    DECISIONS,
    KINDS,
    LETTERS,
    NAMES,
    Clock,
    Item,
    PurgePlan,
    period_about,
    plan_purge,
)
from mlay_batch.app.purge_texts import without_names
from mlay_batch.app.report_files import ReportPaths, hash_file
from mlay_batch.app.worklist.view_files import FOLDER as VIEW_FOLDER
from mlay_batch.app.worklist.view_files import ViewFiles
from mlay_batch.app.workspace import Workspace
from mlay_batch.core.files import is_open, remove_file, sync_folder, write_atomically
from mlay_batch.core.findings import has_errors
from mlay_batch.core.period import Period
from mlay_batch.errors import LedgerError, OutputBusyError, UsageError
from mlay_batch.intake import list_files
from mlay_batch.ledger import (
    AbsentFile,
    Archive,
    Closings,
    Ledger,
    Purge,
    PurgeLog,
    lock,
)
from mlay_batch.ledger.rows import purged_origin
from mlay_batch.model.records import EMPTY_SHA256, LedgerEntry
from mlay_batch.template import TemplateContext, render

_OWN_REPORTS = ("tong-hop-", "chi-bo-", "so-van-ban-den-")  # nobody but the program writes these


@dataclass(frozen=True, slots=True)
class FolderFile:
    """A file in a folder of the workspace that goes with what the ledger loses."""

    path: Path
    sha256: str
    kind: str
    size: int


@dataclass(frozen=True)
class KindSummary:
    """What goes of a kind, and what stays of it.

    Attributes:
        kind: kind of data.
        record_count: rows of the ledger that lose names, addresses or texts.
        file_count: files that go.
        size: their bytes.
        years: the years it belongs to.
        kept_count: how much of the time named is not past its term.
        until: the first day on which any of that may go.
    """

    kind: str
    record_count: int
    file_count: int
    size: int
    years: tuple[int, ...]
    kept_count: int = 0
    until: date | None = None


@dataclass(frozen=True)
class Forecast:
    """What a purge does, told before it does anything.

    Attributes:
        plan: what the ledger loses.
        folder_files: what the folders lose.
        kinds: both by kind.
        left: files of that time that only the office can judge.
        worklists: worklists that may still name what goes, until the next month writes them anew.
        officers: officers of the register who ended before that time.
        backups: the backups made, each with its day, and whether it is there still.
        is_unfinished: whether an earlier purge broke off.
    """

    plan: PurgePlan
    folder_files: tuple[FolderFile, ...]
    kinds: tuple[KindSummary, ...]
    left: tuple[Path, ...]
    worklists: tuple[Path, ...]
    officers: tuple[str, ...]
    backups: tuple[tuple[str, date, bool], ...]
    is_unfinished: bool

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return self.plan.is_empty and not self.folder_files and not self.is_unfinished


Confirm = Callable[[Forecast], bool]


def purge(
    office: Office, before: Period, *, as_of: date, who: str, holder: str, confirm: Confirm
) -> bool:
    """Remove what came before `before` and is past its term, once `confirm` has agreed.

    Returns whether anything was removed. An earlier purge that broke off is completed as well.
    Raises UsageError ``purge.running`` for a time that is not over, OutputBusyError for a file that
    is open in another program, LockedError, LedgerError.
    """
    if before.start > as_of:
        raise UsageError("purge.running", period=str(before))
    workspace = office.workspace
    with lock(workspace.root, holder), Ledger.open(workspace.ledger) as ledger:
        forecast = forecast_purge(office, ledger, before, as_of)
        if not confirm(forecast) or forecast.is_empty:
            return False
        _refuse_open_files(workspace, forecast)
        log, plan = PurgeLog(ledger), forecast.plan
        if not plan.is_empty or forecast.folder_files:
            log.record(_purge_record(office, forecast, who))
        remove_absent(workspace, ledger)
    return True


def forecast_purge(office: Office, ledger: Ledger, before: Period, as_of: date) -> Forecast:
    """Return what a purge does. Reads only."""
    workspace, plan = office.workspace, plan_purge(office, ledger, before, as_of)
    clock = Clock(before, as_of, workspace.settings.retention)
    by_hash, entries = {file.sha256: file for file in plan.files}, ledger.entries()
    folder_files = tuple(
        file
        for files in (
            _inbox_files(workspace, entries, plan, clock),
            _outbox_files(workspace, entries, by_hash, clock),
            _report_files(workspace, by_hash, clock),
        )
        for file in files
    )
    gone_paths = {file.path for file in folder_files}
    return Forecast(
        plan,
        folder_files,
        tuple(_summaries(workspace, plan, folder_files)),
        tuple(
            path for path in _unknown_reports(workspace, ledger, clock) if path not in gone_paths
        ),
        tuple(
            path
            for path in ([] if plan.is_empty else workspace.worklists)
            if hash_file(path) not in by_hash
        ),
        tuple(
            f"{officer.code} {officer.name}"
            for officer in office.register.officers
            if officer.to and officer.to < before.start
        ),
        tuple((path, day, Path(path).is_file()) for path, day in PurgeLog(ledger).backups()),
        PurgeLog(ledger).is_unfinished(),
    )


def _summaries(
    workspace: Workspace, plan: PurgePlan, folder_files: tuple[FolderFile, ...]
) -> Iterator[KindSummary]:
    archive = Archive(workspace.archive)
    for kind in KINDS:
        items, kept = plan.gone[kind], plan.kept.get(kind)
        files = [item for item in items if item.sha256]
        beside = [file for file in folder_files if file.kind == kind]
        yield KindSummary(
            kind,
            len(items) - len(files),
            len(files) + len(beside),
            sum(archive.size(item.sha256) for item in files) + sum(file.size for file in beside),
            tuple(sorted({item.end.year for item in items})),
            kept.count if kept else 0,
            kept.until if kept else None,
        )


# Files in the folders


def _folder_file(path: Path, kind: str) -> FolderFile:
    return FolderFile(path, hash_file(path), kind, path.stat().st_size)


def _inbox_files(
    workspace: Workspace, entries: tuple[LedgerEntry, ...], plan: PurgePlan, clock: Clock
) -> Iterator[FolderFile]:
    """Yield the files of the inbox that were taken in and of which nothing is needed any more.

    A mail, or what else holds files, goes with the letters; a file by itself with its original.
    """
    by_origin: dict[str, list[LedgerEntry]] = {}
    for entry in entries:
        by_origin.setdefault(entry.origin.partition("!")[0], []).append(entry)
    gone = {file.sha256: file.kind for file in plan.files}
    for ref in list_files(workspace.inbox, workspace.inbox):
        file = _folder_file(ref.path, LETTERS)
        own_entries = by_origin.get(ref.origin) or by_origin.get(
            purged_origin(ref.origin, file.sha256), []
        )
        if file.sha256 == EMPTY_SHA256 or not own_entries:
            continue  # not taken in
        if any(entry.sha256 == file.sha256 for entry in own_entries):
            if file.sha256 in gone:
                yield replace(file, kind=gone[file.sha256])  # a mail without files is a letter
        elif not _keeps_mail(own_entries, entries, plan, clock):
            yield file


def _keeps_mail(
    own_entries: list[LedgerEntry], entries: tuple[LedgerEntry, ...], plan: PurgePlan, clock: Clock
) -> bool:
    """Whether a mail with these entries stays: one is undecided, or its term is not over."""
    items = (
        Item(
            LETTERS,
            period_about(entry, entries),
            date.fromisoformat(entry.received[:10]),
        )
        for entry in own_entries
    )
    return any(entry.id in plan.undecided for entry in own_entries) or not all(
        map(clock.is_past, items)
    )


def _outbox_files(
    workspace: Workspace,
    entries: tuple[LedgerEntry, ...],
    by_hash: Mapping[str, AbsentFile],
    clock: Clock,
) -> Iterator[FolderFile]:
    """Yield the drafts that go, and in the folders of periods what is about one that is past.

    A form or slip about December may lie in the folder of January, when it was answered.
    """
    numbered = {entry.incoming: entry.period for entry in entries if entry.incoming}
    for path in _files_below(workspace.outbox):
        file, last_word = _folder_file(path, LETTERS), path.stem.rpartition("_")[2]
        if period := _folder_period(workspace.outbox, path):
            about = numbered.get(last_word.replace("-", "/")) or last_word
            period = _parse_period(about) or period
        if file.sha256 in by_hash or (period and clock.is_past(Item(LETTERS, period, period.end))):
            yield file


def _report_files(
    workspace: Workspace, by_hash: Mapping[str, AbsentFile], clock: Clock
) -> Iterator[FolderFile]:
    """Yield the workbooks, reports and pages of branches that go."""
    for path in _files_below(workspace.reports):
        file, period = _folder_file(path, NAMES), _folder_period(workspace.reports, path)
        if file.sha256 in by_hash or (
            period
            and path.name.startswith(_OWN_REPORTS)
            and clock.is_past(Item(NAMES, period, period.end))
        ):
            yield file


def _unknown_reports(workspace: Workspace, ledger: Ledger, clock: Clock) -> Iterator[Path]:
    """Yield the files among the reports of that time that somebody else wrote, or changed."""
    outputs = {row["sha256"] for row in ledger.query("SELECT sha256 FROM output")}
    for path in _files_below(workspace.reports):
        period = _folder_period(workspace.reports, path)
        if (
            period
            and clock.is_past(Item(NAMES, period, period.end))
            and hash_file(path) not in outputs
        ):
            yield path


def _files_below(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


def _folder_period(folder: Path, path: Path) -> Period | None:
    """Return the period after which the folder of a file is called."""
    return _parse_period(path.relative_to(folder).parts[0])


def _parse_period(text: str) -> Period | None:
    with suppress(ValueError):
        return Period.parse(text)
    return None


# Removing


def _refuse_open_files(workspace: Workspace, forecast: Forecast) -> None:
    """Raise OutputBusyError for an open file that is to go: saved again, it would be back."""
    views = _files_below(workspace.outbox / VIEW_FOLDER)
    for path in (*(file.path for file in forecast.folder_files), *workspace.worklists, *views):
        if is_open(path):
            raise OutputBusyError("purge.busy", path=str(path))


def _purge_record(office: Office, forecast: Forecast, who: str) -> Purge:
    """Return what the ledger records and loses; the copies without names are archived first."""
    plan, archive = forecast.plan, Archive(office.workspace.archive)
    copies = {
        sha256: archive.store(copy)
        for sha256 in sorted(plan.registers)
        if (copy := _register_without_names(office, archive, sha256))
    }
    files = [
        replace(file, replacement=copies.get(file.sha256, file.replacement)) for file in plan.files
    ]
    known = {file.sha256 for file in files}
    files += [
        AbsentFile(file.sha256, file.kind)
        for file in forecast.folder_files
        if file.sha256 not in known
    ]
    return Purge(
        plan.as_of,
        who,
        str(plan.before),
        {summary.kind: summary.record_count + summary.file_count for summary in forecast.kinds},
        tuple({file.sha256: file for file in files}.values()),
        plan.entries_of(known),
        plan.numbers(LETTERS, "delivery"),
        plan.texts,
        plan.numbers(DECISIONS, "decision"),
        plan.numbers(DECISIONS, "closing"),
        plan.numbers(DECISIONS, "worklist"),
        plan.numbers(LETTERS, "outgoing"),
    )


def _register_without_names(office: Office, archive: Archive, sha256: str) -> bytes | None:
    """Return an archived register without persons; None where it cannot be read any more."""
    form = office.catalogue.register_form
    try:
        checked = check_register(archive.read(sha256), form)
    except LedgerError:
        return None
    if has_errors(checked.findings):
        return None
    rows = [without_names(row) for row in checked.submission.rows]
    return render(form, TemplateContext("", office.register.root().name, "", None), rows)


def remove_absent(workspace: Workspace, ledger: Ledger) -> None:
    """Remove the files that the ledger says are gone, clear the cache, write the ledger anew.

    It may be repeated. The workspace is locked.
    """
    log = PurgeLog(ledger)
    absent = log.absent_files()
    Archive(workspace.archive).remove(absent)
    for path in workspace.worklists:
        if hash_file(path) in absent:
            remove_file(path, "purge.busy")
    for folder in (workspace.inbox, workspace.outbox, workspace.reports):
        for path in _files_below(folder):
            if hash_file(path) in absent:
                remove_file(path, "purge.busy")
                _remove_empty(path.parent, {folder, *workspace.folders})
    _write_copies(workspace, ledger, absent)
    clear_cache(workspace)
    ViewFiles(workspace.outbox).remove_others()  # what the worklist's links open is made anew
    log.compact()
    log.finish()


def _remove_empty(folder: Path, lasting: set[Path]) -> None:
    """Remove a folder that has become empty, and those around it."""
    while folder not in lasting and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
    sync_folder(folder)


def _write_copies(workspace: Workspace, ledger: Ledger, absent: Mapping[str, AbsentFile]) -> None:
    """Write the copy without names of each closed period whose workbook is gone."""
    archive = Archive(workspace.archive)
    for period, closing in Closings(ledger).in_force().items():
        file = absent.get(closing.workbook)
        path = ReportPaths.of(workspace.reports, period, has_names=False).circulation
        if file and file.replacement and not path.exists():
            write_atomically(path, archive.read(file.replacement))
