"""A town whose clerk decides in worklists, with workbooks that take no time to write."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from builders import in_process
from builders.worklist_desk import STRANGER, Desk

from mlay_batch import report
from mlay_batch.app import build_report
from mlay_batch.figures.fingerprint import fingerprint
from mlay_batch.figures.report_records import Figures, ReportInputs
from mlay_batch.model.records import Output


@pytest.fixture(scope="session", autouse=True)
def quick_reports() -> Iterator[None]:
    """Files are read here, and a workbook holds no more than the fingerprint of its figures."""

    def write(inputs: ReportInputs, figures: Figures, *_: object) -> bytes:
        return f"{figures.period} {fingerprint(figures)}".encode()

    def write_outputs(inputs: ReportInputs, figures: Figures, _: str) -> dict[Output, bytes]:
        return {kind: f"{kind} {fingerprint(figures)}".encode() for kind in Output}

    with pytest.MonkeyPatch.context() as patch, in_process.here():
        patch.setenv("LOGNAME", "hoa")
        patch.delenv("MLAY_LANG", raising=False)
        patch.setattr(report, "write", write)
        patch.setattr(build_report, "write_outputs", write_outputs)
        yield


@pytest.fixture(scope="session")
def first_day(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """The town on the day after the returns were due: one is accepted, one refused, one held."""
    desk = Desk.of(tmp_path_factory.mktemp("worklist") / "town")
    desk.hand_in("DB1-1")
    desk.hand_in("CB-01", present=11)
    desk.send_in(STRANGER, "DB1-2", "la")
    desk.sit()
    return desk


@pytest.fixture
def desk(first_day: Desk, tmp_path: Path) -> Desk:
    """That town once more, with a mail host of its own."""
    return first_day.moved_to(tmp_path / "town")
