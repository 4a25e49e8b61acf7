"""Merges the returns and registers of consolidated workbooks of the level below.

A code of the level below is unchanged where this register has the same organisation (below the one
that sent the workbook) or the same officer (of the same name). Any other is prefixed with the
sender's code: ``CB-01`` of ``TU-A`` becomes ``TU-A.CB-01``, so that two offices may each have a
CB-01. Of the same return in two workbooks the one received later counts; a return received here
directly counts before both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import TypeVar

from mlay_batch.core.findings import Finding, Place, Severity
from mlay_batch.core.period import Period
from mlay_batch.core.text import name_key
from mlay_batch.figures import compute
from mlay_batch.figures.report_records import ReportInputs
from mlay_batch.model import rollup_form
from mlay_batch.model.office_rules import OfficeRules
from mlay_batch.model.records import (
    AcceptedReturn,
    CheckedFile,
    Identity,
    LedgerEntry,
    Row,
    Submission,
    Value,
    Verdict,
)
from mlay_batch.model.register import Assignment, Officer, Organisation, Register, Waiver
from mlay_batch.schema import Catalogue
from mlay_batch.schema.ids import ROLLUP, VISIT_SLIP
from mlay_batch.schema.versions import families, family_fields, family_sections

T = TypeVar("T")
_SEPARATOR = "."  # never part of a register's code


@dataclass(frozen=True)
class SubordinateData:
    """The data of the level below."""

    returns: tuple[AcceptedReturn, ...]
    refused: tuple[LedgerEntry, ...]
    """Its refused returns."""
    register: Register
    """Its register merged with ours."""


def merge_subordinates(
    register: Register, catalogue: Catalogue, rollups: Iterable[AcceptedReturn]
) -> SubordinateData:
    """Return the content of the consolidated workbooks in force, in the codes of `register`."""
    recognised = (rollup for rollup in rollups if rollup.entry.branch in register.by_code)
    ordered = sorted(recognised, key=_receipt_order)
    newest = {rollup.entry.branch: rollup for rollup in ordered}
    code_maps = {
        code: _CodeMap(register, code, register_of(newest[code]))
        for code in register.by_code  # independent of the order of receipt
        if code in newest
    }
    refs = _reference_lists(catalogue)
    merged: dict[tuple[str, str, str] | None, AcceptedReturn] = {}
    for rollup in ordered:
        code_map = code_maps[rollup.entry.branch or ""]
        for accepted in unpack_rollup(rollup, catalogue):
            translated = code_map.translate(accepted, refs)
            merged[translated.entry.key] = translated
    return SubordinateData(
        tuple(
            accepted for accepted in merged.values() if accepted.entry.verdict is Verdict.ACCEPTED
        ),
        tuple(
            accepted.entry
            for accepted in merged.values()
            if accepted.entry.verdict is not Verdict.ACCEPTED
        ),
        _merge_registers(register, code_maps.values()),
    )


def months_covered(rollups: Iterable[AcceptedReturn]) -> tuple[AcceptedReturn, ...]:
    """Return, without rows, the workbook that covers each month.

    A month without a workbook of its own is covered by the first for the year up to a later month.
    """
    covered: dict[tuple[str | None, Period], AcceptedReturn] = {}
    for rollup in sorted(rollups, key=_receipt_order):
        own_month = Period.parse(rollup.entry.period or "")
        for month in own_month.year_to_date():
            key = rollup.entry.branch, month
            if key not in covered or month == own_month:
                entry = replace(rollup.entry, period=str(month))
                covered[key] = AcceptedReturn(entry, ())
    return tuple(covered.values())


def _receipt_order(rollup: AcceptedReturn) -> tuple[datetime, int]:
    return datetime.fromisoformat(rollup.entry.received), rollup.entry.id


def register_of(rollup: AcceptedReturn | Submission) -> Register:
    """Return the register a consolidated workbook was computed with."""
    return Register.from_submission(Submission(None, ROLLUP, None, rows=rollup.rows))


def unpack_rollup(rollup: AcceptedReturn, catalogue: Catalogue) -> Iterator[AcceptedReturn]:
    """Yield every return of a consolidated workbook, in its own codes.

    Each has the ledger entry of the workbook and the day its own first version was received; one
    refused or held below has no rows.
    """
    rows = rollup_form.rows_by_return(rollup, catalogue)
    for row in rollup.section_rows(rollup_form.RETURN_LIST):
        values = {name: str(value) for name, value in row.values.items() if value is not None}
        ledger_entry = replace(
            rollup.entry,
            form=values["form"],
            version=values.get("version"),
            branch=values["branch"],
            period=values["period"],
            received=values["received"],
            findings=(),
            verdict=Verdict(values.get("state", Verdict.ACCEPTED)),
            part=values.get("part"),
        )
        yield AcceptedReturn(ledger_entry, rows[values["form"], values["branch"], values["period"]])


Refs = Mapping[tuple[str, str, str], str]


def _reference_lists(catalogue: Catalogue) -> Refs:
    """Return the list each reference field names, by form, section and field."""
    return {
        (family[0].form, section.id, name): field.ref
        for family in families(catalogue)
        for section in family_sections(family)
        for name, (_, field) in family_fields(family, section.id).items()
        if field.ref
    }


@dataclass(frozen=True)
class _CodeMap:
    """Maps the codes of one workbook to ours."""

    register: Register
    owner: str
    """The organisation that sent it."""
    source_register: Register
    """The register it was computed with."""

    def organisation(self, code: str) -> str:
        is_known = code in self.register.by_code and self.register.is_within(code, self.owner)
        return code if is_known else self._add_prefix(code)

    def officer(self, code: str) -> str:
        own_officer = self.register.officer_by_code.get(code)
        source_officer = self.source_register.officer_by_code.get(code)
        is_same = (
            own_officer
            and source_officer
            and name_key(own_officer.name) == name_key(source_officer.name)
        )
        return code if is_same else self._add_prefix(code)

    def _add_prefix(self, code: str) -> str:
        return f"{self.owner}{_SEPARATOR}{code}"

    def _optional(self, code: str | None) -> str | None:
        return self.organisation(code) if code else code

    def translate(self, accepted: AcceptedReturn, refs: Refs) -> AcceptedReturn:
        """Return a return with every code mapped."""
        form, reporter = accepted.entry.form or "", accepted.entry.branch
        code_of = self.officer if form == VISIT_SLIP else self.organisation
        entry = replace(accepted.entry, branch=code_of(reporter) if reporter else reporter)
        return AcceptedReturn(
            entry, tuple(self._translate_row(row, form, refs) for row in accepted.rows)
        )

    def _translate_row(self, row: Row, form: str, refs: Refs) -> Row:
        values: dict[str, Value] = dict(row.values)
        for name, value in row.values.items():
            ref = refs.get((form, row.section, name))
            if ref and isinstance(value, str) and value:
                values[name] = (self.officer if ref == "officers" else self.organisation)(value)
        return replace(row, values=values)

    @cached_property
    def organisations(self) -> tuple[Organisation, ...]:
        return tuple(
            replace(
                o,
                code=self.organisation(o.code),
                parent=self._optional(o.parent),
                successor=self._optional(o.successor),
            )
            for o in self.source_register.organisations
        )

    @cached_property
    def officers(self) -> tuple[Officer, ...]:
        return tuple(
            replace(o, code=self.officer(o.code), own_cell=self._optional(o.own_cell))
            for o in self.source_register.officers
        )

    @cached_property
    def assignments(self) -> tuple[Assignment, ...]:
        return tuple(
            replace(a, officer=self.officer(a.officer), branch=self.organisation(a.branch))
            for a in self.source_register.assignments
        )

    @cached_property
    def waivers(self) -> tuple[Waiver, ...]:
        return tuple(
            replace(w, branch=self.organisation(w.branch)) for w in self.source_register.waivers
        )


def _merge_registers(register: Register, code_maps: Iterable[_CodeMap]) -> Register:
    """Return our register with the additional records of the level below, ours first."""
    sources = tuple(code_maps)
    new_organisations = (
        o for code_map in sources for o in code_map.organisations if o.code not in register.by_code
    )
    new_officers = (
        o
        for code_map in sources
        for o in code_map.officers
        if o.code not in register.officer_by_code
    )
    return replace(
        register,
        organisations=(*register.organisations, *new_organisations),
        officers=tuple({o.code: o for o in (*register.officers, *new_officers)}.values()),
        assignments=_union(register.assignments, (code_map.assignments for code_map in sources)),
        waivers=_union(register.waivers, (code_map.waivers for code_map in sources)),
    )


def _union(first: tuple[T, ...], others: Iterable[tuple[T, ...]]) -> tuple[T, ...]:
    return tuple(dict.fromkeys((*first, *(record for records in others for record in records))))


# Checks of a consolidated workbook


def check_rollup(checked: CheckedFile, catalogue: Catalogue, rules: OfficeRules) -> CheckedFile:
    """Return a consolidated workbook with its inner findings; any other file unchanged.

    I30, I31: rows or lists differ from those it was made with. I32 (a warning): its figures do not
    follow from its rows by what is in force here: quotas, schemes, deadlines, first month of use.
    """
    submission, identity = checked.submission, checked.identity
    if submission is None or identity is None or not identity.form.is_rollup:
        return checked
    checked = checked.with_findings(*rollup_form.find_alterations(submission, catalogue))
    if checked.is_refused:
        return checked
    register = replace(register_of(submission), rules=rules)
    sums = _recomputed_sums(checked, submission, identity, catalogue, register)
    if sums == _provenance_value(submission, "sums"):
        return checked
    return checked.with_findings(
        Finding("I32", Severity.WARNING, Place(), {"branch": identity.branch})
    )


def _recomputed_sums(
    checked: CheckedFile,
    submission: Submission,
    identity: Identity,
    catalogue: Catalogue,
    register: Register,
) -> str:
    """Return the sums of the figures, recomputed from the workbook's rows and lists."""
    from mlay_batch.figures import fingerprint  # start-up: few files are consolidated workbooks

    file, day = checked.file, date.fromisoformat(_provenance_value(submission, "as_of"))
    entry = LedgerEntry(
        0,
        0,
        day,
        file.name,
        file.origin,
        file.sha256,
        file.channel,
        file.sender,
        file.received,
        Verdict.ACCEPTED,
        ROLLUP,
        submission.version,
        identity.branch,
        str(identity.period),
    )
    returns = tuple(unpack_rollup(AcceptedReturn(entry, submission.rows), catalogue))
    inputs = ReportInputs(
        catalogue,
        register,
        identity.period,
        day,
        tuple(accepted for accepted in returns if accepted.entry.verdict is Verdict.ACCEPTED),
        (),
        tuple(
            accepted.entry for accepted in returns if accepted.entry.verdict is not Verdict.ACCEPTED
        ),
    )
    return fingerprint.rows_fingerprint(compute(inputs))


def _provenance_value(submission: Submission, name: str) -> str:
    return str(
        next((row.values.get(name) for row in submission.section_rows(rollup_form.ORIGIN)), "")
    )
