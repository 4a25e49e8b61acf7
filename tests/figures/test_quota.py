"""Quota figures worked by hand. Clauses are those of "Quota terms" in the domain notes.

Shipped quotas: office_official 4 a year, committee_member 6 a year, once per officer.
"""

from __future__ import annotations

from typing import Any

import pytest
from builders.figure_inputs import delivery, facts, register, returns, with_quota

from mlay_batch.core.period import Period
from mlay_batch.figures import compute
from mlay_batch.figures.report_records import QuotaLine
from mlay_batch.model.records import AcceptedReturn, Verdict
from mlay_batch.schema.model import Effective

TOWN = """
code | type        | parent | founded    | ended      | successor
TX   | office      |        |            |            |
DB1  | committee   | TX     |            |            |
A1   | cell        | DB1    |            |            |
A2   | cell        | DB1    |            |            |
A3   | cell        | DB1    | 2019-05-10 |            |
CB1  | cell_direct | TX     |            |            |
CB2  | cell_direct | TX     |            |            |
CB3  | cell_direct | TX     |            | 2019-08-15 | CB2
"""
NAM = "code | name | own_cell | from | to\nNAM | Lò Văn Nam | | |"
ALL_YEAR = "officer | branch | role | from\nNAM | CB1 | office_official | 2019-01-01"
MONTHS = [None] * 12


CELLS = ("A1", "A2", "A3", "CB1", "CB2", "CB3")


def lines(
    period: str,
    visits: str,
    officers: str = NAM,
    duties: str = ALL_YEAR,
    but: tuple[tuple[str, str], ...] = (),
    waivers: str = "",
    **more: Any,
):
    """The lines once every return is in: cells not named sent word that they did not meet.

    `but` are the cells and months whose return is still out.
    """
    town = register(TOWN, officers, duties, waivers)
    return compute(facts(town, period, complete(period, visits, but), **more)).quota


def complete(
    period: str, visits: str, but: tuple[tuple[str, str], ...] = ()
) -> list[AcceptedReturn]:
    filed = {entry.entry.key: entry for entry in returns(visits)}
    months = [str(month) for month in Period.parse(period).year_to_date()]
    nil = "\n".join(f"{cell} | {month} | yes" for cell in CELLS for month in months)
    silent = {entry.entry.key: entry for entry in returns(f"branch | day | nil\n{nil}")}
    both = silent | filed
    return [entry for key, entry in both.items() if key and key[1:] not in but]


def line(period: str, visits: str, *args: str, **more: Any) -> QuotaLine:
    (entry,) = lines(period, visits, *args, **more)
    return entry


def went(*days: str, officer: str = "NAM", branch: str = "CB1") -> str:
    rows = [f"{branch} | 2019-{day} | {officer}" for day in days]
    return "\n".join(["branch | day | officer", *rows])


def test_a_full_year_officer_with_four_visits_has_met_the_quota() -> None:
    entry = line("2019-11", went("01-08", "03-05", "06-04", "09-03"))
    assert entry.months == (1, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, None)
    assert (entry.attended, entry.served, entry.served_year) == (4, 11, 12)
    assert entry.owed == 44 / 12  # 4 × 11 ÷ 12, "shown exact"
    assert (entry.obligation, entry.missing) == (4, 0)
    assert entry.state == "met"


def test_an_officer_from_may_owes_by_the_months_served() -> None:
    # "Owed to date = yearly quota × months served so far ÷ 12": 4 × 7 ÷ 12 = 2.33.
    # "the yearly obligation of a part-year officer is rounded half up": 4 × 8 ÷ 12 = 2.67 -> 3.
    duty = "officer | branch | role | from\nNAM | CB1 | office_official | 2019-05-15"
    entry = line("2019-11", went("06-04", "09-03"), NAM, duty)
    assert (entry.served, entry.served_year) == (7, 8)
    assert entry.owed == pytest.approx(2.3333333333)
    assert (entry.obligation, entry.missing, entry.state) == (3, 1, "on_course")


@pytest.mark.parametrize(
    ("since", "exact", "rounding", "whole"),
    [
        ("2019-04-01", "3.0", "half_up", 3),
        ("2019-11-15", "0.67", "half_up", 1),
        ("2019-12-15", "0.33", "half_up", 0),
        ("2019-05-01", "2.67", "floor", 2),
        ("2019-06-01", "2.33", "ceiling", 3),
    ],
)
def test_the_obligation_is_rounded_as_the_quota_says(since, exact, rounding, whole) -> None:
    duty = f"officer | branch | role | from\nNAM | CB1 | office_official | {since}"
    catalogue = with_quota("office_official", rounding=rounding)
    entry = line("2019-12", went(), NAM, duty, catalogue=catalogue)
    assert entry.obligation == whole
    assert f"{4 * entry.served_year / 12:.2f}".startswith(exact)


def test_a_half_goes_up() -> None:
    # 6 a year, served October to December: 6 × 3 ÷ 12 = 1.5 -> 2.
    duty = "officer | branch | role | from\nNAM | DB1 | committee_member | 2019-10-01"
    assert line("2019-12", went(), NAM, duty).obligation == 2


def test_an_officer_moved_in_july_serves_july_once() -> None:
    duty = """
    officer | branch | role          | from       | to
    NAM     | CB1    | office_official | 2019-01-01 | 2019-07-14
    NAM     | CB2    | office_official | 2019-07-15 |
    """
    visits = """
    branch | day        | officer
    CB1    | 2019-03-05 | NAM
    CB1    | 2019-07-20 | NAM
    CB2    | 2019-07-22 | NAM
    """
    town = register(TOWN, NAM, duty)
    figures = compute(facts(town, "2019-11", returns(visits)))
    (entry,) = figures.quota
    assert (entry.served, entry.served_year) == (11, 12)  # not 12 and 13
    assert [branch.code for branch in entry.branches] == ["CB1", "CB2"]
    assert entry.attended == 2
    # He was no longer assigned to CB1 on 20 July: listed, not counted.
    doubts = [(a.branch, str(a.held_on), a.reason) for a in figures.attendances if a.reason]
    assert doubts == [("CB1", "2019-07-20", "Q01")]


def test_two_officers_of_one_name_are_two() -> None:
    # "Officers are matched by code, never by name."
    officers = "code | name\nNAM1 | Lò Văn Nam\nNAM2 | Lò Văn Nam"
    duty = """
    officer | branch | role          | from
    NAM1    | CB1    | office_official | 2019-01-01
    NAM2    | CB1    | office_official | 2019-01-01
    """
    visits = """
    branch | day        | officer
    CB1    | 2019-03-05 | NAM1
    CB1    | 2019-03-05 | NAM2
    CB1    | 2019-04-02 | NAM2
    """
    entries = lines("2019-11", visits, officers, duty)
    assert [(entry.officer, entry.attended) for entry in entries] == [("NAM1", 1), ("NAM2", 2)]


def test_owed_exactly_two_and_two_attended_is_on_course() -> None:
    # "behind means attended < floor(owed to date)": 4 × 6 ÷ 12 = 2.0.
    entry = line("2019-06", went("02-12", "05-14"))
    assert (entry.owed, entry.state) == (2.0, "on_course")


def test_owed_exactly_two_and_one_attended_is_behind() -> None:
    entry = line("2019-06", went("02-12"))
    assert (entry.owed, entry.attended, entry.state) == (2.0, 1, "behind")


def test_just_under_two_owed_and_one_attended_is_on_course() -> None:
    entry = line("2019-05", went("02-12"))  # 4 × 5 ÷ 12 = 1.67, floor 1
    assert entry.state == "on_course"


@pytest.mark.parametrize(
    ("period", "owed", "due"), [("2019-05", 20 / 12, 1), ("2019-06", 2, 2), ("2019-12", 4, 4)]
)
def test_what_is_due_is_a_whole_number(period: str, owed: float, due: int) -> None:
    """4 × 5 ÷ 12 = 1.67 owed are 1 due: by that the state goes, and that is shown."""
    entry = line(period, went("02-12"))
    assert (entry.owed, entry.due) == (pytest.approx(owed), due)
    assert type(entry.due) is int


def test_with_no_month_to_come_the_obligation_is_due() -> None:
    """4 × 7 ÷ 12 = 2.33 until July: by November 2 are owed in all, as rounded."""
    duty = (
        "officer | branch | role | from | to\nNAM | CB1 | office_official | 2019-01-01 | 2019-08-10"
    )
    entry = line("2019-11", went("02-12"), NAM, duty)
    assert (entry.obligation, entry.due) == (2, 2)


def test_nobody_is_given_up_before_the_year_has_ended() -> None:
    """Nothing bounds the sittings of a month: 2 of 4 with December to come are behind."""
    entry = line("2019-11", went("02-12", "05-14"))  # 4 × 11 ÷ 12 = 3.67, floor 3
    assert (entry.missing, entry.state) == (2, "behind")
    later = line("2019-11", went("02-12", "05-14", "07-02"))
    assert (later.missing, later.state) == (1, "on_course")


@pytest.mark.parametrize(
    ("days", "state"), [(("02-12", "05-14", "07-02", "12-03"), "met"), (("02-12",), "not_met")]
)
def test_at_the_end_of_the_year_it_is_met_or_not(days: tuple[str, ...], state: str) -> None:
    entry = line("2019-12", went(*days))
    assert (entry.state, entry.owed, entry.obligation) == (state, 4.0, 4)
    assert None not in entry.months


def test_in_december_nothing_is_final_while_a_return_is_out() -> None:
    """Example of `QuotaLine`: the return of May may still bring the fourth visit."""
    visits = went("02-12", "07-02", "09-03")
    entry = line("2019-12", visits, but=(("CB1", "2019-05"),))
    assert (entry.attended, entry.open_months, entry.state) == (3, 1, "behind")
    done = line("2019-12", visits)
    assert (done.attended, done.open_months, done.state) == (3, 0, "not_met")


def test_no_count_of_returns_that_are_out_makes_it_not_met() -> None:
    """1 of 4, two returns are out: how many sittings they tell nobody knows."""
    entry = line("2019-12", went("02-12"), but=(("CB1", "2019-05"), ("CB1", "2019-06")))
    assert (entry.open_months, entry.state) == (2, "behind")


@pytest.mark.parametrize("verdict", [Verdict.REJECTED, Verdict.HELD])
def test_a_return_refused_or_held_may_still_come(verdict: Verdict) -> None:
    town = register(TOWN, NAM, ALL_YEAR)
    filed = complete("2019-12", went("02-12", "07-02", "09-03"), (("CB1", "2019-05"),))
    refused = [delivery("meeting", "CB1", "2019-05", verdict=verdict)]
    (entry,) = compute(facts(town, "2019-12", filed, refused=refused)).quota
    assert (entry.open_months, entry.state) == (1, "behind")


def test_nothing_is_to_come_of_a_month_waived_or_of_other_cells() -> None:
    waived = "branch | form | period\nCB1 | meeting | 2019-05"
    town = register(TOWN, NAM, ALL_YEAR, waived)
    out = (("CB1", "2019-05"), ("CB2", "2019-05"), ("CB3", "2019-09"))
    filed = complete("2019-12", went("02-12", "07-02", "09-03"), out)
    (entry,) = compute(facts(town, "2019-12", filed)).quota
    assert (entry.open_months, entry.state) == (0, "not_met")


def test_a_quota_per_officer_and_cell_has_a_line_for_each_cell() -> None:
    # "whether a quota counts per officer or per officer and cell" is data. A3 was founded on
    # 10 May: served May to September, 6 × 5 ÷ 12 = 2.5 owed, 6 × 8 ÷ 12 = 4 for the year.
    catalogue = with_quota("committee_member", per="officer_cell")
    duty = "officer | branch | role | from\nNAM | DB1 | committee_member | 2019-01-01"
    visits = """
    branch | day        | officer
    A1     | 2019-03-05 | NAM
    A1     | 2019-04-02 | NAM
    A3     | 2019-06-04 | NAM
    """
    entries = lines("2019-09", visits, NAM, duty, catalogue=catalogue)
    figures = [
        (entry.branches[0].code, entry.served, entry.owed, entry.obligation, entry.attended)
        for entry in entries
    ]
    assert figures == [("A1", 9, 4.5, 6, 2), ("A2", 9, 4.5, 6, 0), ("A3", 5, 2.5, 4, 1)]
    assert [entry.state for entry in entries] == ["behind", "behind", "behind"]


def test_a_committees_member_counts_every_cell_below_it() -> None:
    duty = "officer | branch | role | from\nNAM | DB1 | committee_member | 2019-01-01"
    visits = """
    branch | day        | officer
    A1     | 2019-03-05 | NAM
    A2     | 2019-03-06 | NAM
    CB1    | 2019-03-07 | NAM
    """
    entry = line("2019-03", visits, NAM, duty)
    assert (entry.attended, entry.obligation) == (2, 6)


def test_who_is_in_office_for_part_of_the_year_serves_that_part() -> None:
    # 31 March to 1 August: neither the 15th of March nor that of August.
    officers = "code | name | from | to\nNAM | Lò Văn Nam | 2019-03-31 | 2019-08-01"
    entry = line("2019-11", went("02-12", "03-31", "08-06"), officers)
    assert (entry.served, entry.served_year, entry.attended) == (4, 4, 1)


def test_who_has_not_served_a_month_yet_has_no_line() -> None:
    duty = "officer | branch | role | from\nNAM | CB1 | office_official | 2019-07-01"
    assert lines("2019-06", went(), NAM, duty) == ()
    assert len(lines("2019-07", went(), NAM, duty)) == 1


def test_an_assignment_that_never_held_serves_nothing() -> None:
    officers = "code | name | from\nNAM | Lò Văn Nam | 2019-07-20"
    duty = "officer | branch | role | from | to\nNAM|CB1|office_official|2019-01-01|2019-07-10"
    assert lines("2019-11", went(), officers, duty) == ()


def test_last_year_and_months_after_the_report_do_not_count() -> None:
    visits = """
    branch | day        | officer
    CB1    | 2018-12-04 | NAM
    CB1    | 2019-06-04 | NAM
    CB1    | 2019-07-02 | NAM
    """
    entry = line("2019-06", visits)
    assert entry.attended == 1
    assert entry.months == (0, 0, 0, 0, 0, 1, *MONTHS[6:])


def test_a_quarters_report_runs_to_the_quarters_end() -> None:
    entry = line("2019-Q2", went("02-12", "06-04", "07-02"))
    assert (entry.attended, entry.served) == (2, 6)


def test_who_changes_role_on_the_15th_owes_the_month_once() -> None:
    """June belongs to the new role: 5 + 7 months, 12 in all, and not 13."""
    duty = """
    officer | branch | role             | from       | to
    NAM     | CB1    | office_official    | 2019-01-01 | 2019-06-14
    NAM     | DB1    | committee_member | 2019-06-15 |
    """
    new, old = lines("2019-12", went(), NAM, duty)  # by the quota's id: committee_member first
    assert (old.served_year, new.served_year) == (5, 7)
    # 4 × 5 ÷ 12 = 1.67 -> 2; 6 × 7 ÷ 12 = 3.5 -> 4.
    assert (old.obligation, new.obligation) == (2, 4)


HAND_OVER = """
officer | branch | role          | from       | to
NAM     | CB1    | office_official | 2019-01-01 | 2019-06-14
MAI     | CB1    | office_official | 2019-06-15 |
"""
BOTH = NAM + "\nMAI | Lò Thị Mai | | |"


@pytest.mark.parametrize(
    ("months_by", "served"), [("fifteenth", (5, 7)), ("days", (5 + 14 / 30, 6 + 16 / 30))]
)
def test_a_hand_over_within_a_month_gives_twelve_months(months_by: str, served: Any) -> None:
    catalogue = with_quota("office_official", months_by=months_by)
    entries = lines("2019-12", went(), BOTH, HAND_OVER, catalogue=catalogue)
    assert [entry.served_year for entry in entries] == pytest.approx(list(served))
    assert sum(entry.served_year for entry in entries) == pytest.approx(12)


def test_the_29th_of_february_is_a_day_of_duty() -> None:
    """2020: 15 to 29 February are 15 of 29 days."""
    catalogue = with_quota("office_official", months_by="days")
    duty = "officer|branch|role|from|to\nNAM|CB1|office_official|2020-02-15|2020-02-29"
    (entry,) = compute(facts(register(TOWN, NAM, duty), "2020-12", [], catalogue=catalogue)).quota
    assert entry.served_year == pytest.approx(15 / 29)


def test_a_cell_founded_in_december_owes_one_month() -> None:
    """Assigned from January on to a cell founded on 1 December: 4 × 1 ÷ 12 = 0.33, rounded 0."""
    town = register(TOWN.replace("2019-05-10", "2019-12-01"), NAM, ALL_YEAR.replace("CB1", "A3"))
    (entry,) = compute(facts(town, "2019-12", [])).quota
    assert (entry.served_year, entry.obligation) == (1, 0)
    (pair,) = compute(facts(town, "2019-12", [])).quota_pairs
    assert pair.served_year == 1


def test_three_cells_owe_a_month_once() -> None:
    duty = (
        ALL_YEAR + "\nNAM | CB2 | office_official | 2019-01-01\nNAM|A1|office_official|2019-01-01"
    )
    visits = "branch | day | officer\nCB1|2019-03-05|NAM\nCB2|2019-03-06|NAM\nA1|2019-03-07|NAM"
    entry = line("2019-12", visits, NAM, duty)
    assert (entry.served_year, entry.obligation, entry.attended) == (12, 4, 3)


def test_a_quota_that_begins_in_october_asks_a_quarter_of_it() -> None:
    """4 a year from October 2019 on: 4 × 3 ÷ 12 = 1."""
    catalogue = with_quota("office_official", effective=Effective("2019-10"))
    entry = line("2019-12", went("11-05"), catalogue=catalogue)
    assert (entry.served_year, entry.obligation, entry.state) == (3, 1, "met")


TWO_CELLS = ALL_YEAR + "\nNAM | CB2 | office_official | 2019-01-01"
ONE_DAY = "branch | day | officer\nCB1 | 2019-03-05 | NAM\nCB2 | 2019-03-05 | NAM"


def test_two_cells_on_one_day_are_at_least_one_and_at_most_two() -> None:
    entry = line("2019-11", ONE_DAY, NAM, TWO_CELLS)
    assert (entry.attended, entry.unsettled, entry.months[2]) == (1, 1, 1)
    assert entry.state == "behind"  # 2 of 3.67 at the most


def test_what_the_visits_to_be_settled_decide_is_not_judged() -> None:
    visits = ONE_DAY + "\nCB1 | 2019-05-05 | NAM"  # 2 or 3 of 3 due
    assert line("2019-11", visits, NAM, TWO_CELLS).state == "unsettled"
    done = line("2019-12", visits + "\nCB1 | 2019-06-05 | NAM", NAM, TWO_CELLS)
    assert (done.attended, done.unsettled, done.state) == (3, 1, "unsettled")


@pytest.mark.parametrize(("cells", "known"), [("CB1", (1, 1)), ("CB1 CB2", (2, 0))])
def test_what_the_office_confirms_counts_in_full(cells: str, known: tuple[int, int]) -> None:
    waivers = "\n".join(f"{cell}|meeting|2019-03|X02" for cell in cells.split())
    waivers = f"branch|form|period|rule\n{waivers}"
    entry = line("2019-11", ONE_DAY, NAM, TWO_CELLS, waivers=waivers)
    assert (entry.attended, entry.unsettled) == known
    by_cell = with_quota("office_official", per="officer_cell")
    in_cells = lines("2019-11", ONE_DAY, NAM, TWO_CELLS, waivers=waivers, catalogue=by_cell)
    second = (1, 0) if "CB2" in cells else (0, 1)
    assert [(entry.attended, entry.unsettled) for entry in in_cells] == [(1, 0), second]


def test_nothing_owed_is_neither_met_nor_missed() -> None:
    """Assigned from 16 November: 4 × 1 ÷ 12 = 0.33, rounded 0."""
    duty = "officer | branch | role | from\nNAM | CB1 | office_official | 2019-11-16"
    entry = line("2019-12", went("12-03"), NAM, duty)
    assert (entry.obligation, entry.attended, entry.state) == (0, 1, "unrated")


def test_who_is_assigned_to_the_own_cell_alone_is_not_judged() -> None:
    own = "code | name | own_cell\nNAM | Lò Văn Nam | CB1"
    entry = line("2019-12", went("03-05"), own)
    assert (entry.obligation, entry.missing, entry.state) == (4, 4, "unrated")
    assert line("2019-12", went("03-05"), own, TWO_CELLS).state == "not_met"


def test_a_visit_elsewhere_that_cannot_count_puts_none_in_doubt() -> None:
    entry = line("2019-11", ONE_DAY)  # not assigned to CB2
    assert (entry.attended, entry.unsettled) == (1, 0)


def test_both_kinds_in_one_sitting_are_one_sitting() -> None:
    visits = "branch|day|kind|officer\nCB1|2019-03-05|regular+thematic|NAM"
    assert line("2019-11", visits).attended == 1


def test_whose_duty_has_ended_with_all_returns_in_cannot_make_it_up() -> None:
    duty = "officer|branch|role|from|to\nNAM|CB1|office_official|2019-01-01|2019-06-30"
    entry = line("2019-11", went("02-12"), NAM, duty)  # 1 of 2, nothing open or to come
    assert (entry.obligation, entry.open_months, entry.to_come) == (2, 0, 0)
    assert entry.state == "not_met"
    out = line("2019-11", went("02-12"), NAM, duty, but=(("CB1", "2019-05"),))
    assert (out.open_months, out.state) == (1, "behind")


def test_a_visit_before_the_15th_of_a_month_handed_over_may_still_come() -> None:
    """NAM owes no June, but until the 14th a visit of his counts: June open is open for him."""
    entry, _ = lines("2019-11", went(), BOTH, HAND_OVER, but=(("CB1", "2019-06"),))
    assert (entry.served_year, entry.open_months, entry.state) == (5, 1, "behind")
