"""What a list says is counted; what it does not say is not reported, and never 0."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from builders import in_process, offices
from builders.circulated_list import Meeting, list_book
from builders.mail_office import AS_OF, take_in
from builders.sample_office import MeetingReturn, create_office, put
from builders.sheet_cells import differences, load_sheets, recalculate

from mlay_batch.app.consolidate import consolidate
from mlay_batch.app.load_inputs import load_inputs
from mlay_batch.app.office import Office, open_office
from mlay_batch.core.period import Period
from mlay_batch.figures import compute
from mlay_batch.figures.report_records import Figures
from mlay_batch.ledger import Ledger
from mlay_batch.model.records import Verdict

ROOT = Path(__file__).resolve().parents[2]
NOVEMBER = Period(2019, 11)
NOV3, NOV5, NOV9 = (date(2019, 11, day) for day in (3, 5, 9))


def figures(office: Office) -> Figures:
    with Ledger.open(office.workspace.ledger) as ledger:
        return compute(load_inputs(office, ledger, NOVEMBER, AS_OF))


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """October from returns, November of the committee's cells from a list, with two meetings."""
    with in_process.here():
        town = create_office(tmp_path_factory.mktemp("lists") / "town")
        for branch in ("DB1-1", "DB1-2", "CB-01"):
            visitor = "TU-1" if branch == "CB-01" else "CU-1"
            put(town, f"{branch}.xlsx", MeetingReturn(branch, month=10, visitor=visitor).book())
        put(town, "cb01.xlsx", MeetingReturn("CB-01", visitor="TU-1").book())
        cang = Meeting("Chi bộ bản Ho Cang", NOV3, 92, "Tốt", "18/18")
        nat = Meeting("Chi bộ bản Na Nát", NOV5, 60, "Trung bình", 9)
        put(town, "ds.xlsx", list_book(cang, nat, Meeting(None, NOV9, note="họp bổ sung")))
        take_in(town)
        yield town


def test_meetings_points_and_bands_are_counted(office: Office) -> None:
    found = figures(office)
    november = [s for s in found.sittings if s.period == NOVEMBER]
    assert [(s.branch, s.held_on, s.kind, s.score, s.band, s.members) for s in november] == [
        ("DB1-1", NOV3, "", 92, "good", 18),
        ("DB1-2", NOV5, "", 60, "average", 9),
        ("DB1-2", NOV9, "", None, None, 9),
        ("CB-01", NOV3, "regular", 92, "good", 10),
    ]
    assert [(s.place.file, s.place.sheet, s.place.cell) for s in november][:3] == [
        ("ds.xlsx", "Sheet1", "D6"), ("ds.xlsx", "Sheet1", "D7"), ("ds.xlsx", "Sheet1", "D8"),
    ]  # fmt: skip
    totals = found.totals
    assert totals is not None
    assert (totals.sent, totals.due, totals.held, totals.listed) == (3, 3, 4, 3)
    assert (totals.regular, totals.thematic, totals.scored) == (1, 0, 3)


def test_what_a_list_does_not_say_is_open(office: Office) -> None:
    found = figures(office)
    visited = {line.branch.code: line for line in found.cell_visits}
    assert {code: line.open_months for code, line in visited.items()} == {
        "DB1-1": 10, "DB1-2": 10, "CB-01": 9,
    }  # fmt: skip
    assert found.thematic is not None
    assert {line.branch.code: line.open_months for line in found.thematic.lines} == {
        "DB1-1": 2, "DB1-2": 2, "CB-01": 1,  # with December, which is to come
    }  # fmt: skip
    assert found.movement is not None
    moved = {line.branch.code: line.in_period for line in found.movement.lines}
    assert (moved["DB1-1"], moved["DB1-2"]) == (None, None)
    assert moved["CB-01"] is not None
    assert {hit.branch for hit in found.indicator_hits if hit.period == NOVEMBER} <= {"CB-01"}
    assert not [f for _, f in found.warnings if f.code == "X01"]  # 18 is no opening of ours


def test_quota_of_a_month_with_a_list_alone_is_not_decided(office: Office) -> None:
    (line,) = (line for line in figures(office).quota if line.officer == "CU-1")
    assert line.open_months == 10  # January to September, and November


def test_a_form_issued_next_is_not_prefilled_from_a_list(office: Office) -> None:
    with Ledger.open(office.workspace.ledger) as ledger:
        last = ledger.last_return("meeting", "DB1-1", Period(2019, 12))
    assert last is not None
    assert last.entry.period == "2019-10"


@pytest.mark.libreoffice
def test_the_workbook_shows_lists_apart_and_counts_live(office: Office, tmp_path: Path) -> None:
    done = consolidate(office, NOVEMBER, as_of=AS_OF, holder="test")
    data = done.paths.workbook.read_bytes()
    book = load_sheets(data)
    assert differences(book, recalculate(data, tmp_path)) == []
    shown = {title: [[str(v) for v in row if v is not None] for row in sheet.rows]
             for title, sheet in book.items()}  # fmt: skip
    assert ["◊ Theo danh sách", *["0.0"] * 10, "2.0"] in shown["Tình hình nộp"]
    notes = [row[-1] for row in shown["Xếp loại sinh hoạt"] if "Na Nát" in " ".join(row)]
    assert notes == ["Theo danh sách", "Theo danh sách. họp bổ sung"]
    overview = " ".join(text for row in shown["Tổng quan"] for text in row)
    assert "2 chỉ có theo danh sách: bản Ho Cang; bản Na Nát" in overview
    assert "Đã nhận 3 trong 3 báo cáo phải nộp (100%), 1 đúng hạn" in overview
    assert "Trong đó chỉ có theo danh sách" in overview
    files = [row for row in shown["Nguồn gốc"] if any("ds.xlsx (1!" in text for text in row)]
    assert len(files) == 2


def test_an_office_may_say_that_its_lists_are_of_regular_meetings(tmp_path: Path) -> None:
    """One key in a description of its own: `set`, as in any part."""
    shipped = (ROOT / "schemas" / "meeting-list.yaml").read_text(encoding="utf-8")
    head = "    record: {vi: Buổi, en: Meeting}\n"
    parts = "    parts: [{id: row, set: {kind: regular}, lines: {branch: , held_on: }}]\n"
    own = shipped.replace(head, head + parts)
    (tmp_path / "meeting-list.yaml").write_text(own, encoding="utf-8")
    with in_process.here():
        town = create_office(tmp_path / "town")
        (town.workspace.schemas / "meeting-list.yaml").write_text(own, encoding="utf-8")
        town = open_office(town.workspace)
        put(town, "ds.xlsx", list_book(Meeting("CB-01", NOV3, 92, "Tốt", 10)))
        take_in(town)
    (sitting,) = figures(town).sittings
    assert (sitting.kind, sitting.regular, sitting.score) == ("regular", True, 92)


def test_the_level_above_knows_that_it_was_a_list(tmp_path: Path) -> None:
    """The consolidated workbook carries the list's rows as such: nothing is altered, nothing 0."""
    with in_process.here():
        town = offices.town(tmp_path / "a", "TU-A")
        own = offices.book(MeetingReturn("A-1", score=80))
        listed = list_book(Meeting("Chi bộ Hai", NOV3, 92, "Tốt", 10))
        offices.hand_in(town, "2019-12-03T08:00:00+07:00", own=own, ds=listed)
        report = consolidate(town, NOVEMBER, as_of=offices.AS_OF, holder="test")
        top = offices.province(tmp_path / "top", flat=False)
        done = offices.hand_in(
            top, "2019-12-06T15:00:00+07:00", a=report.paths.workbook.read_bytes()
        )
        assert [(d.verdict, d.findings) for d in done.decisions] == [(Verdict.ACCEPTED, ())]
        with Ledger.open(top.workspace.ledger) as ledger:
            above = compute(load_inputs(top, ledger, NOVEMBER, offices.AS_OF))
        with Ledger.open(town.workspace.ledger) as ledger:
            below = compute(load_inputs(town, ledger, NOVEMBER, offices.AS_OF))
    matrix = next(m for m in above.completeness if m.form == "meeting")
    assert matrix.cells["TU-A.A-2", NOVEMBER].state == "sketch"
    assert matrix.cells["TU-A.A-1", NOVEMBER].state == "reported"
    assert above.totals is not None
    assert below.totals is not None
    for name in ("held", "regular", "scored", "mean", "listed", "bands"):
        assert getattr(above.totals, name) == getattr(below.totals, name)
