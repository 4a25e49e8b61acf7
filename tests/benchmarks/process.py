"""One whole process measured: wall and processor time with its children's, its own peak memory."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# Runs in the measured process: does what ``python ARGUMENTS`` would, then notes its peak memory.
# (getrusage would tell the parent's from before the exec.) Linux only, as the measuring machine.
_NOTE_PEAK = """
import atexit, runpy, sys
def note(path=sys.argv[1]):
    with open("/proc/self/status") as told, open(path, "w") as file:
        file.write(next(line.split()[1] for line in told if line.startswith("VmHWM")))
atexit.register(note)
what, target, sys.argv = sys.argv[2], sys.argv[3], sys.argv[3:]
if what == "-m":
    runpy.run_module(target, run_name="__main__", alter_sys=True)
elif what == "-c":
    exec(target)
else:
    runpy.run_path(target, run_name="__main__")
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process took: seconds by the clock, processor seconds, peak memory of the parent."""

    wall: float
    cpu: float
    parent_mb: float

    @classmethod
    def of(cls, figures: Mapping[str, float]) -> Cost:
        """Return the cost as JSON keeps it."""
        return cls(figures["wall"], figures["cpu"], figures["parent_mb"])


def python(what: str, *arguments: object, cwd: Path | None = None) -> Cost:
    """Run ``python WHAT ARGUMENTS`` (`what`: ``-m``, ``-c`` or ``file``) and return its cost.

    Raises CalledProcessError, with what it said, where it ends with another code than 0 or 1
    (1: something was refused).
    """
    with tempfile.NamedTemporaryFile("r") as peak:
        command = [sys.executable, "-c", _NOTE_PEAK, peak.name, what, *map(str, arguments)]
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run(
            command, cwd=cwd, env=_environment(), capture_output=True, check=False
        )
        wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode not in (0, 1):
            sys.stderr.buffer.write(done.stderr)
            done.check_returncode()
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return Cost(wall, cpu, int(peak.read()) / 1024)


def _environment() -> Mapping[str, str]:
    """Return ours, but that Python finds the tests and keeps what it has compiled, as installed.

    What only tests need is not to be found.
    """
    here = Path(__file__).parent
    folders = (here / "as_installed", here.parent, here.parent.parent)
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))}
    variables.pop("PYTHONDONTWRITEBYTECODE", None)
    return variables


def median(costs: Sequence[Cost]) -> Cost:
    """Return the run in the middle by the clock."""
    return sorted(costs, key=lambda cost: cost.wall)[len(costs) // 2]


def to_json(costs: Mapping[str, Cost]) -> str:
    """Return the costs as JSON."""
    figures = {
        name: {"wall": round(c.wall, 3), "cpu": round(c.cpu, 3), "parent_mb": round(c.parent_mb, 1)}
        for name, c in costs.items()
    }
    return json.dumps(figures, indent=1)
