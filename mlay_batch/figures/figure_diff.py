"""Compares the figures of two computations, to show the effect of a changed description."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mlay_batch.figures.report_records import Figures

FigureValue = str | float | None
_DIGITS = 4  # decimals compared

STATES = frozenset({"state", "band", "grade", "within", "kept", "seen", "verdict", "finding"})
"""Names of figures that are states or grades, not numbers."""


@dataclass(frozen=True, slots=True, order=True)
class FigureChange:
    """A figure that differs."""

    area: str
    """quota, sitting, rating, classification, return or sign"""
    subject: str
    """Code of an officer or branch, empty for the whole office."""
    about: str
    """Which of several: a quota, a day, a month, a year and line."""
    name: str
    before: FigureValue
    """None if there is no such figure on that side, as in `after`."""
    after: FigureValue

    @property
    def is_state(self) -> bool:
        """Whether it is a state or grade, not only a number."""
        return self.name in STATES


FigureKey = tuple[str, str, str, str]  # area, subject, about, name


def differences(before: Figures, after: Figures) -> tuple[FigureChange, ...]:
    """Return every figure that differs, states before numbers."""
    old, new = dict(_figure_values(before)), dict(_figure_values(after))
    changes = [
        FigureChange(*key, old.get(key), new.get(key))
        for key in {**old, **new}
        if old.get(key) != new.get(key)
    ]
    return tuple(
        sorted(
            changes,
            key=lambda change: (
                not change.is_state,
                change.area,
                change.subject,
                change.about,
                change.name,
            ),
        )
    )


def _figure_values(figures: Figures) -> Iterator[tuple[FigureKey, FigureValue]]:
    yield from _quota(figures)
    yield from _ratings(figures)
    yield from _classification(figures)
    for matrix in figures.completeness:
        for cell in matrix.cells.values():
            yield ("return", cell.branch, f"{cell.form} {cell.period}", "state"), cell.state
    for hit in figures.indicator_hits:
        yield (
            ("sign", hit.branch, f"{hit.indicator.code} {hit.period}", "seen"),
            hit.indicator.severity.value,
        )


def _quota(figures: Figures) -> Iterator[tuple[FigureKey, FigureValue]]:
    for line in figures.quota:
        per_cell = line.quota.per == "officer_cell" and len(line.branches) == 1
        about = f"{line.quota.quota} {line.branches[0].code}" if per_cell else line.quota.quota
        values: Mapping[str, FigureValue] = {
            "state": line.state,
            "obligation": line.obligation,
            "owed": line.owed,
            "missing": line.missing,
        }
        yield from _named_values("quota", line.officer, about, values)


def _ratings(figures: Figures) -> Iterator[tuple[FigureKey, FigureValue]]:
    for sitting in figures.sittings:
        values: Mapping[str, FigureValue] = {"band": sitting.band, "score": sitting.score}
        yield from _named_values("sitting", sitting.branch, sitting.held_on.isoformat(), values)
    for rating in figures.year_ratings:
        about = str(figures.period.year)
        values = {"mean": rating.mean, "grade": rating.grade}
        yield from _named_values("rating", rating.branch.code, about, values)


def _classification(figures: Figures) -> Iterator[tuple[FigureKey, FigureValue]]:
    for year in figures.years:
        for part in year.parts:
            for share in part.shares:
                about = f"{year.year} {part.section} {share.line}"
                reached = share.reaches_target
                target = None if reached is None else str(reached).lower()
                values: Mapping[str, FigureValue] = {"share": share.share, "target": target}
                yield from _named_values("classification", "", about, values)
            for cap in part.caps:
                about = f"{year.year} {part.section} {cap.cap.grade}"
                values = {"allowed": cap.allowed_count, "kept": str(cap.is_kept).lower()}
                yield from _named_values("classification", cap.branch or "", about, values)
        for condition in year.conditions:
            about = f"{year.year} {condition.condition.section} {condition.condition.id}"
            met = None if condition.is_met is None else str(condition.is_met).lower()
            values = {"required": condition.required_count, "met": met}
            yield from _named_values("classification", condition.branch, about, values)


def _named_values(
    area: str, subject: str, about: str, values: Mapping[str, FigureValue]
) -> Iterator[tuple[FigureKey, FigureValue]]:
    for name, value in values.items():
        rounded = round(value, _DIGITS) if isinstance(value, float) else value
        yield (area, subject, about, name), rounded
