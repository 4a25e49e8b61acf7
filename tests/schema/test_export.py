"""A form leaves the program as a Frictionless Data Package."""

import csv

import frictionless
import pytest

from mlay_batch.cli.schema_commands import find_form
from mlay_batch.schema import load_catalogue
from mlay_batch.schema.catalogue import shipped_folder
from mlay_batch.schema.frictionless import data_package

CATALOGUE = load_catalogue()
MEETING = CATALOGUE.form("meeting", "2018.1")
GOOD = {
    "_branch": "CB-01", "_period": "2019-11", "held_on": "2019-11-04", "kind": "regular",
    "duration": "95", "expected": "18", "present": "18", "unexcused": "0", "excused": "0",
    "content": "Nghị quyết",
}  # fmt: skip


def table(path, *rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(GOOD))
        writer.writeheader()
        writer.writerows(GOOD | row for row in rows)
    return path


@pytest.mark.parametrize("form", load_catalogue().forms, ids=lambda f: f"{f.form}-{f.version}")
@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_form_is_a_valid_data_package(form, lang):
    package = frictionless.Package.from_descriptor(data_package(form, lang))
    assert len(package.resources) == len(form.sections)


@pytest.mark.parametrize(
    ("wrong", "kind", "field"),
    [
        ({}, None, None),
        ({"expected": ""}, "constraint-error", "expected"),
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
    schema["fields"] = [entry for entry in schema["fields"] if entry["name"] in GOOD]
    path = table(tmp_path / "a.csv", wrong)
    flat = frictionless.Schema.from_descriptor(schema)
    resource = frictionless.Resource(path=path.name, basepath=str(tmp_path), schema=flat)
    errors = [error for task in resource.validate().tasks for error in task.errors]
    assert [(e.type, e.field_name) for e in errors] == ([(kind, field)] if kind else [])


def test_a_form_by_name_by_version_and_by_file():
    catalogue = load_catalogue()
    assert find_form(catalogue, "meeting:2018.1") == MEETING
    assert find_form(catalogue, str(shipped_folder("schemas") / "meeting-2018.yaml")) == MEETING
