"""A month by mail: a real Dovecot, a real SMTP host, a real LibreOffice, and the command line.

Once as the clerk lives it, once with the program killed at many points and started again.
"""

from __future__ import annotations

import io
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from zipfile import ZipFile

import dovecot
import office
import pytest
from openpyxl import load_workbook

from mlay_batch.cli import run
from mlay_batch.ledger import Archive, Ledger, Outgoing, Posting
from mlay_batch.records import Verdict
from mlay_batch.styles import TONES

sys.path.insert(0, str(Path(__file__).parent / "pipeline"))
from smtp_desk import Letterbox, mail_host
from town_desk import CELLS, REGISTER, Paper, town

pytestmark = [pytest.mark.dovecot, pytest.mark.libreoffice, pytest.mark.slow]

ADDRESSES = [
    {"branch": "DB-1", "mail": "db1@muonglay.example"},
    {"branch": "DB1-1", "mail": "db1-1@muonglay.example"},
    {"branch": "CB-01", "mail": "cb-01@muonglay.example"},
]
MINE = {entry["mail"] for entry in ADDRESSES}
EARLY, LATE = "2019-12-04", "2019-12-06"  # the due day is the fifth

CHAIN = """
import sys
from mlay_batch.cli import run

month = ["--period", "2019-11", "--as-of", sys.argv[1]]
for step in (["fetch"], ["run", *month], ["reply", "--send", *month, *sys.argv[2:]]):
    if run(step) not in (0, 1):
        sys.exit(f"{step} failed")
"""


@dataclass
class Month:
    """The town's workspace, its mailbox, and the mail host that keeps what the town sends."""

    root: Path
    mailbox: dovecot.Server
    box: Letterbox
    sent: list[str] = field(default_factory=list)

    def mlay(self, *args: str, on: str | None = None) -> int:
        period = ["--period", "2019-11"] if on else []
        return run([*args, *period, *(["--as-of", on] if on else []), "-C", str(self.root)])

    def post(self, sender: str, name: str = "", data: bytes = b"", answers: str = "") -> str:
        """A branch sends a mail; return its Message-ID."""
        mail = EmailMessage()
        number = len(self.sent) + 1
        day = 3 if number <= 6 else 6
        mail["Received"] = f"from x by mx.town.example; Tue, {day} Dec 2019 01:{number:02}:00 +0000"
        mail["From"], mail["To"] = sender, "vanphong@muonglay.example"
        mail["Subject"] = f"Báo cáo tháng 11 ({number})"
        mail["Message-ID"] = f"<{number}@chi-bo.example>"
        if answers:
            mail["In-Reply-To"] = answers
        mail.set_content("Kính gửi Văn phòng Thị ủy")
        if data:
            mail.add_attachment(data, "application", "octet-stream", filename=name)
        self.mailbox.deliver(mail.as_bytes(policy=mail.policy.clone(linesep="\r\n")), str(number))
        self.sent.append(mail["Message-ID"])
        return self.sent[-1]

    def answers(self, to: str) -> list[EmailMessage]:
        return [mail for mail in self.box.mails if mail["In-Reply-To"] == to]

    def about(self, word: str) -> list[EmailMessage]:
        return [mail for mail in self.box.mails if word in mail["Subject"]]


@pytest.fixture
def month(tmp_path, monkeypatch) -> Iterator[Month]:
    monkeypatch.setitem(REGISTER, "addresses", ADDRESSES)
    monkeypatch.setenv("MLAY_IMAP_PASSWORD", dovecot.PASSWORD)
    root = town(tmp_path / "town").workspace.root
    with dovecot.running() as server, mail_host(tmp_path) as (box, port, ca_file):
        with (root / "mlay.toml").open("a", encoding="utf-8") as config:
            config.write(
                f'[mail]\nserver = "mx.town.example"\n[imap]\nhost = "127.0.0.1"\n'
                f'port = {server.port}\nuser = "{dovecot.USER}"\nca_file = "{server.ca_file}"\n'
                f'[smtp]\nhost = "localhost"\nport = {port}\nca_file = "{ca_file}"\n'
                'from = "vanphong@muonglay.example"\nper_minute = 60000\n'
            )
        yield Month(root, server, box)


def zipped(name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with ZipFile(out, "w") as archive:
        archive.writestr(name, data)
    return out.getvalue()


def paper(mail: EmailMessage) -> bytes:
    (part,) = mail.iter_attachments()
    return part.get_content()


def repaired(mail: EmailMessage, folder: Path) -> bytes:
    """The branch opens its returned form and types over one marked cell: the number present."""
    returned = folder / "tra-lai.xlsx"
    returned.write_bytes(paper(mail))
    sheet = load_workbook(returned)["Báo cáo"]
    marked = {
        cell.coordinate: cell.value
        for row in sheet.iter_rows()
        for cell in row
        if str(cell.fill.fgColor.rgb)[-6:] == TONES["bad"].fill
    }
    (wrong,) = (at for at, value in marked.items() if value == 9)
    out = office.fill(returned, folder / "sửa lại.xlsx", [office.typed(wrong, "10", "Báo cáo")])
    return out.read_bytes()


def first_mails(month: Month) -> dict[str, str]:
    """The branches' mails: good in a zip, bad, a stranger's, one without a file."""
    return {
        "good": month.post(
            "Ho Cang <db1-1@muonglay.example>", "Báo cáo.zip",
            zipped("bản Ho Cang.xlsx", Paper("DB1-1").book()),
        ),
        "bad": month.post("cb-01@muonglay.example", "thpt.xlsx", Paper("CB-01", present=9).book()),
        "stranger": month.post("x@else.example", "x.xlsx", Paper("CB-01", score=90).book()),
        "thanks": month.post("db1@muonglay.example"),
    }  # fmt: skip


def counts(month: Month, **wanted: int) -> None:
    """Every file received has one verdict, is in the archive, and was counted once."""
    with Ledger.open(month.root / "ledger.sqlite", read_only=True) as ledger:
        found, deliveries, returns = ledger.counts(), ledger.deliveries(), ledger.returns()
    assert {verdict.value: n for verdict, n in found.items() if n} == wanted
    assert sum(found.values()) == len(deliveries) == len({d.origin for d in deliveries})
    assert len(deliveries) == len(month.mailbox.mails()) == len(month.sent)
    assert len(returns) == wanted[Verdict.ACCEPTED.value]
    archive = Archive(month.root / "archive")
    for delivery in deliveries:
        assert archive.read(delivery.sha256)


def states(month: Month, capsys, on: str) -> tuple[dict[str, str], dict[str, int]]:
    capsys.readouterr()
    assert month.mlay("status", "--json", on=on) == 0
    (found,) = (e for e in json.loads(capsys.readouterr().out) if e["form"] == "meeting")
    return {code: found["branches"][code]["2019-11"] for code in CELLS}, found["next"]


def nobody_was_written_to_twice(month: Month) -> None:
    ids = Counter(mail["Message-ID"] for mail in month.box.mails)
    threads = Counter(mail["In-Reply-To"] for mail in month.box.mails if mail["In-Reply-To"])
    assert set(ids.values()) == {1}
    assert set(threads.values()) == {1}
    assert {to for one in month.box.to for to in one} <= MINE


def test_a_month_as_the_clerk_lives_it(month, tmp_path, capsys):
    blank = ["template", "--all", "--mail", "--send", "--period", "2019-11", "-C", str(month.root)]
    assert run(blank) == 0
    assert sorted(month.box.to) == sorted((mail,) for mail in MINE)
    assert run(blank) == 0
    assert len(month.box.mails) == 3

    mails = first_mails(month)
    lying = month.mailbox.mails()
    assert month.mlay("fetch") == 0
    assert month.mlay("run", on=EARLY) == 1
    counts(month, accepted=1, rejected=1, held=1, ignored=1)
    assert month.mlay("reply", "--send", on=EARLY) == 0
    assert month.mlay("reply", "--send", on=EARLY) == 0
    assert len(month.box.mails) == 5  # nobody twice, and nobody reminded before the due day
    assert month.box.to[3:] == [("db1-1@muonglay.example",), ("cb-01@muonglay.example",)]
    (receipt,), (returned,) = month.answers(mails["good"]), month.answers(mails["bad"])
    assert "Số đến: 1/2019" in receipt.get_content()
    assert not month.answers(mails["stranger"]) + month.answers(mails["thanks"])

    assert month.mlay("reply", "--send", on=LATE) == 0
    assert month.box.to[5:] == [("db1@muonglay.example",)]
    reminder = month.box.mails[5]
    assert [part.get_filename() for part in reminder.iter_attachments()] == [
        "DB1-2_bao-cao_2019-11.xlsx"
    ]

    data = repaired(returned, tmp_path)
    late = month.post("db1@muonglay.example", "Na Nát.xlsx", Paper("DB1-2").book())
    fixed = month.post("cb-01@muonglay.example", "sửa lại.xlsx", data, returned["Message-ID"])
    assert month.mlay("fetch") == 0
    assert month.mlay("run", on=LATE) == 0
    counts(month, accepted=3, rejected=1, held=1, ignored=1)
    assert month.mlay("reply", "--send", on=LATE) == 0
    assert month.mlay("refuse", "3", "--why", "không rõ ai gửi", "--as-of", LATE) == 0
    found, left = states(month, capsys, LATE)
    assert set(found.values()) <= {"reported", "late"}
    assert left == {"close": 1}
    assert [month.answers(one)[0]["To"] for one in (late, fixed)] == [
        "db1@muonglay.example", "cb-01@muonglay.example",
    ]  # fmt: skip
    nobody_was_written_to_twice(month)
    assert len(month.box.mails) == 8
    assert lying.items() <= month.mailbox.mails().items()


# Killed


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


def looked_up(month: Month) -> list[str]:
    """The clerk looks whether the one doubtful letter went out, and says so."""
    with Ledger.open(month.root / "ledger.sqlite", read_only=True) as ledger:
        letters = Outgoing(ledger).letters()
    doubtful = [letter.message_id for letter in letters if letter.state is Posting.QUEUED]
    if not doubtful:
        return []
    (one,) = doubtful
    gone = {mail["Message-ID"] for mail in month.box.mails}
    return ["--doubtful", "sent" if one in gone else "unsent"]


def chain(month: Month, on: str, due: Due | None = None) -> int:
    """Run fetch, run and reply in a process of their own; kill it when `due`."""
    command = [sys.executable, "-c", CHAIN, on, *looked_up(month)]
    with (month.root.parent / "told").open("ab") as told:
        process = subprocess.Popen(command, cwd=month.root, stdout=told, stderr=told)
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
    assert looked_up(month) == ["--doubtful", "unsent"]
    assert chain(month, EARLY, at_the_host(month, taken=True)) == -9
    while not month.box.raw:  # the host takes the letter when the process is gone
        time.sleep(0.005)
    assert looked_up(month) == ["--doubtful", "sent"]
    assert chain(month, EARLY) == 0
    counts(month, accepted=1, rejected=1, held=1, ignored=1)
    nobody_was_written_to_twice(month)
    (returned,) = month.answers(mails["bad"])
    assert len(month.box.mails) == 2

    data = repaired(returned, tmp_path)
    month.post("db1@muonglay.example", "Na Nát.xlsx", Paper("DB1-2").book())
    month.post("cb-01@muonglay.example", "sửa lại.xlsx", data, returned["Message-ID"])
    chance = random.Random(2019)
    for _ in range(2):
        chain(month, LATE, after(chance.uniform(0.8, 3)))
    assert chain(month, LATE) == 0
    assert looked_up(month) == []
    counts(month, accepted=3, rejected=1, held=1, ignored=1)
    nobody_was_written_to_twice(month)
    assert {mail["In-Reply-To"] for mail in month.box.mails} == {
        month.sent[0], month.sent[1], month.sent[4], month.sent[5],
    }  # fmt: skip
    found, left = states(month, capsys, LATE)
    assert set(found.values()) <= {"reported", "late"}
    assert left == {"decide": 1, "close": 1}
