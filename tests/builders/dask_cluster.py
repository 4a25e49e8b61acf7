"""A real Dask cluster on loopback: a scheduler and two worker processes under a nanny, over TLS."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trustme

_SECONDS = 60.0  # a cold start on a busy machine
_QUIET = {  # or its processes are never idle; and the scheduler keeps a thousand messages
    "DASK_DISTRIBUTED__ADMIN__LOW_LEVEL_LOG_LENGTH": "20",
    "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "1s",
    "DASK_DISTRIBUTED__ADMIN__SYSTEM_MONITOR__INTERVAL": "10s",
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
}
_MAIN = "import sys; from distributed.cli.dask_{} import main; sys.exit(main())"


@dataclass(frozen=True)
class Cluster:
    """Where the scheduler listens, and Dask's configuration of a client that may talk to it."""

    address: str
    config: dict[str, Any]


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Run a scheduler and two workers until the block ends."""
    tls = _certificates(folder)
    names = {key: key.replace(".", "__").replace("-", "_").upper() for key in tls}
    env = os.environ | _QUIET | {f"DASK_{names[key]}": path for key, path in tls.items()}
    scheduler_file = folder / "scheduler.json"
    common = ("--scheduler-file", str(scheduler_file), "--dashboard-address", "127.0.0.1:0")
    scheduler = ("--protocol", "tls", "--host", "127.0.0.1", "--port", "0")
    workers = ("--nworkers", "2", "--nthreads", "1", "--local-directory", str(folder))
    with _start(folder, env, "scheduler", *common, *scheduler):
        address = str(_await_file(scheduler_file)["address"])
        with _start(folder, env, "worker", *common, *workers):
            yield Cluster(address, tls)


def _certificates(folder: Path) -> dict[str, str]:
    authority = trustme.CA()
    ca, pair = str(folder / "ca.pem"), str(folder / "pair.pem")
    authority.cert_pem.write_to_path(ca)
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(pair)
    tls = "distributed.comm.tls"
    return {f"{tls}.ca-file": ca} | {
        f"{tls}.{role}.cert": pair for role in ("scheduler", "worker", "client")
    }


@contextmanager
def _start(folder: Path, env: dict[str, str], what: str, *args: str) -> Iterator[None]:
    with (folder / f"{what}.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", _MAIN.format(what), *args], env=env, stdout=log, stderr=log
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(_SECONDS)


def _await_file(path: Path) -> dict[str, Any]:
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        try:
            content: dict[str, Any] = json.loads(path.read_text())
        except (OSError, ValueError):  # not there, or half written
            time.sleep(0.05)
        else:
            return content
    raise TimeoutError(path)
