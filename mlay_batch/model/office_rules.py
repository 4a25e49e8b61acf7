"""What an office says of itself in its register, and the rules it sets there (sheet *Quy định*).

Its rows stand in place of the shipped quota, deadline or band from their month on; what holds is
decided month by month, so that last year's figures do not move. Texts are filled with its words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TypeVar

from mlay_batch.core.period import Period
from mlay_batch.model.records import Submission
from mlay_batch.schema import Catalogue, Form, Quota, Scheme
from mlay_batch.schema.ids import MEETING_SCORE, REGISTER
from mlay_batch.schema.model import Choice, Counted, Due, Effective, Text
from mlay_batch.schema.overlap import age_key
from mlay_batch.schema.quotas import Per, Window
from mlay_batch.schema.schemes import UNCONFIRMED

T = TypeVar("T", Quota, Scheme)


@dataclass(frozen=True, slots=True)
class Profile:
    """The office itself.

    Attributes:
        level: id of a choice of the register's form, such as ``commune``; None if not entered.
        short: how texts call it for short; None: as its level is called.
        parent: the body above it, such as "Tỉnh ủy Điện Biên"; None if not entered.
        place: written before the day on papers; None if not entered.
        start: first month of use, in canonical form; None: no month is too early.
    """

    level: str | None = None
    short: str | None = None
    parent: str | None = None
    place: str | None = None
    start: str | None = None

    def has_begun(self, period: Period) -> bool:
        """Whether the office has begun by the period's end, so that a return may be missing."""
        return self.start is None or Period.parse(self.start).start <= period.end


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
    """

    form: str
    from_: str
    due: int
    lock: int | None = None
    correct: int | None = None
    counted: Counted | None = None


@dataclass(frozen=True, slots=True)
class BandRule:
    """From how many points on a meeting has a grade, as the office has set it.

    Attributes:
        band: id of the band.
        from_: first month, in canonical form.
        points: the least, included.
        document: what sets it; None if not entered.
    """

    band: str
    from_: str
    points: float
    document: str | None = None


@dataclass(frozen=True)
class OfficeRules:
    """All that an office says of itself: see the records."""

    profile: Profile = Profile()
    quotas: tuple[QuotaRule, ...] = ()
    deadlines: tuple[DeadlineRule, ...] = ()
    bands: tuple[BandRule, ...] = ()

    @classmethod
    def of(cls, submission: Submission) -> OfficeRules:
        """Return what a checked submission of the form ``register`` says."""
        return cls(
            next(iter(submission.records("office", Profile)), Profile()),
            submission.records("quotas", QuotaRule),
            submission.records("deadlines", DeadlineRule),
            submission.records("bands", BandRule),
        )


def in_force(catalogue: Catalogue, rules: OfficeRules, office: str = "") -> Catalogue:
    """Return the catalogue with the rules and words of the office of that name, if it is known."""
    words = office_words(catalogue.register_form, rules.profile, office)
    forms = (_fill_words(form, words, rules.profile.level) for form in catalogue.forms)
    return replace(
        catalogue,
        forms=tuple(with_deadlines(form, rules.deadlines) for form in forms),
        quotas=_quotas(catalogue, rules.quotas),
        schemes=_with_bands(catalogue.schemes, rules.bands),
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
    choices = form.choices
    if form.form == REGISTER:
        choices = {
            name: tuple(_at_level(choice, level) for choice in of_list)
            for name, of_list in choices.items()
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


def _with_bands(schemes: tuple[Scheme, ...], rules: Sequence[BandRule]) -> tuple[Scheme, ...]:
    for rule in sorted(rules, key=lambda rule: month_of(rule.from_)):
        schemes = tuple(
            part
            for scheme in schemes
            for part in (
                _from_month(scheme, month_of(rule.from_), _band_setter(rule))
                if scheme.scheme == MEETING_SCORE
                else [scheme]
            )
        )
    return schemes


def _band_setter(rule: BandRule) -> Callable[[Scheme], Scheme]:
    def set_band(scheme: Scheme) -> Scheme:
        bands = tuple(replace(b, min=rule.points) if b.id == rule.band else b for b in scheme.bands)
        basis = dict.fromkeys((*scheme.basis, *([rule.document] if rule.document else ())))
        return replace(scheme, bands=bands, basis=tuple(basis))

    return set_band


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
