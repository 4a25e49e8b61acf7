"""Which rows of a table are content: empty ones go, a stray is told once, blanks take defaults.

A row of nothing but defaults or dashes is empty: zeros filled down below the last meeting are no
meeting. A row that lacks most of what it must hold, or all that says which meeting it is, is a
note, a sum, or a row only begun. Nobody can tell which, so one finding asks, and not one for each
cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from mlay_batch.findings import Finding, Param, Severity
from mlay_batch.names import DASHES
from mlay_batch.records import Row
from mlay_batch.schema.records import Field, Section
from mlay_batch.validation.cells import cell_of

_NAMING = ("date", "period", "choice", "ref")
"""Types of the fields that say which meeting, visit or person a row is about."""
_OF_A_VALUE = frozenset({"C13", "C17", "C23", "C25", "C27"})
"""Warnings about values that were taken: from an empty row none was."""

Cells = Mapping[tuple[str, str], list[Finding]]


@dataclass(frozen=True)
class FilledRows:
    """The rows of a return that count, blanks with their defaults; the findings that are left of
    those known before, and the strays.
    """

    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]
    strays: tuple[Finding, ...]


def fill_in(
    rows: Iterable[Row], sections: Mapping[str, Section], findings: tuple[Finding, ...]
) -> FilledRows:
    """Return the rows that are not empty, with defaults in their blanks.

    `findings` are those about single cells; F17 stands for all of them in the row of a stray.
    """
    at: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        at.setdefault(cell_of(finding.place), []).append(finding)
    counted: list[Row] = []
    strays: list[Finding] = []
    settled: set[Finding] = set()
    for row in rows:
        content = _Content(row, sections[row.section], at)
        if content.section.layout == "table" and not content.written:
            settled.update(content.findings_of_values())
        elif content.section.layout == "table" and content.is_stray():
            counted.append(row)
            strays.append(content.stray())
            settled.update(finding for finding in content.findings if finding.is_error)
        else:
            counted.append(content.with_defaults())
    left = tuple(finding for finding in findings if finding not in settled)
    return FilledRows(tuple(counted), left, tuple(strays))


@dataclass(frozen=True)
class _Content:
    """What stands in one row; `at` are the findings by cell."""

    row: Row
    section: Section
    at: Cells

    @cached_property
    def findings(self) -> list[Finding]:
        """What is wrong with its cells."""
        return [
            f for cell in self.row.cells.values() for f in self.at.get((self.row.sheet, cell), ())
        ]

    @cached_property
    def written(self) -> list[Field]:
        """The fields somebody filled in: with another value than the default, or with something
        that could not be read.
        """
        return [entry for entry in self.section.fields if self._is_written(entry)]

    def _of(self, entry: Field) -> Sequence[Finding]:
        if not self.at or entry.id not in self.row.cells:
            return ()
        return self.at.get(cell_of(self.row.place(entry.id)), ())

    def _is_written(self, entry: Field) -> bool:
        value, found = self.row.values.get(entry.id), self._of(entry)
        typed = (value, *(finding.params.get("value") for finding in found))
        if any(map(_is_only_dashes, typed)):
            return False
        return value not in (None, entry.default) or any(finding.is_error for finding in found)

    def _is_usable(self, entry: Field) -> bool:
        known = self.row.values.get(entry.id) is not None
        return known and not any(finding.is_error for finding in self._of(entry))

    @cached_property
    def _asked(self) -> list[Field]:
        fields = self.section.fields
        return [f for f in fields if f.required and f.default is None and f.id in self.row.cells]

    def is_stray(self) -> bool:
        """Whether the row, which holds something, cannot be what its table asks for.

        It lacks more than half of what is required; or all that says what it is about; or it holds
        a single cell: words, or a value where two more are missing. A meeting with day, kind and
        content alone has 3 of 6 and is told what it lacks, cell by cell, and so is one whose day is
        mistyped beside its content. A sum below the table has neither day nor kind: a stray.
        """
        usable = [entry for entry in self._asked if self._is_usable(entry)]
        missing = len(self._asked) - len(usable)
        naming = [entry for entry in self._asked if entry.type in _NAMING]
        meant = any(entry in usable or self._is_mistyped(entry) for entry in naming)
        if meant and any(entry.type == "text" for entry in usable):
            return False
        alone = self.written[0] if len(self.written) == 1 else None
        words = alone and (alone.type == "text" or not self._is_usable(alone))
        few = 2 * len(usable) < len(self._asked) or words or (alone and missing > 1)
        return missing > 0 and bool(few or (len(naming) > 1 and not meant))

    def _is_mistyped(self, entry: Field) -> bool:
        """Whether what stands there was meant for the field: figures, or nearly a choice."""
        errors = [finding.params for finding in self._of(entry) if finding.is_error]
        figures = any(map(str.isdigit, "".join(str(found.get("value")) for found in errors)))
        return figures or any(found.get("nearest") for found in errors)

    def stray(self) -> Finding:
        """Return F17 at the first cell written; marked are all that are written or wanted.

        What was typed and could not be read is kept under ``typed.field``, so that the form given
        back shows it.
        """
        missing = [entry for entry in self._asked if not self._is_usable(entry)]
        params: dict[str, Param] = {
            "field": self.section.id, "row": self.row.number, "count": len(self.written),
            "missing": len(missing),
        }  # fmt: skip
        for entry in self.written:
            for finding in self._of(entry):
                if self.row.values.get(entry.id) is None and "value" in finding.params:
                    params[f"typed.{entry.id}"] = finding.params["value"]
        marked = [
            entry for entry in self.section.fields if entry in self.written or entry in missing
        ]
        places = [self.row.place(entry.id) for entry in (*self.written, *marked)]
        return Finding("F17", Severity.ERROR, places[0], params, tuple(dict.fromkeys(places)))

    def with_defaults(self) -> Row:
        """Return the row with the defaults of its blank cells."""
        blank = {
            entry.id: entry.default
            for entry in self.section.fields
            if entry.default is not None
            and entry.id in self.row.cells
            and self.row.values.get(entry.id) is None
        }
        return replace(self.row, values={**self.row.values, **blank}) if blank else self.row

    def findings_of_values(self) -> Iterable[Finding]:
        """Yield what was said of values that an empty row has none of."""
        for finding in self.findings:
            if finding.code in _OF_A_VALUE or _is_only_dashes(finding.params.get("value")):
                yield finding


def _is_only_dashes(value: object) -> bool:
    """Whether it is one dash or several, and nothing else."""
    return isinstance(value, str) and bool(value) and not value.strip(f"{DASHES} ")
