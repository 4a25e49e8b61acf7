"""From a real mailbox to the verdict: fetched, broken off, fetched again, taken in once."""

from __future__ import annotations

import pytest
from builders import dovecot
from builders.mail_office import attachment, mail, take_in, verdicts_and_codes
from builders.sample_office import MeetingReturn, create_office

from mlay_batch.app.fetch_mail import fetch_mails
from mlay_batch.app.office import open_office
from mlay_batch.app.workspace import Workspace
from mlay_batch.ledger import Ledger
from mlay_batch.model.records import Verdict

pytestmark = [pytest.mark.dovecot, pytest.mark.usefixtures("reading_here")]


def build_mail(sender: str, name: str, data: bytes) -> bytes:
    header = "Received: from x by mx.town.example; Tue, 3 Dec 2019 18:30:00 +0000\n"
    return mail(sender, attachment(name, data), head=header).replace(b"\n", b"\r\n")


def test_a_mail_counts_once_whatever_breaks_off(tmp_path, monkeypatch):
    monkeypatch.setenv("MLAY_IMAP_PASSWORD", dovecot.PASSWORD)
    town = create_office(tmp_path / "town")
    with dovecot.running() as server:
        with (town.workspace.root / "mlay.toml").open("a", encoding="utf-8") as config:
            config.write(
                f'[mail]\nserver = "mx.town.example"\n[imap]\nhost = "127.0.0.1"\n'
                f'port = {server.port}\nuser = "{dovecot.USER}"\nca_file = "{server.ca_file}"\n'
            )
        office = open_office(Workspace.find(town.workspace.root))
        wrong, right = MeetingReturn("CB-01", present=11).book(), MeetingReturn("CB-01").book()
        server.deliver(build_mail("cb01@town.example", "a.xlsx", wrong), "1")
        server.deliver(build_mail("x@else.example", "b.xlsx", right), "2")
        fetch_mails(office.workspace, holder="test")
        first = take_in(office)
        assert verdicts_and_codes(first) == {"a.xlsx": ("rejected",), "b.xlsx": ("held", "I20")}
        assert {d.checked.file.received for d in first.decisions} == {"2019-12-04T01:30:00+07:00"}

        with Ledger.open(office.workspace.ledger) as ledger, ledger.transaction() as db:
            db.execute("DELETE FROM fetched")  # as if it had been killed before it remembered
        server.deliver(build_mail("cb01@town.example", "c.xlsx", right), "3")
        assert fetch_mails(office.workspace, holder="test").count == 3
        second = take_in(office)
        assert (verdicts_and_codes(second), second.seen_count) == ({"c.xlsx": ("accepted",)}, 2)
    with Ledger.open(office.workspace.ledger) as ledger:
        counts = ledger.counts()
        assert sum(counts.values()) == 3
        assert (counts[Verdict.ACCEPTED], len(ledger.returns())) == (1, 1)
