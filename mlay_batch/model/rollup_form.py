"""Derives the roll-up form: a consolidated workbook as a return to the level above.

An office submits the workbook it made for itself to the one above. Its data
sheets have the same hidden ids as a branch's form, so the same stages read, identify, check and
record it: **one file, one verdict**. The returns it carries are not counted as received again.

    made            as of which day, by which program; fingerprints of figures and lists
    returns         whose returns it carries: form, version, branch, period, hash of the values
    organisations … the register it was counted by, mail addresses and signatories left out
    meeting_visits  every section of every form, one table each, led by branch and period

The form is derived from all others: a field added to any of them needs no other edit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Literal

from mlay_batch.core.findings import Finding, Param, Place, Severity
from mlay_batch.model.records import AcceptedReturn, Row, Submission, values_hash
from mlay_batch.schema import Catalogue, Form
from mlay_batch.schema.ids import ROLLUP
from mlay_batch.schema.model import Choice, Due, Effective, Field, Section, Text
from mlay_batch.schema.switches import fields_asked, with_switches
from mlay_batch.schema.versions import (
    Family,
    families,
    family_choices,
    family_fields,
    family_sections,
)

HIDDEN_SHEET = "_consolidated"  # has the sections that are on no data sheet
ORIGIN, RETURN_LIST = "made", "returns"
KEPT_AT_HOME = ("mail", "secretary", "also")  # how to reach people, what lists call them
REGISTER_LISTS = ("organisations", "officers", "assignments", "waivers")
BRANCH, PERIOD = "_branch", "_period"
TITLE = Text("Bảng tổng hợp của cấp dưới", "Consolidated workbook of the level below")
_RETURN_LIST_TITLE = Text("Các báo cáo trong bảng tổng hợp", "Returns in the consolidated workbook")
_PERIOD_KINDS: tuple[Literal["month", "quarter", "half", "year"], ...] = (
    "month",
    "quarter",
    "half",
    "year",
)
_ORIGIN_FIELDS = ("as_of", "program", "figures", "sums", "lists")
_RETURN_FIELDS = ("form", "version", "branch", "period", "received", "state", "part", "values")

_OPTIONAL = "optional"  # switch of what a workbook has only where its office asks for it

ReturnKey = tuple[str, str, str]


def section_id(form: str, section: str) -> str:
    """Return the id of a form's section in the roll-up."""
    return f"{form}_{section}"


def forms(
    catalogue: Catalogue, reporters: tuple[str, ...] = (), due: Due | None = None
) -> tuple[Form, ...]:
    """Return the form of a consolidated workbook, a version for each kind of period.

    The version includes a hash of the fields, so that a workbook made with other descriptions is
    refused. `reporters` are the types of organisation that submit such a workbook in place of the
    returns below them.
    """
    choices: dict[str, tuple[Choice, ...]] = {}
    form_sections = [_origin_section(), _return_list_section(), *_register_sections(catalogue)]
    slips = []
    for family in families(catalogue):
        lean_forms = (with_switches(form, frozenset()) for form in family)
        always = frozenset[str]().union(*map(fields_asked, lean_forms))
        sections = [
            _rollup_section(family, section, choices, always) for section in family_sections(family)
        ]
        if family[0].is_by_officers:  # of an office that uses none the form is as without them
            slips += [replace(section, switch=_OPTIONAL) for section in sections]
        else:
            form_sections += sections
    shape = _shape_hash(form_sections)
    form_sections += slips
    return tuple(
        Form(
            form=ROLLUP,
            version=f"{kind}-{shape}",
            period=kind,
            effective=Effective("1900-01"),
            basis=(),
            title=TITLE,
            sheet=TITLE,
            sections=tuple(form_sections),
            reporters=reporters,
            due=due,
            choices=choices,
        )
        for kind in _PERIOD_KINDS
    )


def without_fields(form: Form) -> Form:
    """Return the form without fields, for a receipt that shows how many rows each section has."""
    return replace(form, sections=tuple(replace(section, fields=()) for section in form.sections))


def _shape_hash(sections: Iterable[Section]) -> str:
    """Return a hash of sections, fields and their types: eight hexadecimal digits."""
    shape = [
        [section.id, [[field.id, field.type] for field in section.fields]] for section in sections
    ]
    return hashlib.sha256(json.dumps(shape).encode()).hexdigest()[:8]


def _origin_section() -> Section:
    return Section(ORIGIN, "card", TITLE, tuple(map(_text_field, _ORIGIN_FIELDS)))


def _return_list_section() -> Section:
    return Section(
        RETURN_LIST, "table", _RETURN_LIST_TITLE, tuple(map(_text_field, _RETURN_FIELDS))
    )


def _text_field(name: str) -> Field:
    return Field(name, "text", Text(name, name), max_length=2000)


def _register_sections(catalogue: Catalogue) -> Iterator[Section]:
    """Yield the lists of the register; types and roles travel as ids."""
    for name in REGISTER_LISTS:
        section = catalogue.register_form.section(name)
        carried = (field for field in section.fields if field.id not in KEPT_AT_HOME)
        yield Section(name, "table", section.title, tuple(map(_unchecked_field, carried)))


def _rollup_section(
    family: Family,
    section: Section,
    choices: dict[str, tuple[Choice, ...]],
    always: frozenset[str],
) -> Section:
    """Return a section of the roll-up; what is not `always` asked for may be missing from it."""
    rollup_fields: list[Field] = []
    for form, field in family_fields(family, section.id).values():
        if field.is_band:
            continue  # on no data sheet
        rollup_field = _unchecked_field(field)
        if field.type == "choice":
            choice_list = f"{form.form}.{field.choices}"
            choices[choice_list] = family_choices(family, field.choices or "")
            rollup_field = Field(field.id, "choice", field.title, choices=choice_list)
        switch = None if f"{section.id}.{field.id}" in always else _OPTIONAL
        rollup_fields.append(replace(rollup_field, switch=switch))
    key_fields = (_text_field(BRANCH), Field(PERIOD, "period", Text(PERIOD, PERIOD)))
    return Section(
        section_id(family[0].form, section.id),
        "table",
        section.title,
        (*key_fields, *rollup_fields),
        switch=None if section.id in always else _OPTIONAL,
    )


def _unchecked_field(field: Field) -> Field:
    """Return the field without its limits, which were checked one level below.

    References and choices of the register become their code.
    """
    kind = field.type if field.type in ("date", "integer", "number") else "text"
    return Field(field.id, kind, field.title, max_length=field.max_length)


def rows_by_return(
    submission: Submission | AcceptedReturn, catalogue: Catalogue
) -> Mapping[ReturnKey, tuple[Row, ...]]:
    """Return the rows of every return in the roll-up, with sections named as in its own form.

    Sheet, row and cells are those of the consolidated workbook.
    """
    origins = _section_origins(catalogue)
    rows_by_key: dict[ReturnKey, list[Row]] = {
        _return_key(row): [] for row in submission.section_rows(RETURN_LIST)
    }
    for row in submission.rows:
        if origin := origins.get(row.section):
            form, section = origin
            key = form, str(row.values.get(BRANCH)), str(row.values.get(PERIOD))
            values = {name: v for name, v in row.values.items() if name not in (BRANCH, PERIOD)}
            rows_by_key.setdefault(key, []).append(replace(row, section=section, values=values))
    return {key: tuple(rows) for key, rows in rows_by_key.items()}


def _section_origins(catalogue: Catalogue) -> Mapping[str, tuple[str, str]]:
    return {
        section_id(family[0].form, section.id): (family[0].form, section.id)
        for family in families(catalogue)
        for section in family_sections(family)
    }


def _return_key(row: Row) -> ReturnKey:
    form, branch, period = (str(row.values.get(name)) for name in ("form", "branch", "period"))
    return form, branch, period


def lists_hash(rows: Iterable[Row]) -> str:
    """Return the hash of the origin, the list of returns and the register's lists."""
    hashed_rows = (row for row in rows if row.section in (ORIGIN, RETURN_LIST, *REGISTER_LISTS))
    return values_hash([replace(row, values={**row.values, "lists": None}) for row in hashed_rows])


def find_alterations(submission: Submission, catalogue: Catalogue) -> Iterator[Finding]:
    """Yield I30 for each return with changed values, I31 for a changed list or register.

    This catches mistakes, not forgery: a forger can recompute the hashes. The sender's address and
    the signed paper guard against that.
    """
    origin_row = next(iter(submission.section_rows(ORIGIN)), None)
    if origin_row is None or origin_row.values.get("lists") != lists_hash(submission.rows):
        yield Finding("I31", Severity.ERROR, Place("", origin_row.sheet if origin_row else ""))
    return_rows = {_return_key(row): row for row in submission.section_rows(RETURN_LIST)}
    for key, rows in rows_by_return(submission, catalogue).items():
        expected_hash = return_rows[key].values.get("values") if key in return_rows else None
        if (expected_hash or None) != (values_hash(rows) if rows or expected_hash else None):
            form, branch, period = key
            params: dict[str, Param] = {"form": form, "branch": branch, "period": period}
            yield Finding("I30", Severity.ERROR, Place(), params)
