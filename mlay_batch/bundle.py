"""A consolidated workbook as a return to the level above: one form, made from all the others.

A grassroots committee, a town or a province hands in the workbook it made for itself. Its data
sheets bear the same hidden ids as a branch's form, so it is read, identified, judged and kept by
the same stages: **one file, one verdict**. What it carries is not counted as received again.

    made            as of which day, by which program; fingerprints of figures and lists
    returns         whose returns it carries: form, version, branch, period, hash of the values
    organisations … the register it was counted by, mail addresses and signatories left out
    meeting_visits  every section of every form, one table each, led by branch and period

The form is derived: a field added to any form is carried upwards without another edit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Literal

from mlay_batch.findings import Finding, Param, Place, Severity
from mlay_batch.records import Return, Row, Submission, values_hash
from mlay_batch.schema import Catalogue, Form
from mlay_batch.schema.families import CONSOLIDATED, Family, families, fields, sections
from mlay_batch.schema.records import Choice, Due, Effective, Field, Section, Text

FORM = CONSOLIDATED
SHEET = "_consolidated"  # hidden: what is on no data sheet
MADE, RETURNS = "made", "returns"
LISTS = ("organisations", "officers", "assignments", "waivers")
BRANCH, PERIOD = "_branch", "_period"
_TITLE = Text("Bảng tổng hợp của cấp dưới", "Consolidated workbook of the level below")
_CARRIED = Text("Các báo cáo trong bảng tổng hợp", "Returns in the consolidated workbook")
_KINDS: tuple[Literal["month", "quarter", "half", "year"], ...] = (
    "month", "quarter", "half", "year",
)  # fmt: skip
_MADE = ("as_of", "program", "figures", "sums", "lists")
_RETURNS = ("form", "version", "branch", "period", "received", "state", "values")

Key = tuple[str, str, str]


def section_id(form: str, section: str) -> str:
    """Return the name under which a section of a form is carried."""
    return f"{form}_{section}"


def forms(
    catalogue: Catalogue, reporters: tuple[str, ...] = (), due: Due | None = None
) -> tuple[Form, ...]:
    """Return the form of a consolidated workbook, a version for each kind of period.

    The version also names the fields carried, so that a workbook made with other descriptions is
    refused as such. `reporters` are the types of organisation that hand in such a workbook in
    place of the returns below them.
    """
    choices: dict[str, tuple[Choice, ...]] = {}
    parts = [_card(), _index(), *_register(catalogue)]
    for family in families(catalogue):
        parts += [_section(family, section, choices) for section in sections(family)]
    shape = _shape(parts)
    return tuple(
        Form(
            form=FORM, version=f"{kind}-{shape}", period=kind, effective=Effective("1900-01"),
            basis=(), title=_TITLE, sheet=_TITLE, sections=tuple(parts), reporters=reporters,
            due=due, choices=choices,
        )
        for kind in _KINDS
    )  # fmt: skip


def outline(form: Form) -> Form:
    """Return the form with its sections alone: a receipt tells how many rows each has."""
    return replace(form, sections=tuple(replace(one, fields=()) for one in form.sections))


def _shape(parts: Iterable[Section]) -> str:
    """Return eight hexadecimal digits that name sections, fields and their types."""
    told = [[part.id, [[entry.id, entry.type] for entry in part.fields]] for part in parts]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:8]


def _card() -> Section:
    return Section(MADE, "card", _TITLE, tuple(map(_text, _MADE)))


def _index() -> Section:
    return Section(RETURNS, "table", _CARRIED, tuple(map(_text, _RETURNS)))


def _text(name: str) -> Field:
    return Field(name, "text", Text(name, name), max_length=2000)


def _register(catalogue: Catalogue) -> Iterator[Section]:
    """Yield the lists of the register; types and roles travel as ids."""
    for name in LISTS:
        section = catalogue.register_form.section(name)
        yield Section(name, "table", section.title, tuple(map(_plain, section.fields)))


def _section(family: Family, section: Section, choices: dict[str, tuple[Choice, ...]]) -> Section:
    own: list[Field] = []
    for form, entry in fields(family, section.id).values():
        if entry.type == "choice":
            name = f"{form.form}.{entry.choices}"
            choices[name] = _choices(family, entry.choices or "")
            own.append(Field(entry.id, "choice", entry.title, choices=name))
        else:
            own.append(_plain(entry))
    whose = (_text(BRANCH), _text(PERIOD))
    return Section(section_id(family[0].form, section.id), "table", section.title, (*whose, *own))


def _choices(family: Family, name: str) -> tuple[Choice, ...]:
    """Return the choices of every version, worded as the newest one that has them words them."""
    known = {one.id: one for form in reversed(family) for one in form.choices.get(name, ())}
    return tuple(known.values())


def _plain(entry: Field) -> Field:
    """Return the field without its limits: they were held against it one level below.

    References and choices of the register travel as their code.
    """
    kind = entry.type if entry.type in ("date", "integer", "number") else "text"
    return Field(entry.id, kind, entry.title, max_length=entry.max_length)


def carried(submission: Submission | Return, catalogue: Catalogue) -> Mapping[Key, tuple[Row, ...]]:
    """Return the rows of every return carried, as the branch's own form names their fields.

    Sheet, row and cells are those of the consolidated workbook.
    """
    origins = _origins(catalogue)
    found: dict[Key, list[Row]] = {_key(row): [] for row in submission.section(RETURNS)}
    for row in submission.rows:
        if origin := origins.get(row.section):
            form, section = origin
            key = form, str(row.values.get(BRANCH)), str(row.values.get(PERIOD))
            values = {name: v for name, v in row.values.items() if name not in (BRANCH, PERIOD)}
            found.setdefault(key, []).append(replace(row, section=section, values=values))
    return {key: tuple(rows) for key, rows in found.items()}


def _origins(catalogue: Catalogue) -> Mapping[str, tuple[str, str]]:
    return {
        section_id(family[0].form, section.id): (family[0].form, section.id)
        for family in families(catalogue)
        for section in sections(family)
    }


def _key(row: Row) -> Key:
    form, branch, period = (str(row.values.get(name)) for name in ("form", "branch", "period"))
    return form, branch, period


def lists_hash(rows: Iterable[Row]) -> str:
    """Return the hash of how it was made, of the list of returns and of the register's lists."""
    told = (row for row in rows if row.section in (MADE, RETURNS, *LISTS))
    return values_hash([replace(row, values={**row.values, "lists": None}) for row in told])


def altered(submission: Submission, catalogue: Catalogue) -> Iterator[Finding]:
    """Yield I30 for each return whose values are not those the workbook was made with, I31 where
    the list of returns or the register was changed.

    This catches mistakes of the hand, not forgery: who writes the file anew can write its hashes
    anew. Against that stand the sender's address and the signed paper.
    """
    made = next(iter(submission.section(MADE)), None)
    if made is None or made.values.get("lists") != lists_hash(submission.rows):
        yield Finding("I31", Severity.ERROR, Place("", made.sheet if made else ""))
    told = {_key(row): row for row in submission.section(RETURNS)}
    for key, rows in carried(submission, catalogue).items():
        known = told[key].values.get("values") if key in told else None
        if (known or None) != (values_hash(rows) if rows or known else None):
            form, branch, period = key
            params: dict[str, Param] = {"form": form, "branch": branch, "period": period}
            yield Finding("I30", Severity.ERROR, Place(), params)
