"""Records of the search for a form's sections: its texts, the markers, the located blocks."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeVar

from mlay_batch.core.findings import Finding, Place, Severity
from mlay_batch.core.text import name_key
from mlay_batch.reader.cell_metadata import CellPosition, CellRange
from mlay_batch.reader.grid import Sheet, is_marker
from mlay_batch.reader.values import display_text
from mlay_batch.schema.layout import fixed_texts, label_section, plan_sheets, sections_of
from mlay_batch.schema.model import Field, Form, Section, Text

T = TypeVar("T")

MarkerPositions = Mapping[str, Sequence[tuple[Sheet, CellPosition]]]  # marker to its places


@dataclass(frozen=True, slots=True)
class Block:
    """A located section."""

    section: Section
    sheet: Sheet
    records: tuple[Mapping[str, CellPosition], ...]
    """The cells of each record by field; a card is one record."""
    bounds: CellRange
    """The section with its headings and hidden rows; nothing else may be typed there."""
    template_cells: frozenset[CellPosition] = frozenset()
    """Cells in it that the template writes beside its fixed texts."""
    headings: Mapping[CellPosition, str] = field(default_factory=dict)
    """Heading cells of the fields located by marker, whatever they now say: line ids in columns."""
    columns: tuple[int, ...] = ()
    """The columns of the records, where they are columns."""


@dataclass(frozen=True, slots=True)
class FormTexts:
    """A form with the name keys of its template's texts; built once for many files."""

    form: Form
    fixed_texts: frozenset[str]
    """Texts that may be anywhere."""
    number_headings: frozenset[str]
    """Headings of a table's running numbers."""
    choice_texts: frozenset[str]
    """Choices people type; beside the form they are no text of the template."""
    field_titles: Counter[str]
    """Titles of all fields, with the number of fields that have it."""
    section_titles: frozenset[str]
    labelled: Mapping[str, Section]
    """Each section with one field for each visible heading, by its id."""
    heading_texts: Mapping[tuple[str, str], frozenset[str]]
    """Texts in a field's heading cells, by section and field: title, help, unit, group."""

    @classmethod
    def from_form(cls, form: Form) -> FormTexts:
        """Collect the texts of a form."""
        fixed = (name_key(text) for text in fixed_texts(form) if not is_marker(text))
        cells = (cell for sheet in plan_sheets(form) for cell in sheet.cells)
        number_headings = (
            cell.text
            for cell in cells
            if cell.role == "head" and not cell.field and isinstance(cell.text, Text)
        )
        choices = (choice for choices in form.choices.values() for choice in choices)
        labelled = {section.id: label_section(section) for section in sections_of(form)}
        sections = [labelled[section.id] for section in form.sections]
        fields = [(section, form_field) for section in sections for form_field in section.fields]
        return cls(
            form,
            frozenset(key for key in fixed if key and not key.isdigit()),
            all_name_keys(*number_headings),
            all_name_keys(*(choice.title for choice in choices)),
            Counter(key for _, form_field in fields for key in name_keys(form_field.title)),
            all_name_keys(*(section.title for section in form.sections)) - {""},
            labelled,
            {
                (section.id, form_field.id): _heading_texts(section, form_field)
                for section, form_field in fields
            },
        )


@dataclass
class SectionFinder:
    """The search for one form in the visible sheets.

    Attributes:
        form_texts: the form, with the name keys of its template's texts.
        sheets: visible sheets of the workbook.
        markers: places of each marker in them.
        blocks: sections located so far.
        findings: what is missing, doubled or exchanged, so far.
    """

    form_texts: FormTexts
    sheets: Sequence[Sheet]
    markers: MarkerPositions
    blocks: list[Block] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def form(self) -> Form:
        """The form that is searched for."""
        return self.form_texts.form

    def block(self, section_id: str) -> Block | None:
        """Return the block of a section located before."""
        return next((block for block in self.blocks if block.section.id == section_id), None)

    @property
    def is_complete(self) -> bool:
        """Whether every section was located with all its fields."""
        return not any(finding.is_error for finding in self.findings)

    @property
    def has_markers(self) -> bool:
        """Whether every section has its markers, even under exchanged headings."""
        errors = {finding.code for finding in self.findings if finding.is_error}
        return errors <= {"R32", "R33"}

    def add_error(self, code: str, place: Place, *marks: Place, **params: str) -> None:
        """Add an error; `marks` are further cells it concerns."""
        self.findings.append(Finding(code, Severity.ERROR, place, params, marks))


def find_markers(sheets: Iterable[Sheet]) -> MarkerPositions:
    """Return the places of each section marker."""
    markers: dict[str, list[tuple[Sheet, CellPosition]]] = defaultdict(list)
    for sheet in sheets:
        for marker, position in sheet.markers:
            markers[marker].append((sheet, position))
    return markers


def single(items: Sequence[T]) -> T | None:
    """Return the single element, None where there are none or several."""
    return items[0] if len(items) == 1 else None


@lru_cache(maxsize=4096)  # of the forms, not of files
def name_keys(text: Text) -> frozenset[str]:
    """Return the name keys of a text in both languages."""
    return frozenset((name_key(text.vi), name_key(text.en)))


def cell_key(sheet: Sheet, position: CellPosition) -> str:
    """Return the name key of a cell's text."""
    raw = sheet.value_at(position)
    return name_key(raw if isinstance(raw, str) else display_text(raw))


def all_name_keys(*texts: Text | None) -> frozenset[str]:
    """Return the name keys of all these texts in both languages."""
    return frozenset().union(*(name_keys(text) for text in texts if text))


def _heading_texts(section: Section, form_field: Field) -> frozenset[str]:
    groups = (other.group for other in section.fields)
    return all_name_keys(form_field.title, form_field.help, form_field.unit, *groups)
