"""Tells cells that show something else than they hold: 95% for 0.95, nothing, 12/11 for 11/12.

Of a format code (ECMA-376, part 1, 18.8.31) only as much is understood as that needs. Rounding is
no such case: people know that a format may round.
"""

from __future__ import annotations

import re
from datetime import date

# Codes of built-in formats that matter here; the others show the value, or the date in full.
BUILT_IN = {9: "0%", 10: "0.00%", 17: "mmm-yy"}

_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.')
_BRACKETS = re.compile(r"\[[^\]]*\]")  # a colour, a condition, a currency
_GENERAL = re.compile(r"general|standard|@", re.IGNORECASE)
_SCALED = re.compile(r"[0#?],+(?![0#?,])")
_DATE_PART = re.compile(r"d+|m+|y+", re.IGNORECASE)
_MONTH_AS_FIGURE = ("m", "mm")


def may_mislead(code: str) -> bool:
    """Whether a cell of that format may show something else than it holds."""
    return any(map(_hides_number, _sections(code))) or _hides_date(code)


def is_other_number(code: str, value: float) -> bool:
    """Whether a number is shown as another one, or not at all."""
    sections = _sections(code)
    is_negative, is_zero = value < 0 and len(sections) > 1, value == 0 and len(sections) > 2
    return _hides_number(sections[1 if is_negative else 2 if is_zero else 0])


def is_other_date(code: str, day: date) -> bool:
    """Whether a day is shown with its month first, where that is another day, or not in full."""
    return _hides_date(code, day)


def _sections(code: str) -> list[str]:
    """Return the parts for positive and negative numbers and for zero, without colours."""
    return _BRACKETS.sub("", code).split(";")[:3]


def _hides_number(section: str) -> bool:
    bare = _LITERAL.sub("", section)
    literals = "".join(_LITERAL.findall(section))
    if _DATE_PART.search(bare) and not _GENERAL.search(bare):
        return False  # read as a date
    has_digits = bool(re.search(r"[0#?]", bare)) or bool(_GENERAL.search(bare))
    return (
        not has_digits
        or "%" in bare
        or _SCALED.search(bare) is not None
        or any(letter.isdigit() for letter in literals)
    )


def _hides_date(code: str, day: date | None = None) -> bool:
    """Whether dates of that format, or `day` alone, are shown otherwise."""
    section = _sections(code)[0]
    bare = _LITERAL.sub("", section)
    parts = [part.lower() for part in _DATE_PART.findall(bare)]
    kinds = {part[0] for part in parts}
    if not kinds:
        return day is not None and _hides_number(section)  # the day's number, or other words
    if _GENERAL.search(bare):
        return False
    has_figures = any(letter.isdigit() for letter in "".join(_LITERAL.findall(section)))
    if not {"d", "m"} <= kinds or has_figures:
        return True
    is_month_first = [part[0] for part in parts].index("m") < [part[0] for part in parts].index("d")
    is_year_first = parts[0][0] == "y"
    is_swapped = is_month_first and not is_year_first and parts[0] in _MONTH_AS_FIGURE
    return is_swapped and (day is None or (day.day <= 12 and day.day != day.month))
