"""Meeting scores and bands worked by hand. Clause: Tốt ≥ 90, Khá 70–<90, TB 50–<70, Kém < 50."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from builders.figure_inputs import facts, register, returns, shipped, with_scheme, year_grades
from hypothesis import given, settings
from hypothesis import strategies as st

from mlay_batch.core.findings import Place
from mlay_batch.figures import compute
from mlay_batch.figures.report_records import CellRating
from mlay_batch.schema import Catalogue

TOWN = """
code | type        | parent | founded    | ended      | successor
TX   | office      |        |            |            |
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


def test_a_regular_meeting_is_not_thematic_for_another_one_of_its_month() -> None:
    """Three meetings of two cells, one of them on a theme."""
    text = """
    branch | day        | kind
    CB1    | 2019-03-05 | regular
    CB1    | 2019-03-12 | thematic
    A1     | 2019-03-05 | regular
    """
    totals = compute(facts(register(TOWN), "2019-03", returns(text))).totals
    assert totals
    assert (totals.held, totals.regular, totals.thematic) == (3, 2, 1)


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


def test_two_meetings_of_one_day_keep_their_scores() -> None:
    sent = "branch|day|kind|own\nCB1|2019-03-05|regular|91\nCB1|2019-03-05|thematic|60"
    rating = ratings_by_branch("2019-03", sent)["CB1"]
    scores = [(sitting.kind, sitting.own_score, sitting.regular) for sitting in rating.sittings]
    assert scores == [("regular", 91, True), ("thematic", 60, False)]
    assert (rating.scored_count, rating.mean) == (2, pytest.approx(75.5))


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


YEAR = """
code | type        | parent | founded    | ended      | successor
TX   | office      |        |            |            |
OLD  | cell_direct | TX     |            |            |
JAN  | cell_direct | TX     | 2019-01-02 |            |
JUL  | cell_direct | TX     | 2019-07-01 |            |
JUL2 | cell_direct | TX     | 2019-07-02 |            |
AUG  | cell_direct | TX     | 2019-08-01 |            |
HEIR | cell_direct | TX     | 2019-08-01 |            |
ONE  | cell_direct | TX     |            | 2019-08-01 | HEIR
TWO  | cell_direct | TX     |            | 2019-08-15 | HEIR
LAST | cell_direct | TX     |            |            |
MID  | cell_direct | TX     | 2019-03-01 | 2019-10-01 | LAST
ROOT | cell_direct | TX     | 2018-11-01 | 2019-05-01 | MID
DONE | cell_direct | TX     |            | 2019-07-01 |
"""
GRADED = with_scheme("meeting_score", year_grades=year_grades())
AGELESS = with_scheme("meeting_score", year_grades=year_grades(), least_age=None)


def rate(
    cell: str,
    scores: str,
    period: str = "2019",
    *,
    waivers: str = "",
    catalogue: Catalogue = GRADED,
) -> CellRating:
    """The year of a cell. Scores by cell: ``OLD 1-7:95 8-12:-`` met once in each of the months 1
    to 7 with 95 points, and says of 8 to 12 that it did not meet.
    """
    lines = ["branch | day | own | nil"]
    for part in scores.split():
        if ":" not in part:
            code = part
            continue
        months, _, score = part.partition(":")
        first, _, last = months.partition("-")
        for month in range(int(first), int(last or first) + 1):
            nil = f"{code} | 2019-{month:02} | | yes"
            met = f"{code} | 2019-{month:02}-05 | {score} |"
            lines.append(nil if score == "-" else met)
    town = register(YEAR, waivers=waivers)
    figures = compute(facts(town, period, returns("\n".join(lines)), catalogue=catalogue))
    return next(rating for rating in figures.year_ratings if rating.branch.code == cell)


def test_a_cell_younger_than_six_months_is_not_graded() -> None:
    """21-HD: organisations founded less than 6 months ago are not rated. On 31 December a cell of
    1 July has six full months, one of 2 July and one of 1 August have not.
    """
    for cell, reason in (("AUG", "young"), ("JUL2", "young"), ("JUL", "")):
        rating = rate(cell, f"{cell} 8-10:95 11:75 12:-")
        assert (rating.grade, rating.ungraded) == (None if reason else "good", reason)


def test_meetings_are_asked_in_proportion_to_the_months_owed() -> None:
    """Founded 1 August, three Tốt and one Khá, where an office sets no age: 3 × 12 ≥ 7 × 5."""
    rating = rate("AUG", "AUG 8-10:95 11:75 12:-", catalogue=AGELESS)
    assert (rating.months, rating.to_come, rating.grade) == (5, 0, "good")
    two = rate("AUG", "AUG 8-9:95 10-11:75 12:-", catalogue=AGELESS)
    assert two.grade == "fair"  # 2 × 12 < 35 ≤ 4 × 12


def test_founded_on_2_january_a_cell_owes_twelve_months() -> None:
    seven = rate("JAN", "JAN 1-7:95 8-12:-")
    assert (seven.months, seven.grade) == (12, "good")
    assert rate("JAN", "JAN 1-6:95 7-12:-").grade == "poor"


def test_a_month_excused_is_not_asked_for() -> None:
    """7 meetings in 11 months: 84 ≥ 77; 6 in 10: 72 ≥ 70; 6 in 11: 72 < 77."""
    out = "branch | form | period\nOLD | meeting | 2019-12"
    two_out = out + "\nOLD | meeting | 2019-11"
    assert rate("OLD", "OLD 1-7:95 8-11:-", waivers=out).months == 11
    assert rate("OLD", "OLD 1-7:95 8-11:-", waivers=out).grade == "good"
    assert rate("OLD", "OLD 1-6:95 7-10:-", waivers=two_out).grade == "good"
    assert rate("OLD", "OLD 1-6:95 7-11:-", waivers=out).grade == "poor"


def test_one_of_twelve_months_without_a_meeting() -> None:
    rating = rate("OLD", "OLD 1:95 2:- 3-12:95")
    assert (rating.months, rating.sitting_count, rating.grade) == (12, 11, "good")


def test_a_merged_cell_takes_the_meetings_and_months_of_its_forerunners() -> None:
    """HEIR, founded 1 August: five of five Tốt. ONE owed January to July, TWO too, as it was no
    more on 31 August: 5 + 7 + 7 months ask 7 × 19 ÷ 12 = 11.08, 12 meetings.
    """
    all_good = rate("HEIR", "HEIR 8-12:95 ONE 1-7:95 TWO 1-7:95")
    assert (all_good.forerunners, all_good.months) == (("ONE", "TWO"), 19)
    assert (all_good.sitting_count, all_good.grade, all_good.ungraded) == (5, "good", "")
    assert rate("HEIR", "HEIR 8-12:95 ONE 1-7:95 TWO 1-7:75").grade == "good"  # 12
    assert rate("HEIR", "HEIR 8-12:95 ONE 1-6:95 7:75 TWO 1-7:75").grade == "fair"  # 11
    assert rate("HEIR", "HEIR 8-12:95 ONE 1-7:95 TWO 1-6:95 7:60").grade == "fair"
    assert rate("HEIR", "HEIR 8-12:95 ONE 1-7:95 TWO 1-6:95").to_come == 1


def test_a_cell_merged_within_the_year_bears_no_grade_of_its_own() -> None:
    rating = rate("ONE", "ONE 1-7:95")
    assert (rating.grade, rating.ungraded) == (None, "merged")
    assert rate("ONE", "ONE 1-3:95", "2019-03").ungraded == "merged"  # the register knows already


def test_a_chain_of_mergers_is_followed() -> None:
    """ROOT (January to April) into MID (March to September) into LAST: 4 + 7 + 12 months; 14 ask
    7 × 23 ÷ 12 = 13.4.
    """
    rating = rate("LAST", "LAST 1-3:95 4-12:75 MID 3-9:95 ROOT 1-4:95")
    assert (rating.forerunners, rating.months, rating.grade) == (("MID", "ROOT"), 23, "good")
    assert rate("MID", "MID 3-9:95").ungraded == "merged"


def test_a_cell_dissolved_without_a_successor_is_graded_by_its_months() -> None:
    rating = rate("DONE", "DONE 1-4:95 5-6:75")
    assert (rating.months, rating.grade) == (6, "good")  # 4 × 12 ≥ 7 × 6


def test_an_open_month_may_bring_any_number_of_meetings() -> None:
    """106 of 769 months of the sample town had two. Only what was held excludes a grade."""
    rating = rate("OLD", "OLD 1-11:75", "2019-11")
    assert (rating.to_come, rating.grade, rating.needed) == (1, "good", 7)
    assert rate("OLD", "OLD 1-10:75 11:60", "2019-11").grade == "fair"
    assert rate("OLD", "OLD 1-12:75").grade == "fair"
    assert rate("OLD", "OLD 1-12:-").ungraded == "unscored"
    assert rate("OLD", "AUG 8:95", "2019-11").grade == "good"  # nothing is in yet


meetings_of_a_month = st.lists(st.sampled_from((95, 75, 60, 40)), max_size=3)
BEST_FIRST = [grade.id for grade in year_grades()]


def grade_of(cell: str, months: Sequence[Sequence[int]], period: str) -> CellRating:
    """The year of OLD, or of HEIR with what ONE met until July and TWO, which never met."""
    lines = ["branch | day | own | nil"]
    for month, scores in enumerate(months, 1):
        code = "ONE" if cell == "HEIR" and month < 8 else cell
        lines += [f"{code} | 2019-{month:02}-{n:02} | {s} |" for n, s in enumerate(scores, 1)]
        lines += [f"{code} | 2019-{month:02} | | yes"] * (not scores)
        lines += [f"TWO | 2019-{month:02} | | yes"] * (month < 8)
    filed = returns("\n".join(lines))
    figures = compute(facts(register(YEAR), period, filed, catalogue=GRADED))
    return next(rating for rating in figures.year_ratings if rating.branch.code == cell)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(("OLD", "HEIR")),
    st.lists(meetings_of_a_month, min_size=12, max_size=12),
    st.integers(8, 11),
)
def test_no_year_refutes_the_grade_in_reach_and_one_reaches_it(
    cell: str, months: list[list[int]], until: int
) -> None:
    """The printed grade of a month against that of the whole year, whatever follows it."""
    now = grade_of(cell, months[:until], f"2019-{until:02}")
    end = grade_of(cell, months, "2019")
    assert now.grade and (end.grade or end.ungraded == "unscored")
    if end.grade:
        assert BEST_FIRST.index(end.grade) >= BEST_FIRST.index(now.grade)
    best = next(grade for grade in year_grades() if grade.id == now.grade)
    points = {"good": 95, "fair": 75, "average": 60, None: 40}[best.least]
    needed = [points] * max(now.needed, not now.scored_count)
    rest: list[list[int]] = [[]] * (11 - until)
    reached = grade_of(cell, [*months[:until], needed, *rest], "2019")
    assert reached.grade == now.grade


def test_without_a_document_no_grade() -> None:
    for scores in ("OLD 1-12:75", "OLD 1-12:40", "OLD 1-6:95 7-12:75"):
        rating = rate("OLD", scores, catalogue=shipped())
        assert (rating.grade, rating.ungraded) == (None, "no_basis")
    assert rate("OLD", "OLD 1-7:95 8-12:75", catalogue=shipped()).grade == "good"


def test_a_cell_the_register_does_not_know_bears_no_grade() -> None:
    rating = rate("GONE", "GONE 1-12:95")
    assert (rating.grade, rating.ungraded, rating.months) == (None, "unknown", 0)
