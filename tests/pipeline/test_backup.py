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
from mlay_batch.ledger import Ledger, lock, store

pytestmark = pytest.mark.usefixtures("reading_here")

TODAY = date(2019, 12, 6)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    made = create_office(tmp_path_factory.mktemp("backup") / "town")
    put(made, "Báo cáo tháng 11.xlsx", MeetingReturn("DB1-1").book())
    ingest(made, as_of=TODAY, received="2019-12-03T09:00:00+07:00", holder="test")
    (made.workspace.root / "sao-luu-cũ.zip").write_bytes(b"an older backup")
    (made.workspace.reports / ".mlay-1.tmp").touch()
    return made.workspace


@pytest.fixture(scope="module")
def packed(office: Workspace) -> Path:
    target = office.root.parent / "sao-luu.zip"
    assert backup(office, target, holder="test").file_count == len(contents(office.root))
    return target


def contents(root: Path) -> dict[str, bytes]:
    """What a workspace is made of, without what belongs to the moment or is not mlay's."""
    inside = (path for path in root.rglob("*") if path.is_file())
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in inside
        if not path.name.startswith(".mlay")
        and path.suffix not in (".zip", ".bat")
        and ".cache" not in path.parts
    }


def test_there_and_back(office: Workspace, packed: Path, tmp_path: Path) -> None:
    restored = restore(packed, tmp_path / "máy mới")
    assert contents(restored.path) == contents(office.root)
    found = Workspace.find(restored.path)
    assert check_workspace(found, today=TODAY, holder="test") == WorkspaceReport(())
    with Ledger.open(found.ledger) as ledger:
        assert [delivery.name for delivery in ledger.entries()] == ["Báo cáo tháng 11.xlsx"]


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_nobody_else_can_read_it(packed: Path, tmp_path: Path) -> None:
    made = restore(packed, tmp_path / "new").path
    assert packed.stat().st_mode & 0o077 == 0
    for path in (made / "ledger.sqlite", made / "archive", made / "outbox", *contents(made)):
        assert (made / path).stat().st_mode & 0o077 == 0, path


def test_no_backup_is_overwritten(office: Workspace, packed: Path) -> None:
    with pytest.raises(UsageError, match=r"backup\.exists"):
        backup(office, packed, holder="test")


def test_not_while_somebody_is_at_work(office: Workspace, tmp_path: Path) -> None:
    with lock(office.root, "lan"), pytest.raises(LockedError):
        backup(office, tmp_path / "b.zip", holder="test")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_no_half_backup(
    office: Workspace, packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MlayError, match="No space left"):
        backup(office, tmp_path / "b.zip", holder="test")
    with pytest.raises(MlayError, match="No space left"):
        restore(packed, tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_use_is_left_alone(packed: Path, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("mine")
    with pytest.raises(UsageError, match=r"restore\.occupied"):
        restore(packed, tmp_path)
    with pytest.raises(UsageError, match=r"restore\.occupied"):
        restore(packed, tmp_path / "a")


Change = Callable[[dict[str, bytes]], None]


def changed(packed: Path, change: Change) -> bytes:
    """The backup with its entries changed, manifest and all."""
    with ZipFile(packed) as old:
        entries = {name: old.read(name) for name in old.namelist()}
    change(entries)
    made = packed.with_name("changed.zip")
    with ZipFile(made, "w", ZIP_DEFLATED) as new:
        for name, data in entries.items():
            new.writestr(name, data)
    return made.read_bytes()


def _told(entries: dict[str, bytes], **more: object) -> None:
    told = json.loads(entries["mlay-backup.json"])
    told["files"] |= {
        n: hashlib.sha256(d).hexdigest() for n, d in entries.items() if n != "mlay-backup.json"
    }
    entries["mlay-backup.json"] = json.dumps(told | more).encode()


def _altered(entries: dict[str, bytes]) -> None:
    entries["register.xlsx"] += b"!"


def _lost(entries: dict[str, bytes]) -> None:
    del entries["register.xlsx"]


def _outside(name: str) -> Change:
    def change(entries: dict[str, bytes]) -> None:
        entries[name] = b"evil"
        _told(entries)

    return change


def _newer(entries: dict[str, bytes]) -> None:
    _told(entries, format=2)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_altered, "restore.damaged"),
        (_lost, "restore.damaged"),
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
    packed: Path, tmp_path: Path, change: Change, code: str
) -> None:
    source = tmp_path / "b.zip"
    source.write_bytes(changed(packed, change))
    with pytest.raises(MlayError) as caught:
        restore(source, tmp_path / "new" / "town")
    assert caught.value.code == code
    assert [path.name for path in tmp_path.rglob("*")] in (
        ["b.zip"],
        ["b.zip", "new"],
        ["new", "b.zip"],
    )


@pytest.mark.parametrize("share", [0, 0.3, 0.99])
def test_a_backup_cut_off(packed: Path, tmp_path: Path, share: float) -> None:
    data = packed.read_bytes()
    (tmp_path / "b.zip").write_bytes(data[: int(len(data) * share)])
    with pytest.raises(MlayError, match=r"restore\.damaged"):
        restore(tmp_path / "b.zip", tmp_path / "new")


def test_a_newer_ledger_is_refused(office: Workspace, packed: Path, tmp_path: Path) -> None:
    def version(number: int) -> Change:
        def change(entries: dict[str, bytes]) -> None:
            path = tmp_path / "ledger.sqlite"
            path.write_bytes(entries["ledger.sqlite"])
            with closing(sqlite3.connect(path)) as db:
                db.execute(f"PRAGMA user_version = {number}")
            entries["ledger.sqlite"] = path.read_bytes()
            _told(entries)

        return change

    (tmp_path / "b.zip").write_bytes(changed(packed, version(len(store.STEPS) + 1)))
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
