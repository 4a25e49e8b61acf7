"""Descriptions of lists that a program fills: mistakes, pages, differences, what a list is not."""

from __future__ import annotations

from dataclasses import replace

import frictionless
import pytest
from builders import card_form
from builders.filled_forms import CATALOGUE
from builders.list_form import YAML, list_form
from builders.small_form import YAML as SMALL
from builders.small_form import small_form

from mlay_batch.errors import SchemaError
from mlay_batch.model import rollup_form
from mlay_batch.schema.diff import changes
from mlay_batch.schema.frictionless import data_package
from mlay_batch.schema.instructions import instructions
from mlay_batch.schema.layout import plan_sheets
from mlay_batch.schema.load import load_text
from mlay_batch.schema.model import Field, Text
from mlay_batch.schema.reference import reference
from mlay_batch.schema.versions import families

SECOND = """  - id: shelves
    layout: table
    title: {vi: Kệ, en: Shelves}
    fields:
      - {id: first, type: text, title: {vi: Kệ số, en: Shelf}}
      - {id: second, type: text, title: {vi: Hàng, en: Row}}
"""
CARD = SECOND.replace("layout: table", "layout: card")
RULE = "fits: {late: [remind, leave], torn: [mend, buy, leave]}"
WRONG = [
    # what is changed, into what, the error, its key or name
    (RULE, "fits: {lat: [remind]}", "name", "lat"),
    (RULE, "fits: {late: [reminder]}", "name", "reminder"),
    (RULE, "fits: {late: remind}", "value", "fits"),
    (RULE, "fits: {}", "value", "fits"),
    (f", {RULE}", "", "lacks", "fits"),
    ("when: kind", "when: kinds", "name", "kinds"),
    ("value: answer", "value: answers", "name", "answers"),
    ("    layout: table\n    fixed: true", "    layout: card\n    fixed: true", "unfit", "fixed"),
    ("    layout: table\n    fixed: true", "    layout: card", "unfit", "hidden"),
    ("sections:\n", f"sections:\n{SECOND}", "unfit", "hidden"),
    ("sections:\n", f"sections:\n{CARD}", "unfit", "hidden"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "instead", "code", "name"), WRONG)
def test_a_mistake_is_named(old: str, instead: str, code: str, name: str) -> None:
    assert YAML.count(old) == 1
    with pytest.raises(SchemaError) as caught:
        load_text(YAML.replace(old, instead), "errands.yaml")
    params = caught.value.params
    assert caught.value.code == f"schema.{code}"
    assert name in (params.get("name"), str(params["key"]).split(".")[-1])


HIDDEN = "{id: score, hidden: true, "


@pytest.mark.parametrize(
    "yaml",
    [
        card_form.YAML.replace("{id: went, ", "{id: went, hidden: true, "),
        SMALL.replace("{id: score, ", HIDDEN),  # its sheet has cards, the heading card at least
    ],
)
def test_only_a_column_that_nothing_else_needs_can_be_hidden(yaml: str) -> None:
    assert "hidden: true" in yaml
    with pytest.raises(SchemaError) as caught:
        load_text(yaml, "x.yaml")
    assert (caught.value.code, caught.value.params["name"]) == ("schema.unfit", "True")


def test_two_tables_may_hide_the_same_column() -> None:
    second = SECOND.replace("{id: first, ", "{id: first, hidden: true, ")
    (sheet,) = plan_sheets(list_form(YAML.replace("sections:\n", f"sections:\n{second}")))
    assert sheet.hidden_widths == {2: 26}


def test_nothing_is_typed_into_a_hidden_column() -> None:
    assert Field("key", "text", Text("Khóa", "Key"), hidden=True).locked


def test_the_guide_leaves_a_hidden_column_out() -> None:
    elsewhere = SMALL.replace("{id: score, ", HIDDEN).replace(
        "nil: members.none_held", "sheet: {vi: Họp, en: Meetings}"
    )
    for yaml, is_told in ((SMALL, True), (elsewhere, False)):
        lines = [words for _, words in instructions(small_form(yaml), None, "vi")]
        assert any("Tự chấm" in words[0] for words in lines) is is_told


def test_a_reference_page_tells_what_is_hidden_and_who_writes_the_rows() -> None:
    page = reference(list_form(), "vi")
    assert "Bảng `books`, chương trình ghi mọi dòng." in page.splitlines()
    (key,) = (line for line in page.splitlines() if line.startswith("| Khóa |"))
    assert "ẩn, khóa" in key
    assert "`fits_with` (value: answer, when: kind, fits: late: remind + leave; torn:" in page


@pytest.mark.parametrize(
    ("old", "new", "keys"),
    [("hidden: true, ", "", {"hidden", "locked"}), ("    fixed: true\n", "", {"fixed"})],
)
def test_a_difference_is_told(old: str, new: str, keys: set[str]) -> None:
    assert YAML.count(old) == 1
    other = load_text(YAML.replace(old, new), "errands.yaml")
    assert {change.key for change in changes(list_form(), other)} == keys


def test_a_list_leaves_the_program_without_branch_and_period() -> None:
    yaml = YAML.replace("    fixed: true", "    fixed: true\n    unique: [key]")
    package = frictionless.Package.from_descriptor(data_package(list_form(yaml)))
    (resource,) = package.resources
    assert resource.schema.field_names[:2] == ["key", "kind"]
    assert resource.schema.primary_key == ["key"]


def test_a_list_is_in_no_rollup() -> None:
    catalogue = replace(CATALOGUE, forms=(*CATALOGUE.forms, list_form()))
    assert list(families(catalogue)) == list(families(CATALOGUE))
    assert rollup_form.forms(catalogue) == rollup_form.forms(CATALOGUE)
