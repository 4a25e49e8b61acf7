"""Lists as offices type them: what is easily taken for a total, a signature, another branch."""

from __future__ import annotations

from datetime import date

import pytest
from builders.circulated_list import (
    Book,
    Meeting,
    Typed,
    list_book,
    read_list,
    rows_of,
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


@pytest.mark.parametrize("words", ["TỔNG CỘNG TOÀN ĐẢNG BỘ", "Bình quân", "Điểm trung bình chung"])
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
