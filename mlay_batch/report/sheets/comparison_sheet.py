"""So với cùng kỳ: the main figures of the period beside those of the same one a year before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from xlsxwriter.utility import xl_rowcol_to_cell

from mlay_batch.core.period import Period
from mlay_batch.figures.report_records import Totals
from mlay_batch.report import bands, letterhead
from mlay_batch.report.data.data_sheets import DataTables
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.sheets.completeness_sheet import FormSums
from mlay_batch.report.writer import Formula, SheetWriter

_FIGURE, _CURRENT, _PREVIOUS, _DIFFERENCE, _CHANGE = range(1, 6)
_COLUMNS, _SPLIT = 6, 2


@dataclass(frozen=True)
class _ComparisonLine:
    """A figure: its words, the formula of the period, the two values, its number format."""

    title: str
    formula: str
    current: float | None
    previous: float | None
    number_format: str = "#,##0"


def write(
    ctx: ReportContext, sheet: SheetWriter, data: DataTables, form_sums: Sequence[FormSums]
) -> None:
    """Write the sheet; without any return of the year before it says so and compares nothing."""
    sheet.set_widths((6, 44, 15, 15, 15, 18))
    letterhead.write_heading(ctx, sheet, _COLUMNS, _SPLIT, ctx.t("comparison/title"))
    sheet.raw.freeze_panes(letterhead.TABLE_ROW + 2, 2)
    current, previous = ctx.figures.totals, ctx.figures.year_before
    if current is None or previous is None:
        text = ctx.t("comparison/none", before=_previous_period(ctx).title(ctx.lang))
        sheet.write(letterhead.TABLE_ROW, 0, text, "note", span=_COLUMNS)
        sheet.set_up_page(landscape=False, last=(letterhead.TABLE_ROW, _COLUMNS - 1))
        return
    row = _write_heads(ctx, sheet, previous)
    for number, line in enumerate(_comparison_lines(ctx, data, form_sums, current, previous), 1):
        _write_line(sheet, row, number, line)
        row += 1
    sheet.write(row, 0, ctx.t("comparison/how"), "note", span=_COLUMNS)
    last = letterhead.write_signatures(ctx, sheet, row + 2, _COLUMNS, 3)
    sheet.set_up_page(landscape=False, last=(last, _COLUMNS - 1))


def _previous_period(ctx: ReportContext) -> Period:
    return replace(ctx.figures.period, year=ctx.figures.period.year - 1)


def _write_heads(ctx: ReportContext, sheet: SheetWriter, previous: Totals) -> int:
    """Write the headings and the numbers of the columns; return the row below."""
    lang = ctx.lang
    titles = (
        ctx.t("column.stt"),
        ctx.t("comparison/figure"),
        ctx.figures.period.title(lang),
        previous.period.title(lang),
        ctx.t("comparison/difference"),
        ctx.t("comparison/change"),
    )
    for column, title in enumerate(titles):
        sheet.write(letterhead.TABLE_ROW, column, title, "head")
        sheet.write(letterhead.TABLE_ROW + 1, column, column + 1, "column_number")
    return letterhead.TABLE_ROW + 2


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

    sittings = data.sittings
    day_tests = _day_tests(sittings.ref("held_on"), current.period)
    for sums in (sums for sums in form_sums if sums.matrix.form == current.form):
        yield figure_line("due", sums.expected.formula)
        yield figure_line("sent", sums.sent.formula)
        rates = current.rate, previous.rate
        yield _ComparisonLine(ctx.t("comparison/rate"), sums.rate.formula, *rates, "0.0")
    yield figure_line("held", f"=COUNTIFS({day_tests})")
    yield figure_line("regular", f"=SUMIFS({sittings.ref('regular')},{day_tests})")
    yield figure_line("thematic", f"=SUMIFS({sittings.ref('thematic')},{day_tests})")
    yield figure_line("scored", f'=COUNTIFS({day_tests},{sittings.ref("score")},">=0")')
    mean = f'=IFERROR(AVERAGEIFS({sittings.ref("score")},{day_tests}),"")'
    yield figure_line("mean", mean, "0.00")
    ranks = bands.ranks(ctx)
    for band in bands.best_first(ctx):
        title = ctx.t("comparison/band", band=band.title.of(ctx.lang))
        formula = f"=COUNTIFS({day_tests},{sittings.ref('rank')},{ranks[band.id]})"
        yield _ComparisonLine(
            title, formula, current.bands.get(band.id, 0), previous.bands.get(band.id, 0)
        )
    visits = data.attendance
    total = f"=SUMIFS({visits.ref('counted')},{_day_tests(visits.ref('held_on'), current.period)})"
    yield figure_line("visits", total)


def _day_tests(days: str, period: Period) -> str:
    """Return the conditions that a day lies within the period."""
    first, last = (f"DATE({day.year},{day.month},{day.day})" for day in (period.start, period.end))
    return f'{days},">="&{first},{days},"<="&{last}'


def _write_line(sheet: SheetWriter, row: int, number: int, line: _ComparisonLine) -> None:
    current, previous, difference = (
        xl_rowcol_to_cell(row, column) for column in (_CURRENT, _PREVIOUS, _DIFFERENCE)
    )
    is_comparable = line.current is not None and line.previous is not None
    increase = (line.current or 0) - (line.previous or 0) if is_comparable else ""
    change = 100 * float(increase) / line.previous if is_comparable and line.previous else ""
    sheet.write(row, 0, number, "center")
    sheet.write(row, _FIGURE, line.title, "text")
    sheet.write(
        row,
        _CURRENT,
        Formula(line.formula, "" if line.current is None else line.current),
        "count",
        number_format=line.number_format,
    )
    sheet.write(row, _PREVIOUS, line.previous, "count", number_format=line.number_format)
    signed_format = f"+{line.number_format};−{line.number_format};0"
    difference_formula = f'=IF(OR({current}="",{previous}=""),"",{current}-{previous})'
    sheet.write(
        row,
        _DIFFERENCE,
        Formula(difference_formula, increase),
        "count",
        number_format=signed_format,
    )
    change_formula = f'=IF(OR({difference}="",{previous}=0),"",100*{difference}/{previous})'
    sheet.write(row, _CHANGE, Formula(change_formula, change), "count", number_format="+0.0;−0.0;0")
