"""Originals are kept as they came, once, and never believed unchecked."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from mlay_batch.errors import LedgerError, MlayError
from mlay_batch.ledger import Archive

DATA = b"PK\3\4 a return"
SHA = hashlib.sha256(DATA).hexdigest()


def test_an_original_lies_under_its_hash(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "archive")
    assert archive.store(DATA) == SHA
    assert archive.read(SHA) == DATA
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [tmp_path / "archive" / SHA[:2] / SHA]


def test_the_same_bytes_are_written_once(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    archive.store(DATA)
    path = tmp_path / SHA[:2] / SHA
    os.utime(path, ns=(1, 1))
    archive.store(DATA)
    assert path.stat().st_mtime_ns == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows needs no fsync of folders")
def test_folders_are_synced_once_for_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []
    monkeypatch.setattr("mlay_batch.ledger.archive.sync_folder", synced.append)
    archive = Archive(tmp_path)
    several = [archive.add(b"%d" % number) for number in range(600)]
    assert synced == []
    archive.sync()
    assert synced == [*sorted({tmp_path / sha256[:2] for sha256 in several}), tmp_path]
    archive.sync()
    assert len(synced) == len(set(synced))
    Archive(tmp_path).store(b"1")  # whoever put it there may have been killed before its sync
    assert len(synced) == len(set(synced)) + 2


def test_files_are_synced_before_their_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    for name in ("sync_file", "sync_folder"):
        monkeypatch.setattr(f"mlay_batch.ledger.archive.{name}", synced.append)
    archive = Archive(tmp_path)
    paths = {tmp_path / sha256[:2] / sha256 for sha256 in map(archive.add, (b"1", b"2", b"1"))}
    archive.sync()
    assert set(synced[:2]) == paths
    assert synced[-1] == tmp_path


def test_a_trial_syncs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", None)
    archive = Archive(tmp_path, lasting=False)
    assert archive.read(archive.store(DATA)) == DATA


def test_half_an_original_is_written_again(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    archive.store(DATA)
    (tmp_path / SHA[:2] / SHA).write_bytes(DATA[:4])
    archive.store(DATA)
    assert archive.read(SHA) == DATA


def test_altered_and_missing_originals_are_told(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    with pytest.raises(LedgerError, match=r"ledger\.original_missing"):
        archive.read(SHA)
    archive.store(DATA)
    (tmp_path / SHA[:2] / SHA).write_bytes(DATA + b"!")
    with pytest.raises(LedgerError, match=r"ledger\.original_altered"):
        archive.read(SHA)


def test_a_place_that_cannot_be_written_is_a_broken_run(tmp_path: Path) -> None:
    (tmp_path / "archive").write_text("a file where the folder should be")
    with pytest.raises(MlayError, match=r"files\.unwritable"):
        Archive(tmp_path / "archive").store(DATA)


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_originals_are_for_their_owner_only(tmp_path: Path) -> None:
    Archive(tmp_path).store(DATA)
    assert (tmp_path / SHA[:2] / SHA).stat().st_mode & 0o777 == 0o600
