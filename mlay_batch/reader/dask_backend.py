"""Reading on other machines, over Dask distributed: the same guarded children, only farther away.

A batch of files is a task that needs nothing but what it carries: had it to fetch anything from
another worker, that one's death could hold it up for ever. A worker that dies has its batches done
by others, and every batch is answered once. What kills a reader kills a child of the worker, and is
refused as it is locally. What is read comes back as JSON that `codec` takes apart, not as a pickle.
"""

from __future__ import annotations

import multiprocessing
import pickle
import threading
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

from distributed import Client, Future, KilledWorker, get_worker

from mlay_batch.core import codec
from mlay_batch.errors import MlayError
from mlay_batch.model.records import Submission
from mlay_batch.reader import worker_pool
from mlay_batch.reader.cell_metadata import Limits
from mlay_batch.reader.dask_connection import (
    ProgramVersions,
    check_encrypted,
    check_same_program,
    open_client,
    program_versions,
)
from mlay_batch.schema.model import Form

_NO_WORKER_SECONDS = 60.0  # without any worker: time for one to be started anew
_FILES, _BYTES = 16, 4 << 20  # of one task: a quarter of a second's reading
_TASKS_AHEAD = 2  # tasks handed out for each thread of the workers
_REST_SECONDS = 30.0  # without a batch, until a worker lets its children go
_HOST_LOCK = threading.Lock()  # one thread of a worker at a time sets up a desk

Batch = tuple[bytes, ...]
Answer = list[bytes] | dict[str, ProgramVersions]


def read_each(
    files: Iterable[tuple[str, bytes]],
    forms: Sequence[Form],
    limits: Limits = Limits(),  # noqa: B008 - frozen
    progress: Callable[[int], None] | None = None,
    *,
    address: str,
    plain: bool = False,
) -> Iterator[Submission]:
    """Read named files on the workers of a Dask scheduler; as `worker_pool.read_each` in all else.

    The forms go with the files, so that they are the client's on every worker. `plain` permits
    connections without encryption to other machines. Raises UsageError ``cluster.plain`` where
    they are not permitted, ``cluster.tls`` without usable certificates, ``cluster.address``;
    MlayError ``cluster.reach``, ``cluster.empty`` (no worker), ``cluster.program`` (not the same
    everywhere), ``cluster.lost`` (the scheduler), ``cluster.task``.
    """
    with open_client(address, plain=plain) as client:
        job = _ClusterJob(client, address, plain, tuple(forms), limits)
        for count, submission in enumerate(job.read(data for _, data in files), 1):
            if progress:
                progress(count)
            yield submission


@dataclass(frozen=True)
class WorkerConfig:
    """What a worker must know to read."""

    forms: tuple[Form, ...]
    limits: Limits
    idle_seconds: float

    def serialize(self) -> bytes:
        """Return them as they go with every batch: some 16 KB, where 16 files are twenty times."""
        return zlib.compress(pickle.dumps(self))


class WorkerHost:
    """The guarded children of one worker: hired when a batch comes, let go after some rest."""

    def __init__(self, config: WorkerConfig) -> None:
        self._config = config
        self._lock = threading.Lock()  # of what follows
        self._pool: worker_pool.WorkerPool | None = None
        self._active_batches = 0
        self._idle_timer = threading.Timer(0, lambda: None)

    def read(self, files: Batch) -> list[bytes]:
        """Return what was read from each, as JSON."""
        with self._use_pool() as pool:
            return [codec.dump(submission) for submission in pool.read(files)]

    @contextmanager
    def _use_pool(self) -> Iterator[worker_pool.WorkerPool]:
        with self._lock:
            self._idle_timer.cancel()
            self._active_batches += 1
            pool = self._pool = self._pool or self._start_pool()
        try:
            yield pool
        finally:
            with self._lock:
                self._active_batches -= 1
                self._idle_timer = threading.Timer(self._config.idle_seconds, self._close_idle_pool)
                self._idle_timer.daemon = True
                self._idle_timer.start()

    def _start_pool(self) -> worker_pool.WorkerPool:
        # A worker under Dask's nanny is daemonic, and such a process may have no children, as it
        # might be ended without them. Ours end when their pipe does.
        multiprocessing.current_process().daemon = False
        size = get_worker().state.nthreads
        return worker_pool.WorkerPool(self._config.forms, self._config.limits, size)

    def _close_idle_pool(self) -> None:
        with self._lock:
            if self._pool and not self._active_batches:
                self._pool.close()
                self._pool = None


@lru_cache(maxsize=4)
def _worker_host(config_bytes: bytes) -> WorkerHost:
    """Return the desk where this worker process reads by these orders."""
    config: WorkerConfig = pickle.loads(zlib.decompress(config_bytes))  # noqa: S301 - as all Dask tasks come
    return WorkerHost(config)


def _read_batch(config_bytes: bytes, files: Batch, client_program: ProgramVersions) -> Answer:
    """Read a batch on a worker; where the program is another (it came later), say which it is."""
    if client_program != program_versions():
        return {get_worker().address: program_versions()}
    with _HOST_LOCK:
        host = _worker_host(config_bytes)
    return host.read(files)


@dataclass(frozen=True)
class _ClusterJob:
    """Files sent out, and what comes back."""

    client: Client
    address: str
    plain: bool
    forms: tuple[Form, ...]
    limits: Limits

    def read(self, files: Iterable[bytes]) -> Iterator[Submission]:
        """Hand files out some ahead of their turn, and yield the answers in their order."""
        config_bytes = WorkerConfig(self.forms, self.limits, _REST_SECONDS).serialize()
        pending: deque[tuple[Future[Answer], Batch]] = deque()
        for batch in _batches(files):
            workers = self.client.nthreads()
            check_encrypted(workers, plain=self.plain)  # those that came later, too
            pending.append(
                (
                    self.client.submit(
                        _read_batch, config_bytes, batch, program_versions(), pure=False
                    ),
                    batch,
                )
            )
            while len(pending) > _TASKS_AHEAD * sum(workers.values()):
                yield from self._read_answer(*pending.popleft())
        for future, batch in pending:
            yield from self._read_answer(future, batch)

    def _read_answer(self, future: Future[Answer], batch: Batch) -> Iterable[Submission]:
        """Return what was read; where worker after worker died over it, read it here."""
        try:
            reply = self._await_answer(future)
            return [codec.load(answer, Submission) for answer in _require_same_program(reply)]
        except KilledWorker:
            return worker_pool.read_each((("", data) for data in batch), self.forms, self.limits)
        except CancelledError as error:
            raise MlayError("cluster.lost") from error
        except MlayError:
            raise
        except Exception as error:  # whatever a worker raises
            raise MlayError("cluster.task", problem=type(error).__name__) from error

    def _await_answer(self, future: Future[Answer]) -> Answer:
        """Wait as long as there is a worker who might answer."""
        while True:
            try:
                return future.result(timeout=_NO_WORKER_SECONDS)
            except TimeoutError as error:
                if not self.client.nthreads():
                    raise MlayError("cluster.empty", address=self.address) from error


def _require_same_program(reply: Answer) -> list[bytes]:
    if isinstance(reply, dict):
        check_same_program(reply)
        raise ValueError  # two programs that say the same of themselves
    return reply


def _batches(files: Iterable[bytes]) -> Iterator[Batch]:
    """Yield the files some at a time: a task costs Dask about a millisecond."""
    batch: list[bytes] = []
    for data in files:
        batch.append(data)
        if len(batch) == _FILES or sum(map(len, batch)) > _BYTES:
            yield tuple(batch)
            batch = []
    if batch:
        yield tuple(batch)
