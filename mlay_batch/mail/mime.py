"""Turns a letter into a mail. No header value can end its header; the same letter gives the same
bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.header import Header
from email.headerregistry import Address, HeaderRegistry, UniqueAddressHeader, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy

from mlay_batch.mail.letter import Letter
from mlay_batch.mail.mail_templates import one_line

_ID = re.compile(r"<[!-;=?-~]{1,200}@[!-;=?-~]{1,200}>")
_MAX_IDS = 20
_ContentType = tuple[str, str, dict[str, str]]
_XLSX: _ContentType = ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet", {})
_TEXT: _ContentType = ("text", "plain", {"charset": "utf-8"})
_NO_DOMAIN = "mlay.invalid"  # RFC 2606: a domain that never exists, where no address is set


class _MessageIdHeader(UnstructuredHeader):
    """Writes one Message-ID a line: the standard library breaks long ones like words."""

    def fold(self, *, policy: EmailPolicy) -> str:
        name: str = getattr(self, "name")  # noqa: B009, set by the registry's base class
        return f"{name}: " + f"{policy.linesep} ".join(str(self).split()) + policy.linesep


class _TextHeader(UnstructuredHeader):
    """Folds a text: the standard library's policy sometimes loses a blank."""

    def fold(self, *, policy: EmailPolicy) -> str:
        name: str = getattr(self, "name")  # noqa: B009, set by the registry's base class
        words = Header(str(self), "utf-8", header_name=name).encode(linesep=policy.linesep)
        return f"{name}: {words}{policy.linesep}"


class _SenderHeader(UniqueAddressHeader):
    """Folds a long sender: the standard library drops the quotes of a name that it breaks."""

    def fold(self, *, policy: EmailPolicy) -> str:
        name: str = getattr(self, "name")  # noqa: B009, set by the registry's base class
        (address,) = self.addresses
        is_short = len(f"{name}: {self}") <= (policy.max_line_length or 0)
        if is_short or not address.display_name:
            folded: str = super().fold(policy=policy)  # type: ignore[misc]  # of the base class
            return folded
        words = Header(address.display_name, "utf-8", header_name=name).encode(
            linesep=policy.linesep
        )
        return f"{name}: {words}{policy.linesep} <{address.addr_spec}>{policy.linesep}"


def _policy() -> EmailPolicy[EmailMessage]:
    registry = HeaderRegistry()
    for name in ("in-reply-to", "references", "message-id"):
        registry.map_to_type(name, _MessageIdHeader)  # type: ignore[arg-type]  # as the class it builds on
    registry.map_to_type("from", _SenderHeader)  # type: ignore[arg-type]  # the same
    registry.map_to_type("subject", _TextHeader)  # type: ignore[arg-type]  # the same
    return SMTP.clone(header_factory=registry)


POLICY = _policy()


@dataclass(frozen=True, slots=True)
class Sender:
    """The office as the sender of letters.

    Attributes:
        name: name of the office.
        mail: its address; None where mlay.toml has no mailbox to send from.
    """

    name: str
    mail: str | None = None

    def message_id(self, letter: Letter) -> str:
        """Return the letter's Message-ID: always the same, so that a duplicate is detectable."""
        domain = self.mail.rpartition("@")[2] if self.mail else _NO_DOMAIN
        return f"<{letter.kind}.{letter.digest}@{domain}>"


def short_id(message_id: str) -> str:
    """Return the id people use for a letter (`Letter.id`).

    >>> short_id("<receipt.068f8c02966cd731d31ec744117a95e5@muonglay.example>")
    '068f8c02'
    """
    return message_id.partition("@")[0].rpartition(".")[2][:8]


def build_message(letter: Letter, sender: Sender, date: str | None = None) -> EmailMessage:
    """Return the mail. Without a `date` (RFC 5322) it is a draft for a mail program to send."""
    mail = EmailMessage(policy=POLICY)
    if sender.mail:
        mail["From"] = Address(one_line(sender.name).replace('"', ""), addr_spec=sender.mail)
    if letter.to:
        mail["To"] = tuple(Address(addr_spec=address) for address in letter.to)
    mail["Subject"] = one_line(letter.subject)
    mail["Message-ID"] = sender.message_id(letter)
    if ids := tuple(_thread_ids(letter)):
        mail["In-Reply-To"] = ids[-1]
        mail["References"] = " ".join(ids)
    if date:
        mail["Date"] = date
        mail["Auto-Submitted"] = "auto-generated"
    else:
        mail["X-Unsent"] = "1"
    mail.set_content(letter.body, cte="quoted-printable")
    for attachment in letter.attachments:
        name = one_line(attachment.name)
        maintype, subtype, params = _TEXT if name.endswith(".txt") else _XLSX
        mail.add_attachment(
            attachment.data, maintype=maintype, subtype=subtype, params=params, filename=name
        )
    if mail.is_multipart():
        mail.set_boundary(f"=_mlay_{letter.digest}")
    return mail


def _thread_ids(letter: Letter) -> Iterator[str]:
    """Yield the valid Message-IDs of the thread, which a stranger chose."""
    ids = [message_id for text in letter.thread for message_id in _ID.findall(text)]
    yield from dict.fromkeys(ids[-_MAX_IDS:])
