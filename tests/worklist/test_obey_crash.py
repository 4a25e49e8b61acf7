"""A share of the runs of `builders/worklist_crash.py`: killed while many decisions are obeyed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="fork, and /proc tells what is being synced")
def test_killed_or_failing_at_any_write_no_decision_is_lost_or_done_twice() -> None:
    """In a process of its own: it forks, which a process with threads must not."""
    ran = subprocess.run(
        [sys.executable, "-m", "builders.worklist_crash", "--every", "17"],
        cwd=TESTS,
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )
    assert ran.stdout, ran.stderr
    result = json.loads(ran.stdout)
    assert result["wrong"] == {}, ran.stderr
    assert result["steps"] > 300
    assert result["shots"] > 20
