"""Who has sent what: one state for every branch and period."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from builders.figure_inputs import classification, delivery, facts, register, returns

from mlay_batch.core.messages import text
from mlay_batch.core.period import Period
from mlay_batch.figures import compute
from mlay_batch.figures.report_records import Completeness
from mlay_batch.model.records import Verdict

TOWN = """
code | type        | parent | founded    | ended      | successor
TX   | office      |        |            |            |
DB1  | committee   | TX     |            |            |
A1   | cell        | DB1    |            |            |
A3   | cell        | DB1    | 2019-05-10 |            |
CB1  | cell_direct | TX     |            |            |
CB3  | cell_direct | TX     |            | 2019-08-15 | CB1
"""


def matrix(period: str, sent: str = "", form: str = "meeting", waivers: str = "", **more: Any):
    filed = returns(sent) if form == "meeting" else classification(sent)
    figures = compute(facts(register(TOWN, waivers=waivers), period, filed, **more))
    return next(entry for entry in figures.completeness if entry.form == form)


def state(completeness: Completeness, branch: str, period: str) -> str:
    return completeness.cell(branch, Period.parse(period)).state


def test_what_came_in_time_late_and_without_a_meeting() -> None:
    # Due five days after the month: 5 April is in time, 6 April is late.
    completeness = matrix(
        "2019-03",
        """
        branch | day        | nil | received
        A1     | 2019-03-05 |     | 2019-04-05
        CB1    | 2019-03-05 |     | 2019-04-06
        CB3    | 2019-03    | yes | 2019-04-20
        """,
    )
    states = [state(completeness, code, "2019-03") for code in ("A1", "CB1", "CB3")]
    assert states == ["reported", "late", "nil"]
    assert completeness.cell("CB1", Period(2019, 3)).delivery == 2


@pytest.mark.parametrize(
    ("today", "expected"), [("2019-04-05", "not_due"), ("2019-04-06", "missing")]
)
def test_what_has_not_come(today: str, expected: str) -> None:
    completeness = matrix("2019-03", as_of=date.fromisoformat(today))
    assert state(completeness, "CB1", "2019-03") == expected
    assert state(completeness, "CB1", "2019-02") == "missing"


def test_founded_in_may_and_merged_in_august() -> None:
    completeness = matrix("2019-09")
    assert [state(completeness, "A3", f"2019-0{month}") for month in (4, 5)] == [
        "not_yet",
        "missing",
    ]
    assert [state(completeness, "CB3", f"2019-0{month}") for month in (7, 8)] == [
        "missing",
        "ended",
    ]
    assert [branch.code for branch in completeness.branches] == ["A1", "A3", "CB1", "CB3"]
    assert [str(period) for period in completeness.periods][::8] == ["2019-01", "2019-09"]


def test_the_days_before_a_merger_may_be_reported_and_need_not() -> None:
    """CB3 ends on 15 August: what it sends is reported, never late, and on the list of meetings."""
    sent = "branch | day | own | received\nCB3 | 2019-08-05 | 92 | 2019-10-01"
    figures = compute(facts(register(TOWN), "2019-08", returns(sent)))
    completeness = next(entry for entry in figures.completeness if entry.form == "meeting")
    assert state(completeness, "CB3", "2019-08") == "reported"
    lines = {rating.branch.code: rating for rating in figures.ratings}
    assert (lines["CB3"].owes, lines["CB3"].sitting_count, lines["CB3"].mean) == (False, 1, 92)
    assert figures.totals and (figures.totals.sent, figures.totals.due) == (1, 4)
    refused = delivery("meeting", "CB3", "2019-08", verdict=Verdict.REJECTED)
    assert state(matrix("2019-08", refused=[refused]), "CB3", "2019-08") == "ended"


def test_who_ended_in_january_has_a_row_once_it_reported() -> None:
    town = register(TOWN.replace("2019-08-15", "2019-01-15"))
    for sent, codes in (("CB1", ["A1", "CB1"]), ("CB3", ["A1", "CB1", "CB3"])):
        figures = compute(facts(town, "2019-03", returns(f"branch | day\n{sent} | 2019-01-05")))
        meeting = next(entry for entry in figures.completeness if entry.form == "meeting")
        assert [branch.code for branch in meeting.branches] == codes


def test_a_branch_outside_its_life_all_year_has_no_row() -> None:
    assert [branch.code for branch in matrix("2019-04").branches] == ["A1", "CB1", "CB3"]


@pytest.mark.parametrize("verdict", [Verdict.REJECTED, Verdict.HELD])
def test_a_file_that_was_refused(verdict: Verdict) -> None:
    refused = delivery("meeting", "CB1", "2019-03", verdict=verdict)
    completeness = matrix("2019-03", "branch | day\nA1 | 2019-03-05", refused=[refused])
    assert state(completeness, "CB1", "2019-03") == verdict.value
    assert completeness.cell("CB1", Period(2019, 3)).delivery == 2


def test_an_accepted_return_stands_whatever_was_refused_after_it() -> None:
    refused = delivery("meeting", "A1", "2019-03", verdict=Verdict.REJECTED)
    completeness = matrix("2019-03", "branch | day\nA1 | 2019-03-05", refused=[refused])
    assert state(completeness, "A1", "2019-03") == "reported"


def test_a_correction_does_not_make_late_what_came_in_time() -> None:
    first = delivery("meeting", "A1", "2019-03", superseded_by=1)
    late = "branch | day | received\nA1 | 2019-03-05 | 2019-04-28"
    assert state(matrix("2019-03", late, refused=[first]), "A1", "2019-03") == "reported"
    assert state(matrix("2019-03", late), "A1", "2019-03") == "late"


@pytest.mark.parametrize(
    ("waiver", "expected"),
    [
        ("CB1 | meeting | 2019-02 | | 2019-12-31", "waived"),
        ("CB1 | meeting | 2019-02 | | 2019-04-10", "waived"),  # expires today
        ("CB1 | meeting | 2019 | | ", "waived"),
        ("CB1 | meeting | 2019-02 | | 2019-04-09", "missing"),  # expired the day before
        ("CB1 | meeting | 2019-02 | D01 |", "missing"),  # of one rule only
        ("CB1 | meeting | 2019-01 | |", "missing"),
        ("CB1 | classification | 2019-02 | |", "missing"),
        ("A1 | meeting | 2019-02 | |", "missing"),
    ],
)
def test_waivers(waiver: str, expected: str) -> None:
    completeness = matrix("2019-03", waivers=f"branch | form | period | rule | until\n{waiver}")
    assert state(completeness, "CB1", "2019-02") == expected


def test_a_yearly_form_has_the_last_completed_year_and_those_with_returns() -> None:
    head = "branch|year|section|total|rated|grade1|grade2|grade3|grade4\n"
    sent = head + "DB1|2016|members|9|9|1|6|2|0"
    completeness = matrix("2019-11", sent, "classification")
    assert [str(period) for period in completeness.periods] == ["2016", "2018"]
    assert [branch.code for branch in completeness.branches] == ["DB1", "CB1", "CB3"]
    assert (state(completeness, "DB1", "2016"), state(completeness, "DB1", "2018")) == (
        "reported",
        "missing",
    )


def test_months_before_the_first_version_of_the_form_are_not_expected() -> None:
    # 12-HD holds from July 2018.
    assert str(matrix("2018-09").periods[0]) == "2018-07"


def test_provisional_while_something_of_the_period_is_open() -> None:
    sent = "branch | day\nA1 | 2019-03-05\nCB1 | 2019-03-05\nCB3 | 2019-03-05"
    whole = compute(facts(register(TOWN), "2019-03", returns(sent)))
    assert not whole.is_provisional  # January is missing, but that is not this report's month
    assert compute(facts(register(TOWN), "2019-03", returns(sent)[:2])).is_provisional


def test_a_year_is_provisional_until_all_its_yearly_returns_are_in() -> None:
    """2015: no monthly form yet, three organisations owe a classification."""
    head = "branch|year|section|total|rated|grade1|grade2|grade3|grade4\n"
    assert compute(facts(register(TOWN), "2015")).is_provisional
    sent = classification(
        head + "\n".join(f"{code}|2015|members|9|9|1|6|2|0" for code in ("DB1", "CB1", "CB3"))
    )
    assert compute(facts(register(TOWN), "2015", sent[:2])).is_provisional
    assert not compute(facts(register(TOWN), "2015", sent)).is_provisional


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_state_has_its_words(lang: str) -> None:
    quota = ["met", "not_met", "on_course", "behind"]
    sent = ["reported", "nil", "late", "missing", "not_due", "rejected", "held", "waived"]
    sent += ["not_yet", "ended"]
    keys = [f"quota.{key}" for key in quota] + [f"return.{key}" for key in sent]
    assert len({text("figures", key, lang) for key in keys}) == len(keys)
