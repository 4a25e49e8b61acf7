"""Visits cell by cell, worked by hand; and that the least holds whatever is still to come."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from builders.figure_inputs import facts, register, returns, shipped
from hypothesis import given
from hypothesis import strategies as st

from mlay_batch.core.period import Period
from mlay_batch.figures import compute
from mlay_batch.figures.report_records import Figures, ReportInputs
from mlay_batch.model.records import AcceptedReturn
from mlay_batch.schema.model import Effective

TOWN = """
code | type        | parent | founded    | ended      | successor
TX   | office      |        |            |            |
DB1  | committee   | TX     |            |            |
A1   | cell        | DB1    |            |            |
A2   | cell        | DB1    | 2019-05-10 |            |
CB1  | cell_direct | TX     |            |            |
CB2  | cell_direct | TX     |            | 2019-08-15 | CB1
"""
CELLS = ("A1", "A2", "CB1", "CB2")
OFFICERS = "code | name | own_cell\nNAM | Lò Văn Nam |\nMAI | Lò Thị Mai | A1\nKHA | Vàng A Kha |"
DUTIES = """
officer | branch | role             | from       | to
NAM     | CB1    | office_official    | 2019-01-01 | 2019-07-14
NAM     | CB2    | office_official    | 2019-07-15 |
MAI     | DB1    | committee_member | 2019-03-20 |
"""


def figures_without(period: str, visits: str, *out: tuple[str, str], **more: Any) -> Figures:
    """The figures once every return is in but those of the cells and months in `out`."""
    town = register(TOWN, OFFICERS, DUTIES)
    filed = {entry.entry.key: entry for entry in returns(visits)}
    months = Period.parse(period).year_to_date()
    nil = "\n".join(
        f"{cell} | {month} | yes"
        for cell in CELLS
        for month in months
        if town.by_code[cell].is_active(month)
    )
    silent = {entry.entry.key: entry for entry in returns(f"branch | day | nil\n{nil}")}
    both = [entry for key, entry in (silent | filed).items() if key and key[1:] not in out]
    return compute(facts(town, period, both, **more))


def pair(figures: Figures, officer: str, branch: str) -> Any:
    (match,) = [
        entry
        for entry in figures.quota_pairs
        if (entry.officer, entry.branch.code) == (officer, branch)
    ]
    return match


def cell(figures: Figures, code: str) -> Any:
    return next(entry for entry in figures.cell_visits if entry.branch.code == code)


class TestAnOfficerInHisCells:
    def test_who_moved_in_july_has_both_cells_each_for_its_months(self) -> None:
        # CB2 ended on 15 August, so that of the duty from 15 July on only July is owed there.
        figures = figures_without("2019-11", "branch | day | officer\nCB1 | 2019-03-05 | NAM")
        pairs = [
            (p.branch.code, p.served, p.served_year, p.attended_count)
            for p in figures.quota_pairs
            if p.officer == "NAM"
        ]
        assert pairs == [("CB1", 6, 6, 1), ("CB2", 1, 1, 0)]

    def test_visits_are_told_by_kind_and_day(self) -> None:
        visits = """
        branch | day        | kind             | officer
        A2     | 2019-06-03 | regular          | MAI
        A2     | 2019-07-03 | thematic         | MAI
        A2     | 2019-09-03 | regular+thematic | MAI
        """
        line = pair(figures_without("2019-11", visits), "MAI", "A2")
        assert dict(line.kinds) == {"regular": 1, "thematic": 1, "both": 1}
        assert (line.attended_count, line.last_visit) == (3, date(2019, 9, 3))

    def test_a_month_out_may_tell_a_visit(self) -> None:
        figures = figures_without(
            "2019-11", "branch | day | officer", ("A2", "2019-09"), ("A2", "2019-04")
        )
        assert (
            pair(figures, "MAI", "A2").open_months == 1
        )  # founded in May: of April nothing is to come

    def test_the_own_cell_brings_nothing(self) -> None:
        figures = figures_without("2019-11", "branch | day | officer", ("A1", "2019-09"))
        line = pair(figures, "MAI", "A1")
        assert (line.served, line.open_months, line.to_come) == (8, 0, 0)  # from 20 March on

    def test_in_the_months_in_which_the_own_cell_counts_it_may_tell_a_visit(self) -> None:
        base = shipped()
        later = tuple(
            replace(
                quota, effective=Effective("2019-07"), counts=replace(quota.counts, own_cell=True)
            )
            for quota in base.quotas
        )
        catalogue = replace(base, quotas=(*base.quotas, *later))
        out = ("A1", "2019-06"), ("A1", "2019-07"), ("A1", "2019-09")
        figures = figures_without("2019-11", "branch | day | officer", *out, catalogue=catalogue)
        assert pair(figures, "MAI", "A1").open_months == 2


def test_nobody_attends_a_cell_before_it_was_founded() -> None:
    figures = figures_without(
        "2019-11", "branch | day | officer\nA2 | 2019-05-09 | MAI\nA2 | 2019-05-10 | MAI"
    )
    assert [(visit.held_on.day, visit.reason) for visit in figures.attendances] == [
        (9, "Q01"),
        (10, ""),
    ]
    assert pair(figures, "MAI", "A2").attended_count == 1


class TestWhoCameToACell:
    VISITS = """
    branch | day        | kind             | officer | for
    CB1    | 2019-03-05 | regular+thematic | NAM     |
    CB1    | 2019-03-05 | regular+thematic | KHA     |
    CB1    | 2019-04-02 | regular          |         |
    A1     | 2019-04-02 | regular          | MAI     |
    """

    def test_two_who_came_to_one_meeting(self) -> None:
        line = cell(figures_without("2019-11", self.VISITS), "CB1")
        assert (
            line.sitting_count,
            line.attended_sittings,
            line.visit_count,
            line.counted_visits,
        ) == (3, 1, 2, 1)  # a regular and a thematic meeting on 5 March, one more later
        assert (line.officers, line.last_visit, line.state) == (
            ("NAM",),
            date(2019, 3, 5),
            "attended",
        )

    def test_a_visit_that_counts_for_nobody_is_a_visit(self) -> None:
        line = cell(figures_without("2019-11", self.VISITS), "A1")  # her own cell
        assert (line.visit_count, line.counted_visits, line.state) == (1, 0, "uncounted")

    def test_nobody_came(self) -> None:
        assert cell(figures_without("2019-11", self.VISITS), "A2").state == "unattended"

    def test_why_nobody_came_is_told_apart(self) -> None:
        """CB2 is dissolved, of CB1 only its own member is assigned, of A1 and A2 nobody is."""
        town = register(TOWN, OFFICERS.replace("| A1", "| CB1"), """
        officer | branch | role          | from
        MAI     | CB1    | office_official | 2019-01-01
        KHA     | CB2    | office_official | 2019-01-01
        """)  # fmt: skip
        figures = compute(facts(town, "2019-11", []))
        states = {line.branch.code: line.state for line in figures.cell_visits}
        assert states == {"A1": "unassigned", "A2": "unassigned", "CB1": "own", "CB2": "ended"}

    def test_who_was_reported_elsewhere_that_day_is_not_known_to_have_come(self) -> None:
        visits = "branch|day|officer\nA1|2019-04-02|KHA\nA2|2019-06-04|MAI\nCB1|2019-06-04|NAM"
        two = visits + "\nA1|2019-06-04|MAI"  # her own cell: no visit there counts
        assert cell(figures_without("2019-11", two), "A2").state == "attended"
        town = register(TOWN, OFFICERS.replace("| A1", "|"), DUTIES)
        figures = compute(facts(town, "2019-11", returns(two)))
        assert cell(figures, "A2").state == "unsettled"

    def test_nobody_is_known_to_have_come(self) -> None:
        line = cell(figures_without("2019-11", self.VISITS, ("A2", "2019-07")), "A2")
        assert (line.open_months, line.state) == (1, "unknown")


visits = st.lists(
    st.tuples(
        st.sampled_from(CELLS),
        st.integers(1, 12),
        st.sampled_from((3, 17)),
        st.sampled_from(("NAM", "MAI", "KHA")),
        st.sampled_from((None, None, None, "NAM", "MAI")),
    ),
    max_size=25,
)
duties = st.lists(
    st.tuples(
        st.sampled_from(("NAM", "MAI", "KHA")),
        st.sampled_from(("TX", "DB1", *CELLS)),
        st.sampled_from(("office_official", "committee_member")),
        st.integers(1, 12),
        st.none() | st.integers(1, 12),
    ),
    min_size=1,
    max_size=5,
)


def _without_second_places(told: list[Any]) -> list[Any]:
    """Leave out who is told to be elsewhere that day: in a cell by itself neither is certain then.

    A return that contradicts one received takes a visit back, whatever was certain before.
    """
    first: dict[object, str] = {}
    return [
        (branch, month, day, officer, instead)
        for branch, month, day, officer, instead in told
        if all(
            first.setdefault((who, month, day), branch) == branch
            for who in (officer, instead)
            if who
        )
    ]


@st.composite
def years(draw: Any) -> tuple[ReportInputs, ReportInputs]:
    """What is known while returns are out, and what is when all have come."""
    told_duties = [
        f"{officer} | {branch} | {role} | 2019-{first:02}-05 | "
        + (f"2019-{last:02}-20" if last else "")
        for officer, branch, role, first, last in draw(duties)
    ]
    town = register(TOWN, OFFICERS, "\n".join(["officer|branch|role|from|to", *told_duties]))
    period = Period.parse(draw(st.sampled_from(("2019-06", "2019-11", "2019-12"))))
    per = draw(st.sampled_from(("officer", "officer_cell")))
    told = draw(visits)
    if per == "officer_cell":
        told = _without_second_places(told)
    lines = [
        f"{branch} | 2019-{month:02}-{day:02} | {officer} | {instead or ''}"
        for branch, month, day, officer, instead in told
        if month <= period.month and town.by_code[branch].is_active(Period(2019, month))
    ]
    filed = {e.entry.key: e for e in returns("\n".join(["branch|day|officer|for", *lines]))}
    nil = "\n".join(
        f"{code} | {month} | yes"
        for code in CELLS
        for month in period.year_to_date()
        if town.by_code[code].is_active(month)
    )
    silent = {entry.entry.key: entry for entry in returns(f"branch | day | nil\n{nil}")}
    everything: list[AcceptedReturn] = list((silent | filed).values())
    out = draw(st.sets(st.integers(0, len(everything) - 1), max_size=12))
    base = shipped()
    quotas = tuple(replace(quota, per=per) for quota in base.quotas)
    catalogue = replace(base, quotas=quotas)
    whole = facts(town, str(period), everything, catalogue=catalogue)
    arrived = tuple(entry for number, entry in enumerate(whole.returns) if number not in out)
    return replace(whole, returns=arrived), whole


@given(years())
def test_whatever_the_returns_still_out_say_the_least_holds(given_years: Any) -> None:
    now, then = map(compute, given_years)
    for line, truth in zip(now.quota, then.quota, strict=True):
        assert line.attended <= truth.attended
        assert line.attended == truth.attended or line.open_months
        if line.state in ("met", "not_met"):
            assert truth.state == line.state
    for line, truth in zip(now.quota_pairs, then.quota_pairs, strict=True):
        assert line.attended_count <= truth.attended_count
        assert line.attended_count == truth.attended_count or line.open_months
    for seen, final in zip(now.cell_visits, then.cell_visits, strict=True):
        assert (seen.state == "unknown") <= (seen.open_months > 0)
        assert final.open_months == 0
        if not seen.open_months:
            assert seen == final


@st.composite
def futures(draw: Any) -> tuple[ReportInputs, ReportInputs]:
    """What is known in the year while returns are out, and all of the year's returns."""
    _, whole = draw(years())
    told = draw(visits)
    everything = {entry.entry.key: entry for entry in whole.returns}
    lines = [
        f"{branch} | 2019-{month:02}-{day:02} | {officer} | {instead or ''}"
        for branch, month, day, officer, instead in told
        if month > whole.period.month
        and whole.register.by_code[branch].is_active(Period(2019, month))
    ]
    later = returns("\n".join(["branch|day|officer|for", *lines]))
    december = facts(
        whole.register,
        "2019-12",
        [*everything.values(), *later],
        catalogue=whole.catalogue,
    )
    out = draw(st.sets(st.integers(0, max(0, len(whole.returns) - 1)), max_size=12))
    arrived = tuple(entry for number, entry in enumerate(whole.returns) if number not in out)
    return replace(whole, returns=arrived), december


@given(futures())
def test_no_future_refutes_what_is_said_of_a_quota(given_futures: Any) -> None:
    """Any number of sittings may come in a month that is out or to come."""
    now, end = map(compute, given_futures)
    final = {_about(line): line for line in end.quota}
    for line in now.quota:
        truth = final[_about(line)]
        new = _counted(end, line) - _counted(now, line)
        months = {(branch, day.month) for branch, day, _ in new}
        assert len(months) <= line.open_months + line.to_come
        if line.quota.per == "officer" or truth.unsettled == line.unsettled:
            assert line.state != "met" or truth.state == "met"
        if line.state == "not_met":
            assert truth.state == "not_met"
        if truth.state == "met":  # "cần n buổi": no fewer would have done
            assert len(new) >= line.missing - line.unsettled


def _about(line: Any) -> tuple[str, ...]:
    per_cell = line.quota.per == "officer_cell"
    return line.quota.quota, line.officer, line.branches[0].code if per_cell else ""


def _counted(figures: Figures, line: Any) -> set[tuple[str, date, str]]:
    *about, cell = _about(line)
    return {
        (visit.branch, visit.held_on, visit.credited_officer)
        for visit in figures.attendances
        if visit.counts
        and [visit.quota, visit.credited_officer] == about
        and cell in ("", visit.branch)
    }


@given(years())
def test_an_officers_line_is_the_sum_of_his_cells(given_years: Any) -> None:
    figures = compute(given_years[0])
    for line in figures.quota:
        pairs = [
            entry
            for entry in figures.quota_pairs
            if (entry.quota.quota, entry.officer) == (line.quota.quota, line.officer)
            and (line.quota.per == "officer" or entry.branch == line.branches[0])
        ]
        together = [entry.attended_count + entry.unsettled for entry in pairs]
        assert sum(entry.attended_count for entry in pairs) <= line.attended
        assert line.attended + line.unsettled == sum(together)
        assert line.open_months == sum(entry.open_months for entry in pairs)
