"""A real LibreOffice for the tests: converts workbooks, and fills them in as a person would.

One soffice a test session and kind of profile is started on first use and talked to through its own
API (see `libreoffice_uno`, which runs under the interpreter that has the UNO bridge). It runs in
the locale of a Vietnamese office: a typed ``03/09/2019`` is the third of September, ``2,5`` a
number. `stop` ends it; the conftest calls that.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from pathlib import Path

DRIVER = Path(__file__).with_name("libreoffice_uno.py")
_SECONDS = 180
_TRIES = 3
_SETTING = (
    '<item oor:path="/org.openoffice.{path}"><prop oor:name="{name}" oor:op="fuse">'
    "<value>{value}</value></prop></item>"
)
_PROFILE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<oor:items xmlns:oor="http://openoffice.org/2001/registry"'
    ' xmlns:xs="http://www.w3.org/2001/XMLSchema"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{items}</oor:items>\n'
)


@dataclass(frozen=True)
class View:
    """What a screen shows: a window at its upper left corner, with a cell chosen in a workbook.

    Attributes:
        sheet: title of the tab.
        at: the cell.
        width, height: of the window, in pixels.
        choices: whether the list of the cell hangs open.
    """

    sheet: str
    at: str
    width: int = 1366
    height: int = 768
    choices: bool = False


@dataclass(frozen=True)
class Step:
    """One thing done to a workbook. `sheet` is a tab's title; empty is the first visible one."""

    do: str
    sheet: str = ""
    at: str = ""
    value: str | float | None = None
    to: str = ""
    count: int = 1


def put(cell: str, value: str | float | date | None, sheet: str = "") -> Step:
    """Store a text, number or date in `cell` as it is; None empties the cell."""
    if isinstance(value, date):
        return Step("date", sheet, cell, value.isoformat())
    return Step("put", sheet, cell, value)


def type_text(cell: str, text: str, sheet: str = "") -> Step:
    """Type `text` into `cell` as a user does: LibreOffice decides what it is."""
    return Step("type", sheet, cell, text)


def insert_rows(row: int, count: int = 1, sheet: str = "") -> Step:
    """Insert `count` rows before the row numbered `row`."""
    return Step("insert_rows", sheet, str(row), count=count)


def delete_rows(row: int, count: int = 1, sheet: str = "") -> Step:
    """Delete `count` rows from the row numbered `row` on."""
    return Step("delete_rows", sheet, str(row), count=count)


def hide_row(row: int, sheet: str = "") -> Step:
    """Hide one row."""
    return Step("hide_row", sheet, str(row))


def insert_columns(column: str, count: int = 1, sheet: str = "") -> Step:
    """Insert `count` columns before the one lettered `column`."""
    return Step("insert_columns", sheet, column, count=count)


def move(block: str, to: str, sheet: str = "") -> Step:
    """Cut the block ``C9:C20`` and paste it with its upper left corner in `to`."""
    return Step("move", sheet, block, to=to)


def swap(block: str, other: str, sheet: str = "") -> Step:
    """Exchange two blocks of one size, for instance two columns of a table."""
    return Step("swap", sheet, block, to=other)


def rename_sheet(title: str, sheet: str = "") -> Step:
    """Give a tab another title."""
    return Step("rename", sheet, to=title)


def unprotect() -> Step:
    """Take the protection (which has no password) off every sheet."""
    return Step("unprotect")


@cache
def _soffice() -> str | None:
    return shutil.which("soffice") or shutil.which("libreoffice")


@cache
def _python() -> str | None:
    """Return an interpreter that can import uno: rarely the one that runs the tests."""
    for candidate in (sys.executable, "/usr/bin/python3", shutil.which("python3")):
        probe = [candidate or "", "-c", "import uno"]
        if candidate and subprocess.run(probe, capture_output=True, check=False).returncode == 0:
            return candidate
    return None


def available() -> bool:
    """Return whether this machine has LibreOffice and its Python bridge."""
    return _soffice() is not None and _python() is not None


def convert(path: Path, to: str, out: Path, recalculate: bool = False) -> Path:
    """Convert the workbook `path` to ``pdf``, ``xlsx``, ``xls``, ``ods`` in the folder `out`.

    A plain conversion keeps the figures stored in the file; with `recalculate` every formula is
    calculated anew. Returns the file written.
    """
    out.mkdir(parents=True, exist_ok=True)
    target = out / f"{path.stem}.{to}"
    _do(recalculate, path, target, [])
    return target


def fill(template: Path, out: Path, steps: list[Step]) -> Path:
    """Open `template`, do the `steps` one after another, save as `out` in the kind of its suffix.

    Raises AssertionError where LibreOffice refuses a step, such as typing into a locked cell.
    """
    _do(False, template, out, steps)
    return out


@contextmanager
def screen() -> Iterator[Callable[[Path, View, Path], None]]:
    """Run LibreOffice on a screen of its own.

    Yields what shows a workbook there and writes the screen to a file. Needs Xvfb and ImageMagick.
    The mouse rests in the middle of the screen, which is too wide for any window to reach that far.
    """
    ready, written = os.pipe()
    size = ["-screen", "0", "3000x768x24"]
    command = ["Xvfb", "-noreset", "-displayfd", str(written), *size]
    with subprocess.Popen(command, pass_fds=[written], stderr=subprocess.DEVNULL) as server:
        os.close(written)
        with os.fdopen(ready) as number:
            office = _Office(False, f":{number.readline().strip()}")
        try:
            yield lambda workbook, view, picture: office.do(workbook, picture, [], view)
        finally:
            office.stop()
            server.terminate()


class _CrashError(Exception):
    """LibreOffice fell over, which says nothing about the workbook it was given."""


def _do(recalculate: bool, path: Path, target: Path, steps: list[Step]) -> None:
    """Run one job; where LibreOffice crashes, start it again, as a person would."""
    for left in reversed(range(_TRIES)):
        try:
            return _office(recalculate).do(path, target, steps)
        except _CrashError as crash:
            stop(recalculate)
            sys.stderr.write(f"{crash}\n")
            assert left, str(crash)
    return None


class _Office:
    """A running soffice with its own profile, waiting on a pipe of its own."""

    def __init__(self, recalculate: bool, display: str = "") -> None:
        self.home = Path(tempfile.mkdtemp(prefix="mlay-office-"))
        self.pipe = self.home.name
        self.environment = os.environ | ({"DISPLAY": display} if display else {})
        _write_profile(self.home / "profile", recalculate)
        with (self.home / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [
                    str(_soffice()),
                    *(() if display else ("--headless",)),
                    "--norestore",
                    "--nologo",
                    "--nodefault",
                    f"-env:UserInstallation={(self.home / 'profile').as_uri()}",
                    f"--accept=pipe,name={self.pipe};urp;",
                ],
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def do(self, path: Path, target: Path, steps: list[Step], view: View | None = None) -> None:
        """Run one job; an empty list of steps converts, a view is photographed.

        Raises _CrashError where LibreOffice or its bridge died of itself, AssertionError where a
        step was refused.
        """
        job = {
            "pipe": self.pipe,
            "open": path.resolve().as_uri(),
            "save": target.resolve().as_uri(),
            "steps": [asdict(step) for step in steps],
            "view": asdict(view) if view else None,
        }
        ran = subprocess.run(
            [str(_python()), str(DRIVER)],
            input=json.dumps(job),
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        message = f"LibreOffice: {ran.stderr.strip()}\n{self.log()}"
        gone = ran.returncode < 0 or "DisposedException" in ran.stderr
        if gone or self.process.poll() is not None:
            raise _CrashError(message)
        assert ran.returncode == 0, message
        assert target.is_file(), f"LibreOffice wrote no {target.name}"

    def log(self) -> str:
        """Return what soffice itself printed."""
        return (self.home / "log").read_text("utf-8", "replace")

    def stop(self) -> None:
        """End the program with all its children, and remove the profile."""
        for sent in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, sent)
                self.process.wait(10)
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue
            time.sleep(0.1)
        shutil.rmtree(self.home, ignore_errors=True)


def _write_profile(profile: Path, recalculate: bool) -> None:
    settings = [
        ("Setup/L10N", "ooSetupSystemLocale", "vi"),
        # 0 always, 1 never; the factory setting "never" would hide a wrong figure.
        ("Office.Calc/Formula/Load", "OOXMLRecalcMode", "0" if recalculate else "1"),
        ("Office.Calc/Formula/Load", "ODFRecalcMode", "0" if recalculate else "1"),
        # What a newcomer is shown, and words unknown to a dictionary, would stand in pictures.
        ("Setup/Product", "ooSetupLastVersion", "99.9"),
        ("Office.Common/Misc", "ShowTipOfTheDay", "false"),
        ("Office.Linguistic/SpellChecking", "IsSpellAuto", "false"),
    ]
    items = "".join(_SETTING.format(path=p, name=n, value=v) for p, n, v in settings)
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_PROFILE.format(items=items))


_running: dict[bool, _Office] = {}


def _office(recalculate: bool) -> _Office:
    office = _running.get(recalculate)
    if office is None or office.process.poll() is not None:
        stop(recalculate)
        office = _running[recalculate] = _Office(recalculate)
    return office


def stop(*kinds: bool) -> None:
    """End the soffices started here (all of them when called without a kind)."""
    for kind in kinds or (False, True):
        if office := _running.pop(kind, None):
            office.stop()


atexit.register(stop)
