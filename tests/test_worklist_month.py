"""The guide's month, lived with nothing but double clicks, the worklist and mail.

A real Dovecot, a real mail host, a real LibreOffice; two clerks; a process killed while it sends.
In the end the ledger is the one of the same month lived by commands.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Protocol

import pytest
from builders import dovecot
from builders.clerk_month import ADDRESSES, Month, living
from builders.guide_month import (
    CLOSED,
    CORRECTED,
    FIRST,
    FORMS,
    LATER,
    OVERDUE,
    branches_act,
    correct_address,
)
from builders.sample_office import REGISTER
from builders.worklist_clerk import LETTERS, PERIODS, SURE, TODO, Clerk

from mlay_batch.cli import run, session
from mlay_batch.ledger import Archive, Ledger, Worklists

pytestmark = [pytest.mark.dovecot, pytest.mark.libreoffice, pytest.mark.slow]


class Office(Protocol):
    """Somebody who does the office's work, day by day."""

    month: Month

    def sit(self, day: str) -> None:
        """Fetch the mail, take it in, consolidate."""

    def send_forms(self, day: str) -> None: ...
    def refuse_stranger(self, day: str) -> None: ...
    def answer(self, day: str) -> None: ...
    def close(self, day: str) -> None: ...
    def take_late_correction(self, day: str) -> None: ...
    def close_again(self, day: str) -> None: ...


def live(month: Month, office: Office, folder: Path) -> None:
    """Live the month: what happens outside, and what the office does on each day."""
    branches_act(month, FORMS, folder)
    office.sit(FORMS)
    office.send_forms(FORMS)
    branches_act(month, FIRST, folder)
    office.sit(FIRST)
    office.refuse_stranger(FIRST)
    office.answer(FIRST)
    office.sit(OVERDUE)
    office.answer(OVERDUE)
    branches_act(month, CORRECTED, folder)
    office.sit(CORRECTED)
    correct_address(month.root, folder)
    office.sit(CORRECTED)
    office.answer(CORRECTED)
    office.close(CLOSED)
    branches_act(month, LATER, folder)
    office.sit(LATER)
    office.take_late_correction(LATER)
    office.close_again(LATER)


class ByCommands:
    """The month as the annex of the guide has it."""

    def __init__(self, month: Month, patch: pytest.MonkeyPatch) -> None:
        self.month, self.patch = month, patch

    def type(self, day: str, *words: str) -> None:
        moment = f"{day}T09:00:00+07:00"
        self.patch.setattr(session, "local_time", lambda value, zone: moment)
        self.patch.setattr(session, "today", lambda zone: date.fromisoformat(day))
        assert run([*words, "-C", str(self.month.root)]) in (0, 1)

    def sit(self, day: str) -> None:
        self.type(day, "fetch")
        self.type(day, "run", "--as-of", day, *self.period(day))

    def period(self, day: str) -> list[str]:
        return ["--period", "2020-01"] if day == LATER else []

    def send_forms(self, day: str) -> None:
        self.type(day, "template", "--all", "--mail", "--send")

    def refuse_stranger(self, day: str) -> None:
        self.type(day, "refuse", "3", "--why", "không phải của chi bộ", "--as-of", day)

    def answer(self, day: str) -> None:
        self.type(day, "reply", "--send", "--as-of", day, *self.period(day))

    def close(self, day: str) -> None:
        self.type(day, "close", "2020-01", "--as-of", day)

    def take_late_correction(self, day: str) -> None:
        self.type(day, "reopen", "2020-01", "--why", "sửa điểm sau kiểm tra", "--as-of", day)
        self.type(day, "accept", "8", "--why", "đúng như biên bản", "--as-of", day)

    def close_again(self, day: str) -> None:
        self.close(day)
        self.answer(day)


class ByWorklist:
    """The month by double clicks; a colleague works with a list of her own for a while."""

    def __init__(self, month: Month) -> None:
        self.month = month
        self.clerk, self.colleague = Clerk(month.root), Clerk(month.root, "lan")

    def sit(self, day: str, *more: str) -> str:
        done = self.clerk.double_click(day, *more)
        assert done.returncode in (0, 1), done.stderr
        return done.stdout

    def obey(self, day: str) -> str:
        self.clerk.save()
        return self.sit(day)

    def keep(self, name: str) -> None:
        """Keep the list as it is now, where pictures are made of it (`worklist_pictures.py`)."""
        if folder := os.environ.get("KEEP_WORKLISTS"):
            shutil.copy(self.clerk.path, Path(folder) / f"{name}.xlsx")

    def send_forms(self, day: str) -> None:
        self.clerk.choose(TODO, "Chưa gửi mẫu báo cáo", decision="gửi")
        assert "gửi: Đã gửi" in self.obey(day)

    def refuse_stranger(self, day: str) -> None:
        clerk, hers = self.clerk, self.month.root / "viec-can-lam (Lan).xlsx"
        first_list, stranger = clerk.path.read_bytes(), "bao cao.xlsx"
        self.keep("first")
        clerk.choose(TODO, stranger, decision="không nhận")
        self.obey(day)  # incomplete: nothing is done
        self.keep("mistake")
        row = clerk.row(TODO, stranger)
        assert row["Quyết định"].value == "không nhận"
        assert "Quyết định này phải có lý do." in row["Kết quả lần trước"].value
        clerk.choose(TODO, stranger, why="không phải của chi bộ", sure=SURE)
        self.obey(day)
        assert not any(stranger in text for text in clerk.texts(TODO))
        # the colleague's list is older than the state: nothing of it is done
        hers.write_bytes(first_list)
        self.colleague.choose(TODO, stranger, path=hers, decision="nhận", why="đã gọi hỏi")
        self.colleague.save(hers)
        assert "hoa đã quyết định “không nhận”" in self.sit(day)
        assert not hers.exists()
        self.keep("letters")

    def answer(self, day: str) -> None:
        if day == OVERDUE:
            self.answer_killed(day)
            return
        self.clerk.choose(LETTERS, "Tất cả", decision="gửi")
        self.obey(day)
        assert not self.clerk.texts(LETTERS)

    def answer_killed(self, day: str) -> None:
        """Remind by the matters; the machine stops while the host has the first letter."""
        for name in ("Na Nát", "Trường THPT"):
            self.clerk.choose(TODO, name, decision="nhắc")
        self.clerk.save()
        reached: list[bool] = []
        processes: list[subprocess.Popen[bytes]] = []

        def before() -> None:
            self.month.box.before = lambda: None
            reached.append(True)
            while processes[0].poll() is None:
                time.sleep(0.005)

        self.month.box.before = before
        command = self.clerk.command(day)
        env = self.clerk.environment()
        processes.append(subprocess.Popen(command, cwd="/", env=env, start_new_session=True))
        while not reached and processes[0].poll() is None:
            time.sleep(0.005)
        yesterday = self.clerk.path.read_bytes()
        os.killpg(processes[0].pid, signal.SIGKILL)
        processes[0].wait(60)
        assert self.clerk.path.read_bytes() == yesterday
        self.sit(day)
        self.clerk.choose(TODO, "không rõ thư đã đi chưa", decision="đã đi")
        self.obey(day)
        assert not any("không rõ" in text for text in self.clerk.texts(TODO))

    def close(self, day: str) -> None:
        self.sit(day)
        self.keep("ready")
        self.clerk.choose(TODO, "Đã đủ", decision="chốt kỳ", sure=SURE)
        assert "Đã chốt lần 1" in self.obey(day)
        self.keep("closed")

    def take_late_correction(self, day: str) -> None:
        clerk = self.clerk
        clerk.choose(TODO, "sửa điểm.xlsx", decision="mở lại", why="sửa điểm sau kiểm tra")
        clerk.choose(PERIODS, "Tháng 01", decision="làm kỳ này")
        self.obey(day)
        clerk.choose(TODO, "sửa điểm.xlsx", decision="nhận", why="đúng như biên bản")
        self.obey(day)

    def close_again(self, day: str) -> None:
        self.clerk.choose(PERIODS, "Tháng 01", decision="chốt kỳ", sure=SURE)
        self.clerk.choose(LETTERS, "Số đến", decision="gửi")
        self.obey(day)


@contextmanager
def office_of(tmp_path: Path, name: str, patch: pytest.MonkeyPatch) -> Iterator[Month]:
    patch.setitem(REGISTER, "addresses", ADDRESSES)
    (office,) = REGISTER["office"]
    patch.setitem(REGISTER, "office", [{**office, "start": "2020-01"}])
    patch.setenv("MLAY_IMAP_PASSWORD", dovecot.PASSWORD)
    patch.setenv("LOGNAME", "hoa")
    patch.delenv("MLAY_LANG", raising=False)
    folder = tmp_path / name
    folder.mkdir()
    answers = ["--name", "Thị ủy Mường Lay", "--place", "Mường Lay", "--level", "thị xã"]
    more = ["--start", "2020-01", "--due", "5", "--officials", "4", "--members", "6"]
    with living(folder / "thi ủy") as month:
        assert run(["init", str(month.root), *answers, *more]) == 0
        yield month


def test_the_month_by_double_clicks_is_the_month_by_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with office_of(tmp_path, "a", monkeypatch) as month:
        live(month, ByWorklist(month), tmp_path)
        obeyed_worklists_are_kept(month)
        by_worklist = ledger_of(month.root)
    with office_of(tmp_path, "b", monkeypatch) as month:
        live(month, ByCommands(month, monkeypatch), tmp_path)
        by_commands = ledger_of(month.root)
    capsys.readouterr()
    for table, rows in by_commands.items():
        assert by_worklist[table] == rows, table


def obeyed_worklists_are_kept(month: Month) -> None:
    """Each with who, when and what."""
    archive = Archive(month.root / "archive")
    with Ledger.open(month.root / "ledger.sqlite", read_only=True) as ledger:
        decisions = Worklists(ledger).decisions()
        for sha256 in Worklists(ledger).hashes():
            assert archive.read(sha256)
    assert {decision.who for decision in decisions} == {"hoa"}
    assert {decision.progress.value for decision in decisions} == {"done", "not_done"}


# What differs by the clock, by the machine, or because worklists alone are obeyed.
LEFT_OUT = {
    "outgoing": {"at", "sha256"},
    "fetched": {"mailbox", "uidvalidity", "sha256"},
}
NO_TIMES = {"worklist", "worklist_decision", "report", "output", "workbook"}


def ledger_of(root: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every table of the ledger that has no times of its own."""
    with closing(sqlite3.connect(root / "ledger.sqlite")) as db:
        names = [
            name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        tables = {}
        for name in names:
            if name in NO_TIMES:
                continue
            cursor = db.execute(f"SELECT * FROM {name}")
            heads = [head[0] for head in cursor.description]
            kept = [i for i, head in enumerate(heads) if head not in LEFT_OUT.get(name, ())]
            rows = [tuple(plain(row[i]) for i in kept) for row in cursor]
            tables[name] = sorted(rows, key=repr)
    return tables


def plain(value: object) -> object:
    """The number that the mailbox gives itself is another one in every mailbox."""
    return re.sub(r"mail/\d+-", "mail/", value) if isinstance(value, str) else value
