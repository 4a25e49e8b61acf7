"""Whether the visible headings of a section agree with its hidden ids.

People exchange two columns, or two lines of a card, with headings and values, and the hidden ids
stay where they were; or they retype a heading over another field's column. Then the id names one
field and the heading another, and neither is taken: a figure read by the wrong one of the two is
wrong without anybody seeing it.

A heading typed anew is compared by its words. It is an exchange where it says another field better
than its own, and that other field is not under its own title either: who only shortens a heading
leaves the others as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from mlay_batch.names import without_accents
from mlay_batch.reader.blocks import Search, Template, is_marker, key_at, keys_of, keys_of_all
from mlay_batch.reader.facts import Spot
from mlay_batch.reader.grid import Sheet
from mlay_batch.schema.records import Field, Section

Spots = Sequence[Spot]
_LEAST = 0.2  # of 1: below it a heading says no field of the section at all
_SEVERAL = 2  # groups of columns: from here on columns of one title are told apart by them
_ASIDE = re.compile(r"\([^)]*\)")
_NUMBERED = re.compile(r"^\s*(?:[ivx]+|\d+)\s*[.)]\s*")


@dataclass(frozen=True)
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

    def of(self, name: str) -> frozenset[str]:
        """Return what the template writes where a field has its heading."""
        return self.template.labels[self.section.id, name]

    def all_right(self) -> bool:
        """Whether every field has its own title over it and nothing but texts of its own.

        Most forms come so; what headings typed anew say is looked at in the others alone.
        """
        odd = (
            key not in self.of(name)
            for name, spots in (*self.over.items(), *self.units.items())
            for _, key in self.texts(spots)
        )
        return len(self.own) == len(self.over) and not any(odd)

    @cached_property
    def own(self) -> frozenset[str]:
        """The fields with their own title over them."""
        return frozenset(
            name
            for name, spots in self.over.items()
            if keys_of(self.section.field(name).title).intersection(k for _, k in self.texts(spots))
        )

    @cached_property
    def retyped(self) -> Mapping[str, tuple[str, Spot]]:
        """For each field under a heading typed anew: the field that heading says, and its cell."""
        return {
            name: (said, spot)
            for name, spots in self.over.items()
            if name not in self.own
            for spot, key in self.texts(spots)
            if key not in self.of(name)
            if (said := _best(self.section, name, key))
        }


def exchanged(labels: Labels) -> Iterator[tuple[str, Spot]]:
    """Yield each field that stands under the heading of another one, and that heading's cell."""
    groups = {entry.group for entry in labels.section.fields if entry.group}
    if len(groups) < _SEVERAL and labels.all_right():
        return
    for name, spots in labels.over.items():
        entry = labels.section.field(name)
        wrong = (
            _titled(labels, entry, spots)
            or _exchanged_words(labels, name)
            or _other_unit(labels, entry)
            or _other_group(labels, entry, spots)
            or _moved_away(labels, entry)
        )
        if wrong:
            yield name, wrong


def _titled(labels: Labels, entry: Field, spots: Spots) -> Spot | None:
    """Return the first cell that says the title of another field, word for word."""
    own = labels.of(entry.id)
    for spot, key in labels.texts(spots):
        if key not in own and (_is_of_section(labels, entry, key) or _is_of_form(labels, key)):
            return spot
    return None


def _is_of_section(labels: Labels, entry: Field, key: str) -> bool:
    """Whether a heading has the words of another field of the section, and not those of its own."""
    words = _words(key)
    titles = keys_of_all(*(other.title for other in labels.section.fields))
    said = bool(words) and any(words == _words(title) for title in titles)
    return key in titles or (said and all(words != _words(t) for t in keys_of(entry.title)))


def _is_of_form(labels: Labels, key: str) -> bool:
    """Whether a heading is that of a field elsewhere in the form, taken from there: on the sheet it
    stands no more often than the template has it. Who only calls his column so has added one.
    """
    here = (key_at(labels.sheet, spot) for spot in labels.sheet.filled)
    return 0 < labels.template.titles[key] >= sum(other == key for other in here)


def _exchanged_words(labels: Labels, name: str) -> Spot | None:
    """Return the heading over a field that says another one, which has lost its own title."""
    said, spot = labels.retyped.get(name, (name, None))
    return spot if said != name and said not in labels.own else None


def _best(section: Section, name: str, key: str) -> str:
    """Return the field that a heading says best; the one it stands over where others say no more,
    empty where it says none.
    """
    scores = {entry.id: _likeness(entry, key) for entry in section.fields}
    best = max(scores, key=lambda field: (scores[field], field == name))
    return best if scores[best] >= _LEAST else ""


def _likeness(entry: Field, key: str) -> float:
    """Return the share of words a heading and a title have in common, of all words of both."""
    words = _words(key)
    titles = (_words(title) for title in keys_of(entry.title))
    return max(len(words & title) / max(1, len(words | title)) for title in titles)


@lru_cache(maxsize=4096)
def _words(key: str) -> frozenset[str]:
    """Return the words of a heading without accents; what stands in brackets, single letters and
    figures say no field.
    """
    plain = _ASIDE.sub(" ", without_accents(key))
    return frozenset(word for word in re.findall(r"[^\W\d_]+", plain) if len(word) > 1)


def _other_unit(labels: Labels, entry: Field) -> Spot | None:
    """Return the cell beside the value that says the unit of another card of the form."""
    cards = (s for s in labels.template.form.sections if s.layout == "card")
    known = keys_of_all(*(field.unit for section in cards for field in section.fields))
    texts = labels.texts(labels.units.get(entry.id, ()) if entry.unit else ())
    return next((spot for spot, key in texts if key in known - keys_of_all(entry.unit)), None)


def _other_group(labels: Labels, entry: Field, spots: Spots) -> Spot | None:
    """Return the cell of a group's heading that reaches over the column of a field not in it.

    Only where the section has several groups: one that says little alone may head two columns of
    the same title. The heading is the last one to the left of the column, or over it.
    """
    groups = keys_of_all(*(other.group for other in labels.section.fields))
    if len(groups) <= len(own := keys_of_all(entry.group)) or not own:
        return None
    for row, column in spots:
        left = ((row, c) for c in range(column, 0, -1))
        over = next((found for found in labels.texts(tuple(left)) if found[1] in groups), None)
        if over and over[1] not in own:
            return over[0]
    return None


def _moved_away(labels: Labels, entry: Field) -> Spot | None:
    """Return the cell over another field that says this one, which stands under nothing."""
    if entry.id in labels.own or any(labels.texts(labels.over[entry.id])):
        return None
    own = keys_of(entry.title)
    for name, spots in labels.over.items():
        said, retyped = labels.retyped.get(name, ("", None))
        if said == entry.id and retyped:
            return retyped
        if name not in labels.own:
            titled = (spot for spot, key in labels.texts(spots) if key in own)
            if spot := next(titled, None):
                return spot
    return None


def part_above(search: Search, section: Section, sheet: Sheet, top: int) -> Spot | None:
    """Return the cell with the title of another section right above this one, which begins at row
    `top` with its marker; None where its own title stands there, or none.

    Titles are compared without their numbers and accents: who exchanges parts may renumber them.
    """
    others = set(map(_bare_title, search.template.parts))
    own = set(map(_bare_title, keys_of(section.title)))
    for row in range(top - 1, 0, -1):
        filled = [c for c, raw in enumerate(sheet.rows[row - 1], 1) if raw != ""]
        if any(is_marker(str(sheet.at((row, c)))) for c in filled):
            return None
        for column in filled:
            title = _bare_title(key_at(sheet, (row, column)))
            if title in others | own:
                return None if title in own else (row, column)
    return None


@lru_cache(maxsize=4096)
def _bare_title(key: str) -> str:
    return _NUMBERED.sub("", without_accents(key))
