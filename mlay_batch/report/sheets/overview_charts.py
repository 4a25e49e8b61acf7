"""The charts of the first sheet. Bars differ in lightness and pattern, and bear their numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlay_batch.core.styles import FONT, INK
from mlay_batch.report.bands import band_column
from mlay_batch.report.data.trends_data import Trends
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.sheets.completeness_sheet import FormSums
from mlay_batch.report.sheets.quota_sheet import state_text
from mlay_batch.report.sheets.rating_sheet import RatingTotals
from mlay_batch.report.writer import SheetWriter

Area = tuple[int, int, int, int]

_COLOURS = {
    "dark": "#6E9CCB",
    "light": "#CFE0F2",
    "grey": "#D9D9D9",
    "pale": "#F5F5F5",
    "warm": "#F0D27A",
    "red": "#8C2A20",
}
# On a grey printer two of the colours are alike: this one has lines across it.
_PATTERNS = {"warm": "wide_upward_diagonal"}
_LABELS_ON_DARK = {"red": {"color": "#FFFFFF"}}
_ORDER = ("dark", "light", "warm", "red")
_COLOUR_BY_STATE = {
    "met": "dark",
    "on_course": "light",
    "unsettled": "grey",
    "behind": "warm",
    "not_met": "red",
    "unrated": "pale",
}
_THIRD_WIDTH, _HALF_WIDTH, _FULL_WIDTH = 226, 340, 684  # pixels: of the page's columns
_CHART_HEIGHT, _CHART_ROWS = 196, 10


class Charts:
    """Charts made while the tables are written, put below them in the end."""

    def __init__(
        self,
        ctx: ReportContext,
        sheet: SheetWriter,
        sheets: Mapping[str, SheetWriter],
        trends: Trends,
    ) -> None:
        self._ctx, self._sheet, self._sheets, self._trends = ctx, sheet, sheets, trends
        self._charts: list[tuple[Any, int]] = []

    def draw_bands(self, rating: RatingTotals) -> None:
        """Draw the period's meetings by band; nothing where no scheme scores them."""
        if not rating.bands:
            return
        chart = self._add_chart("column", "chart.bands", _HALF_WIDTH)
        title = self._sheets["rating"].title
        self._add_series(
            chart, None, [title, *rating.title_range], [title, *rating.count_range], "dark"
        )
        chart.set_legend({"none": True})

    def draw_completeness(self, form_sums: Sequence[FormSums]) -> None:
        """Draw the months of the form that reports most often."""
        if not form_sums:
            return
        sums = max(form_sums, key=lambda candidate: len(candidate.matrix.periods))
        chart = self._add_chart("column", "chart.returns", _HALF_WIDTH, "stacked")
        title = self._sheets["completeness"].title
        heads = [title, *sums.head_range]
        for name, values, colour in (
            ("completeness.sent", sums.sent_range, "dark"),
            ("completeness.open", sums.open_range, "warm"),
        ):
            self._add_series(
                chart, self._ctx.t(name), heads, [title, *values], colour, labels=False
            )
        chart.set_legend({"position": "bottom", "font": _font(9)})

    def draw_quotas(self, states: Sequence[str], first: int, last: int, column: int) -> None:
        """Draw the officers of each quota by state, from the table on the first sheet itself."""
        if last < first:
            return
        chart = self._add_chart("bar", "chart.quota", _FULL_WIDTH, "stacked")
        title = self._sheet.title
        for number, state in enumerate(states, column):
            values = [title, first, number, last, number]
            name = state_text(self._ctx, state)
            self._add_series(
                chart, name, [title, first, 0, last, 0], values, _COLOUR_BY_STATE[state]
            )
        chart.set_legend({"position": "bottom", "font": _font(9)})
        chart.set_x_axis({"visible": False, "major_gridlines": {"visible": False}})
        chart.set_y_axis({"reverse": True, "num_font": _font(9)})

    def draw_quality(self, bands: Sequence[tuple[str, str]]) -> None:
        """Draw the meetings of every month of the year by band: (id, title), the best first."""
        if not bands:
            return
        months = self._trends.months
        chart = self._add_chart("column", "branches/chart.quality", _FULL_WIDTH, "stacked")
        heads = months.column_cells("month")
        for (band, title), colour in zip(bands, _ORDER, strict=False):
            counts = months.column_cells(band_column(band))
            self._add_series(chart, title, heads, counts, colour)
        chart.set_legend({"position": "bottom", "font": _font(9)})

    def draw_progress(self, quota: str, title: str) -> None:
        """Draw the visits counted so far in the year, beside an even pace."""
        months = self._trends.months
        chart = self._add_chart("column", "branches/chart.progress", _HALF_WIDTH, title=title)
        heads = months.column_cells("month")
        series_name = self._ctx.t("branches/trend.attended")
        self._add_series(chart, series_name, heads, months.column_cells(f"seen_{quota}"), "dark")
        pace_chart = self._ctx.writer.add_chart({"type": "line"})
        pace_chart.add_series(
            {
                "name": self._ctx.t("branches/trend.even"),
                "categories": heads,
                "values": months.column_cells(f"pace_{quota}"),
                "line": {"color": f"#{INK}", "width": 1.5, "dash_type": "dash"},
            }
        )
        chart.combine(pace_chart)
        chart.set_legend({"position": "bottom", "font": _font(9)})

    def draw_grades(self) -> None:
        """Draw each part of the yearly classification: the shares of the grades by year."""
        years = self._trends.years
        if years is None:
            return
        parts = [row[0] for row in years.table.rows]
        ranks = [column for column in years.table.columns if column.id.startswith("grade")]
        for part in dict.fromkeys(parts):
            first, count = parts.index(part), parts.count(part)
            chart = self._add_chart(
                "column", "branches/chart.grades", _THIRD_WIDTH, "percent_stacked", title=part
            )
            for rank, colour in zip(ranks, _ORDER, strict=False):
                heads = years.column_cells("year", first, count)
                values = years.column_cells(rank.id, first, count)
                self._add_series(chart, rank.title, heads, values, colour, labels=False)
            chart.set_legend({"position": "bottom", "font": _font(9)})

    def insert(self, row: int) -> int:
        """Put the charts from `row` on, narrow ones side by side; return the row after them."""
        for width, per_row in ((_HALF_WIDTH, 2), (_THIRD_WIDTH, 3), (_FULL_WIDTH, 1)):
            charts = [chart for chart, chart_width in self._charts if chart_width == width]
            for number, chart in enumerate(charts):
                chart_row = row + number // per_row * _CHART_ROWS
                options = {"object_position": 1, "x_offset": number % per_row * (width + 4)}
                self._sheet.raw.insert_chart(chart_row, 0, chart, options)
            row += -(-len(charts) // per_row) * _CHART_ROWS
        return row

    def _add_chart(
        self, kind: str, key: str, width: int, subtype: str = "", **params: object
    ) -> Any:
        chart = self._ctx.writer.add_chart(
            {"type": kind} | ({"subtype": subtype} if subtype else {})
        )
        font = _font(9 if width == _THIRD_WIDTH else 11, bold=True)
        chart.set_title({"name": self._ctx.t(key, **params), "name_font": font})
        chart.set_size({"width": width, "height": _CHART_HEIGHT})
        chart.set_x_axis({"num_font": _font(9), "major_gridlines": {"visible": False}})
        chart.set_y_axis({"num_font": _font(9), "major_gridlines": {"visible": False}, "min": 0})
        self._charts.append((chart, width))
        return chart

    def _add_series(
        self,
        chart: Any,
        name: str | None,
        categories: list[Any],
        values: list[Any],
        colour: str,
        *,
        labels: bool = True,
    ) -> None:
        series = {
            "categories": categories,
            "values": values,
            "gap": 60,
            "fill": {"color": _COLOURS[colour]},
            "border": {"color": f"#{INK}", "width": 0.5},
        }
        if colour in _PATTERNS:
            series["pattern"] = {
                "pattern": _PATTERNS[colour],
                "fg_color": f"#{INK}",
                "bg_color": _COLOURS[colour],
            }
        if name:
            series["name"] = name
        if labels:
            font = _font(9) | _LABELS_ON_DARK.get(colour, {})
            series["data_labels"] = {"value": True, "font": font, "num_format": "#,##0;;"}
        chart.add_series(series)


def _font(size: int, *, bold: bool = False) -> dict[str, Any]:
    return {"name": FONT, "size": size, "bold": bold}
