"""What is agreed with a cluster before it gets a file, and what becomes of batches it fails."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from concurrent.futures import CancelledError
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

if not os.environ.get("CI"):
    pytest.importorskip("distributed")

from builders.reader_files import FORMS, FormFile, codes
from distributed import KilledWorker

import mlay_batch
from mlay_batch.errors import MlayError, UsageError
from mlay_batch.reader import Limits, dask_backend, read

PACKAGE = Path(mlay_batch.__file__).parent


# -- who may see the files --------------------------------------------------------------------


@pytest.mark.parametrize(
    "address", ["tls://10.0.0.1:8786", "tcp://127.0.0.1:1", "localhost:1", "tcp://[::1]:1"]
)
def test_encrypted_or_on_this_machine_is_private(address: str) -> None:
    dask_backend.check_encrypted([address], plain=False)


@pytest.mark.parametrize("address", ["tcp://10.0.0.1:8786", "server:8786", "127.0.0.1.town.vn:1"])
def test_anything_else_must_be_permitted(address: str) -> None:
    with pytest.raises(UsageError, match=r"cluster\.plain"):
        dask_backend.check_encrypted(["tls://10.0.0.1:8786", address], plain=False)
    dask_backend.check_encrypted([address], plain=True)


@pytest.mark.parametrize("address", ["", "tls://server", "tls://:1", "server:port", "ucx://s:1"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match=r"cluster\.address"):
        dask_backend.check_encrypted([address], plain=True)


def test_without_certificates_nothing_is_tried() -> None:
    with pytest.raises(UsageError, match=r"cluster\.tls"):
        list(dask_backend.read_each([("", b"")], FORMS, address="tls://10.0.0.1:8786"))


# -- the same program -------------------------------------------------------------------------


def test_all_that_a_reader_imports_is_compared() -> None:
    """Modules of the package, and libraries from outside."""
    code = "import sys, mlay_batch.reader.worker_pool; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    compared = {path for pattern in dask_backend.READER_SOURCES for path in PACKAGE.glob(pattern)}
    for module in ran.stdout.split():
        if module.startswith("mlay_batch."):
            path = PACKAGE.joinpath(*module.split(".")[1:])
            assert {path.with_suffix(".py"), path / "__init__.py"} & compared, module
    parsed = [ast.parse(path.read_text("utf-8")) for path in PACKAGE.glob("reader/*.py")]
    nodes = [node for tree in parsed for node in ast.walk(tree)]
    imported = {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    imported |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    outside = {name.partition(".")[0] for name in imported} - set(sys.stdlib_module_names)
    carriers = {"mlay_batch", "dask", "distributed"}
    assert {name.replace("_", "-") for name in outside - carriers} == {
        name for name in dask_backend.LIBRARIES if name != "distributed"
    }


def test_a_machine_without_the_program_is_named() -> None:
    local = dask_backend.program_versions()
    dask_backend.check_same_program({"tcp://a:1": local})
    for remote in (ModuleNotFoundError("mlay_batch"), {**local, "olefile": "0.1"}):
        with pytest.raises(MlayError, match=r"cluster\.program .*tcp://b:1"):
            dask_backend.check_same_program({"tcp://a:1": local, "tcp://b:1": remote})


# -- batches ----------------------------------------------------------------------------------


def test_batches_are_bounded_in_number_and_bytes() -> None:
    sizes = [1] * 40 + [3 << 20, 3 << 20, 1]
    batches = list(dask_backend.split_into_batches(bytes(size) for size in sizes))
    assert [len(batch) for batch in batches] == [16, 16, 10, 1]
    assert [len(data) for batch in batches for data in batch] == sizes
    assert list(dask_backend.split_into_batches([])) == []


def let_answer(workers: dict[str, int], *raised: BaseException) -> list[Any]:
    """Let a cluster answer a good file and a broken one so."""
    errors = iter(raised)

    def result(timeout: float) -> Any:
        raise next(errors)

    client: Any = SimpleNamespace(nthreads=lambda: workers)
    job = dask_backend.ClusterJob(client, "tcp://a:1", False, FORMS, Limits())
    future: Any = SimpleNamespace(result=result)
    return list(job.read_answer(future, (FormFile().save(), b"")))


def test_a_batch_over_which_worker_after_worker_died_is_read_here() -> None:
    killed = KilledWorker("task", SimpleNamespace(address="tcp://b:1"), 3)
    good, broken = let_answer({"tcp://b:1": 1}, TimeoutError(), killed)
    assert good == read(FormFile().save(), "", FORMS)
    assert codes(broken) == ["R01"]


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (TimeoutError(), "cluster.empty"),
        (CancelledError(), "cluster.lost"),
        (ZeroDivisionError(), "cluster.task"),
        (MlayError("reader.child"), "reader.child"),
    ],
)
def test_what_else_may_fail_is_a_broken_run(raised: BaseException, code: str) -> None:
    with pytest.raises(MlayError) as caught:
        let_answer({}, raised)
    assert caught.value.code == code
