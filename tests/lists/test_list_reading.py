"""A list in circulation is known by its headings, and divided among the branches it names."""

from __future__ import annotations

from datetime import date

import pytest
from builders.circulated_list import (
    BELOW_HEAD,
    HEAD,
    NUMBERS,
    Book,
    Meeting,
    codes_and_cells,
    list_book,
    read_list,
    rows_of,
    said,
)
from builders.sample_office import MeetingReturn, foreign_book

NOV3, NOV5 = date(2019, 11, 3), date(2019, 11, 5)
HO_CANG = Meeting("Chi bộ bản Ho Cang", NOV3, 92, "Tốt", 18, "trừ 8 điểm tiến hành")


def test_each_branch_is_a_submission_of_its_own() -> None:
    read = read_list(list_book(HO_CANG, Meeting("Chi bộ bản Na Nát", NOV5, 71, "Khá", 9)))
    assert (read.form, read.version, read.findings) == ("meeting", "list-1", ())
    first, second = read.members
    assert (first.part, second.part) == ("1!6", "1!7")
    assert said(first) == {
        "held_on": NOV3, "total": 92, "grade": "good", "closing": 18,
        "explanation": "trừ 8 điểm tiến hành",
    }  # fmt: skip
    assert first.header["branch"].text == "Chi bộ bản Ho Cang"
    assert (first.header["period"].text, first.header["period"].place.cell) == ("2019-11", "A2")
    cells = {name: cell for row in first.rows for name, cell in row.cells.items()}
    assert cells == {
        "held_on": "D6", "total": "E6", "grade": "F6", "explanation": "J6", "closing": "C6",
    }  # fmt: skip
    assert said(second) == {"held_on": NOV5, "total": 71, "grade": "fair", "closing": 9}


@pytest.mark.parametrize(
    ("typed", "day"),
    [("03/11/2019", 3), ("3/11/2019", 3), ("3-11-2019", 3), ("03/11", 3), ("3", 3), (3, 3)],
)
def test_a_day_is_read_however_it_is_typed(typed: str | int, day: int) -> None:
    (member,) = read_list(list_book(Meeting("Chi bộ A", typed, 90))).members
    assert said(member)["held_on"] == date(2019, 11, day)


@pytest.mark.parametrize("typed", ["3/9", "45/11/2019", "3/11; 17/11", "31"])
def test_a_day_that_is_none_of_the_month_is_not_guessed(typed: str) -> None:
    (member,) = read_list(list_book(Meeting("Chi bộ A", typed, 90))).members
    assert "held_on" not in said(member)
    assert codes_and_cells(member.findings)[0][-2:] == "D6"


def test_another_month_is_read_as_typed() -> None:
    (member,) = read_list(list_book(Meeting("Chi bộ A", "3/9/2019", 90))).members
    assert said(member)["held_on"] == date(2019, 9, 3)  # `identify` and the checks refuse it
    assert member.header["period"].text == "2019-11"


@pytest.mark.parametrize(
    ("typed", "points"), [("92/100", 92), ("92 điểm", 92), ("92,5đ", 92.5), ("92,5", 92.5)]
)
def test_points_are_read_however_they_are_typed(typed: str, points: float) -> None:
    (member,) = read_list(list_book(Meeting("Chi bộ A", NOV3, typed))).members
    assert (said(member)["total"], member.findings) == (points, ())


def test_members_present_of_all_are_members_where_both_are_one_number() -> None:
    (same, other) = read_list(
        list_book(
            Meeting("Chi bộ A", NOV3, 90, members="18/18"),
            Meeting("Chi bộ B", NOV3, 90, members="17/18"),
        )
    ).members
    assert said(same)["closing"] == 18
    assert "closing" not in said(other)
    assert codes_and_cells(other.findings) == ["C03 C7"]
    assert not other.findings[0].is_error  # no figure counts it


def test_a_late_branch_with_nothing_but_its_name_is_not_there() -> None:
    late = Meeting("Chi bộ B", members=12)
    assert [m.header["branch"].text for m in read_list(list_book(HO_CANG, late)).members] == [
        "Chi bộ bản Ho Cang"
    ]


def test_a_second_meeting_belongs_to_the_name_above() -> None:
    rows = rows_of(HO_CANG, Meeting(None, NOV5, 80, "Khá"), Meeting("Chi bộ B", NOV3, 60))
    first, second = read_list(Book({"Sheet1": rows}).bytes()).members
    assert (first.part, second.part) == ("1!6-7", "1!8")
    assert [row.values["held_on"] for row in first.section_rows("meetings")] == [NOV3, NOV5]
    merged = Book({"Sheet1": rows}, ["B6:B7", "C6:C7"]).bytes()
    assert [member.part for member in read_list(merged).members] == ["1!6-7", "1!8"]
    assert [member.findings for member in read_list(merged).members] == [(), ()]


def test_the_same_branch_further_down_and_on_another_sheet_is_one() -> None:
    more = rows_of(Meeting("CB bản Ho Cang", NOV5, 80))
    book = Book({"Tổ 1": rows_of(HO_CANG, Meeting("Chi bộ B", NOV3, 60)), "Tổ 2": more})
    assert [m.part for m in read_list(book.bytes()).members] == ["1!6; 2!6", "1!7"]


def test_rows_of_nobody_are_told_apart() -> None:
    first, second = read_list(list_book(Meeting(None, NOV3, 90), HO_CANG)).members
    assert (first.header["branch"].text, first.part) == ("", "1!6")
    assert second.header["branch"].text == "Chi bộ bản Ho Cang"


def test_total_and_signatures_end_a_list() -> None:
    below = [
        ("Tổng cộng", None, 27, None, 2),
        ("Trong tháng kết nạp 01 đảng viên.",),
        (None, None, None, "Na Lay, ngày 05 tháng 12 năm 2019"),
        (None, "NGƯỜI LẬP BIỂU", None, "T/M ĐẢNG ỦY"),
        (None, "Lò Văn An", None, 5, 6),
    ]
    read = read_list(list_book(HO_CANG, Meeting("Chi bộ B", NOV5, 71), below=below))
    first, second = read.members
    assert codes_and_cells(first.findings) == ["R50 A9"]
    assert first.findings[0].params["value"] == "Trong tháng kết nạp 01 đảng viên."
    assert second.findings == ()


def test_without_a_total_the_signatures_end_it() -> None:
    below = [(), (None, "NGƯỜI LẬP BIỂU", None, "BÍ THƯ"), (None, "Lò Văn An", None, "Lê Thị B")]
    (member,) = read_list(list_book(HO_CANG, below=below)).members
    assert (member.part, member.findings) == ("1!6", ())


def test_a_committee_among_the_rows_stands_above_those_below() -> None:
    rows = rows_of(
        Meeting("Đảng bộ phường Na Lay", members=27), HO_CANG,
        Meeting("Đảng bộ xã Lay Nưa"), Meeting("Chi bộ bản Ho Cang", NOV5, 60), committee="",
    )  # fmt: skip
    above = [m.header["above"].text for m in read_list(Book({"S": rows}).bytes()).members]
    assert above == ["Đảng bộ phường Na Lay", "Đảng bộ xã Lay Nưa"]


@pytest.mark.parametrize(
    ("title", "month"),
    [
        ("THÁNG 11/2019", "2019-11"),
        ("Danh sách tháng 11 - 2019", "2019-11"),
        ("Danh sách T11.2019", "2019-11"),
        ("Danh sách tháng 11", "2019-11"),  # the year of all dates
        ("Danh sách (số liệu đến ngày 30 tháng 12 năm 2019)", "2019-11"),  # of the date itself
        ("Danh sách quý IV năm 2019", "2019-11"),
        ("Danh sách từ tháng 10 đến tháng 12 năm 2019", "2019-11"),
        ("Danh sách", "2019-11"),
        ("Danh sách tháng 10 năm 2019", "2019-10"),
    ],
)
def test_the_title_names_the_month_else_each_date(title: str, month: str) -> None:
    (member,) = read_list(list_book(HO_CANG, title=title)).members
    assert member.header["period"].text == month


def test_the_sheet_may_name_the_month() -> None:
    rows = rows_of(Meeting("Chi bộ A", "15", 90), title="Danh sách")
    (member,) = read_list(Book({"Tháng 11-2019": rows}).bytes()).members
    assert said(member)["held_on"] == date(2019, 11, 15)


def test_a_list_of_a_quarter_holds_a_return_for_each_month() -> None:
    days = [date(2019, month, 5) for month in (10, 11, 12)]
    meetings = [Meeting("Chi bộ A" if n == 0 else None, day, 90) for n, day in enumerate(days)]
    read = read_list(list_book(*meetings, title="QUÝ IV NĂM 2019"))
    assert [(m.header["period"].text, m.part) for m in read.members] == [
        ("2019-10", "1!6"), ("2019-11", "1!7"), ("2019-12", "1!8"),
    ]  # fmt: skip


def test_headings_repeated_down_the_sheet_are_one_list() -> None:
    second = [("Đảng bộ xã Lay Nưa",), HEAD, BELOW_HEAD, NUMBERS]
    other = Meeting("Chi bộ B", NOV5, 71, note="chưa khắc phục tồn tại tháng 8").cells(1)
    rows = [*rows_of(HO_CANG), *second, other, Meeting("Chi bộ C", NOV5, 60).cells(2)]
    read = read_list(Book({"S": rows}).bytes())
    assert [(m.part, m.header["period"].text) for m in read.members] == [
        ("1!6", "2019-11"), ("1!11", "2019-11"), ("1!12", "2019-11"),
    ]  # fmt: skip
    assert read.members[1].header["above"].text == "Đảng bộ xã Lay Nưa"


def test_a_grade_in_words_is_one_column() -> None:
    rows = [("Tháng 11/2019",), ("TT", "Chi bộ", "Ngày họp", "Điểm", "Xếp loại"),
            (1, "Chi bộ A", NOV3, 92, "Tốt"), (2, "Chi bộ B", NOV5, 71, "loại khá"),
            (3, "Chi bộ C", NOV5, 20, "rất kém")]  # fmt: skip
    first, second, third = read_list(Book({"S": rows}).bytes()).members
    assert (said(first)["grade"], said(second)["grade"]) == ("good", "fair")
    assert codes_and_cells(third.findings) == ["C10 E5"]


def test_two_marks_in_one_row_are_none() -> None:
    row = (1, "Chi bộ A", 9, NOV3, 92, "x", "x", None, None, None)
    rows = [*rows_of(), row]
    (member,) = read_list(Book({"S": rows}).bytes()).members
    assert "grade" not in said(member)
    assert codes_and_cells(member.findings) == ["C39 F6"]


def test_different_numbers_of_members_in_one_branch_are_told() -> None:
    (member,) = read_list(
        list_book(replace_members(HO_CANG, 18), Meeting(None, NOV5, 80, members=17))
    ).members
    assert said(member)["closing"] == 18
    assert codes_and_cells(member.findings) == ["C40 C6"]


def replace_members(meeting: Meeting, members: int) -> Meeting:
    return Meeting(meeting.name, meeting.day, meeting.points, meeting.mark, members)


def test_a_column_that_is_not_known_is_told_once() -> None:
    rows = [
        (*row, "Người theo dõi" if n == 2 else "Lò Văn An" if n > 4 else None)
        for n, row in enumerate(rows_of(HO_CANG, Meeting("Chi bộ B", NOV5, 71)))
    ]
    first, second = read_list(Book({"S": rows}).bytes()).members
    assert codes_and_cells(first.findings) == ["R48 K6"]
    assert first.findings[0].params["value"] == "Người theo dõi"
    assert second.findings == ()


def test_two_columns_of_one_heading_are_refused() -> None:
    rows = [("Tháng 11/2019",), ("Chi bộ", "Ngày họp", "Ngày sinh hoạt", "Điểm"),
            ("Chi bộ A", NOV3, NOV5, 92)]  # fmt: skip
    assert codes_and_cells(read_list(Book({"S": rows}).bytes()).findings) == ["R27 C2"]


def test_a_list_without_meetings_says_so() -> None:
    assert codes_and_cells(read_list(list_book(Meeting("Chi bộ A"))).findings) == ["R49 B3"]


def test_more_branches_than_a_file_may_hold() -> None:
    meetings = [Meeting(f"Chi bộ {number}", NOV3, 90) for number in range(1001)]
    (finding,) = read_list(list_book(*meetings)).findings
    assert (finding.code, finding.params) == ("R51", {"count": 1001, "limit": 1000})


def test_another_sheet_with_something_on_it_is_told() -> None:
    book = Book({"S": rows_of(HO_CANG), "Ghi chú": [("Việc khác", 5)]})
    (member,) = read_list(book.bytes()).members
    assert codes_and_cells(member.findings) == ["C21 A1"]


@pytest.mark.parametrize(
    "head",
    [
        ("Chi bộ", "Ngày họp", "Địa điểm"),  # a calendar
        ("Chi bộ", "Điểm", "Xếp loại"),  # without days
        ("Mặt hàng", "Ngày", "Điểm"),
    ],
)
def test_other_tables_are_no_list(head: tuple[str, ...]) -> None:
    rows = [("Tháng 11/2019",), head, ("Chi bộ A", NOV3, 92)]
    assert codes_and_cells(read_list(Book({"S": rows}).bytes()).findings) == ["R20 "]


def test_no_form_of_ours_is_taken_for_a_list() -> None:
    assert read_list(MeetingReturn("CB-01").book()).version == "2018.1"
    assert codes_and_cells(read_list(foreign_book()).findings) == ["R20 "]
