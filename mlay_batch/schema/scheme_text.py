"""Writes a scheme's further requirements as sentences, for sheets and reference pages."""

from __future__ import annotations

from collections.abc import Iterator

from mlay_batch.core.messages import show, text
from mlay_batch.schema.schemes import UNCONFIRMED, Line, Scheme, YearGrade


def meeting_requirements(scheme: Scheme, lang: str) -> Iterator[str]:
    """Yield the bands that demand full marks, and how thematic points count."""
    groups = {group.id: group.title.of(lang) for group in scheme.groups}
    bands = {band.id: band.title.of(lang) for band in scheme.bands}
    for demand in scheme.demands:
        titles = ", ".join(groups[name] for name in demand.full)
        yield text(
            "ratings", "demand", lang, band=bands[demand.band], groups=titles, basis=demand.basis
        )
    for section in scheme.score_sections():
        thematic_groups = [group for group in scheme.groups_of(section) if group.thematic]
        if not thematic_groups:
            continue
        full = sum(group.max for group in scheme.groups_of(section))
        possible = full - sum(group.max for group in thematic_groups)
        key = "thematic_rebased" if scheme.rebase else "thematic"
        yield text(
            "ratings",
            key,
            lang,
            groups=", ".join(groups[group.id] for group in thematic_groups),
            full=show(full, lang),
            possible=show(possible, lang),
        )


def year_requirements(scheme: Scheme, lang: str) -> Iterator[str]:
    """Yield the conditions of a cell's yearly grades, each with its source."""
    if not scheme.year_grades:
        return
    yield text("ratings", "year_how", lang)
    bands = band_texts(scheme, lang)
    for grade in scheme.year_grades:
        conditions = "; ".join(_conditions(grade, bands, lang)) or text(
            "ratings", "year.otherwise", lang
        )
        basis = grade.basis or UNCONFIRMED
        key = "year.basis" if grade.is_adopted else "year.unadopted"
        source = text("ratings", key, lang, basis=basis)
        title = grade.title.of(lang)
        yield text("ratings", "year.grade", lang, grade=title, conditions=conditions, source=source)
    yield text("ratings", "year.no_basis", lang)
    yield text("ratings", "year.months", lang)
    if age := scheme.least_age:
        yield text("ratings", "year.young", lang, months=age.months, basis=age.basis)


def band_texts(scheme: Scheme, lang: str) -> dict[str, str]:
    """Return what a meeting of each band or better is called."""
    return {
        band.id: text(
            "ratings", "year.or_better" if position else "year.best", lang, band=band.title.of(lang)
        )
        for position, band in enumerate(scheme.bands_best_first())
    }


def _conditions(grade: YearGrade, bands: dict[str, str], lang: str) -> Iterator[str]:
    if grade.every:
        yield text("ratings", "year.every", lang, band=bands[grade.every])
    if grade.least:
        yield text("ratings", "year.least", lang, band=bands[grade.least], times=grade.times)


def target_text(line: Line, lang: str) -> str:
    """Return what an office aims at with a line, empty without a target: "từ 90%"."""
    bounds = (("min", line.target_min), ("max" if line.target_max else "no", line.target_max))
    return "; ".join(
        text("ratings", f"target.{name}", lang, value=value)
        for name, value in bounds
        if value is not None
    )


def series_notes(scheme: Scheme, lang: str) -> Iterator[str]:
    """Yield under which wording several years are shown, and how grades are read across."""
    if scheme.heading:
        yield text("ratings", "scheme.heading", lang, version=scheme.heading)
    for crosswalk in scheme.crosswalk:
        part = scheme.part(crosswalk.section)
        shorts = {g.id: g.short.of(lang) for g in part.grades} if part else {}
        pairs = "; ".join(
            f"{shorts.get(old_grade, old_grade)} → `{new_grade}`"
            for old_grade, new_grade in crosswalk.grades.items()
        )
        title = part.title.of(lang) if part else crosswalk.section
        yield text("ratings", "scheme.crosswalk", lang, part=title, to=crosswalk.to, pairs=pairs)
