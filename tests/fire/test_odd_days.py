"""Files that vanish, change or come back, a clock set back, a ledger of another time."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from builders.sample_office import MeetingReturn, create_office, put

from mlay_batch import reader
from mlay_batch.app.ingest import IngestResult, ingest
from mlay_batch.app.office import Office
from mlay_batch.errors import LedgerError
from mlay_batch.ledger import Archive, Ledger
from mlay_batch.model.records import Verdict

GOOD = MeetingReturn("DB1-1").book()


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return create_office(tmp_path_factory.mktemp("odd") / "town")


@pytest.fixture
def office(town: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """A town of its own; files are read without a child, which these tests are not about."""

    def read_here(named: Any, forms: Any, *limits: Any, **_: Any) -> Iterator[Any]:
        return (reader.read(data, name, forms, *limits) for name, data in named)

    monkeypatch.setattr(reader, "read_each", read_here)
    shutil.copytree(town.workspace.root, tmp_path / "town")
    return replace(town, workspace=replace(town.workspace, root=tmp_path / "town"))


def take_in(office: Office, received: str = "2019-12-03T09:00:00+07:00") -> IngestResult:
    return ingest(office, as_of=date(2019, 12, 6), received=received, who="test", holder="test")


def outcome(done: IngestResult) -> dict[str, tuple[str, list[str]]]:
    return {
        d.checked.file.name: (d.verdict.value, [f.code for f in d.findings]) for d in done.decisions
    }


def test_a_file_that_vanishes_while_being_read(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(office, "a.xlsx", GOOD)
    gone = put(office, "b.xlsx", MeetingReturn("DB1-2").book())
    read_bytes = Path.read_bytes

    def vanish(path: Path) -> bytes:
        if path == gone:
            path.unlink()
        return read_bytes(path)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", vanish)
        assert outcome(take_in(office)) == {
            "a.xlsx": ("accepted", []),
            "b.xlsx": ("ignored", ["N09"]),
        }
    gone.write_bytes(MeetingReturn("DB1-2").book())  # it comes back: nothing was held against it
    again = take_in(office)
    assert outcome(again) == {}  # received it was already
    assert [(d.checked.file.name, d.verdict.value) for d in again.judged_anew] == [
        ("b.xlsx", "accepted")
    ]


def test_a_file_still_being_copied_into_the_inbox(office: Office) -> None:
    half = put(office, "a.xlsx", GOOD[: len(GOOD) // 2])
    assert outcome(take_in(office)) == {"a.xlsx": ("rejected", ["R05"])}
    half.write_bytes(GOOD)
    assert outcome(take_in(office)) == {"a.xlsx": ("accepted", [])}
    with Ledger.open(office.workspace.ledger) as ledger:
        assert [d.verdict for d in ledger.entries()] == [Verdict.REJECTED, Verdict.ACCEPTED]


def test_a_clock_set_back_supersedes_nothing_by_itself(office: Office) -> None:
    put(office, "a.xlsx", GOOD)
    take_in(office, received="2019-12-03T09:00:00+07:00")
    put(office, "b.xlsx", MeetingReturn("DB1-1", score=95).book())
    done = take_in(office, received="2018-01-01T00:00:00+07:00")
    assert outcome(done) == {"b.xlsx": ("held", ["L07"])}


def test_a_ledger_put_back_from_an_old_copy_takes_the_inbox_in_again(
    office: Office, tmp_path: Path
) -> None:
    old = office.workspace.ledger.read_bytes()
    put(office, "a.xlsx", GOOD)
    first = outcome(take_in(office))
    office.workspace.ledger.write_bytes(old)
    assert outcome(take_in(office)) == first
    with Ledger.open(office.workspace.ledger) as ledger:
        (delivery,) = ledger.entries()
    assert Archive(office.workspace.archive).read(delivery.sha256) == GOOD


def test_an_original_damaged_on_disk_is_written_anew_when_it_comes_again(office: Office) -> None:
    archive = Archive(office.workspace.archive)
    sha256 = archive.store(GOOD)
    path = office.workspace.archive / sha256[:2] / sha256
    path.write_bytes(bytes(len(GOOD)))
    with pytest.raises(LedgerError, match="original_altered"):
        archive.read(sha256)
    archive.store(GOOD)
    assert archive.read(sha256) == GOOD
