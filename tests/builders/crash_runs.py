"""A month in a small town, killed or failing at its n-th write, for every n until none is left.

`python -m builders.crash_runs` in tests/ goes through all of them; the test takes a share. A
process is made ready once (programs loaded, forms read), then forked for every n: the fork takes in
three files, consolidates, writes drafts and sends them, and meets its fault on the way. Then the
workspace is looked at by the doctor, the same commands run again, and the end must be the one
without a fault.

What is pure (reading, figures, workbooks) is computed once and remembered: the faults are in what
touches the disk. Counted are the system's calls for durability and every change of the ledger:
writes, fsync, replace, statements that change, commits.
"""

from __future__ import annotations

import argparse
import errno
import functools
import hashlib
import json
import os
import shutil
import sqlite3
import stat
import sys
import tempfile
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from builders.sample_office import MeetingReturn, create_office, put
from mlay_batch import reader, report
from mlay_batch.app import archive_check, ingest, letter_forms, mail_run, reply
from mlay_batch.app.consolidate import consolidate
from mlay_batch.app.office import Office
from mlay_batch.core import files
from mlay_batch.core.period import Period
from mlay_batch.errors import LockedError, MlayError
from mlay_batch.ledger import Ledger, MailLog, MailState
from mlay_batch.mail.smtp import RateLimiter

TODAY, NOVEMBER = date(2019, 12, 6), Period(2019, 11)
CLOCK = datetime(2019, 12, 6, 9, tzinfo=UTC)
KILLED, BROKEN, LOCKED, FAULT = 9, 3, 4, 70
# What a run that broke off may leave: nothing of it is wrong.
HARMLESS = {"broken_off", "leftover", "strays", "doubtful"}


@dataclass
class Disk:
    """Counts what must last and fails at the n-th; knows what a power cut would take with it."""

    at: int
    how: str  # "kill", "full", "read-only"
    count: int = 0
    unsynced: dict[str, Path] = field(default_factory=dict)
    renamed: list[tuple[Path, bytes | None]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def tick(self) -> None:
        """One more call; this may be the one."""
        self.count += 1
        if self.count - 1 == self.at:
            self.fail()
        if self.how != "kill" and self.count - 1 > self.at >= 0:
            self.fail()  # a full disk stays full

    def fail(self) -> None:
        if self.how == "kill":
            self.power_cut()
            os._exit(KILLED)
        raise OSError(*_ERRORS[self.how])

    def power_cut(self) -> None:
        """What was never synced is gone: the content of files, the new names in folders."""
        for path, before in reversed(self.renamed):
            path.unlink(missing_ok=True)
            if before is not None:
                path.write_bytes(before)
        for path in self.unsynced.values():
            if path.exists():
                os.truncate(path, 0)


_ERRORS = {
    "full": (errno.ENOSPC, "No space left on device"),
    "read-only": (errno.EROFS, "Read-only file system"),
}
_CHANGES = ("BEGIN IMMEDIATE", "INSERT", "UPDATE", "DELETE", "COMMIT", "CREATE", "ALTER")


class _File:
    """A file being written, every write counted."""

    def __init__(self, disk: Disk, path: Path, file: Any) -> None:
        self.disk, self.file = disk, file
        disk.unsynced[str(path)] = path

    def write(self, data: bytes) -> int:
        self.disk.tick()
        written: int = self.file.write(data)
        self.file.flush()
        return written

    def __enter__(self) -> _File:
        return self

    def __exit__(self, *error: object) -> None:
        self.file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


FSYNC, REPLACE, CONNECT = os.fsync, os.replace, sqlite3.connect


class System:
    """The system's calls, counted by a disk."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk

    def fsync(self, descriptor: int) -> None:
        with self.disk.lock:  # the archive syncs several files at a time
            self.disk.tick()
            FSYNC(descriptor)
            target = Path(f"/proc/self/fd/{descriptor}").readlink()
            if stat.S_ISDIR(os.fstat(descriptor).st_mode):
                self.disk.renamed = [pair for pair in self.disk.renamed if pair[0].parent != target]
            self.disk.unsynced.pop(str(target), None)

    def replace(self, old: Path, new: Path) -> None:
        self.disk.tick()
        before = Path(new).read_bytes() if Path(new).exists() else None
        REPLACE(old, new)
        self.disk.renamed.append((Path(new), before))
        if self.disk.unsynced.pop(str(old), None):
            self.disk.unsynced[str(new)] = Path(new)

    def open(self, path: Path, *args: Any, **more: Any) -> _File:
        return _File(self.disk, path, open(path, *args, **more))  # noqa: PTH123

    def connect(self, *args: Any, **more: Any) -> sqlite3.Connection:
        connection = CONNECT(*args, factory=_Counted, **more)
        connection.disk = self.disk  # type: ignore[attr-defined]
        return connection


class _Counted(sqlite3.Connection):
    """A connection whose every change is counted."""

    disk: Disk

    def execute(self, sql: str, *values: Any) -> Any:
        if sql.lstrip().upper().startswith(_CHANGES):
            self._tick()
        return super().execute(sql, *values)

    def executemany(self, sql: str, values: Any) -> Any:
        self._tick()
        return super().executemany(sql, values)

    def _tick(self) -> None:
        try:
            self.disk.tick()
        except OSError as error:
            failed = sqlite3.OperationalError(error.strerror)
            full = error.errno == errno.ENOSPC
            failed.sqlite_errorcode = sqlite3.SQLITE_FULL if full else sqlite3.SQLITE_READONLY
            raise failed from error


@contextmanager
def faulty(disk: Disk) -> Iterator[None]:
    """Put `disk` between the program and the system."""
    system = System(disk)
    os.fsync, os.replace, sqlite3.connect = system.fsync, system.replace, system.connect  # type: ignore[assignment]
    files.open = system.open  # type: ignore[attr-defined]
    try:
        yield
    finally:
        os.fsync, os.replace, sqlite3.connect = FSYNC, REPLACE, CONNECT
        del files.open  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Host:
    """A mail host that remembers what it took, in a file no fault reaches."""

    log: Path

    def deliver(self, to: tuple[str, ...], mail: bytes) -> tuple[str, ...]:
        head = mail.partition(b"\r\n\r\n")[0].lower()
        (message_id,) = [line for line in head.split(b"\r\n") if line.startswith(b"message-id:")]
        with self.log.open("ab") as log:
            log.write(message_id + b"\n")
        return ()

    def message_counts(self) -> Counter[bytes]:
        return Counter(self.log.read_bytes().splitlines() if self.log.exists() else ())


def month(office: Office, host: Host) -> None:
    """Take in, consolidate, draft, send: what a clerk does on the sixth."""
    when = "2019-12-03T09:00:00+07:00"
    ingest.ingest(office, as_of=TODAY, received=when, who="fire", holder="fire")
    consolidate(office, NOVEMBER, as_of=TODAY, holder="fire")
    job = mail_run.MailRun(
        office, functools.partial(reply.reply_letters, office), NOVEMBER, TODAY, "fire"
    )
    mail_run.draft(job, when)
    limiter = RateLimiter(10**6, lambda: 0.0, lambda _: None)
    mail_run.send(job, nullcontext(host), limiter, lambda: CLOCK)


def read_here(named: Any, forms: Any, *limits: Any, **_: Any) -> Iterator[Any]:
    """Read without a child: what kills a reader is not this test's."""
    return (reader.read(data, name, forms, *limits) for name, data in named)


def remember_checks() -> None:
    """Let the same leaves be judged once."""
    real, answers = ingest.check_files, {}

    def check_once(office: Office, leaves: Any, *args: Any, **more: Any) -> Iterator[Any]:
        if tuple(leaves) not in answers:
            answers[tuple(leaves)] = tuple(real(office, leaves, *args, **more))
        return iter(answers[tuple(leaves)])

    ingest.check_files = check_once


def remember(module: Any, name: str) -> None:
    """Let a pure function compute each answer once."""
    real, answers = getattr(module, name), {}

    def compute_once(*args: Any, **more: Any) -> Any:
        key = hashlib.sha256(repr((args[1:], sorted(more))).encode()).digest()
        if key not in answers:
            answers[key] = real(*args, **more)
        return answers[key]

    setattr(module, name, compute_once)


@dataclass(frozen=True)
class _Closed:
    """A workbook that was written and closed before."""

    workbook: bytes

    def close(self) -> bytes:
        return self.workbook


def write_closed(*args: Any, write: Any = report.write_sheets) -> _Closed:
    """Write a workbook to its end: a writer can be closed once, its bytes be given many times."""
    return _Closed(write(*args).close())


def state(office: Office, host: Host) -> dict[str, object]:
    """All that must be the same in the end, whatever happened on the way."""
    workspace = office.workspace
    with Ledger.open(workspace.ledger, read_only=True) as ledger:
        contents = {
            "deliveries": [(d.name, d.sha256, d.verdict, d.key) for d in ledger.entries()],
            "values": [
                [(r.section, dict(r.values)) for r in accepted.rows]
                for accepted in ledger.returns()
            ],
            "numbers": {d.id: d.incoming for d in ledger.entries() if d.incoming},
            "letters": sorted((p.message_id, p.sha256) for p in MailLog(ledger).letters()),
        }
    books = {path.name: path.read_bytes() for path in workspace.reports.rglob("*.xlsx")}
    return contents | {"books": books, "sent": set(host.message_counts())}


def start_fork(work: Callable[[], None]) -> int:
    """Begin it in a fork; return its process."""
    child = os.fork()
    if child == 0:
        code = FAULT
        try:
            work()
            code = 0
        except LockedError:
            code = LOCKED
        except MlayError:
            code = BROKEN
        except BaseException:  # noqa: BLE001 - told by the exit code
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    return child


def wait_for_fork(child: int) -> int:
    """Wait for a fork; return its exit code."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


class Range:
    """The workspace before the month, and what came of it without a fault."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        town = create_office(folder / "start")
        for name, paper in {
            "a.xlsx": MeetingReturn("DB1-1"),
            "b.xlsx": MeetingReturn("DB1-2", present=11),
            "c.xlsx": MeetingReturn("CB-01"),
        }.items():
            put(town, name, paper.book())
        self.town = town
        remember_checks()
        report.write_sheets = write_closed  # type: ignore[assignment]
        remember(report, "write_sheets")
        remember(letter_forms, "render")
        reader.read_each = read_here
        office, host = self.fresh("without")
        month(office, host)
        self.expected = state(office, host)
        self.steps = self.count()

    def fresh(self, name: str) -> tuple[Office, Host]:
        """A copy of the workspace, and its mail host."""
        root = self.folder / name
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(self.folder / "start", root)
        workspace = replace(self.town.workspace, root=root)
        return replace(self.town, workspace=workspace), Host(self.folder / f"{name}.log")

    def count(self) -> int:
        """How many calls there are that may fail."""
        office, host = self.fresh("counted")
        disk = Disk(-1, "kill")
        with faulty(disk):
            month(office, host)
        return disk.count

    def shot(self, at: int, how: str) -> str | None:
        """Let the call `at` fail, look, run again; return what is wrong, None where nothing is."""
        office, host = self.fresh("shot")
        host.log.unlink(missing_ok=True)

        def work() -> None:
            with faulty(Disk(at, how)):
                month(office, host)

        code = wait_for_fork(start_fork(work))
        if code != (KILLED if how == "kill" else BROKEN):
            return f"ended with {code}"
        diagnosis = archive_check.check_workspace(
            office.workspace, today=TODAY, holder="fire", repair=True
        )
        if bad := {defect.code for defect in diagnosis.defects} - HARMLESS:
            return f"the doctor finds {sorted(bad)}"
        month(office, host)
        return self._end(office, host)

    def race(self) -> str | None:
        """Let two clerks do the month at once; whoever finds it locked learns so."""
        office, host = self.fresh("race")
        host.log.unlink(missing_ok=True)
        children = [start_fork(lambda: month(office, host)) for _ in range(2)]
        codes = {wait_for_fork(child) for child in children}
        if not codes <= {0, LOCKED}:
            return f"ended with {codes}"
        month(office, host)
        return self._end(office, host)

    def _end(self, office: Office, host: Host) -> str | None:
        if twice := [name for name, times in host.message_counts().items() if times > 1]:
            return f"sent twice: {twice}"
        with Ledger.open(office.workspace.ledger) as ledger:
            letters = MailLog(ledger).letters()
        doubtful = {p.message_id for p in letters if p.state is MailState.QUEUED}
        if len(doubtful) > 1:
            return f"{len(doubtful)} letters in doubt"
        now = state(office, host)
        if doubtful:  # a person must look: the rest is as it should be
            now["sent"] = self.expected["sent"]
        wrong = [part for part, value in self.expected.items() if now[part] != value]
        diagnosis = archive_check.check_workspace(office.workspace, today=TODAY, holder="fire")
        wrong += [
            defect.code for defect in diagnosis.defects if defect.code not in ("doubtful", "strays")
        ]
        return f"not as without a fault: {wrong}" if wrong else None


def main(args: list[str]) -> int:
    """Go through all, or each `--every`; tell what is wrong, and how many there were."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1)
    options = parser.parse_args(args)
    archive_check.open_office = lambda workspace: None  # type: ignore[assignment,return-value]  # a child each
    with tempfile.TemporaryDirectory() as folder:
        shots = Range(Path(folder))
        wrong = {}
        numbers = [n for n in range(shots.steps) if n % options.every == 0 or n == shots.steps - 1]
        for number in numbers:
            for how in ("kill", "full" if number % 2 else "read-only"):
                if problem := shots.shot(number, how):
                    wrong[f"{how} at {number}"] = problem
        for number in range(3):
            if problem := shots.race():
                wrong[f"race {number}"] = problem
    sys.stdout.write(json.dumps({"steps": shots.steps, "shots": 2 * len(numbers), "wrong": wrong}))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
