"""What comes by mail and is no return: who is told, who gets a letter, who is still reminded."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import pytest
from builders.mail_office import attachment, mail, take_in, verdicts_and_codes
from builders.mail_office import send as send_mail
from builders.mails import make_zip
from builders.sample_office import REGISTER, MeetingReturn, create_office, put, rows
from openpyxl import load_workbook

from mlay_batch.app import mail_run, reply
from mlay_batch.app.mail_run import MailRun
from mlay_batch.app.office import Office
from mlay_batch.app.status import status
from mlay_batch.app.templates import template_context
from mlay_batch.core.period import Period
from mlay_batch.mail import mail_templates
from mlay_batch.mail.bodies import CORRECTION_KIND
from mlay_batch.mail.letter import Letter
from mlay_batch.template import render

pytestmark = pytest.mark.usefixtures("reading_here")

CASES = Path(__file__).resolve().parent.parent / "cases"
NOVEMBER = Period(2019, 11)
OVERDUE, IN_TIME = date(2019, 12, 6), date(2019, 12, 4)
CB09, DB1 = "cb09@muonglay.example", "db1@x.example"


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """The small town and the branch of the cases, whose address is registered."""
    branch = {"code": "CB-09", "name": "Chi bộ Phòng Giáo dục và Đào tạo", "type": "cell_direct"}
    addresses = [{"branch": "CB-09", "mail": CB09}, {"branch": "DB-1", "mail": "db1@x.example"}]
    organisations = [*REGISTER["organisations"], {**branch, "parent": "TU"}]
    monkeypatch.setitem(REGISTER, "organisations", organisations)
    monkeypatch.setitem(REGISTER, "addresses", addresses)
    return create_office(tmp_path / "town")


def letters_to(office: Office, addressee: str = "CB-09", day: date = OVERDUE) -> list[Letter]:
    letters = partial(reply.reply_letters, office)
    done = mail_run.draft(MailRun(office, letters, NOVEMBER, day, "test"), "x")
    return [letter for letter in done.letters if letter.addressee == addressee]


def kinds(office: Office, **more: object) -> list[str]:
    return [letter.kind for letter in letters_to(office, **more)]


# Of every case: name, verdict and code of its one file; the kinds of the letters.
EXPECTED = {
    "apple-double": ("bao cao.xlsx", ("accepted",), ["receipt"]),
    "bounce": ("Undelivered Mail Returned to Sender", ("ignored", "N20"), ["reminder"]),
    "link-only": ("Bao cao thang 11", ("ignored", "N18"), ["unopened"]),
    "packed-as-tar": ("bao cao.tar", ("ignored", "N04"), ["unopened"]),
    "saved-as-csv": ("bao cao.csv", ("ignored", "N16"), ["unopened"]),
    "saved-as-xml2003": ("bao cao.xml", ("ignored", "N17"), ["unopened"]),
    "saved-by-numbers": ("bao cao.numbers", ("ignored", "N17"), ["unopened"]),
    "signed-opaque": ("bao cao.xlsx", ("accepted",), ["receipt"]),
    "workbook-named-docx": ("bao cao.doc", ("accepted",), ["receipt"]),
}


def test_every_mail_has_its_line() -> None:
    assert {path.stem for path in CASES.glob("*.eml")} == set(EXPECTED)


@pytest.mark.parametrize("case", EXPECTED)
def test_what_becomes_of_it_and_who_gets_a_letter(office: Office, case: str) -> None:
    name, verdict, letters = EXPECTED[case]
    put(office, "1.eml", (CASES / f"{case}.eml").read_bytes())
    done = take_in(office)
    assert verdicts_and_codes(done) == {name: verdict}
    assert sum(done.counts.values()) == 1
    assert kinds(office) == letters
    assert status(office, NOVEMBER, OVERDUE).todo.get("decide") is None


def test_the_clerk_is_told_which_address_a_letter_did_not_reach(office: Office) -> None:
    put(office, "1.eml", (CASES / "bounce.eml").read_bytes())
    ((finding,),) = (decision.findings for decision in take_in(office).decisions)
    assert finding.params == {"address": CB09}
    assert status(office, NOVEMBER, OVERDUE).todo["unreached"] == 1
    assert "unreached" not in status(office, Period(2020, 1), OVERDUE).todo
    addresses = tuple(a for a in office.register.addresses if a.branch != "CB-09")
    corrected = replace(office, register=replace(office.register, addresses=addresses))
    assert "unreached" not in status(corrected, NOVEMBER, OVERDUE).todo


def test_one_letter_answers_a_mail_and_names_every_file(office: Office) -> None:
    files = ("a.csv", b"1,2"), ("b.html", b"<html>"), ("c.rar", b"Rar!\x1a\7"), ("d.docx", b"PK")
    send_mail(office, "1", CB09, *files)
    send_mail(office, "2", "x@else.example", *files)
    assert take_in(office).counts["ignored"] == 8
    assert status(office, NOVEMBER, OVERDUE).todo["answer"] == 1
    (letter,) = letters_to(office)
    assert letter.to == (CB09,)
    assert letter.subject == "Đề nghị gửi lại báo cáo: a.csv, b.html, c.rar và 1 tệp nữa"
    assert "\n- Bản xuất ra dạng văn bản" in letter.body
    assert " không gửi bản xuất. (“a.csv”, “b.html”)\n- Tệp nén dạng không mở được" in letter.body
    assert "gửi lại báo cáo chậm nhất ngày 09/12/2019: văn phòng chưa lấy được" in letter.body
    assert letters_to(office) == []
    (again,) = letters_to(office, day=date(2019, 12, 10))
    assert again.subject.startswith("Nhắc lại: ")
    assert again.body.count("\n- ") == 3


@pytest.mark.parametrize(
    ("name", "data"),
    [("ký.pdf", b"%PDF-1.4"), ("trang 1.jpg", b"\xff\xd8\xff\xe0" + bytes(30_000))],
)
def test_a_scan_alone_is_answered_and_beside_or_after_a_return_is_not(
    office: Office, name: str, data: bytes
) -> None:
    send_mail(office, "1", CB09, (name, data))
    take_in(office)
    (letter,) = letters_to(office, day=IN_TIME)
    assert "Số liệu chỉ lấy từ tệp Excel của biểu mẫu" in letter.body
    for month, letters in ((10, ["unopened"]), (11, ["receipt"])):
        put(office, f"{month}.xlsx", MeetingReturn("DB1-1", month).book())
        take_in(office, "2019-11-04T09:00:00+07:00")
        send_mail(office, f"{month}", "db1@x.example", (name, data + str(month).encode()))
        take_in(office, "2019-12-04T09:00:00+07:00")
        assert kinds(office, addressee="DB-1", day=IN_TIME) == letters


def test_a_copy_beside_the_return_is_kept_with_it(office: Office) -> None:
    numbers = make_zip(**{"Index/Document.iwa": b"x"})
    put(office, "1.eml", (CASES / "workbook-named-docx.eml").read_bytes())
    book = MeetingReturn("DB1-1").book()
    files = ("a.xlsx", book), ("a.numbers", numbers), ("~$a.xlsx", b"\3lan" + bytes(161))
    send_mail(office, "2", "db1@x.example", *files)
    assert verdicts_and_codes(take_in(office)) == {
        "bao cao.doc": ("accepted",),
        "a.xlsx": ("accepted",),
        "a.numbers": ("ignored", "N14"),
        "~$a.xlsx": ("ignored", "N23"),
    }
    assert kinds(office, addressee="DB-1", day=IN_TIME) == ["receipt"]


LINK = '<p>Kính gửi, <a href="https://docs.google.com/spreadsheets/d/1">báo cáo</a></p>'
AUTOMATIC = {
    "on leave": "Auto-Submitted: auto-replied\n",
    "on leave, an older program": "Precedence: auto_reply\n",
    "on leave, another program": "X-Autoreply: yes\n",
    "on leave, Zimbra": "Auto-Submitted: auto-replied (zimbra; vacation)\n",
    "on leave, Exchange": "X-Auto-Response-Suppress: All\n",
    "a newsletter": "List-Unsubscribe: <https://x.example>\n",
    "no return path": "Return-Path: <>\n",
}


@pytest.mark.parametrize("head", AUTOMATIC.values(), ids=AUTOMATIC)
def test_a_program_gets_no_letter(office: Office, head: str) -> None:
    text = f"Content-Type: text/html\n\n{LINK}"
    put(office, "1.eml", mail(CB09, text, head=head, subject="Vắng mặt"))
    assert verdicts_and_codes(take_in(office)) == {"Vắng mặt": ("ignored", "N21")}
    assert kinds(office) == ["reminder"]
    put(office, "2.eml", mail(CB09, text, subject="Báo cáo"))
    assert verdicts_and_codes(take_in(office)) == {"Báo cáo": ("ignored", "N18")}
    assert kinds(office) == ["unopened"]


def test_a_workbook_in_an_automatic_reply_is_no_return(office: Office) -> None:
    head = "Auto-Submitted: auto-replied (zimbra; vacation)\n"
    send_mail(office, "1", CB09, ("a.xlsx", MeetingReturn("DB1-1").book()), head=head)
    assert list(verdicts_and_codes(take_in(office)).values()) == [("ignored", "N21")]


def test_a_link_that_a_mail_host_wrapped_is_a_link(office: Office) -> None:
    meant = "https%3A%2F%2Fa-my.sharepoint.com%2Fx%2F1"
    wrapped = f"https://apc01.safelinks.protection.outlook.com/?url={meant}&data=05"
    put(office, "1.eml", mail(CB09, f"Content-Type: text/html\n\n{wrapped}", subject="Báo cáo"))
    assert verdicts_and_codes(take_in(office)) == {"Báo cáo": ("ignored", "N18")}


def test_the_mark_of_an_open_file_is_no_return_and_is_answered(office: Office) -> None:
    send_mail(office, "1", CB09, (".~lock.a.xlsx#", b",admin,pc,03.12.2019 08:00,file:///C:/;"))
    assert set(verdicts_and_codes(take_in(office)).values()) == {("ignored", "N23")}
    assert kinds(office) == ["unopened"]


def test_each_of_two_branches_that_send_the_same_wrong_file_gets_a_letter(office: Office) -> None:
    data = b"%PDF-1.4"
    for number, sender in enumerate((CB09, DB1, DB1)):
        send_mail(office, str(number), sender, (f"{number}.xlsx", data))
    done = take_in(office)
    assert [decision.verdict for decision in done.decisions] == [
        "rejected",
        "rejected",
        "duplicate",
    ]
    letters = mail_run.draft(
        MailRun(office, partial(reply.reply_letters, office), NOVEMBER, IN_TIME, "test"), "x"
    ).letters
    assert sorted(letter.addressee for letter in letters) == ["CB-09", "DB-1"]


def test_a_letter_of_the_office_itself_is_not_read_again(office: Office) -> None:
    put(office, "b.xlsx", MeetingReturn("DB1-1", present=11).book())
    take_in(office)
    letters_to(office)
    drafts = sorted((office.workspace.outbox / "2019-11" / "mail").glob("*.eml"))
    assert {path.name.partition("_")[0] for path in drafts} == {"returned", "reminder"}
    for path in drafts:
        put(office, path.name, path.read_bytes())
    done = take_in(office)
    assert set(verdicts_and_codes(done).values()) == {("ignored", "N21")}
    assert len(done.decisions) == len(drafts)


@pytest.mark.parametrize("kind", [*mail_templates.GAPS, CORRECTION_KIND])
def test_every_kind_of_letter_is_known_when_it_comes_back(office: Office, kind: str) -> None:
    head = f"Message-ID: <{kind}.{'0' * 32}@x.example>\n"
    put(office, "1.eml", mail("vp@x.example", head=head, subject="Thư"))
    assert verdicts_and_codes(take_in(office)) == {"Thư": ("ignored", "N21")}


@pytest.mark.parametrize("head", ["Precedence: bulk\n", "Auto-Submitted: auto-generated\n"])
def test_a_return_sent_by_a_scanner_or_a_list_counts(office: Office, head: str) -> None:
    book = MeetingReturn("DB1-1").book()
    send_mail(office, "1", "db1@x.example", ("a.xlsx", book), head=head)
    assert verdicts_and_codes(take_in(office)) == {"a.xlsx": ("accepted",)}


def report(kind: str, *parts: str) -> bytes:
    """A mail of a mail system, as it begins in RFC 3462."""
    data = mail("postmaster@x.example", *parts, subject="Report")
    return data.replace(b"multipart/mixed;", f"multipart/report; report-type={kind};".encode())


def status_part(action: str) -> str:
    fields = f"Final-Recipient: rfc822; {CB09}\nAction: {action}\n"
    return f"Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n{fields}"


NOTICES = {
    "not delivered": (report("delivery-status", status_part("failed")), "N20", CB09),
    "late": (report("delivery-status", status_part("delayed")), "N21", None),
    "read": (report("disposition-notification"), "N21", None),
    "from the daemon": (
        mail("MAILER-DAEMON@x.example", "\n<a@b.example>: no such user\n", subject="Report"),
        "N20",
        "a@b.example",
    ),
    "with a header of Exim": (
        mail("x@x.example", head="X-Failed-Recipients: a@b.vn,\n c@d.example\n", subject="Report"),
        "N20",
        "a@b.vn, c@d.example",
    ),
    "of nobody": (mail("Mailer-Daemon@x.example", subject="Report"), "N20", ""),
    "from Exim, without its header": (
        mail("Mailer-Daemon@x.example", "\n  a@b.example\n    550 unknown\n", subject="Report"),
        "N20",
        "a@b.example",
    ),
    "late, without a report": (
        mail("Mailer-Daemon@x.example", "\n  a@b.example\n", subject="Report: delayed 24 hours"),
        "N21",
        None,
    ),
    "from MDaemon": (
        mail("MDaemon@x.example", "\nFailed address: a@b.example\n", subject="Report"),
        "N20",
        "a@b.example",
    ),
    "with a gateway's part around it": (
        mail(
            "gateway@x.example",
            'Content-Type: multipart/report; report-type="delivery-status"; boundary="=c"\n\n'
            f"--=c\n{status_part('failed')}\n--=c--",
            subject="Report",
        ),
        "N20",
        CB09,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("data", "code", "address"), NOTICES.values(), ids=NOTICES)
def test_what_a_mail_system_says(
    office: Office, data: bytes, code: str, address: str | None
) -> None:
    quoted = attachment("a.xlsx", MeetingReturn("DB1-1").book())
    put(office, "1.eml", data.replace(b"--=b--", f"--=b\n{quoted}\n--=b--".encode()))
    (decision,) = take_in(office).decisions
    (finding,) = decision.findings
    assert decision.checked.file.name.startswith("Report")
    assert finding.code == code
    assert finding.params.get("address") == address


@pytest.mark.parametrize(
    ("message_id", "expected"),
    [
        # whose mail came back → what is read of it
        (f"reminder.{'0a' * 16}@town.example", {"Fwd": ("ignored", "N13")}),  # the office's
        ("1@mail.example", {"a.xlsx": ("accepted",)}),  # the branch's own, to a wrong address
    ],
)
def test_a_bounce_that_somebody_forwards(
    office: Office, message_id: str, expected: dict[str, tuple[str, ...]]
) -> None:
    quoted = mail(DB1, attachment("a.xlsx", MeetingReturn("DB1-1").book())).decode()
    quoted = re.sub("Message-ID: <.*?>", f"Message-ID: <{message_id}>", quoted).replace("=b", "=d")
    bounce = report(
        "delivery-status", status_part("failed"), f"Content-Type: message/rfc822\n\n{quoted}"
    ).decode().replace("=b", "=c")  # fmt: skip
    put(office, "1.eml", mail(DB1, f"Content-Type: message/rfc822\n\n{bounce}", subject="Fwd"))
    assert verdicts_and_codes(take_in(office)) == expected


def test_what_people_on_leave_attach_is_no_return(office: Office) -> None:
    document = attachment("cv.docx", b"PK\3\4", "application/msword")
    put(office, "1.eml", mail(DB1, document, subject="Vắng mặt: Nhắc nộp"))
    put(office, "2.eml", mail(DB1, subject="Đã đọc: Nhắc nộp"))
    put(office, "3.eml", mail("postmaster@x.example", subject="Undeliverable: Nhắc nộp"))
    book = attachment("a.xlsx", MeetingReturn("DB1-1").book())
    put(office, "4.eml", mail(DB1, book, subject="Vắng mặt: gửi báo cáo"))
    put(office, "5.eml", mail(DB1, attachment("ATT1.dat", b"x"), subject="Read receipt: Nhắc nộp"))
    put(office, "6.eml", mail("postmaster@x.example", subject="Thư không thể gửi đến người nhận"))
    assert verdicts_and_codes(take_in(office)) == {
        "Vắng mặt: Nhắc nộp": ("ignored", "N21"),
        "Đã đọc: Nhắc nộp": ("ignored", "N21"),
        "Undeliverable: Nhắc nộp": ("ignored", "N20"),
        "Read receipt: Nhắc nộp": ("ignored", "N21"),
        "Thư không thể gửi đến người nhận": ("ignored", "N20"),
        "a.xlsx": ("accepted",),
    }


def blank_form(office: Office, path: Path, **cells: object) -> bytes:
    """The blank form of the branch, with the opening number filled in by the program."""
    form = office.catalogue.form_for("meeting", NOVEMBER)
    branch = office.register.by_code["CB-09"]
    context = template_context(office, form, branch, NOVEMBER, None)
    path.write_bytes(render(form, context, rows("members", {"opening": 13})))
    book = load_workbook(path)
    for cell, value in cells.items():
        book["Báo cáo"][cell] = value
    book.save(path)
    return path.read_bytes()


def test_our_own_blank_form_in_an_answer_is_no_return(office: Office, tmp_path: Path) -> None:
    send_mail(office, "1", CB09, ("a.xlsx", blank_form(office, tmp_path / "a.xlsx")))
    send_mail(office, "2", "x@else.example", ("b.xlsx", blank_form(office, tmp_path / "b.xlsx")))
    done = take_in(office)
    assert set(verdicts_and_codes(done).values()) == {("ignored", "N22")}
    assert kinds(office, day=IN_TIME) == []
    assert kinds(office) == ["reminder"]


@pytest.mark.parametrize("cell", ["F15", "F21", "C40"], ids=["a count", "a sum", "a meeting"])
def test_a_form_with_one_cell_filled_in_is_a_return(
    office: Office, tmp_path: Path, cell: str
) -> None:
    for number, value in enumerate((7, "bảy")):
        data = blank_form(office, tmp_path / "a.xlsx", **{cell: value})
        send_mail(office, str(number), CB09, (f"{number}.xlsx", data))
    assert [d.verdict.value for d in take_in(office).decisions] == ["rejected", "rejected"]
