"""A child works beside us; where it cannot, it gives no result."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial

import pytest

from mlay_batch.core.processes import SecondProcess


def die() -> None:
    """Die without a word."""
    os._exit(9)


def fail() -> None:
    """Do what cannot be done."""
    raise ValueError


@pytest.fixture
def other() -> Iterator[SecondProcess]:
    with closing(SecondProcess()) as process:
        yield process


def test_two_works_are_done_beside_us_whichever_is_asked_for(other: SecondProcess) -> None:
    other.start("mlay_batch.core.text")
    first, second = other.submit(os.getpid, partial(sorted, [2, 1]))
    assert second() == [1, 2]
    assert first() not in {None, os.getpid()}


@pytest.mark.parametrize("work", [die, fail])
def test_a_lost_child_gives_no_more_results(
    other: SecondProcess, work: Callable[[], None], capfd: pytest.CaptureFixture[str]
) -> None:
    other.start("mlay_batch.core.text")
    first, second = other.submit(os.getpid, work)
    assert first() not in {None, os.getpid()}
    assert second() is None
    assert capfd.readouterr().err == ""


def test_a_child_that_cannot_begin_gives_none(other: SecondProcess) -> None:
    other.start("mlay_batch.no_such_module")
    assert [result() for result in other.submit(os.getpid, os.getppid)] == [None, None]


def test_one_processor_has_no_child(other: SecondProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    other.start("mlay_batch.core.text")
    assert not other.is_started
    assert [result() for result in other.submit(os.getpid, os.getppid)] == [None, None]
