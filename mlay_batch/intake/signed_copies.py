"""Signed copies: a PDF or a photo beside exactly one return is kept with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from mlay_batch.core.text import name_key
from mlay_batch.model.records import IncomingFile

SIGNED_COPY = "N14"
_COPY_REASONS = frozenset({"N01", "N02"})


def pair_signed_copies(files: Sequence[IncomingFile], *, came_together: bool) -> list[IncomingFile]:
    """Return the leaves with every signed copy led to its return, in the same order.

    A copy belongs to the one return of the same name in the same folder, but for the end of the
    name; of leaves that came `came_together` (one mail, one zip) also to the only return among
    them.
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
    """Whether a leaf is a PDF or a photo of which no return is known yet."""
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
