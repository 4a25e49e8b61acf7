"""Points that count, bands that ask more than points, grades of a year: worked by hand.

Clauses: Bình Thuận (Tốt needs full marks in named items, else one grade less), Phú Thọ (a year is
Tốt when every regular meeting is Khá or better and 7 are Tốt), and the published form whose
thematic points count only in a month with a thematic meeting.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from builders.figure_inputs import shipped
from hypothesis import given
from hypothesis import strategies as st

from mlay_batch.core.messages import error_text
from mlay_batch.errors import SchemaError
from mlay_batch.figures.scoring import band_of, counting_score, full_marks, year_grade
from mlay_batch.schema import Scheme
from mlay_batch.schema.load import load_text

FOLDER = Path(__file__).parents[2] / "schemas"
TWIST = """
extends: scheme-meeting-score-2018.yaml
version: "2018 BT"
groups:
  - {id: closing, thematic: true}
demands:
  - {band: good, full: [time, attendance], basis: Bình Thuận}
"""


def scheme(text: str = TWIST, **changes: object) -> Scheme:
    result = load_text(text, "own.yaml", [FOLDER])
    assert isinstance(result, Scheme)
    return replace(result, **changes)  # type: ignore[arg-type]


FULL = {"time": 5, "attendance": 5}


@pytest.mark.parametrize(
    ("score", "marks", "band"),
    [
        (92, FULL, "good"),
        (92, {**FULL, "time": 4.5}, "fair"),  # enough points, one item short: one grade less
        (92, {"time": 5}, "fair"),  # a blank is not full marks
        (92, {"time": 0, "attendance": 0}, "fair"),  # two items short: still one grade
        (89.99, {"time": 0}, "fair"),  # the next grade asks nothing
        (40, {}, "poor"),
    ],
)
def test_a_top_grade_that_needs_full_marks(
    score: float, marks: dict[str, float], band: str
) -> None:
    assert band_of(scheme(), score, marks) == band


def test_the_lowest_grade_falls_no_further() -> None:
    twisted = scheme(TWIST.replace("band: good", "band: poor"))
    assert band_of(twisted, 20, {}) == "poor"


@pytest.mark.parametrize(
    ("rebase", "thematic", "points"),
    [
        (False, True, 95),
        (False, False, 90),
        (True, True, 95),
        (True, False, 90 * 100 / 95),
    ],
)
def test_thematic_points_count_in_a_month_with_a_thematic_meeting(
    rebase: bool, thematic: bool, points: float
) -> None:
    """95 points of which 5 are thematic: without such a meeting 90, re-based 94.74."""
    assert full_marks(scheme()) == (100, 95)
    assert counting_score(scheme(rebase=rebase), 95, {"closing": 5}, thematic) == points


def test_blank_thematic_points_are_none() -> None:
    assert counting_score(scheme(), 88, {"closing": None}, thematic=False) == 88
    assert counting_score(scheme(), None, {"closing": 5}, thematic=False) is None


@pytest.mark.parametrize(
    ("bands_held", "to_come", "grade"),
    [
        (["good"] * 7 + ["fair"] * 5, 0, "good"),
        (["good"] * 6 + ["fair"] * 6, 0, "fair"),  # 6 Tốt are too few
        (["good"] * 11 + ["average"], 0, "fair"),  # one below Khá
        (["good"] * 5 + ["fair"] * 5, 2, "good"),  # can still be reached
        (["good"] * 5 + ["fair"] * 6, 1, "fair"),
        (["good"] * 3 + ["average"], 8, "fair"),  # what is lost stays lost
        (["poor"] * 12, 0, "poor"),
        ([], 12, None),
    ],
)
def test_the_grade_of_a_year(bands_held: list[str], to_come: int, grade: str | None) -> None:
    result = year_grade(shipped_scheme(), bands_held, to_come)
    assert (result.id if result else None) == grade


def shipped_scheme() -> Scheme:
    return next(entry for entry in shipped().schemes if entry.version == "2018" and entry.bands)


marks = st.fixed_dictionaries({g.id: st.sampled_from((None, 0, g.max)) for g in scheme().groups})
scores = st.integers(0, 200).map(lambda half: half / 2)


@given(scores, marks, st.booleans(), st.booleans())
def test_points_left_out_never_add(
    total: float, given_marks: dict[str, float | None], thematic: bool, rebase: bool
) -> None:
    points = counting_score(scheme(rebase=rebase), total, given_marks, thematic)
    left_out = 0 if thematic else given_marks["closing"] or 0
    raised = 100 / 95 if rebase and not thematic else 1
    assert points == pytest.approx((total - left_out) * raised)


@given(scores, marks)
def test_a_demand_costs_one_grade_at_most(score: float, given_marks: dict[str, float]) -> None:
    order = [band.id for band in scheme().bands_best_first()]
    plain, demanded = band_of(shipped_scheme(), score), band_of(scheme(), score, given_marks)
    assert plain and demanded
    assert order.index(demanded) - order.index(plain) in (0, 1)
    short = any((given_marks[name] or 0) < 5 for name in FULL)
    assert (demanded != plain) == (plain == "good" and short)


@given(
    st.lists(st.sampled_from(("good", "fair", "average", "poor")), max_size=14), st.integers(0, 6)
)
def test_a_meeting_to_come_never_costs_a_grade(bands_held: list[str], to_come: int) -> None:
    """And with none to come the grade is that of the rule read out word by word."""
    order = [grade.id for grade in shipped_scheme().year_grades]
    now, later = (year_grade(shipped_scheme(), bands_held, n) for n in (to_come, to_come + 1))
    assert not bands_held or (now and later and order.index(later.id) <= order.index(now.id))
    final = year_grade(shipped_scheme(), bands_held, 0)
    if bands_held and set(bands_held) <= {"good", "fair"} and bands_held.count("good") >= 7:
        assert final and final.id == "good"
    elif final:
        assert final.id != "good"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("full: [tme]", "full chỉ tới “tme”, không có tên đó. Có phải là “time”?"),
        ("band: goodd", "band chỉ tới “goodd”, không có tên đó. Có phải là “good”?"),
    ],
)
def test_a_twist_that_names_nothing_is_refused(change: str, expected: str) -> None:
    key = change.partition(":")[0]
    line = next(part for part in TWIST.splitlines() if "band" in part)
    old = "band: good" if key == "band" else "full: [time, attendance]"
    with pytest.raises(SchemaError) as caught:
        scheme(TWIST.replace(line, line.replace(old, change)))
    assert expected in error_text(caught.value, "vi")


def test_a_year_grade_that_counts_says_how_many() -> None:
    wrong = TWIST + "year_grades: [{id: best, title: {vi: Tốt, en: Good}, least: good}]\n"
    with pytest.raises(SchemaError) as caught:
        scheme(wrong)
    assert "times “0” không hợp" in error_text(caught.value, "vi")
