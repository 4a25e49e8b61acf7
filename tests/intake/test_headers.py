"""What a mail says of itself is a claim; what the town's own server says of it counts."""

from __future__ import annotations

from email import message_from_string

import pytest
from builders.mails import HANOI, HEAD, NOW, SERVER, collect_mail, mail, part

from mlay_batch.intake import MailTrust
from mlay_batch.intake.headers import is_forged, receipt_time, sender, thread

OWN = (
    "Received: from a (b [1.2.3.4]) by mx.town.example (Postfix) with ESMTPS id 1;\n"
    " Tue, 3 Dec 2019 18:30:00 +0000 (UTC)\n"
)
OTHER = "Received: from c by relay.example; Mon, 2 Dec 2019 01:00:00 +0000\n"
FAKE = "Received: from c by mx.town.example; Fri, 1 Nov 2019 01:00:00 +0000\n"


def message(headers: str):
    return message_from_string(headers + "\n")


@pytest.mark.parametrize(
    ("headers", "when"),
    [
        (OWN, "2019-12-04T01:30:00+07:00"),
        (OTHER + OWN, "2019-12-04T01:30:00+07:00"),
        (OWN + FAKE, "2019-12-04T01:30:00+07:00"),
        (OTHER, None),
        ("", None),
        (OWN.replace("3 Dec", "99 Dec"), None),
        ("Received: by mx.town.example\n" + FAKE, None),
        (OTHER.replace("relay.example;", "relay.example (by mx.town.example);"), None),
    ],
)
def test_the_topmost_line_of_the_own_server_tells_when(headers, when):
    assert receipt_time(message(headers), SERVER) == when


def test_without_a_server_of_ones_own_no_line_is_believed(tmp_path):
    (leaf,) = collect_mail(tmp_path / "a", mail(part(), head=OWN + HEAD), MailTrust(HANOI))
    assert leaf.received == NOW
    (leaf,) = collect_mail(tmp_path / "b", mail(part(), head=OWN + HEAD), SERVER)
    assert leaf.received == "2019-12-04T01:30:00+07:00"


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ("From: CB01@Town.Example\n", "cb01@town.example"),
        ("From: =?utf-8?B?Q2hpIGLhu5k=?= <cb01@town.example>\n", "cb01@town.example"),
        (
            "From: =?utf-8?Q?x_=3Cboss=40town.example=3E?= <cb01@town.example>\n",
            "cb01@town.example",
        ),
        ('From: "boss@town.example" <cb01@town.example>\n', "cb01@town.example"),
        ("From: a@town.example, b@town.example\n", None),
        ("From: a@town.example\nFrom: b@town.example\n", None),
        ("From: nobody\n", None),
        ("Sender: a@town.example\nReply-To: a@town.example\n", None),
        ("From:\n", None),
    ],
)
def test_the_sender_is_the_one_address_in_from(headers, address):
    assert sender(message(headers)) == address


@pytest.mark.parametrize(
    ("headers", "ids"),
    [
        ("Message-ID: <1@x>\n", "<1@x>"),
        ("Message-ID: <3@x>\nReferences: <1@x>\n <2@x>\n", "<1@x> <2@x> <3@x>"),
        ("Message-ID: <2@x>\nIn-Reply-To: <1@x>\n", "<1@x> <2@x>"),
        ("Message-ID: <1@x>\nReferences: Bcc: a@b <1@x> <y\nBcc: c@d>\n", "<1@x>"),
        ("References: <1@x>\n", None),
        ("Message-ID: no id\n", None),
    ],
)
def test_a_thread_is_well_formed_ids_and_nothing_else(headers, ids):
    assert thread(message(headers)) == ids


AUTH = "Authentication-Results: mx.town.example;"


@pytest.mark.parametrize(
    ("headers", "failed"),
    [
        (f"{AUTH} dmarc=fail header.from=x; spf=pass; dkim=pass\n", True),
        (f"{AUTH} dmarc=pass; spf=fail\n", False),
        (f"{AUTH} spf=fail smtp.mailfrom=x\n", True),
        (f"{AUTH} spf=softfail; dkim=none\n", True),
        (f"{AUTH} spf=fail; dkim=pass header.d=x\n", False),
        (f"{AUTH} none\n", False),
        (f"{AUTH} spf=pass (dmarc=fail)\n", False),
        ("Authentication-Results: evil.example; dmarc=fail\n", False),
        (f"{AUTH} dmarc=fail\n{AUTH} dmarc=pass\n", True),
        (f"Authentication-Results: evil.example; dmarc=pass\n{AUTH} dmarc=fail\n", True),
        ("", False),
    ],
)
def test_the_own_host_says_whether_a_mail_is_forged(headers, failed):
    assert is_forged(message(headers), SERVER) is failed
    assert is_forged(message(headers), MailTrust(HANOI)) is False
