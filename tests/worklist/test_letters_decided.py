"""Letters go as decided: once, no more than ten without a second word, and what fails is said."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
from builders.sample_office import REGISTER, fill_in_register
from builders.worklist_clerk import LETTERS, TODO
from builders.worklist_desk import Desk, Host, quick_reports, refusals
from openpyxl import load_workbook

from mlay_batch.errors import MlayError
from mlay_batch.ledger import MailState

REFUSED, RETURNED, RECEIPT = "chưa báo nơi gửi", "Đề nghị sửa", "Đã nhận"
ALL, FORMS = "Tất cả", "Chưa gửi mẫu báo cáo"
SCHOOL, VILLAGE = ("cb01@town.example",), ("hocang@town.example",)


def codes(desk: Desk) -> list[str]:
    """What came of the decisions of a run."""
    return sorted(each.outcome.code for each in desk.sit().results)


def decision(desk: Desk, sheet: str, *words: str) -> object:
    return desk.row(sheet, *words, heads=["Quyết định"])["Quyết định"].value


def with_no_address(desk: Desk) -> None:
    """The school has no address any more; the list is written anew."""
    addresses = [entry for entry in REGISTER["addresses"] if entry["branch"] != "CB-01"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(REGISTER, "addresses", addresses)
        fill_in_register(desk.town.workspace)
    desk.sit()


def outcome(desk: Desk, sheet: str, *words: str) -> str:
    return str(desk.row(sheet, *words, heads=["Quyết định"])["Kết quả lần trước"].value)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A town of twelve cells with an address each, which have all to be reminded."""
    cells = [f"CB-{number:02}" for number in range(1, 13)]
    organisations = [
        {"code": code, "name": f"Chi bộ {code}", "type": "cell_direct", "parent": "TU"}
        for code in cells
    ]
    with pytest.MonkeyPatch.context() as patch:
        addresses = [{"branch": code, "mail": f"{code}@town.example"} for code in cells]
        patch.setitem(REGISTER, "organisations", [REGISTER["organisations"][0], *organisations])
        patch.setitem(REGISTER, "addresses", addresses)
        patch.setitem(REGISTER, "assignments", [])
        patch.setitem(REGISTER, "officers", [{"code": "TU-1", "name": "Lê Thị Bình"}])
        desk = Desk.of(tmp_path_factory.mktemp("many") / "town")
    desk.sit()
    return desk


@pytest.fixture
def town(many: Desk, tmp_path: Path) -> Desk:
    return many.moved_to(tmp_path / "town")


class TestMoreThanTen:
    def test_all_need_a_second_word(self, town: Desk) -> None:
        town.decide(LETTERS, ALL, decision="gửi")
        found = refusals(town.sit())
        assert {code for code, *_ in found} == {"E02"}
        assert len(found) == 1  # the cell in which it was typed
        assert (town.host.mails, town.letters()) == ([], ())
        assert decision(town, LETTERS, ALL) == "gửi"
        assert "Quyết định này cho 12 thư một lần." in outcome(town, LETTERS, "(CB-07)")
        town.decide(LETTERS, ALL, sure=True)
        assert codes(town) == ["sent"] * 12
        assert len(set(town.host.to)) == len(town.host.to) == 12

    @pytest.mark.parametrize(("count", "sent"), [(10, 10), (11, 0)])
    def test_ten_do_not(self, town: Desk, count: int, sent: int) -> None:
        for number in range(1, count + 1):
            town.decide(LETTERS, f"(CB-{number:02})", decision="gửi")
        town.sit()
        assert len(town.host.mails) == sent

    def test_the_word_stands_in_the_row(self, town: Desk) -> None:
        for number in range(1, 13):
            town.decide(TODO, f"(CB-{number:02})", decision="nhắc", sure=number < 12)
        cell = town.row(TODO, "(CB-12)")["Quyết định"].coordinate
        assert refusals(town.sit()) == {("E02", "viec-can-lam.xlsx", f"{TODO}!{cell}")}
        assert len(town.host.mails) == 11

    def test_however_they_are_spread(self, town: Desk) -> None:
        """Over two lists, and over reminders and blank forms."""
        lan = town.colleague("lan", "viec-can-lam (Lan).xlsx")
        for number in range(1, 7):
            town.decide(LETTERS, f"(CB-{number:02})", decision="gửi")
            lan.decide(LETTERS, f"(CB-{number + 6:02})", decision="gửi")
        lan.save()
        assert {code for code, *_ in refusals(town.sit())} == {"E02"}
        assert town.host.mails == []
        for number in range(1, 13):
            town.typed += [
                (LETTERS, town.row(LETTERS, f"(CB-{number:02})")[head].coordinate, None)
                for head in ("Quyết định", "Xác nhận")
            ]
        town.decide(TODO, FORMS, decision="gửi")
        town.decide(TODO, "(CB-01)", decision="nhắc")
        assert {code for code, *_ in refusals(town.sit())} == {"E02"}
        assert town.host.mails == []

    def test_drafts_need_none(self, town: Desk) -> None:
        town.host = None
        town.decide(LETTERS, ALL, decision="gửi")
        assert codes(town) == ["drafted"] * 12

    def test_to_say_that_they_were_handed_over_needs_one(self, town: Desk) -> None:
        town.decide(LETTERS, ALL, decision="đã chuyển tay")
        assert codes(town) == ["finding.E02"] * 12
        town.decide(LETTERS, ALL, decision="đã chuyển tay", sure=True)
        assert codes(town) == ["handed"] * 12
        assert town.host.mails == []


class TestRowForAll:
    def test_a_row_of_its_own_comes_first(self, desk: Desk) -> None:
        desk.decide(LETTERS, ALL, decision="gửi")
        desk.decide(LETTERS, RETURNED, decision="để sau")
        assert codes(desk) == ["later", "sent"]
        assert desk.host.to == [VILLAGE]

    def test_what_failed_stands_in_its_own_row_and_no_new_letter_goes(self, desk: Desk) -> None:
        """Who decided on all has not seen those that were written since."""
        desk.host.refused = {*SCHOOL}
        desk.decide(LETTERS, ALL, decision="gửi")
        desk.hand_in("DB1-2", "mới.xlsx", score=70)
        assert codes(desk) == ["failed", "sent"]
        assert decision(desk, LETTERS, ALL) is None
        assert decision(desk, LETTERS, RETURNED) == "gửi"
        assert decision(desk, LETTERS, "Na Nát") is None
        desk.host.refused.clear()
        assert codes(desk) == ["sent"]
        assert desk.host.to == [VILLAGE, SCHOOL]

    def test_one_without_an_address_is_not_sent(self, desk: Desk) -> None:
        with_no_address(desk)
        desk.decide(LETTERS, ALL, decision="gửi")
        desk.sit()
        assert (desk.host.to, len(desk.letters())) == ([VILLAGE], 1)
        cell = desk.decide(LETTERS, RETURNED, decision="gửi")
        assert refusals(desk.sit()) == {("W11", "viec-can-lam.xlsx", f"{LETTERS}!{cell}")}
        assert decision(desk, LETTERS, RETURNED) == "gửi"
        desk.decide(LETTERS, RETURNED, decision="đã chuyển tay")
        assert codes(desk) == ["handed"]
        assert desk.host.to == [VILLAGE]


def test_handed_over_is_final(desk: Desk) -> None:
    stale = desk.path.read_bytes()
    desk.decide(LETTERS, RETURNED, decision="đã chuyển tay")
    assert codes(desk) == ["handed"]
    desk.path.write_bytes(stale)
    desk.decide(LETTERS, RETURNED, decision="gửi")
    desk.decide(TODO, REFUSED, decision="gửi trả lại")
    assert codes(desk) == ["decided", "moved_on"]
    assert desk.host.mails == []
    (letter,) = desk.letters()
    assert letter.state is MailState.HANDED


class TestDrafts:
    def test_are_written_once_and_sent_once_there_is_a_host(self, desk: Desk) -> None:
        host, desk.host = desk.host, None
        for _ in range(2):
            desk.decide(LETTERS, RETURNED, decision="gửi")
            assert codes(desk) == ["drafted"]
            (path,) = (desk.root / "outbox" / "2019-11" / "mail").glob("*.eml")
        assert outcome(desk, LETTERS, RETURNED).startswith("gửi: Đã lập thư nháp")
        desk.host = host
        desk.decide(LETTERS, RETURNED, decision="gửi")
        assert codes(desk) == ["sent"]
        assert (host.to, path.exists()) == ([SCHOOL], False)

    def test_of_an_older_list_are_not_written_again(self, desk: Desk) -> None:
        desk.host, stale = None, desk.path.read_bytes()
        desk.decide(LETTERS, RETURNED, decision="gửi")
        desk.sit()
        desk.path.write_bytes(stale)
        desk.decide(LETTERS, RETURNED, decision="đã chuyển tay")
        assert codes(desk) == ["decided"]
        (letter,) = desk.letters()
        assert letter.state is MailState.DRAFTED


class TestHost:
    def test_refuses_one(self, desk: Desk) -> None:
        desk.host.refused = {*SCHOOL}
        desk.decide(LETTERS, RETURNED, decision="gửi")
        desk.decide(LETTERS, RECEIPT, decision="gửi")
        assert codes(desk) == ["failed", "sent"]
        assert "550 no such mailbox" in outcome(desk, LETTERS, RETURNED)
        assert decision(desk, LETTERS, RETURNED) == "gửi"
        desk.host.refused.clear()
        assert codes(desk) == ["sent"]
        assert desk.host.to == [VILLAGE, SCHOOL]

    def test_hangs_up(self, desk: Desk) -> None:
        """The letter under way is doubtful; those behind it stay decided."""
        desk.host.breaks_at = 0
        desk.decide(LETTERS, RETURNED, decision="gửi")
        desk.decide(LETTERS, RECEIPT, decision="gửi")
        assert codes(desk) == ["stopped", "stopped"]
        doubtful = {mail.recipients for mail in desk.letters()}
        assert len(doubtful) == 1
        assert [mail.state for mail in desk.letters()] == [MailState.QUEUED]
        desk.host.breaks_at = None
        assert codes(desk) == ["sent"]
        assert doubtful.isdisjoint(desk.host.to)
        desk.decide(TODO, "không rõ thư đã đi chưa", decision="chưa đi")
        assert codes(desk) == ["resolved.unsent"]
        desk.decide(LETTERS, "town.example", decision="gửi")
        assert codes(desk) == ["sent"]
        assert sorted(desk.host.to) == sorted([SCHOOL, VILLAGE])

    def test_cannot_be_reached(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        @contextmanager
        def unreachable(_: Host):
            raise MlayError("smtp.connect", host="mx", problem="Connection refused")
            yield

        desk.decide(LETTERS, RETURNED, decision="gửi")
        desk.decide(TODO, "la.xlsx", decision="nhận", why="đã gọi")
        with monkeypatch.context() as patch:
            patch.setattr("builders.worklist_desk.nullcontext", unreachable)
            assert codes(desk) == ["error.smtp.connect", "file.accepted"]
        assert "Connection refused" in outcome(desk, LETTERS, RETURNED)
        assert decision(desk, LETTERS, RETURNED) == "gửi"
        assert codes(desk) == ["sent"]

    def test_what_breaks_while_it_has_letters_breaks_the_run(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Nobody is told that nothing went; the next run sends the rest."""
        desk.decide(LETTERS, ALL, decision="gửi")
        desk.save()
        before = desk.path.read_bytes()

        def deliver(to: tuple[str, ...], mail: bytes) -> tuple[str, ...]:
            patch.setattr("mlay_batch.ledger.Archive.store", broken)
            return Host.deliver(desk.host, to, mail)

        def broken(*_: object) -> str:
            raise MlayError("files.unwritable", path="archive", problem="No space left")

        with monkeypatch.context() as patch:
            patch.setattr(desk.host, "deliver", deliver)
            with pytest.raises(MlayError, match="unwritable"):
                desk.sit()
        assert desk.path.read_bytes() == before
        assert codes(desk) == ["broken_off", "sent"]
        assert sorted(desk.host.to) == sorted([SCHOOL, VILLAGE])


class TestDoubtful:
    def test_is_decided_on_in_its_very_state(self, desk: Desk) -> None:
        """Sent once more and doubtful again it is another matter."""
        desk.host.breaks_at = 0
        desk.decide(LETTERS, RETURNED, decision="gửi")
        desk.sit()
        stale = desk.path.read_bytes()
        desk.decide(TODO, "không rõ", decision="chưa đi")
        desk.sit(hour=10)
        desk.decide(LETTERS, RETURNED, decision="gửi")
        desk.sit(hour=11)
        assert [mail.state for mail in desk.letters()] == [MailState.QUEUED]
        desk.path.write_bytes(stale)
        desk.decide(TODO, "không rõ", decision="chưa đi")
        assert codes(desk) == ["decided"]
        assert [mail.state for mail in desk.letters()] == [MailState.QUEUED]

    def test_that_went_is_not_owed(self, desk: Desk) -> None:
        desk.host.breaks_at = 0
        desk.decide(LETTERS, RETURNED, decision="gửi")
        desk.sit()
        desk.decide(TODO, "không rõ", decision="đã đi")
        assert codes(desk) == ["resolved.sent"]
        assert not any(RETURNED in text for text in desk.texts(LETTERS))


def test_forms_without_an_address_are_written_and_stay_owed(desk: Desk) -> None:
    with_no_address(desk)
    desk.decide(TODO, FORMS, decision="gửi")
    assert codes(desk) == ["some"]
    (path,) = (desk.root / "outbox" / "2019-12").glob("CB-01*.xlsx")
    path.write_bytes(b"typed over")
    path.with_name(f"~${path.name}").touch()
    desk.decide(TODO, FORMS, decision="gửi")
    assert codes(desk) == ["error.files.busy"]
    assert path.read_bytes() == b"typed over"
    assert decision(desk, TODO, FORMS) == "gửi"
    path.with_name(f"~${path.name}").unlink()
    assert codes(desk) == ["no_address"]
    assert decision(desk, TODO, FORMS) is None
    desk.decide(TODO, FORMS, decision="đã chuyển tay")
    assert codes(desk) == ["handed"]


def test_a_branch_is_reminded_again_by_a_new_decision_only(desk: Desk) -> None:
    missing = "Chưa nộp"
    desk.decide(TODO, "la.xlsx", decision="không nhận", why="không phải", sure=True)
    desk.sit()
    stale = desk.path.read_bytes()
    desk.decide(TODO, missing, decision="nhắc")
    desk.sit()
    assert len(desk.host.mails) == 1
    desk.path.write_bytes(stale)
    desk.decide(TODO, missing, decision="nhắc")
    assert codes(desk) == ["decided"]
    desk.sit("2019-12-09")
    desk.decide(TODO, missing, decision="nhắc")
    desk.sit("2019-12-09")
    assert len({mail["Message-ID"] for mail in desk.host.mails}) == len(desk.host.mails) == 2
    assert date(2019, 12, 9) in {mail.day for mail in desk.letters()}


def test_what_may_not_travel_is_left_in_outbox_and_told(tmp_path: Path) -> None:
    """Its letter goes bare where there is an address; where there is none, nothing goes."""
    barred = [
        {**entry, "not_by_mail": "yes"} if entry["code"] == "CB-01" else entry
        for entry in REGISTER["organisations"]
    ]
    with pytest.MonkeyPatch.context() as patch, quick_reports():
        patch.setitem(REGISTER, "organisations", barred)
        desk = Desk.of(tmp_path / "town")
        desk.send_in("cb01@town.example", "CB-01", "cong an", present=11)
        desk.sit()
        row = desk.row(LETTERS, RECEIPT, heads=["Tin nhắn"])
        assert "để biết kết quả" in str(row["Tin nhắn"].value)
        desk.decide(LETTERS, RECEIPT, decision="gửi")
        (result,) = desk.sit().results
        assert result.outcome.code == "sent_bare"
        (mail,) = desk.host.mails
        assert not mail.is_multipart()
        (path,) = (desk.root / "outbox" / "2019-11").glob("*.xlsx")
        assert load_workbook(path)["Báo cáo"]
        with_no_address(desk)
        desk.decide(TODO, FORMS, decision="gửi")
        assert codes(desk) == ["some"]
        desk.decide(TODO, FORMS, decision="gửi")
        assert codes(desk) == ["no_address_bare"]
