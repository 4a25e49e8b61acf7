"""Warnings between returns: members from month to month, one officer in two cells."""

from __future__ import annotations

from typing import Any

import pytest
from builders.figure_inputs import facts, register, returns

from mlay_batch.core.findings import Finding, Severity
from mlay_batch.core.messages import explain
from mlay_batch.figures import compute

TOWN = """
code | name      | type        | parent | founded    | ended      | successor
TX   | Thị ủy    | office      |        |            |            |
CB1  | Chi bộ 1  | cell_direct | TX     |            |            |
CB2  | Chi bộ 2  | cell_direct | TX     |            |            |
CB3  | Chi bộ 3  | cell_direct | TX     |            | 2019-08-15 | CB2
CB4  | Chi bộ 4  | cell_direct | TX     |            | 2019-10-01 | CB6
CB5  | Chi bộ 5  | cell_direct | TX     |            | 2019-10-01 | CB6
CB6  | Chi bộ 6  | cell_direct | TX     | 2019-10-01 |            |
"""


def list_warnings(sent: str, period: str = "2019-11", **town: Any) -> list[Finding]:
    warnings = compute(facts(register(TOWN, **town), period, returns(sent))).warnings
    assert all(finding.severity is Severity.WARNING for _, finding in warnings)
    return [finding for _, finding in warnings]


def members(*lines: str) -> str:
    return "\n".join(["branch | day | opening | closing", *lines])


def test_opening_that_is_not_last_months_closing() -> None:
    sent = members("CB1 | 2019-03 | 18 | 19", "CB1 | 2019-04 | 18 | 18")
    (finding,) = list_warnings(sent)
    assert (finding.code, finding.place.file, finding.place.cell) == (
        "X01",
        "CB1-2019-04.xlsx",
        "E6",
    )
    assert (finding.params["own"], finding.params["last"]) == (18, 19)
    figures = compute(facts(register(TOWN), "2019-11", returns(sent)))
    assert figures.warnings[0][0] == 2  # the delivery of April


def test_opening_that_agrees_or_has_nothing_to_agree_with() -> None:
    assert not list_warnings(members("CB1 | 2019-03 | 18 | 19", "CB1 | 2019-04 | 19 | 19"))
    assert not list_warnings(members("CB1 | 2019-03 | 18 | 19", "CB1 | 2019-05 | 7 | 7"))


def test_january_is_compared_with_december() -> None:
    (finding,) = list_warnings(members("CB1 | 2018-12 | 18 | 19", "CB1 | 2019-01 | 18 | 18"))
    assert finding.place.file == "CB1-2019-01.xlsx"


def test_last_years_months_warned_last_year() -> None:
    assert not list_warnings(members("CB1 | 2018-10 | 18 | 19", "CB1 | 2018-11 | 18 | 18"))


def test_a_cell_merged_in_august_is_added_to_its_successor() -> None:
    # "two are merged in August (successor, opening figures added up)": 14 + 9 = 23.
    july = ["CB2 | 2019-07 | 14 | 14", "CB3 | 2019-07 | 9 | 9"]
    assert not list_warnings(members(*july, "CB2 | 2019-08 | 23 | 23", "CB2 | 2019-09 | 23 | 23"))
    (finding,) = list_warnings(members(*july, "CB2 | 2019-08 | 14 | 23"))
    assert (finding.params["own"], finding.params["last"]) == (14, 23)


def test_a_merged_cell_without_a_return_leaves_nothing_to_compare() -> None:
    assert not list_warnings(members("CB2 | 2019-07 | 14 | 14", "CB2 | 2019-08 | 23 | 23"))


def test_a_cell_to_be_merged_later_is_not_added_yet() -> None:
    june = ["CB2 | 2019-06 | 14 | 14", "CB3 | 2019-06 | 9 | 9"]
    assert not list_warnings(members(*june, "CB2 | 2019-07 | 14 | 14", "CB3 | 2019-07 | 9 | 9"))


def test_a_new_cell_made_of_two_opens_with_both() -> None:
    september = ["CB4 | 2019-09 | 10 | 10", "CB5 | 2019-09 | 8 | 8"]
    assert not list_warnings(members(*september, "CB6 | 2019-10 | 18 | 18"))
    (finding,) = list_warnings(members(*september, "CB6 | 2019-10 | 10 | 10"))
    assert finding.params["last"] == 18


def test_a_new_cell_without_forerunners_opens_as_it_likes() -> None:
    assert not list_warnings(members("CB1 | 2019-01 | 5 | 5"))


def test_one_officer_in_two_cells_on_one_day() -> None:
    sent = """
    branch | day        | officer
    CB1    | 2019-03-05 | NAM
    CB2    | 2019-03-05 | NAM
    CB2    | 2019-03-06 | NAM
    """
    findings = list_warnings(sent, officers="code | name\nNAM | Lò Văn Nam")
    assert [(f.code, f.place.file, f.place.cell) for f in findings] == [
        ("X02", "CB1-2019-03.xlsx", "D40"),
        ("X02", "CB2-2019-03.xlsx", "D40"),
    ]
    assert explain(findings[0], None, "vi").what == (
        "Ngày 05/3/2019, cán bộ NAM (Lò Văn Nam) được ghi dự sinh hoạt ở 2 chi bộ: "
        "Chi bộ 1, Chi bộ 2."
    )


def test_what_the_office_confirms_says_so() -> None:
    """X02 is waived for CB1: its finding names the decision; CB2 is still asked."""
    sent = "branch | day | officer\nCB1 | 2019-03-05 | NAM\nCB2 | 2019-03-05 | NAM"
    waivers = "branch|form|period|rule\nCB1|meeting|2019-03|X02"
    asked = list_warnings(sent, officers="code | name\nNAM | Lò Văn Nam", waivers=waivers)
    assert ["waived_by" in finding.params for finding in asked] == [True, False]
    told = explain(asked[0], None, "vi")
    assert told.fix == "Được miễn áp dụng theo quyết định của y ngày 01/01/2019: x"


def test_a_substitute_is_where_he_is_and_not_whom_he_stands_for() -> None:
    sent = """
    branch | day        | officer | for
    CB1    | 2019-03-05 | NAM     |
    CB2    | 2019-03-05 | MAI     | NAM
    """
    assert not list_warnings(sent, officers="code | name\nNAM | Nam\nMAI | Mai")


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_the_words_have_no_gap_left(lang: str) -> None:
    sent = "branch | day | opening | closing | officer\nCB1 | 2019-03 | 1 | 2 |\n"
    sent += "CB1 | 2019-04-02 | 1 | 1 | NAM\nCB2 | 2019-04-02 | 1 | 1 | NAM"
    findings = list_warnings(sent, officers="code | name\nNAM | Nam")
    assert {finding.code for finding in findings} == {"X01", "X02"}
    assert not any("{" in str(explain(finding, None, lang)) for finding in findings)
