"""Sends, drafts or hands over the letters as people decided in worklists.

A letter is named by its own row, or by the matter that asks for it: a return to be sent back, a
branch to be reminded, the blank forms of a month.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from mlay_batch.app import mail_run
from mlay_batch.app.mail_run import MailResult, MailRun, MailTransport
from mlay_batch.app.office import Office
from mlay_batch.app.reply import LetterSelection, PendingLetters, form_letters, reply_letters
from mlay_batch.app.worklist.matters import (
    FORMS,
    LETTER,
    forms_to_issue,
    is_about,
    letter_state,
    letters_told,
)
from mlay_batch.app.worklist.obey import BegunWorklist, Clerk, DecisionLog, contradiction
from mlay_batch.app.worklist.records import (
    MANY_LETTERS,
    MadeDecision,
    Outcome,
    Result,
    split_key,
)
from mlay_batch.core.files import write_atomically
from mlay_batch.core.findings import Finding, Severity
from mlay_batch.core.period import Period
from mlay_batch.errors import MlayError
from mlay_batch.ledger import Ledger, MailLog, Progress, SentMail, lock
from mlay_batch.mail.letter import Letter
from mlay_batch.mail.smtp import RateLimiter

MANY = "E02"
LETTER_DECISIONS = frozenset({"send", "handed", "remind", "return"})
_HANDED = "handed"


@dataclass(frozen=True)
class Post:
    """How letters go out.

    Attributes:
        connection: makes a connection to the mail host; None where there is none: drafts are
            written instead.
        limiter: makes what limits letters per minute.
        clock: tells the time of sending.
    """

    connection: Callable[[], AbstractContextManager[MailTransport]] | None
    limiter: Callable[[], RateLimiter]
    clock: Callable[[], datetime]


@dataclass(frozen=True)
class _Batch:
    """Letters that are made by one call.

    Attributes:
        period: the period they are of.
        form: id of the form whose blank forms they bring; empty for answers and reminders.
        repeat: whether branches are reminded once more.
    """

    period: Period
    form: str = ""
    repeat: bool = False


def dispatch(
    office: Office, worklists: Sequence[BegunWorklist], clerk: Clerk, post: Post
) -> Iterator[Result]:
    """Do what was decided on letters. Letters that no longer have to go are left."""
    for begun in worklists:
        yield from _Dispatcher(office, begun, clerk, post).dispatch()


class _Dispatcher:
    """Sends what one worklist decides."""

    def __init__(self, office: Office, begun: BegunWorklist, clerk: Clerk, post: Post) -> None:
        self.office, self.begun, self.clerk, self.post = office, begun, clerk, post
        self.made = {made.key: made for made in begun.worklist.decisions}

    def dispatch(self) -> Iterator[Result]:
        for batch, group in self._batches().items():
            yield from self._dispatch(batch, group)

    def _batches(self) -> Mapping[_Batch, list[MadeDecision]]:
        """Return the decisions on letters that are still to be obeyed, by batch."""
        with self._ledger() as ledger:
            earlier = DecisionLog(ledger, self.clerk).earlier(self.begun)
        batches: dict[_Batch, list[MadeDecision]] = {}
        for made in self.begun.worklist.decisions:
            recorded = earlier.get(made.key)
            is_done = recorded and recorded.progress is not Progress.BEGUN
            if made.decision in LETTER_DECISIONS and not is_done:
                batches.setdefault(self._batch(made), []).append(made)
        return batches

    def _batch(self, made: MadeDecision) -> _Batch:
        subject, state = split_key(made.key)
        kind, _, name = subject.partition("/")
        if kind == FORMS:
            form, _, month = name.partition("/")
            return _Batch(Period.parse(month), form)
        period = self.begun.worklist.period or Period.of("month", self.clerk.as_of).previous()
        return _Batch(period, repeat=made.decision == "remind" and state != "0")

    def _ledger(self) -> Ledger:
        return Ledger.open(self.office.workspace.ledger)

    def _run(self, batch: _Batch) -> MailRun:
        office, clerk = self.office, self.clerk
        make = partial(self._forms, batch) if batch.form else partial(reply_letters, office)
        return MailRun(office, make, batch.period, clerk.as_of, clerk.holder, batch.repeat)

    def _forms(self, batch: _Batch, ledger: Ledger, selection: LetterSelection) -> PendingLetters:
        """Return the letters with the blank forms that the branches have not got."""
        letters, entries = MailLog(ledger).letters(), ledger.entries()
        for form, codes in forms_to_issue(self.office, letters, entries, batch.period):
            if form.form == batch.form:
                return form_letters(self.office, form, codes, ledger, selection)
        return PendingLetters((), (), ())

    def _dispatch(self, batch: _Batch, group: Sequence[MadeDecision]) -> Iterator[Result]:
        run = self._run(batch)
        workspace = self.office.workspace
        with lock(workspace.root, self.clerk.holder), self._ledger() as ledger:
            log = DecisionLog(ledger, self.clerk)
            wanted = self._wanted(run, ledger, group)
            for made in group:
                if made.key not in wanted:
                    yield log.stale(self.begun, made)
            wrong = self._wrong(wanted)
            for key, finding in wrong.items():
                yield log.end(self.begun, self.made[key], Outcome.wrong(finding))
            ready = {key: letters for key, letters in wanted.items() if key not in wrong}
            for key in ready:
                log.begin(self.begun, self.made[key])
        outcomes = self._act(run, ready)
        with lock(workspace.root, self.clerk.holder), self._ledger() as ledger:
            log = DecisionLog(ledger, self.clerk)
            for key, letters in ready.items():
                outcome = _joint([outcomes[letter.id] for letter in letters])
                yield log.end(self.begun, self.made[key], outcome)

    def _wanted(
        self, run: MailRun, ledger: Ledger, group: Sequence[MadeDecision]
    ) -> dict[str, list[Letter]]:
        """Return the letters each decision is about, by key; those still owed as offered only."""
        pending = run.pending_letters(ledger)
        mail = MailLog(ledger).letters()
        letters = [*pending.letters, *pending.by_hand]
        found = {made.key: _letters_of(made, letters, mail) for made in group}
        return {key: letters for key, letters in found.items() if letters}

    def _wrong(self, wanted: Mapping[str, Sequence[Letter]]) -> dict[str, Finding]:
        """Return the decisions that must not be obeyed, by key, and why.

        A matter's decision contradicts another one on its letter's own row; too many letters would
        go without a second word.
        """
        wrong: dict[str, Finding] = {}
        rows = {made.subject: made for made in self.begun.worklist.decisions}
        for key, letters in wanted.items():
            for letter in letters:
                row = rows.get(f"{LETTER}/{letter.id}")
                if row and (row.decision == "send") != (self.made[key].decision != _HANDED):
                    wrong[key] = contradiction(self.made[key], row)
        to_send = {
            letter.id
            for key, letters in wanted.items()
            for letter in letters
            if letter.to and key not in wrong and self.made[key].decision != _HANDED
        }
        if self.post.connection and len(to_send) > MANY_LETTERS:
            for key in wanted:
                made = self.made[key]
                if not made.is_sure and made.decision != _HANDED:
                    params = {"count": len(to_send)}
                    wrong[key] = Finding(MANY, Severity.ERROR, made.place, params)
        return wrong

    def _act(self, run: MailRun, ready: Mapping[str, Sequence[Letter]]) -> dict[str, Outcome]:
        """Hand over and send; return what became of each letter, by its id."""
        outcomes: dict[str, Outcome] = {}
        handed, sent = (
            {
                x.id: x
                for key, group in ready.items()
                for x in group
                if is_handed == self._hands(key)
            }
            for is_handed in (True, False)
        )
        if handed:
            mail_run.hand_over(replace(run, choose=lambda x: x.id in handed), self.clerk.at)
            outcomes |= dict.fromkeys(handed, Outcome.done("handed"))
        if sent:
            outcomes |= self._send(replace(run, choose=lambda x: x.id in sent), sent)
        return outcomes

    def _hands(self, key: str) -> bool:
        return self.made[key].decision == _HANDED

    def _send(self, run: MailRun, letters: Mapping[str, Letter]) -> dict[str, Outcome]:
        """Send the letters, or draft them without a mail host; those without an address wait."""
        folder = self._write_by_hand(run, [x for x in letters.values() if not x.to])
        outcomes = {
            id_: Outcome.not_done("stopped", problem="")
            if letter.to
            else Outcome.not_done("no_address", folder=folder)
            for id_, letter in letters.items()
        }
        if not any(letter.to for letter in letters.values()):
            return outcomes
        try:
            if self.post.connection is None:
                mail_run.draft(run, self.clerk.at)
                drafted = Outcome.done("drafted", folder=f"outbox/{run.period}/mail")
                return outcomes | {id_: drafted for id_, x in letters.items() if x.to}
            connection = self.post.connection()
            result = mail_run.send(run, connection, self.post.limiter(), self.post.clock)
        except MlayError as error:
            return dict.fromkeys(outcomes, Outcome.failed(error))
        return outcomes | _sent_outcomes(result, outcomes)

    def _write_by_hand(self, run: MailRun, letters: Sequence[Letter]) -> str:
        """Write the attachments of letters without an address; return the folder."""
        folder = f"outbox/{run.period}"
        for letter in letters:
            for item in letter.attachments:
                write_atomically(self.office.workspace.root / folder / item.name, item.data)
        return folder


def _letters_of(
    made: MadeDecision, letters: Sequence[Letter], mail: Sequence[SentMail]
) -> list[Letter]:
    """Return the letters a decision is about, none where they are owed no more as offered."""
    subject, state = split_key(made.key)
    kind, _, name = subject.partition("/")
    if kind == LETTER:
        return [x for x in letters if x.id == name and letter_state(mail, x) == state]
    if kind == FORMS:
        return list(letters) if state == str(sum(len(x.topics) for x in letters)) else []
    if state != str(len(letters_told(mail, subject))):
        return []
    return [x for x in letters if any(is_about(topic, subject) for topic in x.topics)]


def _sent_outcomes(result: MailResult, outcomes: Mapping[str, Outcome]) -> dict[str, Outcome]:
    told = {
        id_: Outcome.not_done("stopped", problem=result.stop_reason)
        for id_, outcome in outcomes.items()
        if result.stop_reason and outcome.code == "stopped"
    }
    told |= {x.id: Outcome.done("sent", to=", ".join(x.to)) for x in result.letters}
    told |= {x.id: Outcome.not_done("failed", problem=problem) for x, problem in result.failed}
    for letter, refused in result.partly_refused:
        told[letter.id] = Outcome.done("partly", refused=", ".join(refused))
    return told


def _joint(outcomes: Sequence[Outcome]) -> Outcome:
    """Return what came of a decision on several letters."""
    left = [outcome for outcome in outcomes if outcome.progress is not Progress.DONE]
    if left and len(left) < len(outcomes):
        return Outcome.not_done("some", sent=len(outcomes) - len(left), count=len(outcomes))
    return (left or outcomes)[0]
