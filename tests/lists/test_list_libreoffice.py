"""A committee's list of twelve cells, made by hand three ways, beside forms of their own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from builders import in_process
from builders.libreoffice import Step, fill, insert_columns, rename_sheet, type_text
from builders.mail_office import AS_OF, send, take_in
from builders.sample_office import REGISTER, MeetingReturn, create_office
from builders.sample_office import put as lay_in
from builders.sheet_cells import differences, load_sheets, recalculate

from mlay_batch.app.consolidate import consolidate
from mlay_batch.app.load_inputs import load_inputs
from mlay_batch.app.office import Office
from mlay_batch.core.findings import column_letters
from mlay_batch.core.period import Period
from mlay_batch.figures import compute
from mlay_batch.figures.report_records import Figures
from mlay_batch.ledger import Ledger
from mlay_batch.model.records import Verdict

pytestmark = [pytest.mark.libreoffice, pytest.mark.slow]

NAMES = [f"Chi bộ Tổ dân phố {number}" for number in range(1, 13)]
CODES = [f"DB1-{number:02}" for number in range(1, 13)]
POINTS = [95, 88, 72, 64, 91, 90, 50, 49, 100, 77, 83, 70]
GRADES = ["Tốt" if p >= 90 else "Khá" if p >= 70 else "Trung bình" if p >= 50 else "Kém"
          for p in POINTS]  # fmt: skip
LATE = 7  # its cell has not met yet, the row has a name alone
SEPTEMBER, OCTOBER, NOVEMBER = (Period(2019, month) for month in (9, 10, 11))


def typed(rows: Sequence[Sequence[object]], sheet: str = "") -> list[Step]:
    """Each filled cell typed as a person does."""
    return [
        type_text(f"{column_letters(column)}{number}", str(words), sheet)
        for number, row in enumerate(rows, 1)
        for column, words in enumerate(row, 1)
        if words is not None
    ]


def as_circulated() -> list[Step]:
    """The ten columns, as the office sent them round; a total and signatures below."""
    rated = "Mức đánh giá xếp loại sau buổi sinh hoạt"
    titles = ["Tốt", "Khá", "Trung bình", "Kém"]
    rows: list[list[object]] = [
        ["ĐẢNG BỘ PHƯỜNG NA LAY"],
        ["DANH SÁCH SINH HOẠT CHI BỘ THÁNG 9 NĂM 2019"],
        ["STT", "Tên đơn vị", "Số lượng đảng viên", "Ngày họp chi bộ", rated, None, None, None,
         None, "Ghi chú (thuyết minh điểm trừ)"],
        [None, None, None, None, "KQ số điểm", *titles],
        list(range(1, 11)),
    ]  # fmt: skip
    for number, name in enumerate(NAMES):
        day = f"0{number % 9 + 1}/9/2019" if number % 2 else f"{number % 9 + 1}/9/2019"
        crosses = ["x" if title == GRADES[number] else None for title in titles]
        is_late = number == LATE
        rows.append([number + 1, name, "18/18", *([] if is_late else [day, POINTS[number]])])
        rows[-1] += [] if is_late else [*crosses, "còn muộn" if number == 2 else None]
    rows += [["Tổng cộng", None, 216], ["Trong tháng kết nạp 02 đảng viên"],
             [None, "NGƯỜI LẬP BIỂU", None, "T/M ĐẢNG ỦY"]]  # fmt: skip
    return typed(rows)


def as_retyped() -> list[Step]:
    """Other columns in another order, grades in words, a column put in later, no total."""
    head = ["Xếp loại", "Tổng điểm", "Chi bộ", "Ngày sinh hoạt", "Số ĐV", "Lý do trừ điểm"]
    rows: list[list[object]] = [["Tháng 10/2019 - sinh hoạt các chi bộ"], [], head]
    for number, name in enumerate(NAMES):
        points = f"{POINTS[number]}/100" if number % 3 == 0 else POINTS[number]
        said = [None, None] if number == LATE else [GRADES[number].lower(), points]
        day = None if number == LATE else f"{number + 10}/10/2019"
        rows.append([*said, name.replace("Chi bộ ", "CB "), day, 18, None])
    steps = typed(rows)
    return [*steps, insert_columns("A"), type_text("A3", "TT"), type_text("A4", "1")]


def as_two_sheets() -> list[Step]:
    """Codes in place of names, days alone, the month in the names of the tabs, two meetings."""
    head = ["Ngày họp", "Điểm", "Đơn vị"]
    first = [head, *[[str(n + 3), POINTS[n], CODES[n]] for n in range(6)]]
    second = [head, *[[str(n + 3), POINTS[n], CODES[n]] for n in range(6, 12) if n != LATE]]
    second.insert(2, ["25", 66, None])  # once more the branch above
    return [
        rename_sheet("Tháng 11-2019 (1)", "A"), rename_sheet("Tháng 11-2019 (2)", "B"),
        *typed(first, "Tháng 11-2019 (1)"), *typed(second, "Tháng 11-2019 (2)"),
    ]  # fmt: skip


def hand_made(folder: Path, name: str, steps: list[Step]) -> tuple[str, bytes]:
    """A workbook somebody made, and its name."""
    blank, book = folder / f"{name}.blank.xlsx", openpyxl.Workbook()
    book.active.title = "A"
    book.create_sheet("B")
    book.save(blank)
    return name, fill(blank, folder / name, steps).read_bytes()


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    MeetingReturn("CB-01").book()  # made, and kept, with the register as it is for other tests
    cells = [
        {"code": code, "name": name, "type": "cell", "parent": "DB-1"}
        for code, name in zip(CODES, NAMES, strict=True)
    ]
    kept = [o for o in REGISTER["organisations"] if o["type"] != "cell"]
    monkeypatch.setitem(REGISTER, "organisations", [*kept, *cells])
    monkeypatch.setitem(REGISTER, "officers", [{"code": "TU-1", "name": "Lê Thị Bình"}])
    monkeypatch.setitem(REGISTER, "assignments", [])
    monkeypatch.setitem(REGISTER, "addresses", [{"branch": "DB-1", "mail": "db1@town.example"}])
    return create_office(tmp_path / "town")


def figures(office: Office, period: Period) -> Figures:
    with Ledger.open(office.workspace.ledger) as ledger:
        return compute(load_inputs(office, ledger, period, AS_OF))


def test_three_lists_made_by_hand_go_the_whole_way(office: Office, tmp_path: Path) -> None:
    lists = [
        hand_made(tmp_path, "ds thang 9.xlsx", as_circulated()),
        hand_made(tmp_path, "Danh sách T10.ods", as_retyped()),
        hand_made(tmp_path, "SH 11.xls", as_two_sheets()),
    ]
    with in_process.here():
        send(office, "1", "db1@town.example", *lists)
        lay_in(office, "thpt.xlsx", MeetingReturn("CB-01").book())
        done = take_in(office)
    verdicts = {verdict: count for verdict, count in done.counts.items() if count}
    assert verdicts == {Verdict.ACCEPTED: 3 * 11 + 1}
    assert not [f for d in done.decisions for f in d.findings if f.code != "R50"]
    by_month = {
        month: [s for s in figures(office, NOVEMBER).sittings if s.period == month]
        for month in (SEPTEMBER, OCTOBER, NOVEMBER)
    }
    others = [n for n in range(12) if n != LATE]
    for month in (SEPTEMBER, OCTOBER):
        assert {(s.branch, s.score) for s in by_month[month]} == {
            (CODES[n], POINTS[n]) for n in others
        }
    assert {s.held_on for s in by_month[OCTOBER]} == {date(2019, 10, n + 10) for n in others}
    assert {(s.branch, s.held_on.day, s.score) for s in by_month[NOVEMBER]} == {
        *((CODES[n], n + 3, POINTS[n]) for n in others),
        (CODES[6], 25, 66),
        ("CB-01", 3, 92),
    }
    totals = figures(office, OCTOBER).totals
    assert totals is not None
    assert (totals.sent, totals.due, totals.held, totals.listed) == (11, 13, 11, 11)
    assert totals.mean == pytest.approx(sum(POINTS[n] for n in others) / 11)
    assert dict(totals.bands) == {"good": 4, "fair": 5, "average": 2}
    matrix = next(m for m in figures(office, NOVEMBER).completeness if m.form == "meeting")
    assert [matrix.cell(code, NOVEMBER).state for code in (CODES[0], CODES[LATE], "CB-01")] == [
        "sketch", "missing", "reported",
    ]  # fmt: skip
    report = consolidate(office, NOVEMBER, as_of=AS_OF, holder="test")
    data = report.paths.workbook.read_bytes()
    assert differences(load_sheets(data), recalculate(data, tmp_path)) == []
