"""What a description's records must hold, and what is wrong with them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from mlay_batch.core.period import Period

KeyPath = tuple[Any, ...]


class InvalidValueError(ValueError):
    """A record cannot hold a value. `code` names the text of what may stand there instead.

    `key` is that of the value in the record; empty where several do not fit one another.
    """

    def __init__(self, key: str, code: str, **params: object) -> None:
        super().__init__(f"{key} {code} {params}")
        self.key = key
        self.code = code
        self.params = params


def demand_month(key: str, month: str | None) -> None:
    """Raise InvalidValueError for what is no month such as 2018-07."""
    try:
        is_month = month is None or Period.parse(month).kind == "month"
    except ValueError:
        is_month = False
    if not is_month:
        raise InvalidValueError(key, "wanted.month")


class Record:
    """Base of all records: an unknown YAML key is an error, and a number outside its limits."""

    limits: ClassVar[Mapping[str, tuple[int, int]]] = {}
    """The least and the largest number that a key may hold."""
    __pydantic_config__: ClassVar[dict[str, Any]] = {
        "allow_inf_nan": False,
        "extra": "forbid",
        "alias_generator": lambda name: name.rstrip("_"),
        "str_strip_whitespace": True,
    }

    def __post_init__(self) -> None:
        """Raise InvalidValueError for a number outside its limits."""
        for key, (least, most) in self.limits.items():
            value = getattr(self, key)
            if value is not None and not least <= value <= most:
                raise InvalidValueError(key, "wanted.range", least=str(least), most=str(most))


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
    other: KeyPath = ()
    """Where the name stands first, of one that is given twice."""
    wanted: str = ""
    """The text ``wanted.<name>`` of what may stand there; the error is one of the value then."""

    @property
    def key(self) -> str:
        """The YAML key of the name."""
        return next((part for part in reversed(self.path) if isinstance(part, str)), "")


def unknown_names(
    names: Iterable[object], path: KeyPath, valid_names: Iterable[str]
) -> Iterator[Fault]:
    """Yield those of `names` that are not `valid_names`."""
    valid = frozenset(valid_names)
    return (Fault(path, name, valid) for name in map(as_written, names) if name not in valid)


def as_written(value: object) -> str:
    """Return a value as YAML writes it, on one line.

    >>> as_written("a"), as_written(True), as_written(["a", None])
    ('a', 'true', '["a", null]')
    """
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def duplicate_ids(ids: Sequence[str], path: KeyPath) -> Iterator[Fault]:
    """Yield an id of the list at `path` that an earlier record of it has."""
    for index, name in enumerate(ids):
        if (first := ids.index(name)) < index:
            other = (*path, first, "id")
            yield Fault((*path, index, "id"), name, code="schema.again", other=other)
