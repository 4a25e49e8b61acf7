"""The office's own rules, from their month on: quotas, deadlines, bands. Worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from builders.figure_inputs import facts, register, returns, shipped
from hypothesis import given
from hypothesis import strategies as st

from mlay_batch.core.period import Period
from mlay_batch.figures import compute
from mlay_batch.figures.report_records import Figures
from mlay_batch.model.office_rules import (
    DeadlineRule,
    OfficeRules,
    Profile,
    QuotaRule,
    StandardRule,
    in_force,
)
from mlay_batch.schema import Catalogue
from mlay_batch.schema.schemes import Line

TOWN = """
code | type        | parent
TX   | office      |
CB1  | cell_direct | TX
CB2  | cell_direct | TX
"""
NAM = "code | name | own_cell\nNAM | Lò Văn Nam | CB2"
OFFICIAL = "officer | branch | role | from\nNAM | CB1 | office_official | 2018-07-01"
MEMBER = OFFICIAL.replace("office_official", "standing_committee")
NOBODY = "branch | day | officer"


def ruled(*quotas: QuotaRule, **rules: object) -> Catalogue:
    return in_force(shipped(), OfficeRules(quotas=quotas, **rules))  # type: ignore[arg-type]


def figures(
    period: str, catalogue: Catalogue, visits: str = NOBODY, duties: str = OFFICIAL
) -> Figures:
    town = register(TOWN, NAM, duties)
    return compute(facts(town, period, returns(visits), catalogue=catalogue))


def owed(period: str, catalogue: Catalogue, duties: str = OFFICIAL) -> tuple[float, int] | None:
    lines = figures(period, catalogue, duties=duties).quota
    return (round(lines[0].owed, 3), lines[0].obligation) if lines else None


RAISED = QuotaRule("office_official", "2026-07", 5, document="05-QĐ/ĐU ngày 02/7/2026")


def test_5_from_july_beside_the_shipped_4() -> None:
    """4 × 6/12 + 5 × 6/12 = 4.5, rounded once to 5; until June 4 × 6/12 = 2."""
    catalogue = ruled(RAISED)
    assert owed("2026-06", catalogue) == (2.0, 5)
    assert owed("2026-12", catalogue) == (4.5, 5)
    (newest,) = (q for q in catalogue.quotas if q.effective.from_ == "2026-07")
    assert newest.basis == ("05-QĐ/ĐU ngày 02/7/2026",)


def test_last_years_figures_do_not_move() -> None:
    assert owed("2025-12", ruled(RAISED)) == owed("2025-12", shipped()) == (4.0, 4)
    before = figures("2025-12", ruled(RAISED), "branch | day | officer\nCB1 | 2025-03-05 | NAM")
    after = figures("2025-12", shipped(), "branch | day | officer\nCB1 | 2025-03-05 | NAM")
    assert before == after


def test_a_quota_of_0_ends_what_was_owed_before() -> None:
    """4 × 6/12 until June, nothing from July on: no line is left."""
    ended = ruled(QuotaRule("office_official", "2026-07", 0))
    assert owed("2026-06", ended) == (2.0, 2)
    assert owed("2026-12", ended) is None
    never = ruled(QuotaRule("office_official", "2014-01", 0))
    assert owed("2026-06", never) is None


def test_a_role_without_a_shipped_quota_gets_one_of_its_own() -> None:
    rule = QuotaRule("standing_committee", "2026-01", 12, per="officer_cell")
    assert owed("2026-06", shipped(), MEMBER) is None
    catalogue = ruled(rule)
    assert owed("2026-06", catalogue, MEMBER) == (6.0, 12)
    (own,) = (q for q in catalogue.quotas if q.role == "standing_committee")
    assert (own.title.vi, own.per) == ("Ủy viên ban thường vụ", "officer_cell")


def test_a_year_as_the_first_month_is_january() -> None:
    assert owed("2026-12", ruled(QuotaRule("office_official", "2026", 6))) == (6.0, 6)


@given(
    steps=st.dictionaries(st.integers(1, 12), st.integers(0, 60), min_size=1, max_size=4),
    until=st.integers(1, 12),
)
def test_every_month_owes_a_twelfth_of_what_holds_in_it(steps: dict[int, int], until: int) -> None:
    rules = [QuotaRule("office_official", f"2026-{month:02}", n) for month, n in steps.items()]
    by_month, holds = [], 4  # the shipped number
    for month in range(1, 13):
        holds = steps.get(month, holds)
        by_month.append(holds)
    found = figures(f"2026-{until:02}", ruled(*rules)).quota
    if not found:  # nothing holds in the period
        assert by_month[until - 1] == 0
    else:
        assert found[0].owed == pytest.approx(sum(by_month[:until]) / 12)
        assert found[0].obligation == int(sum(by_month) / 12 + 0.5)


# Deadlines


def state(day: str, received: str, period: str, catalogue: Catalogue) -> str:
    sent = returns(f"branch | day | received\nCB1 | {day} | {received}")
    found = compute(facts(register(TOWN), period, sent, catalogue=catalogue))
    (matrix,) = (m for m in found.completeness if m.form == "meeting")
    return matrix.cell("CB1", Period.parse(period)).state


def test_a_due_day_holds_from_its_period_on() -> None:
    catalogue = ruled(deadlines=(DeadlineRule("meeting", "2026-07", due=2),))
    assert state("2026-06-05", "2026-07-04", "2026-06", catalogue) == "reported"  # day 5 still
    assert state("2026-07-05", "2026-08-02", "2026-07", catalogue) == "reported"
    assert state("2026-07-05", "2026-08-03", "2026-07", catalogue) == "late"


TWO_DAYS = (DeadlineRule("meeting", "2026-07", due=2, lock=10, counted="meeting"),)


def test_due_after_the_meeting_is_late_meeting_by_meeting() -> None:
    catalogue = ruled(deadlines=TWO_DAYS)
    assert state("2026-07-05", "2026-07-07", "2026-07", catalogue) == "reported"
    assert state("2026-07-05", "2026-07-08", "2026-07", catalogue) == "late"
    both = "branch | day | received\nCB1 | 2026-07-05 | 2026-07-07\nCB1 | 2026-07-06 | 2026-07-07"
    sent = returns(both)
    found = compute(facts(register(TOWN), "2026-07", sent, catalogue=catalogue))
    (matrix,) = (m for m in found.completeness if m.form == "meeting")
    assert matrix.cell("CB1", Period(2026, 7)).state == "reported"


def test_due_after_the_meeting_is_missing_after_the_lock_day() -> None:
    """Nobody knows the day of a meeting that was not reported."""
    catalogue = ruled(deadlines=TWO_DAYS)

    def on(day: date) -> str:
        inputs = facts(register(TOWN), "2026-07", as_of=day, catalogue=catalogue)
        (matrix,) = (m for m in compute(inputs).completeness if m.form == "meeting")
        return matrix.cell("CB1", Period(2026, 7)).state

    assert (on(date(2026, 8, 10)), on(date(2026, 8, 11))) == ("not_due", "missing")


# Bands


def test_a_band_of_the_offices_own_holds_from_its_month_on() -> None:
    catalogue = ruled(standards=(StandardRule("band.good", "2026-07", 95, document="QĐ 9"),))
    scores = "branch | day | own\nCB1 | 2026-06-05 | 92\nCB1 | 2026-07-06 | 92"
    found = compute(facts(register(TOWN), "2026-07", returns(scores), catalogue=catalogue))
    assert [sitting.band for sitting in found.sittings] == ["good", "fair"]
    scheme = catalogue.scheme_for("meeting_score", Period(2026, 7))
    assert scheme and "QĐ 9" in scheme.basis
    old = catalogue.scheme_for("meeting_score", Period(2026, 6))
    assert old == replace(
        shipped().scheme_for("meeting_score", Period(2026, 6)),  # type: ignore[type-var]
        effective=old.effective,  # type: ignore[union-attr]
    )


def test_a_grade_of_the_year_that_an_office_adopts() -> None:
    """Shipped: Tốt alone, by 7 of 12. The office: Tốt by 5, all Khá; Khá by 3, all Trung bình."""
    own = (
        StandardRule("year.good", "2026", 5, every="fair", least="good", document="QĐ 9"),
        StandardRule("year.fair", "2026", 3, every="average", document="QĐ 9"),
    )
    catalogue = ruled(standards=own)
    scheme = catalogue.scheme_for("meeting_score", Period(2026, 12))
    assert scheme
    assert [(g.id, g.least, g.times, g.is_adopted) for g in scheme.year_grades] == [
        ("good", "good", 5, True),
        ("fair", "fair", 3, True),
    ]
    assert scheme.year_grades[1].title.vi == "Khá"
    before = catalogue.scheme_for("meeting_score", Period(2025, 12))
    assert before and [(g.id, g.times) for g in before.year_grades] == [("good", 7)]
    scores = "branch | day | own\n" + "\n".join(
        f"{cell} | 2026-{month:02}-05 | {better if month <= many else worse}"
        for cell, many, better, worse in (("CB1", 5, 92, 75), ("CB2", 3, 75, 60))
        for month in range(1, 13)
    )
    found = compute(facts(register(TOWN), "2026-12", returns(scores), catalogue=catalogue))
    assert {r.branch.code: r.grade for r in found.year_ratings} == {"CB1": "good", "CB2": "fair"}
    undocumented = ruled(standards=(replace(own[0], document=None),))
    found = compute(facts(register(TOWN), "2026-12", returns(scores), catalogue=undocumented))
    assert {r.grade for r in found.year_ratings} == {None}


def test_a_target_names_its_document_and_holds_from_its_year_on() -> None:
    rule = StandardRule("target.members.bottom", "2026", 0, at_most=1, document="NQ 3")
    catalogue = ruled(standards=(rule,))

    def line(year: int) -> Line:
        scheme = catalogue.scheme_for("classification", Period(year, 1, 12))
        assert scheme
        (part,) = (part for part in scheme.parts if part.section == "members")
        return next(line for line in part.lines if line.id == "bottom")

    assert (line(2025).has_target, line(2026).has_target) == (False, True)
    now = line(2026)
    assert (now.target_min, now.target_max, now.basis, now.confirmed) == (None, 1, "NQ 3", True)


# The first month of use


def test_nothing_is_asked_of_the_months_before_the_first() -> None:
    town = register(TOWN, NAM, OFFICIAL)
    rules = OfficeRules(Profile(start="2026-11"))
    begun = replace(town, rules=rules)
    sent = returns("branch | day\nCB1 | 2026-12-05")
    found = compute(facts(begun, "2026-12", sent))
    (meeting,) = (m for m in found.completeness if m.form == "meeting")
    states = [meeting.cell("CB1", Period(2026, month)).state for month in (1, 10, 11, 12)]
    assert states == ["unused", "unused", "missing", "reported"]
    (line,) = found.quota
    assert (line.served, line.obligation) == (2.0, 1)  # 4 × 2/12 = 0.67
    (yearly,) = (m for m in found.completeness if m.form == "classification")
    assert yearly.periods == (Period(2026, 1, 12),)  # 2025 was before


def test_what_came_for_an_earlier_month_counts_all_the_same() -> None:
    begun = replace(register(TOWN), rules=OfficeRules(Profile(start="2026-11")))
    sent = returns("branch | day | received\nCB1 | 2026-09-05 | 2026-11-20")
    (meeting,) = (
        m for m in compute(facts(begun, "2026-11", sent)).completeness if m.form == "meeting"
    )
    assert meeting.cell("CB1", Period(2026, 9)).state == "reported"  # nobody owed it: not late
    assert meeting.cell("CB2", Period(2026, 9)).state == "unused"
