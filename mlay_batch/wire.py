"""Records as JSON and back, for what a process that read a hostile file may tell its parent.

Pickle would let a child that was taken over run code in the parent. Here the record's types say
what may come: a text where a number belongs, a field too many or too few, is a ValueError. A date
is ``{"$d": "2019-09-03"}``, bytes are ``{"$b": …}`` in base64; a record is the list of its fields.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")
_Decode = Callable[[Any], Any]
_PLAIN = (str, int, float, bool, type(None))


def dump(record: object) -> bytes:
    """Return a record as JSON."""
    return json.dumps(_told(record), allow_nan=False, separators=(",", ":")).encode()


def load(data: bytes, kind: type[T]) -> T:
    """Return the record of that kind; ValueError for whatever else the bytes say."""
    known: Any = kind
    try:
        found: T = _decoder(known)(json.loads(data, parse_constant=_refuse))
    except (TypeError, RecursionError, LookupError) as error:
        raise ValueError(str(error)) from error
    return found


def _told(value: Any) -> Any:
    kind: Any = type(value)
    if kind in _PLAIN:
        return value
    if is_dataclass(value):
        return [_told(getattr(value, name)) for name in _names(kind)]
    if isinstance(value, Mapping):
        return {key: _told(entry) for key, entry in value.items()}
    if isinstance(value, tuple):
        return [_told(entry) for entry in value]
    if isinstance(value, bytes):
        return {"$b": base64.b64encode(value).decode()}
    return value.value if isinstance(value, Enum) else {"$d": value.isoformat()}


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(entry.name for entry in fields(kind))


def _refuse(value: object) -> Any:
    raise ValueError(f"not expected: {str(value)[:80]}")


@cache
def _decoder(kind: Any) -> _Decode:
    """Return what takes JSON of that type apart, made once for each type."""
    if kind in _PLAIN:
        return lambda told: told if type(told) is kind else _refuse(told)
    if kind in (date, bytes):
        return _tagged(kind)
    if is_dataclass(kind):
        return _record(kind)
    if get_origin(kind) in (Union, UnionType):
        return _either(get_args(kind))
    if get_origin(kind) is tuple:
        return _several(get_args(kind))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    _, value = get_args(kind)  # Mapping[str, …]
    return _mapping(_decoder(value))


def _tagged(kind: type) -> _Decode:
    tag, made = ("$d", date.fromisoformat) if kind is date else ("$b", _bytes)
    return lambda told: made(told[tag]) if type(told) is dict and len(told) == 1 else _refuse(told)


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _record(kind: Any) -> _Decode:
    hints = get_type_hints(kind)
    decoders = [_decoder(hints[name]) for name in _names(kind)]

    def decode(told: Any) -> Any:
        if type(told) is not list or len(told) != len(decoders):
            _refuse(told)
        return kind(*[one(value) for one, value in zip(decoders, told, strict=True)])

    return decode


def _either(kinds: tuple[Any, ...]) -> _Decode:
    """JSON tells plain types apart by itself; at most one other kind stands beside them."""
    plain = frozenset(kind for kind in kinds if kind in _PLAIN)
    others = [_decoder(kind) for kind in kinds if kind not in plain]
    other = others[0] if others else _refuse
    return lambda told: told if type(told) in plain else other(told)


def _several(kinds: tuple[Any, ...]) -> _Decode:
    if kinds[-1] is Ellipsis:
        one = _decoder(kinds[0])
        return lambda told: tuple(map(one, told)) if type(told) is list else _refuse(told)
    each = [_decoder(kind) for kind in kinds]
    return lambda told: tuple(one(value) for one, value in zip(each, told, strict=True))


def _mapping(value: _Decode) -> _Decode:
    def decode(told: Any) -> Any:
        return {k: value(v) for k, v in told.items()} if type(told) is dict else _refuse(told)

    return decode
