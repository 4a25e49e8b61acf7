"""Containers in containers to leaf files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mlay_batch.intake import limits
from mlay_batch.intake.copies import pair_signed_copies
from mlay_batch.intake.folders import files, nfc
from mlay_batch.intake.headers import Postmark
from mlay_batch.intake.kinds import reason
from mlay_batch.intake.limits import Budget
from mlay_batch.intake.mailboxes import is_mailbox, mailbox_members
from mlay_batch.intake.mails import TOO_DEEP, is_mail, mail_members
from mlay_batch.intake.outlook import is_msg, is_tnef, msg_members, tnef_members
from mlay_batch.intake.zips import is_zip, zip_members
from mlay_batch.records import Leaf


@dataclass(frozen=True)
class _Kind:
    """A kind of container. `most` may lie in one another; `shared` if its files came together."""

    fits: Callable[[Leaf], bool]
    members: Callable[[Leaf, Budget, Postmark], Iterator[Leaf]]
    most: int = limits.MAX_MAILS
    too_deep: str = TOO_DEEP
    shared: bool = True


_ZIP = _Kind(is_zip, lambda leaf, budget, _: zip_members(leaf, budget), limits.MAX_ZIPS, "N06")
_MAILBOX = _Kind(is_mailbox, lambda leaf, _, __: mailbox_members(leaf), 1, shared=False)
_KINDS = (
    _ZIP,
    _Kind(is_tnef, lambda leaf, _, __: tnef_members(leaf)),
    _Kind(is_msg, lambda leaf, _, postmark: msg_members(leaf, postmark)),
    _MAILBOX,
    _Kind(is_mail, lambda leaf, _, postmark: mail_members(leaf, postmark)),
)


@dataclass(frozen=True, slots=True)
class FileRef:
    """A file that lies there, not yet opened."""

    path: Path
    name: str
    """For display."""
    origin: str
    """Identifies the file, the same on every system; becomes the origin of what is in it."""


def collect(
    paths: Sequence[Path], root: Path | None, received: str, postmark: Postmark | None = None
) -> Iterator[Leaf]:
    """Yield what is in the files of `paths`, signed copies paired with their returns."""
    for path in paths:
        files = [file for ref in list_files(path, root) for file in unpack(ref, received, postmark)]
        yield from pair_signed_copies(files, together=False)


def list_files(path: Path, root: Path | None) -> list[FileRef]:
    """Return the file `path`, or the files in the folder `path` and below it, sorted.

    `origin` is the path below `root` (below the folder of `path` where that is None, or the file
    lies elsewhere), posix and NFC. Left out: dot files, Office's lock files (``~$``), Thumbs.db,
    desktop.ini, what a Maildir keeps beside its mails.
    """
    base = root if root and path.is_relative_to(root) else path.parent
    return [
        FileRef(file, nfc(known.name), nfc(known.relative_to(base).as_posix()))
        for file, known in files(path)
    ]


def unpack(ref: FileRef, received: str, postmark: Postmark | None = None) -> Iterator[Leaf]:
    """Yield a file, or the files in it if it is a container.

    ``!member`` is added to the origin of what was in a container. `received` is the time given to
    all that tell none of their own (ISO, with offset); `postmark` says which mails do. A file that
    cannot be read is ignored as N09, one larger than 50 MB as N08 (a mailbox: 500 MB).
    """
    leaf = Leaf(ref.name, b"", ref.origin, received)
    try:
        size = ref.path.stat().st_size
        too_large = size > limits.MAX_FILE
        if too_large and (size > limits.MAX_MAILBOX or not _holds_mails(ref.path, leaf)):
            yield replace(leaf, ignored="N08")
            return
        data = ref.path.read_bytes()
    except OSError:
        yield replace(leaf, ignored="N09")
        return
    yield from _opened(replace(leaf, data=data), postmark or Postmark())


def _holds_mails(file: Path, leaf: Leaf) -> bool:
    with file.open("rb") as start:
        return is_mailbox(replace(leaf, data=start.read(1000)))


def _opened(leaf: Leaf, postmark: Postmark) -> list[Leaf]:
    """Return what is in a file; N06 where it makes a library fail in a way nobody foresaw."""
    try:
        return list(_open(leaf, Budget(), postmark, ()))
    except Exception:  # noqa: BLE001 - one file must never stop the others
        return [replace(leaf, ignored="N06")]


def _open(
    leaf: Leaf, budget: Budget, postmark: Postmark, inside: tuple[_Kind, ...]
) -> Iterator[Leaf]:
    """Yield the leaf, or what is in it if it is a container."""
    kind = next((kind for kind in _KINDS if kind.fits(leaf)), None)
    if kind is None:
        yield replace(leaf, ignored=reason(leaf))
        return
    if inside.count(kind) >= kind.most:
        yield replace(leaf, ignored=kind.too_deep)
        return
    found: list[Leaf] = []
    for member in kind.members(leaf, budget, postmark):
        own = budget if kind.shared else Budget()
        found += [member] if member.ignored else _open(member, own, postmark, (*inside, kind))
    yield from pair_signed_copies(found, together=True) if kind.shared else found
