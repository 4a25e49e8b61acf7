"""Parses .msg and winmail.dat. The libraries trust their input: only a child process loads this."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from email.message import Message
from typing import Any

import tnefparse
from olefile import OleFileIO
from oxmsg import Message as Msg
from oxmsg.attachment import Attachment as MsgAttachment
from oxmsg.domain import constants as c
from oxmsg.storage import Storage

from mlay_batch.intake import limits
from mlay_batch.intake.file_types import PROPERTY_STREAM

Attachment = tuple[str, bytes | None, bool]
"""Name, bytes (None for what is no file), whether it is shown in the text."""
ParsedMail = tuple[str, tuple[Attachment, ...], str]
"""The mail's header lines, its files and its text."""
_EMBEDDED_MAIL = "__substg1.0_3701000D"


def _read_msg(data: bytes) -> ParsedMail:
    with OleFileIO(data) as ole:
        root = Storage.from_ole(ole)
    msg = Msg(root)
    text_property = msg.properties.str_prop_value
    head = text_property(c.PID_TRANSPORT_MESSAGE_HEADERS)
    if not head:
        head = _build_headers(
            {
                "From": text_property(c.PID_SENDER_SMTP_ADDRESS)
                or text_property(c.PID_SENDER_EMAIL_ADDRESS),
                "Subject": msg.subject,
                "Message-ID": text_property(c.PID_INTERNET_MESSAGE_ID),
                "Content-Type": _report_type(msg.message_class),
            }
        )
    return head, tuple(_read_attachments(root, 0)), _read_text(msg)


def _read_text(msg: Msg) -> str:
    """Return the mail's text; empty where it is in no known encoding."""
    try:
        return (msg.body or "")[: limits.MAX_TEXT]
    except (ValueError, LookupError, OSError):
        return ""


def _report_type(message_class: str) -> str | None:
    """Return the type of a report (MS-OXCMAIL, 2.2.3.7) that has no header lines; else None."""
    if not message_class.upper().startswith("REPORT."):
        return None
    kind = (
        "delivery-status" if message_class.upper().endswith(".NDR") else "disposition-notification"
    )
    return f"multipart/report; report-type={kind}"


def _read_attachments(mail: Any, depth: int) -> Iterator[Attachment]:
    """Yield the files of a mail, those of mails within it too (MS-OXMSG, 2.2.2.1)."""
    for storage in mail.iter_attachment_storages():
        inner = next(
            (s for s in storage.storages if s.name == _EMBEDDED_MAIL and _is_embedded_mail(s)), None
        )
        if inner is not None and depth < limits.MAX_MAILS:
            yield from _read_attachments(inner, depth + 1)
            continue
        attachment = MsgAttachment(storage)
        text_property = attachment.properties.str_prop_value
        name = attachment.file_name or text_property(c.PID_ATTACH_FILENAME) or ""
        yield name, attachment.file_bytes, bool(text_property(c.PID_ATTACH_CONTENT_ID))


def _is_embedded_mail(storage: Any) -> bool:
    """Whether an embedded object is a mail, not e.g. a drawing of an old Word."""
    return any(stream.name == PROPERTY_STREAM for stream in storage.streams)


def _build_headers(values: Mapping[str, str | None]) -> str:
    message = Message()
    for name, value in values.items():
        if value:
            message[name] = " ".join(value.split())
    return message.as_string()


def _read_tnef(data: bytes) -> ParsedMail:
    logging.disable()
    attachments = tnefparse.TNEF(data).attachments
    files = tuple(
        (_attachment_name(attachment), bytes(attachment.data), False) for attachment in attachments
    )
    return "", files, ""


def _attachment_name(attachment: Any) -> str:
    """Return the name; empty where it is not UTF-8, which tnefparse assumes."""
    try:
        return str(attachment.long_filename())
    except UnicodeDecodeError:
        return ""


READERS: Mapping[str, Callable[[bytes], ParsedMail]] = {"msg": _read_msg, "tnef": _read_tnef}
