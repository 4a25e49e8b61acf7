"""Members, thematic meetings and activities of the branches, worked by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from builders.figure_inputs import facts, register, returns, row, table
from hypothesis import given
from hypothesis import strategies as st

from mlay_batch.figures import compute
from mlay_batch.figures.branch_records import (
    ActivityLine,
    MemberMovement,
    MovementLine,
    ThematicLine,
)
from mlay_batch.figures.movement import movement_fields
from mlay_batch.figures.report_records import Figures
from mlay_batch.model.records import AcceptedReturn
from mlay_batch.schema import load_catalogue

TOWN = """
code | name     | type        | parent | founded    | ended      | successor
TX   | Thị ủy   | town        |        |            |            |
CB1  | Chi bộ 1 | cell_direct | TX     |            |            |
CB2  | Chi bộ 2 | cell_direct | TX     |            |            |
CB3  | Chi bộ 3 | cell_direct | TX     |            | 2019-08-15 | CB2
CB4  | Chi bộ 4 | cell_direct | TX     | 2019-10-10 |            |
"""


def card(branch: str, month: str, opening: int, closing: int, **changes: int) -> AcceptedReturn:
    (filed,) = returns(f"branch | day\n{branch} | {month}")
    values: dict[str, Any] = {"opening": opening, **changes, "closing": closing}
    return replace(filed, rows=(row("members", 6, values),))


def of(filed: list[AcceptedReturn], period: str = "2019-11") -> Figures:
    return compute(facts(register(TOWN), period, filed))


def line(filed: list[AcceptedReturn], branch: str, period: str = "2019-11") -> MovementLine:
    movement = of(filed, period).movement
    assert movement
    return next(line for line in movement.lines if line.branch.code == branch)


class TestMovement:
    def test_the_form_itself_says_which_fields_tell_members(self) -> None:
        for form in (f for f in load_catalogue().forms if f.form == "meeting"):
            shape = movement_fields(form)
            assert shape
            assert (shape.section, shape.opening, shape.closing) == (
                "members",
                "opening",
                "closing",
            )
            assert shape.increases == ("admitted", "moved_in", "restored")
            assert shape.decreases == ("died", "expelled", "moved_out")

    def test_other_forms_tell_none(self) -> None:
        forms = [form for form in load_catalogue().forms if form.form != "meeting"]
        assert [movement_fields(form) for form in forms] == [None] * len(forms)

    def test_a_month_and_the_year_to_date(self) -> None:
        """18 + 2 − 1 = 19 by October; November 19 + 1 = 20."""
        filed = [
            card("CB1", "2019-09", 18, 20, admitted=1, moved_in=1),
            card("CB1", "2019-10", 20, 19, died=1),
            card("CB1", "2019-11", 19, 20, restored=1),
        ]
        now, year = line(filed, "CB1").in_period, line(filed, "CB1").in_year
        assert now and year
        assert (now.opening, now.closing, now.changes["restored"]) == (19, 20, 1)
        assert (year.opening, year.closing, year.first.month, year.last.month) == (18, 20, 9, 11)
        assert sum(year.changes[name] for name in ("admitted", "moved_in", "restored")) == 3
        assert year.changes["died"] == 1

    def test_who_did_not_report_has_no_figures_for_the_period(self) -> None:
        silent = line([card("CB1", "2019-10", 18, 18)], "CB1")
        assert (silent.in_period, silent.state) == (None, "missing")
        assert silent.in_year and silent.in_year.closing == 18

    def test_a_cell_merged_in_august_hands_over_its_members(self) -> None:
        """14 and 9 in July; CB2 opens August with 23. The town had 23 all the while."""
        filed = [
            card("CB2", "2019-07", 14, 14),
            card("CB3", "2019-07", 9, 9),
            card("CB2", "2019-08", 23, 23),
        ]
        moves = {code: line(filed, code, "2019-08").in_year for code in ("CB2", "CB3")}
        figures = {code: (m.opening, m.merged, m.closing) for code, m in moves.items() if m}
        assert figures == {"CB2": (14, 9, 23), "CB3": (9, -9, 0)}
        assert not line(filed, "CB2", "2019-08").mismatches

    def test_a_quarter_with_a_merger_closes(self) -> None:
        filed = [
            card("CB2", "2019-07", 14, 14),
            card("CB3", "2019-07", 9, 9),
            card("CB2", "2019-08", 23, 23),
        ]
        moves = {code: line(filed, code, "2019-Q3").in_period for code in ("CB2", "CB3")}
        assert {code: (m.merged, m.closing, _rest(m)) for code, m in moves.items() if m} == {
            "CB2": (9, 23, 0),
            "CB3": (-9, 0, 0),
        }

    def test_a_gap_between_months_is_told_with_its_place(self) -> None:
        filed = [card("CB1", "2019-10", 18, 19), card("CB1", "2019-11", 18, 18)]
        (gap,) = line(filed, "CB1").mismatches
        assert (gap.period.month, gap.last_closing, gap.opening, gap.place.cell) == (
            11,
            19,
            18,
            "E6",
        )

    @given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), min_size=1, max_size=11))
    def test_months_that_follow_one_another_always_close(self, moves: list[Any]) -> None:
        """Opening + all in − all out = closing, whatever happened in between."""
        at, filed = 50, []
        for month, (came, left) in enumerate(moves, 1):
            filed.append(
                card("CB1", f"2019-{month:02}", at, at + came - left, admitted=came, died=left)
            )
            at += came - left
        movement_line = line(filed, "CB1", f"2019-{len(moves):02}")
        assert movement_line.in_year and not movement_line.mismatches
        assert _rest(movement_line.in_year) == 0
        assert movement_line.in_period and _rest(movement_line.in_period) == 0


def _rest(moved: MemberMovement) -> int:
    out = moved.changes["died"] + moved.changes["expelled"] + moved.changes["moved_out"]
    into = sum(moved.changes.values()) - out
    return moved.opening + into - out + moved.merged - moved.closing


def themes(filed: list[AcceptedReturn], text: str) -> list[AcceptedReturn]:
    """Add rows of the table of themes: branch, day, topic."""
    more = table(text)
    return [
        replace(
            entry,
            rows=(
                *entry.rows,
                *(
                    row("thematic", 60 + n, {"held_on": line["day"], "topic": line["topic"]})
                    for n, line in enumerate(more)
                    if line["branch"] == entry.entry.branch
                    and str(line["day"]).startswith(str(entry.entry.period))
                ),
            ),
        )
        for entry in filed
    ]


def thematic(sent: str, topics: str = "", period: str = "2019-11") -> dict[str, ThematicLine]:
    result = of(themes(returns(sent), topics), period).thematic
    assert result
    return {line.branch.code: line for line in result.lines}


class TestThematic:
    SENT = """
    branch | day        | kind
    CB1    | 2019-02-04 | thematic
    CB1    | 2019-10-03 | both
    CB1    | 2019-11-03 | regular+thematic
    CB2    | 2019-10-03 | regular
    CB2    | 2019-11-03 | regular
    """

    def test_meetings_are_counted_by_quarter(self) -> None:
        assert thematic(self.SENT)["CB1"].meeting_counts == (1, 0, 0, 2)
        assert thematic(self.SENT)["CB2"].meeting_counts == (0, 0, 0, 0)

    def test_a_quarter_before_a_cell_was_founded_is_none_of_its(self) -> None:
        assert thematic(self.SENT)["CB4"].meeting_counts == (None, None, None, 0)

    def test_in_november_december_may_still_bring_one(self) -> None:
        lines = thematic(self.SENT)
        assert (lines["CB1"].state, lines["CB2"].state, lines["CB2"].open_months) == (
            "held",
            "open",
            1,
        )
        assert (lines["CB4"].state, lines["CB4"].open_months) == ("open", 3)
        assert lines["CB3"].state == "off"

    def test_a_quarter_all_reported_without_one_has_none(self) -> None:
        sent = self.SENT + "CB2 | 2019-12-03 | regular\n"
        assert thematic(sent, period="2019-12")["CB2"].state == "none"
        assert thematic(sent, period="2019-Q4")["CB2"].state == "none"

    SHORT = """
    code | type        | parent | founded    | ended
    TX   | town        |        |            |
    NEW  | cell_direct | TX     | 2019-12-20 |
    TWO  | cell_direct | TX     | 2019-11-20 |
    JAN  | cell_direct | TX     |            | 2019-11-01
    ALL  | cell_direct | TX     |            |
    """

    @pytest.mark.parametrize(
        ("waived", "states"),
        [
            ("", {"NEW": "short", "TWO": "none", "JAN": "short", "ALL": "none"}),
            ("2019-12", {"NEW": "off", "TWO": "short", "JAN": "short", "ALL": "none"}),
            ("2019", {"NEW": "off", "TWO": "off", "JAN": "off", "ALL": "off"}),
        ],
    )
    def test_who_owed_one_month_of_a_quarter_is_not_asked(
        self, waived: str, states: dict[str, str]
    ) -> None:
        """Founded 20 December, or ended 1 November (October only): `thematic_months` is 2."""
        codes = {"NEW": (12,), "TWO": (11, 12), "JAN": (10,), "ALL": (10, 11, 12)}
        sent = [
            f"{code} | 2019-{month}-25 | regular"
            for code, months in codes.items()
            for month in months
            if not f"2019-{month}".startswith(waived or "-")
        ]
        left = "\n".join(
            ["branch|form|period", *(f"{c}|meeting|{waived}" for c in codes if waived)]
        )
        town = register(self.SHORT, waivers=left)
        filed = returns("\n".join(["branch | day | kind", *sent]))
        figures = compute(facts(town, "2019-12", filed))
        assert figures.thematic
        assert {line.branch.code: line.state for line in figures.thematic.lines} == states
        asked = {hit.branch for hit in figures.indicator_hits if hit.indicator.code == "H08"}
        assert asked == {code for code, state in states.items() if state == "none"}

    def test_who_owed_one_month_and_held_one_has_it(self) -> None:
        filed = returns("branch | day | kind\nNEW | 2019-12-25 | thematic")
        figures = compute(facts(register(self.SHORT), "2019-12", filed))
        assert figures.thematic
        assert {line.branch.code: line.state for line in figures.thematic.lines}["NEW"] == "held"

    def test_themes_of_the_quarter_say_whether_the_sitting_was_shared(self) -> None:
        topics = """
        branch | day        | topic
        CB1    | 2019-02-04 | Tết tiết kiệm
        CB1    | 2019-10-03 | Học tập Bác
        CB1    | 2019-11-03 | Giảm nghèo
        """
        themes = thematic(self.SENT, topics)["CB1"].themes
        assert [(t.held_on, t.topic, t.with_regular) for t in themes] == [
            (date(2019, 10, 3), "Học tập Bác", True),
            (date(2019, 11, 3), "Giảm nghèo", True),
        ]
        separate = "branch | day | topic\nCB1 | 2019-11-05 | Riêng"
        alone = thematic("branch | day | kind\nCB1 | 2019-11-05 | thematic", separate)["CB1"]
        assert [theme.with_regular for theme in alone.themes] == [False]


class TestActivities:
    def _lines(self, period: str) -> dict[str, ActivityLine]:
        sent = returns("branch | day\nCB1 | 2019-10\nCB1 | 2019-11\nCB2 | 2019-11")
        done = [
            ("2019-10-02", "training", 2),
            ("2019-11-05", "training", None),
            ("2019-11-06", "inspection", 3),
        ]
        filed = [
            replace(entry, rows=tuple(
                row("activities", 70, {"held_on": date.fromisoformat(day), "kind": kind,
                                       "content": "việc", "participants": people})
                for day, kind, people in done
                if (entry.entry.branch, entry.entry.period) == ("CB1", day[:7])
            ))
            for entry in sent
        ]  # fmt: skip
        activities = of(filed, period).activities
        assert activities
        assert activities.kinds == ("training", "inspection", "supervision")
        return {line.branch.code: line for line in activities.lines}

    @pytest.mark.parametrize(("period", "training"), [
        ("2019-10", (1, 1)), ("2019-11", (1, 2)), ("2019-Q4", (2, 2)),
    ])  # fmt: skip
    def test_in_the_period_and_in_the_year(self, period: str, training: tuple[int, int]) -> None:
        activity_line = self._lines(period)["CB1"]
        assert activity_line.counts["training"] == training
        assert activity_line.people["training"] == 2

    def test_who_had_none_has_a_line_of_noughts(self) -> None:
        other = self._lines("2019-11")["CB2"]
        assert set(other.counts.values()) == {(0, 0)}
        assert other.activities == ()
