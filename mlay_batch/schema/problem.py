"""Records a wrong name in a description, with the names that would be right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

KeyPath = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """A wrong `name` under the last key of `path`."""

    path: KeyPath
    name: str
    valid_names: frozenset[str] = frozenset()
    code: str = "schema.name"
    """The error's text: ``schema.name`` is unknown, ``schema.again`` is given twice,
    ``schema.unfit`` does not fit the keys beside it, ``schema.code`` is no code."""
    suggestion: str = ""
    """What to write; without one the nearest of the valid names."""

    @property
    def key(self) -> str:
        """The YAML key of the name."""
        return next((part for part in reversed(self.path) if isinstance(part, str)), "")


def unknown_names(
    names: Iterable[str], path: KeyPath, valid_names: Iterable[str]
) -> Iterator[Fault]:
    """Yield those of `names` that are not `valid_names`."""
    valid = frozenset(valid_names)
    return (Fault(path, str(name), valid) for name in names if name not in valid)


def duplicate_ids(ids: Sequence[str], path: KeyPath) -> Iterator[Fault]:
    """Yield an id of the list at `path` that an earlier record of it has."""
    for index, name in enumerate(ids):
        if name in ids[:index]:
            yield Fault((*path, index, "id"), name, code="schema.again")
