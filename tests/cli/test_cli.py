"""What a clerk types and sees: one clear line where something is wrong, JSON where asked."""

import io
import json
import re
import resource
import subprocess
import sys
import time
import zipfile
from datetime import UTC, date, datetime
from email.message import EmailMessage
from pathlib import Path

import click
import pytest
import yaml
from builders.json_results import findings, result, states
from builders.sample_office import ANSWERS, MeetingReturn, create_office, put

from mlay_batch import cli
from mlay_batch.cli import COMMANDS, mlay, run, session
from mlay_batch.cli.options import Option
from mlay_batch.cli.output import finding_lines
from mlay_batch.core.findings import Finding, Place, Severity
from mlay_batch.core.messages import locale_folder
from mlay_batch.ledger import Ledger

LOCALE = locale_folder()

pytestmark = pytest.mark.usefixtures("reading_here")


@pytest.fixture
def office(tmp_path, monkeypatch):
    town = create_office(tmp_path / "town")
    monkeypatch.chdir(town.workspace.root)
    monkeypatch.delenv("MLAY_LANG", raising=False)
    return town


def words(capsys):
    out = capsys.readouterr()
    return out.out, out.err


# -- wrong calls: one clear line each, exit 2 ------------------------------------------------


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["walk"], "walk"),
        (["stats"], "status"),
        (["--speed"], "--speed"),
        (["run", "--period", "2019-13"], "2019-13"),
        (["status", "--as-of", "hôm nay"], "hôm nay"),
        (["check"], {"vi": "TỆP", "en": "FILE"}),
        (["check", "không có.xlsx"], "không có.xlsx"),
        (["template", "CB-99", "--period", "2019-11"], "CB-01"),
        (["template", "--form", "meting", "--period", "2019-11"], "meeting"),
        (["template", "--period", "2019-Q1"], "meeting"),
        (["run", "no such folder"], "no such folder"),
        (["check", "."], "."),
    ],
)
@pytest.mark.parametrize("lang", ["vi", "en"])
def test_a_wrong_call_is_one_clear_line(office, capsys, args, expected, lang):
    assert run([*args, "--lang", lang] if args[0] in COMMANDS else ["--lang", lang, *args]) == 2
    out, err = words(capsys)
    assert out == ""
    assert len(err.splitlines()) == 1
    assert err.startswith("mlay: ")
    assert (expected if isinstance(expected, str) else expected[lang]) in err


def test_a_fault_of_our_own_is_one_line_and_never_exit_1(office, capsys, monkeypatch):
    monkeypatch.setattr("mlay_batch.app.status.status", lambda *_: 1 / 0)
    monkeypatch.delenv("MLAY_DEBUG", raising=False)
    assert run(["status"]) == 3
    out, err = words(capsys)
    assert (out, len(err.splitlines())) == ("", 1)
    assert "ZeroDivisionError" in err
    monkeypatch.setenv("MLAY_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        run(["status"])


def test_no_workspace(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["run"]) == 2
    out, err = words(capsys)
    assert (out, len(err.splitlines())) == ("", 1)
    assert "mlay init" in err


def test_the_surroundings_may_name_the_workspace(office, tmp_path, monkeypatch, capsys):
    """So does the mlay.bat beside it; what is typed comes first."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLAY_WORKSPACE", str(office.workspace.root))
    assert run(["status", "--as-of", "2019-12-06"]) == 0
    assert run(["status", "-C", str(tmp_path)]) == 2


def test_an_output_open_elsewhere_is_one_clear_line(office, capsys):
    put(office, "a.xlsx", MeetingReturn("DB1-1").book())
    month = office.workspace.reports / "2019-11"
    month.mkdir(parents=True)
    (month / ".~lock.tong-hop-2019-11.xlsx#").write_text("Hòa")
    assert run(["run", "--as-of", "2019-12-06"]) == 3
    assert "tong-hop-2019-11.xlsx" in words(capsys)[1].splitlines()[-1]


def test_a_register_that_cannot_be_read(office, capsys):
    office.workspace.register.unlink()
    assert run(["status"]) == 3
    assert len(words(capsys)[1].splitlines()) == 1


# -- the month -------------------------------------------------------------------------------


def test_run_prints_a_sum_that_adds_up_and_exits_1(office, capsys):
    put(office, "a.xlsx", MeetingReturn("DB1-1").book())
    put(office, "b.xlsx", MeetingReturn("DB1-2", present=11).book())
    put(office, "ảnh ký.jpg", b"\xff\xd8\xff\xe0")
    assert run(["run", "--as-of", "2019-12-06"]) == 1
    out, _ = words(capsys)
    counts, file, *_ = out.splitlines()
    assert counts == "Vừa nhận 3 tệp = 1 được nhận + 1 trả lại + 0 trùng + 0 chờ + 1 bỏ qua."
    assert file == "b.xlsx: Bị trả lại"
    assert "tong-hop-2019-11.xlsx" in out.replace("\n", "")
    assert "D01" in out
    assert run(["run", "--as-of", "2019-12-06"]) == 0


def test_ingest_tells_programs_in_json(office, capsys):
    put(office, "b.xlsx", MeetingReturn("DB1-2", present=11).book())
    assert run(["ingest", "--json", "--as-of", "2019-12-06"]) == 1
    (decision,) = result(words(capsys)[0])["files"]
    assert (decision["branch"], decision["period"], decision["verdict"]) == (
        "DB1-2",
        "2019-11",
        "rejected",
    )
    (finding,) = (f for f in decision["findings"] if f["severity"] == "error")
    assert finding["code"] == "D01"
    assert re.fullmatch(r"[A-Z]+\d+", finding["cell"])


def test_a_time_of_receipt_that_has_not_come(office, capsys):
    put(office, "a.xlsx", MeetingReturn("DB1-1").book())
    assert run(["ingest", "--received", "2999-12-03"]) == 2
    assert "--received" in words(capsys)[1]
    with Ledger.open(office.workspace.ledger) as ledger:
        assert ledger.entries() == ()


def test_a_clock_before_the_last_run_is_told(office, capsys):
    put(office, "a.xlsx", MeetingReturn("DB1-1").book())
    assert run(["ingest", "--as-of", "2019-12-06", "--received", "2019-12-03"]) == 0
    assert words(capsys)[1].strip() == ""
    put(office, "b.xlsx", MeetingReturn("CB-01").book())
    assert run(["ingest", "--as-of", "2199-12-06"]) == 0
    words(capsys)
    assert run(["ingest", "--as-of", "2019-12-06"]) == 0
    assert "06/12/2199" in words(capsys)[1]


def test_what_was_judged_anew_is_told(office, capsys):
    """A machine that believes it is October refuses November's return."""
    put(office, "a.xlsx", MeetingReturn("DB1-1").book())
    assert run(["ingest", "--as-of", "2019-10-01", "--received", "2019-10-01"]) == 1
    words(capsys)
    assert run(["ingest", "--as-of", "2019-12-06"]) == 0
    out, _ = words(capsys)
    assert "a.xlsx: Được nhận" in out
    assert "L14" in out
    assert out.startswith("Vừa nhận 0 tệp = ")
    assert "1 tệp nhận từ trước được xét lại" in out


def test_status_in_json(office, capsys):
    assert run(["status", "--json", "--period", "2019-11", "--as-of", "2019-12-06"]) == 0
    assert states(words(capsys)[0], "meeting")["CB-01"]["2019-11"] == "missing"


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_status_for_people_explains_every_symbol_it_uses(office, capsys, lang):
    put(office, "a.xlsx", MeetingReturn("DB1-1").book())
    put(office, "b.xlsx", MeetingReturn("DB1-2", present=11).book())
    run(["run", "--as-of", "2019-12-06", "--received", "2019-12-03"])
    words(capsys)
    assert (
        run(["status", "--period", "2019-11", "--as-of", "2019-12-06", "--all", "--lang", lang])
        == 0
    )
    out, err = words(capsys)
    assert err == ""
    for symbol in ("●", "■", "×"):
        assert re.search(rf"{symbol} \w", out), symbol


def test_templates_for_all_that_owe_the_form(office, capsys):
    assert run(["template", "--period", "2019-11", "--dry-run"]) == 0
    assert not list(office.workspace.outbox.rglob("*.xlsx"))
    assert run(["template", "--period", "2019-11"]) == 0
    names = sorted(path.name for path in office.workspace.outbox.rglob("*.xlsx"))
    assert names == [f"{code}_bao-cao_2019-11.xlsx" for code in ("CB-01", "DB1-1", "DB1-2")]
    last = words(capsys)[0].splitlines()[-1]
    assert "điện thoại" in last
    assert str(office.workspace.inbox / "nhap-thay") in last


# -- one workbook ----------------------------------------------------------------------------


def test_check_inside_a_workspace(office, tmp_path, capsys):
    good, bad = tmp_path / "good.xlsx", tmp_path / "bad.xlsx"
    good.write_bytes(MeetingReturn("DB1-1", visitor="CU-1").book())
    bad.write_bytes(MeetingReturn("DB1-1", visitor="CU-9").book())
    assert run(["check", str(good), "--as-of", "2019-12-06"]) == 0
    assert run(["check", str(bad), "--as-of", "2019-12-06", "--json"]) == 1
    (finding,) = findings(words(capsys)[0].splitlines()[-1])
    assert set(finding) == {"code", "severity", "sheet", "cell", "message"}
    assert finding["code"] == "F16"


@pytest.mark.parametrize("kind", ["eml", "zip"])
def test_check_each_workbook_in_a_mail_or_a_zip(kind, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    books = {
        "tot.xlsx": MeetingReturn("DB1-1").book(),
        "sai.xlsx": MeetingReturn("DB1-1", present=11).book(),
    }
    path = tmp_path / f"thu.{kind}"
    if kind == "eml":
        mail = EmailMessage()
        mail["From"], mail["Subject"] = "a@example.vn", "Báo cáo"
        mail.set_content("Kính gửi")
        for name, book in books.items():
            mail.add_attachment(book, "application", "octet-stream", filename=name)
        path.write_bytes(bytes(mail))
    else:
        with zipfile.ZipFile(path, "w") as archive:
            for name, book in books.items():
                archive.writestr(name, book)
    assert run(["check", path.name, "--as-of", "2019-12-06", "--lang", "vi"]) == 1
    lines = words(capsys)[0].splitlines()
    assert [line for line in lines if "Lỗi D01 " in line and "sai.xlsx" in line]
    verdicts = {re.search(r"\w+\.xlsx", line)[0]: line for line in lines if ": Tệp " in line}
    assert "dùng được" in verdicts["tot.xlsx"]
    assert "bị trả lại" in verdicts["sai.xlsx"]
    assert run(["check", path.name, "--as-of", "2019-12-06", "--json"]) == 1
    files = result(words(capsys)[0])["files"]
    (file,) = {each["file"] for each in files for x in each["findings"] if x["code"] == "D01"}
    assert verdicts["sai.xlsx"].startswith(f"{file}: ")
    assert run(["check", path.name, "--returned", "tra.xlsx"]) == 2
    assert "2" in words(capsys)[1]


def test_a_mail_without_a_workbook(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "thu.eml").write_bytes(b"From: a@example.vn\nSubject: x\n\nno file\n")
    assert run(["check", "thu.eml", "--lang", "vi"]) == 2
    assert "không có tệp Excel nào" in words(capsys)[1]


def test_findings_alike_are_one_line_that_lists_their_cells():
    beyond = [
        Finding("C19", Severity.ERROR, Place("a.xlsx", "Báo cáo", cell), {"field": "meetings"})
        for cell in ("C40", "C41", "D41", "C43")
    ]
    blank = Finding("F01", Severity.ERROR, Place("a.xlsx", "Báo cáo", "F21"), {"field": "x.y"})
    first, second = finding_lines([beyond[0], blank, *beyond[1:]], None, "vi")
    assert first.startswith("C19 a.xlsx · Báo cáo!C40–C41, C43, D41: ")
    assert second.startswith("F01 a.xlsx · Báo cáo!F21: ")


def test_check_works_while_the_register_does_not(office, tmp_path, capsys):
    good = tmp_path / "good.xlsx"
    good.write_bytes(MeetingReturn("DB1-1").book())
    office.workspace.register.write_bytes(b"nothing yet")
    assert run(["check", str(good), "--as-of", "2019-12-06"]) == 0
    assert len(words(capsys)[1].splitlines()) == 1


def test_a_dry_run_does_not_claim_a_workbook(office, capsys):
    assert run(["consolidate", "--period", "2019-11", "--dry-run", "--lang", "en"]) == 0
    assert words(capsys)[0].startswith("Dry run, nothing written: ")


def test_check_anywhere_knows_the_form_only(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    good, bad = tmp_path / "good.xlsx", tmp_path / "bad.xlsx"
    good.write_bytes(MeetingReturn("DB1-1", visitor="CU-9").book())
    bad.write_bytes(MeetingReturn("DB1-1", present=11).book())
    assert run(["check", str(good), "--as-of", "2019-12-06"]) == 0
    assert run(["check", str(bad), "--as-of", "2019-12-06", "--json"]) == 1
    found = findings(words(capsys)[0].splitlines()[-1])
    assert [(entry["code"], entry["severity"]) for entry in found] == [("D01", "error")]


# -- descriptions ----------------------------------------------------------------------------


def test_lint_names_file_line_key_and_the_nearest(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    shipped = Path(__file__).parents[2] / "schemas" / "meeting-2018.yaml"
    wrong = tmp_path / "meeting.yaml"
    wrong.write_text(shipped.read_text("utf-8").replace("required: true", "requierd: true", 1))
    assert run(["schema", "lint", str(wrong), "--lang", "en"]) == 1
    _, err = words(capsys)
    line = next(n for n, t in enumerate(wrong.read_text().splitlines(), 1) if "requierd" in t)
    assert f"meeting.yaml, line {line}" in err
    assert "requierd" in err
    assert "“required”" in err
    assert run(["schema", "lint"]) == 0


def test_a_shipped_description_is_copied_to_be_edited(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["init", "town", *ANSWERS]) == 0
    monkeypatch.chdir(tmp_path / "town")
    assert run(["schema", "copy", "meeting-2025"]) == 0
    own = Path("schemas/meeting-2025.yaml").resolve()
    shipped = Path(__file__).parents[2] / "schemas" / own.name
    assert own.read_bytes() == shipped.read_bytes()
    assert str(own) in capsys.readouterr().out
    assert run(["schema", "lint"]) == 0
    for name, said in (("meeting-2025.yaml", str(own)), ("meeting-2099", "scheme-meeting-score")):
        assert run(["schema", "copy", name]) == 2
        assert said in capsys.readouterr().err.replace("\n", "")


@pytest.mark.parametrize("flag", ["--name", "--place", "--level", "--start", "--officials"])
def test_init_in_a_script_names_what_is_missing(tmp_path, monkeypatch, capsys, flag):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    at = ANSWERS.index(flag)
    answers = (*ANSWERS[:at], *ANSWERS[at + 2 :])
    assert run(["init", str(tmp_path / "office"), *answers]) == 2
    assert flag in capsys.readouterr().err
    assert not (tmp_path / "office").exists()


@pytest.mark.parametrize(
    ("flag", "value"),
    [("--level", "thôn"), ("--start", "2026"), ("--due", "-1"), ("--officials", "x")],
)
def test_a_wrong_answer_is_told(tmp_path, capsys, flag, value):
    answers = list(ANSWERS)
    answers[answers.index(flag) + 1] = value
    assert run(["init", str(tmp_path / "office"), *answers]) == 2
    assert value in capsys.readouterr().err


def test_lint_tells_overlaps_and_which_applies(tmp_path, monkeypatch, capsys):
    """A changed quota is a new file with its own months: a note, no error."""
    monkeypatch.chdir(tmp_path)
    assert run(["init", "town", *ANSWERS]) == 0
    monkeypatch.chdir(tmp_path / "town")
    shipped = Path(__file__).parents[2] / "schemas"
    quota = (shipped / "quota-office-official.yaml").read_text("utf-8")
    changed = Path("schemas/quota-2019.yaml")
    changed.write_text(quota.replace("2018-07", "2019-07").replace("times: 4", "times: 5"), "utf-8")
    signs = (
        'extends: signs-meeting-2018.yaml\nversion: "x"\neffective: {from: 2020-01, to: 2020-06}\n'
    )
    Path("schemas/signs-own.yaml").write_text(signs, encoding="utf-8")
    words(capsys)
    assert run(["schema", "lint", "--lang", "en"]) == 0
    notes = [line for line in words(capsys)[0].splitlines() if line.startswith("Note")]
    assert len(notes) == 2
    own_folder = Path.cwd() / "schemas"
    text = " ".join(notes)
    assert (
        "quota office_official, from 2019-07 on: "
        f"{own_folder}/quota-2019.yaml applies (the newest), not "
        "quota-office-official.yaml (shipped)." in text
    )
    assert f"signs meeting, 2020-01 to 2020-06: {own_folder}/signs-own.yaml applies" in text
    assert run(["schema", "lint", "schemas/quota-2019.yaml"]) == 0
    assert "áp dụng schemas/quota-2019.yaml (bản mới nhất)" in words(capsys)[0]


def test_lint_refuses_two_records_of_one_quota_and_month(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    quota = Path(__file__).parents[2] / "schemas" / "quota-office-official.yaml"
    for name in ("a.yaml", "b.yaml"):
        Path(name).write_text(quota.read_text("utf-8"), "utf-8")
    assert run(["schema", "lint", "a.yaml", "b.yaml", "--lang", "en"]) == 1
    assert "b.yaml: the quota office_official 2018-07 is described by a.yaml" in words(capsys)[1]


@pytest.mark.parametrize("name", ["a.yaml", "b.yaml"])
def test_lint_of_one_of_two_twins_names_it(tmp_path, monkeypatch, capsys, name):
    monkeypatch.chdir(tmp_path)
    assert run(["init", "town", *ANSWERS]) == 0
    monkeypatch.chdir(tmp_path / "town")
    quota = Path(__file__).parents[2] / "schemas" / "quota-office-official.yaml"
    for twin in ("a.yaml", "b.yaml"):
        Path("schemas", twin).write_text(quota.read_text("utf-8"), "utf-8")
    words(capsys)
    assert run(["schema", "lint", f"schemas/{name}"]) == 1
    _, err = words(capsys)
    assert "schemas/a.yaml" in err
    assert "schemas/b.yaml" in err


def test_months_the_wrong_way_round_are_told(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    quota = Path(__file__).parents[2] / "schemas" / "quota-office-official.yaml"
    text = quota.read_text("utf-8").replace("{from: 2018-07}", "{from: 2019-09, to: 2019-06}")
    Path("a.yaml").write_text(text, "utf-8")
    assert run(["schema", "lint", "a.yaml"]) == 1
    assert "“2019-06” ở đây. Ghi một tháng không trước “2019-09”" in words(capsys)[1]


def test_schema_export_prints_the_package_or_writes_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["schema", "export", "meeting:2018.1"]) == 0
    printed = words(capsys)[0]
    assert json.loads(printed)["name"] == "meeting-2018.1"
    assert run(["schema", "export", "meeting:2018.1", "--out", "a/meeting.json"]) == 0
    assert Path("a/meeting.json").read_text(encoding="utf-8") == printed


def test_schema_list_and_show(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["schema", "list"]) == 0
    assert "meeting 2018.1" in words(capsys)[0]
    assert run(["schema", "show", "meeting"]) == 0
    assert "D01" in words(capsys)[0]
    assert run(["schema", "show", "meting"]) == 2


# -- help ------------------------------------------------------------------------------------


def commands(group=mlay, path=()):
    ctx = click.Context(group, info_name="mlay")
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("path", [path for path, _ in commands()], ids=" ".join)
def test_every_command_and_option_has_a_help_in_both_languages(path, lang, capsys, monkeypatch):
    monkeypatch.setenv("MLAY_LANG", lang)
    assert run([*path, "--help"]) == 0
    out, _ = words(capsys)
    heading = {"vi": "Tùy chọn:", "en": "Options:"}[lang]
    options = out.split(heading)[1]
    for line in re.findall(r"^  (-.*)$", options, re.MULTILINE):
        assert re.search(r"\s{2,}\S|\n", line) or line + "\n   " in options, line


def test_the_help_of_an_option_is_a_sentence_and_no_heading_of_a_table():
    """A text of the same command that bears the option's name would be taken for its help."""
    for path, command in commands():
        top = click.Context(mlay, info_name="mlay")
        ctx = click.Context(command, info_name=" ".join(path), parent=top)
        for parameter in command.params:
            if isinstance(parameter, Option):
                _, text = parameter.get_help_record(ctx) or ("", ".")
                assert text.endswith("."), (path, parameter.name)


def test_no_text_of_the_command_line_is_left_over():
    keys = yaml.safe_load((LOCALE / "cli.yaml").read_text("utf-8"))
    code = "".join(path.read_text("utf-8") for path in Path(cli.__file__).parent.glob("*.py"))
    generated = {"short", "help", "example"} | {p.name for _, c in commands() for p in c.params}
    for key in keys:
        first, _, last = key.rpartition(".")
        written = any(f"{quote}{first}." in code for quote in ('"', "'"))
        assert key in code or last in generated or written, key


def test_help_starts_in_twice_the_time_of_importing_click():
    def best(*args: str) -> float:
        times = []
        for _ in range(7):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, *args], check=True, capture_output=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        return min(times)  # of processor time: what else the machine does must not count

    assert best("-m", "mlay_batch", "--help") <= 2 * best("-c", "import click")


@pytest.mark.parametrize("machine", ["UTC", "Asia/Ho_Chi_Minh", "America/New_York"])
def test_today_is_the_day_of_the_office_wherever_the_machine_is(office, monkeypatch, machine):
    """At 23:30 UTC on the 5th it is the 6th in Vietnam: who is late goes by that."""

    class LateEvening(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(2019, 12, 5, 23, 30, tzinfo=UTC).astimezone(tz)

    monkeypatch.setenv("TZ", machine)
    time.tzset()
    monkeypatch.setattr(session, "datetime", LateEvening)
    assert session.Session(click.Context(mlay)).as_of == date(2019, 12, 6)
    assert session.local_time(None, "Asia/Ho_Chi_Minh") == "2019-12-06T06:30:00+07:00"
    monkeypatch.delenv("TZ")
    time.tzset()


def test_every_mistake_in_own_descriptions_is_told_at_once(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["init", "town", *ANSWERS]) == 0
    monkeypatch.chdir(tmp_path / "town")
    shipped = Path(__file__).parents[2] / "schemas" / "quota-office-official.yaml"
    quota = shipped.read_text("utf-8")
    Path("schemas", "a.yaml").write_text(quota.replace("role:", "rolle:"), "utf-8")
    Path("schemas", "b.yaml").write_text(quota.replace("times:", "time:") + "x: 1\n", "utf-8")
    words(capsys)
    for command in (["doctor"], ["schema", "lint"], ["schema", "list"]):
        assert run(command)
        told = "".join(words(capsys))
        assert [told.count(f"“{key}”. Có phải là") for key in ("rolle", "time")] == [1, 1]
        assert "“x”" in told
