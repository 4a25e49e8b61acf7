"""Meeting scores and bands worked by hand. Clause: Tốt ≥ 90, Khá 70–<90, TB 50–<70, Kém < 50."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders.figure_inputs import facts, register, returns, shipped, with_scheme

from mlay_batch.core.findings import Place
from mlay_batch.figures import compute
from mlay_batch.figures.report_records import CellRating

TOWN = """
code | type        | parent | founded    | ended      | successor
TX   | town        |        |            |            |
DB1  | committee   | TX     |            |            |
A1   | cell        | DB1    |            |            |
A3   | cell        | DB1    | 2019-05-10 |            |
CB1  | cell_direct | TX     |            |            |
CB3  | cell_direct | TX     |            | 2019-08-15 | CB1
"""


def ratings_by_branch(period: str, scores: str, **more: object) -> dict[str, CellRating]:
    ratings = compute(facts(register(TOWN), period, returns(scores), **more)).ratings
    return {entry.branch.code: entry for entry in ratings}


@pytest.mark.parametrize(
    ("score", "band"),
    [
        ("100", "good"), ("90", "good"), ("89.99", "fair"), ("70", "fair"), ("69.99", "average"),
        ("50", "average"), ("49.99", "poor"), ("0", "poor"),
    ],
)  # fmt: skip
def test_the_limits_of_the_bands(score: str, band: str) -> None:
    (sitting,) = ratings_by_branch("2019-03", f"branch | day | own\nCB1 | 2019-03-05 | {score}")[
        "CB1"
    ].sittings
    assert sitting.band == band


def test_the_confirmed_score_goes_before_the_own() -> None:
    # "Two columns on the form: own score, and the score the attending superior confirms."
    text = "branch|day|own|confirmed|note|closing\nCB1|2019-03-05|92|88|Họp muộn|18"
    (sitting,) = ratings_by_branch("2019-03", text)["CB1"].sittings
    assert (sitting.own_score, sitting.confirmed_score, sitting.score, sitting.band) == (
        92,
        88,
        88,
        "fair",
    )
    assert (sitting.note, sitting.members) == ("Họp muộn", 18)
    assert sitting.place == Place("CB1-2019-03.xlsx", "Báo cáo", "C20")


@pytest.mark.parametrize(("confirmed", "note"), [(88, "Họp muộn."), (None, "Thiếu biên bản.")])
def test_the_note_is_that_of_the_score_that_counts(confirmed: int | None, note: str) -> None:
    (entry,) = returns("branch|day|own|confirmed\nCB1|2019-03-05|92|88")
    notes = {"own": "Thiếu biên bản.", "confirmed": "Họp muộn."}
    rows = tuple(
        replace(row, values={**row.values, "explanation": notes[str(row.values["scorer"])]})
        if row.section == "scores"
        else row
        for row in entry.rows
        if confirmed or row.values.get("scorer") != "confirmed"
    )
    figures = compute(facts(register(TOWN), "2019-03", [replace(entry, rows=rows)]))
    assert [sitting.note for sitting in figures.sittings] == [note]


def test_a_confirmed_nought_is_a_score() -> None:
    (sitting,) = ratings_by_branch("2019-03", "branch|day|own|confirmed\nCB1|2019-03-05|92|0")[
        "CB1"
    ].sittings
    assert (sitting.score, sitting.band) == (0, "poor")


def test_the_year_to_date_counts_bands_and_means_scores() -> None:
    scores = """
    branch | day        | own
    CB1    | 2018-12-04 | 40
    CB1    | 2019-01-08 | 95
    CB1    | 2019-02-12 | 90
    CB1    | 2019-03-05 | 60
    CB1    | 2019-03-19 |
    CB1    | 2019-04-02 | 10
    """
    rating = ratings_by_branch("2019-03", scores)["CB1"]
    assert rating.bands == {"good": 2, "fair": 0, "average": 1, "poor": 0}
    assert (rating.scored_count, rating.mean) == (3, pytest.approx(245 / 3))
    assert [str(sitting.held_on) for sitting in rating.sittings] == ["2019-03-05", "2019-03-19"]
    assert rating.sittings[1].band is None


def test_two_meetings_on_one_day_are_one_sitting() -> None:
    rating = ratings_by_branch(
        "2019-03", "branch|day|kind|own\nCB1|2019-03-05|regular+thematic|91"
    )["CB1"]
    (sitting,) = rating.sittings
    assert (sitting.kinds, rating.scored_count) == (("regular", "thematic"), 1)


def test_every_cell_that_owes_has_its_line_in_the_order_of_the_register() -> None:
    # A3 was founded on 10 May, CB3 merged on 15 August.
    assert list(ratings_by_branch("2019-04", "branch|day")) == ["A1", "CB1", "CB3"]
    assert list(ratings_by_branch("2019-05", "branch|day")) == ["A1", "A3", "CB1", "CB3"]
    assert list(ratings_by_branch("2019-07", "branch|day")) == ["A1", "A3", "CB1", "CB3"]
    assert list(ratings_by_branch("2019-08", "branch|day")) == ["A1", "A3", "CB1"]


def test_what_an_ended_cell_reported_stays_in_the_year_to_date() -> None:
    """CB3 merged on 15 August: off the list of August, its July is still counted."""
    sent = "branch | day | own\nCB3 | 2019-07-02 | 80\nCB3 | 2019-07-16 |\nCB1 | 2019-08-06 | 95"
    figures = compute(facts(register(TOWN), "2019-08", returns(sent)))
    assert [entry.branch.code for entry in figures.ratings] == ["A1", "A3", "CB1"]
    ended = figures.year_ratings[-1]
    assert (ended.branch.code, ended.owes, ended.state) == ("CB3", False, "ended")
    assert (ended.sitting_count, ended.scored_count, ended.mean, ended.sittings) == (2, 1, 80, ())
    assert sum(entry.sitting_count for entry in figures.year_ratings) == len(figures.sittings) == 3


def test_a_quarters_list_keeps_who_owed_one_of_its_months() -> None:
    rating = ratings_by_branch("2019-Q3", "branch | day | own\nCB3 | 2019-07-02 | 80")["CB3"]
    assert (rating.owes, len(rating.sittings)) == (True, 1)


def test_who_met_and_left_the_register_is_still_counted() -> None:
    figures = compute(facts(register(TOWN), "2019-08", returns("branch|day|own\nZ9|2019-03-05|80")))
    gone = figures.year_ratings[-1]
    assert (gone.branch.code, gone.owes, gone.sitting_count, gone.state) == (
        "Z9",
        False,
        1,
        "waived",
    )


def test_the_state_says_why_there_is_no_sitting() -> None:
    ratings = ratings_by_branch(
        "2019-03", "branch | day | nil\nCB1 | 2019-03 | yes\nA1 | 2019-03-05 |"
    )
    assert {code: entry.state for code, entry in ratings.items()} == {
        "A1": "reported",
        "CB1": "nil",
        "CB3": "missing",
    }
    assert (ratings["CB3"].mean, ratings["CB3"].scored_count, ratings["CB3"].sittings) == (
        None,
        0,
        (),
    )


def test_a_quarter_has_the_gravest_state_of_its_months() -> None:
    sent = "branch | day\nA1 | 2019-01-08\nA1 | 2019-02-12\nA1 | 2019-03-05\nCB1 | 2019-03-05"
    ratings = ratings_by_branch("2019-Q1", sent)
    assert (ratings["A1"].state, ratings["CB1"].state) == ("reported", "missing")
    assert len(ratings["A1"].sittings) == 3


def test_a_score_below_every_band_has_none() -> None:
    scheme = next(s for s in shipped().schemes if s.scheme == "meeting_score")
    without_poor = with_scheme("meeting_score", bands=scheme.bands[:-1])
    rating = ratings_by_branch(
        "2019-03", "branch|day|own\nCB1|2019-03-05|12", catalogue=without_poor
    )["CB1"]
    assert (rating.sittings[0].band, rating.scored_count, sum(rating.bands.values())) == (
        None,
        1,
        0,
    )


def test_without_a_scheme_scores_stand_without_a_band() -> None:
    without_schemes = replace(shipped(), schemes=())
    rating = ratings_by_branch(
        "2019-03", "branch|day|own\nCB1|2019-03-05|92", catalogue=without_schemes
    )["CB1"]
    assert (rating.sittings[0].band, rating.bands, rating.mean) == (None, {}, 92)


YOUNG = """
code | type        | parent | founded    | ended      | successor
TX   | town        |        |            |            |
OLD  | cell_direct | TX     |            |            |
NEW  | cell_direct | TX     | 2019-08-01 |            |
HEIR | cell_direct | TX     |            |            |
GONE | cell_direct | TX     |            | 2019-08-15 | HEIR
JAN  | cell_direct | TX     | 2019-01-01 |            |
"""


def grades(waivers: str = "") -> dict[str, str | None]:
    """Grades of the year: NEW has three Tốt and one Khá, all others had five Tốt of five."""
    days = [
        f"{code} | 2019-{month:02}-05 | 95"
        for code in ("OLD", "HEIR", "JAN", "GONE")
        for month in range(3, 8)
    ]
    days += [f"NEW | 2019-{month:02}-05 | {95 if month < 11 else 75}" for month in (8, 9, 10, 11)]
    sent = returns("\n".join(["branch | day | own", *days, "OTHER | 2019-03-05 | 95"]))
    figures = compute(facts(register(YOUNG, waivers=waivers), "2019", sent))
    return {entry.branch.code: entry.grade for entry in figures.year_ratings}


def test_a_cell_with_too_few_meetings_because_of_its_life_bears_no_grade() -> None:
    """Founded in August: 4 meetings and December's make 5 of 7. Unknown: how it counts nobody can
    tell. GONE has five, and January and February may still come: 7.
    """
    assert grades() == {
        "OLD": "good",
        "NEW": None,
        "HEIR": "good",
        "GONE": "good",
        "JAN": "good",
        "OTHER": None,
    }


@pytest.mark.parametrize(("months", "grade"), [(5, "good"), (6, None)])
def test_who_is_excused_from_too_many_months_bears_none(months: int, grade: str | None) -> None:
    """7 meetings are asked: 5 were held, and of 12 months less 6 excused one more may come."""
    left = (1, 2, 8, 9, 10, 11)[:months]
    waived = [f"OLD | meeting | 2019-{month:02}" for month in left]
    assert grades("\n".join(["branch | form | period", *waived]))["OLD"] == grade


def test_who_was_there_all_year_and_met_seldom_is_graded() -> None:
    """Every month is in, three of them with a meeting: the other nine had none."""
    meetings = [f"OLD | 2019-{month:02}-05 | 95 | " for month in (1, 2, 3)]
    none = [f"OLD | 2019-{month:02} | | yes" for month in range(4, 13)]
    sent = returns("\n".join(["branch | day | own | nil", *meetings, *none]))
    figures = compute(facts(register(YOUNG), "2019", sent))
    assert {e.branch.code: e.grade for e in figures.year_ratings}["OLD"] == "poor"
