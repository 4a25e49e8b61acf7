"""Another process writes half of what a consolidation gives, to the same bytes."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from unittest.mock import Mock

import pytest
from builders import in_process
from builders.sample_office import MeetingReturn, create_office, put

from mlay_batch import report
from mlay_batch.app.consolidate import consolidate, start_when_read
from mlay_batch.app.ingest import ingest
from mlay_batch.app.office import Office
from mlay_batch.core.period import Period
from mlay_batch.core.processes import SecondProcess
from mlay_batch.figures.report_records import Figures, ReportInputs
from mlay_batch.report.writer import ReportWriter

NOVEMBER, AS_OF = Period(2019, 11), date(2019, 12, 6)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """An office whose files have been written by one process."""
    made = create_office(tmp_path / "town")
    put(made, "a.xlsx", MeetingReturn("CB-01").book())
    with in_process.here():
        ingest(made, as_of=AS_OF, received="2019-12-03T09:00:00+07:00", who="test", holder="test")
        consolidate(made, NOVEMBER, as_of=AS_OF, holder="test")
    return made


@pytest.fixture
def written_here(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mock]:
    """Is called where this process has to write what the other one should."""
    with monkeypatch.context() as patch:
        mock = Mock(wraps=report.write_first_half)
        patch.setattr(report, "write_first_half", mock)
        yield mock


def changed_files(office: Office) -> tuple[Path, ...]:
    """Consolidate anew with a second process; return what was not the same bytes."""
    with closing(SecondProcess()) as second:
        start_when_read(second)(1, 1)
        assert second.is_started
        result = consolidate(
            office, NOVEMBER, as_of=AS_OF, holder="test", force=True, second=second
        )
    return result.changed


def test_another_process_writes_its_half(office: Office, written_here: Mock) -> None:
    assert changed_files(office) == ()
    written_here.assert_not_called()


def test_the_workbook_is_closed_without_inputs_and_figures(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its XML would come on top of them, and of a large office both are large."""

    def close(writer: ReportWriter) -> bytes:
        alive.append(sum(type(each) in (ReportInputs, Figures) for each in gc.get_objects()))
        return real(writer)

    alive, real = [], ReportWriter.close
    monkeypatch.setattr(ReportWriter, "close", close)
    assert changed_files(office) == ()
    assert alive == [0]  # those of other tests are frozen meanwhile, and not listed


def test_what_it_reads_has_not_been_saved_meanwhile(office: Office, written_here: Mock) -> None:
    config = office.workspace.root / "mlay.toml"
    config.write_text('[program]\ntime_zone = "Asia/Bangkok"\n', encoding="utf-8")
    assert changed_files(office) == ()
    written_here.assert_called_once()
