"""Which figures differ between two computations: what a changed description would bring about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mlay_batch.figures.records import Figures

Told = str | float | None
_DIGITS = 4  # of a figure: less is noise

STATES = frozenset({"state", "band", "grade", "within", "kept", "seen", "verdict", "finding"})
"""Figures that people act on; the others are the numbers behind them."""


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """A figure of `subject` (code of an officer or branch, empty for the town) that would differ.

    `area`: quota, sitting, rating, classification, return, sign; `about` says which of several: a
    quota, a day, a month, a year and line. None: there is no such figure on that side.
    """

    area: str
    subject: str
    about: str
    name: str
    before: Told
    after: Told

    @property
    def weighty(self) -> bool:
        """Whether it is a state or grade, not only a number."""
        return self.name in STATES


Figure = tuple[str, str, str, str]  # area, subject, about, name


def differences(before: Figures, after: Figures) -> tuple[Change, ...]:
    """Return every figure that differs, states before numbers; the same figures give nothing."""
    old, new = dict(_figures(before)), dict(_figures(after))
    found = [
        Change(*key, old.get(key), new.get(key))
        for key in {**old, **new}
        if old.get(key) != new.get(key)
    ]
    return tuple(sorted(found, key=lambda change: (
        not change.weighty, change.area, change.subject, change.about, change.name,
    )))  # fmt: skip


def _figures(figures: Figures) -> Iterator[tuple[Figure, Told]]:
    yield from _quota(figures)
    yield from _ratings(figures)
    yield from _classification(figures)
    for entry in figures.completeness:
        for cell in entry.cells.values():
            yield ("return", cell.branch, f"{cell.form} {cell.period}", "state"), cell.state
    for one in figures.signs:
        yield ("sign", one.branch, f"{one.sign.code} {one.period}", "seen"), one.sign.severity.value


def _quota(figures: Figures) -> Iterator[tuple[Figure, Told]]:
    for line in figures.quota:
        per_cell = line.quota.per == "officer_cell" and len(line.branches) == 1
        about = f"{line.quota.quota} {line.branches[0].code}" if per_cell else line.quota.quota
        told: Mapping[str, Told] = {
            "state": line.state, "obligation": line.obligation, "owed": line.owed,
            "missing": line.missing,
        }  # fmt: skip
        yield from _each("quota", line.officer, about, told)


def _ratings(figures: Figures) -> Iterator[tuple[Figure, Told]]:
    for sitting in figures.sittings:
        told: Mapping[str, Told] = {"band": sitting.band, "score": sitting.score}
        yield from _each("sitting", sitting.branch, sitting.held_on.isoformat(), told)
    for rating in figures.year_ratings:
        about = str(figures.period.year)
        told = {"mean": rating.mean, "grade": rating.grade}
        yield from _each("rating", rating.branch.code, about, told)


def _classification(figures: Figures) -> Iterator[tuple[Figure, Told]]:
    for year in figures.years:
        for part in year.parts:
            for share in part.shares:
                about = f"{year.year} {part.section} {share.line}"
                within = None if share.within is None else str(share.within).lower()
                told: Mapping[str, Told] = {"share": share.share, "within": within}
                yield from _each("classification", "", about, told)
            for cap in part.caps:
                about = f"{year.year} {part.section} {cap.cap.grade}"
                told = {"allowed": cap.allowed, "kept": str(cap.kept).lower()}
                yield from _each("classification", cap.branch or "", about, told)


def _each(area: str, subject: str, about: str, told: Mapping[str, Told]) -> Iterator[
    tuple[Figure, Told]
]:  # fmt: skip
    for name, value in told.items():
        shown = round(value, _DIGITS) if isinstance(value, float) else value
        yield (area, subject, about, name), shown
