"""Finds descriptions of one form, quota, scheme or set that hold in the same months.

The newest applies.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from mlay_batch.schema.indicators import Description
from mlay_batch.schema.model import Form, Quota
from mlay_batch.schema.schemes import Scheme

NamedDescription = tuple[str, Description]


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two files that describe `name` in the same months."""

    name: str
    older: str
    newer: str
    """The file that applies: it begins later, or in the same month with the higher version."""
    first: str
    """The first month of both."""
    last: str | None
    """The last month of both; None without end."""


def kind_and_id(record: Description) -> tuple[str, str]:
    """Return what a record describes: kind and id, ``("quota", "town_official")``."""
    if isinstance(record, Form):
        return "form", record.form
    if isinstance(record, Scheme):
        return "scheme", record.scheme
    if isinstance(record, Quota):
        return "quota", record.quota
    return "signs", record.signs


def full_name(record: Description) -> tuple[str, str, str]:
    """Return kind, id and version (of a quota its first month), which name one description."""
    version = record.effective.from_ if isinstance(record, Quota) else record.version
    return (*kind_and_id(record), version)


def age_key(record: Description) -> tuple[str, str]:
    """Return the key that sorts versions by age; the greatest is the newest."""
    return record.effective.from_, full_name(record)[2]


def overlaps(records: Sequence[NamedDescription]) -> Iterator[Overlap]:
    """Yield every two of the named files with one kind and id that share months."""
    by_age = sorted(records, key=lambda named: (age_key(named[1]), named[0]))
    for (older, earlier), (newer, later) in combinations(by_age, 2):
        last_held = earlier.effective.to
        if kind_and_id(earlier) != kind_and_id(later):
            continue
        if last_held is None or later.effective.from_ <= last_held:
            last_months = [month for month in (last_held, later.effective.to) if month]
            first, last = later.effective.from_, min(last_months, default=None)
            yield Overlap(kind_and_id(later)[1], older, newer, first, last)
