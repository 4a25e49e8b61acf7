"""A committee's list beside returns of their own: the accounting, the verdicts, the letters."""

from __future__ import annotations

import io
from datetime import date
from itertools import permutations
from pathlib import Path

import openpyxl
import pytest
from builders.circulated_list import Meeting, list_book, read_list
from builders.mail_office import AS_OF, send, take_in
from builders.sample_office import REGISTER as TOWN
from builders.sample_office import MeetingReturn, create_office, fill_in_register, put

from mlay_batch.app.check_file import check_each
from mlay_batch.app.ingest import IngestResult
from mlay_batch.app.office import Office, open_office
from mlay_batch.app.reply import LetterSelection, reply_letters
from mlay_batch.app.review import Review, ReviewOutcome, list_undecided, review_file
from mlay_batch.app.status import status
from mlay_batch.core.period import Period
from mlay_batch.ledger import Ledger
from mlay_batch.mail.letter import Letter
from mlay_batch.model.records import LedgerEntry, Verdict
from mlay_batch.model.sketches import member_of

pytestmark = pytest.mark.usefixtures("reading_here")

NOVEMBER = Period(2019, 11)
MORNING, NOON, EVENING = (f"2019-12-03T{hour}:00:00+07:00" for hour in ("09", "12", "18"))
NOV3, NOV5 = date(2019, 11, 3), date(2019, 11, 5)
HO_CANG = Meeting("Chi bộ bản Ho Cang", NOV3, 92, "Tốt", 10)
NA_NAT = Meeting("bản Na Nát", NOV5, 71, "Khá", 9)
THPT = Meeting("Chi bộ Trường THPT", NOV3, 92, "Tốt", 10)
SAID = {"who": "lan", "decided": "2019-12-06T10:00:00+07:00", "why": "đã hỏi", "as_of": AS_OF}


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return create_office(tmp_path / "town")


def outcomes(done: IngestResult) -> list[str]:
    """Branch, verdict and deciding codes of each part, in their order."""
    return [
        " ".join(
            (
                d.checked.identity.branch if d.checked.identity else "?",
                d.verdict.value,
                *(f.code for f in d.findings if f.code[0] in "IL"),
            )
        )
        for d in done.decisions
    ]


def current(office: Office) -> dict[str, str]:
    """The file that counts for each branch in November."""
    with Ledger.open(office.workspace.ledger) as ledger:
        return {
            str(e.branch): e.label
            for e in ledger.entries()
            if e.is_current and e.period == "2019-11"
        }


def states(office: Office) -> dict[str, str]:
    (matrix,) = (m for m in status(office, NOVEMBER, AS_OF).forms if m.form == "meeting")
    return {branch.code: matrix.cell(branch.code, NOVEMBER).state for branch in matrix.branches}


def letters(office: Office) -> list[Letter]:
    with Ledger.open(office.workspace.ledger) as ledger:
        made = reply_letters(office, ledger, LetterSelection(NOVEMBER, AS_OF))
    assert made.unwritten == ()
    return [letter for letter in (*made.letters, *made.by_hand) if letter.kind != "reminder"]


def test_each_branch_is_received_and_counted_once(office: Office) -> None:
    put(office, "ds.xlsx", list_book(HO_CANG, NA_NAT, Meeting("Chi bộ Lạ", NOV5, 60)))
    put(office, "cb01.xlsx", MeetingReturn("CB-01").book())
    done = take_in(office)
    assert outcomes(done) == [
        "CB-01 accepted", "DB1-1 accepted", "DB1-2 accepted", "? held I41",
    ]  # fmt: skip
    assert sum(done.counts.values()) == 4
    with Ledger.open(office.workspace.ledger) as ledger:
        entries = ledger.entries()
        assert sum(ledger.counts().values()) == len(entries) == 4
    assert len({entry.sha256 for entry in entries[1:]}) == 1
    assert [entry.part for entry in entries] == [None, "1!6", "1!7", "1!8"]
    assert states(office) == {"DB1-1": "sketch", "DB1-2": "sketch", "CB-01": "reported"}
    again = take_in(office, NOON)
    assert (again.seen_count, again.decisions) == (2, ())


def test_the_same_list_under_another_name_is_a_duplicate(office: Office) -> None:
    put(office, "ds.xlsx", list_book(HO_CANG, NA_NAT))
    take_in(office)
    put(office, "ds (2).xlsx", list_book(HO_CANG, NA_NAT))
    assert outcomes(take_in(office, NOON)) == ["DB1-1 duplicate L01", "DB1-2 duplicate L01"]


def test_a_corrected_list_corrects_the_branch_that_changed(office: Office) -> None:
    put(office, "ds.xlsx", list_book(HO_CANG, NA_NAT))
    take_in(office)
    put(office, "ds sửa.xlsx", list_book(NA_NAT, Meeting("Chi bộ bản Ho Cang", NOV3, 85)))
    assert outcomes(take_in(office, NOON)) == ["DB1-2 duplicate L04", "DB1-1 accepted L05"]
    assert current(office) == {"DB1-1": "ds sửa.xlsx (1!7)", "DB1-2": "ds.xlsx (1!7)"}


def test_one_wrong_row_refuses_its_branch_alone(office: Office) -> None:
    wrong = Meeting("Chi bộ bản Ho Cang", "35/11/2019", 192)
    put(office, "ds.xlsx", list_book(wrong, NA_NAT))
    done = take_in(office)
    assert outcomes(done) == ["DB1-1 rejected", "DB1-2 accepted"]
    found = {f"{f.code} {f.place.cell}" for f in done.decisions[0].findings if f.is_error}
    assert found == {"C07 D6", "F03 E6"}


@pytest.mark.parametrize(
    ("meeting", "code"),
    [
        (Meeting("CB-01", None, 80), "F01 D6"),
        (Meeting("CB-01", "3/9/2019", 80), "F04 D6"),
        (Meeting("CB-01", NOV3, 80, "Tốt"), "S05 F6"),
        (Meeting("CB-01", NOV3, "tám mươi"), "C01 E6"),
    ],
)
def test_what_is_wrong_is_found_at_its_cell(office: Office, meeting: Meeting, code: str) -> None:
    put(office, "ds.xlsx", list_book(meeting, Meeting(None, date(2019, 11, 9), 70)))
    (decision,) = take_in(office).decisions
    assert code in [f"{f.code} {f.place.cell}" for f in decision.findings]


def test_a_day_exchanged_with_the_month_is_found_where_no_title_names_the_month(
    office: Office,
) -> None:
    meetings = (
        Meeting("CB-01", date(2019, 3, 11), 92),
        Meeting("bản Na Nát", date(2019, 11, 20), 71),
    )
    put(office, "ds.xlsx", list_book(*meetings, title="DANH SÁCH", committee=""))
    done = take_in(office)
    assert outcomes(done) == ["CB-01 rejected", "DB1-2 accepted"]
    assert "F05 D6" in [f"{f.code} {f.place.cell}" for f in done.decisions[0].findings]


def test_a_day_twice_is_not_one_meeting(office: Office) -> None:
    put(office, "ds.xlsx", list_book(HO_CANG, Meeting(None, NOV3, 80)))
    (decision,) = take_in(office).decisions
    assert [f"{f.code} {f.place.cell}" for f in decision.findings] == ["D20 D7"]


# Beside a return of the branch's own


def test_a_return_of_its_own_replaces_the_list_whenever_it_comes(office: Office) -> None:
    put(office, "ds.xlsx", list_book(HO_CANG))
    take_in(office, NOON)
    put(office, "db11.xlsx", MeetingReturn("DB1-1", score=80).book())
    done = take_in(office, MORNING)  # received before the list
    assert outcomes(done) == ["DB1-1 accepted L19"]
    assert states(office)["DB1-1"] == "reported"


def test_a_list_that_says_the_same_is_no_more_than_that(office: Office) -> None:
    put(office, "db11.xlsx", MeetingReturn("DB1-1").book())  # on the 3rd, 92 points
    take_in(office)
    put(office, "ds.xlsx", list_book(HO_CANG))
    assert outcomes(take_in(office, NOON)) == ["DB1-1 duplicate L18"]


def test_a_list_that_says_otherwise_waits_for_a_person(office: Office) -> None:
    put(office, "db11.xlsx", MeetingReturn("DB1-1", score=80).book())
    take_in(office)
    put(office, "ds.xlsx", list_book(HO_CANG))
    assert outcomes(take_in(office, NOON)) == ["DB1-1 held L17"]
    (entry,) = list_undecided(office)
    assert current(office)["DB1-1"] == "db11.xlsx"
    result = review_file(office, Review(entry.id, ReviewOutcome.ACCEPT, **SAID), "test")
    assert result.decision.verdict is Verdict.ACCEPTED
    assert current(office)["DB1-1"] == "ds.xlsx (1!6)"
    put(office, "ds2.xlsx", list_book(HO_CANG, NA_NAT))
    assert outcomes(take_in(office, EVENING)) == ["DB1-1 duplicate L04", "DB1-2 accepted"]


def test_a_list_replaced_by_a_return_is_not_held_when_it_comes_again(office: Office) -> None:
    put(office, "ds.xlsx", list_book(HO_CANG))
    take_in(office)
    put(office, "db11.xlsx", MeetingReturn("DB1-1", score=80).book())
    take_in(office, NOON)
    put(office, "ds again.xlsx", list_book(HO_CANG))
    put(office, "ds more.xlsx", list_book(NA_NAT, HO_CANG))
    assert outcomes(take_in(office, EVENING)) == [
        "DB1-1 duplicate L18", "DB1-2 accepted", "DB1-1 duplicate L18",
    ]  # fmt: skip


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_in_whatever_order_they_come_the_return_counts(
    tmp_path: Path, order: tuple[int, ...]
) -> None:
    files = [
        ("ds.xlsx", list_book(HO_CANG), MORNING),
        ("ds2.xlsx", list_book(Meeting("Chi bộ bản Ho Cang", NOV3, 85)), NOON),
        ("own.xlsx", MeetingReturn("DB1-1", score=80).book(), EVENING),
    ]
    office = create_office(tmp_path / "town")
    for number in order:
        name, data, received = files[number]
        put(office, name, data)
        take_in(office, received)
    assert current(office)["DB1-1"] == "own.xlsx"


def test_both_in_one_mail_are_no_dispute(office: Office) -> None:
    files = ("ds.xlsx", list_book(HO_CANG, NA_NAT)), ("own.xlsx", MeetingReturn("DB1-1").book())
    send(office, "1", "db1@town.example", *files)
    assert outcomes(take_in(office)) == ["DB1-1 accepted", "DB1-2 accepted", "DB1-1 accepted L19"]
    assert current(office)["DB1-1"] == "own.xlsx"


# Whose it is


def unsure(office: Office, name: str) -> LedgerEntry:
    put(office, "ds.xlsx", list_book(Meeting(name, NOV3, 90)))
    assert outcomes(take_in(office)) == ["? held I41"]
    (entry,) = list_undecided(office)
    return entry


def test_an_unknown_name_waits_with_the_nearest(office: Office) -> None:
    entry = unsure(office, "Chi bộ bản Ho Kang")
    (finding,) = (f for f in entry.findings if f.code == "I41")
    assert (finding.place.cell, finding.params["seen"]) == ("B6", "Chi bộ bản Ho Kang")
    assert str(finding.params["nearest"]).startswith("Chi bộ bản Ho Cang (DB1-1)")
    said = {**SAID, "branch": "DB1-1"}
    result = review_file(office, Review(entry.id, ReviewOutcome.ACCEPT, **said), "test")
    assert (result.entry.verdict, result.entry.branch) == (Verdict.ACCEPTED, "DB1-1")
    assert current(office) == {"DB1-1": "ds.xlsx (1!6)"}


def test_naming_the_branch_does_not_replace_its_return(office: Office) -> None:
    put(office, "own.xlsx", MeetingReturn("DB1-1", score=80).book())
    take_in(office)
    entry = unsure(office, "Chi bộ bản Ho Kang")
    said = {**SAID, "branch": "DB1-1"}
    result = review_file(office, Review(entry.id, ReviewOutcome.ACCEPT, **said), "test")
    assert result.entry.verdict is Verdict.HELD
    assert {"L17", "I29"} <= {f.code for f in result.entry.findings}
    assert current(office)["DB1-1"] == "own.xlsx"


def test_rows_of_nobody_may_be_dismissed(office: Office) -> None:
    entry = unsure(office, "Chi bộ Lạ")
    result = review_file(office, Review(entry.id, ReviewOutcome.REFUSE, **SAID), "test")
    assert result.entry.verdict is Verdict.REJECTED
    assert list_undecided(office) == ()
    assert letters(office) == []


def test_a_name_entered_in_the_register_is_known_from_then_on(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    unsure(office, "Chi bộ HC")
    named = [
        {**entry, "also": "Chi bộ H.C.; Chi bộ HC"} if entry["code"] == "DB1-1" else entry
        for entry in TOWN["organisations"]
    ]
    monkeypatch.setitem(TOWN, "organisations", named)
    fill_in_register(office.workspace)
    done = take_in(open_office(office.workspace), NOON)
    assert [(d.verdict, d.checked.file.part) for d in done.judged_anew] == [
        (Verdict.ACCEPTED, "1!6")
    ]
    assert current(office) == {"DB1-1": "ds.xlsx (1!6)"}


def test_one_name_of_two_committees_is_that_of_the_list_or_its_sender(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TOWN, "organisations", TWO_COMMITTEES)
    office = create_office(tmp_path / "two")
    meeting = Meeting("Chi bộ bản Ho Cang", NOV3, 90)
    send(office, "1", "db1@town.example", ("ds.xlsx", list_book(meeting, committee="")))
    assert outcomes(take_in(office)) == ["DB1-1 accepted"]
    put(office, "2.xlsx", list_book(meeting, committee="Đảng bộ xã Lay Nưa"))
    put(office, "3.xlsx", list_book(meeting, committee=""))
    assert sorted(outcomes(take_in(office, NOON))) == ["? held I41", "DB2-1 accepted"]


TWO_COMMITTEES = [
    *TOWN["organisations"],
    {"code": "DB-2", "name": "Đảng bộ xã Lay Nưa", "type": "committee", "parent": "TU"},
    {"code": "DB2-1", "name": "Chi bộ bản Ho Cang", "type": "cell", "parent": "DB-2"},
]


@pytest.mark.parametrize(
    ("name", "committee", "outcome"),
    [
        ("DB1-1 – Chi bộ bản Na Nát", "", "? held I41"),  # the code of another than the name
        ("DB1-2 – Chi bộ bản Na Nát", "", "DB1-2 accepted"),
        ("DB1-2 – bản Na", "", "DB1-2 accepted"),
        ("DB1-2", "", "DB1-2 accepted"),
        ("Chi bộ bản Na Nát", "ĐẢNG BỘ XÃ LAY NƯA", "? held I41"),  # the register has it elsewhere
        ("Chi bộ bản Na Nát", "THỊ ỦY MƯỜNG LAY", "DB1-2 accepted"),
        ("Chi bộ bản Ho Cang", "ĐẢNG ỦY XÃ LAY NƯA", "DB2-1 accepted"),
        ("Đảng bộ bản Na Nát", "", "? held I41"),
    ],
)
def test_a_branch_is_given_to_none_but_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, committee: str, outcome: str
) -> None:
    monkeypatch.setitem(TOWN, "organisations", TWO_COMMITTEES)
    office = create_office(tmp_path / "two")
    put(office, "ds.xlsx", list_book(Meeting(name, NOV3, 90), committee=committee))
    assert outcomes(take_in(office)) == [outcome]


def test_a_stranger_sends_no_list(office: Office) -> None:
    send(office, "1", "x@else.example", ("ds.xlsx", list_book(HO_CANG, NA_NAT)))
    assert outcomes(take_in(office)) == ["DB1-1 held I20", "DB1-2 held I20"]


def test_rows_that_are_not_found_again_are_refused() -> None:
    """A later program may divide a list otherwise than the one that received it."""
    read = read_list(list_book(HO_CANG))
    assert member_of(read, "1!6") is read.members[0]
    assert [f.code for f in member_of(read, "1!7").findings] == ["R52"]


# Letters


def test_the_receipt_says_that_it_is_a_list(office: Office) -> None:
    put(office, "ds.xlsx", list_book(HO_CANG))
    take_in(office)
    (letter,) = letters(office)
    assert letter.kind == "receipt"
    assert "danh sách sinh hoạt chi bộ" in letter.subject
    assert "đã tính phần danh sách có ghi, phần khác là không báo cáo" in letter.body
    assert [a.name for a in letter.attachments] == ["DB1-1_phieu-nhan_1-2019.txt"]


def test_a_wrong_row_comes_back_marked_and_is_read_again(office: Office) -> None:
    put(office, "ds.xlsx", list_book(Meeting("Chi bộ bản Ho Cang", "35/11/2019", 92), NA_NAT))
    take_in(office)
    (returned,) = (letter for letter in letters(office) if letter.kind == "returned")
    (attachment,) = returned.attachments
    assert attachment.name == "DB1-1_danh-sach-sinh-hoat_2019-11.xlsx"
    book = openpyxl.load_workbook(io.BytesIO(attachment.data))
    sheet = book["Danh sách sinh hoạt"]
    row = {sheet.cell(14, c).value: sheet.cell(15, c) for c in range(3, 10)}
    assert row["Tên đơn vị"].value == "Chi bộ bản Ho Cang"
    assert row["KQ số điểm"].value == 92
    assert row["Ngày họp chi bộ"].value == "35/11/2019"
    assert "không có ngày này" in row["Ngày họp chi bộ"].comment.text
    row["Ngày họp chi bộ"].value = NOV3
    book.save(data := io.BytesIO())
    send(office, "2", "hocang@town.example", (attachment.name, data.getvalue()))
    assert outcomes(take_in(office, "2019-12-04T09:00:00+07:00")) == ["DB1-1 accepted"]
    assert states(office)["DB1-1"] == "sketch"


def test_a_list_is_checked_anywhere(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "ds.xlsx"
    path.write_bytes(list_book(HO_CANG, Meeting("Chi bộ Lạ", NOV5, 60)))
    results = check_each(path, office.catalogue, office, AS_OF)
    assert [[f.code for f in result.findings] for result in results] == [[], ["I41"]]
    assert len(check_each(path, office.catalogue, None, AS_OF)) == 2
