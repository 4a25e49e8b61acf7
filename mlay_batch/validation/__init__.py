"""Are the values of a return right? Many returns of a batch at once, one pandera call a section.

A return refused by `identity` is checked all the same, so that a branch gets everything in one
round. Where its period is not certain (`Judged.identity` is None: last month's file filled in
again, stamp and heading at odds) dates are not held against a period: that has been said once.

Whether a blank is allowed is said by ``required`` alone; every other check lets a blank pass, and
in sums a blank optional part counts 0 (`rules`). Which rows of a table are content, `filled_rows`
says; there blanks take the defaults of their fields.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from mlay_batch.findings import Finding
from mlay_batch.records import Judged, Row, Submission
from mlay_batch.schema.records import Form
from mlay_batch.validation.cells import (
    Cell,
    finding,
    in_order,
    is_certain,
    lost_sections,
    wrong_cells,
)
from mlay_batch.validation.failures import Failure, failures
from mlay_batch.validation.filled_rows import fill_in
from mlay_batch.validation.frames import Entry, Table, tables
from mlay_batch.validation.refs import Lists, Resolver, resolved, resolvers
from mlay_batch.validation.schema import schema_for
from mlay_batch.validation.whole import nil_findings, ring_findings

__all__ = ["schema_for", "validate", "validate_register"]


def validate(
    batch: Sequence[Judged], lists: Lists, forms: Sequence[Form] = ()
) -> tuple[Judged, ...]:
    """Return the batch, in order, with findings added and the codes of `ref` fields resolved.

    `lists` gives code → name for each list a `ref` field may name; a list that is not given is
    not asked. `forms` are looked into for the form of a return whose identity is not known. All
    returns of a section are checked by one pandera call; nothing is asked across returns.
    """
    entries = {number: _entry(judged, forms) for number, judged in enumerate(batch)}
    present = {number: entry for number, entry in entries.items() if entry}
    checked = _checked(present, resolvers(lists))
    return tuple(
        replace(judged, submission=checked[number].submission, findings=checked[number].findings)
        if number in checked
        else judged
        for number, judged in enumerate(batch)
    )


def validate_register(submission: Submission, form: Form) -> tuple[Submission, tuple[Finding, ...]]:
    """Return the register with codes resolved, and all findings, those of the reader first.

    Its `ref` fields are held against its own rows; the tree of organisations may hold no ring, and
    of a parent that closes one nothing else is said.
    """
    lists = {name: _own_list(submission, name) for name in ("organisations", "officers")}
    read = Entry(submission, form, findings=submission.findings)
    entry = _checked({0: read}, resolvers(lists))[0]
    rings = in_order(ring_findings(entry.submission), entry.submission)
    closing = {ring.place for ring in rings}
    others = tuple(found for found in entry.findings if found.place not in closing)
    return entry.submission, others + rings


def _own_list(submission: Submission, section: str) -> Mapping[str, str]:
    rows = submission.section(section)
    return {
        str(row.values["code"]): str(row.values.get("name") or "")
        for row in rows
        if row.values.get("code")
    }


def _entry(judged: Judged, forms: Sequence[Form]) -> Entry | None:
    """Return what there is to check of a leaf: None where no form of ours could be read."""
    read, known = judged.submission, judged.identity
    if read is None:
        return None
    if known:
        return Entry(read, known.form, known.period, judged.findings)
    form = next((f for f in forms if (f.form, f.version) == (read.form, read.version)), None)
    return Entry(read, form, findings=judged.findings) if form else None


def _checked(entries: Mapping[int, Entry], by_list: Mapping[str, Resolver]) -> Mapping[int, Entry]:
    """Return the entries with codes resolved and all findings added."""
    found: dict[int, list[Finding]] = defaultdict(list)
    ready = {number: _prepared(entry, by_list, found[number]) for number, entry in entries.items()}
    by_form: dict[tuple[str, str], dict[int, Entry]] = defaultdict(dict)
    for number, entry in ready.items():
        by_form[entry.form.form, entry.form.version][number] = entry
    for alike in by_form.values():
        _check(alike, found)
    return {
        number: entry.add(in_order(found[number], entry.submission))
        for number, entry in ready.items()
    }


def _prepared(entry: Entry, by_list: Mapping[str, Resolver], found: list[Finding]) -> Entry:
    """Return the entry with the rows that count, defaults in blanks, codes in `ref` fields; strays
    are added to `found`.
    """
    sections = {section.id: section for section in entry.form.sections}
    rows: list[Row] = []
    doubts: list[Finding] = []
    for row in entry.submission.rows:
        if row.section in sections:
            row, wrong = resolved(row, sections[row.section], by_list)
            rows.append(row)
            doubts.extend(wrong)
    known = entry.add(in_order(doubts, entry.submission)).findings
    filled = fill_in(rows, sections, known)
    found.extend(filled.strays)
    submission = replace(entry.submission, rows=filled.rows)
    return replace(entry, submission=submission, findings=filled.findings)


def _check(entries: Mapping[int, Entry], found: dict[int, list[Finding]]) -> None:
    """Add to `found` what is wrong in entries of one form: fields first, then rules and nil."""
    form = next(iter(entries.values())).form
    broken = [(table, fail) for table in tables(entries, form).values()
              for fail in failures(table, form)]  # fmt: skip
    for of_rules in (False, True):
        wrong = {
            number: wrong_cells([*entry.findings, *found[number]])
            for number, entry in entries.items()
        }
        for table, failure in broken:
            if (failure.rule is not None) is of_rules:
                _report(table, failure, entries, wrong, found)
    for number, entry in entries.items():
        lost = lost_sections(entry.findings)
        found[number].extend(nil_findings(entry.submission, form, wrong[number], lost))


def _report(
    table: Table,
    failure: Failure,
    entries: Mapping[int, Entry],
    wrong: Mapping[int, frozenset[Cell]],
    found: dict[int, list[Finding]],
) -> None:
    number, row = table.owners[failure.at], table.rows[failure.at]
    entry = entries[number]
    lost = lost_sections(entry.findings)
    if is_certain(failure, table.section, row, entry.submission, wrong[number], lost):
        found[number].append(finding(failure, table.section, row))
