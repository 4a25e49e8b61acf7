"""The charts of the first sheet. Bars differ in lightness and pattern, and bear their numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlay_batch.report.book import Sheet
from mlay_batch.report.completeness_sheet import FormSums
from mlay_batch.report.context import Context
from mlay_batch.report.quota_sheet import state_text
from mlay_batch.report.rating_sheet import RatingTotals
from mlay_batch.report.trends import Trends
from mlay_batch.styles import FONT, INK

Area = tuple[int, int, int, int]

_COLOURS = {"dark": "#6E9CCB", "light": "#CFE0F2", "warm": "#F0D27A", "red": "#8C2A20"}
# On a grey printer two of the colours are alike: this one is told by lines across it.
_PATTERNS = {"warm": "wide_upward_diagonal"}
_ON_DARK = {"red": {"color": "#FFFFFF"}}
_ORDER = ("dark", "light", "warm", "red")
_OF_STATE = {"met": "dark", "on_course": "light", "behind": "warm", "not_met": "red"}
_HALF, _WHOLE = 340, 684  # pixels: half of the page's columns, all of them
_HEIGHT, _ROWS = 196, 10


class Charts:
    """Charts made while the tables are written, put below them in the end."""

    def __init__(
        self, ctx: Context, sheet: Sheet, sheets: Mapping[str, Sheet], trends: Trends
    ) -> None:
        self._ctx, self._sheet, self._sheets, self._trends = ctx, sheet, sheets, trends
        self._made: list[tuple[Any, int]] = []

    def bands(self, rating: RatingTotals) -> None:
        """Draw the period's meetings by band; nothing where no scheme scores them."""
        if not rating.bands:
            return
        chart = self._chart("column", "chart.bands", _HALF)
        title = self._sheets["rating"].title
        self._series(chart, None, [title, *rating.titles], [title, *rating.counts], "dark")
        chart.set_legend({"none": True})

    def completeness(self, returns: Sequence[FormSums]) -> None:
        """Draw the months of the form that reports most often."""
        if not returns:
            return
        sums = max(returns, key=lambda entry: len(entry.entry.periods))
        chart = self._chart("column", "chart.returns", _HALF, "stacked")
        title = self._sheets["completeness"].title
        heads = [title, *sums.heads]
        for name, area, colour in (
            ("completeness.sent", sums.sent_row, "dark"),
            ("completeness.open", sums.open_row, "warm"),
        ):
            self._series(chart, self._ctx.t(name), heads, [title, *area], colour, labels=False)
        chart.set_legend({"position": "bottom", "font": _font(9)})

    def quotas(self, states: Sequence[str], first: int, last: int, column: int) -> None:
        """Draw the officers of each quota by state, from the table on the first sheet itself."""
        if last < first:
            return
        chart = self._chart("bar", "chart.quota", _WHOLE, "stacked")
        title = self._sheet.title
        for number, state in enumerate(states, column):
            area = [title, first, number, last, number]
            name = state_text(self._ctx, state)
            self._series(chart, name, [title, first, 0, last, 0], area, _OF_STATE[state])
        chart.set_legend({"position": "bottom", "font": _font(9)})
        chart.set_x_axis({"visible": False, "major_gridlines": {"visible": False}})
        chart.set_y_axis({"reverse": True, "num_font": _font(9)})

    def quality(self, bands: Sequence[tuple[str, str]]) -> None:
        """Draw the meetings of every month of the year by band: (id, title), the best first."""
        if not bands:
            return
        months = self._trends.months
        chart = self._chart("column", "branches/chart.quality", _WHOLE, "stacked")
        for (name, title), colour in zip(bands, _ORDER, strict=False):
            self._series(chart, title, months.column("month"), months.column(name), colour)
        chart.set_legend({"position": "bottom", "font": _font(9)})

    def progress(self, quota: str, title: str) -> None:
        """Draw the visits counted so far in the year, beside an even pace."""
        months = self._trends.months
        chart = self._chart("column", "branches/chart.progress", _HALF, title=title)
        heads = months.column("month")
        seen = self._ctx.t("branches/trend.attended")
        self._series(chart, seen, heads, months.column(f"seen_{quota}"), "dark")
        line = self._ctx.book.chart({"type": "line"})
        line.add_series({
            "name": self._ctx.t("branches/trend.even"), "categories": heads,
            "values": months.column(f"pace_{quota}"),
            "line": {"color": f"#{INK}", "width": 1.5, "dash_type": "dash"},
        })  # fmt: skip
        chart.combine(line)
        chart.set_legend({"position": "bottom", "font": _font(9)})

    def grades(self) -> None:
        """Draw each part of the yearly classification: the shares of the grades by year."""
        years = self._trends.years
        if years is None:
            return
        parts = [row[0] for row in years.table.rows]
        ranks = [column for column in years.table.columns if column.id.startswith("grade")]
        for part in dict.fromkeys(parts):
            first, count = parts.index(part), parts.count(part)
            chart = self._chart("column", "branches/chart.grades", _HALF, "percent_stacked",
                                title=part)  # fmt: skip
            for rank, colour in zip(ranks, _ORDER, strict=False):
                heads = years.column("year", first, count)
                values = years.column(rank.id, first, count)
                self._series(chart, rank.title, heads, values, colour, labels=False)
            chart.set_legend({"position": "bottom", "font": _font(9)})

    def put(self, row: int) -> int:
        """Put the charts from `row` on, halves side by side; return the row after them."""
        halves = [chart for chart, width in self._made if width == _HALF]
        for number, chart in enumerate(halves):
            at = row + number // 2 * _ROWS
            self._sheet.raw.insert_chart(at, 4 * (number % 2), chart, {"object_position": 1})
        row += (len(halves) + 1) // 2 * _ROWS
        for chart, width in self._made:
            if width == _WHOLE:
                self._sheet.raw.insert_chart(row, 0, chart, {"object_position": 1})
                row += _ROWS
        return row

    def _chart(self, kind: str, key: str, width: int, subtype: str = "", **said: object) -> Any:
        chart = self._ctx.book.chart({"type": kind} | ({"subtype": subtype} if subtype else {}))
        chart.set_title({"name": self._ctx.t(key, **said), "name_font": _font(11, bold=True)})
        chart.set_size({"width": width, "height": _HEIGHT})
        chart.set_x_axis({"num_font": _font(9), "major_gridlines": {"visible": False}})
        chart.set_y_axis({"num_font": _font(9), "major_gridlines": {"visible": False}, "min": 0})
        self._made.append((chart, width))
        return chart

    def _series(self, chart: Any, name: str | None, categories: list[Any], values: list[Any],
                colour: str, *, labels: bool = True) -> None:  # fmt: skip
        series = {
            "categories": categories, "values": values, "gap": 60,
            "fill": {"color": _COLOURS[colour]}, "border": {"color": f"#{INK}", "width": 0.5},
        }  # fmt: skip
        if colour in _PATTERNS:
            series["pattern"] = {"pattern": _PATTERNS[colour], "fg_color": f"#{INK}",
                                 "bg_color": _COLOURS[colour]}  # fmt: skip
        if name:
            series["name"] = name
        if labels:
            font = _font(9) | _ON_DARK.get(colour, {})
            series["data_labels"] = {"value": True, "font": font, "num_format": "#,##0;;"}
        chart.add_series(series)


def _font(size: int, *, bold: bool = False) -> dict[str, Any]:
    return {"name": FONT, "size": size, "bold": bold}
