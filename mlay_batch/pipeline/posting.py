"""Letters to drafts or to the mail host, none of them twice.

A letter to be sent is recorded as *queued* before the mail host sees it and as *sent* afterwards.
A crash in between leaves it queued: nobody knows whether it went out, so it is not sent again but
reported, until a person has looked and said so. Its Message-ID is made of what it is about, so
that a double can be told at the other end as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol

from mlay_batch.errors import UsageError
from mlay_batch.files import write_atomically
from mlay_batch.ledger import Archive, Item, Ledger, MailLog, MailState, SentMail, lock
from mlay_batch.period import Period
from mlay_batch.pipeline.mailhost import LostError, Pace, RefusedError
from mlay_batch.pipeline.reply import Owed, Unreachable, Wanted
from mlay_batch.pipeline.town import Town
from mlay_batch.replies.letters import Letter
from mlay_batch.replies.message import Sender, message, short
from mlay_batch.settings import Smtp

Maker = Callable[[Ledger, Wanted], Owed]
Clock = Callable[[], datetime]


class Host(Protocol):
    """What letters are handed to."""

    def deliver(self, to: tuple[str, ...], mail: bytes) -> tuple[str, ...]:
        """Hand over one mail (see `mailhost.MailHost`)."""


@dataclass(frozen=True)
class Mailed:
    """What was done. `doubtful` letters may have gone out; a person must look.

    `failed` pairs letters with what the host said; `partly` with addresses it did not take.
    `stopped` says why the host was left before all was done.
    """

    letters: tuple[Letter, ...] = ()
    drafts: tuple[Path, ...] = ()
    failed: tuple[tuple[Letter, str], ...] = ()
    partly: tuple[tuple[Letter, tuple[str, ...]], ...] = ()
    unreachable: tuple[Unreachable, ...] = ()
    doubtful: tuple[SentMail, ...] = ()
    stopped: str = ""

    @property
    def clean(self) -> bool:
        """Whether nothing is left for a person to look after."""
        return not (self.failed or self.partly or self.unreachable or self.doubtful)


@dataclass(frozen=True)
class Job:
    """Which letters, of which town, made by `make`; `holder` is told to who finds it locked."""

    town: Town
    make: Maker
    period: Period
    as_of: date
    holder: str
    again: bool = False

    @property
    def sender(self) -> Sender:
        """Who the letters are from."""
        settings = self.town.workspace.settings
        return Sender(settings.name, settings.smtp.from_ if settings.smtp else None)

    def owed(self, ledger: Ledger, *done: MailState) -> Owed:
        """Return the letters on topics that did not get as far as `done`."""
        states = MailLog(ledger).states()
        keys = frozenset(key for key, state in states.items() if state in done)
        told = frozenset(states)
        return self.make(ledger, Wanted(self.period, self.as_of, keys, told, self.again))


def draft(job: Job, at: str, dry_run: bool = False) -> Mailed:
    """Write every letter not drafted or sent yet as ``outbox/<period>/mail/….eml``.

    The same letter gives the same bytes; `again` writes drafts once more that were written before.
    `at` is the ISO time to remember.
    """
    workspace = job.town.workspace
    folder = workspace.outbox / str(job.period) / "mail"
    known = (MailState.SENT, MailState.QUEUED) + (() if job.again else (MailState.DRAFTED,))
    with lock(workspace.root, job.holder), Ledger.open(workspace.ledger) as ledger:
        owed, outgoing = job.owed(ledger, *known), MailLog(ledger)
        paths = tuple(folder / letter.file_name for letter in owed.letters)
        for letter, path in zip(owed.letters, paths, strict=True):
            data = message(letter, job.sender).as_bytes()
            if not dry_run:
                write_atomically(path, data, mode=0o600)
                sha256 = Archive(workspace.archive).store(data)
                outgoing.put(_posted(job, letter, sha256, MailState.DRAFTED, at))
        doubtful = _doubtful(outgoing)
    return Mailed(owed.letters, paths, unreachable=owed.unreachable, doubtful=doubtful)


def send(job: Job, host: Host, pace: Pace, clock: Clock) -> Mailed:
    """Send every letter not sent yet, drafted ones too. Can be stopped and started at any time."""
    workspace = job.town.workspace
    with lock(workspace.root, job.holder), Ledger.open(workspace.ledger) as ledger:
        owed, outgoing = job.owed(ledger, MailState.SENT, MailState.QUEUED), MailLog(ledger)
        post = _Post(job, outgoing, Archive(workspace.archive), host, clock)
        for letter in owed.letters:
            pace.wait()
            if not post.send(letter):
                break
        doubtful = _doubtful(outgoing)
    return Mailed(
        tuple(post.sent), (), tuple(post.failed), tuple(post.partly), owed.unreachable,
        doubtful, post.stopped,
    )  # fmt: skip


def settle(town: Town, holder: str, *, sent: bool, letters: Sequence[str] = ()) -> None:
    """Say of the doubtful letters whether they went out; those that did not are sent next time.

    `letters` names some by what `short` makes of their Message-ID; without any, all are meant.
    Raises UsageError ``reply.letter`` for a letter that is not in doubt.
    """
    with lock(town.workspace.root, holder), Ledger.open(town.workspace.ledger) as ledger:
        outgoing = MailLog(ledger)
        doubtful = {short(one.message_id): one.message_id for one in _doubtful(outgoing)}
        for name in letters:
            if name not in doubtful:
                known = ", ".join(doubtful) or "–"
                raise UsageError("reply.letter", letter=name, known=known)
        outgoing.resolve([doubtful[name] for name in letters or doubtful], sent=sent)


def smtp_of(town: Town) -> Smtp:
    """Return the mail host `mlay.toml` names. Raises UsageError ``smtp.unset`` without one."""
    found = town.workspace.settings.smtp
    if found is None:
        raise UsageError("smtp.unset")
    return found


class _Post:
    """Hands letters over one by one and keeps the ledger a step ahead of the host."""

    def __init__(
        self, job: Job, outgoing: MailLog, archive: Archive, host: Host, clock: Clock
    ) -> None:
        self.job, self.outgoing, self.archive = job, outgoing, archive
        self.host, self.clock = host, clock
        self.sent: list[Letter] = []
        self.failed: list[tuple[Letter, str]] = []
        self.partly: list[tuple[Letter, tuple[str, ...]]] = []
        self.stopped = ""

    def send(self, letter: Letter) -> bool:
        """Send one letter; False where the connection is gone."""
        sender, now = self.job.sender, self.clock()
        data = message(letter, sender, format_datetime(now)).as_bytes()
        sha256 = self.archive.store(data)
        posted = _posted(self.job, letter, sha256, MailState.QUEUED, now.isoformat())
        self.outgoing.put(posted)
        try:
            refused = self.host.deliver(letter.to, data)
        except RefusedError as error:
            self.outgoing.withdraw(posted.message_id)
            self.failed.append((letter, str(error)))
            return True
        except LostError as error:
            self.stopped = str(error)
            return False
        at = self.clock().isoformat()
        self.outgoing.put(_posted(self.job, letter, sha256, MailState.SENT, at))
        self.sent.append(letter)
        if refused:
            self.partly.append((letter, refused))
        return True


def _posted(job: Job, letter: Letter, sha256: str, state: MailState, at: str) -> SentMail:
    items = tuple(Item(t.key, t.form, t.branch, t.period, t.delivery) for t in letter.topics)
    message_id = job.sender.message_id(letter)
    return SentMail(letter.kind, message_id, letter.to, sha256, state, at, items, job.as_of)


def _doubtful(outgoing: MailLog) -> tuple[SentMail, ...]:
    return tuple(letter for letter in outgoing.letters() if letter.state is MailState.QUEUED)
