"""Fetches mails from the mailbox to the inbox, each once."""

from __future__ import annotations

import hashlib
import ssl
from dataclasses import dataclass
from datetime import date

from mlay_batch.app.ingest import Progress, no_progress
from mlay_batch.app.settings import Imap
from mlay_batch.app.workspace import Workspace
from mlay_batch.core.files import write_atomically
from mlay_batch.errors import UsageError
from mlay_batch.intake.imap import download_mails
from mlay_batch.ledger import FetchLog, Ledger, lock
from mlay_batch.mail.credentials import password, tls_context

PASSWORD_VARIABLE, KEYRING_SERVICE = "MLAY_IMAP_PASSWORD", "mlay-imap"
MAIL_FOLDER = "mail"  # below the inbox


@dataclass(frozen=True)
class FetchResult:
    """The result of fetching mails.

    Attributes:
        mailbox: ``user@host/folder``.
        count: number of mails written.
    """

    mailbox: str
    count: int


def fetch_mails(
    workspace: Workspace,
    *,
    holder: str,
    since: date | None = None,
    progress: Progress = no_progress,
    context: ssl.SSLContext | None = None,
) -> FetchResult:
    """Write every new mail of the office's mailbox to ``inbox/mail/<uidvalidity>-<uid>.eml``.

    Each is written and then recorded, so that an interrupted run may be repeated: a mail not
    recorded is written again under the same name. `context` is for a host whose certificate the
    machine does not trust (see also ``ca_file``). Raises UsageError ``fetch.none`` (no mailbox in
    mlay.toml), ``smtp.password``, what `download_mails` raises, LockedError.
    """
    imap = mailbox_settings(workspace)
    secret = password(KEYRING_SERVICE, imap.user, PASSWORD_VARIABLE)
    tls, count = context or tls_context(imap.ca_file), 0
    with lock(workspace.root, holder), Ledger.open(workspace.ledger) as ledger:
        log = FetchLog(ledger, imap.mailbox)
        for mail in download_mails(imap, secret, tls, log.uids, since):
            name = f"{mail.uidvalidity}-{mail.uid}.eml"
            write_atomically(workspace.inbox / MAIL_FOLDER / name, mail.data, mode=0o600)
            log.add(mail.uidvalidity, mail.uid, hashlib.sha256(mail.data).hexdigest())
            progress(mail.number, mail.total)
            count += 1
    return FetchResult(imap.mailbox, count)


def mailbox_settings(workspace: Workspace) -> Imap:
    """Return the mailbox in mlay.toml. Raises UsageError ``fetch.none`` without one."""
    if workspace.settings.imap is None:
        raise UsageError("fetch.none")
    return workspace.settings.imap
