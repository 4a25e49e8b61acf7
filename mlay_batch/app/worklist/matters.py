"""Lists what is open in an office, worst first: files to decide on, letters owed, periods.

Each matter has the state it is offered in: a decision made on another state is not obeyed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import PurePath

from mlay_batch.app.load_inputs import load_inputs
from mlay_batch.app.office import Office
from mlay_batch.app.pending_replies import (
    Correction,
    Reminder,
    branch_of,
    corrections,
    files_to_decide_on,
    reminders,
    unreached_addresses,
)
from mlay_batch.app.reply import PendingLetters
from mlay_batch.app.worklist.records import Matter, say
from mlay_batch.app.worklist.view_files import ViewFiles, cell_link
from mlay_batch.core.messages import explain, show
from mlay_batch.core.period import Period
from mlay_batch.core.text import begin_small
from mlay_batch.figures.completeness import completeness
from mlay_batch.figures.report_records import OPEN, Completeness, ReportInputs
from mlay_batch.ledger import (
    Archive,
    Closing,
    Closings,
    Ledger,
    MailLog,
    MailState,
    Rulings,
    SentMail,
)
from mlay_batch.mail.letter import Letter
from mlay_batch.mail.mime import short_id
from mlay_batch.model.records import LedgerEntry, Topic, Verdict
from mlay_batch.model.register import Register
from mlay_batch.schema import Form

FINAL_STATES = (MailState.QUEUED, MailState.SENT, MailState.HANDED)
FILE, PERIOD, DOUBTFUL = "file", "period", "doubtful"
FORMS, ADDRESS, LETTER = "forms", "address", "letter"
"""What a subject is, before its first slash."""
DRAFTED = "drafted"
AND_PERIOD = "+"
"""In the state of a file, before the state of its closed period."""
WORST_FIRST = (
    *("defect", "repairable", "trouble", "register", "doubtful", "held", "unassigned", "closed"),
    *("unreached", "overdue", "refused", "missing", "ready", "forms", "warning"),
)
_WORKBOOKS = frozenset({".xlsx", ".xls", ".ods"})
_MAX_REASONS = 2  # findings that say why a file waits; its marked form lists them all
_TONES = {
    **dict.fromkeys(("closed", "refused", "missing"), "watch"),
    "ready": "good",
    "forms": "",
}


@dataclass(frozen=True)
class OpenState:
    """What the ledger says of a period on a day; everything is read before the first row.

    Attributes:
        inputs: those of the figures.
        forms: which returns have come in.
        mail: the letters written so far.
        rulings: number of decisions on each file that had any.
        closings: every closing, also reopened ones.
        pending: the letters owed.
    """

    office: Office
    lang: str
    inputs: ReportInputs
    forms: tuple[Completeness, ...]
    mail: tuple[SentMail, ...]
    rulings: Mapping[int, int]
    closings: tuple[Closing, ...]
    pending: PendingLetters

    @classmethod
    def load(
        cls,
        office: Office,
        ledger: Ledger,
        period: Period,
        as_of: date,
        lang: str,
        pending: PendingLetters,
    ) -> OpenState:
        """Read it from the ledger."""
        inputs = load_inputs(office, ledger, period, as_of)
        return cls(
            office,
            lang,
            inputs,
            completeness(inputs),
            MailLog(ledger).letters(),
            Counter(ruling.delivery for ruling in Rulings(ledger).all()),
            Closings(ledger).all(),
            pending,
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

    @cached_property
    def letters(self) -> tuple[Letter, ...]:
        """All letters owed, also those without an address."""
        return (*self.pending.letters, *self.pending.by_hand)

    def letter_about(self, subject: str) -> Letter | None:
        """Return the letter owed on a topic."""
        letters = (x for x in self.letters if any(is_about(t, subject) for t in x.topics))
        return next(letters, None)

    @cached_property
    def closed(self) -> Mapping[Period, Closing]:
        """The closings in force, by period."""
        return {each.period: each for each in self.closings if each.reopened is None}


def file_state(entry: LedgerEntry, rulings: Mapping[int, int]) -> str:
    """Return the state of a file: its verdict, how often anybody decided on it, which file it is.

    After a backup was restored another file may have its number.
    """
    return f"{entry.verdict.value}.{rulings.get(entry.id, 0)}.{entry.sha256[:8]}"


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


def branch_title(register: Register, code: str | None) -> str:
    """Return name and code of a branch; the code where the register has no name."""
    organisation = register.by_code.get(code or "")
    return f"{organisation.name} ({organisation.code})" if organisation else code or "–"


def open_matters(state: OpenState, files: ViewFiles, archive: Archive) -> Iterator[Matter]:
    """Yield every matter of returns, letters and periods; what there is to see goes to `files`."""
    builder = _MatterBuilder(state, files, archive)
    yield from builder.undecided_files()
    yield from builder.doubtful_letters()
    yield from builder.unreached_addresses()
    yield from builder.refused_files()
    yield from builder.reminders()
    yield from builder.complete_period()
    yield from builder.blank_forms()


def worst_first(matters: Iterable[Matter]) -> list[Matter]:
    """Return the matters in the order to look at them, older ones first among equals."""
    return sorted(
        matters,
        key=lambda matter: (
            WORST_FIRST.index(_rank(matter)),
            str(matter.values.get("since") or ""),
        ),
    )


def _rank(matter: Matter) -> str:
    return "warning" if matter.kind == "register" and matter.tone == "watch" else matter.kind


class _MatterBuilder:
    """Makes the matters of one state."""

    def __init__(self, state: OpenState, files: ViewFiles, archive: Archive) -> None:
        self.state, self.files, self.archive = state, files, archive

    def _say(self, key: str, **params: object) -> str:
        return say(self.state.lang, key, **params)

    def _matter(
        self,
        kind: str,
        subject: str,
        state: str,
        branch: str,
        since: date | None,
        what: str,
        proposal: str = "",
        link: str = "",
    ) -> Matter:
        values = {
            "branch": branch,
            "what": what,
            "since": since,
            "proposal": proposal or self._say(f"proposal.{kind}"),
            "view": self._say("view") if link else None,
        }
        return Matter(kind, subject, state, values, link, _TONES.get(kind, "bad"))

    # Files

    def undecided_files(self) -> Iterator[Matter]:
        """Yield the files that are held, or of nobody knows whom."""
        state = self.state
        for entry in files_to_decide_on(state.entries, state.register):
            code = branch_of(entry, state.register)
            period = Period.parse(entry.period) if entry.period else None
            is_closed = entry.verdict is Verdict.HELD and period in state.closed
            kind = "closed" if is_closed else "held" if code else "unassigned"
            sender = entry.sender or self._say(f"sender.{entry.channel}")
            params = {"what": self._about(entry), "file": entry.name, "sender": sender}
            its_state = file_state(entry, state.rulings)
            if is_closed and period:
                its_state += f"{AND_PERIOD}{period_state(period, state.closings)}"
            yield self._matter(
                kind,
                f"{FILE}/{entry.id}",
                its_state,
                branch_title(state.register, code) if code else self._say("nobody"),
                _day(entry),
                self._say("what.file", reasons=self._reasons(entry), **params),
                link=self._original_link(entry),
            )

    def _about(self, entry: LedgerEntry) -> str:
        """Return which return a file is, as far as it says so."""
        form = self._form(entry)
        title = form.sheet.of(self.state.lang) if form else self._say("file")
        period = show(entry.period, self.state.lang) if entry.period else ""
        return f"{title} {period}".strip()

    def _form(self, entry: LedgerEntry) -> Form | None:
        return self.state.office.intake_catalogue.form(entry.form or "", entry.version or "")

    def _reasons(self, entry: LedgerEntry) -> str:
        form, lang = self._form(entry), self.state.lang
        texts = list(dict.fromkeys(explain(f, form, lang).what for f in entry.findings))
        more = len(texts) - _MAX_REASONS
        words = " ".join(texts[:_MAX_REASONS])
        return f"{words} {self._say('more', count=more)}" if more > 0 else words

    def _original_link(self, entry: LedgerEntry) -> str:
        """Return the link to a copy of a file that was read as a form of ours; else nothing.

        Nothing else is opened by a click: what could not be read may do harm.
        """
        suffix = PurePath(entry.name).suffix.lower()
        if entry.form is None or suffix not in _WORKBOOKS:
            return ""
        path = self.files.add(f"{entry.id}{suffix}", self.archive.read(entry.sha256))
        places = (f.place for f in entry.findings if f.place.sheet and f.place.cell)
        return cell_link(path, next(places, None))

    def refused_files(self) -> Iterator[Matter]:
        """Yield the refused files whose branch has not been told."""
        state = self.state
        for request in self._corrections():
            entry, subject = request.entry, request.entry.answer_key
            if letters_told(state.mail, subject):
                continue
            what = self._say("what.refused", what=self._about(entry), reasons=self._reasons(entry))
            yield self._matter(
                "refused",
                subject,
                "0",
                branch_title(state.register, request.branch),
                _day(entry),
                what,
                self._say("proposal.refused", until=request.until),
                self._attachment_link(subject),
            )

    def _corrections(self) -> tuple[Correction, ...]:
        state = self.state
        return corrections(
            state.entries,
            state.mail,
            state.period,
            state.register,
            state.office.catalogue,
            state.as_of,
        )

    # Letters

    def _attachment_link(self, subject: str) -> str:
        letter = self.state.letter_about(subject)
        return self.files.attachments(letter) if letter else ""

    def doubtful_letters(self) -> Iterator[Matter]:
        """Yield the letters that may have gone out before a run broke off."""
        for mail in self.state.mail:
            if mail.state is MailState.QUEUED:
                codes = dict.fromkeys(topic.branch for topic in mail.topics if topic.branch)
                names = ", ".join(branch_title(self.state.register, code) for code in codes)
                what = self._say("what.doubtful", to=", ".join(mail.recipients))
                subject = f"{DOUBTFUL}/{short_id(mail.message_id)}"
                since = date.fromisoformat(mail.at[:10])
                yield self._matter("doubtful", subject, mail.at, names or "–", since, what)

    def unreached_addresses(self) -> Iterator[Matter]:
        """Yield the registered addresses that a letter did not reach."""
        state = self.state
        unreached = unreached_addresses(state.entries, state.period, state.register, state.as_of)
        for address in sorted(unreached):
            owners = state.register.mail_owners(address, state.as_of)
            names = ", ".join(branch_title(state.register, code) for code in sorted(owners))
            what = self._say("what.unreached", address=address)
            link = state.office.workspace.register.name
            yield self._matter(
                "unreached", f"{ADDRESS}/{address}", "", names, None, what, link=link
            )

    def reminders(self) -> Iterator[Matter]:
        """Yield the branches to be reminded of a return or of a correction."""
        state = self.state
        if state.period in state.closed:
            return
        due = reminders(
            state.forms,
            state.period,
            self._corrections(),
            state.register,
            state.office.catalogue,
            state.as_of,
        )
        for reminder in due:
            yield self._reminder(reminder)

    def _reminder(self, reminder: Reminder) -> Matter:
        state, request = self.state, reminder.correction
        title = begin_small(reminder.form.sheet.of(state.lang))
        what = f"{title} {show(str(state.period), state.lang)}"
        if request:
            kind, subject = "overdue", f"correction/{request.entry.verdict_key}"
            since, key = request.until, "what.overdue"
        else:
            kind = "missing"
            subject = Topic.of(
                "reminder", reminder.form.form, reminder.branch, str(state.period)
            ).key
            since, key = reminder.form.due_in(state.period).last_day(state.period), "what.missing"
        told = letters_told(state.mail, subject)
        days = [mail.day for mail in told if mail.day]
        is_reachable = state.register.addressee(reminder.branch, state.as_of)
        proposal = "proposal.reminded" if days else f"proposal.{kind}"
        if not is_reachable:
            proposal = "proposal.ring"
        return self._matter(
            kind,
            subject,
            str(len(told)),
            branch_title(state.register, reminder.branch),
            since,
            self._say(key, what=what, due=since),
            self._say(proposal, day=max(days, default=None)),
            self._attachment_link(subject),
        )

    # Periods and forms

    def complete_period(self) -> Iterator[Matter]:
        """Yield the period at work where nothing is missing and it may be closed."""
        state, period = self.state, self.state.period
        cells = [cell for matrix in state.forms for cell in matrix.of_period(period)]
        is_over = state.as_of > period.end
        if is_over and period not in state.closed and not any(c.state in OPEN for c in cells):
            folder = f"reports/{period}/"
            yield self._matter(
                "ready",
                f"{PERIOD}/{period}",
                period_state(period, state.closings),
                state.register.root().name,
                None,
                self._say("what.ready", period=str(period), count=len(cells)),
                link=folder,
            )

    def blank_forms(self) -> Iterator[Matter]:
        """Yield each form of the running month that its branches have not got yet."""
        state, month = self.state, Period.of("month", self.state.as_of)
        for form, codes in forms_to_issue(state.office, state.mail, state.entries, month):
            title = begin_small(form.sheet.of(self.state.lang))
            what = f"{title} {show(str(month), self.state.lang)}"
            yield self._matter(
                "forms",
                f"{FORMS}/{form.form}/{month}",
                str(len(codes)),
                self._say("branches", count=len(codes)),
                None,
                self._say("what.forms", what=what),
                self._say("proposal.forms", folder=f"outbox/{month}"),
            )


def forms_to_issue(
    office: Office, mail: Sequence[SentMail], entries: Sequence[LedgerEntry], month: Period
) -> Iterator[tuple[Form, list[str]]]:
    """Yield each form owed for a month, with the branches that have neither got nor sent it."""
    register, catalogue = office.register, office.catalogue
    if not register.rules.profile.has_begun(month):
        return
    told = {topic.key for each in mail if each.state in FINAL_STATES for topic in each.topics}
    sent = {entry.key for entry in entries if entry.is_current}
    for name in dict.fromkeys(form.form for form in catalogue.forms):
        form = catalogue.form_for(name, month)
        if form is None or form.period != month.kind:
            continue
        codes = [
            organisation.code
            for organisation in register.reporters(form, month)
            if Topic.of("form", name, organisation.code, str(month)).key not in told
            and (name, organisation.code, str(month)) not in sent
        ]
        if codes:
            yield form, codes


def _day(entry: LedgerEntry) -> date:
    return date.fromisoformat(entry.received[:10])
