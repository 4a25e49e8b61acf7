"""Which rows of a table are content: empty ones go, a stray is told once, blanks take defaults.

A row of nothing but defaults is empty, as the template itself might have written it: zeros filled
down below the last meeting are no meeting. A row that lacks most of what it must hold is a note, a
sum, or a row only begun. Nobody can tell which, so one finding asks, and not one for each blank.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from mlay_batch.findings import Finding, Param, Severity
from mlay_batch.records import Row
from mlay_batch.schema.records import Field, Section
from mlay_batch.validation.cells import cell_of

_DASHES = frozenset("-–—")
_OF_A_VALUE = frozenset({"C13", "C17", "C23", "C25", "C27"})
"""Warnings about values that were taken: from an empty row none was."""

Cells = Mapping[tuple[str, str], list[Finding]]


@dataclass(frozen=True)
class FilledRows:
    """The rows of a return that count, blanks with their defaults; the reader's findings that are
    left, and the strays.
    """

    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]
    strays: tuple[Finding, ...]


def content(
    rows: Iterable[Row], sections: Mapping[str, Section], findings: tuple[Finding, ...]
) -> FilledRows:
    """Return the rows that are not empty, those of unknown sections left out.

    `findings` are those the reader has; F17 stands for the errors at the cell of a stray note.
    """
    at: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        at.setdefault(cell_of(finding.place), []).append(finding)
    counted: list[Row] = []
    strays: list[Finding] = []
    settled: set[Finding] = set()
    for row in (row for row in rows if row.section in sections):
        section = sections[row.section]
        written = _written(row, section, at)
        if section.layout == "table" and not written:
            settled.update(_of_values(row, at))
            continue
        if section.layout == "card" or not _is_stray(written, row, section):
            counted.append(_with_defaults(row, section))
            continue
        counted.append(row)
        strays.append(stray := _stray(written[0], row, section, at))
        settled.update(f for f in at.get(cell_of(stray.place), ()) if f.is_error)
    left = tuple(finding for finding in findings if finding not in settled)
    return FilledRows(tuple(counted), left, tuple(strays))


def _with_defaults(row: Row, section: Section) -> Row:
    blank = {
        entry.id: entry.default
        for entry in section.fields
        if entry.default is not None and entry.id in row.cells and row.values.get(entry.id) is None
    }
    return replace(row, values={**row.values, **blank}) if blank else row


def _written(row: Row, section: Section, at: Cells) -> list[Field]:
    """Return the fields somebody filled in: with another value than the default, or with
    something that could not be read.
    """
    return [
        entry
        for entry in section.fields
        if not _is_dash(found := at.get(cell_of(row.place(entry.id)), []))
        and (
            row.values.get(entry.id) not in (None, entry.default)
            or (entry.id in row.cells and any(finding.is_error for finding in found))
        )
    ]


def _is_dash(found: Iterable[Finding]) -> bool:
    return any(str(finding.params.get("value")) in _DASHES for finding in found)


def _is_stray(written: list[Field], row: Row, section: Section) -> bool:
    """Whether a row that holds something cannot be what its table asks for.

    It lacks more than half of what is required, or holds a single cell: words, or a value where
    two more are missing. A meeting with its day, kind and content alone has 3 of 6: it is told what
    it lacks, cell by cell. A sum of 2 numbers below the table has 2 of 6: a stray.
    """
    asked = [f for f in section.fields if f.required and f.default is None and f.id in row.cells]
    there = [entry for entry in asked if row.values.get(entry.id) is not None]
    missing = len(asked) - len(there)
    alone = len(written) == 1
    words = alone and (written[0].type == "text" or row.values.get(written[0].id) is None)
    return missing > 0 and (2 * len(there) < len(asked) or words or (alone and missing > 1))


def _stray(first: Field, row: Row, section: Section, at: Cells) -> Finding:
    """Return F17 at the first cell written; marked are all that are written or wanted."""
    place = row.place(first.id)
    params: dict[str, Param] = {"field": section.id, "row": row.number}
    for finding in at.get(cell_of(place), ()):
        if row.values.get(first.id) is None and "value" in finding.params:
            params["value"] = finding.params["value"]  # so that the form given back shows it
    wanted = (row.values.get(f.id) not in (None, f.default) or f.required for f in section.fields)
    marks = [
        row.place(entry.id)
        for entry, marked in zip(section.fields, wanted, strict=True)
        if marked and entry.id in row.cells
    ]
    return Finding("F17", Severity.ERROR, place, params, (place, *marks))


def _of_values(row: Row, at: Cells) -> Iterable[Finding]:
    """Yield the warnings about values of an empty row; a bookkeeper's dash is no value."""
    for cell in row.cells.values():
        for finding in at.get((row.sheet, cell), ()):
            if finding.code in _OF_A_VALUE or _is_dash([finding]):
                yield finding
