"""Mails from the town's mailbox over IMAP (RFC 9051), as they lie there and untouched.

The folder is opened with EXAMINE and read with BODY.PEEK, so that nothing is moved, deleted or
marked as read. TLS from the first byte; whom to trust is the caller's `ssl.SSLContext`.
"""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date

from imap_tools import AND, MailBox
from imap_tools.errors import ImapToolsError

from mlay_batch.errors import MlayError, UsageError

_SECONDS = 60.0


@dataclass(frozen=True)
class Mailbox:
    """Where the mails lie, and how to get in."""

    host: str
    port: int
    user: str
    folder: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Fetched:
    """One mail as bytes. `uidvalidity` and `uid` are its name in the mailbox for good.

    `number` counts from 1 to `total`, the mails that were not known.
    """

    uidvalidity: int
    uid: int
    data: bytes = field(repr=False)
    number: int = 1
    total: int = 1


def fetch(
    mailbox: Mailbox,
    context: ssl.SSLContext,
    known: Callable[[int], Collection[int]],
    since: date | None = None,
) -> Iterator[Fetched]:
    """Yield the mails that are not `known` (UIDs by UIDVALIDITY), oldest first.

    `since`: only mails that reached the mailbox on that day or later. A mail that somebody deletes
    meanwhile is left out. Raises UsageError ``fetch.login``, MlayError ``fetch.connect`` (not to
    be reached), ``tls.certificate`` (not to be trusted; no password was sent) and ``fetch.lost``
    (what was yielded before stays true).
    """
    with _told(mailbox), _connected(mailbox, context) as box:
        box.folder.set(mailbox.folder, readonly=True)
        validity = box.folder.status(mailbox.folder, ["UIDVALIDITY"])["UIDVALIDITY"]
        found = box.uids(AND(date_gte=since) if since else "ALL")
        wanted = sorted({int(uid) for uid in found} - set(known(validity)))
        for number, uid in enumerate(wanted, 1):
            if (data := _mail(box, uid)) is not None:
                yield Fetched(validity, uid, data, number, len(wanted))


def _mail(box: MailBox, uid: int) -> bytes | None:
    """Return the bytes of a mail as the server has them; imap-tools would parse them first."""
    status, answer = box.client.uid("FETCH", str(uid), "(BODY.PEEK[])")
    if status != "OK":
        raise imaplib.IMAP4.error(f"FETCH {status}")
    return next((bytes(part[1]) for part in answer if isinstance(part, tuple)), None)


@contextmanager
def _connected(mailbox: Mailbox, context: ssl.SSLContext) -> Iterator[MailBox]:
    try:
        box = MailBox(mailbox.host, mailbox.port, timeout=_SECONDS, ssl_context=context)
    except ssl.SSLCertVerificationError as error:
        raise MlayError(
            "tls.certificate", host=mailbox.host, problem=error.verify_message
        ) from error
    except (OSError, imaplib.IMAP4.error) as error:
        raise MlayError("fetch.connect", host=mailbox.host, problem=str(error)) from error
    try:
        _log_in(box, mailbox)
        yield box
    finally:
        try:
            box.logout()
        except (OSError, imaplib.IMAP4.error, ImapToolsError):
            box.client.shutdown()


def _log_in(box: MailBox, mailbox: Mailbox) -> None:
    plain = f"{mailbox.user}{mailbox.password}".isascii()
    log_in = box.login if plain else box.login_utf8  # LOGIN takes no other letters
    try:
        log_in(mailbox.user, mailbox.password, initial_folder=None)
    except (imaplib.IMAP4.error, ImapToolsError) as error:
        told = {"host": mailbox.host, "user": mailbox.user, "problem": str(error)}
        raise UsageError("fetch.login", **told) from error


@contextmanager
def _told(mailbox: Mailbox) -> Iterator[None]:
    try:
        yield
    except (ImapToolsError, imaplib.IMAP4.error, OSError) as error:
        raise MlayError(
            "fetch.lost", host=mailbox.host, folder=mailbox.folder, problem=str(error)
        ) from error
