"""Every defect of a workspace is found by name, and what loses nothing is put right."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from builders.json_results import result
from builders.sample_office import MeetingReturn, create_office, put

from mlay_batch.app.archive_check import WorkspaceReport, check_workspace
from mlay_batch.app.closing import close
from mlay_batch.app.consolidate import consolidate
from mlay_batch.app.ingest import ingest
from mlay_batch.app.workspace import Workspace
from mlay_batch.cli import run
from mlay_batch.core.period import Period
from mlay_batch.errors import LockedError
from mlay_batch.ledger import Ledger, lock

pytestmark = pytest.mark.usefixtures("reading_here")

TODAY = date(2019, 12, 6)
NOVEMBER = Period(2019, 11)
with closing(sqlite3.connect(":memory:")) as _db:
    _db.execute("CREATE TABLE somebody_elses (n)")
    FOREIGN = _db.serialize()
ORIGINALS = [
    MeetingReturn("DB1-1").book(),
    MeetingReturn("DB1-2").book(),
    MeetingReturn("CB-01").book(),
]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A town with November taken in, one letter to come, closed."""
    office = create_office(tmp_path_factory.mktemp("sound") / "town")
    for number, data in enumerate(ORIGINALS):
        put(office, f"{number}.xlsx", data)
    ingest(office, as_of=TODAY, received="2019-12-03T09:00:00+07:00", who="test", holder="test")
    close(office, NOVEMBER, as_of=TODAY, who="test", holder="test", allow_incomplete=True)
    consolidate(office, NOVEMBER, as_of=TODAY, holder="test")
    return office.workspace.root


@pytest.fixture
def office(sound: Path, tmp_path: Path) -> Workspace:
    shutil.copytree(sound, tmp_path / "town")
    return Workspace.find(tmp_path / "town")


@pytest.fixture
def no_register(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the child that reads the register, where it is not what the test is about."""
    monkeypatch.setattr("mlay_batch.app.archive_check.open_office", lambda _: None)


quick = pytest.mark.usefixtures("no_register")


def check_office(office: Workspace, *, repair: bool = False) -> WorkspaceReport:
    return check_workspace(office, today=TODAY, holder="test", repair=repair)


def codes(diagnosis: WorkspaceReport) -> list[str]:
    return [defect.code for defect in diagnosis.defects]


def change(office: Workspace, *sql: str) -> None:
    """Change the ledger behind the program's back."""
    with closing(sqlite3.connect(office.ledger, isolation_level=None)) as db:
        for statement in sql:
            db.execute(statement)


def original(office: Workspace, number: int) -> Path:
    with Ledger.open(office.ledger) as ledger:
        sha256 = ledger.entries()[number].sha256
    return office.archive / sha256[:2] / sha256


def test_a_sound_workspace_has_no_defects(office: Workspace) -> None:
    assert check_office(office) == WorkspaceReport(())


@quick
def test_files_and_folders(office: Workspace) -> None:
    """Six things at once, all curable: every cure loses nothing and leaves nothing."""
    office.office_inbox.rmdir()
    shutil.rmtree(office.schemas)
    (office.reports / ".mlay-00ff.tmp").write_bytes(b"half a workbook")
    original(office, 0).unlink()
    data = bytearray(original(office, 1).read_bytes())
    data[99] ^= 1
    original(office, 1).write_bytes(data)
    (office.reports / "2019-11" / "tong-hop-2019-11.xlsx").write_bytes(b"PK edited since")
    office.archive.chmod(0o755)
    expected = ["folder", "folder", "leftover", "modes", "missing", "altered", "report"]
    before = check_office(office)
    assert (codes(before), before.has_defects) == (expected, True)
    folders = [defect.params["path"] for defect in before.defects[:2]]
    assert folders == ["inbox/nhap-thay", "schemas"]
    assert [d.code for d in check_office(office, repair=True).fixed] == expected
    assert check_office(office) == WorkspaceReport(())
    assert original(office, 1).read_bytes() == ORIGINALS[1]


def test_what_cannot_be_cured_is_named_and_left(office: Workspace) -> None:
    for path in office.inbox.glob("*.xlsx"):
        path.unlink()
    original(office, 2).unlink()
    office.register.write_bytes(b"PK\3\4 no workbook")
    (office.archive / "ab").mkdir(exist_ok=True)
    (office.archive / "ab" / "thơ.txt").write_text("không phải bản gốc")
    (office.archive / "ab" / ("ab" * 32)).write_bytes(b"a stray of another hash")
    change(
        office,
        "UPDATE returned_row SET content = replace(content, '10', '11') WHERE delivery = 1",
        "DELETE FROM incoming WHERE delivery = 2",
        "UPDATE delivery SET superseded_by = 3 WHERE id = 2",
        "UPDATE delivery SET received = '2020-01-01T00:00:00+07:00' WHERE id = 3",
        "PRAGMA foreign_keys = OFF",
        "INSERT INTO delivery SELECT 9, run, name, origin, sha256, channel, NULL, sender, received,"
        " 'held', NULL, NULL, NULL, NULL, NULL, 77, NULL, NULL, NULL, NULL, NULL, '[]', 'none'"
        " FROM delivery WHERE id = 3",
        "INSERT INTO outgoing VALUES (1, 'receipt', '<1@x>', 'a@b', 'ff', 'queued', '2019-12-06',"
        " NULL)",
    )
    report = check_office(office, repair=True)
    assert (report.fixed, report.has_defects) == ((), True)
    assert codes(report) == [
        "damaged", "gap", "superseded", "unnumbered", "numbers", "unreasoned", "doubtful",
        "values", "future", "missing", "missing", "strays", "foreign", "register.errors",
    ]  # fmt: skip


@quick
def test_an_index_alone_is_made_anew(office: Workspace) -> None:
    with closing(sqlite3.connect(office.ledger)) as db:
        ((page,),) = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'delivery_key'")
        ((size,),) = db.execute("PRAGMA page_size")
    data = bytearray(office.ledger.read_bytes())
    start, end = (page - 1) * size, page * size
    data[start:end] = data[start:end].replace(b"CB-01", b"CB-09")
    office.ledger.write_bytes(data)
    report = check_office(office, repair=True)
    assert (codes(report), len(report.fixed)) == (["index"], 1)
    assert check_office(office) == WorkspaceReport(())


@quick
@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "ledger.damaged"),
        (b"SQLite format 3\0" + bytes(4080), "ledger.damaged"),
        (b"PK", "ledger.damaged"),
        (FOREIGN, "ledger.foreign"),
        (None, "ledger.missing"),
    ],
)
def test_a_ledger_that_cannot_be_used(office: Workspace, data: bytes | None, code: str) -> None:
    office.ledger.unlink()
    if data is not None:
        office.ledger.write_bytes(data)
        office.ledger.chmod(0o600)
    report = check_office(office, repair=True)
    assert codes(report) == [code]
    assert report.fixed == ()  # originals lie there: an empty ledger would hide that they are lost


@quick
def test_a_lost_ledger_that_never_held_anything_is_made_again(tmp_path: Path) -> None:
    office = create_office(tmp_path / "town").workspace
    office.ledger.unlink()
    assert codes(check_office(office, repair=True)) == ["ledger.missing"]
    assert check_office(office) == WorkspaceReport(())


@quick
def test_a_ledger_put_back_from_an_old_copy(office: Workspace, tmp_path: Path) -> None:
    old = office.ledger.read_bytes()
    with Ledger.open(office.ledger) as ledger:
        ledger.record_report(NOVEMBER, TODAY, "ff", "00")
    office.ledger.write_bytes(old)
    (defect,) = check_office(office).defects
    assert (defect.code, defect.params) == ("rolled_back", {"count": 1})
    assert check_office(office, repair=True).fixed == (defect,)  # it is known, and said no more
    assert check_office(office) == WorkspaceReport(())


@quick
def test_a_run_that_broke_off_is_told_once(office: Workspace) -> None:
    (office.root / ".mlay.holder").write_text("lan@van-phong (pid 7)")
    report = check_office(office)
    assert (codes(report), report.has_defects) == (["broken_off"], False)
    assert check_office(office) == WorkspaceReport(())


@quick
def test_somebody_at_work_is_named(office: Workspace) -> None:
    with lock(office.root, "lan@van-phong (pid 7)"):
        assert codes(check_office(office)) == ["ledger.locked"]
        with pytest.raises(LockedError, match="lan@van-phong"):
            check_office(office, repair=True)


def test_the_command(
    office: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(office.root)
    (office.root / ".mlay-1.tmp").touch()
    assert run(["doctor"]) == 1
    assert ".mlay-1.tmp" in capsys.readouterr().out
    assert run(["doctor", "--repair", "--json"]) == 0
    (only,) = result(capsys.readouterr().out)["defects"]
    assert (only["code"], only["repaired"], only["note"]) == ("leftover", True, False)
    assert run(["doctor", "--lang", "en"]) == 0
    assert "whole" in capsys.readouterr().out
