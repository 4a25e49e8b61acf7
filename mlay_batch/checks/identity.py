"""Identifies branch, form and period of a submission; stamp, visible heading and dates must agree.

The hidden stamp alone never decides: the commonest mistake is last month's file filled in again,
and its stamp still names last month. So the visible heading or the dates reported must confirm the
period of the stamp, and neither may contradict it.

A refused return still gets an identity where its branch and period are evident. An old file filled
in again (I03: the stamp is older than the dates) is a return of the month of its dates, so that
this month is shown as refused, not as missing. A file whose stamp is newer than its dates was made
for the month of the stamp: the return is of that month, and `validate` reports the dates, which
were copied or mistyped. Where branch or period stay open (I01, I02 without dates, I04, I09) there
is no identity. A person may say whose such a file is (`IncomingFile.assigned`): that settles what
the file leaves open (I09, of a list I41), not a contradiction in it (I01, I04).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from mlay_batch.checks.listed_branch import find_listed_branch, listed_branches
from mlay_batch.checks.slips import UNKNOWN_OFFICER, slip_findings
from mlay_batch.core.findings import Finding, Param, Place, Severity
from mlay_batch.core.period import Period
from mlay_batch.core.text import clean, name_key, nearest
from mlay_batch.model.records import (
    ASSIGNED,
    UNSURE,
    CheckedFile,
    HeaderValue,
    Identity,
    IncomingFile,
    Submission,
)
from mlay_batch.model.register import Organisation, Register
from mlay_batch.model.reporters import Reporters
from mlay_batch.schema import Catalogue, Form
from mlay_batch.schema.layout import CODE_SEPARATOR, HEADER
from mlay_batch.schema.versions import is_in_transition

_SEPARATOR = re.compile(r"\s[–—-]\s")
_NO_HEADER = HeaderValue("", Place())
_UNNAMED = "I09"
_OPEN = (_UNNAMED, UNSURE)  # what a person settles who names the branch
_FIRST_YEAR, _LAST_YEAR, _MONTHS = 1900, 9998, 12


def identify(
    checked: CheckedFile, catalogue: Catalogue, register: Register | None, as_of: date
) -> CheckedFile:
    """Return `checked` with its identity, or with findings I01… that say why it has none.

    Without a `register` (one workbook checked anywhere) branches are not looked up.
    A file that is no form of ours is returned unchanged: the reader has reported it.
    """
    submission = checked.submission
    if submission is None:
        return checked
    code = checked.file.assigned
    assigned = code if register and code in register.reporter_by_code else None
    if assigned:
        checked = checked.with_findings(assignment(assigned))
    form = catalogue.form(submission.form, submission.version)
    if form is None:
        return checked
    if form.is_list:
        return checked.with_findings(_finding("I12", Place(), form=form.form))
    evidence = _Evidence(submission, form, register)
    branch, branch_findings = _find_branch(evidence, checked.file)
    if branch is None and assigned in evidence.by_code:
        branch, branch_findings = assigned, [f for f in branch_findings if f.code not in _OPEN]
    period, period_findings = _find_period(evidence, as_of)
    findings = [*_stamp_findings(evidence), *branch_findings, *period_findings]
    if branch is None or period is None:
        return checked.with_findings(*findings)
    organisation = evidence.by_code.get(branch)
    identity = Identity(form, branch, period, organisation.type if organisation else None)
    if not period_findings:
        findings += _check_eligibility(identity, evidence, catalogue, as_of)
        findings += _check_lock(identity, evidence, checked.file.received)
    return replace(checked, identity=identity).with_findings(*findings)


def assignment(branch: str) -> Finding:
    """Return the note that a person named the branch."""
    return _finding(ASSIGNED, Place(), Severity.WARNING, branch=branch)


def named_branches(submission: Submission, catalogue: Catalogue, register: Register) -> Set[str]:
    """Return the registered branches that stamp or heading of a form may mean."""
    form = catalogue.form(submission.form, submission.version)
    if form is None:
        return frozenset()
    if form.is_sketch:
        return frozenset(listed_branches(submission, form, register))
    evidence = _Evidence(submission, form, register)
    visible_codes = _visible_branches(evidence)
    return {evidence.stamped_branch or "", *visible_codes} & evidence.by_code.keys()


@dataclass(frozen=True)
class _Evidence:
    """The parts of a submission that identify it, and the register to compare them with."""

    submission: Submission
    form: Form
    register: Register | None

    @property
    def reporters(self) -> Reporters[Organisation] | None:
        """Those who may report on the form; None without a register."""
        return self.register.reporters_of(self.form) if self.register else None

    @property
    def by_code(self) -> Mapping[str, Organisation]:
        """The same by code."""
        return self.reporters.by_code if self.reporters else {}

    def header_value(self, part: str) -> HeaderValue:
        return self.submission.header.get(part, _NO_HEADER)

    @property
    def stamped_branch(self) -> str | None:
        stamp = self.submission.stamp
        return (stamp.branch.strip() or None) if stamp else None

    @property
    def is_heading_doubled(self) -> bool:
        """Whether the file has a copy of its sheet: then only the stamp says whose it is."""
        findings = self.submission.findings
        return any(f.code == "R22" and f.params.get("field") == HEADER.id for f in findings)

    @property
    def stamped_period(self) -> Period | None:
        stamp = self.submission.stamp
        return self._matching_kind(Period.parse_informal(stamp.period)) if stamp else None

    @property
    def visible_period(self) -> Period | None:
        return self._matching_kind(Period.parse_informal(clean(self.header_value("period").text)))

    def _matching_kind(self, period: Period | None) -> Period | None:
        return period if period and period.kind == self.form.period else None

    @cached_property
    def dates(self) -> tuple[tuple[date, Place], ...]:
        """Every date that must lie within the period, and its cell."""
        return tuple(
            (day, row.place(name))
            for section in self.form.sections
            if (names := [f.id for f in section.fields if f.type == "date" and f.within_period])
            for row in self.submission.section_rows(section.id)
            for name in names
            if isinstance(day := row.values.get(name), date)
        )


def _stamp_findings(evidence: _Evidence) -> Iterator[Finding]:
    if not (evidence.form.is_sketch or (evidence.stamped_branch and evidence.stamped_period)):
        yield _finding("I10", evidence.header_value("branch").place, Severity.WARNING)


# Branch


def _find_branch(evidence: _Evidence, file: IncomingFile) -> tuple[str | None, list[Finding]]:
    """Return the branch's code and findings; None where stamp and heading leave it open."""
    if evidence.register and evidence.form.is_sketch:
        return find_listed_branch(evidence.submission, evidence.form, evidence.register, file)
    stamped_code, heading = evidence.stamped_branch, evidence.header_value("branch")
    visible_codes = _visible_branches(evidence)
    if stamped_code and evidence.is_heading_doubled:
        visible_codes = (stamped_code,)
    elif not clean(heading.text) or (stamped_code is None and len(visible_codes) != 1):
        return None, [_finding(_UNNAMED, heading.place, seen=heading.text)]
    code = stamped_code or visible_codes[0]
    is_unknown = evidence.register is not None and code not in evidence.by_code
    agree = code in visible_codes or (is_unknown and code == _split_heading(heading.text)[0])
    if not agree:  # a code that the register lacks is told as such, whoever has the name
        return None, [_finding("I01", heading.place, stamped=code, seen=heading.text)]
    if evidence.register and is_unknown:
        nearest_code = nearest(code, evidence.by_code)
        finding_code = UNKNOWN_OFFICER if evidence.form.is_by_officers else "I04"
        near = nearest_code or ""
        return None, [_finding(finding_code, heading.place, branch=code, nearest=near)]
    return code, []


def _visible_branches(evidence: _Evidence) -> tuple[str, ...]:
    """Return the codes a visible "CB-01 – Chi bộ …" may mean; several may have one name.

    The code decides, unless only other branches have the name: then those are returned.
    """
    code, name = _split_heading(evidence.header_value("branch").text)
    reporters = evidence.reporters
    if reporters is None:
        return (code,) if code else ()
    by_name = reporters.codes_by_name.get(name_key(name or code), ())
    if code not in reporters.by_code:
        return by_name or ((code,) if name else ())
    return by_name if by_name and code not in by_name else (code,)


def _split_heading(text: str) -> tuple[str, str]:
    """Return code and name of a visible "CB-01 – Chi bộ …"."""
    code, _, name = _SEPARATOR.sub("\0", clean(text), count=1).partition("\0")
    return code, name


# Period


def _find_period(evidence: _Evidence, as_of: date) -> tuple[Period | None, list[Finding]]:
    """Return the period reported and findings; None where it stays open."""
    stamped_period, visible_period, heading = (
        evidence.stamped_period,
        evidence.visible_period,
        evidence.header_value("period"),
    )
    claimed_period = stamped_period or visible_period
    if claimed_period is None:
        return None, [_finding("I11", heading.place, seen=heading.text)]
    reported_period = _period_of_dates(evidence, claimed_period)
    if reported_period and claimed_period.start < reported_period.start <= as_of:
        return reported_period, [_reused_file_finding(evidence, claimed_period, reported_period)]
    dates_agree = reported_period is not None or any(
        day in claimed_period for day, _ in evidence.dates
    )
    has_heading = bool(clean(heading.text))
    if evidence.is_heading_doubled and stamped_period:
        return stamped_period, []
    if visible_period != claimed_period and (has_heading or not dates_agree):
        code = "I02" if has_heading else "I11"
        finding = _finding(code, heading.place, stamped=str(claimed_period), seen=heading.text)
        return (claimed_period if dates_agree else None), [finding]
    return claimed_period, []


def _period_of_dates(evidence: _Evidence, claimed: Period) -> Period | None:
    """Return the one other period that more than half of the dates lie in, or None.

    A date that would lie in the claimed period with day and month swapped does not count
    (`validate` reports it), unless it lies in the next period: a file of October filled in again in
    November may well report on the 10th of November. Nor do years no period can have. Of 2 dates,
    one in October and one in November, neither month has more than half: None.
    """
    days = [day for day, _ in evidence.dates]
    day_counts = Counter(Period.of(claimed.kind, day) for day in days if _is_evidence(day, claimed))
    period, count = max(day_counts.items(), key=lambda item: item[1], default=(claimed, 0))
    return period if 2 * count > len(days) and period != claimed else None


def _is_evidence(day: date, claimed: Period) -> bool:
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        return False
    if day in claimed or day in claimed.next() or day.day > _MONTHS:
        return True
    return date(day.year, day.day, day.month) not in claimed


def _reused_file_finding(evidence: _Evidence, claimed: Period, reported_period: Period) -> Finding:
    places = tuple(place for day, place in evidence.dates if day in reported_period)
    finding = _finding(
        "I03", places[0], stamped=str(claimed), told=str(reported_period), count=len(places)
    )
    return replace(finding, marks=(*places, evidence.header_value("period").place))


# Eligibility: may this branch send this form for this period?


def _check_eligibility(
    identity: Identity, evidence: _Evidence, catalogue: Catalogue, as_of: date
) -> Iterator[Finding]:
    form, period = identity.form, identity.period
    place = evidence.header_value("period").place
    if not form.effective.covers(period):
        valid_form = catalogue.form_for(form.form, period)
        code_and_severity = (
            ("I14", Severity.WARNING) if is_in_transition(form, valid_form, period) else ("I06",)
        )
        yield _finding(
            code_and_severity[0],
            place,
            *code_and_severity[1:],
            version=form.version,
            period=str(period),
            right=valid_form.version if valid_form else "",
        )
    if period.start > as_of:
        yield _finding("I07", place, period=str(period), as_of=as_of.isoformat())
    if evidence.register and form.is_by_officers:
        officer_place = evidence.header_value("branch").place
        yield from slip_findings(identity, evidence.register, officer_place)
    elif evidence.register:
        organisation = evidence.by_code[identity.branch]
        yield from _check_branch(organisation, form, period, evidence)


def _check_lock(identity: Identity, evidence: _Evidence, received: str) -> Iterator[Finding]:
    """Yield L13 for a return received after its period was locked; `verdict` holds it.

    Locked 20 days after November: the 20th of December is in time, the 21st is not.
    """
    last_day = identity.form.due_in(identity.period).lock_day(identity.period)
    if last_day and date.fromisoformat(received[:10]) > last_day:
        yield _finding(
            "L13",
            evidence.header_value("period").place,
            Severity.WARNING,
            period=str(identity.period),
            lock=last_day.isoformat(),
            received=received[:10],
        )


def _check_branch(
    organisation: Organisation, form: Form, period: Period, evidence: _Evidence
) -> Iterator[Finding]:
    place = evidence.header_value("branch").place
    if organisation.type not in form.reporters:
        yield _finding("I08", place, branch=_branch_label(organisation), form=form.form)
    if organisation.ended and organisation.ended <= period.end:
        yield from _check_end(organisation, organisation.ended, period, evidence)
    if organisation.founded and organisation.founded > period.end:
        yield _finding(
            "I13",
            place,
            branch=_branch_label(organisation),
            founded=organisation.founded.isoformat(),
            period=str(period),
        )


def _check_end(
    organisation: Organisation, ended: date, period: Period, evidence: _Evidence
) -> Iterator[Finding]:
    """Yield I05 for a branch that ended before the period, I15 for dates after its end within."""
    by_code = evidence.register.by_code if evidence.register else {}
    successor = by_code.get(organisation.successor or "")
    params: dict[str, Param] = {
        "branch": _branch_label(organisation),
        "ended": ended.isoformat(),
        "successor": _branch_label(successor) if successor else "",
    }
    places = tuple(place for day, place in evidence.dates if day >= ended)
    if not organisation.may_report(period):
        place = evidence.header_value("branch").place
        yield Finding("I05", Severity.ERROR, place, {**params, "period": str(period)})
    elif places:
        yield Finding("I15", Severity.ERROR, places[0], params, marks=places)


def _branch_label(organisation: Organisation) -> str:
    return f"{organisation.code}{CODE_SEPARATOR}{organisation.name}"


def _finding(
    code: str, place: Place, severity: Severity = Severity.ERROR, **params: Param
) -> Finding:
    return Finding(code, severity, place, params)
