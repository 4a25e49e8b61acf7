"""Tổng quan: what a committee wants to know on one page, each figure a formula to its sheet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mlay_batch.figures.records import OPEN
from mlay_batch.report import bands, official
from mlay_batch.report.book import Link, Live, Sheet
from mlay_batch.report.completeness_sheet import FormSums, ordered
from mlay_batch.report.context import Context
from mlay_batch.report.errors_sheet import ErrorCounts
from mlay_batch.report.looks import percent
from mlay_batch.report.overview_charts import Charts
from mlay_batch.report.quota_sheet import QuotaBlock, state_text
from mlay_batch.report.rating_sheet import RatingTotals
from mlay_batch.report.series_block import MeanLine
from mlay_batch.report.trends import Trends

_COLUMNS = 8
_WIDTH = 11.5
_SPLIT = 4
_LINK_SPAN = 2
_SCALE = 92  # per cent: the columns fill A4; charts and contents begin a page of their own
_NAMED = 30  # branches named in the banner; the rest is counted
_DURING = ("met", "on_course", "behind")
_AT_THE_END = ("met", "behind", "not_met")


@dataclass(frozen=True)
class Parts:
    """What the other sheets offer to the first one."""

    returns: Sequence[FormSums]
    rating: RatingTotals
    year_mean: Live
    quotas: Sequence[QuotaBlock]
    classification: Sequence[MeanLine]
    errors: ErrorCounts
    sheets: Mapping[str, Sheet]
    trends: Trends


def write(ctx: Context, sheet: Sheet, parts: Parts) -> None:
    """Write the first sheet, once all others stand."""
    sheet.widths([_WIDTH] * _COLUMNS)
    official.heading(ctx, sheet, _COLUMNS, _SPLIT, ctx.t("title.overview"))
    page = _Page(ctx, sheet, parts, official.TABLE_ROW - (not ctx.figures.provisional))
    page.banner()
    page.returns()
    page.rating()
    page.quotas()
    page.classification()
    page.errors()
    page.draw()
    row = official.signatures(ctx, sheet, page.row + 1, _COLUMNS, _SPLIT)
    end = page.charts.put(row + 2)  # a row below the break, lest it is drawn on both pages
    sheet.raw.set_h_pagebreaks([row + 1, end + 1])
    row = _contents(ctx, sheet, end + 1)
    sheet.raw.set_print_scale(_SCALE)
    sheet.print_as(landscape=False, last=(row, _COLUMNS - 1), fit=False)
    sheet.raw.activate()


class _Page:
    """The tables of the page, one under another."""

    def __init__(self, ctx: Context, sheet: Sheet, parts: Parts, row: int) -> None:
        self.ctx, self.sheet, self.parts, self.row = ctx, sheet, parts, row
        self.charts = Charts(ctx, sheet, parts.sheets, parts.trends)

    def _title(self, key: str, sheet: str) -> None:
        self.row += 1
        span = _COLUMNS - _LINK_SPAN
        self.sheet.put(self.row, 0, self.ctx.t(f"overview.{key}"), "section", span=span)
        target = self.parts.sheets[sheet]
        link = Link(target.place(0, 0), f"{target.title} ►")
        self.sheet.put(self.row, span, link, "back", span=_LINK_SPAN)
        self.row += 1

    def _heads(self, first: str, heads: Sequence[str]) -> int:
        label = max(1, _COLUMNS - len(heads))
        self.sheet.put(self.row, 0, first, "head", span=label)
        for column, head in enumerate(heads, label):
            self.sheet.put(self.row, column, head, "head")
        self.row += 1
        return label

    def _line(self, label: str, span: int, lives: Sequence[Live], numbers: Sequence[str]) -> None:
        self.sheet.put(self.row, 0, label, "label", span=span)
        for column, (live, number) in enumerate(zip(lives, numbers, strict=True), span):
            self.sheet.put(self.row, column, live, "key", number=number)
        self.row += 1

    def banner(self) -> None:
        """Say that the figures will change, and for whom it is waited."""
        if not self.ctx.figures.provisional:
            return
        waited = list(_waited_for(self.ctx))
        said = "; ".join(waited[:_NAMED])
        if len(waited) > _NAMED:
            said += self.ctx.t("overview.more", count=len(waited) - _NAMED)
        text = self.ctx.t("overview.banner", count=len(waited), names=said)
        self.sheet.put(self.row, 0, text, "banner", span=_COLUMNS)
        self.row += 1

    def returns(self) -> None:
        """Write who had to report and who has, for each form."""
        t = self.ctx.t
        self._title("returns", "completeness")
        heads = [t(f"completeness.{name}") for name in ("due", "sent", "open", "rate")]
        span = self._heads(t("overview.form"), heads)
        for sums in self.parts.returns:
            lives = (sums.expected, sums.sent, sums.still_open, sums.rate)
            self._line(sums.title, span, lives, ("", "", "", percent(1)))
        self.charts.completeness(self.parts.returns)

    def rating(self) -> None:
        """Write the period's meetings by band."""
        t, rating = self.ctx.t, self.parts.rating
        self._title("rating", "rating")
        bands = [title for title, _ in rating.bands]
        heads = [t("overview.sittings"), t("column.mean"), *bands, t("overview.year_mean")]
        span = self._heads(t("overview.period"), heads)
        counts = (live for _, live in rating.bands)
        lives = (rating.sittings, rating.mean, *counts, self.parts.year_mean)
        numbers = ("", "0.0", *([""] * len(bands)), "0.0")
        self._line(self.ctx.figures.period.title(self.ctx.lang), span, lives, numbers)
        self.charts.bands(rating)

    def quotas(self) -> None:
        """Count the officers of each quota by state."""
        t = self.ctx.t
        self._title("quotas", "quota")
        states = _AT_THE_END if self.ctx.figures.period.end.month == 12 else _DURING
        span = self._heads(t("overview.quota_of"), [state_text(self.ctx, s) for s in states])
        first = self.row
        for block in self.parts.quotas:
            counted = Counter(block.found)
            lives = [
                Live(f'=COUNTIF({block.states},"{state_text(self.ctx, state)}")', counted[state])
                for state in states
            ]
            title = block.quota.title.of(self.ctx.lang)
            label = t("overview.quota", title=title, times=block.quota.times)
            if block.asks:
                label = f"{title} ({block.asks})"
            self._line(label, span, lives, [""] * len(states))
        self.charts.quotas(states, first, self.row - 1, span)

    def classification(self) -> None:
        """Write the published lines of the yearly classification."""
        mean = self.ctx.figures.mean
        if mean is None:
            return
        self._title("classification", "classification")
        label = self.ctx.t("classification.mean", first=str(mean.first), last=str(mean.last))
        span = self._heads(self.ctx.t("overview.line"), [label])
        for line in self.parts.classification:
            self._line(line.title, span, [line.share], [percent(line.decimals)])

    def errors(self) -> None:
        """Count what is wrong in the period's returns."""
        t, errors = self.ctx.t, self.parts.errors
        self._title("errors", "errors")
        heads = [t("severity.error"), t("severity.warning")]
        span = self._heads(t("overview.found"), heads)
        self._line(t("overview.problems"), span, (errors.errors, errors.warnings), ("", ""))

    def draw(self) -> None:
        """Draw what goes over months and years."""
        charts, lang = self.charts, self.ctx.lang
        charts.quality([(band.id, band.title.of(lang)) for band in bands.ranked(self.ctx)])
        for block in self.parts.quotas:
            charts.progress(block.quota.quota, block.quota.title.of(lang))
        charts.grades()


def _waited_for(ctx: Context) -> Iterator[str]:
    months = set(ctx.figures.period.months())
    for entry in ordered(ctx.figures):
        for (branch, period), cell in entry.cells.items():
            if period in months and cell.state in OPEN:
                yield f"{branch} {ctx.name(branch)} ({ctx.state('return', cell.state).lower()})"


def _contents(ctx: Context, sheet: Sheet, row: int) -> int:
    sheet.put(row, 0, ctx.t("overview.contents"), "section", span=_COLUMNS)
    for number, other in enumerate(ctx.book.sheets[1:], row + 1):
        sheet.put(number, 0, Link(other.place(0, 0), other.title), "link", span=3)
        said = other.about.partition(". ")[0].rstrip(".")  # its first sentence; the rest is there
        sheet.put(number, 3, said, "text", span=_COLUMNS - 3)
        row = number
    return row + 1
