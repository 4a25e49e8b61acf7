"""Held files and decisions as a clerk types them."""

import pytest
from builders.json_results import result
from builders.mail_office import send, take_in
from builders.sample_office import MeetingReturn, create_office, foreign_book, put

from mlay_batch.cli import run

pytestmark = pytest.mark.usefixtures("reading_here")


@pytest.fixture
def office(tmp_path, monkeypatch):
    town = create_office(tmp_path / "town")
    monkeypatch.chdir(town.workspace.root)
    monkeypatch.delenv("MLAY_LANG", raising=False)
    return town


def type_command(capsys, *args: str) -> tuple[int, str]:
    code = run(args)
    out = capsys.readouterr()
    return code, out.out + out.err


def test_a_strangers_mail_is_shown_decided_and_gone(office, capsys):
    send(office, "1", "x@else.example", ("a.xlsx", MeetingReturn("CB-01").book()), subject="Thư lạ")
    send(office, "2", "y@else.example", ("b.xlsx", MeetingReturn("DB1-2").book()))
    take_in(office)
    code, out = type_command(capsys, "held")
    assert code == 0
    assert "1  a.xlsx · CB-01 2019-11 · x@else.example" in out
    assert "I20" in out
    first, second = result(type_command(capsys, "held", "--json")[1])["files"]
    assert (first["number"], first["branch"], first["subject"]) == (1, "CB-01", "Thư lạ")

    code, out = type_command(capsys, "accept", "1", "--why", "đã gọi hỏi bí thư")
    assert code == 0
    assert "Được nhận" in out
    assert "đã gọi hỏi bí thư" in out
    code, out = type_command(
        capsys, "refuse", str(second["number"]), "--why", "không phải", "--lang", "en"
    )
    assert code == 0
    assert "rejected" in out
    assert result(type_command(capsys, "held", "--json")[1])["files"] == []


@pytest.mark.parametrize(("lang", "how"), [("vi", "văn phòng nhập thay"), ("en", "entered by")])
def test_of_what_the_office_entered_it_is_shown_by_whom(office, capsys, monkeypatch, lang, how):
    """The user who takes it in, as the system knows him."""
    monkeypatch.setattr("mlay_batch.cli.session.user_name", lambda: "vanthu.nga")
    put(office, "nhap-thay/a.xlsx", MeetingReturn("CB-01").book())
    put(office, "b.xlsx", MeetingReturn("CB-01", score=80).book())
    type_command(capsys, "ingest", "--as-of", "2019-12-06", "--received", "2019-12-03")
    lines = type_command(capsys, "held", "--lang", lang)[1].splitlines()
    (shown,) = [line for line in lines if "a.xlsx ·" in line]
    assert how in shown
    assert shown.endswith("(vanthu.nga)")
    files = result(type_command(capsys, "held", "--json")[1])["files"]
    assert {file["file"]: file.get("entered_by") for file in files} == {
        "a.xlsx": "vanthu.nga",
        "b.xlsx": None,
    }


@pytest.mark.parametrize(
    ("args", "code", "expected"),
    [
        (["accept", "9", "--why", "x"], 2, "9"),
        (["accept", "1"], 2, "--why"),
        (["accept", "một", "--why", "x"], 2, "SỐ"),
        (["accept", "0", "--why", "x"], 2, "SỐ"),
        (["refuse", "1", "--why", " "], 2, "--why"),
        (["fetch"], 2, "[imap]"),
        (["fetch", "--since", "hôm qua"], 2, "hôm qua"),
    ],
)
def test_a_wrong_call_is_one_clear_line(office, capsys, args, code, expected):
    exit_code, out = type_command(capsys, *args)
    assert exit_code == code
    assert expected in out
    assert len(out.splitlines()) == 1


def test_a_file_of_nobody_knows_whom_is_given_to_a_branch_or_dismissed(office, capsys):
    for name in ("a.xlsx", "b.xlsx"):
        put(office, name, foreign_book(name))
    take_in(office)
    code, out = type_command(capsys, "held")
    assert code == 0
    assert "mlay accept 1 --branch <mã> --why" in out
    assert "mlay refuse 2 --why" in out
    assert result(type_command(capsys, "held", "--json")[1])["files"][0]["verdict"] == "rejected"
    reply = ("reply", "--period", "2019-11", "--as-of", "2019-12-06", "--dry-run")
    code, out = type_command(capsys, *reply)
    assert code == 1
    assert "mlay refuse 2" in out
    code, out = type_command(capsys, "accept", "1", "--why", "đúng")
    assert (code, "--branch" in out) == (2, True)
    code, out = type_command(capsys, "accept", "1", "--branch", "CB-1", "--why", "đúng")
    assert (code, "(CB-01)" in out) == (2, True)
    code, out = type_command(capsys, "accept", "1", "--branch", "CB-01", "--why", "đúng")
    assert (code, "CB-01; thư trả lời gửi đơn vị ấy" in out) == (1, True)
    assert type_command(capsys, "refuse", "2", "--why", "thư rác")[0] == 0
    assert result(type_command(capsys, "held", "--json")[1])["files"] == []
    code, out = type_command(capsys, *reply)
    assert "mlay refuse" not in out
    assert "kèm mẫu đúng" in out


def test_what_is_wrong_in_an_accepted_file_still_refuses_it(office, capsys):
    send(office, "1", "x@else.example", ("a.xlsx", MeetingReturn("CB-01", present=11).book()))
    take_in(office)
    code, out = type_command(capsys, "accept", "1", "--why", "đúng người")
    assert code == 1
    assert "D01" in out
