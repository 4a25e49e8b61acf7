"""Compares the visible headings of a section with its hidden ids.

People swap two columns, or two lines of a card, with headings and values, but the hidden ids stay;
or they retype a heading over another field's column. Where id and heading name different fields,
neither is read: a figure read into the wrong field would go unnoticed.

A retyped heading is compared by its words. It counts as exchanged if it fits another field better
than its own and that field has lost its own title too: shortening one heading leaves the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property, lru_cache

from mlay_batch.core.text import name_key, strip_accents
from mlay_batch.reader.cell_metadata import CellPosition
from mlay_batch.reader.grid import Sheet, is_marker
from mlay_batch.reader.section_finder import (
    FormTexts,
    SectionFinder,
    all_name_keys,
    cell_key,
    name_keys,
)
from mlay_batch.schema.model import Field, Section

CellPositions = Sequence[CellPosition]
_MIN_SIMILARITY = 0.2  # of 1: below it a heading names no field of the section
_SEVERAL_GROUPS = 2  # groups of columns: from here on they distinguish columns of one title
_IN_BRACKETS = re.compile(r"\([^)]*\)")
_TURNING_WORDS = re.compile(  # without accents
    r"\b(?:khong|chua|vang|ke hoach|du kien|chi tieu|luy ke|nam|quy"
    r"|not|no|without|absent|planned|target|cumulative|year|quarter)\b"
)
_NEGATIONS = ("khong", "chua", "not", "no", "without")
_MIN_FOREIGN_TITLES = 2  # of one other part: one heading may happen to be called as there
_NUMBERING = re.compile(r"^\s*(?:[ivx]+|\d+)\s*[.)]\s*")


@dataclass(frozen=True)
class Labels:
    """The headings of a section in a file."""

    form_texts: FormTexts
    section: Section
    sheet: Sheet
    heading_cells: Mapping[str, CellPositions]
    """Cells of each located field's heading."""
    unit_cells: Mapping[str, CellPositions]
    """Cells of its unit."""

    def texts(self, positions: CellPositions) -> Iterator[tuple[CellPosition, str]]:
        """Yield the filled cells among `positions` with their name keys."""
        for position in positions:
            if position in self.sheet.filled_cells and (key := cell_key(self.sheet, position)):
                yield position, key

    def template_texts(self, name: str) -> frozenset[str]:
        """Return the texts the template writes in a field's heading cells."""
        return self.form_texts.heading_texts[self.section.id, name]

    def is_unchanged(self) -> bool:
        """Whether every field has its own title and no other text in its heading cells.

        True of most forms; only the others need the comparison by words.
        """
        are_expected = (
            keys <= self.template_texts(name)
            for keys_by_name in (self.heading_keys, self._keys(self.unit_cells))
            for name, keys in keys_by_name.items()
        )
        return len(self.correctly_titled) == len(self.heading_cells) and all(are_expected)

    def _keys(self, cells: Mapping[str, CellPositions]) -> Mapping[str, Set[str]]:
        return {
            name: {key for _, key in self.texts(positions)} for name, positions in cells.items()
        }

    @cached_property
    def heading_keys(self) -> Mapping[str, Set[str]]:
        """The name keys in the heading cells of each located field."""
        return self._keys(self.heading_cells)

    @cached_property
    def correctly_titled(self) -> frozenset[str]:
        """The fields under their own title."""
        return frozenset(
            field.id
            for field in self.section.fields
            if not name_keys(field.title).isdisjoint(self.heading_keys.get(field.id, ()))
        )

    @cached_property
    def foreign_titles(self) -> frozenset[str]:
        """The headings that are titles of another section's fields, where there are several."""
        keys = frozenset(
            key
            for name, positions in self.heading_cells.items()
            if name not in self.correctly_titled
            for _, key in self.texts(positions)
            if key not in self.template_texts(name)
        )
        foreign = [
            keys & all_name_keys(*(form_field.title for form_field in section.fields))
            for section in self.form_texts.form.sections
            if section is not self.section
        ]
        return frozenset().union(*(found for found in foreign if len(found) >= _MIN_FOREIGN_TITLES))

    @cached_property
    def retyped_headings(self) -> Mapping[str, tuple[str, CellPosition]]:
        """For each field under a retyped heading: the field it names, and the heading's cell."""
        return {
            name: (best_field, position)
            for name, positions in self.heading_cells.items()
            if name not in self.correctly_titled
            for position, key in self.texts(positions)
            if key not in self.template_texts(name)
            if (best_field := _best_field(self.section, name, key))
        }


def find_exchanged_fields(labels: Labels) -> Iterator[tuple[str, CellPosition]]:
    """Yield each field under the heading of another one, and that heading's cell."""
    groups = {field.group for field in labels.section.fields if field.group}
    if len(groups) < _SEVERAL_GROUPS and labels.is_unchanged():
        return
    for name, positions in labels.heading_cells.items():
        field = labels.section.field(name)
        heading_cell = (
            _other_title(labels, field, positions)
            or _exchanged_heading(labels, name)
            or _other_unit(labels, field)
            or _other_meaning(labels, field, positions)
            or _other_group(labels, field, positions)
            or _heading_elsewhere(labels, field)
        )
        if heading_cell:
            yield name, heading_cell


def _other_title(labels: Labels, field: Field, positions: CellPositions) -> CellPosition | None:
    """Return the first cell with exactly the title of another field."""
    own_texts = labels.template_texts(field.id)
    for position, key in labels.texts(positions):
        if key not in own_texts and (
            _is_section_title(labels, field, key) or _is_form_title(labels, key)
        ):
            return position
    return None


def _is_section_title(labels: Labels, field: Field, key: str) -> bool:
    """Whether a heading is the title of another field of the section, and not the field's own."""
    words = _words(key)
    titles = all_name_keys(*(other.title for other in labels.section.fields))
    is_title = bool(words) and any(words == _words(title) for title in titles)
    return key in titles or (is_title and all(words != _words(t) for t in name_keys(field.title)))


def _is_form_title(labels: Labels, key: str) -> bool:
    """Whether a heading was moved or copied here from a field elsewhere in the form.

    A moved one is on the sheet no more often than in the template, one typed in addition is; but
    several of one part were pasted over this one together with their figures.
    """
    times = labels.form_texts.field_titles[key]
    return 0 < times >= len(labels.sheet.positions_of([key])) or key in labels.foreign_titles


def _exchanged_heading(labels: Labels, name: str) -> CellPosition | None:
    """Return the heading over a field that names another one, which has lost its own title."""
    best_field, position = labels.retyped_headings.get(name, (name, None))
    return position if best_field != name and best_field not in labels.correctly_titled else None


def _best_field(section: Section, name: str, key: str) -> str:
    """Return the field that a heading fits best, on a tie `name`; empty where it fits none."""
    scores = {form_field.id: _title_similarity(form_field, key) for form_field in section.fields}
    best = max(scores, key=lambda field: (scores[field], field == name))
    return best if scores[best] >= _MIN_SIMILARITY else ""


def _title_similarity(field: Field, key: str) -> float:
    """Return the share of common words among all words of a heading and a title (Jaccard)."""
    words = _words(key)
    titles = (_words(title) for title in name_keys(field.title))
    return max(len(words & title) / max(1, len(words | title)) for title in titles)


@lru_cache(maxsize=4096)
def _words(key: str) -> frozenset[str]:
    """Return the words of a heading without accents, brackets, single letters and figures."""
    plain = _IN_BRACKETS.sub(" ", strip_accents(key))
    return frozenset(word for word in re.findall(r"[^\W\d_]+", plain) if len(word) > 1)


def _other_unit(labels: Labels, form_field: Field) -> CellPosition | None:
    """Return the cell beside the value with a unit of another card field of the form."""
    cards = (s for s in labels.form_texts.form.sections if s.layout == "card")
    units = all_name_keys(*(field.unit for section in cards for field in section.fields))
    texts = labels.texts(labels.unit_cells.get(form_field.id, ()) if form_field.unit else ())
    return next(
        (position for position, key in texts if key in units - all_name_keys(form_field.unit)), None
    )


def _other_meaning(labels: Labels, field: Field, positions: CellPositions) -> CellPosition | None:
    """Return the heading that counts or measures something else than the field's title.

    “(giờ)” over “(phút)”, % over a count, “không”, “cả năm”, “kế hoạch” added.
    """
    titles = name_keys(field.title)
    measures = {_measure(key) for key in titles} - {""}
    turning_words = {word for key in titles for word in _turning_words(key)}
    for position, key in labels.texts(positions):
        if key in labels.template_texts(field.id) or key in labels.form_texts.fixed_texts:
            continue  # the template's help stays where a line was moved away
        measure = _measure(key)
        is_other_measure = measure not in measures and (measure == "%" or (measure and measures))
        if is_other_measure or not turning_words.issuperset(_turning_words(key)):
            return position
    return None


def _measure(key: str) -> str:
    """Return the unit a heading names: % or the word in its brackets; empty without one."""
    words = re.findall(r"\(([^\W\d_]{2,})\)", strip_accents(key))
    return "%" if "%" in key else "".join(words[-1:])


def _turning_words(key: str) -> Iterator[str]:
    """Yield the words of a heading that turn round what it counts, or for how long."""
    for word in _TURNING_WORDS.findall(strip_accents(key)):
        yield "not" if word in _NEGATIONS else word


def without_heading(labels: Labels) -> tuple[str, ...]:
    """Return the fields over or beside whose values no heading is left, their own or a retyped one.

    The label of a card's line may have moved to the other side of the value.
    """
    return tuple(
        name
        for name, positions in labels.heading_cells.items()
        if name not in labels.correctly_titled
        and all(key in labels.template_texts(name) for _, key in labels.texts(positions))
        and not (labels.section.layout == "card" and _has_own_title(labels, name))
    )


def _has_own_title(labels: Labels, name: str) -> bool:
    """Whether a card field's title is anywhere in its row."""
    titles = name_keys(labels.section.field(name).title)
    rows = {row for row, _ in labels.unit_cells[name]}
    return any(row in rows for row, _ in labels.sheet.positions_of(titles))


def foreign_sheet_title(finder: SectionFinder, section: Section, sheet: Sheet) -> bool:
    """Whether the sheet bears the title of another sheet of the form."""
    form = finder.form
    own_titles = name_keys(section.sheet or form.sheet)
    titles = all_name_keys(*(other.sheet or form.sheet for other in form.sections))
    return name_key(sheet.title) in titles - own_titles


def _other_group(labels: Labels, field: Field, positions: CellPositions) -> CellPosition | None:
    """Return the cell of another group's heading over a field's column.

    Only in a section with several groups. A column's group heading is the one over it, or the
    last one to its left.
    """
    groups = all_name_keys(*(other.group for other in labels.section.fields))
    if len(groups) <= len(own_groups := all_name_keys(field.group)) or not own_groups:
        return None
    for row, column in positions:
        cells_left = ((row, c) for c in range(column, 0, -1))
        heading = next(
            (text_cell for text_cell in labels.texts(tuple(cells_left)) if text_cell[1] in groups),
            None,
        )
        if heading and heading[1] not in own_groups:
            return heading[0]
    return None


def _heading_elsewhere(labels: Labels, field: Field) -> CellPosition | None:
    """Return the cell over another field that names this one, which has no heading itself."""
    if field.id in labels.correctly_titled or any(labels.texts(labels.heading_cells[field.id])):
        return None
    own_titles = name_keys(field.title)
    for name, positions in labels.heading_cells.items():
        best_field, heading_cell = labels.retyped_headings.get(name, ("", None))
        if best_field == field.id and heading_cell:
            return heading_cell
        if name not in labels.correctly_titled:
            title_cells = (
                position for position, key in labels.texts(positions) if key in own_titles
            )
            if position := next(title_cells, None):
                return position
    return None


def foreign_title_above(
    finder: SectionFinder, section: Section, sheet: Sheet, top: int
) -> CellPosition | None:
    """Return the cell with another section's title right above the section starting at row `top`.

    None where its own title or no title is there. Titles are compared without numbering and
    accents, since sections that change places may be renumbered.
    """
    other_titles = set(map(_plain_title, finder.form_texts.section_titles))
    own_titles = set(map(_plain_title, name_keys(section.title)))
    for row in range(top - 1, 0, -1):
        filled_columns = [c for c, raw in enumerate(sheet.rows[row - 1], 1) if raw != ""]
        if any(is_marker(str(sheet.value_at((row, c)))) for c in filled_columns):
            return None
        for column in filled_columns:
            title = _plain_title(cell_key(sheet, (row, column)))
            if title in other_titles | own_titles:
                return None if title in own_titles else (row, column)
    return None


@lru_cache(maxsize=4096)
def _plain_title(key: str) -> str:
    return _NUMBERING.sub("", strip_accents(key))
