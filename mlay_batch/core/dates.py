"""Reads a day as people write it: the day first, then the month, then the year.

>>> written_day("ngày 6 tháng 12 năm 2026") == written_day("06.12.2026") == (2026, 12, 6)
True
"""

from __future__ import annotations

import re
from datetime import date
from unicodedata import normalize

from mlay_batch.core.text import strip_accents

YEARS = range(1900, 2200)
"""Years that people mean."""
_DMY = re.compile(r"(?:ngay )?([0-9]{1,2}) ?[/.-] ?([0-9]{1,2}) ?[/.-] ?([0-9]{4})")
_YMD = re.compile(r"(?:ngay )?([0-9]{4})[/.-]([0-9]{1,2})[/.-]([0-9]{1,2})")
_WORDED = re.compile(r"(?:ngay )?([0-9]{1,2}) thang ([0-9]{1,2}) nam ([0-9]{4})")


def written_day(text: str) -> tuple[int, int, int] | None:
    """Return year, month and day that a text names, whether or not there is such a day.

    None for a text of any other form.
    """
    plain = strip_accents(normalize("NFKC", text)).casefold()
    if match := _YMD.fullmatch(plain):
        return int(match[1]), int(match[2]), int(match[3])
    if match := _DMY.fullmatch(plain) or _WORDED.fullmatch(plain):
        return int(match[3]), int(match[2]), int(match[1])
    return None


def valid_day(year: int, month: int, day: int) -> date | None:
    """Return the day; None where there is no such day, or in a year that nobody means."""
    try:
        return date(year, month, day) if year in YEARS else None
    except ValueError:
        return None
