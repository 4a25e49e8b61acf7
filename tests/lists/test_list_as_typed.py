"""Lists as offices type them: notes, totals, groups and headings that are easily taken for others."""

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
