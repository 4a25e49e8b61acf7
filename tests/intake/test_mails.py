"""Every shape a mail comes in: what is a file in it, and what it is called."""

from __future__ import annotations

import base64
import time

import pytest
from builders.mails import (
    BOOK,
    DISPOSITION,
    HEAD,
    LOGO,
    OTHER,
    PHOTO,
    SCAN,
    WORDS,
    collect_files,
    collect_mail,
    lay,
    mail,
    make_zip,
    names_and_reasons,
    part,
)
from hypothesis import given
from hypothesis import strategies as st

from mlay_batch.intake import MailTrust, limits
from mlay_batch.intake.eml import mail_members
from mlay_batch.intake.headers import file_name, readable_text
from mlay_batch.model.records import IncomingFile


def test_an_attachment_is_a_leaf_and_the_words_around_it_are_not(tmp_path):
    (leaf,) = collect_mail(tmp_path, mail(WORDS, part()))
    assert (leaf.name, leaf.data, leaf.skip_reason) == ("bao cao.xlsx", BOOK, None)
    assert leaf.origin == "thu.eml!2/bao cao.xlsx"
    assert (leaf.channel, leaf.sender, leaf.subject) == ("mail", "cb01@town.example", "Bao cao")
    assert leaf.thread == "<1@town.example>"


def test_the_message_itself_may_be_the_attachment(tmp_path):
    (leaf,) = collect_mail(tmp_path, (HEAD + part()).encode())
    assert (leaf.name, leaf.data, leaf.skip_reason) == ("bao cao.xlsx", BOOK, None)


@pytest.mark.parametrize(
    "kind",
    ["multipart/mixed", 'multipart/mixed; boundary=""', 'multipart/mixed; boundary="other"',
     "text/plain"],
)  # fmt: skip
def test_a_boundary_may_be_missing_or_wrong(tmp_path, kind):
    (leaf,) = collect_mail(tmp_path, mail(WORDS, part(), kind=kind))
    assert (leaf.name, leaf.data) == ("bao cao.xlsx", BOOK)


def test_the_end_of_the_mail_may_be_missing(tmp_path):
    whole = mail(WORDS, part(SCAN, DISPOSITION.replace("xlsx", "pdf")), part())
    leaves = collect_mail(tmp_path, whole[: -len("--=-1--\n")])
    assert names_and_reasons(leaves) == [("bao cao.pdf", "N14"), ("bao cao.xlsx", None)]


@pytest.mark.parametrize("kind", ["text/plain", "text/html", "image/png", "application/pdf"])
def test_bytes_tell_a_workbook_whatever_the_mail_calls_it(tmp_path, kind):
    (leaf,) = collect_mail(tmp_path, mail(WORDS, part(headers="", kind=kind)))
    assert (leaf.data, leaf.skip_reason) == (BOOK, None)


NAMES = {
    'Content-Disposition: attachment; filename="Báo cáo tháng 11.xlsx"\n': "Báo cáo tháng 11.xlsx",
    "Content-Disposition: attachment; filename=Báo cáo tháng 11.xlsx\n": "Báo cáo tháng 11.xlsx",
    "Content-Disposition: attachment; filename=Bao cao 11.xlsx; size=12\n": "Bao cao 11.xlsx",
    "Content-Disposition: attachment; filename*=UTF-8''B%C3%A1o%20c%C3%A1o.xlsx\n": "Báo cáo.xlsx",
    "Content-Disposition: attachment;\n filename*0*=UTF-8''B%C3%A1o;\n filename*1*=%20c%C3%A1o;\n"
    ' filename*2=".xlsx"\n': "Báo cáo.xlsx",
    'Content-Disposition: attachment; filename="=?UTF-8?B?QsOhbyBjw6FvLnhsc3g=?="\n':
        "Báo cáo.xlsx",
    "Content-Disposition: attachment; filename==?UTF-8?B?QsOhbyBjw6FvLnhsc3g=?=\n": "Báo cáo.xlsx",
    'Content-Disposition: attachment;\n filename="=?utf-8?Q?B=C3=A1o?=\n'
    ' =?utf-8?Q?_c=C3=A1o?=.xlsx"\n':
        "Báo cáo.xlsx",
    'Content-Disposition: attachment\nX-Y: =?\nContent-Description: x\n': None,
    'Content-Disposition: attachment; filename="..\\..\\Windows\\x.xlsx"\n': "x.xlsx",
    'Content-Disposition: attachment; filename="../../etc/x.xlsx"\n': "x.xlsx",
    'Content-Disposition: attachment; filename="/etc/passwd"\n': "passwd",
    'Content-Disposition: attachment; filename=".."\n': None,
    'Content-Disposition: attachment; filename="=?utf-8?Q?x=0D=0ABcc:_a@b.xlsx?="\n':
        "x Bcc: a@b.xlsx",
    'Content-Disposition: attachment; filename="=?no-such?B?QsOhby54bHN4?="\n': "Báo.xlsx",
    "Content-Disposition: attachment; filename*=no-such''B%C3.xlsx\n": "BÃ.xlsx",
    'Content-Disposition: attachment; filename="a \\"b\\".xlsx"\n': 'a "b".xlsx',
}  # fmt: skip


@pytest.mark.parametrize(("headers", "name"), NAMES.items())
def test_names_are_read_as_people_gave_them_and_lead_nowhere(tmp_path, headers, name):
    (leaf,) = collect_mail(tmp_path, mail(WORDS, part(headers=headers)))
    assert (leaf.name, leaf.data) == (name or "Bao cao", BOOK)


def test_a_name_in_the_content_type_will_do(tmp_path):
    (leaf,) = collect_mail(tmp_path, mail(part(headers="", kind='application/x; name="Sổ.xlsx"')))
    assert leaf.name == "Sổ.xlsx"


def test_windows_bytes_in_a_name_are_vietnamese(tmp_path):
    raw = mail(part(headers='Content-Disposition: attachment; filename="Th\udcf0i.xlsx"\n'))
    (leaf,) = collect_mail(tmp_path, raw)
    assert leaf.name == "Thđi.xlsx"


@given(st.text(max_size=60))
def test_any_text_is_readable_and_on_one_line(text):
    assert (
        readable_text(text).isprintable()
        or "\u00ad" in readable_text(text)
        or not readable_text(text).isascii()
    )
    assert not set(readable_text(text)) & set("\r\n\t\0")


def test_mails_in_mails_are_opened_and_the_outer_sender_counts(tmp_path):
    inner = mail(
        part(OTHER), head=HEAD.replace("CB01", "else"), kind='multipart/mixed; boundary="=-1"'
    )
    wrapped = f"Content-Type: message/rfc822\n\n{inner.decode()}".replace("=-1", "=-2")
    (leaf,) = collect_mail(tmp_path, mail(WORDS, wrapped))
    assert (leaf.name, leaf.data, leaf.sender) == ("bao cao.xlsx", OTHER, "cb01@town.example")


def test_a_mail_attached_in_base64_or_as_a_file_is_opened(tmp_path):
    inner = mail(part(), head=HEAD.replace("CB01", "else")).replace(b"=-1", b"=-2")
    as_mail = part(inner, "", "message/rfc822")
    as_file = part(inner, 'Content-Disposition: attachment; filename="tiep.eml"\n')
    for number, kind in enumerate((as_mail, as_file)):
        (leaf,) = collect_mail(tmp_path / str(number), mail(WORDS, kind))
        assert (leaf.name, leaf.data, leaf.sender) == ("bao cao.xlsx", BOOK, "cb01@town.example")


def nest(levels: int) -> bytes:
    inner = HEAD + part()
    for _ in range(levels):
        inner = f"{HEAD}Content-Type: message/rfc822\n\n{inner}"
    return inner.encode()


@pytest.mark.parametrize("levels", [21, 3000])
def test_nesting_ends_at_twenty(tmp_path, levels):
    assert [leaf.skip_reason for leaf in collect_mail(tmp_path / "a", nest(limits.MAX_MAILS))] == [
        None
    ]
    assert [leaf.skip_reason for leaf in collect_mail(tmp_path / "b", nest(levels))] == ["N12"]


def test_parts_end_at_two_hundred(tmp_path):
    leaves = collect_mail(tmp_path, mail(*[part() for _ in range(250)]))
    assert [leaf.skip_reason for leaf in leaves] == [None] * 200 + ["N12"]


def test_a_mail_without_a_file_is_one_leaf_and_kept(tmp_path):
    raw = mail(WORDS)
    (leaf,) = collect_mail(tmp_path, raw)
    assert (leaf.name, leaf.skip_reason, leaf.data) == ("Bao cao", "N13", raw)
    assert (leaf.sender, leaf.thread) == ("cb01@town.example", "<1@town.example>")


def test_what_mail_programs_add_is_ignored_with_a_reason(tmp_path):
    header = 'Content-Disposition: inline; filename="logo.png"\nContent-ID: <1>\n'
    signature = part(b"x", "", "application/pgp-signature")
    leaves = collect_mail(tmp_path, mail(WORDS, part(), part(LOGO, header, "image/png"), signature))
    assert names_and_reasons(leaves) == [("bao cao.xlsx", None), ("logo.png", "N11")]


def disposition(name: str) -> str:
    return f'Content-Disposition: attachment; filename="{name}"\n'


def test_a_signed_copy_beside_one_return_is_kept_with_it(tmp_path):
    inline = 'Content-Disposition: inline; filename="IMG_1.jpg"\n'
    leaves = collect_mail(
        tmp_path, mail(WORDS, part(SCAN, disposition("scan.pdf")), part(), part(PHOTO, inline))
    )
    assert names_and_reasons(leaves) == [
        ("scan.pdf", "N14"),
        ("bao cao.xlsx", None),
        ("IMG_1.jpg", "N14"),
    ]
    assert {leaf.kept_with for leaf in leaves if leaf.skip_reason} == {leaves[1].origin}


def test_a_copy_beside_two_returns_belongs_to_that_of_its_name(tmp_path):
    leaves = collect_mail(
        tmp_path,
        mail(
            part(BOOK, disposition("a.xlsx")),
            part(OTHER, disposition("b.xlsx")),
            part(SCAN, disposition("b.pdf")),
            part(SCAN, disposition("c.pdf")),
        ),
    )
    assert names_and_reasons(leaves)[2:] == [("b.pdf", "N14"), ("c.pdf", "N01")]
    assert leaves[2].kept_with == leaves[1].origin


def test_copies_in_zips_and_folders_go_by_their_name(tmp_path):
    lay(
        tmp_path,
        **{
            "a.xlsx": BOOK,
            "a.pdf": SCAN,
            "b.pdf": SCAN,
            "x/a.pdf": SCAN,
            "z.zip": make_zip(**{"1.xlsx": BOOK, "scan.pdf": SCAN}),
        },
    )
    leaves = {leaf.origin: (leaf.skip_reason, leaf.kept_with) for leaf in collect_files(tmp_path)}
    assert leaves == {
        "a.pdf": ("N14", "a.xlsx"),
        "a.xlsx": (None, None),
        "b.pdf": ("N01", None),
        "x/a.pdf": ("N01", None),
        "z.zip!1.xlsx": (None, None),
        "z.zip!scan.pdf": ("N14", "z.zip!1.xlsx"),
    }


def test_a_zip_in_a_mail_is_opened(tmp_path):
    leaves = collect_mail(
        tmp_path, mail(part(make_zip(**{"1.xlsx": BOOK, "2.rar": b"Rar!"}), disposition("a.zip")))
    )
    assert [(leaf.origin, leaf.skip_reason) for leaf in leaves] == [
        ("thu.eml!1/a.zip!1.xlsx", None),
        ("thu.eml!1/a.zip!2.rar", "N04"),
    ]
    assert {leaf.sender for leaf in leaves} == {"cb01@town.example"}


def test_damage_never_stops_the_others(tmp_path):
    broken = b"From: \xff\xfe\nContent-Type: multipart/mixed; boundary=\n\n--\n\n"
    lay(tmp_path, **{"1.eml": broken, "2.eml": b"", "3.eml": mail(part())})
    assert [leaf.skip_reason for leaf in collect_files(tmp_path)] == ["N13", "N13", None]


@given(st.binary(max_size=300), st.integers(0, 600), st.integers(0, 40))
def test_a_mail_hurt_anywhere_is_still_leaves(junk, at, cut):
    whole = mail(WORDS, part(), part(SCAN, disposition("a.pdf")))
    hurt = whole[:at] + junk + whole[at + cut :]
    leaves = list(
        mail_members(IncomingFile("m.eml", hurt, "m.eml", "2019-12-06T09:00:00+07:00"), MailTrust())
    )
    assert leaves
    for leaf in leaves:
        assert leaf.channel == "mail"
        assert leaf.name
        assert not set(leaf.name) & set("/\\\r\n\0")


def test_a_mail_without_a_name_that_ends_in_eml_is_known_by_its_headers(tmp_path):
    lay(tmp_path, **{"msg1": mail(part()), "ghi chu.txt": b"From: a\nb: c"})
    assert names_and_reasons(collect_files(tmp_path)) == [
        ("ghi chu.txt", "N03"),
        ("bao cao.xlsx", None),
    ]


def test_a_file_name_is_none_where_there_is_none():
    from email import message_from_string

    assert file_name(message_from_string("Content-Type: text/plain\n\nx")) is None


def test_base64_may_be_broken(tmp_path):
    text = base64.encodebytes(BOOK).decode()
    hurt = f"{DISPOSITION}Content-Transfer-Encoding: base64\n\n{text[:-9]}*\n"
    (leaf,) = collect_mail(tmp_path, mail(hurt))
    assert leaf.name == "bao cao.xlsx"
    assert leaf.data.startswith(BOOK[:100])


@pytest.mark.parametrize(
    "header",
    ['Content-Type: multipart/mixed; boundary="' + ";" * 2_000_000,
     "Content-Type: text/plain; name=" + " " * 2_000_000 + "x",
     "From: " + "a@b, " * 400_000, "From: " + "(" * 2_000_000, "Subject: " + "=?utf-8?Q?" * 200_000,
     "Content-Type: text/plain; name*=" + "%" * 2_000_000],
    ids=["boundary", "name", "addresses", "comments", "subject", "encoded"],
)  # fmt: skip
def test_no_header_keeps_the_program_busy(tmp_path, header):
    begun = time.process_time()
    leaves = collect_mail(tmp_path, f"{header}\nX-Other: 1\n\n{part()}".encode())
    assert len(leaves) == 1
    assert time.process_time() - begun < 5


def test_a_mail_of_a_million_parts_is_not_taken_apart(tmp_path):
    many = HEAD + 'Content-Type: multipart/mixed; boundary="b"\n\n' + "--b\n\n" * 1_000_000
    assert [leaf.skip_reason for leaf in collect_mail(tmp_path, many.encode())] == ["N12"]


LEFTOVERS = {
    "a Mac's resource fork": part(
        b"\0\5\x16\7" + bytes(80), disposition("bao cao.xlsx"), "application/applefile"
    ),
    "the same as any file": part(b"\0\5\x16\7" + bytes(80), disposition("._bao cao.xlsx")),
    "a footer of Exchange": part(b"footer", disposition("ATT00001.txt"), "text/plain"),
    "Outlook's layout": part(b"x", disposition("oledata.mso")),
    "a theme of Word's": part(b"x", disposition("themedata.thmx")),
    "a signature": part(b"x", disposition("smime.p7s")),
    "a key": part(b"x", disposition("key.asc"), "application/pgp-keys"),
}


@pytest.mark.parametrize("leftover", LEFTOVERS.values(), ids=LEFTOVERS)
def test_what_mail_programs_leave_is_no_file(tmp_path, leftover):
    leaves = collect_mail(tmp_path / "a", mail(WORDS, leftover, part()))
    assert names_and_reasons(leaves) == [("bao cao.xlsx", None)]
    assert leaves[0].data == BOOK
    leaves = collect_mail(tmp_path / "b", mail(WORDS, leftover))
    assert names_and_reasons(leaves) == [("Bao cao", "N13")]


def test_a_small_picture_of_outlooks_layout_is_a_logo_without_saying_so(tmp_path):
    leaves = collect_mail(tmp_path, mail(WORDS, part(LOGO, disposition("image001.png"))))
    assert names_and_reasons(leaves) == [("image001.png", "N11")]


LINKS = {
    "https://1drv.ms/x/s!AbCd": "N18",
    "HTTPS://Drive.Google.com/file/d/1": "N18",
    "https://town-my.sharepoint.com/:x:/g/1": "N18",
    "https://f25-zpc.zdn.vn/1/bao%20cao": "N18",
    "http://x.example:8080/bao-cao.xlsx?dl=1": "N18",
    "https://notdropbox.com/s/1": "N13",
    "https://www.muonglay.example/tin-tuc": "N13",
    "https://zalo.me/0912": "N13",
    "drive.google.com": "N13",
}


@pytest.mark.parametrize(("link", "code"), LINKS.items())
def test_a_link_instead_of_a_file(tmp_path, link, code):
    words = f"Content-Type: text/plain\n\nBáo cáo ở {link} ạ\n"
    (leaf,) = collect_mail(tmp_path / "a", mail(words))
    assert (leaf.name, leaf.skip_reason) == ("Bao cao", code)
    logo = part(LOGO, 'Content-Disposition: inline; filename="l.png"\n')
    codes = [leaf.skip_reason for leaf in collect_mail(tmp_path / "b", mail(words, logo))]
    assert codes == ["N11", "N18"][: 1 + (code == "N18")]
    with_file = collect_mail(tmp_path / "c", mail(words, part()))
    assert names_and_reasons(with_file) == [("bao cao.xlsx", None)]
