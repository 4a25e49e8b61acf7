"""What is wrong with register, settings, descriptions stands above yesterday's rows; all waits."""

from __future__ import annotations

from collections.abc import Callable

import openpyxl
import pytest
from builders.worklist_clerk import LETTERS, PERIODS, TODO
from builders.worklist_desk import Desk

from mlay_batch.cli import run

HELD = "la.xlsx"
Spoil = Callable[[Desk], str]


def cell_of(desk: Desk, value: str) -> tuple[str, str]:
    """Sheet and cell of the register that hold a value last."""
    book = openpyxl.load_workbook(desk.town.workspace.register)
    *_, place = (
        (sheet.title, cell.coordinate)
        for sheet in book
        for line in sheet.iter_rows()
        for cell in line
        if cell.value == value
    )
    return place


def wrong_register(desk: Desk) -> str:
    sheet, cell = cell_of(desk, "hocang@town.example")
    book = openpyxl.load_workbook(desk.town.workspace.register)
    book[sheet][cell].value = "ho cang"
    book.save(desk.town.workspace.register)
    return f"Sổ đăng ký: Trang {sheet}, ô {cell}:"


def missing_register(desk: Desk) -> str:
    desk.town.workspace.register.unlink()
    return "Sổ đăng ký: Không đọc được sổ đăng ký"


def no_register(desk: Desk) -> str:
    desk.town.workspace.register.write_bytes(b"PK\3\4" + bytes(99))
    return "Sổ đăng ký:"


def wrong_settings(desk: Desk) -> str:
    with (desk.root / "mlay.toml").open("a", encoding="utf-8") as file:
        file.write("\n[smtp]\nhosst = 'mx'\nfrom = 'vanphong@a.example'\n")
    return "Cài đặt (mlay.toml):"


def wrong_schemas(desk: Desk) -> str:
    (desk.town.workspace.schemas / "mine.yaml").write_text("form: [", encoding="utf-8")
    return "Mẫu riêng (schemas):"


def wrong_texts(desk: Desk) -> str:
    (desk.root / "texts").mkdir()
    text = "Tiêu đề: Báo nhận {branchh}\n\nĐã nhận.\n"
    (desk.root / "texts" / "receipt.vi.txt").write_text(text, encoding="utf-8")
    return "Thư mục làm việc:"


SPOILED = [
    wrong_register,
    missing_register,
    no_register,
    wrong_settings,
    wrong_schemas,
    wrong_texts,
]


class Kept:
    """All files outside of the list and its folder, to be put back."""

    def __init__(self, desk: Desk) -> None:
        workspace = desk.town.workspace
        self.own = workspace.schemas / "mine.yaml", desk.root / "texts" / "receipt.vi.txt"
        self.files = {
            path: path.read_bytes() for path in (workspace.register, desk.root / "mlay.toml")
        }

    def put_back(self) -> None:
        for path in self.own:
            path.unlink(missing_ok=True)
        for path, data in self.files.items():
            path.write_bytes(data)


@pytest.mark.parametrize("spoil", SPOILED)
def test_it_is_said_and_nothing_is_done_before_it_is_put_right(
    desk: Desk, spoil: Spoil, capsys: pytest.CaptureFixture[str]
) -> None:
    kept, rows = Kept(desk), desk.texts(TODO) + desk.texts(LETTERS) + desk.texts(PERIODS)
    words = spoil(desk)
    desk.hand_in("DB1-2", "mới.xlsx", score=70)
    desk.decide(TODO, HELD, decision="nhận", why="đã gọi")
    desk.decide(LETTERS, "Tất cả", decision="đã chuyển tay")
    desk.decide(TODO, "Chưa gửi mẫu báo cáo", decision="gửi", assign_to="CB-01", why="còn viết dở")
    for _ in range(2):
        assert desk.run() == 1
        assert words in capsys.readouterr().out
        first, *others = desk.texts(TODO)
        assert words in first.replace(" | ", ": ", 1)
        assert (desk.rulings(), desk.letters(), desk.decisions()) == ([], (), ())
        assert len(desk.entries()) == 3
        now = [*others, *desk.texts(LETTERS), *desk.texts(PERIODS)]
        assert [text.split(" | ")[0] for text in now] == [text.split(" | ")[0] for text in rows]
    held = desk.row(TODO, HELD)
    assert (held["Quyết định"].value, held["Lý do"].value) == ("nhận", "đã gọi")
    mixed = desk.row(TODO, "Chưa gửi mẫu báo cáo")
    assert mixed["Gán cho chi bộ"].value.startswith("CB-01")
    kept.put_back()
    desk.run()
    assert desk.rulings() == [(3, "accept", "hoa")]
    assert [mail.state.value for mail in desk.letters()] == ["handed"] * 2
    assert len(desk.entries()) == 4
    assert desk.row(TODO, "Chưa gửi mẫu báo cáo")["Lý do"].value == "còn viết dở"  # still wrong
    assert not any(words in text.replace(" | ", ": ", 1) for text in desk.texts(TODO))


def test_without_a_day_the_settings_are_said_too(desk: Desk) -> None:
    """As by a double click: the day is that of the machine."""

    words = wrong_settings(desk)
    assert run(["month", "--no-open", "-C", str(desk.root)]) == 1
    assert words in desk.texts(TODO)[0].replace(" | ", ": ", 1)


def test_the_same_bytes_as_long_as_it_is_wrong(desk: Desk) -> None:
    missing_register(desk)
    desk.decide(TODO, HELD, decision="nhận", why="đã gọi")
    desk.run()
    before = desk.path.read_bytes()
    desk.run()
    assert desk.path.read_bytes() == before


def test_the_period_at_work_is_not_forgotten(desk: Desk) -> None:
    kept = Kept(desk)
    desk.decide(PERIODS, "Tháng 9 năm 2019", decision="làm kỳ này")
    desk.sit()
    missing_register(desk)
    desk.run()
    desk.decide(LETTERS, "tháng 9 năm 2019", "(DB-1)", decision="gửi")
    kept.put_back()
    result = desk.sit()
    assert [each.outcome.code for each in result.results] == ["sent"]
    assert desk.row(PERIODS, heads=["Kỳ đang làm"])["Kỳ đang làm"].value == "Tháng 9 năm 2019"


def test_every_list_keeps_what_was_typed_in_it(desk: Desk) -> None:
    """Two with the same number: the one that is written over holds its own."""
    kept = Kept(desk)
    lan = desk.colleague("lan", "viec-can-lam (Lan).xlsx")
    lan.decide(TODO, HELD, decision="nhận", why="đã gọi")
    lan.save()
    desk.decide(LETTERS, "Đề nghị sửa", decision="gửi")
    missing_register(desk)
    desk.run()
    assert desk.row(LETTERS, "Đề nghị sửa", heads=["Quyết định"])["Quyết định"].value == "gửi"
    assert lan.row(TODO, HELD)["Quyết định"].value == "nhận"
    kept.put_back()
    desk.sit()
    assert desk.rulings() == [(3, "accept", "hoa")]
    assert desk.host.to == [("cb01@town.example",)]


@pytest.mark.parametrize("spoil", ["open", "broken", "gone"])
def test_a_list_that_is_not_to_be_written_over_gets_a_neighbour(desk: Desk, spoil: str) -> None:
    missing_register(desk)
    desk.decide(TODO, HELD, decision="nhận", why="đã gọi")
    desk.save()
    if spoil == "broken":
        desk.path.write_bytes(desk.path.read_bytes()[:4000])
    data = desk.path.read_bytes()
    if spoil == "open":
        (desk.root / f"~${desk.file}").touch()
    if spoil == "gone":
        desk.path.unlink()
    assert desk.run() == 1
    if spoil == "gone":
        assert desk.path.exists()
        return
    assert desk.path.read_bytes() == data
    assert (desk.root / "viec-can-lam-2.xlsx").exists()


def test_a_warning_of_the_register_stops_nothing(desk: Desk) -> None:
    book = openpyxl.load_workbook(desk.town.workspace.register)
    sheet, cell = cell_of(desk, "CU-1")
    book[sheet][cell].value = "Lò Văn An"  # a name without its code
    book.save(desk.town.workspace.register)
    desk.decide(TODO, HELD, decision="nhận", why="đã gọi")
    result = desk.sit()
    (matter,) = (m for m in result.matters if m.kind == "register")
    assert f"Trang {sheet}, ô {cell}:" in matter.values["what"]
    assert matter.link == f"register.xlsx#'{sheet}'!{cell}"
    assert desk.rulings() == [(3, "accept", "hoa")]
    assert result.is_clean
