"""The charts of the first sheet: meetings by month, officers by quota, cells by points.

They show cells of data sheets, never a table of their own sheet, and can be read in grey: bars
differ in lightness or pattern and have dark borders, what is owed is an empty frame.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, cycle
from typing import Any

from mlay_batch.core.styles import CHART_FILLS, FONT, INK, NUMBER_FORMATS, ChartFill
from mlay_batch.excel import metrics
from mlay_batch.report import bands
from mlay_batch.report.data import trends_data
from mlay_batch.report.data.trends_data import ChartCells, OfficerFigures, Trends
from mlay_batch.report.formats import Look
from mlay_batch.report.report_context import ReportContext
from mlay_batch.report.sheets.quota_sheet import QuotaBlock
from mlay_batch.report.writer import SheetWriter
from mlay_batch.schema import Quota

MAX_OFFICERS = 15  # of a quota; more names would not be read
MAX_CELLS = 8  # the highest, and the lowest
_PAGE_ROWS = 58
_MAX_STEPS = 8  # lines of a grid
_LEAST_LABELLED = 0.12  # of the highest column: a number does not fit into a lower part
_GRID_COLOUR = "#D9D9D9"
# In pixels: of the page's columns, a row of the sheet, and what a chart consists of. The programs
# would each leave other room around the bars, and drop names for which too little is left.
_WIDTH, _ROW_HEIGHT, _DIGIT_WIDTH = 684, 20, 7.4
_COLUMN_HEIGHT, _LINE_HEIGHT, _GAP = 116, 12, 3
_TITLE_GAP, _TITLE_LINE, _AXIS_HEIGHT, _AXIS_WIDTH, _NUMBER_WIDTH = 18, 15, 41, 56, 30
_LEGEND_HEIGHT, _LEGEND_WIDTH = 18, 230  # left of the title of the axis
_TITLE_SIZE, _SMALL = 11, 9  # points
_TITLE_ROOM, _NAME_ROOM = 72, 56  # digits of the default font


@dataclass(frozen=True)
class Plot:
    """A chart, and how many rows it covers.

    Attributes:
        chart: XlsxWriter's chart.
        rows: the rows.
    """

    chart: Any
    rows: int


def draw(ctx: ReportContext, trends: Trends, quotas: Sequence[QuotaBlock]) -> list[Plot]:
    """Return the charts of what there is, and write the data sheet of the officers in them."""
    return [
        *_draw_quality(ctx, trends),
        *_draw_officers(ctx, [block.officers for block in quotas]),
        *_draw_cells(ctx, trends),
    ]


def insert(sheet: SheetWriter, plots: Sequence[Plot], row: int) -> tuple[int, list[int]]:
    """Put charts below one another from `row` on, where a page begins, each on one page.

    Return the row after them, and the rows with which pages begin.
    """
    breaks = [row] if plots else []  # without a chart there is no page for them
    for plot in plots:
        if row + plot.rows > breaks[-1] + _PAGE_ROWS:
            breaks.append(row)
        # At the very edge of the row it would be drawn on both pages.
        options = {"object_position": 1, "y_offset": _GAP}
        sheet.raw.insert_chart(row, 0, plot.chart, options)
        row += plot.rows
    return row, breaks


def _draw_quality(ctx: ReportContext, trends: Trends) -> Iterator[Plot]:
    """Draw the meetings of every month of the year by band, the best at the bottom."""
    columns = [
        (band.title.of(ctx.lang), trends.months.column_cells(bands.band_column(band.id)))
        for band in bands.best_first(ctx)
    ]
    if not columns:
        return
    title = ctx.t("branches/chart.quality", year=str(ctx.figures.period.year))
    kind = {"type": "column", "subtype": "stacked"}
    plot = _new_plot(ctx, kind, title, _AXIS_WIDTH + _NUMBER_WIDTH, _COLUMN_HEIGHT, has_legend=True)
    plot.chart.set_x_axis(_axis(ctx, "month"))
    months = trends.months.column_cells("month")
    highest = max(map(sum, zip(*(cells.numbers() for _, cells in columns), strict=True)))
    plot.chart.set_y_axis(_count_axis(ctx, highest))
    label_format = f'[>={math.ceil(_LEAST_LABELLED * highest)}]#,##0;""'
    for (name, cells), fill in zip(columns, cycle(CHART_FILLS), strict=False):
        look = {**_solid(fill), **_labels(label_format, fill.ink)}
        _add_series(plot, name, months, cells, look)
    yield plot


def _draw_officers(
    ctx: ReportContext, blocks: Iterable[Sequence[OfficerFigures]]
) -> Iterator[Plot]:
    """Draw what the officers of each quota attended, in a frame of what they owe in the year.

    Whose share is the lowest stands at the top; who cannot be rated is left out.
    """
    ranked_blocks = [(sorted(filter(_is_rated, block), key=_share), block) for block in blocks]
    ranked_officers = [officer for ranked, _ in ranked_blocks for officer in ranked]
    if not ranked_officers:
        return
    source, first = trends_data.write_officers(ctx, ranked_officers), 0
    for ranked, block in ranked_blocks:
        shown = min(len(ranked), MAX_OFFICERS)
        if shown:
            title = _officers_title(ctx, block[0].line.quota, shown, len(block) - shown)
            columns = ("officer", "attended", "obligation")
            names, attended, owed = (source.column_cells(name, first, shown) for name in columns)
            highest = max(attended.numbers() + owed.numbers())
            axes = _axis(ctx, "officer") | _FIRST_AT_TOP, _count_axis(ctx, highest)
            plot = _new_bars(ctx, title, names, axes, has_legend=True)
            _add_series(plot, ctx.t("branches/chart.attended"), names, attended, _ATTENDED)
            _add_series(plot, ctx.t("column.obligation"), names, owed, _OWED)
            yield plot
        first += len(ranked)


def _is_rated(officer: OfficerFigures) -> bool:
    return officer.line.state != "unrated"


def _share(officer: OfficerFigures) -> tuple[float, int]:
    """Return how much of the obligation was attended; of equal shares, the larger rest first."""
    line = officer.line
    return line.attended / line.obligation, -line.missing


def _officers_title(ctx: ReportContext, quota: Quota, shown: int, left_out: int) -> str:
    title = ctx.t("branches/chart.officers", title=quota.title.of(ctx.lang), **_dates(ctx))
    more = ctx.t(f"branches/chart.more.{quota.per}", shown=shown, count=left_out)
    return title + more if left_out else title


def _draw_cells(ctx: ReportContext, trends: Trends) -> Iterator[Plot]:
    """Draw the mean scores of the year: the highest and the lowest, all where they are few."""
    total = len(trends_data.ranked_cells(ctx))
    if total <= 2 * MAX_CELLS:
        parts = [("all", 0, total)] if total else []
    else:
        parts = [("highest", 0, MAX_CELLS), ("lowest", total - MAX_CELLS, MAX_CELLS)]
    fill, axis_end = CHART_FILLS[0], 0
    look = {**_solid(fill), **_labels(NUMBER_FORMATS["points"], fill.ink)}
    for key, first, shown in parts:
        title = ctx.t(f"branches/chart.{key}", shown=shown, count=total, **_dates(ctx))
        columns = ("branch_name", "mean")
        names, means = (trends.branches.column_cells(name, first, shown) for name in columns)
        axis_end = axis_end or math.ceil(max(means.numbers()) / 10) * 10  # alike in both
        order = {} if key == "lowest" else _FIRST_AT_TOP
        axes = _axis(ctx, "cell") | order, _axis(ctx, "points") | {"max": axis_end}
        plot = _new_bars(ctx, title, names, axes)
        _add_series(plot, ctx.t("branches/chart.points"), names, means, look)
        yield plot


def _dates(ctx: ReportContext) -> dict[str, object]:
    """Return year and last day of the figures, as titles name them."""
    return {"year": str(ctx.figures.period.year), "day": ctx.figures.period.end}


def _new_bars(
    ctx: ReportContext,
    title: str,
    names: ChartCells,
    axes: tuple[dict[str, Any], dict[str, Any]],
    *,
    has_legend: bool = False,
) -> Plot:
    """Return a chart for a bar of each name; `axes` are those of the names and of their figures."""
    texts = [str(name) for name in names.values]
    room = min(max(metrics.width(text, _SMALL) for text in texts) + 1, _NAME_ROOM)
    lines = max(metrics.lines(text, room, _SMALL) for text in texts)
    left = _AXIS_WIDTH + room * _DIGIT_WIDTH
    height = len(texts) * (_GAP + lines * _LINE_HEIGHT)
    plot = _new_plot(ctx, {"type": "bar"}, title, left, height, has_legend=has_legend)
    plot.chart.set_y_axis(axes[0])
    plot.chart.set_x_axis(axes[1])
    return plot


def _new_plot(
    ctx: ReportContext,
    kind: Mapping[str, str],
    title: str,
    left: float,
    height: float,
    *,
    has_legend: bool,
) -> Plot:
    """Return a chart whose bars have `height` pixels in all and begin `left` pixels from its edge.

    Around them is room for title and axis; the legend stands beside the title of the axis.
    """
    top = _TITLE_GAP + _TITLE_LINE * metrics.lines(title, _TITLE_ROOM, _TITLE_SIZE, bold=True)
    rows = math.ceil((top + height + _AXIS_HEIGHT + 2 * _GAP) / _ROW_HEIGHT)
    whole_height = rows * _ROW_HEIGHT - 2 * _GAP
    chart = ctx.writer.add_chart(kind)
    chart.set_size({"width": _WIDTH, "height": whole_height})
    chart.set_title({"name": title, "name_font": _font(_TITLE_SIZE, bold=True)})
    layout = {
        "x": left / _WIDTH,
        "y": top / whole_height,
        "width": (_WIDTH - left - _NUMBER_WIDTH) / _WIDTH,
        "height": height / whole_height,
    }
    chart.set_plotarea({"layout": layout})
    legend_layout = {
        "x": _GAP / _WIDTH,
        "y": 1 - (_LEGEND_HEIGHT + _GAP) / whole_height,
        "width": _LEGEND_WIDTH / _WIDTH,
        "height": _LEGEND_HEIGHT / whole_height,
    }
    legend = {"position": "bottom", "font": _font(_SMALL), "layout": legend_layout}
    chart.set_legend(legend if has_legend else {"none": True})
    return Plot(chart, rows)


def _count_axis(ctx: ReportContext, highest: float) -> dict[str, Any]:
    """Return an axis of meetings with a light grid, so wide that no half of one is named."""
    steps = (digit * 10**zeros for zeros in count() for digit in (1, 2, 5))
    step = next(step for step in steps if highest <= _MAX_STEPS * step)
    grid = {"visible": True, "line": {"color": _GRID_COLOUR, "width": 0.5}}
    return _axis(ctx, "meetings") | {"major_gridlines": grid, "major_unit": step}


def _axis(ctx: ReportContext, name: str) -> dict[str, Any]:
    return {
        "name": ctx.t(f"branches/chart.{name}"),
        "name_font": _font(_SMALL) | {"rotation": 360},  # level, as XlsxWriter calls it
        "num_font": _font(_SMALL),
        "major_gridlines": {"visible": False},
        "min": 0,
        "interval_unit": 1,
    }


def _add_series(
    plot: Plot, name: str, categories: ChartCells, values: ChartCells, look: Look
) -> None:
    series: dict[str, object] = {
        "name": name,
        "categories": categories.place,
        "categories_data": categories.values,
        "values": values.place,
        "values_data": values.values,
    }
    plot.chart.add_series({**series, **_BARS, **look})


def _solid(fill: ChartFill) -> Look:
    """Return the look of bars filled so, with lines across them where it has a pattern."""
    colour = f"#{fill.fill}"
    if not fill.pattern:
        return {"fill": {"color": colour}}
    return {"pattern": {"pattern": fill.pattern, "fg_color": f"#{INK}", "bg_color": colour}}


def _labels(number_format: str, colour: str) -> Look:
    font = _font(_SMALL) | {"color": f"#{colour}"}
    return {"data_labels": {"value": True, "font": font, "num_format": number_format}}


def _font(size: int, *, bold: bool = False) -> dict[str, Any]:
    return {"name": FONT, "size": size, "bold": bold}


_FIRST_AT_TOP = {"reverse": True, "crossing": "max"}  # else the first bar is the lowest
_BARS: Look = {"gap": 40, "border": {"color": f"#{INK}", "width": 0.75}}
_ATTENDED: Look = {**_solid(CHART_FILLS[0]), "overlap": 100}
_OWED: Look = {"fill": {"none": True}, "border": {"color": f"#{INK}", "width": 1.75}}
