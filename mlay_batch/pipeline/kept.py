"""What was read before, kept beside the ledger under the hashes of all it depends on.

A copy is no part of the truth: one that does not fit, or cannot be read, is as good as none.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from mlay_batch.errors import MlayError
from mlay_batch.files import write_atomically

T = TypeVar("T")
_FOLDER = ".cache"


def kept(root: Path, name: str, key: Sequence[str], load: Callable[[Any], T]) -> T | None:
    """Return what `load` makes of the copy `name` in the workspace `root`, if it has that key."""
    try:
        told = json.loads((root / _FOLDER / name).read_bytes())
        return load(told["told"]) if told["key"] == list(key) else None
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


def keep(root: Path, name: str, key: Sequence[str], told: object) -> None:
    """Keep what JSON can hold, readable for its owner alone.

    A workspace that cannot be written to can still be looked at.
    """
    data = json.dumps({"key": list(key), "told": told}, ensure_ascii=False).encode()
    try:
        write_atomically(root / _FOLDER / name, data, mode=0o600)
    except MlayError:
        return
