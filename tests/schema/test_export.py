"""A form leaves the program: as a script that checks flat data, as a Data Package."""

import csv
import json
import subprocess
import sys
from datetime import date

import frictionless
import openpyxl
import pytest

from mlay_batch.pipeline.interchange import exported, form_named
from mlay_batch.schema import load_catalogue
from mlay_batch.schema.catalogue import shipped
from mlay_batch.schema.export import data_package

CATALOGUE = load_catalogue()
MEETING = CATALOGUE.form("meeting", "2018.1")
GOOD = {
    "_branch": "CB-01", "_period": "2019-11", "held_on": "2019-11-04", "kind": "regular",
    "content": "Nghị quyết", "duration": "95", "expected": "18", "present": "18",
    "excused": "0", "unexcused": "0",
}  # fmt: skip


def table(path, *rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(GOOD))
        writer.writeheader()
        writer.writerows(GOOD | row for row in rows)
    return path


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    """The script of the section meetings, in a folder of its own."""
    (found,) = exported(MEETING, "meetings", "pandera", "vi").items()
    path = tmp_path_factory.mktemp("outside") / found[0]
    path.write_text(found[1], encoding="utf-8")
    return path


def told(script, *arguments, code):
    """What the script prints: row, field and code of each finding. The program is not there."""
    blocked = "import sys; sys.modules['mlay_batch'] = None; import runpy; sys.argv = sys.argv[1:];"
    run = subprocess.run(
        [sys.executable, "-c", f"{blocked} runpy.run_path(sys.argv[0], run_name='__main__')",
         script, *arguments],
        capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert run.returncode == code, run.stderr
    return {(one["row"], one["field"], one["code"]) for one in json.loads(run.stdout)}


def test_the_script_knows_nothing_of_the_program(script):
    assert "import mlay_batch" not in script.read_text(encoding="utf-8")
    assert "from mlay_batch" not in script.read_text(encoding="utf-8")


def test_good_data_passes(script, tmp_path):
    assert told(script, table(tmp_path / "a.csv", {}, {"_branch": "CB-02"}), code=0) == set()


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        ({"content": ""}, {("content", "F01")}),
        ({"duration": "5"}, {("duration", "F02")}),
        ({"duration": "601"}, {("duration", "F03")}),
        ({"held_on": "2019-12-04"}, {("held_on", "F04")}),
        ({"held_on": "tháng 11"}, {("held_on", "C06")}),
        ({"present": "18/18"}, {("present", "C01")}),
        ({"present": "17.5", "expected": "18"}, {("present", "C02")}),
        ({"kind": "họp"}, {("kind", "C09")}),
        ({"present": "17"}, {("expected", "D01")}),
        ({"content": "x" * 1001}, {("content", "F06")}),
    ],
)  # fmt: skip
def test_bad_data_is_found_with_the_codes_of_the_program(script, tmp_path, wrong, found):
    data = table(tmp_path / "a.csv", {"_branch": "CB-02"}, wrong)
    assert told(script, data, code=1) == {(3, *one) for one in found}


def test_rows_alike_are_asked_return_by_return(script, tmp_path):
    """The same day in another branch is another meeting."""
    rows = {}, {"_branch": "CB-02"}, {"content": "lần nữa"}
    assert (4, "held_on", "D07") in told(script, table(tmp_path / "a.csv", *rows), code=1)
    other = table(tmp_path / "b.csv", {}, {"_branch": "CB-02"})
    assert told(script, other, code=0) == set()


def test_a_data_sheet_with_titles_as_headings(script, tmp_path):
    """The consolidated workbook's sheet: a title above, headings as people read them."""
    book = openpyxl.Workbook()
    sheet = book.create_sheet("Dữ liệu")
    sheet.append(["DỮ LIỆU"])
    sheet.append([])
    fields = ["Ngày họp", "Loại sinh hoạt", "Nội dung chính", "Thời lượng (phút)", "Phải có mặt",
              "Có mặt", "Vắng có lý do", "Vắng không lý do"]  # fmt: skip
    sheet.append(["Mã đơn vị", "Đơn vị", "Kỳ", *fields])
    day = date(2019, 11, 4)
    sheet.append(["CB-01", "x", "2019-11", day, "Thường kỳ", "a", 95, 18, 18, 0, 0])
    sheet.append(["CB-02", "x", "2019-11", day, "Thường kỳ", "a", 95, 18, 17, 0, 0])
    book.save(tmp_path / "a.xlsx")
    assert told(script, tmp_path / "a.xlsx", "Dữ liệu", code=1) == {(5, "expected", "D01")}


def test_every_section_of_every_form_has_a_script_that_runs(tmp_path):
    """Its schema is made: every check it names is there and takes its parameters."""
    for form in CATALOGUE.forms:
        for name, text in exported(form, None, "pandera", "vi").items():
            (tmp_path / name).write_text(text, encoding="utf-8")
    each = (
        "import os, runpy, sys, pandera.pandas\n"
        "for path in sys.argv[1:]:\n"
        "    if not (child := os.fork()):\n"
        "        os._exit(not runpy.run_path(path)['SCHEMA'].columns)\n"
        "    assert os.waitpid(child, 0)[1] == 0, path"
    )
    scripts = sorted(tmp_path.glob("*.py"))
    run = subprocess.run([sys.executable, "-c", each, *scripts],
                         capture_output=True, encoding="utf-8", check=False)  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert len(scripts) == sum(len(form.sections) for form in CATALOGUE.forms)


def test_rules_over_other_sections_are_named_as_not_carried(script):
    head = script.read_text(encoding="utf-8").split('"""')[1]
    assert "- D03 (sum_equals_card)" in head
    assert "- D09 (exists_in)" in head
    assert "D01" not in head


# -- Frictionless


@pytest.mark.parametrize("form", load_catalogue().forms, ids=lambda f: f"{f.form}-{f.version}")
@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_form_is_a_valid_data_package(form, lang):
    package = frictionless.Package.from_descriptor(data_package(form, lang))
    assert len(package.resources) == len(form.sections)


@pytest.mark.parametrize(
    ("wrong", "kind", "field"),
    [
        ({}, None, None),
        ({"content": ""}, "constraint-error", "content"),
        ({"duration": "5"}, "constraint-error", "duration"),
        ({"duration": "601"}, "constraint-error", "duration"),
        ({"kind": "họp"}, "constraint-error", "kind"),
        ({"held_on": "04/11/2019"}, "type-error", "held_on"),
        ({"present": "18/18"}, "type-error", "present"),
    ],
)
def test_the_table_schema_holds_flat_data(tmp_path, wrong, kind, field):
    whole = data_package(MEETING)
    schema = next(r["schema"] for r in whole["resources"] if r["name"] == "meeting-meetings")
    schema["fields"] = [one for one in schema["fields"] if one["name"] in GOOD]
    path = table(tmp_path / "a.csv", wrong)
    held = frictionless.Schema.from_descriptor(schema)
    resource = frictionless.Resource(path=path.name, basepath=str(tmp_path), schema=held)
    errors = [error for task in resource.validate().tasks for error in task.errors]
    assert [(e.type, e.field_name) for e in errors] == ([(kind, field)] if kind else [])


def test_a_form_by_name_by_version_and_by_file():
    catalogue = load_catalogue()
    assert form_named(catalogue, "meeting:2018.1") == MEETING
    assert form_named(catalogue, str(shipped("schemas") / "meeting-2018.yaml")) == MEETING
