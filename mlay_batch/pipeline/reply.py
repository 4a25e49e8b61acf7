"""Who is to be written to: one letter for every return answered, form sent out, branch reminded.

What is answered, `pipeline.owed` says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from mlay_batch import bundle, reader
from mlay_batch.figures import compute
from mlay_batch.figures.completeness import due
from mlay_batch.figures.records import Figures
from mlay_batch.ledger import Archive, Ledger, MailLog
from mlay_batch.period import Period
from mlay_batch.pipeline.carry import carried, to_version
from mlay_batch.pipeline.facts import gather
from mlay_batch.pipeline.owed import (
    UNOPENED,
    Correction,
    branch_of,
    correction,
    corrections,
    owed,
    reminders,
    right_form,
    unopened,
)
from mlay_batch.pipeline.templates import context_for, file_name
from mlay_batch.pipeline.town import Town
from mlay_batch.records import Delivery, Submission, Verdict
from mlay_batch.replies import compose, texts
from mlay_batch.replies.compose import Counted, Desk, Envelope, ListedError, Wish
from mlay_batch.replies.letters import Attachment, Letter, Topic
from mlay_batch.schema import Form
from mlay_batch.schema.carry import moves
from mlay_batch.template import Context, Group, render, render_returned

_LANG = "vi"  # letters are in Vietnamese


@dataclass(frozen=True)
class Unreachable:
    """What nobody can be written about: a branch without an address, a file of nobody known."""

    kind: str
    what: str


@dataclass(frozen=True)
class Owed:
    """The letters a period owes by now, sent or not, and those nobody can be sent."""

    letters: tuple[Letter, ...]
    unreachable: tuple[Unreachable, ...]


@dataclass(frozen=True)
class Wanted:
    """Which letters to make: of `period`, as of that day, but not on topics `done` already.

    `told` are all that ever had a letter, be it a draft: `again` reminds those missing once more,
    in a letter of its own for every day.
    """

    period: Period
    as_of: date
    done: frozenset[str] = frozenset()
    told: frozenset[str] = frozenset()
    again: bool = False


def letters(town: Town, ledger: Ledger, wanted: Wanted) -> Owed:
    """Return the answers and reminders owed.

    Raises UsageError for a text of the office that cannot be filled, LedgerError.
    """
    office = _Office(town, ledger, wanted)
    return _sorted_out([*office.answers(), *office.reminders()])


def forms(town: Town, form: Form, branches: Sequence[str], ledger: Ledger, wanted: Wanted) -> Owed:
    """Return the blank forms of the period for the `branches` (codes) alone: a letter each, or one
    for a committee with the forms of those of its cells that have no address.
    """
    return _sorted_out([*_Office(town, ledger, wanted).grouped("form", form, branches)])


def _sorted_out(made: Sequence[Letter | Unreachable]) -> Owed:
    return Owed(
        tuple(one for one in made if isinstance(one, Letter)),
        tuple(one for one in made if isinstance(one, Unreachable)),
    )


@dataclass(frozen=True)
class _Matter:
    """A file `branch` is to send again; `missed` is the day until which it was asked in vain."""

    delivery: Delivery
    branch: str
    topic: Topic
    missed: date | None = None


class _Office:
    """Makes the letters of a period; what several need is looked up once."""

    def __init__(self, town: Town, ledger: Ledger, wanted: Wanted) -> None:
        self.town, self.ledger, self.wanted = town, ledger, wanted
        self.period, self.as_of = wanted.period, wanted.as_of
        self.archive = Archive(town.workspace.archive)
        own = texts.load(town.workspace.texts)
        self.desk = Desk(town.workspace.settings.name, town.register, own, self.as_of)
        self.deliveries = ledger.deliveries()
        self.numbers = MailLog(ledger).numbers()
        self.computed: dict[Period, Figures] = {}

    def figures(self, period: Period) -> Figures:
        """Return the figures of `period`, computed once."""
        if period not in self.computed:
            facts = gather(self.town, self.ledger, period, self.as_of)
            self.computed[period] = compute(facts)
        return self.computed[period]

    # Answers

    def answers(self) -> Iterator[Letter | Unreachable]:
        """Yield the answer to every accepted and every refused return, in order of receipt."""
        files = owed(self.deliveries, self.period, self.town.register)
        mine = [d for d in files if Topic.answer_key(d.id) not in self.wanted.done]
        read = self._read(mine)
        for delivery in mine:
            if delivery.verdict is Verdict.ACCEPTED:
                yield self._receipt(delivery)
                continue
            branch = branch_of(delivery, self.town.register)
            if branch is None:
                kind = "returned" if delivery.id in read else "unopened"
                yield Unreachable(kind, delivery.name)
            else:
                topic = Topic.answer(delivery.id, delivery.form, branch, delivery.period)
                yield self._ask(_Matter(delivery, branch, topic), read.get(delivery.id))

    def _read(self, deliveries: Sequence[Delivery]) -> Mapping[int, Submission]:
        """Return what stands in the refused files that could be opened, by delivery: the ledger
        keeps the values of accepted ones.
        """
        refused = [d for d in deliveries if d.verdict is Verdict.REJECTED and not unopened(d)]
        files = [(d.name, self.archive.read(d.sha256)) for d in refused]
        limits = reader.Limits(**self.town.workspace.settings.limits)
        found = reader.read_all(files, self.town.catalogue.forms, limits) if files else ()
        return dict(zip([d.id for d in refused], found, strict=True))

    def _addressee(self, branch: str) -> str | None:
        found = self.town.register.addressee(branch, self.as_of)
        return found if found and self.desk.addresses(found) else None

    def _envelope(self, kind: str, topic: Topic, delivery: Delivery) -> Envelope | Unreachable:
        addressee = self._addressee(topic.branch or "")
        if addressee is None:
            return Unreachable(kind, f"{topic.branch} ({delivery.name})")
        return Envelope(kind, addressee, (topic,), tuple((delivery.thread or "").split()))

    def _receipt(self, delivery: Delivery) -> Letter | Unreachable:
        topic = Topic.answer(delivery.id, delivery.form, delivery.branch, delivery.period)
        envelope = self._envelope("receipt", topic, delivery)
        form = self.town.reading.form(delivery.form or "", delivery.version or "")
        if isinstance(envelope, Unreachable) or form is None:
            return envelope if isinstance(envelope, Unreachable) else _nobody(delivery)
        if form.form == bundle.FORM:
            form = bundle.outline(form)
        warnings = self.figures(Period.parse(delivery.period or "")).warnings
        others = [finding for number_, finding in warnings if number_ == delivery.id]
        before = self._counted(delivery.refers_to, form) if delivery.refers_to else None
        after = self._number(delivery.superseded_by) if delivery.superseded_by else None
        counts = replace(self._counted(delivery.id, form), before=before, after=after)
        return compose.receipt(self.desk, envelope, counts, form, others)

    def _counted(self, delivery: int, form: Form) -> Counted:
        returned = to_version(self.town.catalogue, self.ledger.return_of(delivery), form)
        return Counted(returned, self._number(delivery))

    def _number(self, delivery: int) -> str:
        year, number = self.numbers[delivery]
        return f"{number}/{year}"

    # What is to be sent again

    def _ask(self, matter: _Matter, read: Submission | None) -> Letter | Unreachable:
        """Return the letter that asks for a file once more; `read` is None where nobody could open
        it. There is no form to fill in of a refused workbook that a program made.
        """
        delivery, branch = matter.delivery, matter.branch
        period = Period.parse(delivery.period) if delivery.period else None
        if read is None:
            return self._letter(matter, "unopened", None, period)
        month = period or self.period
        form = right_form(delivery, branch, month, self.town.register, self.town.catalogue)
        if form is None:
            return self._letter(matter, "redo", None, month)
        if not (read.form == form.form and read.rows and delivery.branch):
            return self._letter(matter, "blank", form, month, self._blank(form, branch, month))
        old = self.town.catalogue.form(form.form, read.version or "")
        rows = carried(read.rows, moves(self.town.catalogue, old, form) if old else {}, form)
        context = self._context(form, branch, month)
        data, lines = render_returned(form, context, rows, delivery.findings)
        paper = self._paper(form, branch, month, data)
        return self._letter(matter, "returned", form, month, paper, lines)

    def _letter(
        self, matter: _Matter, words: str, form: Form | None, period: Period | None,
        paper: Attachment | None = None, lines: Sequence[Group] = (),
    ) -> Letter | Unreachable:  # fmt: skip
        """Return the letter in the words of that kind, or who cannot be written to."""
        delivery = matter.delivery
        kind = compose.REMINDED if matter.missed else words
        envelope = self._envelope(kind, matter.topic, delivery)
        own = form or self.town.reading.form(delivery.form or "", delivery.version or "")
        if isinstance(envelope, Unreachable):
            return envelope
        asked = correction(
            delivery, matter.branch, self.period, self.town.register, self.town.catalogue,
            self.as_of,
        )  # fmt: skip
        wish = Wish(words, asked.until, matter.missed)
        if words == "unopened":
            told = [found for found in delivery.findings if found.code in UNOPENED]
            return compose.unopened(self.desk, envelope, delivery, told, wish)
        if own is None or period is None:
            return _nobody(delivery)
        said = [
            ListedError(g.first.is_error, len(g.marks), g.place(_LANG), g.told()) for g in lines
        ]
        return compose.returned_form(self.desk, envelope, delivery, own, period, wish, paper, said)

    def _context(self, form: Form, branch: str, period: Period) -> Context:
        entry = self.town.register.by_code[branch]
        last = self.ledger.last_return(form.form, branch, period)
        return context_for(self.town, form, entry, period, last)

    def _paper(self, form: Form, branch: str, period: Period, data: bytes) -> Attachment:
        return Attachment(file_name(form, self.town.register.by_code[branch], period), data)

    # Reminders and blank forms

    def reminders(self) -> Iterator[Letter | Unreachable]:
        """Yield reminders to those missing after the due day, and to those who were asked for a
        correction in vain.
        """
        town, day = self.town, self.as_of
        letters = MailLog(self.ledger).letters()
        again = corrections(
            self.deliveries, letters, self.period, town.register, town.catalogue, day
        )
        found = self.figures(self.period).completeness
        due_now = list(reminders(found, self.period, again, town.register, town.catalogue, day))
        for form in dict.fromkeys(entry.form for entry in due_now):
            missing = [e.branch for e in due_now if e.form == form and not e.correction]
            yield from self.grouped("reminder", form, missing)
        yield from self._asked_in_vain([e.correction for e in due_now if e.correction])

    def _asked_in_vain(self, missed: Sequence[Correction]) -> Iterator[Letter | Unreachable]:
        read = self._read([one.delivery for one in missed])
        for one in missed:
            topic = self._undone(partial(Topic.again, *_about(one)))
            if topic:
                matter = _Matter(one.delivery, one.branch, topic, one.until)
                yield self._ask(matter, read.get(one.delivery.id))

    def grouped(
        self, kind: str, form: Form, branches: Sequence[str]
    ) -> Iterator[Letter | Unreachable]:
        """Yield one letter an addressee about all its branches named, their blank forms added."""
        groups: dict[str, list[Topic]] = {}
        about = partial(Topic.of, kind, form.form)
        period = str(self.period)
        topics = (self._undone(partial(about, code, period)) for code in branches)
        for topic in filter(None, topics):
            if addressee := self._addressee(topic.branch or ""):
                groups.setdefault(addressee, []).append(topic)
            else:
                yield Unreachable(kind, topic.branch or "")
        last_day = due(form, self.period)
        for addressee, own in groups.items():
            papers = [self._blank(form, topic.branch or "", self.period) for topic in own]
            envelope = Envelope(kind, addressee, tuple(own))
            yield compose.many(self.desk, envelope, form, self.period, last_day, papers)

    def _undone(self, topic_of: Callable[..., Topic]) -> Topic | None:
        """Return what to write about, None where that is done."""
        topic = topic_of()
        if topic.key in self.wanted.told and self.wanted.again:
            topic = topic_of(more=self.as_of.isoformat())
        return None if topic.key in self.wanted.done else topic

    def _blank(self, form: Form, branch: str, period: Period) -> Attachment:
        data = render(form, self._context(form, branch, period))
        return self._paper(form, branch, period, data)


def _about(one: Correction) -> tuple[int, str | None, str, str | None]:
    return one.delivery.id, one.delivery.form, one.branch, one.delivery.period


def _nobody(delivery: Delivery) -> Unreachable:
    return Unreachable("returned", delivery.name)
