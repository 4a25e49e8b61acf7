"""Frozen records of the quotas' YAML, and the months of a year in which they apply."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Literal

from mlay_batch.schema.model import Effective, Text
from mlay_batch.schema.problem import Record

Window = Literal["year", "quarter", "month"]
Per = Literal["officer", "officer_cell", "cell"]


@dataclass(frozen=True, slots=True)
class QuotaCounting(Record):
    """What counts towards a quota.

    Attributes:
        kinds: ids of the meeting kinds.
        substitutes: whether a visit counts for the officer on whose behalf another one came.
        own_cell: whether a meeting of the officer's own cell counts.
    """

    kinds: tuple[str, ...]
    substitutes: bool = False
    own_cell: bool = False


@dataclass(frozen=True, slots=True)
class Quota(Record):
    """How many meetings are owed in a year, a quarter or a month: by officers, or by the cells.

    Attributes:
        quota: id, the same in all records.
        role: id of the role, as assignments in the register name it; of cells any name.
        effective: months for which this record is used.
        basis: regulations that the quota follows.
        times: meetings owed in a full window; each month on duty adds its part of that.
        window: what the number is owed in. What is missing in one is not made up in another.
        per: whether the number of visits is owed once by the officer or in each cell, or whether
            it is a number of meetings that each cell holds.
        months_by: whether a month is owed by who serves on its 15th, or by the days served in it.
        rounding: how an obligation such as 2.5 meetings becomes whole.
        counts: which meetings count.
    """

    quota: str
    role: str
    title: Text
    effective: Effective
    basis: tuple[str, ...]
    times: int
    window: Window = "year"
    per: Per = "officer"
    months_by: Literal["fifteenth", "days"] = "fifteenth"
    rounding: Literal["half_up", "floor", "ceiling"] = "half_up"
    counts: QuotaCounting = QuotaCounting(kinds=("regular", "thematic", "both"))
    limits: ClassVar = {"times": (0, 1000)}

    @property
    def window_months(self) -> int:
        """The months of a full window."""
        return {"year": 12, "quarter": 3, "month": 1}[self.window]


@dataclass(frozen=True, slots=True)
class QuotaSpan:
    """Months of a year in which one record of a quota applies.

    Attributes:
        quota: the record.
        first: number of the first month, from 1.
        last: number of the last month, included.
    """

    quota: Quota
    first: int
    last: int

    @property
    def months(self) -> range:
        """The numbers of its months."""
        return range(self.first, self.last + 1)


@dataclass(frozen=True, slots=True)
class QuotaWindow:
    """Months of a year in which a number of meetings is owed: the year, a quarter or a month.

    A part of a year stands for it where a quota begins or changes its window within the year; a
    number that changes, or months without a record, do not end a window.

    Attributes:
        first: number of the first month, from 1.
        last: number of the last month, included.
    """

    first: int
    last: int

    @property
    def months(self) -> range:
        """The numbers of its months."""
        return range(self.first, self.last + 1)


def quota_windows(spans: Iterable[QuotaSpan]) -> tuple[QuotaWindow, ...]:
    """Return the windows of a year whose records are `spans`, in order.

    >>> quota = Quota("q", "r", Text("", ""), Effective("2019-01"), (), 1, window="quarter")
    >>> [(window.first, window.last) for window in quota_windows([QuotaSpan(quota, 5, 9)])]
    [(5, 6), (7, 9)]
    """
    windows: list[tuple[tuple[int, int], QuotaWindow]] = []
    for span in spans:
        length = span.quota.window_months
        for month in span.months:
            key = length, (month - 1) // length
            previous = windows[-1] if windows else None
            if previous and previous[0] == key:  # months without a record in between are none
                windows[-1] = key, QuotaWindow(previous[1].first, month)
            else:
                windows.append((key, QuotaWindow(month, month)))
    return tuple(window for _, window in windows)
