"""Periods: as written, as spoken, as counted."""

from datetime import date, timedelta
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlay_batch.core.period import Period

PERIODS = st.builds(
    lambda kind, day: Period.of(kind, day),
    st.sampled_from(["month", "quarter", "half", "year"]),
    st.dates(date(1901, 1, 1), date(9000, 12, 31)),
)


@given(PERIODS)
def test_what_is_written_is_read_back(period):
    assert Period.parse(str(period)) == period


@given(PERIODS)
def test_it_holds_its_days_and_no_others(period):
    assert period.start in period
    assert period.end in period
    assert period.start - timedelta(days=1) not in period
    assert period.end + timedelta(days=1) not in period
    assert period.next().previous() == period


@given(PERIODS)
def test_the_visible_heading_is_understood(period):
    assert Period.parse_informal(period.title("vi")) == period


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("Tháng 11 năm 2019", "2019-11"),
        ("tháng 02/2019", "2019-02"),
        ("11/2019", "2019-11"),
        ("Quý IV năm 2019", "2019-Q4"),
        ("Năm 2019", "2019"),
        ("2019-11", "2019-11"),
        ("11-2019", "2019-11"),
        ("2019/11", "2019-11"),
        ("2019-3", "2019-03"),
        ("THÁNG 11 NĂM 2019", "2019-11"),
        ("thang 11 nam 2019", "2019-11"),
        (normalize("NFD", "tháng 11 năm 2019"), "2019-11"),
        ("１１／２０１９", "2019-11"),
        ("T11/2019", "2019-11"),
        ("t3.2019", "2019-03"),
        ("thg 3-2019", "2019-03"),
        (" tháng  3 / 2019 ", "2019-03"),
        ("quy 3/2019", "2019-Q3"),
        ("Q3/2019", "2019-Q3"),
        ("q3 2019", "2019-Q3"),
        ("2019-q3", "2019-Q3"),
        ("Quý III/2019", "2019-Q3"),
        ("6 tháng đầu năm 2019", "2019-H1"),
        ("6 thang cuoi nam 2019", "2019-H2"),
        ("sáu tháng đầu 2019", "2019-H1"),
        ("h2/2019", "2019-H2"),
        ("nam 2019", "2019"),
    ],
)
def test_spoken(text, period):
    assert Period.parse_informal(text) == Period.parse(period)


@pytest.mark.parametrize(
    ("text", "today", "period"),
    [
        ("tháng 10", date(2026, 11, 30), "2026-10"),
        ("thang 11", date(2026, 11, 1), "2026-11"),
        ("tháng 12", date(2026, 11, 30), "2025-12"),
        ("T1", date(2026, 1, 1), "2026-01"),
        ("quý IV", date(2026, 9, 30), "2025-Q4"),
        ("quý 3", date(2026, 7, 1), "2026-Q3"),
        ("6 tháng cuối năm", date(2026, 6, 30), "2025-H2"),
        ("6 tháng đầu", date(2026, 1, 1), "2026-H1"),
        ("tháng 10/2030", date(2026, 1, 1), "2030-10"),
    ],
)
def test_without_a_year_it_is_the_last_that_has_begun(text, today, period):
    assert Period.parse_informal(text, today) == Period.parse(period)
    assert Period.parse_informal(text) in (None, Period.parse(period))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tháng 13/2019",
        "tháng 0/2019",
        "tháng mười một",
        "11",
        "tháng 11",
        "quý 5/2019",
        "31/12/2019",
        "11/19",
    ],
)
def test_nothing_is_guessed(text):
    assert Period.parse_informal(text) is None


@pytest.mark.parametrize("text", ["2019-13", "2019-Q5", "19", "2019-1", "0000"])
def test_a_wrong_period_is_refused(text):
    with pytest.raises(ValueError, match=r"period|year"):
        Period.parse(text)


def test_months_one_and_two_have_a_zero_before():
    assert Period(2019, 2).title("vi") == "Tháng 02 năm 2019"
    assert Period(2019, 3).title("vi") == "Tháng 3 năm 2019"
