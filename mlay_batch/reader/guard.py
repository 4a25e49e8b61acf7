"""Reading in child processes: a file that hangs, eats memory or kills its reader harms no other.

One long-lived child per worker is handed one file at a time over a pipe, by a thread that waits for
its answer. When it dies or does not answer in time, that one file is condemned, and a new child
takes the next.
"""

from __future__ import annotations

import contextlib
import math
import os
import pickle
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection

from mlay_batch.core import codec
from mlay_batch.errors import MlayError
from mlay_batch.reader.facts import Limits
from mlay_batch.reader.workbook import Reader, refused
from mlay_batch.records import Submission
from mlay_batch.schema.records import Form

_START_SECONDS = 60.0  # a cold start on an old PC with a virus scanner
_TICK = 0.25  # seconds between two looks at who is late, while an answer is waited for
_AHEAD, _AHEAD_BYTES = 32, 32 << 20  # files a worker, and bytes of all, taken before their turn
_LOST = (EOFError, OSError)

Asked = deque[tuple[Future[Submission], int]]  # answers to come, with the size of each file


def read_all(
    files: Iterable[tuple[str, bytes]],
    forms: Sequence[Form],
    limits: Limits = Limits(),  # noqa: B008 - frozen
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> list[Submission]:
    """Return what `read_each` yields."""
    return list(read_each(files, forms, limits, workers, progress))


def read_each(
    files: Iterable[tuple[str, bytes]],
    forms: Sequence[Form],
    limits: Limits = Limits(),  # noqa: B008 - frozen
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Iterator[Submission]:
    """Read named files in guarded children; the submissions come in the order of the files.

    The first files are being read already when this returns. Files are taken a few ahead of their
    turn, so that few are held however many there are. `workers` defaults to the
    number of processors, never more than there are files. `progress` is told how many files are
    done, after each. A file whose reader dies is refused with R13, one not read within
    `limits.seconds` with R12. Raises MlayError where no child can be started.
    """
    crew = Crew(tuple(forms), limits, workers or os.cpu_count() or 1)
    return _answers(crew, crew.read(data for _, data in files), progress)


def _answers(
    crew: Crew, submissions: Iterator[Submission], progress: Callable[[int], None] | None
) -> Iterator[Submission]:
    with contextlib.closing(crew):
        for done, submission in enumerate(submissions, 1):
            if progress:
                progress(done)
            yield submission


class Crew:
    """The children at work, each asked by a thread; who waits for an answer is their watchdog."""

    def __init__(self, forms: tuple[Form, ...], limits: Limits, size: int) -> None:
        self.limits, self.size = limits, size
        self.orders = pickle.dumps((forms, limits))
        self.threads = ThreadPoolExecutor(size)
        self.lock = threading.RLock()  # of the lists, and of what is done to a process
        self.children: set[_Child] = set()
        self.idle: list[_Child] = []
        self.closed = False

    def read(self, files: Iterable[bytes]) -> Iterator[Submission]:
        """Return the submissions in the order of the files, of which the first are begun now."""
        coming = iter(files)
        return self._in_order(self._submit(islice(coming, self.size)), coming)

    def _submit(self, files: Iterable[bytes]) -> Asked:
        return deque((self.threads.submit(self._read, data), len(data)) for data in files)

    def _in_order(self, asked: Asked, files: Iterable[bytes]) -> Iterator[Submission]:
        held = sum(size for _, size in asked)
        for data in files:
            asked += self._submit([data])
            held += len(data)
            while len(asked) >= _AHEAD * self.size or held > _AHEAD_BYTES:
                held -= asked[0][1]
                yield self._wait(asked.popleft()[0])
        for answer, _ in asked:
            yield self._wait(answer)

    def _wait(self, answer: Future[Submission]) -> Submission:
        while not wait([answer], _TICK).done:
            with self.lock:
                for child in self.children:
                    child.kill_if_late()
        return answer.result()

    def close(self) -> None:
        """Let the children go, whatever they are at."""
        with self.lock:
            self.closed = True
            for child in self.children:
                child.process.kill()
        self.threads.shutdown(cancel_futures=True)
        for child in tuple(self.children):
            self._bury(child)

    def _read(self, data: bytes) -> Submission:
        """Have an idle child read a file, or a new one. Runs in a thread."""
        child = self._child()
        told = child.ask(data, self.limits.seconds)
        try:
            found = codec.load(told, Submission)
        except ValueError:  # a child that answers anything else is no child of ours
            found = refused("R13")
            child.lost = True
        if child.late and not told:
            found = refused("R12", limit=int(self.limits.seconds))
        self._release(child)
        return found

    def _child(self) -> _Child:
        with self.lock:
            if self.idle:
                return self.idle.pop()
            if self.closed:
                raise MlayError("reader.child")
            child = _Child(self.lock, self.limits.inflated_mb << 20)
            self.children.add(child)
        # Not as arguments of the process: their pipe would hang for ever if it died on the way.
        child.ask(self.orders, _START_SECONDS)
        if child.lost:
            self._release(child)
            raise MlayError("reader.child")
        return child

    def _release(self, child: _Child) -> None:
        """Let a child take the next file, or bury it where it can take none."""
        if child.lost:
            self._bury(child)
        else:
            self.idle.append(child)

    def _bury(self, child: _Child) -> None:
        with self.lock:
            self.children.remove(child)
            child.bury()


class _Child:
    """One child process: idle, at work until its deadline, or lost."""

    def __init__(self, lock: threading.RLock, most: int) -> None:
        context = get_context("spawn")  # the same on every system, and free of the parent's memory
        self.lock, self.most = lock, most
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()
        self.lost = self.late = False
        self.deadline = math.inf

    def ask(self, data: bytes, seconds: float) -> bytes:
        """Return the answer; nothing where the child is lost, or killed because it was late."""
        told = b""
        self.deadline = time.monotonic() + seconds
        try:
            self.pipe.send_bytes(data)
            told = self.pipe.recv_bytes(self.most)
        except _LOST:
            self.lost = True
        with self.lock:
            self.deadline = math.inf
            self.lost |= self.late
        return told

    def kill_if_late(self) -> None:
        """Kill it where its time is over, which ends the sending to it and the waiting for it."""
        if self.deadline < time.monotonic():
            self.late = True
            self.process.kill()

    def bury(self) -> None:
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
            pipe.send_bytes(codec.dump(_read(reader, pipe.recv_bytes())))


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
