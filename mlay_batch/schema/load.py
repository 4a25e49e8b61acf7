"""YAML text to records, strictly: every mistake names file, line, key and the nearest valid key."""

from __future__ import annotations

import difflib
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields as record_fields
from dataclasses import is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_type_hints

import yaml
from pydantic import TypeAdapter, ValidationError

from mlay_batch.errors import SchemaError
from mlay_batch.schema.checks import CHECKS
from mlay_batch.schema.meaning import faults, unanswered
from mlay_batch.schema.records import Form, Quota, Rule, Scheme

_KINDS: Mapping[str, type] = {"form": Form, "quota": Quota, "scheme": Scheme}
_RULE_KEYS = frozenset(entry.name for entry in record_fields(Rule)) - {"params"}
_UNKNOWN_KEY = "unexpected_keyword_argument"


class _StrictLoader(yaml.CSafeLoader):
    """YAML that refuses a key given twice, and takes only true/false for truth."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            name = str(key.value)
            if name in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"duplicate key {name!r}", problem_mark=key.start_mark
                )
            seen.add(name)
        return super().construct_mapping(node, deep)


# A choice or grade id such as `no` or `on` is a word, not a truth value.
_StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


@cache
def _adapter(kind: str) -> TypeAdapter[Any]:
    return TypeAdapter(_KINDS[kind])


def load_file(path: Path, shown: str | None = None) -> Form | Quota | Scheme:
    """Return the record a YAML file describes; `shown` is its name in messages.

    Raises SchemaError naming file, line, key and the nearest valid key.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise SchemaError(
            "schema.yaml", file=shown or path.name, line=line, problem="not UTF-8"
        ) from error
    return load_text(text, shown or path.name)


def load_text(text: str, shown: str) -> Form | Quota | Scheme:
    """Return the record that YAML `text` describes; see `load_file`."""
    try:
        data = yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise SchemaError("schema.yaml", file=shown, line=line, problem=error.problem) from error
    except yaml.YAMLError as error:
        raise SchemaError("schema.yaml", file=shown, line=1, problem=str(error)) from error
    kind = next((k for k in _KINDS if isinstance(data, dict) and k in data), None)
    if kind is None:
        raise SchemaError("schema.kind", file=shown, line=1, kinds=", ".join(_KINDS))
    try:
        _gather_params(data)
        record: Form | Quota | Scheme = _adapter(kind).validate_python(data)
    except ValidationError as error:
        raise _explain(error, text, shown, data) from error
    _check_meaning(record, text, shown)
    return record


def _gather_params(data: Any) -> None:
    """Move a rule's parameters, written beside its other keys, into its `params`.

    Of a check that does not exist nobody can say which keys are parameters: all that are no keys
    of a rule are taken along, so that the check is found wrong and not they.
    """
    for section in _maps(data, "sections"):
        for rule in _maps(section, "rules"):
            known = {*CHECKS.get(str(rule.get("check")), set(rule) - _RULE_KEYS), "params"}
            rule["params"] = {key: rule.pop(key) for key in list(rule) if key in known}


def _maps(holder: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """Return the mappings of the list under `key`; pydantic complains of all that is not so."""
    listed = holder.get(key)
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _explain(error: ValidationError, text: str, shown: str, data: Mapping[str, Any]) -> SchemaError:
    """Return the error to show: a key that does not exist before one that is then missing."""
    problems = error.errors()
    first = next((one for one in problems if one["type"] == _UNKNOWN_KEY), problems[0])
    path = [part for part in first["loc"] if not (isinstance(part, str) and "[" in part)]
    unknown = first["type"] == _UNKNOWN_KEY
    return SchemaError(
        "schema.key" if unknown else "schema.value",
        file=shown,
        line=line_of(text, path),
        key=".".join(str(part) for part in path),
        problem=first["msg"],
        nearest=_nearest_key(path, data) if unknown else "",
    )


def _nearest_key(path: Sequence[Any], data: Mapping[str, Any]) -> str:
    """Return the key most like the last one of `path`, of those the record there may have."""
    record: Any = next(_KINDS[kind] for kind in _KINDS if kind in data)
    holder: Any = data
    for part in path[:-1]:
        record = _inner(record, part)
        holder = holder[part] if isinstance(holder, dict | list) else {}
    known = {entry.name.rstrip("_") for entry in record_fields(record)}
    if record is Rule and isinstance(holder, dict):
        known = known - {"params"} | set(CHECKS.get(str(holder.get("check")), ()))
    return _nearest(str(path[-1]), known - set(holder))


def _inner(record: Any, part: Any) -> Any:
    """Return the record class under the key `part`; a place in a list, or the name of a list of
    choices, leads no deeper.
    """
    hints = get_type_hints(record)
    hint = next((hints[name] for name in hints if name.rstrip("_") == part), None)
    return next((found for found in _leaves(hint) if is_dataclass(found)), record)


def _leaves(hint: Any) -> Iterator[Any]:
    inner = get_args(hint)
    return (leaf for one in inner for leaf in _leaves(one)) if inner else iter((hint,))


def _nearest(word: str, known: Iterable[str], cutoff: float = 0.5) -> str:
    found = difflib.get_close_matches(word, sorted(known), n=1, cutoff=cutoff)
    return found[0] if found else "–"


def line_of(text: str, path: Sequence[Any]) -> int:
    """Return the line (from 1) of the YAML node at `path`, or of its nearest ancestor."""
    node = yaml.compose(text, Loader=_StrictLoader)
    line = 1
    for part in path:
        step = _child(node, part)
        if step is None:
            break
        line, node = step
    return line


def _child(node: Any, part: Any) -> tuple[int, Any] | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part].start_mark.line + 1, node.value[part]
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return key.start_mark.line + 1, value
    return None


def _check_meaning(record: Form | Quota | Scheme, text: str, shown: str) -> None:
    """Raise for the first fault in what the description means; only forms can have any."""
    for fault in faults(record) if isinstance(record, Form) else ():
        raise SchemaError(
            fault.code,
            file=shown,
            line=line_of(text, fault.path),
            key=fault.key,
            name=fault.name,
            nearest=_nearest(fault.name, fault.known, cutoff=0.4),
        )


def check_together(records: Sequence[tuple[str, Form | Quota | Scheme]]) -> None:
    """Raise SchemaError for a scheme that judges by what no form asks for; `records` come with
    the names of their files.
    """
    forms = [record for _, record in records if isinstance(record, Form)]
    for name, record in records:
        if isinstance(record, Scheme) and (missing := unanswered(record, forms)):
            raise SchemaError("schema.scheme", file=name, name=missing)
