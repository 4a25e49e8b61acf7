"""Signed copies: a PDF or a photo beside exactly one return is kept with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from mlay_batch.names import name_key
from mlay_batch.records import Leaf

KEPT = "N14"
_COPIES = frozenset({"N01", "N02"})


def pair_signed_copies(leaves: Sequence[Leaf], *, together: bool) -> list[Leaf]:
    """Return the leaves with every signed copy led to its return, in the same order.

    A copy belongs to the one return of the same name in the same folder, but for the end of the
    name; of leaves that came `together` (one mail, one zip) also to the only return among them.
    """
    if not any(map(_may_be_copy, leaves)):
        return list(leaves)
    returns = [leaf for leaf in leaves if leaf.ignored is None]
    only = returns[0] if together and len(returns) == 1 else None
    by_stem: dict[str, list[Leaf]] = {}
    for leaf in returns:
        by_stem.setdefault(_stem(leaf, together), []).append(leaf)
    return [_kept(leaf, by_stem.get(_stem(leaf, together), []), only) for leaf in leaves]


def _may_be_copy(leaf: Leaf) -> bool:
    """Whether a leaf is a PDF or a photo of which no return is known yet."""
    return leaf.ignored in _COPIES and not leaf.kept_with


def _stem(leaf: Leaf, together: bool) -> str:
    folder = "" if together else str(PurePosixPath(leaf.origin).parent)
    return f"{folder}/{name_key(PurePosixPath(leaf.name).stem)}"


def _kept(leaf: Leaf, same: Sequence[Leaf], only: Leaf | None) -> Leaf:
    mate = same[0] if len(same) == 1 else only
    if mate is None or not _may_be_copy(leaf):
        return leaf
    return replace(leaf, ignored=KEPT, kept_with=mate.origin)
