"""The figures against an independent count, on towns nobody would think of."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from builders import independent_count
from builders.figure_inputs import classification, facts, register, returns, shipped
from hypothesis import given
from hypothesis import strategies as st

from mlay_batch.figures import compute
from mlay_batch.figures.report_records import ReportInputs
from mlay_batch.schema.model import Effective
from mlay_batch.schema.quotas import QuotaCounting

TOWN = """
code | type        | parent | founded    | ended      | successor
TX   | office      |        |            |            |
DB1  | committee   | TX     |            |            |
A1   | cell        | DB1    |            |            |
A2   | cell        | DB1    |            | 2019-08-01 | A1
A3   | cell        | DB1    | 2019-05-10 |            |
CB1  | cell_direct | TX     |            |            |
CB2  | cell_direct | TX     | 2019-03-31 | 2019-11-30 | CB1
"""
OFFICERS = ("NAM", "MAI", "KHA")
CELLS = ("A1", "A2", "A3", "CB1", "CB2")
# Few days, so that sittings, moves and months' ends meet.
days = st.builds(
    date, st.just(2019), st.integers(1, 12), st.sampled_from((1, 2, 14, 15, 16, 27, 28))
)
maybe_day = st.none() | days
codes = st.sampled_from(OFFICERS)


def spell(*cells: object) -> str:
    return " | ".join("" if cell is None else str(cell) for cell in cells)


officers = st.tuples(
    *(st.builds(spell, st.just(code), st.just("Lò Văn Nam"), st.sampled_from((None, *CELLS)),
                maybe_day, maybe_day) for code in OFFICERS)
)  # fmt: skip
assignments = st.lists(
    st.builds(
        spell,
        codes,
        st.sampled_from(("TX", "DB1", *CELLS)),
        st.sampled_from(("office_official", "committee_member")),
        days,
        maybe_day,
    ),
    max_size=6,
)
sent = st.lists(
    st.builds(
        spell,
        st.sampled_from(CELLS),
        days,
        st.sampled_from(("regular", "thematic", "both", "regular+thematic")),
        st.none() | codes,
        st.none() | codes,
        st.none() | st.sampled_from((0, 49.5, 50, 69.75, 70, 89.99, 90, 100)),
        st.none() | st.integers(0, 100),
    ),
    max_size=25,
)
# Returns excused, and visits that the office confirms (X02).
waivers = st.lists(
    st.builds(
        spell,
        st.sampled_from(CELLS),
        st.just("meeting"),
        st.sampled_from(("2019", *(f"2019-{month:02}" for month in range(1, 13)))),
        st.sampled_from((None, "X02", "X02")),
    ),
    max_size=3,
)
counts = st.lists(st.integers(0, 60), min_size=6, max_size=6)
quota_changes = st.fixed_dictionaries(
    {
        "per": st.sampled_from(("officer", "officer_cell")),
        "months_by": st.sampled_from(("fifteenth", "days")),
        "times": st.integers(0, 13),
        "role": st.sampled_from(("office_official", "committee_member")),
        "rounding": st.sampled_from(("half_up", "floor", "ceiling")),
        "counts": st.builds(
            QuotaCounting,
            kinds=st.sampled_from((("regular",), ("regular", "thematic", "both"))),
            substitutes=st.booleans(),
            own_cell=st.booleans(),
        ),
    }
)
# The months of a quota's records: one all year, one followed by others, one that begins late.
RECORDS = (
    [("2018-07",)],
    [("2018-07",), ("2019-07",)],
    [("2019-04",)],
    [("2018-07", "2019-03"), ("2019-06",), ("2019-10", "2019-10")],
)


@st.composite
def towns(draw: Any) -> ReportInputs:
    town = register(
        TOWN,
        "\n".join(["code | name | own_cell | from | to", *draw(officers)]),
        "\n".join(["officer | branch | role | from | to", *draw(assignments)]),
        "\n".join(["branch | form | period | rule", *draw(waivers)]),
    )
    filed = returns(
        "\n".join(["branch | day | kind | officer | for | own | confirmed", *draw(sent)])
    )
    head = "branch|year|section|total|not_rated|grade1|grade2|grade3|grade4|rated"
    rows = [
        "|".join(map(str, (branch, year, "members", *numbers, sum(numbers[2:]))))
        for branch in ("DB1", "CB1")
        for year in (2017, 2018)
        if (numbers := draw(counts))
    ]
    base = shipped()
    schemes = draw(st.sampled_from(("rated", "subject", "all")))
    catalogue = replace(
        base,
        quotas=tuple(
            replace(quota, **draw(quota_changes), effective=Effective(*months))
            for quota in base.quotas
            if quota.per != "cell"
            for months in draw(st.sampled_from(RECORDS))
        ),
        schemes=tuple(replace(scheme, share_base=schemes) for scheme in base.schemes),
    )
    period = draw(st.sampled_from(("2019-01", "2019-06", "2019-11", "2019-12", "2019-Q3", "2019")))
    filed += classification("\n".join([head, *rows]))
    return facts(town, period, filed, catalogue=catalogue)


@given(towns())
def test_the_figures_agree_with_an_independent_count(given_facts: ReportInputs) -> None:
    expected = independent_count.recompute(given_facts)
    program = independent_count.program_figures(compute(given_facts))
    for part, values in expected.items():
        assert program[part] == values, part


@given(towns(), st.randoms(use_true_random=False))
def test_the_order_of_receipt_does_not_matter(given_facts: ReportInputs, random: Any) -> None:
    shuffled = list(given_facts.returns)
    random.shuffle(shuffled)
    assert compute(replace(given_facts, returns=tuple(shuffled))) == compute(given_facts)


@given(towns())
def test_nothing_reported_is_dropped(given_facts: ReportInputs) -> None:
    figures = compute(given_facts)
    months = {str(month) for month in given_facts.period.year_to_date()}
    reported = {
        (entry.entry.branch, row.values["held_on"], row.values["officer"])
        for entry in given_facts.returns
        if entry.entry.period in months
        for row in entry.section_rows("visits")
    }
    assert {(a.branch, a.held_on, a.officer) for a in figures.attendances} == reported
    assigned = {assignment.officer for assignment in given_facts.register.assignments}
    assert all(  # under a duty without a quota there is nothing to count and nothing to ask
        a.counts or a.reason or (a.quota is None and a.credited_officer in assigned)
        for a in figures.attendances
    )
    counted = sum(a.counts for a in figures.attendances)
    assert sum(line.attended + line.unsettled for line in figures.quota) == counted
