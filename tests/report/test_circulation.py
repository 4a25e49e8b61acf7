"""The copy for circulation, read again by openpyxl and LibreOffice: values, and nothing else."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from builders import committee_reports, excel_limits, libreoffice, printed_pages
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from mlay_batch.report.committee.circulation_copy import MAX_SHEETS, write_circulation
from mlay_batch.report.committee.committee_report import (
    CommitteeReport,
    ReportColumn,
    ReportSection,
    ReportTable,
)
from mlay_batch.report.committee.leaks import find_leaks

HOSTILE = (
    "=cmd|'/c calc'!A1", "http://example.org/a", "mailto:a@b.vn", "<b>&amp;</b>", "+84 215", "-1",
    "@SUM(1)", "\t=1+1", "internal:'Báo cáo'!A1", "a\x00b\x0bc\ud800", "dài " * 500, "x" * 2000,
)  # fmt: skip


def read(report: CommitteeReport) -> Workbook:
    return load_workbook(io.BytesIO(write_circulation(report)))


def values(sheet: Worksheet) -> list[Any]:
    return [cell.value for row in sheet.iter_rows() for cell in row if cell.value is not None]


def table(name: str, rows: int) -> ReportTable:
    columns = ReportColumn("Chi bộ", 3), ReportColumn("Điểm", 1, "right", 1)
    return ReportTable(
        f"Bảng {name}", name, columns, tuple((f"{name} {n}", 70.5) for n in range(rows))
    )


def under(sheet: Worksheet, heading: str) -> list[Any]:
    """The values below a heading."""
    (place,) = [cell for row in sheet.iter_rows() for cell in row if cell.value == heading]
    cells = sheet.iter_rows(min_row=place.row + 1, min_col=place.column, max_col=place.column)
    return [cell.value for (cell,) in cells]


class TestWhatItHolds:
    def test_the_report_first_then_a_sheet_for_each_table(self) -> None:
        book = read(committee_reports.town())
        assert book.sheetnames == [
            "Báo cáo", "Dưới mức Khá", "Chỉ tiêu dự", "Từng cán bộ", "Chấm điểm",
        ]  # fmt: skip
        first = values(book["Báo cáo"])
        expected = [
            "TỈNH ỦY ĐIỆN BIÊN", "ĐẢNG CỘNG SẢN VIỆT NAM", "THỊ ỦY MƯỜNG LAY", "BÁO CÁO",
            "(TẠM TÍNH: còn 2 trong 70 chi bộ chưa có báo cáo)", "1. Tình hình gửi báo cáo",
            committee_reports.SECTIONS[0].sentences[0],
            "(Bảng “Các buổi xếp loại dưới mức Khá”: xem trang “Dưới mức Khá”.)",
            "Nơi nhận:", "T/M BAN THƯỜNG VỤ", "- Lưu Văn phòng Thị ủy.", "Lê Thị Vân",
        ]  # fmt: skip
        places = [first.index(text) for text in expected]
        assert places == sorted(places)

    def test_numbers_and_days_are_values_in_the_form_of_papers(self) -> None:
        columns = (
            ReportColumn("Ngày", 1),
            ReportColumn("Điểm", 1, "right", 1),
            ReportColumn("Số", 1),
        )
        rows = ((date(2019, 9, 3), 88.75, 1142), (date(2019, 2, 11), 90.0, None))
        annex = ReportTable("T", "T", columns, rows, (None, 89.375, 1142), ("Ghi chú.",))
        sheet = read(committee_reports.town(annexes=(annex,)))["T"]
        days = [value.date() for value in under(sheet, "Ngày")[:2]]
        assert days == [rows[0][0], rows[1][0]]
        assert under(sheet, "Điểm")[:3] == [88.75, 90, 89.375]
        assert under(sheet, "Số")[:3] == [1142, None, 1142]
        formats = {
            str(cell.value): cell.number_format
            for row in sheet.iter_rows()
            for cell in row
            if not isinstance(cell.value, str)
        }
        assert formats["2019-09-03 00:00:00"] == "dd/m/yyyy"
        assert formats["2019-02-11 00:00:00"] == "dd/mm/yyyy"
        assert (formats["88.75"], formats["1142"]) == ("#,##0.0", "#,##0")
        assert values(sheet)[-1] == "Ghi chú."

    def test_of_many_tables_the_shortest_stand_on_the_first_sheet(self) -> None:
        sections = tuple(
            ReportSection(f"Phần {n}", ("Câu.",), (table(f"S{n}", n),)) for n in range(1, 8)
        )
        report = committee_reports.town(
            sections=sections, annexes=(table("A1", 2), table("A2", 90), table("A3", 1))
        )
        book = read(report)
        assert len(book.sheetnames) == MAX_SHEETS
        assert {"S1", "A3"}.isdisjoint(book.sheetnames)
        first = values(book["Báo cáo"])
        assert first.index("Bảng S1") < first.index("S1 0") < first.index("2. Phần 2")
        assert first.index("7. Phần 7") < first.index("A3 0") < first.index("Nơi nhận:")
        assert find_leaks(write_circulation(report)) == ()

    def test_texts_of_strangers_stay_texts(self) -> None:
        columns = ReportColumn("=A1", 3), ReportColumn("http://a", 1, "right", 1)
        annex = ReportTable(
            "=1+1", "=[]:*?/\\", columns, tuple((t, t) for t in HOSTILE), HOSTILE[:2]
        )
        report = committee_reports.town(
            sections=(ReportSection("=2", HOSTILE),),
            annexes=(annex,),
            superior="=3",
            state="@4",
            subject=HOSTILE[-3],
        )
        data = write_circulation(report)
        assert find_leaks(data) == ()
        assert excel_limits.problems(data) == []
        book = load_workbook(io.BytesIO(data))
        for sheet in book:
            for row in sheet.iter_rows():
                assert all(cell.data_type in "sn" and cell.hyperlink is None for cell in row)
        names = under(book.worksheets[1], "=A1")
        assert names[:3] == list(HOSTILE[:3])
        assert "abc" in names
        formula_like = [c for c in book.worksheets[1]["A"] if str(c.value).startswith("=")]
        assert formula_like
        assert all(cell.quotePrefix for cell in formula_like)

    @pytest.mark.parametrize(
        "report",
        [
            committee_reports.bare(),
            committee_reports.town(),
            replace(committee_reports.town(), lang="en"),
            committee_reports.town(annexes=(table("Dài", 200),)),
        ],
        ids=["empty", "town", "english", "200 rows"],
    )
    def test_nothing_but_values_and_within_the_limits_of_excel(
        self, report: CommitteeReport
    ) -> None:
        data = write_circulation(report)
        assert find_leaks(data) == ()
        assert excel_limits.problems(data) == []
        assert write_circulation(report) == data

    def test_headings_stay_in_view(self) -> None:
        book = read(committee_reports.town())
        assert [sheet.freeze_panes for sheet in book.worksheets[1:]] == ["A4"] * 4


@pytest.mark.libreoffice
class TestPrinted:
    @pytest.mark.parametrize("inline", [False, True], ids=["town", "tables on the first sheet"])
    def test_every_word_is_on_paper_and_can_be_read(self, inline: bool, tmp_path: Path) -> None:
        report = committee_reports.town()
        if inline:
            long = tuple(table(f"Dài {n}", 5) for n in range(MAX_SHEETS - 3))
            report = replace(report, annexes=(*report.annexes, *long))
            assert len(read(report).sheetnames) == MAX_SHEETS
        path = tmp_path / "copy.xlsx"
        path.write_bytes(write_circulation(report))
        pdf = libreoffice.convert(path, "pdf", tmp_path)
        printed = printed_pages.text(pdf)
        missing = [
            word
            for sheet in read(report)
            for value in values(sheet)
            if isinstance(value, str)
            for word in value.replace("-", "").split()
            if word not in printed
        ]
        assert missing == []
        assert "###" not in printed
        assert list(printed_pages.hidden(pdf, 3)) == []
