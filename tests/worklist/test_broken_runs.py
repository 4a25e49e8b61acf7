"""What stops a run leaves yesterday's list; what does not is a matter, and all else is done."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from builders.worklist_clerk import LETTERS, TODO
from builders.worklist_desk import Desk

from mlay_batch.app.month import MonthResult
from mlay_batch.app.worklist.records import Matter
from mlay_batch.ledger import lock

HELD, TAKEN = "la.xlsx", {"decision": "nhận", "why": "đã gọi"}
LEFT = "Danh sách việc của lần trước giữ nguyên."


def of_kind(result: MonthResult, *kinds: str) -> list[Matter]:
    return [matter for matter in result.matters if matter.kind in kinds]


class TestStopped:
    @pytest.mark.parametrize(
        "spoil",
        [
            lambda path: path.write_bytes(b""),
            lambda path: path.write_bytes(b"PK" * 99),
            lambda path: path.write_bytes(path.read_bytes()[:9000]),
            lambda path: path.unlink(),
        ],
    )
    def test_by_a_damaged_ledger(
        self, desk: Desk, spoil: Callable[[Path], object], capsys: pytest.CaptureFixture[str]
    ) -> None:
        desk.decide(TODO, HELD, **TAKEN)
        desk.save()
        before = desk.path.read_bytes()
        spoil(desk.town.workspace.ledger)
        assert desk.run() == 3
        printed = capsys.readouterr()
        (line,) = printed.err.splitlines()
        assert "ledger.sqlite" in line
        assert line.endswith(LEFT)
        assert printed.out == ""
        assert desk.path.read_bytes() == before

    def test_by_another_run(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        desk.decide(TODO, HELD, **TAKEN)
        desk.save()
        before = desk.path.read_bytes()
        with lock(desk.root, "lan@máy 2"):
            assert desk.run() == 3
        (line,) = capsys.readouterr().err.splitlines()
        assert "lan@máy 2" in line
        assert line.endswith(LEFT)
        assert desk.path.read_bytes() == before
        assert desk.run() == 0
        assert desk.rulings() == [(3, "accept", "hoa")]


class TestGoesOn:
    def test_without_the_mailbox(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MLAY_IMAP_PASSWORD", "x")
        with (desk.root / "mlay.toml").open("a", encoding="utf-8") as file:
            file.write('\n[imap]\nhost = "127.0.0.1"\nport = 9\nuser = "vp"\n')
        desk = desk.reopened()
        desk.hand_in("DB1-2", "mới.xlsx", score=70)
        desk.decide(LETTERS, "Đề nghị sửa", decision="gửi")
        result = desk.sit()
        (matter,) = of_kind(result, "trouble")
        assert matter.values["branch"] == "Hộp thư"
        assert "127.0.0.1" in matter.values["what"]
        assert desk.host.to == [("cb01@town.example",)]
        assert len(desk.entries()) == 4
        assert result.consolidation

    def test_without_the_workbook(self, desk: Desk) -> None:
        held = desk.root / "reports" / "2019-11" / ".~lock.tong-hop-2019-11.xlsx#"
        held.touch()
        desk.hand_in("DB1-2", "mới.xlsx", score=70)
        desk.decide(LETTERS, "Đề nghị sửa", decision="gửi")
        result = desk.sit()
        (matter,) = of_kind(result, "trouble")
        assert matter.values["branch"] == "Bảng tổng hợp"
        assert held.name in matter.values["what"]
        assert desk.host.to == [("cb01@town.example",)]
        assert (len(desk.entries()), result.consolidation) == (4, None)
        held.unlink()
        result = desk.sit()
        assert of_kind(result, "trouble") == []
        assert result.consolidation


class TestDefects:
    REPAIR = "sửa giúp"

    @pytest.fixture
    def spoilt(self, desk: Desk) -> Desk:
        """An original is altered that the inbox has still, a part of a file lies about."""
        self.alter(desk, 2)
        (desk.root / "reports" / ".mlay-123456.tmp").write_bytes(b"x")
        return desk

    @staticmethod
    def alter(desk: Desk, number: int) -> Path:
        sha256 = desk.entries()[number - 1].sha256
        path = desk.town.workspace.archive / sha256[:2] / sha256
        path.write_bytes(b"altered")
        return path

    def test_are_matters_and_one_word_puts_them_right(self, spoilt: Desk) -> None:
        result = spoilt.sit()
        assert len(of_kind(result, "repairable")) == 2
        assert spoilt.defects() == {"altered"}
        spoilt.decide(TODO, "bị sửa hoặc hỏng", decision=self.REPAIR)
        result = spoilt.sit()
        assert [each.outcome.params for each in result.results] == [{"count": 2}]
        assert of_kind(result, "repairable", "defect") == []
        assert spoilt.defects() == set()

    def test_nobody_repairs_what_he_was_not_shown(self, desk: Desk) -> None:
        leftover = desk.root / "reports" / ".mlay-123456.tmp"
        leftover.write_bytes(b"x")
        desk.sit()
        desk.decide(TODO, "ghi dở", decision=self.REPAIR)
        desk.save()
        stale = desk.path.read_bytes()
        desk.sit()
        assert not leftover.exists()
        path = self.alter(desk, 2)
        for spoil in (desk.save, lambda: None):  # other bytes, and the same
            desk.path.write_bytes(stale)
            spoil()
            desk.sit()
            assert path.read_bytes() == b"altered"

    @pytest.mark.parametrize("number", [1, 3])
    def test_an_original_that_the_run_needs_is_put_right_first(
        self, desk: Desk, number: int
    ) -> None:
        """That of a letter owed, of a file to decide on: nothing can be done without."""
        path = self.alter(desk, number)
        desk.decide(TODO, HELD, **TAKEN)
        result = desk.sit()
        assert (result.is_clean, result.ingested) == (False, None)
        (matter,) = of_kind(result, "repairable")
        assert path.name in matter.values["what"]
        assert desk.row(TODO, HELD)["Quyết định"].value == "nhận"
        desk.decide(TODO, path.name, decision=self.REPAIR)
        result = desk.sit()
        assert of_kind(result, "repairable") == []
        assert desk.rulings() == [(3, "accept", "hoa")]
        assert desk.defects() == set()

    def test_one_that_cannot_be_put_right_is_shown_as_well(self, desk: Desk) -> None:
        path = self.alter(desk, 3)
        for inbox_file in desk.town.workspace.inbox.rglob("*.eml"):
            inbox_file.unlink()
        for copy in (desk.root / "outbox" / "viec-can-lam").rglob("*.xlsx"):
            copy.unlink()
        (matter,) = of_kind(desk.sit(), "defect")
        assert path.name in matter.values["what"]

    def test_a_ledger_put_back_from_yesterday(self, desk: Desk) -> None:
        """The list is about what it does not know: nothing of it is done."""
        before = desk.town.workspace.ledger.read_bytes()
        desk.hand_in("DB1-2", "mới.xlsx", score=70)
        desk.sit()
        desk.decide(LETTERS, "Na Nát", decision="gửi")
        desk.save()
        desk.town.workspace.ledger.write_bytes(before)
        (desk.town.workspace.inbox / "mới.xlsx").unlink()
        result = desk.sit()
        assert [each.outcome.code for each in result.results] == ["moved_on"]
        assert desk.host.mails == []
        assert any("bản cũ" in str(m.values["what"]) for m in of_kind(result, "repairable"))


class TestBrokenOff:
    def begun(self, desk: Desk) -> None:
        """As a run leaves it that was killed after it had applied the decisions."""
        with closing(sqlite3.connect(desk.town.workspace.ledger)) as db:
            db.execute("UPDATE worklist_decision SET outcome = 'begun', code = ''")
            db.commit()

    @pytest.mark.parametrize("is_saved_again", [False, True])
    def test_what_it_did_is_known(self, desk: Desk, is_saved_again: bool) -> None:
        """Also where somebody saved the list once more: it has other bytes."""
        desk.decide(TODO, HELD, **TAKEN)
        desk.decide(LETTERS, "Đề nghị sửa", decision="gửi")
        desk.save()
        yesterday = desk.path.read_bytes()
        desk.sit()
        self.begun(desk)
        desk.path.write_bytes(yesterday)
        if is_saved_again:
            desk.decide(TODO, "Chưa gửi mẫu báo cáo", decision="để sau")
        codes = sorted(each.outcome.code for each in desk.sit().results)
        assert codes == ["broken_off", "broken_off", *(["later"] if is_saved_again else [])]
        assert desk.rulings() == [(3, "accept", "hoa")]
        assert len(desk.host.mails) == 1
        assert desk.sit().results == ()

    def test_what_failed_is_tried_again_from_the_same_list(self, desk: Desk) -> None:
        """The run broke off after that, before it wrote the list that would say so."""
        desk.host.refused = {"cb01@town.example"}
        desk.decide(LETTERS, "Đề nghị sửa", decision="gửi")
        desk.save()
        yesterday = desk.path.read_bytes()
        desk.sit()
        desk.path.write_bytes(yesterday)
        desk.sit()
        row = desk.row(LETTERS, "Đề nghị sửa", heads=["Quyết định"])
        assert row["Quyết định"].value == "gửi"
        desk.path.write_bytes(yesterday)
        desk.host.refused.clear()
        desk.sit()
        assert desk.host.to == [("cb01@town.example",)]
