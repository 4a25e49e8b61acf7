"""Validates the values of many returns at once, with one pandera call a section.

A return refused by `identity` is checked as well, so that a branch gets all findings at once. Where
its period is not certain (`CheckedFile.identity` is None: last month's file filled in again, stamp
and heading disagree) dates are not compared with a period, since `identity` reported that.

Only ``required`` refuses a blank; every other check lets a blank pass, and in sums a blank optional
part counts 0 (`row_rules`). `filled_rows` decides which rows of a table are content; their blanks
take the defaults of their fields.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from mlay_batch.checks.awarded_points import point_findings
from mlay_batch.checks.cell_findings import (
    Cell,
    cell_of,
    is_reliable,
    sort_findings,
    to_finding,
    unread_sections,
    with_computed_cells,
    wrong_cells,
)
from mlay_batch.checks.failures import Failure, failures, schema_for
from mlay_batch.checks.filled_rows import fill_in
from mlay_batch.checks.frames import CandidateReturn, SectionTable, section_tables
from mlay_batch.checks.references import Lists, Resolver, resolve_refs, resolvers
from mlay_batch.core.findings import Finding, Severity
from mlay_batch.model.records import CheckedFile, Row, Submission
from mlay_batch.schema.ids import MEETING_SCORE
from mlay_batch.schema.model import Form, Section
from mlay_batch.schema.overlap import scheme_in_force
from mlay_batch.schema.schemes import Scheme

__all__ = ["schema_for", "validate", "validate_list", "validate_register"]

YES = "yes"


def validate(
    batch: Sequence[CheckedFile],
    lists: Lists,
    forms: Sequence[Form] = (),
    schemes: Sequence[Scheme] = (),
) -> tuple[CheckedFile, ...]:
    """Return the batch, in order, with findings added and the codes of `ref` fields resolved.

    `lists` gives code → name for each list a `ref` field may name; refs to other lists are not
    checked. `forms` supply the form of a return without identity, `schemes` say which points its
    facts give. One pandera call checks a section of all returns; no rule compares returns.
    """
    candidates = {
        number: _candidate(checked_file, forms, schemes)
        for number, checked_file in enumerate(batch)
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


def validate_list(
    submission: Submission, form: Form, lists: Lists
) -> tuple[Submission, tuple[Finding, ...]]:
    """Return a list with codes resolved, and all findings, those of the reader first.

    Its `ref` fields name its own rows where it has a section of that name; codes of a section that
    could not be read are taken as they are. `lists` gives code → name for each other list.
    """
    fields = [field for section in form.sections for field in section.fields]
    own_names = {str(field.ref) for field in fields if form.has_rows_named_by(field)}
    unread = unread_sections(submission.findings)
    names_by_list = {name: names for name, names in lists.items() if name not in own_names}
    names_by_list |= {name: _names_by_code(submission, name) for name in own_names - unread}
    candidate = CandidateReturn(submission, form, findings=submission.findings)
    result = _check_all({0: candidate}, resolvers(names_by_list))[0]
    return result.submission, result.findings


def _names_by_code(submission: Submission, section: str) -> Mapping[str, str]:
    rows = submission.section_rows(section)
    return {
        str(row.values["code"]): str(row.values.get("name") or "")
        for row in rows
        if row.values.get("code")
    }


def validate_register(submission: Submission, form: Form) -> tuple[Submission, tuple[Finding, ...]]:
    """Return the register as `validate_list` does.

    The tree of organisations must have no cycle; a parent that closes one gets no other finding.
    """
    result, findings = validate_list(submission, form, {})
    cycles = sort_findings(cycle_findings(result), result)
    cycle_places = {cycle.place for cycle in cycles}
    other_findings = tuple(finding for finding in findings if finding.place not in cycle_places)
    return result, other_findings + cycles


def _candidate(
    checked: CheckedFile, forms: Sequence[Form], schemes: Sequence[Scheme]
) -> CandidateReturn | None:
    """Return the return to check in a file; None where it is no form of ours, or a list."""
    submission, identity = checked.submission, checked.identity
    if submission is None:
        return None
    if identity:
        scheme = scheme_in_force(schemes, MEETING_SCORE, identity.period)
        return CandidateReturn(
            submission, identity.form, identity.period, scheme, identity.reporter, checked.findings
        )
    name = submission.form, submission.version
    form = next((f for f in forms if (f.form, f.version) == name and not f.is_list), None)
    return CandidateReturn(submission, form, findings=checked.findings) if form else None


def _check_all(
    candidates: Mapping[int, CandidateReturn], by_list: Mapping[str, Resolver]
) -> Mapping[int, CandidateReturn]:
    """Return the candidates with codes resolved and all findings added."""
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
    """Return the candidate with its filled rows, defaults in blanks, codes in `ref` fields.

    Adds stray rows to `findings`.
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
    """Add to `findings` those of candidates of one form: fields first, then rules and nil."""
    form = next(iter(candidates.values())).form
    failed_checks = [
        (table, fail)
        for table in section_tables(candidates, form).values()
        for fail in failures(table, form)
    ]
    for of_rules in (False, True):
        bad_cells = {
            number: with_computed_cells(
                wrong_cells([*candidate.findings, *findings[number]]), candidate.submission, form
            )
            for number, candidate in candidates.items()
        }
        for table, failure in failed_checks:
            if (failure.rule is not None) is of_rules:
                _add_finding(table, failure, candidates, bad_cells, findings)
    for number, candidate in candidates.items():
        unread = unread_sections(candidate.findings)
        findings[number].extend(nil_findings(candidate.submission, form, bad_cells[number], unread))
        findings[number].extend(point_findings(candidate, bad_cells[number]))


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


def nil_findings(
    submission: Submission,
    form: Form,
    bad_cells: frozenset[Cell],
    unread: frozenset[str] = frozenset(),
) -> Iterator[Finding]:
    """Yield F12 where a section is declared nil but has rows, F13 where it has neither.

    A declared nil return is not a missing one; an empty table without a declaration is neither.
    Sections that could not be read (`unread`) give no finding.
    """
    for section in (candidate for candidate in form.sections if candidate.id not in unread):
        card, _, name = (section.nil or "").partition(".")
        for declared in submission.section_rows(card)[:1] if name else ():
            if name in declared.cells and cell_of(declared.place(name)) not in bad_cells:
                reasons = _reason_fields(form.section(card), name)
                rows = [
                    row
                    for row in submission.section_rows(section.id)
                    if not _is_all_wrong(row, bad_cells)
                ]
                if rows or not submission.section_rows(section.id):
                    yield from _nil(section, declared, (name, *reasons), rows)


def _reason_fields(card: Section, name: str) -> tuple[str, ...]:
    """Return the fields of the card that a declared nil return has to fill as well."""
    return tuple(
        str(rule.params["value"])
        for rule in card.rules
        if rule.check == "required_if"
        and rule.params["when"] == name
        and YES in rule.params["values"]
    )


def _is_all_wrong(row: Row, bad_cells: frozenset[Cell]) -> bool:
    """Whether every filled cell of the row has an error already."""
    filled = (name for name, value in row.values.items() if value is not None)
    return all(cell_of(row.place(name)) in bad_cells for name in filled)


def _nil(
    section: Section, card: Row, names: tuple[str, ...], rows: Sequence[Row]
) -> Iterator[Finding]:
    """Yield F12 or F13 where the declaration, the first of `names`, and the rows disagree."""
    name = names[0]
    nil = card.values.get(name) == YES
    if nil == bool(rows):
        filled = tuple(
            row.place(field)
            for row in rows
            for field, value in row.values.items()
            if value is not None
        )
        marks = filled or tuple(card.place(field) for field in names[1:] if field in card.cells)
        yield Finding(
            "F12" if nil else "F13",
            Severity.ERROR,
            card.place(name),
            {"field": section.id, "count": len(rows)},
            (card.place(name), *marks),
        )


def cycle_findings(submission: Submission) -> Iterator[Finding]:
    """Yield F14 at the parent of every organisation that is its own ancestor."""
    rows = {row.values.get("code"): row for row in submission.section_rows("organisations")}
    for code, row in rows.items():
        cycle = [code]
        parent = row.values.get("parent")
        while parent in rows and parent not in cycle:
            cycle.append(parent)
            parent = rows[parent].values.get("parent")
        if parent == code:
            yield Finding(
                "F14",
                Severity.ERROR,
                row.place("parent"),
                {"field": "organisations.parent", "ring": " → ".join(map(str, [*cycle, code]))},
            )
