"""Mail to verdict: who sent it, what a person decided, and the sum that always adds up."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import pytest
from builders.mail_office import AS_OF, MORNING, attachment, mail, send, take_in, verdicts_and_codes
from builders.sample_office import CELLS, MeetingReturn, catalogue, create_office, put
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlay_batch import reader
from mlay_batch.app.office import open_office
from mlay_batch.app.review import Review, ReviewOutcome, list_undecided, review_file
from mlay_batch.app.status import status
from mlay_batch.app.workspace import Workspace
from mlay_batch.core.period import Period
from mlay_batch.errors import UsageError
from mlay_batch.ledger import Archive, Ledger, Rulings
from mlay_batch.model.records import Verdict

CB01, DB1, OLD, STRANGER = (
    "cb01@town.example",
    "db1@town.example",
    "old@town.example",
    "x@else.example",
)
SAID = {"who": "lan", "decided": "2019-12-06T10:00:00+07:00", "as_of": AS_OF}


@pytest.fixture
def office(tmp_path, monkeypatch):
    town = create_office(tmp_path / "town")
    monkeypatch.setattr(reader, "read_each", read_here)
    return town


@cache
def read_once(name: str, data: bytes):
    return reader.read(data, name, catalogue().forms)


def read_here(files, forms, limits=None, workers=None, progress=None):
    """The same reader without its child process, which would take most of the time."""
    return (read_once(name, data) for name, data in files)


def decide(office, number, outcome=ReviewOutcome.ACCEPT, why="đã gọi hỏi bí thư"):
    return review_file(office, Review(number, outcome, why=why, **SAID), "test")


def received_count(office) -> int:
    with Ledger.open(office.workspace.ledger) as ledger:
        counts = ledger.counts()
        assert sum(counts.values()) == len(ledger.entries())
        return sum(counts.values())


def returns(office) -> dict[tuple, int]:
    with Ledger.open(office.workspace.ledger) as ledger:
        return {accepted.entry.key: accepted.entry.id for accepted in ledger.returns()}


KEY = ("meeting", "CB-01", "2019-11")


def test_registered_senders_count_and_strangers_are_held(office):
    send(office, "1", CB01, ("own.xlsx", MeetingReturn("CB-01").book()))
    send(office, "2", DB1, ("cell.xlsx", MeetingReturn("DB1-2").book()))
    send(office, "3", STRANGER, ("strange.xlsx", MeetingReturn("DB1-1").book()))
    send(office, "4", OLD, ("old.xlsx", MeetingReturn("DB1-1", month=10).book()))
    send(office, "5", CB01, subject="Hỏi")
    put(office, "usb.xlsx", MeetingReturn("CB-01", month=10).book())
    done = take_in(office)
    assert verdicts_and_codes(done) == {
        "own.xlsx": ("accepted",),
        "cell.xlsx": ("accepted",),
        "strange.xlsx": ("held", "I20"),
        "old.xlsx": ("held", "I22"),
        "Hỏi": ("ignored", "N13"),
        "usb.xlsx": ("accepted",),
    }
    assert done.has_refusals
    assert sum(done.counts.values()) == received_count(office) == 6


def test_the_ledger_keeps_what_a_reply_needs(office):
    send(office, "1", CB01, ("own.xlsx", MeetingReturn("CB-01").book()), ("ky.pdf", b"%PDF-1.4"))
    take_in(office)
    with Ledger.open(office.workspace.ledger) as ledger:
        copy, book = sorted(ledger.entries(), key=lambda entry: entry.name)
    assert (book.channel, book.sender, book.subject) == ("mail", CB01, "Báo cáo")
    assert book.thread.startswith("<")
    assert (copy.verdict, copy.kept_with, copy.findings[0].code) == (
        Verdict.IGNORED,
        book.id,
        "N14",
    )
    assert copy.findings[0].params == {"name": "own.xlsx"}
    assert Archive(office.workspace.archive).read(copy.sha256) == b"%PDF-1.4"


def test_own_servers_word_is_heard(office):
    with (office.workspace.root / "mlay.toml").open("a", encoding="utf-8") as config:
        config.write('[mail]\nserver = "mx.town.example"\nauth_host = "mx.town.example"\n')
    office = open_office(Workspace.find(office.workspace.root))
    forged = "Authentication-Results: mx.town.example; dmarc=fail\n"
    came = "Received: from x by mx.town.example; Wed, 4 Dec 2019 17:30:00 +0000\n"
    send(office, "1", CB01, ("a.xlsx", MeetingReturn("CB-01").book()), head=forged)
    send(office, "2", CB01, ("b.xlsx", MeetingReturn("CB-01", month=10).book()), head=came)
    done = take_in(office)
    assert verdicts_and_codes(done) == {"a.xlsx": ("held", "I21"), "b.xlsx": ("accepted",)}
    times = {d.checked.file.name: d.checked.file.received for d in done.decisions}
    assert times == {"a.xlsx": MORNING, "b.xlsx": "2019-12-05T00:30:00+07:00"}


def test_accepting_a_strangers_mail_counts_it_and_keeps_the_decision(office):
    send(office, "1", STRANGER, ("a.xlsx", MeetingReturn("CB-01").book()))
    take_in(office)
    (waiting,) = list_undecided(office)
    done = decide(office, waiting.id)
    assert done.entry.verdict is Verdict.ACCEPTED
    assert done.entry.findings[0].code == "L10"
    assert done.entry.findings[0].params == {"who": "lan", "why": "đã gọi hỏi bí thư"}
    assert returns(office) == {KEY: waiting.id}
    assert received_count(office) == 1
    with Ledger.open(office.workspace.ledger) as ledger:
        (ruling,) = Rulings(ledger).all()
        assert [run.command for _, run in ledger.runs()] == ["ingest", "accept"]
    assert (ruling.delivery, ruling.who, ruling.decided) == (waiting.id, "lan", SAID["decided"])
    assert (ruling.before, ruling.codes) == (Verdict.HELD, ("I20",))
    assert take_in(office).decisions == ()
    assert list_undecided(office) == ()


def test_refusing_one_counts_nothing(office):
    send(office, "1", STRANGER, ("a.xlsx", MeetingReturn("CB-01").book()))
    take_in(office)
    done = decide(office, 1, ReviewOutcome.REFUSE, "không phải của đơn vị")
    assert done.entry.verdict is Verdict.REJECTED
    assert [f.code for f in done.entry.findings if f.is_error] == ["L11"]
    assert returns(office) == {}
    left = status(office, Period(2019, 11), AS_OF).todo
    assert left == {"remind": len(CELLS)}  # no letter about it, and CB-01 is missing as before
    with pytest.raises(UsageError, match="not_held"):
        decide(office, 1)


def test_accepting_does_not_heal_errors(office):
    send(office, "1", STRANGER, ("a.xlsx", MeetingReturn("CB-01", present=11).book()))
    assert verdicts_and_codes(take_in(office)) == {"a.xlsx": ("held", "I20")}
    done = decide(office, 1)
    assert done.entry.verdict is Verdict.REJECTED
    assert "D01" in {finding.code for finding in done.entry.findings}


def test_the_same_file_from_the_right_sender_counts_at_once(office):
    book = MeetingReturn("CB-01").book()
    send(office, "1", STRANGER, ("a.xlsx", book))
    take_in(office)
    send(office, "2", CB01, ("b.xlsx", book))
    assert verdicts_and_codes(take_in(office, "2019-12-04T09:00:00+07:00")) == {
        "b.xlsx": ("accepted",)
    }
    assert decide(office, 1).entry.verdict is Verdict.DUPLICATE
    assert returns(office) == {KEY: 2}


def test_a_stranger_neither_disputes_nor_supersedes(office):
    send(office, "1", CB01, ("a.xlsx", MeetingReturn("CB-01").book()))
    send(office, "2", STRANGER, ("b.xlsx", MeetingReturn("CB-01", score=75).book()))
    assert verdicts_and_codes(take_in(office)) == {
        "a.xlsx": ("accepted",),
        "b.xlsx": ("held", "I20"),
    }
    send(office, "3", STRANGER, ("c.xlsx", MeetingReturn("CB-01", score=75, day=4).book()))
    take_in(office, "2019-12-05T09:00:00+07:00")
    assert returns(office) == {KEY: 1}


def test_accepting_an_older_one_asks_twice_and_then_supersedes(office):
    send(office, "1", STRANGER, ("a.xlsx", MeetingReturn("CB-01", score=75).book()))
    take_in(office)
    send(office, "2", CB01, ("b.xlsx", MeetingReturn("CB-01").book()))
    take_in(office, "2019-12-04T09:00:00+07:00")
    once = decide(office, 1)
    assert [(f.code) for f in once.entry.findings if f.code[0] == "L"] == ["L07"]
    assert (once.entry.verdict, returns(office)) == (Verdict.HELD, {KEY: 2})
    assert decide(office, 1).entry.verdict is Verdict.ACCEPTED
    assert returns(office) == {KEY: 1}
    assert received_count(office) == 2


def test_a_decision_needs_a_reason_and_a_held_file(office):
    send(office, "1", CB01, ("a.xlsx", MeetingReturn("CB-01").book()))
    take_in(office)
    with pytest.raises(UsageError, match="why"):
        decide(office, 1, why="  ")
    for number in (1, 2):
        with pytest.raises(UsageError, match="not_held"):
            decide(office, number)


def test_nothing_in_a_mail_becomes_a_path(office, tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../../../leo.xlsx", MeetingReturn("CB-01").book())
    names = ("../../leo.xlsx", "/tmp/leo.xlsx", "C:\\leo.xlsx", "..", "a\0b.xlsx", "leo" * 500)
    files = [(name, MeetingReturn("CB-01", score=70 + n).book()) for n, name in enumerate(names)]
    send(office, "1", CB01, *files, ("../x.zip", buffer.getvalue()), subject="../../leo.xlsx")
    before = set(tmp_path.rglob("*"))
    done = take_in(office)
    assert len(done.decisions) == len(names) + 1
    new = {path for path in set(tmp_path.rglob("*")) - before if path.is_file()}
    archived = {path for path in new if path.is_relative_to(office.workspace.archive)}
    assert len(archived) == len(names) + 1
    assert all(re.fullmatch("[0-9a-f]{64}", path.name) for path in archived)
    assert {path.name for path in new - archived} <= {".mlay.lock", ".mlay.mark"}


# Any mailbox adds up

GOOD = [MeetingReturn(branch, month) for branch in CELLS for month in (10, 11)]
FILES = {
    **{f"{p.branch}-{p.month}.xlsx": p.book for p in GOOD},
    "sai.xlsx": MeetingReturn("CB-01", present=11).book,
    "giả.xlsx": lambda: b"%PDF-1.4",
    "ký.pdf": lambda: b"%PDF-1.4",
    "logo.png": lambda: b"\x89PNG",
    "nén.rar": lambda: b"Rar!\x1a\x07",
}
SENDERS = (CB01, DB1, OLD, STRANGER, "vp@town.example", "a@b, c@d", "")
MAILS = st.tuples(
    st.sampled_from(SENDERS),
    st.lists(st.sampled_from(sorted(FILES)), max_size=3),
    st.booleans(),  # forwarded within another mail
)


def build_mail(number: int, sender: str, files: Sequence[str], forwarded: bool) -> bytes:
    parts = [attachment(name, FILES[name]()) for name in files]
    if not forwarded:
        return mail(sender, *parts, subject=f"Thư {number}")
    inner = mail("else@else.example", *parts).decode().replace("=b", "=c")
    return mail(sender, f"Content-Type: message/rfc822\n\n{inner}", subject=f"Thư {number}")


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    runs=st.lists(st.lists(MAILS, max_size=4), min_size=1, max_size=3),
    rulings=st.lists(st.sampled_from(ReviewOutcome), max_size=6),
)
def test_any_mailbox_adds_up(tmp_path_factory, monkeypatch, runs, rulings):
    office = small_town(tmp_path_factory)
    with monkeypatch.context() as patch:
        patch.setattr(reader, "read_each", read_here)
        total = 0
        for day, mails in enumerate(runs, 1):
            for number, (sender, files, forwarded) in enumerate(mails):
                put(
                    office, f"mail/{day}-{number}.eml", build_mail(number, sender, files, forwarded)
                )
            done = take_in(office, f"2019-12-{day:02}T09:00:00+07:00")
            expected = sum(max(1, len(files)) for _, files, _ in mails)
            assert sum(done.counts.values()) == len(done.decisions) == expected
            for decision in done.decisions:
                if decision.checked.file.sender in (STRANGER, None):
                    assert decision.verdict is not Verdict.ACCEPTED
            total += expected
            assert take_in(office).decisions == ()
        for outcome, waiting in zip(rulings, list_undecided(office), strict=False):
            assert decide(office, waiting.id, outcome).entry.id == waiting.id
        assert received_count(office) == total
        with Ledger.open(office.workspace.ledger) as ledger:
            keys = [accepted.entry.key for accepted in ledger.returns()]
        assert len(keys) == len(set(keys))


@cache
def _make_office(folder):
    return create_office(folder / "made")


def small_town(factory):
    """A town with an empty ledger; its register is read once."""
    office = _make_office(factory.getbasetemp())
    workspace = office.workspace
    for path in [*workspace.inbox.rglob("*.eml"), workspace.ledger]:
        path.unlink()
    Ledger.create(workspace.ledger).close()
    return replace(office)
