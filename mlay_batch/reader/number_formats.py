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
_BRACKETS = re.compile(r"\[[^\]]*\]")  # a colour, a currency
_CONDITION = re.compile(r"\[[<>=]")
_GENERAL = re.compile(r"general|standard|@", re.IGNORECASE)
_SCALED = re.compile(r"[0#?],+(?![0#?,])")
# A digit written beside the number's own; a 0 alone is a placeholder.
_DIGIT_BESIDE = re.compile(r"""(?:[1-9]|\\\d|\d")(?=[0#?])|(?<=[0#?])(?:["\\]\d|[1-9])""")
# A point or comma written as a text before the last one or two digits: 110 is shown as 11.0.
_POINT_BESIDE = re.compile(r"""[0#?](?:\\[.,]|"[.,]")[0#?]{1,2}(?![0#?])""")
_DATE_PART = re.compile(r"d+|m+|y+", re.IGNORECASE)
_MONTH_AS_FIGURE = ("m", "mm")
_LAST_MONTH = 12
_ISO_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_SHOWN_DAY = re.compile(r"\s*(\d{1,2})[^\w\s](\d{1,2})[^\w\s]\d{2,4}\s*$")


def may_mislead(code: str) -> bool:
    """Whether a cell of that format may show something else than it holds."""
    sections = _sections(code or "General")
    return any(map(_hides_number, sections[:2])) or is_other_date(code)


def is_other_number(code: str, value: float) -> bool:
    """Whether a number is shown as another one, or not at all.

    Zero may be a dash or a blank, as accountants write it and as forms take it.
    """
    sections = _sections(code)
    return value != 0 and _hides_number(sections[1 if value < 0 and len(sections) > 1 else 0])


def infer_format(shown: str, value: str) -> str:
    """Return a format by what a cell of an .ods shows; empty where that is what it holds.

    `value` is the number, or the day as ``2019-11-03``.
    """
    if "%" in shown:
        return "0%"
    if not any(letter.isdigit() for letter in shown):
        return ";"  # a blank, a dash or words
    day, figures = _ISO_DAY.match(value), _SHOWN_DAY.match(shown)
    if day and figures and (day[3], day[2]) == (figures[2].zfill(2), figures[1].zfill(2)):
        return "mm/dd/yyyy"
    return ""


def _sections(code: str) -> list[str]:
    """Return the parts for positive numbers, negative ones and zero, without colours.

    One part that hides nothing where they depend on conditions, which are not evaluated.
    """
    return ["General"] if _CONDITION.search(code) else _BRACKETS.sub("", code).split(";")[:3]


def _hides_number(section: str) -> bool:
    bare = _LITERAL.sub("", section)
    if _DATE_PART.search(bare) and not _GENERAL.search(bare):
        return False  # read as a date
    has_digits = bool(re.search(r"[0#?]", bare)) or bool(_GENERAL.search(bare))
    return (
        not has_digits
        or "%" in bare
        or _SCALED.search(bare) is not None
        or _DIGIT_BESIDE.search(section.replace('""', "")) is not None
        or _POINT_BESIDE.search(section) is not None
    )


def is_other_date(code: str, day: date | None = None) -> bool:
    """Whether dates of that format, or `day` alone, are shown with the month first or in part."""
    section = _sections(code)[0]
    bare = _LITERAL.sub("", section)
    parts = [part.lower() for part in _DATE_PART.findall(bare)]
    kinds = [part[0] for part in parts]
    if not kinds:
        return day is not None and _hides_number(section)  # the day's number, or other words
    if _GENERAL.search(bare):
        return False
    has_figures = any(letter.isdigit() for letter in "".join(_LITERAL.findall(section)))
    if not {"d", "m"} <= set(kinds) or has_figures:
        return True
    is_year_first, is_month_first = kinds[0] == "y", kinds.index("m") < kinds.index("d")
    has_month_name = parts[kinds.index("m")] not in _MONTH_AS_FIGURE
    if is_year_first == is_month_first or has_month_name:
        return False
    return day is None or (day.day <= _LAST_MONTH and day.day != day.month)
