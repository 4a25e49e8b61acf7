"""What a correction changed, field by field."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from mlay_batch.core.messages import show
from mlay_batch.core.period import Period
from mlay_batch.mail.return_text import differences
from mlay_batch.model.records import Row
from mlay_batch.schema import load_catalogue

FORM = load_catalogue().form_for("meeting", Period(2019, 11))
TITLES = {"own": "Chi bộ tự chấm", "confirmed": "Cấp trên xác nhận", "regular": "Thường kỳ"}


def card(**values):
    return Row("members", "", 0, values, {})


def meeting(day, **values):
    return Row("meetings", "", 0, {"held_on": date(2019, 11, day), **values}, {})


def score(day, scorer="own", **values):
    return hung("scores", day, scorer=scorer, **values)


def hung(section, day, **values):
    keys = {"held_on": date(2019, 11, day), "kind": "regular"}
    return Row(section, "", 0, keys | values, {})


def activity(day, **values):
    return Row("activities", "", 0, {"held_on": date(2019, 11, day), **values}, {})


def list_differences(before, now):
    def show_value(field, value):
        return TITLES.get(value) or show(value, "vi")

    return list(differences(FORM, before, now, show_value))


def test_a_field_of_a_card_before_and_after():
    assert list_differences(
        [card(opening=10, closing=10)], [card(opening=10, closing=12, sick=None)]
    ) == [
        "Đảng viên: Cuối tháng (tự tính) 10 → 12",
    ]
    assert list_differences([card(opening=None)], [card(opening=3)]) == [
        "Đảng viên: Đầu tháng (trống) → 3",
    ]


def test_columns_are_told_by_their_day_and_may_change_places():
    before = [meeting(3, present=9), meeting(10, present=8)]
    assert list_differences(before, [meeting(10, present=8), meeting(3, present=10)]) == [
        "Sinh hoạt chi bộ, Ngày họp 03/11/2019: Đảng viên có mặt 9 → 10",
    ]
    assert list_differences(before, list(reversed(before))) == []


def test_lines_of_a_table_are_told_by_their_day_and_may_change_places():
    before = [activity(3, participants=9), activity(10, participants=8)]
    after = [activity(10, participants=8), activity(3, participants=10)]
    assert list_differences(before, after) == [
        "Bồi dưỡng, kiểm tra, giám sát, Ngày 03/11/2019: Số người dự 9 → 10",
    ]
    assert list_differences(before, list(reversed(before))) == []


def test_a_column_added_or_taken_out():
    assert list_differences([meeting(3)], [meeting(3), meeting(10, present=7)]) == [
        "Sinh hoạt chi bộ: thêm buổi Ngày họp 10/11/2019; Đảng viên có mặt 7",
    ]
    assert list_differences([meeting(3), meeting(3)], [meeting(3)]) == [
        "Sinh hoạt chi bộ: bỏ buổi Ngày họp 03/11/2019",
    ]


def test_a_line_added_or_taken_out():
    assert list_differences([activity(3)], [activity(3), activity(10, participants=7)]) == [
        "Bồi dưỡng, kiểm tra, giám sát: thêm dòng Ngày 10/11/2019; Số người dự 7",
    ]
    assert list_differences([activity(3), activity(3)], [activity(3)]) == [
        "Bồi dưỡng, kiểm tra, giám sát: bỏ dòng Ngày 03/11/2019",
    ]


def test_another_day_of_a_meeting_is_told_once():
    before = [meeting(3), score(3, total=90), hung("visits", 3, officer="TU-1")]
    after = [meeting(4), score(4, total=90), hung("visits", 4, officer="TU-1")]
    assert list_differences(before, after) == [
        "Sinh hoạt chi bộ, Ngày họp 04/11/2019: Ngày họp 03/11/2019 → 04/11/2019",
    ]


def test_a_score_that_went_to_another_meeting_is_told():
    meetings = [meeting(3), meeting(4)]
    assert list_differences([*meetings, score(3, total=90)], [*meetings, score(4, total=90)]) == [
        "Chấm điểm, Ngày họp 04/11/2019: Ngày họp 03/11/2019 → 04/11/2019",
    ]


def test_a_score_is_named_after_who_gave_it_and_its_band_follows_from_it():
    before = [score(3, total=95, band="Tốt"), score(3, "confirmed", total=92)]
    after = [score(3, total=85, band="Khá"), score(3, "confirmed", total=81)]
    assert list_differences(before, after) == [
        "Chấm điểm, Ngày họp 03/11/2019: Điểm chi bộ tự chấm (100) 95 → 85",
        "Chấm điểm, Ngày họp 03/11/2019: Điểm cấp trên xác nhận 92 → 81",
    ]
    added = score(3, "confirmed", total=92, band="Tốt")
    (line,) = list_differences(before[:1], [before[0], added])
    assert line == (
        "Chấm điểm: thêm mục Ngày họp 03/11/2019; Loại sinh hoạt Thường kỳ;"
        " Người chấm Cấp trên xác nhận; Điểm cấp trên xác nhận 92"
    )


MEETINGS = st.lists(st.builds(meeting, st.integers(1, 3), present=st.integers(0, 2) | st.none()))
SCORES = st.lists(st.builds(score, st.integers(1, 3), total=st.integers(90, 92)))


@given(MEETINGS, SCORES, MEETINGS, SCORES)
def test_nothing_is_told_where_nothing_differs_and_something_where_it_does(
    meetings, scores, meetings_now, scores_now
):
    def plain(rows):
        return sorted(str({k: v for k, v in row.values.items() if v is not None}) for row in rows)

    before, now = meetings + scores, meetings_now + scores_now
    assert (list_differences(before, now) == []) == (plain(before) == plain(now))
