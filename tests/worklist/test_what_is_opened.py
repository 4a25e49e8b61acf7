"""What the list's links open, and that nothing a branch wrote becomes a formula, a path, a mark."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from urllib.parse import unquote

import click
import pytest
from builders.mail_office import send
from builders.sample_office import REGISTER, MeetingReturn, fill_in_register, foreign_book
from builders.worklist_clerk import HEADS, LETTERS, PERIODS, TODO
from builders.worklist_desk import DAY, STRANGER, Desk, Host
from openpyxl import load_workbook

from mlay_batch.app.worklist import book
from mlay_batch.cli import run
from mlay_batch.errors import MlayError

HELD, TAKEN = "la.xlsx", {"decision": "nhận", "why": "đã gọi"}
HOSTILE = (
    "=cmd|'/C calc'!A0.xlsx",
    "../../../mlay.toml.xlsx",
    "C:\\Windows\\system32\\x.xlsx",
    "<b onload=1>&amp;.xlsx",
    "a'b#c%20d]e.xlsx",
    "+SUM(A1).xlsx",
    "@x.xlsx",
    "con.xlsx",
)
"""Names of attachments; what stands before a slash is no part of one."""


def folder(desk: Desk) -> Path:
    return desk.root / "outbox" / "viec-can-lam"


def copies(desk: Desk) -> set[str]:
    return {
        path.relative_to(folder(desk)).as_posix()
        for path in folder(desk).rglob("*")
        if path.is_file()
    }


def links(desk: Desk) -> set[str]:
    """Where the links of the list lead."""
    cells = (c for sheet in load_workbook(desk.path) for line in sheet.iter_rows() for c in line)
    return {unquote(cell.hyperlink.target) for cell in cells if cell.hyperlink}


class TestCopies:
    def test_what_waits_lies_there_as_it_came(self, desk: Desk) -> None:
        row = desk.row(TODO, HELD)
        link = row["Xem"].hyperlink
        assert unquote(link.target) == "outbox/viec-can-lam/3.xlsx"
        data = (folder(desk) / "3.xlsx").read_bytes()
        assert data == MeetingReturn("DB1-2").book()

    def test_all_links_lead_to_files_that_are_there(self, desk: Desk) -> None:
        assert len(links(desk)) >= 2
        for target in links(desk):
            assert (desk.root / target).exists(), target

    def test_what_is_no_form_of_ours_is_not_copied(self, desk: Desk) -> None:
        """A click would open it, and it may do harm."""
        desk.hand_in_nothing("bang gia.xlsx")
        send(desk.town, "1", "cb01@town.example", ("hong.xlsx", foreign_book()))
        desk.sit()
        before = copies(desk)
        assert desk.row(TODO, "bang gia.xlsx")["Xem"].value is None
        assert not any(name.startswith(("4", "5")) for name in before)
        foreign = foreign_book()
        assert foreign not in [(folder(desk) / name).read_bytes() for name in before]

    def test_what_nothing_leads_to_goes(self, desk: Desk) -> None:
        assert "3.xlsx" in copies(desk)
        desk.decide(TODO, HELD, **TAKEN)
        desk.decide(LETTERS, "Đề nghị sửa", decision="đã chuyển tay")
        desk.sit()
        receipts = copies(desk)
        assert receipts and all("phieu-nhan" in name for name in receipts)
        desk.decide(LETTERS, "hocang@town.example", decision="đã chuyển tay")
        desk.sit()
        assert {path.parent.name for path in folder(desk).rglob("*.txt")} < {
            name.partition("/")[0] for name in receipts
        }

    @pytest.mark.parametrize("lock", [".~lock.3.xlsx#", "~$3.xlsx"])
    def test_one_that_is_open_stays(self, desk: Desk, lock: str) -> None:
        copy = folder(desk) / "3.xlsx"
        copy.write_bytes(b"being looked at")
        (folder(desk) / lock).touch()
        desk.sit()
        assert copy.read_bytes() == b"being looked at"
        desk.decide(TODO, HELD, **TAKEN)
        desk.sit()
        assert {"3.xlsx", lock} <= copies(desk)
        (folder(desk) / lock).unlink()
        desk.sit()
        assert "3.xlsx" not in copies(desk)

    def test_those_of_yesterday_stay_until_the_new_list_is_whole(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_: object) -> Path:
            raise MlayError("files.unwritable", path="x", problem="No space left")

        desk.decide(TODO, HELD, **TAKEN)
        with monkeypatch.context() as patch:
            patch.setattr(book, "write_worklist", broken)
            with pytest.raises(MlayError):
                desk.sit()
        for target in links(desk):
            assert (desk.root / target).exists(), target


class TestHostileNames:
    @pytest.fixture
    def hostile(self, desk: Desk) -> Desk:
        """Files with such names wait, are refused, are of nobody."""
        for number, name in enumerate(HOSTILE):
            data = MeetingReturn("DB1-2", month=10, score=70 + number).book()
            send(desk.town, f"s{number}", STRANGER, (name, data))
            wrong = MeetingReturn("CB-01", month=9, present=11 + number).book()
            send(desk.town, f"w{number}", "cb01@town.example", (name, wrong))
        desk.sit()
        return desk

    def test_reach_no_path(self, hostile: Desk) -> None:
        assert len([t for t in hostile.texts(TODO) if STRANGER in t]) == len(HOSTILE) + 1
        for name in copies(hostile):
            assert re.fullmatch(r"\d+\.xlsx|[0-9a-f]{8}/[\w.-]+\.(xlsx|txt)", name), name
        for target in links(hostile):
            assert re.fullmatch(r"(outbox/viec-can-lam|reports)/[\w./-]+|register\.xlsx", target)
            assert ".." not in target
            assert (hostile.root / target).exists(), target

    def test_become_no_formula(self, hostile: Desk) -> None:
        hostile.decide(TODO, "@x.xlsx", decision="để sau")
        hostile.sit()
        no_formula(hostile.path.read_bytes())

    def test_are_shown_as_they_are(self, hostile: Desk) -> None:
        texts = "\n".join(hostile.texts(TODO))
        for name in map(shown, HOSTILE):
            assert f"Tệp “{name}”" in texts

    def test_are_decided_on_like_others(self, hostile: Desk) -> None:
        for name in map(shown, HOSTILE):
            words = {"decision": "không nhận", "why": name}
            hostile.decide(TODO, f"“{name}”", STRANGER, sure=True, **words)
        result = hostile.sit()
        assert {each.outcome.code for each in result.results} == {"file.rejected"}
        assert len(result.results) == len(HOSTILE)


def shown(name: str) -> str:
    return re.split(r"[\\/]", name)[-1]


def no_formula(data: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        for name in package.namelist():
            if name.startswith("xl/worksheets/sheet"):
                assert not re.search(rb"<f[ >]", package.read(name)), name


def test_names_and_reasons_become_no_formula(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("=1+1", "+84 <b>Bản</b>", "@SUM(A1)", "-2")
    organisations = [
        {"code": f"CB-{n:02}", "name": name, "type": "cell_direct", "parent": "TU"}
        for n, name in enumerate(names, 1)
    ]
    monkeypatch.setitem(REGISTER, "organisations", [REGISTER["organisations"][0], *organisations])
    for section in ("officers", "assignments", "addresses"):
        monkeypatch.setitem(REGISTER, section, [])
    desk = Desk.of(tmp_path / "town")
    desk.hand_in_nothing("x.xlsx")
    desk.sit()
    branch = "CB-01 – =1+1"
    desk.decide(TODO, "x.xlsx", decision="gán cho chi bộ", assign_to=branch, why="+cộng")
    desk.sit()
    no_formula(desk.path.read_bytes())
    assert desk.rulings() == [(1, "accept", "hoa")]
    assert any("=1+1 (CB-01)" in text for text in desk.texts(TODO))


def test_a_row_with_long_names_can_be_decided_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A committee's letter is about thirty cells: their names are cut to what the form allows."""
    cells = [
        {"code": f"L-{n}", "name": f"Chi bộ bản rất xa số {n}", "type": "cell", "parent": "DB-1"}
        for n in range(30)
    ]
    monkeypatch.setitem(REGISTER, "organisations", [*REGISTER["organisations"], *cells])
    fill_in_register(desk.town.workspace)
    desk.sit()
    desk.host = Host(breaks_at=0)
    desk.decide(LETTERS, "(DB-1)", decision="gửi")
    desk.sit()
    desk.decide(TODO, "không rõ thư", decision="đã đi")
    result = desk.sit()
    assert [each.outcome.code for each in result.results] == ["resolved.sent"]
    assert result.mistakes == ()


class TestWindow:
    @pytest.fixture
    def launched(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        paths: list[str] = []
        monkeypatch.setattr(click, "launch", paths.append)
        return paths

    def test_the_list_is_opened_unless_it_is_not_wanted(
        self, desk: Desk, launched: list[str]
    ) -> None:
        where = ["--as-of", DAY, "-C", str(desk.root)]
        assert run(["month", "--no-open", *where]) == 0
        assert launched == []
        assert run(["month", *where]) == 0
        assert launched == [str(desk.path)]

    def test_nothing_is_opened_where_the_run_stopped(self, desk: Desk, launched: list[str]) -> None:
        desk.town.workspace.ledger.write_bytes(b"")
        assert run(["month", "--as-of", DAY, "-C", str(desk.root)]) == 3
        assert launched == []

    def test_it_says_what_was_done_and_what_was_not(
        self, desk: Desk, capsys: pytest.CaptureFixture[str]
    ) -> None:
        desk.decide(TODO, HELD, **TAKEN)
        cell = desk.decide(PERIODS, "Tháng 11", decision="chốt kỳ")
        assert desk.run() == 1
        out = capsys.readouterr().out
        assert "nhận: Tệp được nhận." in out
        sure = f"{PERIODS}!{chr(ord(cell[0]) + 2)}{cell[1:]}"
        assert f"W25 viec-can-lam.xlsx · {sure}: Quyết định này không lấy lại được." in out

    def test_without_a_workspace_it_says_so(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(["month", "--no-open", "-C", str(tmp_path)]) == 2
        assert "giữ nguyên" not in capsys.readouterr().err


ENGLISH = {"decision": "Decision", "why": "Reason", "sure": "Confirm", "result": "Last result"}


class TestEnglish:
    @pytest.fixture
    def english(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
        config = desk.root / "mlay.toml"
        text = config.read_text(encoding="utf-8")
        assert 'language = "vi"' in text
        config.write_text(text.replace('language = "vi"', 'language = "en"'), encoding="utf-8")
        return desk

    def test_the_list_is_written_and_obeyed(
        self, english: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        english.decide(LETTERS, "Đề nghị sửa", decision="đã chuyển tay")  # in the Vietnamese one
        assert english.run() == 0
        assert [mail.state.value for mail in english.letters()] == ["handed"]
        monkeypatch.setattr("builders.worklist_desk.HEADS", {**HEADS, **ENGLISH})
        english.typed = []
        english.decide("To do", HELD, decision="refuse", why="not theirs")
        cell = english.row("To do", HELD)["Confirm"].coordinate
        assert english.run() == 1
        assert f"To do!{cell}: This decision cannot be taken back." in capsys.readouterr().out
        row = english.row("To do", HELD)
        assert row["Decision"].value == "refuse"
        assert row["Last result"].value.startswith(f"Not done, {cell}:")
        english.typed = [("To do", cell, "sure")]
        assert english.run() == 0
        assert english.rulings() == [(3, "refuse", "hoa")]

    def test_the_period_at_work_is_known_in_it(
        self, english: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The letters of a list are those of its period, whatever its language."""
        assert english.run("--period", "2019-09") == 0
        monkeypatch.setattr("builders.worklist_desk.HEADS", {**HEADS, **ENGLISH})
        english.decide("Letters", "tháng 9 năm 2019", "(DB-1)", decision="handed over")
        assert english.run() == 0
        (mail,) = english.letters()
        assert {topic.period for topic in mail.topics} == {"2019-09"}
