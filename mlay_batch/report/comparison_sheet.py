"""So với cùng kỳ: the main figures of the period beside those of the same one a year before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from xlsxwriter.utility import xl_rowcol_to_cell

from mlay_batch.figures.records import Totals
from mlay_batch.period import Period
from mlay_batch.report import bands, official
from mlay_batch.report.book import Live, Sheet
from mlay_batch.report.completeness_sheet import FormSums
from mlay_batch.report.context import Context
from mlay_batch.report.data_sheets import Data

_FIGURE, _THIS, _BEFORE, _DIFFERENCE, _CHANGE = range(1, 6)
_COLUMNS, _SPLIT = 6, 2


@dataclass(frozen=True)
class _Line:
    """A figure: its words, the formula of the period, the two values, its number format."""

    title: str
    formula: str
    this: float | None
    before: float | None
    number: str = "#,##0"


def write(ctx: Context, sheet: Sheet, data: Data, returns: Sequence[FormSums]) -> None:
    """Write the sheet; without any return of the year before it says so and compares nothing."""
    sheet.widths((6, 44, 15, 15, 15, 18))
    official.heading(ctx, sheet, _COLUMNS, _SPLIT, ctx.t("comparison/title"))
    sheet.raw.freeze_panes(official.TABLE_ROW + 2, 2)
    now, before = ctx.figures.totals, ctx.figures.before
    if now is None or before is None:
        year_ago = ctx.t("comparison/none", before=_year_ago(ctx).title(ctx.lang))
        sheet.put(official.TABLE_ROW, 0, year_ago, "note", span=_COLUMNS)
        sheet.print_as(landscape=False, last=(official.TABLE_ROW, _COLUMNS - 1))
        return
    row = _heads(ctx, sheet, before)
    for number, line in enumerate(_lines(ctx, data, returns, now, before), 1):
        _write(sheet, row, number, line)
        row += 1
    sheet.put(row, 0, ctx.t("comparison/how"), "note", span=_COLUMNS)
    last = official.signatures(ctx, sheet, row + 2, _COLUMNS, 3)
    sheet.print_as(landscape=False, last=(last, _COLUMNS - 1))


def _year_ago(ctx: Context) -> Period:
    return replace(ctx.figures.period, year=ctx.figures.period.year - 1)


def _heads(ctx: Context, sheet: Sheet, before: Totals) -> int:
    """Write the headings and the numbers of the columns; return the row below."""
    lang = ctx.lang
    titles = (
        ctx.t("column.stt"), ctx.t("comparison/figure"), ctx.figures.period.title(lang),
        before.period.title(lang), ctx.t("comparison/difference"), ctx.t("comparison/change"),
    )  # fmt: skip
    for column, title in enumerate(titles):
        sheet.put(official.TABLE_ROW, column, title, "head")
        sheet.put(official.TABLE_ROW + 1, column, column + 1, "column_number")
    return official.TABLE_ROW + 2


def _lines(
    ctx: Context, data: Data, returns: Sequence[FormSums], now: Totals, before: Totals
) -> Iterator[_Line]:
    """Yield every figure; those of the period as formulas over the data sheets."""

    def line(key: str, formula: str, number: str = "#,##0", **words: str) -> _Line:
        title = ctx.t(f"comparison/{key}", **words)
        return _Line(title, formula, getattr(now, key), getattr(before, key), number)

    held = data.sittings
    days = _within(held.ref("held_on"), now.period)
    if sums := next((one for one in returns if one.entry.form == now.form), None):
        yield line("due", sums.expected.formula)
        yield line("sent", sums.sent.formula)
        yield _Line(ctx.t("comparison/rate"), sums.rate.formula, now.rate, before.rate, "0.0")
    yield line("held", f"=COUNTIFS({days})")
    yield line("regular", f"=SUMIFS({held.ref('regular')},{days})")
    yield line("thematic", f"=SUMIFS({held.ref('thematic')},{days})")
    yield line("scored", f'=COUNTIFS({days},{held.ref("score")},">=0")')
    mean = f'=IFERROR(AVERAGEIFS({held.ref("score")},{days}),"")'
    yield line("mean", mean, "0.00")
    ranks = bands.ranks(ctx)
    for band in bands.ranked(ctx):
        title = ctx.t("comparison/band", band=band.title.of(ctx.lang))
        formula = f"=COUNTIFS({days},{held.ref('rank')},{ranks[band.id]})"
        yield _Line(title, formula, now.bands.get(band.id, 0), before.bands.get(band.id, 0))
    seen = data.attendance
    counted = f"=SUMIFS({seen.ref('counted')},{_within(seen.ref('held_on'), now.period)})"
    yield line("visits", counted)


def _within(days: str, period: Period) -> str:
    """Return the conditions that a day lies within the period."""
    first, last = (f"DATE({day.year},{day.month},{day.day})" for day in (period.start, period.end))
    return f'{days},">="&{first},{days},"<="&{last}'


def _write(sheet: Sheet, row: int, number: int, line: _Line) -> None:
    this, before, difference = (xl_rowcol_to_cell(row, c) for c in (_THIS, _BEFORE, _DIFFERENCE))
    both = line.this is not None and line.before is not None
    more = (line.this or 0) - (line.before or 0) if both else ""
    change = 100 * float(more) / line.before if both and line.before else ""
    sheet.put(row, 0, number, "center")
    sheet.put(row, _FIGURE, line.title, "text")
    sheet.put(row, _THIS, Live(line.formula, "" if line.this is None else line.this), "count",
              number=line.number)  # fmt: skip
    sheet.put(row, _BEFORE, line.before, "count", number=line.number)
    signed = f"+{line.number};−{line.number};0"
    gap = f'=IF(OR({this}="",{before}=""),"",{this}-{before})'
    sheet.put(row, _DIFFERENCE, Live(gap, more), "count", number=signed)
    share = f'=IF(OR({difference}="",{before}=0),"",100*{difference}/{before})'
    sheet.put(row, _CHANGE, Live(share, change), "count", number="+0.0;−0.0;0")
