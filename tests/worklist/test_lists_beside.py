"""Lists under other names, open, saved meanwhile, unreadable: none is lost or written over."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from builders import libreoffice
from builders.outlook_files import compound
from builders.sample_office import MeetingReturn, foreign_book
from builders.worklist_clerk import LETTERS, TODO
from builders.worklist_desk import Desk

from mlay_batch.app.month import MonthResult

HELD, TAKEN = "la.xlsx", {"decision": "nhận", "why": "đã gọi"}
LOCKS = (".~lock.{}#", "~${}")


def lists(desk: Desk) -> set[str]:
    return {path.name for path in desk.root.glob("viec-can-lam*")}


def said(result: MonthResult, name: str) -> list[str]:
    """What stands on the new list about a file."""
    return [str(m.values["what"]) for m in result.matters if m.values.get("branch") == name]


class TestUnreadable:
    @pytest.mark.parametrize(
        ("spoil", "words"),
        [
            (lambda data: data[:4000], "bị hỏng"),
            (lambda _: b"", "rỗng"),
            (lambda _: compound({"EncryptedPackage": bytes(99)}), "mã hóa"),
            (lambda _: foreign_book(), "không phải biểu mẫu của hệ thống"),
            (lambda _: MeetingReturn("DB1-1").book(), "không có trong danh sách"),
        ],
    )
    def test_is_left_alone_and_said(
        self, desk: Desk, spoil: Callable[[bytes], bytes], words: str
    ) -> None:
        data = spoil(desk.path.read_bytes())
        desk.path.write_bytes(data)
        for _ in range(2):
            result = desk.sit()
            assert result.path.name == "viec-can-lam-2.xlsx"
            assert result.has_new_name
            assert not result.is_clean
            (what,) = said(result, desk.file)
            assert words in what
            assert desk.path.read_bytes() == data
        assert lists(desk) == {"viec-can-lam.xlsx", "viec-can-lam-2.xlsx"}

    def test_another_programs_hold_is_said(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real, data = Path.read_bytes, desk.path.read_bytes()

        def read_bytes(path: Path) -> bytes:
            if path == desk.path:
                raise PermissionError(13, "Permission denied")
            return real(path)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "read_bytes", read_bytes)
            patch.setattr("mlay_batch.app.worklist.book.write_atomically", write_elsewhere)
            result = desk.sit()
        assert result.path.name == "viec-can-lam-2.xlsx"
        (what,) = said(result, desk.file)
        assert "đang mở ở chương trình khác" in what
        assert desk.path.read_bytes() == data

    def test_decisions_in_the_others_are_obeyed(self, desk: Desk) -> None:
        broken = desk.root / "viec-can-lam (1).xlsx"
        broken.write_bytes(desk.path.read_bytes()[:4000])
        desk.decide(TODO, HELD, **TAKEN)
        result = desk.sit()
        assert result.path == desk.path
        assert desk.rulings() == [(3, "accept", "hoa")]
        assert broken.exists()


def write_elsewhere(path: Path, data: bytes, mode: int) -> None:
    assert path.name != "viec-can-lam.xlsx"
    path.write_bytes(data)


class TestOpen:
    @pytest.mark.parametrize("lock", LOCKS)
    def test_it_is_neither_written_over_nor_removed(self, desk: Desk, lock: str) -> None:
        """What was saved in it is obeyed once."""
        desk.decide(TODO, HELD, **TAKEN)
        desk.save()
        data, held = desk.path.read_bytes(), desk.root / lock.format(desk.file)
        held.touch()
        for code in ("file.accepted", None):
            result = desk.sit()
            assert [each.outcome.code for each in result.results] == ([code] if code else [])
            assert result.path.name == "viec-can-lam-2.xlsx"
            assert (desk.path.read_bytes(), held.exists()) == (data, True)
        held.unlink()
        result = desk.sit()
        assert (result.path, lists(desk)) == (desk.path, {"viec-can-lam.xlsx"})
        assert desk.rulings() == [(3, "accept", "hoa")]

    @pytest.mark.parametrize("lock", LOCKS)
    def test_a_colleagues_is_not_removed(self, desk: Desk, lock: str) -> None:
        lan = desk.colleague("lan", "viec-can-lam (Lan).xlsx")
        held = desk.root / lock.format(lan.file)
        held.touch()
        for _ in range(2):
            assert desk.sit().path == desk.path
            assert lan.path.exists()
        held.unlink()
        desk.sit()
        assert lists(desk) == {"viec-can-lam.xlsx"}

    def test_what_failed_is_tried_again_from_either(self, desk: Desk) -> None:
        """The list that is open holds it still, the new one too: it goes once."""
        desk.host.refused = {"cb01@town.example"}
        desk.decide(LETTERS, "Đề nghị sửa", decision="gửi")
        desk.save()
        (desk.root / f"~${desk.file}").touch()
        desk.sit()
        desk.host.refused.clear()
        assert {each.outcome.code for each in desk.sit().results} == {"sent"}
        assert desk.host.to == [("cb01@town.example",)]


class TestSavedMeanwhile:
    @pytest.mark.parametrize("name", ["viec-can-lam.xlsx", "viec-can-lam (Lan).xlsx"])
    def test_it_is_left_and_obeyed_the_next_time(
        self, desk: Desk, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Between reading and writing: here, while letters go."""
        clerk = desk.named("hoa") if name == desk.file else desk.colleague("lan", name)
        clerk.decide(TODO, HELD, **TAKEN)
        deliver = desk.host.deliver

        def save_meanwhile(to: tuple[str, ...], mail: bytes) -> tuple[str, ...]:
            clerk.save()
            return deliver(to, mail)

        other = desk.colleague("hoa", "viec-can-lam (hoa).xlsx")
        other.decide(LETTERS, "Đề nghị sửa", decision="gửi")
        other.save()
        with monkeypatch.context() as patch:
            patch.setattr(desk.host, "deliver", save_meanwhile)
            result = desk.sit()
        assert result.has_new_name == (name == desk.file)
        assert (desk.rulings(), clerk.row(TODO, HELD)["Quyết định"].value) == ([], "nhận")
        desk.sit()
        assert desk.rulings() == [(3, "accept", "hoa")]
        assert lists(desk) == {"viec-can-lam.xlsx"}


def test_a_copy_is_obeyed_row_by_row(desk: Desk) -> None:
    """What has moved on since is refused with its reason, the rest is done."""
    lan = desk.colleague("lan", "viec-can-lam - Copy.xlsx")
    old = lan.path.read_bytes()
    lan.path.unlink()
    desk.decide(TODO, HELD, decision="không nhận", why="lạ", sure=True)
    desk.sit()
    lan.path.write_bytes(old)
    lan.decide(TODO, HELD, **TAKEN)
    lan.decide(LETTERS, "Đề nghị sửa", decision="gửi")
    lan.save()
    codes = {each.outcome.code: each.outcome.params for each in desk.sit().results}
    assert codes["decided"] == {"who": "hoa", "day": "2019-12-06", "decision": "refuse"}
    assert codes.keys() == {"decided", "sent"}
    assert lists(desk) == {"viec-can-lam.xlsx"}
    assert desk.rulings() == [(3, "refuse", "hoa")]


def test_what_two_typed_on_one_matter_stays_in_both(desk: Desk) -> None:
    """Neither is complete: nobody's words are written over."""
    lan = desk.colleague("lan", "viec-can-lam (Lan).xlsx")
    desk.decide(TODO, HELD, decision="nhận")
    lan.decide(TODO, HELD, decision="nhận", assign_to="CB-01", why="đã gọi")
    lan.save()
    desk.sit()
    assert desk.row(TODO, HELD)["Lý do"].value is None
    assert lan.row(TODO, HELD)["Lý do"].value == "đã gọi"
    desk.decide(TODO, HELD, why="đúng")
    desk.sit()
    assert lists(desk) == {"viec-can-lam.xlsx"}


def test_what_one_put_off_is_put_off_beside_what_another_left_incomplete(desk: Desk) -> None:
    lan = desk.colleague("lan", "viec-can-lam (Lan).xlsx")
    desk.decide(TODO, HELD, decision="để sau")
    lan.decide(TODO, HELD, decision="nhận")
    lan.save()
    desk.sit()
    assert desk.row(TODO, HELD)["Quyết định"].value == "nhận"
    assert lists(desk) == {"viec-can-lam.xlsx"}


def test_what_one_typed_and_nobody_else_is_in_the_new_list(desk: Desk) -> None:
    lan = desk.colleague("lan", "viec-can-lam (Lan).xlsx")
    lan.decide(TODO, HELD, decision="không nhận", why="lạ")
    lan.save()
    desk.sit()
    assert desk.row(TODO, HELD)["Lý do"].value == "lạ"
    assert lists(desk) == {"viec-can-lam.xlsx"}


@pytest.mark.libreoffice
@pytest.mark.parametrize("suffix", ["ods", "xls"])
def test_a_list_saved_in_another_format_is_obeyed(desk: Desk, suffix: str, tmp_path: Path) -> None:
    desk.decide(TODO, HELD, **TAKEN)
    desk.save()
    saved = libreoffice.convert(desk.path, suffix, tmp_path / "saved")
    saved.replace(desk.root / saved.name)
    desk.path.unlink()
    desk.sit()
    assert desk.rulings() == [(3, "accept", "hoa")]
    assert lists(desk) == {"viec-can-lam.xlsx"}


def test_a_list_without_its_number_is_obeyed_too(desk: Desk) -> None:
    sheet, number = "Kỳ", desk.row("Kỳ", heads=["Danh sách số"])["Danh sách số"].coordinate
    desk.decide(TODO, HELD, **TAKEN)
    desk.typed.append((sheet, number, None))
    desk.sit()
    assert desk.rulings() == [(3, "accept", "hoa")]
    assert lists(desk) == {"viec-can-lam.xlsx"}


@pytest.mark.parametrize(
    "key",
    ["period/xx@open.0", "file/x@held.0", "forms/x@1", "forms/meeting/x@1", "@", "doubtful/@", "x"],
)
def test_a_row_whose_hidden_key_is_spoiled_is_not_obeyed(desk: Desk, key: str) -> None:
    desk.decide(TODO, HELD, **TAKEN)
    desk.decide(TODO, "Chưa gửi mẫu báo cáo", decision="gửi")
    for words in (HELD, "Chưa gửi mẫu báo cáo"):
        row = desk.row(TODO, words)
        desk.typed.append((TODO, row["Mã việc"].coordinate, f"{key}" if words == HELD else "y"))
    result = desk.sit()
    assert {each.outcome.code for each in result.results} <= {"moved_on"}
    assert (desk.rulings(), desk.host.mails, desk.closings()) == ([], [], ())


def test_the_archive_has_every_list_that_was_obeyed(desk: Desk) -> None:
    desk.decide(TODO, HELD, **TAKEN)
    desk.save()
    data = desk.path.read_bytes()
    desk.named("lan").sit(hour=10)
    (decision,) = desk.decisions()
    assert (decision.who, decision.at) == ("lan", "2019-12-06T10:00:00+07:00")
    assert (decision.decision, decision.why) == ("accept", "đã gọi")
    (kept,) = desk.obeyed_lists()
    assert kept == data
    assert zipfile.is_zipfile(io.BytesIO(kept))
