"""Measures texts, in the unit of Excel's columns: the width of one digit.

A workbook cannot ask a printer, and XlsxWriter does not break lines. The widths are those of
Times New Roman (in thousandths of the font's height); Vietnamese letters take the room of their
base letter, a little more with a horn.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

CELL_MARGIN = 0.7  # Excel adds 5 pixels to each column, in digits of 7 pixels
_INSET = 0.4  # what a cell leaves free beside its text
_DIGIT = 500
_BASE_SIZE = 11  # points; the size of the workbook's default font
_SAFETY = 1.04  # printers and screens round each letter
_BOLD = 1.06
_HORN = "\u031b"
_LETTERS = {
    250: " .,",
    278: "/:;\\ijlt'",
    333: "!()-[]`Ifr",
    389: "Js",
    444: "acez",
    500: "0123456789*_$#bdghknopquvxyđ",
    556: "FPS?",
    611: "ELTZ<>=+–",
    667: "BCR",
    722: "ADGHKNOQUVXYwĐ",
    778: "m&",
    889: "M%",
    1000: "W@…—",
}
_WIDTHS = {letter: width for width, letters in _LETTERS.items() for letter in letters}


@lru_cache(maxsize=4096)
def _letter(letter: str) -> int:
    if letter in _WIDTHS:
        return _WIDTHS[letter]
    spread = unicodedata.normalize("NFD", letter)
    return _WIDTHS.get(spread[0], 722) + (70 if _HORN in spread else 0)


@lru_cache(maxsize=65536)
def width(text: str, size: float = _BASE_SIZE, bold: bool = False) -> float:
    """Return the width of one line of `text` in digits of the default font.

    >>> round(width("2019"), 2)
    4.16
    """
    letters = sum(map(_letter, text)) / _DIGIT
    return letters * size / _BASE_SIZE * (_BOLD if bold else 1) * _SAFETY


def lines(text: str, room: float, size: float = _BASE_SIZE, bold: bool = False) -> int:
    """Return into how many lines `text` is broken in a column `room` digits wide.

    Words are kept whole while they fit; a longer word is broken. Empty text has one line.

    >>> lines("Chi bộ Trường Tiểu học", 14), lines("", 12)
    (2, 1)
    """
    return sum(
        1 if width(part, size, bold) <= room else _count_wrapped_lines(part, room, size, bold)
        for part in text.split("\n")
    )


def _count_wrapped_lines(text: str, room: float, size: float, bold: bool) -> int:
    count, used = 1, 0.0
    blank = width(" ", size, bold)
    for word in text.split():
        needs = width(word, size, bold)
        if used and used + blank + needs <= room:
            used += blank + needs
            continue
        count += 1 if used else 0
        extra = int(needs // room) if room > 0 else 0
        count, used = count + extra, needs - extra * room
    return count


def room(widths: Sequence[float]) -> float:
    """Return the room for a text in one column or several merged, whose margins belong to it."""
    return sum(widths) + CELL_MARGIN * (len(widths) - 1) - _INSET


def height(line_count: int, size: float) -> float:
    """Return the height in points of that many lines; stacked Vietnamese accents need room."""
    return line_count * size * 1.27 + 3


@lru_cache(maxsize=65536)
def height_needed(text: str, room: float, size: float, bold: bool) -> float:
    """Return the height in points that a cell with that room needs for `text`."""
    return height(lines(text, room, size, bold), size)
