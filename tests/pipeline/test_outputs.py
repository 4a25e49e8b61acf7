"""What a consolidation writes beside the workbook: one computation, kept and known like it."""

from __future__ import annotations

from datetime import date

import pytest
from builders.sample_office import MeetingReturn, create_office, put
from docx import Document

from mlay_batch.app.archive_check import check_workspace
from mlay_batch.app.closing import close, reopen
from mlay_batch.app.consolidate import ConsolidationResult, consolidate
from mlay_batch.app.ingest import ingest
from mlay_batch.app.office import Office
from mlay_batch.app.verify import verify_workbook
from mlay_batch.core.period import Period

pytestmark = pytest.mark.usefixtures("reading_here")

NOVEMBER = Period(2019, 11)
AS_OF = date(2019, 12, 6)


def take_in(office: Office) -> None:
    ingest(office, as_of=AS_OF, received="2019-12-03T09:00:00+07:00", who="test", holder="test")


@pytest.fixture
def office(tmp_path):
    made = create_office(tmp_path / "town")
    put(made, "a.xlsx", MeetingReturn("CB-01").book())
    take_in(made)
    return made


def month(office: Office, **more: bool) -> ConsolidationResult:
    return consolidate(office, NOVEMBER, as_of=AS_OF, holder="test", **more)


def test_four_files_each_written_once(office):
    first = month(office)
    names = [
        "tong-hop-2019-11.xlsx",
        "bao-cao-2019-11.docx",
        "bao-cao-2019-11.xlsx",
        "tin-2019-11.txt",
    ]
    assert [path.name for path in first.changed] == names
    assert sorted(path.name for path in first.path.parent.iterdir()) == sorted(names)
    assert month(office).changed == ()
    assert month(office, force=True).changed == ()


def test_a_spoilt_file_comes_back_from_the_archive(office):
    first = month(office)
    for path in (first.paths.circulation, first.paths.message):
        path.write_bytes(b"spoilt")
    assert month(office).changed == (first.paths.circulation, first.paths.message)


def test_a_report_changed_by_hand_is_left_alone(office):
    first = month(office)
    document = Document(str(first.paths.report))
    document.add_paragraph("Kết luận của Ban Thường vụ.")
    document.save(str(first.paths.report))
    changed = first.paths.report.read_bytes()

    second = month(office)
    assert first.paths.report.read_bytes() == changed
    assert (second.kept_report, second.paths.report.name) == (
        first.paths.report,
        "bao-cao-2019-11-2.docx",
    )
    put(office, "b.xlsx", MeetingReturn("DB1-1").book())
    take_in(office)
    third = month(office)  # the program's own second one is written over
    assert third.paths.report == second.paths.report
    assert third.paths.report in third.changed


def test_the_copy_without_names_is_a_file_of_its_own(office):
    named = month(office)
    unnamed = month(office, has_names=False)
    assert unnamed.changed == (unnamed.paths.circulation,)
    assert unnamed.paths.circulation.name == "bao-cao-2019-11-khong-ten.xlsx"
    assert named.paths.circulation.is_file()
    assert month(office).changed == ()


def test_a_closed_period_keeps_all_four(office):
    month(office)
    close(office, NOVEMBER, as_of=AS_OF, who="a", holder="test", allow_incomplete=True)
    closed = month(office)
    kept = {path: path.read_bytes() for path in vars(closed.paths).values()}
    put(office, "b.xlsx", MeetingReturn("DB1-1").book())
    take_in(office)
    for path in kept:
        path.unlink()
    assert month(office).closed_revision == 1
    assert {path: path.read_bytes() for path in kept} == kept
    reopen(office, NOVEMBER, as_of=AS_OF, who="a", why="sửa", holder="test")
    assert month(office).closed_revision is None


def test_doctor_puts_back_what_a_closed_period_gave_out(office):
    month(office)
    close(office, NOVEMBER, as_of=AS_OF, who="a", holder="test", allow_incomplete=True)
    paths = month(office).paths
    given_out = {path: path.read_bytes() for path in (paths.circulation, paths.message)}
    for path in (*given_out, paths.report):
        path.write_bytes(b"spoilt")
    report = check_workspace(office.workspace, today=AS_OF, holder="test", repair=True)
    assert [defect.code for defect in report.defects] == ["report", "report"]
    assert {path: path.read_bytes() for path in given_out} == given_out
    assert paths.report.read_bytes() == b"spoilt"  # the office's own to change


def test_verify_knows_each_and_no_changed_one(office, tmp_path):
    first = month(office)
    for path in vars(first.paths).values():
        result = verify_workbook(office.workspace, str(path))
        assert (result.state, [book.period for book in result.workbooks]) == (
            "recorded",
            [NOVEMBER],
        )
        path.write_bytes(path.read_bytes() + b" ")
    for path in (first.paths.report, first.paths.message):
        assert verify_workbook(office.workspace, str(path)).state == "unknown"


def test_nothing_in_the_archive_is_astray(office):
    month(office)
    defects = check_workspace(office.workspace, today=AS_OF, holder="test").defects
    assert [defect.code for defect in defects] == []
