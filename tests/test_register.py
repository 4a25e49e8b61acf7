"""What the register says is in force on a day."""

from datetime import date

import pytest

from mlay_batch.model.register import Address, Assignment, Dated, Signatory

BEFORE, FIRST, LAST, AFTER = (date(2019, 11, day) for day in (3, 4, 8, 9))


@pytest.mark.parametrize(
    "entry",
    [
        Address("CB-01", "a@b.vn", FIRST, LAST),
        Assignment("TU01", "CB-01", "office_official", FIRST, LAST),
        Signatory("signed", "A", "Bí thư", FIRST, LAST),
    ],
    ids=lambda entry: type(entry).__name__,
)
def test_both_days_are_included(entry: Dated) -> None:
    days = (BEFORE, FIRST, LAST, AFTER)
    assert [entry.is_in_force(day) for day in days] == [False, True, True, False]


def test_a_blank_day_is_open() -> None:
    assert Address("CB-01", "a@b.vn").is_in_force(date.min)
    assert Address("CB-01", "a@b.vn", FIRST).is_in_force(date.max)
    assert not Address("CB-01", "a@b.vn", None, LAST).is_in_force(AFTER)
