"""The files to double-click, run as a desktop runs them, with a stand-in for the program."""

from __future__ import annotations

import os
import pty
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from mlay_batch.app.backup import backup, restore
from mlay_batch.app.workspace import Workspace

pytestmark = pytest.mark.skipif(os.name == "nt", reason="a shell, a pseudo-terminal")

NAMES = ("mlay.bat", "mlay.command", "mlay.desktop")
DONE, FAILED = "Đã chạy xong và mở bảng việc cần làm", "Chưa chạy xong, lý do ghi ở trên."
SYSTEM = "/usr/bin:/bin"


@dataclass
class Desk:
    """An office's folder, and the programs that a double click there finds."""

    folder: Path
    programs: Path

    @property
    def calls(self) -> list[str]:
        """What the stand-ins were called with, each after the folder it was called in."""
        log = self.programs / "calls"
        return log.read_text(encoding="utf-8").splitlines() if log.exists() else []

    def stand_in(self, name: str, code: int = 0) -> None:
        """Put a program there that only notes how it was called."""
        self.script(name, f'echo "$PWD|{name}|$*" >> "{self.programs}/calls"\nexit {code}')

    def script(self, name: str, text: str) -> None:
        path = self.programs / name
        path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        path.chmod(0o755)

    @property
    def surroundings(self) -> dict[str, str]:
        return {"PATH": f"{self.programs}:{SYSTEM}", "LC_ALL": "C.UTF-8"}

    def run(self, *command: str, cwd: str = "/") -> subprocess.CompletedProcess[str]:
        """Run a command that nobody watches."""
        return subprocess.run(
            command,
            cwd=cwd,
            env=self.surroundings,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
        )

    @property
    def command(self) -> str:
        return str(self.folder / "mlay.command")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    workspace = Workspace.create(tmp_path / "Thị ủy 100% Mường Lay" / "báo cáo #1")
    (tmp_path / "programs").mkdir()
    desk = Desk(workspace.root, tmp_path / "programs")
    desk.script("python3", f'exec "{sys.executable}" "$@"')
    return desk


@contextmanager
def watched(desk: Desk) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The command in a window: its process, and the keyboard it reads from."""
    keyboard, terminal = pty.openpty()
    process = subprocess.Popen(
        [desk.command],
        env=desk.surroundings,
        stdin=terminal,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    with process:
        try:
            yield process, keyboard
        finally:
            process.kill()
            os.close(terminal)
            os.close(keyboard)


@pytest.mark.parametrize(("code", "words"), [(0, DONE), (1, DONE), (2, FAILED), (3, FAILED)])
def test_a_double_click_runs_the_month_in_its_own_folder(desk: Desk, code: int, words: str) -> None:
    desk.stand_in("mlay", code)
    desk.stand_in("sleep")
    done = desk.run(desk.command, "--period", "2019-11", "tệp có dấu cách.xlsx")
    assert (done.returncode, done.stderr) == (code, "")
    assert desk.calls == [f"{desk.folder}|mlay|month --period 2019-11 tệp có dấu cách.xlsx"]
    (line,) = done.stdout.splitlines()
    assert line.startswith(words)


@pytest.mark.parametrize("code", [2, 3])
def test_after_an_error_it_waits_for_a_key(desk: Desk, code: int) -> None:
    desk.stand_in("mlay", code)
    with watched(desk) as (process, keyboard):
        assert process.stdout is not None
        assert process.stdout.readline().startswith(FAILED)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)
        os.write(keyboard, b"\n")
        assert process.wait(30) == code


@pytest.mark.parametrize("code", [0, 1])
def test_otherwise_it_closes_after_some_seconds(desk: Desk, code: int) -> None:
    desk.stand_in("mlay", code)
    desk.stand_in("sleep")
    with watched(desk) as (process, _):
        assert process.wait(30) == code
    assert desk.calls[1:] == [f"{desk.folder}|sleep|10"]


def test_without_the_command_python_runs_the_program(desk: Desk) -> None:
    desk.script("python3", 'echo "$PWD|$*" >> "${0%/*}/calls"\n[ "$1" = -c ] || exit 1')
    done = desk.run(desk.command, "--lang", "en")
    assert (done.returncode, done.stdout[: len(DONE)]) == (1, DONE)
    assert desk.calls[-1] == f"{desk.folder}|-m mlay_batch month --lang en"


def test_a_program_that_is_not_there_is_no_month_done(desk: Desk) -> None:
    """Python ends with 1 then, as the program does where a file was refused."""
    desk.script("python3", "echo 'No module named mlay_batch' >&2\nexit 1")
    done = desk.run(desk.command)
    assert (done.returncode, done.stdout[: len(FAILED)]) == (3, FAILED)
    assert "No module named mlay_batch" in done.stderr


@pytest.mark.parametrize("place", ["path", "uri", "left out"])
@pytest.mark.parametrize("code", [0, 1, 2, 3])
def test_a_double_click_on_linux_does_the_same(desk: Desk, place: str, code: int) -> None:
    desk.stand_in("mlay", code)
    file = desk.folder / "mlay.desktop"
    where = {"path": [str(file)], "uri": [file.as_uri()], "left out": []}
    cwd = str(desk.folder) if place == "left out" else "/"
    done = desk.run(*expand(file, where[place], ["/mnt/tệp 1.xlsx"]), cwd=cwd)
    assert (done.returncode, done.stderr) == (code, "")
    assert desk.calls == [f"{desk.folder}|mlay|month /mnt/tệp 1.xlsx"]
    assert done.stdout.startswith(DONE if code < 2 else FAILED)


def test_the_desktop_file_is_one_for_every_desktop(desk: Desk) -> None:
    lines = (desk.folder / "mlay.desktop").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "[Desktop Entry]"
    entries = dict(line.split("=", 1) for line in lines[1:] if line[0] != "#")
    assert (entries["Type"], entries["Terminal"]) == ("Application", "true")
    # within quotes these would have to be escaped twice, which not every desktop undoes
    assert not set("\\$`") & set(entries["Exec"])
    assert entries["Exec"].count('"') == 2
    assert "%" not in entries["Exec"].split('"')[1]


def expand(file: Path, location: list[str], files: list[str]) -> list[str]:
    """The command line of a desktop file as its desktop makes it."""
    (line,) = [
        line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("Exec=")
    ]
    words: list[str] = []
    for word in shlex.split(line.removeprefix("Exec=")):
        words += {"%k": location, "%F": files}.get(word, [word])
    return words


def test_on_windows_the_words_stand_where_they_cannot_do_harm(desk: Desk) -> None:
    """cmd.exe reads on from where a line ended, and may count bytes and letters differently."""
    written = (desk.folder / "mlay.bat").read_bytes()
    assert written.count(b"\n") == written.count(b"\r\n")
    assert written.endswith(b"\r\n")
    lines = written.decode().splitlines()
    assert [number for number, line in enumerate(lines, 1) if not line.isascii()] == [len(lines)]
    assert "chcp 65001 >nul" in lines[:-1]
    assert lines[-1].endswith(" & exit /b %CODE%"), "after it nothing is read"
    assert DONE in lines[-1]
    assert FAILED in lines[-1]
    assert not any(line.startswith("goto") for line in lines[lines.index("chcp 65001 >nul") :])


def test_on_windows_it_runs_the_month_and_never_itself(desk: Desk) -> None:
    """cmd.exe looks for a command in the current folder first, and there lies this file."""
    lines = (desk.folder / "mlay.bat").read_text(encoding="utf-8").splitlines()
    assert lines[1] == "setlocal EnableExtensions DisableDelayedExpansion"  # a ! stays in a path
    assert lines[0] == "@echo off"
    choices = [line for line in lines if re.search(r'\bset "?MLAY=', line)]
    assert choices == [
        'set "MLAY=py -m mlay_batch"',
        'if "%ERRORLEVEL%"=="0" set "MLAY=mlay.exe"',
        r'if exist "%ZIP%\packages\mlay_batch" set MLAY="%ZIP%\python.exe" -X utf8 -m mlay_batch',
        'if not "%ERRORLEVEL%"=="0" set "MLAY="',
    ]
    assert lines[lines.index(choices[1]) - 1] == "where mlay.exe >nul 2>nul"
    assert lines[lines.index(choices[3]) - 1] == "%MLAY% --version >nul"
    assert lines.index(choices[3]) < lines.index("if defined MLAY %MLAY% month %*")
    assert lines.index('cd /d "%~dp0"') < lines.index("if defined MLAY %MLAY% month %*")
    typed = lines.index('if /i not "%~0"=="mlay" goto month')
    assert lines[typed + 1 : typed + 4] == ["%MLAY% %*", "exit /b %ERRORLEVEL%", ":month"]
    assert '"%SystemRoot%\\System32\\timeout.exe" /t %WAIT% >nul' in lines[-1]


def test_what_the_office_has_changed_stays(tmp_path: Path) -> None:
    for name in NAMES[:2]:
        (tmp_path / name).write_text("của văn phòng", encoding="utf-8")
    Workspace.create(tmp_path)
    contents = [(tmp_path / name).read_text(encoding="utf-8") for name in NAMES]
    assert contents[:2] == ["của văn phòng"] * 2
    assert contents[2].startswith("[Desktop Entry]\n")


def test_a_restored_workspace_has_those_of_every_system(tmp_path: Path) -> None:
    backup(
        Workspace.create(tmp_path / "town"),
        tmp_path / "b.zip",
        day=date(2019, 12, 6),
        holder="test",
    )
    folder = restore(tmp_path / "b.zip", tmp_path / "new").path
    assert sorted(path.name for path in folder.glob("mlay.*") if path.suffix != ".toml") == [*NAMES]
    assert all(os.access(folder / name, os.X_OK) for name in NAMES)
