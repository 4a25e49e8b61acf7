"""``python -m benchmarks.cluster_month [RETURNS]``: reading by a Dask cluster on this machine.

A real scheduler and two workers over TLS on loopback, and then the same files without them: what
both take by the clock and of processors, what each process takes of memory, what crosses the line.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import time
from pathlib import Path

import click
import psutil
from builders.dask_cluster import cluster

from benchmarks import fleet, process
from benchmarks.process import Cost

_LOOPBACK = Path("/proc/net/dev")
_HELPERS = "resource_tracker"


def main(count: int) -> None:
    """Measure the ingest of `count` returns, with a cluster and without."""
    with tempfile.TemporaryDirectory() as folder:
        homes = [fleet.build(Path(folder) / name, count) for name in ("cluster", "alone")]
        with cluster(Path(folder)) as dask:
            before = _loopback_bytes()
            settings = {f"DASK_{key.replace('.', '__').replace('-', '_').upper()}": value
                        for key, value in dask.config.items()}  # fmt: skip
            os.environ.update(settings)
            _tell("clerk's machine", _ingest(homes[0], "--cluster", dask.address))
            click.echo(
                f"  over loopback {(_loopback_bytes() - before) / count / 1000:.1f} KB a file"
            )
            for child in psutil.Process().children(recursive=True):
                if _HELPERS not in " ".join(child.cmdline()):
                    _tell(_name(child), _cost_so_far(child))
        _tell("without a cluster", _ingest(homes[1]))
        ledgers = {hashlib.sha256((home / "ledger.sqlite").read_bytes()).digest() for home in homes}
        click.echo("the same ledger" if len(ledgers) == 1 else "ANOTHER LEDGER")


def _ingest(home: Path, *more: str) -> Cost:
    days = ("--as-of", fleet.AS_OF, "--received", fleet.RECEIVED)
    return process.python("-m", "mlay_batch", "ingest", *days, *more, cwd=home)


def _tell(what: str, cost: Cost) -> None:
    click.echo(f"{what:20} {cost.wall:7.1f} s {cost.cpu:7.1f} processor s {cost.parent_mb:6.0f} MB")


def _loopback_bytes() -> int:
    """Return how many bytes this machine has sent itself."""
    line = next(x for x in _LOOPBACK.read_text().splitlines() if x.strip().startswith("lo:"))
    return int(line.split()[9])


def _name(child: psutil.Process) -> str:
    """Return what a process of the cluster is, by how far it is from this one."""
    depth = [parent.pid for parent in child.parents()].index(os.getpid())
    if "dask_scheduler" in " ".join(child.cmdline()):
        return "scheduler"
    return ("nanny of the workers", "worker", "reader of a worker")[depth]


def _cost_so_far(child: psutil.Process) -> Cost:
    """Return what a process has taken until now, with its children that have ended."""
    lines = Path(f"/proc/{child.pid}/status").read_text().splitlines()
    peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    times = child.cpu_times()
    cpu = times.user + times.system + times.children_user + times.children_system
    return Cost(time.time() - child.create_time(), cpu, peak / 1024)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
