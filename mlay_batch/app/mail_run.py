"""Writes letters as drafts, sends them, or records them as handed over; none goes twice.

A letter is recorded as *queued* before it goes to the mail host and as *sent* afterwards. After a
crash in between it stays queued: it may have gone out, so it is not sent again but reported, until
a person decides. Its Message-ID derives from its topics, so that the recipient can detect a
duplicate too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol

from mlay_batch.app.office import Office
from mlay_batch.app.reply import LetterSelection, NoAddress, PendingLetters
from mlay_batch.app.settings import Smtp
from mlay_batch.core.files import remove_file, write_atomically
from mlay_batch.core.period import Period
from mlay_batch.errors import UsageError
from mlay_batch.ledger import Archive, Ledger, MailLog, MailState, SentMail, lock
from mlay_batch.mail.bodies import KINDS_WITHOUT_CONTENT
from mlay_batch.mail.letter import Attachment, Letter
from mlay_batch.mail.mime import Sender, build_message, short_id
from mlay_batch.mail.smtp import ConnectionLostError, RateLimiter, RefusedError
from mlay_batch.schema.ids import VISIT_SLIP

_FORM = "form"  # the kind of a letter with blank forms
LetterMaker = Callable[[Ledger, LetterSelection], PendingLetters]
Clock = Callable[[], datetime]
Confirm = Callable[[Sequence[Letter]], None]
"""Says what is about to go; raises where it must not."""


class MailTransport(Protocol):
    """A receiver of mails."""

    def deliver(self, to: tuple[str, ...], mail: bytes) -> tuple[str, ...]:
        """Hand over one mail (see `smtp.SmtpTransport`)."""


@dataclass(frozen=True)
class MailResult:
    """What was drafted, sent or handed over, and what was not."""

    letters: tuple[Letter, ...] = ()
    drafts: tuple[Path, ...] = ()
    failed: tuple[tuple[Letter, str], ...] = ()
    """Letters with the host's reply."""
    partly_refused: tuple[tuple[Letter, tuple[str, ...]], ...] = ()
    """Letters with the addresses the host refused."""
    no_address: tuple[NoAddress, ...] = ()
    doubtful: tuple[SentMail, ...] = ()
    """Letters that may have gone out; a person must look."""
    stop_reason: str = ""
    """Why sending stopped early."""
    handover: tuple[Path, ...] = ()
    """Workbooks that may not travel by mail, written for the office to hand over."""

    @property
    def is_clean(self) -> bool:
        """Whether nothing is left for a person to look after."""
        return not (self.failed or self.partly_refused or self.no_address or self.doubtful)


def choose_all(letter: Letter) -> bool:  # noqa: ARG001, the signature of a choice
    """Choose any letter."""
    return True


@dataclass(frozen=True)
class MailRun:
    """The letters of a run: office, period, and the function that makes them."""

    office: Office
    make_letters: LetterMaker
    period: Period
    as_of: date
    holder: str
    """Names the user to others who find the workspace locked."""
    repeat: bool = False
    """Write again the drafts written before, and new reminders."""
    choose: Callable[[Letter], bool] = choose_all
    """Whether a letter is of the run; the others stay pending."""

    @property
    def sender(self) -> Sender:
        """Name and address of the office."""
        settings = self.office.workspace.settings
        name = self.office.register.root().name
        return Sender(name, settings.smtp.from_ if settings.smtp else None)

    @property
    def drafts(self) -> Path:
        """Folder of the period's drafts."""
        return self.office.workspace.outbox / str(self.period) / "mail"

    def pending_letters(
        self, ledger: Ledger, *, with_drafts: bool = True, reminders_only: bool = False
    ) -> PendingLetters:
        """Return the letters of the run that were neither sent, queued nor handed over.

        Those drafted before are among them, unless not `with_drafts`; answers and corrections are,
        unless `reminders_only`. It locks nothing: whoever acts on them holds the lock meanwhile.
        """
        mail_log = MailLog(ledger)
        states, again = mail_log.states(), self._barred_drafts(mail_log)
        done_keys = frozenset(
            key
            for key, state in states.items()
            if state is not MailState.DRAFTED or not (with_drafts or key in again)
        )
        selection = LetterSelection(
            self.period,
            self.as_of,
            done_keys,
            frozenset(states),
            self.repeat,
            reminders_only=reminders_only,
        )
        pending = self.make_letters(ledger, selection)
        return replace(
            pending,
            letters=tuple(filter(self.choose, pending.letters)),
            by_hand=tuple(filter(self.choose, pending.by_hand)),
        )

    def is_barred(self, letter: SentMail) -> bool:
        """Whether a letter is about what may not travel by mail."""
        register = self.office.register
        return any(register.is_barred_from_mail(x.branch or "", x.form) for x in letter.topics)

    def _barred_drafts(self, mail_log: MailLog) -> frozenset[str]:
        """Return the topics of drafts that may have been written before their unit was barred."""
        drafts = (letter for letter in mail_log.letters() if letter.state is MailState.DRAFTED)
        return frozenset(
            x.key for letter in drafts if self.is_barred(letter) for x in letter.topics
        )


def draft(run: MailRun, timestamp: str, dry_run: bool = False) -> MailResult:
    """Write the pending letters that are no drafts yet as ``outbox/<period>/mail/….eml``.

    Where the run repeats, or letters are chosen, those that are drafts too. The same letter gives
    the same bytes. `timestamp` is the ISO time to record.
    """
    workspace, folder = run.office.workspace, run.drafts
    with lock(workspace.root, run.holder), Ledger.open(workspace.ledger) as ledger:
        is_chosen = run.choose is not choose_all
        pending = run.pending_letters(ledger, with_drafts=run.repeat or is_chosen)
        mail_log = MailLog(ledger)
        paths = tuple(folder / letter.file_name for letter in pending.letters)
        handover: tuple[Path, ...] = ()
        if not dry_run:
            handover = write_workbooks(run, [*_to_hand_over(pending)])
            for letter, path in zip(pending.letters, paths, strict=True):
                data = build_message(letter, run.sender).as_bytes()
                write_atomically(path, data, mode=0o600)
                sha256 = Archive(workspace.archive).store(data)
                mail_log.put(_mail_record(run, letter, sha256, MailState.DRAFTED, timestamp))
            _remove_outdated_drafts(run, ledger, mail_log)
        doubtful = _doubtful_letters(mail_log)
    return MailResult(
        pending.letters,
        paths,
        no_address=pending.no_address,
        doubtful=doubtful,
        handover=handover,
    )


def _to_hand_over(pending: PendingLetters) -> Iterator[Attachment]:
    """Yield what no mail brings: of barred letters, and slips of officers without an address."""
    for letter in pending.letters:
        yield from letter.handover
    for letter in pending.by_hand:
        if letter.kind == _FORM and any(topic.form == VISIT_SLIP for topic in letter.topics):
            yield from letter.workbooks


def write_workbooks(run: MailRun, workbooks: Sequence[Attachment]) -> tuple[Path, ...]:
    """Write workbooks that no mail brings as ``outbox/<period>/….xlsx``, to be handed over.

    Raises OutputBusyError where one is open.
    """
    folder = run.office.workspace.outbox / str(run.period)
    paths = tuple(folder / item.name for item in workbooks)
    for item, path in zip(workbooks, paths, strict=True):
        write_atomically(path, item.data)
    return paths


def _remove_outdated_drafts(run: MailRun, ledger: Ledger, mail_log: MailLog) -> None:
    """Remove the drafts that nobody is to send any more; the archive keeps them.

    They tell a verdict that has changed since, went out by another way, or tell what may not travel
    by mail any more.
    """
    answer_keys = {entry.answer_key for entry in ledger.entries()}
    for letter in mail_log.letters():
        keys = [topic.key for topic in letter.topics if topic.key.startswith("answer/")]
        is_changed = bool(keys) and answer_keys.isdisjoint(keys)
        is_barred = letter.kind not in KINDS_WITHOUT_CONTENT and run.is_barred(letter)
        if is_changed or is_barred or letter.state is not MailState.DRAFTED:
            for path in run.drafts.glob(f"*_{short_id(letter.message_id)}.eml"):
                remove_file(path)


def hand_over(run: MailRun, timestamp: str) -> MailResult:
    """Record the pending letters as passed on by other means, with or without an address.

    The archive keeps what they say. `timestamp` is the ISO time to record.
    """
    workspace = run.office.workspace
    with lock(workspace.root, run.holder), Ledger.open(workspace.ledger) as ledger:
        letters, mail_log = run.pending_letters(ledger).written, MailLog(ledger)
        for letter in letters:
            data = build_message(letter, run.sender).as_bytes()
            sha256 = Archive(workspace.archive).store(data)
            mail_log.put(_mail_record(run, letter, sha256, MailState.HANDED, timestamp))
        _remove_outdated_drafts(run, ledger, mail_log)
    return MailResult(letters)


def send_unasked(letters: Sequence[Letter]) -> None:
    """Let all letters go."""


def send(
    run: MailRun,
    connection: AbstractContextManager[MailTransport],
    limiter: RateLimiter,
    clock: Clock,
    confirm: Confirm = send_unasked,
) -> MailResult:
    """Send the pending letters, drafted ones too. It may be interrupted and repeated.

    `confirm` is called with the letters before the first goes; the workspace stays locked
    meanwhile, so that those letters and no others are sent. Only then `connection` is entered.
    """
    workspace = run.office.workspace
    with lock(workspace.root, run.holder), Ledger.open(workspace.ledger) as ledger:
        mail_log = MailLog(ledger)
        pending = run.pending_letters(ledger)
        sender = _LetterSender(run, mail_log, Archive(workspace.archive), clock)
        handover: tuple[Path, ...] = ()
        if pending.letters:
            confirm(pending.letters)
            handover = write_workbooks(run, [*_to_hand_over(pending)])
            with connection as transport:
                sender.send_all(pending.letters, transport, limiter)
            _remove_outdated_drafts(run, ledger, mail_log)
        doubtful = _doubtful_letters(mail_log)
    return MailResult(
        tuple(sender.sent),
        (),
        tuple(sender.failed),
        tuple(sender.partly_refused),
        pending.no_address,
        doubtful,
        sender.stop_reason,
        handover,
    )


def resolve_doubtful(
    office: Office, holder: str, *, sent: bool, letters: Sequence[str] = ()
) -> None:
    """Record whether the doubtful letters went out; those that did not are sent next time.

    `letters` names some by `short_id`; the default is all. Raises UsageError ``reply.letter`` for a
    letter that is not doubtful.
    """
    with lock(office.workspace.root, holder), Ledger.open(office.workspace.ledger) as ledger:
        mail_log = MailLog(ledger)
        doubtful = {
            short_id(letter.message_id): letter.message_id for letter in _doubtful_letters(mail_log)
        }
        for name in letters:
            if name not in doubtful:
                names = ", ".join(doubtful) or "–"
                raise UsageError("reply.letter", letter=name, known=names)
        mail_log.resolve([doubtful[name] for name in letters or doubtful], sent=sent)


def smtp_settings(office: Office) -> Smtp:
    """Return the mail host in `mlay.toml`. Raises UsageError ``smtp.unset`` without one."""
    smtp = office.workspace.settings.smtp
    if smtp is None:
        raise UsageError("smtp.unset")
    return smtp


class _LetterSender:
    """Sends letters one by one, recording each in the ledger before and after."""

    def __init__(
        self,
        run: MailRun,
        mail_log: MailLog,
        archive: Archive,
        clock: Clock,
    ) -> None:
        self.run, self.mail_log, self.archive, self.clock = run, mail_log, archive, clock
        self.sent: list[Letter] = []
        self.failed: list[tuple[Letter, str]] = []
        self.partly_refused: list[tuple[Letter, tuple[str, ...]]] = []
        self.stop_reason = ""

    def send_all(
        self, letters: Sequence[Letter], transport: MailTransport, limiter: RateLimiter
    ) -> None:
        """Send the letters until the connection is lost."""
        for letter in letters:
            limiter.wait()
            if not self._send(letter, transport):
                return

    def _send(self, letter: Letter, transport: MailTransport) -> bool:
        """Send one letter; return False if the connection is lost."""
        sender, now = self.run.sender, self.clock()
        data = build_message(letter, sender, format_datetime(now)).as_bytes()
        sha256 = self.archive.store(data)
        sent_mail = _mail_record(self.run, letter, sha256, MailState.QUEUED, now.isoformat())
        self.mail_log.put(sent_mail)
        try:
            refused = transport.deliver(letter.to, data)
        except RefusedError as error:
            self.mail_log.withdraw(sent_mail.message_id)
            self.failed.append((letter, str(error)))
            return True
        except ConnectionLostError as error:
            self.stop_reason = str(error)
            return False
        sent_at = self.clock().isoformat()
        self.mail_log.put(_mail_record(self.run, letter, sha256, MailState.SENT, sent_at))
        self.sent.append(letter)
        if refused:
            self.partly_refused.append((letter, refused))
        return True


def _mail_record(
    run: MailRun, letter: Letter, sha256: str, state: MailState, timestamp: str
) -> SentMail:
    message_id = run.sender.message_id(letter)
    return SentMail(
        letter.kind, message_id, letter.to, sha256, state, timestamp, letter.topics, run.as_of
    )


def _doubtful_letters(mail_log: MailLog) -> tuple[SentMail, ...]:
    return tuple(letter for letter in mail_log.letters() if letter.state is MailState.QUEUED)
