"""Reads files on other machines over Dask distributed, each worker with its own `WorkerPool`.

A batch of files is a task that carries all its data, so a lost worker never blocks another task.
Other workers repeat the batches of a lost one; every batch is answered once. A file that kills its
reader kills only a child of the worker, and gets R13 as it does locally. Results come back as JSON
for `codec`, not as a pickle.

Anyone who reaches a Dask scheduler can run code on all its machines; with ``tls:`` addresses only
holders of a certificate of the cluster's own authority can.
"""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import logging
import multiprocessing
import pickle
import platform
import threading
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

import dask
from distributed import Client, Future, KilledWorker, Security, get_worker
from distributed.comm.core import connect

import mlay_batch
from mlay_batch.core import codec
from mlay_batch.errors import MlayError, UsageError
from mlay_batch.model.records import Submission
from mlay_batch.reader import worker_pool
from mlay_batch.reader.cell_metadata import Limits
from mlay_batch.schema.model import Form

_NO_WORKER_SECONDS = 60.0  # without any worker: time to start a new one
BATCH_FILES, BATCH_BYTES = 16, 4 << 20  # of one task: a quarter of a second's reading
_TASKS_AHEAD = 2  # tasks handed out for each thread of the workers
REST_SECONDS = 30.0  # without a batch, until a worker closes its pool
_HOST_LOCK = threading.Lock()  # one thread of a worker at a time creates the host
REACH_SECONDS = 10.0  # until a scheduler without an answer or a worker counts as unreachable
# Sources that decide how a file is read; a test compares them with a reader's imports.
READER_SOURCES = (
    "errors.py",
    "core/*.py",
    "locale/*.yaml",
    "model/*.py",
    "reader/*.py",
    "schema/*.py",
)
LIBRARIES = (
    "python-calamine",
    "olefile",
    "xlrd",
    "distributed",
)  # that read files, or transfer them

Batch = tuple[bytes, ...]
ProgramVersions = Mapping[str, str]
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
    """Read named files on the workers of a Dask scheduler; otherwise like `worker_pool.read_each`.

    Every worker uses the client's forms, sent with the files. `plain` permits unencrypted
    connections to other machines. Raises UsageError ``cluster.plain`` where they are not permitted,
    ``cluster.tls`` without usable certificates, ``cluster.address``; MlayError ``cluster.reach``,
    ``cluster.empty`` (no worker), ``cluster.program`` (not the same everywhere), ``cluster.lost``
    (the scheduler), ``cluster.task``.
    """
    with open_client(address, plain=plain) as client:
        job = ClusterJob(client, address, plain, tuple(forms), limits)
        for count, submission in enumerate(job.read(data for _, data in files), 1):
            if progress:
                progress(count)
            yield submission


@dataclass(frozen=True)
class WorkerConfig:
    """What a worker needs to read files.

    Attributes:
        forms: forms that the files may be of: the client's, whatever the worker has installed.
        limits: limits of one file.
        idle_seconds: time without a batch after which the worker closes its pool.
    """

    forms: tuple[Form, ...]
    limits: Limits
    idle_seconds: float

    def serialize(self) -> bytes:
        """Return the bytes sent with every batch: some 16 KB, a twentieth of its 16 files."""
        return zlib.compress(pickle.dumps(self))


class WorkerHost:
    """The pool of one worker: started with a batch, closed after some idle time."""

    def __init__(self, config: WorkerConfig) -> None:
        self._config = config
        self._lock = threading.Lock()  # guards the attributes below
        self._pool: worker_pool.WorkerPool | None = None
        self._active_batches = 0
        self._idle_timer = threading.Timer(0, lambda: None)

    def read(self, files: Batch) -> list[bytes]:
        """Return the submission of each file, as JSON."""
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
        # A worker under Dask's nanny is daemonic; such a process may have no children, because they
        # could outlive it. Ours end when their pipe does.
        multiprocessing.current_process().daemon = False
        size = get_worker().state.nthreads
        pool = worker_pool.WorkerPool(size)
        pool.configure(self._config.forms, self._config.limits)
        return pool

    def _close_idle_pool(self) -> None:
        with self._lock:
            if self._pool and not self._active_batches:
                self._pool.close()
                self._pool = None


@lru_cache(maxsize=4)
def _worker_host(config_bytes: bytes) -> WorkerHost:
    """Return this worker process's host for a configuration."""
    config: WorkerConfig = pickle.loads(zlib.decompress(config_bytes))  # noqa: S301 - as all Dask tasks come
    return WorkerHost(config)


def read_batch(config_bytes: bytes, files: Batch, client_program: ProgramVersions) -> Answer:
    """Read a batch on a worker; one with another program (it came later) returns its versions."""
    if client_program != program_versions():
        return {get_worker().address: program_versions()}
    with _HOST_LOCK:
        host = _worker_host(config_bytes)
    return host.read(files)


@dataclass(frozen=True)
class ClusterJob:
    """Sends files to the cluster and collects the answers.

    Attributes:
        client: connection to the scheduler.
        address: of the scheduler, for messages.
        plain: whether unencrypted connections over a network are permitted.
        forms: forms that the files may be of.
        limits: limits of one file.
    """

    client: Client
    address: str
    plain: bool
    forms: tuple[Form, ...]
    limits: Limits

    def read(self, files: Iterable[bytes]) -> Iterator[Submission]:
        """Submit batches some tasks ahead, and yield the submissions in order."""
        config_bytes = WorkerConfig(self.forms, self.limits, REST_SECONDS).serialize()
        pending: deque[tuple[Future[Answer], Batch]] = deque()
        for batch in split_into_batches(files):
            workers = self.client.nthreads()
            check_encrypted(workers, plain=self.plain)  # also workers that joined later
            pending.append(
                (
                    self.client.submit(
                        read_batch, config_bytes, batch, program_versions(), pure=False
                    ),
                    batch,
                )
            )
            while len(pending) > _TASKS_AHEAD * sum(workers.values()):
                yield from self.read_answer(*pending.popleft())
        for future, batch in pending:
            yield from self.read_answer(future, batch)

    def read_answer(self, future: Future[Answer], batch: Batch) -> Iterable[Submission]:
        """Return the submissions of a batch; read it here where several workers died over it."""
        try:
            reply = self._await_answer(future)
            return [codec.load(answer, Submission) for answer in _require_same_program(reply)]
        except KilledWorker:
            return worker_pool.read_each((("", data) for data in batch), self.forms, self.limits)
        except CancelledError as error:
            raise MlayError("cluster.lost") from error
        except MlayError:
            raise
        except Exception as error:  # a worker may raise anything
            raise MlayError("cluster.task", problem=type(error).__name__) from error

    def _await_answer(self, future: Future[Answer]) -> Answer:
        """Wait while the cluster has a worker."""
        while True:
            try:
                return future.result(timeout=_NO_WORKER_SECONDS)
            except TimeoutError as error:
                if not self.client.nthreads():
                    raise MlayError("cluster.empty", address=self.address) from error


def _require_same_program(reply: Answer) -> list[bytes]:
    if isinstance(reply, dict):
        check_same_program(reply)
        raise ValueError  # different programs with equal versions
    return reply


def split_into_batches(files: Iterable[bytes]) -> Iterator[Batch]:
    """Group the files into batches: a task costs Dask about a millisecond."""
    batch: list[bytes] = []
    for data in files:
        batch.append(data)
        if len(batch) == BATCH_FILES or sum(map(len, batch)) > BATCH_BYTES:
            yield tuple(batch)
            batch = []
    if batch:
        yield tuple(batch)


@contextmanager
def open_client(address: str, *, plain: bool) -> Iterator[Client]:
    """Connect to a scheduler that has workers, is encrypted, and runs this program."""
    check_encrypted([address], plain=plain)
    security = _load_certificates(address)
    with _silence_dask():
        try:
            asyncio.run(_check_reachable(address, security))
        except Exception as error:  # another server may answer anything
            raise MlayError("cluster.reach", address=address) from error
        with Client(address, security=security, set_as_default=False) as client:
            try:
                client.wait_for_workers(1, timeout=REACH_SECONDS)
            except TimeoutError as error:
                raise MlayError("cluster.empty", address=address) from error
            programs = client.run(program_versions, on_error="return")
            check_encrypted(programs, plain=plain)
            check_same_program(programs | {address: _scheduler_program(client)})
            yield client


async def _check_reachable(address: str, security: Security) -> None:
    """Check that a scheduler answers: a `Client` would take a minute to fail."""
    args = security.get_connection_args("client")
    await (await connect(address, timeout=REACH_SECONDS, **args)).close()


@contextmanager
def _silence_dask() -> Iterator[None]:
    """Suppress Dask's hints and stack traces, and its record of a thousand messages.

    The caller reports what failed; and a message holds a batch of files.
    """
    logging.disable()
    settings = {"large-graph-warning-threshold": "1GB", "low-level-log-length": 20}
    with dask.config.set({f"distributed.admin.{name}": value for name, value in settings.items()}):
        try:
            yield
        finally:
            logging.disable(logging.NOTSET)


def check_encrypted(addresses: Iterable[str], *, plain: bool) -> None:
    """Refuse unencrypted connections over a network, unless permitted."""
    for address in addresses:
        scheme, host = _split_address(address)
        if scheme == "tcp" and not (plain or _is_local(host)):
            raise UsageError("cluster.plain", address=address)


def _split_address(address: str) -> tuple[str, str]:
    """Return scheme and host of ``tls://host:port``; ``tcp`` without a scheme."""
    parts = urlsplit(address if "://" in address else f"tcp://{address}")
    try:
        is_valid = parts.scheme in ("tcp", "tls") and parts.hostname and parts.port
    except ValueError:  # no such port
        is_valid = None
    if not is_valid:
        raise UsageError("cluster.address", address=address)
    return parts.scheme, parts.hostname or ""


def _is_local(host: str) -> bool:
    """Whether that is this machine, so that nothing crosses a network."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _load_certificates(address: str) -> Security:
    """Load the certificates that Dask's own configuration names."""
    try:
        security = Security()
        tls_context = security.get_connection_args("client")["ssl_context"]
    except OSError as error:  # no such file, or no certificate
        raise UsageError("cluster.tls", address=address) from error
    if address.startswith("tls:") and not tls_context:
        raise UsageError("cluster.tls", address=address)
    return security


def _scheduler_program(client: Client) -> ProgramVersions | Exception:
    """Return the scheduler's versions: it must know the tasks that it passes on."""
    try:
        versions: ProgramVersions = client.run_on_scheduler(program_versions)
    except (ImportError, AttributeError) as error:
        return error
    return versions


@cache
def program_versions() -> ProgramVersions:
    """Return what decides how a file is read: versions by name, and a hash of the reader."""
    package = Path(mlay_batch.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(path for pattern in READER_SOURCES for path in package.glob(pattern)):
        digest.update(path.read_text(encoding="utf-8").encode())  # with any line ends
    code = f"{mlay_batch.__version__} ({digest.hexdigest()[:12]})"
    python = ".".join(platform.python_version_tuple()[:2])  # its Unicode tables
    return {"mlay-batch": code, "Python": python, **{name: version(name) for name in LIBRARIES}}


def check_same_program(programs: Mapping[str, ProgramVersions | Exception]) -> None:
    """Refuse a machine with another program: it might read a file differently."""
    for address, result in programs.items():
        versions = result if isinstance(result, Mapping) else {}
        for name, expected in program_versions().items():
            if versions.get(name) != expected:
                raise MlayError(
                    "cluster.program",
                    address=address,
                    name=name,
                    there=versions.get(name, "–"),
                    here=expected,
                )
