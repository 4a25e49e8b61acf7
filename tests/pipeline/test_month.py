"""A month from files to workbook: one verdict a file, nothing lost, a second run nothing new."""

import hashlib
import io
from datetime import date
from zipfile import ZipFile

import pytest
from builders.sample_office import CELLS, REGISTER, MeetingReturn, create_office, put
from builders.sheet_cells import load_sheets

from mlay_batch.app.build_report import report_branch
from mlay_batch.app.consolidate import consolidate
from mlay_batch.app.ingest import ingest
from mlay_batch.app.load_inputs import load_inputs
from mlay_batch.app.office import open_office
from mlay_batch.app.status import status
from mlay_batch.app.templates import issue
from mlay_batch.core.period import Period
from mlay_batch.errors import LockedError, RegisterError
from mlay_batch.figures import compute
from mlay_batch.figures.fingerprint import fingerprint
from mlay_batch.ledger import Archive, Ledger, lock
from mlay_batch.model.records import Verdict

NOVEMBER = Period(2019, 11)
AS_OF = date(2019, 12, 6)


def take_in(office, *paths, received="2019-12-03T09:00:00+07:00", **more):
    return ingest(office, paths, as_of=AS_OF, received=received, who="test", holder="test", **more)


def verdicts(done):
    return {d.checked.file.name: d.verdict.value for d in done.decisions}


def codes(done, name):
    (decision,) = (d for d in done.decisions if d.checked.file.name == name)
    return {(f.code, f.place.cell) for f in decision.findings if f.is_error}


@pytest.fixture
def office(tmp_path):
    return create_office(tmp_path / "town")


def test_the_place_of_the_settings_stands_before_the_day(office):
    put(office, "a.xlsx", MeetingReturn("DB1-1").book())
    take_in(office)
    written = consolidate(office, NOVEMBER, as_of=AS_OF, holder="test").path.read_bytes()
    page = report_branch(office, "DB1-1", NOVEMBER, as_of=AS_OF).path.read_bytes()
    for data, sheet in ((written, "Tổng quan"), (written, "Tình hình nộp"), (page, "DB1-1")):
        assert load_sheets(data)[sheet].find("Mường Lay, ngày 06 tháng 12 năm 2019")


def test_good_bad_duplicate_reused_and_foreign_files_add_up(office):
    put(office, "a.xlsx", MeetingReturn("DB1-1").book())
    put(office, "copy of a.xlsx", MeetingReturn("DB1-1").book())
    put(office, "b.xlsx", MeetingReturn("DB1-2", present=11).book())
    put(office, "c.xlsx", MeetingReturn("CB-01", month=10).book())
    put(office, "thanks.txt", "Đã gửi ạ".encode())
    put(office, "broken.xlsx", b"PK\3\4 no workbook")

    done = take_in(office)

    assert verdicts(done) == {
        "a.xlsx": "accepted",
        "copy of a.xlsx": "duplicate",
        "b.xlsx": "rejected",
        "c.xlsx": "accepted",
        "thanks.txt": "ignored",
        "broken.xlsx": "rejected",
    }
    assert {code for code, _ in codes(done, "b.xlsx")} == {"D01"}
    assert sum(done.counts.values()) == len(done.decisions) == 6
    assert done.has_refusals


def test_a_cell_merged_on_the_15th_reports_its_last_days_and_is_not_asked_to(tmp_path, monkeypatch):
    """DB1-2 goes into DB1-1 on 15 November. Its 10 members and its meeting of the 3rd count."""
    merged = {"ended": date(2019, 11, 15), "successor": "DB1-1"}
    organisations = [
        entry | (merged if entry["code"] == "DB1-2" else {}) for entry in REGISTER["organisations"]
    ]
    monkeypatch.setitem(REGISTER, "organisations", organisations)
    office = create_office(tmp_path / "town")
    assert status(office, NOVEMBER, AS_OF).todo == {"remind": 2}
    forms = issue(office, "meeting", NOVEMBER, [], tmp_path / "forms")
    assert [form.branch for form in forms] == list(CELLS)

    put(office, "late.xlsx", MeetingReturn("DB1-2", day=20).book())
    put(office, "a.xlsx", MeetingReturn("DB1-2", visitor="CU-1").book())
    put(office, "b.xlsx", MeetingReturn("DB1-1", members=20).book())
    done = take_in(office)
    assert codes(done, "late.xlsx") == {("I15", "C12")}
    assert verdicts(done) == {"late.xlsx": "rejected", "a.xlsx": "accepted", "b.xlsx": "accepted"}

    with Ledger.open(office.workspace.ledger) as ledger:
        figures = compute(load_inputs(office, ledger, NOVEMBER, AS_OF))
    assert [rating.sitting_count for rating in figures.ratings] == [1, 1, 0]
    assert {q.officer: q.attended for q in figures.quota} == {"TU-1": 0, "CU-1": 1}
    done = consolidate(office, period=NOVEMBER, as_of=AS_OF, holder="test")
    sheet = load_sheets(done.path)["Đảng viên"]
    named = [
        ("Tháng 11 năm 2019", name)
        for name in ("Đầu kỳ (A)", "Sáp nhập, lập mới, giải thể (S)", "Cuối kỳ (D)")
    ]
    rows = [sheet.row_of(text) for text in ("DB1-1", "DB1-2", "Tổng cộng")]
    numbers = [[sheet.under(row, *heading) for heading in named] for row in rows]
    assert numbers == [[10, 10, 20], [10, -10, 0], [20, 0, 20]]
    assert sheet.under(rows[-1] + 1, "Đối chiếu") == "● Khớp"


def test_a_second_run_changes_nothing(office):
    put(office, "a.xlsx", MeetingReturn("DB1-1").book())
    put(office, "b.xlsx", MeetingReturn("DB1-2", present=11).book())
    take_in(office)
    book = consolidate(office, NOVEMBER, as_of=AS_OF, holder="test")
    ledger, written = office.workspace.ledger.read_bytes(), book.path.read_bytes()

    again = take_in(office, received="2019-12-05T09:00:00+07:00")
    assert (again.decisions, again.seen_count) == ((), 2)
    assert not consolidate(office, NOVEMBER, as_of=AS_OF, holder="test").written
    assert office.workspace.ledger.read_bytes() == ledger
    assert book.path.read_bytes() == written
    with Ledger.open(office.workspace.ledger) as store:
        (noted,) = store.reports()
        figures = compute(load_inputs(office, store, NOVEMBER, AS_OF))
    assert noted.sha256 == hashlib.sha256(written).hexdigest()
    assert noted.figures == fingerprint(figures)


def test_a_dry_run_says_the_same_and_records_nothing(office):
    put(office, "a.xlsx", MeetingReturn("DB1-1").book())
    ledger = office.workspace.ledger.read_bytes()
    assert verdicts(take_in(office, dry_run=True)) == {"a.xlsx": "accepted"}
    assert office.workspace.ledger.read_bytes() == ledger
    assert not list(office.workspace.archive.rglob("*"))
    assert verdicts(take_in(office)) == {"a.xlsx": "accepted"}


def test_what_waits_for_its_verdict_is_small(office):
    book = MeetingReturn("DB1-1").book()
    put(office, "a.xlsx", book)
    (decision,) = take_in(office).decisions
    assert (decision.checked.file.data, decision.checked.submission.rows) == (b"", ())
    assert Archive(office.workspace.archive).read(decision.checked.file.sha256) == book


def test_last_months_file_filled_in_again_is_refused_and_supersedes_nothing(office):
    october = MeetingReturn("CB-01", month=10)
    put(office, "october.xlsx", october.book())
    take_in(office, received="2019-11-04T09:00:00+07:00")
    put(office, "november.xlsx", _redate(october.book(), date(2019, 10, 3), date(2019, 11, 3)))

    done = take_in(office)

    assert verdicts(done) == {"november.xlsx": "rejected"}
    assert {code for code, _ in codes(done, "november.xlsx")} == {"I03"}
    with Ledger.open(office.workspace.ledger) as ledger:
        (current,) = ledger.returns("meeting")
    assert current.entry.name == "october.xlsx"


def test_a_correction_supersedes_and_the_old_one_delivered_anew_is_held(office):
    put(office, "first.xlsx", MeetingReturn("DB1-1").book())
    take_in(office, received="2019-12-02T09:00:00+07:00")
    put(office, "corrected.xlsx", MeetingReturn("DB1-1", score=80).book())
    corrected = take_in(office, received="2019-12-03T09:00:00+07:00")
    put(office, "first again.xlsx", MeetingReturn("DB1-1").book())
    again = take_in(office, received="2019-12-04T09:00:00+07:00")

    assert verdicts(corrected) == {"corrected.xlsx": "accepted"}
    assert verdicts(again) == {"first again.xlsx": "held"}
    with Ledger.open(office.workspace.ledger) as ledger:
        deliveries = ledger.entries()
    assert [d.superseded_by for d in deliveries] == [2, None, None]


def test_two_differing_returns_at_one_moment_are_both_held(office):
    put(office, "one.xlsx", MeetingReturn("DB1-1").book())
    put(office, "two.xlsx", MeetingReturn("DB1-1", score=80).book())
    assert set(verdicts(take_in(office)).values()) == {"held"}


def test_a_zip_is_a_container_and_does_not_count(office):
    packed = io.BytesIO()
    with ZipFile(packed, "w") as package:
        for branch in CELLS:
            package.writestr(f"{branch}.xlsx", MeetingReturn(branch).book())
    put(office, "đảng bộ gửi.zip", packed.getvalue())
    done = take_in(office)
    assert done.counts[Verdict.ACCEPTED] == len(done.decisions) == 3


def test_status_tells_who_is_missing(office):
    put(office, "a.xlsx", MeetingReturn("DB1-1").book())
    put(office, "b.xlsx", MeetingReturn("DB1-2", present=11).book())
    take_in(office)
    (meeting,) = (f for f in status(office, NOVEMBER, AS_OF).forms if f.form == "meeting")
    states = {branch: meeting.cell(branch, NOVEMBER).state for branch in CELLS}
    assert states == {"DB1-1": "reported", "DB1-2": "rejected", "CB-01": "missing"}


def test_a_register_with_an_error_stops_the_run_and_names_the_cell(office):
    from openpyxl import load_workbook

    path = office.workspace.register
    book = load_workbook(path)
    sheet = book["Phân công"]
    cell = next(c for row in sheet.iter_rows() for c in row if c.value == "CU-1")
    cell.value = "CU-9"
    book.save(path)
    with pytest.raises(RegisterError) as stop:
        open_office(office.workspace)
    assert {(f.code, f.place.sheet, f.place.cell) for f in stop.value.findings} == {
        ("F16", "Phân công", cell.coordinate)
    }


def test_a_second_clerk_learns_who_is_at_work(office):
    with lock(office.workspace.root, "Nguyễn Thị Hòa"), pytest.raises(LockedError) as stop:
        take_in(office)
    assert stop.value.params["holder"] == "Nguyễn Thị Hòa"


def _redate(data, old, new):
    """Return the workbook with every date `old` typed over with `new`, as a secretary would."""
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(data))
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if getattr(cell.value, "date", lambda: None)() == old:
                    cell.value = new
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
