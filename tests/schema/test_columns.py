# ruff: noqa: E501 - descriptions as they are written
"""Descriptions of records in columns, computed fields and switches: mistakes, pages, differences."""

from __future__ import annotations

import frictionless
import pytest
from builders.card_form import YAML, whole_form

from mlay_batch.errors import SchemaError
from mlay_batch.schema.diff import changes
from mlay_batch.schema.frictionless import data_package
from mlay_batch.schema.instructions import instructions
from mlay_batch.schema.load import load_text
from mlay_batch.schema.reference import reference
from mlay_batch.schema.switches import switches_on, with_switches

WRONG = [
    # what is changed, into what, the error, its key or name
    ("under: tours\n    inherits: [day, route]", "under: tour\n    inherits: [day, route]", "name", "tour"),
    ("under: tours\n    inherits: [day]", "under: sightings\n    inherits: [day]", "name", "sightings"),
    ("inherits: [day, route]", "inherits: [day, rout]", "name", "rout"),
    ("inherits: [day]", "inherits: [day, total]", "name", "total"),
    ("    record: {vi: Chuyến, en: Tour}", "    record: {vi: Chuyến, en: Tour}\n    inherits: [day]", "unfit", "inherits"),
    ("id: second, switch: second, lines", "id: first, switch: second, lines", "again", "first"),
    ("id: second, switch: second, lines", "id: second, switch: secnd, lines", "name", "secnd"),
    ("id: points, title", "id: second, title", "again", "second"),
    ("lines: {species: , count: }", "lines: {specis: , count: }", "name", "specis"),
    ("lines: {species: , count: }", "lines: {species: , route: }", "name", "route"),
    ("set: {judge: own}", "set: {judge: owner}", "name", "owner"),
    ("set: {judge: own}", "set: {jugde: own}", "name", "jugde"),
    ("set: {judge: own}", "set: {total: own}", "name", "total"),
    ("{vi: Loài thứ hai, en: Second species}, count", "{vi: Loài, en: Second species}, count", "heading_again", "Loài"),
    ("preset: river", "preset: lake", "value", "preset"),
    ("less: [post.on_leave]", "less: [post.on_leav]", "name", "post.on_leav"),
    ("sum: [post.staff]", "sum: [tours.went]", "name", "tours.went"),
    ("propose: {sum: [post.staff], less: [post.on_leave]}", "propose: {band: meeting_score, of: went}", "nameless", "sum"),
    ("sum: [owed], less: [went, shirked]", "sum: [owed], less: [went, report]", "name", "report"),
    ("sum: [owed], less: [went, shirked]", "sum: [owed], less: [went, excused]", "name", "excused"),
    ("id: excused, type: integer, compute", "id: excused, type: text, compute", "unfit", "compute"),
    ("id: excused, type: integer, compute", "id: excused, type: integer, default: 0, compute", "unfit", "default"),
    ("band: meeting_score, of: total", "band: meeting_scor, of: total", "name", "meeting_scor"),
    ("band: meeting_score, of: total", "band: meeting_score, of: judge", "name", "judge"),
    ("band: meeting_score, of: total", "band: meeting_score, of: total, sum: [total]", "unfit", "compute"),
    ("max: 60, switch: points", "max: 60, switch: pints", "name", "pints"),
    ("max: 99, default: 0, title: {vi: Nhận về", "max: 99, preset: 0, title: {vi: Nhận về", "unfit", "preset"),
    ("  - id: post\n    layout: card", "  - id: post\n    layout: card\n    under: tours", "unfit", "under"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "instead", "code", "name"), WRONG)
def test_a_mistake_is_named(old: str, instead: str, code: str, name: str) -> None:
    assert YAML.count(old) == 1
    with pytest.raises(SchemaError) as caught:
        load_text(YAML.replace(old, instead), "patrol.yaml")
    params = caught.value.params
    assert caught.value.code == f"schema.{code}"
    assert name in (params.get("name"), str(params["key"]).split(".")[-1])


def test_a_reference_page_tells_columns_computed_fields_and_switches() -> None:
    page = reference(whole_form(), "vi")
    for line in (
        "- Bật thêm được: Điểm từng mặt (`points`)",
        "- Tắt được: Loài thứ hai (`second`)",
        "Cột `tours`: mỗi cột một bản ghi, mẫu in sẵn 2 cột, chèn thêm được.",
        "Các dòng `sightings` đi theo cột của `tours`: Ngày đi, Tuyến là của cột ấy.",
        "- `second`: Loài thứ hai, Số con (loài thứ hai). Chỉ có khi bật “Loài thứ hai”.",
    ):
        assert line in page.splitlines()
    assert "ghi sẵn Ven sông ở cột đầu" in page
    assert "ghi sẵn `post.staff` − `post.on_leave`, sửa được" in page
    assert "tự tính: `owed` − `went` − `shirked`" in page
    assert "tự tính: `meeting_score` (`total`)" in page


def test_the_instructions_say_what_is_asked_for_and_nothing_twice() -> None:
    form = with_switches(whole_form(), switches_on(whole_form(), {}))
    rows = [words for style, words in instructions(form, None, "vi") if style == "row"]
    titles = [title for title, *_ in rows]
    assert len(titles) == len(set(titles))
    assert "Kỷ luật (60)" not in titles, "switched off"
    needed = {title: required for title, _, required in rows}
    assert (needed["Ngày đi"], needed["Xếp mức"]) == ("Có", "Không")
    assert "Số con" not in titles, "its cell tells its limits"
    how = {title: words for title, words, _ in rows}
    assert how["Vắng có phép"] == "Máy tự tính, không ghi."
    assert how["Tuyến"].endswith("Máy đã điền sẵn; chỉ sửa khi sai.")


def test_a_data_package_keeps_sections_as_tables() -> None:
    package = frictionless.Package.from_descriptor(data_package(whole_form()))
    names = [resource.name for resource in package.resources]
    assert names == ["patrol-tours", "patrol-sightings", "patrol-marks", "patrol-post"]
    assert "judge" in package.get_resource("patrol-marks").schema.field_names


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("preset: river", "preset: ridge", "preset"),
        ("less: [went, shirked]", "less: [went]", "compute"),
        ("record: {vi: Chuyến", "record: {vi: Lượt", "record"),
        ("id: second, switch: second, lines", "id: second, lines", "parts"),
        ("title: {vi: Loài thứ hai, en: Second species}, on: true}", "title: {vi: Loài thứ hai, en: Second species}}", "switches"),
    ],
)  # fmt: skip
def test_a_difference_is_told(old: str, new: str, key: str) -> None:
    assert YAML.count(old) == 1
    other = load_text(YAML.replace(old, new), "patrol.yaml")
    (change,) = changes(whole_form(), other)
    assert change.key == key


def test_a_table_on_the_sheet_of_columns_is_refused() -> None:
    """Columns are as wide as a record: the fields of a table would not fit."""
    table = """
  - id: dogs
    layout: table
    title: {vi: Chó nghiệp vụ, en: Dogs}
    fields:
      - {id: name, type: text, title: {vi: Tên, en: Name}}
"""
    with pytest.raises(SchemaError) as caught:
        load_text(YAML + table, "patrol.yaml")
    assert caught.value.params["name"] == "dogs"
    assert load_text(
        YAML
        + table.replace("title: {vi: Chó", "sheet: {vi: Khác, en: Other}\n    title: {vi: Chó"),
        "patrol.yaml",
    )
