"""Whose return is this, of which form and period? Stamp, visible heading and dates must agree.

The hidden stamp alone never decides: the commonest mistake is last month's file filled in again,
and its stamp still names last month. So the period needs a second witness beside the stamp, the
visible heading or the dates of what is reported, and no witness may contradict.

A refused return still gets an identity where it is evident what it is about. An old file filled in
again (I03: the stamp is older than the dates) is a return of the month its dates lie in, so that
this month is shown as refused, not as missing. A stamp newer than the dates was made for its month
and nobody had it before: the return is of that month, and `validation` marks the dates, which were
copied along or mistyped. Where branch or period stay open (I01, I02 without dates, I04, I09) there
is none.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property

from mlay_batch.findings import Finding, Param, Place, Severity
from mlay_batch.layout import CODE_SEPARATOR
from mlay_batch.names import clean, name_key, nearest
from mlay_batch.period import Period
from mlay_batch.records import Heading, Identity, Judged, Submission
from mlay_batch.register import Organisation, Register
from mlay_batch.schema import Catalogue, Form
from mlay_batch.schema.carry import in_grace

_SEPARATOR = re.compile(r"\s[–—-]\s")
_NOWHERE = Heading("", Place())
_FIRST_YEAR, _LAST_YEAR, _MONTHS = 1900, 9998, 12


def identify(
    judged: Judged, catalogue: Catalogue, register: Register | None, as_of: date
) -> Judged:
    """Return `judged` with its identity, or with findings I01… that say why it has none.

    Without a `register` (one workbook checked anywhere) branches are not looked up.
    A leaf that is no form of ours is returned as it is: the reader has said why.
    """
    submission = judged.submission
    if submission is None:
        return judged
    form = catalogue.form(submission.form or "", submission.version or "")
    if form is None:
        return judged
    if form.period == "none":
        return judged.add(_finding("I12", Place()))
    papers = _Papers(submission, form, register)
    branch, branch_findings = _branch(papers)
    period, period_findings = _period(papers, as_of)
    found = [*_without_stamp(papers), *branch_findings, *period_findings]
    if branch is None or period is None:
        return judged.add(*found)
    identity = Identity(form, branch, period)
    if not period_findings:
        found += _standing(identity, papers, catalogue, as_of)
        found += _late(identity, papers, judged.leaf.received)
    return replace(judged, identity=identity).add(*found)


@dataclass(frozen=True)
class _Papers:
    """What a submission shows of itself, and the register it is held against."""

    submission: Submission
    form: Form
    register: Register | None

    def head(self, part: str) -> Heading:
        return self.submission.head.get(part, _NOWHERE)

    @property
    def stamped_branch(self) -> str | None:
        stamp = self.submission.stamp
        return (stamp.branch.strip() or None) if stamp else None

    @property
    def stamped_period(self) -> Period | None:
        stamp = self.submission.stamp
        return self._of_kind(Period.spoken(stamp.period)) if stamp else None

    @property
    def seen_period(self) -> Period | None:
        return self._of_kind(Period.spoken(clean(self.head("period").text)))

    def _of_kind(self, period: Period | None) -> Period | None:
        return period if period and period.kind == self.form.period else None

    @cached_property
    def dates(self) -> tuple[tuple[date, Place], ...]:
        """Every date that must lie within the period, and its cell."""
        return tuple(
            (day, row.place(name))
            for section in self.form.sections
            if (names := [f.id for f in section.fields if f.type == "date" and f.within_period])
            for row in self.submission.section(section.id)
            for name in names
            if isinstance(day := row.values.get(name), date)
        )


def _without_stamp(papers: _Papers) -> Iterator[Finding]:
    if not (papers.stamped_branch and papers.stamped_period):
        yield _finding("I10", papers.head("branch").place, Severity.WARNING)


# Branch


def _branch(papers: _Papers) -> tuple[str | None, list[Finding]]:
    """Return the branch's code and findings; None where stamp and heading leave it open."""
    stamped, heading = papers.stamped_branch, papers.head("branch")
    seen = _branches_seen(heading.text, papers.register)
    if not clean(heading.text) or (stamped is None and len(seen) != 1):
        return None, [_finding("I09", heading.place, seen=heading.text)]
    if stamped and stamped not in seen:
        return None, [_finding("I01", heading.place, stamped=stamped, seen=heading.text)]
    code = stamped or seen[0]
    if papers.register and code not in papers.register.by_code:
        near = nearest(code, papers.register.by_code)
        return None, [_finding("I04", heading.place, branch=code, nearest=near or "–")]
    return code, []


def _branches_seen(text: str, register: Register | None) -> tuple[str, ...]:
    """Return the codes a visible "CB-01 – Chi bộ …" may mean; a name may be that of several.

    The code decides, unless its name is borne only by others: then all of those are meant.
    """
    code, _, name = _SEPARATOR.sub("\0", clean(text), count=1).partition("\0")
    if register is None:
        return (code,) if code else ()
    by_name = register.by_name.get(name_key(name or code), ())
    if code not in register.by_code:
        return by_name or ((code,) if name else ())
    return by_name if by_name and code not in by_name else (code,)


# Period


def _period(papers: _Papers, as_of: date) -> tuple[Period | None, list[Finding]]:
    """Return the period reported and findings; None where it stays open."""
    stamped, seen, heading = papers.stamped_period, papers.seen_period, papers.head("period")
    claimed = stamped or seen
    if claimed is None:
        return None, [_finding("I11", heading.place, seen=heading.text)]
    told = _told_by_dates(papers, claimed)
    if told and claimed.start < told.start <= as_of:
        return told, [_filled_in_again(papers, claimed, told)]
    dated = told is not None or any(day in claimed for day, _ in papers.dates)
    written = bool(clean(heading.text))
    if seen != claimed and (written or not dated):
        code = "I02" if written else "I11"
        wrong = _finding(code, heading.place, stamped=str(claimed), seen=heading.text)
        return (claimed if dated else None), [wrong]
    return claimed, []


def _told_by_dates(papers: _Papers, claimed: Period) -> Period | None:
    """Return the one other period that more than half of the dates lie in, or None.

    A date that day and month swapped would bring into the claimed period is no witness
    (`validation` asks about it), unless it lies in the period right after: a file of October
    filled in again in November may well report on the 10th of November. Years no period can have
    are no witness either. Half is not more than half: of 2 dates, one in October and one in
    November, nothing is said here.
    """
    days = [day for day, _ in papers.dates]
    told = Counter(Period.of(claimed.kind, day) for day in days if _is_witness(day, claimed))
    period, count = max(told.items(), key=lambda item: item[1], default=(claimed, 0))
    return period if 2 * count > len(days) and period != claimed else None


def _is_witness(day: date, claimed: Period) -> bool:
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        return False
    if day in claimed or day in claimed.next() or day.day > _MONTHS:
        return True
    return date(day.year, day.day, day.month) not in claimed


def _filled_in_again(papers: _Papers, claimed: Period, told: Period) -> Finding:
    places = tuple(place for day, place in papers.dates if day in told)
    found = _finding("I03", places[0], stamped=str(claimed), told=str(told), count=len(places))
    return replace(found, marks=(*places, papers.head("period").place))


# Standing: may this branch send this form for this period?


def _standing(
    identity: Identity, papers: _Papers, catalogue: Catalogue, as_of: date
) -> Iterator[Finding]:
    form, period = identity.form, identity.period
    at = papers.head("period").place
    if not form.effective.covers(period):
        right = catalogue.form_for(form.form, period)
        told = ("I14", Severity.WARNING) if in_grace(form, right, period) else ("I06",)
        yield _finding(told[0], at, *told[1:], version=form.version, period=str(period),
                       right=right.version if right else "–")  # fmt: skip
    if period.start > as_of:
        yield _finding("I07", at, period=str(period), as_of=as_of.isoformat())
    if papers.register:
        entry = papers.register.by_code[identity.branch]
        yield from _owing(entry, form, period, papers)


def _late(identity: Identity, papers: _Papers, received: str) -> Iterator[Finding]:
    """Yield L13 for a return that came after its period was locked: `verdict` holds it.

    Locked 20 days after November: the 20th of December is in time, the 21st is not.
    """
    due = identity.form.due
    if due is None or due.lock is None:
        return
    day = date.fromisoformat(received[:10])
    last = identity.period.end + timedelta(days=due.lock)
    if day > last:
        yield _finding("L13", papers.head("period").place, Severity.WARNING,
                       period=str(identity.period), lock=last.isoformat(),
                       received=day.isoformat())  # fmt: skip


def _owing(entry: Organisation, form: Form, period: Period, papers: _Papers) -> Iterator[Finding]:
    at = papers.head("branch").place
    if entry.type not in form.reporters:
        yield _finding("I08", at, branch=_shown(entry), form=form.form)
    if entry.ended and entry.ended <= period.end:
        known = papers.register.by_code if papers.register else {}
        heir = known.get(entry.successor or "")
        yield _finding("I05", at, branch=_shown(entry), ended=entry.ended.isoformat(),
                       period=str(period), successor=_shown(heir) if heir else "–")  # fmt: skip
    if entry.founded and entry.founded > period.end:
        yield _finding("I13", at, branch=_shown(entry), founded=entry.founded.isoformat(),
                       period=str(period))  # fmt: skip


def _shown(entry: Organisation) -> str:
    return f"{entry.code}{CODE_SEPARATOR}{entry.name}"


def _finding(
    code: str, place: Place, severity: Severity = Severity.ERROR, **params: Param
) -> Finding:
    return Finding(code, severity, place, params)
