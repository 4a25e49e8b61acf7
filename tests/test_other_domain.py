"""A quite different domain: schools report attendance by the month. Only YAML, no code.

The form goes the whole way: template, filled in, read, refused and given back, accepted,
consolidated, shown as missing. A second version renames a field and carries its values over.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import openpyxl
import pytest
from builders.json_results import findings, states
from builders.reports import table_column
from builders.sample_office import ANSWERS

from mlay_batch.app.version_migration import convert_rows
from mlay_batch.cli import run
from mlay_batch.core.period import Period
from mlay_batch.model.records import Row
from mlay_batch.schema import load_catalogue
from mlay_batch.schema.versions import field_mapping, is_in_transition
from mlay_batch.template import TemplateContext, render

ATTENDANCE = """
form: attendance
version: "1"
period: month
effective: {from: 2019-09, to: 2019-11}
basis: [Quy chế chuyên cần]
title: {vi: BÁO CÁO CHUYÊN CẦN, en: School attendance}
sheet: {vi: Chuyên cần, en: Attendance}
reporters: [cell_direct]
due: {day: 5}
choices:
  level:
    - {id: primary, title: {vi: Tiểu học, en: Primary}}
    - {id: secondary, title: {vi: Trung học cơ sở, en: Lower secondary}}
  yes_no:
    - {id: "yes", title: {vi: Có, en: "Yes"}}
    - {id: "no", title: {vi: Không, en: "No"}}
sections:
  - id: school
    layout: card
    title: {vi: I. Nhà trường, en: I. School}
    fields:
      - {id: level, type: choice, choices: level, required: true, title: {vi: Cấp học, en: Level}}
      - {id: opened, type: integer, min: 0, max: 9999, required: true, prefill: school.enrolled, title: {vi: Học sinh đầu tháng, en: Pupils at the start}}
      - {id: enrolled, type: integer, min: 0, max: 9999, required: true, title: {vi: Học sinh cuối tháng, en: Pupils at the end}}
      - {id: closed, type: choice, choices: yes_no, default: "no", title: {vi: Nghỉ cả tháng, en: Closed all month}}
  - id: classes
    layout: table
    rows: 6
    nil: school.closed
    title: {vi: II. Các lớp, en: II. Classes}
    unique: [name]
    fields:
      - {id: name, type: text, required: true, max_length: 20, title: {vi: Lớp, en: Class}}
      - {id: pupils, type: integer, min: 0, max: 60, required: true, title: {vi: Sĩ số, en: On roll}}
      - {id: days_lost, type: number, min: 0, title: {vi: Ngày vắng bình quân, en: Days lost each}}
      - {id: counted_on, type: date, within_period: true, title: {vi: Ngày kiểm diện, en: Counted on}}
    rules:
      - code: T91
        check: at_most
        value: days_lost
        bound: 22
        mark: [days_lost]
        basis: Quy chế chuyên cần
        says: {vi: "Vắng {value} ngày, một tháng không quá {bound} ngày học.", en: "{value} days lost; a month has no more than {bound}."}
        fix: {vi: "Sửa số ngày vắng.", en: "Correct the days lost."}
"""  # noqa: E501 - a form as it is written
SECOND = (
    ATTENDANCE.replace('version: "1"', 'version: "2"')
    .replace("{from: 2019-09, to: 2019-11}", "{from: 2019-12}")
    .replace("id: enrolled", "id: on_roll")
    .replace("prefill: school.enrolled", "prefill: school.on_roll")
    .replace(
        "sections:",
        'carries: {from: "1", grace: 1, fields: {school.enrolled: school.on_roll}}\nsections:',
        1,
    )
)
REGISTER = [
    {"code": "PGD", "name": "Phòng Giáo dục", "type": "office"},
    {"code": "TH-1", "name": "Trường Tiểu học số 1", "type": "cell_direct", "parent": "PGD"},
    {"code": "TH-2", "name": "Trường Tiểu học số 2", "type": "cell_direct", "parent": "PGD"},
]
GOOD = {
    "school": [{"level": "Tiểu học", "opened": 41, "enrolled": 43}],
    "classes": [
        {"name": "1A", "pupils": 21, "days_lost": 0.5, "counted_on": date(2019, 11, 4)},
        {"name": "1B", "pupils": 22, "days_lost": 1.25},
    ],
}


@pytest.fixture
def office(tmp_path, monkeypatch):
    """A workspace with the two versions of the form as its own descriptions."""
    monkeypatch.setenv("MLAY_LANG", "vi")
    root = tmp_path / "phong-giao-duc"
    assert run(["init", str(root), *ANSWERS]) == 0
    for name, text in (("attendance-1", ATTENDANCE), ("attendance-2", SECOND)):
        (root / "schemas" / f"{name}.yaml").write_text(text, encoding="utf-8")
    rows = [Row("organisations", "", 0, entry, {}) for entry in REGISTER]
    context = TemplateContext("PGD", "Phòng Giáo dục", "", None, "Mường Lay", {}, {})
    register = render(load_catalogue(root / "schemas").register_form, context, rows)
    (root / "register.xlsx").write_bytes(register)
    monkeypatch.chdir(root)
    return root


def fill(source: Path, target: Path, values: dict[str, list[dict[str, object]]]) -> dict[str, str]:
    """Type into a blank form, found by its hidden ids; return the cell of each field."""
    book = openpyxl.load_workbook(source)
    sheet = book["Chuyên cần"]
    marks = {sheet.cell(row, 1).value: row for row in range(1, sheet.max_row + 1)}
    cells = {}
    for section, rows in values.items():
        top = marks[f"{section}:start"]
        columns = {cell.value: cell.column for cell in sheet[top] if cell.value}
        for number, row in enumerate(rows):
            for field, value in row.items():
                at = (
                    sheet.cell(marks[field], columns["value"])
                    if "value" in columns
                    else sheet.cell(marks[f"{section}:head"] + 1 + number, columns[field])
                )
                at.value = value
                cells[f"{section}.{field}.{number}"] = at.coordinate
    book.save(target)
    return cells


def blank(office: Path, branch: str, period: str) -> Path:
    assert run(["template", "--form", "attendance", "--period", period]) == 0
    (path,) = (office / "outbox" / period).glob(f"{branch}_*.xlsx")
    return path


def test_a_form_is_named_where_several_are_owed(office, capsys):
    """Nothing in the program is partial to a form of a certain name."""
    assert run(["template", "--period", "2019-11", "--lang", "en"]) == 2
    assert "attendance, meeting" in capsys.readouterr().err
    assert run(["template", "--period", "2018", "--dry-run"]) == 0  # only one is owed by the year


def test_the_whole_way(office, capsys):
    form = blank(office, "TH-1", "2019-11")
    bad = {**GOOD, "classes": [{**GOOD["classes"][0], "pupils": "21/21", "days_lost": 23}]}
    cells = fill(form, office / "bad.xlsx", bad)
    capsys.readouterr()

    # refused at its cells, in the form's own words, and given back marked
    back = ["check", "bad.xlsx", "--returned", "back.xlsx", "--as-of", "2019-12-03", "--json"]
    assert run(back) == 1
    places = {(f["code"], f["cell"]) for f in findings(capsys.readouterr().out)}
    assert places == {
        ("C03", cells["classes.pupils.0"]),
        ("T91", cells["classes.days_lost.0"]),
    }
    book = openpyxl.load_workbook("back.xlsx")
    assert book.sheetnames[0] == "Lỗi cần sửa"
    assert book["Chuyên cần"][cells["classes.pupils.0"]].value == "21/21"

    # repaired, accepted, consolidated; who is missing is shown
    fill(Path("back.xlsx"), office / "inbox" / "tot.xlsx", {"classes": GOOD["classes"]})
    fill(Path("back.xlsx"), office / "inbox" / "xau.xlsx", {"classes": [{"pupils": 99}]})
    dated = ["--as-of", "2019-12-03", "--received", "2019-12-03"]
    assert run(["run", *dated, "--period", "2019-11"]) == 1
    capsys.readouterr()
    assert run(["status", "--as-of", "2019-12-06", "--json"]) == 0
    came = states(capsys.readouterr().out, "attendance")
    assert (came["TH-1"]["2019-11"], came["TH-2"]["2019-11"]) == ("reported", "missing")
    book = openpyxl.load_workbook("reports/2019-11/tong-hop-2019-11.xlsx", data_only=True)
    assert table_column(book, "Sĩ số") == [21, 22]
    assert table_column(book, "Học sinh cuối tháng") == [43]


def test_values_of_the_older_version_are_carried_over(office, capsys):
    accepted = fill(blank(office, "TH-1", "2019-11"), office / "inbox" / "a.xlsx", GOOD)
    assert run(["run", "--as-of", "2019-12-03", "--period", "2019-11"]) == 0

    # prefilled in the new version from the field's old name
    new = openpyxl.load_workbook(blank(office, "TH-1", "2019-12"))
    assert new["_mlay"]["B3"].value == "2"
    assert new["Chuyên cần"][accepted["school.opened.0"]].value == 43

    # the old form of December is still taken in its month of grace, and shown under the new name
    late = fill_old(office, "2019-12", office / "inbox" / "b.xlsx")
    capsys.readouterr()
    assert run(["check", str(late), "--as-of", "2020-01-03", "--json"]) == 0
    assert {f["code"] for f in findings(capsys.readouterr().out)} == {"I14"}
    assert run(["run", "--as-of", "2020-01-03", "--period", "2019-12"]) == 0
    book = openpyxl.load_workbook("reports/2019-12/tong-hop-2019-12.xlsx", data_only=True)
    assert sorted(table_column(book, "Học sinh cuối tháng")) == [43, 47]

    # a month later it is refused
    later = fill_old(office, "2020-01", office / "c.xlsx")
    capsys.readouterr()
    assert run(["check", str(later), "--as-of", "2020-02-03", "--json"]) == 1
    assert "I06" in {f["code"] for f in findings(capsys.readouterr().out)}


def fill_old(office: Path, period: str, target: Path) -> Path:
    """A return of `period` on version 1, as a school that kept the old form would send."""
    form = load_catalogue(office / "schemas").form("attendance", "1")
    context = TemplateContext("TH-1", "Trường Tiểu học số 1", "", Period.parse(period), "", {}, {})
    blank = office / f"old-{period}.xlsx"
    blank.write_bytes(render(form, context))
    year, month = map(int, period.split("-"))
    classes = [{"name": "1A", "pupils": 47, "counted_on": date(year, month, 4)}]
    fill(blank, target, {"school": [{**GOOD["school"][0], "enrolled": 47}], "classes": classes})
    return target


def test_moves_go_through_the_versions_between(office):
    catalogue = load_catalogue(office / "schemas")
    first, second = (catalogue.form("attendance", version) for version in "12")
    moved = field_mapping(catalogue, first, second)
    assert moved == {"school.enrolled": "school.on_roll"}
    assert field_mapping(catalogue, second, first) == field_mapping(catalogue, first, first) == {}
    rows = (Row("school", "S", 5, {"enrolled": 43, "level": "primary"}, {"enrolled": "D5"}),)
    (row,) = convert_rows(rows, moved, second)
    assert row.values == {"on_roll": 43, "level": "primary"}
    assert row.cells == {"on_roll": "D5"}
    graced = [
        is_in_transition(first, second, Period(y, m))
        for y, m in ((2019, 11), (2019, 12), (2020, 1))
    ]
    assert graced == [False, True, False]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('from: "1"', 'from: "0"', "“0”"),
        ("school.enrolled: school.on_roll", "school.enroled: school.on_roll", "school.enroled"),
        ("school.enrolled: school.on_roll", "school.enrolled: school.level", "school.level"),
    ],
)
def test_a_mistake_in_carries_is_named(office, capsys, old, new, says):
    path = office / "schemas" / "attendance-2.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    assert run(["status"]) == 3
    assert says in capsys.readouterr().err
