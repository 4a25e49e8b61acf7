"""`mlay check --returned`: the branch's own values, wrong cells marked, safe to mail again."""

from __future__ import annotations

import io

import openpyxl
import pytest
from builders.sample_office import MeetingReturn, create_office

from mlay_batch.cli import run
from mlay_batch.core.styles import TONES

pytestmark = pytest.mark.usefixtures("reading_here")


@pytest.fixture
def office(tmp_path, monkeypatch):
    made = create_office(tmp_path / "town")
    monkeypatch.chdir(made.workspace.root)
    monkeypatch.setenv("MLAY_LANG", "vi")
    return made


def cell(sheet, section: str, field: str) -> str:
    """The cell of a field in a table's first row, found by its hidden ids."""
    marks = {c.value: c.row for c in sheet["A"]}
    column = next(c.column for c in sheet[marks[f"{section}:start"]] if c.value == field)
    return sheet.cell(marks[f"{section}:head"] + 1, column).coordinate


def spoiled(office, **values: object) -> dict[str, str]:
    """Write a return with these cells of its meeting changed; return where they stand."""
    book = openpyxl.load_workbook(io.BytesIO(MeetingReturn("DB1-1").book()))
    sheet = book["Báo cáo"]
    cells = {field: cell(sheet, "meetings", field) for field in values}
    for field, value in values.items():
        sheet[cells[field]].value = value
    book.save(office.workspace.root / "sai.xlsx")
    return cells


def returned():
    assert run(["check", "sai.xlsx", "--returned", "tra.xlsx", "--as-of", "2019-12-03"]) == 1
    return openpyxl.load_workbook("tra.xlsx")


def test_wrong_cells_are_coloured_noted_and_hold_what_was_typed(office):
    cells = spoiled(office, present="18/18", held_on="31/13/2019")
    sheet = returned()["Báo cáo"]
    for field, typed in (("present", "18/18"), ("held_on", "31/13/2019")):
        found = sheet[cells[field]]
        assert found.value == typed
        assert found.fill.fgColor.rgb[-6:] == TONES["bad"].fill
        assert found.comment or any(found.coordinate in d.sqref and d.prompt
                                    for d in sheet.data_validations.dataValidation)  # fmt: skip


def test_an_old_encoding_comes_back_in_unicode(office):
    cells = spoiled(office, content="NghÞ quyÕt th¸ng 11")
    assert returned()["Báo cáo"][cells["content"]].value == "Nghị quyết tháng 11"
    assert run(["check", "tra.xlsx", "--as-of", "2019-12-03"]) == 0


def test_the_list_links_to_its_cells(office):
    cells = spoiled(office, present="18/18")
    lines = returned()["Lỗi cần sửa"]
    links = [c.hyperlink.location for row in lines.iter_rows() for c in row if c.hyperlink]
    assert links == [f"'Báo cáo'!{cells['present']}"]


def test_dropdowns_limits_and_protection_are_those_of_a_fresh_form(office):
    cells = spoiled(office, kind="họp")
    fresh = openpyxl.load_workbook(io.BytesIO(MeetingReturn("DB1-1").book()))["Báo cáo"]
    sheet = returned()["Báo cáo"]

    def rules(of):
        return {
            (d.type, d.formula1, str(cell))
            for d in of.data_validations.dataValidation
            for cell in d.sqref.ranges
        }

    assert rules(sheet) == rules(fresh)
    assert sheet.protection.sheet
    assert not sheet[cells["kind"]].protection.locked
    assert sheet["B5"].protection.locked


def test_only_the_marked_cells_repaired_it_is_accepted(office):
    cells = spoiled(office, present="18/18", duration="một giờ rưỡi", kind="họp")
    book = returned()
    right = {"present": 10, "duration": 95, "kind": "Thường kỳ"}
    for field, value in right.items():
        book["Báo cáo"][cells[field]].value = value
    book.save("sua.xlsx")
    assert run(["check", "sua.xlsx", "--as-of", "2019-12-03"]) == 0


def test_without_a_workspace_too(office, tmp_path, monkeypatch):
    cells = spoiled(office, present="18/18")
    away = tmp_path / "xa"
    away.mkdir()
    (away / "sai.xlsx").write_bytes((office.workspace.root / "sai.xlsx").read_bytes())
    monkeypatch.chdir(away)
    book = returned()
    assert book["Báo cáo"][cells["present"]].value == "18/18"
    assert book["_mlay"]["B4"].value == "DB1-1"


def test_what_is_no_return_cannot_be_given_back(office, capsys):
    (office.workspace.root / "sai.xlsx").write_bytes(b"PK\3\4 no workbook")
    assert run(["check", "sai.xlsx", "--returned", "tra.xlsx"]) == 2
    assert "sai.xlsx" in capsys.readouterr().err
    assert not (office.workspace.root / "tra.xlsx").exists()
