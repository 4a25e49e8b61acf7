"""The yearly classification, summed over organisations: shares, limits, mean of several years.

Shares are exact: nothing is rounded or cut here, the report shows a line's own decimals.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from fractions import Fraction

from mlay_batch.figures.caps import caps_of
from mlay_batch.figures.classified import (
    ClassificationMean,
    ClassificationPart,
    ClassificationShare,
    ClassificationYear,
)
from mlay_batch.figures.crosswalk import heading_of, under
from mlay_batch.figures.records import Facts
from mlay_batch.figures.returns import card, count, returns_of
from mlay_batch.period import Period
from mlay_batch.records import Return
from mlay_batch.schema import Scheme
from mlay_batch.schema.ids import CLASSIFICATION
from mlay_batch.schema.schemes import Line, Part

_MEAN_OF = 3  # years; the town publishes the mean of three (report of 04/12/2019)
_HEADCOUNT = ("total", "exempt", "not_rated", "rated")


def years(facts: Facts) -> tuple[ClassificationYear, ...]:
    """Return every year up to that of the report with a return, ascending.

    Each goes by the scheme and the reporters of its own year; a year without a scheme has no
    grades to show and is left out. All are shown under the heading of the newest.
    """
    by_year: dict[Period, list[Return]] = {}
    for (_, period), entry in returns_of(facts, CLASSIFICATION).items():
        if period.year <= facts.period.year:
            by_year.setdefault(period, []).append(entry)
    found = [
        (year, scheme, filed)
        for year, filed in by_year.items()
        if (scheme := facts.catalogue.scheme_for(CLASSIFICATION, year))
    ]
    if not found:
        return ()
    heading = heading_of(found[-1][1], _versions(facts))
    return tuple(_year(facts, *entry, heading) for entry in found)


def _versions(facts: Facts) -> tuple[Scheme, ...]:
    return tuple(one for one in facts.catalogue.schemes if one.scheme == CLASSIFICATION)


def _year(
    facts: Facts, period: Period, scheme: Scheme, filed: list[Return], heading: Scheme
) -> ClassificationYear:
    year = ClassificationYear(
        year=period.year,
        scheme=scheme,
        expected=_expected(facts, period),
        parts=tuple(_part(facts, part, filed) for part in scheme.parts),
        heading=heading,
        grades=under(heading, scheme, _versions(facts)),
        organisations=_organisations(facts, scheme, filed),
    )
    return replace(year, parts=tuple(_shared(year, part) for part in year.parts))


def _expected(facts: Facts, year: Period) -> int:
    form = facts.catalogue.form_for(CLASSIFICATION, year)
    return len(facts.register.reporters(form, year)) if form else 0


def _part(facts: Facts, part: Part, filed: Iterable[Return]) -> ClassificationPart:
    """Sum the section over the returns; a blank field, or one the form lacks, is 0."""
    names = (*_HEADCOUNT, *(grade.id for grade in part.grades))
    by_branch = {
        str(entry.delivery.branch): {name: count(row, name) for name in names}
        for entry in filed
        if (row := card(entry, part.section))
    }
    by_type: dict[str, list[Mapping[str, int]]] = {}
    for branch, counts in by_branch.items():
        by_type.setdefault(_type_of(facts, branch), []).append(counts)
    return ClassificationPart(
        part.section,
        counts=_summed(by_branch.values(), names),
        caps=caps_of(part, by_branch, facts.register),
        by_type={kind: _summed(found, names) for kind, found in by_type.items()},
    )


def _summed(counts: Iterable[Mapping[str, int]], names: Iterable[str]) -> Mapping[str, int]:
    told = tuple(counts)
    return {name: sum(one[name] for one in told) for name in names}


def _type_of(facts: Facts, branch: str) -> str:
    """Return the organisation's type, empty for one the register has not."""
    found = facts.register.by_code.get(branch)
    return found.type if found else ""


def _organisations(
    facts: Facts, scheme: Scheme, filed: Iterable[Return]
) -> Mapping[str, Mapping[str, int]]:
    """Count the organisations by type and the grade they tell of themselves.

    Who tells none, or one the scheme has not, is not rated: 3 that bear grade 1 and one just
    founded are {total: 4, not_rated: 1, rated: 3, grade1: 3, …}.
    """
    grades = scheme.own_grades()
    section, name = scheme.own_path()
    found: dict[str, Counter[str]] = {}
    for entry in filed:
        counts = found.setdefault(_type_of(facts, str(entry.delivery.branch)), Counter())
        row = card(entry, section)
        grade = row.values.get(name) if row else None
        counts.update(["total", *(["rated", str(grade)] if grade in grades else ["not_rated"])])
    return {kind: {n: counts[n] for n in (*_HEADCOUNT, *grades)} for kind, counts in found.items()}


def _shared(year: ClassificationYear, part: ClassificationPart) -> ClassificationPart:
    heading = year.heading.part(part.section)
    base = base_of(year.scheme, part.counts)
    return replace(part, shares=tuple(
        _share(year.line(part.section, line), part.counts, base)
        for line in (heading.lines if heading else ())
    ))  # fmt: skip


def base_of(scheme: Scheme, counts: Mapping[str, int]) -> int:
    """Return what the scheme's shares are taken of: rated, subject (with not yet rated), or all.

    Example (Tân Yên 2015): 543 cells rated, 2 not: rated 543, subject 545.
    """
    if scheme.share_base == "all":
        return counts["total"]
    return counts["rated"] + (counts["not_rated"] if scheme.share_base == "subject" else 0)


def _share(line: Line, counts: Mapping[str, int], base: int) -> ClassificationShare:
    count = sum(counts[grade] for grade in line.grades)
    share = _per_cent(count, base)
    return ClassificationShare(
        line=line.id,
        count=count,
        base=base,
        share=_float(share),
        rated_share=_float(_per_cent(count, counts["rated"])),
        within=_within(line, share),
    )


def _per_cent(count: int, base: int) -> Fraction | None:
    return Fraction(100 * count, base) if base else None


def _float(share: Fraction | None) -> float | None:
    return None if share is None else float(share)


def _within(line: Line, share: Fraction | None) -> bool | None:
    """Whether the exact share keeps the line's limits; a share on the limit keeps it.

    1 of 100 keeps `limit_max` 1; 10.01 % shown as "10,0" breaks a limit of 10.
    """
    limited = line.limit_max is not None or line.limit_min is not None
    if share is None or not limited:
        return None
    above = line.limit_max is not None and share > Fraction(str(line.limit_max))
    below = line.limit_min is not None and share < Fraction(str(line.limit_min))
    return not (above or below)


def mean(series: tuple[ClassificationYear, ...]) -> ClassificationMean | None:
    """Return the mean of the three latest years with returns (of all, where there are fewer).

    The newest year's scheme says how: ``shares`` is the mean of the yearly shares, ``pooled`` the
    summed counts over the summed bases. 1 of 10 and 1 of 30 give 6.67 % or 5 %. A year whose base
    is 0, or whose scheme lacks the line, is left out of that line. None without any year.
    """
    latest = series[-_MEAN_OF:]
    if not latest:
        return None
    newest = latest[-1]
    lines = [(part.section, share.line) for part in newest.parts for share in part.shares]
    return ClassificationMean(
        first=latest[0].year,
        last=newest.year,
        shares={key: _mean(newest.scheme, _of_base(latest, key)) for key in lines},
        rated_shares={key: _mean(newest.scheme, _of_rated(latest, key)) for key in lines},
    )


Series = list[tuple[int, int]]


def _of_base(latest: Iterable[ClassificationYear], key: tuple[str, str]) -> Series:
    return [(share.count, share.base) for _, share in _found(latest, key)]


def _of_rated(latest: Iterable[ClassificationYear], key: tuple[str, str]) -> Series:
    return [(share.count, part.counts["rated"]) for part, share in _found(latest, key)]


def _found(
    latest: Iterable[ClassificationYear], key: tuple[str, str]
) -> list[tuple[ClassificationPart, ClassificationShare]]:
    return [
        (part, share)
        for year in latest
        for part in year.parts
        for share in part.shares
        if (part.section, share.line) == key
    ]


def _mean(scheme: Scheme, series: Series) -> float | None:
    with_base = [(count, base) for count, base in series if base]
    if not with_base:
        return None
    if scheme.mean == "pooled":
        counts, bases = zip(*with_base, strict=True)
        return float(Fraction(100 * sum(counts), sum(bases)))
    return float(sum(Fraction(100 * count, base) for count, base in with_base) / len(with_base))
