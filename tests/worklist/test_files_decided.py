"""Files and periods are decided on once, whole, and only as they were offered."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest
from builders.worklist_clerk import PERIODS, SURE, TODO
from builders.worklist_desk import NOVEMBER, Desk, refusals

from mlay_batch.app.closing import reopen
from mlay_batch.app.ingest import ingest
from mlay_batch.app.review import Review, ReviewOutcome, review_file

HELD, NOBODY, OURS = "la.xlsx", "bang gia.xlsx", "viec-can-lam.xlsx"
TAKEN = {"decision": "nhận", "why": "đã gọi"}
CLOSE = {"decision": "chốt kỳ", "sure": SURE}


def codes(desk: Desk, day: str = "2019-12-06") -> list[str]:
    """What came of the decisions of a run."""
    return sorted(each.outcome.code for each in desk.sit(day).results)


def verdict(desk: Desk, number: int) -> tuple[str, str | None]:
    """Verdict of a file, and whose it is."""
    entry = desk.entries()[number - 1]
    return entry.verdict.value, entry.branch or entry.assigned


class TestFiles:
    @pytest.mark.parametrize(
        ("typed", "code", "verdict_after"),
        [
            (TAKEN, "file.accepted", "accepted"),
            ({"decision": "không nhận", "why": "lạ", "sure": SURE}, "file.rejected", "rejected"),
            ({"decision": "để sau"}, "later", "held"),
        ],
    )
    def test_a_held_one(
        self, desk: Desk, typed: dict[str, str], code: str, verdict_after: str
    ) -> None:
        desk.decide(TODO, HELD, **typed)
        assert codes(desk) == [code]
        assert verdict(desk, 3) == (verdict_after, "DB1-2")
        assert codes(desk) == []

    @pytest.mark.parametrize(
        ("typed", "code", "head"),
        [
            ({"decision": "nhận"}, "W02", "Lý do"),
            ({"decision": "nhận", "why": "  "}, "W02", "Lý do"),
            ({"decision": "không nhận", "why": "lạ"}, "W05", "Xác nhận"),
            ({"decision": "nhận", "why": "ok", "assign_to": "CB-01"}, "W04", "Gán cho chi bộ"),
            ({"decision": "gửi", "why": "ok"}, "W01", "Quyết định"),
            ({"decision": "chốt kỳ", "sure": SURE}, "W01", "Quyết định"),
            ({"decision": "nhận ngay", "why": "ok"}, "C10", "Quyết định"),
            ({"why": "đã gọi"}, "W06", "Quyết định"),
            ({"sure": SURE}, "W07", "Quyết định"),
            ({"decision": "nhận", "why": "x" * 301}, "F06", "Lý do"),
        ],
    )
    def test_what_is_incomplete_or_wrong_changes_nothing_and_stays(
        self, desk: Desk, typed: dict[str, str], code: str, head: str
    ) -> None:
        desk.decide(TODO, HELD, **typed)
        cell = desk.row(TODO, HELD)[head].coordinate
        for _ in range(2):
            result = desk.sit()
            assert (code, OURS, f"{TODO}!{cell}") in refusals(result)
            assert (result.results, result.is_clean) == ((), False)
            assert (desk.rulings(), desk.decisions()) == ([], ())
            row = desk.row(TODO, HELD)
            assert f"ô {cell}" in row["Kết quả lần trước"].value
            if code == "C10":  # no decision at all: its text stands in the result
                assert "“nhận ngay”" in row["Kết quả lần trước"].value
                break
            for name, value in typed.items():
                head_of = {"decision": "Quyết định", "why": "Lý do", "sure": "Xác nhận"}
                assert str(row[head_of.get(name, "Gán cho chi bộ")].value).startswith(value.strip())

    @pytest.mark.parametrize(
        ("typed", "code"),
        [
            ({"assign_to": "CB-01"}, None),
            ({}, "W03"),
            ({"assign_to": "CB-77 – Chi bộ lạ"}, "F16"),
        ],
    )
    def test_one_of_nobody(self, desk: Desk, typed: dict[str, str], code: str | None) -> None:
        desk.hand_in_nothing(NOBODY)
        desk.sit()
        desk.decide(TODO, NOBODY, decision="gán cho chi bộ", why="đã hỏi", **typed)
        found = refusals(desk.sit())
        assert {each[0] for each in found} == ({code} if code else set())
        assert verdict(desk, 4) == ("rejected", None if code else "CB-01")
        assert desk.rulings() == ([] if code else [(4, "accept", "hoa")])

    def test_one_that_a_command_decided_on_meanwhile(self, desk: Desk) -> None:
        at = "2019-12-06T08:00:00+07:00"
        review = Review(3, ReviewOutcome.REFUSE, "lan", at, "lạ", NOVEMBER.next().start)
        review_file(desk.town, review, "lan")
        desk.decide(TODO, HELD, **TAKEN)
        assert codes(desk) == ["moved_on"]
        assert verdict(desk, 3) == ("rejected", "DB1-2")
        assert desk.rulings() == [(3, "refuse", "lan")]

    def test_one_is_decided_on_once_whatever_becomes_of_the_list(self, desk: Desk) -> None:
        desk.decide(TODO, HELD, **TAKEN)
        desk.save()
        same = desk.path.read_bytes()
        assert codes(desk) == ["file.accepted"]
        desk.path.write_bytes(same)
        assert codes(desk) == []
        desk.path.write_bytes(same)
        desk.save()  # other bytes
        assert codes(desk) == ["decided"]
        copy = desk.root / "viec-can-lam (2).xlsx"
        copy.write_bytes(same)
        assert codes(desk) == []
        assert not copy.exists()
        assert desk.rulings() == [(3, "accept", "hoa")]

    def test_another_file_may_have_its_number(
        self, desk: Desk, first_day: Desk, tmp_path: Path
    ) -> None:
        """As after a backup was restored: the list is about a file that is not there."""
        other = Desk.of(tmp_path / "other")
        other.hand_in("DB1-1")
        other.hand_in("CB-01", present=11)
        other.send_in("y@else.example", "CB-01", "khac", score=70)
        other.sit()
        assert [e.verdict for e in other.entries()] == [e.verdict for e in desk.entries()]
        desk.decide(TODO, HELD, **TAKEN)
        desk.save(other.path)
        assert codes(other) == ["moved_on"]
        assert other.rulings() == []


class TestPeriods:
    def test_is_closed_with_something_missing_for_a_reason_only(self, desk: Desk) -> None:
        desk.decide(PERIODS, "Tháng 11", **CLOSE)
        assert codes(desk) == ["incomplete"]
        assert desk.closings() == ()
        assert desk.row(PERIODS, "Tháng 11", heads=["Lý do"])["Quyết định"].value == "chốt kỳ"
        desk.decide(PERIODS, "Tháng 11", why="hai chi bộ giải thể")
        assert codes(desk) == ["closed"]
        assert [(c.period, c.revision, c.closed_by) for c in desk.closings()] == [
            (NOVEMBER, 1, "hoa")
        ]

    @pytest.mark.parametrize(
        ("words", "typed", "code", "head"),
        [
            ("Tháng 11", {"decision": "chốt kỳ", "why": "thiếu"}, "W25", "Xác nhận"),
            ("Tháng 11", {"decision": "mở lại", "why": "sửa"}, "W21", "Quyết định"),
            ("Tháng 12 năm 2019", CLOSE, "W21", "Quyết định"),  # it is not over
            ("Tháng 11", {"why": "thiếu"}, "W26", "Quyết định"),
        ],
    )
    def test_what_is_incomplete_or_wrong_changes_nothing(
        self, desk: Desk, words: str, typed: dict[str, str], code: str, head: str
    ) -> None:
        desk.decide(PERIODS, words, **typed)
        cell = desk.row(PERIODS, words, heads=[head])[head].coordinate
        assert (code, OURS, f"{PERIODS}!{cell}") in refusals(desk.sit())
        assert desk.closings() == ()

    def test_is_reopened_for_a_reason_once_for_a_closing(self, desk: Desk) -> None:
        desk.decide(PERIODS, "Tháng 11", why="thiếu", **CLOSE)
        desk.sit()
        cell = desk.decide(PERIODS, "Tháng 11", decision="mở lại")
        found = refusals(desk.sit())
        assert {(code, place[0]) for code, _, place in found} == {("W22", PERIODS[0])}
        desk.decide(PERIODS, "Tháng 11", why="sửa điểm")
        desk.save()
        stale = desk.path.read_bytes()
        assert codes(desk) == ["reopened"]
        desk.decide(PERIODS, "Tháng 11", why="thiếu", **CLOSE)
        assert codes(desk) == ["closed"]
        desk.path.write_bytes(stale)
        desk.save()
        assert codes(desk) == ["decided"]
        assert [c.reopened is None for c in desk.closings()] == [False, True]
        assert cell

    def test_a_late_file_reopens_the_closing_it_was_held_for(self, desk: Desk) -> None:
        """Of a later closing nobody has said that it is to be reopened."""
        desk.decide(PERIODS, "Tháng 11", why="thiếu", **CLOSE)
        desk.sit()
        desk.hand_in("DB1-1", "muộn.xlsx", score=70)
        desk.sit("2019-12-07")
        desk.decide(TODO, "muộn.xlsx", decision="mở lại", why="sửa điểm")
        desk.save()
        stale = desk.path.read_bytes()
        assert codes(desk, "2019-12-08") == ["reopened"]
        desk.decide(PERIODS, "Tháng 11", why="thiếu", **CLOSE)
        assert codes(desk, "2019-12-09") == ["closed"]
        desk.path.write_bytes(stale)
        desk.save()
        assert codes(desk, "2019-12-10") == ["decided"]
        assert [c.reopened is None for c in desk.closings()] == [False, True]

    def test_reopened_by_a_command_it_is_not_closed_by_an_old_list(self, desk: Desk) -> None:
        stale = desk.path.read_bytes()
        desk.decide(PERIODS, "Tháng 11", why="thiếu", **CLOSE)
        desk.sit()
        day = NOVEMBER.next().start
        reopen(desk.town, NOVEMBER, as_of=day, who="lan", why="sửa", holder="lan")
        desk.path.write_bytes(stale)
        desk.decide(PERIODS, "Tháng 11", why="thiếu", **CLOSE)
        assert codes(desk) == ["decided"]
        assert len(desk.closings()) == 1

    def test_a_workbook_open_in_excel_is_closed_later(self, desk: Desk) -> None:
        """All else in the list is done."""
        folder = desk.root / "reports" / "2019-11"
        lock = folder / "~$tong-hop-2019-11.xlsx"
        desk.hand_in("DB1-1", "sửa.xlsx", score=70)
        take_in(desk)
        lock.touch()
        desk.decide(PERIODS, "Tháng 11", why="thiếu", **CLOSE)
        desk.decide(TODO, HELD, **TAKEN)
        assert codes(desk) == ["error.files.busy", "file.accepted"]
        row = desk.row(PERIODS, "Tháng 11", heads=["Quyết định"])
        assert lock.name in row["Kết quả lần trước"].value
        lock.unlink()
        assert codes(desk) == ["closed"]


def take_in(desk: Desk) -> None:
    """By the command, so that the list is older than the state."""
    at = "2019-12-06T08:00:00+07:00"
    ingest(desk.town, as_of=NOVEMBER.next().start, received=at, who="lan", holder="lan")


class TestPeriodAtWork:
    """Chosen in the row of a period; the list says which it is."""

    AT_WORK = "Kỳ đang làm"
    CHOOSE: ClassVar = {"decision": "làm kỳ này"}

    def at_work(self, desk: Desk) -> tuple[str, str | None]:
        row = desk.row(PERIODS, heads=[self.AT_WORK])
        return row[self.AT_WORK].value, row["Theo lựa chọn"].value

    def test_is_the_one_chosen_until_another_is(self, desk: Desk) -> None:
        desk.decide(PERIODS, "Tháng 10 năm 2019", **self.CHOOSE)
        for _ in range(2):
            result = desk.sit()
            assert self.at_work(desk) == ("Tháng 10 năm 2019", "có")
            assert result.consolidation
            assert result.consolidation.path.parent.name == "2019-10"
        assert desk.row(TODO, "theo lựa chọn")
        desk.decide(PERIODS, "Tháng 11 năm 2019", **self.CHOOSE)
        desk.sit()
        assert self.at_work(desk) == ("Tháng 11 năm 2019", None)

    def test_is_no_decision_on_the_period_itself(self, desk: Desk) -> None:
        desk.decide(PERIODS, "Tháng 10 năm 2019", **self.CHOOSE)
        assert codes(desk) == ["working"]
        desk.decide(PERIODS, "Tháng 10 năm 2019", why="không ai họp", **CLOSE)
        assert codes(desk) == ["closed"]

    def test_its_letters_go_by_that_list_also_when_another_is_chosen(self, desk: Desk) -> None:
        desk.decide(PERIODS, "Tháng 9 năm 2019", **self.CHOOSE)
        desk.sit()
        desk.decide(PERIODS, "Tháng 11 năm 2019", **self.CHOOSE)
        desk.decide("Thư", "tháng 9 năm 2019", "(DB-1)", decision="gửi")
        assert sorted(codes(desk)) == ["sent", "working"]
        assert "tháng 9 năm 2019" in desk.host.mails[0]["Subject"]

    def test_is_chosen_once_also_by_a_list_that_stays(self, desk: Desk) -> None:
        lan = desk.colleague("lan", "viec-can-lam (Lan).xlsx")
        lan.decide(PERIODS, "Tháng 9 năm 2019", **self.CHOOSE)
        lan.save()
        hers = lan.path.read_bytes()
        desk.sit()
        assert self.at_work(desk) == ("Tháng 9 năm 2019", "có")
        desk.decide(PERIODS, "Tháng 10 năm 2019", **self.CHOOSE)
        desk.sit()
        lan.path.write_bytes(hers)
        desk.sit()
        assert self.at_work(desk) == ("Tháng 10 năm 2019", "có")
