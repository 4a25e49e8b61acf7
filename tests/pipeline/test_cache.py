"""Descriptions and register are read once; when anything they depend on changes, they are again."""

import pytest
from builders.sample_office import MeetingReturn, catalogue, create_office

from mlay_batch import reader
from mlay_batch.app import cache
from mlay_batch.app.cache import read_catalogue, read_register, sources_hash
from mlay_batch.app.office import open_office
from mlay_batch.app.workspace import Workspace
from mlay_batch.core.findings import Severity
from mlay_batch.errors import SchemaError
from mlay_batch.schema import load_catalogue

QUOTA = """\
quota: own
role: office_official
title: {vi: Riêng, en: Own}
effective: {from: "2018-01"}
basis: [Quy định]
times: 5
"""
REGISTER = (".cache", "register.json")
UNREADABLE = ["", "{", "[]", "null", '{"key": 1}', '["KEY",]', '["KEY",[]]', '["KEY",[[],[],[],[]']


def spoil(path, content):
    """Write `content` over a cache entry, under the entry's own key."""
    path.write_text(content.replace("KEY", path.read_text(encoding="utf-8").split('"')[1]))


@pytest.fixture
def workspace(tmp_path):
    return Workspace.create(tmp_path / "town")


@pytest.fixture
def loads(workspace, monkeypatch):
    """Count how often YAML is read, after it was once."""
    read_catalogue(workspace)
    calls, real = [], load_catalogue
    monkeypatch.setattr(cache, "load_catalogue", lambda *a: calls.append(a) or real(*a))
    return calls


def test_the_same_descriptions_are_not_read_again(workspace, loads):
    assert (read_catalogue(workspace), loads) == (load_catalogue(), [])


def test_a_new_and_a_changed_description_are_read(workspace, loads):
    path = workspace.schemas / "quota-own.yaml"
    for times in (5, 7):
        path.write_text(QUOTA.replace("5", str(times)), encoding="utf-8")
        catalogue = read_catalogue(workspace)
        assert [quota.times for quota in catalogue.quotas if quota.quota == "own"] == [times]
    assert len(loads) == 2


def test_a_wrong_description_is_told_every_time(workspace):
    (workspace.schemas / "quota-own.yaml").write_text(QUOTA + "x: 1\n", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(SchemaError):
            read_catalogue(workspace)


def test_another_program_reads_anew(workspace, loads, monkeypatch):
    monkeypatch.setattr(cache, "schema_code", lambda: "other")
    read_catalogue(workspace)
    assert len(loads) == 1


@pytest.mark.parametrize("content", UNREADABLE)
def test_an_unreadable_catalogue_counts_as_absent(workspace, loads, content):
    spoil(workspace.root / ".cache" / "catalogue.json", content)
    assert read_catalogue(workspace) == load_catalogue()
    assert len(loads) == 1


def test_every_file_a_description_may_come_from_is_in_the_key(tmp_path):
    hashes = {sources_hash(), sources_hash(tmp_path)}
    for name, text in (("a.yaml", "1"), ("a.yaml", "2"), ("base.txt", "1"), ("b.yaml", "")):
        (tmp_path / name).write_text(text, encoding="utf-8")
        hashes.add(sources_hash(tmp_path))
    assert len(hashes) == 6


@pytest.fixture
def office(tmp_path):
    return create_office(tmp_path / "town")


@pytest.fixture
def readings(monkeypatch):
    """Count how often a child is asked to read."""
    calls, real = [], reader.read_all
    monkeypatch.setattr(reader, "read_all", lambda *a, **k: calls.append(a) or real(*a, **k))
    return calls


def test_the_same_register_is_not_read_again(office, readings):
    again = open_office(office.workspace)

    assert (readings, again.register, again.findings) == ([], office.register, office.findings)


def test_what_else_is_needed_may_begin_while_a_register_is_checked(office, readings):
    begun = []
    open_office(office.workspace, lambda: begun.append(len(readings)))
    assert begun == []
    cache.clear_cache(office.workspace)
    open_office(office.workspace, lambda: begun.append(len(readings)))
    assert begun == [1]


def test_a_changed_register_is_read(office, readings):
    office.workspace.register.write_bytes(MeetingReturn("CB-01").book())  # any other workbook

    with pytest.raises(Exception, match="register"):
        open_office(office.workspace)

    assert len(readings) == 1


def test_other_descriptions_read_it_again(office, readings):
    form, data = catalogue().register_form, office.workspace.register.read_bytes()

    read_register(office.workspace, form, data, "other descriptions")

    assert len(readings) == 1


@pytest.mark.parametrize("content", UNREADABLE)
def test_an_unreadable_register_counts_as_absent(office, readings, content):
    spoil(office.workspace.root.joinpath(*REGISTER), content)

    assert open_office(office.workspace).register == office.register
    assert len(readings) == 1


def test_nobody_else_may_read_the_copy(office):
    assert office.workspace.root.joinpath(*REGISTER).stat().st_mode & 0o077 == 0


def test_warnings_come_back_with_their_places(office):
    form, data = catalogue().register_form, office.workspace.register.read_bytes()
    first = read_register(office.workspace, form, data, "x").findings
    second = read_register(office.workspace, form, data, "x").findings

    assert first == second
    assert all(finding.severity is not Severity.ERROR for finding in second)
