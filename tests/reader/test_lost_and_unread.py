"""What a returned workbook has lost of its form, and what it has that is not read."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from builders import libreoffice
from builders.reader_files import FormFile, codes, repack
from builders.sample_office import MeetingReturn, catalogue
from openpyxl import Workbook, load_workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.worksheet.worksheet import Worksheet

from mlay_batch.model.records import Submission
from mlay_batch.reader import Limits, read_all

SHEET = "Báo cáo"
_ELEMENT = re.compile(rb"<dataValidations.*?</dataValidations>", re.DOTALL)
pytestmark = pytest.mark.usefixtures("reading_here")


def read(data: bytes) -> Submission:
    (submission,) = read_all([("x", data)], catalogue().forms, Limits())
    return submission


def told(data: bytes) -> list[tuple[str, str, str]]:
    return [(f.code, f.place.sheet, f.place.cell) for f in read(data).findings]


def good(year: int = 2019) -> bytes:
    return MeetingReturn("CB-01", year=year, visitor="TU-1").book()


def stripped(data: bytes, pattern: re.Pattern[bytes] = _ELEMENT) -> bytes:
    """The workbook as a program leaves it that knows no data validation."""

    def change(name: str, part: bytes) -> bytes:
        return pattern.sub(b"", part) if name.startswith("xl/worksheets/sheet") else part

    return repack(data, change)


# Lists and limits


@pytest.mark.parametrize("year", [2019, 2026])
def test_all_lists_and_limits_are_gone(year: int) -> None:
    assert told(good(year)) == []
    assert told(stripped(good(year))) == [("R46", "", "")]


def test_some_cells_were_pasted_over() -> None:
    """One validation, of which the others remain: only filled cells are told."""
    one = re.compile(rb"<dataValidation .*?</dataValidation>", re.DOTALL)
    title = 'promptTitle="Đảng viên có mặt"'.encode()
    book = load_workbook(io.BytesIO(good()))
    ranges = book[SHEET].data_validations.dataValidation
    gone = {str(each.sqref) for each in ranges if each.promptTitle == "Đảng viên có mặt"}
    assert len(gone) == 1

    def change(name: str, part: bytes) -> bytes:
        xml = one.sub(lambda match: b"" if title in match[0] else match[0], part)
        return xml if name.startswith("xl/worksheets/sheet") else part

    (finding,) = read(repack(good(), change)).findings
    assert (finding.code, finding.place.sheet, finding.params["count"]) == ("R47", SHEET, 1)
    assert finding.params["cells"] == finding.place.cell
    assert book[SHEET][finding.place.cell].value == 10


def test_lists_that_excel_2010_writes_apart_are_there() -> None:
    """A list on another sheet may stand in ``extLst``, its cells in an element of their own."""
    moved = b"".join(
        b'<x14:dataValidation type="list"><xm:sqref>' + cells + b"</xm:sqref></x14:dataValidation>"
        for cells in set(re.findall(rb'<dataValidation[^>]*sqref="([^"]*)"', _sheet_xml(good())))
    )

    def change(name: str, part: bytes) -> bytes:
        if not name.startswith("xl/worksheets/sheet") or not _ELEMENT.search(part):
            return part
        spaces = b'xmlns:x14="urn:a" xmlns:xm="urn:b"'
        ext = b"<extLst><ext " + spaces + b">" + moved + b"</ext></extLst></worksheet>"
        return _ELEMENT.sub(b"", part).replace(b"</worksheet>", ext)

    assert told(repack(good(), change)) == []


def _sheet_xml(data: bytes) -> bytes:
    parts: list[bytes] = []
    repack(data, lambda name, part: parts.append(part) or part if "sheets/sheet" in name else part)
    return b"".join(part for part in parts if _ELEMENT.search(part))


def test_a_file_without_our_stamp_had_none() -> None:
    paper = FormFile(stamped=False)
    paper.is_validated = False
    assert "R46" not in {finding.code for finding in paper.read().findings}
    stamped = FormFile()
    stamped.is_validated = False
    assert "R46" in {finding.code for finding in stamped.read().findings}


# What is not read

Change = Callable[[Workbook], None]


def _add(title: str, state: str = "visible", **cells: object) -> Change:
    return lambda book: _sheet(book, title, state, **cells) and None


def _sheet(book: Workbook, title: str, state: str = "visible", **cells: object) -> Worksheet:
    sheet = book.create_sheet(title)
    sheet.sheet_state = state
    for cell, value in cells.items():
        sheet[cell] = value
    return sheet


def _bars(book: Workbook) -> BarChart:
    chart = BarChart()
    chart.add_data(Reference(book[SHEET], min_col=3, min_row=10, max_row=12))
    return chart


def _chart_sheet(title: str, state: str) -> Change:
    def change(book: Workbook) -> None:
        sheet = book.create_chartsheet(title)
        sheet.add_chart(_bars(book))
        sheet.sheet_state = state

    return change


def _copy(book: Workbook, *, state: str = "visible", with_markers: bool = True) -> None:
    copy = book.copy_worksheet(book[SHEET])
    copy.title, copy.sheet_state = "Báo cáo (2)", state
    for row in range(1, copy.max_row + 1) if not with_markers else ():
        copy.cell(row, 1).value = None
    for row in copy.iter_rows():
        for cell in row:
            if cell.value == 10:
                cell.value = 9


def _told_beside(*changes: Change) -> set[tuple[str, str, object]]:
    """Code, sheet and count of what is told of a good return with further sheets."""
    book, buffer = load_workbook(io.BytesIO(good())), io.BytesIO()
    for change in changes:
        change(book)
    book.save(buffer)
    findings = read(buffer.getvalue()).findings
    return {(f.code, f.place.sheet, f.params.get("count")) for f in findings}


def test_sheets_that_are_not_read_are_told_by_name() -> None:
    assert _told_beside(
        _add("Phụ", B3=5, C4="x"),
        _add("Trống"),
        _add("Dấu lạ", A1="mlay:errors", B2=43),
        _add("Ẩn", "hidden", B3=5, C4="x"),
        _add("Ẩn sâu", "veryHidden", B3=5),
        _add("Ẩn trống", "hidden"),
        _chart_sheet("Biểu đồ", "visible"),
        _chart_sheet("Biểu đồ ẩn", "hidden"),
        lambda book: _sheet(book, "Hình").add_chart(_bars(book)),
        lambda book: _sheet(book, "Hình ẩn", "hidden").add_chart(_bars(book)),
    ) == {
        ("C21", "Phụ", 2),
        ("C21", "Dấu lạ", 2),
        ("R45", "Ẩn", 2),
        ("R45", "Ẩn sâu", 1),
        *(("R36", title, 1) for title in ("Biểu đồ", "Biểu đồ ẩn", "Hình", "Hình ẩn")),
    }


def test_a_second_copy_of_the_form_is_told() -> None:
    """With other values: refused, for nobody knows which one counts; without marks not read."""
    twice = {(code, sheet) for code, sheet, _ in _told_beside(_copy)}
    assert twice == {("R22", "Báo cáo"), ("R22", "Báo cáo (2)")}
    for code, more in (("C21", {"with_markers": False}), ("R45", {"state": "hidden"})):
        ((told_code, sheet, count),) = _told_beside(partial(_copy, **more))
        assert (told_code, sheet) == (code, "Báo cáo (2)")
        assert count


@pytest.mark.libreoffice
def test_libreoffice_keeps_lists_in_every_kind_of_file_and_hidden_sheets(tmp_path: Path) -> None:
    book = load_workbook(io.BytesIO(good()))
    _sheet(book, "Phụ", "hidden", B3=5, C4="x")
    book.save(source := tmp_path / "a.xlsx")
    (bare := tmp_path / "bare.xlsx").write_bytes(stripped(good()))
    for kind in ("ods", "xls"):
        saved, without = (libreoffice.convert(path, kind, tmp_path) for path in (source, bare))
        assert told(saved.read_bytes()) == [("R45", "Phụ", "B3")], kind
        assert told(without.read_bytes()) == [("R46", "", "")], kind
    steps = [libreoffice.unprotect(), libreoffice.insert_columns("D", 1, SHEET)]
    steps += [libreoffice.put("D15", 12, SHEET)]
    widened = libreoffice.fill(source, tmp_path / "b.xlsx", steps).read_bytes()
    assert [code for code in codes(read(widened)) if code in ("R46", "R47")] == []
