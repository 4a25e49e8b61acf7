"""A catalogue as JSON and back: reading the YAML anew takes a hundred times as long.

A record is ``{"Field": [its values]}``, in the order of its fields; so is a severity. A mapping is
``{"dict": [[key, value], …]}``, a list ``{"list": […]}``; every other JSON list is a tuple. Nothing
is checked again: what is read must be what `dump` wrote, and from the same descriptions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from mlay_batch.findings import Severity
from mlay_batch.schema import catalogue, records, schemes, signs
from mlay_batch.schema.catalogue import Catalogue

_RECORDS: Mapping[str, Callable[..., Any]] = {
    name: kind
    for module in (catalogue, records, schemes, signs)
    for name, kind in vars(module).items()
    if is_dataclass(kind) and isinstance(kind, type)
} | {"Severity": Severity}
_PLAIN = (str, int, float, bool, type(None))


def dump(value: Any) -> Any:
    """Return a catalogue, or any part of it, as `json` writes it.

    Raises TypeError for what no description of ours holds.
    """
    if type(value) in _PLAIN:
        return value
    if isinstance(value, tuple):
        return [dump(one) for one in value]
    if isinstance(value, list):
        return {"list": [dump(one) for one in value]}
    if isinstance(value, dict):
        return {"dict": [[dump(key), dump(one)] for key, one in value.items()]}
    if isinstance(value, Severity):
        return {"Severity": [value.value]}
    if type(value).__name__ not in _RECORDS:
        raise TypeError(type(value).__name__)
    return {type(value).__name__: [dump(getattr(value, f.name)) for f in fields(value)]}


def load(told: Any) -> Catalogue:
    """Return the catalogue `dump` was given.

    Raises KeyError, TypeError or ValueError where it is none.
    """
    found = _load(told)
    if not isinstance(found, Catalogue):
        raise TypeError(type(found).__name__)
    return found


def _load(told: Any) -> Any:
    if isinstance(told, list):
        return tuple(map(_load, told))
    if not isinstance(told, dict):
        return told
    ((name, parts),) = told.items()
    if name == "list":
        return [_load(one) for one in parts]
    if name == "dict":
        return {_load(key): _load(one) for key, one in parts}
    return _RECORDS[name](*map(_load, parts))
