"""The figures are live: an independent program calculates the same, and follows the data."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import office
import pytest
import report_desk as desk
from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

pytestmark = pytest.mark.libreoffice

QUOTA, YEARLY = "Chỉ tiêu dự sinh hoạt", "Xếp loại năm"


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


@pytest.fixture(scope="module")
def altered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workbook, str]:
    """95 members of 2016 moved to the last grade; in one cell one member more died, its meeting
    turned thematic and its activity had 100 people more. The workbook recalculated, and the cell.

    What else may be altered, visits and scores, is followed in `test_change`.
    """
    book = desk.load()
    yearly = next(
        row
        for row in desk.rows(book["Dữ liệu xếp loại"])
        if (row["Năm"].value, row["Phần"].value) == (2016, "members")
    )
    yearly["Mức 4"].value += 95
    active = desk.rows(book["Dữ liệu Bồi dưỡng, kiểm tra…"])[0]
    active["Số người dự"].value += 100
    cell = str(active["Mã đơn vị"].value)
    members = _of(book["Dữ liệu Đảng viên"], cell)
    members["Giảm từ trần"].value += 1
    met = _of(book["Dữ liệu Các buổi sinh hoạt…"], cell)
    met["Loại sinh hoạt"].value = "Chuyên đề"
    written = io.BytesIO()
    book.save(written)
    return recalculated(written.getvalue(), tmp_path_factory.mktemp("altered")), cell


def _of(sheet: Worksheet, cell: str) -> dict[str, Cell]:
    return next(row for row in desk.rows(sheet) if row["Mã đơn vị"].value == cell)


def test_a_count_of_the_yearly_classification(altered: tuple[Workbook, str]) -> None:
    """95 of 950 subject in 2016: ten points that year, a third on average."""
    sheets = [read[YEARLY] for read in (desk.sheets(), altered[0])]
    share = desk.find(sheets[0], "● Đạt (≤ 1 %)").column - 2
    year, mean = (desk.find(sheets[0], text, 2).row for text in ("2016", "Bình quân"))
    for row, rise in ((year, 10), (mean, 10 / 3)):
        was, now = (sheet.cell(row, share).value for sheet in sheets)
        assert now == pytest.approx(was + rise)
    assert sheets[1].cell(year, share + 2).value == "■ Không đạt (≤ 1 %)"


def test_members_meetings_and_activities_of_a_branch(altered: tuple[Workbook, str]) -> None:
    after, cell = altered
    changes = {
        "Đảng viên": {"Từ trần": 1, "Cộng giảm (C)": 1},
        "Chuyên đề": {"Quý IV": 1, "Cả năm": 1},
        "Bồi dưỡng – kiểm tra": {"Lượt người": 100},
    }
    for title, rises in changes.items():
        before, now = desk.sheets()[title], after[title]
        row = desk.find(before, cell).row
        total = desk.find(before, "Tổng cộng").row
        for head, rise in rises.items():
            columns = _columns(before, head)
            for line in (row, total):
                changed = {now.cell(line, n).value - before.cell(line, n).value for n in columns}
                assert rise in changed <= {0, rise}, (title, head)
    row = desk.find(after["Đảng viên"], cell).row
    shown = [str(c.value) for c in after["Đảng viên"][row]]
    assert "■ Không khớp" in shown


def _columns(sheet: Worksheet, head: str) -> list[int]:
    rows = sheet.iter_rows(max_row=12)
    return [cell.column for row in rows for cell in row if cell.value == head]


def test_nothing_else_follows(altered: tuple[Workbook, str]) -> None:
    touched = {place.partition("!")[0] for place in differences(desk.sheets(), altered[0])}
    data = {title for title in touched if title.startswith("Dữ liệu ")}
    assert touched - data == {
        YEARLY, "Mẫu 7A, 7B", "Tổng quan", "Đảng viên", "Chuyên đề", "Bồi dưỡng – kiểm tra",
    }  # fmt: skip
    assert data == {
        "Dữ liệu xếp loại", "Dữ liệu theo năm", "Dữ liệu Đảng viên",
        "Dữ liệu Các buổi sinh hoạt…", "Dữ liệu Bồi dưỡng, kiểm tra…",
    }  # fmt: skip
