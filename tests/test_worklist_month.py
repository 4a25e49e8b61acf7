"""The guide's month, lived with nothing but double clicks, the worklist and mail.

A real Dovecot, a real mail host, a real LibreOffice; two clerks; a process killed while it sends.
In the end the ledger is the one of the same month lived by commands.
"""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Protocol

import pytest
from builders import dovecot, libreoffice
from builders.clerk_month import ADDRESSES, Month, living, make_zip, repair_return
from builders.sample_office import REGISTER, MeetingReturn, fill_in_register
from builders.worklist_clerk import LETTERS, PERIODS, SURE, TODO, Clerk
from openpyxl import load_workbook

from mlay_batch.app.workspace import Workspace
from mlay_batch.cli import run, session
from mlay_batch.ledger import Archive, Ledger, Worklists

pytestmark = [pytest.mark.dovecot, pytest.mark.libreoffice, pytest.mark.slow]

FORMS, FIRST, OVERDUE = "2020-01-02", "2020-02-04", "2020-02-08"
CORRECTED, CLOSED, LATER = "2020-02-09", "2020-02-10", "2020-03-09"
NEW_ADDRESS = "dang-uy@muonglay.example"


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
    """Live the month: what branches do, and what the office does on each day."""
    fill_in_register(Workspace.find(month.root))
    month.configure()
    office.sit(FORMS)
    office.send_forms(FORMS)
    good = make_zip("bản Ho Cang.xlsx", book("DB1-1"))
    month.post("Ho Cang <db1-1@muonglay.example>", "Báo cáo.zip", good, on=FIRST)
    month.post("cb-01@muonglay.example", "THPT.xlsx", book("CB-01", present=11), on=FIRST)
    month.post("x@else.example", "bao cao.xlsx", book("CB-01", score=90), on=FIRST)
    month.post("db1@muonglay.example", "cac chi bo.rar", b"Rar!\x1a\x07\x00", on=FIRST)
    office.sit(FIRST)
    office.refuse_stranger(FIRST)
    office.answer(FIRST)
    office.sit(OVERDUE)
    office.answer(OVERDUE)
    returned = month.answers(month.sent[1])[0]
    data, answered = repaired(returned, folder), returned["Message-ID"]
    month.post("cb-01@muonglay.example", "THPT sửa.xlsx", data, answered, on=CORRECTED)
    bounce(month, "db1@muonglay.example", CORRECTED)
    entered = month.root / "inbox" / "nhap-thay" / "Na Nát báo qua điện thoại.xlsx"
    entered.write_bytes(book("DB1-2"))
    office.sit(CORRECTED)
    correct_address(month.root, folder)
    office.sit(CORRECTED)
    office.answer(CORRECTED)
    office.close(CLOSED)
    data = book("DB1-1", score=85)
    month.post("db1-1@muonglay.example", "sửa điểm.xlsx", data, on=LATER)
    office.sit(LATER)
    office.take_late_correction(LATER)
    office.close_again(LATER)


def book(branch: str, **more: float) -> bytes:
    return MeetingReturn(branch, month=1, year=2020, **more).book()


def repaired(returned: EmailMessage, folder: Path) -> bytes:
    """The form sent back, with its wrong cell typed over; once for both lives, as the register."""
    path = folder.parent / "sua.xlsx"
    if not path.exists():
        path.write_bytes(repair_return(returned, folder))
    return path.read_bytes()


def bounce(month: Month, address: str, on: str) -> None:
    """The mail host of a branch could not deliver what the office sent there."""
    mail = EmailMessage()
    number = len(month.sent) + 1
    came = datetime.fromisoformat(f"{on}T01:{number:02}:00+00:00")
    mail["Received"] = f"from x by mx.town.example; {format_datetime(came)}"
    mail["From"], mail["To"] = "MAILER-DAEMON@mx.example", "vanphong@muonglay.example"
    mail["Subject"], mail["Message-ID"] = "Undelivered Mail", f"<{number}@mx.example>"
    mail.set_content(f"\n<{address}>: no such user\n")
    month.mailbox.deliver(mail.as_bytes(policy=mail.policy.clone(linesep="\r\n")), str(number))
    month.sent.append(mail["Message-ID"])


def correct_address(root: Path, folder: Path) -> None:
    """The clerk asks for the right address and types it into the register.

    LibreOffice writes the time into what it saves: both lives have the file of the first.
    """
    register, corrected = root / "register.xlsx", folder.parent / "so.xlsx"
    if corrected.exists():
        register.write_bytes(corrected.read_bytes())
        return
    workbook = load_workbook(register)
    places = [
        (sheet.title, cell.coordinate)
        for sheet in workbook
        for line in sheet.iter_rows()
        for cell in line
        if cell.value == "db1@muonglay.example"
    ]
    ((sheet, cell),) = places
    step = libreoffice.type_text(cell, NEW_ADDRESS, sheet)
    libreoffice.fill(register, corrected, [step])
    register.write_bytes(corrected.read_bytes())


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

    def send_forms(self, day: str) -> None:
        self.clerk.choose(TODO, "Chưa gửi mẫu báo cáo", decision="gửi")
        assert "gửi: Đã gửi" in self.obey(day)

    def refuse_stranger(self, day: str) -> None:
        clerk, hers = self.clerk, self.month.root / "viec-can-lam (Lan).xlsx"
        first_list, stranger = clerk.path.read_bytes(), "bao cao.xlsx"
        clerk.choose(TODO, stranger, decision="không nhận")
        self.obey(day)  # incomplete: nothing is done
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
        self.clerk.choose(TODO, "Đã đủ", decision="chốt kỳ", sure=SURE)
        assert "Đã chốt lần 1" in self.obey(day)

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
        live(month, ByWorklist(month), tmp_path / "a")
        obeyed_worklists_are_kept(month)
        by_worklist = ledger_of(month.root)
    with office_of(tmp_path, "b", monkeypatch) as month:
        live(month, ByCommands(month, monkeypatch), tmp_path / "b")
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
