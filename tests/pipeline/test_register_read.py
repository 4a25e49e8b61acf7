"""The register is read once; when anything it depends on changes, it is read again."""

import pytest
from town_desk import Paper, catalogue, town

from mlay_batch import reader
from mlay_batch.findings import Severity
from mlay_batch.pipeline.register_read import read_register
from mlay_batch.pipeline.town import open_town

KEPT = (".cache", "register.json")


@pytest.fixture
def desk(tmp_path):
    return town(tmp_path / "town")


@pytest.fixture
def readings(monkeypatch):
    """Count how often a child is asked to read."""
    made, real = [], reader.read_all
    monkeypatch.setattr(reader, "read_all", lambda *a, **k: made.append(a) or real(*a, **k))
    return made


def test_the_same_register_is_not_read_again(desk, readings):
    again = open_town(desk.workspace)

    assert (readings, again.register, again.findings) == ([], desk.register, desk.findings)


def test_a_changed_register_is_read(desk, readings):
    desk.workspace.register.write_bytes(Paper("CB-01").book())  # any other workbook

    with pytest.raises(Exception, match="register"):
        open_town(desk.workspace)

    assert len(readings) == 1


def test_other_descriptions_read_it_again(desk, readings):
    form, data = catalogue().register_form, desk.workspace.register.read_bytes()

    read_register(desk.workspace, form, data, "other descriptions")

    assert len(readings) == 1


@pytest.mark.parametrize("kept", ["", "{", "[]", '{"key": 1}', "null"])
def test_a_copy_that_cannot_be_read_is_as_good_as_none(desk, readings, kept):
    desk.workspace.root.joinpath(*KEPT).write_text(kept)

    assert open_town(desk.workspace).register == desk.register
    assert len(readings) == 1


def test_nobody_else_may_read_the_copy(desk):
    assert desk.workspace.root.joinpath(*KEPT).stat().st_mode & 0o077 == 0


def test_warnings_come_back_with_their_places(desk):
    form, data = catalogue().register_form, desk.workspace.register.read_bytes()
    first = read_register(desk.workspace, form, data, "x").findings
    second = read_register(desk.workspace, form, data, "x").findings

    assert first == second
    assert all(finding.severity is not Severity.ERROR for finding in second)
