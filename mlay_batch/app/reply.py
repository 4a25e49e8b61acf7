"""Makes the letters of a period: answers to returns, blank forms, reminders.

`app.pending_replies` decides what is answered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from mlay_batch import reader
from mlay_batch.app.letter_forms import LetterForms
from mlay_batch.app.load_inputs import PeriodFacts
from mlay_batch.app.office import Office
from mlay_batch.app.pending_replies import (
    Correction,
    answer_findings,
    branch_of,
    correction,
    corrections,
    files_to_answer,
    is_declined,
    is_unreadable,
    mail_of,
    must_explain,
    reasons_to_decline,
    reminders,
    right_form,
)
from mlay_batch.app.version_migration import to_version
from mlay_batch.checks.answers import Question, open_questions
from mlay_batch.core.findings import Finding
from mlay_batch.core.period import Period
from mlay_batch.ledger import Answers, Archive, Closings, Ledger, MailLog
from mlay_batch.mail import bodies, mail_templates
from mlay_batch.mail.bodies import (
    Envelope,
    LetterContext,
    ListedError,
    ResendRequest,
)
from mlay_batch.mail.letter import Attachment, Letter
from mlay_batch.mail.receipt import NumberedReturn, write_receipt
from mlay_batch.model import rollup_form
from mlay_batch.model.barred_mail import names_barred
from mlay_batch.model.records import LedgerEntry, Row, Submission, Verdict
from mlay_batch.model.signatures import SignatureState, signature_states
from mlay_batch.model.sketches import member_of
from mlay_batch.model.topics import Topic
from mlay_batch.schema import Form
from mlay_batch.schema.ids import MEETING, VISIT_SLIP
from mlay_batch.template import FindingGroup

_LANG = "vi"  # letters are in Vietnamese


@dataclass(frozen=True)
class NoAddress:
    """A letter that cannot be mailed: the branch has no address, or the sender is unknown.

    Attributes:
        kind: kind of the letter, such as ``returned`` or ``reminder``.
        name: code of the branch, name of the file it answers, or both.
        number: ledger entry of a file of nobody knows whom.
    """

    kind: str
    name: str
    number: int | None = None


@dataclass(frozen=True)
class PendingLetters:
    """The letters that a selection asks for.

    Attributes:
        letters: those with an address.
        by_hand: those without one, complete: the office may pass them on by other means.
        unwritten: those that could not be written, of files of nobody knows whom.
    """

    letters: tuple[Letter, ...]
    by_hand: tuple[Letter, ...]
    unwritten: tuple[NoAddress, ...]

    @property
    def written(self) -> tuple[Letter, ...]:
        """All that could be written, however they go."""
        return *self.letters, *self.by_hand

    @property
    def no_address(self) -> tuple[NoAddress, ...]:
        """All that cannot be mailed."""
        return (*map(_unmailable, self.by_hand), *self.unwritten)


def _unmailable(letter: Letter) -> NoAddress:
    name = f"{letter.addressee} ({letter.file})" if letter.file else letter.addressee
    return NoAddress(letter.kind, name)


@dataclass(frozen=True)
class LetterSelection:
    """Selects the letters to make."""

    period: Period
    as_of: date
    done_keys: frozenset[str] = frozenset()
    """Topics to leave out."""
    previous_keys: frozenset[str] = frozenset()
    """Topics that ever had a letter, even a draft."""
    repeat: bool = False
    """Remind once more, by a new letter each day."""
    own_only: bool = False
    """Leave out files of other periods that came in since the period's end."""
    reminders_only: bool = False
    """Leave out answers, and corrections asked for again."""


def reply_letters(
    office: Office, ledger: Ledger, selection: LetterSelection, facts: PeriodFacts | None = None
) -> PendingLetters:
    """Return the answers and reminders owed; `facts` may be known from other letters.

    Raises UsageError for a text of the office with an unknown gap, LedgerError.
    """
    builder = _ReplyBuilder(office, ledger, selection, facts)
    answers = () if selection.reminders_only else builder.answers()
    return _split([*answers, *builder.reminders()])


def form_letters(
    office: Office, form: Form, branches: Sequence[str], ledger: Ledger, selection: LetterSelection
) -> PendingLetters:
    """Return the letters with the blank forms of the period for the `branches` (codes).

    A committee gets one letter with the forms of its cells that have no address.
    """
    builder = _ReplyBuilder(office, ledger, selection, None)
    return _split([*builder.letters_by_addressee("form", form, branches)])


def letters_with_forms(
    office: Office,
    codes: Mapping[Form, Sequence[str]],
    ledger: Ledger,
    selection: LetterSelection,
) -> PendingLetters:
    """Return the letters with the blank forms of the period, each for its own `codes`."""
    parts = [form_letters(office, form, codes[form], ledger, selection) for form in codes]
    return PendingLetters(
        tuple(letter for part in parts for letter in part.letters),
        tuple(letter for part in parts for letter in part.by_hand),
        tuple(missing for part in parts for missing in part.unwritten),
    )


def _split(results: Sequence[Letter | NoAddress]) -> PendingLetters:
    letters = [letter for letter in results if isinstance(letter, Letter)]
    return PendingLetters(
        tuple(letter for letter in letters if letter.to),
        tuple(letter for letter in letters if not letter.to),
        tuple(missing for missing in results if isinstance(missing, NoAddress)),
    )


@dataclass(frozen=True)
class _PendingFile:
    """A file `branch` is to send again."""

    entry: LedgerEntry
    branch: str
    topic: Topic
    missed_day: date | None = None
    """Day of an earlier request that was not met."""
    same_mail: tuple[LedgerEntry, ...] = ()
    """Further files of its mail that the same letter is about."""

    def further_topics(self, period: Period) -> Iterator[Topic]:
        """Yield the topics of the answer to them."""
        for file in self.same_mail:
            yield Topic.answer(file, self.branch, period)


class _ReplyBuilder:
    """Makes the letters of a period; shared data is loaded once."""

    def __init__(
        self, office: Office, ledger: Ledger, selection: LetterSelection, facts: PeriodFacts | None
    ) -> None:
        self.office, self.ledger, self.selection = office, ledger, selection
        self.facts = facts or PeriodFacts(office, ledger, selection.as_of)
        self.period, self.as_of = selection.period, selection.as_of
        self.archive = Archive(office.workspace.archive)
        office_texts = mail_templates.load_templates(office.workspace.texts)
        self.letter_context = LetterContext(
            office.register.root().name, office.register, office_texts, self.as_of
        )
        self.entries = self.facts.entries
        self.signatures = signature_states(self.entries)
        self.incoming_numbers = {entry.id: entry.incoming or "" for entry in self.entries}
        self.refused_rows: defaultdict[int, Sequence[Row]] = defaultdict(tuple)
        self.forms = LetterForms(office, ledger, Answers(ledger).in_force())

    # Answers

    def answers(self) -> Iterator[Letter | NoAddress]:
        """Yield the answer to every accepted and every refused return, in order of receipt.

        What came in one mail and is no return gets one answer.
        """
        files = files_to_answer(
            self.entries, self.period, self.office.register, own_only=self.selection.own_only
        )
        unanswered = [file for file in files if file.answer_key not in self.selection.done_keys]
        submissions = self._read_rejected(unanswered)
        ignored: dict[object, list[LedgerEntry]] = {}
        for entry in unanswered:
            if entry.verdict is Verdict.IGNORED:
                ignored.setdefault(mail_of(entry), []).append(entry)
        for entry in unanswered:
            is_ignored = entry.verdict is Verdict.IGNORED
            first, *others = ignored[mail_of(entry)] if is_ignored else [entry]
            if entry is not first:
                continue
            if entry.verdict is Verdict.ACCEPTED:
                yield self._receipt(entry)
                continue
            branch = branch_of(entry, self.office.register)
            if branch is None:
                kind = "returned" if entry.id in submissions else "unopened"
                yield NoAddress(kind, entry.name, entry.id)
            else:
                topic = Topic.answer(entry, branch, self.period)
                pending = _PendingFile(entry, branch, topic, same_mail=tuple(others))
                yield self._resend_letter(pending, submissions.get(entry.id))

    def _read_rejected(self, entries: Sequence[LedgerEntry]) -> Mapping[int, Submission]:
        """Return the content of the refused files that could be opened, by ledger entry.

        The ledger stores only the values of accepted ones.
        """
        rejected = [
            entry
            for entry in entries
            if (entry.verdict is Verdict.REJECTED and not is_unreadable(entry))
            or must_explain(entry)
        ]
        files = [(entry.name, self.archive.read(entry.sha256)) for entry in rejected]
        forms = self.office.catalogue.readable_forms
        limits = reader.Limits(**self.office.workspace.settings.limits)
        submissions = reader.read_all(files, forms, limits) if files else ()
        pairs = zip(rejected, submissions, strict=True)
        read = {entry.id: member_of(submission, entry.part) for entry, submission in pairs}
        self.refused_rows.update({number: submission.rows for number, submission in read.items()})
        return read

    def _addressee(self, topic: Topic) -> str:
        """Return whom to write to: the branch itself where nobody above it has an address."""
        branch = topic.branch or ""
        return self.office.register.addressee(branch, self.as_of) or branch

    def _envelope(self, kind: str, topic: Topic, entry: LedgerEntry) -> Envelope:
        thread = tuple((entry.thread or "").split())
        is_barred = entry.form == VISIT_SLIP and names_barred(
            self.office.register, self._rows(entry)
        )
        return Envelope(kind, self._addressee(topic), (topic,), thread, entry.name, is_barred)

    def _rows(self, entry: LedgerEntry) -> Sequence[Row]:
        """Return what a file says, as far as it was read: with codes only where it counts."""
        is_accepted = entry.verdict is Verdict.ACCEPTED
        return self.ledger.return_of(entry.id).rows if is_accepted else self.refused_rows[entry.id]

    def _receipt(self, entry: LedgerEntry) -> Letter | NoAddress:
        topic = Topic.answer(entry, entry.branch, self.period)
        envelope = self._envelope("receipt", topic, entry)
        form = self.office.intake_catalogue.form(entry.form, entry.version)
        if form is None:
            return _no_address(entry)
        if form.is_rollup:
            form = rollup_form.without_fields(form)
        warnings = self.facts.warnings(Period.parse(entry.period or "")).get(entry.id, ())
        other_findings = [finding for finding in warnings if not self._names_barred(finding)]
        before = self._numbered_return(entry.refers_to, form) if entry.refers_to else None
        after = self.incoming_numbers[entry.superseded_by] if entry.superseded_by else None
        counts = replace(self._numbered_return(entry.id, form), before=before, after=after)
        counts = replace(counts, signature=self._signature(entry))
        attachment = self.forms.to_explain(entry, (*entry.findings, *other_findings))
        return write_receipt(
            self.letter_context,
            envelope,
            counts,
            form,
            other_findings,
            attachment,
            self.forms.answers,
        )

    def _signature(self, entry: LedgerEntry) -> SignatureState | None:
        """Return what is known of a return's signature; None where the office demands none."""
        profile = self.office.register.rules.profile
        is_demanded = profile.demands_signature(Period.parse(entry.period or ""))
        return self.signatures[entry.id] if is_demanded else None

    def _names_barred(self, finding: Finding) -> bool:
        """Whether a finding tells of another return that may not travel by mail."""
        register, names = self.office.register, f", {finding.params.get('branches', '')}, "
        return any(
            f", {organisation.name}, " in names
            and register.is_barred_from_mail(organisation.code, MEETING)
            for organisation in register.organisations
        )

    def _numbered_return(self, entry_id: int, form: Form) -> NumberedReturn:
        accepted = to_version(self.office.catalogue, self.ledger.return_of(entry_id), form)
        return NumberedReturn(accepted, self.incoming_numbers[entry_id])

    # Requests to send again

    def _resend_letter(
        self, pending: _PendingFile, submission: Submission | None
    ) -> Letter | NoAddress:
        """Return the letter that asks for a file again; `submission` is None if it was unreadable.

        A refused workbook made by a program has no form to fill in.
        """
        entry, branch = pending.entry, pending.branch
        period = Period.parse(entry.period) if entry.period else None
        if is_declined(entry, self.entries):
            return self._worded_letter(pending, "declined", None, period)
        if submission is None:
            return self._worded_letter(pending, "unopened", None, period)
        month = period or self.period
        form = right_form(entry, branch, month, self.office.register, self.office.catalogue)
        if form is None:
            return self._worded_letter(pending, "redo", None, month)
        findings, text_kind = entry.findings, "returned"
        if must_explain(entry):
            findings = tuple(f for f in findings if f.is_answerable or f.is_of_answer)
            text_kind = "question"
        if not (submission.form == form.form and submission.rows and entry.branch):
            return self._worded_letter(
                pending, "blank", form, month, self.forms.blank(form, branch, month, again=True)
            )
        attachment, lines = self.forms.returned(form, branch, month, submission, findings)
        asked = open_questions(entry.findings)
        lines = tuple(x for x in lines if text_kind == "returned" or _is_asked(x, asked))
        return self._worded_letter(pending, text_kind, form, month, attachment, lines)

    def _worded_letter(
        self,
        pending: _PendingFile,
        text_kind: str,
        form: Form | None,
        period: Period | None,
        attachment: Attachment | None = None,
        lines: Sequence[FindingGroup] = (),
    ) -> Letter | NoAddress:
        """Return the letter with that kind of text, or NoAddress."""
        entry = pending.entry
        kind = bodies.CORRECTION_KIND if pending.missed_day else text_kind
        envelope = self._envelope(kind, pending.topic, entry)
        own_form = form or self.office.intake_catalogue.form(entry.form, entry.version)
        due_correction = correction(
            entry,
            pending.branch,
            self.period,
            self.office.register,
            self.office.catalogue,
            self.as_of,
        )
        request = ResendRequest(text_kind, due_correction.until, pending.missed_day)
        if text_kind == "declined":
            files = [(entry, reasons_to_decline(entry))]
            return bodies.file_letter(self.letter_context, envelope, files, request, own_form)
        if text_kind == "unopened":
            files = [(file, answer_findings(file)) for file in (entry, *pending.same_mail)]
            if not pending.missed_day:
                further_topics = pending.further_topics(self.period)
                envelope = replace(envelope, topics=(pending.topic, *further_topics))
            return bodies.file_letter(self.letter_context, envelope, files, request)
        if own_form is None or period is None:
            return _no_address(entry)
        is_question = text_kind == "question"
        errors = [_listed_error(line, stops=line.first.is_error or is_question) for line in lines]
        return bodies.returned_form(
            self.letter_context, envelope, entry, own_form, period, request, attachment, errors
        )

    # Reminders and blank forms

    def reminders(self) -> Iterator[Letter | NoAddress]:
        """Yield reminders of returns missing after the due day, and of overdue corrections.

        None of a closed period, in which nothing counts any more.
        """
        if self.period in Closings(self.ledger).in_force():
            return
        office, day = self.office, self.as_of
        letters = MailLog(self.ledger).letters()
        due_corrections = corrections(
            self.entries,
            letters,
            self.period,
            office.register,
            office.catalogue,
            day,
            own_only=self.selection.own_only,
        )
        matrices = self.facts.completeness(self.period)
        due_reminders = list(
            reminders(
                matrices, self.period, due_corrections, office.register, office.catalogue, day
            )
        )
        for form in dict.fromkeys(reminder.form for reminder in due_reminders):
            missing = [
                reminder.branch
                for reminder in due_reminders
                if reminder.form == form and not reminder.correction
            ]
            yield from self.letters_by_addressee("reminder", form, missing)
        if not self.selection.reminders_only:
            overdue = [reminder.correction for reminder in due_reminders if reminder.correction]
            yield from self._repeat_corrections(overdue)

    def _repeat_corrections(self, overdue: Sequence[Correction]) -> Iterator[Letter | NoAddress]:
        submissions = self._read_rejected([request.entry for request in overdue])
        for request in overdue:
            make_topic = partial(
                Topic.repeat_correction, request.entry, request.branch, self.period
            )
            topic = self._open_topic(make_topic)
            if topic:
                same_mail = self._ignored_in_mail_of(request.entry)
                pending = _PendingFile(
                    request.entry, request.branch, topic, request.until, same_mail
                )
                yield self._resend_letter(pending, submissions.get(request.entry.id))

    def _ignored_in_mail_of(self, entry: LedgerEntry) -> tuple[LedgerEntry, ...]:
        """Return what came in the same mail and is no return either."""
        if entry.verdict is not Verdict.IGNORED:
            return ()
        return tuple(
            other
            for other in self.entries
            if other is not entry
            and other.verdict is Verdict.IGNORED
            and answer_findings(other)
            and mail_of(other) == mail_of(entry)
        )

    def letters_by_addressee(
        self, kind: str, form: Form, branches: Sequence[str]
    ) -> Iterator[Letter]:
        """Yield one letter for each addressee about all its branches, with their blank forms.

        One more is about those whose forms may not travel by mail.
        """
        groups: dict[tuple[str, bool], list[Topic]] = {}
        make_topic = partial(Topic.of, kind, form.form)
        period = str(self.period)
        topics = (self._open_topic(partial(make_topic, code, period)) for code in branches)
        for topic in filter(None, topics):
            is_barred = self.office.register.is_barred_from_mail(topic.branch or "", form.form)
            groups.setdefault((self._addressee(topic), is_barred), []).append(topic)
        for (addressee, _), group_topics in groups.items():
            attachments = [
                self.forms.blank(form, topic.branch or "", self.period) for topic in group_topics
            ]
            envelope = Envelope(kind, addressee, tuple(group_topics))
            yield bodies.group_letter(self.letter_context, envelope, form, self.period, attachments)

    def _open_topic(self, make_topic: Callable[..., Topic]) -> Topic | None:
        """Return the topic; None if it has been dealt with."""
        topic = make_topic()
        if topic.key in self.selection.previous_keys and self.selection.repeat:
            topic = make_topic(more=self.as_of.isoformat())
        return None if topic.key in self.selection.done_keys else topic


def _no_address(entry: LedgerEntry) -> NoAddress:
    return NoAddress("returned", entry.name)


def _is_asked(group: FindingGroup, questions: Set[Question]) -> bool:
    return any((mark.finding.code, mark.finding.question) in questions for mark in group.marks)


def _listed_error(group: FindingGroup, *, stops: bool) -> ListedError:
    """Return a line of the list; whether it `stops` the return from counting."""
    cells = frozenset((group.sheet, cell.row, cell.column) for cell in group.cells)
    return ListedError(stops, len(group.marks), group.place_text(_LANG), group.message(), cells)
