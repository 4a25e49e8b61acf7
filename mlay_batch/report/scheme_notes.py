"""What a scheme of meeting scores asks beside the points, in words below the sheets that use it."""

from __future__ import annotations

from collections.abc import Iterator

from mlay_batch.report.context import Context
from mlay_batch.schema.schemes import YearGrade


def of_meetings(ctx: Context) -> Iterator[str]:
    """Yield the bands that demand full marks, and what becomes of thematic points."""
    scheme = ctx.figures.score_scheme
    if scheme is None:
        return
    groups = {group.id: group.title.of(ctx.lang) for group in scheme.groups}
    bands = {band.id: band.title.of(ctx.lang) for band in scheme.bands}
    for demand in scheme.demands:
        wanted = ", ".join(groups[name] for name in demand.full)
        yield ctx.t("ratings/demand", band=bands[demand.band], groups=wanted, basis=demand.basis)
    apart = [group for group in scheme.groups if group.thematic]
    if apart:
        full = sum(group.max for group in scheme.groups)
        possible = full - sum(group.max for group in apart)
        key = "ratings/thematic_rebased" if scheme.rebase else "ratings/thematic"
        yield ctx.t(key, groups=", ".join(groups[g.id] for g in apart),
                    full=ctx.book.show(full), possible=ctx.book.show(possible))  # fmt: skip


def of_years(ctx: Context) -> Iterator[str]:
    """Yield what the grades of a cell's year ask, each with its source."""
    scheme = ctx.figures.score_scheme
    if scheme is None or not scheme.year_grades:
        return
    yield ctx.t("ratings/year_how")
    bands = {band.id: band.title.of(ctx.lang) for band in scheme.bands}
    for grade in scheme.year_grades:
        conditions = "; ".join(_conditions(ctx, grade, bands)) or ctx.t("ratings/year.otherwise")
        title = grade.title.of(ctx.lang)
        source = ctx.t("ratings/year.basis", basis=grade.basis) if grade.basis else ""
        yield ctx.t("ratings/year.grade", grade=title, conditions=conditions, source=source)


def _conditions(ctx: Context, grade: YearGrade, bands: dict[str, str]) -> Iterator[str]:
    if grade.every:
        yield ctx.t("ratings/year.every", band=bands[grade.every])
    if grade.least:
        yield ctx.t("ratings/year.least", band=bands[grade.least], times=grade.times)
