"""What `--json` prints is one object, as `docs/json.md` describes it, from every command."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
from builders import mail_office
from builders.circulated_list import Meeting, list_book
from builders.mail_office import MORNING, attachment, mail
from builders.offices import alter_book
from builders.sample_office import (
    ANSWERS,
    CELLS,
    REGISTER,
    MeetingReturn,
    catalogue,
    create_office,
    foreign_book,
    put,
    rows,
)
from builders.smtp_host import mail_host
from builders.worklist_clerk import TODO
from builders.worklist_desk import STRANGER, Desk, quick_reports

from mlay_batch.app import demo_month, fetch_mail, mail_run
from mlay_batch.app.mail_run import MailResult
from mlay_batch.app.reply import NoAddress
from mlay_batch.cli import mlay, run
from mlay_batch.core.period import Period
from mlay_batch.intake.imap import RawMail
from mlay_batch.ledger import MailState, SentMail
from mlay_batch.mail.letter import Letter
from mlay_batch.model.topics import Topic
from mlay_batch.template import TemplateContext, render

pytestmark = pytest.mark.usefixtures("reading_here")

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "json.md"
DOCUMENTS = {"help", "schema show", "schema export"}  # they print a document themselves
DAY = ("--as-of", "2019-12-06")
NOVEMBER = ("--period", "2019-11", *DAY)
WRONG = "form: x\nversoin: 1\n"
Fields = dict[str, tuple[str, str]]
"""Name of a field → its type, and the section that says so."""


# The page


def sections() -> dict[str, Fields]:
    """Name of a section → its fields, those of the record it names included."""
    found: dict[str, Fields] = {"envelope": {}}
    section, fields = "envelope", found["envelope"]
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("### "):
            section, fields = line[4:], found.setdefault(line[4:], {})
        elif same := re.match(r"(?:All fields of|The result is) a \[`(\w+)`\]", line):
            fields |= found[same[1]]
        elif row := re.fullmatch(r"\| `(\w+)` \| (.+?) \| .+ \|", line):
            fields[row[1]] = re.sub(r"\[`(\w+)`\]\(#\1\)", r"`\1`", row[2]), section
    return found


def examples() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every example with the section that it stands in."""
    for part in PAGE.read_text(encoding="utf-8").split("\n### ")[1:]:
        for block in re.findall(r"^```json\n(.*?)\n```$", part, re.M | re.S):
            yield part.partition("\n")[0], json.loads(block)


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command under its words, without groups."""
    for name in mlay.list_commands(click.Context(mlay)):
        command = mlay.get_command(click.Context(mlay), name)
        inner = command.commands if isinstance(command, click.Group) else {"": command}
        yield from ((f"{name} {word}".strip(), each) for word, each in inner.items() if each)


CHECKS: dict[str, Callable[[Any], bool]] = {
    "text": lambda value: isinstance(value, str) and value != "",
    "integer": lambda value: type(value) is int,
    "text or number": lambda value: type(value) in (str, int, float),
    "true or false": lambda value: type(value) is bool,
    "period": lambda value: str(Period.parse(value)) == value,
    "day": lambda value: date.fromisoformat(value).isoformat() == value,
    "time": lambda value: datetime.fromisoformat(value).tzinfo is not None,
    "path": lambda value: isinstance(value, str) and value != "",
    "sha256": lambda value: re.fullmatch("[0-9a-f]{64}", value) is not None,
    "object": lambda value: isinstance(value, dict),
}


def is_of(value: object, kind: str) -> bool:
    with suppress(ValueError, TypeError):
        return CHECKS[kind](value)
    return False


@dataclass
class Reader:
    """A program that trusts the page."""

    fields: dict[str, Fields] = field(default_factory=sections)
    met: set[tuple[str, str]] = field(default_factory=set)
    """Name of every field seen, and the section that describes it."""

    def faults(self, value: object, kind: str, where: str = "") -> Iterator[str]:
        """Yield what of a value is not as the page says."""
        if kind.startswith("list of "):
            if not isinstance(value, list):
                yield f"{where}: no list"
                return
            for number, each in enumerate(value):
                yield from self.faults(each, kind.removeprefix("list of "), f"{where}[{number}]")
        elif kind.startswith("`"):
            yield from self._object_faults(value, kind.strip("`"), where)
        elif not is_of(value, kind):
            yield f"{where}: {value!r} is no {kind}"

    def _object_faults(self, value: Any, section: str, where: str) -> Iterator[str]:
        fields = self.fields[section]
        needed = {name for name, (kind, _) in fields.items() if not kind.startswith("optional ")}
        yield from (f"{where}.{name} is not on the page" for name in value.keys() - fields.keys())
        yield from (f"{where}.{name} is missing" for name in needed - value.keys())
        for name in value.keys() & fields.keys():
            kind, home = fields[name]
            self.met.add((home, name))
            yield from self.faults(value[name], kind.removeprefix("optional "), f"{where}.{name}")


def test_every_command_with_json_is_on_the_page_and_the_other_way_round() -> None:
    with_json = {
        words
        for words, command in commands()
        if any("--json" in parameter.opts for parameter in command.params)
    }
    everything = {words for words, _ in commands()}
    assert with_json == everything - DOCUMENTS
    assert with_json == everything & sections().keys()
    assert all(f"`{words}`" in PAGE.read_text(encoding="utf-8") for words in DOCUMENTS)


def test_every_command_has_an_example_that_is_as_the_page_says() -> None:
    reader = Reader()
    for section, example in examples():
        part = "error" if "error" in example else section
        assert list(reader.faults(example, "`envelope`")) == []
        assert list(reader.faults(example.get("result", example.get("error")), f"`{part}`")) == []
    assert {words for words, _ in commands()} - DOCUMENTS <= {section for section, _ in examples()}


def test_a_wrong_object_would_be_noticed() -> None:
    reader = Reader()
    right = {"mailbox": "a@b/INBOX", "mail_count": 1}
    wrong = [right | {"more": 1}, right | {"mail_count": "1"}, right | {"mailbox": ""}]
    wrong.append({"mail_count": 1})
    assert list(reader.faults(right, "`fetch`")) == []
    assert all(list(reader.faults(each, "`fetch`")) for each in wrong)
    assert list(reader.faults({"defects": [{"code": "x"}]}, "`doctor`"))
    assert list(reader.faults({"period": "11/2019"}, "`topic`"))


# The life of a small office


@dataclass
class Program:
    """A program that calls commands, and keeps what it was told."""

    capture: pytest.CaptureFixture[str]
    reader: Reader = field(default_factory=Reader)
    commands: set[str] = field(default_factory=set)

    def call(self, *words: str, code: int = 0, section: str = "") -> dict[str, Any]:
        """Call a command with `--json`; check what it tells, and return it."""
        self.capture.readouterr()
        assert run([*words, "--json"]) == code, (words, self.capture.readouterr())
        (line,) = self.capture.readouterr().out.splitlines()
        told = json.loads(line)
        command = " ".join(words[: 2 if words[0] == "schema" else 1])
        part = "error" if code > 1 else section or command
        result = told["error" if code > 1 else "result"]
        assert (told["format"], told["command"], len(told)) == (1, command, 3)
        assert list(self.reader.faults(result, f"`{part}`", command)) == []
        self.commands |= set() if code > 1 else {command}
        return result


@pytest.fixture
def program(capsys, monkeypatch):
    monkeypatch.delenv("MLAY_LANG", raising=False)
    return Program(capsys)


def test_every_command_tells_what_the_page_says(program, tmp_path, monkeypatch):
    """A small office lives through a month; no command and no field of the page is left out."""
    addresses = [{"branch": code, "mail": f"{code.lower()}@town.example"} for code in CELLS]
    monkeypatch.setitem(REGISTER, "addresses", addresses)
    monkeypatch.setenv("MLAY_IMAP_PASSWORD", "x")
    with quick_reports():
        begin(program, tmp_path, monkeypatch)
        click_twice(program, tmp_path / "clerk", monkeypatch)
        town = create_office(tmp_path / "town")
        monkeypatch.chdir(town.workspace.root)
        send_forms(program)
        fetch(program, monkeypatch)
        take_in(program, town)
        answer(program, tmp_path, monkeypatch)
    report(program)
    try_descriptions(program, town)
    keep(program, tmp_path)
    break_register(program, town)
    assert {words for words, _ in commands()} - DOCUMENTS - program.commands == set()
    documented = {
        (home, name) for fields in sections().values() for name, (_, home) in fields.items()
    }
    assert {each for each in documented - program.reader.met if each[0] != "envelope"} == set()


def begin(program, folder, monkeypatch):
    new = str(folder / "new")
    program.call("init", new, code=2)
    program.call("init", new, *ANSWERS)
    office = create_office(folder / "demo")
    put(office, "a.xlsx", MeetingReturn("CB-01").book())
    sample = SimpleNamespace(months=[Period(2019, 11)], as_of=date(2019, 12, 6))
    built = SimpleNamespace(office=office, sample=sample, planted={"late": ("CB-01",)})
    monkeypatch.setattr(demo_month, "build", lambda *_: built)
    monkeypatch.setattr(
        demo_month, "ingest_batches", lambda *_, **__: [mail_office.take_in(office)]
    )
    program.call("demo", str(folder / "demo"))


def click_twice(program, folder, monkeypatch):
    """The month is run, a decision made in the worklist, and the month run again."""
    desk = Desk.of(folder)
    with_mailbox(folder)
    monkeypatch.setattr(fetch_mail, "download_mails", lambda *_: [])
    desk.hand_in("DB1-1")
    desk.send_in(STRANGER, "DB1-2", "la")
    at = (*DAY, "--received", "2019-12-06T09:00", "-C", str(folder))
    assert program.call("month", *at)["matters"]
    desk.decide(TODO, "la.xlsx", decision="nhận", why="đã gọi")
    wrong = desk.decide(TODO, "CB-01", decision="nhận", why="đã gọi")
    desk.save()
    told = program.call("month", *at, code=1)
    assert [each["done"] for each in told["decisions"]] == [True]
    assert {(each["file"], each["cell"]) for each in told["findings"]} == {(desk.file, wrong)}


def with_mailbox(folder):
    with (folder / "mlay.toml").open("a", encoding="utf-8") as config:
        config.write('[imap]\nhost = "localhost"\nuser = "vanphong"\n')


def send_forms(program):
    program.call("register")
    names = "Tên tổ chức\tThư điện tử\nChi bộ bản Mới\tkhông có\n"
    Path("list.txt").write_text(names, encoding="utf-8")
    taken = program.call("register", "list.txt", "--dry-run", section="register FILE")
    assert len(taken["added"]) == 1
    issued = program.call("template", "--period", "2019-12", "CB-01")["forms"]
    assert Path(issued[0]["path"]).is_file()
    program.call("template", "--period", "2019-12", "CB-01", "--mail", section="reply")


def fetch(program, monkeypatch):
    program.call("fetch", code=2)
    with_mailbox(Path())
    book = attachment("lạ.xlsx", MeetingReturn("DB1-2", month=10).book())
    mails = [RawMail(1, 1, mail(STRANGER, book))]
    monkeypatch.setattr(fetch_mail, "download_mails", lambda *_: mails)
    assert program.call("fetch")["mail_count"] == 1


def take_in(program, town):
    put(town, "few.xlsx", MeetingReturn("CB-01", present=8).book())
    put(town, "same.xlsx", MeetingReturn("CB-01", present=8).book())
    put(town, "wrong.xlsx", MeetingReturn("DB1-2", present=11).book())
    put(town, "nobody.xlsx", foreign_book())
    put(town, "nhap-thay/one.xlsx", MeetingReturn("DB1-1").book())
    listed = Meeting("Chi bộ bản Na Nát", date(2019, 11, 3), 92, "Tốt", 10)
    put(town, "list.xlsx", list_book(listed))
    came = (*DAY, "--received", "2019-12-03T09:00")
    tried = program.call("ingest", "--dry-run", *came, code=1)
    done = program.call("run", "--period", "2019-11", *came, code=1)["ingest"]
    assert (tried["dry_run"], done["files"]) == (True, tried["files"])
    assert done["counts"] == {
        "received": 7, "accepted": 3, "rejected": 2, "duplicate": 1, "held": 1, "ignored": 0,
    }  # fmt: skip
    numbers = {each["file"]: str(each["number"]) for each in program.call("held")["files"]}
    decide = ("--why", "đã gọi hỏi", *DAY)
    assert program.call("accept", numbers["lạ.xlsx"], *decide)["verdict"] == "accepted"
    program.call("refuse", numbers["nobody.xlsx"], *decide)
    rows = program.call("incoming", *NOVEMBER)["files"]
    (few,) = [str(each["number"]) for each in rows if each["file"] == "few.xlsx"]
    program.call("explain", few, "--code", "D05", "--why", "đi học", *DAY)
    assert program.call("check", "inbox/few.xlsx", *DAY)["files"][0]["verdict"] == "accepted"
    back = program.call("check", "inbox/wrong.xlsx", *DAY, "--returned", "back.xlsx", code=1)
    assert (back["files"][0]["verdict"], back["returned"]) == ("rejected", "back.xlsx")


def answer(program, folder, monkeypatch):
    """Letters are drafted and sent, and go out as badly as letters can."""
    assert program.call("reply", *NOVEMBER)["drafts"]
    with mail_host(folder) as (_, port, ca_file):
        with Path("mlay.toml").open("a", encoding="utf-8") as config:
            config.write(f'[smtp]\nhost = "localhost"\nport = {port}\nca_file = "{ca_file}"\n')
            config.write('from = "vanphong@town.example"\nper_minute = 60000\n')
        assert program.call("reply", *NOVEMBER, "--send")["sent"]
    assert any("answered" in each for each in program.call("incoming", *NOVEMBER)["files"])
    letter = Letter("receipt", (Topic("x/1"),), "CB-01", ("a@b.example",), "Báo cáo", "", "")
    result = MailResult(
        letters=(letter,),
        failed=((letter, "550 no"),),
        partly_refused=((letter, ("a@b.example",)),),
        no_address=(NoAddress("returned", "x.xlsx", 3),),
        doubtful=(SentMail("receipt", "<1@x>", ("a@b.example",), "", MailState.QUEUED, MORNING),),
        stop_reason="connection lost",
        handover=(Path("a.xlsx"),),
    )
    with monkeypatch.context() as patch:
        patch.setattr(mail_run, "draft", lambda *_: result)
        program.call("reply", *NOVEMBER, code=1)


def report(program):
    """November is written, closed, opened again and written anew."""
    assert program.call("status", *NOVEMBER)["next"]
    program.call("close", "2019-12", *DAY, code=2)
    closed = Path(program.call("close", "2019-11", *DAY)["path"])
    assert program.call("status", *NOVEMBER)["revision"] == 1
    report = Path(program.call("consolidate", *NOVEMBER)["report"])
    altered = alter_book(closed.read_bytes(), "Bàn việc trong tháng", "Việc khác")
    Path("altered.xlsx").write_bytes(altered)
    assert program.call("verify", "altered.xlsx", code=1)["differences"]
    program.call("reopen", "2019-11", "--why", "sửa", *DAY)
    report.write_bytes(b"changed by hand")
    with quick_reports():
        later = ("--period", "2019-11", "--as-of", "2019-12-09")
        assert program.call("consolidate", *later)["kept_report"] == str(report)
    assert program.call("verify", str(closed))["workbooks"][0]["newer"] == "2019-12-09"
    program.call("report", "CB-01", "--period", "2019", *DAY)


def try_descriptions(program, town):
    kinds = {each["kind"] for each in program.call("schema", "list")["descriptions"]}
    assert kinds == {"form", "list", "quota", "scheme", "signs"}
    bands = "extends: scheme-meeting-score-2018.yaml\nbands: [{id: good, min: 95}]"
    Path("bands.yaml").write_text(bands)
    program.call("schema", "trial", "bands.yaml", *NOVEMBER)
    program.call("schema", "diff", "meeting:2018.1", "meeting:2025.1")
    Path("wrong.yaml").write_text(WRONG)
    program.call("schema", "lint", "wrong.yaml", code=1)
    copied = Path(program.call("schema", "copy", "quota-office-official")["path"])
    months = "{from: 2019-01, to: 2019-12}"
    other = f"extends: quota-office-official.yaml\nquota: other\neffective: {months}\n"
    (town.workspace.schemas / "quota-other.yaml").write_text(other)
    assert len(program.call("schema", "lint")["overlaps"]) > 1
    (town.workspace.schemas / "quota-other.yaml").unlink()
    copied.unlink()


def keep(program, folder):
    """The workspace is looked after, saved, and at last forgotten."""
    Path("reports/.mlay-x.tmp").touch()
    assert [each["repaired"] for each in program.call("doctor", "--repair")["defects"]] == [True]
    saved = str(folder / "saved.zip")
    program.call("backup", saved)
    program.call("restore", saved, str(folder / "restored"))
    (workbook,) = program.call("verify", "reports/2019-11/tong-hop-2019-11.xlsx")["workbooks"]
    soon = program.call("purge", "--before", "2020", "--as-of", "2021-01-01", "--dry-run")
    assert (soon["done"], any("until" in kind for kind in soon["kinds"])) == (False, True)
    late = ("purge", "--before", "2020", "--as-of", "2099-01-01")
    program.call(*late, code=2)
    assert program.call(*late, "--yes")["done"]
    assert "purged" in program.call("verify", workbook["sha256"])["workbooks"][0]


def break_register(program, town):
    """A register with mistakes is an error that carries them; so is a wrong description."""
    form = catalogue().register_form
    twice = rows("organisations", *REGISTER["organisations"], REGISTER["organisations"][-1])
    context = TemplateContext("TU", "Thị ủy", "", None, "Mường Lay", {}, {})
    town.workspace.register.write_bytes(render(form, context, twice))
    assert program.call("status", *NOVEMBER, code=3)["findings"]
    assert program.call("doctor", code=1)["defects"]
    (town.workspace.schemas / "x.yaml").write_text(WRONG)
    assert program.call("register", code=3)["line"]
    program.call("doctor", code=1)


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["statu", "--json"], "statu"),
        (["--lang", "en", "status", "--period", "2019-13", "--json"], "status"),
        (["schema", "lnit", "--json"], "schema lnit"),
        (["schema", "show", "meeting", "--json"], "schema show"),
        (["accept", "x", "--json"], "accept"),
        (["--json"], ""),
    ],
)
def test_a_line_that_cannot_be_read_is_told_in_json_too(words, command, capsys):
    assert run(words) == 2
    told = json.loads(capsys.readouterr().out)
    assert (told.get("command", ""), told["error"]["code"]) == (command, "usage")


def test_a_file_named_like_the_flag_asks_for_nothing(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(["check", "--", "--json"]) == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("words", [["check", "\x1b[31mx.xlsx"], ["\x1b[31mx.xlsx"]])
def test_what_acts_on_a_terminal_stays_escaped(words, capsys):
    assert run([*words, "--json"]) == 2
    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    assert "\x1b[31mx.xlsx" in json.loads(printed)["error"]["message"]
