"""What people type instead of what a program would like: periods, days, units, numbers, help."""

import re
from datetime import date, datetime
from unicodedata import normalize

import click
import pytest
import yaml
from builders.sample_office import MeetingReturn, create_office, put

from mlay_batch.cli import mlay, run
from mlay_batch.cli.value_types import DAY, FILE_NUMBER, MOMENT, join_times
from mlay_batch.core.messages import locale_folder

pytestmark = pytest.mark.usefixtures("reading_here")
CLI_TEXTS = locale_folder() / "cli.yaml"
AS_OF = ("--as-of", "6/12/2019")


@pytest.fixture
def office(tmp_path, monkeypatch):
    town = create_office(tmp_path / "town")
    monkeypatch.chdir(town.workspace.root)
    monkeypatch.delenv("MLAY_LANG", raising=False)
    return town


@pytest.fixture(scope="module")
def shared_office(tmp_path_factory):
    return create_office(tmp_path_factory.mktemp("office") / "town")


def type_command(capsys, *args: str) -> tuple[int, str, str]:
    code = run(args)
    out = capsys.readouterr()
    return code, out.out, out.err


@pytest.mark.parametrize(
    "words",
    [
        "11/2019",
        "11-2019",
        "2019/11",
        "THÁNG 11/2019",
        "T11/2019",
        "thang 11 nam 2019",
        "１１/２０１９",
        normalize("NFD", "tháng 11 năm 2019"),
        "tháng 11",
    ],
)
@pytest.mark.parametrize("is_quoted", [True, False])
def test_a_period_as_people_write_it(shared_office, capsys, words, is_quoted):
    period = [words] if is_quoted else words.split()
    place = ("-C", str(shared_office.workspace.root))
    code, out, err = type_command(capsys, "status", "--period", *period, *place, *AS_OF)
    assert (code, out.split(":")[0]) == (0, "Tháng 11 năm 2019")
    assert err == ("" if "2019" in normalize("NFKC", words) else "Hiểu là kỳ tháng 11 năm 2019.\n")


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ("quý 3/2019", "Quý III năm 2019"),
        ("6 tháng đầu năm 2019", "6 tháng đầu năm 2019"),
        ("năm 2018", "Năm 2018"),
        ("tháng 12", "Tháng 12 năm 2019"),
    ],
)
def test_other_periods_without_quotes(shared_office, capsys, words, title):
    args = ("-C", str(shared_office.workspace.root), *AS_OF)  # the day may come after the period
    _, out, _ = type_command(capsys, "status", "--period", *words.split(), *args)
    assert out.startswith(title)


@pytest.mark.parametrize("args", [("close",), ("reopen", "--why", "x"), ("purge", "--before")])
def test_every_command_takes_the_same_periods(office, capsys, args):
    _, _, err = type_command(capsys, *args, "tháng", "12/2019", *AS_OF)
    assert "không dùng được" not in err
    code, _, err = type_command(capsys, *args, "tháng", "mười", *AS_OF)
    assert code == 2
    assert "tháng" in err


@pytest.mark.parametrize(
    "words",
    [
        "6/12/2026",
        "06-12-2026",
        "6.12.2026",
        "2026-12-06",
        "2026/12/06",
        "ngày 6/12/2026",
        "Ngay 6 thang 12 nam 2026",
        normalize("NFD", "ngày 6 tháng 12 năm 2026"),
        "０６／１２／２０２６",
    ],
)
def test_a_day_has_the_day_first(words):
    assert DAY.convert(words, None, None) == date(2026, 12, 6)
    assert MOMENT.convert(words, None, None) == datetime.fromisoformat("2026-12-06")


@pytest.mark.parametrize(
    "words",
    [
        "6/12/2026 9:30",
        "6/12/2026 9h30",
        "06.12.2026 09:30",
        "ngày 6/12/2026 lúc 9 giờ 30",
        "9h30 ngày 6/12/2026",
        "lúc 9:30, 6/12/2026",
        "2026-12-06T09:30",
        "2026-12-06 09:30",
    ],
)
def test_a_time_may_follow_the_day(words):
    assert MOMENT.convert(words, None, None) == datetime.fromisoformat("2026-12-06T09:30")
    assert join_times(["--received", *words.split(), "x"]) == ["--received", words, "x"]
    assert join_times([*f"--received={words}".split(), "x"]) == [f"--received={words}", "x"]


@pytest.mark.parametrize("args", [["a", "12", "2026"], ["6", "a.xlsx"], ["tháng"], ["t", "x"]])
def test_other_words_are_not_joined(args):
    assert join_times(args) == args


@pytest.mark.parametrize("words", ["31/02/2026", "12/25/2026", "0/1/2026", "29/2/2026"])
def test_a_day_that_there_is_not_is_told(shared_office, capsys, words):
    place = ("-C", str(shared_office.workspace.root))
    code, _, err = type_command(capsys, "status", "--as-of", words, *place)
    assert (code, f"không có ngày {words}" in err) == (2, True)


@pytest.mark.parametrize("words", ["17", "#17", "số 17", "So 17", " 17."])
def test_the_number_of_a_file(words):
    assert FILE_NUMBER.convert(words, None, None) == 17


@pytest.mark.parametrize("words", ["db1-1", "DB1 1", "bản Ho Cang", "CHI BO BAN HO CANG"])
def test_a_unit_by_code_or_name(office, capsys, words):
    put(office, "a.xlsx", MeetingReturn("DB1-1").book())
    run(["ingest", *AS_OF, "--received", "3/12/2019"])
    code, out, _ = type_command(capsys, "report", words, "--period", "2019", "--dry-run")
    assert (code, "chi-bo-DB1-1-2019" in out) == (0, True)
    args = ("--form", "Meeting", "--period", "12/2019")
    assert type_command(capsys, "template", words, *args)[0] == 0
    (form,) = office.workspace.outbox.rglob("*.xlsx")
    assert form.name.startswith("DB1-1_")


def test_an_officer_by_name_gets_no_form_of_a_branch(office, capsys):
    code, _, err = type_command(capsys, "template", "lo van an", "--period", "12/2019")
    assert (code, "“CU-1”" in err) == (2, True)


@pytest.mark.parametrize("args", [("help", "run"), ("run", "-h"), ("RUN", "--help")])
def test_ways_to_the_help(capsys, args):
    code, out, _ = type_command(capsys, *args, "--lang", "vi")
    assert (code, out.splitlines()[0]) == (0, "Cách gọi: mlay run [TÙY CHỌN] [ĐƯỜNG DẪN]...")


def test_the_help_of_a_groups_command(capsys, monkeypatch):
    monkeypatch.delenv("MLAY_LANG", raising=False)
    code, out, _ = type_command(capsys, "help", "schema", "lint", "--lang=EN")
    assert (code, out.startswith("Usage: mlay schema lint [OPTIONS]")) == (0, True)
    assert type_command(capsys, "help") == type_command(capsys, "-h")
    code, out, err = type_command(capsys, "help", "rum")
    assert (code, out, "Có phải là: run?" in err) == (2, "", True)
    code, out, err = type_command(capsys, "help", "schema", "lnt")
    assert (code, "Có phải là: lint?" in err) == (2, True)


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (("status", "x"), "thừa “x”"),
        (("status", "--period"), "Sau --period phải có một giá trị. Xem mlay status --help."),
        (("status", "--json=3"), "--json không kèm giá trị. Xem mlay status --help."),
        (("reply", "--doubtful", "maybe"), "không có “maybe”"),
        (("demo", "--sample", "city"), "không có “city”"),
        (("status", "--lang", "fr"), "“fr” không phải vi hoặc en"),
        (("backup", "."), "là một thư mục"),
    ],
)
def test_what_click_says_is_said_in_vietnamese(office, capsys, args, expected):
    code, out, err = type_command(capsys, *args)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert expected in err


def test_a_question_is_asked_again_in_vietnamese(tmp_path, capsys, monkeypatch):
    answers = iter(["Đảng ủy xã Tân Lập", "Tân Lập", "thôn", "xã", "13/2026", "tháng 10/2026"])
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: next(answers))
    flags = ("--due", "5", "--officials", "4", "--members", "6", "--lang", "vi")
    code, out, err = type_command(capsys, "init", str(tmp_path / "xa"), *flags)
    assert (code, err.count("\n")) == (0, 2)
    assert "“thôn” không phải là cấp" in err
    assert "“13/2026” không phải là tháng" in err
    assert "Error" not in out + err


@pytest.mark.parametrize(
    "args", [("run", ""), ("status", "-C", " "), ("init", ""), ("incoming", "--out", "")]
)
def test_an_empty_path_does_not_mean_the_folder_here(office, capsys, args):
    code, out, err = type_command(capsys, *args)
    assert (code, out) == (2, "")
    assert "không để trống" in err
    assert "'" not in err  # click quotes the names of options


@pytest.mark.parametrize(
    ("args", "quoted"),
    [
        (("run", "2019-11"), "không có 2019-11."),
        (("status", "--as-of", "2019-13-06"), "không có ngày 2019-13-06;"),
        (("status", "2019-11"), "thừa “2019-11”; kỳ thì ghi sau --period,"),
        (("run", "--received", "0001-01-01"), "không có ngày 0001-01-01;"),
    ],
)
def test_what_was_typed_is_quoted_as_it_was_typed(office, capsys, args, quoted):
    assert quoted in type_command(capsys, *args)[2]


def test_a_page_is_told_by_the_code_of_its_unit(office, capsys):
    _, out, _ = type_command(capsys, "report", "bản na nát", "--json", "--dry-run", *AS_OF)
    assert '"branch": "DB1-2"' in out


def test_nothing_of_a_progress_bar_is_left_without_a_terminal(office, capsys):
    assert type_command(capsys, "ingest", *AS_OF)[2] == ""


@pytest.mark.parametrize("folder", [".", "..", "inbox/.."])
def test_a_workspace_is_not_taken_in_as_a_whole(office, capsys, folder):
    code, _, err = type_command(capsys, "run", folder, *AS_OF)
    assert (code, "Không nhận cả thư mục làm việc" in err) == (2, True)
    assert type_command(capsys, "ingest", "inbox", *AS_OF)[0] == 0


def test_the_language_may_be_set_in_capitals(capsys, monkeypatch):
    monkeypatch.setenv("MLAY_LANG", "EN ")
    assert type_command(capsys, "-h")[1].startswith("Usage: ")


def test_commands_that_are_proposed_have_all_they_need():
    """Each command that a text names with an option has the options that it cannot do without."""
    ctx = click.Context(mlay)
    for key, texts in yaml.safe_load(CLI_TEXTS.read_text(encoding="utf-8")).items():
        for name, rest in re.findall(r"mlay (\w+)((?: (?:[{<#\d]|--)[^;.]*)?)", texts["vi"]):
            command = mlay.get_command(ctx, name) if rest else None
            needed = [p.opts[0] for p in command.params if p.required] if command else []
            options = [option for option in needed if option.startswith("--")]
            assert all(option in rest for option in options), (key, name, rest)


def test_a_number_that_is_not_held_is_a_wrong_call(office, capsys):
    code, out, _ = type_command(capsys, "ACCEPT", "99", "--why", "x", "--json")
    assert code == 2
    assert '"command": "accept", "error": {"code": "ledger.not_held"' in out
