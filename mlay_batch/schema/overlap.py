"""Decides which description applies where several could, and finds where that is so.

One rule for forms, quotas, schemes and indicator sets: of one id the newest that holds applies
(`newest`), month by month; two ids are two things, and both apply.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal, TypeVar

from mlay_batch.core.period import Period
from mlay_batch.schema.indicators import Description, IndicatorSet
from mlay_batch.schema.model import Form
from mlay_batch.schema.quotas import Quota
from mlay_batch.schema.schemes import Scheme

NamedDescription = tuple[str, Description]
T = TypeVar("T", Form, Quota, Scheme, IndicatorSet, Description)
_PART = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class Overlap:
    """Files that could all apply, and which of them does."""

    rule: Literal["newest", "replaced", "both"]
    """``newest``: of one id; ``replaced``: also of one version; ``both``: of two ids."""
    kind: str
    """What they describe: ``form``, ``list``, ``quota``, ``scheme`` or ``signs``."""
    name: str
    """Its id; of two ids both, where one replaces the other with the version."""
    applies: str
    """The file that applies; of two that both do, the first."""
    others: tuple[str, ...]
    """The other files, from the oldest."""
    first: str = ""
    """The first month; empty where one replaces the other for good."""
    last: str | None = None
    """The last month; None without end."""
    scope: str = ""
    """Whom or what two ids have in common, as the files say it: ``role: office_official``."""


def kind_and_id(record: Description) -> tuple[str, str]:
    """Return what a record describes: kind and id, ``("quota", "office_official")``."""
    if isinstance(record, Form):
        return "list" if record.is_sketch else "form", record.form
    if isinstance(record, Scheme):
        return "scheme", record.scheme
    if isinstance(record, Quota):
        return "quota", record.quota
    return "signs", record.signs


def full_name(record: Description) -> tuple[str, str, str]:
    """Return kind, id and version (of a quota its first month), which name one description."""
    version = record.effective.from_ if isinstance(record, Quota) else record.version
    return (*kind_and_id(record), version)


def age_key(record: Description) -> tuple[str, tuple[tuple[int, str], ...], str]:
    """Return the key that sorts versions by age; the greatest is the newest.

    The first month decides, then the version, its numbers by their value: 2019.10 is newer than
    2019.9.
    """
    version = full_name(record)[2]
    parts = ((int(p), "") if p.isdecimal() else (-1, p) for p in _PART.split(version))
    return record.effective.from_, tuple(parts), version


def newest(records: Iterable[T]) -> T | None:
    """Return the one that applies of records that hold at the same time; None of none."""
    holding = tuple(records)
    return max(holding, key=age_key) if len(holding) > 1 else next(iter(holding), None)


def scheme_in_force(schemes: Iterable[Scheme], scheme: str, period: Period) -> Scheme | None:
    """Return the newest version of `scheme` that holds in `period`, or None."""
    return newest(s for s in schemes if s.scheme == scheme and s.effective.covers(period))


def overlaps(records: Sequence[NamedDescription]) -> tuple[Overlap, ...]:
    """Return where several of the named files hold in the same months, by kind and id."""
    by_content: dict[Overlap, list[Overlap]] = {}
    for first, last in _stretches([record for _, record in records]):
        month = Period.parse(first)
        holding = [named for named in records if named[1].effective.covers(month)]
        for overlap in _overlaps_of_month(holding):
            same = by_content.setdefault(overlap, [])
            if same and same[-1].last and Period.parse(same[-1].last).next() == month:
                same[-1] = replace(same[-1], last=last)
            else:
                same.append(replace(overlap, first=first, last=last))
    all_overlaps = (overlap for same in by_content.values() for overlap in same)
    return tuple(
        sorted(all_overlaps, key=lambda overlap: (overlap.kind, overlap.name, overlap.first))
    )


def _stretches(records: Sequence[Description]) -> Iterator[tuple[str, str | None]]:
    """Yield the first and last months between which no record begins or ends."""
    ends = (record.effective.to for record in records)
    after = {str(Period.parse(end).next()) for end in ends if end}
    firsts = sorted({record.effective.from_ for record in records} | after)
    for first, following in zip(firsts, (*firsts[1:], None), strict=True):
        yield first, str(Period.parse(following).previous()) if following else None


def _overlaps_of_month(holding: Sequence[NamedDescription]) -> Iterator[Overlap]:
    """Yield the overlaps of files that hold in one month, without months."""
    by_id: dict[tuple[str, str], list[NamedDescription]] = {}
    for named in sorted(holding, key=lambda named: age_key(named[1])):
        by_id.setdefault(kind_and_id(named[1]), []).append(named)
    for (kind, name), versions in by_id.items():
        if len(versions) > 1:
            *others, applies = (file for file, _ in versions)
            yield Overlap("newest", kind, name, applies, tuple(others))
    applying = [(key, *versions[-1]) for key, versions in sorted(by_id.items())]
    for ((kind, name), file, record), (other, other_file, other_record) in combinations(
        applying, 2
    ):
        if kind == other[0] and (scope := _common_scope(record, other_record)):
            names = f"{name}, {other[1]}"
            yield Overlap("both", kind, names, file, (other_file,), scope=scope)


def _common_scope(record: Description, other: Description) -> str:
    """Return whom or what two records of one kind are both for; empty where that is nothing."""
    if isinstance(record, Form) and isinstance(other, Form):
        common = sorted({*record.reporters} & {*other.reporters})
        return f"reporters: {', '.join(common)}" if common and record.period == other.period else ""
    if isinstance(record, Quota) and isinstance(other, Quota):
        return f"role: {record.role}" if record.role == other.role else ""
    if isinstance(record, IndicatorSet) and isinstance(other, IndicatorSet):
        return f"of: {record.of}" if record.of == other.of else ""
    return ""
