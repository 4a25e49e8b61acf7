"""Unpacks mails (.eml) and mailboxes in one file (mbox).

Walks over the parts instead of using `iter_attachments`: the message itself may be the attachment,
or its boundary may be missing. The first bytes of a part decide whether it is a file.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.message import Message
from itertools import pairwise

from mlay_batch.core.signature import Signature
from mlay_batch.intake import headers, limits, mail_kinds
from mlay_batch.intake.file_types import (
    ENCRYPTED,
    INLINE_PICTURE,
    LINK,
    is_file_content,
    is_mail_leftover,
    is_workbook_name,
    nfc,
    skip_inline_picture,
    skip_reason,
    suffix,
)
from mlay_batch.intake.headers import MailTrust
from mlay_batch.intake.signed_mail import has_signer, is_signed_data
from mlay_batch.model.records import IncomingFile

TOO_DEEP, UNREADABLE = "N12", "N15"
_HEADER_LINES = re.compile(
    rb"(From |[!-9;-~]+:[^\r\n]*\r?\n)([!-9;-~]+:|[ \t])", re.DOTALL
)  # two header lines at least
_TYPICAL_HEADERS = re.compile(
    rb"(?im)^(received|return-path|delivered-to|message-id|mime-version|from|subject|date):"
)
_LOST_BOUNDARY = re.compile(r"(?mi)^--(\S[^\r\n]{0,69}?)[ \t]*\r?\n(?=Content-)")
_ENCRYPTED_TYPE = "multipart/encrypted"
# What Outlook keeps of a mail signed in the clear: its signed part, as a file.
_SIGNED_ENTITY = re.compile(
    rb"(?i)\s*(mime-version:[^\r\n]*\r?\n)?content-type:\s*multipart/signed\b"
)
_PGP_SIGNATURE = b"-----BEGIN PGP SIGNATURE-----"
_SIGNATURE_TYPES = frozenset(
    {
        "application/pgp-signature",
        "application/pgp-keys",
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
    }
)
# The line before each mail of an mbox: an address and a time that ends in a year.
_FROM_LINE = re.compile(rb"(?m)(?:\A|(?<=\n\n)|(?<=\r\n\r\n))From [^\r\n]*\d{4}[^\r\n]*\r?\n")
_QUOTED_FROM = re.compile(rb"(?m)^>(>*From )")
_ID_LENGTH = 16  # characters of the hash that identifies a mail in its mailbox


def is_mail(file: IncomingFile) -> bool:
    """Whether a file is a mail in the format of RFC 5322."""
    if suffix(file) == ".eml":
        return True
    if is_workbook_name(file) or is_file_content(file.data):
        return False
    start = file.data[:4096]
    if _SIGNED_ENTITY.match(start):
        return True
    return bool(_HEADER_LINES.match(start)) and len(set(_TYPICAL_HEADERS.findall(start))) > 1


def mail_members(file: IncomingFile, trust: MailTrust) -> Iterator[IncomingFile]:
    """Yield the files of a mail.

    A mail that a mail system wrote is itself ignored, whatever it quotes; so is one without files.
    A mail beyond the limits (nesting, parts) yields the files up to there, and one ignored as N12.
    """
    if file.data.count(b"\n--") > limits.MAX_BOUNDARIES:
        yield replace(file, skip_reason=TOO_DEEP, channel="mail")
        return
    try:
        message = headers.parse_mail(file.data)
        mail = _with_signature(add_headers(file, message, trust), has_signature=_is_signed(message))
        files = notice(mail, message) or _sent_files(mail, message)
    except Exception:  # noqa: BLE001 - a hostile mail makes `email` raise anything, RecursionError too
        yield replace(file, skip_reason=TOO_DEEP, channel="mail")
        return
    yield from files


def _sent_files(mail: IncomingFile, message: Message) -> list[IncomingFile]:
    """Return the files of a mail; the mail itself, as ignored, where it has none."""
    files = list(_mail_files(mail, message))
    if mail_kinds.is_reply_subject(message) and all(map(skip_reason, files)):
        files = []  # what people on leave attach to their automatic reply is no return
    if all(file.skip_reason == INLINE_PICTURE for file in files):
        files += _mail_without_file(mail, message, has_pictures=bool(files))
    return files


def notice(mail: IncomingFile, message: Message) -> list[IncomingFile]:
    """Return a mail that a mail system wrote, as ignored; nothing for any other mail."""
    reason = mail_kinds.notice_reason(message)
    if reason is None:
        return []
    address = mail_kinds.failed_addresses(message) if reason == mail_kinds.BOUNCE else None
    name = mail.subject or mail.name
    return [replace(mail, skip_reason=reason, name=name, undelivered=address)]


def _mail_without_file(
    mail: IncomingFile, message: Message, *, has_pictures: bool
) -> list[IncomingFile]:
    """Return the mail itself, as ignored; beside pictures of its text only where it has a link."""
    reason = mail_kinds.reason_without_file(message, mail_kinds.texts(message))
    if has_pictures and reason != LINK:
        return []
    return [replace(mail, skip_reason=reason, name=mail.subject or mail.name)]


def add_headers(file: IncomingFile, message: Message, trust: MailTrust) -> IncomingFile:
    """Add the mail's headers to the file; for a mail in a mail the outer headers stay."""
    if file.channel == "mail":
        return file
    return replace(
        file,
        channel="mail",
        sender=headers.sender(message),
        subject=headers.subject(message),
        thread=headers.thread(message),
        received=headers.receipt_time(message, trust) or file.received,
        forged=headers.is_forged(message, trust),
    )


@dataclass(frozen=True)
class _Part:
    """A part with its bytes; without a message: the mail is nested too deeply."""

    message: Message | None
    data: bytes = b""
    is_signed: bool = False
    """Whether a signature lies beside it, or beside a part it is in."""


def _mail_files(mail: IncomingFile, message: Message) -> Iterator[IncomingFile]:
    for number, part in enumerate(_parts(message, 0), 1):
        if number > limits.MAX_PARTS or part.message is None:
            yield _member_file(mail, number, mail.name, mail.data, TOO_DEEP)
            return
        if _is_attachment(part.message, part.data):
            signed_mail = _with_signature(mail, has_signature=part.is_signed)
            yield _attachment(signed_mail, number, part.message, part.data)


def _member_file(
    mail: IncomingFile, number: int, name: str, data: bytes, skip_reason: str | None = None
) -> IncomingFile:
    origin = f"{mail.origin}!{number}/{nfc(name)}"
    return replace(mail, name=nfc(name), data=data, origin=origin, skip_reason=skip_reason)


def _attachment(mail: IncomingFile, number: int, part: Message, data: bytes) -> IncomingFile:
    name = headers.file_name(part)
    file = _member_file(mail, number, name or mail.subject or mail.name, data)
    if name is None:  # the subject is no file name and has no suffix
        file = replace(file, name=file.name.rstrip(".").replace(".", " "))
    if len(data) > limits.MAX_FILE:
        return replace(file, skip_reason="N08", data=b"")
    if part.get_content_type() == _ENCRYPTED_TYPE:
        return replace(file, skip_reason=ENCRYPTED)
    is_inline = part.get_content_disposition() == "inline" or part.get("content-id") is not None
    return skip_inline_picture(file, is_inline=is_inline)


def _is_attachment(part: Message, data: bytes) -> bool:
    """Whether a part is a file, not the mail's text: by its bytes, name, disposition or type."""
    name = headers.file_name(part)
    if part.get_content_type() in _SIGNATURE_TYPES or is_mail_leftover(name or "", data):
        return False
    if (
        is_file_content(data)
        or name
        or part.get_content_type() == _ENCRYPTED_TYPE
        or part.get_content_disposition() == "attachment"
    ):
        return True
    return part.get_content_maintype() not in ("text", "multipart", "message") and bool(data)


def _with_signature(file: IncomingFile, *, has_signature: bool) -> IncomingFile:
    """Return the file as one of a signed mail, where it `has_signature`."""
    if not has_signature:
        return file
    return replace(file, signature=file.signature.with_own(Signature.MAIL))


def _is_signed(message: Message) -> bool:
    """Whether a signature lies among the parts of a mail, as in multipart/signed (RFC 1847).

    Mailing lists and other programs on the way may have made it a part like any other.
    """
    signed_files = _signed_file_names(message)
    return any(
        _is_signature(part) and _name_before_p7s(part) not in signed_files
        for part in mail_kinds.direct_parts(message)
    )


def _signed_file_names(message: Message) -> frozenset[str]:
    """Return the files among the parts that have a signature of their own: ``a.xlsx.p7s``."""
    parts = list(mail_kinds.direct_parts(message))
    names = {headers.file_name(part) for part in parts}
    signed_names = {_name_before_p7s(part) for part in parts if _is_signature(part)}
    return frozenset(name for name in signed_names if name and name in names)


def _name_before_p7s(part: Message) -> str:
    name = headers.file_name(part) or ""
    return name[:-4] if name.lower().endswith(".p7s") else ""


def _is_signature(part: Message) -> bool:
    name = headers.file_name(part) or ""
    if part.get_content_type() not in _SIGNATURE_TYPES and not name.lower().endswith(".p7s"):
        return False
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return False
    return data.startswith(_PGP_SIGNATURE) or (is_signed_data(data) and has_signer(data))


def _parts(message: Message, depth: int, *, is_signed: bool = False) -> Iterator[_Part]:
    """Yield the parts that have bytes, those of mails in the mail too."""
    is_signed = is_signed or _is_signed(message)
    if depth > limits.MAX_MAILS:
        yield _Part(None)
        return
    if depth and mail_kinds.is_own_letter(message):  # quoted: the form in it was never sent back
        return
    if message.get_content_type() == _ENCRYPTED_TYPE:  # PGP (RFC 3156): nothing in it can be read
        yield _Part(message, message.as_bytes())
        return
    if message.is_multipart():
        if wrapped := _decode_wrapped_mail(message):
            yield from _parts(wrapped, depth + 1, is_signed=is_signed)
            return
        signed_files = _signed_file_names(message)
        for part in message.get_payload():
            if isinstance(part, Message):
                has_own = headers.file_name(part) in signed_files
                yield from _parts(part, depth + 1, is_signed=is_signed or has_own)
        return
    yield from _body_part(message, depth, is_signed=is_signed)


def _body_part(message: Message, depth: int, *, is_signed: bool) -> Iterator[_Part]:
    payload = message.get_payload()
    if isinstance(payload, str) and (repaired := _repair_boundary(message, payload)):
        yield from _parts(repaired, depth + 1, is_signed=is_signed)
        return
    data = message.get_payload(decode=True)
    if not isinstance(data, bytes):
        return
    if message.get_content_maintype() == "multipart" and (decoded := _decode_base64(data)):
        data = decoded
    yield _Part(message, data, is_signed)


def _repair_boundary(message: Message, text: str) -> Message | None:
    """Return the mail split at the boundary in its body; None where there is none to repair.

    For a mail whose header has no boundary or a wrong one; the line below a boundary must be a
    part's header.
    """
    if message.get_content_maintype() not in ("multipart", "text") or headers.file_name(message):
        return None
    match = _LOST_BOUNDARY.search(text)
    if match is None or '"' in match[1] or "\\" in match[1]:
        return None
    head = f'Content-Type: multipart/mixed; boundary="{match[1]}"\n\n'
    repaired = headers.parse_mail((head + text).encode("utf-8", "surrogateescape"))
    return repaired if repaired.is_multipart() else None


def _decode_wrapped_mail(message: Message) -> Message | None:
    """Return the inner mail that was encoded in base64, which RFC 2046 (5.2.1) forbids."""
    if message.get_content_type() != "message/rfc822":
        return None
    if str(message.get("content-transfer-encoding", "")).strip().lower() != "base64":
        return None
    inner = message.get_payload(0)
    text = inner.as_string() if isinstance(inner, Message) else ""
    data = _decode_base64(text.encode("utf-8", "surrogateescape"))
    return headers.parse_mail(data) if data else None


def _decode_base64(data: bytes) -> bytes | None:
    try:
        return base64.b64decode(b"".join(data.split()), validate=True) or None
    except (binascii.Error, ValueError):
        return None


def is_mailbox(file: IncomingFile) -> bool:
    """Whether a file is an mbox, by its suffix (it may be empty) or its first line."""
    return suffix(file) in (".mbox", ".mbx") or bool(_FROM_LINE.match(file.data[:1000]))


def mailbox_members(file: IncomingFile) -> Iterator[IncomingFile]:
    """Yield the mails of a mailbox, named by their hash because their position changes.

    A mailbox without a mail is itself ignored as N13.
    """
    starts = [match.span() for match in _FROM_LINE.finditer(file.data)]
    if not starts:
        yield replace(file, skip_reason="N13")
    for (_, start), (end, _) in pairwise([*starts, (len(file.data), 0)]):
        data = _QUOTED_FROM.sub(rb"\1", file.data[start:end].rstrip(b"\r\n") + b"\n")
        name = f"{hashlib.sha256(data).hexdigest()[:_ID_LENGTH]}.eml"
        yield replace(file, name=name, data=data, origin=f"{file.origin}!{name}")
