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
from unicodedata import normalize

from mlay_batch.core.text import month_number, strip_accents

_MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12}
_CANONICAL = re.compile(r"(\d{4})(?:-(?:(0[1-9]|1[0-2])|Q([1-4])|H([12])))?")
_YEAR = r"(?P<year>\d{4})"
_THEN_YEAR = rf"\s*(?:[/.-]|nam|\s)\s*(?:nam\s*)?{_YEAR}"
_MONTH_WORD = r"(?:thang|thg|t|month)\.?\s*"
# What people write, without accents and capitals, with the letter of the kind in canonical form.
_INFORMAL = tuple(
    (re.compile(pattern), letter)
    for letter, pattern in (
        ("", rf"(?:{_MONTH_WORD})?(?P<number>\d{{1,2}}){_THEN_YEAR}"),
        ("", rf"{_YEAR}\s*[/.-]\s*(?P<number>\d{{1,2}})"),
        ("", rf"{_MONTH_WORD}(?P<number>\d{{1,2}})"),
        ("Q", rf"(?:quy|quarter|q)\.?\s*(?P<number>[1-4]|i{{1,3}}|iv)(?:{_THEN_YEAR})?"),
        ("Q", rf"{_YEAR}\s*[/.-]?\s*q(?P<number>[1-4])"),
        ("H", rf"(?:6|sau) thang (?P<number>dau|cuoi)(?:{_THEN_YEAR}|\s*nam)?"),
        ("H", rf"h(?P<number>[12])(?:{_THEN_YEAR})?"),
        ("H", rf"{_YEAR}\s*[/.-]?\s*h(?P<number>[12])"),
        ("year", rf"(?:nam|year)?\s*{_YEAR}"),
    )
)
_NUMBERS = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "dau": 1, "cuoi": 2}
_DAY = timedelta(days=1)
EXCEL_DAY_ZERO = date(1899, 12, 30)
"""The day to which Excel's serial number counts, for days from 1 March 1900 on."""


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
    def parse_informal(cls, text: str, today: date | None = None) -> Period | None:
        """Return the period a person wrote.

        Such as "Tháng 11 năm 2019", "T11/2019", "2019/11", "Quý IV/2019", "6 tháng đầu năm 2019",
        with or without accents: what `title` writes is among them. One without a year is the last
        of its name that has begun by `today`.

        Return None for a text of any other form, for a month or year that `parse` refuses, and
        for one without a year where `today` is not given.

        >>> str(Period.parse_informal("thang 10", date(2026, 9, 30)))
        '2025-10'
        """
        return _parse_informal(text, today)

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
        return _first_day(self.year, self.month)

    @property
    def end(self) -> date:
        """The last day."""
        return _last_day(self.year, self.month, self.length)

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
        return (self,) if self.length == 1 else _months(self.year, self.month, self.length)

    def year_to_date(self) -> tuple[Period, ...]:
        """Return the months from January of the year to the last month of the period."""
        return _months(self.year, 1, self.end.month)

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

    @property
    def short(self) -> str:
        """As people type it: 10/2026, Q3/2026, H1/2026, 2026."""
        _, _, kind = str(self).rpartition("-")
        name = str(self.month) if self.length == 1 else kind
        return str(self.year) if self.length == 12 else f"{name}/{self.year}"

    def __str__(self) -> str:
        if self.length == 1:
            return f"{self.year}-{self.month:02}"
        if self.length == 3:
            return f"{self.year}-Q{self.month // 3 + 1}"
        if self.length == 6:
            return f"{self.year}-H{self.month // 6 + 1}"
        return str(self.year)


# Each is asked hundreds of thousands of times of the same few periods.
@lru_cache(maxsize=1024)
def _first_day(year: int, month: int) -> date:
    return date(year, month, 1)


@lru_cache(maxsize=1024)
def _last_day(year: int, month: int, length: int) -> date:
    following = year * 12 + month - 1 + length
    return date(following // 12, following % 12 + 1, 1) - _DAY


@lru_cache(maxsize=1024)
def _months(year: int, month: int, length: int) -> tuple[Period, ...]:
    first = Period(year, month)
    return tuple(first.shift(step) for step in range(length))


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


@lru_cache(maxsize=1024)
def _parse_informal(text: str, today: date | None) -> Period | None:
    plain = strip_accents(normalize("NFKC", text)).casefold()
    for pattern, letter in _INFORMAL:
        if match := pattern.fullmatch(plain):
            groups = match.groupdict()
            return _numbered(letter, groups.get("number") or "", groups.get("year"), today)
    return None


def _numbered(letter: str, number: str, year: str | None, today: date | None) -> Period | None:
    """Return the period of that number in its year, without one in the last where it has begun."""
    if not (year or today):
        return None
    ordinal = _NUMBERS.get(number) or int(number or 0)
    name = {"": f"-{ordinal:02}", "year": ""}.get(letter, f"-{letter}{ordinal}")
    try:
        period = _parse(f"{year or (today and today.year)}{name}")
    except ValueError:
        return None
    if year is None and today and period.start > today:
        return Period(period.year - 1, period.month, period.length)
    return period


def month_before(day: date) -> Period:
    """Return the month that what came or was made on `day` counts for, where it names none.

    >>> str(month_before(date(2019, 1, 7)))
    '2018-12'
    """
    return Period.of("month", day).previous()
