"""The office's register as records: organisations in a tree, officers, assignments, waivers.

Built from a `Submission` of the form ``register``; fields added to that form stay in the
submission and need no change here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from mlay_batch.core.mail_address import canonical
from mlay_batch.core.messages import text
from mlay_batch.core.period import Period
from mlay_batch.model.barred_mail import is_barred
from mlay_batch.model.office_rules import OfficeRules, in_force
from mlay_batch.model.records import Submission
from mlay_batch.model.reporters import Reporters
from mlay_batch.schema import Catalogue
from mlay_batch.schema.ids import OFFICER
from mlay_batch.schema.model import Form


class Dated:
    """A record in force from one day to another, both included; a blank day is open."""

    __slots__ = ()
    from_: date | None
    to: date | None

    def is_in_force(self, day: date) -> bool:
        """Whether it is in force on `day`."""
        return (self.from_ is None or self.from_ <= day) and (self.to is None or day <= self.to)


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation of the tree.

    Attributes:
        code: unique in the register, such as ``CB-01``.
        type: id of a choice of the register's form, such as ``cell``; forms name the types that owe
            them.
        parent: code of the organisation directly above; None for the office itself.
        founded: first day on which it exists; None if that lies before all periods.
        ended: first day on which it no longer exists (dissolved or merged); None while it exists.
        successor: code of the organisation it was merged into; None if it was not merged.
        secretary: name, to be rung or addressed by; None if it is not entered.
        mail: its address at all times, besides those in `Register.addresses`; None without one.
        not_by_mail: ``yes`` where neither its returns nor those of organisations below it may
            travel by mail.
        also: other names that lists call it by, parted by semicolons; None without one.
        kind: id of the kind of unit it is of, such as ``village``; None if it is not entered.
    """

    code: str
    name: str
    type: str
    parent: str | None = None
    founded: date | None = None
    ended: date | None = None
    successor: str | None = None
    secretary: str | None = None
    mail: str | None = None
    not_by_mail: str | None = None
    also: str | None = None
    kind: str | None = None

    @property
    def title(self) -> str:
        """Name and code."""
        return f"{self.name} ({self.code})"

    def is_active(self, period: Period) -> bool:
        """Whether it owes a return for `period`: it exists on the period's last day."""
        day = period.end
        has_begun = self.founded is None or self.founded <= day
        return has_begun and (self.ended is None or day < self.ended)

    def may_report(self, period: Period) -> bool:
        """Whether it owes a return for `period`, or ended within that month and may send one.

        A return of a longer period tells how things stand at its end, where it is no more.
        """
        if self.ended is None or period.length > 1:
            return self.is_active(period)
        has_begun = self.founded is None or self.founded <= period.end
        return has_begun and max(self.founded or period.start, period.start) < self.ended


@dataclass(frozen=True, slots=True)
class Officer:
    """A person with a quota, matched by code and never by name.

    Attributes:
        code: unique in the register, such as ``TU-01``.
        position: office held, for display; None if it is not entered.
        own_cell: code of the cell the person belongs to; a quota says whether its meetings count
            (`QuotaCounting.own_cell`). None if it is not entered.
        from_: first day in office; None: no limit.
        to: last day in office; None: no limit.
        mail: where slips go and come from; None without one.
    """

    code: str
    name: str
    position: str | None = None
    own_cell: str | None = None
    from_: date | None = None
    to: date | None = None
    mail: str | None = None

    def as_reporter(self, office: str) -> Organisation:
        """Return the officer as who sends slips, directly below the office of that code."""
        ended = self.to + timedelta(1) if self.to else None
        return Organisation(self.code, self.name, OFFICER, office, self.from_, ended)


@dataclass(frozen=True, slots=True)
class Assignment(Dated):
    """An officer's duty to attend meetings of an organisation and all below it.

    Attributes:
        officer: code of the officer.
        branch: code of the organisation.
        role: role that quotas are owed by (`Quota.role`), a choice of the register's form.
        from_: first day of the duty.
        to: last day of the duty; None: no limit.
    """

    officer: str
    branch: str
    role: str
    from_: date
    to: date | None = None

    def overlaps(self, period: Period) -> bool:
        """Whether it is in force on any day of `period`."""
        return self.from_ <= period.end and (self.to is None or period.start <= self.to)


@dataclass(frozen=True, slots=True)
class Address(Dated):
    """A mail address, to which letters go and by which senders are recognised.

    Attributes:
        branch: code of the organisation, or of the officer.
        mail: address as entered; letters and comparisons use its canonical form.
        from_: first day on which it is valid; None: no limit.
        to: last day on which it is valid; None: no limit.
    """

    branch: str
    mail: str
    from_: date | None = None
    to: date | None = None


@dataclass(frozen=True)
class Waiver:
    """An exception from a return or from one rule, with a decision behind it.

    Attributes:
        branch: code of the organisation.
        form: id of the form.
        period: period in canonical form; a year includes its months.
        reason: text of the reason.
        by: who decided it.
        decided: day of the decision.
        rule: code of the rule that is waived; None: the whole return is.
        until: last day on which the waiver is in force; None: no limit.
    """

    branch: str
    form: str
    period: str
    reason: str
    by: str
    decided: date
    rule: str | None = None
    until: date | None = None

    @property
    def params(self) -> Mapping[str, str]:
        """What a finding says of the waiver it falls under."""
        return {
            "waived_by": self.by,
            "waived_on": self.decided.isoformat(),
            "waived_for": self.reason,
        }

    def is_in_force(self, period: Period, day: date) -> bool:
        """Whether it is in force for `period` on `day`. One for the year covers its months."""
        waived_period = Period.parse(str(self.period))
        within = period.start in waived_period and period.end in waived_period
        return within and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class SwitchSetting:
    """Whether the office asks its cells for something.

    Attributes:
        item: id of the form's switch.
        asked: ``yes`` or ``no``.
    """

    item: str
    asked: str


@dataclass(frozen=True, slots=True)
class OfficeWork:
    """A class that the office itself held, or an inspection or supervision it made.

    Attributes:
        kind: id of a choice of the register's form.
        content: what was taught or looked into.
        branch: code of the organisation it was about; None if of several.
        participants: people who came; None if not entered.
        result: what came of it; None if not entered.
        cell: where its day stands in the register; no part of what it says.
    """

    kind: str
    held_on: date
    content: str
    branch: str | None = None
    participants: int | None = None
    result: str | None = None
    cell: str = field(default="", compare=False)


@dataclass(frozen=True)
class Signatory(Dated):
    """A person whose name stands below consolidated reports.

    Attributes:
        signing: ``prepared`` or ``signed``.
        position: office held, printed in capitals for ``signed`` only.
        from_: first day on which the person signs.
        to: last day; None: no limit.
        phone: telephone, told to the branches of who prepares; None if not entered.
    """

    signing: str
    name: str
    position: str
    from_: date
    to: date | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What the office decided after the report of a period.

    Attributes:
        period: the period, in canonical form.
        content: the decision in words.
    """

    period: str
    content: str


@dataclass(frozen=True)
class Register:
    """The office's register, which keeps ended entries.

    Attributes:
        organisations: all organisations; one without a parent is the office itself.
        officers: persons with a quota.
        assignments: which officer attends where.
        addresses: mail addresses of organisations and officers; first those that stand beside the
            names of organisations.
        waivers: exceptions from returns and rules.
        signatories: who prepares and signs consolidated reports.
        switches: what the office asks its cells for, where that is not the form's own.
        work: what the office did itself, which no cell reports.
        decisions: what it decided after the report of each period.
        rules: what the office says of itself, and its own quotas, deadlines and bands.
    """

    organisations: tuple[Organisation, ...]
    officers: tuple[Officer, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    addresses: tuple[Address, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    signatories: tuple[Signatory, ...] = ()
    switches: tuple[SwitchSetting, ...] = ()
    work: tuple[OfficeWork, ...] = ()
    decisions: tuple[Decision, ...] = ()
    rules: OfficeRules = field(default_factory=OfficeRules)

    @property
    def has_branches(self) -> bool:
        """Whether it has an organisation besides the office."""
        return len(self.organisations) > 1

    @classmethod
    def from_submission(cls, submission: Submission) -> Register:
        """Return the register a checked submission of the form ``register`` holds."""
        kinds: Mapping[str, type[Any]] = {
            "organisations": Organisation,
            "officers": Officer,
            "assignments": Assignment,
            "addresses": Address,
            "waivers": Waiver,
            "signatories": Signatory,
            "switches": SwitchSetting,
            "work": OfficeWork,
            "decisions": Decision,
        }
        lists = {name: submission.records(name, kind) for name, kind in kinds.items()}
        organisations: tuple[Organisation, ...] = lists["organisations"]
        own = tuple(Address(o.code, o.mail) for o in organisations if o.mail)
        codes = {organisation.code for organisation in organisations}
        officers = (o for o in lists["officers"] if o.mail and o.code not in codes)
        personal = tuple(Address(officer.code, officer.mail) for officer in officers)
        lists["addresses"] = (*own, *lists["addresses"], *personal)
        return cls(**lists, rules=OfficeRules.of(submission))

    @cached_property
    def by_code(self) -> Mapping[str, Organisation]:
        """The organisations by code."""
        return {organisation.code: organisation for organisation in self.organisations}

    @cached_property
    def by_mail(self) -> Mapping[str, tuple[Address, ...]]:
        """The addresses by mail address in its canonical form."""
        addresses_by_mail: dict[str, list[Address]] = {}
        for address in self.addresses:
            addresses_by_mail.setdefault(canonical(address.mail), []).append(address)
        return {mail: tuple(addresses) for mail, addresses in addresses_by_mail.items()}

    @cached_property
    def asked(self) -> Mapping[str, bool]:
        """Whether the office asks for it, by id of the form's switch."""
        return {setting.item: setting.asked == "yes" for setting in self.switches}

    @cached_property
    def officer_by_code(self) -> Mapping[str, Officer]:
        """The officers by code."""
        return {officer.code: officer for officer in self.officers}

    @cached_property
    def officer_reporters(self) -> Mapping[str, Organisation]:
        """The officers as who sends slips, by code."""
        if not self.organisations:
            return {}
        office = self.root().code
        return {officer.code: officer.as_reporter(office) for officer in self.officers}

    @cached_property
    def reporter_by_code(self) -> Mapping[str, Organisation]:
        """All who may report, by code: organisations, and officers of other codes."""
        return {**self.officer_reporters, **self.by_code}

    def reporters_of(self, form: Form) -> Reporters[Organisation]:
        """Return among whom the reporter of a form is looked up."""
        return self._reporters[form.is_by_officers]

    @cached_property
    def _reporters(self) -> Mapping[bool, Reporters[Organisation]]:
        return {True: Reporters(self.officer_reporters), False: Reporters(self.by_code)}

    def ancestors(self, code: str) -> Iterator[Organisation]:
        """Yield the parents of `code` upwards, without itself; a ring in the tree ends the walk."""
        seen = {code}
        organisation = self.reporter_by_code.get(code)
        while organisation and organisation.parent and organisation.parent not in seen:
            seen.add(organisation.parent)
            organisation = self.by_code.get(organisation.parent)
            if organisation:
                yield organisation

    def is_within(self, code: str, top: str) -> bool:
        """Whether `code` is `top` or below it."""
        return code == top or any(ancestor.code == top for ancestor in self.ancestors(code))

    def is_barred_from_mail(self, code: str, form: str | None = None) -> bool:
        """Whether what an organisation or officer reports may not travel by mail."""
        return is_barred(self, code, form)

    def children(self, code: str) -> tuple[Organisation, ...]:
        """Return the organisations directly below `code`, in the register's order."""
        return self._children.get(code, ())

    @cached_property
    def _children(self) -> Mapping[str, tuple[Organisation, ...]]:
        children: dict[str, list[Organisation]] = {}
        for organisation in self.organisations:
            if organisation.parent is not None:
                children.setdefault(organisation.parent, []).append(organisation)
        return {code: tuple(below) for code, below in children.items()}

    def reporters(self, form: Form, period: Period) -> tuple[Organisation, ...]:
        """Return the organisations that owe `form` for `period`, in the register's order.

        None does for a period before the office began, and no officer owes a slip.
        """
        if form.is_by_officers or not self.rules.profile.has_begun(period):
            return ()
        return tuple(o for o in self.possible_reporters(form, period) if o.is_active(period))

    def possible_reporters(self, form: Form, period: Period) -> tuple[Organisation, ...]:
        """Return those that owe `form` for `period` or may send it, in the register's order."""
        candidates: Iterable[Organisation] = self.organisations
        if form.is_by_officers:
            takes_slips = self.rules.takes_slips(period)
            candidates = self.officer_reporters.values() if takes_slips else ()
        return tuple(
            organisation
            for organisation in candidates
            if organisation.type in form.reporters and organisation.may_report(period)
        )

    def assigned_officers(self, branch: str, period: Period) -> tuple[Officer, ...]:
        """Return the officers assigned to `branch` or above it at any time in `period`."""
        codes = {
            assignment.officer
            for assignment in self.assignments
            if self.is_within(branch, assignment.branch) and assignment.overlaps(period)
        }
        return tuple(officer for officer in self.officers if officer.code in codes)

    def mail_addresses(self, branch: str, day: date) -> tuple[str, ...]:
        """Return the addresses registered for `branch` itself and in force on `day`."""
        addresses = (
            canonical(address.mail)
            for address in self.addresses
            if address.branch == branch and address.is_in_force(day)
        )
        return tuple(dict.fromkeys(addresses))

    def addressee(self, branch: str, day: date) -> str | None:
        """Return whom to write to: `branch`, else the nearest above it that has an address.

        None without one; the office itself, at the top, does not write to itself.
        """
        codes_above = (ancestor.code for ancestor in self.ancestors(branch) if ancestor.parent)
        return next(
            (code for code in (branch, *codes_above) if self.mail_addresses(code, day)), None
        )

    def mail_owner(self, mail: str, day: date) -> str | None:
        """Return the organisation whose address it is on `day`; None without one, or of several."""
        owners = self.mail_owners(mail, day)
        return next(iter(owners)) if len(owners) == 1 else None

    def mail_owners(self, mail: str, day: date) -> frozenset[str]:
        """Return the organisations whose address it is on `day`."""
        addresses = self.by_mail.get(canonical(mail), ())
        return frozenset(address.branch for address in addresses if address.is_in_force(day))

    def waiver(
        self, form: str, branch: str, period: Period, day: date, rule: str | None = None
    ) -> Waiver | None:
        """Return the waiver in force on `day` of `rule`; without one, of the whole return."""
        key = (form, branch, rule)
        for waiver in self.waivers:
            if (waiver.form, waiver.branch, waiver.rule) == key and waiver.is_in_force(period, day):
                return waiver
        return None

    def signatories_on(self, day: date, signing: str) -> Iterator[Signatory]:
        """Yield who prepares (``prepared``) or signs (``signed``) on `day`."""
        for person in self.signatories:
            if person.signing == signing and person.is_in_force(day):
                yield person

    def contact(self, day: date, lang: str) -> str:
        """Return whom a branch may ask on `day`: who prepares the reports, with the telephone.

        Of several the first with one. Empty where the register names nobody.
        """
        people = list(self.signatories_on(day, "prepared"))
        if not people:
            return ""
        person = next((person for person in people if person.phone), people[0])
        key = "contact_phone" if person.phone else "contact_name"
        return text("template", key, lang, name=person.name, phone=person.phone or "")

    @property
    def place(self) -> str:
        """The place written before the day on papers; empty where none is entered."""
        return self.rules.profile.place or ""

    def in_force(self, catalogue: Catalogue) -> Catalogue:
        """Return the catalogue with the office's own rules and words."""
        return in_force(catalogue, self.rules, self.root().name)

    def root(self) -> Organisation:
        """Return the organisation without a parent, the office itself; else the first one."""
        roots = (organisation for organisation in self.organisations if organisation.parent is None)
        return next(roots, self.organisations[0])
