"""What is looked for in a workbook and what was found: the sections of a form and their cells."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from mlay_batch.findings import Finding, Place, Severity
from mlay_batch.layout import fixed_texts, plan
from mlay_batch.names import name_key
from mlay_batch.reader.facts import Area, Spot
from mlay_batch.reader.grid import Sheet
from mlay_batch.reader.values import shown
from mlay_batch.schema.records import Field, Form, Section, Text

_MARKER = re.compile(r"[a-z]\w*:(start|head|end)")
T = TypeVar("T")

Marks = Mapping[str, Sequence[tuple[Sheet, Spot]]]  # marker to where it stands


@dataclass(frozen=True, slots=True)
class Block:
    """A section found: the cells of each record (a card is one record), by field.

    `box` is what belongs to the section, headings and hidden rows included; nothing else may be
    typed there. `furniture` are cells in it the template writes beside its fixed texts; `titles`
    are where a field found by its marker has its heading, whatever that says by now.
    """

    section: Section
    sheet: Sheet
    records: tuple[Mapping[str, Spot], ...]
    box: Area
    furniture: frozenset[Spot] = frozenset()
    titles: Mapping[Spot, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Template:
    """A form with the texts its template writes, by name key; made once for many files.

    `fixed` texts may stand anywhere, `numbers` are those above the running numbers of a table;
    `typed` are the choices people type, so beside the form they are no text of the template.
    `titles` are those of all fields, each with how many bear it, `parts` those of all sections.
    `labels` are the texts that stand where a field has its heading, by section and field: title,
    help, unit, group.
    """

    form: Form
    fixed: frozenset[str]
    numbers: frozenset[str]
    typed: frozenset[str]
    titles: Counter[str]
    parts: frozenset[str]
    labels: Mapping[tuple[str, str], frozenset[str]]

    @classmethod
    def of(cls, form: Form) -> Template:
        """Return the form with its texts."""
        fixed = (name_key(text) for text in fixed_texts(form) if not is_marker(text))
        heads = (cell for sheet in plan(form) for cell in sheet.cells if cell.role == "head")
        return cls(
            form,
            frozenset(key for key in fixed if key and not key.isdigit()),
            frozenset(
                key
                for cell in heads
                if not cell.field and isinstance(cell.text, Text)
                for key in keys_of(cell.text)
            ),
            frozenset(k for c in form.choices.values() for one in c for k in keys_of(one.title)),
            Counter(k for s in form.sections for entry in s.fields for k in keys_of(entry.title)),
            frozenset(key for s in form.sections for key in keys_of(s.title) if key),
            {(s.id, entry.id): _labels(s, entry) for s in form.sections for entry in s.fields},
        )


@dataclass
class Search:
    """One form looked for in the visible sheets: what was found, and what is wrong."""

    template: Template
    sheets: Sequence[Sheet]
    marks: Marks
    blocks: list[Block] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def form(self) -> Form:
        """The form looked for."""
        return self.template.form

    @property
    def complete(self) -> bool:
        """Whether every section was found with all its fields."""
        return not any(finding.is_error for finding in self.findings)

    @property
    def has_markers(self) -> bool:
        """Whether every section stands there by its markers, be it under headings exchanged."""
        errors = {finding.code for finding in self.findings if finding.is_error}
        return errors <= {"R32", "R33"}

    def wrong(self, code: str, where: Place, *marks: Place, **params: str) -> None:
        """Add an error; `marks` are further cells it is about."""
        self.findings.append(Finding(code, Severity.ERROR, where, params, marks))


def marks_in(sheets: Iterable[Sheet]) -> Marks:
    """Return where each section marker stands."""
    found: dict[str, list[tuple[Sheet, Spot]]] = defaultdict(list)
    for sheet in sheets:
        for spot, raw in sheet.filled.items():
            if isinstance(raw, str) and ":" in raw and is_marker(raw):
                found[raw].append((sheet, spot))
    return found


def is_marker(text: str) -> bool:
    """Return whether a text is a section marker of any form."""
    return ":" in text and _MARKER.fullmatch(text) is not None


def only(found: Sequence[T]) -> T | None:
    """Return the single element, None where there are none or several."""
    return found[0] if len(found) == 1 else None


def keys_of(text: Text) -> frozenset[str]:
    """Return the name keys of a text in both languages."""
    return frozenset((name_key(text.vi), name_key(text.en)))


def key_at(sheet: Sheet, spot: Spot) -> str:
    """Return the name key of what stands in a cell."""
    raw = sheet.at(spot)
    return name_key(raw if isinstance(raw, str) else shown(raw))


def keys_of_all(*texts: Text | None) -> frozenset[str]:
    """Return the name keys of all these texts in both languages."""
    return frozenset().union(*(keys_of(text) for text in texts if text))


def _labels(section: Section, entry: Field) -> frozenset[str]:
    groups = (other.group for other in section.fields)
    return keys_of_all(entry.title, entry.help, entry.unit, *groups)
