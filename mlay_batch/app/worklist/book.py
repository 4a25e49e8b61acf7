"""Writes the worklist, finds and reads those that people have filled in."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

from mlay_batch.app.cache import read_list
from mlay_batch.app.worklist.records import (
    ALL_LETTERS,
    CONTRADICTION,
    LETTERS,
    MATTERS,
    PERIODS,
    WORK,
    WORKLIST,
    MadeDecision,
    Matter,
    ReadWorklist,
    matter_key,
    say,
    split_key,
)
from mlay_batch.app.workspace import WORKLIST_STEM
from mlay_batch.core.files import write_atomically
from mlay_batch.core.findings import Finding, Place, Severity, split_cell
from mlay_batch.core.period import Period
from mlay_batch.errors import OutputBusyError
from mlay_batch.model.records import Row, Value
from mlay_batch.schema import Catalogue, Form
from mlay_batch.schema.overlap import age_key
from mlay_batch.template import TemplateContext, render

STEM = WORKLIST_STEM
NAME = f"{STEM}.xlsx"
DECIDING = (MATTERS, LETTERS, PERIODS)
NOW = "now"
_LOCKED = "N09"
TYPED = ("decision", "assign_to", "why", "sure")
"""Fields of a deciding section in which people write."""

Values = Mapping[str, Value]
InSection = tuple[str, str]
"""A section, and the subject or the key of a matter in it."""


def worklist_form(catalogue: Catalogue) -> Form:
    """Return the form of the worklist, in its newest version."""
    return max((form for form in catalogue.forms if form.form == WORKLIST), key=age_key)


def decision_titles(form: Form, lang: str) -> dict[str, str]:
    """Return the titles of decisions, by id."""
    return {choice.id: choice.title.of(lang) for choice in form.choices["decision"]}


# Writing


@dataclass(frozen=True)
class WorklistContent:
    """What a worklist holds.

    Attributes:
        number: its number.
        office_name: heads every sheet.
        period: the period it is of.
        chosen: the period that somebody chose to work on; None: the last month.
        matters: the rows of the deciding sections, each section's in their order.
        others: rows of the other sections.
        organisations: codes and names, to assign files to.
        results: what came of the last decision on a matter, by subject.
        mistakes: what is wrong in the row of a matter, by section and subject.
        kept: what people typed and could not be obeyed yet, by section and key.
    """

    number: int
    office_name: str
    period: Period | None = None
    chosen: Period | None = None
    matters: Sequence[Matter] = ()
    others: Mapping[str, Sequence[Values]] = field(default_factory=dict)
    organisations: tuple[tuple[str, str], ...] = ()
    results: Mapping[str, str] = field(default_factory=dict)
    mistakes: Mapping[InSection, str] = field(default_factory=dict)
    kept: Mapping[InSection, Values] = field(default_factory=dict)

    @property
    def offered(self) -> frozenset[InSection]:
        """Section and key of every matter."""
        return frozenset((matter.section, matter.key) for matter in self.matters)


def render_worklist(form: Form, content: WorklistContent, lang: str) -> bytes:
    """Return the worklist as a workbook; the same content gives the same bytes."""
    rows, links, tones = [], {}, {}
    for section in DECIDING:
        matters = [matter for matter in content.matters if matter.section == section]
        for number, matter in enumerate(matters):
            values = _within_bounds(form, section, _matter_values(matter, content))
            rows.append(Row(section, "", 0, values, {}))
            if matter.link:
                links[section, number, _link_field(section)] = matter.link
            if matter.tone:
                tones[section, number, "branch"] = matter.tone
    for section, others in content.others.items():
        rows += [Row(section, "", 0, _within_bounds(form, section, row), {}) for row in others]
    rows.append(now_row(content, lang))
    order = [section.id for section in form.sections]
    rows.sort(key=lambda row: order.index(row.section))
    context = TemplateContext(
        "",
        content.office_name,
        "",
        None,
        lists={"organisations": content.organisations},
        links=links,
        tones=tones,
    )
    return render(form, context, rows, lang=lang)


def _link_field(section: str) -> str:
    return "period" if section == PERIODS else "view"


def _matter_values(matter: Matter, content: WorklistContent) -> dict[str, Value]:
    section, subject = matter.section, matter.subject
    result = content.mistakes.get((section, subject)) or content.results.get(subject)
    return {
        **matter.values,
        **({"result": result} if result else {}),
        **content.kept.get((section, matter.key), {}),
        "kind": matter.kind,
        "key": matter.key,
    }


def _within_bounds(form: Form, section: str, values: Values) -> dict[str, Value]:
    """Return the values of a row, its long texts cut, but for what people typed.

    Beside a text longer than the form allows no decision would be obeyed.
    """
    bounds = {x.id: x.max_length for x in form.section(section).fields if x.id not in TYPED}
    return {
        name: f"{value[: bounds[name] - 1]}…"
        if isinstance(value, str) and len(value) > bounds.get(name, len(value))
        else value
        for name, value in values.items()
    }


def now_row(content: WorklistContent, lang: str) -> Row:
    """Return the row that says which worklist it is."""
    values: dict[str, Value] = {
        "number": content.number,
        "period": content.period.title(lang) if content.period else None,
        "chosen": say(lang, "yes") if content.chosen else None,
    }
    return Row(NOW, "", 0, values, {})


def write_worklist(root: Path, data: bytes, as_read: Mapping[str, str]) -> Path:
    """Write the worklist into the workspace; return where.

    One that is open in another program, or that somebody saved after it was read (`as_read`: the
    hashes by name), is left alone: the new one gets another name.
    """
    for number in count(1):
        name = NAME if number == 1 else f"{STEM}-{number}.xlsx"
        path = root / name
        with suppress(PermissionError, OutputBusyError):
            old = path.read_bytes() if path.is_file() else None
            if old is None or hashlib.sha256(old).hexdigest() == as_read.get(name):
                if old != data:
                    write_atomically(path, data, mode=0o600)
                return path
    raise AssertionError("unreachable")


# Reading


def read_worklist(
    path: Path,
    form: Form,
    organisations: Mapping[str, str],
    find_untouched: Callable[[bytes], Row | None] = lambda _: None,
) -> ReadWorklist:
    """Return a worklist as people have filled it in; decisions with a mistake are left out.

    A decision on all letters holds for those without one of their own.

    `organisations` are the names by code of those a file can be assigned to. `find_untouched`
    returns the `now_row` of a worklist as the program wrote it, in which nothing was typed: no
    other row of that is read, as that takes most of a second.
    """
    name = path.name
    try:
        data = path.read_bytes()
    except OSError:
        return ReadWorklist(name, b"", findings=(Finding(_LOCKED, Severity.ERROR, Place(name)),))
    if now := find_untouched(data):
        return _build_read_worklist(name, data, (now,))
    submission = read_list(data, form)
    from mlay_batch.checks.validate import validate_list  # start-up: imported meanwhile

    if submission.form != WORKLIST:
        findings = tuple(finding.in_file(name) for finding in submission.findings)
        return ReadWorklist(name, data, findings=findings)
    submission, found = validate_list(submission, form, {"organisations": organisations})
    findings = tuple(finding.in_file(name) for finding in found)
    wrong = {_line(place) for f in findings if f.is_error for place in (f.place, *f.marks)}
    sound = [row for row in submission.rows if (row.sheet, row.number) not in wrong]
    decisions = tuple(
        made for row, typed_in in spread(sound) if (made := _made_decision(row, name, typed_in))
    )
    return _build_read_worklist(name, data, submission.rows, decisions, findings)


def _build_read_worklist(
    name: str,
    data: bytes,
    rows: tuple[Row, ...],
    decisions: tuple[MadeDecision, ...] = (),
    findings: tuple[Finding, ...] = (),
) -> ReadWorklist:
    now = next((row for row in rows if row.section == NOW), None)
    period = _period(now)
    chosen = period if now and now.values.get("chosen") else None
    return ReadWorklist(name, data, _number(now), period, chosen, decisions, findings, rows)


def _line(place: Place) -> tuple[str, int]:
    cell = split_cell(place.cell)
    return place.sheet, cell[1] if cell else 0


def spread(rows: Sequence[Row]) -> Iterator[tuple[Row, Row]]:
    """Yield the rows, those of letters with the decision on all letters where it holds for them.

    Beside each stands the row in which its decision was typed. The second word for all letters
    holds for each. A letter without an address cannot be sent.
    """
    every = next((row for row in rows if _subject(row) == ALL_LETTERS), None)
    everything = {name: every.values.get(name) for name in TYPED} if every else {}
    for row in rows:
        if row is every:
            continue
        if row.section != LETTERS:
            yield row, row
            continue
        values, typed_in = dict(row.values), row
        if every and not values.get("decision") and _suits(everything["decision"], values):
            values["decision"], typed_in = everything["decision"], every
        values["sure"] = values.get("sure") or everything.get("sure")
        yield replace(row, values=values), typed_in


def _suits(decision: Value, values: Values) -> bool:
    return bool(decision) and not (decision == "send" and values.get("kind") == "by_hand")


def _made_decision(row: Row, file: str, typed_in: Row) -> MadeDecision | None:
    values = row.values
    decision, key = values.get("decision"), values.get("key")
    if row.section not in DECIDING or not decision or not key:
        return None
    if decision == WORK:  # on the period, whatever becomes of it
        key = matter_key(f"{WORK}/{_subject(row).partition('/')[2]}", "")
    place = typed_in.place("decision")
    return MadeDecision(
        str(key),
        str(values.get("kind") or ""),
        str(decision),
        row_title(row),
        Place(file, place.sheet, place.cell),
        str(values.get("why") or ""),
        str(values["assign_to"]) if values.get("assign_to") else None,
        values.get("sure") == "sure",
        typed_in.number == row.number,
    )


def row_title(row: Row) -> str:
    """Return what a row says it is about."""
    shown = (row.values.get(name) for name in ("branch", "period", "what", "subject"))
    return " · ".join(str(value) for value in shown if value)


def _number(now: Row | None) -> int:
    value = now.values.get("number") if now else None
    return value if isinstance(value, int) and value > 0 else 0


def _period(now: Row | None) -> Period | None:
    return Period.parse_informal(str(now.values.get("period") or "")) if now else None


def _subject(row: Row) -> str:
    return split_key(str(row.values.get("key") or ""))[0]


def typed_rows(rows: Iterable[Row]) -> Iterator[tuple[str, Row, Values]]:
    """Yield key, row and what people typed of every row in which they typed anything."""
    for row in rows:
        key = str(row.values.get("key") or "")
        typed = {name: row.values[name] for name in TYPED if row.values.get(name) is not None}
        if row.section in DECIDING and key and typed:
            yield key, row, typed


def carried_rows(worklist: ReadWorklist, without: Set[str]) -> dict[str, list[Values]]:
    """Return what stands in a worklist by section, `without` the matters of some kinds."""
    rows: dict[str, list[Values]] = defaultdict(list)
    for row in worklist.rows:
        if row.values.get("kind") not in without and row.section != NOW:
            rows[row.section].append(row.values)
    return rows


def is_contradicted(worklist: ReadWorklist, offered: Set[InSection]) -> bool:
    """Whether a decision in a worklist contradicts another one on what is `offered` again."""
    lines = {_line(f.place) for f in worklist.findings if f.code == CONTRADICTION}
    return any(
        (row.section, key) in offered and (row.sheet, row.number) in lines
        for key, row, _ in typed_rows(worklist.rows)
    )


def holds_other_decisions(worklist: ReadWorklist, content: WorklistContent) -> bool:
    """Whether something that was not obeyed stands in a worklist, and otherwise in the new one."""
    return is_contradicted(worklist, content.offered) or any(
        values != content.kept.get((row.section, key), values)
        for key, row, values in typed_rows(worklist.rows)
        if (row.section, key) in content.offered
    )
