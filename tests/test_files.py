"""A file is written whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from mlay_batch.core import files
from mlay_batch.core.files import write_atomically
from mlay_batch.core.messages import error_text
from mlay_batch.errors import MlayError, OutputBusyError


def test_writes_and_replaces_making_folders(tmp_path: Path) -> None:
    path = tmp_path / "reports" / "2019-11" / "tổng hợp.xlsx"
    for data in (b"first", b"second"):
        write_atomically(path, data)
        assert path.read_bytes() == data
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_a_new_file_is_as_readable_as_the_umask_says(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "a", b"")
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("lock_name", [".~lock.a.xlsx#", "~$a.xlsx"])
def test_a_file_open_in_an_office_program_is_left_alone(tmp_path: Path, lock_name: str) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"before")
    (tmp_path / lock_name).write_text("lan")
    with pytest.raises(OutputBusyError) as caught:
        write_atomically(path, b"after")
    assert str(path) in error_text(caught.value, "vi")
    assert lock_name in error_text(caught.value, "vi")
    assert path.read_bytes() == b"before"


def _windows_says(winerror: int) -> OSError:
    error = PermissionError(errno.EACCES, "in use")
    error.winerror = winerror  # type: ignore[attr-defined]
    return error


def test_a_file_held_open_on_windows_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = [_windows_says(32), _windows_says(5)]
    replace = Path.replace

    def replace_after_scan(source: Path, target: Path) -> Path:
        if failures:
            raise failures.pop()
        return replace(source, target)

    monkeypatch.setattr(Path, "replace", replace_after_scan)
    monkeypatch.setattr(files, "RETRY_PAUSES", (0, 0, 0))
    write_atomically(tmp_path / "a", b"after the scanner")
    assert (tmp_path / "a").read_bytes() == b"after the scanner"


UNLINK = Path.unlink


def unlink_as_windows_does(path: Path, **more: bool) -> None:
    if path.exists() and not path.stat().st_mode & stat.S_IWUSR:
        raise _windows_says(5)
    UNLINK(path, **more)


@pytest.mark.parametrize("mode", [0o666, 0o400])
def test_a_file_that_stays_open_on_windows_is_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int
) -> None:
    def fail_to_replace(source: Path, target: Path) -> Path:
        raise _windows_says(33)

    monkeypatch.setattr(Path, "replace", fail_to_replace)
    monkeypatch.setattr(files, "RETRY_PAUSES", (0, 0))
    monkeypatch.setattr(Path, "unlink", unlink_as_windows_does)
    with pytest.raises(OutputBusyError):
        write_atomically(tmp_path / "a", b"", mode)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_not_to_be_changed_is_removed_on_windows_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "unlink", unlink_as_windows_does)
    write_atomically(tmp_path / "a", b"", mode=0o400)
    files.remove_file(tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_another_program_holds_is_not_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise _windows_says(32)

    monkeypatch.setattr(Path, "unlink", refuse)
    (tmp_path / "a").touch()
    with pytest.raises(OutputBusyError):
        files.remove_file(tmp_path / "a")


def test_a_full_disk_leaves_the_old_file_and_no_rubbish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"before")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MlayError, match=r"os\.space") as caught:
        write_atomically(path, b"after")
    assert caught.value.code == "files.unwritable"
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"before"
