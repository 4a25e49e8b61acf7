"""Who is to be written to: one letter for every return answered, form sent out, branch reminded.

What is answered, `pipeline.owed` says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from mlay_batch import bundle, reader
from mlay_batch.figures import compute
from mlay_batch.figures.completeness import due
from mlay_batch.figures.records import Figures
from mlay_batch.ledger import Archive, Ledger, Outgoing
from mlay_batch.period import Period
from mlay_batch.pipeline.carry import carried, to_version
from mlay_batch.pipeline.facts import gather
from mlay_batch.pipeline.owed import UNOPENED, branch_of, owed, unopened
from mlay_batch.pipeline.templates import context_for, file_name
from mlay_batch.pipeline.town import Town
from mlay_batch.records import Delivery, Submission, Verdict
from mlay_batch.replies import compose, texts
from mlay_batch.replies.compose import Counted, Desk, Envelope
from mlay_batch.replies.letters import Attachment, Letter, Topic
from mlay_batch.schema import Form
from mlay_batch.schema.carry import moves
from mlay_batch.template import render


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


class _Office:
    """Makes the letters of a period; what several need is looked up once."""

    def __init__(self, town: Town, ledger: Ledger, wanted: Wanted) -> None:
        self.town, self.ledger, self.wanted = town, ledger, wanted
        self.period, self.as_of = wanted.period, wanted.as_of
        self.archive = Archive(town.workspace.archive)
        own = texts.load(town.workspace.texts)
        self.desk = Desk(town.workspace.settings.name, town.register, own, self.as_of)
        self.numbers = Outgoing(ledger).numbers()
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
        asked = owed(self.ledger.deliveries(), self.period, self.town.register)
        mine = [d for d in asked if Topic.answer_key(d.id) not in self.wanted.done]
        refused = [d for d in mine if d.verdict is Verdict.REJECTED and not unopened(d)]
        read = dict(zip([d.id for d in refused], self._read(refused), strict=True))
        for delivery in mine:
            if delivery.verdict is Verdict.ACCEPTED:
                yield self._receipt(delivery)
            elif delivery.id in read:
                yield self._returned(delivery, read[delivery.id])
            else:
                yield self._unopened(delivery)

    def _read(self, refused: Sequence[Delivery]) -> Sequence[Submission]:
        """Return what stands in refused files: the ledger keeps the values of accepted ones."""
        files = [(d.name, self.archive.read(d.sha256)) for d in refused]
        limits = reader.Limits(**self.town.workspace.settings.limits)
        return reader.read_all(files, self.town.catalogue.forms, limits) if files else ()

    def _envelope(self, kind: str, delivery: Delivery, branch: str) -> Envelope | Unreachable:
        addressee = self._addressee(branch)
        if addressee is None:
            return Unreachable(kind, f"{branch} ({delivery.name})")
        thread = tuple((delivery.thread or "").split())
        return Envelope(kind, addressee, compose.answered(delivery, branch), thread)

    def _addressee(self, branch: str) -> str | None:
        found = self.town.register.addressee(branch, self.as_of)
        return found if found and self.desk.addresses(found) else None

    def _receipt(self, delivery: Delivery) -> Letter | Unreachable:
        envelope = self._envelope("receipt", delivery, delivery.branch or "")
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
        returned = to_version(self.town.catalogue, self.ledger.returned(delivery), form)
        return Counted(returned, self._number(delivery))

    def _number(self, delivery: int) -> str:
        year, number = self.numbers[delivery]
        return f"{number}/{year}"

    def _unopened(self, delivery: Delivery) -> Letter | Unreachable:
        branch = branch_of(delivery, self.town.register)
        if branch is None:
            return _nobody(delivery)
        envelope = self._envelope("unopened", delivery, branch)
        if isinstance(envelope, Unreachable):
            return envelope
        told = [found for found in delivery.findings if found.code in UNOPENED]
        return compose.unopened(self.desk, envelope, delivery, told)

    def _returned(self, delivery: Delivery, read: Submission) -> Letter | Unreachable:
        branch = branch_of(delivery, self.town.register)
        if branch is None:
            return _nobody(delivery)
        period = Period.parse(delivery.period) if delivery.period else self.period
        form = self._right_form(delivery, branch, period)
        if form is None:
            return self._made_anew(delivery, branch, period)
        own = read.form == form.form and read.rows and delivery.branch
        kind = "returned" if own else "blank"
        envelope = self._envelope(kind, delivery, branch)
        if isinstance(envelope, Unreachable):
            return envelope
        data = self._form(form, branch, period, (delivery, read) if kind == "returned" else None)
        paper = Attachment(self._file_name(form, branch, period), data)
        return compose.returned_form(self.desk, envelope, delivery, form, period, [paper])

    def _made_anew(self, delivery: Delivery, branch: str, period: Period) -> Letter | Unreachable:
        """Return the letter about a refused workbook that a program made: there is no form of it to
        fill in.
        """
        form = self.town.reading.form(delivery.form or "", delivery.version or "")
        envelope = self._envelope("redo", delivery, branch)
        if isinstance(envelope, Unreachable) or form is None:
            return envelope if isinstance(envelope, Unreachable) else _nobody(delivery)
        return compose.returned_form(self.desk, envelope, delivery, form, period)

    def _right_form(self, delivery: Delivery, branch: str, period: Period) -> Form | None:
        """Return the form that holds in `period`: of the name read, else what the branch owes."""
        if delivery.form:
            return self.town.catalogue.form_for(delivery.form, period)
        type_ = self.town.register.by_code[branch].type
        names = dict.fromkeys(f.form for f in self.town.catalogue.forms)
        found = (self.town.catalogue.form_for(name, period) for name in names)
        owed = (f for f in found if f and f.period == period.kind and type_ in f.reporters)
        return next(owed, None)

    def _form(
        self,
        form: Form,
        branch: str,
        period: Period,
        returned: tuple[Delivery, Submission] | None = None,
    ) -> bytes:
        """Return the form as a workbook: blank, or with the branch's values and marks.

        Values on another version of the form stand where this one has them.
        """
        entry = self.town.register.by_code[branch]
        last = self.ledger.last_return(form.form, branch, period)
        context = context_for(self.town, form, entry, period, last)
        if returned is None:
            return render(form, context)
        delivery, read = returned
        old = self.town.catalogue.form(form.form, read.version or "")
        rows = carried(read.rows, moves(self.town.catalogue, old, form) if old else {}, form)
        return render(form, context, rows, delivery.findings)

    def _file_name(self, form: Form, branch: str, period: Period) -> str:
        return file_name(form, self.town.register.by_code[branch], period)

    # Reminders and blank forms

    def reminders(self) -> Iterator[Letter | Unreachable]:
        """Yield reminders to those missing after the due day, and to nobody else.

        Whoever hands in through a level between is reminded by that one.
        """
        ours = self.town.register.by_code
        for entry in self.figures(self.period).completeness:
            form = self.town.catalogue.form_for(entry.form, self.period)
            missing = [
                cell.branch
                for (_, period), cell in entry.cells.items()
                if period == self.period and cell.state == "missing" and cell.branch in ours
            ]
            if form and missing:
                yield from self.grouped("reminder", form, missing)

    def grouped(
        self, kind: str, form: Form, branches: Sequence[str]
    ) -> Iterator[Letter | Unreachable]:
        """Yield one letter an addressee about all its branches named, their blank forms added."""
        groups: dict[str, list[Topic]] = {}
        for topic in filter(None, (self._topic(kind, form, code) for code in branches)):
            if addressee := self._addressee(topic.branch or ""):
                groups.setdefault(addressee, []).append(topic)
            else:
                yield Unreachable(kind, topic.branch or "")
        last_day = due(form, self.period)
        for addressee, topics in groups.items():
            papers = [self._blank(form, topic.branch or "") for topic in topics]
            envelope = Envelope(kind, addressee, tuple(topics))
            yield compose.many(self.desk, envelope, form, self.period, last_day, papers)

    def _topic(self, kind: str, form: Form, branch: str) -> Topic | None:
        """Return what to write about, None where that is done."""
        topic = Topic.of(kind, form.form, branch, str(self.period))
        if topic.key in self.wanted.told and self.wanted.again:
            day = self.as_of.isoformat()
            topic = Topic.of(kind, form.form, branch, str(self.period), day)
        return None if topic.key in self.wanted.done else topic

    def _blank(self, form: Form, branch: str) -> Attachment:
        data = self._form(form, branch, self.period)
        return Attachment(self._file_name(form, branch, self.period), data)


def _nobody(delivery: Delivery) -> Unreachable:
    return Unreachable("returned", delivery.name)
