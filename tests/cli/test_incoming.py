"""The register of incoming papers as a clerk has it written, of files that came by other ways."""

import pytest
from builders.json_results import result
from builders.mail_office import send, take_in
from builders.sample_office import MeetingReturn, create_office, put
from openpyxl import load_workbook

from mlay_batch.cli import run

pytestmark = pytest.mark.usefixtures("reading_here")
MONTH = ("incoming", "--period", "2019-11", "--as-of", "2019-12-06")


@pytest.fixture
def office(tmp_path, monkeypatch):
    town = create_office(tmp_path / "town")
    monkeypatch.chdir(town.workspace.root)
    monkeypatch.delenv("MLAY_LANG", raising=False)
    put(town, "=1+1.xlsx", MeetingReturn("CB-01").book())
    put(town, "lại.xlsx", MeetingReturn("CB-01").book())
    put(town, "anh.jpg", b"\xff\xd8\xff" + bytes(30_000))
    put(town, "nhap-thay/na nat.xlsx", MeetingReturn("DB1-2").book())
    send(town, "1", "x@else.example", ("lạ.xlsx", MeetingReturn("DB1-1").book()))
    take_in(town)
    return town


def cells(path) -> dict[str, tuple[str, ...]]:
    """Whose it is, incoming number and verdict of each file of the register."""
    rows = [[cell for cell in row if cell.value is not None] for row in load_workbook(path).active]
    assert all(cell.data_type == "s" or cell.row == 10 for row in rows for cell in row)
    table = [{cell.column: cell.value for cell in row} for row in rows[10:] if len(row) > 4]
    return {row[6]: (row[2], row[3].split("\n")[0], row[8], row[10]) for row in table}


def test_every_file_is_in_it_once(office, capsys):
    assert run(MONTH) == 0
    path = office.workspace.reports / "2019-11" / "so-van-ban-den-2019-11.xlsx"
    out = capsys.readouterr().out
    assert str(path) in out
    assert "5 tệp = 2 được nhận + 0 trả lại + 1 trùng + 1 chờ + 1 bỏ qua" in out
    assert cells(path) == {
        "=1+1.xlsx": ("1/2019", "Chi bộ Trường THPT (CB-01)", "Được nhận", ""),
        "anh.jpg": ("", "Nộp trực tiếp", "Bỏ qua", ""),
        "lại.xlsx": ("", "Chi bộ Trường THPT (CB-01)", "Trùng", ""),
        "lạ.xlsx": ("", "x@else.example", "Chờ quyết định", ""),
        "na nat.xlsx": ("2/2019", "Chi bộ bản Na Nát (DB1-2)", "Được nhận", "test"),
    }
    first = path.read_bytes()
    assert run(MONTH) == 0
    assert path.read_bytes() == first


def test_elsewhere_or_nowhere(office, capsys, tmp_path):
    reports = office.workspace.reports
    assert run([*MONTH, "--dry-run"]) == 0
    assert not [*reports.rglob("so-van-ban*")]
    assert run([*MONTH, "--out", str(tmp_path / "so.xlsx")]) == 0
    assert len(cells(tmp_path / "so.xlsx")) == 5
    capsys.readouterr()
    assert run(["incoming", "--period", "2019-10", "--json"]) == 0
    assert result(capsys.readouterr().out)["files"] == []
    assert run([*MONTH, "--json"]) == 0
    listed = {entry["file"]: entry for entry in result(capsys.readouterr().out)["files"]}
    assert ("branch" in listed["lạ.xlsx"], listed["lạ.xlsx"]["verdict"]) == (False, "held")
    assert {entry["reference_only"] for entry in listed.values()} == {False}
    assert listed["=1+1.xlsx"]["signature"] == []
