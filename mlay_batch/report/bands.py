"""The bands of the meeting score, as headings and formulas write them."""

from __future__ import annotations

from dataclasses import dataclass

from mlay_batch.report.context import Context
from mlay_batch.schema.schemes import Band


@dataclass(frozen=True)
class Range:
    """A band as formulas write it: from `low` to below `high` (None: no upper end)."""

    band: Band
    low: str
    high: str | None

    def holds(self, cell: str) -> str:
        """Return the condition that a cell is in the band."""
        upper = f",{cell}<{self.high}" if self.high else ""
        return f"AND({cell}>={self.low}{upper})"

    def criteria(self, column: str) -> str:
        """Return the same as COUNTIFS takes it."""
        upper = f',{column},"<{self.high}"' if self.high else ""
        return f'{column},">={self.low}"{upper}'


def ranges(ctx: Context) -> tuple[Range, ...]:
    """Return the bands of the period's scheme, the best first."""
    scheme = ctx.figures.score_scheme
    bands = sorted(scheme.bands if scheme else (), key=lambda band: -band.min)
    highs = [None, *(f"{band.min:g}" for band in bands)]
    return tuple(
        Range(band, f"{band.min:g}", high) for band, high in zip(bands, highs, strict=False)
    )


def limits(ctx: Context) -> str:
    """Return what each band means: ``Tốt ≥ 90; Khá 70 – < 90``."""
    show = ctx.book.show
    titles = []
    for entry in ranges(ctx):
        upper = f" – < {show(float(entry.high))}" if entry.high else ""
        sign = "" if entry.high else "≥ "
        titles.append(f"{entry.band.title.of(ctx.lang)} {sign}{show(entry.band.min)}{upper}")
    return "; ".join(titles)
