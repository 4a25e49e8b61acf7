"""Whatever breaks, and wherever: a batch is in the ledger whole or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from builders.ledger_entries import RUN, WRONG, connection, decision, row

from mlay_batch.ledger import Archive, Ledger
from mlay_batch.model.records import Decision, Verdict

BATCH = [
    decision(Verdict.ACCEPTED, row(present=18), row(13, present=17), data=b"2"),
    decision(Verdict.REJECTED, data=b"3", findings=(WRONG,)),
    decision(Verdict.IGNORED, data=b"4"),
]


class Failing:
    """A connection whose n-th call, counted from 0, fails; a rollback never does."""

    def __init__(self, db: Any, fail_at: int) -> None:
        self.db, self.left = db, fail_at

    def _count(self, sql: str) -> None:
        if sql == "ROLLBACK":
            return
        self.left -= 1
        if self.left == -1:
            raise OSError("pulled the plug")

    def execute(self, sql: str, *values: Any) -> Any:
        self._count(sql)
        return self.db.execute(sql, *values)

    def executemany(self, sql: str, values: Any) -> Any:
        self._count(sql)
        return self.db.executemany(sql, values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.db, name)


def test_a_failure_at_any_step_leaves_the_ledger_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger.create(path) as ledger:
        ledger.record(RUN, [decision(Verdict.ACCEPTED, row(present=1), data=b"1")])
        before = (ledger.entries(), ledger.returns(), ledger.runs())
        db: Any = connection(ledger)
        steps = 0
        while True:
            try:
                Ledger(Failing(db, steps), path).record(RUN, BATCH)  # type: ignore[arg-type]
            except OSError:
                assert (ledger.entries(), ledger.returns(), ledger.runs()) == before
                steps += 1
            else:
                break
        assert steps > 10  # begin, run, for each file several, commit
        assert len(ledger.entries()) == 4
        assert ledger.entries()[0].superseded_by == 2


CHILD = """
import os, signal, sys
from pathlib import Path
from builders.ledger_entries import RUN, decision, row
from mlay_batch.ledger import Archive, Ledger
from mlay_batch.ledger import store
from mlay_batch.model.records import Verdict

root, when = Path(sys.argv[1]), sys.argv[2]
die = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
batch = [decision(Verdict.ACCEPTED, *[row(note="x" * 900)] * 40, data=b"%d" % n, branch=f"CB-{n}")
         for n in range(80)]
with Ledger.open(root / "ledger.sqlite") as ledger:
    for one in batch:
        Archive(root / "archive").store(one.checked.file.data)
    if when == "before record":
        die()
    if when == "before commit":
        ledger._db.execute("PRAGMA cache_size = 1")  # spill to the file: the journal is needed
        store.group_signed_copies = die
    ledger.record(RUN, batch)
"""


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
@pytest.mark.parametrize("when", ["before record", "before commit"])
@pytest.mark.parametrize("read_only", [False, True])
def test_killed_between_archive_and_commit(tmp_path: Path, when: str, read_only: bool) -> None:
    with Ledger.create(tmp_path / "ledger.sqlite") as ledger:
        ledger.record(RUN, [decision()])
        before = ledger.entries()
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path), when],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    journal = tmp_path / "ledger.sqlite-journal"
    assert journal.exists() is (when == "before commit")

    with Ledger.open(tmp_path / "ledger.sqlite", read_only=read_only) as ledger:
        assert ledger.entries() == before  # what was begun is undone
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        archive = Archive(tmp_path / "archive")
        again: list[Decision] = [
            decision(Verdict.ACCEPTED, data=b"%d" % n, branch=f"CB-{n}") for n in range(80)
        ]
        for item in again:
            assert archive.read(archive.store(item.checked.file.data)) == item.checked.file.data
        assert len(ledger.record(RUN, again)) == 80
