"""Every mistake in a description is named: file, line, key, nearest valid name."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from mlay_batch.core.messages import error_text
from mlay_batch.errors import SchemaError
from mlay_batch.schema import Form, load_catalogue
from mlay_batch.schema.catalogue import shipped_folder
from mlay_batch.schema.load import check_together, load_file, load_text

FORM = """\
form: visit
version: "1"
period: month
effective: {from: 2020-01}
basis: [QĐ 1]
title: {vi: Phiếu, en: Visit}
sheet: {vi: Phiếu, en: Visit}
choices:
  answer:
    - {id: "yes", title: {vi: Có, en: "Yes"}}
    - {id: "no", title: {vi: Không, en: "No"}}
sections:
  - id: card
    layout: card
    title: {vi: Chung, en: General}
    fields:
      - {id: none, type: choice, choices: answer, title: {vi: Không họp, en: None held}}
      - {id: total, type: integer, title: {vi: Tổng, en: Total}}
  - id: rows
    layout: table
    nil: card.none
    title: {vi: Bảng, en: Rows}
    unique: [held_on]
    fields:
      - {id: held_on, type: date, required: true, within_period: true, title: {vi: Ngày, en: Day}}
      - {id: people, type: integer, min: 0, max: 50, default: 0, title: {vi: Người, en: People}}
      - {id: kind, type: choice, choices: answer, title: {vi: Loại, en: Kind}}
    rules:
      - code: Z01
        check: at_least
        value: people
        bound: 3
        mark: [people]
        basis: QĐ 1
        says: {vi: "{value} dưới {bound}.", en: "{value} below {bound}."}
        fix: {vi: Xem lại., en: Check.}
"""

WRONG = [
    # what is changed, into what, the error, its line, key or name, what is suggested
    ("basis: [QĐ 1]\ntitle", "bases: [QĐ 1]\ntitle", "schema.key", 5, "bases", "basis"),
    ("required: true", "requierd: true", "schema.key", 25, "requierd", "required"),
    ("within_period: true", "max_lenght: 3", "schema.key", 25, "max_lenght", "max_length"),
    ("id: \"no\", title", "id: \"no\", titel", "schema.key", 11, "titel", "title"),
    ("{vi: Ngày, en: Day}", "{vi: Ngày, eng: Day}", "schema.key", 25, "eng", "en"),
    ("        bound: 3", "        bond: 3", "schema.key", 32, "bond", "bound"),
    ("check: at_least", "check: at_lest", "schema.name", 30, "at_lest", "at_least"),
    ("value: people", "value: peple", "schema.name", 31, "peple", "people"),
    ("mark: [people]", "mark: [poeple]", "schema.name", 33, "poeple", "people"),
    ("mark: [people]", "mark: []", "schema.nameless", 33, "", ""),
    ("nil: card.none", "nil: card.non", "schema.name", 21, "card.non", "card.none"),
    ("nil: card.none", "nil: card.total", "schema.name", 21, "card.total", None),
    ("unique: [held_on]", "unique: [held]", "schema.name", 23, "held", "held_on"),
    ("id: none, type: choice, choices: answer", "id: none, type: choice, choices: answr",
     "schema.name", 17, "answr", "answer"),
    ("{value} dưới {bound}", "{value} dưới {limit}", "schema.name", 35, "limit", None),
    ("fix: {vi: Xem lại., en: Check.}", "fix: {vi: Xem lại., en: 'Check {valeu}.'}",
     "schema.name", 36, "valeu", "value"),
    ("code: Z01", "code: F01", "schema.code", 29, "F01", "Z01"),
    ("code: Z01", "code: H01", "schema.code", 29, "H01", "Z01"),
    ("code: Z01", "code: E01", "schema.code", 29, "E01", "Z01"),
    ("code: Z01", "code: Đ01", "schema.code", 29, "Đ01", "Z01"),
    ("code: Z01", "code: z01", "schema.code", 29, "z01", "Z01"),
    ("code: Z01", "code: D1", "schema.code", 29, "D1", "D01"),
    ("code: Z01", "code: D001", "schema.code", 29, "D001", "D01"),
    ("code: Z01", "code: ''", "schema.code", 29, "", "Z01"),
    ("form: visit", "form: consolidated", "schema.value", 1, "consolidated", ""),
    ("form: visit", "form: báo cáo", "schema.value", 1, "báo cáo", ""),
    ("id: kind,", "id: people,", "schema.again", 27, "people", ""),
    ("id: \"no\", title", "id: \"yes\", title", "schema.again", 11, "yes", ""),
    ("  - id: rows", "  - id: card", "schema.again", 19, "card", ""),
    ("  - id: rows", "  - id: head", "schema.value", 19, "head", ""),
    ("  - id: rows", "  - id: 'rows:x'", "schema.value", 19, "rows:x", ""),
    ("min: 0, max: 50", "min: 60, max: 50", "schema.unfit", 26, "50.0", ""),
    ("default: 0", "default: 51", "schema.value", 26, "51", ""),
    ("default: 0", "default: none", "schema.value", 26, "none", ""),
    ("id: kind, type: choice", "id: kind, type: text", "schema.unfit", 27, "answer", ""),
    ("type: date, required: true", "type: text, required: true", "schema.unfit", 25, "True", ""),
    ("value: people", "value: kind", "schema.unfit", 31, "kind", ""),
    ("bound: 3", "bound: three", "schema.value", 32, "three", ""),
    ("        bound: 3\n", "", "schema.lacks", 29, "bound", ""),
    ("basis: [QĐ 1]", "basis: [QĐ 1]\ndue: {day: 5, lock: 3}", "schema.value", 6, "3", ""),
    ("period: month", "period: none\nreporters: [cell]", "schema.unfit", 4, "('cell',)", ""),
    ("period: month", "period: none\ndue: {day: 5}", "schema.unfit", 4, None, ""),
    ("        bound: 3\n", "        bound: 3\n        params: {bound: 4}\n", "schema.name", 33,
     "params", None),
    ("period: month", "period: weekly", "schema.value", 3, None, None),
    ("from: 2020-01", "from: 2020-13", "schema.value", 4, None, None),
    ("type: date", "type: dato", "schema.value", 25, None, None),
    ("basis: [QĐ 1]\ntitle", "basis: [QĐ 1]\nbasis: [QĐ 2]\ntitle", "schema.key_again", 6,
     "basis", None),
    ("Phiếu, en: Visit}\nsheet", "Phiếu\nsheet", "schema.yaml", 6, None, None),
    ("form: visit", "from: visit", "schema.kind", 1, None, None),
]  # fmt: skip


@pytest.mark.parametrize(("old", "instead", "code", "line", "name", "nearest"), WRONG)
def test_a_mistake_is_named(
    old: str, instead: str, code: str, line: int, name: str | None, nearest: str | None
) -> None:
    assert FORM.count(old) == 1
    with pytest.raises(SchemaError) as caught:
        load_text(FORM.replace(old, instead), "visit.yaml")
    params = caught.value.params
    assert (caught.value.code, params["line"], params["file"]) == (code, line, "visit.yaml")
    if name is not None:
        assert name in (params.get("name"), str(params["key"]).split(".")[-1])
    if nearest is not None:
        assert params["nearest"] == nearest
    for lang in ("vi", "en"):
        assert not re.search(r"\{\w+\}", error_text(caught.value, lang))


def test_the_form_itself_is_right() -> None:
    form = load_text(FORM, "visit.yaml")
    assert isinstance(form, Form)
    assert form.sections[1].rules[0].params == {"value": "people", "bound": 3}


def test_unquoted_yes_and_no_are_words() -> None:
    form = load_text(FORM.replace('"yes"', "yes").replace('"no"', "no"), "visit.yaml")
    assert isinstance(form, Form)
    assert [choice.id for choice in form.choices["answer"]] == ["yes", "no"]


@pytest.mark.parametrize(
    "text", ["", "- a", "form: 3", "form: a\nsections: 4", "form: a\n? [x]\n: 1"]
)
def test_nonsense_is_a_schema_error(text: str) -> None:
    with pytest.raises(SchemaError):
        load_text(text, "x.yaml")


def test_a_file_in_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "visit.yaml"
    path.write_bytes(FORM.encode("utf-16"))
    with pytest.raises(SchemaError) as caught:
        load_file(path)
    assert caught.value.code == "schema.yaml"


def test_what_is_shipped_loads() -> None:
    catalogue = load_catalogue()
    assert len(catalogue.sources) == len(list(shipped_folder("schemas").glob("*.yaml")))


def test_a_scheme_rates_by_what_a_form_asks_for() -> None:
    files = [(path.name, load_file(path)) for path in shipped_folder("schemas").glob("*.yaml")]
    check_together(files, {}, Path())
    scheme = (shipped_folder("schemas") / "scheme-meeting-score-2018.yaml").read_text(
        encoding="utf-8"
    )
    files.append(("own.yaml", load_text(scheme.replace("max: 40", "max: 45"), "own.yaml")))
    with pytest.raises(SchemaError) as caught:
        check_together(files, {}, Path())
    assert caught.value.params["file"] == "own.yaml"


def test_start_up_pays_for_no_loader() -> None:
    """A reader process gets forms by pickle and must not import what only loading needs."""
    script = (
        "import sys, mlay_batch.schema; print({'yaml', 'pydantic', 'pandas'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
