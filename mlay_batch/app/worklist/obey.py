"""Applies the decisions of worklists on files, periods and doubtful letters.

Each is applied once and only in the state it was offered in; what is contradictory or incomplete
changes nothing. A decision is recorded as begun before it is applied: after a crash the next run
sees that the matter has moved on, and does not apply it again. One that was not done is tried again
as long as it stands in a worklist.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from mlay_batch.app.closing import record_closing, record_reopening
from mlay_batch.app.explain import (
    Explanation,
    OpenWarning,
    open_warnings,
    record_explanation,
    unanswered_codes,
)
from mlay_batch.app.load_inputs import PeriodFacts
from mlay_batch.app.office import Office
from mlay_batch.app.pending_replies import files_to_decide_on
from mlay_batch.app.review import Review, ReviewOutcome, record_review
from mlay_batch.app.worklist.records import (
    CONTRADICTION,
    SETTLED,
    MadeDecision,
    Outcome,
    ReadWorklist,
    Result,
    split_key,
)
from mlay_batch.app.worklist.state import (
    AND_PERIOD,
    DOUBTFUL,
    FILE,
    LETTER,
    PERIOD,
    TOPICS,
    WARNING,
    file_state,
    period_state,
    questions_state,
)
from mlay_batch.core.findings import Finding, Severity
from mlay_batch.core.period import Period
from mlay_batch.errors import LedgerError, MlayError, OutputBusyError, UsageError
from mlay_batch.ledger import (
    Answers,
    Archive,
    Closings,
    Ledger,
    MailLog,
    MailState,
    ObeyedDecision,
    Progress,
    Rulings,
    SentMail,
    Worklists,
)
from mlay_batch.mail.mime import short_id
from mlay_batch.model.records import LedgerEntry

LATER = "later"
_DECISIONS = {
    **dict.fromkeys(("accept", "assign", "refuse"), (FILE,)),
    "close": (PERIOD,),
    "reopen": (FILE, PERIOD),
    "explain": (FILE, WARNING),
    **dict.fromkeys(("sent", "unsent"), (DOUBTFUL,)),
}
"""What is decided here, and on what."""
_NOT_HELD = "ledger.not_held"


@dataclass(frozen=True)
class Clerk:
    """Who obeys the worklists, and when.

    Attributes:
        who: the system's name of the user.
        at: the time (ISO, with offset).
        as_of: the day from which is reckoned.
        holder: names him to others who find the workspace locked.
    """

    who: str
    at: str
    as_of: date
    holder: str


@dataclass(frozen=True)
class BegunWorklist:
    """A worklist that is being obeyed, with its number in the ledger."""

    id: int
    worklist: ReadWorklist


def begin(
    ledger: Ledger, archive: Archive, worklists: Iterable[ReadWorklist], clerk: Clerk
) -> tuple[BegunWorklist, ...]:
    """Archive and record the worklists in which something was decided."""
    log = Worklists(ledger)
    return tuple(
        BegunWorklist(log.begin(each.number, archive.store(each.data), clerk.who, clerk.at), each)
        for each in worklists
        if each.decisions
    )


def without_contradictions(worklists: Sequence[ReadWorklist]) -> tuple[ReadWorklist, ...]:
    """Return the worklists without decisions that contradict each other, which get findings.

    Two are contradictory if they decide differently on one matter in one state, in whatever
    worklist. The same decision twice in one worklist is one.
    """
    by_key: dict[str, list[MadeDecision]] = defaultdict(list)
    for worklist in worklists:
        for made in worklist.decisions:
            by_key[made.key].append(made)
    return tuple(_without_contradictions(worklist, by_key) for worklist in worklists)


def _without_contradictions(
    worklist: ReadWorklist, by_key: Mapping[str, Sequence[MadeDecision]]
) -> ReadWorklist:
    kept: dict[str, MadeDecision] = {}
    findings = list(worklist.findings)
    for made in worklist.decisions:
        others = [x for x in by_key[made.key] if not x.says_the_same(made)]
        if others:
            findings.append(contradiction(made, others[0]))
        elif made.key not in kept or made.why:
            kept[made.key] = made
    return replace(worklist, decisions=tuple(kept.values()), findings=tuple(findings))


def is_on_letter(made: MadeDecision) -> bool:
    """Whether a decision is on a letter: in its own row, or in that of what it is about."""
    return made.subject.partition("/")[0] in (LETTER, *TOPICS)


def contradiction(made: MadeDecision, other: MadeDecision) -> Finding:
    """Return the finding on a decision that another one contradicts."""
    where = f"{other.place.sheet}!{other.place.cell}"
    params = {"other": where, "name": other.place.file}
    return Finding(CONTRADICTION, Severity.ERROR, made.place, params)


class DecisionLog:
    """Records decisions before and after they are applied, each once."""

    def __init__(self, ledger: Ledger, clerk: Clerk) -> None:
        self._log, self._clerk = Worklists(ledger), clerk

    def open_decisions(self, begun: BegunWorklist) -> tuple[MadeDecision, ...]:
        """Return the decisions of a worklist that no earlier run has done or settled."""
        settled = {each.matter for each in self._log.decisions(begun.id) if _is_settled(each)}
        return tuple(made for made in begun.worklist.decisions if made.key not in settled)

    def last_on(self, subject: str) -> ObeyedDecision | None:
        """Return the last decision on a matter that was done, whatever its state."""
        done = (
            decision
            for decision in reversed(self._log.decisions())
            if decision.progress is Progress.DONE and split_key(decision.matter)[0] == subject
        )
        return next(done, None)

    def begin(self, begun: BegunWorklist, made: MadeDecision) -> None:
        """Record that a decision is about to be applied."""
        self._put(begun, made, Outcome(Progress.BEGUN, ""))

    def end(self, begun: BegunWorklist, made: MadeDecision, outcome: Outcome) -> Result:
        """Record what came of it."""
        self._put(begun, made, outcome)
        return Result(made, outcome)

    def is_begun(self, made: MadeDecision) -> bool:
        """Whether a run broke off while it obeyed this very decision.

        The worklist may have been saved anew since.
        """
        looked_for = Progress.BEGUN, made.key, made.decision
        return any(
            (each.progress, each.matter, each.decision) == looked_for
            for each in self._log.decisions()
        )

    def stale(self, begun: BegunWorklist, made: MadeDecision) -> Result:
        """Record that the matter has moved on since it was offered.

        If this very decision was begun before, a run broke off after applying it.
        """
        if self.is_begun(made):
            return self.end(begun, made, Outcome.done("broken_off"))
        last = self.last_on(made.subject)
        if last is None:
            return self.end(begun, made, Outcome.not_done("moved_on"))
        params = {"who": last.who, "day": last.at[:10], "decision": last.decision}
        return self.end(begun, made, Outcome.not_done("decided", **params))

    def _put(self, begun: BegunWorklist, made: MadeDecision, outcome: Outcome) -> None:
        decision = ObeyedDecision(
            made.key,
            made.decision,
            made.why,
            outcome.progress,
            made.title,
            made.assign_to,
            outcome.code,
            outcome.params,
        )
        self._log.put(begun.id, decision)


def asked_periods(log: DecisionLog, worklists: Sequence[BegunWorklist]) -> list[Period]:
    """Return the periods that people choose to work on, the last one to be obeyed last."""
    names = (
        made.subject.partition("/")[2]
        for begun in worklists
        for made in log.open_decisions(begun)
        if made.is_work
    )
    return [period for name in names if (period := Period.parse_informal(name))]


def _failure(error: MlayError) -> Outcome:
    """Return what is said of an error; one that advises a command, in words of the worklist."""
    if error.code == "review.other":
        return Outcome.not_done("names_other", named=str(error.params["named"]))
    if error.code == "period.open":
        return Outcome.not_done("incomplete", period=str(error.params["period"]))
    return Outcome.failed(error)


def _is_settled(decision: ObeyedDecision) -> bool:
    return decision.progress is Progress.DONE or decision.code in SETTLED


def obey(
    office: Office, ledger: Ledger, worklists: Sequence[BegunWorklist], clerk: Clerk
) -> Iterator[Result]:
    """Apply all decisions but those on letters; the workspace is locked."""
    obeyer = _Obeyer(office, ledger, clerk)
    for begun in worklists:
        for made in obeyer.log.open_decisions(begun):
            if made.decision in _DECISIONS:
                yield obeyer.apply_once(begun, made)
            elif made.is_work:
                period = made.subject.partition("/")[2]
                yield obeyer.log.end(begun, made, Outcome.done("working", period=period))
            elif made.decision == LATER and not is_on_letter(made):
                yield obeyer.log.end(begun, made, Outcome.done(LATER))


class _Obeyer:
    """Applies single decisions."""

    def __init__(self, office: Office, ledger: Ledger, clerk: Clerk) -> None:
        self.office, self.ledger, self.clerk = office, ledger, clerk
        self.log = DecisionLog(ledger, clerk)
        self._actions = {
            "accept": self._accept,
            "assign": self._accept,
            "refuse": self._refuse,
            "explain": self._explain,
            "close": self._close,
            "reopen": self._reopen,
            "sent": self._resolve,
            "unsent": self._resolve,
        }

    def apply_once(self, begun: BegunWorklist, made: MadeDecision) -> Result:
        """Apply a decision if its matter is still in the state it was offered in."""
        if not self._is_open(made):
            return self.log.stale(begun, made)
        self.log.begin(begun, made)
        try:
            outcome = self._actions[made.decision](made)
        except (UsageError, OutputBusyError) as error:
            outcome = _failure(error)
        except LedgerError as error:
            if error.code != _NOT_HELD:
                raise
            outcome = Outcome.failed(error)
        return self.log.end(begun, made, outcome)

    def _is_open(self, made: MadeDecision) -> bool:
        subject, state = split_key(made.key)
        kind, _, name = subject.partition("/")
        if kind not in _DECISIONS[made.decision]:
            return False
        if kind == FILE:
            return self._is_file_open(made, name, state)
        if kind == WARNING:
            return any(questions_state(x.questions) == state for x in self._warnings(name))
        if kind == PERIOD:
            return self._is_period_in(Period.parse_informal(name), state)
        mail = self._doubtful().get(name)
        return mail is not None and mail.at == state

    def _is_file_open(self, made: MadeDecision, number: str, state: str) -> bool:
        """Whether it is to be decided on as offered; to reopen its period, that as well."""
        state, _, its_period = state.partition(AND_PERIOD)
        entry = self._undecided(number)
        rulings = Counter(ruling.delivery for ruling in Rulings(self.ledger).all())
        if entry is None or file_state(entry, rulings) != state:
            return False
        period = Period.parse_informal(entry.period or "")
        return made.decision != "reopen" or self._is_period_in(period, its_period)

    def _is_period_in(self, period: Period | None, state: str) -> bool:
        closings = Closings(self.ledger).all()
        return period is not None and period_state(period, closings) == state

    def _undecided(self, number: str) -> LedgerEntry | None:
        entries = files_to_decide_on(self.ledger.entries(), self.office.register)
        return next((entry for entry in entries if str(entry.id) == number), None)

    def _doubtful(self) -> dict[str, SentMail]:
        letters = MailLog(self.ledger).letters()
        queued = (mail for mail in letters if mail.state is MailState.QUEUED)
        return {short_id(mail.message_id): mail for mail in queued}

    def _accept(self, made: MadeDecision) -> Outcome:
        return self._review(made, ReviewOutcome.ACCEPT)

    def _refuse(self, made: MadeDecision) -> Outcome:
        return self._review(made, ReviewOutcome.REFUSE)

    def _review(self, made: MadeDecision, outcome: ReviewOutcome) -> Outcome:
        number = int(made.subject.partition("/")[2])
        clerk = self.clerk
        review = Review(number, outcome, clerk.who, clerk.at, made.why, clerk.as_of, made.assign_to)
        result = record_review(self.office, self.ledger, review)
        is_dismissed = result.entry.is_dismissed
        code = "dismissed" if is_dismissed else f"file.{result.decision.verdict.value}"
        return Outcome.done(code)

    def _warnings(self, name: str) -> Iterator[OpenWarning]:
        """Yield the unanswered warnings of a return, of the code that its row names."""
        number, _, code = name.partition("/")
        entry = self.ledger.entry(int(number)) if number.isdecimal() else None
        if entry and entry.period:
            period = Period.parse(entry.period)
            facts = PeriodFacts(self.office, self.ledger, self.clerk.as_of)
            answers = Answers(self.ledger).in_force()
            for warning in open_warnings([entry], facts.warnings(period), answers):
                if warning.code == code:
                    yield warning

    def _explain(self, made: MadeDecision) -> Outcome:
        kind, number, *codes = made.subject.split("/")
        entry = self.ledger.entry(int(number))
        if kind == FILE and entry:
            codes = unanswered_codes(self.ledger, entry)
        who, at, as_of = self.clerk.who, self.clerk.at, self.clerk.as_of
        explanation = Explanation(int(number), tuple(codes), made.why, who, at, as_of)
        after = record_explanation(self.office, self.ledger, explanation)
        return Outcome.done("explained" if kind == WARNING else f"file.{after.verdict.value}")

    def _close(self, made: MadeDecision) -> Outcome:
        period = self._period(made)
        result = record_closing(
            self.office,
            self.ledger,
            period,
            self.clerk.as_of,
            self.clerk.who,
            allow_incomplete=bool(made.why),
        )
        return Outcome.done("closed", file=result.path.name, revision=result.closing.revision)

    def _reopen(self, made: MadeDecision) -> Outcome:
        period, clerk = self._period(made), self.clerk
        record_reopening(self.ledger, period, clerk.as_of, clerk.who, made.why)
        return Outcome.done("reopened", period=str(period))

    def _period(self, made: MadeDecision) -> Period:
        """Return the period decided on: the row's own, or that of the row's file."""
        kind, _, name = made.subject.partition("/")
        if kind == PERIOD:
            return Period.parse(name)
        entry = self.ledger.entry(int(name))
        return Period.parse(str(entry.period if entry else ""))

    def _resolve(self, made: MadeDecision) -> Outcome:
        mail = self._doubtful()[made.subject.partition("/")[2]]
        MailLog(self.ledger).resolve([mail.message_id], sent=made.decision == "sent")
        return Outcome.done(f"resolved.{made.decision}")
