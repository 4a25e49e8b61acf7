"""A town whose clerk decides in worklists, with workbooks that take no time to write."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from builders import in_process
from builders.worklist_desk import Desk, quick_reports


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    """Files are read here, workbooks are quick, the clerk is Hoa."""
    with pytest.MonkeyPatch.context() as patch, in_process.here(), quick_reports():
        patch.setenv("LOGNAME", "hoa")
        patch.delenv("MLAY_LANG", raising=False)
        yield


@pytest.fixture(scope="module")
def first_day(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """The town on the day after the returns were due."""
    return Desk.on_the_first_day(tmp_path_factory.mktemp("worklist") / "town")


@pytest.fixture
def desk(first_day: Desk, tmp_path: Path) -> Desk:
    """That town once more, with a mail host of its own."""
    return first_day.moved_to(tmp_path / "town")
