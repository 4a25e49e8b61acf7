"""Files are archived while those before them are read; what is not known yet is not claimed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from builders.sample_office import CELLS, MeetingReturn, create_office, put

from mlay_batch import intake, reader
from mlay_batch.app.ingest import IngestResult, ingest
from mlay_batch.app.office import Office
from mlay_batch.core.signature import Signature
from mlay_batch.errors import MlayError
from mlay_batch.ledger import Ledger
from mlay_batch.model.records import IncomingFile, Submission, Verdict

PICTURE = b"\x89PNG"


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """An office with three returns in its inbox."""
    made = create_office(tmp_path / "town")
    for branch in CELLS[:3]:
        put(made, f"{branch}.xlsx", MeetingReturn(branch).book())
    return made


def take_in(office: Office, **more: Any) -> IngestResult:
    given = {"as_of": date(2019, 12, 6), "received": "2019-12-03T09:00:00+07:00"}
    return ingest(office, **given, who="test", holder="test", **more)


def originals(office: Office) -> int:
    archive = office.workspace.archive
    return sum(path.is_file() for path in archive.rglob("*")) if archive.exists() else 0


def read_one_by_one(office: Office, archived: list[int]) -> Any:
    """Return what reads files, and notes how many originals there are as each is handed over."""

    def read(
        files: Iterable[tuple[str, bytes]], forms: Any, limits: Any, *, progress: Any
    ) -> Iterator[Submission]:
        for number, (name, data) in enumerate(files, 1):
            archived.append(originals(office))
            progress(number)
            yield reader.read(data, name, forms, limits)

    return read


def test_a_file_is_archived_before_it_is_read_not_all_before_the_first(office: Office) -> None:
    archived: list[int] = []
    result = take_in(office, read_files=read_one_by_one(office, archived))
    assert archived == [1, 2, 3]
    assert result.counts[Verdict.ACCEPTED] == 3


def test_progress_ends_with_all_workbooks(office: Office) -> None:
    """A zip holds more than one, a picture is none; how many there are turns out on the way."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for branch in CELLS[:2]:
            archive.writestr(f"{branch}.xlsx", MeetingReturn(branch, month=10).book())
    put(office, "hai.zip", data.getvalue())
    put(office, "anh.png", PICTURE)
    ticks: list[tuple[int, int]] = []
    reading = read_one_by_one(office, [])
    result = take_in(office, read_files=reading, progress=lambda *numbers: ticks.append(numbers))
    assert [done for done, _ in ticks] == [1, 2, 3, 4, 5]
    assert ticks[-1] == (5, 5)
    assert all(done <= total for done, total in ticks)
    assert (sum(result.counts.values()), result.counts[Verdict.IGNORED]) == (6, 1)
    again = take_in(office, read_files=reading)
    assert (again.decisions, again.seen_count) == ((), 6)


def test_what_breaks_on_the_way_records_nothing(office: Office) -> None:
    """The originals archived until then are harmless: nothing refers to them."""

    def read(files: Iterable[tuple[str, bytes]], *_: Any, **__: Any) -> Iterator[Submission]:
        next(iter(files))
        raise MlayError("reader.child")
        yield

    with pytest.raises(MlayError, match=r"reader\.child"):
        take_in(office, read_files=read)
    with Ledger.open(office.workspace.ledger, read_only=True) as ledger:
        assert ledger.entries() == ()
    assert originals(office) == 1
    assert take_in(office).counts[Verdict.ACCEPTED] == 3


def test_a_signature_that_cannot_be_looked_for_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake.file_signatures, "file_signature", lambda _: 1 / 0)
    file = IncomingFile("a.xlsx", b"x", "a.xlsx", "")
    assert intake.look_for_signature(file).signature is Signature.UNKNOWN
