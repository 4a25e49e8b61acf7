"""Descriptions are read once; when a file they may come from changes, they are read again."""

import pytest

from mlay_batch.errors import SchemaError
from mlay_batch.pipeline import descriptions as reading
from mlay_batch.pipeline.descriptions import descriptions, sources_hash
from mlay_batch.schema import load_catalogue
from mlay_batch.workspace import Workspace

QUOTA = """\
quota: own
role: town_official
title: {vi: Riêng, en: Own}
effective: {from: "2018-01"}
basis: [Quy định]
times: 5
"""


@pytest.fixture
def workspace(tmp_path):
    return Workspace.create(tmp_path / "town", "Thị ủy", "Mường Lay")


@pytest.fixture
def readings(workspace, monkeypatch):
    """Count how often YAML is read, after it was once."""
    descriptions(workspace)
    made, real = [], load_catalogue
    monkeypatch.setattr(reading, "load_catalogue", lambda *a: made.append(a) or real(*a))
    return made


def test_the_same_descriptions_are_not_read_again(workspace, readings):
    assert (descriptions(workspace), readings) == (load_catalogue(), [])


def test_a_new_and_a_changed_description_are_read(workspace, readings):
    path = workspace.schemas / "quota-own.yaml"
    for times in (5, 7):
        path.write_text(QUOTA.replace("5", str(times)), encoding="utf-8")
        found = descriptions(workspace)
        assert [quota.times for quota in found.quotas if quota.quota == "own"] == [times]
    assert len(readings) == 2


def test_a_wrong_description_is_told_every_time(workspace):
    (workspace.schemas / "quota-own.yaml").write_text(QUOTA + "x: 1\n", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(SchemaError):
            descriptions(workspace)


def test_another_program_reads_anew(workspace, readings, monkeypatch):
    monkeypatch.setattr(reading, "_code", lambda: "other")
    descriptions(workspace)
    assert len(readings) == 1


@pytest.mark.parametrize("copy", ["", "[]", "null", '{"key": 1}'])
def test_a_copy_that_cannot_be_read_is_as_good_as_none(workspace, readings, copy):
    (workspace.root / ".cache" / "catalogue.json").write_text(copy)
    assert descriptions(workspace) == load_catalogue()
    assert len(readings) == 1


def test_every_file_a_description_may_come_from_is_in_the_key(tmp_path):
    hashes = {sources_hash(), sources_hash(tmp_path)}
    for name, text in (("a.yaml", "1"), ("a.yaml", "2"), ("base.txt", "1"), ("b.yaml", "")):
        (tmp_path / name).write_text(text, encoding="utf-8")
        hashes.add(sources_hash(tmp_path))
    assert len(hashes) == 6
