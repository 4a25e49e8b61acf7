"""What is wrong with a workspace, by name, and what can be put right without losing anything."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from pathlib import Path

from mlay_batch.errors import LedgerError, LockedError, MlayError
from mlay_batch.files import TEMPORARY, write_atomically
from mlay_batch.intake import collect
from mlay_batch.ledger import Archive, Closing, Closings, Ledger, lock
from mlay_batch.ledger.integrity import check_archive, find_issues, original_hashes
from mlay_batch.ledger.lock import stale_holder
from mlay_batch.ledger.store import change_counter, high_water_mark, set_high_water_mark
from mlay_batch.pipeline.town import open_town
from mlay_batch.workspace import Workspace

Cure = Callable[[], None]
_OTHERS = 0o077  # what group and others may do with a file
_NOTES = frozenset({"strays", "foreign", "future", "broken_off", "doubtful"})


@dataclass(frozen=True)
class Defect:
    """One defect: `code` is a text of `locale/doctor.yaml`, `params` fill its gaps.

    `error` is set where a part cannot be used at all: then its text says it. `cure` puts it right
    without losing anything; None where a person must.
    """

    code: str
    params: Mapping[str, object] = field(default_factory=dict)
    error: MlayError | None = None
    cure: Cure | None = field(default=None, compare=False)

    @property
    def note(self) -> bool:
        """Whether it is worth knowing only: nothing is lost or wrong."""
        return self.code in _NOTES


@dataclass(frozen=True)
class Diagnosis:
    """What was found, and what of it was put right."""

    found: tuple[Defect, ...]
    cured: tuple[Defect, ...] = ()

    @property
    def ill(self) -> bool:
        """Whether anything is wrong still."""
        return any(not defect.note and defect not in self.cured for defect in self.found)


def examine(workspace: Workspace, *, today: date, holder: str, repair: bool = False) -> Diagnosis:
    """Look at everything in the workspace; with `repair` put right what can be.

    Whoever is at work there is told of as a defect, and what he is changing is not looked at; to
    repair, LockedError is raised instead. Cures run in the order found: folders before files.
    """
    left = stale_holder(workspace.root)
    with ExitStack() as stack:
        try:
            stack.enter_context(lock(workspace.root, holder))
        except LedgerError as error:
            if repair:
                raise
            found = [_broken(error)]
            return Diagnosis((*found, *(() if _busy(error) else _ledger(workspace, today))))
        found = [Defect("broken_off", {"holder": left})] if left else []
        found += [*_folders(workspace), *_ledger(workspace, today), *_descriptions(workspace)]
        return Diagnosis(tuple(found), tuple(_cured(found)) if repair else ())


def _busy(error: LedgerError) -> bool:
    return isinstance(error, LockedError)


def _cured(found: Iterable[Defect]) -> Iterator[Defect]:
    for defect in found:
        if defect.cure:
            defect.cure()
            yield defect


def _broken(error: MlayError, cure: Cure | None = None) -> Defect:
    return Defect(error.code, error=error, cure=cure)


# Folders and files


def _folders(workspace: Workspace) -> Iterator[Defect]:
    for folder in workspace.folders:
        if not folder.is_dir():
            yield Defect("folder", {"path": folder.name}, cure=folder.mkdir)
    for path in sorted(workspace.root.rglob(f"{TEMPORARY}*.tmp")):
        yield Defect("leftover", {"path": _name(workspace, path)}, cure=path.unlink)
    if os.name != "nt":
        yield from _open_to_others(workspace)


def _open_to_others(workspace: Workspace) -> Iterator[Defect]:
    """What others on this machine could read."""
    for path in (path for path in (*workspace.private, workspace.ledger) if path.exists()):
        mode = path.stat().st_mode
        if mode & _OTHERS:
            cure = partial(path.chmod, mode & ~_OTHERS)
            yield Defect("modes", {"path": _name(workspace, path)}, cure=cure)


def _descriptions(workspace: Workspace) -> Iterator[Defect]:
    try:
        open_town(workspace)
    except MlayError as error:
        yield _broken(error)


def _name(workspace: Workspace, path: Path) -> str:
    return path.relative_to(workspace.root).as_posix()


# Ledger and originals


def _ledger(workspace: Workspace, today: date) -> Iterator[Defect]:
    highest = high_water_mark(workspace.ledger)
    try:
        with Ledger.open(workspace.ledger, read_only=True) as ledger:
            yield from _inside(workspace, ledger)
            yield from _clock(ledger, today)
            yield from _shelves(workspace, original_hashes(ledger))
            yield from _reports(workspace, ledger)
    except LedgerError as error:
        yield _broken(error, _fresh(workspace) if error.code == "ledger.missing" else None)
        return
    if (now := change_counter(workspace.ledger)) < highest:
        cure = partial(set_high_water_mark, workspace.ledger, now)
        yield Defect("rolled_back", {"count": highest - now}, cure=cure)


def _fresh(workspace: Workspace) -> Cure | None:
    """Return how to make an empty ledger, where nothing was ever received."""
    if high_water_mark(workspace.ledger) or any(workspace.archive.rglob("*")):
        return None
    return lambda: Ledger.create(workspace.ledger).close()


def _index_anew(workspace: Workspace) -> None:
    with Ledger.open(workspace.ledger) as ledger, ledger.transaction() as db:
        db.execute("REINDEX")


def _inside(workspace: Workspace, ledger: Ledger) -> Iterator[Defect]:
    renew = partial(_index_anew, workspace)
    for issue in find_issues(ledger):
        cure = renew if issue.code == "index" else None
        yield Defect(issue.code, {"which": issue.which}, cure=cure)


def _clock(ledger: Ledger, today: date) -> Iterator[Defect]:
    late = (today + timedelta(days=1)).isoformat()
    ahead = [delivery.id for delivery in ledger.deliveries() if delivery.received[:10] > late]
    if ahead:
        yield Defect("future", {"count": len(ahead), "which": ahead[0]})


def _shelves(workspace: Workspace, wanted: frozenset[str]) -> Iterator[Defect]:
    archive = Archive(workspace.archive)
    found = check_archive(archive, wanted)
    lost = [("missing", sha256) for sha256 in found.missing]
    lost += [("altered", sha256) for sha256 in found.altered]
    copies = _copies(workspace, {sha256 for _, sha256 in lost}) if lost else {}
    for code, sha256 in lost:
        copy = copies.get(sha256)
        cure = partial(archive.restore, copy) if copy is not None else None
        yield Defect(code, {"sha256": sha256}, cure=cure)
    if found.strays:
        yield Defect("strays", {"count": len(found.strays), "which": found.strays[0]})
    for path in found.foreign:
        if not path.rpartition("/")[2].startswith(TEMPORARY):  # told of already
            yield Defect("foreign", {"path": f"{workspace.archive.name}/{path}"})


def _copies(workspace: Workspace, wanted: set[str]) -> dict[str, bytes]:
    """Return the originals wanted that lie elsewhere too: told by their hash, whatever the name."""
    found: dict[str, bytes] = {}
    for leaf in collect([workspace.inbox], workspace.inbox, ""):
        if leaf.sha256 in wanted:
            found[leaf.sha256] = leaf.data
    others = (workspace.outbox.rglob("*"), workspace.reports.rglob("*"), [workspace.register])
    for path in (path for group in others for path in group if path.is_file()):
        data = path.read_bytes()
        if (sha256 := hashlib.sha256(data).hexdigest()) in wanted:
            found[sha256] = data
    return found


def _reports(workspace: Workspace, ledger: Ledger) -> Iterator[Defect]:
    """Workbooks of closed periods that are not what was closed."""
    for period, closing in Closings(ledger).in_force().items():
        path = workspace.reports / str(period) / f"tong-hop-{period}.xlsx"
        if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() != closing.workbook:
            known = {"path": _name(workspace, path), "period": str(period)}
            yield Defect("report", known, cure=partial(_as_closed, workspace, path, closing))


def _as_closed(workspace: Workspace, path: Path, closing: Closing) -> None:
    write_atomically(path, Archive(workspace.archive).read(closing.workbook))
