"""Decodes the headers of a mail: sender, subject, thread, time of receipt, file names.

Only the lines that the office's own mail server put on top can be trusted (`MailTrust`); all else
is the sender's claim. Nothing raises: a header that cannot be parsed is None.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, tzinfo
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.policy import Compat32
from email.utils import collapse_rfc2231_value, getaddresses, parsedate_to_datetime

from mlay_batch.core.mail_address import canonical
from mlay_batch.intake import limits
from mlay_batch.intake.file_types import nfc

_BLANKS = re.compile(r"\s+")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_ADDRESS = re.compile(r"[^@\s<>\"(),:;]+@[^@\s<>\"(),:;]+")
_MESSAGE_ID = re.compile(r"<[^<>\s@]{1,200}@[^<>\s@]{1,200}>")
_BY_HOST = re.compile(r"\bby\s+([^\s;()]+)", re.IGNORECASE)
_COMMENT = re.compile(r"\([^()]*\)")
_AUTH_RESULT = re.compile(r"\b(dmarc|spf|dkim)\s*=\s*(\w+)", re.IGNORECASE)
_MAX_REFERENCES = 20  # message ids of a thread; the latest stay
_SEARCH_LENGTH = 1000  # characters of a header that are searched for a name
_NAME_LENGTH = 200  # characters of a name or a subject that are shown
_FAIL_RESULTS = frozenset({"fail", "softfail", "permerror"})


@dataclass(frozen=True)
class MailTrust:
    """Which headers the office's own mail server writes."""

    zone: tzinfo = UTC
    """Of the office's clock."""
    server: str | None = None
    """The name after ``by`` in its Received line."""
    auth_host: str | None = None
    """The name at the head of its Authentication-Results (RFC 8601, authserv-id)."""


class _BoundedPolicy(Compat32):
    """Cuts headers to `MAX_HEADER`, so that parsing them cannot hang."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[: limits.MAX_HEADER]


def parse_mail(data: bytes) -> Message:
    """Parse a mail. Hostile bytes may make `email` raise any exception."""
    return message_from_bytes(data, policy=_BoundedPolicy())


def raw_headers(message: Message, name: str) -> Iterator[str]:
    """Yield every header of that name, top first, unchanged: bytes beyond ASCII are surrogates.

    `Message.get` would replace them.
    """
    for header, value in message.raw_items():
        if header.lower() == name:
            yield str(value)


def readable_text(text: str) -> str:
    """Decode a header for display: encoded words (RFC 2047) and raw bytes.

    >>> readable_text("=?utf-8?Q?B=C3=A1o?= =?utf-8?Q?_c=C3=A1o?=")
    'Báo cáo'
    """
    data = text.encode("utf-8", "surrogateescape")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("cp1258", "replace")  # Windows' Vietnamese code page
    try:
        pieces = decode_header(text)
    except (HeaderParseError, ValueError):
        pieces = [(text, None)]
    joined = "".join(_decode_piece(piece, charset) for piece, charset in pieces)
    return _BLANKS.sub(" ", _CONTROL.sub(" ", nfc(joined))).strip()[:_NAME_LENGTH]


def _decode_piece(piece: str | bytes, charset: str | None) -> str:
    if isinstance(piece, str):
        return piece
    if charset is None:
        return piece.decode("raw-unicode-escape", "replace")
    try:
        return piece.decode(charset, "replace")
    except (LookupError, ValueError):
        return piece.decode("utf-8", "replace")


def subject(message: Message) -> str | None:
    """Return the subject, for display only."""
    return readable_text(next(raw_headers(message, "subject"), "")) or None


def sender(message: Message) -> str | None:
    """Return the address in From, in its canonical form; None unless it is exactly one.

    From is parsed before it is decoded, so that an encoded word cannot add an address.
    """
    pairs = getaddresses(
        [value.replace("\r", " ").replace("\n", " ") for value in raw_headers(message, "from")]
    )
    addresses = {canonical(address) for _, address in pairs}
    if len(addresses) != 1:
        return None
    (address,) = addresses
    return address if _ADDRESS.fullmatch(address) and address.isprintable() else None


def thread(message: Message) -> str | None:
    """Return the message ids for a reply's References, the mail's own last (RFC 5322, 3.6.4).

    Only well-formed ids, so that nothing else can get into the headers of a reply.
    """
    own_ids = _MESSAGE_ID.findall(" ".join(raw_headers(message, "message-id")))[:1]
    references = _MESSAGE_ID.findall(" ".join(raw_headers(message, "references")))
    references = (
        references or _MESSAGE_ID.findall(" ".join(raw_headers(message, "in-reply-to")))[:1]
    )
    ids = (
        [message_id for message_id in references if message_id not in own_ids][-_MAX_REFERENCES:]
        if own_ids
        else []
    )
    printable = [
        message_id
        for message_id in (*ids, *own_ids)
        if message_id.isascii() and message_id.isprintable()
    ]
    return " ".join(dict.fromkeys(printable)) or None


def receipt_time(message: Message, trust: MailTrust) -> str | None:
    """Return when the office's own server received the mail (ISO, on the office's clock), or None.

    Its topmost line counts: the sender may have written those below.
    """
    for line in raw_headers(message, "received") if trust.server else ():
        match = _BY_HOST.search(_strip_comments(line))
        if match is None or match[1].rstrip(".").lower() != str(trust.server).lower():
            continue
        try:
            moment = parsedate_to_datetime(line.rpartition(";")[2].strip())
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return moment.astimezone(trust.zone).replace(microsecond=0).isoformat()
        except (ValueError, TypeError, OverflowError, IndexError):
            return None
    return None


def is_forged(message: Message, trust: MailTrust) -> bool:
    """Whether the office's own server says that the sender's address is forged.

    DMARC decides where it passed or failed; otherwise SPF or DKIM failed and none passed. False
    without a line of that server.
    """
    for line in raw_headers(message, "authentication-results") if trust.auth_host else ():
        host, _, results = _strip_comments(line).partition(";")
        if host.split()[:1] and host.split()[0].lower() == str(trust.auth_host).lower():
            outcomes = [
                (method.lower(), result.lower()) for method, result in _AUTH_RESULT.findall(results)
            ]
            dmarc = {result for method, result in outcomes if method == "dmarc"}
            if dmarc & {"pass", "fail"}:
                return "fail" in dmarc
            all_results = {result for _, result in outcomes}
            return bool(all_results & _FAIL_RESULTS) and "pass" not in all_results
    return False


def _strip_comments(line: str) -> str:
    return _COMMENT.sub(" ", line)


def file_name(part: Message) -> str | None:
    """Return the file name a part has, for display only: the last part of a path, no controls.

    Accepts what programs really write: RFC 2231 (also in pieces), encoded words with and without
    quotes, raw bytes, blanks without quotes.
    """
    for header, key in (("content-disposition", "filename"), ("content-type", "name")):
        value = next(raw_headers(part, header), "")
        name = (
            _rfc2231_name(part, header, key)
            if f"{key}*" in value.lower()
            else _lenient_parameter(value, key)
        )
        if (
            display_name := readable_text(name or "")
            .replace("\\", "/")
            .rpartition("/")[2]
            .strip(" .")
        ):
            return display_name
    return None


def _rfc2231_name(part: Message, header: str, key: str) -> str | None:
    try:
        parameter = part.get_param(key, header=header)
        return collapse_rfc2231_value(parameter) if parameter else None
    except (ValueError, LookupError, TypeError):
        return None


def _lenient_parameter(value: str, key: str) -> str | None:
    """Return a quoted parameter, or else everything up to the next parameter, blanks included."""
    value = value[:_SEARCH_LENGTH]
    quoted = re.search(rf'(?is)[;\s]{key}\s*=\s*"((?:[^"\\]|\\.)*)"', value)
    if quoted:
        return re.sub(r'\\(["\\])', r"\1", quoted[1])
    unquoted = re.search(rf"(?is)[;\s]{key}\s*=\s*(.+?)\s*(?:;\s*[\w*-]+\s*=.*)?;?\s*$", value)
    return unquoted[1].strip('"') if unquoted else None
