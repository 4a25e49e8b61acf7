"""Mails saved by Outlook, winmail.dat, mailboxes in one file and in a folder."""

from __future__ import annotations

import time

import pytest
from builders.mails import (
    BOOK,
    HEAD,
    OTHER,
    SCAN,
    SERVER,
    WORDS,
    collect_files,
    collect_mail,
    lay,
    mail,
    names_and_reasons,
    part,
)
from builders.outlook_files import compound, hanging, letter, msg, tnef

from mlay_batch.intake import limits, outlook


def test_a_mail_saved_by_outlook_is_opened(tmp_path):
    lay(tmp_path, **{"thu.msg": msg({"Báo cáo.xlsx": BOOK, "ký.pdf": SCAN})})
    leaves = collect_files(tmp_path)
    assert names_and_reasons(leaves) == [("Báo cáo.xlsx", None), ("ký.pdf", "N14")]
    assert {(leaf.channel, leaf.sender, leaf.subject, leaf.thread) for leaf in leaves} == {
        ("mail", "cb01@town.example", "Bao cao", "<1@town.example>")
    }
    assert leaves[0].data == BOOK


def test_its_headers_tell_when_it_came(tmp_path):
    received = "Received: from x by mx.town.example; Tue, 3 Dec 2019 01:00:00 +0000\r\n"
    lay(tmp_path, **{"thu.msg": msg({"a.xlsx": BOOK}, received + HEAD.replace("\n", "\r\n"))})
    (leaf,) = collect_files(tmp_path, SERVER)
    assert (leaf.received, leaf.sender) == ("2019-12-03T08:00:00+07:00", "cb01@town.example")


def test_one_without_a_file_is_one_leaf(tmp_path):
    lay(tmp_path, **{"thu.msg": msg({})})
    assert names_and_reasons(collect_files(tmp_path)) == [("Bao cao", "N13")]


def test_a_mail_within_one_is_opened_as_deep_as_any(tmp_path):
    inner = letter({"Báo cáo.xlsx": BOOK}, sender="else@town.example")
    drawing = {"\x01Ole": b"x"}
    for _ in range(limits.MAX_MAILS - 1):
        inner = letter({"tiếp": inner})
    lay(
        tmp_path,
        **{
            "a.msg": msg({"tiếp": inner, "hình": drawing, "ký.pdf": SCAN}),
            "b.msg": msg({"tiếp": letter({"tiếp": inner})}),
            "c.eml": mail(WORDS, part(msg({"thư": letter({"c.xlsx": BOOK})}), NAMED)),
        },
    )
    leaves = collect_files(tmp_path)
    assert names_and_reasons(leaves) == [
        ("Báo cáo.xlsx", None),
        ("hình", "N15"),
        ("ký.pdf", "N14"),
        ("tiếp", "N15"),
        ("c.xlsx", None),
    ]
    assert {leaf.sender for leaf in leaves} == {"cb01@town.example"}


def test_a_damaged_one_is_one_leaf(tmp_path):
    whole = msg({"a.xlsx": BOOK})
    lay(tmp_path, **{"a.msg": whole[:700], "b.msg": compound({"x": b"y"}), "c.xlsx": BOOK})
    assert names_and_reasons(collect_files(tmp_path)) == [
        ("a.msg", "N15"),
        ("b.msg", "N15"),
        ("c.xlsx", None),
    ]


def test_winmail_dat_is_opened(tmp_path):
    packed = part(tnef(**{"bao cao.xlsx": BOOK, "ky.pdf": SCAN}), "", "application/ms-tnef")
    leaves = collect_mail(tmp_path, mail(WORDS, packed))
    assert names_and_reasons(leaves) == [("bao cao.xlsx", None), ("ky.pdf", "N14")]
    assert leaves[0].sender == "cb01@town.example"


def test_winmail_dat_without_a_file_is_one_leaf(tmp_path):
    lay(tmp_path, **{"winmail.dat": tnef()})
    assert names_and_reasons(collect_files(tmp_path)) == [("winmail.dat", "N13")]


def test_a_winmail_dat_that_never_ends_is_given_up_after_a_second_time(tmp_path, monkeypatch):
    started: list[str] = []
    spawn = outlook.get_context
    monkeypatch.setattr(outlook, "get_context", lambda kind: started.append(kind) or spawn(kind))
    monkeypatch.setattr(limits, "OUTLOOK_SECONDS", 1.0)
    assert len(hanging()) == 53
    lay(tmp_path, **{"a.dat": hanging(), "b.xlsx": BOOK})
    begun = time.monotonic()
    assert names_and_reasons(collect_files(tmp_path)) == [("a.dat", "N15"), ("b.xlsx", None)]
    assert 1 <= time.monotonic() - begun < 30
    assert len(started) == 2  # the first time the machine may have been busy
    lay(tmp_path, **{"a.dat": hanging()[:4]})
    assert ("a.dat", "N15") in names_and_reasons(collect_files(tmp_path))
    assert len(started) == 3  # it answered that it cannot be read


NAMED = 'Content-Disposition: attachment; filename="thu.msg"\n'
COPY = part(SCAN, 'Content-Disposition: attachment; filename="bao cao.pdf"\n')
FROM = b"From cb01@town.example Tue Dec  3 08:00:00 2019\n"


def test_an_mbox_is_its_mails_whatever_their_order(tmp_path):
    first_mail, second_mail = (
        mail(part(BOOK)),
        mail(WORDS + "From here on:\n>From nowhere\n", part(OTHER)),
    )
    lay(tmp_path / "a", **{"in.mbox": FROM + first_mail + b"\n" + FROM + second_mail})
    lay(tmp_path / "b", **{"in.mbox": FROM + second_mail + b"\n" + FROM + first_mail})
    first, second = (
        {(x.origin, x.sha256) for x in collect_files(tmp_path / name)} for name in "ab"
    )
    assert first == second
    assert len(first) == 2
    assert names_and_reasons(collect_files(tmp_path / "a")) == [("bao cao.xlsx", None)] * 2


def test_an_mbox_needs_no_name_and_may_be_empty(tmp_path):
    lay(tmp_path, **{"INBOX": FROM + mail(WORDS), "rong.mbox": b""})
    assert names_and_reasons(collect_files(tmp_path)) == [("Bao cao", "N13"), ("rong.mbox", "N13")]


def test_copies_in_an_mbox_stay_with_their_own_mail(tmp_path):
    lay(tmp_path, **{"in.mbox": FROM + mail(part(BOOK)) + b"\n" + FROM + mail(COPY)})
    assert [leaf.skip_reason for leaf in collect_files(tmp_path)] == [None, "N01"]


@pytest.mark.parametrize(
    "moved", ["new/157.M1", "cur/157.M1:2,", "cur/157.M1:2,FS", "cur/157.M1;2,S"]
)
def test_a_mail_of_a_maildir_is_the_same_when_it_was_read(tmp_path, moved):
    for name in ("box/cur", "box/new", "box/tmp"):
        (tmp_path / name).mkdir(parents=True)
    lay(
        tmp_path / "box",
        **{
            moved: mail(part()),
            "tmp/158.M1": b"half",
            "dovecot-uidlist": b"x",
            "maildirfolder": b"",
        },
    )
    (leaf,) = collect_files(tmp_path)
    assert (leaf.origin, leaf.skip_reason) == ("box/157.M1.eml!1/bao cao.xlsx", None)


def test_a_bounce_saved_by_outlook_is_a_bounce(tmp_path):
    head = (
        "From: postmaster@x.example\nSubject: Undeliverable: Mau bao cao\n"
        "X-Failed-Recipients: cb01@town.example\nContent-Type: multipart/report;\n"
        " report-type=delivery-status; boundary=b\n"
    )
    lay(tmp_path, **{"a.msg": msg({"mau.xlsx": BOOK}, head)})
    (leaf,) = collect_files(tmp_path)
    assert (leaf.name, leaf.skip_reason) == ("Undeliverable: Mau bao cao", "N20")
    assert leaf.undelivered == "cb01@town.example"


@pytest.mark.parametrize(
    ("kind", "code"), [("REPORT.IPM.Note.NDR", "N20"), ("REPORT.IPM.Note.IPNRN", "N21")]
)
def test_a_report_within_exchange_has_no_headers(tmp_path, kind, code):
    lay(tmp_path, **{"a.msg": msg({"mau.xlsx": BOOK}, kind=kind)})
    assert names_and_reasons(collect_files(tmp_path)) == [("Bao cao", code)]


def test_a_link_in_a_mail_saved_by_outlook(tmp_path):
    lay(tmp_path, **{"a.msg": msg({}, words="Báo cáo: https://1drv.ms/x/s!AbCd")})
    assert names_and_reasons(collect_files(tmp_path)) == [("Bao cao", "N18")]


def test_a_text_in_no_known_encoding_loses_no_file(tmp_path):
    lay(tmp_path, **{"a.msg": msg({"a.xlsx": BOOK}, words="\ud83d")})
    assert names_and_reasons(collect_files(tmp_path)) == [("a.xlsx", None)]


def test_leftovers_in_a_winmail_are_no_files(tmp_path):
    lay(tmp_path, **{"winmail.dat": tnef(**{"a.xlsx": BOOK, "oledata.mso": b"x"})})
    assert [leaf.name for leaf in collect_files(tmp_path)] == ["a.xlsx"]
