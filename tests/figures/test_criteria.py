"""Mean points by criteria group: own, confirmed, and their difference over the same meetings."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from builders.figure_inputs import shipped
from hypothesis import given
from hypothesis import strategies as st

from mlay_batch.core.findings import Place
from mlay_batch.core.period import Period
from mlay_batch.figures.report_records import Sitting
from mlay_batch.figures.scoring import criteria_means

SCHEME = next(s for s in shipped().schemes if s.version == "2018" and s.bands)
Marks = dict[str, float | None]


def sitting(branch: str, own_marks: Marks | None, confirmed: Marks | None) -> Sitting:
    marks = {name: m for name, m in (("own", own_marks), ("confirmed", confirmed)) if m is not None}
    totals = [
        None if m is None else float(sum(v or 0 for v in m.values()))
        for m in (own_marks, confirmed)
    ]
    return Sitting(branch, Period(2019, 3), date(2019, 3, 5), ("regular",), 20, *totals, None, None,
                   "", Place(), 1, marks=marks)  # fmt: skip


def test_the_difference_is_over_the_meetings_both_scored() -> None:
    """Own 40 and 20, confirmed 18 of the second: −2, though the means are 30 and 18."""
    sittings = [
        sitting("CB1", {"conduct": 40}, None),
        sitting("CB1", {"conduct": 20}, {"conduct": 18}),
    ]
    means, of_all = criteria_means(SCHEME, sittings)
    assert (means.own_points["conduct"], means.confirmed_points["conduct"]) == (30, 18)
    assert means.difference["conduct"] == -2
    assert (means.own_points["total"], means.difference["total"]) == (30, -2)
    assert (of_all.branch, of_all.own_points) == (None, means.own_points)


def test_a_blank_is_no_nought_and_nothing_is_no_mean() -> None:
    sittings = [sitting("CB1", {"time": 5}, None), sitting("CB1", {"time": None}, None)]
    means, _ = criteria_means(SCHEME, sittings)
    assert (
        means.own_points["time"],
        means.own_points["closing"],
        means.confirmed_points["time"],
    ) == (5, None, None)
    assert means.difference["time"] is None


def test_without_a_score_or_a_scheme_there_is_nothing() -> None:
    assert criteria_means(SCHEME, [sitting("CB1", None, None)]) == ()
    assert criteria_means(None, [sitting("CB1", {"time": 5}, None)]) == ()


points = st.none() | st.integers(0, 10).map(lambda half: half / 2)
scored = st.none() | st.fixed_dictionaries({"time": points, "closing": points})


@given(st.lists(st.tuples(st.sampled_from("AB"), scored, scored), max_size=8))
def test_the_means_are_those_of_a_plain_count(lines: list[tuple[str, Marks, Marks]]) -> None:
    by_branch = {
        entry.branch: entry for entry in criteria_means(SCHEME, [sitting(*line) for line in lines])
    }
    for branch in (*by_branch, "A"):
        rows = [(own_marks, sent) for code, own_marks, sent in lines if branch in (None, code)]
        for name in ("time", "closing"):
            sides = [
                [m[name] for m in side if m and m[name] is not None]
                for side in zip(*rows, strict=True)
            ]
            expected = [mean(side) for side in sides] or [None, None]
            pairs = [
                (a[name], b[name])
                for a, b in rows
                if a and b and a[name] is not None and b[name] is not None
            ]
            gap = mean([b - a for a, b in pairs])
            if branch in by_branch:
                entry = by_branch[branch]
                assert [entry.own_points[name], entry.confirmed_points[name]] == expected
                assert entry.difference[name] == (gap if gap is None else pytest.approx(gap))
            else:
                assert expected == [None, None]


def mean(values: list[float | None]) -> float | None:
    exact = [Fraction(value) for value in values if value is not None]
    return float(sum(exact) / len(exact)) if exact else None
