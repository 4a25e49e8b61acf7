"""Points that count, bands that ask more than points, grades of a year: worked by hand.

Clauses: Bình Thuận (Tốt needs full marks in named items, else one grade less), Phú Thọ (a year is
Tốt when every regular meeting is Khá or better and 7 are Tốt), and the published form whose
thematic points count only in a month with a thematic meeting.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from builders.figure_inputs import shipped, year_grades
from hypothesis import given
from hypothesis import strategies as st

from mlay_batch.core.messages import error_text
from mlay_batch.errors import SchemaError
from mlay_batch.figures.scoring import (
    band_of,
    counting_score,
    full_marks,
    meetings_needed,
    year_grade,
)
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


ADOPTED = scheme(year_grades=year_grades())


@pytest.mark.parametrize(
    ("bands_held", "months", "to_come", "grade"),
    [
        (["good"] * 7 + ["fair"] * 5, 12, 0, "good"),
        (["good"] * 6 + ["fair"] * 6, 12, 0, "fair"),  # 6 Tốt are too few
        (["good"] * 11 + ["average"], 12, 0, "fair"),  # one below Khá
        (["good"] * 3 + ["fair"], 5, 0, "good"),  # 3 × 12 = 36 ≥ 7 × 5 = 35
        (["good"] * 2 + ["fair"] * 2, 5, 0, "fair"),  # 2 × 12 = 24 < 35, 4 Khá or better: 48
        (["good"] * 7 + ["fair"], 13, 0, "fair"),  # 84 < 91: two cells' months, neither rounded
        (["good"] * 5 + ["fair"] * 5, 12, 1, "good"),  # one month may bring two meetings
        (["good"] * 3 + ["average"], 12, 8, "fair"),  # what is lost stays lost
        ([], 12, 12, "good"),
        (["poor"] * 12, 12, 0, "poor"),
    ],
)
def test_the_grade_of_a_year(
    bands_held: list[str], months: int, to_come: int, grade: str | None
) -> None:
    result = year_grade(ADOPTED, bands_held, months, to_come)
    assert (result.id if result else None) == grade


@pytest.mark.parametrize(
    ("basis", "is_adopted"),
    [
        (None, False), ("", False), ("chưa xác nhận", False), ("Chưa xác nhận (báo)", False),
        ("12-QĐ/TU", True),
    ],
)  # fmt: skip
def test_a_grade_is_adopted_if_a_document_sets_it(basis: str | None, is_adopted: bool) -> None:
    (best, *_) = year_grades()
    assert replace(best, basis=basis).is_adopted is is_adopted


def test_no_grade_stands_in_for_one_above_it_that_has_no_document() -> None:
    """7 Khá and 5 Trung bình would be Khá; Trung bình, which fits as well, is not printed."""
    bands_held = ["fair"] * 7 + ["average"] * 5
    unsourced = scheme(year_grades=year_grades("fair"))
    assert year_grade(ADOPTED, bands_held, 12, 0) == ADOPTED.year_grades[1]
    assert year_grade(unsourced, bands_held, 12, 0) is None
    assert year_grade(unsourced, ["poor"] * 12, 12, 0) is None
    assert year_grade(unsourced, ["good"] * 12, 12, 0) == unsourced.year_grades[0]


def test_the_shipped_scheme_gives_the_published_grade_alone() -> None:
    """Seen of Phú Thọ: Tốt. What its Khá, Trung bình and Kém ask in full was not."""
    for version in ("2018", "2025"):
        shipped_grades = next(s for s in shipped().schemes if s.version == version and s.bands)
        assert [(g.id, g.times, g.is_adopted) for g in shipped_grades.year_grades] == [
            ("good", 7, True)
        ]
    assert year_grade(shipped_scheme(), ["fair"] * 12, 12, 0) is None


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


bands_of_meetings = st.sampled_from(("good", "fair", "average", "poor"))


@given(
    st.lists(bands_of_meetings, max_size=14),
    st.integers(1, 24),
    st.lists(st.lists(bands_of_meetings, max_size=3), max_size=6),
    st.sampled_from(((), ("average",), ("fair", "average", "poor"))),
)
def test_no_future_refutes_the_best_grade_in_reach_and_one_reaches_it(
    held: list[str], months: int, futures: list[list[str]], without: tuple[str, ...]
) -> None:
    """Any month to come may bring up to three meetings here, of any band, or none."""
    of = scheme(year_grades=year_grades(*without))
    order = [grade.id for grade in of.year_grades]
    owed, to_come = max(months, len(futures)), len(futures)
    best = year_grade(of, held, owed, to_come)
    end = year_grade(of, [*held, *(band for month in futures for band in month)], owed, 0)
    assert end is None or (best and order.index(end.id) >= order.index(best.id))
    if best:
        needed = meetings_needed(of, best, held, owed)
        assert to_come or not needed
        reached = year_grade(of, [*held, *[best.least or "good"] * needed], owed, 0)
        assert reached and order.index(reached.id) <= order.index(best.id)


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
    assert "hạng năm best › times: chưa ghi" in error_text(caught.value, "vi")
