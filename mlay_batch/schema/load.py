"""YAML text to records, strictly: every mistake names file, line, key and the nearest valid key.

A description may say ``extends: meeting-2018.yaml``: it is that one with what it says itself put
in its place (`extend`). Mistakes are still named in the file and line they were written in.
"""

from __future__ import annotations

import difflib
import io
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields as record_fields
from dataclasses import is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_type_hints

import yaml
from pydantic import TypeAdapter, ValidationError

from mlay_batch.errors import SchemaError
from mlay_batch.schema.checks import CHECKS
from mlay_batch.schema.extend import EXTENDS, extended, refuse_twice
from mlay_batch.schema.fault import Fault
from mlay_batch.schema.judging import astray
from mlay_batch.schema.meaning import faults, lost, unanswered
from mlay_batch.schema.records import Carry, Form, Quota, Rule
from mlay_batch.schema.schemes import Scheme
from mlay_batch.schema.signs import KINDS, Description, Sign, Signs, sign_faults, unseen

_KINDS: Mapping[str, type] = {"form": Form, "quota": Quota, "scheme": Scheme, "signs": Signs}
# What has parameters of a kind among its keys: the key that names the kind, and all kinds.
_CHOSEN_BY: Mapping[type, tuple[str, Mapping[str, Mapping[str, str]]]] = {
    Rule: ("check", CHECKS),
    Sign: ("kind", KINDS),
}
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


def load_file(path: Path, shown: str | None = None, folders: Sequence[Path] = ()) -> Description:
    """Return what a YAML file describes; `shown` is its name in messages.

    What it extends lies beside it or in one of `folders`.
    Raises SchemaError naming file, line, key and the nearest valid key.
    """
    return load_text(_text(path, shown), shown or path.name, (path.parent, *folders))


def _text(path: Path, shown: str | None = None) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise SchemaError(
            "schema.yaml", file=shown or path.name, line=line, problem="not UTF-8"
        ) from error


def load_text(text: str, shown: str, folders: Sequence[Path] = ()) -> Description:
    """Return the record that YAML `text` describes; see `load_file`.

    `folders` are where descriptions it extends are looked for, the first one first.
    """
    node = _whole(text, shown, folders, ())
    data = _data(node, shown)
    kind = next((k for k in _KINDS if isinstance(data, dict) and k in data), None)
    if kind is None:
        raise SchemaError("schema.kind", file=shown, line=1, kinds=", ".join(_KINDS))
    try:
        _gather_params(data)
        record: Description = _adapter(kind).validate_python(data)
    except ValidationError as error:
        raise _explain(error, node, data) from error
    _check_meaning(record, node)
    return record


class _Stream(io.StringIO):
    """Text that knows its file: YAML notes the name with every line."""

    name = ""


def _whole(text: str, shown: str, folders: Sequence[Path], below: tuple[str, ...]) -> yaml.Node:
    """Return the YAML nodes of `text` with what it extends; `below` are the files extending it."""
    stream = _Stream(text)
    stream.name = shown
    node: yaml.Node = _yaml(lambda: yaml.compose(stream, Loader=_StrictLoader), shown)
    if node is None:
        raise SchemaError("schema.kind", file=shown, line=1, kinds=", ".join(_KINDS))
    data = _data(node, shown)  # this file alone, so that what it gives twice is found
    refuse_twice(node)
    if not isinstance(data, dict) or EXTENDS not in data:
        return node
    name = str(data[EXTENDS])
    beside = [folder / name for folder in folders if Path(name).name == name]
    found = next((path for path in beside if path.is_file()), None)
    if found is None or name in (*below, shown):
        _, line = place_of(node, [EXTENDS])
        raise SchemaError("schema.extends", file=shown, line=line, name=name)
    return extended(_whole(_text(found), name, folders, (*below, shown)), node)


def _data(node: yaml.Node, shown: str) -> Any:
    return _yaml(lambda: _StrictLoader("").construct_document(node), shown)


def _yaml(step: Callable[[], Any], shown: str) -> Any:
    """Return what a step of reading YAML gives; what is wrong names its line."""
    try:
        return step()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 1 if mark else 1
        raise SchemaError("schema.yaml", file=shown, line=line, problem=error.problem) from error
    except yaml.YAMLError as error:
        raise SchemaError("schema.yaml", file=shown, line=1, problem=str(error)) from error


def _gather_params(data: Any) -> None:
    """Move the parameters of rules and signs, written beside their other keys, into `params`.

    Of a check that does not exist nobody can say which keys are parameters: all that are no keys
    of a rule are taken along, so that the check is found wrong and not they.
    """
    for section in _maps(data, "sections"):
        for rule in _maps(section, "rules"):
            _gather(rule, Rule)
    for sign in _maps(data, "entries"):
        _gather(sign, Sign)


def _gather(holder: dict[str, Any], record: type) -> None:
    chosen, kinds = _CHOSEN_BY[record]
    own = {entry.name for entry in record_fields(record)} - {"params"}
    known = {*kinds.get(str(holder.get(chosen)), set(holder) - own), "params"}
    holder["params"] = {key: holder.pop(key) for key in list(holder) if key in known}


def _maps(holder: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """Return the mappings of the list under `key`; pydantic complains of all that is not so."""
    listed = holder.get(key)
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _explain(error: ValidationError, node: yaml.Node, data: Mapping[str, Any]) -> SchemaError:
    """Return the error to show: a key that does not exist before one that is then missing."""
    problems = error.errors()
    first = next((one for one in problems if one["type"] == _UNKNOWN_KEY), problems[0])
    path = [part for part in first["loc"] if not (isinstance(part, str) and "[" in part)]
    unknown = first["type"] == _UNKNOWN_KEY
    file, line = place_of(node, path)
    return SchemaError(
        "schema.key" if unknown else "schema.value",
        file=file,
        line=line,
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
    if record in _CHOSEN_BY and isinstance(holder, dict):
        chosen, kinds = _CHOSEN_BY[record]
        known = known - {"params"} | set(kinds.get(str(holder.get(chosen)), ()))
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
    return next(iter(difflib.get_close_matches(word, sorted(known), n=1, cutoff=cutoff)), "–")


def place_of(node: yaml.Node, path: Sequence[Any]) -> tuple[str, int]:
    """Return file and line (from 1) of what stands at `path`, or of its nearest ancestor."""
    mark = node.start_mark
    for part in path:
        step = _child(node, part)
        if step is None:
            break
        mark, node = step
    return mark.name, mark.line + 1


def _child(node: Any, part: Any) -> tuple[Any, Any] | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part].start_mark, node.value[part]
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return key.start_mark, value
    return None


def _check_meaning(record: Description, node: yaml.Node) -> None:
    """Raise for the first fault in what the description means; quotas have none."""
    for fault in _faults(record):
        file, line = place_of(node, fault.path)
        raise SchemaError(
            fault.code,
            file=file,
            line=line,
            key=fault.key,
            name=fault.name,
            nearest=_nearest(fault.name, fault.known, cutoff=0.4),
        )


def _faults(record: Description) -> Iterable[Fault]:
    if isinstance(record, Signs):
        return sign_faults(record)
    return () if isinstance(record, Quota) else faults(record)


def check_together(records: Sequence[tuple[str, Description]]) -> None:
    """Raise SchemaError for a scheme that judges by what no form asks for, signs that look where
    nothing stands, or a form that carries over what the version before has not; `records` come
    with the names of their files.
    """
    forms = [record for _, record in records if isinstance(record, Form)]
    for name, record in records:
        if isinstance(record, Scheme) and (missing := unanswered(record, forms)):
            raise SchemaError("schema.scheme", file=name, name=missing)
        if isinstance(record, Scheme):
            _check_versions(name, record, [r for _, r in records if isinstance(r, Scheme)])
        if isinstance(record, Signs):
            _check_looks(name, record, forms)
        if isinstance(record, Form) and record.carries:
            _check_carry(name, record, record.carries, forms)


def _check_versions(name: str, scheme: Scheme, schemes: Sequence[Scheme]) -> None:
    for fault in astray(scheme, schemes):
        nearest = _nearest(fault.name, fault.known)
        raise SchemaError(
            "schema.version", file=name, key=fault.key, name=fault.name, nearest=nearest
        )


def _check_looks(name: str, signs: Signs, forms: Sequence[Form]) -> None:
    for fault in unseen(signs, forms):
        near = _nearest(fault.name, fault.known)
        raise SchemaError("schema.looks", file=name, key=fault.key, name=fault.name, nearest=near)


def _check_carry(name: str, form: Form, carry: Carry, forms: Sequence[Form]) -> None:
    known = {one.version: one for one in forms if one.form == form.form and one is not form}
    if carry.from_ not in known:
        near = _nearest(carry.from_, known)
        raise SchemaError("schema.carries_from", file=name, name=carry.from_, nearest=near)
    for start, path in lost(carry, known[carry.from_], form):
        raise SchemaError("schema.carries", file=name, old=start, new=path)
