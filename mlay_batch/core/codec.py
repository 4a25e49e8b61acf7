"""Converts records to JSON and back; refuses values not of the declared types.

Used for a worker's results, rows in the ledger and the caches. No pickle: a compromised worker must
not be able to execute code in the parent. A value of another type than the record declares, or a
field too many or too few, is a ValueError.

A record is the list of its fields, a date is ``{"$d": "2019-09-03"}``, bytes are ``{"$b": …}`` in
base64, an enum is its value. An integer stays an integer, a float keeps its point (``5.0``).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from functools import cache
from math import isfinite
from sys import intern
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")
_Decode = Callable[[Any], Any]
_PLAIN = (str, int, float, bool, type(None))
_DATE, _BYTES = "$d", "$b"


def storable(text: str) -> str:
    r"""Return `text` as UTF-8 can hold it.

    Half a surrogate pair, as in a file name that is not UTF-8, becomes ``\udce1``, which in JSON is
    the very same text.
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def dump_text(value: object) -> str:
    """Return a record, or a mapping or tuple of values, as JSON."""
    return storable(_ENCODER.encode(value))


def dump(value: object) -> bytes:
    """Return `dump_text` as bytes."""
    return dump_text(value).encode()


def load_text(text: str, kind: Any) -> Any:
    """Return the value of that type; ValueError for any other text."""
    try:
        return _decoder(kind)(_DECODER.decode(text))
    except (TypeError, RecursionError, LookupError) as error:
        raise ValueError(str(error)) from error


def load(data: bytes, kind: type[T]) -> T:
    """Return the record of that type; ValueError for any other bytes."""
    record: T = load_text(data.decode(), kind)
    return record


def _encode(value: Any) -> Any:
    """Return what JSON does not know, which is asked for when it comes to it, as what it knows."""
    kind: Any = type(value)
    if is_dataclass(value):
        return [getattr(value, name) for name in _field_names(kind)]
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, bytes):
        return {_BYTES: base64.b64encode(value).decode()}
    if isinstance(value, date):
        return {_DATE: value.isoformat()}
    if isinstance(value, Enum):
        return value.value
    raise TypeError(f"no codec for {kind}")


@cache
def _field_names(kind: type) -> tuple[str, ...]:
    return tuple(entry.name for entry in fields(kind))


def _refuse(value: object) -> Any:
    raise ValueError(f"not expected: {str(value)[:80]}")


def _finite(text: str) -> float:
    number = float(text)
    return number if isfinite(number) else _refuse(text)


_ENCODER = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_encode
)
_DECODER = json.JSONDecoder(parse_float=_finite, parse_constant=_refuse)


@cache
def _decoder(kind: Any) -> _Decode:
    """Return the function that turns JSON into that type, made once for each type."""
    if kind in _PLAIN:
        return lambda value: value if type(value) is kind else _refuse(value)
    if kind in (date, bytes):
        return _tag_decoder(kind)
    if is_dataclass(kind):
        return _record_decoder(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    return _decode_untyped if kind is Any else _generic_decoder(get_origin(kind), get_args(kind))


def _generic_decoder(origin: Any, args: tuple[Any, ...]) -> _Decode:
    if origin in (Union, UnionType):
        return _union_decoder(args)
    if origin is tuple:
        return _tuple_decoder(args)
    if origin is Literal:
        return _literal_decoder(args)
    if origin is Mapping and args[0] is str:
        return _mapping_decoder(_decoder(args[1]))
    raise TypeError(f"no codec for {origin}")


def _tag_decoder(kind: type) -> _Decode:
    tag, parse = (_DATE, date.fromisoformat) if kind is date else (_BYTES, _parse_base64)
    return lambda value: (
        parse(value[tag]) if type(value) is dict and len(value) == 1 else _refuse(value)
    )


def _parse_base64(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _record_decoder(kind: Any) -> _Decode:
    @cache
    def field_decoders() -> list[_Decode]:  # made when first needed: a record may hold its like
        hints = get_type_hints(kind)
        return [_decoder(hints[name]) for name in _field_names(kind)]

    def decode(value: Any) -> Any:
        decoders = field_decoders()
        if type(value) is not list or len(value) != len(decoders):
            _refuse(value)
        return kind(*[field(entry) for field, entry in zip(decoders, value, strict=True)])

    return decode


def _union_decoder(kinds: tuple[Any, ...]) -> _Decode:
    """Return the decoder of a union: plain types, which JSON distinguishes, and one other kind."""
    plain = frozenset(kind for kind in kinds if kind in _PLAIN)
    others = [_decoder(kind) for kind in kinds if kind not in plain]
    other = others[0] if others else _refuse
    return lambda value: value if type(value) in plain else other(value)


def _tuple_decoder(kinds: tuple[Any, ...]) -> _Decode:
    if kinds[-1] is Ellipsis:
        entry = _decoder(kinds[0])
        return lambda value: tuple(map(entry, value)) if type(value) is list else _refuse(value)
    entries = [_decoder(kind) for kind in kinds]

    def decode(value: Any) -> Any:
        if type(value) is not list or len(value) != len(entries):
            _refuse(value)
        return tuple(field(entry) for field, entry in zip(entries, value, strict=True))

    return decode


def _literal_decoder(options: tuple[Any, ...]) -> _Decode:
    texts = {str(option): option for option in options}  # all are texts, or enums of texts
    return lambda value: texts[value] if type(value) is str else _refuse(value)


def _mapping_decoder(entry: _Decode) -> _Decode:
    """Return the decoder of a mapping; interns keys, which repeat in thousands of rows."""

    def decode(value: Any) -> Any:
        if type(value) is not dict:
            _refuse(value)
        return {intern(key): entry(inner) for key, inner in value.items()}

    return decode


def _decode_untyped(value: Any) -> Any:
    """Return a plain JSON value; refuses dates and bytes, which would come back as mappings."""
    if type(value) is list:
        return [_decode_untyped(entry) for entry in value]
    if type(value) is dict:
        if _DATE in value or _BYTES in value:
            _refuse(value)
        return {key: _decode_untyped(entry) for key, entry in value.items()}
    return value
