"""So với cùng kỳ: the main figures of the period beside those of the same one a year before.

A block of the first sheet, written where a return of the year before is held.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

from mlay_batch.core.period import Period
from mlay_batch.figures.report_records import Totals
from mlay_batch.report import bands
from mlay_batch.report.data.data_sheets import DataTables
from mlay_batch.report.formulas import cell
from mlay_batch.report.listing import Column, Heads, Listing
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.sheets.completeness_sheet import FormSums
from mlay_batch.report.writer import SheetWriter

_LABEL_WIDTH, _FIGURE_WIDTH = 46, 11  # digits: four columns of the first sheet, and one


@dataclass(frozen=True)
class _ComparisonLine:
    """A figure in both periods.

    Attributes:
        title: its words.
        formula: the formula of the report's period.
        current: its value in the report's period.
        previous: that a year before; None without one.
        number_format: how all of them are shown.
    """

    title: str
    formula: str
    current: float | None
    previous: float | None
    number_format: str = "#,##0"

    @property
    def difference(self) -> float | str:
        """What it changed by; nothing where one of the two is missing."""
        if self.current is None or self.previous is None:
            return ""
        return self.current - self.previous

    @property
    def change(self) -> float | str:
        """The same in per cent of the year before."""
        if not self.previous or isinstance(self.difference, str):
            return ""
        return 100 * self.difference / self.previous


def write(
    ctx: ReportContext,
    sheet: SheetWriter,
    data: DataTables,
    form_sums: Sequence[FormSums],
    row: int,
) -> int:
    """Write the block from its headings in `row` on; return the row after it."""
    current, previous = ctx.figures.totals, ctx.figures.year_before
    if current is None or previous is None:
        return row
    year_ago = replace(ctx.figures.period, year=ctx.figures.period.year - 1)
    heads = Heads(titles=1, is_numbered=False)
    listing = Listing(ctx, sheet, _columns(ctx, year_ago), 1, row, heads=heads)
    listing.write_heads()
    listing.write_rows(_comparison_lines(ctx, data, form_sums, current, previous))
    listing.write_note(ctx.t("comparison/how"))
    return listing.next_row


def _columns(ctx: ReportContext, year_ago: Period) -> Iterator[Column[_ComparisonLine]]:
    current, previous, difference = cell("current"), cell("previous"), cell("difference")
    number_format = attrgetter("number_format")
    yield Column("figure", ctx.t("comparison/figure"), _LABEL_WIDTH, attrgetter("title"))
    yield Column(
        "current",
        ctx.figures.period.title(ctx.lang),
        _FIGURE_WIDTH,
        lambda line: "" if line.current is None else line.current,
        attrgetter("formula"),
        "count",
        number_format,
    )
    title, value = year_ago.title(ctx.lang), attrgetter("previous")
    yield Column("previous", title, _FIGURE_WIDTH, value, "", "count", number_format)
    yield Column(
        "difference",
        ctx.t("comparison/difference"),
        _FIGURE_WIDTH,
        attrgetter("difference"),
        f'IF(OR({current}="",{previous}=""),"",{current}-{previous})',
        "count",
        lambda line: f"+{line.number_format};−{line.number_format};0",
    )
    yield Column(
        "change",
        ctx.t("comparison/change"),
        _FIGURE_WIDTH,
        attrgetter("change"),
        f'IF(OR({difference}="",{previous}=0),"",100*{difference}/{previous})',
        "count",
        "+0.0;−0.0;0",
    )


def _comparison_lines(
    ctx: ReportContext,
    data: DataTables,
    form_sums: Sequence[FormSums],
    current: Totals,
    previous: Totals,
) -> Iterator[_ComparisonLine]:
    """Yield every figure; those of the period as formulas over the data sheets."""

    def figure_line(
        key: str, formula: str, number_format: str = "#,##0", **params: str
    ) -> _ComparisonLine:
        title = ctx.t(f"comparison/{key}", **params)
        return _ComparisonLine(
            title, formula, getattr(current, key), getattr(previous, key), number_format
        )

    meetings, days = data.sittings, _days(current.period)
    for sums in (sums for sums in form_sums if sums.matrix.form == current.form):
        yield figure_line("due", sums.expected.formula[1:])
        yield figure_line("sent", sums.sent.formula[1:])
        rates = current.rate, previous.rate
        yield _ComparisonLine(ctx.t("comparison/rate"), sums.rate.formula[1:], *rates, "0.0")
    yield figure_line("held", meetings.sumifs("held", held_on=days))
    yield figure_line("regular", meetings.sumifs("regular", held_on=days))
    yield figure_line("thematic", meetings.sumifs("thematic", held_on=days))
    yield figure_line("scored", meetings.countifs(held_on=days, score='">=0"'))
    mean = f'IFERROR({meetings.averageifs("score", held_on=days)},"")'
    yield figure_line("mean", mean, "0.00")
    ranks = bands.ranks(ctx)
    for band in bands.best_first(ctx):
        title = ctx.t("comparison/band", band=band.title.of(ctx.lang))
        formula = meetings.countifs(held_on=days, rank=str(ranks[band.id]))
        counts = current.bands.get(band.id, 0), previous.bands.get(band.id, 0)
        yield _ComparisonLine(title, formula, *counts)
    names = [quota.quota for quota in ctx.inputs.catalogue.quotas_for(current.period)]
    visits = "+".join(data.attendance.sumifs(f"least:{name}", held_on=days) for name in names)
    yield figure_line("visits", f"ROUND({visits or '0'},6)")


def _days(period: Period) -> tuple[str, str]:
    """Return the conditions on a day to lie within the period."""
    first, last = (f"DATE({day.year},{day.month},{day.day})" for day in (period.start, period.end))
    return f'">="&{first}', f'"<="&{last}'
