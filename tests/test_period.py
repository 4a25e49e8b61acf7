"""Periods: as written, as spoken, as counted."""

from datetime import date, timedelta

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
    ],
)
def test_spoken(text, period):
    assert Period.parse_informal(text) == Period.parse(period)


@pytest.mark.parametrize("text", ["", "tháng 13/2019", "tháng mười một", "11", "31/12/2019"])
def test_nothing_is_guessed(text):
    assert Period.parse_informal(text) is None


@pytest.mark.parametrize("text", ["2019-13", "2019-Q5", "19", "2019-1", "0000"])
def test_a_wrong_period_is_refused(text):
    with pytest.raises(ValueError, match=r"period|year"):
        Period.parse(text)


def test_months_one_and_two_have_a_zero_before():
    assert Period(2019, 2).title("vi") == "Tháng 02 năm 2019"
    assert Period(2019, 3).title("vi") == "Tháng 3 năm 2019"
