"""A file that kills, stalls or starves its reader is refused alone."""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading
import time
from contextlib import closing
from dataclasses import replace
from multiprocessing import active_children
from pathlib import Path

import pytest
from builders.reader_files import DAY, FORMS, FormFile, codes, repack, sheet_xml

from mlay_batch.core import codec
from mlay_batch.errors import MlayError
from mlay_batch.model.records import Submission
from mlay_batch.reader import (
    LastingWorkers,
    Limits,
    grid,
    read,
    read_all,
    read_each,
    section_finder,
    unexpected_cells,
    workbook,
    worker_pool,
)

LAX = Limits(rows=1_048_576, columns=16_384, cells=1 << 40)


def good(day: int = 3) -> bytes:
    return FormFile().put("meetings.held_on", DAY.replace(day=day)).save()


@pytest.fixture(scope="module")
def deadly() -> bytes:
    """Two cells, 1.4 KB more: calamine asks for room for all in between and aborts the process.

    The pre-flight takes such cells out, so the limits are opened to let it through.
    """
    far_cell = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    return sheet_xml(good(), "</sheetData>", far_cell)


def name_files(*files: bytes) -> list[tuple[str, bytes]]:
    return [(f"{n}.xlsx", data) for n, data in enumerate(files)]


def days(submissions) -> list[int | str]:
    return [s.rows[1].values["held_on"].day if s.form else codes(s)[0] for s in submissions]


def test_a_long_foreign_sheet_is_compared_once_not_once_a_form(monkeypatch):
    """500 rows took 13 seconds: every cell was compared anew for each form and section."""
    compared: list[str] = []
    for module in (grid, section_finder, unexpected_cells, workbook):
        name_key = module.name_key
        monkeypatch.setattr(
            module, "name_key", lambda text, key=name_key: compared.append(text) or key(text)
        )
    foreign = FormFile()
    foreign.sheets = {"A": {(r, c): f"Việc số {r} {c}" for r in range(1, 101) for c in range(1, 9)}}
    foreign.stamp = []
    assert codes(foreign.read()) == ["R20"]
    assert sum(text.startswith("Việc số") for text in compared) == 800


def test_order_and_values_are_those_of_the_files():
    files = [good(day) for day in (5, 1, 9, 30)]
    done: list[int] = []
    submissions = read_all(name_files(*files), FORMS, progress=done.append)
    assert submissions == [read(data, "", FORMS) for data in files]
    assert done == [1, 2, 3, 4]


def test_several_batches_are_read_by_the_same_workers():
    def read_batch(*files: bytes) -> list[int | str]:
        return days(lasting(name_files(*files), FORMS, Limits(), progress=lambda _: None))

    with closing(LastingWorkers(1)) as lasting:
        assert active_children() == []
        assert read_batch(good(5), good(1)) == [5, 1]
        (worker,) = active_children()
        assert read_batch(good(9)) == [9]
        assert active_children() == [worker]
    assert active_children() == []


def test_workers_are_started_before_it_is_known_what_they_read():
    with closing(LastingWorkers(2)) as lasting:
        lasting.start(1)
        lasting.start(3)
        started = set(active_children())
        assert len(started) == 2
        files = name_files(good(5), good(1), good(9))
        assert days(lasting(files, FORMS, Limits(), progress=lambda _: None)) == [5, 1, 9]
        assert set(active_children()) == started
    with closing(LastingWorkers(2)) as lasting:
        lasting.start(2)
    assert active_children() == []


def test_nothing_to_read():
    assert read_all([], FORMS) == []


def test_files_are_taken_a_few_ahead_of_their_turn_only():
    taken: list[str] = []

    def files():
        for name, data in name_files(*[b""] * 500):
            taken.append(name)
            yield name, data

    answers = read_each(files(), FORMS, workers=1)
    assert codes(next(answers)) == ["R01"]
    assert len(taken) < 50
    assert len(list(answers)) == 499


def test_nothing_is_started_for_who_never_asks():
    """Nobody would end such workers: a file that hangs one would hold the program up for ever."""
    taken: list[int] = []
    answers = read_each((("x", b"") for n in range(3) if not taken.append(n)), FORMS, workers=1)
    assert (taken, active_children()) == ([], [])
    answers.close()
    assert (taken, active_children()) == ([], [])


def test_large_files_are_not_gathered():
    taken: list[int] = []
    large = (("x", b"x" * (20 << 20)) for n in range(9) if not taken.append(n))
    answers = read_each(large, FORMS, workers=1)
    assert codes(next(answers)) == ["R03"]
    assert len(taken) == 2
    answers.close()
    assert active_children() == []


def test_a_file_that_kills_its_reader_is_refused_alone(deadly):
    submissions = read_all(
        name_files(good(1), deadly, good(2), deadly, good(3)), FORMS, LAX, workers=1
    )
    assert days(submissions) == [1, "R13", 2, "R13", 3]


def test_with_several_workers_too(deadly):
    files = [deadly, good(1), good(2), deadly, deadly, good(3)]
    assert days(read_all(name_files(*files), FORMS, LAX, workers=2)) == [
        "R13",
        1,
        2,
        "R13",
        "R13",
        3,
    ]


def test_a_file_that_takes_too_long_is_refused_alone():
    cells = '<c r="A9"/>' * 3_000_000
    slow = sheet_xml(good(), "</sheetData>", f"<row>{cells}</row></sheetData>")
    limits = Limits(seconds=1, ratio=10_000)
    submissions = read_all(name_files(good(1), slow, good(2)), FORMS, limits, workers=1)
    assert days(submissions) == [1, "R12", 2]


def _log(folder: str, line: str) -> None:
    with Path(folder, "log").open("a", encoding="utf-8") as log:
        log.write(f"{line}\n")


def _late_once(pipe):
    """Answer every file; the one that is slow, or dies, on a busy machine only the second time."""
    pipe.recv_bytes()
    pipe.send_bytes(b"")
    while True:
        folder, name, mishap = pipe.recv_bytes().decode().split("|")
        is_first = name not in Path(folder, "log").read_text(encoding="utf-8")
        _log(folder, f"begin {name}")
        if is_first and mishap == "late":
            pipe.recv_bytes()  # never comes
        if is_first and mishap == "dead":
            raise SystemExit(1)
        _log(folder, f"end {name}")
        pipe.send_bytes(codec.dump(Submission(None, name, "")))


@pytest.mark.parametrize("mishap", ["late", "dead"])
def test_a_file_that_fails_on_a_busy_machine_is_read_once_more_alone(mishap, monkeypatch, tmp_path):
    monkeypatch.setattr(worker_pool, "answer_files", _late_once)
    Path(tmp_path, "log").touch()
    files = [(f"{tmp_path}|{name}|{mishap if name == 'c' else ''}").encode() for name in "abcdef"]
    submissions = read_all(name_files(*files), (), Limits(seconds=3), workers=2)
    assert [submission.form for submission in submissions] == list("abcdef")
    log = Path(tmp_path, "log").read_text(encoding="utf-8").splitlines()
    again = len(log) - 1 - log[::-1].index("begin c")
    assert log[again + 1] == "end c"
    before = log[:again]
    assert {line[-1] for line in before if "end" in line} == {
        line[-1] for line in before if "begin" in line
    } - {"c"}


def test_who_is_to_be_alone_waits_for_the_others_and_goes_before_those_who_come_later():
    turns, order = worker_pool.Turns(), []

    def enter(name: str, *, alone: bool) -> None:
        with turns.take(alone=alone):
            order.append(name)

    with turns.take(alone=False):
        alone = threading.Thread(target=enter, args=("alone",), kwargs={"alone": True})
        alone.start()
        while not turns.is_claimed:
            time.sleep(0.001)
        later = threading.Thread(target=enter, args=("later",), kwargs={"alone": False})
        later.start()
        order.append("first")
    alone.join()
    later.join()
    assert order == ["first", "alone", "later"]


def test_a_file_that_eats_memory_is_refused_alone():
    fat = repack(good(), lambda name, part: part, **{"xl/x.xml": bytes(150 << 20)})
    limits = Limits(memory_mb=200, ratio=10_000)
    submissions = read_all(name_files(good(1), fat, good(2)), FORMS, limits, workers=1)
    assert days(submissions) == [1, "R13", 2]


def test_a_fault_of_our_own_is_refused_alone():
    section = replace(FORMS[0].sections[0], fields=None)
    broken = replace(FORMS[0], form="meeting", version="2018.1", sections=(section,))
    submissions = read_all(name_files(good(), b""), [broken], workers=1)
    assert [codes(s) for s in submissions] == [["R14"], ["R01"]]


def test_a_child_that_cannot_start_is_a_broken_run(monkeypatch):
    monkeypatch.setattr(worker_pool, "answer_files", _fail)
    with pytest.raises(MlayError, match=r"reader\.child"):
        read_all(name_files(good()), FORMS)


class Booby:
    """Unpickled, it would leave a trace; nothing here may unpickle it."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return Path.touch, (self.trace,)


def _answer_nonsense(pipe):
    """A child in the hands of whoever wrote the file answers what it likes."""
    pipe.recv_bytes()
    pipe.send_bytes(b"")
    data = pipe.recv_bytes()
    good_answer = codec.dump(Submission(None, "meeting", "2018.1"))
    answers = {
        b"pickle": pickle.dumps(Booby(Path("trace"))),
        b"deep": b"[" * 10**6,
        b"number": good_answer.replace(b'"2018.1"', b"2018"),
        b"short": good_answer[:-3] + b"]",
        b"nan": good_answer.replace(b'"2018.1"', b"NaN"),
        b"huge": bytes(2 << 20),
    }
    pipe.send_bytes(answers[data])


@pytest.mark.parametrize("answer", [b"pickle", b"deep", b"number", b"short", b"nan", b"huge"])
def test_a_child_that_was_taken_over_can_only_spoil_its_file(answer, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(worker_pool, "answer_files", _answer_nonsense)
    (submission,) = read_all([("x", answer)], (), Limits(inflated_mb=1), workers=1)
    assert codes(submission) == ["R13"]
    assert list(tmp_path.iterdir()) == []


def _fail(*_: object) -> None:
    raise SystemExit(1)


def test_a_child_that_dies_on_its_way_is_a_broken_run_and_no_wait_for_ever():
    """A program from standard input cannot be started once more, which is what a child does."""
    code = (
        "from mlay_batch.reader import read_all\nfrom mlay_batch.schema import load_catalogue\n"
        "read_all([('x', b'')], load_catalogue().forms)"
    )
    ran = subprocess.run(
        [sys.executable, "-"], input=code, capture_output=True, text=True, timeout=50
    )
    assert "reader.child" in ran.stderr


def _deaf(pipe):
    pipe.recv_bytes()
    pipe.send_bytes(b"")
    time.sleep(60)


def test_a_child_that_takes_no_file_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(worker_pool, "answer_files", _deaf)
    (submission,) = read_all([("x", bytes(1 << 20))], (), Limits(seconds=1), workers=1)
    assert codes(submission) in (["R12"], ["R13"])


def test_no_child_outlives_the_call():
    read_all(name_files(good(), good(), good()), FORMS, workers=2)
    assert active_children() == []


def test_what_is_imported_by_a_child_is_light():
    """A child is started again for every file that kills one."""
    code = "import sys, mlay_batch.reader.worker_pool; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"pandas", "pandera", "pydantic", "openpyxl", "yaml", "click", "rich", "numpy"}
    assert heavy.isdisjoint(ran.stdout.split())
