"""The one-edit proof: a field added to one YAML file is everywhere, in the wheel as built.

A workspace's own copy of the monthly form gets one more line. The field must then be in the
template, be read, be checked at its cell, be kept by the ledger, stand on the data sheet of the
consolidated workbook and on the form's reference page. Nothing else is edited.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from builders.json_results import findings, result
from builders.reports import table_column
from builders.sample_office import ANSWERS
from openpyxl.worksheet.worksheet import Worksheet

ROOT = Path(__file__).resolve().parent.parent
MEETING = ROOT / "schemas" / "meeting-2018.yaml"
LINE = (
    "      - {id: guests, type: integer, min: 0, max: 50,"
    " title: {vi: Khách mời, en: Guests}, help: {vi: Số khách mời dự., en: Guests present.}}\n"
)
BEFORE = "      - {id: merged,"  # the field the new one is put in front of

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Mlay:
    """The command `mlay` of a wheel unpacked in `folder`, run in a folder far from the sources."""

    folder: Path

    def __call__(self, *args: str | Path, at: Path, code: int = 0) -> str:
        ran = subprocess.run(
            [self.folder / "bin" / "mlay", *args],
            cwd=at,
            env={**os.environ, "PYTHONPATH": str(self.folder), "PYTHONUTF8": "1"},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        assert ran.returncode == code, ran.stdout + ran.stderr
        return ran.stdout


@pytest.fixture(scope="module")
def mlay(tmp_path_factory: pytest.TempPathFactory) -> Mlay:
    folder = tmp_path_factory.mktemp("wheel")
    python = [sys.executable, "-m"]
    build = [*python, "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    install = [*python, "pip", "install", "--quiet", "--no-deps", "--no-index", "--target"]
    subprocess.run([*install, folder / "site", wheel], check=True, capture_output=True)
    return Mlay(folder / "site")


@pytest.fixture(scope="module")
def town(mlay: Mlay, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of one cell, whose own monthly form has the new line."""
    town = tmp_path_factory.mktemp("town") / "thi-uy"
    mlay("init", town, *ANSWERS, at=town.parent)
    edited = MEETING.read_text(encoding="utf-8").replace(BEFORE, LINE + BEFORE, 1)
    (town / "schemas" / MEETING.name).write_text(edited, encoding="utf-8")
    organisations = [
        {"code": "TU", "name": "Thị ủy", "type": "Đảng bộ thị xã"},
        {
            "code": "CB-01",
            "name": "Chi bộ Đồi Cao",
            "type": "Chi bộ trực thuộc thị ủy",
            "parent": "TU",
        },
    ]
    write(town / "register.xlsx", {"organisations": organisations})
    mlay("template", "CB-01", "--period", "2019-11", at=town)
    return town


def blank(town: Path) -> Path:
    (form,) = (town / "outbox").rglob("*.xlsx")
    return form


def lines(book: openpyxl.Workbook) -> tuple[Worksheet, dict[str, int], list[int]]:
    """The sheet with the meetings, the row of each line by its hidden id, the meetings' columns."""
    sheet = book["Báo cáo"]
    marks = {str(sheet.cell(row, 1).value): row for row in range(1, sheet.max_row + 1)}
    top = sheet[marks["meetings:start"]]
    return sheet, marks, [cell.column for cell in top if cell.value == "record"]


def table(book: openpyxl.Workbook, section: str) -> tuple[Worksheet, int, dict[str, int], int]:
    """Sheet, row of ids, columns by id and first row of values of a section, by its hidden ids."""
    for sheet in book:
        marks = {sheet.cell(row, 1).value: row for row in range(1, sheet.max_row + 1)}
        if start := marks.get(f"{section}:start"):
            columns = {str(cell.value): cell.column for cell in sheet[start][1:] if cell.value}
            first = 1 + marks.get(f"{section}:head", start)
            return sheet, start, columns, first
    raise AssertionError(f"no section {section}")


def write(path: Path, tables: dict[str, list[dict[str, object]]], to: Path | None = None) -> Path:
    """Fill rows into tables (or the lines of a card) of a workbook, as a secretary would."""
    book = openpyxl.load_workbook(path)
    for section, rows in tables.items():
        sheet, start, columns, first = table(book, section)
        for number, row in enumerate(rows):
            for field, value in row.items():
                if "value" in columns:
                    ids = [cell.value for cell in sheet["A"][start:]]
                    sheet.cell(start + 1 + ids.index(field), columns["value"], value)
                else:
                    sheet.cell(first + number, columns[field], value)
    book.save(to or path)
    return to or path


def fill_in(town: Path, guests: list[object], to: Path) -> list[str]:
    """Write a return with a good meeting for each of `guests`; return the cells these stand in."""
    meetings = [
        {
            "held_on": date(2019, 11, day),
            "kind": "Thường kỳ",
            "content": "Nghị quyết tháng 11",
            "duration": 95,
            "expected": 18,
            "present": 18,
            "guests": count,
        }
        for day, count in enumerate(guests, 4)
    ]
    write(blank(town), {"members": [{"opening": 18}]}, to)
    book = openpyxl.load_workbook(to)
    sheet, marks, columns = lines(book)
    for column, meeting in zip(columns, meetings, strict=False):
        for name, value in (meeting | {"own.total": 100}).items():
            sheet.cell(marks[name], column, value)
    book.save(to)
    return [sheet.cell(marks["guests"], column).coordinate for column in columns[: len(guests)]]


def test_the_wheel_runs_and_not_the_sources(mlay: Mlay, tmp_path: Path) -> None:
    where = subprocess.run(
        [sys.executable, "-c", "import mlay_batch; print(mlay_batch.__file__)"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(mlay.folder)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert Path(where.strip()).is_relative_to(mlay.folder)
    assert (mlay.folder / "mlay_batch" / "schemas" / MEETING.name).is_file()


def test_the_field_is_in_the_template(town: Path) -> None:
    sheet, marks, columns = lines(openpyxl.load_workbook(blank(town)))
    cell = sheet.cell(marks["guests"], columns[0])
    assert sheet.cell(marks["guests"], columns[0] - 1).value == "Khách mời"
    assert not cell.protection.locked
    (limit,) = (d for d in sheet.data_validations.dataValidation if cell.coordinate in d.sqref)
    assert (limit.type, float(limit.formula1), float(limit.formula2)) == ("whole", 0, 50)
    assert limit.showErrorMessage and "Số khách mời dự." in (limit.prompt or "")


def test_it_is_read_and_checked_at_its_cell(mlay: Mlay, town: Path, tmp_path: Path) -> None:
    wrong, good = tmp_path / "sai.xlsx", tmp_path / "đúng.xlsx"
    for values in ([51, "18/18"], [2.5, -1]):
        cells = fill_in(town, values, wrong)
        found = findings(mlay("check", wrong, "--json", at=town, code=1))
        errors = [entry for entry in found if entry["severity"] == "error"]
        assert sorted(entry["cell"] for entry in errors) == cells
        assert all("Khách mời" in entry["message"] for entry in errors)
    fill_in(town, [50], good)
    assert findings(mlay("check", good, "--json", at=town)) == []


def test_it_is_kept_and_shown(mlay: Mlay, town: Path) -> None:
    day = ("--as-of", "2019-12-03")
    fill_in(town, [51], town / "inbox" / "a.xlsx")
    fill_in(town, [37], town / "inbox" / "b.xlsx")
    decided = result(mlay("ingest", *day, "--json", at=town, code=1))["files"]
    assert [(entry["file"], entry["verdict"]) for entry in decided] == [
        ("a.xlsx", "rejected"),
        ("b.xlsx", "accepted"),
    ]

    with sqlite3.connect(f"file:{town / 'ledger.sqlite'}?mode=ro", uri=True) as ledger:
        lines = [line for line in ledger.iterdump() if "guests" in line]
    ledger.close()
    assert any("37" in line for line in lines)

    mlay("consolidate", "--period", "2019-11", *day, at=town)
    book = openpyxl.load_workbook(town / "reports/2019-11/tong-hop-2019-11.xlsx", data_only=True)
    assert table_column(book, "Khách mời") == [37]


def test_it_is_on_the_reference_page(mlay: Mlay, town: Path, tmp_path: Path) -> None:
    page = mlay("schema", "show", "meeting", "--version", "2018.1", at=town)
    assert "| Khách mời | `guests` | số nguyên; từ 0 đến 50 |" in page
    assert "`guests`" not in mlay("schema", "show", "meeting", at=tmp_path)


def test_a_mistake_in_the_edit_is_named(mlay: Mlay, town: Path, tmp_path: Path) -> None:
    edited = (town / "schemas" / MEETING.name).read_text(encoding="utf-8")
    wrong = tmp_path / "sai.yaml"
    wrong.write_text(edited.replace("guests, type", "guests, tipe"), encoding="utf-8")
    number = edited[: edited.index("guests")].count("\n") + 1
    ran = subprocess.run(
        [mlay.folder / "bin" / "mlay", "schema", "lint", wrong],
        env={**os.environ, "PYTHONPATH": str(mlay.folder)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert ran.returncode == 1
    assert f"sai.yaml, dòng {number}" in ran.stderr
    assert "tipe" in ran.stderr and "“type”" in ran.stderr


def test_an_editable_install_finds_the_shipped_forms(tmp_path: Path) -> None:
    """The tests run on an editable install: there the forms lie beside the package."""
    where = subprocess.run(
        [
            sys.executable,
            "-c",
            "from mlay_batch.schema.catalogue import shipped_folder as f; print(f('schemas'))",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert Path(where.strip(), MEETING.name).read_bytes() == MEETING.read_bytes()
