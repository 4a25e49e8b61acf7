"""A child works beside us; where it cannot, it gives no result."""

from __future__ import annotations

import gc
import os
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from mlay_batch.core.processes import SecondProcess, pause_garbage_collection

LARGE = 4 << 20  # bytes


def numbers(first: int) -> Iterator[int]:
    """Yield two numbers, the second that of the process."""
    yield first
    yield os.getpid()


def large_answers(done: Path) -> Iterator[bytes]:
    """Yield two large answers; a file tells when both are given away."""
    yield bytes(LARGE)
    yield bytes(LARGE)
    done.touch()


def die(first: int) -> Iterator[int]:
    """Die without a word."""
    yield first
    os._exit(9)


def fail(first: int) -> Iterator[int]:
    """Do what cannot be done."""
    yield first
    raise ValueError


@pytest.fixture
def other() -> Iterator[SecondProcess]:
    with closing(SecondProcess()) as process:
        yield process


def test_a_child_works_beside_us(other: SecondProcess) -> None:
    other.start(__name__)
    first, second = other.submit("numbers", 7)
    assert first == 7
    assert second != os.getpid()


@pytest.mark.parametrize("work", [die, fail])
def test_a_lost_child_gives_no_more_results(
    other: SecondProcess, work: Callable[[int], Iterator[int]], capfd: pytest.CaptureFixture[str]
) -> None:
    other.start(__name__)
    assert list(other.submit(work.__name__, 7)) == [7]
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("module", ["mlay_batch.no_such_module", "mlay_batch.core.text"])
def test_a_child_that_cannot_begin_gives_nothing(other: SecondProcess, module: str) -> None:
    other.start(module)
    assert list(other.submit("numbers", 7)) == []


def test_a_child_waits_for_nobody_to_take_its_answers(other: SecondProcess, tmp_path: Path) -> None:
    """Both are larger than what a pipe holds."""
    other.start(__name__)
    answers = other.submit("large_answers", tmp_path / "done")
    for _ in range(600):
        if (tmp_path / "done").exists():
            break
        time.sleep(0.05)
    assert (tmp_path / "done").exists()
    assert list(map(len, answers)) == [LARGE, LARGE]


def test_an_answer_that_finds_no_memory_is_not_waited_for(
    other: SecondProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Connection) -> bytes:
        raise MemoryError

    other.start(__name__)
    monkeypatch.setattr(Connection, "recv_bytes", fail)
    assert list(other.submit("numbers", 7)) == []


def test_a_search_for_cycles_looks_only_at_what_was_made_in_the_pause() -> None:
    class Circle:
        def __init__(self) -> None:
            self.own = self

    before = weakref.ref(Circle())
    with pause_garbage_collection():
        within = weakref.ref(Circle())
        assert not gc.isenabled()
        gc.collect()
        assert (before() is None, within() is None) == (False, True)
    assert gc.isenabled()
    gc.collect()
    assert before() is None


def test_one_processor_has_no_child(other: SecondProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    other.start(__name__)
    assert not other.is_started
    assert list(other.submit("numbers", 7)) == []
