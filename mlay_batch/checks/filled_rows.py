"""Finds the rows of a table that are content; drops empty rows, reports a stray row once.

A row of only defaults or dashes is empty: zeros filled down below the last meeting are no meeting;
so is a column, unless something else hangs on it.
A row that lacks most required fields, or every identifying one, is a note, a sum or a row only
begun. Which of these is not certain, so the row gets one finding instead of one for each cell. So
does a column with a single filled cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from mlay_batch.checks.cell_findings import cell_of, is_wrong_value
from mlay_batch.core.findings import Finding, Param, Place, Severity
from mlay_batch.core.text import DASHES
from mlay_batch.model.records import CheckedFile, Row
from mlay_batch.schema.computed import is_computed, with_computed
from mlay_batch.schema.model import Field, Form, Section

_BLANK_FORM = "N22"
_IDENTIFYING_TYPES = ("date", "period", "choice", "ref")
"""Types of the fields that say which meeting, visit or person a row is about."""
_READ_VALUE_CODES = frozenset({"C13", "C17", "C23", "C25", "C27"})
"""Findings about values the reader accepted; an empty row has none."""

FindingsByCell = Mapping[tuple[str, str], list[Finding]]


@dataclass(frozen=True)
class FilledRows:
    """The rows of a return that are not empty, and the findings about them."""

    rows: tuple[Row, ...]
    """Blanks have their defaults; computed fields are reckoned."""
    findings: tuple[Finding, ...]
    """The earlier findings, without those of dropped and stray rows."""
    strays: tuple[Finding, ...]
    """F17, one for each stray row, and F18, one for each column only begun."""


def fill_in(
    rows: Iterable[Row], sections: Mapping[str, Section], findings: tuple[Finding, ...]
) -> FilledRows:
    """Return the rows that are not empty, with defaults in their blanks and what is computed.

    `findings` are about single cells; in a stray row F17 replaces them.
    """
    by_cell: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        by_cell.setdefault(cell_of(finding.place), []).append(finding)
    result_rows: list[Row] = []
    strays: list[Finding] = []
    dropped: set[Finding] = set()
    contents = [_RowContent(row, sections[row.section], by_cell) for row in rows]
    kept_columns = {(c.section.under, c.row.number) for c in contents if c.filled_fields}
    for finding, single in _columns_only_begun(contents):
        strays.append(finding)
        dropped.update(filter(is_wrong_value, single.findings))
    for content in contents:
        row = content.row
        is_kept = (row.section, row.number) in kept_columns
        if content.section.layout != "card" and not content.filled_fields and not is_kept:
            dropped.update(content.value_findings())
        elif content.is_struck_out:
            result_rows.append(row)
        elif content.section.layout == "table" and content.is_stray():
            result_rows.append(row)
            strays.append(content.stray_finding())
            dropped.update(filter(is_wrong_value, content.findings))
        else:
            result_rows.append(content.completed())
    remaining = tuple(finding for finding in findings if finding not in dropped)
    return FilledRows(tuple(result_rows), remaining, tuple(strays))


def _columns_only_begun(contents: Sequence[_RowContent]) -> Iterator[tuple[Finding, _RowContent]]:
    """Yield F18 for each column in which a single cell is filled, with the content it is of.

    That is so where two more required cells of the column's own section are blank at least.
    """
    filled: dict[tuple[str, int], list[tuple[_RowContent, Field]]] = {}
    bases: dict[tuple[str, int], _RowContent] = {}
    for content in contents:
        if content.section.layout == "columns":
            key = content.section.under or content.section.id, content.row.number
            if content.section.under is None:
                bases[key] = content
            filled.setdefault(key, []).extend((content, f) for f in content.filled_fields)
    for key, cells in filled.items():
        base = bases.get(key)
        missing = base.missing_fields if base else []
        if base and len(cells) == 1 and len(missing) > 1:
            ((content, field),) = cells
            own = [content.row.place(f.id) for f in content.missing_fields]
            marks = [base.row.place(f.id) for f in missing if (content, f) != (base, field)]
            yield content.begun_finding(field, [*marks, *own]), content


def ignore_blank_form(checked: CheckedFile, form: Form | None) -> CheckedFile:
    """Return a refused form that nobody filled in as no return (N22), any other file unchanged.

    It is the office's own blank form, which an answer quoted. What the template fills in counts for
    nothing; anything the reader met in the form besides, such as a text in a field of numbers or a
    note beside a table, makes it a return.
    """
    submission = checked.submission
    if form is None or submission is None or not checked.is_refused:
        return checked
    sections = {section.id: section for section in form.sections}
    is_filled = any(
        not field.prefill
        for row in submission.rows
        for field in _RowContent(row, sections[row.section], {}).filled_fields
    )
    if is_filled or any(finding.code[0] in "CR" for finding in checked.findings):
        return checked
    return CheckedFile(replace(checked.file, skip_reason=_BLANK_FORM))


@dataclass(frozen=True)
class _RowContent:
    """One row with the findings about its cells."""

    row: Row
    section: Section
    by_cell: FindingsByCell

    @cached_property
    def findings(self) -> list[Finding]:
        """The findings about its cells."""
        return [
            f
            for cell in self.row.cells.values()
            for f in self.by_cell.get((self.row.sheet, cell), ())
        ]

    @cached_property
    def filled_fields(self) -> list[Field]:
        """The fields with a value other than the default, or one that could not be read.

        Under columns what is inherited or set by the form does not count, nor what it proposes.
        """
        own = (field for field in self.section.fields if field.id not in self.section.inherits)
        typed = (field for field in own if not is_computed(field, self.row.cells))
        if self.section.layout == "columns":
            typed = (f for f in typed if f.id in self.row.cells and not f.propose)
        return [field for field in typed if self._is_filled(field)]

    @property
    def is_struck_out(self) -> bool:
        """Whether the row is struck out as a whole: its one finding says so."""
        return any(finding.code == "C30" and finding.marks for finding in self.findings)

    def _findings_of(self, field: Field) -> Sequence[Finding]:
        if not self.by_cell or field.id not in self.row.cells:
            return ()
        return self.by_cell.get(cell_of(self.row.place(field.id)), ())

    def _is_filled(self, field: Field) -> bool:
        value, findings = self.row.values.get(field.id), self._findings_of(field)
        values = (value, *(finding.params.get("value") for finding in findings))
        if any(map(_is_only_dashes, values)):
            return False
        return value not in (None, field.default, field.preset) or any(
            map(is_wrong_value, findings)
        )

    def _is_usable(self, field: Field) -> bool:
        has_value = self.row.values.get(field.id) is not None
        return has_value and not any(map(is_wrong_value, self._findings_of(field)))

    @cached_property
    def _required_fields(self) -> list[Field]:
        fields = self.section.fields
        return [f for f in fields if f.required and f.default is None and f.id in self.row.cells]

    @property
    def missing_fields(self) -> list[Field]:
        """The required fields without a usable value."""
        return [field for field in self._required_fields if not self._is_usable(field)]

    def is_stray(self) -> bool:
        """Whether the row has content but is no record of its table.

        It lacks more than half of the required fields; or every identifying one; or it has a single
        filled cell: words, or a value where two more are missing. A meeting with day, kind and
        content has 3 of 6 and gets a finding for each missing cell, as does one whose day is
        mistyped beside its content. A sum below the table has neither day nor kind: a stray.
        """
        usable = [field for field in self._required_fields if self._is_usable(field)]
        missing = len(self._required_fields) - len(usable)
        identifying = [field for field in self._required_fields if field.type in _IDENTIFYING_TYPES]
        has_identity = any(field in usable or self._is_mistyped(field) for field in identifying)
        if has_identity and any(field.type == "text" for field in usable):
            return False
        only_field = self.filled_fields[0] if len(self.filled_fields) == 1 else None
        is_only_words = only_field and (
            only_field.type == "text" or not self._is_usable(only_field)
        )
        mostly_missing = (
            2 * len(usable) < len(self._required_fields)
            or is_only_words
            or (only_field and missing > 1)
        )
        return missing > 0 and bool(mostly_missing or (len(identifying) > 1 and not has_identity))

    def _is_mistyped(self, field: Field) -> bool:
        """Whether the unreadable value was meant for the field: has digits, or is near a choice."""
        errors = [finding.params for finding in self._findings_of(field) if finding.is_error]
        has_digits = any(map(str.isdigit, "".join(str(params.get("value")) for params in errors)))
        return has_digits or any(params.get("nearest") for params in errors)

    def stray_finding(self) -> Finding:
        """Return F17 at the first filled cell; marks all filled and all missing cells.

        The param ``typed.field`` has what was typed and could not be read, so that the form given
        back shows it.
        """
        missing = self.missing_fields
        params: dict[str, Param] = {
            "field": self.section.id,
            "row": self.row.number,
            "count": len(self.filled_fields),
            "missing": len(missing),
            **self._typed_values(),
        }
        marked = [
            field
            for field in self.section.fields
            if field in self.filled_fields or field in missing
        ]
        places = [self.row.place(field.id) for field in (*self.filled_fields, *marked)]
        return Finding("F17", Severity.ERROR, places[0], params, tuple(dict.fromkeys(places)))

    def begun_finding(self, field: Field, missing: Sequence[Place]) -> Finding:
        """Return F18 at the only filled cell of a column; marks it and the `missing` ones."""
        place = self.row.place(field.id)
        blank = tuple(dict.fromkeys(other for other in missing if other != place))
        path = f"{self.section.id}.{field.id}"
        params = {"field": path, "missing": len(blank), **self._typed_values()}
        return Finding("F18", Severity.ERROR, place, params, (place, *blank))

    def _typed_values(self) -> dict[str, Param]:
        """Return what was typed into filled fields and could not be read, as ``typed.field``."""
        return {
            f"typed.{field.id}": finding.params["value"]
            for field in self.filled_fields
            for finding in self._findings_of(field)
            if self.row.values.get(field.id) is None and "value" in finding.params
        }

    def completed(self) -> Row:
        """Return the row with the defaults of its blank cells and its computed values."""
        defaults = {
            field.id: field.default
            for field in self.section.fields
            if field.default is not None
            and field.id in self.row.cells
            and self.row.values.get(field.id) is None
        }
        values = {**self.row.values, **defaults}
        if any(field.compute for field in self.section.fields):
            present = {name: values.get(name) for name in self.row.cells}
            values |= with_computed(self.section, present)
        return replace(self.row, values=values)

    def value_findings(self) -> Iterable[Finding]:
        """Yield the findings about values, which no longer apply to an empty row."""
        for finding in self.findings:
            if finding.code in _READ_VALUE_CODES or _is_only_dashes(finding.params.get("value")):
                yield finding


def _is_only_dashes(value: object) -> bool:
    """Whether `value` is text of dashes only."""
    return isinstance(value, str) and bool(value) and not value.strip(f"{DASHES} ")
