"""Admits one process at a time to a workspace, and names the holder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from mlay_batch.errors import LedgerError, LockedError, os_problem

_LOCK = ".mlay.lock"
# Not in the lock file: Windows forbids others to read a locked file.
_HOLDER = ".mlay.holder"


@contextmanager
def lock(workspace: Path, holder: str) -> Iterator[None]:
    """Lock the folder `workspace` for this process; others see `holder` (user@host, pid).

    The operating system holds the lock and frees that of a dead process. Raises LockedError with
    the other's ``holder`` and ``since``, LedgerError when the folder cannot be written.
    """
    file_lock = FileLock(workspace / _LOCK, timeout=0)
    holder_file = workspace / _HOLDER
    try:
        workspace.stat()  # FileLock would make a folder that is not there
        file_lock.acquire()
    except Timeout:
        raise _locked_error(holder_file) from None
    except OSError as error:
        raise _unwritable_error(workspace, error) from error
    try:
        _write_holder(holder_file, holder)
        yield
    finally:
        holder_file.unlink(missing_ok=True)
        file_lock.release()


def stale_holder(workspace: Path) -> str | None:
    """Return the last holder if it never unlocked the folder, as a killed process; else None.

    Call it before locking: while a process holds the lock, it returns that holder.
    """
    try:
        return (workspace / _HOLDER).read_text(encoding="utf-8") or "?"
    except OSError:
        return None


def _write_holder(holder_file: Path, holder: str) -> None:
    try:
        holder_file.write_text(holder, encoding="utf-8", errors="replace")
    except OSError as error:
        raise _unwritable_error(holder_file.parent, error) from error


def _unwritable_error(folder: Path, error: OSError) -> LedgerError:
    return LedgerError("ledger.unwritable", path=str(folder), problem=os_problem(error))


def _locked_error(note: Path) -> LockedError:
    """Return the error that names the holder, "?" if its file is just being written or removed."""
    try:
        holder = note.read_text(encoding="utf-8") or "?"
        since = datetime.fromtimestamp(note.stat().st_mtime).astimezone()
    except OSError:
        return LockedError("ledger.locked", holder="?", since="?")
    return LockedError("ledger.locked", holder=holder, since=since.strftime("%H:%M %d/%m/%Y"))
