"""Every letter fits into 15 lines, whatever is wrong, and says where the rest stands."""

import re
import textwrap
import unicodedata
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlay_batch.core.findings import Finding, Place, Severity
from mlay_batch.core.messages import Message
from mlay_batch.core.period import Period
from mlay_batch.mail import bodies, mail_templates
from mlay_batch.mail.bodies import (
    Envelope,
    LetterContext,
    ListedError,
    ResendRequest,
)
from mlay_batch.mail.letter import Attachment
from mlay_batch.mail.receipt import NumberedReturn, write_receipt
from mlay_batch.mail.shortlist import FULL_LIST, MAX_LINES, Shortlist, count_lines
from mlay_batch.model.records import AcceptedReturn, LedgerEntry, Row, Verdict
from mlay_batch.model.register import Organisation, Register, Signatory
from mlay_batch.model.signatures import SignatureState
from mlay_batch.model.topics import Topic
from mlay_batch.schema import load_catalogue

PERIOD = Period(2026, 11)
FORM = load_catalogue().form_for("meeting", PERIOD)
SLIP = load_catalogue().form_for("visit_slip", PERIOD)
OFFICE = "Đảng ủy phường Mường Thanh Điện Biên Phủ"
BRANCH = "Chi bộ Trường Phổ thông dân tộc bán trú Trung học cơ sở Lay Nưa"
CELLS = [Organisation(f"DB1-CB{n:02}", f"{BRANCH} {n}", "cell", "DB-1") for n in range(1, 41)]
PREPARER = Signatory(
    "prepared", "Nguyễn Thị Phương Thảo Ly", "CHUYÊN VIÊN", date(2026, 1, 1), None, "0215 3852 123"
)
CONTEXT = LetterContext(
    OFFICE,
    Register((Organisation("TU", OFFICE, "office"), *CELLS), signatories=(PREPARER,)),
    mail_templates.load_templates(Path("nowhere")),
    date(2026, 12, 10),
)
FILE = "Báo cáo sinh hoạt chi bộ tháng 11 năm 2026 của " + BRANCH + " (bản sửa lần cuối).xlsx"
ENTRY = LedgerEntry(
    3, 1, date(2026, 12, 6), FILE, "x", "ab12" * 16, "office", None,
    "2026-12-03T09:00:00+07:00", Verdict.ACCEPTED, "meeting", "2025.1", "DB1-CB01", "2026-11",
)  # fmt: skip
WARNINGS = [
    Finding("X01", Severity.WARNING, Place("x", "Báo cáo", f"C{n}"), {"own": n, "last": 9})
    for n in range(40)
]
LONG = "Buổi này có chuyên đề mà chưa ghi tên, hoặc ghi ở dòng khác của mẫu; " * 4
RESEND = date(2026, 12, 13)
BARRED = replace(
    CONTEXT,
    register=replace(
        CONTEXT.register,
        organisations=tuple(
            replace(each, not_by_mail="yes") for each in CONTEXT.register.organisations
        ),
    ),
)
TEXTS = st.lists(
    st.one_of(
        st.sampled_from(["báo cáo ", "x" * 80, "x" * 81, "\n", "\r\n", "\t", " ", "\xa0", "\xad"]),
        st.characters(),
    ),
    max_size=20,
).map("".join)
PLAN = Attachment("DB1-CB01_bao-cao_2026-11.xlsx", lambda: b"PK")


def envelope(kind, count=1):
    topics = tuple(Topic.of(kind, "meeting", cell.code, "2026-11") for cell in CELLS[:count])
    return Envelope(kind, "DB1-CB01", topics)


def meetings(count, present):
    return tuple(
        Row(
            "meetings",
            "",
            n,
            {"held_on": date(2026, 11, n), "kind": "other", "present": present},
            {},
        )
        for n in range(1, count + 1)
    )


def receipt(count, context=CONTEXT):
    before = NumberedReturn(AcceptedReturn(replace(ENTRY, id=1), meetings(count, 9)), "791/2026")
    accepted = AcceptedReturn(replace(ENTRY, findings=()), meetings(count, 8))
    numbered = NumberedReturn(accepted, "793/2026", before, "795/2026")
    return write_receipt(context, envelope("receipt"), numbered, FORM, WARNINGS[:count])


def returned(kind, count):
    errors = tuple(
        Finding("L11", Severity.ERROR, Place("x", "Báo cáo", f"C{n}"), {"why": f"{n} {LONG}"})
        for n in range(count)
    )
    lines = [
        ListedError(True, 2, f"trang “Báo cáo”, ô C{n}", Message(f"{n} {LONG}", LONG), frozenset())
        for n in range(count)
    ]
    overdue = ResendRequest(kind, RESEND, date(2026, 12, 9))
    about = replace(ENTRY, findings=errors), FORM, PERIOD, overdue
    form, listed = (PLAN, lines) if kind in ("returned", "question") else (None, None)
    return bodies.returned_form(CONTEXT, envelope("correction"), *about, form, listed)


def of_files(kind, count):
    files = [
        (
            replace(ENTRY, name=f"{n} {FILE}"),
            [Finding("L11", Severity.ERROR, Place("x"), {"why": f"{n} {LONG}"})],
        )
        for n in range(count)
    ]
    overdue = ResendRequest(kind, RESEND, date(2026, 12, 9))
    return bodies.file_letter(CONTEXT, envelope(kind), files, overdue, FORM)


def to_group(kind, count, context=CONTEXT):
    forms = [replace(PLAN, name=f"{cell.code}.xlsx") for cell in CELLS[:count]]
    form, kind = (SLIP, "form") if kind == "slip" else (FORM, kind)
    return bodies.group_letter(context, envelope(kind, count), form, PERIOD, forms)


RETURNED = ("returned", "question", "blank", "redo")
LETTERS = {
    "receipt": receipt,
    **{kind: lambda n, kind=kind: returned(kind, n) for kind in RETURNED},
    **{kind: lambda n, kind=kind: of_files(kind, n) for kind in ("declined", "unopened")},
    **{kind: lambda n, kind=kind: to_group(kind, n) for kind in ("reminder", "form", "slip")},
    "private": lambda n: receipt(n, BARRED),
    "private_due": lambda n: to_group("reminder", n, BARRED),
}


def test_every_kind_of_letter_is_among_these():
    assert LETTERS.keys() == mail_templates.GAPS.keys()


@pytest.mark.parametrize("count", [1, 3, 13, 40])
@pytest.mark.parametrize("kind", LETTERS)
def test_a_letter_fits_and_its_chat_too(kind, count):
    letter = LETTERS[kind](min(count, 28) if kind in ("receipt", "private") else count)
    assert count_lines(letter.body) <= MAX_LINES, letter.body
    assert len(letter.chat) <= 520
    assert "Nguyễn Thị Phương Thảo Ly, điện thoại 0215 3852 123." in letter.body
    assert "0215 3852 123" in letter.chat


@pytest.mark.parametrize("kind", LETTERS)
def test_what_does_not_fit_is_counted_and_stands_in_an_attachment(kind):
    letter = LETTERS[kind](28)
    texts = {a.name: a.data.decode("utf-8-sig") for a in letter.attachments if a.name[-3:] == "txt"}
    rest = sum(map(int, re.findall(r"và (\d+) (?:lỗi|điểm|lý do|đơn vị) nữa, ghi", letter.body)))
    items = [line for line in letter.body.splitlines() if line.startswith("- ")]
    if kind == "receipt":
        assert "Khác 28 chỗ, ghi ở phiếu nhận kèm theo.\n" in letter.body
        assert "\nCó 28 điểm đề nghị xem lại, ghi ở phiếu nhận kèm theo.\n" in letter.body
        (slip,) = texts.values()
        assert [len(re.findall(words, slip)) for words in ("Đầu tháng ghi", "9 → 8")] == [28, 28]
    elif kind.startswith("private"):
        assert not letter.attachments
    elif kind in ("reminder", "form", "slip"):
        assert rest + letter.body.count("(DB1-CB") == len(letter.attachments) == 28
    elif kind == "question":
        assert rest + len(items) - 1 == 28
    elif kind == "returned":
        assert rest + 2 * (len(items) - 1) == 56  # each line of the list stands for two
        assert items[-1].endswith(" lỗi nữa, ghi ở trang đầu tệp kèm theo.")
    else:
        assert rest + len(items) - 1 == len(texts[FULL_LIST].splitlines()) == 28
        assert items[-1].endswith(f" nữa, ghi ở tệp {FULL_LIST} kèm theo.")


def test_a_receipt_lists_the_first_points_where_it_has_room():
    entry = replace(ENTRY, channel="mail")
    numbered = NumberedReturn(AcceptedReturn(entry, meetings(1, 8)), "793/2026")
    for count, shown, rest in ((1, 1, 0), (2, 1, 1), (28, 1, 27)):
        findings = WARNINGS[:count]
        letter = write_receipt(CONTEXT, envelope("receipt"), numbered, FORM, findings)
        assert f"Có {count} điểm đề nghị xem lại, đúng rồi thì không phải gửi lại:" in letter.body
        assert letter.body.count("\n- Đầu tháng ghi") == shown
        assert (f"\n- và {rest} điểm nữa, ghi ở phiếu nhận kèm theo.\n" in letter.body) is (
            rest > 0
        )
        assert f"Có {count} điểm đề nghị xem lại, ghi ở phiếu nhận kèm theo." in letter.chat


LONGEST = (f"{BRANCH} xã Lay Nưa, huyện Mường Lay, tỉnh Điện Biên, nhiệm kỳ này " * 2)[:120]


@pytest.mark.parametrize("count", [1, 28])
@pytest.mark.parametrize("name", [BRANCH, LONGEST])
def test_a_receipt_of_everything_at_once_fits(count, name):
    """A correction entered by the office, with points to explain, where signatures are demanded."""
    organisations = [replace(o, name=name) for o in CONTEXT.register.organisations]
    register = replace(CONTEXT.register, organisations=tuple(organisations))
    context = replace(CONTEXT, register=register, office_name=register.root().name)
    before = NumberedReturn(AcceptedReturn(replace(ENTRY, id=1), meetings(count, 9)), "791/2026")
    accepted = AcceptedReturn(replace(ENTRY, findings=()), meetings(count, 8))
    numbered = NumberedReturn(accepted, "793/2026", before, signature=SignatureState())
    letter = write_receipt(context, envelope("receipt"), numbered, FORM, WARNINGS[:count], PLAN)
    assert count_lines(letter.body) <= MAX_LINES, letter.body
    assert f"Có {count} điểm đề nghị sửa" in letter.body
    assert re.search(rf"ản số đến 791/2026.*[Kk]hác ({count} chỗ|bản trước:)", letter.body)
    assert "chỉ có giá trị tham khảo: không có chữ ký số" in letter.body
    assert name in letter.subject
    slip = letter.attachments[0].data.decode("utf-8-sig")
    assert "chỉ có giá trị tham khảo: không có chữ ký số. Đề nghị ký số" in slip
    assert "Văn phòng nhập thay" in slip
    assert slip.count("9 → 8") == count


def test_lists_to_be_handed_over_do_not_replace_one_another(monkeypatch):
    monkeypatch.setitem(globals(), "CONTEXT", BARRED)
    names = []
    for branch, number in (("DB1-CB01", 7), ("DB1-CB01", 8), ("DB1-CB02", 9)):
        topic = Topic.answer(replace(ENTRY, id=number), branch, PERIOD)
        monkeypatch.setitem(
            globals(), "envelope", lambda _, t=topic: Envelope("unopened", "x", (t,))
        )
        (paper,) = of_files("unopened", 28).handover
        names.append(paper.name)
    assert len(set(names)) == 3
    assert all(FULL_LIST in name for name in names)


@pytest.mark.parametrize("kind", LETTERS)
def test_a_letter_with_the_longest_names_fits(kind, monkeypatch):
    organisations = [replace(o, name=LONGEST) for o in CONTEXT.register.organisations]
    register = replace(CONTEXT.register, organisations=tuple(organisations))
    context = replace(CONTEXT, register=register, office_name=LONGEST)
    barred = replace(
        BARRED.register,
        organisations=tuple(replace(o, name=LONGEST) for o in BARRED.register.organisations),
    )
    monkeypatch.setitem(globals(), "CONTEXT", context)
    contexts = {"private": replace(context, register=barred)}
    for count in (1, 3, 28):
        if kind in ("receipt", "private"):
            letter = receipt(count, contexts.get(kind, context))
        elif kind in ("reminder", "form", "slip", "private_due"):
            about = "reminder" if kind == "private_due" else kind
            letter = to_group(about, count, contexts["private"] if about != kind else context)
        else:
            letter = LETTERS[kind](count)
        assert count_lines(letter.body) <= MAX_LINES, letter.body


def test_a_committee_of_thirteen_cells_reads_all_their_names():
    cells = [
        Organisation(f"DB1-CB{n:02}", f"Chi bộ bản Huổi Min {n}", "cell") for n in range(1, 14)
    ]
    register = replace(
        CONTEXT.register, organisations=(Organisation("DB-1", "x", "office"), *cells)
    )
    context = replace(CONTEXT, register=register)
    letter = bodies.group_letter(context, envelope("reminder", 13), FORM, PERIOD, ())
    assert all(f"{cell.name} ({cell.code})" in letter.body for cell in cells)


def test_only_an_attachment_tells_the_hash_and_it_opens_everywhere():
    letter = receipt(3)
    assert "ab12" not in letter.body + letter.chat
    (slip,) = letter.attachments
    assert slip.name == "DB1-CB01_phieu-nhan_793-2026.txt"
    assert slip.data.startswith(b"\xef\xbb\xbf")
    assert slip.data.count(b"\n") == slip.data.count(b"\r\n") > 10
    assert f"Mã kiểm tra tệp (SHA-256): {'ab12' * 16}\r\n" in slip.data.decode("utf-8-sig")
    assert slip.data == receipt(3).attachments[0].data


@pytest.mark.parametrize(
    ("people", "contact"),
    [
        ((PREPARER,), "Nguyễn Thị Phương Thảo Ly, điện thoại 0215 3852 123"),
        ((replace(PREPARER, phone=None),), "Nguyễn Thị Phương Thảo Ly, văn phòng"),
        (
            (replace(PREPARER, name="Lò Văn An", phone=None), PREPARER),
            "Nguyễn Thị Phương Thảo Ly, điện thoại 0215 3852 123",
        ),
        ((replace(PREPARER, to=date(2026, 12, 9)),), "văn phòng"),
        ((replace(PREPARER, signing="signed"),), "văn phòng"),
        ((), "văn phòng"),
    ],
)
def test_who_prepares_the_reports_is_named_with_the_telephone(people, contact):
    register = replace(CONTEXT.register, signatories=people)
    letter = bodies.group_letter(
        replace(CONTEXT, register=register), envelope("reminder"), FORM, PERIOD, ()
    )
    assert f"\nHỏi: {contact}.\n" in letter.body
    assert letter.chat.endswith(f"Hỏi: {contact}.")


@pytest.mark.parametrize("room", range(3, 12))
@pytest.mark.parametrize("length", [5, 70, 75, 76, 200, 900])
@pytest.mark.parametrize("is_paragraph", [False, True])
def test_a_list_takes_no_more_room_than_it_has(room, length, is_paragraph):
    words = ["lỗi ", "mộtchữrấtdài", "mộtchữdàiquámộtdòng" * 5]
    for count in (0, 1, 2, 5, 30):
        for word in words:
            items = [f"{n} {word * (length // len(word))}" for n in range(count)]
            shortlist = Shortlist(items, "Có lỗi:", unit="lỗi", is_paragraph=is_paragraph)
            assert count_lines(shortlist.fit(room)) <= room


@given(TEXTS)
def test_lines_are_counted_as_they_wrap(body):
    assert count_lines(body) == sum(len(textwrap.wrap(line, 80)) for line in body.splitlines())


@given(TEXTS)
def test_nothing_but_control_characters_is_left_out(text):
    lines = "\n".join(text.splitlines()) + ("\n" if text.endswith("\n") else "")
    left_out = {c for c in lines if unicodedata.category(c) in ("Cc", "Cf", "Cs")} - {"\n", "\t"}
    assert mail_templates.printable(text) == "".join(c for c in lines if c not in left_out)
