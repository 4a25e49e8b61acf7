"""The sheet of warnings and a branch's page as people open them; trials are the clerk's."""

from __future__ import annotations

import io
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from builders import libreoffice
from builders.excel_limits import Package, calculation
from builders.indicator_samples import CELL, catalogue, facts, year
from builders.sheet_cells import column_under
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from mlay_batch import report
from mlay_batch.core.findings import Severity
from mlay_batch.core.period import Period
from mlay_batch.figures import compute
from mlay_batch.figures.branch_year import branch_year
from mlay_batch.figures.report_records import ReportInputs
from mlay_batch.report.sheets.branch_page import write_page
from mlay_batch.schema import Catalogue

BAD = [
    {"from": "2019-06", "own": 95, "merged": "yes"},
    {"from": "2019-09", "criticism": 0, "speakers": 1},
    {"branch": "CB-02", "duration": 80},
]

BRANCH, SIGN, MONTHS = "Tên đơn vị", "Dấu hiệu", "Số tháng có cảnh báo trong năm"


def on_trial(code: str) -> Catalogue:
    indicator_set, later = catalogue().indicator_sets
    entries = tuple(
        replace(sign, severity=Severity.TRIAL) if sign.code == code else sign
        for sign in indicator_set.entries
    )
    return replace(catalogue(), indicator_sets=(replace(indicator_set, entries=entries), later))


def book(inputs: ReportInputs) -> dict[str, Worksheet]:
    provenance = report.Provenance("0", inputs.as_of, "a" * 64, inputs.catalogue.sources)
    data = report.write_sheets(inputs, compute(inputs), provenance).close()
    return {sheet.title: sheet for sheet in load_workbook(io.BytesIO(data))}


def column(sheet: Worksheet, heading: str) -> int:
    """The place in a row, from 0, of the column under a heading."""
    return column_under(tuple(sheet.iter_rows(values_only=True)), heading) - 1


def lines(sheet: Worksheet) -> list[tuple[object, ...]]:
    """The numbered lines of a list."""
    return [row for row in sheet.iter_rows(values_only=True) if isinstance(row[0], int)]


@pytest.fixture(scope="module")
def sheets() -> dict[str, Worksheet]:
    return book(facts(year(BAD), descriptions=on_trial("H06")))


@pytest.mark.filterwarnings("ignore:Sparkline Group extension")
class TestSheet:
    def test_worst_first_with_what_was_seen_and_what_to_ask(
        self, sheets: dict[str, Worksheet]
    ) -> None:
        sheet = sheets["Cảnh báo"]
        branch, sign, months = (column(sheet, h) for h in (BRANCH, SIGN, MONTHS))
        rows = [(str(row[branch])[:5], row[sign], row[months]) for row in lines(sheet)]
        assert rows == [
            (CELL, "Lồng ghép họp cơ quan", 6),
            (CELL, "Không có phê bình", 1),
            (CELL, "Điểm không thay đổi", 1),
            ("CB-02", "Họp quá ngắn", 1),
        ]

    def test_a_line_jumps_to_the_cell_it_speaks_of(self, sheets: dict[str, Worksheet]) -> None:
        sheet = sheets["Cảnh báo"]
        sign, place_column = column(sheet, SIGN), column(sheet, "Ô trong báo cáo")
        cell = next(
            row[place_column] for row in sheet.iter_rows() if row[sign].value == "Họp quá ngắn"
        )
        title, _, place = cell.hyperlink.location.replace("$", "").partition("!")
        assert sheets[title.strip("'")][place].value == 80
        assert cell.value == "Báo cáo!E32"

    def test_every_sighting_of_the_year_stands_on_the_data_sheet(
        self, sheets: dict[str, Worksheet]
    ) -> None:
        rows = list(sheets["Dữ liệu cảnh báo"].iter_rows(min_row=5, values_only=True))
        assert [row[3] for row in rows if row[0] == CELL] == ["H04"] * 5 + ["H04", "H05", "H10"]

    def test_a_sign_on_trial_is_told_to_the_clerk_alone(self, sheets: dict[str, Worksheet]) -> None:
        everywhere = {
            title
            for title, sheet in sheets.items()
            if any(cell in ("H06", "Ít người phát biểu") for row in sheet.values for cell in row)
        }
        assert everywhere == {"Lỗi"}
        sheet = sheets["Lỗi"]
        (line,) = [row for row in lines(sheet) if row[column(sheet, "Mã")] == "H06"]
        assert line[column(sheet, "Mức")] == "○ Thử nghiệm"
        assert "1 trong số 18 người dự phát biểu" in str(line[column(sheet, "Vấn đề")])


class TestPage:
    @staticmethod
    def data(lang: str = "vi") -> bytes:
        inputs = facts(year(BAD), Period.parse("2019"))
        figures = compute(inputs)
        return write_page(inputs, figures, branch_year(inputs, figures, CELL), CELL, "MARK", lang)

    def test_is_not_calculated_on_opening(self) -> None:
        assert list(calculation(Package(self.data()))) == []

    def test_tells_the_year(self) -> None:
        sheet = load_workbook(io.BytesIO(self.data())).active
        rows = [[cell for cell in row if cell is not None] for row in sheet.values]
        flat = [str(cell) for row in rows for cell in row]
        november = next(row for row in rows if row[:1] == [11])
        assert november[2:9] == ["Thường kỳ và chuyên đề", 20, 18, 90, 110, 1, 95]
        assert any(text.startswith("Số buổi họp: 11. Điểm bình quân: 93,7") for text in flat)
        assert any("Lồng ghép họp cơ quan (tháng 6–11)" in text for text in flat)
        assert not any("CB-02" in text for text in flat)

    def test_same_inputs_same_bytes(self) -> None:
        assert self.data() == self.data()
        assert self.data("en") != self.data()

    @pytest.mark.libreoffice
    def test_is_one_page_of_a4(self, tmp_path: Path) -> None:
        path = tmp_path / "page.xlsx"
        path.write_bytes(self.data())
        pdf = libreoffice.convert(path, "pdf", tmp_path)
        info = ["pdfinfo", str(pdf)]
        output = subprocess.run(info, capture_output=True, text=True, check=True).stdout
        assert re.search(r"^Pages: +1$", output, re.MULTILINE)
        assert re.search(r"^Page size: .*\(A4\)$", output, re.MULTILINE)
