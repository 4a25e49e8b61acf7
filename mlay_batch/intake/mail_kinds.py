"""Tells what a mail is that holds no return: a bounce, an automatic reply, a link to a file.

A mail that a mail system wrote (RFC 3464, 3834, 8098) is never answered, so that no two programs
write to each other for ever. What quotes our own letter, as a bounce does, is not read: the form
in it was never sent by the branch. Of mails that only may be automatic (lists, scanners) a file is
read as any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from email.message import Message

from mlay_batch.core.mail_address import is_mail_address
from mlay_batch.intake import limits
from mlay_batch.intake.file_types import LINK
from mlay_batch.intake.headers import raw_headers, subject

NO_FILE, BOUNCE, AUTOMATIC = "N13", "N20", "N21"
_MAX_ADDRESSES = 5
_DAEMON = re.compile(r"(?i)\bmailer-daemon\b")
_POSTMASTER = re.compile(r"(?i)\bpostmaster@")
# Message-ID of a letter of this program: a copy to the office itself, a draft laid into the inbox.
_OWN_LETTER = re.compile(
    r"<(receipt|returned|blank|redo|declined|unopened|correction|reminder|form)\.[0-9a-f]{32}@"
)
_REPLY_HEADERS = ("x-autoreply", "x-autorespond", "x-autoresponder")
_LIST_HEADERS = ("list-id", "list-unsubscribe")
_LIST_PRECEDENCE = frozenset({"bulk", "list", "junk"})
_REPLY_SUBJECT = re.compile(
    r"(?i)((automatic reply|auto[- ]?reply|out of office|(thư )?trả lời tự động|tự động trả lời"
    r"|ngoài văn phòng)\b|(vắng mặt|đã đọc|đã xem|read|not read):)"
)
_FAILED_SUBJECT = re.compile(
    r"(?i)(undeliver|mail delivery failed|delivery (status|failure)|không gửi được)"
)
_FAILED_LINE = re.compile(r"(?m)^[ \t]*<([^<>\s]{3,254})>:")  # as Postfix and qmail write it
_URL = re.compile(r"(?i)https?://([a-z0-9.-]{3,255})(?::\d+)?(/[^\s\"'<>?#]{0,1000})?")
_SHARING_HOSTS = (
    ".drive.google.com",
    ".docs.google.com",
    ".1drv.ms",
    ".onedrive.live.com",
    ".sharepoint.com",
    ".dropbox.com",
    ".icloud.com",
    ".box.com",
    ".mega.nz",
    ".mediafire.com",
    ".terabox.com",
    ".pcloud.com",
    ".drive.proton.me",
    ".wetransfer.com",
    ".we.tl",
    ".fshare.vn",
    ".4share.vn",
    ".zdn.vn",
    ".zadn.vn",
    ".dlfl.vn",
)
_FILE_PATH = re.compile(r"(?i)\.(xlsx|xlsm|xlsb|xls|ods|zip|rar|7z)$")


def notice_reason(message: Message) -> str | None:
    """Return the reason code of a mail that a mail system wrote, whatever is attached to it."""
    is_report = message.get_content_type() == "multipart/report"
    report_type = str(message.get_param("report-type", "")).lower() if is_report else ""
    if report_type == "delivery-status":
        actions = {_word(block, "action") for block in _status_blocks(message)} - {""}
        return AUTOMATIC if actions and "failed" not in actions else BOUNCE
    if _is_from_daemon(message) or _word(message, "x-failed-recipients"):
        return BOUNCE
    return AUTOMATIC if is_report or _is_auto_reply(message) else None


def is_own_letter(message: Message) -> bool:
    """Whether this program wrote a mail: quoted in a bounce, copied to the office itself."""
    return bool(_OWN_LETTER.match(_value(message, "message-id")))


def is_reply_subject(message: Message) -> bool:
    """Whether the subject is one that programs give to automatic replies and read receipts."""
    return bool(_REPLY_SUBJECT.match(subject(message) or ""))


def reason_without_file(message: Message, words: Iterable[str]) -> str:
    """Return the reason code of a mail without a file; `words` are its texts."""
    if _may_be_automatic(message):
        return AUTOMATIC
    return LINK if any(map(_has_link, words)) else NO_FILE


def failed_addresses(message: Message) -> str:
    """Return the addresses that a bounce is about; "" where it does not say."""
    candidates = [
        _value(block, "original-recipient") or _value(block, "final-recipient")
        for block in _status_blocks(message)
    ]
    candidates = [candidate.rpartition(";")[2] for candidate in candidates]
    candidates += ",".join(raw_headers(message, "x-failed-recipients")).split(",")
    if not any(map(is_mail_address, map(str.strip, candidates))):
        candidates += [match for text in texts(message) for match in _FAILED_LINE.findall(text)]
    addresses = (candidate.strip(" \t\r\n<>").lower() for candidate in candidates)
    unique = dict.fromkeys(address for address in addresses if is_mail_address(address))
    return ", ".join([*unique][:_MAX_ADDRESSES])


def _status_blocks(message: Message) -> Iterator[Message]:
    """Yield the blocks of a delivery status: of the mail, then of each address."""
    for part in message.get_payload() if message.is_multipart() else ():
        if isinstance(part, Message) and part.get_content_type() == "message/delivery-status":
            yield from (block for block in part.get_payload() if isinstance(block, Message))


def _value(message: Message, header: str) -> str:
    return next(raw_headers(message, header), "").strip()


def _word(message: Message, header: str) -> str:
    """Return a header's value without parameters, in small letters."""
    return _value(message, header).partition(";")[0].strip().lower()


def _is_from_daemon(message: Message) -> bool:
    sender = _value(message, "from")
    return bool(
        _DAEMON.search(sender)
        or (
            _POSTMASTER.search(sender)
            and (
                _value(message, "return-path") == "<>"
                or _FAILED_SUBJECT.match(subject(message) or "")
            )
        )
    )


def _is_auto_reply(message: Message) -> bool:
    """Whether a program wrote a mail as a reply, as one does for people on leave, or this one."""
    return bool(
        is_own_letter(message)
        or _word(message, "auto-submitted") in ("auto-replied", "auto-notified")
        or _word(message, "precedence") == "auto_reply"
        or any(_value(message, header) for header in _REPLY_HEADERS)
    )


def _may_be_automatic(message: Message) -> bool:
    return bool(
        _word(message, "auto-submitted") not in ("", "no")
        or _word(message, "precedence") in _LIST_PRECEDENCE
        or any(_value(message, header) for header in _LIST_HEADERS)
        or _value(message, "return-path") == "<>"
        or is_reply_subject(message)
    )


def texts(message: Message) -> Iterator[str]:
    """Yield the texts of a mail, each cut to `limits.MAX_TEXT`."""
    for part in message.walk():
        data = part.get_payload(decode=True) if part.get_content_maintype() == "text" else None
        if isinstance(data, bytes):
            yield data[: limits.MAX_TEXT].decode("utf-8", "replace")


def _has_link(text: str) -> bool:
    """Whether a text links to a file, or to where people share files."""
    return any(
        f".{host.lower()}".endswith(_SHARING_HOSTS) or _FILE_PATH.search(path)
        for host, path in _URL.findall(text)
    )
