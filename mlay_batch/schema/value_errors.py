"""Says in the reader's words what pydantic has against a value; its English stays behind."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, is_dataclass
from dataclasses import fields as record_fields
from typing import Any, Final, get_args, get_type_hints

import yaml
from pydantic import ValidationError

from mlay_batch.errors import Phrase, SchemaError
from mlay_batch.schema.checks import CHECKS, CheckSpec
from mlay_batch.schema.indicators import KINDS, Indicator, IndicatorKind
from mlay_batch.schema.model import Due, Effective, Rule
from mlay_batch.schema.places import child, follow, item_name, locate, shorten, written_at
from mlay_batch.schema.problem import InvalidValueError, KeyPath

# Records with parameters among their keys: the key that names the kind, and all kinds.
KIND_KEYS: Mapping[type, tuple[str, Mapping[str, CheckSpec | IndicatorKind]]] = {
    Rule: ("check", CHECKS),
    Indicator: ("kind", KINDS),
}
_UNKNOWN_KEY, _MISSING_KEY = "unexpected_keyword_argument", "missing"
_KEY_TYPES = (_UNKNOWN_KEY, _MISSING_KEY, "invalid_key")
# How the names of pydantic's errors begin, and the text ``wanted.<name>`` of what may stand there.
_WANTED: Final[Mapping[str, str]] = {
    "string": "text",
    "int": "integer",
    "float": "number",
    "finite": "number",
    "bool": "bool",
    "literal": "one_of",
    "enum": "one_of",
    "tuple": "list",
    "list": "list",
    "dict": "mapping",
    "mapping": "mapping",
    "dataclass": "keys",
    "date": "date",
}


def value_errors(
    error: ValidationError, node: yaml.Node, data: Any, record: Any
) -> Iterator[SchemaError]:
    """Yield an error for every wrong place of a file, unknown keys with the valid ones.

    `record` is what `data`, the data of `node`, was to become.
    """
    misspelt: set[KeyPath] = set()
    wrong_values: dict[KeyPath, list[Any]] = {}
    missing: list[KeyPath] = []
    for problem in error.errors():
        path, kind = _path(node, problem), problem["type"]
        if kind == _MISSING_KEY:
            missing.append(path)
        elif kind in _KEY_TYPES:
            unknown = _unknown_key(path, node, data, record)
            misspelt.add((*path[:-1], unknown.params["nearest"]))
            yield unknown
        else:  # a value that might be of several types has an error for each
            wrong_values.setdefault(path, []).append(problem)
    for path in missing:
        if path not in misspelt:
            yield _missing_key(path, node)
    for path, problems in wrong_values.items():
        yield _wrong_value(path, problems, node, record)


def wrong_paths(error: ValidationError, node: yaml.Node) -> list[KeyPath]:
    """Return the way to everything that is wrong in a file, and to every key it lacks."""
    return list(dict.fromkeys(_path(node, problem) for problem in error.errors()))


def _path(node: Any, problem: Mapping[str, Any]) -> KeyPath:
    """Return the way to what is wrong without the steps that no file has, such as types."""
    path: list[Any] = []
    parts = problem["loc"]
    for index, part in enumerate(parts):
        step = child(node, part)
        if step:
            node = step[1]
        elif problem["type"] not in _KEY_TYPES or index < len(parts) - 1:
            continue
        path.append(part)
    return tuple(path)


def _unknown_key(path: KeyPath, node: yaml.Node, data: Any, record: Any) -> SchemaError:
    location = locate(node, path)
    valid_keys = _valid_keys(path, data, record)
    near = nearest(str(path[-1]), valid_keys)
    return SchemaError(
        "schema.key" if valid_keys else "schema.key_alone",
        file=location.file,
        line=location.line,
        place=locate(node, path[:-1]).place,
        key=".".join(map(str, path)),
        name=shorten(str(path[-1])),
        nearest=near,
        known="" if near else ", ".join(sorted(valid_keys)),
    )


def _missing_key(path: KeyPath, node: yaml.Node) -> SchemaError:
    location = locate(node, path[:-1], is_missing=True)
    return SchemaError(
        "schema.missing",
        file=location.file,
        line=location.line,
        place=location.place,
        key=".".join(map(str, path)),
        name=str(path[-1]),
        nearest=_meant_item(path[:-1], node),
    )


def _meant_item(path: KeyPath, node: yaml.Node) -> str:
    """Return the item of the file extended that a new item of a list was meant to change.

    It lacks keys because its name is wrong; empty where no name is like it.
    """
    items = follow(node, path[:-1])
    new = follow(node, path)
    if not isinstance(items, yaml.SequenceNode) or new is None:
        return ""
    others = (item for item in items.value if item.start_mark.name != new.start_mark.name)
    return nearest(item_name(new), filter(None, map(item_name, others)), cutoff=0.8)


def _wrong_value(
    path: KeyPath, problems: Sequence[Mapping[str, Any]], node: yaml.Node, record: Any
) -> SchemaError:
    wanted = _wanted(path, problems, record)
    cause = problems[0].get("ctx", {}).get("error")
    path = (*path, cause.key) if isinstance(cause, InvalidValueError) and cause.key else path
    value = written_at(node, path)
    is_word = wanted.code == "wanted.text" and not isinstance(problems[0]["input"], list | dict)
    code = "schema.unquoted" if is_word else "schema.value"
    location = locate(node, path)
    known = wanted.params.get("list", ()) if wanted.code == "wanted.one_of" else ()
    return SchemaError(
        code if value else "schema.empty",
        file=location.file,
        line=location.line,
        place=location.place,
        key=".".join(map(str, path)),
        value=value,
        wanted=wanted,
        nearest=nearest(value, re.split(", ", str(known))) if known and value else "",
    )


def _wanted(path: KeyPath, problems: Sequence[Mapping[str, Any]], record: Any) -> Phrase:
    """Return what may stand at `path`."""
    first = problems[0]
    holder = record
    for part in path[:-1]:
        holder = _inner_record(holder, part)
    if holder in (Effective, Due) and path[-1] in ("from", "to"):
        return Phrase("wanted.month")  # quotes alone, as for other texts, would not help
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, InvalidValueError):
        return Phrase(cause.code, cause.params)
    names = {_WANTED.get(problem["type"].partition("_")[0], "other") for problem in problems}
    if names >= {"text", "number"}:
        return Phrase("wanted.text_or_number")
    name = names.pop()
    if name == "one_of":
        valid = re.findall(r"'([^']*)'", str(first.get("ctx", {}).get("expected")))
        return Phrase("wanted.one_of", {"list": ", ".join(valid)})
    if name == "keys":
        for part in path:
            record = _inner_record(record, part)
        needed = (f for f in record_fields(record) if f.default is f.default_factory is MISSING)
        keys = ", ".join(field.name.rstrip("_") for field in needed)
        return Phrase("wanted.keys", {"list": keys})
    return Phrase(f"wanted.{name}")


def _valid_keys(path: Sequence[Any], data: Any, record: Any) -> set[str]:
    """Return the keys that may stand in place of the last of `path`, which begins in `record`."""
    holder = data
    for part in path[:-1]:
        record = _inner_record(record, part)
        holder = holder[part] if isinstance(holder, dict | list) else {}
    valid_keys = {field.name.rstrip("_") for field in record_fields(record)}
    if record in KIND_KEYS and isinstance(holder, dict):
        kind_key, kinds = KIND_KEYS[record]
        kind = kinds.get(str(holder.get(kind_key)))
        valid_keys = valid_keys - {"params"} | set(kind.params if kind else ())
    return valid_keys - set(holder)


def _inner_record(record: Any, part: Any) -> Any:
    """Return the record class under the key `part`.

    For an index in a list, or the name of a list of choices, that is `record` itself.
    """
    hints = get_type_hints(record)
    hint = next((hints[name] for name in hints if name.rstrip("_") == part), None)
    return next((leaf for leaf in _leaves(hint) if is_dataclass(leaf)), record)


def _leaves(hint: Any) -> Iterator[Any]:
    inner = get_args(hint)
    return (leaf for argument in inner for leaf in _leaves(argument)) if inner else iter((hint,))


def nearest(word: str, candidates: Iterable[str], cutoff: float = 0.5) -> str:
    """Return the candidate that is most like the word; empty where none is."""
    return next(iter(difflib.get_close_matches(word, sorted(candidates), n=1, cutoff=cutoff)), "")
