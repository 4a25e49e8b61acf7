"""A catalogue kept as JSON is the catalogue itself, types and all."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from mlay_batch.pipeline.descriptions import sources_hash
from mlay_batch.schema import kept, load_catalogue


def test_what_is_kept_comes_back_as_it_was():
    catalogue = load_catalogue()
    again = kept.load(json.loads(json.dumps(kept.dump(catalogue))))
    assert again == catalogue
    assert repr(again) == repr(catalogue)  # also tells 5 from 5.0, a severity from its text


def test_what_json_does_not_hold_is_not_kept():
    form = load_catalogue().forms[0]
    section = next(section for section in form.sections if section.rules)
    rule = replace(section.rules[0], params={"bound": date(2019, 1, 1)})
    with pytest.raises(TypeError, match="date"):
        kept.dump(rule)


@pytest.mark.parametrize("told", [None, [], {}, {"Catalogue": []}, {"os.system": ["ls"]}, "x",
                                  {"Text": ["a", "b"]}, {"a": [], "b": []}])  # fmt: skip
def test_anything_else_is_refused(told):
    with pytest.raises((KeyError, TypeError, ValueError)):
        kept.load(told)


def test_every_file_a_description_may_come_from_is_told(tmp_path: Path):
    seen = {sources_hash(), sources_hash(tmp_path)}
    for name, text in (("a.yaml", "1"), ("a.yaml", "2"), ("base.txt", "1"), ("b.yaml", "")):
        (tmp_path / name).write_text(text, encoding="utf-8")
        seen.add(sources_hash(tmp_path))
    assert len(seen) == 6
