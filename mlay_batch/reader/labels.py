"""Whether the visible headings of a section agree with its hidden ids.

People exchange two columns, or two lines of a card, with headings and values, and the hidden ids
stay where they were; or they retype a heading over another field's column. Then the id names one
field and the heading another, and neither is taken: a figure read by the wrong one of the two is
wrong without anybody seeing it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from mlay_batch.names import without_accents
from mlay_batch.reader.blocks import Search, Template, is_marker, key_at, keys_of
from mlay_batch.reader.facts import Spot
from mlay_batch.reader.grid import Sheet
from mlay_batch.schema.records import Field, Section, Text

Spots = Sequence[Spot]
_ALIKE = 0.85  # of 1: from here on a heading is another one but for a slip of the pen


@dataclass(frozen=True, slots=True)
class Labels:
    """The headings of a section as they stand in a file.

    `over` are the cells in which each field found has its heading, `units` those with its unit.
    """

    template: Template
    section: Section
    sheet: Sheet
    over: Mapping[str, Spots]
    units: Mapping[str, Spots]

    def texts(self, spots: Spots) -> Iterator[tuple[Spot, str]]:
        """Yield the filled ones of these cells with their name keys."""
        for spot in spots:
            if key := key_at(self.sheet, spot):
                yield spot, key


def exchanged(labels: Labels) -> Iterator[tuple[str, Spot]]:
    """Yield each field that stands under the heading of another one, and that heading's cell."""
    shown = {
        name: frozenset(key for _, key in labels.texts(spots))
        for name, spots in labels.over.items()
    }
    for name, spots in labels.over.items():
        entry = labels.section.field(name)
        wrong = (
            _foreign(labels, entry, spots)
            or _other_unit(labels, entry)
            or _other_group(labels, entry, spots)
            or _moved_away(labels, entry, shown)
        )
        if wrong:
            yield name, wrong


def own_texts(section: Section, entry: Field) -> frozenset[str]:
    """Return the name keys of what the template writes where a field has its heading."""
    groups = (other.group for other in section.fields)
    return _keys(entry.title, entry.help, entry.unit, *groups)


def _keys(*texts: Text | None) -> frozenset[str]:
    return frozenset().union(*(keys_of(text) for text in texts if text))


def _foreign(labels: Labels, entry: Field, spots: Spots) -> Spot | None:
    """Return the first cell that says the title of another field, a slip of the pen allowed."""
    own = own_texts(labels.section, entry)
    for spot, key in labels.texts(spots):
        if key not in own and (key in labels.template.titles or _like_another(labels, entry, key)):
            return spot
    return None


def _like_another(labels: Labels, entry: Field, key: str) -> bool:
    """Whether a heading that was typed anew is more like that of another field of the section."""
    here = max(_likeness(key, title) for title in keys_of(entry.title))
    others = (title for other in labels.section.fields for title in keys_of(other.title))
    return any((found := _likeness(key, title)) >= _ALIKE and found > here for title in others)


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, without_accents(one), without_accents(other)).ratio()


def _other_unit(labels: Labels, entry: Field) -> Spot | None:
    """Return the cell beside the value that says the unit of other fields of the form."""
    known = _keys(*(f.unit for s in labels.template.form.sections for f in s.fields))
    own = _keys(entry.unit)
    texts = labels.texts(labels.units.get(entry.id, ()) if entry.unit else ())
    return next((spot for spot, key in texts if key in known - own), None)


def _other_group(labels: Labels, entry: Field, spots: Spots) -> Spot | None:
    """Return the cell of a group's heading that reaches over the column of a field not in it.

    Only where the section has several groups: one that says little alone may head two columns of
    the same title. The heading is the last one to the left of the column, or over it.
    """
    groups = _keys(*(other.group for other in labels.section.fields))
    if len(groups) <= len(own := _keys(entry.group)) or not own:
        return None
    for row, column in spots:
        left = ((row, c) for c in range(column, 0, -1))
        over = next((found for found in labels.texts(tuple(left)) if found[1] in groups), None)
        if over and over[1] not in own:
            return over[0]
    return None


def _moved_away(labels: Labels, entry: Field, shown: Mapping[str, frozenset[str]]) -> Spot | None:
    """Return the cell of a field's own title over another field, where its own place has none."""
    own = keys_of(entry.title)
    if own & shown[entry.id]:
        return None
    elsewhere = (
        spot
        for name, spots in labels.over.items()
        if name != entry.id and not own & keys_of(labels.section.field(name).title)
        for spot, key in labels.texts(spots)
        if key in own
    )
    return next(elsewhere, None)


def part_above(search: Search, section: Section, sheet: Sheet, top: int) -> Spot | None:
    """Return the cell with the title of another section right above this one, which begins at row
    `top` with its marker; None where its own title stands there, or none.
    """
    for row in range(top - 1, 0, -1):
        filled = [c for c, raw in enumerate(sheet.rows[row - 1], 1) if raw != ""]
        if any(is_marker(str(sheet.at((row, c)))) for c in filled):
            return None
        for column in filled:
            named = search.template.parts.get(key_at(sheet, (row, column)))
            if named:
                own = key_at(sheet, (row, column)) in keys_of(section.title)
                return None if own else (row, column)
    return None
