"""The report to be signed, as Word and LibreOffice see it: page, letterhead, tables, signatures."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from builders import committee_reports, libreoffice, printed_pages
from docx import Document
from docx.document import Document as Paper
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from mlay_batch.core.messages import error_text
from mlay_batch.errors import SchemaError
from mlay_batch.report.committee import paper_layout
from mlay_batch.report.committee.committee_report import (
    CommitteeReport,
    ReportColumn,
    ReportSection,
    ReportTable,
    SignatureBlock,
)
from mlay_batch.report.committee.docx_report import write_docx
from mlay_batch.report.committee.paper_layout import layout_on
from mlay_batch.schema.load import load_records

TESTS = Path(__file__).parent.parent
LAYOUT = layout_on(date(2019, 12, 6))
ELSEWHERE = """
from hashlib import sha256
from builders import committee_reports
from mlay_batch.report.committee.circulation_copy import write_circulation
from mlay_batch.report.committee.docx_report import write_docx
from mlay_batch.report.committee.paper_layout import layout_on
report = committee_reports.town()
for data in (write_docx(report, layout_on(report.as_of)), write_circulation(report)):
    print(sha256(data).hexdigest())
"""
HOSTILE = (
    "=cmd|'/c calc'!A1", "http://example.org/a", "<b>&amp;</b> ]]>", "a\x00b\x0b\x1fc\ufffe\ud800",
    "+84 215", "-1", "@SUM(1)", "\t=1+1", "dài " * 500, "x" * 2000, "\u202eabc", "Ổ\u0303 cuối",
)  # fmt: skip


def write(report: CommitteeReport) -> bytes:
    return write_docx(report, LAYOUT)


def paper(report: CommitteeReport) -> Paper:
    return Document(io.BytesIO(write(report)))


def texts(report: CommitteeReport) -> list[str]:
    """All texts in their order, those of tables too, without blank ones."""
    paragraphs = paper(report).element.body.iter(qn("w:p"))
    lines = ("".join(t.text or "" for t in p.iter(qn("w:t"))) for p in paragraphs)
    return [line for line in lines if line.strip()]


def has(element: Any, tag: str) -> bool:
    return next(element.iter(qn(tag)), None) is not None


def plain_table(count: int, **changes: object) -> ReportTable:
    """A table of `count` rows."""
    columns = ReportColumn("Chi bộ", 3), ReportColumn("Điểm", 1, "right", 1)
    rows = tuple((f"Chi bộ {number}", 60 + number / 4) for number in range(count))
    return replace(ReportTable("Điểm các chi bộ", "Điểm", columns, rows), **changes)


def pages(report: CommitteeReport, folder: Path) -> list[str]:
    """The text of each page as LibreOffice prints it."""
    (folder / "report.docx").write_bytes(write(report))
    pdf = libreoffice.convert(folder / "report.docx", "pdf", folder)
    ran = subprocess.run(
        ["pdftotext", "-layout", pdf, "-"], capture_output=True, text=True, check=True
    )
    assert list(printed_pages.hidden(pdf, 2)) == []
    return ran.stdout.removesuffix("\f").split("\f")


def hostile_report() -> CommitteeReport:
    """A report with texts of strangers wherever a text may stand."""
    columns = ReportColumn("=A1", 1), ReportColumn("x" * 60, 1, "right", 1)
    rows = tuple((text, text) for text in HOSTILE)
    table = ReportTable(HOSTILE[0], "=[]:*?/\\", columns, rows, ("=1", 1.5), HOSTILE)
    return committee_reports.town(
        sections=(ReportSection("<&>", HOSTILE, (table,)),), annexes=(table,), recipients=HOSTILE,
        subject=HOSTILE[3], prepared=SignatureBlock(HOSTILE[2], "", HOSTILE[3]),
    )  # fmt: skip


class TestLayouts:
    def test_each_document_holds_from_its_day_on(self) -> None:
        days = (date(2010, 1, 1), date(2018, 4, 3), date(2026, 5, 26), date(2026, 5, 27))
        documents = [layout_on(day).document for day in days]
        assert documents == ["36-HD/VPTW"] * 3 + ["05-HD/VPTW"]

    def test_what_was_not_seen_is_said_to_be_unconfirmed(self) -> None:
        for day in (date(2019, 1, 1), date(2026, 6, 1)):
            layout = layout_on(day)
            assert layout.document in layout.basis
            assert "chưa xác nhận" in layout.basis

    def test_they_are_those_of_the_strict_reader(self) -> None:
        layouts = paper_layout.load_layouts(paper_layout.FORMATS)
        assert layouts == load_records(paper_layout.FORMATS, paper_layout.PaperLayout)

    @pytest.mark.parametrize(
        ("change", "code", "words"),
        [
            (
                ("left: 30", "lfet: 30"),
                "schema.key",
                "margins: there is no key “lfet”",
            ),
            (("left: 30", "left: -30"), "schema.value", "lengths and sizes of more than 0"),
            (("left: 30", "left: 100"), "schema.value", "at least 100 mm"),
            (("left: 30", "left: wide"), "schema.value", "item no. 1 › margins › left: “wide”"),
            (("since: 2018-04-03", "since: soon"), "schema.value", "item no. 1 › since: “soon”"),
            (
                ("since: 2018-04-03", "since: 2018-04-31"),
                "schema.yaml",
                "“2018-04-31” looks like",
            ),
        ],
    )
    def test_a_mistake_names_file_line_and_key(
        self, change: tuple[str, str], code: str, words: str, tmp_path: Path
    ) -> None:
        path = tmp_path / "formats.yaml"
        path.write_text(paper_layout.FORMATS.read_text("utf-8").replace(*change), "utf-8")
        with pytest.raises(SchemaError) as caught:
            paper_layout.load_layouts(path)
        params = caught.value.params
        assert caught.value.code == code
        assert (params["file"], str(params["line"]).isdigit()) == ("formats.yaml", True)
        assert words in error_text(caught.value, "en")


class TestThePaper:
    def test_page_and_letters_are_those_of_the_layout(self) -> None:
        layout = replace(LAYOUT, margins=replace(LAYOUT.margins, left=35, header=12))
        document = Document(io.BytesIO(write_docx(committee_reports.town(), layout)))
        section = document.sections[0]
        assert round(section.page_width / Mm(1)), round(section.page_height / Mm(1)) == (210, 297)
        sides = section.top_margin, section.bottom_margin, section.left_margin, section.right_margin
        assert [round(side / Mm(1)) for side in sides] == [20, 20, 35, 15]
        assert round(section.header_distance / Mm(1)) == 12
        sizes = {style.name: style.font.size for style in document.styles if style.base_style}
        assert (sizes["Sentence"], sizes["Party"], sizes["Recipient"]) == (Pt(14), Pt(15), Pt(12))
        fonts = {
            value
            for element in document.styles.element.iter(qn("w:rFonts"))
            for value in element.attrib.values()
        }
        assert fonts == {"Times New Roman"}

    def test_all_is_there_in_the_order_of_papers(self) -> None:
        lines = texts(committee_reports.town())
        expected = [
            "TỈNH ỦY ĐIỆN BIÊN", "THỊ ỦY MƯỜNG LAY", "*", "Số        -BC/TU",
            "ĐẢNG CỘNG SẢN VIỆT NAM", "Mường Lay, ngày 06 tháng 12 năm 2019",
            "BÁO CÁO", "tình hình sinh hoạt chi bộ tháng 11 năm 2019",
            "(TẠM TÍNH: còn 2 trong 70 chi bộ chưa có báo cáo)", "-----",
            "1. Tình hình gửi báo cáo", "2. Nền nếp sinh hoạt", "3. Chất lượng sinh hoạt",
            "Các buổi xếp loại dưới mức Khá", "Hạt Kiểm lâm thị xã", "67,0",
            "Mức Tốt 49 buổi, mức Khá 25 buổi.", "Nơi nhận:", "- Lưu Văn phòng Thị ủy.",
            "Người lập biểu: Nguyễn Thị Hòa", "T/M BAN THƯỜNG VỤ", "PHÓ BÍ THƯ", "Lê Thị Vân",
            "PHỤ LỤC 1", "PHỤ LỤC 2", "Danh sách chấm điểm các buổi sinh hoạt", "Bình quân", "88,8",
        ]  # fmt: skip
        places = [lines.index(line) for line in expected]
        assert places == sorted(places)

    def test_what_is_not_known_takes_no_line(self) -> None:
        assert texts(committee_reports.bare()) == [
            "THỊ ỦY MƯỜNG LAY", "*", "ĐẢNG CỘNG SẢN VIỆT NAM", "BÁO CÁO", "-----",
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("lang", "shown"),
        [("vi", ["1.142", "88,8", "97,00", "03/9/2019", "11/02/2019", "68/70"]),
         ("en", ["1,142", "88.8", "97.00", "2019-09-03", "2019-02-11", "68/70"])],
    )  # fmt: skip
    def test_figures_are_written_as_the_language_does(self, lang: str, shown: list[str]) -> None:
        values = (1142, 88.75, 97.0, date(2019, 9, 3), date(2019, 2, 11), "68/70")
        columns = tuple(
            ReportColumn(f"C{number}", 1, decimals=decimals)
            for number, decimals in enumerate((0, 1, 2, 0, 0, 0))
        )
        table = ReportTable("T", "T", columns, (values,))
        section = ReportSection("S", (), (table,))
        lines = texts(committee_reports.town(sections=(section,), annexes=(), lang=lang))
        assert lines[lines.index(shown[0]) :][: len(shown)] == shown

    def test_headings_repeat_and_rows_stay_whole(self) -> None:
        body = paper(committee_reports.town()).element.body
        tables = [list(table.iter(qn("w:tr"))) for table in body.iter(qn("w:tbl"))]
        repeated = [[has(row, "w:tblHeader") for row in rows] for rows in tables]
        lists = [marks for marks in repeated if any(marks)]
        assert [len(marks) for marks in lists] == [4, 4, 22, 72]
        assert all(marks == [True] + [False] * (len(marks) - 1) for marks in lists)
        assert all(has(row, "w:cantSplit") for rows in tables for row in rows)

    def test_columns_have_their_shares_of_the_page(self) -> None:
        document = paper(committee_reports.town(annexes=(plain_table(3),)))
        widths = [column.width / Mm(1) for column in document.tables[-1].columns]
        assert widths == pytest.approx([165 * 3 / 4, 165 / 4], abs=0.1)

    def test_an_annex_lies_across_only_where_its_words_do_not_fit(self) -> None:
        annexes = (plain_table(3), committee_reports.ratings(3), plain_table(3))
        sections = paper(committee_reports.town(annexes=annexes)).sections
        assert [section.page_width > section.page_height for section in sections] == [
            False, False, True, False,
        ]  # fmt: skip

    def test_the_file_holds_no_more_than_word_needs(self) -> None:
        with ZipFile(io.BytesIO(write(committee_reports.town()))) as archive:
            names = set(archive.namelist())
            times = {entry.date_time for entry in archive.infolist()}
            core = archive.read("docProps/core.xml").decode()
        assert names == {
            "[Content_Types].xml", "_rels/.rels", "docProps/core.xml", "word/document.xml",
            "word/_rels/document.xml.rels", "word/styles.xml", "word/settings.xml",
            "word/header1.xml",
        }  # fmt: skip
        assert times == {(1980, 1, 1, 0, 0, 0)}
        assert set(re.findall(r">([^<>]+T[^<>]+Z)<", core)) == {"2019-12-06T00:00:00Z"}
        assert "docx" not in core


def test_another_clock_language_folder_and_hash_seed_change_no_byte(tmp_path: Path) -> None:
    from mlay_batch.report.committee.circulation_copy import write_circulation

    report = committee_reports.town()
    here = [sha256(data).hexdigest() for data in (write(report), write_circulation(report))]
    paths = [str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])]
    ran = subprocess.run(
        [sys.executable, "-c", ELSEWHERE], cwd=tmp_path, capture_output=True, text=True, check=True,
        env=os.environ | {
            "TZ": "Pacific/Kiritimati", "LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "12345",
            "PYTHONPATH": os.pathsep.join(paths), "USER": "somebody", "LOGNAME": "somebody",
        },
    )  # fmt: skip
    assert ran.stdout.split() == here


@pytest.mark.libreoffice
class TestPrinted:
    def test_the_town_takes_two_pages_and_its_annexes_their_own(self, tmp_path: Path) -> None:
        """The signature stands on the page of the last sentence, the number on all pages but 1."""
        printed = pages(committee_reports.town(), tmp_path)
        annexes = [number for number, page in enumerate(printed) if "PHỤ LỤC" in page]
        assert annexes == [2, 3]
        assert "Lê Thị Vân" in printed[1]
        assert "báo cáo tháng 11." in printed[1]
        numbers = [page.split()[0] for page in printed]
        assert numbers[1:] == [str(number) for number in range(2, len(printed) + 1)]
        assert all("Ngày họp" in page for page in printed[3:])

    @pytest.mark.parametrize("count", range(14, 30, 3))
    def test_nobody_signs_a_page_without_a_line_of_the_report(
        self, count: int, tmp_path: Path
    ) -> None:
        """However much stands on the page, the last sentence goes with the signature."""
        sentences = tuple(f"Câu thứ {number} của báo cáo." for number in range(count))
        section = ReportSection("Nội dung", sentences)
        printed = pages(committee_reports.town(sections=(section,), annexes=()), tmp_path)
        assert "T/M BAN THƯỜNG VỤ" in printed[-1]
        assert "Lê Thị Vân" in printed[-1]
        assert f"Câu thứ {count - 1} " in printed[-1]
        assert len(printed) <= 2

    @pytest.mark.parametrize(
        "report",
        [
            committee_reports.bare(),
            hostile_report(),
            committee_reports.town(
                sections=tuple(ReportSection(f"Phần {n}", (f"Câu {n}.",)) for n in range(60))
            ),
            committee_reports.town(
                sections=(ReportSection("Bảng", (), (plain_table(200),)),),
                annexes=(plain_table(0), plain_table(200)),
            ),
        ],
        ids=["empty", "hostile", "60 parts", "200 rows"],
    )
    def test_any_report_can_be_opened(self, report: CommitteeReport, tmp_path: Path) -> None:
        printed = "\n".join(pages(report, tmp_path))
        assert "ĐẢNG CỘNG SẢN VIỆT NAM" in printed
        assert report.signed.name in printed
        for table in report.annexes:
            for row in table.rows[-1:]:
                assert str(row[0]).split()[-1] in printed
