"""The tests' own tool must be real: it types, moves, saves and recalculates as people's does."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from builders import libreoffice
from openpyxl.styles import Protection
from python_calamine import CalamineWorkbook

pytestmark = pytest.mark.libreoffice


def values(path: Path, sheet: int = 0) -> list[list[object]]:
    return CalamineWorkbook.from_path(str(path)).get_sheet_by_index(sheet).to_python()


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """Two sheets, the first hidden; the second protected but for B1:B4."""
    workbook = openpyxl.Workbook()
    workbook.active.sheet_state = "hidden"
    sheet = workbook.create_sheet("Báo cáo")
    for row, label in enumerate(("ngày", "số", "chữ", "trống"), 1):
        sheet.append([label])
        sheet.cell(row, 2).protection = Protection(locked=False)
    sheet["B4"] = "cũ"
    sheet.protection.enable()
    workbook.save(tmp_path / "mẫu.xlsx")
    return tmp_path / "mẫu.xlsx"


@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods"])
def test_what_is_typed_is_saved(book: Path, tmp_path: Path, kind: str) -> None:
    filled = libreoffice.fill(
        book,
        tmp_path / f"đã điền.{kind}",
        [
            libreoffice.type_text("B1", "03/09/2019"),
            libreoffice.type_text("B2", "2,5"),
            libreoffice.put("B3", "03/9/2019"),
            libreoffice.put("B4", None),
        ],
    )
    cells = [row[1] if len(row) > 1 else "" for row in values(filled, 1)]
    assert cells == [date(2019, 9, 3), 2.5, "03/9/2019", ""]


def test_a_date_can_be_put_into_a_plain_cell(book: Path, tmp_path: Path) -> None:
    filled = libreoffice.fill(
        book, tmp_path / "a.xlsx", [libreoffice.put("B2", date(2019, 11, 30))]
    )
    assert values(filled, 1)[1][1] == date(2019, 11, 30)


def test_a_crash_is_started_again_but_not_for_ever(
    book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = tmp_path / "driver.py"
    once = f"p = pathlib.Path({str(tmp_path / 'fell')!r}); p.exists() or (p.touch(), os.abort())"
    real = f"runpy.run_path({str(libreoffice.DRIVER)!r}, run_name='__main__')"
    driver.write_text(f"import os, pathlib, runpy\n{once}\n{real}\n", "utf-8")
    monkeypatch.setattr(libreoffice, "DRIVER", driver)
    filled = libreoffice.fill(book, tmp_path / "a.xlsx", [libreoffice.put("B1", "lại")])
    assert values(filled, 1)[0][1] == "lại"
    driver.write_text("import os; os.abort()", "utf-8")
    with pytest.raises(AssertionError, match="LibreOffice"):
        libreoffice.fill(book, tmp_path / "b.xlsx", [])


def test_a_locked_cell_refuses_and_the_next_job_still_works(book: Path, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="A1 is locked"):
        libreoffice.fill(book, tmp_path / "a.xlsx", [libreoffice.put("A1", "sai")])
    filled = libreoffice.fill(
        book, tmp_path / "b.xlsx", [libreoffice.unprotect(), libreoffice.put("A1", "được")]
    )
    assert values(filled, 1)[0][0] == "được"


def test_rows_columns_and_tabs_move(book: Path, tmp_path: Path) -> None:
    filled = libreoffice.fill(
        book,
        tmp_path / "a.xlsx",
        [
            libreoffice.unprotect(),
            libreoffice.insert_rows(2, 2),
            libreoffice.swap("A1:A6", "B1:B6"),
            libreoffice.hide_row(5),
            libreoffice.rename_sheet("Khác"),
        ],
    )
    assert [row[:2] for row in values(filled, 1)] == [
        ["", "ngày"],
        ["", ""],
        ["", ""],
        ["", "số"],
        ["", "chữ"],
        ["cũ", "trống"],
    ]
    sheet = openpyxl.load_workbook(filled)["Khác"]
    assert sheet.row_dimensions[5].hidden and not sheet.row_dimensions[4].hidden


def test_only_recalculation_finds_a_wrong_stored_figure(tmp_path: Path) -> None:
    wrong = tmp_path / "sai.xlsx"
    with xlsxwriter.Workbook(str(wrong)) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_column("A1", [1, 2])
        sheet.write_formula("A3", "=SUM(A1:A2)", None, 99)
    as_stored = libreoffice.convert(wrong, "xlsx", tmp_path / "kept")
    anew = libreoffice.convert(wrong, "xlsx", tmp_path / "anew", recalculate=True)
    assert (values(as_stored)[2][0], values(anew)[2][0]) == (99.0, 3.0)


def test_a_workbook_becomes_a_pdf(book: Path, tmp_path: Path) -> None:
    assert libreoffice.convert(book, "pdf", tmp_path).read_bytes().startswith(b"%PDF")
