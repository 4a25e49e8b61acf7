"""Validates the values of many returns at once, with one pandera call a section.

A return refused by `identity` is checked all the same, so that a branch gets everything in one
round. Where its period is not certain (`CheckedFile.identity` is None: last month's file filled in
again, stamp and heading at odds) dates are not held against a period: that has been said once.

Whether a blank is allowed is said by ``required`` alone; every other check lets a blank pass, and
in sums a blank optional part counts 0 (`row_rules`). `filled_rows` says which rows of a table are
content; there blanks take the defaults of their fields.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from mlay_batch.checks.cell_findings import (
    Cell,
    is_reliable,
    sort_findings,
    to_finding,
    unread_sections,
    wrong_cells,
)
from mlay_batch.checks.failures import Failure, failures
from mlay_batch.checks.filled_rows import fill_in
from mlay_batch.checks.frames import CandidateReturn, SectionTable, section_tables
from mlay_batch.checks.pandera_schema import schema_for
from mlay_batch.checks.references import Lists, Resolver, resolve_refs, resolvers
from mlay_batch.checks.structure import cycle_findings, nil_findings
from mlay_batch.core.findings import Finding
from mlay_batch.model.records import CheckedFile, Row, Submission
from mlay_batch.schema.model import Form

__all__ = ["schema_for", "validate", "validate_register"]


def validate(
    batch: Sequence[CheckedFile], lists: Lists, forms: Sequence[Form] = ()
) -> tuple[CheckedFile, ...]:
    """Return the batch, in order, with findings added and the codes of `ref` fields resolved.

    `lists` gives code → name for each list a `ref` field may name; a list that is not given is
    not asked. `forms` are looked into for the form of a return whose identity is not known. All
    returns of a section are checked by one pandera call; nothing is asked across returns.
    """
    candidates = {
        number: _candidate(checked_file, forms) for number, checked_file in enumerate(batch)
    }
    present = {number: candidate for number, candidate in candidates.items() if candidate}
    results = _check_all(present, resolvers(lists))
    return tuple(
        replace(
            checked_file, submission=results[number].submission, findings=results[number].findings
        )
        if number in results
        else checked_file
        for number, checked_file in enumerate(batch)
    )


def validate_register(submission: Submission, form: Form) -> tuple[Submission, tuple[Finding, ...]]:
    """Return the register with codes resolved, and all findings, those of the reader first.

    Its `ref` fields are held against its own rows; the tree of organisations may hold no ring, and
    of a parent that closes one nothing else is said.
    """
    lists = {name: _names_by_code(submission, name) for name in ("organisations", "officers")}
    candidate = CandidateReturn(submission, form, findings=submission.findings)
    result = _check_all({0: candidate}, resolvers(lists))[0]
    cycles = sort_findings(cycle_findings(result.submission), result.submission)
    cycle_places = {cycle.place for cycle in cycles}
    other_findings = tuple(
        finding for finding in result.findings if finding.place not in cycle_places
    )
    return result.submission, other_findings + cycles


def _names_by_code(submission: Submission, section: str) -> Mapping[str, str]:
    rows = submission.section_rows(section)
    return {
        str(row.values["code"]): str(row.values.get("name") or "")
        for row in rows
        if row.values.get("code")
    }


def _candidate(checked: CheckedFile, forms: Sequence[Form]) -> CandidateReturn | None:
    """Return what is to be checked of a file; None where no form of ours could be read."""
    submission, identity = checked.submission, checked.identity
    if submission is None:
        return None
    if identity:
        return CandidateReturn(submission, identity.form, identity.period, checked.findings)
    form = next(
        (f for f in forms if (f.form, f.version) == (submission.form, submission.version)), None
    )
    return CandidateReturn(submission, form, findings=checked.findings) if form else None


def _check_all(
    candidates: Mapping[int, CandidateReturn], by_list: Mapping[str, Resolver]
) -> Mapping[int, CandidateReturn]:
    """Return the entries with codes resolved and all findings added."""
    findings: dict[int, list[Finding]] = defaultdict(list)
    prepared = {
        number: _prepare(candidate, by_list, findings[number])
        for number, candidate in candidates.items()
    }
    by_form: dict[tuple[str, str], dict[int, CandidateReturn]] = defaultdict(dict)
    for number, candidate in prepared.items():
        by_form[candidate.form.form, candidate.form.version][number] = candidate
    for group in by_form.values():
        _check(group, findings)
    return {
        number: candidate.add(sort_findings(findings[number], candidate.submission))
        for number, candidate in prepared.items()
    }


def _prepare(
    candidate: CandidateReturn, by_list: Mapping[str, Resolver], findings: list[Finding]
) -> CandidateReturn:
    """Return the entry with the rows that count, defaults in blanks, codes in `ref` fields; strays
    are added to `findings`.
    """
    sections = {section.id: section for section in candidate.form.sections}
    rows: list[Row] = []
    ref_findings: list[Finding] = []
    for row in candidate.submission.rows:
        if row.section in sections:
            row, row_findings = resolve_refs(row, sections[row.section], by_list)
            rows.append(row)
            ref_findings.extend(row_findings)
    cell_findings = candidate.add(sort_findings(ref_findings, candidate.submission)).findings
    filled = fill_in(rows, sections, cell_findings)
    findings.extend(filled.strays)
    submission = replace(candidate.submission, rows=filled.rows)
    return replace(candidate, submission=submission, findings=filled.findings)


def _check(candidates: Mapping[int, CandidateReturn], findings: dict[int, list[Finding]]) -> None:
    """Add to `findings` what is wrong in entries of one form: fields first, then rules and nil."""
    form = next(iter(candidates.values())).form
    failed_checks = [
        (table, fail)
        for table in section_tables(candidates, form).values()
        for fail in failures(table, form)
    ]
    for of_rules in (False, True):
        bad_cells = {
            number: wrong_cells([*candidate.findings, *findings[number]])
            for number, candidate in candidates.items()
        }
        for table, failure in failed_checks:
            if (failure.rule is not None) is of_rules:
                _add_finding(table, failure, candidates, bad_cells, findings)
    for number, candidate in candidates.items():
        unread = unread_sections(candidate.findings)
        findings[number].extend(nil_findings(candidate.submission, form, bad_cells[number], unread))


def _add_finding(
    table: SectionTable,
    failure: Failure,
    candidates: Mapping[int, CandidateReturn],
    bad_cells: Mapping[int, frozenset[Cell]],
    findings: dict[int, list[Finding]],
) -> None:
    number, row = table.owners[failure.index], table.rows[failure.index]
    candidate = candidates[number]
    unread = unread_sections(candidate.findings)
    if is_reliable(failure, table.section, row, candidate.submission, bad_cells[number], unread):
        findings[number].append(to_finding(failure, table.section, row))
