"""What Outlook writes: mails saved as .msg, and winmail.dat (TNEF, MS-OXTNEF).

Both formats are read by libraries that trust their input (a winmail.dat of 53 bytes keeps tnefparse
busy for ever), so they work in a child process with a time and a memory limit.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from email.message import Message
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

from mlay_batch.core import codec
from mlay_batch.intake import limits
from mlay_batch.intake.folders import nfc
from mlay_batch.intake.headers import Postmark, parse, readable
from mlay_batch.intake.kinds import OLE, TNEF, ending, inline
from mlay_batch.intake.mails import NO_FILE, TOO_DEEP, UNREADABLE, addressed
from mlay_batch.records import Leaf

_PROPERTIES = "__properties_version1.0"
_LONGEST = 2 * limits.MAX_UNPACKED  # of an answer, in which files are longer by a third
_MSG_STREAM = _PROPERTIES.encode("utf-16-le")
_EMBEDDED = "__substg1.0_3701000D"
_File = tuple[str, bytes | None, bool]


@dataclass(frozen=True)
class Letter:
    """What the child tells: headers as text, and files as name, bytes, shown in the text."""

    headers: str = ""
    files: tuple[_File, ...] = ()


def is_msg(leaf: Leaf) -> bool:
    """Return whether a file is a mail saved by Outlook."""
    return leaf.data.startswith(OLE) and (ending(leaf) == ".msg" or _MSG_STREAM in leaf.data)


def msg_members(leaf: Leaf, postmark: Postmark) -> Iterator[Leaf]:
    """Yield the files of a .msg; N15 where it cannot be read."""
    letter = unpacked("msg", leaf.data)
    if letter is None:
        yield replace(leaf, ignored=UNREADABLE, channel="mail")
        return
    sealed = addressed(leaf, parse(letter.headers.encode("utf-8", "replace")), postmark)
    found = list(_leaves(sealed, letter))
    yield from found or [replace(sealed, ignored=NO_FILE, name=sealed.subject or leaf.name)]


def is_tnef(leaf: Leaf) -> bool:
    """Return whether a file is a winmail.dat, whatever it is called."""
    return leaf.data.startswith(TNEF)


def tnef_members(leaf: Leaf) -> Iterator[Leaf]:
    """Yield the files of a winmail.dat; N15 where it cannot be read, N13 where it has none."""
    letter = unpacked("tnef", leaf.data)
    if letter is None:
        yield replace(leaf, ignored=UNREADABLE)
        return
    yield from list(_leaves(leaf, letter)) or [replace(leaf, ignored=NO_FILE)]


def _leaves(mail: Leaf, letter: Letter) -> Iterator[Leaf]:
    for number, (name, data, shown) in enumerate(letter.files, 1):
        if number > limits.MAX_PARTS:
            yield replace(mail, ignored=TOO_DEEP, origin=f"{mail.origin}!{number}")
            return
        last = nfc(readable(name).replace("\\", "/").rpartition("/")[2]) or mail.name
        leaf = replace(mail, name=last, data=data or b"", origin=f"{mail.origin}!{number}/{last}")
        if data is None:  # an object that is no file, or a mail too deep inside
            leaf = replace(leaf, ignored=UNREADABLE)
        elif len(data) > limits.MAX_FILE:
            leaf = replace(leaf, ignored="N08", data=b"")
        yield inline(leaf) if shown and leaf.ignored is None else leaf


def unpacked(task: str, data: bytes) -> Letter | None:
    """Return what a child process made of the bytes; None if it died, failed or took too long."""
    context = get_context("spawn")  # the same on every system, and free of the parent's memory
    ours, theirs = context.Pipe()
    child = context.Process(
        target=_work, args=(theirs, task, limits.OUTLOOK_MEMORY_MB), daemon=True
    )
    child.start()
    theirs.close()
    try:
        ours.recv_bytes(1)  # the child is up: the clock starts
        ours.send_bytes(data)
        told = ours.recv_bytes(_LONGEST) if ours.poll(limits.OUTLOOK_SECONDS) else b""
        answer = codec.load(told, Letter) if told else None
    except (EOFError, OSError, ValueError):
        answer = None
    finally:
        child.kill()
        child.join()
        child.close()
        ours.close()
    return answer


def _work(pipe: Connection, task: str, memory_mb: int) -> None:
    """Answer with a letter, or None. Runs in the child."""
    _confine(memory_mb)
    with contextlib.suppress(EOFError, OSError):
        pipe.send_bytes(b"+")
        data = pipe.recv_bytes()
        try:
            pipe.send_bytes(codec.dump(_TASKS[task](data)))
        except Exception:  # noqa: BLE001 - whatever a hostile file makes a library raise
            pipe.send_bytes(b"")


def _confine(memory_mb: int) -> None:
    if sys.platform in ("win32", "darwin"):
        return
    import resource  # not on Windows

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory_mb << 20, memory_mb << 20))


def _read_msg(data: bytes) -> Letter:
    from olefile import OleFileIO  # start-up: few mails are saved by Outlook
    from oxmsg import Message as Msg  # the same
    from oxmsg.domain import constants as c  # the same
    from oxmsg.storage import Storage  # the same

    with OleFileIO(data) as ole:
        root = Storage.from_ole(ole)
    msg = Msg(root)
    text = msg.properties.str_prop_value
    head = text(c.PID_TRANSPORT_MESSAGE_HEADERS)
    if not head:
        head = _head({
            "From": text(c.PID_SENDER_SMTP_ADDRESS) or text(c.PID_SENDER_EMAIL_ADDRESS),
            "Subject": msg.subject, "Message-ID": text(c.PID_INTERNET_MESSAGE_ID),
        })  # fmt: skip
    return Letter(head, tuple(_attached(root, 0)))


def _attached(mail: Any, depth: int) -> Iterator[_File]:
    """Yield the files of a mail, those of mails within it too (MS-OXMSG, 2.2.2.1)."""
    from oxmsg.attachment import Attachment  # start-up: as above
    from oxmsg.domain import constants as c  # the same

    for storage in mail.iter_attachment_storages():
        inner = next((s for s in storage.storages if s.name == _EMBEDDED and _is_mail(s)), None)
        if inner is not None and depth < limits.MAX_MAILS:
            yield from _attached(inner, depth + 1)
            continue
        found = Attachment(storage)
        of = found.properties.str_prop_value
        name = found.file_name or of(c.PID_ATTACH_FILENAME) or ""
        yield name, found.file_bytes, bool(of(c.PID_ATTACH_CONTENT_ID))


def _is_mail(storage: Any) -> bool:
    """Whether an object is a mail; a drawing of an old Word is none."""
    return any(stream.name == _PROPERTIES for stream in storage.streams)


def _head(told: Mapping[str, str | None]) -> str:
    made = Message()
    for name, value in told.items():
        if value:
            made[name] = " ".join(value.split())
    return made.as_string()


def _read_tnef(data: bytes) -> Letter:
    import logging  # in the child only

    import tnefparse  # start-up: few mails come as winmail.dat

    logging.disable()
    found = tnefparse.TNEF(data).attachments
    return Letter("", tuple((_title(one), bytes(one.data), False) for one in found))


def _title(attachment: Any) -> str:
    """Return a name; empty where it is no UTF-8, for which tnefparse takes all."""
    try:
        return str(attachment.long_filename())
    except UnicodeDecodeError:
        return ""


_TASKS: Mapping[str, Callable[[bytes], Letter]] = {"msg": _read_msg, "tnef": _read_tnef}
