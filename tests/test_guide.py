"""The clerk's guide, lived: every command of its month as it stands there, one after the other.

A real Dovecot, a real mail host and a real LibreOffice; the branches act between the commands. What
the screen shows becomes the guide's pictures (`make docs` writes them anew).
"""

from __future__ import annotations

import os
import re
import shlex
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from builders import dovecot
from builders.clerk_month import ADDRESSES, Month, living, nobody_was_written_to_twice
from builders.guide_month import CLOSED, CORRECTED, FIRST, FORMS, LATER, OVERDUE, branches_act
from builders.sample_office import REGISTER
from builders.screens import WIDTH, draw

from mlay_batch.cli import run, session
from mlay_batch.ledger import Ledger

pytestmark = [pytest.mark.dovecot, pytest.mark.libreoffice, pytest.mark.slow]

DOCS = Path(__file__).resolve().parent.parent / "docs"
PICTURES = DOCS / "pictures"
STEP = re.compile(
    r"^## (?P<day>.+?)$|^```console\n(?P<commands>.*?)^```$"
    r"(?:\n\n!\[[^\]]*\]\(pictures/(?P<picture>screen-\w+\.svg)\))?",
    re.MULTILINE | re.DOTALL,
)
ANNEX = "# Phụ lục: tháng ấy bằng lệnh"
DAYS = {
    "Ngày đầu tiên": "2019-12-30",
    "Ngày 02 tháng 01": FORMS,
    "Ngày 04 tháng 02": FIRST,
    "Ngày 08 tháng 02": OVERDUE,
    "Ngày 09 tháng 02": CORRECTED,
    "Ngày 10 tháng 02": CLOSED,
    "Tháng 3": LATER,
    "Một năm sau": "2021-03-15",
}
REFUSED = {(FIRST, "mlay run"), (LATER, "mlay run --period 2020-01")}
FINGERPRINT = re.compile(r"\b[0-9A-Z]{4}(-[0-9A-Z]{4}){2}\b")  # it changes with the program


@dataclass(frozen=True)
class Step:
    """A block of commands, the day it is typed on, and the picture of the screen after it."""

    day: str
    commands: tuple[str, ...]
    picture: str | None


def stories() -> tuple[str, str]:
    """The month by the worklist, and the same by commands."""
    guide = (DOCS / "huong-dan-van-phong.md").read_text(encoding="utf-8")
    by_worklist, _, rest = guide.partition("# Tra cứu")
    return by_worklist, rest.partition(ANNEX)[2]


def steps() -> Iterator[Step]:
    day = ""
    for match in STEP.finditer(stories()[1]):
        if match["day"]:
            day = next(on for name, on in DAYS.items() if match["day"].startswith(name))
        else:
            yield Step(day, tuple(match["commands"].splitlines()), match["picture"])


@pytest.fixture
def month(tmp_path, monkeypatch) -> Iterator[Month]:
    monkeypatch.setitem(REGISTER, "addresses", ADDRESSES)
    (office,) = REGISTER["office"]
    monkeypatch.setitem(REGISTER, "office", [{**office, "start": "2020-01"}])
    monkeypatch.setenv("MLAY_IMAP_PASSWORD", dovecot.PASSWORD)
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    monkeypatch.delenv("MLAY_LANG", raising=False)
    monkeypatch.chdir(tmp_path)
    with living(tmp_path / "thi-uy") as running:
        yield running


def type_command(command: str, month: Month, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Type a command; return its exit code and what the screen shows."""
    code = run(shlex.split(command)[1:])
    screen = "".join(capsys.readouterr())
    for real, printed in ((f"{month.root.parent}/", ""), ("127.0.0.1", "mail.muonglay.vn")):
        screen = screen.replace(real, printed)
    return code, FINGERPRINT.sub("HACN-ATZP-TRFQ", screen).strip("\n")


def test_both_stories_tell_the_same_days() -> None:
    by_worklist, by_commands = (re.findall("^## .+", text, re.MULTILINE) for text in stories())
    assert by_worklist == by_commands
    assert len(by_commands) == len(DAYS)


def test_every_command_of_the_guide_does_what_the_guide_says(
    month: Month, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    today, pictures, codes, outputs = "", {}, {}, {}
    monkeypatch.setattr(session, "today", lambda _zone: date.fromisoformat(today))
    monkeypatch.setattr(session, "local_time", lambda written, zone: f"{today}T09:00:00+07:00")
    monkeypatch.setattr(session, "user_name", lambda: "Nguyễn Thị Hòa")
    for step in steps():
        if step.day != today:
            today = step.day
            branches_act(month, today, tmp_path)
            monkeypatch.chdir(month.root if month.root.exists() else tmp_path)
        screen = []
        for command in step.commands:
            codes[today, command], output = type_command(command, month, capsys)
            outputs[today, command] = output
            screen.append((command, output))
        if step.picture:
            pictures[step.picture] = draw(screen)
    assert {command_key for command_key, code in codes.items() if code} == REFUSED
    as_the_guide_tells(month, outputs)
    if os.environ.get("WRITE_DOCS"):
        for name, drawn in pictures.items():
            (PICTURES / name).write_text(drawn, encoding="utf-8")
    files = {path.name: path.read_text(encoding="utf-8") for path in PICTURES.glob("screen-*.svg")}
    assert files == pictures, "run `make docs`"


def as_the_guide_tells(month: Month, outputs: dict[tuple[str, str], str]) -> None:
    """What stands between the commands."""
    with Ledger.open(month.root / "ledger.sqlite", read_only=True) as ledger:
        verdicts, returns = ledger.counts(), ledger.returns()
    assert {verdict.value: n for verdict, n in verdicts.items() if n} == {
        "accepted": 4,
        "rejected": 2,
        "ignored": 2,
    }
    assert sum(verdicts.values()) == len(month.sent) + 1  # the one by telephone
    assert {entry.entry.branch for entry in returns} == {"DB1-1", "DB1-2", "CB-01"}
    nobody_was_written_to_twice(month)
    returned, again = month.answers(month.sent[1])
    assert again["Subject"] == f"Nhắc lại: {returned['Subject']}"
    kinds = Counter(mail["Message-ID"].partition(".")[0] for mail in month.box.mails)
    assert kinds == {
        "<form": 3,
        "<receipt": 4,
        "<returned": 1,
        "<unopened": 1,
        "<reminder": 1,
        "<correction": 1,
    }
    assert (
        "Chưa nộp, đã quá hạn 05/02/2020 (1): Chi bộ bản Na Nát" in outputs[OVERDUE, "mlay status"]
    )
    assert "đã đủ, có thể chốt: mlay close 1/2020" in outputs[CORRECTED, "mlay status"]
    closed = {entry.name for entry in (month.root / "reports" / "2020-01").iterdir()}
    workbooks = {f"tong-hop-2020-01{end}.xlsx" for end in ("", "_chot-1", "_chot-2")}
    reports = {f"bao-cao-2020-01{end}.docx" for end in ("", "_chot-1", "_chot-2")}
    assert closed == workbooks | reports | {"bao-cao-2020-01.xlsx", "tin-2020-01.txt"}
