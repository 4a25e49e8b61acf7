"""Whose return it is: stamp, visible heading and dates must agree."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from builders.filled_forms import CATALOGUE, check_forms, finding_lines, form, register, submission
from hypothesis import given
from hypothesis import strategies as st

from mlay_batch.checks.identity import identify
from mlay_batch.checks.validate import validate
from mlay_batch.core.findings import Finding, Place, Severity
from mlay_batch.core.messages import explain
from mlay_batch.model.records import CheckedFile, Submission
from mlay_batch.model.register import Register

TOWN = register("""
    TU    | Thị ủy Mường Lay               | town        |
    CB-01 | Chi bộ Trường Tiểu học         | cell_direct | TU
    CB-02 | Chi bộ Trường Mầm non          | cell_direct | TU
    CB-03 | Chi bộ bản Quan Chiêng         | cell_direct | TU | 2019-12-10
    CB-04 | Chi bộ bản Na Nát              | cell_direct | TU |            | 2019-08-15 | CB-05
    CB-05 | Chi bộ bản Nậm Cản             | cell_direct | TU
    CB-06 | Chi bộ Công an                 | cell_direct | TU
    CB-07 | Chi bộ Công an                 | cell_direct | TU
""")
AS_OF = date(2019, 12, 6)


HELD = {"kind": "regular", "content": "Nghị quyết", "duration": 95, "expected": 9, "present": 9}


def meetings(*days: str) -> dict[str, Any]:
    return {"meetings": [{"held_on": date.fromisoformat(day), **HELD} for day in days]}


def look(read: Submission, town: Register | None = TOWN, as_of: date = AS_OF) -> CheckedFile:
    return identify(check_forms(read), CATALOGUE, town, as_of)


def key(checked: CheckedFile) -> tuple[str, str] | None:
    return (checked.identity.branch, str(checked.identity.period)) if checked.identity else None


def test_all_agree() -> None:
    checked = look(submission(meetings("2019-11-05")))
    assert (key(checked), finding_lines(checked.findings)) == (("CB-01", "2019-11"), [])
    assert checked.identity and checked.identity.form.version == "2018.1"


def test_a_copy_of_the_sheet_leaves_the_stamp_to_say_whose_it_is() -> None:
    """The reader refuses the two; the heading it cannot choose is not asked for again."""
    doubled = Finding("R22", Severity.ERROR, Place("", "Báo cáo", "A6"), {"field": "head"})
    read = replace(submission(meetings("2019-11-05")), header={}, rows=(), findings=(doubled,))
    checked = look(read)
    assert (key(checked), [f.code for f in checked.findings]) == (("CB-01", "2019-11"), ["R22"])


CASES = [
    # what is told, by whom → findings with cells, (branch, period)
    ("another unit typed over", {"branch": "CB-02 – Chi bộ Trường Mầm non"}, ["I01 E3"], None),
    ("code kept, another's name", {"branch": "CB-01 – Chi bộ Trường Mầm non"}, ["I01 E3"], None),
    ("a name of former days", {"branch": "CB-01 – Chi bộ cấp I"}, [], ("CB-01", "2019-11")),
    ("the name alone", {"branch": "CHI BỘ TRƯỜNG TIỂU  HỌC"}, [], ("CB-01", "2019-11")),
    ("a name nobody bears", {"branch": "Chi bộ Bệnh viện"}, ["I01 E3"], None),
    ("the heading's unit wiped out", {"branch": " "}, ["I09 E3"], None),
    ("period typed over, dates as stamped", {"period": "Tháng 10 năm 2019"}, ["I02 E4"],
     ("CB-01", "2019-11")),
    ("period not readable", {"period": "tháng mười một"}, ["I02 E4"], ("CB-01", "2019-11")),
    ("the year of a monthly form", {"period": "Năm 2019"}, ["I02 E4"], ("CB-01", "2019-11")),
    ("period written another way", {"period": "11/2019"}, [], ("CB-01", "2019-11")),
    ("period wiped out, dates bear witness", {"period": ""}, [], ("CB-01", "2019-11")),
    ("no stamp", {"stamp": None}, ["I10 E3"], ("CB-01", "2019-11")),
    ("no stamp, name of two units", {"stamp": None, "branch": "Chi bộ Công an"},
     ["I10 E3", "I09 E3"], None),
    ("no stamp, no unit", {"stamp": None, "branch": None}, ["I10", "I09"], None),
    ("no stamp, no period", {"stamp": None, "period": None}, ["I10 E3", "I11"], None),
    ("an unknown unit", {"stamp": ("CB-99", "2019-11"), "branch": "CB-99 – Chi bộ X"},
     ["I04 E3"], None),
    ("a unit whose code the register has wrong",
     {"stamp": ("CB-99", "2019-11"), "branch": "CB-99 – Chi bộ Trường Tiểu học"},
     ["I04 E3"], None),
    ("not yet founded", {"stamp": ("CB-03", "2019-11"), "branch": "CB-03 – Chi bộ bản Quan Chiêng"},
     ["I13 E3"], ("CB-03", "2019-11")),
    ("merged in August", {"stamp": ("CB-04", "2019-11"), "branch": "CB-04 – Chi bộ bản Na Nát"},
     ["I05 E3"], ("CB-04", "2019-11")),
    ("owes no such form", {"stamp": ("TU", "2019-11"), "branch": "TU – Thị ủy Mường Lay"},
     ["I08 E3"], ("TU", "2019-11")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("told_how", "findings", "whose"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_one_thing_out_of_line(
    told_how: dict[str, Any], findings: list[str], whose: tuple[str, str] | None
) -> None:
    checked = look(submission(meetings("2019-11-05", "2019-11-20"), **told_how))
    assert (finding_lines(checked.findings), key(checked)) == (findings, whose)
    assert checked.is_refused is any(not code.startswith("I10") for code in findings)
    for lang in ("vi", "en"):
        assert all("{" not in str(explain(finding, form(), lang)) for finding in checked.findings)


@pytest.mark.parametrize(
    ("day", "findings"), [("2019-08-05", []), ("2019-08-14", []), ("2019-08-15", ["I15 C1"])]
)
def test_who_ended_on_the_15th_reports_the_days_before(day: str, findings: list[str]) -> None:
    """CB-04 was merged on 15 August: that day is the first on which it is no more."""
    august = {"stamp": ("CB-04", "2019-08"), "period": "Tháng 8 năm 2019"}
    checked = look(submission(meetings(day), branch="CB-04 – Chi bộ bản Na Nát", **august))
    assert finding_lines(checked.findings) == findings
    assert checked.is_refused is bool(findings)
    assert all("CB-05" in str(explain(f, form(), "vi")) for f in checked.findings)


def test_last_months_file_filled_in_again() -> None:
    """Made for October, sent with the meetings of November: refused, and never as October's."""
    read = submission(
        meetings("2019-11-05", "2019-11-20"),
        stamp=("CB-01", "2019-10"),
        period="Tháng 10 năm 2019",
    )
    checked = look(read)
    assert finding_lines(checked.findings) == ["I03 C1"]
    assert checked.is_refused
    assert key(checked) == ("CB-01", "2019-11")
    assert [mark.cell for mark in checked.findings[0].marks] == ["C1", "D1", "E4"]
    assert str(explain(checked.findings[0], form(), "vi")) == (
        "Đây là mẫu của kỳ tháng 10 năm 2019, nhưng 2 ngày ghi trong mẫu thuộc kỳ tháng 11 năm "
        "2019: có vẻ tệp cũ được điền lại. Điền vào mẫu mới của kỳ tháng 11 năm 2019 rồi gửi lại; "
        "nếu đúng là báo cáo kỳ tháng 10 năm 2019 thì sửa các ngày đã tô màu."
    )


def test_filled_in_again_with_the_visible_period_changed_by_hand() -> None:
    read = submission(meetings("2019-11-05"), stamp=("CB-01", "2019-10"))
    assert finding_lines(look(read).findings) == ["I03 C1"]


def test_filled_in_again_on_the_tenth_of_november() -> None:
    """10/11 turned round is 11/10, in October: the month right after bears witness all the same."""
    read = submission(
        meetings("2019-11-10"), stamp=("CB-01", "2019-10"), period="Tháng 10 năm 2019"
    )
    assert finding_lines(look(read).findings) == ["I03 C1"]


def test_day_and_month_swapped_is_no_other_month() -> None:
    """3 September stored as 9 March: a matter of that cell, not of the whole file."""
    read = submission(meetings("2019-03-09"), stamp=("CB-01", "2019-09"), period="Tháng 9 năm 2019")
    assert finding_lines(look(read).findings) == []


def test_half_of_the_dates_is_not_most() -> None:
    assert finding_lines(look(submission(meetings("2019-11-05", "2019-10-20"))).findings) == []
    october = {"stamp": ("CB-01", "2019-10"), "period": "Tháng 10 năm 2019"}
    assert (
        finding_lines(look(submission(meetings("2019-11-05", "2019-10-20"), **october)).findings)
        == []
    )
    three = submission(meetings("2019-10-20", "2019-11-05", "2019-11-28"), **october)
    assert finding_lines(look(three).findings) == ["I03 D1"]


def test_a_stamp_newer_than_the_dates_keeps_its_month_and_the_dates_are_marked() -> None:
    """Nobody had this form in October: rows were pasted in, or the year is a slip of the pen."""
    for days in (["2019-10-05", "2019-10-20"], ["2018-11-05"], ["2019-09-30", "2019-11-02"]):
        identified = look(submission(meetings(*days)))
        assert (finding_lines(identified.findings), key(identified)) == ([], ("CB-01", "2019-11"))
        outside = sum(not day.startswith("2019-11") for day in days)
        (checked,) = validate([identified], {})
        assert sum(finding.code == "F04" for finding in checked.findings) == outside


def test_the_heading_changed_by_hand_to_the_month_of_the_dates_moves_no_newer_stamp() -> None:
    checked = look(submission(meetings("2019-10-05"), period="Tháng 10 năm 2019"))
    assert (finding_lines(checked.findings), key(checked)) == (["I02 E4"], ("CB-01", "2019-11"))


def test_dates_of_a_month_that_has_not_begun_tell_no_other_month() -> None:
    """2020 typed for 2019 in November: the return is of November, and its date is wrong."""
    identified = look(submission(meetings("2020-11-05")))
    assert (finding_lines(identified.findings), key(identified)) == ([], ("CB-01", "2019-11"))
    (checked,) = validate([identified], {})
    assert "F04" in {finding.code for finding in checked.findings}


def test_the_stamp_alone_decides_nothing() -> None:
    """A nil return has no dates: with the visible period wiped out, nobody bears it out."""
    nil = {"members": {"no_meeting": "yes"}}
    assert key(look(submission(nil))) == ("CB-01", "2019-11")
    checked = look(submission(nil, period=""))
    assert (finding_lines(checked.findings), key(checked)) == (["I11 E4"], None)
    changed = look(submission(nil, period="Tháng 12 năm 2019"))
    assert (finding_lines(changed.findings), key(changed)) == (["I02 E4"], None)


def test_the_period_has_not_begun() -> None:
    assert finding_lines(
        look(submission(meetings("2019-11-05")), as_of=date(2019, 10, 31)).findings
    ) == ["I07 E4"]
    assert not look(submission(meetings("2019-11-05")), as_of=date(2019, 11, 1)).findings


def test_a_version_that_does_not_hold_then() -> None:
    of = form("classification", "2018.1")
    read = submission({}, of=of, stamp=("CB-01", "2016"), period="Năm 2016")
    checked = look(read)
    assert finding_lines(checked.findings) == ["I06 E4"]
    assert checked.findings[0].params["right"] == "2014.1"


def test_without_a_register_units_are_not_looked_up() -> None:
    read = submission(meetings("2019-11-05"), stamp=("XX-1", "2019-11"), branch="XX-1 – Chi bộ lạ")
    assert key(look(read, town=None)) == ("XX-1", "2019-11")
    assert finding_lines(
        look(submission(meetings("2019-11-05"), branch="CB-02 – X"), None).findings
    ) == ["I01 E3"]


def test_the_register_is_no_return() -> None:
    read = submission({}, of=form("register", "1"), stamp=None)
    assert finding_lines(look(read).findings) == ["I12"]


def test_what_is_no_form_stays_as_it_is() -> None:
    unread = Submission(None, None, None)
    assert look(unread) == check_forms(unread)


@given(st.lists(st.dates(), max_size=6))
def test_any_dates_give_an_identity_or_a_reason(days: list[date]) -> None:
    checked = look(submission({"meetings": [{"held_on": day} for day in days]}))
    assert checked.identity or checked.is_refused
    if all(day.year == 2019 and day.month == 11 for day in days):
        assert not checked.findings


@given(st.dates(date(2018, 1, 1), date(2020, 12, 31)))
def test_a_return_dated_in_another_month_is_never_silently_taken(day: date) -> None:
    """Refused as filled in again where the day lies in a later month that has begun; else the day
    itself is wrong, be it that of an earlier month, of one to come, or with its month swapped.
    """
    identified = look(submission(meetings(day.isoformat())))
    later = date(2019, 12, 1) <= day <= date(2019, 12, 31)
    assert finding_lines(identified.findings) == (["I03 C1"] if later else [])
    assert key(identified) == ("CB-01", "2019-12" if later else "2019-11")
    (checked,) = validate([identified], {})
    dated = {finding.code for finding in checked.findings} & {"F04", "F05"}
    assert bool(dated) == (not later and (day.year, day.month) != (2019, 11))
