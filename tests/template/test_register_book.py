"""The register as a workbook: names beside codes, paper, what a copy or another program leaves."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import openpyxl
import pytest
from builders import libreoffice
from builders.reports import catalogue

from mlay_batch import demo
from mlay_batch.core.findings import Finding, Severity
from mlay_batch.demo.sample_files import render_register
from mlay_batch.model.records import Submission
from mlay_batch.reader import read
from mlay_batch.schema.layout import plan_sheets
from mlay_batch.template import TemplateContext, render

FORM = catalogue().register_form
TOWN = demo.load_sample()


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("register") / "register.xlsx"
    path.write_bytes(render_register(catalogue(), TOWN))
    return path


def read_back(path: Path) -> Submission:
    return read(path.read_bytes(), path.name, (FORM,))


def values(register: Submission) -> list[object]:
    """The rows that say anything."""
    rows = (row.values for row in register.rows)
    return [row for row in rows if any(value is not None for value in row.values())]


def heading(sheet: str, title: str) -> tuple[int, str]:
    """Row and column of a heading in a blank register."""
    (plan,) = (plan for plan in plan_sheets(FORM) if plan.title.vi == sheet)
    (cell,) = (c for c in plan.cells if c.role == "head" and getattr(c.text, "vi", "") == title)
    return cell.row, openpyxl.utils.get_column_letter(cell.column)


def shown(path: Path, sheet: str, title: str) -> list[object]:
    """What stands below a heading."""
    row, column = heading(sheet, title)
    cells = openpyxl.load_workbook(path, data_only=True)[sheet][column]
    return [cell.value for cell in cells[row:]]


def expected_names() -> list[str]:
    return [TOWN.register.by_code[a.branch].name for a in TOWN.register.assignments]


def test_the_name_stands_beside_each_code(book: Path) -> None:
    names = shown(book, "Phân công", "Mã tổ chức: tên")
    assert names[: len(expected_names())] == expected_names()
    assert not any(names[len(expected_names()) :])
    officers = shown(book, "Phân công", "Mã cán bộ: tên")
    first = TOWN.register.assignments[0].officer
    assert officers[0] == TOWN.register.officer_by_code[first].name


def test_the_names_are_locked_and_the_codes_are_not(book: Path) -> None:
    sheet = openpyxl.load_workbook(book)["Phân công"]
    row, names = heading("Phân công", "Mã tổ chức: tên")
    _, codes = heading("Phân công", "Mã tổ chức")
    assert sheet[f"{names}{row + 1}"].protection.locked
    assert not sheet[f"{codes}{row + 1}"].protection.locked


def test_what_stands_in_a_name_is_never_read(book: Path, tmp_path: Path) -> None:
    copy = openpyxl.load_workbook(book)
    row, names = heading("Phân công", "Mã tổ chức: tên")
    copy["Phân công"][f"{names}{row + 1}"] = "Chi bộ khác"
    copy.save(tmp_path / "register.xlsx")
    before, after = read_back(book), read_back(tmp_path / "register.xlsx")
    assert (before.findings, after.findings) == ((), ())
    assert values(after) == values(before)


def test_a_copy_without_marks_is_read_by_its_headings(book: Path, tmp_path: Path) -> None:
    old, new = openpyxl.load_workbook(book, data_only=True), openpyxl.Workbook()
    new.remove(new.worksheets[0])
    for sheet in old.worksheets:
        if sheet.sheet_state == "visible":
            target = new.create_sheet(sheet.title)
            for line in sheet.iter_rows(min_col=2):
                for cell in line:
                    if cell.value is not None and not sheet.row_dimensions[cell.row].hidden:
                        target.cell(cell.row, cell.column - 1).value = cell.value
    new.save(tmp_path / "copy.xlsx")
    copied = read_back(tmp_path / "copy.xlsx")
    assert {f.code for f in copied.findings if f.is_error} == set()
    assert values(copied) == values(read_back(book))


@pytest.mark.libreoffice
def test_a_code_typed_later_shows_its_name(book: Path, tmp_path: Path) -> None:
    row, codes = heading("Phân công", "Mã tổ chức")
    row += len(TOWN.register.assignments) + 1
    steps = [
        libreoffice.put(f"{codes}{row}", "CB-07", "Phân công"),
        libreoffice.put(f"{codes}{row + 1}", "CB-07 – tên cũ", "Phân công"),
        libreoffice.put(f"{codes}{row + 2}", "CB-99", "Phân công"),
    ]
    saved = libreoffice.fill(book, tmp_path / "saved.xlsx", steps)
    _, names = heading("Phân công", "Mã tổ chức: tên")
    sheet = openpyxl.load_workbook(saved, data_only=True)["Phân công"]
    name = TOWN.register.by_code["CB-07"].name
    assert [sheet[f"{names}{row + n}"].value or "" for n in range(3)] == [name, name, ""]


@pytest.mark.libreoffice
def test_the_town_prints_on_six_pages(book: Path, tmp_path: Path) -> None:
    pdf = libreoffice.convert(book, "pdf", tmp_path)
    info = subprocess.run(["pdfinfo", pdf], capture_output=True, text=True, check=True)
    (pages,) = (line.split()[1] for line in info.stdout.splitlines() if line.startswith("Pages"))
    assert int(pages) <= 6


def test_a_mark_in_a_list_finds_its_cell(book: Path) -> None:
    rows = read_back(book).rows
    (row,) = (r for r in rows if r.values.get("code") == "CB-05" and r.section == "organisations")
    finding = Finding("F09", Severity.ERROR, row.place("parent"), {"field": "organisations.parent"})
    context = TemplateContext("TX", "Thị ủy", "", None)
    returned = openpyxl.load_workbook(io.BytesIO(render(FORM, context, rows, [finding])))
    assert returned[row.sheet][row.cells["parent"]].comment is not None
