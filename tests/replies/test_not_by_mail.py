"""What may not travel by mail: taken and counted, told to the clerk, answered without content.

On a real mailbox and a real mail host.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import date
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import partial

import pytest
from builders.clerk_month import Month, counts, living_sample_office
from builders.mail_office import AS_OF, MORNING, send, take_in
from builders.sample_office import (
    CELLS,
    REGISTER,
    MeetingReturn,
    create_office,
    fill_in_register,
    put,
)
from openpyxl import load_workbook

from mlay_batch.app import mail_run
from mlay_batch.app.ingest import IngestResult
from mlay_batch.app.mail_run import MailRun, hand_over
from mlay_batch.app.office import Office
from mlay_batch.app.reply import LetterSelection, reply_letters
from mlay_batch.app.worklist.state import owed_run
from mlay_batch.core.period import Period
from mlay_batch.ledger import Ledger
from mlay_batch.mail.letter import Letter
from mlay_batch.schema.ids import ROLLUP

pytestmark = [pytest.mark.dovecot, pytest.mark.usefixtures("reading_here")]

DAY = "2019-12-06"
GOOD = MeetingReturn("CB-01", present=37, expected=41, score=83, members=41)
WRONG = GOOD.but(present=43)
CONTENT = re.compile(r"\b(?:37|41|43|83|92|Bàn việc|Tiến hành|quân số|tuyệt mật)\b|xlsx|\blỗi\b")
IDS = ("message-id", "in-reply-to", "references", "date")


ORGANISATIONS = REGISTER["organisations"]


def barred(*codes: str) -> list[dict[str, object]]:
    return [
        {**entry, "not_by_mail": "yes"} if entry["code"] in codes else entry
        for entry in ORGANISATIONS
    ]


@pytest.fixture
def month(tmp_path, monkeypatch) -> Iterator[Month]:
    organisations = barred("CB-01", "DB1-2")
    with living_sample_office(tmp_path, monkeypatch, organisations=organisations) as running:
        yield running


def words_of(mail: EmailMessage) -> str:
    """All that a mail says, decoded: its headers, its text, the names of its attachments."""
    heads = [f"{name}: {value}" for name, value in mail.items() if name.lower() not in IDS]
    texts = [part.get_content() for part in mail.walk() if part.get_content_type() == "text/plain"]
    names = [part.get_filename() or "" for part in mail.walk()]
    return "\n".join([*heads, *texts, *names])


def is_bare(mail: EmailMessage) -> bool:
    return not mail.is_multipart() and not CONTENT.search(words_of(mail))


def marked_value(month: Month, name: str) -> set[object]:
    book = load_workbook(io.BytesIO(month.root.joinpath(name).read_bytes()))
    return {cell.value for row in book["Báo cáo"].iter_rows() for cell in row}


def test_a_month_of_returns_that_may_not_travel(month, capsys):
    good = month.post("cb-01@muonglay.example", "quân số tuyệt mật.xlsx", GOOD.book())
    wrong = month.post("cb-01@muonglay.example", "quân số 43.xlsx", WRONG.book())
    photo = month.post("cb-01@muonglay.example", "quân số.pdf", b"%PDF-1.4 41")
    others = month.post("db1@muonglay.example", "na nat.xlsx", MeetingReturn("DB1-2").book())
    open_one = month.post("db1@muonglay.example", "ho cang.xlsx", MeetingReturn("DB1-1").book())

    assert month.mlay("fetch") == 0
    assert month.mlay("run", on=DAY) == 1
    out = capsys.readouterr().out
    assert out.count("báo cáo của Chi bộ Trường THPT không gửi qua thư điện tử") == 3
    assert out.count("báo cáo của Chi bộ bản Na Nát không gửi qua thư điện tử") == 1
    counts(month, accepted=3, rejected=1, ignored=1)

    assert month.mlay("reply", "--send", "--yes", on=DAY) == 0
    assert "Giao tận tay" in capsys.readouterr().out
    for answered in (good, wrong, others):
        (answer,) = month.answers(answered)
        assert is_bare(answer), words_of(answer)
        assert "không gửi qua thư điện tử" in words_of(answer)
        assert answer["Message-ID"].startswith("<private.")
    assert not month.answers(photo)  # its branch has reported
    (receipt,) = month.answers(open_one)
    assert CONTENT.search(words_of(receipt))
    (path,) = month.root.glob("outbox/2019-11/*.xlsx")
    assert 43 in marked_value(month, path)

    month.box.raw.clear()
    assert month.mlay("template", "--all", "--send", "--yes", "--period", "2019-12") == 0
    by_address = {mail["To"]: mail for mail in month.box.mails}
    to_barred = by_address.pop("cb-01@muonglay.example")
    to_committee = by_address.pop("db1@muonglay.example")
    (to_open,) = by_address.values()
    assert is_bare(to_barred), words_of(to_barred)
    assert is_bare(to_committee), words_of(to_committee)
    assert to_open.is_multipart()
    assert len(list(month.root.glob("outbox/2019-12/*.xlsx"))) == 2


def codes(done: IngestResult) -> dict[str, list[str]]:
    return {d.checked.file.name: [f.code for f in d.findings] for d in done.decisions}


def letters_of(town: Office, day: date = AS_OF) -> dict[str | None, Letter]:
    with Ledger.open(town.workspace.ledger) as ledger:
        pending = reply_letters(town, ledger, LetterSelection(Period(2019, 11), day))
    return {x.topics[0].branch: x for x in (*pending.letters, *pending.by_hand)}


def is_bare_letter(letter: Letter) -> bool:
    words = "\n".join((letter.subject, letter.chat, letter.body))
    return not (letter.attachments or CONTENT.search(words))


def test_a_file_brought_by_hand_is_no_mail_but_its_answer_would_be(tmp_path, monkeypatch):
    monkeypatch.setitem(REGISTER, "organisations", barred("CB-01"))
    town = create_office(tmp_path / "town")
    put(town, "a.xlsx", GOOD.book())
    put(town, "nhap-thay/b.xlsx", WRONG.but(month=10).book())
    assert not [code for found in codes(take_in(town)).values() for code in found if code == "I40"]
    letter = letters_of(town)["CB-01"]
    assert is_bare_letter(letter)


def test_those_below_a_barred_committee_are_barred_too(tmp_path, monkeypatch):
    monkeypatch.setitem(REGISTER, "organisations", barred("DB-1"))
    town = create_office(tmp_path / "town")
    send(town, "1", "hocang@town.example", ("a.xlsx", MeetingReturn("DB1-1", present=11).book()))
    send(town, "2", "cb01@town.example", ("b.xlsx", MeetingReturn("CB-01").book()))
    done = take_in(town)
    assert ("I40" in codes(done)["a.xlsx"], "I40" in codes(done)["b.xlsx"]) == (True, False)
    letters = letters_of(town)
    assert is_bare_letter(letters["DB1-1"])
    assert [item.name for item in letters["DB1-1"].handover]
    assert not is_bare_letter(letters["CB-01"])


def test_a_form_may_be_barred_for_all(tmp_path, monkeypatch):
    rule = {"form": "meeting", "from": "2019-01", "due": 5, "not_by_mail": "yes"}
    monkeypatch.setitem(REGISTER, "deadlines", [rule])
    town = create_office(tmp_path / "town")
    send(town, "1", "cb01@town.example", ("a.xlsx", WRONG.book()))
    send(town, "2", "hocang@town.example", ("mật.rar", b"Rar!\x1a\x07\x00"))
    assert all("I40" in found for found in codes(take_in(town)).values())
    letters = letters_of(town)
    assert {branch: letter.kind for branch, letter in letters.items()} == {
        "CB-01": "private",
        "DB1-1": "private",
        "DB1-2": "reminder",
    }
    assert all(map(is_bare_letter, letters.values()))
    assert [len(letters[code].handover) for code in CELLS] == [0, 1, 1]


def test_what_may_hold_a_barred_return_is_barred(tmp_path, monkeypatch):
    """Of the committee above: a file nobody can read, a roll-up; not its own return."""
    monkeypatch.setitem(REGISTER, "organisations", barred("DB1-2"))
    town = create_office(tmp_path / "town")
    send(town, "1", "db1@town.example", ("Na Nát quân số 43.rar", b"Rar!\x1a\x07\x00"))
    assert "I40" in codes(take_in(town))["Na Nát quân số 43.rar"]
    assert is_bare_letter(letters_of(town)["DB-1"])
    is_barred = town.register.is_barred_from_mail
    forms = (None, ROLLUP, "classification")
    assert [is_barred("DB-1", form) for form in forms] == [True, True, False]
    assert [is_barred("CB-01", form) for form in forms] == [False, False, False]


def test_a_reminder_of_a_correction_tells_no_verdict(tmp_path, monkeypatch):
    monkeypatch.setitem(REGISTER, "organisations", barred("CB-01"))
    town = create_office(tmp_path / "town")
    send(town, "1", "cb01@town.example", ("a.xlsx", WRONG.book()))
    take_in(town)
    run = MailRun(town, partial(reply_letters, town), Period(2019, 11), AS_OF, "test")
    hand_over(run, "2019-12-06T09:00:00+07:00")
    with Ledger.open(town.workspace.ledger) as ledger:
        late = MailRun(
            town, partial(reply_letters, town), Period(2019, 11), date(2019, 12, 20), "test"
        )
        pending = late.pending_letters(ledger)
    (letter,) = (x for x in pending.letters if x.topics[0].branch == "CB-01")
    assert is_bare_letter(letter)
    assert "\nNhắc lại thư trước của văn phòng về báo cáo này.\n" in letter.body
    assert not re.search("hạn|gửi lại|chưa nhận", letter.body + letter.chat)


def test_no_other_receipt_tells_of_a_barred_return(tmp_path, monkeypatch):
    """An officer who is reported in two cells on one day: X02 names both."""
    monkeypatch.setitem(REGISTER, "organisations", barred("CB-01"))
    town = create_office(tmp_path / "town")
    for branch in ("CB-01", "DB1-2"):
        put(town, f"{branch}.xlsx", MeetingReturn(branch, visitor="TU-1").book())
    take_in(town)
    assert "THPT" not in letters_of(town)["DB1-2"].body
    monkeypatch.setitem(REGISTER, "organisations", barred())
    open_town = create_office(tmp_path / "open")
    for path in town.workspace.inbox.glob("*.xlsx"):
        put(open_town, path.name, path.read_bytes())
    take_in(open_town)
    assert "THPT" in letters_of(open_town)["DB1-2"].body


def test_a_name_within_another_hides_no_warning(tmp_path, monkeypatch):
    """Chi bộ bản Na may not be told of; Chi bộ bản Na Nát may."""
    organisations = [
        {**entry, "name": "Chi bộ bản Na"} if entry["code"] == "CB-01" else entry
        for entry in barred("CB-01")
    ]
    monkeypatch.setitem(REGISTER, "organisations", organisations)
    town = create_office(tmp_path / "town")
    for branch in ("DB1-1", "DB1-2"):
        put(town, f"{branch}.xlsx", MeetingReturn(branch, visitor="TU-1").book())
    take_in(town)
    assert "Chi bộ bản Na Nát" in letters_of(town)["DB1-1"].body.partition("Có 1 điểm")[2]


def test_a_draft_written_before_its_unit_was_barred_goes(tmp_path, monkeypatch):
    town = create_office(tmp_path / "town")
    send(town, "1", "cb01@town.example", ("a.xlsx", GOOD.book()))
    take_in(town)
    mail_run.draft(owed_run(town, Period(2019, 11), AS_OF, "test"), MORNING)
    folder = town.workspace.outbox / "2019-11" / "mail"
    assert any(path.name.startswith("receipt_CB-01") for path in folder.iterdir())
    monkeypatch.setitem(REGISTER, "organisations", barred(*CELLS))
    town = fill_in_register(town.workspace)
    mail_run.draft(owed_run(town, Period(2019, 11), AS_OF, "test"), MORNING)
    drafts = {path.name.partition("_")[0]: path.read_bytes() for path in folder.iterdir()}
    assert drafts.keys() == {"private", "reminder"}
    mails = [message_from_bytes(data, policy=policy.default) for data in drafts.values()]
    assert all(map(is_bare, mails))
