"""A later version says only how it differs: what is taken over, what is replaced, what is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlay_batch.core.messages import error_text
from mlay_batch.errors import SchemaError
from mlay_batch.schema import Form, Scheme
from mlay_batch.schema.catalogue import shipped_folder
from mlay_batch.schema.indicators import IndicatorSet
from mlay_batch.schema.load import load_file

BASE = """\
form: visit
version: "1"
period: month
effective: {from: 2018-01, to: 2025-10}
basis: [QĐ 1]
title: {vi: Phiếu, en: Visit}
sheet: {vi: Phiếu, en: Visit}
sections:
  - id: rows
    layout: table
    title: {vi: Bảng, en: Rows}
    fields:
      - {id: people, type: integer, min: 0, max: 50, title: {vi: Người, en: People}}
      - {id: guests, type: integer, title: {vi: Khách, en: Guests}}
    rules:
      - {code: Z01, check: at_least, value: people, bound: 3, mark: [people], basis: QĐ 1,
         says: {vi: Ít, en: Few}, fix: {vi: Sửa, en: Correct}}
"""
LATER = """\
extends: base.yaml
version: "2"
effective: {from: 2025-11}
basis: [QĐ 2]
sections:
  - id: rows
    fields:
      - {id: people, max: 90}
      - {id: notes, type: text, title: {vi: Ghi chú, en: Notes}}
    rules:
      - {code: Z01, bound: 5}
"""


def load_later(folder: Path, later: str, base: str = BASE) -> Form:
    (folder / "base.yaml").write_text(base, encoding="utf-8")
    (folder / "later.yaml").write_text(later, encoding="utf-8")
    form = load_file(folder / "later.yaml")
    assert isinstance(form, Form)
    return form


def test_only_what_it_says_is_different(tmp_path: Path) -> None:
    form = load_later(tmp_path, LATER)
    (section,) = form.sections
    (rule,) = section.rules
    assert (form.form, form.version, form.title.vi, form.basis) == (
        "visit",
        "2",
        "Phiếu",
        ("QĐ 2",),
    )
    assert form.effective.to is None  # a mapping without a name of its own is replaced as a whole
    assert [field.id for field in section.fields] == ["people", "guests", "notes"]
    assert (section.field("people").max, section.field("people").min) == (90, 0)
    assert (rule.params["bound"], rule.params["value"], rule.says.en) == (5, "people", "Few")


def test_it_may_extend_one_that_extends_another(tmp_path: Path) -> None:
    (tmp_path / "middle.yaml").write_text(LATER, encoding="utf-8")
    form = load_later(tmp_path, 'extends: middle.yaml\nversion: "3"\n')
    assert (form.version, form.section("rows").rules[0].params["bound"]) == ("3", 5)


@pytest.mark.parametrize(
    ("later", "base", "code", "file", "line"),
    [
        # A mistake is named where it was written, in either file.
        (LATER.replace("max: 90", "mx: 90"), BASE, "schema.key", "later.yaml", 8),
        (LATER.replace("max: 90", "max: -1"), BASE, "schema.unfit", "later.yaml", 8),
        (LATER, BASE.replace("value: people", "value: peple"), "schema.name", "base.yaml", 16),
        (LATER + "version: '2'\n", BASE, "schema.key_again", "later.yaml", 12),
        (LATER, BASE + "title: {vi: a, en: b}\n", "schema.key_again", "base.yaml", 18),
        (LATER.replace("base.yaml", "bas.yaml"), BASE, "schema.extends", "later.yaml", 1),
        (LATER, "extends: later.yaml\n" + BASE, "schema.extends", "base.yaml", 1),
        ("extends: later.yaml\n", BASE, "schema.extends", "later.yaml", 1),
        ("", BASE, "schema.kind", "later.yaml", 1),
    ],
)
def test_mistakes(later: str, base: str, code: str, file: str, line: int, tmp_path: Path) -> None:
    with pytest.raises(SchemaError) as caught:
        load_later(tmp_path, later, base)
    params = caught.value.params
    assert (caught.value.code, params["file"], params["line"]) == (code, file, line)


@pytest.mark.parametrize("name", ["../base.yaml", "deep/base.yaml"])
def test_what_is_extended_lies_in_the_folder_itself(tmp_path: Path, name: str) -> None:
    """Other folders are no part of what a description is known to come from."""
    (tmp_path / "own" / "deep").mkdir(parents=True)
    for folder in (tmp_path, tmp_path / "own" / "deep"):
        (folder / "base.yaml").write_text(BASE, encoding="utf-8")
    path = tmp_path / "own" / "later.yaml"
    path.write_text(LATER.replace("base.yaml", name), encoding="utf-8")
    with pytest.raises(SchemaError) as caught:
        load_file(path)
    assert caught.value.code == "schema.extends"


RULE = """\
      - {code: Z02, check: at_most, value: people, bound: 9, mark: [people], basis: QĐ 2,
         says: {vi: Nhiều, en: Many}, fix: {vi: Sửa, en: Correct}}
"""
CHOICES = "choices:\n  answer:\n    - {id: a, title: {vi: A, en: A}}\n"


@pytest.mark.parametrize(
    ("later", "key", "name", "line"),
    [
        (LATER + "      - {code: Z01, bound: 6}\n", "code", "Z01", 12),
        (LATER + RULE + RULE, "code", "Z02", 14),
        (LATER.replace("    rules:", "      - {id: notes, max_length: 9}\n    rules:"), "id",
         "notes", 10),
        (LATER + "  - id: rows\n    fields: [{id: people, max: 8}]\n", "id", "rows", 12),
        (LATER + CHOICES + "    - {id: a, title: {vi: B, en: B}}\n", "id", "a", 15),
    ],
)  # fmt: skip
def test_what_stands_twice_in_one_list_is_no_change(
    later: str, key: str, name: str, line: int, tmp_path: Path
) -> None:
    """The second would be taken for a change of the first, in the same file and without a word."""
    with pytest.raises(SchemaError) as caught:
        load_later(tmp_path, later)
    params = caught.value.params
    assert (caught.value.code, params["file"], params["line"]) == (
        "schema.again",
        "later.yaml",
        line,
    )
    assert (params["key"], params["name"]) == (key, name)


def test_a_new_rule_does_not_replace_one_that_is_there(tmp_path: Path) -> None:
    """Z01 is there and Z02 is new in the same file: Z03 is free."""
    new = RULE.replace("Z02", "Z01")
    with pytest.raises(SchemaError) as caught:
        load_later(tmp_path, LATER.replace("      - {code: Z01, bound: 5}\n", new + RULE))
    assert caught.value.code == "schema.replaces"
    assert error_text(caught.value, "vi").startswith(
        "later.yaml, dòng 11: phần rows › quy tắc Z01: mã Z01 là của một quy tắc đã có ở "
        "base.yaml, dòng 16, quy tắc mới sẽ thay mất nó. Quy tắc mới thì dùng mã Z03; "
    )
    assert "leave out check" in error_text(caught.value, "en")
    assert [rule.code for _, rule in load_later(tmp_path, LATER + RULE).rules()] == ["Z01", "Z02"]


def test_neither_does_one_two_files_further_on(tmp_path: Path) -> None:
    (tmp_path / "middle.yaml").write_text(LATER + RULE, encoding="utf-8")
    last = f'extends: middle.yaml\nversion: "3"\nsections:\n  - id: rows\n    rules:\n{RULE}'
    with pytest.raises(SchemaError) as caught:
        load_later(tmp_path, last)
    assert (caught.value.code, caught.value.params["nearest"]) == ("schema.replaces", "Z03")


def test_nor_one_of_another_section_and_the_free_code_is_free_in_every_version(
    tmp_path: Path,
) -> None:
    """D05 stands in `meetings`; D12 is free in 2018, and a rule of 2025."""
    text = (
        f'extends: meeting-2018.yaml\nversion: "x"\nsections:\n  - id: members\n    rules:\n{RULE}'
    )
    (tmp_path / "own.yaml").write_text(text.replace("Z02", "D05"), encoding="utf-8")
    with pytest.raises(SchemaError) as caught:
        load_file(tmp_path / "own.yaml", folders=[shipped_folder("schemas")])
    assert caught.value.code == "schema.replaces"
    assert (caught.value.params["file"], caught.value.params["line"]) == ("own.yaml", 6)
    assert caught.value.params["nearest"] == "D20"


def test_nor_a_new_sign_a_central_one(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(
        'extends: signs-meeting-2018.yaml\nversion: "2"\nentries:\n  - {code: H06, kind: few}\n',
        encoding="utf-8",
    )
    with pytest.raises(SchemaError) as caught:
        load_file(tmp_path / "own.yaml", folders=[shipped_folder("schemas")])
    assert (caught.value.code, caught.value.params["key"]) == ("schema.replaces", "kind")


def test_what_signs_look_at_is_added_to(tmp_path: Path) -> None:
    """A field of its own for one sign, and another one for a role that is there."""
    own = (
        'extends: signs-meeting-2018.yaml\nversion: "2"\nlooks:\n'
        "  talk: {field: meetings.speakers}\n  minutes: {field: meetings.duration}\n"
    )
    (tmp_path / "own.yaml").write_text(own, encoding="utf-8")
    signs = load_file(tmp_path / "own.yaml", folders=[shipped_folder("schemas")])
    assert isinstance(signs, IndicatorSet)
    assert signs.looks["talk"].field == signs.looks["speakers"].field == "meetings.speakers"
    assert (signs.looks["minutes"].where, bool(signs.looks["speakers"].where)) == ({}, True)


def test_grades_may_be_read_across_to_two_versions(tmp_path: Path) -> None:
    """Two crosswalks of one section lead to different versions."""
    text = 'extends: scheme-classification-2018.yaml\nversion: "2018 x"\ncrosswalk:\n' + "".join(
        f'  - {{to: "{version}", section: cells, grades: {{grade1: grade1, grade2: grade2, '
        "grade3: grade3, grade4: grade4}}\n"
        for version in (2014, 2019)
    )
    (tmp_path / "own.yaml").write_text(text, encoding="utf-8")
    scheme = load_file(tmp_path / "own.yaml", folders=[shipped_folder("schemas")])
    assert isinstance(scheme, Scheme)
    assert [crosswalk.to for crosswalk in scheme.crosswalk] == ["2014", "2019"]


def test_a_list_within_itself_is_walked_once(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("form: x\nsections: &a [*a]\n", encoding="utf-8")
    with pytest.raises(SchemaError):
        load_file(tmp_path / "own.yaml")
