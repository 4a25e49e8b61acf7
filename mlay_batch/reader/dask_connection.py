"""A connection to a Dask cluster that may be trusted to read: reachable, private, of this program.

Whoever reaches a Dask scheduler can run code on all its machines; with ``tls:`` addresses only who
holds a certificate of the cluster's own authority can.
"""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import logging
import platform
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

import dask
from distributed import Client, Security
from distributed.comm.core import connect

import mlay_batch
from mlay_batch.errors import MlayError, UsageError

_REACH_SECONDS = 10.0  # until a scheduler that does not answer, or has no worker, is given up
# What of the program decides how a file is read; a test holds this to what a reader imports.
_READER_SOURCES = (
    "errors.py",
    "core/*.py",
    "locale/*.yaml",
    "model/*.py",
    "reader/*.py",
    "schema/*.py",
)
_LIBRARIES = ("python-calamine", "xlrd", "distributed")  # that decide what is read, and carry it

ProgramVersions = Mapping[str, str]


@contextmanager
def open_client(address: str, *, plain: bool) -> Iterator[Client]:
    """Connect to a scheduler whose workers are there, encrypted, and of this program."""
    check_encrypted([address], plain=plain)
    security = _load_certificates(address)
    with _silence_dask():
        try:
            asyncio.run(_check_reachable(address, security))
        except Exception as error:  # whoever is no scheduler may answer anything
            raise MlayError("cluster.reach", address=address) from error
        with Client(address, security=security, set_as_default=False) as client:
            try:
                client.wait_for_workers(1, timeout=_REACH_SECONDS)
            except TimeoutError as error:
                raise MlayError("cluster.empty", address=address) from error
            programs = client.run(program_versions, on_error="return")
            check_encrypted(programs, plain=plain)
            check_same_program(programs | {address: _scheduler_program(client)})
            yield client


async def _check_reachable(address: str, security: Security) -> None:
    """Shake hands with a scheduler: a `Client` would take a minute to say that it cannot."""
    args = security.get_connection_args("client")
    await (await connect(address, timeout=_REACH_SECONDS, **args)).close()


@contextmanager
def _silence_dask() -> Iterator[None]:
    """Keep Dask's hints to analysts and its stack traces away: whoever calls tells what failed."""
    logging.disable()
    with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1GB"}):
        try:
            yield
        finally:
            logging.disable(logging.NOTSET)


def check_encrypted(addresses: Iterable[str], *, plain: bool) -> None:
    """Refuse what would cross a network unencrypted, unless that was permitted."""
    for address in addresses:
        scheme, host = _split_address(address)
        if scheme == "tcp" and not (plain or _is_local(host)):
            raise UsageError("cluster.plain", address=address)


def _split_address(address: str) -> tuple[str, str]:
    """Return scheme and host of ``tls://host:port``; ``tcp`` where no scheme is written."""
    parts = urlsplit(address if "://" in address else f"tcp://{address}")
    try:
        is_valid = parts.scheme in ("tcp", "tls") and parts.hostname and parts.port
    except ValueError:  # no such port
        is_valid = None
    if not is_valid:
        raise UsageError("cluster.address", address=address)
    return parts.scheme, parts.hostname or ""


def _is_local(host: str) -> bool:
    """Whether that is this machine itself, where nobody listens on the way."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _load_certificates(address: str) -> Security:
    """Return what Dask's own configuration says of certificates."""
    try:
        security = Security()
        tls_context = security.get_connection_args("client")["ssl_context"]
    except OSError as error:  # no such file, or not a certificate
        raise UsageError("cluster.tls", address=address) from error
    if address.startswith("tls:") and not tls_context:
        raise UsageError("cluster.tls", address=address)
    return security


def _scheduler_program(client: Client) -> ProgramVersions | Exception:
    """Return the scheduler's program: it hands tasks on, and must know them to do so."""
    try:
        versions: ProgramVersions = client.run_on_scheduler(program_versions)
    except (ImportError, AttributeError) as error:
        return error
    return versions


@cache
def program_versions() -> ProgramVersions:
    """Return what decides how a file is read, by name: versions, and a hash of the reader."""
    package = Path(mlay_batch.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(path for pattern in _READER_SOURCES for path in package.glob(pattern)):
        digest.update(path.read_text(encoding="utf-8").encode())  # whatever ends its lines
    code = f"{mlay_batch.__version__} ({digest.hexdigest()[:12]})"
    python = ".".join(platform.python_version_tuple()[:2])  # with its tables of Unicode
    return {"mlay-batch": code, "Python": python, **{name: version(name) for name in _LIBRARIES}}


def check_same_program(programs: Mapping[str, ProgramVersions | Exception]) -> None:
    """Refuse a machine whose program is not this one: it might read a file otherwise."""
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
