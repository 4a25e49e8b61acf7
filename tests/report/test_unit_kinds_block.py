"""The block of kinds of units: what it shows, that it recalculates, and that the report agrees."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from builders import reports
from builders.figure_inputs import facts, register, returns
from builders.sheet_cells import Sheet, differences, load_sheets, recalculate
from openpyxl import load_workbook

from mlay_batch.figures import compute
from mlay_batch.figures.report_records import ReportInputs
from mlay_batch.report.committee.committee_report import ReportTable
from mlay_batch.report.committee.compose import compose_report
from mlay_batch.report.report_context import ReportWords
from mlay_batch.schema import load_catalogue
from mlay_batch.schema.catalogue import shipped_folder

SHEET, HEAD = "Xếp loại sinh hoạt", "Loại hình đơn vị"
OFFICE = """
code | type        | parent | kind
TX   | office      |        |
V1   | cell_direct | TX     | village
V2   | cell_direct | TX     | village
A1   | cell_direct | TX     | administrative
X1   | cell_direct | TX     |
"""
FILED = """
branch | day        | kind             | own
V1     | 2019-02-05 | regular          | 40
V1     | 2019-03-05 | regular          | 92
V1     | 2019-03-19 | thematic         | 66
X1     | 2019-03-05 | regular+thematic |
"""
FIGURES = (
    ("Số chi bộ",),
    ("Báo cáo", "Phải nộp"),
    ("Báo cáo", "Đã nộp"),
    ("Số buổi sinh hoạt", "Cộng"),
    ("Số buổi sinh hoạt", "Thường kỳ"),
    ("Số buổi sinh hoạt", "Chuyên đề"),
    ("Số buổi sinh hoạt", "Có điểm"),
    ("Điểm bình quân",),
    ("Số buổi theo mức", "Tốt"),
    ("Số buổi theo mức", "Trung bình"),
)


def small(cells: str = OFFICE, period: str = "2019-03") -> ReportInputs:
    return facts(register(cells), period, returns(FILED))


@cache
def sample() -> ReportInputs:
    return reports.facts(11)


def rows(sheet: Sheet) -> Iterator[int]:
    """The rows of the block, to the total."""
    first = sheet.row_of(HEAD) + 3  # two rows of headings, one of numbers
    last = next(n for n in range(first, len(sheet.rows)) if sheet.at(n, 1) == "Tổng cộng")
    yield from range(first, last + 1)


def block(sheet: Sheet) -> dict[object, list[object]]:
    return {
        sheet.at(row, 1): [sheet.under(row, *heads, first=HEAD) for heads in FIGURES]
        for row in rows(sheet)
    }


def test_the_block_by_hand() -> None:
    """What came of nobody is blank; a mean of no score too."""
    assert block(load_sheets(reports.write(small()))[SHEET]) == {
        "Cơ quan hành chính": [1, 1, 0, None, None, None, None, None, None, None],
        "Thôn, bản, tổ dân phố": [2, 2, 1, 2, 1, 1, 2, 79, 1, 1],
        "Chưa ghi loại hình": [1, 1, 1, 2, 1, 1, 0, None, 0, 0],
        "Tổng cộng": [4, 4, 2, 4, 2, 2, 2, 79, 1, 1],
    }


@pytest.mark.libreoffice
@pytest.mark.parametrize("period", ["2019-03", "2019-Q1", "2019-04"])
def test_the_block_recalculates(period: str, tmp_path: Path) -> None:
    """In April nobody has sent anything."""
    written = reports.write(small(period=period))
    book = load_sheets(written)
    assert block(book[SHEET])
    assert differences(book, recalculate(written, tmp_path)) == []


@pytest.mark.libreoffice
def test_a_kind_changed_beside_the_organisations_moves_the_figures(tmp_path: Path) -> None:
    """An auditor makes V1 an office: all it reported goes there, and nothing else moves."""
    book = load_workbook(io.BytesIO(reports.write(small())))
    (entry,) = (
        row for row in reports.rows(book["Dữ liệu đơn vị"]) if row["Mã đơn vị"].value == "V1"
    )
    assert entry["Mã loại hình"].value == "village"
    entry["Mã loại hình"].value = "administrative"
    book.save(altered := io.BytesIO())
    after = recalculate(altered.getvalue(), tmp_path)
    moved = small(
        OFFICE.replace("V1   | cell_direct | TX     | village", "V1|cell_direct|TX|administrative")
    )
    assert block(after[SHEET]) == block(load_sheets(reports.write(moved))[SHEET])
    assert block(after[SHEET])["Cơ quan hành chính"][:4] == [2, 2, 1, 2]


def test_without_kinds_the_workbook_has_nothing_of_them() -> None:
    plain = small(OFFICE.replace("village", "").replace("administrative", ""))
    book = load_sheets(reports.write(plain))
    texts = {str(v) for sheet in book.values() for row in sheet.rows for v in row if v}
    assert not [text for text in texts if "oại hình" in text]
    assert tables(plain).keys().isdisjoint({"Theo loại hình"})
    columns = len(book[SHEET].rows[0])
    assert columns == 10


def test_the_list_above_is_the_same_with_and_without_kinds() -> None:
    """Its last column spreads over narrow ones; a row of it holds the same values."""
    plain = small(OFFICE.replace("village", "").replace("administrative", ""))
    lists = []
    for inputs in (small(), plain):
        sheet = load_sheets(reports.write(inputs))[SHEET]
        values = [[v for v in row if v is not None] for row in sheet.rows]
        first = next(n for n, row in enumerate(values) if row[:1] == ["STT"])
        last = next(n for n, row in enumerate(values) if str(row[:1]).startswith("['Tổng cộng"))
        lists.append(values[first : last + 1])
    assert lists[0] == lists[1]
    assert len(lists[0]) > 6


def test_signs_of_the_sample_by_kind() -> None:
    """Counts add up to the summary of the sheet of signs; shares are of cells with a return."""
    sheet = load_sheets(reports.workbook())[SHEET]
    *kinds, total = rows(sheet)
    reporting, flagged, share = (
        [sheet.under(row, "Dấu hiệu cần hỏi lại", head, first=HEAD) for row in (*kinds, total)]
        for head in ("Chi bộ có báo cáo của mình", "Chi bộ có dấu hiệu", "Tỷ lệ %")
    )
    figures = reports.figures()
    assert flagged[-1] == sum(flagged[:-1]) == sum(k.flagged or 0 for k in figures.unit_kinds) > 0
    for cells, found, per_cent in zip(reporting, flagged, share, strict=True):
        assert per_cent == pytest.approx(100 * found / cells)
    head = sheet.row_of("Dấu hiệu", 2)  # the first is a group of the block above
    titles = [value for value in sheet.rows[head - 1] if value][1:]
    assert titles[:-1] == [sheet.at(row, 1) for row in kinds]
    hits = {
        (hit.indicator.title.vi, hit.branch)
        for hit in figures.indicator_hits
        if hit.period in figures.period.months()
    }
    for row in range(head + 2, head + 2 + len({title for title, _ in hits})):
        counts = [sheet.under(row, title, "Số chi bộ", first="Dấu hiệu") for title in titles]
        cells = sum(title == sheet.at(row, 1) for title, _ in hits)
        assert counts[-1] == sum(counts[:-1]) == cells


def tables(inputs: ReportInputs) -> dict[str, ReportTable]:
    report = compose_report(ReportWords(inputs, compute(inputs), "vi"))
    return {table.sheet: table for section in report.sections for table in section.tables}


def test_the_table_of_the_report_is_the_block() -> None:
    sheet, table = load_sheets(reports.write(sample()))[SHEET], tables(sample())["Theo loại hình"]
    heads = [column.title for column in table.columns]
    beside = {
        "Chi bộ": ("Số chi bộ",),
        "Đã nhận": ("Báo cáo", "Đã nộp"),
        "Số buổi": ("Số buổi sinh hoạt", "Cộng"),
        "Điểm bình quân": ("Điểm bình quân",),
        "Chi bộ có dấu hiệu": ("Dấu hiệu cần hỏi lại", "Chi bộ có dấu hiệu"),
    } | {band: ("Số buổi theo mức", band) for band in ("Tốt", "Khá", "Trung bình", "Kém")}
    assert set(heads) == {HEAD, *beside}
    for row, values in zip(rows(sheet), (*table.rows, table.totals), strict=True):
        for head, value in list(zip(heads, values, strict=True))[1:]:
            on_sheet = sheet.under(row, *beside[head], first=HEAD)
            assert value == pytest.approx(on_sheet), (values[0], head)


def test_a_report_of_one_kind_has_no_table() -> None:
    """It would say again what the sentence above says of all."""
    assert "Theo loại hình" in tables(small())
    one = "code|type|parent|kind\nTX|office||\nV1|cell_direct|TX|village\nX1|cell_direct|TX|village"
    assert "Theo loại hình" not in tables(small(one))
    assert "Theo loại hình" not in tables(small(period="2019-04"))  # nothing is in


def test_another_kind_is_one_edit(tmp_path: Path) -> None:
    """An office adds a choice to its own description: its row is there, in its place."""
    text = (shipped_folder("schemas") / "register.yaml").read_text(encoding="utf-8")
    before = "    - {id: school,"
    line = "    - {id: market, title: {vi: Chợ, en: Market}}\n"
    assert text.count(before) == 1
    own = text.replace(before, line + before)
    (tmp_path / "register.yaml").write_text(own, encoding="utf-8")
    catalogue = load_catalogue(tmp_path)
    cells = OFFICE.replace(
        "A1   | cell_direct | TX     | administrative", "A1|cell_direct|TX|market"
    )
    inputs = replace(small(cells), catalogue=catalogue)
    sheet = load_sheets(reports.write(inputs))[SHEET]
    assert list(block(sheet)) == ["Thôn, bản, tổ dân phố", "Chợ", "Chưa ghi loại hình", "Tổng cộng"]
