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
_READING = (
    "bundle.py", "errors.py", "findings.py", "guidance.py", "layout.py", "messages.py", "names.py",
    "period.py", "records.py", "styles.py",
    "core/*.py", "locale/*.yaml", "reader/*.py", "schema/*.py",
)  # fmt: skip
_LIBRARIES = ("python-calamine", "xlrd", "distributed")  # that decide what is read, and carry it

Program = Mapping[str, str]


@contextmanager
def connected(address: str, *, plain: bool) -> Iterator[Client]:
    """Connect to a scheduler whose workers are there, encrypted, and of this program."""
    check_private([address], plain=plain)
    security = _certificates(address)
    with _quiet():
        try:
            asyncio.run(_greet(address, security))
        except Exception as error:  # whoever is no scheduler may answer anything
            raise MlayError("cluster.reach", address=address) from error
        with Client(address, security=security, set_as_default=False) as client:
            try:
                client.wait_for_workers(1, timeout=_REACH_SECONDS)
            except TimeoutError as error:
                raise MlayError("cluster.empty", address=address) from error
            told = client.run(program, on_error="return")
            check_private(told, plain=plain)
            check_program(told | {address: _scheduler_program(client)})
            yield client


async def _greet(address: str, security: Security) -> None:
    """Shake hands with a scheduler: a `Client` would take a minute to say that it cannot."""
    args = security.get_connection_args("client")
    await (await connect(address, timeout=_REACH_SECONDS, **args)).close()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Dask's hints to analysts and its stack traces away: whoever calls tells what failed."""
    logging.disable()
    with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1GB"}):
        try:
            yield
        finally:
            logging.disable(logging.NOTSET)


def check_private(addresses: Iterable[str], *, plain: bool) -> None:
    """Refuse what would cross a network unencrypted, unless that was permitted."""
    for address in addresses:
        scheme, host = _parted(address)
        if scheme == "tcp" and not (plain or _here(host)):
            raise UsageError("cluster.plain", address=address)


def _parted(address: str) -> tuple[str, str]:
    """Return scheme and host of ``tls://host:port``; ``tcp`` where no scheme is written."""
    parts = urlsplit(address if "://" in address else f"tcp://{address}")
    try:
        known = parts.scheme in ("tcp", "tls") and parts.hostname and parts.port
    except ValueError:  # no such port
        known = None
    if not known:
        raise UsageError("cluster.address", address=address)
    return parts.scheme, parts.hostname or ""


def _here(host: str) -> bool:
    """Whether that is this machine itself, where nobody listens on the way."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _certificates(address: str) -> Security:
    """Return what Dask's own configuration says of certificates."""
    try:
        security = Security()
        known = security.get_connection_args("client")["ssl_context"]
    except OSError as error:  # no such file, or not a certificate
        raise UsageError("cluster.tls", address=address) from error
    if address.startswith("tls:") and not known:
        raise UsageError("cluster.tls", address=address)
    return security


def _scheduler_program(client: Client) -> Program | Exception:
    """Return the scheduler's program: it hands tasks on, and must know them to do so."""
    try:
        told: Program = client.run_on_scheduler(program)
    except (ImportError, AttributeError) as error:
        return error
    return told


@cache
def program() -> Program:
    """Return what decides how a file is read, by name: versions, and a hash of the reader."""
    package = Path(mlay_batch.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(path for pattern in _READING for path in package.glob(pattern)):
        digest.update(path.read_text(encoding="utf-8").encode())  # whatever ends its lines
    code = f"{mlay_batch.__version__} ({digest.hexdigest()[:12]})"
    python = ".".join(platform.python_version_tuple()[:2])  # with its tables of Unicode
    return {"mlay-batch": code, "Python": python, **{name: version(name) for name in _LIBRARIES}}


def check_program(told: Mapping[str, Program | Exception]) -> None:
    """Refuse a machine whose program is not this one: it might read a file otherwise."""
    for address, theirs in told.items():
        there = theirs if isinstance(theirs, Mapping) else {}
        for name, here in program().items():
            if there.get(name) != here:
                raise MlayError(
                    "cluster.program",
                    address=address, name=name, there=there.get(name, "–"), here=here,
                )  # fmt: skip
