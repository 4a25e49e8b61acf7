"""The bands of the meeting score: their numbers in the table of sittings, and what they mean."""

from __future__ import annotations

from collections.abc import Mapping

from mlay_batch.report.report_context import ReportContext
from mlay_batch.schema.ids import MEETING_SCORE
from mlay_batch.schema.schemes import Band


def band_column(band: str) -> str:
    """Return the id of a column about a band; no other column can have it."""
    return f"band_{band}"


def best_first(ctx: ReportContext) -> tuple[Band, ...]:
    """Return the bands of the period's scheme, the best first."""
    scheme = ctx.figures.score_scheme
    return scheme.bands_best_first() if scheme else ()


def ranks(ctx: ReportContext) -> Mapping[str, int]:
    """Return the number of each band, from 1 for the best of the period's scheme.

    Bands that only an earlier scheme of the year knows are numbered after those.
    """
    schemes = (
        scheme_version
        for scheme_version in ctx.inputs.catalogue.schemes
        if scheme_version.scheme == MEETING_SCORE
    )
    band_ids = [band.id for band in best_first(ctx)]
    band_ids += [band.id for scheme in schemes for band in scheme.bands_best_first()]
    return {band_id: number for number, band_id in enumerate(dict.fromkeys(band_ids), 1)}


def limits_text(ctx: ReportContext) -> str:
    """Return what each band means: ``Tốt ≥ 90; Khá 70 – < 90``."""
    show, next_min = ctx.writer.show, None
    texts = []
    for band in best_first(ctx):
        prefix, suffix = ("≥ ", "") if next_min is None else ("", f" – < {show(next_min)}")
        texts.append(f"{band.title.of(ctx.lang)} {prefix}{show(band.min)}{suffix}")
        next_min = band.min
    return "; ".join(texts)
