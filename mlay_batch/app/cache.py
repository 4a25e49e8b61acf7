"""Caches parsed descriptions and register, and workbooks by the cache key of their inputs.

A key is one hash of everything an entry depends on; an unreadable entry counts as absent. Parsed
inputs are stored in the workspace's folder `.cache`, workbooks in the archive, with their keys in
the ledger.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from mlay_batch import __version__, core, schema
from mlay_batch.app.report_files import ReportFiles
from mlay_batch.app.workspace import Workspace
from mlay_batch.core import codec
from mlay_batch.core.files import hash_files, write_atomically
from mlay_batch.core.findings import Finding, has_errors
from mlay_batch.core.period import Period
from mlay_batch.errors import LedgerError, MlayError
from mlay_batch.ledger import Archive, Ledger
from mlay_batch.model.records import Row, Submission
from mlay_batch.schema import Catalogue, Form, load_catalogue
from mlay_batch.schema.catalogue import shipped_folder

if TYPE_CHECKING:
    from mlay_batch.app.office import Office

T = TypeVar("T")
_FOLDER = ".cache"
_CATALOGUE, _REGISTER = "catalogue.json", "register.json"
_RENDERED, _WORKLIST = "rendered.json", "worklist.json"
WRITTEN_BY = ("mlay_batch", "xlsxwriter", "docx")
_RENDERED_BY = ("mlay_batch", "openpyxl")
_SOURCES = (".py", ".sql", ".yaml")


def cache_key(*parts: str) -> str:
    """Return one hash of everything an entry depends on."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def load_cached(workspace: Workspace, name: str, key: str, kind: type[T]) -> T | None:
    """Return the entry `name`; None if its key differs or it is unreadable."""
    try:
        data, head = (workspace.root / _FOLDER / name).read_bytes(), _head(key)
        return codec.load(data[len(head) : -1], kind) if data.startswith(head) else None
    except (OSError, ValueError):
        return None


def store_cached(workspace: Workspace, name: str, key: str, value: object) -> None:
    """Write the entry `name`, readable by its owner only.

    In a read-only workspace nothing is written.
    """
    data = _head(key) + codec.dump(value) + b"]"
    try:
        write_atomically(workspace.root / _FOLDER / name, data, mode=0o600)
    except MlayError:
        return


def clear_cache(workspace: Workspace) -> None:
    """Remove all entries: they hold the register, and are made anew."""
    shutil.rmtree(workspace.root / _FOLDER, ignore_errors=True)


def _head(key: str) -> bytes:
    return f'["{key}",'.encode()


# Descriptions: parsing and checking YAML costs more than most commands


def read_catalogue(workspace: Workspace) -> Catalogue:
    """Return the shipped descriptions, replaced by the workspace's own of the same name.

    The key covers every file they may come from and the code that reads them. Raises SchemaError
    for a wrong description.
    """
    key = cache_key(sources_hash(workspace.schemas), __version__, schema_code())
    catalogue = load_cached(workspace, _CATALOGUE, key, Catalogue)
    if catalogue is None:
        catalogue = load_catalogue(workspace.schemas)
        store_cached(workspace, _CATALOGUE, key, catalogue)
    return catalogue


def sources_hash(*folders: Path) -> str:
    """Return a hash over every file that `load_catalogue` may read."""
    return "/".join(
        hash_files(folder, (path for path in folder.glob("*") if path.is_file()))
        for folder in (shipped_folder("schemas"), *folders)
    )


def schema_code() -> str:
    """Return a hash of the code that parses descriptions, where its files are available."""
    folders = map(Path, (*schema.__path__, *core.__path__))
    return "/".join(hash_files(folder, folder.glob("*.py")) for folder in folders)


# Register: frequent commands need neither a worker process nor pandera


@dataclass(frozen=True, slots=True)
class CheckedRegister:
    """A register as read, with its findings."""

    submission: Submission
    """Its rows, their codes resolved."""
    findings: tuple[Finding, ...]
    """What is wrong with it, places without a file."""


def read_register(
    workspace: Workspace,
    form: Form,
    data: bytes,
    schemas_sha256: str,
    while_checked: Callable[[], None] = lambda: None,
) -> CheckedRegister:
    """Return the register in `data`. It is cached only if it has no errors.

    Where it is not, `while_checked` is called in a thread, when half a second of checking begins.
    """
    key = cache_key(hashlib.sha256(data).hexdigest(), schemas_sha256, __version__)
    register = load_cached(workspace, _REGISTER, key, CheckedRegister)
    if register is None:
        register = check_register(data, form, while_checked)
        if not has_errors(register.findings):
            store_cached(workspace, _REGISTER, key, register)
    return register


def check_register(
    data: bytes, form: Form, while_checked: Callable[[], None] = lambda: None
) -> CheckedRegister:
    """Return the register in `data` as read and checked, without the cache."""
    submission = read_list(data, form, while_checked)
    from mlay_batch.checks.validate import validate_register  # start-up: imported meanwhile

    if submission.form:
        return CheckedRegister(*validate_register(submission, form))
    return CheckedRegister(submission, submission.findings)


def read_list(data: bytes, form: Form, while_read: Callable[[], None] = lambda: None) -> Submission:
    """Return what a child reads in a register or a worklist.

    What checks it is imported meanwhile, which takes half a second, and `while_read` is called in a
    thread.
    """
    from concurrent.futures import ThreadPoolExecutor  # start-up: most commands read no list

    from mlay_batch import reader  # start-up: likewise

    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(reader.read_all, [("", data)], [form], workers=1)
        pool.submit(while_read)
        import_module("mlay_batch.checks.validate")
        (submission,) = reading.result()
    return submission


# Workbooks


def report_key(office: Office, ledger: Ledger, period: Period, as_of: date, lang: str) -> str:
    """Return the cache key of the workbook of `period`.

    It covers all source files and all settings: a missed input would show a stale report, while an
    unneeded one only costs a few seconds.
    """
    return cache_key(
        program_files(),
        ledger.content_hash(),
        office.register_sha256,
        office.schemas_sha256,
        sources_hash(office.workspace.schemas),
        repr(office.workspace.settings),
        str(period),
        as_of.isoformat(),
        lang,
    )


def program_files(written_by: Sequence[str] = WRITTEN_BY) -> str:
    """Return what identifies the program and the libraries that write its files, file by file.

    The version is not enough: texts and code may be edited in place, as in a checkout.
    """
    parts = [__version__, sys.version, zlib.ZLIB_RUNTIME_VERSION]
    for name in written_by:
        spec = find_spec(name)  # finds it without importing it
        for folder in map(Path, (spec and spec.submodule_search_locations) or ()):
            sources = (path for path in folder.rglob("*") if path.suffix in _SOURCES)
            parts.append(hash_files(folder, sources))
    return "\n".join(parts)


def load_report_files(
    ledger: Ledger, archive: Archive, key: str
) -> tuple[ReportFiles, bool] | None:
    """Return what was written for a key and whether it is provisional; None if any is lost."""
    workbook = ledger.find_workbook(key)
    if workbook is None:
        return None
    sha256, provisional = workbook
    try:
        return ReportFiles.load(ledger, archive, sha256), provisional
    except LedgerError:
        return None  # it is built and archived again


# Forms that come with letters: most letters wait for several runs


@dataclass(frozen=True, slots=True)
class _Hashes:
    by_inputs: Mapping[str, str]


class RenderedForms:
    """Hashes of the forms that were rendered, by that of what they are made of.

    They hold for the same program and library.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    @cached_property
    def _key(self) -> str:
        return cache_key(program_files(_RENDERED_BY))

    def load(self) -> Mapping[str, str]:
        """Return those of the last run; none where another program rendered them."""
        cached = load_cached(self._workspace, _RENDERED, self._key, _Hashes)
        return cached.by_inputs if cached else {}

    def store(self, rendered: Mapping[str, str]) -> None:
        """Keep those of this run."""
        store_cached(self._workspace, _RENDERED, self._key, _Hashes(rendered))


# The worklist: to read one takes most of a second, and few are filled in before the next run


def load_untouched(workspace: Workspace, worklist: bytes) -> Row | None:
    """Return the row that says which worklist it is; None for one that `store_untouched` lacks."""
    return load_cached(workspace, _WORKLIST, hashlib.sha256(worklist).hexdigest(), Row)


def store_untouched(workspace: Workspace, worklist: bytes, now: Row) -> None:
    """Keep the row that says which worklist it is, of one in which nothing is typed."""
    store_cached(workspace, _WORKLIST, hashlib.sha256(worklist).hexdigest(), now)
