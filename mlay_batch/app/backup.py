"""Writes a whole workspace to one file and restores it, as for a new clerk or PC.

The file is an ordinary zip: the workspace's files under their names, and last `mlay-backup.json`
with the hash of each. Files of one machine or moment (locks, temporary files) are left out; a
workspace never holds passwords.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

from mlay_batch import __version__
from mlay_batch.app.settings import CONFIG_NAME
from mlay_batch.app.workspace import Workspace, refuse_network
from mlay_batch.core.files import TEMPORARY_PREFIX, open_atomic
from mlay_batch.errors import MlayError, Phrase, UsageError, os_problem
from mlay_batch.ledger import Ledger, PurgeLog, lock

_MANIFEST = "mlay-backup.json"
_FORMAT = 1
_TRANSIENT_PREFIXES = (TEMPORARY_PREFIX, "~$", ".~lock.")
_CHUNK_SIZE = 1 << 20
_DAMAGE_ERRORS = (BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, KeyError)


@dataclass(frozen=True)
class BackupResult:
    """A backup written or restored.

    Attributes:
        path: the zip written, or the folder that was restored to.
        file_count: number of files in it, the ledger included.
    """

    path: Path
    file_count: int


def backup(workspace: Workspace, target: Path, *, day: date, holder: str) -> BackupResult:
    """Write the whole workspace to the new file `target`; the ledger records where, and the `day`.

    Raises UsageError ``backup.exists`` (no backup is overwritten), LockedError, and LedgerError for
    a damaged ledger.
    """
    target = target.resolve()
    if target.exists():
        raise UsageError("backup.exists", path=str(target))
    hashes: dict[str, str] = {}
    with lock(workspace.root, holder), Ledger.open(workspace.ledger) as ledger:
        with (
            open_atomic(target, mode=0o600) as file,
            ZipFile(file, "w", ZIP_DEFLATED, compresslevel=1) as zip_file,
        ):
            for name, path in _workspace_files(workspace):
                hashes[name] = _add_file(zip_file, name, path)
            snapshot = ledger.serialize()
            hashes[workspace.ledger.name] = hashlib.sha256(snapshot).hexdigest()
            zip_file.writestr(workspace.ledger.name, snapshot)
            manifest = {"format": _FORMAT, "program": __version__, "files": hashes}
            zip_file.writestr(_MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))
        PurgeLog(ledger).record_backup(target, day)
    return BackupResult(target, len(hashes))


def _workspace_files(workspace: Workspace) -> Iterator[tuple[str, Path]]:
    """Yield name and path of each file besides the ledger; foreign files are left out."""
    folders = [path for path in workspace.folders if path.parent == workspace.root]
    folders.append(workspace.texts)
    folder_files = (path for folder in folders for path in sorted(folder.rglob("*")))
    for path in (
        workspace.root / CONFIG_NAME,
        workspace.register,
        *workspace.worklists,
        *folder_files,
    ):
        if (
            path.is_file()
            and not path.is_symlink()
            and not path.name.startswith(_TRANSIENT_PREFIXES)
        ):
            yield path.relative_to(workspace.root).as_posix(), path


def _add_file(zip_file: ZipFile, name: str, path: Path) -> str:
    with (
        path.open("rb") as source,
        zip_file.open(_zip_entry(name), "w", force_zip64=True) as target,
    ):
        return _copy_and_hash(source, target)


def _zip_entry(name: str) -> ZipInfo:
    info = ZipInfo(name)  # without a date: it is no time of receipt
    info.compress_type = ZIP_DEFLATED
    return info


def _copy_and_hash(source: IO[bytes], target: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := source.read(_CHUNK_SIZE):
        digest.update(chunk)
        target.write(chunk)
    return digest.hexdigest()


def restore(source: Path, folder: Path, *, network: bool = False) -> BackupResult:
    """Unpack a backup as the new workspace `folder`, completely or not at all.

    Every file must match its hash; the ledger is opened and migrated. Raises UsageError
    ``restore.occupied``, ``workspace.network``; MlayError ``restore.damaged`` (also for a file that
    is no backup, or names that lead out of the folder), ``restore.newer``, ``restore.unwritable``,
    LedgerError.
    """
    folder = folder.resolve()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError("restore.occupied", path=str(folder))
    refuse_network(folder, network)
    staging = folder.with_name(f".mlay-{os.urandom(6).hex()}.restore")
    try:
        staging.mkdir(parents=True)
        hashes = _unpack(source, staging)
        workspace = Workspace.find(staging)
        workspace.make_folders()
        workspace.write_starters()
        Ledger.open(workspace.ledger).close()
        if folder.exists():
            folder.rmdir()
        staging.replace(folder)
    except _DAMAGE_ERRORS as error:
        raise _damage_error(source, Phrase("os.damaged")) from error
    except OSError as error:
        problem = os_problem(error)
        raise MlayError("restore.unwritable", path=str(folder), problem=problem) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return BackupResult(folder, len(hashes))


def _damage_error(source: Path, problem: str | Phrase) -> MlayError:
    return MlayError("restore.damaged", path=str(source), problem=problem)


def _unpack(source: Path, staging: Path) -> Mapping[str, str]:
    with ZipFile(source) as zip_file:
        hashes = _read_manifest(zip_file, source)
        entries = {entry.filename: entry for entry in zip_file.infolist()}
        wrong_compression = any(entry.compress_type != ZIP_DEFLATED for entry in entries.values())
        if wrong_compression or entries.keys() != {*hashes, _MANIFEST} or CONFIG_NAME not in hashes:
            raise _damage_error(source, _MANIFEST)
        for name, sha256 in hashes.items():
            path = _safe_path(staging, name, source)
            path.parent.mkdir(parents=True, exist_ok=True)
            with zip_file.open(entries[name]) as content, _create_private(path) as target:
                if _copy_and_hash(content, target) != sha256:
                    raise _damage_error(source, name)
                target.flush()
                os.fsync(target.fileno())
    return hashes


def _read_manifest(zip_file: ZipFile, source: Path) -> Mapping[str, str]:
    """Return the hash of every file. Raises MlayError if it is no backup, or newer."""
    manifest = json.loads(zip_file.read(_MANIFEST))
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), dict):
        raise _damage_error(source, _MANIFEST)
    if manifest.get("format") != _FORMAT:
        raise MlayError("restore.newer", path=str(source), program=str(manifest.get("program")))
    return {str(name): str(sha256) for name, sha256 in manifest["files"].items()}


def _safe_path(staging: Path, name: str, source: Path) -> Path:
    """Return the target path of a file. Raises MlayError if it leads out of the folder."""
    parts = PurePosixPath(name).parts
    leads_outside = name.startswith("/") or ".." in parts or "\\" in name or ":" in parts[0]
    if leads_outside or any(ord(character) < 32 for character in name):
        raise _damage_error(source, name)
    return staging.joinpath(*parts)


def _create_private(path: Path) -> BinaryIO:
    return open(path, "xb", opener=partial(os.open, mode=0o600))
