"""Every mistake in a description of signs is named, with the nearest valid name."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlay_batch.core.messages import error_text
from mlay_batch.errors import SchemaError
from mlay_batch.schema import load_catalogue
from mlay_batch.schema.catalogue import shipped_folder
from mlay_batch.schema.indicators import IndicatorSet
from mlay_batch.schema.load import check_together, load_text

SIGNS = """\
signs: visits
version: "1"
of: visit
title: {vi: Dấu hiệu, en: Signs}
effective: {from: 2020-01}
basis: [QĐ 1]
looks:
  minutes: {field: rows.minutes, where: {kind: [long]}}
entries:
  - code: H01
    kind: below
    title: {vi: Ngắn, en: Short}
    value: minutes
    bound: 90
    weight: 2
    basis: QĐ 1
    says: {vi: "{day}: {value} dưới {bound}.", en: "{day}: {value} below {bound}."}
    ask: {vi: Vì sao?, en: Why?}
"""
WRONG = [
    # what is changed, into what, the error, its line, key or name, what is suggested
    ("looks:", "look:", "schema.key", 7, "look", "looks"),
    ("kind: below", "kind: belov", "schema.name", 11, "belov", "below"),
    ("bound: 90", "bond: 90", "schema.key", 14, "bond", "bound"),
    ("    bound: 90\n", "", "schema.lacks", 10, "bound", ""),
    ("bound: 90", 'bound: "90"', "schema.value", 14, "90", ""),
    ("value: minutes", "value: minute", "schema.name", 13, "minute", "minutes"),
    ("code: H01", "code: D01", "schema.sign_code", 10, "D01", "H01"),
    ("weight: 2", "months: 2\n    times: 3", "schema.value", 16, "3", ""),
    ("{value} dưới", "{valu} dưới", "schema.name", 17, "valu", "value"),
    ("{value} dưới", "{running} dưới", "schema.name", 17, "running", ""),  # of one month: no run
    ("weight: 2", "severity: error", "schema.value", 15, "severity", ""),
]


@pytest.mark.parametrize(("old", "new", "code", "line", "name", "near"), WRONG)
def test_a_mistake_is_named(old: str, new: str, code: str, line: int, name: str, near: str) -> None:
    assert old in SIGNS
    with pytest.raises(SchemaError) as caught:
        load_text(SIGNS.replace(old, new, 1), "signs.yaml")
    params = caught.value.params
    assert (caught.value.code, params["line"]) == (code, line)
    assert name in f"{params.get('key')} {params.get('name')}"
    assert near in str(params.get("nearest", ""))
    for lang in ("vi", "en"):
        assert "signs.yaml" in error_text(caught.value, lang)


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("of: meeting", "of: meting", "meting"),
        ("meetings.duration", "meetings.duratio", "meetings.duratio"),
        ("where: {scorer: [own]}", "where: {scor: [own]}", "scores.scor"),
    ],
)
def test_signs_look_at_what_the_form_has(old: str, new: str, name: str) -> None:
    text = (shipped_folder("schemas") / "signs-meeting-2018.yaml").read_text(encoding="utf-8")
    assert old in text
    signs = load_text(text.replace(old, new, 1), "signs.yaml")
    forms = [("form", form) for form in load_catalogue().forms]
    with pytest.raises(SchemaError) as caught:
        check_together([*forms, ("signs.yaml", signs)], {}, Path())
    assert caught.value.code == "schema.looks" and caught.value.params["name"] == name


def test_good_signs_are_a_record() -> None:
    signs = load_text(SIGNS, "signs.yaml")
    assert isinstance(signs, IndicatorSet)
    (sign,) = signs.entries
    assert sign.params == {"value": "minutes", "bound": 90}
    assert signs.looks["minutes"].where == {"kind": ("long",)}
