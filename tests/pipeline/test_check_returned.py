"""`mlay check --returned`: the branch's own values, wrong cells marked, safe to mail again."""

from __future__ import annotations

import io

import openpyxl
import pytest
from builders.sample_office import MeetingReturn, create_office

from mlay_batch.cli import run
from mlay_batch.core.period import Period
from mlay_batch.core.styles import TONES
from mlay_batch.demo.xlsx_patch import addresses
from mlay_batch.schema import load_catalogue
from mlay_batch.schema.layout import plan_sheets
from mlay_batch.schema.switches import switches_on, with_switches

pytestmark = pytest.mark.usefixtures("reading_here")


@pytest.fixture
def office(tmp_path, monkeypatch):
    town = create_office(tmp_path / "town")
    monkeypatch.chdir(town.workspace.root)
    monkeypatch.setenv("MLAY_LANG", "vi")
    return town


FORM = load_catalogue().form_for("meeting", Period(2019, 11))
PLANNED = addresses(plan_sheets(with_switches(FORM, switches_on(FORM, {})))[0])


def spoil(office, **values: object) -> dict[str, str]:
    """Write a return with these cells of its meeting changed; return where they stand."""
    book = openpyxl.load_workbook(io.BytesIO(MeetingReturn("DB1-1").book()))
    sheet = book["Báo cáo"]
    cells = {field: PLANNED["meetings", 0, field] for field in values}
    for field, value in values.items():
        sheet[cells[field]].value = value
    book.save(office.workspace.root / "sai.xlsx")
    return cells


def check_and_load():
    assert run(["check", "sai.xlsx", "--returned", "tra.xlsx", "--as-of", "2019-12-03"]) == 1
    return openpyxl.load_workbook("tra.xlsx")


def test_wrong_cells_are_coloured_noted_and_hold_what_was_typed(office):
    cells = spoil(office, present="18/18", held_on="31/13/2019")
    sheet = check_and_load()["Báo cáo"]
    for field, typed in (("present", "18/18"), ("held_on", "31/13/2019")):
        marked = sheet[cells[field]]
        assert marked.value == typed
        assert marked.fill.fgColor.rgb[-6:] == TONES["bad"].fill
        assert marked.comment or any(
            marked.coordinate in d.sqref and d.prompt for d in sheet.data_validations.dataValidation
        )


def test_an_old_encoding_comes_back_in_unicode(office):
    cells = spoil(office, content="NghÞ quyÕt th¸ng 11")
    assert check_and_load()["Báo cáo"][cells["content"]].value == "Nghị quyết tháng 11"
    assert run(["check", "tra.xlsx", "--as-of", "2019-12-03"]) == 0


def test_the_list_links_to_its_cells(office):
    cells = spoil(office, present="18/18")
    lines = check_and_load()["Lỗi cần sửa"]
    links = [c.hyperlink.location for row in lines.iter_rows() for c in row if c.hyperlink]
    assert links == [f"'Báo cáo'!{cells['present']}"]


def test_dropdowns_limits_and_protection_are_those_of_a_fresh_form(office):
    cells = spoil(office, kind="họp")
    fresh = openpyxl.load_workbook(io.BytesIO(MeetingReturn("DB1-1").book()))["Báo cáo"]
    sheet = check_and_load()["Báo cáo"]

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
    cells = spoil(office, present="18/18", duration="một giờ rưỡi", kind="họp")
    book = check_and_load()
    right = {"present": 10, "duration": 95, "kind": "Thường kỳ"}
    for field, value in right.items():
        book["Báo cáo"][cells[field]].value = value
    book.save("sua.xlsx")
    assert run(["check", "sua.xlsx", "--as-of", "2019-12-03"]) == 0


def test_without_a_workspace_too(office, tmp_path, monkeypatch):
    cells = spoil(office, present="18/18")
    away = tmp_path / "xa"
    away.mkdir()
    (away / "sai.xlsx").write_bytes((office.workspace.root / "sai.xlsx").read_bytes())
    monkeypatch.chdir(away)
    book = check_and_load()
    assert book["Báo cáo"][cells["present"]].value == "18/18"
    assert book["_mlay"]["B4"].value == "DB1-1"


def test_what_is_no_return_cannot_be_given_back(office, capsys):
    (office.workspace.root / "sai.xlsx").write_bytes(b"PK\3\4 no workbook")
    assert run(["check", "sai.xlsx", "--returned", "tra.xlsx"]) == 2
    assert "sai.xlsx" in capsys.readouterr().err
    assert not (office.workspace.root / "tra.xlsx").exists()
