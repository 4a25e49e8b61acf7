"""Mail from a real Dovecot: every mail once, nothing there changed, whatever breaks off."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest
from builders import dovecot
from builders.dovecot import Server

from mlay_batch.app.fetch_mail import fetch_mails
from mlay_batch.app.workspace import Workspace
from mlay_batch.errors import MlayError, UsageError
from mlay_batch.ledger import FetchLog, Ledger

pytestmark = pytest.mark.dovecot


@pytest.fixture(scope="module")
def host():
    with dovecot.running() as server:
        yield server


@pytest.fixture
def server(host):
    """The server with an empty mailbox."""
    for path in host.maildir.rglob("*"):
        if path.is_file():
            path.unlink()
    return host


def workspace(at: Path, server: Server, *, trusted: bool = True, **imap: object) -> Workspace:
    Workspace.create(at)
    settings = {"host": "127.0.0.1", "port": server.port, "user": dovecot.USER, **imap}
    if trusted:
        settings.setdefault("ca_file", str(server.ca_file))
    lines = [
        f"{key} = {value if isinstance(value, int) else f'{value!r}'}"
        for key, value in settings.items()
    ]
    with (at / "mlay.toml").open("a", encoding="utf-8") as file:
        file.write("\n[imap]\n" + "\n".join(lines) + "\n")
    return Workspace.find(at)


@pytest.fixture
def office(tmp_path, server, monkeypatch):
    monkeypatch.setenv("MLAY_IMAP_PASSWORD", dovecot.PASSWORD)
    return workspace(tmp_path / "town", server)


def mail(number: int) -> bytes:
    return (
        f"From: cb{number}@town.example\r\nSubject: {number}\r\n\r\nKính gửi {number}\r\n".encode()
    )


def bring(office: Workspace, **more: object) -> int:
    return fetch_mails(office, holder="test", **more).count


def inbox(office: Workspace) -> list[bytes]:
    return [path.read_bytes() for path in sorted((office.inbox / "mail").glob("*"))]


def test_every_mail_comes_once_and_nothing_there_changes(office, server):
    for number in range(3):
        server.deliver(mail(number), f"{number}.new")
    lying = server.mails()
    assert bring(office) == 3
    assert sorted(inbox(office)) == [mail(number) for number in range(3)]
    assert server.mails() == lying

    server.deliver(mail(3), "3.new")
    assert bring(office) == 1
    assert bring(office) == 0
    assert len(inbox(office)) == 4
    assert server.mails() == {**lying, "3.new": mail(3)}


def test_a_file_is_named_by_the_mailbox_alone(office, server):
    server.deliver(b"From: ../../x\r\nSubject: /etc/passwd\r\nMessage-ID: <../x@y>\r\n\r\n", "1")
    bring(office)
    server.deliver(b"From: a@b\r\nSubject: ../../x\r\n\r\n", "2")
    before = set(office.root.parent.rglob("*"))
    bring(office)
    (path,) = set(office.root.parent.rglob("*")) - before
    assert path.parent == office.inbox / "mail"
    assert all(part.isdigit() for part in path.stem.split("-"))


KILLED = """
import os, signal, sys
from pathlib import Path
from mlay_batch.app import fetch_mail as stage
from mlay_batch.app.workspace import Workspace

def killing(function, at=[0]):
    def call(*args, **kwargs):
        at[0] += 1
        if at[0] == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **kwargs)
    return call

where = sys.argv[2]
if where == "before writing":
    stage.write_atomically = killing(stage.write_atomically)
if where == "before remembering":
    stage.FetchLog.add = killing(stage.FetchLog.add)
told = killing(stage.no_progress) if where == "after remembering" else stage.no_progress
stage.fetch_mails(Workspace.find(Path(sys.argv[1])), holder="victim", progress=told)
"""


@pytest.mark.parametrize("where", ["before writing", "before remembering", "after remembering"])
def test_killed_anywhere_it_goes_on_where_it_was(office, server, where):
    for number in range(4):
        server.deliver(mail(number), f"{number}.new")
    died = subprocess.run([sys.executable, "-c", KILLED, str(office.root), where], check=False)
    assert died.returncode == -9
    assert len(inbox(office)) in (1, 2)

    bring(office)
    assert sorted(inbox(office)) == [mail(number) for number in range(4)]
    assert bring(office) == 0
    assert not list(office.root.rglob("*.tmp"))


def test_a_mailbox_numbered_anew_is_read_anew_under_other_names(office, server):
    server.deliver(mail(1), "1.new")
    bring(office)
    time.sleep(1.1)  # Dovecot takes the time in seconds for the new UIDVALIDITY
    for path in server.maildir.glob("dovecot*"):
        path.unlink()
    assert bring(office) == 1
    assert inbox(office) == [mail(1)] * 2


def test_only_mails_since_a_day(office, server):
    server.deliver(mail(1), "1.new")
    os.utime(server.maildir / "new" / "1.new", (1_575_300_000, 1_575_300_000))  # 2 December 2019
    server.deliver(mail(2), "2.new")
    assert bring(office, since=date(2020, 1, 1)) == 1
    assert inbox(office) == [mail(2)]
    assert bring(office) == 1


def code(call, kind) -> str:
    with pytest.raises(kind) as caught:
        call()
    assert dovecot.PASSWORD not in f"{caught.value.params} {caught.value.__cause__}"
    return caught.value.code


def test_a_certificate_nobody_vouches_for_is_refused(tmp_path, server, monkeypatch):
    monkeypatch.setenv("MLAY_IMAP_PASSWORD", dovecot.PASSWORD)
    stranger = workspace(tmp_path / "a", server, trusted=False)
    assert code(lambda: bring(stranger), MlayError) == "tls.certificate"
    (tmp_path / "other").mkdir()
    dovecot.certify(tmp_path / "other")
    other = workspace(tmp_path / "b", server, ca_file=str(tmp_path / "other" / "cert.pem"))
    assert code(lambda: bring(other), MlayError) == "tls.certificate"
    alias = workspace(tmp_path / "c", server, host="localhost")
    assert code(lambda: bring(alias), MlayError) == "tls.certificate"
    assert "Login" not in server.log().rpartition("TLS handshaking")[2]


def test_what_is_wrong_is_said(tmp_path, office, server, monkeypatch):
    folder = workspace(tmp_path / "folder", server, folder="Nowhere")
    assert code(lambda: bring(folder), MlayError) == "fetch.lost"
    none = Workspace.create(tmp_path / "none")
    assert code(lambda: bring(none), UsageError) == "fetch.none"
    missing = workspace(tmp_path / "ca", server, ca_file="nowhere.pem")
    assert code(lambda: bring(missing), UsageError) == "tls.ca_file"
    monkeypatch.setenv("MLAY_IMAP_PASSWORD", f"{dovecot.PASSWORD}?")
    assert code(lambda: bring(office), UsageError) == "fetch.login"
    monkeypatch.delenv("MLAY_IMAP_PASSWORD")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    assert code(lambda: bring(office), UsageError) == "smtp.password"


def test_a_mail_deleted_meanwhile_is_left_out(office, server, monkeypatch):
    server.deliver(mail(1), "1.new")
    server.deliver(mail(2), "2.new")
    add = FetchLog.add

    def deleting(self, *args):
        add(self, *args)
        for path in (server.maildir / "new").iterdir():
            path.unlink()

    monkeypatch.setattr(FetchLog, "add", deleting)
    assert bring(office) <= 2
    assert bring(office) == 0


def test_the_ledger_keeps_mailboxes_apart(office):
    with Ledger.open(office.ledger) as ledger:
        FetchLog(ledger, "a@host/INBOX").add(1, 7, "00")
        FetchLog(ledger, "a@host/INBOX").add(1, 7, "00")
        assert FetchLog(ledger, "a@host/INBOX").uids(1) == {7}
        assert FetchLog(ledger, "a@host/INBOX").uids(2) == frozenset()
        assert FetchLog(ledger, "b@host/INBOX").uids(1) == frozenset()
