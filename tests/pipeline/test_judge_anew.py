"""A verdict changes by itself when what it rested on has changed; nothing is received twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import pytest
from builders.mail_office import AS_OF, MORNING, mail, send
from builders.sample_office import REGISTER, MeetingReturn, create_office, fill_in_register, put

from mlay_batch import reader
from mlay_batch.app import mail_run, reply
from mlay_batch.app.closing import close
from mlay_batch.app.ingest import IngestResult, ingest
from mlay_batch.app.mail_run import MailRun
from mlay_batch.app.review import Review, ReviewOutcome, review_file
from mlay_batch.core.period import Period
from mlay_batch.ledger import Ledger, Purge, PurgeLog, Rulings
from mlay_batch.model.records import Verdict

pytestmark = pytest.mark.usefixtures("reading_here")

NOVEMBER = Period(2019, 11)
LATER = "2019-12-04T09:00:00+07:00"
SAID = {"who": "lan", "decided": LATER, "why": "đã hỏi", "as_of": AS_OF}
WRONG_CODE = [
    {**unit, "code": unit["code"].replace("CB-01", "CB-91")} for unit in REGISTER["organisations"]
]
NO_POSTS = [post for post in REGISTER["assignments"] if post["branch"] != "CB-01"]
NO_MAIL = [entry for entry in REGISTER["addresses"] if entry["branch"] != "CB-01"]


@pytest.fixture
def mistaken(tmp_path, monkeypatch):
    """An office whose register calls CB-01 by a wrong code, and the way to correct it."""
    with monkeypatch.context() as patch:
        patch.setitem(REGISTER, "organisations", WRONG_CODE)
        patch.setitem(REGISTER, "assignments", NO_POSTS)
        patch.setitem(REGISTER, "addresses", NO_MAIL)
        office = create_office(tmp_path / "town")
    return office, partial(fill_in_register, office.workspace)


@pytest.fixture
def office(tmp_path):
    return create_office(tmp_path / "town")


def run(office, received=MORNING, as_of=AS_OF, **more) -> IngestResult:
    return ingest(office, as_of=as_of, received=received, who="test", holder="test", **more)


def state(office) -> list[str]:
    """Each entry as `VERDICT CODES`; the sum is that of the files received."""
    with Ledger.open(office.workspace.ledger) as ledger:
        entries = ledger.entries()
        assert sum(ledger.counts().values()) == len(entries)
    return [
        " ".join([entry.verdict, *(f.code for f in entry.findings if f.code[0] in "ILNRF")])
        for entry in entries
    ]


def test_a_register_with_a_wrong_code_corrected_before_the_next_run(mistaken):
    office, correct = mistaken
    put(office, "a.xlsx", MeetingReturn("CB-01").book())
    run(office)
    assert state(office) == ["rejected I04"]
    done = run(correct(), LATER)
    assert (done.decisions, done.seen_count) == ((), 1)
    assert [(d.verdict, d.checked.file.received) for d in done.judged_anew] == [
        (Verdict.ACCEPTED, MORNING)
    ]
    assert state(office) == ["accepted L14"]
    with Ledger.open(office.workspace.ledger) as ledger:
        (entry,) = ledger.entries()
        (history,) = Rulings(ledger).all()
        assert (entry.incoming, entry.times_judged_anew) == ("1/2019", 1)
        assert (history.outcome, history.before, history.codes) == (
            "anew",
            Verdict.REJECTED,
            ("I04",),
        )


def test_a_dry_run_says_so_and_changes_nothing(mistaken):
    office, correct = mistaken
    put(office, "a.xlsx", MeetingReturn("CB-01").book())
    run(office)
    assert len(run(correct(), dry_run=True).judged_anew) == 1
    assert state(office) == ["rejected I04"]


def test_nothing_is_read_again_while_nothing_has_changed(mistaken, monkeypatch):
    office, _ = mistaken
    put(office, "a.xlsx", MeetingReturn("CB-01").book())
    run(office)
    tomorrow = date(2019, 12, 7)
    assert run(office, as_of=tomorrow).judged_anew == ()
    monkeypatch.setattr(reader, "read_each", None)
    assert run(office, as_of=tomorrow).judged_anew == ()


def test_a_wrong_clock_on_the_first_run(office):
    """A machine that believes it is 2019-10-01 refuses November's form as of a month to come."""
    put(office, "a.xlsx", MeetingReturn("CB-01").book())
    run(office, "2019-10-01T09:00:00+07:00", date(2019, 10, 1))
    assert state(office) == ["rejected I07"]
    run(office)
    assert state(office) == ["accepted L14"]


def test_limits_raised_in_the_settings(office):
    """The form was too long for the limit that the office had set."""
    with_limits = [
        replace(office, workspace=replace(office.workspace, settings=replace(
            office.workspace.settings, limits={"cells": cells})))
        for cells in (100, 100_000)
    ]  # fmt: skip
    put(office, "a.xlsx", MeetingReturn("CB-01").book())
    run(with_limits[0])
    assert state(office) == ["rejected R10"]
    run(with_limits[0], LATER)
    assert state(office) == ["rejected R10"]
    run(with_limits[1], LATER)
    assert state(office) == ["accepted L14"]


def test_no_time_of_receipt_stays_in_the_future(mistaken):
    """The first clock showed 2030; in 2019 the file came no later than at this run."""
    office, correct = mistaken
    put(office, "a.xlsx", MeetingReturn("CB-01").book())
    first = run(office, "2030-01-01T09:00:00+07:00", date(2030, 1, 1))
    second = run(correct())
    assert state(office) == ["accepted L14"]
    assert second.judged_anew[0].checked.file.received == MORNING
    assert (first.last_day, second.last_day) == (date(2030, 1, 1), date(2030, 1, 1))


def test_an_older_file_never_replaces_a_newer_one(office, monkeypatch):
    """The first was refused for a code; the branch has sent another since, under the right one."""
    book = MeetingReturn("CB-01").book()
    with monkeypatch.context() as patch:
        patch.setitem(REGISTER, "organisations", WRONG_CODE)
        patch.setitem(REGISTER, "assignments", NO_POSTS)
        patch.setitem(REGISTER, "addresses", NO_MAIL)
        wrong = fill_in_register(office.workspace)
    put(office, "a.xlsx", book)
    run(wrong)
    put(office, "b.xlsx", MeetingReturn("CB-01", score=91).book())
    right = fill_in_register(office.workspace)
    run(right, LATER)
    assert state(office) == ["accepted L14", "accepted L05"]
    with Ledger.open(office.workspace.ledger) as ledger:
        first, second = ledger.entries()
    assert (first.superseded_by, second.is_current) == (second.id, True)


def test_a_later_return_stands_for_an_earlier_refused_one(office):
    refused = MeetingReturn("CB-01", month=12)
    put(office, "a.xlsx", refused.book())
    run(office, "2019-11-20T09:00:00+07:00", date(2019, 11, 20))
    put(office, "b.xlsx", refused.but(score=91).book())
    run(office, "2020-01-02T09:00:00+07:00", date(2020, 1, 2))
    run(office, "2020-01-03T09:00:00+07:00", date(2020, 1, 3))
    assert state(office)[1:] == ["accepted L05"]
    with Ledger.open(office.workspace.ledger) as ledger:
        assert ledger.entries()[1].is_current


def test_two_that_were_refused_together_are_judged_together(mistaken):
    office, correct = mistaken
    put(office, "a.xlsx", MeetingReturn("CB-01").book())
    put(office, "b.xlsx", MeetingReturn("CB-01").book() + b"\0")
    put(office, "c.xlsx", MeetingReturn("CB-01", score=91).book())
    run(office)
    run(correct(), LATER)
    assert state(office) == ["held L14 L08", "held L14 L08", "held L14 L08"]


def test_the_same_bytes_in_the_run_that_judges_anew(mistaken):
    office, correct = mistaken
    put(office, "a.xlsx", MeetingReturn("CB-01").book())
    run(office)
    put(office, "b.xlsx", MeetingReturn("CB-01").book())
    run(correct(), LATER)
    assert state(office) == ["accepted L14", "duplicate L01"]


def test_an_address_registered_since(mistaken):
    """Held because the register did not know its sender: no person is needed any more."""
    office, correct = mistaken
    send(office, "1", "cb01@town.example", ("a.xlsx", MeetingReturn("DB1-1").book()))
    send(office, "2", "hocang@town.example", ("b.xlsx", MeetingReturn("CB-01").book()))
    run(office)
    assert state(office) == ["held I20", "rejected I04"]
    run(correct(), LATER)
    # the second's sender may speak for another branch only: that is a person's to decide
    assert state(office) == ["held I20", "held L14 I20"]


def test_what_a_person_has_decided_stays(office):
    send(office, "1", "x@else.example", ("a.xlsx", MeetingReturn("CB-01").book()))
    run(office)
    review_file(office, Review(1, ReviewOutcome.REFUSE, **SAID), "test")
    before = state(office)
    run(office, as_of=date(2019, 12, 9))
    assert state(office) == before


def test_a_sender_vouched_for_stays_so(mistaken):
    office, correct = mistaken
    send(office, "1", "x@else.example", ("a.xlsx", MeetingReturn("CB-01").book()))
    run(office)
    review_file(office, Review(1, ReviewOutcome.ACCEPT, **SAID), "test")
    assert state(office) == ["rejected I04"]
    run(correct(), LATER)
    assert state(office) == ["accepted L14"]


def test_a_closed_period_stays_as_it_is(mistaken):
    office, correct = mistaken
    put(office, "a.xlsx", MeetingReturn("CB-01").book())
    run(office)
    close(office, NOVEMBER, as_of=AS_OF, who="lan", holder="test", allow_incomplete=True)
    run(correct(), LATER)
    assert state(office) == ["rejected I04"]


def test_empty_files_are_no_copies_of_each_other(office):
    put(office, "a.xlsx", b"")
    put(office, "b.xlsx", b"")
    run(office)
    assert state(office) == ["rejected R01", "rejected R01"]


def test_a_file_that_was_open_elsewhere_is_looked_at_again(office, monkeypatch):
    path = put(office, "a.xlsx", MeetingReturn("CB-01").book())
    with monkeypatch.context() as patch:
        lock_file(patch, path)
        run(office)
        run(office, LATER)
    assert state(office) == ["ignored N09"]
    run(office, LATER)
    assert state(office) == ["accepted L14"]
    assert run(office, LATER).seen_count == 1


def test_a_mail_that_was_open_elsewhere_is_answered_to_its_sender(office, monkeypatch):
    text = "Content-Type: text/html\n\nhttps://docs.google.com/spreadsheets/d/1"
    path = put(office, "mail/1.eml", mail("cb01@town.example", text, subject="Báo cáo"))
    with monkeypatch.context() as patch:
        lock_file(patch, path)
        run(office)
    assert state(office) == ["ignored N09"]
    run(office, LATER)
    assert state(office) == ["ignored L14 N18"]
    with Ledger.open(office.workspace.ledger) as ledger:
        (entry,) = ledger.entries()
    assert (entry.channel, entry.sender, entry.subject) == ("mail", "cb01@town.example", "Báo cáo")
    assert "unopened_CB-01" in draft(office, AS_OF)


def lock_file(patch: pytest.MonkeyPatch, path: Path) -> None:
    """Let nobody read that file: another program has it open."""
    read_bytes = Path.read_bytes

    def locked(self: Path) -> bytes:
        if self == path:
            raise PermissionError(32, "in use")
        return read_bytes(self)

    patch.setattr(Path, "read_bytes", locked)


def test_each_verdict_has_its_letter(office):
    """Told that its month has not begun, the branch is told as well that its form counts after all.

    One that is refused still is told the new reason, with its own time to correct it.
    """
    put(office, "a.xlsx", MeetingReturn("CB-01").book())
    put(office, "b.xlsx", MeetingReturn("DB1-1", present=11).book())
    early = date(2019, 10, 1)
    run(office, "2019-10-01T09:00:00+07:00", early)
    assert draft(office, early) == ["declined_CB-01", "declined_DB1-1"]
    assert draft(office, early) == []
    run(office)
    assert draft(office, AS_OF) == ["receipt_CB-01", "reminder_DB-1", "returned_DB1-1"]
    assert draft(office, AS_OF) == []
    # the drafts of the first verdicts, which nobody has sent, say what is no longer so
    folder = office.workspace.outbox / "2019-11" / "mail"
    assert len(list(folder.glob("*.eml"))) == 3


def draft(office, as_of: date) -> list[str]:
    """Kind and addressee of the letters written now."""
    letters = MailRun(office, partial(reply.reply_letters, office), NOVEMBER, as_of, "test")
    done = mail_run.draft(letters, LATER)
    return sorted(path.name.rpartition("_")[0] for path in done.drafts)


def test_a_file_whose_sender_was_purged_is_not_judged_anew(mistaken):
    """Nobody could say any more that it came from a registered address."""
    office, correct = mistaken
    send(office, "a", "cb01@town.example", ("a.xlsx", MeetingReturn("CB-01").book()))
    run(office)
    before = state(office)
    with Ledger.open(office.workspace.ledger) as ledger:
        PurgeLog(ledger).record(Purge(AS_OF, "an", "2020", {}, senders=(1,)))
    run(correct())
    assert state(office) == before
