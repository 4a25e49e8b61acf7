"""Reply, close, reopen and status as a clerk types them."""

import io
from email import message_from_bytes, policy

import click
import pytest
from builders.json_results import result
from builders.sample_office import CELLS, REGISTER, MeetingReturn, create_office, put
from builders.smtp_host import command_of, mail_host

from mlay_batch.cli import mlay, run, send
from mlay_batch.ledger import Ledger, MailLog, MailState, SentMail
from mlay_batch.model.topics import Topic

pytestmark = pytest.mark.usefixtures("reading_here")

NOVEMBER = ["--period", "2019-11", "--as-of", "2019-12-06"]


@pytest.fixture
def office(tmp_path, monkeypatch):
    addresses = [{"branch": code, "mail": f"{code.lower()}@muonglay.example"} for code in CELLS]
    monkeypatch.setitem(REGISTER, "addresses", addresses)
    town = create_office(tmp_path / "town")
    monkeypatch.chdir(town.workspace.root)
    monkeypatch.delenv("MLAY_LANG", raising=False)
    for branch in CELLS:
        put(town, f"{branch}.xlsx", MeetingReturn(branch).book())
    run(["ingest", "--received", "2019-12-03", "--as-of", "2019-12-06"])
    return town


def test_the_end_of_a_month(office, capsys):
    capsys.readouterr()
    assert run(["status", *NOVEMBER]) == 0
    shown = capsys.readouterr().out
    assert "Việc tiếp theo: mlay reply --period 11/2019, để trả lời 3 báo cáo." in shown
    assert run(["reply", *NOVEMBER, "--json"]) == 0
    assert len(result(capsys.readouterr().out)["drafts"]) == 3
    assert run(["reply", *NOVEMBER]) == 0
    assert "Không có thư nào" in capsys.readouterr().out
    assert run(["close", "2019-11", "--as-of", "2019-12-06"]) == 0
    assert run(["status", *NOVEMBER, "--json"]) == 0
    assert result(capsys.readouterr().out.splitlines()[-1])["revision"] == 1
    assert run(["reopen", "2019-11", "--why", "sửa"]) == 0


def test_without_a_mail_host_nothing_is_sent_in_one_clear_line(office, capsys):
    capsys.readouterr()
    assert run(["reply", *NOVEMBER, "--send"]) == 2
    assert "[smtp]" in capsys.readouterr().err


PASSWORD = "mật-khẩu-2"


def with_smtp(office, port, ca_file, *, name="localhost", user='user = "vanphong"\n'):
    config = office.workspace.root / "mlay.toml"
    config.write_text(
        f'[smtp]\nhost = "{name}"\nport = {port}\n'
        f'security = "starttls"\n{user}from = "vanphong@muonglay.example"\n'
        f'per_minute = 60000\nca_file = "{ca_file}"\n',
        encoding="utf-8",
    )


def test_encrypted_first_then_the_password_which_nobody_ever_sees(
    office, capsys, tmp_path, monkeypatch
):
    def type_command(*args):
        code, output = run([*args, *NOVEMBER]), capsys.readouterr()
        assert PASSWORD not in output.out + output.err
        return code, output.out + output.err

    monkeypatch.setenv("MLAY_SMTP_PASSWORD", PASSWORD)
    with mail_host(tmp_path, security="none") as (box, port, ca_file):
        with_smtp(office, port, ca_file)
        code, output = type_command("reply", "--send")
        assert (code, "STARTTLS" in output, box.raw) == (3, True, [])
    login = command_of("vanphong", PASSWORD)
    with mail_host(tmp_path, security="starttls", authenticator=login) as (box, port, ca_file):
        with_smtp(office, port, ca_file, name="127.0.0.1")
        code, output = type_command("reply", "--send")
        assert code == 3
        assert "mlay: Chứng thư của máy chủ 127.0.0.1 không đáng tin (IP address" in output
        with_smtp(office, port, ca_file)
        monkeypatch.setenv("MLAY_SMTP_PASSWORD", f"{PASSWORD}?")
        code, output = type_command("reply", "--send")
        assert code == 2
        assert "vanphong (535 5.7.8 Authentication credentials invalid)" in output
        assert not box.raw
        monkeypatch.setenv("MLAY_SMTP_PASSWORD", PASSWORD)
        code, output = type_command("reply", "--send")
        assert (code, output.splitlines()[-1]) == (0, "Đã gửi 3 thư: báo đã nhận.")
        assert len(box.raw) == 3
    paths = (path for path in office.workspace.root.rglob("*") if path.is_file())
    assert not [path for path in paths if PASSWORD.encode() in path.read_bytes()]


def test_a_text_of_the_office_with_a_gap_nobody_fills(office, capsys):
    texts = office.workspace.texts
    texts.mkdir()
    (texts / "receipt.vi.txt").write_text("Tiêu đề: Đã nhận\n\nKính gửi {addresse}\n", "utf-8")
    capsys.readouterr()
    assert run(["reply", *NOVEMBER]) == 2
    err = capsys.readouterr().err
    assert "receipt.vi.txt" in err
    assert "“addressee”" in err


def test_a_text_of_the_office_is_the_one_that_is_sent(office, capsys):
    texts = office.workspace.texts
    texts.mkdir()
    (texts / "receipt.txt").write_text("Tiêu đề: Da nhan {number}\n\nCam on {branch}\n", "utf-8")
    assert run(["reply", *NOVEMBER]) == 0
    drafts = (office.workspace.outbox / "2019-11" / "mail").glob("*.eml")
    mails = [message_from_bytes(draft.read_bytes(), policy=policy.default) for draft in drafts]
    assert {mail["Subject"] for mail in mails} == {f"Da nhan {n}/2019" for n in (1, 2, 3)}


# Each command that sends: what a clerk types, and whom alone it may write to. DB1-1 is not due yet
# a letter by `reply`: its receipt went out before.
SENDERS = {
    ("template", "CB-01", "--period", "2019-11", "--mail"): ["cb-01@muonglay.example"],
    ("template", "DB1-2", "DB1-1", "--period", "2019-11"): [
        "db1-1@muonglay.example",
        "db1-2@muonglay.example",
    ],
    ("template", "--period", "2019-11", "--mail"): [
        f"{code.lower()}@muonglay.example" for code in sorted(CELLS)
    ],
    ("reply", *NOVEMBER): ["cb-01@muonglay.example", "db1-2@muonglay.example"],
}


def commands_that_send():
    """The names of all commands with an option --send, those of groups too."""
    sending, left = set(), [((), mlay)]
    while left:
        names, command = left.pop()
        if isinstance(command, click.Group):
            context = click.Context(command)
            left += [
                ((*names, n), command.get_command(context, n))
                for n in command.list_commands(context)
            ]
        elif any("--send" in param.opts for param in command.params):
            sending.add(" ".join(names))
    return sending


def test_every_command_that_sends_is_tried_for_whom_it_writes_to():
    assert commands_that_send() == {command[0] for command in SENDERS}


@pytest.mark.parametrize("command", SENDERS, ids=" ".join)
def test_a_command_that_sends_writes_to_those_meant_and_to_nobody_else(office, tmp_path, command):
    with mail_host(tmp_path, security="starttls") as (box, port, ca_file):
        with_smtp(office, port, ca_file, user="")
        if command[0] == "reply":
            mark_answered(office, "DB1-1")
        assert run([*command, "--send"]) == 0
    assert sorted(to for mail in box.to for to in mail) == SENDERS[command]


@pytest.mark.parametrize("command", SENDERS, ids=" ".join)
def test_what_goes_to_whom_is_said_before_the_first_letter_goes(office, tmp_path, capsys, command):
    before = []
    with mail_host(tmp_path, security="starttls") as (box, port, ca_file):
        with_smtp(office, port, ca_file, user="")
        capsys.readouterr()
        box.before = lambda: before.append(capsys.readouterr().out)
        assert run([*command, "--send"]) == 0
    recipients = {to for mail in box.to for to in mail}
    assert f"Sắp gửi {len(box.to)} thư: " in before[0]
    assert all(f"<{address}>" in before[0] for address in recipients)


class Terminal(io.StringIO):
    """A person at the keyboard."""

    def isatty(self):
        return True


@pytest.mark.parametrize("command", {c[0]: c for c in SENDERS}.values(), ids=" ".join)
@pytest.mark.parametrize(
    ("keyboard", "more", "code", "is_sent"),
    [
        (io.StringIO(), (), 2, False),  # a script: never silently
        (None, (), 2, False),  # no standard input at all
        (io.StringIO(), ("--yes",), 0, True),
        (Terminal("\n"), (), 3, False),
        (Terminal("không\n"), (), 3, False),
        (Terminal(""), (), 3, False),  # nobody answers
        (Terminal("c\n"), (), 0, True),
        (Terminal("Y\n"), (), 0, True),
        (Terminal("có\n"), (), 0, True),
    ],
)
def test_more_letters_than_a_few_are_asked_for_once_more(
    office, tmp_path, capsys, monkeypatch, command, keyboard, more, code, is_sent
):
    monkeypatch.setattr(send, "FEW_LETTERS", 0)
    if keyboard:
        keyboard.seek(0)
    monkeypatch.setattr("sys.stdin", keyboard)
    with mail_host(tmp_path, security="starttls") as (box, port, ca_file):
        with_smtp(office, port, ca_file, user="")
        capsys.readouterr()
        assert run([*command, "--send", *more]) == code
    output = capsys.readouterr()
    assert bool(box.raw) is is_sent
    if code == 2:
        assert "--yes" in output.err


def test_what_goes_to_whom_stays_out_of_the_json(office, tmp_path, capsys):
    with mail_host(tmp_path, security="starttls") as (_, port, ca_file):
        with_smtp(office, port, ca_file, user="")
        capsys.readouterr()
        assert run(["reply", *NOVEMBER, "--send", "--json"]) == 0
    output = capsys.readouterr()
    assert len(result(output.out)["letters"]) == 3
    assert "Sắp gửi 3 thư" in output.err


def test_of_many_letters_the_first_are_listed_and_all_on_a_dry_run(
    office, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(send, "FEW_LETTERS", 2)
    monkeypatch.setattr(send, "FIRST_LETTERS", 1)
    with mail_host(tmp_path, security="starttls") as (_, port, ca_file):
        with_smtp(office, port, ca_file, user="")
        capsys.readouterr()
        assert run(["reply", *NOVEMBER, "--send", "--yes"]) == 0
        said = capsys.readouterr().out
    assert "… và 2 thư nữa" in said
    assert said.count("@muonglay.example>") == 1
    assert "--dry-run" in said
    assert run(["template", "--period", "2019-11", "--send", "--dry-run"]) == 0
    assert capsys.readouterr().out.count("@muonglay.example>") == len(CELLS)


def mark_answered(office, branch):
    """Let the receipt of a branch have gone out before."""
    with Ledger.open(office.workspace.ledger) as ledger:
        (number,) = (d.id for d in ledger.entries() if d.branch == branch)
        topic = Topic(f"answer/{number}", "meeting", branch, "2019-11", number)
        MailLog(ledger).put(
            SentMail("receipt", "<x@y>", ("x",), "0", MailState.SENT, "x", (topic,))
        )


def test_drafts_too_are_made_for_the_branches_named_alone(office, capsys):
    assert run(["template", "CB-01", "--period", "2019-11", "--mail"]) == 0
    assert len(list((office.workspace.outbox / "2019-11" / "mail").iterdir())) == 1
    assert run(["template", "CB-1", "--period", "2019-11", "--send"]) == 2
    assert "Có phải là: Chi bộ Trường THPT (CB-01)" in capsys.readouterr().err


def test_one_letter_cannot_be_named_where_all_would_be_sent(office, capsys):
    assert run(["reply", *NOVEMBER, "--send", "--letter", "ab12cd34"]) == 2
    assert "--doubtful" in capsys.readouterr().err
