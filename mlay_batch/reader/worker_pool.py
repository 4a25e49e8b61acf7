"""Reads files in worker processes with time and memory limits.

A thread for each long-lived worker sends it one file at a time over a pipe and waits for the
answer. A worker that dies or is late is replaced, and its file is read once more, alone: how busy
the machine is decides no verdict. Only then is the file rejected.
"""

from __future__ import annotations

import contextlib
import math
import os
import pickle
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from multiprocessing import connection, get_context
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from mlay_batch.core import codec
from mlay_batch.core.processes import limit_memory
from mlay_batch.errors import MlayError
from mlay_batch.model.records import Submission
from mlay_batch.reader.cell_metadata import Limits, unreadable
from mlay_batch.schema.model import Form

if TYPE_CHECKING:  # start-up: the parent reads nothing itself
    from mlay_batch.reader.workbook import Reader

START_SECONDS = 60.0  # a cold start on an old PC with a virus scanner
_CHECK_SECONDS = 0.25  # seconds between two checks for late workers, while waiting for an answer
_FILES_AHEAD, _BYTES_AHEAD = 32, 32 << 20  # read ahead: files per worker, bytes of all
_CONNECTION_ERRORS = (EOFError, OSError)


def read_all(
    files: Iterable[tuple[str, bytes]],
    forms: Sequence[Form],
    limits: Limits = Limits(),  # noqa: B008 - frozen
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> list[Submission]:
    """Return the submissions of `read_each` as a list."""
    return list(read_each(files, forms, limits, workers, progress))


def read_each(
    files: Iterable[tuple[str, bytes]],
    forms: Sequence[Form],
    limits: Limits = Limits(),  # noqa: B008 - frozen
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Iterator[Submission]:
    """Read named files in worker processes; yields the submissions in the order of the files.

    Nothing is started before the first submission is asked for. Only a few files are taken ahead of
    their turn, so that few are in memory. `workers` defaults to the number of processors, never
    more than there are files. `progress` is called with the number of files done, after each. A
    file whose worker dies twice gets R13, one not read within `limits.seconds` R12. Raises
    MlayError where no worker can be started.
    """
    with contextlib.closing(LastingWorkers(workers)) as lasting:
        yield from lasting(files, forms, limits, progress=progress or (lambda _: None))


class LastingWorkers:
    """Reads one batch of files after the other as `read_each`, by the same worker processes.

    They are started with the first files, or by `start`, and end with `close`.
    """

    def __init__(self, workers: int | None = None) -> None:
        self._size = workers or os.cpu_count() or 1
        self._pool: WorkerPool | None = None

    def start(self, count: int) -> None:
        """Start so many workers at most, before it is known which forms they read."""
        self._pool = self._pool or WorkerPool(self._size)
        for _ in range(count):
            self._pool.add_worker()

    def __call__(
        self,
        files: Iterable[tuple[str, bytes]],
        forms: Sequence[Form],
        limits: Limits,
        *,
        progress: Callable[[int], None],
    ) -> Iterator[Submission]:
        """Yield the submission of each file, in their order; forms are those of the first batch."""
        self._pool = self._pool or WorkerPool(self._size)
        self._pool.configure(forms, limits)
        for count, submission in enumerate(self._pool.read(data for _, data in files), 1):
            progress(count)
            yield submission

    def close(self) -> None:
        """Kill the workers, if any were started."""
        if self._pool:
            self._pool.close()
            self._pool = None


class Turns:
    """Lets many threads read at a time, or one alone; who waits to be alone comes first."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._reading = self._waiting = 0
        self._is_alone = False

    @property
    def is_claimed(self) -> bool:
        """Whether a thread is alone, or waits for it."""
        return self._is_alone or self._waiting > 0

    @contextlib.contextmanager
    def take(self, *, alone: bool) -> Iterator[None]:
        """Wait for a turn."""
        with self._changed:
            if alone:
                self._waiting += 1
                self._changed.wait_for(lambda: not self._is_alone and not self._reading)
                self._waiting -= 1
                self._is_alone = True
            else:
                self._changed.wait_for(lambda: not self.is_claimed)
                self._reading += 1
        try:
            yield
        finally:
            with self._changed:
                if alone:
                    self._is_alone = False
                else:
                    self._reading -= 1
                self._changed.notify_all()


class WorkerPool:
    """Worker processes, each with a thread that waits for it; the consumer kills late ones."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.limits, self.config = Limits(), b""
        self.threads = ThreadPoolExecutor(size)
        self.lock = threading.RLock()  # guards the lists, and calls on a process
        self.turns = Turns()
        self.workers: set[_Worker] = set()
        self.new_workers: list[_Worker] = []
        self.idle_workers: list[_Worker] = []
        self.is_closed = False

    def configure(self, forms: Sequence[Form], limits: Limits) -> None:
        """Set what all files are read by, unless it is set already."""
        if not self.config:
            self.limits, self.config = limits, pickle.dumps((tuple(forms), limits))

    def add_worker(self) -> None:
        """Start a worker's process, if one is lacking; it is ready when it is first needed."""
        with self.lock:
            if len(self.workers) < self.size:
                self.new_workers.append(self._start_worker())

    def _start_worker(self) -> _Worker:
        worker = _Worker(self.lock)
        self.workers.add(worker)
        return worker

    def read(self, files: Iterable[bytes]) -> Iterator[Submission]:
        """Yield the submissions in the order of the files. `configure` comes before.

        Processes are started by the thread that hands over the files: those that wait for answers
        would take turns with it, and with whatever is imported meanwhile.
        """
        pending: deque[tuple[Future[Submission], int]] = deque()  # with the size of each file
        pending_bytes = 0
        for data in files:
            self.add_worker()
            pending.append((self.threads.submit(self._read_file, data), len(data)))
            pending_bytes += len(data)
            while len(pending) >= _FILES_AHEAD * self.size or pending_bytes > _BYTES_AHEAD:
                pending_bytes -= pending[0][1]
                yield self._wait_for(pending.popleft()[0])
        for answer, _ in pending:
            yield self._wait_for(answer)

    def _wait_for(self, answer: Future[Submission]) -> Submission:
        while not (answer.done() or wait([answer], _CHECK_SECONDS).done):
            with self.lock:
                for worker in self.workers:
                    worker.kill_if_late()
        return answer.result()

    def close(self) -> None:
        """Kill all workers, idle or not."""
        with self.lock:
            self.is_closed = True
            for worker in self.workers:
                worker.process.kill()
        self.threads.shutdown(cancel_futures=True)
        for worker in tuple(self.workers):
            self._close_worker(worker)

    def _read_file(self, data: bytes) -> Submission:
        """Read a file, once more and alone where its worker was late or died. Runs in a thread."""
        submission, has_answer = self._ask_worker(data, alone=False)
        return submission if has_answer else self._ask_worker(data, alone=True)[0]

    def _ask_worker(self, data: bytes, *, alone: bool) -> tuple[Submission, bool]:
        """Return what an idle worker, or a new one, makes of a file, and whether it answered."""
        with self.turns.take(alone=alone):
            worker = self._acquire_worker()
            answer = worker.request(data, self.limits.seconds)
            try:
                submission = codec.load(answer, Submission)
            except ValueError:  # any other answer comes from a worker that was taken over
                submission = unreadable("R13")
                worker.is_lost = True
            if worker.is_late and not answer:
                submission = unreadable("R12", limit=int(self.limits.seconds))
            self._release_worker(worker)
        return submission, bool(answer)

    def _acquire_worker(self) -> _Worker:
        with self.lock:
            if self.idle_workers:
                return self.idle_workers.pop()
            if self.is_closed:
                raise MlayError("reader.child")
            worker = self.new_workers.pop(0) if self.new_workers else self._start_worker()
        # Not as arguments of the process: if it died meanwhile, their pipe would hang for ever.
        worker.begin(self.config, self.limits.inflated_mb << 20)
        if worker.is_lost:
            self._release_worker(worker)
            raise MlayError("reader.child")
        return worker

    def _release_worker(self, worker: _Worker) -> None:
        """Return a worker to the idle ones, or close it where it is lost."""
        if worker.is_lost:
            self._close_worker(worker)
        else:
            self.idle_workers.append(worker)

    def _close_worker(self, worker: _Worker) -> None:
        with self.lock:
            self.workers.remove(worker)
            worker.close()


class _Worker:
    """One child process: idle, busy until its deadline, or lost."""

    def __init__(self, lock: threading.RLock) -> None:
        context = get_context("spawn")  # the same on every system, without the parent's memory
        self.lock, self.max_answer_bytes = lock, 0
        self.pipe, child_pipe = context.Pipe()
        self.process = context.Process(target=_work, args=(child_pipe, answer_files), daemon=True)
        self.process.start()
        child_pipe.close()
        self.is_lost = self.is_late = False
        self.deadline = math.inf

    def begin(self, config: bytes, max_answer_bytes: int) -> None:
        """Send the configuration once the child has taken its end of the pipe.

        Until then Windows keeps that end open here: nothing would tell that the child has died.
        """
        self.is_lost, self.max_answer_bytes = True, max_answer_bytes
        with contextlib.suppress(*_CONNECTION_ERRORS):
            if self.pipe in connection.wait([self.pipe, self.process.sentinel], START_SECONDS):
                self.pipe.recv_bytes()
                self.is_lost = False
                self.request(config, START_SECONDS)

    def request(self, data: bytes, seconds: float) -> bytes:
        """Return the answer; empty where the child is lost, or was killed as late."""
        answer = b""
        self.deadline = time.monotonic() + seconds
        try:
            self.pipe.send_bytes(data)
            answer = self.pipe.recv_bytes(self.max_answer_bytes)
        except _CONNECTION_ERRORS:
            self.is_lost = True
        with self.lock:
            self.deadline = math.inf
            self.is_lost |= self.is_late
        return answer

    def kill_if_late(self) -> None:
        """Kill the child after its deadline, which ends a pending `request`."""
        if self.deadline < time.monotonic():
            self.is_late = True
            self.process.kill()

    def close(self) -> None:
        self.process.kill()
        self.process.join()
        self.process.close()
        self.pipe.close()


def _work(pipe: Connection, answer: Callable[[Connection], None]) -> None:
    """Tell the parent that the pipe has come, and answer. Runs in the child."""
    pipe.send_bytes(b"")
    answer(pipe)


def answer_files(pipe: Connection) -> None:
    """Answer each file with a submission until the parent goes away. Runs in the child."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    _silence_stderr()
    from mlay_batch.reader.workbook import Reader  # start-up: see above

    with contextlib.suppress(*_CONNECTION_ERRORS):
        forms, limits = pipe.recv()
        limit_memory(limits.memory_mb)
        reader = Reader(forms, limits)
        pipe.send_bytes(b"")  # ready
        while True:
            pipe.send_bytes(codec.dump(_read_safely(reader, pipe.recv_bytes())))


def _read_safely(reader: Reader, data: bytes) -> Submission:
    try:
        return reader.read(data)
    except MemoryError:
        return unreadable("R13")
    except Exception as error:  # noqa: BLE001 - one file must not stop the others
        # Its message may have typed text.
        return unreadable("R14", problem=type(error).__name__)


def _silence_stderr() -> None:
    """Discard standard error, where Rust reports its panics."""
    with open(os.devnull, "w", encoding="utf-8") as devnull:  # noqa: PTH123 - no path of the user's
        os.dup2(devnull.fileno(), 2)
