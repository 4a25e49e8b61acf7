"""What an office says of itself in its register, and the rules it sets there (sheet *Quy định*).

Its rows stand in place of the shipped quota, deadline or band from their month on; what holds is
decided month by month, so that last year's figures do not move. Texts are filled with its words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from typing import TypeVar

from mlay_batch.core.period import Period
from mlay_batch.model.records import Submission
from mlay_batch.schema import Catalogue, Form, Quota, Scheme
from mlay_batch.schema.ids import CLASSIFICATION, MEETING_SCORE
from mlay_batch.schema.model import Choice, Counted, Due, Effective, Text
from mlay_batch.schema.overlap import age_key
from mlay_batch.schema.quotas import Per, Window
from mlay_batch.schema.register_choices import BAND, TARGET, YEAR_GRADE
from mlay_batch.schema.schemes import UNCONFIRMED, Line, YearGrade

T = TypeVar("T", Quota, Scheme)
BY_RETURN, BY_SLIP, BY_BOTH, NO_SLIPS = "return", "slip", "both", "none"
"""Whose word makes a visit count, as the register's form lists it."""


@dataclass(frozen=True, slots=True)
class Profile:
    """The office itself.

    Attributes:
        level: id of a choice of the register's form, such as ``commune``; None if not entered.
        short: how texts call it for short; None: as its level is called.
        parent: the body above it, such as "Tỉnh ủy Điện Biên"; None if not entered.
        place: written before the day on papers; None if not entered.
        start: first month of use, in canonical form; None: no month is too early.
        signed_from: first period whose returns must bear a digital signature; None: none must.
        symbol: what follows the number of a report, such as "BC/ĐU"; None if not entered.
        recipients: who gets a report, parted by semicolons; None if not entered.
    """

    level: str | None = None
    short: str | None = None
    parent: str | None = None
    place: str | None = None
    start: str | None = None
    signed_from: str | None = None
    symbol: str | None = None
    recipients: str | None = None

    def has_begun(self, period: Period) -> bool:
        """Whether the office has begun by the period's end, so that a return may be missing."""
        return self.start is None or Period.parse(self.start).start <= period.end

    def demands_signature(self, period: Period) -> bool:
        """Whether a return of `period` must bear a digital signature to count as a paper does."""
        first = self.signed_from
        return first is not None and Period.parse(first).start <= period.end


@dataclass(frozen=True, slots=True)
class QuotaRule:
    """A quota of the office's own.

    Attributes:
        role: role that owes it.
        from_: first month, in canonical form; a year begins with January.
        times: meetings owed in a full window; 0 ends what was owed before.
        window: as of `Quota`; per likewise.
        document: what sets it; None if not entered.
    """

    role: str
    from_: str
    times: int
    window: Window | None = None
    per: Per | None = None
    document: str | None = None


@dataclass(frozen=True, slots=True)
class DeadlineRule:
    """Deadlines of a form, of the office's own.

    Attributes:
        form: id of the form.
        from_: first period, in canonical form.
        due: as `Due.day`; lock, correct, counted likewise, None where the form's own stay.
        not_by_mail: ``yes`` where the form may not travel by mail, whoever sends it and for
            whatever period.
    """

    form: str
    from_: str
    due: int
    lock: int | None = None
    correct: int | None = None
    counted: Counted | None = None
    not_by_mail: str | None = None


@dataclass(frozen=True, slots=True)
class SlipRule:
    """From when on officers fill in slips of their visits, and whose word makes a visit count.

    Attributes:
        counted_by: ``return``: the cell's; ``slip``: the officer's; ``both``: where both say so;
            ``none``: no slips.
        from_: first month, in canonical form.
        document: what sets it; None if not entered.
    """

    counted_by: str
    from_: str
    document: str | None = None


@dataclass(frozen=True, slots=True)
class StandardRule:
    """A standard of the office's own: of a meeting's grade, of a cell's year, or a target.

    Attributes:
        standard: what it is about, such as ``band.good`` (`schema.register_choices`).
        from_: first month, in canonical form.
        at_least: points of a grade, meetings of a year, per cent of a target (0: none).
        at_most: per cent of a target.
        every: of a year: the band that each meeting must reach; None: any.
        least: of a year: the band that `at_least` meetings must reach.
        document: what sets it; without one a grade of the year is not given.
    """

    standard: str
    from_: str
    at_least: float
    at_most: float | None = None
    every: str | None = None
    least: str | None = None
    document: str | None = None


@dataclass(frozen=True)
class OfficeRules:
    """All that an office says of itself: see the records."""

    profile: Profile = Profile()
    quotas: tuple[QuotaRule, ...] = ()
    deadlines: tuple[DeadlineRule, ...] = ()
    standards: tuple[StandardRule, ...] = ()
    slips: tuple[SlipRule, ...] = ()

    @property
    def has_slips(self) -> bool:
        """Whether officers fill in slips in any month."""
        return any(rule.counted_by != NO_SLIPS for rule in self.slips)

    def takes_slips(self, period: Period) -> bool:
        """Whether officers fill in slips for a month."""
        return self.slip_rule(period) != NO_SLIPS

    def visits_counted_by(self, period: Period) -> str:
        """Return whose word makes a visit of the month count; the return's without slips."""
        rule = self.slip_rule(period)
        return BY_RETURN if rule == NO_SLIPS else rule

    def slip_rule(self, period: Period) -> str:
        """Return `SlipRule.counted_by` of a month; ``none`` before the first."""
        begun = (r for r in self.slips if Period.parse(month_of(r.from_)).start <= period.start)
        newest = max(begun, key=lambda rule: month_of(rule.from_), default=None)
        return newest.counted_by if newest else NO_SLIPS

    @classmethod
    def of(cls, submission: Submission) -> OfficeRules:
        """Return what a checked submission of the form ``register`` says."""
        return cls(
            next(iter(submission.records("office", Profile)), Profile()),
            submission.records("quotas", QuotaRule),
            submission.records("deadlines", DeadlineRule),
            submission.records("standards", StandardRule),
            submission.records("slips", SlipRule),
        )


def in_force(catalogue: Catalogue, rules: OfficeRules, office: str = "") -> Catalogue:
    """Return the catalogue with the rules and words of the office of that name, if it is known."""
    words = office_words(catalogue.register_form, rules.profile, office)
    forms = (_fill_words(form, words, rules.profile.level) for form in catalogue.forms)
    return replace(
        catalogue,
        forms=tuple(with_deadlines(form, rules.deadlines) for form in forms),
        lists=tuple(with_deadlines(form, rules.deadlines) for form in catalogue.lists),
        quotas=_quotas(catalogue, rules.quotas),
        schemes=_with_standards(catalogue, rules.standards),
    )


# Words


def office_words(register_form: Form, profile: Profile, office: str) -> Mapping[str, Text]:
    """Return what the gaps ``office``, ``office_short`` and ``parent`` stand for."""
    by_level = {choice.id: choice.title for choice in register_form.choices["office_short"]}
    unknown = Text("cấp ủy cấp trên", "the superior body")
    name = Text(office, office) if office else unknown
    short = by_level.get(profile.level or "", name)
    if profile.short:
        short = Text(profile.short, profile.short)
    parent = Text(profile.parent, profile.parent) if profile.parent else unknown
    return {"office": name, "office_short": short, "parent": parent}


def _fill_words(form: Form, words: Mapping[str, Text], level: str | None) -> Form:
    """Return the form with the office's words in its instructions and at its level's choices."""
    choices = {
        name: tuple(_at_level(choice, level) for choice in of_list)
        for name, of_list in form.choices.items()
    }
    instructions = (_fill(sentence, words) for sentence in form.instructions)
    return replace(form, choices=choices, instructions=tuple(instructions))


def _fill(sentence: Text, words: Mapping[str, Text]) -> Text:
    for gap, word in words.items():
        mark = f"{{{gap}}}"
        sentence = Text(sentence.vi.replace(mark, word.vi), sentence.en.replace(mark, word.en))
    return sentence


def _at_level(choice: Choice, level: str | None) -> Choice:
    """Return the choice with its title at the level; what other levels call it stays known."""
    title = choice.at.get(level or "")
    return replace(choice, title=title, also=choice.names) if title else choice


# Rules, each from its month on


def month_of(text: str) -> str:
    """Return the first month of a period: a year begins with January.

    >>> month_of("2026"), month_of("2026-Q3")
    ('2026-01', '2026-07')
    """
    return str(Period.of("month", Period.parse(text).start))


def with_deadlines(form: Form, rules: Iterable[DeadlineRule]) -> Form:
    """Return the form with the office's deadlines; what they leave open is the form's own."""
    own = form.due or Due(0)
    dues = tuple(
        Due(
            rule.due,
            own.lock if rule.lock is None else rule.lock,
            own.correct if rule.correct is None else rule.correct,
            rule.counted or "period",
            month_of(rule.from_),
        )
        for rule in rules
        if rule.form == form.form
    )
    return replace(form, dues=dues) if dues else form


def _quotas(catalogue: Catalogue, rules: Sequence[QuotaRule]) -> tuple[Quota, ...]:
    """Return all quotas; from the first rule of a role on, its rules stand for the shipped ones."""
    roles = {choice.id: choice.title for choice in catalogue.register_form.choices["owing"]}
    quotas = list(catalogue.quotas)
    ordered = sorted(rules, key=lambda rule: (rule.role, month_of(rule.from_)))
    for role, of_role in groupby(ordered, key=lambda rule: rule.role):
        role_rules = list(of_role)
        shipped = [quota for quota in quotas if quota.role == role]
        new = Quota(role, role, roles[role], Effective("1900-01"), (), 1)
        base = max(shipped, key=age_key, default=new)
        own = [_own_quota(base, rule) for rule in role_rules]
        quotas = [quota for quota in quotas if quota.role != role]
        quotas += _one_after_another(shipped, own)
    return tuple(sorted(quotas, key=lambda quota: (quota.quota, quota.effective.from_)))


def _own_quota(base: Quota, rule: QuotaRule) -> Quota:
    return replace(
        base,
        times=rule.times,
        window=rule.window or "year",
        per=base.per if base.per == "cell" else rule.per or "officer",
        effective=Effective(month_of(rule.from_)),
        basis=(rule.document or UNCONFIRMED,),
    )


def _one_after_another(shipped: Iterable[Quota], own: Sequence[Quota]) -> list[Quota]:
    """Return the shipped quotas up to the office's own, then those; the newest holds.

    One of 0 meetings only ends what was owed before.
    """
    earlier = [quota for quota in shipped if quota.effective.from_ < own[0].effective.from_]
    for quota in own:
        if quota.times:
            earlier.append(quota)
        else:
            earlier = [_until(old, quota.effective.from_) for old in earlier]
    return earlier


def _until(quota: Quota, following: str) -> Quota:
    """Return the quota as it holds before the month `following`."""
    last = str(Period.parse(following).previous())
    end = min(quota.effective.to or last, last)
    return replace(quota, effective=Effective(quota.effective.from_, end))


def _with_standards(catalogue: Catalogue, rules: Iterable[StandardRule]) -> tuple[Scheme, ...]:
    """Return all schemes with the office's standards, each from its month on."""
    schemes = catalogue.schemes
    titles = {choice.id: choice.title for choice in catalogue.register_form.choices["band"]}
    for rule in sorted(rules, key=lambda rule: month_of(rule.from_)):
        kind, _, name = rule.standard.partition(".")
        change = partial(_CHANGES[kind], rule, name, titles)
        schemes = tuple(
            part
            for scheme in schemes
            for part in (
                _from_month(scheme, month_of(rule.from_), change)
                if scheme.scheme == _SCHEME_OF[kind]
                else [scheme]
            )
        )
    return schemes


def _set_band(rule: StandardRule, name: str, _: Mapping[str, Text], scheme: Scheme) -> Scheme:
    """Return the scheme with the least points of a meeting's grade."""
    bands = tuple(replace(b, min=rule.at_least) if b.id == name else b for b in scheme.bands)
    basis = dict.fromkeys((*scheme.basis, *([rule.document] if rule.document else ())))
    return replace(scheme, bands=bands, basis=tuple(basis))


def _set_year_grade(
    rule: StandardRule, name: str, titles: Mapping[str, Text], scheme: Scheme
) -> Scheme:
    """Return the scheme with a grade of the year, in place of the one of that id, best first."""
    times = int(rule.at_least)
    least = (rule.least or name) if times else None
    new = YearGrade(name, titles[name], rule.every, least, times, rule.document)
    grades = {grade.id: grade for grade in scheme.year_grades} | {name: new}
    ranked = [band.id for band in scheme.bands_best_first()]
    in_order = sorted(grades.values(), key=lambda grade: ranked.index(grade.id))
    return replace(scheme, year_grades=tuple(in_order))


def _set_target(rule: StandardRule, name: str, _: object, scheme: Scheme) -> Scheme:
    """Return the scheme with the office's target for a published line."""
    section, line_id = name.split(".")

    def with_target(line: Line) -> Line:
        return replace(
            line,
            target_min=rule.at_least or None,
            target_max=rule.at_most,
            basis=rule.document or UNCONFIRMED,
            confirmed=rule.document is not None,
        )

    parts = tuple(
        replace(part, lines=tuple(with_target(x) if x.id == line_id else x for x in part.lines))
        if part.section == section
        else part
        for part in scheme.parts
    )
    return replace(scheme, parts=parts)


_CHANGES: Mapping[str, Callable[..., Scheme]] = {
    BAND: _set_band,
    YEAR_GRADE: _set_year_grade,
    TARGET: _set_target,
}
_SCHEME_OF = {BAND: MEETING_SCORE, YEAR_GRADE: MEETING_SCORE, TARGET: CLASSIFICATION}


def _from_month(record: T, first: str, change: Callable[[T], T]) -> Iterator[T]:
    """Yield a record as it was before the month, and changed from the month on."""
    effective = record.effective
    before = str(Period.parse(first).previous())
    if effective.from_ >= first:
        yield change(record)
    elif effective.to is not None and effective.to < first:
        yield record
    else:
        yield replace(record, effective=Effective(effective.from_, before))
        yield replace(change(record), effective=Effective(first, effective.to))
