"""Unpacks what Outlook writes: mails saved as .msg, and winmail.dat (TNEF, MS-OXTNEF).

The libraries for both trust their input (a winmail.dat of 53 bytes hangs tnefparse), so they run
in a child process with a time and a memory limit.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from email.message import Message
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

from mlay_batch.core import codec
from mlay_batch.core.processes import limit_memory
from mlay_batch.intake import limits
from mlay_batch.intake.eml import NO_FILE, TOO_DEEP, UNREADABLE, add_headers
from mlay_batch.intake.file_types import OLE, TNEF, nfc, skip_inline_picture, suffix
from mlay_batch.intake.headers import MailTrust, parse_mail, readable_text
from mlay_batch.model.records import IncomingFile

_PROPERTY_STREAM = "__properties_version1.0"
_MAX_ANSWER = 2 * limits.MAX_UNPACKED  # bytes of an answer: its base64 is longer by a third
_MSG_STREAM = _PROPERTY_STREAM.encode("utf-16-le")
_EMBEDDED_MAIL = "__substg1.0_3701000D"
_Attachment = tuple[str, bytes | None, bool]


@dataclass(frozen=True)
class OutlookMail:
    """The child's answer."""

    headers: str = ""
    files: tuple[_Attachment, ...] = ()
    """Name, bytes, whether it is shown in the text."""


def is_msg(file: IncomingFile) -> bool:
    """Whether a file is a mail saved by Outlook."""
    return file.data.startswith(OLE) and (suffix(file) == ".msg" or _MSG_STREAM in file.data)


def msg_members(file: IncomingFile, trust: MailTrust) -> Iterator[IncomingFile]:
    """Yield the files of a .msg; N15 where it cannot be read, N13 where it has none."""
    mail = read_in_child("msg", file.data)
    if mail is None:
        yield replace(file, skip_reason=UNREADABLE, channel="mail")
        return
    mail_file = add_headers(file, parse_mail(mail.headers.encode("utf-8", "replace")), trust)
    files = list(_mail_files(mail_file, mail))
    yield from files or [
        replace(mail_file, skip_reason=NO_FILE, name=mail_file.subject or file.name)
    ]


def is_tnef(file: IncomingFile) -> bool:
    """Whether a file is a winmail.dat, whatever its name."""
    return file.data.startswith(TNEF)


def tnef_members(file: IncomingFile) -> Iterator[IncomingFile]:
    """Yield the files of a winmail.dat; N15 where it cannot be read, N13 where it has none."""
    mail = read_in_child("tnef", file.data)
    if mail is None:
        yield replace(file, skip_reason=UNREADABLE)
        return
    yield from list(_mail_files(file, mail)) or [replace(file, skip_reason=NO_FILE)]


def _mail_files(mail: IncomingFile, outlook_mail: OutlookMail) -> Iterator[IncomingFile]:
    for number, (name, data, is_inline) in enumerate(outlook_mail.files, 1):
        if number > limits.MAX_PARTS:
            yield replace(mail, skip_reason=TOO_DEEP, origin=f"{mail.origin}!{number}")
            return
        file_name = nfc(readable_text(name).replace("\\", "/").rpartition("/")[2]) or mail.name
        file = replace(
            mail, name=file_name, data=data or b"", origin=f"{mail.origin}!{number}/{file_name}"
        )
        if data is None:  # an object that is no file, or a mail nested too deeply
            file = replace(file, skip_reason=UNREADABLE)
        elif len(data) > limits.MAX_FILE:
            file = replace(file, skip_reason="N08", data=b"")
        yield skip_inline_picture(file) if is_inline and file.skip_reason is None else file


def read_in_child(task: str, data: bytes) -> OutlookMail | None:
    """Parse the bytes in a child process; None if it died, failed or took too long."""
    context = get_context("spawn")  # the same on every system, without the parent's memory
    connection, child_connection = context.Pipe()
    child = context.Process(
        target=_work, args=(child_connection, task, limits.OUTLOOK_MEMORY_MB), daemon=True
    )
    child.start()
    child_connection.close()
    try:
        connection.recv_bytes(1)  # the child is up: the clock starts
        connection.send_bytes(data)
        reply = (
            connection.recv_bytes(_MAX_ANSWER) if connection.poll(limits.OUTLOOK_SECONDS) else b""
        )
        answer = codec.load(reply, OutlookMail) if reply else None
    except (EOFError, OSError, ValueError):
        answer = None
    finally:
        child.kill()
        child.join()
        child.close()
        connection.close()
    return answer


def _work(pipe: Connection, task: str, memory_mb: int) -> None:
    """Send the parsed mail, empty bytes if that fails. Runs in the child."""
    limit_memory(memory_mb)
    with contextlib.suppress(EOFError, OSError):
        pipe.send_bytes(b"+")
        data = pipe.recv_bytes()
        try:
            pipe.send_bytes(codec.dump(_READERS[task](data)))
        except Exception:  # noqa: BLE001 - a hostile file makes a library raise anything
            pipe.send_bytes(b"")


def _read_msg(data: bytes) -> OutlookMail:
    from olefile import OleFileIO  # start-up: 25 ms, few mails are .msg
    from oxmsg import Message as Msg  # the same
    from oxmsg.domain import constants as c  # the same
    from oxmsg.storage import Storage  # the same

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
            }
        )
    return OutlookMail(head, tuple(_read_attachments(root, 0)))


def _read_attachments(mail: Any, depth: int) -> Iterator[_Attachment]:
    """Yield the files of a mail, those of mails within it too (MS-OXMSG, 2.2.2.1)."""
    from oxmsg.attachment import Attachment  # start-up: as above
    from oxmsg.domain import constants as c  # the same

    for storage in mail.iter_attachment_storages():
        inner = next(
            (s for s in storage.storages if s.name == _EMBEDDED_MAIL and _is_embedded_mail(s)), None
        )
        if inner is not None and depth < limits.MAX_MAILS:
            yield from _read_attachments(inner, depth + 1)
            continue
        attachment = Attachment(storage)
        text_property = attachment.properties.str_prop_value
        name = attachment.file_name or text_property(c.PID_ATTACH_FILENAME) or ""
        yield name, attachment.file_bytes, bool(text_property(c.PID_ATTACH_CONTENT_ID))


def _is_embedded_mail(storage: Any) -> bool:
    """Whether an embedded object is a mail, not e.g. a drawing of an old Word."""
    return any(stream.name == _PROPERTY_STREAM for stream in storage.streams)


def _build_headers(values: Mapping[str, str | None]) -> str:
    message = Message()
    for name, value in values.items():
        if value:
            message[name] = " ".join(value.split())
    return message.as_string()


def _read_tnef(data: bytes) -> OutlookMail:
    import logging  # in the child only

    import tnefparse  # start-up: 9 ms, few come as winmail.dat

    logging.disable()
    attachments = tnefparse.TNEF(data).attachments
    return OutlookMail(
        "",
        tuple(
            (_attachment_name(attachment), bytes(attachment.data), False)
            for attachment in attachments
        ),
    )


def _attachment_name(attachment: Any) -> str:
    """Return the name; empty where it is not UTF-8, which tnefparse assumes."""
    try:
        return str(attachment.long_filename())
    except UnicodeDecodeError:
        return ""


_READERS: Mapping[str, Callable[[bytes], OutlookMail]] = {"msg": _read_msg, "tnef": _read_tnef}
