"""Everybody gets the one letter owed: through a real mail host, never twice, to nobody else."""

import io
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from functools import partial

import pytest
from builders.mail_office import send as send_mail
from builders.sample_office import (
    CELLS,
    REGISTER,
    MeetingReturn,
    catalogue,
    create_office,
    put,
    register,
)
from builders.sheet_cells import load_sheets
from builders.smtp_host import mail_host
from openpyxl import load_workbook

from mlay_batch import reader
from mlay_batch.app import letter_forms, mail_run, reply
from mlay_batch.app.consolidate import build
from mlay_batch.app.ingest import ingest
from mlay_batch.app.mail_run import MailRun
from mlay_batch.app.office import reference_lists
from mlay_batch.app.settings import Smtp
from mlay_batch.app.status import status
from mlay_batch.core.period import Period
from mlay_batch.errors import MlayError, UsageError
from mlay_batch.ledger import Archive, Ledger, MailLog, MailState
from mlay_batch.mail import smtp
from mlay_batch.mail.mime import short_id
from mlay_batch.model.office_rules import DeadlineRule, OfficeRules, in_force
from mlay_batch.schema.catalogue import shipped_folder
from mlay_batch.template import TemplateContext, render

pytestmark = pytest.mark.usefixtures("reading_here")

SAMPLES = shipped_folder("samples")
NOVEMBER = Period(2019, 11)
AS_OF = date(2019, 12, 6)
NOW = datetime(2019, 12, 6, 9, 0, tzinfo=UTC)
ADDRESSES = [
    {"branch": "DB-1", "mail": "db1@muonglay.example"},
    {"branch": "DB1-1", "mail": "cu@muonglay.example", "to": date(2019, 6, 30)},
    {"branch": "DB1-1", "mail": "db1-1@muonglay.example", "from": date(2019, 7, 1)},
    {"branch": "CB-01", "mail": "cb-01@muonglay.example"},
]


@pytest.fixture
def office(tmp_path, monkeypatch):
    monkeypatch.setitem(REGISTER, "addresses", ADDRESSES)
    return create_office(tmp_path / "town")


def take_in(office, received="2019-12-03T09:00:00+07:00"):
    return ingest(office, as_of=AS_OF, received=received, who="test", holder="test")


def job(office, as_of=AS_OF, again=False, choose=mail_run.choose_all):
    make_letters = partial(reply.reply_letters, office)
    return MailRun(office, make_letters, NOVEMBER, as_of, "test", again, choose)


def with_host(office, port, ca_file, **more):
    smtp = Smtp("localhost", "vanphong@muonglay.example", port, ca_file=str(ca_file), **more)
    settings = replace(office.workspace.settings, smtp=smtp)
    return replace(office, workspace=replace(office.workspace, settings=settings))


def quick():
    return smtp.RateLimiter(1000, lambda: 0.0, lambda seconds: None)


def send(office, **more):
    host = smtp.connect(office.workspace.settings.smtp)
    return mail_run.send(job(office, **more), host, quick(), lambda: NOW)


def drafts(office):
    folder = office.workspace.outbox / "2019-11" / "mail"
    return {
        p.name: message_from_bytes(p.read_bytes(), policy=policy.default)
        for p in sorted(folder.glob("*.eml"))
    }


def a_month(office):
    """One good return, one with a wrong sum, one missing (its committee gets its mail)."""
    put(office, "a.xlsx", MeetingReturn("DB1-1").book())
    put(office, "b.xlsx", MeetingReturn("CB-01", present=11).book())
    take_in(office)


def body(mail):
    return mail.get_body().get_content()


def test_receipt_returned_form_and_reminder_as_drafts(office):
    a_month(office)
    done = mail_run.draft(job(office), "2019-12-06T09:00:00+07:00")
    mails = drafts(office)
    assert {name.split("_")[0]: mail["To"] for name, mail in mails.items()} == {
        "receipt": "db1-1@muonglay.example",
        "returned": "cb-01@muonglay.example",
        "reminder": "db1@muonglay.example",
    }
    assert all(mail["X-Unsent"] == "1" and mail["Date"] is None for mail in mails.values())
    receipt = next(mail for name, mail in mails.items() if name.startswith("receipt"))
    assert "Số đến 1/2019, ngày 03/12/2019" in body(receipt)
    assert "đảng viên có mặt 10" in body(receipt)
    (slip,) = receipt.iter_attachments()
    assert (slip.get_content_type(), slip.get_filename()) == (
        "text/plain",
        "DB1-1_phieu-nhan_1-2019.txt",
    )
    assert "Đảng viên có mặt 10" in slip.get_content()
    assert done.is_clean


def test_the_number_on_the_receipt_is_the_one_in_the_workbook(office):
    """The second file received is the first return accepted: number 1 of its year on both."""
    put(office, "a.xlsx", MeetingReturn("CB-01", present=11).book())
    put(office, "b.xlsx", MeetingReturn("DB1-1").book())
    take_in(office)
    mail_run.draft(job(office), "x")
    (subject,) = (m["Subject"] for m in drafts(office).values() if "Số đến" in m["Subject"])
    assert subject.startswith("[Số đến 1/2019]")
    with Ledger.open(office.workspace.ledger) as ledger:
        data = build(office, ledger, NOVEMBER, AS_OF).files.workbook
    book = load_sheets(data)
    row, _ = book["Nguồn gốc"].find("b.xlsx")
    assert book["Nguồn gốc"].under(row, "Số đến", first="Số tệp") == "1/2019"
    row, _ = book["Nguồn gốc"].find("a.xlsx")
    assert book["Nguồn gốc"].under(row, "Số đến", first="Số tệp") is None
    row, _ = book["Dữ liệu đảng viên"].find("DB1-1")
    assert book["Dữ liệu đảng viên"].under(row, "Số đến", first="Mã đơn vị") == "1/2019"
    row, _ = book["Lỗi"].find("a.xlsx")
    assert book["Lỗi"].under(row, "Số đến") == "tệp 1"


def test_drafts_are_written_once_and_the_same_every_time(office):
    a_month(office)
    first = mail_run.draft(job(office), "2019-12-06T09:00:00+07:00")
    before = {path: path.read_bytes() for path in first.drafts}
    assert mail_run.draft(job(office), "2019-12-07T09:00:00+07:00").drafts == ()
    for path in before:
        path.unlink()
    again = mail_run.draft(job(office, again=True), "2019-12-07T09:00:00+07:00")
    answers = {path: data for path, data in before.items() if "reminder" not in path.name}
    assert answers.items() <= {path: path.read_bytes() for path in again.drafts}.items()


def test_a_dry_run_writes_nothing(office, monkeypatch):
    def forbid(form, context):
        raise AssertionError("a blank form was rendered that nobody reads")

    a_month(office)
    ledger = office.workspace.ledger.read_bytes()
    monkeypatch.setattr(letter_forms, "render", forbid)
    assert len(mail_run.draft(job(office), "2019-12-06T09:00:00+07:00", dry_run=True).letters) == 3
    assert office.workspace.ledger.read_bytes() == ledger
    assert not drafts(office)


def test_reminders_go_to_those_missing_after_the_due_day_only(office):
    a_month(office)
    (before,) = (mail_run.draft(job(office, as_of=date(2019, 12, 5)), "x", dry_run=True).letters,)
    assert {letter.kind for letter in before} == {"receipt", "returned"}
    mail_run.draft(job(office), "x")
    later = mail_run.draft(job(office, as_of=date(2019, 12, 9)), "x", dry_run=True)
    assert later.letters == ()
    again = mail_run.draft(job(office, as_of=date(2019, 12, 9), again=True), "x", dry_run=True)
    (second,) = (letter for letter in again.letters if letter.kind == "reminder")
    assert second.topics[0].key == "reminder/meeting/DB1-2/2019-11/2019-12-09"


def test_sent_through_a_real_host_and_never_twice(office, tmp_path):
    a_month(office)
    with mail_host(tmp_path) as (box, port, ca_file):
        posted = with_host(office, port, ca_file)
        assert len(send(posted).letters) == 3
        assert send(posted).letters == ()
        assert len(box.mails) == 3
    receipt = next(mail for mail in box.mails if "Số đến" in mail["Subject"])
    assert receipt["From"] == "Thị ủy Mường Lay <vanphong@muonglay.example>"
    assert receipt["Date"] == "Fri, 06 Dec 2019 09:00:00 +0000"
    assert receipt["X-Unsent"] is None
    assert len({mail["Message-ID"] for mail in box.mails}) == 3


def test_killed_between_handing_over_and_recording_is_told_not_repeated(office, tmp_path):
    a_month(office)

    class Killed(BaseException):
        pass

    class DyingHost:
        def deliver(self, to, mail):
            raise Killed

    with pytest.raises(Killed):
        mail_run.send(job(office), nullcontext(DyingHost()), quick(), lambda: NOW)
    with mail_host(tmp_path) as (box, port, ca_file):
        posted = with_host(office, port, ca_file)
        done = send(posted)
        assert (len(done.letters), len(done.doubtful), done.is_clean) == (2, 1, False)
        mail_run.resolve_doubtful(posted, "test", sent=False)
        assert len(send(posted).letters) == 1
        assert len(box.mails) == 3


def test_said_to_have_gone_out_a_doubtful_letter_is_not_sent(office):
    a_month(office)

    class Lost:
        def deliver(self, to, mail):
            raise smtp.ConnectionLostError("gone")

    done = mail_run.send(job(office), nullcontext(Lost()), quick(), lambda: NOW)
    assert (done.stop_reason, len(done.doubtful)) == ("gone", 1)
    with pytest.raises(UsageError) as wrong:
        mail_run.resolve_doubtful(office, "test", sent=True, letters=["00000000"])
    assert wrong.value.code == "reply.letter"
    mail_run.resolve_doubtful(office, "test", sent=True)
    sent = []

    class Host:
        def deliver(self, to, mail):
            sent.append(to)
            return ()

    assert mail_run.send(job(office), nullcontext(Host()), quick(), lambda: NOW).is_clean
    assert len(sent) == 2


def test_letters_in_doubt_are_settled_one_by_one(office):
    a_month(office)

    class Lost:
        def deliver(self, to, mail):
            raise smtp.ConnectionLostError("gone")

    for _ in range(2):
        done = mail_run.send(job(office), nullcontext(Lost()), quick(), lambda: NOW)
    gone, lost = (short_id(posted.message_id) for posted in done.doubtful)
    mail_run.resolve_doubtful(office, "test", sent=True, letters=[gone])
    mail_run.resolve_doubtful(office, "test", sent=False, letters=[lost])
    with Ledger.open(office.workspace.ledger, read_only=True) as ledger:
        assert [entry.state for entry in MailLog(ledger).letters()] == [MailState.SENT]
    left = mail_run.draft(job(office), "x", dry_run=True)
    assert lost in {letter.digest[:8] for letter in left.letters}
    assert gone not in {letter.digest[:8] for letter in left.letters}


def test_an_address_the_host_refuses_is_told_and_tried_again_next_time(office, tmp_path):
    a_month(office)
    with mail_host(tmp_path) as (box, port, ca_file):
        posted = with_host(office, port, ca_file)
        box.refuse = {"cb-01@muonglay.example"}
        done = send(posted)
        assert [(letter.addressee, answer) for letter, answer in done.failed] == [
            ("CB-01", "550 no such mailbox")
        ]
        assert (len(done.letters), done.doubtful) == (2, ())
        box.refuse = set()
        assert [letter.kind for letter in send(posted).letters] == ["returned"]


def test_a_certificate_nobody_vouches_for_is_refused(office, tmp_path):
    a_month(office)
    other = tmp_path / "other"
    other.mkdir()
    with mail_host(tmp_path) as (box, port, _), mail_host(other) as (_, _, wrong):
        with pytest.raises(MlayError) as stop:
            send(with_host(office, port, wrong))
        assert stop.value.code == "tls.certificate"
        assert not box.raw


def test_a_certificate_of_another_name_is_refused(office, tmp_path):
    with mail_host(tmp_path, "mail.elsewhere.example") as (_, port, ca_file):
        with pytest.raises(MlayError) as stop:
            send(with_host(office, port, ca_file))
        assert stop.value.code == "tls.certificate"


def test_a_password_is_asked_for_by_name(office, tmp_path, monkeypatch):
    monkeypatch.delenv("MLAY_SMTP_PASSWORD", raising=False)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    with mail_host(tmp_path) as (_, port, ca_file), pytest.raises(UsageError) as stop:
        send(with_host(office, port, ca_file, user="vanphong"))
    assert stop.value.params["variable"] == "MLAY_SMTP_PASSWORD"


def test_so_many_a_minute_and_no_more():
    now, slept = [0.0], []

    def sleep(seconds):
        slept.append(seconds)
        now[0] += seconds

    pace = smtp.RateLimiter(20, lambda: now[0], sleep)
    for _ in range(3):
        pace.wait()
        now[0] += 1  # a second to send
    assert slept == [2.0, 2.0]


def test_letters_go_to_registered_addresses_never_to_the_sender(office):
    a_month(office)
    with Ledger.open(office.workspace.ledger) as ledger, ledger.transaction() as db:
        db.execute(
            "UPDATE delivery SET sender = 'stranger@evil.example',"
            " thread = '<1@a.example> <2@b.example>'"
        )
    mail_run.draft(job(office), "x")
    for mail in drafts(office).values():
        assert "evil" not in str(mail)
    receipt = next(mail for name, mail in drafts(office).items() if name.startswith("receipt"))
    assert receipt["In-Reply-To"] == "<2@b.example>"
    assert receipt["References"].split() == ["<1@a.example>", "<2@b.example>"]


def test_a_branch_nobody_can_be_written_about_is_told(tmp_path, monkeypatch):
    monkeypatch.setitem(REGISTER, "addresses", ADDRESSES[3:])
    office = create_office(tmp_path / "town")
    a_month(office)
    done = mail_run.draft(job(office), "x")
    assert [letter.addressee for letter in done.letters] == ["CB-01"]
    assert [unit.name for unit in done.no_address] == ["DB1-1 (a.xlsx)", "DB1-2"]
    assert not done.is_clean


def test_a_letter_without_an_address_is_whole_and_goes_to_its_branch(tmp_path, monkeypatch):
    """What the office passes on in a chat or on paper is what it would have mailed."""
    monkeypatch.setitem(REGISTER, "addresses", [])
    unreachable = create_office(tmp_path / "a")
    everybody = [{"branch": code, "mail": f"{code.lower()}@x.example"} for code in CELLS]
    monkeypatch.setitem(REGISTER, "addresses", everybody)
    reachable = create_office(tmp_path / "b")
    for town in (unreachable, reachable):
        a_month(town)
    by_hand, mailed = pending(unreachable).by_hand, pending(reachable).letters
    assert {letter.kind for letter in by_hand} == {"receipt", "returned", "reminder"}
    assert [contents(letter) for letter in by_hand] == [contents(letter) for letter in mailed]
    assert {letter.to for letter in by_hand} == {()}
    assert pending(unreachable).letters == pending(reachable).by_hand == ()


# Letters that a person chooses, and passes on


def of_kind(kind):
    return lambda letter: letter.kind == kind


def kinds(letters):
    return {letter.kind for letter in letters}


@pytest.mark.parametrize("kind", ["receipt", "returned", "reminder"])
def test_the_letters_chosen_are_drafted_and_the_others_stay_pending(office, kind):
    a_month(office)
    done = mail_run.draft(job(office, choose=of_kind(kind)), "x")
    assert kinds(done.letters) == {kind}
    assert [name.partition("_")[0] for name in drafts(office)] == [kind]
    assert kinds(mail_run.draft(job(office), "x", dry_run=True).letters) == (
        {"receipt", "returned", "reminder"} - {kind}
    )
    assert kinds(pending(office).letters) == {"receipt", "returned", "reminder"}  # a draft too


@pytest.mark.parametrize("kind", ["receipt", "returned", "reminder"])
def test_the_letters_chosen_go_out_and_the_others_with_the_next_run(office, tmp_path, kind):
    a_month(office)
    mail_run.draft(job(office), "x")
    with mail_host(tmp_path) as (box, port, ca_file):
        posted = with_host(office, port, ca_file)
        (chosen,) = (letter for letter in pending(posted).letters if letter.kind == kind)
        done = send(posted, choose=lambda letter: letter.id == chosen.id)
        assert kinds(done.letters) == {kind}
        assert box.to == [chosen.to]
        assert kinds(send(posted).letters) == {"receipt", "returned", "reminder"} - {kind}
        assert send(posted).letters == ()
        assert len({mail["Message-ID"] for mail in box.mails}) == len(box.mails) == 3


def test_a_letter_is_named_as_its_draft_is(office):
    a_month(office)
    names = {letter.id for letter in pending(office).letters}
    mail_run.draft(job(office), "x")
    assert names == {name.removesuffix(".eml").rpartition("_")[2] for name in drafts(office)}
    with Ledger.open(office.workspace.ledger, read_only=True) as ledger:
        assert names == {short_id(letter.message_id) for letter in MailLog(ledger).letters()}


@pytest.mark.parametrize("is_drafted", [False, True])
def test_a_letter_handed_over_is_neither_drafted_nor_sent_again(office, tmp_path, is_drafted):
    a_month(office)
    if is_drafted:
        mail_run.draft(job(office), "x")
    handed = mail_run.hand_over(job(office, choose=of_kind("returned")), "2019-12-06T09:00:00Z")
    assert (kinds(handed.letters), handed.is_clean) == ({"returned"}, True)
    left = mail_run.draft(job(office, again=True), "x", dry_run=True)
    assert kinds(left.letters) == kinds(pending(office).letters) == {"receipt", "reminder"}
    with mail_host(tmp_path) as (box, port, ca_file):
        posted = with_host(office, port, ca_file)
        assert kinds(send(posted).letters) == {"receipt", "reminder"}
        assert ("cb-01@muonglay.example",) not in box.to
    assert mail_run.hand_over(job(office), "x").letters == ()


def test_letters_without_an_address_are_handed_over_and_kept(tmp_path, monkeypatch):
    monkeypatch.setitem(REGISTER, "addresses", [])
    office = create_office(tmp_path / "town")
    a_month(office)
    assert status(office, NOVEMBER, AS_OF).todo["answer"] == 2
    by_hand = {letter.id: letter for letter in pending(office).by_hand}
    handed = mail_run.hand_over(job(office), "2019-12-06T09:00:00+07:00")
    assert {letter.id for letter in handed.letters} == set(by_hand)
    assert pending(office).by_hand == ()
    assert mail_run.draft(job(office), "x").is_clean
    assert "answer" not in status(office, NOVEMBER, AS_OF).todo
    with Ledger.open(office.workspace.ledger, read_only=True) as ledger:
        letters = MailLog(ledger).letters()
    assert {(letter.state, letter.recipients) for letter in letters} == {(MailState.HANDED, ())}
    for letter in letters:
        data = Archive(office.workspace.archive).read(letter.sha256)
        mail = message_from_bytes(data, policy=policy.default)
        original = by_hand[short_id(letter.message_id)]
        assert (mail["To"], mail["Subject"]) == (None, original.subject)
        assert [paper.get_payload(decode=True) for paper in mail.iter_attachments()] == [
            attachment.data for attachment in original.attachments
        ]


def test_a_request_handed_over_has_its_days_and_is_repeated_after_them(tmp_path, monkeypatch):
    monkeypatch.setitem(REGISTER, "addresses", [])
    office = create_office(tmp_path / "town")
    all_but(office, "CB-01")
    put(office, "b.xlsx", MeetingReturn("CB-01", present=11).book())
    take_in(office)
    mail_run.hand_over(job(office), "2026-11-28T09:00:00+07:00")
    assert pending(office, as_of=date(2019, 12, 9)).by_hand == ()
    (again,) = pending(office, as_of=date(2019, 12, 10)).by_hand
    assert (again.kind, again.chat.partition(":")[0]) == ("correction", "Nhắc lại")
    assert "chậm nhất ngày 13/12/2019" in again.chat


def test_what_is_chosen_and_has_no_address_is_told_and_what_is_not_chosen_is_not(
    tmp_path, monkeypatch
):
    monkeypatch.setitem(REGISTER, "addresses", ADDRESSES[3:])
    office = create_office(tmp_path / "town")
    a_month(office)
    done = mail_run.draft(job(office, choose=of_kind("reminder")), "x")
    assert ([unit.name for unit in done.no_address], done.letters) == (["DB1-2"], ())


def test_the_receipt_of_a_branch_that_the_register_has_lost_has_no_address(office):
    put(office, "a.xlsx", MeetingReturn("CB-01").book())
    take_in(office)
    others = tuple(o for o in office.register.organisations if o.code != "CB-01")
    lost = replace(office.register, organisations=others, addresses=())
    (letter, *_) = pending(replace(office, register=lost)).by_hand
    assert (letter.kind, letter.addressee, letter.to) == ("receipt", "CB-01", ())


def pending(office, **more):
    with Ledger.open(office.workspace.ledger, read_only=True) as ledger:
        return job(office, **more).pending_letters(ledger)


def contents(letter):
    attachments = [(attachment.name, attachment.data) for attachment in letter.attachments]
    return letter.id, letter.addressee, letter.subject, letter.body, letter.chat, attachments


def test_day_one_a_mail_a_branch_or_a_committee(office):
    form = office.catalogue.form_for("meeting", NOVEMBER)
    make = partial(reply.form_letters, office, form, ["DB1-1", "DB1-2", "CB-01"])
    mail_run.draft(MailRun(office, make, NOVEMBER, AS_OF, "test"), "x")
    papers = {
        str(mail["To"]): [part.get_filename() for part in mail.iter_attachments()]
        for mail in drafts(office).values()
    }
    assert papers == {
        "db1-1@muonglay.example": ["DB1-1_bao-cao_2019-11.xlsx"],
        "db1@muonglay.example": ["DB1-2_bao-cao_2019-11.xlsx"],
        "cb-01@muonglay.example": ["CB-01_bao-cao_2019-11.xlsx"],
    }


def returned_form(office):
    mail = next(mail for name, mail in drafts(office).items() if name.startswith("returned"))
    (paper,) = mail.iter_attachments()
    return paper.get_content()


def test_a_returned_form_repaired_comes_back_accepted_and_gets_its_receipt(office):
    a_month(office)
    mail_run.draft(job(office), "x")
    book = load_workbook(io.BytesIO(returned_form(office)))
    cells = [c for sheet in book for row in sheet.iter_rows() for c in row]
    (present,) = (c for c in cells if c.value == 11)
    present.value = 10
    out = io.BytesIO()
    book.save(out)
    put(office, "sua.xlsx", out.getvalue())
    done = take_in(office, "2019-12-06T09:00:00+07:00")
    assert [d.verdict.value for d in done.decisions] == ["accepted"]
    mail_run.draft(job(office), "x")
    assert sum(name.startswith("receipt_CB-01") for name in drafts(office)) == 1


def test_a_refused_return_overtaken_by_a_good_one_is_owed_no_letter(office):
    put(office, "b.xlsx", MeetingReturn("CB-01", present=11).book())
    take_in(office)
    put(office, "sua.xlsx", MeetingReturn("CB-01").book())
    take_in(office, "2019-12-04T09:00:00+07:00")
    assert status(office, NOVEMBER, AS_OF).todo["answer"] == 1
    mail_run.draft(job(office), "x")
    assert [name.split("_")[0] for name in drafts(office) if "CB-01" in name] == ["receipt"]
    assert "answer" not in status(office, NOVEMBER, AS_OF).todo


def test_the_receipt_of_a_correction_says_what_changed(office):
    for number, paper in enumerate(
        (MeetingReturn("CB-01"), MeetingReturn("CB-01", visitor="TU-1")), 3
    ):
        put(office, f"{number}.xlsx", paper.book())
        take_in(office, f"2019-12-0{number}T09:00:00+07:00")
    mail_run.draft(job(office), "x")
    bodies = {m["Subject"][:14]: body(m).replace("\r\n", "\n") for m in drafts(office).values()}
    assert "; số liệu tính theo bản gửi sau, số đến 2/2019." in bodies["[Số đến 1/2019"]
    assert (
        "Bản này thay bản số đến 1/2019 nhận ngày 03/12/2019. Khác bản trước:\n- Cấp trên dự:"
        " thêm mục Ngày họp 03/11/2019; Loại sinh hoạt Thường kỳ; Cấp trên dự Lê Thị Bình (TU-1)\n"
    ) in bodies["[Số đến 2/2019"]
    assert "\n\n\n" not in bodies["[Số đến 2/2019"]


def test_a_return_on_an_outdated_version_goes_back_on_the_right_one_with_its_values(office):
    february, march = Period(2026, 2), date(2026, 3, 4)
    old = office.catalogue.form("meeting", "2018.1")
    entry = office.register.by_code["CB-01"]
    context = TemplateContext.of(office.register, entry, february)
    put(
        office, "cu.xlsx", render(old, context, MeetingReturn("CB-01", month=2, year=2026).values())
    )
    ingest(office, as_of=march, received="2026-03-03T09:00:00+07:00", who="test", holder="test")
    owed = mail_run.draft(replace(job(office, march), period=february), "x", dry_run=True)
    (letter,) = (draft for draft in owed.letters if draft.kind == "returned")
    assert "Phiên bản 2018.1 của mẫu không áp dụng" in letter.body
    ((name, read),) = ((p.name, p.data) for p in letter.attachments)
    (back,) = reader.read_all([(name, read)], office.catalogue.forms, workers=1)
    assert (back.version, back.stamp.period) == ("2025.1", "2026-02")
    (row,) = back.section_rows("meetings")
    assert (row.values["held_on"], row.values["present"]) == (date(2026, 2, 3), 10)


def test_a_file_that_is_no_form_of_ours_gets_the_right_one(office):
    put(office, "b.xlsx", b"PK\3\4 no workbook")
    take_in(office)
    with Ledger.open(office.workspace.ledger) as ledger, ledger.transaction() as db:
        db.execute("UPDATE delivery SET sender = 'CB-01@muonglay.example'")
    mail_run.draft(job(office), "x")
    (blank,) = (mail for name, mail in drafts(office).items() if name.startswith("blank"))
    assert blank["To"] == "cb-01@muonglay.example"
    assert [p.get_filename() for p in blank.iter_attachments()] == ["CB-01_bao-cao_2019-11.xlsx"]


def test_what_nobody_can_open_is_asked_for_again_in_another_way(office):
    locked = (SAMPLES / "bad" / "co-mat-khau R04.xlsx").read_bytes()
    send_mail(office, "1", "cb-01@muonglay.example", ("báo cáo.rar", b"Rar!\x1a\7"))
    send_mail(office, "2", "x@else.example", ("y.rar", b"Rar!\x1a\7"))
    send_mail(office, "3", "db1@muonglay.example", ("khóa.xlsx", locked))
    take_in(office)
    assert status(office, NOVEMBER, AS_OF).todo["answer"] == 2
    mail_run.draft(job(office), "x")
    assert "answer" not in status(office, NOVEMBER, AS_OF).todo
    rar, key = (m for name, m in drafts(office).items() if name.startswith("unopened"))
    assert [mail["To"] for mail in (rar, key)] == ["cb-01@muonglay.example", "db1@muonglay.example"]
    assert "báo cáo.rar" in rar["Subject"]
    assert "nén dạng .zip" in body(rar)
    assert "bỏ mật khẩu" in body(key)
    assert all(mail["In-Reply-To"] and not list(mail.iter_attachments()) for mail in (rar, key))
    put(office, "b.xlsx", MeetingReturn("CB-01").book())
    take_in(office, "2019-12-04T09:00:00+07:00")
    again = mail_run.draft(job(office, again=True), "x", dry_run=True)
    assert sorted(draft.addressee for draft in again.letters if draft.kind == "unopened") == [
        "DB-1"
    ]


def test_the_ledger_numbers_returns_and_remembers_letters(office):
    a_month(office)
    mail_run.draft(job(office), "x")
    with Ledger.open(office.workspace.ledger) as ledger:
        outgoing = MailLog(ledger)
        assert [entry.incoming for entry in ledger.entries() if entry.incoming] == ["1/2019"]
        assert sorted(letter.kind for letter in outgoing.letters()) == [
            "receipt",
            "reminder",
            "returned",
        ]


# A return given back is in hand until the day its correction was asked for


def dated_form(branch, month, made_for=11):
    """The form of one month with the dates of another."""
    rows = MeetingReturn(branch, month=month).values()
    return fill_form(branch, Period(2019, made_for), rows)


def fill_form(branch, period, rows):
    form, entry = catalogue().form_for("meeting", period), register().by_code[branch]
    lists = {name: tuple(codes.items()) for name, codes in reference_lists(register()).items()}
    context = TemplateContext(
        branch, entry.name, "Thị ủy Mường Lay", period, "Mường Lay", {}, lists
    )
    return render(form, context, rows)


def draft_letters(office, day, **more):
    """Draft the letters of a day, whatever the clock says; return them by kind and addressee."""
    done = mail_run.draft(job(office, as_of=day, **more), "2026-11-28T09:00:00+07:00")
    return {(letter.kind, letter.addressee): letter for letter in done.letters}


def all_but(office, branch):
    for other in ("DB1-1", "DB1-2", "CB-01"):
        if other != branch:
            put(office, f"{other}.xlsx", MeetingReturn(other).book())


def test_the_form_of_this_month_with_last_months_dates_is_this_months_and_leads_in_no_circle(
    office,
):
    """Letter, attached form, status and reminders say one thing; who obeys it is accepted."""
    all_but(office, "CB-01")
    put(office, "b.xlsx", dated_form("CB-01", 10))
    done = take_in(office)
    (refused,) = (d for d in done.decisions if d.verdict.value == "rejected")
    assert str(refused.checked.identity.period) == "2019-11"
    assert {f.code for f in refused.findings if f.is_error} == {"F04"}
    assert status(office, NOVEMBER, AS_OF).todo == {"answer": 3, "fix": 1}
    letters = draft_letters(office, AS_OF)
    assert {kind for kind, _ in letters} == {"receipt", "returned"}
    letter = letters["returned", "CB-01"]
    assert "tháng 11 năm 2019" in letter.subject
    assert "mẫu mới" not in letter.body.partition("Tệp kèm theo")[0]
    book = load_workbook(io.BytesIO(letter.attachments[0].data))
    marked = {row[2].value for row in book.worksheets[0].iter_rows(min_row=6)} - {None}
    assert len(marked) == 1  # a day is typed once, whatever hangs on its meeting
    assert all(f"ô {cell})" in letter.body for cell in marked)
    sheet = book["Báo cáo"]
    for cell in marked:
        sheet[cell].value = date(2019, 11, 3)
    out = io.BytesIO()
    book.save(out)
    put(office, "sua.xlsx", out.getvalue())
    again = take_in(office, "2019-12-06T10:00:00+07:00")
    assert [d.verdict.value for d in again.decisions] == ["accepted"]
    assert {kind for kind, _ in draft_letters(office, AS_OF)} == {"receipt"}


def test_nobody_is_reminded_who_has_a_return_in_hand_until_the_corrections_own_day(office):
    all_but(office, "CB-01")
    put(office, "b.xlsx", MeetingReturn("CB-01", present=11).book())
    take_in(office)
    first = draft_letters(office, AS_OF)["returned", "CB-01"]
    assert "chậm nhất ngày 09/12/2019" in first.body
    assert draft_letters(office, date(2019, 12, 9)) == {}
    assert "remind" not in status(office, NOVEMBER, date(2019, 12, 9)).todo
    assert status(office, NOVEMBER, date(2019, 12, 10)).todo["remind"] == 1
    ((about, second),) = draft_letters(office, date(2019, 12, 10)).items()
    assert about == ("correction", "CB-01")
    assert second.subject == f"Nhắc lại: {first.subject}"
    assert "hạn gửi lại là ngày 09/12/2019" in second.body
    assert "chậm nhất ngày 13/12/2019" in second.body
    assert contents(second)[-1] == contents(first)[-1]
    assert draft_letters(office, date(2019, 12, 11)) == {}
    later = draft_letters(office, date(2019, 12, 14), again=True)
    assert {kind for kind, _ in later} == {"receipt", "returned", "correction"}  # drafts once more
    assert draft_letters(office, date(2019, 12, 15)) == {}


def test_a_correction_asked_for_before_the_due_day_has_until_then(office):
    put(office, "b.xlsx", MeetingReturn("CB-01", present=11).book())
    ingest(
        office,
        as_of=date(2019, 12, 1),
        received="2019-12-01T09:00:00+07:00",
        who="test",
        holder="test",
    )
    letter = draft_letters(office, date(2019, 12, 1))["returned", "CB-01"]
    assert "chậm nhất ngày 05/12/2019" in letter.body
    assert ("correction", "CB-01") in draft_letters(office, date(2019, 12, 6))


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("khac.xlsx", (SAMPLES / "bad" / "khong-phai-mau R20.xlsx").read_bytes(), "blank"),
        ("cu.xlsx", dated_form("CB-01", 11, made_for=10), "returned"),
    ],
    ids=["no form of ours", "an old file filled in again"],
)
def test_whatever_is_asked_for_again_holds_the_reminder_back(office, name, data, kind):
    """The file was of no known month, or of none that is missing: the branch is at work on it."""
    all_but(office, "CB-01")
    send_mail(office, "a", "cb-01@muonglay.example", (name, data))
    take_in(office)
    assert set(draft_letters(office, AS_OF)) >= {(kind, "CB-01")}
    assert not [kind for kind, _ in draft_letters(office, date(2019, 12, 9))]
    ((kind, addressee),) = draft_letters(office, date(2019, 12, 10))
    assert (kind, addressee) == ("correction", "CB-01")


@pytest.mark.parametrize("made_for", [11, 12], ids=["an older form", "a form with a mistake"])
def test_a_refused_form_of_the_next_month_delays_the_reminder_for_the_days_of_a_correction(
    office, made_for
):
    """Asked for by the 5th of January, it says nothing of November, which is overdue."""
    all_but(office, "CB-01")
    rows = MeetingReturn("CB-01", month=12, present=11 if made_for == 12 else 10).values()
    put(office, "dec.xlsx", fill_form("CB-01", Period(2019, made_for), rows))
    take_in(office)
    assert "chậm nhất ngày 05/01/2020" in draft_letters(office, AS_OF)["returned", "CB-01"].body
    assert draft_letters(office, date(2019, 12, 9)) == {}
    assert set(draft_letters(office, date(2019, 12, 10))) == {("reminder", "CB-01")}


def test_how_many_days_a_correction_has_is_the_offices_own(office):
    rules = OfficeRules(deadlines=(DeadlineRule("meeting", "2019-01", due=5, correct=10),))
    office = replace(office, catalogue=in_force(office.catalogue, rules, "Thị ủy"))
    all_but(office, "CB-01")
    strange = (SAMPLES / "bad" / "khong-phai-mau R20.xlsx").read_bytes()
    send_mail(office, "a", "cb-01@muonglay.example", ("khac.xlsx", strange))
    take_in(office)
    assert "chậm nhất ngày 16/12/2019" in draft_letters(office, AS_OF)["blank", "CB-01"].body
    assert draft_letters(office, date(2019, 12, 16)) == {}
    assert set(draft_letters(office, date(2019, 12, 17))) == {("correction", "CB-01")}


@pytest.mark.parametrize(
    ("lock", "until"), [(7, "07/12/2019"), (None, "16/12/2019"), (30, "16/12/2019")]
)
def test_a_correction_is_not_due_after_the_lock_day(office, lock, until):
    """Asked for on 6 December with 10 days: what came after the lock day would be held."""
    rule = DeadlineRule("meeting", "2019-01", due=5, lock=lock, correct=10)
    rules = OfficeRules(deadlines=(rule,))
    office = replace(office, catalogue=in_force(office.catalogue, rules, "Thị ủy"))
    all_but(office, "CB-01")
    put(office, "wrong.xlsx", MeetingReturn("CB-01", present=12).book())
    take_in(office)
    letter = draft_letters(office, AS_OF)["returned", "CB-01"]
    assert f"chậm nhất ngày {until}" in letter.body


def test_a_file_of_the_committee_nobody_could_open_may_hold_the_returns_of_its_cells(office):
    put(office, "c.xlsx", MeetingReturn("CB-01").book())
    send_mail(office, "1", "db1@muonglay.example", ("chi-bo.rar", b"Rar!\x1a\7"))
    take_in(office)
    assert set(draft_letters(office, AS_OF)) == {("receipt", "CB-01"), ("unopened", "DB-1")}
    assert set(draft_letters(office, date(2019, 12, 10))) == {
        ("reminder", "DB-1"),
        ("reminder", "DB1-1"),
    }


def test_a_branch_that_never_sent_anything_is_reminded_beside_one_that_corrects(office):
    put(office, "b.xlsx", MeetingReturn("CB-01", present=11).book())
    take_in(office)
    assert set(draft_letters(office, AS_OF)) == {
        ("returned", "CB-01"),
        ("reminder", "DB-1"),
        ("reminder", "DB1-1"),
    }


def test_a_file_of_no_known_period_is_asked_for_in_one_period_only(office):
    """The run of another period, which has ended too, asks for it with no other form."""
    all_but(office, "CB-01")
    strange = (SAMPLES / "bad" / "khong-phai-mau R20.xlsx").read_bytes()
    send_mail(office, "a", "cb-01@muonglay.example", ("khac.xlsx", strange))
    take_in(office)
    assert ("blank", "CB-01") in draft_letters(office, AS_OF)
    october = replace(job(office, as_of=date(2019, 12, 10)), period=Period(2019, 10))
    again = mail_run.draft(october, "2026-11-28T09:00:00+07:00")
    assert {letter.kind for letter in again.letters} == {"reminder"}
    assert set(draft_letters(office, date(2019, 12, 10))) == {("correction", "CB-01")}
