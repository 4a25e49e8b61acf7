"""Members, thematic meetings and activities of the branches, worked by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from builders.figure_inputs import facts, register, returns, row, shipped, table
from hypothesis import given
from hypothesis import strategies as st

from mlay_batch.core.period import Period
from mlay_batch.figures import compute
from mlay_batch.figures.branch_records import (
    ActivityLine,
    MemberMovement,
    MovementLine,
    ThematicLine,
)
from mlay_batch.figures.movement import movement_fields
from mlay_batch.figures.report_records import Figures
from mlay_batch.model.office_rules import OfficeRules, QuotaRule, in_force
from mlay_batch.model.records import AcceptedReturn
from mlay_batch.model.register import Register
from mlay_batch.schema import load_catalogue

TOWN = """
code | name     | type        | parent | founded    | ended      | successor
TX   | Thị ủy   | office      |        |            |            |
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
        assert not any(m.missing for m in moves.values() if m)
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


MERGED = """
code | type        | parent | founded    | ended      | successor
TX   | office      |        |            |            |
CB1  | cell_direct | TX     |            |            |
CB2  | cell_direct | TX     |            | {ended}    | {into}
CB3  | cell_direct | TX     |            | {ended}    | {into}
CB4  | cell_direct | TX     | {founded}  |            |
"""


def merged_moves(
    text: str, ended: str, into: str, period: str, founded: str = ""
) -> dict[str, tuple[int, int, int]]:
    """Return A, S and D by cell, of the block of the period; of a month's cards, closed or not."""
    town = register(MERGED.format(ended=ended, into=into, founded=founded))
    filed = [card(**line) for line in table(text)]
    movement = compute(facts(town, period, filed)).movement
    assert movement
    moves = {line.branch.code: line.in_period for line in movement.lines}
    return {code: (m.opening, m.merged, m.closing) for code, m in moves.items() if m}


class TestMergers:
    """Members of a merged cell pass to its successor: + there, − here, 0 in the whole office."""

    JULY = """
    branch | month   | opening | closing
    CB1    | 2019-07 | 20      | 20
    CB2    | 2019-07 | 9       | 9
    CB3    | 2019-07 | 7       | 7
    """

    def test_a_new_cell_opens_at_0_and_takes_over(self) -> None:
        """9 + 7 = 16 pass on 1 August: the office has 36 at the start, not 36 + 16."""
        text = self.JULY + "CB1 | 2019-08 | 20 | 20\nCB4 | 2019-08 | 16 | 16"
        moves = merged_moves(text, "2019-08-01", "CB4", "2019-Q3", founded="2019-08-01")
        assert moves == {"CB1": (20, 0, 20), "CB2": (9, -9, 0), "CB3": (7, -7, 0),
                         "CB4": (0, 16, 16)}  # fmt: skip

    def test_the_month_of_a_merger_tells_of_it_as_the_year_does(self) -> None:
        """CB2 and CB3 send no return of August: what they had in July passes on in August."""
        text = self.JULY + "CB1 | 2019-08 | 20 | 20\nCB4 | 2019-08 | 16 | 16"
        moves = merged_moves(text, "2019-08-01", "CB4", "2019-08", founded="2019-08-01")
        assert moves == {"CB1": (20, 0, 20), "CB2": (9, -9, 0), "CB3": (7, -7, 0),
                         "CB4": (0, 16, 16)}  # fmt: skip

    def test_a_merger_before_the_period_is_none_of_its_moves(self) -> None:
        text = self.JULY + "CB4 | 2019-08 | 16 | 16\nCB4 | 2019-09 | 16 | 16"
        moves = merged_moves(text, "2019-08-01", "CB4", "2019-09", founded="2019-08-01")
        assert moves == {"CB4": (16, 0, 16)}

    def test_on_the_15th_into_a_cell_that_stays(self) -> None:
        """CB2 reports until the 14th: one admitted, 10 pass. CB3 sends nothing more: its 7 of July.

        CB1 opens August with 20 + 10 + 7 = 37, in the quarter and in August alone.
        """
        august = "CB2 | 2019-08 | 9 | 10 | 1\nCB1 | 2019-08 | 37 | 37 |"
        text = self.JULY.replace("closing", "closing | admitted") + august
        quarter = merged_moves(text, "2019-08-15", "CB1", "2019-Q3")
        assert quarter == {"CB1": (20, 17, 37), "CB2": (9, -10, 0), "CB3": (7, -7, 0)}
        month = merged_moves(text, "2019-08-15", "CB1", "2019-08")
        assert month == {"CB1": (20, 17, 37), "CB2": (9, -10, 0), "CB3": (7, -7, 0)}
        # As moved in, and not in the opening: 20 were there all the same.
        text = text.replace("| 37 | 37 |", "| 20 | 37 |")
        assert merged_moves(text, "2019-08-15", "CB1", "2019-08")["CB1"] == (20, 17, 37)

    def test_on_the_15th_into_a_new_cell(self) -> None:
        august = "CB2 | 2019-08 | 9 | 10 | 1\nCB1 | 2019-08 | 20 | 20 |\nCB4 | 2019-08 | 17 | 17 |"
        text = self.JULY.replace("closing", "closing | admitted") + august
        moves = merged_moves(text, "2019-08-15", "CB4", "2019-Q3", founded="2019-08-15")
        assert moves == {"CB1": (20, 0, 20), "CB2": (9, -10, 0), "CB3": (7, -7, 0),
                         "CB4": (0, 17, 17)}  # fmt: skip

    def test_on_new_years_day_the_year_begins_with_the_merged_cell(self) -> None:
        text = """
        branch | month   | opening | closing
        CB1    | 2018-12 | 20      | 20
        CB2    | 2018-12 | 9       | 9
        CB3    | 2018-12 | 7       | 7
        CB1    | 2019-01 | 36      | 36
        """
        assert merged_moves(text, "2019-01-01", "CB1", "2019-01") == {"CB1": (36, 0, 36)}

    @pytest.mark.parametrize("told", [15, 18])
    def test_a_new_cell_that_opens_with_another_number_does_not_close(self, told: int) -> None:
        """16 were handed over: A is 0 whatever is told, so that 0 + 16 is not 15, nor 18."""
        text = self.JULY + f"CB4 | 2019-08 | {told} | {told}"
        moves = merged_moves(text, "2019-08-01", "CB4", "2019-Q3", founded="2019-08-01")
        assert moves["CB4"] == (0, 16, told)

    def test_without_the_last_return_it_is_open_how_many_passed(self) -> None:
        filed = [
            card("CB2", "2019-06", 14, 14),
            card("CB3", "2019-06", 9, 9),
            card("CB2", "2019-07", 14, 14),
            card("CB2", "2019-08", 22, 22),
        ]
        moves = {code: line(filed, code, "2019-08").in_year for code in ("CB2", "CB3")}
        july = ("CB3", Period(2019, 7))
        assert [m.missing for m in moves.values() if m] == [(july,), (july,)]
        assert [(m.opening, m.merged, m.closing) for m in moves.values() if m] == [
            (14, 9, 22),
            (9, -9, 0),
        ]

    def test_without_the_successors_return_it_is_open_who_took_them_over(self) -> None:
        filed = [card("CB2", "2019-07", 14, 14), card("CB3", "2019-07", 9, 9)]
        ended = line(filed, "CB3", "2019-08").in_year
        assert ended and (ended.merged, ended.missing) == (-9, (("CB2", Period(2019, 8)),))
        stays = line(filed, "CB2", "2019-08").in_year
        assert stays and (stays.merged, stays.closing) == (0, 14)

    def test_a_dissolved_cell_leaves_nobody_behind(self) -> None:
        """CB2 and CB3 end on 1 August without a successor: 9 and 7 are gone, in August, not July.

        CB1 takes in the 9 and says so: 29 at the end, not 29 + 9 + 7.
        """
        text = self.JULY.replace("closing", "closing | moved_in")
        text += "CB1 | 2019-08 | 20 | 29 | 9"
        august = {"CB1": (20, 0, 29), "CB2": (9, -9, 0), "CB3": (7, -7, 0)}
        for period in ("2019-08", "2019-Q3"):
            assert merged_moves(text, "2019-08-01", "", period) == august
        assert merged_moves(text, "2019-08-01", "", "2019-07")["CB2"] == (9, 0, 9)

    def test_a_cell_founded_without_forerunners_opens_the_year_with_nobody(self) -> None:
        """CB4 was founded on 10 October with 6; CB1 moved 6 out. By November the town has 20."""
        filed = [
            card("CB1", "2019-09", 20, 20),
            card("CB1", "2019-10", 20, 14, moved_out=6),
            card("CB4", "2019-10", 6, 6),
            card("CB1", "2019-11", 14, 14),
            card("CB4", "2019-11", 6, 6),
        ]
        for period, block in (("2019-10", "in_period"), ("2019-11", "in_year")):
            moved = getattr(line(filed, "CB4", period), block)
            assert (moved.opening, moved.founded_with, moved.merged, moved.closing) == (0, 6, 6, 6)
        november = line(filed, "CB4").in_period
        assert november and (november.opening, november.merged, november.closing) == (6, 0, 6)

    def test_months_that_the_ends_of_a_span_wait_for(self) -> None:
        """CB1 sent February and March: January is out for the year, April to June for the half.

        CB4 was founded on 10 October and sent November: October is out, none before.
        """
        filed = [card("CB1", "2019-02", 7, 10, moved_in=3), card("CB1", "2019-03", 10, 10)]
        assert line(filed, "CB1", "2019-03").open_months == (Period(2019, 1),)
        half = [Period(2019, month) for month in (1, 4, 5, 6)]
        assert list(line(filed, "CB1", "2019-H1").open_months) == half
        filed = [card("CB4", "2019-11", 6, 6)]
        assert line(filed, "CB4").open_months == (Period(2019, 10),)

    def test_a_chain_passes_everything_on(self) -> None:
        """A (9) into B (14) in March: 23; B into C (20) on 15 July: 43."""
        town = register("""
        code | type        | parent | ended      | successor
        TX   | office      |        |            |
        A    | cell_direct | TX     | 2019-03-01 | B
        B    | cell_direct | TX     | 2019-07-15 | C
        C    | cell_direct | TX     |            |
        """)
        filed = [card("A", "2019-02", 9, 9)]
        filed += [card("B", f"2019-0{m}", n, n) for m, n in enumerate((14, 23, 23, 23, 23), 2)]
        filed += [card("C", f"2019-0{m}", n, n) for m, n in enumerate((20,) * 5 + (43,), 2)]
        movement = compute(facts(town, "2019-07", filed)).movement
        assert movement and not any(line.mismatches for line in movement.lines)
        moves = [(m.opening, m.merged, m.closing) for line in movement.lines if (m := line.in_year)]
        assert moves == [(9, -9, 0), (14, 9 - 23, 0), (20, 23, 43)]

    def test_a_cell_merged_on_before_its_next_return_is_passed_over(self) -> None:
        """A (9) into B (14) on 1 March, B into C (20) on the 15th: C opens March with 43."""
        town = register("""
        code | type        | parent | ended      | successor
        TX   | office      |        |            |
        A    | cell_direct | TX     | 2019-03-01 | B
        B    | cell_direct | TX     | 2019-03-15 | C
        C    | cell_direct | TX     |            |
        """)
        filed = [card(code, "2019-02", n, n) for code, n in (("A", 9), ("B", 14), ("C", 20))]
        filed.append(card("C", "2019-03", 43, 43))
        movement = compute(facts(town, "2019-03", filed)).movement
        assert movement and not any(line.mismatches for line in movement.lines)
        moves = [(m.opening, m.merged, m.closing) for line in movement.lines if (m := line.in_year)]
        assert moves == [(9, -9, 0), (14, -14, 0), (20, 23, 43)]

    @given(st.data())
    def test_whatever_merges_nobody_is_lost_or_counted_twice(self, data: st.DataObject) -> None:
        """With all returns in, moves within the office come to 0 and every row closes."""
        town, filed, start, now = _random_year(data)
        for period in ("2019-04", "2019-06", "2019-Q2", "2019-H1"):
            movement = compute(facts(town, period, filed)).movement
            assert movement and not any(line.mismatches for line in movement.lines)
            for blocks in (
                [line.in_period for line in movement.lines if line.in_period],
                [line.in_year for line in movement.lines if line.in_year],
            ):
                assert [_rest(m) for m in blocks] == [0] * len(blocks)
                assert sum(m.merged for m in blocks) == 0
                assert not any(m.missing or m.unreported for m in blocks)
        assert sum(m.opening for m in blocks) == start
        assert sum(m.closing for m in blocks) == now


def _random_year(data: st.DataObject) -> tuple[Register, list[AcceptedReturn], int, int]:
    """Return register and returns of January to June, the members at the start and at the end."""
    members = {f"C{n}": data.draw(st.integers(3, 30)) for n in range(4)}
    founded: dict[str, str] = {}
    ended: dict[str, tuple[str, str]] = {}
    filed, start = [], sum(members.values())
    for number in range(1, 7):
        month = f"2019-{number:02}"
        for day in ("01", "15"):
            if len(members) < 2 or not data.draw(st.booleans()):
                continue
            branch = data.draw(st.sampled_from(sorted(members)))
            is_new = data.draw(st.booleans())
            others = sorted(set(members) - {branch})
            into = f"N{number}{day}" if is_new else data.draw(st.sampled_from(others))
            if is_new:
                founded[into] = f"{month}-{day}"
            ended[branch] = f"{month}-{day}", into
            left = members.pop(branch)
            if day == "15" and data.draw(st.booleans()):
                filed.append(card(branch, month, left, left + 1, admitted=1))
                left += 1
            members[into] = members.get(into, 0) + left
        for code in sorted(members):
            came = data.draw(st.integers(0, 3))
            filed.append(card(code, month, members[code], members[code] + came, moved_in=came))
            members[code] += came
    lines = ["code | type | parent | founded | ended | successor", "TX | office | | | |"]
    for code in ("C0", "C1", "C2", "C3", *founded):
        end, into = ended.get(code, ("", ""))
        lines.append(f"{code} | cell_direct | TX | {founded.get(code, '')} | {end} | {into}")
    return register("\n".join(lines)), filed, start, sum(members.values())


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
            "met",
            "on_course",  # two thirds of a meeting are owed by now
            1,
        )
        assert (lines["CB4"].state, lines["CB4"].open_months) == ("on_course", 3)
        assert lines["CB3"].state == "unrated"

    def test_a_quarter_that_is_past_with_a_return_out_is_behind(self) -> None:
        (line,) = (v for k, v in thematic(self.SENT, period="2019-12").items() if k == "CB2")
        assert (line.due, line.attended, line.open_months, line.state) == (1, 0, 1, "behind")

    def test_a_quarter_all_reported_without_one_has_none(self) -> None:
        sent = self.SENT + "CB2 | 2019-12-03 | regular\n"
        assert thematic(sent, period="2019-12")["CB2"].state == "not_met"
        assert thematic(sent, period="2019-Q4")["CB2"].state == "not_met"

    def test_an_office_may_ask_for_another_number_or_each_month(self) -> None:
        """Two a quarter from October: CB1 held two. One a month: none of December's yet."""
        rules = [QuotaRule("cell", "2019-10", 2, window="quarter")]
        asked = in_force(shipped(), OfficeRules(quotas=tuple(rules)))
        filed = themes(returns(self.SENT), "")
        figures = compute(facts(register(TOWN), "2019-11", filed, catalogue=asked))
        assert figures.thematic
        lines = {line.branch.code: line for line in figures.thematic.lines}
        assert (lines["CB1"].obligation, lines["CB1"].state) == (2, "met")
        assert (lines["CB2"].due, lines["CB2"].state) == (1, "behind")  # 4/3 by November
        rules = [QuotaRule("cell", "2019-11", 1, window="month")]
        asked = in_force(shipped(), OfficeRules(quotas=tuple(rules)))
        figures = compute(facts(register(TOWN), "2019-11", filed, catalogue=asked))
        assert figures.thematic
        states = {line.branch.code: line.state for line in figures.thematic.lines}
        assert (states["CB1"], states["CB2"]) == ("met", "not_met")
        none = in_force(shipped(), OfficeRules(quotas=(QuotaRule("cell", "2019-01", 0),)))
        assert compute(facts(register(TOWN), "2019-11", filed, catalogue=none)).thematic is None

    SHORT = """
    code | type        | parent | founded    | ended
    TX   | office      |        |            |
    NEW  | cell_direct | TX     | 2019-12-20 |
    TWO  | cell_direct | TX     | 2019-11-20 |
    JAN  | cell_direct | TX     |            | 2019-11-01
    ALL  | cell_direct | TX     |            |
    """

    @pytest.mark.parametrize(
        ("waived", "states"),
        [
            ("", {"NEW": "unrated", "TWO": "not_met", "JAN": "unrated", "ALL": "not_met"}),
            ("2019-12", {"NEW": "unrated", "TWO": "unrated", "JAN": "unrated", "ALL": "not_met"}),
            ("2019", dict.fromkeys(("NEW", "TWO", "JAN", "ALL"), "unrated")),
        ],
    )
    def test_who_owed_one_month_of_a_quarter_is_not_asked(
        self, waived: str, states: dict[str, str]
    ) -> None:
        """Founded 20 December, or ended 1 November (October only): a third, rounded to 0."""
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
        assert asked == {code for code, state in states.items() if state == "not_met"}

    def test_who_owed_one_month_and_held_one_has_it(self) -> None:
        filed = returns("branch | day | kind\nNEW | 2019-12-25 | thematic")
        figures = compute(facts(register(self.SHORT), "2019-12", filed))
        assert figures.thematic
        assert {line.branch.code: line.state for line in figures.thematic.lines}["NEW"] == "met"

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
