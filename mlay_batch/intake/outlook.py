"""Unpacks what Outlook writes: mails saved as .msg, and winmail.dat (TNEF, MS-OXTNEF).

The libraries for both trust their input (a winmail.dat of 53 bytes hangs tnefparse), so they run
in a child process with a time and a memory limit.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait

from mlay_batch.core import codec
from mlay_batch.core.processes import limit_memory
from mlay_batch.intake import limits
from mlay_batch.intake.eml import TOO_DEEP, UNREADABLE, add_headers, notice
from mlay_batch.intake.file_types import (
    OLE,
    PROPERTY_STREAM,
    TNEF,
    is_mail_leftover,
    nfc,
    skip_inline_picture,
    suffix,
)
from mlay_batch.intake.headers import MailTrust, parse_mail, readable_text
from mlay_batch.intake.mail_kinds import NO_FILE, reason_without_file
from mlay_batch.model.records import IncomingFile

_MAX_ANSWER = 2 * limits.MAX_UNPACKED  # bytes of an answer: its base64 is longer by a third
_MSG_STREAM = PROPERTY_STREAM.encode("utf-16-le")


@dataclass(frozen=True)
class OutlookMail:
    """The child's answer.

    Attributes:
        headers: the mail's header lines.
        files: name, bytes (None for what is no file), and whether it is shown in the text.
        text: the mail's text, cut to `limits.MAX_TEXT`.
    """

    headers: str = ""
    files: tuple[tuple[str, bytes | None, bool], ...] = ()
    text: str = ""


def is_msg(file: IncomingFile) -> bool:
    """Whether a file is a mail saved by Outlook."""
    return file.data.startswith(OLE) and (suffix(file) == ".msg" or _MSG_STREAM in file.data)


def msg_members(file: IncomingFile, trust: MailTrust) -> Iterator[IncomingFile]:
    """Yield the files of a .msg; N15 where it cannot be read, N13 where it has none."""
    mail = read_in_child("msg", file.data)
    if mail is None:
        yield replace(file, skip_reason=UNREADABLE, channel="mail")
        return
    message = parse_mail(mail.headers.encode("utf-8", "replace"))
    mail_file = add_headers(file, message, trust)
    files = notice(mail_file, message) or list(_mail_files(mail_file, mail))
    reason = reason_without_file(message, [mail.text])
    yield from files or [
        replace(mail_file, skip_reason=reason, name=mail_file.subject or file.name)
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
        if is_mail_leftover(file_name, data or b""):
            continue
        file = replace(
            mail, name=file_name, data=data or b"", origin=f"{mail.origin}!{number}/{file_name}"
        )
        if data is None:  # an object that is no file, or a mail nested too deeply
            file = replace(file, skip_reason=UNREADABLE)
        elif len(data) > limits.MAX_FILE:
            file = replace(file, skip_reason="N08", data=b"")
        yield file if file.skip_reason else skip_inline_picture(file, is_inline=is_inline)


def read_in_child(task: str, data: bytes) -> OutlookMail | None:
    """Parse the bytes in a child process; None if it failed, or twice died or took too long.

    Once might be for a busy machine.
    """
    reply = _ask_child(task, data)
    if reply is None:
        reply = _ask_child(task, data)
    try:
        return codec.load(reply, OutlookMail) if reply else None
    except ValueError:
        return None


def _ask_child(task: str, data: bytes) -> bytes | None:
    """Return a child's answer, empty if it failed; None if it died or took too long."""
    context = get_context("spawn")  # the same on every system, without the parent's memory
    connection, child_connection = context.Pipe()
    child = context.Process(
        target=_work, args=(child_connection, task, limits.OUTLOOK_MEMORY_MB), daemon=True
    )
    child.start()
    child_connection.close()
    try:
        # Until the child has taken its end of the pipe, Windows keeps that open here.
        if connection not in wait([connection, child.sentinel]):
            return None
        connection.recv_bytes(1)  # the child is up: the clock starts
        connection.send_bytes(data)
        is_in_time = connection.poll(limits.OUTLOOK_SECONDS)
        return connection.recv_bytes(_MAX_ANSWER) if is_in_time else None
    except (EOFError, OSError):
        return None
    finally:
        child.kill()
        child.join()
        child.close()
        connection.close()


def _work(pipe: Connection, task: str, memory_mb: int) -> None:
    """Send the parsed mail, empty bytes if that fails. Runs in the child."""
    from mlay_batch.intake import outlook_formats  # start-up: its libraries, 34 ms, in a child only

    limit_memory(memory_mb)
    with contextlib.suppress(EOFError, OSError):
        pipe.send_bytes(b"+")
        data = pipe.recv_bytes()
        try:
            pipe.send_bytes(codec.dump(OutlookMail(*outlook_formats.READERS[task](data))))
        except Exception:  # noqa: BLE001 - a hostile file makes a library raise anything
            pipe.send_bytes(b"")
