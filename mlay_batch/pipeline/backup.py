"""A whole workspace to one file and back: a change of clerk, a new PC.

The file is a zip that any program opens: the workspace's own files under their own names, and last
`mlay-backup.json`, which tells the hash of each. What belongs to one machine or one moment (locks,
files being written) is left out; passwords are never in a workspace.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

from mlay_batch import __version__
from mlay_batch.errors import MlayError, UsageError
from mlay_batch.files import TEMPORARY, replacing
from mlay_batch.ledger import Ledger, lock
from mlay_batch.settings import CONFIG
from mlay_batch.workspace import Workspace, refuse_network

_MANIFEST = "mlay-backup.json"
_FORMAT = 1
_MOMENTARY = (TEMPORARY, "~$", ".~lock.")
_CHUNK = 1 << 20
_DAMAGED = (BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, KeyError)


@dataclass(frozen=True)
class Packed:
    """A backup written or restored: where it lies, and how many files are in it."""

    path: Path
    files: int


def backup(workspace: Workspace, target: Path, *, holder: str) -> Packed:
    """Write the whole workspace to the new file `target`; a ledger that is not sound is refused.

    Raises UsageError ``backup.exists``: no backup is ever overwritten. LockedError, LedgerError.
    """
    target = target.resolve()
    if target.exists():
        raise UsageError("backup.exists", path=str(target))
    hashes: dict[str, str] = {}
    with (
        lock(workspace.root, holder),
        Ledger.open(workspace.ledger, read_only=True) as ledger,
        replacing(target, mode=0o600) as file,
        ZipFile(file, "w", ZIP_DEFLATED, compresslevel=1) as packed,
    ):
        for name, path in _kept(workspace):
            hashes[name] = _pack(packed, name, path)
        data = ledger.serialize()
        hashes[workspace.ledger.name] = hashlib.sha256(data).hexdigest()
        packed.writestr(workspace.ledger.name, data)
        told = {"format": _FORMAT, "program": __version__, "files": hashes}
        packed.writestr(_MANIFEST, json.dumps(told, ensure_ascii=False, indent=1))
    return Packed(target, len(hashes))


def _kept(workspace: Workspace) -> Iterator[tuple[str, Path]]:
    """Yield name and path of what a backup keeps besides the ledger: what mlay knows, not what else
    was put beside it, such as older backups.
    """
    folders = (*workspace.folders, workspace.texts)
    inside = (path for folder in folders for path in sorted(folder.rglob("*")))
    for path in (workspace.root / CONFIG, workspace.register, *inside):
        if path.is_file() and not path.is_symlink() and not path.name.startswith(_MOMENTARY):
            yield path.relative_to(workspace.root).as_posix(), path


def _pack(packed: ZipFile, name: str, path: Path) -> str:
    with path.open("rb") as source, packed.open(_entry(name), "w", force_zip64=True) as into:
        return _copy(source, into)


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name)  # of no day: when a file was written is nobody's time of receipt
    entry.compress_type = ZIP_DEFLATED
    return entry


def _copy(source: IO[bytes], into: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := source.read(_CHUNK):
        digest.update(chunk)
        into.write(chunk)
    return digest.hexdigest()


def restore(source: Path, folder: Path, *, network: bool = False) -> Packed:
    """Unpack a backup as the new workspace `folder`, whole or not at all.

    Every file must have the hash it had; the ledger is opened, and brought up to this program's
    version. Raises UsageError ``restore.occupied``, ``workspace.network``; MlayError
    ``restore.damaged`` (also for what is no backup of ours, or has names that lead out of the
    folder), ``restore.newer``, ``restore.unwritable``, LedgerError.
    """
    folder = folder.resolve()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError("restore.occupied", path=str(folder))
    refuse_network(folder, network)
    building = folder.with_name(f".mlay-{os.urandom(6).hex()}.restore")
    try:
        building.mkdir(parents=True)
        hashes = _unpack(source, building)
        made = Workspace.find(building)
        made.make_folders()
        made.make_starter()
        Ledger.open(made.ledger).close()
        if folder.exists():
            folder.rmdir()
        building.replace(folder)
    except _DAMAGED as error:
        raise _damaged(source, str(error)) from error
    except OSError as error:
        problem = error.strerror or str(error)
        raise MlayError("restore.unwritable", path=str(folder), problem=problem) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return Packed(folder, len(hashes))


def _damaged(source: Path, problem: str) -> MlayError:
    return MlayError("restore.damaged", path=str(source), problem=problem)


def _unpack(source: Path, building: Path) -> Mapping[str, str]:
    with ZipFile(source) as packed:
        hashes = _manifest(packed, source)
        entries = {entry.filename: entry for entry in packed.infolist()}
        odd = any(entry.compress_type != ZIP_DEFLATED for entry in entries.values())
        if odd or entries.keys() != {*hashes, _MANIFEST} or CONFIG not in hashes:
            raise _damaged(source, _MANIFEST)
        for name, sha256 in hashes.items():
            path = _inside(building, name, source)
            path.parent.mkdir(parents=True, exist_ok=True)
            with packed.open(entries[name]) as stored, _private(path) as into:
                if _copy(stored, into) != sha256:
                    raise _damaged(source, name)
                into.flush()
                os.fsync(into.fileno())
    return hashes


def _manifest(packed: ZipFile, source: Path) -> Mapping[str, str]:
    """Return the hash of every file. Raises MlayError for what is no backup, or a newer one."""
    told = json.loads(packed.read(_MANIFEST))
    if not isinstance(told, dict) or not isinstance(told.get("files"), dict):
        raise _damaged(source, _MANIFEST)
    if told.get("format") != _FORMAT:
        raise MlayError("restore.newer", path=str(source), program=str(told.get("program")))
    return {str(name): str(sha256) for name, sha256 in told["files"].items()}


def _inside(building: Path, name: str, source: Path) -> Path:
    """Return where a file goes. Raises MlayError for a name that leads out of the folder."""
    parts = PurePosixPath(name).parts
    outside = name.startswith("/") or ".." in parts or "\\" in name or ":" in parts[0]
    if outside or any(ord(letter) < 32 for letter in name):
        raise _damaged(source, name)
    return building.joinpath(*parts)


def _private(path: Path) -> BinaryIO:
    return open(path, "xb", opener=partial(os.open, mode=0o600))
