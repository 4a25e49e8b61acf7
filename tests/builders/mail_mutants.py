"""Mails with a good return, changed by chance, each with what must become of it.

same      only the wrapping was changed: the very bytes of the return are found in it
stranger  it comes from an address nobody has registered: never accepted
any       damaged somehow: one verdict on each leaf, and what is accepted is the return itself
"""

from __future__ import annotations

import base64
import io
import random
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from builders.corpora import REGISTERED
from builders.workbook_mutants import Original

Random = random.Random


@dataclass(frozen=True)
class MailMutant:
    """A changed mail and the return that was put into it."""

    name: str
    how: str
    data: bytes
    must: str
    original: Original


_NAMES = [
    'filename="bao cao.xlsx"', "filename=bao cao.xlsx", "filename*=utf-8''b%C3%A1o%20c%C3%A1o.xlsx",
    'filename="=?utf-8?B?YsOhbyBjw6FvLnhsc3g=?="', "filename==?utf-8?Q?b=C3=A1o.xlsx?=",
    'filename*0="bao "; filename*1="cao.xlsx"', 'filename="..\\\\..\\\\evil.xlsx"',
    'filename="a\x1b[2J.xlsx"', 'filename="báo cáo.xlsx"', 'filename="/etc/passwd.xlsx"',
    'filename="' + "x" * 300 + '.xlsx"', 'filename="CON.xlsx"',
]  # fmt: skip
_KINDS = [
    "application/octet-stream", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/x-zip-compressed", "text/plain; charset=utf-8", "image/png", "nonsense",
]  # fmt: skip
_EXTRA = [
    "X-Priority: 1", "X-Long: " + "a" * 5000, "Received: from a by b; Fri, 6 Dec 2019 09:00 +0700",
    "References: <a@b> <c@d>", "DKIM-Signature: v=1; a=rsa-sha256; b=" + "Q" * 300,
    "X-Folded: a\n b\n\tc", "Date: nonsense", "Content-Language: vi", "X-8bit: đồng chí",
]  # fmt: skip
_SUBJECTS = ["Bao cao", "=?utf-8?B?QsOhbyBjw6Fv?=", "=?utf-8?Q?a=0D=0ABcc:_x@y?=", "", "Báo cáo"]


def _base64(rng: Random, data: bytes) -> tuple[str, bytes]:
    coded = base64.encodebytes(data)
    if rng.random() < 0.3:
        coded = coded.replace(b"\n", b"") + b"\n"
    return "base64", coded


def _quote(rng: Random, data: bytes) -> tuple[str, bytes]:
    coded = [f"={byte:02X}" for byte in data]
    lines = ("".join(coded[at : at + 24]) for at in range(0, len(coded), 24))
    return "quoted-printable", "=\n".join(lines).encode()


def _zip(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("bao cao.xlsx", data)
    return buffer.getvalue()


def _mail(rng: Random, data: bytes, sender: str) -> bytes:
    """A mail with one file, in one of the ways programs write them."""
    name = rng.choice(_NAMES)
    if rng.random() < 0.15:
        data, name = _zip(data), 'filename="bao cao.zip"'
    coding, body = rng.choice([_base64, _base64, _base64, _quote])(rng, data)
    head = [
        f"From: {rng.choice(['', 'Chi bo 1 ', '=?utf-8?B?Q2hpIGLhu5kgMQ==?= '])}<{sender}>",
        "To: vp@town.example",
        f"Subject: {rng.choice(_SUBJECTS)}",
        "MIME-Version: 1.0",
        f"Message-ID: <{rng.random()}@town.example>",
        *rng.sample(_EXTRA, rng.randint(0, 3)),
    ]
    rng.shuffle(head)
    file = [
        f"Content-Type: {rng.choice(_KINDS)}",
        f"Content-Disposition: attachment; {name}",
        f"Content-Transfer-Encoding: {coding}",
    ]
    shape = rng.choice(["mixed", "mixed", "alone", "nested", "forwarded"])
    if shape == "alone":
        return _lines(head + file) + b"\n" + body
    mark = f"=-{rng.randrange(10**9)}"
    words = b"Content-Type: text/plain; charset=utf-8\n\nK\xc3\xadnh g\xe1\xbb\xadi\n"
    parts = [words, _lines(file) + b"\n" + body]
    if shape == "nested":
        parts = [_multipart(mark + "in", parts, "related")]
    whole = _multipart(mark, parts, "mixed")
    if shape == "forwarded":
        inner = _lines(["From: somebody@else.example", "Subject: Fw", "MIME-Version: 1.0"]) + whole
        whole = _multipart(mark + "out", [b"Content-Type: message/rfc822\n\n" + inner], "mixed")
    return _lines(head) + whole


def _lines(lines: Sequence[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _multipart(mark: str, parts: Sequence[bytes], kind: str) -> bytes:
    inside = b"".join(f"--{mark}\n".encode() + part + b"\n" for part in parts)
    head = f'Content-Type: multipart/{kind}; boundary="{mark}"\n\n'.encode()
    return head + inside + f"--{mark}--\n".encode()


_JUNK = [
    b"\x00", b"\xff\xfe", b"\r", b"\n\n", b"--", b'"', b"=?utf-8?B?", b"=?x?Q?=0A?=", b";" * 200,
    b"\n--=-1\n", b"(" * 3000, b"Content-Type: message/rfc822\n\n", b"\n ", b"boundary=", b"%00",
    b"A" * 20_000, b"Content-Transfer-Encoding: uuencode\n", "\u202e".encode(), b"\x1b]0;x\x07",
]  # fmt: skip


def _insert(rng: Random, mail: bytes) -> bytes:
    at = _place(rng, mail)
    return mail[:at] + rng.choice(_JUNK) + mail[at:]


def _remove(rng: Random, mail: bytes) -> bytes:
    at = _place(rng, mail)
    return mail[:at] + mail[at + rng.randint(1, 60) :]


def _overwritten(rng: Random, mail: bytes) -> bytes:
    changed = bytearray(mail)
    for _ in range(rng.choice([1, 5, 50])):
        changed[_place(rng, mail)] = rng.randrange(256)
    return bytes(changed)


def _cut(rng: Random, mail: bytes) -> bytes:
    return mail[: _place(rng, mail)]


def _line_twice(rng: Random, mail: bytes) -> bytes:
    lines = mail.split(b"\n")
    at = min(rng.randrange(60), len(lines) - 1)
    return b"\n".join([*lines[: at + 1], rng.choice(lines[:60]), *lines[at + 1 :]])


def _line_gone(rng: Random, mail: bytes) -> bytes:
    lines = mail.split(b"\n")
    at = min(rng.randrange(30), len(lines) - 1)
    return b"\n".join(lines[:at] + lines[at + 1 :])


def _deep(rng: Random, mail: bytes) -> bytes:
    wrap = b"Content-Type: message/rfc822\n\n"
    return wrap * rng.choice([5, 25, 3000]) + mail


def _bare_returns(rng: Random, mail: bytes) -> bytes:
    return mail.replace(b"\n", b"\r")


def _place(rng: Random, mail: bytes) -> int:
    """A place in the mail, mostly among its headers."""
    return rng.randrange(min(len(mail), 1500) if rng.random() < 0.7 else len(mail))


_DAMAGES: tuple[Callable[[Random, bytes], bytes], ...] = (
    _insert, _remove, _overwritten, _cut, _line_twice, _line_gone, _deep, _bare_returns,
)  # fmt: skip


def mail_mutant(seed: int, number: int, originals: Sequence[Original]) -> MailMutant:
    """Return the mail of that number: the same for the same seed."""
    rng = random.Random(f"mail {seed}/{number}")
    base, name = rng.choice(originals), f"{number}.eml"
    share = rng.random()
    if share < 0.3:
        mail = _mail(rng, base.data, REGISTERED)
        ends = rng.choice([b"\n", b"\r\n"])
        return MailMutant(name, "wrapped", mail.replace(b"\n", ends), "same", base)
    if share < 0.4:
        who = rng.choice(["x@evil.example", "cb01@town.example.evil", "CB01@town.examp1e", "cb01"])
        return MailMutant(name, f"from {who}", _mail(rng, base.data, who), "stranger", base)
    mail = _mail(rng, base.data, REGISTERED)
    damages = [rng.choice(_DAMAGES) for _ in range(rng.choice([1, 1, 2, 4]))]
    for damage in damages:
        mail = damage(rng, mail) or b"\n"
    return MailMutant(name, "+".join(d.__name__[1:] for d in damages), mail, "any", base)
