"""The figures are live: an independent program calculates the same, and follows the data."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import office
import pytest
import report_desk as desk
from openpyxl import Workbook, load_workbook

pytestmark = pytest.mark.libreoffice

QUOTA, RATING, YEARLY = "Chỉ tiêu dự sinh hoạt", "Xếp loại sinh hoạt", "Xếp loại năm"
TO_DATE = "Lũy kế năm"


def recalculated(data: bytes, folder: Path) -> Workbook:
    """What LibreOffice makes of the workbook when it believes no stored figure."""
    source = folder / "report.xlsx"
    source.write_bytes(data)
    return load_workbook(office.convert(source, "xlsx", folder / "out", True), data_only=True)


def differences(before: Workbook, after: Workbook) -> Iterator[str]:
    for sheet in before:
        for row in sheet.iter_rows():
            for cell in row:
                if not same(cell.value, after[sheet.title][cell.coordinate].value):
                    yield f"{sheet.title}!{cell.coordinate}"


def same(one: object, other: object) -> bool:
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == pytest.approx(other, rel=1e-12)
    return (one or None) == (other or None)  # an empty text is read as nothing


def plant(data: bytes, part: str, cell: str, wrong: int) -> bytes:
    """Put a wrong cached value beside the formula of one cell; the formula stays."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            if name == part:
                pattern = rf'(<c r="{cell}"[^>]*><f>[^<]*</f><v>)[^<]*'.encode()
                text, count = re.subn(pattern, rb"\g<1>%d" % wrong, text)
                assert count == 1
            new.writestr(name, text)
    return made.getvalue()


def test_a_recalculation_changes_no_cell(tmp_path: Path) -> None:
    after = recalculated(desk.workbook(), tmp_path)
    assert list(differences(desk.sheets(), after)) == []


def test_a_wrong_cached_value_would_be_seen(tmp_path: Path) -> None:
    """The proof of the test above: LibreOffice really calculates what it loads."""
    cell = f"R{desk.find(desk.sheets()[QUOTA], 'Tổng cộng').row}"
    planted = plant(desk.workbook(), "xl/worksheets/sheet2.xml", cell, 4711)
    before = load_workbook(io.BytesIO(planted), data_only=True)
    assert before[QUOTA][cell].value == 4711
    after = recalculated(planted, tmp_path)
    assert list(differences(before, after)) == [f"{QUOTA}!{cell}"]


@dataclass(frozen=True)
class Changed:
    """One visit struck out, one meeting scored 30, 95 members of 2016 moved to the last grade."""

    before: Workbook
    after: Workbook
    officer: str
    month: int
    branch: str


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Changed:
    book = desk.load()
    visit = next(row for row in desk.rows(book["Dữ liệu dự họp"]) if row["Tính"].value == 1)
    visit["Tính"].value = 0
    held = [row for row in desk.rows(book["Dữ liệu họp"]) if row["Điểm tự chấm"].value][-1]
    held["Điểm tự chấm"].value = held["Điểm xác nhận"].value = 30
    yearly = next(
        row
        for row in desk.rows(book["Dữ liệu xếp loại"])
        if (row["Năm"].value, row["Phần"].value) == (2016, "members")
    )
    yearly["Mức 4"].value += 95
    written = io.BytesIO()
    book.save(written)
    after = recalculated(written.getvalue(), tmp_path_factory.mktemp("changed"))
    officer, month = visit["Mã người được tính"].value, visit["Tháng"].value
    return Changed(desk.sheets(), after, officer, month, held["Mã đơn vị"].value)


class TestFollowingTheData:
    def test_an_attendance_that_no_longer_counts(self, changed: Changed) -> None:
        line = desk.find(changed.before[QUOTA], changed.officer).row
        for title, column, change in (
            ("its month", 5 + changed.month, -1), ("attended", 18, -1), ("owed", 21, 0),
            ("missing", 23, 1), ("can still attend", 24, 0),
        ):  # fmt: skip
            was, now = (b[QUOTA].cell(line, column).value for b in (changed.before, changed.after))
            assert now == pytest.approx(was + change), title

    def test_a_score_that_falls_into_the_lowest_band(self, changed: Changed) -> None:
        sheets = [book[RATING] for book in (changed.before, changed.after)]
        years = [book[TO_DATE] for book in (changed.before, changed.after)]
        own = desk.find(years[0], changed.branch).row
        assert years[1].cell(own, 9).value == years[0].cell(own, 9).value + 1
        line = desk.find(sheets[0], str(years[0].cell(own, 3).value)).row
        assert [sheets[1].cell(line, column).value for column in (5, 9)] == [30, "x"]
        total = desk.find(sheets[0], "Tổng cộng").row
        assert sheets[1].cell(total, 9).value == sheets[0].cell(total, 9).value + 1
        poor = [book["Tổng quan"] for book in (changed.before, changed.after)]
        at = desk.find(poor[0], "Kém").row + 1, desk.find(poor[0], "Kém").column
        assert poor[1].cell(*at).value == poor[0].cell(*at).value + 1

    def test_a_count_of_the_yearly_classification(self, changed: Changed) -> None:
        """95 more of 950 subject in 2016: that year rises by ten points, the mean by a third."""
        sheets = [book[YEARLY] for book in (changed.before, changed.after)]
        share = desk.find(sheets[0], "● Đạt (≤ 1 %)").column - 2
        year, mean = (desk.find(sheets[0], text, 2).row for text in ("2016", "Bình quân"))
        for row, rise in ((year, 10), (mean, 10 / 3)):
            was, now = (sheet.cell(row, share).value for sheet in sheets)
            assert now == pytest.approx(was + rise)
        assert sheets[1].cell(year, share + 2).value == "■ Không đạt (≤ 1 %)"

    def test_nothing_else_changes(self, changed: Changed) -> None:
        touched = {place.partition("!")[0] for place in differences(changed.before, changed.after)}
        data = {"Dữ liệu dự họp", "Dữ liệu họp", "Dữ liệu xếp loại"}
        assert touched == {QUOTA, RATING, TO_DATE, YEARLY, "Tổng quan", *data}
