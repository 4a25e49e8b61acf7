"""Letters as mail: nothing a stranger wrote ends a header; the same letter, the same bytes."""

from email import message_from_bytes, policy
from email.header import decode_header, make_header

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlay_batch.errors import UsageError
from mlay_batch.mail.letter import Attachment, Letter
from mlay_batch.mail.mail_templates import GAPS, load_templates, parse_template
from mlay_batch.mail.mime import Sender, build_message
from mlay_batch.model.topics import Topic

SENDER = Sender("Thị ủy Mường Lay", "vanphong@muonglay.example")
WORDS = ("Nguyễn", "Thị", "Hòa", "Đã", "nhận", "báo", "tháng", "11/2019", "(CB-01)", "[x]")
HEADERS = {"From", "To", "Subject", "Message-ID", "In-Reply-To", "References", "X-Unsent",
           "Content-Type", "Content-Transfer-Encoding", "MIME-Version"}  # fmt: skip
NASTY = st.text() | st.builds(
    lambda a, end, b: f"{a}{end}Bcc: thief@evil.example{end}{b}",
    st.text(max_size=80),
    st.sampled_from(["\n", "\r", "\r\n", "\x0b", "\x0c", "\x85", "\u2028", "\r\n\r\n", "\0"]),
    st.text(max_size=80),
)


def letter(**changes):
    fields = {
        "kind": "receipt",
        "topics": (Topic("answer/3", "meeting", "CB-01", "2019-11", 3),),
        "addressee": "CB-01",
        "to": ("cb-01@muonglay.example",),
        "subject": "Đã nhận",
        "body": "Kính gửi\n",
        "chat": "Đã nhận báo cáo.",
    }
    return Letter(**{**fields, **changes})


def again(mail):
    return message_from_bytes(mail.as_bytes(), policy=policy.default)


@given(NASTY, NASTY, NASTY, NASTY)
def test_no_text_adds_a_header(subject, name, thread, paper):
    papers = (Attachment(paper, lambda: b"PK"),)
    draft = letter(subject=subject, thread=(thread, "<ok@a.example>"), attachments=papers)
    back = again(build_message(draft, Sender(name, SENDER.mail)))
    assert set(back.keys()) <= HEADERS
    assert back["To"] == "cb-01@muonglay.example"
    assert back["From"].addresses[0].addr_spec == SENDER.mail


@pytest.mark.parametrize(
    "name", ["0" * 75 + ";", "Office, of the party; " * 6 + "x", "Đảng ủy; văn phòng, " * 9 + "x"]
)
def test_a_long_name_of_the_sender_leaves_his_address_alone(name):
    mail = build_message(letter(), Sender(name, SENDER.mail)).as_bytes()
    (address,) = message_from_bytes(mail, policy=policy.default)["From"].addresses
    assert address.addr_spec == SENDER.mail
    raw = message_from_bytes(mail, policy=policy.compat32)["From"]
    assert str(make_header(decode_header(raw))) == f"{name} <{SENDER.mail}>"


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=60))
def test_a_subject_comes_back_as_written_however_long(words):
    written = " ".join(words)
    assert again(build_message(letter(subject=written), SENDER))["Subject"] == written


def test_long_message_ids_are_not_broken():
    long = f"<{'x' * 100}@{'y' * 60}.example>"
    back = again(build_message(letter(thread=(long, "<b@c.example>")), SENDER))
    assert back["References"].split() == [long, "<b@c.example>"]
    assert back["In-Reply-To"] == "<b@c.example>"


def test_the_same_letter_gives_the_same_bytes_and_id():
    papers = (Attachment("a.xlsx", lambda: b"PK\3\4"),)
    first, second = (build_message(letter(attachments=papers), SENDER).as_bytes() for _ in range(2))
    assert first == second
    assert SENDER.message_id(letter()) == SENDER.message_id(letter(subject="khác", to=()))


def test_shipped_texts_fill_every_gap_they_name(tmp_path):
    for kind, text in load_templates(tmp_path).items():
        filled = text.fill(dict.fromkeys(GAPS[kind], "điền"))
        assert all(filled)
        assert "{" not in "".join(filled)


@pytest.mark.parametrize("end", ["\n", "\n\n", "\r\n"])
def test_a_text_has_the_words_for_a_chat_below_its_subject(tmp_path, end):
    content = f"Tiêu đề: Nhắc{end}Tin nhắn: Nhắc {{form}}{end}\nKính gửi\n"
    (tmp_path / "reminder.txt").write_text(content, "utf-8", newline="")
    text = load_templates(tmp_path)["reminder"]
    assert (text.subject, text.chat, text.body) == ("Nhắc", "Nhắc {form}", "Kính gửi\n")


def test_a_text_of_the_office_without_words_for_a_chat_has_the_shipped_ones(tmp_path):
    (tmp_path / "reminder.txt").write_text("Tiêu đề: Nhắc\n\nKính gửi\n", "utf-8")
    text, shipped = (load_templates(path)["reminder"] for path in (tmp_path, tmp_path / "none"))
    assert (text.chat, text.body) == (shipped.chat, "Kính gửi\n")


def test_a_gap_nobody_fills_is_refused_in_the_words_for_a_chat_too():
    with pytest.raises(UsageError) as stop:
        parse_template("Tiêu đề: x\nTin nhắn: {wrong_cell}\n\nx", "returned", "returned.vi.txt")
    assert (stop.value.code, stop.value.params["line"]) == ("replies.gap", 2)
    assert stop.value.params["nearest"] == "wrong_cells"


@given(NASTY)
def test_a_chat_is_one_paragraph_whatever_it_quotes(written):
    template = parse_template("Tiêu đề: x\nTin nhắn: ({problem})\n\nx", "declined", "x")
    _, chat, _ = template.fill({"problem": written})
    assert len(chat.splitlines()) == 1


@pytest.mark.parametrize("written", ["Kính gửi", "Tiêu đề:\n\nx", ""])
def test_a_text_without_a_subject_is_refused(written):
    with pytest.raises(UsageError) as stop:
        parse_template(written, "receipt", "receipt.vi.txt")
    assert stop.value.code == "replies.heading"


def test_a_file_of_no_kind_is_named_with_the_nearest(tmp_path):
    (tmp_path / "reminders.txt").write_text("x")
    with pytest.raises(UsageError) as stop:
        load_templates(tmp_path)
    assert stop.value.params["nearest"] == "reminder.vi.txt"
