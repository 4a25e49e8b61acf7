"""Tổng quan: what a committee wants to know on one page, each figure a formula to its sheet.

What a sheet tells that is not in the workbook is calculated over the data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from mlay_batch.figures.news import open_returns
from mlay_batch.report import letterhead
from mlay_batch.report.data.data_sheets import DataTables
from mlay_batch.report.data.trends_data import Trends
from mlay_batch.report.formats import percent_format
from mlay_batch.report.news_text import NewsText
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.sheets import comparison_block, overview_charts
from mlay_batch.report.sheets.classification_lines import mean_lines, mean_title
from mlay_batch.report.sheets.completeness_sheet import FormSums
from mlay_batch.report.sheets.errors_sheet import ErrorCounts
from mlay_batch.report.sheets.quota_sheet import STATES, QuotaBlock, state_text
from mlay_batch.report.sheets.rating_sheet import RatingTotals
from mlay_batch.report.writer import Formula, Hyperlink, SheetWriter

_COLUMNS = 8
_WIDTH = 11.5
_SPLIT = 4
_LINK_SPAN = 2
_LABEL_SPAN = 2
_PRINT_SCALE = 86  # per cent: the columns fill A4; charts and contents begin a page of their own


@dataclass(frozen=True)
class SheetResults:
    """What the other sheets offer to the first one.

    Attributes:
        form_sums: the returns of each form.
        rating: the totals of the circulated list.
        year_mean: the mean score of the year.
        quotas: where the states of each quota stand.
        data: the tables; the yearly classification and the year before are calculated over them.
        errors: how many problems there are.
        sheets: the sheets by key, for the list of contents.
        trends: what the charts are drawn from.
    """

    form_sums: Sequence[FormSums]
    rating: RatingTotals
    year_mean: Formula
    quotas: Sequence[QuotaBlock]
    data: DataTables
    errors: ErrorCounts
    sheets: Mapping[str, SheetWriter]
    trends: Trends


def write(ctx: ReportContext, sheet: SheetWriter, results: SheetResults) -> None:
    """Write the first sheet, once all others stand."""
    sheet.set_widths([_WIDTH] * _COLUMNS)
    letterhead.write_heading(ctx, sheet, _COLUMNS, _SPLIT, ctx.t("title.overview"))
    tables = _OverviewTables(
        ctx, sheet, results, letterhead.TABLE_ROW - (not ctx.figures.is_provisional)
    )
    tables.write_banner()
    tables.write_news()
    tables.write_returns()
    tables.write_rating()
    tables.write_comparison()
    tables.write_quotas()
    tables.write_classification()
    tables.write_errors()
    row = letterhead.write_signatures(ctx, sheet, tables.row + 1, _COLUMNS, _SPLIT)
    plots = overview_charts.draw(ctx, results.trends, results.quotas)
    charts_end, breaks = overview_charts.insert(sheet, plots, row + 1)
    sheet.raw.set_h_pagebreaks(breaks)
    _write_contents(ctx, sheet, charts_end + 1)  # jumps, for the screen: they are not printed
    sheet.raw.set_print_scale(_PRINT_SCALE)
    sheet.set_up_page(landscape=False, last=(charts_end, _COLUMNS - 1), fit=False)
    sheet.raw.activate()


class _OverviewTables:
    """The tables of the page, one under another."""

    def __init__(
        self, ctx: ReportContext, sheet: SheetWriter, results: SheetResults, row: int
    ) -> None:
        self.ctx, self.sheet, self.results, self.row = ctx, sheet, results, row
        self.titles = count(1)

    def _write_title(self, key: str, sheet: str) -> None:
        self.row += 1
        title_span = _COLUMNS - _LINK_SPAN
        title = f"{next(self.titles)}. {self.ctx.t(f'overview.{key}')}"
        self.sheet.write(self.row, 0, title, "section", span=title_span)
        if target := self.results.sheets.get(sheet):
            link = Hyperlink(target.address(0, 0), f"{target.title} ►")
            self.sheet.write(self.row, title_span, link, "back", span=_LINK_SPAN)
        self.row += 1

    def _write_heads(self, first: str, heads: Sequence[str]) -> int:
        label_span = max(1, _COLUMNS - len(heads))
        self.sheet.write(self.row, 0, first, "head", span=label_span)
        for column, head in enumerate(heads, label_span):
            self.sheet.write(self.row, column, head, "head")
        self.row += 1
        return label_span

    def _write_line(
        self, label: str, span: int, formulas: Sequence[Formula], number_formats: Sequence[str]
    ) -> None:
        self.sheet.write(self.row, 0, label, "label", span=span)
        for column, (formula, number_format) in enumerate(
            zip(formulas, number_formats, strict=True), span
        ):
            self.sheet.write(self.row, column, formula, "key", number_format=number_format)
        self.row += 1

    def write_banner(self) -> None:
        """Say that the figures may change, and how many returns are awaited."""
        if not self.ctx.figures.is_provisional:
            return
        text = self.ctx.t("overview.banner", count=len(open_returns(self.ctx.figures)))
        self.sheet.write(self.row, 0, text, "banner", span=_COLUMNS)
        self.row += 1

    def write_news(self) -> None:
        """Write what is new in sentences, each with the way to the sheet of its figures."""
        ctx, sheets = self.ctx, self.results.sheets
        self.row += 1
        self.sheet.write(self.row, 0, ctx.t("overview.news"), "section", span=_COLUMNS)
        self.row += 1
        text = NewsText(ctx)
        for sentence in ctx.news:
            target, title = sheets.get(sentence.rule.sheets[0]), text.title(sentence)
            has_link = target and target is not self.sheet
            label = Hyperlink(target.address(0, 0), f"{title} ►") if target and has_link else title
            self.sheet.write(self.row, 0, label, "label", span=_LABEL_SPAN)
            span = _COLUMNS - _LABEL_SPAN
            self.sheet.write(self.row, _LABEL_SPAN, text.sentence(sentence), "text", span=span)
            self.row += 1
        if not ctx.news:
            self.sheet.write(self.row, 0, ctx.t("news/none"), "quiet", span=_COLUMNS)
            self.row += 1

    def write_returns(self) -> None:
        """Write who had to report and who has, for each form."""
        t = self.ctx.t
        self._write_title("returns", "completeness")
        heads = [t(f"completeness.{name}") for name in ("due", "sent", "open", "rate")]
        span = self._write_heads(t("overview.form"), heads)
        for sums in self.results.form_sums:
            formulas = (sums.expected, sums.sent, sums.open_count, sums.rate)
            self._write_line(sums.title, span, formulas, ("", "", "", percent_format(1)))

    def write_rating(self) -> None:
        """Write the period's meetings by band."""
        t, rating = self.ctx.t, self.results.rating
        self._write_title("rating", "rating")
        titles = [title for title, _ in rating.bands]
        heads = [t("overview.sittings"), t("column.mean"), *titles, t("overview.year_mean")]
        span = self._write_heads(t("overview.period"), heads)
        counts = (formula for _, formula in rating.bands)
        formulas = (rating.sittings, rating.mean, *counts, self.results.year_mean)
        number_formats = ("", "0.0", *([""] * len(titles)), "0.0")
        self._write_line(
            self.ctx.figures.period.title(self.ctx.lang), span, formulas, number_formats
        )

    def write_comparison(self) -> None:
        """Write the period beside the one before and a year before, if returns of them are held."""
        if self.ctx.figures.totals is None or not comparison_block.earlier_totals(self.ctx):
            return
        self._write_title("comparison", "")
        data, form_sums = self.results.data, self.results.form_sums
        self.row = comparison_block.write(self.ctx, self.sheet, data, form_sums, self.row)

    def write_quotas(self) -> None:
        """Count the officers of each quota by state; who cannot be judged where there is one."""
        t, blocks = self.ctx.t, self.results.quotas
        has_unrated = any("unrated" in block.line_states for block in blocks)
        states = [state for state in STATES if state != "unrated" or has_unrated]
        self._write_title("quotas", "quota")
        if not blocks:
            self.sheet.write(self.row, 0, t("quota.none"), "quiet", span=_COLUMNS)
            self.row += 1
            return
        span = self._write_heads(
            t("overview.quota_of"), [state_text(self.ctx, state) for state in states]
        )
        for block in blocks:
            counts = Counter(block.line_states)
            formulas = [
                Formula(
                    f'=COUNTIF({block.states_range},"{state_text(self.ctx, state)}")', counts[state]
                )
                for state in states
            ]
            title = block.quota.title.of(self.ctx.lang)
            times, window = block.quota.times, t(f"window.{block.quota.window}")
            label = t("overview.quota", title=title, times=times, window=window)
            if block.times_text:
                label = f"{title} ({block.times_text})"
            self._write_line(label, span, formulas, [""] * len(states))
        figures = self.ctx.figures
        if not figures.is_provisional and any(line.open_months for line in figures.quota):
            self.sheet.write(self.row, 0, t("visits/quota.open"), "note", span=_COLUMNS)
            self.row += 1

    def write_classification(self) -> None:
        """Write the published lines of the yearly classification."""
        mean = self.ctx.figures.classification_mean
        if mean is None:
            return
        self._write_title("classification", "classification")
        heads = [mean_title(self.ctx, mean.years)]
        span = self._write_heads(self.ctx.t("overview.line"), heads)
        for line in mean_lines(self.ctx, self.results.data.classification):
            title = line.title
            if line.years and line.years != mean.years:
                title = f"{title} – {mean_title(self.ctx, line.years)}"
            self._write_line(title, span, [line.share], [percent_format(line.decimals)])

    def write_errors(self) -> None:
        """Count what is wrong in the period's returns."""
        t, errors = self.ctx.t, self.results.errors
        self._write_title("errors", "errors")
        counts = {
            "severity.error": errors.errors,
            "severity.warning": errors.warnings,
            "column.explained": errors.explained,
            "column.unexplained": errors.unexplained,
        }
        span = self._write_heads(t("overview.found"), list(map(t, counts)))
        line = tuple(counts.values())
        self._write_line(t("overview.problems"), span, line, ("",) * len(line))


def _write_contents(ctx: ReportContext, sheet: SheetWriter, row: int) -> None:
    sheet.write(row, 0, ctx.t("overview.contents"), "section", span=_COLUMNS)
    for number, target in enumerate(ctx.writer.sheets[1:], row + 1):
        sheet.write(number, 0, Hyperlink(target.address(0, 0), target.title), "link", span=3)
        summary = target.description.partition(". ")[0].rstrip(
            "."
        )  # its first sentence; the rest is there
        sheet.write(number, 3, summary, "text", span=_COLUMNS - 4)
        mark = ctx.t("overview.to_sign") if target.is_signed else None
        sheet.write(number, _COLUMNS - 1, mark, "center")
