"""Visits told by returns, by slips or by both, counted by each choice and worked out on paper.

day, cell        officer    the cell's return    the officer's slip
10/01 CB1        NAM        yes, 90              yes, 90
15/01 CB2        NAM        yes                  –
05/02 CB2        NAM        yes                  –
12/02 CB1        NAM        meeting, nobody      yes
20/02 CB3        MAI        yes, 85              yes, 80
05/03 CB2        MAI (NAM)  yes                  yes
18/03 CB3        MAI        no return            yes, 75
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import slip_town
from builders.figure_inputs import returns, with_quota
from builders.known_codes import KNOWN_CODES
from builders.sheet_cells import differences, load_sheets, recalculate

from mlay_batch.core.findings import Place
from mlay_batch.core.period import Period
from mlay_batch.figures import compute
from mlay_batch.figures.fingerprint import fingerprint
from mlay_batch.figures.report_records import Figures
from mlay_batch.model.office_rules import OfficeRules, SlipRule
from mlay_batch.model.records import AcceptedReturn, Verdict

CHOICES = ("return", "slip", "both")
# By hand: who counts how often, and why a visit does not count or is in doubt, in the order above.
ATTENDED = {"return": (3, 1), "slip": (2, 2), "both": (1, 1)}
REASONS = {
    "return": ["", "", "", "Q08", "", "Q02", "Q08"],
    "slip": ["", "Q07", "Q07", "", "", "Q02", "Q09"],
    "both": ["", "Q07", "Q07", "Q08", "", "Q02", "Q08"],
}
STATES = [
    "both", "only_cell", "only_cell", "only_officer", "scores_differ", "both", "cell_open",
]  # fmt: skip
QUOTA, CELLS = "Chỉ tiêu dự sinh hoạt", "Chi bộ được dự"


def figures(counted_by: str, **more: Any) -> Figures:
    return compute(slip_town.inputs(counted_by, **more))


@pytest.mark.parametrize("choice", CHOICES)
def test_the_quota_lines_are_those_of_the_paper(choice: str) -> None:
    result = figures(choice)
    lines = {line.officer: line.attended for line in result.quota}
    assert (lines["NAM"], lines["MAI"]) == ATTENDED[choice]
    assert [visit.reason for visit in result.attendances] == REASONS[choice]
    assert {visit.reason for visit in result.attendances} - {""} <= KNOWN_CODES
    assert result.slips is not None
    assert [check.state for check in result.slips.checks] == STATES
    assert result.totals is not None


def test_without_slips_the_returns_count_alone_whatever_lies_in_the_ledger() -> None:
    result, bare = figures(""), compute(slip_town.inputs("", filed=returns(slip_town.RETURNS)))
    assert result.slips is None
    assert result == bare
    assert fingerprint(result) == fingerprint(bare)
    assert [(line.officer, line.attended) for line in result.quota] == [("NAM", 3), ("MAI", 1)]


def test_a_visit_that_only_a_slip_tells_leads_to_the_slip() -> None:
    visits = {(v.branch, v.held_on.isoformat()): v for v in figures("slip").attendances}
    alone = visits["CB1", "2019-02-12"]
    assert (alone.by_return, alone.place) == (
        False,
        Place("NAM-2019-02.xlsx", "Phiếu đi dự", "C15"),
    )
    told_twice = visits["CB1", "2019-01-10"]
    assert told_twice.place == Place("CB1-2019-01.xlsx", "Báo cáo", "D40")
    assert told_twice.slip is not None
    assert told_twice.slip.place.file == "NAM-2019-01.xlsx"


def test_the_points_of_both_stand_beside_one_another() -> None:
    slips = figures("both").slips
    assert slips is not None
    points = [(check.cell_points, check.slip_points) for check in slips.checks]
    assert points == [
        (90, 90), (None, None), (None, None), (None, None), (85, 80), (None, None), (None, 75),
    ]  # fmt: skip


def test_a_substitute_counts_for_the_one_represented_where_the_quota_says_so() -> None:
    catalogue = with_quota("office_official", {"substitutes": True})
    for choice, (nam, mai) in ATTENDED.items():
        lines = {q.officer: q.attended for q in figures(choice, catalogue=catalogue).quota}
        assert lines == {"NAM": nam + 1, "MAI": mai}


def test_a_kind_that_no_return_tells_counts_under_a_quota_of_every_kind_alone() -> None:
    catalogue = with_quota("office_official", {"kinds": ("thematic", "both")})
    visits = figures("slip", catalogue=catalogue).attendances
    assert [visit.reason for visit in visits if visit.branch == "CB3"] == ["Q05", "Q10"]
    (visit,) = [v for v in figures("slip").attendances if v.reason == "Q09"]
    assert (visit.counts, visit.at_least, visit.kind) == (1, 1, "unknown")


def test_the_choice_holds_from_its_month_on() -> None:
    rules = OfficeRules(slips=(SlipRule("slip", "2019-02"), SlipRule("none", "2019-03")))
    choices = [rules.slip_rule(Period(2019, month)) for month in (1, 2, 3)]
    assert choices == ["none", "slip", "none"]
    assert [rules.takes_slips(Period(2019, month)) for month in (1, 2, 3)] == [False, True, False]
    late = figures("slip", since="2019-02")
    assert [visit.reason for visit in late.attendances] == ["", "", "Q07", "", "", "Q02", "Q09"]
    assert late.slips is not None
    assert [check.state for check in late.slips.checks] == STATES[2:]


@pytest.mark.parametrize("verdict", [Verdict.HELD, Verdict.REJECTED])
def test_a_slip_that_waits_leaves_the_month_open_where_visits_need_one(verdict: Verdict) -> None:
    refused = [slip_town.held_slip("NAM", "2019-03", verdict)]
    open_months = {
        choice: {q.officer: q.open_months for q in figures(choice, refused=refused).quota}
        for choice in CHOICES
    }
    # Two cells of NAM in March; of MAI the return of CB3.
    assert open_months["slip"] == open_months["both"] == {"NAM": 2, "MAI": 1}
    assert open_months["return"] == {"NAM": 0, "MAI": 1}
    slips = figures("slip", refused=refused).slips
    assert slips is not None
    assert [(s.officer, s.state) for s in slips.states if s.is_open] == [("NAM", verdict.value)]


def test_what_only_the_cell_says_while_a_slip_waits_is_called_so() -> None:
    filed = [*returns(slip_town.RETURNS), *slip_town.slips()[2:]]
    refused = [slip_town.held_slip("NAM", "2019-01")]
    slips = figures("both", filed=filed, refused=refused).slips
    assert slips is not None
    assert [c.state for c in slips.checks if c.held_on.month == 1] == ["slip_open", "slip_open"]


def test_the_fingerprint_knows_no_file_and_no_words() -> None:
    filed = [*returns(slip_town.RETURNS), *slip_town.slips()]
    other = slip_town.slips(slip_town.SLIPS.replace("Ghi biên bản", "Ghi sổ nghị quyết"))
    one = figures("both", filed=filed)
    two = figures("both", filed=[*reversed(other), *returns(slip_town.RETURNS)])
    assert fingerprint(one) == fingerprint(two)
    scored = slip_town.slips(slip_town.SLIPS.replace("| 80 ", "| 81 "))
    three = figures("both", filed=[*returns(slip_town.RETURNS), *scored])
    assert fingerprint(one) != fingerprint(three)


@pytest.mark.libreoffice
@pytest.mark.parametrize("choice", CHOICES)
def test_the_sheets_recalculate_to_the_paper(choice: str, tmp_path: Path) -> None:
    data = slip_town.workbook(choice)
    book = load_sheets(data)
    after = recalculate(data, tmp_path)
    assert differences(book, after) == []
    sheet = after[QUOTA]
    attended = [
        sheet.under(sheet.row_of(name), "Tính đến hết kỳ", "đã xác định") for name in ("NAM", "MAI")
    ]
    assert tuple(attended) == ATTENDED[choice]
    counts = next(
        str(cell) for row in after[CELLS].rows for cell in row if str(cell).startswith("Cả hai ghi")
    )
    assert counts == (
        "Cả hai ghi: 2; Điểm khác nhau: 1; Chỉ chi bộ ghi: 2; Chỉ cán bộ ghi: 1;"
        " Cán bộ ghi, chưa nhận báo cáo của chi bộ: 1;"
        " Chi bộ ghi, phiếu của cán bộ chưa được nhận: 0"
    )


@pytest.mark.libreoffice
def test_a_quarterly_quota_with_a_slip_that_waits_recalculates(tmp_path: Path) -> None:
    catalogue = with_quota("office_official", window="quarter", times=2)
    refused = [slip_town.held_slip("NAM", "2019-03")]
    data = slip_town.write(slip_town.inputs("slip", refused=refused, catalogue=catalogue))
    assert differences(load_sheets(data), recalculate(data, tmp_path)) == []


@pytest.mark.libreoffice
def test_a_slip_for_a_meeting_that_only_a_list_names_is_of_unknown_kind(tmp_path: Path) -> None:
    *filed, march = returns(slip_town.RETURNS + "CB3 | 2019-03-18 | | |\n")
    (meeting,) = march.section_rows("meetings")
    unsaid = replace(meeting, values=meeting.values | {"kind": None})
    listed = AcceptedReturn(replace(march.entry, version="list-1", part="1!6"), (unsaid,))
    of = slip_town.inputs("slip", filed=[*filed, listed, *slip_town.slips()])
    (visit,) = [v for v in compute(of).attendances if v.held_on.isoformat() == "2019-03-18"]
    assert (visit.kind, visit.reason) == ("unknown", "Q09")
    data = slip_town.write(of)
    book = load_sheets(data)
    assert any("Chưa rõ loại" in row for sheet in book.values() for row in sheet.rows)
    assert differences(book, recalculate(data, tmp_path)) == []
