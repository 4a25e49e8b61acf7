"""Cache of parsed inputs in the workspace, keyed by hashes of all they depend on.

An entry that does not fit, or cannot be read, is as good as none.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from mlay_batch.core import codec
from mlay_batch.errors import MlayError
from mlay_batch.files import write_atomically

T = TypeVar("T")
_FOLDER = ".cache"


def kept(root: Path, name: str, key: Sequence[str], kind: type[T]) -> T | None:
    """Return the copy `name` in the workspace `root`, if it has that key."""
    try:
        head, _, data = (root / _FOLDER / name).read_bytes().partition(b"\n")
        return codec.load(data, kind) if json.loads(head) == list(key) else None
    except (OSError, ValueError):
        return None


def keep(root: Path, name: str, key: Sequence[str], value: object) -> None:
    """Keep a record, readable for its owner alone.

    A workspace that cannot be written to can still be looked at.
    """
    data = json.dumps(list(key)).encode() + b"\n" + codec.dump(value)
    try:
        write_atomically(root / _FOLDER / name, data, mode=0o600)
    except MlayError:
        return
