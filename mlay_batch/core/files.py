"""Writes files whole or not at all; hashes many files into one."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

from mlay_batch.errors import MlayError, OutputBusyError, os_problem

TEMPORARY_PREFIX = ".mlay-"  # how the name of a file being written begins
_BUSY_ERRORS = (5, 32, 33)  # Windows: access denied, sharing violation, lock violation
RETRY_PAUSES = (0.05, 0.1, 0.2, 0.4)  # seconds: a virus scanner lets go soon, Excel does not


def write_atomically(path: Path, data: bytes, mode: int = 0o666) -> None:
    """Write `data` to `path` as `open_atomic` does."""
    with open_atomic(path, mode) as file:
        file.write(data)


@contextmanager
def open_atomic(path: Path, mode: int = 0o666) -> Iterator[BinaryIO]:
    """Give a file to write: afterwards `path` holds all of it, or what it held before.

    Temporary file beside it, fsync, replace, fsync of the folder; missing folders are made. `mode`
    is that of a new file, less the umask. Raises OutputBusyError when another program holds the
    file open (its lock file lies beside it, or Windows says so), MlayError ``files.unwritable``
    when it cannot be written for another reason.
    """
    _refuse_open_file(path)
    with _open_temporary(path, mode) as file:
        yield file
    sync_folder(path.parent)


def write_without_sync(path: Path, data: bytes, mode: int = 0o666) -> None:
    """Write `data` to `path` as `open_atomic` does, without any fsync.

    The caller syncs many files and their folders together, where they must outlast a power cut.
    `path` is no document that another program may have open.
    """
    with _open_temporary(path, mode, sync=False) as file:
        file.write(data)


@contextmanager
def _open_temporary(path: Path, mode: int, *, sync: bool = True) -> Iterator[BinaryIO]:
    temporary = path.parent / f"{TEMPORARY_PREFIX}{os.urandom(6).hex()}.tmp"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(temporary, "xb", opener=partial(os.open, mode=mode)) as file:
                yield file
                file.flush()
                if sync:
                    os.fsync(file.fileno())
            _replace_file(temporary, path)
        except BaseException:
            make_writable(temporary)
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> MlayError:
    return MlayError("files.unwritable", path=str(path), problem=os_problem(error))


def is_open(path: Path) -> bool:
    """Whether LibreOffice or Excel has the file open: its lock file lies beside it."""
    return any(path.with_name(name).exists() for name in _lock_names(path))


def is_lock(path: Path) -> bool:
    """Whether it is the lock file of another program's open file."""
    return path.name.startswith((".~lock.", "~$"))


def _lock_names(path: Path) -> tuple[str, str]:
    return f".~lock.{path.name}#", f"~${path.name}"


def _refuse_open_file(path: Path) -> None:
    """Raise OutputBusyError for a file that LibreOffice or Excel has open.

    POSIX would let us replace it, and the user's next save would overwrite it.
    """
    for lock_name in _lock_names(path):
        if path.with_name(lock_name).exists():
            raise OutputBusyError("files.busy", path=str(path), lock=lock_name)


def _replace_file(temporary: Path, path: Path) -> None:
    for pause in (*RETRY_PAUSES, None):
        try:
            temporary.replace(path)
        except OSError as error:
            if getattr(error, "winerror", None) not in _BUSY_ERRORS:
                raise
            if pause is None:
                raise OutputBusyError("files.busy", path=str(path), lock="–") from error
            time.sleep(pause)
        else:
            return


def make_writable(path: Path) -> None:
    """Let a file that is not to be changed be replaced or removed, which Windows refuses."""
    if path.is_file():
        path.chmod(0o600)


def remove_file(path: Path, code: str = "files.busy") -> None:
    """Remove a file. Raises OutputBusyError `code` where another program holds it."""
    try:
        make_writable(path)
        path.unlink()
    except PermissionError as error:
        raise OutputBusyError(code, path=str(path), lock="–") from error


def hash_files(folder: Path, files: Iterable[Path]) -> str:
    """Return one hash over files below `folder`: their names there and their bytes."""
    digest, root = hashlib.sha256(), f"{folder.as_posix()}/"
    # Texts: to compare paths, and make others of them, takes as long as to read the files.
    for full_name, path in sorted((path.as_posix(), path) for path in files):
        file_hash = hashlib.sha256(path.read_bytes()).hexdigest()
        name = full_name.removeprefix(root)
        digest.update(f"{file_hash} {name}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def sync_file(path: Path) -> None:
    """Make the content of a file durable. Raises MlayError ``files.unwritable``."""
    _sync(path, os.O_RDWR)  # Windows syncs only what is open for writing


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable. Windows has no such call and needs none.

    Raises MlayError ``files.unwritable``.
    """
    if os.name != "nt":
        _sync(folder, os.O_RDONLY)


def _sync(path: Path, flags: int) -> None:
    try:
        descriptor = os.open(path, flags)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise _unwritable(path, error) from error
