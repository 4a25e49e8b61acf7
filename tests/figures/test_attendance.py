"""Which visits count, and the reason of those that do not. Clauses: "Quota terms"."""

from __future__ import annotations

from typing import Any

import pytest
from builders.figure_inputs import facts, register, returns, with_quota
from builders.known_codes import KNOWN_CODES

from mlay_batch.core.findings import Place
from mlay_batch.figures import compute
from mlay_batch.figures.report_records import Attendance

TOWN = """
code | type        | parent
TX   | office      |
CB1  | cell_direct | TX
CB2  | cell_direct | TX
CB9  | cell_direct | TX
"""
OFFICERS = """
code | name       | own_cell
NAM  | Lò Văn Nam | CB9
MAI  | Vàng Thị Mai |
KHA  | Lù Văn Kha |
"""
DUTIES = """
officer | branch | role          | from
NAM     | CB1    | office_official | 2019-01-01
NAM     | CB9    | office_official | 2019-01-01
MAI     | CB1    | office_official | 2019-01-01
MAI     | CB2    | office_official | 2019-01-01
"""


def list_attendances(visits: str, **counts: Any) -> tuple[Attendance, ...]:
    town = register(TOWN, OFFICERS, DUTIES)
    catalogue = with_quota("office_official", counts)
    return compute(facts(town, "2019-11", returns(visits), catalogue=catalogue)).attendances


def reasons(visits: str, **counts: Any) -> list[tuple[int, str]]:
    return [(entry.counts, entry.reason) for entry in list_attendances(visits, **counts)]


def test_a_visit_knows_where_it_was_reported() -> None:
    (entry,) = list_attendances("branch | day | officer\nCB1 | 2019-03-05 | NAM")
    assert (entry.counts, entry.reason, entry.quota) == (1, "", "office_official")
    assert entry.place == Place("CB1-2019-03.xlsx", "Báo cáo", "D40")
    assert (entry.officer, entry.branch, entry.kind, entry.delivery) == ("NAM", "CB1", "regular", 1)


@pytest.mark.parametrize("officer", ["KHA", "NAM", "NOBODY"])
def test_a_visit_without_a_duty_there_is_listed(officer: str) -> None:
    (entry,) = list_attendances(f"branch | day | officer\nCB2 | 2019-03-05 | {officer}")
    assert (entry.counts, entry.reason, entry.quota) == (0, "Q01", None)


def test_a_substitute_counts_for_nobody() -> None:
    # "Substitutes (dự thay) … count or not by setting": here they do not.
    visits = "branch | day | officer | for\nCB1 | 2019-03-05 | MAI | NAM"
    (entry,) = list_attendances(visits)
    assert (entry.counts, entry.reason) == (0, "Q02")
    assert (entry.officer, entry.on_behalf_of, entry.credited_officer) == ("MAI", "NAM", "NAM")


def test_a_substitute_counts_for_the_one_represented_where_the_quota_says_so() -> None:
    visits = "branch | day | officer | for\nCB1 | 2019-03-05 | KHA | NAM"
    (entry,) = list_attendances(visits, substitutes=True)
    assert (entry.counts, entry.reason, entry.credited_officer) == (1, "", "NAM")
    # MAI's quota does not gain by what she did for NAM.
    town = register(TOWN, OFFICERS, DUTIES)
    for_nam = returns("branch | day | officer | for\nCB1 | 2019-03-05 | MAI | NAM")
    catalogue = with_quota("office_official", {"substitutes": True})
    quota = compute(facts(town, "2019-03", for_nam, catalogue=catalogue)).quota
    assert [(line.officer, line.attended) for line in quota] == [("NAM", 1), ("MAI", 0)]


def test_one_sitting_counts_once_and_who_came_goes_before_the_substitute() -> None:
    visits = """
    branch | day        | officer | for
    CB1    | 2019-03-05 | KHA     | MAI
    CB1    | 2019-03-05 | MAI     |
    """
    attendances = list_attendances(visits, substitutes=True)
    assert [(e.officer, e.counts, e.reason) for e in attendances] == [
        ("MAI", 1, ""),
        ("KHA", 0, "Q04"),
    ]


def test_a_visit_to_the_own_cell_counts_only_by_setting() -> None:
    visits = "branch | day | officer\nCB9 | 2019-03-05 | NAM"
    assert reasons(visits) == [(0, "Q03")]
    assert reasons(visits, own_cell=True) == [(1, "")]


def test_a_substitute_in_his_own_cell_is_a_visit_to_the_own_cell() -> None:
    visits = "branch | day | officer | for\nCB1 | 2019-03-05 | NAM | MAI"
    assert reasons(visits, substitutes=True) == [(1, "")]
    duties = DUTIES + "MAI | CB9 | office_official | 2019-01-01"
    filed = returns("branch | day | officer | for\nCB9 | 2019-03-05 | NAM | MAI")
    catalogue = with_quota("office_official", {"substitutes": True})
    figures = compute(
        facts(register(TOWN, OFFICERS, duties), "2019-03", filed, catalogue=catalogue)
    )
    assert [(entry.quota, entry.reason) for entry in figures.attendances] == [
        ("office_official", "Q03")
    ]


@pytest.mark.parametrize(
    ("day", "counts"), [("2019-03-04", 0), ("2019-03-05", 1), ("2019-07-14", 1), ("2019-07-15", 0)]
)
def test_an_assignment_holds_from_its_first_to_its_last_day(day: str, counts: int) -> None:
    duties = "officer|branch|role|from|to\nKHA|CB2|office_official|2019-03-05|2019-07-14"
    town = register(TOWN, OFFICERS, duties)
    filed = returns(f"branch | day | officer\nCB2 | {day} | KHA")
    (entry,) = compute(facts(town, "2019-11", filed)).attendances
    assert (entry.counts, entry.reason) == (counts, "" if counts else "Q01")


def test_two_kinds_in_one_sitting_count_once() -> None:
    # "a regular and a thematic meeting may share one sitting"
    visits = "branch | day | kind | officer\nCB1 | 2019-03-05 | regular+thematic | NAM"
    (entry,) = list_attendances(visits)
    assert (entry.counts, entry.kind) == (1, "both")
    assert reasons(visits, kinds=("regular", "thematic")) == [(0, "Q05")]


def test_a_kind_the_quota_does_not_count() -> None:
    visits = """
    branch | day        | kind     | officer
    CB1    | 2019-03-05 | regular  | NAM
    CB1    | 2019-03-19 | thematic | NAM
    """
    assert reasons(visits, kinds=("regular", "both")) == [(1, ""), (0, "Q05")]


def test_two_places_on_one_day_both_count_with_a_doubt() -> None:
    visits = """
    branch | day        | officer
    CB1    | 2019-03-05 | MAI
    CB2    | 2019-03-05 | MAI
    CB2    | 2019-03-06 | MAI
    """
    assert reasons(visits) == [(1, "Q06"), (1, "Q06"), (1, "")]


def test_a_visit_under_two_quotas_is_listed_for_each() -> None:
    duties = DUTIES + "NAM | CB1 | committee_member | 2019-01-01"
    town = register(TOWN, OFFICERS, duties)
    filed = returns("branch | day | officer\nCB1 | 2019-03-05 | NAM")
    figures = compute(facts(town, "2019-03", filed))
    listed = [(entry.quota, entry.counts) for entry in figures.attendances]
    assert listed == [("committee_member", 1), ("office_official", 1)]


def test_every_reason_has_its_words() -> None:
    assert {"Q01", "Q02", "Q03", "Q04", "Q05", "Q06", "X01", "X02"} <= KNOWN_CODES
