"""The yearly classification: sums over organisations, shares, targets, caps, mean of years.

Years are shown under the grades of one heading: a crosswalk in a scheme's YAML maps its grades to
those of another version. It is followed both ways, and through versions in between.

Shares are exact; the report rounds them to a line's decimals.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from mlay_batch.core.period import Period
from mlay_batch.figures.classified import (
    ClassificationCap,
    ClassificationCondition,
    ClassificationMean,
    ClassificationPart,
    ClassificationShare,
    ClassificationYear,
)
from mlay_batch.figures.report_records import ReportInputs
from mlay_batch.figures.return_access import card, count, returns_of
from mlay_batch.model.records import AcceptedReturn
from mlay_batch.model.register import Register
from mlay_batch.schema import Scheme
from mlay_batch.schema.ids import CLASSIFICATION
from mlay_batch.schema.schemes import Cap, Line, Part

_MEAN_YEARS = 3  # the seed's town publishes the mean of three years (report of 04/12/2019)
_HEADCOUNT = ("total", "exempt", "not_rated", "rated")
Series = list[tuple[int, int]]
"""(count, base) of each year."""
Grades = Mapping[tuple[str, str], tuple[str, ...]]
"""(section, grade of the heading) → the grades of a year's scheme that correspond to it."""
_GradePairs = frozenset[tuple[str, str]]
Counts = Mapping[str, int]
_ROUNDING: Mapping[str, Callable[[Fraction], int]] = {
    "floor": math.floor,
    "half_up": lambda share: math.floor(share + Fraction(1, 2)),
    "ceiling": math.ceil,
}


def years(inputs: ReportInputs) -> tuple[ClassificationYear, ...]:
    """Return every year with a return up to that of the report, ascending.

    Each uses the scheme and the reporters of its own year; a year without a scheme is left out.
    All are shown under the heading of the newest.
    """
    by_year: dict[Period, list[AcceptedReturn]] = {}
    for (_, period), accepted in returns_of(inputs, CLASSIFICATION).items():
        if period.year <= inputs.period.year:
            by_year.setdefault(period, []).append(accepted)
    year_returns = [
        (year, scheme, returns)
        for year, returns in by_year.items()
        if (scheme := inputs.catalogue.scheme_for(CLASSIFICATION, year))
    ]
    if not year_returns:
        return ()
    heading = heading_of(year_returns[-1][1], _versions(inputs))
    return tuple(_year(inputs, *year_return, heading) for year_return in year_returns)


def _versions(inputs: ReportInputs) -> tuple[Scheme, ...]:
    return tuple(scheme for scheme in inputs.catalogue.schemes if scheme.scheme == CLASSIFICATION)


def _year(
    inputs: ReportInputs,
    period: Period,
    scheme: Scheme,
    returns: list[AcceptedReturn],
    heading: Scheme,
) -> ClassificationYear:
    expected = _expected_counts(inputs, period)
    parts = [_part(inputs, part, returns, expected.total()) for part in scheme.parts]
    kinds = (_kinds(*pair, expected) for pair in zip(scheme.parts, parts, strict=True))
    year = ClassificationYear(
        year=period.year,
        scheme=scheme,
        expected=expected.total(),
        parts=(*parts, *(kind for part_kinds in kinds for kind in part_kinds)),
        heading=heading,
        grades=map_grades(heading, scheme, _versions(inputs)),
        organisations=_organisation_counts(inputs, scheme, returns),
        conditions=tuple(_conditions(inputs, scheme, returns)),
    )
    return replace(year, parts=tuple(_with_shares(year, part) for part in year.parts))


def _expected_counts(inputs: ReportInputs, year: Period) -> Counter[str]:
    """Return how many organisations of each type owe a return."""
    form = inputs.catalogue.form_for(CLASSIFICATION, year)
    reporters = inputs.register.reporters(form, year) if form else ()
    return Counter(organisation.type for organisation in reporters)


def _part(
    inputs: ReportInputs, part: Part, returns: Iterable[AcceptedReturn], expected: int
) -> ClassificationPart:
    """Sum the section over the returns; a blank or missing field counts 0."""
    names = (*_HEADCOUNT, *(grade.id for grade in part.counts))
    by_branch = {
        str(accepted.entry.branch): {name: count(row, name) for name in names}
        for accepted in returns
        if (row := card(accepted, part.section))
    }
    by_type: dict[str, list[Mapping[str, int]]] = {}
    for branch, counts in by_branch.items():
        by_type.setdefault(_type_of(inputs, branch), []).append(counts)
    return ClassificationPart(
        part.section,
        expected,
        counts=_sum_counts(by_branch.values(), names),
        caps=caps_of(part, by_branch, inputs.register),
        by_type={
            kind: _sum_counts(branch_counts, names) for kind, branch_counts in by_type.items()
        },
    )


def _kinds(
    part: Part, figures: ClassificationPart, expected: Counter[str]
) -> Iterator[ClassificationPart]:
    """Yield the figures of each kind, and of any other type that reported."""
    listed = [kind.id for kind in part.kinds]
    none = dict.fromkeys(figures.counts, 0)
    for kind in filter(None, dict.fromkeys([*listed, *figures.by_type]) if listed else ()):
        counts = figures.by_type.get(kind, none)
        yield ClassificationPart(f"{part.section}/{kind}", expected[kind], counts)


def _sum_counts(counts: Iterable[Mapping[str, int]], names: Iterable[str]) -> Mapping[str, int]:
    all_counts = tuple(counts)
    return {name: sum(branch_counts[name] for branch_counts in all_counts) for name in names}


def _type_of(inputs: ReportInputs, branch: str) -> str:
    """Return the organisation's type, empty if it is not in the register."""
    organisation = inputs.register.by_code.get(branch)
    return organisation.type if organisation else ""


def _organisation_counts(
    inputs: ReportInputs, scheme: Scheme, returns: Iterable[AcceptedReturn]
) -> Mapping[str, Mapping[str, int]]:
    """Count the organisations by type and their own grade.

    Without a grade of the scheme an organisation is not rated: 3 of grade 1 and one just founded
    are {total: 4, not_rated: 1, rated: 3, grade1: 3, …}.
    """
    grades = scheme.own_grades()
    section, name = scheme.own_path()
    by_type: dict[str, Counter[str]] = {}
    for accepted in returns:
        counts = by_type.setdefault(_type_of(inputs, str(accepted.entry.branch)), Counter())
        row = card(accepted, section)
        grade = row.values.get(name) if row else None
        counts.update(["total", *(["rated", str(grade)] if grade in grades else ["not_rated"])])
    return {
        kind: {n: counts[n] for n in (*_HEADCOUNT, *grades)} for kind, counts in by_type.items()
    }


def _conditions(
    inputs: ReportInputs, scheme: Scheme, returns: Iterable[AcceptedReturn]
) -> Iterator[ClassificationCondition]:
    """Yield every condition in every organisation of its type, condition by condition."""
    own_section, own_field = scheme.own_path()
    all_returns = tuple(returns)
    for condition in scheme.conditions:
        for accepted in all_returns:
            branch = str(accepted.entry.branch)
            row = card(accepted, condition.section)
            if row is None or _type_of(inputs, branch) != condition.type:
                continue
            own_row = card(accepted, own_section)
            has_grade = own_row is not None and own_row.values.get(own_field) == condition.grade
            base, given_count = (
                sum(count(row, name) for name in names)
                for names in (condition.base, condition.counts)
            )
            required = _whole_count(condition.per_cent, base, condition.rounding)
            yield ClassificationCondition(condition, branch, has_grade, base, required, given_count)


def _with_shares(year: ClassificationYear, part: ClassificationPart) -> ClassificationPart:
    section = part.section.partition("/")[0]
    heading = year.heading.part(section)
    base = base_of(year.scheme, part.counts)
    return replace(
        part,
        shares=tuple(
            _share(year.line(section, line), part.counts, base)
            for line in (heading.lines if heading else ())
        ),
    )


def base_of(scheme: Scheme, counts: Mapping[str, int]) -> int:
    """Return the base of the scheme's shares: rated, subject (with not yet rated), or all.

    Example (Tân Yên 2015): 543 cells rated, 2 not: rated 543, subject 545.
    """
    if scheme.share_base == "all":
        return counts["total"]
    return counts["rated"] + (counts["not_rated"] if scheme.share_base == "subject" else 0)


def _share(line: Line, counts: Mapping[str, int], base: int) -> ClassificationShare:
    count = sum(counts[grade] for grade in line.grades)
    rated = counts["rated"] if line.grades else 0  # a distinction the year did not count
    share = _per_cent(count, base if line.grades else 0)
    return ClassificationShare(
        line=line.id,
        count=count,
        base=base,
        share=_float(share),
        rated_share=_float(_per_cent(count, rated)),
        reaches_target=_reaches_target(line, share),
    )


def _per_cent(count: int, base: int) -> Fraction | None:
    return Fraction(100 * count, base) if base else None


def _float(share: Fraction | None) -> float | None:
    return None if share is None else float(share)


def _reaches_target(line: Line, share: Fraction | None) -> bool | None:
    """Whether the exact share is what the office aims at, the bounds included.

    1 of 100 reaches `target_max` 1; 10.01 % shown as "10,0" is above 10. None without a target.
    """
    if share is None or not line.has_target:
        return None
    above = line.target_max is not None and share > Fraction(str(line.target_max))
    below = line.target_min is not None and share < Fraction(str(line.target_min))
    return not (above or below)


def mean_shares(series: tuple[ClassificationYear, ...]) -> ClassificationMean | None:
    """Return the mean of the three latest years with returns, or of all if there are fewer.

    The newest year's scheme decides: ``shares`` is the mean of the yearly shares, ``pooled`` the
    summed counts over the summed bases. 1 of 10 and 1 of 30 give 6.67 % or 5 %. A line leaves out
    years whose base is 0 or whose scheme lacks it. None without any year.
    """
    latest = series[-_MEAN_YEARS:]
    if not latest:
        return None
    newest = latest[-1]
    lines = [(part.section, share.line) for part in newest.parts for share in part.shares]
    return ClassificationMean(
        years=tuple(year.year for year in latest),
        shares={key: _mean_share(newest.scheme, _base_series(latest, key)) for key in lines},
        rated_shares={key: _mean_share(newest.scheme, _rated_series(latest, key)) for key in lines},
        line_years={
            key: tuple(year.year for year in latest if _line_shares([year], key)) for key in lines
        },
    )


def _base_series(latest: Iterable[ClassificationYear], key: tuple[str, str]) -> Series:
    return [(share.count, share.base) for _, share in _line_shares(latest, key)]


def _rated_series(latest: Iterable[ClassificationYear], key: tuple[str, str]) -> Series:
    return [(share.count, part.counts["rated"]) for part, share in _line_shares(latest, key)]


def _line_shares(
    latest: Iterable[ClassificationYear], key: tuple[str, str]
) -> list[tuple[ClassificationPart, ClassificationShare]]:
    return [
        (part, share)
        for year in latest
        for part in year.parts
        for share in part.shares
        if (part.section, share.line) == key and share.share is not None
    ]


def _mean_share(scheme: Scheme, series: Series) -> float | None:
    with_base = [(count, base) for count, base in series if base]
    if not with_base:
        return None
    if scheme.mean == "pooled":
        counts, bases = zip(*with_base, strict=True)
        return float(Fraction(100 * sum(counts), sum(bases)))
    return float(sum(Fraction(100 * count, base) for count, base in with_base) / len(with_base))


def heading_of(newest: Scheme, schemes: Sequence[Scheme]) -> Scheme:
    """Return the version whose wording heads a series that ends under `newest`."""
    return next((scheme for scheme in schemes if scheme.version == newest.heading), newest)


def map_grades(heading: Scheme, scheme: Scheme, schemes: Sequence[Scheme]) -> Grades:
    """Return the grades of `scheme` that correspond to each grade of `heading`.

    There may be several (2018's best two grades were both "good" in 2014; their counts are summed)
    or none. Without a crosswalk grades correspond by id.
    """
    grade_map: dict[tuple[str, str], tuple[str, ...]] = {}
    for heading_part in heading.parts:
        scheme_part = scheme.part(heading_part.section)
        grade_order = [grade.id for grade in scheme_part.grades] if scheme_part else []
        pairs = _walk(heading, scheme, schemes, heading_part.section)
        for grade in heading_part.grades:
            year_grades = {
                year_grade for heading_grade, year_grade in pairs if heading_grade == grade.id
            }
            grade_map[heading_part.section, grade.id] = tuple(
                name for name in grade_order if name in year_grades
            )
        counted = {d.id for d in scheme_part.distinctions} if scheme_part else set()
        for distinction in heading_part.distinctions:
            ids = (distinction.id,) if distinction.id in counted else ()
            grade_map[heading_part.section, distinction.id] = ids
    return grade_map


def _walk(heading: Scheme, scheme: Scheme, schemes: Sequence[Scheme], section: str) -> _GradePairs:
    """Return the pairs (grade of the heading, grade of the scheme) by the fewest crosswalks."""
    part = heading.part(section)
    identity = frozenset((grade.id, grade.id) for grade in part.grades) if part else frozenset()
    queue = deque([(heading.version, identity)])
    visited = {heading.version}
    while queue:
        version, pairs = queue.popleft()
        if version == scheme.version:
            return pairs
        for next_version, next_pairs in _steps(version, schemes, section):
            if next_version not in visited:
                visited.add(next_version)
                combined = frozenset((a, d) for a, b in pairs for c, d in next_pairs if b == c)
                queue.append((next_version, combined))
    return identity


def _steps(
    version: str, schemes: Sequence[Scheme], section: str
) -> Iterator[tuple[str, _GradePairs]]:
    """Yield the versions one crosswalk away with the pairs of grades (`version`, other)."""
    for scheme in schemes:
        for crosswalk in scheme.crosswalk:
            pairs = frozenset(crosswalk.grades.items())
            if crosswalk.section != section:
                continue
            if scheme.version == version:
                yield crosswalk.to, pairs
            elif crosswalk.to == version:
                yield (
                    scheme.version,
                    frozenset((to_grade, from_grade) for from_grade, to_grade in pairs),
                )


def allowed_count(cap: Cap, base: int) -> int:
    """Return how many of `base` the cap allows, rounded from the exact share.

    20 % of 14 are 2.8: ``floor`` allows 2, ``half_up`` and ``ceiling`` 3. 20 % of 15 are 3 under
    any rounding.
    """
    return _whole_count(cap.per_cent, base, cap.rounding)


def _whole_count(per_cent: float, base: int, rounding: str) -> int:
    return _ROUNDING[rounding](Fraction(str(per_cent)) * base / 100)


def caps_of(
    part: Part, counts_by_branch: Mapping[str, Counts], register: Register
) -> tuple[ClassificationCap, ...]:
    """Return every cap of `part` in every unit of its scope, in the order of `counts_by_branch`.

    Scope ``office`` sums the counts of all branches reported so far; ``cell`` takes only
    organisations without others below them, because a committee does not report its cells apart.
    """
    return tuple(
        _apply_cap(cap, branch, counts)
        for cap in part.caps
        for branch, counts in _units(cap, counts_by_branch, register)
    )


def _units(
    cap: Cap, counts_by_branch: Mapping[str, Counts], register: Register
) -> Iterable[tuple[str | None, Counts]]:
    if cap.scope == "office":
        names = (cap.grade, *cap.base)
        return (
            [(None, {name: _sum(counts_by_branch.values(), [name]) for name in names})]
            if counts_by_branch
            else []
        )
    if cap.scope == "organisation":
        return counts_by_branch.items()
    parent_codes = {organisation.parent for organisation in register.organisations}
    return [
        (branch, counts)
        for branch, counts in counts_by_branch.items()
        if branch not in parent_codes
    ]


def _apply_cap(cap: Cap, branch: str | None, counts: Counts) -> ClassificationCap:
    base = _sum([counts], cap.base)
    return ClassificationCap(cap, branch, base, allowed_count(cap, base), counts.get(cap.grade, 0))


def _sum(counts: Iterable[Counts], names: Iterable[str]) -> int:
    grades = tuple(names)
    return sum(unit_counts.get(name, 0) for unit_counts in counts for name in grades)
