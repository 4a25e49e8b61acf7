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
from mlay_batch.reader import guard
from mlay_batch.reader.cluster_link import (
    Program,
    check_private,
    check_program,
    connected,
    program,
)
from mlay_batch.reader.facts import Limits
from mlay_batch.records import Submission
from mlay_batch.schema.records import Form

_LONELY_SECONDS = 60.0  # without any worker: time for one to be started anew
_FILES, _BYTES = 16, 4 << 20  # of one task: a quarter of a second's reading
_AHEAD = 2  # tasks handed out for each thread of the workers
_REST_SECONDS = 30.0  # without a batch, until a worker lets its children go
_DOOR = threading.Lock()  # one thread of a worker at a time sets up a desk

Batch = tuple[bytes, ...]
Answer = list[bytes] | dict[str, Program]


def read_each(
    files: Iterable[tuple[str, bytes]],
    forms: Sequence[Form],
    limits: Limits = Limits(),  # noqa: B008 - frozen
    progress: Callable[[int], None] | None = None,
    *,
    address: str,
    plain: bool = False,
) -> Iterator[Submission]:
    """Read named files on the workers of a Dask scheduler; as `guard.read_each` in all else.

    The forms go with the files, so that they are the client's on every worker. `plain` permits
    connections without encryption to other machines. Raises UsageError ``cluster.plain`` where
    they are not permitted, ``cluster.tls`` without usable certificates, ``cluster.address``;
    MlayError ``cluster.reach``, ``cluster.empty`` (no worker), ``cluster.program`` (not the same
    everywhere), ``cluster.lost`` (the scheduler), ``cluster.task``.
    """
    with connected(address, plain=plain) as client:
        errand = _Errand(client, address, plain, tuple(forms), limits)
        for done, submission in enumerate(errand.read(data for _, data in files), 1):
            if progress:
                progress(done)
            yield submission


@dataclass(frozen=True)
class Orders:
    """What a worker must know to read."""

    forms: tuple[Form, ...]
    limits: Limits
    rest: float

    def packed(self) -> bytes:
        """Return them as they go with every batch: some 16 KB, where 16 files are twenty times."""
        return zlib.compress(pickle.dumps(self))


class Desk:
    """The guarded children of one worker: hired when a batch comes, let go after some rest."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._lock = threading.Lock()  # of what follows
        self._crew: guard.Crew | None = None
        self._at_work = 0
        self._rest = threading.Timer(0, lambda: None)

    def read(self, files: Batch) -> list[bytes]:
        """Return what was read from each, as JSON."""
        with self._staff() as crew:
            return [codec.dump(submission) for submission in crew.read(files)]

    @contextmanager
    def _staff(self) -> Iterator[guard.Crew]:
        with self._lock:
            self._rest.cancel()
            self._at_work += 1
            crew = self._crew = self._crew or self._hire()
        try:
            yield crew
        finally:
            with self._lock:
                self._at_work -= 1
                self._rest = threading.Timer(self._orders.rest, self._close)
                self._rest.daemon = True
                self._rest.start()

    def _hire(self) -> guard.Crew:
        # A worker under Dask's nanny is daemonic, and such a process may have no children, as it
        # might be ended without them. Ours end when their pipe does.
        multiprocessing.current_process().daemon = False
        size = get_worker().state.nthreads
        return guard.Crew(self._orders.forms, self._orders.limits, size)

    def _close(self) -> None:
        with self._lock:
            if self._crew and not self._at_work:
                self._crew.close()
                self._crew = None


@lru_cache(maxsize=4)
def _desk(orders: bytes) -> Desk:
    """Return the desk where this worker process reads by these orders."""
    found: Orders = pickle.loads(zlib.decompress(orders))  # noqa: S301 - as all Dask tasks come
    return Desk(found)


def _task(orders: bytes, files: Batch, ours: Program) -> Answer:
    """Read a batch on a worker; where the program is another (it came later), say which it is."""
    if ours != program():
        return {get_worker().address: program()}
    with _DOOR:
        desk = _desk(orders)
    return desk.read(files)


@dataclass(frozen=True)
class _Errand:
    """Files sent out, and what comes back."""

    client: Client
    address: str
    plain: bool
    forms: tuple[Form, ...]
    limits: Limits

    def read(self, files: Iterable[bytes]) -> Iterator[Submission]:
        """Hand files out some ahead of their turn, and yield the answers in their order."""
        orders = Orders(self.forms, self.limits, _REST_SECONDS).packed()
        asked: deque[tuple[Future[Answer], Batch]] = deque()
        for batch in _batches(files):
            workers = self.client.nthreads()
            check_private(workers, plain=self.plain)  # those that came later, too
            asked.append((self.client.submit(_task, orders, batch, program(), pure=False), batch))
            while len(asked) > _AHEAD * sum(workers.values()):
                yield from self._answer(*asked.popleft())
        for future, batch in asked:
            yield from self._answer(future, batch)

    def _answer(self, future: Future[Answer], batch: Batch) -> Iterable[Submission]:
        """Return what was read; where worker after worker died over it, read it here."""
        try:
            told = self._patiently(future)
            return [codec.load(answer, Submission) for answer in _of_this_program(told)]
        except KilledWorker:
            return guard.read_each((("", data) for data in batch), self.forms, self.limits)
        except CancelledError as error:
            raise MlayError("cluster.lost") from error
        except MlayError:
            raise
        except Exception as error:  # whatever a worker raises
            raise MlayError("cluster.task", problem=type(error).__name__) from error

    def _patiently(self, future: Future[Answer]) -> Answer:
        """Wait as long as there is a worker who might answer."""
        while True:
            try:
                return future.result(timeout=_LONELY_SECONDS)
            except TimeoutError as error:
                if not self.client.nthreads():
                    raise MlayError("cluster.empty", address=self.address) from error


def _of_this_program(told: Answer) -> list[bytes]:
    if isinstance(told, dict):
        check_program(told)
        raise ValueError  # two programs that say the same of themselves
    return told


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
