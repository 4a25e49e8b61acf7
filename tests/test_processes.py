"""A child works beside us; where it cannot, the work is done here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from functools import partial

import pytest

from mlay_batch.core.processes import SecondProcess


def die_elsewhere(home: int) -> int:
    """Return the process at work; in another one than `home` it dies."""
    if os.getpid() != home:
        os._exit(9)
    return home


def fail_elsewhere(home: int) -> int:
    """Return the process at work; in another one than `home` something is wrong."""
    if os.getpid() != home:
        raise ValueError(home)
    return home


@pytest.fixture
def other() -> Iterator[SecondProcess]:
    with closing(SecondProcess()) as process:
        yield process


def test_two_works_are_done_in_turn_beside_us(other: SecondProcess) -> None:
    other.start("mlay_batch.core.text")
    first, second = other.submit(os.getpid, partial(sorted, [2, 1]))
    assert first() != os.getpid()
    assert second() == [1, 2]


@pytest.mark.parametrize("work", [die_elsewhere, fail_elsewhere])
def test_what_a_lost_child_owes_is_done_here(other: SecondProcess, work: type[int]) -> None:
    other.start("mlay_batch.core.text")
    first, second = other.submit(os.getpid, partial(work, os.getpid()))
    assert first() != os.getpid()
    assert second() == os.getpid()


def test_a_child_that_cannot_begin_is_missed_by_nobody(other: SecondProcess) -> None:
    other.start("mlay_batch.no_such_module")
    first, second = other.submit(os.getpid, os.getppid)
    assert (first(), second()) == (os.getpid(), os.getppid())


def test_one_processor_has_no_child(other: SecondProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    other.start("mlay_batch.core.text")
    assert not other.is_started
    assert [result() for result in other.submit(os.getpid, os.getppid)] == [
        os.getpid(),
        os.getppid(),
    ]
