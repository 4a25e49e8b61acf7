"""The charts: which there are, what their axes and series are called, and what cells they show."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from io import BytesIO
from itertools import pairwise

import pytest
from builders import reports
from builders.excel_limits import CHART, Package
from openpyxl import load_workbook
from openpyxl.utils import range_boundaries
from openpyxl.workbook import Workbook

from mlay_batch.core.period import Period
from mlay_batch.figures import compute
from mlay_batch.figures.report_records import ReportInputs
from mlay_batch.report.sheets import overview_charts
from mlay_batch.report.sheets.overview_charts import Plot
from mlay_batch.report.writer import ReportWriter

TEXT = "{http://schemas.openxmlformats.org/drawingml/2006/main}t"
Values = list[object]
POSTS = "Cấp ủy viên đảng bộ cơ sở dự sinh hoạt chi bộ trực thuộc"
STAFF = "Cán bộ, chuyên viên được phân công theo dõi chi bộ trực thuộc"
OF_YEAR = "đã dự và chỉ tiêu năm 2019, tính đến 30/11/2019"


@dataclass(frozen=True)
class Series:
    """A series: its name, and place and cached values of its categories and values."""

    name: str
    heads: tuple[str, Values]
    values: tuple[str, Values]


@dataclass(frozen=True)
class ReadChart:
    """A chart as it stands in the package."""

    title: str
    axes: tuple[str, str]
    series: tuple[Series, ...]

    def named(self, name: str) -> Series:
        (series,) = (series for series in self.series if series.name == name)
        return series


def read_charts(data: bytes) -> list[ReadChart]:
    package = Package(data)
    return [_read_chart(package.xml(part)) for part in reports.charts(data)]


def _read_chart(chart: object) -> ReadChart:
    def text(path: str) -> str:
        return "".join(node.text or "" for node in chart.find(path).iter(TEXT))  # type: ignore[attr-defined]

    plot = f".//{CHART}plotArea"
    axes = tuple(text(f"{plot}/{CHART}{axis}/{CHART}title") for axis in ("catAx", "valAx"))
    series = tuple(
        Series(node.findtext(f"{CHART}tx//{CHART}v"), _cells(node, "cat"), _cells(node, "val"))
        for node in chart.iter(f"{CHART}ser")  # type: ignore[attr-defined]
    )
    return ReadChart(text(f"{CHART}chart/{CHART}title"), axes, series)


def _cells(node: object, part: str) -> tuple[str, Values]:
    reference = node.find(f"{CHART}{part}")[0]  # type: ignore[attr-defined]
    values = [point.findtext(f"{CHART}v") for point in reference.iter(f"{CHART}pt")]
    return reference.findtext(f"{CHART}f"), values


def cells_at(book: Workbook, place: str) -> Values:
    title, _, cells = place.rpartition("!")
    left, top, right, bottom = range_boundaries(cells.replace("$", ""))
    sheet = book[title.strip("'")]
    return [
        sheet.cell(row, column).value
        for row in range(top, bottom + 1)
        for column in range(left, right + 1)
    ]


def test_there_are_three_kinds_with_titled_axes_and_series_in_words() -> None:
    of_quota = (("Cán bộ", "Số buổi"), ["Đã dự, đã xác định", "Chỉ tiêu năm"])
    of_cells = (("Chi bộ", "Điểm bình quân"), ["Điểm bình quân"])
    bands = (("Tháng", "Số buổi"), ["Tốt", "Khá", "Trung bình", "Kém"])
    charts = read_charts(reports.workbook())
    assert {
        chart.title: (chart.axes, [series.name for series in chart.series]) for chart in charts
    } == {
        "Chất lượng sinh hoạt từng tháng năm 2019": bands,
        f"{POSTS}: {OF_YEAR}": of_quota,
        f"{STAFF}: {OF_YEAR}": of_quota,
        "Điểm bình quân từ đầu năm đến 30/11/2019: 8 cao nhất trong 65 chi bộ có điểm": of_cells,
        "Điểm bình quân từ đầu năm đến 30/11/2019: 8 thấp nhất trong 65 chi bộ có điểm": of_cells,
    }


def test_they_show_cells_of_data_sheets_with_what_stands_in_them() -> None:
    book = reports.sheets()
    for chart in read_charts(reports.workbook()):
        for series in chart.series:
            for place, values in (series.heads, series.values):
                assert place.startswith("'Dữ liệu ")  # no table of the sheet they lie on
                in_cells = [value for value in cells_at(book, place) if value is not None]
                assert in_cells
                assert list(map(str, in_cells)) == values


def test_months_bear_their_numbers_and_hold_the_meetings_by_band() -> None:
    chart, *_ = read_charts(reports.workbook())
    sittings = [sitting for line in reports.figures().ratings for sitting in line.sittings]
    for band, name in (("good", "Tốt"), ("fair", "Khá"), ("average", "Trung bình")):
        series = chart.named(name)
        assert series.heads[1] == [str(month) for month in range(1, 12)]
        count = sum(sitting.band == band for sitting in sittings)
        assert series.values[1] == ["0"] * 10 + [str(count)]


def officers_by_attendance(chart: ReadChart) -> list[tuple[str, int, int]]:
    attended, owed = (chart.named(name) for name in ("Đã dự, đã xác định", "Chỉ tiêu năm"))
    names, *figures = attended.heads[1], attended.values[1], owed.values[1]
    return [
        (str(name), *(int(str(value)) for value in values))
        for name, *values in zip(names, *figures, strict=True)
    ]


def test_officers_are_ranked_by_the_share_of_what_they_owe() -> None:
    inputs = reports.facts()
    charts = {chart.title: chart for chart in read_charts(reports.write(inputs))}
    drawn = officers_by_attendance(charts[f"{POSTS}: {OF_YEAR}"])
    assert drawn[0] == ("Cà Thị Nguyệt", 1, 6)
    assert all(first[1] / first[2] <= other[1] / other[2] for first, other in pairwise(drawn))
    lines = [line for line in compute(inputs).quota if line.quota.title.vi == POSTS]
    assert sorted(drawn) == sorted((line.name, line.attended, line.obligation) for line in lines)
    others = officers_by_attendance(charts[f"{STAFF}: {OF_YEAR}"])
    namesakes = [name for name, *_ in others if name.startswith("Lò Văn Thắng")]
    assert len(set(namesakes)) == len(namesakes) == 2


def test_of_many_officers_the_title_says_how_many_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(overview_charts, "MAX_OFFICERS", 4)
    charts = read_charts(reports.write(reports.small()))
    chart = next(chart for chart in charts if chart.title.startswith(STAFF))
    assert chart.title.endswith(" (4 người dự thấp nhất; 8 người khác không vẽ)")
    assert len(officers_by_attendance(chart)) == 4


def test_who_cannot_be_rated_is_not_drawn() -> None:
    """With his own cell alone no visit can count: a bar of 0 would accuse him."""
    inputs = reports.small()
    (code, own_cell), *_ = (
        (line.officer, inputs.register.officer_by_code[line.officer].own_cell)
        for line in reports.figures().quota
        if line.quota.title.vi == POSTS
    )
    assignments = tuple(
        replace(assignment, branch=own_cell) if assignment.officer == code else assignment
        for assignment in inputs.register.assignments
    )
    inputs = replace(inputs, register=replace(inputs.register, assignments=assignments))
    (line,) = (line for line in compute(inputs).quota if line.officer == code)
    assert line.state == "unrated"
    chart = next(c for c in read_charts(reports.write(inputs)) if c.title.startswith(POSTS))
    assert line.name not in chart.series[0].heads[1]
    assert chart.title.endswith("; 1 người khác không vẽ)")


def cell_names(chart: ReadChart) -> list[tuple[object, float]]:
    (series,) = chart.series
    means = (float(str(mean)) for mean in series.values[1])
    return list(zip(series.heads[1], means, strict=True))


def test_cells_are_the_highest_and_the_lowest_by_points() -> None:
    figures = reports.figures()
    lines = [line for line in figures.year_ratings if line.owes]
    means = sorted(line.mean for line in lines if line.mean is not None)
    highest, lowest = map(cell_names, read_charts(reports.workbook())[-2:])
    assert [mean for _, mean in highest] == pytest.approx(means[:-9:-1])
    assert [mean for _, mean in lowest] == pytest.approx(means[7::-1])
    assert not {name for name, _ in highest} & {name for name, _ in lowest}


def test_few_cells_stand_in_one_chart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overview_charts, "MAX_CELLS", 35)
    chart = read_charts(reports.write(reports.small()))[-1]
    assert chart.title == "Điểm bình quân của chi bộ từ đầu năm 2019 đến 30/11/2019"
    assert len(cell_names(chart)) == 65


def without_meetings(inputs: ReportInputs) -> ReportInputs:
    return replace(inputs, returns=tuple(r for r in inputs.returns if r.entry.form != "meeting"))


def test_what_there_is_nothing_of_is_not_drawn() -> None:
    inputs = without_meetings(reports.small())
    titles = [chart.title for chart in read_charts(reports.write(inputs))]
    assert not [title for title in titles if title.startswith("Điểm bình quân")]
    catalogue = replace(inputs.catalogue, quotas=())
    book = load_workbook(BytesIO(reports.write(replace(inputs, catalogue=catalogue))))
    assert "Dữ liệu dự theo cán bộ" not in book.sheetnames


def test_a_quarter_is_drawn_up_to_its_last_month() -> None:
    inputs = reports.facts(7, Period(2019, 7, 3), date(2019, 10, 8))
    charts = read_charts(reports.write(inputs))
    assert charts[0].series[0].heads[1] == [str(month) for month in range(1, 10)]
    assert "đến 30/9/2019" in charts[-1].title


def test_a_chart_that_does_not_fit_begins_a_page() -> None:
    writer = ReportWriter("vi", date(2019, 12, 8))
    sheet = writer.add_sheet("Tổng quan", "")
    plots = [Plot(writer.add_chart({"type": "bar"}), rows) for rows in (30, 20, 20, 38, 10)]
    end, breaks = overview_charts.insert(sheet, plots, 40)
    assert (breaks, end) == ([40, 90, 148], 158)
    assert overview_charts.insert(sheet, [], 40) == (40, [])


def test_who_owes_in_each_cell_has_a_bar_for_each() -> None:
    inputs = reports.small()
    quotas = tuple(replace(quota, per="officer_cell") for quota in inputs.catalogue.quotas)
    inputs = replace(inputs, catalogue=replace(inputs.catalogue, quotas=quotas))
    chart = next(c for c in read_charts(reports.write(inputs)) if c.title.startswith(STAFF))
    names = [str(name) for name, *_ in officers_by_attendance(chart)]
    assert len(set(names)) == len(names) == overview_charts.MAX_OFFICERS
    assert all(" – Chi bộ " in name for name in names)
    assert chart.title.endswith(" (15 lượt phân công dự thấp nhất; 17 lượt khác không vẽ)")
