"""Lists as offices type them: what is easily taken for a total, a signature, another branch."""

from __future__ import annotations

import io
import time
from datetime import date

import openpyxl
import pytest
from builders.circulated_list import (
    Book,
    Meeting,
    Typed,
    codes_and_cells,
    list_book,
    read_list,
    rows_of,
    said,
)

NOV3, NOV5 = date(2019, 11, 3), date(2019, 11, 5)
A = Meeting("Chi bộ A", NOV3, 92)
C = Meeting("Chi bộ C", NOV5, 60)


def parts(*rows: tuple[Typed, ...], merged: tuple[str, ...] = ()) -> list[str]:
    """Where each member stands, with its name and the last line of what stands above it."""
    members = read_list(Book({"S": rows}, merged).bytes()).members
    return [
        f"{m.part} {m.header['branch'].text} | {m.header['above'].text.splitlines()[-1]}"
        for m in members
    ]


# Where a list ends


@pytest.mark.parametrize(
    "second",
    [
        Meeting("Chi bộ B", NOV5, 71, note="Bí thư vắng"),
        Meeting("Chi bộ B", NOV5, 71, note="Họp bù của ngày 25 tháng 10 năm 2019"),
        Meeting("Chi bộ B", NOV5, 71, note="Tổng 29 điểm trừ"),
        Meeting("Chi bộ B", "ngày 05 tháng 11 năm 2019", 71),
        Meeting("Chi bộ B", 5, 71, note="Bí thư vắng"),
        Meeting("Chi bộ B", note="Bí thư đi công tác, chưa họp"),
    ],
)
def test_words_in_the_row_of_a_meeting_do_not_end_the_list(second: Meeting) -> None:
    names = [m.header["branch"].text for m in read_list(list_book(A, second, C)).members]
    assert names == ["Chi bộ A", "Chi bộ B", "Chi bộ C"]
    at_the_end = [m.header["branch"].text for m in read_list(list_book(A, second)).members]
    assert at_the_end == ["Chi bộ A", "Chi bộ B"]


def test_a_total_of_a_group_does_not_end_the_list() -> None:
    rows = [
        *rows_of(Meeting("Đảng bộ phường Na Lay"), A), (None, "Cộng", 18, None, 92),
        *rows_of(Meeting("Đảng bộ xã Lay Nưa"), C)[5:], (None, "Tổng cộng", 30, None, 76),
        (None, "Lò Văn An", None, None, 5),
    ]  # fmt: skip
    assert parts(*rows) == [
        "1!7 Chi bộ A | Đảng bộ phường Na Lay", "1!10 Chi bộ C | Đảng bộ xã Lay Nưa",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "words", ["TỔNG CỘNG TOÀN ĐẢNG BỘ", "Bình quân", "Điểm trung bình chung", "Tỷ lệ %"]
)
def test_a_total_is_no_meeting_of_the_branch_above_it(words: str) -> None:
    (member,) = read_list(list_book(A, below=[(words, None, 18, None, 92)])).members
    assert (member.part, member.findings) == ("1!6", ())


def test_the_grade_average_in_the_first_column_is_no_mean() -> None:
    rows = [("Tháng 11/2019",), ("Xếp loại", "Ngày họp", "Điểm", "Chi bộ"),
            ("Trung bình", NOV3, 55, "Chi bộ A"), ("Trung bình", NOV5, 56, None)]  # fmt: skip
    assert [m.part for m in read_list(Book({"S": rows}).bytes()).members] == ["1!3-4"]


# Whose a row is


@pytest.mark.parametrize(
    "heads",
    [
        [("I. Đảng bộ phường Na Lay",), ("II. Đảng bộ xã Lay Nưa",)],
        [("I", "I. Đảng bộ phường Na Lay", 40), ("II", "2) Đảng bộ xã Lay Nưa", 30)],
        [(None, "Đảng bộ phường Na Lay"), (None, "Đảng bộ xã Lay Nưa")],
    ],
)
def test_one_name_under_two_committees_is_two_branches(heads: list[tuple[Typed, ...]]) -> None:
    rows = [*rows_of(committee=""), heads[0], A.cells(1), heads[1],
            Meeting("Chi bộ A", NOV5, 60).cells(2)]  # fmt: skip
    wanted = ["1!7 Chi bộ A | Đảng bộ phường Na Lay", "1!9 Chi bộ A | Đảng bộ xã Lay Nưa"]
    assert parts(*rows) == wanted
    if len(heads[0]) == 1:
        assert parts(*rows, merged=("A6:J6", "A8:J8")) == wanted


def test_a_mean_beside_the_name_of_a_committee_is_not_lost() -> None:
    rows = [*rows_of(committee=""), ("I", "Đảng bộ phường Na Lay", 25, None, 88), A.cells(1)]
    assert parts(*rows) == [
        "1!6 Đảng bộ phường Na Lay | Đảng bộ phường Na Lay", "1!7 Chi bộ A | Đảng bộ phường Na Lay",
    ]  # fmt: skip


def test_branches_of_no_committee_below_those_of_one() -> None:
    rows = [*rows_of(committee=""), ("I", "Đảng bộ xã Lay Nưa"), A.cells(1),
            ("II", "Các chi bộ trực thuộc"), C.cells(2)]  # fmt: skip
    assert parts(*rows)[1] == "1!9 Chi bộ C | Các chi bộ trực thuộc"


def test_a_column_may_name_the_committee() -> None:
    rows = [("Tháng 11/2019",), ("STT", "Đảng bộ", "Chi bộ", "Ngày họp", "Điểm"),
            (1, "Đảng bộ phường Na Lay", "Chi bộ A", NOV3, 90), (2, None, "Chi bộ B", NOV3, 80),
            (3, "Đảng bộ xã Lay Nưa", "Chi bộ A", NOV5, 60)]  # fmt: skip
    read = read_list(Book({"S": rows}, ["B3:B4"]).bytes())
    assert [m.header["above"].text for m in read.members] == [
        "Đảng bộ phường Na Lay", "Đảng bộ phường Na Lay", "Đảng bộ xã Lay Nưa",
    ]  # fmt: skip
    assert [m.findings for m in read.members] == [(), (), ()]


def test_rows_of_nobody_are_not_joined() -> None:
    rows = [*rows_of(A), (), (None, None, 9, NOV5, 60), (), (None, None, 7, NOV3, 50)]
    assert [m.part for m in read_list(Book({"S": rows}).bytes()).members] == ["1!6", "1!8", "1!10"]


@pytest.mark.parametrize(
    ("one", "other"), [("19/5", "26/5"), ("Đảng bộ Công an", "Chi bộ Công an")]
)
def test_names_that_are_much_alike_are_two(one: str, other: str) -> None:
    read = read_list(list_book(Meeting(one, NOV3, 90), Meeting(other, NOV5, 60)))
    assert [m.part for m in read.members] == ["1!6", "1!7"]


def test_a_name_that_is_an_error_or_has_no_result_is_that_of_nobody() -> None:
    rows = rows_of(A, Meeting("=B6", NOV5, 60), Meeting("#REF!", NOV5, 60), Meeting("#REF!", NOV3))
    read = read_list(Book({"S": rows}).bytes())
    assert [(m.part, m.header["branch"].text) for m in read.members] == [
        ("1!6", "Chi bộ A"), ("1!7", ""), ("1!8", ""), ("1!9", ""),
    ]  # fmt: skip


def test_figures_without_a_name_and_a_day_are_not_of_the_branch_above() -> None:
    rows = [*rows_of(A), (None, None, 27, None, 163), ()]
    first, second = read_list(Book({"S": rows}).bytes()).members
    assert (first.part, first.findings) == ("1!6", ())
    assert (second.part, second.header["branch"].text) == ("1!7", "")


# Titles and headings


@pytest.mark.parametrize(
    ("titles", "months"),
    [
        (["THÁNG 11/2019", "(Kèm theo Báo cáo số 12, tháng 12 năm 2019)"], ["2019-11"]),
        (["THÁNG 11/2019", "Căn cứ Hướng dẫn số 12-HD/BTCTW, tháng 7 năm 2018"], ["2019-11"]),
        (["THÁNG 11", "NĂM 2019"], ["2019-11"]),
        (["THÁNG 10, 11 NĂM 2019"], ["2019-11"]),
        (["THÁNG 9-11/2019"], ["2019-11"]),
        (["THÁNG 10 VÀ 11/2019"], ["2019-11"]),
        (["Na Lay, ngày 05, tháng 12 năm 2019"], ["2019-11"]),
    ],
)
def test_the_month_is_that_of_the_list(titles: list[str], months: list[str]) -> None:
    typed = "3/11" if titles == ["THÁNG 11", "NĂM 2019"] else NOV3
    rows = [*((title,) for title in titles), *rows_of(Meeting("Chi bộ A", typed, 92))[2:]]
    (member,) = read_list(Book({"S": rows}).bytes()).members
    assert [member.header["period"].text] == months
    assert said(member)["held_on"] == NOV3


def test_days_and_months_exchanged_are_of_no_other_month() -> None:
    days = [date(2019, 11, 20), date(2019, 3, 11), date(2019, 11, 5)]  # the second is 3 November
    meetings = [Meeting(f"Chi bộ {day.day}", day, 90) for day in days]
    read = read_list(list_book(*meetings, title="DANH SÁCH"))
    assert [m.header["period"].text for m in read.members] == ["2019-11"] * 3
    assert said(read.members[1])["held_on"] == days[1]  # as typed: the checks refuse it


@pytest.mark.parametrize(
    "numbers",
    [
        ("A", "B", 1, 2, 3, 4),
        ("(1)", "(2)", "(3)", "(4)", "(5)", "(6)=(4)+(5)"),
        ("1", "2", "3", "4", "5", "6 = 5/100"),
    ],
)
def test_a_row_that_numbers_the_columns_is_no_meeting(numbers: tuple[Typed, ...]) -> None:
    rows = [("Tháng 11/2019",), ("STT", "Chi bộ", "SL ĐV", "Ngày họp", "Điểm", "Xếp loại"),
            numbers, (1, "Chi bộ A", 9, NOV3, 90, "Tốt")]  # fmt: skip
    (member,) = read_list(Book({"S": rows}).bytes()).members
    assert (member.part, member.findings) == ("1!4", ())


def test_of_two_columns_of_remarks_the_other_is_told() -> None:
    rows = [("Tháng 11/2019",), ("Chi bộ", "Ngày họp", "Điểm", "Lý do trừ điểm", "Ghi chú"),
            ("Chi bộ A", NOV3, 90, "họp muộn", "đ/c An vắng")]  # fmt: skip
    (member,) = read_list(Book({"S": rows}).bytes()).members
    assert said(member)["explanation"] == "họp muộn"
    assert codes_and_cells(member.findings) == ["R48 E3"]


# Cells


def test_people_present_are_no_points() -> None:
    (member,) = read_list(list_book(Meeting("Chi bộ A", NOV3, "18/18"))).members
    assert "total" not in said(member)
    assert codes_and_cells(member.findings) == ["C03 E6"]


def test_a_ticked_box_is_a_mark() -> None:
    rows = [*rows_of(), (1, "Chi bộ A", 9, NOV3, 92, True, False, False, False)]
    (member,) = read_list(Book({"S": rows}).bytes()).members
    assert (said(member)["grade"], member.findings) == ("good", ())


@pytest.mark.parametrize(
    ("row", "column", "wanted", "is_error"),
    [(6, None, ["C17 D6"], True), (None, "E", ["C18 E6"], True), (None, "C", ["C18 C6"], False)],
)
def test_what_is_hidden_is_told_once(
    row: int | None, column: str | None, wanted: list[str], is_error: bool
) -> None:
    book = openpyxl.load_workbook(io.BytesIO(list_book(Meeting("Chi bộ A", NOV3, 92, "Tốt", 9))))
    if row:
        book["Sheet1"].row_dimensions[row].hidden = True
    if column:
        book["Sheet1"].column_dimensions[column].hidden = True
    book.save(data := io.BytesIO())
    (member,) = read_list(data.getvalue()).members
    assert codes_and_cells(member.findings) == wanted
    assert member.findings[0].is_error is is_error


# What would take long


def test_headings_repeated_a_thousand_times_are_read_in_seconds() -> None:
    rows = [row for _ in range(1000) for row in rows_of(A, C)]
    data, start = Book({"S": rows}).bytes(), time.perf_counter()
    first, second = read_list(data).members
    assert len(first.section_rows("meetings")) == len(second.section_rows("meetings")) == 1000
    assert time.perf_counter() - start < 10  # a copy of the sheet for each took a minute


def test_of_many_rows_below_a_list_the_first_are_told() -> None:
    (member,) = read_list(list_book(A, below=[("Ghi chú",)] * 60)).members
    assert len(member.findings) == 51
    assert member.findings[-1].params["value"] == "… (+10)"
