"""The main figures of the period beside those of the one before and of the same a year before.

A block of the first sheet, written where a return of either is held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter

from mlay_batch.core.period import Period
from mlay_batch.figures.period_totals import Totals
from mlay_batch.report import bands
from mlay_batch.report.data.data_sheets import DataTables
from mlay_batch.report.formulas import cell
from mlay_batch.report.listing import Column, Heads, Listing
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.sheets.completeness_sheet import FormSums
from mlay_batch.report.writer import SheetWriter

_WIDTH = 11.5  # digits: a column of the first sheet
_COLUMNS = 8  # of the first sheet; the label has what the figures leave


@dataclass(frozen=True)
class _ComparisonLine:
    """A figure in all periods.

    Attributes:
        title: its words.
        formula: the formula of the report's period.
        current: its value in the report's period.
        earlier: those in the earlier periods, in their order; None without one.
        number_format: how all of them are shown.
    """

    title: str
    formula: str
    current: float | None
    earlier: tuple[float | None, ...]
    number_format: str = "#,##0"

    def difference(self, number: int) -> float | str:
        """Return what it changed by; nothing where one of the two is missing."""
        previous = self.earlier[number]
        return "" if self.current is None or previous is None else self.current - previous


def earlier_totals(ctx: ReportContext) -> tuple[Totals, ...]:
    """Return those of the period before and of the same one a year before, as far as held.

    Without a return of the period itself there is nothing to compare.
    """
    figures = ctx.figures
    if figures.totals is None or not figures.totals.sent:
        return ()
    return tuple(totals for totals in (figures.before, figures.year_before) if totals)


def write(
    ctx: ReportContext,
    sheet: SheetWriter,
    data: DataTables,
    form_sums: Sequence[FormSums],
    row: int,
) -> int:
    """Write the block from its headings in `row` on; return the row after it."""
    current, earlier = ctx.figures.totals, earlier_totals(ctx)
    if current is None or not earlier:
        return row
    heads = Heads(titles=1, is_numbered=False)
    columns = _columns(ctx, [totals.period for totals in earlier])
    listing = Listing(ctx, sheet, columns, 1, row, heads=heads)
    listing.write_heads()
    listing.write_rows(_comparison_lines(ctx, data, form_sums, current, earlier))
    listing.write_note(ctx.t("comparison/how"))
    if any(totals.listed for totals in (current, *earlier)):
        listing.write_note(ctx.t("comparison/listed_how"))
    return listing.next_row


def _columns(ctx: ReportContext, earlier: Sequence[Period]) -> Iterator[Column[_ComparisonLine]]:
    number_format, current = attrgetter("number_format"), cell("current")
    label_width = _WIDTH * (_COLUMNS - 1 - 2 * len(earlier))
    yield Column("figure", ctx.t("comparison/figure"), label_width, attrgetter("title"))
    yield Column(
        "current",
        ctx.figures.period.title(ctx.lang),
        _WIDTH,
        lambda line: "" if line.current is None else line.current,
        attrgetter("formula"),
        "count",
        number_format,
    )
    for number, period in enumerate(earlier):
        column_id = f"earlier{number}"
        previous, title = cell(column_id), period.title(ctx.lang)
        yield Column(column_id, title, _WIDTH, _earlier_value(number), "", "count", number_format)
        yield Column(
            f"difference{number}",
            ctx.t("comparison/difference"),
            _WIDTH,
            _difference(number),
            f'IF(OR({current}="",{previous}=""),"",{current}-{previous})',
            "count",
            lambda line: f"+{line.number_format};−{line.number_format};0",
        )


def _earlier_value(number: int) -> Callable[[_ComparisonLine], float | None]:
    return lambda line: line.earlier[number]


def _difference(number: int) -> Callable[[_ComparisonLine], float | str]:
    return lambda line: line.difference(number)


def _comparison_lines(
    ctx: ReportContext,
    data: DataTables,
    form_sums: Sequence[FormSums],
    current: Totals,
    earlier: Sequence[Totals],
) -> Iterator[_ComparisonLine]:
    """Yield every figure; those of the period as formulas over the data sheets."""

    def figure_line(
        key: str, formula: str, number_format: str = "#,##0", **params: str
    ) -> _ComparisonLine:
        title = ctx.t(f"comparison/{key}", **params)
        values = tuple(getattr(totals, key) for totals in earlier)
        return _ComparisonLine(title, formula, getattr(current, key), values, number_format)

    meetings, days = data.sittings, _days(current.period)
    for sums in (sums for sums in form_sums if sums.matrix.form == current.form):
        yield figure_line("due", sums.expected.formula[1:])
        yield figure_line("sent", sums.sent.formula[1:])
        yield figure_line("rate", sums.rate.formula[1:], "0.0")
    yield figure_line("held", meetings.sumifs("held", held_on=days))
    if any(totals.listed for totals in (current, *earlier)):
        yield figure_line("listed", meetings.sumifs("listed", held_on=days))
    yield figure_line("regular", meetings.sumifs("regular", held_on=days))
    yield figure_line("thematic", meetings.sumifs("thematic", held_on=days))
    yield figure_line("scored", meetings.countifs(held_on=days, score='">=0"'))
    mean = f'IFERROR({meetings.averageifs("score", held_on=days)},"")'
    yield figure_line("mean", mean, "0.00")
    ranks = bands.ranks(ctx)
    for band in bands.best_first(ctx):
        title = ctx.t("comparison/band", band=band.title.of(ctx.lang))
        formula = meetings.countifs(held_on=days, rank=str(ranks[band.id]))
        count, *counts = (totals.bands.get(band.id, 0) for totals in (current, *earlier))
        yield _ComparisonLine(title, formula, count, tuple(counts))
    names = [quota.quota for quota in ctx.inputs.catalogue.quotas_for(current.period)]
    visits = "+".join(data.attendance.sumifs(f"least:{name}", held_on=days) for name in names)
    yield figure_line("visits", f"ROUND({visits or '0'},6)")


def _days(period: Period) -> tuple[str, str]:
    """Return the conditions on a day to lie within the period."""
    first, last = (f"DATE({day.year},{day.month},{day.day})" for day in (period.start, period.end))
    return f'">="&{first}', f'"<="&{last}'
