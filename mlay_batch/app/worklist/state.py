"""What is open in an office on a day: read from the ledger at once, before any row is made.

A matter has a key: its subject and the state it is in. A decision holds for that state only.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from itertools import chain

from mlay_batch.app.load_inputs import PeriodFacts
from mlay_batch.app.mail_run import MailRun
from mlay_batch.app.office import Office
from mlay_batch.app.reply import LetterSelection, PendingLetters, reply_letters
from mlay_batch.core.findings import Finding
from mlay_batch.core.period import Period
from mlay_batch.figures.report_records import (
    NOT_OWED,
    OPEN,
    SENT,
    Completeness,
    ExpectedReturn,
    ReportInputs,
)
from mlay_batch.ledger import (
    Answers,
    Closing,
    Closings,
    Ledger,
    MailLog,
    MailState,
    Rulings,
    SentMail,
)
from mlay_batch.mail.letter import Letter
from mlay_batch.model.answers import AnswerKey, GivenAnswer
from mlay_batch.model.records import LedgerEntry
from mlay_batch.model.register import Register
from mlay_batch.model.slip_recipients import recipients
from mlay_batch.model.topics import Topic
from mlay_batch.schema import Form

FINAL_STATES = (MailState.QUEUED, MailState.SENT, MailState.HANDED)
FILE, PERIOD, DOUBTFUL, WARNING = "file", "period", "doubtful", "warning"
FORMS, ADDRESS, LETTER = "forms", "address", "letter"
"""What a subject is, before its first slash."""
TOPICS = ("answer", "correction", "reminder")
"""The same of matters that a letter is about."""
DRAFTED = "drafted"
AND_PERIOD = "+"
"""In the state of a file, before the state of its closed period."""
_REMEMBERED = timedelta(days=92)
MONTHS_SHOWN = 12
"""Months back from the running one whose returns are looked at."""


@dataclass(frozen=True)
class OpenState:
    """What the ledger says of a period on a day; everything is read before the first row.

    Attributes:
        inputs: those of the figures.
        forms: which returns have come in, up to the period.
        to_date: the same up to the last month.
        warnings: the warnings across returns, by ledger entry.
        mail: the letters written so far.
        rulings: number of decisions on each file that had any.
        answers: the answers to warnings that hold.
        closings: every closing, also reopened ones.
        owed: the letters owed, each once, with the period it is of.
        again: the reminders that would go once more.
        periods: the period at work, and longer ones that have ended and are not complete.
    """

    office: Office
    lang: str
    inputs: ReportInputs
    forms: tuple[Completeness, ...]
    to_date: tuple[Completeness, ...]
    warnings: Mapping[int, Sequence[Finding]]
    mail: tuple[SentMail, ...]
    rulings: Mapping[int, int]
    answers: Mapping[AnswerKey, GivenAnswer]
    closings: tuple[Closing, ...]
    owed: tuple[tuple[Period, Letter], ...]
    again: tuple[Letter, ...]
    periods: tuple[Period, ...]

    @classmethod
    def load(
        cls, office: Office, ledger: Ledger, period: Period, as_of: date, lang: str, holder: str
    ) -> OpenState:
        """Read it from the ledger."""
        facts, closings = PeriodFacts(office, ledger, as_of), Closings(ledger)
        inputs, forms = facts.inputs(period), facts.completeness(period)
        last = Period.of("month", as_of).previous()
        older = (Period(last.year - 1, 12),) if last.month < MONTHS_SHOWN else ()
        ends = [end for end in (*older, last) if end != period]
        to_date = map(facts.completeness, ends)
        longer = _longer_periods(office, forms, as_of, closings.in_force())
        owed: dict[str, tuple[Period, Letter]] = {}
        again: list[Letter] = []
        for each in (period, *longer):
            run = owed_run(office, each, as_of, holder, facts=facts)
            for letter in run.pending_letters(ledger).written:
                owed.setdefault(letter.id, (each, letter))
            repeated = replace(run, repeat=True)
            again += repeated.pending_letters(ledger, reminders_only=True).written
        return cls(
            office,
            lang,
            inputs,
            forms,
            (*chain.from_iterable(to_date), *forms),
            facts.warnings(period),
            MailLog(ledger).letters(),
            Counter(ruling.delivery for ruling in Rulings(ledger).all()),
            Answers(ledger).in_force(),
            closings.all(),
            tuple(owed.values()),
            tuple(again),
            (period, *longer),
        )

    @property
    def register(self) -> Register:
        """The office's register."""
        return self.office.register

    @property
    def period(self) -> Period:
        """The period at work."""
        return self.inputs.period

    @property
    def as_of(self) -> date:
        """The day from which is reckoned."""
        return self.inputs.as_of

    @property
    def entries(self) -> tuple[LedgerEntry, ...]:
        """All files received."""
        return self.inputs.ledger_entries

    def letter_about(self, subject: str) -> Letter | None:
        """Return the letter owed on a topic; where it went out, the one that would go again."""
        letters = (*(letter for _, letter in self.owed), *self.again)
        return next((x for x in letters if any(is_about(t, subject) for t in x.topics)), None)

    def returns_of(self, period: Period) -> list[ExpectedReturn]:
        """Return the returns of a period that are owed, each once."""
        cells = {
            (matrix.form, cell.branch): cell
            for matrix in self.to_date
            for cell in matrix.of_period(period)
            if cell.state not in NOT_OWED
        }
        return list(cells.values())

    @cached_property
    def closed(self) -> Mapping[Period, Closing]:
        """The closings in force, by period."""
        return {each.period: each for each in self.closings if each.reopened is None}


def _longer_periods(
    office: Office, forms: Sequence[Completeness], as_of: date, closed: Container[Period]
) -> tuple[Period, ...]:
    """Return the last quarter, half-year and year that have ended and wait for returns.

    One of which nothing came in is waited for so long only (`_REMEMBERED`).
    """
    periods = []
    for kind in {period.kind for matrix in forms for period in matrix.periods} - {"month"}:
        period = Period.of(kind, as_of).previous()
        cells = [cell for matrix in forms for cell in matrix.of_period(period)]
        versions = (office.catalogue.form_for(cell.form, period) for cell in cells)
        due = max((f.due_in(period).last_day(period) for f in versions if f), default=period.end)
        has_begun = any(cell.state in SENT for cell in cells) or as_of <= due + _REMEMBERED
        if period not in closed and has_begun and any(cell.state in OPEN for cell in cells):
            periods.append(period)
    return tuple(sorted(periods))


def owed_run(
    office: Office,
    period: Period,
    as_of: date,
    holder: str,
    *,
    repeat: bool = False,
    facts: PeriodFacts | None = None,
) -> MailRun:
    """Return the run of the answers and reminders owed; of a longer period only its own.

    `facts` may be known from other letters, while the ledger stays as it is.
    """

    def make_letters(ledger: Ledger, selection: LetterSelection) -> PendingLetters:
        selection = replace(selection, own_only=period.kind != "month")
        return reply_letters(office, ledger, selection, facts)

    return MailRun(office, make_letters, period, as_of, holder, repeat)


def in_period(state: str, period: Period) -> str:
    """Return the state of a matter on which letters of a period are owed."""
    return f"{state}.{period}"


def split_state(state: str) -> tuple[str, Period | None]:
    """Return what `in_period` joined."""
    own, _, period = state.rpartition(".")
    return own, Period.parse_informal(period)


def file_state(entry: LedgerEntry, rulings: Mapping[int, int]) -> str:
    """Return the state of a file: its verdict, how often anybody decided on it, which file it is.

    After a backup was restored another file may have its number.
    """
    return f"{entry.verdict.value}.{rulings.get(entry.id, 0)}.{entry.sha256[:8]}"


def questions_state(questions: Iterable[str]) -> str:
    """Return the state of warnings: what they are about; another one once a value changes."""
    return hashlib.sha256(" ".join(sorted(questions)).encode()).hexdigest()[:8]


def period_state(period: Period, closings: Sequence[Closing]) -> str:
    """Return the state of a period: open or closed, and how often it was closed."""
    of_period = [closing for closing in closings if closing.period == period]
    kind = "closed" if any(closing.reopened is None for closing in of_period) else "open"
    return f"{kind}.{len(of_period)}"


def is_about(topic: Topic, subject: str) -> bool:
    """Whether a topic is that subject, or the same once more."""
    return topic.key == subject or topic.key.startswith(f"{subject}/")


def letters_told(mail: Sequence[SentMail], subject: str) -> list[SentMail]:
    """Return the letters on a topic that have gone out."""
    return [
        each
        for each in mail
        if each.state in FINAL_STATES and any(is_about(topic, subject) for topic in each.topics)
    ]


def letter_state(mail: Sequence[SentMail], letter: Letter) -> str:
    """Return whether a letter that is owed was drafted before."""
    keys = {topic.key for topic in letter.topics}
    drafted = (each for each in mail if each.state is MailState.DRAFTED)
    is_drafted = any(keys & {topic.key for topic in each.topics} for each in drafted)
    return DRAFTED if is_drafted else "new"


def earlier_months(state: OpenState) -> list[Period]:
    """Return the months in use before the period at work, newest first, as far back as a year."""
    first = Period.of("month", state.period.start).previous()
    months = [first.shift(-step) for step in range(MONTHS_SHOWN - 1)]
    return [month for month in months if state.register.rules.profile.has_begun(month)]


def assignable(register: Register) -> dict[str, str]:
    """Return those to whom a file may be assigned, name by code: with slips officers too."""
    names = {each.code: each.name for each in register.organisations}
    officers = register.officers if register.rules.has_slips else ()
    return names | {each.code: each.name for each in officers if each.code not in names}


def branch_title(register: Register, code: str | None) -> str:
    """Return name and code of a branch; the code where the register has no name."""
    organisation = register.reporter_by_code.get(code or "")
    return organisation.title if organisation else code or "–"


def forms_to_issue(
    office: Office, mail: Sequence[SentMail], entries: Sequence[LedgerEntry], period: Period
) -> Iterator[tuple[Form, list[str]]]:
    """Yield each form of a period with those who are to get it and have neither got nor sent it."""
    register, catalogue = office.register, office.catalogue
    if not register.rules.profile.has_begun(period):
        return
    told = {topic.key for each in mail if each.state in FINAL_STATES for topic in each.topics}
    sent = {entry.key for entry in entries if entry.is_current}
    for name in dict.fromkeys(form.form for form in catalogue.forms):
        form = catalogue.form_for(name, period)
        if form is None or form.period != period.kind:
            continue
        codes = [
            organisation.code
            for organisation in recipients(register, form, period)
            if Topic.of("form", name, organisation.code, str(period)).key not in told
            and (name, organisation.code, str(period)) not in sent
        ]
        if codes:
            yield form, codes


def periods_to_issue(office: Office, as_of: date) -> list[Period]:
    """Return the periods whose blank forms are to go out: the running month, and longer ones.

    The forms of a longer period go out in its last month, and after it until they are due.
    """
    month = Period.of("month", as_of)
    periods = {month}
    for form in office.catalogue.forms:
        if form.period not in ("month", "none"):
            running = Period.of(form.period, as_of)
            last = running.previous()
            if running.end == month.end:
                periods.add(running)
            if as_of <= form.due_in(last).last_day(last):
                periods.add(last)
    return sorted(periods, key=lambda period: (period.length, period))
