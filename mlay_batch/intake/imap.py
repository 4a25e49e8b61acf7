"""Downloads mails from the office's mailbox over IMAP (RFC 9051) and changes nothing there.

EXAMINE and BODY.PEEK move, delete and mark nothing. TLS from the first byte; the caller's
`ssl.SSLContext` decides which certificates are trusted.
"""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from imap_tools import AND, MailBox
from imap_tools.errors import ImapToolsError

from mlay_batch.errors import MlayError, UsageError, os_problem

if TYPE_CHECKING:
    from mlay_batch.app.settings import Imap

_TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True)
class RawMail:
    """One downloaded mail."""

    uidvalidity: int
    uid: int
    """With `uidvalidity` it identifies the mail in the mailbox for good."""
    data: bytes = field(repr=False)
    number: int = 1
    """From 1 to `total`."""
    total: int = 1
    """New mails of this download."""


def download_mails(
    settings: Imap,
    password: str,
    context: ssl.SSLContext,
    known_uids: Callable[[int], Collection[int]],
    since: date | None = None,
) -> Iterator[RawMail]:
    """Yield the mails whose UID is not in `known_uids(uidvalidity)`, oldest first.

    `since`: only mails that reached the mailbox on that day or later. A mail deleted meanwhile is
    left out. Raises UsageError ``fetch.login``; MlayError ``fetch.connect`` (unreachable),
    ``tls.certificate`` (not trusted; no password was sent), ``fetch.lost`` (mails yielded before
    it are valid).
    """
    with _connection_errors(settings), _connect(settings, password, context) as connection:
        connection.folder.set(settings.folder, readonly=True)
        uidvalidity = connection.folder.status(settings.folder, ["UIDVALIDITY"])["UIDVALIDITY"]
        uids = connection.uids(AND(date_gte=since) if since else "ALL")
        new_uids = sorted({int(uid) for uid in uids} - set(known_uids(uidvalidity)))
        for number, uid in enumerate(new_uids, 1):
            if (data := _mail_bytes(connection, uid)) is not None:
                yield RawMail(uidvalidity, uid, data, number, len(new_uids))


def _mail_bytes(connection: MailBox, uid: int) -> bytes | None:
    """Return a mail's bytes unchanged; imap-tools would parse them first."""
    status, answer = connection.client.uid("FETCH", str(uid), "(BODY.PEEK[])")
    if status != "OK":
        raise imaplib.IMAP4.error(f"FETCH {status}")
    return next((bytes(part[1]) for part in answer if isinstance(part, tuple)), None)


@contextmanager
def _connect(settings: Imap, password: str, context: ssl.SSLContext) -> Iterator[MailBox]:
    try:
        connection = MailBox(
            settings.host, settings.port, timeout=_TIMEOUT_SECONDS, ssl_context=context
        )
    except ssl.SSLCertVerificationError as error:
        raise MlayError(
            "tls.certificate", host=settings.host, problem=error.verify_message
        ) from error
    except (OSError, imaplib.IMAP4.error) as error:
        raise MlayError("fetch.connect", host=settings.host, problem=os_problem(error)) from error
    try:
        _log_in(connection, settings, password)
        yield connection
    finally:
        try:
            connection.logout()
        except (OSError, imaplib.IMAP4.error, ImapToolsError):
            connection.client.shutdown()


def _log_in(connection: MailBox, settings: Imap, password: str) -> None:
    ascii_only = f"{settings.user}{password}".isascii()
    log_in = (
        connection.login if ascii_only else connection.login_utf8
    )  # LOGIN takes no other letters
    try:
        log_in(settings.user, password, initial_folder=None)
    except (imaplib.IMAP4.error, ImapToolsError) as error:
        params = {"host": settings.host, "user": settings.user, "problem": str(error)}
        raise UsageError("fetch.login", **params) from error


@contextmanager
def _connection_errors(settings: Imap) -> Iterator[None]:
    try:
        yield
    except (ImapToolsError, imaplib.IMAP4.error, OSError) as error:
        raise MlayError(
            "fetch.lost", host=settings.host, folder=settings.folder, problem=str(error)
        ) from error
