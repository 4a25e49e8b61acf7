"""Sends, drafts or hands over the letters as people decided in worklists.

A letter is named by its own row, or by the matter that asks for it: a return to be sent back, a
branch to be reminded, the blank forms of a month.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import permutations

from mlay_batch.app import mail_run
from mlay_batch.app.mail_run import MailResult, MailRun, MailTransport
from mlay_batch.app.office import Office
from mlay_batch.app.reply import LetterSelection, PendingLetters, form_letters
from mlay_batch.app.worklist.obey import (
    LATER,
    BegunWorklist,
    Clerk,
    DecisionLog,
    contradiction,
    is_on_letter,
)
from mlay_batch.app.worklist.records import (
    MANY_LETTERS,
    MadeDecision,
    Outcome,
    Result,
    split_key,
)
from mlay_batch.app.worklist.state import (
    FORMS,
    LETTER,
    forms_to_issue,
    is_about,
    letter_state,
    letters_told,
    owed_run,
    split_state,
)
from mlay_batch.core.findings import Finding, Severity
from mlay_batch.core.period import Period
from mlay_batch.errors import MlayError, OutputBusyError
from mlay_batch.ledger import Ledger, MailLog, Progress, SentMail, lock
from mlay_batch.mail.letter import Letter
from mlay_batch.mail.smtp import RateLimiter

MANY = "E02"
_SEND, _HANDED = "send", "handed"
_DECISIONS = frozenset({_SEND, _HANDED, "remind", "return"})
_HOST_ERRORS = ("smtp.", "tls.")
"""How the codes of errors begin that the mail host, or what is set for it, causes."""


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


_TaskId = tuple[int, str]


@dataclass(frozen=True)
class _Task:
    """A decision on letters that is to be obeyed.

    Attributes:
        letters: the letters it is about; none where they are owed no more as offered.
    """

    begun: BegunWorklist
    made: MadeDecision
    batch: _Batch
    letters: Sequence[Letter]

    @property
    def id(self) -> _TaskId:
        """What tells it from others: the worklist, and the row's key."""
        return self.begun.id, self.made.key

    @property
    def way(self) -> str:
        """How the letters go."""
        return self.made.decision if self.made.decision in (_HANDED, LATER) else _SEND


def dispatch(
    office: Office, worklists: Sequence[BegunWorklist], clerk: Clerk, post: Post
) -> Iterator[Result]:
    """Do what was decided on letters in all worklists. Letters that need not go any more are left.

    Letters of two decisions go once.
    """
    return _Dispatcher(office, clerk, post).dispatch(worklists)


class _Dispatcher:
    """Sends what worklists decide."""

    def __init__(self, office: Office, clerk: Clerk, post: Post) -> None:
        self.office, self.clerk, self.post = office, clerk, post

    def dispatch(self, worklists: Sequence[BegunWorklist]) -> Iterator[Result]:
        batches: dict[_Batch, list[_Task]] = {}
        with self._ledger() as ledger:
            log = DecisionLog(ledger, self.clerk)
            tasks = self._tasks(ledger, worklists)
            held_back = _held_back(tasks)
            wrong = self._wrong([task for task in tasks if task.id not in held_back])
            for task in tasks:
                if task.id in held_back:
                    yield log.end(task.begun, task.made, Outcome.not_done("held_back"))
                elif finding := wrong.get(task.id):
                    yield log.end(task.begun, task.made, Outcome.wrong(finding))
                elif task.way == LATER:
                    yield log.end(task.begun, task.made, Outcome.done(LATER))
                elif not task.letters:
                    yield log.stale(task.begun, task.made)
                else:
                    log.begin(task.begun, task.made)
                    batches.setdefault(task.batch, []).append(task)
        for batch, group in batches.items():
            outcomes = self._act(self._run(batch), group)
            with self._ledger() as ledger:
                log = DecisionLog(ledger, self.clerk)
                for task in group:
                    outcome = _joint([outcomes[letter.id] for letter in task.letters])
                    yield log.end(task.begun, task.made, outcome)

    @contextmanager
    def _ledger(self) -> Iterator[Ledger]:
        workspace = self.office.workspace
        with lock(workspace.root, self.clerk.holder), Ledger.open(workspace.ledger) as ledger:
            yield ledger

    def _tasks(self, ledger: Ledger, worklists: Sequence[BegunWorklist]) -> list[_Task]:
        """Return the decisions on letters that are still to be obeyed."""
        log, mail = DecisionLog(ledger, self.clerk), MailLog(ledger).letters()
        pending: dict[_Batch, Sequence[Letter]] = {}
        tasks = []
        for begun in worklists:
            for made in log.open_decisions(begun):
                if made.decision in _DECISIONS or is_on_letter(made):
                    batch = self._batch(made)
                    if batch not in pending:
                        pending[batch] = self._run(batch).pending_letters(ledger).written
                    letters_of: Sequence[Letter] = _letters_of(made, pending[batch], mail)
                    if batch.form and log.is_begun(made):
                        letters_of = pending[batch]  # a run broke off among the blank forms
                    tasks.append(_Task(begun, made, batch, letters_of))
        return tasks

    def _batch(self, made: MadeDecision) -> _Batch:
        subject, state = split_key(made.key)
        kind, _, name = subject.partition("/")
        form, _, month = name.partition("/")
        if kind == FORMS and (period := Period.parse_informal(month)):
            return _Batch(period, form)
        own, owed_in = split_state(state)
        period = owed_in or Period.of("month", self.clerk.as_of).previous()
        return _Batch(period, repeat=made.decision == "remind" and own != "0")

    def _run(self, batch: _Batch) -> MailRun:
        office, day, holder = self.office, self.clerk.as_of, self.clerk.holder
        if batch.form:
            return MailRun(office, partial(self._forms, batch), batch.period, day, holder)
        return owed_run(office, batch.period, day, holder, repeat=batch.repeat)

    def _forms(self, batch: _Batch, ledger: Ledger, selection: LetterSelection) -> PendingLetters:
        """Return the letters with the blank forms that the branches have not got."""
        letters, entries = MailLog(ledger).letters(), ledger.entries()
        for form, codes in forms_to_issue(self.office, letters, entries, batch.period):
            if form.form == batch.form:
                return form_letters(self.office, form, codes, ledger, selection)
        return PendingLetters((), (), ())

    def _wrong(self, tasks: Sequence[_Task]) -> dict[_TaskId, Finding]:
        """Return the tasks that must not be done, and why.

        Another one decides otherwise on one of its letters; or too many letters would go without a
        second word.
        """
        by_letter: dict[str, list[_Task]] = {}
        for task in tasks:
            for letter in task.letters:
                by_letter.setdefault(letter.id, []).append(task)
        wrong: dict[_TaskId, Finding] = {}
        for task, other in (p for group in by_letter.values() for p in permutations(group, 2)):
            if task.way != other.way:
                wrong[task.id] = contradiction(task.made, other.made)
        for way in (_SEND, _HANDED) if self.post.connection else (_HANDED,):
            going = [task for task in tasks if task.way == way and task.id not in wrong]
            letters = {x.id for task in going for x in task.letters if x.to or way == _HANDED}
            if len(letters) > MANY_LETTERS:
                params = {"count": len(letters)}
                for task in (task for task in going if not task.made.is_sure):
                    wrong[task.id] = Finding(MANY, Severity.ERROR, task.made.place, params)
        return wrong

    def _act(self, run: MailRun, tasks: Sequence[_Task]) -> dict[str, Outcome]:
        """Hand over and send; return what became of each letter, by its id."""
        outcomes: dict[str, Outcome] = {}
        handed, sent = (
            {letter.id: letter for task in tasks if task.way == way for letter in task.letters}
            for way in (_HANDED, _SEND)
        )
        if handed:
            mail_run.hand_over(replace(run, choose=lambda x: x.id in handed), self.clerk.at)
            outcomes |= dict.fromkeys(handed, Outcome.done("handed"))
        if sent:
            outcomes |= self._send(replace(run, choose=lambda x: x.id in sent), sent)
        return outcomes

    def _send(self, run: MailRun, letters: Mapping[str, Letter]) -> dict[str, Outcome]:
        """Send the letters, or draft them without a mail host; those without an address wait.

        What the host answers, or that it cannot be reached, is what became of them; anything else
        that goes wrong breaks the run.
        """
        outcomes = {x.id: self._write_by_hand(run, x) for x in letters.values() if not x.to}
        addressed = [x.id for x in letters.values() if x.to]
        if not addressed:
            return outcomes
        try:
            if self.post.connection is None:
                mail_run.draft(run, self.clerk.at)
                folder = f"outbox/{run.period}"
                drafted = (_gone(letters[key], "drafted", f"{folder}/mail") for key in addressed)
                return outcomes | dict(zip(addressed, drafted, strict=True))
            connection = self.post.connection()
            result = mail_run.send(run, connection, self.post.limiter(), self.post.clock)
        except MlayError as error:
            if not error.code.startswith(_HOST_ERRORS) and not isinstance(error, OutputBusyError):
                raise
            return outcomes | dict.fromkeys(addressed, Outcome.failed(error))
        left = Outcome.not_done("moved_on")
        if result.stop_reason:
            left = Outcome.not_done("stopped", problem=result.stop_reason)
        outcomes |= dict.fromkeys(addressed, left)
        return outcomes | _sent_outcomes(result, f"outbox/{run.period}")

    def _write_by_hand(self, run: MailRun, letter: Letter) -> Outcome:
        """Write the workbooks of a letter without an address; return that it was not sent."""
        try:
            mail_run.write_workbooks(run, letter.workbooks)
        except OutputBusyError as error:
            return Outcome.failed(error)
        code = "no_address_bare" if letter.handover else "no_address"
        return Outcome.not_done(code, folder=f"outbox/{run.period}")


def _held_back(tasks: Sequence[_Task]) -> set[_TaskId]:
    """Return those whose letter a matter leaves for later, and that only all letters decide."""
    later = {x.id for task in tasks if task.way == LATER for x in task.letters}
    return {
        task.id
        for task in tasks
        if not task.made.is_own and task.way != LATER and any(x.id in later for x in task.letters)
    }


def _letters_of(
    made: MadeDecision, letters: Sequence[Letter], mail: Sequence[SentMail]
) -> list[Letter]:
    """Return the letters a decision is about, none where they are owed no more as offered."""
    subject, state = split_key(made.key)
    kind, _, name = subject.partition("/")
    if kind == FORMS:
        return list(letters) if state == str(sum(len(x.topics) for x in letters)) else []
    own, _ = split_state(state)
    if kind == LETTER:
        return [x for x in letters if x.id == name and letter_state(mail, x) == own]
    if own != str(len(letters_told(mail, subject))):
        return []
    return [x for x in letters if any(is_about(topic, subject) for topic in x.topics)]


def _sent_outcomes(result: MailResult, folder: str) -> dict[str, Outcome]:
    """Return what the mail host said of each letter that it was given, by its id.

    `folder` is where its workbooks lie that are to be handed over.
    """
    outcomes = {x.id: _gone(x, "sent", folder) for x in result.letters}
    for letter, problem in result.failed:
        outcomes[letter.id] = Outcome.not_done("failed", problem=problem)
    for letter, refused in result.partly_refused:
        outcomes[letter.id] = Outcome.done("partly", refused=", ".join(refused))
    return outcomes


def _gone(letter: Letter, way: str, folder: str) -> Outcome:
    """Return that a letter was sent or drafted, and where its workbooks lie that go by hand."""
    code = f"{way}_bare" if letter.handover else way
    return Outcome.done(code, to=", ".join(letter.to), folder=folder)


def _joint(outcomes: Sequence[Outcome]) -> Outcome:
    """Return what came of a decision on several letters."""
    left = [outcome for outcome in outcomes if outcome.progress is not Progress.DONE]
    if left and len(left) < len(outcomes):
        return Outcome.not_done("some", sent=len(outcomes) - len(left), count=len(outcomes))
    return (left or outcomes)[0]
