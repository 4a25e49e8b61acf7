"""Files read, and workbooks written, in the process of the test."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from mlay_batch import reader
from mlay_batch.core.processes import SecondProcess
from mlay_batch.model.records import Submission
from mlay_batch.schema import Form


@contextmanager
def here() -> Iterator[None]:
    """Read and write without children, by the same code, where a test is about what comes after.

    To start a child costs as much as to read ten files. What children are for is tested in
    `reader/test_guard.py` and `pipeline/test_two_processes.py`; the months and the sample town
    have them.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "read_each", _read_each)
        patch.setattr(reader, "LastingWorkers", _NoWorkers)
        patch.setattr(reader, "read_all", lambda *args, **more: list(_read_each(*args, **more)))
        patch.setattr(SecondProcess, "start", lambda *_: None)
        yield


def _read_each(
    files: Iterable[tuple[str, bytes]],
    forms: Sequence[Form],
    limits: reader.Limits = reader.Limits(),  # noqa: B008 - frozen
    workers: int | None = None,
    progress: Any = None,
) -> Iterator[Submission]:
    for done, (name, data) in enumerate(files, 1):
        if progress:
            progress(done)
        yield reader.read(data, name, forms, limits)


class _NoWorkers:
    __call__ = staticmethod(_read_each)

    def start(self, count: int) -> None:
        """There is nothing to start."""

    def close(self) -> None:
        """There is nothing to end."""
