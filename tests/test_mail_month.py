"""A month by mail with the program killed at many points and started again: a real Dovecot, a real
mail host, a real LibreOffice, and the command line. (Not killed: `test_guide`.)
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from builders import json_results
from builders.clerk_month import (
    Month,
    counts,
    living_sample_office,
    make_zip,
    nobody_was_written_to_twice,
    repair_return,
)
from builders.sample_office import CELLS, MeetingReturn

from mlay_batch.ledger import Ledger, MailLog, MailState

pytestmark = [pytest.mark.dovecot, pytest.mark.libreoffice, pytest.mark.slow]

EARLY, LATE = "2019-12-04", "2019-12-06"  # the due day is the fifth

CHAIN = """
import sys
from mlay_batch.cli import run

month = ["--period", "2019-11", "--as-of", sys.argv[1]]
for step in (["fetch"], ["run", *month], ["reply", "--send", *month, *sys.argv[2:]]):
    if run(step) not in (0, 1):
        sys.exit(f"{step} failed")
"""


@pytest.fixture
def month(tmp_path, monkeypatch) -> Iterator[Month]:
    with living_sample_office(tmp_path, monkeypatch) as running:
        yield running


def first_mails(month: Month) -> dict[str, str]:
    """The branches' mails: good in a zip, bad, a stranger's, one without a file."""
    return {
        "good": month.post(
            "Ho Cang <db1-1@muonglay.example>",
            "Báo cáo.zip",
            make_zip("bản Ho Cang.xlsx", MeetingReturn("DB1-1").book()),
        ),
        "bad": month.post(
            "cb-01@muonglay.example", "thpt.xlsx", MeetingReturn("CB-01", present=11).book()
        ),
        "stranger": month.post("x@else.example", "x.xlsx", MeetingReturn("CB-01", score=90).book()),
        "thanks": month.post("db1@muonglay.example"),
    }


def states(month: Month, capsys, on: str) -> tuple[dict[str, str], dict[str, int]]:
    capsys.readouterr()
    assert month.mlay("status", "--json", on=on) == 0
    printed = capsys.readouterr().out
    meetings = json_results.states(printed, "meeting")
    todo = {each["step"]: each["count"] for each in json_results.result(printed)["next"]}
    return {code: meetings[code]["2019-11"] for code in CELLS}, todo


Due = Callable[["subprocess.Popen[bytes]"], bool]


def lies(month: Month, folder: str, count: int) -> Due:
    """Due once so many files lie in a folder of the workspace."""
    walk = partial(os.walk, month.root / folder)
    return lambda process: sum(len(names) for _, _, names in walk()) >= count


def after(seconds: float) -> Due:
    until = time.monotonic() + seconds
    return lambda process: time.monotonic() >= until


def at_the_host(month: Month, *, taken: bool) -> Due:
    """Due while the mail host holds a whole letter, which it then takes or loses."""
    reached = []

    def before() -> None:
        month.box.before = lambda: None
        reached.append(True)
        while started[-1].poll() is None:
            time.sleep(0.005)
        if not taken:
            raise ConnectionAbortedError

    started: list[subprocess.Popen[bytes]] = []
    month.box.before = before

    def due(process: subprocess.Popen[bytes]) -> bool:
        started.append(process)
        return bool(reached)

    return due


def look_up_doubtful(month: Month) -> list[str]:
    """The clerk looks whether the one doubtful letter went out, and says so."""
    with Ledger.open(month.root / "ledger.sqlite", read_only=True) as ledger:
        letters = MailLog(ledger).letters()
    doubtful = [letter.message_id for letter in letters if letter.state is MailState.QUEUED]
    if not doubtful:
        return []
    (message_id,) = doubtful
    gone = {mail["Message-ID"] for mail in month.box.mails}
    return ["--doubtful", "sent" if message_id in gone else "unsent"]


def chain(month: Month, on: str, due: Due | None = None) -> int:
    """Run fetch, run and reply in a process of their own; kill it when `due`."""
    command = [sys.executable, "-c", CHAIN, on, *look_up_doubtful(month)]
    with (month.root.parent / "told").open("ab") as log:
        process = subprocess.Popen(command, cwd=month.root, stdout=log, stderr=log)
    while due and process.poll() is None:
        if due(process):
            process.kill()
            break
        time.sleep(0.005)
    return process.wait(60)


def test_killed_anywhere_and_started_again(month, tmp_path, capsys):
    mails = first_mails(month)
    for folder, count in (("inbox", 2), ("archive", 2), ("reports", 1)):
        assert chain(month, EARLY, lies(month, folder, count)) == -9
    assert chain(month, EARLY, at_the_host(month, taken=False)) == -9
    assert look_up_doubtful(month) == ["--doubtful", "unsent"]
    assert chain(month, EARLY, at_the_host(month, taken=True)) == -9
    while not month.box.raw:  # the host takes the letter when the process is gone
        time.sleep(0.005)
    assert look_up_doubtful(month) == ["--doubtful", "sent"]
    assert chain(month, EARLY) == 0
    counts(month, accepted=1, rejected=1, held=1, ignored=1)
    nobody_was_written_to_twice(month)
    (returned,) = month.answers(mails["bad"])
    assert len(month.box.mails) == 2

    data = repair_return(returned, tmp_path)
    month.post("db1@muonglay.example", "Na Nát.xlsx", MeetingReturn("DB1-2").book(), on=LATE)
    month.post("cb-01@muonglay.example", "sửa lại.xlsx", data, returned["Message-ID"], LATE)
    chance = random.Random(2019)
    for _ in range(2):
        chain(month, LATE, after(chance.uniform(0.8, 3)))
    assert chain(month, LATE) == 0
    assert look_up_doubtful(month) == []
    counts(month, accepted=3, rejected=1, held=1, ignored=1)
    nobody_was_written_to_twice(month)
    assert {mail["In-Reply-To"] for mail in month.box.mails} == {
        month.sent[0],
        month.sent[1],
        month.sent[4],
        month.sent[5],
    }
    by_branch, left = states(month, capsys, LATE)
    assert set(by_branch.values()) <= {"reported", "late"}
    assert left == {"decide": 1, "close": 1}
