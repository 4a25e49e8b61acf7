"""Checks a workspace for defects and repairs those that lose nothing."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from pathlib import Path

from mlay_batch.app.office import open_office
from mlay_batch.app.report_files import ReportPaths, hash_file
from mlay_batch.app.workspace import Workspace
from mlay_batch.core.files import TEMPORARY_PREFIX, write_atomically
from mlay_batch.errors import LedgerError, LockedError, MlayError
from mlay_batch.intake import collect
from mlay_batch.ledger import Archive, Closings, Ledger, PurgeLog, lock
from mlay_batch.ledger.change_count import change_counter, high_water_mark, set_high_water_mark
from mlay_batch.ledger.integrity import check_archive, find_issues, original_hashes
from mlay_batch.ledger.lock import stale_holder
from mlay_batch.model.records import Output

Fix = Callable[[], None]
_OTHERS_MODE = 0o077  # permissions of group and others
_NOTE_CODES = frozenset({"strays", "foreign", "future", "broken_off", "doubtful"})


@dataclass(frozen=True)
class Defect:
    """A defect of a workspace."""

    code: str
    """Name of a text in `locale/doctor.yaml`."""
    params: Mapping[str, object] = field(default_factory=dict)
    """Values for its gaps."""
    error: MlayError | None = None
    """The error whose text describes the defect, where a part is unusable."""
    fix: Fix | None = field(default=None, compare=False)
    """Repairs it without loss; None where a person must."""

    @property
    def is_note(self) -> bool:
        """Whether it is for information only: nothing is lost or wrong."""
        return self.code in _NOTE_CODES


@dataclass(frozen=True)
class WorkspaceReport:
    """The result of checking a workspace.

    Attributes:
        defects: all defects, in the order of the checks.
        fixed: those of them that were repaired.
    """

    defects: tuple[Defect, ...]
    fixed: tuple[Defect, ...] = ()

    @property
    def has_defects(self) -> bool:
        """Whether a defect remains."""
        return any(not defect.is_note and defect not in self.fixed for defect in self.defects)


def check_workspace(
    workspace: Workspace, *, today: date, holder: str, repair: bool = False
) -> WorkspaceReport:
    """Check the whole workspace; with `repair` repair what can be repaired.

    If another process holds the workspace, that is reported as a defect and the parts it may change
    are not checked; with `repair` LockedError is raised. Repairs run in the order found: folders
    before files.
    """
    former_holder = stale_holder(workspace.root)
    with ExitStack() as stack:
        try:
            stack.enter_context(lock(workspace.root, holder))
        except LedgerError as error:
            if repair:
                raise
            defects = [_defect_of(error)]
            return WorkspaceReport(
                (*defects, *(() if _is_locked(error) else _ledger_defects(workspace, today)))
            )
        defects = [Defect("broken_off", {"holder": former_holder})] if former_holder else []
        defects += [
            *_folder_defects(workspace),
            *_ledger_defects(workspace, today),
            *_description_defects(workspace),
        ]
        return WorkspaceReport(tuple(defects), tuple(_apply_fixes(defects)) if repair else ())


def _is_locked(error: LedgerError) -> bool:
    return isinstance(error, LockedError)


def _apply_fixes(defects: Iterable[Defect]) -> Iterator[Defect]:
    for defect in defects:
        if defect.fix:
            defect.fix()
            yield defect


def _defect_of(error: MlayError, fix: Fix | None = None) -> Defect:
    return Defect(error.code, error=error, fix=fix)


# Folders and files


def _folder_defects(workspace: Workspace) -> Iterator[Defect]:
    for folder in workspace.folders:
        if not folder.is_dir():
            yield Defect("folder", {"path": _relative_name(workspace, folder)}, fix=folder.mkdir)
    for path in sorted(workspace.root.rglob(f"{TEMPORARY_PREFIX}*.tmp")):
        yield Defect("leftover", {"path": _relative_name(workspace, path)}, fix=path.unlink)
    if os.name != "nt":
        yield from _permission_defects(workspace)


def _permission_defects(workspace: Workspace) -> Iterator[Defect]:
    """Yield the private files that others on this machine can read."""
    for path in (path for path in (*workspace.private_folders, workspace.ledger) if path.exists()):
        mode = path.stat().st_mode
        if mode & _OTHERS_MODE:
            fix = partial(path.chmod, mode & ~_OTHERS_MODE)
            yield Defect("modes", {"path": _relative_name(workspace, path)}, fix=fix)


def _description_defects(workspace: Workspace) -> Iterator[Defect]:
    try:
        open_office(workspace)
    except MlayError as error:
        yield from map(_defect_of, error.every)


def _relative_name(workspace: Workspace, path: Path) -> str:
    return path.relative_to(workspace.root).as_posix()


# Ledger and originals


def _ledger_defects(workspace: Workspace, today: date) -> Iterator[Defect]:
    highest = high_water_mark(workspace.ledger)
    try:
        with Ledger.open(workspace.ledger, read_only=True) as ledger:
            yield from _integrity_defects(workspace, ledger)
            yield from _clock_defects(ledger, today)
            absent = PurgeLog(ledger).absent_files().keys()
            yield from _purge_defects(workspace, ledger)
            yield from _archive_defects(workspace, original_hashes(ledger), absent)
            yield from _report_defects(workspace, ledger, absent)
    except LedgerError as error:
        yield _defect_of(
            error, _new_ledger_fix(workspace) if error.code == "ledger.missing" else None
        )
        return
    if (current := change_counter(workspace.ledger)) < highest:
        fix = partial(set_high_water_mark, workspace.ledger, current)
        yield Defect("rolled_back", {"count": highest - current}, fix=fix)


def _new_ledger_fix(workspace: Workspace) -> Fix | None:
    """Return the repair that makes an empty ledger, if nothing was ever received."""
    if high_water_mark(workspace.ledger) or any(workspace.archive.rglob("*")):
        return None
    return lambda: Ledger.create(workspace.ledger).close()


def _rebuild_index(workspace: Workspace) -> None:
    with Ledger.open(workspace.ledger) as ledger, ledger.transaction() as db:
        db.execute("REINDEX")


def _integrity_defects(workspace: Workspace, ledger: Ledger) -> Iterator[Defect]:
    rebuild = partial(_rebuild_index, workspace)
    for issue in find_issues(ledger):
        cure = rebuild if issue.code == "index" else None
        yield Defect(issue.code, {"which": issue.subject}, fix=cure)


def _clock_defects(ledger: Ledger, today: date) -> Iterator[Defect]:
    tomorrow = (today + timedelta(days=1)).isoformat()
    future_ids = [entry.id for entry in ledger.entries() if entry.received[:10] > tomorrow]
    if future_ids:
        yield Defect("future", {"count": len(future_ids), "which": future_ids[0]})


def _purge_defects(workspace: Workspace, ledger: Ledger) -> Iterator[Defect]:
    """Yield the purge that broke off before all files were gone; it loses nothing to go on."""
    if PurgeLog(ledger).is_unfinished():
        yield Defect("unpurged", fix=partial(_complete_purge, workspace))


def _complete_purge(workspace: Workspace) -> None:
    from mlay_batch.app.purge import remove_absent  # start-up: it writes registers

    with Ledger.open(workspace.ledger) as ledger:
        remove_absent(workspace, ledger)


def _archive_defects(
    workspace: Workspace, expected: frozenset[str], absent: Set[str]
) -> Iterator[Defect]:
    """Yield what differs between archive and ledger; what is to be purged is no stray."""
    archive = Archive(workspace.archive)
    report = check_archive(archive, expected)
    damaged = [("missing", sha256) for sha256 in report.missing]
    damaged += [("altered", sha256) for sha256 in report.altered]
    copies = _find_copies(workspace, {sha256 for _, sha256 in damaged}) if damaged else {}
    for code, sha256 in damaged:
        copy = copies.get(sha256)
        fix = partial(archive.restore, copy) if copy is not None else None
        yield Defect(code, {"sha256": sha256}, fix=fix)
    if strays := [sha256 for sha256 in report.strays if sha256 not in absent]:
        yield Defect("strays", {"count": len(strays), "which": strays[0]})
    for path in report.foreign:
        if not path.rpartition("/")[2].startswith(TEMPORARY_PREFIX):  # reported as a leftover
            yield Defect("foreign", {"path": f"{workspace.archive.name}/{path}"})


def _find_copies(workspace: Workspace, hashes: set[str]) -> dict[str, bytes]:
    """Return the originals of these hashes that exist elsewhere, under whatever name."""
    copies: dict[str, bytes] = {}
    for file in collect([workspace.inbox], workspace.inbox, ""):
        if file.sha256 in hashes:
            copies[file.sha256] = file.data
    other_files = (workspace.outbox.rglob("*"), workspace.reports.rglob("*"), [workspace.register])
    for path in (path for group in other_files for path in group if path.is_file()):
        data = path.read_bytes()
        if (sha256 := hashlib.sha256(data).hexdigest()) in hashes:
            copies[sha256] = data
    return copies


def _report_defects(workspace: Workspace, ledger: Ledger, absent: Set[str]) -> Iterator[Defect]:
    """Yield the files of closed periods that differ from the archived ones.

    The report to sign is left out: the office writes into it; likewise what was purged.
    """
    for period, closing in Closings(ledger).in_force().items():
        paths, outputs = ReportPaths.of(workspace.reports, period), ledger.outputs(closing.workbook)
        files = {
            paths.workbook: closing.workbook,
            paths.circulation: outputs.get(Output.CIRCULATION),
            paths.message: outputs.get(Output.MESSAGE),
        }
        for path, sha256 in files.items():
            if not sha256 or sha256 in absent:
                continue
            if path.is_file() and hash_file(path) != sha256:
                params = {"path": _relative_name(workspace, path), "period": str(period)}
                yield Defect("report", params, fix=partial(_restore, workspace, path, sha256))


def _restore(workspace: Workspace, path: Path, sha256: str) -> None:
    write_atomically(path, Archive(workspace.archive).read(sha256))
