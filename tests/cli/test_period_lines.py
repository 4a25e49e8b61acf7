"""What `status` and `run` say: names first, bounded, in colours on a terminal only."""

import re
from datetime import date

import pytest
from builders.answering import asking
from builders.broken_lines import broken_places
from builders.circulated_list import Meeting, list_book
from builders.mail_office import send
from builders.sample_office import REGISTER, MeetingReturn, create_office, put, register

from mlay_batch.cli import lines, run

pytestmark = pytest.mark.usefixtures("reading_here")
MONTH = ("--period", "11/2019", "--as-of", "6/12/2019")
RECEIVED = ("--received", "3/12/2019")
VILLAGES = [f"Chi bộ bản Nà Pheo {n}" for n in range(1, 20)]


@pytest.fixture
def office(tmp_path, monkeypatch):
    town = create_office(tmp_path / "town")
    monkeypatch.chdir(town.workspace.root)
    monkeypatch.delenv("MLAY_LANG", raising=False)
    return town


@pytest.fixture
def big_office(tmp_path, monkeypatch):
    cells = [
        {"code": f"CB-{n:02}", "name": name, "type": "cell_direct", "parent": "TU"}
        for n, name in enumerate(VILLAGES, 2)
    ]
    monkeypatch.setitem(REGISTER, "organisations", [*REGISTER["organisations"], *cells])
    register.cache_clear()
    monkeypatch.chdir(create_office(tmp_path / "town").workspace.root)
    monkeypatch.delenv("MLAY_LANG", raising=False)
    yield
    register.cache_clear()


def screen(capsys, *args):
    capsys.readouterr()
    run(args)
    return capsys.readouterr().out


def test_who_is_missing_refused_held_and_what_comes_next(office, capsys):
    put(office, "b.xlsx", MeetingReturn("DB1-2", present=11).book())
    send(office, "1", "x@else.example", ("lạ.xlsx", MeetingReturn("CB-01").book()))
    told = screen(capsys, "run", *MONTH, *RECEIVED).splitlines()
    assert told[0] == "Vừa nhận 2 tệp = 0 được nhận + 1 trả lại + 0 trùng + 1 chờ + 0 bỏ qua."
    assert "b.xlsx: Bị trả lại" in told
    (wrong,) = [line for line in told if line.startswith("  D01 ")]
    assert re.match(r"  D01 Báo cáo!C\d+: Có mặt và vắng", wrong)  # the file stands above
    assert "lạ.xlsx · x@else.example: Chờ quyết định" in told
    status = screen(capsys, "status", *MONTH).splitlines()
    assert status[:4] == [
        "Tháng 11 năm 2019: 0/3 đơn vị đã có báo cáo.",
        "Chưa nộp, đã quá hạn 05/12/2019 (1): Chi bộ bản Ho Cang",
        "Bị trả lại, chưa có bản sửa (1): Chi bộ bản Na Nát",
        "Chờ văn phòng quyết định (1): số 2 Chi bộ Trường THPT",
    ]
    assert told[-len(status) + 1 :] == status[:-1]
    assert status[-2].startswith("Việc tiếp theo: mlay held, ")
    assert 5 <= len(status) <= 10


def test_what_only_a_list_tells_is_said_where_all_is_in(office, capsys):
    day = date(2019, 11, 3)
    names = ("Chi bộ bản Ho Cang", "bản Na Nát")
    put(office, "ds.xlsx", list_book(*(Meeting(name, day, 92, "Tốt", 10) for name in names)))
    put(office, "c.xlsx", MeetingReturn("CB-01").book())
    run(["run", *MONTH, *RECEIVED])
    run(["reply", *MONTH])
    told = screen(capsys, "status", *MONTH)
    assert "3/3 đơn vị đã có báo cáo. Trong số đã có, 2 chỉ có theo danh sách." in told
    assert "Việc tiếp theo: đã đủ, có thể chốt: mlay close 11/2019" in told
    assert run(["close", "11/2019", "--as-of", "6/12/2019"]) == 0
    assert "Kỳ 11/2019 đã chốt (lần 1)." in screen(capsys, "status", *MONTH)


def test_a_part_of_a_list_is_named_by_its_rows(office, capsys):
    put(office, "ds.xlsx", list_book(Meeting("Chi bộ Lạ", date(2019, 11, 3), 92, "Tốt", 10)))
    told = screen(capsys, "run", *MONTH, *RECEIVED)
    assert "ds.xlsx (1!6): Chờ quyết định" in told
    assert "số 1 chưa rõ của ai (ds.xlsx (1!6))" in told
    assert "1  ds.xlsx (1!6) ·" in screen(capsys, "held")


def test_many_names_and_many_files_are_bounded(big_office, capsys, tmp_path):
    for number in range(2, 16):
        path = tmp_path / "town" / "inbox" / f"{number}.xlsx"
        path.write_bytes(MeetingReturn(f"CB-{number:02}", present=11).book())
    told = screen(capsys, "run", *MONTH, *RECEIVED)
    assert told.count(": Bị trả lại\n") == 10
    assert "… và 4 tệp nữa: xem mlay held và trang Lỗi của bảng tổng hợp." in told
    assert "(14): " + "; ".join(VILLAGES[:5]) + "; … và 9 đơn vị nữa\n" in told
    assert len(screen(capsys, "status", *MONTH).splitlines()) <= 10
    assert "┃" not in screen(capsys, "status", *MONTH)
    assert "┃" in screen(capsys, "status", *MONTH, "--all")


def test_all_files_of_note_with_all(big_office, capsys, tmp_path):
    for number in range(2, 14):
        path = tmp_path / "town" / "inbox" / f"{number}.xlsx"
        path.write_bytes(MeetingReturn(f"CB-{number:02}", present=11).book())
    told = screen(capsys, "ingest", "--as-of", "6/12/2019", *RECEIVED, "--all")
    assert told.count(": Bị trả lại\n") == 12


def test_a_name_that_two_units_have_comes_with_the_code(tmp_path, monkeypatch, capsys):
    twin = {"code": "CB-02", "name": "Chi bộ Trường THPT", "type": "cell_direct", "parent": "TU"}
    monkeypatch.setitem(REGISTER, "organisations", [*REGISTER["organisations"], twin])
    monkeypatch.chdir(create_office(tmp_path / "town").workspace.root)
    told = screen(capsys, "status", *MONTH, "--lang", "vi")
    assert "Chi bộ Trường THPT (CB-01); Chi bộ Trường THPT (CB-02)" in told


@pytest.mark.parametrize(("width", "lang"), [(80, "vi"), (60, "vi"), (80, "en")])
def test_on_a_screen_nothing_is_broken(big_office, capsys, monkeypatch, tmp_path, width, lang):
    for number in (2, 3):
        path = tmp_path / "town" / "inbox" / f"Báo cáo tháng 11 của Chi bộ bản số {number}.xlsx"
        path.write_bytes(MeetingReturn(f"CB-{number:02}", present=11).book())
    put_list = list_book(Meeting("Chi bộ Lạ", date(2019, 11, 3), 92, "Tốt", 10))
    (tmp_path / "town" / "inbox" / "danh sách.xlsx").write_bytes(put_list)
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr(lines, "screen_width", lambda **_: width)
    monkeypatch.setattr("mlay_batch.cli.screen.screen_width", lambda **_: width)
    for args in (
        *(("run", *MONTH, *RECEIVED), ("status", *MONTH), ("status", *MONTH, "--all"), ("held",)),
        *(("doctor",), ("schema", "list"), ("accept", "1", "--why", "x"), ("close", "tháng 11")),
        *(("reply", *MONTH), ("schema", "lint"), ("schema", "diff", "meeting:2018.1", "meeting")),
    ):
        run([*args, "--lang", lang])
        told = "".join(capsys.readouterr())
        assert broken_places(told) == [], args
        too_long = [line for line in told.splitlines() if len(line) > width and " " in line.strip()]
        assert [line for line in too_long if str(tmp_path) not in line] == [], args


@pytest.mark.parametrize(
    ("settings", "is_coloured"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": ""}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "0"}, False),
        ({"NO_COLOR": "1"}, False),
    ],
)
def test_verdicts_are_coloured_on_a_terminal(office, capsys, monkeypatch, settings, is_coloured):
    for name in ("FORCE_COLOR", "NO_COLOR", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    put(office, "b.xlsx", MeetingReturn("DB1-2", present=11).book())
    told = screen(capsys, "run", *MONTH, *RECEIVED)
    assert ("\x1b" in told) is is_coloured
    assert ("\x1b[31m1 trả lại\x1b[0m" in told) is is_coloured
    assert "1 trả lại" in told
    assert "\x1b" not in screen(capsys, "status", *MONTH, "--json")


def test_where_nobody_is_registered_the_register_comes_next(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    said = ("--name", "Đảng ủy xã Tân Lập", "--place", "Tân Lập", "--level", "xã")
    said += ("--start", "10/2019", "--due", "5", "--officials", "0", "--members", "0")
    assert run(["init", "xa", *said]) == 0
    monkeypatch.chdir("xa")
    told = screen(capsys, "status", *MONTH)
    assert "Việc tiếp theo: điền các đơn vị vào register.xlsx" in told
    assert "0/0" not in told
    assert '"next": [{"step": "register", "count": 1}]' in screen(
        capsys, "status", *MONTH, "--json"
    )


def test_a_longer_period_is_not_said_to_be_complete_while_its_months_are_not(office, capsys):
    quarter = ("--period", "quý 4/2019", "--as-of", "2/1/2020")
    told = screen(capsys, "status", *quarter)
    assert "có thể chốt" not in told
    assert "từng tháng còn thiếu báo cáo trong kỳ (2 tháng)" in told
    assert run(["close", "Q4/2019", "--as-of", "2/1/2020"]) == 2  # December is not due
    year = screen(capsys, "status", "--period", "2020", "--as-of", "2/1/2020")
    assert "còn thiếu báo cáo" not in year
    assert '"step": "months", "count": 2' in screen(capsys, "status", *quarter, "--json")


def test_what_comes_next_is_the_first_step_of_json_and_names_the_period(office, capsys):
    told = screen(capsys, "status", *MONTH)
    assert "Việc tiếp theo: mlay reply --period 11/2019, để nhắc 3 đơn vị" in told
    assert told.endswith("mlay status --all --period 11/2019\n")
    assert "mlay reply, để nhắc" in screen(capsys, "status", *MONTH[2:])
    assert '"next": [{"step": "remind", "count": 3}]' in screen(capsys, "status", *MONTH, "--json")


def test_a_file_that_waits_for_words_of_its_branch_is_no_decision_of_the_office(office, capsys):
    asking(office, "code: D05, answer: required")
    put(office, "a.xlsx", MeetingReturn("CB-01", present=8).book())
    told = screen(capsys, "run", *MONTH, *RECEIVED)
    assert "Chờ đơn vị giải trình (1): số 1 Chi bộ Trường THPT" in told
    assert "Việc tiếp theo: mlay reply" in told
    assert '"next": [{"step": "answer", "count": 1},' in screen(capsys, "status", *MONTH, "--json")
