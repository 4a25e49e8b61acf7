"""A workspace in one file: all of it or nothing, there and back."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from builders.sample_office import MeetingReturn, create_office, put

from mlay_batch.app.archive_check import WorkspaceReport, check_workspace
from mlay_batch.app.backup import backup, restore
from mlay_batch.app.ingest import ingest
from mlay_batch.app.workspace import Workspace
from mlay_batch.cli import run
from mlay_batch.errors import LedgerError, LockedError, MlayError, UsageError
from mlay_batch.ledger import Ledger, PurgeLog, lock, store

pytestmark = pytest.mark.usefixtures("reading_here")

TODAY = date(2019, 12, 6)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    town = create_office(tmp_path_factory.mktemp("backup") / "town")
    put(town, "Báo cáo tháng 11.xlsx", MeetingReturn("DB1-1").book())
    put(town, "nhap-thay/CB-01.xlsx", MeetingReturn("CB-01").book())
    ingest(town, as_of=TODAY, received="2019-12-03T09:00:00+07:00", who="test", holder="test")
    (town.workspace.root / "viec-can-lam (Lan).xlsx").write_bytes(b"decisions not obeyed yet")
    (town.workspace.root / "sao-luu-cũ.zip").write_bytes(b"an older backup")
    (town.workspace.reports / ".mlay-1.tmp").touch()
    return town.workspace


@pytest.fixture(scope="module")
def backup_zip(office: Workspace) -> Path:
    target = office.root.parent / "sao-luu.zip"
    assert backup(office, target, day=TODAY, holder="test").file_count == len(contents(office.root))
    return target


def contents(root: Path) -> dict[str, bytes]:
    """What a workspace is made of, without what belongs to the moment or is not mlay's."""
    inside = (path for path in root.rglob("*") if path.is_file())
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in inside
        if not path.name.startswith(".mlay")
        and path.suffix not in (".zip", ".bat", ".command", ".desktop")
        and ".cache" not in path.parts
    }


def test_there_and_back(office: Workspace, backup_zip: Path, tmp_path: Path) -> None:
    restored = restore(backup_zip, tmp_path / "máy mới")
    before, after = contents(office.root), contents(restored.path)
    ledgers = before.pop("ledger.sqlite"), after.pop("ledger.sqlite")
    assert after == before
    with Ledger.open(office.ledger) as ledger:  # it alone has gone on: it knows of the backup
        assert PurgeLog(ledger).backups() == ((str(backup_zip), TODAY),)
    assert ledgers[0] != ledgers[1]
    workspace = Workspace.find(restored.path)
    assert check_workspace(workspace, today=TODAY, holder="test") == WorkspaceReport(())
    with Ledger.open(workspace.ledger) as ledger:
        who = {delivery.name: delivery.entered_by for delivery in ledger.entries()}
    assert who == {"Báo cáo tháng 11.xlsx": None, "CB-01.xlsx": "test"}


def test_an_empty_folder_comes_back_too(tmp_path: Path) -> None:
    backup(Workspace.create(tmp_path / "town"), tmp_path / "b.zip", day=TODAY, holder="test")
    restored = Workspace.find(restore(tmp_path / "b.zip", tmp_path / "new").path)
    assert all(folder.is_dir() for folder in restored.folders)
    assert restored.office_inbox in restored.folders


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_nobody_else_can_read_it(backup_zip: Path, tmp_path: Path) -> None:
    target = restore(backup_zip, tmp_path / "new").path
    assert backup_zip.stat().st_mode & 0o077 == 0
    for path in (
        target / "ledger.sqlite",
        target / "archive",
        target / "outbox",
        *contents(target),
    ):
        assert (target / path).stat().st_mode & 0o077 == 0, path


def test_no_backup_is_overwritten(office: Workspace, backup_zip: Path) -> None:
    with pytest.raises(UsageError, match=r"backup\.exists"):
        backup(office, backup_zip, day=TODAY, holder="test")


def test_not_while_somebody_is_at_work(office: Workspace, tmp_path: Path) -> None:
    with lock(office.root, "lan"), pytest.raises(LockedError):
        backup(office, tmp_path / "b.zip", day=TODAY, holder="test")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_no_half_backup(
    office: Workspace, backup_zip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MlayError, match=r"os\.space"):
        backup(office, tmp_path / "b.zip", day=TODAY, holder="test")
    with pytest.raises(MlayError, match=r"os\.space"):
        restore(backup_zip, tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_use_is_left_alone(backup_zip: Path, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("mine")
    with pytest.raises(UsageError, match=r"restore\.occupied"):
        restore(backup_zip, tmp_path)
    with pytest.raises(UsageError, match=r"restore\.occupied"):
        restore(backup_zip, tmp_path / "a")


Change = Callable[[dict[str, bytes]], None]


def change_backup(source: Path, change: Change) -> bytes:
    """The backup with its entries changed, manifest and all."""
    with ZipFile(source) as old:
        entries = {name: old.read(name) for name in old.namelist()}
    change(entries)
    target = source.with_name("changed.zip")
    with ZipFile(target, "w", ZIP_DEFLATED) as new:
        for name, data in entries.items():
            new.writestr(name, data)
    return target.read_bytes()


def _write_manifest(entries: dict[str, bytes], **more: object) -> None:
    manifest = json.loads(entries["mlay-backup.json"])
    manifest["files"] |= {
        n: hashlib.sha256(d).hexdigest() for n, d in entries.items() if n != "mlay-backup.json"
    }
    entries["mlay-backup.json"] = json.dumps(manifest | more).encode()


def _alter_register(entries: dict[str, bytes]) -> None:
    entries["register.xlsx"] += b"!"


def _drop_register(entries: dict[str, bytes]) -> None:
    del entries["register.xlsx"]


def _outside(name: str) -> Change:
    def change(entries: dict[str, bytes]) -> None:
        entries[name] = b"evil"
        _write_manifest(entries)

    return change


def _newer(entries: dict[str, bytes]) -> None:
    _write_manifest(entries, format=2)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_alter_register, "restore.damaged"),
        (_drop_register, "restore.damaged"),
        (_outside("../evil"), "restore.damaged"),
        (_outside("/evil"), "restore.damaged"),
        (_outside("a\\..\\evil"), "restore.damaged"),
        (_outside("C:evil"), "restore.damaged"),
        (_outside("inbox/\x1b[2J"), "restore.damaged"),
        (lambda entries: entries.update({"mlay-backup.json": b"[]"}), "restore.damaged"),
        (lambda entries: entries.pop("mlay-backup.json"), "restore.damaged"),
        (lambda entries: entries.pop("mlay.toml"), "restore.damaged"),
        (_newer, "restore.newer"),
    ],
)
def test_what_is_no_whole_backup_of_ours_leaves_nothing(
    backup_zip: Path, tmp_path: Path, change: Change, code: str
) -> None:
    source = tmp_path / "b.zip"
    source.write_bytes(change_backup(backup_zip, change))
    with pytest.raises(MlayError) as caught:
        restore(source, tmp_path / "new" / "town")
    assert caught.value.code == code
    assert [path.name for path in tmp_path.rglob("*")] in (
        ["b.zip"],
        ["b.zip", "new"],
        ["new", "b.zip"],
    )


@pytest.mark.parametrize("share", [0, 0.3, 0.99])
def test_a_backup_cut_off(backup_zip: Path, tmp_path: Path, share: float) -> None:
    data = backup_zip.read_bytes()
    (tmp_path / "b.zip").write_bytes(data[: int(len(data) * share)])
    with pytest.raises(MlayError, match=r"restore\.damaged"):
        restore(tmp_path / "b.zip", tmp_path / "new")


def test_a_newer_ledger_is_refused(office: Workspace, backup_zip: Path, tmp_path: Path) -> None:
    def version(number: int) -> Change:
        def change(entries: dict[str, bytes]) -> None:
            path = tmp_path / "ledger.sqlite"
            path.write_bytes(entries["ledger.sqlite"])
            with closing(sqlite3.connect(path)) as db:
                db.execute(f"PRAGMA user_version = {number}")
            entries["ledger.sqlite"] = path.read_bytes()
            _write_manifest(entries)

        return change

    (tmp_path / "b.zip").write_bytes(change_backup(backup_zip, version(len(store.STEPS) + 1)))
    with pytest.raises(LedgerError, match=r"ledger\.newer"):
        restore(tmp_path / "b.zip", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_the_commands(
    office: Workspace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(office.root)
    assert run(["backup", str(tmp_path / "b.zip")]) == 0
    assert run(["restore", str(tmp_path / "b.zip"), str(tmp_path / "new")]) == 0
    assert "doctor" in capsys.readouterr().out
    assert run(["backup", str(tmp_path / "b.zip")]) == 2
    assert run(["restore", str(tmp_path / "b.zip"), str(tmp_path / "new")]) == 2
