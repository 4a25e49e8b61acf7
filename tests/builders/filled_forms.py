"""Returns in short: a few values in a test, cells as in a real form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from mlay_batch.core.findings import Finding, Place
from mlay_batch.core.period import Period
from mlay_batch.model.records import (
    CheckedFile,
    HeaderValue,
    Identity,
    IncomingFile,
    Row,
    Stamp,
    Submission,
)
from mlay_batch.model.register import Register, SwitchSetting
from mlay_batch.schema import Form, Section, load_catalogue

CATALOGUE = load_catalogue()
SHEET = "Báo cáo"
ALL_ASKED = tuple(
    SwitchSetting(name, "yes")
    for name in dict.fromkeys(s.id for of in CATALOGUE.forms if not of.is_list for s in of.switches)
)
"""The settings of an office that asks for all a form offers."""
Values = Mapping[str, Any]


def form(name: str = "meeting", version: str = "2018.1") -> Form:
    result = CATALOGUE.form(name, version)
    assert result
    return result


def rows(of: Form, paper: Mapping[str, Values | Sequence[Values]]) -> tuple[Row, ...]:
    """Rows one under another from row 1: a card in column E, the fields of a table from C on.

    Records of columns stand side by side from C on; what hangs on them is in the column of its
    day, in the next rows, one for each field of each part.
    """
    result: list[Row] = []
    at = 1
    for section in of.sections:
        content = paper.get(section.id, ())
        if section.layout == "columns":
            lines = {
                (part.id, name): at + number
                for number, (part, name) in enumerate(
                    (part, name) for part in section.column_parts() for name in part.lines
                )
            }
            result += _column_rows(section, content, lines, result)
            at += len(lines)
            continue
        if section.layout == "card" and isinstance(content, Mapping):
            cells = {field.id: f"E{at + n}" for n, field in enumerate(section.fields)}
            result.append(Row(section.id, SHEET, at, _fill(section.fields, content), cells))
            at += len(section.fields)
        for values in content if not isinstance(content, Mapping) else ():
            cells = {field.id: f"{chr(ord('C') + n)}{at}" for n, field in enumerate(section.fields)}
            result.append(Row(section.id, SHEET, at, _fill(section.fields, values), cells))
            at += 1
    return tuple(result)


def _column_rows(
    section: Section,
    content: Sequence[Values],
    lines: Mapping[tuple[str, str], int],
    before: Sequence[Row],
) -> Iterator[Row]:
    bases = [row for row in before if row.section == section.under]
    taken: set[tuple[int, str]] = set()
    for number, values in enumerate(content, 3):
        base = next((r for r in bases if r.values["held_on"] == values.get("held_on")), None)
        column = base.number if base else number
        part = next(
            part
            for part in section.column_parts()
            if (column, part.id) not in taken
            and all(values.get(name) == value for name, value in part.set_.items())
        )
        taken.add((column, part.id))
        cells = {name: base.cells[name] for name in section.inherits} if base else {}
        letter = chr(ord("A") + column - 1)
        cells |= {name: f"{letter}{lines[part.id, name]}" for name in part.lines}
        inherited = {name: base.values[name] for name in section.inherits} if base else {}
        filled = {**_fill(section.fields, values), **inherited}
        yield Row(section.id, SHEET, column, filled, cells)


def finding_paths(findings: Sequence[Finding], read: Sequence[Row]) -> list[str]:
    """Findings as `CODE section.row.field`; an inherited field is that of the column's own row."""
    names: dict[str, str] = {}
    numbers: Counter[str] = Counter()
    for row in read:
        numbers[row.section] += 1
        for field, cell in row.cells.items():
            names.setdefault(cell, f"{row.section}.{numbers[row.section]}.{field}")
    return [f"{f.code} {names.get(f.place.cell, f.place.cell)}".strip() for f in findings]


def _fill(fields: Sequence[Any], values: Values) -> Values:
    assert set(values) <= {field.id for field in fields}
    return {field.id: values.get(field.id) for field in fields}


def submission(
    paper: Mapping[str, Any],
    *,
    of: Form | None = None,
    stamp: tuple[str, str] | None = ("CB-01", "2019-11"),
    branch: str | None = "CB-01 – Chi bộ Trường Tiểu học",
    period: str | None = "Tháng 11 năm 2019",
) -> Submission:
    of = of or form()
    head = {"branch": (branch, "E3"), "period": (period, "E4")}
    return Submission(
        Stamp(of.form, of.version, *stamp) if stamp else None,
        of.form,
        of.version,
        {
            name: HeaderValue(text, Place("", SHEET, cell))
            for name, (text, cell) in head.items()
            if text is not None
        },
        rows(of, paper),
    )


def leaf(
    name: str = "tep.xlsx", data: bytes = b"", received: str = "2019-12-03T01:00:00Z"
) -> IncomingFile:
    return IncomingFile(name, data or name.encode(), origin=name, received=received)


def check_forms(read: Submission, *, identity: Identity | None = None, **more: Any) -> CheckedFile:
    return CheckedFile(leaf(**more), read, identity, read.findings)


def identity(branch: str = "CB-01", period: str = "2019-11", of: Form | None = None) -> Identity:
    return Identity(of or form(), branch, Period.parse(period))


def register(organisations: str, officers: str = "") -> Register:
    """A register from lines of `code | name | type | parent | founded | ended | successor`."""
    names = ("code", "name", "type", "parent", "founded", "ended", "successor")
    paper = {
        "organisations": [_line(line, names) for line in organisations.strip().splitlines()],
        "officers": [_line(line, ("code", "name")) for line in officers.strip().splitlines()],
    }
    return Register.from_submission(submission(paper, of=form("register", "1"), stamp=None))


def _line(line: str, names: Sequence[str]) -> dict[str, Any]:
    parts = [part.strip() or None for part in line.split("|")]
    record: dict[str, Any] = dict(zip(names, parts, strict=False))
    for name in ("founded", "ended"):
        if record.get(name):
            record[name] = date.fromisoformat(record[name])
    return record


def finding_lines(findings: Sequence[Finding]) -> list[str]:
    """Findings as `CODE CELL`."""
    return [f"{finding.code} {finding.place.cell}".strip() for finding in findings]
