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
from urllib.parse import unquote

from mlay_batch.core.mail_address import is_mail_address
from mlay_batch.intake import limits
from mlay_batch.intake.file_types import LINK
from mlay_batch.intake.headers import raw_headers, subject

NO_FILE, BOUNCE, AUTOMATIC = "N13", "N20", "N21"
_MAX_ADDRESSES = 5
_WORD_END = re.compile(r"[\s;(]")
_DAEMON = re.compile(r"(?i)\b(mailer-daemon\b|mdaemon@)")
_POSTMASTER = re.compile(r"(?i)\bpostmaster@")
# Message-ID of a letter of this program: a copy to the office itself, a draft laid into the inbox.
_OWN_LETTER = re.compile(
    r"<(receipt|returned|question|blank|redo|declined|unopened|correction|reminder|form"
    r"|slip|private(_due)?)\.[0-9a-f]{32}@"
)
_REPLY_HEADERS = ("x-autoreply", "x-autorespond", "x-autoresponder")
_LIST_HEADERS = ("list-id", "list-unsubscribe")
_LIST_PRECEDENCE = frozenset({"bulk", "list", "junk"})
_REPLY_SUBJECT = re.compile(
    r"(?i)((automatic reply|(yahoo! )?auto[- ]?(reply|response)|out of office|read receipt"
    r"|return receipt|(thư )?trả lời tự động|tự động trả lời|ngoài văn phòng"
    r"|(thông báo|xác nhận) (vắng mặt|nghỉ phép|đã đọc|đã xem))\b"
    r"|(vắng mặt|đã đọc|đã xem|read|not read):)"
)
_FAILED_SUBJECT = re.compile(
    r"(?i)(undeliver|nondeliver|mail delivery failed|delivery (status|failure)|failure notice"
    r"|returned mail|không (thể )?(gửi|chuyển|phát)( thư)? (được|đến))"
)
# An address alone on its line, as Postfix, qmail, Exim, Notes and others write it.
_FAILED_LINE = re.compile(
    r"(?im)^[ \t]*(?:failed (?:recipient|address):[ \t]*)?<?([^<>\s:@]{1,64}@[^<>\s:@]{3,254})"
    r"(?:>:|>?:?[ \t]*\r?$)"
)
_DELAY_SUBJECT = re.compile(r"(?i)(warning: |.*\bdelay(ed)?\b)")  # it is tried again
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
    report = _report(message)
    report_type = str(report.get_param("report-type", "")).lower() if report else ""
    if report_type == "delivery-status":
        actions = {_word(block, "action") for block in _status_blocks(message)} - {""}
        return AUTOMATIC if actions and "failed" not in actions else BOUNCE
    if _word(message, "x-failed-recipients"):
        return BOUNCE
    if _is_from_daemon(message):
        return AUTOMATIC if _DELAY_SUBJECT.match(subject(message) or "") else BOUNCE
    return AUTOMATIC if report or _is_auto_reply(message) else None


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
        candidates += next(filter(None, map(_FAILED_LINE.findall, texts(message))), [])
    addresses = (candidate.strip(" \t\r\n<>").lower() for candidate in candidates)
    unique = dict.fromkeys(address for address in addresses if is_mail_address(address))
    return ", ".join([*unique][:_MAX_ADDRESSES])


def _report(message: Message) -> Message | None:
    """Return the report of a mail system; its way here may have added a part around it."""
    candidates = (message, *direct_parts(message))
    return next((m for m in candidates if m.get_content_type() == "multipart/report"), None)


def direct_parts(message: Message) -> Iterator[Message]:
    """Yield the parts of a mail, not those of mails in it."""
    if message.get_content_maintype() == "multipart" and message.is_multipart():
        yield from (part for part in message.get_payload() if isinstance(part, Message))


def _status_blocks(message: Message) -> Iterator[Message]:
    """Yield the blocks of a delivery status: of the mail, then of each address."""
    for part in direct_parts(_report(message) or message):
        if part.get_content_type() == "message/delivery-status":
            yield from (block for block in part.get_payload() if isinstance(block, Message))


def _value(message: Message, header: str) -> str:
    return next(raw_headers(message, header), "").strip()


def _word(message: Message, header: str) -> str:
    """Return a header's value without parameters and comments, in small letters."""
    return _WORD_END.split(_value(message, header), maxsplit=1)[0].lower()


def _is_from_daemon(message: Message) -> bool:
    sender = _value(message, "from")
    return bool(
        _DAEMON.search(sender)
        or (
            _POSTMASTER.search(sender)
            and (
                _value(message, "return-path") == "<>"
                or _FAILED_SUBJECT.search(subject(message) or "")
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
        or _word(message, "x-auto-response-suppress") not in ("", "none")
        or is_reply_subject(message)
    )


def texts(message: Message) -> Iterator[str]:
    """Yield the texts of a mail, each cut to `limits.MAX_TEXT`."""
    for part in message.walk():
        data = part.get_payload(decode=True) if part.get_content_maintype() == "text" else None
        if isinstance(data, bytes):
            yield data[: limits.MAX_TEXT].decode("utf-8", "replace")


def _has_link(text: str) -> bool:
    """Whether a text links to a file, or to where people share files.

    A mail host may have put its own link before it, with the link meant in its query, encoded.
    """
    return any(
        f".{host.lower()}".endswith(_SHARING_HOSTS) or _FILE_PATH.search(path)
        for host, path in _URL.findall(unquote(text))
    )
