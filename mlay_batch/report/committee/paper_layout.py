"""Tells how a paper of the party looks on a day: margins, letters, lines, each with its basis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from mlay_batch.schema.problem import InvalidValueError, Record

FORMATS = Path(__file__).with_name("paper-formats.yaml")
A4 = (210, 297)  # millimetres
_NARROWEST = 100  # millimetres that margins leave for the text


@dataclass(frozen=True, slots=True)
class Margins(Record):
    """The margins of a page, in millimetres.

    Attributes:
        header: from the upper edge to the number of the page.
    """

    top: float
    bottom: float
    left: float
    right: float
    header: float


@dataclass(frozen=True, slots=True)
class LetterSizes(Record):
    """The sizes of letters, in points.

    Attributes:
        party: the name of the party.
        heading: offices, number, place and day.
        kind: the kind of paper, ``BÁO CÁO``.
        subject: what it is about.
        text: sentences, signatures, the number of a page.
        recipients: the list below "Nơi nhận".
        table: tables among the sentences; no document says how large, so the program chooses.
        annex: tables of annexes, likewise.
    """

    party: float
    heading: float
    kind: float
    subject: float
    text: float
    recipients: float
    table: float
    annex: float


@dataclass(frozen=True, slots=True)
class Spacing(Record):
    """How sentences are set.

    Attributes:
        line: the least height of a line, in points.
        paragraph: between two paragraphs, in points.
        indent: of a paragraph's first line, in millimetres.
    """

    line: float
    paragraph: float
    indent: float


@dataclass(frozen=True, slots=True)
class PaperLayout(Record):
    """How papers look from a day on.

    Attributes:
        document: number and symbol of the document that says so.
        since: its first day.
        basis: the document, and what of it is not confirmed.
        margins: the margins of a page.
        font: the font of everything.
        sizes: the sizes of letters.
        spacing: how sentences are set.

    Raises ValueError for a length that is not positive, or margins that leave no room.
    """

    document: str
    since: date
    basis: str
    margins: Margins
    font: str
    sizes: LetterSizes
    spacing: Spacing

    def __post_init__(self) -> None:
        lengths = (*astuple(self.margins), *astuple(self.sizes), *astuple(self.spacing))
        if min(lengths) <= 0:
            raise InvalidValueError("", "wanted.lengths")
        if min(self.text_width(), self.text_width(landscape=True)) < _NARROWEST:
            raise InvalidValueError("margins", "wanted.margins", least=_NARROWEST)

    def text_width(self, *, landscape: bool = False) -> float:
        """Return how long a line of a page is, in millimetres."""
        return A4[landscape] - self.margins.left - self.margins.right


def load_layouts(path: Path) -> tuple[PaperLayout, ...]:
    """Return the layouts of a file. Raises SchemaError with each mistake, by line and key."""
    try:
        return tuple(map(_layout, yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)))
    except (yaml.YAMLError, AttributeError, LookupError, TypeError, ValueError):
        from mlay_batch.schema.load import load_records  # start-up: only for words on a mistake

        return load_records(path, PaperLayout)


def _layout(entry: Mapping[str, Any]) -> PaperLayout:
    """Return the layout of an entry, an error where anything in it is wrong."""
    lengths = {
        name: kind(**{key: float(length) for key, length in entry[name].items()})
        for name, kind in (("margins", Margins), ("sizes", LetterSizes), ("spacing", Spacing))
    }
    layout = PaperLayout(**{**entry, **lengths})
    texts = (layout.document, layout.basis, layout.font)
    if not isinstance(layout.since, date) or not all(isinstance(text, str) for text in texts):
        raise TypeError
    return layout


@cache
def _layouts() -> tuple[PaperLayout, ...]:
    return load_layouts(FORMATS)


def layout_on(day: date) -> PaperLayout:
    """Return how a paper of that day looks; before the first known day as on it.

    >>> layout_on(date(2026, 5, 26)).document, layout_on(date(2026, 5, 27)).document
    ('36-HD/VPTW', '05-HD/VPTW')
    """
    layouts = sorted(_layouts(), key=lambda layout: layout.since)
    return next((layout for layout in reversed(layouts) if layout.since <= day), layouts[0])
