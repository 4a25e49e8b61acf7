"""Reading in child processes: a file that hangs, eats memory or kills its reader harms no other.

One long-lived child per worker is handed one file at a time over a pipe. When it dies or does not
answer in time, that one file is condemned, and a new child takes the next.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait

from mlay_batch import wire
from mlay_batch.errors import MlayError
from mlay_batch.findings import Place
from mlay_batch.reader.facts import Limits
from mlay_batch.reader.workbook import Reader, refused
from mlay_batch.records import Submission
from mlay_batch.schema.records import Form

_START_SECONDS = 60.0  # a cold start on an old PC with a virus scanner
_LOST = (EOFError, OSError)


def read_all(
    files: Sequence[tuple[str, bytes]],
    forms: Sequence[Form],
    limits: Limits = Limits(),  # noqa: B008 - frozen
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> list[Submission]:
    """Read named files in guarded children; the submissions come in the order of the files.

    `workers` defaults to the number of processors, never more than there are files. `progress` is
    told how many files are done, after each. A file whose reader dies is refused with R13, one
    not read within `limits.seconds` with R12. Raises MlayError where no child can be started.
    """
    crew = _Crew(tuple(forms), limits, min(workers or os.cpu_count() or 1, len(files)))
    with contextlib.closing(crew):
        return crew.read([data for _, data in files], progress or (lambda _: None))


class _Crew:
    """The children at work, and what has come back."""

    def __init__(self, forms: tuple[Form, ...], limits: Limits, size: int) -> None:
        self.forms, self.limits = forms, limits
        self.children = [self._hire() for _ in range(size)]

    def _hire(self) -> _Child:
        return _Child(self.forms, self.limits)

    def close(self) -> None:
        for child in self.children:
            child.kill()

    def read(self, files: Sequence[bytes], progress: Callable[[int], None]) -> list[Submission]:
        waiting = deque(range(len(files)))
        found: dict[int, Submission] = {}
        while len(found) < len(files):
            for at, child in enumerate(self.children):
                if child.lost and waiting:
                    self.children[at] = child = self._hire()
                if child.idle and waiting:
                    job = waiting.popleft()
                    child.give(job, files[job])
            for job, submission in self._collect():
                found[job] = submission
                progress(len(found))
        return [found[job] for job in range(len(files))]

    def _collect(self) -> Iterable[tuple[int, Submission]]:
        """Wait until a child answers, dies or overstays; return what that yields."""
        busy = [child for child in self.children if child.busy]
        until = min((child.deadline for child in busy), default=0.0)
        wait([child.pipe for child in busy], timeout=max(0.0, until - time.monotonic()))
        return [answer for child in busy if (answer := child.answer()) is not None]


class _Child:
    """One child process: starting, idle, at work on a file, or lost."""

    def __init__(self, forms: tuple[Form, ...], limits: Limits) -> None:
        context = get_context("spawn")  # the same on every system, and free of the parent's memory
        self.limits = limits
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()
        self.ready = self.lost = False
        self.job: int | None = None
        self.deadline = time.monotonic() + _START_SECONDS
        # Not as arguments of the process: their pipe would hang for ever if it died on the way.
        self._tell(pickle.dumps((forms, limits)), _START_SECONDS)

    @property
    def idle(self) -> bool:
        return self.ready and self.job is None and not self.lost

    @property
    def busy(self) -> bool:
        return not self.lost and not self.idle

    def give(self, job: int, data: bytes) -> None:
        self.job = job
        self.deadline = time.monotonic() + self.limits.seconds
        self._tell(data, self.limits.seconds)

    def _tell(self, data: bytes, seconds: float) -> None:
        """Send bytes; a child that does not take them in time is killed, which ends the sending."""
        watch = threading.Timer(seconds, self.process.kill)
        watch.daemon = True
        watch.start()
        with contextlib.suppress(*_LOST):  # a dead child is noticed when it does not answer
            self.pipe.send_bytes(data)
        watch.cancel()

    def answer(self) -> tuple[int, Submission] | None:
        """Return the file done and what was read, or None where there is nothing to tell yet."""
        late = time.monotonic() >= self.deadline
        try:
            if not self.pipe.poll():
                return self._give_up("R12", limit=int(self.limits.seconds)) if late else None
            told = self.pipe.recv_bytes(self.limits.inflated_mb << 20)
            answer = wire.load(told, Submission) if told else None
        except (*_LOST, ValueError):  # a child that answers anything else is no child of ours
            return self._give_up("R13")
        if self.job is None or answer is None:
            self.ready = True
            return None
        job, self.job = self.job, None
        return job, answer

    def _give_up(self, code: str, **params: int) -> tuple[int, Submission]:
        self.kill()
        if self.job is None:
            raise MlayError("reader.child")
        return self.job, refused(code, Place(), **params)

    def kill(self) -> None:
        if self.lost:
            return
        self.lost = True
        self.process.kill()
        self.process.join()
        self.process.close()
        self.pipe.close()


def _work(pipe: Connection) -> None:
    """Answer each file with a submission until the parent goes away. Runs in the child."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    _silence()
    with contextlib.suppress(*_LOST):
        forms, limits = pipe.recv()
        _confine(limits)
        reader = Reader(forms, limits)
        pipe.send_bytes(b"")  # ready
        while True:
            pipe.send_bytes(wire.dump(_read(reader, pipe.recv_bytes())))


def _read(reader: Reader, data: bytes) -> Submission:
    try:
        return reader.read(data)
    except MemoryError:
        return refused("R13")
    except Exception as error:  # noqa: BLE001 - one file must never stop the others
        return refused("R14", problem=type(error).__name__)  # its text may hold what was typed


def _silence() -> None:
    """Send what a dying child writes nowhere: Rust reports its panics on standard error."""
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123 - no path of the user's
        os.dup2(nowhere.fileno(), 2)


def _confine(limits: Limits) -> None:
    """Bound the child's memory, where the system can."""
    if sys.platform == "win32":
        return
    import resource  # not on Windows

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    memory = limits.memory_mb << 20
    if sys.platform != "darwin":  # there RLIMIT_AS is refused below what the system has mapped
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
