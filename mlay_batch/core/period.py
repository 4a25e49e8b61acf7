"""Defines reporting periods: month, quarter, half-year and year.

>>> Period.parse("2019-11").end
datetime.date(2019, 11, 30)
>>> [str(p) for p in Period.parse("2019-Q4").months()]
['2019-10', '2019-11', '2019-12']
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from mlay_batch.core.text import month_number

_MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12}
_CANONICAL = re.compile(r"(\d{4})(?:-(?:(0[1-9]|1[0-2])|Q([1-4])|H([12])))?")
_YEAR_SUFFIX = r"\s*(?:/|-|năm|\s)\s*(?:năm\s*)?(\d{4})"
_INFORMAL_MONTH = re.compile(r"(?:tháng|thg|month)?\s*(\d{1,2})" + _YEAR_SUFFIX)
_INFORMAL_QUARTER = re.compile(r"(?:quý|quarter)\s*([1-4]|i{1,3}|iv)" + _YEAR_SUFFIX)
_INFORMAL_HALF = re.compile(r"6 tháng (đầu|cuối)" + _YEAR_SUFFIX)
_INFORMAL_YEAR = re.compile(r"(?:năm|year)?\s*(\d{4})")
_DAY = timedelta(days=1)
EXCEL_DAY_ZERO = date(1899, 12, 30)
"""The day to which Excel's serial number counts, for days from 1 March 1900 on."""
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4}


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A span of whole calendar months.

    Attributes:
        year: calendar year of the first month.
        month: number of the first month, from 1.
        length: number of months: 1, 3, 6 or 12.
    """

    year: int
    month: int
    length: int = 1

    @classmethod
    def parse(cls, text: str) -> Period:
        """Return the period written as ``2019-11``, ``2019-Q3``, ``2019-H1`` or ``2019``.

        Raises ValueError for any other text and for a year outside 1900 to 9998.
        """
        return _parse(text)

    @classmethod
    def parse_informal(cls, text: str) -> Period | None:
        """Return the period a person wrote.

        Such as "Tháng 11 năm 2019", "11/2019", "Quý IV/2019", "6 tháng đầu năm 2019": what `title`
        writes is among them.

        Return None for a text of any other form and for a month or year that `parse` refuses.
        """
        folded = " ".join(text.casefold().split())
        try:
            if _CANONICAL.fullmatch(folded.upper()):
                return cls.parse(folded.upper())
            if match := _INFORMAL_MONTH.fullmatch(folded):
                return cls.parse(f"{match[2]}-{int(match[1]):02}")
            if match := _INFORMAL_QUARTER.fullmatch(folded):
                quarter = _ROMAN.get(match[1]) or int(match[1])
                return cls.parse(f"{match[2]}-Q{quarter}")
            if match := _INFORMAL_HALF.fullmatch(folded):
                return cls.parse(f"{match[2]}-H{1 if match[1] == 'đầu' else 2}")
            if match := _INFORMAL_YEAR.fullmatch(folded):
                return cls.parse(match[1])
        except ValueError:
            return None
        return None

    @classmethod
    def of(cls, kind: str, day: date) -> Period:
        """Return the period of `kind` (month, quarter, half, year) that contains `day`.

        Raises KeyError for any other kind.
        """
        length = _MONTHS[kind]
        return cls(day.year, (day.month - 1) // length * length + 1, length)

    @property
    def kind(self) -> str:
        """The kind by its length: ``month``, ``quarter``, ``half`` or ``year``."""
        return next(kind for kind, length in _MONTHS.items() if length == self.length)

    @property
    def start(self) -> date:
        """The first day."""
        return date(self.year, self.month, 1)

    @property
    def end(self) -> date:
        """The last day."""
        month = self.year * 12 + self.month - 1 + self.length
        return date(month // 12, month % 12 + 1, 1) - _DAY

    def __contains__(self, day: date) -> bool:
        return self.start <= day <= self.end

    def shift(self, steps: int) -> Period:
        """Return the period of the same length `steps` later (earlier when negative)."""
        month = self.year * 12 + self.month - 1 + steps * self.length
        return Period(month // 12, month % 12 + 1, self.length)

    def next(self) -> Period:
        """Return the period of the same length that follows."""
        return self.shift(1)

    def previous(self) -> Period:
        """Return the period of the same length before."""
        return self.shift(-1)

    def months(self) -> tuple[Period, ...]:
        """Return the months of the period, in order."""
        if self.length == 1:
            return (self,)
        first = Period(self.year, self.month)
        return tuple(first.shift(step) for step in range(self.length))

    def year_to_date(self) -> tuple[Period, ...]:
        """Return the months from January of the year to the last month of the period."""
        return tuple(Period(self.year, month) for month in range(1, self.end.month + 1))

    def title(self, lang: str) -> str:
        """Return the period as offices write it: "Tháng 02 năm 2019", "Quý IV năm 2019".

        Months 1 and 2 have a leading zero. In any language but ``vi`` it is the same as `str`.
        """
        if lang != "vi":
            return str(self)
        if self.length == 1:
            return f"Tháng {month_number(self.month)} năm {self.year}"
        if self.length == 3:
            return f"Quý {('I', 'II', 'III', 'IV')[self.month // 3]} năm {self.year}"
        if self.length == 6:
            return f"{'6 tháng đầu' if self.month == 1 else '6 tháng cuối'} năm {self.year}"
        return f"Năm {self.year}"

    def __str__(self) -> str:
        if self.length == 1:
            return f"{self.year}-{self.month:02}"
        if self.length == 3:
            return f"{self.year}-Q{self.month // 3 + 1}"
        if self.length == 6:
            return f"{self.year}-H{self.month // 6 + 1}"
        return str(self.year)


def day_number(day: date) -> int:
    """Return the serial number that a cell holds for a day.

    >>> day_number(date(2019, 11, 4))
    43773
    """
    return (day - EXCEL_DAY_ZERO).days


@lru_cache(maxsize=1024)  # a million rows name the same few months
def _parse(text: str) -> Period:
    match = _CANONICAL.fullmatch(text)
    if not match:
        raise ValueError(f"not a period: {text!r}")
    year, month, quarter, half = (int(part) if part else 0 for part in match.groups())
    if not 1900 <= year <= 9998:
        raise ValueError(f"year out of range: {text!r}")
    if month:
        return Period(year, month)
    if quarter:
        return Period(year, quarter * 3 - 2, 3)
    return Period(year, half * 6 - 5, 6) if half else Period(year, 1, 12)


def month_before(day: date) -> Period:
    """Return the month that what came or was made on `day` counts for, where it names none.

    >>> str(month_before(date(2019, 1, 7)))
    '2018-12'
    """
    return Period.of("month", day).previous()
