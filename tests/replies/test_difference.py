"""What a correction changed, field by field."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from mlay_batch.core.messages import show
from mlay_batch.core.period import Period
from mlay_batch.mail.bodies import differences
from mlay_batch.model.records import Row
from mlay_batch.schema import load_catalogue

FORM = load_catalogue().form_for("meeting", Period(2019, 11))


def card(**values):
    return Row("members", "", 0, values, {})


def meeting(day, **values):
    return Row("meetings", "", 0, {"held_on": date(2019, 11, day), **values}, {})


def list_differences(before, now):
    return list(differences(FORM, before, now, lambda field, value: show(value, "vi")))


def test_a_field_of_a_card_before_and_after():
    assert list_differences(
        [card(opening=10, closing=10)], [card(opening=10, closing=12, sick=None)]
    ) == [
        "- I. Đảng viên: Số đảng viên cuối tháng (D = A + B - C) 10 → 12",
    ]
    assert list_differences([card(opening=None)], [card(opening=3)]) == [
        "- I. Đảng viên: Số đảng viên đầu tháng (A) (trống) → 3",
    ]


def test_lines_of_a_table_are_told_by_their_day_and_may_change_places():
    before = [meeting(3, present=9), meeting(10, present=8)]
    assert list_differences(before, [meeting(10, present=8), meeting(3, present=10)]) == [
        "- II. Các buổi sinh hoạt trong tháng, Ngày họp 03/11/2019: Có mặt 9 → 10",
    ]
    assert list_differences(before, list(reversed(before))) == []


def test_a_line_added_or_taken_out():
    assert list_differences([meeting(3)], [meeting(3), meeting(10, present=7)]) == [
        "- II. Các buổi sinh hoạt trong tháng: thêm dòng Ngày họp 10/11/2019; Có mặt 7",
    ]
    assert list_differences([meeting(3), meeting(3)], [meeting(3)]) == [
        "- II. Các buổi sinh hoạt trong tháng: bỏ dòng Ngày họp 03/11/2019",
    ]


MEETINGS = st.lists(st.builds(meeting, st.integers(1, 3), present=st.integers(0, 2) | st.none()))


@given(MEETINGS, MEETINGS)
def test_nothing_is_told_where_nothing_differs_and_something_where_it_does(before, now):
    def plain(rows):
        return sorted(str({k: v for k, v in row.values.items() if v is not None}) for row in rows)

    assert (list_differences(before, now) == []) == (plain(before) == plain(now))
