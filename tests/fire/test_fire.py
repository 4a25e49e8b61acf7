"""A share of the runs of `builders/crash_runs.py`; `python -m builders.crash_runs` makes all."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="fork, and /proc tells what is being synced")
def test_killed_or_failing_at_any_write_nothing_is_lost() -> None:
    """In a process of its own: it forks, which a process with threads must not."""
    ran = subprocess.run(
        [sys.executable, "-m", "builders.crash_runs", "--every", "26"],
        cwd=TESTS,
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )
    assert ran.stdout, ran.stderr
    result = json.loads(ran.stdout)
    assert result["wrong"] == {}, ran.stderr
    assert result["steps"] > 100
    assert result["shots"] > 9
