"""Mails from the mailbox to the inbox, each once."""

from __future__ import annotations

import hashlib
import ssl
from dataclasses import dataclass
from datetime import date

from mlay_batch.errors import UsageError
from mlay_batch.fetch import Mailbox, fetch
from mlay_batch.files import write_atomically
from mlay_batch.ledger import FetchLog, Ledger, lock
from mlay_batch.pipeline.ingest import Progress, silent
from mlay_batch.pipeline.secrets import password
from mlay_batch.pipeline.tls import trusting
from mlay_batch.settings import Imap
from mlay_batch.workspace import Workspace

PASSWORD, SERVICE = "MLAY_IMAP_PASSWORD", "mlay-imap"
FOLDER = "mail"  # below the inbox


@dataclass(frozen=True)
class FetchedMails:
    """How many mails were new, and from which mailbox."""

    mailbox: str
    count: int


def fetch_mails(
    workspace: Workspace,
    *,
    holder: str,
    since: date | None = None,
    progress: Progress = silent,
    context: ssl.SSLContext | None = None,
) -> FetchedMails:
    """Write every new mail of the town's mailbox to ``inbox/mail/<uidvalidity>-<uid>.eml``.

    Each is written whole and then remembered, so that a run broken off anywhere may be repeated:
    a mail written but not remembered is written once more, to the same name. `context` is for a
    host whose certificate the machine does not know (see also ``ca_file``). Raises UsageError
    ``fetch.none`` (no mailbox in mlay.toml), ``smtp.password``, what `fetch` raises, LockedError.
    """
    imap = configured(workspace)
    secret = password(SERVICE, imap.user, PASSWORD)
    mailbox = Mailbox(imap.host, imap.port, imap.user, imap.folder, secret)
    count = 0
    with lock(workspace.root, holder), Ledger.open(workspace.ledger) as ledger:
        log = FetchLog(ledger, imap.mailbox)
        for mail in fetch(mailbox, context or trusting(imap.ca_file), log.uids, since):
            name = f"{mail.uidvalidity}-{mail.uid}.eml"
            write_atomically(workspace.inbox / FOLDER / name, mail.data, mode=0o600)
            log.add(mail.uidvalidity, mail.uid, hashlib.sha256(mail.data).hexdigest())
            progress(mail.number, mail.total)
            count += 1
    return FetchedMails(imap.mailbox, count)


def configured(workspace: Workspace) -> Imap:
    """Return the mailbox in mlay.toml. Raises UsageError ``fetch.none`` without one."""
    if workspace.settings.imap is None:
        raise UsageError("fetch.none")
    return workspace.settings.imap
