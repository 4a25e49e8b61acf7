"""A period beside the one before and the same a year before, on the first sheet of its workbook."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from statistics import fmean

import pytest
from builders import reports
from builders.sheet_cells import Book, load_sheets, recalculate
from openpyxl import load_workbook

from mlay_batch.core.period import Period
from mlay_batch.figures import compute
from mlay_batch.figures.report_records import Figures, ReportInputs
from mlay_batch.model.records import AcceptedReturn, Row

QUARTER = Period(2019, 10, 3)
SHEET, FIRST, END = "Tổng quan", "Báo cáo sinh hoạt phải nộp", "Cột kỳ này là công thức"


def a_year_earlier(filed: AcceptedReturn) -> AcceptedReturn:
    def earlier(row: Row) -> Row:
        days = {
            name: value.replace(year=value.year - 1)
            for name, value in row.values.items()
            if isinstance(value, date)
        }
        return replace(row, values={**row.values, **days})

    period = Period.parse(str(filed.entry.period))
    before = replace(
        filed.entry, id=filed.entry.id + 1000, period=str(replace(period, year=period.year - 1))
    )
    return AcceptedReturn(before, tuple(map(earlier, filed.rows)))


@cache
def two_years() -> ReportInputs:
    """Eight cells in November 2019, the first five of them also in November 2018."""
    months = [r for r in reports.small().returns if r.entry.form == "meeting"][:8]
    returns = (*months, *map(a_year_earlier, months[:5]))
    return replace(
        reports.small(),
        period=QUARTER,
        as_of=date(2020, 1, 9),
        returns=returns,
        ledger_entries=tuple(r.entry for r in returns),
    )


@cache
def figures() -> Figures:
    return compute(two_years())


@cache
def workbook() -> bytes:
    return reports.write(two_years())


def lines_by_title(book: Book) -> dict[str, list[object]]:
    sheet = book[SHEET]
    rows = sheet.rows[sheet.row_of(FIRST) - 2 : sheet.row_of(END) - 1]
    columns = [number for number, title in enumerate(rows[0]) if number and title]
    return {str(row[0]): [row[column] for column in columns] for row in rows}


def count_sittings(year: int) -> tuple[int, list[float]]:
    """Sittings and their scores straight from the rows."""
    sittings, scores = set(), []
    for filed in two_years().returns:
        if str(filed.entry.period).startswith(str(year)):
            days = {row.values["held_on"] for row in filed.section_rows("meetings")}
            sittings |= {(filed.entry.branch, day) for day in days}
            totals = {
                (r.values["held_on"], r.values["scorer"]): r.values["total"]
                for r in filed.section_rows("scores")
            }
            both = (totals.get((day, "confirmed"), totals.get((day, "own"))) for day in days)
            scores += [float(str(score)) for score in both if score is not None]
    return len(sittings), scores


def test_both_years_are_counted_from_their_own_returns() -> None:
    lines = lines_by_title(load_sheets(workbook()))
    (sittings, scores), (held_before, scores_before) = count_sittings(2019), count_sittings(2018)
    assert lines["Số buổi sinh hoạt"][:3] == [sittings, held_before, sittings - held_before]
    assert lines["Báo cáo sinh hoạt đã nộp"] == [8, 5, 3]
    mean = lines["Điểm bình quân"]
    assert mean[:2] == [pytest.approx(fmean(scores)), pytest.approx(fmean(scores_before))]
    good = Counter(score >= 90 for score in scores)[True]
    assert lines["Số buổi xếp loại Tốt"][0] == good
    assert lines["Lượt cấp trên dự được tính vào chỉ tiêu"][0] == sum(
        a.counts for a in figures().attendances
    )


def test_a_quarter_counts_the_returns_of_its_three_months() -> None:
    (meetings,) = (e for e in figures().completeness if e.form == "meeting")
    due = [
        c
        for (_, p), c in meetings.cells.items()
        if p in QUARTER.months() and c.state not in ("waived", "ended", "not_yet")
    ]
    sheet = load_sheets(workbook())["Tổng quan"]
    line = sheet.rows[sheet.row_of("BÁO CÁO SINH HOẠT") - 1]
    row = [value for value in line if isinstance(value, float)]
    assert row[:3] == [len(due), 8, len(due) - 8]
    assert len(due) > 180


@pytest.mark.libreoffice
def test_the_period_s_figures_and_the_differences_are_formulas(tmp_path: Path) -> None:
    before, after = (
        lines_by_title(load_sheets(workbook())),
        lines_by_title(recalculate(workbook(), tmp_path)),
    )
    assert list(before) == list(after)
    for title, values in before.items():
        if title != "Nội dung":
            for first, other in zip(values, after[title], strict=True):
                assert (other or 0) == pytest.approx(first or 0, rel=1e-12), title
    live, sheet = load_workbook(io.BytesIO(workbook()))[SHEET], load_sheets(workbook())[SHEET]
    rows = range(sheet.row_of(FIRST), sheet.row_of(END))
    column = sheet.rows[rows.start - 2].index("Quý IV năm 2019") + 1
    assert {live.cell(row, column).data_type for row in rows} == {"f"}


def test_the_month_before_stands_beside_it() -> None:
    inputs = reports.facts(10)
    october = compute(replace(inputs, period=Period(2019, 10))).totals
    assert october
    lines = lines_by_title(load_sheets(reports.write(inputs)))
    titles = ["Tháng 11 năm 2019", "Tháng 10 năm 2019", "Tăng (+), giảm (−)"]
    assert lines.pop("Nội dung") == titles
    assert {title: line[1] for title, line in lines.items()} == {
        "Báo cáo sinh hoạt phải nộp": october.due,
        "Báo cáo sinh hoạt đã nộp": october.sent,
        "Tỷ lệ nộp (%)": october.rate,
        "Số buổi sinh hoạt": october.held,
        "Trong đó sinh hoạt thường kỳ": october.regular,
        "Trong đó sinh hoạt chuyên đề": october.thematic,
        "Số buổi đã chấm điểm": october.scored,
        "Điểm bình quân": pytest.approx(october.mean),
        "Số buổi xếp loại Tốt": october.bands.get("good", 0),
        "Số buổi xếp loại Khá": october.bands.get("fair", 0),
        "Số buổi xếp loại Trung bình": october.bands.get("average", 0),
        "Số buổi xếp loại Kém": october.bands.get("poor", 0),
        "Lượt cấp trên dự được tính vào chỉ tiêu": october.visits,
    }


def test_without_an_earlier_return_there_is_no_block() -> None:
    assert (reports.figures().before, reports.figures().year_before) == (None, None)
    texts = [str(row[0]) for row in load_sheets(reports.workbook())[SHEET].rows]
    assert not [text for text in texts if FIRST in text or "cùng kỳ" in text]
    assert [text for text in texts if text.startswith("3. ")] == ["3. Chỉ tiêu dự sinh hoạt"]
