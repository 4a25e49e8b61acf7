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
def made(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return create_office(tmp_path_factory.mktemp("odd") / "town")


@pytest.fixture
def desk(made: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """A town of its own; files are read without a child, which these tests are not about."""

    def read_here(named: Any, forms: Any, *limits: Any, **_: Any) -> Iterator[Any]:
        return (reader.read(data, name, forms, *limits) for name, data in named)

    monkeypatch.setattr(reader, "read_each", read_here)
    shutil.copytree(made.workspace.root, tmp_path / "town")
    return replace(made, workspace=replace(made.workspace, root=tmp_path / "town"))


def take_in(desk: Office, received: str = "2019-12-03T09:00:00+07:00") -> IngestResult:
    return ingest(desk, as_of=date(2019, 12, 6), received=received, holder="test")


def outcome(done: IngestResult) -> dict[str, tuple[str, list[str]]]:
    return {
        d.checked.file.name: (d.verdict.value, [f.code for f in d.findings]) for d in done.decisions
    }


def test_a_file_that_vanishes_while_being_read(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(desk, "a.xlsx", GOOD)
    gone = put(desk, "b.xlsx", MeetingReturn("DB1-2").book())
    read_bytes = Path.read_bytes

    def vanish(path: Path) -> bytes:
        if path == gone:
            path.unlink()
        return read_bytes(path)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", vanish)
        assert outcome(take_in(desk)) == {
            "a.xlsx": ("accepted", []),
            "b.xlsx": ("ignored", ["N09"]),
        }
    gone.write_bytes(MeetingReturn("DB1-2").book())  # it comes back: nothing was held against it
    assert outcome(take_in(desk)) == {"b.xlsx": ("accepted", [])}


def test_a_file_still_being_copied_into_the_inbox(desk: Office) -> None:
    half = put(desk, "a.xlsx", GOOD[: len(GOOD) // 2])
    assert outcome(take_in(desk)) == {"a.xlsx": ("rejected", ["R05"])}
    half.write_bytes(GOOD)
    assert outcome(take_in(desk)) == {"a.xlsx": ("accepted", [])}
    with Ledger.open(desk.workspace.ledger) as ledger:
        assert [d.verdict for d in ledger.entries()] == [Verdict.REJECTED, Verdict.ACCEPTED]


def test_a_clock_set_back_supersedes_nothing_by_itself(desk: Office) -> None:
    put(desk, "a.xlsx", GOOD)
    take_in(desk, received="2019-12-03T09:00:00+07:00")
    put(desk, "b.xlsx", MeetingReturn("DB1-1", score=95).book())
    done = take_in(desk, received="2018-01-01T00:00:00+07:00")
    assert outcome(done) == {"b.xlsx": ("held", ["L07"])}


def test_a_ledger_put_back_from_an_old_copy_takes_the_inbox_in_again(
    desk: Office, tmp_path: Path
) -> None:
    old = desk.workspace.ledger.read_bytes()
    put(desk, "a.xlsx", GOOD)
    first = outcome(take_in(desk))
    desk.workspace.ledger.write_bytes(old)
    assert outcome(take_in(desk)) == first
    with Ledger.open(desk.workspace.ledger) as ledger:
        (delivery,) = ledger.entries()
    assert Archive(desk.workspace.archive).read(delivery.sha256) == GOOD


def test_an_original_damaged_on_disk_is_written_anew_when_it_comes_again(desk: Office) -> None:
    archive = Archive(desk.workspace.archive)
    sha256 = archive.store(GOOD)
    path = desk.workspace.archive / sha256[:2] / sha256
    path.write_bytes(bytes(len(GOOD)))
    with pytest.raises(LedgerError, match="original_altered"):
        archive.read(sha256)
    archive.store(GOOD)
    assert archive.read(sha256) == GOOD
