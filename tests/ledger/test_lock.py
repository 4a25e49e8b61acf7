"""Two clerks, one workspace."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mlay_batch.core.messages import error_text
from mlay_batch.errors import LedgerError, LockedError
from mlay_batch.ledger import lock

CHILD = """
import sys
from pathlib import Path
from mlay_batch.ledger import lock
with lock(Path(sys.argv[1]), "lan@van-phong (pid 7)"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def colleague(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process at work in the workspace; it stops when its input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout
        assert child.stdout.readline() == "held\n"
        yield child


def test_the_second_is_told_who_is_at_work(tmp_path: Path) -> None:
    with colleague(tmp_path):
        with pytest.raises(LockedError) as caught, lock(tmp_path, "me"):
            pass
        assert caught.value.params["holder"] == "lan@van-phong (pid 7)"
        message = error_text(caught.value, "vi")
        assert "lan@van-phong (pid 7)" in message
        assert "{" not in message
    with lock(tmp_path, "me"):  # the colleague has gone home
        pass


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
def test_the_lock_of_a_dead_process_is_free(tmp_path: Path) -> None:
    with colleague(tmp_path) as child:
        child.send_signal(signal.SIGKILL)
        child.wait()
        with lock(tmp_path, "me"), pytest.raises(LockedError) as caught, lock(tmp_path, "too"):
            pass
    assert caught.value.params["holder"] == "me"


def test_a_broken_run_lets_go(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), lock(tmp_path, "me"):
            raise ZeroDivisionError


def test_a_folder_that_is_not_there_cannot_be_locked(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match=r"ledger\.unwritable"), lock(tmp_path / "gone", "me"):
        pass
