"""Lists files in folders, unpacks containers in containers, pairs signed copies with returns."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from mlay_batch.core.text import name_key
from mlay_batch.intake import limits
from mlay_batch.intake.eml import TOO_DEEP, is_mail, is_mailbox, mail_members, mailbox_members
from mlay_batch.intake.file_types import (
    EXPORT,
    OTHER_SPREADSHEET,
    is_os_junk,
    nfc,
    skip_reason,
)
from mlay_batch.intake.headers import MailTrust
from mlay_batch.intake.limits import Budget
from mlay_batch.intake.outlook import is_msg, is_tnef, msg_members, tnef_members
from mlay_batch.intake.signed_mail import is_signed, signed_members
from mlay_batch.intake.zips import is_zip, zip_members
from mlay_batch.model.records import IncomingFile

_MAILDIR_FLAGS = re.compile(r"[:;!]2,[A-Za-z]*$")  # Windows allows no colon: programs write ; or !
_MAIL_FOLDERS = ("cur", "new")
SIGNED_COPY = "N14"
_COPY_REASONS = frozenset({"N01", "N02", EXPORT, OTHER_SPREADSHEET})


@dataclass(frozen=True)
class _ContainerKind:
    """A kind of container."""

    matches: Callable[[IncomingFile], bool]
    members: Callable[[IncomingFile, Budget, MailTrust], Iterator[IncomingFile]]
    max_depth: int = limits.MAX_MAILS
    """How many of the kind may be nested."""
    too_deep_reason: str = TOO_DEEP
    came_together: bool = True
    """Whether its files were sent together."""


_ZIP = _ContainerKind(
    is_zip, lambda file, budget, _: zip_members(file, budget), limits.MAX_ZIPS, "N06"
)
_MAILBOX = _ContainerKind(
    is_mailbox, lambda file, _, __: mailbox_members(file), 1, came_together=False
)
_CONTAINER_KINDS = (
    _ZIP,
    _ContainerKind(is_tnef, lambda file, _, __: tnef_members(file)),
    _ContainerKind(is_signed, lambda file, _, __: signed_members(file)),
    _ContainerKind(is_msg, lambda file, _, trust: msg_members(file, trust)),
    _MAILBOX,
    _ContainerKind(is_mail, lambda file, _, trust: mail_members(file, trust)),
)


@dataclass(frozen=True, slots=True)
class FileRef:
    """A file on disk, not yet opened."""

    path: Path
    name: str
    """For display."""
    origin: str
    """Identifies the file, the same on every system; files in it add to it."""


def collect(
    paths: Sequence[Path], root: Path | None, received: str, trust: MailTrust | None = None
) -> Iterator[IncomingFile]:
    """Yield the unpacked files of `paths`, signed copies paired with their returns."""
    for path in paths:
        files = [file for ref in list_files(path, root) for file in unpack(ref, received, trust)]
        yield from pair_signed_copies(files, came_together=False)


def list_files(path: Path, root: Path | None) -> list[FileRef]:
    """Return the file `path`, or the files in the folder `path` and below it, sorted.

    `origin` is the path below `root` (below the folder of `path` where `root` is None or the file
    is elsewhere), posix and NFC. Left out: dot files, Office's lock files (``~$``), Thumbs.db,
    desktop.ini, files of a Maildir that are no mails.
    """
    base = root if root and path.is_relative_to(root) else path.parent
    return [
        FileRef(file, nfc(display_path.name), nfc(display_path.relative_to(base).as_posix()))
        for file, display_path in walk_files(path)
    ]


def walk_files(path: Path) -> list[tuple[Path, Path]]:
    """Return each file with the path that identifies it: `path` itself, or the files below it.

    A file named by `path` is never left out. A mail of a Maildir is identified by its unique name
    alone, because folder and flags change when it is read.
    """
    if not path.is_dir():
        return [(path, path)]
    pairs: list[tuple[Path, Path]] = []
    for parent, folders, names in os.walk(path):
        folders[:] = [name for name in folders if not is_os_junk(name)]
        folder, namer = Path(parent), _path_namer(Path(parent))
        if namer:
            named_files = ((folder / name, name) for name in names if not is_os_junk(name))
            pairs += ((file, namer(name)) for file, name in named_files if file.is_file())
    return sorted(pairs, key=lambda pair: nfc(pair[1].relative_to(path).as_posix()))


def _path_namer(folder: Path) -> Callable[[str], Path] | None:
    """Return the function from name to identifying path; None for a Maildir's other folders."""
    if folder.name in _MAIL_FOLDERS and is_maildir(folder.parent):
        return lambda name: folder.parent / f"{_MAILDIR_FLAGS.sub('', name)}.eml"
    if is_maildir(folder) or (folder.name == "tmp" and is_maildir(folder.parent)):
        return None
    return lambda name: folder / name


def is_maildir(folder: Path) -> bool:
    """Whether a folder is a Maildir: ``cur``, ``new`` and ``tmp`` are in it."""
    return all((folder / name).is_dir() for name in (*_MAIL_FOLDERS, "tmp"))


def unpack(ref: FileRef, received: str, trust: MailTrust | None = None) -> Iterator[IncomingFile]:
    """Yield a file, or the files in it if it is a container.

    Members of a container have ``!member`` added to their origin. `received` (ISO, with offset) is
    the time of files without a trusted one of their own (`trust`). Of signatures only those of
    mails are named: see `look_for_signature`. A file that cannot be read is ignored as N09, one
    larger than 50 MB as N08 (a mailbox: 500 MB).
    """
    empty = IncomingFile(ref.name, b"", ref.origin, received)
    try:
        size = ref.path.stat().st_size
        too_large = size > limits.MAX_FILE
        if too_large and (size > limits.MAX_MAILBOX or not _is_mailbox_file(ref.path, empty)):
            yield replace(empty, skip_reason="N08")
            return
        data = ref.path.read_bytes()
    except OSError:
        yield replace(empty, skip_reason="N09")
        return
    yield from _unpack_safely(replace(empty, data=data), trust or MailTrust())


def _is_mailbox_file(file: Path, candidate: IncomingFile) -> bool:
    with file.open("rb") as stream:
        return is_mailbox(replace(candidate, data=stream.read(1000)))


def _unpack_safely(file: IncomingFile, trust: MailTrust) -> list[IncomingFile]:
    """Return the files in a file; N06 where a library fails unexpectedly."""
    try:
        return list(_unpack_container(file, Budget(), trust, ()))
    except Exception:  # noqa: BLE001 - one file must not stop the others
        return [replace(file, skip_reason="N06")]


def _unpack_container(
    file: IncomingFile, budget: Budget, trust: MailTrust, containers: tuple[_ContainerKind, ...]
) -> Iterator[IncomingFile]:
    """Yield the file, or the files in it if it is a container."""
    kind = next((kind for kind in _CONTAINER_KINDS if kind.matches(file)), None)
    if kind is None:
        yield replace(file, skip_reason=skip_reason(file))
        return
    if containers.count(kind) >= kind.max_depth:
        yield replace(file, skip_reason=kind.too_deep_reason)
        return
    contents: list[IncomingFile] = []
    for member in kind.members(file, budget, trust):
        member_budget = budget if kind.came_together else Budget()
        contents += (
            [member]
            if member.skip_reason
            else _unpack_container(member, member_budget, trust, (*containers, kind))
        )
    yield from pair_signed_copies(contents, came_together=True) if kind.came_together else contents


def pair_signed_copies(files: Sequence[IncomingFile], *, came_together: bool) -> list[IncomingFile]:
    """Attach each copy (a PDF, a photo, another format) to its return; the order stays.

    A copy belongs to the one return with the same stem in the same folder; among files that
    `came_together` (one mail, one zip) also to the only return.
    """
    if not any(map(_may_be_copy, files)):
        return list(files)
    returns = [file for file in files if file.skip_reason is None]
    only_return = returns[0] if came_together and len(returns) == 1 else None
    by_stem: dict[str, list[IncomingFile]] = {}
    for file in returns:
        by_stem.setdefault(_stem(file, came_together), []).append(file)
    return [
        _attach_copy(file, by_stem.get(_stem(file, came_together), []), only_return)
        for file in files
    ]


def _may_be_copy(file: IncomingFile) -> bool:
    """Whether a file is a PDF, a photo or a copy in another format, without a return yet."""
    return file.skip_reason in _COPY_REASONS and not file.kept_with


def _stem(file: IncomingFile, came_together: bool) -> str:
    folder = "" if came_together else str(PurePosixPath(file.origin).parent)
    return f"{folder}/{name_key(PurePosixPath(file.name).stem)}"


def _attach_copy(
    file: IncomingFile, same_stem: Sequence[IncomingFile], only_return: IncomingFile | None
) -> IncomingFile:
    owner = same_stem[0] if len(same_stem) == 1 else only_return
    if owner is None or not _may_be_copy(file):
        return file
    return replace(file, skip_reason=SIGNED_COPY, kept_with=owner.origin)
