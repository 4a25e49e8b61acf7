"""Mails: the files they carry, whatever shape the mail has.

The parts are walked, not asked for their attachments: the message itself may be the attachment,
or the line that tells the parts apart be missing. What is a file is told by its first bytes.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.message import Message

from mlay_batch.intake import headers, limits
from mlay_batch.intake.folders import nfc
from mlay_batch.intake.headers import Postmark
from mlay_batch.intake.kinds import ending, inline, is_file, is_workbook_name
from mlay_batch.records import Leaf

TOO_DEEP, NO_FILE, UNREADABLE = "N12", "N13", "N15"
_HEADER = re.compile(
    rb"(From |[!-9;-~]+:[^\r\n]*\r?\n)([!-9;-~]+:|[ \t])", re.DOTALL
)  # two header lines at least
_TYPICAL = re.compile(
    rb"(?im)^(received|return-path|delivered-to|message-id|mime-version|from|subject|date):"
)
_LOST = re.compile(r"(?mi)^--(\S[^\r\n]{0,69}?)[ \t]*\r?\n(?=Content-)")
_SIGNATURES = frozenset({"application/pgp-signature", "application/pkcs7-signature",
                         "application/x-pkcs7-signature"})  # fmt: skip


def is_mail(leaf: Leaf) -> bool:
    """Return whether a file is a mail as it went over the net."""
    if ending(leaf) == ".eml":
        return True
    if is_workbook_name(leaf) or is_file(leaf.data):
        return False
    start = leaf.data[:4096]
    return bool(_HEADER.match(start)) and len(set(_TYPICAL.findall(start))) > 1


def mail_members(leaf: Leaf, postmark: Postmark) -> Iterator[Leaf]:
    """Yield the files of a mail.

    A mail without any is one leaf, ignored as N13: the mail itself. Of a mail beyond the limits
    (nesting, parts) the files within them are yielded, and one leaf ignored as N12.
    """
    if leaf.data.count(b"\n--") > limits.MAX_BOUNDARIES:
        yield replace(leaf, ignored=TOO_DEEP, channel="mail")
        return
    try:
        message = headers.parse(leaf.data)
        sealed = addressed(leaf, message, postmark)
        found = list(_leaves(sealed, message))
    except Exception:  # noqa: BLE001 - RecursionError and whatever a hostile mail makes email raise
        yield replace(leaf, ignored=TOO_DEEP, channel="mail")
        return
    yield from found or [replace(sealed, ignored=NO_FILE, name=sealed.subject or leaf.name)]


def addressed(leaf: Leaf, message: Message, postmark: Postmark) -> Leaf:
    """Return the leaf with what the headers say; of a mail in a mail the outer one counts."""
    if leaf.channel == "mail":
        return leaf
    return replace(
        leaf,
        channel="mail",
        sender=headers.sender(message),
        subject=headers.subject(message),
        thread=headers.thread(message),
        received=headers.received(message, postmark) or leaf.received,
        forged=headers.forged(message, postmark),
    )


@dataclass(frozen=True)
class _Part:
    """A part that holds bytes, or the sign that the mail is beyond the limits."""

    message: Message | None
    data: bytes = b""


def _leaves(mail: Leaf, message: Message) -> Iterator[Leaf]:
    for number, part in enumerate(_parts(message, 0), 1):
        if number > limits.MAX_PARTS or part.message is None:
            yield _leaf(mail, number, mail.name, mail.data, TOO_DEEP)
            return
        if _carries_file(part.message, part.data):
            yield _file(mail, number, part.message, part.data)


def _leaf(mail: Leaf, number: int, name: str, data: bytes, ignored: str | None = None) -> Leaf:
    origin = f"{mail.origin}!{number}/{nfc(name)}"
    return replace(mail, name=nfc(name), data=data, origin=origin, ignored=ignored)


def _file(mail: Leaf, number: int, part: Message, data: bytes) -> Leaf:
    name = headers.file_name(part)
    leaf = _leaf(mail, number, name or mail.subject or mail.name, data)
    if name is None:  # the subject is no file name: its end says nothing
        leaf = replace(leaf, name=leaf.name.rstrip(".").replace(".", " "))
    if len(data) > limits.MAX_FILE:
        return replace(leaf, ignored="N08", data=b"")
    shown = part.get_content_disposition() == "inline" or part.get("content-id") is not None
    return inline(leaf) if shown else leaf


def _carries_file(part: Message, data: bytes) -> bool:
    """Whether a part is a file, not the mail's text: it has a name, or is no text, or looks so."""
    if part.get_content_type() in _SIGNATURES:
        return False
    if is_file(data) or headers.file_name(part) or part.get_content_disposition() == "attachment":
        return True
    return part.get_content_maintype() not in ("text", "multipart", "message") and bool(data)


def _parts(message: Message, depth: int) -> Iterator[_Part]:
    """Yield the parts that hold bytes, those of mails in the mail too."""
    if depth > limits.MAX_MAILS:
        yield _Part(None)
        return
    if message.is_multipart():
        if wrapped := _wrapped(message):
            yield from _parts(wrapped, depth + 1)
            return
        for part in message.get_payload():
            if isinstance(part, Message):
                yield from _parts(part, depth + 1)
        return
    yield from _single(message, depth)


def _single(message: Message, depth: int) -> Iterator[_Part]:
    text = message.get_payload()
    if isinstance(text, str) and (repaired := _repaired(message, text)):
        yield from _parts(repaired, depth + 1)
        return
    data = message.get_payload(decode=True)
    if not isinstance(data, bytes):
        return
    if message.get_content_maintype() == "multipart" and (told := _base64(data)):
        data = told
    yield _Part(message, data)


def _repaired(message: Message, text: str) -> Message | None:
    """Return the mail with the boundary its body shows, where its header tells none or a wrong one.

    Only where no parts could be told apart, and where the line below it is a part's header.
    """
    if message.get_content_maintype() not in ("multipart", "text") or headers.file_name(message):
        return None
    found = _LOST.search(text)
    if found is None or '"' in found[1] or "\\" in found[1]:
        return None
    head = f'Content-Type: multipart/mixed; boundary="{found[1]}"\n\n'
    made = headers.parse((head + text).encode("utf-8", "surrogateescape"))
    return made if made.is_multipart() else None


def _wrapped(message: Message) -> Message | None:
    """Return the mail in a mail that was put into base64, which RFC 2046 (5.2.1) forbids."""
    if message.get_content_type() != "message/rfc822":
        return None
    if str(message.get("content-transfer-encoding", "")).strip().lower() != "base64":
        return None
    inner = message.get_payload(0)
    text = inner.as_string() if isinstance(inner, Message) else ""
    data = _base64(text.encode("utf-8", "surrogateescape"))
    return headers.parse(data) if data else None


def _base64(data: bytes) -> bytes | None:
    try:
        return base64.b64decode(b"".join(data.split()), validate=True) or None
    except (binascii.Error, ValueError):
        return None
