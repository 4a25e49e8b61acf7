"""Files that nobody can be answered for: a stranger's, or of an address that several branches use.

A person says whose they are, or that nobody need be answered; then they are not listed again.
"""

from __future__ import annotations

import io
from datetime import date
from functools import partial

import pytest
from builders.mail_office import AS_OF, send, take_in, verdicts_and_codes
from builders.sample_office import (
    REGISTER,
    MeetingReturn,
    create_office,
    fill_in_register,
    foreign_book,
    put,
)
from openpyxl import load_workbook

from mlay_batch.app import mail_run, reply
from mlay_batch.app.mail_run import MailRun
from mlay_batch.app.review import Review, ReviewOutcome, list_undecided, review_file
from mlay_batch.app.status import status
from mlay_batch.core.messages import error_text
from mlay_batch.core.period import Period
from mlay_batch.errors import UsageError
from mlay_batch.ledger import Ledger, Rulings
from mlay_batch.model.records import Verdict

pytestmark = pytest.mark.usefixtures("reading_here")

NOVEMBER = Period(2019, 11)
STRANGER, SHARED = "x@else.example", "shared@town.example"
ADDRESSES = [
    {"branch": "CB-01", "mail": "cb01@town.example"},
    {"branch": "DB-1", "mail": "db1@town.example"},
    {"branch": "CB-01", "mail": SHARED},
    {"branch": "DB1-1", "mail": SHARED},
]
SAID = {"who": "lan", "decided": "2019-12-06T10:00:00+07:00", "as_of": AS_OF}
RAR = b"Rar!\x1a\x07\x00"


@pytest.fixture
def office(tmp_path, monkeypatch):
    monkeypatch.setitem(REGISTER, "addresses", ADDRESSES)
    return create_office(tmp_path / "town")


def nameless(paper: MeetingReturn, stamp: str = "", heading: str = "Chi bộ") -> bytes:
    """A return whose stamp and heading name other branches than its own, or none."""
    book, data = load_workbook(io.BytesIO(paper.book())), io.BytesIO()
    book.active["C5"] = heading
    for name, value in book["_mlay"].iter_rows(max_col=2):
        if name.value == "branch":
            value.value = stamp
    book.save(data)
    return data.getvalue()


def decide(office, number, outcome, branch=None):
    return review_file(
        office, Review(number, outcome, branch=branch, why="đã gọi hỏi", **SAID), "test"
    ).entry


accept = partial(decide, outcome=ReviewOutcome.ACCEPT)
refuse = partial(decide, outcome=ReviewOutcome.REFUSE)


def letters(office, as_of=AS_OF, period=NOVEMBER):
    run = MailRun(office, partial(reply.reply_letters, office), period, as_of, "test")
    return mail_run.draft(run, "2019-12-06T09:00:00+07:00", dry_run=True)


def answers(office, **when):
    return [
        (letter.kind, letter.addressee, letter.to)
        for letter in letters(office, **when).letters
        if letter.kind != "reminder"
    ]


def counts(office) -> int:
    with Ledger.open(office.workspace.ledger) as ledger:
        assert sum(ledger.counts().values()) == len(ledger.entries())
        return len(ledger.entries())


def undecided(office) -> list[int]:
    numbers = [entry.id for entry in list_undecided(office)]
    assert status(office, NOVEMBER, AS_OF).todo.get("decide", 0) == len(numbers)
    return numbers


def test_what_strangers_send_that_is_not_ours_is_ignored(office):
    send(office, "1", STRANGER, ("bang gia.xlsx", foreign_book()))
    send(office, "2", STRANGER, ("quang cao.pdf", b"%PDF-1.4"))
    send(office, "3", STRANGER, ("a.rar", RAR))
    send(office, "4", STRANGER, ("bao cao.xlsx", MeetingReturn("CB-01").book()))
    assert verdicts_and_codes(take_in(office)) == {
        "bang gia.xlsx": ("ignored", "I28"),
        "quang cao.pdf": ("ignored", "N01"),
        "a.rar": ("ignored", "N04"),
        "bao cao.xlsx": ("held", "I20"),
    }
    assert len(undecided(office)) == 1
    assert answers(office) == []
    send(office, "5", STRANGER, ("bang gia.xlsx", foreign_book()), subject="Lần nữa")
    assert verdicts_and_codes(take_in(office)) == {"bang gia.xlsx": ("ignored", "I28")}


def test_a_strangers_workbook_is_looked_at_again_once_the_address_is_registered(
    office, monkeypatch
):
    send(office, "1", STRANGER, ("bang gia.xlsx", foreign_book()))
    take_in(office)
    monkeypatch.setitem(REGISTER, "addresses", [*ADDRESSES, {"branch": "DB1-1", "mail": STRANGER}])
    office = fill_in_register(office.workspace)
    done = take_in(office)
    assert [decision.verdict for decision in done.judged_anew] == [Verdict.REJECTED]
    assert answers(office) == [("blank", "DB1-1", (SHARED, STRANGER))]
    assert counts(office) == 1


@pytest.mark.parametrize("name", ["bang gia.xlsx", "bao cao.rar"])
def test_a_file_of_an_address_that_several_use_is_assigned_and_answered(office, name):
    data = foreign_book() if name.endswith("xlsx") else RAR
    send(office, "1", SHARED, (name, data))
    take_in(office)
    assert undecided(office) == [1]
    (missing,) = letters(office).no_address
    assert (missing.name, missing.number) == (name, 1)
    before = list_undecided(office)[0].verdict
    entry = accept(office, 1, branch="DB1-1")
    assert (entry.verdict, entry.assigned) == (before, "DB1-1")
    assert "I29" in {finding.code for finding in entry.findings}
    assert undecided(office) == []
    assert letters(office).no_address == ()
    kind = "blank" if name.endswith("xlsx") else "unopened"
    assert answers(office) == [(kind, "DB1-1", (SHARED,))]
    assert status(office, NOVEMBER, AS_OF).todo["answer"] == 1
    assert take_in(office).judged_anew == ()  # nothing to judge anew about it
    assert counts(office) == 1


def test_what_lies_beside_a_return_of_a_shared_address_waits_for_nobody(office):
    link = ("bao cao.url", b"[InternetShortcut]\nURL=https://x.example/\n")
    send(office, "1", SHARED, ("a.xlsx", MeetingReturn("CB-01").book()), link)
    take_in(office)
    assert undecided(office) == []
    send(office, "2", SHARED, link, subject="Chỉ có liên kết")
    take_in(office)
    assert [entry.subject for entry in list_undecided(office)] == ["Chỉ có liên kết"]


@pytest.mark.parametrize(
    ("sender", "name", "data"),
    [
        (SHARED, "bang gia.xlsx", foreign_book()),
        (SHARED, "bao cao.rar", RAR),
        (STRANGER, "hong.xlsx", b"PK\x03\x04 damaged"),
        (STRANGER, "bao cao.xlsx", nameless(MeetingReturn("CB-01"))),
        (STRANGER, "CB-01.xlsx", MeetingReturn("CB-01").book()),
        (None, "tu zalo.xlsx", foreign_book()),
    ],
)
def test_a_dismissed_file_answers_nobody_and_is_never_listed_again(office, sender, name, data):
    if sender:
        send(office, "1", sender, (name, data))
    else:
        put(office, name, data)
    take_in(office)
    assert undecided(office) == [1]
    verdict = refuse(office, 1).verdict
    assert verdict in (Verdict.REJECTED, Verdict.IGNORED)
    assert undecided(office) == []
    assert answers(office) == []
    assert letters(office).no_address == ()
    assert "answer" not in status(office, NOVEMBER, AS_OF).todo
    with pytest.raises(UsageError, match="not_held"):
        refuse(office, 1)
    send(office, "2", sender or STRANGER, (name, data), subject="Lần nữa")  # a month later
    take_in(office, "2020-01-03T09:00:00+07:00")
    if name != "bao cao.rar":  # nobody opened it: the same bytes say nothing
        assert undecided(office) == []
    with Ledger.open(office.workspace.ledger) as ledger:
        (ruling,) = [r for r in Rulings(ledger).all() if r.outcome == "refuse"]
    assert (ruling.who, ruling.why) == ("lan", "đã gọi hỏi")
    assert counts(office) == 2


def test_a_return_that_does_not_say_whose_it_is_is_decided_as_that_branchs(office):
    send(office, "1", STRANGER, ("a.xlsx", nameless(MeetingReturn("CB-01"))))
    send(office, "2", STRANGER, ("b.xlsx", nameless(MeetingReturn("DB1-1", present=11))))
    take_in(office)
    assert undecided(office) == [1, 2]
    good, bad = accept(office, 1, branch="CB-01"), accept(office, 2, branch="DB1-1")
    assert (good.verdict, good.key) == (Verdict.ACCEPTED, ("meeting", "CB-01", "2019-11"))
    assert {"L10", "I29"} <= {finding.code for finding in good.findings}
    assert (bad.verdict, bad.key) == (Verdict.REJECTED, ("meeting", "DB1-1", "2019-11"))
    assert undecided(office) == []
    (matrix,) = (m for m in status(office, NOVEMBER, AS_OF).forms if m.form == "meeting")
    states = {branch: cell.state for (branch, _), cell in matrix.cells.items()}
    assert (states["CB-01"], states["DB1-1"]) == ("reported", "rejected")
    assert sorted(answers(office)) == [
        ("receipt", "CB-01", ("cb01@town.example", SHARED)),
        ("returned", "DB1-1", (SHARED,)),
    ]
    with Ledger.open(office.workspace.ledger) as ledger:
        assert [ruling.branch for ruling in Rulings(ledger).all()] == ["CB-01", "DB1-1"]


def test_a_contradiction_in_the_file_is_not_settled_by_naming_a_branch(office):
    data = nameless(MeetingReturn("CB-01"), "CB-01", "DB1-1 – Chi bộ bản Ho Cang")
    send(office, "1", SHARED, ("a.xlsx", data))
    take_in(office)
    entry = accept(office, 1, branch="DB1-1")
    assert (entry.verdict, entry.branch) == (Verdict.REJECTED, "DB1-1")
    assert "I01" in {finding.code for finding in entry.findings}
    assert answers(office) == [("returned", "DB1-1", (SHARED,))]


@pytest.mark.parametrize(
    ("branch", "code"),
    [
        ("DB1-1", "review.other"),
        ("CB-99", "usage.unit"),
        ("?", "usage.unit"),
        (None, "review.whose"),
    ],
)
def test_a_file_goes_to_no_branch_that_it_does_not_name(office, branch, code):
    data = nameless(MeetingReturn("CB-01"), "CB-01", "DB1-2 – Chi bộ bản Na Nát")
    send(office, "1", SHARED, ("a.xlsx", data))
    take_in(office)
    with pytest.raises(UsageError) as wrong:
        accept(office, 1, branch=branch)
    assert wrong.value.code == code
    assert "–" not in error_text(wrong.value, "vi")  # what is like nothing proposes nothing
    assert undecided(office) == [1]


def test_an_assigned_file_stays_so_when_it_is_judged_anew(office, monkeypatch):
    send(office, "1", STRANGER, ("a.xlsx", nameless(MeetingReturn("CB-01", present=11))))
    take_in(office)
    accept(office, 1, branch="CB-01")
    monkeypatch.setitem(REGISTER, "addresses", ADDRESSES[:-1])
    office = fill_in_register(office.workspace)
    assert take_in(office).judged_anew == ()
    (entry,) = Ledger.open(office.workspace.ledger).entries()
    assert (entry.verdict, entry.branch) == (Verdict.REJECTED, "CB-01")


def test_next_months_letters_know_nothing_of_it(office):
    send(office, "1", SHARED, ("bang gia.xlsx", foreign_book()))
    take_in(office, "2019-12-03T09:00:00+07:00")
    refuse(office, 1)
    later = {"as_of": date(2020, 1, 6), "period": Period(2019, 12)}
    assert letters(office, **later).no_address == ()
    assert answers(office, **later) == []


def test_an_accepted_return_is_not_decided_again_when_the_register_loses_its_branch(
    office, monkeypatch
):
    put(office, "a.xlsx", MeetingReturn("DB1-1").book())
    take_in(office)
    for part, records in REGISTER.items():
        renamed = [
            {name: "DB1-1X" if value == "DB1-1" else value for name, value in record.items()}
            for record in records
        ]
        monkeypatch.setitem(REGISTER, part, renamed)
    office = fill_in_register(office.workspace)
    assert [entry.id for entry in list_undecided(office)] == []
    assert "decide" not in status(office, NOVEMBER, AS_OF).todo
    with pytest.raises(UsageError):
        accept(office, 1, branch="DB1-1X")
