"""What each reader is told of a list: no more than it says, and nothing that only others can do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from builders import in_process
from builders.circulated_list import Meeting, list_book
from builders.mail_office import AS_OF, take_in
from builders.sample_office import REGISTER, MeetingReturn, catalogue, create_office, put
from builders.sheet_cells import Book, Sheet, differences, load_sheets, recalculate

from mlay_batch.app.build_report import report_branch
from mlay_batch.app.consolidate import consolidate
from mlay_batch.app.incoming_register import write_register
from mlay_batch.app.ingest import ingest
from mlay_batch.app.load_inputs import load_inputs
from mlay_batch.app.office import Office
from mlay_batch.app.reply import LetterSelection, reply_letters
from mlay_batch.app.review import Review, ReviewOutcome, list_undecided, review_file
from mlay_batch.app.worklist.sheets import period_matters
from mlay_batch.app.worklist.state import OpenState
from mlay_batch.cli import run
from mlay_batch.core.period import Period
from mlay_batch.core.styles import RETURN_SYMBOLS
from mlay_batch.figures import compute
from mlay_batch.ledger import Ledger
from mlay_batch.report.committee.compose import chat_message, compose_report
from mlay_batch.report.report_context import ReportWords

KINDS = {"DB1-1": "village", "DB1-2": "village", "CB-01": "school"}
CELLS = {"DB1-1": "Chi bộ bản Ho Cang", "DB1-2": "Chi bộ bản Na Nát", "CB-01": "CB-01"}
TITLE = "DANH SÁCH CHẤM ĐIỂM SINH HOẠT CHI BỘ THÁNG {} NĂM 2019"
OCTOBER, NOVEMBER, DECEMBER = (Period(2019, month) for month in (10, 11, 12))
NEW_YEAR = date(2020, 1, 6)
SAID = {"who": "lan", "decided": "2019-12-06T10:00:00+07:00", "why": "đã hỏi", "as_of": AS_OF}


def listed(month: int, *names: str, score: int = 92) -> bytes:
    meetings = (Meeting(name, date(2019, month, 5), score, None, 10) for name in names)
    return list_book(*meetings, title=TITLE.format(month))


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """October from a list alone; November from returns, a list that says otherwise than one of
    them, and a name the office had to assign; December from returns."""
    MeetingReturn("CB-01").book()  # made, and kept, with the register as it is for other tests
    with in_process.here(), pytest.MonkeyPatch.context() as patch:
        organisations = [{**o, "kind": KINDS.get(o["code"])} for o in REGISTER["organisations"]]
        patch.setitem(REGISTER, "organisations", organisations)
        town = create_office(tmp_path_factory.mktemp("readers") / "town")
        put(town, "ds10.xlsx", listed(10, *CELLS.values()))
        put(town, "own.xlsx", MeetingReturn("DB1-1", score=80).book())
        put(town, "cb01.xlsx", MeetingReturn("CB-01").book())
        take_in(town, "2019-12-03T09:00:00+07:00")
        put(town, "ds11.xlsx", listed(11, CELLS["DB1-1"], "Chi bộ bản Na Nót"))
        take_in(town, "2019-12-03T12:00:00+07:00")
        for entry in list_undecided(town):
            decision = (
                Review(entry.id, ReviewOutcome.REFUSE, **SAID)
                if entry.branch
                else Review(entry.id, ReviewOutcome.ACCEPT, **SAID, branch="DB1-2")
            )
            review_file(town, decision, "test")
        for branch in CELLS:
            put(town, f"{branch}-12.xlsx", MeetingReturn(branch, month=12).book())
        ingest(
            town, as_of=NEW_YEAR, received="2020-01-03T09:00:00+07:00", who="test", holder="test"
        )
        yield town


@pytest.fixture(scope="module")
def book(office: Office) -> Callable[[Period], bytes]:
    """The working workbook of a month."""

    @cache
    def consolidated(period: Period) -> bytes:
        with in_process.here():
            done = consolidate(office, period, as_of=NEW_YEAR, holder="test")
        return done.paths.workbook.read_bytes()

    return consolidated


Consolidated = Callable[[Period], bytes]


def notes(sheets: Book, title: str) -> str:
    return " ".join(str(row[0]) for row in sheets[title].rows if row and row[0])


def kinds(sheet: Sheet) -> dict[object, list[object]]:
    first, columns = "Loại hình đơn vị", ("Cộng", "Thường kỳ", "Chuyên đề")
    start = sheet.row_of(first) + 3
    return {
        sheet.at(row, 1): [sheet.under(row, "Số buổi sinh hoạt", c, first=first) for c in columns]
        for row in range(start, start + 3)
    }


@pytest.mark.libreoffice
def test_a_kind_known_from_lists_alone_has_no_regular_meetings_and_not_none(
    office: Office, book: Consolidated, tmp_path: Path
) -> None:
    october = load_sheets(data := book(OCTOBER))
    assert kinds(october["Xếp loại sinh hoạt"]) == {
        "Thôn, bản, tổ dân phố": [2, None, None],
        "Trường học": [1, None, None],
        "Tổng cộng": [3, None, None],
    }
    assert "không có ở hai cột Thường kỳ" in notes(october, "Xếp loại sinh hoạt")
    assert "không thấy dấu hiệu" not in notes(october, "Xếp loại sinh hoạt")
    assert differences(october, recalculate(data, tmp_path)) == []
    november = load_sheets(book(NOVEMBER))
    assert kinds(november["Xếp loại sinh hoạt"]) == {
        "Thôn, bản, tổ dân phố": [2, 1, 0],
        "Trường học": [1, 1, 0],
        "Tổng cộng": [3, 2, 0],
    }


def test_the_sheets_say_what_a_list_is_left_out_of(book: Consolidated) -> None:
    november = load_sheets(book(NOVEMBER))
    assert "nên các nhóm có thể không cộng ra tổng điểm" in notes(november, "Lũy kế năm")
    assert "các buổi ấy chưa tính vào xếp loại năm" in notes(november, "Lũy kế năm")
    assert "tháng chỉ có danh sách kể vào cột" in notes(november, "Chi bộ được dự")
    assert "hai dòng sinh hoạt thường kỳ, chuyên đề" in notes(november, "Tổng quan")

    assert "buổi chuyên đề nếu có chưa được tính" in notes(november, "Chuyên đề – bồi dưỡng")
    assert "chỉ có trong danh sách thì không xét dấu hiệu" in notes(november, "Cảnh báo")


def test_the_page_of_a_cell_tells_a_list_from_a_return(office: Office) -> None:
    """In October nobody's own return was in: no signs were looked for, and none is denied."""
    with in_process.here():
        path = report_branch(office, "DB1-2", OCTOBER, as_of=NEW_YEAR).path
    (sheet,) = load_sheets(path).values()
    (meeting,) = (row for row in sheet.rows if row[0] == 10)
    assert meeting[2] == "Theo danh sách"
    texts = [row[0] for row in sheet.rows]
    assert "Chưa có báo cáo của chính chi bộ trong năm nên chưa xét dấu hiệu." in texts


def test_a_month_of_returns_says_what_of_the_one_before_was_a_list(book: Consolidated) -> None:
    """Else it would seem that regular meetings were added."""
    sheet = load_sheets(book(DECEMBER))["Tổng quan"]
    row = [
        value for value in sheet.rows[sheet.row_of("Trong đó chỉ có theo") - 1] if value is not None
    ]
    assert row[1:4] == [0, 1, -1]


def test_papers_are_called_what_they_are(office: Office, book: Consolidated) -> None:
    sheet = load_sheets(book(NOVEMBER))["Nguồn gốc"]
    titles = {
        str(row[2]): row[4] for row in sheet.rows if str(row[2] or "").endswith((".xlsx", ")"))
    }
    assert titles["ds10.xlsx (1!6)"] == "Danh sách sinh hoạt chi bộ"
    assert titles["cb01.xlsx"] == "Báo cáo sinh hoạt chi bộ"
    (partly,) = (row[3] for row in sheet.rows if str(row[0]).startswith("DB1-2 – "))
    assert str(partly).startswith("Theo danh sách (tháng 11 năm 2019). Ngày họp, điểm, mức có ")
    assert "Lượt dự có thể có của CU-1 chưa tính." in str(partly)
    written = write_register(office, NOVEMBER, as_of=AS_OF)
    (incoming,) = load_sheets(written.path).values()
    subjects = [row[4] for row in incoming.rows if str(row[5]).startswith("ds11.xlsx")]
    assert {str(subject).split(";")[0] for subject in subjects} == {"Danh sách sinh hoạt chi bộ"}


def test_the_report_to_be_signed_marks_the_meetings_of_a_list(office: Office) -> None:
    with Ledger.open(office.workspace.ledger) as ledger:
        inputs = load_inputs(office, ledger, NOVEMBER, AS_OF)
    words = ReportWords(inputs, compute(inputs), "vi")
    report = compose_report(words)
    assert "1 chỉ có theo danh sách." in chat_message(words)
    (table,) = (table for table in report.annexes if table.sheet == "Xếp loại sinh hoạt")
    assert {row[1]: row[-1] for row in table.rows} == {
        "Chi bộ bản Ho Cang": "Tiến hành còn hình thức",
        "Chi bộ bản Na Nát": "Theo danh sách",
        "Chi bộ Trường THPT": "Tiến hành còn hình thức",
    }


def test_what_the_office_assigned_asks_nobody_for_a_reason(office: Office) -> None:
    with Ledger.open(office.workspace.ledger) as ledger:
        entries = [e for e in ledger.entries() if e.is_current and e.branch == "DB1-2"]
    (entry,) = (entry for entry in entries if entry.period == "2019-11")
    assert [f.code for f in entry.findings if f.is_answerable] == []
    assert "I29" in [f.code for f in entry.findings]


def test_letters_on_lists_are_true_of_who_gets_them(office: Office) -> None:
    with Ledger.open(office.workspace.ledger) as ledger:
        made = reply_letters(office, ledger, LetterSelection(NOVEMBER, AS_OF))
    letters = {
        (x.kind, x.topics[0].branch): x
        for x in (*made.letters, *made.by_hand)
        if x.topics[0].period == str(NOVEMBER)
    }
    declined = letters["declined", "DB1-1"]
    rows = "dòng của Chi bộ bản Ho Cang trong danh sách"
    assert declined.subject == f"Về {rows} “ds11.xlsx”"
    assert f"Văn phòng không tính {rows} “ds11.xlsx”, nhận ngày 03/12/2019" in declined.body
    assert f"không tính {rows} nhận ngày 03/12/2019:" in str(declined.chat)
    receipt = letters["receipt", "DB1-2"]
    assert "thì gửi báo cáo theo mẫu, hoặc sửa trong danh sách rồi gửi lại." in receipt.body
    assert "thì sửa trong tệp của đơn vị" in letters["receipt", "CB-01"].body


def test_the_worklist_explains_each_symbol_and_what_is_only_listed(office: Office) -> None:
    (form,) = (form for form in catalogue().forms if form.form == "worklist")
    legend = form.section("returns").note.vi
    assert [s for s in RETURN_SYMBOLS.values() if s and s not in legend] == []
    with Ledger.open(office.workspace.ledger) as ledger:
        state = OpenState.load(office, ledger, NOVEMBER, AS_OF, "vi", "test")
    words = {m.subject: str(m.values["state"]) for m in period_matters(state)}
    assert words["period/2019-10"] == (
        "Đã đủ 3 báo cáo, có thể chốt. Trong số đã có, 3 chỉ có theo danh sách."
    )
    assert words["period/2019-11"].endswith(" 1 chỉ có theo danh sách.")


def test_a_check_says_which_rows_and_that_a_name_is_open(
    office: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "ds.xlsx"
    path.write_bytes(listed(11, CELLS["DB1-1"], "Chi bộ Lạ"))
    with in_process.here():
        run(["check", str(path), "-C", str(office.workspace.root)])
    printed = capsys.readouterr().out
    assert "ds.xlsx (1!6): Tệp dùng được" in printed
    assert "ds.xlsx (1!7): Chưa rõ là chi bộ nào" in printed
