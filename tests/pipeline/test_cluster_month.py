"""A month read by a cluster is the month read here, to the byte, a killed worker included."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path

import pytest

if not os.environ.get("CI"):
    pytest.importorskip("distributed")

import dask
import psutil
from builders import sample_office
from builders.dask_cluster import Cluster, cluster
from builders.reader_files import FORMS, codes, sheet_xml
from builders.reader_files import FormFile as Sheets
from distributed import Client, LocalCluster

import mlay_batch
from mlay_batch.app.consolidate import consolidate
from mlay_batch.app.ingest import IngestResult, Progress, ingest, no_progress
from mlay_batch.app.office import open_office
from mlay_batch.app.workspace import Workspace
from mlay_batch.cli import run
from mlay_batch.core import codec
from mlay_batch.core.period import Period
from mlay_batch.errors import MlayError
from mlay_batch.model.records import Submission
from mlay_batch.reader import Limits, Reading, read
from mlay_batch.reader import dask_backend as reading

SAMPLES = Path(__file__).parent.parent.parent / "samples"


@pytest.fixture(scope="module")
def running_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cluster")) as running, dask.config.set(running.config):
        yield running


@pytest.fixture
def watch(running_cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """Somebody who looks on at workers that soon let their children go."""
    monkeypatch.setattr(reading, "REST_SECONDS", 1.0)
    with Client(running_cluster.address, set_as_default=False) as client:
        client.wait_for_workers(2)
        yield client


# -- the same month ---------------------------------------------------------------------------


def month(
    root: Path, read: Reading | None, progress: Progress = no_progress
) -> tuple[IngestResult, bytes, bytes]:
    """Take in what lies in the inbox and consolidate; return verdicts, ledger and workbook."""
    town, as_of = open_office(Workspace.find(root)), date(2019, 12, 6)
    received = "2019-12-03T09:00:00+07:00"
    done = ingest(
        town,
        as_of=as_of,
        received=received,
        who="test",
        holder="test",
        progress=progress,
        read_files=read,
    )
    book = consolidate(town, Period(2019, 11), as_of=as_of, holder="test")
    return done, town.workspace.ledger.read_bytes(), book.path.read_bytes()


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small town with its returns and many strange ones, .xls, .ods and a bomb among them."""
    office = sample_office.create_office(tmp_path_factory.mktemp("town") / "town")
    for branch in sample_office.CELLS:
        sample_office.put(office, f"{branch}.xlsx", sample_office.MeetingReturn(branch).book())
    for path in (*SAMPLES.glob("2019-11/*"), *sorted(SAMPLES.glob("bad/*.xls*"))[:11]):
        sample_office.put(office, path.name, path.read_bytes())
    return office.workspace.root


@pytest.fixture
def alone(town: Path) -> tuple[IngestResult, bytes, bytes]:
    """The month as one machine reads it; made before the cluster runs, which is never idle."""
    return month(shutil.copytree(town, town.parent / "alone"), None)


def test_with_a_worker_killed_the_ledger_and_the_workbook_are_those_of_one_machine(
    alone: tuple[IngestResult, bytes, bytes],
    town: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address = request.getfixturevalue("running_cluster").address
    watch: Client = request.getfixturevalue("watch")
    monkeypatch.setattr(reading, "BATCH_FILES", 2)
    killed: list[int] = []
    ticks: list[int] = []

    pids = watch.run(os.getpid)

    def tick(done: int, total: int) -> None:
        ticks.append(done)
        if done < 4 or killed:
            return
        work, worker = max((len(keys), worker) for worker, keys in watch.processing().items())
        if work:
            killed.append(pids[worker])
            os.kill(killed[0], signal.SIGKILL)

    assert month(town, partial(reading.read_each, address=address), tick) == alone
    assert ticks == list(range(1, 25))  # every file once
    assert killed
    watch.wait_for_workers(2)
    assert killed[0] not in watch.run(os.getpid).values()


# -- guards stand where the files are read ----------------------------------------------------


def test_hostile_files_harm_neither_worker_nor_neighbour(
    running_cluster: Cluster, watch: Client
) -> None:
    good, fat = Sheets().save(), b"x" * (11 << 20)  # Dask warns of tasks beyond 10 MB
    far_cell = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    deadly = sheet_xml(good, "</sheetData>", far_cell)
    files = [good, deadly, fat, good]
    limits = Limits(rows=1_048_576, columns=16_384, cells=1 << 40)
    before = watch.run(os.getpid)
    named = [("", data) for data in files]
    submissions = list(reading.read_each(named, FORMS, limits, address=running_cluster.address))
    assert [codes(submission)[:1] for submission in submissions] == [[], ["R13"], ["R03"], []]
    assert submissions[0] == read(good, "", FORMS)
    assert watch.run(os.getpid) == before
    assert children_of(before) == []


def children_of(workers: dict[str, int]) -> list[psutil.Process]:
    """Return the readers that workers still have once they have rested."""
    until = time.monotonic() + 10
    left: list[psutil.Process] = []
    while time.monotonic() < until:
        left = [
            child
            for pid in workers.values()
            for child in psutil.Process(pid).children()
            if is_reader(child)
        ]
        if not left:
            break
        time.sleep(0.05)
    return left


def is_reader(child: psutil.Process) -> bool:
    """Return whether a worker's child reads files; one killed and not yet joined still counts."""
    try:
        return "resource_tracker" not in " ".join(child.cmdline())
    except psutil.ZombieProcess:
        return True
    except psutil.NoSuchProcess:  # gone between two looks
        return False


# -- what does not fit is told ----------------------------------------------------------------


def fails(code: str, address: str, **more: bool) -> MlayError:
    with pytest.raises(MlayError) as caught:
        list(reading.read_each([("", b"")], FORMS, address=address, **more))
    assert caught.value.code == code
    return caught.value


def test_a_worker_of_another_program_is_named(
    running_cluster: Cluster, watch: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = codec.dump(read(b"", "", FORMS))
    orders = reading.WorkerConfig(FORMS, Limits(), 0).serialize()
    task = watch.submit(reading.read_batch, orders, (b"",), reading.program_versions())
    assert task.result() == [answer]
    assert codec.load(answer, Submission).form is None
    late = watch.submit(reading.read_batch, orders, (b"",), {"mlay-batch": "0"}).result()
    assert list(late.values()) == [reading.program_versions()]

    monkeypatch.setattr(mlay_batch, "__version__", "99.0")
    reading.program_versions.cache_clear()
    try:
        params = fails("cluster.program", running_cluster.address).params
    finally:
        reading.program_versions.cache_clear()
    assert params["name"] == "mlay-batch"
    assert params["address"] in watch.nthreads()
    assert str(params["here"]).startswith("99.0 ")


def test_a_cluster_without_workers_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "REACH_SECONDS", 0.5)
    with LocalCluster(n_workers=0, dashboard_address="127.0.0.1:0") as empty:
        fails("cluster.empty", empty.scheduler_address)


def test_a_scheduler_that_is_not_there_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "REACH_SECONDS", 0.5)
    started = time.monotonic()
    fails("cluster.reach", "tcp://127.0.0.1:1")
    assert time.monotonic() - started < 5


# -- what the clerk types ---------------------------------------------------------------------


def test_the_command_reads_over_the_cluster(
    town: Path, running_cluster: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = shutil.copytree(town, tmp_path / "town", ignore=shutil.ignore_patterns("inbox"))
    (root / "inbox").mkdir()
    (path := tmp_path / "a.xlsx").write_bytes(b"PK\3\4 no workbook")
    args = ["ingest", str(path), "-C", str(root), "--lang", "en", "--cluster"]
    assert run([*args, "tcp://10.0.0.1:8786"]) == 2
    assert "--cluster-unencrypted" in capsys.readouterr().err
    assert run([*args, running_cluster.address]) == 1
    assert "R05" in capsys.readouterr().out


def test_without_the_extra_the_command_names_it(
    town: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "mlay_batch.reader.dask_backend")
    monkeypatch.delattr("mlay_batch.reader.dask_backend")
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert run(["run", "-C", str(town), "--cluster", "tls://server:8786", "--lang", "en"]) == 2
    assert "pip install mlay-batch[cluster]" in capsys.readouterr().err
