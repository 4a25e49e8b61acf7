"""Tells what is struck out in a text, and what people see otherwise than it is read, or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from mlay_batch.reader.cell_metadata import StruckText

MIN_POINTS = 3.0
"""A smaller letter is not seen."""
_MIN_DIFFERENCE = 32  # of 255, in red, green or blue: a pale yellow on white is still seen


class Colour(NamedTuple):
    """A colour; each part from 0 to 255."""

    red: int
    green: int
    blue: int

    @classmethod
    def parse(cls, digits: str) -> Colour | None:
        """Return the colour of six hexadecimal digits; None for anything else."""
        try:
            return cls(*bytes.fromhex(digits)) if len(digits) == 6 else None
        except ValueError:
            return None


BLACK, WHITE = Colour(0, 0, 0), Colour(255, 255, 255)


class Font(NamedTuple):
    """What matters of a font; the defaults are Excel's."""

    name: str = ""
    is_struck: bool = False
    colour: Colour | None = BLACK
    """None: unknown, as a colour of the theme is."""
    points: float = 11.0
    is_raised: bool = False
    """Or lowered."""


@dataclass(slots=True)
class TextRun:
    """A part of a text with its own format."""

    texts: list[str] = field(default_factory=list)
    font: Font | None = None
    """None: as the cell is."""


def is_unseen(font: Font, fill: Colour | None) -> bool:
    """Whether a text on that fill is not seen; with an unknown colour (None) it is."""
    if font.points <= MIN_POINTS:
        return True
    if font.colour is None or fill is None:
        return False
    return max(abs(a - b) for a, b in zip(font.colour, fill, strict=True)) < _MIN_DIFFERENCE


def split_struck(runs: Sequence[TextRun], is_cell_struck: bool = False) -> StruckText:
    """Return the text of the runs, what is struck out apart from the rest."""
    texts: dict[bool, list[str]] = {False: [], True: []}
    for run in runs:
        is_struck = is_cell_struck if run.font is None else run.font.is_struck
        texts[is_struck].extend(run.texts)
    return StruckText("".join(texts[False]), "".join(texts[True]))


def odd_characters(
    runs: Sequence[TextRun], fill: Colour | None, is_cell_unseen: bool = False
) -> str:
    """Return what is raised or lowered beside other characters, and what nobody sees.

    A text raised as a whole is seen as it is. `fill` is the colour behind the text.
    """
    raised, unseen, plain = "", "", ""
    for run in runs:
        text, font = "".join(run.texts), run.font
        if is_unseen(font, fill) if font else is_cell_unseen:
            unseen += text
        elif font and font.is_raised:
            raised += text
        else:
            plain += text
    return (unseen + raised if plain.strip() else unseen).strip()
