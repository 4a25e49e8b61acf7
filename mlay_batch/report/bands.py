"""The bands of the meeting score: their numbers in the table of sittings, and what they mean."""

from __future__ import annotations

from collections.abc import Mapping

from mlay_batch.report.context import Context
from mlay_batch.schema.ids import MEETING_SCORE
from mlay_batch.schema.schemes import Band


def ranked(ctx: Context) -> tuple[Band, ...]:
    """Return the bands of the period's scheme, the best first."""
    scheme = ctx.figures.score_scheme
    return scheme.ranked() if scheme else ()


def ranks(ctx: Context) -> Mapping[str, int]:
    """Return the number of each band, from 1 for the best of the period's scheme.

    Bands that only an earlier scheme of the year knows are numbered after those.
    """
    schemes = (s for s in ctx.facts.catalogue.schemes if s.scheme == MEETING_SCORE)
    names = [band.id for band in ranked(ctx)]
    names += [band.id for scheme in schemes for band in scheme.ranked()]
    return {name: number for number, name in enumerate(dict.fromkeys(names), 1)}


def limits(ctx: Context) -> str:
    """Return what each band means: ``Tốt ≥ 90; Khá 70 – < 90``."""
    show, above = ctx.book.show, None
    titles = []
    for band in ranked(ctx):
        sign, upper = ("≥ ", "") if above is None else ("", f" – < {show(above)}")
        titles.append(f"{band.title.of(ctx.lang)} {sign}{show(band.min)}{upper}")
        above = band.min
    return "; ".join(titles)
